//! Streams as rows, as circuits and as groups: the commands `streams`, `circuits` and `count`, and `--check`.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

// For `alloc::collections` in the files: the lint `std_instead_of_alloc` refuses it from `std`.
extern crate alloc;

mod agreement;
mod check;
mod circuits;
#[path = "../common/mod.rs"]
mod common;
mod count;
mod library;
mod logs;
mod onionperf;
mod rows;

use serde_json::Value;

use crate::common::{data, rows};

/// Asserts the values of some columns of a row.
#[track_caller]
pub(crate) fn assert_has(row: &Value, columns: &Value) {
    for (name, value) in columns.as_object().unwrap() {
        assert_eq!(&row[name], value, "{name} of {row}");
    }
}

/// Returns the rows of `streams` for a file of the test data. Asserts that there is no message.
#[track_caller]
pub(crate) fn rows_of(name: &str) -> Vec<Value> {
    rows(&["streams"], &[data(name)])
}

/// Returns the stream and outcome of each row, such as `18 closed`.
pub(crate) fn outcomes(rows: &[Value]) -> Vec<String> {
    let outcome = |row: &Value| format!("{} {}", row["stream_id"].as_str().unwrap(), row["outcome"].as_str().unwrap());
    rows.iter().map(outcome).collect()
}
