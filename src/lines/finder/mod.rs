//! Line finder: which lines are events.
//!
//! # The rules
//!
//! Lines end with a LF, and one CR before it belongs to the end. The first line with a reply shows whether the input is
//! the wire, the bytes of a control connection, or a log: on the wire that line begins with the reply code and ends
//! with CR LF. From then on, only CR LF ends a reply or its data on the wire, and a lone CR or LF is a byte of it; in a
//! log every LF ends a line.
//!
//! A reply begins with one of tor's codes ([`reply`]), where its line begins. In a log it may also follow dates and
//! times ([`prefix::len`]); a log with a [`LogFormat`] has replies only where the format says.
//!
//! The data of a reply with a `+` after its code ends at a line with a single dot. If a log writes the reply's prefix
//! before the first line of its data too, that prefix may also stand before the dot. An event with a prefix inside of
//! data is found and flagged: no event is lost where a log lost the dot. A line like an event without a prefix is data
//! only: anyone can publish a descriptor with such a line, and tor returns descriptors as data.
//!
//! Lines that look like an event and are not read as one are counted ([`Skipped`]), and so is an event inside of data.
//!
//! # The files
//!
//! [`scan`] cuts bytes into lines and has the fast path for lines that match the last event's [`pattern`]; [`examine`]
//! applies the rules to any other line, with [`reply`] and [`prefix`]; [`lookalike`] counts lines that resemble an
//! event; [`range`](mod@range) turns the line of an event into an [`EventLine`](super::event_line::EventLine). This
//! file has the state that they share.

mod examine;
mod lookalike;
mod pattern;
pub(super) mod prefix;
mod range;
pub(super) mod reply;
mod scan;
#[cfg(test)]
mod tests;

use core::fmt;

pub(super) use self::range::{LineRange, Terminator};

use self::pattern::Pattern;
use super::event_line::LineEnd;
use super::format::LogFormat;
use super::skipped::Skipped;

/// Line-finding state carried from one line to the next.
#[derive(Clone)]
pub(crate) struct LineFinder {
    /// Set if events are parsed leniently.
    pub(super) lenient: bool,
    /// Maximum length of a line, its end included.
    pub(super) limit: u64,
    /// Set if the caller set the line end to [`LineEnd::Lf`].
    lf_is_set: bool,
    /// The formats of the log in the order in which they were added, then only `None`: if the first one is `None`, the
    /// log has no format, and dates and times may stand before a reply.
    formats: [Option<LogFormat>; LogFormat::MAX_FORMATS],
    /// Set before the first line, which a byte order mark may precede.
    at_start: bool,
    /// Wire or log, once it is known.
    input: Input,
    /// Data of a multi-line reply.
    data: Data,
    /// Format of the lines of open data, if they have the prefix of their reply.
    data_format: Option<LogFormat>,
    /// Set if the line that is not complete yet holds a lone LF.
    lone_lf: bool,
    /// Terminator of the lines that may be compared with `pattern`. `None` if each line has to be examined: before the
    /// first reply, in data, and after a lone LF.
    pattern_terminator: Option<Terminator>,
    /// Examines a line that does not match `pattern`: the function for any input, or the one for the wire only.
    examine: Examine,
    /// Pattern of the last event's line.
    pattern: Pattern,
    /// Set if lines may be compared with `pattern`. Never set with a limit below [`PATTERN_LIMIT`](Self::PATTERN_LIMIT).
    /// In a log with a format, set by the first event, whose line makes the first pattern.
    uses_pattern: bool,
    /// Terminator of the first reply; of a log's last reply if the caller set the line end. Other replies are compared
    /// with it.
    reply_terminator: Terminator,
    /// Set if the CR of a CR LF surely belongs to the line end: on the wire, and in a log whose first reply ended with
    /// CR LF. In any other log it may be the last byte of a target that tor cut.
    cr_is_end: bool,
    /// Set once a log's first reply has set `reply_terminator` for all others. Never set if the caller set the line end.
    reply_terminator_is_final: bool,
    /// Number of the line after the last event, or after the rest of one that was wrapped. 0 before the first event.
    after_event: u64,
    /// Number of lines so far; while a line is examined, its number.
    lines: u64,
    /// Number of bytes of the lines so far.
    bytes: u64,
    /// Number of lines without a reply so far.
    without_reply: u64,
    /// Counts of the lines skipped so far.
    skipped: Skipped,
}

/// Function that examines a line: its text, its terminator, and its length with that terminator.
type Examine = fn(&mut LineFinder, &[u8], Terminator, u64) -> Option<LineRange>;

/// The kind of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Input {
    /// Not known before the first reply.
    Unknown,
    /// Bytes of a control connection.
    Wire,
    /// A log.
    Log,
}

/// Data of a multi-line reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Data {
    /// No data is open.
    Closed,
    /// Data is open, and its first line comes next.
    BeforeFirstLine {
        /// Number of the line with the reply.
        reply_line: u64,
    },
    /// Data is open, and its first line has been read.
    AfterFirstLine {
        /// Number of the line with the reply.
        reply_line: u64,
    },
}

impl Data {
    /// Returns this data of a part with the number of its line in the input, which has `lines` lines before the part.
    const fn after(self, lines: u64) -> Self {
        match self {
            Self::Closed => Self::Closed,
            Self::BeforeFirstLine { reply_line } => Self::BeforeFirstLine { reply_line: reply_line + lines },
            Self::AfterFirstLine { reply_line } => Self::AfterFirstLine { reply_line: reply_line + lines },
        }
    }
}

impl LineFinder {
    /// Minimum `limit` with which patterns are used: more than a pattern compares, which are at most 80 bytes of prefix,
    /// `650 STREAM `, and 128 bytes after the reply. With a smaller one, a decoder may keep fewer bytes of a line than
    /// that, and would find other events than in one buffer.
    const PATTERN_LIMIT: u64 = 256;

    /// Returns the state before the first line of any input.
    pub(super) const fn new(limit: usize) -> Self {
        Self {
            lenient: false,
            limit: limit as u64,
            lf_is_set: false,
            formats: [None; LogFormat::MAX_FORMATS],
            at_start: true,
            input: Input::Unknown,
            data: Data::Closed,
            data_format: None,
            lone_lf: false,
            pattern_terminator: None,
            examine: Self::examine::<true>,
            pattern: Pattern::without_prefix(Input::Log),
            uses_pattern: limit as u64 >= Self::PATTERN_LIMIT,
            reply_terminator: Terminator::Lf,
            cr_is_end: false,
            reply_terminator_is_final: false,
            after_event: 0,
            lines: 0,
            bytes: 0,
            without_reply: 0,
            skipped: Skipped::NONE,
        }
    }

    /// Returns the state before the first line of the wire.
    pub(super) const fn wire(limit: usize) -> Self {
        Self {
            input: Input::Wire,
            examine: Self::examine::<false>,
            pattern: Pattern::without_prefix(Input::Wire),
            reply_terminator: Terminator::CrLf,
            cr_is_end: true,
            ..Self::new(limit)
        }
    }

    /// Sets the line end.
    pub(super) const fn line_end(self, line_end: LineEnd) -> Self {
        let limit = self.limit as usize;
        match line_end {
            // A log with a format is not the wire.
            LineEnd::CrLf if self.formats[0].is_some() => self,
            LineEnd::CrLf => self.replaced_by(Self::wire(limit)),
            LineEnd::Lf => {
                // `log_format` may have turned patterns off until the first event: that stays.
                let uses_pattern = self.uses_pattern;
                let new = Self::new(limit);
                self.replaced_by(Self { lf_is_set: true, input: Input::Log, uses_pattern, ..new })
            }
        }
    }

    /// Adds a format, unless there are as many as possible. The input then is a log, even if the line end of the wire was
    /// set before.
    pub(super) fn log_format(mut self, format: LogFormat) -> Self {
        if let Some(free) = self.formats.iter_mut().find(|format| format.is_none()) {
            *free = Some(format);
        }
        let (lf_is_set, new) = (self.lf_is_set, Self::new(self.limit as usize));
        self.replaced_by(Self { lf_is_set, input: Input::Log, uses_pattern: false, ..new })
    }

    /// Returns `new`, with the position, counts, formats and leniency of this state.
    const fn replaced_by(self, new: Self) -> Self {
        let Self { lenient, formats, at_start, lines, bytes, without_reply, skipped, .. } = self;
        Self { lenient, formats, at_start, lines, bytes, without_reply, skipped, ..new }
    }

    /// Returns the number of lines with a reply.
    pub(super) const fn replies(&self) -> u64 {
        self.lines - self.without_reply
    }

    /// Returns the number of lines so far.
    pub(super) const fn lines(&self) -> u64 {
        self.lines
    }

    /// Returns the number of bytes of the lines so far.
    pub(super) const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Returns the counts of skipped lines.
    pub(super) const fn skipped(&self) -> Skipped {
        let mut skipped = self.skipped;
        skipped.open = match self.data {
            Data::Closed => None,
            Data::BeforeFirstLine { reply_line } | Data::AfterFirstLine { reply_line } => Some(reply_line),
        };
        skipped
    }

    /// Returns the line end. `None` before the first reply, unless it was set or a format was added.
    pub(super) const fn known_line_end(&self) -> Option<LineEnd> {
        match self.input {
            Input::Unknown => None,
            Input::Wire => Some(LineEnd::CrLf),
            Input::Log => Some(LineEnd::Lf),
        }
    }

    /// Continues from the state after earlier lines of the input; only `lenient` and `limit` stay.
    pub(super) fn resume(&mut self, state: &Self) {
        let Self { lenient, limit, .. } = *self;
        *self = Self { lenient, limit, ..state.clone() };
        // The state may be that of a reader with a higher limit.
        if limit < Self::PATTERN_LIMIT {
            (self.uses_pattern, self.pattern_terminator) = (false, None);
        }
    }

    /// Returns the state at the start of a later part of the same input, outside of data. `None` unless it is known, set
    /// by the caller or shown by a reply, whether the input is wire or log, and for a log also how its replies end.
    pub(super) fn part(&self) -> Option<Self> {
        let is_settled = self.input == Input::Wire || self.lf_is_set || self.reply_terminator_is_final;
        is_settled.then(|| Self {
            at_start: false,
            data: Data::Closed,
            lone_lf: false,
            pattern_terminator: self.uses_pattern.then_some(self.reply_terminator),
            after_event: 0,
            lines: 0,
            bytes: 0,
            without_reply: 0,
            skipped: Skipped::NONE,
            ..self.clone()
        })
    }

    /// Appends the state after a part that follows these lines.
    ///
    /// # Errors
    ///
    /// `part`, if data is open where the part begins, or if the line before it has no end.
    #[allow(clippy::result_large_err, reason = "an error that is rare, where a box would need an allocator")]
    pub(super) fn append(&mut self, part: Self) -> Result<(), Self> {
        if self.data != Data::Closed || self.skipped.unterminated.is_some() {
            return Err(part);
        }
        // After a part without lines, the next line is still the first of the input, or the one after an event.
        if part.lines == 0 {
            return Ok(());
        }
        let mut skipped = self.skipped;
        skipped.append(&part.skipped, self.lines);
        *self = Self {
            data: part.data.after(self.lines),
            after_event: if part.after_event == 0 { 0 } else { part.after_event + self.lines },
            lines: self.lines + part.lines,
            bytes: self.bytes + part.bytes,
            without_reply: self.without_reply + part.without_reply,
            skipped,
            ..part
        };
        Ok(())
    }

    /// Appends a part of whole lines that ends outside of data, by its counts. Returns `false`, and changes nothing, if
    /// the counts are not those of such a part.
    pub(super) fn append_counts(&mut self, lines: u64, bytes: u64, replies: u64, skipped: &Skipped) -> bool {
        // Each count is at most the number of bytes: if the sum of the bytes fits, so do the others.
        let fits = self.bytes.checked_add(bytes).is_some();
        let Some(part) = self.part().filter(|_| fits && skipped.can_be_of(lines, replies, bytes)) else {
            return false;
        };
        self.append(Self { lines, bytes, without_reply: lines - replies, skipped: *skipped, ..part }).is_ok()
    }
}

impl fmt::Debug for LineFinder {
    /// Shows settings and position; leaves out the state of the fast path.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LineFinder")
            .field("input", &self.input)
            .field("lenient", &self.lenient)
            .field("limit", &self.limit)
            .field("log_format", &self.formats[0])
            .field("lines", &self.lines)
            .field("bytes", &self.bytes)
            .field("replies", &self.replies())
            .field("skipped", &self.skipped())
            .finish_non_exhaustive()
    }
}
