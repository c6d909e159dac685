//! The bytes that tor sends on one connection: events, and the reply with the open streams.
//!
//! # Lines that hide events
//!
//! A client may ask for a host whose name holds CR LF, and tor prints some such names as they are. So any line may be the
//! client's, also one that begins the data of a reply. Data whose end never comes would hide all later events:
//!
//! - tor sends data only in the reply to the one command of `watch` that has any, `GETINFO stream-status`. Any other data is
//!   a client's: the lines after its first line are read as if it had not begun.
//! - tor sends no event within that reply. If one comes, a client has written it, or the beginning of the reply. The event is
//!   shown like any other, and the lines after it are still read as rows of the reply, since they may be tor's.
//!
//! Such a line, or one that looks like an event and is not read, is reported when it comes: once for each kind of line, as
//! `watch` may run for days.

use std::io;
use std::time::SystemTime;

use memchr::memmem;
use tor_stream_event::{EventDecoder, EventLine, LineEnd, Skipped};

use super::MAX_LINE;
use super::control::address::ControlAddress;
use super::display::EventDisplay;
use super::stream_status::StatusReplyScanner;
use crate::input::findings::holds_another_event;
use crate::input::lines::{CollectedLine, LineCollector};

/// Message about a line that tor prints only because of what a client asked for.
macro_rules! by_a_client {
    ($message:literal) => {
        concat!($message, ": a client may have asked for a name that holds a line end")
    };
}

/// The receiver of what tor sends on one connection.
pub(crate) struct Receiver<'o> {
    /// Address of the control port, for messages.
    address: &'o ControlAddress,
    /// Set if events are read leniently.
    lenient: bool,
    /// Decoder of the events. A new one takes its place when data is ended early.
    decoder: EventDecoder<MAX_LINE>,
    /// Number of lines before those that the decoder counts.
    lines_before: u64,
    /// Collector of the line that is still incomplete.
    line: LineCollector,
    /// Scanner for the reply with the open streams, once it was requested.
    scanner: Option<StatusReplyScanner>,
    /// Messages that were reported on this connection.
    reported: Vec<&'static str>,
}

impl<'o> Receiver<'o> {
    /// Returns the receiver before the first byte.
    pub(crate) fn new(address: &'o ControlAddress, lenient: bool) -> Self {
        Self {
            address,
            lenient,
            decoder: new_decoder(lenient),
            lines_before: 0,
            line: LineCollector::of_wire(MAX_LINE),
            scanner: None,
            reported: Vec::new(),
        }
    }

    /// Expects the reply with the open streams from now on.
    pub(crate) fn expect_open_streams(&mut self) {
        self.scanner = Some(StatusReplyScanner::new());
    }

    /// Shows the events and open streams whose lines end in `bytes`.
    pub(crate) fn receive(&mut self, mut bytes: &[u8], display: &mut EventDisplay) -> io::Result<()> {
        let prefix = time_prefix();
        while !bytes.is_empty() {
            let (up_to_lf, line) = self.line.take(&mut bytes);
            self.decode(up_to_lf, &prefix, display)?;
            if let Some(line) = line {
                // The scanner comes first: at the first line of the reply, the next call has to know that the reply has begun.
                self.scan_open_streams(&line, display)?;
                self.end_hiding_data(&line, &prefix, display)?;
            }
        }
        self.report_skipped(display)?;
        if self.line.is_longer_than(MAX_LINE) {
            self.report_line_ends(display)?;
        }
        display.tick()
    }

    /// Reports an incomplete line whose end may never come, and shows the output so far. Called when tor has sent nothing for a
    /// while.
    pub(crate) fn idle(&mut self, display: &mut EventDisplay) -> io::Result<()> {
        self.report_line_ends(display)?;
        display.tick()
    }

    /// Shows the event in a line that is incomplete when tor closes the connection, and reports the absence of its end.
    pub(crate) fn finish(&mut self, display: &mut EventDisplay) -> io::Result<()> {
        let prefix = time_prefix();
        if let Some(line) = self.decoder.finish() {
            let joined = show(line, self.lines_before, &prefix, self.address, display)?;
            self.report_joined(joined, display)?;
        }
        let Skipped { unterminated, open, .. } = self.decoder.skipped();
        if unterminated.is_some() {
            let message = "the connection ended within this line, so some of it may be missing";
            self.report(unterminated, message, display)?;
        }
        if open.is_some() {
            self.report(open, "the connection ended within the data of this reply", display)?;
        }
        self.report_skipped(display)
    }

    /// Shows the events whose lines end in `bytes`, with `prefix` as the text before each.
    fn decode(&mut self, mut bytes: &[u8], prefix: &str, display: &mut EventDisplay) -> io::Result<()> {
        let mut joined = None;
        while let Some(line) = self.decoder.next_event(&mut bytes) {
            joined = show(line, self.lines_before, prefix, self.address, display)?.or(joined);
        }
        self.report_joined(joined, display)
    }

    /// Reports an event that holds another one, given the number of its line. Does nothing for `None`.
    fn report_joined(&mut self, joined: Option<u64>, display: &mut EventDisplay) -> io::Result<()> {
        if joined.is_some() {
            let message =
                "the event in this line holds another one, which is not read: lines may have been joined there";
            self.report(joined, message, display)?;
        }
        Ok(())
    }

    /// Shows the open stream in a line, if it is a row of the reply.
    fn scan_open_streams(&mut self, line: &CollectedLine, display: &mut EventDisplay) -> io::Result<()> {
        let row = self.scanner.as_mut().and_then(|scanner| scanner.parse_line(line));
        if row.is_some_and(|row| !display.add_open_stream(&row)) {
            self.report(None, "a row of the reply to GETINFO stream-status cannot be read", display)?;
        }
        Ok(())
    }

    /// Ends data that would hide later events: if `line`, which was decoded last, begins data that nobody has asked for, or is an
    /// event in the reply with the open streams.
    fn end_hiding_data(&mut self, line: &CollectedLine, prefix: &str, display: &mut EventDisplay) -> io::Result<()> {
        let is_reply_open = self.scanner.as_ref().is_some_and(StatusReplyScanner::is_in_data);
        // The decoder reads no line after the one that is `open`, up to a dot, and counts those that look like an event: `in_data`.
        let Skipped { open, in_data, .. } = self.decoder.skipped();
        if let Some(number) = open.filter(|_| !is_reply_open) {
            self.report_skipped(display)?;
            let message = by_a_client!("this line begins data that nobody has asked for, and is read as if it did not");
            self.report(Some(number), message, display)?;
            // The line that begins the data was the decoder's last one, so its number is that of all lines so far.
            self.restart_decoder(number);
        } else if let Some(number) = in_data.first {
            self.report_skipped(display)?;
            let message = by_a_client!("this line, among the streams that tor lists, is read as an event");
            self.report(Some(number), message, display)?;
            // Each event in data restarts the decoder, so the first one is the line that was decoded last.
            self.restart_decoder(number - 1);
            // Of a line that is too long, `text` is the beginning, which is too long for the decoder as well, and so is an error.
            self.decode(&[&line.text, b"\r\n".as_slice()].concat(), prefix, display)?;
        }
        Ok(())
    }

    /// Replaces the decoder with one that is not in data, and that begins after the first `lines` lines of the old one.
    fn restart_decoder(&mut self, lines: u64) {
        self.lines_before += lines;
        self.decoder = new_decoder(self.lenient);
    }

    /// Reports lines that look like an event and were not read.
    fn report_skipped(&mut self, display: &mut EventDisplay) -> io::Result<()> {
        let Skipped { marks, bare, wrapped, .. } = self.decoder.skipped();
        for (lines, message) in [
            (marks, by_a_client!("a line with `650 STREAM` behind other text is not read")),
            (bare, by_a_client!("a line with an event without its code 650 is not read")),
            (wrapped, by_a_client!("a line that begins like the rest of an event is not read")),
        ] {
            if lines.first.is_some() {
                self.report(lines.first, message, display)?;
            }
        }
        Ok(())
    }

    /// Reports an incomplete line that holds other lines, which end with LF alone: its own end may never come.
    fn report_line_ends(&mut self, display: &mut EventDisplay) -> io::Result<()> {
        if memmem::find(self.line.text(), b"\n650 STREAM ").is_none() {
            return Ok(());
        }
        let message = "no event is read from here on: lines end with LF, and those of tor with CR LF. Something between tor \
                       and this program changes them";
        self.report(None, message, display)
    }

    /// Reports something that was not read, or not as it stands, if it is the first of its kind on this connection.
    /// `line` is the number of its line among those that the decoder counts.
    fn report(&mut self, line: Option<u64>, message: &'static str, display: &mut EventDisplay) -> io::Result<()> {
        if self.reported.contains(&message) {
            return Ok(());
        }
        self.reported.push(message);
        let line = line.map(|line| format!(":{}", self.lines_before + line)).unwrap_or_default();
        display.report_unread(format_args!("{}{line}: {message}", self.address))
    }
}

/// Shows an event that comes after `lines_before` lines of earlier decoders, with `prefix` as the text before it. Returns the
/// number of its line among those of its decoder if it holds another event.
fn show<'l>(
    mut line: EventLine<'l>,
    lines_before: u64,
    prefix: &'l str,
    address: &ControlAddress,
    display: &mut EventDisplay,
) -> io::Result<Option<u64>> {
    // Checked before the prefix is set: `holds_another_event` takes a prefix for the sign of a log, where lines are joined more often
    // than on the wire.
    let holds_another = line.event.as_ref().is_ok_and(|event| holds_another_event(&line, event));
    let joined = holds_another.then_some(line.number);
    line.number += lines_before;
    line.prefix = prefix.as_bytes();
    display.show(&line, address)?;
    Ok(joined)
}

/// Returns a decoder of the wire. Its line end is set: after a restart, its first line may be a client's.
fn new_decoder(lenient: bool) -> EventDecoder<MAX_LINE> {
    EventDecoder::new().lenient(lenient).line_end(LineEnd::CrLf)
}

/// Returns text with the time of now, to stand before an event: the output takes an event's time from there.
///
/// This is the form of OnionPerf's logs, whose third word is Unix time. The two dashes stand for a date and a time of day.
fn time_prefix() -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    format!("- - {}.{:06} ", now.as_secs(), now.subsec_micros())
}
