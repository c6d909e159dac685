//! Standard output in one of the formats.

use std::io::{self, BufWriter, StdoutLock, Write};

use clap::ValueEnum;
use tor_stream_event::{EventLine, StreamEventRef};

#[cfg(feature = "arrow")]
use crate::columns::Table;
use crate::row::Row;

/// How many bytes are collected before they are written out.
const BUFFER: usize = 64 * 1024;

/// A format.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// One JSON object a line
    Json,
    /// Comma-separated values, with the names of the columns in the first row
    Csv,
    /// An Arrow file, with typed columns
    #[cfg(feature = "arrow")]
    Arrow,
    /// A Parquet file, with typed columns
    #[cfg(feature = "arrow")]
    Parquet,
}

/// Standard output.
pub(crate) struct Output {
    /// What makes text of rows.
    writer: Writer,
    /// Whether SOCKS user names and passwords are shown.
    show_credentials: bool,
}

/// What makes text of rows.
enum Writer {
    /// JSON.
    Json(BufWriter<StdoutLock<'static>>),
    /// CSV.
    Csv(Box<csv::Writer<StdoutLock<'static>>>),
    /// A columnar format.
    #[cfg(feature = "arrow")]
    Table(Box<Table<BufWriter<io::Stdout>>>),
}

impl Output {
    /// Returns the output before the first event.
    pub(crate) fn new(format: Format, show_credentials: bool) -> io::Result<Self> {
        let writer = match format {
            Format::Json => Writer::Json(BufWriter::with_capacity(BUFFER, io::stdout().lock())),
            #[cfg(feature = "arrow")]
            Format::Arrow => Writer::Table(Box::new(Table::arrow(file()?)?)),
            #[cfg(feature = "arrow")]
            Format::Parquet => Writer::Table(Box::new(Table::parquet(file()?)?)),
            Format::Csv => {
                let stdout = io::stdout().lock();
                let mut csv = csv::WriterBuilder::new().has_headers(false).buffer_capacity(BUFFER).from_writer(stdout);
                csv.write_record(Row::NAMES).map_err(io_error)?;
                Writer::Csv(Box::new(csv))
            }
        };
        Ok(Self { writer, show_credentials })
    }

    /// Prints the event in `line`.
    pub(crate) fn write(&mut self, line: &EventLine<'_>, event: &StreamEventRef<'_>) -> io::Result<()> {
        match &mut self.writer {
            Writer::Json(json) => {
                serde_json::to_writer(&mut *json, &Row::new(line, event, self.show_credentials, false))?;
                json.write_all(b"\n")
            }
            Writer::Csv(csv) => csv.serialize(Row::new(line, event, self.show_credentials, true)).map_err(io_error),
            #[cfg(feature = "arrow")]
            Writer::Table(table) => table.write(line, &Row::new(line, event, self.show_credentials, false)),
        }
    }

    /// Writes out what was collected, if the format allows it at any time.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        match &mut self.writer {
            Writer::Json(json) => json.flush(),
            Writer::Csv(csv) => csv.flush(),
            #[cfg(feature = "arrow")]
            Writer::Table(_) => Ok(()),
        }
    }

    /// Writes out everything.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        match &mut self.writer {
            #[cfg(feature = "arrow")]
            Writer::Table(table) => table.finish(),
            _ => self.flush(),
        }
    }
}

/// Returns standard output for a format that is no text.
#[cfg(feature = "arrow")]
fn file() -> io::Result<BufWriter<io::Stdout>> {
    let stdout = io::stdout();
    if io::IsTerminal::is_terminal(&stdout) {
        return Err(io::Error::other("a terminal cannot show this format: redirect it to a file"));
    }
    Ok(BufWriter::with_capacity(BUFFER, stdout))
}

/// Returns why a row could not be written, as it is: the crate's own conversion hides that a pipe was closed.
pub(crate) fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}
