//! The memory of closed streams, so that an event after the end of its stream is known as such.

use alloc::collections::{BTreeMap, VecDeque};

use super::SPARE_ENTRIES;
use super::key::Key;

/// The IDs of the streams that were closed last.
#[derive(Clone, Debug, Default)]
pub(super) struct Closed {
    /// Sequence number of each ID's last CLOSED.
    by_key: BTreeMap<Key, u64>,
    /// IDs in the order of their CLOSED, each with its sequence number. An entry is outdated if `by_key` has no such
    /// ID, or another number for it.
    in_order: VecDeque<(u64, Key)>,
    /// Number of streams that were ever added: the sequence number of the last CLOSED.
    total: u64,
}

impl Closed {
    /// Adds a stream, and removes the one that was closed first if there are more than `limit`.
    pub(super) fn add(&mut self, key: Key, limit: usize) {
        self.total += 1;
        self.by_key.insert(key, self.total);
        self.in_order.push_back((self.total, key));
        while self.by_key.len() > limit {
            let Some((number, oldest)) = self.in_order.pop_front() else { return };
            if self.by_key.get(&oldest) == Some(&number) {
                self.by_key.remove(&oldest);
            }
        }
        // The outdated entries are removed once they are the majority: constant time per stream.
        if self.in_order.len() > 2 * self.by_key.len() + SPARE_ENTRIES {
            let by_key = &self.by_key;
            self.in_order.retain(|(number, key)| by_key.get(key) == Some(number));
        }
    }

    /// Removes a stream, since another begins with its ID.
    pub(super) fn remove(&mut self, key: Key) {
        self.by_key.remove(&key);
    }

    /// Returns `true` if a stream with this ID was closed, and no other has begun since.
    pub(super) fn contains(&self, key: Key) -> bool {
        self.by_key.contains_key(&key)
    }

    /// Returns the number of streams that are remembered.
    pub(super) fn len(&self) -> usize {
        self.by_key.len()
    }

    /// Returns the number of streams that were ever added.
    pub(super) const fn total(&self) -> u64 {
        self.total
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use alloc::vec::Vec;

    /// Outdated entries stay until they are the majority and more than 64. Then all of them are removed.
    #[test]
    fn outdated_entries() {
        let mut closed = Closed::default();
        for id in 100..200 {
            closed.add(Key::new(&id.to_string()), usize::MAX);
        }
        // A stream that is closed and begins again leaves an outdated entry each time.
        let key = Key::new("1");
        let lens: Vec<_> = (0..1000)
            .map(|_| {
                closed.add(key, usize::MAX);
                let len = closed.in_order.len();
                closed.remove(key);
                len
            })
            .collect();
        assert!((101..=2 * 101 + 64).cycle().take(1000).eq(lens));
    }
}
