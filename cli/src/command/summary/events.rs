//! Counts of events, independent of their streams.

use alloc::collections::BTreeMap;
use core::time::Duration;

use serde::de::{Deserialize, Deserializer, Error};
use tor_stream_event::{Anomaly, StreamClosureReason, StreamStatus};

use super::words::Words;
use crate::input::reader::Event;
use crate::input::time::{self, Time};
use crate::output::mask;

/// The counts of events, independent of their streams.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EventTally {
    /// Number of events.
    pub(crate) total: u64,
    /// Unix time of the earliest event.
    pub(crate) first: Option<Duration>,
    /// Unix time of the latest event.
    pub(crate) last: Option<Duration>,
    /// Events by status.
    pub(crate) statuses: Words<StreamStatus>,
    /// Events by reason.
    pub(crate) reasons: Words<StreamClosureReason>,
    /// Events by remote reason.
    pub(crate) remote_reasons: Words<StreamClosureReason>,
    /// Anomalies of events, by name, with the first line of each.
    #[serde(deserialize_with = "known_anomalies")]
    pub(crate) anomalies: BTreeMap<String, Example>,
}

/// A number of occurrences, and the place of the first.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Example {
    /// Number of events.
    pub(crate) events: u64,
    /// Position, in the log, of the file of the first occurrence: 0 but for a log of several files. Its files have an
    /// order of their own, logs have that of their names.
    #[serde(skip)]
    pub(crate) position: usize,
    /// File of the first occurrence.
    pub(crate) file: String,
    /// Line of the first occurrence.
    pub(crate) line: u64,
}

impl Example {
    /// Returns the place of the first occurrence, in the order of places.
    fn place(&self) -> (usize, &str, u64) {
        (self.position, &self.file, self.line)
    }
}

/// Reads the anomalies of events. Others than this version knows are an error.
fn known_anomalies<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, Example>, D::Error> {
    let anomalies = BTreeMap::<String, Example>::deserialize(deserializer)?;
    let is_known = |name: &String| Anomaly::ALL.iter().any(|anomaly| anomaly.as_str() == name);
    if anomalies.keys().all(is_known) { Ok(anomalies) } else { Err(D::Error::custom("there is no such anomaly")) }
}

impl EventTally {
    /// Counts an event of a file with this position in the log. Words without a name are counted apart up to `limit`.
    pub(crate) fn event(&mut self, (position, file): (usize, &str), event: &Event<'_>, limit: usize) {
        let Event { line, event, time, .. } = event;
        self.total += 1;
        let status = (event.status != StreamStatus::Unrecognized).then_some(event.status as usize);
        self.statuses.add(status, &mask::word(event, event.status_str(), status.is_some()), limit);
        for (table, reason, text) in [
            (&mut self.reasons, event.reason, event.reason_str()),
            (&mut self.remote_reasons, event.remote_reason, event.remote_reason_str()),
        ] {
            if let Some(text) = text {
                let number = reason.filter(|reason| reason.as_str() == text).map(|reason| reason as usize);
                table.add(number, &mask::word(event, text, number.is_some()), limit);
            }
        }
        if let Some(time) = time.and_then(Time::unix) {
            self.first = Some(self.first.map_or(time, |first| first.min(time)));
            self.last = Some(self.last.map_or(time, |last| last.max(time)));
        }
        for anomaly in event.anomalies().iter() {
            match self.anomalies.get_mut(anomaly.as_str()) {
                Some(example) => example.events += 1,
                None => {
                    let example = Example { events: 1, position, file: file.into(), line: line.number };
                    self.anomalies.insert(anomaly.as_str().into(), example);
                }
            }
        }
    }

    /// Adds the counts of other events.
    pub(crate) fn merge(&mut self, other: Self, limit: usize) {
        self.total += other.total;
        self.first = self.first.into_iter().chain(other.first).min();
        self.last = self.last.max(other.last);
        self.statuses.merge(other.statuses, limit);
        self.reasons.merge(other.reasons, limit);
        self.remote_reasons.merge(other.remote_reasons, limit);
        for (name, theirs) in other.anomalies {
            match self.anomalies.get_mut(&name) {
                Some(ours) => {
                    let events = ours.events + theirs.events;
                    if theirs.place() < ours.place() {
                        *ours = theirs;
                    }
                    ours.events = events;
                }
                None => {
                    self.anomalies.insert(name, theirs);
                }
            }
        }
    }

    /// Returns `true` if the counts of a part's events, and then `words` new words, can be added exactly.
    pub(super) fn merges_exactly(&self, part: &Self, words: usize, limit: usize) -> bool {
        self.statuses.merges_exactly(&part.statuses, words, limit)
            && self.reasons.merges_exactly(&part.reasons, words, limit)
            && self.remote_reasons.merges_exactly(&part.remote_reasons, words, limit)
    }

    /// Returns the number of words without a name.
    pub(super) fn unnamed(&self) -> usize {
        self.statuses.unnamed() + self.reasons.unnamed() + self.remote_reasons.unnamed()
    }

    /// Adds the number of lines before to the lines of the examples.
    pub(crate) fn move_lines(&mut self, lines: u64) {
        self.anomalies.values_mut().for_each(|example| example.line += lines);
    }

    /// Returns the greatest of all numbers and sums.
    pub(super) fn largest(&self) -> u64 {
        let Self { total, first: _, last: _, statuses, reasons, remote_reasons, anomalies } = self;
        let anomalies = anomalies.values().map(|example| example.events.max(example.line)).max();
        let sums = [*total, statuses.total(), reasons.total(), remote_reasons.total()];
        sums.into_iter().chain(anomalies).max().unwrap_or_default()
    }

    /// Returns `true` if each table has at most `limit` rows, and the times have a date.
    pub(super) fn is_plausible(&self, limit: usize) -> bool {
        let words = [self.statuses.unnamed(), self.reasons.unnamed(), self.remote_reasons.unnamed()];
        let mut times = self.first.into_iter().chain(self.last);
        words.into_iter().all(|rows| rows <= limit) && times.all(|time| time::rfc3339(time).is_some())
    }

    /// Replaces the file of each example.
    pub(super) fn rename(&mut self, file: impl Fn(&str) -> String) {
        self.anomalies.values_mut().for_each(|example| example.file = file(&example.file));
    }
}
