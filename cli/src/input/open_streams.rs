//! Streams in replies to `GETINFO stream-status`: those that are open when a controller asks.
//!
//! Such a reply is not an event, so a scanner finds it in the bytes that are read. It has a row for each stream:
//!
//! ```text
//! 250+stream-status=                           250-stream-status=10 NEW 0 192.0.2.7:443
//! 31 NEW 0 www.example.com:443                 250 OK
//! 32 SUCCEEDED 7 www.example.org:80
//! .
//! ```

use alloc::collections::VecDeque;
use std::io;

use memchr::memmem::Finder;
use tor_stream_event::{EventReader, LineEnd, LineState, LogFormat, StreamEventRef, StreamStatus};

use crate::input::findings::LineCount;
use crate::input::layout::Layout;
use crate::input::lines::{CollectedLine, LineCollector};

/// Name of the reply, after the code and `-` or `+`.
const NAME: &[u8] = b"stream-status=";

/// The byte order mark of UTF-8, which may stand before the first line.
const BOM: &[u8] = b"\xef\xbb\xbf";

/// Maximum number of bytes that are kept of a line: that of an event's line.
const MAX_LINE: usize = EventReader::<io::Empty>::DEFAULT_LIMIT;

/// A scanner for replies to `GETINFO stream-status`.
pub(crate) struct OpenStreamScanner {
    /// Searcher for [`NAME`].
    finder: Finder<'static>,
    /// State at the start of any log with this layout, which recognizes replies.
    start_state: LineState,
    /// Formats of the log.
    formats: Vec<LogFormat>,
    /// Collector of the line that is still incomplete.
    lines: LineCollector,
    /// Offset of that line in the input.
    line_offset: u64,
    /// Offset of the next byte in the input.
    next_offset: u64,
    /// Number of lines before the incomplete line, counted as the reader of events counts them.
    lines_before: u64,
    /// Set on the wire, unset in a program's log; `None` before the first reply.
    is_wire: Option<bool>,
    /// Set if the next bytes belong to a line on the wire whose beginning was skipped: a reply that has a lone LF in it.
    goes_on: bool,
    /// Set if the line before ended with CR LF, unset after a lone LF; `None` at the start.
    previous_has_cr: Option<bool>,
    /// Line end of the scanner's first line, as in `previous_has_cr`, if a `stream-status` reply begins with that line: whether
    /// the line before has the same end is not known yet.
    accepted_has_cr: Option<bool>,
    /// Reply whose data is being scanned.
    reply: Option<OpenReply>,
    /// Rows that were found and not passed on.
    found: VecDeque<OpenStream>,
    /// First lines of replies that were not read: a client may have written them.
    refused: LineCount,
}

/// The row of a stream in a reply, which may be damaged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OpenStream {
    /// Offset of the row's line.
    offset: u64,
    /// Number of the line, from 1.
    pub(crate) number: u64,
    /// Text that looks like an event.
    pub(crate) text: Vec<u8>,
}

/// A reply whose data has not ended.
#[derive(Clone, Copy)]
struct OpenReply {
    /// Format of its first line, which its other lines may have too; `None` without a prefix.
    format: Option<LogFormat>,
    /// Set after a line with another reply: the dot is lost, so further lines that are no rows are not reported as damaged
    /// ones. The reader of events reports that the data does not end.
    is_broken: bool,
}

impl OpenStreamScanner {
    /// Returns a scanner for the bytes of a log from its start on or, given the state of the lines before, for the rest.
    pub(crate) fn new(layout: &Layout, state: Option<&LineState>) -> Self {
        let start_state = layout.events(io::empty()).state();
        let offset = state.map_or(0, LineState::bytes);
        let is_wire = state.unwrap_or(&start_state).line_end().map(|line_end| line_end == LineEnd::CrLf);
        Self {
            finder: Finder::new(NAME),
            start_state,
            formats: layout.formats().to_vec(),
            lines: LineCollector::of_log(MAX_LINE),
            line_offset: offset,
            next_offset: offset,
            lines_before: state.map_or(0, LineState::lines),
            is_wire,
            goes_on: false,
            previous_has_cr: None,
            accepted_has_cr: None,
            reply: None,
            found: VecDeque::new(),
            refused: LineCount::default(),
        }
    }

    /// Returns this scanner, which has scanned nothing yet, as one that goes on where an earlier one has ended: maybe within
    /// a reply. A read begins with a line, its state has the line end, and findings have the refused replies, so only two
    /// fields are taken over.
    pub(crate) fn resume(self, earlier: &Self) -> Self {
        Self { previous_has_cr: earlier.previous_has_cr, reply: earlier.reply, ..self }
    }

    /// Returns `true` if `later`, which began at the next line, has found what this scanner would have found there: no reply
    /// is open here, and if `later` accepted its first line as a reply, the line before has the same line end.
    pub(crate) fn is_followed_by(&self, later: &Self) -> bool {
        let same = |has_cr| self.previous_has_cr.is_none_or(|previous| previous == has_cr);
        self.reply.is_none() && later.accepted_has_cr.is_none_or(same)
    }

    /// Returns this scanner of a later range as one that has scanned the ranges before as well, where
    /// [no reply is open](Self::is_followed_by). A range without a line has no line end of its own.
    pub(crate) fn after(self, earlier: Option<Self>) -> Self {
        let previous_has_cr = self.previous_has_cr.or(earlier.and_then(|earlier| earlier.previous_has_cr));
        Self { previous_has_cr, ..self }
    }

    /// Scans the next bytes.
    pub(crate) fn scan(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            // An incomplete line, and the data of a reply, are scanned line by line. Any other line matters only if it has
            // the name. Before the first reply it is not known how lines end.
            if self.reply.is_none() && self.lines.is_empty() && self.is_wire.is_some() {
                self.skip_lines_without_name(&mut rest);
            }
            let (taken, line) = self.lines.take(&mut rest);
            self.next_offset += taken.len() as u64;
            if let Some(line) = line {
                self.complete(line);
            }
        }
    }

    /// Removes the lines before the first one with the name from `rest`. The last line stays, since it may be incomplete.
    fn skip_lines_without_name(&mut self, rest: &mut &[u8]) {
        let before_name = rest.get(..self.finder.find(rest).unwrap_or(rest.len())).unwrap_or_default();
        let line_start = memchr::memrchr(b'\n', before_name).map_or(0, |lf| lf + 1);
        let (skipped, kept) = rest.split_at_checked(line_start).unwrap_or_default();
        if !skipped.is_empty() {
            self.previous_has_cr = Some(skipped.ends_with(b"\r\n"));
        }
        self.count_lines(skipped);
        self.next_offset += line_start as u64;
        self.line_offset = self.next_offset;
        *rest = kept;
    }

    /// Scans the last line, if it has no end.
    pub(crate) fn finish(&mut self) {
        if !self.lines.is_empty() {
            let has_cr = self.is_wire == Some(true) || self.previous_has_cr == Some(true);
            let end: &[u8] = if has_cr { b"\r\n" } else { b"\n" };
            if let (_, Some(line)) = self.lines.take(&mut &*end) {
                self.complete(line);
            }
        }
    }

    /// Scans a complete line, and counts it.
    fn complete(&mut self, mut line: CollectedLine) {
        if self.line_offset == 0 && line.text.starts_with(BOM) {
            line.text.drain(..BOM.len());
        }
        let is_reply_or_data = self.reply.is_some() || self.start_state.reply_prefix(&line.text) == Some(0);
        if self.is_wire == Some(true) && !line.has_cr && !self.goes_on && is_reply_or_data {
            // The LF is a byte of the reply: a client may have put it into a name.
            self.lines.put_back(line);
            return;
        }
        let offset = core::mem::replace(&mut self.line_offset, self.next_offset);
        self.scan_line(&line, offset);
        self.count_line(&line.text, line.has_cr);
        self.previous_has_cr = Some(line.has_cr);
    }

    /// Counts lines that are complete, outside of data.
    fn count_lines(&mut self, lines: &[u8]) {
        if self.is_wire != Some(true) {
            self.lines_before += memchr::memchr_iter(b'\n', lines).count() as u64;
            return;
        }
        let mut start = 0;
        for lf in memchr::memchr_iter(b'\n', lines) {
            let text = lines.get(start..lf).unwrap_or_default();
            self.count_line(text, text.ends_with(b"\r"));
            start = lf + 1;
        }
    }

    /// Counts a line whose text ends at a LF, unless on the wire that LF is a byte of the line. The first reply shows whether the
    /// input is a capture of the wire.
    fn count_line(&mut self, text: &[u8], has_cr: bool) {
        let begins_reply = || self.start_state.reply_prefix(text) == Some(0);
        self.goes_on = self.is_wire == Some(true) && !has_cr && (self.goes_on || begins_reply());
        self.lines_before += u64::from(!self.goes_on);
        if self.is_wire.is_none() {
            self.is_wire = self.start_state.reply_prefix(text).map(|prefix| prefix == 0 && has_cr);
        }
    }

    /// Scans the text of a complete line.
    fn scan_line(&mut self, line: &CollectedLine, offset: u64) {
        if self.reply.is_some() {
            self.scan_data(&line.text, offset);
        } else if !self.goes_on {
            self.scan_first_line(line, offset);
        }
    }

    /// Scans a line outside of data: with the name, it has a row, or rows follow.
    fn scan_first_line(&mut self, line: &CollectedLine, offset: u64) {
        let Some((row, reply)) = self.split_at_name(&line.text) else { return };
        // In a program's log with CR LF, the line may be the rest of a name in which a client has put a LF, to forge the line.
        let has_same_end = self.previous_has_cr.is_none_or(|previous| previous == line.has_cr);
        if self.is_wire != Some(true) && !has_same_end {
            self.refused.add(self.lines_before + 1);
            return;
        }
        if self.previous_has_cr.is_none() {
            self.accepted_has_cr = Some(line.has_cr);
        }
        if !row.is_empty() {
            let number = self.lines_before + 1;
            self.found.push_back(OpenStream { offset, number, text: row.to_vec() });
        }
        self.reply = reply;
    }

    /// Returns the text after the name of a reply, and the reply if data follows.
    fn split_at_name<'l>(&self, line: &'l [u8]) -> Option<(&'l [u8], Option<OpenReply>)> {
        self.finder.find(line)?;
        let prefix = self.start_state.reply_prefix(line)?;
        let format = self.formats.iter().find(|format| format.fits(line)).copied();
        let after = format.as_ref().map_or(0, |format| format.after().len());
        let (prefix, reply) = line.get(..line.len() - after)?.split_at_checked(prefix)?;
        let (&kind, named) = reply.strip_prefix(b"250")?.split_first()?;
        let row = named.strip_prefix(NAME)?;
        let of_prefix = || if prefix.is_empty() { None } else { LogFormat::like(prefix, b"") };
        let reply = || OpenReply { format: format.or_else(of_prefix), is_broken: false };
        matches!(kind, b'-' | b'+').then(|| (row, (kind == b'+').then(reply)))
    }

    /// Scans a line of data: a row, or the dot that ends the data.
    fn scan_data(&mut self, line: &[u8], offset: u64) {
        let Some(reply) = &mut self.reply else { return };
        // A log may write its prefix before each line, or before the reply's first line only.
        let text = reply.without_prefix(line);
        if line == b"." || text == b"." {
            self.reply = None;
            return;
        }
        let is_stream = |text: &[u8]| StreamEventRef::parse_bytes(text).is_ok();
        let row = if !is_stream(text) && is_stream(line) { line } else { text };
        if !is_stream(row) {
            reply.is_broken |= is_other_reply(&self.start_state, line);
            if reply.is_broken || row.is_empty() {
                return;
            }
        }
        self.found.push_back(OpenStream { offset, number: self.lines_before + 1, text: row.to_vec() });
    }

    /// Returns the first lines of replies that were not read.
    pub(crate) const fn refused(&self) -> LineCount {
        self.refused
    }

    /// Returns the next row that was found before an offset.
    pub(crate) fn next_before(&mut self, offset: u64) -> Option<OpenStream> {
        self.found.front().filter(|stream| stream.offset < offset)?;
        self.found.pop_front()
    }
}

impl OpenReply {
    /// Returns a line without the text that a log writes before and after it, if it has the text before.
    fn without_prefix<'l>(&self, line: &'l [u8]) -> &'l [u8] {
        let without = |format: &LogFormat| {
            let text = line.get(prefix_len(format, line)?..)?;
            Some(text.strip_suffix(format.after()).unwrap_or(text))
        };
        self.format.as_ref().and_then(without).unwrap_or(line)
    }
}

/// Returns the length of a format's prefix in a line that need not have a reply after it.
///
/// A format fits only lines with a reply. So each beginning of the line that ends like the format's prefix is tried with a
/// reply after it. Runs of digits and spaces may be longer than the format's.
fn prefix_len(format: &LogFormat, line: &[u8]) -> Option<usize> {
    let last = *format.before().last()?;
    let mut with_reply = Vec::new();
    let fits = |&len: &usize| {
        with_reply.clear();
        with_reply.extend_from_slice(line.get(..len).unwrap_or_default());
        with_reply.extend_from_slice(b"250 ");
        with_reply.extend_from_slice(format.after());
        format.fits(&with_reply)
    };
    // The prefix may be longer than the format's, by its runs. Twice the length is far more than they add.
    let searched = line.get(..2 * LogFormat::MAX_LEN).unwrap_or(line);
    let len = memchr::memchr_iter(last, searched).map(|at| at + 1).find(fits)?;
    let more_spaces = line.iter().skip(len).take_while(|&&byte| last == b' ' && byte == b' ').count();
    Some(len + more_spaces)
}

/// Returns `true` for a line with another reply, as in data whose dot is lost.
///
/// The row of a stream may look like a reply, since its ID may be the number of a code: `250 NEW 0 a.test:443`. Such a row has
/// a known status or, after a word that this version does not know, a circuit and a target with a port. Of tor's other
/// replies only `650 STREAM` may have that form.
fn is_other_reply(start_state: &LineState, line: &[u8]) -> bool {
    let Some(text) = start_state.reply_prefix(line).and_then(|prefix| line.get(prefix + 3..)) else { return false };
    let Some(row) = text.strip_prefix(b" ") else { return true };
    let mut words = row.splitn(3, |&byte| byte == b' ');
    let (word, circuit, target) = (words.next().unwrap_or_default(), words.next(), words.next().unwrap_or_default());
    let is_number = |text: &[u8]| !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    let is_status = StreamStatus::ALL.iter().any(|status| status.as_str().as_bytes() == word);
    let is_word = word.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'_') && word != b"STREAM";
    let has_port = target.contains(&b':') && target.rsplit(|&byte| byte == b':').next().is_some_and(is_number);
    !(is_status || is_word && circuit.is_some_and(is_number) && has_port)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the streams in `text`, passed in chunks of `len` bytes.
    fn streams(text: &str, len: usize) -> Vec<String> {
        let mut scanner = OpenStreamScanner::new(&Layout::default(), None);
        text.as_bytes().chunks(len).for_each(|chunk| scanner.scan(chunk));
        assert_eq!(scanner.next_offset, text.len() as u64);
        let mut streams = Vec::new();
        while let Some(OpenStream { offset, number, text: stream }) = scanner.found.front().cloned() {
            assert!(scanner.next_before(offset).is_none());
            assert!(scanner.next_before(offset + 1).is_some());
            let stream = String::from_utf8_lossy(&stream).into_owned();
            let (before, rest) = text.split_at_checked(offset as usize).unwrap_or_default();
            let line_end = if scanner.is_wire == Some(true) { "\r\n" } else { "\n" };
            assert!(rest.split(line_end).next().is_some_and(|line| line.contains(&stream)));
            assert_eq!(number, before.matches(line_end).count() as u64 + 1);
            streams.push(stream);
        }
        streams
    }

    /// A range of the input may begin in the data of a reply, or in a line of a capture: such a range is read again.
    #[test]
    fn ranges_side_by_side() {
        let scanned = |text: &str| {
            let mut scanner = OpenStreamScanner::new(&Layout::default(), None);
            scanner.scan(text.as_bytes());
            scanner
        };
        let reply = "250-stream-status=1 NEW 0 b:1\r\n";
        let earlier = scanned("250 OK\r\n250+stream-status=\r\n31 NEW 0 a:1\r\n");
        assert!(!earlier.is_followed_by(&scanned("250 SUCCEEDED 7 b:1\r\n.\r\n")));
        let mut resumed = scanned("").resume(&earlier);
        resumed.scan(b"250 SUCCEEDED 7 b:1\r\n.\r\n32 NEW 0 c:1\r\n");
        assert_eq!(resumed.found, [OpenStream { offset: 0, number: 1, text: b"250 SUCCEEDED 7 b:1".to_vec() }]);
        // A LF alone is text of the line, on the wire.
        for (first, is_right) in [("250 OK\r\n", true), ("650 STREAM 8 NEW 0 a\n", false)] {
            assert_eq!(scanned(first).is_followed_by(&scanned(reply)), is_right, "{first}");
        }
        let earlier = scanned("650 BW 1 2\r\n").after(Some(scanned("250 OK\n")));
        assert!(earlier.is_followed_by(&scanned(reply)));
    }

    /// A program's note on the wire ends with a LF, and is not the beginning of the reply after it.
    #[test]
    fn a_note_before_a_reply() {
        let mut scanner = OpenStreamScanner::new(&Layout::default(), None);
        scanner.scan(b"250 OK\r\n> GETINFO stream-status\n250-stream-status=1 NEW 0 a:1\r\n");
        assert_eq!(scanner.found, [OpenStream { offset: 32, number: 3, text: b"1 NEW 0 a:1".to_vec() }]);
    }

    /// In a log with CR LF, a line after a lone LF may be a client's.
    #[test]
    fn a_reply_that_may_be_forged() {
        let mut scanner = OpenStreamScanner::new(&Layout::default(), None);
        scanner.scan(b"1:2 650 STREAM 8 NEW 0 a\n1:2 250-stream-status=1 NEW 0 b:1\r\n");
        assert_eq!((scanner.found.len(), scanner.refused.count), (0, 1));
    }

    #[test]
    fn a_byte_order_mark() {
        let mut scanner = OpenStreamScanner::new(&Layout::default(), None);
        scanner.scan(b"\xef\xbb\xbf250+stream-status=\r\n1 NEW 0 a:1\r\n");
        assert_eq!(scanner.found, [OpenStream { offset: 23, number: 2, text: b"1 NEW 0 a:1".to_vec() }]);
    }

    #[test]
    fn replies_in_chunks_of_any_length() {
        const EVENT: &str = "650 STREAM 9 NEW 0 250+stream-status=:1\r\n";
        let long = "x".repeat(3 * MAX_LINE);
        for (text, expected) in [
            (
                "250+stream-status=\r\n31 NEW 0 a:1\r\n32 SUCCEEDED 7 b:2\r\n.\r\n250 OK\r\n",
                &["31 NEW 0 a:1", "32 SUCCEEDED 7 b:2"][..],
            ),
            ("250+stream-status=\r\n.\r\n250 OK\r\n5 NEW 0 a:1\r\n", &[]),
            ("250-stream-status=10 NEW 0 192.0.2.7:443\r\n250 OK\r\n", &["10 NEW 0 192.0.2.7:443"]),
            ("250-stream-status=\r\n250 OK\r\n250+stream-status=\r\n31 NEW 0 a:1\r\n.\r\n", &["31 NEW 0 a:1"]),
            // A lone LF is a byte of a name: the lines of the reply that it seems to begin are forged.
            ("650 STREAM 8 NEW 0 a\n250-stream-status=1 NEW 0 b:1\r\n", &[]),
            ("650 STREAM 8 NEW 0 a\nb\n250+stream-status=\n1 NEW 0 b:1\n.\n:1\r\n", &[]),
            ("250-stream-status=1 NEW 0 a\n:1\r\n", &["1 NEW 0 a\n:1"]),
            ("250+stream-status=\r\n1 NEW 0 a:1\n2 NEW 0 b:1\r\n.\r\n", &["1 NEW 0 a:1\n2 NEW 0 b:1"]),
            // The ID of a stream may be the number of a code, and its status a word of a newer tor.
            (
                "250+stream-status=\r\n250 NEW 0 a:1\r\n650 PAUSED 7 b c:1\r\n1 NEW 0\r\n.\r\n",
                &["250 NEW 0 a:1", "650 PAUSED 7 b c:1", "1 NEW 0"],
            ),
            ("250+stream-status=\r\n250 OK\r\n650 STREAM 7 NEW 0 a:1\r\n1 NEW 0\r\n.\r\n", &[]),
            (&format!("650 STREAM {long}\r\n250-stream-status=1 NEW 0 b:1\r\n"), &["1 NEW 0 b:1"]),
            ("551 x stream-status=\r\nxyz 250-stream-status=1 NEW 0 b:1\r\n1250-stream-status=1 NEW 0 b:1\r\n", &[]),
        ] {
            for len in [1, 2, 7, 64, 1 << 20] {
                assert_eq!(streams(&format!("{EVENT}{text}{EVENT}"), len), expected, "{len} {text}");
            }
        }
        // A lost dot: the lines after it are no damaged streams.
        let capture = "250+stream-status=\r\n1 NEW 0 a:1\r\n2 NEW\r\n250 OK\r\nx\r\n3 NEW 0 c:1\r\n";
        assert_eq!(streams(capture, 5), ["1 NEW 0 a:1", "2 NEW", "3 NEW 0 c:1"]);
        // Runs of digits and spaces of another length than in the reply's prefix.
        let log = "[9]  250+stream-status=\n[10] 31 NEW 0 a:1\n[100]   250 NEW 0 b:1\n[11] .\n[1] 9 NEW 0 c:1\n";
        assert_eq!(streams(log, 5), ["31 NEW 0 a:1", "250 NEW 0 b:1"]);
        // The dot has a time before it; a target that ends with a dot is no end.
        let log = "1:2 250+stream-status=\n1:2 31 NEW 0 a.:1\n31 NEW 0 a.\n1:2 .\n32 NEW 0 b:1\n";
        assert_eq!(streams(log, 5), ["31 NEW 0 a.:1", "31 NEW 0 a."]);
        let log = "1795600800.00 250+stream-status=\n31 NEW 0 a:1\n.\n1795600801.00 250-stream-status=1 NEW 0 b:1\n";
        assert_eq!(streams(log, 5), ["31 NEW 0 a:1", "1 NEW 0 b:1"]);
        assert_eq!(
            streams("$ GETINFO stream-status\n250+stream-status=\n18 SUCCEEDED 26 a:1\n.\n", 9),
            ["18 SUCCEEDED 26 a:1"]
        );
    }
}
