//! The lives of streams in order, for commands that print them or merge them in one place.
//!
//! The threads that read make of each life what the command needs of it, and free the rest.

use alloc::sync::Arc;
use core::mem;
use core::ops::RangeInclusive;
use std::io;

use tor_stream_event::{Appended, LineState, Outcome, StreamEventRef, StreamTracker};

use crate::command::check::Check;
use crate::command::note::{Life, StreamNote, Tracker};
use crate::command::options::{Files, StreamOptions};
use crate::input::filter::MetConditions;
use crate::input::reader::{Consumer, Event};
use crate::input::threads::{Collector, ConsumerMaker, InputName, LogConsumer};
use crate::output::table::count;
use crate::output::text::escape;
use crate::report;

/// Lengths of a range in bytes. In the worst log each line is of another stream, which takes some hundred bytes until its
/// end is known.
const RANGE: RangeInclusive<u64> = 256 * 1024..=1024 * 1024;

/// Number of bytes of a range for each stream that it keeps at most: in its output, or because the stream is open or may
/// have begun before it. Each takes about a kilobyte, and several ranges may wait for an earlier one. A log made for the purpose has
/// another stream in each line.
const BYTES_PER_STREAM: u64 = 256;

/// Number of streams that a range may keep beside those.
const STREAMS: usize = 256;

/// Number of events of a range between two checks of its size.
const STRIDE: u64 = 256;

/// A maker of the consumers.
pub(crate) struct LifeLogs<F, R> {
    /// Options of the streams.
    pub(crate) options: StreamOptions,
    /// Maker of the note on an event of the file with this index.
    pub(crate) note: F,
    /// Rows without a stream, which each consumer begins with. `Vec::new()` for [facts](FromLife) in memory.
    pub(crate) rows: R,
}

/// The output of streams that are over. The thread that reads makes it, so that there is little left to do in order.
pub(crate) trait LifeRows: Send + Sync + Sized + 'static {
    /// Output that is ready to be passed on.
    type Ready: Send + 'static;

    /// Returns output of the same kind, without a stream.
    fn fresh(&self) -> Self;

    /// Adds a stream.
    ///
    /// # Errors
    ///
    /// If the output cannot be made.
    fn add(&mut self, life: Life) -> io::Result<()>;

    /// Returns the number of streams.
    fn len(&self) -> usize;

    /// Adds the streams of a later range, with more of them in between: each comes after as many of the range's streams
    /// as its number says. The numbers do not decrease.
    ///
    /// # Errors
    ///
    /// If the output cannot be made.
    fn append(&mut self, later: Self, between: Vec<(usize, Life)>) -> io::Result<()>;

    /// Removes and returns the output so far. `None` if there is none.
    ///
    /// # Errors
    ///
    /// If the output cannot be made.
    fn take(&mut self) -> io::Result<Option<Self::Ready>>;
}

/// The facts about a stream that is over, as a command needs them. The thread that reads makes it of the stream.
pub(crate) trait FromLife: Send + Sync + Sized + 'static {
    /// Returns the facts about a stream.
    ///
    /// # Errors
    ///
    /// If they cannot be encoded.
    fn from_life(life: Life) -> io::Result<Self>;
}

impl FromLife for Life {
    fn from_life(life: Life) -> io::Result<Self> {
        Ok(life)
    }
}

impl<T: FromLife> LifeRows for Vec<T> {
    type Ready = Self;

    fn fresh(&self) -> Self {
        Self::new()
    }

    fn add(&mut self, life: Life) -> io::Result<()> {
        self.push(T::from_life(life)?);
        Ok(())
    }

    fn len(&self) -> usize {
        self.len()
    }

    fn append(&mut self, later: Self, between: Vec<(usize, Life)>) -> io::Result<()> {
        let (mut theirs, mut taken) = (later.into_iter(), 0);
        for (before, life) in between {
            self.extend(theirs.by_ref().take(before - taken));
            taken = before;
            self.add(life)?;
        }
        self.extend(theirs);
        Ok(())
    }

    fn take(&mut self) -> io::Result<Option<Self>> {
        Ok(if self.is_empty() { None } else { Some(mem::take(self)) })
    }
}

/// The receiver of the streams of all logs, in order: a command's side.
pub(crate) trait LifeCollector<T> {
    /// Set if streams are counted: a stream that the tracker drops for want of room, and that goes on, counts twice, which
    /// is told then.
    const COUNTS: bool = true;

    /// Adds output of streams that are over.
    ///
    /// # Errors
    ///
    /// If the output cannot be written.
    fn lives(&mut self, ready: T) -> io::Result<()>;

    /// Ends a log, all streams of which were added. `file` is the index of its first file, which names it.
    ///
    /// # Errors
    ///
    /// If the output cannot be written.
    fn end_of_log(&mut self, _file: usize) -> io::Result<()> {
        Ok(())
    }
}

/// A collector of streams, with the checks of their logs.
struct Checked<'c, C> {
    /// Receiver of the streams.
    collector: &'c mut C,
    /// Names of the files.
    names: Arc<[String]>,
    /// Set while all logs were in order so far, and there was room for their streams.
    in_order: bool,
}

impl<F: MakeNote, R: LifeRows, C: LifeCollector<R::Ready>> Collector<LifeLog<F, R>> for Checked<'_, C> {
    fn print(&mut self, rows: R::Ready) -> io::Result<()> {
        self.collector.lives(rows)
    }

    fn log(&mut self, mut log: LifeLog<F, R>, _index: usize, _all_read: bool) -> io::Result<()> {
        if let Some(rows) = log.finish()? {
            self.collector.lives(rows)?;
        }
        self.collector.end_of_log(log.first_input)?;
        let name = self.names.get(log.first_input).map_or("", |name| name);
        self.in_order &= log.check.report(&escape(name));
        if C::COUNTS && log.dropped > 0 {
            let streams = count(log.dropped, "stream");
            report(format_args!(
                "tor-streams: {}: {streams} let go for want of room, and counted again if more events follow; --max-live makes room",
                escape(name)
            ));
            self.in_order = false;
        }
        Ok(())
    }
}

/// Reads the streams of all files, and passes them to a collector. Returns `false` if anything was reported: a file or an
/// event that cannot be read, or signs that a log is not in order.
///
/// # Errors
///
/// If the collector fails.
pub(crate) fn read_lives<F: MakeNote, R: LifeRows>(
    files: Files,
    logs: LifeLogs<F, R>,
    collector: &mut impl LifeCollector<R::Ready>,
) -> io::Result<bool> {
    let mut checked = Checked { collector, names: files.names(), in_order: true };
    let all_read = files.read(logs, &mut checked)?;
    Ok(all_read && checked.in_order)
}

/// A maker of notes.
pub(crate) trait MakeNote: Fn(&Event<'_>, usize) -> StreamNote + Clone + Send + Sync + 'static {}

impl<F: Fn(&Event<'_>, usize) -> StreamNote + Clone + Send + Sync + 'static> MakeNote for F {}

/// The streams of a log, which may have several files.
pub(crate) struct LifeLog<F, R> {
    /// Streams that are over and pass, and were not returned yet.
    rows: R,
    /// Index of the log's first file, which names the log.
    first_input: usize,
    /// Index of the current file.
    input: usize,
    /// Options of the streams. With `join` the log goes on in the next file.
    options: StreamOptions,
    /// Maker of notes.
    note: F,
    /// Tracker of the open streams.
    tracker: Tracker,
    /// Signs that the log is not in order.
    check: Check,
    /// Number of streams that pass and that the tracker dropped because of its limit.
    dropped: u64,
}

/// The streams of a range of a log.
pub(crate) struct LifePart<F, R> {
    /// Streams that began in the range and are over.
    log: LifeLog<F, R>,
    /// Number of rows after each stream that the tracker returned, passed or not.
    ends: Vec<usize>,
    /// Number of events.
    events: u64,
    /// Set if the range has to be read again, event by event: it has a reply with open streams, of which the lines
    /// before the range decide which are new, or it takes too much memory.
    is_inexact: bool,
}

impl<F: MakeNote, R: LifeRows> LifeLogs<F, R> {
    /// Returns the consumer of an input or of a range.
    fn consumer(&self, input: InputName<'_>, tracker: Tracker) -> LifeLog<F, R> {
        let (note, check, rows) = (self.note.clone(), Check::default(), self.rows.fresh());
        let first_input = if self.options.join { 0 } else { input.index };
        LifeLog { rows, first_input, input: input.index, options: self.options, note, tracker, check, dropped: 0 }
    }
}

impl<F: MakeNote, R: LifeRows> ConsumerMaker for LifeLogs<F, R> {
    type Log = LifeLog<F, R>;

    fn log(&self, input: InputName<'_>) -> LifeLog<F, R> {
        self.consumer(input, StreamTracker::with_notes(self.options.max_live))
    }

    fn part(&self, input: InputName<'_>, _lines: u64) -> LifePart<F, R> {
        LifePart { log: self.consumer(input, StreamTracker::part()), ends: Vec::new(), events: 0, is_inexact: false }
    }

    fn range_len(&self) -> Option<RangeInclusive<u64>> {
        Some(RANGE)
    }

    fn joins(&self) -> bool {
        self.options.join
    }
}

impl<F: MakeNote, R: LifeRows> LifeLog<F, R> {
    /// Adds a stream that is over.
    fn life(&mut self, life: Life) -> io::Result<()> {
        self.check.life(&life);
        if !self.options.passes(&life) {
            return Ok(());
        }
        self.dropped += u64::from(life.outcome == Outcome::Dropped);
        self.rows.add(life)
    }

    /// Returns the output that was not returned yet, with the streams that are open at the end.
    ///
    /// # Errors
    ///
    /// If the output cannot be made.
    fn finish(&mut self) -> io::Result<Option<R::Ready>> {
        let tracker = mem::replace(&mut self.tracker, StreamTracker::with_notes(1));
        tracker.into_live().try_for_each(|life| self.life(life))?;
        self.rows.take()
    }

    /// Adds an event to its stream, and returns a stream that is over.
    fn track(&mut self, event: &Event<'_>) -> Option<Life> {
        self.check.event(event.time);
        let note = (self.note)(event, self.input);
        self.tracker.update_with(event.event, event.time, note)
    }
}

impl<F: MakeNote, R: LifeRows> Consumer for LifeLog<F, R> {
    const WANTS_OPEN_STREAMS: bool = true;

    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        self.track(event).map_or(Ok(()), |life| self.life(life))
    }

    fn open_stream(&mut self, stream: &StreamEventRef<'_>, met: MetConditions) -> io::Result<()> {
        // The stream's own events have more facts.
        if stream.id.parse().is_ok_and(|id| self.tracker.get(&id).is_some()) {
            return Ok(());
        }
        let note = StreamNote::of_open(stream, met, self.input);
        match self.tracker.update_with(stream, None, note) {
            // The stream may have been closed while tor made the reply.
            Some(life) if life.outcome != Outcome::AfterClosed => self.life(life),
            _ => Ok(()),
        }
    }
}

impl<F: MakeNote, R: LifeRows> LogConsumer for LifeLog<F, R> {
    type Rows = R::Ready;
    type Part = LifePart<F, R>;

    fn rows(&mut self) -> io::Result<Option<R::Ready>> {
        self.rows.take()
    }

    fn append(&mut self, part: LifePart<F, R>, _lines: u64) -> io::Result<bool> {
        let LifePart { log: part, ends, is_inexact, .. } = part;
        if is_inexact {
            return Ok(false);
        }
        let Ok(lives) = self.tracker.append(part.tracker) else {
            return Ok(false);
        };
        self.check.append(part.check);
        // Each life comes after as many of the part's streams as were returned before it.
        let mut between = Vec::new();
        for Appended { life, handed_out, .. } in lives {
            let number = usize::try_from(handed_out).unwrap_or(usize::MAX);
            let before = number.checked_sub(1).and_then(|last| ends.get(last)).copied().unwrap_or_default();
            self.check.life(&life);
            if self.options.passes(&life) {
                between.push((before, life));
            }
        }
        self.rows.append(part.rows, between)?;
        Ok(true)
    }

    fn end(&mut self, _state: &LineState) -> io::Result<()> {
        if !self.options.join {
            let tracker = mem::replace(&mut self.tracker, StreamTracker::with_notes(1));
            tracker.into_live().try_for_each(|life| self.life(life))?;
        }
        Ok(())
    }

    fn next_input(&mut self, input: InputName<'_>) {
        self.input = input.index;
        self.check.next_file();
    }
}

impl<F, R: LifeRows> LifePart<F, R> {
    /// Frees the memory if it is too much for a range of so many bytes.
    fn check_size(&mut self, range: u64) {
        let most = STREAMS + usize::try_from(range / BYTES_PER_STREAM).unwrap_or(usize::MAX);
        let open = self.log.tracker.live().chain(self.log.tracker.undecided());
        if self.log.rows.len() + open.take(most).count() >= most {
            self.is_inexact = true;
            self.log.tracker = StreamTracker::part();
            self.log.rows = self.log.rows.fresh();
            self.ends = Vec::new();
        }
    }
}

impl<F: MakeNote, R: LifeRows> Consumer for LifePart<F, R> {
    const WANTS_OPEN_STREAMS: bool = true;

    fn event(&mut self, event: &Event<'_>) -> io::Result<()> {
        if self.is_inexact {
            return Ok(());
        }
        self.events += 1;
        if self.events.is_multiple_of(STRIDE) {
            self.check_size(event.line.offset);
        }
        if let Some(life) = self.log.track(event) {
            self.log.life(life)?;
            self.ends.push(self.log.rows.len());
        }
        Ok(())
    }

    fn open_stream(&mut self, _stream: &StreamEventRef<'_>, _met: MetConditions) -> io::Result<()> {
        self.is_inexact = true;
        Ok(())
    }
}
