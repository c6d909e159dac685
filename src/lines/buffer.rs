//! Events out of a whole buffer.

use core::iter::FusedIterator;

use super::event_line::{EventLine, LineEnd};
use super::finder::{LineFinder, LineRange};
use super::format::LogFormat;
use super::skipped::Skipped;
use super::state::LineState;
use crate::format::content::Content;

/// Iterates over the STREAM events in a buffer: a log, a memory map, a capture of a control connection.
///
/// Items are the lines that begin, after a log's date and time if there is one, with `650 STREAM `. The text of other
/// events and the data of multi-line replies may hold the same words, and is stepped over. A line that cannot be read
/// is an item with an error. A last line without an end is an item as well; [`EventLine::is_terminated`] is `false` for
/// it.
///
/// # Examples
///
/// ```
/// let log = b"650 BW 7 9\r\n\
///             650 STREAM 18 NEW 0 a.test:443\r\n\
///             650 STREAM 19 NEW 0 a.test\r\n";
/// let mut lines = tor_stream_event::stream_events(log);
/// let line = lines.next().expect("line 2");
/// assert_eq!((line.number, line.event?.target_host), (2, "a.test"));
/// // A line that cannot be read never ends the iteration.
/// let error = lines.next().expect("line 3").event.unwrap_err();
/// assert_eq!(error.to_string(), "expected a target (host:port), found the end at byte 15");
/// assert!(lines.next().is_none() && lines.skipped().is_empty());
/// # Ok::<(), tor_stream_event::Error>(())
/// ```
///
/// # Line ends
///
/// The first line with a reply tells the wire from a log. On the wire a reply code begins that line, and the next LF
/// has a CR before it: from then on only CR LF ends a reply or its data, and a lone CR or LF is a byte of it. In a log
/// every LF ends a line, and one CR before it belongs to the end. [`line_end`](StreamEvents::line_end) sets the line
/// end instead. A byte order mark at the very beginning is stepped over.
///
/// # Other text before replies
///
/// [`log_format`](StreamEvents::log_format) reads a log that writes other text than a date before each reply. Lines
/// that look like an event and are not read as one are counted: [`skipped`](StreamEvents::skipped).
#[must_use]
pub fn stream_events(input: &[u8]) -> StreamEvents<'_> {
    StreamEvents { bytes: input, at: 0, finder: LineFinder::new(usize::MAX), checked: "", checked_end: 0 }
}

/// An iterator over the STREAM events in a buffer, from [`stream_events`].
///
/// # Examples
///
/// ```
/// use tor_stream_event::{LineEnd, stream_events};
///
/// let log = b"650 STREAM 9 NEW 0 a:80\r\n650 STREAM 9 NEW 0 b\r\n";
/// let mut lines = stream_events(log).lenient(true).line_end(LineEnd::CrLf);
/// assert!(lines.all(|line| line.event.is_ok()));
/// assert_eq!(lines.replies(), 2);
/// ```
#[derive(Clone)]
pub struct StreamEvents<'a> {
    /// Bytes of the whole buffer.
    bytes: &'a [u8],
    /// Index of the next line.
    at: usize,
    /// Finder of the lines with events, and its state after the lines so far.
    finder: LineFinder,
    /// Range of the buffer that was checked last and is UTF-8.
    checked: &'a str,
    /// Index in the buffer after `checked`.
    checked_end: usize,
}

impl StreamEvents<'_> {
    /// Sets whether events are parsed with [`parse_lenient`](crate::StreamEventRef::parse_lenient).
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::{Anomaly, stream_events};
    ///
    /// let log = b"650 STREAM 9 NEW 0 a.test\r\n";
    /// let mut lines = stream_events(log).lenient(true);
    /// let event = lines.next().expect("an event").event?;
    /// assert!(event.anomalies().contains(Anomaly::TargetWithoutPort));
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    #[must_use]
    pub const fn lenient(mut self, lenient: bool) -> Self {
        self.finder.lenient = lenient;
        self
    }

    /// Sets the line end. Then it is not detected, and no [line ends](Skipped::line_ends) are counted. Once a format was
    /// added, the input is a log, and [`LineEnd::CrLf`] changes nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::{LineEnd, stream_events};
    ///
    /// // A client asked for a host that holds a LF.
    /// let capture = b"650 STREAM 9 NEW 0 a\n650 STREAM 8 NEW 0 b:1:80\r\n";
    /// assert_eq!(stream_events(capture).count(), 2);
    /// assert_eq!(stream_events(capture).line_end(LineEnd::CrLf).count(), 1);
    /// ```
    #[must_use]
    pub const fn line_end(mut self, line_end: LineEnd) -> Self {
        self.finder = self.finder.line_end(line_end);
        self
    }

    /// Adds a format of the log: replies are found between its two texts and nowhere else, and every LF ends a line.
    ///
    /// Of several formats the first that fits a line finds its reply. Formats after the first
    /// [`LogFormat::MAX_FORMATS`] are ignored.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::{LogFormat, stream_events};
    ///
    /// let log = b"1: in 650 STREAM 9 NEW 0 a:80\n2: out GETINFO version\n3: in 250 OK\n";
    /// let format = LogFormat::like(b"0: in ", b"").expect("a short text");
    /// let mut lines = stream_events(log).log_format(format);
    /// assert_eq!((lines.by_ref().count(), lines.replies()), (1, 2));
    /// ```
    #[must_use]
    pub fn log_format(mut self, format: LogFormat) -> Self {
        self.finder = self.finder.log_format(format);
        self
    }

    /// Returns the counts of lines that look like an event and were not read as one, up to the last event that was
    /// returned; once the iterator has ended, of all lines.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::stream_events;
    ///
    /// let log = b"650 STREAM 9 NEW 0 a:80\n> 650 STREAM 9 CLOSED 0 a:80\n";
    /// let mut lines = stream_events(log);
    /// assert_eq!(lines.by_ref().count(), 1);
    /// assert_eq!(lines.skipped().marks.first, Some(2));
    /// ```
    #[must_use]
    pub const fn skipped(&self) -> Skipped {
        self.finder.skipped()
    }

    /// Returns the number of lines with a reply, among the same lines as [`skipped`](Self::skipped). An input without
    /// any is no log of a control connection.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::stream_events;
    ///
    /// let mut lines = stream_events(b"this is no log\n");
    /// assert_eq!((lines.by_ref().count(), lines.replies()), (0, 0));
    /// ```
    #[must_use]
    pub const fn replies(&self) -> u64 {
        self.finder.replies()
    }

    /// Continues from a state: the buffer begins after the lines that led to it.
    ///
    /// The state's line end and formats replace those that were set before. A format that is added after this call joins
    /// the state's formats; adding one, or setting the line end, forgets what else the state knows of the input, such as
    /// open data of a reply. Only numbers, counts and formats go on.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::stream_events;
    ///
    /// let mut first = stream_events(b"250 OK\r\n");
    /// assert!(first.next().is_none());
    /// let mut second = stream_events(b"650 STREAM 9 NEW 0 a:80\r\n").resume(&first.state());
    /// assert_eq!(second.next().map(|line| (line.number, line.offset)), Some((2, 8)));
    /// ```
    #[must_use]
    pub fn resume(mut self, state: &LineState) -> Self {
        self.finder.resume(&state.finder);
        self
    }

    /// Returns the state after the last event that was returned; once the iterator has ended, at the end of the buffer.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::{LineEnd, stream_events};
    ///
    /// let mut lines = stream_events(b"650 STREAM 9 NEW 0 a:80\r\n250 OK\r\n");
    /// assert!(lines.next().is_some());
    /// assert_eq!((lines.state().lines(), lines.state().line_end()), (1, Some(LineEnd::CrLf)));
    /// ```
    #[must_use]
    pub fn state(&self) -> LineState {
        LineState { finder: self.finder.clone() }
    }
}

impl<'a> Iterator for StreamEvents<'a> {
    type Item = EventLine<'a>;

    fn next(&mut self) -> Option<EventLine<'a>> {
        match self.finder.find(self.bytes, &mut self.at) {
            Some(range) => Some(self.event(&range)),
            None => self.last(),
        }
    }
}

impl<'a> StreamEvents<'a> {
    /// Number of bytes, some thirty lines, that are checked to be UTF-8 at once where events follow each other. A single
    /// check of many lines takes a third of the time of a check for each line.
    const CHECKED_AHEAD: usize = 4096;

    /// Number of bytes below which the distance from one event's content to the next shows that the two follow each
    /// other: enough for a line end, a prefix of dates, and `650 STREAM `. Where other lines stand between events, most
    /// of the bytes that are checked at once would be theirs.
    const NEAR: usize = 64;

    /// Parses the event of a line.
    #[inline]
    fn event(&mut self, range: &LineRange) -> EventLine<'a> {
        let content = self.text(range.content(), range.content_end());
        self.finder.event(self.bytes, range, content)
    }

    /// Returns the event in the last line, if that line has no end.
    #[cold]
    fn last(&mut self) -> Option<EventLine<'a>> {
        let range = self.finder.find_last(self.bytes, &mut self.at)?;
        Some(self.event(&range))
    }

    /// Returns the text from index `start` to `end`, which has been checked already in most lines.
    #[inline]
    fn text(&mut self, start: usize, end: usize) -> Content<'a> {
        let checked_start = self.checked_end - self.checked.len();
        let text = start.checked_sub(checked_start).and_then(|start| self.checked.get(start..end - checked_start));
        text.map_or_else(|| self.check(start, end), Content::Str)
    }

    /// Checks the text from index `start` to `end`; if the text that was checked last ends near `start`, up to
    /// [`CHECKED_AHEAD`](Self::CHECKED_AHEAD) bytes from `start` on with it.
    #[cold]
    fn check(&mut self, start: usize, end: usize) -> Content<'a> {
        let is_near = start.checked_sub(self.checked_end).is_some_and(|between| between < Self::NEAR);
        if !is_near {
            (self.checked, self.checked_end) = ("", end);
            return Content::within(self.bytes, start, end);
        }
        let ahead = end.max(start + Self::CHECKED_AHEAD).min(self.bytes.len());
        let valid = valid_start(self.bytes.get(start..ahead).unwrap_or_default());
        (self.checked, self.checked_end) = (valid, start + valid.len());
        // If the valid bytes end within the text, it is not UTF-8.
        valid
            .get(..end - start)
            .map_or_else(|| Content::new(self.bytes.get(start..end).unwrap_or_default()), Content::Str)
    }
}

/// Returns the bytes before the first one that is not UTF-8.
fn valid_start(bytes: &[u8]) -> &str {
    core::str::from_utf8(bytes).unwrap_or_else(|error| {
        bytes.get(..error.valid_up_to()).and_then(|valid| core::str::from_utf8(valid).ok()).unwrap_or_default()
    })
}

impl FusedIterator for StreamEvents<'_> {}

impl core::fmt::Debug for StreamEvents<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("StreamEvents").field("at", &self.at).field("finder", &self.finder).finish_non_exhaustive()
    }
}
