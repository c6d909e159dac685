//! The collecting thread: it merges the results of the units in order, and passes them to the command's collector.

use alloc::sync::Arc;
use core::ops::Range;
use std::io;
use std::sync::mpsc::Receiver;
use std::thread;

use tor_stream_event::LineState;

use super::queue::{CutStep, Packet, RangeResult, SharedState, Unit, UnitMessage, WaitingInput};
use super::ranges::Cuttable;
use super::sink::{DirectOutput, LogSink, Reports};
use super::{Collector, ConsumerMaker, InputName, LogConsumer};
use crate::input::findings::{EndedLog, Findings};
use crate::input::open_streams::OpenStreamScanner;
use crate::input::read_events::{ReadStart, read_events};
use crate::input::reader::OutputSink;
use crate::report;

/// Maximum number of consecutive ranges that are read again, before one thread reads the rest of a file: most likely, all of them
/// are data of one reply, and the threads would read in vain.
const MAX_REREADS: u32 = 4;

/// The collecting thread.
pub(super) struct Collecting<'c, M: ConsumerMaker, C> {
    /// State that all threads share.
    shared: &'c Arc<SharedState<M>>,
    /// Collector of the command.
    collector: &'c mut C,
    /// Consumer of a log that goes on in the next input (`--join`).
    joined: Option<M::Log>,
    /// File whose ranges are being merged.
    cut: Option<CutFile<M::Log>>,
    /// Set while everything could be read so far.
    all_read: bool,
}

/// A file whose ranges are being merged.
struct CutFile<L: LogConsumer> {
    /// The file.
    file: Arc<Cuttable>,
    /// Consumer of the log, with the ranges so far.
    log: L,
    /// State of the lines so far; `None` before the first range.
    state: Option<LineState>,
    /// Scanner for open streams, if the command asks for them; `None` before the first range.
    scanner: Option<OpenStreamScanner>,
    /// Findings about the events so far.
    findings: Findings,
    /// State of the messages about the log.
    reports: Reports,
    /// Number of consecutive ranges that had to be read again.
    rereads: u32,
    /// Set at the end of the file, or when reading failed.
    is_over: bool,
    /// Side of this process if the file is divided among several.
    side: Side,
}

/// The side of this process in the reading of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    /// Process that reads the whole file.
    Alone,
    /// Process 0 of a divided file, which appends the ranges of all.
    First,
    /// Process that sends its ranges to process 0.
    Sending,
}

impl<'c, M: ConsumerMaker, C: Collector<M::Log>> Collecting<'c, M, C> {
    /// Returns the thread's state before the first unit.
    pub(super) const fn new(shared: &'c Arc<SharedState<M>>, collector: &'c mut C) -> Self {
        Self { shared, collector, joined: None, cut: None, all_read: true }
    }

    /// Reads all inputs in this thread.
    ///
    /// # Errors
    ///
    /// If the collector fails.
    pub(super) fn read_alone(&mut self) -> io::Result<()> {
        while let Some(waiting) = self.shared.next_input() {
            if self.shared.is_divided(&waiting) {
                self.read_divided_alone(&waiting)?;
            } else {
                self.read_input(&waiting)?;
            }
        }
        Ok(())
    }

    /// Reads this process's ranges of a divided file in this thread.
    fn read_divided_alone(&mut self, waiting: &WaitingInput) -> io::Result<()> {
        let Some(mut cutting) = self.shared.begin_cutting(waiting, 0) else {
            self.give_up_division(waiting.index)?;
            return if self.shared.is_sent(waiting) { Ok(()) } else { self.read_input(waiting) };
        };
        self.begin_file(Arc::clone(&cutting.file));
        loop {
            match self.shared.next_step(&mut cutting) {
                CutStep::Read(range, _) if self.shared.is_sent(waiting) => {
                    let result = self.shared.read_range(&cutting.file, range.clone(), None);
                    self.collector.send_range(Some((&cutting.file, range, result)))?;
                }
                // The consumer of the log has all ranges before this one, so it can read the range itself.
                CutStep::Read(range, _) => {
                    if let Some(cut) = self.cut.as_mut().filter(|cut| !cut.is_over) {
                        cut.read(range, self.shared, self.collector)?;
                    }
                }
                CutStep::Receive(process, range) => self.receive_range(process, range)?,
                CutStep::Leave => self.collector.send_range(None)?,
                CutStep::Rest(offset) => return self.read_rest(offset),
            }
        }
    }

    /// Starts threads that read, and merges their results.
    ///
    /// # Errors
    ///
    /// If the collector fails, or if the system allows no thread.
    pub(super) fn read_with_threads(&mut self) -> io::Result<()> {
        if self.shared.waiting_inputs() <= 1 {
            // One input that cannot be cut, such as a pipe, needs no threads.
            let Some(file) = self.shared.only_file() else {
                return self.read_alone();
            };
            self.begin_file(file);
        }
        let (units, threads) = self.shared.open_units();
        for number in 0..threads {
            let shared = Arc::clone(self.shared);
            // The thread may be waiting for input when the collector fails, so it is never joined.
            match thread::Builder::new().spawn(move || shared.work()) {
                Err(error) if number == 0 => return Err(error),
                // The system allows no more threads: those that were started read everything.
                Err(_) => break,
                Ok(_) => {}
            }
        }
        for unit in units {
            match unit {
                Unit::Whole(count, packets) => self.collect_inputs(count, &packets)?,
                Unit::Own(waiting) => self.read_input(&waiting)?,
                Unit::Cut(file) => self.begin_file(file),
                Unit::Range(range, receiver) => self.collect_range(range, &receiver)?,
                Unit::Rest(offset) => self.read_rest(offset)?,
                Unit::Other(process, range) => self.receive_range(process, range)?,
                Unit::Left => self.collector.send_range(None)?,
                Unit::NotAsAgreed(index) => self.give_up_division(index)?,
            }
        }
        Ok(())
    }

    /// Returns the consumer of an input: a new one, or that of the log which goes on in the input.
    fn begin_log(&mut self, input: InputName<'_>) -> M::Log {
        match self.joined.take() {
            Some(mut log) => {
                log.next_input(input);
                log
            }
            None => self.shared.logs.log(input),
        }
    }

    /// Passes the log of an input to the collector, or keeps it if it goes on in the next input.
    fn end_log(&mut self, log: M::Log, index: usize, all_read: bool) -> io::Result<()> {
        self.all_read &= all_read;
        if self.shared.logs.joins() {
            self.joined = Some(log);
            return Ok(());
        }
        self.collector.add_log(log, index, all_read)
    }

    /// Passes the log of `--join`, which ends only now, to the collector. Returns `false` if something could not be read.
    ///
    /// # Errors
    ///
    /// If the collector fails.
    pub(super) fn finish(mut self) -> io::Result<bool> {
        if let Some(log) = self.joined.take() {
            self.collector.add_log(log, 0, self.all_read)?;
        }
        Ok(self.all_read)
    }

    /// Reads an input in this thread.
    fn read_input(&mut self, waiting: &WaitingInput) -> io::Result<()> {
        let mut log = self.begin_log(waiting.name());
        let all_read = self.shared.read_whole(waiting, &mut log, &mut DirectOutput(self.collector))?;
        self.end_log(log, waiting.index, all_read)
    }

    /// Collects whole inputs that a reader thread reads.
    fn collect_inputs(&mut self, mut count: usize, packets: &Receiver<Packet<M::Log>>) -> io::Result<()> {
        while count > 0 {
            for message in packets.recv().map_err(|_| lost_thread())? {
                match message {
                    UnitMessage::Rows(rows) => self.collector.add_rows(rows)?,
                    UnitMessage::Report(message) => report(format_args!("{message}")),
                    UnitMessage::End(index, end) => {
                        let (log, all_read) = end?;
                        self.end_log(log, index, all_read)?;
                        count -= 1;
                    }
                }
            }
        }
        Ok(())
    }

    /// Begins to merge the ranges of a file.
    fn begin_file(&mut self, file: Arc<Cuttable>) {
        let log = self.begin_log(file.name());
        let side = match self.shared.logs.division().filter(|division| division.has(file.name().index)) {
            None => Side::Alone,
            Some(division) if division.is_sent() => Side::Sending,
            Some(_) => Side::First,
        };
        self.cut = Some(CutFile {
            file,
            log,
            state: None,
            scanner: None,
            findings: Findings::default(),
            reports: Reports::new(),
            rereads: 0,
            is_over: false,
            side,
        });
    }

    /// Appends a range to the log of its file, or sends it.
    fn collect_range(&mut self, range: Range<u64>, receiver: &Receiver<RangeResult<M::Log>>) -> io::Result<()> {
        let Some(cut) = self.cut.as_ref().filter(|cut| !cut.is_over) else {
            return Ok(());
        };
        let result = receiver.recv().map_err(|_| lost_thread())?;
        match cut.side {
            Side::Sending => self.collector.send_range(Some((&cut.file, range, result))),
            Side::First if self.shared.logs.needs_lines_before() => {
                let result = self.collector.number_range((&cut.file, range.clone(), result), cut.lines())?;
                self.append_range(range, result)
            }
            Side::First | Side::Alone => self.append_range(range, Some(result)),
        }
    }

    /// Appends a range that another process has read, if there is one.
    fn receive_range(&mut self, process: usize, range: Option<Range<u64>>) -> io::Result<()> {
        let Some(cut) = self.cut.as_ref() else {
            return Ok(());
        };
        // The processes take the ranges in turn, and each sends something for every range of its own. A range that is not needed
        // any more is dropped.
        let wanted = range.clone().filter(|_| !cut.is_over).map(|range| (&*cut.file, range));
        let result = self.collector.receive_range(process, wanted, cut.lines())?;
        range.map_or(Ok(()), |range| self.append_range(range, result))
    }

    /// Leaves all ranges of a divided file to process 0 or, as process 0, drops those that the others send. This is for a
    /// file that is not the one which the processes agreed on; process 0 then reads its own file as a whole.
    fn give_up_division(&mut self, index: usize) -> io::Result<()> {
        let Some(division) = self.shared.logs.division() else {
            return Ok(());
        };
        division.sent_ranges(index).try_for_each(|process| {
            if division.is_sent() {
                self.collector.send_range(None)
            } else {
                self.collector.receive_range(process, None, 0).map(drop)
            }
        })
    }

    /// Appends a range to the log of its file. Reads it again if its result cannot be appended, or if there is none.
    fn append_range(&mut self, range: Range<u64>, result: Option<RangeResult<M::Log>>) -> io::Result<()> {
        let Some(cut) = self.cut.as_mut().filter(|cut| !cut.is_over) else {
            return Ok(());
        };
        let Some(RangeResult { result, unreadable }) = result else {
            return cut.read(range, self.shared, self.collector);
        };
        let (part, mut end) = result?;
        let len = end.state.bytes();
        let lines = cut.lines();
        let state = match cut.state.clone() {
            None => Some(end.state.clone()),
            Some(mut state) => state.append(end.state.clone()).is_ok().then_some(state),
        };
        // The scanner may be in a reply where the reader of events is in none, such as after a dot behind a prefix.
        let scanners = cut.scanner.as_ref().zip(end.scanner.as_ref());
        let scanner_follows = scanners.is_none_or(|(before, later)| before.is_followed_by(later));
        let is_appended = scanner_follows && state.is_some() && cut.log.append(part, lines)?;
        if !is_appended {
            cut.rereads += 1;
            if cut.rereads == MAX_REREADS {
                cut.file.stop();
            }
            return cut.read(range, self.shared, self.collector);
        }
        (cut.rereads, cut.state) = (0, state);
        cut.scanner = end.scanner.take().map(|later| later.joined_to(cut.scanner.take()));
        cut.findings.append(&end.findings, lines);
        let destination = &mut DirectOutput(self.collector);
        let mut sink = LogSink { name: &cut.file.label, destination, reports: &mut cut.reports };
        sink.print_rows(&mut cut.log)?;
        for (line, error) in unreadable {
            sink.unreadable(&mut cut.log, line + lines, &error)?;
        }
        sink.report_failure(&mut cut.log, &end, range.start)?;
        // If the file has become shorter, this was its end.
        cut.is_over |= end.failed.is_some() || len < range.end - range.start;
        if cut.is_over {
            cut.file.stop();
        }
        Ok(())
    }

    /// Reads the rest of a file, from an offset on, and ends its log. A process that sends its ranges prints no log.
    fn read_rest(&mut self, offset: u64) -> io::Result<()> {
        let Some(mut cut) = self.cut.take().filter(|cut| cut.side != Side::Sending) else {
            return Ok(());
        };
        if !cut.is_over {
            // Bytes that were added to the file since it was opened are read as well.
            cut.read(offset..u64::MAX, self.shared, self.collector)?;
        }
        let file = &cut.file;
        let no_state = || self.shared.options.events(&file.layout, io::empty(), None).state();
        let state = cut.state.unwrap_or_else(no_state);
        let destination = &mut DirectOutput(self.collector);
        let mut sink = LogSink { name: &file.label, destination, reports: &mut cut.reports };
        let ended = EndedLog { name: &file.label, input: &file.input, layout: &file.layout, state: &state };
        sink.report_findings(&mut cut.log, cut.findings.messages(&ended))?;
        cut.log.end(&state)?;
        if let Some(rows) = cut.log.rows()? {
            self.collector.add_rows(rows)?;
        }
        self.end_log(cut.log, cut.file.name().index, cut.reports.all_read)
    }
}

impl<L: LogConsumer> CutFile<L> {
    /// Returns the number of lines so far.
    fn lines(&self) -> u64 {
        self.state.as_ref().map_or(0, LineState::lines)
    }

    /// Reads a range event by event.
    fn read<M: ConsumerMaker<Log = L>>(
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
        self.is_over = end.failed.is_some() || end.state.bytes() - before < range.end - range.start;
        if self.is_over {
            self.file.stop();
        }
        (self.state, self.scanner) = (Some(end.state), end.scanner);
        Ok(())
    }
}

/// Returns the error of a thread that ended without a result.
fn lost_thread() -> io::Error {
    io::Error::other("a thread ended early")
}
