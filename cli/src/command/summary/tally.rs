//! Tallies: the counts of the command `summary`.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use core::cmp::{Ordering, Reverse};
use core::fmt;
use core::time::Duration;

use serde::{Deserialize, Serialize};
use tor_stream_event::{ClientProtocol, Outcome, StreamPurpose, StreamStatus};

use super::activity::Activity;
use super::table::{Key, Table, Words};
use crate::command::life::{self, Cause};
use crate::command::timeline::Timeline;
use crate::input::note::{Life, asked_host};
use crate::input::reader::Event;
use crate::input::time::Time;
use crate::output::mask;

/// The counts of one or more logs. Tallies of different logs can be merged in any order.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
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
    pub(crate) purposes: Words,
    /// Streams by the protocol of the client.
    pub(crate) protocols: Words,
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

/// The counts of events, independent of their streams.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct EventTally {
    /// Number of events.
    pub(crate) total: u64,
    /// Unix time of the earliest event.
    pub(crate) first: Option<Duration>,
    /// Unix time of the latest event.
    pub(crate) last: Option<Duration>,
    /// Events by status.
    pub(crate) statuses: Words,
    /// Events by reason.
    pub(crate) reasons: Words,
    /// Events by remote reason.
    pub(crate) remote_reasons: Words,
    /// Anomalies of events, by name, with the first line of each.
    pub(crate) anomalies: BTreeMap<String, Example>,
}

/// The cause of a failure, and whether the stream ever was on a circuit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Failure {
    /// Set if the stream was attached to a circuit before.
    pub(crate) on_circuit: bool,
    /// Cause of the failure.
    pub(crate) cause: Cause,
}

/// A host that a stream failed to reach, and the cause.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct FailedTarget {
    /// Host of the stream's first target.
    pub(crate) host: String,
    /// Cause of the failure.
    pub(crate) cause: Cause,
}

/// A circuit. Each log numbers its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Circuit {
    /// Name of the log.
    pub(crate) file: Arc<str>,
    /// ID of the circuit in the log.
    pub(crate) circuit_id: String,
}

impl Ord for Circuit {
    /// Compares the logs, mostly by address alone, then the IDs.
    fn cmp(&self, other: &Self) -> Ordering {
        let files = if Arc::ptr_eq(&self.file, &other.file) { Ordering::Equal } else { self.file.cmp(&other.file) };
        files.then_with(|| self.circuit_id.cmp(&other.circuit_id))
    }
}

impl PartialOrd for Circuit {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Circuit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}", self.circuit_id, self.file)
    }
}

/// A number of occurrences, and the place of the first.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Example {
    /// Number of events.
    pub(crate) events: u64,
    /// File of the first occurrence.
    pub(crate) file: String,
    /// Line of the first occurrence.
    pub(crate) line: u64,
}

/// The circuits with the slowest first answers.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Slowest(Vec<SlowAnswer>);

/// A stream's first answer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct SlowAnswer {
    /// Time from NEW to SUCCEEDED.
    pub(crate) time: Duration,
    /// Circuit of the answer.
    pub(crate) circuit: Circuit,
    /// The stream's ID.
    pub(crate) stream_id: String,
}

/// The number of durations in each interval. The width of an interval is at most a thirty-second of its start.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Histogram(BTreeMap<u16, u64>);

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
        self.circuit_id.len()
    }
}

impl EventTally {
    /// Counts an event. Words without a name are counted apart up to `limit`.
    pub(crate) fn event(&mut self, file: &str, event: &Event<'_>, limit: usize) {
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
                    let example = Example { events: 1, file: file.into(), line: line.number };
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

impl Tally {
    /// Counts a stream. Each table counts at most `limit` keys apart.
    pub(crate) fn stream(&mut self, file: &Arc<str>, life: &Life, limit: usize) {
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
        let circuit = |id: &str| Circuit { file: Arc::clone(file), circuit_id: id.into() };
        for id in &life.circuits {
            self.circuits.add(circuit(id.as_ref()), limit);
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
            if let Some(id) = life.answer.as_ref().and_then(|answer| answer.circuit_id) {
                self.slowest.add(SlowAnswer { time, circuit: circuit(id.as_ref()), stream_id: life.id.to_string() });
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
}

impl EventTally {
    /// Returns `true` if the counts of a part's events, and then `words` new words, can be added exactly.
    fn merges_exactly(&self, part: &Self, words: usize, limit: usize) -> bool {
        self.statuses.merges_exactly(&part.statuses, words, limit)
            && self.reasons.merges_exactly(&part.reasons, words, limit)
            && self.remote_reasons.merges_exactly(&part.remote_reasons, words, limit)
    }

    /// Returns the number of words without a name.
    fn unnamed(&self) -> usize {
        self.statuses.unnamed() + self.reasons.unnamed() + self.remote_reasons.unnamed()
    }

    /// Adds the number of lines before to the lines of the examples.
    pub(crate) fn move_lines(&mut self, lines: u64) {
        self.anomalies.values_mut().for_each(|example| example.line += lines);
    }
}

impl Slowest {
    /// Maximum number of circuits.
    const KEPT: usize = 10;

    /// Adds an answer, if it is among the slowest. Each circuit is kept with its slowest answer.
    fn add(&mut self, answer: SlowAnswer) {
        // After the time, the circuit and stream make the order total, so that it does not depend on the order of
        // merging.
        let order = |answer: &SlowAnswer| (Reverse(answer.time), answer.circuit.clone(), answer.stream_id.clone());
        match self.0.iter().position(|kept| kept.circuit == answer.circuit) {
            Some(known) => {
                let known = self.0.get_mut(known).filter(|known| order(&answer) < order(known));
                let Some(known) = known else { return };
                *known = answer;
            }
            None if self.0.len() == Self::KEPT && self.0.last().is_some_and(|last| answer.time < last.time) => return,
            None => self.0.push(answer),
        }
        self.0.sort_by_cached_key(order);
        self.0.truncate(Self::KEPT);
    }

    /// Adds the answers of another tally.
    fn merge(&mut self, other: Self) {
        other.0.into_iter().for_each(|answer| self.add(answer));
    }

    /// Iterates over the circuits, the slowest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &SlowAnswer> {
        self.0.iter()
    }
}

impl Histogram {
    /// Number of intervals between two powers of two.
    const PARTS: u16 = 32;

    /// Counts a duration.
    fn add(&mut self, time: Duration) {
        let time = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        // The highest bit, and the five bits after it.
        let exponent = time.max(1).ilog2();
        let part = (u128::from(time) << 5 >> exponent) as u16 % Self::PARTS;
        *self.0.entry(exponent as u16 * Self::PARTS + part).or_default() += 1;
    }

    /// Adds the counts of another histogram.
    fn merge(&mut self, other: Self) {
        for (interval, count) in other.0 {
            *self.0.entry(interval).or_default() += count;
        }
    }

    /// Returns the number of durations.
    pub(crate) fn total(&self) -> u64 {
        self.0.values().sum()
    }

    /// Returns the start of an interval, in seconds.
    fn seconds(interval: u16) -> f64 {
        let (exponent, part) = (interval / Self::PARTS, interval % Self::PARTS);
        2_f64.powi(exponent.into()) * (1.0 + f64::from(part) / f64::from(Self::PARTS)) / 1e9
    }

    /// Returns the start, in seconds, of the interval with the given percentile. `None` without durations.
    pub(crate) fn percentile(&self, percent: u64) -> Option<f64> {
        let rank = (self.total() * percent).div_ceil(100).max(1);
        let mut seen = 0;
        let found = self.0.iter().find(|&(_, count)| {
            seen += count;
            seen >= rank
        });
        found.map(|(&interval, _)| Self::seconds(interval))
    }

    /// Returns the number of durations in each decade of seconds, by its exponent. The first decade includes all
    /// durations below a millisecond.
    pub(crate) fn decades(&self) -> BTreeMap<i32, u64> {
        let mut decades = BTreeMap::new();
        for (&interval, count) in &self.0 {
            *decades.entry((Self::seconds(interval).log10().floor() as i32).max(-4)).or_default() += count;
        }
        decades
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The slowest answers in order, as milliseconds, circuit and stream.
    fn rows(slowest: &Slowest) -> Vec<(u128, &str, &str)> {
        slowest.iter().map(|slow| (slow.time.as_millis(), &*slow.circuit.circuit_id, &*slow.stream_id)).collect()
    }

    /// The ten slowest circuits, each with its slowest answer, are the same for every cut of a log and order of
    /// answers.
    #[test]
    fn slowest_circuits_of_parts() {
        let answer = |n: u64| SlowAnswer {
            time: Duration::from_millis(n * 7919 % 101 / 2),
            circuit: Circuit { file: "tor.log".into(), circuit_id: (n * 31 % 17).to_string() },
            stream_id: n.to_string(),
        };
        let collect = |numbers: &mut dyn Iterator<Item = u64>| {
            let mut slowest = Slowest::default();
            numbers.for_each(|n| slowest.add(answer(n)));
            slowest
        };
        let whole = collect(&mut (0..60));
        let mut by_circuit: BTreeMap<String, SlowAnswer> = BTreeMap::new();
        for answer in (0..60).map(answer) {
            let known = by_circuit.entry(answer.circuit.circuit_id.clone()).or_insert_with(|| answer.clone());
            if (answer.time, Reverse(&answer.stream_id)) > (known.time, Reverse(&known.stream_id)) {
                *known = answer;
            }
        }
        let mut expected: Vec<_> = by_circuit.values().cloned().collect();
        expected.sort_by_key(|answer| (Reverse(answer.time), answer.circuit.clone()));
        expected.truncate(10);
        assert_eq!(rows(&whole), rows(&Slowest(expected)));
        assert_eq!(rows(&whole), rows(&collect(&mut (0..60).rev())));
        for cut in 0..60 {
            let mut first = collect(&mut (0..cut));
            first.merge(collect(&mut (cut..60)));
            assert_eq!(rows(&whole), rows(&first), "{cut}");
        }
    }
}
