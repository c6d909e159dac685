//! Streams as rows, as circuits and as groups: the commands `streams`, `circuits` and `count`, and `--check`.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

extern crate alloc;

mod agreement;
mod check;
mod circuits;
#[path = "../common/mod.rs"]
mod common;
mod count;
mod logs;
mod onionperf;
mod rows;

use serde_json::Value;

use crate::common::{data, rows};

/// Holds those columns of a row that are named against what they have to be.
#[track_caller]
pub(crate) fn has(row: &Value, columns: &Value) {
    for (name, value) in columns.as_object().unwrap() {
        assert_eq!(&row[name], value, "{name} of {row}");
    }
}

/// The rows of a file of the test data, of which nothing is told.
#[track_caller]
pub(crate) fn rows_of(name: &str) -> Vec<Value> {
    rows(&["streams"], &[data(name)])
}

/// Rows by stream and outcome.
pub(crate) fn outcomes(rows: &[Value]) -> Vec<String> {
    let outcome = |row: &Value| format!("{} {}", row["stream_id"].as_str().unwrap(), row["outcome"].as_str().unwrap());
    rows.iter().map(outcome).collect()
}
