//! The command `summary`.

#[cfg(feature = "cluster")]
mod cluster;
mod report;
mod table;
mod tally;

use alloc::sync::Arc;
use core::convert::Infallible;
use core::mem;
use std::io::{self, Write};

use tor_stream_event::{LineState, StreamTracker};

use self::tally::Tally;
use crate::input::reader::{self, Consumer, Event};
use crate::input::threads::{self, Collector, Log, Logs, numbered};
use crate::input::time::Time;

/// What the help says after the options.
pub(crate) const MORE_HELP: &str = "\
Examples:
  tor-streams tor.log
  tor-streams summary --recursive --since '2026-11-01 00:00:00' logs/
  tor-streams summary --json onionperf.torctl.log.xz | jq .failures

What is counted:
  Events by status and reason; streams by purpose, protocol, target, circuit and cause of failure.
  With filters, only the events that pass them, and the streams as they appear in these.
  Times need a log with Unix time before each line, as OnionPerf writes it. They are the lower ends
  of intervals whose width is 3 percent. Each file is a log of its own: a stream that goes on in the
  next file is another one.
  More than --max-live streams at a time, targets or circuits are not followed one by one: what is
  beyond is counted together as `others`, and streams are let go, the oldest first.

Exit status:
  0  Everything was counted, or whatever reads the output was closed.
  1  A file or a line could not be read, or the output not be written. Standard error has
     FILE:LINE: and the reason. Everything else was counted.
  2  The arguments are wrong.";

/// The options of `summary`.
#[derive(clap::Args)]
#[command(after_long_help = MORE_HELP)]
pub(crate) struct Options {
    /// What is read, and which events count.
    #[command(flatten)]
    pub(crate) read: reader::Reading,
    /// Print a JSON object
    #[arg(long)]
    json: bool,
    /// How many streams, targets and circuits are followed one by one at most
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    max_live: usize,
    /// Which processes share the files.
    #[cfg(feature = "cluster")]
    #[command(flatten)]
    cluster: cluster::Cluster,
}

/// Prints a summary of all files. Returns `false` if a file or a line could not be read.
///
/// # Errors
///
/// If the output cannot be written.
pub(crate) fn run(options: Options) -> io::Result<bool> {
    #[cfg(feature = "cluster")]
    if let Some(process) = options.cluster.process() {
        return cluster::run(process, options);
    }
    let Options { read, json, max_live, .. } = options;
    let read = Arc::new(read);
    let (inputs, listed) = read.inputs.list();
    let files = inputs.len();
    let mut all = All { tally: Tally::default(), limit: max_live };
    let all_read = threads::read(&read, numbered(inputs), SummaryLogs { max_live }, &mut all)?;
    print(json, &all.tally, files)?;
    Ok(read.filter.report_unknown_words() && listed && all_read)
}

/// Prints the summary of so many files.
///
/// # Errors
///
/// If the output cannot be written.
fn print(json: bool, all: &Tally, files: usize) -> io::Result<()> {
    if json {
        let mut stdout = io::stdout().lock();
        serde_json::to_writer_pretty(&mut stdout, &report::json(all))?;
        writeln!(stdout)
    } else {
        report::print(all, files, &mut anstream::stdout().lock())
    }
}

/// The tally of all files.
struct All {
    /// The tally so far.
    tally: Tally,
    /// Number of targets and circuits that are counted one by one.
    limit: usize,
}

impl Collector<SummaryLog> for All {
    fn print(&mut self, rows: Infallible) -> io::Result<()> {
        match rows {}
    }

    fn log(&mut self, log: SummaryLog, _index: usize, _all_read: bool) -> io::Result<()> {
        self.tally.merge(log.tally, self.limit);
        Ok(())
    }
}

/// Maker of the consumers.
struct SummaryLogs {
    /// Number of streams, targets and circuits that are followed one by one.
    max_live: usize,
}

impl Logs for SummaryLogs {
    type Log = SummaryLog;

    fn log(&self, name: &str) -> SummaryLog {
        SummaryLog {
            name: name.into(),
            limit: self.max_live,
            tracker: StreamTracker::new(self.max_live),
            tally: Tally::default(),
        }
    }

    fn part(&self, name: &str, _lines: u64) -> SummaryLog {
        self.log(name)
    }

    fn range(&self) -> Option<u64> {
        None
    }
}

/// One log that is counted.
struct SummaryLog {
    /// The name of the file.
    name: String,
    /// Number of streams, targets and circuits that are followed one by one.
    limit: usize,
    /// What puts events of a stream together.
    tracker: StreamTracker<Option<Time>>,
    /// The tally so far.
    tally: Tally,
}

impl SummaryLog {
    /// Returns the tally.
    #[cfg(feature = "cluster")]
    fn into_tally(self) -> Tally {
        self.tally
    }
}

impl Consumer for SummaryLog {
    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        if event.passes.all() {
            self.tally.events.event(&self.name, event, self.limit);
            if let Some(life) = self.tracker.update(event.event, event.time) {
                self.tally.stream(&self.name, &life, self.limit);
            }
        }
        Ok(())
    }

    fn unreadable(&mut self) {
        self.tally.unreadable += 1;
    }
}

impl Log for SummaryLog {
    type Rows = Infallible;
    type Part = Self;

    fn append(&mut self, _part: Self, _lines: u64) -> io::Result<bool> {
        Ok(false)
    }

    fn end(&mut self, state: &LineState) -> io::Result<()> {
        (self.tally.lines, self.tally.bytes) = (state.lines(), state.bytes());
        let tracker = mem::replace(&mut self.tracker, StreamTracker::new(0));
        for life in tracker.into_live() {
            self.tally.stream(&self.name, &life, self.limit);
        }
        Ok(())
    }
}
