//! Groups of events, counted by the reader threads.

use alloc::sync::Arc;
use core::mem;
use core::ops::RangeInclusive;
use std::io;

use tor_stream_event::LineState;

use super::column::Column;
use super::groups::{Found, Key};
use crate::command::events::EventRow;
use crate::input::reader::{Consumer, Event};
use crate::input::threads::{ConsumerMaker, InputName, LogConsumer};

/// A maker of the consumers.
pub(super) struct EventLogs {
    /// Columns to group by.
    pub(super) columns: Arc<[Column]>,
}

/// The groups of the events in a log, or in a range of it, that were not returned yet.
pub(super) struct EventLog {
    /// Columns to group by.
    columns: Arc<[Column]>,
    /// Name of the file.
    file: Arc<str>,
    /// Groups so far.
    found: Found,
}

/// The groups of the events in a range.
pub(super) struct EventPart {
    /// Groups so far.
    log: EventLog,
    /// Set once the part takes too much memory. Its events are then not counted: the range is read again, event by event.
    is_full: bool,
}

impl EventPart {
    /// Number of groups that a part of any length may have. A group takes some hundred bytes.
    const GROUPS: usize = 256;
    /// Number of bytes of a range for each further group. Several parts may wait for an earlier one, and each event of a
    /// log made for the purpose, in 21 bytes, is a group of its own.
    const BYTES_PER_GROUP: u64 = 64;

    /// Frees the memory if there are too many groups for a range of so many bytes.
    fn check_size(&mut self, range: u64) {
        let further = usize::try_from(range / Self::BYTES_PER_GROUP).unwrap_or(usize::MAX);
        if self.log.found.len() > Self::GROUPS.saturating_add(further) {
            (self.is_full, self.log.found) = (true, Found::default());
        }
    }
}

impl EventLogs {
    /// Lengths of a range in bytes.
    const RANGE: RangeInclusive<u64> = 128 * 1024..=1024 * 1024;
}

impl ConsumerMaker for EventLogs {
    type Log = EventLog;

    fn log(&self, input: InputName<'_>) -> EventLog {
        EventLog { columns: Arc::clone(&self.columns), file: input.name.into(), found: Found::default() }
    }

    fn part(&self, input: InputName<'_>, _lines: u64) -> EventPart {
        EventPart { log: self.log(input), is_full: false }
    }

    fn range_len(&self) -> Option<RangeInclusive<u64>> {
        Some(Self::RANGE)
    }
}

impl Consumer for EventLog {
    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        if event.met.all() {
            let row = EventRow::new(event.line, event.event, false, true);
            let values = self.columns.iter().map(|column| column.of_event(event, &row, &self.file));
            self.found.add(values.collect(), 1);
        }
        Ok(())
    }
}

impl Consumer for EventPart {
    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        if !self.is_full {
            self.log.event(event)?;
            self.check_size(event.line.offset);
        }
        Ok(())
    }
}

impl LogConsumer for EventLog {
    type Rows = Vec<(Key, u64)>;
    type Part = EventPart;

    fn rows(&mut self) -> io::Result<Option<Self::Rows>> {
        Ok(if self.found.is_empty() { None } else { Some(mem::take(&mut self.found).into_groups().collect()) })
    }

    fn append(&mut self, part: EventPart, _lines: u64) -> io::Result<bool> {
        if part.is_full {
            return Ok(false);
        }
        part.log.found.into_groups().for_each(|(key, number)| self.found.add(key, number));
        Ok(true)
    }

    fn end(&mut self, _state: &LineState) -> io::Result<()> {
        Ok(())
    }
}
