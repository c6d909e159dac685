//! Output of a tally: text for a person, JSON for a program.

use alloc::collections::BTreeMap;
use core::cmp::Reverse;
use core::time::Duration;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Value, json};

use super::events::Example;
use super::histogram::Histogram;
use super::slowest::SlowAnswer;
use super::table::Rows;
use super::tally::{Circuit, FailedTarget, Failure, Tally};
use crate::command::life::Cause;
use crate::input::time;
use crate::output::text::{escape, escape_json};

/// Maximum number of targets and circuits in the text.
const TOP: usize = 10;
/// Maximum number of words and causes in the text. tor has fewer; words unknown to tor are unlimited.
const LIST: usize = 50;
/// Maximum width of a histogram's bar, in characters.
const BAR: u64 = 40;
/// Percentiles of durations in the output.
const PERCENTILES: [u64; 5] = [50, 75, 90, 95, 99];
/// The style of headings.
const HEADING: Style = Style::new().bold();
/// Style of lines that need attention.
const ODD: Style = AnsiColor::Yellow.on_default();

/// Prints the tally of the given number of files as text.
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
    table(output, "Events by status", events.statuses.rows(), LIST, word)?;
    table(output, "Events by reason", events.reasons.rows(), LIST, word)?;
    table(output, "Events by remote reason", events.remote_reasons.rows(), LIST, word)?;
    table(output, "Streams by purpose", tally.purposes.rows(), LIST, word)?;
    table(output, "Streams by client protocol", tally.protocols.rows(), LIST, word)?;
    for (heading, on_circuit) in
        [("Streams that failed on a circuit", true), ("Streams that failed and never were on a circuit", false)]
    {
        let rows = failures(tally, on_circuit);
        let heading = format!("{heading} ({})", share(rows.total(), tally.streams));
        table(output, &heading, rows, LIST, |failure| failure.cause.to_string())?;
    }
    let hosts = failed_hosts(tally);
    let rows = hosts.iter().map(|host| (host, host.streams)).collect();
    let rows = Rows { rows, beyond: failed_targets(tally).beyond };
    table(output, "Targets that failed most, and why", rows, TOP, FailedHost::text)?;
    histogram(output, "Time to the first answer (NEW to SUCCEEDED)", &tally.answers)?;
    slowest(output, tally)?;
    histogram(output, "Lifetime (NEW to CLOSED or FAILED)", &tally.lifetimes)?;
    table(output, "Busiest targets, by streams", tally.targets.rows(), TOP, String::clone)?;
    table(output, "Circuits with most streams", tally.circuits.rows(), TOP, Circuit::to_string)?;
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

/// Returns the causes of failed streams: on a circuit, or without ever being on one.
fn failures(tally: &Tally, on_circuit: bool) -> Rows<&Failure> {
    tally.failures.rows().only(|failure| failure.on_circuit == on_circuit)
}

/// Returns targets and the causes for which their streams failed: the target that failed most first, for whatever causes, and of
/// each the most frequent cause first.
fn failed_targets(tally: &Tally) -> Rows<&FailedTarget> {
    let mut targets = tally.failed_targets.rows();
    let mut streams = BTreeMap::<&str, u64>::new();
    for (target, count) in &targets.rows {
        *streams.entry(&target.host).or_default() += count;
    }
    targets.rows.sort_by_key(|(target, _)| (Reverse(streams.get(&*target.host)), &*target.host));
    targets
}

/// A target with all causes for which its streams failed.
struct FailedHost<'t> {
    /// The target.
    host: &'t str,
    /// Number of streams that failed.
    streams: u64,
    /// The causes, and the number of streams of each.
    causes: Vec<(&'t Cause, u64)>,
}

impl FailedHost<'_> {
    /// Returns the target and its most frequent causes. If there are several, each has its number of streams.
    fn text(&self) -> String {
        const SHOWN: usize = 3;
        let mut text = or_none(self.host).to_owned();
        match &*self.causes {
            [(cause, _)] => text += &format!(" {cause}"),
            causes => {
                let shown: Vec<_> = causes.iter().take(SHOWN).map(|(cause, n)| format!("{cause} ({n})")).collect();
                text += &format!(" {}{}", shown.join(", "), if causes.len() > SHOWN { ", ..." } else { "" });
            }
        }
        text
    }
}

/// Returns the targets of [`failed_targets`], each once.
fn failed_hosts(tally: &Tally) -> Vec<FailedHost<'_>> {
    let mut hosts: Vec<FailedHost<'_>> = Vec::new();
    for (FailedTarget { host, cause }, count) in failed_targets(tally).rows {
        match hosts.last_mut().filter(|last| last.host == host) {
            Some(last) => {
                last.streams += count;
                last.causes.push((cause, count));
            }
            None => hosts.push(FailedHost { host, streams: count, causes: vec![(cause, count)] }),
        }
    }
    hosts
}

/// Returns a word as text.
fn word(word: &str) -> String {
    word.into()
}

/// Returns a text, or the word for an empty one.
fn or_none(text: &str) -> &str {
    if text.is_empty() { "(none)" } else { text }
}

/// Prints the count and share of each key of a table. Only the first keys get lines of their own.
fn table<K>(
    output: &mut impl Write,
    heading: &str,
    table: Rows<&K>,
    shown: usize,
    text: impl Fn(&K) -> String,
) -> io::Result<()>
where
    K: ?Sized,
{
    let total = table.total();
    if total == 0 {
        return Ok(());
    }
    writeln!(output, "\n{HEADING}{heading}{HEADING:#}")?;
    // A client's text must be escaped for the terminal.
    let row = |(key, count): (&K, u64)| (escape(or_none(&text(key))).into_owned(), count);
    let mut rows: Vec<_> = table.rows.into_iter().take(shown).map(row).collect();
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

/// Prints the circuits with the slowest first answers.
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

/// Prints a tally as JSON. Each table is a list of objects, and its count beyond the limit a field of its own.
///
/// Rows are encoded one by one: a table may have many.
pub(super) fn print_json(tally: &Tally, output: impl Write) -> io::Result<()> {
    let mut output = Escaped { json: Vec::new(), output };
    serde_json::to_writer_pretty(&mut output, &Json(tally))?;
    output.write_all(b"\n")?;
    output.flush()
}

/// A tally as JSON.
struct Json<'t>(&'t Tally);

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let tally = self.0;
        let events = &tally.events;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("bytes", &tally.bytes)?;
        map.serialize_entry("lines", &tally.lines)?;
        map.serialize_entry("events", &events.total)?;
        map.serialize_entry("unreadable", &tally.unreadable)?;
        map.serialize_entry("streams", &tally.streams)?;
        map.serialize_entry("streams_let_go", &tally.dropped)?;
        map.serialize_entry("streams_failed_on_circuit", &failures(tally, true).total())?;
        map.serialize_entry("streams_failed_never_on_circuit", &failures(tally, false).total())?;
        map.serialize_entry("unix_ts_start", &events.first.map(|time| time.as_secs_f64()))?;
        map.serialize_entry("unix_ts_end", &events.last.map(|time| time.as_secs_f64()))?;
        list(&mut map, "statuses", events.statuses.rows(), |word, n| json!({ "status": word, "events": n }))?;
        list(&mut map, "reasons", events.reasons.rows(), |word, n| json!({ "reason": word, "events": n }))?;
        list(
            &mut map,
            "remote_reasons",
            events.remote_reasons.rows(),
            |word, n| json!({ "remote_reason": word, "events": n }),
        )?;
        list(&mut map, "purposes", tally.purposes.rows(), |word, n| json!({ "purpose": word, "streams": n }))?;
        list(
            &mut map,
            "client_protocols",
            tally.protocols.rows(),
            |word, n| json!({ "client_protocol": word, "streams": n }),
        )?;
        list(&mut map, "failures", tally.failures.rows(), |Failure { on_circuit, cause }, n| {
            let Cause { reason, remote_reason } = cause;
            json!({ "on_circuit": on_circuit, "reason": reason, "remote_reason": remote_reason, "streams": n })
        })?;
        list(&mut map, "failed_targets", failed_targets(tally), |FailedTarget { host, cause }, n| {
            let Cause { reason, remote_reason } = cause;
            json!({ "host": host, "reason": reason, "remote_reason": remote_reason, "streams": n })
        })?;
        map.serialize_entry("seconds_to_answer", &times(&tally.answers))?;
        let slowest = tally.slowest.iter().map(|SlowAnswer { time, circuit, stream_id }| {
            let Circuit { file, circuit_id } = circuit;
            let seconds = time.as_secs_f64();
            json!({ "file": file, "circuit_id": circuit_id, "stream_id": stream_id, "seconds_to_answer": seconds })
        });
        map.serialize_entry("slowest_circuits", &slowest.collect::<Value>())?;
        map.serialize_entry("seconds_of_life", &times(&tally.lifetimes))?;
        list(&mut map, "targets", tally.targets.rows(), |host, n| json!({ "host": host, "streams": n }))?;
        list(
            &mut map,
            "circuits",
            tally.circuits.rows(),
            |Circuit { file, circuit_id }, n| json!({ "file": file, "circuit_id": circuit_id, "streams": n }),
        )?;
        let anomalies = events.anomalies.iter().map(|(name, Example { events, file, line })| {
            json!({ "anomaly": name, "events": events, "file": file, "line": line })
        });
        map.serialize_entry("anomalies", &anomalies.collect::<Value>())?;
        map.end()
    }
}

/// Adds a table as a list of objects, and its count beyond the limit as a number.
fn list<M: SerializeMap, K: ?Sized>(
    map: &mut M,
    name: &str,
    rows: Rows<&K>,
    object: impl Fn(&K, u64) -> Value,
) -> Result<(), M::Error> {
    map.serialize_entry(name, &List { rows: &rows.rows, object })?;
    map.serialize_entry(&format!("other_{name}"), &rows.beyond)
}

/// The rows of a table, and the function that returns the object of a row.
struct List<'r, K: ?Sized, F> {
    /// The rows.
    rows: &'r [(&'r K, u64)],
    /// Function that returns the object of a row.
    object: F,
}

impl<K: ?Sized, F: Fn(&K, u64) -> Value> Serialize for List<'_, K, F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.rows.iter().map(|&(key, count)| (self.object)(key, count)))
    }
}

/// Returns percentiles as an object.
fn times(times: &Histogram) -> Value {
    let percentiles = PERCENTILES.map(|percent| (format!("p{percent}"), json!(times.percentile(percent))));
    let mut object = serde_json::Map::from_iter(percentiles);
    object.insert("streams".into(), times.total().into());
    object.into()
}

/// A writer of JSON that escapes commands to a terminal.
struct Escaped<W> {
    /// JSON that was not escaped yet, up to the end of a character.
    json: Vec<u8>,
    /// The output.
    output: W,
}

impl<W: Write> Write for Escaped<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        // The serializer writes whole characters.
        self.json.extend_from_slice(buffer);
        if self.json.len() > 64 * 1024 {
            self.flush()?;
        }
        Ok(buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        escape_json(&mut self.json, 0);
        self.output.write_all(&self.json)?;
        self.json.clear();
        self.output.flush()
    }
}

/// Returns a share in percent.
fn share(part: u64, whole: u64) -> String {
    format!("{:.1} %", 100.0 * part as f64 / whole.max(1) as f64)
}

/// Returns a time in seconds as text, with a suitable unit.
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
