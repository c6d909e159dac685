//! Rows of streams in a format.

use core::mem;
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
}

impl Writer<Vec<u8>> {
    /// Returns the number of bytes so far.
    pub(crate) fn len(&mut self) -> io::Result<usize> {
        match self {
            Self::Json(json) => Ok(json.len()),
            Self::Csv(csv) => csv.flush().map(|()| csv.get_ref().len()),
        }
    }

    /// Returns the rows so far, and forgets them.
    pub(crate) fn take(&mut self) -> io::Result<Vec<u8>> {
        match self {
            Self::Json(json) => Ok(mem::take(json)),
            Self::Csv(_) => match mem::replace(self, Self::csv(Vec::new())) {
                Self::Csv(csv) => csv.into_inner().map_err(csv::IntoInnerError::into_error),
                Self::Json(json) => Ok(json),
            },
        }
    }
}
