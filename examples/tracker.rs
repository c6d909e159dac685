//! Groups the events of a log by stream, and prints each stream when it ends: `cargo run --example tracker -- tests/data/onionperf.log`.
#![allow(clippy::print_stdout, reason = "the streams are for a person to see")]

use core::error::Error;
use std::{env, fs::File};

use tor_stream_event::{EventReader, StreamTracker};

fn main() -> Result<(), Box<dyn Error>> {
    let path = env::args().nth(1).ok_or("usage: tracker FILE")?;
    let mut reader = EventReader::new(File::open(path)?);
    // Follows up to a thousand streams at a time, whatever the log holds.
    let mut tracker = StreamTracker::new(1000);
    while let Some(line) = reader.next_event()? {
        let time = line.unix_time();
        let event = match line.event {
            Ok(event) => event,
            Err(error) => {
                println!("line {}: {error}", line.number);
                continue;
            }
        };
        if let Some(life) = tracker.update(&event, time) {
            let asked = life.started().copied().flatten();
            let waited = life.answer.as_ref().and_then(|step| step.time?.checked_sub(asked?));
            let failed = life.failure.as_ref().map(|failure| failure.reason_str().unwrap_or("no reason"));
            // `{:?}` writes a client's control characters as escapes.
            println!(
                "stream {} to {:?}: {:?}, waited {waited:?}, failed {failed:?}",
                life.id, life.asked.host, life.outcome
            );
        }
    }
    println!("{} streams are not closed", tracker.live().count());
    Ok(())
}
