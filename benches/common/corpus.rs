//! The lines that are measured, from the captures in `tests/data`.

use std::fs;
use std::path::Path;

use tor_stream_event::{StreamEventRef, stream_events};

/// Reply code and event name before the content of an event.
const STREAM_REPLY: &[u8] = b"650 STREAM ";

/// Line end of tor's.
const LINE_END: &[u8] = b"\r\n";

/// Events of a capture, as lines and as contents. Leaked, since a measured input lives as long as the program.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Corpus {
    /// Name in reports.
    pub(crate) name: &'static str,
    /// The lines as on the wire.
    pub(crate) buffer: &'static [u8],
    /// Content of each event: the text after `650 STREAM ` in its line.
    pub(crate) contents: &'static [&'static [u8]],
    /// The contents that are UTF-8.
    pub(crate) texts: &'static [&'static str],
}

/// Returns every event of `stream-events.raw`.
pub(crate) fn modern() -> Corpus {
    Corpus::new("modern", &captured("stream-events.raw"))
}

/// Returns every event of `legacy-events.raw`, of tor 0.4.2.7, which prints few fields.
pub(crate) fn legacy() -> Corpus {
    Corpus::new("legacy", &captured("legacy-events.raw"))
}

/// Returns the events of [`modern`] in which a client gives a user name.
pub(crate) fn credentials() -> Corpus {
    let mut contents = captured("stream-events.raw");
    contents.retain(|content| find(content, b" SOCKS_USERNAME=\"").is_some());
    Corpus::new("credentials", &contents)
}

/// Returns the events that clients made to be misread, of which the parser accepts each.
pub(crate) fn hostile() -> Corpus {
    let mut contents = captured("hostile-targets.raw");
    let cases = data("adversarial.jsonl");
    contents.extend(cases.split(|&byte| byte == b'\n').filter_map(hex_content));
    contents.retain(|content| StreamEventRef::parse_bytes(content).is_ok());
    Corpus::new("hostile", &contents)
}

/// Returns an OnionPerf log with one event in every 981 bytes, as in the log that it was cut from: most lines are no events.
pub(crate) fn log() -> &'static [u8] {
    thinned(&data("onionperf.log"), 981).leak()
}

/// Returns the capture of a whole control connection with one event in every 2200 bytes, as in the original: most lines are no
/// events.
pub(crate) fn wire() -> &'static [u8] {
    thinned(&data("control-port.raw"), 2200).leak()
}

/// Returns `buffer` repeated to at least `size` bytes.
pub(crate) fn repeated(buffer: &[u8], size: usize) -> &'static [u8] {
    buffer.repeat(size.div_ceil(buffer.len())).leak()
}

impl Corpus {
    /// Makes a corpus of contents, each in a line as on the wire.
    pub(crate) fn new(name: &'static str, contents: &[Vec<u8>]) -> Self {
        let buffer: Vec<u8> =
            contents.iter().flat_map(|content| [STREAM_REPLY, content, LINE_END]).flatten().copied().collect();
        Self::of_buffer(name, buffer.leak(), contents.iter().map(Vec::len))
    }

    /// Makes a corpus of a buffer of lines whose contents have these lengths.
    fn of_buffer(name: &'static str, buffer: &'static [u8], lengths: impl Iterator<Item = usize>) -> Self {
        let mut rest = buffer;
        let contents: Vec<&[u8]> = lengths
            .map(|length| {
                let (line, after) = rest.split_at(STREAM_REPLY.len() + length + LINE_END.len());
                rest = after;
                &line[STREAM_REPLY.len()..][..length]
            })
            .collect();
        let texts: Vec<&str> = contents.iter().filter_map(|content| std::str::from_utf8(content).ok()).collect();
        Self { name, buffer, contents: contents.leak(), texts: texts.leak() }
    }

    /// Returns these events, repeated until the lines have at least `size` bytes.
    pub(crate) fn repeated(self, size: usize) -> Self {
        let buffer = repeated(self.buffer, size);
        let times = buffer.len() / self.buffer.len();
        let lengths = std::iter::repeat_n(self.contents, times).flatten().map(|content| content.len());
        Self::of_buffer(self.name, buffer, lengths)
    }
}

/// Reads a file of `tests/data`. The folder is in an ancestor of the crate that this is compiled into.
fn data(name: &str) -> Vec<u8> {
    let crate_root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let found = crate_root.ancestors().map(|folder| folder.join("tests/data").join(name)).find(|path| path.exists());
    found.and_then(|path| fs::read(path).ok()).unwrap_or_else(|| panic!("tests/data/{name} cannot be read"))
}

/// Returns the content of every event in a capture. Only CR LF ends a line: a host name may hold a LF.
fn captured(name: &str) -> Vec<Vec<u8>> {
    let capture = data(name);
    let mut rest = capture.as_slice();
    let mut contents = Vec::new();
    while let Some(end) = find(rest, LINE_END) {
        contents.extend(rest[..end].strip_prefix(STREAM_REPLY).map(Vec::from));
        rest = &rest[end + LINE_END.len()..];
    }
    contents
}

/// Removes events from a capture, so that there are about `bytes_per_event` bytes for each. The captures in `tests/data` are
/// shortened ones, of which about half of the lines are events.
fn thinned(capture: &[u8], bytes_per_event: usize) -> Vec<u8> {
    let mut kept = Vec::new();
    let (mut events, mut start) = (0, 0);
    for line in stream_events(capture) {
        let offset = usize::try_from(line.offset).expect("the capture is in memory");
        let after = offset + line.line.len();
        let end = find(&capture[after..], b"\n").map_or(capture.len(), |lf| after + lf + 1);
        kept.extend(&capture[start..offset]);
        if kept.len() >= events * bytes_per_event {
            kept.extend(&capture[offset..end]);
            events += 1;
        }
        start = end;
    }
    kept.extend(&capture[start..]);
    kept
}

/// Returns the content in a line of `adversarial.jsonl`. `None` if the line has none, or no hexadecimal digits.
fn hex_content(case: &[u8]) -> Option<Vec<u8>> {
    const KEY: &[u8] = b"\"content_hex\": \"";
    let digits = &case[find(case, KEY)? + KEY.len()..];
    let digits = std::str::from_utf8(&digits[..find(digits, b"\"")?]).ok()?;
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok()).collect()
}

/// Returns the index of the first `needle` in `text`.
fn find(text: &[u8], needle: &[u8]) -> Option<usize> {
    text.windows(needle.len()).position(|window| window == needle)
}
