//! Applies the rules to a line that does not match the last event's pattern: whether it has a reply, is data, is an
//! event.

use super::pattern::Pattern;
use super::{Data, Input, LineFinder, LineRange, Terminator, prefix, reply};
use crate::format::STREAM_REPLY;
use crate::lines::BOM;
use crate::lines::format::{Extent, LogFormat};

/// Range of a reply in its line.
#[derive(Clone, Copy)]
struct Reply {
    /// Length of the prefix before the reply.
    prefix: usize,
    /// Index after the reply's last byte.
    end: usize,
    /// Index, among the finder's formats, of the format that the line has; 0 without formats.
    format_index: usize,
}

impl LineFinder {
    /// Examines a line that does not match the last event's pattern, or is data. Returns its range if it is an event, with
    /// indexes into `line`. `full_len` is the line's length with its terminator; of a line that is too long, `line` may
    /// be the beginning only.
    ///
    /// `MAY_BE_LOG` is `false` where the caller set the input to be the wire: then nothing of logs is compiled in, so
    /// that a device that reads a connection does not pay for it.
    pub(super) fn examine<const MAY_BE_LOG: bool>(
        &mut self,
        line: &[u8],
        terminator: Terminator,
        full_len: u64,
    ) -> Option<LineRange> {
        if self.is_plain_data(line, terminator) {
            self.without_reply += 1;
            return None;
        }
        // A line that is too long is examined up to the limit, which is as much as a splitter keeps of it. So every entry
        // point finds the same, also one that has the whole line.
        let (text, extent) = if full_len <= self.limit {
            (line, Extent::Whole)
        } else {
            (line.get(..self.limit as usize).unwrap_or(line), Extent::Start)
        };
        let bom = if self.at_start && text.starts_with(BOM) { BOM.len() } else { 0 };
        self.at_start = false;
        let text = text.get(bom..).unwrap_or_default();
        let reply = self.examine_reply::<MAY_BE_LOG>(text, terminator, extent);
        let in_data = self.data != Data::Closed;
        let event = if in_data {
            self.examine_in_data::<MAY_BE_LOG>(text, reply)
        } else {
            self.examine_outside_data::<MAY_BE_LOG>(text, terminator, reply)
        };
        self.lone_lf = false;
        // No line is compared with the pattern in data or before the first reply.
        let may_match = self.uses_pattern && self.data == Data::Closed && self.input != Input::Unknown;
        self.pattern_terminator = may_match.then_some(self.reply_terminator);
        let reply = event?;
        self.after_event = self.lines + 1;
        Some(LineRange {
            number: self.lines,
            offset: bom as u64,
            full_len,
            start: bom,
            end: line.len(),
            prefix: reply.prefix,
            // At most the 128 bytes of a format.
            after: (text.len() - reply.end) as u8,
            terminator,
            in_data,
        })
    }

    /// Returns the length of the prefix of a line with a reply.
    pub(in crate::lines) fn reply_prefix(&self, line: &[u8]) -> Option<usize> {
        self.reply(line, Extent::Whole).map(|reply| reply.prefix)
    }

    /// Returns the reply in a line. The first line with a reply shows whether the input is the wire or a log. Counts
    /// lone LFs, and notes a missing terminator.
    fn examine_reply<const MAY_BE_LOG: bool>(
        &mut self,
        text: &[u8],
        terminator: Terminator,
        extent: Extent,
    ) -> Option<Reply> {
        if MAY_BE_LOG && self.input == Input::Unknown && reply::separator(text).is_some() {
            let is_wire = terminator == Terminator::CrLf;
            self.input = if is_wire { Input::Wire } else { Input::Log };
            (self.reply_terminator, self.cr_is_end) = (terminator, is_wire);
            self.pattern = Pattern::without_prefix(self.input);
        }
        let reply = if MAY_BE_LOG { self.reply(text, extent) } else { wire_reply(text) };
        // A reply with a prefix. On the wire there are none.
        if MAY_BE_LOG && self.input == Input::Unknown && reply.is_some() {
            self.input = Input::Log;
        }
        if terminator == Terminator::Missing && !text.is_empty() {
            self.skipped.unterminated = Some(self.lines);
        }
        // Lone LFs make it doubtful that the input is the wire, unless the caller says so.
        if MAY_BE_LOG && self.lone_lf {
            self.count_lone_lfs(text);
        }
        reply
    }

    /// Returns the reply in a line. With [`Extent::Start`], the text that a log writes after a reply is not looked for.
    fn reply(&self, line: &[u8], extent: Extent) -> Option<Reply> {
        if self.input == Input::Wire {
            return wire_reply(line);
        }
        if self.formats[0].is_none() {
            return prefix::len(line).map(|prefix| Reply { prefix, end: line.len(), format_index: 0 });
        }
        self.formats.iter().flatten().enumerate().find_map(|(format_index, format)| {
            let prefix = format.find_reply(line, extent)?;
            let end = match extent {
                Extent::Whole => line.len() - format.after().len(),
                Extent::Start => line.len(),
            };
            Some(Reply { prefix, end, format_index })
        })
    }

    /// Examines a line outside of data, which may be followed by data. Returns its reply if that is an event.
    fn examine_outside_data<const MAY_BE_LOG: bool>(
        &mut self,
        line: &[u8],
        terminator: Terminator,
        reply: Option<Reply>,
    ) -> Option<Reply> {
        let Some(reply) = reply else {
            self.without_reply += 1;
            self.count_lookalike(line);
            return None;
        };
        if MAY_BE_LOG && self.input == Input::Log {
            self.compare_terminator(terminator);
        }
        let (prefix, text) = line.get(..reply.end)?.split_at_checked(reply.prefix)?;
        if reply::separator(text) == Some(b'+') {
            self.data = Data::AfterFirstLine { reply_line: self.lines };
            if MAY_BE_LOG {
                // The lines of the data may have the prefix of the reply: the first one shows whether they do.
                self.data = Data::BeforeFirstLine { reply_line: self.lines };
                let like_prefix = || if prefix.is_empty() { None } else { LogFormat::like(prefix, b"") };
                self.data_format = self.formats.get(reply.format_index).copied().flatten().or_else(like_prefix);
            }
        }
        if !text.starts_with(STREAM_REPLY) {
            return None;
        }
        // A pattern has the text after a reply of the first format only.
        if MAY_BE_LOG && self.input == Input::Log && reply.format_index == 0 && self.limit >= Self::PATTERN_LIMIT {
            let after = self.formats[0].as_ref().map_or(0, |format| format.after().len() as u8);
            if let Some(pattern) = Pattern::new(prefix, after) {
                (self.pattern, self.uses_pattern) = (pattern, true);
            }
        }
        Some(reply)
    }

    /// Examines a line of data, which may be the dot that ends the data. Returns the reply if the line is an event with
    /// a prefix.
    fn examine_in_data<const MAY_BE_LOG: bool>(&mut self, line: &[u8], reply: Option<Reply>) -> Option<Reply> {
        let text = if MAY_BE_LOG { self.text_of_data(line) } else { line };
        if line == b"." || text == b"." {
            self.data = Data::Closed;
            self.without_reply += 1;
            return None;
        }
        let starts_event = |text: &[u8]| text.starts_with(STREAM_REPLY);
        // A line without a prefix may be the text of a stranger's descriptor.
        let event = reply
            .filter(|reply| MAY_BE_LOG && (reply.prefix > 0 || self.formats[0].is_some()))
            .filter(|reply| line.get(reply.prefix..reply.end).is_some_and(starts_event));
        // An event that is returned is counted too: see `Skipped::in_data`.
        if event.is_some() || starts_event(line) || starts_event(text) {
            self.skipped.in_data.add(1, self.lines);
        }
        self.without_reply += u64::from(event.is_none());
        event
    }

    /// Returns `true` if a line surely is data and nothing else, so that it need not be examined. Most lines of data do
    /// not begin like an event, a date, or the end of the data.
    #[inline]
    pub(super) fn is_plain_data(&self, line: &[u8], terminator: Terminator) -> bool {
        let may_be_plain = matches!(self.data, Data::AfterFirstLine { .. })
            && !self.lone_lf
            && terminator != Terminator::Missing
            && self.data_format.is_none()
            && self.formats[0].is_none();
        // A line of the wire is data unless it begins with the dot that ends the data, or like an event, which is counted. In
        // a log it may also begin with a date or time, none of which begins with a small letter.
        let begins_as_text = match line.first() {
            Some(first) if self.input == Input::Wire => !matches!(first, b'.' | b'6'),
            Some(first) => first.is_ascii_lowercase(),
            None => true,
        };
        may_be_plain && begins_as_text
    }

    /// Returns a line of data without the text that a log wrote before and after it. The first line shows whether the
    /// log writes any.
    fn text_of_data<'a>(&mut self, line: &'a [u8]) -> &'a [u8] {
        if let Data::BeforeFirstLine { reply_line } = self.data {
            self.data = Data::AfterFirstLine { reply_line };
            // A log may leave out the space at the end of its prefix if the first line of data is empty.
            let fits = |format: &LogFormat| format.prefix_len(line).is_some() || format.is_trimmed_prefix(line);
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

    /// Compares the terminator of a log's reply with that of its first reply.
    fn compare_terminator(&mut self, terminator: Terminator) {
        if terminator == Terminator::Missing {
            return;
        }
        if self.lf_is_set {
            // The caller allows LF and CR LF, and the next line is likely to have the same.
            self.reply_terminator = terminator;
        } else if !self.reply_terminator_is_final {
            self.reply_terminator_is_final = true;
            (self.reply_terminator, self.cr_is_end) = (terminator, terminator == Terminator::CrLf);
        } else if terminator != self.reply_terminator {
            self.skipped.line_ends.add(1, self.lines);
        }
    }
}

/// Returns the reply that a line of the wire begins with.
#[inline]
fn wire_reply(line: &[u8]) -> Option<Reply> {
    reply::separator(line).map(|_| Reply { prefix: 0, end: line.len(), format_index: 0 })
}
