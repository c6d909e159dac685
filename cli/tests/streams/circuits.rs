//! The command `circuits`: whose streams were on which circuit.

use core::fmt::Write;
use std::path::Path;

use serde_json::{Value, json};

use crate::common::{both, data, file, rows, stdout};

/// Returns a log of these lines in a file of this name.
fn log(name: &str, lines: &[&str]) -> std::path::PathBuf {
    let text = lines.iter().fold(String::new(), |mut text, line| {
        writeln!(text, "650 STREAM {line}").unwrap();
        text
    });
    file("circuits", name, text)
}

/// Returns the circuit, the identities and the fields in which they differ of each row.
#[track_caller]
fn identities(options: &[&str], log: &Path) -> Vec<(String, Vec<String>, Vec<String>)> {
    let list = |list: &Value| list.as_array().unwrap().iter().map(|item| item.as_str().unwrap().into()).collect();
    let rows = rows(&[&["circuits"], options].concat(), &[log]);
    rows.iter()
        .map(|row| (row["circuit_id"].as_str().unwrap().into(), list(&row["identities"]), list(&row["differs_in"])))
        .collect()
}

/// A user asks: was a circuit shared by streams that tor should have kept apart? Two streams are on circuit 10. Both have
/// SOCKS_USERNAME among their ISO_FIELDS, and their user names differ; nothing else does. So: circuit 10, two identities,
/// SOCKS_USERNAME.
#[test]
fn two_user_names_on_one_circuit() {
    let log = data("field/I01-isolation.log");
    for options in [&[][..], &["--shared"]] {
        let expected = ("10".into(), vec!["#1".into(), "#2".into()], vec!["SOCKS_USERNAME".into()]);
        assert_eq!(identities(options, &log), [expected]);
    }
    let row = &rows(&["circuits"], &[&log])[0];
    assert_eq!(row["targets"], json!(["a.test:443", "b.test:443"]));
    let facts = ["streams", "failed", "detached", "unknown_identity", "changed_identity"].map(|name| &row[name]);
    assert_eq!(facts, [2, 0, 0, 0, 0]);

    let (_, names, _) = &identities(&["--shared", "--show-credentials"], &log)[0];
    let rest = "SOCKS_PASSWORD=\"x\" CLIENTADDR=127.0.0.1 SESSION_GROUP=-4 NYM_EPOCH=0";
    assert_eq!(
        *names,
        ["a", "b"].map(|name| {
            let number = if name == "a" { 1 } else { 2 };
            format!("#{number} SOCKS_USERNAME=\"wallet-{name}\" {rest}")
        })
    );
    assert_eq!(
        stdout(0, &["circuits", "--shared", "--text"], &[&log]),
        "circuit 10: 2 streams\n    targets     a.test:443, b.test:443\n    identities  #1, #2\n    differ in   SOCKS_USERNAME\n"
    );
}

/// A user asks the same of a log whose events have credentials with NEW only, and no ISO_FIELDS. Streams 1 and 2 are on circuit 10
/// with the passwords `a` and `b`, which a tor without options keeps apart. So: circuit 10, two identities, SOCKS_PASSWORD;
/// and stream 1 has another password in its CLOSED, which no tor prints: one stream changed its identity.
#[test]
fn credentials_on_new_only() {
    let log = data("field-2/O04-credentials-on-new-only.log");
    let expected = ("10".into(), vec!["#1".into(), "#2".into()], vec!["SOCKS_PASSWORD".into()]);
    assert_eq!(identities(&["--shared"], &log), [expected]);
    assert_eq!(rows(&["circuits"], &[&log])[0]["changed_identity"], 1);
}

/// The fields of a tor that keeps streams apart by user name and client address.
const ISO: &str = "CLIENT_PROTOCOL=SOCKS5 NYM_EPOCH=0 SESSION_GROUP=-4 ISO_FIELDS=SOCKS_USERNAME,CLIENTADDR";

#[test]
fn values_that_are_not_known() {
    let new = |id: &str, user: &str, host: &str| {
        format!("{id} NEW 0 a.test:1 SOURCE_ADDR={host}:5 PURPOSE=USER SOCKS_USERNAME=\"{user}\" {ISO}")
    };
    let on = |id: &str, circuit: &str, user: &str| {
        format!("{id} SUCCEEDED {circuit} a.test:1 SOCKS_USERNAME=\"{user}\" {ISO}")
    };
    // Stream 1 began before the log: its client's address is not known, and does not set it apart from stream 2.
    let lines = [
        on("1", "7", "x"),
        format!("1 CLOSED 7 a.test:1 SOCKS_USERNAME=\"x\" {ISO}"),
        new("2", "x", "127.0.0.1"),
        on("2", "7", "x"),
        format!("2 CLOSED 7 a.test:1 SOCKS_USERNAME=\"x\" {ISO}"),
    ];
    let with = |more: &[String]| -> Vec<String> { lines.iter().chain(more).cloned().collect() };
    let found = |name: &str, lines: &[String]| {
        let lines: Vec<_> = lines.iter().map(String::as_str).collect();
        identities(&[], &log(name, &lines))
    };
    let row = |circuit: &str, identities: &[&str], differ: &[&str]| {
        let texts = |texts: &[&str]| texts.iter().map(|&text| text.into()).collect::<Vec<String>>();
        (circuit.to_owned(), texts(identities), texts(differ))
    };
    assert_eq!(found("one", &with(&[])), [row("7", &["#1"], &[])]);

    // With an unknown address, it may be of either of two clients, and does not make them one.
    let other =
        [new("3", "x", "127.0.0.2"), on("3", "7", "x"), format!("3 CLOSED 7 a.test:1 SOCKS_USERNAME=\"x\" {ISO}")];
    assert_eq!(found("two", &with(&other)), [row("7", &["#1", "#2"], &["CLIENTADDR"])]);

    // Stream 4, which may be of either client too, has no identity on circuit 8.
    let either = [&other[..], &[on("4", "8", "x")]].concat();
    assert_eq!(found("either", &with(&either)), [row("7", &["#1", "#2"], &["CLIENTADDR"]), row("8", &[], &[])]);

    // With another user name, it is of neither.
    let another = [&other[..], &[on("4", "8", "y")]].concat();
    let rows = found("another", &with(&another));
    assert_eq!(rows, [row("7", &["#1", "#2"], &["CLIENTADDR"]), row("8", &["#3"], &[])]);
}

/// Two streams on a circuit may differ in a field that is in the ISO_FIELDS of neither. If it is in those of one of them, tor should
/// have kept them apart.
#[test]
fn a_field_of_either() {
    let line = |id: &str, user: &str, fields: &str| {
        format!(
            "{id} SENTCONNECT 5 a.test:1 SOCKS_USERNAME=\"{user}\" NYM_EPOCH=0 SESSION_GROUP=-4 ISO_FIELDS={fields}"
        )
    };
    for (first, second, differ) in [
        ("", "", &[][..]),
        ("SESSION_GROUP", "SESSION_GROUP", &[]),
        ("SOCKS_USERNAME", "", &["SOCKS_USERNAME"]),
        ("", "SESSION_GROUP,SOCKS_USERNAME", &["SOCKS_USERNAME"]),
    ] {
        let log = log("either-field", &[&line("1", "a", first), &line("2", "b", second)]);
        let rows = identities(&[], &log);
        assert_eq!((rows.len(), &*rows[0].2), (1, &*differ.iter().map(|&text| text.to_owned()).collect::<Vec<_>>()));
        assert_eq!(identities(&["--shared"], &log).len(), usize::from(!differ.is_empty()));
    }
    // A client that sends no user name is not one that sends any.
    let none = "3 SENTCONNECT 5 a.test:1 NYM_EPOCH=0 SESSION_GROUP=-4 ISO_FIELDS=SOCKS_USERNAME";
    let rows = identities(&["--shared"], &log("none", &[&line("1", "a", "SOCKS_USERNAME"), none]));
    assert_eq!(rows[0].2, ["SOCKS_USERNAME"]);
    // tor ignores the case of a target's letters.
    let new = |id: &str, host: &str| format!("{id} NEW 0 {host}:1 NYM_EPOCH=0 SESSION_GROUP=-4 ISO_FIELDS=DESTADDR");
    let on = |id: &str| format!("{id} SENTCONNECT 5 192.0.2.1:1 NYM_EPOCH=0 SESSION_GROUP=-4 ISO_FIELDS=DESTADDR");
    for (host, rows) in [("A.example", 0), ("b.example", 1)] {
        let log = log("case", &[&new("1", "a.EXAMPLE"), &on("1"), &new("2", host), &on("2")]);
        assert_eq!(identities(&["--shared"], &log).len(), rows);
    }
}

/// Hosts that are not UTF-8 are compared by their bytes, without regard to the case of letters. Ports do not matter to DESTADDR.
#[test]
fn hosts_that_are_not_utf8() {
    const ISO: &[u8] = b"NYM_EPOCH=0 SESSION_GROUP=-4 ISO_FIELDS=DESTADDR\n";
    for (target, rows) in
        [(&b"\xffa.test:443"[..], 0), (b"\xffa.test:80", 0), (b"\xffA.test:80", 0), (b"\xfea.test:443", 1)]
    {
        let new = |id: &[u8], target: &[u8]| [b"650 STREAM ", id, b" NEW 0 ", target, b" ", ISO].concat();
        let on = |id: &[u8]| [b"650 STREAM ", id, b" SENTCONNECT 5 192.0.2.1:443 ", ISO].concat();
        let lines = [new(b"1", b"\xffa.test:443"), on(b"1"), new(b"2", target), on(b"2")].concat();
        let log = file("circuits", "not-utf8", lines);
        assert_eq!(identities(&["--shared"], &log).len(), rows, "{}", target.escape_ascii());
    }
}

/// A stream has the same number as in the rows of its circuits, whatever the number of threads.
#[test]
fn the_same_identities_as_in_streams() {
    let log = data("field/I01-isolation.log");
    let streams = rows(&["streams"], &[&log]);
    let found: Vec<_> = streams.iter().map(|row| (&row["stream_id"], &row["identity"])).collect();
    assert_eq!(found, [(&"1".into(), &"#1".into()), (&"2".into(), &"#2".into())]);

    let log = data("onionperf.log");
    let circuits = rows(&["circuits"], &[&log]);
    let streams = rows(&["streams", "--jobs", "3"], &[&log]);
    assert!(circuits.len() > 5 && streams.len() > 15);
    for circuit in &circuits {
        let on_it = |stream: &&Value| stream["circuits"].as_array().unwrap().contains(&circuit["circuit_id"]);
        let mut identities: Vec<_> = streams.iter().filter(on_it).map(|stream| stream["identity"].clone()).collect();
        assert_eq!(circuit["streams"], identities.len());
        identities.retain(|identity| !identity.is_null());
        identities.sort_by_key(|identity| identity.as_str().unwrap().trim_start_matches('#').parse::<u32>().unwrap());
        identities.dedup();
        assert_eq!(circuit["identities"], Value::from(identities), "{circuit}");
    }
    // A stream whose events say nothing about its client has no identity.
    assert_eq!(rows(&["streams"], &[log_without_circuit()])[0]["identity"], Value::Null);
}

/// Streams of a reply to GETINFO stream-status are on their circuits, and nobody's.
#[test]
fn streams_that_were_open() {
    let found = identities(&[], &data("field/S06-getinfo-stream-status.raw"));
    assert_eq!(found, [("7".into(), vec![], vec![])]);
}

/// Rows have the circuit's times, and a filter takes streams whole.
#[test]
fn times_and_filters() {
    let log = data("field/F01-filters.log");
    let facts = |options: &[&str]| -> Vec<_> {
        let rows = rows(&[&["circuits"], options].concat(), &[&log]);
        let names = ["unix_ts_first", "unix_ts_last", "streams", "detached", "failed"];
        rows.iter().map(|row| names.map(|name| row[name].as_f64().unwrap())).collect()
    };
    // Stream 18 was on circuit 26 from 10:00:00.1 to 10:00:09, stream 19 until it was detached at 10:00:20.1.
    let circuit_27 = [1_795_600_820.2, 1_795_600_830.21, 1.0, 0.0, 1.0];
    assert_eq!(facts(&[]), [[1_795_600_800.1, 1_795_600_820.1, 2.0, 1.0, 0.0], circuit_27]);
    assert_eq!(facts(&["--status", "FAILED"]), [[1_795_600_810.1, 1_795_600_820.1, 1.0, 1.0, 0.0], circuit_27]);
    assert_eq!(rows(&["circuits"], &[&log])[0]["seconds"], 20.0);

    // Stream 3 was on circuit 5 from :01 to :02, where it was detached. With CONTROLLER_WAIT tor prints that circuit still.
    let events = [
        "800.5 650 STREAM 3 NEW 0 a.test:80",
        "801.5 650 STREAM 3 SENTCONNECT 5 a.test:80",
        "802.5 650 STREAM 3 DETACHED 5 a.test:80 REASON=TIMEOUT",
        "803.5 650 STREAM 3 CONTROLLER_WAIT 5 a.test:80",
        "804.5 650 STREAM 3 SENTCONNECT 6 a.test:80",
        "809.5 650 STREAM 3 CLOSED 6 a.test:80 REASON=DONE",
        // Stream 4 was taken off circuit 7 before the log began.
        "810.5 650 STREAM 4 CONTROLLER_WAIT 7 b.test:80",
    ];
    let waiting: String = events.iter().map(|event| format!("1795600{event}\n")).collect();
    let circuits = rows(&["circuits"], &[file("circuits", "controller-wait.log", waiting)]);
    let times: Vec<_> = circuits
        .iter()
        .map(|row| ["circuit_id", "unix_ts_first", "unix_ts_last", "seconds", "detached"].map(|name| row[name].clone()))
        .collect();
    assert_eq!(
        json!(times),
        json!([
            ["5", 1_795_600_801.5, 1_795_600_802.5, 1.0, 1],
            ["6", 1_795_600_804.5, 1_795_600_809.5, 5.0, 0],
            ["7", null, null, null, 0]
        ])
    );

    // Flow control counts.
    let log = data("onionperf.log");
    let rows = rows(&["circuits", "--circuit", "1433"], &[log]);
    assert_eq!(
        ["unix_ts_first", "unix_ts_last"].map(|name| rows[0][name].as_f64().unwrap()),
        [1_795_377_307.78, 1_795_377_310.22]
    );
}

/// A stream that the log begins in the middle of waits without a circuit at 10 s, and is on circuit 7 from 20 s to 30 s.
/// Another one had sent an XON on circuit 9 at 40 s before its first step there, at 50 s.
#[test]
fn the_first_event_on_a_circuit() {
    let lines = [
        "10.00 650 STREAM 3 CONTROLLER_WAIT 0 a.test:1",
        "20.00 650 STREAM 3 SENTCONNECT 7 a.test:1",
        "30.00 650 STREAM 3 CLOSED 7 a.test:1 REASON=DONE",
        "40.00 650 STREAM 4 XON_SENT 9 a.test:1",
        "50.00 650 STREAM 4 CLOSED 9 a.test:1 REASON=DONE",
    ];
    let log = file("circuits", "first-event", lines.map(|line| format!("17956008{line}\n")).concat());
    let rows = rows(&["circuits"], &[&log]);
    let times: Vec<_> = rows.iter().map(|row| ["unix_ts_first", "unix_ts_last"].map(|name| &row[name])).collect();
    assert_eq!(times, [[1_795_600_820.0, 1_795_600_830.0], [1_795_600_840.0, 1_795_600_850.0]]);
}

/// Any number of threads prints the same.
#[test]
fn threads() {
    let logs = [data("onionperf.log"), data("stream-events.raw"), data("field/I01-isolation.log")];
    let one = both(1, &["circuits", "--jobs", "1"], &logs);
    assert!(one.0.lines().count() > 20);
    for jobs in ["2", "5"] {
        assert_eq!(both(1, &["circuits", "--jobs", jobs], &logs), one);
    }
}

/// Circuits beyond `--max-live` are left out, which is reported. The eight streams are on circuits 1, 2 and 3, or, with circuit
/// 0, on none.
#[test]
fn too_many_circuits() {
    let lines: Vec<_> = (1..=8).map(|id| format!("{id} SENTCONNECT {} a{id}.test:1", id % 4)).collect();
    let log = log("many", &lines.iter().map(String::as_str).collect::<Vec<_>>());
    let (text, messages) = both(1, &["circuits", "--max-live", "2"], &[&log]);
    let circuits: Vec<_> =
        text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["circuit_id"].clone()).collect();
    assert_eq!(circuits.len(), 2, "{text}");
    assert!(messages.contains("more than 2 circuits: the rest is left out"), "{messages}");
}

#[test]
fn csv() {
    let log = data("field/I01-isolation.log");
    let text = stdout(0, &["circuits", "--format", "csv"], &[&log]);
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(
        lines[0],
        "file,circuit_id,unix_ts_first,unix_ts_last,seconds,streams,detached,failed,targets,other_targets,identities,\
         unknown_identity,changed_identity,differs_in"
    );
    assert!(lines[1].ends_with(",10,,,,2,0,0,\"a.test:443,b.test:443\",0,\"#1,#2\",0,0,SOCKS_USERNAME"), "{text}");
    // CSV without a row still has the names of its columns.
    let none = log_without_circuit();
    assert_eq!(stdout(0, &["circuits", "--format", "csv"], &[&none]), format!("{}\n", lines[0]));
    assert_eq!(stdout(0, &["circuits"], &[&none]), "");
}

/// Returns a log of a stream that never was on a circuit.
fn log_without_circuit() -> std::path::PathBuf {
    log("no-circuit", &["1 NEW 0 a.test:1"])
}

/// An identity without room is reported by each command that prints identities.
#[test]
fn more_identities_than_room() {
    let stream = |id: u32| format!("{id} CLOSED 9 a.test:443 SOCKS_USERNAME=\"u{id}\" ISO_FIELDS=SOCKS_USERNAME");
    let lines: Vec<_> = (1..5).map(stream).collect();
    let log = log("no-room", &lines.iter().map(String::as_str).collect::<Vec<_>>());
    for command in [&["streams"][..], &["circuits"], &["count", "--by", "identity"]] {
        let (_, messages) = both(1, &[command, &["--max-live", "2"]].concat(), &[&log]);
        let expected = "tor-streams: 2 streams without an identity for want of room; --max-live makes room\n";
        assert!(messages.contains(expected), "{command:?}: {messages}");
        assert_eq!(both(0, command, &[&log]).1, "", "{command:?}");
    }
}

/// Returns the lists of the only circuit of a log with `--max-live 2`, and the messages: an array of `targets`, `other_targets`,
/// `identities` and `unknown_identity`. With room for `enough` items there is no message.
fn lists_of_two(log: &Path, enough: &str) -> (Value, String) {
    let (text, messages) = both(1, &["circuits", "--max-live", "2"], &[log]);
    let row: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(both(0, &["circuits", "--max-live", enough], &[log]).1, "");
    (["targets", "other_targets", "identities", "unknown_identity"].map(|name| row[name].clone()).into(), messages)
}

/// Of two streams on circuit 9, each has another target and another identity. `--max-live 2` makes room for two identities of the
/// run, and for the target and the identity of stream 1 on the circuit, which uses that up. So: stream 2 has a known identity that
/// is not listed.
#[test]
fn no_room_for_an_identity_on_a_circuit() {
    let stream = |id: u32| format!("{id} CLOSED 9 a{id}.test:443 SOCKS_USERNAME=\"u{id}\" ISO_FIELDS=SOCKS_USERNAME");
    let (lists, messages) = lists_of_two(&log("no-room-on-circuit", &[&stream(1), &stream(2)]), "4");
    assert_eq!(lists, json!([["a1.test:443"], 1, ["#1"], 1]));
    let expected = "no-room-on-circuit: more than 2 targets and identities on circuits: 1 stay of streams without the target or the \
                    identity; --max-live makes room\n";
    assert!(messages.ends_with(expected), "{messages}");
}

/// Two streams on circuit 9 have one identity, and each its target. `--max-live 2` has room for the identity and one target.
#[test]
fn no_room_for_a_target_on_a_circuit() {
    let stream = |id: u32| format!("{id} CLOSED 9 a{id}.test:443 SOCKS_USERNAME=\"u\" ISO_FIELDS=SOCKS_USERNAME");
    let (lists, messages) = lists_of_two(&log("no-room-for-target", &[&stream(1), &stream(2)]), "3");
    assert_eq!(lists, json!([["a1.test:443"], 1, ["#1"], 0]));
    let expected = "more than 2 targets and identities on circuits: 1 stay of streams without";
    assert!(messages.contains(expected), "{messages}");
}

/// A list of targets takes little memory, whatever a log holds: a target of 1024 bytes is listed, a longer one is not.
#[test]
fn very_long_targets() {
    let longest = format!("{}:443", "x".repeat(1020));
    let log = log("long-targets", &[&format!("1 CLOSED 9 {longest}"), &format!("2 CLOSED 9 y{longest}")]);
    let row: Value = serde_json::from_str(&stdout(0, &["circuits"], &[&log])).unwrap();
    assert_eq!([&row["streams"], &row["targets"], &row["other_targets"]], [&json!(2), &json!([longest]), &json!(1)]);
}

/// A user asks: when was the circuit used, if not every event has a time? Stream 5 was open on circuit 7 when a controller
/// asked, which has no time, and was closed at 20; of stream 6 on circuit 8, NEW and the last event have none, and the
/// others are of 30 and 40. So: 7 from 20 to 20, and 8 from 30 to 40.
#[test]
fn events_without_a_time() {
    let log = "250-stream-status=5 SUCCEEDED 7 a.test:80\n250 OK\n\
        1548934220.00 650 STREAM 5 CLOSED 7 a.test:80 REASON=DONE\n\
        650 STREAM 6 NEW 8 b.test:80\n\
        1548934230.00 650 STREAM 6 SENTCONNECT 8 b.test:80\n\
        1548934240.00 650 STREAM 6 SUCCEEDED 8 b.test:80\n\
        650 STREAM 6 CLOSED 8 b.test:80 REASON=DONE\n";
    let (text, messages) = both(0, &["circuits"], &[file("circuits", "untimed.log", log)]);
    let times = |row: &Value| ["circuit_id", "unix_ts_first", "unix_ts_last", "seconds"].map(|name| row[name].clone());
    let times: Vec<_> = crate::common::parse_rows(&text).iter().map(times).collect();
    let expected = [
        [json!("7"), json!(1_548_934_220.0), json!(1_548_934_220.0), json!(0.0)],
        [json!("8"), json!(1_548_934_230.0), json!(1_548_934_240.0), json!(10.0)],
    ];
    assert_eq!(times, expected, "{messages}");
}
