//! Arrow and Parquet files of `events`, `streams` and `circuits`, read back.
#![cfg(feature = "arrow")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a helper that fails fails its test")]

#[path = "../common/mod.rs"]
mod common;
mod files;
#[cfg(target_os = "linux")]
mod memory;
mod rows;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, TimeUnit};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Map, Value};

use crate::common::file;

/// Formats with typed columns.
pub(crate) const FORMATS: [&str; 2] = ["arrow", "parquet"];

/// Runs a command on a log, with the output in a file of this format. The log is read leniently, since statuses without a variant
/// are data then. Returns the path of the file, and the messages as an error if the exit status is 1.
#[track_caller]
pub(crate) fn run(name: &str, arguments: &[&str], input: &[u8], format: &str) -> (PathBuf, Result<(), String>) {
    let log = file("arrow", &format!("{name}.{}.log", arguments[0]), input);
    let output = log.with_extension(format);
    let mut command = Command::new(env!("CARGO_BIN_EXE_tor-streams"));
    command.args(arguments).args(["--lenient", "--format", format]).arg(&log);
    let ran = command.stdout(File::create(&output).unwrap()).stderr(Stdio::piped()).spawn().unwrap();
    let ran = ran.wait_with_output().unwrap();
    let messages = String::from_utf8(ran.stderr).unwrap();
    match ran.status.code() {
        Some(0) => (output, Ok(())),
        Some(1) => (output, Err(messages)),
        status => panic!("{status:?}: {messages}"),
    }
}

/// Returns the path of the output of a command that reports nothing.
#[track_caller]
pub(crate) fn written(name: &str, arguments: &[&str], input: &[u8], format: &str) -> PathBuf {
    let (output, ran) = run(name, arguments, input, format);
    ran.unwrap();
    output
}

/// Reads a file as the batches that it was written in.
pub(crate) fn batches(path: &Path) -> Vec<RecordBatch> {
    let file = File::open(path).unwrap();
    if path.extension().is_some_and(|format| format == "parquet") {
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
        reader.map(Result::unwrap).collect()
    } else {
        arrow_ipc::reader::FileReader::try_new(file, None).unwrap().map(Result::unwrap).collect()
    }
}

/// Returns the value in a row of a column: times in microseconds.
pub(crate) fn value(column: &dyn Array, row: usize) -> Value {
    if column.is_null(row) {
        return Value::Null;
    }
    match column.data_type() {
        DataType::Utf8 => column.as_string::<i32>().value(row).into(),
        DataType::Int64 => column.as_primitive::<Int64Type>().value(row).into(),
        DataType::Int32 => column.as_primitive::<Int32Type>().value(row).into(),
        DataType::Float64 => column.as_primitive::<Float64Type>().value(row).into(),
        DataType::Boolean => column.as_boolean().value(row).into(),
        DataType::Timestamp(TimeUnit::Microsecond, Some(zone)) if &**zone == "UTC" => {
            column.as_primitive::<TimestampMicrosecondType>().value(row).into()
        }
        DataType::Dictionary(..) => {
            let words = column.as_dictionary::<Int32Type>();
            value(words.values(), words.keys().value(row).try_into().unwrap())
        }
        DataType::List(_) => {
            let items = column.as_list::<i32>().value(row);
            (0..items.len()).map(|item| value(&items, item)).collect()
        }
        other => panic!("{other}"),
    }
}

/// Returns all rows of a file as JSON, with times in microseconds.
pub(crate) fn rows(path: &Path) -> Vec<Map<String, Value>> {
    let mut rows = Vec::new();
    for batch in batches(path) {
        let (schema, columns) = (batch.schema(), batch.columns());
        rows.extend((0..batch.num_rows()).map(|row| {
            let values = columns.iter().map(|column| value(column, row));
            schema.fields().iter().map(|field| field.name().clone()).zip(values).collect::<Map<_, _>>()
        }));
    }
    rows
}

/// Compares each row of a file with the JSON of the same command. Returns the number of rows.
#[track_caller]
pub(crate) fn check(name: &str, arguments: &[&str], input: &[u8], format: &str) -> usize {
    let json = fs::read_to_string(written(name, arguments, input, "json")).unwrap();
    let found = rows(&written(name, arguments, input, format));
    assert_eq!(found.len(), json.lines().count());
    for (mut row, line) in found.iter().cloned().zip(json.lines()) {
        let mut expected: Map<String, Value> = serde_json::from_str(line).unwrap();
        // JSON has the text before an event only as the `time` that is in it.
        row.remove("prefix");
        for time in ["time", "unix_ts_start", "unix_ts_end", "unix_ts_first", "unix_ts_last"] {
            // The time in JSON is read as a floating-point number, which is less than a microsecond off.
            let micros = expected.remove(time).and_then(|time| Some(time.as_f64()? * 1e6));
            let found = row.remove(time).and_then(|time| time.as_f64());
            assert_eq!(micros.is_some(), found.is_some(), "{time}: {line}");
            assert!(micros.zip(found).is_none_or(|(micros, found)| (micros - found).abs() <= 1.0), "{time}: {line}");
        }
        assert_eq!(row, expected);
    }
    found.len()
}
