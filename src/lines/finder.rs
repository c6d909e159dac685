//! Which line is an event.
//!
//! # The rules
//!
//! Lines end with a LF, and one CR before it belongs to the end. The first line with a reply tells the wire from a log: the
//! wire has the reply code where that line begins, and a CR before the LF. From then on, only CR LF ends a reply or its data
//! on the wire, and a lone CR or LF is a byte of it; in a log every LF ends a line.
//!
//! A reply begins where its line does; in a log also behind dates and times ([`prefix::len`]), or only where a
//! [`LogFormat`] says if there is one.
//!
//! The data of a reply with a `+` behind its code ends at a line with a single dot, before which a log may write the prefix
//! that the reply and the first line of the data have. An event with a prefix inside of data is found and flagged: nothing is
//! lost where a log lost the dot, and a descriptor that a stranger wrote cannot pass for a log's own line.
//!
//! Lines that look like an event and are not read as one are counted ([`Skipped`]).

use core::fmt;

use super::event_line::{EventLine, LineEnd};
use super::format::{self, LogFormat};
use super::prefix::{self, Shape};
use super::skipped::Skipped;
use crate::anomaly::Anomaly;
use crate::error::Error;
use crate::format::keyword::Keyword;
use crate::format::text::Text;
use crate::parse;
use crate::token::{StreamStatus, Word};

/// Line-finding state carried from one line to the next.
#[derive(Clone)]
pub(crate) struct LineFinder {
    /// Reads events leniently.
    pub(super) lenient: bool,
    /// Maximum length of a line, its end included.
    pub(super) limit: u64,
    /// The line end that was set, if one was.
    line_end: Option<LineEnd>,
    /// The formats of the log. Without any, dates and times may stand before a reply.
    formats: [Option<LogFormat>; LogFormat::MAX_FORMATS],
    /// No line was found yet: a byte order mark may come first.
    at_start: bool,
    /// Wire or log, once it is known.
    kind: Kind,
    /// Data of a multi-line reply, if the lines are some.
    data: Data,
    /// Format of the lines of such data, if they have the prefix of their reply.
    data_format: Option<LogFormat>,
    /// The line that goes on holds a LF alone.
    lone_lf: bool,
    /// Line end with which a line of the last event's shape is told to be an event, or none, at once. `None` at the start,
    /// among data, and after a LF alone.
    steady: Option<End>,
    /// Steps over a line of any input, or of one that was set to be the wire.
    other_line: OtherLine,
    /// Pattern of the last event's line.
    shape: Shape,
    /// The shape is one of this log.
    has_shape: bool,
    /// Line end of the first reply, or of the last one of a log if a line end was set.
    reply_end: End,
    /// A CR before a LF is known to belong to the line end: on the wire, and in a log whose first reply had one.
    cr_is_end: bool,
    /// A reply with a line end was found.
    has_reply: bool,
    /// Number of the line behind the last event, or behind the rest of one that was wrapped. 0 if there was none.
    behind_event: u64,
    /// Number of lines.
    number: u64,
    /// Number of bytes.
    offset: u64,
    /// Number of lines without a reply.
    others: u64,
    /// Counts of the lines skipped so far.
    skipped: Skipped,
}

/// Steps over a line: the line, its end, and its length with its end.
type OtherLine = fn(&mut LineFinder, &[u8], End, u64) -> Option<LineRange>;

/// The two kinds of input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Not known before the first reply.
    Unknown,
    /// Bytes of a control connection.
    Wire,
    /// A log.
    Log,
}

/// The lines that follow a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Data {
    /// No data.
    None,
    /// Data, of which no line was found yet.
    First {
        /// The number of the line with the reply.
        reply: u64,
    },
    /// Data.
    More {
        /// The number of the line with the reply.
        reply: u64,
    },
}

/// Place of a line with an event.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LineRange {
    /// The line's number.
    number: u64,
    /// The number of bytes before the line.
    offset: u64,
    /// The line's length, its end included.
    pub(super) whole: u64,
    /// The line's first byte, as an index of the bytes that were searched.
    start: usize,
    /// The index after its last byte, its end left out.
    end: usize,
    /// The prefix's length.
    prefix: u8,
    /// The length of the text behind the reply.
    after: u8,
    /// The line's end.
    line_end: End,
    /// The line is one of data.
    in_data: bool,
}

impl LineRange {
    /// Returns the index of the event's content in the bytes that were searched.
    #[inline]
    pub(super) const fn content(&self) -> usize {
        self.start + self.prefix as usize + super::MARK.len()
    }

    /// Returns the place in bytes where the line begins at `start`, with `offset` bytes before it.
    #[inline]
    const fn moved_by(self, start: usize, offset: u64) -> Self {
        Self { start: self.start + start, end: self.end + start, offset: self.offset + offset, ..self }
    }

    /// Returns the index after the event's content.
    #[inline]
    pub(super) const fn content_end(&self) -> usize {
        self.end - self.after as usize
    }
}

/// End of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// CR LF.
    CrLf,
    /// LF.
    Lf,
    /// End of the input.
    None,
}

impl End {
    /// Returns the number of its bytes.
    pub(super) const fn len(self) -> u64 {
        match self {
            Self::CrLf => 2,
            Self::Lf => 1,
            Self::None => 0,
        }
    }
}

/// Place of a reply in a line.
#[derive(Clone, Copy)]
struct Reply {
    /// The prefix's length.
    prefix: usize,
    /// The index after the reply.
    end: usize,
    /// The format's index, if there are formats.
    format: usize,
}

impl LineFinder {
    /// Smallest limit of a line's length with which shapes are used. A line's shape is seen in more bytes than a smaller limit
    /// lets keep, so that the same line would be another one in pieces.
    const SHAPE_LIMIT: u64 = 256;

    /// Returns the state before the first line of any input.
    pub(super) const fn new(limit: usize) -> Self {
        Self {
            lenient: false,
            limit: limit as u64,
            line_end: None,
            formats: [None; LogFormat::MAX_FORMATS],
            at_start: true,
            kind: Kind::Unknown,
            data: Data::None,
            data_format: None,
            lone_lf: false,
            steady: None,
            other_line: Self::other_line::<true>,
            shape: Shape::none(false),
            has_shape: limit as u64 >= Self::SHAPE_LIMIT,
            reply_end: End::Lf,
            cr_is_end: false,
            has_reply: false,
            behind_event: 0,
            number: 0,
            offset: 0,
            others: 0,
            skipped: Skipped::NONE,
        }
    }

    /// Returns the state before the first line of the wire.
    pub(super) const fn wire(limit: usize) -> Self {
        Self {
            line_end: Some(LineEnd::CrLf),
            kind: Kind::Wire,
            other_line: Self::other_line::<false>,
            shape: Shape::none(true),
            reply_end: End::CrLf,
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
            LineEnd::CrLf => self.set_again(Self::wire(limit)),
            LineEnd::Lf => {
                let has_shape = self.has_shape;
                let new = Self::new(limit);
                self.set_again(Self { line_end: Some(line_end), kind: Kind::Log, has_shape, ..new })
            }
        }
    }

    /// Returns a new state in the place of this one.
    const fn set_again(self, new: Self) -> Self {
        let Self { lenient, formats, at_start, number, offset, others, skipped, .. } = self;
        Self { lenient, formats, at_start, number, offset, others, skipped, ..new }
    }

    /// Adds a format. The input then is a log, and a line end of the wire that was set is no longer.
    pub(super) fn log_format(mut self, format: LogFormat) -> Self {
        if let Some(free) = self.formats.iter_mut().find(|format| format.is_none()) {
            *free = Some(format);
        }
        let line_end = self.line_end.filter(|&line_end| line_end == LineEnd::Lf);
        let new = Self::new(self.limit as usize);
        self.set_again(Self { line_end, kind: Kind::Log, has_shape: false, ..new })
    }

    /// Leaves the shape of the last event's line out of account for the next line.
    #[cfg(test)]
    pub(super) const fn leave_shape(&mut self) {
        self.steady = None;
    }

    /// Returns the number of lines with a reply.
    pub(super) const fn replies(&self) -> u64 {
        self.number - self.others
    }

    /// Returns the number of lines so far.
    pub(super) const fn number(&self) -> u64 {
        self.number
    }

    /// Returns the number of bytes of the lines so far.
    pub(super) const fn offset(&self) -> u64 {
        self.offset
    }

    /// Returns what was skipped.
    pub(super) const fn skipped(&self) -> Skipped {
        let mut skipped = self.skipped;
        skipped.open = match self.data {
            Data::None => None,
            Data::First { reply } | Data::More { reply } => Some(reply),
        };
        skipped
    }

    /// Returns how lines end, if that is known.
    pub(super) const fn known_line_end(&self) -> Option<LineEnd> {
        match self.kind {
            Kind::Unknown => None,
            Kind::Wire => Some(LineEnd::CrLf),
            Kind::Log => Some(LineEnd::Lf),
        }
    }

    /// Returns the length of the prefix of a line with a reply.
    pub(super) fn reply_prefix(&self, line: &[u8]) -> Option<usize> {
        self.reply(line, true).map(|reply| reply.prefix)
    }

    /// Goes on at the end of the lines that led to another state.
    pub(super) fn resume(&mut self, state: &Self) {
        let Self { lenient, limit, .. } = *self;
        *self = Self { lenient, limit, ..state.clone() };
    }

    /// Returns the state in which a later part of the same input begins, outside of data. `None` if the lines so far do not
    /// say all that later ones are compared with.
    pub(super) fn part(&self) -> Option<Self> {
        let is_settled = self.kind == Kind::Wire || self.line_end.is_some() || self.has_reply;
        let (data, lone_lf, at_start) = (Data::None, false, false);
        let steady = if self.has_shape { Some(self.reply_end) } else { None };
        let (behind_event, number, offset, others, skipped) = (0, 0, 0, 0, Skipped::NONE);
        let part =
            Self { data, lone_lf, at_start, steady, behind_event, number, offset, others, skipped, ..self.clone() };
        is_settled.then_some(part)
    }

    /// Adds a part that was read behind these lines.
    ///
    /// # Errors
    ///
    /// The part, if it begins inside of data.
    #[allow(clippy::result_large_err, reason = "an error that is rare, where a box would need an allocator")]
    pub(super) fn append(&mut self, part: Self) -> Result<(), Self> {
        if self.data != Data::None {
            return Err(part);
        }
        let Self { number, offset, others, mut skipped, .. } = *self;
        skipped.append(&part.skipped, number);
        let data = match part.data {
            Data::None => Data::None,
            Data::First { reply } => Data::First { reply: reply + number },
            Data::More { reply } => Data::More { reply: reply + number },
        };
        let behind_event = if part.behind_event == 0 { 0 } else { part.behind_event + number };
        let (number, offset, others) = (number + part.number, offset + part.offset, others + part.others);
        *self = Self { data, behind_event, number, offset, others, skipped, ..part };
        Ok(())
    }

    /// Steps over the lines from index `at` of `bytes` on, up to the end of the next event. `None` if there is none: a line
    /// without an end may be left, of which nothing was counted.
    #[inline]
    pub(super) fn find(&mut self, bytes: &[u8], at: &mut usize) -> Option<LineRange> {
        let (first, mut start) = (*at, *at);
        let mut found = None;
        for lf in memchr::memchr_iter(b'\n', bytes.get(first..)?) {
            let lf = first + lf;
            let before_lf = bytes.get(start..lf)?;
            let (text, end) = match before_lf.strip_suffix(b"\r") {
                Some(text) => (text, End::CrLf),
                None if self.goes_on(before_lf) => continue,
                None => (before_lf, End::Lf),
            };
            self.number += 1;
            found = match self.steady_event(text, end) {
                Some(false) => None,
                Some(true) => Some(self.steady_range(text, end)),
                None => (self.other_line)(self, text, end, (lf + 1 - start) as u64),
            };
            if let Some(range) = &mut found {
                *range = range.moved_by(start, self.offset + (start - first) as u64);
                start = lf + 1;
                break;
            }
            start = lf + 1;
        }
        *at = start;
        self.offset += (start - first) as u64;
        found
    }

    /// Steps over the last line, which has no end, from index `at` of `bytes` on.
    pub(super) fn find_last(&mut self, bytes: &[u8], at: &mut usize) -> Option<LineRange> {
        let start = *at;
        let line = bytes.get(start..).filter(|line| !line.is_empty())?;
        *at = bytes.len();
        Some(self.line(line, End::None, line.len() as u64)?.moved_by(start, 0))
    }

    /// Returns `true` if a line with these first bytes goes on behind a LF without a CR: on the wire, in replies and data.
    #[inline]
    pub(super) fn goes_on(&mut self, line: &[u8]) -> bool {
        self.kind == Kind::Wire && self.goes_on_on_the_wire(line)
    }

    /// [`goes_on`](Self::goes_on) on the wire.
    #[cold]
    fn goes_on_on_the_wire(&mut self, line: &[u8]) -> bool {
        let bom = if self.at_start { super::BOM } else { b"" };
        let goes_on = self.data != Data::None || prefix::reply(line.strip_prefix(bom).unwrap_or(line)).is_some();
        if goes_on {
            (self.lone_lf, self.steady) = (true, None);
        }
        goes_on
    }

    /// Steps over one line, which has `whole` bytes with its end.
    pub(super) fn line(&mut self, line: &[u8], end: End, whole: u64) -> Option<LineRange> {
        let offset = self.offset;
        self.offset += whole;
        self.number += 1;
        (self.other_line)(self, line, end, whole).map(|range| range.moved_by(0, offset))
    }

    /// Returns whether a line is an event, if it has the shape of the last event's line. Most have.
    #[inline]
    fn steady_event(&self, line: &[u8], end: End) -> Option<bool> {
        if self.steady == Some(end) { self.shape.is_event(line, &self.formats[0]) } else { None }
    }

    /// Returns the place of an event in a line that has the shape of the last event's.
    #[inline]
    fn steady_range(&mut self, line: &[u8], end: End) -> LineRange {
        self.behind_event = self.number + 1;
        LineRange {
            number: self.number,
            offset: 0,
            whole: line.len() as u64 + end.len(),
            start: 0,
            end: line.len(),
            prefix: self.shape.prefix(),
            after: self.shape.after(),
            line_end: end,
            in_data: false,
        }
    }

    /// Steps over a line that does not look like the last event's, or is among data.
    ///
    /// `ANY` says that the input may be a log. Where it was set to be the wire nothing of logs is compiled in, so that a device
    /// that reads a connection does not pay for them.
    fn other_line<const ANY: bool>(&mut self, line: &[u8], end: End, whole: u64) -> Option<LineRange> {
        if self.is_plain_data(line, end) {
            self.others += 1;
            return None;
        }
        let is_whole = whole <= self.limit;
        // A line that is too long is examined only up to the length that can be kept.
        let text = if is_whole { line } else { line.get(..self.limit as usize).unwrap_or(line) };
        let bom = if self.at_start && text.starts_with(super::BOM) { super::BOM.len() } else { 0 };
        self.at_start = false;
        let text = text.get(bom..).unwrap_or_default();
        let reply = self.reply_in::<ANY>(text, end, is_whole);
        let is_outside = self.data == Data::None;
        let event = if is_outside {
            self.line_outside_data::<ANY>(text, end, reply)
        } else {
            self.line_of_data::<ANY>(text, reply)
        };
        self.lone_lf = false;
        let is_steady = self.has_shape && self.data == Data::None && self.kind != Kind::Unknown;
        self.steady = is_steady.then_some(self.reply_end);
        let reply = event?;
        self.behind_event = self.number + 1;
        Some(LineRange {
            number: self.number,
            offset: bom as u64,
            whole,
            start: bom,
            end: line.len(),
            prefix: reply.prefix as u8,
            after: (text.len() - reply.end) as u8,
            line_end: end,
            in_data: !is_outside,
        })
    }

    /// Returns the reply in a line, after what the line says of the input as a whole.
    fn reply_in<const ANY: bool>(&mut self, text: &[u8], end: End, is_whole: bool) -> Option<Reply> {
        if ANY && self.kind == Kind::Unknown && prefix::reply(text).is_some() {
            let is_wire = end == End::CrLf;
            self.kind = if is_wire { Kind::Wire } else { Kind::Log };
            (self.reply_end, self.cr_is_end, self.shape) = (end, is_wire, Shape::none(is_wire));
        }
        let reply = if ANY { self.reply(text, is_whole) } else { wire_reply(text) };
        if ANY && self.kind == Kind::Unknown && reply.is_some() {
            self.kind = Kind::Log;
        }
        if end == End::None && !text.is_empty() {
            self.skipped.unterminated = Some(self.number);
        }
        if ANY && self.lone_lf {
            self.count_lone_lfs(text);
        }
        reply
    }

    /// Returns the reply in a line. One that is not whole need not end with the text that a log writes behind a reply.
    fn reply(&self, line: &[u8], is_whole: bool) -> Option<Reply> {
        if self.kind == Kind::Wire {
            return wire_reply(line);
        }
        if self.formats[0].is_none() {
            return prefix::len(line).map(|prefix| Reply { prefix, end: line.len(), format: 0 });
        }
        self.formats.iter().flatten().enumerate().find_map(|(index, format)| {
            let prefix = format.reply(line, is_whole)?;
            let end = if is_whole { line.len() - format.after().len() } else { line.len() };
            Some(Reply { prefix, end, format: index })
        })
    }

    /// Counts a line outside of data.
    fn line_outside_data<const ANY: bool>(
        &mut self,
        line: &[u8],
        line_end: End,
        reply: Option<Reply>,
    ) -> Option<Reply> {
        let Some(reply) = reply else {
            self.others += 1;
            self.count_other_line(line);
            return None;
        };
        if ANY && self.kind == Kind::Log {
            self.compare_line_end(line_end);
        }
        let (prefix, text) = line.get(..reply.end)?.split_at_checked(reply.prefix)?;
        if prefix::reply(text) == Some(b'+') {
            self.data = if ANY { Data::First { reply: self.number } } else { Data::More { reply: self.number } };
            if ANY {
                let of_prefix = || if prefix.is_empty() { None } else { LogFormat::like(prefix, b"") };
                self.data_format = self.formats.get(reply.format).copied().flatten().or_else(of_prefix);
            }
        }
        if !text.starts_with(super::MARK) {
            return None;
        }
        if ANY && self.kind == Kind::Log && reply.format == 0 && self.limit >= Self::SHAPE_LIMIT {
            let after = self.formats[0].as_ref().map_or(0, |format| format.after().len() as u8);
            if let Some(shape) = Shape::new(prefix, after) {
                (self.shape, self.has_shape) = (shape, true);
            }
        }
        Some(reply)
    }

    /// Returns `true` if a line is nothing but data by its first byte: neither a dot, nor something like an event, nor the
    /// beginning of a prefix. Most lines of data are that.
    #[inline]
    fn is_plain_data(&self, line: &[u8], end: End) -> bool {
        let is_more = matches!(self.data, Data::More { .. }) && !self.lone_lf && end != End::None;
        let has_format = self.data_format.is_some() || self.formats[0].is_some();
        let is_plain = match line.first() {
            Some(first) if self.kind == Kind::Wire => !matches!(first, b'.' | b'6'),
            Some(first) => first.is_ascii_lowercase(),
            None => true,
        };
        is_more && !has_format && is_plain
    }

    /// Counts a line without a reply, if it looks like an event.
    fn count_other_line(&mut self, line: &[u8]) {
        let (mark, bare) = marks(line);
        self.skipped.marks.add(mark.into(), self.number);
        self.skipped.bare.add((bare && !mark).into(), self.number);
        if self.behind_event == self.number && is_rest_of_event(line) {
            self.skipped.wrapped.add(1, self.number);
            self.behind_event += 1;
        }
    }

    /// Counts a line of data, or ends the data.
    fn line_of_data<const ANY: bool>(&mut self, line: &[u8], reply: Option<Reply>) -> Option<Reply> {
        self.others += 1;
        let text = if ANY { self.text_of_data(line) } else { line };
        if line == b"." || text == b"." {
            self.data = Data::None;
            return None;
        }
        let starts_event = |text: Option<&[u8]>| text.is_some_and(|text| text.starts_with(super::MARK));
        // Without a prefix it may be the text of a stranger's descriptor.
        let event = reply
            .filter(|reply| ANY && (reply.prefix > 0 || self.formats[0].is_some()))
            .filter(|reply| starts_event(line.get(reply.prefix..reply.end)));
        if event.is_some() || starts_event(Some(line)) || starts_event(Some(text)) {
            self.skipped.in_data.add(1, self.number);
        }
        self.others -= u64::from(event.is_some());
        event
    }

    /// Returns a line of data without the text that a log wrote before and behind it.
    fn text_of_data<'a>(&mut self, line: &'a [u8]) -> &'a [u8] {
        if let Data::First { reply } = self.data {
            self.data = Data::More { reply };
            let fits = |format: &LogFormat| format.prefix_len(line).is_some() || format.is_blank(line);
            if !self.data_format.as_ref().is_some_and(fits) {
                self.data_format = None;
            }
        }
        let text = self.data_format.as_ref().and_then(|format| {
            let text = line.get(format.prefix_len(line)?..)?;
            Some(text.strip_suffix(format.after()).unwrap_or(text))
        });
        text.unwrap_or(line)
    }

    /// Compares a reply's line end with that of the log's first reply.
    fn compare_line_end(&mut self, line_end: End) {
        if line_end == End::None {
            return;
        }
        if self.line_end.is_some() {
            // Both are a line end, and the next one is likely to be the same.
            self.reply_end = line_end;
        } else if !self.has_reply {
            (self.has_reply, self.reply_end, self.cr_is_end) = (true, line_end, line_end == End::CrLf);
        } else if line_end != self.reply_end {
            self.skipped.line_ends.add(1, self.number);
        }
    }

    /// Counts the LFs alone in a reply or its data on the wire. tor prints some in targets: in a STREAM event only those
    /// count behind which a reply stands as in a log.
    fn count_lone_lfs(&mut self, line: &[u8]) {
        if self.line_end.is_some() {
            return;
        }
        let is_event = line.starts_with(super::MARK);
        let lfs = memchr::memchr_iter(b'\n', line);
        let lfs = lfs.filter(|lf| !is_event || line.get(lf + 1..).is_some_and(|rest| prefix::len(rest).is_some()));
        self.skipped.line_ends.add(lfs.count() as u64, self.number);
    }

    /// Reads the event that was found in `bytes`, whose `content` it is.
    #[inline(never)]
    pub(super) fn event<'a>(&self, bytes: &'a [u8], range: &LineRange, content: Text<'a>) -> EventLine<'a> {
        let is_plain = range.after == 0 && !range.in_data;
        if is_plain && range.line_end == if self.cr_is_end { End::CrLf } else { End::Lf } {
            self.plain_event(bytes, range, content)
        } else {
            self.odd_event(bytes, range, content)
        }
    }

    /// Reads an event whose line may have an anomaly.
    #[inline(never)]
    fn odd_event<'a>(&self, bytes: &'a [u8], range: &LineRange, content: Text<'a>) -> EventLine<'a> {
        let mut line = self.plain_event(bytes, range, content);
        self.note(&mut line, range);
        line
    }

    /// Reads an event whose line has no anomaly.
    #[cfg_attr(feature = "std", inline)]
    #[cfg_attr(not(feature = "std"), inline(never))]
    fn plain_event<'a>(&self, bytes: &'a [u8], range: &LineRange, content: Text<'a>) -> EventLine<'a> {
        let &LineRange { number, offset, start, end, prefix, line_end, .. } = range;
        let line = bytes.get(start..end).unwrap_or_default();
        EventLine {
            number,
            offset,
            prefix: line.get(..prefix.into()).unwrap_or_default(),
            line,
            event: parse::read(content, self.lenient),
            terminated: line_end != End::None,
        }
    }

    /// Raises the anomalies of an event that come from its line.
    #[cold]
    fn note(&self, line: &mut EventLine<'_>, range: &LineRange) {
        let Ok(event) = &mut line.event else {
            return;
        };
        if range.line_end == End::CrLf && !self.cr_is_end {
            parse::note_lone_line_end(event);
        }
        let after = line.line.get(range.content_end() - range.start..).unwrap_or_default();
        let may_be_escaped = format::escapes(after) && event.content().contains(&b'\\');
        let flags = [
            (Anomaly::Unterminated, range.line_end == End::None),
            (Anomaly::InData, range.in_data),
            (Anomaly::Escaped, may_be_escaped),
        ];
        event.add_anomalies(flags.into_iter().filter_map(|(anomaly, is_so)| is_so.then_some(anomaly)).collect());
    }

    /// Returns an event that is too long.
    #[cold]
    pub(super) fn too_long<'a>(&self, bytes: &'a [u8], range: &LineRange) -> EventLine<'a> {
        let &LineRange { number, offset, whole, start, end, prefix, line_end, .. } = range;
        let limit = self.limit as usize;
        let line = bytes.get(start..end.min(start + limit)).unwrap_or_default();
        let (prefix, terminated) = (line.get(..prefix.into()).unwrap_or_default(), line_end != End::None);
        EventLine { number, offset, prefix, line, event: Err(Error::LineTooLong { length: whole, limit }), terminated }
    }
}

impl fmt::Debug for LineFinder {
    /// Shows the settings and the place. What is kept to be quick is left out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LineFinder")
            .field("kind", &self.kind)
            .field("lenient", &self.lenient)
            .field("limit", &self.limit)
            .field("log_format", &self.formats[0])
            .field("number", &self.number)
            .field("offset", &self.offset)
            .field("replies", &self.replies())
            .field("skipped", &self.skipped())
            .finish_non_exhaustive()
    }
}

/// Returns the reply that a line of the wire begins with.
#[inline]
fn wire_reply(line: &[u8]) -> Option<Reply> {
    prefix::reply(line).map(|_| Reply { prefix: 0, end: line.len(), format: 0 })
}

/// Returns whether `line` holds `650 STREAM `, and whether it holds an event without the code.
fn marks(line: &[u8]) -> (bool, bool) {
    let (mut mark, mut bare) = (false, false);
    // Capital letters are rarer in a log's text than digits and spaces.
    for start in memchr::memchr_iter(b'S', line) {
        let (before, rest) = line.split_at_checked(start).unwrap_or_default();
        let Some(rest) = rest.strip_prefix(b"STREAM") else {
            continue;
        };
        mark |= before.ends_with(b"650 ") && rest.starts_with(b" ");
        let is_word = !before.last().is_some_and(|&byte| byte.is_ascii_alphanumeric() || byte == b'_');
        bare |= is_word && is_event(rest.strip_prefix(b":").unwrap_or(rest));
    }
    (mark, bare)
}

/// Returns `true` if `text` begins with a space, the ID of a stream, and a status.
fn is_event(text: &[u8]) -> bool {
    let mut words = text.split(|&byte| byte == b' ');
    let is_id = |id: &[u8]| !id.is_empty() && id.iter().all(u8::is_ascii_digit);
    let is_status = |word: &[u8]| StreamStatus::from_bytes(word).is_some();
    words.next() == Some(b"") && words.next().is_some_and(is_id) && words.next().is_some_and(is_status)
}

/// Returns `true` if `line` begins with a keyword of an event and an equals sign, indented or quoted as mail is, or with the
/// rest of a word, which a terminal breaks anywhere, and such a keyword behind it.
fn is_rest_of_event(line: &[u8]) -> bool {
    let start = line.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'>')).unwrap_or(line.len());
    let line = line.get(start..).unwrap_or_default();
    let second = memchr::memchr(b' ', line).and_then(|space| line.get(space + 1..));
    starts_with_keyword(line) || second.is_some_and(starts_with_keyword)
}

/// Returns `true` if `line` begins with a keyword of an event and an equals sign.
fn starts_with_keyword(line: &[u8]) -> bool {
    let end = memchr::memchr(b'=', line);
    end.and_then(|end| line.get(..end)).and_then(Keyword::from_bytes).is_some()
}
