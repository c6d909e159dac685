//! The lives of streams in order, for commands that merge them in one place.

use core::mem;
use std::io;

use tor_stream_event::{LineState, Outcome, StreamEventRef, StreamTracker};

use crate::command::check::Check;
use crate::command::options::StreamOptions;
use crate::input::filter::Passes;
use crate::input::note::{Life, StreamNote, Tracker};
use crate::input::reader::{Consumer, Event};
use crate::input::threads::{InputName, Log, Logs};

/// Length of a range in bytes. In the worst log each line is of another stream, which takes some hundred bytes until
/// its end is known.
pub(crate) const RANGE: u64 = 256 * 1024;

/// A maker of the consumers.
pub(crate) struct LifeLogs<F> {
    /// Options of the streams.
    pub(crate) options: StreamOptions,
    /// Maker of the note on an event of the file with this index.
    pub(crate) note: F,
}

/// A maker of notes.
pub(crate) trait MakeNote: Fn(&Event<'_>, usize) -> StreamNote + Clone + Send + Sync + 'static {}

impl<F: Fn(&Event<'_>, usize) -> StreamNote + Clone + Send + Sync + 'static> MakeNote for F {}

/// The streams of a log, which may have several files.
pub(crate) struct LifeLog<F> {
    /// Streams that are over and pass, and were not returned yet.
    lives: Vec<Life>,
    /// Index of the current file.
    pub(crate) input: usize,
    /// Options of the streams. With `join` the log goes on in the next file.
    options: StreamOptions,
    /// Maker of notes.
    note: F,
    /// Tracker of the open streams.
    tracker: Tracker,
    /// Signs that the log is not in order.
    pub(crate) check: Check,
}

/// The streams of a range of a log.
pub(crate) struct LifePart<F> {
    /// Streams that began in the range and are over.
    log: LifeLog<F>,
    /// Number of lives after each stream that the tracker returned, passed or not.
    ends: Vec<usize>,
    /// Set if the range has a reply with open streams. The lines before the range decide which of them are new.
    has_open: bool,
}

impl<F: MakeNote> LifeLogs<F> {
    /// Returns the consumer of an input or of a range.
    fn consumer(&self, input: InputName<'_>, tracker: Tracker) -> LifeLog<F> {
        let (note, check) = (self.note.clone(), Check::default());
        LifeLog { lives: Vec::new(), input: input.index, options: self.options, note, tracker, check }
    }
}

impl<F: MakeNote> Logs for LifeLogs<F> {
    type Log = LifeLog<F>;

    fn log(&self, input: InputName<'_>) -> LifeLog<F> {
        self.consumer(input, StreamTracker::with_notes(self.options.max_live))
    }

    fn part(&self, input: InputName<'_>, _lines: u64) -> LifePart<F> {
        LifePart { log: self.consumer(input, StreamTracker::part()), ends: Vec::new(), has_open: false }
    }

    fn range(&self) -> Option<u64> {
        Some(RANGE)
    }

    fn joins(&self) -> bool {
        self.options.join
    }
}

impl<F: MakeNote> LifeLog<F> {
    /// Adds a stream that is over.
    fn life(&mut self, life: Life) {
        self.check.life(&life);
        if self.options.passes(&life) {
            self.lives.push(life);
        }
    }

    /// Returns the streams that were not returned yet, and those that are open at the end.
    pub(crate) fn finish(&mut self) -> Vec<Life> {
        let tracker = mem::replace(&mut self.tracker, StreamTracker::with_notes(1));
        tracker.into_live().for_each(|life| self.life(life));
        mem::take(&mut self.lives)
    }

    /// Adds an event to its stream, and returns a stream that is over.
    fn track(&mut self, event: &Event<'_>) -> Option<Life> {
        self.check.event(event.time);
        let note = (self.note)(event, self.input);
        self.tracker.update_with(event.event, event.time, note)
    }
}

impl<F: MakeNote> Consumer for LifeLog<F> {
    const OPEN_STREAMS: bool = true;

    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        if let Some(life) = self.track(event) {
            self.life(life);
        }
        Ok(())
    }

    fn open(&mut self, stream: &StreamEventRef<'_>, passes: Passes) -> io::Result<()> {
        // The stream's own events have more facts.
        if stream.id.parse().is_ok_and(|id| self.tracker.get(&id).is_some()) {
            return Ok(());
        }
        let note = StreamNote::of_open(stream, passes, self.input);
        match self.tracker.update_with(stream, None, note) {
            // The stream may have been closed while tor made the reply.
            Some(life) if life.outcome != Outcome::AfterClosed => self.life(life),
            _ => {}
        }
        Ok(())
    }
}

impl<F: MakeNote> Log for LifeLog<F> {
    type Rows = Vec<Life>;
    type Part = LifePart<F>;

    fn rows(&mut self) -> io::Result<Option<Vec<Life>>> {
        Ok(if self.lives.is_empty() { None } else { Some(mem::take(&mut self.lives)) })
    }

    fn append(&mut self, part: LifePart<F>, _lines: u64) -> io::Result<bool> {
        let LifePart { log: part, ends, has_open } = part;
        if has_open {
            return Ok(false);
        }
        let Ok(lives) = self.tracker.append(part.tracker) else {
            return Ok(false);
        };
        self.check.append(part.check);
        // Each life comes after as many of the part's streams as were returned before it.
        let (mut theirs, mut taken) = (part.lives.into_iter(), 0);
        for appended in lives {
            let number = usize::try_from(appended.handed_out).unwrap_or(usize::MAX);
            let before = number.checked_sub(1).and_then(|last| ends.get(last)).copied().unwrap_or_default();
            self.lives.extend(theirs.by_ref().take(before - taken));
            taken = before;
            self.life(appended.life);
        }
        self.lives.extend(theirs);
        Ok(true)
    }

    fn end(&mut self, _state: &LineState) -> io::Result<()> {
        if !self.options.join {
            self.lives = self.finish();
        }
        Ok(())
    }

    fn next(&mut self, input: InputName<'_>) {
        self.input = input.index;
        self.check.next_file();
    }
}

impl<F: MakeNote> Consumer for LifePart<F> {
    const OPEN_STREAMS: bool = true;

    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        if let Some(life) = self.log.track(event) {
            self.log.life(life);
            self.ends.push(self.log.lives.len());
        }
        Ok(())
    }

    fn open(&mut self, _stream: &StreamEventRef<'_>, _passes: Passes) -> io::Result<()> {
        self.has_open = true;
        Ok(())
    }
}
