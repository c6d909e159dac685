//! Standard output in one of the formats.

pub(crate) mod bars;
pub(crate) mod cells;
#[cfg(feature = "arrow")]
pub(crate) mod columns;
pub(crate) mod mask;
#[cfg(feature = "arrow")]
pub(crate) mod packed;
pub(crate) mod replacements;
pub(crate) mod row;
pub(crate) mod table;
pub(crate) mod text;
pub(crate) mod width;

use core::mem;
use core::ops::RangeInclusive;
use std::io::{self, Write};

use clap::ValueEnum;
use tor_stream_event::LineState;

use crate::input::reader::{Consumer, Event};
use crate::input::threads::{Collector, ConsumerMaker, InputName, LogConsumer};
use crate::output::cells::{CellEscapes, Csv};
#[cfg(feature = "arrow")]
use crate::output::columns::events::EventColumns;
#[cfg(feature = "arrow")]
use crate::output::columns::{ColumnFile, ColumnFormat};
#[cfg(feature = "arrow")]
use crate::output::packed::PackedRows;
use crate::output::replacements::Replacements;
use crate::output::row::{JsonLists, Row};
use crate::output::text::escape_json;

/// A format of the output.
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

/// A maker of the consumers of `events`.
#[derive(Clone, Copy)]
pub(crate) struct EventLogs {
    /// The format.
    pub(crate) format: Format,
    /// Set to show SOCKS user names and passwords.
    pub(crate) show_credentials: bool,
    /// Changes to cells of CSV.
    pub(crate) cells: CellEscapes,
}

/// Rows of the events of an input.
pub(crate) struct EventLog {
    /// Rows that were not printed yet.
    rows: EventRows,
    /// Rows before those, of an earlier range.
    ready: Vec<NumberedRows>,
    /// Set to show SOCKS user names and passwords.
    show_credentials: bool,
}

/// Rows of events in a format.
pub(crate) enum EventRows {
    /// JSON.
    Json(Vec<u8>, JsonLists),
    /// CSV.
    Csv(Box<Csv<Vec<u8>>>),
    /// Rows of a table.
    #[cfg(feature = "arrow")]
    Table(PackedRows),
}

/// The rows of a range. Lines are numbered from its beginning, and the text has a 0 in place of each number.
pub(crate) struct EventPart {
    /// Rows, with 0 for the number of each line.
    log: EventLog,
    /// Line number and start of each row of text.
    starts: Vec<(u64, usize)>,
    /// Set once the part takes too much memory. Its events are then not printed: the range is read again, event by
    /// event.
    is_full: bool,
}

/// Rows of text with 0 in place of each line's number.
pub(crate) struct NumberedRows {
    /// Text of the rows.
    text: Vec<u8>,
    /// Line number and start of each row.
    starts: Vec<(u64, usize)>,
    /// Number of bytes of a row before its number.
    before: usize,
    /// Number of lines before the first one.
    lines: u64,
}

/// Rows that are ready to be printed.
pub(crate) enum Rows {
    /// Rows whose lines have yet to be numbered, and text after them.
    Text(Vec<NumberedRows>, Vec<u8>),
    /// Rows of a table.
    #[cfg(feature = "arrow")]
    Table(PackedRows),
}

/// Standard output.
pub(crate) struct Output {
    /// File of a format with typed columns; `None` for text.
    #[cfg(feature = "arrow")]
    file: Option<Box<ColumnFile<EventColumns>>>,
    /// Rows that were not printed yet.
    log: EventLog,
}

impl EventLogs {
    /// Lengths of a range in bytes. Its rows in JSON are about four times as long.
    const RANGE: RangeInclusive<u64> = 128 * 1024..=512 * 1024;

    /// Returns the consumer of an input, with room for so many bytes of text.
    fn rows(self, room: usize) -> EventLog {
        let text = Vec::with_capacity(room);
        let rows = match self.format {
            Format::Json => EventRows::Json(text, JsonLists::default()),
            Format::Csv => EventRows::Csv(Box::new(Csv::new(text, self.cells))),
            #[cfg(feature = "arrow")]
            Format::Arrow | Format::Parquet => EventRows::Table(PackedRows::default()),
        };
        EventLog { rows, ready: Vec::new(), show_credentials: self.show_credentials }
    }
}

impl ConsumerMaker for EventLogs {
    type Log = EventLog;

    fn log(&self, _input: InputName<'_>) -> EventLog {
        self.rows(0)
    }

    fn part(&self, _input: InputName<'_>, _lines: u64) -> EventPart {
        EventPart { log: self.rows(EventPart::ROOM), starts: Vec::new(), is_full: false }
    }

    fn range(&self) -> Option<RangeInclusive<u64>> {
        Some(Self::RANGE)
    }
}

impl EventLog {
    /// Adds the row of an event in the line with this number.
    fn write(&mut self, event: &Event<'_>, number: u64) -> io::Result<()> {
        let row = |flat| Row { line: number, ..Row::new(event.line, event.event, self.show_credentials, flat) };
        match &mut self.rows {
            EventRows::Json(json, lists) => {
                let mut row = row(false);
                row.iso_fields = row.iso_fields.map(|list| lists.get(&list)).transpose()?;
                let start = json.len();
                row.write_json(json)?;
                escape_json(json, start);
                json.push(b'\n');
                Ok(())
            }
            EventRows::Csv(csv) => csv.row(row(true)),
            #[cfg(feature = "arrow")]
            EventRows::Table(rows) => {
                rows.push(event, &row(false));
                Ok(())
            }
        }
    }

    /// Returns `true` if the rows are text.
    fn is_text(&self) -> bool {
        matches!(self.rows, EventRows::Json(..) | EventRows::Csv(_))
    }

    /// Returns the number of bytes that the rows so far take.
    fn len(&mut self) -> io::Result<usize> {
        match &mut self.rows {
            EventRows::Json(json, _) => Ok(json.len()),
            EventRows::Csv(csv) => csv.len(),
            #[cfg(feature = "arrow")]
            EventRows::Table(rows) => Ok(rows.len()),
        }
    }

    /// Removes and returns the rows so far.
    fn take(&mut self) -> io::Result<Rows> {
        let ready = mem::take(&mut self.ready);
        match &mut self.rows {
            EventRows::Json(json, _) => Ok(Rows::Text(ready, mem::take(json))),
            EventRows::Csv(csv) => csv.take().map(|text| Rows::Text(ready, text)),
            #[cfg(feature = "arrow")]
            EventRows::Table(rows) => Ok(Rows::Table(mem::take(rows))),
        }
    }

    /// Returns the number of bytes of a row before the number of its line.
    const fn before_number(&self) -> usize {
        if matches!(self.rows, EventRows::Json(..)) { b"{\"line\":".len() } else { 0 }
    }
}

impl NumberedRows {
    /// Writes the rows with the numbers of their lines.
    fn write(&self, output: &mut impl Write) -> io::Result<()> {
        let mut replacements = Replacements::default();
        for &(line, start) in &self.starts {
            let at = start + self.before;
            replacements.add(at..at + 1, format_args!("{}", line + self.lines));
        }
        replacements.write(&self.text, output)
    }
}

impl Consumer for EventLog {
    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        if event.met.all() { self.write(event, event.line.number) } else { Ok(()) }
    }
}

impl LogConsumer for EventLog {
    type Rows = Rows;
    type Part = EventPart;

    fn rows(&mut self) -> io::Result<Option<Rows>> {
        match self.take()? {
            Rows::Text(ready, text) if ready.is_empty() && text.is_empty() => Ok(None),
            #[cfg(feature = "arrow")]
            Rows::Table(rows) if rows.is_empty() => Ok(None),
            rows => Ok(Some(rows)),
        }
    }

    fn append(&mut self, mut part: EventPart, lines: u64) -> io::Result<bool> {
        if part.is_full {
            return Ok(false);
        }
        let before = self.before_number();
        match (self.take()?, part.log.take()?) {
            (Rows::Text(mut ready, own), Rows::Text(_, text)) => {
                if !own.is_empty() {
                    ready.push(NumberedRows { text: own, starts: Vec::new(), before, lines });
                }
                if !text.is_empty() {
                    ready.push(NumberedRows { text, starts: part.starts, before, lines });
                }
                self.ready = ready;
            }
            #[cfg(feature = "arrow")]
            (Rows::Table(mut own), Rows::Table(rows)) => {
                own.append(rows, lines);
                self.rows = EventRows::Table(own);
            }
            // Both have the same format.
            #[cfg(feature = "arrow")]
            _ => {}
        }
        Ok(true)
    }

    fn end(&mut self, _state: &LineState) -> io::Result<()> {
        Ok(())
    }
}

impl EventPart {
    /// Number of bytes that a part has room for at first. Room takes no memory before it is written to.
    const ROOM: usize = 1024 * 1024;
    /// Maximum number of bytes of a part's rows, beside [`GROWTH`](Self::GROWTH).
    const MOST: usize = 128 * 1024;
    /// Maximum number of bytes of a part's rows for each byte of its range. Rows of text may be four times as long as
    /// their events, and those of a table take 400 bytes beside their text.
    const GROWTH: usize = 7;

    /// Frees the memory if the rows take too much for a range of so many bytes: several parts may wait for an earlier one.
    fn check_size(&mut self, range: u64) -> io::Result<()> {
        if self.log.len()? > Self::MOST + Self::GROWTH * usize::try_from(range).unwrap_or(usize::MAX / 16) {
            (self.is_full, self.starts) = (true, Vec::new());
            self.log.take()?;
        }
        Ok(())
    }
}

impl Consumer for EventPart {
    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        if self.is_full || !event.met.all() {
            return Ok(());
        }
        if self.log.is_text() {
            self.starts.push((event.line.number, self.log.len()?));
            self.log.write(event, 0)?;
            return self.check_size(event.line.offset);
        }
        self.log.write(event, event.line.number)?;
        self.check_size(event.line.offset)
    }
}

impl Output {
    /// Returns the output before the first event.
    pub(crate) fn new(logs: EventLogs) -> io::Result<Self> {
        if logs.format == Format::Csv {
            let mut names = Csv::new(Vec::new(), logs.cells);
            names.names(Row::NAMES)?;
            io::stdout().write_all(&names.take()?)?;
        }
        Ok(Self {
            #[cfg(feature = "arrow")]
            file: match logs.format {
                Format::Arrow => Some(Box::new(ColumnFile::new(ColumnFormat::Arrow)?)),
                Format::Parquet => Some(Box::new(ColumnFile::new(ColumnFormat::Parquet)?)),
                Format::Json | Format::Csv => None,
            },
            log: logs.rows(0),
        })
    }

    /// Adds an event, independently of the filters, for the next [`flush`](Self::flush).
    pub(crate) fn write(&mut self, event: &Event<'_>) -> io::Result<()> {
        self.log.write(event, event.line.number)
    }

    /// Writes the buffered rows, if the format allows it before its end.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        if let Some(rows) = self.log.rows()? {
            self.print(rows)?;
        }
        io::stdout().flush()
    }

    /// Writes all rows and the end of the file.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        self.flush()?;
        #[cfg(feature = "arrow")]
        if let Some(file) = &mut self.file {
            file.finish()?;
        }
        Ok(())
    }
}

impl Collector<EventLog> for Output {
    fn print(&mut self, rows: Rows) -> io::Result<()> {
        match rows {
            Rows::Text(ready, text) => {
                let mut stdout = io::stdout().lock();
                ready.iter().try_for_each(|rows| rows.write(&mut stdout))?;
                stdout.write_all(&text)?;
                stdout.flush()
            }
            #[cfg(feature = "arrow")]
            Rows::Table(rows) => match &mut self.file {
                Some(file) => rows.each(|row| file.write(row)),
                None => Ok(()),
            },
        }
    }

    fn log(&mut self, _log: EventLog, _index: usize, _all_read: bool) -> io::Result<()> {
        Ok(())
    }
}

/// Writes text to standard output, at once.
pub(crate) fn print(text: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text)?;
    stdout.flush()
}

/// Returns the I/O error of a failed row as it is: the crate's own conversion hides that a pipe was closed.
pub(crate) fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}
