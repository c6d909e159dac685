//! The live streams: where each begins and ends.

use alloc::boxed::Box;
use alloc::collections::btree_map::Entry as Place;
use core::cmp::Reverse;
use core::mem;

use super::StreamTracker;
use super::key::{Key, id};
use super::life::{Outcome, StreamLife};
use super::note::Note;
use super::part::{At, Head};
use super::update::Kept;
use crate::event::StreamEventRef;

/// A stream that is followed.
#[derive(Clone, Debug)]
pub(super) struct Entry<T, N> {
    /// The stream's state.
    pub(super) state: State<T, N>,
    /// Sequence number of the stream's last event.
    pub(super) age: u64,
}

/// The state of a stream that is followed, boxed since the map moves its entries.
#[derive(Clone, Debug)]
pub(super) enum State<T, N> {
    /// A stream whose events are all known, as far as they are in the log.
    Life(Box<StreamLife<T, N>>),
    /// A stream that may have begun before this part of the log.
    Head(Box<Head<T, N>>),
}

impl<T: Clone, N: Note> StreamTracker<T, N> {
    /// Adds the first event of a stream.
    pub(super) fn begin(&mut self, key: Key, event: &StreamEventRef<'_>, time: T, note: N) -> Option<StreamLife<T, N>> {
        self.closed.remove(&key);
        let life = State::Life(Box::new(StreamLife::new(id(event), event, time, note)));
        // A controller's REDIRECTSTREAM or RESOLVE cannot repeat a NEW: this is another stream.
        let replaced = self.insert(key, life).and_then(|state| self.end(key, state, Outcome::Replaced));
        if let Some(part) = &mut self.part {
            part.begin(key, self.events);
        }
        replaced.or_else(|| self.drop_oldest())
    }

    /// Adds the last event of a stream.
    pub(super) fn close(&mut self, key: Key, event: &StreamEventRef<'_>, time: T, note: N) -> Option<StreamLife<T, N>> {
        let state = match self.live.remove(&key) {
            Some(mut entry) => {
                entry.state.update(self.at(), self.kept, event, time, note);
                entry.state
            }
            None if self.closed.contains_key(&key) => return Some(after_closed(event, time, note)),
            None => self.first(event, time, note),
        };
        self.remember_closed(key);
        self.end(key, state, Outcome::Closed)
    }

    /// Adds any other event of a stream.
    pub(super) fn go_on(&mut self, key: Key, event: &StreamEventRef<'_>, time: T, note: N) -> Option<StreamLife<T, N>> {
        let at = self.at();
        if let Some(entry) = self.live.get_mut(&key) {
            entry.age = self.events;
            entry.state.update(at, self.kept, event, time, note);
            return None;
        }
        if self.closed.contains_key(&key) {
            return Some(after_closed(event, time, note));
        }
        let state = self.first(event, time, note);
        self.insert(key, state);
        self.drop_oldest()
    }

    /// Returns the state of a stream whose first event is not NEW or NEWRESOLVE.
    fn first(&self, event: &StreamEventRef<'_>, time: T, note: N) -> State<T, N> {
        let life = StreamLife::new(id(event), event, time, note);
        match &self.part {
            Some(_) => State::Head(Box::new(Head::new(self.at(), life))),
            None => State::Life(Box::new(life)),
        }
    }

    /// Inserts a stream. Returns the state of the stream that had the same ID.
    fn insert(&mut self, key: Key, state: State<T, N>) -> Option<State<T, N>> {
        let entry = Entry { state, age: self.events };
        match self.live.entry(key) {
            Place::Occupied(mut place) => Some(mem::replace(place.get_mut(), entry).state),
            Place::Vacant(place) => {
                place.insert(entry);
                self.by_age.push(Reverse((self.events, key)));
                if let Some(part) = &mut self.part {
                    part.most = part.most.max(self.live.len());
                }
                None
            }
        }
    }

    /// Returns a stream that is over, unless it may have begun before this part of the log: such a stream is kept.
    fn end(&mut self, key: Key, state: State<T, N>, outcome: Outcome) -> Option<StreamLife<T, N>> {
        match (state, &mut self.part) {
            (State::Life(life), part) => {
                if let Some(part) = part.as_mut().filter(|_| outcome == Outcome::Closed) {
                    part.close(key, self.events);
                }
                Some(life.over(outcome))
            }
            (State::Head(head), part) => {
                part.as_mut()?.over(key, *head, outcome, self.events);
                None
            }
        }
    }

    /// Returns the position of the current event.
    fn at(&self) -> At {
        At { number: self.events, handed_out: self.part.as_ref().map_or(0, |part| part.handed_out) }
    }

    /// Removes and returns the stream with the oldest last event, if there are too many.
    fn drop_oldest(&mut self) -> Option<StreamLife<T, N>> {
        self.tidy();
        while self.live.len() > self.limit {
            let Reverse((number, key)) = self.by_age.pop()?;
            let Place::Occupied(place) = self.live.entry(key) else { continue };
            let age = place.get().age;
            // A stream with later events is inserted again with its true age: at most once for each event.
            if age != number {
                self.by_age.push(Reverse((age, key)));
                continue;
            }
            let state = place.remove().state;
            let life = self.end(key, state, Outcome::Dropped);
            self.dropped += u64::from(life.as_ref().is_some_and(|life| life.outcome == Outcome::Dropped));
            return life;
        }
        None
    }

    /// Records that a stream was closed.
    pub(super) fn remember_closed(&mut self, key: Key) {
        self.closes += 1;
        self.closed.insert(key, self.closes);
        self.closed_by_age.push_back((self.closes, key));
        while self.closed.len() > self.limit {
            let Some((number, oldest)) = self.closed_by_age.pop_front() else { return };
            if self.closed.get(&oldest) == Some(&number) {
                self.closed.remove(&oldest);
            }
        }
    }

    /// Removes entries that are out of date from the orders by age, if most are.
    pub(super) fn tidy(&mut self) {
        if self.by_age.len() > 2 * self.live.len() + 64 {
            self.by_age = self.live.iter().map(|(&key, entry)| Reverse((entry.age, key))).collect();
        }
        if self.closed_by_age.len() > 2 * self.closed.len() + 64 {
            let closed = &self.closed;
            self.closed_by_age.retain(|(number, key)| closed.get(key) == Some(number));
        }
    }
}

impl<T: Clone, N: Note> State<T, N> {
    /// Returns the stream, if it began in this part of the log.
    pub(super) fn into_life(self) -> Option<Box<StreamLife<T, N>>> {
        match self {
            Self::Life(life) => Some(life),
            Self::Head(_) => None,
        }
    }

    /// Returns the stream, if it began in this part of the log.
    pub(super) fn life(&self) -> Option<&StreamLife<T, N>> {
        match self {
            Self::Life(life) => Some(life),
            Self::Head(_) => None,
        }
    }

    /// Adds an event.
    fn update(&mut self, at: At, kept: Kept, event: &StreamEventRef<'_>, time: T, note: N) {
        match self {
            Self::Life(life) => life.update(event, time, note, kept),
            Self::Head(head) => head.update(at, kept, event, time, note),
        }
    }
}

/// Returns the life of an event that came after the end of its stream.
fn after_closed<T: Clone, N: Note>(event: &StreamEventRef<'_>, time: T, note: N) -> StreamLife<T, N> {
    StreamLife { outcome: Outcome::AfterClosed, ..StreamLife::new(id(event), event, time, note) }
}
