//! The work on a line grows no faster than the line, whatever the line holds.
//!
//! Each line here repeats one fragment that could make a parser start over, up to a quarter of a mebibyte. A parser that starts
//! over at each fragment of one byte takes 10^10 steps or more for a line, and hours for all: the test does not end. Work that
//! is quadratic in longer fragments only is not noticed here.

use core::hint::black_box;

use tor_stream_event::StreamEventRef;

/// Length of a line, in bytes.
const LENGTH: usize = 1 << 18;

/// Fragments that lines repeat: the shortest text of each kind at which a parser could start over. Those of
/// `common/printed.rs` are longer, and so repeated too rarely in a line.
const FRAGMENTS: &[&str] = &[
    " ",
    "\"",
    "\\",
    "\\\"",
    "=",
    ":",
    ":80 ",
    "\u{e9}",
    " \"",
    " KEY=VALUE",
    " KEY=\"",
    " KEY=\"\"",
    " KEY=\"\\\"",
    " KEY=a:1",
    " REASON=END",
    " REASON=",
    " REASON= UNKNOWN_1",
    " PURPOSE=USER",
    " SOURCE_ADDR=/",
    " SOURCE_ADDR=1:1",
    " SOCKS_USERNAME=\"",
    " SOCKS_PASSWORD=\"\\",
    " ISO_FIELDS=,",
];

/// Reads a line, leniently if it has to be, and walks over its arguments.
fn read(line: &[u8]) {
    if let Ok(event) = StreamEventRef::parse_bytes(line).or_else(|_| StreamEventRef::parse_lenient(line)) {
        black_box((event.args().count(), event.iso_fields().count()));
        black_box(event.socks_username().map(|quoted| quoted.bytes().count()));
    }
}

/// Reads lines of `fragment`: as the target, after one, before tor's fields, in quotation marks, in a path.
fn read_lines_of(fragment: &str) {
    let long = fragment.repeat(LENGTH / fragment.len());
    for (before, after) in [
        ("9 CLOSED 4 ", ""),
        ("9 CLOSED 4 host:80", ""),
        ("9 FUTURE 4 host:80", ""),
        ("9 NEW 4 ", ":80 SOURCE_ADDR=127.0.0.1:5 PURPOSE=USER SOCKS_USERNAME=\"u\" ISO_FIELDS="),
        ("9 REMAP 4 host:80 SOCKS_USERNAME=\"", "\""),
        ("9 NEW 4 host:80 SOURCE_ADDR=/", ":0 PURPOSE=USER"),
    ] {
        read(format!("{before}{long}{after}").as_bytes());
    }
}

/// One half of the fragments.
#[test]
fn even_fragments() {
    FRAGMENTS.iter().step_by(2).for_each(|fragment| read_lines_of(fragment));
}

/// The other half, which the harness runs at the same time.
#[test]
fn odd_fragments() {
    FRAGMENTS.iter().skip(1).step_by(2).for_each(|fragment| read_lines_of(fragment));
}
