//! Tallies: the counts of the command `summary`.

use alloc::borrow::Cow;
use alloc::sync::Arc;
use core::cmp::Ordering;
use core::{fmt, mem};

use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};
use tor_stream_event::{CircuitId, ClientProtocol, Outcome, StreamEvent, StreamEventRef, StreamPurpose};

use super::activity::Activity;
use super::events::EventTally;
use super::histogram::Histogram;
use super::slowest::{SlowAnswer, Slowest};
use super::table::{Key, Table};
use super::words::Words;
use crate::command::life::{self, Cause};
use crate::command::note::{Life, asked_host};
use crate::command::timeline::Timeline;
use crate::input::time::Time;

/// The counts of one or more logs. Tallies of different logs can be merged in any order.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tally {
    /// Number of bytes that were read, after decompression.
    pub(crate) bytes: u64,
    /// Number of lines.
    pub(crate) lines: u64,
    /// Number of events that could not be read.
    pub(crate) unreadable: u64,
    /// Counts of events that pass.
    pub(crate) events: EventTally,
    /// Number of streams.
    pub(crate) streams: u64,
    /// Number of streams that the tracker dropped because of its limit.
    pub(crate) dropped: u64,
    /// Streams by purpose.
    pub(crate) purposes: Words<StreamPurpose>,
    /// Streams by the protocol of the client.
    pub(crate) protocols: Words<ClientProtocol>,
    /// Streams that failed, by cause.
    pub(crate) failures: Table<Failure>,
    /// Streams that failed, by target host and cause.
    pub(crate) failed_targets: Table<FailedTarget>,
    /// Streams by the host of the first target.
    pub(crate) targets: Table<String>,
    /// Streams by circuit.
    pub(crate) circuits: Table<Circuit>,
    /// Times from NEW to SUCCEEDED.
    pub(crate) answers: Histogram,
    /// Times from NEW to the end.
    pub(crate) lifetimes: Histogram,
    /// The circuits with the slowest first answers.
    pub(crate) slowest: Slowest,
    /// Streams by the time of their first event.
    pub(crate) activity: Timeline<Activity>,
}

/// The cause of a failure, and whether the stream ever was on a circuit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Failure {
    /// Set if the stream was attached to a circuit before.
    pub(crate) on_circuit: bool,
    /// Cause of the failure.
    pub(crate) cause: Cause,
}

/// A host that a stream failed to reach, and the cause.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FailedTarget {
    /// Host of the stream's first target.
    pub(crate) host: String,
    /// Cause of the failure.
    pub(crate) cause: Cause,
}

/// A circuit. Each log numbers its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Circuit {
    /// Name of the log; `None` in the tally of one log, until [`Tally::rename`]. Threads that count the same log then
    /// share no counter of references, for which they would wait.
    file: Option<Arc<str>>,
    /// ID of the circuit in the log.
    pub(crate) circuit_id: CircuitId,
}

impl Circuit {
    /// Returns the circuit of the log that is being counted.
    pub(crate) const fn new(circuit_id: CircuitId) -> Self {
        Self { file: None, circuit_id }
    }

    /// Returns the name of the log.
    pub(crate) fn file(&self) -> &str {
        self.file.as_deref().unwrap_or_default()
    }
}

impl Ord for Circuit {
    /// Compares the logs, mostly by address alone, then the IDs.
    fn cmp(&self, other: &Self) -> Ordering {
        let files = match (&self.file, &other.file) {
            (Some(ours), Some(theirs)) if Arc::ptr_eq(ours, theirs) => Ordering::Equal,
            (ours, theirs) => ours.cmp(theirs),
        };
        files.then_with(|| self.circuit_id.cmp(&other.circuit_id))
    }
}

impl PartialOrd for Circuit {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Serialize for Circuit {
    /// Writes the ID alone: a tally is serialized by itself only if it is that of one log.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.circuit_id.as_str())
    }
}

impl<'de> Deserialize<'de> for Circuit {
    /// Reads an ID. The name of the log is added by [`Tally::rename`].
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        let event = lenient_event(&format!("1 SENTCONNECT {text} a:1"));
        let circuit_id = event.and_then(|event| event.circuit_id).filter(|id| id.as_str() == text);
        circuit_id.map(Self::new).ok_or_else(|| D::Error::custom("an ID is wrong"))
    }
}

/// Returns `true` for text that a stream's ID can be.
pub(super) fn is_stream_id(text: &str) -> bool {
    lenient_event(&format!("{text} NEW 0 a:1")).is_some_and(|event| event.id.as_str() == text)
}

/// Parses an event as the tallies of damaged logs are made, in which an ID can be any token.
fn lenient_event(content: &str) -> Option<StreamEvent> {
    StreamEventRef::parse_lenient(content.as_bytes()).ok().map(StreamEvent::from)
}

impl fmt::Display for Circuit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}", self.circuit_id, self.file())
    }
}

impl Key for Failure {
    fn longest(&self) -> usize {
        self.cause.longest()
    }
}

impl Key for FailedTarget {
    fn longest(&self) -> usize {
        self.host.len().max(self.cause.longest())
    }
}

impl Key for Circuit {
    fn longest(&self) -> usize {
        // The name of a file is not chosen by a client.
        self.circuit_id.as_str().len()
    }
}

impl Tally {
    /// Counts a stream. Each table counts at most `limit` keys apart.
    pub(crate) fn stream(&mut self, life: &Life, limit: usize) {
        if life.outcome == Outcome::AfterClosed {
            return;
        }
        self.streams += 1;
        self.dropped += u64::from(life.outcome == Outcome::Dropped);
        if let Some((purpose, text)) = life.purpose.zip(life.purpose_str()) {
            let number = (purpose != StreamPurpose::Unrecognized).then_some(purpose as usize);
            self.purposes.add(number, text, limit);
        }
        if let Some((protocol, text)) = life.client_protocol.zip(life.client_protocol_str()) {
            let number = (protocol != ClientProtocol::Unrecognized).then_some(protocol as usize);
            self.protocols.add(number, text, limit);
        }
        let host = asked_host(life);
        self.targets.add_text(host, limit);
        for &id in &life.circuits {
            self.circuits.add(Circuit::new(id), limit);
        }
        let cause = Cause::of(life);
        if let Some(time) = life.first.and_then(Time::unix) {
            self.activity.add(time, Activity { streams: 1, failed: cause.is_some().into() });
        }
        if let Some(cause) = cause {
            self.failed_targets.add(FailedTarget { host: host.into(), cause: cause.clone() }, limit);
            self.failures.add(Failure { on_circuit: life.last_circuit.is_some(), cause }, limit);
        }
        if let Some(time) = life::time_to_answer(life) {
            self.answers.add(time);
            let circuit = life.answer.as_ref().and_then(|answer| answer.circuit_id);
            if let Some(id) = circuit.filter(|_| self.slowest.may_keep(time)) {
                self.slowest.add(SlowAnswer { time, circuit: Circuit::new(id), stream_id: life.id.to_string() });
            }
        }
        life::duration(life).into_iter().for_each(|time| self.lifetimes.add(time));
    }

    /// Adds the counts of another tally.
    pub(crate) fn merge(&mut self, other: Self, limit: usize) {
        self.bytes += other.bytes;
        self.lines += other.lines;
        self.unreadable += other.unreadable;
        self.events.merge(other.events, limit);
        self.streams += other.streams;
        self.dropped += other.dropped;
        self.purposes.merge(other.purposes, limit);
        self.protocols.merge(other.protocols, limit);
        self.failures.merge(other.failures, limit);
        self.failed_targets.merge(other.failed_targets, limit);
        self.targets.merge(other.targets, limit);
        self.circuits.merge(other.circuits, limit);
        self.answers.merge(other.answers);
        self.lifetimes.merge(other.lifetimes);
        self.slowest.merge(other.slowest);
        self.activity.merge(other.activity);
    }
}

impl Tally {
    /// Returns the number of rows in all tables.
    pub(crate) fn rows(&self) -> usize {
        let words = self.purposes.unnamed() + self.protocols.unnamed() + self.events.unnamed();
        words + self.failures.len() + self.failed_targets.len() + self.targets.len() + self.circuits.len()
    }

    /// Returns `true` if the tally of the next part of a log can be added with the same result as counting the part
    /// here: each table stays within its limit. `undecided` are the streams that go on from one part into the next,
    /// which are counted when they are over, with the events in their notes.
    pub(crate) fn merges_exactly<'l>(
        &self,
        part: &Self,
        undecided: impl Iterator<Item = &'l Life>,
        limit: usize,
    ) -> bool {
        let count = |(streams, circuits, held), life: &Life| {
            let events = life.note.events.as_ref().map_or(0, |events| events.unnamed());
            (streams + 1, circuits + life.circuits.len(), held + events)
        };
        let (streams, circuits, held) = undecided.fold((0, 0, 0), count);
        self.purposes.merges_exactly(&part.purposes, streams, limit)
            && self.protocols.merges_exactly(&part.protocols, streams, limit)
            && self.failures.merges_exactly(&part.failures, streams, limit)
            && self.failed_targets.merges_exactly(&part.failed_targets, streams, limit)
            && self.targets.merges_exactly(&part.targets, streams, limit)
            && self.circuits.merges_exactly(&part.circuits, circuits, limit)
            && self.events.merges_exactly(&part.events, held, limit)
    }

    /// Returns the greatest of all numbers and sums. Sums of tallies cannot overflow if the sum of these cannot.
    pub(crate) fn largest(&self) -> u64 {
        let Self {
            bytes, lines, unreadable, events, streams, dropped, answers, lifetimes, slowest: _, activity, ..
        } = self;
        let Self { purposes, protocols, failures, failed_targets, targets, circuits, .. } = self;
        let times = activity.values().fold(0_u64, |sum, at| sum.saturating_add(at.streams).saturating_add(at.failed));
        let numbers = [times, *bytes, *lines, *unreadable, events.largest(), *streams, *dropped];
        let words = [purposes.total(), protocols.total(), answers.total(), lifetimes.total()];
        let tables = [failures.total(), failed_targets.total(), targets.total(), circuits.total()];
        numbers.into_iter().chain(words).chain(tables).max().unwrap_or_default()
    }

    /// Returns `true` if each table has at most `limit` rows, and the times have a date.
    pub(crate) fn is_plausible(&self, limit: usize) -> bool {
        let words = [self.purposes.unnamed(), self.protocols.unnamed()];
        let tables = [self.failures.len(), self.failed_targets.len(), self.targets.len(), self.circuits.len()];
        words.into_iter().chain(tables).all(|rows| rows <= limit) && self.events.is_plausible(limit)
    }

    /// Sets the name of the log whose tally this is, and adds `prefix` to the names of files.
    pub(crate) fn rename(&mut self, log: &Arc<str>, prefix: &str) {
        let circuit = |key: Circuit| Circuit { file: Some(Arc::clone(log)), ..key };
        self.circuits = mem::take(&mut self.circuits).with_keys(circuit);
        self.slowest.rename(circuit);
        self.events.rename(|file| format!("{prefix}{file}"));
    }
}
