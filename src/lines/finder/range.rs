//! The range of an event's line in the searched bytes, and the event in it.

use super::LineFinder;
use crate::anomaly::Anomaly;
use crate::error::Error;
use crate::format::STREAM_REPLY;
use crate::format::content::Content;
use crate::lines::event_line::EventLine;
use crate::lines::format;
use crate::parse;

/// Range of a line with an event. Its indexes are into the bytes that were searched: a buffer, a chunk, or the kept
/// line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LineRange {
    /// Number of the line, from 1.
    pub(super) number: u64,
    /// Number of bytes before the line.
    pub(super) offset: u64,
    /// Length of the line, its terminator included.
    pub(in crate::lines) full_len: u64,
    /// Index of the line's first byte.
    pub(super) start: usize,
    /// Index after the line's last byte, its terminator left out.
    pub(super) end: usize,
    /// Length of the prefix. Of any size: where a format has digits or spaces, a line may have any number of them.
    pub(super) prefix: usize,
    /// Length of the text after the reply.
    pub(super) after: u8,
    /// Terminator of the line.
    pub(super) terminator: Terminator,
    /// Set if the line is among the data of a reply.
    pub(super) in_data: bool,
}

/// The bytes that end a single line. [`LineEnd`](crate::LineEnd) is the convention of a whole input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::lines) enum Terminator {
    /// CR LF.
    CrLf,
    /// A LF without a CR before it.
    Lf,
    /// None: the input ends with this line.
    Missing,
}

impl LineRange {
    /// Returns the index of the event's content.
    #[inline]
    pub(in crate::lines) const fn content(&self) -> usize {
        self.start + self.prefix + STREAM_REPLY.len()
    }

    /// Returns the index after the event's content.
    #[inline]
    pub(in crate::lines) const fn content_end(&self) -> usize {
        self.end - self.after as usize
    }

    /// Returns the range of a line that was examined alone, as a range of bytes that have the line at index `start`.
    /// `offset` is the number of bytes of the input before the line.
    #[inline]
    pub(super) const fn moved_by(self, start: usize, offset: u64) -> Self {
        Self { start: self.start + start, end: self.end + start, offset: self.offset + offset, ..self }
    }
}

impl Terminator {
    /// Returns the length in bytes.
    pub(in crate::lines) const fn len(self) -> u64 {
        match self {
            Self::CrLf => 2,
            Self::Lf => 1,
            Self::Missing => 0,
        }
    }
}

impl LineFinder {
    /// Parses the event at `range` of `bytes`, whose text is `content`.
    #[inline(never)]
    pub(in crate::lines) fn event<'a>(
        &self,
        bytes: &'a [u8],
        range: &LineRange,
        content: Content<'a>,
    ) -> EventLine<'a> {
        // Each anomaly of a line needs one of these: text after the reply, data around it, an unusual or missing
        // terminator.
        let usual_terminator = if self.cr_is_end { Terminator::CrLf } else { Terminator::Lf };
        if range.after == 0 && !range.in_data && range.terminator == usual_terminator {
            self.event_of_plain_line(bytes, range, content)
        } else {
            self.event_of_odd_line(bytes, range, content)
        }
    }

    /// Parses an event whose line may have an anomaly.
    #[inline(never)]
    fn event_of_odd_line<'a>(&self, bytes: &'a [u8], range: &LineRange, content: Content<'a>) -> EventLine<'a> {
        let mut line = self.event_of_plain_line(bytes, range, content);
        self.add_anomalies(&mut line, range);
        line
    }

    /// Parses an event whose line has no anomaly. `crate::format` says why this is inlined with `std` only.
    #[cfg_attr(feature = "std", inline)]
    #[cfg_attr(not(feature = "std"), inline(never))]
    fn event_of_plain_line<'a>(&self, bytes: &'a [u8], range: &LineRange, content: Content<'a>) -> EventLine<'a> {
        let &LineRange { number, offset, start, end, prefix, terminator, .. } = range;
        let line = bytes.get(start..end).unwrap_or_default();
        let prefix = line.get(..prefix).unwrap_or_default();
        let terminated = terminator != Terminator::Missing;
        // A literal in each arm, so that each call writes its event right into the line. An event that comes out of the
        // `match` would be copied.
        match content {
            Content::Str(text) => {
                EventLine { number, offset, prefix, line, event: parse::read_text(text, self.lenient), terminated }
            }
            Content::Bytes(_) => {
                EventLine { number, offset, prefix, line, event: parse::read_slowly(content, self.lenient), terminated }
            }
        }
    }

    /// Adds the anomalies of an event that come from its line.
    #[cold]
    fn add_anomalies(&self, line: &mut EventLine<'_>, range: &LineRange) {
        let Ok(event) = &mut line.event else {
            return;
        };
        // The CR may belong to the content.
        if range.terminator == Terminator::CrLf && !self.cr_is_end {
            parse::flag_cut_at_lone_line_end(event);
        }
        let after = line.line.get(range.content_end() - range.start..).unwrap_or_default();
        let may_be_escaped = format::may_escape(after) && event.content().contains(&b'\\');
        let flags = [
            (Anomaly::Unterminated, range.terminator == Terminator::Missing),
            (Anomaly::InData, range.in_data),
            (Anomaly::Escaped, may_be_escaped),
        ];
        event.add_anomalies(flags.into_iter().filter_map(|(anomaly, is_set)| is_set.then_some(anomaly)).collect());
    }

    /// Returns the line of an event that is too long, with [`Error::LineTooLong`].
    #[cold]
    pub(in crate::lines) fn too_long<'a>(&self, bytes: &'a [u8], range: &LineRange) -> EventLine<'a> {
        let &LineRange { number, offset, full_len, start, end, prefix, terminator, .. } = range;
        let limit = self.limit as usize;
        let line = bytes.get(start..end.min(start + limit)).unwrap_or_default();
        let prefix = line.get(..prefix).unwrap_or_default();
        let terminated = terminator != Terminator::Missing;
        EventLine {
            number,
            offset,
            prefix,
            line,
            event: Err(Error::LineTooLong { length: full_len, limit }),
            terminated,
        }
    }
}
