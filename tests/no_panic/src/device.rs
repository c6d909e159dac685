//! A program like that of a device, but for x86-64 Linux: `ci/no-panic` measures its size and its stack frames. `tests/device` has a
//! program for the processor of a real device.
//!
//! The program reads its input in chunks that are shorter than most lines, uses every field of the events, and copies the events to
//! standard output.
//!
//! The size of the program is about the size of the library: little else is in it.
#![no_std]
#![no_main]

// The runtime, which calls `main`.
mod bare;

use core::hint::black_box;

use tor_stream_event::{EventDecoder, StreamEventRef};

/// Decoder. The length of its buffer is no part of what is measured: the buffer is in the frame of `main`, which is left out.
type Decoder = EventDecoder<1024>;

extern "C" fn main() -> ! {
    let mut decoder = Decoder::new();
    for chunk in bare::input().chunks(64) {
        read_chunk(&mut decoder, chunk);
    }
    bare::exit(0)
}

/// Reads one chunk. A function of its own, so that its stack frame is measured without the decoder in `main`.
#[inline(never)]
fn read_chunk(decoder: &mut Decoder, mut chunk: &[u8]) {
    while let Some(line) = decoder.next_event(&mut chunk) {
        if let Ok(event) = line.event {
            look_at(&event);
            bare::write(b"650 STREAM ");
            bare::write(event.content());
            bare::write(b"\r\n");
        }
    }
}

/// Reads every field of an event.
fn look_at(event: &StreamEventRef<'_>) {
    black_box((event.id, event.status, event.circuit_id, event.target_host, event.target_port));
    black_box((event.reason, event.remote_reason, event.source, event.source_addr, event.purpose));
    black_box((event.socks_username(), event.socks_password(), event.client_protocol()));
    black_box((event.nym_epoch(), event.session_group(), event.anomalies()));
    for field in event.iso_fields() {
        black_box(field);
    }
}
