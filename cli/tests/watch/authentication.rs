//! Authentication: no secret is sent to a server that has not proved that it knows the secret.

use core::time::Duration;
use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::{chown, symlink};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use crate::peer::Peer;
use crate::program::{Watch, directory};
use crate::with_tor::{PASSWORD, PASSWORD_HEX};

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
            // 32 random bytes, in hexadecimal digits.
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

/// Plays a control port that offers these methods and names a cookie file. Returns the text that the program sends, and its message.
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

/// Types into the terminal on which the program asks for the password. Returns the exit status, the text on the terminal after the prompt,
/// and the text that the program sends. `None` on a machine without util-linux' `script`, which runs the program on a terminal.
fn typed_at_the_prompt(keys: &str) -> Option<(Option<i32>, String, String)> {
    if !Command::new("script").arg("--version").output().is_ok_and(|output| output.stdout.starts_with(b"script from")) {
        let _ = writeln!(io::stderr(), "skipped: no util-linux script on this machine");
        return None;
    }
    let (address, playing) = Peer::play(|peer| {
        peer.command("PROTOCOLINFO 1");
        peer.send("250-AUTH METHODS=HASHEDPASSWORD\r\n250 OK\r\n");
        let mut sent = String::new();
        peer.stream.read_line(&mut sent).unwrap();
        peer.send("515 no\r\n");
        sent
    });
    let watch = format!("tty; exec '{}' watch --control {address}", env!("CARGO_BIN_EXE_tor-streams"));
    let mut terminal = Command::new("script")
        .args(["--quiet", "--return", "--command", &watch, "/dev/null"])
        .env_remove("TOR_CONTROL_PASSWORD")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut shown = BufReader::new(terminal.stdout.take().unwrap());
    let mut tty = String::new();
    shown.read_line(&mut tty).unwrap();
    shown.read_exact(&mut [0; "Password of tor's control port: ".len()]).unwrap();
    // Keys that come before the program turns off the echo would be shown or lost.
    let is_hidden = (0..1000).any(|_| {
        thread::sleep(Duration::from_millis(10));
        let settings = Command::new("stty").args(["-a", "-F", tty.trim_end()]).output().unwrap();
        String::from_utf8_lossy(&settings.stdout).contains(" -echo ")
    });
    assert!(is_hidden, "{tty} shows what is typed");
    // The pipe is closed after the program's end: `script` takes the end of its input for a Ctrl-D.
    let mut keyboard = terminal.stdin.take().unwrap();
    keyboard.write_all(keys.as_bytes()).unwrap();
    let mut rest = String::new();
    shown.read_to_string(&mut rest).unwrap();
    drop(keyboard);
    let said = rest.trim().replace(&address, "ADDRESS");
    Some((terminal.wait().unwrap().code(), said, playing.join().unwrap()))
}

#[test]
fn a_password_from_the_terminal() {
    let (ctrl_c, ctrl_d) = ("\x03", "\x04");
    let sent = format!("AUTHENTICATE {PASSWORD_HEX}\r\n");
    for (keys, status, said, sent) in [
        (
            &*format!("{PASSWORD}\n"),
            1,
            "tor-streams: ADDRESS: authentication failed: tor refuses the password with 515",
            &*sent,
        ),
        (ctrl_d, 1, "tor-streams: ADDRESS: tor wants a password, and none was typed", ""),
        (ctrl_c, 0, "", ""),
    ] {
        let Some(end) = typed_at_the_prompt(keys) else { return };
        assert_eq!(end, (Some(status), said.into(), sent.into()));
    }
}
