//! Reading the events of one input, or of a range of its lines, one by one.

use core::cell::RefCell;
use std::io::{self, Read};

use tor_stream_event::{Error, EventLine, LineState, StreamEventRef};

use crate::input::findings::{Findings, UnreadText};
use crate::input::layout::Layout;
use crate::input::open_streams::{OpenStream, OpenStreamScanner};
use crate::input::reader::{Consumer, Event, OutputSink, ReadOptions};
use crate::input::time::Time;
use crate::output::text::error_text;

/// The start of a read: the layout of the input, and the state after the bytes before.
pub(crate) struct ReadStart<'s> {
    /// Layout of the input.
    pub(crate) layout: &'s Layout,
    /// State of the lines; `None` at the start of the input.
    pub(crate) state: Option<&'s LineState>,
    /// Scanner that has scanned the lines before; `None` at the start of the input, and for a consumer that wants no open
    /// streams.
    pub(crate) scanner: Option<&'s OpenStreamScanner>,
}

/// The end of a read.
pub(crate) struct ReadEnd {
    /// State of the lines at the end.
    pub(crate) state: LineState,
    /// Scanner for open streams; `None` for a consumer that wants none.
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
    /// Returns the failure behind an error of an [`EventReader`](tor_stream_event::EventReader), given the I/O error that it keeps.
    fn of(error: Error, cause: Option<&io::Error>) -> Self {
        match (error, cause) {
            (Error::Io { offset, .. }, Some(cause)) => Self { offset, message: error_text(cause) },
            // An event reader returns no other error.
            (error, _) => Self { offset: 0, message: error.to_string() },
        }
    }
}

/// Passes the events of a reader to a consumer.
///
/// # Errors
///
/// If the consumer or the sink fails.
pub(crate) fn read_events<C: Consumer, S: OutputSink<C>>(
    options: &ReadOptions,
    start: ReadStart<'_>,
    reader: impl Read,
    consumer: &mut C,
    sink: &mut S,
) -> io::Result<ReadEnd> {
    let (layout, state) = (start.layout, start.state);
    // Two sides use it in turn: the loop below, and the reader inside `events`.
    let passer = RefCell::new(EventPasser::new(options, start, consumer, sink));
    let mut events = options.events(layout, ObservedReader { reader, passer: &passer }, state);
    let failed = loop {
        match events.next_event() {
            Ok(Some(line)) => passer.borrow_mut().pass_line(&line)?,
            Ok(None) => break None,
            Err(error) => break Some(ReadFailure::of(error, events.io_error())),
        }
    };
    let state = events.state();
    // The reader inside borrows the passer.
    drop(events);
    passer.into_inner().end(state, failed)
}

/// A reader that has an [`EventPasser`] see each of its reads.
struct ObservedReader<'p, 'r, R, C, S> {
    /// The reader.
    reader: R,
    /// Observer of the reads.
    passer: &'p RefCell<EventPasser<'r, C, S>>,
}

impl<R: Read, C: Consumer, S: OutputSink<C>> Read for ObservedReader<'_, '_, R, C, S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut passer = self.passer.borrow_mut();
        if let Err(error) = passer.before_read() {
            // The kind of the error is not passed on: after some kinds, such as `Interrupted`, a read is tried again.
            passer.output_error = Some(error);
            return Err(io::ErrorKind::Other.into());
        }
        let read = self.reader.read(buffer)?;
        passer.after_read(buffer.get(..read).unwrap_or_default());
        Ok(read)
    }
}

/// The state of a read: it passes events and open streams to a consumer, in the order of their lines.
struct EventPasser<'r, C, S> {
    /// Options of the command.
    options: &'r ReadOptions,
    /// Consumer of the events.
    consumer: &'r mut C,
    /// Sink for the consumer's output and for messages.
    sink: &'r mut S,
    /// Scanner for open streams, which gets all bytes; `None` if the consumer wants none.
    scanner: Option<OpenStreamScanner>,
    /// Search for text that is not read, which gets all bytes.
    unread: UnreadText,
    /// Findings about the events.
    findings: Findings,
    /// Error of the consumer or the sink before a read.
    output_error: Option<io::Error>,
}

impl<'r, C: Consumer, S: OutputSink<C>> EventPasser<'r, C, S> {
    /// Returns the state at the start of a read.
    fn new(options: &'r ReadOptions, start: ReadStart<'_>, consumer: &'r mut C, sink: &'r mut S) -> Self {
        let new_scanner = || {
            let scanner = OpenStreamScanner::new(start.layout, start.state);
            match start.scanner {
                Some(earlier) => scanner.continue_from(earlier),
                None => scanner,
            }
        };
        Self {
            options,
            consumer,
            sink,
            scanner: C::WANTS_OPEN_STREAMS.then(new_scanner),
            unread: UnreadText::default(),
            findings: Findings::default(),
            output_error: None,
        }
    }

    /// Prints the output of all events in the bytes so far, which were passed on already. Open streams among them are passed on
    /// now: until the next event they would fill the memory.
    fn before_read(&mut self) -> io::Result<()> {
        self.pass_open_streams(u64::MAX)?;
        self.sink.print_rows(self.consumer)
    }

    /// Searches the bytes of a read.
    fn after_read(&mut self, bytes: &[u8]) {
        if let Some(scanner) = &mut self.scanner {
            scanner.scan(bytes);
        }
        self.unread.scan(bytes);
    }

    /// Passes on the event in a line, after the open streams before it.
    fn pass_line(&mut self, line: &EventLine<'_>) -> io::Result<()> {
        self.pass_open_streams(line.offset)?;
        match &line.event {
            Ok(event) => {
                let time = Time::of_line(line);
                self.findings.add_event(line, event, time, &self.options.filter);
                let met = self.options.filter.met_by(event, time);
                self.consumer.event(&Event { line, event, time, met })
            }
            Err(error) => {
                self.findings.add_unreadable();
                self.consumer.unreadable(line);
                self.sink.unreadable(self.consumer, line.number, error)
            }
        }
    }

    /// Passes on the open streams that were found before an offset and not passed on, and reports damaged rows.
    fn pass_open_streams(&mut self, offset: u64) -> io::Result<()> {
        let Some(scanner) = &mut self.scanner else { return Ok(()) };
        while let Some(OpenStream { number, text, .. }) = scanner.next_before(offset) {
            let parsed = match self.options.lenient {
                true => StreamEventRef::parse_lenient(&text),
                false => StreamEventRef::parse_bytes(&text),
            };
            match parsed {
                Ok(stream) => {
                    self.findings.add_open_stream(number, &self.options.filter);
                    self.consumer.open_stream(&stream, self.options.filter.met_by(&stream, None))?;
                }
                Err(error) => self.sink.unreadable(self.consumer, number, &error)?,
            }
        }
        Ok(())
    }

    /// Passes on the last open streams, and returns the end of the read.
    fn end(mut self, state: LineState, failed: Option<ReadFailure>) -> io::Result<ReadEnd> {
        // After a failed read, the last line is not known to be complete.
        if let Some(scanner) = self.scanner.as_mut().filter(|_| failed.is_none()) {
            scanner.finish();
        }
        self.pass_open_streams(u64::MAX)?;
        if let Some(scanner) = &self.scanner {
            self.findings.add_refused_replies(scanner.refused());
        }
        self.findings.add_unread(&self.unread);
        // If printing failed before a read, `failed` has only the kind of error that the reader returned in its place.
        match self.output_error {
            Some(error) => Err(error),
            None => Ok(ReadEnd { state, scanner: self.scanner, failed, findings: self.findings }),
        }
    }
}

#[cfg(test)]
mod tests {
    use core::cell::Cell;

    use super::*;
    use crate::input::filter::MetConditions;
    use crate::input::reader::{Event, parsed};

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

    /// A reply with a hundred rows, one at each read. A read fails the test if the consumer lacks an earlier row.
    struct Rows<'c> {
        /// Number of rows that were read.
        read: usize,
        /// Number of rows that the consumer has.
        passed: &'c Cell<usize>,
    }

    impl Read for Rows<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            assert_eq!(self.passed.get(), self.read, "rows wait in memory");
            if self.read == 100 {
                return Ok(0);
            }
            self.read += 1;
            let first_line = if self.read == 1 { "250+stream-status=\r\n" } else { "" };
            format!("{first_line}{} NEW 0 a:1\r\n", self.read).as_bytes().read(buffer)
        }
    }

    /// Rows of a reply reach the consumer before more are read, also if no event comes.
    #[test]
    fn open_streams_are_passed_on_before_each_read() {
        let (options, layout, passed) = (parsed(&[]), Layout::default(), Cell::new(0));
        let start = ReadStart { layout: &layout, state: None, scanner: None };
        let rows = Rows { read: 0, passed: &passed };
        assert!(read_events(&options, start, rows, &mut Counter(&passed), &mut NoOutput).is_ok());
        assert_eq!(passed.get(), 100);
    }
}
