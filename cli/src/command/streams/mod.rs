//! The command `streams`: a row for each stream, or the object of OnionPerf's analysis.
//!
//! - this file: the options, and a printer for each kind of format
//! - [`row`]: the row of a stream, with the names of its columns
//! - [`rows`]: rows as JSON or CSV, encoded by the threads that read
//! - [`columns`]: rows with types, for an Arrow or Parquet file
//! - [`onionperf`]: streams as OnionPerf groups and prints them
//!
//! A *life* is the facts about a stream from all its events. An *identity* is the values by which tor keeps streams apart.
//! Identities are numbered in the order in which streams end, over all logs, so only the thread that prints knows them.

#[cfg(feature = "arrow")]
mod columns;
pub(crate) mod onionperf;
mod row;
mod rows;

use std::io::{self, BufWriter, Write};

use clap::ValueEnum;

#[cfg(feature = "arrow")]
use self::columns::ColumnPrinter;
use self::onionperf::{LifeEvents, OnionPerfStreams};
use self::rows::{EncodedStreams, StreamRows};
use crate::command::identity::{FactSource, Identities};
use crate::command::lives::{LifeCollector, read_lives};
use crate::command::note::StreamNote;
use crate::command::options::{CheckOption, Exit, Files, StreamOptions};
use crate::input::reader::{self, Event};
use crate::output;
use crate::output::cells::CsvOptions;
#[cfg(feature = "arrow")]
use crate::output::columns::ColumnFormat;

/// Help text after the options.
const MORE_HELP: &str = "\
Examples:
  tor-streams streams --format csv onionperf.log.xz > streams.csv
  tor-streams streams --purpose USER --since 1h tor.log
  tor-streams streams --source '*:47849' tor.log
  tor-streams streams --failed --check tor.log
  tor-streams streams --join tor.log.1 tor.log
  tor-streams streams --format onionperf onionperf.log.xz > tor.streams.json

Which streams:
  With filters, the streams that pass them, whole. --purpose, --source and
  --target with --port may each be true of another event of the stream; all
  other filters have to be true of one.
  --failed is about the whole stream: it failed if it has a
  failure_reason_local or an event FAILED.

Columns:
  stream_id              the stream's number; tor counts from 1 again after
                         each start
  circuit_id             the circuit it is on, or was on when it ended; none
                         after DETACHED
  unix_ts_start          Unix time of NEW or NEWRESOLVE; none if that is not in
                         the log
  unix_ts_end            Unix time of FAILED, or else of CLOSED; none if
                         neither is in the log
  seconds                from start to end; none if the clock was set back
                         between them
  failure_reason_local   why it failed: the REASON of FAILED, or the one that
                         ended a look-up
  failure_reason_remote  the REMOTE_REASON of the same event
  remap_source           where the last REMAP had the address from: CACHE or
                         EXIT
  target                 host and port that were asked for, or the first ones
                         in the log
  outcome                closed; failed; live (open at the end of the log);
                         replaced (another stream began with its number);
                         dropped (there were more than --max-live); after
                         closed (an event that tor should not have printed)
  last_status            the last event but XOFF and XON
  final_target           the last host and port, after REMAP or a controller's
                         REDIRECTSTREAM
  source_addr            address and port of the client
  purpose                such as USER or DNS_REQUEST
  client_protocol        such as SOCKS5
  circuits               all circuits that it was on, in order: a list in JSON,
                         commas in CSV
  xoff_sent, xoff_recv, xon_sent, xon_recv
                         how often flow control stopped and started it
  reason, remote_reason  those of the last event that has a REASON, CLOSED too
  seconds_to_answer      from start to SUCCEEDED
  attempts               how often it was sent along a circuit (SENTCONNECT,
                         SENTRESOLVE)
  detached               how often it was taken off one (DETACHED)
  seconds_waiting        how long it waited for a controller (CONTROLLER_WAIT);
                         none if it did not
  asked                  connect or resolve
  target_kind            of the target that was asked for: name, address, onion
                         or exit
  began                  whether its start is in the log
  has_username           whether the client sent a SOCKS user name
  nym_epoch              number of NEWNYM signals before it
  session_group          number of the listener
  file                   the file that its first event is in
  identity               #1, #2 and so on: streams with the same number have
                         the same SOCKS user name, client address and whatever
                         else tor keeps streams apart by, as `tor-streams
                         circuits --help` explains

  What a stream does not have is null in JSON and empty in CSV. Words are as
  tor prints them. A look-up that was closed without an answer, for another
  reason than DONE, has failed without an event FAILED; its outcome is
  `closed`. Of one stream, its first 1000 circuits, and its first 999 events
  and its last one are kept, and a stream that has more is reported: its
  circuits lack the later ones, and seconds_waiting the waits that end after
  these 999. Streams that were open already, by a reply to GETINFO
  stream-status, are printed too.

  Arrow and Parquet files (if built with the feature `arrow`) have the same
  columns with types: words as dictionaries, circuits as a list, unix_ts_start
  and unix_ts_end as timestamps in microseconds. These files are complete when
  the program ends.

OnionPerf:
  --format onionperf prints the object `tor.streams` of OnionPerf's analysis:
  what its own parser gives, to the microsecond, but for one thing: a reason
  that tor has no name for, such as UNKNOWN_264, is kept, and lost there. The
  object is in memory until the last log was read.
  Streams without a beginning or an end are left out. Of streams with the same
  number only the last one is printed, and of one with more than 1000 events, or
  512 KiB of text in them, only the first ones and the last. Both are reported,
  and so is a stream for whose first events --max-live left no room.

Exit status:
  0  Every stream was printed, or whatever reads the output was closed. Standard
     error may report that the clock was set back.
  1  Standard error reports something else: a file or a line that could not be
     read, as FILE:LINE: and the reason; signs that a log is not that of one
     tor, or in the wrong order, or read twice; a filter's word that nobody
     knows; identities, or with onionperf streams, for which --max-live left no
     room; a stream with more circuits or events than are kept. Everything else
     was printed.
  2  The arguments are wrong.
  4  With --check: a stream was printed. This comes before 1: what was found is
     certain, whatever else could not be read, and 1 says that nothing was
     found in what could be read.";

/// The options of `streams`.
#[derive(clap::Args)]
#[command(after_long_help = MORE_HELP)]
pub(crate) struct Options {
    /// Inputs, filters and form of the logs.
    #[command(flatten)]
    pub(crate) read: reader::ReadOptions,
    /// How to print the streams
    #[arg(long, value_enum, default_value_t = StreamFormat::Json)]
    format: StreamFormat,
    /// Options of CSV.
    #[command(flatten)]
    csv: CsvOptions,
    /// Options of the streams.
    #[command(flatten)]
    streams: StreamOptions,
    /// Option to be a check.
    #[command(flatten)]
    check: CheckOption,
}

/// A format of the output.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum StreamFormat {
    /// One JSON object a line
    Json,
    /// Comma-separated values, with the names of the columns in the first row
    Csv,
    /// One JSON object with all streams, as in OnionPerf's analysis
    #[value(name = "onionperf")]
    OnionPerf,
    /// An Arrow file, with typed columns
    #[cfg(feature = "arrow")]
    Arrow,
    /// A Parquet file, with typed columns
    #[cfg(feature = "arrow")]
    Parquet,
}

/// Prints the streams in all files.
///
/// # Errors
///
/// If the output cannot be written.
pub(crate) fn run(options: Options) -> io::Result<Exit> {
    let Options { read, format, csv, streams, check } = options;
    let files = Files::list(read);
    let names = files.names();
    match format {
        StreamFormat::Json => print_rows(StreamRows::json(names), files, streams, check),
        StreamFormat::Csv => print_rows(StreamRows::csv(csv.cells(), names), files, streams, check),
        #[cfg(feature = "arrow")]
        StreamFormat::Arrow => print_columns(ColumnFormat::Arrow, files, streams, check),
        #[cfg(feature = "arrow")]
        StreamFormat::Parquet => print_columns(ColumnFormat::Parquet, files, streams, check),
        StreamFormat::OnionPerf => print_onionperf(files, streams, check),
    }
}

/// Returns a maker of notes with the facts about streams' identities.
fn notes_with_facts() -> impl Fn(&Event<'_>, usize) -> StreamNote + Clone + Send + Sync + 'static {
    let source = FactSource::without_text();
    move |event, input| StreamNote::new(event, input).with_facts(Some(&source), event)
}

/// Prints the streams as rows of JSON or CSV, which the threads that read make.
fn print_rows(rows: StreamRows, files: Files, streams: StreamOptions, check: CheckOption) -> io::Result<Exit> {
    output::print(&rows.head()?)?;
    let mut printer = RowPrinter { identities: Identities::new(streams.max_live), found: false };
    let all_read = read_lives(files, streams, notes_with_facts(), rows, &mut printer);
    let result = all_read.map(|all_read| printer.identities.report_no_room() && all_read);
    check.exit(result, printer.found)
}

/// Prints the streams as an Arrow or Parquet file.
#[cfg(feature = "arrow")]
fn print_columns(format: ColumnFormat, files: Files, streams: StreamOptions, check: CheckOption) -> io::Result<Exit> {
    let mut printer = ColumnPrinter::new(format, files.names(), Identities::new(streams.max_live))?;
    let all_read = read_lives(files, streams, notes_with_facts(), Vec::new(), &mut printer);
    let result = all_read.and_then(|all_read| {
        printer.finish()?;
        Ok(printer.identities.report_no_room() && all_read)
    });
    check.exit(result, printer.found)
}

/// Prints the object of OnionPerf's analysis.
fn print_onionperf(files: Files, streams: StreamOptions, check: CheckOption) -> io::Result<Exit> {
    let note = |event: &Event<'_>, input: usize| {
        let mut note = StreamNote::new(event, input);
        onionperf::TimedEvent::new(event).into_iter().for_each(|event| note.onionperf.push(event));
        note
    };
    let mut printer = OnionPerfPrinter { streams: OnionPerfStreams::new(streams.max_live) };
    // Nothing is printed before the last log was read, so a check has found nothing if reading fails.
    let all_read = read_lives(files, streams, note, Vec::new(), &mut printer)?;
    let found = !printer.streams.is_empty();
    let print = || {
        let mut stdout = BufWriter::new(io::stdout().lock());
        let all_printed = printer.streams.finish(&mut stdout)?;
        stdout.flush().map(|()| all_printed)
    };
    check.exit(print().map(|all_printed| all_read && all_printed), found)
}

/// The printer of the object of OnionPerf's analysis.
struct OnionPerfPrinter {
    /// Streams so far.
    streams: OnionPerfStreams,
}

impl LifeCollector<Vec<LifeEvents>> for OnionPerfPrinter {
    // OnionPerf has rules of its own: the events of a life that was dropped go on in the next one.
    const COUNTS: bool = false;

    fn lives(&mut self, lives: Vec<LifeEvents>) -> io::Result<()> {
        lives.into_iter().try_for_each(|life| self.streams.add_life(life))
    }

    fn end_of_log(&mut self, _file: usize) -> io::Result<()> {
        self.streams.end_of_log();
        Ok(())
    }
}

/// The printer of streams as rows.
struct RowPrinter {
    /// Identities of all logs.
    identities: Identities,
    /// Set once there is a stream to print.
    found: bool,
}

impl LifeCollector<EncodedStreams> for RowPrinter {
    // The outcome of each stream is printed.
    const COUNTS: bool = false;
    const SHOWS_STEPS: bool = true;

    fn lives(&mut self, rows: EncodedStreams) -> io::Result<()> {
        self.found = true;
        let mut stdout = io::stdout().lock();
        rows.print(&mut self.identities, &mut stdout)?;
        stdout.flush()
    }
}
