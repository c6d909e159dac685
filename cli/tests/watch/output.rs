//! The output: events, summaries, and mistakes in the arguments.

use core::time::Duration;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::thread;

use serde_json::Value;

use crate::peer::Peer;
use crate::program::Watch;

/// An event, another asynchronous reply, the reply to the subscription, an event of an unknown status, and one of a host with commands to
/// a terminal.
const EVENTS: &str = concat!(
    "650 STREAM 1 NEW 0 a.example:80 SOURCE_ADDR=::1:5 PURPOSE=USER SOCKS_PASSWORD=\"sesame\"\r\n",
    "650-CONF_CHANGED\r\n650-SocksPort=9050\r\n650-SafeLogging=0\r\n650 OK\r\n",
    "250 OK\r\n",
    "650 STREAM 1 BETTER 0 a.example:80\r\n",
    "650 STREAM 2 CLOSED 0 \x1b[31m\u{202e}:80 REASON=END REMOTE_REASON=DONE\r\n",
);

/// Watches a control port that sends [`EVENTS`], an event that is too long, and one in two pieces. Returns what was said until the
/// connection was closed.
#[track_caller]
fn watch_events(options: &[&str]) -> String {
    let is_summary = options.contains(&"--summary");
    let (address, playing) = Peer::play(move |peer| {
        peer.subscribe(EVENTS);
        if is_summary {
            peer.command("GETINFO stream-status");
        }
        peer.send(&format!("650 STREAM 3 CLOSED 0 {}:80 REASON=DONE\r\n650 STR", "x".repeat(1 << 20)));
        thread::sleep(Duration::from_millis(300));
        peer.send("EAM 4 NEW 0 b.example:80\r\n");
    });
    let (status, said) = Watch::start(&address, &[&["--retries", "0"], options].concat(), None).end();
    playing.join().unwrap();
    assert_eq!(status, Some(1));
    said.replace(&address, "ADDRESS")
}

#[test]
fn events_among_replies() {
    let said = watch_events(&[]);
    let events: Vec<Value> = said.lines().map_while(|line| serde_json::from_str(line).ok()).collect();
    let facts: Vec<_> =
        events.iter().map(|event| (event["line"].as_u64().unwrap(), event["id"].as_str().unwrap())).collect();
    // Lines 1 to 4 are the replies to PROTOCOLINFO and AUTHENTICATE.
    assert_eq!(facts, [(5, "1"), (12, "2"), (14, "4")], "{said}");
    let complaints: Vec<_> = said.lines().skip(events.len()).collect();
    assert!(complaints[0].starts_with("ADDRESS:11: "), "{said}");
    assert!(complaints[1].starts_with("ADDRESS:13: "), "{said}");
    assert_eq!(complaints[2..], ["tor-streams: ADDRESS: tor closed the connection"]);
    assert!(!said.contains("sesame"), "{said}");
}

#[test]
fn options_as_of_events() {
    let said = watch_events(&["--lenient", "--show-credentials", "--format", "csv"]);
    let rows: Vec<_> = said.lines().take_while(|line| !line.starts_with("ADDRESS")).collect();
    assert!(rows[0].starts_with("line,time,id,status,"), "{said}");
    assert!(rows[1].contains(",1,NEW,") && rows[1].contains(",sesame,"), "{said}");
    assert!(rows[2].contains(",1,BETTER,"), "{said}");
    assert_eq!(rows.len(), 5, "{said}");
}

#[test]
fn summary() {
    let said = watch_events(&["--summary"]);
    let lines: Vec<_> = said.lines().collect();
    // The unreadable ones of the five events: that of an unknown status, and the one that is too long.
    assert!(lines[0].starts_with("events 5, unreadable 2; streams open 2, closed 1; "), "{said}");
    assert_eq!(lines[1..4], ["status         NEW 2  CLOSED 1", "reason         END 1", "remote reason  DONE 1"]);
    assert!(lines[4].contains("b.example:80") && lines[6].ends_with("a.example:80"), "{said}");
    assert!(lines[5].ends_with(r"END/DONE  \u{1b}[31m\u{202e}:80"), "{said}");
    assert_eq!(lines[7], "");
    assert!(lines[8].starts_with("ADDRESS:11: ") && lines[9].starts_with("ADDRESS:13: "), "{said}");
    assert_eq!(lines[10..], ["tor-streams: ADDRESS: tor closed the connection"]);
}

/// With `--max-live 2`, stream 3 of tor's reply makes the program let go of stream 1, and the NEW of stream 4 of stream 2: the
/// summary shows these two below the open ones. Stream 5 was closed while tor made the reply, so its row there is not shown.
#[test]
fn a_summary_of_more_streams_than_have_room() {
    let (address, playing) = Peer::play(|peer| {
        peer.subscribe("250 OK\r\n");
        peer.command("GETINFO stream-status");
        peer.send("650 STREAM 5 NEW 0 e.example:80\r\n650 STREAM 5 CLOSED 0 e.example:80 REASON=DONE\r\n");
        peer.send(
            "250+stream-status=\r\n1 NEW 0 a.example:80\r\n2 NEW 0 b.example:80\r\n5 SUCCEEDED 7 e.example:80\r\n",
        );
        peer.send("3 NEW 0 c.example:80\r\n.\r\n250 OK\r\n650 STREAM 4 NEW 0 d.example:80\r\n");
    });
    let watch = Watch::start(&address, &["--summary", "--max-live", "2", "--retries", "0"], None);
    let (_, said) = watch.end();
    playing.join().unwrap();
    let lines: Vec<_> = said.lines().collect();
    assert!(lines[0].starts_with("events 3, unreadable 0; streams open 2, closed 1; "), "{said}");
    let streams = said.lines().filter_map(|line| line.split_once(".example:80")).map(|(row, _)| row.to_owned());
    let shown: Vec<_> = streams.map(|row| row.split_whitespace().take(2).collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(shown, ["4 NEW", "3 NEW", "2 NEW", "1 NEW", "5 CLOSED"]);
}

#[test]
fn a_summary_now_and_then() {
    let (address, playing) = Peer::play(|peer| {
        peer.subscribe("250 OK\r\n650 STREAM 1 NEW 0 a.example:80\r\n");
        peer.rest()
    });
    let mut watch = Watch::start(&address, &["--summary", "--interval", "1", "--max-live", "5"], None);
    for _ in 0..2 {
        watch.prints("events 1, unreadable 0; streams open 1, closed 0; ");
    }
    assert!(watch.stop("-TERM").ends_with("a.example:80\n\n"));
    playing.join().unwrap();
}

#[test]
fn the_reader_of_the_output_leaves() {
    let (address, playing) = Peer::play(|peer| {
        peer.subscribe("250 OK\r\n");
        // Until the program is gone.
        while peer.stream.get_mut().write_all(b"650 STREAM 1 NEW 0 a.example:80\r\n").is_ok() {}
    });
    let mut command = Command::new(env!("CARGO_BIN_EXE_tor-streams"));
    let mut child = command.args(["watch", "--control", &address]).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.contains("a.example"));
    playing.join().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// Runs the program to its end without a control port.
fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_tor-streams")).args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn help() {
    let (status, stdout, _) = run(&["watch", "--help"]);
    assert_eq!(status, Some(0));
    for text in ["TOR_CONTROL_PASSWORD", "\n  tor-streams watch --control /run/tor/control --summary\n", "Exit status:"]
    {
        assert!(stdout.contains(text), "{text} is not in\n{stdout}");
    }
}

#[test]
fn wrong_arguments() {
    for (control, reason) in [
        ("localhost", "neither HOST:PORT nor a path with a slash"),
        ("localhost:", "the port is not a number"),
        ("localhost:0", "the port is not a number"),
        ("localhost:65536", "the port is not a number"),
        (":9051", "there is no host"),
        ("::1:9051", "needs brackets"),
    ] {
        let (status, stdout, stderr) = run(&["watch", "--control", control]);
        assert_eq!((status, stdout.as_str()), (Some(2), ""), "{control}");
        assert!(stderr.contains(reason), "{stderr}");
    }
    for options in [["--summary", "--format=csv"], ["--summary", "--interval=0"], ["--interval=2", "--lenient"]] {
        assert_eq!(run(&[&["watch"], &options[..]].concat()).0, Some(2), "{options:?}");
    }
}
