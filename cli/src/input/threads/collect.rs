//! The collecting thread: it merges the results of the units in order, and passes them to the command's collector.

use alloc::sync::Arc;
use core::ops::Range;
use std::io;
use std::sync::mpsc::Receiver;
use std::thread;

use super::cut_file::{CutFile, Side};
use super::queue::{SharedState, WaitingInput};
use super::ranges::Cuttable;
use super::sink::{DirectOutput, LogSink};
use super::unit::{CutStep, Packet, PartKind, RangeResult, Unit, UnitMessage};
use super::{Collector, ConsumerMaker, InputName, LogConsumer};
use crate::input::findings::EndedLog;
use crate::input::reader::OutputSink;
use crate::report;

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
        let Some(mut cutting) = self.shared.begin_dividing(waiting) else {
            self.give_up_division(waiting.index)?;
            return if self.shared.is_sent(waiting) { Ok(()) } else { self.read_input(waiting) };
        };
        self.begin_file(Arc::clone(&cutting.file));
        loop {
            match self.shared.next_step(&mut cutting) {
                CutStep::Read(range, _) if self.shared.is_sent(waiting) => {
                    let result = self.shared.read_range(&cutting.file, range.clone(), PartKind::Recorded);
                    self.collector.send_range(Some((&cutting.file, range, result)))?;
                }
                // The consumer of the log has all ranges before this one, so it can read the range itself.
                CutStep::Read(range, _) => {
                    if let Some(cut) = self.cut.as_mut().filter(|cut| !cut.is_over) {
                        cut.read(range, self.shared, self.collector)?;
                    }
                }
                CutStep::Receive { process, range } => self.receive_range(process, range)?,
                CutStep::SendNone => self.collector.send_range(None)?,
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
                Unit::Receive { process, range } => self.receive_range(process, range)?,
                Unit::SendNone => self.collector.send_range(None)?,
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
            // The log began with the first input.
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
            Some(division) if division.sends() => Side::Sending,
            Some(_) => Side::First,
        };
        self.cut = Some(CutFile::new(file, log, side));
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

    /// Receives a range that another process has read, or its message that it has none, and appends the range.
    fn receive_range(&mut self, process: usize, range: Option<Range<u64>>) -> io::Result<()> {
        let Some(cut) = self.cut.as_ref() else {
            return Ok(());
        };
        // A process sends a message for each of its ranges: one that is not needed any more is received, too, and dropped.
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
        division.senders(index).try_for_each(|process| {
            if division.sends() {
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
        let (part, end) = result?;
        match cut.append(part, &end)? {
            Some(state) => cut.take_over(state, end, range, unreadable, self.collector),
            None => cut.reread(range, self.shared, self.collector),
        }
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
        sink.print_rows(&mut cut.log)?;
        self.end_log(cut.log, cut.file.name().index, cut.reports.all_read)
    }
}

/// Returns the error of a thread that ended without a result.
fn lost_thread() -> io::Error {
    io::Error::other("a thread ended early")
}
