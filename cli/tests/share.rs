//! The command `share`: a log with pseudonyms, which reads like the log itself.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a helper that fails fails its test")]

extern crate alloc;

mod common;

use alloc::collections::BTreeMap;
use core::fmt::Write;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use serde_json::Value;

use crate::common::{both, data, file, parse_rows, run, stdout};

/// Returns the text that is printed of a log, and what is told.
#[track_caller]
fn share(status: i32, options: &[&str], log: &Path) -> (Vec<u8>, String) {
    let output = run(&[&["share"], options].concat(), &[log]);
    let messages = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(status), "{options:?}: {messages}");
    (output.stdout, messages)
}

/// Returns the path of the shared form of a log.
#[track_caller]
fn shared(name: &str, status: i32, options: &[&str], log: &Path) -> PathBuf {
    file("share", name, share(status, options, log).0)
}

/// Returns the rows that a command prints of a log, whatever it tells.
fn rows(command: &[&str], log: &Path) -> Vec<Value> {
    parse_rows(&String::from_utf8(run(command, &[log]).stdout).unwrap())
}

/// Question: what may others see of this log? The times from the first event, both streams as they were, one pseudonym
/// for the name, one for the address that it was mapped to, and one for the client, whose two ports differ.
#[test]
fn a_log_of_two_streams() {
    let (text, messages) = share(0, &[], &data("field/F01-filters.log"));
    let expected = "\
0.000000 650 STREAM 18 NEW 0 host1.test:443 SOURCE_ADDR=127.200.0.1:1 PURPOSE=USER
0.100000 650 STREAM 18 SENTCONNECT 26 host1.test:443
1.000000 650 STREAM 18 REMAP 26 240.0.0.1:443 SOURCE=EXIT
1.100000 650 STREAM 18 SUCCEEDED 26 240.0.0.1:443
9.000000 650 STREAM 18 CLOSED 26 240.0.0.1:443 REASON=DONE
10.000000 650 STREAM 19 NEW 0 host1.test:80 SOURCE_ADDR=127.200.0.1:2 PURPOSE=USER
10.100000 650 STREAM 19 SENTCONNECT 26 host1.test:80
20.100000 650 STREAM 19 DETACHED 26 host1.test:80 REASON=TIMEOUT
20.200000 650 STREAM 19 SENTCONNECT 27 host1.test:80
30.200000 650 STREAM 19 FAILED 27 host1.test:80 REASON=END REMOTE_REASON=CONNECTREFUSED
30.210000 650 STREAM 19 CLOSED 27 host1.test:80 REASON=END REMOTE_REASON=CONNECTREFUSED
";
    assert_eq!(String::from_utf8(text).unwrap(), expected);
    assert_eq!(messages, "tor-streams: 11 events printed, 0 other lines left out\n");
    let (text, _) = share(0, &["--keep-times", "--status", "NEW"], &data("field/F01-filters.log"));
    let expected = "\
1795600800.000000 650 STREAM 18 NEW 0 host1.test:443 SOURCE_ADDR=127.200.0.1:1 PURPOSE=USER
1795600810.000000 650 STREAM 19 NEW 0 host1.test:80 SOURCE_ADDR=127.200.0.1:2 PURPOSE=USER
";
    assert_eq!(String::from_utf8(text).unwrap(), expected);
}

/// Question: which kinds of names are told apart? Each of the help's table has a line.
#[test]
fn kinds_of_names() {
    let onion = "a".repeat(56);
    let fingerprint = "B".repeat(40);
    let long = "x".repeat(70);
    let targets = [
        ("www.example.com", "host1.test"),
        ("WWW.example.com", "host1.test"),
        ("localhost", "host2"),
        (&format!("{onion}.onion"), "host3.onion"),
        (&format!("www.{onion}.onion"), "host4.onion"),
        ("abcdefghijklmnop.onion", "host5.v2.onion"),
        ("x.onion", "host6.other.onion"),
        ("127.0.0.1", "127.200.0.1"),
        ("10.1.2.3", "10.200.0.1"),
        ("192.0.2.7", "240.0.0.1"),
        ("[2001:db8:9::7]", "[2001:db8::1]"),
        ("2001:db8:9::7", "2001:db8::1"),
        ("::1", "fd00::1"),
        (&format!("192.0.2.7.${fingerprint}.exit"), "240.0.0.1.$0000000000000000000000000000000000000001.exit"),
        ("www.example.com.moria1.exit", "host1.test.relay2.exit"),
        ("moria1.exit", "relay2.exit"),
        ("", ""),
        ("(Tor_internal)", "(Tor_internal)"),
        ("a b.example", "host7 x.test"),
        ("a\"b", "host8\"x"),
        ("a\u{1}b.example", "host9\u{1}x.test"),
        ("müller.example", "host10é.test"),
        (&long, &format!("host11{}", "x".repeat(58))),
    ];
    let line = |(index, host): (usize, &str)| format!("650 STREAM {index} SUCCEEDED 5 {host}:443\n");
    let log: String = targets.iter().map(|&(host, _)| host).enumerate().map(line).collect();
    let expected: String = targets.iter().map(|&(_, host)| host).enumerate().map(line).collect();
    let (text, _) = share(0, &[], &file("share", "kinds.log", log));
    assert_eq!(String::from_utf8(text).unwrap(), expected);
}

/// Question: which clients and credentials are the same? Two have the same user name, another one an empty password.
/// The words and the keyword of a newer tor may be names, and codes are not.
#[test]
fn clients_credentials_and_words() {
    let lines = [
        (
            "1 NEW 0 a:1 SOURCE_ADDR=/var/run/my sock:0 PURPOSE=USER SOCKS_USERNAME=\"al ice\" SOCKS_PASSWORD=\"\"",
            "1 NEW 0 host1:1 SOURCE_ADDR=/socket1:0 PURPOSE=USER SOCKS_USERNAME=\"user1\" SOCKS_PASSWORD=\"\"",
        ),
        (
            "2 NEW 0 a:1 SOURCE_ADDR=::1:38528 PURPOSE=USER SOCKS_USERNAME=\"al ice\" SOCKS_PASSWORD=\"x\\\"y\"",
            "2 NEW 0 host1:1 SOURCE_ADDR=fd00::1:1 PURPOSE=USER SOCKS_USERNAME=\"user1\" SOCKS_PASSWORD=\"pass1\"",
        ),
        (
            "3 NEW 0 (Tor_internal):0 SOURCE_ADDR=(Tor_internal):0 PURPOSE=DIR_FETCH CLIENT_PROTOCOL=UNKNOWN NYM_EPOCH=7 \
             SESSION_GROUP=-2 ISO_FIELDS=SESSION_GROUP,SECRET",
            "3 NEW 0 (Tor_internal):0 SOURCE_ADDR=(Tor_internal):0 PURPOSE=DIR_FETCH CLIENT_PROTOCOL=UNKNOWN NYM_EPOCH=7 \
             SESSION_GROUP=-2 ISO_FIELDS=SESSION_GROUP,WORD1",
        ),
        ("4 CLOSED 9 a:1 REASON= UNKNOWN_15", "4 CLOSED 9 host1:1 REASON= UNKNOWN_15"),
        ("5 CLOSED 9 a:1 REASON=END REMOTE_REASON=SECRET", "5 CLOSED 9 host1:1 REASON=END REMOTE_REASON=WORD1"),
        ("6 SUCCEEDED 9 a:1 NEW_KEY=10.8.0.2 OTHER=secret", "6 SUCCEEDED 9 host1:1 REDACTED=x"),
    ];
    let text = |column: fn(&(&'static str, &'static str)) -> &'static str| {
        lines.iter().map(column).fold(String::new(), |text, line| text + "650 STREAM " + line + "\n")
    };
    let (printed, _) = share(0, &[], &file("share", "clients.log", text(|line| line.0)));
    assert_eq!(String::from_utf8(printed).unwrap(), text(|line| line.1));
}

/// Columns of `streams` that have the same values before and after.
const SAME: [&str; 27] = [
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

/// The streams of real sessions: the same IDs, circuits, reasons, durations and identities, and the same targets are
/// equal. So are the times, with `--keep-times`.
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
        ("field/T05-words-without-a-name.log", 0),
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
                    // A word without a name has a pseudonym.
                    if before[column].as_str().is_none_or(|word| !word.starts_with("NEW_")) {
                        assert_eq!(after[column], before[column], "{name} {column}: {before}");
                    }
                }
                targets.add(&before["target"], &after["target"]);
                targets.add(&before["final_target"], &after["final_target"]);
                clients.add(&before["source_addr"], &after["source_addr"]);
                for time in ["unix_ts_start", "unix_ts_end"] {
                    let expected = if options.is_empty() { &Value::Null } else { &before[time] };
                    assert_eq!(&after[time], expected, "{name}");
                }
            }
        }
    }
}

/// The events of real sessions: each is printed, in order, and has the anomalies that it had, but for those of fields
/// that begin at another place.
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

/// Names beyond the limit, and times before the first one, are told.
#[test]
fn events_that_are_left_out() {
    let log = data("field/F01-filters.log");
    let (text, messages) = share(1, &["--max-names", "3"], &log);
    // The name and the client with its first port have room; the mapped address and the second port have none.
    assert_eq!(String::from_utf8(text).unwrap().lines().count(), 7);
    assert!(messages.contains("tor-streams: 4 events left out: there are more names than --max-names\n"), "{messages}");

    let backward = "\
1795600810.00 650 STREAM 1 NEW 0 a.test:80 SOURCE_ADDR=127.0.0.1:5 PURPOSE=USER
1795600809.00 650 STREAM 1 CLOSED 0 a.test:80 REASON=TIMEOUT
";
    let (text, messages) = share(1, &[], &file("share", "backward.log", backward));
    assert!(String::from_utf8(text).unwrap().contains("\n650 STREAM 1 CLOSED 0 host1.test:80"));
    assert!(messages.contains("tor-streams: 1 event without a time"), "{messages}");

    // Lines that cannot be read say so, and nothing of them is printed.
    let log = file("share", "unreadable.log", "650 STREAM secret NEW\n650 STREAM secret NEW 0 a:1\n");
    let (text, messages) = share(1, &[], &log);
    assert!(text.is_empty());
    assert!(
        messages.contains(
            "tor-streams: 1 event left out: an ID is not a number, or no line with pseudonyms reads like them\n"
        ),
        "{messages}"
    );
}

/// An event is as long as the longest target that tor prints. Its host is the same as that of the others.
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
    assert!(text.lines().all(|line| line.contains(" NEW 0 host1.test:443 ")), "{text}");
}

/// The parts of one log are one log.
#[test]
fn several_files() {
    let parts = [data("field/T03a-rotated-day1.log"), data("field/T03b-rotated-day2.log")];
    let (text, _) = both(0, &["share"], &parts);
    let streams = |text: &str, options: &[&str], files: &[PathBuf]| {
        let rows = parse_rows(text);
        let expected = parse_rows(&stdout(0, &[&["streams"], options].concat(), files));
        assert_eq!(rows.len(), expected.len());
        rows.iter().zip(&expected).all(|(row, expected)| {
            ["stream_id", "seconds", "outcome", "circuits"].iter().all(|&column| row[column] == expected[column])
        })
    };
    let shared = stdout(0, &["streams"], &[file("share", "parts.log", text)]);
    assert!(streams(&shared, &["--join"], &parts));
}

/// Pieces of hostile text. Each secret has `zq`, which no word of tor's has.
const PIECES: [&str; 22] = [
    "zqname",
    "ZQ-UPPER",
    "zq.onion",
    ".zqrelay.exit",
    "$ABCDEF0123456789ABCDEF0123456789ABCDEF01",
    " ",
    ":",
    "\"",
    "\\",
    "=",
    ",",
    "\t",
    "é",
    "1.2.3.4",
    " REASON=DONE",
    " REASON=zqreason",
    " REMOTE_REASON=ZQ ",
    " SOCKS_PASSWORD=\"zqpass",
    " SOURCE_ADDR=/zq path:0 PURPOSE=zqpurpose",
    "650 STREAM 5 NEW 0 zq:1",
    " ZQ_KEY=zqvalue",
    " ISO_FIELDS=ZQ_FIELD,SESSION_GROUP",
];

/// Returns a strategy for hostile text.
fn hostile() -> impl Strategy<Value = String> {
    proptest::collection::vec(proptest::sample::select(&PIECES[..]), 1..6).prop_map(|pieces| pieces.concat())
}

/// Returns text as tor escapes a credential.
fn escaped(text: &str) -> String {
    text.bytes().fold(String::new(), |mut escaped, byte| {
        match byte {
            b'"' | b'\\' => write!(escaped, "\\{}", char::from(byte)).unwrap(),
            b'\t' => escaped.push_str("\\t"),
            b' '..=b'~' => escaped.push(char::from(byte)),
            _ => write!(escaped, "\\{byte:03o}").unwrap(),
        }
        escaped
    })
}

/// Returns a strategy for the line of an event that has secrets in every place that a client chooses.
fn line() -> impl Strategy<Value = String> {
    let status = proptest::sample::select(&["NEW", "SENTCONNECT", "SUCCEEDED", "FAILED", "CLOSED", "REMAP"][..]);
    (hostile(), hostile(), hostile(), status, 1..9_u32, any::<u16>()).prop_map(
        |(host, user, path, status, id, port)| {
            let tail = match status {
                "NEW" => format!(" SOURCE_ADDR=/{}:0 PURPOSE=USER", path.replace(['=', ' ', ':'], "zq")),
                "FAILED" | "CLOSED" => " REASON=END REMOTE_REASON=TIMEOUT".into(),
                "REMAP" => " SOURCE=CACHE".into(),
                _ => String::new(),
            };
            let user = escaped(&user);
            format!(
                "650 STREAM {id} {status} 4 {host}:{port}{tail} SOCKS_USERNAME=\"{user}\" SOCKS_PASSWORD=\"zq{user}\" \
             CLIENT_PROTOCOL=SOCKS5 NYM_EPOCH=0 SESSION_GROUP=-4 ISO_FIELDS=SOCKS_USERNAME,SESSION_GROUP"
            )
        },
    )
}

/// Fails if a secret is in the text.
#[track_caller]
fn has_no_secret(text: &[u8]) {
    let text = String::from_utf8_lossy(text).to_lowercase();
    for secret in ["zq", "abcdef0123", "1.2.3.4"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.min(48), ..ProptestConfig::default() })]

    /// Whatever clients choose as names, nothing of it is printed, and each event is.
    #[test]
    fn hostile_events(lines in proptest::collection::vec(line(), 1..40)) {
        let text = |before: &str| lines.iter().fold(String::new(), |text, line| text + before + line + "\n");
        for (number, (before, options)) in
            [("", &[][..]), ("Nov 25 10:00:00 zqmachine zq[7]: ", &["--prefix", "auto"]), ("2026-11-25 10:00:00 ", &[])].into_iter().enumerate()
        {
            let log = file("share", &format!("hostile-{number}.log"), text(before));
            // Some targets are 255 bytes long, and hostile text may look like the name of a log's program.
            let printed = run(&[&["share"], options].concat(), &[&log]).stdout;
            has_no_secret(&printed);
            let events = rows(&[&["events"], options].concat(), &log);
            let after = rows(&["events"], &file("share", &format!("hostile-{number}.shared"), printed));
            prop_assert_eq!(after.len(), events.len());
            for (before, after) in events.iter().zip(&after) {
                for column in ["id", "status", "circuit_id", "target_port", "client_protocol", "nym_epoch"] {
                    prop_assert_eq!(&before[column], &after[column]);
                }
            }
        }
    }

    /// The same of lines that were damaged: cut, or with another line's rest.
    #[test]
    fn damaged_events(lines in proptest::collection::vec((line(), any::<prop::sample::Index>(), any::<prop::sample::Index>(), "[A-Z\"=: ]{0,3}"), 1..40)) {
        let mut text = Vec::new();
        for (line, from, to, middle) in &lines {
            let (from, to) = (from.index(line.len()), to.index(line.len()));
            text.extend_from_slice(&line.as_bytes()[..from.max(11)]);
            text.extend_from_slice(middle.as_bytes());
            text.extend_from_slice(&line.as_bytes()[to..]);
            text.push(b'\n');
        }
        let log = file("share", "damaged.log", text);
        for options in [&["share"][..], &["share", "--lenient"], &["share", "--bare"]] {
            has_no_secret(&run(options, &[&log]).stdout);
        }
    }
}
