//! Tracking of streams: events grouped by stream.
//!
//! - this file: the tracker as a caller sees it; [`note`]: the caller's notes about events
//! - [`live`]: the live streams: where each begins and ends; [`closed`]: the IDs of streams that were closed
//! - [`key`]: stream IDs as map keys
//! - [`life`]: the facts about one stream; [`update`]: how events change them; [`text`]: the text that is kept
//! - [`part`]: the tracker of a part of a log; [`append`]: how it is merged into that of the log before it

mod closed;
mod key;
mod life;
mod live;
mod note;
mod text;
mod update;

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BinaryHeap};
use core::cmp::Reverse;

pub use self::append::Appended;
use self::closed::Closed;
use self::key::Key;
pub use self::life::{Failure, Outcome, Step, StreamLife, Target};
use self::live::Live;
pub use self::note::Note;
use self::part::Part;
#[cfg(feature = "serde")]
pub(crate) use self::text::{UnnamedReasons, UnnamedWords, cut};
use self::update::Kept;
use crate::event::StreamEventRef;
use crate::token::StreamStatus;
use crate::value::StreamId;

/// Groups events by stream, and returns each stream when it ends.
///
/// tor prints a stream's purpose and source address only once, with its NEW; the tracker remembers them. Each event is
/// added with a time of the caller's own type `T`.
///
/// A log may begin in the middle of a stream, so the first event of a stream may have any status;
/// [`began`](StreamLife::began) is `true` if it was NEW or NEWRESOLVE.
///
/// A stream ends with CLOSED. FAILED ends it as well, but tor prints a CLOSED after it, so the tracker waits for that.
/// Without one, the stream is returned when another begins with its ID, when it is dropped, or by
/// [`into_live`](Self::into_live). Its outcome is [`Failed`](Outcome::Failed) in any case.
///
/// # Memory
///
/// Memory is bounded by the caller's `limit`, for any log:
///
/// - Up to `limit` streams are live at a time. Beyond it, the one with the oldest last event is returned as
///   [`Dropped`](Outcome::Dropped); its later events make another life. A life has some 600 bytes, the text of two
///   targets and a source address, and the steps and circuits that [`keep_steps`](Self::keep_steps) and
///   [`keep_circuits`](Self::keep_circuits) allow: by default 1000 steps of some 60 bytes, and 1000 circuits of 24. A
///   stream that tor printed has about eight steps.
/// - The IDs of the last `limit` streams that were closed are remembered, at some 100 bytes each: an event after the end
///   of its stream is returned as [`AfterClosed`](Outcome::AfterClosed).
///
/// The time of an event grows with the logarithm of the number of streams only.
///
/// # Examples
///
/// ```
/// use tor_stream_event::{StreamEventRef, StreamPurpose, StreamTracker};
///
/// let mut tracker = StreamTracker::new(1000);
/// // `update` returns a stream when it ends. The times are seconds here.
/// tracker.update(&StreamEventRef::parse("18 NEW 0 a.test:443 PURPOSE=USER")?, 1.0);
/// let event = StreamEventRef::parse("18 CLOSED 7 192.0.2.1:443 REASON=DONE")?;
/// let life = tracker.update(&event, 9.0).expect("the end of stream 18");
/// assert_eq!(life.purpose, Some(StreamPurpose::User));
/// assert_eq!((&*life.asked.host, &*life.target.host), ("a.test", "192.0.2.1"));
/// assert_eq!((life.started(), life.ended()), (Some(&1.0), Some(&9.0)));
/// # Ok::<(), tor_stream_event::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct StreamTracker<T, N = ()> {
    /// Live streams by ID.
    live: BTreeMap<Key, Live<T, N>>,
    /// IDs of live streams by the sequence number of the last event. An entry may be outdated: its number that of an
    /// earlier event, or its stream no longer live. Entries are checked when they are the lowest, so that most events
    /// change nothing here.
    by_age: BinaryHeap<Reverse<(u64, Key)>>,
    /// The streams that were closed last, up to `limit`.
    closed: Closed,
    /// Maximum number of live streams, and of closed ones that are remembered.
    limit: usize,
    /// Maximum number of steps and circuits of one stream.
    kept: Kept,
    /// Number of events so far.
    events: u64,
    /// Number of streams that were dropped so far.
    dropped: u64,
    /// State for [`append`](Self::append), if this is the tracker of a part of a log.
    part: Option<Box<Part<T, N>>>,
}

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
            by_age: BinaryHeap::new(),
            closed: Closed::default(),
            limit: limit.max(1),
            kept: Kept { steps: 1000, circuits: 1000 },
            events: 0,
            dropped: 0,
            part: None,
        }
    }

    /// Sets the maximum number of [`steps`](StreamLife::steps) that are kept of one stream, at least one. Further steps
    /// are only counted.
    #[must_use]
    pub fn keep_steps(self, steps: usize) -> Self {
        Self { kept: Kept { steps: steps.max(1), ..self.kept }, ..self }
    }

    /// Sets the maximum number of [`circuits`](StreamLife::circuits) that are kept of one stream, at least one. Further
    /// changes of circuit are only counted.
    #[must_use]
    pub fn keep_circuits(self, circuits: usize) -> Self {
        Self { kept: Kept { circuits: circuits.max(1), ..self.kept }, ..self }
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
            part.handed_out += u64::from(ended.is_some());
        }
        ended
    }

    /// Iterates over the live streams, in the order of their IDs' text, including those that have failed and were not
    /// yet closed. In a [part](Self::part) of a log, these are the streams that began in it.
    pub fn live(&self) -> impl Iterator<Item = &StreamLife<T, N>> {
        self.live.values().filter_map(|stream| stream.state.life())
    }

    /// Returns the stream with this ID, if it is one of [`live`](Self::live).
    #[must_use]
    pub fn get(&self, id: &StreamId) -> Option<&StreamLife<T, N>> {
        self.live.get(&Key::new(id.as_str()))?.state.life()
    }

    /// Returns the number of streams that were returned as [`Dropped`](Outcome::Dropped).
    #[must_use]
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Returns the streams of [`live`](Self::live), as they are at the end of a log.
    pub fn into_live(self) -> impl Iterator<Item = StreamLife<T, N>> {
        self.live.into_values().filter_map(|stream| stream.state.into_life().map(|life| *life))
    }
}

// Here, so that rustdoc lists the methods of parts after these.
mod append;
mod part;
