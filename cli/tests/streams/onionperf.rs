//! The object of OnionPerf's analysis, beside the one that OnionPerf makes.

use std::path::Path;

use serde_json::{Value, json};

use crate::common::{both, data, file, stdout};
use crate::rows::TWO_STREAMS;

/// Seconds as numbers of microseconds.
fn microseconds(seconds: &Value) -> i64 {
    (seconds.as_f64().unwrap() * 1e6).round() as i64
}

/// Asserts that the streams of a log are those that OnionPerf's own parser made of it: `expected` streams, without those that have no
/// beginning or no end in the log.
#[track_caller]
fn same_as_onionperf(log: &Path, truth: &str, expected: usize) {
    let ours: Value = serde_json::from_str(&stdout(0, &["streams", "--format", "onionperf"], &[log])).unwrap();
    let truth: Value = serde_json::from_str(truth).unwrap();
    let (ours, truth) = (ours.as_object().unwrap(), truth.as_object().unwrap());
    assert_eq!(truth.len(), expected);
    assert_eq!(ours.keys().collect::<Vec<_>>(), truth.keys().collect::<Vec<_>>());
    for (id, truth) in truth {
        let (mut ours, mut truth) = (ours[id].clone(), truth.clone());
        // The one difference: OnionPerf loses a reason that tor has no name for.
        let is_lost = truth.get("failure_reason_local").is_none()
            && ours["failure_reason_local"].as_str().is_some_and(|reason| reason.starts_with("UNKNOWN_"));
        if is_lost {
            ours.as_object_mut().unwrap().remove("failure_reason_local");
        }
        for stream in [&mut ours, &mut truth] {
            for name in ["unix_ts_start", "unix_ts_end"] {
                stream[name] = microseconds(&stream[name]).into();
            }
            for pair in stream["elapsed_seconds"].as_array_mut().unwrap() {
                pair[1] = microseconds(&pair[1]).into();
            }
        }
        assert_eq!(ours, truth, "stream {id}");
    }
}

#[test]
fn onionperf_finds_the_same_in_a_log() {
    let truth = std::fs::read_to_string(data("field/onionperf.streams.json")).unwrap();
    same_as_onionperf(&data("onionperf.log"), &truth, 19);
}

#[test]
fn onionperf_finds_the_same_in_a_whole_log() {
    let mut truth = String::new();
    let packed = std::fs::File::open(data("onionperf-whole.streams.json.xz")).unwrap();
    let mut reader = liblzma::read::XzDecoder::new_multi_decoder(packed);
    std::io::Read::read_to_string(&mut reader, &mut truth).unwrap();
    same_as_onionperf(&data("onionperf-whole.log.xz"), &truth, 1021);
}

// The elapsed seconds count from NEW; the target is the last one, the source the client's address.
#[test]
fn onionperf_names() {
    let text = stdout(0, &["streams", "--format", "onionperf"], &[data("field/T01-onionperf-names.log")]);
    let expected = json!({ "18": {
        "circuit_id": "26",
        "elapsed_seconds": [
            ["USER:NEW", 0.0], ["USER:SENTCONNECT", 0.1], ["USER:REMAP", 1.0], ["USER:SUCCEEDED", 1.1], ["USER:CLOSED", 9.0],
        ],
        "source": "127.0.0.1:47849",
        "stream_id": 18,
        "target": "192.0.2.7:443",
        "unix_ts_end": 1_795_600_809.0,
        "unix_ts_start": 1_795_600_800.0,
    }});
    assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), expected);
    assert_eq!(stdout(0, &["streams", "--format", "onionperf"], &[file("streams", "none.log", "")]), "{}\n");
    // A stream that failed ends there, and one that began before the log is left out.
    let failed = stdout(0, &["streams", "--format", "onionperf"], &[data("field/T07-failed-without-closed.log")]);
    assert_eq!(serde_json::from_str::<Value>(&failed).unwrap()["3"]["failure_reason_local"], "TIMEOUT");
    assert_eq!(stdout(0, &["streams", "--format", "onionperf"], &[data("field/T02-began-before-the-log.log")]), "{}\n");
}

// For OnionPerf, a stream that begins again while it is open is one stream with two beginnings. Of several streams with one ID, the last
// one is in the object.
#[test]
fn onionperf_has_one_stream_for_each_number() {
    let (text, messages) = both(1, &["streams", "--format", "onionperf"], &[data("field-2/V08-restart.log")]);
    let streams: Value = serde_json::from_str(&text).unwrap();
    let statuses: Vec<_> = streams["900"]["elapsed_seconds"].as_array().unwrap().iter().map(|pair| &pair[0]).collect();
    assert_eq!(statuses, ["USER:NEW", "USER:SUCCEEDED", "USER:NEW", "USER:CLOSED"]);
    assert!(messages.contains("stream 900 begins again"), "{messages}");
    let twice = [TWO_STREAMS, TWO_STREAMS].concat();
    let (_, messages) = both(1, &["streams", "--format", "onionperf"], &[file("streams", "twice.log", twice)]);
    assert!(messages.starts_with("tor-streams: 2 streams have the ID of a later one"), "{messages}");
    // Stream 18 closes, and begins and closes once more.
    let lines = TWO_STREAMS.lines().filter(|line| line.contains("STREAM 18 "));
    let once: String = lines.flat_map(|line| [line, "\n"]).collect();
    let (_, messages) = both(1, &["streams", "--format", "onionperf"], &[file("streams", "again.log", once.repeat(2))]);
    assert!(messages.starts_with("tor-streams: 1 stream has the ID of a later one, which is printed"), "{messages}");
}

/// With `--max-live 1`, the NEW of stream 2 sends away stream 1, whose events are kept until its CLOSED. The NEW of stream 3
/// sends away stream 2, for whose events there is no room while those of stream 1 are kept: its CLOSED is that of a stream
/// without a beginning.
#[test]
fn streams_without_room() {
    let event = |second: u32, event: &str| format!("{second}.5 650 STREAM {event}\n");
    let news: String = (1..=3).map(|id| event(1_795_600_000 + id, &format!("{id} NEW 0 a.test:443"))).collect();
    let ends: String = [3, 1, 2].map(|id| event(1_795_600_010, &format!("{id} CLOSED 9 a.test:443"))).concat();
    let log = file("onionperf", "without-room.log", format!("{news}{ends}"));
    let printed = |status: i32, max_live: &str, log: &Path| {
        let (printed, messages) = both(status, &["streams", "--format", "onionperf", "--max-live", max_live], &[log]);
        let streams: Value = serde_json::from_str(&printed).unwrap();
        (streams.as_object().unwrap().keys().cloned().collect::<Vec<_>>(), messages)
    };
    let (streams, messages) = printed(1, "1", &log);
    assert_eq!(streams, ["1", "3"]);
    assert_eq!(
        messages,
        "tor-streams: 1 stream let go for want of room, and missing, or without their first events, if more events \
         followed; --max-live makes room\n"
    );
    assert_eq!(printed(0, "2", &log), (["1", "2", "3"].map(Into::into).into(), String::new()));
    // Streams that are open at the end of the log need no room: stream 1 is kept, and stream 2 is open.
    let open: String = news.lines().take(2).flat_map(|line| [line, "\n"]).collect();
    assert_eq!(printed(0, "1", &file("onionperf", "open.log", open)), (vec![], String::new()));
}

/// Flow control may give a stream any number of events. Of this stream's 1501, the first 999 are kept, and the last one, which ends it.
#[test]
fn a_stream_with_very_many_events() {
    let event = |time: u32, event: &str| format!("{time}.5 650 STREAM 7 {event} 9 a.test:443\n");
    let start = 1_795_600_000;
    let flow: String = (1..1500).map(|number| event(start + number, "XOFF_SENT")).collect();
    let log = [&event(start, "NEW"), &flow, &event(start + 1500, "CLOSED")].map(String::as_str).concat();
    let log = file("onionperf", "many-events.log", log);
    let (printed, messages) = both(1, &["streams", "--format", "onionperf"], &[&log]);
    assert_eq!(
        messages,
        "tor-streams: of streams with more than 1000 events, or 512 KiB of text, 501 events are left out\n"
    );
    let stream = &serde_json::from_str::<Value>(&printed).unwrap()["7"];
    let elapsed = stream["elapsed_seconds"].as_array().unwrap();
    assert_eq!((elapsed.len(), &elapsed[999]), (1000, &json!(["None:CLOSED", 1500.0])));
    assert_eq!(stream["unix_ts_end"], 1_795_601_500.5);
}

/// Each event has a target of 200 KiB. With the third event of the stream, its 512 KiB are full: the first two events are kept, and
/// the last one.
#[test]
fn a_stream_with_very_long_events() {
    let target = format!("{}:443", "x".repeat(200 * 1024));
    let statuses = ["NEW 0", "SENTCONNECT 9", "REMAP 9", "DETACHED 9", "SENTCONNECT 9", "CLOSED 9"];
    let lines = statuses.map(|status| format!("1795600000.5 650 STREAM 7 {status} {target}\n"));
    let log = file("onionperf", "long-events.log", lines.concat());
    let (printed, messages) = both(1, &["streams", "--format", "onionperf"], &[&log]);
    assert_eq!(
        messages,
        "tor-streams: of streams with more than 1000 events, or 512 KiB of text, 3 events are left out\n"
    );
    let stream = &serde_json::from_str::<Value>(&printed).unwrap()["7"];
    let elapsed = ["NEW", "SENTCONNECT", "CLOSED"].map(|status| json!([format!("None:{status}"), 0.0]));
    assert_eq!((&stream["elapsed_seconds"], &stream["target"]), (&json!(elapsed), &json!(target)));
}
