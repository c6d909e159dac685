//! The number of a line in messages about captures: a LF in a name ends no line, as for the reader of events.

use crate::common::{file, run};
use crate::text;

/// The first line, which shows that lines end with CR LF, and a line with a LF in its name.
const EVENT: &str = "250 OK\r\n650 STREAM 1 NEW 0 a\nb:1 PURPOSE=USER\r\n";

#[test]
fn numbers_and_texts_of_lines() {
    for (name, capture, expected) in [
        (
            "mark.raw",
            [EVENT, "gw: 650 STREAM 2 NEW 0 c:1\r\n"].concat(),
            "mark.raw:3: 1 line with `650 STREAM` behind 'gw: ' not read",
        ),
        (
            "mark-end.raw",
            [EVENT, "gw: 650 STREAM 2 NEW 0 c:1"].concat(),
            "mark-end.raw:3: 1 line with `650 STREAM` behind 'gw: ' not read",
        ),
        ("nul.raw", [EVENT, "650 BW 1 2\0\r\n"].concat(), "nul.raw:3: NUL bytes"),
        ("end.raw", [EVENT, "650 BW 1 2\r\n650 BW 1"].concat(), "end.raw:4: the last line has no end"),
        (
            "inside.raw",
            "250 OK\r\n650 ADDRMAP a\nb c\r\n650 ADDRMAP d\ne 650 STREAM 1 NEW\r\n".into(),
            "inside.raw:3: `650 STREAM` inside of other text",
        ),
    ] {
        let (_, messages) = text(&run(&["events"], &[file("wire_lines", name, capture)]));
        assert!(messages.contains(expected), "{expected}: {messages}");
    }
}

/// A line in several pieces of 64 KiB, the most that is read of it at once.
#[test]
fn a_line_behind_a_long_one() {
    let long = format!("250 OK\r\n650 STREAM 1 NEW 0 a\nb:1 X={}\r\n", "x".repeat(200_000));
    let capture = [&long, EVENT, "gw: 650 STREAM 2 NEW 0 c:1\r\n"].concat();
    let (_, messages) = text(&run(&["events"], &[file("wire_lines", "long.raw", capture)]));
    assert!(messages.contains("long.raw:5: 1 line with `650 STREAM` behind 'gw: ' not read"), "{messages}");
}
