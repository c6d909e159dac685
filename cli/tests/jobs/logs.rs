//! Logs of each kind: the events of each are the same wherever it is cut into ranges. Captures are repeated until a log is long
//! enough for several ranges of 64 KiB.

use core::fmt::Write;
use std::fs;

use crate::common::{capture, data, file};
use crate::{assert_same, assert_same_log, stamped};

#[test]
fn events_one_after_the_other() {
    assert_same_log("events", &stamped(&capture("stream-events.raw")).repeat(2));
}

#[test]
fn events_among_other_lines() {
    assert_same_log("onionperf", &capture("onionperf.log").repeat(30));
}

#[test]
fn a_capture_of_the_wire() {
    assert_same_log("wire", &capture("control-port.raw").repeat(20));
}

/// A line that is no reply, before the first one, shows that lines end with LF.
#[test]
fn a_log_without_times() {
    let mut lines = capture("control-port.raw").repeat(20);
    lines.retain(|&byte| byte != b'\r');
    assert_same_log("no-times", &[b"Starting.\n", &lines[..]].concat());
}

/// A line over the limit of 1 MiB is reported, by whichever thread meets it, and may be longer than a range.
#[test]
fn lines_that_are_too_long() {
    let log = stamped(&capture("hostile-targets.raw")).repeat(100);
    let long = [b"2026-11-21 10:00:00 1795255200.51 650 STREAM 1 NEW 0 ", &[b'a'; 1_100_000][..], b":80\r\n"].concat();
    assert_same_log("long", &[&log[..], &long, &log, &long].concat());
}

/// A range may begin inside of data, whose lines look like events. Without the log's time before them they are no events, and with
/// it they are. Both are reported as lines of data: only the thread that has read what is before can tell.
#[test]
fn data_of_a_reply_that_is_longer_than_a_range() {
    let log = stamped(&capture("hostile-targets.raw")).repeat(12);
    for (name, prefix) in [("data", ""), ("events-in-data", "2026-11-21 10:00:00 1795255200.51 ")] {
        let lines = format!("{prefix}650 STREAM 1 NEW 0 data:1\n").repeat(4_000);
        let data = [b"2026-11-21 10:00:00 1795255200.51 250+data=\n", lines.as_bytes()].concat();
        assert_same_log(name, &[&log[..], &data, b".\n", &log, &data, b".\n", &log].concat());
        // Without its dot, the data does not end.
        assert_same_log(&format!("{name}-open"), &[&log[..], &data, &log, &data, &log].concat());
    }
}

/// Streams that were open when a controller asked. The row of a stream with the ID 250 looks like a reply, at which a range
/// may begin: every 50th row is such a one, or the only row.
#[test]
fn open_streams_in_several_ranges() {
    let event = |n: usize| format!("650 STREAM {n} NEW 0 h{n}.example:80\r\n");
    let events = |from: usize, to: usize| (from..to).map(event).collect::<String>();
    for ids in [1..3000, 250..251] {
        let row = |n: usize| format!("{n} SUCCEEDED 7 open{n}.example:443\r\n");
        let rows = ids.map(|n| if n % 50 == 0 { row(250) } else { row(n) }).collect::<String>();
        for reply in [format!("250+stream-status=\r\n{rows}.\r\n250 OK\r\n"), format!("250-stream-status={}", row(9))] {
            let wire =
                [events(10_000, 12_000), reply.clone(), events(12_000, 13_000), reply, events(13_000, 17_000)].concat();
            let path = file("jobs", "open-streams", &wire);
            assert_same(&[&path], &[&["streams"], &["streams", "--join"]], &["8"]);
            let unix = wire.replace('\r', "");
            assert_same(&[&file("jobs", "open-streams", &unix)], &[&["streams"]], &["8"]);
            // A time before each line, streams without a port, and a dot that was lost.
            let damaged = unix.replace("7.example:443\n", "7.example\n").replacen("\n.\n", "\n", 1);
            let with = |prefix: &str, text: &str| text.lines().map(|line| format!("{prefix}{line}\n")).collect();
            for log in [with("Nov 25 10:00:02 ", &unix), with("10:00:02 gw tor[811]: ", &damaged), damaged] {
                let path = file("jobs", "open-streams", log);
                assert_same(&[&path], &[&["streams", "--prefix", "auto"]], &["2", "8"]);
            }
        }
    }
}

/// A log that lost a block: NUL bytes stand in its place, more than a line or a range may have. An event is before them and another
/// one is behind them.
#[test]
fn a_log_that_lost_a_block() {
    let lines = fs::read(data("faults/jobs-lost-block.log")).unwrap();
    let path = file("jobs", "lost-block", [&lines[..], &[0; 3_000_000], &lines].concat());
    assert_eq!(crate::run(&["events"], "3", &[&path]).stdout.split(|&byte| byte == b'\n').count(), 3, "two lines");
    assert_same(&[&path], super::COMMANDS, &["2", "7"]);
    fs::remove_file(path).unwrap();
}

/// A log with a stream, a reason and a target of their own in each line. A range has more of them than a thread may keep, so the
/// range is read again; after several such ranges, one thread reads the rest of the file.
#[test]
fn more_different_names_than_a_range_may_keep() {
    let line = |n: u32| format!("650 STREAM {n} CLOSED 0 h{n}:1 REASON=W{n:012}\r\n");
    let path = file("jobs", "different.raw", (0..60_000).map(line).collect::<String>());
    let commands: &[&[&str]] = &[&["summary", "--json", "--max-live", "1000"], &["summary", "--max-live", "50000"]];
    assert_same(&[&path], commands, &["3"]);
    fs::remove_file(path).unwrap();
}

/// With a filter, the words of a stream's events are counted at its end. Until then at most 16 words without a variant are kept
/// for a stream, and the others are counted together: the first 16, wherever the log is cut. Streams 1 to 9 have such a word in
/// each event, and are open over all cuts; other streams have one each.
#[test]
fn words_of_open_streams_with_filters() {
    /// Number of words that are kept for a stream (`EventTally::MAX_WORDS_OF_STREAM`).
    const WORDS_KEPT: usize = 16;
    /// Number of events of streams 1 to 9 together.
    const EVENTS: u32 = 12_000;

    let mut log = String::new();
    let host = "a".repeat(200);
    for n in 0..EVENTS {
        // Streams 1 to 4 have another word in each event, streams 5 to 9 the same seven words.
        let stream = 1 + n % 9;
        let word = if stream < 5 { n + 100 } else { n % 7 };
        writeln!(log, "650 STREAM {stream} DETACHED 3 {host}:80 REASON=W{word}").unwrap();
        writeln!(log, "650 STREAM {} CLOSED 3 {host}:80 REASON=V{}", 100 + n, n % 5).unwrap();
    }
    for stream in 1..=9 {
        writeln!(log, "650 STREAM {stream} CLOSED 3 a.test:80 REASON=DONE").unwrap();
    }
    let path = file("jobs", "words.log", log);
    let command = &["summary", "--json", "--status", "CLOSED"];
    let summary: serde_json::Value = serde_json::from_slice(&crate::run(command, "1", &[&path]).stdout).unwrap();
    // Words of streams 1 to 4, of streams 5 to 9, of the short streams, and DONE.
    assert_eq!(summary["reasons"].as_array().unwrap().len(), 4 * WORDS_KEPT + 7 + 5 + 1);
    let words = (0..EVENTS).filter(|n| 1 + n % 9 < 5).count();
    assert_eq!(summary["other_reasons"], words - 4 * WORDS_KEPT);
    assert_same(&[path], &[command, &["summary", "--json", "--status", "CLOSED", "--max-live", "20"]], &["3", "8"]);
}
