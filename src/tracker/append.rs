//! How the tracker of a range of a log is merged into that of the range before it.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::cmp::Reverse;

use super::StreamTracker;
use super::key::Key;
use super::life::{Outcome, StreamLife};
use super::live::{Entry, State};
use super::note::Note;
use super::part::{Change, Head, Op, Placed};

/// A stream that is over with a part of a log, as returned by [`StreamTracker::append`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Appended<T, N = ()> {
    /// The stream.
    pub life: StreamLife<T, N>,
    /// Number of streams that the part returned before this one was over.
    pub handed_out: u64,
}

impl<T: Clone, N: Note> StreamTracker<T, N> {
    /// Adds the next [part](Self::part) of the log to this tracker, and returns the streams that are over with it and
    /// that the part could not return.
    ///
    /// After the call, this tracker is in the state of one that was updated with the part's events one by one, and the
    /// streams that the part and this call returned are together those that it would have returned. They are in the
    /// same order, too, if each stream of this call is inserted after as many of the part's as
    /// [`handed_out`](Appended::handed_out).
    ///
    /// # Errors
    ///
    /// The part, if the result of one tracker cannot be known without the part's events; this tracker is unchanged
    /// then. Update it with the part's events one by one, and discard the streams that the part returned. The cases are
    ///
    /// - if a limit may be reached: if the streams that are live here and the maximum number that were live in the part
    ///   are together more than the limit, or more streams than that were closed in the part; or if an event of the
    ///   part may come after a CLOSED that is no longer remembered by then;
    /// - if there are more than sixteen events of a stream after its CLOSED;
    /// - if the part keeps another number of steps or circuits, or is no part; or if this tracker is a part itself.
    pub fn append(&mut self, part: Self) -> Result<Vec<Appended<T, N>>, Box<Self>> {
        if !self.is_exact_with(&part) {
            return Err(Box::new(part));
        }
        let Self { live, part: Some(changes), events, .. } = part else { return Ok(Vec::new()) };
        let mut lives = Vec::new();
        let mut over = changes.over.into_iter();
        // One tracker does the same, in the same order, but for the events of streams that began and ended in the part.
        for Op { key, at, change } in changes.ops {
            match change {
                Change::Begin => {
                    self.closed.remove(&key);
                    let before = self.live.remove(&key).and_then(|entry| entry.state.into_life());
                    lives.extend(before.map(|life| Placed { at, life: life.over(Outcome::Replaced) }));
                }
                Change::Close => self.remember_closed(key),
                Change::Over(outcome) => {
                    let Some(life) = over.next().and_then(|head| self.go_on_with(key, head, &mut lives)) else {
                        continue;
                    };
                    if outcome == Outcome::Closed {
                        self.remember_closed(key);
                    }
                    lives.push(Placed { at, life: life.over(outcome) });
                }
            }
        }
        for (key, Entry { state, age }) in live {
            let life = match state {
                State::Life(life) => life,
                State::Head(head) => match self.go_on_with(key, *head, &mut lives) {
                    Some(life) => Box::new(life),
                    None => continue,
                },
            };
            let age = self.events + age;
            self.live.insert(key, Entry { state: State::Life(life), age });
            self.by_age.push(Reverse((age, key)));
        }
        self.events += events;
        self.tidy();
        // Events after a CLOSED are found with the stream that they seemed to be of.
        lives.sort_by_key(|life| life.at.number);
        Ok(lives.into_iter().map(|Placed { at, life }| Appended { life, handed_out: at.handed_out }).collect())
    }

    /// Returns `true` if a part can be added with the result of one tracker.
    fn is_exact_with(&self, part: &Self) -> bool {
        let (None, Some(changes)) = (&self.part, &part.part) else { return false };
        let limit = self.limit as u64;
        // No stream is dropped, and none that was closed in the part is forgotten before the part ends.
        let fits = (self.live.len() + changes.most) as u64 <= limit && part.closes <= limit;
        // Nor is a stream forgotten that was closed before, if that matters.
        let none_forgotten = self.closed.len() as u64 + part.closes <= limit;
        let fits_after_closed = self.closed.is_empty()
            || part.heads().all(|(key, head)| !self.closed.contains_key(&key) || none_forgotten && !head.joined);
        self.kept == part.kept && fits && fits_after_closed
    }

    /// Removes a stream and returns it with its events in a part. If it had been closed before, the events are returned
    /// in `lives`.
    fn go_on_with(&mut self, key: Key, head: Head<T, N>, lives: &mut Vec<Placed<T, N>>) -> Option<StreamLife<T, N>> {
        if self.closed.contains_key(&key) {
            let events = head.events.into_iter();
            lives.extend(events.map(|Placed { at, mut life }| {
                life.outcome = Outcome::AfterClosed;
                Placed { at, life }
            }));
            return None;
        }
        let before = self.live.remove(&key).and_then(|entry| entry.state.into_life());
        let mut events = head.events.into_iter().map(|event| event.life);
        let mut life = before.map(|life| *life).or_else(|| events.next())?;
        events.for_each(|later| life.append(later, self.kept));
        Some(life)
    }
}
