//! A tally for a person, and for a program.

use core::time::Duration;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use serde_json::{Value, json};

use super::tally::{Counts, Histogram, Tally};
use crate::input::time;

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
    let facts = [
        ("files", files.to_string()),
        ("lines", tally.lines.to_string()),
        ("events", tally.events.to_string()),
        ("streams", tally.streams.to_string()),
        ("from", tally.first.map_or("no times in these logs".into(), date)),
        ("to", tally.last.map_or("-".into(), date)),
    ];
    for (name, value) in facts {
        writeln!(output, "{HEADING}{name:<8}{HEADING:#} {value}")?;
    }
    for (name, count) in [("unreadable", tally.unreadable), ("streams let go", tally.dropped)] {
        if count > 0 {
            writeln!(output, "{ODD}{name}: {count}{ODD:#}")?;
        }
    }
    counts(output, "Events by status", &tally.statuses, usize::MAX)?;
    counts(output, "Events by reason", &tally.reasons, usize::MAX)?;
    counts(output, "Events by remote reason", &tally.remote_reasons, usize::MAX)?;
    counts(output, "Streams by purpose", &tally.purposes, usize::MAX)?;
    counts(output, "Streams by client protocol", &tally.protocols, usize::MAX)?;
    if tally.failures.total() > 0 {
        let failed = tally.failures.total();
        counts(
            output,
            &format!("Streams that failed ({})", share(failed, tally.streams)),
            &tally.failures,
            usize::MAX,
        )?;
    }
    histogram(output, "Time to the first answer (NEW to SUCCEEDED)", &tally.answers)?;
    histogram(output, "Lifetime (NEW to CLOSED)", &tally.lifetimes)?;
    counts(output, "Busiest targets, by streams", &tally.targets, TOP)?;
    counts(output, "Circuits with most streams", &tally.circuits, TOP)?;
    if !tally.anomalies.is_empty() {
        writeln!(output, "\n{HEADING}Odd events{HEADING:#}")?;
        let width = tally.anomalies.keys().map(String::len).max().unwrap_or_default();
        for (name, example) in &tally.anomalies {
            let (count, file, line) = (example.events, example.file.escape_debug(), example.line);
            writeln!(output, "  {ODD}{name:<width$}{ODD:#} {count:>10}   first in {file}:{line}")?;
        }
    }
    Ok(())
}

/// Prints how often each text occurs, and the share of it.
fn counts(output: &mut impl Write, heading: &str, counts: &Counts, how_many: usize) -> io::Result<()> {
    let total = counts.total();
    if total == 0 {
        return Ok(());
    }
    writeln!(output, "\n{HEADING}{heading}{HEADING:#}")?;
    // What a client wrote must not reach the terminal as it is.
    let shown = |text: &str| if text.is_empty() { "(none)".into() } else { text.escape_debug().to_string() };
    let mut rows: Vec<_> = counts.top(how_many).into_iter().map(|(text, count)| (shown(text), count)).collect();
    let rest = total - rows.iter().map(|(_, count)| count).sum::<u64>();
    if rest > 0 {
        rows.push(("others".into(), rest));
    }
    let width = rows.iter().map(|(text, _)| text.chars().count()).max().unwrap_or_default();
    for (text, count) in rows {
        writeln!(output, "  {text:<width$} {count:>10} {:>7}", share(count, total))?;
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

/// Returns a tally as JSON.
pub(super) fn json(tally: &Tally) -> Value {
    let counts = |counts: &Counts| {
        let mut object = json!(counts.by_text);
        if let (Value::Object(object), true) = (&mut object, counts.others > 0) {
            object.insert("others".into(), counts.others.into());
        }
        object
    };
    let times = |times: &Histogram| {
        let percentiles = PERCENTILES.map(|percent| (format!("p{percent}"), json!(times.percentile(percent))));
        let mut object = serde_json::Map::from_iter(percentiles);
        object.insert("streams".into(), times.total().into());
        object
    };
    json!({
        "bytes": tally.bytes,
        "lines": tally.lines,
        "events": tally.events,
        "unreadable": tally.unreadable,
        "streams": tally.streams,
        "streams_let_go": tally.dropped,
        "unix_ts_start": tally.first.map(|time| time.as_secs_f64()),
        "unix_ts_end": tally.last.map(|time| time.as_secs_f64()),
        "statuses": counts(&tally.statuses),
        "reasons": counts(&tally.reasons),
        "remote_reasons": counts(&tally.remote_reasons),
        "purposes": counts(&tally.purposes),
        "client_protocols": counts(&tally.protocols),
        "failures": counts(&tally.failures),
        "seconds_to_answer": times(&tally.answers),
        "seconds_of_life": times(&tally.lifetimes),
        "targets": counts(&tally.targets),
        "circuits": counts(&tally.circuits),
        "anomalies": tally.anomalies,
    })
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
