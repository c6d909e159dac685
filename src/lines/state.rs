//! The state between two lines, for logs that are read in parts.

use super::{LineEnd, Lines, prefix};

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
    /// State of the lines so far.
    pub(super) lines: Lines,
    /// Whether it is settled how lines end.
    pub(super) settled: bool,
}

impl LineState {
    /// Returns the state that a part of the same log begins with: outside of data, before its first line. `None` if the lines
    /// so far do not say yet how lines end.
    #[must_use]
    pub fn part(&self) -> Option<Self> {
        let lines = Lines { data: false, number: 0, offset: 0, ..self.lines.clone() };
        self.settled.then_some(Self { lines, settled: true })
    }

    /// Adds a part that was read behind the lines so far, from the state that [`part`](Self::part) returned.
    ///
    /// # Errors
    ///
    /// The part's state, if the part begins inside of data: it was read wrongly. Then nothing has changed.
    // It is given back as it came.
    #[allow(clippy::result_large_err, reason = "an error that is rare, where a box would need an allocator")]
    pub fn append(&mut self, part: Self) -> Result<(), Self> {
        if self.lines.data {
            return Err(part);
        }
        let (number, offset) = (self.lines.number, self.lines.offset);
        *self = part;
        self.lines.number += number;
        self.lines.offset += offset;
        Ok(())
    }

    /// Returns how lines end. `None` if that is not settled yet.
    #[must_use]
    pub fn line_end(&self) -> Option<LineEnd> {
        self.settled.then_some(self.lines.line_end)
    }

    /// Returns the number of lines so far.
    #[must_use]
    pub const fn lines(&self) -> u64 {
        self.lines.number
    }

    /// Returns the number of bytes in them.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.lines.offset
    }

    /// Returns the length of the prefix of a line that is a reply, if it stands outside of data. `None` for any other line.
    #[must_use]
    pub fn reply_prefix(&self, line: &[u8]) -> Option<usize> {
        match self.lines.line_end {
            LineEnd::CrLf => super::reply(line).map(|_| 0),
            LineEnd::Lf => prefix::len(line),
        }
    }
}

impl Lines {
    /// Goes on at the end of other lines.
    pub(super) fn resume(&mut self, state: &LineState) {
        let Self { lenient, limit, .. } = *self;
        *self = Self { lenient, limit, ..state.lines.clone() };
    }
}
