//! The command `streams`.

pub(crate) mod onionperf;
mod row;
mod writer;

use alloc::sync::Arc;
use core::mem;
use std::io::{self, BufWriter, Write};

use clap::ValueEnum;
use tor_stream_event::{LineState, Outcome, StreamEventRef, StreamTracker};

use self::onionperf::OnionPerf;
use self::writer::Writer;
use crate::command::check::Check;
use crate::command::lives::{self, LifeLog, LifeLogs, MakeNote};
use crate::input::copies;
use crate::input::filter::Passes;
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
  A reply to GETINFO stream-status tells which streams were open: they are printed too.

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
    let inputs = numbered(inputs);
    let (all_read, in_order) = match format {
        Format::Json | Format::Csv => {
            let logs = StreamLogs { format, limit, join, names };
            let mut writer = logs.writer();
            writer.head()?;
            output::print(&writer.take()?)?;
            let mut printer = Printer { in_order: true };
            (threads::read(&read, inputs, logs, &mut printer)?, printer.in_order)
        }
        Format::OnionPerf => {
            let note = |event: &Event<'_>, input: usize| {
                let mut note = StreamNote::new(event, input);
                note.onionperf.extend(onionperf::Event::new(event));
                note
            };
            let mut object = Object { streams: OnionPerf::new(limit), names, in_order: true };
            let all_read = threads::read(&read, inputs, LifeLogs { limit, join, note }, &mut object)?;
            let mut stdout = BufWriter::new(io::stdout().lock());
            let all_printed = object.streams.finish(&mut stdout)?;
            stdout.flush()?;
            (all_read, all_printed && object.in_order)
        }
    };
    Ok(read.filter.report_unknown_words() && listed && unique && in_order && all_read)
}

/// The object of OnionPerf.
struct Object {
    /// The streams so far.
    streams: OnionPerf,
    /// The names of the files.
    names: Arc<[String]>,
    /// Whether all logs were in order so far.
    in_order: bool,
}

impl<F: MakeNote> Collector<LifeLog<F>> for Object {
    fn print(&mut self, lives: Vec<Life>) -> io::Result<()> {
        lives.into_iter().try_for_each(|life| self.streams.life(life))
    }

    fn log(&mut self, mut log: LifeLog<F>, _index: usize, _all_read: bool) -> io::Result<()> {
        Collector::<LifeLog<F>>::print(self, log.finish())?;
        self.streams.end_of_log();
        let name = self.names.get(log.input).map_or("", |name| name);
        self.in_order &= log.check.report(&escape(name));
        Ok(())
    }
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
    /// Returns no rows.
    fn writer(&self) -> Writer<Vec<u8>> {
        match self.format {
            Format::Csv => Writer::csv(Vec::new()),
            _ => Writer::json(Vec::new()),
        }
    }

    /// Returns the consumer of an input or a range of it.
    fn consumer(&self, input: Place<'_>, tracker: Tracker) -> StreamLog {
        StreamLog {
            writer: self.writer(),
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
        StreamPart { log: self.consumer(input, StreamTracker::part()), ends: Vec::new(), has_open: false }
    }

    fn range(&self) -> Option<u64> {
        Some(lives::RANGE)
    }

    fn joins(&self) -> bool {
        self.join
    }
}

/// The streams of a log, which may have several files.
struct StreamLog {
    /// The rows of streams that are over and pass, and were not printed yet.
    writer: Writer<Vec<u8>>,
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
    /// Whether the range tells of streams that were open. Which of them are not known yet depends on what is before it.
    has_open: bool,
}

impl StreamLog {
    /// Takes a stream that is over.
    fn life(&mut self, life: Life) -> io::Result<()> {
        self.check.life(&life);
        if !life.note.passes.all() {
            return Ok(());
        }
        let file = self.names.get(life.note.file).map_or("", |name| name);
        self.writer.write(&life, file)
    }

    /// Takes the streams that are open at the end.
    fn end_streams(&mut self) -> io::Result<()> {
        let tracker = mem::replace(&mut self.tracker, StreamTracker::with_notes(1));
        tracker.into_live().try_for_each(|life| self.life(life))
    }

    /// Puts an event to its stream, and returns one that is over.
    fn track(&mut self, event: &Event<'_>) -> Option<Life> {
        self.check.event(event.time);
        let note = StreamNote::new(event, self.input);
        self.tracker.update_with(event.event, event.time, note)
    }
}

impl Consumer for StreamLog {
    const OPEN_STREAMS: bool = true;

    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        self.track(event).map_or(Ok(()), |life| self.life(life))
    }

    fn open(&mut self, stream: &StreamEventRef<'_>, passes: Passes) -> io::Result<()> {
        // The events of a stream tell more.
        if stream.id.parse().is_ok_and(|id| self.tracker.get(&id).is_some()) {
            return Ok(());
        }
        let note = StreamNote::of_open(stream, passes, self.input);
        match self.tracker.update_with(stream, None, note) {
            // It may have been closed while tor made the reply.
            Some(life) if life.outcome != Outcome::AfterClosed => self.life(life),
            _ => Ok(()),
        }
    }
}

impl Log for StreamLog {
    type Rows = Vec<u8>;
    type Part = StreamPart;

    fn rows(&mut self) -> io::Result<Option<Vec<u8>>> {
        self.ready.append(&mut self.writer.take()?);
        Ok(Some(mem::take(&mut self.ready)).filter(|rows| !rows.is_empty()))
    }

    fn append(&mut self, part: StreamPart, _lines: u64) -> io::Result<bool> {
        let StreamPart { log: mut part, ends, has_open } = part;
        if has_open {
            return Ok(false);
        }
        let Ok(lives) = self.tracker.append(part.tracker) else {
            return Ok(false);
        };
        self.check.append(part.check);
        self.ready.append(&mut self.writer.take()?);
        // The rows of each behind as many of the part's streams as were handed out before it.
        let mut places = Vec::with_capacity(lives.len());
        for appended in lives {
            let number = usize::try_from(appended.handed_out).unwrap_or(usize::MAX);
            let before = number.checked_sub(1).and_then(|last| ends.get(last)).copied().unwrap_or_default();
            let begin = self.writer.len()?;
            self.life(appended.life)?;
            places.push((before, begin..self.writer.len()?));
        }
        let (ours, theirs) = (self.writer.take()?, part.writer.take()?);
        let mut begin = 0;
        for (before, place) in places {
            self.ready.extend_from_slice(theirs.get(begin..before).unwrap_or_default());
            self.ready.extend_from_slice(ours.get(place).unwrap_or_default());
            begin = before;
        }
        self.ready.extend_from_slice(theirs.get(begin..).unwrap_or_default());
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
    const OPEN_STREAMS: bool = true;

    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        if let Some(life) = self.log.track(event) {
            self.log.life(life)?;
            self.ends.push(self.log.writer.len()?);
        }
        Ok(())
    }

    fn open(&mut self, _stream: &StreamEventRef<'_>, _passes: Passes) -> io::Result<()> {
        self.has_open = true;
        Ok(())
    }
}

/// Standard output.
struct Printer {
    /// Whether all logs were in order so far.
    in_order: bool,
}

impl Collector<StreamLog> for Printer {
    fn print(&mut self, rows: Vec<u8>) -> io::Result<()> {
        output::print(&rows)
    }

    fn log(&mut self, mut log: StreamLog, _index: usize, _all_read: bool) -> io::Result<()> {
        log.end_streams()?;
        log.rows()?.map_or(Ok(()), |rows| self.print(rows))?;
        let name = log.names.get(log.input).map_or("", |name| name);
        self.in_order &= log.check.report(&escape(name));
        Ok(())
    }
}
