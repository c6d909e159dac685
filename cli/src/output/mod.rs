//! Standard output in one of the formats.

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

/// A format of the output.
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

/// Returns the I/O error of a failed row as it is: the crate's own conversion hides that a pipe was closed.
pub(crate) fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}
