//! The command `summary`.

#[cfg(feature = "cluster")]
mod cluster;
mod report;
mod table;
mod tally;

use std::io;

use tor_stream_event::StreamTracker;

pub(crate) use self::tally::EventTally;
use self::tally::Tally;
use crate::command::check::Check;
use crate::input::note::{Life, StreamNote, Tracker};
use crate::input::reader::{self, Consumer, Event};
use crate::input::threads::{Events, Parallel};
use crate::input::{Input, copies};
use crate::output::text::escape;

/// What the help says after the options.
pub(crate) const MORE_HELP: &str = "\
Examples:
  tor-streams tor.log
  tor-streams summary --recursive --since '2026-11-01 00:00:00' logs/
  tor-streams summary --json onionperf.torctl.log.xz | jq .failures

What is counted:
  Events by status and reason; streams by purpose, protocol, target, circuit and cause of failure.
  With filters, the streams that pass them, whole, and all events of these. --purpose, --source and
  --target with --port may each be true of another event of the stream; all other filters have to be
  true of one.
  Streams fail on a circuit, or without ever having been on one: then Tor found none, a controller
  ended the stream, or the client's request was wrong. A look-up that was closed without an answer,
  for another reason than DONE, has failed.
  Times need a log with a time before each event. Percentiles are the lower ends of intervals whose
  width is 3 percent; the slowest circuits are exact. Each file is a log of its own: a stream that
  goes on in the next file is another one, unless the files are parts of one log (--join).
  Each table has up to --max-live rows. Beyond it, and beyond a kilobyte of text, all is counted
  together: as `(all others)`, in JSON in fields such as `other_targets`. Of more than --max-live
  streams at a time, the oldest are let go.

Exit status:
  0  Everything was counted, or whatever reads the output was closed.
  1  Something was told on standard error: a file or a line that could not be read, as FILE:LINE:
     and the reason; signs that a log is not that of one tor, or in the wrong order, or read twice;
     a filter's word that nobody knows. Everything else was counted.
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
    /// Take the files for parts of one log, in the order given, and not for logs of their own
    #[arg(long)]
    join: bool,
    /// How many streams are followed at a time, and how many rows each table has, at most
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
    all_read &= copies::report_copies(&inputs);
    let files = if options.join { inputs.len().max(1) } else { 1 };
    for log in inputs.chunks(files) {
        let (tally, read) = count(&options, log)?;
        all_read &= read;
        all.merge(tally, options.max_live);
    }
    print(options.json, &all, inputs.len())?;
    Ok(options.read.filter.report_unknown_words() && all_read)
}

/// Counts what is in a log that has these files. Returns it, and `false` if anything was told.
fn count(options: &Options, inputs: &[Input]) -> io::Result<(Tally, bool)> {
    let name = inputs.first().map_or("", |input| &input.name);
    let mut log = Log {
        name,
        file: name,
        is_filtered: !options.read.filter.is_empty(),
        limit: options.max_live,
        ends_with_lf: true,
        tracker: StreamTracker::with_notes(options.max_live),
        tally: Tally::default(),
        check: Check::default(),
    };
    let mut all_read = true;
    for input in inputs {
        log.file = &input.name;
        all_read &= reader::read(&options.read, input, &mut log)?;
        log.end_of_file();
    }
    let (tally, in_order) = log.finish();
    Ok((tally, all_read && in_order))
}

/// Prints the summary of so many files.
///
/// # Errors
///
/// If the output cannot be written.
fn print(json: bool, all: &Tally, files: usize) -> io::Result<()> {
    if json {
        report::print_json(all, io::stdout().lock())
    } else {
        report::print(all, files, &mut anstream::stdout().lock())
    }
}

/// One log that is counted.
struct Log<'i> {
    /// Its name: that of its first file.
    name: &'i str,
    /// The name of the file that is read.
    file: &'i str,
    /// Whether streams may not pass.
    is_filtered: bool,
    /// Maximum number of streams that are followed, and of rows in each table.
    limit: usize,
    /// Whether the last byte so far ended a line.
    ends_with_lf: bool,
    /// The streams that are followed.
    tracker: Tracker,
    /// What was counted.
    tally: Tally,
    /// Signs that the log is not in order.
    check: Check,
}

impl Log<'_> {
    /// Takes note of the end of a file: what comes next begins another line.
    fn end_of_file(&mut self) {
        self.tally.lines += u64::from(!self.ends_with_lf);
        self.ends_with_lf = true;
    }

    /// Returns what was counted, with the streams that are not over, and `false` if anything was told.
    fn finish(mut self) -> (Tally, bool) {
        let tracker = core::mem::replace(&mut self.tracker, StreamTracker::with_notes(1));
        tracker.into_live().for_each(|life| self.life(life));
        (self.tally, self.check.report(&escape(self.name)))
    }

    /// Puts an event to its stream. With filters, it is counted when that is over: until then it may pass.
    fn track(&mut self, event: &Event<'_>) {
        self.check.event(event.time);
        let mut note = StreamNote::new(event, 0);
        if self.is_filtered {
            note.events.get_or_insert_default().event(self.file, event, usize::MAX);
        }
        if let Some(life) = self.tracker.update_with(event.event, event.time, note) {
            self.life(life);
        }
    }

    /// Counts a stream that is over, if it passes, and its events, if they were not counted yet.
    fn life(&mut self, mut life: Life) {
        self.check.life(&life);
        if life.note.passes.all() {
            if let Some(events) = life.note.events.take() {
                self.tally.events.merge(*events, self.limit);
            }
            self.tally.stream(self.name, &life, self.limit);
        }
    }
}

impl Consumer for Log<'_> {
    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        if !self.is_filtered {
            self.tally.events.event(self.file, event, self.limit);
        }
        self.track(event);
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
    /// The name of the file.
    file: &'i str,
    /// Whether streams may not pass.
    is_filtered: bool,
    /// What was counted.
    tally: Tally,
    /// The events: whether a stream is over depends on all events before.
    events: Events,
}

impl<'i> Parallel for Log<'i> {
    type Part = LogPart<'i>;

    fn part(&self) -> LogPart<'i> {
        LogPart { file: self.file, is_filtered: self.is_filtered, tally: Tally::default(), events: Events::default() }
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
        if !self.is_filtered {
            self.tally.events.event(self.file, event, usize::MAX);
        }
        self.events.event(event)
    }

    fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.tally.bytes(bytes);
        Ok(())
    }
}
