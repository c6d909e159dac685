//! Arrow and Parquet files of events, read back.
#![cfg(feature = "arrow")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a helper that fails fails its test")]

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, TimestampNanosecondType, UInt16Type, UInt64Type};
use arrow_array::{Array, RecordBatch, RecordBatchReader};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;

/// Writes events to a file in a format, and returns its path.
#[track_caller]
fn written(name: &str, input: &[u8], format: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let (log, output) = (folder.join(format!("{name}.{format}.log")), folder.join(format!("{name}.{format}")));
    fs::write(&log, input).unwrap();
    let arguments = ["events", "--lenient", "--show-credentials", "--format", format];
    let mut command = Command::new(env!("CARGO_BIN_EXE_tor-streams"));
    command.args(arguments).arg(&log).stdout(File::create(&output).unwrap()).stderr(Stdio::null());
    assert!(command.status().unwrap().success());
    output
}

/// Reads a file as the batches that it was written in.
fn batches(path: &PathBuf) -> Vec<RecordBatch> {
    let file = File::open(path).unwrap();
    if path.extension().is_some_and(|format| format == "parquet") {
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
        assert_eq!(reader.schema().fields().len(), 20);
        reader.map(Result::unwrap).collect()
    } else {
        arrow_ipc::reader::FileReader::try_new(file, None).unwrap().map(Result::unwrap).collect()
    }
}

/// Returns a word of a row.
fn word<'b>(batch: &'b RecordBatch, column: &str, row: usize) -> Option<&'b str> {
    let words = batch.column_by_name(column).unwrap().as_dictionary::<Int32Type>();
    let index = words.is_valid(row).then(|| words.keys().value(row))?;
    Some(words.values().as_string::<i32>().value(index.try_into().unwrap()))
}

/// Returns a text of a row.
fn text<'b>(batch: &'b RecordBatch, column: &str, row: usize) -> Option<&'b str> {
    let texts = batch.column_by_name(column).unwrap().as_string::<i32>();
    texts.is_valid(row).then(|| texts.value(row))
}

/// Compares each row of a file with the JSON of the same events.
#[track_caller]
fn check(name: &str, input: &[u8], format: &str) {
    let json = fs::read_to_string(written(name, input, "json")).unwrap();
    let mut expected = json.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    for batch in batches(&written(name, input, format)) {
        let lines = batch.column_by_name("line").unwrap().as_primitive::<UInt64Type>();
        let ports = batch.column_by_name("target_port").unwrap().as_primitive::<UInt16Type>();
        let times = batch.column_by_name("time").unwrap().as_primitive::<TimestampNanosecondType>();
        let lists = batch.column_by_name("iso_fields").unwrap().as_list::<i32>();
        for row in 0..batch.num_rows() {
            let object = expected.next().unwrap();
            assert_eq!(object["line"], lines.value(row));
            assert_eq!(object["target_port"], ports.value(row), "{object}");
            for column in ["status", "reason", "remote_reason", "source", "purpose", "client_protocol"] {
                assert_eq!(object[column].as_str(), word(&batch, column, row), "{object}");
            }
            for column in ["id", "circuit_id", "target_host", "source_addr", "socks_username", "socks_password"] {
                assert_eq!(object[column].as_str(), text(&batch, column, row), "{object}");
            }
            // A floating-point number does not have all digits of a time, but those behind the point here.
            let time = object.get("time").and_then(Value::as_f64).map(|time| (time * 100.0).round());
            let found = times.is_valid(row).then(|| (times.value(row) / 10_000_000) as f64);
            assert_eq!(time, found, "{object}");
            let list = lists.is_valid(row).then(|| {
                let words = lists.value(row);
                words.as_string::<i32>().iter().map(|word| Value::from(word.unwrap())).collect()
            });
            assert_eq!(object["iso_fields"], list.map_or(Value::Null, Value::Array), "{object}");
        }
    }
    assert_eq!(expected.next(), None);
}

#[test]
fn captures_as_in_json() {
    for name in ["onionperf.log", "stream-events.raw", "hostile-targets.raw"] {
        let capture = fs::read(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/data").join(name)).unwrap();
        for format in ["arrow", "parquet"] {
            check(name, &capture, format);
        }
    }
}

#[test]
fn words_without_a_name_make_a_dictionary_longer() {
    // More than one batch, and a new word in each.
    let log: String = (0..20_000)
        .map(|number| {
            format!("650 STREAM {number} NEW_{} 3 host:80 REASON=WORD_{}\r\n", number / 5_000, number / 9_000)
        })
        .collect();
    for format in ["arrow", "parquet"] {
        check("new-words", log.as_bytes(), format);
    }
}

#[test]
fn no_events_are_a_table_without_rows() {
    for format in ["arrow", "parquet"] {
        assert_eq!(
            batches(&written("nothing", b"650 BW 1 2\r\n", format)).iter().map(RecordBatch::num_rows).sum::<usize>(),
            0
        );
    }
}
