//! The command `streams`.

pub(crate) mod onionperf;
mod row;
mod writer;

use std::io::{self, BufWriter, StdoutLock};

use clap::ValueEnum;
use tor_stream_event::StreamTracker;

use self::onionperf::OnionPerf;
use self::writer::Writer;
use crate::command::check::Check;
use crate::input::note::{Life, StreamNote, Tracker};
use crate::input::reader::{self, Consumer, Event};
use crate::input::threads::{Events, Parallel};
use crate::input::{Input, copies};
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
pub(crate) fn run(options: &Options) -> io::Result<bool> {
    let (inputs, mut all_read) = options.read.inputs.list();
    all_read &= copies::report_copies(&inputs);
    let stdout = BufWriter::new(io::stdout().lock());
    let output = match options.format {
        Format::Json => Output::Rows(Writer::json(stdout)),
        Format::Csv => Output::Rows(Writer::csv(stdout)),
        Format::OnionPerf => Output::OnionPerf(OnionPerf::new(options.max_live), stdout),
    };
    let mut log = Log {
        output,
        inputs: &inputs,
        input: 0,
        limit: options.max_live,
        tracker: StreamTracker::with_notes(options.max_live),
        check: Check::default(),
    };
    if let Output::Rows(writer) = &mut log.output {
        writer.head()?;
    }
    for (number, input) in inputs.iter().enumerate() {
        log.input = number;
        all_read &= reader::read(&options.read, input, &mut log)?;
        if !options.join || number + 1 == inputs.len() {
            all_read &= log.end()?;
        }
    }
    all_read &= log.output.finish()?;
    Ok(options.read.filter.report_unknown_words() && all_read)
}

/// A log, which may have several files.
struct Log<'i> {
    /// Where streams are printed.
    output: Output,
    /// The files.
    inputs: &'i [Input],
    /// Number of the one that is read.
    input: usize,
    /// Maximum number of streams that are followed.
    limit: usize,
    /// The streams that are followed.
    tracker: Tracker,
    /// Signs that the log is not in order.
    check: Check,
}

/// Standard output, in a format.
enum Output {
    /// Rows, each printed when its stream is over.
    Rows(Writer<BufWriter<StdoutLock<'static>>>),
    /// One object.
    OnionPerf(OnionPerf, BufWriter<StdoutLock<'static>>),
}

impl Log<'_> {
    /// Takes a stream that is over.
    fn life(&mut self, life: Life) -> io::Result<()> {
        self.check.life(&life);
        if !life.note.passes.all() {
            return Ok(());
        }
        match &mut self.output {
            Output::Rows(writer) => {
                let file = self.inputs.get(life.note.file).map_or("", |input| &input.name);
                writer.write(&life, file)
            }
            Output::OnionPerf(streams, _) => streams.life(life),
        }
    }

    /// Takes the streams that are open at the end of the log, and begins another one. Returns `false` if anything was told of
    /// this one.
    fn end(&mut self) -> io::Result<bool> {
        let tracker = core::mem::replace(&mut self.tracker, StreamTracker::with_notes(self.limit));
        tracker.into_live().try_for_each(|life| self.life(life))?;
        if let Output::OnionPerf(streams, _) = &mut self.output {
            streams.end_of_log();
        }
        self.output.flush()?;
        let name = self.inputs.get(self.input).map_or("", |input| &input.name);
        Ok(core::mem::take(&mut self.check).report(&escape(name)))
    }
}

impl Consumer for Log<'_> {
    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        self.check.event(event.time);
        let mut note = StreamNote::new(event, self.input);
        if matches!(self.output, Output::OnionPerf(..)) {
            note.onionperf.extend(onionperf::Event::new(event));
        }
        self.tracker.update_with(event.event, event.time, note).map_or(Ok(()), |life| self.life(life))
    }

    fn unreadable(&mut self) -> io::Result<()> {
        self.output.flush()
    }

    fn before_read(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}

impl Parallel for Log<'_> {
    // Whether a stream is over depends on its events before.
    type Part = Events;

    fn part(&self) -> Events {
        Events::default()
    }

    fn add(&mut self, part: Events) -> io::Result<()> {
        part.each(|event| self.event(event))
    }
}

impl Output {
    /// Writes out what was collected, if the format allows it at any time.
    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Rows(writer) => writer.flush(),
            Self::OnionPerf(..) => Ok(()),
        }
    }

    /// Writes out everything. Returns `false` if not every stream could be printed.
    fn finish(&mut self) -> io::Result<bool> {
        match self {
            Self::Rows(writer) => writer.flush().map(|()| true),
            Self::OnionPerf(streams, output) => {
                let all = streams.finish(output)?;
                io::Write::flush(output)?;
                Ok(all)
            }
        }
    }
}
