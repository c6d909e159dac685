//! The work on a line grows no faster than the line, whatever the line holds: reading it, and showing the event.
//!
//! Each line repeats one fragment at which a function could start over.

use core::hint::black_box;

use tor_stream_event::StreamEventRef;

use crate::growth::{GROWTH, assert_linear};

/// Length of the fragments in the shorter line, in bytes: enough for work that starts over to take most of the time.
const SHORT: usize = 1 << 12;

/// Fragments that lines repeat: the shortest text of each kind at which a function could start over. The
/// fragments of `common/printed.rs` are longer, and so repeated too rarely in a line.
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
    " A=",
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
    "SOCKS_PASSWORD=",
    " ISO_FIELDS=,",
];

/// Places in a line: the text before the fragments, and the text after them.
const PLACES: &[(&str, &str)] = &[
    // The target.
    ("9 CLOSED 4 ", ""),
    // Text after a target, of a status that tor has and of one that it does not have.
    ("9 CLOSED 4 host:80", ""),
    ("9 FUTURE 4 host:80", ""),
    // The target, and tor's fields after it.
    ("9 NEW 4 ", ":80 SOURCE_ADDR=127.0.0.1:5 PURPOSE=USER SOCKS_USERNAME=\"u\" ISO_FIELDS="),
    // A credential, whole and without its end.
    ("9 REMAP 4 host:80 SOCKS_USERNAME=\"", "\""),
    ("9 REMAP 4 host:80 SOCKS_USERNAME=\"", ""),
    // A socket's path.
    ("9 NEW 4 host:80 SOURCE_ADDR=/", ":0 PURPOSE=USER"),
];

/// A function of an event, given the text of its line too, and the function's name.
type Work = (&'static str, fn(&StreamEventRef<'_>, &[u8]));

/// The work on an event that has been read.
const WORK: &[Work] = &[
    ("iterators", |event, _| {
        black_box((event.args().count(), event.iso_fields().count()));
        black_box(event.socks_username().map(|quoted| quoted.bytes().count()));
    }),
    ("Debug", |event, _| {
        black_box(format!("{event:?}"));
    }),
    ("redact", |event, content| {
        black_box(event.redact(content).to_string());
    }),
];

/// Reads a line, leniently if it has to be.
fn read(content: &[u8]) -> Option<StreamEventRef<'_>> {
    StreamEventRef::parse_bytes(content).or_else(|_| StreamEventRef::parse_lenient(content)).ok()
}

/// Asserts that the work on lines of `fragment` is linear.
fn assert_linear_of(fragment: &str) {
    for (before, after) in PLACES {
        let content_of =
            |length: usize| [before, &*fragment.repeat(length / fragment.len()), after].concat().into_bytes();
        let (short, long) = (content_of(SHORT), content_of(SHORT * GROWTH));
        let parse = |content: &[u8]| {
            black_box(read(content));
        };
        assert_linear("parse", &parse, &short, &long);
        for (name, work) in WORK {
            let read_and_work = |content: &[u8]| {
                if let Some(event) = read(content) {
                    work(&event, content);
                }
            };
            assert_linear(name, &read_and_work, &short, &long);
        }
    }
}

/// The first fragment, and each second one after it.
#[test]
fn even_fragments() {
    FRAGMENTS.iter().step_by(2).for_each(|fragment| assert_linear_of(fragment));
}

/// The other fragments, which the harness reads at the same time.
#[test]
fn odd_fragments() {
    FRAGMENTS.iter().skip(1).step_by(2).for_each(|fragment| assert_linear_of(fragment));
}
