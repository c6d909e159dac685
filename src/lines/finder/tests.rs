//! Tests of the fast path: the pattern of the last event's line saves work, and must not change what a line is read as.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::pattern::{Matched, Pattern};
use super::{LineFinder, Terminator};
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

/// The first line of an input, and the finder for that input. The line holds `650 STREAM `. If the text before that is no
/// prefix for this finder, the line is no event and makes no pattern.
#[derive(Clone, Debug)]
struct First {
    /// The line.
    line: Vec<u8>,
    /// Length of its prefix.
    prefix: usize,
    /// State before that line.
    finder: LineFinder,
}

/// Generates first lines of inputs of all kinds: the wire, logs with dates, logs with a format.
fn first() -> impl Strategy<Value = First> {
    let input = |prefix: String, line_end: Option<LineEnd>, format: Option<LogFormat>, after: &str| {
        let line = [&prefix, "650 STREAM 1 NEW 0 host:80", after].concat().into_bytes();
        let finder = LineFinder::new(usize::MAX);
        let finder = line_end.map_or(finder.clone(), |line_end| finder.line_end(line_end));
        First { line, prefix: prefix.len(), finder: format.into_iter().fold(finder, LineFinder::log_format) }
    };
    // Longer than `Pattern::ALWAYS_COMPARED`.
    let long = "2019-01-31 11:29:51 some.program.with.a.name[812] [TRACE] gw tor[8]: '";
    prop_oneof![
        Just(input(String::new(), Some(LineEnd::CrLf), None, "")),
        start().prop_map(move |start| input(start + "2019-01-31 11:29:51 1548934191.51 ", Some(LineEnd::Lf), None, "")),
        start().prop_map(move |start| {
            let prefix = start + "gw tor[8]: '";
            let format = LogFormat::like(prefix.as_bytes(), b"'");
            input(prefix, None, format, "'")
        }),
        Just(input(long.into(), None, LogFormat::like(long.as_bytes(), b""), "")),
        // A text after a reply, and none before it.
        Just(input(String::new(), None, LogFormat::like(b"", b"\\r"), "\\r")),
    ]
}

/// Generates the start of a line.
fn start() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(FRAGMENTS), 0..6).prop_map(|fragments| fragments.concat())
}

/// Reads a line. Returns the range of its event's content, the counts of skipped lines, and the number of replies.
fn step(finder: &mut LineFinder, line: &[u8], line_end: &[u8]) -> (Option<(usize, usize)>, Skipped, u64) {
    let range = finder.find(&[line, line_end].concat(), &mut 0);
    (range.map(|range| (range.content(), range.content_end())), finder.skipped(), finder.replies())
}

/// Returns the answer of the pattern to a line, which has a terminator.
fn pattern_answer(finder: &LineFinder, line: &[u8]) -> Option<Matched> {
    let text = line.strip_suffix(b"\n").expect("a line");
    match text.strip_suffix(b"\r") {
        Some(text) => finder.match_pattern(text, Terminator::CrLf),
        None => finder.match_pattern(text, Terminator::Lf),
    }
}

impl First {
    /// Returns the state after the line, which ended with CR LF.
    fn read(&self) -> LineFinder {
        let mut finder = self.finder.clone();
        step(&mut finder, &self.line, b"\r\n");
        finder
    }
}

/// Asserts that a line after `first` is read the same with the pattern of `first` and without, and so is the next line.
/// Returns the pattern's answer.
#[track_caller]
fn assert_same(first: &First, line: &[u8], line_end: &[u8]) -> Option<Matched> {
    let after_first = first.read();
    let answer = pattern_answer(&after_first, &[line, line_end].concat());
    // The next line is `first` again, or like the rest of a wrapped event.
    for next in [&first.line[..], b"PURPOSE=USER"] {
        let (mut with_pattern, mut without_pattern) = (after_first.clone(), after_first.clone());
        for (line, line_end) in [(line, line_end), (next, b"\r\n")] {
            without_pattern.leave_pattern();
            let found = step(&mut with_pattern, line, line_end);
            assert_eq!(found, step(&mut without_pattern, line, line_end), "{}", line.escape_ascii());
        }
    }
    answer
}

/// Tries every change of one byte of a prefix, and the same change of two bytes. The two stand a multiple of eight bytes
/// apart, at the same place of two of the numbers that the pattern compares: one difference must not undo the other.
#[test]
fn changed_prefixes() {
    let line = b"2019-01-31 11:29:51 1548934191.51 650 STREAM 1 NEW 0 host:80";
    let prefix = "2019-01-31 11:29:51 1548934191.51 ".len();
    let first = First { line: line.to_vec(), prefix, finder: LineFinder::new(usize::MAX).line_end(LineEnd::Lf) };
    assert_eq!(assert_same(&first, line, b"\r\n"), Some(Matched::Event));
    for index in 0..prefix {
        for other in (index % 8..prefix).step_by(8) {
            for change in 1..=u8::MAX {
                let mut line = *line;
                line[index] ^= change;
                line[other] = first.line[other] ^ change;
                assert_same(&first, &line, b"\r\n");
            }
        }
    }
}

/// Tries every change of one byte of a prefix that is longer than `Pattern::ALWAYS_COMPARED`.
#[test]
fn changed_long_prefixes() {
    let prefix = "2019-01-31 11:29:51 some.program.with.a.name[812] [TRACE] gw tor[8]: '";
    let line = [prefix, "650 STREAM 1 NEW 0 host:80'"].concat().into_bytes();
    let finder = LineFinder::new(usize::MAX).log_format(LogFormat::like(prefix.as_bytes(), b"'").expect("a format"));
    let first = First { line, prefix: prefix.len(), finder };
    let mut matched = 0;
    for index in 0..first.prefix {
        for byte in 0..=u8::MAX {
            let mut line = first.line.clone();
            line[index] = byte;
            matched += usize::from(assert_same(&first, &line, b"\r\n") == Some(Matched::Event));
        }
    }
    // Each digit matches all ten, and any other byte itself.
    let digits = prefix.bytes().filter(u8::is_ascii_digit).count();
    assert_eq!(matched, 10 * digits + (prefix.len() - digits));
}

/// Reads the lines of `log`, and returns the pattern's answer to the line after them. Each line has a terminator.
fn matched(finder: &LineFinder, log: &str, line: &str) -> Option<Matched> {
    let (mut finder, mut at) = (finder.clone(), 0);
    while finder.find(log.as_bytes(), &mut at).is_some() {}
    assert_eq!(at, log.len(), "whole lines");
    pattern_answer(&finder, line.as_bytes())
}

/// Usual lines match the pattern of the lines before them, and so take the fast path.
#[test]
fn usual_lines_match() {
    let new = LineFinder::new(usize::MAX);
    let (wire, lf) = (new.clone().line_end(LineEnd::CrLf), new.clone().line_end(LineEnd::Lf));
    let quoted = new.clone().log_format(LogFormat::like(b"gw tor[8]: '", b"'").expect("a format"));
    let either = quoted.clone().log_format(LogFormat::like(b"> ", b"").expect("a format"));
    let date = "2019-01-31 11:29:51 1548934191.51 650 STREAM 1 NEW 0 host:80\n";
    let (event, other) = (Some(Matched::Event), Some(Matched::OtherReply));
    for (finder, log, line, expected) in [
        (&wire, "250 OK\r\n", "650 STREAM 1 NEW 0 a:1\r\n", event),
        (&wire, "250 OK\r\n", "650 STREAM_BW 1 2\r\n", other),
        // Shorter than the eight bytes that are looked at first.
        (&wire, "250 OK\r\n", "650-X\r\n", None),
        (&wire, "250 OK\r\n", "650-X 1 2\r\n", other),
        (&wire, "250 OK\r\n", "650+NS 1 2\r\n", None),
        (&wire, "250 OK\r\n", "651 STREAM 1\r\n", None),
        (&wire, "250 OK\r\n", "650 BW 1 2\n", None),
        (&new, "250 OK\r\n", "650 BW 1 2\r\n", other),
        // Data, and a LF in a line, end the comparison until they end.
        (&wire, "650+NS\r\nx\r\n", "650 BW 1 2\r\n", None),
        (&wire, "650+NS\r\nx\r\n.\r\n", "650 BW 1 2\r\n", other),
        (&wire, "650 BW 1 2\r\n650 STREAM 1 NEW 0 a\nb:1\r\n", "650 BW 1 2\r\n", other),
        // Logs without a prefix, and with one that is a date.
        (&new, "note\n", "650 BW 1 2\n", None),
        (&new, "650 BW 1 2\n", "650 BW 1 2\n", other),
        (&new, "650 BW 1 2\n", "650 STREAM 1 NEW 0 a:1\n", event),
        (&lf, "note\n", "650 BW 1 2\n", other),
        (&new, date, "2026-11-26 07:00:00 1795676400.99 650 BW 1 2\n", other),
        (&new, date, "2026-11-26 07:00:00 1795676400.99 650 STREAM 9 CLOSED 0 b:1\n", event),
        (&new, date, "2026-11-26 07:00:00 1795676400,99 650 BW 1 2\n", None),
        (&lf, date, "2026-11-26 07:00:00 1795676400.99 650 BW 1 2\r\n", None),
        (&lf, &date.replace('\n', "\r\n"), "2026-11-26 07:00:00 1795676400.99 650 BW 1 2\r\n", other),
        // A word of a date may follow the code: then the code may be part of the date.
        (&new, date, "2026-11-26 07:00:00 1795676400.99 650 PM 1 2\n", None),
        (&new, date, "2026-11-26 07:00:00 1795676400.99 650 UTC 1 2\n", None),
        (&new, date, "2026-11-26 07:00:00 1795676400.99 650 TIME 1 2\n", other),
        // A format. The first event makes its pattern.
        (&quoted, "gw tor[8]: '650 BW 1 2'\n", "gw tor[8]: '650 STREAM 1 NEW 0 www.example.com:80'\n", None),
        (
            &quoted,
            "gw tor[8]: '650 STREAM 1 NEW 0 a:1'\n",
            "gw tor[9]: '650 STREAM 1 NEW 0 www.example.com:80'\n",
            event,
        ),
        (&quoted, "gw tor[8]: '650 STREAM 1 NEW 0 a:1'\n", "gw tor[9]: '650 PM 1 2 3 4 5 6 7 8 9 10 11 12'\n", other),
        (&quoted, "gw tor[8]: '650 STREAM 1 NEW 0 a:1'\n", "gw tor[9]: '650 STREAM 1 NEW 0 www.example.com:80\n", None),
        // Two formats: only the first one has a pattern, also after an event in the other. The `'` is the first one's text
        // after a reply, so that the end of the line does match.
        (&either, "> 650 STREAM 1 NEW 0 a:1\n", "> 650 STREAM 2 NEW 0 www.a.long.name.example.com:80'\n", None),
        (
            &either,
            "gw tor[8]: '650 STREAM 1 NEW 0 a:1'\n> 650 STREAM 1 NEW 0 a:1\n",
            "gw tor[9]: '650 STREAM 1 NEW 0 www.example.com:80'\n",
            event,
        ),
    ] {
        assert_eq!(matched(finder, log, line), expected, "{line:?} after {log:?}");
    }
}

/// Most lines of data are stepped over by their first byte.
#[test]
fn plain_lines_of_data() {
    let after = |finder: &LineFinder, start: &str| {
        let mut finder = finder.clone();
        assert!(finder.find(start.as_bytes(), &mut 0).is_none());
        finder
    };
    let (wire, log) = (LineFinder::wire(usize::MAX), LineFinder::new(usize::MAX).line_end(LineEnd::Lf));
    let quoted = log.clone().log_format(LogFormat::like(b"'", b"'").expect("a format"));
    for (finder, start, line, terminator, expected) in [
        (&wire, "650+NS\r\n", "r name", Terminator::CrLf, true),
        (&wire, "650+NS\r\n", "1 Name", Terminator::CrLf, true),
        (&wire, "650+NS\r\n", "", Terminator::CrLf, true),
        (&wire, "650+NS\r\n", ".", Terminator::CrLf, false),
        (&wire, "650+NS\r\n", "650 STREAM 1 NEW 0 a:1", Terminator::CrLf, false),
        (&wire, "650+NS\r\n", "r name", Terminator::Missing, false),
        (&wire, "650+NS\r\nr a\nb", "r a\nb", Terminator::CrLf, false),
        (&wire, "650 BW 1 2\r\n", "r name", Terminator::CrLf, false),
        (&log, "650+NS\nfirst\n", "r name", Terminator::Lf, true),
        (&log, "650+NS\nfirst\n", "1 Name", Terminator::Lf, false),
        (&log, "650+NS\nfirst\n", "Name", Terminator::Lf, false),
        // In a log, the first line of data shows whether the lines of data have the prefix of the reply.
        (&log, "650+NS\n", "r name", Terminator::Lf, false),
        (&log, "1:2 650+NS\n1:2 first\n", "r name", Terminator::Lf, false),
        (&quoted, "'650+NS'\nfirst\n", "r name", Terminator::Lf, false),
    ] {
        assert_eq!(
            after(finder, start).is_plain_data(line.as_bytes(), terminator),
            expected,
            "{line:?} after {start:?}"
        );
    }
}

/// A prefix of up to 80 bytes has a pattern, and lines of 40 bytes or more match it.
#[test]
fn lengths_that_match() {
    for length in [1, 8, 39, 40, 41, 48, 79, 80, 81] {
        let prefix = "x".repeat(length);
        let finder = LineFinder::new(usize::MAX).log_format(LogFormat::like(prefix.as_bytes(), b"").expect("a format"));
        let line = |text: &str| format!("{prefix}650 STREAM 1 NEW 0 {text}:80\n");
        let expected = (length <= 80).then_some(Matched::Event);
        assert_eq!(matched(&finder, &line("a"), &line("a.host.with.a.long.name")), expected, "{length}");
    }
    let lf = LineFinder::new(usize::MAX).line_end(LineEnd::Lf);
    for (length, expected) in [(39, None), (40, Some(Matched::OtherReply)), (41, Some(Matched::OtherReply))] {
        let line = format!("{:x<length$}\n", "11:29 650 BW ");
        assert_eq!(matched(&lf, "11:29 650 STREAM 1 NEW 0 a:1\n", &line), expected, "{length}");
    }
}

/// With a limit of fewer than 256 bytes no line matches, also after the state of a reader with a higher one.
#[test]
fn limits_that_match() {
    let (event, line) = ("650 STREAM 1 NEW 0 a:1\r\n", "650 BW 1 2\r\n");
    let mut state = LineFinder::wire(usize::MAX);
    assert!(state.find(event.as_bytes(), &mut 0).is_some());
    for (limit, expected) in [(255, None), (256, Some(Matched::OtherReply))] {
        assert_eq!(matched(&LineFinder::wire(limit), event, line), expected, "{limit}");
        let mut resumed = LineFinder::new(limit);
        resumed.resume(&state);
        assert_eq!(matched(&resumed, "", line), expected, "{limit}");
        assert_eq!(matched(&resumed, event, line), expected, "{limit}");
        // A part begins with the pattern of the lines before it, even if data is open there.
        assert!(resumed.find(b"650+NS\r\n", &mut 0).is_none());
        let part = resumed.part().expect("the wire");
        assert_eq!(matched(&part, "", line), expected, "{limit}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn pattern_changes_nothing(
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
        // With up to three bytes replaced: with more of them hardly any line would match.
        for (index, byte) in changes.iter().take(changes.len() % 4) {
            if !line.is_empty() {
                let index = index.index(line.len());
                line[index] = *byte;
            }
        }
        line.retain(|&byte| byte != b'\n');
        assert_same(&first, &line, if with_cr { b"\r\n" } else { b"\n" });
    }

    #[test]
    fn any_digits_match(digits in prop::array::uniform24(b'0'..=b'9')) {
        let [y0, y1, y2, y3, m0, m1, d0, d1, h0, h1, n0, n1, s0, s1, rest @ ..] = digits;
        let mut line = Vec::new();
        for part in [&[y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1, b' ', h0, h1, b':', n0, n1, b':', s0, s1, b' '][..], &rest, b" 650 BW 1 2"] {
            line.extend(part);
        }
        let pattern = Pattern::new(b"2019-01-31 11:29:51 1548934191 ", 0).expect("a pattern");
        prop_assert_eq!(pattern.compare(&line, &None), Some(Matched::OtherReply));
        // The byte after `9`: its upper four bits are those of a digit, and the value of the lower four is 10.
        line[3] = b':';
        prop_assert_eq!(pattern.compare(&line, &None), None);
    }
}
