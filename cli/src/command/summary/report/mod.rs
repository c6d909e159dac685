//! Output of a tally: text for a person, JSON for a program.
//!
//! - [`text`]: a time line and tables, after the sentences of the [`digest`]
//! - [`json`]: an object with all counts but those of the time line

mod digest;
mod json;
mod text;

use alloc::collections::BTreeMap;
use core::cmp::Reverse;
use std::io;

use super::tally::{CountRows, FailedTarget, FailureKind, Tally};

/// Percentiles of durations in the output.
const PERCENTILES: [u64; 5] = [50, 75, 90, 95, 99];

/// The options of the text.
#[derive(Clone, Copy)]
pub(crate) struct TextOptions {
    /// Number of files. If there is only one, tables leave out its name.
    pub(crate) files: usize,
    /// Maximum number of rows of each table; `None` for the default of the table.
    pub(crate) top: Option<usize>,
    /// Width of the output in columns.
    pub(crate) width: usize,
}

/// Prints a tally on standard output, as text.
///
/// # Errors
///
/// If the output cannot be written.
pub(super) fn print_text(tally: &Tally, options: TextOptions) -> io::Result<()> {
    text::print(tally, options, &mut anstream::stdout().lock())
}

/// Prints a tally on standard output, as JSON.
///
/// # Errors
///
/// If the output cannot be written.
pub(super) fn print_json(tally: &Tally) -> io::Result<()> {
    json::print(tally, io::stdout().lock())
}

/// Returns the failures of streams that were on a circuit.
fn failures_on_circuit(tally: &Tally) -> CountRows<&FailureKind> {
    tally.failures.rows().only(|failure| failure.on_circuit)
}

/// Returns the failures of streams that never were on a circuit.
fn failures_never_on_circuit(tally: &Tally) -> CountRows<&FailureKind> {
    tally.failures.rows().only(|failure| !failure.on_circuit)
}

/// Returns the failures without a row: only their total count is known, and not whether the streams were on a circuit.
fn failures_without_row(tally: &Tally) -> CountRows<&FailureKind> {
    CountRows { rows: Vec::new(), others: tally.failures.rows().others }
}

/// Returns the targets of failed streams with their causes. The rows of a target follow each other, its most frequent
/// cause first. The target with most failed streams, of all causes together, comes first.
fn failed_targets(tally: &Tally) -> CountRows<&FailedTarget> {
    let mut targets = tally.failed_targets.rows();
    let mut streams = BTreeMap::<&str, u64>::new();
    for (target, count) in &targets.rows {
        *streams.entry(&target.host).or_default() += count;
    }
    // A stable sort: the rows of a target stay in the order of their counts.
    targets.rows.sort_by_key(|(target, _)| (Reverse(streams.get(&*target.host)), &*target.host));
    targets
}

/// Returns a duration, given in seconds, as text with a suitable unit.
fn seconds(duration: f64) -> String {
    match duration {
        // The first two bounds are a little below the next unit: 0.9996 s would be rounded to 1000 ms.
        ..0.000_999 => format!("{:.0} us", duration * 1e6),
        ..0.999 => format!("{:.0} ms", duration * 1e3),
        ..100.0 => format!("{duration:.1} s"),
        _ => format!("{duration:.0} s"),
    }
}
