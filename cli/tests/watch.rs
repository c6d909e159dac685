//! The command `watch`: the built program at the control port of a real tor, and at one that the test plays.
//!
//! The tor knows no address but 127.0.0.1 to connect to. Without a `tor` on the machine its tests say so and return.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a helper that fails fails its test")]

#[path = "watch/peer.rs"]
mod peer;
#[path = "watch/program.rs"]
mod program;
#[path = "watch/tor.rs"]
mod tor;

use core::time::Duration;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{chown, symlink};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use serde_json::Value;

use crate::peer::Peer;
use crate::program::{Watch, directory};
use crate::tor::Tor;

/// The password of the control port.
const PASSWORD: &str = "pass \"w\\rd\" é";
/// The cookie in hexadecimal digits, as it is sent.
const PASSWORD_HEX: &str = "706173732022775c72642220c3a9";

/// Returns the configuration of a tor with a password.
fn with_password() -> String {
    if !Tor::is_installed() {
        return String::new();
    }
    let output = Command::new("tor").args(["--quiet", "--hash-password", PASSWORD]).output().unwrap();
    let hash = String::from_utf8(output.stdout).unwrap();
    format!("HashedControlPassword {}", hash.lines().last().unwrap())
}

/// Watches a tor over TCP and its unix socket.
#[track_caller]
fn watch_both(name: &str, configuration: &str, password: Option<&str>) {
    let Some(tor) = Tor::start(name, configuration) else { return };
    for control in [tor.port.clone(), tor.path("control")] {
        let mut watch = Watch::start(&control, &[], password);
        let event = tor.request("www.example.com", &mut watch);
        assert_eq!((&event["target_port"], &event["socks_password"]), (&80.into(), &"***".into()), "{event}");
        assert!(event["time"].as_f64() > Some(1.7e9), "{event}");
        let said = watch.stop("-INT");
        for secret in ["sesame", PASSWORD, PASSWORD_HEX] {
            assert!(!said.contains(secret), "{said}");
        }
    }
}

#[test]
fn no_authentication() {
    watch_both("null", "", None);
}

#[test]
fn safe_cookie() {
    // A password that is not right does not matter then.
    watch_both("cookie", "CookieAuthentication 1", Some("wrong"));
}

#[test]
fn password() {
    watch_both("password", &with_password(), Some(PASSWORD));
}

#[test]
fn a_cookie_that_cannot_be_read_and_a_password() {
    let Some(tor) = Tor::start("either", &format!("CookieAuthentication 1\n{}", with_password())) else { return };
    fs::remove_file(tor.path("a \"cookie\" \\ é")).unwrap();
    let mut watch = Watch::start(&tor.port, &[], Some(PASSWORD));
    tor.request("www.example.com", &mut watch);
    watch.stop("-TERM");
}

#[test]
fn wrong_password() {
    let Some(tor) = Tor::start("wrong", &with_password()) else { return };
    let (status, said) = Watch::start(&tor.port, &[], Some("wr0ng")).end();
    assert_eq!(status, Some(1));
    assert_eq!(said, format!("tor-streams: {}: authentication failed: tor refuses the password with 515\n", tor.port));
}

#[test]
fn tor_is_restarted() {
    let Some(mut tor) = Tor::start("restart", "CookieAuthentication 1") else { return };
    let mut watch = Watch::start(&tor.path("control"), &[], None);
    tor.request("before.example", &mut watch);
    tor.kill();
    watch.complains("; trying again in 1 s");
    tor.restart();
    tor.request("after.example", &mut watch);
    watch.stop("-INT");
}

#[test]
fn a_stream_that_is_open_in_tor() {
    let Some(mut tor) = Tor::start("open", "CookieAuthentication 1") else { return };
    let client = tor.client("open.example");
    // tor has read the request once it lists the stream; until then every connection asks anew.
    let mut watch = Watch::start(&tor.path("control"), &["--summary", "--interval", "1"], None);
    let line = watch.prints("  open.example:80");
    assert!(line.contains("  NEW "), "{line}");
    drop(client);
    tor.kill();
    watch.complains("; trying again in 1 s");
    tor.restart();
    let _client = tor.client("again.example");
    watch.prints("  again.example:80");
    watch.stop("-INT");
}

/// Returns what the program complains about after this reply to its first command, which ends it.
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
        ("250-AUTH METHODS=PALMSCAN,nULL\r\n250 OK\r\n", "tor accepts no authentication that is known here"),
        ("250-AUTH METHODS=SAFECOOKIE\r\n250 OK\r\n", "tor accepts no authentication that is known here"),
        (
            "250-AUTH METHODS=SAFECOOKIE COOKIEFILE=\"/no\\twh\\145re\\033\"\r\n250 OK\r\n",
            "the cookie /no\\twhere\\u{1b}: No such file or directory (os error 2)",
        ),
        (
            "250-AUTH METHODS=SAFECOOKIE COOKIEFILE=\"/dev/zero\"\r\n250 OK\r\n",
            "the cookie /dev/zero: not a file of 32 bytes",
        ),
        (
            "250-AUTH METHODS=COOKIE COOKIEFILE=\"/dev/zero\"\r\n250 OK\r\n",
            "it wants the cookie itself, and cannot prove that it is tor: --allow-cookie sends it all the same",
        ),
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

#[test]
fn a_server_without_the_cookie_gets_no_proof() {
    let directory = directory("proof");
    let cookie = directory.join("cookie");
    fs::write(&cookie, [b'c'; 32]).unwrap();
    for (challenge, said) in [
        (
            format!("250 AUTHCHALLENGE SERVERHASH={} SERVERNONCE={}", "ab".repeat(32), "cd".repeat(32)),
            "what answers does not know tor's cookie",
        ),
        (
            format!("250 AUTHCHALLENGE SERVERHASH={} SERVERNONCE={}", "ab".repeat(31), "cd".repeat(32)),
            "no control port: its AUTHCHALLENGE is malformed",
        ),
        ("250 AUTHCHALLENGE".into(), "no control port: its AUTHCHALLENGE is malformed"),
        ("512 no".into(), "tor refuses SAFECOOKIE with 512"),
    ] {
        let path = cookie.display().to_string();
        let (address, playing) = Peer::play(move |peer| {
            peer.command("PROTOCOLINFO 1");
            peer.send(&format!("250-AUTH METHODS=COOKIE,SAFECOOKIE COOKIEFILE=\"{path}\"\r\n250 OK\r\n"));
            assert_eq!(peer.command("AUTHCHALLENGE SAFECOOKIE ").len(), 64);
            peer.send(&format!("{challenge}\r\n"));
            peer.rest()
        });
        let (status, complaint) = Watch::start(&address, &[], None).end();
        assert_eq!(complaint, format!("tor-streams: {address}: {said}\n"));
        assert_eq!((status, playing.join().unwrap().as_str()), (Some(1), ""));
    }
    fs::remove_dir_all(directory).unwrap();
}

/// Returns what the program sends to one who offers these methods and names a file, and what it complains about.
#[track_caller]
fn asked_for(methods: &str, file: &Path, options: &[&str], password: Option<&str>) -> (String, String) {
    let offer = format!("250-AUTH METHODS={methods} COOKIEFILE=\"{}\"\r\n250 OK\r\n", file.display());
    let (address, playing) = Peer::play(move |peer| {
        peer.command("PROTOCOLINFO 1");
        peer.send(&offer);
        let mut sent = String::new();
        peer.stream.read_line(&mut sent).unwrap();
        peer.send("515 no\r\n");
        sent + &peer.rest()
    });
    let (status, said) = Watch::start(&address, &[&["--retries", "0"], options].concat(), password).end();
    assert_eq!(status, Some(1));
    let said = said.strip_prefix(&format!("tor-streams: {address}: ")).unwrap();
    (playing.join().unwrap(), said.trim_end().into())
}

#[test]
fn a_plain_cookie() {
    let directory = directory("plain");
    let cookie = directory.join("cookie");
    fs::write(&cookie, [0xc0; 32]).unwrap();
    let secret = format!("AUTHENTICATE {}\r\n", "c0".repeat(32));

    let (sent, said) = asked_for("COOKIE", &cookie, &[], None);
    assert_eq!(sent, "");
    assert!(said.ends_with("--allow-cookie sends it all the same"), "{said}");
    assert_eq!(asked_for("COOKIE", &cookie, &["--allow-cookie"], None).0, secret);
    // The password instead, if that will do.
    let (sent, _) = asked_for("COOKIE,HASHEDPASSWORD", &cookie, &[], Some(PASSWORD));
    assert_eq!(sent, format!("AUTHENTICATE {PASSWORD_HEX}\r\n"));
    // A peer that offers proofs and refuses ours does not get the cookie instead.
    let (sent, said) = asked_for("COOKIE,SAFECOOKIE", &cookie, &["--allow-cookie"], None);
    assert!(sent.starts_with("AUTHCHALLENGE SAFECOOKIE ") && sent.lines().count() == 1, "{sent}");
    assert_eq!(said, "tor refuses SAFECOOKIE with 515");
    fs::remove_dir_all(directory).unwrap();
}

/// Nothing is sent of a file that is no cookie, or that is not where it seems to be.
#[test]
fn a_file_that_is_no_cookie() {
    let directory = directory("no-cookie");
    let path = |name: &str| directory.join(name);
    fs::write(path("short"), [0xc0; 31]).unwrap();
    fs::write(path("long"), [0xc0; 33]).unwrap();
    fs::write(path("right"), [0xc0; 32]).unwrap();
    symlink(path("right"), path("link")).unwrap();
    assert!(Command::new("mkfifo").arg(path("pipe")).status().unwrap().success());
    let mut cases = vec![
        ("short", "not a file of 32 bytes"),
        ("long", "not a file of 32 bytes"),
        ("pipe", "not a file of 32 bytes"),
        (".", "not a file of 32 bytes"),
        ("link", "it is a link"),
    ];
    // Only root can give files away.
    if chown(path("right"), Some(12345), None).is_ok() {
        cases.push(("right", "it belongs to neither you, root nor tor"));
    }
    for (name, reason) in cases {
        for options in [&[][..], &["--allow-cookie"]] {
            let methods = if options.is_empty() { "COOKIE,SAFECOOKIE" } else { "COOKIE" };
            let (sent, said) = asked_for(methods, &path(name), options, None);
            assert_eq!((sent.as_str(), said), ("", format!("the cookie {}: {reason}", path(name).display())));
        }
    }
    fs::remove_dir_all(&directory).unwrap();
}

/// Watches one that has these streams open before any event, and returns the summary at the end.
#[track_caller]
fn summary_after(reply: &str) -> String {
    let reply = reply.to_owned();
    let (address, playing) = Peer::play(move |peer| {
        peer.subscribe("250 OK\r\n650 STREAM 5 NEW 0 early.example:80\r\n");
        peer.command("GETINFO stream-status");
        peer.send(&reply);
    });
    let (_, said) = Watch::start(&address, &["--summary", "--retries", "0"], None).end();
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

/// Words without a name are shown as they are, without commands to a terminal.
#[test]
fn words_without_a_name() {
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
    assert!(line.ends_with("xxx.onion:80") && line.chars().count() == 78, "80 columns: {line}");
}

/// A summary has room for so many words only.
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

#[test]
fn a_server_that_repeats_the_password() {
    let (address, playing) = Peer::play(|peer| {
        peer.command("PROTOCOLINFO 1");
        peer.send("250-AUTH METHODS=HASHEDPASSWORD\r\n250 OK\r\n");
        let secret = peer.command("AUTHENTICATE ");
        peer.send(&format!("515-{PASSWORD}\r\n515 {secret}\r\n"));
        secret
    });
    let (status, said) = Watch::start(&address, &[], Some(PASSWORD)).end();
    assert_eq!(playing.join().unwrap(), PASSWORD_HEX);
    assert_eq!(status, Some(1));
    assert!(said.contains("tor refuses the password with 515"), "{said}");
    assert!(!said.contains(PASSWORD) && !said.contains(PASSWORD_HEX), "{said}");
}

/// Events around a reply, of which one is split, one is too long and one has an unknown status.
const EVENTS: &str = concat!(
    "650 STREAM 1 NEW 0 a.example:80 SOURCE_ADDR=::1:5 PURPOSE=USER SOCKS_PASSWORD=\"sesame\"\r\n",
    "650+CONF_CHANGED\r\n650 STREAM 7 NEW 0 data:80\r\n.\r\n650 OK\r\n",
    "250 OK\r\n",
    "650 STREAM 1 BETTER 0 a.example:80\r\n",
    "650 STREAM 2 CLOSED 0 \x1b[31m\u{202e}:80 REASON=END REMOTE_REASON=DONE\r\n",
);

/// Watches a control port that sends [`EVENTS`], and returns what was said until the connection was closed.
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
    assert!(lines[0].starts_with("events 5, unreadable 2; streams open 2, closed 1; "), "{said}");
    assert_eq!(lines[1..4], ["status         NEW 2  CLOSED 1", "reason         END 1", "remote reason  DONE 1"]);
    assert!(lines[4].contains("b.example:80") && lines[6].ends_with("a.example:80"), "{said}");
    assert!(lines[5].ends_with(r"END/DONE  \u{1b}[31m\u{202e}:80"), "{said}");
    assert_eq!(lines[7..], ["", "tor-streams: ADDRESS: tor closed the connection"]);
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
