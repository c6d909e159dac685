//! Several files: which one is read by which thread shows in nothing.

use core::fmt::Write;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::common::damaged_log::LogForm;
use crate::common::random::Random;
use crate::common::{capture, file, parse_rows, two_streams_in_xz};
use crate::{ARROW_COMMANDS, COMMANDS, assert_same, run, stamped};

/// Short files, with two among them that are long enough for several threads, a compressed one, and one that does not exist.
#[test]
fn many_files() {
    let mut random = Random(99);
    let mut paths: Vec<PathBuf> = Vec::new();
    for number in 0..40 {
        let length = random.below(3000);
        paths.push(file("jobs-many", &format!("{number}.log"), stamped(&capture("hostile-targets.raw")[..length])));
    }
    let mut long = |name: &str| file("jobs-many", name, LogForm::random(&mut random).log(&mut random));
    paths.insert(3, long("long.log"));
    paths.insert(9, two_streams_in_xz());
    paths.insert(12, "/no/such/file".into());
    paths.insert(20, long("long-2.log"));
    assert_same(&paths, COMMANDS, &["2", "256"]);
    assert_same(&paths, ARROW_COMMANDS, &["3"]);
}

/// With `--join` two files are one log, which has the first one's name in every command. Its first odd event is that of the
/// first file, though the second file's name is first in the alphabet; with a filter too, which counts a stream's events only
/// at the stream's end.
#[test]
fn a_log_of_two_files() {
    let part = |name: &str, first: usize| {
        let mut log = String::new();
        // Some 400 kB: several ranges.
        for number in 0..4000 {
            // The event of number 7 is in line 15.
            let (id, odd) = (first + number, if number == 7 { " EVER=1" } else { "" });
            writeln!(log, "{id}.00 650 STREAM {id} NEW 0 a.test:80{odd}").unwrap();
            writeln!(log, "{id}.00 650 STREAM {id} SENTCONNECT 3 a.test:80").unwrap();
        }
        file("jobs", name, log)
    };
    let files = [part("tor.log.1", 1_795_600_000), part("tor.log", 1_795_700_000)];
    let first = files[0].to_str().unwrap();
    for jobs in ["1", "2", "7"] {
        for options in [&[][..], &["--anomalous"]] {
            let output = run(&[&["summary", "--json", "--join"], options].concat(), jobs, &files).stdout;
            let summary: Value = serde_json::from_slice(&output).unwrap();
            let odd = &summary["anomalies"][0];
            let expected = serde_json::json!({"anomaly": "unknown_keyword", "events": 2, "file": first, "line": 15});
            assert_eq!(odd, &expected, "{jobs}");
            assert_eq!(summary["circuits"][0]["file"], first, "{jobs}");
        }
        let circuits = String::from_utf8(run(&["circuits", "--join"], jobs, &files).stdout).unwrap();
        assert_eq!(parse_rows(&circuits)[0]["file"], first, "{jobs}");
        let reversed: [&Path; 2] = [&files[1], &files[0]];
        let messages = String::from_utf8(run(&["streams", "--join"], jobs, &reversed).stderr).unwrap();
        let expected = format!("tor-streams: {}: times go back", files[1].display());
        assert!(messages.starts_with(&expected), "{messages}");
    }
}
