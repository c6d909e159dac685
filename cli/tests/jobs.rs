//! The number of threads changes nothing of what is printed.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a helper that fails fails its test")]

mod common;

use core::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use common::{data, file};

/// Commands whose output is compared.
const COMMANDS: &[&[&str]] = &[
    &["events", "--lenient"],
    &["events", "--format", "csv", "--status", "NEW", "--show-credentials"],
    &["summary", "--json"],
    &["summary", "--json", "--max-live", "20"],
    &["streams", "--max-live", "20"],
    &["streams", "--format", "csv", "--join"],
    &["streams", "--format", "onionperf"],
    &["streams", "--status", "FAILED", "--purpose", "USER"],
    &["summary", "--json", "--status", "FAILED"],
    &["summary", "--json", "--join", "--anomalous"],
    &["circuits"],
    &["share"],
    &["count", "--by", "target,cause,identity", "--format", "json", "--max-live", "20"],
    &["count", "--by", "target,circuit,status", "--events", "--format", "csv", "--max-live", "20"],
];

/// Formats that are not always there.
#[cfg(feature = "arrow")]
const TABLES: &[&[&str]] = &[&["events", "--format", "arrow"], &["events", "--format", "parquet", "--lenient"]];

/// Formats that are not always there.
#[cfg(not(feature = "arrow"))]
const TABLES: &[&[&str]] = &[];

/// Runs the program with so many threads.
fn run<P: AsRef<Path>>(command: &[&str], jobs: &str, files: &[P]) -> Output {
    common::run(&[command, &["--jobs", jobs]].concat(), files)
}

/// Holds what several threads print of some files against what one prints.
#[track_caller]
fn same<P: AsRef<Path>>(files: &[P], commands: &[&[&str]], numbers: &[&str]) {
    for command in commands {
        let one = run(command, "1", files);
        for jobs in numbers {
            let several = run(command, jobs, files);
            let text = |output: &Output| String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(text(&several), text(&one), "{command:?} --jobs {jobs}");
            assert_eq!(several.status.code(), one.status.code(), "{command:?} --jobs {jobs}");
            let where_they_differ = || {
                let differs = several.stdout.iter().zip(&one.stdout).position(|(several, one)| several != one);
                let differs = differs.unwrap_or_else(|| several.stdout.len().min(one.stdout.len()));
                let part =
                    |bytes: &[u8]| bytes[differs.saturating_sub(200)..].escape_ascii().take(600).collect::<Vec<_>>();
                let text = |bytes: &[u8]| String::from_utf8(part(bytes)).unwrap();
                format!("at byte {differs}:\n{}\nnot\n{}", text(&several.stdout), text(&one.stdout))
            };
            assert!(several.stdout == one.stdout, "{command:?} --jobs {jobs} {}", where_they_differ());
        }
    }
}

/// Holds what several threads print of a log against what one prints, and removes the log.
#[track_caller]
fn same_log(name: &str, log: &[u8]) {
    let path = file("jobs", name, log);
    let printed = run(&["events"], "3", &[&path]).stdout;
    assert!(printed.len() > 1000, "{name} has no events");
    same(&[&path], COMMANDS, &["3"]);
    same(&[&path], TABLES, &["3"]);
    fs::remove_file(path).unwrap();
}

/// Returns a capture.
fn capture(name: &str) -> Vec<u8> {
    fs::read(data(name)).unwrap()
}

/// Puts a time before each line of a capture.
fn stamped(capture: &[u8]) -> Vec<u8> {
    let mut log = Vec::new();
    for (number, line) in capture.split_inclusive(|&byte| byte == b'\n').enumerate() {
        log.extend_from_slice(
            format!("2026-11-21 10:00:00 {}.{:02} ", 1_795_255_200 + number, number % 100).as_bytes(),
        );
        log.extend_from_slice(line);
    }
    log
}

#[test]
fn events_one_after_the_other() {
    same_log("events", &stamped(&capture("stream-events.raw")).repeat(2));
}

#[test]
fn events_among_others() {
    same_log("onionperf", &capture("onionperf.log").repeat(30));
}

#[test]
fn a_capture_of_the_wire() {
    same_log("wire", &capture("control-port.raw").repeat(20));
}

#[test]
fn a_log_without_times() {
    let lines = capture("control-port.raw").repeat(20);
    let lines: Vec<u8> = lines.into_iter().filter(|&byte| byte != b'\r').collect();
    same_log("no-times", &[b"Starting.\n", &lines[..]].concat());
}

#[test]
fn lines_that_are_too_long() {
    let log = stamped(&capture("hostile-targets.raw")).repeat(100);
    let long = [b"2026-11-21 10:00:00 1795255200.51 650 STREAM 1 NEW 0 ", &[b'a'; 1_100_000][..], b":80\r\n"].concat();
    same_log("long", &[&log[..], &long, &log, &long].concat());
}

#[test]
fn data_of_a_reply_that_is_longer_than_a_range() {
    let log = stamped(&capture("hostile-targets.raw")).repeat(12);
    for (name, line) in [("data", ""), ("data-like-events", "2026-11-21 10:00:00 1795255200.51 ")] {
        let lines = format!("{line}650 STREAM 1 NEW 0 data:1\n").repeat(4_000);
        let data = [b"2026-11-21 10:00:00 1795255200.51 250+data=\n", lines.as_bytes()].concat();
        same_log(name, &[&log[..], &data, b".\n", &log, &data, b".\n", &log].concat());
        same_log(&format!("{name}-open"), &[&log[..], &data, &log, &data, &log].concat());
    }
}

/// Streams that were open when a controller asked: of a stream with the ID 250, the line looks like a reply, at which a range
/// may begin.
#[test]
fn open_streams_in_several_ranges() {
    let event = |n: usize| format!("650 STREAM {n} NEW 0 h{n}.example:80\r\n");
    let events = |from: usize, to: usize| (from..to).map(event).collect::<String>();
    for ids in [1..3000, 250..251] {
        let row = |n: usize| format!("{n} SUCCEEDED 7 open{n}.example:443\r\n");
        let rows = ids.map(|n| if n % 50 == 0 { row(250) } else { row(n) }).collect::<String>();
        for reply in [format!("250+stream-status=\r\n{rows}.\r\n250 OK\r\n"), format!("250-stream-status={}", row(9))] {
            let log =
                [events(10_000, 12_000), reply.clone(), events(12_000, 13_000), reply, events(13_000, 17_000)].concat();
            let path = file("jobs", "open-streams", &log);
            same(&[&path], &[&["streams"], &["streams", "--join"]], &["8"]);
            let unix = log.replace('\r', "");
            same(&[&file("jobs", "open-streams", &unix)], &[&["streams"]], &["8"]);
            // Times before all lines, damaged streams, and a lost dot.
            let damaged = unix.replace("7.example:443\n", "7.example\n").replacen("\n.\n", "\n", 1);
            let stamped = |prefix: &str, text: &str| text.lines().map(|line| format!("{prefix}{line}\n")).collect();
            for log in [stamped("Nov 25 10:00:02 ", &unix), stamped("10:00:02 gw tor[811]: ", &damaged), damaged] {
                let path = file("jobs", "open-streams", log);
                same(&[&path], &[&["streams", "--prefix", "auto"]], &["2", "8"]);
            }
        }
    }
}

/// A generator of pseudo-random numbers, so that a failure can be repeated.
struct Random(u64);

impl Random {
    /// Returns a number below another one.
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }

    /// Returns one of some.
    fn one_of<'a, T: ?Sized>(&mut self, all: &[&'a T]) -> &'a T {
        all[self.below(all.len())]
    }
}

/// Returns a log of some kind, with damage: data that is open, lines without ends, ends of the other kind, lines cut off.
fn damaged(random: &mut Random) -> Vec<u8> {
    let bare = random.below(3) == 0;
    let (end, other_end): (&[u8], &[u8]) = if random.below(2) == 0 { (b"\r\n", b"\n") } else { (b"\n", b"\r\n") };
    let (often, damage) = ([2, 8, 60][random.below(3)], [4, 300, 5000][random.below(3)]);
    let streams = [5, 40, 2000][random.below(3)];
    let mut log = Vec::new();
    let (mut id, mut time) = (1_usize, 1_548_934_191_usize);
    log.extend_from_slice(random.one_of(&[b"\xEF\xBB\xBF".as_slice(), b"Starting.\n", b"", b""]));
    let length = 150_000 + random.below(300_000);
    while log.len() < length {
        time += random.below(2);
        let mut prefix = format!("2019-01-31 11:29:51 {time}.{:02} ", random.below(100));
        if bare {
            prefix.clear();
        }
        if random.below(often) == 0 {
            let status =
                random.one_of(&["NEW", "NEW", "SENTCONNECT", "SUCCEEDED", "FAILED", "CLOSED", "DETACHED", "REMAP"]);
            let stream = if status == "NEW" { id } else { id.saturating_sub(random.below(streams)).max(1) };
            id += usize::from(status == "NEW");
            let more =
                random.one_of(&["", " REASON=END REMOTE_REASON=DONE", " SOURCE_ADDR=127.0.0.1:5 PURPOSE=USER", " X=1"]);
            let (circuit, host) = (random.below(20), random.below(300));
            log.extend_from_slice(
                format!("{prefix}650 STREAM {stream} {status} {circuit} h{host}.example:80{more}").as_bytes(),
            );
        } else {
            let line = random.one_of(&[
                "650 BW 1 2",
                "650 STREAM_BW 1 2 3",
                "250 OK",
                "650 INFO a 650 STREAM 1 NEW 0 a:1",
                "text",
            ]);
            log.extend_from_slice(format!("{prefix}{line}").as_bytes());
        }
        log.extend_from_slice(if random.below(damage) == 0 { other_end } else { end });
        if random.below(damage) == 0 {
            let rows = [1, 20, 4000][random.below(3)];
            log.extend_from_slice(format!("{prefix}{}", random.one_of(&["250+ns/all=", "650+NS"])).as_bytes());
            log.extend_from_slice(end);
            for _ in 0..random.below(rows) {
                let like = random.one_of(&["r a b c", "650 STREAM 3 NEW 0 data:1", "250 OK", "..", "w Bandwidth=1"]);
                let prefix = if random.below(50) == 0 { &*prefix } else { "" };
                log.extend_from_slice(format!("{prefix}{like}").as_bytes());
                log.extend_from_slice(end);
            }
            if random.below(6) > 0 {
                log.extend_from_slice(b".");
                log.extend_from_slice(end);
            }
        }
        if random.below(damage) == 0 {
            let text = random.one_of(&[
                "650 STREAM 5 NEWER 0 a:1",
                "650 STREAM",
                "\u{FEFF}",
                ".",
                "",
                "\r",
                "650 STREAM 4 NEW 0 a\rb:1",
            ]);
            log.extend_from_slice(format!("{prefix}{text}").as_bytes());
            log.extend_from_slice(random.one_of(&[b"\n".as_slice(), b"\r\n", b"\r", b""]));
        }
        if random.below(20 * damage) == 0 {
            log.resize(log.len() + random.below(40_000), b'x');
        }
    }
    log
}

#[test]
fn random_damaged_logs() {
    let rounds = std::env::var("JOBS_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(3);
    let first = std::env::var("JOBS_FIRST").ok().and_then(|first| first.parse().ok()).unwrap_or(0);
    for seed in first..first + rounds {
        let mut random = Random(seed);
        let log = damaged(&mut random);
        let path = file("jobs", &format!("random-{seed}"), log);
        eprintln!("JOBS_FIRST={seed} JOBS_ROUNDS=1");
        let numbers: &[&str] =
            if rounds > 3 { &["2", "3", "7", "64"] } else { [&["2", "7"][..], &["3"], &["64"]][seed as usize % 3] };
        same(&[&path], COMMANDS, numbers);
        same(&[&path], TABLES, &["3"]);
        fs::remove_file(path).unwrap();
    }
}

#[test]
fn many_files() {
    let mut random = Random(99);
    let mut paths: Vec<PathBuf> = Vec::new();
    for number in 0..40 {
        let length = random.below(3000);
        let log = stamped(&capture("hostile-targets.raw")[..length]);
        paths.push(file("jobs-many", &format!("{number}.log"), log));
    }
    // Some that are long, some that are compressed, and one that is not there.
    paths.insert(3, file("jobs-many", "long.log", damaged(&mut random)));
    paths.insert(9, Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/two-streams.log.xz"));
    paths.insert(12, "/no/such/file".into());
    paths.insert(20, file("jobs-many", "long-2.log", damaged(&mut random)));
    same(&paths, COMMANDS, &["2", "256"]);
    same(&paths, TABLES, &["3"]);
}

#[test]
fn a_log_that_lost_a_block() {
    // The file had 1.1 MB at first, and grew by 1000 lines while it was read.
    let path = data("faults/jobs-lost-block.log");
    same(&[path], COMMANDS, &["2", "3", "7", "64"]);
}

/// Returns the maximum of the program's memory while it runs, in MB.
#[cfg(target_os = "linux")]
fn memory(command: &[&str], path: &Path) -> usize {
    let mut child = Command::new(env!("CARGO_BIN_EXE_tor-streams"));
    child.args(command).arg(path).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = child.spawn().unwrap();
    let mut most = 0;
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<usize>().ok());
        most = most.max(kilobytes.unwrap_or_default() / 1000);
        std::thread::sleep(core::time::Duration::from_millis(5));
    };
    // Arguments that are wrong would take no memory.
    assert_ne!(status.code(), Some(2), "{command:?}");
    most
}

/// Logs made to fill the memory: in each line the end of another stream, streams that begin and end at once, one stream
/// without an end, and many that are never closed.
#[test]
#[cfg(target_os = "linux")]
fn memory_with_many_threads() {
    let line = |n: usize, status: &str| format!("650 STREAM {n} {status} 0 h{n}:1\r\n");
    for (name, commands) in [
        ("ends", "summary streams count onionperf"),
        ("pairs", "summary streams circuits"),
        ("same", "streams events"),
        ("open", "summary streams"),
    ] {
        let lines = |n: usize| match name {
            "ends" => line(n, "CLOSED"),
            "pairs" => line(n, "NEW") + &line(n, "CLOSED"),
            "same" => line(1, "SENTCONNECT"),
            _ => line(n, "NEW") + &line(n, "SENTCONNECT").repeat(8),
        };
        let mut log = String::new();
        let mut number = 0;
        while log.len() < 12_000_000 {
            log.push_str(&lines(number));
            number += 1;
        }
        let path = file("jobs", &format!("memory-{name}"), log);
        for command in commands.split(' ') {
            let options: &[&str] = match command {
                "events" => &[],
                "count" => &["--events", "--by", "target,status", "--max-live", "1000"],
                "onionperf" => &["--format", "onionperf", "--max-live", "1000"],
                _ => &["--max-live", "1000"],
            };
            let name_of = if command == "onionperf" { "streams" } else { command };
            let most = memory(&[&[name_of, "--jobs", "16"], options].concat(), &path);
            assert!(most > 0 && most <= 64, "{command} of {name}: {most} MB");
        }
        fs::remove_file(path).unwrap();
    }
}

/// Returns line `number` of a log.
fn line(number: usize) -> String {
    format!("2019-01-31 11:29:51 1548934191.51 650 STREAM {number} NEW 0 a:1\n")
}

/// Runs `events` on a log with so many lines, and changes the file when the program is in the middle of it: its output is a
/// pipe that nobody reads until then. Returns the IDs that it prints.
fn changed_while_it_is_read(name: &str, jobs: &str, lines: usize, change: impl FnOnce(&Path)) -> Vec<usize> {
    let path = file("jobs", &format!("{name}-{jobs}"), (1..=lines).map(line).collect::<String>());
    let mut command = Command::new(env!("CARGO_BIN_EXE_tor-streams"));
    command.args(["events", "--jobs", jobs]).arg(&path).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // With the first byte the file is open, and its length known.
    let mut stdout = child.stdout.take().unwrap();
    let mut output = vec![0];
    stdout.read_exact(&mut output).unwrap();
    change(&path);
    stdout.read_to_end(&mut output).unwrap();
    assert!(child.wait().unwrap().code().is_some());
    fs::remove_file(path).unwrap();
    let rows = String::from_utf8(output).unwrap();
    rows.lines()
        .map(|row| serde_json::from_str::<serde_json::Value>(row).unwrap()["id"].as_str().unwrap().parse().unwrap())
        .collect()
}

#[test]
fn a_file_that_grows_while_it_is_read() {
    for jobs in ["1", "2", "7"] {
        let ids = changed_while_it_is_read("grows", jobs, 20_000, |path| {
            // A line that is written in two pieces.
            let more: String = (20_001..=25_000).map(line).collect();
            let (one, two) = more.split_at(more.len() / 2 + 7);
            let mut file = OpenOptions::new().append(true).open(path).unwrap();
            file.write_all(one.as_bytes()).unwrap();
            file.write_all(two.as_bytes()).unwrap();
        });
        assert!(ids.iter().copied().eq(1..=25_000), "--jobs {jobs}: {}", ids.len());
    }
}

#[test]
fn a_file_that_is_cut_short_while_it_is_read() {
    for jobs in ["1", "2", "7"] {
        let ids = changed_while_it_is_read("shrinks", jobs, 60_000, |path| {
            OpenOptions::new().write(true).open(path).unwrap().set_len(1_000_000).unwrap();
        });
        // Some of what was cut off may have been read before.
        assert!(ids.iter().copied().eq(1..=ids.len()), "--jobs {jobs}");
        assert!(ids.len() > 15_000 && ids.len() < 60_000, "--jobs {jobs}: {}", ids.len());
    }
}

#[test]
fn a_file_that_is_replaced_while_it_is_read() {
    for jobs in ["1", "2", "7"] {
        let ids = changed_while_it_is_read("replaced", jobs, 30_000, |path| {
            let other = path.with_extension("new");
            fs::write(&other, line(7)).unwrap();
            fs::rename(other, path).unwrap();
        });
        assert!(ids.iter().copied().eq(1..=30_000), "--jobs {jobs}: {}", ids.len());
    }
}

/// A log of two files is named by the first, in whatever command; and the first odd event of it is that of the first file,
/// though the second one's name comes before it in the alphabet, and the filters decide about streams at their ends.
#[test]
fn a_log_of_two_files() {
    let part = |name: &str, time: usize| {
        let mut log = String::new();
        for number in 0..4000 {
            let odd = if number == 7 { " EVER=1 SOURCE_ADDR=x" } else { "" };
            writeln!(log, "{}.00 650 STREAM {} NEW 0 a.test:80{odd}", time + number, time + number).unwrap();
            writeln!(log, "{}.00 650 STREAM {} SENTCONNECT 3 a.test:80", time + number, time + number).unwrap();
        }
        file("jobs", name, log)
    };
    let files = [part("tor.log.1", 1_795_600_000), part("tor.log", 1_795_700_000)];
    let first = files[0].to_str().unwrap();
    for jobs in ["1", "2", "7"] {
        for options in [&[][..], &["--anomalous"]] {
            let output = run(&[&["summary", "--json", "--join"], options].concat(), jobs, &files).stdout;
            let summary: serde_json::Value = serde_json::from_slice(&output).unwrap();
            let odd = &summary["anomalies"][0];
            assert_eq!((&odd["events"], &odd["file"], &odd["line"]), (&2.into(), &first.into(), &15.into()), "{jobs}");
            assert_eq!(summary["circuits"][0]["file"], first, "{jobs}");
        }
        let circuits = String::from_utf8(run(&["circuits", "--join"], jobs, &files).stdout).unwrap();
        assert_eq!(common::parse_rows(&circuits)[0]["file"], first, "{jobs}");
        let reversed = run(&["streams", "--join"], jobs, &[&files[1], &files[0]]).stderr;
        let told = String::from_utf8(reversed).unwrap();
        assert!(told.starts_with(&format!("tor-streams: {}: times go back", files[1].display())), "{told}");
    }
}

#[test]
fn numbers_of_threads() {
    for (jobs, status) in [("0", 2), ("1", 0), ("256", 0), ("257", 2), ("x", 2)] {
        let output = run(&["events"], jobs, &[data("onionperf.log")]);
        assert_eq!(output.status.code(), Some(status), "{jobs}");
    }
}

/// A log with a stream, a reason and a target of their own in each line: what would be kept of a range is too much, so that it
/// is read again, and after some of them the file is read by one thread.
#[test]
fn everything_is_different() {
    let line = |n: u32| format!("650 STREAM {n} CLOSED 0 h{n}:1 REASON=W{n:012}\r\n");
    let path = file("jobs", "different.raw", (0..60_000).map(line).collect::<String>());
    same(&[path], &[&["summary", "--json", "--max-live", "1000"], &["summary", "--max-live", "50000"]], &["3"]);
}

/// With filters, the words of a stream's events wait for its end: of one stream, so many are counted apart, wherever the log
/// is cut. Streams 1 to 9 have an unknown word in each event, and are open over all cuts; other streams have one each.
#[test]
fn words_of_open_streams_with_filters() {
    let mut log = String::new();
    let host = "a".repeat(200);
    for n in 0..20_000_u32 {
        let stream = 1 + n % 9;
        let word = if stream < 5 { n + 100 } else { n % 7 };
        writeln!(log, "650 STREAM {stream} DETACHED 3 {host}:80 REASON=W{word}").unwrap();
        writeln!(log, "650 STREAM {} CLOSED 3 {host}:80 REASON=V{}", 100 + n, n % 5).unwrap();
    }
    for stream in 1..=9 {
        writeln!(log, "650 STREAM {stream} CLOSED 3 a.test:80 REASON=DONE").unwrap();
    }
    let path = file("jobs", "words.log", log);
    let command = &["summary", "--json", "--status", "CLOSED"];
    let summary: serde_json::Value = serde_json::from_slice(&run(command, "1", &[&path]).stdout).unwrap();
    // Of streams 1 to 4, 16 each; of the others 7 together, and 5 of the short ones.
    assert_eq!(summary["reasons"].as_array().unwrap().len(), 4 * 16 + 7 + 5 + 1);
    assert_eq!(summary["other_reasons"], 20_000 / 9 * 4 + 2 - 4 * 16);
    same(&[path], &[command, &["summary", "--json", "--status", "CLOSED", "--max-live", "20"]], &["3", "8"]);
}
