//! Standard output in one of the formats.

pub(crate) mod cells;
#[cfg(feature = "arrow")]
pub(crate) mod columns;
pub(crate) mod mask;
pub(crate) mod row;
pub(crate) mod text;

use std::io::{self, BufWriter, StdoutLock, Write};

use crate::input::reader::{Consumer, Event};
#[cfg(feature = "arrow")]
use crate::input::threads::Events;
use crate::input::threads::Parallel;
#[cfg(feature = "arrow")]
use crate::output::columns::Table;
use crate::output::row::{JsonLists, Row};
use crate::output::text::escape_json;
use clap::ValueEnum;

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
    /// What is printed.
    writer: Writer,
    /// Whether SOCKS user names and passwords are shown.
    show_credentials: bool,
}

/// What prints events.
enum Writer {
    /// As text.
    Text(Text<BufWriter<StdoutLock<'static>>>),
    /// As a columnar format.
    #[cfg(feature = "arrow")]
    Table(Box<Table<BufWriter<io::Stdout>>>),
}

/// Rows as text.
pub(crate) enum Text<W: Write> {
    /// JSON.
    Json(W, JsonLists),
    /// CSV.
    Csv(Box<csv::Writer<W>>),
}

impl Output {
    /// Returns the output before the first event.
    pub(crate) fn new(format: Format, show_credentials: bool) -> io::Result<Self> {
        let stdout = || BufWriter::with_capacity(BUFFER, io::stdout().lock());
        let writer = match format {
            Format::Json => Writer::Text(Text::Json(stdout(), JsonLists::default())),
            Format::Csv => {
                let mut csv = csv(stdout());
                csv.write_record(Row::NAMES).map_err(io_error)?;
                Writer::Text(Text::Csv(csv))
            }
            #[cfg(feature = "arrow")]
            Format::Arrow => Writer::Table(Box::new(Table::arrow(file()?)?)),
            #[cfg(feature = "arrow")]
            Format::Parquet => Writer::Table(Box::new(Table::parquet(file()?)?)),
        };
        Ok(Self { writer, show_credentials })
    }

    /// Prints an event.
    pub(crate) fn write(&mut self, event: &Event<'_>) -> io::Result<()> {
        match &mut self.writer {
            Writer::Text(text) => text.write(event, self.show_credentials),
            #[cfg(feature = "arrow")]
            Writer::Table(table) => {
                table.write(event.line, &Row::new(event.line, event.event, self.show_credentials, false))
            }
        }
    }

    /// Writes out what was collected, if the format allows it at any time.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        match &mut self.writer {
            Writer::Text(text) => text.flush(),
            #[cfg(feature = "arrow")]
            Writer::Table(_) => Ok(()),
        }
    }

    /// Writes out everything.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        match &mut self.writer {
            Writer::Text(text) => text.flush(),
            #[cfg(feature = "arrow")]
            Writer::Table(table) => table.finish(),
        }
    }
}

impl Consumer for Output {
    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        if event.passes.all() { self.write(event) } else { Ok(()) }
    }

    fn unreadable(&mut self) -> io::Result<()> {
        self.flush()
    }

    fn before_read(&mut self) -> io::Result<()> {
        self.flush()
    }
}

/// The rows of the events of a part of a file.
pub(crate) enum Rows {
    /// Their rows, and whether SOCKS user names and passwords are shown.
    Text(Text<Vec<u8>>, bool),
    /// They become columns with those of other parts.
    #[cfg(feature = "arrow")]
    Events(Events),
}

impl Parallel for Output {
    type Part = Rows;

    fn part(&self) -> Rows {
        match &self.writer {
            Writer::Text(Text::Json(..)) => {
                Rows::Text(Text::Json(Vec::new(), JsonLists::default()), self.show_credentials)
            }
            Writer::Text(Text::Csv(_)) => Rows::Text(Text::Csv(csv(Vec::new())), self.show_credentials),
            #[cfg(feature = "arrow")]
            Writer::Table(_) => Rows::Events(Events::default()),
        }
    }

    fn add(&mut self, rows: Rows) -> io::Result<()> {
        match rows {
            Rows::Text(text, _) => {
                self.flush()?;
                io::stdout().write_all(&text.into_bytes()?)
            }
            #[cfg(feature = "arrow")]
            Rows::Events(events) => events.each(|event| self.write(event)),
        }
    }
}

impl Consumer for Rows {
    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        match self {
            _ if !event.passes.all() => Ok(()),
            Self::Text(text, show_credentials) => text.write(event, *show_credentials),
            #[cfg(feature = "arrow")]
            Self::Events(events) => events.event(event),
        }
    }
}

impl<W: Write> Text<W> {
    /// Prints an event.
    fn write(&mut self, event: &Event<'_>, show_credentials: bool) -> io::Result<()> {
        let row = |flat| Row::new(event.line, event.event, show_credentials, flat);
        match self {
            Self::Json(json, lists) => {
                let mut row = row(false);
                row.iso_fields = row.iso_fields.map(|list| lists.get(&list)).transpose()?;
                let mut text = Vec::with_capacity(1024);
                row.write_json(&mut text)?;
                escape_json(&mut text, 0);
                text.push(b'\n');
                json.write_all(&text)
            }
            Self::Csv(csv) => csv.serialize(row(true)).map_err(io_error),
        }
    }

    /// Writes out what was collected.
    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Json(json, _) => json.flush(),
            Self::Csv(csv) => csv.flush(),
        }
    }
}

impl Text<Vec<u8>> {
    /// Returns what was printed.
    fn into_bytes(self) -> io::Result<Vec<u8>> {
        match self {
            Self::Json(json, _) => Ok(json),
            Self::Csv(csv) => csv.into_inner().map_err(csv::IntoInnerError::into_error),
        }
    }
}

/// Returns what makes CSV of rows.
fn csv<W: Write>(output: W) -> Box<csv::Writer<W>> {
    Box::new(csv::WriterBuilder::new().has_headers(false).from_writer(output))
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
