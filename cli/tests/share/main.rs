//! The command `share`: what it keeps of a log, and that nothing else is kept.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a helper that fails fails its test")]

// For `alloc::collections` in the files: the lint `std_instead_of_alloc` refuses it from `std`.
extern crate alloc;

#[path = "../common/mod.rs"]
mod common;
#[path = "../../../tests/common/escape.rs"]
mod escape;
mod hostile;
mod names;
#[path = "../../../tests/common/property.rs"]
mod property;
mod same;

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::common::{file, parse_rows, run};

/// Runs `share` on a log, asserts the exit status, and returns standard output and standard error.
#[track_caller]
pub(crate) fn share(status: i32, options: &[&str], log: &Path) -> (Vec<u8>, String) {
    let output = run(&[&["share"], options].concat(), &[log]);
    let messages = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(status), "{options:?}: {messages}");
    (output.stdout, messages)
}

/// Returns the path of the shared form of a log.
#[track_caller]
pub(crate) fn shared(name: &str, status: i32, options: &[&str], log: &Path) -> PathBuf {
    file("share", name, share(status, options, log).0)
}

/// Returns the rows that a command prints of a log, whatever its messages and exit status are.
pub(crate) fn rows(command: &[&str], log: &Path) -> Vec<Value> {
    parse_rows(&String::from_utf8(run(command, &[log]).stdout).unwrap())
}
