//! The command `share`: the events of a log with pseudonyms in place of names, to be given to others.
//!
//! - this file: the options, the events of a log, their times, and the printer
//! - [`event`]: an event as tor would print it, with pseudonyms
//! - [`names`]: the table of pseudonyms
//!
//! A *name* is any text that a client or an operator has chosen, or that names a machine: a host, an address, a
//! credential, a relay, or a word that tor does not have. A *pseudonym* stands for a name wherever it occurs.

mod event;
mod names;

use core::mem;
use core::ops::RangeInclusive;
use core::time::Duration;
use std::io::{self, IsTerminal};

use tor_stream_event::{LineState, StreamEvent, StreamEventRef};

use self::event::{LeftOut, WriteOptions, content};
use self::names::Pseudonyms;
use crate::command::options::Files;
use crate::input::filter::MetConditions;
use crate::input::reader::{Consumer, Event, ReadOptions};
use crate::input::threads::{Collector, ConsumerMaker, InputName, LogConsumer};
use crate::input::time::Time;
use crate::output::table::count;
use crate::{output, report};

/// Help text after the options.
const MORE_HELP: &str = "\
Examples:
  tor-streams share tor.log > shared.log
  tor-streams share --since '2026-11-22 19:00' --until '2026-11-22 20:00' tor.log

What is printed:
  A log that this tool reads, with the same events in the same order. Each
  text has one pseudonym, the same everywhere:
    names of hosts         host1.test, host2 (a name without a dot)
    onion services         host3.onion, host4.v2.onion (16 letters), and
                           host5.other.onion (an address of another length)
    IPv4 addresses         127.200.0.1, 10.200.0.1 (private), 240.0.0.1
    IPv6 addresses         fd00::1 (private, or of the machine), 2001:db8::1
    names of relays        240.0.0.2.$0000000000000000000000000000000000000001.exit,
                           host6.relay2.exit
    clients                as addresses; /socket1; their ports are numbered
    credentials            \"user1\", \"pass1\"; empty ones stay so
    unknown words          WORD1; an unknown keyword becomes REDACTED=x
  A name of more than 63 bytes has a long pseudonym, unless it is a subdomain of
  an onion service; a name that tor may have cut always has one. If the output
  is no terminal, the pseudonym of a name with a space, a quotation mark, a
  control character or a byte that is not ASCII has one such character, but not
  in a line that would then be read as another event. Names that differ only in
  the case of their letters are one name, as for tor.

  Kept as they are: IDs of streams and circuits, which tor makes numbers, the
  statuses, the ports of targets, reasons, sources, purposes, protocols,
  NYM_EPOCH, SESSION_GROUP and ISO_FIELDS. Somebody who has another log of the
  same streams may recognize them by these, their order and their times.

  Times are seconds from the first event: 0.000000 for that one. A log
  without times has none. --keep-times prints Unix time instead, of logs
  whose dates have a year.

What is left out:
  Text before an event other than its time, such as the name of the machine.
  Lines other than STREAM events and streams in replies to GETINFO
  stream-status: events about circuits name relays, and others onion services.
  Standard error reports the number of these lines. With filters, only events
  that pass them are printed.

  The anomalies unterminated, in_data and escaped are those of a log's lines,
  and are gone; so may be unknown_order, field_not_utf8 and field_at_cut,
  since fields are printed in tor's order. A field with a value that its keyword
  cannot have becomes REDACTED=x, too, which has the anomaly unknown_keyword;
  only a damaged credential keeps its keyword, as in SOCKS_USERNAME=x.

Several files are printed one after the other, as parts of one log. Streams
in them with the same ID become one, so share logs of their own one by one.

Exit status:
  0  Every event was printed, or whatever reads the output was closed. Standard
     error reports the numbers of printed events and of other lines.
  1  Standard error reports something else: a file or a line that could not be
     read, as FILE:LINE: and the reason; a file that is read twice; a filter's
     word that nobody knows; events that were left out, since an ID is not a
     number, the status is unknown, there were more names than pseudonyms
     (--max-names), or no line with pseudonyms would read alike; events that
     are printed without their time, since it is before that of the first event,
     or cannot be compared with it: dates without a year, with the end of
     February or of a year between them, or times of different forms. Everything
     else was printed.
  2  The arguments are wrong.";

/// The options of `share`.
#[derive(clap::Args)]
#[command(after_long_help = MORE_HELP)]
pub(crate) struct Options {
    /// Inputs, filters and form of the logs.
    #[command(flatten)]
    pub(crate) read: ReadOptions,
    /// Print Unix time, and not the seconds from the first event
    #[arg(long)]
    keep_times: bool,
    /// Maximum number of pseudonyms; an event with a name beyond it, or beyond 3.6 million local addresses, is left out
    #[arg(long, value_name = "N", default_value_t = 1_000_000)]
    max_names: usize,
}

/// Prints the events in all files with pseudonyms. Returns `false` if anything was reported, apart from the numbers of
/// events and lines.
///
/// # Errors
///
/// If the output cannot be written.
pub(crate) fn run(options: Options) -> io::Result<bool> {
    let Options { read, keep_times, max_names } = options;
    let options = WriteOptions { lenient: read.lenient, writes_odd: !io::stdout().is_terminal() };
    let times = OutputTimes { keeps_times: keep_times, first: None, early: 0, incomparable: 0 };
    let mut printer = SharePrinter::new(Pseudonyms::new(max_names), times, options);
    let all_read = Files::list(read).read(SharedEventsMaker, &mut printer)?;
    Ok(printer.report() & all_read)
}

/// An event of a log, or a stream that was open when a controller asked.
pub(crate) struct SharedEvent {
    /// The event.
    event: StreamEvent,
    /// Time of the event, if it has one.
    time: Option<Time>,
    /// Set for a stream that was open.
    is_open: bool,
}

/// A maker of the consumers.
struct SharedEventsMaker;

/// The events of a log that were not printed yet.
#[derive(Default)]
struct SharedEvents {
    /// Events and open streams in order.
    events: Vec<SharedEvent>,
    /// Number of lines, at the end of the log.
    lines: u64,
}

impl ConsumerMaker for SharedEventsMaker {
    type Log = SharedEvents;

    fn log(&self, _input: InputName<'_>) -> SharedEvents {
        SharedEvents::default()
    }

    fn part(&self, _input: InputName<'_>, _lines: u64) -> SharedEvents {
        SharedEvents::default()
    }

    fn range_len(&self) -> Option<RangeInclusive<u64>> {
        // Names have to be numbered in order, by one thread, which is most of the work.
        None
    }
}

impl Consumer for SharedEvents {
    const WANTS_OPEN_STREAMS: bool = true;

    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        if event.met.all() {
            self.events.push(SharedEvent { event: (*event.event).into(), time: event.time, is_open: false });
        }
        Ok(())
    }

    fn open_stream(&mut self, stream: &StreamEventRef<'_>, met: MetConditions) -> io::Result<()> {
        if met.all() {
            self.events.push(SharedEvent { event: (*stream).into(), time: None, is_open: true });
        }
        Ok(())
    }
}

impl LogConsumer for SharedEvents {
    type Rows = Vec<SharedEvent>;
    type Part = Self;

    fn rows(&mut self) -> io::Result<Option<Vec<SharedEvent>>> {
        Ok(if self.events.is_empty() { None } else { Some(mem::take(&mut self.events)) })
    }

    // Not called, since inputs are not cut.
    fn append(&mut self, mut part: Self, _lines: u64) -> io::Result<bool> {
        self.events.append(&mut part.events);
        Ok(true)
    }

    fn end(&mut self, state: &LineState) -> io::Result<()> {
        self.lines = state.lines();
        Ok(())
    }
}

/// The times before the printed events.
struct OutputTimes {
    /// Set to print Unix time.
    keeps_times: bool,
    /// Time from which seconds are counted: that of the first event whose time is not printed as Unix time.
    first: Option<Time>,
    /// Number of events whose time is not printed because it is before `first`.
    early: u64,
    /// Number of events whose time is not printed because the time since `first` is unknown: see [`Time::since`].
    incomparable: u64,
}

impl OutputTimes {
    /// Returns the text before an event with this time.
    fn prefix(&mut self, time: Option<Time>) -> String {
        let Some(time) = time.and_then(|time| self.printed(time)) else { return String::new() };
        let (seconds, nanoseconds) = (time.as_secs(), time.subsec_nanos());
        match nanoseconds % 1000 {
            0 => format!("{seconds}.{:06} ", nanoseconds / 1000),
            _ => format!("{seconds}.{nanoseconds:09} "),
        }
    }

    /// Returns the time to print for an event at `time`. `None` if there is none; the event is then counted.
    fn printed(&mut self, time: Time) -> Option<Duration> {
        // With --keep-times, a time without a year is printed as seconds all the same.
        if let Some(unix) = time.unix().filter(|_| self.keeps_times) {
            return Some(unix);
        }
        let first = *self.first.get_or_insert(time);
        let elapsed = time.since(first);
        if elapsed.is_none() {
            let is_early = first.since(time).is_some();
            *(if is_early { &mut self.early } else { &mut self.incomparable }) += 1;
        }
        elapsed
    }
}

/// The printer of the events.
struct SharePrinter {
    /// Pseudonyms.
    names: Pseudonyms,
    /// Times.
    times: OutputTimes,
    /// Options of writing events.
    options: WriteOptions,
    /// Number of events and open streams that were printed.
    printed: u64,
    /// Number of events for whose names there was no room.
    no_room: u64,
    /// Number of events for which no line with pseudonyms is read alike.
    not_writable: u64,
    /// Number of all lines.
    lines: u64,
}

impl SharePrinter {
    /// Returns a printer that has not printed an event.
    const fn new(names: Pseudonyms, times: OutputTimes, options: WriteOptions) -> Self {
        Self { names, times, options, printed: 0, no_room: 0, not_writable: 0, lines: 0 }
    }

    /// Adds an event to the output.
    fn write(&mut self, shared: &SharedEvent, output: &mut Vec<u8>) {
        match content(&shared.event.as_event_ref(), &mut self.names, self.options) {
            Ok(line) if shared.is_open => {
                output.extend_from_slice(b"250-stream-status=");
                output.extend_from_slice(&line);
                output.extend_from_slice(b"\n250 OK\n");
                self.printed += 1;
            }
            Ok(line) => {
                output.extend_from_slice(self.times.prefix(shared.time).as_bytes());
                output.extend_from_slice(b"650 STREAM ");
                output.extend_from_slice(&line);
                output.push(b'\n');
                self.printed += 1;
            }
            Err(LeftOut::NoRoom) => self.no_room += 1,
            Err(LeftOut::NotWritable) => self.not_writable += 1,
        }
    }

    /// Reports the numbers of events and of other lines. Returns `false` if an event or its time is missing.
    fn report(&self) -> bool {
        let other_lines = self.lines.saturating_sub(self.printed + self.no_room + self.not_writable);
        let [events, other_lines] = [count(self.printed, "event"), count(other_lines, "other line")];
        report(format_args!("tor-streams: {events} printed, {other_lines} left out"));
        for (number, cause) in [
            (self.no_room, "left out: there are more names than pseudonyms (--max-names)"),
            (
                self.not_writable,
                "left out: an ID is not a number, the status is unknown, or no line with pseudonyms reads like them",
            ),
            (self.times.early, "without a time: before that of the first event"),
            (
                self.times.incomparable,
                "without a time: that since the first event is unknown (no year, or another form)",
            ),
        ] {
            if number > 0 {
                report(format_args!("tor-streams: {} {cause}", count(number, "event")));
            }
        }
        self.no_room + self.not_writable + self.times.early + self.times.incomparable == 0
    }
}

impl Collector<SharedEvents> for SharePrinter {
    fn add_rows(&mut self, events: Vec<SharedEvent>) -> io::Result<()> {
        let mut text = Vec::new();
        events.iter().for_each(|event| self.write(event, &mut text));
        output::print(&text)
    }

    fn add_log(&mut self, log: SharedEvents, _index: usize, _all_read: bool) -> io::Result<()> {
        self.lines += log.lines;
        Ok(())
    }
}
