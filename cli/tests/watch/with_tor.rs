//! Streams of a real tor, which connects to 127.0.0.1 only. Without a `tor` on the machine these tests say so
//! and return.

use std::fs;
use std::process::Command;

use crate::program::Watch;
use crate::tor::Tor;

/// The password of the control port.
pub(crate) const PASSWORD: &str = "pass \"w\\rd\" é";
/// The password in hexadecimal digits, as it is sent.
pub(crate) const PASSWORD_HEX: &str = "706173732022775c72642220c3a9";

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
        // The first one is the password of the request.
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
    // The stream is open once another program has had its NEW.
    let mut earlier = Watch::start(&tor.path("control"), &[], None);
    tor.request("other.example", &mut earlier);
    let client = tor.client("open.example");
    earlier.prints("open.example");
    earlier.stop("-INT");
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
