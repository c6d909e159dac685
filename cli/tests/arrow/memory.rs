//! Memory is bounded: rows leave it in batches and row groups, and dictionaries have a limit. A log four times as long takes no
//! more.

use std::fs;

use crate::FORMATS;
use crate::common::random::Random;
use crate::common::{file, peak_memory};
use crate::files::random_letters;

/// Number of letters in the random text. No line's number of letters has a divisor in common with this one, so that the same
/// letters come again too late for a compressor to find them.
const LETTERS: usize = 4_000_003;

/// Asserts for each command and format that a log with four times `number` lines takes at most `noise` MB more memory than one
/// with `number`: the memory that the threads hold at one time varies, and the allocator keeps some that was freed. A tool that
/// held the log would take three times the short log more, which is more than `noise`. Each line holds `length` letters, another slice of a
/// random text than the lines before, so that a compressor finds no repetition.
#[track_caller]
fn assert_bounded(
    name: &str,
    (number, length): (usize, usize),
    line: fn(usize, &str) -> String,
    commands: &[&str],
    noise: usize,
) {
    let letters = random_letters(LETTERS + length, &mut Random(1));
    let log = |number: usize| {
        let lines = (0..number)
            .map(|n| line(n, letters.get(n * length % LETTERS..).and_then(|text| text.get(..length)).unwrap()));
        file("arrow", &format!("memory-{name}-{number}.log"), lines.collect::<String>())
    };
    let logs = [number, 4 * number].map(log);
    for command in commands {
        for format in FORMATS {
            let credentials = if *command == "events" { &["--show-credentials"][..] } else { &[] };
            let arguments = [&[command, "--format", format, "--jobs", "4"], credentials].concat();
            let [short, long] = logs.each_ref().map(|log| peak_memory(&arguments, log));
            assert!(long <= short + noise, "{command} {format} of {name}: {short} MB, then {long} MB");
        }
    }
    logs.iter().for_each(|log| fs::remove_file(log).unwrap());
}

/// The first log has more than one row group of Parquet, which has at most 8 MiB and 65,536 rows.
#[test]
fn many_rows() {
    let line = |n: usize, text: &str| {
        // With its port, a host has to be shorter than the 255 bytes at which tor cuts a target.
        let (host, user) = text.split_at(240);
        format!("650 STREAM {n} CLOSED 7 {host}:80 REASON=DONE SOCKS_USERNAME=\"{user}\"\n")
    };
    assert_bounded("rows", (60_000, 500), line, &["events", "streams"], 64);
}

/// The first log has more than a batch and a row group, though it has a few rows only.
#[test]
fn long_rows() {
    let line = |n: usize, text: &str| format!("650 STREAM {n} CLOSED 7 a:80 REASON=DONE SOCKS_USERNAME=\"{text}\"\n");
    assert_bounded("long-rows", (30, 900_000), line, &["events"], 32);
}

/// Each row has a word of its own: Parquet begins its dictionaries anew once they have 4 MiB, as with each row group, and an Arrow
/// file ends with an error.
#[test]
fn a_new_word_in_each_row() {
    let line = |n: usize, text: &str| format!("650 STREAM {n} CLOSED 7 a:80 REASON=W{n}_{}\n", text.to_uppercase());
    assert_bounded("words", (15_000, 1000), line, &["events", "streams"], 32);
}
