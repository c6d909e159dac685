//! A file whose ranges are being merged: each range is appended to the log, or read again.

use alloc::sync::Arc;
use core::ops::Range;
use std::io;

use tor_stream_event::{Error, LineState};

use super::queue::SharedState;
use super::ranges::Cuttable;
use super::sink::{DirectOutput, LogSink, Reports};
use super::{Collector, ConsumerMaker, LogConsumer};
use crate::input::findings::Findings;
use crate::input::open_streams::OpenStreamScanner;
use crate::input::read_events::{ReadEnd, ReadStart, read_events};
use crate::input::reader::OutputSink;

/// Maximum number of consecutive ranges that are read again, before one thread reads the rest of a file. A long reply may take two
/// or three ranges; after more, most likely all that follows is data of one reply, and the threads would read in vain.
const MAX_REREADS: u32 = 4;

/// A file whose ranges are being merged.
pub(super) struct CutFile<L: LogConsumer> {
    /// The file.
    pub(super) file: Arc<Cuttable>,
    /// Consumer of the log, with the ranges so far.
    pub(super) log: L,
    /// State of the lines so far; `None` before the first range.
    pub(super) state: Option<LineState>,
    /// Scanner of the ranges so far; `None` before the first one, and for a consumer that wants no open streams.
    scanner: Option<OpenStreamScanner>,
    /// Findings about the events so far.
    pub(super) findings: Findings,
    /// State of the messages about the log.
    pub(super) reports: Reports,
    /// Number of consecutive ranges that had to be read again.
    rereads: u32,
    /// Set once nothing more is to be read: the file has become shorter, reading failed, or the rest of the file was read.
    pub(super) is_over: bool,
    /// Side of this process in the reading of the file.
    pub(super) side: Side,
}

/// The side of this process in the reading of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// Process that reads the whole file.
    Alone,
    /// Process 0 of a divided file, which appends the ranges of all.
    First,
    /// Process that sends its ranges to process 0.
    Sending,
}

impl<L: LogConsumer> CutFile<L> {
    /// Returns a file before its first range, with the consumer of its log.
    pub(super) fn new(file: Arc<Cuttable>, log: L, side: Side) -> Self {
        Self {
            file,
            log,
            state: None,
            scanner: None,
            findings: Findings::default(),
            reports: Reports::new(),
            rereads: 0,
            is_over: false,
            side,
        }
    }

    /// Returns the number of lines so far.
    pub(super) fn lines(&self) -> u64 {
        self.state.as_ref().map_or(0, LineState::lines)
    }

    /// Appends the part of the next range to the log. Returns the state of the lines after the range. `None`, and nothing is
    /// changed, if the range was read as if it began in another state, or if the log cannot append its part.
    pub(super) fn append(&mut self, part: L::Part, end: &ReadEnd) -> io::Result<Option<LineState>> {
        let mut state = self.state.clone();
        let state_fits = match &mut state {
            Some(state) => state.append(end.state.clone()).is_ok(),
            None => true,
        };
        // The state of the lines and the scanner may disagree on whether data is open: each has its own way to find a prefix before
        // the dot that ends the data.
        let scanners = self.scanner.as_ref().zip(end.scanner.as_ref());
        let scanner_fits = scanners.is_none_or(|(before, later)| before.is_followed_by(later));
        let is_appended = state_fits && scanner_fits && self.log.append(part, self.lines())?;
        Ok(is_appended.then(|| state.unwrap_or_else(|| end.state.clone())))
    }

    /// Takes over the rest of the result of a range whose part was [appended](Self::append): the state after it, its findings and its
    /// messages, whose line numbers count from the start of the range.
    pub(super) fn take_over(
        &mut self,
        state: LineState,
        mut end: ReadEnd,
        range: Range<u64>,
        unreadable: Vec<(u64, Error)>,
        collector: &mut impl Collector<L>,
    ) -> io::Result<()> {
        let lines_before = self.lines();
        self.rereads = 0;
        self.state = Some(state);
        self.scanner = end.scanner.take().map(|later| later.joined_to(self.scanner.take()));
        self.findings.append(&end.findings, lines_before);
        let destination = &mut DirectOutput(collector);
        let mut sink = LogSink { name: &self.file.label, destination, reports: &mut self.reports };
        sink.print_rows(&mut self.log)?;
        for (line, error) in unreadable {
            sink.unreadable(&mut self.log, lines_before + line, &error)?;
        }
        sink.report_failure(&mut self.log, &end, range.start)?;
        // A range that is not complete was the end of a file that has become shorter.
        self.is_over = end.failed.is_some() || end.state.bytes() < range.end - range.start;
        if self.is_over {
            self.file.stop();
        }
        Ok(())
    }

    /// Reads a range again that could not be appended.
    pub(super) fn reread<M: ConsumerMaker<Log = L>>(
        &mut self,
        range: Range<u64>,
        shared: &SharedState<M>,
        collector: &mut impl Collector<L>,
    ) -> io::Result<()> {
        self.rereads += 1;
        if self.rereads == MAX_REREADS {
            self.file.stop();
        }
        self.read(range, shared, collector)
    }

    /// Reads a range event by event.
    pub(super) fn read<M: ConsumerMaker<Log = L>>(
        &mut self,
        range: Range<u64>,
        shared: &SharedState<M>,
        collector: &mut impl Collector<L>,
    ) -> io::Result<()> {
        let file = Arc::clone(&self.file);
        let destination = &mut DirectOutput(collector);
        let mut sink = LogSink { name: &file.label, destination, reports: &mut self.reports };
        let before = self.state.as_ref().map_or(0, LineState::bytes);
        let start = ReadStart { layout: &file.layout, state: self.state.as_ref(), scanner: self.scanner.as_ref() };
        let end = read_events(&shared.options, start, file.reader(range.clone()), &mut self.log, &mut sink)?;
        // Offsets of this read count from the start of the input, as its lines do.
        sink.report_failure(&mut self.log, &end, 0)?;
        self.findings.append(&end.findings, 0);
        // The rest of the file, whose end is `u64::MAX`, is never complete.
        self.is_over = end.failed.is_some() || end.state.bytes() - before < range.end - range.start;
        if self.is_over {
            self.file.stop();
        }
        (self.state, self.scanner) = (Some(end.state), end.scanner);
        Ok(())
    }
}
