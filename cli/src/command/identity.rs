//! Identities: the values by which tor keeps the streams of one client apart.
//!
//! tor lets streams share a circuit only if they agree in every field that one of them has in its `ISO_FIELDS`. The
//! values of those fields are a stream's identity. Not every event has them all: tor prints a client's address and the
//! original target with NEW only, and a log may begin later, or come from a tor that prints no credentials. An unknown
//! value neither joins two identities nor separates them.

use alloc::borrow::Cow;
use alloc::collections::{BTreeMap, BTreeSet};
use core::fmt::Write;
use core::hash::BuildHasher;
use std::collections::HashMap;
use std::hash::RandomState;

use tor_stream_event::{IsoField, StreamEventRef, StreamStatus};

/// Fields of an identity, in the order in which labels list them.
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

/// A set of fields, by their indices in [`FIELDS`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Fields(u16);

impl Fields {
    /// The fields by which tor keeps streams apart by default: the isolation flags of a listener without options.
    const DEFAULT: Self = Self(0b1_1000_0111);

    /// Returns the fields of `ISO_FIELDS`. Fields without a name are left out, since their values are unknown.
    fn of(event: &StreamEventRef<'_>) -> Option<Self> {
        event.iso_fields_str()?;
        let place = |field| FIELDS.iter().position(|&known| known == field);
        Some(event.iso_fields().filter_map(place).fold(Self(0), |fields, place| Self(fields.0 | 1 << place)))
    }

    /// Returns `true` if the field with this index is in the set.
    pub(crate) const fn has(self, place: usize) -> bool {
        self.0 >> place & 1 == 1
    }

    /// Adds the field with this index.
    pub(crate) const fn add(&mut self, place: usize) {
        self.0 |= 1 << place;
    }

    /// Returns `true` if the set is empty.
    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns the names of the fields.
    pub(crate) fn names(self) -> impl Iterator<Item = &'static str> {
        FIELDS.iter().enumerate().filter(move |&(place, _)| self.has(place)).map(|(_, field)| field.as_str())
    }
}

/// Values of the fields, each as a number: equal numbers stand for equal values.
///
/// Text becomes a hash with a random key, so that no credential is kept that will not be shown. The author of a log
/// cannot choose two texts with one hash, and of 100,000 values two have the same with a chance of one in 3 billion.
type Values = [Option<u64>; FIELDS.len()];

/// The source of facts about identities.
#[derive(Clone, Debug)]
pub(crate) struct Hasher {
    /// Key of the hashes, the same for the whole run.
    key: RandomState,
    /// Set to keep the text of values.
    keeps_text: bool,
}

/// The text of values, as shown.
type Texts = [Option<Box<str>>; FIELDS.len()];

/// The facts that a stream's events tell about its identity.
#[derive(Clone, Debug, Default)]
pub(crate) struct Facts {
    /// Fields of `ISO_FIELDS`, if any event has it.
    iso_fields: Option<Fields>,
    /// First value of each field.
    pub(crate) values: Values,
    /// Fields with another value later, which tor never prints.
    pub(crate) changed: Fields,
    /// Text of the values, if it is to be shown.
    texts: Option<Box<Texts>>,
}

impl Hasher {
    /// Returns a source with a new key. With `keeps_text`, facts hold the text of values, to be shown.
    pub(crate) fn new(keeps_text: bool) -> Self {
        Self { key: RandomState::new(), keeps_text }
    }

    /// Returns the facts of an event.
    pub(crate) fn facts(&self, event: &StreamEventRef<'_>) -> Facts {
        let mut facts = Facts {
            iso_fields: Fields::of(event),
            values: [None; FIELDS.len()],
            changed: Fields(0),
            texts: self.keeps_text.then(Box::default),
        };
        // tor prints the last four fields with every event, or is too old for credentials: with these fields, the
        // credentials that are absent are known to be so.
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
                    // A damaged value is unknown.
                    None if prints_all && event.arg(field.as_str()).is_none() => Some("(none)".into()),
                    None => None,
                },
                IsoField::ClientAddr => event.source_host().map(lower_case),
                IsoField::ClientPort => event.source_port().map(|port| port.to_string().into()),
                // Later events may have an address instead of the name that the client asked for.
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

/// Returns a name or address in lower case, as tor compares it.
fn lower_case(text: &str) -> Cow<'_, str> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) { text.to_ascii_lowercase().into() } else { text.into() }
}

impl Facts {
    /// Sets the value of the field with this index.
    fn set(&mut self, place: usize, value: u64) {
        if let Some(known) = self.values.get_mut(place) {
            *known = Some(value);
        }
    }

    /// Adds the facts of later events.
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

    /// Returns the fields that the stream is kept apart by. An event without `ISO_FIELDS` is from a tor that does not
    /// print it, or was shortened: then the fields of a tor without options.
    pub(crate) fn iso_fields(&self) -> Fields {
        self.iso_fields.unwrap_or(Fields::DEFAULT)
    }
}

/// Fills in the texts that are missing.
fn fill(texts: &mut Texts, others: Texts) {
    for (text, other) in texts.iter_mut().zip(others) {
        if text.is_none() {
            *text = other;
        }
    }
}

/// The identities of a run, numbered from 1 in the order in which they are found.
pub(crate) struct Identities {
    /// Identity of streams with exactly these values of these fields and no others, or `None` if several are possible;
    /// and the [`Group::changes`] at which it was found.
    exact: HashMap<(Fields, Values), (Option<usize>, u64)>,
    /// Identities by index.
    all: Vec<Identity>,
    /// Indices of the identities by their fields.
    by_fields: HashMap<Fields, Group>,
    /// Maximum number of entries.
    limit: usize,
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
        let found = self.exact.get(&(fields, values)).copied();
        if found.is_none() && self.exact.len() >= self.limit {
            return None;
        }
        let known = known_fields(&values);
        self.by_fields.entry(fields).or_default();
        let group = self.by_fields.get(&fields)?;
        // A certain identity stays so. Any other may be one of several by now.
        let is_certain = |place: Option<usize>| known == fields && place.is_some();
        if let Some((place, _)) = found.filter(|&(place, changes)| is_certain(place) || changes == group.changes) {
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
        self.exact.insert((fields, values), (place, changes));
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
            self.exact.insert((fields, identity.values), (Some(place), group.changes));
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
    let mut fields = Fields(0);
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
