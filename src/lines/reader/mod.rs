//! Events out of a reader; [`into_events`]: the iterator over them, as owned values.

mod into_events;

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use core::panic::AssertUnwindSafe;
use std::io::{self, Read};

pub use self::into_events::IntoEvents;
use super::event_line::{EventLine, LineEnd};
use super::finder::LineFinder;
use super::format::LogFormat;
use super::skipped::Skipped;
use super::splitter::{FoundLine, Splitter, Store};
use super::state::LineState;
use crate::error::Error;

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
    ///
    /// ```
    /// use tor_stream_event::EventReader;
    ///
    /// assert_eq!(EventReader::<&[u8]>::DEFAULT_LIMIT, 1 << 20);
    /// ```
    pub const DEFAULT_LIMIT: usize = 1024 * 1024;

    /// Returns a reader for events in lines of up to 1 MiB.
    ///
    /// ```no_run
    /// use std::fs::File;
    /// use tor_stream_event::EventReader;
    ///
    /// // No `BufReader` is needed: a reader asks the file for 64 KiB at once.
    /// let events = EventReader::new(File::open("tor.log")?).into_events();
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[must_use]
    pub fn new(reader: R) -> Self {
        Self::with_limit(reader, Self::DEFAULT_LIMIT)
    }

    /// Returns a reader for events in lines of up to `limit` bytes, the line end included.
    ///
    /// ```
    /// use tor_stream_event::{Error, EventReader};
    ///
    /// let file = &b"650 STREAM 18 NEW 0 www.example.com:443\r\n"[..];
    /// let mut reader = EventReader::with_limit(file, 32);
    /// let line = reader.next_event()?.expect("an event");
    /// assert!(matches!(line.event, Err(Error::LineTooLong { length: 41, limit: 32, .. })));
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    #[must_use]
    pub fn with_limit(reader: R, limit: usize) -> Self {
        let chunk = vec![0; CHUNK].into_boxed_slice();
        let splitter = Splitter::new(Vec::new(), LineFinder::new(limit));
        Self { reader, chunk, at: 0, end: 0, splitter, failure: AssertUnwindSafe(None) }
    }

    /// Sets whether events are parsed with [`parse_lenient`](crate::StreamEventRef::parse_lenient).
    ///
    /// ```
    /// use tor_stream_event::{Anomaly, EventReader};
    ///
    /// let file = &b"650 STREAM 9 NEW 0 a.test\r\n"[..];
    /// let mut reader = EventReader::new(file).lenient(true);
    /// let event = reader.next_event()?.expect("an event").event?;
    /// assert!(event.anomalies().contains(Anomaly::TargetWithoutPort));
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    #[must_use]
    pub fn lenient(mut self, lenient: bool) -> Self {
        self.splitter.finder.lenient = lenient;
        self
    }

    /// Sets the line end. Then it is not detected, and no [line ends](Skipped::line_ends) are counted. Once a format was
    /// added, the input is a log, and [`LineEnd::CrLf`] changes nothing.
    ///
    /// ```
    /// use tor_stream_event::{EventReader, LineEnd};
    ///
    /// // The host of the only event holds a LF.
    /// let connection = &b"650 STREAM 9 NEW 0 a\n650 STREAM 8 NEW 0 b:1:80\r\n"[..];
    /// let reader = EventReader::new(connection).line_end(LineEnd::CrLf);
    /// assert_eq!(reader.into_events().count(), 1);
    /// ```
    #[must_use]
    pub fn line_end(mut self, line_end: LineEnd) -> Self {
        self.splitter.finder = self.splitter.finder.line_end(line_end);
        self
    }

    /// Adds a format of the log, as [`StreamEvents::log_format`](crate::StreamEvents::log_format) does.
    ///
    /// ```
    /// use tor_stream_event::{EventReader, LogFormat};
    ///
    /// let file = &b"tor: 650 STREAM 9 NEW 0 a:80\n"[..];
    /// let format = LogFormat::like(b"tor: ", b"").expect("a short text");
    /// assert!(EventReader::new(file).log_format(format).next_event()?.is_some());
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    #[must_use]
    pub fn log_format(mut self, format: LogFormat) -> Self {
        self.splitter.finder = self.splitter.finder.log_format(format);
        self
    }

    /// Returns the counts of lines that look like an event and were not read as one: up to the event that
    /// [`next_event`](Self::next_event) returned, in all complete lines if it returned an error, and in all lines at the
    /// end of the reader. A line that is too long is searched up to the limit only.
    ///
    /// ```
    /// use tor_stream_event::EventReader;
    ///
    /// // The log writes a word before its reply.
    /// let mut reader = EventReader::new(&b"tor: 650 STREAM 9 NEW 0 a:80\n"[..]);
    /// assert!(reader.next_event()?.is_none());
    /// assert_eq!(reader.skipped().marks.count, 1);
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    #[must_use]
    pub const fn skipped(&self) -> Skipped {
        self.splitter.finder.skipped()
    }

    /// Returns the number of lines with a reply, among the same lines as [`skipped`](Self::skipped).
    ///
    /// ```
    /// use tor_stream_event::EventReader;
    ///
    /// let mut reader = EventReader::new(&b"this is no log\n"[..]);
    /// assert!(reader.next_event()?.is_none());
    /// assert_eq!(reader.replies(), 0);
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    #[must_use]
    pub const fn replies(&self) -> u64 {
        self.splitter.finder.replies()
    }

    /// Continues from a state: the reader begins after the lines that led to it.
    ///
    /// The state's line end and formats replace those that were set before. A format that is added after this call joins
    /// the state's formats; adding one, or setting the line end, forgets what else the state knows of the input, such as
    /// open data of a reply. Only numbers, counts and formats go on.
    ///
    /// ```
    /// use tor_stream_event::EventReader;
    ///
    /// let mut reader = EventReader::new(&b"250 OK\r\n"[..]);
    /// assert!(reader.next_event()?.is_none());
    /// // The file has grown.
    /// let added = &b"650 STREAM 9 NEW 0 a:80\r\n"[..];
    /// let mut reader = EventReader::new(added).resume(&reader.state());
    /// assert_eq!(reader.next_event()?.map(|line| line.number), Some(2));
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    #[must_use]
    pub fn resume(mut self, state: &LineState) -> Self {
        self.splitter.finder.resume(&state.finder);
        self
    }

    /// Returns the state after the last event that was returned; after an error of the reader, after all complete lines; at
    /// the end of the reader, after all lines.
    ///
    /// ```
    /// use tor_stream_event::EventReader;
    ///
    /// let mut reader = EventReader::new(&b"250 OK\r\n650 STREAM 9 NEW 0 a:80\r\n"[..]);
    /// assert!(reader.next_event()?.is_some());
    /// assert_eq!((reader.state().lines(), reader.state().bytes()), (2, 33));
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    #[must_use]
    pub fn state(&self) -> LineState {
        LineState { finder: self.splitter.finder.clone() }
    }

    /// Returns the next event; `None` at the end of the reader.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if reading fails. An interrupted read is repeated. The next call continues where reading failed.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::EventReader;
    ///
    /// let mut reader = EventReader::new(&b"650 STREAM 9 NEW 0 a:80\r\n"[..]);
    /// let line = reader.next_event()?.expect("an event");
    /// assert_eq!(line.event?.target_host, "a");
    /// assert!(reader.next_event()?.is_none());
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    pub fn next_event(&mut self) -> Result<Option<EventLine<'_>>, Error> {
        let found = self.find()?;
        Ok(found.map(|found| self.splitter.event(&self.chunk, &found)))
    }

    /// Returns the error of the last read, if that failed: with its message, which [`Error::Io`] has no room for.
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
    ///
    /// ```
    /// use tor_stream_event::{Error, EventReader};
    ///
    /// let file = &b"650 STREAM 9 NEW 0 a:80\r\n650 STREAM 9 CLOSED 0 a:80\r\n"[..];
    /// // Owned events can be sent to another thread.
    /// let events = EventReader::new(file).into_events().collect::<Result<Vec<_>, Error>>()?;
    /// assert_eq!(events.len(), 2);
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    #[must_use]
    pub fn into_events(self) -> IntoEvents<R> {
        IntoEvents::new(self)
    }

    /// Returns the reader.
    ///
    /// ```
    /// use tor_stream_event::EventReader;
    ///
    /// let reader = EventReader::new(&b"250 OK\r\n"[..]);
    /// assert_eq!(reader.get_ref().len(), 8);
    /// ```
    #[must_use]
    pub const fn get_ref(&self) -> &R {
        &self.reader
    }

    /// Returns the reader mutably. Bytes that are read from it directly are not searched for events.
    ///
    /// ```
    /// use std::io::{Cursor, Read};
    /// use tor_stream_event::EventReader;
    ///
    /// let mut reader = EventReader::new(Cursor::new("a header\n650 STREAM 9 NEW 0 a:80\n"));
    /// reader.get_mut().read_exact(&mut [0; 9])?;
    /// assert_eq!(reader.next_event()?.expect("an event").number, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub const fn get_mut(&mut self) -> &mut R {
        &mut self.reader
    }

    /// Returns the reader itself. Bytes in the chunk that were not searched yet are lost.
    ///
    /// ```
    /// use std::io::Cursor;
    /// use tor_stream_event::EventReader;
    ///
    /// let mut reader = EventReader::new(Cursor::new("650 STREAM 9 NEW 0 a:80\n"));
    /// assert!(reader.next_event()?.is_some());
    /// assert_eq!(reader.into_inner().position(), 24);
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
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
