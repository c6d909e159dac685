//! Lenient reading: lines that only it accepts, lines that it refuses, and its agreement with strict reading.

use crate::common::printed::TARGET_BUFFER;
use crate::common::{cases, event_err, event_of_bytes, filled, lenient_event, protocol_error};
use tor_stream_event::Anomaly::{
    FieldNotUtf8, MalformedId, Target8Bit, TargetControl, TargetMayBeCut, TargetNotUtf8, TargetQuote, TargetSpace,
    TargetWithoutPort, UnknownOrder, UnknownWord,
};
use tor_stream_event::Field::{CircuitId, StreamId, StreamStatus};
use tor_stream_event::{Anomaly, ErrorKind, StreamEventRef};

/// The expected fields of a line: status as printed, host and port, reason as printed, and every anomaly.
type Expected = (&'static str, &'static str, u16, Option<&'static str>, &'static [Anomaly]);

/// Lines that only lenient reading accepts.
#[rustfmt::skip]
const LENIENT_ONLY: &[(&[u8], Expected)] = &[
    // A status of a newer tor, in capitals or not, with an odd target or ID beside it, or not UTF-8
    (b"9 FUTURE 4 a:80", ("FUTURE", "a", 80, None, &[UnknownWord])),
    (b"9 closed 4 a:80 REASON=DONE", ("closed", "a", 80, Some("DONE"), &[UnknownWord])),
    (b"9 FUTURE 4 a b:80 REASON=DONE", ("FUTURE", "a b", 80, Some("DONE"), &[TargetSpace, UnknownWord])),
    (b"\xff FUTURE 4 a:80", ("FUTURE", "a", 80, None, &[MalformedId, UnknownWord])),
    (b"9 \xff 4 a:80", ("\u{fffd}", "a", 80, None, &[UnknownWord])),
    // An ID with a character that is no letter or digit, of 21 digits, and of a circuit
    (b"a!b NEW 4 a:80", ("NEW", "a", 80, None, &[MalformedId])),
    (b"123456789012345678901 NEW 4 a:80", ("NEW", "a", 80, None, &[MalformedId])),
    (b"9 NEW - a:80", ("NEW", "a", 80, None, &[MalformedId])),
    // A target without a port: no colon, no digits, a number above 65535, a sign, a field alone, odd bytes, and no target at all
    (b"9 NEW 4 www.example.com", ("NEW", "www.example.com", 0, None, &[TargetWithoutPort, UnknownOrder])),
    (b"9 CLOSED 4 a: REASON=DONE", ("CLOSED", "a:", 0, Some("DONE"), &[TargetWithoutPort, UnknownOrder])),
    (b"9 CLOSED 4 a:65536 REASON=DONE", ("CLOSED", "a:65536", 0, Some("DONE"), &[TargetWithoutPort, UnknownOrder])),
    (b"9 CLOSED 4 a:+1 REASON=DONE", ("CLOSED", "a:+1", 0, Some("DONE"), &[TargetWithoutPort, UnknownOrder])),
    (b"9 CLOSED 4 REASON=DONE", ("CLOSED", "REASON=DONE", 0, None, &[TargetWithoutPort, UnknownOrder])),
    (b"9 CLOSED 4 \"a\tREASON=DONE", ("CLOSED", "\"a\tREASON=DONE", 0, None, &[TargetQuote, TargetControl, TargetWithoutPort, UnknownOrder])),
    (b"9 CLOSED 4 \xff REASON=DONE", ("CLOSED", "\u{fffd}", 0, Some("DONE"), &[Target8Bit, TargetNotUtf8, TargetWithoutPort, UnknownOrder])),
    (b"9 CLOSED 4 ", ("CLOSED", "", 0, None, &[TargetWithoutPort, UnknownOrder])),
    (b"9 CLOSED 4", ("CLOSED", "", 0, None, &[TargetWithoutPort, UnknownOrder])),
    (b"9 CLOSED 4  REASON=DONE", ("CLOSED", "", 0, Some("DONE"), &[TargetWithoutPort, UnknownOrder])),
    // An unknown status, malformed IDs, no port, and a field that is not UTF-8
    (b"! FUTURE ? x REASON=\xff", ("FUTURE", "x", 0, Some("\u{fffd}"), &[TargetWithoutPort, MalformedId, UnknownOrder, UnknownWord, FieldNotUtf8])),
];

/// Each line of [`LENIENT_ONLY`] is refused strictly.
#[test]
fn lines_that_only_lenient_reading_accepts() {
    for &(line, (status, host, port, reason, anomalies)) in LENIENT_ONLY {
        let shown = line.escape_ascii();
        assert!(StreamEventRef::parse_bytes(line).is_err(), "{shown}");
        let event = lenient_event(line);
        assert_eq!(event.status_str(), status, "{shown}");
        assert_eq!((event.target_host, event.target_port), (host, port), "{shown}");
        assert_eq!(event.reason_str(), reason, "{shown}");
        let got: Vec<Anomaly> = event.anomalies().iter().collect();
        assert_eq!(got, anomalies, "{shown}");
        assert_eq!(event.content(), line, "{shown}");
        assert_eq!(event.to_string(), String::from_utf8_lossy(line), "{shown}");
    }
}

/// A word without a variant is flagged in each field, also where no known tor prints the fields in this order.
#[test]
fn unknown_words_in_any_order() {
    for field in ["REASON=FUTURE", "REMOTE_REASON=FUTURE", "CLIENT_PROTOCOL=FUTURE"] {
        let line = format!("9 CLOSED 4 a:80 NYM_EPOCH=0 {field}");
        let event = lenient_event(line.as_bytes());
        assert!(event.anomalies().contains(UnknownWord) && event.anomalies().contains(UnknownOrder), "{field}");
    }
}

/// A malformed ID is kept as it stands.
#[test]
fn malformed_ids_are_kept() {
    let event = lenient_event(b"a!b NEW (none) a:80");
    assert_eq!((event.id, event.circuit_id), ("a!b", Some("(none)")));
    assert_eq!(lenient_event(b"\xff NEW 0 a:80").id, "\u{fffd}");
    assert_eq!(lenient_event(b"a! NEW 0 a:80").circuit_id, None);
}

/// A target that tor cut before its port is a host without a port.
#[test]
fn cut_target() {
    // Cut within the name, after the colon, and within a name that has spaces.
    for name in ["", ":", " b c"].map(|end| filled("", end, TARGET_BUFFER)) {
        let line = format!("9 CLOSED 4 {name} REASON=TIMEOUT CLIENT_PROTOCOL=DNS");
        let event = lenient_event(line.as_bytes());
        assert_eq!((event.target_host, event.target_port), (name.as_str(), 0));
        assert_eq!(event.target_bytes(), name.as_bytes());
        assert_eq!((event.reason_str(), event.client_protocol_str()), (Some("TIMEOUT"), Some("DNS")));
        assert!(event.anomalies().contains(TargetMayBeCut) && event.anomalies().contains(TargetWithoutPort));
        assert!(!event.anomalies().contains(UnknownOrder));
    }
}

/// An unknown status may come with the fields of any status. A client can still forge none of them.
#[test]
fn unknown_status() {
    let event = lenient_event(
        br#"9 FUTURE 4 x:1 REASON=DONE y:80 REASON=END REMOTE_REASON=MISC SOCKS_USERNAME="u" CLIENT_PROTOCOL=DNS"#,
    );
    assert_eq!((event.target_host, event.target_port), ("x:1 REASON=DONE y", 80));
    assert_eq!((event.reason_str(), event.remote_reason_str()), (Some("END"), Some("MISC")));
    assert_eq!(event.socks_username().map(|quoted| quoted.escaped()), Some("u"));
    let event = lenient_event(b"9 FUTURE 4 x:1 PURPOSE=USER:80");
    assert_eq!((event.target_host, event.purpose_str()), ("x:1 PURPOSE=USER", None));
    let event = lenient_event(b"9 FUTURE 4 x:1 SOURCE_ADDR=6.6.6.6:80");
    assert_eq!(event.source_addr, None);
    assert_eq!(lenient_event(b"9 FUTURE 4 x:1 SOURCE=EXIT").source_str(), Some("EXIT"));
    // A status, a circuit and a target that look like fields.
    let event = lenient_event(b"9 A=b C=d E=f");
    assert_eq!((event.status_str(), event.circuit_id, event.target_host), ("A=b", Some("C=d"), "E=f"));
}

/// Even lenient reading needs stream ID, status and circuit ID, with one space after each of the first two.
#[test]
fn a_header_is_needed() {
    for (line, kind, offset) in [
        (&b""[..], ErrorKind::Missing(StreamId), 0),
        (b" NEW 4 a:1", ErrorKind::Missing(StreamId), 0),
        (b"9", ErrorKind::Missing(StreamStatus), 1),
        (b"9 ", ErrorKind::Missing(StreamStatus), 2),
        (b"9  NEW 4 a:1", ErrorKind::Missing(StreamStatus), 2),
        (b"9 NEW", ErrorKind::Missing(CircuitId), 5),
        (b"9 NEW ", ErrorKind::Missing(CircuitId), 6),
        (b"9 NEW  a:1", ErrorKind::Missing(CircuitId), 6),
        (b"\r\n", ErrorKind::Missing(StreamId), 0),
    ] {
        let error = protocol_error(StreamEventRef::parse_lenient(line));
        assert_eq!((error.kind(), error.offset()), (kind, offset), "{}", line.escape_ascii());
        assert_eq!(error, event_err(line));
    }
}

/// The error of lenient reading is about the field that is missing, though strict reading refuses a malformed one before it.
#[test]
fn the_error_is_about_a_missing_field() {
    for (line, strict, missing, offset) in [
        (&b"$$"[..], ErrorKind::Malformed(StreamId), StreamStatus, 2),
        (b"a!b  4 a:1", ErrorKind::Malformed(StreamId), StreamStatus, 4),
        (b"$$ NEW", ErrorKind::Malformed(StreamId), CircuitId, 6),
        (b"9 PAUSED", ErrorKind::Unrecognized(StreamStatus), CircuitId, 8),
        (b"9 \xff  a:1", ErrorKind::Unrecognized(StreamStatus), CircuitId, 4),
        (b"650 STREAM\r\n", ErrorKind::WholeLine, CircuitId, 10),
    ] {
        assert_eq!(event_err(line).kind(), strict, "{}", line.escape_ascii());
        let error = protocol_error(StreamEventRef::parse_lenient(line));
        assert_eq!((error.kind(), error.offset()), (ErrorKind::Missing(missing), offset), "{}", line.escape_ascii());
    }
}

/// For each prefix of a case that strict reading accepts, lenient reading returns the same event.
#[test]
fn agrees_with_strict() {
    for case in cases::all() {
        for end in 0..=case.content.len() {
            let line = case.content.get(..end).unwrap_or_default();
            if StreamEventRef::parse_bytes(line).is_ok() {
                assert_eq!(lenient_event(line), event_of_bytes(line), "{}", line.escape_ascii());
            }
        }
    }
}
