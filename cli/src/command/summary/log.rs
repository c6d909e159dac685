//! Counting the events of one log, or of a range of it.

use alloc::sync::Arc;
use core::convert::Infallible;
use core::mem;
use core::ops::RangeInclusive;
use std::io;

use tor_stream_event::{LineState, StreamTracker};

use super::mergeable::LogTally;
use super::tally::Tally;
use crate::command::check::Check;
use crate::command::note::{Life, StreamNote, Tracker};
use crate::command::options::StreamOptions;
use crate::input::filter::Filter;
use crate::input::reader::{Consumer, Event};
use crate::input::threads::{InputName, Log, Logs};
use crate::output::text::escape;

/// A maker of the consumers.
pub(super) struct SummaryLogs {
    /// Options of the streams.
    options: StreamOptions,
    /// Set if filters can exclude streams.
    is_filtered: bool,
    /// Names of the files.
    names: Vec<Arc<str>>,
}

impl SummaryLogs {
    /// Lengths of a range in bytes: short, so that threads end at the same time, and long, so that there is little to
    /// merge.
    const RANGE: RangeInclusive<u64> = 2 * 1024 * 1024..=16 * 1024 * 1024;

    /// Returns the maker for some options and inputs.
    pub(super) fn new(filter: &Filter, options: StreamOptions, names: &[String]) -> Self {
        let names = names.iter().map(|name| name.as_str().into()).collect();
        Self { options, is_filtered: options.failed || !filter.is_empty(), names }
    }

    /// Returns a tracker without the steps of streams, which are not counted.
    fn tracker(tracker: Tracker) -> Tracker {
        tracker.keep_steps(1)
    }
}

impl Logs for SummaryLogs {
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
        SummaryPart { log, lines, events: 0, is_full: false }
    }

    fn range(&self) -> Option<RangeInclusive<u64>> {
        Some(Self::RANGE)
    }

    fn needs_numbers(&self) -> bool {
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
    /// Maximum number of streams that are followed, and of rows in each table: none in a range.
    limit: usize,
    /// Tracker of the open streams.
    tracker: Tracker,
    /// Counts so far.
    tally: Tally,
    /// Signs that the log is not in order.
    check: Check,
    /// Set once all streams are counted.
    is_complete: bool,
}

/// The tally of a range of a log. Its tables have no limit.
pub(super) struct SummaryPart {
    /// Tally of the range, without the streams that may have begun before it.
    log: SummaryLog,
    /// Number of lines before the range that its line numbers include.
    lines: u64,
    /// Number of events.
    events: u64,
    /// Set once the part takes too much memory. Its events are then not counted: the range is read again, event by
    /// event.
    is_full: bool,
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
        if open * Self::OPEN + rows * Self::ROW + changes * Self::CHANGE >= most - Self::OPEN {
            self.is_full = true;
            self.log.tracker = SummaryLogs::tracker(StreamTracker::part());
            self.log.tally = Tally::default();
        }
    }
}

impl SummaryLog {
    /// Returns the tally, with the streams that are not over. `all_read` is set if the whole log could be read.
    pub(super) fn finish(mut self, all_read: bool) -> LogTally {
        self.complete();
        let in_order = self.check.report(&escape(&self.name));
        LogTally { name: self.name, complete: all_read && in_order, tally: self.tally }
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
        let mut note = StreamNote::new(event, 0);
        if self.is_filtered {
            // The event is counted with its stream, which may pass until it is over.
            note.events.get_or_insert_default().event((self.position, &self.file), event, usize::MAX);
        } else {
            self.tally.events.event((self.position, &self.file), event, self.limit);
        }
        if let Some(life) = self.tracker.update_with(event.event, event.time, note) {
            self.life(life);
        }
        Ok(())
    }

    fn unreadable(&mut self) {
        self.tally.unreadable += 1;
    }
}

impl Log for SummaryLog {
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

    fn next(&mut self, input: InputName<'_>) {
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
        let mut line = *event.line;
        line.number += self.lines;
        self.log.event(&Event { line: &line, ..*event })
    }

    fn unreadable(&mut self) {
        self.log.unreadable();
    }
}
