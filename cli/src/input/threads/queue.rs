//! The queue of units: how inputs are divided among threads.

use alloc::sync::Arc;
use alloc::vec;
use core::ops::Range;
use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tor_stream_event::{Error, LineEnd};

use super::division::{Division, Ranges, Turn};
use super::ranges::{self, Cuttable};
use super::{ConsumerMaker, LogConsumer};
use crate::input::Input;
use crate::input::progress::Progress;
use crate::input::reader::{ReadEnd, ReadOptions};

/// Maximum number of packets that a unit may be ahead of the collecting thread.
const AHEAD: usize = 3;

/// Minimum number of units for each thread that the unread inputs are divided into, so that threads end at about the same
/// time.
const UNITS_PER_THREAD: u64 = 4;

/// Maximum number of inputs in a unit.
const MOST_INPUTS: u64 = 64;

/// Maximum total length of the inputs in a unit, in bytes.
const MOST_BYTES: u64 = 1024 * 1024;

/// State that all threads share.
pub(super) struct Shared<M: ConsumerMaker> {
    /// Options of the command.
    pub(super) options: Arc<ReadOptions>,
    /// Maker of consumers.
    pub(super) logs: M,
    /// Number of threads.
    pub(super) jobs: usize,
    /// Maximum length of a range in bytes; `None` if inputs are not cut.
    range: Option<u64>,
    /// Progress bar of all inputs.
    pub(super) progress: Progress,
    /// Queue of the units that are still to be read.
    queue: Mutex<Queue<M::Log>>,
}

/// Queue of the units that are still to be read.
pub(super) struct Queue<L: LogConsumer> {
    /// Inputs that were not begun.
    inputs: vec::IntoIter<Waiting>,
    /// Total length of these inputs in bytes, as far as it is known.
    len: u64,
    /// File that is being cut.
    cutting: Option<Cutting>,
    /// Channel for the units in order, to the collecting thread; `None` if that is alone.
    units: Option<SyncSender<Unit<L>>>,
}

/// An input that was not begun.
pub(super) struct Waiting {
    /// Index among all inputs of the run.
    pub(super) index: usize,
    /// The input.
    pub(super) input: Input,
    /// Length of the file in bytes; `None` if the input is no file.
    len: Option<u64>,
    /// Set if a spare thread can decompress the input.
    pub(super) spare: bool,
}

/// A file that is being cut into ranges.
pub(super) struct Cutting {
    /// The file.
    pub(super) file: Arc<Cuttable>,
    /// Offset of the next range.
    at: u64,
    /// Number of lines before the next range, if they are counted.
    lines: u64,
    /// Ranges of a file that is divided among processes.
    divided: Option<Ranges>,
}

/// The next step with a file that is being cut.
pub(super) enum Step {
    /// Read a range. The number of lines before it is that of the file, or 0, or `None` to record the events.
    Read(Range<u64>, Option<u64>),
    /// Get a range from another process, if the process has one of this number.
    Receive(usize, Option<Range<u64>>),
    /// Leave a range to process 0.
    Leave,
    /// Read the rest, from this offset on.
    Rest(u64),
}

/// A unit, as the collecting thread sees it.
pub(super) enum Unit<L: LogConsumer> {
    /// Whole inputs that another thread reads: their number, and the messages about them.
    Whole(usize, Receiver<Packet<L>>),
    /// A whole input that the collecting thread reads.
    Own(Waiting),
    /// Start of a file that was cut.
    Cut(Arc<Cuttable>),
    /// Range of the current file, and its result.
    Range(Range<u64>, Receiver<RangeResult<L>>),
    /// Rest of the current file, from this offset on.
    Rest(u64),
    /// Range of the current file that another process reads, if it has one of this number.
    Other(usize, Option<Range<u64>>),
    /// Range of the current file that is left to process 0.
    Left,
    /// Divided file, by its index, which this process cannot read as agreed.
    Unlike(usize),
}

/// A unit, as the thread sees it that reads it.
pub(super) enum Task<L: LogConsumer> {
    /// Whole inputs.
    Whole(Vec<Waiting>, SyncSender<Packet<L>>),
    /// A range of a file, with the number of lines before it as in [`Step::Read`].
    Range(Arc<Cuttable>, Range<u64>, Option<u64>, SyncSender<RangeResult<L>>),
}

/// Messages that are sent at once.
pub(super) type Packet<L> = Vec<Message<L>>;

/// A message about an input that another thread reads.
pub(super) enum Message<L: LogConsumer> {
    /// Output.
    Rows(L::Rows),
    /// A line for standard error.
    Report(String),
    /// The end of the input with this index: the log, and whether all could be read.
    End(usize, io::Result<(L, bool)>),
}

/// The result of a range.
pub(crate) struct RangeResult<L: LogConsumer> {
    /// Consumer of the range's events, and the end of the read.
    pub(crate) result: io::Result<(L::Part, ReadEnd)>,
    /// Numbers of the lines that could not be read, with the errors.
    pub(crate) unreadable: Vec<(u64, Error)>,
}

impl<M: ConsumerMaker> Shared<M> {
    /// Returns the state before anything is read.
    pub(super) fn new(options: Arc<ReadOptions>, inputs: Vec<(usize, Input)>, logs: M) -> Self {
        let jobs = options.jobs();
        let queue = Mutex::new(Queue::new(inputs, jobs));
        let range = logs.range().map(|range| (2 * range.end() / jobs as u64).clamp(*range.start(), *range.end()));
        Self { options, logs, jobs, range, progress: Progress::new(), queue }
    }

    /// Locks the queue.
    fn queue(&self) -> MutexGuard<'_, Queue<M::Log>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the next input, for a thread that reads all of them.
    pub(super) fn next_input(&self) -> Option<Waiting> {
        self.queue().take(self.jobs)
    }

    /// Returns the number of inputs that were not begun.
    pub(super) fn inputs(&self) -> usize {
        self.queue().inputs.len()
    }

    /// Begins to cut the file that is the only input, and returns it. `None` if it cannot be cut.
    pub(super) fn only_file(&self) -> Option<Arc<Cuttable>> {
        let mut queue = self.queue();
        let [waiting] = queue.inputs.as_slice() else { return None };
        let cutting = self.cutting(waiting, queue.len)?;
        queue.take(self.jobs)?;
        let file = Arc::clone(&cutting.file);
        queue.cutting = Some(cutting);
        Some(file)
    }

    /// Opens the channel for the units, and returns it with the number of threads to start: at most one for each range or
    /// input.
    pub(super) fn open(&self) -> (Receiver<Unit<M::Log>>, usize) {
        // One unit for each thread is being read, and a quarter more, at least two, are done and wait.
        let (sender, units) = sync_channel(self.jobs + (self.jobs / 4).max(2));
        let mut queue = self.queue();
        queue.units = Some(sender);
        let is_cut = self.range.is_some();
        let ranges = |len: Option<u64>| len.filter(|_| is_cut).map_or(1, |len| (len / ranges::LEAST).max(1));
        let waiting: u64 = queue.inputs.as_slice().iter().map(|waiting| ranges(waiting.len)).sum();
        let threads = if queue.cutting.is_some() { self.jobs as u64 } else { waiting };
        (units, usize::try_from(threads).unwrap_or(self.jobs).min(self.jobs))
    }

    /// Returns the next unit, and announces it to the collecting thread. `None` if all units were started, or if the
    /// collecting thread has ended.
    pub(super) fn next(&self) -> Option<Task<M::Log>> {
        // Units are announced in order under the lock. The collecting thread never takes it, so it can always make room.
        let mut queue = self.queue();
        let task = loop {
            if let Some(mut cutting) = queue.cutting.take() {
                let unit = match self.step(&mut cutting) {
                    Step::Read(range, lines) => {
                        let (sender, receiver) = sync_channel(1);
                        let file = Arc::clone(&cutting.file);
                        queue.cutting = Some(cutting);
                        queue.send(Unit::Range(range.clone(), receiver))?;
                        break Some(Task::Range(file, range, lines, sender));
                    }
                    Step::Rest(at) => {
                        queue.send(Unit::Rest(at))?;
                        continue;
                    }
                    Step::Receive(process, range) => Unit::Other(process, range),
                    Step::Leave => Unit::Left,
                };
                queue.cutting = Some(cutting);
                queue.send(unit)?;
                continue;
            }
            let left = queue.len;
            let Some(waiting) = queue.take(self.jobs) else { break None };
            if let Some(cutting) = self.cutting(&waiting, left) {
                queue.send(Unit::Cut(Arc::clone(&cutting.file)))?;
                queue.cutting = Some(cutting);
                continue;
            }
            if self.is_divided(&waiting) {
                queue.send(Unit::Unlike(waiting.index))?;
                if self.is_sent(&waiting) {
                    continue;
                }
            }
            if self.logs.joins() {
                queue.send(Unit::Own(waiting))?;
            } else {
                let inputs = self.together(waiting, &mut queue);
                let (sender, receiver) = sync_channel(AHEAD);
                queue.send(Unit::Whole(inputs.len(), receiver))?;
                break Some(Task::Whole(inputs, sender));
            }
        };
        if task.is_none() {
            // Closing the channel ends the collecting thread's wait.
            queue.units = None;
        }
        task
    }

    /// Returns `true` if an input is divided among processes.
    pub(super) fn is_divided(&self, waiting: &Waiting) -> bool {
        self.logs.division().is_some_and(|division| division.has(waiting.index))
    }

    /// Returns `true` if an input is divided, and this process sends its ranges to process 0.
    pub(super) fn is_sent(&self, waiting: &Waiting) -> bool {
        self.is_divided(waiting) && self.logs.division().is_some_and(Division::is_sent)
    }

    /// Returns the next step with a file.
    pub(super) fn step(&self, cutting: &mut Cutting) -> Step {
        if let Some((ranges, division)) = cutting.divided.as_mut().zip(self.logs.division()) {
            return match ranges.next(&cutting.file, division) {
                // Lines of other processes are not counted here.
                Some(Turn::Own(range)) if division.is_sent() || self.logs.needs_numbers() => Step::Read(range, None),
                Some(Turn::Own(range)) => Step::Read(range, Some(0)),
                Some(Turn::Other(process, range)) => Step::Receive(process, range),
                Some(Turn::Nothing) => Step::Leave,
                None => Step::Rest(ranges.end),
            };
        }
        match self.next_range(cutting) {
            Some((range, lines)) => Step::Read(range, Some(lines)),
            None => Step::Rest(cutting.at),
        }
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

    /// Begins to cut an input, if that is of use while the inputs that were not begun have `left` bytes, or if it is
    /// divided.
    pub(super) fn cutting(&self, waiting: &Waiting, left: u64) -> Option<Cutting> {
        let division = self.logs.division().filter(|division| division.has(waiting.index));
        let file = match division {
            Some(division) => division.open(&self.options, (waiting.index, &waiting.input), &self.progress)?.begin(),
            None => self.cuttable(waiting, left)?,
        };
        let divided = division.map(|division| Ranges::new(&file, division));
        Some(Cutting { file: Arc::new(file), at: 0, lines: 0, divided })
    }

    /// Opens an input if it can be cut, and if that is of use while the inputs that were not begun have `left` bytes.
    fn cuttable(&self, waiting: &Waiting, left: u64) -> Option<Cuttable> {
        let (most, len) = (self.range?, waiting.len?);
        // A short file among many others is one unit: the threads have enough to read, and a cut takes some time.
        let is_long = len >= 2 * most || len >= left / (UNITS_PER_THREAD * self.jobs as u64) || self.logs.joins();
        if !is_long || len < 2 * ranges::LEAST {
            return None;
        }
        let step = (len / (UNITS_PER_THREAD * self.jobs as u64)).clamp(ranges::LEAST, most.max(ranges::LEAST));
        let file = Cuttable::new(&self.options, (waiting.index, &waiting.input), step, &self.progress)?;
        let can_be_counted = !self.logs.needs_numbers() || file.start.line_end() == Some(LineEnd::Lf);
        can_be_counted.then(|| file.begin())
    }

    /// Returns an input with those after it that one thread reads in one go.
    fn together(&self, first: Waiting, queue: &mut Queue<M::Log>) -> Vec<Waiting> {
        let shares = UNITS_PER_THREAD * self.jobs as u64;
        let most_inputs = (queue.inputs.len() as u64 / shares).min(MOST_INPUTS);
        let most_bytes = (queue.len / shares).min(MOST_BYTES).min(self.range.unwrap_or(u64::MAX));
        let mut bytes = first.len;
        let mut inputs = vec![first];
        while let (Some(before), Some(next)) = (bytes, queue.inputs.as_slice().first()) {
            bytes = next.len.filter(|_| !self.is_divided(next)).map(|len| before + len);
            bytes = bytes.filter(|&bytes| bytes <= most_bytes);
            if bytes.is_none() || inputs.len() as u64 >= most_inputs {
                break;
            }
            inputs.extend(queue.take(self.jobs));
        }
        inputs
    }
}

impl<L: LogConsumer> Queue<L> {
    /// Returns the queue of all inputs.
    fn new(inputs: Vec<(usize, Input)>, jobs: usize) -> Self {
        let len = |input: &Input| if jobs > 1 { input.len() } else { None };
        let waiting = |(index, input)| Waiting { index, len: len(&input), input, spare: false };
        let inputs: Vec<_> = inputs.into_iter().map(waiting).collect();
        let len = inputs.iter().filter_map(|waiting| waiting.len).sum();
        Self { inputs: inputs.into_iter(), len, cutting: None, units: None }
    }

    /// Removes and returns the next input.
    fn take(&mut self, jobs: usize) -> Option<Waiting> {
        let waiting = self.inputs.next()?;
        self.len -= waiting.len.unwrap_or_default();
        // If fewer inputs are left than there are threads, an idle one can decompress.
        Some(Waiting { spare: self.inputs.len() + 1 < jobs, ..waiting })
    }

    /// Announces a unit to the collecting thread. `None` if that has ended.
    fn send(&self, unit: Unit<L>) -> Option<()> {
        self.units.as_ref()?.send(unit).ok()
    }
}
