//! The command `streams`.

use alloc::sync::Arc;
use core::mem;
use std::io;

use clap::ValueEnum;
use tor_stream_event::{CircuitId, LineState, Outcome, StreamId, StreamLife, StreamStatus, StreamTracker};

use crate::input::reader::{self, Consumer, Event};
use crate::input::threads::{self, Collector, Log, Logs, numbered};
use crate::input::time::Time;
use crate::output;

/// What the help says after the options.
const MORE_HELP: &str = "\
Examples:
  tor-streams streams --format csv onionperf.torctl.log.xz > streams.csv
  tor-streams streams --target '*.onion' tor.log

Output:
  stream_id, circuit_id (the last one), unix_ts_start, unix_ts_end, elapsed_seconds,
  failure_reason_local, failure_reason_remote, source, target (as asked for), which are named as in
  OnionPerf's analysis; then outcome, last_status, final_target, source_addr, purpose,
  client_protocol, circuits, xoff_sent, xoff_recv, xon_sent, xon_recv.

  A stream is printed when it is over, and those that are not at the end of their file, with the
  outcome `live`. Other outcomes are `closed`, `replaced` (by another stream with this ID: tor was
  started again), `dropped` (there were more than --max-live) and `after closed` (an event that tor
  should not have printed). What a stream does not have is null in JSON and empty in CSV; times need
  a log with Unix time before each line. The failure reasons are those of a stream that failed.
  Filters choose the events that streams are put together from.

Exit status:
  0  Every stream was printed, or whatever reads the output was closed.
  1  A file or a line could not be read, or the output not be written. Standard error has
     FILE:LINE: and the reason. Everything else was printed.
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
}

/// Prints the streams in all files. Returns `false` if a file or a line could not be read.
///
/// # Errors
///
/// If the output cannot be written.
pub(crate) fn run(options: Options) -> io::Result<bool> {
    let Options { read, format, max_live } = options;
    let read = Arc::new(read);
    let (inputs, listed) = read.inputs.list();
    if let Format::Csv = format {
        output::print(format!("{}\n", Row::NAMES.join(",")).as_bytes())?;
    }
    let all_read = threads::read(&read, numbered(inputs), StreamLogs { format, max_live }, &mut Printer)?;
    Ok(read.filter.report_unknown_words() && listed && all_read)
}

/// Maker of the consumers.
struct StreamLogs {
    /// The format.
    format: Format,
    /// Number of streams that are followed at a time.
    max_live: usize,
}

impl Logs for StreamLogs {
    type Log = StreamLog;

    fn log(&self, _name: &str) -> StreamLog {
        StreamLog { rows: Rows::new(self.format), tracker: StreamTracker::new(self.max_live) }
    }

    fn part(&self, name: &str, _lines: u64) -> StreamLog {
        self.log(name)
    }

    fn range(&self) -> Option<u64> {
        None
    }
}

/// One log.
struct StreamLog {
    /// The rows of streams that were not printed yet.
    rows: Rows,
    /// What puts events of a stream together.
    tracker: StreamTracker<Option<Time>>,
}

impl Consumer for StreamLog {
    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        if !event.passes.all() {
            return Ok(());
        }
        self.tracker.update(event.event, event.time).map_or(Ok(()), |life| self.rows.write(&life))
    }
}

impl Log for StreamLog {
    type Rows = Vec<u8>;
    type Part = Self;

    fn rows(&mut self) -> io::Result<Option<Vec<u8>>> {
        self.rows.take().map(|rows| Some(rows).filter(|rows| !rows.is_empty()))
    }

    fn append(&mut self, _part: Self, _lines: u64) -> io::Result<bool> {
        Ok(false)
    }

    fn end(&mut self, _state: &LineState) -> io::Result<()> {
        let tracker = mem::replace(&mut self.tracker, StreamTracker::new(0));
        tracker.into_live().try_for_each(|life| self.rows.write(&life))
    }
}

/// Standard output.
struct Printer;

impl Collector<StreamLog> for Printer {
    fn print(&mut self, rows: Vec<u8>) -> io::Result<()> {
        output::print(&rows)
    }

    fn log(&mut self, _log: StreamLog, _index: usize, _all_read: bool) -> io::Result<()> {
        Ok(())
    }
}

/// Rows in a format.
enum Rows {
    /// JSON.
    Json(Vec<u8>),
    /// CSV.
    Csv(Box<csv::Writer<Vec<u8>>>),
}

impl Rows {
    /// Returns no rows.
    fn new(format: Format) -> Self {
        match format {
            Format::Json => Self::Json(Vec::new()),
            Format::Csv => Self::Csv(output::csv_writer()),
        }
    }

    /// Adds the row of a stream.
    fn write(&mut self, life: &StreamLife<Option<Time>>) -> io::Result<()> {
        let row = Row::new(life);
        match self {
            Self::Json(json) => {
                serde_json::to_writer(&mut *json, &row)?;
                json.push(b'\n');
                Ok(())
            }
            Self::Csv(csv) => csv.serialize(row).map_err(output::io_error),
        }
    }

    /// Returns the rows so far, and forgets them.
    fn take(&mut self) -> io::Result<Vec<u8>> {
        match self {
            Self::Json(json) => Ok(mem::take(json)),
            Self::Csv(csv) => {
                let csv = mem::replace(csv, output::csv_writer());
                csv.into_inner().map_err(csv::IntoInnerError::into_error)
            }
        }
    }
}

/// What is printed of a stream.
#[derive(serde::Serialize)]
struct Row<'l> {
    /// Its ID.
    stream_id: &'l str,
    /// The circuit that it was attached to last.
    circuit_id: Option<&'l str>,
    /// The Unix time of its first event.
    unix_ts_start: Option<f64>,
    /// The Unix time of its last event.
    unix_ts_end: Option<f64>,
    /// From the one to the other.
    elapsed_seconds: Option<f64>,
    /// Why it failed.
    failure_reason_local: Option<&'static str>,
    /// Why it failed, as the other end says.
    failure_reason_remote: Option<&'static str>,
    /// Where the address of its target is from.
    source: Option<&'static str>,
    /// What the client asked for.
    target: String,
    /// How it is over.
    outcome: &'static str,
    /// What happened to it last.
    last_status: Option<&'static str>,
    /// The target in the end.
    final_target: String,
    /// Where the client connects from.
    source_addr: Option<&'l str>,
    /// What it is for.
    purpose: Option<&'static str>,
    /// The protocol of the client.
    client_protocol: Option<&'static str>,
    /// All circuits that it was attached to.
    circuits: String,
    /// How often this end asked the other one to stop sending.
    xoff_sent: u64,
    /// How often the other end asked this one.
    xoff_recv: u64,
    /// How often this end told the other one to go on.
    xon_sent: u64,
    /// How often the other end told this one.
    xon_recv: u64,
}

impl<'l> Row<'l> {
    /// The names of the columns.
    const NAMES: &'static [&'static str] = &[
        "stream_id",
        "circuit_id",
        "unix_ts_start",
        "unix_ts_end",
        "elapsed_seconds",
        "failure_reason_local",
        "failure_reason_remote",
        "source",
        "target",
        "outcome",
        "last_status",
        "final_target",
        "source_addr",
        "purpose",
        "client_protocol",
        "circuits",
        "xoff_sent",
        "xoff_recv",
        "xon_sent",
        "xon_recv",
    ];

    /// Returns the row of a stream.
    fn new(life: &'l StreamLife<Option<Time>>) -> Self {
        let failed = life.steps.iter().any(|step| step.status == StreamStatus::Failed);
        let seconds = |time: Option<Time>| time.and_then(Time::unix).map(|time| time.as_secs_f64());
        let elapsed = life.last.zip(life.first).and_then(|(last, first)| last.since(first));
        let target = |target: &tor_stream_event::Target| format!("{}:{}", target.host, target.port);
        Row {
            stream_id: StreamId::as_str(&life.id),
            circuit_id: life.circuits.last().map(CircuitId::as_str),
            unix_ts_start: seconds(life.first),
            unix_ts_end: seconds(life.last),
            elapsed_seconds: elapsed.map(|time| time.as_secs_f64()),
            failure_reason_local: life.reason.filter(|_| failed).map(|reason| reason.as_str()),
            failure_reason_remote: life.remote_reason.filter(|_| failed).map(|reason| reason.as_str()),
            source: life.source.map(|source| source.as_str()),
            target: target(&life.asked),
            outcome: match life.outcome {
                Outcome::Closed => "closed",
                Outcome::Replaced => "replaced",
                Outcome::Dropped => "dropped",
                Outcome::AfterClosed => "after closed",
                _ => "live",
            },
            last_status: life.steps.last().map(|step| step.status.as_str()),
            final_target: target(&life.target),
            source_addr: life.source_addr.as_deref(),
            purpose: life.purpose.map(|purpose| purpose.as_str()),
            client_protocol: life.client_protocol.map(|protocol| protocol.as_str()),
            circuits: life.circuits.iter().map(CircuitId::as_str).collect::<Vec<_>>().join(","),
            xoff_sent: life.xoff_sent,
            xoff_recv: life.xoff_recv,
            xon_sent: life.xon_sent,
            xon_recv: life.xon_recv,
        }
    }
}
