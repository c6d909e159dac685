//! Arrow and Parquet files of events, read back.
#![cfg(feature = "arrow")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a helper that fails fails its test")]

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, TimestampNanosecondType, UInt16Type, UInt32Type, UInt64Type};
use arrow_array::{Array, RecordBatch, RecordBatchReader};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::Value;

/// Writes events to a file in a format. Returns its path, and whether that went well or else the complaint.
#[track_caller]
fn run(name: &str, input: &[u8], format: &str, options: &[&str]) -> (PathBuf, Result<(), String>) {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let (log, output) = (folder.join(format!("{name}.{format}.log")), folder.join(format!("{name}.{format}")));
    fs::write(&log, input).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_tor-streams"));
    command.args(["events", "--lenient", "--format", format]).args(options).arg(&log);
    let ran = command.stdout(File::create(&output).unwrap()).stderr(Stdio::piped()).spawn().unwrap();
    let ran = ran.wait_with_output().unwrap();
    let complaint = String::from_utf8(ran.stderr).unwrap();
    match ran.status.code() {
        Some(0) => (output, Ok(())),
        Some(1) => (output, Err(complaint)),
        status => panic!("{status:?}: {complaint}"),
    }
}

/// Writes events, credentials included, to a file in a format, and returns its path.
#[track_caller]
fn written(name: &str, input: &[u8], format: &str) -> PathBuf {
    let (output, ran) = run(name, input, format, &["--show-credentials"]);
    ran.unwrap();
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

/// Returns a list of a row.
fn list(batch: &RecordBatch, column: &str, row: usize) -> Value {
    let lists = batch.column_by_name(column).unwrap().as_list::<i32>();
    if lists.is_null(row) {
        return Value::Null;
    }
    lists.value(row).as_string::<i32>().iter().map(|word| word.unwrap()).collect()
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
        let epochs = batch.column_by_name("nym_epoch").unwrap().as_primitive::<UInt32Type>();
        let groups = batch.column_by_name("session_group").unwrap().as_primitive::<Int32Type>();
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
            let epoch = epochs.is_valid(row).then(|| epochs.value(row));
            assert_eq!(object["nym_epoch"], Value::from(epoch), "{object}");
            let group = groups.is_valid(row).then(|| groups.value(row));
            assert_eq!(object["session_group"], Value::from(group), "{object}");
            for column in ["iso_fields", "anomalies"] {
                assert_eq!(object[column], list(&batch, column, row), "{object}");
            }
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

#[test]
fn times_are_to_the_nanosecond_beside_the_text() {
    let log = b"2019-01-31 11:29:51 1548934191.123456789 650 STREAM 1 NEW 0 host:80\r\n\
        2019-01-31 11:29:52.000 650 STREAM 2 NEW 0 host:80\r\n";
    for format in ["arrow", "parquet"] {
        let batch = &batches(&written("times", log, format))[0];
        let times = batch.column_by_name("time").unwrap().as_primitive::<TimestampNanosecondType>();
        assert_eq!(
            times.iter().collect::<Vec<_>>(),
            [Some(1_548_934_191_123_456_789), Some(1_548_934_192_000_000_000)]
        );
        let texts = [text(batch, "prefix", 0), text(batch, "prefix", 1)];
        assert_eq!(texts, [Some("2019-01-31 11:29:51 1548934191.123456789"), Some("2019-01-31 11:29:52.000")]);
    }
}

#[test]
fn credentials_are_hidden() {
    let log = b"650 STREAM 1 CLOSED 0 host:80 REASON=DONE SOCKS_USERNAME=\"alice\" SOCKS_PASSWORD=\"hush\"\r\n";
    for format in ["arrow", "parquet"] {
        let (output, ran) = run("credentials", log, format, &[]);
        assert_eq!(ran, Ok(()));
        let batch = &batches(&output)[0];
        assert_eq!((text(batch, "socks_username", 0), text(batch, "socks_password", 0)), (Some("***"), Some("***")));
        // Not in the statistics of a column either.
        let file = fs::read(output).unwrap();
        for secret in [&b"alice"[..], b"hush"] {
            assert!(!file.windows(secret.len()).any(|bytes| bytes == secret));
        }
    }
}

#[test]
fn long_lines_are_written_in_smaller_batches() {
    // Letters at random, since compression makes little of others.
    let letter = |state: &mut u64| {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        Some(char::from(b'a' + (*state >> 60) as u8))
    };
    let names: Vec<String> = (1..=40).map(|seed| (0..900_000).scan(seed, |state, _| letter(state)).collect()).collect();
    let log: String = names
        .iter()
        .map(|name| format!("650 STREAM 1 CLOSED 0 host:80 REASON=DONE SOCKS_USERNAME=\"{name}\"\r\n"))
        .collect();
    for format in ["arrow", "parquet"] {
        let path = written("long-lines", log.as_bytes(), format);
        let batches = batches(&path);
        let read = batches.iter().flat_map(|batch| (0..batch.num_rows()).map(|row| text(batch, "socks_username", row)));
        assert!(read.eq(names.iter().map(|name| Some(name.as_str()))));
        if format == "arrow" {
            assert!(batches.iter().all(|batch| batch.num_rows() == 5));
        } else {
            let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(&path).unwrap()).unwrap();
            assert!(reader.metadata().num_row_groups() > 1);
        }
    }
}

#[test]
fn too_many_words() {
    let filler = "W".repeat(900_000);
    let log: String = (0..12)
        .map(|number| format!("650 STREAM {number} CLOSED 0 host:80 REASON=WORD_{number}{filler}\r\n"))
        .collect();
    check("too-many-words", log.as_bytes(), "parquet");
    let (_, ran) = run("too-many-words", log.as_bytes(), "arrow", &[]);
    let message =
        "tor-streams: (standard output): too many different words for an Arrow file: Parquet has room for them\n";
    assert_eq!(ran, Err(String::from(message)));
}

/// Circuits have the same values as in JSON.
#[test]
fn circuits() {
    use arrow_array::types::Float64Type;

    let log = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/data/onionperf.log");
    let output = |format: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tor-streams"));
        let ran = command.args(["circuits", "--format", format]).arg(&log).output().unwrap();
        assert!(ran.status.success());
        ran.stdout
    };
    let json = String::from_utf8(output("json")).unwrap();
    let rows: Vec<Value> = json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for format in ["arrow", "parquet"] {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("circuits.{format}"));
        fs::write(&path, output(format)).unwrap();
        let file = File::open(&path).unwrap();
        let batches: Vec<RecordBatch> = if format == "parquet" {
            ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap().map(Result::unwrap).collect()
        } else {
            arrow_ipc::reader::FileReader::try_new(file, None).unwrap().map(Result::unwrap).collect()
        };
        let [batch] = &*batches else { panic!("{}", batches.len()) };
        assert!(batch.num_rows() == rows.len() && rows.len() > 5);
        for (index, row) in rows.iter().enumerate() {
            let column = |name: &str| batch.column_by_name(name).unwrap();
            let text = |name: &str| column(name).as_string::<i32>().value(index).to_owned();
            assert_eq!((&row["file"], &row["circuit_id"]), (&text("file").into(), &text("circuit_id").into()));
            let list = |name: &str| {
                let items = column(name).as_list::<i32>().value(index);
                items.as_string::<i32>().iter().map(|item| item.unwrap().to_owned()).collect::<Vec<_>>()
            };
            for name in ["targets", "identities", "differs_in"] {
                assert_eq!(row[name], Value::from(list(name)), "{name}");
            }
            let numbers = ["streams", "detached", "failed", "other_targets", "unknown_identity", "changed_identity"];
            for name in numbers {
                assert_eq!(row[name], column(name).as_primitive::<UInt64Type>().value(index), "{name}");
            }
            // A circuit that only flow control names has no times.
            let is_null = ["seconds", "unix_ts_first", "unix_ts_last"].map(|name| column(name).is_null(index));
            assert_eq!(is_null, [row["seconds"].is_null(); 3]);
            if row["seconds"].is_null() {
                continue;
            }
            assert_eq!(row["seconds"], column("seconds").as_primitive::<Float64Type>().value(index));
            for name in ["unix_ts_first", "unix_ts_last"] {
                let nanos = column(name).as_primitive::<TimestampNanosecondType>().value(index);
                assert!((row[name].as_f64().unwrap() - nanos as f64 / 1e9).abs() < 1e-6, "{name}");
            }
        }
    }
}
