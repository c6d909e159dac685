//! Files: types of columns, batches, row groups and dictionaries, each of a limited size.

use std::fs::File;
#[cfg(unix)]
use std::process::{Command, Stdio};

use arrow_schema::{DataType, TimeUnit};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::common::random::Random;
use crate::{FORMATS, batches, check, rows, run, written};

/// Names, types and nullability of columns, on which programs of others rely.
#[test]
fn types_of_columns() {
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

/// Returns text that hardly can be compressed.
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
