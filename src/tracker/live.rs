//! The live streams: where each begins and ends.

use alloc::boxed::Box;
use alloc::collections::btree_map::Entry;
use core::cmp::Reverse;
use core::mem;

use super::key::{Key, stream_id};
use super::life::{Outcome, StreamLife};
use super::part::{Position, Undecided};
use super::update::LifeLimits;
use super::{Note, SPARE_ENTRIES, StreamTracker};
use crate::event::StreamEventRef;

/// A live stream.
#[derive(Clone, Debug)]
pub(super) struct LiveStream<T, N> {
    /// Facts from the stream's events.
    pub(super) facts: Facts<T, N>,
    /// Sequence number of the stream's last event.
    pub(super) last_event: u64,
}

/// The facts about a live stream. Boxed, since the map of live streams moves its entries.
#[derive(Clone, Debug)]
pub(super) enum Facts<T, N> {
    /// A stream whose first event in the log is known.
    Life(Box<StreamLife<T, N>>),
    /// A stream that may have begun before this part of the log.
    Undecided(Box<Undecided<T, N>>),
}

impl<T: Clone, N: Note> StreamTracker<T, N> {
    /// Adds a NEW or NEWRESOLVE.
    pub(super) fn begin(&mut self, key: Key, event: &StreamEventRef<'_>, time: T, note: N) -> Option<StreamLife<T, N>> {
        self.closed.remove(key);
        let facts = Facts::Life(Box::new(StreamLife::new(stream_id(event), event, time, note)));
        // tor prints NEW or NEWRESOLVE once for a stream, whatever a controller does with it: this is another stream.
        let replaced = self.insert(key, facts).and_then(|replaced| self.end(key, replaced, Outcome::Replaced));
        if let Some(part) = &mut self.part {
            part.begin(key, self.events);
        }
        replaced.or_else(|| self.drop_oldest())
    }

    /// Adds a CLOSED.
    pub(super) fn close(&mut self, key: Key, event: &StreamEventRef<'_>, time: T, note: N) -> Option<StreamLife<T, N>> {
        let facts = match self.live.remove(&key) {
            Some(mut stream) => {
                stream.facts.update(self.position(), self.life_limits, event, time, note);
                stream.facts
            }
            None if self.closed.contains(key) => return Some(after_closed(event, time, note)),
            None => self.first_facts(event, time, note),
        };
        self.closed.add(key, self.limit);
        self.end(key, facts, Outcome::Closed)
    }

    /// Adds an event with any other status than NEW, NEWRESOLVE and CLOSED.
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
            stream.facts.update(position, self.life_limits, event, time, note);
            return None;
        }
        if self.closed.contains(key) {
            return Some(after_closed(event, time, note));
        }
        let facts = self.first_facts(event, time, note);
        self.insert(key, facts);
        self.drop_oldest()
    }

    /// Returns the facts about a stream from its first event, if that is not NEW or NEWRESOLVE.
    fn first_facts(&self, event: &StreamEventRef<'_>, time: T, note: N) -> Facts<T, N> {
        let life = StreamLife::new(stream_id(event), event, time, note);
        match &self.part {
            Some(_) => Facts::Undecided(Box::new(Undecided::new(self.position(), life))),
            None => Facts::Life(Box::new(life)),
        }
    }

    /// Inserts a stream. Returns the facts about the live stream that had the same ID.
    fn insert(&mut self, key: Key, facts: Facts<T, N>) -> Option<Facts<T, N>> {
        let stream = LiveStream { facts, last_event: self.events };
        match self.live.entry(key) {
            Entry::Occupied(mut entry) => Some(mem::replace(entry.get_mut(), stream).facts),
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

    /// Returns a stream that was removed from the live ones. `None` if it may have begun before this part of the log: then
    /// the part keeps it.
    fn end(&mut self, key: Key, facts: Facts<T, N>, outcome: Outcome) -> Option<StreamLife<T, N>> {
        match (facts, &mut self.part) {
            (Facts::Life(life), part) => {
                // A replaced stream is shown by the change to the one that begins, and a part drops none: it has no limit.
                if let Some(part) = part.as_mut().filter(|_| outcome == Outcome::Closed) {
                    part.close(key, self.events);
                }
                Some(life.with_outcome(outcome))
            }
            // Only a part has such streams.
            (Facts::Undecided(stream), part) => {
                part.as_mut()?.end(key, *stream, outcome, self.events);
                None
            }
        }
    }

    /// Returns the position of the current event in this part of the log.
    fn position(&self) -> Position {
        Position { number: self.events, returned: self.part.as_ref().map_or(0, |part| part.returned) }
    }

    /// Removes and returns the stream with the oldest last event, if there are more live streams than the limit.
    fn drop_oldest(&mut self) -> Option<StreamLife<T, N>> {
        self.remove_outdated_entries();
        while self.live.len() > self.limit {
            let Reverse((number, key)) = self.by_last_event.pop()?;
            let Entry::Occupied(entry) = self.live.entry(key) else { continue };
            let last_event = entry.get().last_event;
            // The entry of a stream with later events is inserted again, with the number of the last one: at most once
            // for each of these events. A stream whose ID was closed before may have several entries.
            if last_event != number {
                self.by_last_event.push(Reverse((last_event, key)));
                continue;
            }
            let facts = entry.remove().facts;
            let life = self.end(key, facts, Outcome::Dropped);
            // A stream that has failed is returned as such.
            self.dropped += u64::from(life.as_ref().is_some_and(|life| life.outcome == Outcome::Dropped));
            return life;
        }
        None
    }

    /// Removes the outdated entries of `by_last_event`, if they are the majority: so it takes constant time per stream.
    pub(super) fn remove_outdated_entries(&mut self) {
        if self.by_last_event.len() > 2 * self.live.len() + SPARE_ENTRIES {
            self.by_last_event = self.live.iter().map(|(&key, stream)| Reverse((stream.last_event, key))).collect();
        }
    }
}

impl<T: Clone, N: Note> Facts<T, N> {
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
    fn update(&mut self, position: Position, limits: LifeLimits, event: &StreamEventRef<'_>, time: T, note: N) {
        match self {
            Self::Life(life) => life.update(event, time, note, limits),
            Self::Undecided(stream) => stream.update(position, limits, event, time, note),
        }
    }
}

/// Returns the life of an event that came after the end of its stream.
fn after_closed<T: Clone, N: Note>(event: &StreamEventRef<'_>, time: T, note: N) -> StreamLife<T, N> {
    StreamLife { outcome: Outcome::AfterClosed, ..StreamLife::new(stream_id(event), event, time, note) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;
    use alloc::vec::Vec;

    /// Outdated entries stay until they are the majority and more than 64. Then all of them are removed.
    #[test]
    fn outdated_entries() {
        let mut tracker = StreamTracker::new(1000);
        let mut update = |id, status| {
            let content = format!("{id} {status} 0 a:80");
            tracker.update(&StreamEventRef::parse(&content).expect("an event"), ());
            tracker.by_last_event.len()
        };
        for id in 100..200 {
            update(id, "NEW");
        }
        // A stream that begins and is closed leaves an outdated entry each time.
        let lens: Vec<_> = (0..1000)
            .map(|_| {
                let len = update(1, "NEW");
                update(1, "CLOSED");
                len
            })
            .collect();
        assert!((101..=2 * 101 + 64).cycle().take(1000).eq(lens));
    }
}
