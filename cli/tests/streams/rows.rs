//! The rows of `streams`: a stream's columns.

use serde_json::{Value, json};

use crate::common::{both, data, file, parse_rows, rows, stdout};
use crate::{assert_has, outcomes, rows_of};

/// Events of two streams in a log, the second of which fails.
pub(crate) const TWO_STREAMS: &str = "\
2019-01-31 11:29:51 1548934191.50 650 STREAM 18 NEW 0 www.example.com:443 SOURCE_ADDR=127.0.0.1:47849 PURPOSE=USER
2019-01-31 11:29:51 1548934191.60 650 STREAM 18 SENTCONNECT 7 www.example.com:443
2019-01-31 11:29:53 1548934193.50 650 STREAM 18 SUCCEEDED 7 192.0.2.1:443
2019-01-31 11:29:54 1548934194.00 650 STREAM 19 NEW 0 a\x1bb.onion:80 SOURCE_ADDR=127.0.0.1:47850 PURPOSE=USER
2019-01-31 11:29:55 1548934195.00 650 STREAM 19 FAILED 0 a\x1bb.onion:80 REASON=END REMOTE_REASON=MISC
2019-01-31 11:29:56 1548934196.00 650 STREAM 19 CLOSED 0 a\x1bb.onion:80 REASON=END REMOTE_REASON=MISC
2019-01-31 11:29:59 1548934199.50 650 STREAM 18 CLOSED 7 192.0.2.1:443 REASON=DONE
";

#[test]
fn one_row_for_each_stream() {
    let log = file("streams", "tor.log", TWO_STREAMS);
    let rows = rows(&["streams"], &[&log]);
    assert_eq!(outcomes(&rows), ["19 failed", "18 closed"], "in the order of their ends");
    // The stream ends with FAILED, a second after NEW.
    assert_has(
        &rows[0],
        &json!({ "seconds": 1.0, "unix_ts_end": 1_548_934_195.0, "last_status": "CLOSED", "circuit_id": null }),
    );
    assert_has(
        &rows[0],
        &json!({ "failure_reason_local": "END", "failure_reason_remote": "MISC", "target_kind": "onion" }),
    );
    assert_has(
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
    let log = file("streams", "csv.log", TWO_STREAMS);
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

#[test]
fn words_without_a_variant_keep_their_text() {
    let rows = rows_of("field/T05-words-without-a-variant.log");
    let expected = json!({ "purpose": "NEW_PURPOSE", "client_protocol": "NEW_PROTOCOL", "reason": "UNKNOWN_264" });
    assert_has(&rows[0], &expected);
    assert_has(&rows[0], &json!({ "failure_reason_local": "UNKNOWN_264", "nym_epoch": 0, "session_group": -4 }));
    assert_has(&rows[1], &json!({ "failure_reason_local": "END", "failure_reason_remote": "NEW_REASON" }));
}

// T06: a look-up that was closed with TIMEOUT after 3.29 s, without FAILED. Stream 15 was answered, then reset: that is no failure.
#[test]
fn a_look_up_fails_without_failed() {
    let rows = rows_of("field/T06-resolve-that-timed-out.log");
    assert_has(
        &rows[0],
        &json!({ "asked": "resolve", "failure_reason_local": "TIMEOUT", "reason": "TIMEOUT", "seconds": 3.29 }),
    );
    assert_has(&rows[1], &json!({ "failure_reason_local": null, "reason": "CONNRESET", "outcome": "closed" }));
}

// T07: NEW, and FAILED two seconds later, which ends the stream.
#[test]
fn failed_without_closed() {
    let rows = rows_of("field/T07-failed-without-closed.log");
    assert_has(
        &rows[0],
        &json!({ "outcome": "failed", "unix_ts_end": 1_795_600_802.0, "seconds": 2.0, "last_status": "FAILED" }),
    );
}

// T08 has Unix time and nothing else: NEW at 800 s, CLOSED at 809 s.
#[test]
fn plain_unix_time() {
    let rows = rows_of("field/T08-plain-unix-time.log");
    assert_has(&rows[0], &json!({ "unix_ts_start": 1_795_600_800.0, "seconds": 9.0 }));
}

// Conflux: XOFF_RECV and XON_RECV, or only CLOSED, name another circuit, without a DETACHED.
#[test]
fn moved_by_conflux() {
    for name in ["V01-conflux-legs.log", "V03-conflux-moved.log"] {
        let rows = rows_of(&format!("field-2/{name}"));
        assert_has(&rows[0], &json!({ "circuit_id": "27", "detached": 0, "attempts": 1 }));
        assert_eq!(rows[0]["circuits"].as_array().unwrap().len(), 2, "{name}");
    }
}

// V02: stream 18 waits from 0.01 s to 3 s and from 4.01 s to 9 s, is sent twice, detached once, and answered after 10 s. Stream 19
// waits from 0.01 s to 120 s, and fails on no circuit.
#[test]
fn streams_that_wait_for_a_controller() {
    let rows = rows_of("field-2/V02-controller-wait.log");
    let expected =
        json!({ "seconds_waiting": 7.98, "attempts": 2, "detached": 1, "seconds_to_answer": 10.0, "seconds": 20.0 });
    assert_has(&rows[0], &expected);
    assert_has(
        &rows[1],
        &json!({ "seconds_waiting": 119.99, "attempts": 0, "circuits": [], "failure_reason_local": "TIMEOUT" }),
    );
}

// V09: a look-up of a name, a connection to an address, one to an IPv6 address, one to a name.
#[test]
fn what_was_asked_for() {
    let rows = rows_of("field-2/V09-resolve.log");
    let kinds: Vec<_> =
        rows.iter().map(|row| (row["asked"].as_str().unwrap(), row["target_kind"].as_str().unwrap())).collect();
    assert_eq!(kinds, [("resolve", "name"), ("connect", "address"), ("connect", "address"), ("connect", "name")]);
    assert_has(
        &rows[0],
        &json!({ "final_target": "192.0.2.7:0", "attempts": 1, "seconds_to_answer": 0.9, "outcome": "closed" }),
    );
}

// V10: DETACHED 26 and CONTROLLER_WAIT 26: tor prints the circuit that was left. The stream is on none, and is still waiting at the end
// of the log, so its time of waiting is not known.
#[test]
fn a_detached_stream_is_on_no_circuit() {
    let rows = rows_of("field-2/V10-detached-waiting.log");
    assert_has(
        &rows[0],
        &json!({ "circuit_id": null, "circuits": ["26"], "detached": 1, "outcome": "live", "seconds_waiting": null }),
    );
}

// V11: a controller's REDIRECTSTREAM shows only in the target of the next event.
#[test]
fn a_redirected_stream() {
    let rows = rows_of("field-2/V11-redirected.log");
    let expected = json!({ "target": "www.example.com:443", "final_target": "192.0.2.7:443", "remap_source": null });
    assert_has(&rows[0], &expected);
}

// V13: DETACHED with END/EXITPOLICY, two minutes later FAILED with TIMEOUT alone.
#[test]
fn reasons_are_those_of_one_event() {
    let expected = json!({ "failure_reason_local": "TIMEOUT", "failure_reason_remote": null, "reason": "TIMEOUT", "remote_reason": null });
    assert_has(&rows_of("field-2/V13-remote-reason-of-detached.log")[0], &expected);
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
    assert_has(&rows[0], &json!({ "circuit_id": "26", "circuits": ["26", "27"], "attempts": 3, "detached": 2 }));
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
    let streams = rows_of("faults/filter-evade.raw");
    assert_has(&streams[0], &json!({ "target": "\u{fffd}x.evil.com:80", "final_target": "\u{fffd}x.evil.com:80" }));
    let events = rows(&["events"], &[data("faults/filter-evade.raw")]);
    assert_has(&events[0], &json!({ "target_host": "\u{fffd}x.evil.com", "target_port": 80 }));
}

/// Of a stream with more than 1000 events, the first 999 and the last one are kept. If the 999th is a wait, the last event is not
/// the one that ended it.
#[test]
fn last_event_of_a_long_stream_ends_no_wait() {
    let log = |remaps: usize| {
        let event = |time: u32, event: &str| format!("{time}.00 650 STREAM 1 {event} a.test:80\n");
        let wait = |time| event(time, "CONTROLLER_WAIT 0") + &event(time + 1, "SENTCONNECT 7");
        let middle = event(1_795_600_005, "REMAP 7").repeat(remaps);
        let (begin, end) = (event(1_795_600_000, "NEW 0"), event(1_795_618_000, "CLOSED 7"));
        let text = [begin, wait(1_795_600_001), middle, wait(1_795_600_010), end].concat();
        file("streams", &format!("waits-after-{remaps}.log"), text)
    };
    // With 994 events in the middle, the stream has 1000: both waits are known.
    for (remaps, status, seconds) in [(994, 0, 2.0), (995, 1, 1.0), (996, 1, 1.0)] {
        let log = log(remaps);
        for jobs in ["1", "2"] {
            let rows = parse_rows(&both(status, &["streams", "--jobs", jobs], &[&log]).0);
            assert_has(&rows[0], &json!({ "seconds_waiting": seconds, "unix_ts_end": 1_795_618_000.0 }));
        }
    }
}
