//! Real captures, read in full. `data/README.md` has their origins. `clients.rs` has captures with a record of what each client sent.
#![allow(clippy::panic, clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "../common/mod.rs"]
mod common;

mod clients;

use core::str;

use common::printed::{TARGET_BUFFER, is_plain_target};
use common::{contents, event_of_bytes, from_hex};
use serde_json::Value;
use tor_stream_event::{Anomaly, Error, ErrorKind, Field, StreamEventRef, StreamStatus, stream_events};

/// STREAM events of one session, nothing else.
const STREAM_EVENTS: &[u8] = include_bytes!("../data/stream-events.raw");
/// STREAM events of one session of an old tor, nothing else.
const LEGACY_EVENTS: &[u8] = include_bytes!("../data/legacy-events.raw");
/// STREAM events of streams with hostile targets, nothing else.
const HOSTILE_TARGETS: &[u8] = include_bytes!("../data/hostile-targets.raw");
/// Lines, each with its expected fields.
const ADVERSARIAL: &str = include_str!("../data/adversarial.jsonl");

/// Number of events in a capture, and number of those that have to be refused: tor cut their target, and its port is lost.
type Counts = (usize, usize);

/// Captures with other lines between the events. The numbers were counted without this crate.
const MIXED: &[(&str, &[u8], Counts)] = &[
    ("control-port.raw", include_bytes!("../data/control-port.raw"), (330, 5)),
    ("mixed-session.raw", include_bytes!("../data/mixed-session.raw"), (326, 5)),
    ("onionperf.log", include_bytes!("../data/onionperf.log"), (265, 0)),
];

/// Returns the content that an event's ID, status, circuit, target and arguments make together.
fn rebuilt(event: &StreamEventRef<'_>) -> Vec<u8> {
    let circuit = event.circuit_id.unwrap_or("0");
    let mut line = format!("{} {} {circuit} ", event.id, event.status_str()).into_bytes();
    line.extend(event.target_bytes());
    for (key, value) in event.args() {
        // tor prints a space before the code of a reason. With REMAP it prints the code of an unknown source as `REASON=UNKNOWN_n`, without
        // the space.
        let is_code = key.ends_with("REASON") && value.starts_with("UNKNOWN_") && event.status != StreamStatus::Remap;
        line.extend(format!(" {key}={}{value}", if is_code { " " } else { "" }).into_bytes());
    }
    line
}

/// Asserts of an event that a real tor printed that the fields make the line again, that each accessor agrees with the argument of its
/// keyword, and that only an odd target is flagged.
#[track_caller]
fn check_printed_by_tor(event: &StreamEventRef<'_>, content: &[u8]) {
    let shown = content.escape_ascii();
    assert_eq!(event.content(), content, "{shown}");
    assert_eq!(event.to_string(), String::from_utf8_lossy(content), "{shown}");
    assert_eq!(rebuilt(event), content, "{shown}");
    let words = [
        ("REASON", event.reason_str()),
        ("REMOTE_REASON", event.remote_reason_str()),
        ("SOURCE", event.source_str()),
        ("SOURCE_ADDR", event.source_addr),
        ("PURPOSE", event.purpose_str()),
        ("CLIENT_PROTOCOL", event.client_protocol_str()),
        ("ISO_FIELDS", event.iso_fields_str()),
    ];
    for (key, value) in words {
        assert_eq!(event.arg(key), value, "{key} of {shown}");
    }
    assert_eq!(event.arg("NYM_EPOCH"), event.nym_epoch().map(|number| number.to_string()).as_deref(), "{shown}");
    assert_eq!(
        event.arg("SESSION_GROUP"),
        event.session_group().map(|number| number.to_string()).as_deref(),
        "{shown}"
    );
    for (key, quoted) in [("SOCKS_USERNAME", event.socks_username()), ("SOCKS_PASSWORD", event.socks_password())] {
        assert_eq!(event.arg(key), quoted.map(|quoted| format!("\"{}\"", quoted.escaped())).as_deref(), "{shown}");
    }
    let target = event.target_bytes();
    // A field of a plain line may end where tor cuts a target, and is flagged then.
    let is_unflagged = event.anomalies().iter().all(|anomaly| anomaly == Anomaly::FieldAtCut);
    assert_eq!(is_unflagged, is_plain_target(target), "{:?} of {shown}", event.anomalies());
    assert!(!event.anomalies().contains(Anomaly::UnknownOrder), "{shown}");
    assert_eq!(StreamEventRef::parse_lenient(content), Ok(*event), "{shown}");
    #[cfg(feature = "alloc")]
    common::assert_pair(&event.into_owned(), event);
}

/// Every event of a whole session. No target of it holds a space, so each ends at the first space after it, as is checked here.
#[test]
fn whole_session() {
    let contents = contents(STREAM_EVENTS);
    assert_eq!(contents.len(), 6992);
    let mut refused = 0;
    let mut by_status = [0; StreamStatus::ALL.len()];
    for content in contents {
        let target = content.split(|&byte| byte == b' ').nth(3).expect("a target");
        match StreamEventRef::parse_bytes(content) {
            Ok(event) => {
                assert_eq!(event.target_bytes(), target);
                check_printed_by_tor(&event, content);
            }
            Err(Error::Protocol(error)) => {
                refused += 1;
                assert_eq!(error.kind(), ErrorKind::Truncated(Field::Target));
                assert_eq!(target.len(), TARGET_BUFFER);
                let event = StreamEventRef::parse_lenient(content).expect("a header");
                assert_eq!(event.target_bytes(), target);
                assert!(event.anomalies().contains(Anomaly::TargetMayBeCut));
            }
            Err(other) => panic!("{other}"),
        }
        let word = content.split(|&byte| byte == b' ').nth(1).expect("a status");
        let status = StreamStatus::ALL.iter().position(|status| status.as_str().as_bytes() == word);
        by_status[status.expect("a known status")] += 1;
    }
    assert_eq!(refused, 16);
    // NEW NEWRESOLVE REMAP SENTCONNECT SENTRESOLVE SUCCEEDED FAILED CLOSED DETACHED CONTROLLER_WAIT XOFF_* XON_*
    assert_eq!(by_status, [901, 129, 694, 1415, 88, 635, 227, 1054, 639, 65, 8, 9, 548, 580]);
}

/// Every event of a whole session of tor 0.4.2.7, which prints none of the fields that came with 0.4.3.1.
#[test]
fn whole_legacy_session() {
    let contents = contents(LEGACY_EVENTS);
    assert_eq!(contents.len(), 7023);
    let mut refused = 0;
    let mut by_status = [0; StreamStatus::ALL.len()];
    for content in contents {
        let words: Vec<&[u8]> = content.split(|&byte| byte == b' ').collect();
        let status = StreamStatus::ALL.iter().position(|status| status.as_str().as_bytes() == words[1]);
        by_status[status.expect("a known status")] += 1;
        let Ok(event) = StreamEventRef::parse_bytes(content) else {
            refused += 1;
            assert_eq!(words[3].len(), TARGET_BUFFER);
            continue;
        };
        assert_eq!((event.id.as_bytes(), event.target_bytes()), (words[0], words[3]));
        assert!(event.socks_username().is_none() && event.socks_password().is_none());
        assert!(event.client_protocol().is_none() && event.nym_epoch().is_none() && event.session_group().is_none());
        assert!(event.iso_fields_str().is_none());
        check_printed_by_tor(&event, content);
    }
    assert_eq!(refused, 24);
    // NEW NEWRESOLVE REMAP SENTCONNECT SENTRESOLVE SUCCEEDED FAILED CLOSED DETACHED CONTROLLER_WAIT XOFF_* XON_*
    assert_eq!(by_status, [1421, 106, 496, 1640, 71, 1080, 295, 1566, 348, 0, 0, 0, 0, 0]);
}

/// An event: stream ID, status, target and reason.
type Hostile = (u32, &'static str, &'static [u8], Option<&'static str>);

/// Every event in `hostile-targets.raw`, as a person read it. The clients asked for names with line ends, spaces, quotation marks, fields,
/// bytes that are not UTF-8, and for empty names. tor puts the name of an accepted stream into small letters after it has printed NEW or
/// NEWRESOLVE, as that of stream 157.
#[rustfmt::skip]
const HOSTILE: &[Hostile] = &[
    (150, "NEWRESOLVE", b"sp ace.test:0", None),
    (150, "CLOSED", b"sp ace.test:0", Some("TORPROTOCOL")),
    (152, "NEWRESOLVE", b"lf\nonly.test:0", None),
    (152, "CLOSED", b"lf\nonly.test:0", Some("TORPROTOCOL")),
    (153, "NEWRESOLVE", b"cr\ronly.test:0", None),
    (153, "CLOSED", b"cr\ronly.test:0", Some("TORPROTOCOL")),
    (154, "NEWRESOLVE", b"a:0", None),
    (154, "SENTRESOLVE", b"a:0", None),
    (154, "CLOSED", b"a:0", Some("TORPROTOCOL")),
    (155, "NEWRESOLVE", b"tab\tx.test:0", None),
    (155, "CLOSED", b"tab\tx.test:0", Some("TORPROTOCOL")),
    (156, "NEWRESOLVE", b"\"quoted name\".test:0", None),
    (156, "CLOSED", b"\"quoted name\".test:0", Some("TORPROTOCOL")),
    (157, "NEWRESOLVE", b"x:80 REASON=END REMOTE_REASON=MISC SOURCE_ADDR=1.2.3.4:5 PURPOSE=USER:0", None),
    (157, "CLOSED", b"x:80 reason=end remote_reason=misc source_addr=1.2.3.4:5 purpose=user:0", Some("TORPROTOCOL")),
    (158, "NEWRESOLVE", b"dot.in.label.test:0", None),
    (158, "SENTRESOLVE", b"dot.in.label.test:0", None),
    (158, "CLOSED", b"dot.in.label.test:0", Some("TORPROTOCOL")),
    (159, "NEWRESOLVE", b"\xff\xfe.\x80:0", None),
    (159, "CLOSED", b"\xff\xfe.\x80:0", Some("TORPROTOCOL")),
    (160, "CLOSED", b"650 STREAM 9 CLOSED 3 a.test:80 REASON=DONE:7001", Some("SOCKS_PROTOCOL")),
    (161, "CLOSED", b"a b.test:7001", Some("SOCKS_PROTOCOL")),
    (162, "CLOSED", b"new\nline.test:7001", Some("SOCKS_PROTOCOL")),
    (164, "CLOSED", b"tab\tx.test:7001", Some("SOCKS_PROTOCOL")),
    (165, "CLOSED", b":7001", Some("SOCKS_PROTOCOL")),
    (166, "NEW", b"opal935.a.b.c.ok.test:7001", None),
    (166, "SENTCONNECT", b"opal935.a.b.c.ok.test:7001", None),
    (166, "FAILED", b"opal935.a.b.c.ok.test:7001", Some("TORPROTOCOL")),
    (166, "CLOSED", b"opal935.a.b.c.ok.test:7001", Some("TORPROTOCOL")),
    (167, "NEW", b"tundra102.ok.test:7001", None),
    (167, "SENTCONNECT", b"tundra102.ok.test:7001", None),
    (167, "FAILED", b"tundra102.ok.test:7001", Some("TORPROTOCOL")),
    (167, "CLOSED", b"tundra102.ok.test:7001", Some("TORPROTOCOL")),
    (168, "NEW", b"zephyr943.www.ok.test:7001", None),
    (168, "SENTCONNECT", b"zephyr943.www.ok.test:7001", None),
    (168, "FAILED", b"zephyr943.www.ok.test:7001", Some("TORPROTOCOL")),
    (168, "CLOSED", b"zephyr943.www.ok.test:7001", Some("TORPROTOCOL")),
    (169, "NEW", b"a\rb:80", None),
    (169, "CLOSED", b"a\rb:80", Some("TORPROTOCOL")),
    (170, "NEW", b"a\tb\"c:80", None),
    (170, "CLOSED", b"a\tb\"c:80", Some("TORPROTOCOL")),
    (171, "NEW", b"\xff\xfe:80", None),
    (171, "CLOSED", b"\xff\xfe:80", Some("TORPROTOCOL")),
    (172, "NEW", b":80", None),
    (172, "SENTCONNECT", b":80", None),
    (172, "CLOSED", b":80", Some("TORPROTOCOL")),
    (173, "NEW", b"a\x0bb\x0c\x7f:80", None),
    (173, "FAILED", b"a\x0bb\x0c\x7f:80", Some("TORPROTOCOL")),
    (173, "CLOSED", b"a\x0bb\x0c\x7f:80", Some("TORPROTOCOL")),
    (174, "CLOSED", b":0", Some("HTTP_PROTOCOL")),
    (175, "NEW", b"a:b:c:80", None),
    (175, "FAILED", b"a:b:c:80", Some("TORPROTOCOL")),
    (175, "CLOSED", b"a:b:c:80", Some("TORPROTOCOL")),
];

/// Each event has its target, and no field that the target forges.
#[test]
fn hostile_targets() {
    let contents = contents(HOSTILE_TARGETS);
    assert_eq!(contents.len(), HOSTILE.len());
    for (content, &(id, status, target, reason)) in contents.into_iter().zip(HOSTILE) {
        let event = event_of_bytes(content);
        let shown = content.escape_ascii();
        assert_eq!((event.id, event.status_str()), (id.to_string().as_str(), status), "{shown}");
        assert_eq!(event.target_bytes(), target, "{shown}");
        assert_eq!(event.reason_str(), reason, "{shown}");
        assert_eq!(event.remote_reason, None, "{shown}");
        assert_eq!(event.source_addr.is_some(), status.starts_with("NEW"), "{shown}");
        assert_eq!(event.purpose.is_some(), status.starts_with("NEW"), "{shown}");
        let host = &target[..target.iter().rposition(|&byte| byte == b':').expect("a colon")];
        assert_eq!(event.target_host, str::from_utf8(host).unwrap_or("\u{fffd}"), "{shown}");
        check_printed_by_tor(&event, content);
    }
}

/// In captures with other lines, every event is found, and is as tor printed it.
#[test]
fn mixed_captures() {
    for &(name, capture, (events, refused)) in MIXED {
        let lines: Vec<_> = stream_events(capture).collect();
        assert_eq!(lines.len(), events, "{name}");
        assert_eq!(lines.iter().filter(|line| line.event.is_err()).count(), refused, "{name}");
        for line in lines {
            let start = [line.prefix, b"650 STREAM "].concat();
            let content = line.line.strip_prefix(start.as_slice()).expect("a STREAM event");
            assert!(line.is_terminated(), "{name}");
            assert_eq!(line.prefix.is_empty(), name.ends_with(".raw"), "{name}");
            if let Ok(event) = line.event {
                check_printed_by_tor(&event, content);
            }
        }
    }
}

/// Returns the field that an error is about.
fn field(kind: ErrorKind) -> Field {
    match kind {
        ErrorKind::Missing(field)
        | ErrorKind::Malformed(field)
        | ErrorKind::Unrecognized(field)
        | ErrorKind::OutOfRange(field)
        | ErrorKind::Truncated(field) => field,
        other => panic!("a new kind: {other:?}"),
    }
}

/// Compares an event with the `expect` of its row. `data/README.md` explains the rows.
#[track_caller]
fn assert_expected(event: &StreamEventRef<'_>, expected: &Value, name: &str) {
    let credential = |quoted: Option<tor_stream_event::Quoted<'_>>| quoted.map(|quoted| quoted.escaped().to_owned());
    let strings = [
        ("id", Some(event.id.to_owned())),
        ("status", Some(event.status_str().to_owned())),
        ("circuit_id", event.circuit_id.map(String::from)),
        ("reason", event.reason_str().map(String::from)),
        ("remote_reason", event.remote_reason_str().map(String::from)),
        ("source", event.source_str().map(String::from)),
        ("source_addr", event.source_addr.map(String::from)),
        ("purpose", event.purpose_str().map(String::from)),
        ("socks_username", credential(event.socks_username())),
        ("socks_password", credential(event.socks_password())),
        ("client_protocol", event.client_protocol_str().map(String::from)),
    ];
    for (key, value) in strings {
        assert_eq!(expected[key].as_str().map(String::from), value, "{key} of {name}");
    }
    assert_eq!(expected["target_port"].as_u64(), Some(event.target_port.into()), "{name}");
    // In a row, U+FFFD stands for each byte of the host that is no text. In an event the whole host is one U+FFFD then.
    let target = event.target_bytes();
    let host = &target[..target.iter().rposition(|&byte| byte == b':').expect("a colon")];
    assert_eq!(expected["target_host"].as_str(), Some(&*String::from_utf8_lossy(host)), "{name}");
    assert_eq!(event.target_host, str::from_utf8(host).unwrap_or("\u{fffd}"), "{name}");
    assert_eq!(expected["nym_epoch"].as_u64(), event.nym_epoch().map(u64::from), "{name}");
    assert_eq!(expected["session_group"].as_i64(), event.session_group().map(i64::from), "{name}");
    let words = event.iso_fields_str().map(|_| event.iso_fields().words().collect::<Vec<_>>());
    let expected_words = expected["iso_fields"].as_array();
    assert_eq!(expected_words.map(|words| words.iter().filter_map(Value::as_str).collect()), words, "{name}");
}

/// Every row of `adversarial.jsonl`.
#[test]
fn adversarial() {
    let (mut accepted, mut refused) = (0, 0);
    for row in ADVERSARIAL.lines() {
        let row: Value = serde_json::from_str(row).expect("JSON");
        let text = |key: &str| row[key].as_str().expect("text");
        let name = text("name");
        let content = from_hex(text("content_hex"));
        let expected = &row["expect"];
        if let Some(part) = expected["error"].as_str() {
            refused += 1;
            let field = field(common::event_err(&content).kind());
            match part {
                "header" => assert_ne!(field, Field::Target, "{name}"),
                "status" => assert_eq!(field, Field::StreamStatus, "{name}"),
                "target" => assert_eq!(field, Field::Target, "{name}"),
                other => panic!("{name} expects an error about {other}"),
            }
            continue;
        }
        accepted += 1;
        let event = event_of_bytes(&content);
        assert_expected(&event, expected, name);
        match text("anomalies") {
            "none" => assert!(event.anomalies().is_empty(), "{name}: {:?}", event.anomalies()),
            "some" => assert!(!event.anomalies().is_empty(), "{name}"),
            other => assert_eq!(other, "either", "{name}"),
        }
        #[cfg(feature = "alloc")]
        common::assert_pair(&event.into_owned(), &event);
    }
    assert_eq!((accepted, refused), (63, 19));
}
