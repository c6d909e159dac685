//! Counts of events, independent of the streams that they belong to.

use alloc::collections::BTreeMap;
use core::time::Duration;

use serde::de::{Deserialize, Deserializer, Error};
use tor_stream_event::{Anomaly, StreamClosureReason, StreamStatus};

use super::words::WordCounts;
use crate::input::reader::Event;
use crate::input::time::Time;
use crate::output::mask;

/// The counts of events, independent of the streams that they belong to.
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
    pub(crate) statuses: WordCounts<StreamStatus>,
    /// Events by reason.
    pub(crate) reasons: WordCounts<StreamClosureReason>,
    /// Events by remote reason.
    pub(crate) remote_reasons: WordCounts<StreamClosureReason>,
    /// Anomalies of events, by name.
    #[serde(deserialize_with = "known_anomalies")]
    pub(crate) anomalies: BTreeMap<String, AnomalyCount>,
}

/// The number of events that have an anomaly, and the place of the first of them.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnomalyCount {
    /// Number of events.
    pub(crate) events: u64,
    /// Position of `file` among the joined files of a log (`--join`), from 0. Counts are not merged in the order of the events: with
    /// filters, those of a stream are merged at its end. 0 if each file is a log of its own, and after deserialization: of two files
    /// with the same position, the one whose name is less counts as the first.
    #[serde(skip)]
    pub(crate) position: usize,
    /// Name of the file with the first of the events.
    pub(crate) file: String,
    /// Number of that event's line in the file, from 1.
    pub(crate) line: u64,
}

impl AnomalyCount {
    /// Returns the place of the first event. Of two places, the earlier one is less.
    fn place(&self) -> (usize, &str, u64) {
        (self.position, &self.file, self.line)
    }
}

/// Deserializes the anomalies of events. An anomaly that this version does not know is an error.
fn known_anomalies<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, AnomalyCount>, D::Error> {
    let anomalies = BTreeMap::<String, AnomalyCount>::deserialize(deserializer)?;
    let is_known = |name: &String| Anomaly::ALL.iter().any(|anomaly| anomaly.as_str() == name);
    if anomalies.keys().all(is_known) { Ok(anomalies) } else { Err(D::Error::custom("there is no such anomaly")) }
}

impl EventTally {
    /// Maximum number of unknown words of each kind in the tally of one stream's events. A stream of a newer tor has one or two,
    /// a stream in a hostile log any number.
    pub(crate) const MAX_WORDS_OF_STREAM: usize = 16;

    /// Counts an event of a file, given with the file's [position](AnomalyCount::position). `limit` is the maximum number of
    /// unknown words of each kind.
    pub(crate) fn count_event(&mut self, (position, file): (usize, &str), event: &Event<'_>, limit: usize) {
        let Event { line, event, time, .. } = event;
        self.total += 1;
        // In a damaged line, an unknown word may be a credential: hence the mask.
        let is_known = event.status != StreamStatus::Unrecognized;
        self.statuses.add(event.status, &mask::word(event, event.status_str(), is_known), limit);
        for (table, reason) in [
            (&mut self.reasons, event.reason.zip(event.reason_str())),
            (&mut self.remote_reasons, event.remote_reason.zip(event.remote_reason_str())),
        ] {
            if let Some((reason, text)) = reason {
                let is_known = reason != StreamClosureReason::Unrecognized;
                table.add(reason, &mask::word(event, text, is_known), limit);
            }
        }
        if let Some(time) = time.and_then(Time::unix) {
            self.first = Some(self.first.map_or(time, |first| first.min(time)));
            self.last = Some(self.last.map_or(time, |last| last.max(time)));
        }
        for anomaly in event.anomalies().iter() {
            match self.anomalies.get_mut(anomaly.as_str()) {
                Some(count) => count.events += 1,
                None => {
                    let first = AnomalyCount { events: 1, position, file: file.into(), line: line.number };
                    self.anomalies.insert(anomaly.as_str().into(), first);
                }
            }
        }
    }

    /// Adds the counts of other events. `limit` is the maximum number of unknown words of each kind.
    pub(crate) fn merge(&mut self, other: Self, limit: usize) {
        self.total += other.total;
        // `None` is less than any time, so `Option::min` would not do for the earliest one.
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

    /// Returns `true` if adding the counts of the log's next range, and then up to `words` new unknown words of each kind, gives
    /// the same result as counting the events one by one.
    pub(super) fn merges_exactly(&self, range: &Self, words: usize, limit: usize) -> bool {
        self.statuses.merges_exactly(&range.statuses, words, limit)
            && self.reasons.merges_exactly(&range.reasons, words, limit)
            && self.remote_reasons.merges_exactly(&range.remote_reasons, words, limit)
    }

    /// Returns the number of rows with unknown words, of all kinds together.
    pub(super) fn unknown_words(&self) -> usize {
        self.statuses.unknown() + self.reasons.unknown() + self.remote_reasons.unknown()
    }

    /// Adds `lines`, the number of lines before a range of a log, to the line numbers of the range's anomalies.
    pub(crate) fn add_to_line_numbers(&mut self, lines: u64) {
        self.anomalies.values_mut().for_each(|anomaly| anomaly.line += lines);
    }

    /// Replaces the name of the file of each anomaly.
    pub(super) fn replace_files(&mut self, file: impl Fn(&str) -> String) {
        self.anomalies.values_mut().for_each(|anomaly| anomaly.file = file(&anomaly.file));
    }
}
