//! Lines that are refused: the error's kind, offset and message.

use crate::common::printed::TARGET_BUFFER;
use crate::common::{self, event_err, filled, protocol_error};
use tor_stream_event::ErrorKind::{self, Malformed, Missing, OutOfRange, Truncated, Unrecognized};
use tor_stream_event::Field::{CircuitId, EventName, StreamId, StreamStatus, Target};
use tor_stream_event::{Error, StreamEventRef};

/// A line, and the kind, offset and message of its error.
type Row = (&'static [u8], ErrorKind, usize, &'static str);

/// Lines that are refused, by the field that is missing or wrong. `\u{665}` and `\u{664}` are digits of another script, `\u{17f}` is a
/// letter whose capital is S, `\u{a0}` is a space that is not ASCII.
#[rustfmt::skip]
const REFUSED: &[Row] = &[
    // Stream ID
    (b"", Missing(StreamId), 0, "expected a stream ID of 1 to 20 letters or digits, found the end at byte 0"),
    (b" NEW 0 a:1", Missing(StreamId), 0, "expected a stream ID of 1 to 20 letters or digits, found ' ' at byte 0"),
    (b"a!@# NEW 0 a:1", Malformed(StreamId), 1, "expected a stream ID of 1 to 20 letters or digits, found '!' at byte 1"),
    (b"-1 NEW 0 a:1", Malformed(StreamId), 0, "expected a stream ID of 1 to 20 letters or digits, found '-' at byte 0"),
    (b"999999999999999999999 NEW 0 a:1", Malformed(StreamId), 20, "expected a stream ID of 1 to 20 letters or digits, found '9' at byte 20"),
    ("\u{665} NEW 0 a:1".as_bytes(), Malformed(StreamId), 0, "expected a stream ID of 1 to 20 letters or digits, found '\\xd9' at byte 0"),
    (b"9\xff NEW 0 a:1", Malformed(StreamId), 1, "expected a stream ID of 1 to 20 letters or digits, found '\\xff' at byte 1"),
    (b"9\t NEW 0 a:1", Malformed(StreamId), 1, "expected a stream ID of 1 to 20 letters or digits, found '\\t' at byte 1"),
    // Status
    (b"9", Missing(StreamStatus), 1, "expected a stream status, found the end at byte 1"),
    (b"9 ", Missing(StreamStatus), 2, "expected a stream status, found the end at byte 2"),
    (b"9  NEW 0 a:1", Missing(StreamStatus), 2, "expected a stream status, found ' ' at byte 2"),
    // An unknown word is shown if it is 1 to 20 capitals and underscores, since it can then be tor's; of others, only the length.
    (b"9 new 0 a:1", Unrecognized(StreamStatus), 2, "expected a stream status, found an unknown word of 3 bytes at byte 2"),
    (b"9 NEWER 0 a:1", Unrecognized(StreamStatus), 2, "expected a stream status, found the unknown word NEWER at byte 2"),
    (b"9 A_WORD_OF_20_LETTERS 0 a:1", Unrecognized(StreamStatus), 2, "expected a stream status, found an unknown word of 20 bytes at byte 2"),
    (b"9 A_WORD_OF_XX_LETTERS 0 a:1", Unrecognized(StreamStatus), 2, "expected a stream status, found the unknown word A_WORD_OF_XX_LETTERS at byte 2"),
    (b"9 A_WORD_OF_XXI_LETTERS 0 a:1", Unrecognized(StreamStatus), 2, "expected a stream status, found an unknown word of 21 bytes at byte 2"),
    (b"9 SOCKS_PASSWORD=\"x\" 0 a:1", Unrecognized(StreamStatus), 2, "expected a stream status, found an unknown word of 18 bytes at byte 2"),
    (b"9 UNRECOGNIZED 0 a:1", Unrecognized(StreamStatus), 2, "expected a stream status, found the unknown word UNRECOGNIZED at byte 2"),
    ("9 clo\u{17f}ed 4 a:1".as_bytes(), Unrecognized(StreamStatus), 2, "expected a stream status, found an unknown word of 7 bytes at byte 2"),
    // Circuit ID
    (b"9 NEW", Missing(CircuitId), 5, "expected a circuit ID of 1 to 20 letters or digits, found the end at byte 5"),
    (b"9 NEW ", Missing(CircuitId), 6, "expected a circuit ID of 1 to 20 letters or digits, found the end at byte 6"),
    (b"9 NEW  a:1", Missing(CircuitId), 6, "expected a circuit ID of 1 to 20 letters or digits, found ' ' at byte 6"),
    (b"9 NEW a:1", Malformed(CircuitId), 7, "expected a circuit ID of 1 to 20 letters or digits, found ':' at byte 7"),
    // 20 digits would be an ID.
    (b"9 NEW 12345678901234567890a b:1", Malformed(CircuitId), 26, "expected a circuit ID of 1 to 20 letters or digits, found 'a' at byte 26"),
    // Target
    (b"9 NEW 0", Missing(Target), 7, "expected a target (host:port), found the end at byte 7"),
    (b"9 NEW 0 ", Missing(Target), 8, "expected a target (host:port), found the end at byte 8"),
    (b"9 NEW 0  PURPOSE=USER", Missing(Target), 8, "expected a target (host:port), found ' ' at byte 8"),
    (b"9 NEW 0 PURPOSE=USER", Malformed(Target), 20, "expected a target (host:port), found the end at byte 20"),
    (b"9 NEW 0 host PURPOSE=USER", Malformed(Target), 12, "expected a target (host:port), found ' ' at byte 12"),
    (b"9 NEW 0 host:", Malformed(Target), 13, "expected a target (host:port), found the end at byte 13"),
    (b"9 NEW 0 host: PURPOSE=USER", Malformed(Target), 13, "expected a target (host:port), found ' ' at byte 13"),
    (b"9 NEW 0 host:+80", Malformed(Target), 13, "expected a target (host:port), found '+' at byte 13"),
    (b"9 NEW 0 host:-0", Malformed(Target), 13, "expected a target (host:port), found '-' at byte 13"),
    (b"9 NEW 0 host:8_0", Malformed(Target), 14, "expected a target (host:port), found '_' at byte 14"),
    (b"9 NEW 0 host:80\t", Malformed(Target), 15, "expected a target (host:port), found '\\t' at byte 15"),
    (b"9 NEW 0 [::1]", Malformed(Target), 12, "expected a target (host:port), found ']' at byte 12"),
    ("9 NEW 0 host:\u{664}\u{664}".as_bytes(), Malformed(Target), 13, "expected a target (host:port), found '\\xd9' at byte 13"),
    ("9 NEW 0 host:80\u{a0}PURPOSE=USER".as_bytes(), Malformed(Target), 15, "expected a target (host:port), found '\\xc2' at byte 15"),
    (b"9 NEW 0 host:\xff", Malformed(Target), 13, "expected a target (host:port), found '\\xff' at byte 13"),
    // A port has up to five digits, leading zeros included, and is at most 65535.
    (b"9 NEW 0 host:000080", Malformed(Target), 18, "expected a target (host:port), found '0' at byte 18"),
    (b"9 NEW 0 host:065536", OutOfRange(Target), 13, "expected a port up to 65535, found a greater number at byte 13"),
    (b"9 NEW 0 host:65536", OutOfRange(Target), 13, "expected a port up to 65535, found a greater number at byte 13"),
    (b"9 NEW 0 host:99999999999999999999999999 PURPOSE=USER", OutOfRange(Target), 13, "expected a port up to 65535, found a greater number at byte 13"),
];

/// Each line of [`REFUSED`] has its error, as bytes and as text.
#[test]
fn kind_offset_and_message() {
    for &(line, kind, offset, message) in REFUSED {
        let error = event_err(line);
        let shown = line.escape_ascii();
        assert_eq!((error.kind(), error.offset()), (kind, offset), "{shown}");
        assert_eq!(error.to_string(), message, "{shown}");
        let word = message.split_once("the unknown word ").and_then(|(_, rest)| rest.split(' ').next());
        assert_eq!(error.word(), word, "{shown}");
        assert_eq!(Error::from(error).to_string(), message, "{shown}");
    }
}

/// A line end is not part of the line: it changes neither the error nor its offset.
#[test]
fn a_line_end_changes_no_error() {
    for &(line, kind, offset, message) in REFUSED {
        for line_end in ["\n", "\r\n"] {
            let error = event_err(&[line, line_end.as_bytes()].concat());
            assert_eq!((error.kind(), error.offset()), (kind, offset), "{}", line.escape_ascii());
            assert_eq!(error.to_string(), message);
        }
    }
}

/// A target of 255 bytes without a port was cut, whatever follows, and even if a shorter text at its start is a target.
#[test]
fn cut_target() {
    let targets = [
        // Cut within the name, and after the colon.
        filled("", "", TARGET_BUFFER),
        filled("", ":", TARGET_BUFFER),
        // A target at the start, before a field, quotation marks, or a space.
        filled("a:1 REASON=DONE ", "", TARGET_BUFFER),
        format!("a:1 {}", "\"".repeat(TARGET_BUFFER - "a:1 ".len())),
        filled("", ":80 ", TARGET_BUFFER),
        // A field of the client's that tor's next field would complete.
        filled("", " REASON=", TARGET_BUFFER),
    ];
    for target in &targets {
        for tail in
            ["", " REASON=TIMEOUT", " REASON=DONE CLIENT_PROTOCOL=SOCKS5 NYM_EPOCH=0 SESSION_GROUP=-4 ISO_FIELDS="]
        {
            let start = "9 CLOSED 4 ";
            let line = format!("{start}{target}{tail}");
            let error = event_err(line.as_bytes());
            assert_eq!((error.kind(), error.offset()), (Truncated(Target), start.len() + TARGET_BUFFER), "{line}");
            assert_eq!(error.to_string(), "expected a port, found a target cut at 255 bytes by tor at byte 266");
        }
    }
    for other in [filled("", "", TARGET_BUFFER - 1), filled("", "", TARGET_BUFFER + 1)] {
        assert_eq!(event_err(format!("9 CLOSED 4 {other}").as_bytes()).kind(), Malformed(Target));
    }
}

/// A prefix of an accepted line is refused if it ends before the target. A longer one is accepted, or refused at an offset within it.
#[test]
fn every_prefix() {
    for case in common::cases::all() {
        for end in 0..case.content.len() {
            let prefix = case.content.get(..end).unwrap_or_default();
            let ends_before_target = prefix.iter().filter(|&&byte| byte == b' ').count() < 3;
            if ends_before_target || StreamEventRef::parse_bytes(prefix).is_err() {
                let offset = event_err(prefix).offset();
                assert!(offset <= end, "{offset}: {}", prefix.escape_ascii());
            }
        }
    }
}

/// `parse` refuses a whole line with an error of its own. A content of stream 650 begins like a whole line, and is read.
#[test]
fn whole_lines() {
    let message = "expected what follows \"650 STREAM \", found a whole line (reply code 650) at byte 0";
    for line in
        ["650 STREAM 1 NEW 0 a:1", "650 STREAM 650 NEW 0 a:1", "650 STREAM", "650 BW 12 34", "650 UNHEARD 0 a:1"]
    {
        let error = event_err(line.as_bytes());
        assert_eq!((error.kind(), error.offset()), (ErrorKind::WholeLine, 0), "{line}");
        assert_eq!(error.to_string(), message);
        assert_eq!(protocol_error(StreamEventRef::parse(line)), error);
    }
    for line in ["650 NEW 0 a:1", "650 CLOSED 0 a:1 REASON=DONE"] {
        assert_eq!(StreamEventRef::parse(line).map(|event| event.id), Ok("650"), "{line}");
    }
    // Contents of stream 650 or another, and whole lines, each with a fault.
    for (line, kind) in [
        ("650 ", Missing(StreamStatus)),
        ("650 STREAM\t1 NEW 0 a:1", ErrorKind::WholeLine),
        ("6500 STREAM 0 a:1", Unrecognized(StreamStatus)),
        ("651 STREAM 1 NEW 0 a:1", Unrecognized(StreamStatus)),
        ("650 NEW", Missing(CircuitId)),
    ] {
        assert_eq!(event_err(line.as_bytes()).kind(), kind, "{line}");
    }
}

/// `parse_line` refuses lines that do not begin with `650 STREAM `, and contents that `parse` refuses, at an offset from the line's start.
#[test]
fn parse_line() {
    let expected = "expected \"650 STREAM \", found";
    for (line, kind, offset, found) in [
        (&b""[..], Missing(EventName), 0, "the end"),
        (b"1 NEW 0 a:1", Malformed(EventName), 0, "'1'"),
        (b"650 BW 12 34\r\n", Malformed(EventName), 4, "'B'"),
        (b"650 STREAM_BW 1 2 3", Malformed(EventName), 10, "'_'"),
        (b"650 STREAM", Malformed(EventName), 10, "the end"),
        (b"650-STREAM 1 NEW 0 a:1", Malformed(EventName), 3, "'-'"),
        (b" 650 STREAM 1 NEW 0 a:1", Malformed(EventName), 0, "' '"),
        (b"12:00 650 STREAM 1 NEW 0 a:1", Malformed(EventName), 0, "'1'"),
    ] {
        let error = protocol_error(StreamEventRef::parse_line(line));
        assert_eq!((error.kind(), error.offset()), (kind, offset), "{}", line.escape_ascii());
        assert_eq!(error.to_string(), format!("{expected} {found} at byte {offset}"));
    }
    // A whole line in place of the content: the error is at the second reply code.
    let error = protocol_error(StreamEventRef::parse_line(b"650 STREAM 650 STREAM 9 NEW 0 a:1"));
    assert_eq!((error.kind(), error.offset()), (ErrorKind::WholeLine, 11));
    for &(content, kind, offset, _) in REFUSED {
        let reply = b"650 STREAM ";
        let line = [reply, content].concat();
        let error = protocol_error(StreamEventRef::parse_line(&line));
        assert_eq!((error.kind(), error.offset()), (kind, reply.len() + offset), "{}", line.escape_ascii());
        #[cfg(feature = "alloc")]
        assert_eq!(tor_stream_event::StreamEvent::parse_line(&line), Err(error.into()));
    }
}

/// Errors implement the standard trait. Their source is `None`: the message holds the cause, and a program that prints an error with its
/// sources prints it once.
#[test]
fn error_trait() {
    let error = Error::from(event_err(b""));
    assert!(core::error::Error::source(&error).is_none());
    let mut decoder = tor_stream_event::EventDecoder::<16>::new();
    let too_long = decoder.next_event(&mut &b"650 STREAM 1 NEW 0 a:1\r\n"[..]).and_then(|line| line.event.err());
    assert!(too_long.is_some_and(|error| core::error::Error::source(&error).is_none()));
    assert_eq!(format!("{:?}", event_err(b"")), "ProtocolError { kind: Missing(StreamId), offset: 0, .. }");
}
