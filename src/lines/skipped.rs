//! Counts of the lines that look like an event and were not read as one.

/// Counts of the lines that look like an event and were not read as one, by kind.
///
/// [`skipped`](crate::StreamEvents::skipped) of an iterator, a decoder or a reader returns it. The counts of an input
/// that was fully understood are zero. Otherwise a [`LogFormat`](crate::LogFormat) or a [`LineEnd`](crate::LineEnd) may
/// help.
///
/// **An attacker can raise the counts.** A client can ask for a host whose name holds a line end and a reply, and an
/// onion service can publish a descriptor with lines like events. Both are counted, and neither changes an event.
///
/// # Examples
///
/// ```
/// let log = b"gw tor[812]: 650 STREAM 18 NEW 0 www.example.com:443\n";
/// let mut events = tor_stream_event::stream_events(log);
/// // The log writes text before its replies that is no date, so no line is an event.
/// assert!(events.next().is_none());
/// let marks = events.skipped().marks;
/// assert_eq!((marks.count, marks.first), (1, Some(1)));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct Skipped {
    /// Lines without a reply that hold `650 STREAM ` further on: after a prefix that is no date, or in the text of a
    /// note.
    pub marks: SkippedLines,
    /// Lines without a reply that hold an event without its code, as programs print it: `STREAM 18 NEW `, with or
    /// without a colon after the name. None of these lines is counted among the [marks](Self::marks).
    pub bare: SkippedLines,
    /// Lines after an event that are like the rest of one that was wrapped, for example by mail or a terminal: they begin
    /// with a keyword of an event and `=`, or with one word before that, or are a list of isolation fields. The event was
    /// read without them.
    pub wrapped: SkippedLines,
    /// Lines that begin like an event, with or without a prefix, in the data of a multi-line reply. A line with a
    /// prefix is an event all the same, and [flagged](crate::Anomaly::InData).
    pub in_data: SkippedLines,
    /// Line ends unlike the first reply's. On the wire these are lone LFs in replies and their data. The target of a
    /// STREAM event may hold lone LFs: in such an event only those count that a reply follows. In a log these are the
    /// ends of replies that end with LF if the first one ended with CR LF, and the other way round. 0 if the line end was
    /// [set](crate::StreamEvents::line_end), and where it never is detected: in a codec, and in a decoder without a format.
    pub line_ends: SkippedLines,
    /// The number of the line with a multi-line reply whose data has not ended.
    pub open: Option<u64>,
    /// The number of the last line, if it has no end. An event in it is [flagged](crate::Anomaly::Unterminated). Bytes that
    /// are read after it, because a file has grown, begin another line, and do not reset this number.
    pub unterminated: Option<u64>,
}

/// A count of lines, and the number of the first.
///
/// # Examples
///
/// ```
/// let log = b"250 OK\n> 650 STREAM 9 NEW 0 a:80\n";
/// let mut events = tor_stream_event::stream_events(log);
/// assert!(events.next().is_none());
/// let marks = events.skipped().marks;
/// assert_eq!((marks.count, marks.first), (1, Some(2)));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub struct SkippedLines {
    /// The number of lines, or of line ends.
    pub count: u64,
    /// The line number of the first, from 1. `None` if the count is 0.
    pub first: Option<u64>,
}

impl Skipped {
    /// The counts of an input without skipped lines.
    pub(super) const NONE: Self = Self {
        marks: SkippedLines::NONE,
        bare: SkippedLines::NONE,
        wrapped: SkippedLines::NONE,
        in_data: SkippedLines::NONE,
        line_ends: SkippedLines::NONE,
        open: None,
        unterminated: None,
    };

    /// Returns `true` if nothing was skipped.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut events = tor_stream_event::stream_events(b"650 STREAM 9 NEW 0 a:80\n");
    /// assert!(events.by_ref().all(|line| line.event.is_ok()));
    /// assert!(events.skipped().is_empty());
    /// ```
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.marks.count == 0
            && self.bare.count == 0
            && self.wrapped.count == 0
            && self.in_data.count == 0
            && self.line_ends.count == 0
            && self.open.is_none()
            && self.unterminated.is_none()
    }

    /// Returns `true` if these can be the counts of so many lines, replies and bytes, with no data open after the last
    /// line, and that line terminated.
    pub(super) fn can_be_of(&self, lines: u64, replies: u64, bytes: u64) -> bool {
        let (Some(without_reply), Some(text_bytes)) = (lines.checked_sub(replies), bytes.checked_sub(lines)) else {
            return false;
        };
        // Marks and bare events are on different lines, and neither these nor the rest of an event has a reply.
        let are_without_reply = self.wrapped.count <= without_reply
            && without_reply.checked_sub(self.marks.count).is_some_and(|others| self.bare.count <= others);
        let counts_of_lines = [self.marks, self.bare, self.wrapped, self.in_data];
        // On the wire a line can have several line ends that are counted, each a byte before its own end. In a log a
        // reply has one at most, and is longer than that.
        let line_ends_fit = self.line_ends.begins_within(lines) && self.line_ends.count <= text_bytes;
        (lines > 0 || bytes == 0)
            && self.open.is_none()
            && self.unterminated.is_none()
            && are_without_reply
            && counts_of_lines.iter().all(|count| count.is_within(lines))
            && line_ends_fit
    }

    /// Appends the counts of later lines, whose first one follows `lines` lines. Open data of the earlier lines counts
    /// as ended.
    pub(super) const fn append(&mut self, later: &Self, lines: u64) {
        self.marks.append(later.marks, lines);
        self.bare.append(later.bare, lines);
        self.wrapped.append(later.wrapped, lines);
        self.in_data.append(later.in_data, lines);
        self.line_ends.append(later.line_ends, lines);
        self.open = after(later.open, lines);
        self.unterminated = after(later.unterminated, lines);
    }
}

impl SkippedLines {
    /// The count of no lines.
    const NONE: Self = Self { count: 0, first: None };

    /// Adds `count` lines, or line ends, at the line with this number.
    pub(super) fn add(&mut self, count: u64, number: u64) {
        if count > 0 {
            self.count += count;
            self.first.get_or_insert(number);
        }
    }

    /// Returns `true` if the count can be that of so many lines, each of which is counted once at most.
    fn is_within(&self, lines: u64) -> bool {
        let before_first = self.first.map_or(0, |first| first.saturating_sub(1));
        self.begins_within(lines) && self.count <= lines.saturating_sub(before_first)
    }

    /// Returns `true` if the first one is in one of so many lines, or if the count is 0 and there is no first one.
    const fn begins_within(&self, lines: u64) -> bool {
        match self.first {
            None => self.count == 0,
            Some(first) => 0 < first && first <= lines && 0 < self.count,
        }
    }

    /// Appends the count of later lines, whose first one follows `lines` lines.
    const fn append(&mut self, later: Self, lines: u64) {
        self.count += later.count;
        if self.first.is_none() {
            self.first = after(later.first, lines);
        }
    }
}

/// Returns the number of a line that follows `lines` other lines.
const fn after(number: Option<u64>, lines: u64) -> Option<u64> {
    match number {
        Some(number) => Some(number + lines),
        None => None,
    }
}
