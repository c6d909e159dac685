//! Targets: plain ones, names with a relay, and those that a client made to be misread or that tor cut.

use super::*;

/// Expands to a case with a `.exit` name: an address and a relay, of which the host is made; or a host, and the address and
/// relay in it, if any.
macro_rules! exit_name {
    ($address:literal $relay:literal) => {
        exit_name!(concat!($address, ".", $relay, ".exit"), Some(($address, $relay)))
    };
    ($host:expr, $pair:expr) => {
        Case { content: concat!("9 SUCCEEDED 4 ", $host, ":443").as_bytes(), host: $host, exit_relay: $pair, ..PLAIN }
    };
}

/// Names with the relay through which the stream leaves tor, `ADDRESS.RELAY.exit`, and names that only look so.
pub(super) const EXIT_NAMES: &[Case] = &[
    // A relay is a fingerprint of 40 hexadecimal digits, alone or with a nickname, or a nickname of 1 to 19 letters and digits.
    exit_name!("66.206.4.26" "$BBD8F4DF8FF5C69A6A989DB8C1EE2CA7ADFE0755"),
    exit_name!("www.example.com" "$bbd8f4df8ff5c69a6a989db8c1ee2ca7adfe0755"),
    exit_name!("www.example.com" "bbd8f4df8ff5c69a6a989db8c1ee2ca7adfe0755"),
    exit_name!("www.example.com" "$BBD8F4DF8FF5C69A6A989DB8C1EE2CA7ADFE0755~moria1"),
    exit_name!("www.example.com" "$BBD8F4DF8FF5C69A6A989DB8C1EE2CA7ADFE0755=moria1"),
    exit_name!("www.example.com" "moria1"),
    exit_name!("[2001:db8::1]" "abcdefghijklmnopqrs"),
    exit_name!("localhost" "x"),
    // tor takes the suffix in any case; a client may leave out the address or the relay.
    exit_name!("www.example.com.moria1.EXIT", Some(("www.example.com", "moria1"))),
    exit_name!("moria1.exit", Some(("", "moria1"))),
    exit_name!(".moria1.exit", Some(("", "moria1"))),
    // No relay, or another suffix.
    exit_name!("exit", None),
    exit_name!(".exit", None),
    exit_name!("www.example.com..exit", None),
    exit_name!("www.example.com.moria1.exit.", None),
    exit_name!("www.example.com.moria1.onion", None),
    exit_name!("www.example.com.moria1exit", None),
    // A nickname of 20 letters, with a hyphen, or after the `$` of a fingerprint.
    exit_name!("www.example.com.abcdefghijklmnopqrst.exit", None),
    exit_name!("www.example.com.mor-ia.exit", None),
    exit_name!("www.example.com.$moria1.exit", None),
    // A fingerprint of 39 digits, of 41, with a letter that is no digit; and an empty nickname, a wrong mark, a nickname of 20 letters.
    exit_name!("www.example.com.$BBD8F4DF8FF5C69A6A989DB8C1EE2CA7ADFE075.exit", None),
    exit_name!("www.example.com.$BBD8F4DF8FF5C69A6A989DB8C1EE2CA7ADFE0755a.exit", None),
    exit_name!("www.example.com.$BBD8F4DF8FF5C69A6A989DB8C1EE2CA7ADFE075G.exit", None),
    exit_name!("www.example.com.$BBD8F4DF8FF5C69A6A989DB8C1EE2CA7ADFE0755~.exit", None),
    exit_name!("www.example.com.$BBD8F4DF8FF5C69A6A989DB8C1EE2CA7ADFE0755+moria1.exit", None),
    exit_name!("www.example.com.$BBD8F4DF8FF5C69A6A989DB8C1EE2CA7ADFE0755~abcdefghijklmnopqrst.exit", None),
];

/// Targets that hold nothing odd.
pub(super) const PLAIN_TARGETS: &[Case] = &[
    // The least port and the greatest.
    Case { content: b"9 SUCCEEDED 4 a:0", host: "a", port: 0, ..PLAIN },
    Case { content: b"9 SUCCEEDED 4 a:65535", host: "a", port: 65535, ..PLAIN },
    // tor prints IPv6 with brackets if the client sent an address, and without if it sent a name.
    Case { content: b"9 SUCCEEDED 4 [2001:db8::1]:443", host: "[2001:db8::1]", ..PLAIN },
    Case { content: b"9 SUCCEEDED 4 2001:db8::2:443", host: "2001:db8::2", ..PLAIN },
    Case { content: b"9 SUCCEEDED 4 a:b:c:443", host: "a:b:c", ..PLAIN },
    // Hosts of tor's own, of a look-up of an address, and of a client that sent none.
    Case { content: b"9 SUCCEEDED 4 (Tor_internal):0", host: "(Tor_internal)", port: 0, ..PLAIN },
    Case { content: b"9 SUCCEEDED 4 REVERSE[192.0.2.1]:0", host: "REVERSE[192.0.2.1]", port: 0, ..PLAIN },
    Case { content: b"9 SUCCEEDED 4 :0", host: "", port: 0, ..PLAIN },
    // Characters of fields, which are nothing special without a space before them.
    Case { content: b"9 SUCCEEDED 4 a=b:443", host: "a=b", ..PLAIN },
    Case { content: b"9 SUCCEEDED 4 REASON=DONE:443", host: "REASON=DONE", ..PLAIN },
    Case { content: b"9 SUCCEEDED 4 a\\b'c:443", host: "a\\b'c", ..PLAIN },
];

/// Targets that a client made look like something else.
pub(super) const HOSTILE_TARGETS: &[Case] = &[
    // Names that tor refuses, and prints: a space, whole fields, the beginning of a quoted string.
    Case {
        content: concat!("9 CLOSED 0 a b.com:80 REASON=SOCKS_PROTOCOL", newer_fields!()).as_bytes(),
        host: "a b.com",
        port: 80,
        anomalies: &[Anomaly::TargetSpace],
        ..REJECTED
    },
    Case {
        content: concat!("9 CLOSED 0 x:1 REASON=DONE PURPOSE=DIR_FETCH y:80 REASON=SOCKS_PROTOCOL", newer_fields!())
            .as_bytes(),
        host: "x:1 REASON=DONE PURPOSE=DIR_FETCH y",
        port: 80,
        anomalies: &[Anomaly::TargetSpace],
        ..REJECTED
    },
    Case {
        content: concat!(
            "9 CLOSED 0 x:1 FOO=\":80 REASON=SOCKS_PROTOCOL SOCKS_USERNAME=\"u\" SOCKS_PASSWORD=\"p\"",
            newer_fields!()
        )
        .as_bytes(),
        host: "x:1 FOO=\"",
        port: 80,
        username: Some("u"),
        password: Some("p"),
        anomalies: &[Anomaly::TargetSpace, Anomaly::TargetQuote],
        ..REJECTED
    },
    // A name that tor accepts.
    Case {
        content: concat!("9 NEW 0 a=b \"q.com:0 SOURCE_ADDR=127.0.0.1:53489 PURPOSE=USER", newer_fields!()).as_bytes(),
        status: "NEW",
        circuit_id: None,
        host: "a=b \"q.com",
        port: 0,
        source_addr: Some("127.0.0.1:53489"),
        purpose: Some("USER"),
        anomalies: &[Anomaly::TargetSpace, Anomaly::TargetQuote],
        ..NEWER
    },
    // A field before tor's port, with a field of tor's after it and without.
    Case {
        content: b"9 CLOSED 4 evil REASON=DONE:80 REASON=TIMEOUT",
        host: "evil REASON=DONE",
        port: 80,
        reason: Some("TIMEOUT"),
        anomalies: &[Anomaly::TargetSpace],
        ..CLOSED
    },
    Case {
        content: b"9 CLOSED 4 evil:1 REASON=DONE:80",
        host: "evil:1 REASON=DONE",
        port: 80,
        anomalies: &[Anomaly::TargetSpace],
        ..CLOSED
    },
    // The client asked for the host `a:1 SOURCE_ADDR=6.6.6.6` and port 1, so that a forged address ends with tor's port. The last
    // SOURCE_ADDR of a line is tor's.
    Case {
        content: b"9 NEW 0 a:1 SOURCE_ADDR=6.6.6.6:1 SOURCE_ADDR=127.0.0.1:5 PURPOSE=USER",
        host: "a:1 SOURCE_ADDR=6.6.6.6",
        port: 1,
        source_addr: Some("127.0.0.1:5"),
        purpose: Some("USER"),
        anomalies: &[Anomaly::TargetSpace],
        ..NEW
    },
    Case {
        content: b"9 NEW 0 a:1 SOURCE_ADDR=/x:1 SOURCE_ADDR=/run/my sock:0 PURPOSE=USER",
        host: "a:1 SOURCE_ADDR=/x",
        port: 1,
        source_addr: Some("/run/my sock:0"),
        purpose: Some("USER"),
        anomalies: &[Anomaly::TargetSpace],
        ..NEW
    },
    // tor prints SOURCE_ADDR before PURPOSE, so both are the client's.
    Case {
        content: b"9 NEW 0 example.com:443 PURPOSE=USER SOURCE_ADDR=6.6.6.6:1 CLIENT_PROTOCOL=DNS",
        host: "example.com:443 PURPOSE=USER SOURCE_ADDR=6.6.6.6",
        port: 1,
        client_protocol: Some("DNS"),
        anomalies: &[Anomaly::TargetSpace],
        ..NEW
    },
    // A quoted string that the client begins ends at none of tor's quotation marks.
    Case {
        content: br#"9 SUCCEEDED 4 a:1 SOCKS_USERNAME="b:2 SOCKS_USERNAME="u" SOCKS_PASSWORD="p""#,
        host: r#"a:1 SOCKS_USERNAME="b"#,
        port: 2,
        username: Some("u"),
        password: Some("p"),
        anomalies: &[Anomaly::TargetSpace, Anomaly::TargetQuote],
        ..PLAIN
    },
    // The client chose the user name as well. If the user name began in the target (`":80 SOCKS_USERNAME="`), the fields after it would end
    // with `FOO="`, a string without an end.
    Case {
        content: br#"9 SUCCEEDED 4 x:1 SOCKS_USERNAME=":80 SOCKS_USERNAME=" CLIENT_PROTOCOL=A FOO=""#,
        host: r#"x:1 SOCKS_USERNAME=""#,
        port: 80,
        username: Some(" CLIENT_PROTOCOL=A FOO="),
        anomalies: &[Anomaly::TargetSpace, Anomaly::TargetQuote],
        ..PLAIN
    },
    Case {
        content: br#"9 SUCCEEDED 4 a:1 SOCKS_USERNAME="x\:2 SOCKS_PASSWORD="p""#,
        host: r#"a:1 SOCKS_USERNAME="x\"#,
        port: 2,
        password: Some("p"),
        anomalies: &[Anomaly::TargetSpace, Anomaly::TargetQuote],
        ..PLAIN
    },
    // A field of the client's before the same field of tor's.
    Case {
        content: b"9 SUCCEEDED 4 a:1 ISO_FIELDS=:2 ISO_FIELDS=",
        host: "a:1 ISO_FIELDS=",
        port: 2,
        iso_fields: Some(""),
        anomalies: &[Anomaly::TargetSpace],
        ..PLAIN
    },
    Case {
        content: b"9 CLOSED 4 a:1 REASON= UNKNOWN_1:2 REASON= UNKNOWN_3",
        host: "a:1 REASON= UNKNOWN_1",
        port: 2,
        reason: Some("UNKNOWN_3"),
        anomalies: &[Anomaly::TargetSpace],
        ..CLOSED
    },
    // A whole line as a name.
    Case {
        content: b"9 CLOSED 4 650 STREAM 9 CLOSED 3 a.test:80 REASON=DONE:7001 REASON=MISC",
        host: "650 STREAM 9 CLOSED 3 a.test:80 REASON=DONE",
        port: 7001,
        reason: Some("MISC"),
        anomalies: &[Anomaly::TargetSpace],
        ..CLOSED
    },
    // An odd byte, or a few.
    Case {
        content: b"9 SUCCEEDED 4  example.com:443",
        host: " example.com",
        anomalies: &[Anomaly::TargetSpace],
        ..PLAIN
    },
    Case { content: b"9 SUCCEEDED 4 \"a:80", host: "\"a", port: 80, anomalies: &[Anomaly::TargetQuote], ..PLAIN },
    Case {
        content: b"9 SUCCEEDED 4 \"quoted name\":80",
        host: "\"quoted name\"",
        port: 80,
        anomalies: &[Anomaly::TargetSpace, Anomaly::TargetQuote],
        ..PLAIN
    },
    Case { content: b"9 SUCCEEDED 4 a\tb:80", host: "a\tb", port: 80, anomalies: &[Anomaly::TargetControl], ..PLAIN },
    Case { content: b"9 SUCCEEDED 4 a\nb:80", host: "a\nb", port: 80, anomalies: &[Anomaly::TargetControl], ..PLAIN },
    Case {
        content: b"9 SUCCEEDED 4 a\r\nb:80",
        host: "a\r\nb",
        port: 80,
        anomalies: &[Anomaly::TargetControl],
        ..PLAIN
    },
    Case {
        content: b"9 SUCCEEDED 4 a\0\x7f:80",
        host: "a\0\x7f",
        port: 80,
        anomalies: &[Anomaly::TargetControl],
        ..PLAIN
    },
    Case {
        content: "9 SUCCEEDED 4 caf\u{e9}.com:80".as_bytes(),
        host: "caf\u{e9}.com",
        port: 80,
        anomalies: &[Anomaly::Target8Bit],
        ..PLAIN
    },
];

/// Lines that are not UTF-8: in the target, and in a field.
pub(super) const NOT_UTF8: &[Case] = &[
    Case {
        content: b"9 CLOSED 4 caf\xe9.com:80 REASON=SOCKS_PROTOCOL SOCKS_USERNAME=\"u\"",
        host: "\u{fffd}",
        port: 80,
        target: Some(b"caf\xe9.com:80"),
        reason: Some("SOCKS_PROTOCOL"),
        username: Some("u"),
        anomalies: &[Anomaly::Target8Bit, Anomaly::TargetNotUtf8],
        ..CLOSED
    },
    Case {
        content: b"9 SUCCEEDED 4 \xff \xfe\":0",
        host: "\u{fffd}",
        port: 0,
        target: Some(b"\xff \xfe\":0"),
        anomalies: &[Anomaly::TargetSpace, Anomaly::TargetQuote, Anomaly::Target8Bit, Anomaly::TargetNotUtf8],
        ..PLAIN
    },
    Case {
        content: b"9 SUCCEEDED 4 example.com:443 FOO=\xff BAR=1",
        args: Some(&[("FOO", "\u{fffd}"), ("BAR", "1")]),
        anomalies: &[Anomaly::UnknownKeyword, Anomaly::FieldNotUtf8],
        ..PLAIN
    },
];

/// Targets of 255 bytes and fields that end there.
pub(super) const CUT_TARGETS: &[Case] = &[
    // A target of 254 bytes: it is whole.
    Case { content: concat!("9 SUCCEEDED 4 ", a250!(), ":443").as_bytes(), host: concat!(a250!()), ..PLAIN },
    // 255 bytes: the port may have lost digits.
    Case {
        content: concat!("9 SUCCEEDED 4 ", a250!(), "a:443").as_bytes(),
        host: concat!(a250!(), "a"),
        anomalies: &[Anomaly::TargetMayBeCut],
        ..PLAIN
    },
    // 255 bytes again: the longest name after which tor prints a digit of the port.
    Case {
        content: concat!("9 SUCCEEDED 4 ", a250!(), "aaa:8", newer_fields!()).as_bytes(),
        host: concat!(a250!(), "aaa"),
        port: 8,
        anomalies: &[Anomaly::TargetMayBeCut],
        ..NEWER
    },
    // 304 bytes, more than any tor prints.
    Case {
        content: concat!("9 SUCCEEDED 4 ", a250!(), a50!(), ":443").as_bytes(),
        host: concat!(a250!(), a50!()),
        anomalies: &[Anomaly::TargetMayBeCut],
        ..PLAIN
    },
    // Target and user name have 255 bytes together, so that both may be one target that tor cut: 33 of
    // `example.com:443 SOCKS_USERNAME=""`, and 222 letters.
    Case {
        content: concat!(
            "9 SUCCEEDED 4 example.com:443 SOCKS_USERNAME=\"",
            a50!(),
            a50!(),
            a50!(),
            a50!(),
            "aaaaaaaaaaaaaaaaaaaaaa\" SOCKS_PASSWORD=\"p\""
        )
        .as_bytes(),
        username: Some(concat!(a50!(), a50!(), a50!(), a50!(), "aaaaaaaaaaaaaaaaaaaaaa")),
        password: Some("p"),
        anomalies: &[Anomaly::FieldAtCut],
        ..PLAIN
    },
    // The same user name at the end of the line.
    Case {
        content: concat!(
            "9 SUCCEEDED 4 example.com:443 SOCKS_USERNAME=\"",
            a50!(),
            a50!(),
            a50!(),
            a50!(),
            "aaaaaaaaaaaaaaaaaaaaaa\""
        )
        .as_bytes(),
        username: Some(concat!(a50!(), a50!(), a50!(), a50!(), "aaaaaaaaaaaaaaaaaaaaaa")),
        anomalies: &[Anomaly::FieldAtCut],
        ..PLAIN
    },
    // After 255 bytes there is a space, but inside of a value: no field ends there.
    Case {
        content: concat!(
            "9 SUCCEEDED 4 example.com:443 SOCKS_USERNAME=\"",
            a50!(),
            a50!(),
            a50!(),
            a50!(),
            "aaaaaaaaaaaaaaaaaaaaaaa  a\""
        )
        .as_bytes(),
        username: Some(concat!(a50!(), a50!(), a50!(), a50!(), "aaaaaaaaaaaaaaaaaaaaaaa  a")),
        ..PLAIN
    },
];
