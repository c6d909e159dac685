//! Pseudonyms, and the text that is left out.

use crate::common::{data, file};
use crate::share;

/// A user asks: what may others see of this log? The times from the first event, both streams as they were, one pseudonym
/// for the name, one for the address that it was mapped to, and one for the client, whose two ports differ.
#[test]
fn a_log_of_two_streams() {
    let (text, messages) = share(0, &[], &data("field/F01-filters.log"));
    let expected = "\
0.000000 650 STREAM 18 NEW 0 host1.test:443 SOURCE_ADDR=127.200.0.1:1 PURPOSE=USER
0.100000 650 STREAM 18 SENTCONNECT 26 host1.test:443
1.000000 650 STREAM 18 REMAP 26 240.0.0.1:443 SOURCE=EXIT
1.100000 650 STREAM 18 SUCCEEDED 26 240.0.0.1:443
9.000000 650 STREAM 18 CLOSED 26 240.0.0.1:443 REASON=DONE
10.000000 650 STREAM 19 NEW 0 host1.test:80 SOURCE_ADDR=127.200.0.1:2 PURPOSE=USER
10.100000 650 STREAM 19 SENTCONNECT 26 host1.test:80
20.100000 650 STREAM 19 DETACHED 26 host1.test:80 REASON=TIMEOUT
20.200000 650 STREAM 19 SENTCONNECT 27 host1.test:80
30.200000 650 STREAM 19 FAILED 27 host1.test:80 REASON=END REMOTE_REASON=CONNECTREFUSED
30.210000 650 STREAM 19 CLOSED 27 host1.test:80 REASON=END REMOTE_REASON=CONNECTREFUSED
";
    assert_eq!(String::from_utf8(text).unwrap(), expected);
    assert_eq!(messages, "tor-streams: 11 events printed, 0 other lines left out\n");
    let (text, _) = share(0, &["--keep-times", "--status", "NEW"], &data("field/F01-filters.log"));
    let expected = "\
1795600800.000000 650 STREAM 18 NEW 0 host1.test:443 SOURCE_ADDR=127.200.0.1:1 PURPOSE=USER
1795600810.000000 650 STREAM 19 NEW 0 host1.test:80 SOURCE_ADDR=127.200.0.1:2 PURPOSE=USER
";
    assert_eq!(String::from_utf8(text).unwrap(), expected);
}

/// A user asks: which kinds of names have pseudonyms of their own? Each kind in the table of `share --help` is here.
#[test]
fn kinds_of_names() {
    let onion = "a".repeat(56);
    let fingerprint = "B".repeat(40);
    let long = "x".repeat(70);
    let targets = [
        ("www.example.com", "host1.test"),
        ("WWW.example.com", "host1.test"),
        ("localhost", "host2"),
        (&format!("{onion}.onion"), "host3.onion"),
        (&format!("www.{onion}.onion"), "host4.onion"),
        ("abcdefghijklmnop.onion", "host5.v2.onion"),
        ("x.onion", "host6.other.onion"),
        ("127.0.0.1", "127.200.0.1"),
        ("10.1.2.3", "10.200.0.1"),
        ("192.0.2.7", "240.0.0.1"),
        ("[2001:db8:9::7]", "[2001:db8::1]"),
        ("2001:db8:9::7", "2001:db8::1"),
        ("::1", "fd00::1"),
        (&format!("192.0.2.7.${fingerprint}.exit"), "240.0.0.1.$0000000000000000000000000000000000000001.exit"),
        ("www.example.com.moria1.exit", "host1.test.relay2.exit"),
        ("moria1.exit", "relay2.exit"),
        ("", ""),
        ("(Tor_internal)", "(Tor_internal)"),
        // A character that makes a name odd stays, so that the event has the same anomalies.
        ("a b.example", "host7 x.test"),
        ("a\"b", "host8\"x"),
        ("a\u{1}b.example", "host9\u{1}x.test"),
        ("müller.example", "host10é.test"),
        // A name of more than 63 characters, the maximum of a label, becomes one of 64.
        (&long, &format!("host11{}", "x".repeat(58))),
        (&format!("{long}.onion"), &format!("host12{}.other.onion", "x".repeat(46))),
    ];
    let line = |(index, host): (usize, &str)| format!("650 STREAM {index} SUCCEEDED 5 {host}:443\n");
    let log: String = targets.iter().map(|&(host, _)| host).enumerate().map(line).collect();
    let expected: String = targets.iter().map(|&(_, host)| host).enumerate().map(line).collect();
    let (text, _) = share(0, &[], &file("share", "kinds.log", log));
    assert_eq!(String::from_utf8(text).unwrap(), expected);
}

/// A user asks: which clients and credentials are the same? Clients 1 and 2 have the same user name, and client 1 has an empty password.
/// Words and a keyword that only a newer tor knows could identify somebody, and are replaced; codes such as `UNKNOWN_15` stay.
#[test]
fn clients_credentials_and_words() {
    let lines = [
        (
            "1 NEW 0 a:1 SOURCE_ADDR=/var/run/my sock:0 PURPOSE=USER SOCKS_USERNAME=\"al ice\" SOCKS_PASSWORD=\"\"",
            "1 NEW 0 host1:1 SOURCE_ADDR=/socket1:0 PURPOSE=USER SOCKS_USERNAME=\"user1\" SOCKS_PASSWORD=\"\"",
        ),
        (
            "2 NEW 0 a:1 SOURCE_ADDR=::1:38528 PURPOSE=USER SOCKS_USERNAME=\"al ice\" SOCKS_PASSWORD=\"x\\\"y\"",
            "2 NEW 0 host1:1 SOURCE_ADDR=fd00::1:1 PURPOSE=USER SOCKS_USERNAME=\"user1\" SOCKS_PASSWORD=\"pass1\"",
        ),
        (
            "3 NEW 0 (Tor_internal):0 SOURCE_ADDR=(Tor_internal):0 PURPOSE=DIR_FETCH CLIENT_PROTOCOL=UNKNOWN NYM_EPOCH=7 \
             SESSION_GROUP=-2 ISO_FIELDS=SESSION_GROUP,SECRET",
            "3 NEW 0 (Tor_internal):0 SOURCE_ADDR=(Tor_internal):0 PURPOSE=DIR_FETCH CLIENT_PROTOCOL=UNKNOWN NYM_EPOCH=7 \
             SESSION_GROUP=-2 ISO_FIELDS=SESSION_GROUP,WORD1",
        ),
        ("4 CLOSED 9 a:1 REASON= UNKNOWN_15", "4 CLOSED 9 host1:1 REASON= UNKNOWN_15"),
        ("5 CLOSED 9 a:1 REASON=END REMOTE_REASON=SECRET", "5 CLOSED 9 host1:1 REASON=END REMOTE_REASON=WORD1"),
        ("6 SUCCEEDED 9 a:1 NEW_KEY=10.8.0.2 OTHER=secret", "6 SUCCEEDED 9 host1:1 REDACTED=x"),
    ];
    let text = |column: fn(&(&'static str, &'static str)) -> &'static str| {
        lines.iter().map(column).fold(String::new(), |text, line| text + "650 STREAM " + line + "\n")
    };
    let (printed, _) = share(0, &[], &file("share", "clients.log", text(|line| line.0)));
    assert_eq!(String::from_utf8(printed).unwrap(), text(|line| line.1));
}
