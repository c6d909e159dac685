//! Events as data: every event comes back as it was from text (JSON), from bytes without names (postcard), and from bytes with names
//! (CBOR). `life.rs` has streams, `values.rs` words, IDs and targets, and `refused.rs` data that is no event.
//!
//! An event's data are its fields. Its content is added only if it is odd: if tor would print another content for the same fields.
#![allow(clippy::panic, clippy::expect_used, reason = "a test fails by panicking")]

#[path = "../common/mod.rs"]
mod common;

mod life;
mod refused;
mod values;

use core::time::Duration;
use std::fs;

use common::printed::TARGET_BUFFER;
use common::{EVERY_FIELD, cases, config, event, event_of_bytes, filled, lenient_event};
use proptest::prelude::*;
use serde_json::{Value, json};
use tor_stream_event::{
    Anomaly, CircuitId, LineEnd, LogFormat, Outcome, StreamEvent, StreamEventRef, StreamId, StreamLife, StreamPurpose,
    StreamStatus, StreamTracker, Target, stream_events,
};

/// Returns an event as JSON.
fn to_json(event: &StreamEventRef<'_>) -> String {
    serde_json::to_string(event).expect("JSON")
}

/// Parses an event out of JSON.
#[track_caller]
fn of_json(json: &Value) -> StreamEvent {
    match serde_json::from_value(json.clone()) {
        Ok(event) => event,
        Err(error) => panic!("{json}: {error}"),
    }
}

/// Returns the error for JSON that has to be refused, as text and as a value in memory.
#[track_caller]
fn json_err(json: &Value) -> String {
    let of_value = serde_json::from_value::<StreamEvent>(json.clone()).expect_err("an error");
    let of_text = serde_json::from_str::<StreamEvent>(&json.to_string()).expect_err("an error");
    format!("{of_value}\n{of_text}")
}

/// Asserts that an owned event comes back as it was, and that its borrowed form gives the same data.
#[track_caller]
fn check_owned(owned: &StreamEvent) {
    let shown = owned.content().escape_ascii();
    let json = serde_json::to_string(owned).expect("JSON");
    let read: StreamEvent = serde_json::from_str(&json).unwrap_or_else(|error| panic!("{error}: {json} of {shown}"));
    assert_eq!(&read, owned, "{json} of {shown}");
    assert_eq!(to_json(&owned.as_event_ref()), json, "{shown}");

    let bytes = postcard::to_allocvec(owned).expect("postcard");
    let read: StreamEvent = postcard::from_bytes(&bytes).unwrap_or_else(|error| panic!("{error}: {shown}"));
    assert_eq!(&read, owned, "{shown}");
    assert_eq!(postcard::to_allocvec(&owned.as_event_ref()).expect("postcard"), bytes, "{shown}");

    let mut bytes = Vec::new();
    ciborium::into_writer(owned, &mut bytes).expect("CBOR");
    let read: StreamEvent = ciborium::from_reader(bytes.as_slice()).unwrap_or_else(|error| panic!("{error}: {shown}"));
    assert_eq!(&read, owned, "{shown}");
}

/// Asserts that an event comes back as it was.
#[track_caller]
fn check(event: &StreamEventRef<'_>) {
    let owned = event.into_owned();
    check_owned(&owned);
    let read: StreamEvent = serde_json::from_str(&to_json(event)).expect("an event");
    assert_eq!(read, owned, "{}", event.content().escape_ascii());
}

/// The names, their order and the values of an event's data.
#[test]
fn form_of_an_event() {
    let expected = concat!(
        r#"{"id":"5","status":"NEW","circuit_id":null,"target_host":"example.com","target_port":443,"reason":null,"#,
        r#""remote_reason":null,"source":null,"source_addr":"127.0.0.1:5","purpose":"USER","socks_username":"hunter2 u","#,
        r#""socks_password":"hunter2\\\" p","client_protocol":"SOCKS5","nym_epoch":0,"session_group":-4,"#,
        r#""iso_fields":["SOCKS_USERNAME","SESSION_GROUP"],"anomalies":[]}"#,
    );
    assert_eq!(to_json(&event(EVERY_FIELD)), expected);
    assert_eq!(serde_json::to_string(&event(EVERY_FIELD).into_owned()).expect("JSON"), expected);
}

/// A word is the text that tor printed, and an odd event has its content.
#[test]
fn content_of_an_odd_event() {
    // A content, a key of its data with the value, and whether the content is added.
    for (line, key, value, has_content) in [
        // With REMAP tor prints no space before a code, and with other statuses a space.
        (&b"9 CLOSED 3 a.com:80 REASON= UNKNOWN_15"[..], "reason", json!("UNKNOWN_15"), false),
        (b"9 CLOSED 3 a.com:80 REASON=UNKNOWN_15", "reason", json!("UNKNOWN_15"), true),
        (b"9 REMAP 3 a.com:80 REASON=UNKNOWN_15", "reason", json!("UNKNOWN_15"), false),
        (b"9 CLOSED 3 a.com:80 REASON=FUTURE", "reason", json!("FUTURE"), false),
        // A hostile target is not odd: tor prints it so.
        (b"9 CLOSED 3 x:1 REASON=DONE y:80 REASON=MISC", "target_host", json!("x:1 REASON=DONE y"), false),
        // A list without words, and one with an empty word.
        (b"9 CLOSED 0 a.com:80 ISO_FIELDS=", "iso_fields", json!([]), false),
        (b"9 CLOSED 0 a.com:80 ISO_FIELDS=A,,B", "iso_fields", json!(["A", "B"]), true),
        // tor prints no zero before a port, no unknown field, no target without a port; and U+FFFD would lose bytes that are no text.
        (b"9 CLOSED 0 a.com:080", "target_port", json!(80), true),
        (b"9 NEW 0 a.com:80 PURPOSE=USER FUTURE=1", "anomalies", json!(["unknown_keyword"]), true),
        (b"9 FUTURE 0 a.com:80", "status", json!("FUTURE"), false),
        (b"9 NEW 0 a.com", "anomalies", json!(["target_without_port", "unknown_order"]), true),
        (b"9 NEW 0 a\xff\xfeb:80", "target_host", json!("a\u{FFFD}\u{FFFD}b"), true),
    ] {
        let event = lenient_event(line);
        let form: Value = serde_json::from_str(&to_json(&event)).expect("JSON");
        assert_eq!(form[key], value, "{form}");
        assert_eq!(form.get("content").is_some(), has_content, "{form}");
        let is_text = core::str::from_utf8(line).is_ok();
        assert!(form.get("content").is_none_or(|content| content.is_string() == is_text), "{form}");
        check(&event);
    }
}

/// Every case of the shared list, and lines that only lenient reading takes.
#[test]
fn cases_come_back() {
    for case in cases::all() {
        let event = event_of_bytes(case.content);
        // A content with CR LF can be had from `parse`, but is refused as data: no line of tor's holds a CR LF.
        if event.content().windows(2).any(|bytes| bytes == b"\r\n") {
            json_err(&serde_json::from_str(&to_json(&event)).expect("JSON"));
        } else {
            check(&event);
        }
    }
    for line in [
        // An unknown status, and targets without a port.
        &b"5 FUTURE 0 a:1"[..],
        b"5 NEW 0 a",
        b"5 NEW 0 ",
        b"5 NEW 0",
        // Text that is not UTF-8, in target, field, status and ID; long and malformed IDs.
        b"5 NEW 0 \xff",
        b"5 FUTURE 3 \xff:1 REASON=\xff",
        b"!a UNRECOGNIZED 12345678901234567890123 a:1",
        b"a!b \xff \xff a:1",
        b"5 NEW 0[ a:1",
        // A CR or LF at the end.
        b"5 NEW 0 a:1\r",
        b"5 NEW 0 a:1 \n\r\n",
    ] {
        check(&lenient_event(line));
    }
}

/// Every event of the captures, the refused ones leniently.
#[test]
fn captures_come_back() {
    let mut events = 0;
    for (file, line_end) in [
        ("stream-events.raw", LineEnd::CrLf),
        ("hostile-targets.raw", LineEnd::CrLf),
        ("mixed-session.raw", LineEnd::CrLf),
        ("onionperf.log", LineEnd::Lf),
    ] {
        let capture = fs::read(format!("{}/tests/data/{file}", env!("CARGO_MANIFEST_DIR"))).expect("a capture");
        for line in stream_events(&capture).line_end(line_end).lenient(true) {
            check(&line.event.expect("an event"));
            events += 1;
        }
    }
    assert_eq!(events, 6992 + 53 + 326 + 265);
}

/// An event whose public field was changed is written without its content, and comes back as the event of its fields. Fields that no line
/// can have together are refused.
#[test]
fn changed_fields_come_back() {
    /// Changes a field.
    type Change = fn(&mut StreamEvent);
    let changes: [(Change, &str); 5] = [
        (|event| event.id = "77".parse().expect("an ID"), "77 CLOSED 7 a:1 REASON=DONE"),
        (|event| event.circuit_id = None, "5 CLOSED 0 a:1 REASON=DONE"),
        (|event| event.target_host = "b:2 c".into(), "5 CLOSED 7 b:2 c:1 REASON=DONE"),
        (|event| event.target_port = 99, "5 CLOSED 7 a:99 REASON=DONE"),
        (|event| event.reason = None, "5 CLOSED 7 a:1"),
    ];
    for line in ["5 CLOSED 7 a:1 REASON=DONE", "5 CLOSED 7 a:01 REASON=DONE"] {
        for (change, expected) in changes {
            let mut changed = event(line).into_owned();
            change(&mut changed);
            let json = serde_json::to_value(&changed).expect("JSON");
            assert_eq!(json.get("content"), None, "{json}");
            assert_eq!(of_json(&json), event(expected), "{json}");
            let bytes = postcard::to_allocvec(&changed).expect("postcard");
            assert_eq!(postcard::from_bytes::<StreamEvent>(&bytes).expect("an event"), event(expected));
        }
    }
    // A host that was set is serialized as it is, whatever bytes the target has.
    for (line, host) in [(&b"5 CLOSED 7 a\xff:1"[..], "b"), (b"5 CLOSED 7 a:1", "\u{FFFD}")] {
        let mut changed = event_of_bytes(line);
        changed.target_host = host;
        assert_eq!(serde_json::to_value(changed).expect("JSON")["target_host"], json!(host));
    }
    // tor prints no purpose with CLOSED. In a line that has one, the host ends before the first field, so a host with a field is refused.
    let with_field = "b:2 REASON=END";
    for (host, purpose, is_accepted) in [
        (with_field, None, true),
        ("b", Some(StreamPurpose::User), true),
        (with_field, Some(StreamPurpose::User), false),
    ] {
        let mut changed = event("5 CLOSED 7 a:1 REASON=DONE").into_owned();
        changed.target_host = host.into();
        changed.purpose = purpose;
        let json = serde_json::to_value(&changed).expect("JSON");
        if is_accepted {
            assert_eq!(of_json(&json).target_host, host);
        } else {
            json_err(&json);
        }
    }
}

/// Data may have fields that no event has, as the tool's rows do, and absent fields may be left out.
#[test]
fn more_and_fewer_fields() {
    let mut form: Value = serde_json::from_str(&to_json(&event(EVERY_FIELD))).expect("JSON");
    form["line"] = json!(11);
    form["time"] = json!(1548934191.51);
    assert_eq!(of_json(&form), event(EVERY_FIELD));
    form["socks_password"] = json!("***");
    assert_eq!(of_json(&form).socks_password().map(|quoted| quoted.to_vec()), Some(b"***".to_vec()));

    let short = json!({"id": "9", "status": "CLOSED", "target_host": "a b", "target_port": 80});
    assert_eq!(of_json(&short), event("9 CLOSED 0 a b:80"));
    assert_eq!(of_json(&short).anomalies().iter().collect::<Vec<_>>(), [Anomaly::TargetSpace]);

    // tor prints a space before `UNKNOWN_` and a number, the code of a reason. `UNKNOWN_FOO` has no number, so it can only be a word of a
    // future tor, and stands without a space.
    for (reason, printed) in [("UNKNOWN_15", "REASON= UNKNOWN_15"), ("UNKNOWN_FOO", "REASON=UNKNOWN_FOO")] {
        let form = json!({"id": "9", "status": "CLOSED", "target_host": "a", "target_port": 80, "reason": reason});
        assert_eq!(of_json(&form), event(&format!("9 CLOSED 0 a:80 {printed}")));
        assert_eq!(of_json(&form).reason_str(), Some(reason));
    }
}

proptest! {
    #![proptest_config(config(256))]

    /// Any content that lenient reading accepts comes back, and so does its stream.
    #[test]
    fn any_event_comes_back(
        start in "[0-9a\r\"]{1,2} (NEW|CLOSED|REMAP|XON_SENT|FUTURE) [0-9]",
        rest in prop::collection::vec(
            prop_oneof![
                "[ -~]{0,8}".prop_map(String::into_bytes),
                prop::collection::vec(any::<u8>(), 0..4),
                "( a:1| REASON=| REMOTE_REASON=END| UNKNOWN_1| SOURCE_ADDR=/a:0| PURPOSE=USER| SOCKS_PASSWORD=\"a\"| ISO_FIELDS=A)"
                    .prop_map(String::into_bytes),
            ],
            0..8,
        ),
    ) {
        let line = [start.into_bytes(), rest.concat()].concat();
        if let Ok(event) = StreamEventRef::parse_lenient(&line) {
            check(&event);
            life::check_life_of(&event);
        }
    }
}

/// Anomalies that come from the line in which an event was found, and not from its text, are kept.
#[test]
fn anomalies_of_the_line() {
    let format = LogFormat::like(b"'", b"'").expect("a format");
    // In the first log the target ends one byte before tor's cut, in the second a field does. The log's lines end with LF, so the CR may
    // be the byte at the cut.
    let [target_at_cut, field_at_cut] = [("", ":80"), ("a:80 SOCKS_USERNAME=\"", "\"")].map(|(before, after)| {
        let text = filled(before, after, TARGET_BUFFER - 1);
        format!("1:2 650 BW 1 2\n1:2 650 STREAM 3 SENTCONNECT 5 {text}\r\n")
    });
    let cases: [(_, &[Anomaly]); 5] = [
        (stream_events(b"650 STREAM 1 NEW 0 a:1"), &[Anomaly::Unterminated]),
        (
            stream_events(b"1:2 650+NS\n1:2 650 STREAM 1 NEW 0 a b:1"),
            &[Anomaly::TargetSpace, Anomaly::Unterminated, Anomaly::InData],
        ),
        (stream_events(b"'650 STREAM 1 NEW 0 a\\b:1'\n").log_format(format), &[Anomaly::Escaped]),
        (stream_events(target_at_cut.as_bytes()), &[Anomaly::TargetMayBeCut]),
        (stream_events(field_at_cut.as_bytes()), &[Anomaly::TargetMayBeCut, Anomaly::FieldAtCut]),
    ];
    for (mut events, expected) in cases {
        let event = events.next().and_then(|line| line.event.ok()).expect("an event");
        assert_eq!(event.anomalies().iter().collect::<Vec<_>>(), expected);
        check(&event);
        // The content alone is another event: it has the same text, and other anomalies.
        let again = event_of_bytes(event.content());
        assert_ne!(again, event);
        assert_eq!(again.to_string(), event.to_string());
    }
}
