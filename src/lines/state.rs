//! The state between two lines, for logs that are read in parts.

use super::event_line::LineEnd;
use super::finder::LineFinder;
use super::skipped::Skipped;

/// The state of reading between two lines: how lines end, whether data of a reply is open, how many lines and bytes there were.
///
/// With it a log can be cut at the ends of lines and its parts read side by side, for example by threads. A reader of a later
/// part does not know yet whether data is open where the part begins, so it assumes that none is: [`part`](Self::part). When
/// the parts before have been read, [`append`](Self::append) tells whether that was right. If it was, the events of all parts
/// are those of the whole log, and their numbers and offsets count from the part's beginning; else the part is to be read
/// again, [resumed](crate::StreamEvents::resume) from the state before it.
///
/// # Examples
///
/// ```
/// use tor_stream_event::stream_events;
///
/// let (first, second) = (b"250+a\r\n650 STREAM 1 NEW 0 data:1\r\n.\r\n", b"650 STREAM 2 NEW 0 a:1\r\n");
/// let mut events = stream_events(first);
/// assert!(events.by_ref().next().is_none());
/// let mut state = events.state();
///
/// let mut events = stream_events(second).resume(&state.part().expect("a wire capture"));
/// assert_eq!(events.next().map(|line| (state.lines() + line.number, line.offset)), Some((4, 0)));
/// state.append(events.state()).expect("no data is open");
/// assert_eq!((state.lines(), state.bytes()), (4, 61));
/// ```
#[derive(Clone, Debug)]
pub struct LineState {
    /// State after the lines so far.
    pub(super) finder: LineFinder,
}

impl LineState {
    /// Returns the state that a part of the same log begins with: outside of data, before its first line. `None` if the lines
    /// so far do not say yet how lines end.
    #[must_use]
    pub fn part(&self) -> Option<Self> {
        Some(Self { finder: self.finder.part()? })
    }

    /// Adds a part that was read behind the lines so far, from the state that [`part`](Self::part) returned.
    ///
    /// # Errors
    ///
    /// The part's state, if the part begins inside of data: it was read wrongly. Then nothing has changed.
    // The state is returned as it was passed.
    #[allow(clippy::result_large_err, reason = "an error that is rare, where a box would need an allocator")]
    pub fn append(&mut self, part: Self) -> Result<(), Self> {
        self.finder.append(part.finder).map_err(|finder| Self { finder })
    }

    /// Returns how lines end. `None` if that is not known before the first reply.
    #[must_use]
    pub fn line_end(&self) -> Option<LineEnd> {
        self.finder.known_line_end()
    }

    /// Returns the number of lines so far.
    #[must_use]
    pub const fn lines(&self) -> u64 {
        self.finder.number()
    }

    /// Returns the number of bytes in them.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.finder.offset()
    }

    /// Returns the counts of these lines that look like events and were not read as such.
    #[must_use]
    pub const fn skipped(&self) -> Skipped {
        self.finder.skipped()
    }

    /// Returns the number of lines with a reply.
    #[must_use]
    pub const fn replies(&self) -> u64 {
        self.finder.replies()
    }

    /// Returns the length of the prefix of a line that is a reply, if it stands outside of data. `None` for any other line.
    #[must_use]
    pub fn reply_prefix(&self, line: &[u8]) -> Option<usize> {
        self.finder.reply_prefix(line)
    }
}
