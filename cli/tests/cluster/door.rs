//! Strangers at the door of process 0, and processes that vanish or fall silent. The door is the socket at which process 0 listens
//! until all processes have come.

use core::time::Duration;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;
use std::time::Instant;

use super::peer::{ALIVE, ANSWER_LEN, LAST, LOST, MAGIC, NUMBER_1, PROOF_OFFSET, Peer, SECRET, connect, hello, proof};
use super::process::{Ran, Running, addresses, start, start_with_key};

/// Checks that a process has ended without a summary, for one reason.
#[track_caller]
fn lost(ran: &Ran, reason: &str) {
    assert_eq!((ran.status, ran.stdout.as_str()), (Some(3), ""), "{ran:?}");
    assert_eq!(ran.stderr, [format!("tor-streams: {reason}")]);
}

/// Starts process 1, and checks that it and process 0 make the summary.
#[track_caller]
fn completes(first: Running, key: Option<&str>, addresses: &[String], begin: Instant) {
    let second = start_with_key(key, addresses, 1, &["onionperf.log"]).ended();
    let first = first.ended();
    assert_eq!((second.status, first.status, first.stderr.len()), (Some(0), Some(0), 0), "{first:?} {second:?}");
    assert_eq!(first.stdout, Running::start(&["onionperf.log"]).ended().stdout);
    // A stranger that was waited for would have taken the 60 seconds of `--cluster-wait`. Without one a run takes a second.
    assert!(begin.elapsed() < Duration::from_secs(30), "{:?}", begin.elapsed());
}

#[test]
fn strangers_are_not_listened_to() {
    let addresses = addresses(2);
    let (begin, first) = (Instant::now(), start(&addresses, 0, &["onionperf.log"]));
    let mut browser = connect(&addresses[0]);
    browser
        .write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: a browser, not a tor-streams\r\n\r\n")
        .unwrap();
    let _silent = connect(&addresses[0]);
    drop(connect(&addresses[0]));
    completes(first, None, &addresses, begin);
}

/// Strangers who send a byte now and then, or hold many connections open, keep nobody out.
#[test]
fn strangers_who_drip_and_hold() {
    let addresses = addresses(2);
    let (begin, first) = (Instant::now(), start_with_key(Some(SECRET), &addresses, 0, &["onionperf.log"]));
    for _ in 0..4 {
        let mut socket = connect(&addresses[0]);
        thread::spawn(move || {
            for byte in [&MAGIC[..], &NUMBER_1, &[0; 64]].concat() {
                if socket.write_all(&[byte]).is_err() {
                    break;
                }
                thread::sleep(Duration::from_millis(200));
            }
        });
    }
    // More than process 0 lets wait (64), and few enough for a test that may open 256 files.
    let held: Vec<_> = (0..100).map(|_| connect(&addresses[0])).collect();
    completes(first, Some(SECRET), &addresses, begin);
    drop(held);
}

/// A stranger who drips has no more than a few seconds.
#[test]
fn a_greeting_has_to_be_over_in_time() {
    let addresses = addresses(2);
    let first = start(&addresses, 0, &["onionperf.log"]);
    let mut stranger = connect(&addresses[0]);
    let begin = Instant::now();
    let mut reader = stranger.try_clone().unwrap();
    let dripping = thread::spawn(move || {
        for byte in MAGIC.iter().cycle() {
            if stranger.write_all(&[*byte]).is_err() {
                break;
            }
            thread::sleep(Duration::from_millis(500));
        }
    });
    // The connection ends: process 0 sends nothing.
    let end = reader.read(&mut [0; 1]);
    assert!(
        matches!(end, Ok(0) | Err(_)) && begin.elapsed() < Duration::from_secs(20),
        "{end:?} {:?}",
        begin.elapsed()
    );
    dripping.join().unwrap();
    completes(first, None, &addresses, Instant::now());
}

#[test]
fn a_key_is_proved() {
    let addresses = addresses(2);
    let first = start_with_key(Some(SECRET), &addresses, 0, &["onionperf.log"]);
    let other_key = format!("process 0 ({}) has another TOR_STREAMS_CLUSTER_KEY, or none", addresses[0]);
    for wrong in [Some("correct horse battery stable"), None] {
        lost(&start_with_key(wrong, &addresses, 1, &["onionperf.log"]).ended(), &other_key);
    }
    completes(first, Some(SECRET), &addresses, Instant::now());
}

#[test]
fn a_process_with_another_key_is_named() {
    let addresses = addresses(2);
    let first = start_with_key(Some(SECRET), &addresses, 0, &["--cluster-wait", "3", "onionperf.log"]);
    assert_eq!(start(&addresses, 1, &["--cluster-wait", "3", "onionperf.log"]).ended().status, Some(3));
    let reason = format!(
        "process 1 ({}) did not come up within 3 seconds: a process with another TOR_STREAMS_CLUSTER_KEY, or none, has called",
        addresses[1]
    );
    let first = first.ended();
    lost(&first, &reason);
    assert!(!format!("{first:?}").contains(SECRET));
}

/// A process of another version is told so, and named. Process 0 waits on for the right one.
#[test]
fn a_process_of_another_version_is_named() {
    let ours = addresses(2);
    let first = start(&ours, 0, &["--cluster-wait", "3", "onionperf.log"]);
    let mut socket = connect(&ours[0]);
    socket.write_all(&hello(b"tor-streams 2\r\n")).unwrap();
    let mut version = [0; MAGIC.len()];
    socket.read_exact(&mut version).unwrap();
    assert_eq!(&version, MAGIC);
    drop(socket);
    let reason = format!(
        "process 1 ({}) did not come up within 3 seconds: a tor-streams of another version has called",
        ours[1]
    );
    lost(&first.ended(), &reason);

    let listener = TcpListener::bind(&ours[0]).unwrap();
    let second = start(&ours, 1, &["onionperf.log"]);
    let mut socket = listener.accept().unwrap().0;
    socket.write_all(b"tor-streams 4\r\n").unwrap();
    lost(&second.ended(), &format!("process 0 ({}) is a tor-streams of another version", ours[0]));
}

/// The bytes of a greeting that was good are of no use for another one: process 0 answers each with other random bytes.
#[test]
fn a_proof_cannot_be_sent_again() {
    let ours = addresses(2);
    let first = start_with_key(Some(SECRET), &ours, 0, &["onionperf.log"]);
    let mut socket = connect(&ours[0]);
    socket.write_all(&hello(MAGIC)).unwrap();
    let mut answer = [0; ANSWER_LEN];
    socket.read_exact(&mut answer).unwrap();
    let proof = proof(SECRET, &answer);
    socket.write_all(&proof).unwrap();
    // Process 0 goes on with its first message, so process 1 is in the run. The run then ends for want of it.
    socket.read_exact(&mut [0; 1]).unwrap();
    drop(socket);
    assert_eq!(first.ended().status, Some(3), "the proof was good");

    let addresses = addresses(2);
    let (begin, first) = (Instant::now(), start_with_key(Some(SECRET), &addresses, 0, &["onionperf.log"]));
    let mut socket = connect(&addresses[0]);
    socket.write_all(&[&hello(MAGIC)[..], &proof].concat()).unwrap();
    let mut rest = Vec::new();
    // A connection that is closed with bytes that were not read is reset.
    let _ = socket.read_to_end(&mut rest);
    assert_eq!(rest.len(), answer.len(), "only an answer with other random bytes");
    assert_ne!(rest, answer);
    // The proof of process 0, sent back to it, is no proof of process 1.
    let mut socket = connect(&addresses[0]);
    socket.write_all(&hello(MAGIC)).unwrap();
    socket.read_exact(&mut answer).unwrap();
    socket.write_all(&answer[PROOF_OFFSET..]).unwrap();
    rest.clear();
    let _ = socket.read_to_end(&mut rest);
    assert!(rest.is_empty(), "the connection is closed without a message");
    completes(first, Some(SECRET), &addresses, begin);
}

#[test]
fn without_a_key_only_this_machine() {
    let wrong: [(&str, Option<&str>); 5] = [
        ("192.0.2.1:4000,192.0.2.2:4000", None),
        ("127.0.0.1:4000,192.0.2.2:4000", None),
        ("0.0.0.0:4000,127.0.0.1:4001", None),
        ("no-such-host.invalid:4000,127.0.0.1:4001", None),
        ("127.0.0.1:4000,127.0.0.1:4001", Some("too short")),
    ];
    for (addresses, key) in wrong {
        let ran = Running::with_key(key, &["--cluster", addresses, "--process", "0", "onionperf.log"]).ended();
        assert_eq!((ran.status, ran.stdout.as_str()), (Some(2), ""), "{addresses}");
        assert!(ran.stderr.iter().any(|line| line.contains("TOR_STREAMS_CLUSTER_KEY")), "{ran:?}");
        assert!(key.is_none_or(|key| !format!("{ran:?}").contains(key)), "{ran:?}");
    }
    // With a key or `--cluster-insecure`, an address that is not of this machine only is allowed. Windows connects to no 0.0.0.0.
    #[cfg(unix)]
    for (key, options) in [(Some(SECRET), &[][..]), (None, &["--cluster-insecure"])] {
        let local = addresses(2);
        let open: Vec<_> = local.iter().map(|address| address.replace("127.0.0.1", "0.0.0.0")).collect();
        let arguments = [options, &["onionperf.log"]].concat();
        let both = [0, 1].map(|process| start_with_key(key, &open, process, &arguments));
        for ran in both.map(Running::ended) {
            assert_eq!(ran.status, Some(0), "{ran:?}");
        }
    }
}

/// Starts process 0 with a fake process 1, which has joined the run: no file is divided, and process 1 has `mixed-session.raw` to
/// read, so the run lasts until its tally comes. `wait` is the value of `--cluster-wait`. Returns both, and the beginning of the
/// message about the loss of process 1.
fn start_with_joined(wait: &str) -> (Running, Peer, String) {
    let addresses = addresses(2);
    let first =
        start_with_key(Some(SECRET), &addresses, 0, &["--cluster-wait", wait, "onionperf.log", "mixed-session.raw"]);
    let mut peer = Peer::call(&addresses[0], SECRET);
    let nothing = serde_json::json!([]);
    assert_eq!(peer.begin(&[])[1]["start"], nothing);
    (first, peer, format!("process 1 ({}) ended before the summary was complete: ", addresses[1]))
}

#[test]
fn a_process_that_vanishes() {
    let (first, peer, reason) = start_with_joined("30");
    let begin = Instant::now();
    peer.socket.shutdown(Shutdown::Both).unwrap();
    lost(&first.ended(), &format!("{reason}the connection was closed"));
    assert!(begin.elapsed() < Duration::from_secs(20));
}

/// A process that falls silent, or begins a frame and does not end it, is waited for no longer than was said. A process
/// that shows that it is alive is waited for.
#[test]
fn a_process_that_falls_silent() {
    let (first, _peer, reason) = start_with_joined("2");
    lost(&first.ended(), &format!("{reason}nothing came from it for 2 seconds"));

    let (first, mut peer, reason) = start_with_joined("2");
    let begin = Instant::now();
    // Alive for four seconds, twice as long as silence is allowed.
    for _ in 0..8 {
        thread::sleep(Duration::from_millis(500));
        peer.send(ALIVE, &[]).unwrap();
    }
    let frame = peer.frame(LAST, &[b' '; 1000]);
    let mut dripping = peer.socket.try_clone().unwrap();
    thread::spawn(move || {
        frame.iter().all(|byte| {
            thread::sleep(Duration::from_millis(300));
            dripping.write_all(&[*byte]).is_ok()
        })
    });
    lost(&first.ended(), &format!("{reason}nothing came from it for 2 seconds"));
    assert!((4..20).contains(&begin.elapsed().as_secs()), "{:?}", begin.elapsed());
}

/// A process that was stopped, as by Ctrl-Z, keeps its connections open, and sends nothing more.
#[cfg(unix)]
#[test]
fn a_process_that_is_stopped() {
    let addresses = addresses(2);
    let arguments = ["--cluster-wait", "2", "onionperf.log", "-"];
    let [first, mut second] = [0, 1].map(|process| start(&addresses, process, &arguments));
    // Process 1 reads standard input, which does not end, so that the run lasts. Its complaint about an event that cannot be read
    // shows that it has begun.
    second.write("650 STREAM x");
    second.complaint();
    let id = second.child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-STOP", &id]).status().unwrap().success());
    let reason = format!(
        "process 1 ({}) ended before the summary was complete: nothing came from it for 2 seconds",
        addresses[1]
    );
    lost(&first.ended(), &reason);
}

/// The fake process is process 0 here. It falls silent before process 1 knows which files to read, or vanishes after that.
#[test]
fn process_0_falls_silent_or_vanishes() {
    for vanishes in [false, true] {
        let addresses = addresses(2);
        let listener = TcpListener::bind(&addresses[0]).unwrap();
        let arguments = ["--cluster-wait", "2", "mixed-session.raw", "onionperf.log"];
        let second = start_with_key(Some(SECRET), &addresses, 1, &arguments);
        let mut peer = Peer::answer(listener.accept().unwrap().0, SECRET);
        peer.join();
        if vanishes {
            peer.json(&serde_json::json!({"offer": {}}));
            assert!(peer.message().starts_with(b"{\"seen\":"));
            peer.json(&serde_json::json!({"start": [], "jobs": 1}));
            drop(peer);
            let second = second.ended();
            let reason = format!("tor-streams: process 0 ({}) ended before the summary was complete: ", addresses[0]);
            assert!(second.status == Some(3) && second.stderr[0].starts_with(&reason), "{second:?}");
        } else {
            let reason = format!("process 0 ({}) ended before the summary was complete: ", addresses[0]);
            lost(&second.ended(), &format!("{reason}nothing came from it for 2 seconds"));
        }
    }
}

/// Frames and messages that no process sends end the run.
#[test]
fn wrong_frames_and_messages() {
    /// A kind of frame, its content, and a change to the bytes of the frame: its kind, four bytes of length, content, and tag.
    type Case = (u8, &'static [u8], fn(Vec<u8>) -> Vec<u8>);
    // A frame with the reason for which the run ends is believed only if it is good.
    let frames: [Case; 4] = [
        // Another content than that of the tag.
        (LOST, b"gone", |mut frame| {
            frame[7] ^= 1;
            frame
        }),
        // A kind that no frame has.
        (LOST, b"gone", |mut frame| {
            frame[0] = 9;
            frame
        }),
        // A length that no frame has.
        (LOST, b"gone", |frame| [&frame[..1], &u32::MAX.to_be_bytes(), &frame[5..]].concat()),
        // The same frame twice: the first one is good, and lets the run go on.
        (ALIVE, b"", |frame| [&frame[..], &frame].concat()),
    ];
    for (kind, content, change) in frames {
        let (first, mut peer, reason) = start_with_joined("30");
        let frame = change(peer.frame(kind, content));
        peer.socket.write_all(&frame).unwrap();
        lost(&first.ended(), &format!("{reason}it sends what no tor-streams sends"));
    }
    for message in ["", "nonsense", "{\"log\":{}}", "{\"end\":{\"files\":-1,\"complete\":true}}"] {
        let (first, mut peer, reason) = start_with_joined("30");
        peer.send(LAST, message.as_bytes()).unwrap();
        let ran = first.ended();
        let expected = format!("tor-streams: {reason}it sends a tally that cannot be merged: damaged in column ");
        assert!(ran.status == Some(3) && ran.stderr[0].starts_with(&expected), "{message}: {ran:?}");
    }
    // The process says that it has read its share, and has sent no tally.
    let (first, mut peer, _) = start_with_joined("30");
    peer.send(LAST, b"{\"end\":{\"files\":0,\"complete\":true}}").unwrap();
    lost(&first.ended(), "a process has sent too few tallies");
}

/// A second process of the same number is told so, and the run goes on.
#[test]
fn a_number_that_is_taken() {
    let addresses = addresses(3);
    let first = start(&addresses, 0, &["onionperf.log"]);
    let second = start(&addresses, 1, &["onionperf.log"]);
    let again = start(&addresses, 1, &["onionperf.log"]);
    // Process 2 comes last, so that the door is open for both.
    thread::sleep(Duration::from_secs(1));
    let third = start(&addresses, 2, &["onionperf.log"]);
    let mut ran = [second.ended(), again.ended()];
    ran.sort_by_key(|ran| ran.status);
    assert_eq!(ran[0].status, Some(0));
    lost(&ran[1], &format!("there is another process 1 ({})", addresses[1]));
    assert_eq!((first.ended().status, third.ended().status), (Some(0), Some(0)));
}

/// A process for whose number process 0 has no address is told that their arguments differ, and the run goes on.
#[test]
fn a_number_beyond_the_addresses() {
    let addresses = addresses(3);
    let (begin, first) = (Instant::now(), start(&addresses[..2], 0, &["onionperf.log"]));
    let third = start(&addresses, 2, &["onionperf.log"]).ended();
    let reason = "tor-streams: process 2 was started with other addresses, files or options";
    assert!(third.status == Some(3) && third.stderr[0].starts_with(reason), "{third:?}");
    completes(first, None, &addresses[..2], begin);
}

/// After the run has started, a connection to the door is refused.
#[test]
fn the_door_is_closed_when_all_have_come() {
    let (first, peer, _) = start_with_joined("30");
    let late = TcpStream::connect(peer.socket.peer_addr().unwrap());
    assert!(late.is_err(), "{late:?}");
    drop(peer);
    assert_eq!(first.ended().status, Some(3));
}
