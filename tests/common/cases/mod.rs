//! Accepted lines: each word, each value and each oddity of the format, with the fields that it has.
#![deny(dead_code, reason = "a group of cases that `all` leaves out would not be tested")]

use tor_stream_event::Anomaly;

use super::Case;

/// 50 letters, for targets near the 255 bytes that tor prints.
macro_rules! a50 {
    () => {
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    };
}

/// 250 letters.
macro_rules! a250 {
    () => {
        concat!(a50!(), a50!(), a50!(), a50!(), a50!())
    };
}

/// The four fields of every event from tor 0.4.3.1 on.
macro_rules! newer_fields {
    () => {
        " CLIENT_PROTOCOL=SOCKS5 NYM_EPOCH=0 SESSION_GROUP=-4 ISO_FIELDS=CLIENTADDR,SESSION_GROUP"
    };
}

/// Expands to a case for each word: the line `9 STATUS 4 example.com:443 FIELDS=WORD`. Its `$field` is the word, and the rest is as in the
/// case `$others`.
macro_rules! each_word {
    ($status:literal $fields:literal $field:ident $others:ident: $($word:literal)+) => {
        &[$(
            Case {
                content: concat!("9 ", $status, " 4 example.com:443 ", $fields, "=", $word).as_bytes(),
                status: $status,
                $field: Some($word),
                ..$others
            },
        )+]
    };
}

/// A line without fields, as a tor before 0.4.3.1 prints it: `9 SUCCEEDED 4 example.com:443`.
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
/// A line with `REASON=END`: tor prints a remote reason only after it.
const END: Case = Case { reason: Some("END"), ..PLAIN };
/// A line that begins with `9 CLOSED 4 example.com:443`.
const CLOSED: Case = Case { status: "CLOSED", ..PLAIN };
/// A line that begins with `9 NEW 0 example.com:443`.
const NEW: Case = Case { status: "NEW", circuit_id: None, ..PLAIN };
/// A line that ends with `newer_fields!`.
const NEWER: Case = Case {
    client_protocol: Some("SOCKS5"),
    nym_epoch: Some(0),
    session_group: Some(-4),
    iso_fields: Some("CLIENTADDR,SESSION_GROUP"),
    ..PLAIN
};
/// A failed SOCKS handshake: CLOSED without a circuit.
const REJECTED: Case = Case { status: "CLOSED", circuit_id: None, reason: Some("SOCKS_PROTOCOL"), ..NEWER };
/// A line whose fields no tor prints in this order, or with this status or value.
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
#[allow(dead_code, reason = "some test files use no cases; what this function uses counts as used")]
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
        FUTURE_FIELDS,
        OTHER_ORDERS,
        ODD_VALUES,
    ];
    groups.into_iter().flatten()
}
