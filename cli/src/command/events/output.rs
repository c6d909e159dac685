//! Rows of events on standard output, in one of the formats.

use std::io::{self, Write};

#[cfg(feature = "arrow")]
use super::columns::EventColumns;
use super::row::EventRow;
use super::rows::{EventLog, EventLogs, ReadyRows};
use crate::input::reader::Event;
use crate::input::threads::{Collector, LogConsumer};
use crate::output::RowFormat;
use crate::output::cells::Csv;
#[cfg(feature = "arrow")]
use crate::output::columns::{ColumnFile, ColumnFormat};

/// Standard output. The rows of logs are passed to it as a [`Collector`]; `watch` adds events one by one.
pub(crate) struct EventOutput {
    /// File of a format with typed columns; `None` for text.
    #[cfg(feature = "arrow")]
    file: Option<Box<ColumnFile<EventColumns>>>,
    /// Rows of the events that were added one by one and not printed yet.
    unprinted: EventLog,
}

impl EventOutput {
    /// Returns the output before the first event. CSV begins with the names of the columns.
    pub(crate) fn new(logs: EventLogs) -> io::Result<Self> {
        if logs.format == RowFormat::Csv {
            let mut names = Csv::new(Vec::new(), logs.cells);
            names.names(EventRow::NAMES)?;
            io::stdout().write_all(&names.take()?)?;
        }
        let room = 0;
        Ok(Self {
            #[cfg(feature = "arrow")]
            file: match logs.format {
                RowFormat::Arrow => Some(Box::new(ColumnFile::new(ColumnFormat::Arrow)?)),
                RowFormat::Parquet => Some(Box::new(ColumnFile::new(ColumnFormat::Parquet)?)),
                RowFormat::Json | RowFormat::Csv => None,
            },
            unprinted: logs.new_log(room),
        })
    }

    /// Adds an event, without a look at the filters. The next [`flush`](Self::flush) prints it.
    pub(crate) fn write(&mut self, event: &Event<'_>) -> io::Result<()> {
        self.unprinted.write(event, event.line.number)
    }

    /// Prints the added events; an Arrow or Parquet file may keep rows until it is [finished](Self::finish).
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        if let Some(rows) = self.unprinted.rows()? {
            self.add_rows(rows)?;
        }
        io::stdout().flush()
    }

    /// Prints the added events, and the end of an Arrow or Parquet file.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        self.flush()?;
        #[cfg(feature = "arrow")]
        if let Some(file) = &mut self.file {
            file.finish()?;
        }
        Ok(())
    }
}

impl Collector<EventLog> for EventOutput {
    fn add_rows(&mut self, rows: ReadyRows) -> io::Result<()> {
        match rows {
            ReadyRows::Text { ranges, text } => {
                let mut stdout = io::stdout().lock();
                ranges.iter().try_for_each(|rows| rows.write(&mut stdout))?;
                stdout.write_all(&text)?;
                stdout.flush()
            }
            #[cfg(feature = "arrow")]
            ReadyRows::Table(rows) => match &mut self.file {
                Some(file) => rows.each(|row| file.write(row)),
                // Never the case: a format with such rows has a file.
                None => Ok(()),
            },
        }
    }

    fn add_log(&mut self, _log: EventLog, _index: usize, _all_read: bool) -> io::Result<()> {
        // Nothing is left to print at the end of a log: `add_rows` has received all rows.
        Ok(())
    }
}
