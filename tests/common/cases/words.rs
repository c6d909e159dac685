//! Words of the protocol, and numbers.

use super::*;

/// The 14 statuses, on lines of an old tor.
pub(super) const STATUSES: &[Case] = &[
    Case { content: b"9 NEW 4 example.com:443", status: "NEW", ..PLAIN },
    Case { content: b"9 NEWRESOLVE 4 example.com:443", status: "NEWRESOLVE", ..PLAIN },
    Case { content: b"9 REMAP 4 example.com:443", status: "REMAP", ..PLAIN },
    Case { content: b"9 SENTCONNECT 4 example.com:443", status: "SENTCONNECT", ..PLAIN },
    Case { content: b"9 SENTRESOLVE 4 example.com:443", status: "SENTRESOLVE", ..PLAIN },
    Case { content: b"9 SUCCEEDED 4 example.com:443", status: "SUCCEEDED", ..PLAIN },
    Case { content: b"9 FAILED 4 example.com:443", status: "FAILED", ..PLAIN },
    Case { content: b"9 CLOSED 4 example.com:443", status: "CLOSED", ..PLAIN },
    Case { content: b"9 DETACHED 4 example.com:443", status: "DETACHED", ..PLAIN },
    Case { content: b"9 CONTROLLER_WAIT 4 example.com:443", status: "CONTROLLER_WAIT", ..PLAIN },
    Case { content: b"9 XOFF_SENT 4 example.com:443", status: "XOFF_SENT", ..PLAIN },
    Case { content: b"9 XOFF_RECV 4 example.com:443", status: "XOFF_RECV", ..PLAIN },
    Case { content: b"9 XON_SENT 4 example.com:443", status: "XON_SENT", ..PLAIN },
    Case { content: b"9 XON_RECV 4 example.com:443", status: "XON_RECV", ..PLAIN },
];

/// The 20 reasons.
pub(super) const REASONS: &[Case] = each_word! {
    "CLOSED" "REASON" reason PLAIN:
    "MISC" "RESOLVEFAILED" "CONNECTREFUSED" "EXITPOLICY" "DESTROY" "DONE" "TIMEOUT" "NOROUTE" "HIBERNATING" "INTERNAL"
    "RESOURCELIMIT" "CONNRESET" "TORPROTOCOL" "NOTDIRECTORY" "END" "PRIVATE_ADDR" "CANT_ATTACH" "NET_UNREACHABLE"
    "SOCKS_PROTOCOL" "HTTP_PROTOCOL"
};

/// The 20 reasons, as reasons of the other end.
pub(super) const REMOTE_REASONS: &[Case] = each_word! {
    "DETACHED" "REASON=END REMOTE_REASON" remote_reason END:
    "MISC" "RESOLVEFAILED" "CONNECTREFUSED" "EXITPOLICY" "DESTROY" "DONE" "TIMEOUT" "NOROUTE" "HIBERNATING" "INTERNAL"
    "RESOURCELIMIT" "CONNRESET" "TORPROTOCOL" "NOTDIRECTORY" "END" "PRIVATE_ADDR" "CANT_ATTACH" "NET_UNREACHABLE"
    "SOCKS_PROTOCOL" "HTTP_PROTOCOL"
};

/// Codes that tor has no word for, and words that no known tor prints.
pub(super) const UNKNOWN_REASONS: &[Case] = &[
    // tor prints a space before a code.
    Case { content: b"9 CLOSED 4 example.com:443 REASON= UNKNOWN_15", reason: Some("UNKNOWN_15"), ..CLOSED },
    Case {
        content: concat!("9 FAILED 4 example.com:443 REASON= UNKNOWN_264", newer_fields!()).as_bytes(),
        status: "FAILED",
        reason: Some("UNKNOWN_264"),
        ..NEWER
    },
    Case {
        content: b"9 CLOSED 4 example.com:443 REASON=END REMOTE_REASON= UNKNOWN_577",
        status: "CLOSED",
        remote_reason: Some("UNKNOWN_577"),
        ..END
    },
    Case {
        content: concat!("9 CLOSED 4 example.com:443 REASON=END REMOTE_REASON= UNKNOWN_577", newer_fields!())
            .as_bytes(),
        status: "CLOSED",
        reason: Some("END"),
        remote_reason: Some("UNKNOWN_577"),
        ..NEWER
    },
    // With REMAP tor prints no space before a code.
    Case {
        content: b"9 REMAP 4 192.0.2.1:443 REASON=UNKNOWN_7",
        status: "REMAP",
        host: "192.0.2.1",
        reason: Some("UNKNOWN_7"),
        ..PLAIN
    },
    // tor 0.1.2 to 0.2.1 with EXTENDED events prints no space before a code, and ends a line without a reason with a space. In the
    // third line that space is the 254th byte from the target's start, one byte before tor's cut.
    Case { content: b"9 CLOSED 4 example.com:443 REASON=UNKNOWN_65", reason: Some("UNKNOWN_65"), ..CLOSED },
    Case { content: b"9 SUCCEEDED 4 example.com:443 ", ..PLAIN },
    Case { content: concat!("9 SUCCEEDED 4 ", a250!(), ":80 ").as_bytes(), host: a250!(), port: 80, ..PLAIN },
    // Words of a newer tor.
    Case {
        content: b"9 CLOSED 4 example.com:443 REASON=A_NEW_REASON",
        reason: Some("A_NEW_REASON"),
        anomalies: &[Anomaly::UnknownWord],
        ..CLOSED
    },
    Case {
        content: b"9 CLOSED 4 example.com:443 REASON=END REMOTE_REASON=A_NEW_REASON",
        status: "CLOSED",
        remote_reason: Some("A_NEW_REASON"),
        anomalies: &[Anomaly::UnknownWord],
        ..END
    },
];

/// The 2 sources, and one that no known tor prints. An unknown source is no anomaly, nor is an unknown purpose: their words differ
/// between versions of tor.
pub(super) const SOURCES: &[Case] = each_word!("REMAP" "SOURCE" source PLAIN: "CACHE" "EXIT" "A_NEW_SOURCE");

/// The 5 purposes, one that an old tor printed (`UPLOAD_DESC`), and one that no known tor prints.
pub(super) const PURPOSES: &[Case] = each_word! {
    "NEW" "PURPOSE" purpose PLAIN:
    "DIR_FETCH" "DIR_UPLOAD" "DNS_REQUEST" "DIRPORT_TEST" "USER" "UPLOAD_DESC" "A_NEW_PURPOSE"
};

/// The 8 client protocols.
pub(super) const CLIENT_PROTOCOLS: &[Case] = each_word! {
    "SENTCONNECT" "CLIENT_PROTOCOL" client_protocol PLAIN:
    "SOCKS4" "SOCKS5" "TRANS" "NATD" "DNS" "HTTPCONNECT" "METRICS" "UNKNOWN"
};

/// The 9 isolation fields, and lists of them: empty, with unknown words, with empty words, and with all nine.
pub(super) const ISO_FIELDS: &[Case] = each_word! {
    "XON_SENT" "ISO_FIELDS" iso_fields PLAIN:
    "DESTPORT" "DESTADDR" "SOCKS_USERNAME" "SOCKS_PASSWORD" "CLIENT_PROTOCOL" "CLIENTADDR" "CLIENTPORT" "SESSION_GROUP"
    "NYM_EPOCH"
    "" "A_NEW_FIELD" "CLIENTADDR,A_NEW_FIELD,DESTPORT" "CLIENTADDR,,DESTPORT," "," ",CLIENTADDR"
    "DESTPORT,DESTADDR,SOCKS_USERNAME,SOCKS_PASSWORD,CLIENT_PROTOCOL,CLIENTADDR,CLIENTPORT,SESSION_GROUP,NYM_EPOCH"
};

/// The values of NYM_EPOCH and SESSION_GROUP, up to the ends of their ranges.
pub(super) const NUMBERS: &[Case] = &[
    Case { content: b"9 SUCCEEDED 4 example.com:443 NYM_EPOCH=0", nym_epoch: Some(0), ..PLAIN },
    Case { content: b"9 SUCCEEDED 4 example.com:443 NYM_EPOCH=4294967295", nym_epoch: Some(u32::MAX), ..PLAIN },
    Case { content: b"9 SUCCEEDED 4 example.com:443 SESSION_GROUP=-2", session_group: Some(-2), ..PLAIN },
    Case { content: b"9 SUCCEEDED 4 example.com:443 SESSION_GROUP=-3", session_group: Some(-3), ..PLAIN },
    Case { content: b"9 SUCCEEDED 4 example.com:443 SESSION_GROUP=5", session_group: Some(5), ..PLAIN },
    Case { content: b"9 SUCCEEDED 4 example.com:443 SESSION_GROUP=2147483647", session_group: Some(i32::MAX), ..PLAIN },
    Case {
        content: b"9 SUCCEEDED 4 example.com:443 SESSION_GROUP=-2147483648",
        session_group: Some(i32::MIN),
        ..PLAIN
    },
];
