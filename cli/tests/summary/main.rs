//! Summaries: their counts, their text and JSON, and how those of several machines become one.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::string_slice, reason = "a test fails by panicking")]

#[cfg(unix)]
mod answers;
#[path = "../common/mod.rs"]
mod common;
mod merge;
mod text;
