//! Units of work, as the queue announces them to the collecting thread and as the reader threads get them.

use alloc::sync::Arc;
use core::ops::Range;
use std::io;
use std::sync::mpsc::{Receiver, SyncSender};

use tor_stream_event::Error;

use super::LogConsumer;
use super::queue::WaitingInput;
use super::ranges::Cuttable;
use crate::input::read_events::ReadEnd;

/// The next step with a file that is being cut.
pub(super) enum CutStep {
    /// Read a range.
    Read(Range<u64>, PartKind),
    /// Receive a range of a divided file: process 0 only.
    Receive {
        /// Process that sends the range.
        process: usize,
        /// The range; `None` if the process sends only a message that it has none.
        range: Option<Range<u64>>,
    },
    /// Send a message to process 0 that this process has no range.
    SendNone,
    /// Read the rest, from this offset on.
    Rest(u64),
}

/// The kind of consumer that reads a range.
pub(super) enum PartKind {
    /// [Part](super::ConsumerMaker::part), given the number of lines before the range, or 0 if it does not need that.
    Numbered(u64),
    /// [Recorded part](super::ConsumerMaker::recorded_part).
    Recorded,
}

/// A unit, as the collecting thread sees it.
pub(super) enum Unit<L: LogConsumer> {
    /// Whole inputs that a reader thread reads: their number, and the messages about them.
    Whole(usize, Receiver<Packet<L>>),
    /// A whole input that the collecting thread reads.
    Own(WaitingInput),
    /// Start of a file that was cut.
    Cut(Arc<Cuttable>),
    /// Range of the current file, and its result.
    Range(Range<u64>, Receiver<RangeResult<L>>),
    /// Rest of the current file, from this offset on.
    Rest(u64),
    /// Range of the current file that another process reads, as in [`CutStep::Receive`].
    Receive {
        /// Process that sends the range.
        process: usize,
        /// The range; `None` if the process sends only a message that it has none.
        range: Option<Range<u64>>,
    },
    /// Message to process 0, as in [`CutStep::SendNone`].
    SendNone,
    /// Divided file, by its index, that is not the one which the processes agreed on.
    NotAsAgreed(usize),
}

/// A unit, as the reader thread sees it.
pub(super) enum Task<L: LogConsumer> {
    /// Whole inputs.
    Whole(Vec<WaitingInput>, SyncSender<Packet<L>>),
    /// A range of a file, and the kind of its part.
    Range(Arc<Cuttable>, Range<u64>, PartKind, SyncSender<RangeResult<L>>),
}

/// Messages that are sent at once.
pub(super) type Packet<L> = Vec<UnitMessage<L>>;

/// A message about an input that a reader thread reads.
pub(super) enum UnitMessage<L: LogConsumer> {
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
