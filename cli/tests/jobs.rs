//! `--jobs` changes nothing of what is printed.
#![allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Returns a capture.
fn capture(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data").join(name)).unwrap()
}

/// Puts a time before each line of a capture.
fn stamped(capture: &[u8]) -> Vec<u8> {
    let mut log = Vec::new();
    for (number, line) in capture.split_inclusive(|&byte| byte == b'\n').enumerate() {
        log.extend_from_slice(
            format!("2026-11-21 10:00:00 {}.{:02} ", 1_795_255_200 + number, number % 100).as_bytes(),
        );
        log.extend_from_slice(line);
    }
    log
}

/// Holds what several threads print of a log against what one prints.
#[track_caller]
fn same(name: &str, log: &[u8]) {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("jobs-{name}.log"));
    fs::write(&path, log).unwrap();
    let commands: [&[&str]; 4] = [
        &["events", "--lenient"],
        &["events", "--format", "csv", "--status", "NEW", "--show-credentials"],
        &["summary", "--json"],
        &["streams", "--max-live", "20"],
    ];
    for command in commands {
        let run = |jobs| {
            let output = Command::new(env!("CARGO_BIN_EXE_tor-streams"))
                .args(command)
                .args(["--jobs", jobs])
                .arg(&path)
                .output();
            let output = output.unwrap();
            (output.status.code(), output.stdout, String::from_utf8(output.stderr).unwrap())
        };
        let (one, three) = (run("1"), run("3"));
        assert_eq!((three.0, &three.2), (one.0, &one.2), "{name} {command:?}");
        assert!(one.1.len() > 1000 && three.1 == one.1, "{name} {command:?}");
    }
    fs::remove_file(path).unwrap();
}

#[test]
fn events_one_after_the_other() {
    same("events", &stamped(&capture("stream-events.raw")).repeat(2));
}

#[test]
fn events_among_others() {
    same("onionperf", &capture("onionperf.log").repeat(30));
}

#[test]
fn a_capture_of_the_wire() {
    same("wire", &capture("control-port.raw").repeat(20));
}

#[test]
fn lines_that_are_too_long() {
    let log = stamped(&capture("hostile-targets.raw")).repeat(100);
    let long = [b"2026-11-21 10:00:00 1795255200.51 650 STREAM 1 NEW 0 ", &[b'a'; 1_100_000][..], b":80\r\n"].concat();
    same("long", &[&log[..], &long, &log, &long].concat());
}

#[test]
fn data_of_a_reply_that_is_longer_than_a_block() {
    let log = stamped(&capture("hostile-targets.raw")).repeat(100);
    let data = [&b"2026-11-21 10:00:00 1795255200.51 250+data=\n"[..], &b"650 STREAM 1 NEW 0 data:1\n".repeat(50_000)]
        .concat();
    same("data", &[&log[..], &data, b".\n", &log, &data, &log].concat());
}
