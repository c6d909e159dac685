//! Whole files: captures, logs of the kinds that people have, and inputs that broke an earlier version, through every entry point.
//! READMEs beside the files say which events and counts are right.

use std::fs;
use std::path::Path;

use super::*;
use common::entry_points::{Item, ReadEvent, Reading};
use common::filled;
use common::printed::TARGET_BUFFER;

/// A file, and the events and counts that are right for it.
struct File {
    /// Path in `tests/data`.
    path: &'static str,
    /// Number of events, unreadable ones among them.
    events: usize,
    /// Number of events once the format of the first line that has one is set. Equal to `events` if no line has a format.
    with_format: usize,
    /// Lines that are skipped without that format.
    skipped: Skips,
}

/// Skipped lines as [`Skipped`](tor_stream_event::Skipped) has them: counts, and two line numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Skips {
    /// Lines without a reply that hold `650 STREAM `.
    marks: u64,
    /// Events without a reply code.
    bare: u64,
    /// Events that a line end cut in two.
    wrapped: u64,
    /// Lines of data that begin like an event.
    in_data: u64,
    /// Lines that end unlike the first reply.
    line_ends: u64,
    /// Number of the line with the reply whose data has not ended; 0 for none.
    open: u64,
    /// Number of the last line if it has no end; 0 otherwise.
    unterminated: u64,
}

/// Maximum length of a chunk: shorter than most lines, so that lines are cut.
const CHUNK: usize = 60;

/// No skipped lines.
const NOTHING: Skips = Skips { marks: 0, bare: 0, wrapped: 0, in_data: 0, line_ends: 0, open: 0, unterminated: 0 };

/// Returns a file whose events are read as it is.
const fn plain(path: &'static str, events: usize) -> File {
    File { path, events, with_format: events, skipped: NOTHING }
}

/// Returns a file whose three events are read with a format only. Without it their lines are marks.
const fn marked(path: &'static str) -> File {
    File { path, events: 0, with_format: 3, skipped: Skips { marks: 3, ..NOTHING } }
}

/// Returns a file of which the same events are read with and without a format, and some lines are skipped.
const fn skipped(path: &'static str, events: usize, skipped: Skips) -> File {
    File { path, events, with_format: events, skipped }
}

/// Every file but those that have to be decoded first.
const FILES: &[File] = &[
    plain("field/C01-credentials-in-target.log", 2),
    plain("field/E03-utf8-bom.log", 3),
    skipped("field/E04-cr-only.log", 1, Skips { unterminated: 1, ..NOTHING }),
    skipped("field/E05-hexdump.log", 0, Skips { marks: 3, ..NOTHING }),
    plain("field/F01-filters.log", 11),
    plain("field/I01-isolation.log", 4),
    plain("field/L01-crlf-events-lf-notes.log", 3),
    File {
        path: "field/L03-grep-650.log",
        events: 1,
        with_format: 3,
        skipped: Skips { in_data: 2, open: 2, ..NOTHING },
    },
    skipped("field/L05-cut-in-port.log", 2, Skips { unterminated: 2, ..NOTHING }),
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
    skipped("field/S01-stem-str-event.log", 0, Skips { bare: 3, ..NOTHING }),
    skipped("field/S03-carml-show-event.log", 0, Skips { bare: 3, ..NOTHING }),
    plain("field/S04-carml-events.log", 0),
    skipped("field/S05-library-warning.log", 0, Skips { bare: 1, ..NOTHING }),
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
    skipped("field-2/L04-onionwrapper.log", 0, Skips { bare: 3, ..NOTHING }),
    skipped("field-2/L06-stem-unrecognized.log", 0, Skips { bare: 1, ..NOTHING }),
    skipped("field-2/L07-stemns-debug.log", 0, Skips { bare: 3, ..NOTHING }),
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
    skipped("field-2/W01-mail-wrapped.txt", 4, Skips { wrapped: 4, ..NOTHING }),
    plain("field-2/W02-mail-wrapped-host.txt", 1),
    skipped("field-2/W03-terminal-80.txt", 1, Skips { wrapped: 2, ..NOTHING }),
    plain("field-2/W05-ellipsis.txt", 3),
    plain("field-2/W06-putty.log", 3),
    plain("faults/bom.raw", 2),
    File {
        path: "faults/crlf-then-lf.log",
        events: 1,
        with_format: 1000,
        skipped: Skips { line_ends: 999, unterminated: 2, ..NOTHING },
    },
    plain("faults/cut-cr-forged.raw", 1),
    skipped("faults/cut-cr-lf-log.log", 1, Skips { line_ends: 1, ..NOTHING }),
    plain("faults/filter-evade.raw", 3),
    skipped("faults/jobs-6-125", 1, Skips { unterminated: 4, ..NOTHING }),
    plain("faults/jobs-lost-block.log", 1),
    plain("faults/leak.raw", 6),
    plain("faults/lenient-ids.raw", 6),
    skipped("faults/lf-log-one-crlf.log", 10_000, Skips { wrapped: 1, line_ends: 1, ..NOTHING }),
    plain("faults/ms-time.log", 1),
    plain("faults/others.log", 7),
    plain("faults/since-exact.log", 1),
    plain("faults/terminal.raw", 3),
    skipped("faults/unterminated.raw", 1, Skips { unterminated: 1, ..NOTHING }),
];

/// Files that have to be decoded before they are read: the tool's tests read them.
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
fn skips(found: &Reading) -> Skips {
    let skipped = found.skipped;
    Skips {
        marks: skipped.marks.count,
        bare: skipped.bare.count,
        wrapped: skipped.wrapped.count,
        in_data: skipped.in_data.count,
        line_ends: skipped.line_ends.count,
        open: skipped.open.unwrap_or(0),
        unterminated: skipped.unterminated.unwrap_or(0),
    }
}

/// Every file has the right events, with and without the format of its lines, and none is forgotten.
#[test]
fn every_file_has_the_right_events() {
    for &File { path, events, with_format, skipped } in FILES {
        let input = data(path);
        let read = entry_points::read(&input, &Settings::default(), CHUNK);
        assert_eq!((read.items.len(), skips(&read)), (events, skipped), "{path}");
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

/// In a log whose lines end with CR LF at first and with LF later, every event is found once the line end is set.
#[test]
fn a_line_end_that_changes_can_be_set() {
    let input = data("faults/crlf-then-lf.log");
    let read = entry_points::read(&input, &Settings { line_end: Some(LineEnd::Lf), formats: Vec::new() }, CHUNK);
    assert_eq!(read.items.len(), 1000);
    assert!(read.items.iter().all(|item| item.event.is_ok()) && read.skipped.is_empty());
}

/// Returns `true` if an event has no anomaly.
fn is_unflagged(event: &ReadEvent) -> bool {
    event.anomalies().starts_with("{}")
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
        let event = read.items[index].event.as_ref().unwrap();
        assert!(event.anomalies().contains(flag), "{path}: {event:?}");
    }
    let old = entry_points::read(&data("field/V01-tor-0.1.2-to-0.2.1-extended.raw"), &Settings::default(), CHUNK);
    // Lines of an old tor are no damage.
    assert!(old.items.iter().all(|item| item.event.as_ref().is_ok_and(is_unflagged)), "{:?}", old.items);
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
        assert_eq!((read.items.len(), skips(&read)), (events, NOTHING), "{path}");
        let set = entry_points::read(&capture, &Settings { line_end: Some(line_end), formats: Vec::new() }, CHUNK);
        assert_eq!(set.items.len(), events, "{path}");
    }
}

/// Returns events whose targets tor cut at 255 bytes, the last of which is `last`. Without that byte each target looks whole, some with
/// fields after them.
fn events_cut_after(last: &str) -> Vec<String> {
    let mut events = Vec::new();
    for status in ["SENTCONNECT", "SUCCEEDED", "SENTRESOLVE", "XOFF_SENT", "CONTROLLER_WAIT", "REMAP", "DETACHED"] {
        for base in ["bank.example:443", "a b:80", "x:1"] {
            for forged in [
                "",
                " SOCKS_USERNAME=\"admin\"",
                " SOCKS_PASSWORD=\"pw\"",
                " CLIENT_PROTOCOL=SOCKS5 NYM_EPOCH=0 SESSION_GROUP=-4 ISO_FIELDS=NYM_EPOCH",
            ] {
                let target = filled("", &format!("{base}{forged}{last}"), TARGET_BUFFER);
                events.push(format!("650 STREAM 7 {status} 5 {target}"));
            }
        }
    }
    events
}

/// Reads the events in an input that begins with another reply, with the line end detected and set. Asserts that all are found, and
/// returns those that are neither refused nor flagged.
fn unflagged(before: &str, events: &[String], after: &str, line_end: LineEnd) -> Vec<Item> {
    let lines = core::iter::once("650 BW 1 2").chain(events.iter().map(String::as_str));
    let input: String = lines.map(|line| format!("{before}{line}{after}")).collect();
    let mut unflagged = Vec::new();
    for line_end in [None, Some(line_end)] {
        let read = entry_points::read(input.as_bytes(), &Settings { line_end, formats: Vec::new() }, CHUNK);
        assert_eq!(read.items.len(), events.len());
        unflagged.extend(read.items.into_iter().filter(|item| item.event.as_ref().is_ok_and(is_unflagged)));
    }
    unflagged
}

/// A target that tor cut at 255 bytes, the last of which is a CR or LF, is refused or flagged.
#[test]
fn cut_after_a_cr_or_lf() {
    let [cut_after_cr, cut_after_lf] = ["\r", "\n"].map(events_cut_after);
    assert_eq!(unflagged("", &cut_after_cr, "\r\n", LineEnd::CrLf), []);
    assert_eq!(unflagged("", &cut_after_lf, "\r\n", LineEnd::CrLf), []);
    assert_eq!(unflagged("1:2 ", &cut_after_cr, "\n", LineEnd::Lf), []);
    assert_eq!(unflagged("1:2 ", &cut_after_cr, "\r\n", LineEnd::Lf), []);
    // In a log the LF of a name ends the line, and no rule can tell it from another. The events without it are plain.
    assert!(!unflagged("1:2 ", &cut_after_lf, "\n", LineEnd::Lf).is_empty());
    assert!(!unflagged("1:2 ", &cut_after_lf, "\r\n", LineEnd::Lf).is_empty());
}
