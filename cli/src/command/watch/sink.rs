//! Destinations of the events: the output one by one, or the summary.

use core::fmt::Arguments;
use core::time::Duration;
use std::io;
use std::time::SystemTime;

use tor_stream_event::EventDecoder;

use super::Options;
use super::address::Address;
use super::screen::Screen;
use super::status::OpenStream;
use super::summary::Summary;
use crate::command::events::{EventLogs, EventOutput};
use crate::input::filter::MetConditions;
use crate::input::reader::Event;
use crate::input::time::Time;
use crate::report;

/// The destination of the events.
pub(crate) enum Sink {
    /// The output, event by event.
    Events(Box<EventOutput>),
    /// The summary, and its display.
    Summary(Box<Summary>, Screen),
}

impl Sink {
    /// Returns the destination that the options select.
    pub(crate) fn new(options: &Options) -> io::Result<Self> {
        if options.summary {
            let summary = Box::new(Summary::new(options.max_live, options.lenient));
            return Ok(Self::Summary(summary, Screen::new(Duration::from_secs(options.interval))));
        }
        let mut output = EventOutput::new(EventLogs {
            format: options.format,
            show_credentials: options.credentials.show_credentials,
            cells: options.csv.cells(),
        })?;
        // The names of the columns are printed before the first event.
        output.flush()?;
        Ok(Self::Events(Box::new(output)))
    }

    /// Decodes the events that end in `piece`, received from tor, and shows them at once.
    pub(crate) fn take<const N: usize>(
        &mut self,
        decoder: &mut EventDecoder<N>,
        mut piece: &[u8],
        address: &Address,
    ) -> io::Result<()> {
        // The prefix of an event in OnionPerf's logs, from which the output gets the Unix time.
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
    pub(crate) fn take_open(&mut self, stream: Option<OpenStream>) {
        if let (Self::Summary(summary, _), Some(stream)) = (self, stream) {
            summary.add_open(&stream);
        }
    }

    /// Shows output that is due.
    pub(crate) fn tick(&mut self) -> io::Result<()> {
        match self {
            Self::Events(output) => output.flush(),
            Self::Summary(summary, screen) => screen.tick(summary),
        }
    }

    /// Shows the rest of the output.
    pub(crate) fn finish(&mut self) -> io::Result<()> {
        match self {
            Self::Events(output) => output.finish(),
            Self::Summary(summary, screen) => screen.show(summary),
        }
    }

    /// Marks that events are missing from now on.
    pub(crate) fn disconnected(&mut self) {
        if let Self::Summary(summary, _) = self {
            summary.disconnected();
        }
    }

    /// Writes a message to standard error.
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
