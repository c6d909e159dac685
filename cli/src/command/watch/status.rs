//! The streams that were open before events were asked for: the reply to `GETINFO stream-status`.

use super::LINE;
use super::control::{Kind, ReplyLine};
use crate::input::lines::{CollectedLine, LineCollector};

/// Command that requests the open streams.
pub(crate) const COMMAND: &str = "GETINFO stream-status";

/// Name of the reply, at the start of its first line's text.
const NAME: &[u8] = b"stream-status=";

/// A scanner for the reply among events.
///
/// tor replies when it has time, and another program on the port may never do so. So events are shown meanwhile, and
/// each stream of the reply is returned at its place between them.
pub(crate) struct OpenStreams {
    /// Kind of the next lines.
    state: State,
    /// Collector of the line that is still incomplete.
    lines: LineCollector,
}

/// A stream of the reply.
pub(crate) enum OpenStream {
    /// Text of its line: the beginning of an event's content.
    Text(Vec<u8>),
    /// A stream whose line is longer than [`LINE`]. tor prints no such line.
    TooLong,
}

/// The kind of the next lines.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Events, or the first line of the reply.
    Before,
    /// Data of another reply.
    OtherData,
    /// Streams, up to a dot.
    Streams,
    /// Any lines after the reply.
    After,
}

impl OpenStreams {
    /// Returns the state after the command was sent.
    pub(crate) const fn new() -> Self {
        Self { state: State::Before, lines: LineCollector::of_wire(LINE) }
    }

    /// Removes bytes from the start of `piece`, up to a line end or all, and returns them. If they complete the line of
    /// a stream, the stream is returned too.
    pub(crate) fn take<'p>(&mut self, piece: &mut &'p [u8]) -> (&'p [u8], Option<OpenStream>) {
        if self.state == State::After {
            return (core::mem::take(piece), None);
        }
        let (taken, line) = self.lines.take(piece);
        (taken, line.and_then(|line| self.line(&line)))
    }

    /// Parses a line, and returns the stream in it.
    fn line(&mut self, line: &CollectedLine) -> Option<OpenStream> {
        let stream = |text: &[u8]| if line.is_whole { OpenStream::Text(text.to_vec()) } else { OpenStream::TooLong };
        let line = &*line.text;
        match (self.state, ReplyLine::of(line)) {
            (State::Streams, _) if line == b"." => self.state = State::After,
            (State::Streams, _) => return Some(stream(line)),
            (State::OtherData, _) if line == b"." => self.state = State::Before,
            (State::Before, Some(reply)) => {
                let text = reply.text.strip_prefix(NAME).filter(|_| reply.code == *b"250");
                match (reply.kind, text) {
                    (Kind::Data, Some(_)) => self.state = State::Streams,
                    (Kind::Data, None) => self.state = State::OtherData,
                    // A single stream, or none.
                    (_, Some(text)) => {
                        self.state = State::After;
                        return (!text.is_empty()).then(|| stream(text));
                    }
                    // The command requests nothing else: this is a refusal.
                    (Kind::End, None) if !reply.is_event() => self.state = State::After,
                    _ => {}
                }
            }
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the streams in `text`, passed in pieces of this length, and checks that every byte is returned.
    fn streams(text: &str, len: usize) -> Vec<String> {
        let (mut open, mut taken, mut streams) = (OpenStreams::new(), Vec::new(), Vec::new());
        for mut piece in text.as_bytes().chunks(len) {
            while !piece.is_empty() {
                let (bytes, stream) = open.take(&mut piece);
                taken.extend_from_slice(bytes);
                streams.extend(stream.map(|stream| match stream {
                    OpenStream::Text(text) => String::from_utf8_lossy(&text).into_owned(),
                    OpenStream::TooLong => "too long".into(),
                }));
            }
        }
        assert_eq!(taken, text.as_bytes());
        streams
    }

    /// Each form of the reply, among other lines, in pieces of any length.
    #[test]
    fn replies() {
        const EVENT: &str = "650 STREAM 9 NEW 0 250+stream-status=:1\r\n";
        let long = "x".repeat(3 * LINE);
        for (text, expected) in [
            (
                "250+stream-status=\r\n31 NEW 0 a:1\r\n32 SUCCEEDED 7 b:2\r\n.\r\n250 OK\r\n",
                &["31 NEW 0 a:1", "32 SUCCEEDED 7 b:2"][..],
            ),
            ("250+stream-status=\r\n.\r\n250 OK\r\n5 NEW 0 a:1\r\n", &[]),
            ("250-stream-status=10 NEW 0 192.0.2.7:443\r\n250 OK\r\n", &["10 NEW 0 192.0.2.7:443"]),
            ("250-stream-status=\r\n250 OK\r\n250+stream-status=\r\n31 NEW 0 a:1\r\n.\r\n", &[]),
            ("552 Unrecognized key \"stream-status\"\r\n250+stream-status=\r\n31 NEW 0 a:1\r\n.\r\n", &[]),
            // A name with a LF in it, and lines of other replies.
            ("250+stream-status=\r\n31 NEW 0 a\n.:1\r\n.\r\n250 OK\r\n", &["31 NEW 0 a\n.:1"]),
            (
                "650+X\r\n250+stream-status=\r\n31 NEW 0 a:1\r\n.\r\n650 OK\r\n250-stream-status=1 NEW 0 b:1\r\n",
                &["1 NEW 0 b:1"],
            ),
            (&format!("650 STREAM {long}\r\n250-stream-status=1 NEW 0 b:1\r\n"), &["1 NEW 0 b:1"]),
            (&format!("650+{long}\r\n250-stream-status=1 NEW 0 b:1\r\n.\r\n"), &[]),
            (&format!("250+stream-status=\r\n{long}\r\n1 NEW 0 b:1\r\n.\r\n"), &["too long", "1 NEW 0 b:1"]),
            (&format!("250-stream-status={long}\r\n250 OK\r\n1 NEW 0 b:1\r\n"), &["too long"]),
        ] {
            for len in [1, 2, 7, 64, 1 << 20] {
                assert_eq!(streams(&format!("{EVENT}{text}{EVENT}"), len), expected, "{len}");
            }
        }
    }
}
