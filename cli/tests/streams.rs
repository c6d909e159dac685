//! The command `streams`: one row for each stream.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use std::path::Path;

use common::{both, data, file, parse_rows, rows, stdout};
use serde_json::{Value, json};

/// Events of two streams in a log, the second of which fails.
const LOG: &str = "\
2019-01-31 11:29:51 1548934191.50 650 STREAM 18 NEW 0 www.example.com:443 SOURCE_ADDR=127.0.0.1:47849 PURPOSE=USER
2019-01-31 11:29:51 1548934191.60 650 STREAM 18 SENTCONNECT 7 www.example.com:443
2019-01-31 11:29:53 1548934193.50 650 STREAM 18 SUCCEEDED 7 192.0.2.1:443
2019-01-31 11:29:54 1548934194.00 650 STREAM 19 NEW 0 a\x1bb.onion:80 SOURCE_ADDR=127.0.0.1:47850 PURPOSE=USER
2019-01-31 11:29:55 1548934195.00 650 STREAM 19 FAILED 0 a\x1bb.onion:80 REASON=END REMOTE_REASON=MISC
2019-01-31 11:29:56 1548934196.00 650 STREAM 19 CLOSED 0 a\x1bb.onion:80 REASON=END REMOTE_REASON=MISC
2019-01-31 11:29:59 1548934199.50 650 STREAM 18 CLOSED 7 192.0.2.1:443 REASON=DONE
";

/// Holds those columns of a row that are named against what they have to be.
#[track_caller]
fn has(row: &Value, columns: &Value) {
    for (name, value) in columns.as_object().unwrap() {
        assert_eq!(&row[name], value, "{name} of {row}");
    }
}

/// The rows of a file of the test data, of which nothing is told.
#[track_caller]
fn rows_of(name: &str) -> Vec<Value> {
    rows(&["streams"], &[data(name)])
}

/// Rows by stream and outcome.
fn outcomes(rows: &[Value]) -> Vec<String> {
    let outcome = |row: &Value| format!("{} {}", row["stream_id"].as_str().unwrap(), row["outcome"].as_str().unwrap());
    rows.iter().map(outcome).collect()
}

#[test]
fn one_row_for_each_stream() {
    let log = file("streams", "tor.log", LOG);
    let rows = rows(&["streams"], &[&log]);
    assert_eq!(outcomes(&rows), ["19 failed", "18 closed"], "in the order of their ends");
    // The stream ends with FAILED, a second after NEW.
    has(
        &rows[0],
        &json!({ "seconds": 1.0, "unix_ts_end": 1_548_934_195.0, "last_status": "CLOSED", "circuit_id": null }),
    );
    has(&rows[0], &json!({ "failure_reason_local": "END", "failure_reason_remote": "MISC", "target_kind": "onion" }));
    has(
        &rows[1],
        &json!({
            "stream_id": "18", "circuit_id": "7", "circuits": ["7"], "unix_ts_start": 1_548_934_191.5,
            "unix_ts_end": 1_548_934_199.5, "seconds": 8.0, "seconds_to_answer": 2.0, "seconds_waiting": null,
            "target": "www.example.com:443", "final_target": "192.0.2.1:443", "target_kind": "name", "asked": "connect",
            "source_addr": "127.0.0.1:47849", "purpose": "USER", "reason": "DONE", "remote_reason": null,
            "failure_reason_local": null, "failure_reason_remote": null, "remap_source": null, "attempts": 1, "detached": 0,
            "began": true, "has_username": false, "file": log.to_str().unwrap(),
        }),
    );
}

#[test]
fn csv_has_a_header_always_and_the_same_columns() {
    let log = file("streams", "csv.log", LOG);
    let csv = stdout(0, &["streams", "--format", "csv"], &[&log]);
    let names: Vec<_> = csv.lines().next().unwrap().split(',').collect();
    assert_eq!(names[..5], ["stream_id", "circuit_id", "unix_ts_start", "unix_ts_end", "seconds"]);
    let rows = rows(&["streams"], &[&log]);
    let in_json: Vec<_> = rows[0].as_object().unwrap().keys().collect();
    let mut sorted = names.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, in_json);
    assert_eq!(csv.lines().count(), 3);
    let empty = stdout(0, &["streams", "--format", "csv"], &[file("streams", "empty.log", "")]);
    assert_eq!(empty.trim_end().split(',').collect::<Vec<_>>(), names);
    // Two circuits are one text there.
    let csv = stdout(0, &["streams", "--format", "csv"], &[data("field-2/V16-back-on-first-circuit.log")]);
    assert!(csv.contains(",\"26,27\","), "{csv}");
}

// T02: the log begins with CLOSED of stream 16, and with SENTCONNECT of stream 17, which is closed three seconds later. Neither
// start is known.
#[test]
fn began_before_the_log() {
    let rows = rows_of("field/T02-began-before-the-log.log");
    assert_eq!(outcomes(&rows), ["16 closed", "17 closed"]);
    for row in &rows {
        has(row, &json!({ "began": false, "unix_ts_start": null, "seconds": null }));
    }
    has(
        &rows[0],
        &json!({ "unix_ts_end": 1_795_600_800.0, "target_kind": "exit", "reason": "END", "remote_reason": "DONE" }),
    );
    has(&rows[1], &json!({ "unix_ts_end": 1_795_600_804.0, "asked": "connect" }));
}

// Neither file is out of order by itself, and no stream is in both.
#[test]
fn parts_of_a_log_in_the_wrong_order_are_told() {
    let part = |name, id, start| {
        let lines = ["NEW 0 a.test:80", "SENTCONNECT 4 a.test:80", "CLOSED 4 a.test:80 REASON=DONE"];
        let lines = lines.iter().zip(start..).map(|(event, time)| format!("{time}.00 650 STREAM {id} {event}\n"));
        file("streams", name, lines.collect::<String>())
    };
    let files = [part("tor.log", 19, 1_795_600_900), part("tor.log.1", 18, 1_795_600_800)];
    let oldest_first = [&files[1], &files[0]];
    for command in ["streams", "summary", "circuits"] {
        for jobs in ["1", "2"] {
            let (_, told) = both(1, &[command, "--join", "--jobs", jobs], &files);
            assert!(told.contains("times go backwards from one file to the next: --join takes the oldest"), "{told}");
            assert_eq!(both(0, &[command, "--join", "--jobs", jobs], &oldest_first).1, "");
            assert_eq!(both(0, &[command, "--jobs", jobs], &files).1, "");
        }
    }
}

// T03a has NEW at 0 s, T03b REMAP at 1 s, SUCCEEDED at 1.1 s and CLOSED at 9 s.
#[test]
fn files_are_logs_of_their_own_or_parts_of_one() {
    let files = [data("field/T03a-rotated-day1.log"), data("field/T03b-rotated-day2.log")];
    let apart = rows(&["streams"], &files);
    assert_eq!(outcomes(&apart), ["18 live", "18 closed"]);
    has(&apart[0], &json!({ "unix_ts_start": 1_795_600_800.0, "unix_ts_end": null, "seconds": null, "began": true }));
    has(
        &apart[1],
        &json!({ "unix_ts_start": null, "seconds": null, "began": false, "file": files[1].to_str().unwrap() }),
    );
    let joined = rows(&["streams", "--join"], &files);
    assert_eq!(outcomes(&joined), ["18 closed"]);
    has(&joined[0], &json!({ "seconds": 9.0, "target": "www.example.com:443", "file": files[0].to_str().unwrap() }));
    let summary = |options: &[&str]| -> Value {
        serde_json::from_str(&stdout(0, &[&["summary", "--json"], options].concat(), &files)).unwrap()
    };
    assert_eq!((&summary(&[])["streams"], &summary(&["--join"])["streams"]), (&json!(2), &json!(1)));
    // In another order it is not that log: its times go backwards once, and the stream begins after its end.
    let (reversed, told) = both(1, &["streams", "--join"], &[&files[1], &files[0]]);
    assert_eq!(outcomes(&parse_rows(&reversed)), ["18 closed", "18 live"]);
    assert!(told.contains("times go backwards from one file to the next"), "{told}");
}

#[test]
fn words_without_a_name_keep_their_text() {
    let rows = rows_of("field/T05-words-without-a-name.log");
    let expected = json!({ "purpose": "NEW_PURPOSE", "client_protocol": "NEW_PROTOCOL", "reason": "UNKNOWN_264" });
    has(&rows[0], &expected);
    has(&rows[0], &json!({ "failure_reason_local": "UNKNOWN_264", "nym_epoch": 0, "session_group": -4 }));
    has(&rows[1], &json!({ "failure_reason_local": "END", "failure_reason_remote": "NEW_REASON" }));
}

// T06: a look-up that was closed with TIMEOUT after 3.29 s, without FAILED. Stream 15 was answered, then reset: that is no failure.
#[test]
fn a_look_up_fails_without_failed() {
    let rows = rows_of("field/T06-resolve-that-timed-out.log");
    has(
        &rows[0],
        &json!({ "asked": "resolve", "failure_reason_local": "TIMEOUT", "reason": "TIMEOUT", "seconds": 3.29 }),
    );
    has(&rows[1], &json!({ "failure_reason_local": null, "reason": "CONNRESET", "outcome": "closed" }));
}

// T07: NEW, and FAILED two seconds later, which ends the stream.
#[test]
fn failed_without_closed() {
    let rows = rows_of("field/T07-failed-without-closed.log");
    has(
        &rows[0],
        &json!({ "outcome": "failed", "unix_ts_end": 1_795_600_802.0, "seconds": 2.0, "last_status": "FAILED" }),
    );
}

// T08 has Unix time and nothing else: NEW at 800 s, CLOSED at 809 s.
#[test]
fn plain_unix_time() {
    let rows = rows_of("field/T08-plain-unix-time.log");
    has(&rows[0], &json!({ "unix_ts_start": 1_795_600_800.0, "seconds": 9.0 }));
}

// Conflux: XOFF_RECV and XON_RECV, or only CLOSED, name another circuit, without a DETACHED.
#[test]
fn moved_by_conflux() {
    for (name, circuits) in [("V01-conflux-legs.log", 2), ("V03-conflux-moved.log", 2)] {
        let rows = rows_of(&format!("field-2/{name}"));
        has(&rows[0], &json!({ "circuit_id": "27", "detached": 0, "attempts": 1 }));
        assert_eq!(rows[0]["circuits"].as_array().unwrap().len(), circuits, "{name}");
    }
}

// V02: stream 18 waits from 0.01 s to 3 s and from 4.01 s to 9 s, is sent twice, detached once, and answered after 10 s. Stream 19
// waits from 0.01 s to 120 s, and fails on no circuit.
#[test]
fn streams_that_wait_for_a_controller() {
    let rows = rows_of("field-2/V02-controller-wait.log");
    let expected =
        json!({ "seconds_waiting": 7.98, "attempts": 2, "detached": 1, "seconds_to_answer": 10.0, "seconds": 20.0 });
    has(&rows[0], &expected);
    has(
        &rows[1],
        &json!({ "seconds_waiting": 119.99, "attempts": 0, "circuits": [], "failure_reason_local": "TIMEOUT" }),
    );
}

// V04: the newest line first, so that CLOSED is the first event of the stream, and all others come after it.
#[test]
fn newest_line_first() {
    let log = data("field-2/V04-reversed.log");
    for command in ["streams", "summary"] {
        let (_, messages) = both(1, &[command], &[&log]);
        let expected =
            format!("tor-streams: {}: times go backwards: is the newest line the first one?\n", log.display());
        assert_eq!(messages, expected, "{command}");
    }
}

// V05: NEW at 10:50:00, SENTCONNECT at 10:50:01, CLOSED at 10:00:01. Both are one stream of one tor.
#[test]
fn a_clock_that_was_set_back() {
    let log = data("field-2/V05-clock-back.log");
    let (text, messages) = both(0, &["streams"], &[&log]);
    assert!(messages.ends_with("times go backwards: stream 18 ends before the beginning\n"), "{messages}");
    let expected = json!({ "seconds": null, "unix_ts_start": 1_795_603_800.0, "unix_ts_end": 1_795_600_801.0 });
    has(&parse_rows(&text)[0], &expected);
}

// V07: two tors in one log, each with a stream 18. The second NEW comes while the first stream is open.
#[test]
fn two_tors_in_one_log() {
    let log = data("field-2/V07-two-tors.log");
    for command in ["streams", "summary"] {
        let (_, messages) = both(1, &[command], &[&log]);
        assert!(messages.contains(": stream 18 begins again while open: tor was restarted, or "), "{messages}");
    }
    let text = both(1, &["streams"], &[&log]).0;
    assert_eq!(outcomes(&parse_rows(&text))[0], "18 replaced");
}

// V08: stream 900 is open when tor is started again, and comes again 50 minutes later, as another stream of one second.
#[test]
fn tor_was_restarted() {
    let (text, messages) = both(1, &["streams"], &[data("field-2/V08-restart.log")]);
    assert!(messages.contains("stream 900 begins again"), "{messages}");
    let rows = parse_rows(&text);
    assert_eq!(outcomes(&rows), ["3 closed", "900 replaced", "900 closed", "5 live"]);
    has(&rows[1], &json!({ "unix_ts_end": null, "seconds": null, "seconds_to_answer": 0.2 }));
    has(&rows[2], &json!({ "seconds": 1.0, "target": "www.example.com:80" }));
}

#[test]
fn the_same_events_twice() {
    let log = file("twice", "tor.log", LOG);
    let copy = file("twice", "copy", LOG);
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, LOG.as_bytes()).unwrap();
    let packed = file("twice", "tor.log.1.gz", packed.finish().unwrap());
    let other = file("twice", "other.log", LOG.replace("a\x1bb", "a b"));
    let named = |path: &Path| path.to_str().unwrap().to_owned();
    for (again, how) in [
        (log.clone(), "is the same file as"),
        (log.parent().unwrap().join("../twice/tor.log"), "is the same file as"),
        (copy, "has the length and the beginning of"),
        (packed, "has the length and the beginning of"),
    ] {
        for command in ["streams", "summary"] {
            let (_, messages) = both(1, &[command], &[&other, &log, &again]);
            let (again, log) = (named(&again), named(&log));
            assert_eq!(messages, format!("tor-streams: {again}: {how} {log}, so its streams are read twice\n"));
        }
    }
    // A file of the same length with another beginning, and two empty files.
    assert_eq!(rows(&["streams"], &[&log, &other]).len(), 4);
    assert_eq!(rows(&["streams"], &[file("twice", "empty", ""), file("twice", "empty-too", "")]).len(), 0);
}

// V09: a look-up of a name, a connection to an address, one to an IPv6 address, one to a name.
#[test]
fn what_was_asked_for() {
    let rows = rows_of("field-2/V09-resolve.log");
    let kinds: Vec<_> =
        rows.iter().map(|row| (row["asked"].as_str().unwrap(), row["target_kind"].as_str().unwrap())).collect();
    assert_eq!(kinds, [("resolve", "name"), ("connect", "address"), ("connect", "address"), ("connect", "name")]);
    has(
        &rows[0],
        &json!({ "final_target": "192.0.2.7:0", "attempts": 1, "seconds_to_answer": 0.9, "outcome": "closed" }),
    );
}

// V10: DETACHED 26 and CONTROLLER_WAIT 26: tor prints the circuit that was left. The stream is on none.
#[test]
fn a_detached_stream_is_on_no_circuit() {
    let rows = rows_of("field-2/V10-detached-waiting.log");
    has(
        &rows[0],
        &json!({ "circuit_id": null, "circuits": ["26"], "detached": 1, "outcome": "live", "seconds_waiting": null }),
    );
}

// V11: a controller's REDIRECTSTREAM shows only in the target of the next event.
#[test]
fn a_redirected_stream() {
    let rows = rows_of("field-2/V11-redirected.log");
    let expected = json!({ "target": "www.example.com:443", "final_target": "192.0.2.7:443", "remap_source": null });
    has(&rows[0], &expected);
}

// V13: DETACHED with END/EXITPOLICY, two minutes later FAILED with TIMEOUT alone.
#[test]
fn reasons_are_those_of_one_event() {
    let expected = json!({ "failure_reason_local": "TIMEOUT", "failure_reason_remote": null, "reason": "TIMEOUT", "remote_reason": null });
    has(&rows_of("field-2/V13-remote-reason-of-detached.log")[0], &expected);
    let rows = rows_of("onionperf.log");
    // Stream 217 and 323 were detached with END, and then failed without a remote reason.
    for id in ["217", "323"] {
        let row = rows.iter().find(|row| row["stream_id"] == id).unwrap();
        assert_eq!(row["failure_reason_remote"], Value::Null, "{row}");
        assert_ne!(row["failure_reason_local"], Value::Null, "{row}");
    }
}

// V16: circuits 26, 27 and 26 again.
#[test]
fn back_on_the_first_circuit() {
    let rows = rows_of("field-2/V16-back-on-first-circuit.log");
    has(&rows[0], &json!({ "circuit_id": "26", "circuits": ["26", "27"], "attempts": 3, "detached": 2 }));
}

// Streams 1-a and 1-b end with DONE and TIMEOUT; -x and _y are open. No such ID is tor's.
#[test]
fn ids_that_no_tor_prints_stay_apart() {
    let rows = rows(&["streams", "--lenient"], &[data("faults/lenient-ids.raw")]);
    let targets: Vec<_> = rows.iter().map(|row| row["target"].as_str().unwrap()).collect();
    assert_eq!(targets, ["a:1", "b:1", "c:1", "d:1"]);
    assert_eq!((&rows[0]["reason"], &rows[1]["reason"]), (&json!("DONE"), &json!("TIMEOUT")));
}

#[test]
fn a_host_that_is_no_text_is_printed_as_events_have_it() {
    let rows = rows_of("faults/filter-evade.raw");
    has(&rows[0], &json!({ "target": "\u{fffd}x.evil.com:80", "final_target": "\u{fffd}x.evil.com:80" }));
}

// S06 and G02: replies to GETINFO stream-status in captures, of two streams, of one, and of none. G01: a log that asks twice, and
// finds the same two streams. The replies are no events, and the streams' starts are not known.
#[test]
fn streams_that_were_open_when_a_controller_asked() {
    for (name, expected) in [
        (
            "field/S06-getinfo-stream-status.raw",
            &[("31", "www.example.com:443", None), ("32", "www.example.org:80", Some("7"))][..],
        ),
        ("field-2/G02-stream-status-one.raw", &[("10", "192.0.2.7:443", None)]),
        (
            "field-2/G01-stream-status-poll.log",
            &[("18", "www.example.com:443", Some("26")), ("19", "www.example.org:80", Some("27"))],
        ),
    ] {
        let rows = rows_of(name);
        let found: Vec<_> = rows
            .iter()
            .map(|row| {
                (row["stream_id"].as_str().unwrap(), row["target"].as_str().unwrap(), row["circuit_id"].as_str())
            })
            .collect();
        assert_eq!(found, expected, "{name}");
        rows.iter().for_each(|row| has(row, &json!({ "began": false, "outcome": "live", "unix_ts_start": null })));
        assert_eq!(stdout(0, &["events"], &[data(name)]), "", "{name}");
    }
}

// Stream 18 begins before the reply and is known from its events; stream 19 is known from the reply, and closed after it; stream
// 20 was closed while tor made the reply. A name with a LF on the wire is no reply.
#[test]
fn events_around_a_reply_of_open_streams() {
    let capture = "650 STREAM 18 NEW 0 a:1 PURPOSE=USER\r\n\
                   650 STREAM 20 CLOSED 5 c:1 REASON=DONE\r\n\
                   250+stream-status=\r\n\
                   18 NEW 0 a:1\r\n\
                   19 SUCCEEDED 7 b:2\r\n\
                   20 SUCCEEDED 5 c:1\r\n\
                   .\r\n\
                   250 OK\r\n\
                   650 STREAM 21 NEW 0 x\n250-stream-status=66 NEW 0 d:1\r\n\
                   650 STREAM 19 CLOSED 7 b:2 REASON=DONE\r\n";
    let log = file("streams", "open.raw", capture);
    for jobs in ["1", "2"] {
        // That the name has a LF, as the lines of a log end, is told.
        let rows = parse_rows(&stdout(1, &["streams", "--jobs", jobs], &[&log]));
        assert_eq!(outcomes(&rows), ["20 closed", "19 closed", "18 live", "21 live"]);
        has(&rows[1], &json!({ "target": "b:2", "circuit_id": "7", "reason": "DONE", "began": false }));
        has(&rows[2], &json!({ "purpose": "USER", "began": true }));
    }
    let rows = parse_rows(&stdout(1, &["streams", "--target", "b"], &[&log]));
    assert_eq!(outcomes(&rows), ["19 closed"]);
}

/// Seconds as numbers of microseconds.
fn microseconds(seconds: &Value) -> i64 {
    (seconds.as_f64().unwrap() * 1e6).round() as i64
}

/// Holds the streams of a log against those that OnionPerf's own parser made of it.
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

// For OnionPerf a stream that begins again while it is open is one with two beginnings, and the last one with a number counts.
#[test]
fn onionperf_has_one_stream_for_each_number() {
    let (text, messages) = both(1, &["streams", "--format", "onionperf"], &[data("field-2/V08-restart.log")]);
    let streams: Value = serde_json::from_str(&text).unwrap();
    let statuses: Vec<_> = streams["900"]["elapsed_seconds"].as_array().unwrap().iter().map(|pair| &pair[0]).collect();
    assert_eq!(statuses, ["USER:NEW", "USER:SUCCEEDED", "USER:NEW", "USER:CLOSED"]);
    assert!(messages.contains("stream 900 begins again"), "{messages}");
    let twice = [LOG, LOG].concat();
    let (_, messages) = both(1, &["streams", "--format", "onionperf"], &[file("streams", "twice.log", twice)]);
    assert!(messages.starts_with("tor-streams: 2 streams have the ID of a later one"), "{messages}");
}
