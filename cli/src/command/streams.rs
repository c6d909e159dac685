//! The command `streams`.

use std::io::{self, BufWriter, StdoutLock, Write};

use clap::ValueEnum;
use tor_stream_event::{CircuitId, Outcome, StreamId, StreamLife, StreamStatus, StreamTracker};

use crate::input::reader::{self, Consumer, Event};
use crate::input::threads::{Events, Parallel};
use crate::input::time::Time;

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
pub(crate) fn run(options: &Options) -> io::Result<bool> {
    let (inputs, mut all_read) = options.read.inputs.list();
    let stdout = io::stdout().lock();
    let mut writer = match options.format {
        Format::Json => Writer::Json(BufWriter::new(stdout)),
        Format::Csv => Writer::Csv(Box::new(csv::Writer::from_writer(stdout))),
    };
    for input in &inputs {
        let mut log = Log { writer: &mut writer, tracker: StreamTracker::new(options.max_live) };
        all_read &= reader::read(&options.read, input, &mut log)?;
        let Log { writer, tracker } = log;
        tracker.into_live().try_for_each(|life| writer.write(&life))?;
    }
    writer.flush()?;
    Ok(options.read.filter.report_unknown_words() && all_read)
}

/// One log.
struct Log<'w> {
    /// Where streams are printed.
    writer: &'w mut Writer,
    /// What puts events of a stream together.
    tracker: StreamTracker<Option<Time>>,
}

impl Consumer for Log<'_> {
    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        if !event.passes.all() {
            return Ok(());
        }
        self.tracker.update(event.event, event.time).map_or(Ok(()), |life| self.writer.write(&life))
    }

    fn unreadable(&mut self) -> io::Result<()> {
        self.writer.flush()
    }

    fn before_read(&mut self) -> io::Result<()> {
        self.writer.flush()
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

/// Standard output in a format.
enum Writer {
    /// JSON.
    Json(BufWriter<StdoutLock<'static>>),
    /// CSV.
    Csv(Box<csv::Writer<StdoutLock<'static>>>),
}

impl Writer {
    /// Prints a stream.
    fn write(&mut self, life: &StreamLife<Option<Time>>) -> io::Result<()> {
        let row = Row::new(life);
        match self {
            Self::Json(json) => {
                serde_json::to_writer(&mut *json, &row)?;
                json.write_all(b"\n")
            }
            Self::Csv(csv) => csv.serialize(row).map_err(crate::output::io_error),
        }
    }

    /// Writes out what was collected.
    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Json(json) => json.flush(),
            Self::Csv(csv) => csv.flush(),
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
                Outcome::Failed => "failed",
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
