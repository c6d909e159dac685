//! The streams that were open before events were asked for: the reply to `GETINFO stream-status`.
//!
//! The reply is one of three forms: `250+stream-status=` with a row of data for each stream, `250-stream-status=` with the
//! only stream behind it, or with none. `input/open_streams.rs` reads such replies in logs, where lines may have a prefix and
//! there may be several.

use super::control::{Continuation, ReplyLine};
use crate::input::lines::CollectedLine;

/// Command that requests the open streams.
pub(crate) const COMMAND: &str = "GETINFO stream-status";

/// Name of the reply, at the start of its first line's text.
const NAME: &[u8] = b"stream-status=";

/// A scanner for the reply, which may come among events.
///
/// tor replies when it has time, and another program on the port may never do so. So events are shown meanwhile, and
/// each stream of the reply is returned at its place between them.
pub(crate) struct ReplyScanner(ScanState);

/// A row of the reply: a stream.
pub(crate) enum ReplyRow {
    /// Text of its line: the beginning of an event's content.
    Text(Vec<u8>),
    /// A stream whose line is longer than that of any event. tor prints no such line.
    TooLong,
}

/// The lines that come next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ScanState {
    /// Events, or the first line of the reply.
    Before,
    /// Streams, up to a dot.
    Streams,
    /// Any lines after the reply.
    After,
}

impl ReplyScanner {
    /// Returns the scanner for the lines after the command was sent.
    pub(crate) const fn new() -> Self {
        Self(ScanState::Before)
    }

    /// Returns `true` between the first line of a reply with several streams and the dot.
    pub(crate) fn is_in_data(&self) -> bool {
        self.0 == ScanState::Streams
    }

    /// Parses a line, and returns the row that it is.
    pub(crate) fn parse_line(&mut self, line: &CollectedLine) -> Option<ReplyRow> {
        let row = |text: &[u8]| if line.is_whole { ReplyRow::Text(text.to_vec()) } else { ReplyRow::TooLong };
        let line = &*line.text;
        match (self.0, ReplyLine::of(line)) {
            (ScanState::Streams, _) if line == b"." => self.0 = ScanState::After,
            (ScanState::Streams, _) => return Some(row(line)),
            (ScanState::Before, Some(reply)) => {
                let text = reply.text.strip_prefix(NAME).filter(|_| reply.code == *b"250");
                match (reply.continuation, text) {
                    (Continuation::Data, Some(_)) => self.0 = ScanState::Streams,
                    // The only stream, or none.
                    (_, Some(text)) => {
                        self.0 = ScanState::After;
                        return (!text.is_empty()).then(|| row(text));
                    }
                    // Another reply can only be a refusal: no other command was sent.
                    (Continuation::End, None) if !reply.is_event() => self.0 = ScanState::After,
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
    use super::super::MAX_LINE;
    use super::*;
    use crate::input::lines::LineCollector;

    /// Returns the streams in `text`.
    fn streams(mut text: &[u8]) -> Vec<String> {
        let (mut lines, mut scanner) = (LineCollector::of_wire(MAX_LINE), ReplyScanner::new());
        let mut streams = Vec::new();
        while !text.is_empty() {
            let row = lines.take(&mut text).1.and_then(|line| scanner.parse_line(&line));
            streams.extend(row.map(|row| match row {
                ReplyRow::Text(text) => String::from_utf8_lossy(&text).into_owned(),
                ReplyRow::TooLong => "too long".into(),
            }));
        }
        streams
    }

    /// Each form of the reply, among other lines.
    #[test]
    fn replies() {
        const EVENT: &str = "650 STREAM 9 NEW 0 250+stream-status=:1\r\n";
        let long = "x".repeat(3 * MAX_LINE);
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
            // No line begins data but that of the reply.
            ("650+X\r\n250-stream-status=1 NEW 0 b:1\r\n.\r\n", &["1 NEW 0 b:1"]),
            (&format!("650 STREAM {long}\r\n250-stream-status=1 NEW 0 b:1\r\n"), &["1 NEW 0 b:1"]),
            (&format!("250+stream-status=\r\n{long}\r\n1 NEW 0 b:1\r\n.\r\n"), &["too long", "1 NEW 0 b:1"]),
            (&format!("250-stream-status={long}\r\n250 OK\r\n1 NEW 0 b:1\r\n"), &["too long"]),
        ] {
            assert_eq!(streams(format!("{EVENT}{text}{EVENT}").as_bytes()), expected);
        }
    }
}
