//! A record of the events of a range, from which process 0 of a cluster rebuilds the range's tracker.
//!
//! A range is appended to the log with its tracker. The record of the range has
//!
//! - the order in which streams began and were closed;
//! - the places, in the file, of the events of streams that may have begun before the range or go on after it. Process 0
//!   sees the file as well, and reads these lines itself.
//!
//! Process 0 passes both to a tracker of its own. So no bytes from the network can put a tracker into an impossible
//! state, and no text of an event is sent.

use alloc::collections::BTreeSet;
use core::ops::Range;
use std::io;

use serde::{Deserialize, Serialize};
use tor_stream_event::{Anomaly, Error, EventLine, StreamEventRef, StreamId, StreamStatus};

use super::log::SummaryLogs;
use super::part::SummaryPart;
use crate::command::note::{StreamNote, Tracker};
use crate::input::filter::MetConditions;
use crate::input::read_events::{ReadStart, read_events};
use crate::input::reader::{Consumer, Event, OutputSink, ReadOptions};
use crate::input::threads::{ConsumerMaker, Cuttable};

/// A record of the events of a range, in their order, as the process that reads the range makes it.
#[derive(Debug, Default)]
pub(super) struct RangeRecord {
    /// The events.
    events: Vec<RecordedEvent>,
    /// Set after an event that may be read in another way if its line is read alone: it was in data of a reply, without a line
    /// end, or too long.
    needs_other_lines: bool,
}

/// An event of a record.
#[derive(Debug)]
struct RecordedEvent {
    /// Offset of the line in the range, in bytes.
    offset: u64,
    /// Length of the line without its end, in bytes.
    len: u64,
    /// Number of the line in the range, from 1.
    number: u64,
    /// ID of the stream; `None` if it is malformed, or the event cannot be read.
    id: Option<StreamId>,
    /// Effect of the event on the order of streams.
    effect: Effect,
}

/// The effect of an event on the order of streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effect {
    /// The stream begins.
    Begin,
    /// The stream is closed.
    Close,
    /// No stream begins or is closed.
    Neither,
}

impl RangeRecord {
    /// Adds an event.
    pub(super) fn add(&mut self, event: &Event<'_>) {
        let effect = match event.event.status {
            StreamStatus::New | StreamStatus::NewResolve => Effect::Begin,
            StreamStatus::Closed => Effect::Close,
            _ => Effect::Neither,
        };
        self.needs_other_lines |= event.event.anomalies().contains(Anomaly::InData);
        self.add_line(event.line, event.event.id.parse().ok(), effect);
    }

    /// Adds an event that cannot be read.
    pub(super) fn add_unreadable(&mut self, line: &EventLine<'_>) {
        self.add_line(line, None, Effect::Neither);
    }

    /// Adds a line.
    fn add_line(&mut self, line: &EventLine<'_>, id: Option<StreamId>, effect: Effect) {
        self.needs_other_lines |= !line.is_terminated() || matches!(line.event, Err(Error::LineTooLong { .. }));
        let (offset, number, len) = (line.offset, line.number, line.line.len() as u64);
        self.events.push(RecordedEvent { offset, len, number, id, effect });
    }

    /// Returns the size of the record in bytes.
    pub(super) const fn size(&self) -> usize {
        self.events.len() * size_of::<RecordedEvent>()
    }

    /// Returns the form in which the record is sent, given the tracker of the range. `None` if an event may be read in another
    /// way by process 0, so that the tracker cannot be rebuilt.
    pub(super) fn to_sent(&self, tracker: &Tracker) -> Option<SentRecord> {
        if self.needs_other_lines {
            return None;
        }
        // The streams that are open at the end of the range, or may have been at its start.
        let open: BTreeSet<StreamId> = tracker.live().chain(tracker.undecided()).map(|life| life.id).collect();
        let mut sent = SentRecord::default();
        for RecordedEvent { offset, len, number, id, effect } in &self.events {
            // A stream whose ID is malformed is treated as an open one: process 0 reads its lines.
            match (id.filter(|id| !open.contains(id)), effect) {
                (None, _) => {
                    sent.order.push('@');
                    sent.lines.push((*number, *offset, *len));
                }
                (Some(id), Effect::Begin) => sent.order.extend(["+", id.as_str()]),
                (Some(id), Effect::Close) => sent.order.extend(["-", id.as_str()]),
                (Some(_), Effect::Neither) => {}
            }
        }
        Some(sent)
    }
}

/// A record in the form in which it is sent.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SentRecord {
    /// Events in their order: `+` and the ID of a stream that begins, `-` and the ID of one that is closed, and `@` for the
    /// next of `lines`. For example, `+7@-7` is stream 7 with an event of an open stream between its beginning and its
    /// end. Other events of a stream that begins and ends in the range are left out.
    order: String,
    /// Lines of the events of open streams: number in the range, from 1, offset in the range, and length without the line end.
    lines: Vec<(u64, u64, u64)>,
}

/// A range with its rebuilt tracker.
pub(super) struct RebuiltRange {
    /// The range's part: its tracker, with an empty tally.
    pub(super) part: SummaryPart,
    /// Numbers of the lines of events that could not be read, with the errors.
    pub(super) unreadable: Vec<(u64, Error)>,
}

impl SentRecord {
    /// Rebuilds the tracker of `range`, a range of `file` with `lines` lines. `before` is the number of lines before the
    /// range. Returns `None` if the record is damaged, or the range does not have the recorded events.
    ///
    /// # Errors
    ///
    /// None in practice: only the consumers of other commands can fail.
    pub(super) fn rebuild(
        &self,
        options: &ReadOptions,
        (file, range, lines): (&Cuttable, &Range<u64>, u64),
        (logs, before): (&SummaryLogs, u64),
    ) -> io::Result<Option<RebuiltRange>> {
        let Some(log) = self.recorded_lines(file, range, lines) else { return Ok(None) };
        let part = logs.part(file.name(), before);
        let mut rebuilding = Rebuilding { part, record: self, order: &self.order, lines_read: 0, is_wrong: false };
        let mut unreadable = UnreadableLines(Vec::new());
        // A range with open streams is left to process 0, so none is searched for.
        let start = ReadStart { layout: &file.layout, state: Some(&file.start_state), scanner: None };
        let end = read_events(options, start, &*log, &mut rebuilding, &mut unreadable)?;
        rebuilding.add_streams();
        let all_read = rebuilding.lines_read == self.lines.len() && rebuilding.order.is_empty();
        // Each recorded line was one line here, too, and had one event.
        let as_expected = all_read && !rebuilding.is_wrong && end.state.lines() == self.lines.len() as u64;
        Ok(as_expected.then_some(RebuiltRange { part: rebuilding.part, unreadable: unreadable.0 }))
    }

    /// Reads the recorded lines from the file, and returns them as a log. `None` if they are not in order, are not lines of the
    /// range, or cannot be read.
    fn recorded_lines(&self, file: &Cuttable, range: &Range<u64>, lines: u64) -> Option<Vec<u8>> {
        /// Minimum number of bytes that are read at once: lines of one stream are often near each other.
        const WINDOW: u64 = 64 * 1024;
        let (mut log, mut window, mut window_start) = (Vec::new(), Vec::new(), 0);
        let (mut last_number, mut last_end) = (0, 0);
        for &(number, offset, len) in &self.lines {
            let is_next = last_number < number && number <= lines && last_end <= offset;
            // At least one byte, LF, follows the line in the range.
            let line_end = offset.checked_add(len).filter(|&line_end| is_next && line_end < range.end - range.start)?;
            // The line may end with CR LF.
            let (start, whole_len) = (range.start + offset, len + 2);
            if start < window_start || start + whole_len > window_start + window.len() as u64 {
                (window_start, window) = (start, file.bytes(start, whole_len.max(WINDOW)).ok()?);
            }
            let bytes: &[u8] = window.get(usize::try_from(start - window_start).ok()?..)?;
            let (line, rest) = bytes.split_at_checked(usize::try_from(len).ok()?)?;
            let end_len = if rest.starts_with(b"\r\n") { 2 } else { 1 };
            log.extend_from_slice(line);
            log.extend_from_slice(rest.get(..end_len).filter(|end| end.ends_with(b"\n"))?);
            (last_number, last_end) = (number, line_end + 1);
        }
        Some(log)
    }
}

/// The consumer of the recorded lines, which also adds the streams between them.
struct Rebuilding<'r> {
    /// Part with the tracker.
    part: SummaryPart,
    /// The record.
    record: &'r SentRecord,
    /// Rest of the record's order.
    order: &'r str,
    /// Number of recorded lines that were read.
    lines_read: usize,
    /// Set if the order does not have the form of one, or does not fit the lines.
    is_wrong: bool,
}

impl<'r> Rebuilding<'r> {
    /// Adds the beginnings and ends of streams, up to the next line in the order.
    fn add_streams(&mut self) {
        let mut text = String::new();
        while let Some(rest) = self.order.strip_prefix(['+', '-']) {
            let len = rest.find(['+', '-', '@']).unwrap_or(rest.len());
            let (id, after) = rest.split_at_checked(len).unwrap_or_default();
            // The tracker gets an event with the ID and the status alone, of any target: the counts of the stream were sent.
            let after_id = if self.order.starts_with('+') { " NEW 0 a:0" } else { " CLOSED 0 a:0" };
            text.clear();
            text.extend([id, after_id]);
            match StreamEventRef::parse(&text) {
                Ok(event) if event.id == id => {
                    self.part.follow(&event, None, StreamNote::of_open(&event, MetConditions::default(), 0));
                }
                _ => self.is_wrong = true,
            }
            self.order = after;
        }
    }

    /// Adds the streams before the next recorded line. Returns this line's number and offset in the range.
    fn next_line(&mut self) -> (u64, u64) {
        self.add_streams();
        match self.order.strip_prefix('@') {
            Some(rest) => self.order = rest,
            None => self.is_wrong = true,
        }
        let line = self.record.lines.get(self.lines_read);
        self.lines_read += 1;
        // Without such a line, `rebuild` finds that more lines were read than recorded.
        line.map_or((0, 0), |&(number, offset, _)| (number, offset))
    }
}

impl Consumer for Rebuilding<'_> {
    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        let (number, offset) = self.next_line();
        let mut line = *event.line;
        (line.number, line.offset) = (number, offset);
        self.part.follow_event(&Event { line: &line, ..*event });
        Ok(())
    }

    fn unreadable(&mut self, _line: &EventLine<'_>) {
        self.next_line();
    }
}

/// The lines whose event cannot be read, each by its number in the range, with the error.
struct UnreadableLines(Vec<(u64, Error)>);

impl OutputSink<Rebuilding<'_>> for UnreadableLines {
    fn print_rows(&mut self, _consumer: &mut Rebuilding<'_>) -> io::Result<()> {
        Ok(())
    }

    fn unreadable(&mut self, consumer: &mut Rebuilding<'_>, _line: u64, error: &Error) -> io::Result<()> {
        // The consumer has counted this line already.
        let number = consumer.lines_read.checked_sub(1).and_then(|last| consumer.record.lines.get(last));
        self.0.extend(number.map(|&(number, ..)| (number, *error)));
        Ok(())
    }
}
