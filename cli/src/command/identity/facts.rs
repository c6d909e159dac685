//! Facts about a stream's identity, from its events.

use alloc::borrow::Cow;
use core::hash::BuildHasher;
use std::hash::RandomState;

use tor_stream_event::{IsoField, Quoted, StreamEventRef, StreamStatus};

use crate::output::mask;

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
pub(crate) struct Fields(pub(super) u16);

impl Fields {
    /// The fields by which tor keeps streams apart by default, those of a listener without isolation flags: user name,
    /// password, client address, session group and NYM_EPOCH. The numbers are their indices in [`FIELDS`].
    const DEFAULT: Self = Self(1 << 0 | 1 << 1 | 1 << 2 | 1 << 7 | 1 << 8);

    /// Returns the fields in the `ISO_FIELDS` of an event, if it has any. Unknown words are left out, since the values of
    /// their fields are unknown.
    fn of(event: &StreamEventRef<'_>) -> Option<Self> {
        event.iso_fields_str()?;
        let mut fields = Self::default();
        for field in event.iso_fields() {
            if let Some(index) = FIELDS.iter().position(|&known| known == field) {
                fields.add(index);
            }
        }
        Some(fields)
    }

    /// Returns `true` if the field with this index is in the set.
    pub(crate) const fn has(self, index: usize) -> bool {
        self.0 >> index & 1 == 1
    }

    /// Adds the field with this index.
    pub(crate) const fn add(&mut self, index: usize) {
        self.0 |= 1 << index;
    }

    /// Returns `true` if the set is empty.
    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns the names of the fields.
    pub(crate) fn names(self) -> impl Iterator<Item = &'static str> {
        FIELDS.iter().enumerate().filter(move |&(index, _)| self.has(index)).map(|(_, field)| field.as_str())
    }
}

/// Values of the [`FIELDS`], each as a hash of its text with a random key. `None` for a value that is unknown; in an identity,
/// also for a field that does not belong to it.
///
/// Only hashes are kept of credentials that are not shown. The author of a log cannot choose two texts with one hash, and of
/// 100,000 values two have the same with a chance of one in 3 billion.
pub(super) type Values = [Option<u64>; FIELDS.len()];

/// The source of facts about identities.
#[derive(Clone, Debug)]
pub(crate) struct FactSource {
    /// Key of the hashes, the same for the whole run.
    key: RandomState,
    /// Set to keep the text of values.
    keeps_text: bool,
}

/// The text of values, as labels show it.
pub(super) type Texts = [Option<Box<str>>; FIELDS.len()];

/// The facts that a stream's events tell about its identity.
#[derive(Clone, Debug, Default)]
pub(crate) struct IdentityFacts {
    /// Fields of `ISO_FIELDS`, if any event has it.
    pub(super) iso_fields: Option<Fields>,
    /// First known value of each field.
    pub(crate) values: Values,
    /// Fields for which a later event has another value, which tor never prints.
    pub(crate) changed: Fields,
    /// Text of the values, if it is to be shown.
    pub(super) texts: Option<Box<Texts>>,
}

impl FactSource {
    /// Returns a source of facts without the text of values.
    pub(crate) fn without_text() -> Self {
        Self { key: RandomState::new(), keeps_text: false }
    }

    /// Returns a source of facts with the text of values, credentials among them, to be shown.
    pub(crate) fn with_text() -> Self {
        Self { keeps_text: true, ..Self::without_text() }
    }

    /// Returns the facts of an event.
    pub(crate) fn facts(&self, event: &StreamEventRef<'_>) -> IdentityFacts {
        let mut facts = IdentityFacts {
            iso_fields: Fields::of(event),
            values: [None; FIELDS.len()],
            changed: Fields(0),
            texts: self.keeps_text.then(Box::default),
        };
        for (index, field) in FIELDS.into_iter().enumerate() {
            let Some(text) = value_text(event, field) else { continue };
            let hash = match (field, mask::host_not_utf8(event)) {
                // `target_host` is the same placeholder for each host that is not UTF-8, so the host's bytes are hashed.
                (IsoField::DestAddr, Some(host)) => self.key.hash_one(host.to_ascii_lowercase()),
                _ => self.key.hash_one(&*text),
            };
            facts.set(index, hash);
            if let Some(kept) = facts.texts.as_mut().and_then(|texts| texts.get_mut(index)) {
                *kept = Some(text.into());
            }
        }
        facts
    }
}

/// Returns the value of a field in an event, as text. `None` if the event does not tell it.
fn value_text<'e>(event: &StreamEventRef<'e>, field: IsoField) -> Option<Cow<'e, str>> {
    // The target of a later event may be an address instead of the name that the client asked for.
    let begins = matches!(event.status, StreamStatus::New | StreamStatus::NewResolve);
    match field {
        IsoField::SocksUsername => credential_text(event, field, event.socks_username()),
        IsoField::SocksPassword => credential_text(event, field, event.socks_password()),
        IsoField::ClientAddr => event.source_host().map(lower_case),
        IsoField::ClientPort => event.source_port().map(|port| port.to_string().into()),
        IsoField::DestAddr => begins.then(|| lower_case(event.target_host)),
        IsoField::DestPort => begins.then(|| event.target_port.to_string().into()),
        IsoField::ClientProtocol => event.client_protocol_str().map(Cow::Borrowed),
        IsoField::SessionGroup => event.session_group().map(|group| group.to_string().into()),
        IsoField::NymEpoch => event.nym_epoch().map(|epoch| epoch.to_string().into()),
        _ => None,
    }
}

/// Returns a credential as text, `(none)` if the stream has none. `quoted` is the value in the event; `None` if that is
/// absent or damaged.
fn credential_text<'e>(
    event: &StreamEventRef<'e>,
    field: IsoField,
    quoted: Option<Quoted<'_>>,
) -> Option<Cow<'e, str>> {
    if let Some(quoted) = quoted {
        return Some(format!("\"{}\"", quoted.escaped()).into());
    }
    // A tor that knows credentials prints NYM_EPOCH and ISO_FIELDS with every event. So in an event with both, an absent
    // credential is known to be absent. A damaged one is unknown.
    let prints_all = event.nym_epoch().is_some() && event.iso_fields_str().is_some();
    (prints_all && event.arg(field.as_str()).is_none()).then_some("(none)".into())
}

/// Returns a name or address in lower case, as tor compares it.
fn lower_case(text: &str) -> Cow<'_, str> {
    if text.bytes().any(|byte| byte.is_ascii_uppercase()) { text.to_ascii_lowercase().into() } else { text.into() }
}

impl IdentityFacts {
    /// Sets the value of the field with this index.
    pub(super) fn set(&mut self, index: usize, value: u64) {
        if let Some(known) = self.values.get_mut(index) {
            *known = Some(value);
        }
    }

    /// Adds the facts of later events.
    pub(crate) fn append(&mut self, later: Self) {
        // tor prints the same list with each event of a stream. If a log has two, the stream is kept apart by all fields
        // of both.
        self.iso_fields = match (self.iso_fields, later.iso_fields) {
            (Some(ours), Some(theirs)) => Some(Fields(ours.0 | theirs.0)),
            (ours, theirs) => ours.or(theirs),
        };
        self.changed.0 |= later.changed.0;
        for (index, (ours, theirs)) in self.values.iter_mut().zip(later.values).enumerate() {
            match (&ours, theirs) {
                (None, _) => *ours = theirs,
                (Some(ours), Some(theirs)) if *ours != theirs => self.changed.add(index),
                _ => {}
            }
        }
        match (&mut self.texts, later.texts) {
            (Some(ours), Some(theirs)) => fill(ours, *theirs),
            (ours, theirs) => *ours = ours.take().or(theirs),
        }
    }

    /// Returns the fields by which the stream is kept apart. If no event has `ISO_FIELDS`, because tor did not print it or the
    /// lines were shortened, these are the fields of a listener without isolation flags.
    pub(crate) fn iso_fields(&self) -> Fields {
        self.iso_fields.unwrap_or(Fields::DEFAULT)
    }
}

/// Fills in the texts that are missing.
pub(super) fn fill(texts: &mut Texts, others: Texts) {
    for (text, other) in texts.iter_mut().zip(others) {
        if text.is_none() {
            *text = other;
        }
    }
}
