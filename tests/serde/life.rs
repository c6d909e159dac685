//! Lives of streams as data.

use std::collections::HashSet;

use super::*;

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

/// Asserts that the stream of a single event comes back as it was.
#[track_caller]
pub(super) fn check_life_of(event: &StreamEventRef<'_>) {
    let mut tracker = StreamTracker::new(1);
    let ended = tracker.update(event, Some(Duration::from_secs(1)));
    let life = ended.or_else(|| tracker.into_live().next()).expect("a stream");
    check_life(&life);
}

/// A stream has names like those of the tool, and no credential.
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

/// Every stream of some captures and logs comes back, and every outcome by the name that the tool prints.
#[test]
fn streams_come_back() {
    let mut outcomes = HashSet::new();
    for file in [
        "stream-events.raw",
        "hostile-targets.raw",
        "onionperf.log",
        "field/T05-words-without-a-variant.log",
        "field/T07-failed-without-closed.log",
        "field-2/V07-two-tors.log",
        "faults/lenient-ids.raw",
    ] {
        let capture = fs::read(format!("{}/tests/data/{file}", env!("CARGO_MANIFEST_DIR"))).expect("a capture");
        // A limit so low that some streams of a capture are dropped.
        let mut tracker = StreamTracker::new(5);
        let mut lives = Vec::new();
        for line in stream_events(&capture).lenient(true) {
            lives.extend(tracker.update(&line.event.expect("an event"), line.unix_time()));
        }
        lives.extend(tracker.into_live());
        outcomes.extend(lives.iter().map(|life| life.outcome));
        lives.iter().for_each(check_life);
    }
    let names = [
        (Outcome::Live, "live"),
        (Outcome::Closed, "closed"),
        (Outcome::Failed, "failed"),
        (Outcome::Replaced, "replaced"),
        (Outcome::Dropped, "dropped"),
        (Outcome::AfterClosed, "after closed"),
    ];
    for (outcome, name) in names {
        assert!(outcomes.contains(&outcome), "no stream is {name}");
        assert_eq!(serde_json::to_value(outcome).expect("JSON"), json!(name));
        assert_eq!(serde_json::from_value::<Outcome>(json!(name)).expect("an outcome"), outcome);
    }
}

/// The stream of each case comes back, and so do streams of events that only lenient reading accepts.
#[test]
fn streams_of_cases_come_back() {
    let lenient: [&[u8]; 5] = [
        // Malformed IDs: with a CR or LF, with a quotation mark, not UTF-8, and too long.
        b"a\rb FAILED c\nd a:80",
        b"a\"b FAILED \xff a:80",
        b"a-b FAILED 12345678901234567890123 a:80",
        // An unknown status, and unknown words that are spelled like the text of `Unrecognized`.
        b"5 FUTURE 0 a:1",
        b"5 UNRECOGNIZED 7 a:1 REASON=UNRECOGNIZED PURPOSE=UNRECOGNIZED",
    ];
    for content in cases::all().map(|case| case.content).chain(lenient) {
        check_life_of(&lenient_event(content));
    }
}

/// Text that is no ID of a stream is refused, and so is circuit 0. A stream's ID has no space or quotation mark, and at most 20 bytes: any
/// other that lenient reading accepts is abridged.
#[test]
fn ids_of_a_stream() {
    let mut tracker = StreamTracker::new(1);
    tracker.update(&event("5 FAILED 7 a:80 REASON=DONE"), 1);
    let form = serde_json::to_value(tracker.into_live().next().expect("a stream")).expect("JSON");
    // The last one has 21 digits.
    for id in ["", "a b", "a\"b", "123456789012345678901"] {
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

/// Words without a variant keep their text in a stream, its failure and its steps. The note is left out of the data.
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

/// A note that counts events.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Count(u64);

impl tor_stream_event::Note for Count {
    fn append(&mut self, later: Self) {
        self.0 += later.0;
    }
}
