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
//! All that looked like an event and is none is counted ([`Skipped`]).

use core::fmt;

use super::event_line::{EventLine, LineEnd};
use super::format::{self, LogFormat};
use super::prefix::{self, Shape};
use super::skipped::Skipped;
use crate::anomaly::{Anomalies, Anomaly};
use crate::error::Error;
use crate::format::keyword::Keyword;
use crate::format::text::Text;
use crate::parse;
use crate::token::StreamStatus;

/// Line-finding state carried from one line to the next.
#[derive(Clone)]
pub(crate) struct LineFinder {
    /// Reads events leniently.
    pub(super) lenient: bool,
    /// Maximum length of a line, its end included.
    pub(super) limit: usize,
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
    /// A line that has the shape of the last event's can be told to be an event, or none, at once.
    steady: bool,
    /// Pattern of the last event's line.
    shape: Shape,
    /// The shape is one of this log.
    has_shape: bool,
    /// Lines of the shape end with CR LF.
    with_cr: bool,
    /// A CR before a LF is known to belong to the line end: on the wire, and in a log whose first reply had one.
    cr_is_end: bool,
    /// A reply with a line end was found.
    has_reply: bool,
    /// The last line was an event, or the rest of one that was wrapped.
    behind_event: bool,
    /// Number of lines.
    number: u64,
    /// Number of bytes.
    offset: u64,
    /// Number of lines with a reply.
    replies: u64,
    /// What was skipped so far.
    skipped: Skipped,
}

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
    /// The prefix's length.
    prefix: usize,
    /// The line's first byte, as an index of the bytes that were searched.
    start: usize,
    /// The index after its last byte, its end left out.
    end: usize,
    /// The index after the event.
    pub(super) content_end: usize,
    /// The line ended with CR LF.
    has_cr: bool,
    /// The line had an end.
    terminated: bool,
    /// Anomalies of the line.
    anomalies: Anomalies,
}

impl LineRange {
    /// Returns the range in bytes where the line begins at `start`.
    #[inline]
    const fn moved_by(self, start: usize) -> Self {
        Self { start: self.start + start, end: self.end + start, content_end: self.content_end + start, ..self }
    }

    /// Returns the index of the event's content in the bytes that were searched.
    pub(super) const fn content(&self) -> usize {
        self.start + self.prefix + super::MARK.len()
    }
}

/// End of a line.
#[derive(Clone, Copy)]
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

/// A line that is an event, with indices from the line's first byte.
struct Found {
    /// Number of bytes before the line: those of a byte order mark.
    skipped: usize,
    /// The reply.
    reply: Reply,
    /// Anomalies of the line.
    anomalies: Anomalies,
}

impl LineFinder {
    /// Returns the state before the first line.
    pub(super) const fn new(line_end: Option<LineEnd>, limit: usize) -> Self {
        let finder = Self {
            lenient: false,
            limit,
            line_end,
            formats: [None; LogFormat::MAX_FORMATS],
            at_start: true,
            kind: Kind::Unknown,
            data: Data::None,
            data_format: None,
            lone_lf: false,
            steady: false,
            shape: Shape::none(),
            has_shape: false,
            with_cr: false,
            cr_is_end: false,
            has_reply: false,
            behind_event: false,
            number: 0,
            offset: 0,
            replies: 0,
            skipped: Skipped::NONE,
        };
        finder.line_end(line_end)
    }

    /// Sets the line end, or leaves it to the first reply.
    pub(super) const fn line_end(mut self, line_end: Option<LineEnd>) -> Self {
        self.line_end = line_end;
        let is_log = self.formats[0].is_some() || matches!(line_end, Some(LineEnd::Lf));
        self.kind = match line_end {
            _ if is_log => Kind::Log,
            Some(_) => Kind::Wire,
            None => Kind::Unknown,
        };
        let is_wire = matches!(self.kind, Kind::Wire);
        (self.with_cr, self.cr_is_end) = (is_wire, is_wire);
        self.has_shape = self.formats[0].is_none();
        self
    }

    /// Adds a format. The input then is a log, and a line end of the wire that was set is no longer.
    pub(super) fn log_format(mut self, format: LogFormat) -> Self {
        if let Some(free) = self.formats.iter_mut().find(|format| format.is_none()) {
            *free = Some(format);
        }
        let line_end = self.line_end.filter(|&line_end| line_end == LineEnd::Lf);
        self.line_end(line_end)
    }

    /// Leaves the shape of the last event's line out of account for the next line.
    #[cfg(test)]
    pub(super) const fn leave_shape(&mut self) {
        self.steady = false;
    }

    /// Returns the number of lines with a reply.
    pub(super) const fn replies(&self) -> u64 {
        self.replies
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
        let (data, lone_lf, at_start, behind_event) = (Data::None, false, false, false);
        let (number, offset, replies, skipped) = (0, 0, 0, Skipped::NONE);
        let part = Self { data, lone_lf, at_start, behind_event, number, offset, replies, skipped, ..self.clone() };
        is_settled.then_some(Self { steady: self.has_shape, ..part })
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
        let Self { number, offset, replies, mut skipped, .. } = *self;
        skipped.append(&part.skipped, number);
        let data = match part.data {
            Data::None => Data::None,
            Data::First { reply } => Data::First { reply: reply + number },
            Data::More { reply } => Data::More { reply: reply + number },
        };
        let (number, offset, replies) = (number + part.number, offset + part.offset, replies + part.replies);
        *self = Self { data, number, offset, replies, skipped, ..part };
        Ok(())
    }

    /// Steps over the lines from index `at` of `bytes` on, up to the end of the next event. `None` if there is none: a line
    /// without an end may be left, of which nothing was counted.
    #[inline]
    pub(super) fn find(&mut self, bytes: &[u8], at: &mut usize) -> Option<LineRange> {
        let first = *at;
        for lf in memchr::memchr_iter(b'\n', bytes.get(first..)?) {
            let (start, end) = (*at, first + lf + 1);
            let before_lf = bytes.get(start..end - 1)?;
            let (line, line_end) = match before_lf.strip_suffix(b"\r") {
                Some(line) => (line, End::CrLf),
                None if self.goes_on(before_lf) => continue,
                None => (before_lf, End::Lf),
            };
            *at = end;
            if let Some(found) = self.line(line, line_end, (end - start) as u64) {
                return Some(found.moved_by(start));
            }
        }
        None
    }

    /// Steps over the last line, which has no end, from index `at` of `bytes` on.
    pub(super) fn find_last(&mut self, bytes: &[u8], at: &mut usize) -> Option<LineRange> {
        let start = *at;
        let line = bytes.get(start..).filter(|line| !line.is_empty())?;
        *at = bytes.len();
        Some(self.line(line, End::None, line.len() as u64)?.moved_by(start))
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
            (self.lone_lf, self.steady) = (true, false);
        }
        goes_on
    }

    /// Steps over one line, which has `whole` bytes with its end.
    ///
    /// Most lines are told by the shape of the last event's line, which takes few comparisons.
    #[inline]
    pub(super) fn line(&mut self, line: &[u8], line_end: End, whole: u64) -> Option<LineRange> {
        let offset = self.offset;
        self.offset += whole;
        self.number += 1;
        let has_cr = matches!(line_end, End::CrLf);
        let terminated = !matches!(line_end, End::None);
        let mut range = LineRange {
            number: self.number,
            offset,
            whole,
            prefix: self.shape.len(),
            start: 0,
            end: line.len(),
            content_end: line.len() - self.shape.after_len().min(line.len()),
            has_cr,
            terminated,
            anomalies: Anomalies::NONE,
        };
        let is_whole = whole <= self.limit as u64;
        if self.steady && has_cr == self.with_cr && terminated && is_whole {
            if let Some(is_event) = self.shape.is_event(line, self.formats[0].as_ref()) {
                self.replies += 1;
                self.behind_event = is_event;
                return is_event.then_some(range);
            }
        }
        let Found { skipped, reply, anomalies } = self.other_line(line, line_end, whole)?;
        range.offset += skipped as u64;
        (range.start, range.prefix, range.content_end) = (skipped, reply.prefix, skipped + reply.end);
        range.anomalies = anomalies;
        Some(range)
    }

    /// Steps over a line that does not look like the last event's, or is among data.
    #[inline(never)]
    fn other_line(&mut self, line: &[u8], line_end: End, whole: u64) -> Option<Found> {
        let found = self.find_in_line(line, line_end, whole);
        self.lone_lf = false;
        self.steady = self.has_shape && self.data == Data::None && self.kind != Kind::Unknown;
        found
    }

    /// [`other_line`](Self::other_line), which prepares for the next line.
    fn find_in_line(&mut self, line: &[u8], line_end: End, whole: u64) -> Option<Found> {
        // Of a line that is too long no more is looked at than what can be kept.
        let line = line.get(..self.limit).unwrap_or(line);
        let bom = if self.at_start { super::BOM } else { b"" };
        self.at_start = false;
        let text = line.strip_prefix(bom).unwrap_or(line);
        if self.kind == Kind::Unknown && prefix::reply(text).is_some() {
            let is_wire = matches!(line_end, End::CrLf);
            self.kind = if is_wire { Kind::Wire } else { Kind::Log };
            (self.with_cr, self.cr_is_end) = (is_wire, is_wire);
        }
        let is_whole = whole <= self.limit as u64;
        let reply = self.reply(text, is_whole);
        if self.kind == Kind::Unknown && reply.is_some() {
            self.kind = Kind::Log;
        }
        if matches!(line_end, End::None) && !text.is_empty() {
            self.skipped.unterminated = Some(self.number);
        }
        if self.lone_lf {
            self.count_lone_lfs(text);
        }
        let found = match self.data {
            Data::None => self.line_outside_data(text, line_end, reply),
            Data::First { .. } | Data::More { .. } => self.line_of_data(text, reply),
        };
        self.behind_event = found.is_some() || (self.behind_event && reply.is_none());
        let (reply, anomalies) = found?;
        Some(Found { skipped: line.len() - text.len(), reply, anomalies })
    }

    /// Returns the reply in a line. One that is not whole need not end with the text that a log writes behind a reply.
    fn reply(&self, line: &[u8], is_whole: bool) -> Option<Reply> {
        if self.kind == Kind::Wire {
            return prefix::reply(line).map(|_| Reply { prefix: 0, end: line.len(), format: 0 });
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
    fn line_outside_data(&mut self, line: &[u8], line_end: End, reply: Option<Reply>) -> Option<(Reply, Anomalies)> {
        let Some(reply) = reply else {
            self.count_other_line(line);
            return None;
        };
        self.replies += 1;
        if self.kind == Kind::Log {
            self.compare_line_end(line_end);
        }
        let (prefix, text) = line.get(..reply.end)?.split_at_checked(reply.prefix)?;
        if prefix::reply(text) == Some(b'+') {
            self.data = Data::First { reply: self.number };
            let of_prefix = || if prefix.is_empty() { None } else { LogFormat::like(prefix, b"") };
            self.data_format = self.formats.get(reply.format).copied().flatten().or_else(of_prefix);
        }
        if !text.starts_with(super::MARK) {
            return None;
        }
        if reply.format == 0 {
            let after_len = self.formats[0].as_ref().map_or(0, |format| format.after().len());
            if let Some(shape) = Shape::new(line, reply.prefix, after_len) {
                (self.shape, self.has_shape) = (shape, true);
            }
        }
        Some((reply, Anomalies::NONE))
    }

    /// Counts a line without a reply, if it looks like an event.
    fn count_other_line(&mut self, line: &[u8]) {
        let (mark, bare) = marks(line);
        self.skipped.marks.add(mark.into(), self.number);
        self.skipped.bare.add((bare && !mark).into(), self.number);
        self.behind_event &= starts_with_keyword(line);
        self.skipped.wrapped.add(self.behind_event.into(), self.number);
    }

    /// Counts a line of data, or ends the data.
    fn line_of_data(&mut self, line: &[u8], reply: Option<Reply>) -> Option<(Reply, Anomalies)> {
        if let Data::First { reply } = self.data {
            self.data = Data::More { reply };
            if self
                .data_format
                .as_ref()
                .is_some_and(|format| format.prefix_len(line).is_none() && !format.is_blank(line))
            {
                self.data_format = None;
            }
        }
        let text = self.data_format.as_ref().and_then(|format| {
            let text = line.get(format.prefix_len(line)?..)?;
            Some(text.strip_suffix(format.after()).unwrap_or(text))
        });
        let text = text.unwrap_or(line);
        if line == b"." || text == b"." {
            self.data = Data::None;
            return None;
        }
        let starts_event = |text: Option<&[u8]>| text.is_some_and(|text| text.starts_with(super::MARK));
        // Without a prefix it may be the text of a stranger's descriptor.
        let event = reply
            .filter(|reply| reply.prefix > 0 || self.formats[0].is_some())
            .filter(|reply| starts_event(line.get(reply.prefix..reply.end)));
        if event.is_some() || starts_event(Some(line)) || starts_event(Some(text)) {
            self.skipped.in_data.add(1, self.number);
        }
        self.replies += u64::from(event.is_some());
        let mut anomalies = Anomalies::NONE;
        anomalies.insert(Anomaly::InData);
        Some((event?, anomalies))
    }

    /// Compares a reply's line end with that of the log's first reply.
    fn compare_line_end(&mut self, line_end: End) {
        let has_cr = match line_end {
            End::CrLf => true,
            End::Lf => false,
            End::None => return,
        };
        if self.line_end.is_some() {
            // Both are a line end, and the next one is likely to be the same.
            self.with_cr = has_cr;
        } else if !self.has_reply {
            (self.has_reply, self.with_cr, self.cr_is_end) = (true, has_cr, has_cr);
        } else if has_cr != self.with_cr {
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
    ///
    /// Not inlined, so that it writes the event where the caller wants it.
    #[inline(never)]
    pub(super) fn event<'a>(&self, bytes: &'a [u8], range: &LineRange, content: Text<'a>) -> EventLine<'a> {
        let &LineRange { number, offset, prefix, start, end, terminated, .. } = range;
        let line = bytes.get(start..end).unwrap_or_default();
        let mut line = EventLine {
            number,
            offset,
            prefix: line.get(..prefix).unwrap_or_default(),
            line,
            event: parse::read(content, self.lenient),
            terminated,
        };
        let is_plain = range.anomalies.is_empty() && terminated && range.has_cr == self.cr_is_end;
        if !is_plain || range.content_end != end {
            self.note(&mut line, range);
        }
        line
    }

    /// Raises the anomalies of an event that come from its line.
    #[cold]
    fn note(&self, line: &mut EventLine<'_>, range: &LineRange) {
        let Ok(event) = &mut line.event else {
            return;
        };
        if range.has_cr && !self.cr_is_end {
            parse::note_lone_line_end(event);
        }
        let mut anomalies = range.anomalies;
        if !range.terminated {
            anomalies.insert(Anomaly::Unterminated);
        }
        let after = line.line.get(range.content_end - range.start..).unwrap_or_default();
        if format::escapes(after) && event.content().contains(&b'\\') {
            anomalies.insert(Anomaly::Escaped);
        }
        event.add_anomalies(anomalies);
    }

    /// Returns an event that is too long.
    #[cold]
    pub(super) fn too_long<'a>(&self, bytes: &'a [u8], range: &LineRange) -> EventLine<'a> {
        let &LineRange { number, offset, whole, prefix, start, end, terminated, .. } = range;
        let line = bytes.get(start..end.min(start + self.limit)).unwrap_or_default();
        let event = Err(Error::LineTooLong { length: whole, limit: self.limit });
        EventLine { number, offset, prefix: line.get(..prefix).unwrap_or_default(), line, event, terminated }
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
            .field("replies", &self.replies)
            .field("skipped", &self.skipped())
            .finish_non_exhaustive()
    }
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
    let is_status = |word: &[u8]| StreamStatus::ALL.iter().any(|status| status.as_str().as_bytes() == word);
    words.next() == Some(b"") && words.next().is_some_and(is_id) && words.next().is_some_and(is_status)
}

/// Returns `true` if `line` begins with a keyword of an event and an equals sign.
fn starts_with_keyword(line: &[u8]) -> bool {
    let end = memchr::memchr(b'=', line);
    end.and_then(|end| line.get(..end)).and_then(Keyword::from_bytes).is_some()
}
