//! The tally: all counts of the command `summary`.
//!
//! - this file: the fields, and how a stream, or another tally, is added to them
//! - [`events`]: counts of events; [`words`]: counts of tor's words, such as statuses
//! - [`table`]: counts of other keys, such as hosts; [`circuit`]: circuits as keys
//! - [`histogram`]: durations; [`slowest`]: the slowest answers; [`activity`]: streams by time
//! - [`check`]: checks of a tally that another process or a file has sent
//!
//! A *row* is a key of a table with its count. The *limit* is the maximum number of rows of each table (`--max-live`). The
//! keys without a row are the *others*: only their total count is known.

mod activity;
mod check;
mod circuit;
mod events;
mod histogram;
mod slowest;
mod table;
mod words;

use alloc::sync::Arc;
use core::mem;

use tor_stream_event::{ClientProtocol, Outcome, StreamPurpose};

use self::activity::Activity;
pub(crate) use self::circuit::LogCircuit;
pub(crate) use self::events::{AnomalyCount, EventTally};
pub(crate) use self::histogram::Histogram;
pub(crate) use self::slowest::{SlowAnswer, Slowest};
use self::table::{CountKey, CountTable};
pub(crate) use self::table::{CountRows, MAX_TEXT_LEN};
use self::words::WordCounts;
use crate::command::life::{self, Cause};
use crate::command::note::{Life, asked_host};
use crate::command::timeline::Timeline;
use crate::input::time::Time;

/// The counts of a log, of a range of one, or of several logs.
///
/// A circuit ID is unique in one log only, so in the tally of several logs a circuit has the name of its log beside the
/// ID: see [`name_circuits`](Self::name_circuits).
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tally {
    /// Number of bytes that were read, after decompression. 0 for a range, as is the number of lines.
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
    /// Streams by circuit: a stream counts for each circuit that it was on.
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

impl Tally {
    /// Number of texts in one row of each table. Failures have two, the reasons of both ends, and failed targets also the
    /// host; purposes, protocols, targets, circuits, and the statuses, reasons and remote reasons of events have one.
    pub(crate) const TEXTS_OF_ROWS: usize = 2 + 3 + 7;

    /// Counts a stream that has ended. `limit` is the maximum number of rows in each table.
    pub(crate) fn count_stream(&mut self, life: &Life, limit: usize) {
        if life.outcome == Outcome::AfterClosed {
            // An event after the CLOSED of a stream: the stream was counted already.
            return;
        }
        self.streams += 1;
        self.dropped += u64::from(life.outcome == Outcome::Dropped);
        if let Some((purpose, text)) = life.purpose.zip(life.purpose_str()) {
            self.purposes.add(purpose, text, limit);
        }
        if let Some((protocol, text)) = life.client_protocol.zip(life.client_protocol_str()) {
            self.protocols.add(protocol, text, limit);
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
        self.count_durations(life);
    }

    /// Counts the time to a stream's first answer, and its lifetime, as far as they are known.
    fn count_durations(&mut self, life: &Life) {
        if let Some(time) = life::time_to_answer(life) {
            self.answers.add(time);
            let circuit = life.answer.as_ref().and_then(|answer| answer.circuit_id);
            // The ID is copied only for an answer that may be kept: most are not.
            if let Some(id) = circuit.filter(|_| self.slowest.may_keep(time)) {
                self.slowest.add(SlowAnswer { time, circuit: LogCircuit::new(id), stream_id: life.id.to_string() });
            }
        }
        if let Some(time) = life::duration(life) {
            self.lifetimes.add(time);
        }
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

    /// Returns `true` if adding the tally of the log's next range gives the same result as counting the events of that
    /// range one by one: each table stays within its limit, or is full already. `undecided` are the streams that may go on
    /// from the events before the range into it: each is counted when it ends, with the events in its notes.
    ///
    /// Durations, the slowest circuits and the activity are left out: merging them gives the same result in any order.
    pub(crate) fn merges_exactly<'l>(
        &self,
        range: &Self,
        undecided: impl Iterator<Item = &'l Life>,
        limit: usize,
    ) -> bool {
        // Each undecided stream makes at most one row in each table of streams, a row for each of its circuits, and one for each
        // unknown word in its note.
        let (mut streams, mut circuits, mut words) = (0, 0, 0);
        for life in undecided {
            streams += 1;
            circuits += life.circuits.len();
            let words_of_stream = life.note.events.as_ref().map_or(0, |events| events.unknown_words());
            // The stream may have a note both before the range and in it, and the two are merged at its end. With up to half
            // of the limit each, the merged note is within the limit.
            if words_of_stream > EventTally::MAX_WORDS_OF_STREAM / 2 {
                return false;
            }
            words += words_of_stream;
        }
        self.purposes.merges_exactly(&range.purposes, streams, limit)
            && self.protocols.merges_exactly(&range.protocols, streams, limit)
            && self.failures.merges_exactly(&range.failures, streams, limit)
            && self.failed_targets.merges_exactly(&range.failed_targets, streams, limit)
            && self.targets.merges_exactly(&range.targets, streams, limit)
            && self.circuits.merges_exactly(&range.circuits, circuits, limit)
            && self.events.merges_exactly(&range.events, words, limit)
    }

    /// Returns the number of rows in all tables, as a measure of the memory that they take. Known words are few, and not
    /// counted.
    pub(crate) fn row_count(&self) -> usize {
        let words = self.purposes.unknown() + self.protocols.unknown() + self.events.unknown_words();
        words + self.failures.len() + self.failed_targets.len() + self.targets.len() + self.circuits.len()
    }

    /// Gives each circuit the name of the log whose tally this is.
    pub(crate) fn name_circuits(&mut self, log: &Arc<str>) {
        self.circuits = mem::take(&mut self.circuits).with_keys(|circuit| circuit.of_log(log));
        self.slowest.replace_circuits(|circuit| circuit.of_log(log));
    }

    /// Puts a prefix before the names of the files with anomalies.
    pub(crate) fn prefix_files(&mut self, prefix: &str) {
        self.events.replace_files(|file| format!("{prefix}{file}"));
    }
}
