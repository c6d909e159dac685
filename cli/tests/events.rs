//! The command `events`: the built program on small inputs and on captures, its output and exit status as text.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper that fails fails its test")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

/// The result of a run.
struct Ran {
    /// Its exit status.
    status: i32,
    /// Standard output.
    stdout: String,
    /// Standard error.
    stderr: String,
}

/// Returns the program, which is to be run with these arguments.
fn program(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tor-streams"));
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Waits for the program to end.
#[track_caller]
fn ended(child: Child) -> Ran {
    let output = child.wait_with_output().unwrap();
    Ran {
        status: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Runs the program with these arguments and a short standard input.
#[track_caller]
fn run(arguments: &[&str], stdin: impl AsRef<[u8]>) -> Ran {
    let mut child = program(arguments).spawn().unwrap();
    // The program may end without reading all of it.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_ref());
    ended(child)
}

/// Prints the events in `stdin`, all of which can be read.
#[track_caller]
fn events(options: &[&str], stdin: impl AsRef<[u8]>) -> String {
    let ran = run(&[&["events"], options, &["-"]].concat(), stdin);
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
    ran.stdout
}

/// Prints the events in `stdin` as JSON, and reads that.
#[track_caller]
fn objects(options: &[&str], stdin: impl AsRef<[u8]>) -> Vec<Value> {
    events(options, stdin).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Reads CSV: the names of the columns and the rows.
#[track_caller]
fn table(csv: &str) -> (Vec<String>, Vec<Vec<String>>) {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let texts = |record: &csv::StringRecord| record.iter().map(String::from).collect::<Vec<_>>();
    let columns = texts(reader.headers().unwrap());
    (columns, reader.records().map(|record| texts(&record.unwrap())).collect())
}

/// Makes a file, whose name no other test uses.
#[track_caller]
fn file(name: &str, content: impl AsRef<[u8]>) -> String {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::write(&path, content).unwrap();
    path.into_os_string().into_string().unwrap()
}

/// Returns the path of a capture.
fn capture(name: &str) -> String {
    format!("{}/../tests/data/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// Events of many kinds, as on the wire.
const WIRE: &str = concat!(
    "250 OK\r\n",
    "650 STREAM 18 NEW 0 www.example.com:443 SOURCE_ADDR=::1:38528 PURPOSE=USER ",
    "SOCKS_USERNAME=\"a \\\"b\\\\\" SOCKS_PASSWORD=\"\" CLIENT_PROTOCOL=SOCKS5 NYM_EPOCH=3 SESSION_GROUP=-4 ",
    "ISO_FIELDS=SOCKS_USERNAME,SESSION_GROUP\r\n",
    "650 BW 12 34\r\n",
    "650 STREAM 18 REMAP 5 93.184.216.34:443 SOURCE=EXIT\r\n",
    "650 STREAM 18 CLOSED 5 93.184.216.34:443 REASON=END REMOTE_REASON= UNKNOWN_577 ISO_FIELDS=\r\n",
    "650 STREAM 19 CLOSED 0 say \"a, b\":80 REASON=SOCKS_PROTOCOL\r\n",
);

/// [`WIRE`] in JSON.
const JSON: &str = concat!(
    r#"{"line":2,"id":"18","status":"NEW","circuit_id":null,"target_host":"www.example.com","target_port":443,"#,
    r#""reason":null,"remote_reason":null,"source":null,"source_addr":"::1:38528","purpose":"USER","#,
    r#""socks_username":"***","socks_password":"***","client_protocol":"SOCKS5","nym_epoch":3,"session_group":-4,"#,
    r#""iso_fields":["SOCKS_USERNAME","SESSION_GROUP"],"anomalies":[]}"#,
    "\n",
    r#"{"line":4,"id":"18","status":"REMAP","circuit_id":"5","target_host":"93.184.216.34","target_port":443,"#,
    r#""reason":null,"remote_reason":null,"source":"EXIT","source_addr":null,"purpose":null,"#,
    r#""socks_username":null,"socks_password":null,"client_protocol":null,"nym_epoch":null,"session_group":null,"#,
    r#""iso_fields":null,"anomalies":[]}"#,
    "\n",
    r#"{"line":5,"id":"18","status":"CLOSED","circuit_id":"5","target_host":"93.184.216.34","target_port":443,"#,
    r#""reason":"END","remote_reason":"UNKNOWN_577","source":null,"source_addr":null,"purpose":null,"#,
    r#""socks_username":null,"socks_password":null,"client_protocol":null,"nym_epoch":null,"session_group":null,"#,
    r#""iso_fields":[],"anomalies":[]}"#,
    "\n",
    r#"{"line":6,"id":"19","status":"CLOSED","circuit_id":null,"target_host":"say \"a, b\"","target_port":80,"#,
    r#""reason":"SOCKS_PROTOCOL","remote_reason":null,"source":null,"source_addr":null,"purpose":null,"#,
    r#""socks_username":null,"socks_password":null,"client_protocol":null,"nym_epoch":null,"session_group":null,"#,
    r#""iso_fields":null,"anomalies":["target_space","target_quote"]}"#,
    "\n",
);

/// [`WIRE`] in CSV.
const CSV: &str = concat!(
    "line,time,id,status,circuit_id,target_host,target_port,reason,remote_reason,source,source_addr,purpose,",
    "socks_username,socks_password,client_protocol,nym_epoch,session_group,iso_fields,anomalies\n",
    "2,,18,NEW,,www.example.com,443,,,,::1:38528,USER,***,***,SOCKS5,3,-4,\"SOCKS_USERNAME,SESSION_GROUP\",\n",
    "4,,18,REMAP,5,93.184.216.34,443,,,EXIT,,,,,,,,,\n",
    "5,,18,CLOSED,5,93.184.216.34,443,END,UNKNOWN_577,,,,,,,,,,\n",
    "6,,19,CLOSED,,\"say \"\"a, b\"\"\",80,SOCKS_PROTOCOL,,,,,,,,,,,\"target_space,target_quote\"\n",
);

#[test]
fn formats() {
    assert_eq!(events(&[], WIRE), JSON);
    assert_eq!(events(&["--format", "json"], WIRE), JSON);
    assert_eq!(events(&["--format", "csv"], WIRE), CSV);
}

#[test]
fn line_ends() {
    assert_eq!(events(&[], WIRE.replace("\r\n", "\n")), JSON);
    let last =
        JSON.replace("[\"target_space\",\"target_quote\"]", "[\"target_space\",\"target_quote\",\"unterminated\"]");
    let ran = run(&["events", "-"], WIRE.strip_suffix("\r\n").unwrap());
    assert_eq!((ran.status, ran.stdout), (1, last));
    assert_eq!(ran.stderr, "(standard input):6: the last line has no end, so some of it may be missing\n");
}

#[test]
fn columns_are_the_fields() {
    let line = "2019-01-31 11:29:51 1548934191.51 650 STREAM 16 SENTCONNECT 5 a.example:80\r\n";
    let (columns, rows) = table(&events(&["--format", "csv"], line));
    assert_eq!(rows.len(), 1);
    let json = events(&[], line);
    let mut rest = json.as_str();
    for column in columns {
        let key = format!("\"{column}\":");
        rest = rest.split_once(&key).unwrap_or_else(|| panic!("no {key} in {rest}")).1;
    }
    assert!(!rest.contains("\":"), "{rest}");
}

#[test]
fn time() {
    for (prefix, json, csv) in [
        // OnionPerf's, with all of its digits.
        ("2019-01-31 11:29:51 1548934191.51 ", "1548934191.51", "1548934191.51"),
        ("2019-01-31 11:29:51 1548934191.50 ", "1548934191.50", "1548934191.50"),
        ("2019-01-31 11:29:51 1548934191 ", "1548934191", "1548934191"),
        // JSON has no such number.
        ("2019-01-31 11:29:51 01548934191 ", "1548934191", "1548934191"),
        ("1548934191.51 ", "1548934191.51", "1548934191.51"),
        // Unix time of dates, and of other units.
        ("2019-01-31T11:29:51.25Z ", "1548934191.25", "1548934191.25"),
        ("[31/01/2019 11:29:51] ", "1548934191", "1548934191"),
        ("2019-01-31 11:29:51,000 ", "1548934191", "1548934191"),
        ("1548934191510 ", "1548934191.51", "1548934191.51"),
        // Times without a date or a year.
        ("[11:29:51] ", "\"11:29:51\"", "11:29:51"),
        ("0.250000 ", "\"0.250000\"", "0.250000"),
    ] {
        let line = format!("{prefix}650 STREAM 16 SENTCONNECT 5 a.example:80\n");
        let printed = events(&[], &line);
        assert!(printed.starts_with(&format!("{{\"line\":1,\"time\":{json},\"id\":\"16\",")), "{printed}");
        assert!(serde_json::from_str::<Value>(&printed).is_ok(), "{printed}");
        let (_, rows) = table(&events(&["--format", "csv"], &line));
        assert_eq!(rows[0][..3], ["1", csv, "16"]);
    }
    // Addresses and numbers of processes.
    for prefix in ["127.000.000.001.09051-127.000.000.001.48374: ", "1476 1515 "] {
        let line = format!("{prefix}650 STREAM 16 SENTCONNECT 5 a.example:80\n");
        assert!(events(&[], &line).starts_with("{\"line\":1,\"id\":\"16\","), "{prefix}");
        assert_eq!(table(&events(&["--format", "csv"], &line)).1[0][..3], ["1", "", "16"]);
    }
}

#[test]
fn other_lines_are_stepped_over() {
    let wire = concat!(
        "250-version=0.4.9.11\r\n",
        "250+info=\r\n1 NEW 0 data:1\r\n.\r\n",
        "650+NS\r\n650 BW 2 2\r\n.\r\n",
        "650 INFO text of 650 STREAM 3 NEW 0 log:3\r\n",
        "650 STREAM_BANDWIDTH 4 5 6\r\n",
        "650 STREAM 5 NEW 0 real:5\r\n",
    );
    let printed = objects(&[], wire);
    assert_eq!(printed.len(), 1);
    assert_eq!((&printed[0]["line"], &printed[0]["id"]), (&10.into(), &"5".into()));
}

#[test]
fn bad_lines() {
    let log = concat!(
        "650 STREAM 1 NEW 0 a.example:80\n",
        "650 STREAM 1 NEWER 0 a.example:80\n",
        "650 STREAM 1 CLOSED 0 a.example SOCKS_PASSWORD=\"secret\"\n",
        "650 STREAM 1 CLOSED 0 a.example:65536\n",
        "650 STREAM 1 SENTCONNECT 3 a.example:80\n",
    );
    let path = file("bad_lines.log", log);
    let reasons = [
        "2: expected a stream status, found the unknown word NEWER at byte 2",
        "3: expected a target (host:port), found ' ' at byte 20",
        "4: expected a port up to 65535, found a greater number at byte 21",
    ];
    for (argument, name) in [(path.as_str(), path.as_str()), ("-", "(standard input)")] {
        let ran = run(&["events", argument], log);
        assert_eq!(ran.stderr.lines().collect::<Vec<_>>(), reasons.map(|reason| format!("{name}:{reason}")));
        assert_eq!((ran.status, ran.stdout.lines().count()), (1, 2));
    }
}

/// Each unknown status is reported once, and the others are counted at the end, by any number of threads.
#[test]
fn unknown_statuses() {
    let lines = ["1 NEW 0 a.example:80", "1 PAUSED 0 a.example:80", "1 NEWER 0 a.example:80", "1 CLOSED 0 a.example"];
    let log =
        lines.map(|line| format!("2024-01-01 00:00:00 1704067200.00 650 STREAM {line}\n")).concat().repeat(20_000);
    let path = file("unknown_statuses.log", &log);
    let mut printed = Vec::new();
    for jobs in ["1", "2", "3"] {
        let ran = run(&["events", "--jobs", jobs, &path], "");
        assert_eq!((ran.status, ran.stdout.lines().count()), (1, 20_000));
        let about_words: Vec<_> = ran.stderr.lines().filter(|line| line.contains("unknown word")).collect();
        let expected = [
            "2: expected a stream status, found the unknown word PAUSED at byte 2",
            "3: expected a stream status, found the unknown word NEWER at byte 2",
            " 19999 more with the unknown word PAUSED",
            " 19999 more with the unknown word NEWER",
        ];
        assert_eq!(about_words, expected.map(|message| format!("{path}:{message}")));
        assert_eq!(ran.stderr.lines().count(), 20_000 + 4);
        printed.push((ran.stdout, ran.stderr));
    }
    assert!(printed.windows(2).all(|both| both[0] == both[1]));
}

#[test]
fn lenient() {
    let lines = [
        &b"650 STREAM 1 NEWER 0 a.example:80\n"[..],
        b"650 STREAM 1 CLOSED 0 a.example REASON=DONE\n",
        b"650 STREAM \xE9 NEW 0 \xE9:\xE9\n",
    ];
    let printed = objects(&["--lenient"], lines.concat());
    assert_eq!(printed[0]["status"], "NEWER");
    assert_eq!((&printed[1]["target_host"], &printed[1]["target_port"]), (&"a.example".into(), &0.into()));
    assert_eq!(printed[1]["anomalies"], serde_json::json!(["target_without_port", "unknown_order"]));
    assert_eq!((&printed[2]["id"], &printed[2]["target_host"]), (&"\u{FFFD}".into(), &"\u{FFFD}:\u{FFFD}".into()));
}

#[test]
fn a_line_that_is_too_long() {
    let log =
        [b"650 STREAM 1 NEW 0 a.example:80 X=", &[b'x'; 1 << 20][..], b"\n650 STREAM 2 NEW 0 a.example:80\n"].concat();
    let path = file("long_line.log", log);
    let ran = run(&["events", &path], "");
    assert_eq!(ran.stderr, format!("{path}:1: expected a line of at most 1048576 bytes, found one of 1048611\n"));
    assert_eq!((ran.status, ran.stdout.lines().count()), (1, 1));
}

#[test]
fn credentials() {
    let line =
        "650 STREAM 1 NEW 0 a.example:80 SOCKS_USERNAME=\"x REASON=\\\"DONE\\\"\" SOCKS_PASSWORD=\"p\\001\\\\\"\r\n";
    for format in ["json", "csv"] {
        let hidden = events(&["--format", format], line);
        assert!(hidden.contains("***") && !hidden.contains("DONE") && !hidden.contains("001"), "{hidden}");
    }
    let shown = &objects(&["--show-credentials"], line)[0];
    assert_eq!(shown["socks_username"], r#"x REASON=\"DONE\""#);
    assert_eq!(shown["socks_password"], r"p\001\\");
    let (columns, rows) = table(&events(&["--show-credentials", "--format", "csv"], line));
    let username = columns.iter().position(|column| column == "socks_username").unwrap();
    assert_eq!(rows[0][username..][..2], [r#"x REASON=\"DONE\""#, r"p\001\\"]);
}

#[test]
fn every_character_of_a_host() {
    let host: String = (1..=0x7F).map(char::from).chain("é\u{9b}\u{2028}😀".chars()).collect();
    let line = format!("250 OK\r\n650 STREAM 1 CLOSED 0 {host}:80 REASON=DONE\r\n");
    assert_eq!(objects(&[], &line)[0]["target_host"], host);
    let (_, rows) = table(&events(&["--format", "csv"], &line));
    assert_eq!(rows[0][5], host);
}

#[test]
fn hosts_that_are_not_utf8() {
    for (target, host) in [
        (&b"caf\xE9.com"[..], "caf\u{FFFD}.com"),
        (b"\xFF\xFE", "\u{FFFD}\u{FFFD}"),
        (b"\xE9:1 REASON=DONE \xE9", "\u{FFFD}:1 REASON=DONE \u{FFFD}"),
        ("é\u{FFFD}".as_bytes(), "é\u{FFFD}"),
    ] {
        let line = [b"650 STREAM 89 CLOSED 0 ", target, b":80 REASON=SOCKS_PROTOCOL\r\n"].concat();
        let printed = &objects(&[], line)[0];
        assert_eq!((&printed["target_host"], &printed["target_port"]), (&host.into(), &80.into()));
        assert_eq!(printed["reason"], "SOCKS_PROTOCOL");
    }
}

#[test]
fn nothing_to_print() {
    for content in [&b""[..], b"250 OK\r\n", b"650 BW 1 2\n"] {
        assert_eq!(events(&[], content), "");
        assert_eq!(Some(events(&["--format", "csv"], content).as_str()), CSV.split_inclusive('\n').next());
    }
}

#[test]
fn several_files() {
    let one = file("one.log", "650 STREAM 1 NEW 0 a.example:80\n");
    let two = file("two.log", "\n650 STREAM 2 NEW 0 a.example:80\n");
    let ran = run(&["events", &one, "-", &two], "\n\n650 STREAM 3 NEW 0 a.example:80\n");
    let ids = |line: &str| serde_json::from_str::<Value>(line).unwrap()["id"].as_str().unwrap().to_owned();
    assert_eq!((ran.status, ran.stdout.lines().map(ids).collect::<String>()), (0, "132".to_owned()));
    let ran = run(&["events", "--format", "csv", &one, &two], "");
    assert_eq!(ran.stdout.lines().map(|line| line.split(',').next().unwrap()).collect::<Vec<_>>(), ["line", "1", "2"]);
}

#[test]
fn files_that_cannot_be_read() {
    let missing = format!("{}/missing.log", env!("CARGO_TARGET_TMPDIR"));
    let readable = file("readable.log", "650 STREAM 1 NEW 0 a.example:80\n");
    let ran = run(&["events", &missing, env!("CARGO_TARGET_TMPDIR"), &readable], "");
    let complaints: Vec<_> = ran.stderr.lines().collect();
    assert_eq!(complaints.len(), 2, "{}", ran.stderr);
    assert!(complaints[0].starts_with(&format!("tor-streams: {missing}: ")), "{}", ran.stderr);
    assert!(complaints[1].starts_with(&format!("tor-streams: {}: ", env!("CARGO_TARGET_TMPDIR"))), "{}", ran.stderr);
    assert_eq!((ran.status, ran.stdout.lines().count()), (1, 1));
}

#[test]
fn captures() {
    for (name, events, refused) in [("stream-events.raw", 6976, 16), ("hostile-targets.raw", 53, 0)] {
        let path = capture(name);
        let ran = run(&["events", &path], "");
        let rows = ran.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect::<Vec<_>>();
        assert_eq!((ran.status, rows.len()), (i32::from(refused > 0), events));
        assert_eq!(ran.stderr.lines().count(), refused);
        for line in ran.stderr.lines() {
            assert!(
                line.starts_with(&path) && line.contains(": expected a port, found a target cut at 255 bytes"),
                "{line}"
            );
        }
        assert!(rows.iter().all(|row| row.get("time").is_none()));
        let (columns, records) = table(&run(&["events", "--format", "csv", &path], "").stdout);
        let host = columns.iter().position(|column| column == "target_host").unwrap();
        assert!(
            rows.iter()
                .map(|row| row["target_host"].as_str())
                .eq(records.iter().map(|record| record.get(host).map(String::as_str)))
        );
    }
}

#[test]
fn a_log_with_times() {
    let ran = run(&["events", &capture("onionperf.log")], "");
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
    let mut rows = ran.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).peekable();
    assert!(rows.peek().is_some());
    assert!(rows.all(|row| row["time"].as_f64() > Some(1.7e9)));
}

#[test]
fn the_reader_of_the_output_leaves() {
    let path = file("endless.log", "650 STREAM 1 SENTCONNECT 3 a.example:80\n".repeat(20_000));
    for format in ["json", "csv"] {
        let mut child = program(&["events", "--format", format, &path, &path]).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert!(!line.is_empty());
        let ran = ended(child);
        assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
    }
}

#[test]
fn events_are_not_held_back() {
    let mut child = program(&["events", "-"]).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    for (id, piece) in [("1", "650 STREAM 1 NEW 0 a.example:80\r\n650 STR"), ("2", "EAM 2 NEW 0 b.example:80\r\n650 ")]
    {
        stdin.write_all(piece.as_bytes()).unwrap();
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&line).unwrap()["id"], id);
    }
    stdin.write_all(b"OK\r\n").unwrap();
    drop(stdin);
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    let ran = ended(child);
    assert_eq!((ran.status, rest.as_str(), ran.stderr.as_str()), (0, "", ""));
}

#[cfg(target_os = "linux")]
#[test]
fn interrupted_in_the_middle() {
    let mut child = program(&["events", "-"]).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"650 BW 1 2\n650 STREAM 1 NEW 0 a:1\n650 STR").unwrap();
    stdin.write_all(&b"x".repeat(5000)).unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    assert!(line.contains(r#""id":"1""#), "what came before is printed");
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().signal(), Some(2));
    line.clear();
    assert_eq!(stdout.read_line(&mut line).unwrap(), 0, "and nothing else");
}

#[test]
fn a_file_that_grows() {
    let path = file("grows.log", "650 STREAM 1 NEW 0 a:1\n650 STREAM 1 SENTCON");
    let before = run(&["events", &path], "");
    let mut log = fs::OpenOptions::new().append(true).open(&path).unwrap();
    log.write_all(b"NECT 7 a:1\n").unwrap();
    let after = run(&["events", &path], "");
    assert_eq!((before.status, before.stdout.lines().count()), (1, 1));
    assert!(before.stderr.contains("grows.log:2: "), "{}", before.stderr);
    assert_eq!((after.status, after.stdout.lines().count(), after.stderr), (0, 2, String::new()));
}

#[test]
fn the_output_cannot_be_written() {
    let path = file("full.log", "650 STREAM 1 NEW 0 a.example:80\n650 STREAM 1 NEWER 0 a.example:80\n");
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let ran = ended(program(&["events", &path]).stdout(full).spawn().unwrap());
    assert_eq!(ran.status, 1);
    assert!(ran.stderr.starts_with("tor-streams: (standard output): "), "{}", ran.stderr);
    assert_eq!(ran.stderr.lines().count(), 1);
}

#[test]
fn help() {
    let ran = run(&["events", "--help"], "");
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
    for text in ["Usage: tor-streams events", "\n  tor-streams events tor.log\n", "--show-credentials", "Exit status:"]
    {
        assert!(ran.stdout.contains(text), "{text} is not in\n{}", ran.stdout);
    }
    let names = ran.stdout.split_once("Output:\n").unwrap().1.split_once('.').unwrap().0;
    let names: String = names.split_whitespace().collect();
    assert_eq!(Some(names.as_str()), CSV.lines().next());
}

#[test]
fn wrong_arguments() {
    for arguments in [&["--jobs"][..], &["events", "--format", "xml", "-"], &["events", "--show"]] {
        let ran = run(arguments, "");
        assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(ran.stderr.contains("--help"), "{}", ran.stderr);
    }
}
