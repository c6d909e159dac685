//! The command `summary`.
//!
//! - [`log`], [`part`]: the consumers, which count each log, or a range of one, into a tally
//! - [`tally`]: the counts
//! - [`report`]: the tally of all logs, printed as text or as JSON
//! - [`mergeable`]: the tallies of all logs as lines of JSON, which the command `merge` reads
//! - [`cluster`]: a run of several processes, which send their tallies to process 0, and that merges them; [`record`]: the
//!   events of a range, for the tracker of process 0

#[cfg(feature = "cluster")]
mod cluster;
mod log;
mod mergeable;
mod part;
#[cfg_attr(not(feature = "cluster"), allow(dead_code, reason = "the processes of a cluster send records"))]
mod record;
mod report;
mod tally;

use core::convert::Infallible;
use std::io::{self, Stdout};

use self::log::{SummaryLog, SummaryLogs};
use self::mergeable::MergeableWriter;
pub(crate) use self::mergeable::{
    EndOfLogs, Fault, LogTally, MergeableReader, OverflowGuard, ReadLine, Settings, Sha256Hash,
};
use self::report::TextOptions;
pub(crate) use self::tally::EventTally;
use self::tally::Tally;
use crate::command::options::{Files, StreamOptions};
use crate::input::reader;
use crate::input::threads::Collector;
use crate::output;

/// Help text after the options.
pub(crate) const MORE_HELP: &str = "\
Examples:
  tor-streams tor.log
  tor-streams summary --recursive --since '2026-11-01 00:00:00' logs/
  tor-streams summary --json onionperf.torctl.log.xz | jq .failures

What is counted:
  Events by status and reason; streams by purpose, protocol, target, circuit
  and cause of failure. With filters, the streams that pass them, whole, and
  all events of these. --purpose, --source and --target with --port may each be
  true of another event of the stream; all other filters have to be true of
  one. --failed is about the whole stream.
  Streams fail on a circuit, or without ever having been on one: then Tor found
  none, a controller ended the stream, or the client's request was wrong. A
  look-up that was closed without an answer, for another reason than DONE, has
  failed.
  Times need a log with a time before each event. Percentiles are cut after
  three digits; the slowest circuits are exact.
  Each file is a log of its own: a stream that goes on in the next file is
  another one, unless the files are parts of one log (--join).
  Each table has up to --max-live rows. Beyond it, and beyond a kilobyte of
  text, all is counted together: as `(all others)`, in JSON in fields such as
  `other_targets`. With filters, so are unknown words of a stream beyond its
  first 16. Of more than --max-live streams at a time, the oldest are let go.
  The table of circuits counts a stream on its first 1000 circuits, and leaves
  out the later ones without a message.

Exit status:
  0  Everything was counted, or whatever reads the output was closed. Standard
     error may report that the clock was set back.
  1  Standard error reports something else: a file or a line that could not be
     read, as FILE:LINE: and the reason; signs that a log is not that of one
     tor, or in the wrong order, or read twice; a filter's word that nobody
     knows. Everything else was counted.
  2  The arguments are wrong.
  3  Another process of a cluster is missing: no summary is printed.";

/// The options of `summary`.
#[derive(clap::Args)]
#[command(after_long_help = MORE_HELP)]
pub(crate) struct Options {
    /// Inputs, filters and form of the logs.
    #[command(flatten)]
    pub(crate) read: reader::ReadOptions,
    /// Form of the output.
    #[command(flatten)]
    form: SummaryForm,
    /// Options of the streams.
    #[command(flatten)]
    streams: StreamOptions,
    /// Options of a run over several machines.
    #[cfg(feature = "cluster")]
    #[command(flatten)]
    cluster: cluster::ClusterOptions,
}

/// The form of the output of `summary` and `merge`.
#[derive(Clone, Copy, clap::Args)]
pub(crate) struct SummaryForm {
    /// Print a JSON object
    #[arg(long)]
    json: bool,
    /// Print the tally of each log as a line of JSON, for `tor-streams merge`
    #[arg(long, requires = "json")]
    mergeable: bool,
    /// Number of rows of each table of the text [default: 10 of targets and circuits, 50 of words and causes]
    #[arg(long, value_name = "N", conflicts_with = "json")]
    top: Option<usize>,
}

/// Prints a summary of all files. Returns `false` if anything was reported, other than a clock that was set back.
///
/// # Errors
///
/// If the output cannot be written.
pub(crate) fn run(options: Options) -> io::Result<bool> {
    #[cfg(feature = "cluster")]
    if let Some(process) = options.cluster.process() {
        return cluster::run(process, options);
    }
    let Options { read, form, streams, .. } = options;
    let files = Files::list(read);
    let (filter, names) = (&files.read.filter, files.names());
    let logs = SummaryLogs::new(filter, streams, &names);
    let mut collector = TallyCollector { summary: Summary::new(form, Settings::new(streams, filter))?, complete: true };
    let all_read = files.read(logs, &mut collector)?;
    let complete = all_read && collector.complete;
    collector.summary.finish(EndOfLogs::of_files(names.len(), complete))?;
    Ok(complete)
}

/// The summary of all logs, in the order in which they are added.
pub(crate) enum Summary {
    /// Summary that is printed after the last log.
    Merged {
        /// Tally of the logs so far.
        tally: Box<Tally>,
        /// Maximum number of rows in each table.
        limit: usize,
        /// Form of the output.
        form: SummaryForm,
    },
    /// Mergeable summary, a line of which is written with each log.
    Lines(MergeableWriter<Stdout>),
}

impl Summary {
    /// Returns an empty summary.
    ///
    /// # Errors
    ///
    /// If the output cannot be written. The other functions have the same errors.
    pub(crate) fn new(form: SummaryForm, settings: Settings) -> io::Result<Self> {
        if form.mergeable {
            return Ok(Self::Lines(MergeableWriter::new(io::stdout(), settings)?));
        }
        Ok(Self::Merged { tally: Box::default(), limit: settings.max_live, form })
    }

    /// Adds a log.
    pub(crate) fn add(&mut self, log: LogTally) -> io::Result<()> {
        match self {
            Self::Merged { tally, limit, .. } => {
                tally.merge(log.tally, *limit);
                Ok(())
            }
            Self::Lines(writer) => writer.log(log),
        }
    }

    /// Prints the merged summary, or the lines after all logs.
    pub(crate) fn finish(self, end: EndOfLogs) -> io::Result<()> {
        match self {
            Self::Merged { tally, form: SummaryForm { json, top, .. }, .. } => {
                if json {
                    return report::print_json(&tally);
                }
                report::print_text(&tally, TextOptions { files: end.files, top, width: output::table::width() })
            }
            Self::Lines(mut writer) => writer.end(end),
        }
    }
}

/// The collector without a cluster, which adds each log to the summary.
struct TallyCollector {
    /// The summary so far.
    summary: Summary,
    /// Set while all logs so far were complete.
    complete: bool,
}

impl Collector<SummaryLog> for TallyCollector {
    fn add_rows(&mut self, rows: Infallible) -> io::Result<()> {
        // A log has no output before its end.
        match rows {}
    }

    fn add_log(&mut self, log: SummaryLog, _index: usize, all_read: bool) -> io::Result<()> {
        let log = log.finish(all_read);
        self.complete &= log.complete;
        self.summary.add(log)
    }
}
