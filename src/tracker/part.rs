//! Parts of a log, each with a tracker of its own, and how they are merged.
//!
//! A part returns only streams that are certain: those that begin and end in it. Otherwise it keeps the facts that
//! [`append`](StreamTracker::append) needs: the order in which streams began and were closed ([`Op`]), and the streams
//! that may have begun before it ([`Head`]).

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::mem;

use super::StreamTracker;
use super::key::{Key, id};
use super::life::{Outcome, StreamLife};
use super::live::State;
use super::note::Note;
use super::update::Kept;
use crate::event::StreamEventRef;

/// Maximum number of events that a [`Head`] keeps one by one.
const ONE_BY_ONE: usize = 16;

/// The state that the result of a part depends on, beside its known streams.
#[derive(Clone, Debug)]
pub(super) struct Part<T, N> {
    /// Streams that began and were closed, in order.
    pub(super) ops: Vec<Op>,
    /// Streams that may have begun before the part and are over, in the order of their [`Change::Over`].
    pub(super) over: Vec<Head<T, N>>,
    /// Number of streams that the part has returned.
    pub(super) handed_out: u64,
    /// Maximum number of streams that were followed at a time.
    pub(super) most: usize,
}

/// A change to the live and closed streams.
#[derive(Clone, Copy, Debug)]
pub(super) struct Op {
    /// ID of the stream.
    pub(super) key: Key,
    /// Position of the event.
    pub(super) at: At,
    /// Kind of the change.
    pub(super) change: Change,
}

/// The position of an event in a part of a log.
#[derive(Clone, Copy, Debug)]
pub(super) struct At {
    /// Sequence number of the event, from 1.
    pub(super) number: u64,
    /// Number of streams that the part had returned before.
    pub(super) handed_out: u64,
}

/// A stream that is over, or one of its events alone, with its position.
#[derive(Clone, Debug)]
pub(super) struct Placed<T, N> {
    /// Position of the last event.
    pub(super) at: At,
    /// The stream.
    pub(super) life: StreamLife<T, N>,
}

/// The kind of a change.
#[derive(Clone, Copy, Debug)]
pub(super) enum Change {
    /// A stream began.
    Begin,
    /// A stream that began in the part was closed.
    Close,
    /// The next stream in [`Part::over`] is over.
    Over(Outcome),
}

/// A stream that may have begun before the part of the log.
///
/// If the stream had been closed before, each of its events is returned alone, so the first ones are kept apart.
#[derive(Clone, Debug)]
pub(super) struct Head<T, N> {
    /// Single events. If there are more than [`ONE_BY_ONE`], the first entry has all.
    pub(super) events: Vec<Placed<T, N>>,
    /// Set once the events were merged.
    pub(super) joined: bool,
}

impl<T: Clone, N: Note> StreamTracker<T, N> {
    /// Returns a tracker for a part of a log, to be merged into that of the log before it with
    /// [`append`](Self::append).
    ///
    /// The part returns streams that begin and end in it. Other streams may be incomplete; they are kept until
    /// `append`. The part has no limit of its own: it keeps a few dozen bytes for each stream that begins or is closed
    /// in it, and the streams that are open at its beginning or end. [`keep_steps`](Self::keep_steps) and
    /// [`keep_circuits`](Self::keep_circuits) have to be those of the tracker before it.
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
        let part = Part { ops: Vec::new(), over: Vec::new(), handed_out: 0, most: 0 };
        Self { part: Some(Box::new(part)), ..Self::with_notes(usize::MAX) }
    }

    /// Iterates over the streams that this [part](Self::part) keeps since they may have begun before it, over or not: a
    /// stream as one life, or as a life for each event.
    ///
    /// The streams that [`append`](Self::append) returns, when this part is added to others or others to it, consist of
    /// these, of those that are [`live`](Self::live), and of those that are live in the tracker before it.
    pub fn undecided(&self) -> impl Iterator<Item = &StreamLife<T, N>> {
        let over = self.part.iter().flat_map(|part| &part.over);
        let live = self.live.values().filter_map(|entry| match &entry.state {
            State::Head(head) => Some(&**head),
            State::Life(_) => None,
        });
        over.chain(live).flat_map(|head| head.events.iter().map(|event| &event.life))
    }

    /// Returns the number of changes that this [part](Self::part) keeps for [`append`](Self::append): of streams that
    /// began, were closed, or may have begun before it and are over. Each takes some fifty bytes.
    ///
    /// Beside them a part keeps the streams that are [`undecided`](Self::undecided) or [`live`](Self::live). A caller who
    /// reads logs of strangers can give up a part that keeps too much, and update the tracker before it instead.
    #[must_use]
    pub fn changes(&self) -> usize {
        self.part.as_ref().map_or(0, |part| part.ops.len())
    }

    /// Iterates over the streams that may have begun before this part, over or not.
    pub(super) fn heads(&self) -> impl Iterator<Item = (Key, &Head<T, N>)> {
        let changes = self.part.iter();
        let over = changes.flat_map(|part| {
            let keys = part.ops.iter().filter(|op| matches!(op.change, Change::Over(_))).map(|op| op.key);
            keys.zip(&part.over)
        });
        let live = self.live.iter().filter_map(|(&key, entry)| match &entry.state {
            State::Head(head) => Some((key, &**head)),
            State::Life(_) => None,
        });
        over.chain(live)
    }
}

impl<T, N> Part<T, N> {
    /// Records a stream that begins with the event of this number.
    pub(super) fn begin(&mut self, key: Key, number: u64) {
        self.ops.push(Op { key, at: At { number, handed_out: self.handed_out }, change: Change::Begin });
    }

    /// Records a stream that began in the part and is closed by the event of this number.
    pub(super) fn close(&mut self, key: Key, number: u64) {
        self.ops.push(Op { key, at: At { number, handed_out: self.handed_out }, change: Change::Close });
    }

    /// Keeps a stream that is over with the event of this number.
    pub(super) fn over(&mut self, key: Key, head: Head<T, N>, outcome: Outcome, number: u64) {
        self.ops.push(Op { key, at: At { number, handed_out: self.handed_out }, change: Change::Over(outcome) });
        self.over.push(head);
    }
}

impl<T, N> Head<T, N> {
    /// Returns a stream with its first event in the part.
    pub(super) fn new(at: At, life: StreamLife<T, N>) -> Self {
        Self { events: alloc::vec![Placed { at, life }], joined: false }
    }
}

impl<T: Clone, N: Note> Head<T, N> {
    /// Adds an event.
    pub(super) fn update(&mut self, at: At, kept: Kept, event: &StreamEventRef<'_>, time: T, note: N) {
        if !self.joined && self.events.len() < ONE_BY_ONE {
            let life = StreamLife::new(id(event), event, time, note);
            self.events.push(Placed { at, life });
            return;
        }
        if !self.joined {
            self.join(kept);
        }
        if let Some(Placed { life, .. }) = self.events.first_mut() {
            life.update(event, time, note, kept);
        }
    }

    /// Merges the events into the first entry.
    fn join(&mut self, kept: Kept) {
        self.joined = true;
        let mut events = mem::take(&mut self.events).into_iter();
        if let Some(mut all) = events.next() {
            events.for_each(|later| all.life.append(later.life, kept));
            self.events.push(all);
        }
    }
}
