//! Cuts bytes into lines, and compares each with the last event's line.
//!
//! # Before you change this
//!
//! Most bytes of a log are lines of other events, so [`find`](LineFinder::find) decides how fast a log is read. Such a
//! line takes two steps: memchr finds its LF, and [`Pattern::compare`](super::pattern::Pattern::compare) compares its
//! first bytes with the last event's. Everything else is in functions that are called for few lines. Bytes are counted
//! once for each call, not for each line. `examine` is a function pointer, because a program that reads only the wire
//! then does not link the rules of logs. `benches/instructions/run` shows the cost of a change.

use super::pattern::Matched;
use super::{Data, Input, LineFinder, LineRange, Terminator, reply};
use crate::lines::BOM;

impl LineFinder {
    /// Steps over the lines from index `at` of `bytes` on, up to the end of the next event, and moves `at` there.
    /// `None` without one: then `at` is the start of the line that has no terminator yet.
    #[inline]
    pub(in crate::lines) fn find(&mut self, bytes: &[u8], at: &mut usize) -> Option<LineRange> {
        // Indexes of the first line, of the line, and of the first byte that was not searched for its LF.
        let (first, mut start, mut next) = (*at, *at, *at);
        let mut found = None;
        while let Some(lf) = memchr::memchr(b'\n', bytes.get(next..)?) {
            let lf = next + lf;
            next = lf + 1;
            let before_lf = bytes.get(start..lf)?;
            let (text, terminator) = match before_lf.strip_suffix(b"\r") {
                Some(text) => (text, Terminator::CrLf),
                None if self.continues_after_lf(before_lf) => continue,
                None => (before_lf, Terminator::Lf),
            };
            self.lines += 1;
            found = match self.match_pattern(text, terminator) {
                Some(Matched::OtherReply) => None,
                Some(Matched::Event) => Some(self.range_of_match(text, terminator)),
                None => (self.examine)(self, text, terminator, (next - start) as u64),
            };
            if let Some(range) = &mut found {
                *range = range.moved_by(start, self.bytes + (start - first) as u64);
                start = next;
                break;
            }
            start = next;
        }
        *at = start;
        self.bytes += (start - first) as u64;
        found
    }

    /// Steps over the last line, from index `at` of `bytes` on, which has no terminator. `None` if it is empty or not an
    /// event.
    pub(in crate::lines) fn find_last(&mut self, bytes: &[u8], at: &mut usize) -> Option<LineRange> {
        let start = *at;
        let line = bytes.get(start..).filter(|line| !line.is_empty())?;
        *at = bytes.len();
        Some(self.step_over(line, Terminator::Missing, line.len() as u64)?.moved_by(start, 0))
    }

    /// Steps over one line. `full_len` is its length with its terminator. Returns the range if the line is an event.
    pub(in crate::lines) fn step_over(
        &mut self,
        line: &[u8],
        terminator: Terminator,
        full_len: u64,
    ) -> Option<LineRange> {
        let offset = self.bytes;
        self.bytes += full_len;
        self.lines += 1;
        (self.examine)(self, line, terminator, full_len).map(|range| range.moved_by(0, offset))
    }

    /// Returns `true` if a lone LF after `line` is a byte of that line: on the wire, in replies and data. Such an LF is
    /// noted.
    #[inline]
    pub(in crate::lines) fn continues_after_lf(&mut self, line: &[u8]) -> bool {
        self.input == Input::Wire && self.wire_continues_after_lf(line)
    }

    /// [`continues_after_lf`](Self::continues_after_lf) on the wire.
    #[cold]
    fn wire_continues_after_lf(&mut self, line: &[u8]) -> bool {
        let bom = if self.at_start { BOM } else { b"" };
        let continues = self.data != Data::Closed || reply::separator(line.strip_prefix(bom).unwrap_or(line)).is_some();
        if continues {
            (self.lone_lf, self.pattern_terminator) = (true, None);
        }
        continues
    }

    /// Compares a line with the last event's pattern, if that is possible. Most lines match. In a log with formats, only
    /// lines in the first one make patterns.
    #[inline]
    pub(super) fn match_pattern(&self, line: &[u8], terminator: Terminator) -> Option<Matched> {
        if self.pattern_terminator == Some(terminator) { self.pattern.compare(line, &self.formats[0]) } else { None }
    }

    /// Returns the range of an event in a line that matches the last event's pattern.
    #[inline]
    fn range_of_match(&mut self, line: &[u8], terminator: Terminator) -> LineRange {
        self.after_event = self.lines + 1;
        LineRange {
            number: self.lines,
            offset: 0,
            full_len: line.len() as u64 + terminator.len(),
            start: 0,
            end: line.len(),
            prefix: self.pattern.prefix().into(),
            after: self.pattern.after(),
            terminator,
            in_data: false,
        }
    }

    /// Makes the next line be examined, whatever its pattern.
    #[cfg(test)]
    pub(super) const fn leave_pattern(&mut self) {
        self.pattern_terminator = None;
    }
}
