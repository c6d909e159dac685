//! The entry points for a stream of lines, each as one function with the same result.
#![allow(clippy::indexing_slicing, clippy::expect_used, reason = "a test fails by panicking")]

#[cfg(feature = "tokio-util")]
use tor_stream_event::LineEnd;
use tor_stream_event::{EventDecoder, EventLine, Skipped, StreamEventRef, StreamEvents, stream_events};

use super::search::{ExpectedLine, Settings, search};
use super::target_and_fields;

/// A line with an event, as an entry point returns it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    /// The line's number.
    pub(crate) number: u64,
    /// The number of bytes before it.
    pub(crate) offset: u64,
    /// Its prefix.
    pub(crate) prefix: Vec<u8>,
    /// The line.
    pub(crate) line: Vec<u8>,
    /// The event's content and its `Debug` output, or the error.
    pub(crate) event: Result<(Vec<u8>, String), String>,
    /// Set if the line has an end.
    pub(crate) terminated: bool,
}

impl From<EventLine<'_>> for Item {
    fn from(line: EventLine<'_>) -> Self {
        let event = line.event.map(|event| (event.content().to_vec(), format!("{event:?}")));
        Self {
            number: line.number,
            offset: line.offset,
            prefix: line.prefix.to_vec(),
            line: line.line.to_vec(),
            event: event.map_err(|error| error.to_string()),
            terminated: line.is_terminated(),
        }
    }
}

/// The events and counts that one entry point finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// The lines with events.
    pub(crate) items: Vec<Item>,
    /// Counts of the skipped lines.
    pub(crate) skipped: Skipped,
    /// Number of lines with a reply.
    pub(crate) replies: u64,
}

impl Found {
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
pub(crate) fn buffer(input: &[u8], settings: &Settings) -> Found {
    let mut events = events(input, settings);
    let items = events.by_ref().map(Item::from).collect();
    Found { items, skipped: events.skipped(), replies: events.replies() }
}

/// Reads chunks of this size with a decoder, which needs a line end or a format.
pub(crate) fn decoder(input: &[u8], settings: &Settings, size: usize) -> Found {
    let decoder = EventDecoder::<{ 1 << 16 }>::new();
    let decoder = settings.line_end.map_or_else(EventDecoder::new, |line_end| decoder.line_end(line_end));
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
    Found { items, skipped: decoder.skipped(), replies: decoder.replies() }
}

/// Reads with a reader that returns this many bytes at a time.
#[cfg(feature = "std")]
pub(crate) fn reader(input: &[u8], settings: &Settings, size: usize) -> Found {
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
    Found { items, skipped: reader.skipped(), replies: reader.replies() }
}

/// A reader that returns a fixed number of bytes at a time, and may fail before that.
#[cfg(feature = "std")]
#[derive(Clone, Debug)]
pub(crate) struct ChunkReader<'a> {
    /// Unread bytes.
    pub(crate) rest: &'a [u8],
    /// Number of bytes at a time.
    pub(crate) size: usize,
    /// Errors of the next calls, the last one first.
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

/// Returns the frames of the codec, each as content and `Debug` output of the event, or as its error.
#[cfg(feature = "tokio-util")]
pub(crate) fn codec(input: &[u8], size: usize) -> Vec<Result<(Vec<u8>, String), String>> {
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
    let text = |event: &tor_stream_event::StreamEvent| format!("{:?}", event.as_event_ref());
    let event = |event: tor_stream_event::StreamEvent| (event.content().to_vec(), text(&event));
    frames.into_iter().map(|frame| frame.map(event).map_err(|error| error.to_string())).collect()
}

/// Reads an input through every entry point that takes the settings, in chunks of 1, 7 and 4096 bytes and of this size. Asserts
/// that the results agree with each other and with a slow search, and returns them.
#[track_caller]
pub(crate) fn read(input: &[u8], settings: &Settings, size: usize) -> Found {
    let whole = buffer(input, settings);
    assert_same_as_search(input, settings, &whole);
    for size in [1, 7, size, 4096] {
        #[cfg(feature = "std")]
        assert_eq!(reader(input, settings, size), whole, "a reader, {size} bytes at a time");
        if settings.line_end.is_some() || !settings.formats.is_empty() {
            assert_eq!(decoder(input, settings, size), whole, "a decoder, {size} bytes at a time");
        }
        #[cfg(feature = "tokio-util")]
        if settings.line_end == Some(LineEnd::CrLf) && settings.formats.is_empty() {
            let events: Vec<_> = whole.items.iter().map(|item| item.event.clone()).collect();
            assert_eq!(codec(input, size), events, "a codec, {size} bytes at a time");
        }
    }
    whole
}

/// Asserts that a slow search finds the same lines and counts, and that each event is that of its text.
#[track_caller]
fn assert_same_as_search(input: &[u8], settings: &Settings, found: &Found) {
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
    let (content, event) = match &item.event {
        Ok(event) => event,
        Err(error) => return assert_eq!(parsed, Err(error.clone()), "{}", input.escape_ascii()),
    };
    assert_eq!((parsed, &content[..]), (Ok(()), text), "{}", input.escape_ascii());
    let anomalies = event.rsplit_once("anomalies: ").expect("anomalies").1;
    let is_escaped = after.iter().any(|byte| b"'\"\\".contains(byte)) && text.contains(&b'\\');
    for (anomaly, is_expected) in
        [("Unterminated", expected.unterminated), ("InData", expected.in_data), ("Escaped", is_escaped)]
    {
        assert_eq!(anomalies.contains(anomaly), is_expected, "{anomaly} of {event} in {}", input.escape_ascii());
    }
    if expected.cr_may_be_target && target_and_fields(text).len() == 254 {
        assert!(anomalies.contains("AtCut") || anomalies.contains("TargetMayBeCut"), "{event}");
    }
}
