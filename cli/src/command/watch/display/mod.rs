//! The output of `watch`.
//!
//! - this file: the two forms of output, events one by one or a summary; and messages between them
//! - [`live_summary`]: the summary: counts of the events so far, and the last streams
//! - [`screen`]: standard output, where the summary is redrawn or printed at intervals

mod live_summary;
mod screen;

use core::fmt::Arguments;
use core::time::Duration;
use std::io;

use tor_stream_event::EventLine;

use self::live_summary::LiveSummary;
use self::screen::Screen;
use super::Options;
use super::control::address::ControlAddress;
use super::stream_status::StatusRow;
use crate::command::events::{EventLogs, EventOutput};
use crate::input::filter::MetConditions;
use crate::input::findings::UnknownWords;
use crate::input::reader::Event;
use crate::input::time::Time;
use crate::report;

/// The display of what tor sends.
pub(crate) struct EventDisplay {
    /// Output of the form that the options select.
    output: DisplayOutput,
    /// Unknown status words, each of which is reported once.
    words: UnknownWords,
    /// Set until something that tor sent was not read.
    all_read: bool,
}

/// Output of events in one of two forms.
enum DisplayOutput {
    /// Each event, in the format of the command `events`.
    Events(Box<EventOutput>),
    /// A summary, and the screen that shows it.
    Summary(Box<LiveSummary>, Screen),
}

impl EventDisplay {
    /// Returns the display that the options select.
    pub(crate) fn new(options: &Options) -> io::Result<Self> {
        Ok(Self { output: DisplayOutput::new(options)?, words: UnknownWords::default(), all_read: true })
    }

    /// Shows an event, or reports why it cannot be read. `address` is for messages.
    pub(crate) fn show(&mut self, line: &EventLine<'_>, address: &ControlAddress) -> io::Result<()> {
        match (&mut self.output, &line.event) {
            (DisplayOutput::Events(output), Ok(event)) => {
                // `watch` has no filters: an event meets all conditions.
                output.write(&Event { line, event, time: Time::of_line(line), met: MetConditions::ALL })
            }
            (DisplayOutput::Summary(summary, _), Ok(event)) => {
                summary.update(event);
                Ok(())
            }
            (output, Err(error)) => {
                if let DisplayOutput::Summary(summary, _) = output {
                    summary.add_unreadable();
                }
                self.all_read = false;
                // `false` only for an unknown word that was reported before.
                if self.words.is_new(error) {
                    self.report(format_args!("{address}:{}: {error}", line.number))?;
                }
                Ok(())
            }
        }
    }

    /// Adds a stream that was open before the connection. Returns `false` if its row cannot be read.
    pub(crate) fn add_open_stream(&mut self, row: &StatusRow) -> bool {
        match &mut self.output {
            DisplayOutput::Summary(summary, _) => summary.add_open_stream(row),
            // Only a summary shows streams that have had no event.
            DisplayOutput::Events(_) => true,
        }
    }

    /// Shows the events so far, or the summary if its time has come.
    pub(crate) fn tick(&mut self) -> io::Result<()> {
        match &mut self.output {
            DisplayOutput::Events(output) => output.flush(),
            DisplayOutput::Summary(summary, screen) => screen.tick(summary),
        }
    }

    /// Shows the rest of the output, at the end. Returns `true` if everything that tor sent was read.
    pub(crate) fn finish(&mut self, address: &ControlAddress) -> io::Result<bool> {
        match &mut self.output {
            DisplayOutput::Events(output) => output.finish()?,
            DisplayOutput::Summary(summary, screen) => screen.show(summary)?,
        }
        self.words.messages(&address.to_string()).iter().for_each(|message| report(format_args!("{message}")));
        Ok(self.all_read)
    }

    /// Forgets the open streams: the connection is lost, and events may be missed.
    pub(crate) fn disconnected(&mut self) {
        if let DisplayOutput::Summary(summary, _) = &mut self.output {
            summary.disconnected();
        }
    }

    /// Writes a message about something that is not read to standard error, after the output so far.
    pub(crate) fn report_unread(&mut self, message: Arguments<'_>) -> io::Result<()> {
        self.all_read = false;
        self.report(message)
    }

    /// Writes a message to standard error, after the output so far.
    pub(crate) fn report(&mut self, message: Arguments<'_>) -> io::Result<()> {
        match &mut self.output {
            DisplayOutput::Events(output) => {
                output.flush()?;
                report(message);
                Ok(())
            }
            DisplayOutput::Summary(summary, screen) => screen.report(message, summary),
        }
    }
}

impl DisplayOutput {
    /// Returns the output that the options select.
    fn new(options: &Options) -> io::Result<Self> {
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
}
