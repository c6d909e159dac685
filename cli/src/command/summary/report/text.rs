//! Output of a tally as text, for a person.

use alloc::collections::BTreeMap;
use core::cmp::Reverse;
use core::time::Duration;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::super::histogram::Histogram;
use super::super::table::Rows;
use super::super::tally::{Circuit, FailedTarget, Tally};
use super::{PERCENTILES, Size, failed_targets, failures};
use crate::command::life::Cause;
use crate::input::time;
use crate::output::bars::{bar, blocks};
use crate::output::table::{Cell, ColumnKind, REST, TextTable, count, share, thousands};
use crate::output::text::escape;

/// Default number of rows of a table of targets or circuits.
const TOP: usize = 10;
/// Default number of rows of a table of words or causes. tor has fewer; words unknown to tor are unlimited.
const LIST: usize = 50;
/// Maximum number of blocks in a line of them.
const BLOCKS: usize = 100;
/// The style of headings.
const HEADING: Style = Style::new().bold();
/// Style of lines that need attention.
const ODD: Style = AnsiColor::Yellow.on_default();

/// Prints a tally as text.
pub(super) fn print(tally: &Tally, size: Size, output: &mut impl Write) -> io::Result<()> {
    let options = textwrap::Options::new(size.width).subsequent_indent("  ");
    for (style, sentence) in digest(tally, size.files) {
        for line in textwrap::wrap(&escape(&sentence), &options) {
            writeln!(output, "{style}{line}{style:#}")?;
        }
    }
    activity(output, tally, size.width)?;
    let events = &tally.events;
    let columns = [ColumnKind::Number, ColumnKind::Number, ColumnKind::Text, ColumnKind::Rest];
    let mut report = Report { table: TextTable::new(columns), size };
    let heading = format!("Events by status ({} in {})", count(events.total, "event"), count(tally.lines, "line"));
    report.counts(&heading, events.statuses.rows(), LIST, word);
    report.counts("Events by reason", events.reasons.rows(), LIST, word);
    report.counts("Events by remote reason", events.remote_reasons.rows(), LIST, word);
    report.counts("Streams by purpose", tally.purposes.rows(), LIST, word);
    report.counts("Streams by client protocol", tally.protocols.rows(), LIST, word);
    for (heading, on_circuit) in
        [("Streams that failed on a circuit", true), ("Streams that failed and never were on a circuit", false)]
    {
        let rows = failures(tally, on_circuit);
        let heading = format!("{heading} ({} of all)", share(rows.total(), tally.streams));
        report.counts(&heading, rows, LIST, |failure| failure.cause.to_string());
    }
    report.failed_hosts(tally);
    report.histogram("Time to the first answer (NEW to SUCCEEDED)", &tally.answers);
    report.slowest(tally);
    report.histogram("Lifetime (NEW to CLOSED or FAILED)", &tally.lifetimes);
    report.counts("Busiest targets, by streams", tally.targets.rows(), TOP, String::clone);
    report.counts("Circuits with most streams", tally.circuits.rows(), TOP, |circuit| circuit_text(circuit, size));
    report.odd_events(tally);
    report.table.print(output, size.width)
}

/// Returns the sentences that sum up a tally: number of streams, failures, their causes, times, oddities.
fn digest(tally: &Tally, files: usize) -> Vec<(Style, String)> {
    let events = &tally.events;
    let date = |time: Duration| time::rfc3339(time).unwrap_or("-".into()).replace('T', " ").replace('Z', "");
    let span = match events.first.zip(events.last) {
        Some((first, last)) => format!("{} to {} UTC", date(first), date(last)),
        None => "without times".into(),
    };
    let files = count(files as u64, "file");
    let mut lines = vec![(HEADING, format!("{} in {files}, {span}.", count(tally.streams, "stream")))];
    if events.total == 0 {
        lines = vec![(HEADING, format!("No events in {} of {files}.", count(tally.lines, "line")))];
    }
    let mut plain = |line: String| lines.push((Style::new(), line));

    let (on_circuit, without) = (failures(tally, true).total(), failures(tally, false).total());
    let failed = tally.failures.rows().total();
    if failed == 0 && events.total > 0 {
        plain("None failed.".into());
    }
    if failed > 0 {
        let share = share(failed, tally.streams);
        plain(format!(
            "{} failed ({share}): {} on a circuit, {} that never were on one.",
            thousands(failed),
            thousands(on_circuit),
            thousands(without)
        ));
        let mut causes = BTreeMap::<&Cause, u64>::new();
        for (failure, count) in tally.failures.rows().rows {
            *causes.entry(&failure.cause).or_default() += count;
        }
        let mut causes: Vec<_> = causes.into_iter().collect();
        causes.sort_by_key(|&(_, count)| Reverse(count));
        let most: Vec<_> = causes.iter().take(3).map(|(cause, n)| format!("{cause} ({})", thousands(*n))).collect();
        if !most.is_empty() {
            plain(format!("Most often why: {}.", most.join(", ")));
        }
    }
    let answers = &tally.answers;
    if let (Some(half), Some(most)) = (answers.percentile(50), answers.percentile(95)) {
        let slowest = tally.slowest.iter().next();
        let slowest = slowest.map(|slow| format!(", slowest {}", seconds(slow.time.as_secs_f64())));
        plain(format!(
            "First answer: half of {} took at most {}, 95 % at most {}{}.",
            thousands(answers.total()),
            seconds(half),
            seconds(most),
            slowest.unwrap_or_default()
        ));
    }
    let mut oddities = Vec::new();
    if tally.unreadable > 0 {
        oddities.push(format!("{} that could not be read", count(tally.unreadable, "event")));
    }
    if tally.dropped > 0 {
        oddities.push(format!("{} let go for want of room", count(tally.dropped, "stream")));
    }
    let anomalies = events.anomalies.iter();
    oddities.extend(anomalies.map(|(name, example)| format!("{name} ({})", thousands(example.events))));
    if oddities.is_empty() {
        lines.push((Style::new(), "Odd: nothing.".into()));
    } else {
        lines.push((ODD, format!("Odd: {}.", oddities.join(", "))));
    }
    lines
}

/// Prints the numbers of streams and failures by time, as lines of blocks.
fn activity(output: &mut impl Write, tally: &Tally, width: usize) -> io::Result<()> {
    const NAMES: usize = "  streams  ".len();
    const MOST: usize = "  at most 1,000,000".len();
    let room = width.saturating_sub(NAMES + MOST).clamp(1, BLOCKS);
    let Some(steps) = tally.activity.steps(room).filter(|steps| steps.values.len() > 1) else { return Ok(()) };
    let start = time::rfc3339(Duration::from_secs(steps.start)).unwrap_or("-".into());
    let heading = format!("Streams and failures per {}, from {start}", steps.unit());
    let mut table = TextTable::new([ColumnKind::Text, ColumnKind::Rest]);
    table.heading(&heading);
    let streams: Vec<_> = steps.values.iter().map(|step| step.streams).collect();
    let failed: Vec<_> = steps.values.iter().map(|step| step.failed).collect();
    for (name, counts) in [("streams", streams), ("failed", failed)] {
        let highest = counts.iter().max().copied().unwrap_or_default();
        if highest > 0 {
            let blocks = blocks(counts, highest);
            table.row([name.into(), format!("{blocks}  at most {}", thousands(highest))]);
        }
    }
    if steps.far.streams > 0 {
        let far = format!("{} more than a year away", thousands(steps.far.streams));
        table.row(["".into(), far]);
    }
    table.print(output, width)
}

/// The tables of the text.
struct Report {
    /// The rows so far.
    table: TextTable,
    /// Size of the text.
    size: Size,
}

impl Report {
    /// Returns the number of rows of a table with this default.
    fn top(&self, default: usize) -> usize {
        self.size.top.unwrap_or(default)
    }

    /// Adds the count and share of each key of a table. Only the first keys have rows of their own.
    fn counts<K: ?Sized>(&mut self, heading: &str, rows: Rows<&K>, default: usize, text: impl Fn(&K) -> String) {
        let total = rows.total();
        if total == 0 {
            return;
        }
        self.table.heading(heading);
        let mut rest = total;
        for (key, count) in rows.rows.into_iter().take(self.top(default)) {
            rest -= count;
            self.table.row([thousands(count), share(count, total), or_none(&text(key)).into()]);
        }
        self.rest(rest, total);
    }

    /// Adds the row of all keys without a row of their own.
    fn rest(&mut self, rest: u64, total: u64) {
        if rest > 0 {
            self.table.row([thousands(rest), share(rest, total), "(all others)".into()]);
        }
    }

    /// Adds the targets that failed most, each with its causes.
    fn failed_hosts(&mut self, tally: &Tally) {
        let targets = failed_targets(tally);
        let total = targets.total();
        if total == 0 {
            return;
        }
        self.table.heading("Targets that failed most, and why");
        let mut rest = total;
        for host in failed_hosts(targets).into_iter().take(self.top(TOP)) {
            rest -= host.streams;
            let (count, share) = (thousands(host.streams), share(host.streams, total));
            self.table.row([count, share, or_none(host.host).into(), host.causes_text()]);
        }
        self.rest(rest, total);
    }

    /// Adds percentiles of durations, and a bar for each power of ten.
    fn histogram(&mut self, heading: &str, times: &Histogram) {
        if times.total() == 0 {
            return;
        }
        self.table.heading(&format!("{heading}, {}", count(times.total(), "stream")));
        for percent in PERCENTILES {
            if let Some(time) = times.percentile(percent) {
                self.table.row([format!("{percent} %"), seconds(time)]);
            }
        }
        let decades = times.decades();
        let most = decades.values().max().copied().unwrap_or_default();
        let range = decades.keys().next().copied().zip(decades.keys().next_back().copied());
        for exponent in range.into_iter().flat_map(|(first, last)| first..=last) {
            let count = decades.get(&exponent).copied().unwrap_or_default();
            let from = if exponent < -3 { "0".into() } else { seconds(10_f64.powi(exponent)) };
            let to = seconds(10_f64.powi(exponent + 1));
            let bar = bar(count, most, REST as u64);
            self.table.row([thousands(count), share(count, times.total()), format!("{from} to {to}"), bar]);
        }
    }

    /// Adds the circuits with the slowest first answers.
    fn slowest(&mut self, tally: &Tally) {
        if tally.slowest.iter().next().is_none() {
            return;
        }
        self.table.heading("Circuits with the slowest first answer");
        for slow in tally.slowest.iter().take(self.top(TOP)) {
            let circuit = circuit_text(&slow.circuit, self.size);
            let time = seconds(slow.time.as_secs_f64());
            self.table.row([time, String::new(), circuit, format!("stream {}", slow.stream_id)]);
        }
    }

    /// Adds the anomalies of events, each with its first line.
    fn odd_events(&mut self, tally: &Tally) {
        let anomalies = &tally.events.anomalies;
        if anomalies.is_empty() {
            return;
        }
        self.table.heading("Odd events");
        for (name, example) in anomalies {
            let first = match self.size.files {
                1 => format!("first in line {}", example.line),
                _ => format!("first in {}:{}", example.file, example.line),
            };
            self.table.row([thousands(example.events).into(), "".into(), Cell::styled(name, ODD), first.into()]);
        }
    }
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
    /// Returns the most frequent causes, as many as have room. If there are several, each has its number of streams.
    fn causes_text(&self) -> String {
        const MORE: &str = ", …";
        let mut text = String::new();
        for (index, (cause, streams)) in self.causes.iter().enumerate() {
            let cause = if self.causes.len() == 1 { cause.to_string() } else { format!("{cause} ({streams})") };
            if index > 0 && text.chars().count() + 2 + cause.chars().count() + MORE.chars().count() > REST {
                return text + MORE;
            }
            text += if index > 0 { ", " } else { "" };
            text += &cause;
        }
        text
    }
}

/// Returns the targets of [`failed_targets`], each once.
fn failed_hosts(targets: Rows<&FailedTarget>) -> Vec<FailedHost<'_>> {
    let mut hosts: Vec<FailedHost<'_>> = Vec::new();
    for (FailedTarget { host, cause }, count) in targets.rows {
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

/// Returns a circuit as text: its number, and its log if there are several.
fn circuit_text(circuit: &Circuit, size: Size) -> String {
    if size.files == 1 { format!("circuit {}", circuit.circuit_id) } else { format!("circuit {circuit}") }
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
