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

use memchr::memmem::Finder;

use crate::input::lines::{CollectedLine, LineCollector};

/// Name of the reply, after the code and `-` or `+`.
const NAME: &[u8] = b"stream-status=";

/// Maximum number of bytes that are kept of a line. A target has at most 255.
const LINE: usize = 1024;

/// Maximum length of a log's text before a reply, in bytes.
const PREFIX: usize = 64;

/// A scanner for replies to `GETINFO stream-status`.
pub(crate) struct OpenStreams {
    /// Searcher for [`NAME`].
    finder: Finder<'static>,
    /// Collector of the line that is still incomplete.
    lines: LineCollector,
    /// Offset of that line in the input.
    offset: u64,
    /// Offset of the next byte in the input.
    end: u64,
    /// Line end of the line before; `None` at the start.
    before: Option<LineEnd>,
    /// Line end of the first line, if it is such a reply, and the line before it was not known. It was taken for one.
    assumed: Option<LineEnd>,
    /// Set while the lines are streams, up to a dot.
    in_reply: bool,
    /// Streams that were found, with the offsets of their lines.
    found: VecDeque<(u64, Vec<u8>)>,
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
    /// Returns a scanner for bytes from an offset on, at the start of a line.
    pub(crate) fn new(offset: u64) -> Self {
        Self {
            finder: Finder::new(NAME),
            lines: LineCollector::new(LINE, false),
            offset,
            end: offset,
            before: None,
            assumed: None,
            in_reply: false,
            found: VecDeque::new(),
        }
    }

    /// Returns a scanner for bytes from an offset on, after the lines that this one has scanned.
    pub(crate) fn resume(&self, offset: u64) -> Self {
        Self { before: self.before, in_reply: self.in_reply, ..Self::new(offset) }
    }

    /// Returns `true` if a scanner that began where this one has ended, with the next line, has found the same as this one
    /// would have: that line is not in a reply, and a reply if it was taken for one.
    pub(crate) fn is_followed_by(&self, later: &Self) -> bool {
        !self.in_reply && later.assumed.is_none_or(|end| self.before.is_none_or(|before| before == end))
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
            if !self.in_reply && self.lines.is_empty() {
                let next = self.finder.find(rest).unwrap_or(rest.len());
                // The line with the name, or the last line, which may be incomplete.
                let before = rest.get(..next).unwrap_or_default();
                let start = memchr::memrchr(b'\n', before).map_or(0, |lf| lf + 1);
                if let Some(line_end) = start.checked_sub(2) {
                    let is_cr = before.get(line_end) == Some(&b'\r');
                    self.before = Some(if is_cr { LineEnd::CrLf } else { LineEnd::Lf });
                } else if start == 1 {
                    self.before = Some(LineEnd::Lf);
                }
                self.end += start as u64;
                self.offset = self.end;
                rest = rest.get(start..).unwrap_or_default();
            }
            let (taken, line) = self.lines.take(&mut rest);
            self.end += taken.len() as u64;
            if let Some(CollectedLine { text, has_cr, .. }) = line {
                let offset = core::mem::replace(&mut self.offset, self.end);
                let line_end = if has_cr { LineEnd::CrLf } else { LineEnd::Lf };
                self.line(&text, line_end, offset);
                self.before = Some(line_end);
            }
        }
    }

    /// Scans a complete line.
    fn line(&mut self, line: &[u8], line_end: LineEnd, offset: u64) {
        if self.in_reply {
            // A log may write its time before the dot as before the reply.
            if line.strip_suffix(b".").is_some_and(|prefix| prefix.is_empty() || is_prefix(prefix)) {
                self.in_reply = false;
            } else {
                self.found.push_back((offset, line.to_vec()));
            }
            return;
        }
        let Some((stream, is_data)) = reply(line) else { return };
        // On the wire a LF alone is text: a client may have put it into a name, to forge this line.
        if self.before.is_some_and(|before| before != line_end) {
            return;
        }
        if self.before.is_none() {
            self.assumed = Some(line_end);
        }
        self.in_reply = is_data;
        if !stream.is_empty() {
            self.found.push_back((offset, stream.to_vec()));
        }
    }

    /// Returns the next stream that was found before an offset.
    pub(crate) fn next_before(&mut self, offset: u64) -> Option<Vec<u8>> {
        self.found.front().filter(|&&(at, _)| at < offset)?;
        self.found.pop_front().map(|(_, stream)| stream)
    }
}

/// Returns the text after the reply's name in its first line, and `true` if data follows.
fn reply(line: &[u8]) -> Option<(&[u8], bool)> {
    let at = memchr::memmem::find(line, NAME)?;
    let (before, after) = line.split_at(at);
    let (prefix, is_data) = match before {
        [prefix @ .., b'2', b'5', b'0', b'-'] => (prefix, false),
        [prefix @ .., b'2', b'5', b'0', b'+'] => (prefix, true),
        _ => return None,
    };
    is_prefix(prefix).then_some((after.get(NAME.len()..).unwrap_or_default(), is_data))
}

/// Returns `true` if text before a reply is one of a log, or none.
fn is_prefix(text: &[u8]) -> bool {
    let is_time =
        |byte: &u8| matches!(byte, b'0'..=b'9' | b' ' | b'\t' | b'+' | b',' | b'-' | b'.' | b'/' | b':' | b'T' | b'Z');
    text.len() <= PREFIX && text.iter().all(is_time) && !matches!(text.last(), Some(b'0'..=b'9'))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the streams in `text`, passed in pieces of this length.
    fn streams(text: &str, len: usize) -> Vec<String> {
        let mut open = OpenStreams::new(0);
        text.as_bytes().chunks(len).for_each(|piece| open.bytes(piece));
        assert_eq!(open.end, text.len() as u64);
        let mut streams = Vec::new();
        while let Some((offset, _)) = open.found.front().cloned() {
            assert!(open.next_before(offset).is_none());
            let stream = String::from_utf8_lossy(&open.next_before(offset + 1).unwrap_or_default()).into_owned();
            assert!(text.get(offset as usize..).is_some_and(|rest| rest.contains(&stream)));
            streams.push(stream);
        }
        streams
    }

    /// A reply may be cut anywhere: a range that begins in its data, or with a line that is no reply, is not appended.
    #[test]
    fn ranges_side_by_side() {
        let scanned = |text: &str| {
            let mut open = OpenStreams::new(0);
            open.bytes(text.as_bytes());
            open
        };
        let reply = "250-stream-status=1 NEW 0 b:1\r\n";
        let open = scanned("250 OK\r\n250+stream-status=\r\n31 NEW 0 a:1\r\n");
        assert!(!open.is_followed_by(&scanned("250 SUCCEEDED 7 b:1\r\n.\r\n")));
        let mut resumed = open.resume(51);
        resumed.bytes(b"250 SUCCEEDED 7 b:1\r\n.\r\n32 NEW 0 c:1\r\n");
        assert_eq!(resumed.found, [(51, b"250 SUCCEEDED 7 b:1".to_vec())]);
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
        // The dot has a time before it; a target that ends with a dot is no end.
        let log = "1:2 250+stream-status=\n1:2 31 NEW 0 a.:1\n31 NEW 0 a.\n1:2 .\n32 NEW 0 b:1\n";
        assert_eq!(streams(log, 5), ["1:2 31 NEW 0 a.:1", "31 NEW 0 a."]);
        let log = "1795600800.00 250+stream-status=\n31 NEW 0 a:1\n.\n1795600801.00 250-stream-status=1 NEW 0 b:1\n";
        assert_eq!(streams(log, 5), ["31 NEW 0 a:1", "1 NEW 0 b:1"]);
        assert_eq!(
            streams("$ GETINFO stream-status\n250+stream-status=\n18 SUCCEEDED 26 a:1\n.\n", 9),
            ["18 SUCCEEDED 26 a:1"]
        );
    }
}
