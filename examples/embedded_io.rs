//! Counts the streams that end on a connection of a device, through the traits of `embedded_io` and without an allocator:
//! `cargo run --example embedded_io`.
//!
//! `follow` takes any reader of a board's support crate: a UART, a modem, a TCP socket. Only `main`, which runs on a
//! computer, uses `std`.
#![no_std]
#![allow(clippy::print_stdout, reason = "the example prints its result")]

extern crate std;

use embedded_io::Read;
use tor_stream_event::{EventDecoder, EventLine, StreamEventRef, StreamStatus};

/// Passes each event of a connection to `on_event` until the connection ends. Returns the number of unreadable events.
fn follow<R: Read>(mut connection: R, mut on_event: impl FnMut(StreamEventRef<'_>)) -> Result<u64, R::Error> {
    // Keeps up to 1024 bytes of an incomplete line.
    let mut decoder = EventDecoder::<1024>::new();
    let mut buffer = [0; 64];
    let mut unreadable = 0;
    let mut on_line = |line: EventLine<'_>| match line.event {
        Ok(event) => on_event(event),
        Err(_) => unreadable += 1,
    };
    loop {
        let len = connection.read(&mut buffer)?;
        let Some(mut chunk) = buffer.get(..len).filter(|chunk| !chunk.is_empty()) else { break };
        while let Some(line) = decoder.next_event(&mut chunk) {
            on_line(line);
        }
    }
    // The connection may have ended within an event.
    if let Some(line) = decoder.finish() {
        on_line(line);
    }
    Ok(unreadable)
}

fn main() {
    // A slice is a reader too. The capture holds a whole control connection of tor.
    let capture = include_bytes!("../tests/data/control-port.raw");
    let mut ended = 0_u32;
    let Ok(unreadable) = follow(&capture[..], |event| ended += u32::from(event.status == StreamStatus::Closed));
    std::println!("{ended} streams ended; {unreadable} events had more than 1024 bytes, or a target that tor cut");
}
