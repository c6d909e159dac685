//! The command `events`: the built program on small inputs and on captures, its output and exit status as text.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a helper that fails fails its test")]

#[path = "../common/mod.rs"]
mod common;
#[path = "../../../tests/common/damaged.rs"]
mod damaged;
mod library;
mod lines;
mod process;
#[path = "../../../tests/common/property.rs"]
mod property;
mod rows;
mod secrets;

use std::io::Write;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

/// The result of a run.
pub(crate) struct Ran {
    /// Its exit status.
    pub(crate) status: i32,
    /// Standard output.
    pub(crate) stdout: String,
    /// Standard error.
    pub(crate) stderr: String,
}

/// Returns the program, which is to be run with these arguments.
pub(crate) fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tor-streams"));
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Waits for the program to end.
#[track_caller]
pub(crate) fn ended(child: Child) -> Ran {
    let output = child.wait_with_output().unwrap();
    Ran {
        status: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Runs the program with these arguments and a short standard input.
#[track_caller]
pub(crate) fn run_on(arguments: &[&str], stdin: impl AsRef<[u8]>) -> Ran {
    let mut child = program(arguments).spawn().unwrap();
    // The program may end without reading all of it.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_ref());
    ended(child)
}

/// Returns the output of `events` for a standard input whose events all can be read.
#[track_caller]
pub(crate) fn events_of(options: &[&str], stdin: impl AsRef<[u8]>) -> String {
    let ran = run_on(&[&["events"], options, &["-"]].concat(), stdin);
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
    ran.stdout
}

/// Returns the output of [`events_of`] as JSON objects.
#[track_caller]
pub(crate) fn objects(options: &[&str], stdin: impl AsRef<[u8]>) -> Vec<Value> {
    events_of(options, stdin).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Parses CSV. Returns the names of the columns, and the rows.
#[track_caller]
pub(crate) fn table(csv: &str) -> (Vec<String>, Vec<Vec<String>>) {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let texts = |record: &csv::StringRecord| record.iter().map(String::from).collect::<Vec<_>>();
    let columns = texts(reader.headers().unwrap());
    (columns, reader.records().map(|record| texts(&record.unwrap())).collect())
}

/// Makes a file, whose name no other test of this command uses, and returns its path as an argument.
#[track_caller]
pub(crate) fn log_file(name: &str, content: impl AsRef<[u8]>) -> String {
    common::file("events", name, content).into_os_string().into_string().unwrap()
}

/// Returns the path of a capture as an argument.
pub(crate) fn capture_path(name: &str) -> String {
    common::data(name).into_os_string().into_string().unwrap()
}
