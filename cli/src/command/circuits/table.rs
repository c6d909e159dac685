//! The circuits of a log, grouped from the lives of its streams.

use alloc::collections::{BTreeMap, BTreeSet};

use tor_stream_event::{CircuitId, StreamStatus};

use crate::command::identity::{FIELDS, Facts, Fields};
use crate::command::note::{Life, asked_host};
use crate::input::time::Time;

/// The circuits of a log.
pub(super) struct Circuits {
    /// Circuits by ID, in the order of numbers.
    circuits: BTreeMap<Order, Circuit>,
    /// Maximum number of circuits.
    limit: usize,
    /// Number of targets and identities, over all circuits, that may still be kept.
    room: usize,
    /// Number of streams on circuits beyond the limit.
    pub(super) left_out: u64,
}

/// A circuit's ID in the order of numbers: a longer one is greater.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Order(usize, CircuitId);

/// The facts about a circuit.
#[derive(Default)]
pub(super) struct Circuit {
    /// Time of the first event of a stream on the circuit.
    pub(super) first: Option<Time>,
    /// Time of the last event of a stream on the circuit.
    pub(super) last: Option<Time>,
    /// Number of streams on the circuit.
    pub(super) streams: u64,
    /// Targets that the streams were asked to reach.
    pub(super) targets: BTreeSet<String>,
    /// Number of streams whose target is not kept.
    pub(super) other_targets: u64,
    /// Number of times that a stream was detached from the circuit.
    pub(super) detached: u64,
    /// Number of streams that failed on the circuit.
    pub(super) failed: u64,
    /// Indices of the streams' identities.
    pub(super) identities: BTreeSet<usize>,
    /// Number of streams whose identity is unknown, or not kept.
    pub(super) unknown: u64,
    /// Number of streams whose identity changed.
    pub(super) changed: u64,
    /// Values of the streams in each field.
    seen: [Seen; FIELDS.len()],
}

/// The values of one field on a circuit.
#[derive(Clone, Copy, Default)]
struct Seen {
    /// First known value.
    first: Option<u64>,
    /// Set if another value was seen.
    differs: bool,
    /// Set if the field keeps apart a stream whose value is known.
    counts: bool,
}

impl Circuits {
    /// Returns an empty table of at most `limit` circuits.
    pub(super) fn new(limit: usize) -> Self {
        Self { circuits: BTreeMap::new(), limit, room: limit, left_out: 0 }
    }

    /// Adds a stream to each circuit that it was on. `identity` is the index of its identity, if that is known.
    pub(super) fn add(&mut self, life: &Life, facts: &Facts, identity: Option<usize>) {
        for &id in &life.circuits {
            let order = Order(id.as_str().len(), id);
            if self.circuits.len() >= self.limit && !self.circuits.contains_key(&order) {
                self.left_out += 1;
                continue;
            }
            self.circuits.entry(order).or_default().add(id, life, facts, identity, &mut self.room);
        }
    }

    /// Iterates over the circuits.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&CircuitId, &Circuit)> {
        self.circuits.iter().map(|(order, circuit)| (&order.1, circuit))
    }
}

impl Circuit {
    /// Adds a stream that was on this circuit.
    fn add(&mut self, id: CircuitId, life: &Life, facts: &Facts, identity: Option<usize>, room: &mut usize) {
        self.streams += 1;
        let steps = || life.steps.iter().filter(|step| step.circuit_id == Some(id));
        let mut times = steps().filter_map(|step| step.time);
        let first_step = times.next();
        let last_step = times.next_back().or(first_step);
        // Steps leave out flow control, which may be most of the events.
        let is_all = life.circuits.len() == 1 && !life.began;
        let first = if is_all { life.first } else { first_step };
        let last = if life.circuit_id == Some(id) { life.last } else { last_step };
        self.first = self.first.into_iter().chain(first).min();
        self.last = self.last.max(last);
        self.detached += steps().filter(|step| step.status == StreamStatus::Detached).count() as u64;
        self.failed += u64::from(life.failure.as_ref().is_some_and(|failure| failure.circuit_id == Some(id)));
        self.changed += u64::from(!facts.changed.is_empty());

        let target = format!("{}:{}", asked_host(life), life.asked.port);
        if !keep(&mut self.targets, target, room) {
            self.other_targets += 1;
        }
        if !identity.is_some_and(|identity| keep(&mut self.identities, identity, room)) {
            self.unknown += 1;
        }
        for (place, (seen, value)) in self.seen.iter_mut().zip(facts.values).enumerate() {
            let Some(value) = value else { continue };
            seen.differs |= *seen.first.get_or_insert(value) != value;
            seen.counts |= facts.iso_fields().has(place);
        }
    }

    /// Returns the fields by which tor should have kept two of the streams apart: the field keeps one of the two apart,
    /// and their values are known and differ. Any stream's value differs from one of two different values.
    pub(super) fn differs_in(&self) -> Fields {
        let mut fields = Fields::default();
        let differing = self.seen.iter().enumerate().filter(|(_, seen)| seen.differs && seen.counts);
        differing.for_each(|(place, _)| fields.add(place));
        fields
    }
}

/// Adds an item if there is room for it. Returns `false` if it was left out.
fn keep<T: Ord>(items: &mut BTreeSet<T>, item: T, room: &mut usize) -> bool {
    if items.contains(&item) {
        return true;
    }
    match room.checked_sub(1) {
        Some(left) => {
            *room = left;
            items.insert(item)
        }
        None => false,
    }
}
