//! Reads the lines on the host, whole and at once, and prints what the device has to print too.

mod reading;

use reading::{LINES, Reading};
use tor_stream_event::{LineEnd, stream_events};

fn main() {
    let mut reading = Reading::default();
    for line in stream_events(LINES).line_end(LineEnd::CrLf) {
        reading.add(&line.event);
    }
    for (name, number) in reading.rows() {
        println!("{name}: {number}");
    }
}
