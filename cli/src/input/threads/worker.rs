//! A reader thread: it reads the events of one unit after the other.

use core::ops::Range;
use std::io;

use super::queue::{SharedState, WaitingInput};
use super::ranges::Cuttable;
use super::sink::{Destination, LogSink, PacketOutput, RangeSink, Reports};
use super::unit::{PartKind, RangeResult, Task, UnitMessage};
use super::{ConsumerMaker, InputName, LogConsumer};
use crate::input::findings::EndedLog;
use crate::input::layout::Layout;
use crate::input::read_events::{ReadStart, read_events};
use crate::input::reader::OutputSink;
use crate::output::text::{error_text, escape_name};

impl<M: ConsumerMaker> SharedState<M> {
    /// Reads units until the queue is empty.
    pub(super) fn work(&self) {
        while let Some(task) = self.next_task() {
            match task {
                Task::Whole(inputs, sender) => {
                    let mut packets = PacketOutput::new(&sender, inputs.len());
                    // If the collector failed, the channel is closed, and there is no next task.
                    let _ = inputs.iter().try_for_each(|waiting| {
                        let mut log = self.logs.log(waiting.name());
                        let all_read = self.read_whole(waiting, &mut log, &mut packets);
                        packets.send(UnitMessage::End(waiting.index, all_read.map(|all_read| (log, all_read))))
                    });
                    let _ = packets.flush();
                }
                Task::Range(file, range, part, sender) => {
                    let _ = sender.send(self.read_range(&file, range, part));
                }
            }
        }
    }

    /// Reads a whole input. Returns `false` if the input, or an event in it, could not be read.
    pub(super) fn read_whole(
        &self,
        waiting: &WaitingInput,
        log: &mut M::Log,
        destination: &mut impl Destination<M::Log>,
    ) -> io::Result<bool> {
        let input = &waiting.input;
        let name = escape_name(&input.name).into_owned();
        let mut reports = Reports::new();
        let mut sink = LogSink { name: &name, destination, reports: &mut reports };
        let opened = input.open(&self.progress, waiting.decompressor);
        let state = match opened.and_then(|text| self.options.layout.detect(text, input.source())) {
            Ok((reader, layout)) => {
                let start = ReadStart { layout: &layout, state: None, scanner: None };
                let end = read_events(&self.options, start, reader, log, &mut sink)?;
                // The read began at the start of the input.
                sink.report_failure(log, &end, 0)?;
                let ended = EndedLog { name: &name, input, layout: &layout, state: &end.state };
                sink.report_findings(log, end.findings.messages(&ended))?;
                end.state
            }
            Err(error) => {
                sink.report(log, format!("tor-streams: {name}: {}", error_text(&error)))?;
                self.options.events(&Layout::default(), io::empty(), None).state()
            }
        };
        log.end(&state)?;
        sink.print_rows(log)?;
        Ok(reports.all_read)
    }

    /// Reads a range of a file with a part of this kind, as if no data of a reply were open before the range.
    pub(super) fn read_range(&self, file: &Cuttable, range: Range<u64>, kind: PartKind) -> RangeResult<M::Log> {
        let mut part = match kind {
            PartKind::Numbered(lines) => self.logs.part(file.name(), lines),
            PartKind::Recorded => self.logs.recorded_part(file.name()),
        };
        let mut sink = RangeSink { unreadable: Vec::new() };
        // Only the first range may begin with a byte order mark, which a read without a state skips.
        let state = (range.start > 0).then_some(&file.start_state);
        let start = ReadStart { layout: &file.layout, state, scanner: None };
        let end = read_events(&self.options, start, file.reader(range), &mut part, &mut sink);
        RangeResult { result: end.map(|end| (part, end)), unreadable: sink.unreadable }
    }
}

impl WaitingInput {
    /// Returns the name of the input, and its index.
    pub(super) fn name(&self) -> InputName<'_> {
        InputName { index: self.index, name: &self.input.name }
    }
}
