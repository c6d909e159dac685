//! A tally for a person, and for a program.

use core::time::Duration;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};

use tor_stream_event::{ClientProtocol, StreamClosureReason, StreamPurpose, StreamStatus};

use super::table::{Key, Table};
use super::tally::{Circuit, FailedTarget, Failure, Histogram, Tally};
use crate::command::life::Cause;
use crate::input::time;
use crate::output::text::escape;

/// How many targets and circuits are shown.
const TOP: usize = 10;
/// How wide the longest bar of a histogram is.
const BAR: u64 = 40;
/// The percentiles that are shown.
const PERCENTILES: [u64; 5] = [50, 75, 90, 95, 99];
/// The style of headings.
const HEADING: Style = Style::new().bold();
/// The style of what deserves a look.
const ODD: Style = AnsiColor::Yellow.on_default();

/// Prints a tally of so many files as text.
pub(super) fn print(tally: &Tally, files: usize, output: &mut impl Write) -> io::Result<()> {
    let events = &tally.events;
    let facts = [
        ("files", files.to_string()),
        ("lines", tally.lines.to_string()),
        ("events", events.total.to_string()),
        ("streams", tally.streams.to_string()),
        ("from", events.first.map_or("no times in these logs".into(), date)),
        ("to", events.last.map_or("-".into(), date)),
    ];
    for (name, value) in facts {
        writeln!(output, "{HEADING}{name:<8}{HEADING:#} {value}")?;
    }
    for (name, count) in [("unreadable", tally.unreadable), ("streams let go", tally.dropped)] {
        if count > 0 {
            writeln!(output, "{ODD}{name}: {count}{ODD:#}")?;
        }
    }
    let words = Words::of(tally);
    let text = String::as_str;
    table(output, "Events by status", &words.statuses, usize::MAX, text)?;
    table(output, "Events by reason", &words.reasons, usize::MAX, text)?;
    table(output, "Events by remote reason", &words.remote_reasons, usize::MAX, text)?;
    table(output, "Streams by purpose", &words.purposes, usize::MAX, text)?;
    table(output, "Streams by client protocol", &words.protocols, usize::MAX, text)?;
    failures(output, "Streams that failed on a circuit", tally, true)?;
    failures(output, "Streams that failed and never were on a circuit", tally, false)?;
    table(output, "Targets that failed most, and why", &tally.failed_targets, TOP, |failed: &FailedTarget| {
        format!("{} {}", or_none(&failed.host), failed.cause)
    })?;
    histogram(output, "Time to the first answer (NEW to SUCCEEDED)", &tally.answers)?;
    slowest(output, tally)?;
    histogram(output, "Lifetime (NEW to CLOSED or FAILED)", &tally.lifetimes)?;
    table(output, "Busiest targets, by streams", &tally.targets, TOP, text)?;
    table(output, "Circuits with most streams", &tally.circuits, TOP, Circuit::to_string)?;
    if !events.anomalies.is_empty() {
        writeln!(output, "\n{HEADING}Odd events{HEADING:#}")?;
        let width = events.anomalies.keys().map(String::len).max().unwrap_or_default();
        for (name, example) in &events.anomalies {
            let (count, file, line) = (example.events, escape(&example.file), example.line);
            writeln!(output, "  {ODD}{name:<width$}{ODD:#} {count:>10}   first in {file}:{line}")?;
        }
    }
    Ok(())
}

/// Tables of words, by their text.
struct Words {
    /// Events by status.
    statuses: Table<String>,
    /// Events by reason.
    reasons: Table<String>,
    /// Events by remote reason.
    remote_reasons: Table<String>,
    /// Streams by purpose.
    purposes: Table<String>,
    /// Streams by client protocol.
    protocols: Table<String>,
}

impl Words {
    /// Returns the tables of a tally.
    fn of(tally: &Tally) -> Self {
        let reasons = || StreamClosureReason::ALL.iter().map(|word| word.as_str());
        Self {
            statuses: tally.events.statuses.table(StreamStatus::ALL.iter().map(|word| word.as_str())),
            reasons: tally.events.reasons.table(reasons()),
            remote_reasons: tally.events.remote_reasons.table(reasons()),
            purposes: tally.purposes.table(StreamPurpose::ALL.iter().map(|word| word.as_str())),
            protocols: tally.protocols.table(ClientProtocol::ALL.iter().map(|word| word.as_str())),
        }
    }
}

/// Returns a text, or a word that says that there is none.
fn or_none(text: &str) -> &str {
    if text.is_empty() { "(none)" } else { text }
}

/// Prints how often each key of a table occurs, and the share of it. Only the first ones are shown one by one.
fn table<'t, K: Key, T: AsRef<str>>(
    output: &mut impl Write,
    heading: &str,
    table: &'t Table<K>,
    shown: usize,
    text: impl Fn(&'t K) -> T,
) -> io::Result<()> {
    if table.total() == 0 {
        return Ok(());
    }
    let top = table.top(shown);
    let rows = top.iter().map(|&(key, count)| (text(key).as_ref().to_owned(), count)).collect();
    counts(output, heading, rows, table.total())
}

/// Prints the causes for which streams failed: on a circuit, or without ever being on one.
fn failures(output: &mut impl Write, heading: &str, tally: &Tally, on_circuit: bool) -> io::Result<()> {
    let top = tally.failures.top(usize::MAX);
    let rows: Vec<_> = top
        .iter()
        .filter(|(failure, _)| failure.on_circuit == on_circuit)
        .map(|(failure, count)| (failure.cause.to_string(), *count))
        .collect();
    let failed = rows.iter().map(|(_, count)| count).sum();
    if failed == 0 {
        return Ok(());
    }
    counts(output, &format!("{heading} ({})", share(failed, tally.streams)), rows, failed)
}

/// Prints counts with the share of each in the total, and what is left of it.
fn counts(output: &mut impl Write, heading: &str, rows: Vec<(String, u64)>, total: u64) -> io::Result<()> {
    writeln!(output, "\n{HEADING}{heading}{HEADING:#}")?;
    // Text that a client wrote must not reach the terminal as it is.
    let shown = |text: &str| escape(or_none(text)).into_owned();
    let mut rows: Vec<_> = rows.into_iter().map(|(text, count)| (shown(&text), count)).collect();
    let rest = total - rows.iter().map(|(_, count)| count).sum::<u64>();
    if rest > 0 {
        rows.push(("(all others)".into(), rest));
    }
    let width = rows.iter().map(|(text, _)| text.chars().count()).max().unwrap_or_default();
    for (text, count) in rows {
        writeln!(output, "  {text:<width$} {count:>10} {:>7}", share(count, total))?;
    }
    Ok(())
}

/// Prints the circuits that streams waited longest for.
fn slowest(output: &mut impl Write, tally: &Tally) -> io::Result<()> {
    let rows = tally.slowest.iter().map(|slow| {
        let circuit = escape(&slow.circuit.to_string()).into_owned();
        (circuit, seconds(slow.time.as_secs_f64()), &slow.stream_id)
    });
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        return Ok(());
    }
    writeln!(output, "\n{HEADING}Circuits with the slowest first answer{HEADING:#}")?;
    let width = rows.iter().map(|(circuit, ..)| circuit.chars().count()).max().unwrap_or_default();
    for (circuit, time, stream) in rows {
        writeln!(output, "  {circuit:<width$} {time:>10}   stream {stream}")?;
    }
    Ok(())
}

/// Prints percentiles of durations, and a bar for each power of ten.
fn histogram(output: &mut impl Write, heading: &str, times: &Histogram) -> io::Result<()> {
    if times.total() == 0 {
        return Ok(());
    }
    writeln!(output, "\n{HEADING}{heading}, {} streams{HEADING:#}", times.total())?;
    for percent in PERCENTILES {
        if let Some(time) = times.percentile(percent) {
            writeln!(output, "  {percent:>3} % {:>10}", seconds(time))?;
        }
    }
    let decades = times.decades();
    let most = decades.values().max().copied().unwrap_or_default().max(1);
    for (exponent, count) in decades {
        let from = if exponent < -3 { "0".into() } else { seconds(10_f64.powi(exponent)) };
        let to = seconds(10_f64.powi(exponent + 1));
        let bar = "#".repeat(usize::try_from((count * BAR).div_ceil(most)).unwrap_or_default());
        writeln!(output, "  {from:>8} to {to:<8} {count:>10} {bar}")?;
    }
    Ok(())
}

/// Returns a tally as JSON. Every table is a list of objects, and what is in none of them has a field of its own.
pub(super) fn json(tally: &Tally) -> Value {
    let times = |times: &Histogram| {
        let percentiles = PERCENTILES.map(|percent| (format!("p{percent}"), json!(times.percentile(percent))));
        let mut object = serde_json::Map::from_iter(percentiles);
        object.insert("streams".into(), times.total().into());
        object
    };
    let words = Words::of(tally);
    let events = &tally.events;
    let failures = |on_circuit: bool| -> u64 {
        let all = tally.failures.top(usize::MAX);
        all.iter().filter(|(failure, _)| failure.on_circuit == on_circuit).map(|(_, count)| count).sum()
    };
    let anomalies = events.anomalies.iter().map(|(name, example)| {
        json!({ "anomaly": name, "events": example.events, "file": example.file, "line": example.line })
    });
    let slowest = tally.slowest.iter().map(|slow| {
        json!({
            "file": slow.circuit.file,
            "circuit_id": slow.circuit.circuit_id,
            "stream_id": slow.stream_id,
            "seconds_to_answer": slow.time.as_secs_f64(),
        })
    });
    json!({
        "bytes": tally.bytes,
        "lines": tally.lines,
        "events": events.total,
        "unreadable": tally.unreadable,
        "streams": tally.streams,
        "streams_let_go": tally.dropped,
        "streams_failed_on_circuit": failures(true),
        "streams_failed_never_on_circuit": failures(false),
        "unix_ts_start": events.first.map(|time| time.as_secs_f64()),
        "unix_ts_end": events.last.map(|time| time.as_secs_f64()),
        "statuses": list(&words.statuses, "events", |word| json!({ "status": word })),
        "other_statuses": words.statuses.beyond(),
        "reasons": list(&words.reasons, "events", |word| json!({ "reason": word })),
        "other_reasons": words.reasons.beyond(),
        "remote_reasons": list(&words.remote_reasons, "events", |word| json!({ "remote_reason": word })),
        "other_remote_reasons": words.remote_reasons.beyond(),
        "purposes": list(&words.purposes, "streams", |word| json!({ "purpose": word })),
        "other_purposes": words.purposes.beyond(),
        "client_protocols": list(&words.protocols, "streams", |word| json!({ "client_protocol": word })),
        "other_client_protocols": words.protocols.beyond(),
        "failures": list(&tally.failures, "streams", |Failure { on_circuit, cause: Cause { reason, remote_reason } }| {
            json!({ "on_circuit": on_circuit, "reason": reason, "remote_reason": remote_reason })
        }),
        "other_failures": tally.failures.beyond(),
        "failed_targets": list(&tally.failed_targets, "streams", |failed| {
            let FailedTarget { host, cause: Cause { reason, remote_reason } } = failed;
            json!({ "host": host, "reason": reason, "remote_reason": remote_reason })
        }),
        "other_failed_targets": tally.failed_targets.beyond(),
        "seconds_to_answer": times(&tally.answers),
        "slowest_circuits": slowest.collect::<Value>(),
        "seconds_of_life": times(&tally.lifetimes),
        "targets": list(&tally.targets, "streams", |host| json!({ "host": host })),
        "other_targets": tally.targets.beyond(),
        "circuits": list(&tally.circuits, "streams", |circuit| {
            json!({ "file": circuit.file, "circuit_id": circuit.circuit_id })
        }),
        "other_circuits": tally.circuits.beyond(),
        "anomalies": anomalies.collect::<Value>(),
    })
}

/// Returns a table as a list of objects, the highest count first: those of the keys, with the count behind.
fn list<K: Key>(table: &Table<K>, count_name: &str, object: impl Fn(&K) -> Value) -> Value {
    let objects = table.top(usize::MAX).into_iter().map(|(key, count)| {
        let mut object = object(key);
        if let Value::Object(object) = &mut object {
            object.insert(count_name.into(), count.into());
        }
        object
    });
    objects.collect()
}

/// Returns a share in percent.
fn share(part: u64, whole: u64) -> String {
    format!("{:.1} %", 100.0 * part as f64 / whole.max(1) as f64)
}

/// Returns a time of some seconds in a unit that suits it.
fn seconds(time: f64) -> String {
    match time {
        ..0.000_999 => format!("{:.0} us", time * 1e6),
        ..0.999 => format!("{:.0} ms", time * 1e3),
        ..100.0 => format!("{time:.1} s"),
        _ => format!("{time:.0} s"),
    }
}

/// Returns a Unix time as a date and time.
fn date(time: Duration) -> String {
    time::rfc3339(time).unwrap_or("-".into())
}
