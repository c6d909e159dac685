//! Reading events out of inputs, one after the other.

use core::cell::{Cell, RefCell};
use core::num::NonZero;
use std::io::{self, Read};

use tor_stream_event::{Error, EventLine, LineEnd, LineState, StreamEventRef};

use crate::input::filter::{Filter, Passes};
use crate::input::findings::{Ended, Findings};
use crate::input::layout::{Layout, LayoutOptions};
use crate::input::threads::{self, Parallel};
use crate::input::time::Time;
use crate::input::{Input, Inputs};
use crate::output::text::escape;
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
    /// How logs write their events.
    #[command(flatten)]
    pub(crate) layout: LayoutOptions,
    /// Also take events whose status, IDs or target are not what Tor's specification allows
    #[arg(long)]
    pub(crate) lenient: bool,
    /// How many threads read a file, if it has a time before each event as OnionPerf's logs have; each takes up to 16 MiB of
    /// memory
    #[arg(long, short, value_name = "N", default_value = "1")]
    pub(crate) jobs: NonZero<usize>,
}

impl Reading {
    /// Gives an event to a consumer, or the error to `unreadable` if it cannot be read.
    pub(crate) fn take(
        &self,
        line: &EventLine<'_>,
        consumer: &mut impl Consumer,
        findings: &mut Findings,
        unreadable: impl FnOnce(&Error),
    ) -> io::Result<()> {
        match &line.event {
            Ok(event) => {
                let time = Time::of(line);
                findings.event(line, event, time, self.filter.limits_time());
                let passes = self.filter.passes(event, time);
                consumer.event(&Event { line, event, time, passes })
            }
            Err(error) => {
                consumer.unreadable()?;
                unreadable(error);
                Ok(())
            }
        }
    }
}

/// An event of an input.
#[derive(Clone, Copy)]
pub(crate) struct Event<'e> {
    /// The line that it is in.
    pub(crate) line: &'e EventLine<'e>,
    /// The event.
    pub(crate) event: &'e StreamEventRef<'e>,
    /// The time that the log gives it.
    pub(crate) time: Option<Time>,
    /// The conditions of the filters that it meets.
    pub(crate) passes: Passes,
}

/// A command's side of reading: it gets the events of an input in their order.
pub(crate) trait Consumer {
    /// Takes an event.
    fn event(&mut self, event: &Event<'_>) -> io::Result<()>;

    /// Takes note of an event that cannot be read. What was printed so far is written out.
    fn unreadable(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Writes out what was printed so far: the read that follows may wait for its bytes.
    fn before_read(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Takes note of bytes of the input. The events that end in them come later.
    fn bytes(&mut self, _bytes: &[u8]) -> io::Result<()> {
        Ok(())
    }
}

/// A section of an input.
pub(crate) struct Section<'s, R> {
    /// Its bytes.
    pub(crate) reader: R,
    /// The layout of the input.
    pub(crate) layout: &'s Layout,
    /// How its lines end, if that is known.
    pub(crate) line_end: Option<LineEnd>,
    /// How many lines of the input are before it.
    pub(crate) lines: u64,
    /// How many bytes.
    pub(crate) offset: u64,
}

/// Gives the events of an input to a consumer. Returns `false` if it, or an event in it, could not be read.
///
/// # Errors
///
/// If the consumer fails.
pub(crate) fn read(options: &Reading, input: &Input, consumer: &mut impl Parallel) -> io::Result<bool> {
    let name = escape(&input.name).into_owned();
    let opened = input.open().and_then(|text| options.layout.apply(text, input.is_file()));
    let (reader, layout) = match opened {
        Ok(opened) => opened,
        Err(error) => {
            consumer.before_read()?;
            report(format_args!("tor-streams: {name}: {error}"));
            return Ok(false);
        }
    };
    if options.jobs.get() > 1 && input.is_file() && layout.is_default() {
        return threads::read(options, &name, reader, &layout, consumer);
    }
    let mut findings = Findings::default();
    let whole = Section { reader, layout: &layout, line_end: None, lines: 0, offset: 0 };
    let (all_read, state) = read_section(options, &name, whole, consumer, &mut findings)?;
    let (messages, no_bad_news) = findings.messages(&Ended { name: &name, input, layout: &layout, state: &state });
    if !messages.is_empty() {
        consumer.before_read()?;
        messages.iter().for_each(|message| report(format_args!("{message}")));
    }
    Ok(all_read && no_bad_news)
}

/// Gives the events of a section of an input to a consumer, and says what cannot be read. Returns `false` if anything could
/// not, and the state of its lines.
///
/// # Errors
///
/// If the consumer fails.
pub(crate) fn read_section(
    options: &Reading,
    name: &str,
    section: Section<'_, impl Read>,
    consumer: &mut impl Consumer,
    findings: &mut Findings,
) -> io::Result<(bool, LineState)> {
    let consumer = RefCell::new(consumer);
    let failed = Cell::new(None);
    let mut reader = section.layout.events(Shown { reader: section.reader, consumer: &consumer, failed: &failed });
    if options.lenient {
        reader = reader.lenient(true);
    }
    if let Some(line_end) = section.line_end {
        reader = reader.line_end(line_end);
    }
    let mut all_read = true;
    loop {
        match reader.next_event() {
            Ok(Some(mut line)) => {
                line.number += section.lines;
                line.offset += section.offset;
                options.take(&line, *consumer.borrow_mut(), findings, |error| {
                    report(format_args!("{name}:{}: {error}", line.number));
                    all_read = false;
                })?;
            }
            Ok(None) => return Ok((all_read, reader.state())),
            Err(mut error) => {
                // It may have been the consumer.
                if let Some(error) = failed.take() {
                    return Err(error);
                }
                if let Error::Io { offset, .. } = &mut error {
                    *offset += section.offset;
                }
                consumer.borrow_mut().before_read()?;
                report(format_args!("tor-streams: {name}: {error}"));
                return Ok((false, reader.state()));
            }
        }
    }
}

/// A reader that shows a consumer the bytes.
struct Shown<'c, R, C> {
    /// The reader.
    reader: R,
    /// The consumer.
    consumer: &'c RefCell<&'c mut C>,
    /// Why the consumer failed.
    failed: &'c Cell<Option<io::Error>>,
}

impl<R: Read, C: Consumer> Read for Shown<'_, R, C> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // The events of the piece before were all taken.
        let before = self.consumer.borrow_mut().before_read();
        let read = self.reader.read(buffer)?;
        let bytes = buffer.get(..read).unwrap_or_default();
        if let Err(error) = before.and_then(|()| self.consumer.borrow_mut().bytes(bytes)) {
            let kind = error.kind();
            self.failed.set(Some(error));
            return Err(kind.into());
        }
        Ok(read)
    }
}
