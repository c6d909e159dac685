//! A log, or the bytes of a control connection, that arrives in chunks; and assertions about the lines that are found in it.

use core::mem;
use std::io::{self, Read};

use tor_stream_event::{Error, EventLine, LineEnd, LogFormat, Skipped, StreamEventRef, StreamEvents, stream_events};

use crate::search::{ExpectedLine, Settings, search};

/// Formats that a log may have: the text before a reply, and the text after it. The fuzzer inserts these texts, and so writes logs
/// in the formats. The last one is longer than the crate's `Pattern::ALWAYS_COMPARED`, the first bytes that its fast path compares.
pub(crate) const FORMATS: [(&str, &str); 6] = [
    ("gw tor[8]: ", ""),
    ("b'", "\\r\\n'"),
    ("Wed Nov  5 11:29 AM gw: ", ""),
    ("", ""),
    ("x: '", "'"),
    ("2019-01-31 11:29:51 1548934191.51 [TRACE] read from tor: ", ""),
];

/// A log, the lengths of its chunks, and its settings, taken from the fuzzer's input: one byte of settings (bits 0 and 1: line
/// end; 2: lenient; 3 to 5: first format; 6: whether there is a second one, which bits 3 to 5 and 7 choose), three of lengths, and
/// the log.
#[derive(Clone, Debug)]
pub struct Log<'a> {
    /// The log.
    pub bytes: &'a [u8],
    /// The line end, if it is not to be detected, and the formats.
    pub settings: Settings,
    /// Set if events are read leniently.
    pub lenient: bool,
    /// Lengths of the first three chunks, less one; the fourth has the first length again.
    lengths: [u8; 3],
}

/// The reading of a log as a whole.
#[derive(Clone, Debug)]
pub struct WholeLog<'a> {
    /// The lines with events.
    pub lines: Vec<EventLine<'a>>,
    /// Counts of skipped lines.
    pub skipped: Skipped,
    /// Number of lines with a reply.
    pub replies: u64,
    /// The line end; `None` if the log has no reply that shows it.
    pub line_end: Option<LineEnd>,
}

/// The chunks of a log: an iterator, and a reader that returns one at a time.
#[derive(Clone, Copy, Debug)]
pub struct Chunks<'a> {
    /// Unread rest of the log.
    rest: &'a [u8],
    /// Lengths of the next three chunks, less one; the fourth has the first length again.
    lengths: [u8; 3],
}

impl<'a> Log<'a> {
    /// Returns the log in the fuzzer's input.
    #[must_use]
    pub fn new(input: &'a [u8]) -> Option<Self> {
        let (&[settings, lengths @ ..], bytes) = input.split_first_chunk::<4>()?;
        let line_end = [None, Some(LineEnd::CrLf), Some(LineEnd::Lf), None][usize::from(settings & 3)];
        let like = |index: usize| {
            let (before, after) = FORMATS[index % FORMATS.len()];
            LogFormat::like(before.as_bytes(), after.as_bytes())
        };
        // First format: none, one of `FORMATS`, or that of the first line that has one. Second format, after a first one:
        // none, or one of `FORMATS`.
        let choice = usize::from(settings >> 3 & 7);
        let first = match choice {
            0 => None,
            7 => bytes.split(|&byte| byte == b'\n').find_map(LogFormat::of_line),
            _ => like(choice - 1),
        };
        // Not a multiple of the number of formats: the second one is another.
        let distance = if settings & 128 == 0 { 3 } else { 1 };
        let second = if settings & 64 != 0 && first.is_some() { like(choice - 1 + distance) } else { None };
        let formats = first.into_iter().chain(second).collect();
        Some(Self { bytes, settings: Settings { line_end, formats }, lenient: settings & 4 != 0, lengths })
    }

    /// Returns the chunks of the log.
    #[must_use]
    pub const fn chunks(&self) -> Chunks<'a> {
        Chunks { rest: self.bytes, lengths: self.lengths }
    }

    /// Reads the log as a whole. Asserts that a slow search finds the same, and that each event is that of its text.
    #[must_use]
    pub fn events(&self) -> WholeLog<'a> {
        let events = stream_events(self.bytes).lenient(self.lenient);
        let events = self.settings.line_end.map_or(events.clone(), |line_end| events.line_end(line_end));
        let mut events = self.settings.formats.iter().copied().fold(events, StreamEvents::log_format);
        let lines: Vec<_> = events.by_ref().collect();
        let expected = search(self.bytes, &self.settings);
        assert_eq!(lines.len(), expected.lines.len());
        for (line, expected) in lines.iter().zip(&expected.lines) {
            self.assert_line(line, expected);
        }
        let (skipped, replies) = (events.skipped(), events.replies());
        assert!(expected.agrees_with(&skipped), "{expected:?} {skipped:?}");
        assert_eq!(replies, expected.replies);
        WholeLog { lines, skipped, replies, line_end: events.state().line_end() }
    }

    /// Returns an upper bound of the length of a line, its end included. On the wire a LF alone may end a line that is no reply; it is
    /// not counted as an end here.
    #[must_use]
    pub fn longest_line(&self, line_end: Option<LineEnd>) -> usize {
        let needs_cr = line_end == Some(LineEnd::CrLf);
        let lfs = self.bytes.iter().enumerate().filter(|&(_, &byte)| byte == b'\n').map(|(index, _)| index);
        let lines_end = lfs.filter(|&lf| !needs_cr || self.bytes[..lf].ends_with(b"\r")).map(|lf| lf + 1);
        let mut start = 0;
        let lengths = lines_end.chain([self.bytes.len()]).map(|end| end - mem::replace(&mut start, end));
        lengths.max().unwrap_or_default()
    }

    /// Asserts that a line is the one that the slow search expects, and that its event is that of its text.
    fn assert_line(&self, line: &EventLine<'_>, expected: &ExpectedLine) {
        assert_eq!((line.number, start(line)), (expected.number, expected.offset));
        assert_eq!((line.line.len(), line.prefix.len()), (expected.length, expected.prefix));
        assert_eq!(line.line, &self.bytes[expected.offset..][..expected.length]);
        assert_eq!(line.is_terminated(), !expected.unterminated);
        let content = &line.line[expected.prefix..expected.length - expected.after];
        let content = content.strip_prefix(b"650 STREAM ").expect("a STREAM event");
        // The content has no line end: a CR or LF at its end is text of the target.
        let with_end = [content, b"\r\n"].concat();
        let read = if self.lenient { StreamEventRef::parse_lenient } else { StreamEventRef::parse_bytes };
        // Any other line may have an anomaly that its content alone does not show. Text after a reply, such as a quotation mark, may
        // mean that the log wrote backslashes into the reply.
        let is_plain = !(expected.in_data || expected.unterminated || expected.cr_may_be_target || expected.after > 0);
        match (line.event, read(&with_end)) {
            (Ok(event), Ok(read)) if !is_plain => {
                assert_eq!((event.content(), event.target_bytes()), (read.content(), read.target_bytes()));
                assert_eq!(event.anomalies() | read.anomalies(), event.anomalies());
            }
            (event, read) => assert_eq!(event, read),
        }
    }

    /// Asserts that `line`, found in chunks with a limit, is the line `whole`, or is reported to be too long.
    pub fn assert_same_line(&self, line: &EventLine<'_>, whole: Option<&EventLine<'_>>, limit: usize) {
        let whole = whole.expect("no line that is not in the whole log");
        let line_end_len = match &self.bytes[start(whole) + whole.line.len()..] {
            [] => 0,
            [b'\n', ..] => 1,
            _ => 2,
        };
        // Length of the byte order mark, which counts as a part of the first line.
        let bom = if whole.number == 1 { start(whole) } else { 0 };
        let length = bom + whole.line.len() + line_end_len;
        if length <= limit {
            assert_eq!(line, whole);
        } else {
            let Err(Error::LineTooLong { length: reported, limit: of, .. }) = line.event else {
                panic!("{:?}", line.event);
            };
            assert_eq!((reported, of), (length as u64, limit));
            assert_eq!((line.number, line.offset, line.prefix), (whole.number, whole.offset, whole.prefix));
            // The line is cut at the limit, to which its byte order mark counts if the line came in several chunks.
            assert!(whole.line.starts_with(line.line) && bom + line.line.len() >= limit.min(whole.line.len()));
        }
    }
}

impl<'a> Iterator for Chunks<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (chunk, rest) = self.rest.split_at(self.rest.len().min(usize::from(self.lengths[0]) + 1));
        self.rest = rest;
        self.lengths.rotate_left(1);
        (!chunk.is_empty()).then_some(chunk)
    }
}

impl Read for Chunks<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let chunk = self.next().unwrap_or_default();
        buffer[..chunk.len()].copy_from_slice(chunk);
        Ok(chunk.len())
    }
}

/// Returns the index of a line in its log.
fn start(line: &EventLine<'_>) -> usize {
    usize::try_from(line.offset).expect("an index into the log")
}
