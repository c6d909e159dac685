//! Rows of streams as JSON or CSV.
//!
//! The thread that reads a log makes the rows. Only their last column, the identity, is left to the thread that prints
//! them: identities are numbered in the order in which streams end, over all logs. So each row ends as that of a stream
//! without an identity, and the *ending*, which is the last column and the text behind it, is replaced when the row is
//! printed.

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

/// The rows of a log or a range, made by the thread that reads it.
pub(crate) struct StreamRows {
    /// Finished rows, which come before those in the encoder. Rows of ranges are appended here.
    ready: EncodedStreams,
    /// Encoder, with the text of the last rows.
    encoder: RowEncoder,
    /// Rows whose text is in the encoder.
    in_encoder: Vec<EncodedRow>,
    /// Names of the files.
    names: Arc<[String]>,
}

/// An encoder of rows in a format, with the text so far.
enum RowEncoder {
    /// JSON.
    Json(Vec<u8>),
    /// CSV, with its options for a further encoder.
    Csv(Box<Csv<Vec<u8>>>, CellEscapes),
}

/// Rows of streams as text, in one allocation.
#[derive(Default)]
pub(crate) struct EncodedStreams {
    /// Text of all rows, each with the ending of a stream without an identity.
    text: Vec<u8>,
    /// Rows in order.
    rows: Vec<EncodedRow>,
    /// Endings of rows in this format.
    endings: RowEndings,
}

/// A row in a text of several.
struct EncodedRow {
    /// Index in the text after the row.
    end: usize,
    /// Facts about the stream's identity. `None` for a stream without an event, which a reply to `GETINFO stream-status`
    /// lists.
    facts: Option<IdentityFacts>,
}

/// The endings of rows in a format.
#[derive(Clone, Copy, Default)]
struct RowEndings {
    /// Ending of a row without an identity.
    without_identity: &'static str,
    /// Text before an identity, in the ending of a row with one.
    before_identity: &'static str,
    /// Text after an identity.
    after_identity: &'static str,
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
        let ready = EncodedStreams { endings: encoder.row_endings(), ..EncodedStreams::default() };
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

    /// Removes and returns the rows so far, those in the encoder as well.
    fn take_encoded(&mut self) -> io::Result<EncodedStreams> {
        let endings = self.ready.endings;
        let mut ready = mem::replace(&mut self.ready, EncodedStreams { endings, ..EncodedStreams::default() });
        if self.in_encoder.is_empty() {
            return Ok(ready);
        }
        let new = EncodedStreams { text: self.encoder.take()?, rows: mem::take(&mut self.in_encoder), endings };
        if ready.rows.is_empty() {
            return Ok(new);
        }
        ready.move_all(new.into_queue());
        Ok(ready)
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
        // First the inserted lives are encoded, then their rows and those of the range are moved in turn.
        let mut numbers_before = Vec::new();
        for (number_before, life) in inserted {
            numbers_before.push(number_before);
            self.add(life)?;
        }
        let (mut inserted, mut later, mut moved) = (self.take_encoded()?.into_queue(), later.into_queue(), 0);
        for number_before in numbers_before {
            all.move_rows(&mut later, number_before - moved);
            all.move_rows(&mut inserted, 1);
            moved = number_before;
        }
        all.move_all(later);
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

    /// Returns the endings of rows in the encoder's format.
    const fn row_endings(&self) -> RowEndings {
        let (without_identity, before_identity, after_identity) = match self {
            Self::Json(_) => ("null}\n", "\"", "\"}\n"),
            Self::Csv(..) => ("\n", "", "\n"),
        };
        RowEndings { without_identity, before_identity, after_identity }
    }

    /// Adds the row of a stream that began in this file, as if it had no identity. Returns the index after it in the text.
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

/// Rows from which others take the first ones.
struct RowQueue {
    /// Text of all rows, also of those that were taken.
    text: Vec<u8>,
    /// Index in the text of the first row that was not taken.
    start: usize,
    /// Rows that were not taken.
    rows: vec::IntoIter<EncodedRow>,
}

impl EncodedStreams {
    /// Returns the rows as a queue.
    fn into_queue(self) -> RowQueue {
        RowQueue { text: self.text, start: 0, rows: self.rows.into_iter() }
    }

    /// Moves the first `count` rows of a queue to the end of these rows.
    fn move_rows(&mut self, queue: &mut RowQueue, count: usize) {
        let (own_len, start) = (self.text.len(), queue.start);
        for row in queue.rows.by_ref().take(count) {
            queue.start = row.end;
            self.rows.push(EncodedRow { end: own_len + row.end - start, ..row });
        }
        self.text.extend_from_slice(queue.text.get(start..queue.start).unwrap_or_default());
    }

    /// Moves all rows of a queue to the end of these rows.
    fn move_all(&mut self, mut queue: RowQueue) {
        self.move_rows(&mut queue, usize::MAX);
    }

    /// Writes the rows, with the streams' identities.
    ///
    /// # Errors
    ///
    /// If the output cannot be written.
    pub(crate) fn print(&self, identities: &mut Identities, output: &mut impl Write) -> io::Result<()> {
        let RowEndings { without_identity, before_identity, after_identity } = self.endings;
        let mut replacements = Replacements::default();
        for EncodedRow { end, facts } in &self.rows {
            if let Some(index) = facts.as_ref().and_then(|facts| identities.index_of(facts)) {
                let label = identities.label(index);
                let ending = end - without_identity.len()..*end;
                replacements.add(ending, format_args!("{before_identity}{label}{after_identity}"));
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
