//! Reading the events of one input, or of a range of its lines, one by one.
//!
//! [`read_events`] passes each event to a [`Consumer`], which is a command's side, and has an [`OutputSink`] print the
//! consumer's output before each read that may wait for bytes: rows of a log that is still written appear at once.

use core::cell::{Cell, RefCell};
use std::io::{self, Read};
use std::thread;

use tor_stream_event::{Error, EventLine, EventReader, LineState, StreamEventRef};

use crate::input::Inputs;
use crate::input::filter::{Filter, MetConditions};
use crate::input::findings::{Findings, UnreadText};
use crate::input::layout::{Layout, LayoutOptions};
use crate::input::open_streams::{OpenStream, OpenStreamScanner};
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
    /// Threads share the files, and the ranges of a plain file; what is printed is the same for any number of them. The last
    /// compressed files, fewer than N, are each decompressed by one more thread. A file that grows meanwhile is read to
    /// the end that it has when the rest of it was read. A file that is replaced is read as it was.
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

    /// Passes the event in a line to a consumer, with its time and the conditions that it meets.
    ///
    /// # Errors
    ///
    /// If the consumer fails.
    fn pass_event(
        &self,
        line: &EventLine<'_>,
        event: &StreamEventRef<'_>,
        consumer: &mut impl Consumer,
        findings: &mut Findings,
    ) -> io::Result<()> {
        let time = Time::of_line(line);
        findings.add_event(line, event, time, &self.filter);
        let met = self.filter.met_by(event, time);
        consumer.event(&Event { line, event, time, met })
    }

    /// Passes the [open streams](OpenStreamScanner) that were found before an offset to a consumer, and reports rows that
    /// are damaged.
    ///
    /// # Errors
    ///
    /// If the consumer or the sink fails.
    fn pass_open_streams<C: Consumer>(
        &self,
        scanner: &mut OpenStreamScanner,
        offset: u64,
        consumer: &mut C,
        sink: &mut impl OutputSink<C>,
        findings: &mut Findings,
    ) -> io::Result<()> {
        while let Some(OpenStream { number, text, .. }) = scanner.next_before(offset) {
            let parsed =
                if self.lenient { StreamEventRef::parse_lenient(&text) } else { StreamEventRef::parse_bytes(&text) };
            match parsed {
                Ok(stream) => {
                    findings.add_open_stream(number, &self.filter);
                    consumer.open_stream(&stream, self.filter.met_by(&stream, None))?;
                }
                Err(error) => sink.unreadable(consumer, number, &error)?,
            }
        }
        Ok(())
    }
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

    /// Set if the consumer asks for [open streams](Self::open_stream).
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
    /// Prints the consumer's output so far. Called before each read, which may wait for bytes, and before a message.
    ///
    /// # Errors
    ///
    /// If the output cannot be printed.
    fn print_rows(&mut self, consumer: &mut C) -> io::Result<()>;

    /// Reports a line whose event cannot be read.
    ///
    /// # Errors
    ///
    /// If the output before it cannot be printed.
    fn unreadable(&mut self, consumer: &mut C, line: u64, error: &Error) -> io::Result<()>;
}

/// The start of a read: the layout of the input, and the state after the bytes before.
pub(crate) struct ReadStart<'s> {
    /// Layout of the input.
    pub(crate) layout: &'s Layout,
    /// State of the lines; `None` at the start of the input.
    pub(crate) state: Option<&'s LineState>,
    /// Scanner that has scanned the lines before; `None` if there is none, or none is needed.
    pub(crate) scanner: Option<&'s OpenStreamScanner>,
}

/// The end of a read.
pub(crate) struct ReadEnd {
    /// State of the lines at the end.
    pub(crate) state: LineState,
    /// Scanner for open streams, if the consumer asks for them.
    pub(crate) scanner: Option<OpenStreamScanner>,
    /// Failure that ended the read; `None` at the end of the input.
    pub(crate) failed: Option<ReadFailure>,
    /// Findings about the events.
    pub(crate) findings: Findings,
}

/// A failed read, with the message of the file or of its decompression.
pub(crate) struct ReadFailure {
    /// Number of bytes of the input, or of the range, that were read before.
    pub(crate) offset: u64,
    /// Message of the error.
    pub(crate) message: String,
}

impl ReadFailure {
    /// Returns the failure behind an error of an [`EventReader`], given the I/O error that it keeps.
    fn of(error: Error, cause: Option<&io::Error>) -> Self {
        match (error, cause) {
            (Error::Io { offset, .. }, Some(cause)) => Self { offset, message: cause.to_string() },
            (error, _) => Self { offset: 0, message: error.to_string() },
        }
    }
}

/// Passes the events of a reader to a consumer.
///
/// # Errors
///
/// If the consumer or the sink fails.
pub(crate) fn read_events<C: Consumer>(
    options: &ReadOptions,
    ReadStart { layout, state, scanner: earlier }: ReadStart<'_>,
    reader: impl Read,
    consumer: &mut C,
    sink: &mut impl OutputSink<C>,
) -> io::Result<ReadEnd> {
    // Two sides use the consumer, the sink and the scanner in turn: the loop below, and the reader inside `events`.
    let output = RefCell::new((consumer, sink));
    let new_scanner = || {
        let scanner = OpenStreamScanner::new(layout, state);
        RefCell::new(match earlier {
            Some(earlier) => scanner.resume(earlier),
            None => scanner,
        })
    };
    let scanner = C::WANTS_OPEN_STREAMS.then(new_scanner);
    let findings = RefCell::new(Findings::default());
    let print_rows = || {
        let (consumer, sink) = &mut *output.borrow_mut();
        // Every event before the next bytes was passed on. Without this, rows would fill the memory until the next event.
        if let Some(scanner) = &scanner {
            let (scanner, findings) = (&mut scanner.borrow_mut(), &mut findings.borrow_mut());
            options.pass_open_streams(scanner, u64::MAX, *consumer, *sink, findings)?;
        }
        sink.print_rows(consumer)
    };
    let sink_error = Cell::new(None);
    let unread = RefCell::new(UnreadText::default());
    let observed =
        ObservedReader { reader, print_rows, sink_error: &sink_error, scanner: scanner.as_ref(), unread: &unread };
    let mut events = options.events(layout, observed, state);
    let failed = loop {
        match events.next_event() {
            Ok(Some(line)) => {
                let (consumer, sink) = &mut *output.borrow_mut();
                let findings = &mut findings.borrow_mut();
                // Open streams and events are passed on in the order of their lines.
                if let Some(scanner) = &scanner {
                    options.pass_open_streams(&mut scanner.borrow_mut(), line.offset, *consumer, *sink, findings)?;
                }
                match &line.event {
                    Ok(event) => options.pass_event(&line, event, *consumer, findings)?,
                    Err(error) => {
                        findings.unreadable();
                        consumer.unreadable(&line);
                        sink.unreadable(consumer, line.number, error)?;
                    }
                }
            }
            Ok(None) => break None,
            Err(error) => break Some(ReadFailure::of(error, events.io_error())),
        }
    };
    let state = events.state();
    // The reader borrows the findings, too.
    drop(events);
    let mut findings = findings.into_inner();
    if let Some(scanner) = &scanner {
        let (consumer, sink) = &mut *output.borrow_mut();
        if failed.is_none() {
            scanner.borrow_mut().finish();
        }
        options.pass_open_streams(&mut scanner.borrow_mut(), u64::MAX, *consumer, *sink, &mut findings)?;
        findings.add_refused_replies(scanner.borrow().refused());
    }
    findings.add_unread(&unread.borrow());
    // If printing failed before a read, `failed` has only the kind of error that the reader returned in its place.
    match sink_error.take() {
        Some(error) => Err(error),
        None => Ok(ReadEnd { state, scanner: scanner.map(RefCell::into_inner), failed, findings }),
    }
}

/// A reader that calls a function before each read, and has a scanner scan the bytes after it.
struct ObservedReader<'f, R, F> {
    /// The reader.
    reader: R,
    /// Function called before each read.
    print_rows: F,
    /// Error of the function, if it failed.
    sink_error: &'f Cell<Option<io::Error>>,
    /// Scanner for open streams, which gets all bytes.
    scanner: Option<&'f RefCell<OpenStreamScanner>>,
    /// Search for text that is not read, which gets all bytes.
    unread: &'f RefCell<UnreadText>,
}

impl<R: Read, F: FnMut() -> io::Result<()>> Read for ObservedReader<'_, R, F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Err(error) = (self.print_rows)() {
            // The kind of the error is not passed on: after some kinds, such as `Interrupted`, a read is tried again.
            self.sink_error.set(Some(error));
            return Err(io::ErrorKind::Other.into());
        }
        let read = self.reader.read(buffer)?;
        let bytes = buffer.get(..read).unwrap_or_default();
        if let Some(scanner) = self.scanner {
            scanner.borrow_mut().scan(bytes);
        }
        self.unread.borrow_mut().bytes(bytes);
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    /// A command that has the options of reading alone.
    #[derive(clap::Parser)]
    struct Command {
        /// Options of reading.
        #[command(flatten)]
        read: ReadOptions,
    }

    /// A consumer that counts open streams.
    struct Counter<'c>(&'c Cell<usize>);

    impl Consumer for Counter<'_> {
        const WANTS_OPEN_STREAMS: bool = true;

        fn event(&mut self, _event: &Event<'_>) -> io::Result<()> {
            Ok(())
        }

        fn open_stream(&mut self, _stream: &StreamEventRef<'_>, _met: MetConditions) -> io::Result<()> {
            self.0.set(self.0.get() + 1);
            Ok(())
        }
    }

    /// A sink that prints nothing.
    struct NoOutput;

    impl<C> OutputSink<C> for NoOutput {
        fn print_rows(&mut self, _consumer: &mut C) -> io::Result<()> {
            Ok(())
        }

        fn unreadable(&mut self, _consumer: &mut C, _line: u64, error: &Error) -> io::Result<()> {
            Err(io::Error::other(error.to_string()))
        }
    }

    /// A reply with a hundred rows, one at each read.
    struct Rows<'c> {
        /// Number of rows so far.
        read: usize,
        /// Number of rows that the consumer has.
        passed: &'c Cell<usize>,
    }

    impl Read for Rows<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            assert_eq!(self.passed.get(), self.read, "rows wait in memory");
            self.read += usize::from(self.read < 100);
            let first_line = if self.read == 1 { "250+stream-status=\r\n" } else { "" };
            let text = if self.passed.get() < 100 {
                format!("{first_line}{} NEW 0 a:1\r\n", self.read)
            } else {
                String::new()
            };
            text.as_bytes().read(buffer)
        }
    }

    /// Rows of a reply reach the consumer before more are read, also if no event comes.
    #[test]
    fn open_streams_are_passed_on_before_each_read() {
        let (options, layout, passed) = (Command::parse_from(["test"]).read, Layout::default(), Cell::new(0));
        let start = ReadStart { layout: &layout, state: None, scanner: None };
        let rows = Rows { read: 0, passed: &passed };
        assert!(read_events(&options, start, rows, &mut Counter(&passed), &mut NoOutput).is_ok());
        assert_eq!(passed.get(), 100);
    }
}
