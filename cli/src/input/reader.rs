//! The two sides of reading events: the options of a command, and the traits of those that receive the events.
//!
//! [`read_events`](crate::input::read_events::read_events) passes each event to a [`Consumer`], which is a command's side, and
//! has an [`OutputSink`] print the consumer's output.

use std::io::{self, Read};
use std::thread;

use tor_stream_event::{Error, EventLine, EventReader, LineState, StreamEventRef};

use crate::input::Inputs;
use crate::input::filter::{Filter, MetConditions};
use crate::input::layout::{Layout, LayoutOptions};
use crate::input::time::Time;

/// The options of every command that reads files.
#[derive(clap::Args)]
pub(crate) struct ReadOptions {
    /// Inputs of the command.
    #[command(flatten)]
    pub(crate) inputs: Inputs,
    /// Filters of events and streams.
    #[command(flatten)]
    pub(crate) filter: Filter,
    /// Form of the logs.
    #[command(flatten)]
    pub(crate) layout: LayoutOptions,
    /// Also take events whose status, IDs or target are not what Tor's specification allows
    #[arg(long)]
    pub(crate) lenient: bool,
    /// Number of threads that read, from 1 to 256 [default: number of cores]
    ///
    /// Threads share the files, and the ranges of a plain file; the output is the same for any number of them. Once fewer than N
    /// compressed files are left, one more thread decompresses each. Text that is appended to a file while it is read is read,
    /// too. A file that is replaced is read as it was.
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=i64::from(Self::MAX_JOBS)))]
    jobs: Option<u16>,
}

impl ReadOptions {
    /// Maximum number of threads that read.
    const MAX_JOBS: u16 = 256;

    /// Returns the number of threads that read.
    pub(crate) fn jobs(&self) -> usize {
        let cores = || thread::available_parallelism().map_or(1, core::num::NonZero::get);
        self.jobs.map_or_else(cores, usize::from).min(Self::MAX_JOBS.into())
    }

    /// Returns a reader of the events in an input or, given the state of the lines before, in the rest of it.
    pub(crate) fn events<R: Read>(&self, layout: &Layout, reader: R, state: Option<&LineState>) -> EventReader<R> {
        let events = layout.events(reader).lenient(self.lenient);
        match state {
            Some(state) => events.resume(state),
            None => events,
        }
    }
}

/// Returns the options of a command that has these arguments.
#[cfg(test)]
pub(crate) fn parsed<O: clap::Args>(arguments: &[&str]) -> O {
    let command = O::augment_args(clap::Command::new("test").no_binary_name(true));
    O::from_arg_matches(&command.get_matches_from(arguments)).expect("the command has all options")
}

/// An event of an input, with the facts that its line adds.
#[derive(Clone, Copy)]
pub(crate) struct Event<'e> {
    /// Line that holds the event.
    pub(crate) line: &'e EventLine<'e>,
    /// Parsed event.
    pub(crate) event: &'e StreamEventRef<'e>,
    /// Time of the event in the log, if it has one.
    pub(crate) time: Option<Time>,
    /// Conditions of the filters that the event meets.
    pub(crate) met: MetConditions,
}

/// A consumer of the events of an input, or of a range of it, in their order: a command's side of reading.
pub(crate) trait Consumer {
    /// Adds an event.
    ///
    /// # Errors
    ///
    /// If the event cannot be printed.
    fn event(&mut self, event: &Event<'_>) -> io::Result<()>;

    /// Counts a line whose event cannot be read.
    fn unreadable(&mut self, _line: &EventLine<'_>) {}

    /// Set if the consumer wants to have [open streams](Self::open_stream).
    const WANTS_OPEN_STREAMS: bool = false;

    /// Adds a stream that a reply to `GETINFO stream-status` lists as open. Such a row has the form of an event without its
    /// keywords.
    ///
    /// # Errors
    ///
    /// If the stream cannot be printed.
    fn open_stream(&mut self, _stream: &StreamEventRef<'_>, _met: MetConditions) -> io::Result<()> {
        Ok(())
    }
}

/// A receiver of a consumer's output, and of the messages about lines that cannot be read.
pub(crate) trait OutputSink<C> {
    /// Prints the consumer's output so far. Called before each read, which may wait for bytes, so that rows of a log that is
    /// still written appear at once; before a message; and at the end.
    ///
    /// # Errors
    ///
    /// If the output cannot be printed.
    fn print_rows(&mut self, consumer: &mut C) -> io::Result<()>;

    /// Reports a line whose event cannot be read, and which the consumer has counted.
    ///
    /// # Errors
    ///
    /// If the output before it cannot be printed.
    fn unreadable(&mut self, consumer: &mut C, line: u64, error: &Error) -> io::Result<()>;
}
