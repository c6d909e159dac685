//! Reads a log with several threads: `cargo run --release --example parallel -- tests/data/onionperf.log 2`.
//!
//! The log is cut at line ends, each thread reads one part, and the results are put together in order. That gives what one
//! thread gives, unless a cut falls into the data of a multi-line reply (`650+`) that holds what looks like an event.
#![allow(clippy::print_stdout, reason = "the counts are for a person to see")]

use core::error::Error;
use std::time::Instant;
use std::{env, fs, thread};

use tor_stream_event::{LineEnd, StreamStatus, stream_events};

fn main() -> Result<(), Box<dyn Error>> {
    let path = env::args().nth(1).ok_or("usage: parallel FILE [THREADS]")?;
    let threads = env::args().nth(2).map_or(Ok(2), |text| text.parse())?;
    let log = fs::read(path)?;
    let start = Instant::now();
    let parts: Result<Vec<_>, _> = thread::scope(|scope| {
        let running: Vec<_> = cut(&log, threads).map(|part| scope.spawn(|| read(part))).collect();
        running.into_iter().map(|thread| thread.join().map_err(|_| "a thread panicked")).collect()
    });
    let parts = parts?;
    let time = start.elapsed();
    let events = || parts.iter().flat_map(|(events, _)| events);
    for status in StreamStatus::ALL {
        println!("{status:15} {}", events().filter(|event| event.0 == *status).count());
    }
    let ids = || events().map(|event| event.1);
    println!("{} events, stream {:?} to {:?}", ids().count(), ids().next(), ids().next_back());
    println!("{} not read, {time:?} with {threads} threads", parts.iter().map(|part| part.1).sum::<usize>());
    Ok(())
}

/// Cuts a log into parts of about the same length, at line ends.
fn cut(mut log: &[u8], parts: usize) -> impl Iterator<Item = &[u8]> {
    let length = log.len() / parts.max(1) + 1;
    core::iter::from_fn(move || {
        let line_end = log.iter().skip(length).position(|&byte| byte == b'\n');
        let (part, rest) = log.split_at(line_end.map_or(log.len(), |at| length + at + 1));
        log = rest;
        (!part.is_empty()).then_some(part)
    })
}

/// Reads one part of a log: the status and the stream of each event, and how many events cannot be read.
fn read(part: &[u8]) -> (Vec<(StreamStatus, &str)>, usize) {
    let (mut events, mut errors) = (Vec::new(), 0);
    for line in stream_events(part).line_end(LineEnd::Lf) {
        match line.event {
            Ok(event) => events.push((event.status, event.id)),
            Err(_) => errors += 1,
        }
    }
    (events, errors)
}
