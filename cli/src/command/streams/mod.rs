//! The command `streams`.

pub(crate) mod onionperf;
mod row;
mod writer;

use alloc::sync::Arc;
use core::mem;
use core::ops::Range;
use std::io::{self, BufWriter, Write};

use clap::ValueEnum;
use tor_stream_event::{LineState, StreamTracker};

use self::onionperf::OnionPerf;
use self::writer::Writer;
use crate::command::check::Check;
use crate::input::copies;
use crate::input::note::{Life, StreamNote, Tracker};
use crate::input::reader::{self, Consumer, Event};
use crate::input::threads::{self, Collector, Log, Logs, Place, numbered};
use crate::output;
use crate::output::text::escape;

/// What the help says after the options.
const MORE_HELP: &str = "\
Examples:
  tor-streams streams --format csv onionperf.torctl.log.xz > streams.csv
  tor-streams streams --purpose USER --since 1h tor.log
  tor-streams streams --source '*:47849' tor.log
  tor-streams streams --join tor.log.1 tor.log
  tor-streams streams --format onionperf onionperf.torctl.log.xz > tor.streams.json

Which streams:
  With filters, the streams that pass them, whole. --purpose, --source and --target with --port may
  each be true of another event of the stream; all other filters have to be true of one.

Columns:
  stream_id              the stream's number; tor counts from 1 again after each start
  circuit_id             the circuit it is on, or was on when it ended; none after DETACHED
  unix_ts_start          Unix time of NEW or NEWRESOLVE; none if that is not in the log
  unix_ts_end            Unix time of FAILED, or else of CLOSED; none if neither is in the log
  seconds                from start to end
  failure_reason_local   why it failed: the REASON of FAILED, or the one that ended a look-up
  failure_reason_remote  the REMOTE_REASON of the same event
  remap_source           where the last REMAP had the address from: CACHE or EXIT
  target                 host and port that were asked for, or the first ones in the log
  outcome                closed; failed; live (open at the end of the log); replaced (another stream
                         began with its number); dropped (there were more than --max-live);
                         after closed (an event that tor should not have printed)
  last_status            the last event but XOFF and XON
  final_target           the last host and port, after REMAP or a controller's REDIRECTSTREAM
  source_addr            address and port of the client
  purpose                such as USER or DNS_REQUEST
  client_protocol        such as SOCKS5
  circuits               all circuits that it was on, in order: a list in JSON, commas in CSV
  xoff_sent, xoff_recv, xon_sent, xon_recv
                         how often flow control stopped and started it
  reason, remote_reason  those of the last event that has a REASON, CLOSED too
  seconds_to_answer      from start to SUCCEEDED
  attempts               how often it was sent along a circuit (SENTCONNECT, SENTRESOLVE)
  detached               how often it was taken off one (DETACHED)
  seconds_waiting        how long it waited for a controller (CONTROLLER_WAIT); none if it did not
  asked                  connect or resolve
  target_kind            of the target that was asked for: name, address, onion or exit
  began                  whether its start is in the log
  has_username           whether the client sent a SOCKS user name
  nym_epoch              number of NEWNYM signals before it
  session_group          number of the listener
  file                   the file that its first event is in

  What a stream does not have is null in JSON and empty in CSV. Words are as tor prints them. A
  look-up that was closed without an answer, for another reason than DONE, has failed without an
  event FAILED; its outcome is `closed`. Of one stream, 1000 circuits and events are kept at most.

OnionPerf:
  --format onionperf prints the object `tor.streams` of OnionPerf's analysis: what its own parser
  gives, to the microsecond, but for one thing: a reason that tor has no name for, such as
  UNKNOWN_264, is kept, and lost there. Streams without a beginning or an end are left out, and of
  those with the same number only the last one is printed, which is told.

Exit status:
  0  Every stream was printed, or whatever reads the output was closed.
  1  Something was told on standard error: a file or a line that could not be read, as FILE:LINE:
     and the reason; signs that a log is not that of one tor, or in the wrong order, or read twice;
     a filter's word that nobody knows. Everything else was printed.
  2  The arguments are wrong.";

/// The options of `streams`.
#[derive(clap::Args)]
#[command(after_long_help = MORE_HELP)]
pub(crate) struct Options {
    /// What is read, and which events count.
    #[command(flatten)]
    pub(crate) read: reader::Reading,
    /// How to print the streams
    #[arg(long, value_enum, default_value_t = Format::Json)]
    format: Format,
    /// Take the files for parts of one log, in the order given, and not for logs of their own
    #[arg(long)]
    join: bool,
    /// How many streams are followed at a time
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    max_live: usize,
}

/// A format.
#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// One JSON object a line
    Json,
    /// Comma-separated values, with the names of the columns in the first row
    Csv,
    /// One JSON object with all streams, as in OnionPerf's analysis
    #[value(name = "onionperf")]
    OnionPerf,
}

/// Prints the streams in all files. Returns `false` if anything was told.
///
/// # Errors
///
/// If the output cannot be written.
pub(crate) fn run(options: Options) -> io::Result<bool> {
    let Options { read, format, join, max_live: limit } = options;
    let read = Arc::new(read);
    let (inputs, listed) = read.inputs.list();
    let unique = copies::report_copies(&inputs);
    let names = inputs.iter().map(|input| input.name.clone()).collect();
    let output = match format {
        Format::Json | Format::Csv => Output::Rows,
        Format::OnionPerf => Output::OnionPerf(OnionPerf::new(limit)),
    };
    let logs = StreamLogs { format, limit, join, names };
    output::print(&logs.rows().head()?)?;
    let mut printer = Printer { output, in_order: true };
    let all_read = threads::read(&read, numbered(inputs), logs, &mut printer)?;
    let printed = printer.output.finish()?;
    Ok(read.filter.report_unknown_words() && listed && unique && printer.in_order && printed && all_read)
}

/// Maker of the consumers.
struct StreamLogs {
    /// The format.
    format: Format,
    /// Maximum number of streams that are followed.
    limit: usize,
    /// Whether all files are one log.
    join: bool,
    /// The names of the files.
    names: Arc<[String]>,
}

impl StreamLogs {
    /// Number of bytes of a range.
    const RANGE: u64 = 1024 * 1024;

    /// Returns no rows.
    fn rows(&self) -> Rows {
        match self.format {
            Format::Json => Rows::Text(Writer::json(Vec::new())),
            Format::Csv => Rows::Text(Writer::csv(Vec::new())),
            Format::OnionPerf => Rows::Lives(Vec::new()),
        }
    }

    /// Returns the consumer of an input or a range of it.
    fn consumer(&self, input: Place<'_>, tracker: Tracker) -> StreamLog {
        StreamLog {
            rows: self.rows(),
            ready: Vec::new(),
            names: Arc::clone(&self.names),
            input: input.index,
            join: self.join,
            tracker,
            check: Check::default(),
        }
    }
}

impl Logs for StreamLogs {
    type Log = StreamLog;

    fn log(&self, input: Place<'_>) -> StreamLog {
        self.consumer(input, StreamTracker::with_notes(self.limit))
    }

    fn part(&self, input: Place<'_>, _lines: u64) -> StreamPart {
        StreamPart { log: self.consumer(input, StreamTracker::part()), ends: Vec::new() }
    }

    fn range(&self) -> Option<u64> {
        Some(Self::RANGE)
    }

    fn joins(&self) -> bool {
        self.join
    }
}

/// The streams of a log, which may have several files.
struct StreamLog {
    /// The streams that are over and pass, and were not printed yet.
    rows: Rows,
    /// Rows of ranges before them.
    ready: Vec<u8>,
    /// The names of the files.
    names: Arc<[String]>,
    /// Number of the one that is read.
    input: usize,
    /// Whether the log goes on in the next file.
    join: bool,
    /// The streams that are followed.
    tracker: Tracker,
    /// Signs that the log is not in order.
    check: Check,
}

/// The streams of a range of a log.
struct StreamPart {
    /// The streams that began in it and are over.
    log: StreamLog,
    /// Where the output ends after each stream that was handed out, whether it passes or not.
    ends: Vec<usize>,
}

/// Streams in a format.
enum Rows {
    /// Rows of text.
    Text(Writer<Vec<u8>>),
    /// The streams themselves.
    Lives(Vec<Life>),
}

/// Streams that are ready to be printed.
enum Printed {
    /// As text.
    Text(Vec<u8>),
    /// As they are.
    Lives(Vec<Life>),
}

impl Rows {
    /// Returns what comes before the rows of all files.
    fn head(mut self) -> io::Result<Vec<u8>> {
        match &mut self {
            Self::Text(writer) => {
                writer.head()?;
                writer.take()
            }
            Self::Lives(_) => Ok(Vec::new()),
        }
    }

    /// Adds a stream that began in this file.
    fn write(&mut self, life: Life, file: &str) -> io::Result<()> {
        match self {
            Self::Text(writer) => writer.write(&life, file),
            Self::Lives(lives) => {
                lives.push(life);
                Ok(())
            }
        }
    }

    /// Returns the number of bytes, or of streams.
    fn len(&mut self) -> io::Result<usize> {
        match self {
            Self::Text(writer) => writer.len(),
            Self::Lives(lives) => Ok(lives.len()),
        }
    }
}

impl StreamLog {
    /// Takes a stream that is over.
    fn life(&mut self, life: Life) -> io::Result<()> {
        self.check.life(&life);
        if !life.note.passes.all() {
            return Ok(());
        }
        let file = self.names.get(life.note.file).map_or("", |name| name);
        self.rows.write(life, file)
    }

    /// Takes the streams that are open at the end.
    fn end_streams(&mut self) -> io::Result<()> {
        let tracker = mem::replace(&mut self.tracker, StreamTracker::with_notes(1));
        tracker.into_live().try_for_each(|life| self.life(life))
    }

    /// Puts an event to its stream, and returns one that is over.
    fn track(&mut self, event: &Event<'_>) -> Option<Life> {
        self.check.event(event.time);
        let mut note = StreamNote::new(event, self.input);
        if let Rows::Lives(_) = self.rows {
            note.onionperf.extend(onionperf::Event::new(event));
        }
        self.tracker.update_with(event.event, event.time, note)
    }
}

impl Consumer for StreamLog {
    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        self.track(event).map_or(Ok(()), |life| self.life(life))
    }
}

impl Log for StreamLog {
    type Rows = Printed;
    type Part = StreamPart;

    fn rows(&mut self) -> io::Result<Option<Printed>> {
        Ok(match &mut self.rows {
            Rows::Text(writer) => {
                self.ready.append(&mut writer.take()?);
                Some(Printed::Text(mem::take(&mut self.ready))).filter(|rows| !rows.is_empty())
            }
            Rows::Lives(lives) => Some(Printed::Lives(mem::take(lives))).filter(|rows| !rows.is_empty()),
        })
    }

    fn append(&mut self, part: StreamPart, _lines: u64) -> io::Result<bool> {
        let StreamPart { log: mut part, ends } = part;
        let Ok(lives) = self.tracker.append(part.tracker) else {
            return Ok(false);
        };
        self.check.append(part.check);
        if let Rows::Text(writer) = &mut self.rows {
            self.ready.append(&mut writer.take()?);
        }
        // Each behind as many of the part's streams as were handed out before it.
        let mut places = Vec::new();
        for appended in lives {
            let number = usize::try_from(appended.handed_out).unwrap_or(usize::MAX);
            let before = number.checked_sub(1).and_then(|last| ends.get(last)).copied().unwrap_or_default();
            let begin = self.rows.len()?;
            self.life(appended.life)?;
            places.push((before, begin..self.rows.len()?));
        }
        match (&mut self.rows, &mut part.rows) {
            (Rows::Text(ours), Rows::Text(theirs)) => {
                let (ours, theirs) = (ours.take()?, theirs.take()?);
                interleave(&mut self.ready, &theirs, &ours, &places);
            }
            (Rows::Lives(ours), Rows::Lives(theirs)) => {
                // The streams that were there before.
                let begin = places.first().map_or(ours.len(), |(_, place)| place.start);
                let mut own = ours.split_off(begin).into_iter();
                let mut theirs = mem::take(theirs).into_iter();
                let mut taken = 0;
                for (before, place) in places {
                    ours.extend(theirs.by_ref().take(before - taken));
                    ours.extend(own.by_ref().take(place.len()));
                    taken = before;
                }
                ours.extend(theirs);
            }
            // All are in the same format.
            _ => {}
        }
        Ok(true)
    }

    fn end(&mut self, _state: &LineState) -> io::Result<()> {
        if self.join { Ok(()) } else { self.end_streams() }
    }

    fn next(&mut self, input: Place<'_>) {
        self.input = input.index;
    }
}

impl Consumer for StreamPart {
    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        if let Some(life) = self.log.track(event) {
            self.log.life(life)?;
            self.ends.push(self.log.rows.len()?);
        }
        Ok(())
    }
}

/// Adds to `all` the rows of a range, with other rows between them: for each how many bytes of the range are before it, and
/// where it is in `others`.
fn interleave(all: &mut Vec<u8>, range: &[u8], others: &[u8], places: &[(usize, Range<usize>)]) {
    let mut begin = 0;
    for (before, place) in places {
        all.extend_from_slice(range.get(begin..*before).unwrap_or_default());
        all.extend_from_slice(others.get(place.clone()).unwrap_or_default());
        begin = *before;
    }
    all.extend_from_slice(range.get(begin..).unwrap_or_default());
}

impl Printed {
    /// Returns `true` if there are none.
    fn is_empty(&self) -> bool {
        match self {
            Self::Text(text) => text.is_empty(),
            Self::Lives(lives) => lives.is_empty(),
        }
    }
}

/// Standard output.
struct Printer {
    /// The format.
    output: Output,
    /// Whether all logs were in order so far.
    in_order: bool,
}

/// Standard output, in a format.
enum Output {
    /// Rows, each printed when its stream is over.
    Rows,
    /// One object.
    OnionPerf(OnionPerf),
}

impl Collector<StreamLog> for Printer {
    fn print(&mut self, rows: Printed) -> io::Result<()> {
        match (rows, &mut self.output) {
            (Printed::Text(text), _) => output::print(&text),
            (Printed::Lives(lives), Output::OnionPerf(streams)) => {
                lives.into_iter().try_for_each(|life| streams.life(life))
            }
            (Printed::Lives(_), Output::Rows) => Ok(()),
        }
    }

    fn log(&mut self, mut log: StreamLog, _index: usize, _all_read: bool) -> io::Result<()> {
        log.end_streams()?;
        if let Some(rows) = log.rows()? {
            self.print(rows)?;
        }
        if let Output::OnionPerf(streams) = &mut self.output {
            streams.end_of_log();
        }
        let name = log.names.get(log.input).map_or("", |name| name);
        self.in_order &= log.check.report(&escape(name));
        Ok(())
    }
}

impl Output {
    /// Writes out everything. Returns `false` if not every stream could be printed.
    fn finish(&mut self) -> io::Result<bool> {
        match self {
            Self::Rows => Ok(true),
            Self::OnionPerf(streams) => {
                let mut output = BufWriter::new(io::stdout().lock());
                let all = streams.finish(&mut output)?;
                output.flush()?;
                Ok(all)
            }
        }
    }
}
