//! Groups of streams or events that agree in some columns, with their numbers.

use core::cmp::Reverse;
use std::collections::HashMap;

use super::column::Value;

/// Values of the columns that a group has in common, in the order of the columns.
pub(super) type GroupKey = Box<[Value]>;

/// Groups of the events in a range, or since the last output, in the order in which they were found. The table has no limit
/// of its own: the consumer of a log often passes on its groups and starts with an empty table, and a range with too many groups
/// is given up.
#[derive(Debug, Default)]
pub(super) struct NewGroups {
    /// Index of each group in `counts`.
    indices: HashMap<GroupKey, usize>,
    /// Number of events in each group.
    counts: Vec<u64>,
}

impl NewGroups {
    /// Adds events to a group.
    pub(super) fn add(&mut self, key: GroupKey, number: u64) {
        let next = self.counts.len();
        let index = *self.indices.entry(key).or_insert(next);
        match self.counts.get_mut(index) {
            Some(count) => *count += number,
            None => self.counts.push(number),
        }
    }

    /// Returns the number of groups.
    pub(super) fn len(&self) -> usize {
        self.counts.len()
    }

    /// Returns `true` if there are no groups.
    pub(super) fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// Returns the groups and their numbers, in the order in which they were found.
    pub(super) fn into_groups(self) -> impl Iterator<Item = (GroupKey, u64)> {
        let mut keys: Vec<_> = self.indices.into_iter().collect();
        keys.sort_unstable_by_key(|&(_, index)| index);
        keys.into_iter().zip(self.counts).map(|((key, _), count)| (key, count))
    }
}

/// The groups of all logs.
pub(super) struct Groups {
    /// Number of streams or events in each group.
    counts: HashMap<GroupKey, u64>,
    /// Maximum number of groups.
    limit: usize,
    /// Number of streams or events in groups for which there was no room.
    pub(super) left_out: u64,
    /// Number of all streams or events.
    pub(super) total: u64,
}

/// The order of printed groups.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum GroupOrder {
    /// The largest group first; equal ones by their values.
    LargestFirst,
    /// By the first column, a time, and then the largest group first.
    ByTime,
}

/// The groups to be printed, in order.
pub(super) struct SortedGroups {
    /// Groups and their numbers.
    pub(super) groups: Vec<(GroupKey, u64)>,
    /// Number of streams or events in all other groups; 0 if there are none.
    pub(super) others: u64,
    /// Number of all streams or events.
    pub(super) total: u64,
}

impl Groups {
    /// Returns an empty table of at most `limit` groups.
    pub(super) fn new(limit: usize) -> Self {
        Self { counts: HashMap::new(), limit, left_out: 0, total: 0 }
    }

    /// Adds streams or events to a group. Once the table is full, those of a new group are left out of it, and only
    /// counted; so are those with a text that is too long.
    pub(super) fn add(&mut self, key: GroupKey, number: u64) {
        self.total += number;
        let is_full = self.counts.len() >= self.limit;
        match self.counts.get_mut(&key) {
            Some(count) => *count += number,
            None if is_full || key.iter().any(Value::is_too_long) => self.left_out += number,
            None => drop(self.counts.insert(key, number)),
        }
    }

    /// Returns the largest groups, at most `top` of them, in an order.
    pub(super) fn sorted(self, top: Option<usize>, order: GroupOrder) -> SortedGroups {
        let mut groups: Vec<_> = self.counts.into_iter().collect();
        groups.sort_unstable_by(|(key, count), (other_key, other_count)| {
            (Reverse(count), key).cmp(&(Reverse(other_count), other_key))
        });
        groups.truncate(top.unwrap_or(usize::MAX));
        if order == GroupOrder::ByTime {
            // This order is stable: groups of one time stay as they are, the largest first.
            groups.sort_by(|(key, _), (other_key, _)| key.first().cmp(&other_key.first()));
        }
        let printed: u64 = groups.iter().map(|(_, count)| count).sum();
        SortedGroups { groups, others: self.total - printed, total: self.total }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the key of a port.
    fn key(port: u64) -> GroupKey {
        Box::new([Value::Number(port)])
    }

    #[test]
    fn found_in_order() {
        let mut found = NewGroups::default();
        for port in [443, 80, 443, 22, 80, 443] {
            found.add(key(port), 1);
        }
        assert_eq!(found.into_groups().collect::<Vec<_>>(), [(key(443), 3), (key(80), 2), (key(22), 1)]);
    }

    #[test]
    fn a_full_table_counts_the_others() {
        let mut groups = Groups::new(2);
        for port in [443, 80, 22, 443, 80, 80, 25] {
            groups.add(key(port), 1);
        }
        assert_eq!((groups.left_out, groups.total), (2, 7));
        let sorted = groups.sorted(Some(1), GroupOrder::LargestFirst);
        assert_eq!((sorted.groups, sorted.others, sorted.total), (vec![(key(80), 3)], 4, 7));
    }

    #[test]
    fn long_texts_are_left_out() {
        let mut groups = Groups::new(2);
        for len in [Value::MAX_LEN, Value::MAX_LEN + 1] {
            groups.add(Box::new([Value::Text("x".repeat(len).into())]), 1);
        }
        assert_eq!((groups.left_out, groups.sorted(None, GroupOrder::LargestFirst).groups.len()), (1, 1));
    }

    #[test]
    fn order() {
        // Groups of a time and a port, each with its number of events. Two have the same number, and two the same time.
        let groups = [([20, 443], 1), ([10, 80], 1), ([20, 22], 5)];
        let sorted = |order| {
            let mut table = Groups::new(9);
            for (values, number) in groups {
                table.add(Box::new(values.map(Value::Number)), number);
            }
            table.sorted(None, order).groups
        };
        let expected = |order: [usize; 3]| {
            order.map(|index| (GroupKey::from(groups[index].0.map(Value::Number)), groups[index].1))
        };
        assert_eq!(sorted(GroupOrder::LargestFirst), expected([2, 1, 0]));
        assert_eq!(sorted(GroupOrder::ByTime), expected([1, 2, 0]));
        // IDs are in the order of numbers, and groups without one come last.
        let id = |text: &str| Value::Id(text.len(), text.into());
        assert!(id("9") < id("10") && id("10") < Value::Absent);
    }
}
