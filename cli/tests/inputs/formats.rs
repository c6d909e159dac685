//! Formats: the text before and after each event, learned or given, and the times in it.

use std::fs::File;
use std::process::Command;

use serde_json::Value;

use crate::common::{both, data, file, run, stdout};
use crate::forms::THREE_EVENTS;
use crate::{AUTO, BARE_AUTO, NO_REPLY, text};

/// Logs of which `--prefix auto` learns the format: options, the text before each event and behind it, as messages show them with
/// escapes, and the time of the first event in JSON.
#[rustfmt::skip]
const LEARNED: &[(&str, &[&str], &str, &str, &str)] = &[
    ("field/P02-syslog-journald.log", AUTO, "Nov 25 10:00:00 gateway torwatch[811]: ", "", "\"Nov 25 10:00:00\""),
    ("field/P03-journald-iso.log", AUTO, "2026-11-25T10:00:00+0100 gateway torwatch[811]: ", "", "1795597200"),
    ("field/P04-stem-trace.log", AUTO, "11/25/2026 10:00:00 [TRACE] read from tor: ", "", "1795600800"),
    ("field/P06-oniontrace.log", AUTO, "2026-11-25 10:00:00 1795600800.000000 [message] [_log_control_line] Logger: ", "", "1795600800.000000"),
    ("field/P07-vanguards-plog.log", AUTO, "DEBUG[Wed Nov 25 10:00:00 2026]: ", "", "1795600800"),
    ("field/P09-roflcoptor.log", AUTO, "FILTER 2026/11/25 10:00:00 A<-T: [", "]", "1795600800"),
    ("field/P11-docker-compose.log", AUTO, "tor-1  | ", "", "null"),
    ("field/P13-mail-quote.log", AUTO, "> ", "", "null"),
    ("field/P14-indented.log", AUTO, "    ", "", "null"),
    ("field/P16-nc-arrows.log", AUTO, "<<< ", "", "null"),
    ("field/P22-python-repr.log", AUTO, "b'", "\\\\r\\\\n'", "null"),
    ("field-2/D02-grep-n.log", AUTO, "12:", "", "null"),
    ("field-2/L09-logcat-raw.log", AUTO, "11-25 10:00:00.412  1476  1515 D TorControl: ", "", "\"11-25 10:00:00.412\""),
    ("field-2/L10-logback-french.log", AUTO, "nov.-25 10:00:00.636 [TorControlParser] DEBUG o.b.n.tor.Tor: ", "", "\"10:00:00.636\""),
    ("field-2/L12-tor-browser-console.log", AUTO, "TorControlPort: \"<- ", "\"", "null"),
    ("field-2/L04-onionwrapper.log", BARE_AUTO, "10:00:00.883  D  ", "", "\"10:00:00.883\""),
    ("field-2/L07-stemns-debug.log", BARE_AUTO, "[debug] ", "", "null"),
];

/// The time of the first event of a log, in JSON.
const TIMES: &[(&str, &str)] = &[
    ("field/P01-moreutils-ts.log", "\"Nov 25 10:00:00\""),
    ("field/P18-tab-after-time.log", "1795600800.50"),
    ("field/P19-asctime.log", "1795600800"),
    ("field/P21-svlogd.log", "1795600800.12345"),
    ("field/T08-plain-unix-time.log", "1795600800"),
    ("field-2/D01-tcpflow.log", "null"),
    ("field-2/D04-asctime-comma.log", "1795600800.703"),
    ("field-2/D05-ts-relative.log", "\"0.500000\""),
    ("field-2/D06-ts-s.log", "\"00:00:00\""),
    ("field-2/D07-millis.log", "1795600800"),
    ("field-2/D09-offset.log", "1795600800.5"),
    ("field-2/D11-pid.log", "null"),
    ("faults/ms-time.log", "null"),
];

/// Returns the time of the first event in JSON.
fn first_time(events: &str) -> String {
    let first: serde_json::Map<String, Value> = serde_json::from_str(events.lines().next().unwrap()).unwrap();
    // The printed text, and not the parsed number: there may be zeros at its end.
    let time = events.split_once("\"time\":").map(|(_, rest)| rest.split_once(",\"id\"").unwrap().0);
    if first.contains_key("time") { time.unwrap().into() } else { "null".into() }
}

#[test]
fn formats_are_learned_or_given() {
    for &(name, options, before, after, time) in LEARNED {
        let log = data(name);
        let (events, messages) = both(0, &[&["events"], options].concat(), &[&log]);
        let behind = if after.is_empty() { String::new() } else { format!(", and '{after}' behind each event") };
        assert_eq!(messages, format!("tor-streams: {}: read with --prefix '{before}'{behind}\n", log.display()));
        assert_eq!((events.lines().count(), first_time(&events).as_str()), (3, time), "{name}");
        // The options without `--prefix auto`.
        let bare = &options[..options.len() - AUTO.len()];
        // The text before the event as a sample, the same without the space at its end, or behind a sample that does not fit.
        for samples in [&[before][..], &[before.trim_end()], &["unlike: ", before]] {
            let samples: Vec<&str> = samples.iter().flat_map(|sample| ["--prefix", sample]).collect();
            // A sample cannot end with digits: the code follows them.
            if samples.iter().all(|sample| !sample.is_empty() && !sample.ends_with(|c: char| c.is_ascii_digit())) {
                let given = both(0, &[&["events"], bare, samples.as_slice()].concat(), &[&log]);
                assert_eq!(given, (events.clone(), String::new()), "{name} {samples:?}");
            }
        }
    }
}

#[test]
fn times_are_what_logs_say() {
    for &(name, time) in TIMES {
        let events = text(&run(&["events"], &[data(name)])).0;
        assert_eq!(first_time(&events), time, "{name}");
    }
}

#[test]
fn durations_need_no_date() {
    for (name, start, seconds) in [
        ("field-2/D05-ts-relative.log", Value::Null, 8.5),
        ("field-2/D06-ts-s.log", Value::Null, 8.0),
        ("field-2/D07-millis.log", 1_795_600_800.into(), 8.5),
        ("field-2/D09-offset.log", 1_795_600_800.5.into(), 8.0),
        ("field/T08-plain-unix-time.log", 1_795_600_800.into(), 9.0),
    ] {
        let streams = stdout(0, &["streams"], &[data(name)]);
        let stream: Value = serde_json::from_str(&streams).unwrap();
        assert_eq!(stream["seconds"], seconds, "{name}: {streams}");
        assert_eq!(stream["unix_ts_start"].as_f64(), start.as_f64(), "{name}");
    }
}

#[test]
fn several_formats_in_one_log() {
    let event = |id: u32| format!("650 STREAM {id} NEW 0 a.example:80\n");
    let log: String = (0..9)
        .map(|n| [format!("a[{n}]: "), "b - ".to_string(), String::new()][n as usize % 3].clone() + &event(n))
        .collect();
    let log = file("several", "log", log);
    let (events, messages) = both(1, &["events", "--prefix", "auto"], &[&log]);
    assert_eq!(events.lines().count(), 6, "{messages}");
    assert!(
        messages.ends_with("log:3: 3 lines with `650 STREAM` at the beginning not read: --prefix '' may read them\n"),
        "{messages}"
    );
    assert_eq!(messages.lines().count(), 3, "{messages}");
    let (events, messages) = both(0, &["events", "--prefix", "auto", "--prefix", ""], &[&log]);
    assert_eq!((events.lines().count(), messages.lines().count()), (9, 2), "{messages}");
    let (events, messages) = both(1, &["events", "--prefix", "a[1]: "], &[&log]);
    assert_eq!(events.lines().count(), 3);
    assert!(
        messages
            .ends_with(":2: 6 lines with `650 STREAM` behind 'b - ' not read: another --prefix TEXT may read them\n"),
        "{messages}"
    );
    // A sample may be the beginning of an event, which has no text before it.
    assert_eq!(
        stdout(0, &["events", "--prefix", "a[1]: ", "--prefix", "b - ", "--prefix", "650 STREAM"], &[&log])
            .lines()
            .count(),
        9
    );
}

#[test]
fn forms_of_other_programs() {
    let forms: [(&str, &str, &str, &str); 4] = [
        ("@400000006b06b1aa075bcd15 ", "", "1795600800.123456789", "TAI64N"),
        ("@400000006b06b1aa075bcd15 tor: ", "", "1795600800.123456789", "'1795600800.123456789 tor: '"),
        ("", "\\r", "null", "and '\\\\r' behind each event"),
        ("{\"ts\":1795600800.5,\"line\":\"", "\"}", "1795600800.5", "and '\"}' behind each event"),
    ];
    for (before, after, time, message) in forms {
        let log: String = THREE_EVENTS.lines().map(|line| format!("{before}{line}{after}\n")).collect();
        let (events, messages) = both(0, &["events", "--prefix", "auto"], &[file("forms", "log", log)]);
        assert_eq!((events.lines().count(), first_time(&events).as_str()), (3, time), "{messages}");
        assert!(messages.contains(message), "{messages}");
    }
}

#[test]
fn a_format_is_not_learned_from_one_line() {
    let log = file("one-line", "log", "x: 650 STREAM 1 NEW 0 a:1\ny: 650 STREAM 1 CLOSED 0 a:1\n");
    let (events, messages) = both(1, &["events", "--prefix", "auto"], &[&log]);
    assert_eq!(events, "");
    assert!(messages.contains("no two of the first ones have the same text there"), "{messages}");
    // A whole line is a sample as well.
    assert_eq!(stdout(1, &["events", "--prefix", "x: 650 STREAM 1 NEW 0 a:1"], &[&log]).lines().count(), 1);
}

#[test]
fn any_number_of_threads_reports_the_same() {
    let mut log = String::new();
    for n in 0..12_000 {
        let event = format!("650 STREAM {n} NEW 0 a.example:80 SOURCE_ADDR=127.0.0.1:47849 PURPOSE=USER");
        log += &match n % 1000 {
            // Behind other text than most events, and without the code 650.
            7 => format!("other text: {event}\n"),
            17 => format!("STREAM {n} NEW 0 a.example:80\n"),
            // A time in milliseconds, two events in one line, an event that was wrapped, and one in data.
            27 => format!("2019-01-31 11:29:51 1548934191510 gw: {event}\n"),
            37 => format!("2019-01-31 11:29:51 15489341{:02}.5 gw: {event} REASON=DO {event}\n", n % 100),
            47 => format!("2019-01-31 11:29:51 15489341{:02}.5 gw: {event}\nNYM_EPOCH=0\n", n % 100),
            57 => format!("2019-01-31 11:29:51 15489341{:02}.5 gw: 650+NS\n{event}\n.\n", n % 100),
            // A time of another form, and another line end.
            67 => format!("Jan 31 11:29:51 gw: {event}\n"),
            77 => format!("2019-01-31 11:29:51 15489341{:02}.5 gw: {event}\r\n", n % 100),
            _ => format!("2019-01-31 11:29:51 15489341{:02}.5 gw: {event}\n", n % 100),
        };
    }
    log += "2019-01-31 11:29:51 1548934191.5 gw: 650 STREAM 1 NEW 0 a.example:8";
    let log = file("threads", "log", log);
    for options in
        [&["--prefix", "auto"][..], &["--prefix", "auto", "--since", "1548934150"], &[], &["--bare"], &["--no-data"]]
    {
        let read = |jobs| both(1, &[&["events", "--jobs", jobs], options].concat(), &[&log]);
        let one = read("1");
        assert!(one.1.lines().count() >= 2, "{}", one.1);
        for jobs in ["2", "7"] {
            let some = read(jobs);
            assert_eq!(one.1, some.1, "{options:?}");
            assert!(one.0 == some.0, "{options:?}");
        }
    }
}

#[test]
fn mistakes_in_the_options() {
    for (options, message) in [
        (&["--prefix", "a1"][..], "does not end with a digit"),
        (&["--prefix", "a", "--prefix", "b", "--prefix", "c", "--prefix", "d", "--prefix", "e"], "4 times"),
        (&["--bare", "--line-end", "crlf"], "--line-end crlf is for captures"),
        (&["--line-end", "cr"], "invalid value 'cr'"),
    ] {
        let (_, messages) = both(2, &[&["events"], options].concat(), &[data("faults/bom.raw")]);
        assert!(messages.contains(message), "{messages}");
    }
}

#[test]
fn a_log_without_a_reply_is_reported() {
    for (content, message) in [
        (&b"\n"[..], NO_REPLY),
        (b"no event\n", NO_REPLY),
        (b"10:00 nothing 650 STREAM\n", NO_REPLY),
        (&[0; 100_000], ":1: the last line has no end"),
        (&[0; 100_000], ":1: NUL bytes: some text is lost"),
    ] {
        let log = file("no-reply", "log", content);
        let (events, messages) = both(1, &["events"], &[&log]);
        assert_eq!(events, "");
        assert!(messages.contains(message), "{message} in {messages}");
    }
    for content in [&b""[..], b"250 OK\r\n", b"650 BW 1 2\n"] {
        assert_eq!(both(0, &["events"], &[file("no-reply", "log", content)]), (String::new(), String::new()));
    }
}

#[test]
fn no_message_has_a_credential() {
    let log = "\
SOCKS_USERNAME=\"alice\" SOCKS_PASSWORD=\"hunter2\" 650 STREAM 1 NEW 0 a:1
AUTHENTICATE \"hunter2\" STREAM 1 NEW 0 a:1
650 BW 1 2
";
    let (_, messages) = both(1, &["events"], &[file("credentials", "log", log)]);
    assert!(messages.contains("behind 'SOCKS_USERNAME=***' not read"), "{messages}");
    assert!(messages.contains("behind 'AUTHENTICATE ***' not read"), "{messages}");
    assert!(!messages.contains("alice") && !messages.contains("hunter2"), "{messages}");
}

#[test]
fn text_of_a_log_is_shown_escaped_and_short() {
    let log = format!("\x1b[31m{}650 STREAM 1 NEW 0 a:1\n650 BW 1 2\n", "x".repeat(300));
    let path = file("shown", "log", log.as_bytes());
    let (_, messages) = both(1, &["events"], &[&path]);
    assert!(messages.contains("behind '\\u{1b}[31mxxx") && messages.contains("xxx...xxx"), "{messages}");
    assert!(messages.len() < 300 + path.as_os_str().len(), "{messages}");
    // Standard input cannot be opened again: its text is shown from the beginning that is kept in memory.
    let mut command = Command::new(env!("CARGO_BIN_EXE_tor-streams"));
    let output = command.arg("events").stdin(File::open(&path).unwrap()).output().unwrap();
    assert!(text(&output).1.contains("(standard input):1: 1 line with `650 STREAM` behind '\\u{1b}[31m"), "{output:?}");
}
