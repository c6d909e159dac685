//! The state between two lines, for logs of which parts are read side by side.

use super::event_line::LineEnd;
use super::finder::LineFinder;
use super::skipped::Skipped;

/// The state between two lines: the line end, the formats of the log, open data of a reply, the number of lines and bytes
/// so far, and the counts of skipped lines.
///
/// With it the parts of a log, cut at line ends, can be read side by side, for example by threads. [`part`](Self::part)
/// returns the state for a later part, and assumes that no data is open where the part begins. Once the parts before it
/// have been read, [`append`](Self::append) checks that assumption:
///
/// - If it holds, the events of all parts are those of the whole log. Their numbers and offsets count from the start of
///   their part.
/// - If it fails, read the part again, [resumed](crate::StreamEvents::resume) from the state before it.
///
/// `examples/parallel.rs` does so with threads.
///
/// # Examples
///
/// ```
/// # use tor_stream_event::stream_events;
/// let mut first = stream_events(b"250 OK\r\n650 STREAM 1 NEW 0 a.test:80\r\n");
/// first.by_ref().for_each(|line| println!("{line:?}"));
/// let mut state = first.state();
/// // Another thread could read this part meanwhile.
/// let mut second = stream_events(b"650 STREAM 1 CLOSED 0 a.test:80\r\n")
///     .resume(&state.part().expect("the first reply ends with CR LF"));
/// assert_eq!(second.next().map(|line| state.lines() + line.number), Some(3));
/// state.append(second.state()).expect("no data is open");
/// assert_eq!((state.lines(), state.bytes()), (3, 71));
/// ```
#[derive(Clone, Debug)]
pub struct LineState {
    /// Finder of lines, after the lines so far.
    pub(super) finder: LineFinder,
}

impl LineState {
    /// Returns the state at the start of a later part of the same log: outside of data, before the first line. `None`
    /// before the first reply, unless the line end was set.
    ///
    /// The part has to begin after a line end of the log: after CR LF if [`line_end`](Self::line_end) is that, since a LF
    /// alone then is a byte of a name, which a client chooses.
    ///
    /// The line before the part is not known to it. If that line is an event, and the part begins with the rest of it,
    /// the part does not count the lines of that rest as [wrapped](Skipped::wrapped).
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::{LineEnd, stream_events};
    ///
    /// // No line has shown yet how lines end.
    /// assert!(stream_events(b"").state().part().is_none());
    /// assert!(stream_events(b"").line_end(LineEnd::Lf).state().part().is_some());
    /// ```
    #[must_use]
    pub fn part(&self) -> Option<Self> {
        Some(Self { finder: self.finder.part()? })
    }

    /// Appends the state after the next part, which was read from the state that [`part`](Self::part) returned.
    ///
    /// The result is the state of one reader of all lines, but for lines at the start of the part that are the rest of a
    /// [wrapped](Skipped::wrapped) event: no part counts them.
    ///
    /// # Errors
    ///
    /// `part` itself, if it was read wrongly: if data is open where it begins, or if the line before it has no end, so
    /// that it begins within a line. Then `self` is unchanged.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::{LineEnd, stream_events};
    ///
    /// let mut first = stream_events(b"250+x=\r\n").line_end(LineEnd::CrLf);
    /// assert!(first.next().is_none());
    /// let mut state = first.state();
    /// let part = state.part().expect("the line end is set");
    /// let mut second = stream_events(b"650 STREAM 9 NEW 0 a:80\r\n").resume(&part);
    /// assert!(second.next().is_some());
    /// // The line that was read as an event is data of the reply before it.
    /// assert!(state.append(second.state()).is_err());
    /// ```
    #[allow(clippy::result_large_err, reason = "an error that is rare, where a box would need an allocator")]
    pub fn append(&mut self, part: Self) -> Result<(), Self> {
        self.finder.append(part.finder).map_err(|finder| Self { finder })
    }

    /// Appends a part that was read elsewhere, for example by another machine that sees the same file, given the counts
    /// of its state: [`lines`](Self::lines), [`bytes`](Self::bytes), [`replies`](Self::replies) and
    /// [`skipped`](Self::skipped).
    ///
    /// That reader has to begin with the state that [`part`](Self::part) returns for the log's first lines, which it
    /// can read itself. The result is that of [`append`](Self::append) if the part has whole lines, ends outside of
    /// data, and is followed by a line with a [reply](Self::reply_prefix), not by the rest of a wrapped event.
    ///
    /// Returns `false`, and changes nothing, where [`append`](Self::append) would return an error, if
    /// [`part`](Self::part) would return `None`, if the counts say that data is open or a line unterminated at the part's
    /// end, or if they cannot be those of one part. Only these facts are checked:
    ///
    /// - A line has at least one byte, and at most one reply. A part without lines has no bytes.
    /// - `marks` and `bare` count different lines without a reply, `wrapped` counts lines without a reply, and `in_data`
    ///   any lines. Each counts a line at most once, and none before its `first`.
    /// - `line_ends` counts at most one line end for each byte that does not end a line. Its first line is one of the
    ///   part.
    /// - The sums of the counts fit in 64 bits.
    ///
    /// # Examples
    ///
    /// ```
    /// # use tor_stream_event::stream_events;
    /// let log = b"2026-11-25 10:00:00 650 STREAM 18 NEW 0 a.test:443\n";
    /// let mut first = stream_events(log);
    /// assert!(first.next().is_some());
    /// let mut state = first.state();
    /// // Another machine reads the second part from the same state, and sends four counts.
    /// let mut second = stream_events(log).resume(&state.part().expect("a line end"));
    /// assert!(second.next().is_some());
    /// let (read, skipped) = (second.state(), second.skipped());
    /// assert!(state.append_counts(read.lines(), read.bytes(), read.replies(), &skipped));
    /// assert_eq!((state.lines(), state.bytes()), (2, 102));
    /// ```
    #[must_use]
    pub fn append_counts(&mut self, lines: u64, bytes: u64, replies: u64, skipped: &Skipped) -> bool {
        self.finder.append_counts(lines, bytes, replies, skipped)
    }

    /// Returns the line end. `None` before the first reply, unless it was set or a format was added.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::{LineEnd, stream_events};
    ///
    /// let mut lines = stream_events(b"250 OK\r\n");
    /// assert_eq!(lines.state().line_end(), None);
    /// assert!(lines.next().is_none());
    /// assert_eq!(lines.state().line_end(), Some(LineEnd::CrLf));
    /// ```
    #[must_use]
    pub fn line_end(&self) -> Option<LineEnd> {
        self.finder.known_line_end()
    }

    /// Returns the number of lines so far.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::stream_events;
    ///
    /// let mut lines = stream_events(b"250 OK\r\n# a note\n");
    /// assert!(lines.next().is_none());
    /// assert_eq!(lines.state().lines(), 2);
    /// ```
    #[must_use]
    pub const fn lines(&self) -> u64 {
        self.finder.lines()
    }

    /// Returns the number of bytes so far.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::stream_events;
    ///
    /// let mut lines = stream_events(b"250 OK\r\n# a note\n");
    /// assert!(lines.next().is_none());
    /// assert_eq!(lines.state().bytes(), 17);
    /// ```
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.finder.bytes()
    }

    /// Returns the counts of lines so far that look like an event and were not read as one.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::stream_events;
    ///
    /// let mut lines = stream_events(b"250 OK\r\n> 650 STREAM 9 NEW 0 a:80\r\n");
    /// assert!(lines.next().is_none());
    /// assert_eq!(lines.state().skipped().marks.count, 1);
    /// ```
    #[must_use]
    pub const fn skipped(&self) -> Skipped {
        self.finder.skipped()
    }

    /// Returns the number of lines so far with a reply.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::stream_events;
    ///
    /// let mut lines = stream_events(b"250 OK\r\n# a note\n");
    /// assert!(lines.next().is_none());
    /// assert_eq!(lines.state().replies(), 1);
    /// ```
    #[must_use]
    pub const fn replies(&self) -> u64 {
        self.finder.replies()
    }

    /// Returns the length of the prefix before the reply in `line`, a line outside of data, without its line end. `None` if it
    /// has no reply.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::{LineEnd, stream_events};
    ///
    /// let state = stream_events(b"").line_end(LineEnd::Lf).state();
    /// assert_eq!(state.reply_prefix(b"2026-11-25 10:00:00 250 OK"), Some(20));
    /// assert_eq!(state.reply_prefix(b"a note"), None);
    /// ```
    #[must_use]
    pub fn reply_prefix(&self, line: &[u8]) -> Option<usize> {
        self.finder.reply_prefix(line)
    }
}
