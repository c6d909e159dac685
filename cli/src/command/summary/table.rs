//! Tables of counts, whose size is bounded.

use core::cmp::Reverse;
use core::hash::Hash;
use core::mem;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, SerializeStruct, Serializer};

/// Maximum length of a text that is counted by itself, in bytes. Hosts have at most 255 bytes, tor's words some 20.
const LONGEST: usize = 1024;

/// The number of occurrences of each key.
///
/// Tables can be merged in any order, and in any grouping, as long as the limit is not reached.
#[derive(Clone, Debug)]
pub(crate) struct Table<K> {
    /// Count of each key. Most keys are counted and merged many times, and needed in order once, so they are sorted then.
    by_key: HashMap<K, u64>,
    /// Total count of all keys beyond the limit.
    beyond: u64,
}

/// A key of a table.
pub(crate) trait Key: Ord + Hash {
    /// Returns the length of the longest text in the key.
    fn longest(&self) -> usize;
}

impl Key for String {
    fn longest(&self) -> usize {
        self.len()
    }
}

impl<K> Default for Table<K> {
    fn default() -> Self {
        Self { by_key: HashMap::new(), beyond: 0 }
    }
}

impl<K: Key> Table<K> {
    /// Counts a key. A new key beyond the limit, or with a longer text than [`LONGEST`], is counted with the others.
    pub(crate) fn add(&mut self, key: K, limit: usize) {
        self.add_times(key, 1, limit);
    }

    /// Adds `times` to the count of a key.
    fn add_times(&mut self, key: K, times: u64, limit: usize) {
        let has_room = self.by_key.len() < limit && key.longest() <= LONGEST;
        match self.by_key.entry(key) {
            Entry::Occupied(mut known) => *known.get_mut() += times,
            Entry::Vacant(new) if has_room => {
                new.insert(times);
            }
            Entry::Vacant(_) => self.beyond += times,
        }
    }

    /// Returns the number of keys that are counted apart.
    pub(crate) fn len(&self) -> usize {
        self.by_key.len()
    }

    /// Adds the counts of another table.
    pub(crate) fn merge(&mut self, mut other: Self, limit: usize) {
        self.beyond += other.beyond;
        // The order of their addition decides which keys are beyond the limit.
        if self.by_key.len() + other.by_key.len() > limit {
            let mut keys: Vec<_> = other.by_key.into_iter().collect();
            keys.sort_unstable();
            return keys.into_iter().for_each(|(key, count)| self.add_times(key, count, limit));
        }
        if self.by_key.len() < other.by_key.len() {
            mem::swap(&mut self.by_key, &mut other.by_key);
        }
        for (key, count) in other.by_key {
            *self.by_key.entry(key).or_default() += count;
        }
    }

    /// Returns `true` if another table and then `more` new keys can be added with the same result as counting each key
    /// in turn.
    pub(crate) fn merges_exactly(&self, other: &Self, more: usize, limit: usize) -> bool {
        self.by_key.len() >= limit || self.by_key.len() + other.by_key.len() + more <= limit
    }

    /// Returns the sum of all counts, or the maximum if it is greater than that.
    pub(crate) fn total(&self) -> u64 {
        self.by_key.values().fold(self.beyond, |total, &count| total.saturating_add(count))
    }

    /// Returns the table with other keys, which differ as these do.
    pub(crate) fn with_keys(self, key: impl Fn(K) -> K) -> Self {
        let by_key = self.by_key.into_iter().map(|(old, count)| (key(old), count)).collect();
        Self { by_key, ..self }
    }

    /// Returns the keys in order, with their counts.
    fn in_order(&self) -> Vec<(&K, u64)> {
        let mut rows: Vec<_> = self.by_key.iter().map(|(key, &count)| (key, count)).collect();
        rows.sort_unstable();
        rows
    }

    /// Returns the keys by their counts.
    pub(crate) fn rows(&self) -> Rows<&K> {
        Rows::new(self.in_order(), self.beyond)
    }
}

impl<K: Key + Serialize> Serialize for Table<K> {
    /// Writes a list of pairs, a key and its count, in the order of the keys, and the count beyond the limit.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut table = serializer.serialize_struct("Table", 2)?;
        table.serialize_field("rows", &self.in_order())?;
        table.serialize_field("others", &self.beyond)?;
        table.end()
    }
}

/// The serialized form of a [`Table`].
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TableForm<K> {
    /// Keys and their counts.
    pub(super) rows: Vec<(K, u64)>,
    /// Total count of all keys beyond the limit.
    pub(super) others: u64,
}

impl<K: Key> TryFrom<TableForm<K>> for Table<K> {
    type Error = &'static str;

    fn try_from(TableForm { rows, others }: TableForm<K>) -> Result<Self, Self::Error> {
        let mut by_key = HashMap::new();
        for (key, count) in rows {
            if key.longest() > LONGEST || by_key.insert(key, count).is_some() {
                return Err("a key is too long, or there twice");
            }
        }
        Ok(Self { by_key, beyond: others })
    }
}

impl<'de, K: Key + Deserialize<'de>> Deserialize<'de> for Table<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        TableForm::deserialize(deserializer)?.try_into().map_err(D::Error::custom)
    }
}

/// The rows of a table, the highest count first, and equal counts in the order of their keys.
pub(crate) struct Rows<K> {
    /// Keys and their counts.
    pub(crate) rows: Vec<(K, u64)>,
    /// Total count of all keys beyond the limit.
    pub(crate) beyond: u64,
}

impl<K> Rows<K> {
    /// Returns the rows of a table whose keys are in order.
    pub(super) fn new(mut rows: Vec<(K, u64)>, beyond: u64) -> Self {
        rows.sort_by_key(|&(_, count)| Reverse(count));
        Self { rows, beyond }
    }

    /// Returns the sum of all counts.
    pub(crate) fn total(&self) -> u64 {
        self.rows.iter().map(|(_, count)| count).sum::<u64>() + self.beyond
    }

    /// Returns the rows whose keys pass, without the count beyond the limit.
    pub(crate) fn only(self, keep: impl Fn(&K) -> bool) -> Self {
        Self { rows: self.rows.into_iter().filter(|(key, _)| keep(key)).collect(), beyond: 0 }
    }
}

impl Table<String> {
    /// Counts a text.
    pub(crate) fn add_text(&mut self, text: &str, limit: usize) {
        match self.by_key.get_mut(text) {
            Some(count) => *count += 1,
            None => self.add(text.into(), limit),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    /// Returns a table of texts.
    fn table(texts: &[&str], limit: usize) -> Table<String> {
        let mut table = Table::default();
        texts.iter().for_each(|text| table.add_text(text, limit));
        table
    }

    /// A list of texts that is cut in three, in any places, gives the table of the whole list, in both groupings,
    /// wherever `merges_exactly` says so, and in all cases without a limit.
    #[test]
    fn parts_put_together() {
        let texts = ["a", "b", "a", "c", "d", "b", "e", "e", "a"];
        for limit in [1, 2, 3, 4, 5, usize::MAX] {
            let whole = table(&texts, limit);
            let mut exact = 0;
            for (i, j) in (0..=texts.len()).flat_map(|j| (0..=j).map(move |i| (i, j))) {
                let ((first, rest), (_, third)) = (texts.split_at(i), texts.split_at(j));
                let second = rest.get(..j - i).unwrap_or_default();
                let mut left = table(first, limit);
                let second = table(second, usize::MAX);
                let mut right = second.clone();
                right.merge(table(third, usize::MAX), usize::MAX);
                if left.merges_exactly(&right, 0, limit) {
                    exact += 1;
                    left.merge(right, limit);
                    assert_eq!((&left.by_key, left.beyond), (&whole.by_key, whole.beyond), "{i} {j} {limit}");
                }
            }
            assert!(exact > 10, "{limit}");
        }
    }

    #[test]
    fn tables_as_data() {
        let table = table(&["b", "a", "b", "c"], 2);
        let json = serde_json::to_string(&table).unwrap();
        assert_eq!(json, r#"{"rows":[["a",1],["b",2]],"others":1}"#);
        let read: Table<String> = serde_json::from_str(&json).unwrap();
        assert_eq!((&read.by_key, read.beyond), (&table.by_key, table.beyond));
        let long = format!(r#"{{"rows":[["{}",1]],"others":0}}"#, "a".repeat(LONGEST + 1));
        for wrong in [r#"{"rows":[["a",1],["a",2]],"others":1}"#, r#"{"rows":[["a",-1]],"others":1}"#, "{}", &long] {
            assert!(serde_json::from_str::<Table<String>>(wrong).is_err(), "{wrong}");
        }
    }
}
