//! Counting the events of a range of a log, by a thread that does not know the events before it.

use std::io;

use tor_stream_event::{EventLine, StreamEventRef, StreamTracker};

use super::log::{SummaryLog, SummaryLogs};
use super::record::RangeRecord;
use super::tally::Tally;
use crate::command::note::StreamNote;
use crate::input::filter::MetConditions;
use crate::input::reader::{Consumer, Event};
use crate::input::time::Time;

/// The tally of a range of a log. Its tables have no limit: the log that it is appended to has one.
pub(super) struct SummaryPart {
    /// Tally of the range, and tracker of the streams that are open at its end or may have begun before it. The tally has the
    /// other streams, which begin and end in the range.
    pub(super) log: SummaryLog,
    /// Number of lines before the range, which was added to the line numbers of anomalies. 0 if it was not known when the range
    /// was read.
    pub(super) lines_before: u64,
    /// Number of events so far, those that could not be read among them.
    events: u64,
    /// Set once the part takes too much memory, or has a reply with open streams. Then the part counts nothing, and the log
    /// reads the range again, event by event.
    pub(super) must_reread: bool,
    /// Record of the events, if the tracker is rebuilt later: by another process, or by this one, once it knows the number of
    /// lines before the range.
    pub(super) record: Option<RangeRecord>,
}

impl SummaryPart {
    /// Number of events between two checks of the size, each of which walks over the streams.
    const EVENTS_BETWEEN_CHECKS: u64 = 1024;
    /// Estimated size, in bytes, of a stream in the tracker: one that is open, or may have begun before the range.
    const STREAM_SIZE: usize = 1200;
    /// Estimated size, in bytes, of a row of a table, if its texts have the usual length.
    const ROW_SIZE: usize = 128;
    /// Estimated size, in bytes, of one of the tracker's [changes](StreamTracker::changes), the beginning or the end of a stream. A
    /// stream with both has two, and its ID among those of closed streams: 180 to 300 bytes, depending on the spare room of the lists.
    const CHANGE_SIZE: usize = 96;
    /// Maximum size of a part at the start of its range, in bytes. Three quarters of the bytes read so far are added, so from
    /// 2 MiB on, the minimum length of a range, the part takes no more memory than the text would. The length of texts is not
    /// counted: if each stream has a long reason of its own, which is then in three rows, the part takes some four times the text.
    const MAX_SIZE_AT_START: usize = 512 * 1024;

    /// Returns an empty part. `log` is an empty log without a limit, whose tracker is that of a range.
    pub(super) const fn new(log: SummaryLog, lines_before: u64, record: Option<RangeRecord>) -> Self {
        Self { log, lines_before, events: 0, must_reread: false, record }
    }

    /// Checks the size from time to time, before the event in a line is counted. Returns `false` if the part has given up, now or
    /// before.
    fn may_count(&mut self, line: &EventLine<'_>) -> bool {
        self.events += 1;
        if !self.must_reread && self.events.is_multiple_of(Self::EVENTS_BETWEEN_CHECKS) {
            // Offsets count from the start of the range.
            self.limit_size(line.offset);
        }
        !self.must_reread
    }

    /// Gives up if the part takes too much memory for the range so far, which has `range_len` bytes: several parts may wait
    /// for an earlier one. A hostile log has another stream, target and reason in each line.
    fn limit_size(&mut self, range_len: u64) {
        let max_size = Self::MAX_SIZE_AT_START + usize::try_from(range_len).unwrap_or(usize::MAX) / 4 * 3;
        let too_many = max_size / Self::STREAM_SIZE + 1;
        // Streams are counted by walking over them, so no further than necessary.
        let streams = self.log.tracker.live().chain(self.log.tracker.undecided()).take(too_many).count();
        let rows = self.log.tally.row_count();
        let changes = self.log.tracker.changes();
        let recorded = self.record.as_ref().map_or(0, RangeRecord::size);
        let size = streams * Self::STREAM_SIZE + rows * Self::ROW_SIZE + changes * Self::CHANGE_SIZE + recorded;
        if size > max_size {
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

    /// Adds an event to the tracker alone, in a process that knows the range's counts from the one that has read it.
    pub(super) fn follow(&mut self, event: &StreamEventRef<'_>, time: Option<Time>, note: StreamNote) {
        // A stream that the tracker returns has begun and ended in the range, and is in those counts.
        drop(self.log.tracker.update_with(event, time, note));
    }

    /// Adds an event to the tracker alone, like [`follow`](Self::follow), with the note that counting it needs: its stream may
    /// have begun before the range or go on after it, and is counted when it ends.
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

impl Consumer for SummaryPart {
    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        if !self.may_count(event.line) {
            return Ok(());
        }
        if let Some(record) = &mut self.record {
            record.add(event);
        }
        let line = self.numbered(event.line);
        self.log.event(&Event { line: &line, ..*event })
    }

    fn unreadable(&mut self, line: &EventLine<'_>) {
        if !self.may_count(line) {
            return;
        }
        if let Some(record) = &mut self.record {
            record.add_unreadable(line);
        }
        self.log.unreadable(line);
    }

    const WANTS_OPEN_STREAMS: bool = true;

    /// Gives up: only a log that has the lines before the range can tell which of the open streams it knows already.
    fn open_stream(&mut self, _stream: &StreamEventRef<'_>, _met: MetConditions) -> io::Result<()> {
        self.give_up();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use tor_stream_event::stream_events;

    use super::super::Options;
    use super::*;
    use crate::input::reader::parsed;
    use crate::input::threads::{ConsumerMaker, InputName};

    /// A part gives up before the record of its events takes more memory than their text, also if none of them can be read.
    #[test]
    fn a_range_of_short_unreadable_events() {
        let Options { read, streams, .. } = parsed(&[]);
        let logs = SummaryLogs::new(&read.filter, streams, &["a.log".into()]);
        let mut part = logs.recorded_part(InputName { index: 0, name: "a.log" });
        let text = "650 STREAM x\n".repeat(100_000);
        for line in stream_events(text.as_bytes()) {
            assert!(line.event.is_err());
            part.unreadable(&line);
            let recorded = part.record.as_ref().map_or(0, RangeRecord::size);
            assert!(recorded < text.len(), "line {}: {recorded} bytes", line.number);
        }
        assert!(part.must_reread);
    }

    /// A part gives up if the tracker's order of streams takes more memory than the text, though all its streams have ended.
    #[test]
    fn a_range_of_short_streams() {
        /// Length of the text of a stream, NEW and CLOSED: less than the 180 to 300 bytes that the tracker keeps of it.
        const STREAM_LEN: usize = 180;
        let Options { read, streams, .. } = parsed(&[]);
        let logs = SummaryLogs::new(&read.filter, streams, &["a.log".into()]);
        let mut part = logs.part(InputName { index: 0, name: "a.log" }, 0);
        let line_of = |id, status| format!("650 STREAM {id} {status} 0 {:a>1$}:80\n", "", STREAM_LEN / 2 - 34);
        let text: String =
            (100_000..120_000).flat_map(|id| ["NEW", "CLOSED"].map(|status| line_of(id, status))).collect();
        assert!(text.len() <= 20_000 * STREAM_LEN, "{}", text.len());
        for line in stream_events(text.as_bytes()) {
            let event = line.event.expect("an event");
            part.event(&Event { line: &line, event: &event, time: None, met: MetConditions::ALL }).expect("no output");
        }
        assert!(part.must_reread);
    }
}
