//! A record of a range's events, from which process 0 rebuilds the tracker of the range.
//!
//! A tracker's part depends on the order in which streams began and were closed, and on the events of the streams that
//! are open at one of the range's cuts. So the order is sent, and the places of those streams' events in the file: all
//! processes see it. Process 0 reads these lines itself, and passes the events to a tracker of its own. Nothing that
//! arrives over the net can be an impossible state, and no event's text is sent.

use alloc::collections::BTreeSet;
use core::ops::Range;
use std::io;

use serde::{Deserialize, Serialize};
use tor_stream_event::{Anomaly, Error, EventLine, StreamEventRef, StreamId, StreamStatus};

use super::log::{SummaryLogs, SummaryPart};
use crate::command::note::{StreamNote, Tracker};
use crate::input::filter::MetConditions;
use crate::input::reader::{Consumer, Event, OutputSink, ReadOptions, ReadStart, read_events};
use crate::input::threads::Cuttable;

/// A record of the events of a range, in their order.
#[derive(Debug, Default)]
pub(super) struct Record {
    /// The events.
    events: Vec<Recorded>,
    /// Set after an event whose line alone may not be read as it is in the log: in data of a reply, without an end, or too
    /// long.
    depends_on_others: bool,
}

/// An event of a record.
#[derive(Debug)]
struct Recorded {
    /// Offset of the line in the range.
    offset: u64,
    /// Length of the line without its end.
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
    None,
}

impl Record {
    /// Number of bytes that an event takes.
    pub(super) const EVENT: usize = size_of::<Recorded>();

    /// Adds an event.
    pub(super) fn event(&mut self, event: &Event<'_>) {
        let effect = match event.event.status {
            StreamStatus::New | StreamStatus::NewResolve => Effect::Begin,
            StreamStatus::Closed => Effect::Close,
            _ => Effect::None,
        };
        let anomalies = event.event.anomalies();
        self.depends_on_others |= anomalies.contains(Anomaly::InData);
        self.line(event.line, event.event.id.parse().ok(), effect);
    }

    /// Adds an event that cannot be read.
    pub(super) fn unreadable(&mut self, line: &EventLine<'_>) {
        self.line(line, None, Effect::None);
    }

    /// Adds a line.
    fn line(&mut self, line: &EventLine<'_>, id: Option<StreamId>, effect: Effect) {
        self.depends_on_others |= !line.is_terminated() || matches!(line.event, Err(Error::LineTooLong { .. }));
        let (offset, number, len) = (line.offset, line.number, line.line.len() as u64);
        self.events.push(Recorded { offset, len, number, id, effect });
    }

    /// Returns the number of events.
    pub(super) const fn len(&self) -> usize {
        self.events.len()
    }

    /// Returns the form in which the record is sent, given the tracker of the range. `None` if it is not enough to
    /// rebuild the tracker.
    pub(super) fn shorten(&self, tracker: &Tracker) -> Option<Replay> {
        if self.depends_on_others {
            return None;
        }
        let open: BTreeSet<StreamId> = tracker.live().chain(tracker.undecided()).map(|life| life.id).collect();
        let mut replay = Replay::default();
        for Recorded { offset, len, number, id, effect } in &self.events {
            match (id.filter(|id| !open.contains(id)), effect) {
                (None, _) => {
                    replay.order.push('@');
                    replay.lines.push((*number, *offset, *len));
                }
                (Some(id), Effect::Begin) => replay.order.extend(["+", id.as_str()]),
                (Some(id), Effect::Close) => replay.order.extend(["-", id.as_str()]),
                (Some(_), Effect::None) => {}
            }
        }
        Some(replay)
    }
}

/// A record in the form in which it is sent.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Replay {
    /// Order of events: `+` and the ID of a stream that begins, `-` and the ID of one that is closed, and `@` for the
    /// next of `lines`. Of a stream that begins and ends in the range, there is no other event.
    order: String,
    /// Lines of all other events: number in the range, offset in the range, and length without the line end.
    lines: Vec<(u64, u64, u64)>,
}

/// The tracker of a range, rebuilt, and the lines of the range that could not be read.
pub(super) struct Rebuilt {
    /// The range's part, with the tracker.
    pub(super) part: SummaryPart,
    /// Numbers of the lines that could not be read, with the errors.
    pub(super) unreadable: Vec<(u64, Error)>,
}

impl Replay {
    /// Rebuilds the tracker of a range of a file, which has `lines` lines, and in front of which there are `before` lines.
    /// `None` if the file has no such events there.
    ///
    /// # Errors
    ///
    /// Never; the consumer of events may have errors elsewhere.
    pub(super) fn rebuild(
        &self,
        options: &ReadOptions,
        (file, range, lines): (&Cuttable, &Range<u64>, u64),
        (logs, before): (&SummaryLogs, u64),
    ) -> io::Result<Option<Rebuilt>> {
        let Some(log) = self.log(file, range, lines) else { return Ok(None) };
        let part = logs.rebuilt_part(file.name(), before);
        let mut rebuilding = Rebuilding { part, replay: self, order: &self.order, read: 0, is_wrong: false };
        let mut unreadable = Unreadable(Vec::new());
        let start = ReadStart { layout: &file.layout, state: Some(&file.start_state), scanner: None };
        let end = read_events(options, start, &*log, &mut rebuilding, &mut unreadable)?;
        rebuilding.streams();
        let all_read = rebuilding.read == self.lines.len() && rebuilding.order.is_empty();
        let as_expected = all_read && !rebuilding.is_wrong && end.state.lines() == self.lines.len() as u64;
        Ok(as_expected.then_some(Rebuilt { part: rebuilding.part, unreadable: unreadable.0 }))
    }

    /// Returns a log of the lines alone. `None` if they are not in order, or no lines of the file.
    fn log(&self, file: &Cuttable, range: &Range<u64>, lines: u64) -> Option<Vec<u8>> {
        /// Number of bytes that are read at once: lines of one stream are often near each other.
        const WINDOW: u64 = 64 * 1024;
        let (mut log, mut window, mut window_start) = (Vec::new(), Vec::new(), 0);
        let (mut last_number, mut end) = (0, 0);
        for &(number, offset, len) in &self.lines {
            let is_next = last_number < number && number <= lines && end <= offset;
            let line_end = offset.checked_add(len).filter(|&line_end| is_next && line_end < range.end - range.start)?;
            // With a CR LF.
            let (first, whole) = (range.start + offset, len + 2);
            if first < window_start || first + whole > window_start + window.len() as u64 {
                (window_start, window) = (first, file.bytes(first, whole.max(WINDOW)).ok()?);
            }
            let at = usize::try_from(first - window_start).ok()?;
            let bytes: &[u8] = window.get(at..)?;
            let (line, rest) = bytes.split_at_checked(usize::try_from(len).ok()?)?;
            let end_len = if rest.starts_with(b"\r\n") { 2 } else { 1 };
            log.extend_from_slice(line);
            log.extend_from_slice(rest.get(..end_len).filter(|end| end.ends_with(b"\n"))?);
            (last_number, end) = (number, line_end + 1);
        }
        Some(log)
    }
}

/// Consumer of the lines of a record.
struct Rebuilding<'r> {
    /// Part with the tracker.
    part: SummaryPart,
    /// The record.
    replay: &'r Replay,
    /// Rest of the order.
    order: &'r str,
    /// Number of lines so far.
    read: usize,
    /// Set if the order is none.
    is_wrong: bool,
}

impl<'r> Rebuilding<'r> {
    /// Adds the streams before the next line.
    fn streams(&mut self) {
        let mut text = String::new();
        while let Some(rest) = self.order.strip_prefix(['+', '-']) {
            let len = rest.find(['+', '-', '@']).unwrap_or(rest.len());
            let (id, after) = rest.split_at_checked(len).unwrap_or_default();
            let status = if self.order.starts_with('+') { " NEW 0 a:0" } else { " CLOSED 0 a:0" };
            text.clear();
            text.extend([id, status]);
            match StreamEventRef::parse(&text) {
                Ok(event) if event.id == id => {
                    self.part.follow(&event, None, StreamNote::of_open(&event, MetConditions::default(), 0));
                }
                _ => self.is_wrong = true,
            }
            self.order = after;
        }
    }

    /// Adds the streams before the next line. Returns the number and the offset of this line.
    fn next(&mut self) -> (u64, u64) {
        self.streams();
        match self.order.strip_prefix('@') {
            Some(rest) => self.order = rest,
            None => self.is_wrong = true,
        }
        let line = self.replay.lines.get(self.read);
        self.read += 1;
        line.map_or((0, 0), |&(number, offset, _)| (number, offset))
    }
}

impl Consumer for Rebuilding<'_> {
    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        let (number, offset) = self.next();
        let mut line = *event.line;
        (line.number, line.offset) = (number, offset);
        self.part.follow_event(&Event { line: &line, ..*event });
        Ok(())
    }

    fn unreadable(&mut self, _line: &EventLine<'_>) {
        self.next();
    }
}

/// Sink of the lines of a record that cannot be read.
struct Unreadable(Vec<(u64, Error)>);

impl OutputSink<Rebuilding<'_>> for Unreadable {
    fn before_read(&mut self, _consumer: &mut Rebuilding<'_>) -> io::Result<()> {
        Ok(())
    }

    fn unreadable(&mut self, consumer: &mut Rebuilding<'_>, _line: u64, error: &Error) -> io::Result<()> {
        let number = consumer.read.checked_sub(1).and_then(|last| consumer.replay.lines.get(last));
        self.0.extend(number.map(|&(number, ..)| (number, *error)));
        Ok(())
    }
}
