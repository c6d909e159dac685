//! Prints the failures in a log of any size, read where the operating system maps it into memory:
//! `cargo run --release --example log_file -- tests/data/onionperf.log`.
#![allow(clippy::print_stdout, reason = "the failures are for a person to see")]

use core::error::Error;
use std::env;
use std::fs::File;

use memmap2::Mmap;
use tor_stream_event::{LineEnd, StreamStatus, stream_events};

fn main() -> Result<(), Box<dyn Error>> {
    let path = env::args().nth(1).ok_or("usage: log_file FILE")?;
    let file = File::open(path)?;
    // SAFETY: the map is only sound while nobody changes the file. Lines that are added to it meanwhile are outside of the
    // map and do no harm; if it is cut short, which `truncate` or a careless log rotation does, reading what is gone ends
    // this process with SIGBUS. Read a file that this may happen to with `EventReader`, as `tracker` does.
    #[allow(unsafe_code, reason = "no crate can promise what other processes do to a file")]
    let log = unsafe { Mmap::map(&file) }?;

    let (mut events, mut failed, mut unreadable) = (0_u64, 0_u64, 0_u64);
    // For a log, in which lines end with LF. Without `line_end`, the first reply decides between a log and a capture.
    let mut lines = stream_events(&log).line_end(LineEnd::Lf);
    for line in lines.by_ref() {
        match line.event {
            Ok(event) => {
                events += 1;
                if event.status == StreamStatus::Failed {
                    failed += 1;
                    let reason = event.remote_reason_str().or(event.reason_str()).unwrap_or("no reason");
                    // `{:?}` writes a client's control characters as escapes.
                    println!("line {}: {:?}, port {}: {reason:?}", line.number, event.target_host, event.target_port);
                }
            }
            Err(error) => {
                unreadable += 1;
                println!("line {}: {error}", line.number);
            }
        }
    }
    println!("{events} events, {failed} failures, {unreadable} not read");
    // Lines that look like events and are none: perhaps the log writes something other than a date before each reply. A
    // `LogFormat` of such a log makes them readable.
    if let Some(first) = lines.skipped().marks.first {
        println!("{} lines hold an event that was not read, the first is line {first}", lines.skipped().marks.count);
    }
    Ok(())
}
