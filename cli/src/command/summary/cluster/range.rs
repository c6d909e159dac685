//! A range of a divided file, as a member sends it to process 0.
//!
//! Process 0 *restores* the range: it rebuilds the tracker, so that the range can be appended as if it had been read there. A
//! range that does not fit into one message, or cannot be restored, is *left* to process 0, which reads it.

use alloc::sync::Arc;
use core::ops::Range;
use std::io;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use serde::{Deserialize, Serialize};
use tor_stream_event::{Skipped, SkippedLines};

use super::super::mergeable::OverflowGuard;
use super::super::record::{RebuiltRange, SentRecord};
use super::super::tally::Tally;
use super::super::{SummaryLog, SummaryLogs};
use crate::command::order::OrderCheck;
use crate::input::Input;
use crate::input::findings::Findings;
use crate::input::read_events::ReadEnd;
use crate::input::reader::ReadOptions;
use crate::input::threads::{ConsumerMaker, Cuttable, Division, RangeResult};

/// Maximum length, in bytes, of the message with a range: half of the maximum length of the range's text. A longer message
/// would save process 0 little.
pub(super) const MAX_RANGE_MESSAGE: usize = 8 * 1024 * 1024;

/// A range that a member has read to its end, and in which no data of a reply is left open.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SentRange {
    /// Index of the file among the inputs.
    file: usize,
    /// Offsets of the start and the end in the file.
    range: (u64, u64),
    /// Number of lines.
    lines: u64,
    /// Number of lines with a reply.
    replies: u64,
    /// Counts of lines that look like an event and were not read as one, in the order of the first five fields of
    /// [`Skipped`], each with the number of the first line.
    skipped: [(u64, Option<u64>); 5],
    /// Findings about the events.
    findings: Findings,
    /// Signs that the log is not in order.
    check: OrderCheck,
    /// Tally of the streams that begin and end in the range, and of the events.
    tally: Tally,
    /// Record of the events, from which the tracker is rebuilt.
    record: SentRecord,
}

impl SentRange {
    /// Returns a range in the form in which it is sent. `None` if it is left to process 0: if it was given up or could not be
    /// read to its end, if data of a reply or a line goes on after it, or if the tracker or the check of the order cannot
    /// be sent exactly.
    pub(super) fn of(file: &Cuttable, range: &Range<u64>, result: RangeResult<SummaryLog>) -> Option<Self> {
        let (part, ReadEnd { state, failed, findings, .. }) = result.result.ok()?;
        let skipped = state.skipped();
        let Skipped { marks, bare, wrapped, in_data, line_ends, open, unterminated, .. } = skipped;
        let is_whole = failed.is_none() && state.bytes() == range.end - range.start;
        if part.must_reread || !is_whole || open.is_some() || unterminated.is_some() || !part.log.check.is_sendable() {
            return None;
        }
        let record = part.record.as_ref()?.to_sent(&part.log.tracker)?;
        Some(Self {
            file: file.name().index,
            range: (range.start, range.end),
            lines: state.lines(),
            replies: state.replies(),
            skipped: [marks, bare, wrapped, in_data, line_ends].map(|lines| (lines.count, lines.first)),
            findings,
            check: part.log.check,
            tally: part.log.tally,
            record,
        })
    }

    /// Checks a range that was received: no number of it exceeds that of its bytes or lines, none can overflow, and its tally
    /// is [possible](Tally::check). The record is checked when it is [restored](Self::restore).
    ///
    /// # Errors
    ///
    /// The reason, without text of the message.
    pub(super) fn check(&self, guard: &mut OverflowGuard) -> Result<(), &'static str> {
        let (start, end) = self.range;
        // The bytes and the lines of a range are not in its tally.
        let has_size = start < end && self.lines <= end - start && (self.tally.bytes, self.tally.lines) == (0, 0);
        if !has_size || !self.findings.is_within(self.lines) || !self.check.is_within(self.lines) {
            return Err("damaged: its counts of lines are impossible");
        }
        // The tables of a range have no limit.
        self.tally.check(self.lines, usize::MAX)?;
        guard.add(&self.tally)
    }

    /// Restores the range: returns its result, as if it had been read here, with `before` lines before it. `None` if this is
    /// not the given range of the file, its counts of lines are impossible, or its record does not fit the file.
    ///
    /// # Errors
    ///
    /// If the events cannot be followed.
    pub(super) fn restore(
        self,
        options: &ReadOptions,
        (file, range): (&Cuttable, &Range<u64>),
        (logs, before): (&SummaryLogs, u64),
    ) -> io::Result<Option<RangeResult<SummaryLog>>> {
        let (mut state, skipped) = (file.start_state.clone(), self.skipped());
        if !self.is(file, range) || !state.append_counts(self.lines, range.end - range.start, self.replies, &skipped) {
            return Ok(None);
        }
        let rebuilt = self.record.rebuild(options, (file, range, self.lines), (logs, before))?;
        let Some(RebuiltRange { mut part, unreadable }) = rebuilt else { return Ok(None) };
        (part.log.tally, part.log.check) = (self.tally, self.check);
        part.log.tally.events.add_to_line_numbers(before);
        let end = ReadEnd { state, scanner: None, failed: None, findings: self.findings };
        Ok(Some(RangeResult { result: Ok((part, end)), unreadable }))
    }

    /// Returns `true` if this is the given range of a file.
    fn is(&self, file: &Cuttable, range: &Range<u64>) -> bool {
        self.file == file.name().index && self.range == (range.start, range.end)
    }

    /// Returns the counts of lines that look like an event and were not read as one.
    fn skipped(&self) -> Skipped {
        let mut skipped = Skipped::default();
        let [marks, bare, wrapped, in_data, line_ends] = self.skipped.map(|(count, first)| {
            let mut lines = SkippedLines::default();
            (lines.count, lines.first) = (count, first);
            lines
        });
        (skipped.marks, skipped.bare, skipped.wrapped) = (marks, bare, wrapped);
        (skipped.in_data, skipped.line_ends) = (in_data, line_ends);
        skipped
    }
}

/// The next range of a member, as process 0 receives it.
pub(super) enum NextRange {
    /// Range that is left to process 0.
    Left,
    /// Range that is restored once the number of lines before it is known.
    Sent(Box<SentRange>),
    /// Range that was restored: index of the file, offsets, and result.
    Restored(usize, Range<u64>, Box<RangeResult<SummaryLog>>),
}

impl NextRange {
    /// Returns the result of the range, which has `before` lines before it. `None` if it is not the given range of the file,
    /// cannot be restored, or is left to this process.
    ///
    /// # Errors
    ///
    /// If the events cannot be followed.
    pub(super) fn result(
        self,
        options: &ReadOptions,
        (file, range): (&Cuttable, &Range<u64>),
        (logs, before): (&SummaryLogs, u64),
    ) -> io::Result<Option<RangeResult<SummaryLog>>> {
        match self {
            Self::Left => Ok(None),
            Self::Sent(sent) => sent.restore(options, (file, range), (logs, before)),
            Self::Restored(index, own, result) => {
                Ok(Some(*result).filter(|_| index == file.name().index && own == *range))
            }
        }
    }
}

/// A thread of process 0 that restores the ranges of one member, to relieve the thread that appends the ranges of all.
#[derive(Clone)]
pub(super) struct RangeRestorer {
    /// Options of reading.
    pub(super) options: Arc<ReadOptions>,
    /// Maker of consumers.
    pub(super) logs: SummaryLogs,
    /// Division of the files.
    pub(super) division: Arc<Division>,
    /// Inputs of the run.
    pub(super) inputs: Arc<[Input]>,
}

impl RangeRestorer {
    /// Starts the thread, which gets ranges from `sent`. Returns the receiver of the restored ones, in order.
    ///
    /// # Errors
    ///
    /// If the system allows no thread.
    pub(super) fn start(self, sent: Receiver<Option<Box<SentRange>>>) -> io::Result<Receiver<NextRange>> {
        // Only one range may wait: each takes memory, beside those that this process has read.
        let (sender, ranges) = sync_channel(1);
        thread::Builder::new().spawn(move || {
            let mut file = None;
            for range in sent {
                let range = range.map_or(NextRange::Left, |range| self.restore(range, &mut file));
                if sender.send(range).is_err() {
                    return;
                }
            }
        })?;
        Ok(ranges)
    }

    /// Restores a range, unless the number of lines before it has to be known. `file` is the open file of the previous range,
    /// and becomes that of this one.
    fn restore(&self, sent: Box<SentRange>, file: &mut Option<Cuttable>) -> NextRange {
        if self.logs.needs_lines_before() {
            return NextRange::Sent(sent);
        }
        let (index, (start, end)) = (sent.file, sent.range);
        let range = start..end;
        if file.as_ref().is_none_or(|file| file.name().index != index) {
            let input = self.inputs.get(index);
            *file = input.and_then(|input| self.division.reopen(&self.options, (index, input)));
        }
        let Some(file) = file else { return NextRange::Left };
        match sent.restore(&self.options, (file, &range), (&self.logs, 0)) {
            Ok(Some(result)) => NextRange::Restored(index, range, Box::new(result)),
            Ok(None) | Err(_) => NextRange::Left,
        }
    }
}
