//! Tables of tor's words.

use alloc::borrow::Cow;
use core::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, SerializeStruct, Serializer};
use tor_stream_event::{ClientProtocol, StreamClosureReason, StreamPurpose, StreamStatus};

use super::table::{Rows, Table, TableForm};

/// A kind of word, with a list of the words that have a name.
pub(crate) trait Vocabulary {
    /// Iterates over the words with a name, in the order of their numbers.
    fn names() -> impl Iterator<Item = &'static str>;
}

/// Implements [`Vocabulary`] for enums of the library.
macro_rules! vocabulary {
    ($($word:ident)+) => {$(
        impl Vocabulary for $word {
            fn names() -> impl Iterator<Item = &'static str> {
                Self::ALL.iter().map(|word| word.as_str())
            }
        }
    )+};
}

vocabulary! { StreamStatus StreamClosureReason StreamPurpose ClientProtocol }

/// The number of occurrences of each word of one kind. Words with a name are counted by its number, which is faster than
/// by text.
#[derive(Clone, Debug)]
pub(crate) struct Words<W> {
    /// Counts of words with a name, by its number.
    named: Vec<u64>,
    /// Counts of words without a name.
    unnamed: Table<String>,
    /// Kind of the words.
    kind: PhantomData<W>,
}

impl<W> Default for Words<W> {
    fn default() -> Self {
        Self { named: Vec::new(), unnamed: Table::default(), kind: PhantomData }
    }
}

impl<W: Vocabulary> Words<W> {
    /// Counts a word, by its number if it has a name.
    pub(crate) fn add(&mut self, number: Option<usize>, text: &str, limit: usize) {
        match number {
            Some(number) => self.add_named(number, 1),
            None => self.unnamed.add_text(text, limit),
        }
    }

    /// Adds `times` to the count of a word with a name.
    fn add_named(&mut self, number: usize, times: u64) {
        if self.named.len() <= number {
            self.named.resize(number + 1, 0);
        }
        if let Some(count) = self.named.get_mut(number) {
            *count += times;
        }
    }

    /// Adds the counts of another table.
    pub(crate) fn merge(&mut self, other: Self, limit: usize) {
        for (number, &count) in other.named.iter().enumerate() {
            self.add_named(number, count);
        }
        self.unnamed.merge(other.unnamed, limit);
    }

    /// Returns [`Table::merges_exactly`] for the words without a name.
    pub(crate) fn merges_exactly(&self, other: &Self, more: usize, limit: usize) -> bool {
        self.unnamed.merges_exactly(&other.unnamed, more, limit)
    }

    /// Returns the number of words without a name.
    pub(crate) fn unnamed(&self) -> usize {
        self.unnamed.len()
    }

    /// Returns the sum of all counts, or the maximum if it is greater than that.
    pub(crate) fn total(&self) -> u64 {
        self.named.iter().fold(self.unnamed.total(), |total, &count| total.saturating_add(count))
    }

    /// Returns the words by their counts.
    pub(crate) fn rows(&self) -> Rows<&str> {
        let named = W::names().zip(&self.named).filter(|&(_, &count)| count > 0).map(|(name, &count)| (name, count));
        let Rows { rows: unnamed, beyond } = self.unnamed.rows();
        let unnamed = unnamed.into_iter().map(|(word, count)| (word.as_str(), count));
        let mut rows: Vec<_> = named.chain(unnamed).collect();
        rows.sort_unstable();
        Rows::new(rows, beyond)
    }
}

impl<W: Vocabulary> Serialize for Words<W> {
    /// Writes the form of a table. Words with a name are written as text as well: another version of the program may
    /// have other numbers.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Rows { rows, beyond } = self.rows();
        let mut table = serializer.serialize_struct("Words", 2)?;
        table.serialize_field("rows", &rows)?;
        table.serialize_field("others", &beyond)?;
        table.end()
    }
}

impl<'de, W: Vocabulary> Deserialize<'de> for Words<W> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let TableForm { rows, others } = TableForm::<Cow<'de, str>>::deserialize(deserializer)?;
        let (mut words, mut unnamed) = (Self::default(), Vec::new());
        for (word, count) in rows {
            match W::names().position(|name| name == word) {
                Some(number) if words.named.get(number).is_none_or(|&count| count == 0) => {
                    words.add_named(number, count);
                }
                Some(_) => return Err(D::Error::custom("a word is there twice")),
                None => unnamed.push((word.into_owned(), count)),
            }
        }
        words.unnamed = TableForm { rows: unnamed, others }.try_into().map_err(D::Error::custom)?;
        Ok(words)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    /// Returns statuses: one named twice, one without a name, and one beyond the limit.
    fn statuses() -> Words<StreamStatus> {
        let mut words = Words::<StreamStatus>::default();
        words.add(Some(2), "REMAP", 1);
        words.add(None, "X", 1);
        words.add(None, "Y", 1);
        let mut others = Words::default();
        others.add(Some(2), "REMAP", 1);
        others.add(Some(4), "SENTRESOLVE", 1);
        others.add(None, "Y", 1);
        words.merge(others, 1);
        words
    }

    #[test]
    fn words_by_number_or_text() {
        let words = statuses();
        let Rows { rows, beyond } = words.rows();
        assert_eq!((rows, beyond), (vec![("REMAP", 2), ("SENTRESOLVE", 1), ("X", 1)], 2));
        assert_eq!(words.total(), 6);
    }

    #[test]
    fn words_as_data() {
        let json = serde_json::to_string(&statuses()).unwrap();
        assert_eq!(json, r#"{"rows":[["REMAP",2],["SENTRESOLVE",1],["X",1]],"others":2}"#);
        let read: Words<StreamStatus> = serde_json::from_str(&json).unwrap();
        assert_eq!((&read.named, read.unnamed()), (&vec![0, 0, 2, 0, 1], 1));
        assert_eq!(serde_json::to_string(&read).unwrap(), json);
        let twice = r#"{"rows":[["REMAP",2],["REMAP",1]],"others":2}"#;
        assert!(serde_json::from_str::<Words<StreamStatus>>(twice).is_err());
    }
}
