//! Neither parsing a borrowed event, nor any accessor, nor finding events in a buffer or in chunks calls the allocator. The
//! owned form makes one allocation for each text that it holds.
//!
//! The allocator counts per thread, so that the test harness's own threads do not disturb the count.
#![allow(unsafe_code, reason = "the trait of an allocator is unsafe")]

mod common;

use core::alloc::{GlobalAlloc, Layout};
use core::cell::Cell;
use core::fmt::{self, Write};
use core::hash::Hash;
use core::hint::black_box;
use std::alloc::System;
use std::hash::DefaultHasher;

use common::cases;
use tor_stream_event::{EventDecoder, LineEnd, LogFormat, Quoted, StreamEventRef, StreamId, stream_events};

thread_local! {
    /// Number of calls of the allocator in this thread.
    static CALLS: Cell<u64> = const { Cell::new(0) };
}

/// The system's allocator, counted.
struct Counting;

/// Counts one call, unless the thread is ending and its counter is gone.
fn count() {
    let _ = CALLS.try_with(|calls| calls.set(calls.get() + 1));
}

// SAFETY: every call is passed on as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller keeps the promises that the call requires.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        count();
        // SAFETY: as above.
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: as above.
        unsafe { System.realloc(memory, layout, size) }
    }
}

/// The allocator of this test.
#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Returns the number of calls of the allocator in `work`.
fn calls(work: impl FnOnce()) -> u64 {
    let before = CALLS.with(Cell::get);
    work();
    CALLS.with(Cell::get) - before
}

/// Text that is written and forgotten.
struct Nowhere;

impl Write for Nowhere {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        black_box(text);
        Ok(())
    }
}

/// Text of a whole line before the content of its event.
const LINE_START: &[u8] = b"650 STREAM ";

/// Calls every function that reads a line or its content, and those of its event or error, but for functions that return owned values.
fn read(line: &[u8]) {
    let content = line.strip_prefix(LINE_START).unwrap_or_default();
    let from_text = core::str::from_utf8(content).ok().map(StreamEventRef::parse);
    for read in [
        StreamEventRef::parse_bytes(content),
        StreamEventRef::parse_lenient(content),
        StreamEventRef::parse_line(line),
        from_text.unwrap_or(StreamEventRef::parse_bytes(content)),
    ] {
        match read {
            Ok(event) => {
                black_box([event.reason_str(), event.remote_reason_str(), event.source_str(), event.purpose_str()]);
                black_box((
                    event.status_str(),
                    event.client_protocol_str(),
                    event.source_host(),
                    event.source_port(),
                    event.exit_relay(),
                ));
                black_box((event.args().count(), event.arg("REASON"), event.client_protocol()));
                black_box((event.nym_epoch(), event.session_group(), event.iso_fields_str(), event.content()));
                black_box((event.iso_fields().count(), event.iso_fields().words().count()));
                black_box(event.args().filter_map(|(_, value)| Quoted::parse(value)).count());
                let redacted = event.redact(event.content());
                black_box(redacted.as_str());
                event.hash(&mut DefaultHasher::new());
                black_box(event.socks_username().map(|quoted| quoted.bytes().count()));
                black_box(event.socks_password().map(|quoted| quoted.bytes().count()));
                black_box((event.target_bytes(), event.anomalies().iter().count(), black_box(event) == event));
                black_box(event.id.parse::<StreamId>().is_ok());
                let _ = write!(Nowhere, "{event} {event:?} {redacted}");
            }
            Err(error) => {
                let _ = write!(Nowhere, "{error} {error:?}");
            }
        }
    }
}

/// The counter counts: a box is allocated and freed.
#[test]
fn counts() {
    assert_eq!(calls(|| drop(black_box(Box::new(1)))), 2);
}

/// No accepted content, and no prefix of one, needs memory.
#[test]
fn reading_does_not_allocate() {
    for case in cases::all() {
        let line = [LINE_START, case.content].concat();
        for end in LINE_START.len()..=line.len() {
            let line = line.get(..end).unwrap_or_default();
            assert_eq!(calls(|| read(black_box(line))), 0, "{}", line.escape_ascii());
        }
    }
}

/// Captures, and their line ends, which a decoder has to be told.
const CAPTURES: &[(&[u8], LineEnd)] = &[
    (include_bytes!("data/control-port.raw"), LineEnd::CrLf),
    (include_bytes!("data/mixed-session.raw"), LineEnd::CrLf),
    (include_bytes!("data/hostile-targets.raw"), LineEnd::CrLf),
    (include_bytes!("data/onionperf.log"), LineEnd::Lf),
];

/// The format of a log needs no memory: neither finding it, nor reading with it.
#[test]
fn formats_do_not_allocate() {
    let log = black_box(b"gw[7] | 650 STREAM 1 NEW 0 a:1 |\ngw[8] | 650 STREAM 2 NEW 0 a:1 |\n");
    let work = || {
        let found = LogFormat::like(b"gw[7] | ", b" |").expect("a format");
        black_box((LogFormat::of_line(log), found.before(), found.after(), found.fits(log)));
        assert_eq!(stream_events(log).log_format(found).count(), 2);
        let _ = write!(Nowhere, "{found:?}");
    };
    assert_eq!(calls(work), 0);
}

/// No line of a capture needs memory, in a buffer or in chunks.
#[test]
fn finding_events_does_not_allocate() {
    for &(capture, line_end) in CAPTURES {
        let in_buffer = calls(|| {
            for line in stream_events(black_box(capture)) {
                let _ = write!(Nowhere, "{line:?} {:?}", line.unix_time());
            }
        });
        assert_eq!(in_buffer, 0);
        for size in [1, 64, 4096] {
            let in_chunks = calls(|| {
                let mut decoder = EventDecoder::<4096>::new().line_end(line_end);
                for mut chunk in black_box(capture).chunks(size) {
                    while let Some(line) = decoder.next_event(&mut chunk) {
                        let _ = write!(Nowhere, "{line:?}");
                    }
                }
                black_box(decoder.finish().is_some());
            });
            assert_eq!(in_chunks, 0);
        }
    }
}

/// The owned form holds its content, its target's host and its source address, and allocates for nothing else.
#[cfg(feature = "alloc")]
#[test]
fn the_owned_form_allocates_once_for_each_text() {
    for &(capture, _) in CAPTURES {
        for event in stream_events(capture).filter_map(|line| line.event.ok()) {
            let mut owned = None;
            let made = calls(|| owned = Some(black_box(event).into_owned()));
            let texts = [event.content().len(), event.target_host.len(), event.source_addr.map_or(0, str::len)];
            // An empty text needs no memory.
            assert_eq!(made, texts.iter().filter(|&&len| len > 0).count() as u64, "{event}");
            drop(owned);
        }
    }
}
