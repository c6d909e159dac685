//! The agreement of the processes on the files that they divide among themselves.
//!
//! Process 0 offers its long files that can be cut, each with its identity. The others say which of these they see as
//! well, and process 0 says which files all of them see. The length of such a file is that of the offer, so that a file
//! that grows is cut in the same way by all. Any other file is read whole by one process.

use alloc::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::super::SummaryLogs;
use super::Run;
use crate::input::Input;
use crate::input::reader::ReadOptions;
use crate::input::threads::{Division, Identity};

/// Maximum length of a file's identity in an offer, in bytes.
const IDENTITY: u64 = 512;

/// The files that process 0 could divide.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Offer {
    /// Identities, by the file's index among the inputs.
    offer: BTreeMap<usize, Identity>,
}

/// The answer of a process to an offer.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Seen {
    /// Indices of the files that the process sees as well.
    files: Vec<usize>,
    /// Number of the process's threads.
    jobs: u16,
}

/// The message of process 0 that all processes have come up.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Start {
    /// Indices of the files that are divided.
    start: Vec<usize>,
    /// Number of threads of the process with most of them.
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
        1024 + IDENTITY * files as u64
    }

    /// Returns the answer of another process.
    pub(super) fn seen(&self, options: &ReadOptions, inputs: &[Input]) -> Seen {
        let is_seen = |index: usize, identity: &Identity| {
            let input = inputs.get(index)?;
            Identity::of(options, input, Some(identity.len)).filter(|ours| ours == identity)
        };
        let files = self.offer.iter().filter(|&(&index, identity)| is_seen(index, identity).is_some());
        Seen { files: files.map(|(&index, _)| index).collect(), jobs: options.jobs() as u16 }
    }

    /// Returns what all processes see, by the answers of all others.
    pub(super) fn start(&self, options: &ReadOptions, seen: &[Seen]) -> Start {
        let is_seen = |index: &usize| seen.iter().all(|seen| seen.files.contains(index));
        // With one process there is nothing to divide.
        let files = self.offer.keys().filter(|index| !seen.is_empty() && is_seen(index));
        let jobs = seen.iter().map(|seen| seen.jobs).fold(options.jobs() as u16, u16::max);
        Start { start: files.copied().collect(), jobs }
    }

    /// Returns the division of the files that all processes see.
    pub(super) fn division(mut self, run: &Run, start: &Start) -> Division {
        self.offer.retain(|index, _| start.start.contains(index));
        Division {
            process: run.process.into(),
            processes: run.processes(),
            max_step: SummaryLogs::range_len_for(start.jobs.into()),
            files: self.offer,
        }
    }
}
