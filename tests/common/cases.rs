//! Accepted lines: each word, each value and each oddity of the format, with what it means.

use tor_stream_event::Anomaly;

use super::Case;

/// Fifty letters.
macro_rules! a50 {
    () => {
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    };
}

/// Fields that tor 0.4.3.1 and later print at the end of most lines.
macro_rules! modern {
    () => {
        " CLIENT_PROTOCOL=SOCKS5 NYM_EPOCH=0 SESSION_GROUP=-4 ISO_FIELDS=CLIENTADDR,SESSION_GROUP"
    };
}

/// Expands to a case for each word: a plain line whose last field has it.
macro_rules! each_word {
    ($status:literal $fields:literal $field:ident $base:ident: $($word:literal)+) => {
        &[$(
            Case {
                line: concat!("9 ", $status, " 4 example.com:443 ", $fields, "=", $word).as_bytes(),
                status: $status,
                $field: Some($word),
                ..$base
            },
        )+]
    };
}

/// A line from an old tor without any field: `9 SUCCEEDED 4 example.com:443`.
const PLAIN: Case = Case {
    line: b"9 SUCCEEDED 4 example.com:443",
    id: "9",
    status: "SUCCEEDED",
    circuit_id: Some("4"),
    host: "example.com",
    port: 443,
    target: None,
    reason: None,
    remote_reason: None,
    source: None,
    source_addr: None,
    exit_relay: None,
    purpose: None,
    username: None,
    password: None,
    client_protocol: None,
    nym_epoch: None,
    session_group: None,
    iso_fields: None,
    args: None,
    anomalies: &[],
};
/// Before a remote reason.
const END: Case = Case { reason: Some("END"), ..PLAIN };
/// A line that begins with `9 CLOSED 4 example.com:443`.
const CLOSED: Case = Case { status: "CLOSED", ..PLAIN };
/// A line that begins with `9 NEW 0 example.com:443`.
const NEW: Case = Case { status: "NEW", circuit_id: None, ..PLAIN };
/// A line that ends as [`modern`] says.
const MODERN: Case = Case {
    client_protocol: Some("SOCKS5"),
    nym_epoch: Some(0),
    session_group: Some(-4),
    iso_fields: Some("CLIENTADDR,SESSION_GROUP"),
    ..PLAIN
};
/// A failed SOCKS handshake: CLOSED without a circuit.
const REJECTED: Case = Case { status: "CLOSED", circuit_id: None, reason: Some("SOCKS_PROTOCOL"), ..MODERN };
/// A line whose fields tor does not print so.
const UNKNOWN_ORDER: Case = Case { anomalies: &[Anomaly::UnknownOrder], ..PLAIN };

/// Returns every case.
pub(crate) fn all() -> impl Iterator<Item = &'static Case> {
    let groups = [
        STATUSES,
        REASONS,
        REMOTE_REASONS,
        UNKNOWN_REASONS,
        SOURCES,
        PURPOSES,
        CLIENT_PROTOCOLS,
        ISO_FIELDS,
        NUMBERS,
        IDS,
        PLAIN_TARGETS,
        EXIT_NAMES,
        SOURCE_ADDRESSES,
        CREDENTIALS,
        WHOLE_LINES,
        HOSTILE_TARGETS,
        NOT_UTF8,
        CUT_TARGETS,
        NEWER_TOR,
        OTHER_ORDERS,
        ODD_VALUES,
    ];
    groups.into_iter().flatten()
}

/// The 14 statuses, on lines of an old tor.
const STATUSES: &[Case] = &[
    Case { line: b"9 NEW 4 example.com:443", status: "NEW", ..PLAIN },
    Case { line: b"9 NEWRESOLVE 4 example.com:443", status: "NEWRESOLVE", ..PLAIN },
    Case { line: b"9 REMAP 4 example.com:443", status: "REMAP", ..PLAIN },
    Case { line: b"9 SENTCONNECT 4 example.com:443", status: "SENTCONNECT", ..PLAIN },
    Case { line: b"9 SENTRESOLVE 4 example.com:443", status: "SENTRESOLVE", ..PLAIN },
    Case { line: b"9 SUCCEEDED 4 example.com:443", status: "SUCCEEDED", ..PLAIN },
    Case { line: b"9 FAILED 4 example.com:443", status: "FAILED", ..PLAIN },
    Case { line: b"9 CLOSED 4 example.com:443", status: "CLOSED", ..PLAIN },
    Case { line: b"9 DETACHED 4 example.com:443", status: "DETACHED", ..PLAIN },
    Case { line: b"9 CONTROLLER_WAIT 4 example.com:443", status: "CONTROLLER_WAIT", ..PLAIN },
    Case { line: b"9 XOFF_SENT 4 example.com:443", status: "XOFF_SENT", ..PLAIN },
    Case { line: b"9 XOFF_RECV 4 example.com:443", status: "XOFF_RECV", ..PLAIN },
    Case { line: b"9 XON_SENT 4 example.com:443", status: "XON_SENT", ..PLAIN },
    Case { line: b"9 XON_RECV 4 example.com:443", status: "XON_RECV", ..PLAIN },
];

/// The 20 reasons.
const REASONS: &[Case] = each_word! {
    "CLOSED" "REASON" reason PLAIN:
    "MISC" "RESOLVEFAILED" "CONNECTREFUSED" "EXITPOLICY" "DESTROY" "DONE" "TIMEOUT" "NOROUTE" "HIBERNATING" "INTERNAL"
    "RESOURCELIMIT" "CONNRESET" "TORPROTOCOL" "NOTDIRECTORY" "END" "PRIVATE_ADDR" "CANT_ATTACH" "NET_UNREACHABLE"
    "SOCKS_PROTOCOL" "HTTP_PROTOCOL"
};

/// The same as reasons of the other end.
const REMOTE_REASONS: &[Case] = each_word! {
    "DETACHED" "REASON=END REMOTE_REASON" remote_reason END:
    "MISC" "RESOLVEFAILED" "CONNECTREFUSED" "EXITPOLICY" "DESTROY" "DONE" "TIMEOUT" "NOROUTE" "HIBERNATING" "INTERNAL"
    "RESOURCELIMIT" "CONNRESET" "TORPROTOCOL" "NOTDIRECTORY" "END" "PRIVATE_ADDR" "CANT_ATTACH" "NET_UNREACHABLE"
    "SOCKS_PROTOCOL" "HTTP_PROTOCOL"
};

/// Codes that tor has no word for, and words that we have no name for.
const UNKNOWN_REASONS: &[Case] = &[
    Case { line: b"9 CLOSED 4 example.com:443 REASON= UNKNOWN_15", reason: Some("UNKNOWN_15"), ..CLOSED },
    Case {
        line: concat!("9 FAILED 4 example.com:443 REASON= UNKNOWN_264", modern!()).as_bytes(),
        status: "FAILED",
        reason: Some("UNKNOWN_264"),
        ..MODERN
    },
    Case {
        line: b"9 CLOSED 4 example.com:443 REASON=END REMOTE_REASON= UNKNOWN_577",
        status: "CLOSED",
        remote_reason: Some("UNKNOWN_577"),
        ..END
    },
    Case {
        line: concat!("9 CLOSED 4 example.com:443 REASON=END REMOTE_REASON= UNKNOWN_577", modern!()).as_bytes(),
        status: "CLOSED",
        reason: Some("END"),
        remote_reason: Some("UNKNOWN_577"),
        ..MODERN
    },
    // REMAP has no space there.
    Case {
        line: b"9 REMAP 4 192.0.2.1:443 REASON=UNKNOWN_7",
        status: "REMAP",
        host: "192.0.2.1",
        reason: Some("UNKNOWN_7"),
        ..PLAIN
    },
    // tor 0.1.2 to 0.2.1 with EXTENDED events: no space before a code, and one behind a target without a reason.
    Case { line: b"9 CLOSED 4 example.com:443 REASON=UNKNOWN_65", reason: Some("UNKNOWN_65"), ..CLOSED },
    Case { line: b"9 SUCCEEDED 4 example.com:443 ", ..PLAIN },
    Case {
        line: concat!(
            "9 SUCCEEDED 4 ",
            a50!(),
            a50!(),
            a50!(),
            a50!(),
            "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb:80 "
        )
        .as_bytes(),
        host: concat!(a50!(), a50!(), a50!(), a50!(), "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"),
        port: 80,
        ..PLAIN
    },
    Case {
        line: b"9 CLOSED 4 example.com:443 REASON=A_NEW_REASON",
        reason: Some("A_NEW_REASON"),
        anomalies: &[Anomaly::UnknownWord],
        ..CLOSED
    },
    Case {
        line: b"9 CLOSED 4 example.com:443 REASON=END REMOTE_REASON=A_NEW_REASON",
        status: "CLOSED",
        remote_reason: Some("A_NEW_REASON"),
        anomalies: &[Anomaly::UnknownWord],
        ..END
    },
];

/// The 2 sources, and one of a newer tor.
const SOURCES: &[Case] = each_word!("REMAP" "SOURCE" source PLAIN: "CACHE" "EXIT" "A_NEW_SOURCE");

/// The 5 purposes, one that an old tor printed, and one of a newer tor.
const PURPOSES: &[Case] = each_word! {
    "NEW" "PURPOSE" purpose PLAIN:
    "DIR_FETCH" "DIR_UPLOAD" "DNS_REQUEST" "DIRPORT_TEST" "USER" "UPLOAD_DESC" "A_NEW_PURPOSE"
};

/// The 8 client protocols.
const CLIENT_PROTOCOLS: &[Case] = each_word! {
    "SENTCONNECT" "CLIENT_PROTOCOL" client_protocol PLAIN:
    "SOCKS4" "SOCKS5" "TRANS" "NATD" "DNS" "HTTPCONNECT" "METRICS" "UNKNOWN"
};

/// The 9 isolation fields, and lists of them.
const ISO_FIELDS: &[Case] = each_word! {
    "XON_SENT" "ISO_FIELDS" iso_fields PLAIN:
    "DESTPORT" "DESTADDR" "SOCKS_USERNAME" "SOCKS_PASSWORD" "CLIENT_PROTOCOL" "CLIENTADDR" "CLIENTPORT" "SESSION_GROUP"
    "NYM_EPOCH"
    "" "A_NEW_FIELD" "CLIENTADDR,A_NEW_FIELD,DESTPORT" "CLIENTADDR,,DESTPORT," "," ",CLIENTADDR"
    "DESTPORT,DESTADDR,SOCKS_USERNAME,SOCKS_PASSWORD,CLIENT_PROTOCOL,CLIENTADDR,CLIENTPORT,SESSION_GROUP,NYM_EPOCH"
};

/// The two numbers to the ends of their ranges.
const NUMBERS: &[Case] = &[
    Case { line: b"9 SUCCEEDED 4 example.com:443 NYM_EPOCH=0", nym_epoch: Some(0), ..PLAIN },
    Case { line: b"9 SUCCEEDED 4 example.com:443 NYM_EPOCH=4294967295", nym_epoch: Some(u32::MAX), ..PLAIN },
    Case { line: b"9 SUCCEEDED 4 example.com:443 SESSION_GROUP=-2", session_group: Some(-2), ..PLAIN },
    Case { line: b"9 SUCCEEDED 4 example.com:443 SESSION_GROUP=-3", session_group: Some(-3), ..PLAIN },
    Case { line: b"9 SUCCEEDED 4 example.com:443 SESSION_GROUP=5", session_group: Some(5), ..PLAIN },
    Case { line: b"9 SUCCEEDED 4 example.com:443 SESSION_GROUP=2147483647", session_group: Some(i32::MAX), ..PLAIN },
    Case { line: b"9 SUCCEEDED 4 example.com:443 SESSION_GROUP=-2147483648", session_group: Some(i32::MIN), ..PLAIN },
];

/// Stream and circuit IDs.
const IDS: &[Case] = &[
    Case {
        line: b"18446744073709551615 SUCCEEDED 18446744073709551614 example.com:443",
        id: "18446744073709551615",
        circuit_id: Some("18446744073709551614"),
        ..PLAIN
    },
    Case {
        line: b"AbCdEfGh01234567 SUCCEEDED x9 example.com:443",
        id: "AbCdEfGh01234567",
        circuit_id: Some("x9"),
        ..PLAIN
    },
    // 0 is no circuit; as a stream's ID it is one like any other.
    Case { line: b"0 SUCCEEDED 0 example.com:443", id: "0", circuit_id: None, ..PLAIN },
    Case { line: b"9 SUCCEEDED 00 example.com:443", circuit_id: Some("00"), ..PLAIN },
];

/// A target whose host is an address, a relay and `.exit`, or other text that ends like that.
macro_rules! exit_name {
    ($address:literal $relay:literal) => {
        exit_name!(concat!($address, ".", $relay, ".exit"), Some(($address, $relay)))
    };
    ($host:expr, $relay:expr) => {
        Case { line: concat!("9 SUCCEEDED 4 ", $host, ":443").as_bytes(), host: $host, exit_relay: $relay, ..PLAIN }
    };
}

/// Names of the relay to leave through, and names that only look so.
const EXIT_NAMES: &[Case] = &[
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
    exit_name!("exit", None),
    exit_name!(".exit", None),
    exit_name!("www.example.com..exit", None),
    exit_name!("www.example.com.moria1.exit.", None),
    exit_name!("www.example.com.moria1.onion", None),
    exit_name!("www.example.com.moria1exit", None),
    exit_name!("www.example.com.abcdefghijklmnopqrst.exit", None),
    exit_name!("www.example.com.mor-ia.exit", None),
    exit_name!("www.example.com.$moria1.exit", None),
    exit_name!("www.example.com.$BBD8F4DF8FF5C69A6A989DB8C1EE2CA7ADFE075.exit", None),
    exit_name!("www.example.com.$BBD8F4DF8FF5C69A6A989DB8C1EE2CA7ADFE0755a.exit", None),
    exit_name!("www.example.com.$BBD8F4DF8FF5C69A6A989DB8C1EE2CA7ADFE075G.exit", None),
    exit_name!("www.example.com.$BBD8F4DF8FF5C69A6A989DB8C1EE2CA7ADFE0755~.exit", None),
    exit_name!("www.example.com.$BBD8F4DF8FF5C69A6A989DB8C1EE2CA7ADFE0755+moria1.exit", None),
    exit_name!("www.example.com.$BBD8F4DF8FF5C69A6A989DB8C1EE2CA7ADFE0755~abcdefghijklmnopqrst.exit", None),
];

/// Targets that hold nothing odd.
const PLAIN_TARGETS: &[Case] = &[
    Case { line: b"9 SUCCEEDED 4 a:0", host: "a", port: 0, ..PLAIN },
    Case { line: b"9 SUCCEEDED 4 a:65535", host: "a", port: 65535, ..PLAIN },
    // IPv6 has brackets if it came as an address, and none if it came as a name.
    Case { line: b"9 SUCCEEDED 4 [2001:db8::1]:443", host: "[2001:db8::1]", ..PLAIN },
    Case { line: b"9 SUCCEEDED 4 2001:db8::2:443", host: "2001:db8::2", ..PLAIN },
    Case { line: b"9 SUCCEEDED 4 a:b:c:443", host: "a:b:c", ..PLAIN },
    Case { line: b"9 SUCCEEDED 4 (Tor_internal):0", host: "(Tor_internal)", port: 0, ..PLAIN },
    Case { line: b"9 SUCCEEDED 4 REVERSE[192.0.2.1]:0", host: "REVERSE[192.0.2.1]", port: 0, ..PLAIN },
    Case { line: b"9 SUCCEEDED 4 :0", host: "", port: 0, ..PLAIN },
    Case { line: b"9 SUCCEEDED 4 a=b:443", host: "a=b", ..PLAIN },
    Case { line: b"9 SUCCEEDED 4 REASON=DONE:443", host: "REASON=DONE", ..PLAIN },
    Case { line: b"9 SUCCEEDED 4 a\\b'c:443", host: "a\\b'c", ..PLAIN },
];

/// Addresses that clients connect from.
const SOURCE_ADDRESSES: &[Case] = &[
    Case {
        line: b"9 NEW 0 example.com:443 SOURCE_ADDR=127.0.0.1:53489 PURPOSE=USER",
        source_addr: Some("127.0.0.1:53489"),
        purpose: Some("USER"),
        ..NEW
    },
    Case {
        line: b"9 NEW 0 example.com:443 SOURCE_ADDR=::1:38528 PURPOSE=USER",
        source_addr: Some("::1:38528"),
        purpose: Some("USER"),
        ..NEW
    },
    Case { line: b"9 NEW 0 example.com:443 SOURCE_ADDR=127.0.0.1:53489", source_addr: Some("127.0.0.1:53489"), ..NEW },
    Case {
        line: b"9 NEW 0 (Tor_internal):0 SOURCE_ADDR=(Tor_internal):0 PURPOSE=DIR_FETCH",
        host: "(Tor_internal)",
        port: 0,
        source_addr: Some("(Tor_internal):0"),
        purpose: Some("DIR_FETCH"),
        ..NEW
    },
    Case {
        line: b"9 NEW 0 example.com:443 SOURCE_ADDR=/run/tor/socks:0 PURPOSE=USER",
        source_addr: Some("/run/tor/socks:0"),
        purpose: Some("USER"),
        ..NEW
    },
    Case {
        line: concat!("9 NEW 0 example.com:443 SOURCE_ADDR=/var/run/my sock/s:0 PURPOSE=USER", modern!()).as_bytes(),
        status: "NEW",
        circuit_id: None,
        source_addr: Some("/var/run/my sock/s:0"),
        purpose: Some("USER"),
        ..MODERN
    },
    Case {
        line: b"9 NEW 0 example.com:443 SOURCE_ADDR=/run/a  b /c =:1 :0 PURPOSE=USER",
        source_addr: Some("/run/a  b /c =:1 :0"),
        purpose: Some("USER"),
        ..NEW
    },
    // Cut at 50 bytes.
    Case {
        line: b"9 NEW 0 example.com:443 SOURCE_ADDR=/var/lib/tor/sock/a-long-directory-name-so-that-th PURPOSE=USER",
        source_addr: Some("/var/lib/tor/sock/a-long-directory-name-so-that-th"),
        purpose: Some("USER"),
        ..NEW
    },
    Case {
        line: b"9 NEW 0 example.com:443 SOURCE_ADDR=/var/lib/tor/sock/a-long-directory-name-so-that-t  PURPOSE=USER",
        source_addr: Some("/var/lib/tor/sock/a-long-directory-name-so-that-t "),
        purpose: Some("USER"),
        ..NEW
    },
];

/// Quoted strings as tor escapes them.
const CREDENTIALS: &[Case] = &[
    Case {
        line: br#"9 SUCCEEDED 4 example.com:443 SOCKS_USERNAME="u" SOCKS_PASSWORD="p""#,
        username: Some("u"),
        password: Some("p"),
        ..PLAIN
    },
    Case { line: br#"9 SUCCEEDED 4 example.com:443 SOCKS_USERNAME="u""#, username: Some("u"), ..PLAIN },
    Case { line: br#"9 SUCCEEDED 4 example.com:443 SOCKS_PASSWORD="p""#, password: Some("p"), ..PLAIN },
    Case {
        line: br#"9 SUCCEEDED 4 example.com:443 SOCKS_USERNAME="" SOCKS_PASSWORD="""#,
        username: Some(""),
        password: Some(""),
        ..PLAIN
    },
    Case {
        line: br#"9 SUCCEEDED 4 example.com:443 SOCKS_USERNAME="x REASON=DONE PURPOSE=DIR_FETCH" SOCKS_PASSWORD="a=b,c:1""#,
        username: Some("x REASON=DONE PURPOSE=DIR_FETCH"),
        password: Some("a=b,c:1"),
        ..PLAIN
    },
    Case {
        line: br#"9 SUCCEEDED 4 example.com:443 SOCKS_USERNAME="a\" SOCKS_PASSWORD=\"b" SOCKS_PASSWORD=" \\" CLIENT_PROTOCOL=SOCKS5"#,
        username: Some(r#"a\" SOCKS_PASSWORD=\"b"#),
        password: Some(r" \\"),
        client_protocol: Some("SOCKS5"),
        ..PLAIN
    },
    Case {
        line: br#"9 CLOSED 4 example.com:443 REASON=TIMEOUT SOCKS_USERNAME="\\\" REASON=DONE \\\\" SOCKS_PASSWORD="it\'s\t\r\n\001\177\200\377""#,
        reason: Some("TIMEOUT"),
        username: Some(r#"\\\" REASON=DONE \\\\"#),
        password: Some(r"it\'s\t\r\n\001\177\200\377"),
        ..CLOSED
    },
];

/// Lines with everything that tor prints for their status.
const WHOLE_LINES: &[Case] = &[
    Case {
        line: concat!(
            "9 NEW 0 example.com:443 SOURCE_ADDR=127.0.0.1:53489 PURPOSE=USER ",
            "SOCKS_USERNAME=\"u\" SOCKS_PASSWORD=\"p\"",
            modern!()
        )
        .as_bytes(),
        status: "NEW",
        circuit_id: None,
        source_addr: Some("127.0.0.1:53489"),
        purpose: Some("USER"),
        username: Some("u"),
        password: Some("p"),
        ..MODERN
    },
    Case {
        line: concat!("9 REMAP 4 192.0.2.1:443 SOURCE=EXIT SOCKS_USERNAME=\"u\" SOCKS_PASSWORD=\"p\"", modern!())
            .as_bytes(),
        status: "REMAP",
        host: "192.0.2.1",
        source: Some("EXIT"),
        username: Some("u"),
        password: Some("p"),
        ..MODERN
    },
    Case {
        line: concat!(
            "9 CLOSED 4 example.com:443 REASON=END REMOTE_REASON=DONE SOCKS_USERNAME=\"u\" SOCKS_PASSWORD=\"p\"",
            modern!()
        )
        .as_bytes(),
        status: "CLOSED",
        reason: Some("END"),
        remote_reason: Some("DONE"),
        username: Some("u"),
        password: Some("p"),
        ..MODERN
    },
    Case { line: concat!("9 SUCCEEDED 4 example.com:443", modern!()).as_bytes(), ..MODERN },
];

/// Targets that a client made look like something else.
const HOSTILE_TARGETS: &[Case] = &[
    Case {
        line: concat!("9 CLOSED 0 a b.com:80 REASON=SOCKS_PROTOCOL", modern!()).as_bytes(),
        host: "a b.com",
        port: 80,
        anomalies: &[Anomaly::TargetSpace],
        ..REJECTED
    },
    Case {
        line: concat!("9 CLOSED 0 x:1 REASON=DONE PURPOSE=DIR_FETCH y:80 REASON=SOCKS_PROTOCOL", modern!()).as_bytes(),
        host: "x:1 REASON=DONE PURPOSE=DIR_FETCH y",
        port: 80,
        anomalies: &[Anomaly::TargetSpace],
        ..REJECTED
    },
    Case {
        line: concat!(
            "9 CLOSED 0 x:1 FOO=\":80 REASON=SOCKS_PROTOCOL SOCKS_USERNAME=\"u\" SOCKS_PASSWORD=\"p\"",
            modern!()
        )
        .as_bytes(),
        host: "x:1 FOO=\"",
        port: 80,
        username: Some("u"),
        password: Some("p"),
        anomalies: &[Anomaly::TargetSpace, Anomaly::TargetQuote],
        ..REJECTED
    },
    Case {
        line: concat!("9 NEW 0 a=b \"q.com:0 SOURCE_ADDR=127.0.0.1:53489 PURPOSE=USER", modern!()).as_bytes(),
        status: "NEW",
        circuit_id: None,
        host: "a=b \"q.com",
        port: 0,
        source_addr: Some("127.0.0.1:53489"),
        purpose: Some("USER"),
        anomalies: &[Anomaly::TargetSpace, Anomaly::TargetQuote],
        ..MODERN
    },
    Case {
        line: b"9 CLOSED 4 evil REASON=DONE:80 REASON=TIMEOUT",
        host: "evil REASON=DONE",
        port: 80,
        reason: Some("TIMEOUT"),
        anomalies: &[Anomaly::TargetSpace],
        ..CLOSED
    },
    // No word holds a colon, so nothing here is a field.
    Case {
        line: b"9 CLOSED 4 evil:1 REASON=DONE:80",
        host: "evil:1 REASON=DONE",
        port: 80,
        anomalies: &[Anomaly::TargetSpace],
        ..CLOSED
    },
    Case {
        line: b"9 NEW 0 a:1 SOURCE_ADDR=6.6.6.6:1 SOURCE_ADDR=127.0.0.1:5 PURPOSE=USER",
        host: "a:1 SOURCE_ADDR=6.6.6.6",
        port: 1,
        source_addr: Some("127.0.0.1:5"),
        purpose: Some("USER"),
        anomalies: &[Anomaly::TargetSpace],
        ..NEW
    },
    Case {
        line: b"9 NEW 0 a:1 SOURCE_ADDR=/x:1 SOURCE_ADDR=/run/my sock:0 PURPOSE=USER",
        host: "a:1 SOURCE_ADDR=/x",
        port: 1,
        source_addr: Some("/run/my sock:0"),
        purpose: Some("USER"),
        anomalies: &[Anomaly::TargetSpace],
        ..NEW
    },
    // tor prints SOURCE_ADDR before PURPOSE, so these are the client's.
    Case {
        line: b"9 NEW 0 example.com:443 PURPOSE=USER SOURCE_ADDR=6.6.6.6:1 CLIENT_PROTOCOL=DNS",
        host: "example.com:443 PURPOSE=USER SOURCE_ADDR=6.6.6.6",
        port: 1,
        client_protocol: Some("DNS"),
        anomalies: &[Anomaly::TargetSpace],
        ..NEW
    },
    // A quotation mark of the client's finds no partner among tor's.
    Case {
        line: br#"9 SUCCEEDED 4 a:1 SOCKS_USERNAME="b:2 SOCKS_USERNAME="u" SOCKS_PASSWORD="p""#,
        host: r#"a:1 SOCKS_USERNAME="b"#,
        port: 2,
        username: Some("u"),
        password: Some("p"),
        anomalies: &[Anomaly::TargetSpace, Anomaly::TargetQuote],
        ..PLAIN
    },
    Case {
        line: br#"9 SUCCEEDED 4 a:1 SOCKS_USERNAME="x\:2 SOCKS_PASSWORD="p""#,
        host: r#"a:1 SOCKS_USERNAME="x\"#,
        port: 2,
        password: Some("p"),
        anomalies: &[Anomaly::TargetSpace, Anomaly::TargetQuote],
        ..PLAIN
    },
    Case {
        line: b"9 SUCCEEDED 4 a:1 ISO_FIELDS=:2 ISO_FIELDS=",
        host: "a:1 ISO_FIELDS=",
        port: 2,
        iso_fields: Some(""),
        anomalies: &[Anomaly::TargetSpace],
        ..PLAIN
    },
    Case {
        line: b"9 CLOSED 4 a:1 REASON= UNKNOWN_1:2 REASON= UNKNOWN_3",
        host: "a:1 REASON= UNKNOWN_1",
        port: 2,
        reason: Some("UNKNOWN_3"),
        anomalies: &[Anomaly::TargetSpace],
        ..CLOSED
    },
    Case {
        line: b"9 CLOSED 4 650 STREAM 9 CLOSED 3 a.test:80 REASON=DONE:7001 REASON=MISC",
        host: "650 STREAM 9 CLOSED 3 a.test:80 REASON=DONE",
        port: 7001,
        reason: Some("MISC"),
        anomalies: &[Anomaly::TargetSpace],
        ..CLOSED
    },
    Case { line: b"9 SUCCEEDED 4  example.com:443", host: " example.com", anomalies: &[Anomaly::TargetSpace], ..PLAIN },
    Case { line: b"9 SUCCEEDED 4 \"a:80", host: "\"a", port: 80, anomalies: &[Anomaly::TargetQuote], ..PLAIN },
    Case {
        line: b"9 SUCCEEDED 4 \"quoted name\":80",
        host: "\"quoted name\"",
        port: 80,
        anomalies: &[Anomaly::TargetSpace, Anomaly::TargetQuote],
        ..PLAIN
    },
    Case { line: b"9 SUCCEEDED 4 a\tb:80", host: "a\tb", port: 80, anomalies: &[Anomaly::TargetControl], ..PLAIN },
    Case { line: b"9 SUCCEEDED 4 a\nb:80", host: "a\nb", port: 80, anomalies: &[Anomaly::TargetControl], ..PLAIN },
    Case { line: b"9 SUCCEEDED 4 a\r\nb:80", host: "a\r\nb", port: 80, anomalies: &[Anomaly::TargetControl], ..PLAIN },
    Case {
        line: b"9 SUCCEEDED 4 a\0\x7f:80",
        host: "a\0\x7f",
        port: 80,
        anomalies: &[Anomaly::TargetControl],
        ..PLAIN
    },
    Case {
        line: "9 SUCCEEDED 4 caf\u{e9}.com:80".as_bytes(),
        host: "caf\u{e9}.com",
        port: 80,
        anomalies: &[Anomaly::Target8Bit],
        ..PLAIN
    },
];

/// Lines that cannot be text as a whole.
const NOT_UTF8: &[Case] = &[
    Case {
        line: b"9 CLOSED 4 caf\xe9.com:80 REASON=SOCKS_PROTOCOL SOCKS_USERNAME=\"u\"",
        host: "\u{fffd}",
        port: 80,
        target: Some(b"caf\xe9.com:80"),
        reason: Some("SOCKS_PROTOCOL"),
        username: Some("u"),
        anomalies: &[Anomaly::Target8Bit, Anomaly::TargetNotUtf8],
        ..CLOSED
    },
    Case {
        line: b"9 SUCCEEDED 4 \xff \xfe\":0",
        host: "\u{fffd}",
        port: 0,
        target: Some(b"\xff \xfe\":0"),
        anomalies: &[Anomaly::TargetSpace, Anomaly::TargetQuote, Anomaly::Target8Bit, Anomaly::TargetNotUtf8],
        ..PLAIN
    },
    Case {
        line: b"9 SUCCEEDED 4 example.com:443 FOO=\xff BAR=1",
        args: Some(&[("FOO", "\u{fffd}"), ("BAR", "1")]),
        anomalies: &[Anomaly::UnknownKeyword, Anomaly::FieldNotUtf8],
        ..PLAIN
    },
];

/// Targets of 255 bytes and fields that end there.
const CUT_TARGETS: &[Case] = &[
    // 254 bytes are whole.
    Case {
        line: concat!("9 SUCCEEDED 4 ", a50!(), a50!(), a50!(), a50!(), a50!(), ":443").as_bytes(),
        host: concat!(a50!(), a50!(), a50!(), a50!(), a50!()),
        ..PLAIN
    },
    Case {
        line: concat!("9 SUCCEEDED 4 ", a50!(), a50!(), a50!(), a50!(), a50!(), "a:443").as_bytes(),
        host: concat!(a50!(), a50!(), a50!(), a50!(), a50!(), "a"),
        anomalies: &[Anomaly::TargetMayBeCut],
        ..PLAIN
    },
    // A name of 253 bytes, which leaves one digit of the port.
    Case {
        line: concat!("9 SUCCEEDED 4 ", a50!(), a50!(), a50!(), a50!(), a50!(), "aaa:8", modern!()).as_bytes(),
        host: concat!(a50!(), a50!(), a50!(), a50!(), a50!(), "aaa"),
        port: 8,
        anomalies: &[Anomaly::TargetMayBeCut],
        ..MODERN
    },
    // No tor prints so many.
    Case {
        line: concat!("9 SUCCEEDED 4 ", a50!(), a50!(), a50!(), a50!(), a50!(), a50!(), ":443").as_bytes(),
        host: concat!(a50!(), a50!(), a50!(), a50!(), a50!(), a50!()),
        anomalies: &[Anomaly::TargetMayBeCut],
        ..PLAIN
    },
    // `example.com:443 SOCKS_USERNAME="` and the quotation mark are 33 of the 255 bytes.
    Case {
        line: concat!(
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
    // The same at the end of the line.
    Case {
        line: concat!(
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
    // A space inside a value ends no field.
    Case {
        line: concat!(
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

/// Fields that a newer tor may add at the end of a line.
const NEWER_TOR: &[Case] = &[
    Case {
        line: b"9 SUCCEEDED 4 example.com:443 ISO_FIELDS= A_NEW_FIELD=1",
        iso_fields: Some(""),
        args: Some(&[("ISO_FIELDS", ""), ("A_NEW_FIELD", "1")]),
        anomalies: &[Anomaly::UnknownKeyword],
        ..PLAIN
    },
    Case {
        line: br#"9 CLOSED 4 example.com:443 REASON=DONE CLIENT_PROTOCOL=DNS NYM_EPOCH=0 SESSION_GROUP=-7 ISO_FIELDS=DESTPORT NEW="a \"b\" c:1" EMPTY= ODD=a=b,c/d"#,
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
    Case {
        line: b"9 SUCCEEDED 4 example.com:443 A_NEW_FIELD=1",
        args: Some(&[("A_NEW_FIELD", "1")]),
        anomalies: &[Anomaly::UnknownKeyword],
        ..PLAIN
    },
    // That colon may be the one before the target's port.
    Case {
        line: b"9 SUCCEEDED 4 example.com:443 A_NEW_FIELD=a:1",
        host: "example.com:443 A_NEW_FIELD=a",
        port: 1,
        anomalies: &[Anomaly::TargetSpace],
        ..PLAIN
    },
    Case {
        line: b"9 SUCCEEDED 4 example.com:443 CLIENT_PROTOCOL=QUIC",
        client_protocol: Some("QUIC"),
        anomalies: &[Anomaly::UnknownWord],
        ..PLAIN
    },
    Case {
        line: b"9 CLOSED 4 example.com:443 A_NEW_FIELD=1 REASON=DONE",
        status: "CLOSED",
        reason: Some("DONE"),
        args: Some(&[("A_NEW_FIELD", "1"), ("REASON", "DONE")]),
        anomalies: &[Anomaly::UnknownOrder, Anomaly::UnknownKeyword],
        ..PLAIN
    },
];

/// Keywords in an order, or with a status, in which tor does not print them.
const OTHER_ORDERS: &[Case] = &[
    Case {
        line: b"9 NEW 4 example.com:443 PURPOSE=USER SOURCE_ADDR=/run/s CLIENT_PROTOCOL=DNS",
        status: "NEW",
        source_addr: Some("/run/s"),
        purpose: Some("USER"),
        client_protocol: Some("DNS"),
        args: Some(&[("PURPOSE", "USER"), ("SOURCE_ADDR", "/run/s"), ("CLIENT_PROTOCOL", "DNS")]),
        ..UNKNOWN_ORDER
    },
    Case {
        line: br#"9 CLOSED 4 example.com:443 ISO_FIELDS=CLIENTADDR SESSION_GROUP=-4 NYM_EPOCH=1 CLIENT_PROTOCOL=SOCKS4 SOCKS_PASSWORD="p" SOCKS_USERNAME="u" REMOTE_REASON=MISC REASON=END"#,
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
    Case { line: b"9 SUCCEEDED 4 example.com:443 PURPOSE=USER", purpose: Some("USER"), ..UNKNOWN_ORDER },
    Case { line: b"9 SUCCEEDED 4 example.com:443 REASON=DONE", reason: Some("DONE"), ..UNKNOWN_ORDER },
    Case {
        line: b"9 CLOSED 4 example.com:443 REASON=DONE REMOTE_REASON=DONE",
        status: "CLOSED",
        reason: Some("DONE"),
        remote_reason: Some("DONE"),
        ..UNKNOWN_ORDER
    },
    Case {
        line: b"9 CLOSED 4 example.com:443 REASON=END REMOTE_REASON= UNKNOWN_577 PURPOSE=USER",
        status: "CLOSED",
        reason: Some("END"),
        remote_reason: Some("UNKNOWN_577"),
        purpose: Some("USER"),
        anomalies: &[Anomaly::UnknownOrder, Anomaly::UnknownWord],
        ..PLAIN
    },
    Case {
        line: b"9 NEW 4 example.com:443 SOURCE_ADDR=192.0.2.1:5 SOURCE=EXIT",
        status: "NEW",
        source: Some("EXIT"),
        source_addr: Some("192.0.2.1:5"),
        args: Some(&[("SOURCE_ADDR", "192.0.2.1:5"), ("SOURCE", "EXIT")]),
        ..UNKNOWN_ORDER
    },
    // The last of a repeated keyword counts.
    Case {
        line: b"9 CLOSED 4 example.com:443 REASON=DONE REASON=END FOO=1 FOO=2",
        status: "CLOSED",
        reason: Some("END"),
        args: Some(&[("REASON", "DONE"), ("REASON", "END"), ("FOO", "1"), ("FOO", "2")]),
        anomalies: &[Anomaly::UnknownOrder, Anomaly::UnknownKeyword],
        ..PLAIN
    },
    // Tokens that are no argument.
    Case {
        line: b"9 CLOSED 4 example.com:443 bare REASON=DONE =x  token ",
        status: "CLOSED",
        reason: Some("DONE"),
        ..UNKNOWN_ORDER
    },
    Case { line: b"9 SUCCEEDED 4 example.com:443   ", ..UNKNOWN_ORDER },
    // Case matters.
    Case {
        line: b"9 CLOSED 4 example.com:443 reason=DONE",
        status: "CLOSED",
        args: Some(&[("reason", "DONE")]),
        anomalies: &[Anomaly::UnknownOrder, Anomaly::UnknownKeyword],
        ..PLAIN
    },
    Case {
        line: b"9 CLOSED 4 example.com:443 REASON=done",
        status: "CLOSED",
        reason: Some("done"),
        anomalies: &[Anomaly::UnknownOrder, Anomaly::UnknownWord],
        ..PLAIN
    },
    Case {
        line: "9 NEW 4 example.com:443 FOO=a\u{85}b PURPOSE=USER".as_bytes(),
        status: "NEW",
        purpose: Some("USER"),
        args: Some(&[("FOO", "a\u{85}b"), ("PURPOSE", "USER")]),
        anomalies: &[Anomaly::UnknownOrder, Anomaly::UnknownKeyword],
        ..PLAIN
    },
];

/// Values that tor does not print so.
const ODD_VALUES: &[Case] = &[
    // A quoted string that never closes takes the rest.
    Case {
        line: b"9 NEW 4 example.com:443 SOCKS_USERNAME=\"",
        status: "NEW",
        args: Some(&[("SOCKS_USERNAME", "\"")]),
        ..UNKNOWN_ORDER
    },
    Case {
        line: b"9 NEW 4 example.com:443 SOCKS_USERNAME=\"abc REASON=DONE PURPOSE=USER",
        status: "NEW",
        args: Some(&[("SOCKS_USERNAME", "\"abc REASON=DONE PURPOSE=USER")]),
        ..UNKNOWN_ORDER
    },
    Case {
        line: br#"9 SUCCEEDED 4 example.com:443 SOCKS_USERNAME="abc\""#,
        args: Some(&[("SOCKS_USERNAME", r#""abc\""#)]),
        ..UNKNOWN_ORDER
    },
    // A space or the end has to follow the closing quotation mark.
    Case {
        line: br#"9 SUCCEEDED 4 example.com:443 SOCKS_USERNAME="a"b SOCKS_PASSWORD="p""#,
        password: Some("p"),
        args: Some(&[("SOCKS_USERNAME", r#""a"b"#), ("SOCKS_PASSWORD", r#""p""#)]),
        ..UNKNOWN_ORDER
    },
    Case {
        line: b"9 SUCCEEDED 4 example.com:443 SOCKS_USERNAME=abc",
        args: Some(&[("SOCKS_USERNAME", "abc")]),
        ..UNKNOWN_ORDER
    },
    // Escapes from elsewhere.
    Case {
        line: br#"9 SUCCEEDED 4 example.com:443 SOCKS_USERNAME="a\bc\x41" SOCKS_PASSWORD="\9""#,
        username: Some(r"a\bc\x41"),
        password: Some(r"\9"),
        ..UNKNOWN_ORDER
    },
    Case {
        line: "9 SUCCEEDED 4 example.com:443 SOCKS_USERNAME=\"caf\u{e9}\"".as_bytes(),
        username: Some("caf\u{e9}"),
        ..UNKNOWN_ORDER
    },
    Case {
        line: b"9 CLOSED 4 example.com:443 REASON=",
        status: "CLOSED",
        reason: Some(""),
        anomalies: &[Anomaly::UnknownOrder, Anomaly::UnknownWord],
        ..PLAIN
    },
    Case {
        line: b"9 CLOSED 4 example.com:443 REASON= CLIENT_PROTOCOL=DNS",
        status: "CLOSED",
        reason: Some(""),
        client_protocol: Some("DNS"),
        anomalies: &[Anomaly::UnknownOrder, Anomaly::UnknownWord],
        ..PLAIN
    },
    Case {
        line: b"9 CLOSED 4 example.com:443 REASON= UNKNOWN_",
        status: "CLOSED",
        reason: Some(""),
        anomalies: &[Anomaly::UnknownOrder, Anomaly::UnknownWord],
        ..PLAIN
    },
    Case {
        line: b"9 SUCCEEDED 4 example.com:443 NYM_EPOCH=4294967296",
        args: Some(&[("NYM_EPOCH", "4294967296")]),
        ..UNKNOWN_ORDER
    },
    Case { line: b"9 SUCCEEDED 4 example.com:443 NYM_EPOCH=-1", args: Some(&[("NYM_EPOCH", "-1")]), ..UNKNOWN_ORDER },
    Case { line: b"9 SUCCEEDED 4 example.com:443 NYM_EPOCH=", args: Some(&[("NYM_EPOCH", "")]), ..UNKNOWN_ORDER },
    Case {
        line: b"9 SUCCEEDED 4 example.com:443 SESSION_GROUP=-",
        args: Some(&[("SESSION_GROUP", "-")]),
        ..UNKNOWN_ORDER
    },
    Case {
        line: b"9 SUCCEEDED 4 example.com:443 SESSION_GROUP=+4",
        args: Some(&[("SESSION_GROUP", "+4")]),
        ..UNKNOWN_ORDER
    },
    Case {
        line: b"9 SUCCEEDED 4 example.com:443 SESSION_GROUP=2147483648",
        args: Some(&[("SESSION_GROUP", "2147483648")]),
        ..UNKNOWN_ORDER
    },
    Case {
        line: b"9 SUCCEEDED 4 example.com:443 ISO_FIELDS=a,DESTPORT",
        iso_fields: Some("a,DESTPORT"),
        ..UNKNOWN_ORDER
    },
    // A space before a code is part of a reason only.
    Case { line: b"9 NEW 4 example.com:443 PURPOSE= UNKNOWN_15", status: "NEW", purpose: Some(""), ..UNKNOWN_ORDER },
    // No address.
    // Nor is this one, so that its port may be the target's.
    Case {
        line: b"9 NEW 4 example.com:443 SOURCE_ADDR=cli\"ent:5 PURPOSE=USER",
        status: "NEW",
        host: "example.com:443 SOURCE_ADDR=cli\"ent",
        port: 5,
        purpose: Some("USER"),
        anomalies: &[Anomaly::TargetSpace, Anomaly::TargetQuote],
        ..PLAIN
    },
    // Only PURPOSE ends a path that holds spaces.
    Case {
        line: b"9 NEW 4 example.com:443 SOURCE_ADDR=/run/my sock",
        status: "NEW",
        source_addr: Some("/run/my"),
        ..UNKNOWN_ORDER
    },
];
