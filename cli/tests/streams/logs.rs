//! Streams of logs that begin late, are cut, out of order, or of several tors.

use std::path::Path;

use serde_json::{Value, json};

use crate::common::{both, data, file, parse_rows, rows, stdout};
use crate::rows::TWO_STREAMS;
use crate::{assert_has, outcomes, rows_of};

// T02: the log begins with CLOSED of stream 16, and with SENTCONNECT of stream 17, which is closed three seconds later. Neither
// start is known.
#[test]
fn began_before_the_log() {
    let rows = rows_of("field/T02-began-before-the-log.log");
    assert_eq!(outcomes(&rows), ["16 closed", "17 closed"]);
    for row in &rows {
        assert_has(row, &json!({ "began": false, "unix_ts_start": null, "seconds": null }));
    }
    assert_has(
        &rows[0],
        &json!({ "unix_ts_end": 1_795_600_800.0, "target_kind": "exit", "reason": "END", "remote_reason": "DONE" }),
    );
    assert_has(&rows[1], &json!({ "unix_ts_end": 1_795_600_804.0, "asked": "connect" }));
}

// Neither file is out of order by itself, and no stream is in both.
#[test]
fn parts_of_a_log_in_the_wrong_order_are_reported() {
    let part = |name, id, start| {
        let lines = ["NEW 0 a.test:80", "SENTCONNECT 4 a.test:80", "CLOSED 4 a.test:80 REASON=DONE"];
        let lines = lines.iter().zip(start..).map(|(event, time)| format!("{time}.00 650 STREAM {id} {event}\n"));
        file("streams", name, lines.collect::<String>())
    };
    let files = [part("tor.log", 19, 1_795_600_900), part("tor.log.1", 18, 1_795_600_800)];
    let oldest_first = [&files[1], &files[0]];
    for command in ["streams", "summary", "circuits"] {
        for jobs in ["1", "2"] {
            let (_, messages) = both(1, &[command, "--join", "--jobs", jobs], &files);
            assert!(
                messages.contains("times go backwards from one file to the next: --join takes the oldest"),
                "{messages}"
            );
            assert_eq!(both(0, &[command, "--join", "--jobs", jobs], &oldest_first).1, "");
            assert_eq!(both(0, &[command, "--jobs", jobs], &files).1, "");
        }
    }
}

// T03a has NEW at 0 s, T03b REMAP at 1 s, SUCCEEDED at 1.1 s and CLOSED at 9 s.
#[test]
fn files_are_logs_of_their_own_or_parts_of_one() {
    let files = [data("field/T03a-rotated-day1.log"), data("field/T03b-rotated-day2.log")];
    let apart = rows(&["streams"], &files);
    assert_eq!(outcomes(&apart), ["18 live", "18 closed"]);
    assert_has(
        &apart[0],
        &json!({ "unix_ts_start": 1_795_600_800.0, "unix_ts_end": null, "seconds": null, "began": true }),
    );
    assert_has(
        &apart[1],
        &json!({ "unix_ts_start": null, "seconds": null, "began": false, "file": files[1].to_str().unwrap() }),
    );
    let joined = rows(&["streams", "--join"], &files);
    assert_eq!(outcomes(&joined), ["18 closed"]);
    assert_has(
        &joined[0],
        &json!({ "seconds": 9.0, "target": "www.example.com:443", "file": files[0].to_str().unwrap() }),
    );
    let summary = |options: &[&str]| -> Value {
        serde_json::from_str(&stdout(0, &[&["summary", "--json"], options].concat(), &files)).unwrap()
    };
    assert_eq!((&summary(&[])["streams"], &summary(&["--join"])["streams"]), (&json!(2), &json!(1)));
    // In another order it is not that log: its times go backwards once, and the stream begins after its end.
    let (reversed, messages) = both(1, &["streams", "--join"], &[&files[1], &files[0]]);
    assert_eq!(outcomes(&parse_rows(&reversed)), ["18 closed", "18 live"]);
    assert!(messages.contains("times go backwards from one file to the next"), "{messages}");
}

// V04: the newest line first, so that CLOSED is the first event of the stream, and all others come after it.
#[test]
fn newest_line_first() {
    let log = data("field-2/V04-reversed.log");
    for command in ["streams", "summary"] {
        let (_, messages) = both(1, &[command], &[&log]);
        let expected =
            format!("tor-streams: {}: times go backwards: is the newest line the first one?\n", log.display());
        assert_eq!(messages, expected, "{command}");
    }
}

// V05: NEW at 10:50:00, SENTCONNECT at 10:50:01, CLOSED at 10:00:01. The three are of one stream of one tor.
#[test]
fn a_clock_that_was_set_back() {
    let log = data("field-2/V05-clock-back.log");
    let (text, messages) = both(0, &["streams"], &[&log]);
    assert!(messages.ends_with("times go backwards: stream 18 ends before the beginning\n"), "{messages}");
    let expected = json!({ "seconds": null, "unix_ts_start": 1_795_603_800.0, "unix_ts_end": 1_795_600_801.0 });
    assert_has(&parse_rows(&text)[0], &expected);
}

// V07: two tors in one log, each with a stream 18. The second NEW comes while the first stream is open.
#[test]
fn two_tors_in_one_log() {
    let log = data("field-2/V07-two-tors.log");
    for command in ["streams", "summary"] {
        let (_, messages) = both(1, &[command], &[&log]);
        assert!(messages.contains(": stream 18 begins again while open: tor was restarted, or "), "{messages}");
    }
    let text = both(1, &["streams"], &[&log]).0;
    assert_eq!(outcomes(&parse_rows(&text))[0], "18 replaced");
}

// V08: stream 900 is open when tor is started again, and comes again 50 minutes later, as another stream of one second.
#[test]
fn tor_was_restarted() {
    let (text, messages) = both(1, &["streams"], &[data("field-2/V08-restart.log")]);
    assert!(messages.contains("stream 900 begins again"), "{messages}");
    let rows = parse_rows(&text);
    assert_eq!(outcomes(&rows), ["3 closed", "900 replaced", "900 closed", "5 live"]);
    assert_has(&rows[1], &json!({ "unix_ts_end": null, "seconds": null, "seconds_to_answer": 0.2 }));
    assert_has(&rows[2], &json!({ "seconds": 1.0, "target": "www.example.com:80" }));
}

#[test]
fn the_same_events_twice() {
    let log = file("twice", "tor.log", TWO_STREAMS);
    let copy = file("twice", "copy", TWO_STREAMS);
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packed, TWO_STREAMS.as_bytes()).unwrap();
    let packed = file("twice", "tor.log.1.gz", packed.finish().unwrap());
    let other = file("twice", "other.log", TWO_STREAMS.replace("a\x1bb", "a b"));
    let named = |path: &Path| path.to_str().unwrap().to_owned();
    for (again, how) in [
        (log.clone(), "is the same file as"),
        (log.parent().unwrap().join("../twice/tor.log"), "is the same file as"),
        (copy, "has the length and the beginning of"),
        (packed, "has the length and the beginning of"),
    ] {
        for command in ["streams", "summary"] {
            let (_, messages) = both(1, &[command], &[&other, &log, &again]);
            let (again, log) = (named(&again), named(&log));
            assert_eq!(messages, format!("tor-streams: {again}: {how} {log}, so its streams are read twice\n"));
        }
    }
    // No messages: a file of the same length with another beginning, and two empty files.
    assert_eq!(rows(&["streams"], &[&log, &other]).len(), 4);
    assert_eq!(rows(&["streams"], &[file("twice", "empty", ""), file("twice", "empty-too", "")]).len(), 0);
}

// S06 and G02: replies to GETINFO stream-status in captures, of two streams, of one, and of none. G01: a log that asks twice, and
// finds the same two streams. The replies are no events, and the streams' starts are not known.
#[test]
fn streams_that_were_open_when_a_controller_asked() {
    for (name, expected) in [
        (
            "field/S06-getinfo-stream-status.raw",
            &[("31", "www.example.com:443", None), ("32", "www.example.org:80", Some("7"))][..],
        ),
        ("field-2/G02-stream-status-one.raw", &[("10", "192.0.2.7:443", None)]),
        (
            "field-2/G01-stream-status-poll.log",
            &[("18", "www.example.com:443", Some("26")), ("19", "www.example.org:80", Some("27"))],
        ),
    ] {
        let rows = rows_of(name);
        let found: Vec<_> = rows
            .iter()
            .map(|row| {
                (row["stream_id"].as_str().unwrap(), row["target"].as_str().unwrap(), row["circuit_id"].as_str())
            })
            .collect();
        assert_eq!(found, expected, "{name}");
        rows.iter()
            .for_each(|row| assert_has(row, &json!({ "began": false, "outcome": "live", "unix_ts_start": null })));
        assert_eq!(stdout(0, &["events"], &[data(name)]), "", "{name}");
    }
}

// Stream 18 begins before the reply and is known from its events; stream 19 is known from the reply, and closed after it; stream
// 20 was closed while tor made the reply. A name with a LF on the wire is no reply.
#[test]
fn events_around_a_reply_of_open_streams() {
    let capture = "650 STREAM 18 NEW 0 a:1 PURPOSE=USER\r\n\
                   650 STREAM 20 CLOSED 5 c:1 REASON=DONE\r\n\
                   250+stream-status=\r\n\
                   18 NEW 0 a:1\r\n\
                   19 SUCCEEDED 7 b:2\r\n\
                   20 SUCCEEDED 5 c:1\r\n\
                   .\r\n\
                   250 OK\r\n\
                   650 STREAM 21 NEW 0 x\n250-stream-status=66 NEW 0 d:1\r\n\
                   650 STREAM 19 CLOSED 7 b:2 REASON=DONE\r\n";
    let log = file("streams", "open.raw", capture);
    for jobs in ["1", "2"] {
        // Status 1: the LF in the name is reported, since it may be the end of a line.
        let rows = parse_rows(&stdout(1, &["streams", "--jobs", jobs], &[&log]));
        assert_eq!(outcomes(&rows), ["20 closed", "19 closed", "18 live", "21 live"]);
        assert_has(&rows[1], &json!({ "target": "b:2", "circuit_id": "7", "reason": "DONE", "began": false }));
        assert_has(&rows[2], &json!({ "purpose": "USER", "began": true }));
    }
    let rows = parse_rows(&stdout(1, &["streams", "--target", "b"], &[&log]));
    assert_eq!(outcomes(&rows), ["19 closed"]);
}

/// Returns the [outcomes] of a log's streams, and its messages, with `LOG` for the path of the log. Asserts that two threads print the
/// same as one.
#[track_caller]
fn outcomes_and_messages(status: i32, options: &[&str], log: &Path) -> (Vec<String>, String) {
    let [one, two] = ["1", "2"].map(|jobs| both(status, &[&["streams", "--jobs", jobs][..], options].concat(), &[log]));
    assert_eq!(one, two);
    (outcomes(&parse_rows(&one.0)), one.1.replace(&*log.to_string_lossy(), "LOG"))
}

// `ts` and OnionPerf write a time before each line, those of a reply's data too. A date may have letters.
#[test]
fn open_streams_with_times_before_them() {
    let reply = ["250+stream-status=", "9 SUCCEEDED 4 open.test:443", "250 NEW 0 p.test:443", ".", "250 OK"];
    let one = ["250-stream-status=9 SUCCEEDED 4 open.test:443", "250-stream-status=250 NEW 0 p.test:443", "250 OK"];
    for prefix in [
        "1795600801.00 ",
        "2026-11-25 10:00:01 1795600801.00 ",
        "2026-11-25T10:00:01Z\t",
        "Nov 25 10:00:01 ",
        "Nov  5 10:00:01 ",
        "Wed Nov 25 10:00:01 2026 ",
        "[10:00:01 AM UTC] ",
        "",
    ] {
        for lines in [&reply[..], &one] {
            let lines = [&["650 STREAM 1 NEW 0 a.test:80"][..], lines, &["650 STREAM 2 NEW 0 a.test:80"]].concat();
            let log: String = lines.iter().map(|line| format!("{prefix}{line}\n")).collect();
            let log = file("streams", "open-times.log", &log);
            let (mut rows, messages) = outcomes_and_messages(0, &["--prefix", "auto"], &log);
            rows.sort();
            assert_eq!(rows, ["1 live", "2 live", "250 live", "9 live"], "{prefix:?}: {messages}");
            // `[10:00:01 AM UTC]` is no form of a date and time that is known without `--prefix`.
            if !prefix.starts_with('[') {
                let (rows, messages) = outcomes_and_messages(0, &[], &log);
                assert_eq!((rows.len(), &*messages), (4, ""), "{prefix:?}");
            }
        }
    }
}

// The text that a log writes around each event is around each reply too, whether it is learned or given; not always around its data.
#[test]
fn open_streams_of_logs_with_other_text() {
    for (before, after) in [
        ("Nov 25 10:00:02 gw tor[811]: ", ""),
        ("[9] <- '", "'"),
        ("{\"line\": \"", "\\r\\n\"}"),
        // Text after each reply only: a line end in letters.
        ("", "\\r\\n"),
    ] {
        for with_prefix in [true, false] {
            let text = |line: &str| {
                let is_data = !line.starts_with("250") && !line.starts_with("650");
                if is_data && !with_prefix { format!("{line}\n") } else { format!("{before}{line}{after}\n") }
            };
            let log: String = [
                "650 STREAM 1 NEW 0 a.test:80",
                "250-stream-status=9 SUCCEEDED 4 open.test:443",
                "250+stream-status=",
                "10 NEW 0 p.test:443",
                "11 NEW 0 q.test:443",
                ".",
                "650 STREAM 2 NEW 0 a.test:80",
            ]
            .map(text)
            .concat();
            let log = file("streams", "open-text.log", &log);
            for prefix in ["auto", before] {
                let (mut rows, _) = outcomes_and_messages(0, &["--prefix", prefix], &log);
                rows.sort();
                assert_eq!(rows, ["1 live", "10 live", "11 live", "2 live", "9 live"], "{prefix}");
            }
        }
    }
}

// In a program's log with CR LF, the text after a LF alone may be the rest of the name that a client asked for.
#[test]
fn a_reply_that_a_client_may_have_written() {
    let log = "1795600800.00 650 STREAM 7 NEW 0 a:1\r\n\
               1795600801.00 650 STREAM 8 NEW 0 x\n1795600801.00 250-stream-status=66 NEW 0 d:1\r\n\
               1795600802.00 650 STREAM 9 NEW 0 a:1\r\n";
    let (rows, messages) = outcomes_and_messages(1, &[], &file("streams", "forged.log", log));
    assert_eq!(rows, ["7 live", "9 live"]);
    assert_eq!(
        messages,
        "LOG:2: expected a target (host:port), found the end at byte 9\n\
         LOG:2: 1 line end is unlike the first reply's: --line-end lf reads every line of a log\n\
         LOG:3: 1 reply to `GETINFO stream-status` not read, after a line with another line end: a client may have asked \
         for a name that holds a line end\n"
    );
}

// Damage is reported as in events, with the number of the line: no port, an unknown status, a line that was cut.
#[test]
fn damaged_open_streams() {
    let long = "x".repeat(2000);
    let lines = format!(
        "650 STREAM 1 NEW 0 a.test:80\n250+stream-status=\n3 NEW 0 open.test\n4 PAUSED 0 b.test:80\n5 PAUSED 0 b.test:80\n\
         6 SUCC\n7 NEW 0 {long}\n8 NEW 0 ok.test:80\n.\n250-stream-status=9 NEW 0 c.test\n\
         650 STREAM 2 NEW\n250-stream-status=10 NEW 0 d.te"
    );
    for (name, text) in [("damaged.log", lines.clone()), ("damaged.raw", lines.replace('\n', "\r\n"))] {
        let log = file("streams", name, text);
        let (rows, messages) = outcomes_and_messages(1, &[], &log);
        assert_eq!(rows, ["1 live", "8 live"]);
        assert_eq!(
            messages,
            "LOG:3: expected a target (host:port), found the end at byte 17\n\
             LOG:4: expected a stream status, found the unknown word PAUSED at byte 2\n\
             LOG:6: expected a stream status, found the unknown word SUCC at byte 2\n\
             LOG:7: expected a target (host:port), found the end at byte 2008\n\
             LOG:10: expected a target (host:port), found the end at byte 14\n\
             LOG:11: expected a circuit ID of 1 to 20 letters or digits, found the end at byte 5\n\
             LOG:12: expected a target (host:port), found the end at byte 13\n\
             LOG: 1 more with the unknown word PAUSED\n\
             LOG:12: the last line has no end, so some of it may be missing\n"
        );
        let (rows, _) = outcomes_and_messages(1, &["--lenient"], &log);
        assert_eq!(rows, ["1 live", "10 live", "3 live", "4 live", "5 live", "7 live", "8 live", "9 live"]);
    }
    // A dot that is lost: the lines of other replies are no damaged streams. That data is open is reported.
    let log = "250+stream-status=\n9 NEW 0 a.test:80\n250 OK\nStarting.\n650 STREAM 1 NEW 0 a.test:80\n";
    let (rows, messages) = outcomes_and_messages(1, &[], &file("streams", "no-dot.log", log));
    assert_eq!(rows, ["9 live"]);
    assert_eq!(
        messages,
        "LOG:1: data of the reply in line 1 does not end, 1 line in it looks like an event: --no-data reads them\n"
    );
}

/// Returns a log of eleven streams, each with `events` events. The events of stream 1 are before and after those of the others. Threads
/// read the log in ranges, which are long enough to have some of the others as a whole.
fn log_of_long_streams(events: u32) -> std::path::PathBuf {
    let event = |event: &str| format!("1795600000.00 650 STREAM {event} a.test:80\n");
    let circuits =
        |id: u32| (2..events).map(|circuit| event(&format!("{id} SENTCONNECT {circuit}"))).collect::<String>();
    let stream = |id: u32| (event(&format!("{id} NEW 0")) + &circuits(id), event(&format!("{id} CLOSED 2")));
    let others: String = (2..=11).map(stream).map(|(begin, end)| begin + &end).collect();
    let (begin, end) = stream(1);
    file("streams", &format!("long-streams-{events}.log"), [begin, others, end].concat())
}

/// Of a stream, 1000 circuits and 1000 events are kept. Streams with more are reported by each command that prints them.
#[test]
fn streams_with_more_events_than_are_kept() {
    let log = log_of_long_streams(1001);
    let expected = format!(
        "tor-streams: {}: 11 streams have more than 1000 circuits or events, not all of which are kept\n",
        log.display()
    );
    for jobs in ["1", "2"] {
        for command in [&["streams"][..], &["streams", "--format", "csv"], &["circuits"]] {
            assert_eq!(both(1, &[command, &["--jobs", jobs]].concat(), &[&log]).1, expected, "{command:?}");
        }
        assert_eq!(both(0, &["circuits", "--failed", "--jobs", jobs], &[&log]).1, "");
        assert_eq!(both(0, &["count", "--by", "status", "--jobs", jobs], &[&log]).1, "");
    }
    let log = log_of_long_streams(1000);
    for command in ["streams", "circuits"] {
        assert_eq!(both(0, &[command], &[&log]).1, "");
    }
}
