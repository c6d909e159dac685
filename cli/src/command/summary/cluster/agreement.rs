//! The agreement of the processes on the files that they divide among themselves.
//!
//! 1. Process 0 sends an [`Offer`]: its long files that can be cut, each with its fingerprint (length, and a hash of its
//!    beginning and end).
//! 2. Each member answers with the [`SeenFiles`]: those of the offer that it sees as well.
//! 3. Process 0 sends the [`AgreedFiles`]: those that all see.
//!
//! The length of a divided file is that of the offer, so that all processes cut a growing file at the same offsets. Any other
//! file is read whole, by one process.
//!
//! The messages are JSON, in which the name of the first field tells what a message is.

use alloc::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::super::SummaryLogs;
use super::run::ClusterRun;
use crate::input::Input;
use crate::input::reader::ReadOptions;
use crate::input::threads::{Division, Fingerprint};

/// Maximum length of a file's fingerprint in an offer, in bytes: an index, a length, and a hash of 32 bytes, each written
/// as a number.
const MAX_FINGERPRINT_LEN: u64 = 512;
/// Maximum length of an offer without the fingerprints, in bytes.
const MAX_FRAMING_LEN: u64 = 1024;

/// The files that process 0 offers to divide.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Offer {
    /// Fingerprints, by the file's index among the inputs.
    #[serde(rename = "offer")]
    files: BTreeMap<usize, Fingerprint>,
}

/// The answer of a member to the offer.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeenFiles {
    /// Indices of the offered files that the member sees as well.
    files: BTreeSet<usize>,
    /// Number of reading threads of the member.
    jobs: usize,
}

/// The message of process 0 with which reading begins: the files that are divided.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AgreedFiles {
    /// Indices of the files that are divided.
    #[serde(rename = "start")]
    files: BTreeSet<usize>,
    /// Greatest number of reading threads of a process, from which the length of the ranges follows.
    jobs: usize,
}

impl Offer {
    /// Returns the offer of process 0: all files of at least `min_len` bytes that can be cut.
    pub(super) fn new(options: &ReadOptions, inputs: &[Input], min_len: u64) -> Self {
        let long = inputs.iter().enumerate().filter(|(_, input)| input.len().is_some_and(|len| len >= min_len));
        let files = long.filter_map(|(index, input)| Some((index, Fingerprint::of(options, input, None)?)));
        Self { files: files.collect() }
    }

    /// Returns the maximum length, in bytes, of an offer or of the agreed files. `files` is the number of all files.
    pub(super) const fn limit(files: usize) -> u64 {
        MAX_FRAMING_LEN + MAX_FINGERPRINT_LEN * files as u64
    }

    /// Returns the answer of this process, a member.
    pub(super) fn seen(&self, options: &ReadOptions, inputs: &[Input]) -> SeenFiles {
        let own_fingerprint = |index: usize, len: u64| Fingerprint::of(options, inputs.get(index)?, Some(len));
        let is_seen =
            |index, offered: &Fingerprint| own_fingerprint(index, offered.len).is_some_and(|own| own == *offered);
        let files = self.files.iter().filter(|&(&index, offered)| is_seen(index, offered)).map(|(&index, _)| index);
        SeenFiles { files: files.collect(), jobs: options.jobs() }
    }

    /// Returns the files that all processes see, given the answers of all members.
    pub(super) fn agreed(&self, options: &ReadOptions, answers: &[SeenFiles]) -> AgreedFiles {
        let is_seen = |index: &usize| answers.iter().all(|seen| seen.files.contains(index));
        let files = self.files.keys().copied().filter(is_seen).collect();
        let jobs = answers.iter().map(|seen| seen.jobs).fold(options.jobs(), usize::max);
        AgreedFiles { files, jobs }
    }

    /// Returns the division of the agreed files.
    pub(super) fn division(mut self, run: &ClusterRun, agreed: &AgreedFiles) -> Division {
        self.files.retain(|index, _| agreed.files.contains(index));
        Division {
            process: run.process.into(),
            processes: run.processes(),
            max_step: SummaryLogs::max_range_len(agreed.jobs),
            files: self.files,
        }
    }
}

/// Returns the share of a process: the files that it reads alone, and all that are divided, with their indices.
pub(super) fn own_share(inputs: Vec<Input>, division: &Division) -> Vec<(usize, Input)> {
    let is_own = |index: usize| division.has(index) || index % division.processes == division.process;
    inputs.into_iter().enumerate().filter(|&(index, _)| is_own(index)).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use core::time::Duration;
    use std::time::Instant;

    use super::*;
    use crate::input::reader::parsed;

    /// With a set of files, agreeing takes well below a second; comparing each file with each other takes minutes.
    #[test]
    fn very_many_files() {
        const FILES: usize = 100_000;
        // The greatest number of threads is that of a member, on any machine.
        let read = parsed(&["--jobs", "1"]);
        let fingerprint = serde_json::json!({ "len": 1, "hash": vec![0; 32] });
        let fingerprint: Fingerprint = serde_json::from_value(fingerprint).unwrap();
        let offer = Offer { files: (0..FILES).map(|index| (index, fingerprint.clone())).collect() };
        let seen = |step| SeenFiles { files: (0..FILES).step_by(step).collect(), jobs: step };
        let begin = Instant::now();
        let agreed = offer.agreed(&read, &[seen(1), seen(2), seen(300)]);
        assert!(begin.elapsed() < Duration::from_secs(10), "{:?}", begin.elapsed());
        assert_eq!((agreed.files, agreed.jobs), ((0..FILES).step_by(300).collect(), 300));
    }
}
