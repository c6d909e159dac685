//! Sinks and destinations: where the output of a consumer and the messages about its input go.
//!
//! A [`LogSink`] passes both to a [`Destination`]: the command's collector, or a channel to the thread that has it. A
//! [`RangeSink`] keeps messages, since the line numbers in them depend on the ranges before.

use core::mem;
use std::io;
use std::sync::mpsc::SyncSender;

use tor_stream_event::Error;

use super::unit::{Packet, UnitMessage};
use super::{Collector, LogConsumer};
use crate::input::findings::UnknownWords;
use crate::input::read_events::{ReadEnd, ReadFailure};
use crate::input::reader::OutputSink;
use crate::report;

/// Maximum number of messages with rows in a packet, which bounds its memory. Each message has the rows of the events of one read,
/// so of some 64 KiB of text.
const MAX_ROWS: usize = 4;

/// Maximum number of messages in a packet, most of which have little text: the end of a log, or a line for standard error.
const MAX_MESSAGES: usize = 64;

/// Destination of the output of a log that is read event by event.
pub(super) trait Destination<L: LogConsumer> {
    /// Passes rows on.
    ///
    /// # Errors
    ///
    /// If the collector fails, or has ended.
    fn rows(&mut self, rows: L::Rows) -> io::Result<()>;

    /// Passes on a line for standard error.
    ///
    /// # Errors
    ///
    /// If the collector has ended.
    fn report(&mut self, message: String) -> io::Result<()>;
}

/// The destination of a log that the collecting thread reads: the collector itself.
pub(super) struct DirectOutput<'c, C>(pub(super) &'c mut C);

impl<L: LogConsumer, C: Collector<L>> Destination<L> for DirectOutput<'_, C> {
    fn rows(&mut self, rows: L::Rows) -> io::Result<()> {
        self.0.add_rows(rows)
    }

    fn report(&mut self, message: String) -> io::Result<()> {
        report(format_args!("{message}"));
        Ok(())
    }
}

/// The destination of a log that a reader thread reads: a channel to the collecting thread.
pub(super) struct PacketOutput<'s, L: LogConsumer> {
    /// Channel to the thread.
    sender: &'s SyncSender<Packet<L>>,
    /// Messages that were not sent yet.
    packet: Packet<L>,
    /// Number of messages in `packet` that have rows.
    rows: usize,
    /// Set to send several messages at once.
    fills_packets: bool,
}

impl<'s, L: LogConsumer> PacketOutput<'s, L> {
    /// Returns the output of a unit with this number of inputs.
    pub(super) const fn new(sender: &'s SyncSender<Packet<L>>, inputs: usize) -> Self {
        // Each packet wakes the collecting thread, which takes as long as reading some hundred lines. The rows of a single
        // input are sent at once: the input may still be written.
        let fills_packets = inputs > 1;
        Self { sender, packet: Vec::new(), rows: 0, fills_packets }
    }

    /// Sends a message, or keeps it for a packet. Waits while too many packets were not received.
    ///
    /// # Errors
    ///
    /// If the collecting thread has ended.
    pub(super) fn send(&mut self, message: UnitMessage<L>) -> io::Result<()> {
        self.rows += usize::from(matches!(message, UnitMessage::Rows(_)));
        self.packet.push(message);
        let is_full = self.rows >= MAX_ROWS || self.packet.len() >= MAX_MESSAGES;
        if self.fills_packets && !is_full { Ok(()) } else { self.flush() }
    }

    /// Sends the messages that were kept.
    ///
    /// # Errors
    ///
    /// If the collecting thread has ended.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        if self.packet.is_empty() {
            return Ok(());
        }
        self.rows = 0;
        self.sender.send(mem::take(&mut self.packet)).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

impl<L: LogConsumer> Destination<L> for PacketOutput<'_, L> {
    fn rows(&mut self, rows: L::Rows) -> io::Result<()> {
        self.send(UnitMessage::Rows(rows))
    }

    fn report(&mut self, message: String) -> io::Result<()> {
        self.send(UnitMessage::Report(message))
    }
}

/// The state of the messages about a log.
pub(super) struct Reports {
    /// Unknown status words so far.
    words: UnknownWords,
    /// Set while everything could be read so far.
    pub(super) all_read: bool,
}

impl Reports {
    /// Returns the state before the first message.
    pub(super) fn new() -> Self {
        Self { words: UnknownWords::default(), all_read: true }
    }
}

/// The sink of a log that is read event by event.
pub(super) struct LogSink<'t, D> {
    /// Name of the input in messages.
    pub(super) name: &'t str,
    /// Destination of the output.
    pub(super) destination: &'t mut D,
    /// State of the messages.
    pub(super) reports: &'t mut Reports,
}

impl<D> LogSink<'_, D> {
    /// Passes on a message after the rows before it, and notes that something could not be read.
    ///
    /// # Errors
    ///
    /// If the output fails.
    pub(super) fn report<L: LogConsumer>(&mut self, log: &mut L, message: String) -> io::Result<()>
    where
        D: Destination<L>,
    {
        self.reports.all_read = false;
        self.print_rows(log)?;
        self.destination.report(message)
    }

    /// Passes on the messages about a log at its end. `are_notes` is set if all of them only say how the log was read.
    ///
    /// # Errors
    ///
    /// If the output fails.
    pub(super) fn report_findings<L: LogConsumer>(
        &mut self,
        log: &mut L,
        (messages, are_notes): (Vec<String>, bool),
    ) -> io::Result<()>
    where
        D: Destination<L>,
    {
        self.reports.all_read &= are_notes;
        let of_words = self.reports.words.messages(self.name);
        if !messages.is_empty() || !of_words.is_empty() {
            self.print_rows(log)?;
        }
        of_words.into_iter().chain(messages).try_for_each(|message| self.destination.report(message))
    }

    /// Reports the failure that ended a read, if there was one. `start` is the offset at which the read began.
    ///
    /// # Errors
    ///
    /// If the output fails.
    pub(super) fn report_failure<L: LogConsumer>(&mut self, log: &mut L, end: &ReadEnd, start: u64) -> io::Result<()>
    where
        D: Destination<L>,
    {
        let Some(ReadFailure { offset, message }) = &end.failed else { return Ok(()) };
        let offset = start + offset;
        self.report(log, format!("tor-streams: {}: reading failed after {offset} bytes: {message}", self.name))
    }
}

impl<L: LogConsumer, D: Destination<L>> OutputSink<L> for LogSink<'_, D> {
    fn print_rows(&mut self, log: &mut L) -> io::Result<()> {
        log.rows()?.map_or(Ok(()), |rows| self.destination.rows(rows))
    }

    fn unreadable(&mut self, log: &mut L, line: u64, error: &Error) -> io::Result<()> {
        if !self.reports.words.is_new(error) {
            return Ok(());
        }
        let message = format!("{}:{line}: {error}", self.name);
        self.report(log, message)
    }
}

/// The sink of a range, which keeps the lines that could not be read: how many lines are before the range is not known yet.
pub(super) struct RangeSink {
    /// Numbers of the lines in the range, with the errors.
    pub(super) unreadable: Vec<(u64, Error)>,
}

impl<P> OutputSink<P> for RangeSink {
    fn print_rows(&mut self, _part: &mut P) -> io::Result<()> {
        Ok(())
    }

    fn unreadable(&mut self, _part: &mut P, line: u64, error: &Error) -> io::Result<()> {
        self.unreadable.push((line, *error));
        Ok(())
    }
}
