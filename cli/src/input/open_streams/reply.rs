//! The form of replies to `GETINFO stream-status`: their first line, and the lines of their data.

use std::io;

use memchr::memmem::Finder;
use tor_stream_event::{LineState, LogFormat, StreamEventRef, StreamStatus};

use crate::input::layout::Layout;

/// Name of the reply, after the code and `-` or `+`.
const NAME: &[u8] = b"stream-status=";

/// Number of bytes from the start of a line in which the prefix of a data line is searched for. A prefix may be longer than the
/// text of its format, in which [a run of digits or spaces stands for one of any length](LogFormat#matching). Twice the maximum
/// is more than a log's numbers grow.
const SEARCHED_FOR_PREFIX: usize = 2 * LogFormat::MAX_LEN;

/// Length of a reply's code, such as 250.
const CODE_LEN: usize = 3;

/// The form of replies in a log with a certain layout.
pub(super) struct ReplyForm {
    /// Searcher for [`NAME`].
    name: Finder<'static>,
    /// State at the start of any log with the layout, which detects replies.
    start_state: LineState,
    /// Formats of the log.
    formats: Vec<LogFormat>,
}

/// The first line of a reply to `GETINFO stream-status`.
pub(super) struct FirstLine<'l> {
    /// Row of a single stream; empty in a reply with data, and if no stream is open.
    pub(super) row: &'l [u8],
    /// Data that follows, announced by a `+` after the code.
    pub(super) data: Option<ReplyData>,
}

/// The data of a reply, in the lines after the first one up to a dot.
#[derive(Clone, Copy)]
pub(super) struct ReplyData {
    /// Format of the reply's first line, which its other lines may have too. `None` if the line has no prefix, and no format of the
    /// log fits it.
    format: Option<LogFormat>,
    /// Set after a line with another reply: the dot is lost, so further lines that are no rows are not reported as damaged
    /// ones. The reader of events reports that the data does not end.
    is_broken: bool,
}

/// A line of a reply's data.
pub(super) enum DataLine<'l> {
    /// Row of a stream, which may be damaged.
    Row(&'l [u8]),
    /// Dot that ends the data.
    End,
    /// Another line, or an empty one.
    Other,
}

impl ReplyForm {
    /// Returns the form of the replies in a log with this layout.
    pub(super) fn new(layout: &Layout) -> Self {
        let start_state = layout.events(io::empty()).state();
        Self { name: Finder::new(NAME), start_state, formats: layout.formats().to_vec() }
    }

    /// Returns the state at the start of a log.
    pub(super) const fn start_state(&self) -> &LineState {
        &self.start_state
    }

    /// Returns the length of the prefix before the reply that begins in a line, 0 without a prefix. `None` if no reply begins
    /// there.
    pub(super) fn prefix_len(&self, line: &[u8]) -> Option<usize> {
        self.start_state.reply_prefix(line)
    }

    /// Returns the index of the first name of a reply in some bytes.
    pub(super) fn find_name(&self, bytes: &[u8]) -> Option<usize> {
        self.name.find(bytes)
    }

    /// Parses the first line of a reply. `None` for any other line.
    pub(super) fn first_line<'l>(&self, line: &'l [u8]) -> Option<FirstLine<'l>> {
        self.find_name(line)?;
        let prefix_len = self.prefix_len(line)?;
        let format = self.formats.iter().find(|format| format.fits(line)).copied();
        let after_len = format.as_ref().map_or(0, |format| format.after().len());
        let (prefix, reply) = line.get(..line.len() - after_len)?.split_at_checked(prefix_len)?;
        let (&kind, named) = reply.strip_prefix(b"250")?.split_first()?;
        let row = named.strip_prefix(NAME)?;
        let has_data = match kind {
            b'+' => true,
            b'-' => false,
            _ => return None,
        };
        let of_prefix = || if prefix.is_empty() { None } else { LogFormat::like(prefix, b"") };
        let data = has_data.then(|| ReplyData { format: format.or_else(of_prefix), is_broken: false });
        Some(FirstLine { row, data })
    }

    /// Returns `true` for a line with another reply, as in data whose dot is lost.
    ///
    /// The row of a stream may look like a reply, since its ID may be the number of a code: `250 NEW 0 a.test:443`. Such a row
    /// has a known status or, after a word that this version does not know, a circuit and a target with a port. Of tor's other
    /// replies, stream events such as `650 STREAM 18 NEW 0 a.test:443` have a word, a number and a port there, so `STREAM` is taken for
    /// no status. A log message may have them, too, as in `650 NOTICE 3 relays, first 192.0.2.7:80`, which is taken for a row.
    fn is_other_reply(&self, line: &[u8]) -> bool {
        let after_code = self.prefix_len(line).and_then(|prefix_len| line.get(prefix_len + CODE_LEN..));
        let Some(after_code) = after_code else { return false };
        let Some(row) = after_code.strip_prefix(b" ") else { return true };
        let mut words = row.splitn(3, |&byte| byte == b' ');
        let (word, circuit, target) =
            (words.next().unwrap_or_default(), words.next(), words.next().unwrap_or_default());
        let is_number = |text: &[u8]| !text.is_empty() && text.iter().all(u8::is_ascii_digit);
        let is_status = StreamStatus::ALL.iter().any(|status| status.as_str().as_bytes() == word);
        let may_be_status = word.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'_') && word != b"STREAM";
        let has_port = target.contains(&b':') && target.rsplit(|&byte| byte == b':').next().is_some_and(is_number);
        !(is_status || may_be_status && circuit.is_some_and(is_number) && has_port)
    }
}

impl ReplyData {
    /// Classifies the next line of the data.
    pub(super) fn classify<'l>(&mut self, form: &ReplyForm, line: &'l [u8]) -> DataLine<'l> {
        // A log may write its prefix before each line, or before the reply's first line only.
        let text = self.without_prefix(line);
        if line == b"." || text == b"." {
            return DataLine::End;
        }
        let is_stream = |text: &[u8]| StreamEventRef::parse_bytes(text).is_ok();
        if is_stream(text) {
            return DataLine::Row(text);
        }
        if is_stream(line) {
            return DataLine::Row(line);
        }
        self.is_broken |= form.is_other_reply(line);
        if self.is_broken || text.is_empty() { DataLine::Other } else { DataLine::Row(text) }
    }

    /// Returns a line without the text that a log writes before and after it, if it has the text before.
    fn without_prefix<'l>(&self, line: &'l [u8]) -> &'l [u8] {
        let without = |format: &LogFormat| {
            let text = line.get(data_prefix_len(format, line)?..)?;
            Some(text.strip_suffix(format.after()).unwrap_or(text))
        };
        self.format.as_ref().and_then(without).unwrap_or(line)
    }
}

/// Returns the length of a format's prefix in a line of data, which has no reply after the prefix: 0 for a format that has only
/// text after a reply. `None` if the line does not begin with such a prefix.
///
/// A format fits only lines with a reply. So each beginning of the line that ends with the prefix's last byte is tried with a
/// reply after it.
fn data_prefix_len(format: &LogFormat, line: &[u8]) -> Option<usize> {
    let Some(&last) = format.before().last() else { return Some(0) };
    let mut with_reply = Vec::new();
    let fits = |&len: &usize| {
        with_reply.clear();
        with_reply.extend_from_slice(line.get(..len).unwrap_or_default());
        with_reply.extend_from_slice(b"250 ");
        with_reply.extend_from_slice(format.after());
        format.fits(&with_reply)
    };
    let searched = line.get(..SEARCHED_FOR_PREFIX).unwrap_or(line);
    let len = memchr::memchr_iter(last, searched).map(|at| at + 1).find(fits)?;
    // The shortest beginning that fits may end within a run of spaces.
    let more_spaces = line.iter().skip(len).take_while(|&&byte| last == b' ' && byte == b' ').count();
    Some(len + more_spaces)
}
