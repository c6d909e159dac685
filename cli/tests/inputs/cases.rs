//! Files of each kind: the number of events in each, and the messages about it.

use std::fs;

use crate::common::{data, run};
use crate::{NO_REPLY, text};

/// A file, how it is read, and what is right.
struct Case {
    /// Path in the library's tests/data.
    file: &'static str,
    /// Options of `events`.
    options: &'static [&'static str],
    /// Number of events that are printed.
    events: usize,
    /// Texts that standard error has. If there is any, the exit status is 1.
    messages: &'static [&'static str],
}

/// Returns a file that is read as it is, without a message.
const fn read(file: &'static str, events: usize) -> Case {
    Case { file, options: &[], events, messages: &[] }
}

/// Returns a file about which messages are printed.
const fn reported(file: &'static str, events: usize, messages: &'static [&'static str]) -> Case {
    Case { file, options: &[], events, messages }
}

/// Returns a file that is read with options.
const fn with(file: &'static str, options: &'static [&'static str], events: usize) -> Case {
    Case { file, options, events, messages: &[] }
}

/// Every file of the folders `field`, `field-2` and `faults`, in each of which a README says what is in the files.
#[rustfmt::skip]
const CASES: &[Case] = &[
    // Encodings.
    read("field/E01-utf16-bom.log", 3),
    read("field/E03-utf8-bom.log", 3),
    reported("field/E04-cr-only.log", 1, &["E04-cr-only.log:1: lines end with CR alone: try `tr '\\r' '\\n'"]),
    reported("field/E05-hexdump.log", 0, &["E05-hexdump.log:1: 3 lines with `650 STREAM` behind '00000000: 3635 "]),
    read("field/E06-bzip2.log.bz2", 3),
    reported("field/E07-zip.zip", 0, &["E07-zip.zip: a zip archive cannot be read: try `unzip -p FILE"]),
    reported("field/E08-capture.pcap", 0, &["a capture of packets (pcap) cannot be read: try `tcpflow -r FILE`"]),
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
    reported("field/P02-syslog-journald.log", 0, &[
        "P02-syslog-journald.log:1: 3 lines with `650 STREAM` behind 'Nov 25 10:00:00 gateway torwatch[811]: ' not read: --prefix auto",
    ]),
    reported("field/P03-journald-iso.log", 0, &["behind '2026-11-25T10:00:00+0100 gateway torwatch[811]: '"]),
    reported("field/P04-stem-trace.log", 0, &["behind '11/25/2026 10:00:00 [TRACE] read from tor: '"]),
    reported("field/P06-oniontrace.log", 0, &["[message] [_log_control_line] Logger: ' not read"]),
    reported("field/P07-vanguards-plog.log", 0, &["behind 'DEBUG[Wed Nov 25 10:00:00 2026]: '"]),
    reported("field/P09-roflcoptor.log", 0, &["behind 'FILTER 2026/11/25 10:00:00 A<-T: ['"]),
    reported("field/P11-docker-compose.log", 0, &["behind 'tor-1  | '"]),
    reported("field/P13-mail-quote.log", 0, &["behind '> '"]),
    reported("field/P14-indented.log", 0, &["behind '    '"]),
    reported("field/P16-nc-arrows.log", 0, &["behind '<<< '"]),
    reported("field/P22-python-repr.log", 0, &["behind 'b''"]),
    reported("field-2/D02-grep-n.log", 0, &["behind '12:'"]),
    reported("field-2/L09-logcat-raw.log", 0, &["behind '11-25 10:00:00.412  1476  1515 D TorControl: '"]),
    reported("field-2/L10-logback-french.log", 0, &["behind 'nov.-25 10:00:00.636 [TorControlParser] DEBUG"]),
    reported("field-2/L12-tor-browser-console.log", 0, &["behind 'TorControlPort: \"<- '"]),
    // Events without their code, and none at all.
    reported("field/S01-stem-str-event.log", 0, &["S01-stem-str-event.log:1: 3 lines with an event without its code 650 not read: --bare"]),
    reported("field/S03-carml-show-event.log", 0, &["3 lines with an event without its code 650 not read: --bare"]),
    reported("field/S04-carml-events.log", 0, &[NO_REPLY]),
    reported("field/S05-library-warning.log", 0, &["S05-library-warning.log:1: 1 line with an event without its code 650 behind 'INFO:lib:"]),
    reported("field-2/L01-jtorctl-debug.log", 0, &[NO_REPLY]),
    reported("field-2/L02-thali.log", 0, &[NO_REPLY]),
    reported("field-2/L03-orbot-status.log", 0, &[NO_REPLY]),
    reported("field-2/L04-onionwrapper.log", 0, &["behind '10:00:00.883  D  ' not read: --bare --prefix auto"]),
    reported("field-2/L06-stem-unrecognized.log", 0, &["L06-stem-unrecognized.log:1: 1 line with an event"]),
    reported("field-2/L07-stemns-debug.log", 0, &["behind '[debug] ' not read: --bare --prefix auto"]),
    with("field/S01-stem-str-event.log", &["--bare"], 3),
    with("field/S03-carml-show-event.log", &["--bare"], 3),
    Case { options: &["--bare"], ..reported("field-2/L04-onionwrapper.log", 0, &["behind '10:00:00.883  D  ' not read: --prefix auto"]) },
    // Cut, joined and wrapped lines.
    read("field/L01-crlf-events-lf-notes.log", 3),
    reported("field/L03-grep-650.log", 1, &[
        "L03-grep-650.log:2: data of the reply in line 2 does not end, 2 lines in it look like events: --no-data",
    ]),
    with("field/L03-grep-650.log", &["--no-data"], 3),
    reported("field/L05-cut-in-port.log", 2, &["L05-cut-in-port.log:2: the last line has no end"]),
    reported("field/L07-glued-after-restart.log", 1, &["L07-glued-after-restart.log:1: 1 event holds another one"]),
    reported("faults/unterminated.raw", 1, &["unterminated.raw:1: the last line has no end"]),
    reported("field-2/W01-mail-wrapped.txt", 4, &["W01-mail-wrapped.txt:2: 4 lines not read that begin like the rest of an event"]),
    reported("field-2/W02-mail-wrapped-host.txt", 0, &["W02-mail-wrapped-host.txt:1: expected a target"]),
    reported("field-2/W03-terminal-80.txt", 1, &["W03-terminal-80.txt:2: 2 lines not read that begin like the rest of an event"]),
    read("field-2/W05-ellipsis.txt", 3),
    read("field-2/W06-putty.log", 3),
    reported("faults/crlf-then-lf.log", 0, &["crlf-then-lf.log:2: 999 line ends are unlike the first reply's: --line-end lf"]),
    with("faults/crlf-then-lf.log", &["--line-end", "lf"], 1000),
    reported("faults/lf-log-one-crlf.log", 9999, &["lf-log-one-crlf.log:3: 1 line end is unlike the first reply's"]),
    reported("faults/cut-cr-forged.raw", 0, &["cut-cr-forged.raw:2: expected a port, found a target cut at 255 bytes"]),
    reported("faults/cut-cr-lf-log.log", 1, &["cut-cr-lf-log.log:2: 1 line end is unlike the first reply's"]),
    reported("faults/jobs-6-125", 1, &["jobs-6-125:4: the last line has no end"]),
    read("faults/jobs-lost-block.log", 1),
    // Numbers that are no times, and filters by time.
    reported("faults/ms-time.log", 1, &["ms-time.log:1: 1 event has a time after the year 9999"]),
    read("faults/since-exact.log", 1),
    with("faults/since-exact.log", &["--since", "1548934191.99"], 1),
    with("faults/since-exact.log", &["--until", "1548934191.99"], 0),
    with("field/T08-plain-unix-time.log", &["--since", "2026-11-25 10:00:01"], 2),
    with("field-2/D09-offset.log", &["--since", "2026-11-25T11:00:04.5+01:00"], 2),
    Case { options: &["--since", "1"], ..reported("field-2/D05-ts-relative.log", 0, &["3 events have no date and time, which --since"]) },
    Case { options: &["--until", "1h"], ..reported("field-2/D06-ts-s.log", 0, &["3 events have no date and time, which --since"]) },
    Case { options: &["--since", "1"], ..reported("field-2/D11-pid.log", 0, &["D11-pid.log:1: 3 events have no date"]) },
    Case { options: &["--since", "1"], ..reported("field/P01-moreutils-ts.log", 0, &["3 events have no date"]) },
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
    read("field/T05-words-without-a-variant.log", 6),
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
    reported("faults/leak.raw", 4, &["leak.raw:1: expected a target", "leak.raw:2: expected a circuit ID"]),
    reported("faults/lenient-ids.raw", 0, &["lenient-ids.raw:1: expected a stream ID"]),
    read("faults/others.log", 7),
    read("faults/terminal.raw", 3),
];

#[test]
fn every_file_gives_what_is_right() {
    let mut wrong = String::new();
    for case in CASES {
        let output = run(&[&["events"], case.options].concat(), &[data(case.file)]);
        let (events, messages) = text(&output);
        let status = i32::from(!case.messages.is_empty());
        let all_reported =
            case.messages.iter().all(|text| messages.contains(text)) && case.messages.is_empty() == messages.is_empty();
        if output.status.code() != Some(status) || events.lines().count() != case.events || !all_reported {
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
            // `onionperf.streams.json` is what OnionPerf makes of a log.
            let is_log = !name.ends_with(".md") && !name.ends_with(".json");
            assert_eq!(CASES.iter().any(|case| case.file == name && case.options.is_empty()), is_log, "{name}");
        }
    }
}
