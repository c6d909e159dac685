//! Whole lines, fields of a newer tor, fields in other orders, and values that tor does not print.
//!
//! A line whose known fields have an order or a value that no known tor prints has the anomaly `UnknownOrder`, unless the value can be
//! meant in one way only, such as `007`. A new field or a new word in capitals, as a future tor may print, has only the anomaly of its
//! own, if any: `UnknownKeyword`, or `UnknownWord` for a status, reason or client protocol. A new source, purpose or isolation field
//! has none, as known tors differ in these.

use super::*;

/// Lines with everything that tor prints for their status.
pub(super) const WHOLE_LINES: &[Case] = &[
    Case {
        content: concat!(
            "9 NEW 0 example.com:443 SOURCE_ADDR=127.0.0.1:53489 PURPOSE=USER ",
            "SOCKS_USERNAME=\"u\" SOCKS_PASSWORD=\"p\"",
            newer_fields!()
        )
        .as_bytes(),
        status: "NEW",
        circuit_id: None,
        source_addr: Some("127.0.0.1:53489"),
        purpose: Some("USER"),
        username: Some("u"),
        password: Some("p"),
        ..NEWER
    },
    Case {
        content: concat!(
            "9 REMAP 4 192.0.2.1:443 SOURCE=EXIT SOCKS_USERNAME=\"u\" SOCKS_PASSWORD=\"p\"",
            newer_fields!()
        )
        .as_bytes(),
        status: "REMAP",
        host: "192.0.2.1",
        source: Some("EXIT"),
        username: Some("u"),
        password: Some("p"),
        ..NEWER
    },
    Case {
        content: concat!(
            "9 CLOSED 4 example.com:443 REASON=END REMOTE_REASON=DONE SOCKS_USERNAME=\"u\" SOCKS_PASSWORD=\"p\"",
            newer_fields!()
        )
        .as_bytes(),
        status: "CLOSED",
        reason: Some("END"),
        remote_reason: Some("DONE"),
        username: Some("u"),
        password: Some("p"),
        ..NEWER
    },
    Case { content: concat!("9 SUCCEEDED 4 example.com:443", newer_fields!()).as_bytes(), ..NEWER },
];

/// Fields and words that no known tor prints, and a future one may.
pub(super) const FUTURE_FIELDS: &[Case] = &[
    // After tor's last field, as a future tor would print them.
    Case {
        content: b"9 SUCCEEDED 4 example.com:443 ISO_FIELDS= A_NEW_FIELD=1",
        iso_fields: Some(""),
        args: Some(&[("ISO_FIELDS", ""), ("A_NEW_FIELD", "1")]),
        anomalies: &[Anomaly::UnknownKeyword],
        ..PLAIN
    },
    Case {
        content: br#"9 CLOSED 4 example.com:443 REASON=DONE CLIENT_PROTOCOL=DNS NYM_EPOCH=0 SESSION_GROUP=-7 ISO_FIELDS=DESTPORT NEW="a \"b\" c:1" EMPTY= ODD=a=b,c/d"#,
        reason: Some("DONE"),
        client_protocol: Some("DNS"),
        nym_epoch: Some(0),
        session_group: Some(-7),
        iso_fields: Some("DESTPORT"),
        args: Some(&[
            ("REASON", "DONE"),
            ("CLIENT_PROTOCOL", "DNS"),
            ("NYM_EPOCH", "0"),
            ("SESSION_GROUP", "-7"),
            ("ISO_FIELDS", "DESTPORT"),
            ("NEW", r#""a \"b\" c:1""#),
            ("EMPTY", ""),
            ("ODD", "a=b,c/d"),
        ]),
        anomalies: &[Anomaly::UnknownKeyword],
        ..CLOSED
    },
    // Alone after the target.
    Case {
        content: b"9 SUCCEEDED 4 example.com:443 A_NEW_FIELD=1",
        args: Some(&[("A_NEW_FIELD", "1")]),
        anomalies: &[Anomaly::UnknownKeyword],
        ..PLAIN
    },
    // The colon in the value of an unknown field may be the one before the target's port: no field of the newer tors is there.
    Case {
        content: b"9 SUCCEEDED 4 example.com:443 A_NEW_FIELD=a:1",
        host: "example.com:443 A_NEW_FIELD=a",
        port: 1,
        anomalies: &[Anomaly::TargetSpace],
        ..PLAIN
    },
    // A new word of a known field.
    Case {
        content: b"9 SUCCEEDED 4 example.com:443 CLIENT_PROTOCOL=QUIC",
        client_protocol: Some("QUIC"),
        anomalies: &[Anomaly::UnknownWord],
        ..PLAIN
    },
    // Before a known field, where no tor would add one.
    Case {
        content: b"9 CLOSED 4 example.com:443 A_NEW_FIELD=1 REASON=DONE",
        status: "CLOSED",
        reason: Some("DONE"),
        args: Some(&[("A_NEW_FIELD", "1"), ("REASON", "DONE")]),
        anomalies: &[Anomaly::UnknownOrder, Anomaly::UnknownKeyword],
        ..PLAIN
    },
];

/// Fields in an order, or with a status, in which tor does not print them.
pub(super) const OTHER_ORDERS: &[Case] = &[
    // Two fields are exchanged, and every field is in the reverse order.
    Case {
        content: b"9 NEW 4 example.com:443 PURPOSE=USER SOURCE_ADDR=/run/s CLIENT_PROTOCOL=DNS",
        status: "NEW",
        source_addr: Some("/run/s"),
        purpose: Some("USER"),
        client_protocol: Some("DNS"),
        args: Some(&[("PURPOSE", "USER"), ("SOURCE_ADDR", "/run/s"), ("CLIENT_PROTOCOL", "DNS")]),
        ..UNKNOWN_ORDER
    },
    Case {
        content: br#"9 CLOSED 4 example.com:443 ISO_FIELDS=CLIENTADDR SESSION_GROUP=-4 NYM_EPOCH=1 CLIENT_PROTOCOL=SOCKS4 SOCKS_PASSWORD="p" SOCKS_USERNAME="u" REMOTE_REASON=MISC REASON=END"#,
        status: "CLOSED",
        reason: Some("END"),
        remote_reason: Some("MISC"),
        username: Some("u"),
        password: Some("p"),
        client_protocol: Some("SOCKS4"),
        nym_epoch: Some(1),
        session_group: Some(-4),
        iso_fields: Some("CLIENTADDR"),
        args: Some(&[
            ("ISO_FIELDS", "CLIENTADDR"),
            ("SESSION_GROUP", "-4"),
            ("NYM_EPOCH", "1"),
            ("CLIENT_PROTOCOL", "SOCKS4"),
            ("SOCKS_PASSWORD", "\"p\""),
            ("SOCKS_USERNAME", "\"u\""),
            ("REMOTE_REASON", "MISC"),
            ("REASON", "END"),
        ]),
        ..UNKNOWN_ORDER
    },
    // Fields of another status.
    Case { content: b"9 SUCCEEDED 4 example.com:443 PURPOSE=USER", purpose: Some("USER"), ..UNKNOWN_ORDER },
    Case { content: b"9 SUCCEEDED 4 example.com:443 REASON=DONE", reason: Some("DONE"), ..UNKNOWN_ORDER },
    // A remote reason follows END only.
    Case {
        content: b"9 CLOSED 4 example.com:443 REASON=DONE REMOTE_REASON=DONE",
        status: "CLOSED",
        reason: Some("DONE"),
        remote_reason: Some("DONE"),
        ..UNKNOWN_ORDER
    },
    // CLOSED has no purpose, and NEW has no source.
    Case {
        content: b"9 CLOSED 4 example.com:443 REASON=END REMOTE_REASON= UNKNOWN_577 PURPOSE=USER",
        status: "CLOSED",
        reason: Some("END"),
        remote_reason: Some("UNKNOWN_577"),
        purpose: Some("USER"),
        ..UNKNOWN_ORDER
    },
    Case {
        content: b"9 NEW 4 example.com:443 SOURCE_ADDR=192.0.2.1:5 SOURCE=EXIT",
        status: "NEW",
        source: Some("EXIT"),
        source_addr: Some("192.0.2.1:5"),
        args: Some(&[("SOURCE_ADDR", "192.0.2.1:5"), ("SOURCE", "EXIT")]),
        ..UNKNOWN_ORDER
    },
    // The last of a repeated keyword counts.
    Case {
        content: b"9 CLOSED 4 example.com:443 REASON=DONE REASON=END FOO=1 FOO=2",
        status: "CLOSED",
        reason: Some("END"),
        args: Some(&[("REASON", "DONE"), ("REASON", "END"), ("FOO", "1"), ("FOO", "2")]),
        anomalies: &[Anomaly::UnknownOrder, Anomaly::UnknownKeyword],
        ..PLAIN
    },
    // Tokens without a keyword and a `=`, and spaces at the end.
    Case {
        content: b"9 CLOSED 4 example.com:443 bare REASON=DONE =x  token ",
        status: "CLOSED",
        reason: Some("DONE"),
        ..UNKNOWN_ORDER
    },
    Case { content: b"9 SUCCEEDED 4 example.com:443   ", ..UNKNOWN_ORDER },
    // Keywords and words are in capitals.
    Case {
        content: b"9 CLOSED 4 example.com:443 reason=DONE",
        status: "CLOSED",
        args: Some(&[("reason", "DONE")]),
        anomalies: &[Anomaly::UnknownOrder, Anomaly::UnknownKeyword],
        ..PLAIN
    },
    Case {
        content: b"9 CLOSED 4 example.com:443 REASON=done",
        status: "CLOSED",
        reason: Some("done"),
        anomalies: &[Anomaly::UnknownOrder, Anomaly::UnknownWord],
        ..PLAIN
    },
    // U+0085 is white space in Unicode. Only a space ends a value.
    Case {
        content: "9 NEW 4 example.com:443 FOO=a\u{85}b PURPOSE=USER".as_bytes(),
        status: "NEW",
        purpose: Some("USER"),
        args: Some(&[("FOO", "a\u{85}b"), ("PURPOSE", "USER")]),
        anomalies: &[Anomaly::UnknownOrder, Anomaly::UnknownKeyword],
        ..PLAIN
    },
];

/// Values that no tor prints.
pub(super) const ODD_VALUES: &[Case] = &[
    // Leading zeros, -0 and empty items have one meaning only: no anomaly.
    Case {
        content: b"9 SUCCEEDED 4 example.com:0443 NYM_EPOCH=007 SESSION_GROUP=-0 ISO_FIELDS=DESTPORT,,CLIENTADDR,",
        target: Some(b"example.com:0443"),
        nym_epoch: Some(7),
        session_group: Some(0),
        iso_fields: Some("DESTPORT,,CLIENTADDR,"),
        args: Some(&[("NYM_EPOCH", "007"), ("SESSION_GROUP", "-0"), ("ISO_FIELDS", "DESTPORT,,CLIENTADDR,")]),
        ..PLAIN
    },
    // A quoted string that never ends takes the rest of the line as its value.
    Case {
        content: b"9 NEW 4 example.com:443 SOCKS_USERNAME=\"",
        status: "NEW",
        args: Some(&[("SOCKS_USERNAME", "\"")]),
        ..UNKNOWN_ORDER
    },
    Case {
        content: b"9 NEW 4 example.com:443 SOCKS_USERNAME=\"abc REASON=DONE PURPOSE=USER",
        status: "NEW",
        args: Some(&[("SOCKS_USERNAME", "\"abc REASON=DONE PURPOSE=USER")]),
        ..UNKNOWN_ORDER
    },
    Case {
        content: br#"9 SUCCEEDED 4 example.com:443 SOCKS_USERNAME="abc\""#,
        args: Some(&[("SOCKS_USERNAME", r#""abc\""#)]),
        ..UNKNOWN_ORDER
    },
    // A space or the end has to follow the closing quotation mark; without both marks, the value is no quoted string.
    Case {
        content: br#"9 SUCCEEDED 4 example.com:443 SOCKS_USERNAME="a"b SOCKS_PASSWORD="p""#,
        password: Some("p"),
        args: Some(&[("SOCKS_USERNAME", r#""a"b"#), ("SOCKS_PASSWORD", r#""p""#)]),
        ..UNKNOWN_ORDER
    },
    Case {
        content: b"9 SUCCEEDED 4 example.com:443 SOCKS_USERNAME=abc",
        args: Some(&[("SOCKS_USERNAME", "abc")]),
        ..UNKNOWN_ORDER
    },
    // Escapes that tor never prints in a quoted string, and a byte that it would print as an escape.
    Case {
        content: br#"9 SUCCEEDED 4 example.com:443 SOCKS_USERNAME="a\bc\x41" SOCKS_PASSWORD="\9""#,
        username: Some(r"a\bc\x41"),
        password: Some(r"\9"),
        ..UNKNOWN_ORDER
    },
    Case {
        content: "9 SUCCEEDED 4 example.com:443 SOCKS_USERNAME=\"caf\u{e9}\"".as_bytes(),
        username: Some("caf\u{e9}"),
        ..UNKNOWN_ORDER
    },
    // Empty words, and a code without its number.
    Case {
        content: b"9 CLOSED 4 example.com:443 REASON=",
        status: "CLOSED",
        reason: Some(""),
        anomalies: &[Anomaly::UnknownOrder, Anomaly::UnknownWord],
        ..PLAIN
    },
    Case {
        content: b"9 CLOSED 4 example.com:443 REASON= CLIENT_PROTOCOL=DNS",
        status: "CLOSED",
        reason: Some(""),
        client_protocol: Some("DNS"),
        anomalies: &[Anomaly::UnknownOrder, Anomaly::UnknownWord],
        ..PLAIN
    },
    Case {
        content: b"9 CLOSED 4 example.com:443 REASON= UNKNOWN_",
        status: "CLOSED",
        reason: Some(""),
        anomalies: &[Anomaly::UnknownOrder, Anomaly::UnknownWord],
        ..PLAIN
    },
    // Numbers out of range, and texts that are no numbers. Each is an argument, and no value of its field.
    Case {
        content: b"9 SUCCEEDED 4 example.com:443 NYM_EPOCH=4294967296",
        args: Some(&[("NYM_EPOCH", "4294967296")]),
        ..UNKNOWN_ORDER
    },
    Case {
        content: b"9 SUCCEEDED 4 example.com:443 NYM_EPOCH=-1",
        args: Some(&[("NYM_EPOCH", "-1")]),
        ..UNKNOWN_ORDER
    },
    Case { content: b"9 SUCCEEDED 4 example.com:443 NYM_EPOCH=", args: Some(&[("NYM_EPOCH", "")]), ..UNKNOWN_ORDER },
    Case {
        content: b"9 SUCCEEDED 4 example.com:443 SESSION_GROUP=-",
        args: Some(&[("SESSION_GROUP", "-")]),
        ..UNKNOWN_ORDER
    },
    Case {
        content: b"9 SUCCEEDED 4 example.com:443 SESSION_GROUP=+4",
        args: Some(&[("SESSION_GROUP", "+4")]),
        ..UNKNOWN_ORDER
    },
    Case {
        content: b"9 SUCCEEDED 4 example.com:443 SESSION_GROUP=2147483648",
        args: Some(&[("SESSION_GROUP", "2147483648")]),
        ..UNKNOWN_ORDER
    },
    // A list with a word in small letters, which no tor prints.
    Case {
        content: b"9 SUCCEEDED 4 example.com:443 ISO_FIELDS=a,DESTPORT",
        iso_fields: Some("a,DESTPORT"),
        ..UNKNOWN_ORDER
    },
    // tor prints a space before the code of a reason, `REASON= UNKNOWN_15`. With another keyword the value is empty.
    Case { content: b"9 NEW 4 example.com:443 PURPOSE= UNKNOWN_15", status: "NEW", purpose: Some(""), ..UNKNOWN_ORDER },
    // `cli"ent` is no host of a source address, so the `:5` after it is taken for the target's port.
    Case {
        content: b"9 NEW 4 example.com:443 SOURCE_ADDR=cli\"ent:5 PURPOSE=USER",
        status: "NEW",
        host: "example.com:443 SOURCE_ADDR=cli\"ent",
        port: 5,
        purpose: Some("USER"),
        anomalies: &[Anomaly::TargetSpace, Anomaly::TargetQuote],
        ..PLAIN
    },
    // Only PURPOSE ends a path that holds spaces.
    Case {
        content: b"9 NEW 4 example.com:443 SOURCE_ADDR=/run/my sock",
        status: "NEW",
        source_addr: Some("/run/my"),
        ..UNKNOWN_ORDER
    },
];
