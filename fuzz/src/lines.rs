//! A log that comes in pieces, and what holds for every line that is found in one.

use std::io::{self, Read};

use tor_stream_event::{Error, EventLine, LineEnd, StreamEventRef, stream_events};

/// A log, the pieces in which it comes, and how it is read. All of that is taken from the fuzzer's input: one byte of
/// settings, three of lengths, and the log.
#[derive(Clone, Copy, Debug)]
pub struct Log<'a> {
    /// The log.
    pub bytes: &'a [u8],
    /// How its lines end, if that is not to be found out.
    pub line_end: Option<LineEnd>,
    /// Whether events are read leniently.
    pub lenient: bool,
    /// The lengths of the next pieces, by turns, less one.
    lengths: [u8; 3],
}

/// The pieces of a log. As a reader, it gives one at a time.
#[derive(Clone, Copy, Debug)]
pub struct Pieces<'a> {
    /// What is left of the log.
    rest: &'a [u8],
    /// The lengths of the next pieces, by turns, less one.
    lengths: [u8; 3],
}

impl<'a> Log<'a> {
    /// Returns the log in the fuzzer's input.
    #[must_use]
    pub fn new(input: &'a [u8]) -> Option<Self> {
        let (&[settings, lengths @ ..], bytes) = input.split_first_chunk::<4>()?;
        let line_end = [None, Some(LineEnd::CrLf), Some(LineEnd::Lf), None][usize::from(settings & 3)];
        Some(Self { bytes, line_end, lenient: settings & 4 != 0, lengths })
    }

    /// Returns its pieces.
    #[must_use]
    pub const fn pieces(&self) -> Pieces<'a> {
        Pieces { rest: self.bytes, lengths: self.lengths }
    }

    /// Returns the lines that are found in the log as a whole. Asserts that these lines and no others are events, and
    /// that the events are what their text says.
    #[must_use]
    pub fn events(&self) -> Vec<EventLine<'a>> {
        let mut found = stream_events(self.bytes);
        found = self.line_end.map_or(found.clone(), |line_end| found.line_end(line_end));
        let found: Vec<_> = if self.lenient { found.lenient(true).collect() } else { found.collect() };
        for line in &found {
            let content = line.line.strip_prefix(line.prefix).and_then(|reply| reply.strip_prefix(b"650 STREAM "));
            let content = content.expect("a STREAM event");
            let read = if self.lenient { StreamEventRef::parse_lenient } else { StreamEventRef::parse_bytes };
            assert_eq!(line.event, read(content));
            assert!(self.bytes[start(line)..].starts_with(line.line));
            assert_eq!(line.is_terminated(), start(line) + line.line.len() < self.bytes.len());
        }
        let places = found.iter().map(|line| (line.number, start(line), line.line.len(), line.prefix.len()));
        assert_eq!(places.collect::<Vec<_>>(), places_of_events(self.bytes, self.line_end));
        found
    }

    /// Asserts that `line`, found in pieces with a limit, is the `whole` one, or is said to be too long.
    pub fn assert_same_line(&self, line: &EventLine<'_>, whole: Option<&EventLine<'_>>, limit: usize) {
        let whole = whole.expect("no line that is not in the whole log");
        let line_end = match &self.bytes[start(whole) + whole.line.len()..] {
            [] => 0,
            [b'\n', ..] => 1,
            _ => 2,
        };
        let length = whole.line.len() + line_end;
        if length <= limit {
            assert_eq!(line, whole);
        } else {
            let Err(Error::LineTooLong { length: told, limit: of, .. }) = line.event else {
                panic!("{:?}", line.event);
            };
            assert_eq!((told, of), (length as u64, limit));
            assert_eq!((line.number, line.offset, line.prefix), (whole.number, whole.offset, whole.prefix));
            assert!(whole.line.starts_with(line.line) && line.line.len() >= limit.min(whole.line.len()));
        }
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (piece, rest) = self.rest.split_at(self.rest.len().min(usize::from(self.lengths[0]) + 1));
        self.rest = rest;
        self.lengths.rotate_left(1);
        (!piece.is_empty()).then_some(piece)
    }
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let piece = self.next().unwrap_or_default();
        buffer[..piece.len()].copy_from_slice(piece);
        Ok(piece.len())
    }
}

/// Returns where a line begins in its log.
fn start(line: &EventLine<'_>) -> usize {
    usize::try_from(line.offset).expect("a place in the log")
}

/// Finds events line by line, with no thought to the time it takes. Returns number, offset, length and length of the
/// prefix of each line.
fn places_of_events(log: &[u8], line_end: Option<LineEnd>) -> Vec<(u64, usize, usize, usize)> {
    let is_wire = prefix_len(log) == Some(0) && log[..log.len().min(4096)].windows(2).any(|two| two == b"\r\n");
    let is_wire = line_end.map_or(is_wire, |line_end| line_end == LineEnd::CrLf);
    let (mut found, mut data, mut stamped, mut number, mut at) = (Vec::new(), false, false, 0, 0);
    while at < log.len() {
        let rest = &log[at..];
        let is_end = |&lf: &usize| rest[lf] == b'\n' && (!is_wire || lf > 0 && rest[lf - 1] == b'\r');
        let (line, whole) = match (0..rest.len()).find(is_end) {
            Some(lf) => (rest[..lf].strip_suffix(b"\r").unwrap_or(&rest[..lf]), lf + 1),
            None => (rest, rest.len()),
        };
        number += 1;
        let prefix = prefix_len(line).filter(|&len| len == 0 || !is_wire);
        // In a log that puts a time before every reply, the next reply ends data whose dot was lost.
        if stamped && prefix.is_some_and(|len| len > 0) {
            data = false;
        }
        if data {
            data = line != b".";
        } else if let Some(len) = prefix {
            data = line[len + 3] == b'+';
            stamped |= len > 0;
            if line[len..].starts_with(b"650 STREAM ") {
                found.push((number, at, line.len(), len));
            }
        }
        at += whole;
    }
    found
}

/// Returns the length of what stands before a reply code: up to 64 bytes of dates and times, each with a space behind
/// it.
fn prefix_len(line: &[u8]) -> Option<usize> {
    let mut len = 0;
    while !matches!(line[len..], [b'0'..=b'9', b'0'..=b'9', b'0'..=b'9', b' ' | b'-' | b'+', ..]) {
        let word = line[len..].iter().position(|&byte| byte == b' ').filter(|&word| word > 0 && len + word < 64)?;
        if !line[len..len + word].iter().all(|byte| b"0123456789-/:.,+TZ[]".contains(byte)) {
            return None;
        }
        len += word + 1;
    }
    Some(len)
}
