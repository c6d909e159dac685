//! The circuits of a log, grouped from the lives of its streams.

use alloc::collections::btree_map::Entry;
use alloc::collections::{BTreeMap, BTreeSet};
use std::io;

use tor_stream_event::{CircuitId, Step, StreamStatus};

use crate::command::identity::{FIELDS, Fields, IdentityFacts};
use crate::command::lives::FromLife;
use crate::command::note::{Life, asked_host};
use crate::input::time::Time;

/// Maximum length of a target that is listed, in bytes. tor prints none so long; a hostile log may have lines of a MiB.
const MAX_TARGET_LEN: usize = 1024;

/// The circuits of a log.
pub(super) struct CircuitTable {
    /// Circuits by ID, in the order of numbers.
    circuits: BTreeMap<NumericId, CircuitFacts>,
    /// Maximum number of circuits.
    limit: usize,
    /// Number of targets and identities, over all circuits, that may still be listed. At first it is `limit`, so that one
    /// option bounds all memory of the table.
    room: usize,
    /// Number of stays of streams on circuits for which there was no room.
    pub(super) left_out: u64,
    /// Number of stays of streams on circuits whose lists had no room for the stream's target or identity.
    pub(super) unlisted: u64,
}

/// A circuit's ID after its length. So IDs are in the order of numbers: a longer one is greater.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct NumericId(usize, CircuitId);

/// The facts about a circuit.
#[derive(Default)]
pub(super) struct CircuitFacts {
    /// Time of the first event of a stream on the circuit.
    pub(super) first: Option<Time>,
    /// Time of the last event of a stream on the circuit.
    pub(super) last: Option<Time>,
    /// Number of streams on the circuit.
    pub(super) streams: u64,
    /// Targets that the streams were asked to reach.
    pub(super) targets: BTreeSet<String>,
    /// Number of streams whose target is not listed, for want of room or for its length.
    pub(super) other_targets: u64,
    /// Number of times that a stream was detached from the circuit.
    pub(super) detached: u64,
    /// Number of streams that failed on the circuit.
    pub(super) failed: u64,
    /// Indices of the streams' identities.
    pub(super) identities: BTreeSet<usize>,
    /// Number of streams whose identity is unknown, or not listed for want of room.
    pub(super) unknown: u64,
    /// Number of streams whose identity changed.
    pub(super) changed: u64,
    /// Values of the streams in each field of an identity.
    values: [FieldValues; FIELDS.len()],
}

/// The values of one field on a circuit.
#[derive(Clone, Copy, Default)]
struct FieldValues {
    /// First known value.
    first: Option<u64>,
    /// Set if another value was seen.
    differs: bool,
    /// Set if the field is among the ISO_FIELDS of a stream whose value is known.
    isolates: bool,
}

/// A stream, and its stays on circuits.
pub(super) struct StreamStays {
    /// Facts about its identity.
    pub(super) facts: Box<IdentityFacts>,
    /// Host and port that the stream was asked to reach.
    target: String,
    /// Stays of the stream, one for each circuit.
    stays: Vec<Stay>,
}

/// The stay of a stream on one circuit.
struct Stay {
    /// The circuit.
    id: CircuitId,
    /// Time of the stream's first event on the circuit.
    first: Option<Time>,
    /// Time of the stream's last event on the circuit.
    last: Option<Time>,
    /// Number of times that the stream was detached from the circuit.
    detached: u64,
    /// Set if the stream failed on the circuit.
    failed: bool,
}

impl FromLife for StreamStays {
    fn from_life(mut life: Life) -> io::Result<Self> {
        let stays = stays(&life);
        let target = format!("{}:{}", asked_host(&life), life.asked.port);
        // A stream without an event was only listed in a reply to GETINFO stream-status, which has no values of an identity.
        let facts = life.note.facts.take().unwrap_or_default();
        Ok(Self { facts, target, stays })
    }
}

/// Returns the stays of a stream, one for each of its circuits.
fn stays(life: &Life) -> Vec<Stay> {
    // A stream fails on the circuit that it is on at its end. `life.failure`, its event FAILED, does not tell: a look-up may
    // fail without one.
    let failed_on = life.circuit_id.filter(|_| life.failed());
    let new = |&id: &CircuitId| Stay { id, first: None, last: None, detached: 0, failed: failed_on == Some(id) };
    let mut stays: Vec<_> = life.circuits.iter().map(new).collect();
    // A stream may have a thousand circuits and as many steps: each step finds its circuit by a search in order. If the stream
    // had more of either, `read_lives` reports it.
    let mut by_id: Vec<usize> = (0..stays.len()).collect();
    by_id.sort_unstable_by_key(|&index| life.circuits.get(index));
    for step in &life.steps {
        let Some(id) = circuit_at(step) else { continue };
        let found = by_id.binary_search_by_key(&Some(&id), |&index| life.circuits.get(index)).ok();
        let Some(stay) = found.and_then(|found| stays.get_mut(*by_id.get(found)?)) else { continue };
        stay.first = stay.first.or(step.time);
        stay.last = step.time.or(stay.last);
        stay.detached += u64::from(step.status == StreamStatus::Detached);
    }
    // Events of flow control are no steps. If a stream begins with some, they were on the circuit of its first step, or, without
    // a step, on the only circuit. The first event may have no time, such as a stream in a reply to GETINFO: then the first time
    // of a step counts.
    if let Some(stay) = stays.first_mut() {
        let begins_on_it = life.steps.first().is_none_or(|step| circuit_at(step) == Some(stay.id));
        stay.first = life.first.filter(|_| begins_on_it).or(stay.first);
    }
    // The last event, too, may be one of flow control, or have no time: it was on `life.circuit_id`.
    if let Some(stay) = stays.iter_mut().find(|stay| life.circuit_id == Some(stay.id)) {
        stay.last = life.last.or(stay.last);
    }
    stays
}

/// Returns the circuit that a stream was on at a step, up to DETACHED. CONTROLLER_WAIT may have the circuit that the stream has
/// left: with this status it is on none.
fn circuit_at(step: &Step<Option<Time>>) -> Option<CircuitId> {
    step.circuit_id.filter(|_| step.status != StreamStatus::ControllerWait)
}

impl CircuitTable {
    /// Returns an empty table of at most `limit` circuits.
    pub(super) fn new(limit: usize) -> Self {
        Self { circuits: BTreeMap::new(), limit, room: limit, left_out: 0, unlisted: 0 }
    }

    /// Adds a stream to each circuit that it was on. `identity` is the index of its identity, if that is known.
    pub(super) fn add(&mut self, stream: &StreamStays, identity: Option<usize>) {
        for stay in &stream.stays {
            let is_full = self.circuits.len() >= self.limit;
            match self.circuits.entry(NumericId(stay.id.as_str().len(), stay.id)) {
                Entry::Vacant(_) if is_full => self.left_out += 1,
                entry => {
                    let is_listed = entry.or_default().add(stream, stay, identity, &mut self.room);
                    self.unlisted += u64::from(!is_listed);
                }
            }
        }
    }

    /// Iterates over the circuits.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&CircuitId, &CircuitFacts)> {
        self.circuits.iter().map(|(order, circuit)| (&order.1, circuit))
    }
}

impl CircuitFacts {
    /// Adds a stream and its stay on this circuit. `room` is that of the table. Returns `false` if there was no room for the
    /// stream's target, or for its identity, if that is known.
    fn add(&mut self, stream: &StreamStays, stay: &Stay, identity: Option<usize>, room: &mut usize) -> bool {
        self.streams += 1;
        self.first = self.first.into_iter().chain(stay.first).min();
        self.last = self.last.max(stay.last);
        self.detached += stay.detached;
        self.failed += u64::from(stay.failed);
        self.changed += u64::from(!stream.facts.changed.is_empty());
        // A target that is too long is not listed either, but that is no want of room.
        let has_list_len = stream.target.len() <= MAX_TARGET_LEN;
        let is_target_listed = has_list_len.then(|| keep(&mut self.targets, stream.target.as_str(), room));
        let is_identity_listed = identity.map(|identity| keep(&mut self.identities, &identity, room));
        self.other_targets += u64::from(is_target_listed != Some(true));
        self.unknown += u64::from(is_identity_listed != Some(true));
        for (index, (values, value)) in self.values.iter_mut().zip(stream.facts.values).enumerate() {
            let Some(value) = value else { continue };
            values.differs |= *values.first.get_or_insert(value) != value;
            values.isolates |= stream.facts.iso_fields().has(index);
        }
        is_target_listed != Some(false) && is_identity_listed != Some(false)
    }

    /// Returns the fields by which tor should have kept two of the streams apart: the field is among the ISO_FIELDS of
    /// one of the two, and their values are known and differ.
    pub(super) fn differs_in(&self) -> Fields {
        let mut fields = Fields::default();
        // If there are two values, a stream with the field in its ISO_FIELDS differs from a stream with one of them.
        let differing = self.values.iter().enumerate().filter(|(_, values)| values.differs && values.isolates);
        differing.for_each(|(index, _)| fields.add(index));
        fields
    }
}

/// Adds an item if there is room for it, or if it is there already. Returns `false` if it was left out.
fn keep<T: Ord + ToOwned<Owned: Ord> + ?Sized>(items: &mut BTreeSet<T::Owned>, item: &T, room: &mut usize) -> bool {
    if items.contains(item) {
        return true;
    }
    match room.checked_sub(1) {
        Some(left) => {
            *room = left;
            items.insert(item.to_owned())
        }
        None => false,
    }
}
