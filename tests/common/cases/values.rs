//! IDs, addresses and credentials.

use super::*;

/// Stream and circuit IDs.
pub(super) const IDS: &[Case] = &[
    // The longest: 20 digits, as the greatest number of 64 bits has. Letters are allowed too.
    Case {
        content: b"18446744073709551615 SUCCEEDED 18446744073709551614 example.com:443",
        id: "18446744073709551615",
        circuit_id: Some("18446744073709551614"),
        ..PLAIN
    },
    Case {
        content: b"AbCdEfGh01234567 SUCCEEDED x9 example.com:443",
        id: "AbCdEfGh01234567",
        circuit_id: Some("x9"),
        ..PLAIN
    },
    // Circuit 0 means no circuit, and 00 is a circuit; stream 0 is a stream like any other.
    Case { content: b"0 SUCCEEDED 0 example.com:443", id: "0", circuit_id: None, ..PLAIN },
    Case { content: b"9 SUCCEEDED 00 example.com:443", circuit_id: Some("00"), ..PLAIN },
];

/// Addresses that clients connect from.
pub(super) const SOURCE_ADDRESSES: &[Case] = &[
    // IPv4; IPv6; no purpose after the address; a stream of tor's own.
    Case {
        content: b"9 NEW 0 example.com:443 SOURCE_ADDR=127.0.0.1:53489 PURPOSE=USER",
        source_addr: Some("127.0.0.1:53489"),
        purpose: Some("USER"),
        ..NEW
    },
    Case {
        content: b"9 NEW 0 example.com:443 SOURCE_ADDR=::1:38528 PURPOSE=USER",
        source_addr: Some("::1:38528"),
        purpose: Some("USER"),
        ..NEW
    },
    Case {
        content: b"9 NEW 0 example.com:443 SOURCE_ADDR=127.0.0.1:53489",
        source_addr: Some("127.0.0.1:53489"),
        ..NEW
    },
    Case {
        content: b"9 NEW 0 (Tor_internal):0 SOURCE_ADDR=(Tor_internal):0 PURPOSE=DIR_FETCH",
        host: "(Tor_internal)",
        port: 0,
        source_addr: Some("(Tor_internal):0"),
        purpose: Some("DIR_FETCH"),
        ..NEW
    },
    // Paths of unix sockets, also with spaces and with text that looks like other fields' parts.
    Case {
        content: b"9 NEW 0 example.com:443 SOURCE_ADDR=/run/tor/socks:0 PURPOSE=USER",
        source_addr: Some("/run/tor/socks:0"),
        purpose: Some("USER"),
        ..NEW
    },
    Case {
        content: concat!("9 NEW 0 example.com:443 SOURCE_ADDR=/var/run/my sock/s:0 PURPOSE=USER", newer_fields!())
            .as_bytes(),
        status: "NEW",
        circuit_id: None,
        source_addr: Some("/var/run/my sock/s:0"),
        purpose: Some("USER"),
        ..NEWER
    },
    Case {
        content: b"9 NEW 0 example.com:443 SOURCE_ADDR=/run/a  b /c =:1 :0 PURPOSE=USER",
        source_addr: Some("/run/a  b /c =:1 :0"),
        purpose: Some("USER"),
        ..NEW
    },
    // tor cuts a source address at 50 bytes; in the second case the 50th is a space.
    Case {
        content: b"9 NEW 0 example.com:443 SOURCE_ADDR=/var/lib/tor/sock/a-long-directory-name-so-that-th PURPOSE=USER",
        source_addr: Some("/var/lib/tor/sock/a-long-directory-name-so-that-th"),
        purpose: Some("USER"),
        ..NEW
    },
    Case {
        content: b"9 NEW 0 example.com:443 SOURCE_ADDR=/var/lib/tor/sock/a-long-directory-name-so-that-t  PURPOSE=USER",
        source_addr: Some("/var/lib/tor/sock/a-long-directory-name-so-that-t "),
        purpose: Some("USER"),
        ..NEW
    },
];

/// Quoted strings as tor escapes them.
pub(super) const CREDENTIALS: &[Case] = &[
    // Both credentials, each alone, and both empty.
    Case {
        content: br#"9 SUCCEEDED 4 example.com:443 SOCKS_USERNAME="u" SOCKS_PASSWORD="p""#,
        username: Some("u"),
        password: Some("p"),
        ..PLAIN
    },
    Case { content: br#"9 SUCCEEDED 4 example.com:443 SOCKS_USERNAME="u""#, username: Some("u"), ..PLAIN },
    Case { content: br#"9 SUCCEEDED 4 example.com:443 SOCKS_PASSWORD="p""#, password: Some("p"), ..PLAIN },
    Case {
        content: br#"9 SUCCEEDED 4 example.com:443 SOCKS_USERNAME="" SOCKS_PASSWORD="""#,
        username: Some(""),
        password: Some(""),
        ..PLAIN
    },
    // Text that looks like fields, and like the end of the string.
    Case {
        content: br#"9 SUCCEEDED 4 example.com:443 SOCKS_USERNAME="x REASON=DONE PURPOSE=DIR_FETCH" SOCKS_PASSWORD="a=b,c:1""#,
        username: Some("x REASON=DONE PURPOSE=DIR_FETCH"),
        password: Some("a=b,c:1"),
        ..PLAIN
    },
    Case {
        content: br#"9 SUCCEEDED 4 example.com:443 SOCKS_USERNAME="a\" SOCKS_PASSWORD=\"b" SOCKS_PASSWORD=" \\" CLIENT_PROTOCOL=SOCKS5"#,
        username: Some(r#"a\" SOCKS_PASSWORD=\"b"#),
        password: Some(r" \\"),
        client_protocol: Some("SOCKS5"),
        ..PLAIN
    },
    // Every kind of escape that tor prints.
    Case {
        content: br#"9 CLOSED 4 example.com:443 REASON=TIMEOUT SOCKS_USERNAME="\\\" REASON=DONE \\\\" SOCKS_PASSWORD="it\'s\t\r\n\001\177\200\377""#,
        reason: Some("TIMEOUT"),
        username: Some(r#"\\\" REASON=DONE \\\\"#),
        password: Some(r"it\'s\t\r\n\001\177\200\377"),
        ..CLOSED
    },
];
