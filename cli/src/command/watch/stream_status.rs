//! The reply to `GETINFO stream-status`: the streams that were open before events were asked for.
//!
//! The reply has one of three forms: for several streams, for one, and for none. Its *rows* are the streams:
//!
//! ```text
//! 250+stream-status=                     250-stream-status=10 NEW 0 a:443     250-stream-status=
//! 31 NEW 0 www.example.com:443           250 OK                               250 OK
//! 32 SUCCEEDED 7 www.example.org:80
//! .
//! 250 OK
//! ```
//!
//! `input/open_streams` reads such replies in logs, where lines may have a prefix and there may be several.

use super::control::{Continuation, ReplyLine};
use crate::input::lines::CollectedLine;

/// Command that requests the open streams.
pub(crate) const COMMAND: &str = "GETINFO stream-status";

/// Name of the reply, at the start of its first line's text.
const NAME: &[u8] = b"stream-status=";

/// A scanner for the reply, which may come among events.
///
/// tor replies when it has time, and another program on the port may never do so. So lines are passed to the scanner one by
/// one, while the events among them are shown.
pub(crate) struct StatusReplyScanner(ScanState);

/// A row of the reply: a stream.
pub(crate) enum StatusRow {
    /// Text of its line: the beginning of an event's content.
    Text(Vec<u8>),
    /// A stream whose line is longer than that of any event. tor prints no such line.
    TooLong,
}

/// The place of the next line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ScanState {
    /// Before the reply, or its first line.
    Before,
    /// In the data of the reply: rows, up to a dot.
    Data,
    /// After the rows.
    After,
}

impl StatusReplyScanner {
    /// Returns the scanner for the lines after the command was sent.
    pub(crate) const fn new() -> Self {
        Self(ScanState::Before)
    }

    /// Returns `true` between `250+stream-status=` and the dot.
    pub(crate) fn is_in_data(&self) -> bool {
        self.0 == ScanState::Data
    }

    /// Parses a line, and returns its row. `None` for a line without a row, and for one that is no line of the reply.
    pub(crate) fn parse_line(&mut self, line: &CollectedLine) -> Option<StatusRow> {
        match self.0 {
            ScanState::Before => self.parse_first_line(line),
            ScanState::Data => self.parse_data(line),
            ScanState::After => None,
        }
    }

    /// Parses a line before the reply, or the reply's first line.
    fn parse_first_line(&mut self, line: &CollectedLine) -> Option<StatusRow> {
        let reply = ReplyLine::of(&line.text)?;
        let after_name = reply.text.strip_prefix(NAME).filter(|_| reply.code == *b"250");
        match (after_name, reply.continuation) {
            (Some(_), Continuation::Data) => self.0 = ScanState::Data,
            // The reply with the only stream, or without any.
            (Some(text), _) => {
                self.0 = ScanState::After;
                return (!text.is_empty()).then(|| StatusRow::new(text, line));
            }
            // A refusal: no other command was sent. If a client has written this line, tor's own reply is reported as data that
            // nobody has asked for, and its rows are not read.
            (None, Continuation::End) if !reply.is_event() => self.0 = ScanState::After,
            // An event, or a client's line.
            (None, _) => {}
        }
        None
    }

    /// Parses a line of data.
    fn parse_data(&mut self, line: &CollectedLine) -> Option<StatusRow> {
        let text = &*line.text;
        if text == b"." {
            self.0 = ScanState::After;
            return None;
        }
        // A client's line may have seemed to begin the reply. Then events follow, and the first line of tor's own reply. No row of
        // tor's looks like either: an ID has no `+`, and `STREAM` is no status.
        let is_row = !text.starts_with(b"650 STREAM ") && text != b"250+stream-status=";
        is_row.then(|| StatusRow::new(text, line))
    }
}

impl StatusRow {
    /// Returns the row with this text, out of a line.
    fn new(text: &[u8], line: &CollectedLine) -> Self {
        if line.is_whole { Self::Text(text.to_vec()) } else { Self::TooLong }
    }
}

#[cfg(test)]
mod tests {
    use super::super::MAX_LINE;
    use super::*;
    use crate::input::lines::LineCollector;

    /// Returns the rows in `text`.
    fn rows(mut text: &[u8]) -> Vec<String> {
        let (mut lines, mut scanner) = (LineCollector::of_wire(MAX_LINE), StatusReplyScanner::new());
        let mut rows = Vec::new();
        while !text.is_empty() {
            let row = lines.take(&mut text).1.and_then(|line| scanner.parse_line(&line));
            rows.extend(row.map(|row| match row {
                StatusRow::Text(text) => String::from_utf8_lossy(&text).into_owned(),
                StatusRow::TooLong => "too long".into(),
            }));
        }
        rows
    }

    /// Each form of the reply, among other lines.
    #[test]
    fn replies() {
        // Before and after the reply: an event whose target looks like the reply.
        const EVENT: &str = "650 STREAM 9 NEW 0 250+stream-status=:1\r\n";
        let long = "x".repeat(3 * MAX_LINE);
        for (text, expected) in [
            (
                "250+stream-status=\r\n31 NEW 0 a:1\r\n32 SUCCEEDED 7 b:2\r\n.\r\n250 OK\r\n",
                &["31 NEW 0 a:1", "32 SUCCEEDED 7 b:2"][..],
            ),
            ("250+stream-status=\r\n.\r\n250 OK\r\n5 NEW 0 a:1\r\n", &[]),
            ("250-stream-status=10 NEW 0 192.0.2.7:443\r\n250 OK\r\n", &["10 NEW 0 192.0.2.7:443"]),
            // Only one reply was asked for: whatever comes after it has no rows.
            ("250-stream-status=\r\n250 OK\r\n250+stream-status=\r\n31 NEW 0 a:1\r\n.\r\n", &[]),
            ("552 Unrecognized key \"stream-status\"\r\n250+stream-status=\r\n31 NEW 0 a:1\r\n.\r\n", &[]),
            // A LF in a name ends no row.
            ("250+stream-status=\r\n31 NEW 0 a\n.:1\r\n.\r\n250 OK\r\n", &["31 NEW 0 a\n.:1"]),
            // An event, and a line that begins the reply once more, are no rows.
            (
                "250+stream-status=\r\n650 STREAM 5 NEW 0 a:1\r\n250+stream-status=\r\n1 NEW 0 b:1\r\n.\r\n",
                &["1 NEW 0 b:1"],
            ),
            // No line begins data but that of the reply.
            ("650+X\r\n250-stream-status=1 NEW 0 b:1\r\n.\r\n", &["1 NEW 0 b:1"]),
            // Lines that are too long: an event, a row of data, and the only stream.
            (&format!("650 STREAM {long}\r\n250-stream-status=1 NEW 0 b:1\r\n"), &["1 NEW 0 b:1"]),
            (&format!("250+stream-status=\r\n{long}\r\n1 NEW 0 b:1\r\n.\r\n"), &["too long", "1 NEW 0 b:1"]),
            (&format!("250-stream-status={long}\r\n250 OK\r\n1 NEW 0 b:1\r\n"), &["too long"]),
        ] {
            assert_eq!(rows(format!("{EVENT}{text}{EVENT}").as_bytes()), expected);
        }
    }
}
