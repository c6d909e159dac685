//! The table of the identities of a run.

use alloc::collections::{BTreeMap, BTreeSet};
use core::fmt::Write;
use core::hash::Hash;
use std::collections::HashMap;

use super::facts::{FIELDS, Facts, Fields, Texts, Values, fill};

/// The identities of a run, numbered from 1 in the order in which they are found.
pub(crate) struct Identities {
    /// Identity of streams with exactly these values of these fields and no others, or `None` if several are possible;
    /// and the [`Group::changes`] at which it was found.
    exact: HashMap<Exact, (Option<usize>, u64)>,
    /// Identities by index.
    all: Vec<Identity>,
    /// Indices of the identities by their fields.
    by_fields: HashMap<Fields, Group>,
    /// Maximum number of entries.
    limit: usize,
}

/// Fields with their known values, as a key.
#[derive(PartialEq, Eq)]
struct Exact(Fields, Values);

impl Hash for Exact {
    /// Hashes one number for all values: these are hashes with a random key themselves.
    fn hash<H: core::hash::Hasher>(&self, state: &mut H) {
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
    /// Maximum number of identities, with other known fields, that a stream is compared with. With more of them,
    /// several usually fit; and the time for a stream has to stay bounded.
    const COMPARED: usize = 1000;

    /// Returns a table of at most `limit` identities.
    pub(crate) fn new(limit: usize) -> Self {
        Self { exact: HashMap::new(), all: Vec::new(), by_fields: HashMap::new(), limit }
    }

    /// Returns the index of a stream's identity. A stream that differs from all others gets a new identity. `None` if
    /// its values are unknown, or if several identities are possible.
    pub(crate) fn place(&mut self, facts: &Facts) -> Option<usize> {
        let fields = facts.iso_fields();
        let mut values = facts.values;
        values.iter_mut().enumerate().filter(|&(place, _)| !fields.has(place)).for_each(|(_, value)| *value = None);
        if values.iter().all(Option::is_none) {
            return None;
        }
        let found = self.exact.get(&Exact(fields, values)).copied();
        if found.is_none() && self.exact.len() >= self.limit {
            return None;
        }
        let known = known_fields(&values);
        // A certain identity stays so. Any other may be one of several by now.
        if let Some((Some(place), _)) = found.filter(|_| known == fields) {
            return Some(place);
        }
        self.by_fields.entry(fields).or_default();
        let group = self.by_fields.get(&fields)?;
        if let Some((place, _)) = found.filter(|&(_, changes)| changes == group.changes) {
            return place;
        }
        // Two identities with the same known fields have different values, or they would be one.
        let same = found.and_then(|(place, _)| place).filter(|&place| self.values(place) == Some(&values));
        let others = group.by_known.iter().filter(|&(&other, _)| other != known).map(|(_, places)| places);
        let too_many = others.clone().map(BTreeSet::len).sum::<usize>() > Self::COMPARED;
        let mut fitting = same.into_iter().chain(others.flatten().copied()).filter(|&place| {
            self.values(place).is_some_and(|identity| {
                let mut both = identity.iter().zip(&values);
                both.all(|(ours, theirs)| ours.is_none() || theirs.is_none() || ours == theirs)
            })
        });
        let place = match (fitting.next(), fitting.next()) {
            _ if too_many => None,
            (Some(place), None) => {
                self.learn(place, fields, &values, facts.texts.as_deref());
                Some(place)
            }
            (None, _) => {
                let place = self.all.len();
                self.all.push(Identity { values: [None; FIELDS.len()], texts: facts.texts.clone(), fields });
                self.learn(place, fields, &values, None);
                Some(place)
            }
            _ => None,
        };
        let changes = self.by_fields.get(&fields).map_or(0, |group| group.changes);
        self.exact.insert(Exact(fields, values), (place, changes));
        place
    }

    /// Returns the values of an identity.
    fn values(&self, place: usize) -> Option<&Values> {
        self.all.get(place).map(|identity| &identity.values)
    }

    /// Adds the facts of a stream to its identity.
    fn learn(&mut self, place: usize, fields: Fields, values: &Values, texts: Option<&Texts>) {
        let (Some(identity), Some(group)) = (self.all.get_mut(place), self.by_fields.get_mut(&fields)) else { return };
        let before = known_fields(&identity.values);
        identity.learn(values, texts);
        let after = known_fields(&identity.values);
        if after != before {
            group.changes += 1;
            if let Some(places) = group.by_known.get_mut(&before) {
                places.remove(&place);
            }
            group.by_known.entry(after).or_default().insert(place);
            self.exact.insert(Exact(fields, identity.values), (Some(place), group.changes));
        }
    }

    /// Returns the label of an identity: `#1`, and its values if their text was kept.
    pub(crate) fn label(&self, place: usize) -> String {
        let mut label = format!("#{}", place + 1);
        let Some((fields, texts)) =
            self.all.get(place).and_then(|identity| Some((identity.fields, identity.texts.as_ref()?)))
        else {
            return label;
        };
        for (place, (field, text)) in FIELDS.iter().zip(&**texts).enumerate() {
            if let Some(text) = text.as_ref().filter(|_| fields.has(place)) {
                // Writing to a text cannot fail.
                let _ = write!(label, " {field}={text}");
            }
        }
        label
    }
}

/// Returns the fields whose values are known.
fn known_fields(values: &Values) -> Fields {
    let mut fields = Fields::default();
    values.iter().enumerate().filter(|(_, value)| value.is_some()).for_each(|(place, _)| fields.add(place));
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
    fn facts(values: [Option<u64>; 3]) -> Facts {
        let mut facts = Facts { iso_fields: Some(Fields(0b111)), ..Facts::default() };
        values
            .into_iter()
            .enumerate()
            .filter_map(|(place, value)| Some((place, value?)))
            .for_each(|(place, value)| facts.set(place, value));
        facts
    }

    /// An identity grows by the values of its streams, and never becomes that of a stream which is known to differ.
    #[test]
    fn unknown_values() {
        let mut identities = Identities::new(100);
        for (values, place) in [
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
            assert_eq!(identities.place(&facts(values)), place, "{values:?}");
        }
    }

    /// Logs without some value, such as the client's address, have an unlimited number of identities.
    #[test]
    fn many_with_the_same_unknown_value() {
        let mut identities = Identities::new(10_000);
        for round in 0..2 {
            for user in 0..5000 {
                let place = identities.place(&facts([Some(user), Some(0), None]));
                assert_eq!(place, usize::try_from(user).ok(), "{round}");
            }
        }
        // Entries are limited.
        let mut identities = Identities::new(2);
        let places = [1, 2, 3, 1].map(|user| identities.place(&facts([Some(user), None, None])));
        assert_eq!(places, [Some(0), Some(1), None, Some(0)]);
    }
}
