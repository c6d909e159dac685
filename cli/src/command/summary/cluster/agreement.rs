//! The agreement of the processes on the files that they divide among themselves.
//!
//! 1. Process 0 sends an [`Offer`]: its long files that can be cut, each with its identity (length, and hashes of its
//!    beginning and end).
//! 2. Each member answers with the [`SeenFiles`]: those of the offer that it sees as well.
//! 3. Process 0 sends the [`AgreedFiles`]: those that all see.
//!
//! The length of a divided file is that of the offer, so that all cut a file that grows in the same way. Any other file is
//! read whole by one process.

use alloc::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::super::SummaryLogs;
use super::ClusterRun;
use crate::input::Input;
use crate::input::reader::ReadOptions;
use crate::input::threads::{Division, Identity};

/// Maximum length of a file's identity in an offer, in bytes.
const MAX_IDENTITY_LEN: u64 = 512;

/// The files that process 0 offers to divide.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Offer {
    /// Identities, by the file's index among the inputs.
    offer: BTreeMap<usize, Identity>,
}

/// The answer of a member to the offer.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SeenFiles {
    /// Indices of the offered files that the member sees as well.
    files: Vec<usize>,
    /// Number of threads of the member.
    jobs: u16,
}

/// The message of process 0 with which reading begins: the files that are divided.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AgreedFiles {
    /// Indices of the files that are divided.
    start: Vec<usize>,
    /// Greatest number of threads of a process.
    jobs: u16,
}

impl Offer {
    /// Returns the offer of process 0: all files of at least `least` bytes that can be cut.
    pub(super) fn new(options: &ReadOptions, inputs: &[Input], least: u64) -> Self {
        let long = inputs.iter().enumerate().filter(|(_, input)| input.len().is_some_and(|len| len >= least));
        let offer = long.filter_map(|(index, input)| Some((index, Identity::of(options, input, None)?)));
        Self { offer: offer.collect() }
    }

    /// Returns the maximum length of an offer, and of the messages that answer it, in bytes.
    pub(super) const fn limit(files: usize) -> u64 {
        1024 + MAX_IDENTITY_LEN * files as u64
    }

    /// Returns the answer of this process, a member.
    pub(super) fn seen(&self, options: &ReadOptions, inputs: &[Input]) -> SeenFiles {
        let is_seen = |index: usize, identity: &Identity| {
            let input = inputs.get(index)?;
            Identity::of(options, input, Some(identity.len)).filter(|ours| ours == identity)
        };
        let files = self.offer.iter().filter(|&(&index, identity)| is_seen(index, identity).is_some());
        SeenFiles { files: files.map(|(&index, _)| index).collect(), jobs: options.jobs() as u16 }
    }

    /// Returns the files that all processes see, given the answers of all members.
    pub(super) fn start(&self, options: &ReadOptions, seen: &[SeenFiles]) -> AgreedFiles {
        let is_seen = |index: &usize| seen.iter().all(|seen| seen.files.contains(index));
        // With one process there is nothing to divide.
        let files = self.offer.keys().filter(|index| !seen.is_empty() && is_seen(index));
        let jobs = seen.iter().map(|seen| seen.jobs).fold(options.jobs() as u16, u16::max);
        AgreedFiles { start: files.copied().collect(), jobs }
    }

    /// Returns the division of the files that all processes see.
    pub(super) fn division(mut self, run: &ClusterRun, start: &AgreedFiles) -> Division {
        self.offer.retain(|index, _| start.start.contains(index));
        Division {
            process: run.process.into(),
            processes: run.processes(),
            max_step: SummaryLogs::range_len_for(start.jobs.into()),
            files: self.offer,
        }
    }
}
