//! The command `events`.
//!
//! - this file: the options
//! - [`row`]: the row of an event, with the names of its columns, and its JSON
//! - [`rows`]: rows in an output format, made by the threads that read
//! - `packed`: such rows for an Arrow or Parquet file, in little memory; `columns`: the types of their columns
//! - [`output`]: rows on standard output, in order
//!
//! A long file is cut into *ranges* of lines, which several threads read at a time. The rows of a range are a *part*, which is
//! appended to those of the lines before it.

#[cfg(feature = "arrow")]
mod columns;
mod output;
#[cfg(feature = "arrow")]
mod packed;
mod row;
mod rows;

use alloc::sync::Arc;
use std::io;

pub(crate) use self::output::EventOutput;
pub(crate) use self::row::EventRow;
pub(crate) use self::rows::EventLogs;
use crate::command::options::CredentialOption;
use crate::input::{reader, threads};
use crate::output::RowFormat;
use crate::output::cells::CsvOptions;

/// Help text after the options.
const MORE_HELP: &str = "\
Examples:
  tor-streams events tor.log
  tor-streams events --format csv --status FAILED tor.log.xz > failures.csv

Input:
  Logs whose lines end with LF or CR LF, with or without a date and time before
  each `650 STREAM`, and captures of a control connection. A file may be
  compressed with gzip, bzip2, xz or zstd, whatever its name is, also twice
  over, and be UTF-8 or UTF-16. Lines of anything else are skipped. Those that
  look like an event all the same are counted on standard error, with the
  option that may read them, and the exit status is 1.

Output:
  line, time, id, status, circuit_id, target_host, target_port, reason,
  remote_reason, source, source_addr, purpose, socks_username, socks_password,
  client_protocol, nym_epoch, session_group, iso_fields, anomalies.

  Words are as Tor prints them. What an event does not have is null in JSON and
  empty in CSV; circuit_id is so while the stream is on no circuit; with
  DETACHED, and with the CONTROLLER_WAIT that may follow, Tor prints the
  circuit that the stream has left. `time` is Unix time, from Unix time or a
  date before the event; a date without an offset is read as UTC. For a date
  without a year, a time of day, or seconds since the start of the log, `time`
  is that text. Without a time, the key is left out of JSON, and is not null.
  A byte of the target that is not UTF-8 becomes U+FFFD. `anomalies` names what
  is odd about the event: it is empty for a plain line from a known Tor.

  Arrow and Parquet files (if built with the feature `arrow`) have the same
  columns with types: words as dictionaries, lists as lists, `time` as a
  timestamp in microseconds, and behind it `prefix`, the text before the event,
  which has all digits. These files are complete when the program ends.

  JSON is one object a line. CSV begins with the names of the columns, and
  joins the items of iso_fields and of anomalies with commas. --csv-safe is for
  CSV that a spreadsheet opens.

  Control characters, and those that turn the direction of text, are escaped in
  JSON, and in CSV if it goes to a terminal: clients choose names that would be
  commands there.

Exit status:
  0  Every event was printed, or whatever reads the output was closed.
  1  A file or a line could not be read, a filter has a word that nobody knows,
     or the output could not be written. Standard error has FILE:LINE: and the
     reason. Everything else was printed.
  2  The arguments are wrong.";

/// The options of `events`.
#[derive(clap::Args)]
#[command(after_long_help = MORE_HELP)]
pub(crate) struct Options {
    /// Inputs, filters and form of the logs.
    #[command(flatten)]
    pub(crate) read: reader::ReadOptions,
    /// How to print the events
    #[arg(long, value_enum, default_value_t = RowFormat::Json)]
    format: RowFormat,
    /// Option to show credentials.
    #[command(flatten)]
    credentials: CredentialOption,
    /// Options of CSV.
    #[command(flatten)]
    csv: CsvOptions,
}

/// Prints the events in all files. Returns `false` if a file or a line could not be read, or a filter has an unknown word.
///
/// # Errors
///
/// If the output cannot be written.
pub(crate) fn run(options: Options) -> io::Result<bool> {
    let Options { read, format, credentials, csv } = options;
    let logs = EventLogs { format, show_credentials: credentials.show_credentials, cells: csv.cells() };
    let read = Arc::new(read);
    // Not `Files`, which reports files that are read twice: here their events are printed twice, as by `cat`.
    // `is_listed` is false if a folder could not be listed.
    let (inputs, is_listed) = read.inputs.list();
    let mut output = EventOutput::new(logs)?;
    let all_read = threads::read(&read, threads::numbered(inputs), logs, &mut output)?;
    output.finish()?;
    Ok(read.filter.report_unknown_words() && is_listed && all_read)
}
