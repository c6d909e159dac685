//! The life of each stream, put together from its events.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use crate::event::StreamEventRef;
use crate::token::{ClientProtocol, StreamClosureReason, StreamPurpose, StreamSource, StreamStatus};
use crate::value::{CircuitId, StreamId};

/// Puts the events of each stream together.
///
/// tor tells a stream's purpose and source address only once, with its NEW; the tracker remembers them. It is fed events
/// with a time of the caller's own type `T`, and hands out each stream when it is over.
///
/// A log may begin in mid-life, so a stream begins with the first event that is seen of it, whatever that is. The number of
/// streams that are followed at a time is bounded by the caller: beyond it, the one with the oldest last event is handed out
/// as [`Dropped`](Outcome::Dropped). As many streams that were closed are remembered by ID, so that an event which comes
/// after the end is known as such.
///
/// # Examples
///
/// ```
/// use tor_stream_event::{StreamEventRef, StreamPurpose, StreamTracker};
///
/// let mut tracker = StreamTracker::new(1000);
/// let mut lives = Vec::new();
/// for (time, content) in [
///     (1.0, "18 NEW 0 www.example.com:443 SOURCE_ADDR=127.0.0.1:47849 PURPOSE=USER"),
///     (1.1, "18 SENTCONNECT 7 www.example.com:443"),
///     (1.5, "18 SUCCEEDED 7 192.0.2.1:443"),
///     (9.0, "18 CLOSED 7 192.0.2.1:443 REASON=DONE"),
/// ] {
///     lives.extend(tracker.update(&StreamEventRef::parse(content)?, time));
/// }
/// let life = &lives[0];
/// assert_eq!(life.purpose, Some(StreamPurpose::User));
/// assert_eq!((life.asked.host.as_str(), life.target.host.as_str()), ("www.example.com", "192.0.2.1"));
/// assert_eq!(life.last - life.first, 8.0);
/// # Ok::<(), tor_stream_event::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct StreamTracker<T> {
    /// The streams that are followed.
    live: BTreeMap<StreamId, Entry<T>>,
    /// They in the order of their last events, which are numbered.
    by_age: BTreeMap<u64, StreamId>,
    /// The streams that were closed last.
    closed: BTreeMap<StreamId, u64>,
    /// They in the order of their ends.
    closed_by_age: BTreeMap<u64, StreamId>,
    /// How many streams may be followed.
    limit: usize,
    /// How many events there were.
    events: u64,
    /// How many streams were dropped.
    dropped: u64,
}

/// A stream that is followed.
#[derive(Clone, Debug)]
struct Entry<T> {
    /// What is known of it.
    life: StreamLife<T>,
    /// The number of its last event.
    age: u64,
}

/// What happened to one stream.
///
/// It holds no credential, only whether there were any.
///
/// With the feature `serde` it is data of any format. What `tor-streams streams` prints has its names there, `stream_id`,
/// `target` and `final_target` among them. Circuits are a list, and times what `T` makes of them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct StreamLife<T> {
    /// The stream's ID.
    #[cfg_attr(feature = "serde", serde(rename = "stream_id"))]
    pub id: StreamId,
    /// How its life, as far as it was seen, is over.
    pub outcome: Outcome,
    /// The time of the first event.
    pub first: T,
    /// The time of the last event.
    pub last: T,
    /// Every event but those of flow control (XOFF and XON), of which there may be any number.
    pub steps: Vec<Step<T>>,
    /// The circuits that the stream was attached to, each once, in the order in which they came.
    pub circuits: Vec<CircuitId>,
    /// The target of the first event: what the client asked for, if that was NEW or NEWRESOLVE.
    #[cfg_attr(feature = "serde", serde(rename = "target"))]
    pub asked: Target,
    /// The target of the last event: what a REMAP or a controller made of it.
    #[cfg_attr(feature = "serde", serde(rename = "final_target"))]
    pub target: Target,
    /// Where the last REMAP had the address from (`SOURCE`).
    pub source: Option<StreamSource>,
    /// Where the client connects from (`SOURCE_ADDR`).
    pub source_addr: Option<String>,
    /// What the stream is for (`PURPOSE`).
    pub purpose: Option<StreamPurpose>,
    /// The protocol that the client spoke (`CLIENT_PROTOCOL`).
    pub client_protocol: Option<ClientProtocol>,
    /// Whether the client sent a user name.
    pub has_username: bool,
    /// Whether the client sent a password.
    pub has_password: bool,
    /// The last `REASON`.
    pub reason: Option<StreamClosureReason>,
    /// The last `REMOTE_REASON`.
    pub remote_reason: Option<StreamClosureReason>,
    /// How often this end asked the other one to stop sending (XOFF_SENT).
    pub xoff_sent: u64,
    /// How often the other end asked this one to stop sending (XOFF_RECV).
    pub xoff_recv: u64,
    /// How often this end told the other one to send again (XON_SENT).
    pub xon_sent: u64,
    /// How often the other end told this one to send again (XON_RECV).
    pub xon_recv: u64,
    /// How many events came after a FAILED and were no CLOSED, which tor never prints.
    pub after_failed: u64,
}

/// A stream's target.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Target {
    /// The host.
    pub host: String,
    /// The port.
    pub port: u16,
}

/// One event of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Step<T> {
    /// What happened.
    pub status: StreamStatus,
    /// When.
    pub time: T,
    /// The circuit that the stream was attached to.
    pub circuit_id: Option<CircuitId>,
}

/// How a stream's life is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "lowercase"))]
#[non_exhaustive]
pub enum Outcome {
    /// It is not over.
    Live,
    /// With CLOSED.
    Closed,
    /// Another stream came with the same ID, as happens after tor was restarted.
    Replaced,
    /// There were more streams than the tracker may follow.
    Dropped,
    /// It was over before: this is one event that came after CLOSED, which tor never prints.
    #[cfg_attr(feature = "serde", serde(rename = "after closed"))]
    AfterClosed,
}

impl<T: Clone> StreamTracker<T> {
    /// Returns a tracker that follows up to `limit` streams at a time, at least one.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self {
            live: BTreeMap::new(),
            by_age: BTreeMap::new(),
            closed: BTreeMap::new(),
            closed_by_age: BTreeMap::new(),
            limit: limit.max(1),
            events: 0,
            dropped: 0,
        }
    }

    /// Takes one event, and returns the stream that is over with it, if there is one: its [`outcome`](StreamLife::outcome)
    /// says why.
    pub fn update(&mut self, event: &StreamEventRef<'_>, time: T) -> Option<StreamLife<T>> {
        self.events += 1;
        let id = StreamId::prefix_of(event.id);
        let begins = matches!(event.status, StreamStatus::New | StreamStatus::NewResolve);
        if begins {
            self.forget_closed(&id);
        } else if self.closed.contains_key(&id) {
            return Some(StreamLife { outcome: Outcome::AfterClosed, ..StreamLife::new(id, event, time) });
        }

        let before = self.take(&id);
        let (mut life, replaced) = match before {
            // A controller's REDIRECTSTREAM or RESOLVE cannot repeat a NEW: this is another stream.
            Some(life) if begins => (StreamLife::new(id, event, time), Some(life)),
            Some(mut life) => {
                life.update(event, time);
                (life, None)
            }
            None => (StreamLife::new(id, event, time), None),
        };
        if event.status == StreamStatus::Closed {
            self.remember_closed(id);
            life.outcome = Outcome::Closed;
            return Some(life);
        }
        self.put(life);
        replaced.map(|life| StreamLife { outcome: Outcome::Replaced, ..life }).or_else(|| self.drop_oldest())
    }

    /// Iterates over the streams that are not over, in the order of their IDs' text.
    pub fn live(&self) -> impl Iterator<Item = &StreamLife<T>> {
        self.live.values().map(|entry| &entry.life)
    }

    /// Returns the stream with this ID, if it is followed.
    #[must_use]
    pub fn get(&self, id: &StreamId) -> Option<&StreamLife<T>> {
        self.live.get(id).map(|entry| &entry.life)
    }

    /// Returns how many streams were handed out as [`Dropped`](Outcome::Dropped).
    #[must_use]
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Hands out the streams that are not over, as they are at the end of a log.
    pub fn into_live(self) -> impl Iterator<Item = StreamLife<T>> {
        self.live.into_values().map(|entry| entry.life)
    }

    /// Takes a stream out.
    fn take(&mut self, id: &StreamId) -> Option<StreamLife<T>> {
        let entry = self.live.remove(id)?;
        self.by_age.remove(&entry.age);
        Some(entry.life)
    }

    /// Puts a stream in, as the one with the newest event.
    fn put(&mut self, life: StreamLife<T>) {
        let age = self.events;
        self.by_age.insert(age, life.id);
        self.live.insert(life.id, Entry { life, age });
    }

    /// Takes out the stream with the oldest event if there are too many.
    fn drop_oldest(&mut self) -> Option<StreamLife<T>> {
        if self.live.len() <= self.limit {
            return None;
        }
        let (_, id) = self.by_age.pop_first()?;
        self.dropped += 1;
        let life = self.live.remove(&id)?.life;
        Some(StreamLife { outcome: Outcome::Dropped, ..life })
    }

    /// Remembers that a stream was closed.
    fn remember_closed(&mut self, id: StreamId) {
        self.closed.insert(id, self.events);
        self.closed_by_age.insert(self.events, id);
        if self.closed.len() > self.limit {
            if let Some((_, oldest)) = self.closed_by_age.pop_first() {
                self.closed.remove(&oldest);
            }
        }
    }

    /// Forgets that a stream was closed.
    fn forget_closed(&mut self, id: &StreamId) {
        if let Some(age) = self.closed.remove(id) {
            self.closed_by_age.remove(&age);
        }
    }
}

impl<T: Clone> StreamLife<T> {
    /// Returns the life of a stream of which this is the first event.
    fn new(id: StreamId, event: &StreamEventRef<'_>, time: T) -> Self {
        let mut life = Self {
            id,
            outcome: Outcome::Live,
            first: time.clone(),
            last: time.clone(),
            steps: Vec::new(),
            circuits: Vec::new(),
            asked: Target::of(event),
            target: Target::of(event),
            source: None,
            source_addr: None,
            purpose: None,
            client_protocol: None,
            has_username: false,
            has_password: false,
            reason: None,
            remote_reason: None,
            xoff_sent: 0,
            xoff_recv: 0,
            xon_sent: 0,
            xon_recv: 0,
            after_failed: 0,
        };
        life.update(event, time);
        life
    }

    /// Adds what an event tells.
    fn update(&mut self, event: &StreamEventRef<'_>, time: T) {
        let circuit_id = event.circuit_id.map(CircuitId::prefix_of);
        if let Some(circuit) = circuit_id.filter(|circuit| !self.circuits.contains(circuit)) {
            self.circuits.push(circuit);
        }
        if !self.target.is(event) {
            self.target = Target::of(event);
        }
        if let Some(source_addr) = event.source_addr {
            self.source_addr = Some(source_addr.into());
        }
        self.source = event.source.or(self.source);
        self.purpose = event.purpose.or(self.purpose);
        self.client_protocol = event.client_protocol().or(self.client_protocol);
        self.has_username |= event.socks_username().is_some();
        self.has_password |= event.socks_password().is_some();
        self.reason = event.reason.or(self.reason);
        self.remote_reason = event.remote_reason.or(self.remote_reason);
        self.last = time.clone();

        let failed = self.steps.last().is_some_and(|step| step.status == StreamStatus::Failed);
        self.after_failed += u64::from(failed && event.status != StreamStatus::Closed);
        match event.status {
            StreamStatus::XoffSent => self.xoff_sent += 1,
            StreamStatus::XoffRecv => self.xoff_recv += 1,
            StreamStatus::XonSent => self.xon_sent += 1,
            StreamStatus::XonRecv => self.xon_recv += 1,
            status => self.steps.push(Step { status, time, circuit_id }),
        }
    }
}

impl Target {
    /// Returns an event's target.
    fn of(event: &StreamEventRef<'_>) -> Self {
        Self { host: event.target_host.into(), port: event.target_port }
    }

    /// Returns `true` if this is the event's target.
    fn is(&self, event: &StreamEventRef<'_>) -> bool {
        self.host == event.target_host && self.port == event.target_port
    }
}
