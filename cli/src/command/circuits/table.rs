//! The circuits of a log, put together from the lives of its streams.

use alloc::collections::{BTreeMap, BTreeSet};

use tor_stream_event::{CircuitId, StreamStatus};

use crate::command::identity::{FIELDS, Facts, Fields};
use crate::input::note::{Life, asked_host};
use crate::input::time::Time;

/// The circuits of a log.
pub(super) struct Circuits {
    /// The circuits, in the order of their numbers.
    circuits: BTreeMap<Order, Circuit>,
    /// Maximum number of circuits.
    limit: usize,
    /// Number of targets and identities of all circuits that may still be kept.
    room: usize,
    /// Number of streams of circuits that are not kept.
    pub(super) left_out: u64,
}

/// A circuit's ID, in the order of numbers: a longer one is greater.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Order(usize, CircuitId);

/// What is known of a circuit.
#[derive(Default)]
pub(super) struct Circuit {
    /// Time of the first event of a stream on it.
    pub(super) first: Option<Time>,
    /// Time of the last one.
    pub(super) last: Option<Time>,
    /// Number of streams.
    pub(super) streams: u64,
    /// Targets that they were asked to reach.
    pub(super) targets: BTreeSet<String>,
    /// Number of streams whose target is not kept.
    pub(super) other_targets: u64,
    /// Number of times that a stream was taken off it.
    pub(super) detached: u64,
    /// Number of streams that failed on it.
    pub(super) failed: u64,
    /// Places of identities.
    pub(super) identities: BTreeSet<usize>,
    /// Number of streams whose identity is not known, or not kept.
    pub(super) unknown: u64,
    /// Number of streams whose identity changed on the way.
    pub(super) changed: u64,
    /// The values of its streams, field by field.
    seen: [Seen; FIELDS.len()],
}

/// The values of a field that streams of one circuit have.
#[derive(Clone, Copy, Default)]
struct Seen {
    /// The first value.
    first: Option<u64>,
    /// Whether there is another one.
    differs: bool,
    /// Whether a stream whose value is known is kept apart by the field.
    counts: bool,
}

impl Circuits {
    /// Returns no circuits. There may be `limit` of them.
    pub(super) fn new(limit: usize) -> Self {
        Self { circuits: BTreeMap::new(), limit, room: limit, left_out: 0 }
    }

    /// Adds a stream to all circuits that it was on. Its identity is at this place, if it is known.
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
        // Steps leave out flow control, of which there is much.
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

    /// Returns the fields by which tor should have kept two of its streams apart: one of the two is kept apart by it, and their
    /// values are known and differ. If there are two values, one of them differs from that of any stream.
    pub(super) fn differs_in(&self) -> Fields {
        let mut fields = Fields::default();
        let differing = self.seen.iter().enumerate().filter(|(_, seen)| seen.differs && seen.counts);
        differing.for_each(|(place, _)| fields.add(place));
        fields
    }
}

/// Adds an item, if there is room for one more. Returns `false` if there is none.
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
