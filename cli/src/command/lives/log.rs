//! The streams of a log, which may have several files.

use core::mem;
use core::ops::RangeInclusive;
use std::io;

use tor_stream_event::{Appended, LineState, Outcome, StreamEventRef, StreamTracker};

use super::part::{LENGTHS, LifePart};
use super::rows::LifeRows;
use crate::command::note::{Life, StreamNote, Tracker};
use crate::command::options::StreamOptions;
use crate::command::order::OrderCheck;
use crate::input::filter::MetConditions;
use crate::input::reader::{Consumer, Event};
use crate::input::threads::{ConsumerMaker, InputName, LogConsumer};

/// A function that makes the note on an event of the input with this index.
pub(crate) trait MakeNote: Fn(&Event<'_>, usize) -> StreamNote + Clone + Send + Sync + 'static {}

impl<F: Fn(&Event<'_>, usize) -> StreamNote + Clone + Send + Sync + 'static> MakeNote for F {}

/// A maker of the consumers.
pub(super) struct LifeLogs<F, R> {
    /// Options of the streams.
    pub(super) options: StreamOptions,
    /// Set to leave out lives that count for no stream: [`COUNTS`](super::LifeCollector::COUNTS).
    pub(super) counts: bool,
    /// Maker of the note on an event of the file with this index.
    pub(super) note: F,
    /// Output without a stream, which each consumer begins with.
    pub(super) rows: R,
}

/// The streams of a log.
pub(super) struct LifeLog<F, R> {
    /// Output of the streams that have ended and pass the filters, not yet passed on to the command.
    pub(super) rows: R,
    /// Index of the log's first file, which names the log.
    pub(super) first_input: usize,
    /// Index of the current file.
    input: usize,
    /// Options of the streams. With `join` the log goes on in the next file.
    options: StreamOptions,
    /// Set to leave out lives that count for no stream.
    counts: bool,
    /// Maker of notes.
    note: F,
    /// Tracker of the open streams.
    pub(super) tracker: Tracker,
    /// Signs that the log is not in order.
    pub(super) order: OrderCheck,
    /// Number of streams that pass the filters and that the tracker dropped because of its limit.
    pub(super) dropped: u64,
    /// Number of streams that pass the filters and of which the tracker left out circuits or steps.
    pub(super) cut: u64,
}

impl<F: MakeNote, R: LifeRows> LifeLogs<F, R> {
    /// Returns the consumer of an input or of a range.
    fn consumer(&self, input: InputName<'_>, tracker: Tracker) -> LifeLog<F, R> {
        LifeLog {
            rows: self.rows.fresh(),
            first_input: if self.options.join { 0 } else { input.index },
            input: input.index,
            options: self.options,
            counts: self.counts,
            note: self.note.clone(),
            tracker,
            order: OrderCheck::default(),
            dropped: 0,
            cut: 0,
        }
    }
}

impl<F: MakeNote, R: LifeRows> ConsumerMaker for LifeLogs<F, R> {
    type Log = LifeLog<F, R>;

    fn log(&self, input: InputName<'_>) -> LifeLog<F, R> {
        self.consumer(input, StreamTracker::with_notes(self.options.max_live))
    }

    fn part(&self, input: InputName<'_>, _lines: u64) -> LifePart<F, R> {
        LifePart::new(self.consumer(input, StreamTracker::part()))
    }

    fn range_len(&self) -> Option<RangeInclusive<u64>> {
        Some(LENGTHS)
    }

    fn joins(&self) -> bool {
        self.options.join
    }
}

impl<F: MakeNote, R: LifeRows> LifeLog<F, R> {
    /// Adds a stream that has ended to the checks of the log. Returns `true` if the stream belongs to the output.
    fn accepts(&mut self, life: &Life) -> bool {
        self.order.life(life);
        let is_accepted = self.options.passes(life) && !(self.counts && life.outcome == Outcome::AfterClosed);
        let is_cut = life.more_circuits || life.step_count > life.steps.len() as u64;
        self.cut += u64::from(is_accepted && is_cut);
        is_accepted
    }

    /// Adds a stream that has ended.
    pub(super) fn add_life(&mut self, life: Life) -> io::Result<()> {
        if !self.accepts(&life) {
            return Ok(());
        }
        self.dropped += u64::from(life.outcome == Outcome::Dropped);
        self.rows.add(life)
    }

    /// Adds the streams that are still open at the end of the log.
    fn add_live_streams(&mut self) -> io::Result<()> {
        // No event is added to the tracker that is left in its place.
        let tracker = mem::replace(&mut self.tracker, StreamTracker::with_notes(1));
        tracker.into_live().try_for_each(|life| self.add_life(life))
    }

    /// Returns the output that was not returned yet, with the streams that are open at the end.
    ///
    /// # Errors
    ///
    /// If the output cannot be made.
    pub(super) fn finish(&mut self) -> io::Result<Option<R::Ready>> {
        self.add_live_streams()?;
        self.rows.take()
    }

    /// Adds an event to its stream, and returns the stream that ends with it, if one does.
    pub(super) fn track(&mut self, event: &Event<'_>) -> Option<Life> {
        self.order.event(event.time);
        let note = (self.note)(event, self.input);
        self.tracker.update_with(event.event, event.time, note)
    }
}

impl<F: MakeNote, R: LifeRows> Consumer for LifeLog<F, R> {
    const WANTS_OPEN_STREAMS: bool = true;

    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        self.track(event).map_or(Ok(()), |life| self.add_life(life))
    }

    fn open_stream(&mut self, stream: &StreamEventRef<'_>, met: MetConditions) -> io::Result<()> {
        let life = track_open(&mut self.tracker, stream, met, self.input);
        life.map_or(Ok(()), |life| self.add_life(life))
    }
}

/// Adds a stream from a reply to `GETINFO stream-status` to a tracker, if it is not there yet. Returns the stream that
/// ends with it, if one does.
pub(crate) fn track_open(
    tracker: &mut Tracker,
    stream: &StreamEventRef<'_>,
    met: MetConditions,
    input: usize,
) -> Option<Life> {
    // The stream's own events have more facts.
    if stream.id.parse().is_ok_and(|id| tracker.get(&id).is_some()) {
        return None;
    }
    let life = tracker.update_with(stream, None, StreamNote::of_open(stream, met, input));
    // The stream may have been closed while tor made the reply.
    life.filter(|life| life.outcome != Outcome::AfterClosed)
}

impl<F: MakeNote, R: LifeRows> LogConsumer for LifeLog<F, R> {
    type Rows = R::Ready;
    type Part = LifePart<F, R>;

    fn rows(&mut self) -> io::Result<Option<R::Ready>> {
        self.rows.take()
    }

    fn append(&mut self, part: LifePart<F, R>, _lines: u64) -> io::Result<bool> {
        let LifePart { log: part, rows_after_life, must_reread, .. } = part;
        if must_reread {
            return Ok(false);
        }
        // The lives that were undecided in the part, and have ended in it.
        let Ok(lives) = self.tracker.append(part.tracker) else {
            return Ok(false);
        };
        self.order.append(part.order);
        self.cut += part.cut;
        // Number of the part's rows that come from the first `lives` lives that its tracker has returned.
        let rows_of_first = |lives: u64| {
            let last = usize::try_from(lives).ok().and_then(|lives| lives.checked_sub(1));
            last.and_then(|last| rows_after_life.get(last).copied()).unwrap_or_default()
        };
        // None of the lives was dropped: the tracker refuses a part with which it may reach its limit.
        let mut inserted = Vec::new();
        for Appended { life, handed_out, .. } in lives {
            if self.accepts(&life) {
                // The life ended after the part's tracker had returned this many others.
                inserted.push((rows_of_first(handed_out), life));
            }
        }
        self.rows.append(part.rows, inserted)?;
        Ok(true)
    }

    fn end(&mut self, _state: &LineState) -> io::Result<()> {
        if self.options.join { Ok(()) } else { self.add_live_streams() }
    }

    fn next_input(&mut self, input: InputName<'_>) {
        self.input = input.index;
        self.order.next_file();
    }
}
