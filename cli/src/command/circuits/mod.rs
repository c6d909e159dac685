//! The command `circuits`: the circuits of each log, with the streams that were on them.
//!
//! - this file: the options, and the printer of all logs' circuits
//! - [`table`]: the circuits of a log, grouped from the lives of its streams
//! - [`row`]: the row of a circuit, with the names of its columns, and its text for a person
//! - [`columns`]: the same row with types, for an Arrow or Parquet file
//!
//! A *life* is the facts about a stream from all its events. A *stay* is the time of a stream on one circuit: a stream that
//! was detached, and sent along another circuit, has several. An *identity* is the values by which tor keeps streams
//! apart.

#[cfg(feature = "arrow")]
mod columns;
mod row;
mod table;

use alloc::sync::Arc;
use std::io::{self, BufWriter, StdoutLock, Write};

#[cfg(feature = "arrow")]
use self::columns::{CircuitColumns, CircuitRow};
use self::row::Row;
use self::table::{CircuitFacts, CircuitTable, StreamStays};
use crate::command::identity::{FactSource, Identities};
use crate::command::list_form::ListForm;
use crate::command::lives::{LifeCollector, read_lives};
use crate::command::note::StreamNote;
use crate::command::options::{CheckOption, Exit, Files, StreamOptions};
use crate::input::reader::{self, Event};
use crate::output::RowFormat;
use crate::output::cells::{Csv, CsvOptions};
#[cfg(feature = "arrow")]
use crate::output::columns::{ColumnFile, ColumnFormat};
use crate::output::table::count;
use crate::output::text::{escape_json, escape_name};
use crate::report;

/// Help text after the options.
const MORE_HELP: &str = "\
Examples:
  tor-streams circuits --shared --text tor.log
  tor-streams circuits --shared --check tor.log
  tor-streams circuits --target '*.onion' --format csv tor.log > circuits.csv

Which circuits:
  Every circuit of a log that a stream was on. With filters, only streams that
  pass them count, each with all of its events. With --shared, only circuits of
  two streams that tor should have kept apart: their values of a field differ,
  both are known, and the field is in the ISO_FIELDS of at least one of them.
  Nothing is printed if there was none. An event after the CLOSED of its
  stream, which tor does not print, counts for no stream.

Columns:
  file              the log
  circuit_id        the circuit's number; tor counts from 1 again after each
                    start, and then two circuits of one log have the same
                    number
  unix_ts_first     Unix time of the first event of a stream on the circuit
  unix_ts_last      Unix time of the last one
  seconds           from the first to the last
  streams           number of streams that were on it
  detached          how often a stream was taken off it (DETACHED)
  failed            number of streams that failed while they were on it
  targets           the hosts and ports that its streams were asked to reach
  other_targets     number of streams whose target is not listed, for want of
                    room, or for its length of more than a kilobyte
  identities        the identities of its streams
  unknown_identity  number of streams whose identity is not known, or not
                    listed, for want of room
  changed_identity  number of streams that changed their identity on the way,
                    which no tor does: the log is odd then
  differs_in        the fields in which streams differ that tor should have
                    kept apart

  What is not known is null in JSON and empty in CSV. Targets, identities and
  fields are a list in JSON, and joined with commas in CSV. Arrow and Parquet
  files (if built with the feature `arrow`) have lists, and timestamps in
  microseconds; these files are complete when the program ends.
  Of one stream, its first 1000 circuits, and its first 999 events and its last
  one are kept, and a stream that has more is reported: it is missing on its
  later circuits, and on the circuits that it is counted on unix_ts_first may be
  too late, unix_ts_last too early, and detached too small.

Identities:
  What tor keeps streams apart by is named by their ISO_FIELDS: user name,
  password, client address and so on. Each set of values is an identity.
  Identities have numbers, #1, #2, in the order in which their streams end; all
  rows have the same ones, and so has `tor-streams streams` with the same
  filters. --show-credentials prints the values behind the number.
  An event without ISO_FIELDS counts as if the fields were those of a tor
  without options: user name, password, client address, SESSION_GROUP and
  NYM_EPOCH.
  A value may not be known: tor prints the client's address and the target that
  was asked for only when a stream begins. A stream then has the number of the
  one identity that it does not differ from in what is known, or none if there
  are several, or more than 1000 to compare it with.

Exit status:
  0  Every circuit was printed, or whatever reads the output was closed. Standard
     error may report that the clock was set back.
  1  Standard error reports something else: a file or a line that could not be
     read, as FILE:LINE: and the reason; signs that a log is not that of one
     tor, or in the wrong order, or read twice; a filter's word that nobody
     knows; more than --max-live has room for: streams at a time, identities,
     circuits of a log, or targets and identities in the rows of a log; a
     stream with more than 1000 circuits or events, not all of which are kept.
     Everything else was printed.
  2  The arguments are wrong.
  4  With --check: a circuit was printed. This comes before 1: what was found
     is certain, whatever else could not be read, and 1 says that nothing was
     found in what could be read.";

/// The options of `circuits`.
#[derive(clap::Args)]
#[command(after_long_help = MORE_HELP)]
pub(crate) struct Options {
    /// Inputs, filters and form of the logs.
    #[command(flatten)]
    pub(crate) read: reader::ReadOptions,
    /// Print only circuits with two streams that tor should have kept apart
    #[arg(long)]
    shared: bool,
    /// How to print the circuits
    #[arg(long, value_enum, default_value_t = RowFormat::Json)]
    format: RowFormat,
    /// Print text for a person
    #[arg(long, conflicts_with = "format")]
    text: bool,
    /// Print the values of identities, SOCKS user names and passwords among them, as tor escapes them
    #[arg(long)]
    show_credentials: bool,
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

/// Prints the circuits of all files.
///
/// # Errors
///
/// If the output cannot be written.
pub(crate) fn run(options: Options) -> io::Result<Exit> {
    let output = CircuitOutput::new(&options)?;
    let Options { read, shared, show_credentials, streams, check, .. } = options;
    let files = Files::list(read);
    let limit = streams.max_live;
    let mut printer = CircuitPrinter {
        output,
        shared,
        limit,
        names: files.names(),
        identities: Identities::new(limit),
        circuits: CircuitTable::new(limit),
        is_complete: true,
        found: false,
    };
    let source = if show_credentials { FactSource::with_text() } else { FactSource::without_text() };
    let note = move |event: &Event<'_>, input: usize| StreamNote::new(event, input).with_facts(Some(&source), event);
    let all_read = read_lives(files, streams, note, Vec::new(), &mut printer);
    let result = all_read.and_then(|all_read| {
        printer.output.finish()?;
        Ok(printer.identities.report_no_room() && all_read && printer.is_complete)
    });
    check.exit(result, printer.found)
}

/// The printer of all logs' circuits.
struct CircuitPrinter {
    /// Output of the circuits.
    output: CircuitOutput,
    /// Set to print only circuits with streams that tor should have kept apart.
    shared: bool,
    /// Maximum number of circuits of a log.
    limit: usize,
    /// Names of the files.
    names: Arc<[String]>,
    /// Identities of all logs.
    identities: Identities,
    /// Circuits of the current log.
    circuits: CircuitTable,
    /// Set while there was room for every circuit, and for every target and identity in its row.
    is_complete: bool,
    /// Set once there is a circuit to print.
    found: bool,
}

impl LifeCollector<Vec<StreamStays>> for CircuitPrinter {
    const SHOWS_STEPS: bool = true;

    fn lives(&mut self, streams: Vec<StreamStays>) -> io::Result<()> {
        for stream in &streams {
            let identity = self.identities.index_of(&stream.facts);
            self.circuits.add(stream, identity);
        }
        Ok(())
    }

    /// Prints the circuits of the log, and starts with the next log.
    fn end_of_log(&mut self, file: usize) -> io::Result<()> {
        let circuits = core::mem::replace(&mut self.circuits, CircuitTable::new(self.limit));
        let name = self.names.get(file).map_or("", |name| name);
        for (id, circuit) in circuits.iter() {
            if !self.shared || !circuit.differs_in().is_empty() {
                self.found = true;
                let row = |form| Row::new(name, id, circuit, &self.identities, form);
                self.output.write(circuit, row)?;
            }
        }
        self.output.flush()?;
        if circuits.left_out > 0 {
            let (left_out, limit) = (count(circuits.left_out, "stay"), self.limit);
            report(format_args!(
                "tor-streams: {}: more than {limit} circuits: the rest is left out, with {left_out} of streams; \
                 --max-live makes room",
                escape_name(name)
            ));
            self.is_complete = false;
        }
        if circuits.unlisted > 0 {
            let (unlisted, limit) = (count(circuits.unlisted, "stay"), self.limit);
            report(format_args!(
                "tor-streams: {}: more than {limit} targets and identities on circuits: {unlisted} of streams without the \
                 target or the identity; --max-live makes room",
                escape_name(name)
            ));
            self.is_complete = false;
        }
        Ok(())
    }
}

/// Standard output, in a format.
enum CircuitOutput {
    /// JSON.
    Json(BufWriter<StdoutLock<'static>>),
    /// CSV.
    Csv(Box<Csv<BufWriter<StdoutLock<'static>>>>),
    /// Text for a person.
    Text(BufWriter<StdoutLock<'static>>),
    /// An Arrow or Parquet file.
    #[cfg(feature = "arrow")]
    File(Box<ColumnFile<CircuitColumns>>),
}

impl CircuitOutput {
    /// Returns the output before the first circuit.
    fn new(options: &Options) -> io::Result<Self> {
        let stdout = || BufWriter::new(io::stdout().lock());
        if options.text {
            return Ok(Self::Text(stdout()));
        }
        Ok(match options.format {
            RowFormat::Json => Self::Json(stdout()),
            #[cfg(feature = "arrow")]
            RowFormat::Arrow => Self::File(Box::new(ColumnFile::new(ColumnFormat::Arrow)?)),
            #[cfg(feature = "arrow")]
            RowFormat::Parquet => Self::File(Box::new(ColumnFile::new(ColumnFormat::Parquet)?)),
            RowFormat::Csv => {
                let mut csv = Csv::new(stdout(), options.csv.cells());
                csv.names(Row::NAMES)?;
                Self::Csv(Box::new(csv))
            }
        })
    }

    /// Prints a circuit, the row of which `row` makes.
    #[cfg_attr(not(feature = "arrow"), allow(unused_variables, reason = "only Arrow and Parquet need the exact times"))]
    fn write<'c>(&mut self, circuit: &CircuitFacts, row: impl Fn(ListForm) -> Row<'c>) -> io::Result<()> {
        match self {
            Self::Json(json) => {
                let mut text = serde_json::to_vec(&row(ListForm::Separate))?;
                let start = 0;
                escape_json(&mut text, start);
                text.push(b'\n');
                json.write_all(&text)
            }
            Self::Csv(csv) => csv.row(row(ListForm::Joined)),
            Self::Text(text) => text.write_all(row(ListForm::Separate).text().as_bytes()),
            #[cfg(feature = "arrow")]
            Self::File(file) => file.write(&CircuitRow { row: row(ListForm::Separate), circuit }),
        }
    }

    /// Writes the buffered rows.
    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Json(output) | Self::Text(output) => output.flush(),
            Self::Csv(csv) => csv.flush(),
            #[cfg(feature = "arrow")]
            Self::File(_) => Ok(()),
        }
    }

    /// Writes all rows and the end of the output.
    fn finish(&mut self) -> io::Result<()> {
        #[cfg(feature = "arrow")]
        if let Self::File(file) = self {
            return file.finish();
        }
        self.flush()
    }
}
