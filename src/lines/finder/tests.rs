//! The pattern of the last event's line saves work, and must not change the answer for any other line.

use alloc::string::String;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::LineFinder;
use super::pattern::{Matched, Pattern};
use crate::lines::event_line::LineEnd;
use crate::lines::format::LogFormat;
use crate::lines::skipped::Skipped;

/// Fragments of the starts of a log's lines, and text that resembles them.
const FRAGMENTS: &[&str] = &[
    "2019-01-31 ",
    "11:29:51 ",
    "1548934191.51 ",
    "12 ",
    "7",
    " ",
    "\t",
    "Nov ",
    "UTC ",
    "650 STREAM ",
    "650-STREAM ",
    "650 STREAM_BW ",
    "650 STREAM",
    "650 BW 1 2",
    "650 ",
    "650-",
    "650 7 ",
    "650 PM ",
    "650+",
    "250+",
    "250 OK",
    "1 NEW 0 host:80",
    ".",
    "x",
    "gw tor[8]: '",
    "'",
];

/// The first event of an input, and the finder for that input.
#[derive(Clone, Debug)]
struct First {
    /// The event's line.
    line: Vec<u8>,
    /// Length of its prefix.
    prefix: usize,
    /// State before that line.
    finder: LineFinder,
}

/// Generates first events of inputs of all kinds: the wire, logs with dates, logs with a format.
fn first() -> impl Strategy<Value = First> {
    let first = |prefix: String, line_end: Option<LineEnd>, format: Option<LogFormat>, after: &str| {
        let line = [&prefix, "650 STREAM 1 NEW 0 host:80", after].concat().into_bytes();
        let finder = LineFinder::new(usize::MAX);
        let finder = line_end.map_or(finder.clone(), |line_end| finder.line_end(line_end));
        First { line, prefix: prefix.len(), finder: format.into_iter().fold(finder, LineFinder::log_format) }
    };
    let long = "2019-01-31 11:29:51 some.program.with.a.name[812] [TRACE] gw tor[8]: '";
    prop_oneof![
        Just(first(String::new(), Some(LineEnd::CrLf), None, "")),
        start().prop_map(move |start| first(start + "2019-01-31 11:29:51 1548934191.51 ", Some(LineEnd::Lf), None, "")),
        start().prop_map(move |start| {
            let prefix = start + "gw tor[8]: '";
            let format = LogFormat::like(prefix.as_bytes(), b"'");
            first(prefix, None, format, "'")
        }),
        Just(first(long.into(), None, LogFormat::like(long.as_bytes(), b""), "")),
        Just(first(String::new(), None, LogFormat::like(b"", b"\\r"), "\\r")),
    ]
}

/// Generates the start of a log's line.
fn start() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(FRAGMENTS), 0..6).prop_map(|fragments| fragments.concat())
}

/// Steps over a line. Returns the range of its event's content, the counts of skipped lines, and the number of replies.
fn step(finder: &mut LineFinder, line: &[u8], line_end: &[u8]) -> (Option<(usize, usize)>, Skipped, u64) {
    let range = finder.find(&[line, line_end].concat(), &mut 0);
    (range.map(|range| (range.content(), range.content_end())), finder.skipped(), finder.replies())
}

/// Asserts that a line after `first` is read the same with the pattern of `first` and without.
#[track_caller]
fn assert_same(first: &First, line: &[u8], line_end: &[u8]) {
    let mut with_pattern = first.finder.clone();
    step(&mut with_pattern, &first.line, b"\r\n");
    let mut without_pattern = with_pattern.clone();
    without_pattern.leave_pattern();
    let found = step(&mut with_pattern, line, line_end);
    assert_eq!(found, step(&mut without_pattern, line, line_end), "{}", line.escape_ascii());
    // Nor does the pattern change the line after that.
    let next = b"650 STREAM 1 NEW 0 host:80";
    assert_eq!(
        step(&mut with_pattern, next, b"\n"),
        step(&mut without_pattern, next, b"\n"),
        "{}",
        line.escape_ascii()
    );
}

/// Tries every change of one byte of a prefix, and the same change of two bytes that stand eight, or a multiple of it,
/// apart: such bytes must not make up for each other.
#[test]
fn changed_prefixes() {
    let line = b"2019-01-31 11:29:51 1548934191.51 650 STREAM 1 NEW 0 host:80";
    let first = First { line: line.to_vec(), prefix: 34, finder: LineFinder::new(usize::MAX).line_end(LineEnd::Lf) };
    let prefix = 34;
    let mut begun = first.finder.clone();
    assert_eq!(step(&mut begun, line, b"\r\n").0, Some((prefix + 11, line.len())));
    for place in 0..prefix {
        for other in (place % 8..prefix).step_by(8) {
            for change in 1..=u8::MAX {
                let mut line = *line;
                line[place] ^= change;
                line[other] = first.line[other] ^ change;
                assert_same(&first, &line, b"\r\n");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn last_prefix_changes_nothing(
        first in first(),
        changes: Vec<(prop::sample::Index, u8)>,
        other in start(),
        kind in 0..3,
        with_cr: bool,
    ) {
        // The same line, one with the same prefix, or any other.
        let mut line = match kind {
            0 => first.line.clone(),
            1 => [&first.line[..first.prefix], other.as_bytes()].concat(),
            _ => other.into_bytes(),
        };
        for (place, byte) in changes.iter().take(changes.len() % 4) {
            if !line.is_empty() {
                let place = place.index(line.len());
                line[place] = *byte;
            }
        }
        line.retain(|&byte| byte != b'\n');
        assert_same(&first, &line, if with_cr { b"\r\n" } else { b"\n" });
    }

    #[test]
    fn any_digits_fit(digits in prop::array::uniform24(b'0'..=b'9')) {
        let [y0, y1, y2, y3, m0, m1, d0, d1, h0, h1, n0, n1, s0, s1, rest @ ..] = digits;
        let mut line = Vec::new();
        for part in [&[y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1, b' ', h0, h1, b':', n0, n1, b':', s0, s1, b' '][..], &rest, b" 650 BW 1 2"] {
            line.extend(part);
        }
        let pattern = Pattern::new(b"2019-01-31 11:29:51 1548934191 ", 0).expect("a pattern");
        prop_assert_eq!(pattern.compare(&line, &None), Some(Matched::OtherReply));
        line[3] = b':';
        prop_assert_eq!(pattern.compare(&line, &None), None);
    }
}
