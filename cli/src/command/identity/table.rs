//! The table of the identities of a run.

use alloc::collections::{BTreeMap, BTreeSet};
use core::fmt::Write;
use core::hash::{Hash, Hasher};
use std::collections::HashMap;

use super::facts::{FIELDS, Fields, IdentityFacts, Texts, Values, fill};
use crate::output::table::count;
use crate::report;

/// The identities of a run, numbered from 1 in the order in which they are found.
pub(crate) struct Identities {
    /// Results for streams with exactly these values of these fields.
    cache: HashMap<Exact, Cached>,
    /// The identities, by index.
    identities: Vec<Identity>,
    /// Indices of the identities by their fields.
    by_fields: HashMap<Fields, Group>,
    /// Maximum number of cached results, and so of identities. Only [`learn`](Self::learn) goes beyond it: it adds a result each time
    /// that an identity gains values, which is fewer times than there are [`FIELDS`].
    limit: usize,
    /// Number of streams whose identity is unknown because there was no room for another result.
    no_room: u64,
}

/// The result for streams with the same values.
#[derive(Clone, Copy)]
struct Cached {
    /// Index of the identity. `None` if several are possible.
    identity: Option<usize>,
    /// [`Group::changes`] when the result was found.
    changes: u64,
}

/// The number of identities that fit a stream.
enum Fitting {
    /// No identity.
    Zero,
    /// Only the identity with this index.
    One(usize),
    /// Several, or more than the stream is compared with.
    Several,
}

/// Fields with their known values, as a key.
#[derive(PartialEq, Eq)]
struct Exact(Fields, Values);

impl Hash for Exact {
    /// Hashes a single number into which all values are mixed: they are hashes with a random key themselves. The factor is 2⁶⁴
    /// divided by the golden ratio, whose multiples are spread evenly; the rotation makes the order of the values count.
    fn hash<H: Hasher>(&self, state: &mut H) {
        let Self(Fields(fields), values) = self;
        let mix = |all: u64, value: &Option<u64>| {
            (all.rotate_left(5) ^ value.unwrap_or_default()).wrapping_mul(0x9E37_79B9_7F4A_7C15)
        };
        state.write_u64(values.iter().fold((*fields).into(), mix));
    }
}

/// An identity.
struct Identity {
    /// Fields of the identity.
    fields: Fields,
    /// Known values of the fields.
    values: Values,
    /// Text of the values, if it is kept.
    texts: Option<Box<Texts>>,
}

/// The indices of identities with the same fields.
#[derive(Default)]
struct Group {
    /// Indices by the fields whose values are known.
    by_known: BTreeMap<Fields, BTreeSet<usize>>,
    /// Number of times that an identity was added or gained a value.
    changes: u64,
}

impl Identities {
    /// Maximum number of identities that a stream is compared with, which bounds the time for a stream. Of more than these, several
    /// usually fit.
    const MAX_COMPARED: usize = 1000;

    /// Returns a table of at most `limit` identities.
    pub(crate) fn new(limit: usize) -> Self {
        Self { cache: HashMap::new(), identities: Vec::new(), by_fields: HashMap::new(), limit, no_room: 0 }
    }

    /// Returns the index of a stream's identity. A stream that fits none gets a new one. `None` if all its values are unknown, if
    /// several identities are possible, or if there is no room for another result.
    pub(crate) fn index_of(&mut self, facts: &IdentityFacts) -> Option<usize> {
        let fields = facts.iso_fields();
        let values = values_of(fields, facts.values);
        if values.iter().all(Option::is_none) {
            return None;
        }
        let cached = self.cache.get(&Exact(fields, values)).copied();
        match cached {
            Some(cached) if self.is_still_right(cached, fields, &values) => return cached.identity,
            None if self.cache.len() >= self.limit => {
                self.no_room += 1;
                return None;
            }
            _ => {}
        }
        let identity = match self.find(fields, &values, cached.and_then(|cached| cached.identity)) {
            Fitting::One(identity) => Some(identity),
            Fitting::Zero => Some(self.add_empty(fields, facts.texts.is_some())),
            Fitting::Several => None,
        };
        if let Some(identity) = identity {
            self.learn(identity, fields, &values, facts.texts.as_deref());
        }
        let changes = self.changes(fields);
        self.cache.insert(Exact(fields, values), Cached { identity, changes });
        identity
    }

    /// Returns `true` if a result, which was found earlier for these values of these fields, would be found again.
    fn is_still_right(&self, cached: Cached, fields: Fields, values: &Values) -> bool {
        // If all fields are known, an identity stays the only possible one. Any other result may change with each change
        // of the group.
        let is_final = cached.identity.is_some() && known_fields(values) == fields;
        is_final || cached.changes == self.changes(fields)
    }

    /// Returns the number of changes of the group of identities with these fields.
    fn changes(&self, fields: Fields) -> u64 {
        self.by_fields.get(&fields).map_or(0, |group| group.changes)
    }

    /// Adds an identity without known values, and returns its index. Its first values, and its entries in its group and in the
    /// cache, come from [`learn`](Self::learn).
    fn add_empty(&mut self, fields: Fields, has_texts: bool) -> usize {
        self.by_fields.entry(fields).or_default();
        let texts = has_texts.then(Box::default);
        self.identities.push(Identity { values: [None; FIELDS.len()], texts, fields });
        self.identities.len() - 1
    }

    /// Searches for the identities that may be those of a stream with these values. `cached` is the identity in the
    /// cache for these values: that of an earlier stream, or one that [`learn`](Self::learn) put there.
    fn find(&self, fields: Fields, values: &Values, cached: Option<usize>) -> Fitting {
        // An identity is added for a stream that fits none, and gains values only from streams that fit it alone. So any two
        // identities of a group differ in a known value, and one with exactly these values is the only one that fits. The cache
        // has each identity under its present values, since `learn` puts it there.
        let exact = cached.filter(|&identity| self.values(identity) == Some(values));
        if let Some(identity) = exact {
            return Fitting::One(identity);
        }
        // Any other identity with the same known fields differs in one of these values.
        let known = known_fields(values);
        let by_known = self.by_fields.get(&fields).into_iter().flat_map(|group| &group.by_known);
        let others = by_known.filter(|&(&other, _)| other != known).map(|(_, identities)| identities);
        if others.clone().map(BTreeSet::len).sum::<usize>() > Self::MAX_COMPARED {
            return Fitting::Several;
        }
        let mut fitting = others.flatten().copied().filter(|&identity| {
            self.values(identity).is_some_and(|known| {
                let mut pairs = known.iter().zip(values);
                pairs.all(|(ours, theirs)| ours.is_none() || theirs.is_none() || ours == theirs)
            })
        });
        match (fitting.next(), fitting.next()) {
            (Some(identity), None) => Fitting::One(identity),
            (None, _) => Fitting::Zero,
            _ => Fitting::Several,
        }
    }

    /// Reports the streams whose identity is unknown for want of room. Returns `false` if there are any.
    pub(crate) fn report_no_room(&self) -> bool {
        if self.no_room > 0 {
            report(format_args!(
                "tor-streams: {} without an identity for want of room; --max-live makes room",
                count(self.no_room, "stream")
            ));
        }
        self.no_room == 0
    }

    /// Returns the values of an identity.
    fn values(&self, index: usize) -> Option<&Values> {
        self.identities.get(index).map(|identity| &identity.values)
    }

    /// Adds the facts of a stream to its identity.
    fn learn(&mut self, index: usize, fields: Fields, values: &Values, texts: Option<&Texts>) {
        let (Some(identity), Some(group)) = (self.identities.get_mut(index), self.by_fields.get_mut(&fields)) else {
            return;
        };
        let before = known_fields(&identity.values);
        identity.learn(values, texts);
        let after = known_fields(&identity.values);
        if after != before {
            group.changes += 1;
            if let Some(indices) = group.by_known.get_mut(&before) {
                indices.remove(&index);
            }
            group.by_known.entry(after).or_default().insert(index);
            let cached = Cached { identity: Some(index), changes: group.changes };
            self.cache.insert(Exact(fields, identity.values), cached);
        }
    }

    /// Returns the label of an identity: `#1`, and its values if their text was kept.
    pub(crate) fn label(&self, index: usize) -> String {
        let mut label = format!("#{}", index + 1);
        let Some((fields, texts)) =
            self.identities.get(index).and_then(|identity| Some((identity.fields, identity.texts.as_ref()?)))
        else {
            return label;
        };
        for (field_index, (field, text)) in FIELDS.iter().zip(&**texts).enumerate() {
            if let Some(text) = text.as_ref().filter(|_| fields.has(field_index)) {
                // Writing to a text cannot fail.
                let _ = write!(label, " {field}={text}");
            }
        }
        label
    }
}

/// Returns the values of these fields alone.
fn values_of(fields: Fields, mut values: Values) -> Values {
    values.iter_mut().enumerate().filter(|&(index, _)| !fields.has(index)).for_each(|(_, value)| *value = None);
    values
}

/// Returns the fields whose values are known.
fn known_fields(values: &Values) -> Fields {
    let mut fields = Fields::default();
    values.iter().enumerate().filter(|(_, value)| value.is_some()).for_each(|(index, _)| fields.add(index));
    fields
}

impl Identity {
    /// Fills in the values that are unknown so far.
    fn learn(&mut self, values: &Values, texts: Option<&Texts>) {
        for (ours, theirs) in self.values.iter_mut().zip(values) {
            *ours = ours.or(*theirs);
        }
        if let (Some(ours), Some(theirs)) = (&mut self.texts, texts) {
            fill(ours, theirs.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the facts of a stream that is kept apart by these values.
    fn facts(values: [Option<u64>; 3]) -> IdentityFacts {
        let mut facts = IdentityFacts { iso_fields: Some(Fields(0b111)), ..IdentityFacts::default() };
        values
            .into_iter()
            .enumerate()
            .filter_map(|(index, value)| Some((index, value?)))
            .for_each(|(index, value)| facts.set(index, value));
        facts
    }

    /// An identity grows by the values of its streams, and never becomes that of a stream which is known to differ.
    #[test]
    fn unknown_values() {
        let mut identities = Identities::new(100);
        for (values, index) in [
            ([Some(1), None, None], Some(0)),
            ([None, Some(2), None], Some(0)),
            ([Some(1), Some(2), None], Some(0)),
            ([Some(1), Some(3), None], Some(1)),
            // Either identity is possible by now.
            ([Some(1), None, None], None),
            ([None, None, Some(9)], None),
            ([Some(1), Some(2), Some(3)], Some(0)),
            ([Some(1), Some(2), Some(4)], Some(2)),
            ([Some(1), Some(2), None], None),
            ([Some(1), Some(2), Some(3)], Some(0)),
            ([None, Some(3), None], Some(1)),
            ([None; 3], None),
        ] {
            assert_eq!(identities.index_of(&facts(values)), index, "{values:?}");
        }
    }

    /// A stream has the identity with exactly its values, however many others there are: an identity is never made twice.
    #[test]
    fn one_of_very_many() {
        let mut identities = Identities::new(10_000);
        let first = facts([Some(u64::MAX), Some(0), None]);
        assert_eq!(identities.index_of(&first), Some(0));
        for user in 1..=Identities::MAX_COMPARED + 1 {
            assert_eq!(identities.index_of(&facts([Some(user as u64), Some(0), Some(7)])), Some(user));
        }
        assert_eq!(identities.index_of(&first), Some(0));
    }

    /// Streams of which the same values are known are not compared with each other, so they may have any number of identities.
    #[test]
    fn many_with_the_same_unknown_value() {
        // More than `MAX_COMPARED`.
        let mut identities = Identities::new(10_000);
        for round in 0..2 {
            for user in 0..5000 {
                let index = identities.index_of(&facts([Some(user), Some(0), None]));
                assert_eq!(index, usize::try_from(user).ok(), "{round}");
            }
        }
        // The third user finds no room.
        let mut identities = Identities::new(2);
        let indices = [1, 2, 3, 1].map(|user| identities.index_of(&facts([Some(user), None, None])));
        assert_eq!(indices, [Some(0), Some(1), None, Some(0)]);
    }
}
