//! Writes the `Debug` forms that show text of the input; `display.rs` writes the others.
//!
//! `core` shows text between quotation marks by a function that the compiler does not prove free of panics, so this
//! program has some. `ci/no-panic` checks that every call of one is in a function of `core`, and none in the library.
#![no_std]
#![no_main]

mod bare;

use core::fmt::{self, Write};
use core::str::FromStr;

use tor_stream_event::{CircuitId, EventDecoder, EventLine, LogFormat, StreamId, stream_events};

/// Standard output.
struct Output;

impl Write for Output {
    #[inline(never)]
    fn write_str(&mut self, text: &str) -> fmt::Result {
        bare::write(text.as_bytes());
        Ok(())
    }
}

extern "C" fn main() -> ! {
    let input = bare::input();
    // Both types hold the texts of log formats.
    if writeln!(Output, "{:?} {:?}", stream_events(input), EventDecoder::<64>::new()).is_err() {
        bare::exit(1);
    }
    let format = LogFormat::of_line(input);
    if writeln!(Output, "{:?} {format:?}", stream_events(input).state()).is_err() {
        bare::exit(1);
    }
    for line in stream_events(input) {
        if write_line(&line).is_err() {
            bare::exit(1);
        }
    }
    bare::exit(0)
}

/// Writes a line, and the parts of its event.
#[inline(never)]
fn write_line(line: &EventLine<'_>) -> fmt::Result {
    writeln!(Output, "{line:?}")?;
    let Ok(event) = line.event else { return Ok(()) };
    writeln!(Output, "{event:?} {:?} {:?}", event.args(), event.iso_fields())?;
    writeln!(Output, "{:?}", event.redact(event.content()))?;
    if let (Ok(id), Ok(circuit)) = (StreamId::from_str(event.id), CircuitId::from_str(event.id)) {
        writeln!(Output, "{id:?} {circuit:?}")?;
    }
    Ok(())
}
