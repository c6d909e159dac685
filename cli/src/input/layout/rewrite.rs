//! Rewriting of lines before they are read: events without their code (`--bare`), replies whose data is not in the log
//! (`--no-data`), and TAI64N times.

use std::io::{self, Read};

use memchr::memmem;
use tor_stream_event::{Anomaly, LineState, StreamEventRef, StreamStatus};

/// Number of bytes that are read at once.
const CHUNK: usize = 64 * 1024;

/// Maximum length of a line that is rewritten, in bytes. A longer line is passed on as it is. The limit is far above the 1 MiB
/// up to which the reader of events reads a line, so nothing that it reads is left out.
const MAX_LINE: usize = 16 << 20;

/// A reader whose lines a function may rewrite.
pub(crate) struct Rewriter<R, F> {
    /// The reader.
    reader: R,
    /// Function that returns the new line, or `None` to keep it.
    change: F,
    /// Bytes that were not rewritten yet: between calls, the beginning of an incomplete line.
    incomplete: Vec<u8>,
    /// Rewritten lines.
    ready: Vec<u8>,
    /// Number of bytes of `ready` that were returned.
    returned: usize,
    /// Set while the rest of a line that is too long is passed on.
    is_in_long_line: bool,
    /// Set at the end of the input.
    is_over: bool,
}

impl<R: Read, F: FnMut(&[u8]) -> Option<Vec<u8>>> Rewriter<R, F> {
    /// Returns a reader of lines, rewritten by a function that gets each without its LF.
    pub(crate) const fn new(reader: R, change: F) -> Self {
        Self {
            reader,
            change,
            incomplete: Vec::new(),
            ready: Vec::new(),
            returned: 0,
            is_in_long_line: false,
            is_over: false,
        }
    }

    /// Reads a chunk, and rewrites the lines that are complete with it.
    fn fill(&mut self) -> io::Result<()> {
        let len = self.incomplete.len();
        self.incomplete.resize(len + CHUNK, 0);
        let read = self.reader.read(self.incomplete.get_mut(len..).unwrap_or_default());
        self.incomplete.truncate(len + *read.as_ref().unwrap_or(&0));
        self.is_over = read? == 0;
        let last_lf = self.incomplete.get(len..).and_then(|new| memchr::memrchr(b'\n', new));
        let is_too_long = self.incomplete.len() > MAX_LINE;
        match last_lf {
            Some(lf) => self.rewrite_first(len + lf + 1),
            None if self.is_over || is_too_long => self.rewrite_first(self.incomplete.len()),
            None => {}
        }
        Ok(())
    }

    /// Rewrites the lines in the first `len` bytes. Text without a LF at their end is the last line of the input, or belongs to a
    /// line that is too long.
    fn rewrite_first(&mut self, len: usize) {
        self.returned = 0;
        self.ready.clear();
        for line in self.incomplete.get(..len).unwrap_or_default().split_inclusive(|&byte| byte == b'\n') {
            let text = line.strip_suffix(b"\n").unwrap_or(line);
            let has_end = text.len() < line.len();
            let is_whole = !self.is_in_long_line && (has_end || self.is_over);
            let changed = is_whole.then(|| (self.change)(text)).flatten();
            self.ready.extend_from_slice(changed.as_deref().unwrap_or(text));
            if has_end {
                self.ready.push(b'\n');
            }
            self.is_in_long_line = !has_end;
        }
        self.incomplete.drain(..len);
    }
}

impl<R: Read, F: FnMut(&[u8]) -> Option<Vec<u8>>> Read for Rewriter<R, F> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.returned == self.ready.len() && !self.is_over {
            self.fill()?;
        }
        let mut rest = self.ready.get(self.returned..).unwrap_or_default();
        let read = rest.read(buffer)?;
        self.returned += read;
        Ok(read)
    }
}

/// Adds the code 650 to a line with an event without one: `STREAM 18 NEW` or `STREAM: 18 NEW`, after any text. `None` for any
/// other line.
pub(crate) fn with_code(line: &[u8]) -> Option<Vec<u8>> {
    let (before, event) = line.split_at_checked(bare_event(line)?)?;
    Some([before, b"650 STREAM ", content(event)?].concat())
}

/// Returns the index of the first event without a code. `None` if there is none, or if one with a code comes first, as in
/// `650 STREAM 1 NEW 0 x STREAM 2 NEW 0 y:1`: the text behind it may be a name that a client chose.
pub(crate) fn bare_event(line: &[u8]) -> Option<usize> {
    /// Maximum number of events with an unknown status that are parsed. Each is parsed to the end of the line, so with one in every
    /// few bytes the work would be quadratic.
    const MAX_PARSED: usize = 16;

    let mut parsed = 0;
    for at in memmem::find_iter(line, b"STREAM") {
        let (before, rest) = line.split_at_checked(at)?;
        if matches!(before, [.., b'6', b'5', b'0', b' ' | b'-' | b'+']) {
            return None;
        }
        let begins_word = !before.last().is_some_and(|&byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let Some(content) = content(rest).filter(|_| begins_word) else { continue };
        let is_event = match status_after_id(content) {
            Some(StreamStatus::Unrecognized) => {
                parsed += 1;
                parsed <= MAX_PARSED && has_target(content)
            }
            status => status.is_some(),
        };
        if is_event {
            return Some(at);
        }
    }
    None
}

/// Returns the text after the name `STREAM`, and a colon after that. `None` if no space follows.
fn content(event: &[u8]) -> Option<&[u8]> {
    let rest = event.strip_prefix(b"STREAM")?;
    rest.strip_prefix(b":").unwrap_or(rest).strip_prefix(b" ")
}

/// Returns the status of a content that begins with an ID and a status: [`Unrecognized`](StreamStatus::Unrecognized) for a word
/// that only looks like one. `None` for any other content.
fn status_after_id(content: &[u8]) -> Option<StreamStatus> {
    let mut words = content.split(|&byte| byte == b' ');
    let is_id = |id: &&[u8]| !id.is_empty() && id.iter().all(u8::is_ascii_digit);
    let is_word = |word: &&[u8]| !word.is_empty() && word.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'_');
    words.next().filter(is_id)?;
    let word = words.next().filter(is_word)?;
    let known = StreamStatus::ALL.iter().copied().find(|status| status.as_str().as_bytes() == word);
    Some(known.unwrap_or(StreamStatus::Unrecognized))
}

/// Returns `true` if a content, whose status may be unknown, has all that an event needs, up to the target's port.
fn has_target(content: &[u8]) -> bool {
    let event = StreamEventRef::parse_lenient(content.strip_suffix(b"\r").unwrap_or(content));
    event.is_ok_and(|event| !event.anomalies().contains(Anomaly::TargetWithoutPort))
}

/// Returns a reply with `-` in place of the `+` that announces data. `None` for any other line. Replies are detected by the
/// `state` at the start of the log.
pub(crate) fn without_data(line: &[u8], state: &LineState) -> Option<Vec<u8>> {
    /// Length of a reply's code, such as 650.
    const CODE_LEN: usize = 3;

    let prefix_len = state.reply_prefix(line.strip_suffix(b"\r").unwrap_or(line))?;
    let mut line = line.to_vec();
    let kind = line.get_mut(prefix_len + CODE_LEN).filter(|kind| **kind == b'+')?;
    *kind = b'-';
    Some(line)
}

/// Difference between the seconds of a TAI64 label and Unix time: 2^62, and the 10 seconds that multilog and svlogd add. s6-log also
/// adds the leap seconds since 1972, of which a label shows nothing: its times are read 27 seconds late.
const TAI64_OFFSET: u64 = (1 << 62) + 10;

/// Returns the Unix time of a TAI64N label, as decimal seconds, and the rest of the line. `multilog t` and `svlogd -t`
/// write such a label before each line: `@400000006b06b1aa2d9e3a1c`.
pub(crate) fn tai64n(line: &[u8]) -> Option<(String, &[u8])> {
    let digits = |digits: &[u8]| {
        // `from_str_radix` would also take a sign.
        let digits = core::str::from_utf8(digits).ok().filter(|digits| !digits.starts_with('+'))?;
        u64::from_str_radix(digits, 16).ok()
    };
    let (seconds, rest) = line.strip_prefix(b"@")?.split_first_chunk::<16>()?;
    let (nanoseconds, rest) = rest.split_first_chunk::<8>()?;
    let (seconds, nanoseconds) = (digits(seconds)?.checked_sub(TAI64_OFFSET)?, digits(nanoseconds)?);
    let is_label = nanoseconds < 1_000_000_000 && rest.starts_with(b" ");
    is_label.then(|| (format!("{seconds}.{nanoseconds:09}"), rest))
}

/// Replaces a TAI64N label by Unix time.
pub(crate) fn with_unix_time(line: &[u8]) -> Option<Vec<u8>> {
    let (time, rest) = tai64n(line)?;
    Some([time.as_bytes(), rest].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reader of bytes that returns at most the given number of them at a time.
    struct Chunks<'a>(&'a [u8], usize);

    impl Read for Chunks<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let len = self.1.min(self.0.len());
            let (chunk, rest) = self.0.split_at(len);
            self.0 = rest;
            buffer[..len].copy_from_slice(chunk);
            Ok(len)
        }
    }

    #[test]
    fn events_get_their_code() {
        for (line, expected) in [
            ("STREAM 18 NEW 0 a:1", "650 STREAM 18 NEW 0 a:1"),
            ("10:00:00.883  D  STREAM: 18 NEW 0 a:1", "10:00:00.883  D  650 STREAM 18 NEW 0 a:1"),
            ("[debug] STREAM 18 CONTROLLER_WAIT 0 a:1\r", "[debug] 650 STREAM 18 CONTROLLER_WAIT 0 a:1\r"),
            ("STREAM 1 NEW 0 x STREAM 2 NEW 0 y:1", "650 STREAM 1 NEW 0 x STREAM 2 NEW 0 y:1"),
            ("a STREAM event: STREAM 1 NEW 0 y:1", "a STREAM event: 650 STREAM 1 NEW 0 y:1"),
            // A status that is not known.
            ("tor: STREAM 18 PAUSED 0 a:1\r", "tor: 650 STREAM 18 PAUSED 0 a:1\r"),
            ("STREAM 1 NEWS y", ""),
            // Each may be the event, since `STREAM` may be the ID of a circuit: the first is taken.
            ("STREAM 1 AND STREAM 18 PAUSED 0 a:1", "650 STREAM 1 AND STREAM 18 PAUSED 0 a:1"),
            ("STREAM 1 news 0 y:1", ""),
            // Lines that stay unchanged.
            ("650 STREAM 1 NEW 0 x STREAM 2 NEW 0 y:1", ""),
            ("650-STREAM 1 NEW 0 STREAM 2 NEW 0 y:1", ""),
            ("UPSTREAM 1 NEW 0 y:1", ""),
            ("STREAM x NEW 0 y:1", ""),
            ("STREAM_BW 18 NEW", ""),
            ("STREAM", ""),
        ] {
            let changed = with_code(line.as_bytes()).map(|line| String::from_utf8_lossy(&line).into_owned());
            assert_eq!(changed.unwrap_or_default(), expected, "{line}");
        }
    }

    #[test]
    fn labels_are_times() {
        for (line, expected) in [
            ("@400000006b06b1aa075bcd15 650", "1795600800.123456789 650"),
            // No space, more than a second of nanoseconds, a time before 1970, a digit too few, a sign, no `@`.
            ("@400000006b06b1aa075bcd15650", ""),
            ("@400000006b06b1aaffffffff 650", ""),
            ("@0000000000000000075bcd15 650", ""),
            ("@400000006b06b1aa075bcd1 650", ""),
            ("@400000006b06b1aa+75bcd15 650", ""),
            ("400000006b06b1aa075bcd15 650", ""),
        ] {
            let changed = with_unix_time(line.as_bytes()).map(|line| String::from_utf8_lossy(&line).into_owned());
            assert_eq!(changed.unwrap_or_default(), expected, "{line}");
        }
    }

    #[test]
    fn lines_are_changed_however_they_arrive() {
        let text = b"one\ntwo\r\n\nthree";
        for len in 1..=text.len() {
            let mut changed = String::new();
            let change = |line: &[u8]| (!line.is_empty()).then(|| [b"<", line, b">"].concat());
            Rewriter::new(Chunks(text, len), change).read_to_string(&mut changed).unwrap();
            assert_eq!(changed, "<one>\n<two\r>\n\n<three>", "{len}");
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_passed_on() {
        let text = [vec![b'x'; MAX_LINE + CHUNK], b"y\nz\n".to_vec()].concat();
        let mut changed = Vec::new();
        Rewriter::new(&*text, |_: &[u8]| Some(b"!".to_vec())).read_to_end(&mut changed).unwrap();
        assert_eq!(changed.len(), text.len());
        assert!(changed.ends_with(b"xy\n!\n"));
    }
}
