//! Tables that count keys, with a maximum number of rows.
//!
//! A key without a row is counted with all others of its kind. Which keys get a row depends on the order in which they come. So
//! the merged tables of two ranges of a log are the table of both only while it stays within its limit, or if the first one is
//! full already: see [`CountTable::merges_exactly`].

use core::cmp::Reverse;
use core::hash::Hash;
use core::mem;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, SerializeStruct, Serializer};

/// Maximum length, in bytes, of a text in a key that has a row. Hosts have at most 255 bytes, tor's words some 20.
pub(crate) const MAX_TEXT_LEN: usize = 1024;

/// The number of occurrences of each key.
///
/// Functions that count take the maximum number of rows as `limit`.
#[derive(Clone, Debug)]
pub(crate) struct CountTable<K> {
    /// Count of each key with a row. Keys are counted and merged often, and needed in order once: a hash map is faster
    /// for that than an ordered one.
    by_key: HashMap<K, u64>,
    /// Total count of all keys without a row.
    others: u64,
}

/// A key of a table.
pub(crate) trait CountKey: Ord + Hash {
    /// Returns the length, in bytes, of the longest text in the key that a client can choose.
    fn longest_text(&self) -> usize;
}

impl CountKey for String {
    fn longest_text(&self) -> usize {
        self.len()
    }
}

impl<K> Default for CountTable<K> {
    fn default() -> Self {
        Self { by_key: HashMap::new(), others: 0 }
    }
}

impl<K: CountKey> CountTable<K> {
    /// Counts a key once.
    pub(crate) fn add(&mut self, key: K, limit: usize) {
        self.add_times(key, 1, limit);
    }

    /// Adds `times` to the count of a key.
    fn add_times(&mut self, key: K, times: u64, limit: usize) {
        let has_room = self.by_key.len() < limit && key.longest_text() <= MAX_TEXT_LEN;
        match self.by_key.entry(key) {
            Entry::Occupied(mut known) => *known.get_mut() += times,
            Entry::Vacant(new) if has_room => {
                new.insert(times);
            }
            Entry::Vacant(_) => self.others += times,
        }
    }

    /// Returns the number of rows.
    pub(crate) fn len(&self) -> usize {
        self.by_key.len()
    }

    /// Adds the counts of another table.
    pub(crate) fn merge(&mut self, mut other: Self, limit: usize) {
        self.others += other.others;
        if self.by_key.len() + other.by_key.len() > limit {
            // Some keys may get no row. In sorted order they are the same ones in every run of the program.
            let mut keys: Vec<_> = other.by_key.into_iter().collect();
            keys.sort_unstable();
            return keys.into_iter().for_each(|(key, count)| self.add_times(key, count, limit));
        }
        // Each key has room, in any order: so the smaller table is added to the larger one.
        if self.by_key.len() < other.by_key.len() {
            mem::swap(&mut self.by_key, &mut other.by_key);
        }
        for (key, count) in other.by_key {
            *self.by_key.entry(key).or_default() += count;
        }
    }

    /// Returns `true` if merging another table, and then adding up to `more` new keys, gives the same result as counting each
    /// key in turn.
    pub(crate) fn merges_exactly(&self, other: &Self, more: usize, limit: usize) -> bool {
        let is_full = self.by_key.len() >= limit;
        let all_have_room = self.by_key.len() + other.by_key.len() + more <= limit;
        // A full table gives no new key a row, in whatever order they come.
        is_full || all_have_room
    }

    /// Returns the sum of all counts; `u64::MAX` if it is greater, as it may be in a table that was deserialized and not
    /// [checked](super::check) yet.
    pub(crate) fn total(&self) -> u64 {
        self.by_key.values().fold(self.others, |total, &count| total.saturating_add(count))
    }

    /// Returns the table with each key replaced. `key` returns different keys for different ones.
    pub(crate) fn with_keys(self, key: impl Fn(K) -> K) -> Self {
        let by_key = self.by_key.into_iter().map(|(old, count)| (key(old), count)).collect();
        Self { by_key, ..self }
    }

    /// Returns the keys in their order, with their counts.
    fn in_key_order(&self) -> Vec<(&K, u64)> {
        let mut rows: Vec<_> = self.by_key.iter().map(|(key, &count)| (key, count)).collect();
        rows.sort_unstable();
        rows
    }

    /// Returns the rows, the highest count first.
    pub(crate) fn rows(&self) -> CountRows<&K> {
        CountRows::new(self.in_key_order(), self.others)
    }
}

impl CountTable<String> {
    /// Counts a text once. Unlike [`add`](Self::add), it allocates only for a new row.
    pub(crate) fn add_text(&mut self, text: &str, limit: usize) {
        match self.by_key.get_mut(text) {
            Some(count) => *count += 1,
            None => self.add(text.into(), limit),
        }
    }
}

impl<K: CountKey + Serialize> Serialize for CountTable<K> {
    /// Writes the form that [`SerializedTable`] reads, with the rows in the order of the keys.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut table = serializer.serialize_struct("CountTable", 2)?;
        table.serialize_field("rows", &self.in_key_order())?;
        table.serialize_field("others", &self.others)?;
        table.end()
    }
}

/// A [`CountTable`] that was serialized, and not checked yet.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SerializedTable<K> {
    /// Keys and their counts.
    pub(super) rows: Vec<(K, u64)>,
    /// Total count of all keys without a row.
    pub(super) others: u64,
}

impl<K: CountKey> TryFrom<SerializedTable<K>> for CountTable<K> {
    type Error = &'static str;

    fn try_from(SerializedTable { rows, others }: SerializedTable<K>) -> Result<Self, Self::Error> {
        let mut by_key = HashMap::new();
        for (key, count) in rows {
            if key.longest_text() > MAX_TEXT_LEN || by_key.insert(key, count).is_some() {
                return Err("a key is too long, or there twice");
            }
        }
        Ok(Self { by_key, others })
    }
}

impl<'de, K: CountKey + Deserialize<'de>> Deserialize<'de> for CountTable<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        SerializedTable::deserialize(deserializer)?.try_into().map_err(D::Error::custom)
    }
}

/// The rows of a table, the highest count first, and equal counts in the order of their keys.
pub(crate) struct CountRows<K> {
    /// Keys and their counts.
    pub(crate) rows: Vec<(K, u64)>,
    /// Total count of all keys without a row.
    pub(crate) others: u64,
}

impl<K> CountRows<K> {
    /// Sorts rows, whose keys are in order, by their counts.
    pub(super) fn new(mut rows: Vec<(K, u64)>, others: u64) -> Self {
        // A stable sort: equal counts stay in the order of their keys.
        rows.sort_by_key(|&(_, count)| Reverse(count));
        Self { rows, others }
    }

    /// Returns the sum of all counts.
    pub(crate) fn total(&self) -> u64 {
        self.rows.iter().map(|(_, count)| count).sum::<u64>() + self.others
    }

    /// Returns the rows whose keys `keep` selects, without the count of the others.
    pub(crate) fn only(self, keep: impl Fn(&K) -> bool) -> Self {
        Self { rows: self.rows.into_iter().filter(|(key, _)| keep(key)).collect(), others: 0 }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    /// Returns a table of texts.
    fn table(texts: &[&str], limit: usize) -> CountTable<String> {
        let mut table = CountTable::default();
        texts.iter().for_each(|text| table.add_text(text, limit));
        table
    }

    /// The tables of a list of texts that is cut in three merge to the table of the whole list wherever `merges_exactly` says
    /// so. The first table has a limit, as that of a log; those of later ranges have none until they are merged into it.
    #[test]
    fn merged_ranges() {
        // Some keys are in all three ranges of a cut, others in one or two.
        let texts = ["a", "b", "a", "c", "d", "b", "e", "e", "a"];
        for limit in [1, 2, 3, 4, 5, usize::MAX] {
            let whole = table(&texts, limit);
            let mut exact = 0;
            for (i, j) in (0..=texts.len()).flat_map(|j| (0..=j).map(move |i| (i, j))) {
                let ((first, rest), (_, third)) = (texts.split_at(i), texts.split_at(j));
                let second = rest.get(..j - i).unwrap_or_default();
                let mut merged = table(first, limit);
                let mut later = table(second, usize::MAX);
                later.merge(table(third, usize::MAX), usize::MAX);
                if merged.merges_exactly(&later, 0, limit) {
                    exact += 1;
                    merged.merge(later, limit);
                    assert_eq!((&merged.by_key, merged.others), (&whole.by_key, whole.others), "{i} {j} {limit}");
                }
            }
            // The condition above holds for enough of the 55 cuts to test the merge.
            assert!(exact > 10, "{limit}: {exact}");
        }
    }

    #[test]
    fn tables_as_data() {
        let table = table(&["b", "a", "b", "c"], 2);
        let json = serde_json::to_string(&table).unwrap();
        assert_eq!(json, r#"{"rows":[["a",1],["b",2]],"others":1}"#);
        let read: CountTable<String> = serde_json::from_str(&json).unwrap();
        assert_eq!((&read.by_key, read.others), (&table.by_key, table.others));
        let long = format!(r#"{{"rows":[["{}",1]],"others":0}}"#, "a".repeat(MAX_TEXT_LEN + 1));
        for wrong in [r#"{"rows":[["a",1],["a",2]],"others":1}"#, r#"{"rows":[["a",-1]],"others":1}"#, "{}", &long] {
            assert!(serde_json::from_str::<CountTable<String>>(wrong).is_err(), "{wrong}");
        }
    }
}
