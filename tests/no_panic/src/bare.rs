//! Runtime of a program on x86-64 Linux without `std` and the C library: its start, system calls by their numbers, and C's functions on
//! memory. The programs have no `unsafe` code but this.

use core::arch::{asm, global_asm};
use core::panic::PanicInfo;

/// End of every panic. Its symbol is in the binary only if some code can panic: `ci/no-panic` looks for it.
#[inline(never)]
#[unsafe(no_mangle)]
extern "C" fn panic_path() -> ! {
    // The status of a Rust program that panics.
    exit(101)
}

/// Handles every panic.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    panic_path()
}

// The kernel jumps here with an aligned stack. A function expects the stack as a call leaves it, so `main` is called.
global_asm!(".globl _start", "_start:", "xor ebp, ebp", "call {main}", "ud2", main = sym crate::main);

/// Ends the program.
pub fn exit(status: u8) -> ! {
    // SAFETY: exit_group takes a number, and does not return.
    unsafe { asm!("syscall", in("rax") 231, in("rdi") u64::from(status), options(noreturn)) }
}

/// Reads from standard input. Returns the number of bytes: 0 at the end, and on errors.
fn read(room: &mut [u8]) -> usize {
    let read: isize;
    // SAFETY: read writes no more than `room.len()` bytes at `room`; the kernel keeps all registers but these.
    unsafe {
        asm!("syscall", inlateout("rax") 0_isize => read, in("rdi") 0, in("rsi") room.as_mut_ptr(),
            in("rdx") room.len(), lateout("rcx") _, lateout("r11") _);
    }
    read.max(0).cast_unsigned()
}

/// Writes all of `bytes` to standard output.
pub fn write(mut bytes: &[u8]) {
    while !bytes.is_empty() {
        let written: isize;
        // SAFETY: write reads no more than `bytes.len()` bytes at `bytes`; the kernel keeps all registers but these.
        unsafe {
            asm!("syscall", inlateout("rax") 1_isize => written, in("rdi") 1, in("rsi") bytes.as_ptr(),
                in("rdx") bytes.len(), lateout("rcx") _, lateout("r11") _);
        }
        match bytes.get(written.max(0).cast_unsigned()..) {
            Some(rest) if written > 0 => bytes = rest,
            // The status that sysexits.h has for errors of input and output.
            _ => exit(74),
        }
    }
}

/// Returns all of standard input, up to 256 KiB. The program calls it once.
pub fn input() -> &'static [u8] {
    /// Room for one of the smaller captures in tests/data.
    static mut ROOM: [u8; 1 << 18] = [0; 1 << 18];
    // SAFETY: the only thread borrows it, and only once.
    #[expect(static_mut_refs, reason = "see above")]
    let room: &'static mut [u8] = unsafe { &mut ROOM };
    let mut len = 0;
    loop {
        match room.get_mut(len..).map(read) {
            Some(read) if read > 0 => len += read,
            _ => return room.get(..len).unwrap_or_default(),
        }
    }
}

/// Functions that compiled code may call on any target, with the conditions that they have in C. Their accesses are
/// volatile: otherwise the compiler makes them call themselves.
mod memory {
    #[unsafe(no_mangle)]
    unsafe extern "C" fn memcpy(to: *mut u8, from: *const u8, len: usize) -> *mut u8 {
        for i in 0..len {
            unsafe { to.add(i).write_volatile(from.add(i).read_volatile()) }
        }
        to
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn memmove(to: *mut u8, from: *const u8, len: usize) -> *mut u8 {
        if to.cast_const() < from {
            return unsafe { memcpy(to, from, len) };
        }
        for i in (0..len).rev() {
            unsafe { to.add(i).write_volatile(from.add(i).read_volatile()) }
        }
        to
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn memset(to: *mut u8, byte: i32, len: usize) -> *mut u8 {
        for i in 0..len {
            unsafe { to.add(i).write_volatile(byte as u8) }
        }
        to
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn memcmp(left: *const u8, right: *const u8, len: usize) -> i32 {
        for i in 0..len {
            let (left, right) = unsafe { (left.add(i).read_volatile(), right.add(i).read_volatile()) };
            if left != right {
                return i32::from(left) - i32::from(right);
            }
        }
        0
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn bcmp(left: *const u8, right: *const u8, len: usize) -> i32 {
        unsafe { memcmp(left, right, len) }
    }
}
