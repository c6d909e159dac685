//! Rows of streams in an output format.

use core::mem;
use std::io;

use super::row::Row;
use crate::input::note::Life;
use crate::output::cells::{Cells, Csv};
use crate::output::text::escape_json;

/// A writer of rows in one format.
pub(crate) enum Writer {
    /// JSON.
    Json(Vec<u8>),
    /// CSV.
    Csv(Box<Csv<Vec<u8>>>),
}

impl Writer {
    /// Begins JSON.
    pub(crate) const fn json() -> Self {
        Self::Json(Vec::new())
    }

    /// Begins CSV, without the names of the columns.
    pub(crate) fn csv(cells: Cells) -> Self {
        Self::Csv(Box::new(Csv::new(Vec::new(), cells)))
    }

    /// Adds the names of the columns, if the format has a header.
    pub(crate) fn head(&mut self) -> io::Result<()> {
        match self {
            Self::Json(_) => Ok(()),
            Self::Csv(csv) => csv.names(Row::NAMES),
        }
    }

    /// Adds a stream that began in this file.
    pub(crate) fn write(&mut self, life: &Life, file: &str, identity: Option<&str>) -> io::Result<()> {
        match self {
            Self::Json(json) => {
                let start = json.len();
                serde_json::to_writer(&mut *json, &Row::new(life, file, identity, false))?;
                escape_json(json, start);
                json.push(b'\n');
                Ok(())
            }
            Self::Csv(csv) => csv.row(Row::new(life, file, identity, true)),
        }
    }

    /// Removes and returns the rows so far.
    pub(crate) fn take(&mut self) -> io::Result<Vec<u8>> {
        match self {
            Self::Json(json) => Ok(mem::take(json)),
            Self::Csv(csv) => csv.take(),
        }
    }
}
