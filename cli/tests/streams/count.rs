//! The command `count`: groups of streams and of events.

use alloc::collections::BTreeMap;
use std::path::Path;

use console::measure_text_width;
use serde_json::Value;

use crate::common::{both, data, file, parse_rows, run, stdout};

/// Groups that were printed: the values of the columns with commas between them, and the number.
type Groups = Vec<(String, u64)>;

/// A column, and the function that returns its value in a row of another command.
type Column<'f> = (&'f str, &'f dyn Fn(&Value) -> String);

/// Returns the values of some columns of a row as one text, `-` for one that is absent.
fn key(row: &Value, columns: &[&str]) -> String {
    let text = |column: &&str| match &row[*column] {
        Value::Null => "-".into(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    columns.iter().map(text).collect::<Vec<_>>().join(",")
}

/// Returns the groups that `count` prints of a log, by a list of columns with commas between them, and the messages.
#[track_caller]
fn groups(status: i32, by: &str, options: &[&str], log: &Path) -> (Groups, String) {
    let mut columns: Vec<_> = by.split(',').collect();
    let (json, messages) = both(status, &[&["count", "--by", by, "--format", "json"], options].concat(), &[log]);
    if options.contains(&"--every") {
        columns.insert(0, "time");
    }
    let rows: Vec<Value> = serde_json::from_str(&json).unwrap();
    let counted = if options.contains(&"--events") { "events" } else { "streams" };
    let group = |row: &Value| {
        let name = if row["others"] == true { "others".into() } else { key(row, &columns) };
        (name, row[counted].as_u64().unwrap())
    };
    (rows.iter().map(group).collect(), messages)
}

/// Returns groups as owned text.
fn expected(groups: &[(&str, u64)]) -> Groups {
    groups.iter().map(|&(name, number)| (name.into(), number)).collect()
}

/// There is room for two streams and two groups. Stream 1 goes on after the third began: it counts twice, which is reported. The third
/// group, `c`, is among the others. In `streams` the row itself says that the stream was dropped.
#[test]
fn streams_that_were_let_go() {
    let lines = ["1 NEW 0 a:1", "2 NEW 0 b:1", "3 NEW 0 c:1", "1 CLOSED 0 a:1"];
    let log = file("count", "let-go", lines.map(|line| format!("650 STREAM {line}\n")).concat());
    let (counted, messages) = groups(1, "target", &["--max-live", "2"], &log);
    assert_eq!(counted, expected(&[("a", 2), ("b", 1), ("others", 1)]));
    let name = log.display();
    assert!(
        messages.contains(&format!(
            "tor-streams: {name}: 1 stream let go for want of room, and counted again if more events follow; --max-live makes room"
        )),
        "{messages}"
    );
    let all: Vec<Value> =
        serde_json::from_str(&stdout(0, &["count", "--by", "target", "--format", "json"], &[&log])).unwrap();
    assert_eq!(all.len(), 3);
    assert!(both(1, &["circuits", "--max-live", "2"], &[&log]).1.contains("1 stream let go"));
    assert_eq!(both(0, &["streams", "--max-live", "2"], &[&log]).1, "");
}

/// A user asks: which targets failed, and why? On which circuit? When did streams begin? Stream 18 was answered and ended.
/// Stream 19 was detached from circuit 26 by a TIMEOUT, tried 27, and failed there: END/CONNECTREFUSED. The two
/// began ten seconds apart.
#[test]
fn failed_targets() {
    let log = data("field/F01-filters.log");
    let failed = |by, options: &[&str]| groups(0, by, &[&["--failed"], options].concat(), &log).0;
    assert_eq!(failed("target,cause", &[]), expected(&[("www.example.com,END/CONNECTREFUSED", 1)]));
    assert_eq!(failed("circuit,port", &[]), expected(&[("27,80", 1)]));
    assert_eq!(
        groups(0, "cause", &["--every", "10s"], &log).0,
        expected(&[("2026-11-25T10:00:00Z,-", 1), ("2026-11-25T10:00:10Z,END/CONNECTREFUSED", 1)])
    );
    assert_eq!(groups(0, "hour", &[], &log).0, expected(&[("2026-11-25T10:00:00Z", 2)]));
    assert_eq!(groups(0, "target,source_host", &[], &log).0, expected(&[("www.example.com,127.0.0.1", 2)]));
    // The events: five of stream 18, two of them behind the REMAP; six of stream 19.
    assert_eq!(groups(0, "target", &["--events"], &log).0, expected(&[("www.example.com", 8), ("192.0.2.7", 3)]));
    assert_eq!(
        groups(0, "status,cause", &["--events", "--stream", "19", "--top", "1"], &log).0,
        expected(&[("SENTCONNECT,-", 2), ("others", 4)])
    );
}

/// A user asks: why did streams fail whose reason or purpose has no name? A stream each, as printed: a number that tor prints
/// behind a space, and a word of a newer tor.
#[test]
fn words_without_a_variant() {
    let log = data("field/T05-words-without-a-variant.log");
    assert_eq!(
        groups(0, "target,cause", &["--failed"], &log).0,
        expected(&[("a.test,UNKNOWN_264", 1), ("b.test,END/NEW_REASON", 1)])
    );
    assert_eq!(groups(0, "purpose,protocol", &[], &log).0, expected(&[("NEW_PURPOSE,NEW_PROTOCOL", 1), ("USER,-", 1)]));
}

/// A user asks: why did the streams of a real session fail, and which identity failed most? The causes were counted by a script in
/// another language, which knows the lines of this log only: 46 streams failed, 5 of them with CANT_ATTACH.
#[test]
fn causes_of_a_whole_log() {
    let log = data("onionperf.log");
    let (causes, _) = groups(0, "cause", &["--failed"], &log);
    let most = [
        ("CANT_ATTACH", 5),
        ("TORPROTOCOL", 5),
        ("END/NOROUTE", 3),
        ("END/RESOLVEFAILED", 3),
        ("HIBERNATING", 3),
        ("RESOURCELIMIT", 3),
        ("CONNECTREFUSED", 2),
    ];
    assert_eq!(causes[..7], expected(&most));
    assert_eq!(causes.iter().map(|(_, number)| number).sum::<u64>(), 46);
    assert_eq!(causes.len(), 23);
    let purposes = groups(0, "purpose", &["--failed", "--reason", "CANT_ATTACH"], &log).0;
    assert_eq!(purposes.iter().map(|(_, number)| number).sum::<u64>(), 5);

    // Two user names failed, one of them twice.
    let stream = |id: u32, user: &str| {
        format!(
            "650 STREAM {id} NEW 0 a.test:1 SOURCE_ADDR=127.0.0.1:1 PURPOSE=USER SOCKS_USERNAME=\"{user}\" CLIENT_PROTOCOL=SOCKS5 \
             NYM_EPOCH=0 SESSION_GROUP=-4 ISO_FIELDS=SOCKS_USERNAME\n650 STREAM {id} FAILED 0 a.test:1 REASON=TIMEOUT \
             SOCKS_USERNAME=\"{user}\" CLIENT_PROTOCOL=SOCKS5 NYM_EPOCH=0 SESSION_GROUP=-4 ISO_FIELDS=SOCKS_USERNAME\n"
        )
    };
    let log = file("count", "identities.log", [stream(1, "eve"), stream(2, "bob"), stream(3, "bob")].concat());
    let (failed, _) = groups(0, "identity", &["--failed"], &log);
    assert_eq!(failed, expected(&[("#2", 2), ("#1", 1)]));
    let text = stdout(0, &["count", "--by", "identity,target,source_host"], &[&log]);
    assert!(!text.contains("bob") && !text.contains("eve"), "{text}");
}

/// Each column has the values that `streams` prints, or `events`, and groups them all.
#[test]
fn columns_are_those_of_streams_and_events() {
    let number_by = |rows: &[Value], key: &dyn Fn(&Value) -> String| {
        let mut numbers = BTreeMap::new();
        rows.iter().for_each(|row| *numbers.entry(key(row)).or_insert(0) += 1);
        numbers
    };
    let before_port = |row: &Value, column: &str| {
        row[column].as_str().map_or("-".into(), |text| text.rsplit_once(':').map_or(text, |(host, _)| host).to_owned())
    };
    let cause = |local: &Value, remote: &Value| {
        let remote = remote.as_str().map(|remote| format!("/{remote}")).unwrap_or_default();
        local.as_str().map_or("-".into(), |local| format!("{local}{remote}"))
    };
    for name in ["stream-events.raw", "onionperf.log", "hostile-targets.raw"] {
        let log = data(name);
        let status = i32::from(name == "stream-events.raw");
        let streams = parse_rows(&stdout(status, &["streams"], &[&log]));
        let events = parse_rows(&stdout(status, &["events"], &[&log]));
        let of_streams: &[Column<'_>] = &[
            ("status", &|row| key(row, &["last_status"])),
            ("reason", &|row| key(row, &["reason"])),
            ("cause", &|row| cause(&row["failure_reason_local"], &row["failure_reason_remote"])),
            ("target", &|row| before_port(row, "target")),
            ("port", &|row| row["target"].as_str().unwrap().rsplit(':').next().unwrap().into()),
            ("circuit", &|row| key(row, &["circuit_id"])),
            ("identity", &|row| key(row, &["identity"])),
            ("source_host", &|row| before_port(row, "source_addr")),
            ("purpose", &|row| key(row, &["purpose"])),
            ("protocol", &|row| key(row, &["client_protocol"])),
            ("file", &|row| key(row, &["file"])),
        ];
        for (column, key) in of_streams {
            let printed = groups(status, column, &[], &log).0;
            assert_eq!(printed.into_iter().collect::<BTreeMap<_, _>>(), number_by(&streams, key), "{name} {column}");
        }
        let of_events: &[Column<'_>] = &[
            ("status", &|row| key(row, &["status"])),
            ("reason", &|row| key(row, &["reason"])),
            ("cause", &|row| {
                if row["status"] == "FAILED" { cause(&row["reason"], &row["remote_reason"]) } else { "-".into() }
            }),
            ("target", &|row| key(row, &["target_host"])),
            ("port", &|row| key(row, &["target_port"])),
            ("circuit", &|row| key(row, &["circuit_id"])),
            ("source_host", &|row| before_port(row, "source_addr")),
            ("purpose", &|row| key(row, &["purpose"])),
            ("protocol", &|row| key(row, &["client_protocol"])),
        ];
        for (column, key) in of_events {
            let printed = groups(status, column, &["--events"], &log).0;
            assert_eq!(printed.into_iter().collect::<BTreeMap<_, _>>(), number_by(&events, key), "{name} {column}");
        }
    }
}

/// The number of groups is bounded. Streams beyond it are counted as others, and reported.
#[test]
fn groups_beyond_a_limit() {
    let log = data("onionperf.log");
    for options in [&["--events"][..], &[]] {
        let (all, _) = groups(0, "target", options, &log);
        let (few, messages) = groups(1, "target", &[options, &["--max-live", "9"]].concat(), &log);
        assert!(messages.contains("counted together, as all others"), "{messages}");
        assert_eq!((few.len(), few[9].0.as_str()), (10, "others"));
        let sum = |groups: &Groups| groups.iter().map(|(_, number)| number).sum::<u64>();
        if options.contains(&"--events") {
            assert!(few[..9].iter().all(|group| all.contains(group)), "{few:?}");
            assert_eq!(sum(&few), sum(&all));
        } else {
            // The limit is one on open streams too: a stream that was let go is counted again if it goes on.
            assert!(sum(&few) >= sum(&all), "{few:?}");
        }
    }
    // --top is no fault.
    let (top, messages) = groups(0, "target", &["--top", "2"], &log);
    assert_eq!((top.len(), top[2].0.as_str(), messages.as_str()), (3, "others", ""));

    // A text longer than 1024 bytes is no group.
    let long = format!("650 STREAM 1 NEW 0 {}:1 SOURCE_ADDR=127.0.0.1:1 PURPOSE=USER\n", "x".repeat(2000));
    let log = file("count", "long.log", long);
    assert_eq!(groups(1, "target", &[], &log).0, expected(&[("others", 1)]));
    assert_eq!(groups(0, "port", &[], &log).0, expected(&[("1", 1)]));
}

/// Streams without a date and time cannot be grouped by it: they are a group, and reported.
#[test]
fn without_times() {
    let log = data("field/I01-isolation.log");
    let message = "tor-streams: 2 streams have no date and time to be grouped by\n";
    for by in ["hour,port", "port"] {
        let options: &[&str] = if by == "port" { &["--every", "1d"] } else { &[] };
        assert_eq!(groups(1, by, options, &log), (expected(&[("-,443", 2)]), message.into()));
    }
    let (_, message) = both(1, &["count", "--every", "1h", "--events"], &[&log]);
    assert_eq!(message, "tor-streams: 4 events have no date and time to be grouped by\n");
}

/// Without a column all are one group.
#[test]
fn no_columns() {
    let log = data("field/F01-filters.log");
    assert_eq!(stdout(0, &["count"], &[&log]), "2 streams\n");
    assert_eq!(stdout(0, &["count", "--events"], &[&log]), "11 events\n");
    assert_eq!(stdout(0, &["count", "--status", "REMAP", "--failed"], &[&log]), "0 streams\n");
    assert_eq!(stdout(0, &["count", "--format", "json"], &[&log]), "[\n{\"streams\":2,\"others\":false}\n]\n");
    assert_eq!(stdout(0, &["count", "--format", "csv"], &[&log]), "streams,others\n2,false\n");
    assert_eq!(stdout(0, &["count", "--format", "json", "--stream", "7"], &[&log]), "[]\n");
}

/// A finding of a check is a stream or an event.
#[test]
fn check() {
    let log = data("field/F01-filters.log");
    for (options, status) in [
        (&["--failed"][..], 4),
        (&["--by", "target,cause", "--failed", "--format", "json"], 4),
        (&["--events", "--status", "FAILED"], 4),
        (&["--failed", "--stream", "18"], 0),
        (&["--events", "--stream", "1"], 0),
    ] {
        stdout(status, &[&["count", "--check"], options].concat(), &[&log]);
    }
}

/// No credential becomes a key, however a client's target or a newer tor puts it into another field; and no name breaks
/// the table, which is as wide as a terminal.
#[test]
fn hostile_names() {
    let all = "status,reason,cause,target,port,circuit,source_host,purpose,protocol,file,hour";
    let names = ["field/C01-credentials-in-target.log", "hostile-targets.raw", "stream-events.raw"];
    for name in names {
        let log = data(name);
        for by in [all, "target,cause", "target"] {
            for options in [&["--events"][..], &[]] {
                let output = run(&[&["count", "--by", by], options].concat(), &[&log]);
                let text = String::from_utf8(output.stdout).unwrap();
                assert!(text.lines().count() > 1);
                assert!(text.lines().all(|line| line.chars().all(|character| !character.is_control())), "{text}");
                assert!(!["alice", "hunter2"].iter().any(|secret| text.contains(secret)), "{text}");
                assert!(text.lines().all(|line| measure_text_width(line) <= 80), "{text}");
            }
        }
    }
}
