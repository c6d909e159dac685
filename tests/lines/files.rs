//! Whole files: captures, logs of the kinds that people have, and inputs that broke an earlier version, through every entry point.
//! READMEs beside the files say what is right.

use std::fs;
use std::path::Path;

use super::*;
use common::entry_points::Found;

/// A file, and the events and counts that are right for it.
struct File {
    /// Path in `tests/data`.
    path: &'static str,
    /// Number of events, unreadable ones among them.
    events: usize,
    /// Number of events once the format of the first line that has one is set.
    /// Equal to `events` if no line has a format.
    with_format: usize,
    /// Skipped lines without that format, as [`Skipped`] has them. Five counts: lines with `650 STREAM ` further on (`marks`), events
    /// without a code (`bare`), wrapped ones, lines in data, other line ends. Then two line numbers, or 0 for none: that of the reply
    /// whose data has not ended, and that of the last line if it has no end.
    skipped: [u64; 7],
}

/// Maximum length of a chunk: shorter than most lines, so that lines are cut.
const CHUNK: usize = 60;

/// No skipped lines.
const NOTHING: [u64; 7] = [0; 7];

/// Returns a file whose events are read as it is.
const fn plain(path: &'static str, events: usize) -> File {
    File { path, events, with_format: events, skipped: NOTHING }
}

/// Returns a file whose three events are read with a format only. Without it their lines are marks.
const fn marked(path: &'static str) -> File {
    File { path, events: 0, with_format: 3, skipped: [3, 0, 0, 0, 0, 0, 0] }
}

/// Returns a file of which the same events are read with and without a format, and some lines are skipped.
const fn skipped(path: &'static str, events: usize, skipped: [u64; 7]) -> File {
    File { path, events, with_format: events, skipped }
}

/// Every file but those that have to be decoded first.
const FILES: &[File] = &[
    plain("field/C01-credentials-in-target.log", 2),
    plain("field/E03-utf8-bom.log", 3),
    skipped("field/E04-cr-only.log", 1, [0, 0, 0, 0, 0, 0, 1]),
    skipped("field/E05-hexdump.log", 0, [3, 0, 0, 0, 0, 0, 0]),
    plain("field/F01-filters.log", 11),
    plain("field/I01-isolation.log", 4),
    plain("field/L01-crlf-events-lf-notes.log", 3),
    File { path: "field/L03-grep-650.log", events: 1, with_format: 3, skipped: [0, 0, 0, 2, 0, 2, 0] },
    skipped("field/L05-cut-in-port.log", 2, [0, 0, 0, 0, 0, 0, 2]),
    plain("field/L07-glued-after-restart.log", 1),
    plain("field/P01-moreutils-ts.log", 3),
    marked("field/P02-syslog-journald.log"),
    marked("field/P03-journald-iso.log"),
    marked("field/P04-stem-trace.log"),
    marked("field/P06-oniontrace.log"),
    marked("field/P07-vanguards-plog.log"),
    marked("field/P09-roflcoptor.log"),
    marked("field/P11-docker-compose.log"),
    marked("field/P13-mail-quote.log"),
    marked("field/P14-indented.log"),
    marked("field/P16-nc-arrows.log"),
    plain("field/P18-tab-after-time.log", 3),
    plain("field/P19-asctime.log", 3),
    plain("field/P21-svlogd.log", 3),
    marked("field/P22-python-repr.log"),
    skipped("field/S01-stem-str-event.log", 0, [0, 3, 0, 0, 0, 0, 0]),
    skipped("field/S03-carml-show-event.log", 0, [0, 3, 0, 0, 0, 0, 0]),
    plain("field/S04-carml-events.log", 0),
    skipped("field/S05-library-warning.log", 0, [0, 1, 0, 0, 0, 0, 0]),
    plain("field/S06-getinfo-stream-status.raw", 0),
    plain("field/T01-onionperf-names.log", 5),
    plain("field/T02-began-before-the-log.log", 3),
    plain("field/T03a-rotated-day1.log", 2),
    plain("field/T03b-rotated-day2.log", 3),
    plain("field/T04-date-filter.log", 6),
    plain("field/T05-words-without-a-variant.log", 6),
    plain("field/T06-resolve-that-timed-out.log", 6),
    plain("field/T07-failed-without-closed.log", 2),
    plain("field/T08-plain-unix-time.log", 3),
    plain("field/V01-tor-0.1.2-to-0.2.1-extended.raw", 3),
    plain("field-2/D01-tcpflow.log", 3),
    marked("field-2/D02-grep-n.log"),
    plain("field-2/D04-asctime-comma.log", 3),
    plain("field-2/D05-ts-relative.log", 3),
    plain("field-2/D06-ts-s.log", 3),
    plain("field-2/D07-millis.log", 3),
    plain("field-2/D09-offset.log", 3),
    plain("field-2/D11-pid.log", 3),
    plain("field-2/G01-stream-status-poll.log", 0),
    plain("field-2/G02-stream-status-one.raw", 0),
    plain("field-2/L01-jtorctl-debug.log", 0),
    plain("field-2/L02-thali.log", 0),
    plain("field-2/L03-orbot-status.log", 0),
    skipped("field-2/L04-onionwrapper.log", 0, [0, 3, 0, 0, 0, 0, 0]),
    skipped("field-2/L06-stem-unrecognized.log", 0, [0, 1, 0, 0, 0, 0, 0]),
    skipped("field-2/L07-stemns-debug.log", 0, [0, 3, 0, 0, 0, 0, 0]),
    marked("field-2/L09-logcat-raw.log"),
    marked("field-2/L10-logback-french.log"),
    marked("field-2/L12-tor-browser-console.log"),
    plain("field-2/O01-privcount.raw", 1),
    plain("field-2/O02-other-tor.raw", 5),
    plain("field-2/O03-alnum-ids.raw", 2),
    plain("field-2/O04-credentials-on-new-only.log", 7),
    plain("field-2/O06-between-other-replies.raw", 3),
    plain("field-2/O07-fork-hosts.raw", 3),
    plain("field-2/O08-parts.raw", 1),
    plain("field-2/O09-forged-credentials.raw", 1),
    plain("field-2/R01-scrubbed.log", 3),
    plain("field-2/R03-starred.log", 2),
    plain("field-2/V01-conflux-legs.log", 6),
    plain("field-2/V02-controller-wait.log", 12),
    plain("field-2/V03-conflux-moved.log", 4),
    plain("field-2/V04-reversed.log", 4),
    plain("field-2/V05-clock-back.log", 3),
    plain("field-2/V07-two-tors.log", 8),
    plain("field-2/V08-restart.log", 7),
    plain("field-2/V09-resolve.log", 12),
    plain("field-2/V10-detached-waiting.log", 4),
    plain("field-2/V11-redirected.log", 5),
    plain("field-2/V12-closed-by-controller.log", 9),
    plain("field-2/V13-remote-reason-of-detached.log", 5),
    plain("field-2/V16-back-on-first-circuit.log", 8),
    skipped("field-2/W01-mail-wrapped.txt", 4, [0, 0, 4, 0, 0, 0, 0]),
    plain("field-2/W02-mail-wrapped-host.txt", 1),
    skipped("field-2/W03-terminal-80.txt", 1, [0, 0, 2, 0, 0, 0, 0]),
    plain("field-2/W05-ellipsis.txt", 3),
    plain("field-2/W06-putty.log", 3),
    plain("faults/bom.raw", 2),
    File { path: "faults/crlf-then-lf.log", events: 1, with_format: 1000, skipped: [0, 0, 0, 0, 999, 0, 2] },
    plain("faults/cut-cr-forged.raw", 1),
    skipped("faults/cut-cr-lf-log.log", 1, [0, 0, 0, 0, 1, 0, 0]),
    plain("faults/filter-evade.raw", 3),
    skipped("faults/jobs-6-125", 1, [0, 0, 0, 0, 0, 0, 4]),
    plain("faults/jobs-lost-block.log", 1),
    plain("faults/leak.raw", 6),
    plain("faults/lenient-ids.raw", 6),
    skipped("faults/lf-log-one-crlf.log", 10_000, [0, 0, 1, 0, 1, 0, 0]),
    plain("faults/ms-time.log", 1),
    plain("faults/others.log", 7),
    plain("faults/since-exact.log", 1),
    plain("faults/terminal.raw", 3),
    skipped("faults/unterminated.raw", 1, [0, 0, 0, 0, 0, 0, 1]),
];

/// Files that are not text as they are.
const ENCODED: &[&str] = &[
    "field/E01-utf16-bom.log",
    "field/E06-bzip2.log.bz2",
    "field/E07-zip.zip",
    "field/E08-capture.pcap",
    "faults/skipfirst.zst",
    "faults/twice.gz",
];

/// Reads a file of `tests/data`.
fn data(path: &str) -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(path)).unwrap()
}

/// Returns the format of the first line that has one.
fn format_of(input: &[u8]) -> Option<LogFormat> {
    let mut lines = input.split(|&byte| byte == b'\n');
    lines.find_map(LogFormat::of_line)
}

/// Returns the skipped lines in the form of [`File::skipped`].
fn skipped_lines(found: &Found) -> [u64; 7] {
    let skipped = found.skipped;
    let counts =
        [skipped.marks, skipped.bare, skipped.wrapped, skipped.in_data, skipped.line_ends].map(|lines| lines.count);
    let [marks, bare, wrapped, in_data, line_ends] = counts;
    [marks, bare, wrapped, in_data, line_ends, skipped.open.unwrap_or(0), skipped.unterminated.unwrap_or(0)]
}

/// Every file has the right events, with and without the format of its lines, and none is forgotten.
#[test]
fn every_file_has_the_right_events() {
    for &File { path, events, with_format, skipped } in FILES {
        let input = data(path);
        let read = entry_points::read(&input, &Settings::default(), CHUNK);
        assert_eq!((read.items.len(), skipped_lines(&read)), (events, skipped), "{path}");
        let Some(format) = format_of(&input) else {
            assert_eq!(with_format, events, "{path}");
            continue;
        };
        let read = entry_points::read(&input, &Settings { line_end: None, formats: vec![format] }, CHUNK);
        assert_eq!(read.items.len(), with_format, "{path} with {format:?}");
        assert_eq!(read.skipped.marks.count, 0, "{path} with {format:?}");
    }
    for folder in ["field", "field-2", "faults"] {
        for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let path = format!("{folder}/{name}");
            let is_known = FILES.iter().any(|file| file.path == path) || ENCODED.contains(&path.as_str());
            assert!(is_known || path.ends_with(".md") || path.ends_with(".json"), "{path}");
        }
    }
}

/// Once the line end is set, every event is found.
#[test]
fn a_line_end_that_changes_can_be_set() {
    let input = data("faults/crlf-then-lf.log");
    let read = entry_points::read(&input, &Settings { line_end: Some(LineEnd::Lf), formats: Vec::new() }, CHUNK);
    assert_eq!(read.items.len(), 1000);
    assert!(read.items.iter().all(|item| item.event.is_ok()) && read.skipped.is_empty());
}

/// Damaged lines have the anomalies of their damage.
#[test]
fn damaged_lines_are_flagged() {
    for (path, index, flag) in [
        ("field/L05-cut-in-port.log", 1, "Unterminated"),
        ("field/L07-glued-after-restart.log", 0, "UnknownOrder"),
        ("field/E04-cr-only.log", 0, "Unterminated"),
        ("field-2/W03-terminal-80.txt", 0, "UnknownOrder"),
        ("faults/cut-cr-lf-log.log", 0, "TargetMayBeCut"),
        ("faults/unterminated.raw", 0, "Unterminated"),
    ] {
        let read = entry_points::read(&data(path), &Settings::default(), CHUNK);
        let (_, shown) = read.items[index].event.as_ref().unwrap();
        assert!(shown.rsplit_once("anomalies: ").unwrap().1.contains(flag), "{path}: {shown}");
    }
    let old = entry_points::read(&data("field/V01-tor-0.1.2-to-0.2.1-extended.raw"), &Settings::default(), CHUNK);
    assert!(old.items.iter().all(|item| item.event.as_ref().unwrap().1.contains("anomalies: {}")), "{:?}", old.items);
    // The target has lost its port.
    let read = entry_points::read(&data("faults/cut-cr-forged.raw"), &Settings::default(), CHUNK);
    assert!(read.items[0].event.as_ref().is_err_and(|error| error.contains("255 bytes")), "{:?}", read.items);
}

/// Captures of real tor, and their line ends.
#[test]
fn captures_with_either_line_end() {
    for (path, line_end, events) in [
        ("stream-events.raw", LineEnd::CrLf, 6992),
        ("hostile-targets.raw", LineEnd::CrLf, 53),
        ("control-port.raw", LineEnd::CrLf, 330),
        ("mixed-session.raw", LineEnd::CrLf, 326),
        ("onionperf.log", LineEnd::Lf, 265),
    ] {
        let capture = data(path);
        let read = entry_points::read(&capture, &Settings::default(), CHUNK);
        assert_eq!((read.items.len(), skipped_lines(&read)), (events, NOTHING), "{path}");
        let set = entry_points::read(&capture, &Settings { line_end: Some(line_end), formats: Vec::new() }, CHUNK);
        assert_eq!(set.items.len(), events, "{path}");
    }
}

/// A target that tor cut at 255 bytes, the last of which is a CR or LF, is refused or flagged.
#[test]
fn cut_behind_a_cr_or_lf() {
    let statuses = ["SENTCONNECT", "SUCCEEDED", "SENTRESOLVE", "XOFF_SENT", "CONTROLLER_WAIT", "REMAP", "DETACHED"];
    let forged = [
        "",
        " SOCKS_USERNAME=\"admin\"",
        " SOCKS_PASSWORD=\"pw\"",
        " CLIENT_PROTOCOL=SOCKS5 NYM_EPOCH=0 SESSION_GROUP=-4 ISO_FIELDS=NYM_EPOCH",
    ];
    let mut number = 0;
    let (mut wire, mut lf, mut crlf) =
        (b"650 BW 1 2\r\n".to_vec(), b"1:2 650 BW 1 2\n".to_vec(), b"1:2 650 BW 1 2\r\n".to_vec());
    for status in statuses {
        for base in ["bank.example:443", "a b:80", "x:1"] {
            for forged in forged {
                for last in ["\r", "\n"] {
                    number += 1;
                    let name = format!("{base}{forged}");
                    let target = format!("{}{name}{last}", "y".repeat(254 - name.len()));
                    let line = format!("650 STREAM {number} {status} 5 {target}");
                    wire.extend(format!("{line}\r\n").into_bytes());
                    // In a log a LF in a name ends the line, which no rule can tell.
                    lf.extend(format!("1:2 {line}\n").into_bytes());
                    crlf.extend(format!("1:2 {line}\r\n").into_bytes());
                }
            }
        }
    }
    let is_unflagged =
        |item: &&entry_points::Item| item.event.as_ref().is_ok_and(|event| event.1.ends_with("anomalies: {} }"));
    for line_end in [None, Some(LineEnd::CrLf)] {
        let read = entry_points::read(&wire, &Settings { line_end, formats: Vec::new() }, CHUNK);
        assert_eq!((read.items.len(), read.items.iter().filter(is_unflagged).count()), (number, 0));
    }
    for log in [lf, crlf] {
        for line_end in [None, Some(LineEnd::Lf)] {
            let read = entry_points::read(&log, &Settings { line_end, formats: Vec::new() }, CHUNK);
            assert_eq!(read.items.len(), number);
            // Every other event ends with a CR, which is flagged: those with odd numbers.
            for item in read.items.iter().filter(is_unflagged) {
                let content = item.line.strip_prefix(b"1:2 650 STREAM ").unwrap();
                let id = content.split(|&byte| byte == b' ').next().unwrap();
                assert!(id.last().is_some_and(|digit| digit % 2 == 0), "{item:?}");
            }
        }
    }
}
