//! Groups the events of a log by stream, with several threads:
//! `cargo run --release --example parallel -- tests/data/onionperf.log 2`.
//!
//! The log is cut into parts at line ends. Each thread reads one part and tracks its streams. The results are merged in the order
//! of the parts; they are the streams that one thread finds, in another order. A part whose result depends on the parts
//! before it is read again.
#![allow(clippy::print_stdout, reason = "the counts are for a person to see")]

use core::error::Error;
use core::time::Duration;
use std::time::Instant;
use std::{env, fs, thread};

use tor_stream_event::{LineEnd, LineState, Outcome, StreamEvents, StreamLife, StreamTracker, stream_events};

/// A tracker with the Unix times of events.
type Tracker = StreamTracker<Option<Duration>>;

/// A stream that has ended, or is live at the end of the log.
type Life = StreamLife<Option<Duration>>;

fn main() -> Result<(), Box<dyn Error>> {
    let path = env::args().nth(1).ok_or("usage: parallel FILE [THREADS]")?;
    let threads = env::args().nth(2).map_or(Ok(2), |text| text.parse())?;
    let log = fs::read(path)?;
    let start = Instant::now();

    // The state at the start of every part but the first: the line end, which the first event shows, and nothing else.
    let mut events = stream_events(&log);
    events.next();
    let state_of_a_part = events.state().part().ok_or("there is no event in the log")?;
    // On the wire, a LF alone is a byte of a host's name.
    let line_end: &[u8] = if state_of_a_part.line_end() == Some(LineEnd::CrLf) { b"\r\n" } else { b"\n" };
    let (first, rest) = cut(&log, threads, line_end);
    let events_of_rest = || rest.iter().map(|part| stream_events(part).resume(&state_of_a_part));

    // At most 100,000 streams at a time.
    let mut tracker = StreamTracker::new(100_000);
    let mut lives = Vec::new();
    let (mut state, parts) = thread::scope(|scope| {
        let running: Vec<_> = events_of_rest().map(|events| scope.spawn(|| read_part(events))).collect();
        let state = read(&mut tracker, stream_events(first), &mut lives);
        let parts: Result<Vec<_>, _> = running.into_iter().map(thread::ScopedJoinHandle::join).collect();
        (state, parts)
    });
    for (part, result) in rest.iter().zip(parts.map_err(|_| "a thread panicked")?) {
        let (streams, ended, lines) = result;
        // Both the lines and the streams of a part can fail to be appended: then it is read again after the parts before it.
        // The lines are tried on a copy, so that `state` is unchanged if the streams fail.
        let appended = if state.clone().append(lines.clone()).is_ok() { tracker.append(streams).ok() } else { None };
        match appended {
            Some(appended) => {
                lives.extend(ended);
                lives.extend(appended.into_iter().map(|appended| appended.life));
                state.append(lines).map_err(|_| "data is open")?;
            }
            None => state = read(&mut tracker, stream_events(part).resume(&state), &mut lives),
        }
    }
    lives.extend(tracker.into_live());

    let time = start.elapsed();
    let count = |matches: &dyn Fn(&Life) -> bool| lives.iter().filter(|life| matches(life)).count();
    println!("{} lines with {} streams, {time:?} with {threads} threads", state.lines(), lives.len());
    println!("{} failed, {} are live", count(&Life::failed), count(&|life| life.outcome == Outcome::Live));
    println!("{} were answered", count(&|life| life.answer.is_some()));
    Ok(())
}

/// Cuts a log into the first part and others of about the same length, at line ends.
fn cut<'l>(log: &'l [u8], parts: usize, line_end: &[u8]) -> (&'l [u8], Vec<&'l [u8]>) {
    let length = log.len() / parts.max(1) + 1;
    let mut rest = log;
    let mut next = || {
        let found = rest.windows(line_end.len()).skip(length).position(|bytes| bytes == line_end);
        let (part, after) = rest.split_at(found.map_or(rest.len(), |at| length + at + line_end.len()));
        rest = after;
        part
    };
    (next(), core::iter::from_fn(|| Some(next()).filter(|part| !part.is_empty())).collect())
}

/// Reads a part of a log. Returns its tracker, the streams that have ended, and the state of its lines.
fn read_part(events: StreamEvents<'_>) -> (Tracker, Vec<Life>, LineState) {
    let (mut streams, mut ended) = (StreamTracker::part(), Vec::new());
    let lines = read(&mut streams, events, &mut ended);
    (streams, ended, lines)
}

/// Adds events to a tracker, and streams that end to `lives`. Returns the state after the last line.
fn read(tracker: &mut Tracker, mut events: StreamEvents<'_>, lives: &mut Vec<Life>) -> LineState {
    for line in events.by_ref() {
        let time = line.unix_time();
        // A line that cannot be read is left out, since its stream is not known. The example `tracker` prints its error.
        if let Ok(event) = line.event {
            lives.extend(tracker.update(&event, time));
        }
    }
    events.state()
}
