//! Signs that a log is not that of one tor, or not in order.

use core::mem;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tor_stream_event::{Outcome, StreamId};

use crate::command::note::Life;
use crate::input::time::Time;
use crate::report;

/// A check of a log: the signs that it is not that of one tor, or not in order, in its events and its streams.
///
/// The signs of consecutive ranges of a log can be merged.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OrderCheck {
    /// Time of the first event that has one.
    first: Option<Time>,
    /// Time of the last event that has one.
    last: Option<Time>,
    /// Number of events whose time is after that of the event before.
    forward: u64,
    /// Number of events whose time is before that of the event before.
    backward: u64,
    /// Set after the log went on in another file, until the first time in that file. Not set in the check of a range, which is
    /// of one file.
    #[serde(skip)]
    is_new_file: bool,
    /// Number of files of a log whose first time is before the last one of the file before. 0 in the check of a range.
    #[serde(skip)]
    misplaced_files: u64,
    /// Streams that began again while they were open.
    again: SomeStreams,
    /// Streams that end before they begin.
    reversed: SomeStreams,
}

/// A number of streams, and an example.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct SomeStreams {
    /// Number of streams.
    number: u64,
    /// Lowest of their IDs, in the order of text, so that the example does not depend on the order of merging. `None`
    /// without streams.
    #[serde(serialize_with = "as_text", deserialize_with = "of_text")]
    one: Option<StreamId>,
}

/// Writes an ID as text.
fn as_text<S: Serializer>(id: &Option<StreamId>, serializer: S) -> Result<S::Ok, S::Error> {
    id.as_ref().map(StreamId::as_str).serialize(serializer)
}

/// Reads an ID.
fn of_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<StreamId>, D::Error> {
    let id = Option::<String>::deserialize(deserializer)?;
    id.map(|id| id.parse().map_err(D::Error::custom)).transpose()
}

impl OrderCheck {
    /// Adds the next event's time.
    pub(crate) fn event(&mut self, time: Option<Time>) {
        let Some(time) = time else { return };
        self.step(time);
        self.first = self.first.or(Some(time));
        self.last = Some(time);
    }

    /// Continues with another file of the log.
    pub(crate) const fn next_file(&mut self) {
        self.is_new_file = true;
    }

    /// Compares a time with the last one, if they differ. If the time between them is unknown, as for Unix time and local time,
    /// it is neither forward nor backward.
    fn step(&mut self, time: Time) {
        let is_new_file = mem::take(&mut self.is_new_file);
        let Some(last) = self.last.filter(|&last| last != time) else { return };
        let (is_forward, is_backward) = (time.since(last).is_some(), last.since(time).is_some());
        self.forward += u64::from(is_forward);
        self.backward += u64::from(is_backward);
        self.misplaced_files += u64::from(is_backward && is_new_file);
    }

    /// Adds a stream that has ended.
    pub(crate) fn life(&mut self, life: &Life) {
        if life.outcome == Outcome::Replaced {
            self.again.add(life.id);
        }
        let times = life.started().copied().flatten().zip(life.ended().copied().flatten());
        if times.is_some_and(|(start, end)| start != end && start.since(end).is_some()) {
            self.reversed.add(life.id);
        }
    }

    /// Adds the signs found in the next range of the log, which is a range of the same file.
    pub(crate) fn append(&mut self, later: Self) {
        if let Some(time) = later.first {
            self.step(time);
        }
        self.first = self.first.or(later.first);
        self.last = later.last.or(self.last);
        self.forward += later.forward;
        self.backward += later.backward;
        self.again.append(later.again);
        self.reversed.append(later.reversed);
    }

    /// Returns `true` if the signs can be read back: an ID that is malformed cannot.
    #[cfg(feature = "cluster")]
    pub(crate) fn is_sendable(&self) -> bool {
        let mut ids = self.again.one.iter().chain(&self.reversed.one);
        ids.all(|id| id.as_str().parse::<StreamId>().is_ok())
    }

    /// Returns `true` if the signs can be those of so many lines.
    #[cfg(feature = "cluster")]
    pub(crate) fn is_within(&self, lines: u64) -> bool {
        [self.forward, self.backward, self.again.number, self.reversed.number].iter().all(|&number| number <= lines)
    }

    /// Reports the signs. Returns `false` if any of them makes the log's streams doubtful. A clock that was set back does not:
    /// only the durations of some streams are unknown then.
    pub(crate) fn report(&self, name: &str) -> bool {
        let is_reversed = self.backward > self.forward;
        if is_reversed {
            report(format_args!("tor-streams: {name}: times go backwards: is the newest line the first one?"));
        } else if let Some(streams) = self.reversed.text("ends", "end") {
            // The log's times mostly go forward, so its lines are in order, and the clock was set back.
            report(format_args!("tor-streams: {name}: times go backwards: {streams} before the beginning"));
        }
        let is_unordered = self.misplaced_files > 0 && !is_reversed;
        if is_unordered {
            report(format_args!(
                "tor-streams: {name}: times go backwards from one file to the next: --join takes the oldest file first"
            ));
        }
        let again = self.again.text("begins", "begin");
        if let Some(streams) = &again {
            report(format_args!(
                "tor-streams: {name}: {streams} again while open: tor was restarted, or the log has events of two tors, or twice"
            ));
        }
        !is_reversed && !is_unordered && again.is_none()
    }
}

impl SomeStreams {
    /// Adds a stream.
    fn add(&mut self, id: StreamId) {
        self.append(Self { number: 1, one: Some(id) });
    }

    /// Adds streams.
    fn append(&mut self, other: Self) {
        self.number += other.number;
        self.one = self.one.into_iter().chain(other.one).min();
    }

    /// Returns the streams with a verb, if there are any.
    fn text(&self, verb: &str, verb_of_many: &str) -> Option<String> {
        let one = self.one?;
        Some(match self.number {
            1 => format!("stream {one} {verb}"),
            number => format!("{number} streams, {one} among them, {verb_of_many}"),
        })
    }
}
