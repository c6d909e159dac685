//! Where the output of a thread that reads goes.

use core::mem;
use std::io;
use std::sync::mpsc::SyncSender;

use tor_stream_event::Error;

use super::queue::{Message, Packet};
use super::{Collector, LogConsumer};
use crate::input::findings::UnknownWords;
use crate::input::reader::{OutputSink, ReadEnd, ReadFailure};
use crate::report;

/// Maximum number of messages with rows in a packet. The rows of a message are those of one buffer.
const MOST_ROWS: usize = 4;

/// Maximum number of messages in a packet.
const MOST_MESSAGES: usize = 64;

/// Destination of the output of a log that is read event by event.
pub(super) trait Destination<L: LogConsumer> {
    /// Passes rows on.
    ///
    /// # Errors
    ///
    /// If nobody takes them.
    fn rows(&mut self, rows: L::Rows) -> io::Result<()>;

    /// Passes on a line for standard error.
    ///
    /// # Errors
    ///
    /// If nobody takes it.
    fn report(&mut self, message: String) -> io::Result<()>;
}

/// Output to the collector at once.
pub(super) struct Direct<'c, C>(pub(super) &'c mut C);

impl<L: LogConsumer, C: Collector<L>> Destination<L> for Direct<'_, C> {
    fn rows(&mut self, rows: L::Rows) -> io::Result<()> {
        self.0.print(rows)
    }

    fn report(&mut self, message: String) -> io::Result<()> {
        report(format_args!("{message}"));
        Ok(())
    }
}

/// Output to the collecting thread.
pub(super) struct Packets<'s, L: LogConsumer> {
    /// Channel to the thread.
    sender: &'s SyncSender<Packet<L>>,
    /// Messages that were not sent yet.
    packet: Packet<L>,
    /// Number of these messages that have rows.
    rows: usize,
    /// Set to send several messages at once: each packet wakes the other thread.
    gathers: bool,
}

impl<'s, L: LogConsumer> Packets<'s, L> {
    /// Returns the output to a channel. If it `gathers`, messages wait until a packet is full.
    pub(super) const fn new(sender: &'s SyncSender<Packet<L>>, gathers: bool) -> Self {
        Self { sender, packet: Vec::new(), rows: 0, gathers }
    }

    /// Sends a message, and waits if there are too many.
    ///
    /// # Errors
    ///
    /// If the collecting thread has ended.
    pub(super) fn send(&mut self, message: Message<L>) -> io::Result<()> {
        self.rows += usize::from(matches!(message, Message::Rows(_)));
        self.packet.push(message);
        let is_full = self.rows >= MOST_ROWS || self.packet.len() >= MOST_MESSAGES;
        if self.gathers && !is_full { Ok(()) } else { self.flush() }
    }

    /// Sends the messages that wait.
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

impl<L: LogConsumer> Destination<L> for Packets<'_, L> {
    fn rows(&mut self, rows: L::Rows) -> io::Result<()> {
        self.send(Message::Rows(rows))
    }

    fn report(&mut self, message: String) -> io::Result<()> {
        self.send(Message::Report(message))
    }
}

/// Sink of a log that is read event by event.
pub(super) struct OneByOne<'t, D> {
    /// The name of the input, for messages.
    pub(super) name: &'t str,
    /// Destination of the output.
    pub(super) destination: &'t mut D,
    /// Unknown status words so far.
    pub(super) words: UnknownWords,
    /// Set while everything could be read so far.
    pub(super) all_read: bool,
}

impl<D> OneByOne<'_, D> {
    /// Passes on a message, after the rows before it, and notes that something was reported.
    ///
    /// # Errors
    ///
    /// If the output fails.
    pub(super) fn report<L: LogConsumer>(&mut self, log: &mut L, message: String) -> io::Result<()>
    where
        D: Destination<L>,
    {
        self.all_read = false;
        self.before_read(log)?;
        self.destination.report(message)
    }

    /// Passes on the messages about a log at its end. `are_notes` is set if all of them only say how the log was read.
    ///
    /// # Errors
    ///
    /// If the output fails.
    pub(super) fn tell<L: LogConsumer>(
        &mut self,
        log: &mut L,
        (messages, are_notes): (Vec<String>, bool),
    ) -> io::Result<()>
    where
        D: Destination<L>,
    {
        self.all_read &= are_notes;
        let of_words = self.words.messages(self.name);
        if !messages.is_empty() || !of_words.is_empty() {
            self.before_read(log)?;
        }
        of_words.into_iter().chain(messages).try_for_each(|message| self.destination.report(message))
    }

    /// Reports the failure that ended the read, in bytes that have so many before them.
    ///
    /// # Errors
    ///
    /// If the output fails.
    pub(super) fn failed<L: LogConsumer>(&mut self, log: &mut L, failure: &ReadFailure, before: u64) -> io::Result<()>
    where
        D: Destination<L>,
    {
        let ReadFailure { offset, message } = failure;
        let offset = offset + before;
        self.report(log, format!("tor-streams: {}: reading failed after {offset} bytes: {message}", self.name))
    }

    /// Reports the failure that ended the read, if there was one.
    ///
    /// # Errors
    ///
    /// If the output fails.
    pub(super) fn end<L: LogConsumer>(&mut self, log: &mut L, end: &ReadEnd) -> io::Result<()>
    where
        D: Destination<L>,
    {
        end.failed.as_ref().map_or(Ok(()), |failure| self.failed(log, failure, 0))
    }
}

impl<L: LogConsumer, D: Destination<L>> OutputSink<L> for OneByOne<'_, D> {
    fn before_read(&mut self, log: &mut L) -> io::Result<()> {
        log.rows()?.map_or(Ok(()), |rows| self.destination.rows(rows))
    }

    fn unreadable(&mut self, log: &mut L, line: u64, error: &Error) -> io::Result<()> {
        if !self.words.is_new(error) {
            return Ok(());
        }
        let message = format!("{}:{line}: {error}", self.name);
        self.report(log, message)
    }
}

/// Sink of a range whose offset in lines is not known yet: it keeps the lines that could not be read.
pub(super) struct Noted(pub(super) Vec<(u64, Error)>);

impl<P> OutputSink<P> for Noted {
    fn before_read(&mut self, _part: &mut P) -> io::Result<()> {
        Ok(())
    }

    fn unreadable(&mut self, _part: &mut P, line: u64, error: &Error) -> io::Result<()> {
        self.0.push((line, *error));
        Ok(())
    }
}
