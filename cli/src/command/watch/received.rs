//! What tor sends on one connection: events, and the reply with the open streams.
//!
//! # Lines that hide events
//!
//! A client may ask for a host whose name holds CR LF, and tor prints some such names as they are. So any line may be the
//! client's, also one that begins the data of a reply: data whose end never comes would hide all later events. But tor sends
//! data only in the reply to the one command of `watch` that has any, `GETINFO stream-status`. Data anywhere else is
//! no data: the lines after its first line are read as those of replies.
//!
//! A line that looks like an event and is not read is reported when it comes, once for each kind of line, as `watch` may run
//! for days.

use std::io;
use std::time::SystemTime;

use memchr::memmem;
use tor_stream_event::{EventDecoder, Skipped};

use super::MAX_LINE;
use super::address::ControlAddress;
use super::display::EventDisplay;
use super::open_streams::ReplyScanner;
use crate::input::lines::LineCollector;

/// End of the messages about lines that tor itself does not print.
macro_rules! clients {
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
    /// Decoder of the events.
    decoder: EventDecoder<MAX_LINE>,
    /// Number of lines before those that the decoder counts.
    lines_before: u64,
    /// Collector of the line that is still incomplete.
    line: LineCollector,
    /// Scanner for the reply with the open streams, once it was requested.
    scanner: Option<ReplyScanner>,
    /// Messages that were reported on this connection.
    reported: Vec<&'static str>,
}

impl<'o> Receiver<'o> {
    /// Returns the receiver before the first byte.
    pub(crate) fn new(address: &'o ControlAddress, lenient: bool) -> Self {
        Self {
            address,
            lenient,
            decoder: EventDecoder::new().lenient(lenient),
            lines_before: 0,
            line: LineCollector::of_wire(MAX_LINE),
            scanner: None,
            reported: Vec::new(),
        }
    }

    /// Expects the reply with the open streams from now on.
    pub(crate) fn expect_open_streams(&mut self) {
        self.scanner = Some(ReplyScanner::new());
    }

    /// Shows the events and open streams whose lines end in `piece`.
    pub(crate) fn receive(&mut self, mut piece: &[u8], display: &mut EventDisplay) -> io::Result<()> {
        // The output takes the time from the text before an event. This is the form of OnionPerf's logs, whose two dashes
        // stand for a date and a time of day: Unix time as the third word.
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let prefix = format!("- - {}.{:06} ", now.as_secs(), now.subsec_micros());
        while !piece.is_empty() {
            let (mut bytes, line) = self.line.take(&mut piece);
            while let Some(mut event) = self.decoder.next_event(&mut bytes) {
                event.number += self.lines_before;
                event.prefix = prefix.as_bytes();
                display.show(&event, self.address)?;
            }
            let row = line.and_then(|line| self.scanner.as_mut()?.parse_line(&line));
            if row.is_some_and(|row| !display.receive_open(&row)) {
                self.report(None, "a row of the reply to GETINFO stream-status cannot be read", display)?;
            }
            self.leave_data_of_clients(display)?;
        }
        self.report_skipped(display)?;
        if self.line.is_longer_than(MAX_LINE) {
            self.report_line_ends(display)?;
        }
        display.tick()
    }

    /// Takes notice that tor has sent nothing for a while.
    pub(crate) fn pause(&mut self, display: &mut EventDisplay) -> io::Result<()> {
        self.report_line_ends(display)?;
        display.tick()
    }

    /// Shows the event in a line that is incomplete when tor closes the connection, and reports the absence of its end.
    pub(crate) fn finish(&mut self, display: &mut EventDisplay) -> io::Result<()> {
        if let Some(mut event) = self.decoder.finish() {
            event.number += self.lines_before;
            display.show(&event, self.address)?;
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

    /// Leaves data that is not that of the reply with the open streams, after its first line.
    fn leave_data_of_clients(&mut self, display: &mut EventDisplay) -> io::Result<()> {
        let is_reply_open = self.scanner.as_ref().is_some_and(ReplyScanner::is_in_data);
        let Some(line) = self.decoder.skipped().open.filter(|_| !is_reply_open) else { return Ok(()) };
        self.report_skipped(display)?;
        self.report(
            Some(line),
            clients!("this line begins data that nobody has asked for, and is read as if it did not"),
            display,
        )?;
        // The line that begins the data was the decoder's last one, so its number is that of all lines so far.
        self.lines_before += line;
        self.decoder = EventDecoder::new().lenient(self.lenient);
        Ok(())
    }

    /// Reports lines that look like an event and were not read.
    fn report_skipped(&mut self, display: &mut EventDisplay) -> io::Result<()> {
        let Skipped { marks, bare, wrapped, in_data, .. } = self.decoder.skipped();
        for (lines, message) in [
            (marks, clients!("a line with `650 STREAM` behind other text is not read")),
            (bare, clients!("a line with an event without its code 650 is not read")),
            (wrapped, clients!("a line that begins like the rest of an event is not read")),
            (in_data, clients!("a line that looks like an event, among the streams that tor lists, is not read")),
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

    /// Reports that something was not read, if it is the first time on this connection. `line` is its line among those
    /// that the decoder counts.
    fn report(&mut self, line: Option<u64>, message: &'static str, display: &mut EventDisplay) -> io::Result<()> {
        if self.reported.contains(&message) {
            return Ok(());
        }
        self.reported.push(message);
        let line = line.map(|line| format!(":{}", self.lines_before + line)).unwrap_or_default();
        display.report_unread(format_args!("{}{line}: {message}", self.address))
    }
}
