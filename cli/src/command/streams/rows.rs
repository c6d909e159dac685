//! Rows of streams in an output format.
//!
//! The thread that reads a log makes the rows. Only their last column is left to the thread that prints them:
//! identities are numbered in the order in which streams end, over all logs.

use alloc::sync::Arc;
use alloc::vec;
use core::mem;
use std::io::{self, Write};

use super::row::Row;
use crate::command::identity::{Identities, IdentityFacts};
use crate::command::list_form::ListForm;
use crate::command::lives::LifeRows;
use crate::command::note::Life;
use crate::output::cells::{CellEscapes, Csv};
use crate::output::replacements::Replacements;
use crate::output::text::escape_json;

/// Rows of streams, without their identities.
pub(crate) struct StreamRows {
    /// Rows so far, but for those in the encoder.
    ready: EncodedStreams,
    /// Encoder of rows.
    encoder: RowEncoder,
    /// Rows whose text is in the encoder.
    in_encoder: Vec<EncodedRow>,
    /// Names of the files.
    names: Arc<[String]>,
}

/// An encoder of rows in one format.
enum RowEncoder {
    /// JSON.
    Json(Vec<u8>),
    /// CSV.
    Csv(Box<Csv<Vec<u8>>>, CellEscapes),
}

/// Rows of streams as text, in one allocation.
#[derive(Default)]
pub(crate) struct EncodedStreams {
    /// Text of all rows, each with an ending as if the identity were unknown: [`print`](Self::print) replaces it.
    text: Vec<u8>,
    /// Rows in order.
    rows: Vec<EncodedRow>,
    /// Endings of rows in this format.
    ending: RowEnding,
}

/// A row in a text of several.
struct EncodedRow {
    /// Index in the text after the row.
    end: usize,
    /// Facts about the stream's identity; `None` if it has no event.
    facts: Option<IdentityFacts>,
}

/// The ending of a row: its last column, and the text behind it.
#[derive(Clone, Copy, Default)]
struct RowEnding {
    /// Ending of a row without an identity.
    unknown: &'static str,
    /// Text before an identity.
    before: &'static str,
    /// Text after an identity.
    after: &'static str,
}

impl StreamRows {
    /// Returns rows in JSON. `names` are the files.
    pub(crate) fn json(names: Arc<[String]>) -> Self {
        Self::with(RowEncoder::Json(Vec::new()), names)
    }

    /// Returns rows in CSV. `names` are the files.
    pub(crate) fn csv(cells: CellEscapes, names: Arc<[String]>) -> Self {
        Self::with(RowEncoder::Csv(Box::new(Csv::new(Vec::new(), cells)), cells), names)
    }

    /// Returns rows in a format.
    fn with(encoder: RowEncoder, names: Arc<[String]>) -> Self {
        let ready = EncodedStreams { ending: encoder.row_ending(), ..EncodedStreams::default() };
        Self { ready, encoder, in_encoder: Vec::new(), names }
    }

    /// Returns the names of the columns, if the format has them in a row of their own.
    ///
    /// # Errors
    ///
    /// If they cannot be encoded.
    pub(crate) fn head(&self) -> io::Result<Vec<u8>> {
        match self.encoder.fresh() {
            RowEncoder::Json(_) => Ok(Vec::new()),
            RowEncoder::Csv(mut csv, _) => {
                csv.names(Row::NAMES)?;
                csv.take()
            }
        }
    }

    /// Removes and returns the rows so far.
    fn take_encoded(&mut self) -> io::Result<EncodedStreams> {
        let ending = self.ready.ending;
        let ready = mem::replace(&mut self.ready, EncodedStreams { ending, ..EncodedStreams::default() });
        if self.in_encoder.is_empty() {
            return Ok(ready);
        }
        let new = EncodedStreams { text: self.encoder.take()?, rows: mem::take(&mut self.in_encoder), ending };
        if ready.rows.is_empty() {
            return Ok(new);
        }
        let (mut all, mut new) = (ready, new.into_unread());
        all.extend(&mut new, usize::MAX);
        Ok(all)
    }
}

impl LifeRows for StreamRows {
    type Ready = EncodedStreams;

    fn fresh(&self) -> Self {
        Self::with(self.encoder.fresh(), Arc::clone(&self.names))
    }

    fn add(&mut self, mut life: Life) -> io::Result<()> {
        let facts = life.note.facts.take().map(|facts| *facts);
        let file = self.names.get(life.note.file).map_or("", |name| name);
        let end = self.encoder.add(&life, file)?;
        self.in_encoder.push(EncodedRow { end, facts });
        Ok(())
    }

    fn len(&self) -> usize {
        self.ready.rows.len() + self.in_encoder.len()
    }

    fn append(&mut self, mut later: Self, inserted: Vec<(usize, Life)>) -> io::Result<()> {
        let (mut all, later) = (self.take_encoded()?, later.take_encoded()?);
        if inserted.is_empty() && all.rows.is_empty() {
            self.ready = later;
            return Ok(());
        }
        // The inserted rows are encoded first, then taken one by one.
        let mut numbers = Vec::new();
        for (before, life) in inserted {
            numbers.push(before);
            self.add(life)?;
        }
        let (mut inserted, mut later, mut taken) = (self.take_encoded()?.into_unread(), later.into_unread(), 0);
        for before in numbers {
            all.extend(&mut later, before - taken);
            all.extend(&mut inserted, 1);
            taken = before;
        }
        all.extend(&mut later, usize::MAX);
        self.ready = all;
        Ok(())
    }

    fn take(&mut self) -> io::Result<Option<EncodedStreams>> {
        let rows = self.take_encoded()?;
        Ok(if rows.rows.is_empty() { None } else { Some(rows) })
    }
}

impl RowEncoder {
    /// Returns an encoder of the same format.
    fn fresh(&self) -> Self {
        match *self {
            Self::Json(_) => Self::Json(Vec::new()),
            Self::Csv(_, cells) => Self::Csv(Box::new(Csv::new(Vec::new(), cells)), cells),
        }
    }

    /// Returns the endings of rows in this format.
    const fn row_ending(&self) -> RowEnding {
        match self {
            Self::Json(_) => RowEnding { unknown: "null}\n", before: "\"", after: "\"}\n" },
            Self::Csv(..) => RowEnding { unknown: "\n", before: "", after: "\n" },
        }
    }

    /// Adds the row of a stream that began in this file, without its identity. Returns the index after it in the text.
    fn add(&mut self, life: &Life, file: &str) -> io::Result<usize> {
        match self {
            Self::Json(json) => {
                let start = json.len();
                serde_json::to_writer(&mut *json, &Row::new(life, file, None, ListForm::Separate))?;
                escape_json(json, start);
                json.push(b'\n');
                Ok(json.len())
            }
            Self::Csv(csv, _) => {
                csv.row(Row::new(life, file, None, ListForm::Joined))?;
                csv.len()
            }
        }
    }

    /// Removes and returns the text so far.
    fn take(&mut self) -> io::Result<Vec<u8>> {
        match self {
            Self::Json(json) => Ok(mem::take(json)),
            Self::Csv(csv, _) => csv.take(),
        }
    }
}

/// Rows that are taken in order.
struct UnreadRows {
    /// Text of all rows.
    text: Vec<u8>,
    /// Index in the text of the first row that was not taken.
    start: usize,
    /// Rows that were not taken.
    rows: vec::IntoIter<EncodedRow>,
}

impl EncodedStreams {
    /// Returns the rows, to be taken in order.
    fn into_unread(self) -> UnreadRows {
        UnreadRows { text: self.text, start: 0, rows: self.rows.into_iter() }
    }

    /// Takes the next `count` rows of others, and adds them to these.
    fn extend(&mut self, unread: &mut UnreadRows, count: usize) {
        let (before, start) = (self.text.len(), unread.start);
        for row in unread.rows.by_ref().take(count) {
            unread.start = row.end;
            self.rows.push(EncodedRow { end: before + row.end - start, ..row });
        }
        self.text.extend_from_slice(unread.text.get(start..unread.start).unwrap_or_default());
    }

    /// Writes the rows, with the streams' identities.
    ///
    /// # Errors
    ///
    /// If the output cannot be written.
    pub(crate) fn print(&self, identities: &mut Identities, output: &mut impl Write) -> io::Result<()> {
        let RowEnding { unknown, before, after } = self.ending;
        let mut replacements = Replacements::default();
        for EncodedRow { end, facts } in &self.rows {
            if let Some(index) = facts.as_ref().and_then(|facts| identities.index_of(facts)) {
                let label = identities.label(index);
                replacements.add(end - unknown.len()..*end, format_args!("{before}{label}{after}"));
            }
        }
        replacements.write(&self.text, output)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The identity is put into the last column.
    #[test]
    fn last_column() {
        assert_eq!(Row::NAMES.last(), Some(&"identity"));
    }
}
