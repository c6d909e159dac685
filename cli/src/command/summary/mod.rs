//! The command `summary`.

#[cfg(feature = "cluster")]
mod cluster;
mod report;
mod table;
mod tally;

use std::io::{self, Write};

use tor_stream_event::StreamTracker;

use self::tally::Tally;
use crate::input::Input;
use crate::input::reader::{self, Consumer, Event};
use crate::input::threads::{Events, Parallel};
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
    let (inputs, mut all_read) = options.read.inputs.list();
    let mut all = Tally::default();
    for input in &inputs {
        let (tally, read) = count(&options, input)?;
        all_read &= read;
        all.merge(tally, options.max_live);
    }
    print(options.json, &all, inputs.len())?;
    Ok(options.read.filter.report_unknown_words() && all_read)
}

/// Counts what is in a log. Returns it, and `false` if the file or a line could not be read.
fn count(options: &Options, input: &Input) -> io::Result<(Tally, bool)> {
    let mut log = Log {
        name: &input.name,
        limit: options.max_live,
        ends_with_lf: true,
        tracker: StreamTracker::new(options.max_live),
        tally: Tally::default(),
    };
    let all_read = reader::read(&options.read, input, &mut log)?;
    Ok((log.finish(), all_read))
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

/// One log that is counted.
struct Log<'i> {
    /// Its name.
    name: &'i str,
    /// How much is followed one by one.
    limit: usize,
    /// Whether the last byte so far ended a line.
    ends_with_lf: bool,
    /// What puts events of a stream together.
    tracker: StreamTracker<Option<Time>>,
    /// What was counted.
    tally: Tally,
}

impl Log<'_> {
    /// Returns what was counted, with the streams that are not over.
    fn finish(mut self) -> Tally {
        self.tally.lines += u64::from(!self.ends_with_lf);
        for life in self.tracker.into_live() {
            self.tally.stream(self.name, &life, self.limit);
        }
        self.tally
    }
}

impl Log<'_> {
    /// Takes an event whose numbers were counted.
    fn track(&mut self, event: &Event<'_>) {
        if let Some(life) = self.tracker.update(event.event, event.time) {
            self.tally.stream(self.name, &life, self.limit);
        }
    }
}

impl Consumer for Log<'_> {
    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        if event.passes.all() {
            self.tally.events.event(self.name, event, self.limit);
            self.track(event);
        }
        Ok(())
    }

    fn unreadable(&mut self) -> io::Result<()> {
        self.tally.unreadable += 1;
        Ok(())
    }

    fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.tally.bytes(bytes);
        self.ends_with_lf = bytes.last().map_or(self.ends_with_lf, |&byte| byte == b'\n');
        Ok(())
    }
}

/// A part of a log that is counted.
struct LogPart<'i> {
    /// The name of the log.
    name: &'i str,
    /// What was counted.
    tally: Tally,
    /// The events: whether a stream is over depends on all events before.
    events: Events,
}

impl<'i> Parallel for Log<'i> {
    type Part = LogPart<'i>;

    fn part(&self) -> LogPart<'i> {
        LogPart { name: self.name, tally: Tally::default(), events: Events::default() }
    }

    fn add(&mut self, part: LogPart<'i>) -> io::Result<()> {
        self.tally.merge(part.tally, self.limit);
        part.events.each(|event| {
            self.track(event);
            Ok(())
        })
    }
}

impl Consumer for LogPart<'_> {
    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        if !event.passes.all() {
            return Ok(());
        }
        self.tally.events.event(self.name, event, usize::MAX);
        self.events.event(event)
    }

    fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.tally.bytes(bytes);
        Ok(())
    }
}
