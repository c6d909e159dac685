//! Output of a tally as text, for a person: sentences, a time line, tables.

use core::time::Duration;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

use super::super::tally::{AnomalyCount, CountRows, FailedTarget, Histogram, LogCircuit, Tally};
use super::digest::digest;
use super::{
    PERCENTILES, TextOptions, failed_targets, failures_never_on_circuit, failures_on_circuit, failures_without_row,
    seconds,
};
use crate::command::life::Cause;
use crate::input::time;
use crate::output::bars::{bar, blocks};
use crate::output::table::{Cell, ColumnKind, REST_WIDTH, TextTable, count, share, thousands};
use crate::output::text::escape;

/// Default number of rows of a table of targets or circuits.
const ROWS_OF_MANY: usize = 10;
/// Default number of rows of a table of words or causes: all of them in most logs. A hostile log may have any number of unknown
/// words.
const ROWS_OF_WORDS: usize = 50;
/// Maximum number of steps, one block each, in a time line.
const MAX_STEPS: usize = 100;
/// Style of lines that need attention.
pub(super) const ODD: Style = AnsiColor::Yellow.on_default();

/// Prints a tally as text.
pub(super) fn print(tally: &Tally, options: TextOptions, output: &mut impl Write) -> io::Result<()> {
    let wrapping = textwrap::Options::new(options.width).subsequent_indent("  ");
    for (style, sentence) in digest(tally, options.files) {
        for line in textwrap::wrap(&escape(&sentence), &wrapping) {
            writeln!(output, "{style}{line}{style:#}")?;
        }
    }
    print_time_line(output, tally, options.width)?;
    let events = &tally.events;
    let columns = [ColumnKind::Number, ColumnKind::Number, ColumnKind::Text, ColumnKind::Rest];
    let mut report = TextReport { table: TextTable::new(columns), options };
    let heading = format!("Events by status ({} in {})", count(events.total, "event"), count(tally.lines, "line"));
    report.add_words(&heading, events.statuses.rows());
    report.add_words("Events by reason", events.reasons.rows());
    report.add_words("Events by remote reason", events.remote_reasons.rows());
    report.add_words("Streams by purpose", tally.purposes.rows());
    report.add_words("Streams by client protocol", tally.protocols.rows());
    for (heading, rows) in [
        ("Streams that failed on a circuit", failures_on_circuit(tally)),
        ("Streams that failed and never were on a circuit", failures_never_on_circuit(tally)),
        ("Streams that failed, not told apart for want of room", failures_without_row(tally)),
    ] {
        let heading = format!("{heading} ({} of all)", share(rows.total(), tally.streams));
        report.add_counts(&heading, rows, ROWS_OF_WORDS, |failure| failure.cause.to_string());
    }
    report.add_failed_targets(tally);
    report.add_durations("Time to the first answer (NEW to SUCCEEDED)", &tally.answers);
    report.add_slowest(tally);
    report.add_durations("Lifetime (NEW to CLOSED or FAILED)", &tally.lifetimes);
    report.add_counts("Busiest targets, by streams", tally.targets.rows(), ROWS_OF_MANY, String::clone);
    report.add_counts("Circuits with most streams", tally.circuits.rows(), ROWS_OF_MANY, |circuit| {
        circuit_text(circuit, options.files)
    });
    report.add_anomalies(tally);
    report.table.print(output, options.width)
}

/// Prints the numbers of streams and failures by time, each as a line of blocks of different heights. Prints nothing if
/// there is no time, or only one step.
fn print_time_line(output: &mut impl Write, tally: &Tally, width: usize) -> io::Result<()> {
    // Texts before and after the blocks. The number is seldom longer than this one.
    const BEFORE_BLOCKS: usize = "  streams  ".len();
    const AFTER_BLOCKS: usize = "  at most 1,000,000".len();
    let room = width.saturating_sub(BEFORE_BLOCKS + AFTER_BLOCKS).clamp(1, MAX_STEPS);
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
        let far = format!("{} more than a year away from all others", count(steps.far.streams, "stream"));
        table.row(["".into(), far]);
    }
    table.print(output, width)
}

/// The tables of the text.
struct TextReport {
    /// The rows so far, whose cells are escaped.
    table: TextTable,
    /// Options of the text.
    options: TextOptions,
}

impl TextReport {
    /// Returns the maximum number of rows of a table with this default.
    fn max_rows(&self, default: usize) -> usize {
        self.options.top.unwrap_or(default)
    }

    /// Adds a table of tor's words.
    fn add_words(&mut self, heading: &str, rows: CountRows<&str>) {
        self.add_counts(heading, rows, ROWS_OF_WORDS, str::to_owned);
    }

    /// Adds a table with the count and share of the first keys, each in a row, and of all others together. `default` is the
    /// number of rows without `--top`, and `text` returns the text of a key.
    fn add_counts<K: ?Sized>(
        &mut self,
        heading: &str,
        rows: CountRows<&K>,
        default: usize,
        text: impl Fn(&K) -> String,
    ) {
        let total = rows.total();
        if total == 0 {
            return;
        }
        self.table.heading(heading);
        let mut others = total;
        for (key, count) in rows.rows.into_iter().take(self.max_rows(default)) {
            others -= count;
            self.table.row([thousands(count), share(count, total), or_none(&text(key)).into()]);
        }
        self.add_others(others, total);
    }

    /// Adds the row of all keys without a row of their own, with their total count.
    fn add_others(&mut self, others: u64, total: u64) {
        if others > 0 {
            self.table.row([thousands(others), share(others, total), "(all others)".into()]);
        }
    }

    /// Adds the targets that failed most, each with its causes.
    fn add_failed_targets(&mut self, tally: &Tally) {
        let targets = failed_targets(tally);
        let total = targets.total();
        if total == 0 {
            return;
        }
        self.table.heading("Targets that failed most, and why");
        let mut others = total;
        for target in by_host(targets).into_iter().take(self.max_rows(ROWS_OF_MANY)) {
            others -= target.streams;
            let (count, share) = (thousands(target.streams), share(target.streams, total));
            self.table.row([count, share, or_none(target.host).into(), target.causes_text()]);
        }
        self.add_others(others, total);
    }

    /// Adds percentiles of durations, and a bar for each decade, such as 1 to 10 seconds.
    fn add_durations(&mut self, heading: &str, times: &Histogram) {
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
        let highest = decades.values().max().copied().unwrap_or_default();
        // Decades without durations, between others, have a row as well.
        let (first, last) = (decades.keys().next().copied(), decades.keys().next_back().copied());
        for exponent in first.zip(last).into_iter().flat_map(|(first, last)| first..=last) {
            let count = decades.get(&exponent).copied().unwrap_or_default();
            // The lowest decade begins at 0.
            let from = if exponent == Histogram::LOWEST_DECADE { "0".into() } else { seconds(10_f64.powi(exponent)) };
            let to = seconds(10_f64.powi(exponent + 1));
            let bar = bar(count, highest, REST_WIDTH as u64);
            self.table.row([thousands(count), share(count, times.total()), format!("{from} to {to}"), bar]);
        }
    }

    /// Adds the circuits with the slowest first answers.
    fn add_slowest(&mut self, tally: &Tally) {
        if tally.slowest.iter().next().is_none() {
            return;
        }
        self.table.heading("Circuits with the slowest first answer");
        for slow in tally.slowest.iter().take(self.max_rows(ROWS_OF_MANY)) {
            let circuit = circuit_text(&slow.circuit, self.options.files);
            let time = seconds(slow.time.as_secs_f64());
            self.table.row([time, String::new(), circuit, format!("stream {}", slow.stream_id)]);
        }
    }

    /// Adds the anomalies of events, each with its first line.
    fn add_anomalies(&mut self, tally: &Tally) {
        let anomalies = &tally.events.anomalies;
        if anomalies.is_empty() {
            return;
        }
        self.table.heading("Odd events");
        for (name, AnomalyCount { events, file, line, .. }) in anomalies {
            let first = match self.options.files {
                1 => format!("first in line {line}"),
                _ => format!("first in {file}:{line}"),
            };
            self.table.row([thousands(*events).into(), "".into(), Cell::styled(name, ODD), first.into()]);
        }
    }
}

/// A [`FailedTarget`] with all causes instead of one.
struct TargetWithCauses<'t> {
    /// Host of the target.
    host: &'t str,
    /// Number of streams that failed.
    streams: u64,
    /// The causes, and the number of streams of each.
    causes: Vec<(&'t Cause, u64)>,
}

impl TargetWithCauses<'_> {
    /// Returns the most frequent causes: at least one, and as many as fit into the last column. Unless it is the only one, each has
    /// its number of streams.
    fn causes_text(&self) -> String {
        const MORE: &str = ", …";
        if let [(cause, _)] = &*self.causes {
            return cause.to_string();
        }
        let mut text = String::new();
        for (cause, streams) in &self.causes {
            let separator = if text.is_empty() { "" } else { ", " };
            let next = format!("{separator}{cause} ({streams})");
            if !text.is_empty() && text.chars().count() + next.chars().count() + MORE.chars().count() > REST_WIDTH {
                return text + MORE;
            }
            text += &next;
        }
        text
    }
}

/// Groups the rows of [`failed_targets`] by host: those of a host follow each other.
fn by_host(targets: CountRows<&FailedTarget>) -> Vec<TargetWithCauses<'_>> {
    let mut hosts: Vec<TargetWithCauses<'_>> = Vec::new();
    for (FailedTarget { host, cause }, count) in targets.rows {
        match hosts.last_mut().filter(|last| last.host == host) {
            Some(last) => {
                last.streams += count;
                last.causes.push((cause, count));
            }
            None => hosts.push(TargetWithCauses { host, streams: count, causes: vec![(cause, count)] }),
        }
    }
    hosts
}

/// Returns a text; `(none)` if it is empty.
fn or_none(text: &str) -> &str {
    if text.is_empty() { "(none)" } else { text }
}

/// Returns a circuit as text: its ID, and the name of its log if there are several files.
fn circuit_text(circuit: &LogCircuit, files: usize) -> String {
    if files == 1 { format!("circuit {}", circuit.circuit_id) } else { format!("circuit {circuit}") }
}
