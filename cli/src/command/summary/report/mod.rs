//! Output of a tally: text for a person, JSON for a program.

mod json;
mod text;

use alloc::collections::BTreeMap;
use core::cmp::Reverse;
use std::io;

pub(super) use self::json::Escaped;
use super::table::Rows;
use super::tally::{FailedTarget, Failure, Tally};

/// Percentiles of durations in the output.
pub(super) const PERCENTILES: [u64; 5] = [50, 75, 90, 95, 99];
/// The size of the text.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    /// Number of files.
    pub(crate) files: usize,
    /// Number of rows of each table, if it is set.
    pub(crate) top: Option<usize>,
    /// Width of the output in columns.
    pub(crate) width: usize,
}

/// Prints a tally on standard output, as JSON or as text of some size.
///
/// # Errors
///
/// If the output cannot be written.
pub(super) fn print(tally: &Tally, text: Option<Size>) -> io::Result<()> {
    match text {
        None => json::print(tally, io::stdout().lock()),
        Some(size) => text::print(tally, size, &mut anstream::stdout().lock()),
    }
}

/// Returns the causes of failed streams: on a circuit, or without ever being on one.
fn failures(tally: &Tally, on_circuit: bool) -> Rows<&Failure> {
    tally.failures.rows().only(|failure| failure.on_circuit == on_circuit)
}

/// Returns targets and the causes for which their streams failed: the target that failed most first, for whatever
/// causes, and of each the most frequent cause first.
fn failed_targets(tally: &Tally) -> Rows<&FailedTarget> {
    let mut targets = tally.failed_targets.rows();
    let mut streams = BTreeMap::<&str, u64>::new();
    for (target, count) in &targets.rows {
        *streams.entry(&target.host).or_default() += count;
    }
    targets.rows.sort_by_key(|(target, _)| (Reverse(streams.get(&*target.host)), &*target.host));
    targets
}
