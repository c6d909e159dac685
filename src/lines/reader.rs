//! Events out of a reader.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use core::iter::FusedIterator;
use core::panic::AssertUnwindSafe;
use std::io::{self, Read};

use super::event_line::{EventLine, LineEnd};
use super::finder::LineFinder;
use super::format::LogFormat;
use super::skipped::Skipped;
use super::splitter::{FoundLine, Splitter, Store};
use super::state::LineState;
use crate::error::Error;
use crate::owned::StreamEvent;

/// Maximum number of bytes that are read at once: enough for the calls of the operating system to take a small share of
/// the time.
const CHUNK: usize = 64 * 1024;

/// Finds STREAM events in the bytes of a reader: a file, standard input, a connection.
///
/// The items are those that [`stream_events`](crate::stream_events) finds in all the bytes. The line end is detected
/// likewise; for a live connection set it to [`LineEnd::CrLf`], for [the reason of a decoder](crate::EventDecoder#line-ends).
///
/// # Examples
///
/// ```
/// use tor_stream_event::EventReader;
///
/// # let file: &[u8] = b"650 STREAM 18 SUCCEEDED 7 www.example.com:443\r\n";
/// let mut reader = EventReader::new(file);
/// // An error of the file ends the loop; the error of one line is printed like an event.
/// while let Some(line) = reader.next_event()? {
///     match line.event {
///         Ok(event) => println!("{}: {} {}", line.number, event.id, event.status),
///         Err(error) => println!("{}: {error}", line.number),
///     }
/// }
/// # Ok::<(), tor_stream_event::Error>(())
/// ```
///
/// # Memory
///
/// A reader keeps a chunk of 64 KiB and, of an incomplete line, up to [a limit](Self::with_limit). A longer line is
/// skipped; if it is an event, it is an item with [`Error::LineTooLong`].
pub struct EventReader<R> {
    /// Source of the bytes.
    reader: R,
    /// Buffer for the bytes that were read last.
    chunk: Box<[u8]>,
    /// Index of the next byte of `chunk` to search.
    at: usize,
    /// Number of bytes in `chunk`.
    end: usize,
    /// Finder of lines, and the incomplete line at the end of the last chunk.
    splitter: Splitter<Vec<u8>>,
    /// Error of the last read, if it failed. A panic cannot leave it half written, but an `io::Error` is not
    /// `UnwindSafe`.
    failure: AssertUnwindSafe<Option<io::Error>>,
}

impl<R: Read> EventReader<R> {
    /// Maximum length of a line that [`new`](Self::new) sets: 1 MiB. tor's longest event has less than 4 KiB, but a
    /// damaged log may have lost the ends of lines.
    pub const DEFAULT_LIMIT: usize = 1024 * 1024;

    /// Returns a reader for events in lines of up to 1 MiB.
    #[must_use]
    pub fn new(reader: R) -> Self {
        Self::with_limit(reader, Self::DEFAULT_LIMIT)
    }

    /// Returns a reader for events in lines of up to `limit` bytes, the line end included.
    #[must_use]
    pub fn with_limit(reader: R, limit: usize) -> Self {
        let chunk = vec![0; CHUNK].into_boxed_slice();
        let splitter = Splitter::new(Vec::new(), LineFinder::new(limit));
        Self { reader, chunk, at: 0, end: 0, splitter, failure: AssertUnwindSafe(None) }
    }

    /// Sets whether events are parsed with [`parse_lenient`](crate::StreamEventRef::parse_lenient).
    #[must_use]
    pub fn lenient(mut self, lenient: bool) -> Self {
        self.splitter.finder.lenient = lenient;
        self
    }

    /// Sets the line end. Then it is not detected, and no [line ends](Skipped::line_ends) are counted. Once a format was
    /// added, the input is a log, and [`LineEnd::CrLf`] changes nothing.
    #[must_use]
    pub fn line_end(mut self, line_end: LineEnd) -> Self {
        self.splitter.finder = self.splitter.finder.line_end(line_end);
        self
    }

    /// Adds a format of the log, as [`StreamEvents::log_format`](crate::StreamEvents::log_format) does.
    #[must_use]
    pub fn log_format(mut self, format: LogFormat) -> Self {
        self.splitter.finder = self.splitter.finder.log_format(format);
        self
    }

    /// Returns the counts of lines that look like an event and were not read as one: up to the event that
    /// [`next_event`](Self::next_event) returned, in all complete lines if it returned an error, and in all lines at the
    /// end of the reader. A line that is too long is searched up to the limit only.
    #[must_use]
    pub const fn skipped(&self) -> Skipped {
        self.splitter.finder.skipped()
    }

    /// Returns the number of lines with a reply, among the same lines as [`skipped`](Self::skipped).
    #[must_use]
    pub const fn replies(&self) -> u64 {
        self.splitter.finder.replies()
    }

    /// Continues from a state: the reader begins after the lines that led to it.
    ///
    /// The state's line end and formats replace those that were set before. A format that is added after this call joins
    /// the state's formats; adding one, or setting the line end, forgets what else the state knows of the input, such as
    /// open data of a reply. Only numbers, counts and formats go on.
    #[must_use]
    pub fn resume(mut self, state: &LineState) -> Self {
        self.splitter.finder.resume(&state.finder);
        self
    }

    /// Returns the state after the last event that was returned; after an error of the reader, after all complete lines; at
    /// the end of the reader, after all lines.
    #[must_use]
    pub fn state(&self) -> LineState {
        LineState { finder: self.splitter.finder.clone() }
    }

    /// Returns the next event; `None` at the end of the reader.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if reading fails. An interrupted read is repeated. The next call continues where reading failed.
    pub fn next_event(&mut self) -> Result<Option<EventLine<'_>>, Error> {
        let found = self.find()?;
        Ok(found.map(|found| self.splitter.event(&self.chunk, &found)))
    }

    /// Returns the error of the last read, if that failed: with its message, which [`Error::Io`] has no room for.
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::io;
    /// # use tor_stream_event::EventReader;
    /// struct Broken;
    /// impl io::Read for Broken {
    ///     fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
    ///         Err(io::Error::other("block 7 is damaged"))
    ///     }
    /// }
    /// let mut reader = EventReader::new(Broken);
    /// assert!(reader.next_event().is_err());
    /// assert_eq!(reader.io_error().unwrap().to_string(), "block 7 is damaged");
    /// ```
    #[must_use]
    pub const fn io_error(&self) -> Option<&io::Error> {
        self.failure.0.as_ref()
    }

    /// Returns an iterator over the events, as owned values.
    #[must_use]
    pub fn into_events(self) -> IntoEvents<R> {
        IntoEvents { reader: self, done: false }
    }

    /// Returns the reader.
    #[must_use]
    pub const fn get_ref(&self) -> &R {
        &self.reader
    }

    /// Returns the reader mutably. Bytes that are read from it directly are not searched for events.
    pub const fn get_mut(&mut self) -> &mut R {
        &mut self.reader
    }

    /// Returns the reader itself. Bytes in the chunk that were not searched yet are lost.
    #[must_use]
    pub fn into_inner(self) -> R {
        self.reader
    }

    /// Finds the next event. `None` at the end of the reader.
    fn find(&mut self) -> Result<Option<FoundLine>, Error> {
        loop {
            let chunk = self.chunk.get(..self.end).unwrap_or_default();
            if let Some(found) = self.splitter.find(chunk, &mut self.at) {
                return Ok(Some(found));
            }
            self.read_chunk()?;
            if self.end == 0 {
                return Ok(self.splitter.find_last());
            }
        }
    }

    /// Reads the next chunk, once the last one is searched to its end. At the end of the reader, the chunk is empty.
    fn read_chunk(&mut self) -> Result<(), Error> {
        (self.at, self.end) = (0, 0);
        loop {
            match self.reader.read(&mut self.chunk) {
                Ok(read) => {
                    self.failure.0 = None;
                    self.end = read;
                    return Ok(());
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    let kind = error.kind();
                    self.failure.0 = Some(error);
                    return Err(Error::Io { kind, offset: self.splitter.bytes() });
                }
            }
        }
    }
}

impl<R> core::fmt::Debug for EventReader<R> {
    /// Formats settings and position, without the bytes of the reader.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("EventReader").field("finder", &self.splitter.finder).finish_non_exhaustive()
    }
}

/// An iterator over the events of an [`EventReader`], as owned values, from [`EventReader::into_events`].
///
/// An item is an event, or the error of a line that looks like one and cannot be read; more items may follow either. After
/// an [`Error::Io`] the iterator ends.
///
/// # Examples
///
/// ```
/// use tor_stream_event::{EventReader, StreamEvent};
///
/// # let file: &[u8] = b"650 STREAM 18 SUCCEEDED 7 www.example.com:443\r\n";
/// let events = EventReader::new(file).into_events();
/// let events = events.collect::<Result<Vec<StreamEvent>, _>>()?;
/// assert_eq!(events[0].target_host, "www.example.com");
/// # Ok::<(), tor_stream_event::Error>(())
/// ```
#[derive(Debug)]
pub struct IntoEvents<R> {
    /// Source of the events.
    reader: EventReader<R>,
    /// Set after the last item.
    done: bool,
}

impl<R> IntoEvents<R> {
    /// Returns the reader of events, for its counts: [`skipped`](EventReader::skipped) and
    /// [`replies`](EventReader::replies).
    #[must_use]
    pub const fn reader(&self) -> &EventReader<R> {
        &self.reader
    }
}

impl<R: Read> Iterator for IntoEvents<R> {
    type Item = Result<StreamEvent, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let next = self.reader.next_event();
        self.done = !matches!(next, Ok(Some(_)));
        match next {
            Ok(Some(line)) => Some(line.event.map(StreamEvent::from)),
            Ok(None) => None,
            Err(error) => Some(Err(error)),
        }
    }
}

impl<R: Read> FusedIterator for IntoEvents<R> {}

impl Store for Vec<u8> {
    fn bytes(&self) -> &[u8] {
        self
    }

    fn extend(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }

    fn clear(&mut self) {
        Self::clear(self);
    }
}
