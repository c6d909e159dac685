//! Files: types of columns, batches, row groups and dictionaries, each of a limited size.

use std::fs::File;
use std::path::Path;
#[cfg(unix)]
use std::process::{Command, Stdio};

use arrow_ipc::reader::FileReader;
use arrow_schema::{DataType, Field, TimeUnit};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::common::random::Random;
use crate::{FORMATS, batches, check, rows, run, written};

/// The schema of a command's files, on which programs of others rely: each column as `name type`, with `?` for one that may be null.
const SCHEMAS: [(&str, &str); 3] = [
    (
        "events",
        "line int64, time time?, prefix text?, id text, status word, circuit_id text?, target_host text, \
         target_port int32, reason word?, remote_reason word?, source word?, source_addr text?, purpose word?, \
         socks_username text?, socks_password text?, client_protocol word?, nym_epoch int64?, session_group int32?, \
         iso_fields texts?, anomalies texts",
    ),
    (
        "streams",
        "stream_id text, circuit_id text?, unix_ts_start time?, unix_ts_end time?, seconds float64?, \
         failure_reason_local word?, failure_reason_remote word?, remap_source word?, target text, outcome word, \
         last_status word?, final_target text, source_addr text?, purpose word?, client_protocol word?, \
         circuits texts, xoff_sent int64, xoff_recv int64, xon_sent int64, xon_recv int64, reason word?, \
         remote_reason word?, seconds_to_answer float64?, attempts int64, detached int64, seconds_waiting float64?, \
         asked word?, target_kind word?, began bool, has_username bool, nym_epoch int64?, session_group int32?, \
         file text, identity text?",
    ),
    (
        "circuits",
        "file text, circuit_id text, unix_ts_first time?, unix_ts_last time?, seconds float64?, streams int64, \
         detached int64, failed int64, targets texts, other_targets int64, identities texts, unknown_identity int64, \
         changed_identity int64, differs_in texts",
    ),
];

/// Returns the schema of a file, in the form of [`SCHEMAS`].
fn schema(path: &Path) -> String {
    let file = File::open(path).unwrap();
    let schema = if path.extension().is_some_and(|format| format == "parquet") {
        ParquetRecordBatchReaderBuilder::try_new(file).unwrap().schema().clone()
    } else {
        FileReader::try_new(file, None).unwrap().schema()
    };
    let column = |field: &Field| {
        let name_of_type = match field.data_type() {
            DataType::Utf8 => "text",
            DataType::Int64 => "int64",
            DataType::Int32 => "int32",
            DataType::Float64 => "float64",
            DataType::Boolean => "bool",
            DataType::Timestamp(TimeUnit::Microsecond, Some(zone)) if &**zone == "UTC" => "time",
            words if *words == DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8)) => "word",
            list if *list == DataType::new_list(DataType::Utf8, true) => "texts",
            other => panic!("{other}"),
        };
        format!("{} {name_of_type}{}", field.name(), if field.is_nullable() { "?" } else { "" })
    };
    schema.fields().iter().map(|field| column(field)).collect::<Vec<_>>().join(", ")
}

/// A file has its columns even if it has no rows.
#[test]
fn types_of_columns() {
    for (command, columns) in SCHEMAS {
        for format in FORMATS {
            for log in [&b"650 STREAM 1 SENTCONNECT 5 host:80\n"[..], b"650 BW 1 2\n"] {
                assert_eq!(schema(&written("types", &[command], log, format)), columns, "{command} {format}");
            }
        }
    }
}

#[test]
fn words_without_a_variant_make_a_dictionary_longer() {
    // Three batches, of at most 8,192 rows each, and a new word in each.
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

/// Returns random letters, of which a compressor leaves at least half: it finds no repetition, and a letter is one of 16.
pub(crate) fn random_letters(length: usize, random: &mut Random) -> String {
    (0..length).map(|_| char::from(b'a' + random.below(16) as u8)).collect()
}

/// A batch ends with the row that makes its text 4 MiB long: five rows of 0.9 MB.
#[test]
fn long_lines_are_written_in_smaller_batches() {
    let mut random = Random(1);
    let names: Vec<String> = (0..40).map(|_| random_letters(900_000, &mut random)).collect();
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

/// A row group is kept in memory until it is written, so it has at most 65,536 rows, and 8 MiB.
#[test]
fn row_groups_are_bounded() {
    let log: String = (0..70_000).map(|number| format!("650 STREAM {number} CLOSED 0 host:80 REASON=DONE\n")).collect();
    let path = written("row-groups", &["streams"], log.as_bytes(), "parquet");
    let reader = ParquetRecordBatchReaderBuilder::try_new(File::open(&path).unwrap()).unwrap();
    let groups: Vec<_> = reader.metadata().row_groups().iter().map(|group| group.num_rows()).collect();
    assert_eq!(groups.iter().sum::<i64>(), 70_000);
    assert!(groups.iter().all(|&rows| rows <= 65_536) && groups.len() > 1, "{groups:?}");
}

/// The dictionaries of an Arrow file are those of the whole file, and kept in memory. 12 words of 0.9 MB are more than the 4 MiB that
/// dictionaries may have; in Parquet new ones begin then, as with each row group.
#[test]
fn too_many_words() {
    let filler = "W".repeat(900_000);
    let log: String = (0..12)
        .map(|number| format!("650 STREAM {number} CLOSED 0 host:80 REASON=WORD_{number}{filler}\r\n"))
        .collect();
    check("too-many-words", &["events"], log.as_bytes(), "parquet");
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
            let (_terminal, shown) = crate::common::terminal();
            let mut program = Command::new(env!("CARGO_BIN_EXE_tor-streams"));
            program.args([command, "--format", format, "-"]).stdin(Stdio::null()).stdout(shown).stderr(Stdio::piped());
            let ran = program.spawn().unwrap().wait_with_output().unwrap();
            let message = "tor-streams: (standard output): a terminal cannot show this format: redirect it to a file\n";
            assert_eq!((ran.status.code(), String::from_utf8(ran.stderr).unwrap()), (Some(1), String::from(message)));
        }
    }
}
