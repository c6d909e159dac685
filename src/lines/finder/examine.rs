//! Applies the rules to a line that does not match the last event's pattern: whether it has a reply, is data, is an event.

use super::pattern::Pattern;
use super::{Data, End, Input, LineFinder, LineRange, prefix};
use crate::format::STREAM_REPLY;
use crate::lines::BOM;
use crate::lines::format::LogFormat;

/// Range of a reply in its line.
#[derive(Clone, Copy)]
struct Reply {
    /// Length of the prefix before it.
    prefix: usize,
    /// Index after its last byte.
    end: usize,
    /// Index of the format that the line has; 0 without formats.
    format: usize,
}

impl LineFinder {
    /// Examines a line that does not match the last event's pattern, or is data. Returns its range if it is an event.
    ///
    /// `MAY_BE_LOG` is `false` where the caller set the input to be the wire: then nothing of logs is compiled in, so that a
    /// device that reads a connection does not pay for it.
    pub(super) fn examine<const MAY_BE_LOG: bool>(
        &mut self,
        line: &[u8],
        end: End,
        full_len: u64,
    ) -> Option<LineRange> {
        if self.is_plain_data(line, end) {
            self.others += 1;
            return None;
        }
        let is_complete = full_len <= self.limit;
        // A line that is too long is examined only up to the length that can be kept.
        let text = if is_complete { line } else { line.get(..self.limit as usize).unwrap_or(line) };
        let bom = if self.at_start && text.starts_with(BOM) { BOM.len() } else { 0 };
        self.at_start = false;
        let text = text.get(bom..).unwrap_or_default();
        let reply = self.first_reply::<MAY_BE_LOG>(text, end, is_complete);
        let is_outside = self.data == Data::None;
        let event = if is_outside {
            self.outside_data::<MAY_BE_LOG>(text, end, reply)
        } else {
            self.inside_data::<MAY_BE_LOG>(text, reply)
        };
        self.lone_lf = false;
        let may_match = self.has_pattern && self.data == Data::None && self.input != Input::Unknown;
        self.pattern_end = may_match.then_some(self.reply_end);
        let reply = event?;
        self.after_event = self.number + 1;
        Some(LineRange {
            number: self.number,
            offset: bom as u64,
            full_len,
            start: bom,
            end: line.len(),
            prefix: reply.prefix,
            after: (text.len() - reply.end) as u8,
            line_end: end,
            in_data: !is_outside,
        })
    }

    /// Returns the length of the prefix of a line with a reply.
    pub(in crate::lines) fn reply_prefix(&self, line: &[u8]) -> Option<usize> {
        self.reply(line, true).map(|reply| reply.prefix)
    }

    /// Returns the reply in a line. The first line with a reply settles whether the input is the wire or a log.
    fn first_reply<const MAY_BE_LOG: bool>(&mut self, text: &[u8], end: End, is_complete: bool) -> Option<Reply> {
        if MAY_BE_LOG && self.input == Input::Unknown && prefix::reply(text).is_some() {
            let is_wire = end == End::CrLf;
            self.input = if is_wire { Input::Wire } else { Input::Log };
            (self.reply_end, self.cr_is_end, self.pattern) = (end, is_wire, Pattern::none(is_wire));
        }
        let reply = if MAY_BE_LOG { self.reply(text, is_complete) } else { wire_reply(text) };
        if MAY_BE_LOG && self.input == Input::Unknown && reply.is_some() {
            self.input = Input::Log;
        }
        if end == End::None && !text.is_empty() {
            self.skipped.unterminated = Some(self.number);
        }
        if MAY_BE_LOG && self.lone_lf {
            self.count_lone_lfs(text);
        }
        reply
    }

    /// Returns the reply in a line. A line that is not complete need not end with the text that a log writes after a reply.
    fn reply(&self, line: &[u8], is_complete: bool) -> Option<Reply> {
        if self.input == Input::Wire {
            return wire_reply(line);
        }
        if self.formats[0].is_none() {
            return prefix::len(line).map(|prefix| Reply { prefix, end: line.len(), format: 0 });
        }
        self.formats.iter().flatten().enumerate().find_map(|(index, format)| {
            let prefix = format.reply(line, is_complete)?;
            let end = if is_complete { line.len() - format.after().len() } else { line.len() };
            Some(Reply { prefix, end, format: index })
        })
    }

    /// Examines a line outside of data. Returns its reply if that is an event.
    fn outside_data<const MAY_BE_LOG: bool>(
        &mut self,
        line: &[u8],
        line_end: End,
        reply: Option<Reply>,
    ) -> Option<Reply> {
        let Some(reply) = reply else {
            self.others += 1;
            self.count_lookalike(line);
            return None;
        };
        if MAY_BE_LOG && self.input == Input::Log {
            self.compare_line_end(line_end);
        }
        let (prefix, text) = line.get(..reply.end)?.split_at_checked(reply.prefix)?;
        if prefix::reply(text) == Some(b'+') {
            self.data = if MAY_BE_LOG { Data::First { reply: self.number } } else { Data::More { reply: self.number } };
            if MAY_BE_LOG {
                let of_prefix = || if prefix.is_empty() { None } else { LogFormat::like(prefix, b"") };
                self.data_format = self.formats.get(reply.format).copied().flatten().or_else(of_prefix);
            }
        }
        if !text.starts_with(STREAM_REPLY) {
            return None;
        }
        if MAY_BE_LOG && self.input == Input::Log && reply.format == 0 && self.limit >= Self::PATTERN_LIMIT {
            let after = self.formats[0].as_ref().map_or(0, |format| format.after().len() as u8);
            if let Some(pattern) = Pattern::new(prefix, after) {
                (self.pattern, self.has_pattern) = (pattern, true);
            }
        }
        Some(reply)
    }

    /// Examines a line of data, which may end it. Returns the reply if the line is an event with a prefix.
    fn inside_data<const MAY_BE_LOG: bool>(&mut self, line: &[u8], reply: Option<Reply>) -> Option<Reply> {
        self.others += 1;
        let text = if MAY_BE_LOG { self.text_of_data(line) } else { line };
        if line == b"." || text == b"." {
            self.data = Data::None;
            return None;
        }
        let starts_event = |text: Option<&[u8]>| text.is_some_and(|text| text.starts_with(STREAM_REPLY));
        // Without a prefix it may be the text of a stranger's descriptor.
        let event = reply
            .filter(|reply| MAY_BE_LOG && (reply.prefix > 0 || self.formats[0].is_some()))
            .filter(|reply| starts_event(line.get(reply.prefix..reply.end)));
        if event.is_some() || starts_event(Some(line)) || starts_event(Some(text)) {
            self.skipped.in_data.add(1, self.number);
        }
        self.others -= u64::from(event.is_some());
        event
    }

    /// Returns `true` if the first byte of a line shows that it is data and nothing else: neither a dot, nor like an event,
    /// nor the beginning of a prefix. Most lines of data are that.
    #[inline]
    fn is_plain_data(&self, line: &[u8], end: End) -> bool {
        let is_more = matches!(self.data, Data::More { .. }) && !self.lone_lf && end != End::None;
        let has_format = self.data_format.is_some() || self.formats[0].is_some();
        let is_plain = match line.first() {
            Some(first) if self.input == Input::Wire => !matches!(first, b'.' | b'6'),
            Some(first) => first.is_ascii_lowercase(),
            None => true,
        };
        is_more && !has_format && is_plain
    }

    /// Returns a line of data without the text that a log wrote before and after it. The first line shows whether the log
    /// writes any.
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
            // Both ends are allowed, and the next line is likely to have the same.
            self.reply_end = line_end;
        } else if !self.has_reply {
            (self.has_reply, self.reply_end, self.cr_is_end) = (true, line_end, line_end == End::CrLf);
        } else if line_end != self.reply_end {
            self.skipped.line_ends.add(1, self.number);
        }
    }
}

/// Returns the reply that a line of the wire begins with.
#[inline]
fn wire_reply(line: &[u8]) -> Option<Reply> {
    prefix::reply(line).map(|_| Reply { prefix: 0, end: line.len(), format: 0 })
}
