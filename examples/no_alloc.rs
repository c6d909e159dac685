//! Prints tor's events in fixed memory, from a serial line that delivers 64 bytes at a time:
//! `cargo run --example no_alloc`.
//!
//! On a microcontroller the file begins with `#![no_std]` and `#![no_main]`, `Uart` and `Console` are those of the board's
//! support crate, and the reset handler takes the place of `main`. `report` and the library, with `default-features = false`,
//! stay the same.
#![allow(clippy::print_stdout, reason = "standard output stands for a device's console")]

use core::fmt::{self, Write};

use tor_stream_event::{EventDecoder, EventLine};

/// Bytes that the serial line delivers.
const RECEIVED: &[u8] = b"250 OK\r\n\
    650 STREAM 18 NEW 0 www.example.com:443 SOURCE_ADDR=127.0.0.1:38522 PURPOSE=USER CLIENT_PROTOCOL=SOCKS5 NYM_EPOCH=0\r\n\
    650 STREAM 18 SENTCONNECT 7 www.example.com:443 CLIENT_PROTOCOL=SOCKS5 NYM_EPOCH=0\r\n\
    650 STREAM 18 FAILED 7 www.example.com:443 REASON=END REMOTE_REASON=CONNECTREFUSED CLIENT_PROTOCOL=SOCKS5 NYM_EPOCH=0\r\n";

/// A serial line, and the bytes that it has not delivered yet.
struct Uart(&'static [u8]);

impl Uart {
    /// Reads some bytes and returns their number: 0 at the end.
    fn read(&mut self, chunk: &mut [u8]) -> usize {
        let len = chunk.iter_mut().zip(self.0).map(|(byte, &received)| *byte = received).count();
        self.0 = self.0.get(len..).unwrap_or_default();
        len
    }
}

/// The device's console.
struct Console;

impl Write for Console {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        print!("{text}");
        Ok(())
    }
}

/// Prints every event. The decoder takes about 2 KiB on the stack, the chunk 64 bytes. A line of more than 1024 bytes, which only
/// long credentials make, is reported as too long.
fn report(uart: &mut Uart, console: &mut Console) -> fmt::Result {
    let mut decoder = EventDecoder::<1024>::new();
    let mut chunk = [0; 64];
    loop {
        let len = uart.read(&mut chunk);
        let Some(mut rest) = chunk.get(..len).filter(|chunk| !chunk.is_empty()) else { break };
        while let Some(line) = decoder.next_event(&mut rest) {
            print(console, &line)?;
        }
    }
    // The serial line may have ended within an event.
    decoder.finish().map_or(Ok(()), |line| print(console, &line))
}

/// Prints an event, or why it cannot be read.
fn print(console: &mut Console, line: &EventLine<'_>) -> fmt::Result {
    match line.event {
        // `{:?}` writes a client's control characters as escapes. ID and status hold none: an event with others is an error here.
        Ok(event) => writeln!(console, "{} {} {:?}", event.id, event.status, event.target_host),
        Err(error) => writeln!(console, "line {}: {error}", line.number),
    }
}

fn main() -> fmt::Result {
    report(&mut Uart(RECEIVED), &mut Console)
}
