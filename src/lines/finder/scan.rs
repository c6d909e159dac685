//! Cuts bytes into lines, and compares each with the last event's line.
//!
//! # Before you change this
//!
//! Most bytes of a log are lines of other events, so [`find`](LineFinder::find) decides how fast a log is read. Such
//! a line takes two steps: memchr finds its LF, and [`Pattern::is_event`](super::pattern::Pattern::is_event) compares its
//! first bytes with the last event's. Everything else is in functions that are called for few lines. The offset is added
//! up once for each call, not for each line. `examine` is a function pointer, because a program that reads only the wire
//! then does not link the rules of logs. `benches/instructions/run` counts what a change costs.

use super::{Data, End, Input, LineFinder, LineRange, prefix};
use crate::lines::BOM;

impl LineFinder {
    /// Steps over the lines from index `at` of `bytes` on, up to the end of the next event. `None` without one: then `at` is
    /// the start of the line that has no end yet.
    #[inline]
    pub(in crate::lines) fn find(&mut self, bytes: &[u8], at: &mut usize) -> Option<LineRange> {
        let (first, mut start, mut next) = (*at, *at, *at);
        let mut found = None;
        while let Some(lf) = memchr::memchr(b'\n', bytes.get(next..)?) {
            let lf = next + lf;
            next = lf + 1;
            let before_lf = bytes.get(start..lf)?;
            let (text, end) = match before_lf.strip_suffix(b"\r") {
                Some(text) => (text, End::CrLf),
                None if self.goes_on(before_lf) => continue,
                None => (before_lf, End::Lf),
            };
            self.number += 1;
            found = match self.match_pattern(text, end) {
                Some(false) => None,
                Some(true) => Some(self.pattern_range(text, end)),
                None => (self.examine)(self, text, end, (next - start) as u64),
            };
            if let Some(range) = &mut found {
                *range = range.moved_by(start, self.offset + (start - first) as u64);
                start = next;
                break;
            }
            start = next;
        }
        *at = start;
        self.offset += (start - first) as u64;
        found
    }

    /// Steps over the last line, which has no end, from index `at` of `bytes` on.
    pub(in crate::lines) fn find_last(&mut self, bytes: &[u8], at: &mut usize) -> Option<LineRange> {
        let start = *at;
        let line = bytes.get(start..).filter(|line| !line.is_empty())?;
        *at = bytes.len();
        Some(self.line(line, End::None, line.len() as u64)?.moved_by(start, 0))
    }

    /// Steps over one line. `full_len` is its length with its end.
    pub(in crate::lines) fn line(&mut self, line: &[u8], end: End, full_len: u64) -> Option<LineRange> {
        let offset = self.offset;
        self.offset += full_len;
        self.number += 1;
        (self.examine)(self, line, end, full_len).map(|range| range.moved_by(0, offset))
    }

    /// Returns `true` if a lone LF after `line` is a byte of that line: on the wire, in replies and data.
    #[inline]
    pub(in crate::lines) fn goes_on(&mut self, line: &[u8]) -> bool {
        self.input == Input::Wire && self.goes_on_on_the_wire(line)
    }

    /// [`goes_on`](Self::goes_on) on the wire.
    #[cold]
    fn goes_on_on_the_wire(&mut self, line: &[u8]) -> bool {
        let bom = if self.at_start { BOM } else { b"" };
        let goes_on = self.data != Data::None || prefix::reply(line.strip_prefix(bom).unwrap_or(line)).is_some();
        if goes_on {
            (self.lone_lf, self.pattern_end) = (true, None);
        }
        goes_on
    }

    /// Returns whether a line is an event, if it matches the last event's pattern. Most lines do.
    #[inline]
    fn match_pattern(&self, line: &[u8], end: End) -> Option<bool> {
        if self.pattern_end == Some(end) { self.pattern.is_event(line, &self.formats[0]) } else { None }
    }

    /// Returns the range of an event in a line that matches the last event's pattern.
    #[inline]
    fn pattern_range(&mut self, line: &[u8], end: End) -> LineRange {
        self.after_event = self.number + 1;
        LineRange {
            number: self.number,
            offset: 0,
            full_len: line.len() as u64 + end.len(),
            start: 0,
            end: line.len(),
            prefix: self.pattern.prefix().into(),
            after: self.pattern.after(),
            line_end: end,
            in_data: false,
        }
    }

    /// Makes the next line be examined, whatever its pattern.
    #[cfg(test)]
    pub(super) const fn leave_pattern(&mut self) {
        self.pattern_end = None;
    }
}
