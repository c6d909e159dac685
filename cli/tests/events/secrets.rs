//! Nothing secret and nothing raw: credentials are in no output that was not asked for them, and commands to a terminal only in
//! CSV that goes to a file.

use std::path::Path;

use proptest::prelude::*;
use serde_json::Value;

use crate::common::{both, data, file, parse_rows, run};
use crate::damaged::{SECRET, damaged};
use crate::property::config;

/// Ways of printing what is in files. `share` and `plot` have tests of their own.
const COMMANDS: &[&[&str]] = &[
    &["events"],
    &["events", "--format", "csv"],
    &["streams"],
    &["streams", "--format", "csv"],
    &["streams", "--format", "onionperf"],
    &["summary"],
    &["summary", "--json"],
    &["circuits"],
    &["circuits", "--format", "csv"],
    &["circuits", "--text"],
    &["count", "--by", "target,cause,source_host,purpose"],
    &["count", "--by", "target,cause", "--events"],
];

/// Returns all that each command prints on standard output and standard error, read leniently or not. With a filter that
/// every target passes, commands print by another path.
fn outputs<P: AsRef<Path>>(files: &[P]) -> impl Iterator<Item = (String, String)> {
    COMMANDS.iter().flat_map(move |command| {
        [&["--target", "*"][..], &[], &["--lenient"], &["--lenient", "--anomalous"]].map(|options| {
            let arguments = [command, options].concat();
            let output = run(&arguments, files);
            let text = [output.stdout, output.stderr].concat();
            (arguments.join(" "), String::from_utf8(text).unwrap())
        })
    })
}

#[test]
fn misplaced_credentials() {
    let logs = [data("faults/leak.raw"), data("field/C01-credentials-in-target.log")];
    for log in &logs {
        let content = std::fs::read_to_string(log).unwrap();
        assert!(content.contains("hunter2") && content.contains("alice"), "{}", log.display());
    }
    for (arguments, text) in outputs(&logs) {
        assert!(!text.contains("hunter2") && !text.contains("alice"), "{arguments}: {text}");
    }
    // `--show-credentials` shows them, and without it the rest of a target is shown. The lines of the second log end with fields that
    // tor does not have in this place, of which NEW_ADDR is read as the end of the target: all before its port is the host.
    let events =
        |options: &[&str]| String::from_utf8(run(&[&["events"], options].concat(), &logs[1..]).stdout).unwrap();
    let hosts = |text: &str| parse_rows(text).iter().map(|row| row["target_host"].clone()).collect::<Vec<Value>>();
    let host = |user: &str, password: &str, more: &str| {
        Value::from(format!(
            "192.0.2.34:443 SOCKS_USERNAME=\"{user}\" SOCKS_PASSWORD=\"{password}\"{more} NEW_ADDR=10.8.0.2"
        ))
    };
    // The second line has CLIENT_PROTOCOL before NEW_ADDR.
    let both_hosts = |user, password| ["", " CLIENT_PROTOCOL=SOCKS5"].map(|more| host(user, password, more));
    assert_eq!(hosts(&events(&[])), both_hosts("***", "***"));
    assert_eq!(hosts(&events(&["--show-credentials"])), both_hosts("alice", "hunter2"));
}

/// A quotation mark that a client writes into a name hides nothing that tor prints behind it.
#[test]
fn a_client_hides_nothing() {
    let line = "650 STREAM 7 CLOSED 5 SOCKS_USERNAME=\"x:80 REASON=END REMOTE_REASON= UNKNOWN_264 CLIENT_PROTOCOL=SOCKS5 \
                NYM_EPOCH=1 SESSION_GROUP=-4 ISO_FIELDS=SOCKS_USERNAME,CLIENTADDR\n650 STREAM 8 NEW 0 SOCKS_PASSWORD=\"x:80 \
                SOURCE_ADDR=127.0.0.1:5 PURPOSE=USER\n";
    let log = file("secrets", "hidden.log", line);
    let rows = parse_rows(&String::from_utf8(run(&["events"], &[&log]).stdout).unwrap());
    let row = &rows[0];
    assert_eq!((&row["target_host"], &row["target_port"]), (&"SOCKS_USERNAME=\"***".into(), &80.into()));
    assert_eq!((&row["reason"], &row["remote_reason"]), (&"END".into(), &"UNKNOWN_264".into()));
    assert_eq!(row["iso_fields"], serde_json::json!(["SOCKS_USERNAME", "CLIENTADDR"]));
    assert_eq!((&rows[1]["source_addr"], &rows[1]["purpose"]), (&"127.0.0.1:5".into(), &"USER".into()));
    let streams = parse_rows(&String::from_utf8(run(&["streams"], &[&log]).stdout).unwrap());
    assert_eq!((&streams[0]["reason"], &streams[0]["remote_reason"]), (&"END".into(), &"UNKNOWN_264".into()));
    assert_eq!((&streams[1]["source_addr"], &streams[1]["purpose"]), (&"127.0.0.1:5".into(), &"USER".into()));
}

/// Generates a line with a damaged event.
fn line() -> impl Strategy<Value = Vec<u8>> {
    damaged().prop_map(|mut content| {
        content.retain(|byte| !b"\r\n".contains(byte));
        [b"650 STREAM ", &content[..], b"\r\n"].concat()
    })
}

proptest! {
    // Few cases: each runs the program 48 times.
    #![proptest_config(config(6))]

    /// No text between quotation marks after a keyword of credentials is shown, and a command to a terminal only in CSV that goes
    /// to a file.
    #[test]
    fn no_output_shows_a_secret(lines in prop::collection::vec(line(), 300)) {
        let log = file("secrets", "damaged.raw", lines.concat());
        for (arguments, text) in outputs(&[log]) {
            let line = text.lines().find(|line| line.contains(SECRET));
            prop_assert!(line.is_none(), "{arguments}: {}", line.unwrap());
            if !arguments.contains("csv") {
                prop_assert!(!is_raw(&text), "{arguments}: {}", text.escape_debug());
            }
        }
    }
}

/// Returns `true` if text holds a control character but LF, or one that sets the direction of text.
fn is_raw(text: &str) -> bool {
    let direction =
        |c| matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    text.chars().any(|c| c != '\n' && c.is_control() || direction(c))
}

#[test]
fn arguments_that_are_wrong() {
    for argument in ["--a\u{202e}", "--target=[\x1b[31m", "--since=\x1b[31m", "--jobs=\u{9b}31m"] {
        let (_, text) = both(2, &["events", argument], &[data("faults/terminal.raw")]);
        assert!(text.contains("--help") && !is_raw(&text), "{}", text.escape_debug());
    }
}

/// An ESC, where names of files may have one.
const ESC: &str = if cfg!(unix) { "\x1b" } else { "" };

#[test]
fn commands_to_a_terminal() {
    let log = data("faults/terminal.raw");
    let log_with_name =
        file("secrets", &format!("a\u{9b}31m\u{202e}{ESC}.log"), "650 STREAM 1 BORN 0 a:1\n650 STREAM 2 NEW 0 b:1\n");
    // No such file is in the folder of the others.
    let absent = log_with_name.with_file_name("ab\u{7f}\u{200f}sent");
    for (arguments, text) in outputs(&[log.clone(), log_with_name, absent]) {
        if !arguments.contains("csv") {
            assert!(!is_raw(&text), "{arguments}: {}", text.escape_debug());
        }
    }
    // The value of the JSON is what tor printed.
    let row = &parse_rows(&String::from_utf8(run(&["events"], &[log]).stdout).unwrap())[0];
    assert_eq!(row["target_host"], "a\u{9b}31mRED\u{202e}b\x1b]0;title\x07\x7f");
}

/// CSV on a terminal shows commands escaped.
#[cfg(unix)]
#[test]
fn csv_on_a_terminal() {
    use std::io::Read;
    use std::process::Command;

    // On a circuit, so that `circuits` has a row with the host.
    let content = std::fs::read_to_string(data("faults/terminal.raw")).unwrap().replace(" NEW 0 ", " SENTCONNECT 5 ");
    let log = file("secrets", "terminal.raw", content);
    for command in ["events", "streams", "circuits"] {
        let (mut terminal, other_side) = crate::common::terminal();
        let mut program = Command::new(env!("CARGO_BIN_EXE_tor-streams"));
        program.args([command, "--format", "csv"]).arg(&log).stdout(other_side);
        let mut child = program.spawn().unwrap();
        // Closes this process's copy of the other side: only the child's is left.
        drop(program);
        let mut text = Vec::new();
        // Reading ends with an error, since the other side is closed.
        let _ = terminal.read_to_end(&mut text);
        assert!(child.wait().unwrap().success());
        let text = String::from_utf8(text).unwrap().replace("\r\n", "\n");
        assert!(!is_raw(&text), "{command}: {}", text.escape_debug());
        assert!(text.contains(r"a\u{9b}31mRED\u{202e}b\u{1b}]0;title\u{7}\u{7f}"), "{command}: {text}");
    }
}

#[test]
fn csv_for_a_spreadsheet() {
    let log = data("faults/terminal.raw");
    for (command, cell) in [("events", ",'=cmd|calc,1,"), ("streams", ",'=cmd|calc:1,")] {
        let text = |options: &[&str]| {
            let output = run(&[&[command, "--format", "csv"], options].concat(), &[&log]);
            String::from_utf8(output.stdout).unwrap()
        };
        let (plain, safe) = (text(&[]), text(&["--csv-safe"]));
        assert!(!plain.contains('\'') && plain.contains(&cell.replace('\'', "")), "{plain}");
        assert!(safe.contains(cell) && safe.contains(",'@x") && safe.contains(",'-4,"), "{safe}");
        let mut reader = csv::Reader::from_reader(safe.as_bytes());
        for record in reader.records().map(Result::unwrap) {
            assert!(record.iter().all(|cell| !cell.starts_with(['=', '+', '-', '@', '\t', '\r'])), "{record:?}");
        }
    }
}

/// CSV and JSON say the same, whatever byte a host holds.
#[test]
fn csv_and_json_agree() {
    let mut log = b"650 BW 1 2\r\n".to_vec();
    let tail = b" SOURCE_ADDR=192.0.2.1:5 PURPOSE=USER CLIENT_PROTOCOL=SOCKS5 NYM_EPOCH=0 SESSION_GROUP=-4 ISO_FIELDS=";
    for byte in 0..=255_u8 {
        for host in [&[b'a', byte, b'b'][..], &[byte], &[b'a', byte], &[byte, byte]] {
            for tail in [&tail[..], b""] {
                log.extend([b"650 STREAM 5 NEW 0 ", host, b":1", tail, b"\r\n"].concat());
            }
        }
    }
    let log = file("secrets", "bytes.raw", log);
    for options in [&[][..], &["--lenient"]] {
        let output = |format: &[&str]| run(&[&["events"], options, format].concat(), &[&log]).stdout;
        let objects = parse_rows(&String::from_utf8(output(&[])).unwrap());
        let text = output(&["--format", "csv"]);
        let mut reader = csv::Reader::from_reader(&*text);
        let names = reader.headers().unwrap().clone();
        let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
        // Some of the 2048 lines are refused.
        assert!(rows.len() > 1900 && rows.len() == objects.len());
        for (object, row) in objects.iter().zip(&rows) {
            for (name, cell) in names.iter().zip(row) {
                let printed = match &object[name] {
                    Value::Null => String::new(),
                    Value::String(text) => text.clone(),
                    Value::Array(items) => {
                        items.iter().map(|item| item.as_str().unwrap()).collect::<Vec<_>>().join(",")
                    }
                    other => other.to_string(),
                };
                assert_eq!(printed, cell, "{name}");
            }
        }
    }
}
