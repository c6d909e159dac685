//! Files that change while they are read.

use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::common::{file, parse_rows};

/// Returns line `number` of a log: an event of the stream with this number.
fn line(number: usize) -> String {
    format!("2019-01-31 11:29:51 1548934191.51 650 STREAM {number} NEW 0 a:1\n")
}

/// Runs `events` on a log with this number of lines, and changes the file while the program is in the middle of it: its output
/// is a pipe that nobody reads until then. Returns the IDs that it prints.
fn ids_of_changed_file(name: &str, jobs: &str, lines: usize, change: impl FnOnce(&Path)) -> Vec<usize> {
    let path = file("jobs", &format!("{name}-{jobs}"), (1..=lines).map(line).collect::<String>());
    let mut command = Command::new(env!("CARGO_BIN_EXE_tor-streams"));
    command.args(["events", "--jobs", jobs]).arg(&path).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // When the first byte is printed, the program has opened the file, and knows its length.
    let mut stdout = child.stdout.take().unwrap();
    let mut output = vec![0];
    stdout.read_exact(&mut output).unwrap();
    change(&path);
    stdout.read_to_end(&mut output).unwrap();
    assert!(child.wait().unwrap().code().is_some());
    fs::remove_file(path).unwrap();
    let rows = parse_rows(&String::from_utf8(output).unwrap());
    rows.iter().map(|row| row["id"].as_str().unwrap().parse().unwrap()).collect()
}

/// Lines that are added are read, too, even one that is written in two pieces.
#[test]
fn a_file_that_grows() {
    for jobs in ["1", "2", "7"] {
        let ids = ids_of_changed_file("grows", jobs, 20_000, |path| {
            let more: String = (20_001..=25_000).map(line).collect();
            let (one, two) = more.split_at(more.len() / 2 + 7);
            let mut file = OpenOptions::new().append(true).open(path).unwrap();
            file.write_all(one.as_bytes()).unwrap();
            file.write_all(two.as_bytes()).unwrap();
        });
        assert!(ids.iter().copied().eq(1..=25_000), "--jobs {jobs}: {}", ids.len());
    }
}

/// The lines that are left are read, and behind them those that a thread had read before the file was cut.
#[test]
fn a_file_that_is_cut_short() {
    // A line has at most 61 bytes, so that 16,000 lines are left.
    const LENGTH_LEFT: u64 = 1_000_000;
    for jobs in ["1", "2", "7"] {
        let ids = ids_of_changed_file("shrinks", jobs, 60_000, |path| {
            OpenOptions::new().write(true).open(path).unwrap().set_len(LENGTH_LEFT).unwrap();
        });
        assert!(ids.iter().copied().eq(1..=ids.len()), "--jobs {jobs}");
        assert!(ids.len() >= 16_000 && ids.len() < 60_000, "--jobs {jobs}: {}", ids.len());
    }
}

/// A file that is renamed over the log has another content: the log that was opened is read to its end.
#[test]
fn a_file_that_is_replaced() {
    for jobs in ["1", "2", "7"] {
        let ids = ids_of_changed_file("replaced", jobs, 30_000, |path| {
            let other = path.with_extension("new");
            fs::write(&other, line(7)).unwrap();
            fs::rename(other, path).unwrap();
        });
        assert!(ids.iter().copied().eq(1..=30_000), "--jobs {jobs}: {}", ids.len());
    }
}
