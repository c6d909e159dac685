//! Counting the events of one log, or of a range of it.

use alloc::sync::Arc;
use core::convert::Infallible;
use core::mem;
use core::ops::RangeInclusive;
use std::io;

use tor_stream_event::{EventLine, LineState, StreamEventRef, StreamTracker};

use super::mergeable::LogTally;
use super::record::Record;
use super::tally::Tally;
use crate::command::check::Check;
use crate::command::note::{Life, StreamNote, Tracker};
use crate::command::options::StreamOptions;
use crate::input::filter::Filter;
use crate::input::reader::{Consumer, Event};
use crate::input::threads::{ConsumerMaker, Division, InputName, LogConsumer};
use crate::input::time::Time;
use crate::output::text::escape;

/// A maker of the consumers.
pub(super) struct SummaryLogs {
    /// Options of the streams.
    options: StreamOptions,
    /// Set if filters can exclude streams.
    is_filtered: bool,
    /// Names of the files.
    names: Vec<Arc<str>>,
    /// Division of large files among processes.
    division: Option<Arc<Division>>,
}

impl SummaryLogs {
    /// Lengths of a range in bytes: short, so that threads end at the same time, and long, so that there is little to
    /// merge.
    const RANGE: RangeInclusive<u64> = 2 * 1024 * 1024..=16 * 1024 * 1024;

    /// Returns the maker for some options and inputs.
    pub(super) fn new(filter: &Filter, options: StreamOptions, names: &[String]) -> Self {
        let names = names.iter().map(|name| name.as_str().into()).collect();
        Self { options, is_filtered: options.failed || !filter.is_empty(), names, division: None }
    }

    /// Sets the division of large files among processes.
    #[cfg(feature = "cluster")]
    pub(super) fn divided(self, division: &Arc<Division>) -> Self {
        Self { division: Some(Arc::clone(division)), ..self }
    }

    /// Returns an empty part for the rebuilt tracker of a range that has `lines` lines before it.
    pub(super) fn rebuilt_part(&self, input: InputName<'_>, lines: u64) -> SummaryPart {
        self.part(input, lines)
    }

    /// Returns the length of a range in bytes that processes with up to `jobs` threads each divide a file into.
    #[cfg(feature = "cluster")]
    pub(super) fn range_for(jobs: u64) -> u64 {
        (2 * Self::RANGE.end() / jobs.max(1)).clamp(*Self::RANGE.start(), *Self::RANGE.end())
    }

    /// Returns a tracker without the steps of streams, which are not counted.
    fn tracker(tracker: Tracker) -> Tracker {
        tracker.keep_steps(1)
    }
}

impl ConsumerMaker for SummaryLogs {
    type Log = SummaryLog;

    fn log(&self, input: InputName<'_>) -> SummaryLog {
        SummaryLog {
            name: self.names.get(if self.options.join { 0 } else { input.index }).cloned().unwrap_or_default(),
            file: input.name.into(),
            // Joined inputs are one log.
            position: if self.options.join { input.index } else { 0 },
            options: self.options,
            limit: self.options.max_live,
            is_filtered: self.is_filtered,
            tracker: Self::tracker(StreamTracker::with_notes(self.options.max_live)),
            tally: Tally::default(),
            check: Check::default(),
            is_complete: false,
        }
    }

    fn part(&self, input: InputName<'_>, lines: u64) -> SummaryPart {
        let log = SummaryLog { limit: usize::MAX, tracker: Self::tracker(StreamTracker::part()), ..self.log(input) };
        SummaryPart { log, lines, events: 0, is_full: false, record: None }
    }

    fn recorded_part(&self, input: InputName<'_>) -> SummaryPart {
        SummaryPart { record: Some(Record::default()), ..self.part(input, 0) }
    }

    fn division(&self) -> Option<&Division> {
        self.division.as_deref()
    }

    fn range_len(&self) -> Option<RangeInclusive<u64>> {
        Some(Self::RANGE)
    }

    fn needs_lines_before(&self) -> bool {
        // With filters, the events of a stream are counted when it passes, and with them the lines of the first
        // anomalies.
        self.is_filtered
    }

    fn joins(&self) -> bool {
        self.options.join
    }
}

/// The tally of one log, and the state needed to continue it.
pub(super) struct SummaryLog {
    /// Name of the log: that of its first file.
    name: Arc<str>,
    /// Name of the current file.
    file: String,
    /// Position of that file in the log.
    position: usize,
    /// Set if filters can exclude streams.
    is_filtered: bool,
    /// Options of the streams. With `join` the log goes on in the next file.
    options: StreamOptions,
    /// Maximum number of streams that are followed, and of rows in each table; `usize::MAX` in a range.
    limit: usize,
    /// Tracker of the open streams.
    pub(super) tracker: Tracker,
    /// Counts so far.
    pub(super) tally: Tally,
    /// Signs that the log is not in order.
    pub(super) check: Check,
    /// Set once all streams are counted.
    is_complete: bool,
}

/// The tally of a range of a log. Its tables have no limit.
pub(super) struct SummaryPart {
    /// Tally of the range, without the streams that may have begun before it.
    pub(super) log: SummaryLog,
    /// Number of lines before the range that its line numbers include.
    lines: u64,
    /// Number of events.
    events: u64,
    /// Set once the part takes too much memory. Its events are then not counted: the range is read again, event by
    /// event.
    pub(super) is_full: bool,
    /// Record of the events, if another process rebuilds the tracker.
    pub(super) record: Option<Record>,
}

impl SummaryPart {
    /// Number of events between two checks of the size.
    const STRIDE: u64 = 1024;
    /// Number of bytes that a stream takes which is open, or may have begun before the range.
    const OPEN: usize = 1200;
    /// Number of bytes that a row of a table takes.
    const ROW: usize = 128;
    /// Number of bytes that the beginning or the end of a stream takes.
    const CHANGE: usize = 64;
    /// Number of bytes that a part may take, beside a number that grows with its range.
    const MOST: usize = 512 * 1024;

    /// Frees the memory if it is too much for a range of so many bytes: several parts may wait for an earlier one. A log
    /// made for the purpose has another stream, target and reason in each line.
    fn check_size(&mut self, range: u64) {
        let most = Self::MOST + usize::try_from(range).unwrap_or(usize::MAX) / 4 * 3;
        let open = self.log.tracker.live().chain(self.log.tracker.undecided());
        let open = open.take(most / Self::OPEN).count();
        let (rows, changes) = (self.log.tally.rows(), self.log.tracker.changes());
        let recorded = self.record.as_ref().map_or(0, Record::len) * Record::EVENT;
        if open * Self::OPEN + rows * Self::ROW + changes * Self::CHANGE + recorded >= most - Self::OPEN {
            self.is_full = true;
            self.record = None;
            self.log.tracker = SummaryLogs::tracker(StreamTracker::part());
            self.log.tally = Tally::default();
        }
    }

    /// Adds the event of a stream whose life is counted elsewhere.
    pub(super) fn follow(&mut self, event: &StreamEventRef<'_>, time: Option<Time>, note: StreamNote) {
        // A stream that began and ended in the range was counted where the range was read.
        drop(self.log.tracker.update_with(event, time, note));
    }

    /// Adds an event of a stream that may go on before or after the range.
    pub(super) fn follow_event(&mut self, event: &Event<'_>) {
        let mut line = *event.line;
        line.number += self.lines;
        let event = Event { line: &line, ..*event };
        let note = self.log.note(&event);
        self.follow(event.event, event.time, note);
    }
}

impl SummaryLog {
    /// Returns the tally, with the streams that are not over. `all_read` is set if the whole log could be read.
    pub(super) fn finish(mut self, all_read: bool) -> LogTally {
        self.complete();
        let in_order = self.check.report(&escape(&self.name));
        LogTally { name: self.name, complete: all_read && in_order, tally: self.tally }
    }

    /// Returns the note on an event, with its counts if the filters have still to decide about its stream.
    fn note(&self, event: &Event<'_>) -> StreamNote {
        let mut note = StreamNote::new(event, 0);
        if self.is_filtered {
            note.events.get_or_insert_default().event((self.position, &self.file), event, usize::MAX);
        }
        note
    }

    /// Counts the streams that are not over, and adds the log's name to its circuits.
    fn complete(&mut self) {
        if !mem::replace(&mut self.is_complete, true) {
            let tracker = mem::replace(&mut self.tracker, StreamTracker::with_notes(self.limit));
            tracker.into_live().for_each(|life| self.life(life));
            self.tally.rename(&self.name, "");
        }
    }

    /// Counts a stream that is over, if it passes, and its events, if they were not counted yet.
    fn life(&mut self, mut life: Life) {
        self.check.life(&life);
        if self.options.passes(&life) {
            if let Some(events) = life.note.events.take() {
                self.tally.events.merge(*events, self.limit);
            }
            self.tally.stream(&life, self.limit);
        }
    }
}

impl Consumer for SummaryLog {
    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        self.check.event(event.time);
        let note = self.note(event);
        // With filters, the event is counted with its stream, which may pass until it is over.
        if !self.is_filtered {
            self.tally.events.event((self.position, &self.file), event, self.limit);
        }
        if let Some(life) = self.tracker.update_with(event.event, event.time, note) {
            self.life(life);
        }
        Ok(())
    }

    fn unreadable(&mut self, _line: &EventLine<'_>) {
        self.tally.unreadable += 1;
    }
}

impl LogConsumer for SummaryLog {
    type Rows = Infallible;
    type Part = SummaryPart;

    fn append(&mut self, part: SummaryPart, lines: u64) -> io::Result<bool> {
        let SummaryPart { log: mut part, lines: counted, is_full, .. } = part;
        // Streams that end in the part are counted with the facts from before it.
        let undecided = self.tracker.live().chain(part.tracker.undecided());
        if is_full || !self.tally.merges_exactly(&part.tally, undecided, self.limit) {
            return Ok(false);
        }
        let Ok(lives) = self.tracker.append(part.tracker) else {
            return Ok(false);
        };
        // The two numbers are equal, unless the file is being rewritten.
        part.tally.events.move_lines(lines.saturating_sub(counted));
        self.tally.merge(part.tally, self.limit);
        self.check.append(part.check);
        lives.into_iter().for_each(|appended| self.life(appended.life));
        Ok(true)
    }

    fn end(&mut self, state: &LineState) -> io::Result<()> {
        self.tally.lines += state.lines();
        self.tally.bytes += state.bytes();
        if !self.options.join {
            self.complete();
        }
        Ok(())
    }

    fn next_input(&mut self, input: InputName<'_>) {
        input.name.clone_into(&mut self.file);
        self.position = input.index;
        self.check.next_file();
    }
}

impl Consumer for SummaryPart {
    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        if self.is_full {
            return Ok(());
        }
        self.events += 1;
        if self.events.is_multiple_of(Self::STRIDE) {
            self.check_size(event.line.offset);
        }
        if let Some(record) = &mut self.record {
            record.event(event);
        }
        let mut line = *event.line;
        line.number += self.lines;
        self.log.event(&Event { line: &line, ..*event })
    }

    fn unreadable(&mut self, line: &EventLine<'_>) {
        if let Some(record) = &mut self.record {
            record.unreadable(line);
        }
        self.log.unreadable(line);
    }
}
