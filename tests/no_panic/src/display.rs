//! Writes every type of the library that needs no allocator: all of `Display`, and the `Debug` forms that show no text of the input.
//! `debug.rs` writes the other `Debug` forms.
//!
//! The program copies the events on standard input to standard output. `ci/no-panic` checks that no panic is left in it.
#![no_std]
#![no_main]

mod bare;

use core::fmt::{self, Write};
use core::str::FromStr;

use tor_stream_event::{
    Anomaly, CircuitId, ClientProtocol, EventDecoder, IsoField, LineEnd, StreamClosureReason, StreamEventRef, StreamId,
    StreamPurpose, StreamSource, StreamStatus, stream_events,
};

/// Standard output.
struct Output;

impl Write for Output {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        bare::write(text.as_bytes());
        Ok(())
    }
}

/// Sink of text that nobody reads.
struct Nothing;

impl Write for Nothing {
    #[inline(never)]
    fn write_str(&mut self, text: &str) -> fmt::Result {
        core::hint::black_box(text);
        Ok(())
    }
}

extern "C" fn main() -> ! {
    bare::exit(u8::from(write_all(bare::input()).is_err()))
}

/// Writes everything about the lines of the input: events and errors to standard output, all else to the sink.
fn write_all(input: &[u8]) -> fmt::Result {
    write!(Nothing, "{:?} {:?}", LineEnd::CrLf, LineEnd::Lf)?;
    write!(Nothing, "{:?}", stream_events(input).skipped())?;
    for line in stream_events(input) {
        match line.event {
            Ok(event) => {
                write!(Output, "650 STREAM {event}\r\n")?;
                write_parts(&event)?;
                write_errors(event.content())?;
                write_words(event.status_str())?;
            }
            Err(error) => write!(Output, "{error}\r\n")?,
        }
    }
    Ok(())
}

/// Writes the parts of an event that are types of their own.
#[inline(never)]
fn write_parts(event: &StreamEventRef<'_>) -> fmt::Result {
    write!(Nothing, "{:?}", event.anomalies())?;
    for text in [event.content(), event.target_bytes(), event.id.as_bytes()] {
        write!(Nothing, "{0} {0:>24}", event.redact(text))?;
    }
    for anomaly in Anomaly::ALL {
        write!(Nothing, "{anomaly} {anomaly:>24} {anomaly:?}")?;
    }
    for quoted in [event.socks_username(), event.socks_password()].into_iter().flatten() {
        write!(Nothing, "{quoted:?} {:?}", quoted.bytes())?;
    }
    if let (Ok(id), Ok(circuit)) = (StreamId::from_str(event.id), CircuitId::from_str(event.id)) {
        write!(Nothing, "{id} {id:>24} {circuit} {circuit:>24}")?;
    }
    Ok(())
}

/// Writes the errors of `content` cut anywhere, and of its line if that is longer than a small decoder's limit.
#[inline(never)]
fn write_errors(content: &[u8]) -> fmt::Result {
    for end in 0..=content.len() {
        let content = content.get(..end).unwrap_or_default();
        for result in [StreamEventRef::parse_bytes(content), StreamEventRef::parse_lenient(content)] {
            if let Err(error) = result {
                write!(Nothing, "{error} {error:?}")?;
            }
        }
    }
    let mut decoder = EventDecoder::<64>::new().line_end(LineEnd::Lf);
    for mut piece in [b"650 STREAM 1 NEW 0 ", content, b"\n"] {
        while let Some(line) = decoder.next_event(&mut piece) {
            if let Err(error) = line.event {
                write!(Nothing, "{error} {error:?}")?;
            }
        }
    }
    Ok(())
}

/// Writes the variant of each enum for `word`.
#[inline(never)]
fn write_words(word: &str) -> fmt::Result {
    macro_rules! tables {
        ($($table:ident)+) => {$(
            let found = $table::from_word(word).unwrap_or($table::Unrecognized);
            write!(Nothing, "{found} {found:>24} {found:?}")?;
        )+};
    }
    tables! { StreamStatus StreamClosureReason StreamSource StreamPurpose ClientProtocol IsoField }
    Ok(())
}
