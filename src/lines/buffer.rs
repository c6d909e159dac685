//! Events out of a whole buffer.

use core::iter::FusedIterator;

use super::event_line::{EventLine, LineEnd};
use super::finder::LineFinder;
use super::format::LogFormat;
use super::skipped::Skipped;
use super::state::LineState;
use crate::format::text::Text;

/// Iterates over the STREAM events in a buffer: a log, a memory map, a capture of a control connection.
///
/// Items are the lines that begin, after a log's date and time if there is one, with `650 STREAM `; the text of other events
/// and the data of multi-line replies may hold the same words, and is stepped over. A line that cannot be read is an item
/// with an error. A last line without an end is an item as well, and [says so](EventLine::is_terminated).
///
/// The first line with a reply tells the wire from a log. It is the wire if a reply code begins that line and the next LF has
/// a CR before it: from then on only CR LF ends a reply or its data, and a lone CR or LF is a byte of it. In a log every LF
/// ends a line, and one CR before it belongs to the end. [`line_end`](StreamEvents::line_end) sets it instead, and
/// [`log_format`](StreamEvents::log_format) reads a log in which other text than a date stands before each reply. A byte order
/// mark at the very beginning is stepped over.
///
/// Nothing that looks like an event is passed over in silence: [`skipped`](StreamEvents::skipped) counts it.
///
/// # Examples
///
/// ```
/// let log = b"650 BW 7 9\r\n650 STREAM 18 SUCCEEDED 7 www.example.com:443\r\n250 OK\r\n";
/// for line in tor_stream_event::stream_events(log) {
///     let event = line.event?;
///     assert_eq!((line.number, event.id, event.target_port), (2, "18", 443));
/// }
/// # Ok::<(), tor_stream_event::Error>(())
/// ```
#[must_use]
pub fn stream_events(log: &[u8]) -> StreamEvents<'_> {
    StreamEvents { bytes: log, at: 0, finder: LineFinder::new(usize::MAX), utf8: "", utf8_end: 0 }
}

/// An iterator over the STREAM events in a buffer, from [`stream_events`].
#[derive(Clone)]
pub struct StreamEvents<'a> {
    /// Bytes of the whole buffer.
    bytes: &'a [u8],
    /// Index of the next line.
    at: usize,
    /// State that finds the lines with events.
    finder: LineFinder,
    /// Part of the buffer that was found to be UTF-8.
    utf8: &'a str,
    /// Index after `utf8`.
    utf8_end: usize,
}

impl StreamEvents<'_> {
    /// Sets if events are parsed with [`parse_lenient`](crate::StreamEventRef::parse_lenient).
    #[must_use]
    pub const fn lenient(mut self, lenient: bool) -> Self {
        self.finder.lenient = lenient;
        self
    }

    /// Sets how lines end. Then nothing is detected, and no [line ends](Skipped::line_ends) are counted.
    #[must_use]
    pub const fn line_end(mut self, line_end: LineEnd) -> Self {
        self.finder = self.finder.line_end(line_end);
        self
    }

    /// Adds a format of a log: replies are found between its two texts and nowhere else, and every LF ends a line.
    ///
    /// With several formats, up to [`LogFormat::MAX_FORMATS`] of them, a reply is found by the first one that its line fits.
    /// Further ones are not used.
    #[must_use]
    pub fn log_format(mut self, format: LogFormat) -> Self {
        self.finder = self.finder.log_format(format);
        self
    }

    /// Returns the counts of lines that look like events and were not read as such, up to the last event that was
    /// returned; after the last event, in all lines.
    #[must_use]
    pub const fn skipped(&self) -> Skipped {
        self.finder.skipped()
    }

    /// Returns the number of lines with a reply, among those that [`skipped`](Self::skipped) counts. An input without any is
    /// no log of a control connection.
    #[must_use]
    pub const fn replies(&self) -> u64 {
        self.finder.replies()
    }

    /// Continues after the lines that led to a state.
    #[must_use]
    pub fn resume(mut self, state: &LineState) -> Self {
        self.finder.resume(&state.finder);
        self
    }

    /// Returns the state after the last event, or at the end of the buffer if no event was left.
    #[must_use]
    pub fn state(&self) -> LineState {
        LineState { finder: self.finder.clone() }
    }
}

impl<'a> Iterator for StreamEvents<'a> {
    type Item = EventLine<'a>;

    fn next(&mut self) -> Option<EventLine<'a>> {
        let found =
            self.finder.find(self.bytes, &mut self.at).or_else(|| self.finder.find_last(self.bytes, &mut self.at))?;
        let content = self.text(found.content(), found.content_end());
        Some(self.finder.event(self.bytes, &found, content))
    }
}

impl<'a> StreamEvents<'a> {
    /// Number of bytes that are checked to be UTF-8 at once if events follow each other. Checking many costs a third of
    /// checking each line.
    const CHECKED: usize = 4096;

    /// Returns the text from `start` to `end`.
    #[inline]
    fn text(&mut self, start: usize, end: usize) -> Text<'a> {
        let before = self.utf8_end - self.utf8.len();
        let checked = start.checked_sub(before).and_then(|start| self.utf8.get(start..end - before));
        checked.map_or_else(|| self.check(start, end), Text::Str)
    }

    /// Checks the text from `start` to `end`, and more after it if it follows a line that was checked.
    #[cold]
    fn check(&mut self, start: usize, end: usize) -> Text<'a> {
        let follows = start.checked_sub(self.utf8_end).is_some_and(|between| between < 64);
        if !follows {
            (self.utf8, self.utf8_end) = ("", end);
            return Text::within(self.bytes, start, end);
        }
        let bytes = self.bytes.get(start..end.max(start + Self::CHECKED).min(self.bytes.len())).unwrap_or_default();
        let valid = match core::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => {
                bytes.get(..error.valid_up_to()).and_then(|valid| core::str::from_utf8(valid).ok()).unwrap_or_default()
            }
        };
        (self.utf8, self.utf8_end) = (valid, start + valid.len());
        valid.get(..end - start).map_or_else(|| Text::new(self.bytes.get(start..end).unwrap_or_default()), Text::Str)
    }
}

impl FusedIterator for StreamEvents<'_> {}

impl core::fmt::Debug for StreamEvents<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("StreamEvents").field("at", &self.at).field("finder", &self.finder).finish_non_exhaustive()
    }
}
