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

/// Number of bytes that are read at once.
const CHUNK: usize = 64 * 1024;

/// Finds STREAM events in what a reader gives: a file, standard input, a connection.
///
/// The items are those that [`stream_events`](crate::stream_events) finds in all of it, and how lines end is found out in
/// the same way. Beside a chunk of 64 KiB it keeps the piece of a line that was left over, which may grow up to a limit. A
/// line that is longer is skipped; if it is an event, it is an item with [`Error::LineTooLong`].
///
/// # Examples
///
/// ```
/// use tor_stream_event::EventReader;
///
/// # let file: &[u8] = b"650 STREAM 18 SUCCEEDED 7 www.example.com:443\r\n";
/// let mut reader = EventReader::new(file);
/// while let Some(line) = reader.next_event()? {
///     println!("{}: {}", line.number, line.event?);
/// }
/// # Ok::<(), tor_stream_event::Error>(())
/// ```
pub struct EventReader<R> {
    /// Source of the bytes.
    reader: R,
    /// Bytes that were read last, and room for more.
    chunk: Box<[u8]>,
    /// Index of the first byte of `chunk` that is unread.
    at: usize,
    /// Index after the last byte of `chunk` that was read.
    end: usize,
    /// Rest of an incomplete line.
    splitter: Splitter<Vec<u8>>,
    /// Error of the last read, if it failed. No panic of ours leaves it half written.
    failure: AssertUnwindSafe<Option<io::Error>>,
}

impl<R: Read> EventReader<R> {
    /// The limit of a line's length that [`new`](Self::new) sets: 1 MiB.
    pub const DEFAULT_LIMIT: usize = 1024 * 1024;

    /// Returns a reader of events whose lines may have up to 1 MiB.
    #[must_use]
    pub fn new(reader: R) -> Self {
        Self::with_limit(reader, Self::DEFAULT_LIMIT)
    }

    /// Returns a reader of events whose lines may have up to `limit` bytes, its end included.
    #[must_use]
    pub fn with_limit(reader: R, limit: usize) -> Self {
        let chunk = vec![0; CHUNK].into_boxed_slice();
        let splitter = Splitter::new(Vec::new(), LineFinder::new(limit));
        Self { reader, chunk, at: 0, end: 0, splitter, failure: AssertUnwindSafe(None) }
    }

    /// Sets if events are read with [`parse_lenient`](crate::StreamEventRef::parse_lenient).
    #[must_use]
    pub fn lenient(mut self, lenient: bool) -> Self {
        self.splitter.finder.lenient = lenient;
        self
    }

    /// Sets how lines end. Then nothing is detected, and no [line ends](Skipped::line_ends) are counted.
    #[must_use]
    pub fn line_end(mut self, line_end: LineEnd) -> Self {
        self.splitter.finder = self.splitter.finder.line_end(line_end);
        self
    }

    /// Adds a format of a log, as [`StreamEvents::log_format`](crate::StreamEvents::log_format) does.
    #[must_use]
    pub fn log_format(mut self, format: LogFormat) -> Self {
        self.splitter.finder = self.splitter.finder.log_format(format);
        self
    }

    /// Returns the counts of lines that look like events and were not read as such, up to the last event that was
    /// returned; after the last event, in all lines. A line that is too long is searched up to the limit only.
    #[must_use]
    pub const fn skipped(&self) -> Skipped {
        self.splitter.finder.skipped()
    }

    /// Returns the number of lines with a reply, among those that [`skipped`](Self::skipped) counts.
    #[must_use]
    pub const fn replies(&self) -> u64 {
        self.splitter.finder.replies()
    }

    /// Continues after the lines that led to a state.
    #[must_use]
    pub fn resume(mut self, state: &LineState) -> Self {
        self.splitter.finder.resume(&state.finder);
        self
    }

    /// Returns the state after the last event, or at the end of the reader if no event was left.
    #[must_use]
    pub fn state(&self) -> LineState {
        LineState { finder: self.splitter.finder.clone() }
    }

    /// Returns the next event; `None` at the end of the reader.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if reading fails, except that it is tried again when interrupted. The next call goes on where reading
    /// failed.
    pub fn next_event(&mut self) -> Result<Option<EventLine<'_>>, Error> {
        let place = self.find()?;
        Ok(place.map(|place| self.splitter.event(&self.chunk, &place)))
    }

    /// Returns the error of the last read, if that failed: with its message, which [`Error::Io`] has no room for.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io;
    /// use tor_stream_event::EventReader;
    ///
    /// struct Broken;
    ///
    /// impl io::Read for Broken {
    ///     fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
    ///         Err(io::Error::other("checksum of block 7 is wrong"))
    ///     }
    /// }
    ///
    /// let mut reader = EventReader::new(Broken);
    /// assert!(reader.next_event().is_err());
    /// assert_eq!(reader.io_error().unwrap().to_string(), "checksum of block 7 is wrong");
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

    /// Returns the reader mutably. Bytes that are read from it directly are lost to the events.
    pub const fn get_mut(&mut self) -> &mut R {
        &mut self.reader
    }

    /// Returns the reader. Bytes that were read from it and not parsed are lost.
    #[must_use]
    pub fn into_inner(self) -> R {
        self.reader
    }

    /// Finds the next event.
    fn find(&mut self) -> Result<Option<FoundLine>, Error> {
        loop {
            let piece = self.chunk.get(..self.end).unwrap_or_default();
            if let Some(place) = self.splitter.find(piece, &mut self.at) {
                return Ok(Some(place));
            }
            (self.at, self.end) = (0, 0);
            if self.fill()? == 0 {
                return Ok(self.splitter.find_last());
            }
        }
    }

    /// Reads more bytes, after those that were read last.
    fn fill(&mut self) -> Result<usize, Error> {
        let room = self.chunk.get_mut(self.end..).unwrap_or_default();
        loop {
            match self.reader.read(room) {
                Ok(read) => {
                    self.failure.0 = None;
                    self.end += read;
                    return Ok(read);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    let unread = self.end.saturating_sub(self.at) as u64;
                    let kind = error.kind();
                    self.failure.0 = Some(error);
                    return Err(Error::Io { kind, offset: self.splitter.offset() + unread });
                }
            }
        }
    }
}

impl<R> core::fmt::Debug for EventReader<R> {
    /// Formats the position, without the bytes that are kept.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("EventReader").field("finder", &self.splitter.finder).finish_non_exhaustive()
    }
}

/// An iterator over the events of an [`EventReader`], as owned values, from [`EventReader::into_events`].
///
/// An item is an event, or the error of a line that is one and could not be read: that ends nothing. An [`Error::Io`] is the
/// last item.
///
/// # Examples
///
/// ```
/// use tor_stream_event::EventReader;
///
/// # let file: &[u8] = b"650 STREAM 18 SUCCEEDED 7 www.example.com:443\r\n";
/// let mut events = EventReader::new(file).into_events();
/// for event in &mut events {
///     println!("{}", event?.target_host);
/// }
/// assert!(events.reader().skipped().is_empty());
/// # Ok::<(), tor_stream_event::Error>(())
/// ```
#[derive(Debug)]
pub struct IntoEvents<R> {
    /// Source of the events.
    reader: EventReader<R>,
    /// Set once the last item was returned.
    done: bool,
}

impl<R> IntoEvents<R> {
    /// Returns the reader of events, which has [`skipped`](EventReader::skipped) and [`replies`](EventReader::replies).
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
        self.done = matches!(next, Ok(None) | Err(_));
        next.map_or_else(|error| Some(Err(error)), |line| line.map(|line| line.event.map(StreamEvent::from)))
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
