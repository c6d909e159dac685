//! Rows of streams in a format.

use std::io::{self, Write};

use super::row::Row;
use crate::input::note::Life;
use crate::output::{io_error, text};

/// An output of rows.
pub(crate) enum Writer<W: Write> {
    /// JSON.
    Json(W),
    /// CSV.
    Csv(Box<csv::Writer<W>>),
}

impl<W: Write> Writer<W> {
    /// Begins JSON.
    pub(crate) const fn json(output: W) -> Self {
        Self::Json(output)
    }

    /// Begins CSV, without the names of the columns.
    pub(crate) fn csv(output: W) -> Self {
        Self::Csv(Box::new(csv::WriterBuilder::new().has_headers(false).from_writer(output)))
    }

    /// Prints the names of the columns, if the format has them once.
    pub(crate) fn head(&mut self) -> io::Result<()> {
        match self {
            Self::Json(_) => Ok(()),
            Self::Csv(csv) => csv.write_record(Row::NAMES).map_err(io_error),
        }
    }

    /// Prints a stream that began in this file.
    pub(crate) fn write(&mut self, life: &Life, file: &str) -> io::Result<()> {
        match self {
            Self::Json(json) => {
                let mut row = serde_json::to_vec(&Row::new(life, file, false))?;
                text::escape_json(&mut row, 0);
                row.push(b'\n');
                json.write_all(&row)
            }
            Self::Csv(csv) => csv.serialize(Row::new(life, file, true)).map_err(io_error),
        }
    }

    /// Writes out what was collected.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Json(json) => json.flush(),
            Self::Csv(csv) => csv.flush(),
        }
    }
}
