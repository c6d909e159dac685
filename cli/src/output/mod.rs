//! Standard output: rows in one of the formats, and text for a person.
//!
//! - rows: [`cells`]: CSV; [`json`]: JSON; `columns`: Arrow and Parquet files, whose columns are typed; [`replacements`]: changes to
//!   rows that were encoded before all their facts were known
//! - text for a person: [`table`]: tables that fit the terminal; [`width`]: the width of text; [`bars`]: bars for counts
//! - for both: [`mask`]: fields of events without credentials; [`text`]: text without commands to a terminal

pub(crate) mod bars;
pub(crate) mod cells;
#[cfg(feature = "arrow")]
pub(crate) mod columns;
pub(crate) mod json;
pub(crate) mod mask;
pub(crate) mod replacements;
pub(crate) mod table;
pub(crate) mod text;
pub(crate) mod width;

use std::io::{self, Write};

use clap::ValueEnum;

/// A format of rows.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RowFormat {
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

/// Writes text to standard output, at once.
pub(crate) fn print(text: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text)?;
    stdout.flush()
}

/// Converts an error of the crate `csv`, and keeps the kind of an I/O error, such as a closed pipe: the crate's own conversion loses it.
pub(crate) fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}
