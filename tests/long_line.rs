//! Lines of 2 GiB and more, which are refused before a byte of them is looked at.
#![cfg(all(target_os = "linux", target_pointer_width = "64"))]
#![allow(clippy::panic, clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::fs;

use memmap2::MmapOptions;
use tor_stream_event::{Error, StreamEventRef};

/// Returns the number of page faults of this process that took memory.
fn page_faults() -> u64 {
    let stat = fs::read_to_string("/proc/self/stat").expect("procfs");
    // The tenth field; the second one, in parentheses, may hold spaces.
    let (_, fields) = stat.rsplit_once(')').expect("a command");
    fields.split_whitespace().nth(7).expect("a number of faults").parse().expect("a number")
}

#[test]
fn a_line_of_2_gib_is_too_long() {
    const TOO_LONG: usize = 1 << 31;
    // Memory that nobody looks at is never taken: a map of zeros costs nothing but addresses.
    let map = MmapOptions::new().len(TOO_LONG + 1).no_reserve_swap().map_anon().expect("addresses");
    // SAFETY: zeros are UTF-8. The check would look at each of them.
    #[allow(unsafe_code, reason = "the check would take all of the memory")]
    let text = unsafe { str::from_utf8_unchecked(&map) };
    let before = page_faults();
    for length in [TOO_LONG, TOO_LONG + 1] {
        let bytes = &map[..length];
        for read in [
            StreamEventRef::parse_bytes(bytes),
            StreamEventRef::parse_lenient(bytes),
            StreamEventRef::parse(text.get(..length).expect("ASCII")),
        ] {
            let Err(Error::LineTooLong { length: found, limit, .. }) = read else { panic!("{read:?}") };
            assert_eq!((found, limit), (length as u64, TOO_LONG - 1));
        }
    }
    assert!(page_faults() - before < 1000, "the bytes were looked at");
}
