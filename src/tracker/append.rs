//! The merge of a part's tracker into that of the log before it.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::cmp::Reverse;

use super::key::Key;
use super::life::{Outcome, StreamLife};
use super::live::{Facts, LiveStream};
use super::part::{Change, ChangeKind, Part, Positioned, Undecided};
use super::{Note, StreamTracker};

/// A stream that has ended in a part of a log, as returned by [`StreamTracker::append`].
///
/// # Examples
///
/// ```
/// use tor_stream_event::{StreamEventRef, StreamTracker};
///
/// let mut tracker = StreamTracker::new(1000);
/// tracker.update(&StreamEventRef::parse("18 NEW 0 a.test:443")?, 1.0);
/// let mut part = StreamTracker::part();
/// part.update(&StreamEventRef::parse("18 CLOSED 7 a.test:443")?, 9.0);
/// let ended = tracker.append(part).expect("far below the limit");
/// assert_eq!((ended[0].life.id.as_str(), ended[0].handed_out), ("18", 0));
/// # Ok::<(), tor_stream_event::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Appended<T, N = ()> {
    /// The stream.
    pub life: StreamLife<T, N>,
    /// Number of streams that the part returned before this one ended.
    pub handed_out: u64,
}

impl<T: Clone, N: Note> StreamTracker<T, N> {
    /// Adds the next [part](Self::part) of the log to this tracker, and returns the streams that have ended with it and
    /// that the part could not return.
    ///
    /// After the call, this tracker is in the state of one that was updated with the part's events one by one, and the
    /// streams that the part and this call returned are together those that it would have returned. The order is the
    /// same, too, if each stream of this call is inserted after as many of the part's as
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
    /// - if the part has more than sixteen events of a stream that was closed before it;
    /// - if the part keeps another number of steps or circuits, or is no part; or if this tracker is a part itself.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::{StreamEventRef, StreamTracker};
    ///
    /// let mut part = StreamTracker::part();
    /// for content in ["18 NEW 0 a.test:443", "19 NEW 0 b.test:443"] {
    ///     part.update(&StreamEventRef::parse(content)?, 1.0);
    /// }
    /// // Nothing has ended, and a tracker with room for one stream would drop the other.
    /// let ended = StreamTracker::new(1000).append(part.clone());
    /// assert!(ended.is_ok_and(|ended| ended.is_empty()));
    /// assert!(StreamTracker::new(1).append(part).is_err());
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    pub fn append(&mut self, part: Self) -> Result<Vec<Appended<T, N>>, Box<Self>> {
        if !self.is_exact_with(&part) {
            return Err(Box::new(part));
        }
        // The other tracker is a part, as `is_exact_with` has found.
        let Self { live, part: Some(part), events, .. } = part else { return Ok(Vec::new()) };
        let mut ended = Vec::new();
        self.repeat_changes(*part, &mut ended);
        self.add_live(live, &mut ended);
        self.events += events;
        self.remove_outdated_entries();
        // Events after a CLOSED were added together, where the last of them stands: sorting restores the order.
        ended.sort_by_key(|stream| stream.position.number);
        let appended = |Positioned { position, life }| Appended { life, handed_out: position.returned };
        Ok(ended.into_iter().map(appended).collect())
    }

    /// Makes the part's changes to live and closed streams here, in their order, as a single tracker would. Adds the
    /// streams that end with them to `ended`.
    fn repeat_changes(&mut self, part: Part<T, N>, ended: &mut Vec<Positioned<T, N>>) {
        let mut undecided = part.ended.into_iter();
        for Change { key, position, kind } in part.changes {
            match kind {
                ChangeKind::Begin => {
                    self.closed.remove(key);
                    // Only a stream that was live before the part: the part itself replaced those that began in it.
                    let replaced = self.live.remove(&key).and_then(|stream| stream.facts.into_life());
                    let replaced = replaced.map(|life| life.with_outcome(Outcome::Replaced));
                    ended.extend(replaced.map(|life| Positioned { position, life }));
                }
                ChangeKind::Close => self.closed.add(key, self.limit),
                ChangeKind::End(outcome) => {
                    let life = undecided.next().and_then(|stream| self.remove_and_append(key, stream, ended));
                    let Some(life) = life else { continue };
                    if outcome == Outcome::Closed {
                        self.closed.add(key, self.limit);
                    }
                    ended.push(Positioned { position, life: life.with_outcome(outcome) });
                }
            }
        }
    }

    /// Adds the streams that are live at the end of a part.
    fn add_live(&mut self, live: BTreeMap<Key, LiveStream<T, N>>, ended: &mut Vec<Positioned<T, N>>) {
        for (key, LiveStream { facts, last_event }) in live {
            let life = match facts {
                Facts::Life(life) => life,
                Facts::Undecided(stream) => match self.remove_and_append(key, *stream, ended) {
                    Some(life) => Box::new(life),
                    None => continue,
                },
            };
            // The part's events follow those so far.
            let last_event = self.events + last_event;
            self.live.insert(key, LiveStream { facts: Facts::Life(life), last_event });
            self.by_last_event.push(Reverse((last_event, key)));
        }
    }

    /// Returns `true` if the result of adding a part is that of one tracker: in none of the cases that
    /// [`append`](Self::append) lists.
    fn is_exact_with(&self, other: &Self) -> bool {
        let (None, Some(part)) = (&self.part, &other.part) else { return false };
        let limit = self.limit as u64;
        // No live stream would be dropped, and no stream that was closed in the part would be forgotten.
        let is_within_limit = (self.live.len() + part.max_live) as u64 <= limit && other.closed.total() <= limit;
        // No stream that was closed before the part would be forgotten within it: each CLOSED in the part adds one stream at most.
        let none_forgotten = self.closed.len() as u64 + other.closed.total() <= limit;
        // If a stream was closed before the part, its events in the part are still separate, and each can be returned alone.
        let can_be_returned_alone = self.closed.len() == 0
            || other
                .undecided_by_key()
                .all(|(key, stream)| !self.closed.contains(key) || none_forgotten && !stream.is_merged);
        self.life_limits == other.life_limits && is_within_limit && can_be_returned_alone
    }

    /// Removes the live stream with this ID, if there is one, and returns it with the events that a part has of it. If
    /// the stream was closed before the part, adds each event to `ended` instead, as one after CLOSED.
    fn remove_and_append(
        &mut self,
        key: Key,
        stream: Undecided<T, N>,
        ended: &mut Vec<Positioned<T, N>>,
    ) -> Option<StreamLife<T, N>> {
        if self.closed.contains(key) {
            let after_closed = |life| StreamLife { outcome: Outcome::AfterClosed, ..life };
            ended.extend(stream.events.into_iter().map(|event| Positioned { life: after_closed(event.life), ..event }));
            return None;
        }
        let before = self.live.remove(&key).and_then(|stream| stream.facts.into_life());
        let mut events = stream.events.into_iter().map(|event| event.life);
        let mut life = before.map(|life| *life).or_else(|| events.next())?;
        events.for_each(|later| life.append(later, self.life_limits));
        Some(life)
    }
}
