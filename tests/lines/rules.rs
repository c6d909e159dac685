//! The cases of `tests/data/rules/cases.jsonl`: which line of an input is an event, which lines are counted as skipped, and
//! which format is learned from a line.
#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use crate::common::entry_points;
use crate::common::filled;
use crate::common::printed::TARGET_BUFFER;
use crate::common::search::Settings;
use serde_json::Value;
use tor_stream_event::{Anomaly, EventLine, LineEnd, LogFormat, Skipped, StreamEventRef, StreamEvents, stream_events};

/// The cases, one JSON object a line.
const CASES: &str = include_str!("../data/rules/cases.jsonl");

/// Returns the bytes of a Python literal such as `b'a\r\n'`.
fn bytes(literal: &Value) -> Vec<u8> {
    let text = literal.as_str().and_then(|text| text.strip_prefix('b')).expect("a literal of bytes");
    let mut chars = text.get(1..text.len() - 1).expect("quotes").chars();
    let mut bytes = Vec::new();
    while let Some(char) = chars.next() {
        let escaped = if char == '\\' { chars.next() } else { None };
        bytes.push(match escaped {
            None => u8::try_from(char).expect("ASCII"),
            Some('n') => b'\n',
            Some('r') => b'\r',
            Some('t') => b'\t',
            Some('x') => {
                let digits: String = chars.by_ref().take(2).collect();
                u8::from_str_radix(&digits, 16).expect("two digits")
            }
            Some(same @ ('\\' | '\'')) => u8::try_from(same).expect("ASCII"),
            Some(other) => panic!("unknown escape {other}"),
        });
    }
    bytes
}

/// Returns the format of a case, if it has one.
fn format(texts: &Value) -> Option<LogFormat> {
    let [before, after] = texts.as_array()?.as_slice() else { panic!("two texts") };
    Some(LogFormat::like(&bytes(before), &bytes(after)).expect("a format"))
}

/// Returns the flags of an event by their names in the cases. `cr_taken` says that a removed CR may be the target's last byte. The only
/// case with that flag has a target of 254 bytes, to which the CR adds the 255th, where tor cuts: so the flag is this anomaly.
fn flags(event: &EventLine<'_>) -> Vec<&'static str> {
    let names = [
        (Anomaly::Escaped, "escaped"),
        (Anomaly::InData, "in_data"),
        (Anomaly::TargetMayBeCut, "cr_taken"),
        (Anomaly::Unterminated, "unterminated"),
    ];
    let anomalies = event.event.as_ref().map_or_else(|_| Default::default(), |event| event.anomalies());
    names.iter().filter(|(anomaly, _)| anomalies.contains(*anomaly)).map(|(_, name)| *name).collect()
}

/// Compares the counts of skipped lines with a case.
fn assert_skipped(skipped: &Skipped, expected: &Value, why: &str) {
    let number = |name: &str| expected[name].as_u64();
    assert_eq!(skipped.marks.count, number("marks").unwrap_or(0), "{why}");
    assert_eq!(skipped.in_data.count, number("in_data").unwrap_or(0), "{why}");
    assert_eq!(skipped.line_ends.count, number("line_ends").unwrap_or(0), "{why}");
    let first = [skipped.marks.first, skipped.in_data.first, skipped.line_ends.first].into_iter().flatten().min();
    assert_eq!(first, number("first"), "{why}");
    assert_eq!((skipped.open, skipped.unterminated), (number("open_data"), number("unterminated")), "{why}");
    assert_eq!(skipped.is_empty(), expected.as_object().expect("an object").is_empty(), "{why}");
}

/// Each case has its events, flags and counts.
#[test]
fn every_case() {
    assert!(!CASES.is_empty());
    for case in CASES.lines() {
        let case: Value = serde_json::from_str(case).expect("JSON");
        let why = case["why"].as_str().expect("a reason");
        if let Some(line) = case.get("of_line") {
            assert_eq!(LogFormat::of_line(&bytes(line)), format(&case["format"]), "{why}");
            continue;
        }
        let input = bytes(&case["input"]);
        let log_format = format(&case["format"]);
        let after = log_format.map_or_else(Vec::new, |format| format.after().to_vec());
        let mut events = log_format.into_iter().fold(stream_events(&input), StreamEvents::log_format);
        for expected in case["events"].as_array().expect("events") {
            let line = events.next().unwrap_or_else(|| panic!("{why}: an event"));
            assert_eq!(Some(line.number), expected["number"].as_u64(), "{why}");
            assert_eq!(line.prefix, bytes(&expected["prefix"]), "{why}");
            let text = bytes(&expected["text"]);
            match &line.event {
                Ok(event) => assert_eq!(event.content(), text, "{why}"),
                // A line that is an event by these rules, and whose content the parser refuses: without flags.
                Err(_) => {
                    assert_eq!(line.line, [line.prefix, b"650 STREAM ", &text, &after].concat(), "{why}");
                    // With tor's line end, a CR or LF at the end of the text is the target's.
                    assert!(StreamEventRef::parse_bytes(&[&text[..], b"\r\n"].concat()).is_err(), "{why}");
                    continue;
                }
            }
            let expected: Vec<_> = expected["flags"].as_array().expect("flags").iter().map(Value::as_str).collect();
            assert_eq!(flags(&line).into_iter().map(Some).collect::<Vec<_>>(), expected, "{why}");
        }
        assert!(events.next().is_none(), "{why}");
        assert_eq!(events.state().line_end() == Some(LineEnd::CrLf), case["kind"] == "wire", "{why}");
        assert_skipped(&events.skipped(), &case["skipped"], why);
    }
}

/// Two counts of `skipped` that the cases leave out: events without a reply code (`bare`), and events that a line end cut in two
/// (`wrapped`).
#[test]
fn events_without_a_code_and_wrapped_ones_are_counted() {
    // A log, and of each count the number of lines and the number of the first line.
    for (log, bare, wrapped) in [
        // Without a code, as programs print an event.
        ("STREAM 18 NEW 0 a:1\nSTREAM 18 CLOSED 0 a:1\n", (2, Some(1)), (0, None)),
        ("\n10:00:00.883  D  STREAM: 18 NEW 0 a:1\n", (1, Some(2)), (0, None)),
        ("a STREAM event: 'STREAM 18 CLOSED 26 a:1 REASON=NEW_WORD'\n", (1, Some(1)), (0, None)),
        // Only the last line has the event's name as a word, a number and a status.
        ("UPSTREAM 18 NEW 0 a:1\nSTREAM x NEW\nSTREAM 18 new\nSTREAM 18 NEW\n", (1, Some(4)), (0, None)),
        // A mark, a reply and data are not counted as bare or wrapped.
        ("gw: 650 STREAM 18 NEW 0 STREAM 18 NEW\n650 INFO STREAM 18 NEW\n", (0, None), (0, None)),
        ("250+x\nSTREAM 18 NEW 0 a:1\nREASON=DONE\n.\n", (0, None), (0, None)),
        // Fields in the lines after an event are its rest, also after spaces and the `>` of a quoted mail, up to a line of other text.
        ("650 STREAM 1 NEW 0 a:1\nPURPOSE=USER\n", (0, None), (1, Some(2))),
        ("650 STREAM 1 NEW 0 a:1\r\nNYM_EPOCH=0\r\nISO_FIELDS=\r\n650 BW 1 2\r\n", (0, None), (2, Some(2))),
        ("650 STREAM 1 NEW 0 a:1\n  PURPOSE=USER\n> > \tNYM_EPOCH=0\n", (0, None), (2, Some(2))),
        ("650 STREAM 1 NEW 0\nPURPOSE=USER\nPURPOSE=USER\nx\nPURPOSE=USER\n", (0, None), (2, Some(2))),
        // Cut inside of the port 443: the event has the port 44 and no anomaly. Only the count shows the damage.
        ("650 STREAM 1 NEW 0 a:44\n3 PURPOSE=USER\n650 BW 1 2\n", (0, None), (1, Some(2))),
        // No rest: other text before the field, no event before it, keywords that tor does not have or values that are empty.
        ("650 STREAM 1 NEW 0 a:443\nto b PURPOSE=USER\nx PURPOSE=USER\n", (0, None), (0, None)),
        ("PURPOSE=USER\n650 STREAM 1 NEW 0 a:1\nPATH=/\nPURPOSE=\n650 BW 1 2\nPURPOSE=\n", (0, None), (0, None)),
    ] {
        let mut events = stream_events(log.as_bytes());
        events.by_ref().for_each(drop);
        let skipped = events.skipped();
        assert_eq!((skipped.bare.count, skipped.bare.first), bare, "{log}");
        assert_eq!((skipped.wrapped.count, skipped.wrapped.first), wrapped, "{log}");
        assert!(!skipped.is_empty() || (bare.0, wrapped.0) == (0, 0), "{log}");
    }
}

/// A line of data that is like an event is counted once, whether or not it, or the other lines of the data, have the reply's prefix.
/// With a prefix it is also returned.
#[test]
fn events_in_data_are_counted() {
    // A log, and the number of events in it. The third line is the event in data.
    for (log, found) in [
        ("1:2 250+x\nx\n1:2 650 STREAM 1 NEW 0 a:1\n.\n", 1),
        ("1:2 250+x\n1:2 x\n1:2 650 STREAM 1 NEW 0 a:1\n1:2 .\n", 1),
        ("1:2 250+x\n1:2 x\n650 STREAM 1 NEW 0 a:1\n1:2 .\n", 0),
        // A prefix like the reply's, but with so many spaces that it has more than the 64 bytes of a prefix.
        (
            "1:2 250+x\n1:2 x\n1:2                                                                650 STREAM 1 NEW 0 a:1\n1:2 .\n",
            0,
        ),
        ("250+x\nx\n650 STREAM 1 NEW 0 a:1\n.\n", 0),
        ("250+x\r\nx\r\n650 STREAM 1 NEW 0 a:1\r\n.\r\n", 0),
    ] {
        let mut events = stream_events(log.as_bytes());
        assert_eq!(events.by_ref().count(), found, "{log}");
        assert_eq!((events.skipped().in_data.count, events.skipped().in_data.first), (1, Some(3)), "{log}");
    }
}

/// The first line of data shows whether its lines have the reply's prefix, also if the line is empty and its prefix has lost the last
/// space. With a prefix, `1:2 .` ends the data; without, it is one more line, and the event after it is in data.
#[test]
fn an_empty_first_line_of_data() {
    // The first line, and the number of events in data.
    for (first, in_data) in [("1:2 ", 0), ("1:2", 0), ("1:2 x", 0), ("1:", 1), ("x", 1), ("1:2x", 1), ("", 1)] {
        let log = format!("1:2 250+x\n{first}\n1:2 .\n1:2 650 STREAM 1 NEW 0 a:1\n");
        let mut events = stream_events(log.as_bytes());
        assert_eq!(events.by_ref().count(), 1, "{log}");
        assert_eq!((events.skipped().in_data.count, events.skipped().open.is_some()), (in_data, in_data > 0), "{log}");
    }
}

/// A target with one byte less than tor prints at most may be cut if a CR was removed after it, which may be its last byte. In a log
/// whose first reply ended with CR LF the CR is part of the line end.
#[test]
fn a_target_before_a_removed_cr() {
    let event = format!("650 STREAM 1 NEW 0 {}", filled("", ":80", TARGET_BUFFER - 1));
    let may_be_cut = |mut events: StreamEvents<'_>| {
        let event = events.next().expect("a line").event.expect("an event");
        event.anomalies().contains(Anomaly::TargetMayBeCut)
    };
    for (first_end, end, expected) in [("\n", "\n", false), ("\n", "\r\n", true), ("\r\n", "\r\n", false)] {
        let log = format!("Starting\n650 BW 1 2{first_end}{event}{end}");
        assert_eq!(may_be_cut(stream_events(log.as_bytes())), expected, "{first_end:?} {end:?}");
    }
    // A CR after the text that follows a reply is no byte of the target. It is flagged all the same, needlessly, in a log whose first
    // reply ended with LF alone.
    let format = LogFormat::like(b"'", b"'").expect("a short text");
    for (first_end, end, expected) in [("\n", "\n", false), ("\n", "\r\n", true), ("\r\n", "\r\n", false)] {
        let log = format!("'650 BW 1 2'{first_end}'{event}'{end}");
        assert_eq!(may_be_cut(stream_events(log.as_bytes()).log_format(format)), expected, "{first_end:?} {end:?}");
        // Every entry point, and the slow search.
        entry_points::read(log.as_bytes(), &Settings { line_end: None, formats: vec![format] }, 11);
    }
}

/// A line end that was set is known before the first line, and other line ends are not counted.
#[test]
fn line_ends_that_were_set() {
    // The LF in the second reply is another line end, if CR LF is detected.
    let log = b"250 OK\r\n650 NOTICE a\nb\r\n650 STREAM 1 NEW 0 a.test:1\r\n";
    let line_ends = |mut events: StreamEvents<'_>| {
        events.by_ref().for_each(drop);
        events.skipped().line_ends.count
    };
    assert_eq!(line_ends(stream_events(log)), 1);
    assert_eq!(stream_events(log).state().line_end(), None);
    for line_end in [LineEnd::CrLf, LineEnd::Lf] {
        assert_eq!(line_ends(stream_events(log).line_end(line_end)), 0);
        assert_eq!(stream_events(log).line_end(line_end).state().line_end(), Some(line_end));
    }
    // A log with a format is not the wire. If the wire's line end was set, it counts as none: the second line is counted.
    let format = LogFormat::like(b"> ", b"").expect("a short text");
    let log = b"> 250 OK\r\n> 650 NOTICE a\n> 650 BW 1 2\r\n";
    let with_format = |line_end| line_ends(stream_events(log).line_end(line_end).log_format(format));
    assert_eq!([LineEnd::CrLf, LineEnd::Lf].map(with_format), [1, 0]);
}

/// Text after the mark that closes a reply gives no format: it could be text of the reply.
#[test]
fn no_format_is_learned_where_text_follows_the_closing_mark() {
    // A line, and the text after a reply in its format, if it has one.
    for (line, after) in [
        (r#"{"log":"650 STREAM 1 NEW 0 a:1 PURPOSE=USER\r\n","stream":"stdout"}"#, None),
        (r#"{"m":"650 STREAM 1 SUCCEEDED 5 a:1", "t":"10:00:00Z:80"}"#, None),
        (r#"msg="650 STREAM 1 CLOSED 0 a:1 REASON=DONE" conn="a""#, None),
        ("(5, '650 STREAM 1 CLOSED 0 a:1 REASON=DONE', 'x')", None),
        // Quotation marks of tor's in the reply, as they are and escaped by the log.
        (r#"line="650 STREAM 1 NEW 0 a:1 SOCKS_USERNAME="u" SOCKS_PASSWORD="p"""#, Some("\"")),
        (r#"{"m":"650 STREAM 1 NEW 0 a:1 SOCKS_USERNAME=\"u\" SOCKS_PASSWORD=\",\""}"#, Some("\"}")),
    ] {
        let format = LogFormat::of_line(line.as_bytes());
        assert_eq!(
            format.map(|format| format.after().to_vec()),
            after.map(|after: &str| after.as_bytes().to_vec()),
            "{line}"
        );
    }
}
