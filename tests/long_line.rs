//! Text of 2 GiB and more, which is refused before a byte of it is looked at.
#![cfg(all(target_os = "linux", target_pointer_width = "64"))]
#![allow(clippy::panic, clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::fs;

use memmap2::MmapOptions;
use tor_stream_event::{Error, Quoted, StreamEventRef};

/// Returns the number of minor page faults of this process: each gave it memory that it touched for the first time.
fn page_faults() -> u64 {
    let stat = fs::read_to_string("/proc/self/stat").expect("procfs");
    // Field 10 of proc(5). Field 2, a name in parentheses, may hold spaces; field 3 is the first one after it.
    let (_, fields) = stat.rsplit_once(')').expect("a name");
    fields.split_whitespace().nth(10 - 3).expect("a number of faults").parse().expect("a number")
}

/// Asserts that a reading was refused for the content's length.
#[track_caller]
fn assert_too_long(read: Result<StreamEventRef<'_>, Error>, expected: usize) {
    let Err(Error::LineTooLong { length, limit, .. }) = read else { panic!("{read:?}") };
    assert_eq!((length, limit), (expected as u64, (1 << 31) - 1));
}

/// Offsets in an event have 31 bits, so a content has less than 2 GiB. A longer one is an error with both lengths.
#[test]
fn a_line_of_2_gib_is_too_long() {
    // Two bytes more than the shortest content that is too long: a line end does not count, and could be these two.
    const LENGTH: usize = (1 << 31) + 2;
    // Memory that is never read is never allocated: a map of zeros costs only addresses.
    let mut map = MmapOptions::new().len(LENGTH).no_reserve_swap().map_anon().expect("addresses");
    // Three tokens, the first of them a quoted string, so that no search for a space goes far.
    let start = b"\"\" x y ";
    map[..start.len()].copy_from_slice(start);
    // SAFETY: ASCII is UTF-8. The check would look at each of them.
    #[allow(unsafe_code, reason = "the check would take all of the memory")]
    let text = unsafe { core::str::from_utf8_unchecked(&map) };
    let before = page_faults();
    assert_too_long(StreamEventRef::parse_bytes(&map), LENGTH);
    assert_too_long(StreamEventRef::parse_lenient(&map), LENGTH);
    assert_too_long(StreamEventRef::parse(text), LENGTH);
    assert_too_long(StreamEventRef::parse(text.get(..1 << 31).expect("ASCII")), 1 << 31);
    // A byte less, and it is refused for its first byte, which is no letter or digit.
    let error = StreamEventRef::parse(text.get(..(1 << 31) - 1).expect("ASCII")).expect_err("no ID");
    assert!(matches!(error, Error::Protocol(error) if error.offset() == 0), "{error}");
    // The string at its start is short, but an index into the text after it might be too large.
    assert!(Quoted::parse(text).is_none());
    assert!(Quoted::parse(text.get(..1 << 31).expect("ASCII")).is_none());
    let (string, rest) = Quoted::parse(text.get(..(1 << 31) - 1).expect("ASCII")).expect("a string");
    assert_eq!((string.escaped(), rest.len()), ("", (1 << 31) - 3));
    // A pass over the bytes takes 1,024 faults with huge pages of 2 MiB, and half a million with pages of 4 KiB.
    assert!(page_faults() - before < 100, "the bytes were looked at");
}
