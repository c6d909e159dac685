//! The program: its files, the end of its output, interruption, mistakes in the arguments.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::Command;

use serde_json::Value;

use crate::rows::CSV;
use crate::{ended, events_of, log_file, program, run_on};

#[test]
fn nothing_to_print() {
    for content in [&b""[..], b"250 OK\r\n", b"650 BW 1 2\n"] {
        assert_eq!(events_of(&[], content), "");
        assert_eq!(Some(events_of(&["--format", "csv"], content).as_str()), CSV.split_inclusive('\n').next());
    }
}

#[test]
fn several_files() {
    let one = log_file("one.log", "650 STREAM 1 NEW 0 a.example:80\n");
    let two = log_file("two.log", "\n650 STREAM 2 NEW 0 a.example:80\n");
    let ran = run_on(&["events", &one, "-", &two], "\n\n650 STREAM 3 NEW 0 a.example:80\n");
    let ids = |line: &str| serde_json::from_str::<Value>(line).unwrap()["id"].as_str().unwrap().to_owned();
    assert_eq!((ran.status, ran.stdout.lines().map(ids).collect::<String>()), (0, "132".to_owned()));
    let ran = run_on(&["events", "--format", "csv", &one, &two], "");
    assert_eq!(ran.stdout.lines().map(|line| line.split(',').next().unwrap()).collect::<Vec<_>>(), ["line", "1", "2"]);
}

#[test]
fn files_that_cannot_be_read() {
    let missing = format!("{}/missing.log", env!("CARGO_TARGET_TMPDIR"));
    let readable = log_file("readable.log", "650 STREAM 1 NEW 0 a.example:80\n");
    let ran = run_on(&["events", &missing, env!("CARGO_TARGET_TMPDIR"), &readable], "");
    let complaints: Vec<_> = ran.stderr.lines().collect();
    assert_eq!(complaints.len(), 2, "{}", ran.stderr);
    assert!(complaints[0].starts_with(&format!("tor-streams: {missing}: ")), "{}", ran.stderr);
    assert!(complaints[1].starts_with(&format!("tor-streams: {}: ", env!("CARGO_TARGET_TMPDIR"))), "{}", ran.stderr);
    assert_eq!((ran.status, ran.stdout.lines().count()), (1, 1));
}

#[test]
fn the_reader_of_the_output_leaves() {
    let path = log_file("endless.log", "650 STREAM 1 SENTCONNECT 3 a.example:80\n".repeat(20_000));
    for format in ["json", "csv"] {
        let mut child = program(&["events", "--format", format, &path, &path]).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(!line.is_empty());
        let ran = ended(child);
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
    }
}

#[test]
fn events_are_not_held_back() {
    let mut child = program(&["events", "-"]).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    for (id, piece) in [("1", "650 STREAM 1 NEW 0 a.example:80\r\n650 STR"), ("2", "EAM 2 NEW 0 b.example:80\r\n650 ")]
    {
        stdin.write_all(piece.as_bytes()).unwrap();
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&line).unwrap()["id"], id);
    }
    stdin.write_all(b"OK\r\n").unwrap();
    drop(stdin);
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    let ran = ended(child);
    assert_eq!((ran.status, rest.as_str(), ran.stderr.as_str()), (0, "", ""));
}

#[cfg(target_os = "linux")]
#[test]
fn interrupted_in_the_middle() {
    use std::os::unix::process::ExitStatusExt;

    let mut child = program(&["events", "-"]).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // The last event has no line end: it may be cut.
    stdin.write_all(b"650 BW 1 2\n650 STREAM 1 NEW 0 a:1\n650 STREAM 2 NEW 0 b:8").unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    assert!(line.contains(r#""id":"1""#), "what came before is printed");
    assert!(Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().signal(), Some(15));
    line.clear();
    assert_eq!(stdout.read_line(&mut line).unwrap(), 0, "and nothing else");
}

#[test]
fn a_file_that_grows() {
    let path = log_file("grows.log", "650 STREAM 1 NEW 0 a:1\n650 STREAM 1 SENTCON");
    let before = run_on(&["events", &path], "");
    let mut log = fs::OpenOptions::new().append(true).open(&path).unwrap();
    log.write_all(b"NECT 7 a:1\n").unwrap();
    let after = run_on(&["events", &path], "");
    assert_eq!((before.status, before.stdout.lines().count()), (1, 1));
    assert!(before.stderr.contains("grows.log:2: "), "{}", before.stderr);
    assert_eq!((after.status, after.stdout.lines().count(), after.stderr), (0, 2, String::new()));
}

// Other systems have no `/dev/full`.
#[cfg(target_os = "linux")]
#[test]
fn the_output_cannot_be_written() {
    let path = log_file("full.log", "650 STREAM 1 NEW 0 a.example:80\n650 STREAM 1 NEWER 0 a.example:80\n");
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let ran = ended(program(&["events", &path]).stdout(full).spawn().unwrap());
    assert_eq!(ran.status, 1);
    assert!(ran.stderr.starts_with("tor-streams: (standard output): "), "{}", ran.stderr);
    assert_eq!(ran.stderr.lines().count(), 1);
}

#[test]
fn help() {
    let ran = run_on(&["events", "--help"], "");
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
    for text in ["Usage: tor-streams events", "\n  tor-streams events tor.log\n", "--show-credentials", "Exit status:"]
    {
        assert!(ran.stdout.contains(text), "{text} is not in\n{}", ran.stdout);
    }
    let names = ran.stdout.split_once("Output:\n").unwrap().1.split_once('.').unwrap().0;
    let names: String = names.split_whitespace().collect();
    assert_eq!(Some(names.as_str()), CSV.lines().next());
}

#[test]
fn wrong_arguments() {
    for arguments in [&["--jobs"][..], &["events", "--format", "xml", "-"], &["events", "--show"]] {
        let ran = run_on(arguments, "");
        assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(ran.stderr.contains("--help"), "{}", ran.stderr);
    }
}
