//! Inputs: files, standard input and folders, in every form that logs have, and the filters.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test fails by panicking")]

mod cases;
#[path = "../common/mod.rs"]
mod common;
mod files;
mod filters;
mod formats;
mod forms;
mod nothing_lost;
mod readme;
mod wire_lines;

use std::process::Output;

/// `--prefix auto`.
pub(crate) const AUTO: &[&str] = &["--prefix", "auto"];

/// `--bare --prefix auto`.
pub(crate) const BARE_AUTO: &[&str] = &["--bare", "--prefix", "auto"];

/// Message about a log without a reply.
pub(crate) const NO_REPLY: &str = "no line begins with a reply of a control port";

/// Returns standard output and standard error.
pub(crate) fn text(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}
