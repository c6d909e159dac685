//! The sentences that sum up a tally, before the tables.

use alloc::collections::BTreeMap;
use core::cmp::Reverse;
use core::time::Duration;

use anstyle::Style;

use super::super::tally::Tally;
use super::text::ODD;
use super::{failures_never_on_circuit, failures_on_circuit, failures_without_row, seconds};
use crate::command::life::Cause;
use crate::input::time;
use crate::output::table::{count, share, thousands};

/// Style of the first sentence.
const HEADING: Style = Style::new().bold();
/// Style of other sentences.
const PLAIN: Style = Style::new();
/// Maximum number of causes in a sentence.
const MAX_CAUSES: usize = 3;

/// Returns the sentences, each with its style: size and time of the logs, failures, causes, times, oddities. `files` is the
/// number of files.
pub(super) fn digest(tally: &Tally, files: usize) -> Vec<(Style, String)> {
    let mut sentences = vec![(HEADING, size(tally, files))];
    let failed = tally.failures.rows().total();
    if failed > 0 {
        sentences.push((PLAIN, failed_streams(tally, failed)));
        sentences.extend(most_frequent_causes(tally).map(|sentence| (PLAIN, sentence)));
    } else if tally.events.total > 0 || tally.streams > 0 {
        sentences.push((PLAIN, "None failed.".into()));
    }
    sentences.extend(first_answers(tally).map(|sentence| (PLAIN, sentence)));
    let oddities = oddities(tally);
    sentences.push(if oddities.is_empty() {
        (PLAIN, "Odd: nothing.".into())
    } else {
        (ODD, format!("Odd: {}.", oddities.join(", ")))
    });
    sentences
}

/// Returns the sentence about the number of streams and files, and the times of the first and the last event.
fn size(tally: &Tally, files: usize) -> String {
    let events = &tally.events;
    let files = count(files as u64, "file");
    // A reply to GETINFO stream-status has streams without an event.
    if events.total == 0 && tally.streams == 0 {
        return format!("No events in {} of {files}.", count(tally.lines, "line"));
    }
    // The form of RFC 3339, without its letters.
    let date = |time: Duration| time::rfc3339(time).unwrap_or("-".into()).replace('T', " ").replace('Z', "");
    let span = match events.first.zip(events.last) {
        Some((first, last)) => format!("{} to {} UTC", date(first), date(last)),
        None => "without times".into(),
    };
    format!("{} in {files}, {span}.", count(tally.streams, "stream"))
}

/// Returns the sentence about the number of failed streams.
fn failed_streams(tally: &Tally, failed: u64) -> String {
    let unknown = match failures_without_row(tally).total() {
        0 => String::new(),
        others => format!(", {} not told apart for want of room", thousands(others)),
    };
    format!(
        "{} failed ({}): {} on a circuit, {} that never were on one{unknown}.",
        thousands(failed),
        share(failed, tally.streams),
        thousands(failures_on_circuit(tally).total()),
        thousands(failures_never_on_circuit(tally).total())
    )
}

/// Returns the sentence about the most frequent causes. `None` if no cause has a row (`--max-live 0`).
fn most_frequent_causes(tally: &Tally) -> Option<String> {
    let mut streams = BTreeMap::<&Cause, u64>::new();
    for (failure, count) in tally.failures.rows().rows {
        *streams.entry(&failure.cause).or_default() += count;
    }
    let mut causes: Vec<_> = streams.into_iter().collect();
    causes.sort_by_key(|&(_, count)| Reverse(count));
    let causes: Vec<_> =
        causes.iter().take(MAX_CAUSES).map(|(cause, count)| format!("{cause} ({})", thousands(*count))).collect();
    (!causes.is_empty()).then(|| format!("Most often why: {}.", causes.join(", ")))
}

/// Returns the sentence about the times to the first answer. `None` without times.
///
/// "About", since a percentile is the start of an interval of the [`Histogram`](super::super::tally::Histogram).
fn first_answers(tally: &Tally) -> Option<String> {
    let (half, most) = tally.answers.percentile(50).zip(tally.answers.percentile(95))?;
    // Absent if no answer had a circuit.
    let slowest = tally.slowest.iter().next().map(|slow| format!("; slowest {}", seconds(slow.time.as_secs_f64())));
    Some(format!(
        "First answer: within about {} for half of {}, {} for 95 %{}.",
        seconds(half),
        thousands(tally.answers.total()),
        seconds(most),
        slowest.unwrap_or_default()
    ))
}

/// Returns the oddities: events that cannot be read, streams that were not followed, anomalies.
fn oddities(tally: &Tally) -> Vec<String> {
    let mut oddities = Vec::new();
    if tally.unreadable > 0 {
        oddities.push(format!("{} that could not be read", count(tally.unreadable, "event")));
    }
    if tally.dropped > 0 {
        oddities.push(format!("{} let go for want of room", count(tally.dropped, "stream")));
    }
    let anomalies = tally.events.anomalies.iter();
    oddities.extend(anomalies.map(|(name, anomaly)| format!("{name} ({})", thousands(anomaly.events))));
    oddities
}
