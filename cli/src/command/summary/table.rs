//! Tables of counts, whose size is bounded.

use alloc::collections::BTreeMap;
use core::cmp::Reverse;
use core::mem;

use serde::{Deserialize, Serialize};

/// Maximum length of a text that is counted by itself, in bytes. Hosts have at most 255 bytes, tor's words some 20.
const LONGEST: usize = 1024;

/// The number of occurrences of each key.
///
/// Tables can be merged in any order, and in any grouping, as long as the limit is not reached.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Table<K: Ord> {
    /// Count of each key.
    by_key: BTreeMap<K, u64>,
    /// Total count of all keys beyond the limit.
    beyond: u64,
}

/// A key of a table.
pub(crate) trait Key: Ord + Clone {
    /// Returns the length of the longest text in the key.
    fn longest(&self) -> usize;
}

impl Key for String {
    fn longest(&self) -> usize {
        self.len()
    }
}

impl<K: Ord> Default for Table<K> {
    fn default() -> Self {
        Self { by_key: BTreeMap::new(), beyond: 0 }
    }
}

impl<K: Key> Table<K> {
    /// Counts a key. A new key beyond the limit, or with a longer text than [`LONGEST`], is counted with the others.
    pub(crate) fn add(&mut self, key: K, limit: usize) {
        self.add_times(key, 1, limit);
    }

    /// Adds `times` to the count of a key.
    fn add_times(&mut self, key: K, times: u64, limit: usize) {
        if let Some(count) = self.by_key.get_mut(&key) {
            *count += times;
        } else if self.by_key.len() < limit && key.longest() <= LONGEST {
            self.by_key.insert(key, times);
        } else {
            self.beyond += times;
        }
    }

    /// Returns the number of keys that are counted apart.
    pub(crate) fn len(&self) -> usize {
        self.by_key.len()
    }

    /// Adds the counts of another table.
    pub(crate) fn merge(&mut self, mut other: Self, limit: usize) {
        self.beyond += other.beyond;
        // The smaller map is merged into the larger one, unless the order decides the keys beyond the limit.
        if self.by_key.len() < other.by_key.len() && self.by_key.len() + other.by_key.len() <= limit {
            mem::swap(&mut self.by_key, &mut other.by_key);
        }
        for (key, count) in other.by_key {
            self.add_times(key, count, limit);
        }
    }

    /// Returns `true` if another table and then `more` new keys can be added with the same result as counting each key
    /// in turn.
    pub(crate) fn merges_exactly(&self, other: &Self, more: usize, limit: usize) -> bool {
        self.by_key.len() >= limit || self.by_key.len() + other.by_key.len() + more <= limit
    }

    /// Returns the keys by their counts.
    pub(crate) fn rows(&self) -> Rows<&K> {
        Rows::new(self.by_key.iter().map(|(key, &count)| (key, count)).collect(), self.beyond)
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
    fn new(mut rows: Vec<(K, u64)>, beyond: u64) -> Self {
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

/// The number of occurrences of each word of tor. Words with a name are counted by its number, which is faster than by
/// text.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Words {
    /// Counts of words with a name, by its number.
    named: Vec<u64>,
    /// Counts of words without a name.
    unnamed: Table<String>,
}

impl Words {
    /// Counts a word, by its number if it has a name.
    pub(crate) fn add(&mut self, number: Option<usize>, text: &str, limit: usize) {
        let Some(number) = number else {
            return self.unnamed.add_text(text, limit);
        };
        if self.named.len() <= number {
            self.named.resize(number + 1, 0);
        }
        if let Some(count) = self.named.get_mut(number) {
            *count += 1;
        }
    }

    /// Adds the counts of another table.
    pub(crate) fn merge(&mut self, other: Self, limit: usize) {
        self.named.resize(self.named.len().max(other.named.len()), 0);
        for (ours, theirs) in self.named.iter_mut().zip(other.named) {
            *ours += theirs;
        }
        self.unnamed.merge(other.unnamed, limit);
    }

    /// Returns [`Table::merges_exactly`] for the words without a name.
    pub(crate) fn merges_exactly(&self, other: &Self, more: usize, limit: usize) -> bool {
        self.unnamed.merges_exactly(&other.unnamed, more, limit)
    }

    /// Returns the number of words without a name.
    pub(crate) fn unnamed(&self) -> usize {
        self.unnamed.by_key.len()
    }

    /// Returns the words by their counts. `names` are the texts of words with a name.
    pub(crate) fn rows(&self, names: impl Iterator<Item = &'static str>) -> Rows<&str> {
        let named = names.zip(&self.named).filter(|&(_, &count)| count > 0).map(|(name, &count)| (name, count));
        let unnamed = self.unnamed.by_key.iter().map(|(word, &count)| (word.as_str(), count));
        let mut rows: Vec<_> = named.chain(unnamed).collect();
        rows.sort_unstable();
        Rows::new(rows, self.unnamed.beyond)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a table of texts.
    fn table(texts: &[&str], limit: usize) -> Table<String> {
        let mut table = Table::default();
        texts.iter().for_each(|text| table.add_text(text, limit));
        table
    }

    /// Every way to cut a list of texts in three gives the table of the whole list, in both groupings, wherever
    /// `merges_exactly` says so, and in all cases without a limit.
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
    fn words_by_number_or_text() {
        let mut words = Words::default();
        words.add(Some(2), "C", 1);
        words.add(None, "X", 1);
        words.add(None, "Y", 1);
        let mut others = Words::default();
        others.add(Some(2), "C", 1);
        others.add(Some(4), "E", 1);
        others.add(None, "Y", 1);
        words.merge(others, 1);
        let Rows { rows, beyond } = words.rows(["A", "B", "C", "D", "E"].into_iter());
        assert_eq!((rows, beyond), (vec![("C", 2), ("E", 1), ("X", 1)], 2));
    }
}
