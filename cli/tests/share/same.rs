//! Facts that a shared log keeps: streams, anomalies, the order of events.

use alloc::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;

use crate::common::{both, data, file, parse_rows, stdout};
use crate::{rows, share, shared};

/// Columns of `streams` that have the same values before and after: all but the targets and the client's address, which have
/// pseudonyms, the times, which may begin at 0, and the name of the file.
const SAME: [&str; 28] = [
    "stream_id",
    "circuit_id",
    "seconds",
    "failure_reason_local",
    "failure_reason_remote",
    "remap_source",
    "outcome",
    "last_status",
    "purpose",
    "client_protocol",
    "circuits",
    "xoff_sent",
    "xoff_recv",
    "xon_sent",
    "xon_recv",
    "reason",
    "remote_reason",
    "seconds_to_answer",
    "attempts",
    "detached",
    "seconds_waiting",
    "asked",
    "target_kind",
    "began",
    "has_username",
    "nym_epoch",
    "session_group",
    "identity",
];

/// A map from the values of a column before to those after, and back.
#[derive(Default)]
struct Pairs([BTreeMap<String, String>; 2]);

impl Pairs {
    /// Adds a pair. Each value has to have one partner.
    #[track_caller]
    fn add(&mut self, before: &Value, after: &Value) {
        // Names that differ in case only are one.
        let [before, after] = [before, after].map(|value| value.to_string().to_lowercase());
        assert_eq!(self.0[0].entry(before.clone()).or_insert_with(|| after.clone()), &after, "{before}");
        assert_eq!(self.0[1].entry(after.clone()).or_insert_with(|| before.clone()), &before, "{after}");
    }
}

/// The streams of real sessions have the same IDs, circuits, reasons, durations and identities, and equal targets stay equal. Times
/// stay too, with `--keep-times`. Each log has the exit status of `share`: 1 if an event of it cannot be
/// read.
#[test]
fn streams_are_the_same() {
    for (name, status) in [
        ("stream-events.raw", 1),
        ("legacy-events.raw", 1),
        ("hostile-targets.raw", 0),
        ("control-port.raw", 1),
        ("mixed-session.raw", 1),
        ("onionperf.log", 0),
        ("onionperf-whole.log.xz", 0),
        ("field/T05-words-without-a-variant.log", 0),
        ("field/T06-resolve-that-timed-out.log", 0),
        ("field/I01-isolation.log", 0),
        ("field/S06-getinfo-stream-status.raw", 0),
    ] {
        let log = data(name);
        let before = rows(&["streams"], &log);
        assert!(!before.is_empty(), "{name}");
        for options in [&[][..], &["--keep-times"]] {
            let after = rows(&["streams"], &shared("streams.log", status, options, &log));
            assert_eq!(after.len(), before.len(), "{name}");
            let (mut targets, mut clients) = (Pairs::default(), Pairs::default());
            for (before, after) in before.iter().zip(&after) {
                for column in SAME {
                    // A word that only a newer tor knows has a pseudonym. In these logs such words begin with `NEW_`.
                    if before[column].as_str().is_none_or(|word| !word.starts_with("NEW_")) {
                        assert_eq!(after[column], before[column], "{name} {column}: {before}");
                    }
                }
                targets.add(&before["target"], &after["target"]);
                targets.add(&before["final_target"], &after["final_target"]);
                clients.add(&before["source_addr"], &after["source_addr"]);
                for time in ["unix_ts_start", "unix_ts_end"] {
                    // Times from 0 have no date.
                    let expected = if options.is_empty() { &Value::Null } else { &before[time] };
                    assert_eq!(&after[time], expected, "{name}");
                }
            }
        }
    }
}

/// The events of real sessions: each is printed, in order, and has the anomalies that it had.
#[test]
fn events_have_the_same_anomalies() {
    for (name, status) in [("stream-events.raw", 1), ("hostile-targets.raw", 0), ("onionperf-whole.log.xz", 0)] {
        let log = data(name);
        let before = rows(&["events"], &log);
        let after = rows(&["events"], &shared("anomalies.log", status, &[], &log));
        assert_eq!(after.len(), before.len(), "{name}");
        for (before, after) in before.iter().zip(&after) {
            let anomalies = |row: &Value| {
                let list = row["anomalies"].as_array().unwrap().clone();
                // A pseudonym has another length than the name, so that other fields end where tor cuts a target.
                list.into_iter().filter(|anomaly| anomaly != "field_at_cut").collect::<Vec<_>>()
            };
            assert_eq!(anomalies(after), anomalies(before), "{name}: {before}\n{after}");
        }
    }
}

/// A log of another program: nothing of the machine's name is left, nor of other events.
#[test]
fn text_before_events_and_other_lines() {
    let log = "\
Nov 25 10:00:00 secret-machine torwatch[811]: 650 STREAM 1 NEW 0 a.test:80 SOURCE_ADDR=127.0.0.1:5 PURPOSE=USER
Nov 25 10:00:01 secret-machine torwatch[811]: 650 CIRC 4 BUILT $AAAA~secretrelay,$BBBB~secretrelay
Nov 25 10:00:02 secret-machine torwatch[811]: secret line
Nov 25 10:00:02 secret-machine torwatch[811]: 650 ADDRMAP secret.test 10.0.0.1 NEVER
Nov 25 10:00:02 secret-machine torwatch[811]: 650 STREAM 1 CLOSED 0 a.test:80 REASON=TIMEOUT
";
    let (text, messages) = share(0, &["--prefix", "auto"], &file("share", "syslog.log", log));
    let expected = "\
0.000000 650 STREAM 1 NEW 0 host1.test:80 SOURCE_ADDR=127.200.0.1:1 PURPOSE=USER
2.000000 650 STREAM 1 CLOSED 0 host1.test:80 REASON=TIMEOUT
";
    assert_eq!(String::from_utf8(text).unwrap(), expected);
    assert!(messages.ends_with("tor-streams: 2 events printed, 3 other lines left out\n"), "{messages}");
}

/// Names beyond the limit, and times before the first one, are reported.
#[test]
fn events_that_are_left_out() {
    let log = data("field/F01-filters.log");
    let (text, messages) = share(1, &["--max-names", "3"], &log);
    // The target, the client, and the client's first port are three names. The mapped address and the second port are beyond the limit.
    assert_eq!(String::from_utf8(text).unwrap().lines().count(), 7);
    assert!(
        messages.contains("tor-streams: 4 events left out: there are more names than pseudonyms (--max-names)\n"),
        "{messages}"
    );

    let backward = "\
1795600810.00 650 STREAM 1 NEW 0 a.test:80 SOURCE_ADDR=127.0.0.1:5 PURPOSE=USER
1795600809.00 650 STREAM 1 CLOSED 0 a.test:80 REASON=TIMEOUT
";
    let (text, messages) = share(1, &[], &file("share", "backward.log", backward));
    assert!(String::from_utf8(text).unwrap().contains("\n650 STREAM 1 CLOSED 0 host1.test:80"));
    assert!(messages.contains("tor-streams: 1 event without a time: before that of the first event\n"), "{messages}");

    // Without a year, a day or two may lie between the end of February and the first of March.
    let leap = "\
Feb 28 23:59:58 650 STREAM 1 NEW 0 a.test:80 SOURCE_ADDR=127.0.0.1:5 PURPOSE=USER
Feb 28 23:59:59 650 STREAM 1 SENTCONNECT 7 a.test:80
Mar  1 00:00:00 650 STREAM 1 SUCCEEDED 7 a.test:80
Mar  1 00:00:01 650 STREAM 1 CLOSED 7 a.test:80 REASON=DONE
";
    let (text, messages) = share(1, &[], &file("share", "leap.log", leap));
    let text = String::from_utf8(text).unwrap();
    assert!(
        text.contains("\n1.000000 650 STREAM 1 SENTCONNECT") && text.contains("\n650 STREAM 1 SUCCEEDED"),
        "{text}"
    );
    let unknown =
        "tor-streams: 2 events without a time: that since the first event is unknown (no year, or another form)\n";
    assert!(messages.contains(unknown) && !messages.contains("before that"), "{messages}");

    // Lines that cannot be read say so, and nothing of them is printed.
    let log = file("share", "unreadable.log", "650 STREAM secret NEW\n650 STREAM secret NEW 0 a:1\n");
    let (text, messages) = share(1, &[], &log);
    assert!(text.is_empty());
    assert!(
        messages.contains(
            "tor-streams: 1 event left out: an ID is not a number, the status is unknown, or no line with pseudonyms reads like them\n"
        ),
        "{messages}"
    );
}

/// Where LF ends a line, the CR before it may be the last byte that tor printed of a target. In one of these events the CR is byte 255
/// from the target's start, where tor cuts a target: that event is flagged. Its host has the same pseudonym as in the others all the same.
#[test]
fn an_event_as_long_as_a_cut_target() {
    let event = |id: usize| {
        let user = "u".repeat(id);
        format!("650 STREAM {id} NEW 0 www.example.com:443 SOCKS_USERNAME=\"{user}\" CLIENT_PROTOCOL=SOCKS5\r\n")
    };
    let log = file("share", "lengths.log", (100..300).map(event).collect::<String>());
    let flagged = stdout(0, &["count", "--line-end", "lf", "--anomalous"], &[&log]);
    assert_eq!(flagged, "1 stream\n");
    let text = String::from_utf8(share(0, &["--line-end", "lf"], &log).0).unwrap();
    assert_eq!(text.lines().filter(|line| line.contains(" NEW 0 host1.test:443 ")).count(), 200, "{text}");
}

/// The parts of one log are one log.
#[test]
fn several_files() {
    let parts = [data("field/T03a-rotated-day1.log"), data("field/T03b-rotated-day2.log")];
    let (text, _) = both(0, &["share"], &parts);
    let streams = |options: &[&str], files: &[PathBuf]| {
        let rows = parse_rows(&stdout(0, &[&["streams"], options].concat(), files));
        let facts = |row: &Value| ["stream_id", "seconds", "outcome", "circuits"].map(|column| row[column].clone());
        rows.iter().map(facts).collect::<Vec<_>>()
    };
    assert_eq!(streams(&[], &[file("share", "parts.log", text)]), streams(&["--join"], &parts));
}
