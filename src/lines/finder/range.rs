//! The range of an event's line in the searched bytes, and the event in it.

use super::LineFinder;
use crate::anomaly::Anomaly;
use crate::error::Error;
use crate::format::STREAM_REPLY;
use crate::format::content::Content;
use crate::lines::event_line::EventLine;
use crate::lines::format;
use crate::parse;

/// Range of a line with an event.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LineRange {
    /// Number of the line, from 1.
    pub(super) number: u64,
    /// Number of bytes before the line.
    pub(super) offset: u64,
    /// Length of the line, its end included.
    pub(in crate::lines) full_len: u64,
    /// Index of the line's first byte in the searched bytes.
    pub(super) start: usize,
    /// Index after the line's last byte, its end left out.
    pub(super) end: usize,
    /// Length of the prefix. Where a format has a row of digits or spaces, a line may have any number of them.
    pub(super) prefix: usize,
    /// Length of the text after the reply.
    pub(super) after: u8,
    /// End of the line.
    pub(super) line_end: End,
    /// Set if the line is among the data of a reply.
    pub(super) in_data: bool,
}

/// End of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::lines) enum End {
    /// CR LF.
    CrLf,
    /// LF.
    Lf,
    /// End of the input.
    None,
}

impl LineRange {
    /// Returns the index of the event's content in the searched bytes.
    #[inline]
    pub(in crate::lines) const fn content(&self) -> usize {
        self.start + self.prefix + STREAM_REPLY.len()
    }

    /// Returns the index after the event's content.
    #[inline]
    pub(in crate::lines) const fn content_end(&self) -> usize {
        self.end - self.after as usize
    }

    /// Returns the range in bytes where the line begins at `start`, with `offset` bytes before it.
    #[inline]
    pub(super) const fn moved_by(self, start: usize, offset: u64) -> Self {
        Self { start: self.start + start, end: self.end + start, offset: self.offset + offset, ..self }
    }
}

impl End {
    /// Returns the length of the line end, in bytes.
    pub(in crate::lines) const fn len(self) -> u64 {
        match self {
            Self::CrLf => 2,
            Self::Lf => 1,
            Self::None => 0,
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
        let is_plain = range.after == 0 && !range.in_data;
        let usual_end = if self.cr_is_end { End::CrLf } else { End::Lf };
        if is_plain && range.line_end == usual_end {
            self.plain_event(bytes, range, content)
        } else {
            self.odd_event(bytes, range, content)
        }
    }

    /// Parses an event whose line may have an anomaly.
    #[inline(never)]
    fn odd_event<'a>(&self, bytes: &'a [u8], range: &LineRange, content: Content<'a>) -> EventLine<'a> {
        let mut line = self.plain_event(bytes, range, content);
        self.add_anomalies(&mut line, range);
        line
    }

    /// Parses an event whose line has no anomaly.
    #[cfg_attr(feature = "std", inline)]
    #[cfg_attr(not(feature = "std"), inline(never))]
    fn plain_event<'a>(&self, bytes: &'a [u8], range: &LineRange, content: Content<'a>) -> EventLine<'a> {
        let &LineRange { number, offset, start, end, prefix, line_end, .. } = range;
        let line = bytes.get(start..end).unwrap_or_default();
        let prefix = line.get(..prefix).unwrap_or_default();
        let terminated = line_end != End::None;
        // One literal for each call, so that each writes its event into the line: after a branch it would be copied.
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
        if range.line_end == End::CrLf && !self.cr_is_end {
            parse::flag_cut_at_lone_line_end(event);
        }
        let after = line.line.get(range.content_end() - range.start..).unwrap_or_default();
        let may_be_escaped = format::escapes(after) && event.content().contains(&b'\\');
        let flags = [
            (Anomaly::Unterminated, range.line_end == End::None),
            (Anomaly::InData, range.in_data),
            (Anomaly::Escaped, may_be_escaped),
        ];
        event.add_anomalies(flags.into_iter().filter_map(|(anomaly, is_set)| is_set.then_some(anomaly)).collect());
    }

    /// Returns the line of an event that is too long, with [`Error::LineTooLong`].
    #[cold]
    pub(in crate::lines) fn too_long<'a>(&self, bytes: &'a [u8], range: &LineRange) -> EventLine<'a> {
        let &LineRange { number, offset, full_len, start, end, prefix, line_end, .. } = range;
        let limit = self.limit as usize;
        let line = bytes.get(start..end.min(start + limit)).unwrap_or_default();
        let (prefix, terminated) = (line.get(..prefix).unwrap_or_default(), line_end != End::None);
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
