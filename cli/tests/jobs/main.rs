//! The option `--jobs`: any number of threads prints the same, in bounded memory.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a helper that fails fails its test")]

mod changing;
#[path = "../common/mod.rs"]
mod common;
mod files;
mod logs;
#[cfg(target_os = "linux")]
mod memory;
mod random;

use std::fs;
use std::path::Path;
use std::process::Output;

use common::file;

/// Commands whose output is compared, with formats, filters that need a whole stream, and a limit that drops streams. `plot` is
/// compared in `tests/plot.rs`.
const COMMANDS: &[&[&str]] = &[
    &["events", "--lenient"],
    &["events", "--format", "csv", "--status", "NEW", "--show-credentials"],
    &["summary", "--json"],
    &["summary", "--json", "--lenient"],
    &["summary", "--json", "--max-live", "20"],
    &["streams", "--max-live", "20"],
    &["streams", "--format", "csv", "--join"],
    &["streams", "--format", "onionperf"],
    &["streams", "--status", "FAILED", "--purpose", "USER"],
    &["summary", "--json", "--status", "FAILED"],
    &["summary", "--json", "--join", "--anomalous"],
    &["circuits"],
    &["share"],
    &["count", "--by", "target,cause,identity", "--format", "json", "--max-live", "20"],
    &["count", "--by", "target,circuit,status", "--events", "--format", "csv", "--max-live", "20"],
];

/// Commands whose formats are there only with the feature `arrow`.
const ARROW_COMMANDS: &[&[&str]] = if cfg!(feature = "arrow") {
    &[&["events", "--format", "arrow"], &["events", "--format", "parquet", "--lenient"]]
} else {
    &[]
};

/// Runs a command with this number of threads.
pub(crate) fn run<P: AsRef<Path>>(command: &[&str], jobs: &str, files: &[P]) -> Output {
    common::run(&[command, &["--jobs", jobs]].concat(), files)
}

/// Asserts that each command prints the same with each of these numbers of threads as with one.
#[track_caller]
pub(crate) fn assert_same<P: AsRef<Path>>(files: &[P], commands: &[&[&str]], numbers: &[&str]) {
    for command in commands {
        let one = run(command, "1", files);
        // A command that is refused would be compared with itself.
        assert_ne!(one.status.code(), Some(2), "{command:?}: {}", String::from_utf8_lossy(&one.stderr));
        for jobs in numbers {
            let several = run(command, jobs, files);
            let messages = |output: &Output| String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(messages(&several), messages(&one), "{command:?} --jobs {jobs}");
            assert_eq!(several.status.code(), one.status.code(), "{command:?} --jobs {jobs}");
            if several.stdout != one.stdout {
                panic!("{command:?} --jobs {jobs} {}", difference(&several.stdout, &one.stdout));
            }
        }
    }
}

/// Returns the first place where two outputs differ, with some of the text around it.
fn difference(several: &[u8], one: &[u8]) -> String {
    let differs = several.iter().zip(one).position(|(several, one)| several != one);
    let differs = differs.unwrap_or_else(|| several.len().min(one.len()));
    let around = |output: &[u8]| output[differs.saturating_sub(200)..].iter().take(600).copied().collect::<Vec<_>>();
    format!("at byte {differs}:\n{}\nnot\n{}", around(several).escape_ascii(), around(one).escape_ascii())
}

/// Asserts that a log with many events is printed the same by three threads as by one, in every format.
#[track_caller]
pub(crate) fn assert_same_log(name: &str, log: &[u8]) {
    let path = file("jobs", name, log);
    let printed = run(&["events"], "3", &[&path]).stdout;
    assert!(printed.len() > 1000, "{name} has no events");
    assert_same(&[&path], COMMANDS, &["3"]);
    assert_same(&[&path], ARROW_COMMANDS, &["3"]);
    fs::remove_file(path).unwrap();
}

/// Puts a time before each line of a capture, as OnionPerf does.
pub(crate) fn stamped(capture: &[u8]) -> Vec<u8> {
    let mut log = Vec::new();
    for (number, line) in capture.split_inclusive(|&byte| byte == b'\n').enumerate() {
        let (seconds, hundredths) = (1_795_255_200 + number, number % 100);
        log.extend(format!("2026-11-21 10:00:00 {seconds}.{hundredths:02} ").into_bytes());
        log.extend_from_slice(line);
    }
    log
}

/// Numbers of threads from 1 to 256 are allowed.
#[test]
fn numbers_of_threads() {
    for (jobs, status) in [("0", 2), ("1", 0), ("256", 0), ("257", 2), ("x", 2)] {
        let output = run(&["events"], jobs, &[common::data("onionperf.log")]);
        assert_eq!(output.status.code(), Some(status), "{jobs}");
    }
}
