//! Reading inputs with several threads.
//!
//! The work is cut into [units](mod@unit), which a [queue] makes: a range of lines of a long plain file, or one or more whole
//! inputs of any other kind. Each [reader thread](worker) reads the events of the next unit. The thread that started them
//! [collects](collect) the results of the units in order, so that the output is that of one thread:
//!
//! - A range is read by itself, by a consumer that is called a [part](LogConsumer::Part), and the part is
//!   [appended](LogConsumer::append) to the [consumer of the log](cut_file). If the output would then differ from that of one thread, the
//!   collecting thread reads the range again, event by event, as it reads all inputs if it is alone.
//! - A whole input is read by a consumer of its own. Its rows are sent while it is read, through a bounded channel, so that
//!   later units wait instead of filling the memory. Small files share a unit, since each hand-over takes as long as some
//!   hundred lines.
//!
//! A command implements three traits: a [`ConsumerMaker`] makes the [`LogConsumer`]s of the threads, and a [`Collector`]
//! receives their rows and logs. A [`sink`] takes rows and messages there, from whichever thread has them. [`ranges`] finds the
//! edges of ranges.
//!
//! In a cluster, the ranges of a large file that all processes see are [divided](division) among them. Process 0 appends
//! the ranges of all.

mod collect;
mod cut_file;
#[cfg_attr(not(feature = "cluster"), allow(dead_code, reason = "the processes of a cluster divide files"))]
mod division;
mod queue;
mod ranges;
mod sink;
mod unit;
mod worker;

use alloc::sync::Arc;
use core::ops::{Range, RangeInclusive};
use std::io;

use tor_stream_event::LineState;

use self::collect::Collecting;
pub(crate) use self::division::Division;
#[cfg(feature = "cluster")]
pub(crate) use self::division::Fingerprint;
use self::queue::SharedState;
pub(crate) use self::ranges::Cuttable;
pub(crate) use self::unit::RangeResult;
use crate::input::Input;
use crate::input::reader::{Consumer, ReadOptions};

/// The consumer of a log: of a whole input or, with `--join`, of all inputs.
pub(crate) trait LogConsumer: Consumer + Send + Sized + 'static {
    /// Output that is ready to be printed, such as rows.
    type Rows: Send + 'static;
    /// Consumer of a range that begins somewhere in an input.
    type Part: Consumer + Send + 'static;

    /// Removes and returns the output of the events so far. `None` without new output.
    ///
    /// # Errors
    ///
    /// If the output cannot be made.
    fn rows(&mut self) -> io::Result<Option<Self::Rows>> {
        Ok(None)
    }

    /// Adds the events of the next range, which has `lines` lines before it. Returns `false`, and changes nothing, if the
    /// result would differ from that of adding the events one by one: then the range has to be read again.
    ///
    /// # Errors
    ///
    /// If the events cannot be printed.
    fn append(&mut self, part: Self::Part, lines: u64) -> io::Result<bool>;

    /// Ends an input, with the state of its lines at the end.
    ///
    /// # Errors
    ///
    /// If the rest of the output cannot be printed.
    fn end(&mut self, state: &LineState) -> io::Result<()>;

    /// Continues with the next input, for commands that [join](ConsumerMaker::joins) them.
    fn next_input(&mut self, _input: InputName<'_>) {}
}

/// The name of an input, and its index among the inputs.
#[derive(Clone, Copy)]
pub(crate) struct InputName<'i> {
    /// Index among the inputs, from 0.
    pub(crate) index: usize,
    /// Name of the input. Messages escape it.
    pub(crate) name: &'i str,
}

/// A maker of consumers, which all threads share.
pub(crate) trait ConsumerMaker: Send + Sync + 'static {
    /// Consumer of a log.
    type Log: LogConsumer;

    /// Returns the consumer of a log that begins with this input.
    fn log(&self, input: InputName<'_>) -> Self::Log;

    /// Returns the consumer of a range of an input. `lines` is the number of lines before the range if the part
    /// [needs](Self::needs_lines_before) it, else 0.
    fn part(&self, input: InputName<'_>, lines: u64) -> <Self::Log as LogConsumer>::Part;

    /// Returns the minimum and the maximum length of a range in bytes, before it is extended to the next line. `None` if
    /// inputs are not cut.
    fn range_len(&self) -> Option<RangeInclusive<u64>>;

    /// Returns `true` if a part needs the number of lines before it. Then only logs whose lines end with LF are cut, not
    /// captures of the wire, and their lines are counted first.
    fn needs_lines_before(&self) -> bool {
        false
    }

    /// Returns the division of large files among processes; `None` if there is one process.
    fn division(&self) -> Option<&Division> {
        None
    }

    /// Returns the consumer of a range of a divided file, if this process sends the range to process 0, or if parts
    /// [need](Self::needs_lines_before) the number of lines before it, which is not known yet. The part also keeps
    /// everything that depends on that number, for [`Collector::number_range`].
    fn recorded_part(&self, input: InputName<'_>) -> <Self::Log as LogConsumer>::Part {
        self.part(input, 0)
    }

    /// Returns `true` if all inputs are parts of one log (`--join`).
    fn joins(&self) -> bool {
        false
    }
}

/// The receiver of the output in order: a command's side.
pub(crate) trait Collector<L: LogConsumer> {
    /// Receives the next rows of a consumer, and prints or counts them.
    ///
    /// # Errors
    ///
    /// If the rows cannot be printed.
    fn add_rows(&mut self, rows: L::Rows) -> io::Result<()>;

    /// Receives a log that has ended, after [`add_rows`](Self::add_rows) has received all that its
    /// [`rows`](LogConsumer::rows) had until then. `index` is that of its first input. `all_read` is set if everything in the log could be
    /// read.
    ///
    /// # Errors
    ///
    /// If the log cannot be printed.
    fn add_log(&mut self, log: L, index: usize, all_read: bool) -> io::Result<()>;

    /// Sends a range of a [divided](Division) file to process 0. `None` says that there is no such range, or that process 0 has
    /// to read it.
    ///
    /// # Errors
    ///
    /// If the range cannot be sent.
    fn send_range(&mut self, _range: Option<(&Cuttable, Range<u64>, RangeResult<L>)>) -> io::Result<()> {
        Ok(())
    }

    /// Receives a message about a range of a divided file from the process that reads the range. Returns the range's result, for a
    /// log that has `lines` lines before the range; `None` if this process has to read the range, because the message has
    /// none or another one. If `range` is `None`, the message is dropped.
    ///
    /// # Errors
    ///
    /// If the process is lost.
    fn receive_range(
        &mut self,
        _process: usize,
        _range: Option<(&Cuttable, Range<u64>)>,
        _lines: u64,
    ) -> io::Result<Option<RangeResult<L>>> {
        Ok(None)
    }

    /// Returns a recorded range of this process as one that has `lines` lines before it. `None` if it has to be read
    /// again.
    ///
    /// # Errors
    ///
    /// If the events cannot be read.
    fn number_range(
        &mut self,
        (_file, _range, _result): (&Cuttable, Range<u64>, RangeResult<L>),
        _lines: u64,
    ) -> io::Result<Option<RangeResult<L>>> {
        Ok(None)
    }
}

/// Returns the maximum length of the ranges that this number of threads reads. `len` is the minimum and the maximum for any number.
/// Two threads read ranges of the maximum length, and more threads shorter ones, since the results of all wait in memory together.
pub(crate) fn max_range_len(len: &RangeInclusive<u64>, jobs: usize) -> u64 {
    (2 * len.end() / jobs.max(1) as u64).clamp(*len.start(), *len.end())
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
pub(crate) fn read<M: ConsumerMaker>(
    options: &Arc<ReadOptions>,
    inputs: Vec<(usize, Input)>,
    logs: M,
    collector: &mut impl Collector<M::Log>,
) -> io::Result<bool> {
    let shared = Arc::new(SharedState::new(Arc::clone(options), inputs, logs));
    let mut collecting = Collecting::new(&shared, collector);
    let result = if shared.jobs == 1 { collecting.read_alone() } else { collecting.read_with_threads() };
    // The bar is removed before an error is printed.
    shared.progress.finish();
    result?;
    collecting.finish()
}
