//! The lives of streams.
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

/// Feeds events, with their numbers as times, and returns the streams that are over.
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

/// Returns an ID's text, or that there is none.
fn id(circuit: Option<CircuitId>) -> String {
    circuit.map_or("none".into(), |id| id.to_string())
}

/// Returns the streams of a file in tests/data, those that are not over included, with Unix times in milliseconds.
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

/// Returns the only stream of a file.
#[track_caller]
fn only_life(log: &[u8]) -> StreamLife<u128> {
    let lives = lives(log);
    let [life] = lives.as_slice() else { panic!("{lives:?}") };
    life.clone()
}
