//! Tracking of streams: their events grouped into lives.
//!
//! [`life`] holds the facts about one stream, this file the streams that are followed at a time, and [`part`] the rules
//! by which parts of a log, each with a tracker of its own, are merged.

mod life;
mod part;

use alloc::boxed::Box;
use alloc::collections::btree_map::Entry as Place;
use alloc::collections::{BTreeMap, BinaryHeap, VecDeque};
use core::cmp::Reverse;
use core::mem;

use self::life::Kept;
pub use self::life::{Failure, Outcome, Step, StreamLife, Target};
#[cfg(feature = "serde")]
pub(crate) use self::life::{Reasons, Words, cut};
pub use self::part::Appended;
use self::part::{At, Head, Part};
use crate::anomaly::Anomaly;
use crate::event::StreamEventRef;
use crate::token::StreamStatus;
use crate::value::StreamId;

/// Groups events by stream, and returns each stream when it is over.
///
/// tor prints a stream's purpose and source address only once, with its NEW; the tracker remembers them. Each event is
/// added with a time of the caller's own type `T`.
///
/// A log may begin in mid-life, so a stream begins with the first event that is seen of it, with any status;
/// [`began`](StreamLife::began) is `true` if that was its real start. A stream ends with CLOSED. FAILED ends it as
/// well, but tor prints a CLOSED after it, so the tracker waits for that: without one, the stream is returned when
/// another begins with its ID, when it is dropped, or by [`into_live`](Self::into_live), and its outcome is
/// [`Failed`](Outcome::Failed) all the same.
///
/// # Memory
///
/// Memory is bounded by the caller's `limit`, for any log:
///
/// - `limit` streams are followed at a time. Beyond it, the one with the oldest last event is returned as
///   [`Dropped`](Outcome::Dropped); should it go on, what follows is another life. A life has some 600 bytes, the text of two
///   targets and a source address, and what [`keep_steps`](Self::keep_steps) and [`keep_circuits`](Self::keep_circuits)
///   allow: by default 1000 steps of some 60 bytes, and 1000 circuits of 24. A stream as tor prints it has about eight steps.
/// - `limit` IDs are remembered of streams that were closed, at some 100 bytes each, so that an event which comes after the
///   end is known as such.
///
/// Each event takes the same time, but for the logarithm of the number of streams.
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
    /// Streams that are followed.
    live: BTreeMap<Key, Entry<T, N>>,
    /// IDs of live streams by the sequence number of the last event. A number may be that of an earlier event, and an
    /// ID that of a stream that is over: this is checked when the entry is the lowest, so that an event changes nothing
    /// here.
    by_age: BinaryHeap<Reverse<(u64, Key)>>,
    /// Streams that were closed last, with the sequence numbers of their ends.
    closed: BTreeMap<Key, u64>,
    /// IDs of `closed` in the order of the ends. Some may have been removed, or closed again.
    closed_by_age: VecDeque<(u64, Key)>,
    /// Maximum number of live streams, and of closed ones that are remembered.
    limit: usize,
    /// Maximum number of steps and circuits of one stream.
    kept: Kept,
    /// Number of events so far.
    events: u64,
    /// Number of streams that were closed so far.
    closes: u64,
    /// Number of streams that were dropped so far.
    dropped: u64,
    /// State that may depend on earlier events, if this is a part of a log.
    part: Option<Box<Part<T, N>>>,
}

/// A caller's note about an event, and about all events of a stream.
///
/// A tracker merges the notes of a stream's events into [`StreamLife::note`], so that a caller can count, collect or
/// mark facts that the tracker does not keep. Merging has to be associative, or [`StreamTracker::append`] has another
/// result than one tracker.
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
/// let [new, closed] = ["18 NEW 0 a.test:443", "18 CLOSED 0 a.test:443"].map(StreamEventRef::parse);
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

/// A stream's ID as numbers, which compare faster than text, in the same order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key([u64; 3]);

/// A stream that is followed.
#[derive(Clone, Debug)]
struct Entry<T, N> {
    /// The stream's state.
    state: State<T, N>,
    /// Sequence number of the stream's last event.
    age: u64,
}

/// The state of a stream that is followed, boxed since the map moves its entries.
#[derive(Clone, Debug)]
enum State<T, N> {
    /// A stream whose events are all known, as far as they are in the log.
    Life(Box<StreamLife<T, N>>),
    /// A stream that may have begun before this part of the log.
    Head(Box<Head<T, N>>),
}

impl<T: Clone> StreamTracker<T> {
    /// Returns a tracker that follows up to `limit` streams at a time, at least one.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self::with_notes(limit)
    }

    /// Adds an event, and returns the stream that is over with it, if there is one. Its
    /// [`outcome`](StreamLife::outcome) is the reason.
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
            closed: BTreeMap::new(),
            closed_by_age: VecDeque::new(),
            limit: limit.max(1),
            kept: Kept { steps: 1000, circuits: 1000 },
            events: 0,
            closes: 0,
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
        let over = match event.status {
            StreamStatus::New | StreamStatus::NewResolve => self.begin(key, event, time, note),
            StreamStatus::Closed => self.close(key, event, time, note),
            _ => self.go_on(key, event, time, note),
        };
        if let Some(part) = &mut self.part {
            part.handed_out += u64::from(over.is_some());
        }
        over
    }

    /// Adds the first event of a stream.
    fn begin(&mut self, key: Key, event: &StreamEventRef<'_>, time: T, note: N) -> Option<StreamLife<T, N>> {
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
    fn close(&mut self, key: Key, event: &StreamEventRef<'_>, time: T, note: N) -> Option<StreamLife<T, N>> {
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
    fn go_on(&mut self, key: Key, event: &StreamEventRef<'_>, time: T, note: N) -> Option<StreamLife<T, N>> {
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

    /// Iterates over the streams that are not over, in the order of their IDs' text, including those that have failed
    /// and were not yet closed. In a [part](Self::part) of a log, only streams that began in it are known.
    pub fn live(&self) -> impl Iterator<Item = &StreamLife<T, N>> {
        self.live.values().filter_map(|entry| entry.state.life())
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
        self.live.into_values().filter_map(|entry| entry.state.into_life().map(|life| *life))
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
    fn remember_closed(&mut self, key: Key) {
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
    fn tidy(&mut self) {
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
    fn into_life(self) -> Option<Box<StreamLife<T, N>>> {
        match self {
            Self::Life(life) => Some(life),
            Self::Head(_) => None,
        }
    }

    /// Returns the stream, if it began in this part of the log.
    fn life(&self) -> Option<&StreamLife<T, N>> {
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

impl Key {
    /// Returns the key of an event's stream.
    fn of(event: &StreamEventRef<'_>) -> Self {
        // The public field may have been changed since it was read.
        if event.anomalies().contains(Anomaly::MalformedId) || event.id.len() > 20 {
            Self::new(id(event).as_str())
        } else {
            Self::new(event.id)
        }
    }

    /// Returns the key of an ID, from its first 20 bytes.
    fn new(id: &str) -> Self {
        let mut bytes = [0; 24];
        bytes.iter_mut().zip(id.bytes().take(20)).for_each(|(to, from)| *to = from);
        let [.., len] = &mut bytes;
        // Only a malformed ID can end with a NUL.
        *len = u8::try_from(id.len()).unwrap_or(u8::MAX);
        let number = |start| {
            let chunk = bytes.get(start..).and_then(<[u8]>::first_chunk);
            chunk.map_or(0, |chunk| u64::from_be_bytes(*chunk))
        };
        Self([number(0), number(8), number(16)])
    }
}

/// Returns the ID of an event's stream.
fn id(event: &StreamEventRef<'_>) -> StreamId {
    const NOT_UTF8: &str = "\u{FFFD}";
    let content = event.content();
    if event.id == NOT_UTF8 && !content.starts_with(NOT_UTF8.as_bytes()) {
        // The event has the same text for every such ID.
        return StreamId::of_bytes(content.split(|&byte| byte == b' ').next().unwrap_or_default());
    }
    StreamId::of_any(event.id)
}

/// Returns the life of an event that came after the end of its stream.
fn after_closed<T: Clone, N: Note>(event: &StreamEventRef<'_>, time: T, note: N) -> StreamLife<T, N> {
    StreamLife { outcome: Outcome::AfterClosed, ..StreamLife::new(id(event), event, time, note) }
}
