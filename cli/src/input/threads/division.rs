//! Division of large files among processes that all see them.
//!
//! A file is cut near the multiples of one length, so that each process finds the edges of its ranges without the
//! others. Of N processes, process I reads the ranges I, I+N, I+2N and so on. Process 0 appends the parts of all in
//! their order, and reads the bytes after the last range.

use alloc::collections::BTreeMap;
use core::ops::Range;
use std::io;

use sha2::{Digest, Sha256};

use super::ranges::{Cuttable, HEAD_LEN, MIN_RANGE, TAIL_LEN};
use super::unit::{CutStep, PartKind};
use crate::input::Input;
use crate::input::progress::Progress;
use crate::input::reader::ReadOptions;

/// Number of ranges of a file for each process, so that processes end at about the same time, unless the ranges would be too long
/// or too short.
const RANGES_PER_PROCESS: u64 = 4;

/// The fingerprint of a file: two machines with the same one see the same file.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fingerprint {
    /// Length in bytes. The file may have grown since.
    pub(crate) len: u64,
    /// SHA-256 of the first 512 KiB and the last 64 KiB of these `len` bytes.
    hash: [u8; 32],
}

impl Fingerprint {
    /// Returns the fingerprint of a file as it is now, or as it was when it had `len` bytes. `None` if it cannot be cut.
    pub(crate) fn of(options: &ReadOptions, input: &Input, len: Option<u64>) -> Option<Self> {
        let file = Cuttable::with_len(options, (0, input), len, &Progress::never_shown())?;
        file.fingerprint().ok()
    }
}

impl Cuttable {
    /// Returns the fingerprint of the file.
    fn fingerprint(&self) -> io::Result<Fingerprint> {
        let (len, mut hash) = (self.len, Sha256::new());
        for range in [0..len.min(HEAD_LEN), len.saturating_sub(TAIL_LEN)..len] {
            let bytes = self.bytes(range.start, range.end - range.start)?;
            if bytes.len() as u64 != range.end - range.start {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            hash.update(bytes);
        }
        Ok(Fingerprint { len, hash: hash.finalize().into() })
    }
}

/// The division of large files among the processes of a run.
#[derive(Debug)]
pub(crate) struct Division {
    /// Number of this process.
    pub(crate) process: usize,
    /// Number of processes.
    pub(crate) processes: usize,
    /// Maximum length of a range in bytes, without the rest of its last line.
    pub(crate) max_step: u64,
    /// Files that are divided, by their index among the inputs.
    pub(crate) files: BTreeMap<usize, Fingerprint>,
}

impl Division {
    /// Returns `true` if this file is divided.
    pub(crate) fn has(&self, index: usize) -> bool {
        self.files.contains_key(&index)
    }

    /// Returns the length of the ranges of a file with `len` bytes.
    fn step(&self, len: u64) -> u64 {
        (len / (RANGES_PER_PROCESS * self.processes as u64)).min(self.max_step).max(MIN_RANGE)
    }

    /// Returns the process that reads the range with this number.
    const fn process_of(&self, number: u64) -> usize {
        (number % self.processes as u64) as usize
    }

    /// Returns `true` for a process that sends its ranges to process 0.
    pub(super) const fn sends(&self) -> bool {
        self.process != 0
    }

    /// Opens a file that is divided. `None` if it cannot be read, or is not the one that the processes agreed on.
    pub(super) fn open(
        &self,
        options: &ReadOptions,
        (index, input): (usize, &Input),
        progress: &Progress,
    ) -> Option<Cuttable> {
        let agreed = self.files.get(&index)?;
        let file = Cuttable::with_len(options, (index, input), Some(agreed.len), progress)?;
        file.fingerprint().is_ok_and(|now| now == *agreed).then_some(file)
    }

    /// Opens a file that is divided once more, for a thread that rebuilds the parts of ranges that other processes have sent.
    pub(crate) fn reopen(&self, options: &ReadOptions, file: (usize, &Input)) -> Option<Cuttable> {
        self.open(options, file, &Progress::never_shown())
    }

    /// Returns, for each range of a file that this process sends to process 0 or, as process 0, receives, the process that reads
    /// the range.
    pub(super) fn senders(&self, index: usize) -> impl Iterator<Item = usize> {
        let ranges = self.files.get(&index).map_or(0, |file| DividedRanges::count(file.len, self.step(file.len)));
        (0..ranges)
            .map(|number| self.process_of(number))
            .filter(|&process| if self.sends() { process == self.process } else { process != 0 })
    }
}

/// The ranges of a divided file, as one process sees them in their order.
///
/// Ranges are numbered from 0, and a number may have no range: without an edge between two multiples of `step`, the range before
/// extends over both.
#[derive(Debug)]
pub(super) struct DividedRanges {
    /// Number of the next range.
    next: u64,
    /// Number of all ranges.
    count: u64,
    /// Length of a range in bytes, without the rest of its last line.
    step: u64,
    /// Last edge between ranges that was found; `None` if the file has no further edge.
    last_edge: Option<u64>,
    /// End of the last range so far. From the end of all ranges on, process 0 reads the rest.
    end: u64,
}

impl DividedRanges {
    /// Returns the ranges of a file.
    pub(super) fn new(file: &Cuttable, division: &Division) -> Self {
        let step = division.step(file.len);
        Self { next: 0, count: Self::count(file.len, step), step, last_edge: Some(0), end: 0 }
    }

    /// Returns the number of ranges of a file.
    const fn count(len: u64, step: u64) -> u64 {
        len.saturating_sub(TAIL_LEN).div_ceil(step)
    }

    /// Returns the next step of this process, which reads its own ranges with parts of this kind.
    pub(super) fn next_step(&mut self, file: &Cuttable, division: &Division, own: PartKind) -> CutStep {
        while self.next < self.count {
            let number = self.next;
            self.next += 1;
            let process = division.process_of(number);
            let is_own = process == division.process;
            if division.sends() && !is_own {
                continue;
            }
            let range = self.range(file, number);
            self.end = range.as_ref().map_or(self.end, |range| range.end);
            match range {
                Some(range) if is_own => return CutStep::Read(range, own),
                None if division.sends() => return CutStep::SendNone,
                None if is_own => {}
                range => return CutStep::Receive { process, range },
            }
        }
        CutStep::Rest(self.end)
    }

    /// Returns the range with a number, which is greater at each call. `None` if there is no such range.
    fn range(&mut self, file: &Cuttable, number: u64) -> Option<Range<u64>> {
        let start = self.edge(file, number * self.step)?;
        let end = self.edge(file, ((number + 1) * self.step).min(file.len.saturating_sub(TAIL_LEN)))?;
        (start < end).then_some(start..end)
    }

    /// Returns the first offset, from `from` on, at which a range may begin. `from` is never less than at the call before.
    fn edge(&mut self, file: &Cuttable, from: u64) -> Option<u64> {
        // All edges up to the last one are known, so a log without events is searched once, not once for each range.
        if self.last_edge? < from {
            self.last_edge = file.next_cut(from);
        }
        self.last_edge
    }
}
