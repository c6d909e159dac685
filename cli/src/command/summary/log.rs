//! Counting the events of one log.
//!
//! [`SummaryLog`] counts whole inputs. [`SummaryPart`] counts a range of one, and is then appended to the log before it.

use alloc::sync::Arc;
use core::convert::Infallible;
use core::mem;
use core::ops::RangeInclusive;
use std::io;

use tor_stream_event::{EventLine, LineState, StreamEventRef, StreamTracker};

use super::events::EventTally;
use super::mergeable::LogTally;
use super::record::RangeRecord;
use super::tally::Tally;
use crate::command::lives::track_open;
use crate::command::note::{Life, StreamNote, Tracker};
use crate::command::options::StreamOptions;
use crate::command::order::OrderCheck;
use crate::input::filter::{Filter, MetConditions};
use crate::input::reader::{Consumer, Event};
use crate::input::threads::{ConsumerMaker, Division, InputName, LogConsumer};
use crate::input::time::Time;
use crate::output::text::escape_name;

/// The maker of the consumers of `summary`.
pub(super) struct SummaryLogs {
    /// Options of the streams.
    options: StreamOptions,
    /// Set if filters can exclude streams.
    is_filtered: bool,
    /// Names of all inputs.
    names: Vec<Arc<str>>,
    /// Division of large files among the processes of a cluster; `None` without one.
    division: Option<Arc<Division>>,
}

impl SummaryLogs {
    /// Minimum and maximum length of a range in bytes. Shorter ranges let all threads end at about the same time, longer
    /// ones leave less to merge.
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

    /// Returns the length, in bytes, of the ranges that a file is divided into among processes with up to `jobs` threads
    /// each.
    #[cfg(feature = "cluster")]
    pub(super) fn range_len_for(jobs: u64) -> u64 {
        // Two threads have ranges of the maximum length. All ranges in work take about the same memory with more threads.
        (2 * Self::RANGE.end() / jobs.max(1)).clamp(*Self::RANGE.start(), *Self::RANGE.end())
    }

    /// Limits a tracker to one step of each stream: steps are not counted.
    fn without_steps(tracker: Tracker) -> Tracker {
        tracker.keep_steps(1)
    }
}

impl ConsumerMaker for SummaryLogs {
    type Log = SummaryLog;

    fn log(&self, input: InputName<'_>) -> SummaryLog {
        SummaryLog {
            // Joined inputs are one log, which has the name of the first.
            name: self.names.get(if self.options.join { 0 } else { input.index }).cloned().unwrap_or_default(),
            file: input.name.into(),
            position: if self.options.join { input.index } else { 0 },
            options: self.options,
            limit: self.options.max_live,
            is_filtered: self.is_filtered,
            tracker: Self::without_steps(StreamTracker::with_notes(self.options.max_live)),
            tally: Tally::default(),
            check: OrderCheck::default(),
            has_ended: false,
        }
    }

    fn part(&self, input: InputName<'_>, lines: u64) -> SummaryPart {
        let log =
            SummaryLog { limit: usize::MAX, tracker: Self::without_steps(StreamTracker::part()), ..self.log(input) };
        SummaryPart { log, lines_before: lines, events: 0, must_reread: false, record: None }
    }

    fn recorded_part(&self, input: InputName<'_>) -> SummaryPart {
        SummaryPart { record: Some(RangeRecord::default()), ..self.part(input, 0) }
    }

    fn division(&self) -> Option<&Division> {
        self.division.as_deref()
    }

    fn range_len(&self) -> Option<RangeInclusive<u64>> {
        Some(Self::RANGE)
    }

    fn needs_lines_before(&self) -> bool {
        // With filters, the counts of a stream's events are kept with the stream until it passes. Line numbers of
        // anomalies are among them, and cannot be shifted there when the range is appended.
        self.is_filtered
    }

    fn joins(&self) -> bool {
        self.options.join
    }
}

/// The tally of one log so far, and the state that counting the rest of it needs.
pub(super) struct SummaryLog {
    /// Name of the log: that of its first file.
    name: Arc<str>,
    /// Name of the current file.
    file: String,
    /// Position of that file among the files of the log.
    position: usize,
    /// Set if filters can exclude streams.
    is_filtered: bool,
    /// Options of the streams. With `join` the log goes on in the next file.
    options: StreamOptions,
    /// Maximum number of streams that are followed, and of rows in each table; `usize::MAX` (no limit) in a range.
    limit: usize,
    /// Tracker of the open streams.
    pub(super) tracker: Tracker,
    /// Counts so far.
    pub(super) tally: Tally,
    /// Signs that the log is not in order.
    pub(super) check: OrderCheck,
    /// Set once the streams that are open at the end of the log are counted.
    has_ended: bool,
}

/// The tally of a range of a log. Its tables have no limit: the log that it is appended to has one.
pub(super) struct SummaryPart {
    /// Tally of the range, without the streams that may have begun before it.
    pub(super) log: SummaryLog,
    /// Number of lines before the range, as far as it was known when the range was read: line numbers of anomalies
    /// include it. 0 if it was not known.
    lines_before: u64,
    /// Number of events so far.
    events: u64,
    /// Set once the part takes too much memory, or has a reply with open streams. It counts nothing then, and the log reads
    /// the range again, event by event.
    pub(super) must_reread: bool,
    /// Record of the events, if another process rebuilds the tracker.
    pub(super) record: Option<RangeRecord>,
}

impl SummaryPart {
    /// Number of events between two checks of the size.
    const EVENTS_BETWEEN_CHECKS: u64 = 1024;
    /// Estimated size, in bytes, of a stream in the tracker: one that is open, or may have begun before the range.
    const STREAM_SIZE: usize = 1200;
    /// Estimated size, in bytes, of a row of a table.
    const ROW_SIZE: usize = 128;
    /// Estimated size, in bytes, of the beginning or the end of a stream in the tracker's order of them.
    const CHANGE_SIZE: usize = 64;
    /// Maximum size of a part in bytes, beside a share that grows with its range.
    const MAX_SIZE: usize = 512 * 1024;

    /// Frees the memory if it is too much for `range`, the number of bytes of the range so far: several parts may wait
    /// for an earlier one. A hostile log has another stream, target and reason in each line.
    fn check_size(&mut self, range: u64) {
        let max_size = Self::MAX_SIZE + usize::try_from(range).unwrap_or(usize::MAX) / 4 * 3;
        // Streams are counted by walking over them: no further than to the number that is too much by itself.
        let max_streams = max_size / Self::STREAM_SIZE;
        let streams = self.log.tracker.live().chain(self.log.tracker.undecided()).take(max_streams).count();
        let rows = self.log.tally.row_count();
        let changes = self.log.tracker.changes();
        let recorded = self.record.as_ref().map_or(0, RangeRecord::size);
        let size = streams * Self::STREAM_SIZE + rows * Self::ROW_SIZE + changes * Self::CHANGE_SIZE + recorded;
        // `max_streams` streams have up to one `STREAM_SIZE` less than `max_size`, since the division rounds off.
        if size >= max_size - Self::STREAM_SIZE {
            self.give_up();
        }
    }

    /// Frees the memory, and leaves the range to be read again.
    fn give_up(&mut self) {
        self.must_reread = true;
        self.record = None;
        self.log.tracker = SummaryLogs::without_steps(StreamTracker::part());
        self.log.tally = Tally::default();
    }

    /// Adds an event to the tracker alone: its counts are known from the process that has read the range.
    pub(super) fn follow(&mut self, event: &StreamEventRef<'_>, time: Option<Time>, note: StreamNote) {
        // A stream that ends here began in the range, too, and is in those counts.
        drop(self.log.tracker.update_with(event, time, note));
    }

    /// Adds an event to the tracker alone, of a stream that may have begun before the range or go on after it. The counts
    /// of such a stream are made when it ends, from its notes.
    pub(super) fn follow_event(&mut self, event: &Event<'_>) {
        let line = self.numbered(event.line);
        let event = Event { line: &line, ..*event };
        let note = self.log.note(&event);
        self.follow(event.event, event.time, note);
    }

    /// Returns a line of the range with its number in the whole input, as far as that is known.
    fn numbered<'l>(&self, line: &EventLine<'l>) -> EventLine<'l> {
        let mut line = *line;
        line.number += self.lines_before;
        line
    }
}

impl SummaryLog {
    /// Returns the tally, with the streams that are still open. `all_read` is set if the whole log could be read.
    pub(super) fn finish(mut self, all_read: bool) -> LogTally {
        self.end_log();
        let in_order = self.check.report(&escape_name(&self.name));
        LogTally { name: self.name, complete: all_read && in_order, tally: self.tally }
    }

    /// Returns the note on an event. With filters, it has the event's counts, until they have decided about its stream.
    fn note(&self, event: &Event<'_>) -> StreamNote {
        let mut note = StreamNote::new(event, 0);
        if self.is_filtered {
            let events = note.events.get_or_insert_default();
            events.count_event((self.position, &self.file), event, EventTally::MAX_WORDS_OF_STREAM);
        }
        note
    }

    /// Counts the streams that are still open, and adds the log's name to its circuits. Does nothing when called again.
    fn end_log(&mut self) {
        if !mem::replace(&mut self.has_ended, true) {
            let tracker = mem::replace(&mut self.tracker, StreamTracker::with_notes(self.limit));
            tracker.into_live().for_each(|life| self.count_life(life));
            self.tally.name_log(&self.name, "");
        }
    }

    /// Counts a stream at its end, if it passes the filters, and its events, if they were not counted yet.
    fn count_life(&mut self, mut life: Life) {
        self.check.life(&life);
        if self.options.passes(&life) {
            if let Some(events) = life.note.events.take() {
                self.tally.events.merge(*events, self.limit);
            }
            self.tally.count_stream(&life, self.limit);
        }
    }
}

impl Consumer for SummaryLog {
    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        self.check.event(event.time);
        let note = self.note(event);
        // With filters, the note has the counts: the stream may pass by a later event.
        if !self.is_filtered {
            self.tally.events.count_event((self.position, &self.file), event, self.limit);
        }
        if let Some(life) = self.tracker.update_with(event.event, event.time, note) {
            self.count_life(life);
        }
        Ok(())
    }

    fn unreadable(&mut self, _line: &EventLine<'_>) {
        self.tally.unreadable += 1;
    }

    const WANTS_OPEN_STREAMS: bool = true;

    fn open_stream(&mut self, stream: &StreamEventRef<'_>, met: MetConditions) -> io::Result<()> {
        if let Some(life) = track_open(&mut self.tracker, stream, met, 0) {
            self.count_life(life);
        }
        Ok(())
    }
}

impl LogConsumer for SummaryLog {
    type Rows = Infallible;
    type Part = SummaryPart;

    fn append(&mut self, part: SummaryPart, lines: u64) -> io::Result<bool> {
        let SummaryPart { log: mut part, lines_before, must_reread, .. } = part;
        // Streams that are open at the cut are counted below, with their events on both sides of it.
        let undecided = self.tracker.live().chain(part.tracker.undecided());
        if must_reread || !self.tally.merges_exactly(&part.tally, undecided, self.limit) {
            return Ok(false);
        }
        let Ok(lives) = self.tracker.append(part.tracker) else {
            return Ok(false);
        };
        // 0 if the number of lines was known before the range was read, unless the file is being rewritten.
        part.tally.events.add_to_line_numbers(lines.saturating_sub(lines_before));
        self.tally.merge(part.tally, self.limit);
        self.check.append(part.check);
        lives.into_iter().for_each(|appended| self.count_life(appended.life));
        Ok(true)
    }

    fn end(&mut self, state: &LineState) -> io::Result<()> {
        self.tally.lines += state.lines();
        self.tally.bytes += state.bytes();
        if !self.options.join {
            self.end_log();
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
        if self.must_reread {
            return Ok(());
        }
        self.events += 1;
        if self.events.is_multiple_of(Self::EVENTS_BETWEEN_CHECKS) {
            self.check_size(event.line.offset);
        }
        if let Some(record) = &mut self.record {
            record.add(event);
        }
        let line = self.numbered(event.line);
        self.log.event(&Event { line: &line, ..*event })
    }

    fn unreadable(&mut self, line: &EventLine<'_>) {
        if let Some(record) = &mut self.record {
            record.add_unreadable(line);
        }
        self.log.unreadable(line);
    }

    const WANTS_OPEN_STREAMS: bool = true;

    /// Gives up: only the lines before the range show which open streams are new.
    fn open_stream(&mut self, _stream: &StreamEventRef<'_>, _met: MetConditions) -> io::Result<()> {
        self.give_up();
        Ok(())
    }
}
