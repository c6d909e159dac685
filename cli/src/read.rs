//! Reading events out of inputs, one after the other.

use core::cell::{Cell, RefCell};
use std::io::{self, Read};

use tor_stream_event::{EventLine, EventReader, StreamEventRef};

use crate::filter::Filter;
use crate::input::{Input, Inputs};
use crate::report;

/// The options of every command that reads files.
#[derive(clap::Args)]
pub(crate) struct Reading {
    /// What is read.
    #[command(flatten)]
    pub(crate) inputs: Inputs,
    /// Which events count.
    #[command(flatten)]
    pub(crate) filter: Filter,
    /// Also take events whose status, IDs or target are not what Tor's specification allows
    #[arg(long)]
    pub(crate) lenient: bool,
}

/// What a command does with events.
pub(crate) trait Consumer {
    /// Takes an event that counts.
    fn event(&mut self, line: &EventLine<'_>, event: &StreamEventRef<'_>) -> io::Result<()>;

    /// Takes note of an event that cannot be read. What was printed so far is written out.
    fn unreadable(&mut self) -> io::Result<()>;

    /// Takes note of a piece of the input, which the next events are in. One without bytes comes before each: what was
    /// printed so far should not have to wait for it.
    fn piece(&mut self, piece: &[u8]) -> io::Result<()>;
}

/// Gives the events of an input to a consumer. Returns `false` if it, or an event in it, could not be read.
///
/// # Errors
///
/// If the consumer fails.
pub(crate) fn read(options: &Reading, input: &Input, consumer: &mut impl Consumer) -> io::Result<bool> {
    let name = input.name.escape_debug();
    let reader = match input.open() {
        Ok(reader) => reader,
        Err(error) => {
            consumer.piece(&[])?;
            report(format_args!("tor-streams: {name}: {error}"));
            return Ok(false);
        }
    };
    let consumer = RefCell::new(consumer);
    let failed = Cell::new(None);
    let mut reader = EventReader::new(Pieces { reader, consumer: &consumer, failed: &failed });
    if options.lenient {
        reader = reader.lenient();
    }
    let mut all_read = true;
    loop {
        match reader.next_event() {
            Ok(Some(line)) => match &line.event {
                Ok(event) if options.filter.takes(&line, event) => consumer.borrow_mut().event(&line, event)?,
                Ok(_) => {}
                Err(error) => {
                    consumer.borrow_mut().unreadable()?;
                    report(format_args!("{name}:{}: {error}", line.number));
                    all_read = false;
                }
            },
            Ok(None) => return Ok(all_read),
            Err(error) => {
                // It may have been the consumer.
                if let Some(error) = failed.take() {
                    return Err(error);
                }
                consumer.borrow_mut().piece(&[])?;
                report(format_args!("tor-streams: {name}: {error}"));
                return Ok(false);
            }
        }
    }
}

/// A reader that shows each piece to a consumer.
struct Pieces<'c, R, C> {
    /// The reader.
    reader: R,
    /// The consumer.
    consumer: &'c RefCell<&'c mut C>,
    /// Why the consumer failed.
    failed: &'c Cell<Option<io::Error>>,
}

impl<R: Read, C: Consumer> Read for Pieces<'_, R, C> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // The events of the piece before were all taken.
        let before = self.consumer.borrow_mut().piece(&[]);
        let read = self.reader.read(buffer)?;
        let piece = buffer.get(..read).unwrap_or_default();
        if let Err(error) = before.and_then(|()| self.consumer.borrow_mut().piece(piece)) {
            let kind = error.kind();
            self.failed.set(Some(error));
            return Err(kind.into());
        }
        Ok(read)
    }
}
