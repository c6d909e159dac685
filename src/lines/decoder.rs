//! Events out of bytes that arrive in pieces, in fixed memory.

use arrayvec::ArrayVec;

use super::event_line::{EventLine, LineEnd};
use super::finder::LineFinder;
use super::format::LogFormat;
use super::skipped::Skipped;
use super::splitter::{Splitter, Store};

/// Finds STREAM events in bytes that arrive in pieces of any size, such as those of a control connection.
///
/// The decoder keeps the rest of an incomplete line, of at most `N` bytes, in itself, and needs no allocator. A line
/// that is complete in one piece is not copied. A line longer than `N` bytes, its end included, is skipped; if it is an
/// event, it is an item with [`Error::LineTooLong`](crate::Error::LineTooLong). 4096 holds every event that tor prints;
/// the text that a log writes before the event, and `650 STREAM `, have to fit for a line to be known as an event; the
/// text after a reply that a [`LogFormat`] has is not looked for. For pieces of any size, the items are those that
/// [`stream_events`](crate::stream_events) finds in the whole, but for such lines. Beside the `N` bytes a decoder has
/// about 1 KiB, of which formats take a half.
///
/// Lines end with CR LF, unless [`line_end`](Self::line_end) or [`log_format`](Self::log_format) says otherwise: on a live
/// connection nothing may be detected, since its first lines could be a client's.
///
/// # Examples
///
/// ```
/// use tor_stream_event::EventDecoder;
///
/// let mut decoder = EventDecoder::<4096>::new();
/// let mut ids = 0;
/// for piece in ["650 STREAM 18 NEW 0 www.exam", "ple.com:443\r\n650 STREAM 18 SENTCONNECT 7 www.example.com:443\r\n650 "] {
///     let mut rest = piece.as_bytes();
///     while let Some(line) = decoder.next_event(&mut rest) {
///         assert_eq!(line.event?.id, "18");
///         ids += 1;
///     }
/// }
/// assert_eq!(ids, 2);
/// # Ok::<(), tor_stream_event::Error>(())
/// ```
pub struct EventDecoder<const N: usize>(Splitter<ArrayVec<u8, N>>);

impl<const N: usize> EventDecoder<N> {
    /// Returns a decoder before the first byte.
    #[must_use]
    pub const fn new() -> Self {
        Self(Splitter::new(ArrayVec::new_const(), LineFinder::wire(N)))
    }

    /// Sets if events are read with [`parse_lenient`](crate::StreamEventRef::parse_lenient).
    #[must_use]
    pub const fn lenient(mut self, lenient: bool) -> Self {
        self.0.finder.lenient = lenient;
        self
    }

    /// Sets the line end.
    #[must_use]
    pub fn line_end(mut self, line_end: LineEnd) -> Self {
        self.0.finder = self.0.finder.line_end(line_end);
        self
    }

    /// Adds a format of a log, as [`StreamEvents::log_format`](crate::StreamEvents::log_format) does.
    #[must_use]
    pub fn log_format(mut self, format: LogFormat) -> Self {
        self.0.finder = self.0.finder.log_format(format);
        self
    }

    /// Returns the counts of lines that look like events and were not read as such, up to the last event that was
    /// returned; after [`finish`](Self::finish), in all lines. A line longer than `N` bytes is searched up to those only.
    #[must_use]
    pub const fn skipped(&self) -> Skipped {
        self.0.finder.skipped()
    }

    /// Returns the number of lines with a reply, among those that [`skipped`](Self::skipped) counts.
    #[must_use]
    pub const fn replies(&self) -> u64 {
        self.0.finder.replies()
    }

    /// Consumes `piece` up to the end of the next event and returns that event. `None` if the piece has no further
    /// event: then it is empty, and the next piece can follow.
    pub fn next_event<'a, 'p: 'a>(&'a mut self, piece: &mut &'p [u8]) -> Option<EventLine<'a>> {
        let (bytes, mut at) = (*piece, 0);
        let place = self.0.find(bytes, &mut at);
        *piece = bytes.get(at..).unwrap_or_default();
        Some(self.0.event(bytes, &place?))
    }

    /// Returns the event in the last line if that line has no end, once no more pieces will come.
    pub fn finish(&mut self) -> Option<EventLine<'_>> {
        let place = self.0.find_last();
        Some(self.0.event(&[], &place?))
    }
}

impl<const N: usize> Default for EventDecoder<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> core::fmt::Debug for EventDecoder<N> {
    /// Formats the position, without the bytes that are kept.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("EventDecoder").field("finder", &self.0.finder).finish_non_exhaustive()
    }
}

impl<const N: usize> Store for ArrayVec<u8, N> {
    fn bytes(&self) -> &[u8] {
        self
    }

    fn extend(&mut self, bytes: &[u8]) {
        // There is room: the splitter never keeps more than its limit, which is the capacity.
        let _ = self.try_extend_from_slice(bytes);
    }

    fn clear(&mut self) {
        Self::clear(self);
    }
}
