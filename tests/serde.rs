//! Events as data: the fields have the tool's names and values, and every event comes back as it was: as text, as bytes
//! without names (postcard), and as bytes that say what they are (CBOR).
#![allow(clippy::panic, clippy::expect_used, reason = "a test fails by panicking")]

mod common;

use core::time::Duration;
use std::fs;

use common::{cases, config, event, event_of_bytes, lenient_event};
use proptest::prelude::*;
use serde_json::{Value, json};
use tor_stream_event::{
    Anomaly, CircuitId, LineEnd, LogFormat, Outcome, StreamClosureReason, StreamEvent, StreamEventRef, StreamId,
    StreamLife, StreamPurpose, StreamStatus, StreamTracker, Target, stream_events,
};

/// A line with every field that tor prints with this status.
const EVERY_FIELD: &str = concat!(
    "5 NEW 0 example.com:443 SOURCE_ADDR=127.0.0.1:5 PURPOSE=USER SOCKS_USERNAME=\"SECRET u\" ",
    "SOCKS_PASSWORD=\"SECRET\\\" p\" CLIENT_PROTOCOL=SOCKS5 NYM_EPOCH=0 SESSION_GROUP=-4 ",
    "ISO_FIELDS=SOCKS_USERNAME,SESSION_GROUP"
);

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

/// The names, their order and the values are those of the tool.
#[test]
fn form() {
    let expected = concat!(
        r#"{"id":"5","status":"NEW","circuit_id":null,"target_host":"example.com","target_port":443,"reason":null,"#,
        r#""remote_reason":null,"source":null,"source_addr":"127.0.0.1:5","purpose":"USER","socks_username":"SECRET u","#,
        r#""socks_password":"SECRET\\\" p","client_protocol":"SOCKS5","nym_epoch":0,"session_group":-4,"#,
        r#""iso_fields":["SOCKS_USERNAME","SESSION_GROUP"],"anomalies":[]}"#,
    );
    assert_eq!(to_json(&event(EVERY_FIELD)), expected);
    assert_eq!(serde_json::to_string(&event(EVERY_FIELD).into_owned()).expect("JSON"), expected);
}

/// Words stand as tor prints them, and the line only where tor would print another one.
#[test]
fn content() {
    for (line, key, value, has_content) in [
        (&b"9 CLOSED 3 a.com:80 REASON= UNKNOWN_15"[..], "reason", json!("UNKNOWN_15"), false),
        (b"9 CLOSED 3 a.com:80 REASON=UNKNOWN_15", "reason", json!("UNKNOWN_15"), true),
        (b"9 REMAP 3 a.com:80 REASON=UNKNOWN_15", "reason", json!("UNKNOWN_15"), false),
        (b"9 CLOSED 3 a.com:80 REASON=FUTURE", "reason", json!("FUTURE"), false),
        (b"9 CLOSED 3 x:1 REASON=DONE y:80 REASON=MISC", "target_host", json!("x:1 REASON=DONE y"), false),
        (b"9 CLOSED 0 a.com:80 ISO_FIELDS=", "iso_fields", json!([]), false),
        (b"9 CLOSED 0 a.com:80 ISO_FIELDS=A,,B", "iso_fields", json!(["A", "B"]), true),
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
        let event = event_of_bytes(case.line);
        // Text in memory may hold a CR LF, an event of a stream of lines cannot.
        if event.content().windows(2).any(|bytes| bytes == b"\r\n") {
            json_err(&serde_json::from_str(&to_json(&event)).expect("JSON"));
        } else {
            check(&event);
        }
    }
    for line in [
        &b"5 FUTURE 0 a:1"[..],
        b"5 NEW 0 a",
        b"5 NEW 0 ",
        b"5 NEW 0",
        b"5 NEW 0 \xff",
        b"5 FUTURE 3 \xff:1 REASON=\xff",
        b"!a UNRECOGNIZED 12345678901234567890123 a:1",
        b"a!b \xff \xff a:1",
        b"5 NEW 0[ a:1",
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

/// An event with a public field that was changed comes back as its fields are, if a line can have them.
#[test]
fn changed_fields_come_back() {
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
    let mut changed = event("5 CLOSED 7 a:1 REASON=DONE").into_owned();
    changed.target_host = "b:2 REASON=END".into();
    changed.reason = Some(StreamClosureReason::Done);
    changed.purpose = Some(StreamPurpose::User);
    json_err(&serde_json::to_value(&changed).expect("JSON"));
}

/// The fields of an event with content are those of its content.
#[test]
fn fields_differ_from_content() {
    let form: Value = serde_json::from_str(&to_json(&event("5 CLOSED 7 evil.com:080 REASON=DONE"))).expect("JSON");
    assert_eq!(of_json(&form), event("5 CLOSED 7 evil.com:080 REASON=DONE"));
    for (key, value) in [
        ("id", json!("6")),
        ("status", json!("FAILED")),
        ("circuit_id", json!(null)),
        ("target_host", json!("good.com")),
        ("target_port", json!(81)),
        ("reason", json!("MISC")),
        ("reason", json!(null)),
        ("remote_reason", json!("MISC")),
        ("source", json!("EXIT")),
        ("source_addr", json!("127.0.0.1:5")),
        ("purpose", json!("USER")),
        ("socks_username", json!("")),
        ("socks_password", json!("a")),
        ("client_protocol", json!("SOCKS5")),
        ("nym_epoch", json!(0)),
        ("session_group", json!(-4)),
        ("iso_fields", json!([])),
    ] {
        let mut changed = form.clone();
        changed[key] = value;
        let error = json_err(&changed);
        assert!(
            error.starts_with("expected the fields of an event to be those of its content, found others"),
            "{error}"
        );
    }
    // No line of tor's holds a line end; a lone CR or LF may be part of a host.
    for (host, expected) in [("a\r\nb", false), ("a\nb", true), ("a\rb", true)] {
        let content = format!("5 CLOSED 7 {host}:1");
        let with_content = json!({"id": "5", "status": "CLOSED", "circuit_id": "7", "target_host": host, "target_port": 1,
            "content": content});
        let mut without = with_content.clone();
        without["content"] = json!(null);
        for form in [with_content, without] {
            assert_eq!(serde_json::from_value::<StreamEvent>(form.clone()).is_ok(), expected, "{form}");
        }
    }
}

/// An event with an ID that only lenient reading takes has to say so.
#[test]
fn malformed_ids() {
    for (id, circuit) in [("a-b", "7"), ("5", "x_y"), ("5", "123456789012345678901")] {
        let line = [id, " NEW ", circuit, " a.com:80 PURPOSE=USER"].concat();
        let mut form: Value = serde_json::from_str(&to_json(&lenient_event(line.as_bytes()))).expect("JSON");
        assert_eq!(form["anomalies"], json!(["malformed_id"]));
        check(&lenient_event(line.as_bytes()));
        form["anomalies"] = json!([]);
        json_err(&form);
    }
}

/// Every event in which one byte was changed is refused, or is the event of its content and has the fields that are given.
#[test]
fn one_byte_changed() {
    let mut accepted = 0;
    for line in ["5 CLOSED 7 a.com:080 REASON=DONE", EVERY_FIELD] {
        let (json, bytes) = (to_json(&event(line)), postcard::to_allocvec(&event(line)).expect("postcard"));
        for (form, is_json) in [(json.as_bytes(), true), (bytes.as_slice(), false)] {
            for index in 0..form.len() {
                for bit in 0..8 {
                    let mut changed = form.to_vec();
                    changed[index] ^= 1 << bit;
                    let read = if is_json {
                        serde_json::from_slice(&changed).ok()
                    } else {
                        postcard::from_bytes(&changed).ok()
                    };
                    let Some(read): Option<StreamEvent> = read else { continue };
                    accepted += 1;
                    assert_eq!(read, lenient_event(read.content()), "{}", changed.escape_ascii());
                    check_owned(&read);
                }
            }
        }
    }
    assert!(accepted > 500, "{accepted}");
}

/// The tool's output can be read, with fields that no event has, and without absent ones.
#[test]
fn of_the_tool() {
    let mut form: Value = serde_json::from_str(&to_json(&event(EVERY_FIELD))).expect("JSON");
    form["line"] = json!(11);
    form["time"] = json!(1548934191.51);
    assert_eq!(of_json(&form), event(EVERY_FIELD));
    form["socks_password"] = json!("***");
    assert_eq!(of_json(&form).socks_password().map(|quoted| quoted.to_vec()), Some(b"***".to_vec()));

    let short = json!({"id": "9", "status": "CLOSED", "target_host": "a b", "target_port": 80});
    assert_eq!(of_json(&short), event("9 CLOSED 0 a b:80"));
    assert_eq!(of_json(&short).anomalies().iter().collect::<Vec<_>>(), [Anomaly::TargetSpace]);
}

/// Fields that no line has together are refused, and so is data that is no event.
#[test]
fn refused() {
    let form: Value = serde_json::from_str(&to_json(&event(EVERY_FIELD))).expect("JSON");
    let mut bytes = postcard::to_allocvec(&event(EVERY_FIELD)).expect("postcard");
    bytes.truncate(bytes.len() - 1);
    assert!(postcard::from_bytes::<StreamEvent>(&bytes).is_err());
    for (key, value) in [
        ("id", json!("5 NEW 0 a:1 ")),
        ("id", json!("")),
        ("status", json!("NE W")),
        ("target_port", json!(65536)),
        ("source_addr", json!("1.2.3.4:5 PURPOSE=DIR_FETCH")),
        ("purpose", json!("USER PURPOSE=DIR_FETCH")),
        ("reason", json!("DONE")),
        ("socks_username", json!("a\" SOCKS_PASSWORD=\"b")),
        ("circuit_id", json!("0")),
        ("iso_fields", json!(["A B"])),
        ("content", json!("5 NEW")),
        ("content", json!(["a"])),
    ] {
        let mut changed = form.clone();
        changed[key] = value;
        let error = json_err(&changed);
        assert!(!error.contains("SECRET"), "{error}");
    }
}

/// A credential of another type is refused without being shown.
#[test]
fn errors_hold_no_secret() {
    let form: Value = serde_json::from_str(&to_json(&event(EVERY_FIELD))).expect("JSON");
    for key in ["socks_username", "socks_password", "content"] {
        for value in [json!(4711), json!({"4711": 4711}), json!([4711]), json!(4711.5), json!(["4711"])] {
            let mut changed = form.clone();
            changed[key] = value;
            let error = json_err(&changed);
            assert!(!error.contains("4711") && error.contains("unexpected type"), "{error}");
        }
    }
}

/// Words and IDs are text. Any word is read, an ID has to be one.
#[test]
fn words_and_ids() {
    for &status in StreamStatus::ALL {
        assert_eq!(serde_json::to_value(status).expect("JSON"), json!(status.as_str()));
        assert_eq!(serde_json::from_value::<StreamStatus>(json!(status.as_str())).expect("a word"), status);
        let bytes = postcard::to_allocvec(&status).expect("postcard");
        assert_eq!(postcard::from_bytes::<StreamStatus>(&bytes), Ok(status));
    }
    assert_eq!(serde_json::from_value::<StreamPurpose>(json!("FUTURE")).expect("a word"), StreamPurpose::Unrecognized);
    assert_eq!(serde_json::to_value(StreamPurpose::Unrecognized).expect("JSON"), json!("UNRECOGNIZED"));
    assert_eq!(serde_json::to_value(Anomaly::TargetSpace).expect("JSON"), json!("target_space"));

    let id: StreamId = serde_json::from_value(json!("18446744073709551615")).expect("an ID");
    assert_eq!(serde_json::to_value(id).expect("JSON"), json!("18446744073709551615"));
    let error = serde_json::from_value::<CircuitId>(json!("a b")).expect_err("an error").to_string();
    assert_eq!(error, "expected a circuit ID of 1 to 20 letters or digits, found ' ' at byte 1");
    for id in ["", " ", "a b", "a\"b", "123456789012345678901", "1-a", "_", "caf\u{e9}", "123~34d38f4090dee063"] {
        assert!(serde_json::from_value::<StreamId>(json!(id)).is_err(), "{id}");
        assert!(serde_json::from_value::<CircuitId>(json!(id)).is_err(), "{id}");
    }
    assert_eq!(serde_json::from_value::<StreamId>(json!("0")).expect("an ID"), "0");
    let error = serde_json::from_value::<CircuitId>(json!("0")).expect_err("an error").to_string();
    assert_eq!(error, "expected a circuit ID of 1 to 20 letters or digits, found 0 (no circuit) at byte 0");
    let error = serde_json::from_value::<StreamId>(json!(16)).expect_err("an error").to_string();
    assert_eq!(error, "invalid type: integer `16`, expected 1 to 20 letters or digits");
}

/// Asserts that a stream comes back as it was.
#[track_caller]
fn check_life(life: &StreamLife<Option<Duration>>) {
    let json = serde_json::to_string(life).expect("JSON");
    let read: StreamLife<Option<Duration>> = serde_json::from_str(&json).expect("a stream");
    assert_eq!(&read, life, "{json}");
    let bytes = postcard::to_allocvec(life).expect("postcard");
    let read: StreamLife<Option<Duration>> = postcard::from_bytes(&bytes).expect("a stream");
    assert_eq!(&read, life, "{json}");
    let mut bytes = Vec::new();
    ciborium::into_writer(life, &mut bytes).expect("CBOR");
    let read: StreamLife<Option<Duration>> = ciborium::from_reader(bytes.as_slice()).expect("a stream");
    assert_eq!(&read, life, "{json}");
}

/// A stream has the tool's names, and no credential.
#[test]
fn form_of_a_stream() {
    let mut tracker = StreamTracker::new(1);
    assert_eq!(tracker.update(&event(EVERY_FIELD), 1), None);
    assert_eq!(tracker.update(&event("5 REMAP 7 192.0.2.1:443 SOURCE=EXIT"), 2), None);
    let life = tracker.update(&event("5 CLOSED 7 192.0.2.1:443 REASON=DONE"), 4).expect("a stream");
    let expected = concat!(
        r#"{"stream_id":"5","outcome":"closed","began":true,"first":1,"last":4,"target":"example.com:443","#,
        r#""final_target":"192.0.2.1:443","is_resolve":false,"steps":[{"status":"NEW","time":1,"circuit_id":null},"#,
        r#"{"status":"REMAP","time":2,"circuit_id":"7"},{"status":"CLOSED","time":4,"circuit_id":"7"}],"step_count":3,"#,
        r#""attempts":0,"detached":0,"answer":null,"failure":null,"closed":true,"reason":"DONE","remote_reason":null,"#,
        r#""circuit_id":"7","last_circuit":"7","circuits":["7"],"more_circuits":false,"circuit_changes":1,"#,
        r#""remap_source":"EXIT","source_addr":"127.0.0.1:5","purpose":"USER","client_protocol":"SOCKS5","nym_epoch":0,"#,
        r#""session_group":-4,"has_username":true,"has_password":true,"xoff_sent":0,"xoff_recv":0,"xon_sent":0,"xon_recv":0,"#,
        r#""after_failed":0}"#,
    );
    assert_eq!(serde_json::to_string(&life).expect("JSON"), expected);
    assert_eq!(serde_json::from_str::<StreamLife<i32>>(expected).expect("a stream"), life);
}

/// Every stream of the captures, and every outcome, which is named as the tool names it.
#[test]
fn streams_come_back() {
    for file in [
        "stream-events.raw",
        "hostile-targets.raw",
        "onionperf.log",
        "field/T05-words-without-a-name.log",
        "field/T07-failed-without-closed.log",
        "faults/lenient-ids.raw",
    ] {
        let capture = fs::read(format!("{}/tests/data/{file}", env!("CARGO_MANIFEST_DIR"))).expect("a capture");
        // Few enough that some are dropped.
        let mut tracker = StreamTracker::new(5);
        let mut lives = Vec::new();
        for line in stream_events(&capture).lenient(true) {
            lives.extend(tracker.update(&line.event.expect("an event"), line.unix_time()));
        }
        lives.extend(tracker.into_live());
        assert!(lives.iter().any(|life| matches!(life.outcome, Outcome::Closed | Outcome::Failed)), "{file}");
        lives.iter().for_each(check_life);
    }
    for (outcome, name) in [
        (Outcome::Live, "live"),
        (Outcome::Closed, "closed"),
        (Outcome::Failed, "failed"),
        (Outcome::Replaced, "replaced"),
        (Outcome::Dropped, "dropped"),
        (Outcome::AfterClosed, "after closed"),
    ] {
        assert_eq!(serde_json::to_value(outcome).expect("JSON"), json!(name));
        assert_eq!(serde_json::from_value::<Outcome>(json!(name)).expect("an outcome"), outcome);
    }
}

/// A stream's IDs are those of an event, which lenient reading may have found in another line. None is a text with spaces or
/// line ends, and no circuit is 0.
#[test]
fn ids_of_a_stream() {
    let mut tracker = StreamTracker::new(1);
    tracker.update(&lenient_event(b"a-b FAILED x_y a:80 REASON=DONE"), 1);
    let life = tracker.into_live().next().expect("a stream");
    let form = serde_json::to_value(&life).expect("JSON");
    assert_eq!(serde_json::from_value::<StreamLife<i32>>(form.clone()).expect("a stream"), life);
    for id in ["", "a b", "a\"b", "a\nb", "a\rb", "123456789012345678901"] {
        let mut changed = form.clone();
        changed["stream_id"] = json!(id);
        assert!(serde_json::from_value::<StreamLife<i32>>(changed).is_err(), "{id}");
    }
    for path in ["/circuit_id", "/last_circuit", "/circuits/0", "/steps/0/circuit_id", "/failure/circuit_id"] {
        for (id, expected) in [("8", true), ("0", false), ("a b", false)] {
            let mut changed = form.clone();
            *changed.pointer_mut(path).expect("an ID") = json!(id);
            assert_eq!(serde_json::from_value::<StreamLife<i32>>(changed).is_ok(), expected, "{path} {id}");
        }
    }
}

/// Words without a name are text in a stream, its failure and its steps; notes are left out.
#[test]
fn words_of_a_stream() {
    let mut tracker = StreamTracker::with_notes(1);
    for line in ["5 NEW_STATUS 7 a:80 PURPOSE=NEW_PURPOSE", "5 FAILED 7 a:80 REASON=END REMOTE_REASON=NEW_REASON"] {
        tracker.update_with(&StreamEventRef::parse_lenient(line.as_bytes()).expect("an event"), 1, Count(1));
    }
    let life = tracker.into_live().next().expect("a stream");
    let json = serde_json::to_value(&life).expect("JSON");
    assert_eq!((&json["steps"][0]["status"], &json["purpose"]), (&json!("NEW_STATUS"), &json!("NEW_PURPOSE")));
    let failure = json!({"time": 1, "circuit_id": "7", "reason": "END", "remote_reason": "NEW_REASON"});
    assert_eq!((&json["failure"], &json["remote_reason"]), (&failure, &json!("NEW_REASON")));
    assert_eq!((life.note, json.get("note")), (Count(2), None));
    let read: StreamLife<i32, Count> = serde_json::from_value(json).expect("a stream");
    assert_eq!((read.note, read.purpose_str(), read.purpose), (Count(0), Some("NEW_PURPOSE"), life.purpose));
    assert_eq!(read.failure, life.failure);
}

/// A number of events.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Count(u64);

impl tor_stream_event::Note for Count {
    fn append(&mut self, later: Self) {
        self.0 += later.0;
    }
}

/// A target is text, as an event has it; a host may have colons.
#[test]
fn targets() {
    for (text, host, port) in
        [("a.com:80", "a.com", 80), ("[::1]:7", "[::1]", 7), (":0", "", 0), ("a:1 b:65535", "a:1 b", 65535)]
    {
        let target: Target = serde_json::from_value(json!(text)).expect("a target");
        assert_eq!((target.host.as_str(), target.port), (host, port));
        assert_eq!(serde_json::to_value(&target).expect("JSON"), json!(text));
    }
    for text in ["", "a.com", "a.com:", "a.com:65536", "80"] {
        let error = serde_json::from_value::<Target>(json!(text)).expect_err("an error").to_string();
        assert_eq!(error, "expected a host, a colon and a port up to 65535");
    }
}

proptest! {
    #![proptest_config(config(256))]

    /// Any bytes that are an event come back.
    #[test]
    fn any_event_comes_back(
        start in "[0-9]{1,2} (NEW|CLOSED|REMAP|XON_SENT|FUTURE) [0-9]",
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
        }
    }
}

/// Anomalies that come from the line in which an event was found, and not from its text, are kept.
#[test]
fn anomalies_of_the_line() {
    let format = LogFormat::like(b"'", b"'").expect("a format");
    let cut = format!("1:2 650 BW 1 2\n1:2 650 STREAM 3 SENTCONNECT 5 {}:80\r\n", "a".repeat(251));
    let end = format!("1:2 650 BW 1 2\n1:2 650 STREAM 3 SENTCONNECT 5 a:80 SOCKS_USERNAME=\"{}\"\r\n", "a".repeat(232));
    let cases: [(_, &[Anomaly]); 5] = [
        (stream_events(b"650 STREAM 1 NEW 0 a:1"), &[Anomaly::Unterminated]),
        (
            stream_events(b"1:2 650+NS\n1:2 650 STREAM 1 NEW 0 a b:1"),
            &[Anomaly::TargetSpace, Anomaly::Unterminated, Anomaly::InData],
        ),
        (stream_events(b"'650 STREAM 1 NEW 0 a\\b:1'\n").log_format(format), &[Anomaly::Escaped]),
        (stream_events(cut.as_bytes()), &[Anomaly::TargetMayBeCut]),
        (stream_events(end.as_bytes()), &[Anomaly::TargetMayBeCut, Anomaly::FieldAtCut]),
    ];
    for (mut events, expected) in cases {
        let event = events.next().and_then(|line| line.event.ok()).expect("an event");
        assert_eq!(event.anomalies().iter().collect::<Vec<_>>(), expected);
        check(&event);
        // An event without them is another one, and they are in no text.
        let again = event_of_bytes(event.content());
        assert_ne!(again, event);
        assert_eq!(again.to_string(), event.to_string());
    }
}
