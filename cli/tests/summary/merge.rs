//! `summary --json --mergeable` on several machines and `merge` against one summary of all files, and damaged input.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::common::{both, data, error_text, file, run, stdout};

/// Logs for several machines.
fn logs() -> Vec<PathBuf> {
    let names = ["onionperf.log", "hostile-targets.raw", "control-port.raw", "mixed-session.raw", "stream-events.raw"];
    names.iter().map(|name| data(name)).collect()
}

/// Returns files with the mergeable summary of each list of logs.
fn summaries<P: AsRef<Path>>(name: &str, options: &[&str], machines: &[&[P]]) -> Vec<PathBuf> {
    let summaries = machines.iter().enumerate().map(|(machine, logs)| {
        let arguments = [&["summary", "--json", "--mergeable"], options].concat();
        file(&format!("merge-{name}"), &format!("{machine}.json"), run(&arguments, logs).stdout)
    });
    summaries.collect()
}

/// Checks that the merged summaries of logs, divided among machines in several ways, are the summary of all.
#[track_caller]
fn same_as_alone(name: &str, status: i32, options: &[&str]) {
    let logs = logs();
    let divisions: [&[&[PathBuf]]; 3] = [&[&logs[..1], &logs[1..]], &[&logs[..3], &logs[3..]], &[&logs]];
    for (number, machines) in divisions.iter().enumerate() {
        let summaries = summaries(&format!("{name}-{number}"), options, machines);
        for form in [&[][..], &["--json"], &["--json", "--mergeable"]] {
            let alone = stdout(status, &[&["summary"], form, options].concat(), &logs);
            assert_eq!(
                stdout(status, &[&["merge"], form].concat(), &summaries),
                alone,
                "{number} {form:?} {options:?}"
            );
        }
    }
}

#[test]
fn the_same_as_one_machine() {
    same_as_alone("all", 1, &[]);
}

#[test]
fn the_same_beyond_the_limit() {
    same_as_alone("limit", 1, &["--max-live", "3"]);
}

#[test]
fn the_same_with_filters() {
    same_as_alone("filters", 1, &["--port", "80", "--purpose", "USER"]);
}

/// IDs that no tor prints: lenient reading takes any text, such as that of a time, of a great number, or of a quotation mark in JSON.
#[test]
fn odd_ids() {
    let ids = ["4:1", "a-b", "-1", "10:00:00.412", "123456789012345678901234567890", "caf\u{e9}", "\"x"];
    let log: String = (ids.iter().enumerate())
        .map(|(second, id)| {
            let start = format!("179560080{second}.0 650 STREAM {id} NEW 0 a:1\n");
            start + &format!("179560080{second}.5 650 STREAM {id} SUCCEEDED {id} a:1\n")
        })
        .collect();
    let log = file("merge-odd-ids", "odd.log", log);
    let options = ["summary", "--lenient", "--json"];
    let alone = stdout(0, &options, &[&log]);
    assert!(alone.contains("\"10:00:00.412\""), "{alone}");
    let mergeable = stdout(0, &[&options[..], &["--mergeable"]].concat(), &[&log]);
    let mergeable = file("merge-odd-ids", "odd.json", mergeable);
    assert_eq!(stdout(0, &["merge", "--json"], &[mergeable]), alone);
}

#[test]
fn a_merge_can_be_merged_again() {
    let logs = logs();
    let all = summaries("again", &[], &[&logs[..1], &logs[1..3], &logs[3..]]);
    let first = stdout(1, &["merge", "--json", "--mergeable"], &all[..2]);
    let first = file("merge-again", "first.json", first);
    assert_eq!(stdout(1, &["merge"], &[&first, &all[2]]), stdout(1, &["summary"], &logs));
    assert_eq!(stdout(1, &["merge"], &all), stdout(1, &["summary"], &logs));
    // A compressed summary is read as well.
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&fs::read(&all[2]).unwrap()).unwrap();
    let packed = file("merge-again", "third.json.gz", gzip.finish().unwrap());
    assert_eq!(stdout(1, &["merge"], &[&first, &packed]), stdout(1, &["summary"], &logs));
}

/// A log with the longest texts in 200 rows of each table, as many as the limit permits. Each character has six bytes in JSON.
#[test]
fn rows_of_control_characters() {
    let log: String = (0..200)
        .map(|n| {
            let (word, host) = (format!("{n}{}", "\x01".repeat(1000)), format!("{n}{}", "\x01".repeat(230)));
            format!(
                "650 STREAM {n} NEW 0 {host}:80 PURPOSE={word} CLIENT_PROTOCOL={word}\n\
                 650 STREAM {n} {word} 0 {host}:80\n\
                 650 STREAM {n} FAILED 0 {host}:80 REASON={word} REMOTE_REASON={word}\n\
                 650 STREAM {n} CLOSED 0 {host}:80 REASON={word} REMOTE_REASON={word}\n"
            )
        })
        .collect();
    let log = file("merge-control", "tor.log", log);
    let options = ["--lenient", "--max-live", "200"];
    let summaries = summaries("control", &options, &[&[&log]]);
    // Three tables, those of the words of events, have the whole words.
    assert!(fs::metadata(&summaries[0]).unwrap().len() > 3 * 200 * 6000);
    let alone = stdout(0, &[&["summary", "--json"], &options[..]].concat(), &[log]);
    assert!(stdout(0, &["merge", "--json"], &summaries) == alone);
}

/// Logs of the same name on two machines are those of two tors.
#[test]
fn logs_of_the_same_name() {
    let log = "2019-01-31 11:29:51 1548934191.50 650 STREAM 18 NEW 0 www.example.com:443\n\
        2019-01-31 11:29:52 1548934192.50 650 STREAM 18 SUCCEEDED 7 192.0.2.1:443\n\
        2019-01-31 11:29:53 1548934193.50 650 STREAM 18 CLOSED 7 192.0.2.1:443 REASON=DONE\n";
    let other = log.replace("www.example.com", "www.example.net");
    let log = file("merge-name", "tor.log", log);
    let first = summaries("name-first", &[], &[&[&log]]);
    fs::write(&log, other).unwrap();
    let both = [first, summaries("name-second", &[], &[&[&log]])].concat();
    let merged: serde_json::Value = serde_json::from_str(&stdout(0, &["merge", "--json"], &both)).unwrap();
    // The second log is named together with its summary.
    let (name, second) = (log.display().to_string(), format!("{}:{}", both[1].display(), log.display()));
    let circuits: Vec<_> = merged["circuits"].as_array().unwrap().iter().map(|row| row["file"].as_str()).collect();
    let mut expected = [Some(name.as_str()), Some(second.as_str())];
    expected.sort_unstable();
    assert_eq!(circuits, expected);
    assert_eq!(merged["slowest_circuits"].as_array().unwrap().len(), 2);
    assert_eq!(merged["circuits"][0]["streams"], 1);
}

/// A summary that is given twice, under any name, and a log that is in two summaries.
#[test]
fn counted_twice() {
    let logs = logs();
    let all = summaries("twice", &[], &[&logs[..2], &logs[1..3], &logs[3..]]);
    let copy = file("merge-twice", "copy.json", fs::read(&all[0]).unwrap());
    let merge = |files: &[&PathBuf]| both(1, &["merge"], files).1;
    let (first, second, same) = (all[0].display(), all[1].display(), copy.display());
    let twice = format!("tor-streams: {first}: is the same summary as {first}, so its logs are counted twice\n");
    assert_eq!(merge(&[&all[0], &all[0]]), twice);
    assert!(merge(&[&all[0], &copy]).contains(&format!("{same}: is the same summary as {first}, so")));
    let log = logs[1].display();
    let message = format!("tor-streams: {second}: has the log {log} that {first} has, so it is counted twice\n");
    assert!(merge(&[&all[0], &all[1]]).contains(&message));
    assert!(!run(&["merge"], &[&all[0], &all[2]]).stderr.ends_with(b"twice\n"));
    // Nothing is in an empty log twice.
    let empty = file("merge-twice", "empty.log", "");
    let empty = summaries("twice-empty", &[], &[&[&empty], &[&empty]]);
    assert_eq!(both(0, &["merge"], &empty).1, "");
}

#[test]
fn no_credentials_and_no_commands() {
    let line = "650 STREAM 18 NEW 0 a\x1bb.onion:80 SOURCE_ADDR=127.0.0.1:47850 PURPOSE=USER SOCKS_USERNAME=\"vault\" \
        SOCKS_PASSWORD=\"swordfish\"\r\n650 STREAM 19 NEW 0 SOCKS_PASSWORD=\"swordfish\":80 PURPOSE=USER\r\n\
        650 STREAM 18 CLOSED 0 a\u{202e}b.onion:80 REASON=DONE SOCKS_PASSWORD=\"swordfish\"\r\n";
    let log = file("merge-secrets", "tor.raw", line);
    let output = run(&["summary", "--json", "--mergeable"], &[&log]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("b.onion"), "{text}");
    for secret in ["swordfish", "vault", "\x1b", "\u{202e}"] {
        assert!(!text.contains(secret), "{secret:?} in {text}");
    }
}

#[test]
fn damaged_files() {
    let log = data("onionperf.log");
    let good = stdout(0, &["summary", "--json", "--mergeable"], &[&log]);
    let lines: Vec<&str> = good.lines().collect();
    // Settings, the log, the number of files, and the checksum, which is left out here.
    assert_eq!(lines.len(), 4, "{good}");
    let with = |line: &str| format!("{}\n{line}\n{}\n", lines[0], lines[2]);
    let mut number = 0;
    let mut check = |text: &str, message: &str| {
        number += 1;
        let path = file("merge-damaged", &format!("{number}.json"), text);
        let (printed, messages) = both(1, &["merge"], &[&path]);
        let path = path.display();
        assert_eq!(
            (printed.as_str(), messages),
            ("", format!("{}\n", message.replace("FILE", &path.to_string()))),
            "{text}"
        );
    };
    let foreign = "tor-streams: FILE: no output of `tor-streams summary --json --mergeable`";
    check("", foreign);
    check("650 STREAM 18 NEW 0 www.example.com:443 SOCKS_PASSWORD=\"swordfish\"\r\n", foreign);
    check("{\"line\":11,\"id\":\"16\"}\n", foreign);
    check(&stdout(0, &["summary", "--json"], &[&log]), foreign);
    check(
        &good.replacen("\"format\":1", "\"format\":2", 1),
        "tor-streams: FILE: made by another version of tor-streams",
    );
    check(&format!("{}\n{}\n", lines[0], lines[1]), "FILE:3: the end is missing");
    check(&format!("{}\n{}\n{}\n", lines[0], lines[1], lines[2]), "FILE:4: the end is missing");
    check(&good[..good.len() - 1], "FILE:4: the end is missing");
    check(&good[..good.len() / 2], "FILE:2: the end is missing");
    check(&format!("{good}{good}"), "FILE:5: more lines follow the last one");
    // A number was changed that contradicts no other one.
    let checksum = "tor-streams: FILE: damaged: the checksum in its last line is another one";
    check(&good.replacen("{\"target_8bit\":{\"events\":4,", "{\"target_8bit\":{\"events\":3,", 1), checksum);
    check(&good.replacen("{\"sha256\":\"", "{\"sha256\":\"0", 1), checksum);
    check(&good.replacen("{\"sha256\":", "{\"sha1\":", 1), checksum);
    check(&format!("{}\n{good}", lines[0]), "FILE:2: another summary follows: merge each from a file of its own");
    check(&with("nonsense"), "FILE:2: damaged in column 1");
    // A number that is negative, or no whole one, an unknown field, two equal rows, two intervals that no histogram has (9099: its three
    // digits, 099, are below 100; 70000: it is no `u16`), and names that are none.
    let damages = [
        ("\"streams\":", "\"streams\":-"),
        ("\"streams\":", "\"streams\":1.5,\"x\":"),
        ("\"bytes\":", "\"octets\":"),
        ("\"targets\":{\"rows\":[", "\"targets\":{\"rows\":[[\"a\",1],[\"a\",1],"),
        ("\"answers\":{", "\"answers\":{\"9099\":1,"),
        ("\"answers\":{", "\"answers\":{\"70000\":1,"),
        ("\"circuits\":{\"rows\":[", "\"circuits\":{\"rows\":[[\"a b\",1],"),
        ("\"stream_id\":\"", "\"stream_id\":\"a b"),
        ("\"anomalies\":{", "\"anomalies\":{\"\\u001b[31m\":{\"events\":1,\"file\":\"\",\"line\":1},"),
    ];
    for (text, damage) in damages {
        assert!(lines[1].contains(text), "{text} in {}", lines[1]);
        let path = file("merge-damaged", "one.json", with(&lines[1].replacen(text, damage, 1)));
        let (printed, messages) = both(1, &["merge"], &[&path]);
        let expected = format!("{}:2: damaged in column ", path.display());
        assert!(
            printed.is_empty() && messages.starts_with(&expected) && !messages.contains('\x1b'),
            "{damage}: {messages}"
        );
    }
    // A number over 2^53, up to which numbers in JSON are exact; two whose sum is; a date that is none; more rows than the first line
    // permits.
    let bytes = lines[1].split_once("\"bytes\":").unwrap().1.split_once(',').unwrap().0;
    let large = lines[1].replacen(&format!("\"bytes\":{bytes}"), "\"bytes\":9007199254740993", 1);
    check(&with(&large), "FILE:2: its numbers are too large");
    let half = lines[1].replacen(&format!("\"bytes\":{bytes}"), "\"bytes\":4503599627370497", 1);
    check(&with(&format!("{half}\n{half}")), "FILE:3: its numbers are too large");
    let no_date = lines[1].replacen("\"first\":{\"secs\":", "\"first\":{\"secs\":99999999", 1);
    check(&with(&no_date), "FILE:2: damaged: a time without a date");
    let few_rows = good.replacen("\"max_live\":100000", "\"max_live\":1", 1);
    check(&few_rows, "FILE:2: damaged: more rows than --max-live");
    // Any number of rows may be permitted.
    check(&good.replacen("\"max_live\":100000", &format!("\"max_live\":{}", usize::MAX), 1), checksum);
    check(&good.replacen("\"files\":1", "\"files\":0", 1), "FILE:3: damaged: it contradicts the lines before it");
}

/// Each count of a summary, changed so that it contradicts another one.
#[test]
fn impossible_counts() {
    // Two streams on one circuit, of which the second fails; an unknown keyword; and a line that is no event. So: five events
    // in six lines, all of them readable. A second, after which stream 1 is answered and stream 2 ends, is interval 9100 of
    // histograms: 1.00 times 10^9 ns.
    let log = "2026-11-25 10:00:00 650 STREAM 1 NEW 0 a.test:443 PURPOSE=USER CLIENT_PROTOCOL=SOCKS5\n\
        2026-11-25 10:00:01 650 STREAM 1 SUCCEEDED 7 a.test:443\n\
        2026-11-25 10:00:02 650 STREAM 1 CLOSED 7 a.test:443 REASON=END REMOTE_REASON=DONE\n\
        2026-11-25 10:00:03 650 STREAM 2 NEW 0 b.test:443 X=1\n\
        2026-11-25 10:00:04 650 STREAM 2 FAILED 7 b.test:443 REASON=TIMEOUT\n\
        2026-11-25 10:00:05 [notice] Bootstrapped 100%\n";
    let log = file("merge-impossible", "tor.log", log);
    let good = stdout(0, &["summary", "--json", "--mergeable"], &[&log]);
    let lines: Vec<&str> = good.lines().collect();
    let line: serde_json::Value = serde_json::from_str(lines[1]).unwrap();
    let cases = [
        ("lines", 1000),
        ("lines", 4),
        ("unreadable", 2),
        ("streams", 3),
        ("dropped", 3),
        ("purposes/others", 3),
        ("protocols/others", 3),
        ("failures/others", 1),
        ("failed_targets/others", 1),
        ("targets/rows/0/1", 2),
        ("answers/9100", 3),
        ("lifetimes/9100", 3),
        ("events/total", 4),
        ("events/statuses/others", 1),
        ("events/reasons/others", 4),
        ("events/remote_reasons/others", 5),
        ("events/last/secs", 0),
        ("events/anomalies/unknown_keyword/events", 0),
        ("events/anomalies/unknown_keyword/events", 6),
        ("events/anomalies/unknown_keyword/line", 0),
        ("events/anomalies/unknown_keyword/line", 7),
    ];
    let check = |place: &str, changed: &serde_json::Value| {
        let path = file("merge-impossible", "one.json", format!("{}\n{changed}\n{}\n", lines[0], lines[2]));
        let (printed, messages) = both(1, &["merge"], &[&path]);
        let expected = format!("{}:2: damaged: its counts contradict each other\n", path.display());
        assert_eq!((printed.as_str(), messages), ("", expected), "{place}");
    };
    for (place, count) in cases {
        let mut changed = line.clone();
        let (parent, name) = place.rsplit_once('/').unwrap_or(("", place));
        let parent = format!("/log/tally/{parent}");
        match changed.pointer_mut(parent.trim_end_matches('/')).unwrap() {
            serde_json::Value::Array(items) => items[name.parse::<usize>().unwrap()] = count.into(),
            object => object[name] = count.into(),
        }
        check(place, &changed);
    }
    for (place, value) in [
        ("events/first", serde_json::Value::Null),
        ("slowest", serde_json::Value::from(vec![line["log"]["tally"]["slowest"][0].clone(); 2])),
        ("activity", serde_json::json!({"length": 0, "steps": {"1795600800": {"streams": 1, "failed": 2}}})),
        ("activity", serde_json::json!({"length": 0, "steps": {"1795600800": {"streams": 3, "failed": 0}}})),
        ("activity", serde_json::json!({"length": 0, "steps": {"1795600800": {"streams": 2, "failed": 2}}})),
    ] {
        let mut changed = line.clone();
        *changed.pointer_mut(&format!("/log/tally/{place}")).unwrap() = value;
        if place == "slowest" {
            // Two answers are on two circuits.
            changed["log"]["tally"]["slowest"][1]["circuit"] = "8".into();
        }
        check(place, &changed);
    }
    assert_eq!(both(0, &["merge"], &[&file("merge-impossible", "good.json", good)]).1, "");
}

/// A summary with one changed byte, for each 29th byte: no summary and no panic, but a message. Fewer runs than with every byte.
#[test]
fn changed_bytes() {
    let log = "650 STREAM 18 NEW 0 www.example.com:443 PURPOSE=USER\n650 STREAM 18 CLOSED 7 www.example.com:443 REASON=DONE\n";
    let log = file("merge-changed", "tor.log", log);
    let good = stdout(0, &["summary", "--json", "--mergeable"], &[&log]).into_bytes();
    for at in (0..good.len()).step_by(29) {
        let mut bad = good.clone();
        bad[at] = match bad[at] {
            b'0'..=b'8' => bad[at] + 1,
            b'9' => b'8',
            b'\n' => b' ',
            _ => b'9',
        };
        let path = file("merge-changed", "bad.json", &bad);
        let output = run(&["merge"], &[&path]);
        let messages = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{at}: {messages}");
        assert!(messages.contains("bad.json") && output.stdout.is_empty(), "{at}: {messages}");
    }
}

#[test]
fn summaries_that_do_not_fit() {
    let logs = &logs()[..1];
    let first = summaries("fit-1", &[], &[logs]);
    for options in [&["--port", "80"][..], &["--max-live", "7"]] {
        let second = summaries("fit-2", options, &[logs]);
        let (printed, messages) = both(1, &["merge"], &[&first[0], &second[0]]);
        let expected = format!(
            "tor-streams: {}: made with other filters or another --max-live than {}\n",
            second[0].display(),
            first[0].display()
        );
        assert_eq!((printed.as_str(), messages), ("", expected));
    }
    let (printed, messages) = both(1, &["merge"], &[Path::new("missing.json")]);
    let missing = format!("tor-streams: missing.json: {}", error_text(&fs::File::open("missing.json").unwrap_err()));
    assert!(printed.is_empty() && messages.starts_with(&missing), "{messages}");
}

/// If something was reported when a summary was made, `merge` says so: a file that could not be read, or a log that is counted twice.
#[test]
fn incomplete_summaries() {
    let log = data("onionperf.log");
    let summary = run(&["summary", "--json", "--mergeable"], &[Path::new("missing"), &log]);
    assert_eq!(summary.status.code(), Some(1));
    let path = file("merge-incomplete", "one.json", summary.stdout);
    let (printed, messages) = both(1, &["merge"], &[&path]);
    let expected = format!("tor-streams: {}: made with exit status 1, and a message that says why\n", path.display());
    assert_eq!(messages, expected);
    let alone = run(&["summary"], &[Path::new("missing"), &log]);
    assert_eq!((printed.into_bytes(), Some(1)), (alone.stdout, alone.status.code()));
    // Everything is read here.
    let whole = file("merge-incomplete", "whole.json", run(&["summary", "--json", "--mergeable"], &[&log]).stdout);
    let twice = run(&["merge", "--json", "--mergeable"], &[&whole, &whole]);
    assert_eq!(twice.status.code(), Some(1));
    let path = file("merge-incomplete", "twice.json", twice.stdout);
    let expected = format!("tor-streams: {}: made with exit status 1, and a message that says why\n", path.display());
    assert_eq!(both(1, &["merge"], &[&path]).1, expected);
}

#[test]
fn wrong_arguments() {
    for arguments in [&["merge"][..], &["summary", "--mergeable", "x"], &["merge", "--mergeable", "x"]] {
        assert_eq!(run::<&Path>(arguments, &[]).status.code(), Some(2), "{arguments:?}");
    }
}
