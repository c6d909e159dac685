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

/// Standard output.
pub(crate) struct EventOutput {
    /// File of a format with typed columns; `None` for text.
    #[cfg(feature = "arrow")]
    file: Option<Box<ColumnFile<EventColumns>>>,
    /// Rows that were not printed yet.
    log: EventLog,
}

impl EventOutput {
    /// Returns the output before the first event.
    pub(crate) fn new(logs: EventLogs) -> io::Result<Self> {
        if logs.format == RowFormat::Csv {
            let mut names = Csv::new(Vec::new(), logs.cells);
            names.names(EventRow::NAMES)?;
            io::stdout().write_all(&names.take()?)?;
        }
        Ok(Self {
            #[cfg(feature = "arrow")]
            file: match logs.format {
                RowFormat::Arrow => Some(Box::new(ColumnFile::new(ColumnFormat::Arrow)?)),
                RowFormat::Parquet => Some(Box::new(ColumnFile::new(ColumnFormat::Parquet)?)),
                RowFormat::Json | RowFormat::Csv => None,
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
            self.add_rows(rows)?;
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

impl Collector<EventLog> for EventOutput {
    fn add_rows(&mut self, rows: ReadyRows) -> io::Result<()> {
        match rows {
            ReadyRows::Text(ready, text) => {
                let mut stdout = io::stdout().lock();
                ready.iter().try_for_each(|rows| rows.write(&mut stdout))?;
                stdout.write_all(&text)?;
                stdout.flush()
            }
            #[cfg(feature = "arrow")]
            ReadyRows::Table(rows) => match &mut self.file {
                Some(file) => rows.each(|row| file.write(row)),
                None => Ok(()),
            },
        }
    }

    fn add_log(&mut self, _log: EventLog, _index: usize, _all_read: bool) -> io::Result<()> {
        Ok(())
    }
}
