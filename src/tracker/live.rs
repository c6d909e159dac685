//! The live streams: where each begins and ends.

use alloc::boxed::Box;
use alloc::collections::btree_map::Entry;
use core::cmp::Reverse;
use core::mem;

use super::key::{Key, id};
use super::life::{Outcome, StreamLife};
use super::part::{Position, Undecided};
use super::update::Kept;
use super::{Note, StreamTracker};
use crate::event::StreamEventRef;

/// A live stream.
#[derive(Clone, Debug)]
pub(super) struct Live<T, N> {
    /// Facts from the stream's events.
    pub(super) state: State<T, N>,
    /// Sequence number of the stream's last event.
    pub(super) last_event: u64,
}

/// The facts about a live stream, boxed since the map moves its entries.
#[derive(Clone, Debug)]
pub(super) enum State<T, N> {
    /// A stream whose first event in the log is known.
    Life(Box<StreamLife<T, N>>),
    /// A stream that may have begun before this part of the log.
    Undecided(Box<Undecided<T, N>>),
}

impl<T: Clone, N: Note> StreamTracker<T, N> {
    /// Adds a NEW or NEWRESOLVE.
    pub(super) fn begin(&mut self, key: Key, event: &StreamEventRef<'_>, time: T, note: N) -> Option<StreamLife<T, N>> {
        self.closed.remove(key);
        let life = State::Life(Box::new(StreamLife::new(id(event), event, time, note)));
        // A controller's REDIRECTSTREAM or RESOLVE cannot repeat a NEW: this is another stream.
        let replaced = self.insert(key, life).and_then(|state| self.end(key, state, Outcome::Replaced));
        if let Some(part) = &mut self.part {
            part.begin(key, self.events);
        }
        replaced.or_else(|| self.drop_oldest())
    }

    /// Adds a CLOSED.
    pub(super) fn close(&mut self, key: Key, event: &StreamEventRef<'_>, time: T, note: N) -> Option<StreamLife<T, N>> {
        let state = match self.live.remove(&key) {
            Some(mut stream) => {
                stream.state.update(self.position(), self.kept, event, time, note);
                stream.state
            }
            None if self.closed.contains(key) => return Some(after_closed(event, time, note)),
            None => self.state(event, time, note),
        };
        self.closed.add(key, self.limit);
        self.end(key, state, Outcome::Closed)
    }

    /// Adds an event with any other status.
    pub(super) fn advance(
        &mut self,
        key: Key,
        event: &StreamEventRef<'_>,
        time: T,
        note: N,
    ) -> Option<StreamLife<T, N>> {
        let position = self.position();
        if let Some(stream) = self.live.get_mut(&key) {
            stream.last_event = self.events;
            stream.state.update(position, self.kept, event, time, note);
            return None;
        }
        if self.closed.contains(key) {
            return Some(after_closed(event, time, note));
        }
        let state = self.state(event, time, note);
        self.insert(key, state);
        self.drop_oldest()
    }

    /// Returns the state of a stream whose first event is not NEW or NEWRESOLVE.
    fn state(&self, event: &StreamEventRef<'_>, time: T, note: N) -> State<T, N> {
        let life = StreamLife::new(id(event), event, time, note);
        match &self.part {
            Some(_) => State::Undecided(Box::new(Undecided::new(self.position(), life))),
            None => State::Life(Box::new(life)),
        }
    }

    /// Inserts a stream. Returns the state of the stream that had the same ID.
    fn insert(&mut self, key: Key, state: State<T, N>) -> Option<State<T, N>> {
        let stream = Live { state, last_event: self.events };
        match self.live.entry(key) {
            Entry::Occupied(mut entry) => Some(mem::replace(entry.get_mut(), stream).state),
            Entry::Vacant(entry) => {
                entry.insert(stream);
                self.by_last_event.push(Reverse((self.events, key)));
                if let Some(part) = &mut self.part {
                    part.max_live = part.max_live.max(self.live.len());
                }
                None
            }
        }
    }

    /// Returns a stream that has ended, unless it may have begun before this part of the log: then the part keeps it.
    fn end(&mut self, key: Key, state: State<T, N>, outcome: Outcome) -> Option<StreamLife<T, N>> {
        match (state, &mut self.part) {
            (State::Life(life), part) => {
                if let Some(part) = part.as_mut().filter(|_| outcome == Outcome::Closed) {
                    part.close(key, self.events);
                }
                Some(life.with_outcome(outcome))
            }
            (State::Undecided(stream), part) => {
                part.as_mut()?.end(key, *stream, outcome, self.events);
                None
            }
        }
    }

    /// Returns the position of the current event.
    fn position(&self) -> Position {
        Position { number: self.events, handed_out: self.part.as_ref().map_or(0, |part| part.handed_out) }
    }

    /// Removes and returns the stream with the oldest last event, if there are more live streams than the limit.
    fn drop_oldest(&mut self) -> Option<StreamLife<T, N>> {
        self.tidy();
        while self.live.len() > self.limit {
            let Reverse((number, key)) = self.by_last_event.pop()?;
            let Entry::Occupied(entry) = self.live.entry(key) else { continue };
            let last_event = entry.get().last_event;
            // A stream with later events is inserted again with the number of its last one: at most once for each event.
            if last_event != number {
                self.by_last_event.push(Reverse((last_event, key)));
                continue;
            }
            let state = entry.remove().state;
            let life = self.end(key, state, Outcome::Dropped);
            self.dropped += u64::from(life.as_ref().is_some_and(|life| life.outcome == Outcome::Dropped));
            return life;
        }
        None
    }

    /// Removes the outdated entries of `by_last_event` once they are the majority: constant time per stream.
    pub(super) fn tidy(&mut self) {
        if self.by_last_event.len() > 2 * self.live.len() + 64 {
            self.by_last_event = self.live.iter().map(|(&key, stream)| Reverse((stream.last_event, key))).collect();
        }
    }
}

impl<T: Clone, N: Note> State<T, N> {
    /// Returns the stream; `None` if it may have begun before this part of the log.
    pub(super) fn into_life(self) -> Option<Box<StreamLife<T, N>>> {
        match self {
            Self::Life(life) => Some(life),
            Self::Undecided(_) => None,
        }
    }

    /// Borrows the stream; `None` if it may have begun before this part of the log.
    pub(super) fn life(&self) -> Option<&StreamLife<T, N>> {
        match self {
            Self::Life(life) => Some(life),
            Self::Undecided(_) => None,
        }
    }

    /// Adds an event.
    fn update(&mut self, position: Position, kept: Kept, event: &StreamEventRef<'_>, time: T, note: N) {
        match self {
            Self::Life(life) => life.update(event, time, note, kept),
            Self::Undecided(stream) => stream.update(position, kept, event, time, note),
        }
    }
}

/// Returns the life of an event that came after the end of its stream.
fn after_closed<T: Clone, N: Note>(event: &StreamEventRef<'_>, time: T, note: N) -> StreamLife<T, N> {
    StreamLife { outcome: Outcome::AfterClosed, ..StreamLife::new(id(event), event, time, note) }
}
