//! The work of each command grows no faster than its logs, whatever a log holds.
//!
//! Each log repeats one fragment at which a function could start over, in one place of a log. A long log is read, and short
//! logs that have as many bytes together. Linear work takes the same time for both.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use std::path::PathBuf;
use std::process::{Command, Stdio};

use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

use common::file;

/// Number of short logs for a long one. Quadratic work takes this many times as long for the long log.
const SHORT_LOGS: usize = 8;

/// Limit of the time for the long logs, as a multiple of that for the short ones. For linear work the multiple is somewhat less than 1:
/// there are fewer files to open. The times are sums over all fragments, so quadratic work on a single one is found once it takes a
/// seventh of the time for the short logs. A loop over bytes does; a fast search, such as `memchr`, may stay below.
const MAX_RATIO: u64 = 2;

/// Length of the fragments in a short log, in bytes.
const SHORT: usize = 4 * 1024;

/// Number of times that a command above the limit is measured before it fails. Most commands are measured once.
const ATTEMPTS: usize = 5;

/// Fragments that logs repeat.
const FRAGMENTS: &[&str] = &[
    // Characters that are escaped, quoted or end something.
    " ",
    "\"",
    "\\",
    "\0",
    "\r",
    "\u{e9}",
    "\u{202e}",
    "\u{1b}[",
    ":80 ",
    // Fields of an event.
    " A=",
    " REASON=END",
    " SOCKS_USERNAME=\"",
    "SOCKS_PASSWORD=",
    " ISO_FIELDS=,",
    // Dates, times and other text before a reply.
    "6",
    "650 ",
    "2026-11-25 10:00:00 ",
    "Nov 25 ",
    "'650 A",
    // Text that looks like an event, or like the rest of one.
    "650 STREAM ",
    "STREAM 1 NEW",
    "STREAM 1 NEWS a ",
    " STREAM 1 NEW 0 a:1",
    "\\r\\n650 STREAM ",
    "\r650 STREAM ",
    "{\"log\":\"650 STREAM 1 NEW 0 a:1",
    " NYM_EPOCH=1",
    "650 STREAM 1 NEW 0 a:1\n",
    "\n",
];

/// Places in a log: the text before the fragments, and the text after them.
const PLACES: &[(&str, &str)] = &[
    // The only line, without an end.
    ("", ""),
    // A line without a reply, and the text before an event.
    ("2026-11-25 10:00:00 650 STREAM 1 NEW 0 a:1\n", "\n"),
    ("2026-11-25 10:00:00 650 STREAM 1 NEW 0 a:1\n2026-11-25 ", "650 STREAM 1 NEW 0 a:1\n"),
    // On the wire: a target, text after a target, a credential, and the target of a stream that was open.
    ("650 STREAM 1 NEW 0 ", ":80 PURPOSE=USER\r\n"),
    ("650 STREAM 1 CLOSED 4 a:80 REASON=DONE", "\r\n"),
    ("650 STREAM 1 CLOSED 4 a:80 REASON=DONE SOCKS_USERNAME=\"", "\" ISO_FIELDS=SOCKS_USERNAME\r\n"),
    ("250+stream-status=\r\n1 SUCCEEDED 4 ", ":80\r\n.\r\n"),
];

/// Commands, with options that make them read text in another way.
const COMMANDS: &[&[&str]] = &[
    &["events", "--lenient"],
    &["events", "--format", "csv", "--csv-safe", "--bare", "--prefix", "auto"],
    &["streams", "--lenient"],
    &["circuits", "--lenient", "--text"],
    &["count", "--lenient", "--by", "target,cause,identity,source_host"],
    &["summary", "--lenient"],
    &["share", "--lenient"],
    &["plot", "--lenient", "--prefix", "auto", "--target", "*a*b*c"],
];

/// Runs the program to its end, and returns the processor time that it took, in hundredths of a second.
fn processor_time(command: &[&str], logs: &[PathBuf]) -> u64 {
    let mut program = Command::new(env!("CARGO_BIN_EXE_tor-streams"));
    program.args(command).args(["--jobs", "1"]).args(logs);
    let mut child = program.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    // The kernel knows the time of a process that has ended until its parent has waited for it.
    waitid(WaitId::Pid(Pid::from_child(&child)), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT).unwrap();
    let facts = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
    // A program that refuses its arguments, panics or is killed has not read all logs.
    let status = child.wait().unwrap();
    assert!(matches!(status.code(), Some(0 | 1)), "{command:?}: {status}");
    // The times in the program and in the kernel are the fields 14 and 15. The second field, in brackets, is the program's name.
    let (_, fields_from_third) = facts.rsplit_once(") ").unwrap();
    fields_from_third.split(' ').skip(14 - 3).take(2).map(|time| time.parse::<u64>().unwrap()).sum()
}

/// Makes the short logs and the long logs of every fragment in a place.
fn logs(place: usize) -> [Vec<PathBuf>; 2] {
    let (before, after) = PLACES[place];
    let mut logs = [Vec::new(), Vec::new()];
    for (index, fragment) in FRAGMENTS.iter().enumerate() {
        let mut log = |is_long: usize, name: &str, number: usize| {
            let name = format!("{place}-{index}-{name}.log");
            logs[is_long].push(file("linear", &name, [before, &fragment.repeat(number), after].concat()));
        };
        let number = SHORT / fragment.len();
        log(1, "long", number * SHORT_LOGS);
        // Each short log has another length: logs of the same text are reported as copies.
        (0..SHORT_LOGS).for_each(|copy| log(0, &format!("short-{copy}"), number + copy));
    }
    logs
}

/// Asserts that the work of each command on the logs of a place is linear. The least time of several counts: it is the one that
/// other processes disturb least.
fn assert_linear_in(place: usize) {
    let logs = logs(place);
    for command in COMMANDS {
        let mut times = [u64::MAX; 2];
        let is_linear = (0..ATTEMPTS).any(|_| {
            for (time, logs) in times.iter_mut().zip(&logs) {
                *time = processor_time(command, logs).min(*time);
            }
            times[1] <= MAX_RATIO * times[0]
        });
        assert!(is_linear, "{command:?} in {:?}: {times:?} hundredths of a second", PLACES[place]);
    }
}

/// The first place, and each second one after it.
#[test]
fn even_places() {
    (0..PLACES.len()).step_by(2).for_each(assert_linear_in);
}

/// The other places, which the harness reads at the same time.
#[test]
fn odd_places() {
    (1..PLACES.len()).step_by(2).for_each(assert_linear_in);
}
