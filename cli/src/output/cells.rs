//! CSV whose cells are harmless to the program that shows them: a terminal or a spreadsheet.

use core::mem;
use std::io::{self, IsTerminal, Write};

use serde::Serialize;

use crate::output::io_error;
use crate::output::text::escape;

/// The options of CSV.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub(crate) struct CsvOptions {
    /// Put a `'` before a cell of CSV that a spreadsheet takes for a formula: one that begins with = + - @, TAB or CR
    #[arg(long)]
    csv_safe: bool,
}

/// The changes to cells that make them harmless.
#[derive(Clone, Copy)]
pub(crate) struct CellEscapes {
    /// Set to put a `'` before a cell that a spreadsheet takes for a formula.
    marks_formulas: bool,
    /// Set to escape commands to a terminal.
    escapes_commands: bool,
}

/// CSV without a header.
pub(crate) struct Csv<W: Write> {
    /// The encoder.
    writer: csv::Writer<W>,
    /// Changes to cells.
    cells: CellEscapes,
}

impl CsvOptions {
    /// Returns the changes to the cells of standard output.
    pub(crate) fn cells(self) -> CellEscapes {
        CellEscapes { marks_formulas: self.csv_safe, escapes_commands: io::stdout().is_terminal() }
    }
}

impl CellEscapes {
    /// Returns a cell as it is printed.
    fn cell(self, cell: &[u8]) -> Vec<u8> {
        let is_formula = matches!(cell, [b'=' | b'+' | b'-' | b'@' | b'\t' | b'\r', ..]);
        let mut printed = if self.marks_formulas && is_formula { b"'".to_vec() } else { Vec::new() };
        match core::str::from_utf8(cell) {
            Ok(text) if self.escapes_commands => printed.extend_from_slice(escape(text).as_bytes()),
            _ => printed.extend_from_slice(cell),
        }
        printed
    }
}

impl<W: Write> Csv<W> {
    /// Begins CSV.
    pub(crate) fn new(output: W, cells: CellEscapes) -> Self {
        Self { writer: csv::WriterBuilder::new().has_headers(false).from_writer(output), cells }
    }

    /// Prints the names of the columns.
    pub(crate) fn names(&mut self, names: &[&str]) -> io::Result<()> {
        self.writer.write_record(names).map_err(io_error)
    }

    /// Prints a row.
    pub(crate) fn row(&mut self, row: impl Serialize) -> io::Result<()> {
        if !self.cells.marks_formulas && !self.cells.escapes_commands {
            return self.writer.serialize(row).map_err(io_error);
        }
        // The row is encoded, read back as cells, and encoded again: only the encoder knows how a row becomes cells.
        let mut encoder = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
        encoder.serialize(row).map_err(io_error)?;
        let encoded = encoder.into_inner().map_err(csv::IntoInnerError::into_error)?;
        let reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&*encoded);
        for record in reader.into_byte_records() {
            let record = record.map_err(io_error)?;
            self.writer
                .write_byte_record(&record.iter().map(|cell| self.cells.cell(cell)).collect())
                .map_err(io_error)?;
        }
        Ok(())
    }

    /// Writes the buffered rows.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

impl Csv<Vec<u8>> {
    /// Returns the length of the text so far, in bytes.
    pub(crate) fn len(&mut self) -> io::Result<usize> {
        self.flush().map(|()| self.writer.get_ref().len())
    }

    /// Removes and returns the text so far.
    pub(crate) fn take(&mut self) -> io::Result<Vec<u8>> {
        let Self { writer, .. } = mem::replace(self, Self::new(Vec::new(), self.cells));
        writer.into_inner().map_err(csv::IntoInnerError::into_error)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]
mod tests {
    use super::*;

    /// Returns the text of a row of these cells.
    fn text(cells: &[&str], marks_formulas: bool, escapes_commands: bool) -> String {
        let mut text = Vec::new();
        let mut csv = Csv::new(&mut text, CellEscapes { marks_formulas, escapes_commands });
        csv.row(cells).unwrap();
        csv.flush().unwrap();
        drop(csv);
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn rows() {
        let cells = ["=1", "+1", "-1", "@x", "\tx", "\rx", "a=1", "", "'", "a,\"b\"", "\u{9b}31m\u{202e}\n"];
        assert_eq!(
            text(&cells, false, false),
            "=1,+1,-1,@x,\tx,\"\rx\",a=1,,',\"a,\"\"b\"\"\",\"\u{9b}31m\u{202e}\n\"\n"
        );
        assert_eq!(
            text(&cells, true, false),
            "'=1,'+1,'-1,'@x,'\tx,\"'\rx\",a=1,,',\"a,\"\"b\"\"\",\"\u{9b}31m\u{202e}\n\"\n"
        );
        assert_eq!(
            text(&cells, true, true),
            "'=1,'+1,'-1,'@x,'\\tx,'\\rx,a=1,,',\"a,\"\"b\"\"\",\\u{9b}31m\\u{202e}\\n\n"
        );
        // A row of one empty cell is not lost.
        assert_eq!(text(&[""], true, true), "\"\"\n");
    }
}
