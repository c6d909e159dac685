//! `summary --cluster`: several processes on this machine against one, and one of them that is missing or lost.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a helper that fails fails its test")]

#[path = "../common/mod.rs"]
mod common;
mod divided;
mod door;
mod peer;
mod process;

use core::time::Duration;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::time::Instant;

use common::error_text;
use process::{Running, addresses, cluster, start};

/// Checks that process 0 of one, two and three prints the summary of one process, that the others print nothing, and that
/// together they complain about the same lines.
#[track_caller]
fn same_as_alone(arguments: &[&str]) {
    let mut alone = Running::start(arguments).ended();
    alone.stderr.sort();
    assert!(!alone.stdout.is_empty());
    for processes in [1, 2, 3] {
        let all = cluster(processes, arguments);
        assert_eq!((all[0].status, &all[0].stdout), (alone.status, &alone.stdout), "{processes}: {arguments:?}");
        for other in &all[1..] {
            assert_eq!((other.status, other.stdout.as_str()), (Some(i32::from(!other.stderr.is_empty())), ""));
        }
        let mut stderr: Vec<_> = all.into_iter().flat_map(|ran| ran.stderr).collect();
        stderr.sort();
        assert_eq!(stderr, alone.stderr, "{processes}: {arguments:?}");
    }
}

/// Captures, several to a process.
const CAPTURES: [&str; 6] = [
    "control-port.raw",
    "hostile-targets.raw",
    "mixed-session.raw",
    "onionperf.log",
    "stream-events.raw",
    "../../cli/tests/data/two-streams.log.xz",
];

#[test]
fn the_same_report() {
    same_as_alone(&CAPTURES);
    same_as_alone(&[&["--json"], &CAPTURES[..]].concat());
}

#[test]
fn the_same_beyond_the_limit() {
    // With more open streams than `--max-live`, the order of the files decides which streams are forgotten.
    same_as_alone(&[&["--json", "--max-live", "3"], &CAPTURES[..]].concat());
}

#[test]
fn the_same_with_filters() {
    same_as_alone(&[&["--status", "FAILED", "--port", "80"], &CAPTURES[..]].concat());
}

#[test]
fn the_same_with_threads_for_a_file() {
    same_as_alone(&[&["--jobs", "2"], &CAPTURES[..]].concat());
}

#[test]
fn the_same_with_fewer_files_than_processes() {
    same_as_alone(&["onionperf.log"]);
}

/// Messages that depend on all files: one about a file that is named twice, and one about a word of a filter that is not
/// tor's and that no event has.
#[test]
fn the_same_messages() {
    same_as_alone(&["onionperf.log", "missing", "onionperf.log"]);
    // `CLOSD` is reported. `UNKNOWN_264` is not tor's either, but an event of a file has it that process 0 does not read.
    same_as_alone(&["--reason", "UNKNOWN_264", "--status", "CLOSD", "hostile-targets.raw", "onionperf.log"]);
}

#[test]
fn each_reads_its_share() {
    // Of three processes, process 0 reads the first and the last one. Two are the same file as the first one.
    let files = ["onionperf.log", "missing", "onionperf.log", "onionperf.log"];
    let missing = format!("tor-streams: missing: {}", error_text(&std::fs::File::open("missing").unwrap_err()));
    let all = cluster(3, &files);
    // Process 0 knows that a file was not read, and so ends with status 1. Process 1 has said why.
    assert_eq!((all[0].status, all[0].stderr.len()), (Some(1), 2));
    assert!(all[0].stderr.iter().all(|message| message.ends_with("so its streams are read twice")), "{:?}", all[0]);
    assert_eq!((all[1].status, all[1].stderr.len()), (Some(1), 1));
    assert!(all[1].stderr[0].starts_with(&missing), "{:?}", all[1]);
    assert_eq!((all[2].status, all[2].stderr.as_slice()), (Some(0), [].as_slice()));
    assert_eq!(all[0].stdout, Running::start(&files).ended().stdout);
}

#[test]
fn a_process_that_is_killed_ends_all() {
    // Process 2 has counted nothing, its input has no end; the others may have counted everything.
    for victim in 0..3 {
        let addresses = addresses(3);
        let files = ["hostile-targets.raw", "control-port.raw", "-"];
        let mut all: Vec<_> = (0..3).map(|process| start(&addresses, process, &files)).collect();
        // An event that cannot be read: the complaint shows that process 2 reads.
        all[2].write("650 STREAM x");
        assert!(all[1].complaint().starts_with("control-port.raw:"));
        assert!(all[2].complaint().starts_with("(standard input):1: "));
        all[victim].child.kill().unwrap();
        let killed = Instant::now();
        for (process, running) in all.into_iter().enumerate().filter(|(process, _)| *process != victim) {
            let ran = running.ended();
            let last = ran.stderr.last().unwrap();
            let lost = format!(
                "tor-streams: process {victim} ({}) ended before the summary was complete: ",
                addresses[victim]
            );
            assert!(last.starts_with(&lost), "{process}: {ran:?}");
            assert!(!ran.stderr.iter().any(|line| line.contains("panic")), "{process}: {ran:?}");
            assert_eq!((ran.status, ran.stdout.as_str()), (Some(3), ""), "{process}");
        }
        assert!(killed.elapsed() < Duration::from_secs(10));
    }
}

#[test]
fn a_process_that_does_not_come_up_ends_all() {
    let addresses = addresses(3);
    let arguments = ["--cluster-wait", "2", "onionperf.log"];
    let (first, last) = (start(&addresses, 0, &arguments), start(&addresses, 2, &arguments));
    let lost = format!("tor-streams: process 1 ({}) did not come up within 2 seconds", addresses[1]);
    let first = first.ended();
    assert_eq!(
        (first.status, first.stdout.as_str(), first.stderr.as_slice()),
        (Some(3), "", [lost.clone()].as_slice())
    );
    let last = last.ended();
    assert_eq!((last.status, last.stdout.as_str()), (Some(3), ""));
    assert_eq!(last.stderr, [lost]);

    // Without process 0, there is nobody to connect to.
    let last = start(&addresses, 2, &arguments).ended();
    let lost = format!("tor-streams: process 0 ({}) did not come up within 2 seconds: ", addresses[0]);
    assert_eq!((last.status, last.stdout.as_str()), (Some(3), ""));
    let refused = error_text(&TcpStream::connect(&addresses[0]).unwrap_err());
    assert_eq!(last.stderr.len(), 1);
    assert!(last.stderr[0].starts_with(&format!("{lost}{refused}")), "{last:?}");
}

#[test]
fn processes_of_different_runs_do_not_mix() {
    let addresses = addresses(2);
    let different: [&[&str]; 5] = [
        &["mixed-session.raw"],
        &["onionperf.log", "-"],
        &["--lenient", "onionperf.log"],
        &["--bare", "onionperf.log"],
        &["--port=80", "onionperf.log"],
    ];
    for other in different {
        let both = [start(&addresses, 0, &["onionperf.log"]), start(&addresses, 1, other)];
        for (running, other) in both.into_iter().zip([1, 0]) {
            let ran = running.ended();
            let message = format!(
                "tor-streams: process {other} was started with other addresses, files or options, or is of another version (a relative --since or --until differs between processes)"
            );
            assert_eq!((ran.status, ran.stdout.as_str(), ran.stderr), (Some(3), "", vec![message]));
        }
    }
}

#[test]
fn an_address_of_another_program() {
    let addresses = addresses(2);
    let listener = TcpListener::bind(&addresses[0]).unwrap();
    let second = start(&addresses, 1, &["onionperf.log"]);
    let (mut socket, _) = listener.accept().unwrap();
    socket.write_all(b"220 mail.example.com ESMTP, which is no tor-streams\r\n").unwrap();
    let second = second.ended();
    assert_eq!(second.stderr, [format!("tor-streams: what answers is not process 0 ({})", addresses[0])]);
    // The address is taken, too.
    let first = start(&addresses, 0, &["onionperf.log"]).ended();
    let taken = error_text(&TcpListener::bind(&addresses[0]).unwrap_err());
    let taken = format!("tor-streams: cannot listen as process 0 ({}): {taken}", addresses[0]);
    assert_eq!((second.status, first.status, first.stderr.len()), (Some(3), Some(3), 1));
    assert!(first.stderr[0].starts_with(&taken), "{first:?}");
}

/// The three ways to one summary of several machines' logs print the same: one process, a cluster, and a merge.
#[test]
fn the_same_as_a_merge() {
    for (form, limit) in [(&[][..], "100000"), (&["--json"], "100000"), (&["--json"], "3")] {
        let arguments = [form, &["--max-live", limit], &CAPTURES[..]].concat();
        let (alone, cluster) = (Running::start(&arguments).ended(), cluster(3, &arguments));
        let summaries = [&CAPTURES[..2], &CAPTURES[2..]].map(|captures| {
            let summary = Running::start(&[&["--json", "--mergeable", "--max-live", limit], captures].concat()).ended();
            let path = format!("{}/cluster-merge-{}.json", env!("CARGO_TARGET_TMPDIR"), captures.len());
            std::fs::write(&path, summary.stdout).unwrap();
            path
        });
        let merged = Command::new(env!("CARGO_BIN_EXE_tor-streams")).arg("merge").args(form).args(summaries).output();
        let merged = merged.unwrap();
        assert_eq!((alone.status, merged.status.code()), (Some(1), Some(1)));
        assert_eq!((&cluster[0].stdout, &*String::from_utf8(merged.stdout).unwrap()), (&alone.stdout, &*alone.stdout));
    }
}

#[test]
fn wrong_arguments() {
    let wrong: [&[&str]; 5] = [
        &["--cluster", "localhost:1"],
        &["--process", "0"],
        &["--cluster", "localhost:1,localhost", "--process", "0"],
        &["--cluster", "localhost:1,localhost:2", "--process", "2"],
        &["--cluster", "localhost:1,localhost:2", "--process", "0", "--cluster-wait", "0"],
    ];
    for arguments in wrong {
        assert_eq!(Running::start(&[arguments, &["onionperf.log"]].concat()).ended().status, Some(2), "{arguments:?}");
    }
}
