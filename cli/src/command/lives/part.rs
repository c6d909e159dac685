//! The streams of a range of a log, which is read beside other ranges.

use core::ops::RangeInclusive;
use std::io;

use tor_stream_event::{StreamEventRef, StreamTracker};

use super::log::{LifeLog, MakeNote};
use super::rows::LifeRows;
use crate::input::filter::MetConditions;
use crate::input::reader::{Consumer, Event};

/// Lengths of a range in bytes. Short, since a range may keep a stream for each [`BYTES_PER_STREAM`] of them.
pub(super) const LENGTHS: RangeInclusive<u64> = 256 * 1024..=1024 * 1024;

/// Number of bytes of a range for each stream that the range may keep: in its output, because the stream is open, or
/// because it may have begun before the range. A stream takes about a kilobyte, so a range takes some four times its length, and
/// several ranges may wait for an earlier one. A hostile log has another stream in each line.
///
/// A stream that has ended and does not pass the filters is not counted. The range's tracker keeps up to 300 bytes of it until
/// [`append`](StreamTracker::append): its ID, some 100 bytes, and its beginning and end, up to 96 each
/// ([`changes`](StreamTracker::changes)). That is six times the shortest text of NEW and CLOSED.
const BYTES_PER_STREAM: u64 = 256;

/// Number of streams that a range of any length may keep, so that a range with many streams at its start is not given up.
const MIN_STREAMS: usize = 256;

/// Number of events of a range between two checks of its size: a check counts all open streams, which takes as long as some
/// events.
const STRIDE: u64 = 256;

/// The streams of a range of a log.
pub(crate) struct LifePart<F, R> {
    /// Consumer of the range's events: the streams that began in the range and have ended, and the tracker of all others.
    pub(super) log: LifeLog<F, R>,
    /// For each life that the range's tracker has returned, the number of rows so far, with its own. A life that does not pass the
    /// filters has no row.
    pub(super) rows_after_life: Vec<usize>,
    /// Number of events so far.
    events: u64,
    /// Set if the range has to be read again, by the consumer of the log: if it has a reply with open streams, of which only
    /// the lines before the range show which are new, or if it takes too much memory.
    pub(super) must_reread: bool,
}

impl<F: MakeNote, R: LifeRows> LifePart<F, R> {
    /// Returns the part with this consumer.
    pub(super) const fn new(log: LifeLog<F, R>) -> Self {
        Self { log, rows_after_life: Vec::new(), events: 0, must_reread: false }
    }

    /// Gives up the part, and frees its memory.
    fn give_up(&mut self) {
        self.must_reread = true;
        self.log.tracker = StreamTracker::part();
        self.log.rows = self.log.rows.fresh();
        self.rows_after_life = Vec::new();
    }

    /// Gives up the part if its memory is too much for the first `len` bytes of the range.
    fn check_size(&mut self, len: u64) {
        let max = MIN_STREAMS + usize::try_from(len / BYTES_PER_STREAM).unwrap_or(usize::MAX);
        let open = self.log.tracker.live().chain(self.log.tracker.undecided());
        if self.log.rows.len() + open.take(max).count() >= max {
            self.give_up();
        }
    }
}

impl<F: MakeNote, R: LifeRows> Consumer for LifePart<F, R> {
    const WANTS_OPEN_STREAMS: bool = true;

    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        if self.must_reread {
            return Ok(());
        }
        self.events += 1;
        if self.events.is_multiple_of(STRIDE) {
            // The offset counts from the start of the range.
            self.check_size(event.line.offset);
        }
        if let Some(life) = self.log.track(event) {
            self.log.add_life(life)?;
            self.rows_after_life.push(self.log.rows.len());
        }
        Ok(())
    }

    fn open_stream(&mut self, _stream: &StreamEventRef<'_>, _met: MetConditions) -> io::Result<()> {
        self.give_up();
        Ok(())
    }
}
