//! The tracker's methods, but for those of parts of a log.

use alloc::collections::{BTreeMap, BinaryHeap};

use super::closed::Closed;
use super::key::Key;
use super::life::StreamLife;
use super::update::LifeLimits;
use super::{Note, StreamTracker};
use crate::event::StreamEventRef;
use crate::value::StreamId;
use crate::word::StreamStatus;

impl<T: Clone> StreamTracker<T> {
    /// Returns a tracker with a maximum number of live streams, at least one.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::{StreamEventRef, StreamTracker};
    ///
    /// let mut tracker = StreamTracker::new(1000);
    /// tracker.update(&StreamEventRef::parse("18 NEW 0 a.test:443")?, 1.0);
    /// assert_eq!(tracker.live().count(), 1);
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self::with_notes(limit)
    }

    /// Adds an event, and returns the stream that ends with it, if there is one: the event's own with CLOSED, or
    /// another one that is replaced or dropped ([`outcome`](StreamLife::outcome)).
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::{StreamEventRef, StreamTracker};
    ///
    /// let mut tracker = StreamTracker::new(1000);
    /// let new = StreamEventRef::parse("18 NEW 0 a.test:443")?;
    /// assert!(tracker.update(&new, 1.0).is_none());
    /// let closed = StreamEventRef::parse("18 CLOSED 7 a.test:443")?;
    /// assert!(tracker.update(&closed, 9.0).is_some_and(|life| life.id == "18"));
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    pub fn update(&mut self, event: &StreamEventRef<'_>, time: T) -> Option<StreamLife<T>> {
        self.update_with(event, time, ())
    }
}

impl<T: Clone, N: Note> StreamTracker<T, N> {
    /// Returns a tracker, as [`new`](StreamTracker::new) does, for events with [notes](Note).
    ///
    /// # Examples
    ///
    /// ```
    /// # use tor_stream_event::{Note, StreamEventRef, StreamTracker};
    /// /// The number of bytes of a stream's events.
    /// struct Bytes(usize);
    /// impl Note for Bytes {
    ///     fn append(&mut self, later: Self) { self.0 += later.0 }
    /// }
    /// let mut tracker = StreamTracker::with_notes(1000);
    /// tracker.update_with(&StreamEventRef::parse("18 NEW 0 a.test:443")?, 1.0, Bytes(19));
    /// assert!(tracker.live().all(|life| life.note.0 == 19));
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    #[must_use]
    pub fn with_notes(limit: usize) -> Self {
        Self {
            live: BTreeMap::new(),
            by_last_event: BinaryHeap::new(),
            closed: Closed::default(),
            limit: limit.max(1),
            life_limits: LifeLimits { steps: 1000, circuits: 1000 },
            events: 0,
            dropped: 0,
            part: None,
        }
    }

    /// Sets the maximum number of [`steps`](StreamLife::steps) that are kept of one stream, at least one. Further steps
    /// are only counted.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::{StreamEventRef, StreamTracker};
    ///
    /// let mut tracker = StreamTracker::new(1000).keep_steps(1);
    /// tracker.update(&StreamEventRef::parse("18 NEW 0 a.test:443")?, 1.0);
    /// let event = StreamEventRef::parse("18 CLOSED 7 a.test:443")?;
    /// let life = tracker.update(&event, 9.0).expect("the end of the stream");
    /// assert_eq!((life.steps.len(), life.step_count), (1, 2));
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    #[must_use]
    pub fn keep_steps(self, steps: usize) -> Self {
        Self { life_limits: LifeLimits { steps: steps.max(1), ..self.life_limits }, ..self }
    }

    /// Sets the maximum number of [`circuits`](StreamLife::circuits) that are kept of one stream, at least one. Further
    /// changes of circuit are only counted.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::{StreamEventRef, StreamTracker};
    ///
    /// let mut tracker = StreamTracker::new(1000).keep_circuits(1);
    /// for content in ["18 SENTCONNECT 7 a.test:443", "18 SENTCONNECT 8 a.test:443"] {
    ///     tracker.update(&StreamEventRef::parse(content)?, 1.0);
    /// }
    /// let life = tracker.live().next().expect("a stream");
    /// assert_eq!((life.circuits[0].as_str(), life.circuit_changes), ("7", 2));
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    #[must_use]
    pub fn keep_circuits(self, circuits: usize) -> Self {
        Self { life_limits: LifeLimits { circuits: circuits.max(1), ..self.life_limits }, ..self }
    }

    /// Adds an event as [`update`](StreamTracker::update) does, with a note.
    ///
    /// # Examples
    ///
    /// ```
    /// # use tor_stream_event::{Note, StreamEventRef, StreamTracker};
    /// /// The number of bytes of a stream's events.
    /// struct Bytes(usize);
    /// impl Note for Bytes {
    ///     fn append(&mut self, later: Self) { self.0 += later.0 }
    /// }
    /// let mut tracker = StreamTracker::with_notes(1000);
    /// let event = StreamEventRef::parse("18 SUCCEEDED 7 a.test:443")?;
    /// tracker.update_with(&event, 1.0, Bytes(event.content().len()));
    /// assert!(tracker.live().all(|life| life.note.0 == 25));
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    pub fn update_with(&mut self, event: &StreamEventRef<'_>, time: T, note: N) -> Option<StreamLife<T, N>> {
        self.events += 1;
        let key = Key::of(event);
        let ended = match event.status {
            StreamStatus::New | StreamStatus::NewResolve => self.begin(key, event, time, note),
            StreamStatus::Closed => self.close(key, event, time, note),
            _ => self.advance(key, event, time, note),
        };
        if let Some(part) = &mut self.part {
            part.returned += u64::from(ended.is_some());
        }
        ended
    }

    /// Iterates over the live streams, in the order of their IDs' text, including those that have failed and were not
    /// yet closed. In a [part](Self::part) of a log, these are the streams that began in it.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::{StreamEventRef, StreamTracker};
    ///
    /// let mut tracker = StreamTracker::new(1000);
    /// for content in ["18 NEW 0 a.test:443", "9 NEW 0 b.test:443"] {
    ///     tracker.update(&StreamEventRef::parse(content)?, 1.0);
    /// }
    /// assert!(tracker.live().map(|life| life.id.as_str()).eq(["18", "9"]));
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    pub fn live(&self) -> impl Iterator<Item = &StreamLife<T, N>> {
        self.live.values().filter_map(|stream| stream.facts.life())
    }

    /// Returns the stream with this ID, if it is one of [`live`](Self::live).
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::{StreamEventRef, StreamTracker};
    ///
    /// let mut tracker = StreamTracker::new(1000);
    /// tracker.update(&StreamEventRef::parse("18 NEW 0 a.test:443")?, 1.0);
    /// assert!(tracker.get(&"18".parse()?).is_some_and(|life| life.asked.host == "a.test"));
    /// assert!(tracker.get(&"19".parse()?).is_none());
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    #[must_use]
    pub fn get(&self, id: &StreamId) -> Option<&StreamLife<T, N>> {
        self.live.get(&Key::new(id.as_str()))?.facts.life()
    }

    /// Returns the number of streams that were returned as [`Dropped`](crate::Outcome::Dropped).
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::{StreamEventRef, StreamTracker};
    ///
    /// // There is room for a single stream.
    /// let mut tracker = StreamTracker::new(1);
    /// for content in ["18 NEW 0 a.test:443", "19 NEW 0 b.test:443"] {
    ///     tracker.update(&StreamEventRef::parse(content)?, 1.0);
    /// }
    /// assert_eq!(tracker.dropped(), 1);
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    #[must_use]
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Returns the streams of [`live`](Self::live), as they are at the end of a log.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::{StreamEventRef, StreamTracker};
    ///
    /// let mut tracker = StreamTracker::new(1000);
    /// tracker.update(&StreamEventRef::parse("18 NEW 0 a.test:443")?, 1.0);
    /// let open = tracker.into_live().map(|life| life.asked.host).collect::<Vec<_>>();
    /// assert_eq!(open, ["a.test"]);
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    pub fn into_live(self) -> impl Iterator<Item = StreamLife<T, N>> {
        self.live.into_values().filter_map(|stream| stream.facts.into_life().map(|life| *life))
    }
}
