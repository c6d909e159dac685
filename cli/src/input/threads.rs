//! Reading inputs with several threads.
//!
//! The work is cut into units: a range of lines of a plain file, or a whole input of any other kind. Each thread reads
//! the events of the next unit. The thread that started them merges the results of the units in order, so that the
//! output is that of one thread:
//!
//! - A range is read by itself, and becomes a [part](Log::Part) that is [appended](Log::append) to the log. If that is
//!   not exact, the collecting thread reads the range again, event by event, as it reads all inputs if it is alone.
//! - A whole input becomes a log. Its rows are sent while it is read, through a bounded channel, so that later units
//!   wait instead of filling the memory.

use alloc::sync::Arc;
use alloc::vec;
use core::ops::Range;
use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use tor_stream_event::{Error, LineEnd, LineState};

use crate::input::Input;
use crate::input::findings::{Ended, Findings};
use crate::input::layout::Layout;
use crate::input::progress::Progress;
use crate::input::ranges::Cuttable;
use crate::input::reader::{Consumer, End, Reading, Sink, read_events};
use crate::output::text::escape;
use crate::report;

/// Number of messages that a unit may be ahead of the collecting thread.
const AHEAD: usize = 3;

/// Number of consecutive ranges that may have to be read again before one thread reads the rest of a file.
const TRIES: u32 = 4;

/// Consumer of a whole input.
pub(crate) trait Log: Consumer + Send + Sized + 'static {
    /// Output that is ready to be printed.
    type Rows: Send + 'static;
    /// Consumer of a range that begins somewhere in the input.
    type Part: Consumer + Send + 'static;

    /// Returns the output of the events so far that was not returned before.
    ///
    /// # Errors
    ///
    /// If the output cannot be made.
    fn rows(&mut self) -> io::Result<Option<Self::Rows>> {
        Ok(None)
    }

    /// Adds the events of a range that has `lines` lines before it. Returns `false`, and changes nothing, if the result
    /// would not be exact: then the events have to be added one by one.
    ///
    /// # Errors
    ///
    /// If the events cannot be printed.
    fn append(&mut self, part: Self::Part, lines: u64) -> io::Result<bool>;

    /// Ends the input, with the state of the lines at its end.
    ///
    /// # Errors
    ///
    /// If the rest of the output cannot be printed.
    fn end(&mut self, state: &LineState) -> io::Result<()>;

    /// Continues with the next input, for commands that [join](Logs::joins) them.
    fn next(&mut self, _input: Place<'_>) {}
}

/// The name of an input, and its index among the inputs.
#[derive(Clone, Copy)]
pub(crate) struct Place<'i> {
    /// Index among the inputs, from 0.
    pub(crate) index: usize,
    /// Name of the input in messages.
    pub(crate) name: &'i str,
}

/// A maker of consumers, which all threads share.
pub(crate) trait Logs: Send + Sync + 'static {
    /// Consumer of a whole input.
    type Log: Log;

    /// Returns the consumer of a whole input.
    fn log(&self, input: Place<'_>) -> Self::Log;

    /// Returns the consumer of a range of an input. `lines` is the number of lines before the range if the part
    /// [needs](Self::needs_numbers) it, else 0.
    fn part(&self, input: Place<'_>, lines: u64) -> <Self::Log as Log>::Part;

    /// Returns the maximum length of a range in bytes, without the rest of its last line. `None` if inputs are not cut.
    fn range(&self) -> Option<u64>;

    /// Returns `true` if a part needs the number of lines before it. Then only logs in which every LF ends a line are
    /// cut, and their lines are counted first.
    fn needs_numbers(&self) -> bool {
        false
    }

    /// Returns `true` if a log goes on in the next input.
    fn joins(&self) -> bool {
        false
    }
}

/// The receiver of the output in order: a command's side.
pub(crate) trait Collector<L: Log> {
    /// Prints rows.
    ///
    /// # Errors
    ///
    /// If the rows cannot be printed.
    fn print(&mut self, rows: L::Rows) -> io::Result<()>;

    /// Adds the log of an input. `all_read` is set if the whole input could be read. `index` is the index of the input.
    ///
    /// # Errors
    ///
    /// If the log cannot be printed.
    fn log(&mut self, log: L, index: usize, all_read: bool) -> io::Result<()>;
}

/// Returns inputs with their indices.
pub(crate) fn numbered(inputs: Vec<Input>) -> Vec<(usize, Input)> {
    inputs.into_iter().enumerate().collect()
}

/// Reads inputs, and passes their logs to a collector in order. Returns `false` if an input, or an event in one, could
/// not be read.
///
/// # Errors
///
/// If the collector fails.
pub(crate) fn read<M: Logs>(
    options: &Arc<Reading>,
    inputs: Vec<(usize, Input)>,
    logs: M,
    collector: &mut impl Collector<M::Log>,
) -> io::Result<bool> {
    let (jobs, count) = (options.jobs(), inputs.len());
    let shared = Arc::new(Shared {
        options: Arc::clone(options),
        logs,
        jobs,
        spare: jobs > count,
        progress: Progress::new(),
        queue: Mutex::new(Queue { inputs: inputs.into_iter(), cutting: None, units: None }),
    });
    let mut collecting = Collecting { shared: &shared, collector, joined: None, cut: None, all_read: true };
    let result = if jobs == 1 { collecting.alone() } else { collecting.with_threads() };
    shared.progress.finish();
    result?;
    collecting.finish()
}

/// State that all threads share.
struct Shared<M: Logs> {
    /// Options of the command.
    options: Arc<Reading>,
    /// Maker of consumers.
    logs: M,
    /// Number of threads.
    jobs: usize,
    /// Set if there are more threads than inputs, so that one can decompress the input of another.
    spare: bool,
    /// Progress bar of all inputs.
    progress: Progress,
    /// Queue of the units that are still to be read.
    queue: Mutex<Queue<M::Log>>,
}

/// Queue of the units that are still to be read.
struct Queue<L: Log> {
    /// Inputs that were not begun.
    inputs: vec::IntoIter<(usize, Input)>,
    /// File that is being cut.
    cutting: Option<Cutting>,
    /// Channel for the units in order, to the collecting thread; `None` if that is alone.
    units: Option<SyncSender<Unit<L>>>,
}

/// A file that is being cut into ranges.
struct Cutting {
    /// The file.
    file: Arc<Cuttable>,
    /// Offset of the next range.
    at: u64,
    /// Number of lines before the next range, if they are counted.
    lines: u64,
}

/// A unit, as the collecting thread sees it.
enum Unit<L: Log> {
    /// A whole input that another thread reads: its index, and the messages about it.
    Whole(usize, Receiver<Message<L>>),
    /// A whole input that the collecting thread reads: its index, and the input.
    Own(usize, Input),
    /// Start of a file that was cut.
    Cut(Arc<Cuttable>),
    /// Range of the current file, and its result.
    Range(Range<u64>, Receiver<Part<L>>),
    /// Rest of the current file, from this offset on.
    Rest(u64),
}

/// A unit, as the thread sees it that reads it.
enum Task<L: Log> {
    /// A whole input, with its index.
    Whole(usize, Input, SyncSender<Message<L>>),
    /// A range of a file, with the number of lines before it if they are counted.
    Range(Arc<Cuttable>, Range<u64>, u64, SyncSender<Part<L>>),
}

/// A message about an input that another thread reads.
enum Message<L: Log> {
    /// Output.
    Rows(L::Rows),
    /// A line for standard error.
    Report(String),
    /// The end: the log, and whether all could be read.
    End(io::Result<(L, bool)>),
}

/// The result of a range.
struct Part<L: Log> {
    /// Consumer of the range's events, and the end of the read.
    result: io::Result<(L::Part, End)>,
    /// Numbers of the lines that could not be read, with the errors.
    unreadable: Vec<(u64, Error)>,
}

impl<M: Logs> Shared<M> {
    /// Locks the queue.
    fn queue(&self) -> MutexGuard<'_, Queue<M::Log>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the next unit, and announces it to the collecting thread. `None` if all units were started, or if the
    /// collecting thread has ended.
    fn next(&self) -> Option<Task<M::Log>> {
        let mut queue = self.queue();
        let task = loop {
            if let Some(mut cutting) = queue.cutting.take() {
                match self.next_range(&mut cutting) {
                    Some((range, lines)) => {
                        let (sender, receiver) = sync_channel(1);
                        let file = Arc::clone(&cutting.file);
                        queue.cutting = Some(cutting);
                        queue.send(Unit::Range(range.clone(), receiver))?;
                        break Some(Task::Range(file, range, lines, sender));
                    }
                    None => queue.send(Unit::Rest(cutting.at))?,
                }
                continue;
            }
            let Some((index, input)) = queue.inputs.next() else { break None };
            if let Some(file) = self.cuttable(index, &input) {
                let file = Arc::new(file);
                queue.send(Unit::Cut(Arc::clone(&file)))?;
                queue.cutting = Some(Cutting { file, at: 0, lines: 0 });
            } else if self.logs.joins() {
                queue.send(Unit::Own(index, input))?;
            } else {
                let (sender, receiver) = sync_channel(AHEAD);
                queue.send(Unit::Whole(index, receiver))?;
                break Some(Task::Whole(index, input, sender));
            }
        };
        if task.is_none() {
            // Closing the channel ends the collecting thread's wait.
            queue.units = None;
        }
        task
    }

    /// Returns the next range of a file, and the number of lines before it if they are counted.
    fn next_range(&self, cutting: &mut Cutting) -> Option<(Range<u64>, u64)> {
        let range = cutting.file.range(cutting.at)?;
        let lines = cutting.lines;
        if self.logs.needs_numbers() {
            cutting.lines += cutting.file.count_lines(range.clone()).ok()?;
        }
        cutting.at = range.end;
        Some((range, lines))
    }

    /// Opens an input if it can be cut.
    fn cuttable(&self, index: usize, input: &Input) -> Option<Cuttable> {
        // Most files are too short, and need not be opened here, under the lock.
        let most = self.logs.range().filter(|_| input.ranges() > 1)?;
        let file = Cuttable::new(&self.options, (index, input), self.jobs, most, &self.progress)?;
        let can_be_counted = !self.logs.needs_numbers() || file.start.line_end() == Some(LineEnd::Lf);
        can_be_counted.then(|| file.begin())
    }

    /// Reads units until the queue is empty.
    fn work(&self) {
        while let Some(task) = self.next() {
            match task {
                Task::Whole(index, input, sender) => {
                    let mut log = self.logs.log(Place { index, name: &input.name });
                    let all_read = self.read_whole(&input, &mut log, &mut Messages(&sender));
                    // The channel is closed if the collector failed.
                    let _ = sender.send(Message::End(all_read.map(|all_read| (log, all_read))));
                }
                Task::Range(file, range, lines, sender) => {
                    let _ = sender.send(self.read_range(&file, range, lines));
                }
            }
        }
    }

    /// Reads a whole input. Returns `false` if the input, or an event in it, could not be read.
    fn read_whole(&self, input: &Input, log: &mut M::Log, target: &mut impl Target<M::Log>) -> io::Result<bool> {
        let name = escape(&input.name).into_owned();
        let mut sink = OneByOne { name: &name, target, all_read: true };
        let opened = input.open(&self.progress, self.spare);
        let state = match opened.and_then(|text| self.options.layout.apply(text, input.is_file())) {
            Ok((reader, layout)) => {
                let end = read_events(&self.options, (&layout, None), reader, log, &mut sink)?;
                sink.end(log, &end)?;
                let ended = Ended { name: &name, input, layout: &layout, state: &end.state };
                sink.tell(log, end.findings.messages(&ended))?;
                end.state
            }
            Err(error) => {
                sink.report(log, format!("tor-streams: {name}: {error}"))?;
                self.options.events(&Layout::default(), io::empty(), None).state()
            }
        };
        log.end(&state)?;
        sink.before_read(log)?;
        Ok(sink.all_read)
    }

    /// Reads a range of a file as if no data were open before it.
    fn read_range(&self, file: &Cuttable, range: Range<u64>, lines: u64) -> Part<M::Log> {
        let mut part = self.logs.part(file.place(), lines);
        let mut sink = Noted(Vec::new());
        let state = (range.start > 0).then_some(&file.start);
        let end = read_events(&self.options, (&file.layout, state), file.read(range), &mut part, &mut sink);
        Part { result: end.map(|end| (part, end)), unreadable: sink.0 }
    }
}

impl<L: Log> Queue<L> {
    /// Announces a unit to the collecting thread. `None` if that has ended.
    fn send(&self, unit: Unit<L>) -> Option<()> {
        self.units.as_ref()?.send(unit).ok()
    }
}

/// The collecting thread: it merges the results of the units.
struct Collecting<'c, M: Logs, C> {
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
struct Cut<L: Log> {
    /// The file.
    file: Arc<Cuttable>,
    /// The log so far.
    log: L,
    /// State of the lines so far; `None` before the first range.
    state: Option<LineState>,
    /// Findings about the events so far.
    findings: Findings,
    /// Number of consecutive ranges that had to be read again.
    again: u32,
    /// Set while everything could be read so far.
    all_read: bool,
    /// Set at the end of the file, or when reading failed.
    over: bool,
}

impl<M: Logs, C: Collector<M::Log>> Collecting<'_, M, C> {
    /// Reads all inputs in this thread.
    fn alone(&mut self) -> io::Result<()> {
        while let Some((index, input)) = self.shared.queue().inputs.next() {
            self.read_own(index, &input)?;
        }
        Ok(())
    }

    /// Starts threads that read, and merges their results.
    fn with_threads(&mut self) -> io::Result<()> {
        let (sender, units) = sync_channel(2 * self.shared.jobs);
        let threads = {
            let mut queue = self.shared.queue();
            let mut left = queue.inputs.as_slice().iter();
            if left.len() == 0 {
                return Ok(());
            }
            if let (Some((index, input)), None) = (left.next(), left.next()) {
                let Some(file) = self.shared.cuttable(*index, input) else {
                    drop(queue);
                    return self.alone();
                };
                let file = Arc::new(file);
                queue.inputs.next();
                queue.cutting = Some(Cutting { file: Arc::clone(&file), at: 0, lines: 0 });
                self.begin(file);
            }
            queue.units = Some(sender);
            let inputs = queue.inputs.as_slice().iter();
            let ranges = inputs.map(|(_, input)| if self.shared.logs.range().is_some() { input.ranges() } else { 1 });
            ranges.fold(u64::from(queue.cutting.is_some()) * self.shared.jobs as u64, u64::saturating_add)
        };
        for number in 0..threads.min(self.shared.jobs as u64) {
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
                Unit::Whole(index, receiver) => self.whole(index, &receiver)?,
                Unit::Own(index, input) => self.read_own(index, &input)?,
                Unit::Cut(file) => self.begin(file),
                Unit::Range(range, receiver) => self.range(range, &receiver)?,
                Unit::Rest(at) => self.rest(at)?,
            }
        }
        Ok(())
    }

    /// Returns the log of an input.
    fn log(&mut self, input: Place<'_>) -> M::Log {
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
    fn finish(mut self) -> io::Result<bool> {
        if let Some(log) = self.joined.take() {
            self.collector.log(log, 0, self.all_read)?;
        }
        Ok(self.all_read)
    }

    /// Reads an input in this thread.
    fn read_own(&mut self, index: usize, input: &Input) -> io::Result<()> {
        let mut log = self.log(Place { index, name: &input.name });
        let all_read = self.shared.read_whole(input, &mut log, &mut Direct(self.collector))?;
        self.end(log, index, all_read)
    }

    /// Collects an input that another thread reads.
    fn whole(&mut self, index: usize, messages: &Receiver<Message<M::Log>>) -> io::Result<()> {
        loop {
            match messages.recv().map_err(|_| lost_thread())? {
                Message::Rows(rows) => self.collector.print(rows)?,
                Message::Report(message) => report(format_args!("{message}")),
                Message::End(end) => {
                    let (log, all_read) = end?;
                    return self.end(log, index, all_read);
                }
            }
        }
    }

    /// Begins to merge the ranges of a file.
    fn begin(&mut self, file: Arc<Cuttable>) {
        let log = self.log(file.place());
        let findings = Findings::default();
        self.cut = Some(Cut { file, log, state: None, findings, again: 0, all_read: true, over: false });
    }

    /// Appends a range to the log of its file.
    fn range(&mut self, range: Range<u64>, part: &Receiver<Part<M::Log>>) -> io::Result<()> {
        let Some(cut) = self.cut.as_mut().filter(|cut| !cut.over) else {
            return Ok(());
        };
        let Part { result, unreadable } = part.recv().map_err(|_| lost_thread())?;
        let (part, end) = result?;
        let len = end.state.bytes();
        let lines = cut.state.as_ref().map_or(0, LineState::lines);
        let state = match cut.state.clone() {
            None => Some(end.state),
            Some(mut state) => state.append(end.state).is_ok().then_some(state),
        };
        let appended = state.is_some() && cut.log.append(part, lines)?;
        if !appended {
            cut.again += 1;
            if cut.again == TRIES {
                cut.file.stop();
            }
            return cut.read(range, self.shared, self.collector);
        }
        (cut.again, cut.state) = (0, state);
        cut.findings.append(&end.findings, lines);
        let mut sink = OneByOne { name: &cut.file.name, target: &mut Direct(self.collector), all_read: true };
        sink.before_read(&mut cut.log)?;
        for (line, error) in unreadable {
            sink.unreadable(&mut cut.log, line + lines, &error)?;
        }
        if let Some(error) = end.failed {
            sink.failed(&mut cut.log, error, range.start)?;
        }
        cut.all_read &= sink.all_read;
        // If the file has become shorter, this was its end.
        cut.over |= end.failed.is_some() || len < range.end - range.start;
        if cut.over {
            cut.file.stop();
        }
        Ok(())
    }

    /// Reads the rest of a file, from an offset on, and ends its log.
    fn rest(&mut self, at: u64) -> io::Result<()> {
        let Some(mut cut) = self.cut.take() else {
            return Ok(());
        };
        if !cut.over {
            // Bytes that were added to the file since it was opened are read as well.
            cut.read(at..u64::MAX, self.shared, self.collector)?;
        }
        let file = &cut.file;
        let no_state = || self.shared.options.events(&file.layout, io::empty(), None).state();
        let state = cut.state.unwrap_or_else(no_state);
        let mut sink = OneByOne { name: &file.name, target: &mut Direct(self.collector), all_read: cut.all_read };
        let ended = Ended { name: &file.name, input: &file.input, layout: &file.layout, state: &state };
        sink.tell(&mut cut.log, cut.findings.messages(&ended))?;
        cut.all_read = sink.all_read;
        cut.log.end(&state)?;
        if let Some(rows) = cut.log.rows()? {
            self.collector.print(rows)?;
        }
        self.end(cut.log, cut.file.place().index, cut.all_read)
    }
}

impl<L: Log> Cut<L> {
    /// Reads a range event by event.
    fn read<M: Logs<Log = L>>(
        &mut self,
        range: Range<u64>,
        shared: &Shared<M>,
        collector: &mut impl Collector<L>,
    ) -> io::Result<()> {
        let mut sink = OneByOne { name: &self.file.name, target: &mut Direct(collector), all_read: true };
        let before = self.state.as_ref().map_or(0, LineState::bytes);
        let reader = self.file.read(range.clone());
        let layout = (&self.file.layout, self.state.as_ref());
        let end = read_events(&shared.options, layout, reader, &mut self.log, &mut sink)?;
        sink.end(&mut self.log, &end)?;
        self.findings.append(&end.findings, 0);
        self.all_read &= sink.all_read;
        self.over = end.failed.is_some() || end.state.bytes() - before < range.end - range.start;
        if self.over {
            self.file.stop();
        }
        self.state = Some(end.state);
        Ok(())
    }
}

/// Returns the error of a thread that ended without a result.
fn lost_thread() -> io::Error {
    io::Error::other("a thread ended early")
}

/// Destination of the output of a log that is read event by event.
trait Target<L: Log> {
    /// Passes rows on.
    fn rows(&mut self, rows: L::Rows) -> io::Result<()>;

    /// Passes on a line for standard error.
    fn report(&mut self, message: String) -> io::Result<()>;
}

/// Output to the collector at once.
struct Direct<'c, C>(&'c mut C);

impl<L: Log, C: Collector<L>> Target<L> for Direct<'_, C> {
    fn rows(&mut self, rows: L::Rows) -> io::Result<()> {
        self.0.print(rows)
    }

    fn report(&mut self, message: String) -> io::Result<()> {
        report(format_args!("{message}"));
        Ok(())
    }
}

/// Output to the collecting thread.
struct Messages<'s, L: Log>(&'s SyncSender<Message<L>>);

impl<L: Log> Messages<'_, L> {
    /// Sends a message, and waits if there are too many.
    fn send(&self, message: Message<L>) -> io::Result<()> {
        self.0.send(message).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

impl<L: Log> Target<L> for Messages<'_, L> {
    fn rows(&mut self, rows: L::Rows) -> io::Result<()> {
        self.send(Message::Rows(rows))
    }

    fn report(&mut self, message: String) -> io::Result<()> {
        self.send(Message::Report(message))
    }
}

/// Sink of a log that is read event by event.
struct OneByOne<'t, T> {
    /// The name of the input, for messages.
    name: &'t str,
    /// Destination of the output.
    target: &'t mut T,
    /// Set while everything could be read so far.
    all_read: bool,
}

impl<T> OneByOne<'_, T> {
    /// Passes on a message, after the rows before it.
    fn report<L: Log>(&mut self, log: &mut L, message: String) -> io::Result<()>
    where
        T: Target<L>,
    {
        self.all_read = false;
        self.before_read(log)?;
        self.target.report(message)
    }

    /// Passes on the messages about a log at its end. `is_good` is set if all of them are good news.
    fn tell<L: Log>(&mut self, log: &mut L, (messages, no_bad_news): (Vec<String>, bool)) -> io::Result<()>
    where
        T: Target<L>,
    {
        self.all_read &= no_bad_news;
        if !messages.is_empty() {
            self.before_read(log)?;
        }
        messages.into_iter().try_for_each(|message| self.target.report(message))
    }

    /// Reports the error that ended the read, in bytes that have so many before them.
    fn failed<L: Log>(&mut self, log: &mut L, mut error: Error, before: u64) -> io::Result<()>
    where
        T: Target<L>,
    {
        if let Error::Io { offset, .. } = &mut error {
            *offset += before;
        }
        self.report(log, format!("tor-streams: {}: {error}", self.name))
    }

    /// Ends the log.
    fn end<L: Log>(&mut self, log: &mut L, end: &End) -> io::Result<()>
    where
        T: Target<L>,
    {
        end.failed.map_or(Ok(()), |error| self.failed(log, error, 0))
    }
}

impl<L: Log, T: Target<L>> Sink<L> for OneByOne<'_, T> {
    fn before_read(&mut self, log: &mut L) -> io::Result<()> {
        log.rows()?.map_or(Ok(()), |rows| self.target.rows(rows))
    }

    fn unreadable(&mut self, log: &mut L, line: u64, error: &Error) -> io::Result<()> {
        let message = format!("{}:{line}: {error}", self.name);
        self.report(log, message)
    }
}

/// Sink of a range whose offset in lines is not known yet: it keeps the lines that could not be read.
struct Noted(Vec<(u64, Error)>);

impl<P> Sink<P> for Noted {
    fn before_read(&mut self, _part: &mut P) -> io::Result<()> {
        Ok(())
    }

    fn unreadable(&mut self, _part: &mut P, line: u64, error: &Error) -> io::Result<()> {
        self.0.push((line, *error));
        Ok(())
    }
}
