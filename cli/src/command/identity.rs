//! Identities: what tor keeps the streams of one client apart by.
//!
//! tor lets streams share a circuit only if they agree in every field that one of them has in its `ISO_FIELDS`. The values of
//! those fields are a stream's identity. Not every event tells them all: tor prints a client's address and the target as it
//! was asked for with NEW only, and a log may begin later, or come from a tor that prints no credentials. A value that is not
//! known neither joins two identities nor sets them apart.

use alloc::borrow::Cow;
use alloc::collections::{BTreeMap, BTreeSet};
use core::fmt::Write;
use core::hash::BuildHasher;
use std::collections::HashMap;
use std::hash::RandomState;

use tor_stream_event::{IsoField, StreamEventRef, StreamStatus};

/// The fields, in the order in which names show them.
pub(crate) const FIELDS: [IsoField; 9] = [
    IsoField::SocksUsername,
    IsoField::SocksPassword,
    IsoField::ClientAddr,
    IsoField::ClientPort,
    IsoField::DestAddr,
    IsoField::DestPort,
    IsoField::ClientProtocol,
    IsoField::SessionGroup,
    IsoField::NymEpoch,
];

/// A set of fields, by their places in [`FIELDS`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Fields(u16);

impl Fields {
    /// The fields by which tor keeps streams apart unless it is told otherwise: the isolation flags of a listener without options.
    const DEFAULT: Self = Self(0b1_1000_0111);

    /// Returns the fields of `ISO_FIELDS`. One that has no name here is left out: its values are not known.
    fn of(event: &StreamEventRef<'_>) -> Option<Self> {
        event.iso_fields_str()?;
        let place = |field| FIELDS.iter().position(|&known| known == field);
        Some(event.iso_fields().filter_map(place).fold(Self(0), |fields, place| Self(fields.0 | 1 << place)))
    }

    /// Returns `true` if the field at this place is one of them.
    pub(crate) const fn has(self, place: usize) -> bool {
        self.0 >> place & 1 == 1
    }

    /// Adds the field at this place.
    pub(crate) const fn add(&mut self, place: usize) {
        self.0 |= 1 << place;
    }

    /// Returns `true` if there are none.
    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns their names.
    pub(crate) fn names(self) -> impl Iterator<Item = &'static str> {
        FIELDS.iter().enumerate().filter(move |&(place, _)| self.has(place)).map(|(_, field)| field.as_str())
    }
}

/// Values of the fields, each as a number: equal numbers stand for equal values.
///
/// Text becomes a hash with a random key, so that no credential is kept that will not be shown. Whoever writes a log cannot
/// choose two texts with one hash, and of 100,000 values two have the same with a chance of one in 3 billion.
type Values = [Option<u64>; FIELDS.len()];

/// The key of the hashes, the same for all of a run; and whether the text of the values is kept as well.
#[derive(Clone, Debug)]
pub(crate) struct Hasher {
    /// The key.
    key: RandomState,
    /// Whether text is kept.
    keeps_text: bool,
}

/// The text of values, as it is shown.
type Texts = [Option<Box<str>>; FIELDS.len()];

/// The facts that a stream's events tell about its identity.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    /// `ISO_FIELDS`, if any event has it.
    iso_fields: Option<Fields>,
    /// The first value of each field.
    pub(crate) values: Values,
    /// Fields with another value later, which tor never prints.
    pub(crate) changed: Fields,
    /// The text of the values, if that is to be shown.
    texts: Option<Box<Texts>>,
}

impl Hasher {
    /// Returns a new key. With `keeps_text`, the text of values is kept, to be shown.
    pub(crate) fn new(keeps_text: bool) -> Self {
        Self { key: RandomState::new(), keeps_text }
    }

    /// Returns what an event tells.
    pub(crate) fn facts(&self, event: &StreamEventRef<'_>) -> Facts {
        let mut facts = Facts {
            iso_fields: Fields::of(event),
            values: [None; FIELDS.len()],
            changed: Fields(0),
            texts: self.keeps_text.then(Box::default),
        };
        // tor prints the last four fields with every event, or is too old for credentials: with them, an absent one is known.
        let prints_all = event.nym_epoch().is_some() && event.iso_fields_str().is_some();
        let begins = matches!(event.status, StreamStatus::New | StreamStatus::NewResolve);
        for (place, field) in FIELDS.into_iter().enumerate() {
            let quoted = match field {
                IsoField::SocksUsername => event.socks_username(),
                IsoField::SocksPassword => event.socks_password(),
                _ => None,
            };
            let text: Option<Cow<'_, str>> = match field {
                IsoField::SocksUsername | IsoField::SocksPassword => match quoted {
                    Some(quoted) => Some(format!("\"{}\"", quoted.escaped()).into()),
                    // A damaged one is not known.
                    None if prints_all && event.arg(field.as_str()).is_none() => Some("(none)".into()),
                    None => None,
                },
                IsoField::ClientAddr => event.source_host().map(lower_case),
                IsoField::ClientPort => event.source_port().map(|port| port.to_string().into()),
                // Later ones may have an address instead of the name that the client asked for.
                IsoField::DestAddr => begins.then(|| lower_case(event.target_host)),
                IsoField::DestPort => begins.then(|| event.target_port.to_string().into()),
                IsoField::ClientProtocol => event.client_protocol_str().map(Cow::Borrowed),
                IsoField::SessionGroup => event.session_group().map(|group| group.to_string().into()),
                IsoField::NymEpoch => event.nym_epoch().map(|epoch| epoch.to_string().into()),
                _ => None,
            };
            let Some(text) = text else { continue };
            let hash = match (field, event.target_host) {
                // All names that are not UTF-8 have the same text.
                (IsoField::DestAddr, "\u{FFFD}") => self.key.hash_one(event.target_bytes()),
                _ => self.key.hash_one(&*text),
            };
            facts.set(place, hash);
            if let Some(kept) = facts.texts.as_mut().and_then(|texts| texts.get_mut(place)) {
                *kept = Some(text.into());
            }
        }
        facts
    }
}

/// Returns a name or address as tor compares it.
fn lower_case(text: &str) -> Cow<'_, str> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) { text.to_ascii_lowercase().into() } else { text.into() }
}

impl Facts {
    /// Sets the value of the field at this place.
    fn set(&mut self, place: usize, value: u64) {
        if let Some(known) = self.values.get_mut(place) {
            *known = Some(value);
        }
    }

    /// Adds what later events tell.
    pub(crate) fn append(&mut self, later: Self) {
        self.iso_fields = match (self.iso_fields, later.iso_fields) {
            (Some(ours), Some(theirs)) => Some(Fields(ours.0 | theirs.0)),
            (ours, theirs) => ours.or(theirs),
        };
        self.changed.0 |= later.changed.0;
        for (place, (ours, theirs)) in self.values.iter_mut().zip(later.values).enumerate() {
            match (&ours, theirs) {
                (None, _) => *ours = theirs,
                (Some(ours), Some(theirs)) if *ours != theirs => self.changed.add(place),
                _ => {}
            }
        }
        match (&mut self.texts, later.texts) {
            (Some(ours), Some(theirs)) => fill(ours, *theirs),
            (ours, theirs) => *ours = ours.take().or(theirs),
        }
    }

    /// Returns the fields that the stream is kept apart by. An event without `ISO_FIELDS` is from a tor that does not print
    /// them, or was shortened: then those of a tor without options.
    pub(crate) fn iso_fields(&self) -> Fields {
        self.iso_fields.unwrap_or(Fields::DEFAULT)
    }
}

/// Takes the texts that are not known yet.
fn fill(texts: &mut Texts, others: Texts) {
    for (text, other) in texts.iter_mut().zip(others) {
        if text.is_none() {
            *text = other;
        }
    }
}

/// The identities of a run, numbered from 1 in the order in which they come.
pub(crate) struct Identities {
    /// The identity of streams with exactly these values of these fields, and not others; and the [`Group::changes`] after which
    /// that was found out. `None` if it may be one of several.
    exact: HashMap<(Fields, Values), (Option<usize>, u64)>,
    /// The identities.
    all: Vec<Identity>,
    /// Places of the identities by their fields: those of which all is known, and those of which something is not.
    by_fields: HashMap<Fields, Group>,
    /// Maximum number of entries.
    limit: usize,
}

/// An identity.
struct Identity {
    /// Its fields.
    fields: Fields,
    /// Their values, as far as they are known.
    values: Values,
    /// Their text.
    texts: Option<Box<Texts>>,
}

/// Places of identities with the same fields.
#[derive(Default)]
struct Group {
    /// The places, by the fields whose values are known.
    by_known: BTreeMap<Fields, BTreeSet<usize>>,
    /// Number of times that one was added or learnt a value.
    changes: u64,
}

impl Identities {
    /// The most identities that a stream is compared with of which other values are known than of the stream. If there are more,
    /// it could be many of them, as a rule; and the time for a stream has to stay bounded.
    const COMPARED: usize = 1000;

    /// Returns a table for this many.
    pub(crate) fn new(limit: usize) -> Self {
        Self { exact: HashMap::new(), all: Vec::new(), by_fields: HashMap::new(), limit }
    }

    /// Returns the place of a stream's identity. A new one is given to a stream that is known to differ from all others.
    /// `None` if nothing is known of it, or if it may be one of several.
    pub(crate) fn place(&mut self, facts: &Facts) -> Option<usize> {
        let fields = facts.iso_fields();
        let mut values = facts.values;
        values.iter_mut().enumerate().filter(|&(place, _)| !fields.has(place)).for_each(|(_, value)| *value = None);
        if values.iter().all(Option::is_none) {
            return None;
        }
        let found = self.exact.get(&(fields, values)).copied();
        if found.is_none() && self.exact.len() >= self.limit {
            return None;
        }
        let known = known_fields(&values);
        self.by_fields.entry(fields).or_default();
        let group = self.by_fields.get(&fields)?;
        // What is known for certain stays so. Others may be one of several by now.
        let is_certain = |place: Option<usize>| known == fields && place.is_some();
        if let Some((place, _)) = found.filter(|&(place, changes)| is_certain(place) || changes == group.changes) {
            return place;
        }
        // Of two of which the same is known the values differ, or they would be the same.
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
        self.exact.insert((fields, values), (place, changes));
        place
    }

    /// Returns the values of an identity.
    fn values(&self, place: usize) -> Option<&Values> {
        self.all.get(place).map(|identity| &identity.values)
    }

    /// Adds what a stream tells of its identity.
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
            self.exact.insert((fields, identity.values), (Some(place), group.changes));
        }
    }

    /// Returns how an identity is shown: `#1`, and by its values if their text was kept.
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
    let mut fields = Fields(0);
    values.iter().enumerate().filter(|(_, value)| value.is_some()).for_each(|(place, _)| fields.add(place));
    fields
}

impl Identity {
    /// Takes the values of a stream that are not known yet.
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

    /// Returns what is told of a stream with these values, which is kept apart by them.
    fn facts(values: [Option<u64>; 3]) -> Facts {
        let mut facts = Facts { iso_fields: Some(Fields(0b111)), ..Facts::default() };
        values
            .into_iter()
            .enumerate()
            .filter_map(|(place, value)| Some((place, value?)))
            .for_each(|(place, value)| facts.set(place, value));
        facts
    }

    /// An identity grows by what its streams tell, and never becomes that of a stream which is known to differ.
    #[test]
    fn unknown_values() {
        let mut identities = Identities::new(100);
        for (values, place) in [
            ([Some(1), None, None], Some(0)),
            ([None, Some(2), None], Some(0)),
            ([Some(1), Some(2), None], Some(0)),
            ([Some(1), Some(3), None], Some(1)),
            // It may be either by now.
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

    /// Of logs that never tell a value, such as the client's address, there is no end of identities.
    #[test]
    fn many_with_the_same_unknown_value() {
        let mut identities = Identities::new(10_000);
        for round in 0..2 {
            for user in 0..5000 {
                let place = identities.place(&facts([Some(user), Some(0), None]));
                assert_eq!(place, usize::try_from(user).ok(), "{round}");
            }
        }
        // There is room for so many only.
        let mut identities = Identities::new(2);
        let places = [1, 2, 3, 1].map(|user| identities.place(&facts([Some(user), None, None])));
        assert_eq!(places, [Some(0), Some(1), None, Some(0)]);
    }
}
