//! The tracker's methods, but for those of parts of a log.

use alloc::collections::{BTreeMap, BinaryHeap};

use super::closed::Closed;
use super::key::Key;
use super::life::StreamLife;
use super::update::LifeLimits;
use super::{Note, StreamTracker};
use crate::event::StreamEventRef;
use crate::value::StreamId;
use crate::word::StreamStatus;

impl<T: Clone> StreamTracker<T> {
    /// Returns a tracker with a maximum number of live streams, at least one.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self::with_notes(limit)
    }

    /// Adds an event, and returns the stream that ends with it, if there is one: the event's own with CLOSED, or
    /// another one that is replaced or dropped ([`outcome`](StreamLife::outcome)).
    pub fn update(&mut self, event: &StreamEventRef<'_>, time: T) -> Option<StreamLife<T>> {
        self.update_with(event, time, ())
    }
}

impl<T: Clone, N: Note> StreamTracker<T, N> {
    /// Returns a tracker, as [`new`](StreamTracker::new) does, for events with [notes](Note).
    #[must_use]
    pub fn with_notes(limit: usize) -> Self {
        Self {
            live: BTreeMap::new(),
            by_last_event: BinaryHeap::new(),
            closed: Closed::default(),
            limit: limit.max(1),
            life_limits: LifeLimits { steps: 1000, circuits: 1000 },
            events: 0,
            dropped: 0,
            part: None,
        }
    }

    /// Sets the maximum number of [`steps`](StreamLife::steps) that are kept of one stream, at least one. Further steps
    /// are only counted.
    #[must_use]
    pub fn keep_steps(self, steps: usize) -> Self {
        Self { life_limits: LifeLimits { steps: steps.max(1), ..self.life_limits }, ..self }
    }

    /// Sets the maximum number of [`circuits`](StreamLife::circuits) that are kept of one stream, at least one. Further
    /// changes of circuit are only counted.
    #[must_use]
    pub fn keep_circuits(self, circuits: usize) -> Self {
        Self { life_limits: LifeLimits { circuits: circuits.max(1), ..self.life_limits }, ..self }
    }

    /// Adds an event as [`update`](StreamTracker::update) does, with a note.
    pub fn update_with(&mut self, event: &StreamEventRef<'_>, time: T, note: N) -> Option<StreamLife<T, N>> {
        self.events += 1;
        let key = Key::of(event);
        let ended = match event.status {
            StreamStatus::New | StreamStatus::NewResolve => self.begin(key, event, time, note),
            StreamStatus::Closed => self.close(key, event, time, note),
            _ => self.advance(key, event, time, note),
        };
        if let Some(part) = &mut self.part {
            part.returned += u64::from(ended.is_some());
        }
        ended
    }

    /// Iterates over the live streams, in the order of their IDs' text, including those that have failed and were not
    /// yet closed. In a [part](Self::part) of a log, these are the streams that began in it.
    pub fn live(&self) -> impl Iterator<Item = &StreamLife<T, N>> {
        self.live.values().filter_map(|stream| stream.facts.life())
    }

    /// Returns the stream with this ID, if it is one of [`live`](Self::live).
    #[must_use]
    pub fn get(&self, id: &StreamId) -> Option<&StreamLife<T, N>> {
        self.live.get(&Key::new(id.as_str()))?.facts.life()
    }

    /// Returns the number of streams that were returned as [`Dropped`](crate::Outcome::Dropped).
    #[must_use]
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Returns the streams of [`live`](Self::live), as they are at the end of a log.
    pub fn into_live(self) -> impl Iterator<Item = StreamLife<T, N>> {
        self.live.into_values().filter_map(|stream| stream.facts.into_life().map(|life| *life))
    }
}
