//! `--check`: the exit status says whether anything was found. And `--failed`, which such a check often has.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::common::{both, data, file, rows, stdout};

/// A stream that is answered and ends, and one that fails on circuit 5.
const ONE_FAILS: &str = "\
650 STREAM 1 NEW 0 a.test:80 SOURCE_ADDR=127.0.0.1:1 PURPOSE=USER
650 STREAM 1 SUCCEEDED 4 a.test:80
650 STREAM 1 CLOSED 4 a.test:80 REASON=DONE
650 STREAM 2 NEW 0 b.test:80 SOURCE_ADDR=127.0.0.1:2 PURPOSE=USER
650 STREAM 2 SENTCONNECT 5 b.test:80
650 STREAM 2 FAILED 5 b.test:80 REASON=TIMEOUT
650 STREAM 2 CLOSED 5 b.test:80 REASON=TIMEOUT
";

/// A line that cannot be read: its stream has no target.
const UNREADABLE: &str = "650 STREAM 3 NEW 0\n";

/// Returns a log of this name and text.
fn log(name: &str, text: impl AsRef<[u8]>) -> PathBuf {
    file("check", name, text)
}

/// A user asks: did any stream fail? Stream 2 did: status 4, and its row. In a log without stream 2: status 0, and no row.
#[test]
fn streams() {
    let one_fails = log("one-fails.log", ONE_FAILS);
    let text = stdout(4, &["streams", "--failed", "--check"], &[&one_fails]);
    let row: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(row["stream_id"], "2");
    // The same rows as without the check, and as with the filters of its events.
    assert_eq!(stdout(0, &["streams", "--failed"], &[&one_fails]), text);
    assert_eq!(stdout(0, &["streams", "--status", "FAILED"], &[&one_fails]), text);

    let none_fails = log("none-fails.log", ONE_FAILS.split_inclusive('\n').take(3).collect::<String>());
    assert_eq!(both(0, &["streams", "--failed", "--check"], &[&none_fails]), (String::new(), String::new()));
    // The names of columns are no finding.
    let csv = stdout(0, &["streams", "--failed", "--check", "--format", "csv"], &[&none_fails]);
    assert_eq!(csv.lines().count(), 1);
    stdout(4, &["streams", "--check"], &[&none_fails]);
}

/// A user asks: did two streams share a circuit that tor should have kept apart? In the first log circuit 10 had two user
/// names, in the second log no circuit had two streams.
#[test]
fn circuits() {
    let text = stdout(4, &["circuits", "--shared", "--check"], &[data("field/I01-isolation.log")]);
    assert!(text.contains(r#""circuit_id":"10""#), "{text}");
    assert_eq!(stdout(0, &["circuits", "--shared", "--check"], &[log("not-shared.log", ONE_FAILS)]), "");
    // Circuits with a stream that failed: 5, and not 4.
    let text = stdout(4, &["circuits", "--failed", "--check"], &[log("circuits.log", ONE_FAILS)]);
    assert!(text.contains(r#""circuit_id":"5""#) && text.lines().count() == 1, "{text}");
}

/// OnionPerf's object has no stream without a time.
#[test]
fn onionperf() {
    let options = ["streams", "--format", "onionperf", "--failed", "--check"];
    assert_eq!(stdout(0, &options, &[log("no-times.log", ONE_FAILS)]), "{}\n");
    let timed: String = ONE_FAILS.lines().map(|line| format!("1700000000.00 {line}\n")).collect();
    let text = stdout(4, &options, &[log("times.log", timed)]);
    assert!(text.contains("\"2\": {") && !text.contains("\"1\": {"), "{text}");
}

/// A finding is certain even if a line could not be read: status 4. Without a finding, the unread line might have been one: status 1.
#[test]
fn unread_lines() {
    let found = log("unread-found.log", format!("{UNREADABLE}{ONE_FAILS}"));
    let (_, messages) = both(4, &["streams", "--failed", "--check"], &[&found]);
    assert!(messages.contains(":1: "), "{messages}");
    let first: String = ONE_FAILS.split_inclusive('\n').take(3).collect();
    let nothing = log("unread-nothing.log", format!("{UNREADABLE}{first}"));
    both(1, &["streams", "--failed", "--check"], &[&nothing]);
    both(1, &["circuits", "--shared", "--check"], &[&nothing]);
    // A file that does not exist.
    both(1, &["streams", "--failed", "--check"], &[Path::new("no-such.log")]);
    both(4, &["streams", "--failed", "--check"], &[Path::new("no-such.log"), &found]);
}

/// The reader of the output may close it early: a finding stays a finding.
#[cfg(unix)]
#[test]
fn closed_output() {
    let log = log("closed.log", ONE_FAILS);
    for (options, status) in [
        (&["streams", "--failed", "--check"][..], 4),
        (&["streams", "--failed"], 0),
        (&["circuits", "--check"], 4),
        (&["circuits"], 0),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tor-streams"));
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut program = command.args(options).arg(&log).stdin(Stdio::null()).stdout(writer).spawn().unwrap();
        assert_eq!(program.wait().unwrap().code(), Some(status), "{options:?}");
    }
}

/// `--failed` passes the streams whose outcome is `failed`, and those with a reason of a failure: look-ups that were closed without an
/// answer. The log is that of a whole session.
#[test]
fn failed_streams() {
    let log = data("stream-events.raw");
    let all = rows_of_damaged(&["streams"], &log);
    let is_failed = |row: &&Value| row["outcome"] == "failed" || !row["failure_reason_local"].is_null();
    let expected: Vec<_> = all.iter().filter(is_failed).map(|row| row["stream_id"].clone()).collect();
    let failed: Vec<_> = rows_of_damaged(&["streams", "--failed"], &log);
    assert_eq!(failed.iter().map(|row| row["stream_id"].clone()).collect::<Vec<_>>(), expected);
    assert!(!expected.is_empty() && expected.len() < all.len());

    let summary: Value = serde_json::from_str(&stdout(1, &["summary", "--json", "--failed"], &[&log])).unwrap();
    // 225 of them have an event FAILED; the others are look-ups.
    assert_eq!((summary["streams"].as_u64(), expected.len()), (Some(233), 233));
}

/// A look-up that is closed without an answer, for another reason than DONE, has failed, without an event FAILED. Stream
/// 14 is one. Stream 15 was answered, and then lost its connection: it has not failed.
#[test]
fn look_ups() {
    let log = data("field/T06-resolve-that-timed-out.log");
    let failed = rows(&["streams", "--failed"], &[&log]);
    assert_eq!(failed.iter().map(|row| row["stream_id"].as_str()).collect::<Vec<_>>(), [Some("14")]);
    assert!(rows(&["streams", "--failed", "--status", "FAILED"], &[&log]).is_empty());
}

/// Returns the rows of a command for a log in which some lines cannot be read.
#[track_caller]
fn rows_of_damaged(options: &[&str], log: &Path) -> Vec<Value> {
    crate::common::parse_rows(&stdout(1, options, &[log]))
}
