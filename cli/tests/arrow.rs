//! Arrow and Parquet files of `events`, `streams` and `circuits`, read back.
#![cfg(feature = "arrow")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a helper that fails fails its test")]

mod common;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{Array, RecordBatch, RecordBatchReader};
use arrow_schema::{DataType, TimeUnit};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Map, Value};

/// Formats with typed columns.
const FORMATS: [&str; 2] = ["arrow", "parquet"];

/// Captures of a real tor.
const CAPTURES: [&str; 3] = ["onionperf.log", "stream-events.raw", "hostile-targets.raw"];

/// Runs a command on a log, with the output in a file of this format. Returns its path, and whether that went well or
/// else the complaint.
#[track_caller]
fn run(name: &str, arguments: &[&str], input: &[u8], format: &str) -> (PathBuf, Result<(), String>) {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let log = folder.join(format!("{name}.{}.log", arguments[0]));
    let output = log.with_extension(format);
    fs::write(&log, input).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_tor-streams"));
    command.args(arguments).args(["--lenient", "--format", format]).arg(&log);
    let ran = command.stdout(File::create(&output).unwrap()).stderr(Stdio::piped()).spawn().unwrap();
    let ran = ran.wait_with_output().unwrap();
    let complaint = String::from_utf8(ran.stderr).unwrap();
    match ran.status.code() {
        Some(0) => (output, Ok(())),
        Some(1) => (output, Err(complaint)),
        status => panic!("{status:?}: {complaint}"),
    }
}

/// Returns the path of the output of a command that has no complaint.
#[track_caller]
fn written(name: &str, arguments: &[&str], input: &[u8], format: &str) -> PathBuf {
    let (output, ran) = run(name, arguments, input, format);
    ran.unwrap();
    output
}

/// Returns a capture.
fn capture(name: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data").join(name)).unwrap()
}

/// Reads a file as the batches that it was written in.
fn batches(path: &Path) -> Vec<RecordBatch> {
    let file = File::open(path).unwrap();
    if path.extension().is_some_and(|format| format == "parquet") {
        let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
        assert!(reader.schema().fields().len() > 10);
        reader.map(Result::unwrap).collect()
    } else {
        arrow_ipc::reader::FileReader::try_new(file, None).unwrap().map(Result::unwrap).collect()
    }
}

/// Returns the value in a row of a column: times in microseconds.
fn value(column: &dyn Array, row: usize) -> Value {
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
fn rows(path: &Path) -> Vec<Map<String, Value>> {
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
fn check(name: &str, arguments: &[&str], input: &[u8], format: &str) -> usize {
    let json = fs::read_to_string(written(name, arguments, input, "json")).unwrap();
    let found = rows(&written(name, arguments, input, format));
    assert_eq!(found.len(), json.lines().count());
    for (mut row, line) in found.iter().cloned().zip(json.lines()) {
        let mut expected: Map<String, Value> = serde_json::from_str(line).unwrap();
        row.remove("prefix");
        for time in ["time", "unix_ts_start", "unix_ts_end", "unix_ts_first", "unix_ts_last"] {
            // A floating-point number has all digits to the microsecond, and an error of less than one.
            let micros = expected.remove(time).and_then(|time| Some(time.as_f64()? * 1e6));
            let found = row.remove(time).and_then(|time| time.as_f64());
            assert_eq!(micros.is_some(), found.is_some(), "{time}: {line}");
            assert!(micros.zip(found).is_none_or(|(micros, found)| (micros - found).abs() <= 1.0), "{time}: {line}");
        }
        assert_eq!(row, expected);
    }
    found.len()
}

#[test]
fn events_of_captures_as_in_json() {
    for name in CAPTURES {
        for format in FORMATS {
            assert!(check(name, &["events", "--show-credentials"], &capture(name), format) > 50);
        }
    }
}

#[test]
fn streams_of_captures_as_in_json() {
    for name in CAPTURES {
        for format in FORMATS {
            assert!(check(name, &["streams"], &capture(name), format) > 10);
        }
    }
}

#[test]
fn circuits_of_captures_as_in_json() {
    for name in CAPTURES {
        for format in FORMATS {
            assert!(check(name, &["circuits", "--show-credentials"], &capture(name), format) > 0);
        }
    }
}

/// Each value of a stream, put down by hand.
#[test]
fn a_stream() {
    let log = b"1700000000.25 650 STREAM 7 NEW 0 example.com:443 SOURCE_ADDR=127.0.0.1:5000 PURPOSE=USER CLIENT_PROTOCOL=SOCKS5 NYM_EPOCH=4 SESSION_GROUP=-2 ISO_FIELDS=CLIENTADDR,NYM_EPOCH\n\
        1700000000.5 650 STREAM 7 SENTCONNECT 31 example.com:443\n\
        1700000000.75 650 STREAM 7 DETACHED 31 example.com:443 REASON=TIMEOUT\n\
        1700000001 650 STREAM 7 SENTCONNECT 32 example.com:443\n\
        1700000001.5 650 STREAM 7 REMAP 32 192.0.2.7:443 SOURCE=EXIT\n\
        1700000001.75 650 STREAM 7 FAILED 32 192.0.2.7:443 REASON=END REMOTE_REASON=CONNECTREFUSED\n\
        1700000001.7500019 650 STREAM 7 CLOSED 32 192.0.2.7:443 REASON=END REMOTE_REASON=CONNECTREFUSED\n\
        650 STREAM 8 XOFF_RECV 33 other.example:80\n";
    for format in FORMATS {
        let path = written("a-stream", &["streams"], log, format);
        let file = path.with_extension("log");
        let expected = serde_json::json!([{
            "stream_id": "7", "circuit_id": "32", "unix_ts_start": 1_700_000_000_250_000_i64,
            "unix_ts_end": 1_700_000_001_750_000_i64, "seconds": 1.5, "failure_reason_local": "END",
            "failure_reason_remote": "CONNECTREFUSED", "remap_source": "EXIT", "target": "example.com:443",
            "outcome": "failed", "last_status": "CLOSED", "final_target": "192.0.2.7:443",
            "source_addr": "127.0.0.1:5000", "purpose": "USER", "client_protocol": "SOCKS5", "circuits": ["31", "32"],
            "xoff_sent": 0, "xoff_recv": 0, "xon_sent": 0, "xon_recv": 0, "reason": "END",
            "remote_reason": "CONNECTREFUSED", "seconds_to_answer": null, "attempts": 2, "detached": 1,
            "seconds_waiting": null, "asked": "connect", "target_kind": "name", "began": true, "has_username": false,
            "nym_epoch": 4, "session_group": -2, "file": file.to_str(), "identity": "#1",
        }, {
            "stream_id": "8", "circuit_id": "33", "unix_ts_start": null, "unix_ts_end": null, "seconds": null,
            "failure_reason_local": null, "failure_reason_remote": null, "remap_source": null,
            "target": "other.example:80", "outcome": "live", "last_status": null, "final_target": "other.example:80",
            "source_addr": null, "purpose": null, "client_protocol": null, "circuits": ["33"], "xoff_sent": 0,
            "xoff_recv": 1, "xon_sent": 0, "xon_recv": 0, "reason": null, "remote_reason": null,
            "seconds_to_answer": null, "attempts": 0, "detached": 0, "seconds_waiting": null, "asked": null,
            "target_kind": "name", "began": false, "has_username": false, "nym_epoch": null, "session_group": null,
            "file": file.to_str(), "identity": null,
        }]);
        assert_eq!(Value::from_iter(rows(&path)), expected);
    }
}

/// The names and types that others' programs rely on.
#[test]
fn types() {
    use DataType::{Boolean, Float64, Int32, Int64, Utf8};
    let words = DataType::Dictionary(Box::new(Int32), Box::new(Utf8));
    let list = DataType::new_list(Utf8, true);
    let time = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let streams = [
        ("stream_id", &Utf8, false),
        ("unix_ts_start", &time, true),
        ("seconds", &Float64, true),
        ("failure_reason_local", &words, true),
        ("outcome", &words, false),
        ("circuits", &list, false),
        ("attempts", &Int64, false),
        ("began", &Boolean, false),
        ("session_group", &Int32, true),
        ("identity", &Utf8, true),
    ];
    let events = [
        ("line", &Int64, false),
        ("time", &time, true),
        ("target_port", &Int32, false),
        ("nym_epoch", &Int64, true),
        ("iso_fields", &list, true),
        ("anomalies", &list, false),
    ];
    let circuits = [("unix_ts_first", &time, true), ("streams", &Int64, false), ("targets", &list, false)];
    let log = b"650 STREAM 1 NEW 0 host:80\n";
    for format in FORMATS {
        for (command, fields) in [("events", &events[..]), ("streams", &streams), ("circuits", &circuits)] {
            let batches =
                batches(&written("types", &[command], if command == "circuits" { CIRCUIT } else { log }, format));
            for &(name, data_type, is_nullable) in fields {
                let schema = batches[0].schema();
                let field = schema.field_with_name(name).unwrap();
                assert_eq!((field.data_type(), field.is_nullable()), (data_type, is_nullable), "{command} {name}");
            }
        }
    }
}

/// A stream that was on a circuit.
const CIRCUIT: &[u8] = b"650 STREAM 1 SENTCONNECT 5 host:80\n";

/// The rows and their order are the same for any number of threads.
#[test]
fn any_number_of_threads() {
    let mut log = Vec::new();
    for copy in 0..10 {
        log.extend_from_slice(&capture("onionperf.log"));
        log.extend_from_slice(format!("650 STREAM 99{copy} CLOSED 0 host:80 REASON=WORD_{copy}\n").as_bytes());
    }
    // Several ranges, which threads read.
    assert!(log.len() > 1_000_000);
    for command in ["events", "streams", "circuits"] {
        for format in FORMATS {
            let read = |jobs| rows(&run("threads", &[command, "--jobs", jobs], &log, format).0);
            let one = read("1");
            assert!(!one.is_empty());
            assert!(read("2") == one && read("7") == one, "{command} {format}");
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
    for format in FORMATS {
        assert_eq!(check("new-words", &["events"], log.as_bytes(), format), 20_000);
        assert_eq!(check("new-words", &["streams"], log.as_bytes(), format), 20_000);
    }
}

#[test]
fn no_rows_are_a_table_all_the_same() {
    for command in ["events", "streams", "circuits"] {
        for format in FORMATS {
            assert_eq!(rows(&written("nothing", &[command], b"650 BW 1 2\r\n", format)), []);
        }
    }
}

#[test]
fn times_are_to_the_microsecond_and_their_text_to_the_end() {
    let log = b"2019-01-31 11:29:51 1548934191.123456789 650 STREAM 1 NEW 0 host:80\r\n\
        2019-01-31 11:29:52.000 650 STREAM 2 NEW 0 host:80\r\n\
        99999999999999 650 STREAM 3 NEW 0 host:80\r\n";
    for format in FORMATS {
        let rows = rows(&written("times", &["events"], log, format));
        let found: Vec<_> = rows.iter().map(|row| (row["time"].as_i64(), row["prefix"].as_str())).collect();
        assert_eq!(
            found,
            [
                (Some(1_548_934_191_123_456), Some("2019-01-31 11:29:51 1548934191.123456789")),
                (Some(1_548_934_192_000_000), Some("2019-01-31 11:29:52.000")),
                // No time in microseconds reaches the year 3170843.
                (None, Some("99999999999999")),
            ]
        );
    }
}

#[test]
fn credentials_are_hidden() {
    let log = b"650 STREAM 1 SENTCONNECT 4 host:80 SOCKS_USERNAME=\"alice\" SOCKS_PASSWORD=\"hush\" ISO_FIELDS=SOCKS_USERNAME,SOCKS_PASSWORD\r\n\
        650 STREAM 1 CLOSED 4 host:80 REASON=DONE SOCKS_USERNAME=\"alice\" SOCKS_PASSWORD=\"hush\" ISO_FIELDS=SOCKS_USERNAME,SOCKS_PASSWORD\r\n";
    for format in FORMATS {
        for command in ["events", "streams", "circuits"] {
            let output = written("credentials", &[command], log, format);
            let rows = rows(&output);
            match command {
                "events" => {
                    assert_eq!((&rows[0]["socks_username"], &rows[0]["socks_password"]), (&"***".into(), &"***".into()))
                }
                "streams" => assert_eq!((&rows[0]["identity"], &rows[0]["has_username"]), (&"#1".into(), &true.into())),
                _ => assert_eq!(rows[0]["identities"], Value::from(vec!["#1"])),
            }
            // Not in the statistics of a column either.
            let file = fs::read(output).unwrap();
            for secret in [&b"alice"[..], b"hush"] {
                assert!(!file.windows(secret.len()).any(|bytes| bytes == secret));
            }
        }
        let shown = &rows(&written("credentials", &["circuits", "--show-credentials"], log, format))[0]["identities"];
        assert!(shown.to_string().contains("alice"), "{shown}");
        let shown = &rows(&written("credentials", &["events", "--show-credentials"], log, format))[0];
        assert_eq!((&shown["socks_username"], &shown["socks_password"]), (&"alice".into(), &"hush".into()));
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
    for format in FORMATS {
        let path = written("long-lines", &["events", "--show-credentials"], log.as_bytes(), format);
        let rows = rows(&path);
        let read = rows.iter().map(|row| row["socks_username"].as_str());
        assert!(read.eq(names.iter().map(|name| Some(name.as_str()))));
        if format == "arrow" {
            assert!(batches(&path).iter().all(|batch| batch.num_rows() == 5));
        } else {
            let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(&path).unwrap()).unwrap();
            assert!(reader.metadata().num_row_groups() > 1);
        }
    }
}

/// A row group is held in memory, so it has a limit for streams too.
#[test]
fn row_groups_are_bounded() {
    let log: String = (0..70_000).map(|number| format!("650 STREAM {number} CLOSED 0 host:80 REASON=DONE\n")).collect();
    let path = written("row-groups", &["streams"], log.as_bytes(), "parquet");
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(&path).unwrap()).unwrap();
    let groups: Vec<_> = reader.metadata().row_groups().iter().map(|group| group.num_rows()).collect();
    assert_eq!(groups.iter().sum::<i64>(), 70_000);
    assert!(groups.iter().all(|&rows| rows <= 65_536) && groups.len() > 1, "{groups:?}");
}

#[test]
fn too_many_words() {
    let filler = "W".repeat(900_000);
    let log: String = (0..12)
        .map(|number| format!("650 STREAM {number} CLOSED 0 host:80 REASON=WORD_{number}{filler}\r\n"))
        .collect();
    check("too-many-words", &["events", "--show-credentials"], log.as_bytes(), "parquet");
    let (_, ran) = run("too-many-words", &["events"], log.as_bytes(), "arrow");
    let message =
        "tor-streams: (standard output): too many different words for an Arrow file: Parquet has room for them\n";
    assert_eq!(ran, Err(String::from(message)));
}

#[cfg(unix)]
#[test]
fn refused_by_a_terminal() {
    for command in ["events", "streams", "circuits"] {
        for format in FORMATS {
            let (_terminal, shown) = common::terminal();
            let mut program = Command::new(env!("CARGO_BIN_EXE_tor-streams"));
            program.args([command, "--format", format, "-"]).stdin(Stdio::null()).stdout(shown).stderr(Stdio::piped());
            let ran = program.spawn().unwrap().wait_with_output().unwrap();
            let message = "tor-streams: (standard output): a terminal cannot show this format: redirect it to a file\n";
            assert_eq!((ran.status.code(), String::from_utf8(ran.stderr).unwrap()), (Some(1), String::from(message)));
        }
    }
}
