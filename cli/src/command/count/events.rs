//! Groups of events, which the threads that read count.

use alloc::sync::Arc;
use core::mem;
use core::ops::RangeInclusive;
use std::io;

use tor_stream_event::LineState;

use super::column::Column;
use super::groups::{GroupKey, NewGroups};
use crate::command::events::EventRow;
use crate::command::list_form::ListForm;
use crate::input::reader::{Consumer, Event};
use crate::input::threads::{ConsumerMaker, InputName, LogConsumer};

/// A maker of the consumers.
pub(super) struct GroupedEventsMaker {
    /// Columns to group by.
    pub(super) columns: Arc<[Column]>,
}

/// The groups of the events in a log, or in a range of it, that were not returned yet.
pub(super) struct GroupedEvents {
    /// Columns to group by.
    columns: Arc<[Column]>,
    /// Name of the file.
    file: Arc<str>,
    /// Groups so far.
    groups: NewGroups,
}

/// The groups of the events in a range of a log.
pub(super) struct GroupedPart {
    /// Events so far.
    events: GroupedEvents,
    /// Set once the part takes too much memory. Its events are then not counted: the range is read again, by the consumer of
    /// the log.
    must_reread: bool,
}

impl GroupedPart {
    /// Number of groups that a part of any length may have. A group takes some hundred bytes.
    const MIN_GROUPS: usize = 256;
    /// Number of bytes of a range for each further group. Several parts may wait for an earlier one, and each event of
    /// a hostile log may be a group of its own, in some 20 bytes: `650 STREAM 1 NEW 0 :0`.
    const BYTES_PER_GROUP: u64 = 64;

    /// Frees the memory if there are too many groups for the first `len` bytes of a range.
    fn check_size(&mut self, len: u64) {
        let further = usize::try_from(len / Self::BYTES_PER_GROUP).unwrap_or(usize::MAX);
        if self.events.groups.len() > Self::MIN_GROUPS.saturating_add(further) {
            (self.must_reread, self.events.groups) = (true, NewGroups::default());
        }
    }
}

impl GroupedEventsMaker {
    /// Lengths of a range in bytes: long enough that its groups are few beside its events, and short, since a hostile log
    /// has as many groups as events, and several parts may wait for an earlier one.
    const LENGTHS: RangeInclusive<u64> = 128 * 1024..=1024 * 1024;
}

impl ConsumerMaker for GroupedEventsMaker {
    type Log = GroupedEvents;

    fn log(&self, input: InputName<'_>) -> GroupedEvents {
        GroupedEvents { columns: Arc::clone(&self.columns), file: input.name.into(), groups: NewGroups::default() }
    }

    fn part(&self, input: InputName<'_>, _lines: u64) -> GroupedPart {
        GroupedPart { events: self.log(input), must_reread: false }
    }

    fn range_len(&self) -> Option<RangeInclusive<u64>> {
        Some(Self::LENGTHS)
    }
}

impl Consumer for GroupedEvents {
    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        if event.met.all() {
            let show_credentials = false;
            let row = EventRow::new(event.line, event.event, show_credentials, ListForm::Joined);
            let values = self.columns.iter().map(|column| column.of_event(event, &row, &self.file));
            self.groups.add(values.collect(), 1);
        }
        Ok(())
    }
}

impl Consumer for GroupedPart {
    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        if !self.must_reread {
            self.events.event(event)?;
            // The offset counts from the start of the range.
            self.check_size(event.line.offset);
        }
        Ok(())
    }
}

impl LogConsumer for GroupedEvents {
    type Rows = Vec<(GroupKey, u64)>;
    type Part = GroupedPart;

    fn rows(&mut self) -> io::Result<Option<Self::Rows>> {
        Ok(if self.groups.is_empty() { None } else { Some(mem::take(&mut self.groups).into_groups().collect()) })
    }

    fn append(&mut self, part: GroupedPart, _lines: u64) -> io::Result<bool> {
        if part.must_reread {
            return Ok(false);
        }
        part.events.groups.into_groups().for_each(|(key, number)| self.groups.add(key, number));
        Ok(true)
    }

    fn end(&mut self, _state: &LineState) -> io::Result<()> {
        Ok(())
    }
}
