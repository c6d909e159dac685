//! The lives of streams in order, for commands that print or count streams.
//!
//! A *life* is the facts about a stream from its events. The threads that read a log group its events into lives, and
//! make of each life that has ended the *rows* that the command needs of it.
//!
//! - this file: the command's side, which gets the streams of all logs in order
//! - [`rows`]: the traits for the output that is made of lives
//! - [`log`]: the streams of a log, or of all logs with `--join`
//! - [`part`]: the streams of a range of a log
//!
//! A long file is cut into *ranges* of lines, which several threads read at a time. The streams of a range are a *part*,
//! which is appended to those of the lines before it. A stream of a part is *undecided* until then if it may have begun
//! before the range. If a part cannot be appended, the range is read again after the lines before it.
//!
//! A *note* is a command's own facts about an event; the notes of a stream's events become one, in its life. A stream is
//! *dropped* if more are open than `--max-live` has room for.

mod log;
mod part;
mod rows;

use alloc::sync::Arc;
use std::io;

pub(crate) use self::log::track_open;
use self::log::{LifeLog, LifeLogs, MakeNote};
pub(crate) use self::rows::{FromLife, LifeRows};
use crate::command::options::{Files, StreamOptions};
use crate::input::threads::Collector;
use crate::output::table::{count, count_as};
use crate::output::text::escape_name;
use crate::report;

/// The receiver of the streams of all logs, in order: a command's side.
pub(crate) trait LifeCollector<T> {
    /// Set if streams are counted; not set if each is printed with its outcome.
    ///
    /// If it is set, an event after the CLOSED of its stream, which has a life of its own, is left out. A stream that the
    /// tracker drops for want of room, and that goes on, counts twice, which is reported.
    const COUNTS: bool = true;

    /// Set if circuits are printed, or facts from a stream's steps. The tracker keeps 1000 circuits and 1000 steps of a stream: a
    /// stream that has more is then reported.
    const SHOWS_STEPS: bool = false;

    /// Adds output of streams that have ended.
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

/// Reads the streams of all files, and passes them to a collector. Returns `false` if the output may lack a stream or
/// show it wrongly, which was reported then: a file or an event cannot be read, a log is not in order, `--max-live` has no room
/// for a stream, or the tracker has none for all circuits and steps of a stream.
///
/// `note` makes the note on an event of the file with this index. `rows` is output without a stream: the output of each log
/// and range begins as a copy of it. An empty `Vec<T>` collects `T::from_life` of each stream.
///
/// # Errors
///
/// If the collector fails.
pub(crate) fn read_lives<F: MakeNote, R: LifeRows, C: LifeCollector<R::Ready>>(
    files: Files,
    options: StreamOptions,
    note: F,
    rows: R,
    collector: &mut C,
) -> io::Result<bool> {
    let mut checked = Checked { collector, names: files.names(), is_complete: true };
    let all_read = files.read(LifeLogs { options, counts: C::COUNTS, note, rows }, &mut checked)?;
    Ok(all_read && checked.is_complete)
}

/// A collector of streams that checks the logs.
struct Checked<'c, C> {
    /// Receiver of the streams.
    collector: &'c mut C,
    /// Names of the files.
    names: Arc<[String]>,
    /// Set while all logs were in order so far, with room for their streams and all facts about them.
    is_complete: bool,
}

impl<F: MakeNote, R: LifeRows, C: LifeCollector<R::Ready>> Collector<LifeLog<F, R>> for Checked<'_, C> {
    /// Passes rows on to the command.
    fn add_rows(&mut self, rows: R::Ready) -> io::Result<()> {
        self.collector.lives(rows)
    }

    fn add_log(&mut self, mut log: LifeLog<F, R>, _index: usize, _all_read: bool) -> io::Result<()> {
        if let Some(rows) = log.finish()? {
            self.collector.lives(rows)?;
        }
        self.collector.end_of_log(log.first_input)?;
        let name = self.names.get(log.first_input).map_or("", |name| name);
        self.is_complete &= log.order.report(&escape_name(name));
        if C::COUNTS && log.dropped > 0 {
            let streams = count(log.dropped, "stream");
            report(format_args!(
                "tor-streams: {}: {streams} let go for want of room, and counted again if more events follow; --max-live makes room",
                escape_name(name)
            ));
            self.is_complete = false;
        }
        if C::SHOWS_STEPS && log.cut > 0 {
            let streams = count_as(log.cut, "stream has", "streams have");
            report(format_args!(
                "tor-streams: {}: {streams} more than 1000 circuits or events, not all of which are kept",
                escape_name(name)
            ));
            self.is_complete = false;
        }
        Ok(())
    }
}
