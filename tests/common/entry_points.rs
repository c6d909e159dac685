//! The entry points for a stream of lines, each as one function with the same result. `read` compares them with each other and
//! with the slow search of `search.rs`.
#![allow(clippy::indexing_slicing, clippy::expect_used, reason = "a test fails by panicking")]

#[cfg(feature = "tokio-util")]
use tor_stream_event::LineEnd;
use tor_stream_event::{EventDecoder, EventLine, Skipped, StreamEventRef, StreamEvents, stream_events};

use super::printed::TARGET_BUFFER;
use super::search::{ExpectedLine, Settings, search};
use super::target_and_fields;

/// A line with an event, as an entry point returns it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    /// The line's number.
    pub(crate) number: u64,
    /// Number of bytes before the line.
    pub(crate) offset: u64,
    /// Text of the line before the reply.
    pub(crate) prefix: Vec<u8>,
    /// The line, without its end.
    pub(crate) line: Vec<u8>,
    /// The event, or the message of the error.
    pub(crate) event: Result<ReadEvent, String>,
    /// `true` if the line has an end.
    pub(crate) terminated: bool,
}

/// An event, in a form that every entry point has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ReadEvent {
    /// The content.
    pub(crate) content: Vec<u8>,
    /// The `Debug` text of the borrowed form: every field, then the anomalies.
    pub(crate) shown: String,
}

impl ReadEvent {
    /// Returns the anomalies as [`Self::shown`] lists them, such as `{TargetSpace} }`.
    pub(crate) fn anomalies(&self) -> &str {
        self.shown.rsplit_once("anomalies: ").expect("the last field").1
    }
}

impl From<StreamEventRef<'_>> for ReadEvent {
    fn from(event: StreamEventRef<'_>) -> Self {
        Self { content: event.content().to_vec(), shown: format!("{event:?}") }
    }
}

impl From<EventLine<'_>> for Item {
    fn from(line: EventLine<'_>) -> Self {
        Self {
            number: line.number,
            offset: line.offset,
            prefix: line.prefix.to_vec(),
            line: line.line.to_vec(),
            event: line.event.map(ReadEvent::from).map_err(|error| error.to_string()),
            terminated: line.is_terminated(),
        }
    }
}

/// The events and counts that one entry point finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reading {
    /// The lines with events.
    pub(crate) items: Vec<Item>,
    /// Counts of the skipped lines.
    pub(crate) skipped: Skipped,
    /// Number of lines with a reply.
    pub(crate) replies: u64,
}

impl Reading {
    /// Returns the number of each line.
    pub(crate) fn numbers(&self) -> Vec<u64> {
        self.items.iter().map(|item| item.number).collect()
    }
}

/// Returns the buffer's iterator with its settings.
pub(crate) fn events<'a>(input: &'a [u8], settings: &Settings) -> StreamEvents<'a> {
    let events = stream_events(input);
    let events = settings.line_end.map_or(events.clone(), |line_end| events.line_end(line_end));
    settings.formats.iter().fold(events, |events, &format| events.log_format(format))
}

/// Reads a buffer.
pub(crate) fn buffer(input: &[u8], settings: &Settings) -> Reading {
    let mut events = events(input, settings);
    let items = events.by_ref().map(Item::from).collect();
    Reading { items, skipped: events.skipped(), replies: events.replies() }
}

/// Reads chunks of `size` bytes with a decoder, which does not detect the line end: the settings have to have one, or a format.
pub(crate) fn decoder(input: &[u8], settings: &Settings, size: usize) -> Reading {
    // No line of the tests' inputs is longer.
    let decoder = EventDecoder::<{ 1 << 16 }>::new();
    let decoder = match settings.line_end {
        Some(line_end) => decoder.line_end(line_end),
        None => decoder,
    };
    let mut decoder = settings.formats.iter().fold(decoder, |decoder, &format| decoder.log_format(format));
    let mut items = Vec::new();
    for mut piece in input.chunks(size) {
        while let Some(line) = decoder.next_event(&mut piece) {
            items.push(Item::from(line));
        }
        assert!(piece.is_empty());
    }
    items.extend(decoder.finish().map(Item::from));
    assert!(decoder.finish().is_none());
    Reading { items, skipped: decoder.skipped(), replies: decoder.replies() }
}

/// Reads with a reader that returns `size` bytes at a time.
#[cfg(feature = "std")]
pub(crate) fn reader(input: &[u8], settings: &Settings, size: usize) -> Reading {
    use tor_stream_event::EventReader;

    let reader = EventReader::new(ChunkReader { rest: input, size, errors: Vec::new() });
    let reader = match settings.line_end {
        Some(line_end) => reader.line_end(line_end),
        None => reader,
    };
    let mut reader = settings.formats.iter().fold(reader, |reader, &format| reader.log_format(format));
    let mut items = Vec::new();
    while let Some(line) = reader.next_event().expect("a reader that never fails") {
        items.push(Item::from(line));
    }
    Reading { items, skipped: reader.skipped(), replies: reader.replies() }
}

/// A reader that fails with some errors first, and then returns a fixed number of bytes at a time.
#[cfg(feature = "std")]
#[derive(Clone, Debug)]
pub(crate) struct ChunkReader<'a> {
    /// Unread bytes.
    pub(crate) rest: &'a [u8],
    /// Number of bytes at a time.
    pub(crate) size: usize,
    /// Errors of the next calls; the last error comes first.
    pub(crate) errors: Vec<std::io::ErrorKind>,
}

#[cfg(feature = "std")]
impl std::io::Read for ChunkReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if let Some(error) = self.errors.pop() {
            return Err(error.into());
        }
        let size = self.size.min(buffer.len()).min(self.rest.len());
        let (now, rest) = self.rest.split_at(size);
        buffer[..size].copy_from_slice(now);
        self.rest = rest;
        Ok(size)
    }
}

/// Reads chunks of `size` bytes with the codec. Returns the event, or the message of the error, of each frame.
#[cfg(feature = "tokio-util")]
pub(crate) fn codec(input: &[u8], size: usize) -> Vec<Result<ReadEvent, String>> {
    use tokio_util::bytes::BytesMut;
    use tokio_util::codec::Decoder as _;

    let (mut codec, mut buffer, mut frames) = (tor_stream_event::EventCodec::new(), BytesMut::new(), Vec::new());
    for piece in input.chunks(size) {
        buffer.extend_from_slice(piece);
        while let Some(frame) = codec.decode(&mut buffer).expect("a codec that never fails") {
            frames.push(frame);
        }
    }
    while let Some(frame) = codec.decode_eof(&mut buffer).expect("a codec that never fails") {
        frames.push(frame);
    }
    let event = |event: tor_stream_event::StreamEvent| ReadEvent::from(event.as_event_ref());
    frames.into_iter().map(|frame| frame.map(event).map_err(|error| error.to_string())).collect()
}

/// Reads an input through every entry point that takes the settings. Entry points that take chunks get chunks of one byte, of a few,
/// of `size` bytes, and of more than most inputs have. Asserts that the results agree with each other and with the slow search, and
/// returns them.
#[track_caller]
pub(crate) fn read(input: &[u8], settings: &Settings, size: usize) -> Reading {
    let whole = buffer(input, settings);
    assert_same_as_search(input, settings, &whole);
    for size in [1, 7, size, 4096] {
        #[cfg(feature = "std")]
        assert_eq!(reader(input, settings, size), whole, "a reader, {size} bytes at a time");
        if settings.line_end.is_some() || !settings.formats.is_empty() {
            assert_eq!(decoder(input, settings, size), whole, "a decoder, {size} bytes at a time");
        }
        // The codec is for live connections, and has no settings of these kinds.
        #[cfg(feature = "tokio-util")]
        if settings.line_end == Some(LineEnd::CrLf) && settings.formats.is_empty() {
            let events: Vec<_> = whole.items.iter().map(|item| item.event.clone()).collect();
            assert_eq!(codec(input, size), events, "a codec, {size} bytes at a time");
        }
    }
    whole
}

/// Asserts that the slow search finds the same lines and counts, and that each event is that of its text.
#[track_caller]
fn assert_same_as_search(input: &[u8], settings: &Settings, found: &Reading) {
    let expected = search(input, settings);
    assert_eq!(expected.lines.len(), found.items.len(), "{}", input.escape_ascii());
    for (expected, item) in expected.lines.iter().zip(&found.items) {
        assert_same_line(input, expected, item);
    }
    assert!(expected.agrees_with(&found.skipped), "{expected:?} {:?} of {}", found.skipped, input.escape_ascii());
    assert_eq!(expected.replies, found.replies, "{}", input.escape_ascii());
}

/// Asserts that a line is the expected one, and that its event, or its error, is that of its text.
#[track_caller]
fn assert_same_line(input: &[u8], expected: &ExpectedLine, item: &Item) {
    let line = &input[expected.offset..expected.offset + expected.length];
    assert_eq!((item.number, item.offset), (expected.number, expected.offset as u64));
    assert_eq!((&item.line[..], &item.prefix[..]), (line, &line[..expected.prefix]));
    assert_eq!(item.terminated, !expected.unterminated);
    let (line, after) = line.split_at(line.len() - expected.after);
    let text = &line[expected.prefix + b"650 STREAM ".len()..];
    // With tor's line end, a CR or LF at the end of the text is the target's.
    let parsed = [text, b"\r\n"].concat();
    let parsed = StreamEventRef::parse_bytes(&parsed).map(|_| ()).map_err(|error| error.to_string());
    let event = match &item.event {
        Ok(event) => event,
        Err(error) => return assert_eq!(parsed, Err(error.clone()), "{}", input.escape_ascii()),
    };
    assert_eq!((parsed, &event.content[..]), (Ok(()), text), "{}", input.escape_ascii());
    let anomalies = event.anomalies();
    // A log that closes a reply with a quotation mark or with `\r` in letters may have escaped the reply.
    let is_escaped = after.iter().any(|byte| b"'\"\\".contains(byte)) && text.contains(&b'\\');
    for (anomaly, is_expected) in
        [("Unterminated", expected.unterminated), ("InData", expected.in_data), ("Escaped", is_escaped)]
    {
        assert_eq!(anomalies.contains(anomaly), is_expected, "{anomaly} of {event:?} in {}", input.escape_ascii());
    }
    // With the removed CR, the target or the last field would end where tor cuts a target.
    if expected.cr_may_be_target && target_and_fields(text).len() == TARGET_BUFFER - 1 {
        assert!(anomalies.contains("FieldAtCut") || anomalies.contains("TargetMayBeCut"), "{event:?}");
    }
}
