//! Reads the lines on the host, as one buffer, and prints the rows of counts that `device.rs` has to print too.

mod reading;

use reading::{LINES, Reading};
use tor_stream_event::{LineEnd, stream_events};

fn main() {
    let mut reading = Reading::default();
    // A decoder, as in `device.rs`, expects these line ends; a buffer detects its own.
    for line in stream_events(LINES).line_end(LineEnd::CrLf) {
        reading.add(&line.event);
    }
    for (name, number) in reading.rows() {
        println!("{name}: {number}");
    }
}
