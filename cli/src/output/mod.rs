//! Standard output: rows in one of the formats, and text for a person.
//!
//! - Rows of CSV have their [cells] escaped, those of [json] their text, and the columns of Arrow and Parquet files (`columns`) are typed.
//!   [`replacements`] puts late facts into rows that were encoded already.
//! - A [table] has columns whose [width] fits the terminal, and [bars].
//! - [`mask`] keeps credentials out of all of them, and [`text`] keeps commands away from a terminal.

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

/// Returns the I/O error of a failed row as it is: the conversion of the crate `csv` hides that a pipe was closed.
pub(crate) fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}
