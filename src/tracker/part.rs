//! The tracker of a part of a log.
//!
//! Such a tracker, a part for short, returns only streams that are certain: those that begin and end in it. Of other
//! streams it keeps the facts that [`append`](StreamTracker::append) needs: the order in which streams began and were
//! closed ([`Change`]), and the events of streams that may have begun before it ([`Undecided`]).

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::mem;

use super::key::{Key, stream_id};
use super::life::{Outcome, StreamLife};
use super::live::Facts;
use super::update::LifeLimits;
use super::{Note, StreamTracker};
use crate::event::StreamEventRef;

/// Maximum number of events that an [`Undecided`] stream keeps apart: twice the number that tor prints of most streams.
/// The documentation of [`append`](StreamTracker::append) has the number as well.
const MAX_SEPARATE: usize = 16;

/// The state of a part beside its live and closed streams.
#[derive(Clone, Debug)]
pub(super) struct Part<T, N> {
    /// Changes to the live and closed streams, in order.
    pub(super) changes: Vec<Change>,
    /// Streams that may have begun before the part and have ended in it, one for each [`ChangeKind::End`].
    pub(super) ended: Vec<Undecided<T, N>>,
    /// Number of streams that the part has returned to its caller.
    pub(super) returned: u64,
    /// Maximum number of streams that were live at a time.
    pub(super) max_live: usize,
}

/// A change to the live and closed streams.
#[derive(Clone, Copy, Debug)]
pub(super) struct Change {
    /// ID of the stream.
    pub(super) key: Key,
    /// Position of the event that made the change.
    pub(super) position: Position,
    /// Kind of the change.
    pub(super) kind: ChangeKind,
}

/// The kind of a change.
#[derive(Clone, Copy, Debug)]
pub(super) enum ChangeKind {
    /// A stream began.
    Begin,
    /// A stream that began in the part was closed.
    Close,
    /// The next stream of [`Part::ended`] ended.
    End(Outcome),
}

/// The position of an event in a part of a log.
#[derive(Clone, Copy, Debug)]
pub(super) struct Position {
    /// Sequence number of the event, from 1.
    pub(super) number: u64,
    /// Number of streams that the part had returned before the event.
    pub(super) returned: u64,
}

/// A stream that has ended, or events of one that may have begun before the part, with a position.
#[derive(Clone, Debug)]
pub(super) struct Positioned<T, N> {
    /// Position of the event that ended the stream, or of the single event. Of merged events that of the first, which
    /// is not used.
    pub(super) position: Position,
    /// Facts from the events.
    pub(super) life: StreamLife<T, N>,
}

/// A stream that may have begun before the part of the log.
///
/// If the stream turns out to have been closed before the part, each of its events is returned alone, so the events are
/// kept apart as long as there are few.
#[derive(Clone, Debug)]
pub(super) struct Undecided<T, N> {
    /// A life for each event; a single life with all events if there are more than [`MAX_SEPARATE`].
    pub(super) events: Vec<Positioned<T, N>>,
    /// Set once the events were merged into one entry.
    pub(super) is_merged: bool,
}

impl<T: Clone, N: Note> StreamTracker<T, N> {
    /// Returns a tracker for a part of a log, to be merged into that of the log before it with
    /// [`append`](Self::append).
    ///
    /// The part returns streams that begin and end in it. Other streams may be incomplete; they are kept until
    /// `append`. The part has no limit of its own: it keeps some hundred bytes for each stream that begins in it, two
    /// hundred for each that is closed in it, and the streams that are open at its beginning or end.
    /// [`keep_steps`](Self::keep_steps) and [`keep_circuits`](Self::keep_circuits) have to be those of the tracker before
    /// it.
    ///
    /// # Examples
    ///
    /// Two threads read a log, each its half:
    ///
    /// ```
    /// use tor_stream_event::{StreamEventRef, StreamTracker};
    ///
    /// let (mut tracker, mut part) = (StreamTracker::new(1000), StreamTracker::part());
    /// // The first half has no end of this stream, the second no beginning.
    /// tracker.update(&StreamEventRef::parse("18 NEW 0 a.test:443 PURPOSE=USER")?, 1.0);
    /// part.update(&StreamEventRef::parse("18 CLOSED 7 a.test:443 REASON=DONE")?, 9.0);
    /// let lives = tracker.append(part).expect("within the limit");
    /// assert_eq!((lives[0].life.started(), lives[0].life.ended()), (Some(&1.0), Some(&9.0)));
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    #[must_use]
    pub fn part() -> Self {
        let part = Part { changes: Vec::new(), ended: Vec::new(), returned: 0, max_live: 0 };
        Self { part: Some(Box::new(part)), ..Self::with_notes(usize::MAX) }
    }

    /// Iterates over the streams that this [part](Self::part) keeps since they may have begun before it, live or ended:
    /// a stream as one life, or as a life for each event.
    ///
    /// Each stream that [`append`](Self::append) returns for this part is one of these, one that was live in the tracker
    /// before, or one of each merged.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::{StreamEventRef, StreamTracker};
    ///
    /// let mut part = StreamTracker::part();
    /// part.update(&StreamEventRef::parse("18 CLOSED 7 a.test:443")?, 9.0);
    /// // The stream has no beginning here.
    /// assert!(part.undecided().map(|life| life.id.as_str()).eq(["18"]));
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    pub fn undecided(&self) -> impl Iterator<Item = &StreamLife<T, N>> {
        self.undecided_by_key().flat_map(|(_, stream)| stream.events.iter().map(|event| &event.life))
    }

    /// Returns the number of changes that this [part](Self::part) keeps for [`append`](Self::append): of streams that
    /// began, were closed, or may have begun before it and have ended. Each takes 48 to 96 bytes.
    ///
    /// Beside them a part keeps the IDs of closed streams, some hundred bytes each, and the streams that are
    /// [`undecided`](Self::undecided) or [`live`](Self::live). A caller that reads untrusted logs can discard a part that
    /// keeps too much, and update the tracker before it with the part's events instead.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::{StreamEventRef, StreamTracker};
    ///
    /// let mut part = StreamTracker::part();
    /// for (content, time) in [("18 NEW 0 a.test:443", 1.0), ("18 CLOSED 7 a.test:443", 9.0)] {
    ///     part.update(&StreamEventRef::parse(content)?, time);
    /// }
    /// assert_eq!(part.changes(), 2);
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    #[must_use]
    pub fn changes(&self) -> usize {
        self.part.as_ref().map_or(0, |part| part.changes.len())
    }

    /// Iterates over the streams that may have begun before this part, those that have ended first.
    pub(super) fn undecided_by_key(&self) -> impl Iterator<Item = (Key, &Undecided<T, N>)> {
        let ended = self.part.iter().flat_map(|part| {
            let ends = part.changes.iter().filter(|change| matches!(change.kind, ChangeKind::End(_)));
            ends.map(|change| change.key).zip(&part.ended)
        });
        let live = self.live.iter().filter_map(|(&key, stream)| match &stream.facts {
            Facts::Undecided(stream) => Some((key, &**stream)),
            Facts::Life(_) => None,
        });
        ended.chain(live)
    }
}

impl<T, N> Part<T, N> {
    /// Notes that a stream began, with the event of this number.
    pub(super) fn begin(&mut self, key: Key, number: u64) {
        self.change(key, number, ChangeKind::Begin);
    }

    /// Notes that a stream that began in the part was closed, by the event of this number.
    pub(super) fn close(&mut self, key: Key, number: u64) {
        self.change(key, number, ChangeKind::Close);
    }

    /// Keeps a stream that may have begun before the part, and ended with the event of this number.
    pub(super) fn end(&mut self, key: Key, stream: Undecided<T, N>, outcome: Outcome, number: u64) {
        self.change(key, number, ChangeKind::End(outcome));
        self.ended.push(stream);
    }

    /// Adds a change.
    fn change(&mut self, key: Key, number: u64, kind: ChangeKind) {
        let position = Position { number, returned: self.returned };
        self.changes.push(Change { key, position, kind });
    }
}

impl<T, N> Undecided<T, N> {
    /// Returns a stream with its first event in the part.
    pub(super) fn new(position: Position, life: StreamLife<T, N>) -> Self {
        Self { events: alloc::vec![Positioned { position, life }], is_merged: false }
    }
}

impl<T: Clone, N: Note> Undecided<T, N> {
    /// Adds an event.
    pub(super) fn update(
        &mut self,
        position: Position,
        limits: LifeLimits,
        event: &StreamEventRef<'_>,
        time: T,
        note: N,
    ) {
        if !self.is_merged && self.events.len() < MAX_SEPARATE {
            let life = StreamLife::new(stream_id(event), event, time, note);
            self.events.push(Positioned { position, life });
            return;
        }
        if !self.is_merged {
            self.merge_events(limits);
        }
        if let Some(merged) = self.events.first_mut() {
            merged.life.update(event, time, note, limits);
        }
    }

    /// Merges the lives of single events into one.
    fn merge_events(&mut self, limits: LifeLimits) {
        self.is_merged = true;
        let mut events = mem::take(&mut self.events).into_iter();
        if let Some(mut merged) = events.next() {
            events.for_each(|later| merged.life.append(later.life, limits));
            self.events.push(merged);
        }
    }
}
