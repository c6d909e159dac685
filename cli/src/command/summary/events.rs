//! Counts of events, independent of the streams that they belong to.

use alloc::collections::BTreeMap;
use core::time::Duration;

use serde::de::{Deserialize, Deserializer, Error};
use tor_stream_event::{Anomaly, StreamClosureReason, StreamStatus};

use super::words::WordCounts;
use crate::input::reader::Event;
use crate::input::time::{self, Time};
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
    /// Position of `file` among the files of one log (`--join`); 0 if each file is a log of its own. Files of one log are
    /// in the order of the log, and other files in the order of their names.
    #[serde(skip)]
    pub(crate) position: usize,
    /// Name of the file with the first of the events.
    pub(crate) file: String,
    /// Number of its line.
    pub(crate) line: u64,
}

impl AnomalyCount {
    /// Returns the place of the first event, as a value that orders places.
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
    /// Maximum number of unknown words of each kind in the tally of one stream's events, beyond which they are counted
    /// together. A stream of a newer tor has one or two, one of a hostile log any number.
    pub(crate) const MAX_WORDS_OF_STREAM: usize = 16;

    /// Counts an event of a file, given with its position in the log. `limit` is the maximum number of unknown words of
    /// each kind.
    pub(crate) fn count_event(&mut self, (position, file): (usize, &str), event: &Event<'_>, limit: usize) {
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

    /// Returns `true` if adding the counts of the log's next part, and then `words` new unknown words, gives the same
    /// result as counting the events one by one.
    pub(super) fn merges_exactly(&self, part: &Self, words: usize, limit: usize) -> bool {
        self.statuses.merges_exactly(&part.statuses, words, limit)
            && self.reasons.merges_exactly(&part.reasons, words, limit)
            && self.remote_reasons.merges_exactly(&part.remote_reasons, words, limit)
    }

    /// Returns the number of different unknown words of all kinds.
    pub(super) fn unknown_words(&self) -> usize {
        self.statuses.unknown() + self.reasons.unknown() + self.remote_reasons.unknown()
    }

    /// Adds `lines`, the number of lines before a part of a log, to the line numbers of the part's anomalies.
    pub(crate) fn add_to_line_numbers(&mut self, lines: u64) {
        self.anomalies.values_mut().for_each(|anomaly| anomaly.line += lines);
    }

    /// Returns an upper bound of each number, as [`Tally::overflow_bound`](super::tally::Tally::overflow_bound) does.
    pub(super) fn overflow_bound(&self) -> u64 {
        // Without `..`, so that a new field has to be considered here.
        let Self { total, first: _, last: _, statuses, reasons, remote_reasons, anomalies } = self;
        let anomalies = anomalies.values().map(|anomaly| anomaly.events.max(anomaly.line)).max();
        let sums = [*total, statuses.total(), reasons.total(), remote_reasons.total()];
        sums.into_iter().chain(anomalies).max().unwrap_or_default()
    }

    /// Returns `true` if there are at most `limit` unknown words of each kind, and the times are dates that can be printed.
    pub(super) fn is_plausible(&self, limit: usize) -> bool {
        let words = [self.statuses.unknown(), self.reasons.unknown(), self.remote_reasons.unknown()];
        let mut times = self.first.into_iter().chain(self.last);
        words.into_iter().all(|rows| rows <= limit) && times.all(|time| time::rfc3339(time).is_some())
    }

    /// Replaces the name of the file of each anomaly.
    pub(super) fn replace_files(&mut self, file: impl Fn(&str) -> String) {
        self.anomalies.values_mut().for_each(|anomaly| anomaly.file = file(&anomaly.file));
    }
}
