//! The collecting thread: it merges the results of the units in order.

use alloc::sync::Arc;
use core::mem;
use core::ops::Range;
use std::io;
use std::sync::mpsc::Receiver;
use std::thread;

use tor_stream_event::LineState;

use super::queue::{Message, Packet, RangeResult, Shared, Step, Unit, Waiting};
use super::ranges::Cuttable;
use super::sink::{Direct, OneByOne};
use super::{Collector, ConsumerMaker, InputName, LogConsumer};
use crate::input::findings::{Ended, Findings, UnknownWords};
use crate::input::reader::{OutputSink, ReadStart, read_events};
use crate::input::status::OpenStreams;
use crate::report;

/// Maximum number of consecutive ranges that are read again, before one thread reads the rest of a file.
const MAX_REREADS: u32 = 4;

/// The collecting thread.
pub(super) struct Collecting<'c, M: ConsumerMaker, C> {
    /// State that all threads share.
    shared: &'c Arc<Shared<M>>,
    /// Receiver of the output.
    collector: &'c mut C,
    /// Log that goes on in the next input.
    joined: Option<M::Log>,
    /// File whose ranges are being merged.
    cut: Option<Cut<M::Log>>,
    /// Set while everything could be read so far.
    all_read: bool,
}

/// A file whose ranges are being merged.
struct Cut<L: LogConsumer> {
    /// The file.
    file: Arc<Cuttable>,
    /// The log so far.
    log: L,
    /// State of the lines so far; `None` before the first range.
    state: Option<LineState>,
    /// Scanner for open streams, if the command asks for them; `None` before the first range.
    open: Option<OpenStreams>,
    /// Findings about the events so far.
    findings: Findings,
    /// Unknown status words so far.
    words: UnknownWords,
    /// Number of consecutive ranges that had to be read again.
    rereads: u32,
    /// Set while everything could be read so far.
    all_read: bool,
    /// Set at the end of the file, or when reading failed.
    over: bool,
    /// Side of this process if the file is divided among several.
    side: Side,
}

/// The side of a process with a file.
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
    pub(super) const fn new(shared: &'c Arc<Shared<M>>, collector: &'c mut C) -> Self {
        Self { shared, collector, joined: None, cut: None, all_read: true }
    }

    /// Reads all inputs in this thread.
    ///
    /// # Errors
    ///
    /// If the collector fails.
    pub(super) fn alone(&mut self) -> io::Result<()> {
        while let Some(waiting) = self.shared.next_input() {
            if self.shared.is_divided(&waiting) {
                self.divided_alone(&waiting)?;
            } else {
                self.read_own(&waiting)?;
            }
        }
        Ok(())
    }

    /// Reads this process's ranges of a divided file in this thread.
    fn divided_alone(&mut self, waiting: &Waiting) -> io::Result<()> {
        let Some(mut cutting) = self.shared.cutting(waiting, 0) else {
            self.unlike(waiting.index)?;
            return if self.shared.is_sent(waiting) { Ok(()) } else { self.read_own(waiting) };
        };
        self.begin(Arc::clone(&cutting.file));
        loop {
            match self.shared.step(&mut cutting) {
                Step::Read(range, _) if self.shared.is_sent(waiting) => {
                    let result = self.shared.read_range(&cutting.file, range.clone(), None);
                    self.collector.send(Some((&cutting.file, range, result)))?;
                }
                // The log so far is known, so the range needs no part.
                Step::Read(range, _) => {
                    if let Some(cut) = self.cut.as_mut().filter(|cut| !cut.over) {
                        cut.read(range, self.shared, self.collector)?;
                    }
                }
                Step::Receive(process, range) => self.other(process, range)?,
                Step::Leave => self.collector.send(None)?,
                Step::Rest(at) => return self.rest(at),
            }
        }
    }

    /// Starts threads that read, and merges their results.
    ///
    /// # Errors
    ///
    /// If the collector fails, or if the system allows no thread.
    pub(super) fn with_threads(&mut self) -> io::Result<()> {
        if self.shared.inputs() <= 1 {
            let Some(file) = self.shared.only_file() else {
                return self.alone();
            };
            self.begin(file);
        }
        let (units, threads) = self.shared.open();
        for number in 0..threads {
            let shared = Arc::clone(self.shared);
            // The thread may be waiting for input when the collector fails, so it is never joined.
            match thread::Builder::new().spawn(move || shared.work()) {
                Err(error) if number == 0 => return Err(error),
                // The system allows no more threads.
                Err(_) => break,
                Ok(_) => {}
            }
        }
        for unit in units {
            match unit {
                Unit::Whole(count, packets) => self.whole(count, &packets)?,
                Unit::Own(waiting) => self.read_own(&waiting)?,
                Unit::Cut(file) => self.begin(file),
                Unit::Range(range, receiver) => self.range(range, &receiver)?,
                Unit::Rest(at) => self.rest(at)?,
                Unit::Other(process, range) => self.other(process, range)?,
                Unit::Left => self.collector.send(None)?,
                Unit::Unlike(index) => self.unlike(index)?,
            }
        }
        Ok(())
    }

    /// Returns the log of an input.
    fn log(&mut self, input: InputName<'_>) -> M::Log {
        match self.joined.take() {
            Some(mut log) => {
                log.next(input);
                log
            }
            None => self.shared.logs.log(input),
        }
    }

    /// Ends the log of an input.
    fn end(&mut self, log: M::Log, index: usize, all_read: bool) -> io::Result<()> {
        self.all_read &= all_read;
        if self.shared.logs.joins() {
            self.joined = Some(log);
            return Ok(());
        }
        self.collector.log(log, index, all_read)
    }

    /// Passes the log that goes on to the end to the collector. Returns `false` if something could not be read.
    ///
    /// # Errors
    ///
    /// If the collector fails.
    pub(super) fn finish(mut self) -> io::Result<bool> {
        if let Some(log) = self.joined.take() {
            self.collector.log(log, 0, self.all_read)?;
        }
        Ok(self.all_read)
    }

    /// Reads an input in this thread.
    fn read_own(&mut self, waiting: &Waiting) -> io::Result<()> {
        let mut log = self.log(waiting.name());
        let all_read = self.shared.read_whole(waiting, &mut log, &mut Direct(self.collector))?;
        self.end(log, waiting.index, all_read)
    }

    /// Collects inputs that another thread reads.
    fn whole(&mut self, mut count: usize, packets: &Receiver<Packet<M::Log>>) -> io::Result<()> {
        while count > 0 {
            for message in packets.recv().map_err(|_| lost_thread())? {
                match message {
                    Message::Rows(rows) => self.collector.print(rows)?,
                    Message::Report(message) => report(format_args!("{message}")),
                    Message::End(index, end) => {
                        let (log, all_read) = end?;
                        self.end(log, index, all_read)?;
                        count -= 1;
                    }
                }
            }
        }
        Ok(())
    }

    /// Begins to merge the ranges of a file.
    fn begin(&mut self, file: Arc<Cuttable>) {
        let log = self.log(file.name());
        let side = match self.shared.logs.division().filter(|division| division.has(file.name().index)) {
            None => Side::Alone,
            Some(division) if division.is_sent() => Side::Sending,
            Some(_) => Side::First,
        };
        let (findings, words) = (Findings::default(), UnknownWords::default());
        self.cut = Some(Cut {
            file,
            log,
            state: None,
            open: None,
            findings,
            words,
            rereads: 0,
            all_read: true,
            over: false,
            side,
        });
    }

    /// Appends a range to the log of its file, or sends it.
    fn range(&mut self, range: Range<u64>, part: &Receiver<RangeResult<M::Log>>) -> io::Result<()> {
        let Some(cut) = self.cut.as_ref().filter(|cut| !cut.over) else {
            return Ok(());
        };
        let result = part.recv().map_err(|_| lost_thread())?;
        match cut.side {
            Side::Sending => self.collector.send(Some((&cut.file, range, result))),
            Side::First if self.shared.logs.needs_numbers() => {
                let result = self.collector.number((&cut.file, range.clone(), result), cut.lines())?;
                self.append(range, result)
            }
            Side::First | Side::Alone => self.append(range, Some(result)),
        }
    }

    /// Appends a range that another process has read, if there is one.
    fn other(&mut self, process: usize, range: Option<Range<u64>>) -> io::Result<()> {
        let Some(cut) = self.cut.as_ref() else {
            return Ok(());
        };
        // The process sends the range in any case.
        let wanted = range.clone().filter(|_| !cut.over).map(|range| (&*cut.file, range));
        let result = self.collector.receive(process, wanted, cut.lines())?;
        range.map_or(Ok(()), |range| self.append(range, result))
    }

    /// Drops the ranges of a divided file that this process cannot read as agreed, or leaves them to process 0.
    fn unlike(&mut self, index: usize) -> io::Result<()> {
        let Some(division) = self.shared.logs.division() else {
            return Ok(());
        };
        division.of_others(index).try_for_each(|process| {
            if division.is_sent() {
                self.collector.send(None)
            } else {
                self.collector.receive(process, None, 0).map(drop)
            }
        })
    }

    /// Appends a range to the log of its file. Reads it again if its result cannot be appended, or if there is none.
    fn append(&mut self, range: Range<u64>, result: Option<RangeResult<M::Log>>) -> io::Result<()> {
        let Some(cut) = self.cut.as_mut().filter(|cut| !cut.over) else {
            return Ok(());
        };
        let Some(RangeResult { result, unreadable }) = result else {
            return cut.read(range, self.shared, self.collector);
        };
        let (part, end) = result?;
        let len = end.state.bytes();
        let lines = cut.lines();
        let state = match cut.state.clone() {
            None => Some(end.state),
            Some(mut state) => state.append(end.state).is_ok().then_some(state),
        };
        // The scanner may be in a reply where the reader of events is in none, as after a dot that is not at its place.
        let scanners = cut.open.as_ref().zip(end.open.as_ref());
        let follows = scanners.is_none_or(|(before, later)| before.is_followed_by(later));
        let appended = follows && state.is_some() && cut.log.append(part, lines)?;
        if !appended {
            cut.rereads += 1;
            if cut.rereads == MAX_REREADS {
                cut.file.stop();
            }
            return cut.read(range, self.shared, self.collector);
        }
        (cut.rereads, cut.state) = (0, state);
        cut.open = end.open.map(|later| later.after(cut.open.take()));
        cut.findings.append(&end.findings, lines);
        let words = mem::take(&mut cut.words);
        let mut sink =
            OneByOne { name: &cut.file.label, destination: &mut Direct(self.collector), words, all_read: true };
        sink.before_read(&mut cut.log)?;
        for (line, error) in unreadable {
            sink.unreadable(&mut cut.log, line + lines, &error)?;
        }
        if let Some(failure) = &end.failed {
            sink.failed(&mut cut.log, failure, range.start)?;
        }
        cut.all_read &= sink.all_read;
        cut.words = sink.words;
        // If the file has become shorter, this was its end.
        cut.over |= end.failed.is_some() || len < range.end - range.start;
        if cut.over {
            cut.file.stop();
        }
        Ok(())
    }

    /// Reads the rest of a file, from an offset on, and ends its log.
    fn rest(&mut self, at: u64) -> io::Result<()> {
        let Some(mut cut) = self.cut.take().filter(|cut| cut.side != Side::Sending) else {
            return Ok(());
        };
        if !cut.over {
            // Bytes that were added to the file since it was opened are read as well.
            cut.read(at..u64::MAX, self.shared, self.collector)?;
        }
        let file = &cut.file;
        let no_state = || self.shared.options.events(&file.layout, io::empty(), None).state();
        let state = cut.state.unwrap_or_else(no_state);
        let words = mem::take(&mut cut.words);
        let destination = &mut Direct(self.collector);
        let mut sink = OneByOne { name: &file.label, destination, words, all_read: cut.all_read };
        let ended = Ended { name: &file.label, input: &file.input, layout: &file.layout, state: &state };
        sink.tell(&mut cut.log, cut.findings.messages(&ended))?;
        cut.all_read = sink.all_read;
        cut.log.end(&state)?;
        if let Some(rows) = cut.log.rows()? {
            self.collector.print(rows)?;
        }
        self.end(cut.log, cut.file.name().index, cut.all_read)
    }
}

impl<L: LogConsumer> Cut<L> {
    /// Returns the number of lines so far.
    fn lines(&self) -> u64 {
        self.state.as_ref().map_or(0, LineState::lines)
    }

    /// Reads a range event by event.
    fn read<M: ConsumerMaker<Log = L>>(
        &mut self,
        range: Range<u64>,
        shared: &Shared<M>,
        collector: &mut impl Collector<L>,
    ) -> io::Result<()> {
        let words = mem::take(&mut self.words);
        let mut sink = OneByOne { name: &self.file.label, destination: &mut Direct(collector), words, all_read: true };
        let before = self.state.as_ref().map_or(0, LineState::bytes);
        let reader = self.file.read(range.clone());
        let start = ReadStart { layout: &self.file.layout, state: self.state.as_ref(), open: self.open.as_ref() };
        let end = read_events(&shared.options, start, reader, &mut self.log, &mut sink)?;
        sink.end(&mut self.log, &end)?;
        self.findings.append(&end.findings, 0);
        self.all_read &= sink.all_read;
        self.words = sink.words;
        self.over = end.failed.is_some() || end.state.bytes() - before < range.end - range.start;
        if self.over {
            self.file.stop();
        }
        (self.state, self.open) = (Some(end.state), end.open);
        Ok(())
    }
}

/// Returns the error of a thread that ended without a result.
fn lost_thread() -> io::Error {
    io::Error::other("a thread ended early")
}
