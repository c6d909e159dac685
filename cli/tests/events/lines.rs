//! Lines that are no event, or cannot be read.

use crate::{log_file, objects, run_on};

#[test]
fn other_lines_are_stepped_over() {
    let wire = concat!(
        "250-version=0.4.9.11\r\n",
        "250+info=\r\n1 NEW 0 data:1\r\n.\r\n",
        "650+NS\r\n650 BW 2 2\r\n.\r\n",
        "650 INFO text of 650 STREAM 3 NEW 0 log:3\r\n",
        "650 STREAM_BANDWIDTH 4 5 6\r\n",
        "650 STREAM 5 NEW 0 real:5\r\n",
    );
    let printed = objects(&[], wire);
    assert_eq!(printed.len(), 1);
    assert_eq!((&printed[0]["line"], &printed[0]["id"]), (&10.into(), &"5".into()));
}

#[test]
fn bad_lines() {
    let log = concat!(
        "650 STREAM 1 NEW 0 a.example:80\n",
        "650 STREAM 1 NEWER 0 a.example:80\n",
        "650 STREAM 1 CLOSED 0 a.example SOCKS_PASSWORD=\"secret\"\n",
        "650 STREAM 1 CLOSED 0 a.example:65536\n",
        "650 STREAM 1 SENTCONNECT 3 a.example:80\n",
    );
    let path = log_file("bad_lines.log", log);
    let reasons = [
        "2: expected a stream status, found the unknown word NEWER at byte 2",
        "3: expected a target (host:port), found ' ' at byte 20",
        "4: expected a port up to 65535, found a greater number at byte 21",
    ];
    for (argument, name) in [(path.as_str(), path.as_str()), ("-", "(standard input)")] {
        let ran = run_on(&["events", argument], log);
        assert_eq!(ran.stderr.lines().collect::<Vec<_>>(), reasons.map(|reason| format!("{name}:{reason}")));
        assert_eq!((ran.status, ran.stdout.lines().count()), (1, 2));
    }
}

/// Each unknown status is reported once, and the others are counted at the end, by any number of threads.
#[test]
fn unknown_statuses() {
    let lines = ["1 NEW 0 a.example:80", "1 PAUSED 0 a.example:80", "1 NEWER 0 a.example:80", "1 CLOSED 0 a.example"];
    let log =
        lines.map(|line| format!("2024-01-01 00:00:00 1704067200.00 650 STREAM {line}\n")).concat().repeat(20_000);
    let path = log_file("unknown_statuses.log", &log);
    let mut printed = Vec::new();
    for jobs in ["1", "2", "3"] {
        let ran = run_on(&["events", "--jobs", jobs, &path], "");
        assert_eq!((ran.status, ran.stdout.lines().count()), (1, 20_000));
        let about_words: Vec<_> = ran.stderr.lines().filter(|line| line.contains("unknown word")).collect();
        let expected = [
            "2: expected a stream status, found the unknown word PAUSED at byte 2",
            "3: expected a stream status, found the unknown word NEWER at byte 2",
            " 19999 more with the unknown word PAUSED",
            " 19999 more with the unknown word NEWER",
        ];
        assert_eq!(about_words, expected.map(|message| format!("{path}:{message}")));
        // Besides, each line with a target without a port is reported.
        assert_eq!(ran.stderr.lines().count(), 20_000 + about_words.len());
        printed.push((ran.stdout, ran.stderr));
    }
    assert!(printed.windows(2).all(|both| both[0] == both[1]));
}

#[test]
fn lenient() {
    let lines = [
        &b"650 STREAM 1 NEWER 0 a.example:80\n"[..],
        b"650 STREAM 1 CLOSED 0 a.example REASON=DONE\n",
        b"650 STREAM \xE9 NEW 0 \xE9:\xE9\n",
    ];
    let printed = objects(&["--lenient"], lines.concat());
    assert_eq!(printed[0]["status"], "NEWER");
    assert_eq!((&printed[1]["target_host"], &printed[1]["target_port"]), (&"a.example".into(), &0.into()));
    assert_eq!(printed[1]["anomalies"], serde_json::json!(["target_without_port", "unknown_order"]));
    assert_eq!((&printed[2]["id"], &printed[2]["target_host"]), (&"\u{FFFD}".into(), &"\u{FFFD}:\u{FFFD}".into()));
}

#[test]
fn a_line_that_is_too_long() {
    let log =
        [b"650 STREAM 1 NEW 0 a.example:80 X=", &[b'x'; 1 << 20][..], b"\n650 STREAM 2 NEW 0 a.example:80\n"].concat();
    let path = log_file("long_line.log", log);
    let ran = run_on(&["events", &path], "");
    assert_eq!(ran.stderr, format!("{path}:1: expected a line of at most 1048576 bytes, found one of 1048611\n"));
    assert_eq!((ran.status, ran.stdout.lines().count()), (1, 1));
}
