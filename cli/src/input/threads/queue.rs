//! The queue of units: how inputs are divided among threads.
//!
//! A thread that has nothing to read asks for the [next task](SharedState::next_task). Under one lock, the queue then makes a
//! unit, announces it to the collecting thread, and returns it as a task. So units are announced in the order of the
//! inputs, and each comes with a channel for its results.

use alloc::sync::Arc;
use alloc::vec;
use core::ops::Range;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tor_stream_event::LineEnd;

use super::division::{DividedRanges, Division};
use super::ranges::{self, Cuttable};
use super::unit::{CutStep, PartKind, Task, Unit};
use super::{ConsumerMaker, LogConsumer, max_range_len};
use crate::input::progress::Progress;
use crate::input::reader::ReadOptions;
use crate::input::{Decompressor, Input};

/// Maximum number of packets of a unit that wait for the collecting thread: enough for the reader thread to go on while that is
/// busy with another unit for a moment.
const MAX_PACKETS: usize = 3;

/// Minimum number of units for each thread that the unread inputs are divided into, so that threads end at about the same
/// time.
const UNITS_PER_THREAD: u64 = 4;

/// Maximum number of whole inputs in a unit. With so many, the hand-over of the unit costs nothing beside opening them.
const MAX_INPUTS: u64 = 64;

/// Maximum total length of several whole inputs in a unit, in bytes. To read so many takes far longer than a hand-over.
const MAX_BYTES: u64 = 1024 * 1024;

/// The state that all threads share.
pub(super) struct SharedState<M: ConsumerMaker> {
    /// Options of the command.
    pub(super) options: Arc<ReadOptions>,
    /// Maker of consumers.
    pub(super) logs: M,
    /// Number of threads.
    pub(super) jobs: usize,
    /// Maximum length of a range in bytes; `None` if inputs are not cut.
    max_range: Option<u64>,
    /// Progress bar of all inputs.
    pub(super) progress: Progress,
    /// Queue of the units.
    queue: Mutex<Queue<M::Log>>,
}

/// The queue: inputs that are still to be read, and the channel that announces their units.
pub(super) struct Queue<L: LogConsumer> {
    /// Inputs that were not begun.
    inputs: vec::IntoIter<WaitingInput>,
    /// Total length of these inputs in bytes, as far as it is known.
    waiting_bytes: u64,
    /// File that is being cut; `None` between two inputs.
    cutting: Option<Cutting>,
    /// Channel for the units in order, to the collecting thread; `None` if that is alone.
    units: Option<SyncSender<Unit<L>>>,
}

/// An input that was not begun.
pub(super) struct WaitingInput {
    /// Index among all inputs of the run.
    pub(super) index: usize,
    /// The input.
    pub(super) input: Input,
    /// Length of the file in bytes; `None` if the input is no regular file, or if one thread reads all inputs: that needs no
    /// lengths.
    len: Option<u64>,
    /// Thread that decompresses the input.
    pub(super) decompressor: Decompressor,
}

/// A file that is being cut into ranges.
pub(super) struct Cutting {
    /// The file.
    pub(super) file: Arc<Cuttable>,
    /// Offset of the next range.
    next_offset: u64,
    /// Number of lines before the next range if parts [need it](ConsumerMaker::needs_lines_before), else 0.
    lines_before: u64,
    /// Ranges of a file that is divided among processes; `None` for any other file.
    divided: Option<DividedRanges>,
}

/// The error of a queue whose units no thread receives any more: the collecting thread has ended, or has all of them.
struct CollectorEnded;

impl<M: ConsumerMaker> SharedState<M> {
    /// Returns the state before anything is read.
    pub(super) fn new(options: Arc<ReadOptions>, inputs: Vec<(usize, Input)>, logs: M) -> Self {
        let jobs = options.jobs();
        let queue = Mutex::new(Queue::new(inputs, jobs));
        let max_range = logs.range_len().map(|len| max_range_len(&len, jobs));
        Self { options, logs, jobs, max_range, progress: Progress::new(), queue }
    }

    /// Locks the queue.
    fn queue(&self) -> MutexGuard<'_, Queue<M::Log>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the next input, for a thread that reads all of them.
    pub(super) fn next_input(&self) -> Option<WaitingInput> {
        self.queue().take(self.jobs)
    }

    /// Returns the number of inputs that were not begun.
    pub(super) fn waiting_inputs(&self) -> usize {
        self.queue().inputs.len()
    }

    /// Begins to cut the file that is the only input, and returns it. `None` if there are more inputs, or if it cannot be cut.
    pub(super) fn only_file(&self) -> Option<Arc<Cuttable>> {
        let mut queue = self.queue();
        let [waiting] = queue.inputs.as_slice() else { return None };
        let cutting = self.begin_cutting(waiting, queue.waiting_bytes)?;
        queue.take(self.jobs)?;
        let file = Arc::clone(&cutting.file);
        queue.cutting = Some(cutting);
        Some(file)
    }

    /// Opens the channel for the units, and returns it with the number of threads to start: at most one for each range or
    /// input.
    pub(super) fn open_units(&self) -> (Receiver<Unit<M::Log>>, usize) {
        // Each thread reads one unit. A quarter more, at least two, may be done and wait: few, since their results are in memory.
        let (sender, receiver) = sync_channel(self.jobs + (self.jobs / 4).max(2));
        let mut queue = self.queue();
        queue.units = Some(sender);
        let is_cut = self.max_range.is_some();
        let max_units = |len: Option<u64>| len.filter(|_| is_cut).map_or(1, |len| (len / ranges::MIN_RANGE).max(1));
        let units: u64 = queue.inputs.as_slice().iter().map(|waiting| max_units(waiting.len)).sum();
        let threads = if queue.cutting.is_some() { self.jobs as u64 } else { units };
        (receiver, usize::try_from(threads).unwrap_or(self.jobs).min(self.jobs))
    }

    /// Returns the next unit that a thread has to read, and announces it, and those before it that no thread has to read, to
    /// the collecting thread. `None` after the last unit, or if the collecting thread has ended.
    pub(super) fn next_task(&self) -> Option<Task<M::Log>> {
        // Announcing may wait for room in the channel while the lock is held. While reader threads run, the collecting
        // thread does not take the lock, so it can always make room.
        let mut queue = self.queue();
        loop {
            let announced = match queue.cutting.take() {
                Some(cutting) => self.announce_step(cutting, &mut queue),
                None => {
                    let waiting_bytes = queue.waiting_bytes;
                    let Some(waiting) = queue.take(self.jobs) else { break };
                    self.announce_input(waiting, waiting_bytes, &mut queue)
                }
            };
            match announced {
                Ok(None) => {}
                Ok(Some(task)) => return Some(task),
                Err(CollectorEnded) => return None,
            }
        }
        // Closing the channel ends the collecting thread's wait.
        queue.units = None;
        None
    }

    /// Announces the next step with a file that is being cut. Returns its task, if a thread has to read something.
    fn announce_step(
        &self,
        mut cutting: Cutting,
        queue: &mut Queue<M::Log>,
    ) -> Result<Option<Task<M::Log>>, CollectorEnded> {
        let (unit, task) = match self.next_step(&mut cutting) {
            CutStep::Read(range, part) => {
                let (sender, receiver) = sync_channel(1);
                let file = Arc::clone(&cutting.file);
                (Unit::Range(range.clone(), receiver), Some(Task::Range(file, range, part, sender)))
            }
            CutStep::Receive { process, range } => (Unit::Receive { process, range }, None),
            CutStep::SendNone => (Unit::SendNone, None),
            CutStep::Rest(offset) => {
                // Nothing is left to cut: the next input is begun.
                queue.announce(Unit::Rest(offset))?;
                return Ok(None);
            }
        };
        queue.cutting = Some(cutting);
        queue.announce(unit)?;
        Ok(task)
    }

    /// Announces an input, the next of those that had `waiting_bytes` together. Returns its task, if a reader thread has to read it
    /// as a whole.
    fn announce_input(
        &self,
        waiting: WaitingInput,
        waiting_bytes: u64,
        queue: &mut Queue<M::Log>,
    ) -> Result<Option<Task<M::Log>>, CollectorEnded> {
        if let Some(cutting) = self.begin_cutting(&waiting, waiting_bytes) {
            queue.announce(Unit::Cut(Arc::clone(&cutting.file)))?;
            queue.cutting = Some(cutting);
            return Ok(None);
        }
        if self.is_divided(&waiting) {
            queue.announce(Unit::NotAsAgreed(waiting.index))?;
            if self.is_sent(&waiting) {
                return Ok(None);
            }
        }
        if self.logs.joins() {
            // The log goes on from one input to the next, so only the collecting thread has its consumer.
            queue.announce(Unit::Own(waiting))?;
            return Ok(None);
        }
        let inputs = self.take_small_inputs(waiting, queue);
        let (sender, receiver) = sync_channel(MAX_PACKETS);
        queue.announce(Unit::Whole(inputs.len(), receiver))?;
        Ok(Some(Task::Whole(inputs, sender)))
    }

    /// Returns `true` if an input is divided among processes.
    pub(super) fn is_divided(&self, waiting: &WaitingInput) -> bool {
        self.logs.division().is_some_and(|division| division.has(waiting.index))
    }

    /// Returns `true` if an input is divided, and this process sends its ranges to process 0.
    pub(super) fn is_sent(&self, waiting: &WaitingInput) -> bool {
        self.is_divided(waiting) && self.logs.division().is_some_and(Division::sends)
    }

    /// Returns the next step with a file.
    pub(super) fn next_step(&self, cutting: &mut Cutting) -> CutStep {
        if let Some((ranges, division)) = cutting.divided.as_mut().zip(self.logs.division()) {
            // Other processes read some of the lines before a range, so their number is not known.
            let is_recorded = division.sends() || self.logs.needs_lines_before();
            let part = if is_recorded { PartKind::Recorded } else { PartKind::Numbered(0) };
            return ranges.next_step(&cutting.file, division, part);
        }
        match self.next_range(cutting) {
            Some((range, lines)) => CutStep::Read(range, PartKind::Numbered(lines)),
            None => CutStep::Rest(cutting.next_offset),
        }
    }

    /// Returns the next range of a file, and the number of lines before it if parts need that, else 0. `None` at the end of the
    /// file, and if the lines cannot be counted.
    fn next_range(&self, cutting: &mut Cutting) -> Option<(Range<u64>, u64)> {
        let range = cutting.file.range(cutting.next_offset)?;
        let lines = cutting.lines_before;
        if self.logs.needs_lines_before() {
            cutting.lines_before += cutting.file.count_lines(range.clone()).ok()?;
        }
        cutting.next_offset = range.end;
        Some((range, lines))
    }

    /// Begins to cut an input that is divided, or that is [long enough](Self::cuttable) beside all inputs that were not begun,
    /// which have `waiting_bytes`. `None` for any other input, and for a divided one that is not the file which the processes
    /// agreed on.
    pub(super) fn begin_cutting(&self, waiting: &WaitingInput, waiting_bytes: u64) -> Option<Cutting> {
        if self.is_divided(waiting) {
            return self.begin_dividing(waiting);
        }
        let file = Arc::new(self.cuttable(waiting, waiting_bytes)?);
        Some(Cutting { file, next_offset: 0, lines_before: 0, divided: None })
    }

    /// Begins to cut an input that is divided. `None` if it is not the file which the processes agreed on.
    pub(super) fn begin_dividing(&self, waiting: &WaitingInput) -> Option<Cutting> {
        let division = self.logs.division()?;
        let file = division.open(&self.options, (waiting.index, &waiting.input), &self.progress)?.with_progress();
        let divided = Some(DividedRanges::new(&file, division));
        Some(Cutting { file: Arc::new(file), next_offset: 0, lines_before: 0, divided })
    }

    /// Opens an input that can be cut, and that is long beside all inputs that were not begun, which have `waiting_bytes`.
    fn cuttable(&self, waiting: &WaitingInput, waiting_bytes: u64) -> Option<Cuttable> {
        let (max_range, len) = (self.max_range?, waiting.len?);
        let units = UNITS_PER_THREAD * self.jobs as u64;
        // A short file among many others is one unit: the threads have enough to read, and a cut takes some time.
        let is_long = len >= 2 * max_range || len >= waiting_bytes / units || self.logs.joins();
        if !is_long || len < 2 * ranges::MIN_RANGE {
            return None;
        }
        let step = (len / units).clamp(ranges::MIN_RANGE, max_range.max(ranges::MIN_RANGE));
        let file = Cuttable::new(&self.options, (waiting.index, &waiting.input), step, &self.progress)?;
        // On the wire, whether a LF ends a line depends on the lines before it.
        let can_be_counted = !self.logs.needs_lines_before() || file.start_state.line_end() == Some(LineEnd::Lf);
        can_be_counted.then(|| file.with_progress())
    }

    /// Returns the inputs of a unit: the `first` one and, if that is small, the small ones after it.
    fn take_small_inputs(&self, first: WaitingInput, queue: &mut Queue<M::Log>) -> Vec<WaitingInput> {
        let units = UNITS_PER_THREAD * self.jobs as u64;
        let max_inputs = (queue.inputs.len() as u64 / units).min(MAX_INPUTS);
        let max_bytes = (queue.waiting_bytes / units).min(MAX_BYTES).min(self.max_range.unwrap_or(u64::MAX));
        // An input of unknown length, such as a pipe, may be long.
        let small_len = |waiting: &WaitingInput| waiting.len.filter(|_| !self.is_divided(waiting));
        let mut total = first.len;
        let mut inputs = vec![first];
        while (inputs.len() as u64) < max_inputs {
            let Some(next_len) = queue.inputs.as_slice().first().and_then(small_len) else { break };
            total = total.map(|total| total + next_len).filter(|&total| total <= max_bytes);
            if total.is_none() {
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
        let decompressor = Decompressor::Reader;
        let waiting = |(index, input)| WaitingInput { index, len: len(&input), input, decompressor };
        let inputs: Vec<_> = inputs.into_iter().map(waiting).collect();
        let waiting_bytes = inputs.iter().filter_map(|waiting| waiting.len).sum();
        Self { inputs: inputs.into_iter(), waiting_bytes, cutting: None, units: None }
    }

    /// Removes and returns the next input.
    fn take(&mut self, jobs: usize) -> Option<WaitingInput> {
        let waiting = self.inputs.next()?;
        self.waiting_bytes -= waiting.len.unwrap_or_default();
        // Once fewer inputs are left than there are threads, some threads have nothing more to read: others take their place
        // and decompress. While the last reader threads still read, a few more than `jobs` may run.
        let has_idle_threads = self.inputs.len() + 1 < jobs;
        let decompressor = if has_idle_threads { Decompressor::OwnThread } else { Decompressor::Reader };
        Some(WaitingInput { decompressor, ..waiting })
    }

    /// Announces a unit to the collecting thread.
    fn announce(&self, unit: Unit<L>) -> Result<(), CollectorEnded> {
        self.units.as_ref().ok_or(CollectorEnded)?.send(unit).map_err(|_| CollectorEnded)
    }
}
