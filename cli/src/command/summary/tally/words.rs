//! Counts of tor's words: statuses, reasons, purposes, protocols.

use alloc::borrow::Cow;
use core::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, SerializeStruct, Serializer};
use tor_stream_event::{ClientProtocol, StreamClosureReason, StreamPurpose, StreamStatus};

use super::table::{CountRows, CountTable, SerializedTable};

/// A kind of tor's words: an enum of the library, such as [`StreamStatus`]. The words with a variant are the known ones, and
/// the number of a known word is that of its variant.
pub(crate) trait WordKind: Copy {
    /// Iterates over the known words, in the order of their numbers.
    fn known() -> impl Iterator<Item = &'static str>;

    /// Returns the number of this word. `None` for the variant that stands for all unknown words.
    fn number(self) -> Option<usize>;
}

/// Implements [`WordKind`] for enums of the library.
macro_rules! word_kinds {
    ($($Word:ident)+) => {$(
        impl WordKind for $Word {
            fn known() -> impl Iterator<Item = &'static str> {
                Self::ALL.iter().map(|word| word.as_str())
            }

            fn number(self) -> Option<usize> {
                (self != Self::Unrecognized).then_some(self as usize)
            }
        }
    )+};
}

word_kinds! { StreamStatus StreamClosureReason StreamPurpose ClientProtocol }

/// The number of occurrences of each word of one kind.
///
/// Known words are counted by number, which is faster than by text, and have no limit. Unknown ones may be of a newer
/// tor, or chosen by a client in a damaged line: their number has a `limit`, as in a [`CountTable`].
#[derive(Clone, Debug)]
pub(crate) struct WordCounts<W> {
    /// Counts of known words, by number. The words whose numbers are beyond the end of the list have the count 0.
    known: Vec<u64>,
    /// Counts of unknown words.
    unknown: CountTable<String>,
    /// Kind of the words.
    kind: PhantomData<W>,
}

impl<W> Default for WordCounts<W> {
    fn default() -> Self {
        Self { known: Vec::new(), unknown: CountTable::default(), kind: PhantomData }
    }
}

impl<W: WordKind> WordCounts<W> {
    /// Counts a word: by its number if it is known, else by its text.
    pub(crate) fn add(&mut self, word: W, text: &str, limit: usize) {
        match word.number() {
            Some(number) => self.add_known(number, 1),
            None => self.unknown.add_text(text, limit),
        }
    }

    /// Adds `times` to the count of a known word.
    fn add_known(&mut self, number: usize, times: u64) {
        if self.known.len() <= number {
            self.known.resize(number + 1, 0);
        }
        if let Some(count) = self.known.get_mut(number) {
            *count += times;
        }
    }

    /// Adds the counts of other words of the kind.
    pub(crate) fn merge(&mut self, other: Self, limit: usize) {
        for (number, &count) in other.known.iter().enumerate() {
            self.add_known(number, count);
        }
        self.unknown.merge(other.unknown, limit);
    }

    /// Returns `true` if merging other counts, and then adding up to `more` new unknown words, gives the same result as counting
    /// each word in turn. Known words always have room.
    pub(crate) fn merges_exactly(&self, other: &Self, more: usize, limit: usize) -> bool {
        self.unknown.merges_exactly(&other.unknown, more, limit)
    }

    /// Returns the number of unknown words that have a row.
    pub(crate) fn unknown(&self) -> usize {
        self.unknown.len()
    }

    /// Returns the sum of all counts; `u64::MAX` if it is greater than that.
    pub(crate) fn total(&self) -> u64 {
        self.known.iter().fold(self.unknown.total(), |total, &count| total.saturating_add(count))
    }

    /// Returns the words, the most frequent first.
    pub(crate) fn rows(&self) -> CountRows<&str> {
        let known = W::known().zip(&self.known).filter(|&(_, &count)| count > 0).map(|(word, &count)| (word, count));
        let CountRows { rows: unknown, others } = self.unknown.rows();
        let unknown = unknown.into_iter().map(|(word, count)| (word.as_str(), count));
        let mut rows: Vec<_> = known.chain(unknown).collect();
        // `CountRows::new` sorts by count, and keeps this order among equal counts.
        rows.sort_unstable();
        CountRows::new(rows, others)
    }
}

impl<W: WordKind> Serialize for WordCounts<W> {
    /// Writes the form of a [`CountTable`]. Known words are written as text: the numbers of another version of the
    /// program may differ.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let CountRows { rows, others } = self.rows();
        let mut table = serializer.serialize_struct("WordCounts", 2)?;
        table.serialize_field("rows", &rows)?;
        table.serialize_field("others", &others)?;
        table.end()
    }
}

impl<'de, W: WordKind> Deserialize<'de> for WordCounts<W> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let SerializedTable { rows, others } = SerializedTable::<Cow<'de, str>>::deserialize(deserializer)?;
        let (mut words, mut unknown) = (Self::default(), Vec::new());
        for (word, count) in rows {
            match W::known().position(|known| known == word) {
                Some(number) if words.known.get(number).is_none_or(|&count| count == 0) => {
                    words.add_known(number, count);
                }
                Some(_) => return Err(D::Error::custom("a word is there twice")),
                None => unknown.push((word.into_owned(), count)),
            }
        }
        words.unknown = SerializedTable { rows: unknown, others }.try_into().map_err(D::Error::custom)?;
        Ok(words)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    /// Counts a status, with a limit of one unknown word.
    fn add(words: &mut WordCounts<StreamStatus>, text: &str) {
        words.add(text.parse().unwrap_or(StreamStatus::Unrecognized), text, 1);
    }

    /// Returns the merged counts of two logs. Of the unknown statuses X has a row, and Y, of both logs, is beyond the limit.
    fn statuses() -> WordCounts<StreamStatus> {
        let (mut words, mut later) = (WordCounts::default(), WordCounts::default());
        ["REMAP", "X", "Y"].iter().for_each(|text| add(&mut words, text));
        ["REMAP", "SENTRESOLVE", "Y"].iter().for_each(|text| add(&mut later, text));
        words.merge(later, 1);
        words
    }

    #[test]
    fn words_by_number_or_text() {
        let words = statuses();
        let CountRows { rows, others } = words.rows();
        assert_eq!((rows, others), (vec![("REMAP", 2), ("SENTRESOLVE", 1), ("X", 1)], 2));
        assert_eq!(words.total(), 6);
    }

    /// A log can have the word by which the library's enum calls all unknown ones.
    #[test]
    fn the_name_of_unknown_words() {
        let mut words = WordCounts::default();
        add(&mut words, StreamStatus::Unrecognized.as_str());
        assert_eq!(words.rows().rows, [("UNRECOGNIZED", 1)]);
    }

    #[test]
    fn words_as_data() {
        let json = serde_json::to_string(&statuses()).unwrap();
        assert_eq!(json, r#"{"rows":[["REMAP",2],["SENTRESOLVE",1],["X",1]],"others":2}"#);
        let read: WordCounts<StreamStatus> = serde_json::from_str(&json).unwrap();
        // REMAP is the third status of the enum, and SENTRESOLVE the fifth.
        assert_eq!((&read.known, read.unknown()), (&vec![0, 0, 2, 0, 1], 1));
        assert_eq!(serde_json::to_string(&read).unwrap(), json);
        let twice = r#"{"rows":[["REMAP",2],["REMAP",1]],"others":2}"#;
        assert!(serde_json::from_str::<WordCounts<StreamStatus>>(twice).is_err());
    }
}
