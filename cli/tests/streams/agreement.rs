//! The commands that count streams agree with each other, and with an answer written by hand.

use alloc::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::common::{data, file, parse_rows, run};

/// Numbers of streams that every command has to give.
#[derive(Debug, PartialEq, Eq)]
struct Counts {
    /// Streams.
    streams: u64,
    /// Streams that failed.
    failed: u64,
    /// Streams on each circuit, and those that failed on it.
    circuits: BTreeMap<String, (u64, u64)>,
}

/// Returns what a command prints for a log.
fn output(arguments: &[&str], log: &Path) -> String {
    String::from_utf8(run(arguments, &[log]).stdout).unwrap()
}

/// Returns the groups that `count` prints.
fn groups(arguments: &[&str], log: &Path) -> Vec<Value> {
    let groups = output(&[&["count", "--format", "json"], arguments].concat(), log);
    serde_json::from_str::<Vec<Value>>(&groups).unwrap()
}

/// Returns the number of streams in a row.
fn streams(row: &Value) -> u64 {
    row["streams"].as_u64().unwrap()
}

/// Returns the counts of `count` and `circuits`.
fn counted(log: &Path) -> Counts {
    let total = |arguments: &[&str]| groups(arguments, log).iter().map(streams).sum();
    let mut failed: BTreeMap<String, u64> = groups(&["--failed", "--by", "circuit"], log)
        .iter()
        .filter_map(|group| Some((group["circuit"].as_str()?.into(), streams(group))))
        .collect();
    let circuits = parse_rows(&output(&["circuits"], log));
    let circuits = circuits.iter().map(|row| {
        let id: String = row["circuit_id"].as_str().unwrap().into();
        assert_eq!(row["failed"].as_u64(), Some(failed.remove(&id).unwrap_or_default()), "failed on circuit {id}");
        let counts = (streams(row), row["failed"].as_u64().unwrap());
        (id, counts)
    });
    let counts = Counts { streams: total(&[]), failed: total(&["--failed"]), circuits: circuits.collect() };
    assert!(failed.is_empty(), "streams failed on circuits that `circuits` does not have: {failed:?}");
    counts
}

/// Asserts that `streams` and `summary` have the numbers of `count` and `circuits`, and returns these.
#[track_caller]
fn agreed(log: &Path) -> Counts {
    let counts = counted(log);
    let rows = parse_rows(&output(&["streams"], log));
    let rows: Vec<_> = rows.iter().filter(|row| row["outcome"] != "after closed").collect();
    assert_eq!(rows.len() as u64, counts.streams, "rows of `streams`");
    let failed = parse_rows(&output(&["streams", "--failed"], log));
    assert_eq!(failed.len() as u64, counts.failed, "rows of `streams --failed`");
    for (circuit, &(streams, _)) in &counts.circuits {
        let is_on = |row: &&&Value| row["circuits"].as_array().unwrap().iter().any(|id| id == circuit.as_str());
        assert_eq!(rows.iter().filter(is_on).count() as u64, streams, "rows of `streams` on circuit {circuit}");
    }
    // A single thread reads a log in one piece, several threads read ranges of it.
    for jobs in ["1", "4"] {
        let summary: Value = serde_json::from_str(&output(&["summary", "--json", "--jobs", jobs], log)).unwrap();
        let failed = ["streams_failed_on_circuit", "streams_failed_never_on_circuit"];
        let failed: u64 = failed.iter().map(|name| summary[name].as_u64().unwrap()).sum();
        assert_eq!((streams(&summary), failed), (counts.streams, counts.failed), "`summary --jobs {jobs}`");
        let circuits = summary["circuits"].as_array().unwrap().iter().map(streams).sum::<u64>();
        let others = summary["other_circuits"].as_u64().unwrap();
        let expected: u64 = counts.circuits.values().map(|&(streams, _)| streams).sum();
        assert_eq!(circuits + others, expected, "circuits of `summary --jobs {jobs}`");
    }
    counts
}

/// Returns counts written by hand.
fn counts(streams: u64, failed: u64, circuits: &[(&str, (u64, u64))]) -> Counts {
    Counts { streams, failed, circuits: circuits.iter().map(|&(id, counts)| (id.into(), counts)).collect() }
}

/// Events after CLOSED, which tor never prints, are no streams, and no failures.
#[test]
fn events_after_closed_are_no_streams() {
    let log = "\
1795600800.0 650 STREAM 1 NEW 0 a.test:443 SOURCE_ADDR=127.0.0.1:5 PURPOSE=USER
1795600801.0 650 STREAM 1 SUCCEEDED 5 a.test:443
1795600802.0 650 STREAM 1 CLOSED 5 a.test:443 REASON=DONE
1795600803.0 650 STREAM 1 CLOSED 5 a.test:443 REASON=DONE
1795600804.0 650 STREAM 1 FAILED 6 a.test:443 REASON=TIMEOUT
1795600805.0 650 STREAM 1 XOFF_SENT 6 a.test:443
";
    assert_eq!(agreed(&file("agreement", "after-closed.log", log)), counts(1, 0, &[("5", (1, 0))]));
}

/// A look-up that was closed without an answer, for another reason than DONE, has failed on its circuit without a FAILED.
#[test]
fn look_ups_fail_on_circuits() {
    let log = "\
650 STREAM 1 NEWRESOLVE 0 a.test:0 PURPOSE=DNS_REQUEST
650 STREAM 1 SENTRESOLVE 5 a.test:0
650 STREAM 1 CLOSED 5 a.test:0 REASON=TIMEOUT
650 STREAM 2 NEWRESOLVE 0 a.test:0 PURPOSE=DNS_REQUEST
650 STREAM 2 SENTRESOLVE 5 a.test:0
650 STREAM 2 CLOSED 5 a.test:0 REASON=DONE
";
    assert_eq!(agreed(&file("agreement", "look-up.log", log)), counts(2, 1, &[("5", (2, 1))]));
}

/// A stream fails on the circuit that it is on at its end: on none after DETACHED.
#[test]
fn streams_fail_on_their_last_circuit() {
    let log = "\
650 STREAM 1 NEW 0 a.test:443
650 STREAM 1 SENTCONNECT 5 a.test:443
650 STREAM 1 DETACHED 5 a.test:443 REASON=TIMEOUT
650 STREAM 1 SENTCONNECT 6 a.test:443
650 STREAM 1 FAILED 6 a.test:443 REASON=DESTROY
650 STREAM 1 CLOSED 6 a.test:443 REASON=DESTROY
650 STREAM 2 NEW 0 a.test:443
650 STREAM 2 SENTCONNECT 6 a.test:443
650 STREAM 2 DETACHED 6 a.test:443 REASON=TIMEOUT
650 STREAM 2 FAILED 0 a.test:443 REASON=TIMEOUT
650 STREAM 2 CLOSED 0 a.test:443 REASON=TIMEOUT
";
    let circuits = [("5", (1, 0)), ("6", (2, 1))];
    assert_eq!(agreed(&file("agreement", "last-circuit.log", log)), counts(2, 2, &circuits));
}

/// Streams that a reply to `GETINFO stream-status` lists are streams, unless they are known.
#[test]
fn streams_in_a_reply_are_streams() {
    let log = "\
650 STREAM 30 SUCCEEDED 6 a.test:443\r\n\
250+stream-status=\r\n\
30 SUCCEEDED 6 a.test:443\r\n\
31 NEW 0 www.example.com:443\r\n\
32 SUCCEEDED 7 www.example.org:80\r\n\
.\r\n\
250 OK\r\n\
650 STREAM 31 SENTCONNECT 7 www.example.com:443\r\n";
    let circuits = [("6", (1, 0)), ("7", (2, 0))];
    assert_eq!(agreed(&file("agreement", "reply.log", log)), counts(3, 0, &circuits));
    // With 2 MB of events before and after it, several threads read ranges.
    let host = "a".repeat(230);
    let events = (100..9100).map(|id| format!("650 STREAM {id} NEW 0 {host}:443\r\n")).collect::<String>();
    let found = agreed(&file("agreement", "long.log", [&events, log, &events].concat()));
    assert_eq!((found.streams, found.failed), (2 * 9000 + 3, 0));
}

/// Captures of a real tor.
#[test]
fn captures() {
    assert_eq!(agreed(&data("field/S06-getinfo-stream-status.raw")), counts(2, 0, &[("7", (1, 0))]));
    agreed(&data("mixed-session.raw"));
}
