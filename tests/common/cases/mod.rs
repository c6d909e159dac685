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
                content: concat!("9 ", $status, " 4 example.com:443 ", $fields, "=", $word).as_bytes(),
                status: $status,
                $field: Some($word),
                ..$base
            },
        )+]
    };
}

/// A line from an old tor without any field: `9 SUCCEEDED 4 example.com:443`.
const PLAIN: Case = Case {
    content: b"9 SUCCEEDED 4 example.com:443",
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

mod lines;
mod targets;
mod values;
mod words;

use lines::*;
use targets::*;
use values::*;
use words::*;

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
