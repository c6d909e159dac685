//! Events out of a reader.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use std::io::{self, Read};

use super::splitter::{Place, Splitter, Store};
use super::{EventLine, LineEnd, LineState};
use crate::error::Error;

/// How many bytes are read at once.
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
    /// Where the bytes come from.
    reader: R,
    /// The bytes that were read last, and room for more.
    chunk: Box<[u8]>,
    /// The first of them that was not stepped over.
    at: usize,
    /// The index after the last of them.
    end: usize,
    /// Whether it is settled how lines end.
    line_end_known: bool,
    /// What was left over.
    splitter: Splitter<Vec<u8>>,
}

impl<R: Read> EventReader<R> {
    /// The limit of a line's length that [`new`](Self::new) sets: 1 MiB.
    pub const DEFAULT_LIMIT: usize = 1024 * 1024;

    /// Returns a reader of events, of which a line may have up to 1 MiB.
    #[must_use]
    pub fn new(reader: R) -> Self {
        Self::with_limit(reader, Self::DEFAULT_LIMIT)
    }

    /// Returns a reader of events, of which a line may have up to `limit` bytes, its end included.
    #[must_use]
    pub fn with_limit(reader: R, limit: usize) -> Self {
        let chunk = vec![0; CHUNK].into_boxed_slice();
        let splitter = Splitter::new(Vec::new(), LineEnd::Lf, limit);
        Self { reader, chunk, at: 0, end: 0, line_end_known: false, splitter }
    }

    /// Reads events with [`parse_lenient`](crate::StreamEventRef::parse_lenient).
    #[must_use]
    pub fn lenient(mut self) -> Self {
        self.splitter.lines.lenient = true;
        self
    }

    /// Settles how lines end.
    #[must_use]
    pub fn line_end(mut self, line_end: LineEnd) -> Self {
        self.splitter.lines.line_end = line_end;
        self.line_end_known = true;
        self
    }

    /// Goes on behind the lines that led to a state.
    #[must_use]
    pub fn resume(mut self, state: &LineState) -> Self {
        self.splitter.lines.resume(state);
        self.line_end_known = state.settled;
        self
    }

    /// Returns the state behind the last event, or at the end of what the reader gives if there was none left.
    #[must_use]
    pub fn state(&self) -> LineState {
        LineState { lines: self.splitter.lines.clone(), settled: self.line_end_known }
    }

    /// Returns the next event; `None` at the end of what the reader gives.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if reading fails, except that it is tried again when interrupted. The next call goes on where reading
    /// failed.
    pub fn next_event(&mut self) -> Result<Option<EventLine<'_>>, Error> {
        let place = self.find()?;
        Ok(place.map(|place| self.splitter.event(&self.chunk, &place)))
    }

    /// Returns the reader. Bytes that it gave and that were not stepped over are lost.
    pub fn into_inner(self) -> R {
        self.reader
    }

    /// Finds the next event.
    fn find(&mut self) -> Result<Option<Place>, Error> {
        loop {
            if !self.line_end_known && !self.detect_line_end()? {
                continue;
            }
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

    /// Finds out how lines end, from the first bytes. Returns `false` if there have to be more of them.
    fn detect_line_end(&mut self) -> Result<bool, Error> {
        let start = self.chunk.get(..self.end).unwrap_or_default();
        let line_end = LineEnd::detect(start);
        let settled = line_end == LineEnd::CrLf || start.len() >= LineEnd::DETECT || !LineEnd::may_be_wire(start);
        if !settled && self.fill()? > 0 {
            return Ok(false);
        }
        self.splitter.lines.line_end = line_end;
        self.line_end_known = true;
        Ok(true)
    }

    /// Reads more bytes behind those that were read last.
    fn fill(&mut self) -> Result<usize, Error> {
        let room = self.chunk.get_mut(self.end..).unwrap_or_default();
        loop {
            match self.reader.read(room) {
                Ok(read) => {
                    self.end += read;
                    return Ok(read);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    let unread = self.end.saturating_sub(self.at) as u64;
                    return Err(Error::Io { kind: error.kind(), offset: self.splitter.offset() + unread });
                }
            }
        }
    }
}

impl<R> core::fmt::Debug for EventReader<R> {
    /// Shows where it is, and not the bytes that it keeps.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("EventReader").field("lines", &self.splitter.lines).finish_non_exhaustive()
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
