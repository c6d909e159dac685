//! Memory is bounded, whatever a log holds and however many threads read it.

use std::fs;

use crate::common::{file, peak_memory};

/// Maximum memory of the program, in MB: 16 threads have a few ranges of 64 KiB to 2 MiB each.
const LIMIT: usize = 64;

/// Asserts the limit for each command on a log of 12 MB, which is put together from `lines(0)`, `lines(1)` and so on.
///
/// Without `--max-live`, `count` of [`ends_without_beginnings`] and `streams` of [`streams_that_are_never_closed`] take some 120 MB. Other
/// commands take 28 to 70 MB then: for most of them the test finds only memory of several times the log.
#[track_caller]
fn assert_bounded(name: &str, lines: impl Fn(usize) -> String, commands: &[&[&str]]) {
    let mut log = String::new();
    let mut number = 0;
    while log.len() < 12_000_000 {
        log.push_str(&lines(number));
        number += 1;
    }
    let path = file("jobs", &format!("memory-{name}"), log);
    for command in commands {
        let peak = peak_memory(&[command, &["--jobs", "16"][..]].concat(), &path);
        assert!(peak <= LIMIT, "{command:?} of {name}: {peak} MB");
    }
    fs::remove_file(path).unwrap();
}

/// Returns the line of an event of stream `n`, which has a target of its own.
fn line(n: usize, status: &str) -> String {
    format!("650 STREAM {n} {status} 0 h{n}:1\r\n")
}

/// `summary` with a limit on streams that each log here exceeds.
const SUMMARY: &[&str] = &["summary", "--max-live", "1000"];
/// `streams` with the same limit.
const STREAMS: &[&str] = &["streams", "--max-live", "1000"];
/// `circuits` with the same limit.
const CIRCUITS: &[&str] = &["circuits", "--max-live", "1000"];
/// `count` with the same limit, on groups too.
const COUNT: &[&str] = &["count", "--events", "--by", "target,status", "--max-live", "1000"];
/// OnionPerf's object with the same limit. OnionPerf skips events without a time, so the object of these logs is empty: the memory is
/// that of the threads.
const ONIONPERF: &[&str] = &["streams", "--format", "onionperf", "--max-live", "1000"];

/// Each line is the end of another stream: a range has no stream that begins in it, and knows nothing of one that began before.
#[test]
fn ends_without_beginnings() {
    assert_bounded("ends", |n| line(n, "CLOSED"), &[SUMMARY, STREAMS, COUNT, ONIONPERF]);
}

#[test]
fn streams_that_begin_and_end_at_once() {
    assert_bounded("pairs", |n| line(n, "NEW") + &line(n, "CLOSED"), &[SUMMARY, STREAMS, CIRCUITS]);
}

/// Every event is of one stream, of which a limited number of steps is kept.
#[test]
fn one_stream_without_an_end() {
    assert_bounded("same", |_| line(1, "SENTCONNECT"), &[STREAMS, &["events"]]);
}

#[test]
fn streams_that_are_never_closed() {
    assert_bounded("open", |n| line(n, "NEW") + &line(n, "SENTCONNECT").repeat(8), &[SUMMARY, STREAMS]);
}
