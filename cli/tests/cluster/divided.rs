//! A large file that all processes see: its ranges are divided among them, and the summary is that of one process.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::thread;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::common::damaged_log::LogForm;
use crate::common::random::Random;
use crate::common::{self, two_streams_in_xz};

use super::peer::{LAST, MAX_FRAME, MORE, Peer, SECRET};
use super::process::{Ran, Running, addresses, start_with_key};

/// A log whose ranges are divided among processes: lines with LF and times, and no damage. Two processes have four ranges of
/// 87 kB each, an eighth of the log.
const UNDAMAGED: LogForm = LogForm {
    has_times: true,
    end: "\n",
    lines_per_event: 2,
    lines_per_damage: LogForm::UNDAMAGED,
    recent_streams: 50,
    length: 700_000,
};

/// Number of ranges that each process has, `RANGES_PER_PROCESS` in `division.rs`, of a log as long as [`UNDAMAGED`]. A shorter log has
/// fewer, of the least length.
const RANGES: usize = 4;

/// Returns the log of a form and a seed.
fn log(form: LogForm, seed: u64) -> String {
    form.log(&mut Random(seed))
}

/// Makes a file in a folder of its own, since the tests need the same names at the same time.
fn file(folder: &str, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    common::file(&format!("divided/{folder}"), name, content)
}

/// Runs a cluster that divides files of any length, with `jobs` threads for each process.
#[track_caller]
fn run_dividing(processes: usize, jobs: &str, arguments: &[&str]) -> Vec<Ran> {
    super::cluster(processes, &[&["--jobs", jobs, "--cluster-divide", "1"], arguments].concat())
}

/// Asserts that process 0 of up to three prints the summary and all messages of a process that is alone, and the others
/// nothing.
#[track_caller]
fn assert_divided_as_alone(arguments: &[&str]) {
    let alone = Running::start(arguments).ended();
    for (processes, jobs) in [(1, "2"), (2, "1"), (2, "3"), (3, "1"), (3, "2")] {
        let all = run_dividing(processes, jobs, arguments);
        let note = format!("{processes} processes, --jobs {jobs}: {arguments:?}");
        assert_eq!((&all[0].stderr, all[0].status), (&alone.stderr, alone.status), "{note}");
        assert!(all[0].stdout == alone.stdout, "{note}\n{}\nnot\n{}", all[0].stdout, alone.stdout);
        for other in &all[1..] {
            assert_eq!((other.stdout.as_str(), &other.stderr, other.status), ("", &Vec::new(), Some(0)), "{note}");
        }
    }
}

/// Logs of every form, with much, some or little damage, read strictly and leniently, with filters and beyond the limit of
/// streams.
#[test]
fn damaged_logs_of_every_form() {
    for (seed, (has_times, end)) in (1..).zip([(true, "\n"), (true, "\r\n"), (false, "\n"), (false, "\r\n")]) {
        for (lines_per_damage, options) in [
            (10, &[][..]),
            (10, &["--lenient"]),
            (200, &["--failed"]),
            (200, &["--lenient", "--anomalous"]),
            (3000, &["--max-live", "60"]),
            (3000, &["--lenient", "--max-live", "60"]),
        ] {
            let form = LogForm { has_times, end, lines_per_damage, ..UNDAMAGED };
            let path = file("forms", &format!("{seed}-{lines_per_damage}.log"), log(form, seed));
            assert_divided_as_alone(&[&["--json", path.to_str().unwrap()], options].concat());
            fs::remove_file(path).unwrap();
        }
    }
}

/// Filters that need what a range alone may not have: the line number of the first odd event, a time, or the whole stream.
#[test]
fn filters_of_events_and_streams() {
    let path = file("filters", "tor.log", log(LogForm { lines_per_damage: 500, ..UNDAMAGED }, 7));
    let path = path.to_str().unwrap();
    for filter in
        [&["--anomalous"][..], &["--since", "2019-01-31 12:00:00"], &["--purpose", "USER", "--target", "h7.example"]]
    {
        assert_divided_as_alone(&[&["--json", path], filter].concat());
    }
}

/// Files that are divided stand between others, and a compressed file, named twice, is read whole.
#[test]
fn among_other_files() {
    let form = LogForm { lines_per_damage: 300, ..UNDAMAGED };
    let paths = [1, 2, 3].map(|seed| file("among", &format!("{seed}.log"), log(form, seed)));
    let packed = two_streams_in_xz();
    let [one, two, three, packed] = [&paths[0], &paths[1], &paths[2], &packed].map(|path| path.to_str().unwrap());
    let arguments = ["--json", one, packed, "missing", two, "onionperf.log", three, packed];
    let alone = Running::start(&arguments).ended();
    for (processes, jobs) in [(2, "1"), (3, "4")] {
        let all = run_dividing(processes, jobs, &arguments);
        assert_eq!((&all[0].stdout, all[0].status), (&alone.stdout, alone.status));
        let mut messages: Vec<_> = all.iter().flat_map(|ran| &ran.stderr).collect();
        let mut expected: Vec<_> = alone.stderr.iter().collect();
        messages.sort();
        expected.sort();
        assert_eq!(messages, expected);
    }
}

/// Starts process 0, which divides files of any length, with a fake process 1.
fn start_with_fake(arguments: &[&str]) -> (Running, Peer) {
    let addresses = addresses(2);
    let divide = ["--jobs", "1", "--cluster-divide", "1", "--json"];
    let first = start_with_key(Some(SECRET), &addresses, 0, &[&divide, arguments].concat());
    (first, Peer::call(&addresses[0], SECRET))
}

/// Returns the fingerprint of a file, as `Fingerprint` in `cli/src/input/threads/division.rs` describes it: a hash of the first 512 KiB,
/// here the whole file, and of the last 64 KiB.
fn fingerprint(content: &[u8]) -> Value {
    let end = &content[content.len() - 64 * 1024..];
    json!({"len": content.len(), "hash": Sha256::new().chain_update(content).chain_update(end).finalize().to_vec()})
}

/// Returns the message of a real process 1 about its only range of a file, and the file.
fn range_of_a_process(name: &str) -> (PathBuf, Value) {
    let mut content = log(UNDAMAGED, 5);
    content.truncate(260_000);
    let path = file("fake", name, &content);
    let addresses = addresses(2);
    let listener = std::net::TcpListener::bind(&addresses[0]).unwrap();
    let arguments = ["--jobs", "1", "--cluster-divide", "1", "--json", path.to_str().unwrap()];
    let second = start_with_key(Some(SECRET), &addresses, 1, &arguments);
    let mut peer = Peer::answer(listener.accept().unwrap().0, SECRET);
    peer.join();
    peer.json(&json!({"offer": {"0": fingerprint(content.as_bytes())}}));
    let seen: Value = serde_json::from_slice(&peer.message()).unwrap();
    assert_eq!(seen, json!({"seen": {"files": [0], "jobs": 1}}));
    peer.json(&json!({"start": [0], "jobs": 1}));
    // Of the three ranges of 64 KiB, the least length, process 1 reads the second one. Process 0 reads the others and the rest.
    let range: Value = serde_json::from_slice(&peer.message()).unwrap();
    let end: Value = serde_json::from_slice(&peer.message()).unwrap();
    assert_eq!(end, json!({"end": {"files": 0, "complete": true}}));
    peer.send(LAST, b"done").unwrap();
    assert_eq!(second.ended().status, Some(0));
    (path, range)
}

/// Runs process 0 with a process 1 that sends this message as its range.
fn with_range(path: &Path, range: &Value) -> Ran {
    let (first, mut peer) = start_with_fake(&[path.to_str().unwrap()]);
    let [_, start] = peer.begin(&[0]);
    assert_eq!(start["start"], json!([0]));
    peer.json(range);
    peer.json(&json!({"end": {"files": 0, "complete": true}}));
    first.ended()
}

/// Returns the message about a range with a change to the range.
fn changed(message: &Value, change: impl FnOnce(&mut Value)) -> Value {
    let mut message = message.clone();
    change(&mut message["range"]);
    message
}

/// A range is read by its process only, and by process 0 if that process leaves it or sends something else.
#[test]
fn a_process_that_sends_a_wrong_range() {
    let (path, range) = range_of_a_process("range.log");
    let alone = Running::start(&["--json", path.to_str().unwrap()]).ended();
    assert_eq!(with_range(&path, &range).stdout, alone.stdout);
    // A record has no text of an event. In its `order`, `+ID` and `-ID` are streams that begin and are closed, and `@` is the next of its
    // `lines`, which process 0 reads itself: each has a number, an offset and a length (`SentRecord` in `record.rs` of `summary`).
    let text = range["range"]["record"].to_string();
    assert!(!text.contains("example") && text.contains('@'), "{text}");

    // Another count is believed, which shows that process 0 has not read the range.
    let more = changed(&range, |range| {
        for place in ["/tally/streams", "/tally/targets/others"] {
            let count = range.pointer_mut(place).unwrap();
            *count = json!(count.as_u64().unwrap() + 7);
        }
    });
    let streams = |ran: &Ran| serde_json::from_str::<Value>(&ran.stdout).unwrap()["streams"].as_u64().unwrap();
    assert_eq!(streams(&with_range(&path, &more)), streams(&alone) + 7);

    let lines = range["range"]["record"]["lines"].as_array().unwrap().len();
    let order = range["range"]["record"]["order"].as_str().unwrap();
    let not_this_range: Vec<Value> = vec![
        json!({"range": null}),
        // Another file, another edge, more replies than lines, and a count of lines without a first one.
        changed(&range, |range| range["file"] = json!(1)),
        changed(&range, |range| range["range"][0] = json!(range["range"][0].as_u64().unwrap() + 1)),
        changed(&range, |range| range["replies"] = json!(1_u64 << 40)),
        changed(&range, |range| range["skipped"][0] = json!([1, null])),
        // Lines outside of the range, longer or shorter than those of the file, twice, elsewhere, and fewer than the order has.
        changed(&range, |range| range["record"]["lines"][0][1] = json!(u64::MAX)),
        changed(&range, |range| range["record"]["lines"][0][2] = json!(u64::MAX)),
        changed(&range, |range| range["record"]["lines"][0][2] = json!(3)),
        changed(&range, |range| range["record"]["lines"][1] = range["record"]["lines"][0].clone()),
        changed(&range, |range| range["record"]["lines"][lines - 1][1] = json!(65_000)),
        changed(&range, |range| drop(range["record"]["lines"].as_array_mut().unwrap().pop())),
        // The order has one `@` more than there are lines, a stream without an ID, text in place of an ID, or a sign that no order
        // has, or it is empty.
        changed(&range, |range| range["record"]["order"] = json!(format!("{order}@"))),
        changed(&range, |range| range["record"]["order"] = json!(format!("+{order}"))),
        changed(&range, |range| range["record"]["order"] = json!(format!("+9 NEW 0 a:1{order}"))),
        changed(&range, |range| range["record"]["order"] = json!(format!("x{order}"))),
        changed(&range, |range| range["record"]["order"] = json!("")),
    ];
    for message in not_this_range {
        // Not `assert_eq`, which would print two summaries.
        assert!(with_range(&path, &message).stdout == alone.stdout, "{message}");
    }

    // A message that no process sends ends the run. Its fields are those of `SentRange` in `summary/cluster/range.rs`.
    let damaged: Vec<Value> = vec![
        // Fewer lines than events.
        changed(&range, |range| range["lines"] = json!(1)),
        changed(&range, |range| range["tally"]["lines"] = json!(1)),
        // Edges of no range.
        changed(&range, |range| range["range"] = json!([9, 9])),
        // Counts whose sums might overflow.
        changed(&range, |range| range["lines"] = json!(u64::MAX)),
        changed(&range, |range| range["check"]["forward"] = json!(u64::MAX)),
        changed(&range, |range| range["findings"]["joined"]["count"] = json!(u64::MAX)),
        changed(&range, |range| range["tally"]["streams"] = json!(u64::MAX)),
        // Fewer streams than are counted by their targets.
        changed(&range, |range| range["tally"]["streams"] = json!(0)),
        // An ID with a blank.
        changed(&range, |range| range["check"]["again"] = json!({"number": 1, "one": "a b"})),
        // A field that no tally has, a range that is a number, and a message of another form.
        changed(&range, |range| range["tally"]["octets"] = json!(1)),
        json!({"range": 7}),
        json!({"tally": {}}),
    ];
    for message in damaged {
        let ran = with_range(&path, &message);
        let reason = "ended before the summary was complete: it sends a tally that cannot be merged: ";
        assert!(ran.status == Some(3) && ran.stdout.is_empty() && ran.stderr[0].contains(reason), "{message} {ran:?}");
    }
}

/// The tables of a range have no limit. So its message may be longer than that of any tally with ten rows, 2.9 MB; it may have up to
/// 8 MiB, and no more.
#[test]
fn a_range_that_is_longer_than_a_tally() {
    let (path, range) = range_of_a_process("long.log");
    let arguments = ["--max-live", "10", path.to_str().unwrap()];
    let range = range.to_string();
    let with_len = |len: usize| {
        let (first, mut peer) = start_with_fake(&arguments);
        peer.begin(&[0]);
        // Space before JSON has no meaning.
        let spaces = vec![b' '; len - range.len()];
        spaces.chunks(MAX_FRAME).for_each(|spaces| peer.send(MORE, spaces).unwrap());
        // Process 0 may have ended: what it prints is compared.
        let _ = peer.send(LAST, range.as_bytes());
        let _ = peer.send(LAST, br#"{"end":{"files":0,"complete":true}}"#);
        first.ended()
    };
    let alone = Running::start(&[&["--json"], &arguments[..]].concat()).ended();
    assert!(with_len(8 << 20).stdout == alone.stdout);
    let too_long = with_len((8 << 20) + 1);
    assert!(too_long.status == Some(3) && too_long.stderr[0].ends_with(": it sends too much"), "{too_long:?}");
}

/// A process that says that it has read its ranges, and has sent too few.
#[test]
fn a_process_that_sends_too_few_ranges() {
    let path = file("fake", "few.log", log(UNDAMAGED, 5));
    let (first, mut peer) = start_with_fake(&[path.to_str().unwrap()]);
    peer.begin(&[0]);
    peer.json(&json!({"end": {"files": 0, "complete": true}}));
    let ran = first.ended();
    assert_eq!((ran.status, ran.stderr), (Some(3), vec!["tor-streams: a process has sent too few ranges".to_owned()]));
}

/// A file that differs between the machines is read whole, by the process whose turn it is.
#[test]
fn a_file_that_differs() {
    /// A line that replaces as many bytes at the end.
    const LINE: &str = "650 STREAM 1 NEW 0 a:1\n";

    let content = log(UNDAMAGED, 1);
    let without = |bytes: usize| {
        let mut text = content.clone();
        text.truncate(content.len() - bytes);
        text
    };
    let cases = [
        ("beginning", content.replacen("NEW", "OLD", 1)),
        ("end", without(LINE.len()) + LINE),
        ("shorter", without(1)),
        ("missing", String::new()),
    ];
    for (name, other) in cases {
        let folders = ["one", "two"].map(|machine| format!("differs-{name}-{machine}"));
        let path = file(&folders[0], "tor.log", &content);
        let theirs = file(&folders[1], "tor.log", other);
        if name == "missing" {
            fs::remove_file(&theirs).unwrap();
        }
        let addresses = addresses(2).join(",");
        let arguments = ["--json", "--cluster-divide", "1", "tor.log", "--cluster", &addresses, "--process"];
        let both = [(&path, "0"), (&theirs, "1")].map(|(path, process)| {
            Running::in_folder(path.parent().unwrap(), None, &[&arguments[..], &[process]].concat())
        });
        let both = both.map(Running::ended);
        let alone = Running::in_folder(path.parent().unwrap(), None, &["--json", "tor.log"]).ended();
        assert_eq!((&both[0].stdout, &both[0].stderr), (&alone.stdout, &alone.stderr), "{name}");
        assert_eq!((both[1].status, both[1].stderr.len()), (Some(0), 0), "{name}");
    }
}

/// A file that grows is divided up to the length that was agreed, and process 0 reads the rest.
#[test]
fn a_file_that_grows() {
    let content = log(UNDAMAGED, 9);
    let path = file("grows", "tor.log", &content);
    let (first, mut peer) = start_with_fake(&[path.to_str().unwrap()]);
    let late = "2019-01-31 11:29:51 1548999999.00 650 STREAM 99999 NEW 0 late.example:80\n";
    peer.join();
    let offer: Value = serde_json::from_slice(&peer.message()).unwrap();
    assert_eq!(offer["offer"]["0"]["len"], content.len());
    OpenOptions::new().append(true).open(&path).unwrap().write_all(late.repeat(3000).as_bytes()).unwrap();
    peer.json(&json!({"seen": {"files": [0], "jobs": 1}}));
    peer.message();
    // The fake process leaves its ranges to process 0.
    for _ in 0..RANGES {
        peer.json(&json!({"range": null}));
    }
    peer.json(&json!({"end": {"files": 0, "complete": true}}));
    let alone = Running::start(&["--json", path.to_str().unwrap()]).ended();
    assert_eq!(first.ended().stdout, alone.stdout);
    assert!(alone.stdout.contains("late.example"));

    // While real processes read, another one writes.
    let mut writer = OpenOptions::new().append(true).open(&path).unwrap();
    let lines = late.repeat(10);
    let writing = thread::spawn(move || (0..2000).for_each(|_| writer.write_all(lines.as_bytes()).unwrap()));
    let all = run_dividing(3, "2", &["--json", path.to_str().unwrap()]);
    writing.join().unwrap();
    assert_eq!(all[0].status, Some(1), "lines that only look like an event are reported");
    let read = serde_json::from_str::<Value>(&all[0].stdout).unwrap()["bytes"].as_u64().unwrap();
    OpenOptions::new().write(true).open(&path).unwrap().set_len(read).unwrap();
    let alone = Running::start(&["--json", path.to_str().unwrap()]).ended();
    assert_eq!(all[0].stdout, alone.stdout);
}

/// A file that is another one, or none, when its turn comes: process 0 reads it whole.
#[test]
fn a_file_that_is_replaced() {
    let path = file("replaced", "tor.log", log(UNDAMAGED, 2));
    let other = log(UNDAMAGED, 3);
    for content in [Some(other), None] {
        let (first, mut peer) = start_with_fake(&[path.to_str().unwrap()]);
        peer.join();
        peer.message();
        match &content {
            Some(content) => fs::write(&path, content).unwrap(),
            None => fs::remove_file(&path).unwrap(),
        }
        peer.json(&json!({"seen": {"files": [0], "jobs": 1}}));
        peer.message();
        for _ in 0..RANGES {
            peer.json(&json!({"range": null}));
        }
        peer.json(&json!({"end": {"files": 0, "complete": true}}));
        let (ran, alone) = (first.ended(), Running::start(&["--json", path.to_str().unwrap()]).ended());
        assert_eq!((ran.stdout, ran.stderr, ran.status), (alone.stdout, alone.stderr, alone.status));
    }
}
