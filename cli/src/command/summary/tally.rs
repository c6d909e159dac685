//! The tally: all counts of the command `summary`.

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
use super::table::{CountKey, CountTable};
use super::words::WordCounts;
use crate::command::life::{self, Cause};
use crate::command::note::{Life, asked_host};
use crate::command::timeline::Timeline;
use crate::input::time::Time;

/// The counts of a log, of a part of it, or of several logs.
///
/// A circuit ID is unique in one log only, so in the tally of several logs a circuit has the name of its log beside the
/// ID: see [`name_log`](Self::name_log).
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tally {
    /// Number of bytes that were read, after decompression.
    pub(crate) bytes: u64,
    /// Number of lines.
    pub(crate) lines: u64,
    /// Number of events that could not be read.
    pub(crate) unreadable: u64,
    /// Counts of the events that the filters let pass.
    pub(crate) events: EventTally,
    /// Number of streams.
    pub(crate) streams: u64,
    /// Number of streams that the tracker dropped because of its limit.
    pub(crate) dropped: u64,
    /// Streams by purpose.
    pub(crate) purposes: WordCounts<StreamPurpose>,
    /// Streams by the protocol of the client.
    pub(crate) protocols: WordCounts<ClientProtocol>,
    /// Streams that failed, by cause, and by whether they were on a circuit.
    pub(crate) failures: CountTable<FailureKind>,
    /// Streams that failed, by target host and cause.
    pub(crate) failed_targets: CountTable<FailedTarget>,
    /// Streams by the host of the first target.
    pub(crate) targets: CountTable<String>,
    /// Streams by circuit.
    pub(crate) circuits: CountTable<LogCircuit>,
    /// Times from NEW to SUCCEEDED.
    pub(crate) answers: Histogram,
    /// Times from NEW to the end: FAILED, or CLOSED without FAILED.
    pub(crate) lifetimes: Histogram,
    /// The circuits with the slowest first answers.
    pub(crate) slowest: Slowest,
    /// Streams by the time of their first event.
    pub(crate) activity: Timeline<Activity>,
}

/// The kind of a stream's failure: its cause, and whether the stream ever was on a circuit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FailureKind {
    /// Set if the stream was on a circuit at any time.
    pub(crate) on_circuit: bool,
    /// Cause of the failure.
    pub(crate) cause: Cause,
}

/// A host that streams failed to reach, and one cause.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FailedTarget {
    /// Host of the stream's first target.
    pub(crate) host: String,
    /// Cause of the failure.
    pub(crate) cause: Cause,
}

/// A circuit of a log.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct LogCircuit {
    /// Name of the log; `None` in the tally of one log, until [`Tally::name_log`]. Threads that count the same log then
    /// do not wait for each other, as they would for the reference count of a name that they share.
    log: Option<Arc<str>>,
    /// ID of the circuit in the log.
    pub(crate) circuit_id: CircuitId,
}

impl LogCircuit {
    /// Returns the circuit of the log that is being counted.
    pub(crate) const fn new(circuit_id: CircuitId) -> Self {
        Self { log: None, circuit_id }
    }

    /// Returns the name of the log; empty before [`Tally::name_log`].
    pub(crate) fn log(&self) -> &str {
        self.log.as_deref().unwrap_or_default()
    }
}

impl Ord for LogCircuit {
    /// Compares the names of the logs, then the IDs.
    fn cmp(&self, other: &Self) -> Ordering {
        let logs = match (&self.log, &other.log) {
            // All circuits of a log share its name, so its text is seldom compared.
            (Some(ours), Some(theirs)) if Arc::ptr_eq(ours, theirs) => Ordering::Equal,
            (ours, theirs) => ours.cmp(theirs),
        };
        logs.then_with(|| self.circuit_id.cmp(&other.circuit_id))
    }
}

impl PartialOrd for LogCircuit {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Serialize for LogCircuit {
    /// Writes the ID alone: only the tally of one log is serialized.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.circuit_id.as_str())
    }
}

impl<'de> Deserialize<'de> for LogCircuit {
    /// Reads an ID. [`Tally::name_log`] adds the name of the log.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        // An ID is one that an event can have. `CircuitId::from_str` would refuse those of a log that was read with
        // `--lenient`.
        let event = lenient_event(&format!("1 SENTCONNECT {text} a:1"));
        let circuit_id = event.and_then(|event| event.circuit_id).filter(|id| id.as_str() == text);
        circuit_id.map(Self::new).ok_or_else(|| D::Error::custom("an ID is wrong"))
    }
}

/// Returns `true` for text that can be the ID of a stream in a tally, also of a log that was read with `--lenient`.
pub(super) fn is_stream_id(text: &str) -> bool {
    lenient_event(&format!("{text} NEW 0 a:1")).is_some_and(|event| event.id.as_str() == text)
}

/// Parses an event as `--lenient` does: an ID can be any token.
fn lenient_event(content: &str) -> Option<StreamEvent> {
    StreamEventRef::parse_lenient(content.as_bytes()).ok().map(StreamEvent::from)
}

impl fmt::Display for LogCircuit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}", self.circuit_id, self.log())
    }
}

impl CountKey for FailureKind {
    fn longest_text(&self) -> usize {
        self.cause.longest()
    }
}

impl CountKey for FailedTarget {
    fn longest_text(&self) -> usize {
        self.host.len().max(self.cause.longest())
    }
}

impl CountKey for LogCircuit {
    fn longest_text(&self) -> usize {
        // No client chooses the name of the log.
        self.circuit_id.as_str().len()
    }
}

impl Tally {
    /// Counts a stream. `limit` is the maximum number of rows in each table.
    pub(crate) fn count_stream(&mut self, life: &Life, limit: usize) {
        if life.outcome == Outcome::AfterClosed {
            // An event after the CLOSED of a stream: the stream was counted already.
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
            self.circuits.add(LogCircuit::new(id), limit);
        }
        let cause = Cause::of(life);
        if let Some(time) = life.first.and_then(Time::unix) {
            self.activity.add(time, Activity { streams: 1, failed: cause.is_some().into() });
        }
        if let Some(cause) = cause {
            self.failed_targets.add(FailedTarget { host: host.into(), cause: cause.clone() }, limit);
            self.failures.add(FailureKind { on_circuit: life.last_circuit.is_some(), cause }, limit);
        }
        if let Some(time) = life::time_to_answer(life) {
            self.answers.add(time);
            let circuit = life.answer.as_ref().and_then(|answer| answer.circuit_id);
            if let Some(id) = circuit.filter(|_| self.slowest.may_keep(time)) {
                self.slowest.add(SlowAnswer { time, circuit: LogCircuit::new(id), stream_id: life.id.to_string() });
            }
        }
        life::duration(life).into_iter().for_each(|time| self.lifetimes.add(time));
    }

    /// Adds the counts of another tally. `limit` is the maximum number of rows in each table.
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
    /// Returns the number of rows in all tables. Tables of known words are small, and not counted.
    pub(crate) fn row_count(&self) -> usize {
        let words = self.purposes.unknown() + self.protocols.unknown() + self.events.unknown_words();
        words + self.failures.len() + self.failed_targets.len() + self.targets.len() + self.circuits.len()
    }

    /// Returns `true` if adding the tally of the log's next part gives the same result as counting the events of that
    /// part one by one: each table stays within its limit, or is full already. `undecided` are the streams that may go on
    /// from one part into the next. They are counted when they end, with the events in their notes.
    ///
    /// Durations, the slowest circuits and the activity are left out: merging them gives the same result in any order.
    pub(crate) fn merges_exactly<'l>(
        &self,
        part: &Self,
        undecided: impl Iterator<Item = &'l Life>,
        limit: usize,
    ) -> bool {
        // The maximum number of new rows that the undecided streams can make: one in each table of streams, and in the
        // others one for each of their circuits, and of the unknown words in their notes.
        let (mut streams, mut circuits, mut words) = (0, 0, 0);
        for life in undecided {
            streams += 1;
            circuits += life.circuits.len();
            let words_of_stream = life.note.events.as_ref().map_or(0, |events| events.unknown_words());
            // The stream may have a note of up to as many words in the other part. With half of the limit each, the merged
            // note is within the limit.
            if words_of_stream > EventTally::MAX_WORDS_OF_STREAM / 2 {
                return false;
            }
            words += words_of_stream;
        }
        self.purposes.merges_exactly(&part.purposes, streams, limit)
            && self.protocols.merges_exactly(&part.protocols, streams, limit)
            && self.failures.merges_exactly(&part.failures, streams, limit)
            && self.failed_targets.merges_exactly(&part.failed_targets, streams, limit)
            && self.targets.merges_exactly(&part.targets, streams, limit)
            && self.circuits.merges_exactly(&part.circuits, circuits, limit)
            && self.events.merges_exactly(&part.events, words, limit)
    }

    /// Returns an upper bound of each number in the tally, and of the sum of each table. No number can overflow when
    /// tallies are merged whose bounds add up to a `u64`.
    pub(crate) fn overflow_bound(&self) -> u64 {
        // Without `..`, so that a new field has to be considered here.
        let Self {
            bytes,
            lines,
            unreadable,
            events,
            streams,
            dropped,
            purposes,
            protocols,
            failures,
            failed_targets,
            targets,
            circuits,
            answers,
            lifetimes,
            slowest: _,
            activity,
        } = self;
        let activity =
            activity.values().fold(0_u64, |sum, at| sum.saturating_add(at.streams).saturating_add(at.failed));
        let numbers = [*bytes, *lines, *unreadable, *streams, *dropped];
        let words = [events.overflow_bound(), purposes.total(), protocols.total()];
        let tables = [failures.total(), failed_targets.total(), targets.total(), circuits.total()];
        let times = [answers.total(), lifetimes.total(), activity];
        numbers.into_iter().chain(words).chain(tables).chain(times).max().unwrap_or_default()
    }

    /// Returns `true` if each table has at most `limit` rows, and the times of events are dates that can be printed. The
    /// times of `activity` were checked when it was deserialized.
    pub(crate) fn is_plausible(&self, limit: usize) -> bool {
        let words = [self.purposes.unknown(), self.protocols.unknown()];
        let tables = [self.failures.len(), self.failed_targets.len(), self.targets.len(), self.circuits.len()];
        words.into_iter().chain(tables).all(|rows| rows <= limit) && self.events.is_plausible(limit)
    }

    /// Gives each circuit the name of the log whose tally this is, and puts `file_prefix` before the names of files.
    pub(crate) fn name_log(&mut self, log: &Arc<str>, file_prefix: &str) {
        let with_log = |circuit: LogCircuit| LogCircuit { log: Some(Arc::clone(log)), ..circuit };
        self.circuits = mem::take(&mut self.circuits).with_keys(with_log);
        self.slowest.replace_circuits(with_log);
        self.events.replace_files(|file| format!("{file_prefix}{file}"));
    }
}
