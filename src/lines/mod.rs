//! Events out of a stream of lines: out of a buffer, out of pieces, out of a reader.
//!
//! The three differ in where the bytes come from. What is a line, and which line is an event, is said once, in [`Lines`].

mod buffer;
#[cfg(feature = "tokio-util")]
mod codec;
mod decoder;
mod prefix;
#[cfg(feature = "std")]
mod reader;
mod splitter;
mod state;
#[cfg(test)]
mod tests;

use core::fmt;
use core::time::Duration;

pub use self::buffer::{StreamEvents, stream_events};
#[cfg(feature = "tokio-util")]
pub use self::codec::EventCodec;
pub use self::decoder::Decoder;
use self::prefix::Shape;
#[cfg(feature = "std")]
pub use self::reader::EventReader;
pub use self::state::LineState;
use crate::error::Error;
use crate::event::StreamEventRef;
use crate::format::text::Text;
use crate::parse;
use crate::value::Redacted;

/// How lines end.
///
/// On a control connection they end with CR LF, and a CR or LF alone is part of a line: a client's host name may hold one.
/// In a log they may end with LF, and then a host name that holds one cannot be told from the end of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum LineEnd {
    /// With CR LF only, as on the wire. Lines begin with a reply code.
    CrLf,
    /// With LF or CR LF, as in logs. Lines may begin with a date and time.
    Lf,
}

impl LineEnd {
    /// How many bytes [`detect`](Self::detect) looks at.
    pub(crate) const DETECT: usize = 4096;

    /// Tells the wire from a log by how it begins: the wire with a reply code, and with a CR LF before long.
    pub(crate) fn detect(start: &[u8]) -> Self {
        let start = start.get(..Self::DETECT).unwrap_or(start);
        let has_cr_lf =
            || memchr::memchr_iter(b'\n', start).any(|lf| start.get(..lf).is_some_and(|line| line.ends_with(b"\r")));
        if reply(start).is_some() && has_cr_lf() { Self::CrLf } else { Self::Lf }
    }

    /// Returns `true` if more bytes after `start` can make it the wire.
    #[cfg(feature = "std")]
    fn may_be_wire(start: &[u8]) -> bool {
        start.len() < 4 || reply(start).is_some()
    }

    /// Returns the line that ends before the LF behind `line`, or `None` if that is no line end.
    #[inline]
    fn strip(self, line: &[u8]) -> Option<&[u8]> {
        match line.strip_suffix(b"\r") {
            None if self == Self::CrLf => None,
            stripped => Some(stripped.unwrap_or(line)),
        }
    }
}

/// Returns the character behind the reply code that `line` begins with: a space, `-`, or `+` for a reply with data.
fn reply(line: &[u8]) -> Option<u8> {
    match *line {
        [a, b, c, kind @ (b' ' | b'-' | b'+'), ..] if [a, b, c].iter().all(u8::is_ascii_digit) => Some(kind),
        _ => None,
    }
}

/// A line that is a STREAM event, or should be one.
#[derive(Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventLine<'a> {
    /// The line's number, from 1. Every line counts, whatever it is.
    pub number: u64,
    /// How many bytes came before the line.
    pub offset: u64,
    /// What a log puts before the `650`: a date, a time and spaces. Empty on the wire.
    pub prefix: &'a [u8],
    /// The whole line, prefix included, without its end. Of a line that is too long, the beginning.
    pub line: &'a [u8],
    /// The event. An offset in its error counts from the end of `650 STREAM `.
    pub event: Result<StreamEventRef<'a>, Error>,
    /// Whether the line had an end.
    terminated: bool,
}

impl EventLine<'_> {
    /// Returns the Unix time in the prefix that OnionPerf puts before a line, as the time since 1970: the `1548934191.51`
    /// of `2019-01-31 11:29:51 1548934191.51 650 STREAM`. `None` for any other prefix.
    #[must_use]
    pub fn unix_time(&self) -> Option<Duration> {
        prefix::unix_time(self.prefix)
    }

    /// Returns `true` if the line had an end. The last one of a log may have none, and so have lost some of its text.
    #[must_use]
    pub const fn is_terminated(&self) -> bool {
        self.terminated
    }
}

impl fmt::Debug for EventLine<'_> {
    /// Shows everything but the line, which may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventLine")
            .field("number", &self.number)
            .field("offset", &self.offset)
            .field("prefix", &Redacted::alone(self.prefix))
            .field("event", &self.event)
            .field("terminated", &self.terminated)
            .finish_non_exhaustive()
    }
}

/// What is to be known of the lines so far to say what the next one is.
#[derive(Clone, Debug)]
pub(crate) struct Lines {
    /// How lines end.
    line_end: LineEnd,
    /// Whether events are read leniently.
    lenient: bool,
    /// The most bytes that a line may have, its end included.
    limit: usize,
    /// Whether the lines are data of a reply: of one with a `+` behind its code, up to a line that is a single dot.
    data: bool,
    /// Whether a reply had a time before it. Then all have, and the next one ends data whose dot was lost.
    stamped: bool,
    /// What the last event's prefix looks like.
    shape: Shape,
    /// How many lines there were.
    number: u64,
    /// How many bytes there were.
    offset: u64,
}

/// Where a line with an event was found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    /// The line's number.
    number: u64,
    /// How many bytes came before the line.
    offset: u64,
    /// How many bytes the line has, its end included.
    whole: u64,
    /// How many of them are the prefix.
    prefix: usize,
    /// Where the line begins in the bytes that were looked at.
    start: usize,
    /// Where it ends there, its end left out.
    end: usize,
    /// Whether it had an end.
    terminated: bool,
}

impl Found {
    /// Returns where the event's content begins in the bytes that were looked at.
    const fn content(&self) -> usize {
        self.start + self.prefix + Lines::MARK.len()
    }
}

impl Lines {
    /// What every event begins with.
    const MARK: &'static [u8] = b"650 STREAM ";

    /// Returns the state before the first line.
    pub(crate) const fn new(line_end: LineEnd, limit: usize) -> Self {
        Self {
            line_end,
            lenient: false,
            limit,
            data: false,
            stamped: false,
            shape: Shape::none(),
            number: 0,
            offset: 0,
        }
    }

    /// Steps over the lines from index `at` of `bytes` on, up to the end of the next event. `None` if there is none: what is
    /// left is then a line without an end, or nothing.
    #[inline]
    fn find(&mut self, bytes: &[u8], at: &mut usize) -> Option<Found> {
        let first = *at;
        for lf in memchr::memchr_iter(b'\n', bytes.get(first..)?) {
            let (start, end) = (*at, first + lf + 1);
            let Some(line) = self.line_end.strip(bytes.get(start..end - 1)?) else {
                continue;
            };
            *at = end;
            if let Some(found) = self.line(line, (end - start) as u64) {
                return Some(Found { start, end: start + line.len(), ..found });
            }
        }
        None
    }

    /// Steps over the last line, which has no end, from index `at` of `bytes` on.
    fn find_last(&mut self, bytes: &[u8], at: &mut usize) -> Option<Found> {
        let start = *at;
        let line = bytes.get(start..).filter(|line| !line.is_empty())?;
        *at = bytes.len();
        let found = self.line(line, line.len() as u64)?;
        Some(Found { start, end: bytes.len(), terminated: false, ..found })
    }

    /// Steps over one line that has so many bytes as a `whole`.
    #[inline]
    fn line(&mut self, line: &[u8], whole: u64) -> Option<Found> {
        let offset = self.offset;
        self.offset += whole;
        self.number += 1;
        let prefix = self.event_prefix(line)?;
        Some(Found { number: self.number, offset, whole, prefix, start: 0, end: line.len(), terminated: true })
    }

    /// Returns the length of the prefix of a line that is an event.
    #[inline]
    fn event_prefix(&mut self, line: &[u8]) -> Option<usize> {
        if !self.data {
            if let Some(is_event) = self.shape.is_event(line) {
                return is_event.then_some(self.shape.len());
            }
        }
        self.other_event_prefix(line)
    }

    /// Returns the length of the prefix of a line that is an event and does not look like the last one, or is among data.
    #[inline(never)]
    fn other_event_prefix(&mut self, line: &[u8]) -> Option<usize> {
        let prefix = match self.line_end {
            LineEnd::CrLf => Some(0),
            LineEnd::Lf => prefix::len(line),
        };
        let stamped = prefix.is_some_and(|len| len > 0);
        if self.data && !self.ends_data(line, stamped) {
            return None;
        }
        let reply = line.get(prefix?..)?;
        self.data = self::reply(reply) == Some(b'+');
        self.stamped |= stamped;
        if !reply.starts_with(Self::MARK) {
            return None;
        }
        self.shape = Shape::new(line, prefix?);
        prefix
    }

    /// Returns `true` if a line that should be data of a reply is the next reply already.
    #[cold]
    fn ends_data(&mut self, line: &[u8], stamped: bool) -> bool {
        let is_reply = self.stamped && stamped;
        self.data = !is_reply && line != b".";
        is_reply
    }

    /// Reads the event that was found in `bytes`, whose `content` it is.
    ///
    /// Not inlined, so that it writes the event where the caller wants it.
    #[inline(never)]
    fn event<'a>(&self, bytes: &'a [u8], found: &Found, content: Text<'a>) -> EventLine<'a> {
        let &Found { number, offset, prefix, start, end, terminated, .. } = found;
        let line = bytes.get(start..end).unwrap_or_default();
        EventLine {
            number,
            offset,
            prefix: line.get(..prefix).unwrap_or_default(),
            line,
            event: parse::read_with_line_end(content, self.lenient),
            terminated,
        }
    }

    /// Says of an event that it is too long.
    #[cold]
    fn too_long<'a>(&self, bytes: &'a [u8], found: &Found) -> EventLine<'a> {
        let &Found { number, offset, whole, prefix, start, end, terminated } = found;
        let line = bytes.get(start..end.min(start + self.limit)).unwrap_or_default();
        let event = Err(Error::LineTooLong { length: whole, limit: self.limit });
        EventLine { number, offset, prefix: line.get(..prefix).unwrap_or_default(), line, event, terminated }
    }
}
