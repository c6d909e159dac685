//! Tracking of streams: events grouped by stream.
//!
//! A stream is *live* from its first event to its CLOSED. A *life* is the facts about a stream from its events. A
//! *part* of a log is a run of its events that a tracker of its own reads, beside the trackers of other parts. An *undecided*
//! stream is one that may have begun before the part, and may have been closed before it. An *unnamed* word is one without
//! a variant, such as a new tor's: its enum says `Unrecognized`, and its text is kept beside that.
//!
//! - this file: the tracker's type, and the caller's notes about events; [`methods`]: the tracker's methods
//! - [`live`]: the live streams: where each begins and ends; [`closed`]: the IDs of streams that were closed
//! - [`key`]: stream IDs as map keys
//! - [`life`]: the facts about one stream; [`update`]: how events change them; [`text`]: the text in them, without
//!   credentials
//! - [`part`]: the tracker of a part of a log; [`append`]: how it is merged into that of the log before it

// The first group, so that rustdoc lists these methods first.
mod methods;

mod append;
mod closed;
mod key;
mod life;
mod live;
mod part;
mod text;
mod update;

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BinaryHeap};
use core::cmp::Reverse;

pub use self::append::Appended;
use self::closed::Closed;
use self::key::Key;
pub use self::life::{Failure, Outcome, Step, StreamLife, Target};
use self::live::LiveStream;
use self::part::Part;
#[cfg(feature = "serde")]
pub(crate) use self::text::{UnnamedReasons, UnnamedWords, cut};
use self::update::LifeLimits;

/// Number of entries that [`by_last_event`](StreamTracker::by_last_event), and the list of closed streams, may have beyond
/// twice the number of their streams. With more, their outdated entries are removed. Without the spare ones, the list of a
/// few streams would be made anew at every other event.
const SPARE_ENTRIES: usize = 64;

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
///   targets and a source address, which a damaged log can make as long as its lines, and the steps and circuits that
///   [`keep_steps`](Self::keep_steps) and [`keep_circuits`](Self::keep_circuits) allow: by default 1000 steps of some 60
///   bytes, and 1000 circuits of 24. A stream that tor printed has about eight steps.
/// - The IDs of the last `limit` streams that were closed are remembered, at some 100 bytes each: an event after the
///   end of its stream is returned as [`AfterClosed`](Outcome::AfterClosed).
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
    live: BTreeMap<Key, LiveStream<T, N>>,
    /// IDs of live streams, each with the sequence number of an event, which is `events` at that event; the lowest number
    /// first. An entry is made with a stream's first event, and most later events change nothing here: the entry becomes
    /// outdated, as does that of a stream that ends. Once a stream has to be dropped, the lowest entries are brought up to
    /// date until one has the number of its stream's last event.
    by_last_event: BinaryHeap<Reverse<(u64, Key)>>,
    /// The streams that were closed last, up to `limit`.
    closed: Closed,
    /// Maximum number of live streams, and of closed ones that are remembered.
    limit: usize,
    /// Maximum number of steps and circuits that are kept of one stream.
    life_limits: LifeLimits,
    /// Number of events so far.
    events: u64,
    /// Number of streams that were dropped so far.
    dropped: u64,
    /// Facts for [`append`](Self::append), if this is the tracker of a part of a log.
    part: Option<Box<Part<T, N>>>,
}

/// A caller's note about an event, and about all events of a stream.
///
/// A tracker merges the notes of a stream's events into [`note`](StreamLife::note): facts that it does not keep
/// itself, such as counts or line numbers. Merging has to be associative, or
/// [`append`](StreamTracker::append) has another result than one tracker.
///
/// # Examples
///
/// ```
/// # use tor_stream_event::{Note, StreamEventRef, StreamTracker};
/// /// The numbers of a stream's lines.
/// struct Lines(Vec<u64>);
/// impl Note for Lines {
///     fn append(&mut self, later: Self) { self.0.extend(later.0) }
/// }
/// let mut tracker = StreamTracker::with_notes(1000);
/// let [new, closed] = ["18 NEW 0 a:443", "18 CLOSED 0 a:443"].map(StreamEventRef::parse);
/// tracker.update_with(&new?, (), Lines(vec![7]));
/// let life = tracker.update_with(&closed?, (), Lines(vec![9]));
/// assert_eq!(life.map(|life| life.note.0), Some(vec![7, 9]));
/// # Ok::<(), tor_stream_event::Error>(())
/// ```
pub trait Note {
    /// Adds the note about later events of the same stream.
    fn append(&mut self, later: Self);
}

impl Note for () {
    fn append(&mut self, (): Self) {}
}
