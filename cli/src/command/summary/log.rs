//! Counting the events of one log.
//!
//! [`SummaryLog`] counts whole inputs, and appends the [parts](super::part) that count ranges of one.

use alloc::sync::Arc;
use core::convert::Infallible;
use core::mem;
use core::ops::RangeInclusive;
use std::io;

use tor_stream_event::{EventLine, LineState, StreamEventRef, StreamTracker};

use super::mergeable::LogTally;
use super::part::SummaryPart;
use super::record::RangeRecord;
use super::tally::{EventTally, Tally};
use crate::command::lives::track_open;
use crate::command::note::{Life, StreamNote, Tracker};
use crate::command::options::StreamOptions;
use crate::command::order::OrderCheck;
use crate::input::filter::{Filter, MetConditions};
use crate::input::reader::{Consumer, Event};
use crate::input::threads::{ConsumerMaker, Division, InputName, LogConsumer};
use crate::output::text::escape_name;

/// The maker of the consumers of `summary`.
#[derive(Clone)]
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

    /// Returns the maximum length, in bytes, of the ranges that a file is divided into among processes with up to `jobs`
    /// threads each.
    #[cfg(feature = "cluster")]
    pub(super) fn max_range_len(jobs: usize) -> u64 {
        crate::input::threads::max_range_len(&Self::RANGE, jobs)
    }

    /// Returns the empty log of a part: without a limit, since that of the whole log applies when the part is appended.
    fn log_of_part(&self, input: InputName<'_>) -> SummaryLog {
        SummaryLog { limit: usize::MAX, tracker: Self::without_steps(StreamTracker::part()), ..self.log(input) }
    }

    /// Makes a tracker keep one step of each stream, the minimum: a summary needs none.
    pub(super) fn without_steps(tracker: Tracker) -> Tracker {
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
        SummaryPart::new(self.log_of_part(input), lines, None)
    }

    fn recorded_part(&self, input: InputName<'_>) -> SummaryPart {
        SummaryPart::new(self.log_of_part(input), 0, Some(RangeRecord::default()))
    }

    fn division(&self) -> Option<&Division> {
        self.division.as_deref()
    }

    fn range_len(&self) -> Option<RangeInclusive<u64>> {
        Some(Self::RANGE)
    }

    fn needs_lines_before(&self) -> bool {
        // With filters, the counts of a stream's events stay in its note until the stream ends. The line numbers of anomalies
        // in a note are not changed when the range is appended.
        self.is_filtered
    }

    fn joins(&self) -> bool {
        self.options.join
    }
}

/// The tally of one log so far, and the state with which the rest of the log is counted.
pub(super) struct SummaryLog {
    /// Name of the log: that of its first file.
    name: Arc<str>,
    /// Name of the current file.
    file: String,
    /// Position of the current file among the files of the log.
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
    /// Signs that the log is not that of one tor, or not in order.
    pub(super) check: OrderCheck,
    /// Set once the streams that are open at the end of the log are counted.
    has_ended: bool,
}

impl SummaryLog {
    /// Returns the tally, with the streams that are still open. `all_read` is set if the whole log could be read.
    pub(super) fn finish(mut self, all_read: bool) -> LogTally {
        self.end_log();
        let in_order = self.check.report(&escape_name(&self.name));
        LogTally { name: self.name, complete: all_read && in_order, tally: self.tally }
    }

    /// Returns the note on an event. With filters, the event is counted in the note: whether the stream passes is known at its
    /// end.
    pub(super) fn note(&self, event: &Event<'_>) -> StreamNote {
        // The index of the file is for other commands.
        let mut note = StreamNote::new(event, 0);
        if self.is_filtered {
            let events = note.events.get_or_insert_default();
            events.count_event((self.position, &self.file), event, EventTally::MAX_WORDS_OF_STREAM);
        }
        note
    }

    /// Counts the streams that are still open, and adds the log's name to its circuits. Does nothing when called again: a log
    /// of one file is ended by the thread that reads it, and any other by [`finish`](Self::finish).
    fn end_log(&mut self) {
        if !mem::replace(&mut self.has_ended, true) {
            let tracker = mem::replace(&mut self.tracker, StreamTracker::with_notes(self.limit));
            tracker.into_live().for_each(|life| self.count_life(life));
            self.tally.name_circuits(&self.name);
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
        // With filters, the note has counted the event.
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
        // The index of the file is for other commands, as in `note`.
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
        let SummaryPart { log: mut range, lines_before, must_reread, .. } = part;
        // Streams that may go on from the log into the range are counted below, with their events on both sides of the cut.
        let undecided = self.tracker.live().chain(range.tracker.undecided());
        if must_reread || !self.tally.merges_exactly(&range.tally, undecided, self.limit) {
            return Ok(false);
        }
        let Ok(lives) = self.tracker.append(range.tracker) else {
            return Ok(false);
        };
        // `lines_before` is 0 if it was not known when the range was read, else it is `lines`, and nothing is added. In a file that
        // is being rewritten it may exceed `lines`.
        range.tally.events.add_to_line_numbers(lines.saturating_sub(lines_before));
        self.tally.merge(range.tally, self.limit);
        self.check.append(range.check);
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
