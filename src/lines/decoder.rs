//! Events out of bytes that arrive in chunks, in fixed memory.

use arrayvec::ArrayVec;

use super::event_line::{EventLine, LineEnd};
use super::finder::LineFinder;
use super::format::LogFormat;
use super::skipped::Skipped;
use super::splitter::{Splitter, Store};

/// Finds STREAM events in bytes that arrive in chunks of any size, such as those of a control connection. Needs no
/// allocator.
///
/// # Examples
///
/// ```
/// # use tor_stream_event::EventDecoder;
/// let mut decoder = EventDecoder::<4096>::new();
/// // The first line begins in one chunk and ends in the next.
/// for chunk in ["650 STREAM 18 NEW 0 a.te", "st:80\r\n650 STREAM 19 NEW 0 a:80\r\n"] {
///     let mut rest = chunk.as_bytes();
///     while let Some(line) = decoder.next_event(&mut rest) {
///         println!("{}: {}", line.number, line.event?.status);
///     }
/// }
/// # assert_eq!(decoder.replies(), 2);
/// # Ok::<(), tor_stream_event::Error>(())
/// ```
///
/// `examples/embedded_io.rs` reads a connection of a device, `examples/control_port.rs` a socket.
///
/// # Long lines
///
/// A decoder keeps at most `N` bytes of an incomplete line; a line that is complete in one chunk is not copied. 4096
/// holds every event that tor prints. A line longer than `N` bytes, its end included, is skipped; if it is an event, it
/// is an item with [`Error::LineTooLong`](crate::Error::LineTooLong). For a long line to be known as an event, the text
/// that a log writes before it and `650 STREAM ` have to fit; the text of a [`LogFormat`] after it is not looked for.
/// Apart from such lines the items are those that [`stream_events`](crate::stream_events) finds in the whole input.
/// Besides the `N` bytes a decoder has about 1 KiB, half of it for formats.
///
/// # Line ends
///
/// Lines end with CR LF, unless [`line_end`](Self::line_end) or [`log_format`](Self::log_format) says otherwise.
/// Nothing is detected: if the first reply were an event, a LF in its host, which a client chooses, would make a live
/// connection look like a log.
pub struct EventDecoder<const N: usize>(Splitter<ArrayVec<u8, N>>);

impl<const N: usize> EventDecoder<N> {
    /// Returns a decoder before the first byte.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::EventDecoder;
    ///
    /// // Made by the compiler: a device can have it in a `static`.
    /// const DECODER: EventDecoder<512> = EventDecoder::new();
    /// assert_eq!(DECODER.replies(), 0);
    /// ```
    #[must_use]
    pub const fn new() -> Self {
        Self(Splitter::new(ArrayVec::new_const(), LineFinder::wire(N)))
    }

    /// Sets whether events are parsed with [`parse_lenient`](crate::StreamEventRef::parse_lenient).
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::{Anomaly, EventDecoder};
    ///
    /// let mut decoder = EventDecoder::<512>::new().lenient(true);
    /// let mut chunk = &b"650 STREAM 9 NEW 0 a.test\r\n"[..];
    /// let event = decoder.next_event(&mut chunk).expect("an event").event?;
    /// assert!(event.anomalies().contains(Anomaly::TargetWithoutPort));
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    #[must_use]
    pub const fn lenient(mut self, lenient: bool) -> Self {
        self.0.finder.lenient = lenient;
        self
    }

    /// Sets the line end. Once a format was added, the input is a log, and [`LineEnd::CrLf`] changes nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::{EventDecoder, LineEnd};
    ///
    /// let mut decoder = EventDecoder::<512>::new().line_end(LineEnd::Lf);
    /// let mut chunk = &b"2026-11-25 10:00:00 650 STREAM 9 NEW 0 a:80\n"[..];
    /// assert!(decoder.next_event(&mut chunk).is_some());
    /// ```
    #[must_use]
    pub fn line_end(mut self, line_end: LineEnd) -> Self {
        self.0.finder = self.0.finder.line_end(line_end);
        self
    }

    /// Adds a format of the log, as [`StreamEvents::log_format`](crate::StreamEvents::log_format) does.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::{EventDecoder, LogFormat};
    ///
    /// let format = LogFormat::like(b"tor: ", b"").expect("a short text");
    /// let mut decoder = EventDecoder::<512>::new().log_format(format);
    /// let mut chunk = &b"tor: 650 STREAM 9 NEW 0 a:80\n"[..];
    /// assert!(decoder.next_event(&mut chunk).is_some());
    /// ```
    #[must_use]
    pub fn log_format(mut self, format: LogFormat) -> Self {
        self.0.finder = self.0.finder.log_format(format);
        self
    }

    /// Returns the counts of lines that look like an event and were not read as one: up to the event that
    /// [`next_event`](Self::next_event) returned, in all complete lines if it returned `None`, and in all lines after
    /// [`finish`](Self::finish). Only the first `N` bytes of a longer line are searched.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::EventDecoder;
    ///
    /// let mut decoder = EventDecoder::<512>::new();
    /// // On a connection no text stands before a reply.
    /// let mut chunk = &b"tor: 650 STREAM 9 NEW 0 a:80\r\n"[..];
    /// assert!(decoder.next_event(&mut chunk).is_none());
    /// assert_eq!(decoder.skipped().marks.count, 1);
    /// ```
    #[must_use]
    pub const fn skipped(&self) -> Skipped {
        self.0.finder.skipped()
    }

    /// Returns the number of lines with a reply, among the same lines as [`skipped`](Self::skipped).
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::EventDecoder;
    ///
    /// let mut decoder = EventDecoder::<512>::new();
    /// assert!(decoder.next_event(&mut &b"250 OK\r\n650 BW 2 3\r\n"[..]).is_none());
    /// assert_eq!(decoder.replies(), 2);
    /// ```
    #[must_use]
    pub const fn replies(&self) -> u64 {
        self.0.finder.replies()
    }

    /// Consumes `chunk` up to the end of the next event and returns that event. `None` if the chunk has no further
    /// event: then it is empty, and the next chunk can follow.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::EventDecoder;
    ///
    /// let mut decoder = EventDecoder::<512>::new();
    /// let mut chunk = &b"650 STREAM 9 NEW 0 a:80\r\n650 STR"[..];
    /// assert!(decoder.next_event(&mut chunk).is_some());
    /// assert_eq!(chunk, b"650 STR");
    /// // The start of a line is kept for the next chunk.
    /// assert!(decoder.next_event(&mut chunk).is_none() && chunk.is_empty());
    /// ```
    pub fn next_event<'a, 'c: 'a>(&'a mut self, chunk: &mut &'c [u8]) -> Option<EventLine<'a>> {
        let (bytes, mut at) = (*chunk, 0);
        let found = self.0.find(bytes, &mut at);
        *chunk = bytes.get(at..).unwrap_or_default();
        Some(self.0.event(bytes, &found?))
    }

    /// Returns the event in the last line if that line has no end. To be called once no more chunks will come.
    ///
    /// ```
    /// # use tor_stream_event::{Anomaly, EventDecoder};
    /// let mut decoder = EventDecoder::<4096>::new();
    /// assert!(decoder.next_event(&mut &b"650 STREAM 18 NEW 0 a.test:80"[..]).is_none());
    /// let event = decoder.finish().expect("an event").event?;
    /// assert!(event.anomalies().contains(Anomaly::Unterminated));
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    pub fn finish(&mut self) -> Option<EventLine<'_>> {
        let found = self.0.find_last();
        Some(self.0.event(&[], &found?))
    }
}

impl<const N: usize> Default for EventDecoder<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> core::fmt::Debug for EventDecoder<N> {
    /// Formats settings and position, without the kept bytes.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("EventDecoder").field("finder", &self.0.finder).finish_non_exhaustive()
    }
}

impl<const N: usize> Store for ArrayVec<u8, N> {
    fn bytes(&self) -> &[u8] {
        self
    }

    fn extend(&mut self, bytes: &[u8]) {
        // Never fails: the splitter keeps no more than its limit, which is the capacity.
        let _ = self.try_extend_from_slice(bytes);
    }

    fn clear(&mut self) {
        Self::clear(self);
    }
}
