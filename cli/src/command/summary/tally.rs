//! What is counted.

use alloc::collections::BTreeMap;
use core::time::Duration;

use serde::{Deserialize, Serialize};
use tor_stream_event::{Outcome, StreamClosureReason, StreamLife, StreamStatus};

use crate::input::reader::Event;
use crate::input::time::Time;

/// What is counted in one or more logs. Tallies of different logs can be put together in any order.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Tally {
    /// How many bytes were read, after decompression.
    pub(crate) bytes: u64,
    /// How many lines there were.
    pub(crate) lines: u64,
    /// How many events count.
    pub(crate) events: u64,
    /// How many events could not be read.
    pub(crate) unreadable: u64,
    /// How many streams the events are of.
    pub(crate) streams: u64,
    /// How many streams were let go because there were too many at a time.
    pub(crate) dropped: u64,
    /// The time of the first event.
    pub(crate) first: Option<Duration>,
    /// The time of the last event.
    pub(crate) last: Option<Duration>,
    /// Events by status.
    pub(crate) statuses: Counts,
    /// Events by reason.
    pub(crate) reasons: Counts,
    /// Events by remote reason.
    pub(crate) remote_reasons: Counts,
    /// Streams by purpose.
    pub(crate) purposes: Counts,
    /// Streams by the protocol of the client.
    pub(crate) protocols: Counts,
    /// Streams that failed, by cause.
    pub(crate) failures: Counts,
    /// Streams by the host that was asked for.
    pub(crate) targets: Counts,
    /// Streams by file and circuit.
    pub(crate) circuits: Counts,
    /// From NEW to SUCCEEDED.
    pub(crate) answers: Histogram,
    /// From the first event to CLOSED.
    pub(crate) lifetimes: Histogram,
    /// What is odd about events.
    pub(crate) anomalies: BTreeMap<String, Example>,
}

/// How often each of some texts occurs.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Counts {
    /// The texts.
    pub(crate) by_text: BTreeMap<String, u64>,
    /// All texts beyond the limit together.
    pub(crate) others: u64,
}

/// How often something occurs, and where first.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Example {
    /// How often.
    pub(crate) events: u64,
    /// In which file first, by name.
    pub(crate) file: String,
    /// In which line of it.
    pub(crate) line: u64,
}

/// How many durations are in each of some intervals, whose width is a thirty-second of what they begin with or less.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Histogram(BTreeMap<u16, u64>);

impl Tally {
    /// Counts an event.
    pub(crate) fn event(&mut self, file: &str, event: &Event<'_>) {
        let Event { line, event, time, .. } = event;
        self.events += 1;
        self.statuses.add(event.status_str(), usize::MAX);
        if let Some(reason) = event.reason_str() {
            self.reasons.add(reason, usize::MAX);
        }
        if let Some(reason) = event.remote_reason_str() {
            self.remote_reasons.add(reason, usize::MAX);
        }
        if let Some(time) = time.and_then(Time::unix) {
            self.first = Some(self.first.map_or(time, |first| first.min(time)));
            self.last = Some(self.last.map_or(time, |last| last.max(time)));
        }
        for anomaly in event.anomalies().iter() {
            match self.anomalies.get_mut(anomaly.as_str()) {
                Some(example) => example.events += 1,
                None => {
                    let example = Example { events: 1, file: file.into(), line: line.number };
                    self.anomalies.insert(anomaly.as_str().into(), example);
                }
            }
        }
    }

    /// Counts a stream. No more than `limit` targets and circuits are counted apart.
    pub(crate) fn stream(&mut self, file: &str, life: &StreamLife<Option<Time>>, limit: usize) {
        if life.outcome == Outcome::AfterClosed {
            return;
        }
        self.streams += 1;
        self.dropped += u64::from(life.outcome == Outcome::Dropped);
        if let Some(purpose) = life.purpose {
            self.purposes.add(purpose.as_str(), usize::MAX);
        }
        if let Some(protocol) = life.client_protocol {
            self.protocols.add(protocol.as_str(), usize::MAX);
        }
        self.targets.add(&life.asked.host, limit);
        for circuit in &life.circuits {
            self.circuits.add(&format!("{circuit} in {file}"), limit);
        }
        let step = |status| life.steps.iter().find(|step| step.status == status);
        if step(StreamStatus::Failed).is_some() {
            let cause = match (life.reason, life.remote_reason) {
                // A remote reason that came with an attempt before says nothing of this one.
                (Some(StreamClosureReason::End), Some(remote)) => format!("END/{remote}"),
                (Some(reason), _) => reason.to_string(),
                (None, _) => "no reason".into(),
            };
            self.failures.add(&cause, usize::MAX);
        }
        let asked = step(StreamStatus::New).or(step(StreamStatus::NewResolve)).and_then(|step| step.time);
        let since = |start: Option<Time>, end: Option<Time>| end?.since(start?);
        let answered = step(StreamStatus::Succeeded).and_then(|step| step.time);
        since(asked, answered).into_iter().for_each(|time| self.answers.add(time));
        if life.outcome == Outcome::Closed {
            since(asked, life.last).into_iter().for_each(|time| self.lifetimes.add(time));
        }
    }

    /// Adds what was counted elsewhere.
    pub(crate) fn merge(&mut self, other: Self, limit: usize) {
        self.bytes += other.bytes;
        self.lines += other.lines;
        self.events += other.events;
        self.unreadable += other.unreadable;
        self.streams += other.streams;
        self.dropped += other.dropped;
        self.first = self.first.into_iter().chain(other.first).min();
        self.last = self.last.max(other.last);
        self.statuses.merge(other.statuses, usize::MAX);
        self.reasons.merge(other.reasons, usize::MAX);
        self.remote_reasons.merge(other.remote_reasons, usize::MAX);
        self.purposes.merge(other.purposes, usize::MAX);
        self.protocols.merge(other.protocols, usize::MAX);
        self.failures.merge(other.failures, usize::MAX);
        self.targets.merge(other.targets, limit);
        self.circuits.merge(other.circuits, limit);
        self.answers.merge(other.answers);
        self.lifetimes.merge(other.lifetimes);
        for (name, theirs) in other.anomalies {
            match self.anomalies.get_mut(&name) {
                Some(ours) => {
                    ours.events += theirs.events;
                    if (&theirs.file, theirs.line) < (&ours.file, ours.line) {
                        (ours.file, ours.line) = (theirs.file, theirs.line);
                    }
                }
                None => {
                    self.anomalies.insert(name, theirs);
                }
            }
        }
    }
}

impl Counts {
    /// Counts a text. A new one beyond the limit is counted with the others.
    fn add(&mut self, text: &str, limit: usize) {
        let known = self.by_text.len();
        match self.by_text.get_mut(text) {
            Some(count) => *count += 1,
            None if known < limit => {
                self.by_text.insert(text.into(), 1);
            }
            None => self.others += 1,
        }
    }

    /// Adds what was counted elsewhere.
    fn merge(&mut self, other: Self, limit: usize) {
        self.others += other.others;
        for (text, count) in other.by_text {
            if self.by_text.len() < limit || self.by_text.contains_key(&text) {
                *self.by_text.entry(text).or_default() += count;
            } else {
                self.others += count;
            }
        }
    }

    /// Returns how much was counted.
    pub(crate) fn total(&self) -> u64 {
        self.by_text.values().sum::<u64>() + self.others
    }

    /// Returns the texts with the highest counts, the highest first.
    pub(crate) fn top(&self, how_many: usize) -> Vec<(&str, u64)> {
        let mut all: Vec<_> = self.by_text.iter().map(|(text, &count)| (text.as_str(), count)).collect();
        all.sort_by_key(|&(_, count)| core::cmp::Reverse(count));
        all.truncate(how_many);
        all
    }
}

impl Histogram {
    /// How many intervals there are from a power of two to the next one.
    const PARTS: u16 = 32;

    /// Counts a duration.
    fn add(&mut self, time: Duration) {
        let time = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        // The highest bit, and the five behind it.
        let exponent = time.max(1).ilog2();
        let part = (u128::from(time) << 5 >> exponent) as u16 % Self::PARTS;
        *self.0.entry(exponent as u16 * Self::PARTS + part).or_default() += 1;
    }

    /// Adds what was counted elsewhere.
    fn merge(&mut self, other: Self) {
        for (interval, count) in other.0 {
            *self.0.entry(interval).or_default() += count;
        }
    }

    /// Returns how many durations there are.
    pub(crate) fn total(&self) -> u64 {
        self.0.values().sum()
    }

    /// Returns the seconds that an interval begins with.
    fn seconds(interval: u16) -> f64 {
        let (exponent, part) = (interval / Self::PARTS, interval % Self::PARTS);
        2_f64.powi(exponent.into()) * (1.0 + f64::from(part) / f64::from(Self::PARTS)) / 1e9
    }

    /// Returns the seconds that so many percent of the durations do not exceed by much: the begin of their interval.
    pub(crate) fn percentile(&self, percent: u64) -> Option<f64> {
        let rank = (self.total() * percent).div_ceil(100).max(1);
        let mut seen = 0;
        let found = self.0.iter().find(|&(_, count)| {
            seen += count;
            seen >= rank
        });
        found.map(|(&interval, _)| Self::seconds(interval))
    }

    /// Returns how many durations there are from each power of ten of a second to the next one. The first one has all below
    /// a millisecond.
    pub(crate) fn decades(&self) -> BTreeMap<i32, u64> {
        let mut decades = BTreeMap::new();
        for (&interval, count) in &self.0 {
            *decades.entry((Self::seconds(interval).log10().floor() as i32).max(-4)).or_default() += count;
        }
        decades
    }
}
