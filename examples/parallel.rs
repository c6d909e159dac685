//! Reads a log with several threads: `cargo run --release --example parallel -- tests/data/onionperf.log 2`.
//!
//! The log is cut at line ends, each thread reads one part, and the results are put together in order. That gives what one
//! thread gives, unless a cut falls into the data of a multi-line reply (`650+`) that holds what looks like an event.
#![allow(clippy::print_stdout, reason = "the counts are for a person to see")]

use core::error::Error;
use std::time::Instant;
use std::{env, fs, thread};

use tor_stream_event::{LineEnd, StreamStatus, stream_events};

/// What one part of a log says: how often each status occurs, the first and the last stream, and what cannot be read.
#[derive(Default)]
struct Summary<'a> {
    /// How often each status occurs, in the order of `StreamStatus::ALL`.
    statuses: [u64; StreamStatus::ALL.len()],
    /// The IDs of the streams in the order of their events.
    ids: Vec<&'a str>,
    /// How many events cannot be read.
    errors: u64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let path = env::args().nth(1).ok_or("usage: parallel FILE [THREADS]")?;
    let threads = env::args().nth(2).map_or(Ok(2), |text| text.parse())?;
    let log = fs::read(path)?;
    let start = Instant::now();
    let parts = cut(&log, threads);
    let summaries: Vec<_> = thread::scope(|scope| {
        let running: Vec<_> = parts.iter().map(|part| scope.spawn(|| summarize(part))).collect();
        running.into_iter().map(|thread| thread.join().unwrap_or_default()).collect()
    });
    let time = start.elapsed();
    for (at, status) in StreamStatus::ALL.iter().enumerate() {
        let count: u64 = summaries.iter().filter_map(|summary| summary.statuses.get(at)).sum();
        println!("{status:15} {count}");
    }
    let ids = || summaries.iter().flat_map(|summary| &summary.ids);
    println!("{} events, stream {:?} to {:?}", ids().count(), ids().next(), ids().next_back());
    println!(
        "{} not read, {time:?} with {threads} threads",
        summaries.iter().map(|summary| summary.errors).sum::<u64>()
    );
    Ok(())
}

/// Cuts a log into parts of about the same length, at line ends.
fn cut(mut log: &[u8], parts: usize) -> Vec<&[u8]> {
    let length = log.len() / parts.max(1) + 1;
    let mut found = Vec::new();
    while !log.is_empty() {
        let rest = log.get(length..).unwrap_or_default();
        let line_end = rest.iter().position(|&byte| byte == b'\n').map_or(rest.len(), |at| at + 1);
        let (part, after) = log.split_at(log.len() - rest.len() + line_end);
        found.push(part);
        log = after;
    }
    found
}

/// Reads one part of a log.
fn summarize(part: &[u8]) -> Summary<'_> {
    let mut summary = Summary::default();
    for line in stream_events(part).line_end(LineEnd::Lf) {
        match line.event {
            Ok(event) => {
                summary.ids.push(event.id);
                let known = StreamStatus::ALL.iter().position(|&status| status == event.status);
                if let Some(count) = known.and_then(|at| summary.statuses.get_mut(at)) {
                    *count += 1;
                }
            }
            Err(_) => summary.errors += 1,
        }
    }
    summary
}
