//! The rows of events in an output format, made by the threads that read.
//!
//! A thread that reads a range does not know the number of lines before it. So the text of a range has a 0 in place of each
//! line's number. The thread that prints puts the numbers in, without a copy of the text.

use core::mem;
use core::ops::RangeInclusive;
use std::io::{self, Write};

use tor_stream_event::LineState;

#[cfg(feature = "arrow")]
use super::packed::PackedRows;
use super::row::{EventRow, JsonLists};
use crate::command::list_form::ListForm;
use crate::input::reader::{Consumer, Event};
use crate::input::threads::{ConsumerMaker, InputName, LogConsumer};
use crate::output::RowFormat;
use crate::output::cells::{CellEscapes, Csv};
use crate::output::replacements::Replacements;
use crate::output::text::escape_json;

/// A maker of the consumers that make rows of events.
#[derive(Clone, Copy)]
pub(crate) struct EventLogs {
    /// Format of the rows.
    pub(crate) format: RowFormat,
    /// Set to show SOCKS user names and passwords.
    pub(crate) show_credentials: bool,
    /// Changes to cells of CSV.
    pub(crate) cells: CellEscapes,
}

/// The consumer of the events of an input: makes their rows.
pub(crate) struct EventLog {
    /// Encoder, with the rows that were not taken yet.
    encoder: RowEncoder,
    /// Rows of ranges as text, which come before those in the encoder.
    ranges: Vec<UnnumberedRows>,
    /// Set to show SOCKS user names and passwords.
    show_credentials: bool,
}

/// An encoder of rows in a format, with the rows so far.
enum RowEncoder {
    /// JSON.
    Json(Vec<u8>, JsonLists),
    /// CSV.
    Csv(Box<Csv<Vec<u8>>>),
    /// Rows of an Arrow or Parquet file.
    #[cfg(feature = "arrow")]
    Table(PackedRows),
}

/// The consumer of the events of a range: makes their rows. Lines are numbered from the beginning of the range.
pub(crate) struct EventPart {
    /// Rows. Text has a 0 in place of each line's number.
    log: EventLog,
    /// Starts of the rows; empty unless they are text.
    starts: Vec<RowStart>,
    /// Set once the part takes too much memory. Its events are then not printed: the range is read again, by the consumer of
    /// the log.
    must_reread: bool,
}

/// The start of a row in a text of several.
struct RowStart {
    /// Number of the event's line in its range.
    line: u64,
    /// Index of the row in the text.
    index: usize,
}

/// Rows of text with a 0 in place of each line's number.
pub(crate) struct UnnumberedRows {
    /// Text of the rows.
    text: Vec<u8>,
    /// Starts of the rows; empty if the text has its numbers already.
    starts: Vec<RowStart>,
    /// Number of bytes from the start of a row to the number.
    bytes_before_number: usize,
    /// Number of lines before the range.
    lines_before: u64,
}

/// Rows that are ready to be printed.
pub(crate) enum ReadyRows {
    /// Rows of text.
    Text {
        /// Rows of ranges, which come first.
        ranges: Vec<UnnumberedRows>,
        /// Rows after them, with the numbers of their lines.
        text: Vec<u8>,
    },
    /// Rows of an Arrow or Parquet file.
    #[cfg(feature = "arrow")]
    Table(PackedRows),
}

impl EventLogs {
    /// Lengths of a range in bytes: long enough that threads seldom wait for each other, and short, since the rows of several
    /// ranges wait in memory, and those in JSON are about four times as long as their events.
    const LENGTHS: RangeInclusive<u64> = 128 * 1024..=512 * 1024;

    /// Returns the consumer of an input, which has room for `room` bytes of text at first.
    pub(super) fn new_log(self, room: usize) -> EventLog {
        let text = Vec::with_capacity(room);
        let encoder = match self.format {
            RowFormat::Json => RowEncoder::Json(text, JsonLists::default()),
            RowFormat::Csv => RowEncoder::Csv(Box::new(Csv::new(text, self.cells))),
            #[cfg(feature = "arrow")]
            RowFormat::Arrow | RowFormat::Parquet => RowEncoder::Table(PackedRows::default()),
        };
        EventLog { encoder, ranges: Vec::new(), show_credentials: self.show_credentials }
    }
}

impl ConsumerMaker for EventLogs {
    type Log = EventLog;

    fn log(&self, _input: InputName<'_>) -> EventLog {
        let room = 0;
        self.new_log(room)
    }

    fn part(&self, _input: InputName<'_>, _lines: u64) -> EventPart {
        EventPart { log: self.new_log(EventPart::ROOM), starts: Vec::new(), must_reread: false }
    }

    fn range_len(&self) -> Option<RangeInclusive<u64>> {
        Some(Self::LENGTHS)
    }
}

impl EventLog {
    /// Adds the row of an event, with `line` as the number of its line.
    pub(super) fn write(&mut self, event: &Event<'_>, line: u64) -> io::Result<()> {
        let row = |form| EventRow { line, ..EventRow::new(event.line, event.event, self.show_credentials, form) };
        match &mut self.encoder {
            RowEncoder::Json(json, lists) => {
                let mut row = row(ListForm::Separate);
                row.iso_fields = row.iso_fields.map(|list| lists.get(&list)).transpose()?;
                let start = json.len();
                row.write_json(json)?;
                escape_json(json, start);
                json.push(b'\n');
                Ok(())
            }
            RowEncoder::Csv(csv) => csv.row(row(ListForm::Joined)),
            #[cfg(feature = "arrow")]
            RowEncoder::Table(rows) => {
                rows.push(event, &row(ListForm::Separate));
                Ok(())
            }
        }
    }

    /// Returns `true` if the rows are text.
    fn is_text(&self) -> bool {
        matches!(self.encoder, RowEncoder::Json(..) | RowEncoder::Csv(_))
    }

    /// Returns the number of bytes that the rows so far take.
    fn size(&mut self) -> io::Result<usize> {
        match &mut self.encoder {
            RowEncoder::Json(json, _) => Ok(json.len()),
            RowEncoder::Csv(csv) => csv.len(),
            #[cfg(feature = "arrow")]
            RowEncoder::Table(rows) => Ok(rows.size()),
        }
    }

    /// Removes and returns the rows so far.
    fn take(&mut self) -> io::Result<ReadyRows> {
        let ranges = mem::take(&mut self.ranges);
        match &mut self.encoder {
            RowEncoder::Json(json, _) => Ok(ReadyRows::Text { ranges, text: mem::take(json) }),
            RowEncoder::Csv(csv) => csv.take().map(|text| ReadyRows::Text { ranges, text }),
            #[cfg(feature = "arrow")]
            RowEncoder::Table(rows) => Ok(ReadyRows::Table(mem::take(rows))),
        }
    }

    /// Returns the number of bytes from the start of a row of text to the number of its line, which is the first column.
    const fn bytes_before_number(&self) -> usize {
        if matches!(self.encoder, RowEncoder::Json(..)) { b"{\"line\":".len() } else { 0 }
    }
}

impl UnnumberedRows {
    /// Writes the rows with the numbers of their lines.
    pub(super) fn write(&self, output: &mut impl Write) -> io::Result<()> {
        let mut replacements = Replacements::default();
        for RowStart { line, index } in &self.starts {
            let zero = index + self.bytes_before_number;
            replacements.add(zero..zero + 1, format_args!("{}", line + self.lines_before));
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
            ReadyRows::Text { ranges, text } if ranges.is_empty() && text.is_empty() => Ok(None),
            #[cfg(feature = "arrow")]
            ReadyRows::Table(rows) if rows.is_empty() => Ok(None),
            rows => Ok(Some(rows)),
        }
    }

    fn append(&mut self, mut part: EventPart, lines: u64) -> io::Result<bool> {
        if part.must_reread {
            return Ok(false);
        }
        let bytes_before_number = self.bytes_before_number();
        match (self.take()?, part.log.take()?) {
            (ReadyRows::Text { mut ranges, text: own }, ReadyRows::Text { text, .. }) => {
                // The log's own text has its numbers.
                for (text, starts) in [(own, Vec::new()), (text, part.starts)] {
                    if !text.is_empty() {
                        ranges.push(UnnumberedRows { text, starts, bytes_before_number, lines_before: lines });
                    }
                }
                self.ranges = ranges;
            }
            #[cfg(feature = "arrow")]
            (ReadyRows::Table(mut own), ReadyRows::Table(rows)) => {
                own.append(rows, lines);
                self.encoder = RowEncoder::Table(own);
            }
            // Never the case: both are of the same format.
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
    /// Number of bytes of text that a part has room for at first, so that most texts need not grow. Room takes no memory
    /// before it is written to.
    const ROOM: usize = 1024 * 1024;
    /// Number of bytes that the rows of a range of any length may take.
    const MIN_SIZE: usize = 128 * 1024;
    /// Number of further bytes for each byte of the range. Rows of text may be four times as long as their events. Rows of a
    /// table take 400 bytes beside their text: so there is room for an event of 67 bytes in each line (7 * 67 = 400 + 67, with some
    /// bytes to spare), and most ranges have other lines as well.
    const SIZE_PER_BYTE: usize = 7;

    /// Gives up the part and frees its memory, if that is too much for the first `len` bytes of the range: several parts may wait
    /// for an earlier one.
    fn check_size(&mut self, len: u64) -> io::Result<()> {
        let further = usize::try_from(len).unwrap_or(usize::MAX).saturating_mul(Self::SIZE_PER_BYTE);
        if self.log.size()? > Self::MIN_SIZE.saturating_add(further) {
            (self.must_reread, self.starts) = (true, Vec::new());
            self.log.take()?;
        }
        Ok(())
    }
}

impl Consumer for EventPart {
    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        if self.must_reread || !event.met.all() {
            return Ok(());
        }
        let line = event.line.number;
        if self.log.is_text() {
            self.starts.push(RowStart { line, index: self.log.size()? });
            self.log.write(event, 0)?;
        } else {
            // Numbers of a table are changed when the part is appended.
            self.log.write(event, line)?;
        }
        // The offset counts from the start of the range.
        self.check_size(event.line.offset)
    }
}
