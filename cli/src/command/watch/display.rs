//! Showing what tor sends: each event, or a summary.

use core::fmt::Arguments;
use core::time::Duration;
use std::io;
use std::time::SystemTime;

use tor_stream_event::EventDecoder;

use super::Options;
use super::address::ControlAddress;
use super::live_summary::LiveSummary;
use super::open_streams::ReplyRow;
use super::screen::Screen;
use crate::command::events::{EventLogs, EventOutput};
use crate::input::filter::MetConditions;
use crate::input::reader::Event;
use crate::input::time::Time;
use crate::report;

/// The display of what tor sends.
pub(crate) enum EventDisplay {
    /// Each event, in the format of the command `events`.
    Events(Box<EventOutput>),
    /// A summary, and the place where it is shown.
    Summary(Box<LiveSummary>, Screen),
}

impl EventDisplay {
    /// Returns the display that the options select.
    pub(crate) fn new(options: &Options) -> io::Result<Self> {
        if options.summary {
            let summary = Box::new(LiveSummary::new(options.max_live, options.lenient));
            return Ok(Self::Summary(summary, Screen::new(Duration::from_secs(options.interval))));
        }
        let mut output = EventOutput::new(EventLogs {
            format: options.format,
            show_credentials: options.credentials.show_credentials,
            cells: options.csv.cells(),
        })?;
        // The names of the columns of CSV are printed now, not with the first event.
        output.flush()?;
        Ok(Self::Events(Box::new(output)))
    }

    /// Decodes the events that end in `piece`, received from tor, and shows them at once. `address` is for messages.
    pub(crate) fn receive<const N: usize>(
        &mut self,
        decoder: &mut EventDecoder<N>,
        mut piece: &[u8],
        address: &ControlAddress,
    ) -> io::Result<()> {
        // The output takes the time from the text before an event. This is the form of OnionPerf's logs, whose two dashes
        // stand for a date and a time of day: Unix time as the third word.
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let prefix = format!("- - {}.{:06} ", now.as_secs(), now.subsec_micros());
        while let Some(mut line) = decoder.next_event(&mut piece) {
            match (&mut *self, line.event) {
                (Self::Events(output), Ok(event)) => {
                    line.prefix = prefix.as_bytes();
                    output.write(&Event {
                        line: &line,
                        event: &event,
                        time: Time::of(&line),
                        met: MetConditions::ALL,
                    })?;
                }
                (Self::Events(output), Err(error)) => {
                    output.flush()?;
                    report(format_args!("{address}:{}: {error}", line.number));
                }
                (Self::Summary(summary, _), Ok(event)) => summary.update(&event),
                (Self::Summary(summary, _), Err(_)) => summary.add_unreadable(),
            }
        }
        self.tick()
    }

    /// Adds a stream that was open before, if there is one.
    pub(crate) fn receive_open(&mut self, stream: Option<ReplyRow>) {
        if let (Self::Summary(summary, _), Some(stream)) = (self, stream) {
            summary.add_open(&stream);
        }
    }

    /// Shows output whose time has come.
    pub(crate) fn tick(&mut self) -> io::Result<()> {
        match self {
            Self::Events(output) => output.flush(),
            Self::Summary(summary, screen) => screen.tick(summary),
        }
    }

    /// Shows the rest of the output, at the end.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        match self {
            Self::Events(output) => output.finish(),
            Self::Summary(summary, screen) => screen.show(summary),
        }
    }

    /// Forgets the open streams: the connection is lost, and events may be missed.
    pub(crate) fn disconnected(&mut self) {
        if let Self::Summary(summary, _) = self {
            summary.disconnected();
        }
    }

    /// Writes a message to standard error, after the output so far.
    pub(crate) fn report(&mut self, message: Arguments<'_>) -> io::Result<()> {
        match self {
            Self::Events(output) => {
                output.flush()?;
                report(message);
                Ok(())
            }
            Self::Summary(summary, screen) => screen.report(message, summary),
        }
    }
}
