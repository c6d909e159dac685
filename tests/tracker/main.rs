//! The lives of streams: what [`StreamTracker`] makes of events.
//!
//! A life is *over* when the tracker hands it out; its outcome says why. Lives that are not over are *live*. A tracker made by
//! `StreamTracker::part` follows the events of one range of a log, and `append` merges it into the tracker of the ranges before.
//!
//! | file | question |
//! |---|---|
//! | `ends.rs` | Which events are of one stream, and with which outcome is it over? |
//! | `facts.rs` | Which facts does a life keep of its events? |
//! | `limits.rs` | Is everything bounded: streams, steps, circuits, memory? |
//! | `parts.rs` | Do merged parts have the result of one tracker? |
//! | `model.rs` | Does a slow model of the tracker have the same result? |
//! | `random.rs` | For which random events is the tracker compared with merged parts and with the model? |
#![cfg(feature = "alloc")]
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod ends;
mod facts;
// Random numbers, of which `random.rs` makes events.
#[path = "../common/random.rs"]
mod generator;
mod limits;
mod model;
mod parts;
mod random;

use tor_stream_event::{
    Appended, CircuitId, ClientProtocol, Note, Outcome, StreamClosureReason, StreamEventRef, StreamLife, StreamPurpose,
    StreamSource, StreamStatus, StreamTracker, stream_events,
};

/// Gives events to a tracker, the n-th with the time n from 0 on, and returns the streams that are over.
#[track_caller]
fn track(tracker: &mut StreamTracker<usize>, contents: &[&str]) -> Vec<StreamLife<usize>> {
    contents
        .iter()
        .enumerate()
        .filter_map(|(time, content)| tracker.update(&StreamEventRef::parse(content).expect("a good event"), time))
        .collect()
}

/// Returns the IDs and outcomes of streams.
fn outcomes(lives: &[StreamLife<usize>]) -> Vec<(&str, Outcome)> {
    lives.iter().map(|life| (life.id.as_str(), life.outcome)).collect()
}

/// Returns the time of the first answer.
fn answer(life: &StreamLife<usize>) -> Option<usize> {
    life.answer.as_ref().map(|step| step.time)
}

/// Returns the ID's text, or `none`.
fn id(circuit: Option<CircuitId>) -> String {
    circuit.map_or("none".into(), |id| id.to_string())
}

/// Returns the streams of a log, those that are not over included. Times are Unix times in milliseconds, 0 for a line without one.
#[track_caller]
fn lives(log: &[u8]) -> Vec<StreamLife<u128>> {
    let mut tracker = StreamTracker::new(1000);
    let mut lives = Vec::new();
    for line in stream_events(log).lenient(true) {
        let time = line.unix_time().unwrap_or_default().as_millis();
        lives.extend(tracker.update(&line.event.expect("an event"), time));
    }
    lives.extend(tracker.into_live());
    lives
}

/// Returns the only stream of a log.
#[track_caller]
fn only_life(log: &[u8]) -> StreamLife<u128> {
    let lives = lives(log);
    let [life] = lives.as_slice() else { panic!("{lives:?}") };
    life.clone()
}
