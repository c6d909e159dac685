//! The work on a log grows no faster than the log, whatever its lines hold, at every entry point.
//!
//! Each log repeats one fragment at which a search could start over, in one place of a log, such as data or an event.
//! A search that starts over but compares many bytes at once may pass.

#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use core::hint::black_box;

use tor_stream_event::{EventDecoder, LineEnd, LogFormat, stream_events};

use crate::growth::{GROWTH, assert_linear};

/// Length of the fragments in the shorter log, in bytes: enough for a search that starts over to take most of the time.
const SHORT: usize = 1 << 13;

/// Fragments that logs repeat: those at which the search for lines, replies and lookalikes could start over.
const FRAGMENTS: &[&str] = &[
    // Line ends, the end of data, a byte order mark.
    "\r",
    "\n",
    "\r\n",
    ".\r\n",
    "\u{feff}",
    // Replies, and the words of dates before them.
    "6",
    "650 ",
    "x\n650 ",
    "250+x\r\n",
    "250+x\n",
    "650 2026-11-25 ",
    "Nov ",
    "\t",
    // Lines that look like an event, or like the rest of one.
    "STREAM.",
    "STREAM: ",
    "STREAM 1",
    " STREAM 1 NEW",
    "650 STREAM ",
    "A=",
    "> ",
    "REASON=END ",
    "NYM_EPOCH,",
    // Events that follow each other, and the check that they are UTF-8.
    "650 STREAM 1 NEW 0 a:1\r\n",
    "650 STREAM 1 NEW 0 \u{e9}:1\n",
    // Brackets, quotation marks and colors around a reply.
    "(",
    "\"",
    "'650 A",
    "\u{1b}[",
    "\u{1b}[0m",
];

/// Places in a log: the text before the fragments, and the text after them.
const PLACES: &[(&str, &str)] = &[
    // The only line, without an end.
    ("", ""),
    // A line without a reply, on the wire and in a log.
    ("650 STREAM 1 NEW 0 a:1\r\n", "\r\n"),
    ("2026-11-25 10:00:00 650 STREAM 1 NEW 0 a:1\n", "\n"),
    // The prefix of an event.
    ("2026-11-25 10:00:00 650 STREAM 1 NEW 0 a:1\n2026-11-25 ", "650 STREAM 1 NEW 0 a:1\n"),
    // Data, on the wire and in a log.
    ("250+info=\r\n", "\r\n.\r\n"),
    ("2026-11-25 10:00:00 250+info=\n2026-11-25 10:00:00 ", "\n2026-11-25 10:00:00 .\n"),
    // The target of an event on the wire, and in the format of `read_with_format`.
    ("650 STREAM 1 NEW 0 ", ":80 PURPOSE=USER\r\n"),
    ("gw: '650 STREAM 1 NEW 0 a", ":1'\n"),
];

/// The name of an entry point, and a function that reads a log with it.
type EntryPoint = (&'static str, fn(&[u8]));

/// The entry points. The codec has none here: it uses what the decoder does, with a larger limit.
const ENTRY_POINTS: &[EntryPoint] = &[
    ("stream_events", |log| {
        black_box(stream_events(log).count());
    }),
    ("stream_events with LF", |log| {
        black_box(stream_events(log).line_end(LineEnd::Lf).count());
    }),
    ("stream_events with a format", read_with_format),
    ("EventDecoder", read_with_decoder),
    #[cfg(feature = "std")]
    ("EventReader", read_with_reader),
];

/// Reads a log with a format of its own, and with the format that is learned from it, if there is one.
fn read_with_format(log: &[u8]) {
    let format = LogFormat::like(b"gw: '", b"'").expect("two short texts");
    black_box(stream_events(log).log_format(format).count());
    if let Some(format) = LogFormat::of_line(log) {
        black_box(stream_events(log).log_format(format).count());
    }
}

/// Reads chunks of a log with a decoder, which examines the first 4096 bytes of a line.
fn read_with_decoder(log: &[u8]) {
    let mut decoder = EventDecoder::<4096>::new();
    for mut chunk in log.chunks(100) {
        while decoder.next_event(&mut chunk).is_some() {}
    }
    black_box(decoder.finish().is_some());
}

/// Reads chunks of a log with a reader, which examines lines of any length.
#[cfg(feature = "std")]
fn read_with_reader(log: &[u8]) {
    use crate::common::entry_points::ChunkReader;

    let chunks = ChunkReader { rest: log, size: 100, errors: Vec::new() };
    let mut reader = tor_stream_event::EventReader::with_limit(chunks, usize::MAX);
    while reader.next_event().expect("a reader that never fails").is_some() {}
}

/// Asserts that the time for logs of each fragment in this place is linear.
fn assert_linear_in((before, after): (&str, &str)) {
    for fragment in FRAGMENTS {
        let log_of = |length: usize| [before, &fragment.repeat(length / fragment.len()), after].concat().into_bytes();
        let (short, long) = (log_of(SHORT), log_of(SHORT * GROWTH));
        for (name, read) in ENTRY_POINTS {
            assert_linear(name, read, &short, &long);
        }
    }
}

/// The first place, and each second one after it.
#[test]
fn even_places() {
    PLACES.iter().step_by(2).for_each(|&place| assert_linear_in(place));
}

/// The other places, which the harness reads at the same time.
#[test]
fn odd_places() {
    PLACES.iter().skip(1).step_by(2).for_each(|&place| assert_linear_in(place));
}
