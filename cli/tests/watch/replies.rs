//! Replies of a server: damaged ones, those with open streams, and a connection that ends.

use core::time::Duration;
use std::thread;

use crate::peer::Peer;
use crate::program::Watch;

/// Returns the message with which the program ends after this reply to its first command. The program does not try again: it would get
/// the same reply.
#[track_caller]
fn complaint(reply: &str) -> String {
    let text = reply.to_owned();
    let (address, playing) = Peer::play(move |peer| {
        peer.command("PROTOCOLINFO 1");
        peer.send(&text);
        peer.rest()
    });
    let (status, said) = Watch::start(&address, &["--retries", "3"], None).end();
    assert_eq!((status, playing.join().unwrap().as_str()), (Some(1), ""), "{said}");
    said.strip_prefix(&format!("tor-streams: {address}: ")).unwrap().trim_end().into()
}

#[test]
fn malformed_replies() {
    const MALFORMED: &str = "no control port: its PROTOCOLINFO is malformed";
    const NO_REPLY: &str = "no control port: what it sends is not a reply";
    const TOO_LONG: &str = "no control port: its replies are too long";

    for (reply, said) in [
        ("HTTP/1.0 400 Bad Request\r\n\r\n", NO_REPLY),
        ("\r\n", NO_REPLY),
        ("25\r\n", NO_REPLY),
        ("510 Unrecognized command\r\n", "no control port: it refuses PROTOCOLINFO with 510"),
        ("250 OK\r\n", MALFORMED),
        ("250-AUTH\r\n250 OK\r\n", MALFORMED),
        ("250-AUTH METHODS=COOKIE COOKIEFILE=/cookie\r\n250 OK\r\n", MALFORMED),
        ("250-AUTH METHODS=COOKIE COOKIEFILE=\"/coo\\\"kie\r\n250 OK\r\n", MALFORMED),
        // Names of methods have one case: `nULL` is no NULL.
        ("250-AUTH METHODS=PALMSCAN,nULL\r\n250 OK\r\n", "tor accepts no authentication that is known here"),
        ("250-AUTH METHODS=SAFECOOKIE\r\n250 OK\r\n", "tor accepts no authentication that is known here"),
        (
            "250-AUTH METHODS=SAFECOOKIE COOKIEFILE=\"/no\\twh\\145re\\033\"\r\n250 OK\r\n",
            "the cookie /no\\twhere\\u{1b}: No such file or directory",
        ),
        (
            "250-AUTH METHODS=SAFECOOKIE COOKIEFILE=\"/dev/zero\"\r\n250 OK\r\n",
            "the cookie /dev/zero: not a file of 32 bytes",
        ),
        (
            "250-AUTH METHODS=COOKIE COOKIEFILE=\"/dev/zero\"\r\n250 OK\r\n",
            "it wants the cookie itself, and cannot prove that it is tor: --allow-cookie sends it all the same",
        ),
        // More than the 16 KiB that replies may have.
        (&"x".repeat(1 << 20), TOO_LONG),
        (&"250-x\r\n".repeat(1 << 16), TOO_LONG),
        (&format!("250+x=\r\n{}", "650 OK\r\n".repeat(1 << 16)), TOO_LONG),
    ] {
        assert_eq!(complaint(reply), said, "{:?}", reply.get(..40).unwrap_or(reply));
    }
}

#[test]
fn a_peer_that_closes_at_once() {
    let (address, _) = Peer::play(|_| ());
    let (status, said) = Watch::start(&address, &["--retries", "0"], None).end();
    assert_eq!(status, Some(1));
    assert!(said.starts_with(&format!("tor-streams: {address}: ")), "{said}");

    // Nobody listens there any more.
    let mut watch = Watch::start(&address, &["--retries", "2"], None);
    for wait in [1, 2] {
        watch.complains(&format!("; trying again in {wait} s"));
    }
    assert_eq!(watch.end().0, Some(1));
}

#[test]
fn stopped_while_it_waits() {
    let (address, _) = Peer::play(|_| ());
    for signal in ["-INT", "-TERM"] {
        let mut watch = Watch::start(&address, &[], None);
        watch.complains("; trying again in 2 s");
        watch.stop(signal);
    }
    // A peer that never replies.
    let (address, playing) = Peer::play(Peer::rest);
    let watch = Watch::start(&address, &[], None);
    thread::sleep(Duration::from_millis(300));
    watch.stop("-INT");
    assert_eq!(playing.join().unwrap(), "PROTOCOLINFO 1\r\n");
}

/// Watches a control port that sends an event after the subscription, then `reply` to `GETINFO stream-status`, and closes the
/// connection. Returns the summary, and the messages.
#[track_caller]
fn summary_after(reply: &str) -> String {
    summary_with(&[], reply)
}

/// Returns what [`summary_after`] does, with more options.
#[track_caller]
fn summary_with(options: &[&str], reply: &str) -> String {
    let reply = reply.to_owned();
    let (address, playing) = Peer::play(move |peer| {
        peer.subscribe("250 OK\r\n650 STREAM 5 NEW 0 early.example:80\r\n");
        peer.command("GETINFO stream-status");
        peer.send(&reply);
    });
    let (_, said) = Watch::start(&address, &[&["--summary", "--retries", "0"], options].concat(), None).end();
    playing.join().unwrap();
    said
}

#[test]
fn streams_that_are_open_already() {
    let said = summary_after(concat!(
        "650 STREAM 6 NEW 0 between.example:80\r\n",
        "250+stream-status=\r\n",
        "5 SENTCONNECT 9 192.0.2.1:80\r\n31 NEW 0 www.example.com:443\r\n32 SUCCEEDED 7 www.example.org:80\r\n",
        ".\r\n250 OK\r\n",
        "650 STREAM 31 SENTCONNECT 8 www.example.com:443\r\n",
    ));
    assert!(said.starts_with("events 3, unreadable 0; streams open 4, closed 0; "), "{said}");
    for (id, rest) in [
        ("  31  SENTCONNECT  8  ", "  www.example.com:443"),
        ("  32  SUCCEEDED    7  ", "  www.example.org:80"),
        ("   6  NEW          -  ", "  between.example:80"),
        // Its event says more than the reply, in which a stream has no purpose.
        ("   5  NEW          -  ", "  early.example:80"),
    ] {
        assert!(said.lines().any(|line| line.starts_with(id) && line.ends_with(rest)), "{id}{rest}: {said}");
    }

    let said = summary_after("250-stream-status=10 NEW 0 192.0.2.7:443\r\n250 OK\r\n");
    assert!(said.starts_with("events 1, unreadable 0; streams open 2, closed 0; "), "{said}");
    assert!(said.contains("  192.0.2.7:443\n"), "{said}");
    for reply in ["250-stream-status=\r\n250 OK\r\n", "552 no\r\n", "250+stream-status=\r\n.\r\n250 OK\r\n", ""] {
        let said = summary_after(reply);
        assert!(said.starts_with("events 1, unreadable 0; streams open 1, closed 0; "), "{said}");
    }
}

/// Each row of the reply that cannot be read is counted, and costs no other row, whether the reply is data or one line.
/// Leniently, the same rows are read as in a log, but for one that is longer than any event.
#[test]
fn damaged_rows_of_open_streams() {
    // Longer than the 8 KiB in which a line is read.
    let too_long = "x".repeat(9000);
    let damaged = [
        "31 NEW 0 no-port.example",
        "32 PAUSED 0 status.example:80",
        "33 SUCC",
        "34 NEW - circuit.example:80",
        "x-y NEW 0 id.example:80",
        "",
        "35",
        &format!("36 NEW 0 {too_long}:80"),
        "37 NEW 0 port.example:65536",
        "38\tNEW\t0\ttabs.example:80",
    ];
    // No circuit, no status or no ID at all: lenient reading refuses these, too.
    let refused_leniently = ["33 SUCC", "", "35", "38\tNEW\t0\ttabs.example:80"].len() + [too_long.as_str()].len();
    let rows = damaged.map(|row| format!("{row}\r\n")).concat();
    let reply =
        format!("250+stream-status=\r\n8 NEW 0 first.example:80\r\n{rows}9 NEW 0 last.example:80\r\n.\r\n250 OK\r\n");
    for (options, unreadable) in [(&[][..], damaged.len()), (&["--lenient"], refused_leniently)] {
        let said = summary_with(options, &reply);
        // Stream 5 is that of the event.
        let open = 1 + 2 + damaged.len() - unreadable;
        let counts = format!("events 1, unreadable {unreadable}; streams open {open}, closed 0; ");
        assert!(said.starts_with(&counts), "{options:?}: {said}");
        assert!(said.contains("  first.example:80\n") && said.contains("  last.example:80\n"), "{said}");
        assert_eq!(said.contains("  status.example:80\n"), !options.is_empty(), "{said}");
    }
    for row in damaged.iter().filter(|row| !row.is_empty()) {
        let said = summary_after(&format!("250-stream-status={row}\r\n250 OK\r\n"));
        assert!(said.starts_with("events 1, unreadable 1; streams open 1, closed 0; "), "{row}: {said}");
    }
}

/// A row holds a client's name, as an event does: a LF in it ends no row, no command reaches the terminal, and a credential in
/// it is masked.
#[test]
fn hostile_rows_of_open_streams() {
    let said = summary_with(
        &["--lenient"],
        concat!(
            "250+stream-status=\r\n",
            "31 NEW 0 a\n.\n250 OK\n:80\r\n",
            "32 NEW 0 \x1b[31m\u{9b}m\u{202e}:80\r\n",
            "33 NEW 0 SOCKS_PASSWORD=\"hunter2\":80\r\n",
            "34 SOCKS_PASSWORD=\"hunter2\" 0 b:80\r\n",
            "SOCKS_PASSWORD=\"hunter2\" NEW 0 c:80\r\n",
            ".\r\n250 OK\r\n",
        ),
    );
    assert!(said.starts_with("events 1, unreadable 0; streams open 6, closed 0; "), "{said}");
    assert!(!said.contains("hunter2") && said.contains(r#"SOCKS_PASSWORD="***":80"#), "{said}");
    assert!(said.contains(r"  \u{1b}[31m\u{9b}m\u{202e}:80") && said.contains(r"  a\n.\n250 OK\n:80"), "{said}");
    assert!(said.chars().all(|character| character == '\n' || !character.is_control()), "{said:?}");
}

/// A connection that is lost within the reply ends it: the rows before are open streams, the cut one is none.
#[test]
fn a_reply_of_open_streams_that_is_cut() {
    let (whole, cut) = ("250+stream-status=\r\n31 NEW 0 a.example:80\r\n", "32 NEW 0 b.exam");
    let reply = [whole, cut].concat();
    for (end, _) in reply.char_indices() {
        let said = summary_after(reply.get(..end).unwrap());
        let open = 1 + usize::from(end >= whole.len());
        assert!(said.starts_with(&format!("events 1, unreadable 0; streams open {open}, closed 0; ")), "{end}: {said}");
    }
}

/// Open streams are requested after each connection.
#[test]
fn streams_that_are_open_after_a_reconnection() {
    let (address, playing) = Peer::play_twice(|peer, connection| {
        peer.subscribe("250 OK\r\n");
        peer.command("GETINFO stream-status");
        peer.send(&format!("250-stream-status={connection} SUCCEEDED 7 a.example:80\r\n250 OK\r\n"));
        if connection == 1 {
            peer.rest();
        }
    });
    let mut watch = Watch::start(&address, &["--summary", "--interval", "1"], None);
    watch.complains("; trying again in 1 s");
    watch.prints("streams open 1, ");
    watch.prints("  1  SUCCEEDED  7  ");
    watch.stop("-TERM");
    playing.join().unwrap();
}

/// Words without a variant are shown as they are, without commands to a terminal.
#[test]
fn words_without_a_variant() {
    let said = summary_after(concat!(
        "650 STREAM 7 DETACHED 9 a.example:80 REASON=END REMOTE_REASON= UNKNOWN_264\r\n",
        "650 STREAM 8 CLOSED 9 b.example:80 REASON=NEW_REASON\r\n",
        "650 STREAM 9 CLOSED 9 c.example:80 REASON=\x1b[31m\r\n",
    ));
    for line in [
        r"  7  DETACHED  -  0 s ago  END/UNKNOWN_264  a.example:80",
        r"  8  CLOSED    9  0 s ago  NEW_REASON       b.example:80",
        r"  9  CLOSED    9  0 s ago  \u{1b}[31m       c.example:80",
        "reason         \\u{1b}[31m 1  NEW_REASON 1",
    ] {
        assert!(said.lines().any(|said| said == line), "{line}: {said}");
    }
}

/// A stream that failed is shown as failed when it is closed, with the reason before a target of any length.
#[test]
fn a_stream_that_failed() {
    let host = format!("日本{}.onion", "x".repeat(200));
    let said = summary_after(&format!(
        "650 STREAM 7 FAILED 9 {host}:80 REASON=TIMEOUT\r\n650 STREAM 7 CLOSED 9 {host}:80 REASON=TIMEOUT\r\n"
    ));
    let line = said.lines().find(|line| line.starts_with("  7 ")).unwrap();
    assert!(line.starts_with("  7  FAILED  9  0 s ago  TIMEOUT  日本xxx"), "{line}");
    // 80 columns: two of the characters are two columns wide.
    assert!(line.ends_with("xxx.onion:80") && line.chars().count() == 78, "{line}");
}

/// Of the reasons of 1001 events, a summary shows 20, and the number of events with another one.
#[test]
fn words_without_end() {
    let words: String = (0..1000).map(|n| format!("650 STREAM 1 CLOSED 0 a.example:80 REASON=WORD_{n}\r\n")).collect();
    let said = summary_after(&(words + "650 STREAM 1 CLOSED 0 a.example:80 REASON=DONE\r\n"));
    assert!(said.starts_with("events 1,002, "), "{said}");
    let reasons = said.lines().find(|line| line.starts_with("reason ")).unwrap();
    assert!(
        reasons.starts_with("reason         WORD_0 1  WORD_1 1  ") && reasons.ends_with("  (others) 981"),
        "{reasons}"
    );
}
