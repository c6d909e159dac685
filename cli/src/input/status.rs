//! Streams in replies to `GETINFO stream-status`: those that are open when a controller asks.
//!
//! Such a reply is not an event, so a scanner finds it in the bytes that are read:
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
use tor_stream_event::{EventReader, LineEnd as InputEnd, LineState, LogFormat, StreamEventRef, StreamStatus};

use crate::input::layout::Layout;
use crate::input::lines::{CollectedLine, LineCollector};

/// Name of the reply, after the code and `-` or `+`.
const NAME: &[u8] = b"stream-status=";

/// Maximum number of bytes that are kept of a line: that of an event's line.
const LINE: usize = EventReader::<io::Empty>::DEFAULT_LIMIT;

/// A scanner for replies to `GETINFO stream-status`.
pub(crate) struct OpenStreams {
    /// Searcher for [`NAME`].
    finder: Finder<'static>,
    /// State before the first line of any log with this layout, which recognizes replies.
    log: LineState,
    /// Formats of the log.
    formats: Vec<LogFormat>,
    /// Collector of the line that is still incomplete.
    lines: LineCollector,
    /// Offset of that line in the input.
    offset: u64,
    /// Offset of the next byte in the input.
    end: u64,
    /// Number of lines before that line, counted as the reader of events counts them.
    count: u64,
    /// Set on the wire, unset in a log; `None` before the first reply.
    is_wire: Option<bool>,
    /// Set if the line before ended with a lone LF, which on the wire is a byte of a reply.
    goes_on: bool,
    /// Line end of the line before; `None` at the start.
    before: Option<LineEnd>,
    /// Line end of the first line, if it is such a reply, and the line before it was not known. It was taken for one.
    assumed: Option<LineEnd>,
    /// Reply whose lines are streams, up to a dot.
    reply: Option<Reply>,
    /// Lines of streams that were found.
    found: VecDeque<OpenStream>,
}

/// The line of a stream in a reply, which may be damaged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OpenStream {
    /// Offset of the line.
    offset: u64,
    /// Number of the line, from 1.
    pub(crate) number: u64,
    /// Text that looks like an event.
    pub(crate) text: Vec<u8>,
}

/// A reply with data that is open.
#[derive(Clone, Copy)]
struct Reply {
    /// Format of its first line, which its other lines may have too; `None` without a prefix.
    format: Option<LogFormat>,
    /// Set after a line with another reply: the dot is lost, and lines that are no streams are no damaged ones.
    is_broken: bool,
}

/// A line end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum LineEnd {
    /// LF.
    Lf,
    /// CR LF.
    CrLf,
}

impl OpenStreams {
    /// Returns a scanner for the bytes of a log from its start on or, given the state of the lines before, for the rest.
    pub(crate) fn new(layout: &Layout, state: Option<&LineState>) -> Self {
        let log = layout.events(io::empty()).state();
        let offset = state.map_or(0, LineState::bytes);
        let is_wire = state.unwrap_or(&log).line_end().map(|end| end == InputEnd::CrLf);
        Self {
            finder: Finder::new(NAME),
            log,
            formats: layout.formats().to_vec(),
            lines: LineCollector::new(LINE, false),
            offset,
            end: offset,
            count: state.map_or(0, LineState::lines),
            is_wire,
            goes_on: false,
            before: None,
            assumed: None,
            reply: None,
            found: VecDeque::new(),
        }
    }

    /// Returns this new scanner as one that goes on after the lines that another one has scanned.
    pub(crate) fn resume(self, earlier: &Self) -> Self {
        Self { before: earlier.before, reply: earlier.reply, ..self }
    }

    /// Returns `true` if a scanner that began where this one has ended, with the next line, has found the same as this one
    /// would have: that line is not in a reply, and a reply if it was taken for one.
    pub(crate) fn is_followed_by(&self, later: &Self) -> bool {
        self.reply.is_none() && later.assumed.is_none_or(|end| self.before.is_none_or(|before| before == end))
    }

    /// Returns this scanner as one that has scanned the bytes before as well.
    pub(crate) fn after(self, earlier: Option<Self>) -> Self {
        Self { before: self.before.or(earlier.and_then(|earlier| earlier.before)), ..self }
    }

    /// Scans the next bytes.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        // An incomplete line, or a reply, is scanned line by line. Other lines matter only if they have the name.
        while !rest.is_empty() {
            if self.reply.is_none() && self.lines.is_empty() && self.is_wire.is_some() {
                let next = self.finder.find(rest).unwrap_or(rest.len());
                // The line with the name, or the last line, which may be incomplete.
                let before = rest.get(..next).unwrap_or_default();
                let start = memchr::memrchr(b'\n', before).map_or(0, |lf| lf + 1);
                let (skipped, kept) = rest.split_at_checked(start).unwrap_or_default();
                if !skipped.is_empty() {
                    let has_cr = skipped.ends_with(b"\r\n");
                    self.before = Some(if has_cr { LineEnd::CrLf } else { LineEnd::Lf });
                }
                self.count_lines(skipped);
                self.end += start as u64;
                self.offset = self.end;
                rest = kept;
            }
            let (taken, line) = self.lines.take(&mut rest);
            self.end += taken.len() as u64;
            if let Some(line) = line {
                self.complete(&line);
            }
        }
    }

    /// Scans the last line, if it has no end.
    pub(crate) fn finish(&mut self) {
        if !self.lines.is_empty() {
            let end: &[u8] = if self.before == Some(LineEnd::CrLf) { b"\r\n" } else { b"\n" };
            if let (_, Some(line)) = self.lines.take(&mut &*end) {
                self.complete(&line);
            }
        }
    }

    /// Scans a complete line, and counts it.
    fn complete(&mut self, line: &CollectedLine) {
        let offset = core::mem::replace(&mut self.offset, self.end);
        let line_end = if line.has_cr { LineEnd::CrLf } else { LineEnd::Lf };
        let in_reply = self.reply.is_some();
        self.line(&line.text, line_end, offset);
        self.count_line(&line.text, line.has_cr, in_reply);
        self.before = Some(line_end);
    }

    /// Counts lines that are complete, in no reply that this scanner reads.
    fn count_lines(&mut self, lines: &[u8]) {
        if self.is_wire != Some(true) {
            self.count += memchr::memchr_iter(b'\n', lines).count() as u64;
            return;
        }
        let mut start = 0;
        for lf in memchr::memchr_iter(b'\n', lines) {
            let text = lines.get(start..lf).unwrap_or_default();
            self.count_line(text, text.ends_with(b"\r"), false);
            start = lf + 1;
        }
    }

    /// Counts a line. On the wire, a lone LF is a byte of a reply or its data. The first reply tells the wire from a log.
    fn count_line(&mut self, text: &[u8], has_cr: bool, in_reply: bool) {
        self.goes_on = match self.is_wire {
            Some(true) if !has_cr => self.goes_on || in_reply || self.log.reply_prefix(text) == Some(0),
            _ => false,
        };
        self.count += u64::from(!self.goes_on);
        if self.is_wire.is_none() {
            self.is_wire = self.log.reply_prefix(text).map(|prefix| prefix == 0 && has_cr);
        }
    }

    /// Scans the text of a complete line.
    fn line(&mut self, line: &[u8], line_end: LineEnd, offset: u64) {
        let number = self.count + 1;
        if let Some(reply) = &mut self.reply {
            // A log may write its time before each line as before the reply.
            let text = reply.text(line);
            if line == b"." || text == b"." {
                self.reply = None;
                return;
            }
            let is_stream = |text: &[u8]| StreamEventRef::parse_bytes(text).is_ok();
            let text = if !is_stream(text) && is_stream(line) { line } else { text };
            if !is_stream(text) {
                reply.is_broken |= is_other_reply(&self.log, line);
                if reply.is_broken || text.is_empty() {
                    return;
                }
            }
            self.found.push_back(OpenStream { offset, number, text: text.to_vec() });
            return;
        }
        let Some((stream, reply)) = self.first_line(line) else { return };
        // On the wire a LF alone is text: a client may have put it into a name, to forge this line.
        if self.before.is_some_and(|before| before != line_end) {
            return;
        }
        if self.before.is_none() {
            self.assumed = Some(line_end);
        }
        if !stream.is_empty() {
            self.found.push_back(OpenStream { offset, number, text: stream.to_vec() });
        }
        self.reply = reply;
    }

    /// Returns the text after the reply's name in its first line, and the reply if data follows.
    fn first_line<'l>(&self, line: &'l [u8]) -> Option<(&'l [u8], Option<Reply>)> {
        self.finder.find(line)?;
        let prefix = self.log.reply_prefix(line)?;
        let format = self.formats.iter().find(|format| format.fits(line)).copied();
        let after = format.as_ref().map_or(0, |format| format.after().len());
        let (prefix, reply) = line.get(..line.len() - after)?.split_at_checked(prefix)?;
        let (&kind, named) = reply.strip_prefix(b"250")?.split_first()?;
        let stream = named.strip_prefix(NAME)?;
        let of_prefix = || if prefix.is_empty() { None } else { LogFormat::like(prefix, b"") };
        let reply = || Reply { format: format.or_else(of_prefix), is_broken: false };
        matches!(kind, b'-' | b'+').then(|| (stream, (kind == b'+').then(reply)))
    }

    /// Returns the next line that was found before an offset.
    pub(crate) fn next_before(&mut self, offset: u64) -> Option<OpenStream> {
        self.found.front().filter(|stream| stream.offset < offset)?;
        self.found.pop_front()
    }
}

impl Reply {
    /// Returns a line without the text that a log writes before and after it, if it has the text before.
    fn text<'l>(&self, line: &'l [u8]) -> &'l [u8] {
        let without = |format: &LogFormat| {
            let text = line.get(prefix_len(format, line)?..)?;
            Some(text.strip_suffix(format.after()).unwrap_or(text))
        };
        self.format.as_ref().and_then(without).unwrap_or(line)
    }
}

/// Returns the length of a format's text before a reply, in a line that need not have a reply after it.
fn prefix_len(format: &LogFormat, line: &[u8]) -> Option<usize> {
    let last = *format.before().last()?;
    // The prefix with a reply after it fits the format. Runs of digits and spaces may be longer than the format's.
    let mut reply = Vec::new();
    let fits = |&len: &usize| {
        reply.clear();
        reply.extend_from_slice(line.get(..len).unwrap_or_default());
        reply.extend_from_slice(b"250 ");
        reply.extend_from_slice(format.after());
        format.fits(&reply)
    };
    let most = line.get(..2 * LogFormat::MAX_LEN).unwrap_or(line);
    let len = memchr::memchr_iter(last, most).map(|at| at + 1).find(fits)?;
    let spaces = line.iter().skip(len).take_while(|&&byte| last == b' ' && byte == b' ').count();
    Some(len + spaces)
}

/// Returns `true` for a line with a reply that is no stream, as after a reply whose dot is lost. A stream may have the number
/// of a code.
fn is_other_reply(log: &LineState, line: &[u8]) -> bool {
    let Some(text) = log.reply_prefix(line).and_then(|prefix| line.get(prefix + 3..)) else { return false };
    let is_status = |word: &[u8]| StreamStatus::ALL.iter().any(|status| status.as_str().as_bytes() == word);
    let word = text.strip_prefix(b" ").and_then(|text| text.split(|&byte| byte == b' ').next());
    !word.is_some_and(is_status)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the streams in `text`, passed in pieces of this length.
    fn streams(text: &str, len: usize) -> Vec<String> {
        let mut open = OpenStreams::new(&Layout::default(), None);
        text.as_bytes().chunks(len).for_each(|piece| open.bytes(piece));
        assert_eq!(open.end, text.len() as u64);
        let mut streams = Vec::new();
        while let Some(OpenStream { offset, number, text: stream }) = open.found.front().cloned() {
            assert!(open.next_before(offset).is_none());
            assert!(open.next_before(offset + 1).is_some());
            let stream = String::from_utf8_lossy(&stream).into_owned();
            let (before, rest) = text.split_at_checked(offset as usize).unwrap_or_default();
            assert!(rest.lines().next().is_some_and(|line| line.contains(&stream)));
            let line_end = if open.is_wire == Some(true) { "\r\n" } else { "\n" };
            assert_eq!(number, before.matches(line_end).count() as u64 + 1);
            streams.push(stream);
        }
        streams
    }

    /// A reply may be cut anywhere: a range that begins in its data, or with a line that is no reply, is not appended.
    #[test]
    fn ranges_side_by_side() {
        let scanned = |text: &str| {
            let mut open = OpenStreams::new(&Layout::default(), None);
            open.bytes(text.as_bytes());
            open
        };
        let reply = "250-stream-status=1 NEW 0 b:1\r\n";
        let open = scanned("250 OK\r\n250+stream-status=\r\n31 NEW 0 a:1\r\n");
        assert!(!open.is_followed_by(&scanned("250 SUCCEEDED 7 b:1\r\n.\r\n")));
        let mut resumed = scanned("").resume(&open);
        resumed.bytes(b"250 SUCCEEDED 7 b:1\r\n.\r\n32 NEW 0 c:1\r\n");
        assert_eq!(resumed.found, [OpenStream { offset: 0, number: 1, text: b"250 SUCCEEDED 7 b:1".to_vec() }]);
        // A LF alone is text of the line, on the wire.
        for (first, is_right) in [("250 OK\r\n", true), ("650 STREAM 8 NEW 0 a\n", false)] {
            assert_eq!(scanned(first).is_followed_by(&scanned(reply)), is_right, "{first}");
        }
        let open = scanned("650 BW 1 2\r\n").after(Some(scanned("250 OK\n")));
        assert!(open.is_followed_by(&scanned(reply)));
    }

    #[test]
    fn replies_in_pieces_of_any_length() {
        const EVENT: &str = "650 STREAM 9 NEW 0 250+stream-status=:1\r\n";
        let long = "x".repeat(3 * LINE);
        for (text, expected) in [
            (
                "250+stream-status=\r\n31 NEW 0 a:1\r\n32 SUCCEEDED 7 b:2\r\n.\r\n250 OK\r\n",
                &["31 NEW 0 a:1", "32 SUCCEEDED 7 b:2"][..],
            ),
            ("250+stream-status=\r\n.\r\n250 OK\r\n5 NEW 0 a:1\r\n", &[]),
            ("250-stream-status=10 NEW 0 192.0.2.7:443\r\n250 OK\r\n", &["10 NEW 0 192.0.2.7:443"]),
            ("250-stream-status=\r\n250 OK\r\n250+stream-status=\r\n31 NEW 0 a:1\r\n.\r\n", &["31 NEW 0 a:1"]),
            // A name that ends in a LF and such a line.
            ("650 STREAM 8 NEW 0 a\n250-stream-status=1 NEW 0 b:1\r\n", &[]),
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
