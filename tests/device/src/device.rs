//! Reads the lines on a Cortex-M0 in chunks of 16 bytes, as a serial port gives them. Prints counts of the events, and
//! the costs: the deepest stack, found by painting it, and the number of instructions.
//!
//! `ci/device` starts QEMU so that each instruction takes one nanosecond (`-icount shift=0`). The counter of the system clock counts 16 MHz,
//! so that 2 ticks are 125 instructions.
#![no_std]
#![no_main]

mod reading;

use core::hint::black_box;
use core::panic::PanicInfo;

use cortex_m::peripheral::{SYST, syst::SystClkSource};
use cortex_m_rt::entry;
use cortex_m_semihosting::{debug, hio};
use reading::{LINES, Reading};
use tor_stream_event::{EventDecoder, StreamEventRef};

/// Number of bytes that arrive at once.
const CHUNK: usize = 16;

/// The decoder, with room for a line: one of tor 0.4.9 has about 230 bytes, and without long names or credentials at most 512.
type Decoder = EventDecoder<512>;

/// Value of the words of the stack that were not used since [`paint`].
const PAINT: u32 = 0xa5a5_a5a5;

/// Maximum value of the clock's counter, which has 24 bits and counts down.
const MAX_TICKS: u32 = 0x00ff_ffff;

#[entry]
fn main() -> ! {
    let Some(mut peripherals) = cortex_m::Peripherals::take() else { fail() };
    let clock = &mut peripherals.SYST;
    clock.set_clock_source(SystClkSource::Core);
    clock.set_reload(MAX_TICKS);
    clock.clear_current();
    clock.enable_counter();

    // A loop of 3,000,000 instructions shows that ticks are instructions.
    let loop_ticks = ticks(|| spin(1_000_000));
    print("instructions of the test loop", instructions(loop_ticks));

    paint();
    let used_before = used();
    let read_ticks = ticks(read);
    let deepest = used();
    let reading = check();

    for (name, number) in reading.rows() {
        print(name, number);
    }
    print("bytes read", LINES.len() as u32);
    print("bytes of the decoder", size_of::<Decoder>() as u32);
    print("bytes of stack before", used_before);
    print("bytes of stack at the deepest", deepest);
    print("instructions", instructions(read_ticks));
    debug::exit(debug::EXIT_SUCCESS);
    // Reached only if the emulator goes on.
    fail()
}

/// Reads all lines, and every field of their events. The costs are those of this function.
#[inline(never)]
fn read() {
    let mut decoder = const { Decoder::new() };
    for mut chunk in LINES.chunks(CHUNK) {
        while let Some(line) = decoder.next_event(&mut chunk) {
            if let Ok(event) = line.event {
                look_at(&event);
            }
        }
    }
}

/// Reads every field of an event.
fn look_at(event: &StreamEventRef<'_>) {
    black_box((event.id, event.status, event.circuit_id, event.target_host, event.target_port));
    black_box((event.reason, event.remote_reason, event.source, event.source_addr, event.purpose));
    black_box((event.socks_username(), event.socks_password(), event.client_protocol()));
    black_box((event.nym_epoch(), event.session_group(), event.anomalies()));
    event.iso_fields().for_each(|field| {
        black_box(field);
    });
}

/// Reads all lines once more, and returns counts and a hash to compare with the host's.
#[inline(never)]
fn check() -> Reading {
    let mut decoder = const { Decoder::new() };
    let mut reading = Reading::default();
    for mut chunk in LINES.chunks(CHUNK) {
        while let Some(line) = decoder.next_event(&mut chunk) {
            reading.add(&line.event);
        }
    }
    reading
}

/// Runs a loop of three instructions `count` times.
#[inline(never)]
fn spin(count: u32) {
    // SAFETY: the loop changes one register and the flags.
    unsafe {
        core::arch::asm!("2:", "subs {0}, {0}, #1", "nop", "bne 2b", inout(reg) count => _);
    }
}

/// Returns the ticks of the clock that a function takes, less than [`MAX_TICKS`].
#[inline(never)]
fn ticks(function: impl FnOnce()) -> u32 {
    let before = SYST::get_current();
    function();
    before.wrapping_sub(SYST::get_current()) & MAX_TICKS
}

/// Converts ticks to instructions.
fn instructions(ticks: u32) -> u32 {
    ticks / 2 * 125
}

/// First and last address of the memory for the stack: from the end of the variables to the end of RAM.
fn stack() -> (usize, usize) {
    unsafe extern "C" {
        static _stack_start: u32;
    }
    (cortex_m_rt::heap_start() as usize, &raw const _stack_start as usize)
}

/// Paints the unused stack: everything below the frames of this function and its caller.
#[inline(never)]
fn paint() {
    /// Bytes below the stack pointer that are left as they are, in case that this function's frame grows after the pointer was read.
    const MARGIN: usize = 64;

    let (low, _) = stack();
    let high = cortex_m::register::msp::read() as usize - MARGIN;
    for address in (low..high).step_by(4) {
        // SAFETY: the stack has not grown so far down yet, and nothing else is there.
        unsafe { (address as *mut u32).write_volatile(PAINT) }
    }
}

/// Returns the number of bytes from the lowest address that is not painted to the end of the stack, where it begins to grow down.
#[inline(never)]
fn used() -> u32 {
    let (low, high) = stack();
    // SAFETY: the addresses are those of RAM.
    let deepest = (low..high).step_by(4).find(|&address| unsafe { (address as *const u32).read_volatile() } != PAINT);
    (high - deepest.unwrap_or(high)) as u32
}

/// Prints a name and a number on the host's standard output. `core::fmt` would be most of the program.
fn print(name: &str, number: u32) {
    // A number of 32 bits has up to ten digits.
    let mut digits = [0; 10];
    let mut at = digits.len();
    let mut rest = number;
    while at > 0 && (rest > 0 || at == digits.len()) {
        at -= 1;
        if let Some(digit) = digits.get_mut(at) {
            *digit = b'0' + (rest % 10) as u8;
        }
        rest /= 10;
    }
    let Ok(mut output) = hio::hstdout() else { fail() };
    for text in [name.as_bytes(), b": ", digits.get(at..).unwrap_or_default(), b"\n"] {
        if output.write_all(text).is_err() {
            fail();
        }
    }
}

/// Ends the emulator with an error.
fn fail() -> ! {
    debug::exit(debug::EXIT_FAILURE);
    loop {}
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    fail()
}
