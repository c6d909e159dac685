//! Counts the events of a log in WebAssembly, without an allocator. `run.mjs` calls it.
#![no_std]
#![deny(unsafe_op_in_unsafe_fn)]

use core::panic::PanicInfo;
use core::slice;

use tor_stream_event::stream_events;

/// Returns the number of STREAM events in the log of `len` bytes at `log`, or -1 if one of them cannot be read.
///
/// # Safety
///
/// `log` must not be null, also if `len` is 0. The `len` bytes at `log` have to be initialized memory that nobody changes
/// before the function returns, and `len` at most `isize::MAX`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn count_events(log: *const u8, len: usize) -> i32 {
    // SAFETY: the caller promises what `from_raw_parts` asks for; bytes are always aligned.
    let log = unsafe { slice::from_raw_parts(log, len) };
    stream_events(log).try_fold(0, |count, line| line.event.map(|_| count + 1)).unwrap_or(-1)
}

/// The panic handler that the language requires. Never called.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
