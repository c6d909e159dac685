//! The rows of events, made by the threads that read.

use core::mem;
use core::ops::RangeInclusive;
use std::io::{self, Write};

use tor_stream_event::LineState;

#[cfg(feature = "arrow")]
use super::packed::PackedRows;
use super::row::{EventRow, JsonLists};
use crate::input::reader::{Consumer, Event};
use crate::input::threads::{ConsumerMaker, InputName, LogConsumer};
use crate::output::RowFormat;
use crate::output::cells::{CellEscapes, Csv};
use crate::output::replacements::Replacements;
use crate::output::text::escape_json;

/// A maker of the consumers of `events`.
#[derive(Clone, Copy)]
pub(crate) struct EventLogs {
    /// The format.
    pub(crate) format: RowFormat,
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
pub(crate) enum ReadyRows {
    /// Rows whose lines have yet to be numbered, and text after them.
    Text(Vec<NumberedRows>, Vec<u8>),
    /// Rows of a table.
    #[cfg(feature = "arrow")]
    Table(PackedRows),
}

impl EventLogs {
    /// Lengths of a range in bytes. Its rows in JSON are about four times as long.
    const RANGE: RangeInclusive<u64> = 128 * 1024..=512 * 1024;

    /// Returns the consumer of an input, with room for so many bytes of text.
    pub(super) fn rows(self, room: usize) -> EventLog {
        let text = Vec::with_capacity(room);
        let rows = match self.format {
            RowFormat::Json => EventRows::Json(text, JsonLists::default()),
            RowFormat::Csv => EventRows::Csv(Box::new(Csv::new(text, self.cells))),
            #[cfg(feature = "arrow")]
            RowFormat::Arrow | RowFormat::Parquet => EventRows::Table(PackedRows::default()),
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

    fn range_len(&self) -> Option<RangeInclusive<u64>> {
        Some(Self::RANGE)
    }
}

impl EventLog {
    /// Adds the row of an event in the line with this number.
    pub(super) fn write(&mut self, event: &Event<'_>, number: u64) -> io::Result<()> {
        let row =
            |flat| EventRow { line: number, ..EventRow::new(event.line, event.event, self.show_credentials, flat) };
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
            EventRows::Table(rows) => Ok(rows.size()),
        }
    }

    /// Removes and returns the rows so far.
    fn take(&mut self) -> io::Result<ReadyRows> {
        let ready = mem::take(&mut self.ready);
        match &mut self.rows {
            EventRows::Json(json, _) => Ok(ReadyRows::Text(ready, mem::take(json))),
            EventRows::Csv(csv) => csv.take().map(|text| ReadyRows::Text(ready, text)),
            #[cfg(feature = "arrow")]
            EventRows::Table(rows) => Ok(ReadyRows::Table(mem::take(rows))),
        }
    }

    /// Returns the number of bytes of a row before the number of its line.
    const fn before_number(&self) -> usize {
        if matches!(self.rows, EventRows::Json(..)) { b"{\"line\":".len() } else { 0 }
    }
}

impl NumberedRows {
    /// Writes the rows with the numbers of their lines.
    pub(super) fn write(&self, output: &mut impl Write) -> io::Result<()> {
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
    type Rows = ReadyRows;
    type Part = EventPart;

    fn rows(&mut self) -> io::Result<Option<ReadyRows>> {
        match self.take()? {
            ReadyRows::Text(ready, text) if ready.is_empty() && text.is_empty() => Ok(None),
            #[cfg(feature = "arrow")]
            ReadyRows::Table(rows) if rows.is_empty() => Ok(None),
            rows => Ok(Some(rows)),
        }
    }

    fn append(&mut self, mut part: EventPart, lines: u64) -> io::Result<bool> {
        if part.is_full {
            return Ok(false);
        }
        let before = self.before_number();
        match (self.take()?, part.log.take()?) {
            (ReadyRows::Text(mut ready, own), ReadyRows::Text(_, text)) => {
                if !own.is_empty() {
                    ready.push(NumberedRows { text: own, starts: Vec::new(), before, lines });
                }
                if !text.is_empty() {
                    ready.push(NumberedRows { text, starts: part.starts, before, lines });
                }
                self.ready = ready;
            }
            #[cfg(feature = "arrow")]
            (ReadyRows::Table(mut own), ReadyRows::Table(rows)) => {
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
