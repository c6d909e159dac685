//! Reading inputs with several threads.
//!
//! The work is cut into units: a range of lines of a plain file, or all of any other input. Each thread takes the next unit
//! and reads its events. The thread that started them puts together what comes of the units, in their order, so that what is
//! printed is what one thread would print:
//!
//! - A range is read by itself, and becomes a [part](Log::Part) that is [appended](Log::append) to the log. If that cannot be
//!   done exactly, the collecting thread reads the range again, event by event, as it reads everything if it is alone.
//! - All of an input becomes a log. Its rows are handed over while it is read, through a channel that is bounded, so that
//!   later units wait instead of filling the memory.

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

/// Number of ranges in a row that may have to be read again before the rest of a file is read by one thread.
const TRIES: u32 = 4;

/// Consumer of a whole input.
pub(crate) trait Log: Consumer + Send + Sized + 'static {
    /// Output that is ready to be printed.
    type Rows: Send + 'static;
    /// Consumer of a range that begins somewhere in the input.
    type Part: Consumer + Send + 'static;

    /// Returns the output of the events so far that was not returned yet.
    ///
    /// # Errors
    ///
    /// If it cannot be printed.
    fn rows(&mut self) -> io::Result<Option<Self::Rows>> {
        Ok(None)
    }

    /// Adds the events of a range that has `lines` lines before it. Returns `false`, and changes nothing, if that cannot be
    /// done exactly: then the events have to be taken one by one.
    ///
    /// # Errors
    ///
    /// If they cannot be printed.
    fn append(&mut self, part: Self::Part, lines: u64) -> io::Result<bool>;

    /// Takes note of the end of the input, after so many lines and bytes.
    ///
    /// # Errors
    ///
    /// If what is printed at the end cannot be.
    fn end(&mut self, state: &LineState) -> io::Result<()>;

    /// Goes on with the next input, for commands that [join](Logs::joins) them.
    fn next(&mut self, _input: Place<'_>) {}
}

/// An input among all.
#[derive(Clone, Copy)]
pub(crate) struct Place<'i> {
    /// Its place in the list, from 0.
    pub(crate) index: usize,
    /// Its name.
    pub(crate) name: &'i str,
}

/// Maker of consumers, which all threads share.
pub(crate) trait Logs: Send + Sync + 'static {
    /// Consumer of an input.
    type Log: Log;

    /// Returns the consumer of an input.
    fn log(&self, input: Place<'_>) -> Self::Log;

    /// Returns the consumer of a range of it. `lines` is the number of lines before the range if the part
    /// [needs](Self::needs_numbers) it, else 0.
    fn part(&self, input: Place<'_>, lines: u64) -> <Self::Log as Log>::Part;

    /// Returns the number of bytes that a range has at most, but for the line that it ends in. `None` if inputs are not cut.
    fn range(&self) -> Option<u64>;

    /// Returns `true` if a part has to know how many lines are before it. Then only logs in which every LF ends a line are
    /// cut, and their lines are counted first.
    fn needs_numbers(&self) -> bool {
        false
    }

    /// Returns `true` if a log goes on in the next input.
    fn joins(&self) -> bool {
        false
    }
}

/// The side of a command that gets the output in order.
pub(crate) trait Collector<L: Log> {
    /// Prints rows.
    ///
    /// # Errors
    ///
    /// If they cannot be printed.
    fn print(&mut self, rows: L::Rows) -> io::Result<()>;

    /// Takes the log of an input, and whether all of it could be read. `index` is the place of the input in the list.
    ///
    /// # Errors
    ///
    /// If it cannot be printed.
    fn log(&mut self, log: L, index: usize, all_read: bool) -> io::Result<()>;
}

/// Returns inputs with their places in the list.
pub(crate) fn numbered(inputs: Vec<Input>) -> Vec<(usize, Input)> {
    inputs.into_iter().enumerate().collect()
}

/// Reads inputs, and gives what comes of them to a collector, in their order. Returns `false` if an input, or an event in
/// one, could not be read.
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

/// What all threads share.
struct Shared<M: Logs> {
    /// The options.
    options: Arc<Reading>,
    /// The maker of consumers.
    logs: M,
    /// Number of threads.
    jobs: usize,
    /// Whether there are more threads than inputs, so that one can decompress what another one reads.
    spare: bool,
    /// The progress bar.
    progress: Progress,
    /// The units that are still to be read.
    queue: Mutex<Queue<M::Log>>,
}

/// The units that are still to be read.
struct Queue<L: Log> {
    /// The inputs that were not begun.
    inputs: vec::IntoIter<(usize, Input)>,
    /// The file that is being cut.
    cutting: Option<Cutting>,
    /// Channel for the units in their order, which the collecting thread waits for. `None` if it is alone.
    units: Option<SyncSender<Unit<L>>>,
}

/// A file that is being cut.
struct Cutting {
    /// The file.
    file: Arc<Cuttable>,
    /// Where the next range begins.
    at: u64,
    /// Number of lines before it, if they are counted.
    lines: u64,
}

/// A unit, as the collecting thread sees it.
enum Unit<L: Log> {
    /// All of an input, with its place in the list.
    Whole(usize, Receiver<Message<L>>),
    /// An input that is read by the collecting thread.
    Own(usize, Input),
    /// The beginning of a file that was cut.
    Cut(Arc<Cuttable>),
    /// A range of it.
    Range(Range<u64>, Receiver<Part<L>>),
    /// The rest of it, behind the last range.
    Rest(u64),
}

/// A unit, as the thread sees it that reads it.
enum Task<L: Log> {
    /// All of an input.
    Whole(usize, Input, SyncSender<Message<L>>),
    /// A range of a file, with the number of lines before it if they are counted.
    Range(Arc<Cuttable>, Range<u64>, u64, SyncSender<Part<L>>),
}

/// A message about an input that is read by another thread.
enum Message<L: Log> {
    /// Output.
    Rows(L::Rows),
    /// A line for standard error.
    Report(String),
    /// The end: the log, and whether all could be read.
    End(io::Result<(L, bool)>),
}

/// What came of a range.
struct Part<L: Log> {
    /// The consumer of its events, and how it ended.
    result: io::Result<(L::Part, End)>,
    /// The lines that could not be read.
    unreadable: Vec<(u64, Error)>,
}

impl<M: Logs> Shared<M> {
    /// Returns the units, for this thread alone.
    fn queue(&self) -> MutexGuard<'_, Queue<M::Log>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the next unit, and tells the collecting thread about it. `None` if there is none, or nobody collects any more.
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
            // So that the collecting thread knows that there is none.
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
        // Most files are too short, and need not be opened here, where all threads wait.
        let most = self.logs.range().filter(|_| input.ranges() > 1)?;
        let file = Cuttable::new(&self.options, (index, input), self.jobs, most, &self.progress)?;
        let can_be_counted = !self.logs.needs_numbers() || file.start.line_end() == Some(LineEnd::Lf);
        can_be_counted.then(|| file.begin())
    }

    /// Reads units as long as there are any.
    fn work(&self) {
        while let Some(task) = self.next() {
            match task {
                Task::Whole(index, input, sender) => {
                    let mut log = self.logs.log(Place { index, name: &input.name });
                    let all_read = self.read_whole(&input, &mut log, &mut Messages(&sender));
                    // Nobody waits for it if the collector failed.
                    let _ = sender.send(Message::End(all_read.map(|all_read| (log, all_read))));
                }
                Task::Range(file, range, lines, sender) => {
                    let _ = sender.send(self.read_range(&file, range, lines));
                }
            }
        }
    }

    /// Reads all of an input. Returns `false` if it, or an event in it, could not be read.
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
    /// Tells the collecting thread about a unit. `None` if it does not collect any more.
    fn send(&self, unit: Unit<L>) -> Option<()> {
        self.units.as_ref()?.send(unit).ok()
    }
}

/// The thread that puts everything together.
struct Collecting<'c, M: Logs, C> {
    /// What all threads share.
    shared: &'c Arc<Shared<M>>,
    /// The command's side.
    collector: &'c mut C,
    /// The log that goes on in the next input.
    joined: Option<M::Log>,
    /// The file whose ranges are being put together.
    cut: Option<Cut<M::Log>>,
    /// Whether everything could be read so far.
    all_read: bool,
}

/// A file whose ranges are being put together.
struct Cut<L: Log> {
    /// The file.
    file: Arc<Cuttable>,
    /// The log so far.
    log: L,
    /// The state of the lines so far. `None` before the first one.
    state: Option<LineState>,
    /// Findings about the events so far.
    findings: Findings,
    /// Number of ranges in a row that had to be read again.
    again: u32,
    /// Whether everything could be read so far.
    all_read: bool,
    /// Whether the end of the file was reached, or reading failed.
    over: bool,
}

impl<M: Logs, C: Collector<M::Log>> Collecting<'_, M, C> {
    /// Reads everything in this thread.
    fn alone(&mut self) -> io::Result<()> {
        while let Some((index, input)) = self.shared.queue().inputs.next() {
            self.read_own(index, &input)?;
        }
        Ok(())
    }

    /// Has threads read, and puts together what comes of it.
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
            // It may be waiting for input when the collector fails: nobody waits for it then.
            match thread::Builder::new().spawn(move || shared.work()) {
                Err(error) if number == 0 => return Err(error),
                // There are as many as the system allows.
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

    /// Takes the log of an input at its end.
    fn end(&mut self, log: M::Log, index: usize, all_read: bool) -> io::Result<()> {
        self.all_read &= all_read;
        if self.shared.logs.joins() {
            self.joined = Some(log);
            return Ok(());
        }
        self.collector.log(log, index, all_read)
    }

    /// Gives the collector the log that goes on to the end. Returns `false` if something could not be read.
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

    /// Takes what comes of an input that another thread reads.
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

    /// Begins to put a file together.
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

    /// Reads the rest of a file, from a range's end on, and takes its log.
    fn rest(&mut self, at: u64) -> io::Result<()> {
        let Some(mut cut) = self.cut.take() else {
            return Ok(());
        };
        if !cut.over {
            // What was added to the file since it was opened is read as well.
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

/// Returns the error of a thread that ended without a word.
fn lost_thread() -> io::Error {
    io::Error::other("a thread ended early")
}

/// Where the output of a log goes that is read event by event.
trait Target<L: Log> {
    /// Takes rows.
    fn rows(&mut self, rows: L::Rows) -> io::Result<()>;

    /// Takes a line for standard error.
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
    /// Where the output goes.
    target: &'t mut T,
    /// Whether everything could be read so far.
    all_read: bool,
}

impl<T> OneByOne<'_, T> {
    /// Takes a message, behind the rows before it.
    fn report<L: Log>(&mut self, log: &mut L, message: String) -> io::Result<()>
    where
        T: Target<L>,
    {
        self.all_read = false;
        self.before_read(log)?;
        self.target.report(message)
    }

    /// Takes the messages about a log at its end, and whether all of them are good news.
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

    /// Takes the reason why no more could be read, in bytes that have so many before them.
    fn failed<L: Log>(&mut self, log: &mut L, mut error: Error, before: u64) -> io::Result<()>
    where
        T: Target<L>,
    {
        if let Error::Io { offset, .. } = &mut error {
            *offset += before;
        }
        self.report(log, format!("tor-streams: {}: {error}", self.name))
    }

    /// Takes note of the end.
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

/// Sink of a range, whose place in the file is not known yet: the lines that could not be read.
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
