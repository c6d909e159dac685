//! Rows of streams in an output format.
//!
//! The thread that reads a log makes the rows. Only their last column is left to the thread that prints them: identities
//! are numbered in the order in which streams end, over all logs.

use alloc::sync::Arc;
use alloc::vec;
use core::mem;
use std::io::{self, Write};

use super::row::Row;
use crate::command::identity::{Facts, Identities};
use crate::command::lives::LifeRows;
use crate::command::note::Life;
use crate::output::cells::{CellEscapes, Csv};
use crate::output::replacements::Replacements;
use crate::output::text::escape_json;

/// Rows of streams, without their identities.
pub(crate) struct StreamRows {
    /// Rows so far, but for those in the encoder.
    ready: PackedStreams,
    /// Encoder of rows.
    encoder: Encoder,
    /// Facts about the identities of the streams in the encoder, with the ends of their rows.
    rows: Vec<PackedRow>,
    /// Names of the files.
    names: Arc<[String]>,
}

/// An encoder of rows in one format.
enum Encoder {
    /// JSON.
    Json(Vec<u8>),
    /// CSV.
    Csv(Box<Csv<Vec<u8>>>, CellEscapes),
}

/// Rows whose text is in one allocation.
#[derive(Default)]
pub(crate) struct PackedStreams {
    /// Text of all rows, each with an end that says that the identity is unknown.
    text: Vec<u8>,
    /// Rows, as ends in the text.
    rows: Vec<PackedRow>,
    /// Format of the rows' ends.
    end: RowEnd,
}

/// A row.
struct PackedRow {
    /// End of the row in the text.
    end: usize,
    /// Facts about the stream's identity; `None` if it has no event.
    facts: Option<Facts>,
}

/// The last column of a row, and the text behind it.
#[derive(Clone, Copy, Default)]
struct RowEnd {
    /// Text of the end of a row without an identity.
    unknown: &'static str,
    /// Text before an identity.
    before: &'static str,
    /// Text after an identity.
    after: &'static str,
}

impl StreamRows {
    /// Returns rows in JSON. `names` are the files.
    pub(crate) fn json(names: Arc<[String]>) -> Self {
        Self::with(Encoder::Json(Vec::new()), names)
    }

    /// Returns rows in CSV. `names` are the files.
    pub(crate) fn csv(cells: CellEscapes, names: Arc<[String]>) -> Self {
        Self::with(Encoder::Csv(Box::new(Csv::new(Vec::new(), cells)), cells), names)
    }

    /// Returns rows in a format.
    fn with(encoder: Encoder, names: Arc<[String]>) -> Self {
        let ready = PackedStreams { end: encoder.row_end(), ..PackedStreams::default() };
        Self { ready, encoder, rows: Vec::new(), names }
    }

    /// Returns the names of the columns, if the format has them in a row of their own.
    ///
    /// # Errors
    ///
    /// If they cannot be encoded.
    pub(crate) fn head(&self) -> io::Result<Vec<u8>> {
        match self.encoder.fresh() {
            Encoder::Json(_) => Ok(Vec::new()),
            Encoder::Csv(mut csv, _) => {
                csv.names(Row::NAMES)?;
                csv.take()
            }
        }
    }

    /// Removes and returns the rows so far.
    fn pack(&mut self) -> io::Result<PackedStreams> {
        let end = self.ready.end;
        let ready = mem::replace(&mut self.ready, PackedStreams { end, ..PackedStreams::default() });
        if self.rows.is_empty() {
            return Ok(ready);
        }
        let new = PackedStreams { text: self.encoder.take()?, rows: mem::take(&mut self.rows), end };
        if ready.rows.is_empty() {
            return Ok(new);
        }
        let (mut all, mut new) = (ready, new.into_rest());
        all.extend(&mut new, usize::MAX);
        Ok(all)
    }
}

impl LifeRows for StreamRows {
    type Ready = PackedStreams;

    fn fresh(&self) -> Self {
        Self::with(self.encoder.fresh(), Arc::clone(&self.names))
    }

    fn add(&mut self, mut life: Life) -> io::Result<()> {
        let facts = life.note.facts.take().map(|facts| *facts);
        let file = self.names.get(life.note.file).map_or("", |name| name);
        let end = self.encoder.add(&life, file)?;
        self.rows.push(PackedRow { end, facts });
        Ok(())
    }

    fn len(&self) -> usize {
        self.ready.rows.len() + self.rows.len()
    }

    fn append(&mut self, mut later: Self, between: Vec<(usize, Life)>) -> io::Result<()> {
        let (mut all, mut theirs) = (self.pack()?, later.pack()?);
        if between.is_empty() && all.rows.is_empty() {
            self.ready = theirs;
            return Ok(());
        }
        let mut numbers = Vec::new();
        for (before, life) in between {
            numbers.push(before);
            self.add(life)?;
        }
        let (mut theirs, mut more, mut taken) = (mem::take(&mut theirs).into_rest(), self.pack()?.into_rest(), 0);
        for before in numbers {
            all.extend(&mut theirs, before - taken);
            all.extend(&mut more, 1);
            taken = before;
        }
        all.extend(&mut theirs, usize::MAX);
        self.ready = all;
        Ok(())
    }

    fn take(&mut self) -> io::Result<Option<PackedStreams>> {
        let rows = self.pack()?;
        Ok(if rows.rows.is_empty() { None } else { Some(rows) })
    }
}

impl Encoder {
    /// Returns an encoder of the same format.
    fn fresh(&self) -> Self {
        match *self {
            Self::Json(_) => Self::Json(Vec::new()),
            Self::Csv(_, cells) => Self::Csv(Box::new(Csv::new(Vec::new(), cells)), cells),
        }
    }

    /// Returns the format of the rows' ends.
    const fn row_end(&self) -> RowEnd {
        match self {
            Self::Json(_) => RowEnd { unknown: "null}\n", before: "\"", after: "\"}\n" },
            Self::Csv(..) => RowEnd { unknown: "\n", before: "", after: "\n" },
        }
    }

    /// Adds the row of a stream that began in this file, without its identity. Returns the end of the text.
    fn add(&mut self, life: &Life, file: &str) -> io::Result<usize> {
        match self {
            Self::Json(json) => {
                let start = json.len();
                serde_json::to_writer(&mut *json, &Row::new(life, file, None, false))?;
                escape_json(json, start);
                json.push(b'\n');
                Ok(json.len())
            }
            Self::Csv(csv, _) => {
                csv.row(Row::new(life, file, None, true))?;
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

/// The rest of some rows.
struct Rest {
    /// Text of all rows.
    text: Vec<u8>,
    /// Start of the rest in the text.
    start: usize,
    /// Rows of the rest.
    rows: vec::IntoIter<PackedRow>,
}

impl PackedStreams {
    /// Returns the rows, to be removed in order.
    fn into_rest(self) -> Rest {
        Rest { text: self.text, start: 0, rows: self.rows.into_iter() }
    }

    /// Adds the first `count` rows of the rest of others.
    fn extend(&mut self, rest: &mut Rest, count: usize) {
        let (before, start) = (self.text.len(), rest.start);
        for row in rest.rows.by_ref().take(count) {
            rest.start = row.end;
            self.rows.push(PackedRow { end: before + row.end - start, ..row });
        }
        self.text.extend_from_slice(rest.text.get(start..rest.start).unwrap_or_default());
    }

    /// Writes the rows, with the streams' identities.
    ///
    /// # Errors
    ///
    /// If the output cannot be written.
    pub(crate) fn print(&self, identities: &mut Identities, output: &mut impl Write) -> io::Result<()> {
        let RowEnd { unknown, before, after } = self.end;
        let mut replacements = Replacements::default();
        for PackedRow { end, facts } in &self.rows {
            if let Some(place) = facts.as_ref().and_then(|facts| identities.place(facts)) {
                let label = identities.label(place);
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
