//! Files of every kind that people have, and what is right for each.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a helper that fails fails its test")]

mod common;

use std::fs::{self, File};
use std::io::Write;
use std::process::{Command, Output};

use serde_json::Value;

use crate::common::{both, data, file, run, stdout};

/// A file, how it is read, and what is right.
struct Case {
    /// Its path in the library's tests/data.
    file: &'static str,
    /// Options of `events`.
    options: &'static [&'static str],
    /// Number of events that are printed.
    events: usize,
    /// Text that standard error has, each. If there is any, the exit status is 1.
    told: &'static [&'static str],
}

/// A file that is read as it is, with nothing to tell.
const fn read(file: &'static str, events: usize) -> Case {
    Case { file, options: &[], events, told: &[] }
}

/// A file of which something is told.
const fn told(file: &'static str, events: usize, told: &'static [&'static str]) -> Case {
    Case { file, options: &[], events, told }
}

/// A file that is read with options.
const fn with(file: &'static str, options: &'static [&'static str], events: usize) -> Case {
    Case { file, options, events, told: &[] }
}

/// `--prefix auto`.
const AUTO: &[&str] = &["--prefix", "auto"];

/// `--bare --prefix auto`.
const BARE_AUTO: &[&str] = &["--bare", "--prefix", "auto"];

/// Message about a log without a reply.
const NO_REPLY: &str = "no line begins with a reply of a control port";

/// Every file of the folders `field`, `field-2` and `faults`.
#[rustfmt::skip]
const CASES: &[Case] = &[
    // Encodings.
    read("field/E01-utf16-bom.log", 3),
    read("field/E03-utf8-bom.log", 3),
    told("field/E04-cr-only.log", 1, &["E04-cr-only.log:1: lines end with CR alone: try `tr '\\r' '\\n'"]),
    told("field/E05-hexdump.log", 0, &["E05-hexdump.log:1: 3 lines with `650 STREAM` behind '00000000: 3635 "]),
    read("field/E06-bzip2.log.bz2", 3),
    told("field/E07-zip.zip", 0, &["E07-zip.zip: a zip archive cannot be read: try `unzip -p FILE"]),
    told("field/E08-capture.pcap", 0, &["a capture of packets (pcap) cannot be read: try `tcpflow -r FILE`"]),
    read("faults/skipfirst.zst", 265),
    read("faults/twice.gz", 265),
    read("faults/bom.raw", 2),
    // Dates and times before each event.
    read("field/P01-moreutils-ts.log", 3),
    read("field/P18-tab-after-time.log", 3),
    read("field/P19-asctime.log", 3),
    read("field/P21-svlogd.log", 3),
    read("field-2/D01-tcpflow.log", 3),
    read("field-2/D04-asctime-comma.log", 3),
    read("field-2/D05-ts-relative.log", 3),
    read("field-2/D06-ts-s.log", 3),
    read("field-2/D07-millis.log", 3),
    read("field-2/D09-offset.log", 3),
    read("field-2/D11-pid.log", 3),
    // Other text before each event, and behind it.
    told("field/P02-syslog-journald.log", 0, &[
        "P02-syslog-journald.log:1: 3 lines with `650 STREAM` behind 'Nov 25 10:00:00 gateway torwatch[811]: ' not read: --prefix auto",
    ]),
    told("field/P03-journald-iso.log", 0, &["behind '2026-11-25T10:00:00+0100 gateway torwatch[811]: '"]),
    told("field/P04-stem-trace.log", 0, &["behind '11/25/2026 10:00:00 [TRACE] read from tor: '"]),
    told("field/P06-oniontrace.log", 0, &["[message] [_log_control_line] Logger: ' not read"]),
    told("field/P07-vanguards-plog.log", 0, &["behind 'DEBUG[Wed Nov 25 10:00:00 2026]: '"]),
    told("field/P09-roflcoptor.log", 0, &["behind 'FILTER 2026/11/25 10:00:00 A<-T: ['"]),
    told("field/P11-docker-compose.log", 0, &["behind 'tor-1  | '"]),
    told("field/P13-mail-quote.log", 0, &["behind '> '"]),
    told("field/P14-indented.log", 0, &["behind '    '"]),
    told("field/P16-nc-arrows.log", 0, &["behind '<<< '"]),
    told("field/P22-python-repr.log", 0, &["behind 'b''"]),
    told("field-2/D02-grep-n.log", 0, &["behind '12:'"]),
    told("field-2/L09-logcat-raw.log", 0, &["behind '11-25 10:00:00.412  1476  1515 D TorControl: '"]),
    told("field-2/L10-logback-french.log", 0, &["behind 'nov.-25 10:00:00.636 [TorControlParser] DEBUG"]),
    told("field-2/L12-tor-browser-console.log", 0, &["behind 'TorControlPort: \"<- '"]),
    // Events without their code, and none at all.
    told("field/S01-stem-str-event.log", 0, &["S01-stem-str-event.log:1: 3 lines with an event without its code 650 not read: --bare"]),
    told("field/S03-carml-show-event.log", 0, &["3 lines with an event without its code 650 not read: --bare"]),
    told("field/S04-carml-events.log", 0, &[NO_REPLY]),
    told("field/S05-library-warning.log", 0, &["S05-library-warning.log:1: 1 line with an event without its code 650 behind 'INFO:lib:"]),
    told("field-2/L01-jtorctl-debug.log", 0, &[NO_REPLY]),
    told("field-2/L02-thali.log", 0, &[NO_REPLY]),
    told("field-2/L03-orbot-status.log", 0, &[NO_REPLY]),
    told("field-2/L04-onionwrapper.log", 0, &["behind '10:00:00.883  D  ' not read: --bare --prefix auto"]),
    told("field-2/L06-stem-unrecognized.log", 0, &["L06-stem-unrecognized.log:1: 1 line with an event"]),
    told("field-2/L07-stemns-debug.log", 0, &["behind '[debug] ' not read: --bare --prefix auto"]),
    with("field/S01-stem-str-event.log", &["--bare"], 3),
    with("field/S03-carml-show-event.log", &["--bare"], 3),
    Case { options: &["--bare"], ..told("field-2/L04-onionwrapper.log", 0, &["behind '10:00:00.883  D  ' not read: --prefix auto"]) },
    // Cut, joined and wrapped lines.
    read("field/L01-crlf-events-lf-notes.log", 3),
    told("field/L03-grep-650.log", 1, &[
        "L03-grep-650.log:2: data of the reply in line 2 does not end, 2 lines in it look like events: --no-data",
    ]),
    with("field/L03-grep-650.log", &["--no-data"], 3),
    told("field/L05-cut-in-port.log", 2, &["L05-cut-in-port.log:2: the last line has no end"]),
    told("field/L07-glued-after-restart.log", 1, &["L07-glued-after-restart.log:1: 1 event holds another one"]),
    told("faults/unterminated.raw", 1, &["unterminated.raw:1: the last line has no end"]),
    told("field-2/W01-mail-wrapped.txt", 4, &["W01-mail-wrapped.txt:2: 4 lines not read that begin like the rest of an event"]),
    told("field-2/W02-mail-wrapped-host.txt", 0, &["W02-mail-wrapped-host.txt:1: expected a target"]),
    told("field-2/W03-terminal-80.txt", 1, &["W03-terminal-80.txt:2: 1 line not read that begin like the rest of an event"]),
    read("field-2/W05-ellipsis.txt", 3),
    read("field-2/W06-putty.log", 3),
    told("faults/crlf-then-lf.log", 0, &["crlf-then-lf.log:2: 999 line ends are unlike the first reply's: --line-end lf"]),
    with("faults/crlf-then-lf.log", &["--line-end", "lf"], 1000),
    told("faults/lf-log-one-crlf.log", 9999, &["lf-log-one-crlf.log:3: 1 line end is unlike the first reply's"]),
    told("faults/cut-cr-forged.raw", 0, &["cut-cr-forged.raw:2: expected a port, found a target cut at 255 bytes"]),
    told("faults/cut-cr-lf-log.log", 1, &["cut-cr-lf-log.log:2: 1 line end is unlike the first reply's"]),
    told("faults/jobs-6-125", 1, &["jobs-6-125:4: the last line has no end"]),
    read("faults/jobs-lost-block.log", 1),
    // Times that are none.
    told("faults/ms-time.log", 1, &["ms-time.log:1: 1 event has a time after the year 9999"]),
    read("faults/since-exact.log", 1),
    with("faults/since-exact.log", &["--since", "1548934191.99"], 1),
    with("faults/since-exact.log", &["--until", "1548934191.99"], 0),
    with("field/T08-plain-unix-time.log", &["--since", "2026-11-25 10:00:01"], 2),
    with("field-2/D09-offset.log", &["--since", "2026-11-25T11:00:04.5+01:00"], 2),
    Case { options: &["--since", "1"], ..told("field-2/D05-ts-relative.log", 0, &["3 events have no date and time, which --since"]) },
    Case { options: &["--until", "1h"], ..told("field-2/D06-ts-s.log", 0, &["3 events have no date and time, which --since"]) },
    Case { options: &["--since", "1"], ..told("field-2/D11-pid.log", 0, &["D11-pid.log:1: 3 events have no date"]) },
    Case { options: &["--since", "1"], ..told("field/P01-moreutils-ts.log", 0, &["3 events have no date"]) },
    // Other replies, other tors, other tools.
    read("field/S06-getinfo-stream-status.raw", 0),
    read("field-2/G01-stream-status-poll.log", 0),
    read("field-2/G02-stream-status-one.raw", 0),
    read("field-2/O01-privcount.raw", 1),
    read("field-2/O02-other-tor.raw", 5),
    read("field-2/O03-alnum-ids.raw", 2),
    read("field-2/O04-credentials-on-new-only.log", 7),
    read("field-2/O06-between-other-replies.raw", 3),
    read("field-2/O07-fork-hosts.raw", 3),
    read("field-2/O08-parts.raw", 1),
    read("field-2/O09-forged-credentials.raw", 1),
    read("field-2/R01-scrubbed.log", 3),
    read("field-2/R03-starred.log", 2),
    read("field/V01-tor-0.1.2-to-0.2.1-extended.raw", 3),
    read("field/C01-credentials-in-target.log", 2),
    read("field/F01-filters.log", 11),
    read("field/I01-isolation.log", 4),
    read("field/T01-onionperf-names.log", 5),
    read("field/T02-began-before-the-log.log", 3),
    read("field/T03a-rotated-day1.log", 2),
    read("field/T03b-rotated-day2.log", 3),
    read("field/T04-date-filter.log", 6),
    read("field/T05-words-without-a-name.log", 6),
    read("field/T06-resolve-that-timed-out.log", 6),
    read("field/T07-failed-without-closed.log", 2),
    read("field/T08-plain-unix-time.log", 3),
    read("field-2/V01-conflux-legs.log", 6),
    read("field-2/V02-controller-wait.log", 12),
    read("field-2/V03-conflux-moved.log", 4),
    read("field-2/V04-reversed.log", 4),
    read("field-2/V05-clock-back.log", 3),
    read("field-2/V07-two-tors.log", 8),
    read("field-2/V08-restart.log", 7),
    read("field-2/V09-resolve.log", 12),
    read("field-2/V10-detached-waiting.log", 4),
    read("field-2/V11-redirected.log", 5),
    read("field-2/V12-closed-by-controller.log", 9),
    read("field-2/V13-remote-reason-of-detached.log", 5),
    read("field-2/V16-back-on-first-circuit.log", 8),
    read("faults/filter-evade.raw", 3),
    told("faults/leak.raw", 4, &["leak.raw:1: expected a target", "leak.raw:2: expected a circuit ID"]),
    told("faults/lenient-ids.raw", 0, &["lenient-ids.raw:1: expected a stream ID"]),
    read("faults/others.log", 7),
    read("faults/terminal.raw", 3),
];

/// Logs of which `--prefix auto` learns the format: options, the text before each event and behind it, and the time of the
/// first event in JSON.
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

/// Returns standard output and standard error.
fn text(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

#[test]
fn every_file_gives_what_is_right() {
    let mut wrong = String::new();
    for case in CASES {
        let output = run(&[&["events"], case.options].concat(), &[data(case.file)]);
        let (events, messages) = text(&output);
        let status = i32::from(!case.told.is_empty());
        let all_told =
            case.told.iter().all(|text| messages.contains(text)) && case.told.is_empty() == messages.is_empty();
        if output.status.code() != Some(status) || events.lines().count() != case.events || !all_told {
            let (file, options, count) = (case.file, case.options, events.lines().count());
            wrong += &format!("{file} {options:?}: {} {count} events\n{messages}\n", output.status);
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn no_file_is_forgotten() {
    for folder in ["field", "field-2", "faults"] {
        for entry in fs::read_dir(data(folder)).unwrap() {
            let name = format!("{folder}/{}", entry.unwrap().file_name().to_string_lossy());
            let is_log = !name.ends_with(".md") && !name.ends_with(".json");
            assert_eq!(CASES.iter().any(|case| case.file == name && case.options.is_empty()), is_log, "{name}");
        }
    }
}

/// Returns the time of the first event in JSON.
fn first_time(events: &str) -> String {
    let first: serde_json::Map<String, Value> = serde_json::from_str(events.lines().next().unwrap()).unwrap();
    // As it is printed: a number may have zeros at its end.
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
        // With the text as a sample, or without the space at its end, or behind one that does not fit.
        let bare = &options[..options.len() - 2];
        for samples in [&[before][..], &[before.trim_end()], &["unlike: ", before]] {
            let samples: Vec<&str> = samples.iter().flat_map(|sample| ["--prefix", sample]).collect();
            // Digits cannot be told from the code behind them.
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
    // Lines before the first reply may be data of one.
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
        let log: String = LOG.lines().map(|line| format!("{before}{line}{after}\n")).collect();
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
    assert!(messages.contains("no two of them have the same text there"), "{messages}");
    // A whole line is a sample as well.
    assert_eq!(stdout(1, &["events", "--prefix", "x: 650 STREAM 1 NEW 0 a:1"], &[&log]).lines().count(), 1);
}

#[test]
fn any_number_of_threads_tells_the_same() {
    let mut log = String::new();
    for n in 0..12_000 {
        let event = format!("650 STREAM {n} NEW 0 a.example:80 SOURCE_ADDR=127.0.0.1:47849 PURPOSE=USER");
        log += &match n % 1000 {
            7 => format!("other text: {event}\n"),
            17 => format!("STREAM {n} NEW 0 a.example:80\n"),
            27 => format!("2019-01-31 11:29:51 1548934191510 gw: {event}\n"),
            37 => format!("2019-01-31 11:29:51 15489341{:02}.5 gw: {event} REASON=DO {event}\n", n % 100),
            47 => format!("2019-01-31 11:29:51 15489341{:02}.5 gw: {event}\nNYM_EPOCH=0\n", n % 100),
            57 => format!("2019-01-31 11:29:51 15489341{:02}.5 gw: 650+NS\n{event}\n.\n", n % 100),
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
        let told = one.1.lines().count();
        assert!(told >= 2, "{}", one.1);
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
fn what_holds_no_reply_is_told() {
    for content in [&b"\n"[..], b"no event\n", b"10:00 nothing 650 STREAM\n", &[0; 100_000]] {
        let log = file("no-reply", "log", content);
        let (events, messages) = both(1, &["events"], &[&log]);
        assert_eq!(events, "");
        assert!(messages.contains(NO_REPLY) || messages.contains("the last line has no end"), "{messages}");
    }
    for content in [&b""[..], b"250 OK\r\n", b"650 BW 1 2\n"] {
        assert_eq!(both(0, &["events"], &[file("no-reply", "log", content)]), Default::default());
    }
}

#[test]
fn no_credential_is_told() {
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
    // Of what cannot be opened again the beginning is known.
    let mut command = Command::new(env!("CARGO_BIN_EXE_tor-streams"));
    let output = command.arg("events").stdin(File::open(&path).unwrap()).output().unwrap();
    assert!(text(&output).1.contains("(standard input):1: 1 line with `650 STREAM` behind '\\u{1b}[31m"), "{output:?}");
}

/// Lines of three events.
const LOG: &str = "\
650 STREAM 18 NEW 0 www.example.com:443 SOURCE_ADDR=127.0.0.1:47849 PURPOSE=USER
650 STREAM 18 SENTCONNECT 26 www.example.com:443
650 STREAM 18 CLOSED 26 caf\u{e9}.example:443 REASON=DONE
";

/// Compresses with gzip.
fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}

/// Compresses with bzip2, in two parts behind each other, as pbzip2 does.
fn bzip2(content: &[u8]) -> Vec<u8> {
    let (first, second) = content.split_at(content.len() / 2);
    let part = |bytes: &[u8]| {
        let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    };
    [part(first), part(second)].concat()
}

/// Encodes as UTF-16.
fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes).collect()
}

#[test]
fn text_is_read_however_it_is_written() {
    let expected = run(&["events"], &[file("written", "plain", LOG.as_bytes())]).stdout;
    assert_eq!(expected.iter().filter(|&&byte| byte == b'\n').count(), 3);
    let plain = LOG.as_bytes();
    let marked = format!("\u{feff}{LOG}");
    let skipped = [b"\x5e\x2a\x4d\x18\x03\0\0\0abc", zstd::encode_all(plain, 1).unwrap().as_slice()].concat();
    for (name, content) in [
        ("bzip2", bzip2(plain)),
        ("gzip in bzip2 in gzip", gzip(&bzip2(&gzip(plain)))),
        ("gzip in gzip in gzip in gzip", gzip(&gzip(&gzip(&gzip(plain))))),
        ("zstd behind a skippable frame", skipped),
        ("UTF-16, little end first", utf16(&marked, u16::to_le_bytes)),
        ("UTF-16, big end first", utf16(&marked, u16::to_be_bytes)),
        ("UTF-16 without a mark, little end first", utf16(LOG, u16::to_le_bytes)),
        ("UTF-16 without a mark, big end first", utf16(LOG, u16::to_be_bytes)),
        ("UTF-16 in gzip", gzip(&utf16(&marked, u16::to_le_bytes))),
    ] {
        let output = run(&["events"], &[file("written", name, &content)]);
        assert_eq!(text(&output), (String::from_utf8_lossy(&expected).into_owned(), String::new()), "{name}");
        assert_eq!(output.status.code(), Some(0), "{name}");
    }
}

#[test]
fn what_is_no_text_names_the_tool_that_makes_text_of_it() {
    let tar = [&[b'a'; 257][..], b"ustar\0 00", &[0; 500]].concat();
    for (content, message) in [
        (&b"7z\xbc\xaf\x27\x1c\0\x04"[..], "a 7z archive cannot be read: try `7z x -so FILE | tor-streams -`"),
        (b"Rar!\x1a\x07\x01\0", "`unrar p -inul FILE | tor-streams -`"),
        (&tar, "a tar archive cannot be read: try `tar -xOf FILE | tor-streams -`"),
        (&gzip(&tar), "a tar archive cannot be read"),
        (b"\x0a\x0d\x0d\x0a\x6c\0\0\0\x4d\x3c\x2b\x1a", "a capture of packets (pcapng) cannot be read: try `tshark"),
        (b"\x4d\x3c\xb2\xa1\x02\0\x04\0", "a capture of packets (pcap)"),
        (b"%PDF-1.7\n", "a PDF file cannot be read: try `pdftotext"),
        (b"\x7fELF\x02\x01\x01\0", "a program cannot be read: no log is in it"),
        (b"SQLite format 3\0\x10\0", "a database of SQLite"),
        (b"LPKSHHRH\0\0", "`journalctl --file FILE -o cat | tor-streams -`"),
        (b"\xff\xfe\0\0\x36\0\0\0", "`iconv -f UTF-32 -t UTF-8 FILE | tor-streams -`"),
        (&gzip(&gzip(&gzip(&gzip(&gzip(LOG.as_bytes()))))), "compressed more than 4 times over"),
    ] {
        let path = file("foreign", "x", content);
        let (events, messages) = text(&run(&["events"], &[&path]));
        assert_eq!(events, "", "{message}");
        assert!(messages.starts_with(&format!("tor-streams: {}: ", path.display())), "{messages}");
        assert!(messages.contains(message) && messages.lines().count() == 1, "{message}: {messages}");
        assert_eq!(run(&["summary"], &[&path]).status.code(), Some(1));
    }
}

#[test]
fn json_with_more_behind_the_event_names_the_command_that_reads_it() {
    for (line, query) in [
        (
            r#"{"log":"650 STREAM 1 CLOSED 5 a.test:80 REASON=DONE\r\n","stream":"stdout"}"#,
            "`jq -j .log FILE | tor-streams -`",
        ),
        (
            r#"{"MESSAGE": "650 STREAM 1 SUCCEEDED 5 a.test:80", "_PID": "811:80"}"#,
            "`jq -r .MESSAGE FILE | tor-streams -`",
        ),
        (r#"{"t":5,"MESSAGE":"650 STREAM 1 SUCCEEDED 5 a.test:80"}"#, "--prefix auto"),
    ] {
        let path = file("json", "log", format!("{line}\n{line}\n").as_bytes());
        let (events, messages) = text(&run(&["events"], &[&path]));
        assert!(events.is_empty() && messages.contains(query), "{messages}");
        let output = run(&["events", "--prefix", "auto"], &[&path]);
        let (events, messages) = text(&output);
        let is_read = query == "--prefix auto";
        assert_eq!((output.status.code(), events.lines().count()), if is_read { (Some(0), 2) } else { (Some(1), 0) });
        assert!(is_read || messages.contains(query), "{messages}");
    }
}

#[test]
fn a_sample_may_be_a_line_with_an_event_without_its_code() {
    let line = "[D] (STREAM 1 NEW 0 a.test:80)";
    let path = file("bare-sample", "log", format!("{line}\n").as_bytes());
    let output = run(&["events", "--bare", "--prefix", line], &[&path]);
    let (events, messages) = text(&output);
    assert_eq!((output.status.code(), events.lines().count(), messages), (Some(0), 1, String::new()));
}

#[test]
fn lines_that_end_with_two_crs_are_told() {
    let line = "650 STREAM 1 CLOSED 0 a.test:80 REASON=DONE";
    let path = file("crs", "log", format!("{line}\r\r\n{line}\r\r\n").as_bytes());
    let (_, messages) = text(&run(&["events"], &[&path]));
    assert!(
        messages
            .ends_with(":1: 2 events end with a CR that is no part of it: try `tr -d '\\r' <FILE | tor-streams -`\n"),
        "{messages}"
    );
    assert_eq!(run(&["summary"], &[&path]).status.code(), Some(1));
}

#[test]
fn standard_input_is_read_without_a_file() {
    let path = file("stdin", "log", LOG.as_bytes());
    for arguments in [&["events"][..], &["events", "-"]] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tor-streams"));
        let output = command.args(arguments).stdin(File::open(&path).unwrap()).output().unwrap();
        assert_eq!((output.status.code(), text(&output).0.lines().count()), (Some(0), 3), "{arguments:?}");
    }
}

#[cfg(unix)]
#[test]
fn pipes_in_a_folder_are_stepped_over() {
    let log = file("pipes", "log", LOG.as_bytes());
    let folder = log.parent().unwrap();
    let pipe = folder.join("pipe\x1b");
    let _ = fs::remove_file(&pipe);
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let _socket = std::os::unix::net::UnixListener::bind(folder.join("socket"));
    let output = run(&["events", "--recursive"], &[folder]);
    let (events, messages) = text(&output);
    assert_eq!((output.status.code(), events.lines().count()), (Some(0), 3), "{messages}");
    assert!(messages.contains("/pipe\\u{1b}: a named pipe, not read\n"), "{messages}");
    assert!(messages.contains("/socket: a socket, not read\n"), "{messages}");
    let (_, messages) = text(&run(&["events"], &[folder]));
    assert!(messages.ends_with("/pipes: is a directory: --recursive reads the files in it\n"), "{messages}");
}

/// The options that read a file.
type Options = &'static [&'static str];

/// Rows of the table of logs in the tool's README by how they begin, with files that are such logs, and the options for each, or for all.
#[rustfmt::skip]
const LOGS: &[(&str, &[&str], &[Options])] = &[
    ("capture of a control connection", &["field-2/O06-between-other-replies.raw", "field/L01-crlf-events-lf-notes.log", "field-2/W06-putty.log"], &[]),
    ("dates and times", &[
        "field/T01-onionperf-names.log", "field/P01-moreutils-ts.log", "field/P21-svlogd.log", "field/P19-asctime.log",
        "field-2/D09-offset.log", "field/T08-plain-unix-time.log", "field-2/D11-pid.log",
    ], &[]),
    ("UTF-16", &["field/E01-utf16-bom.log", "faults/twice.gz", "faults/skipfirst.zst", "field/E06-bzip2.log.bz2"], &[]),
    ("other text", &[
        "field/P02-syslog-journald.log", "field/P03-journald-iso.log", "field/P11-docker-compose.log", "field-2/D02-grep-n.log",
        "field/P04-stem-trace.log", "field-2/L12-tor-browser-console.log",
    ], &[AUTO]),
    ("events without their code", &["field/S01-stem-str-event.log", "field-2/L07-stemns-debug.log"], &[&["--bare"], BARE_AUTO]),
    ("lines with CR LF", &["faults/crlf-then-lf.log"], &[&["--line-end", "lf"]]),
    ("data of replies", &["field/L03-grep-650.log"], &[&["--no-data"]]),
    ("lines wrapped", &["field-2/W01-mail-wrapped.txt", "field/E04-cr-only.log", "field/E05-hexdump.log"], &[]),
    ("zip, pcap", &["field/E07-zip.zip", "field/E08-capture.pcap"], &[]),
];

#[test]
fn the_readme_is_right_about_logs() {
    let readme = include_str!("../README.md");
    let table = readme.split_once("\n| log | as it is | with an option |\n").unwrap().1;
    let rows: Vec<Vec<&str>> = table
        .lines()
        .skip(1)
        .take_while(|line| line.starts_with('|'))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .collect();
    assert_eq!(rows.len(), LOGS.len());
    for row in rows {
        let (_, files, options) = LOGS.iter().find(|(start, ..)| row[0].starts_with(start)).expect(row[0]);
        for (index, name) in files.iter().enumerate() {
            let status = i32::from(!row[1].starts_with("yes"));
            let (events, messages) = both(status, &["events"], &[data(name)]);
            if row[1].contains("error") {
                assert!(events.is_empty() && messages.contains("cannot be read: try `"), "{name}: {messages}");
            } else {
                let is_counted = messages.lines().any(|line| line.starts_with(&format!("{}:", data(name).display())));
                assert_eq!((is_counted, events.is_empty() && status == 0), (status == 1, false), "{name}: {messages}");
            }
            if let Some(options) = options.get(index).or(options.first()) {
                let is_named = |option: &&&str| row[2].contains(**option);
                assert!(
                    options.iter().filter(|option| option.starts_with("--")).all(|option| is_named(&option)),
                    "{row:?}"
                );
                let (more, _) = both(0, &[&["events"], *options].concat(), &[data(name)]);
                assert!(more.lines().count() > events.lines().count(), "{name} {options:?}");
            }
        }
    }
}
