//! The streams that were open before events were asked for: the reply to `GETINFO stream-status`.

use super::LINE;
use super::control::{Kind, ReplyLine};
use crate::input::lines::LineCollector;

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
        Self { state: State::Before, lines: LineCollector::new(LINE, true) }
    }

    /// Removes bytes from the start of `piece`, up to a line end or all, and returns them. If they complete the line of
    /// a stream, its text is returned too.
    pub(crate) fn take<'p>(&mut self, piece: &mut &'p [u8]) -> (&'p [u8], Option<Vec<u8>>) {
        if self.state == State::After {
            return (core::mem::take(piece), None);
        }
        let (taken, line) = self.lines.take(piece);
        // A line that is too long is not that of a stream, and not a dot.
        (taken, line.filter(|line| line.is_whole).and_then(|line| self.line(&line.text)))
    }

    /// Parses a line, and returns the text of a stream in it.
    fn line(&mut self, line: &[u8]) -> Option<Vec<u8>> {
        match (self.state, ReplyLine::of(line)) {
            (State::Streams, _) if line == b"." => self.state = State::After,
            (State::Streams, _) => return Some(line.to_vec()),
            (State::OtherData, _) if line == b"." => self.state = State::Before,
            (State::Before, Some(reply)) => {
                let streams = reply.text.strip_prefix(NAME).filter(|_| reply.code == *b"250");
                match (reply.kind, streams) {
                    (Kind::Data, Some(_)) => self.state = State::Streams,
                    (Kind::Data, None) => self.state = State::OtherData,
                    // A single stream, or none.
                    (_, Some(stream)) => {
                        self.state = State::After;
                        return Some(stream.to_vec()).filter(|stream| !stream.is_empty());
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
                streams.extend(stream.map(|stream| String::from_utf8_lossy(&stream).into_owned()));
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
            (&format!("250+stream-status=\r\n{long}\r\n1 NEW 0 b:1\r\n.\r\n"), &["1 NEW 0 b:1"]),
        ] {
            for len in [1, 2, 7, 64, 1 << 20] {
                assert_eq!(streams(&format!("{EVENT}{text}{EVENT}"), len), expected, "{len}");
            }
        }
    }
}
