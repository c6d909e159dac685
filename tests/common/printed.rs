//! A model of how tor prints an event. `tests/laws/printer.rs` and the fuzz target `printer` each have a generator of events for it.
//! The model is written from tor's behaviour and shares no code with the crate.
#![allow(unreachable_pub, reason = "the fuzz targets share this file")]

use tor_stream_event::{Anomaly, Error, StreamEventRef};

use super::escape::escape;

/// Maximum number of bytes that tor prints of a target.
pub const TARGET_BUFFER: usize = 255;
/// Maximum number of bytes that tor prints of a source address.
pub const SOURCE_ADDR_BUFFER: usize = 50;

/// Statuses with which tor prints reasons.
pub const ENDS: &[&str] = &["FAILED", "CLOSED", "DETACHED"];
/// Statuses of new streams.
pub const STARTS: &[&str] = &["NEW", "NEWRESOLVE"];
/// The other statuses except REMAP, with which tor prints a source.
#[rustfmt::skip]
pub const OTHERS: &[&str] = &[
    "SENTCONNECT", "SENTRESOLVE", "SUCCEEDED", "CONTROLLER_WAIT", "XOFF_SENT", "XOFF_RECV", "XON_SENT", "XON_RECV",
];
/// A keyword of a tor newer than this crate, which is an anomaly.
pub const NEW_KEY: &str = "A_NEW_KEY";
/// A reason or client protocol of a tor newer than this crate, which is an anomaly.
pub const NEW_WORD: &str = "A_NEW_WORD";
/// Reasons for which tor has a word, and one of a newer tor.
#[rustfmt::skip]
pub const REASONS: &[&str] = &[
    "MISC", "EXITPOLICY", "DONE", "TIMEOUT", "SOCKS_PROTOCOL", "PRIVATE_ADDR", "CANT_ATTACH", NEW_WORD,
];
/// Purposes, and one of a newer tor, which is no anomaly.
pub const PURPOSES: &[&str] = &["USER", "DIR_FETCH", "DIR_UPLOAD", "DNS_REQUEST", "A_NEW_PURPOSE"];
/// Client protocols, and one of a newer tor.
pub const PROTOCOLS: &[&str] =
    &["SOCKS4", "SOCKS5", "TRANS", "NATD", "DNS", "HTTPCONNECT", "METRICS", "UNKNOWN", NEW_WORD];
/// Parts of the path of a unix socket, which a client's source address may be.
pub const PATH_PARTS: &[&str] = &["a", "tor", " ", "/", ".", ":", "-", "\"", "\\", " s", " a=", "sock:0 ", "12345678"];

/// Fields of every event from tor 0.4.3.1 on.
const NEWER_FIELDS: [&str; 4] = [" CLIENT_PROTOCOL=", " NYM_EPOCH=", " SESSION_GROUP=", " ISO_FIELDS="];

/// Fragments of the text that tor prints, which a hostile client writes into its host and its credentials: whole fields, and
/// halves of fields that match the text after them.
#[rustfmt::skip]
pub const FRAGMENTS: &[&str] = &[
    " REASON=DONE", " REASON=END", " REASON=END REMOTE_REASON=MISC", " REASON=", " REASON= UNKNOWN_1", " REASON=UNKNOWN_1",
    " REMOTE_REASON=DONE", " REMOTE_REASON=", " SOURCE=EXIT", " SOURCE=CACHE", " SOURCE=",
    " SOURCE_ADDR=6.6.6.6:1", " SOURCE_ADDR=6.6.6.6", " SOURCE_ADDR=::1", " SOURCE_ADDR=", " SOURCE_ADDR=/x",
    " SOURCE_ADDR=/x y:0", " SOURCE_ADDR=(Tor_internal)", " PURPOSE=USER", " PURPOSE=DIR_FETCH", " PURPOSE=",
    " SOCKS_USERNAME=\"", " SOCKS_USERNAME=\"u\"", " SOCKS_USERNAME=\"u\\\"", " SOCKS_USERNAME=",
    " SOCKS_PASSWORD=\"", " SOCKS_PASSWORD=\"p\"", " SOCKS_PASSWORD=\"\\", " SOCKS_USERNAME=\"u\" SOCKS_PASSWORD=\"",
    " CLIENT_PROTOCOL=SOCKS5", " CLIENT_PROTOCOL=", " NYM_EPOCH=7", " NYM_EPOCH=", " SESSION_GROUP=-7", " SESSION_GROUP=",
    " ISO_FIELDS=", " ISO_FIELDS=CLIENTADDR", " ISO_FIELDS=CLIENTADDR,",
    " CLIENT_PROTOCOL=DNS NYM_EPOCH=0 SESSION_GROUP=-4 ISO_FIELDS=",
    " FOO=", " FOO=1", " FOO=\"", " FOO=\"x\"", " FOO=a:1", " FOO=a\"", " FOO=\"a\\", " =", "=",
    "\"", "\" ", " \"", "\\", "\\\"", "\\\\", "\\\\\"", "'", "\\001", ":", ":1", ":80", ":80 ", " :80", ":65535", ":65536", ":0",
    " ", "  ", ",", "-", "_", "UNKNOWN_1", " UNKNOWN_1", "DONE", "END", "x", "a.b", "[::1]", "/", "650 STREAM 1 NEW 0 a:1",
    "\r\n", "\n", "\r", "\0", "\t", "caf\u{e9}", "\u{2028}", "\u{feff}",
];

/// An event of tor's, and the line that tor prints of it.
#[derive(Clone, Debug)]
pub struct Printed {
    /// Stream ID, status and circuit ID.
    header: [String; 3],
    /// Host of the target, as the client sent it.
    host: Vec<u8>,
    /// Port of the target.
    port: u16,
    /// Keys and values after the target, as tor prints them.
    fields: Vec<(&'static str, String)>,
    /// User name and password, as the client sent them.
    credentials: [Option<Vec<u8>>; 2],
}

impl Printed {
    /// Returns an event without fields.
    #[must_use]
    pub fn new(id: u64, status: &str, circuit: u64, host: Vec<u8>, port: u16) -> Self {
        let header = [id.to_string(), status.into(), circuit.to_string()];
        Self { header, host, port, fields: Vec::new(), credentials: [None, None] }
    }

    /// Adds a field.
    pub fn add(&mut self, key: &'static str, value: impl Into<String>) {
        self.fields.push((key, value.into()));
    }

    /// Adds a reason: a word, or a code for which tor has no word, which it prints after a space.
    pub fn add_reason(&mut self, key: &'static str, reason: Result<&'static str, u16>) {
        self.add(key, reason.map_or_else(|code| format!(" UNKNOWN_{code}"), String::from));
    }

    /// Adds the fields of NEW and NEWRESOLVE: the given ones, and those that tor prints in any case.
    ///
    /// - A source address, if a client wrote ` SOURCE_ADDR=` into the host: tor prints one for every client's stream, and none only for
    ///   its own streams and for look-ups of a controller.
    /// - A purpose, if the source address is a path: every tor with unix sockets prints one.
    /// - A purpose, if tor cuts the target. A tor without purposes cuts targets as well, but its line may be one that a newer tor
    ///   prints: a limit that `docs/exact-reading.md` explains.
    pub fn add_start(&mut self, source_addr: Option<String>, purpose: Option<&'static str>) {
        let is_forged = contains(&self.host, " SOURCE_ADDR=");
        let source_addr = source_addr.or_else(|| is_forged.then(|| String::from("127.0.0.1:5")));
        let is_path = source_addr.as_ref().is_some_and(|address| address.starts_with('/'));
        let purpose = purpose.or_else(|| (is_path || self.is_cut()).then_some("USER"));
        if let Some(mut address) = source_addr {
            address.truncate(SOURCE_ADDR_BUFFER);
            self.add("SOURCE_ADDR", address);
        }
        if let Some(purpose) = purpose {
            self.add("PURPOSE", purpose);
        }
    }

    /// Adds user name and password, which tor escapes.
    pub fn add_credentials(&mut self, credentials: [Option<Vec<u8>>; 2]) {
        for (key, bytes) in ["SOCKS_USERNAME", "SOCKS_PASSWORD"].into_iter().zip(&credentials) {
            if let Some(bytes) = bytes {
                self.add(key, format!("\"{}\"", escape(bytes)));
            }
        }
        self.credentials = credentials;
    }

    /// Adds the fields of every event from tor 0.4.3.1 on, which follow the credentials.
    pub fn add_newer(&mut self, client_protocol: &str, nym_epoch: u32, session_group: i32, iso_fields: &str) {
        self.add("CLIENT_PROTOCOL", client_protocol);
        self.add("NYM_EPOCH", nym_epoch.to_string());
        self.add("SESSION_GROUP", session_group.to_string());
        self.add("ISO_FIELDS", iso_fields);
    }

    /// Returns the event's content.
    #[must_use]
    pub fn content(&self) -> Vec<u8> {
        let mut target = self.target();
        target.truncate(TARGET_BUFFER);
        let tail: String = self.fields.iter().map(|(key, value)| format!(" {key}={value}")).collect();
        [self.header.join(" ").as_bytes(), b" ", &target, tail.as_bytes()].concat()
    }

    /// Returns the target as tor would print it if its buffer had no end.
    fn target(&self) -> Vec<u8> {
        [&self.host, format!(":{}", self.port).as_bytes()].concat()
    }

    /// Returns the value of a field, without the space before a code.
    fn value(&self, key: &str) -> Option<&str> {
        self.fields.iter().find(|(name, _)| *name == key).map(|(_, value)| value.trim_start())
    }

    /// Returns `true` if tor cuts the target, so that the line does not hold all of it.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.target().len() > TARGET_BUFFER
    }

    /// Returns `true` if the line could be that of another event: tor cuts the target, or it prints none of the newer
    /// fields and the client wrote all of them into its target. An unknown keyword may follow those, with any value: tor's
    /// colon and port can be part of it.
    #[must_use]
    pub fn is_ambiguous(&self) -> bool {
        let has_newer = self.value("ISO_FIELDS").is_some();
        self.is_cut() || !has_newer && NEWER_FIELDS.iter().all(|field| contains(&self.host, field))
    }

    /// Returns `true` if nothing about the line is odd: no word or keyword of a newer tor, no odd byte in the target.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        let is_new = |(key, value): &(&str, String)| value == NEW_WORD || *key == NEW_KEY;
        !self.fields.iter().any(is_new) && is_plain_target(&self.target())
    }

    /// Returns the name of the first field of `read` that differs from this event's. `None` if none does.
    #[must_use]
    pub fn difference(&self, read: &StreamEventRef<'_>) -> Option<&'static str> {
        let [id, status, circuit] = self.header.each_ref().map(String::as_str);
        let host = core::str::from_utf8(&self.host).unwrap_or("\u{fffd}");
        let credentials = [read.socks_username(), read.socks_password()];
        let iso_fields = self.value("ISO_FIELDS").unwrap_or_default().split(',').filter(|word| !word.is_empty());
        let arguments = self.fields.iter().map(|(key, value)| (*key, value.trim_start()));
        let checks = [
            ("id", read.id == id),
            ("status", read.status_str() == status && read.status.as_str() == status),
            ("circuit", read.circuit_id.unwrap_or("0") == circuit && read.circuit_id != Some("0")),
            ("target", read.target_bytes() == self.target()),
            ("host", read.target_host == host),
            ("port", read.target_port == self.port),
            (
                "reason",
                read.reason_str() == self.value("REASON") && read.reason.is_some() == read.reason_str().is_some(),
            ),
            ("remote reason", read.remote_reason_str() == self.value("REMOTE_REASON")),
            ("source", read.source_str() == self.value("SOURCE")),
            ("source address", read.source_addr == self.value("SOURCE_ADDR")),
            ("purpose", read.purpose_str() == self.value("PURPOSE")),
            (
                "credentials",
                self.credentials == credentials.map(|quoted| quoted.map(|quoted| quoted.bytes().collect())),
            ),
            ("client protocol", read.client_protocol_str() == self.value("CLIENT_PROTOCOL")),
            ("NYM epoch", read.nym_epoch() == self.value("NYM_EPOCH").and_then(|value| value.parse().ok())),
            ("session group", read.session_group() == self.value("SESSION_GROUP").and_then(|value| value.parse().ok())),
            (
                "isolation fields",
                read.iso_fields_str() == self.value("ISO_FIELDS") && read.iso_fields().words().eq(iso_fields),
            ),
            ("arguments", arguments.eq(read.args())),
        ];
        checks.into_iter().find(|&(_, is_same)| !is_same).map(|(name, _)| name)
    }

    /// Asserts the law for `read`, the result of reading `content`. An unambiguous event is read exactly. An ambiguous one is read
    /// exactly or flagged, or, if tor cut its target, refused. A plain event has no anomaly but `FieldAtCut`, and any other has one.
    pub fn check(&self, content: &[u8], read: Result<StreamEventRef<'_>, Error>) {
        let line = content.escape_ascii();
        let read = match read {
            Ok(read) => read,
            // A cut target may have lost its port.
            Err(error) => return assert!(self.is_cut(), "{error} in {line}"),
        };
        assert_eq!(read.content(), content);
        if let Some(difference) = self.difference(&read) {
            assert!(self.is_ambiguous() && !read.anomalies().is_empty(), "{difference}: {read:?} of {line}");
        } else {
            // A field of a plain line may end where tor cuts a target, and is flagged then.
            let is_plain = read.anomalies().iter().all(|anomaly| anomaly == Anomaly::FieldAtCut);
            assert!(self.is_plain() == is_plain || self.is_ambiguous(), "{read:?} of {line}");
        }
    }
}

/// Returns `true` for a target that tor cannot have cut, and that holds no byte that raises an anomaly.
#[must_use]
pub fn is_plain_target(target: &[u8]) -> bool {
    target.len() < TARGET_BUFFER && target.iter().all(|&byte| byte.is_ascii_graphic() && byte != b'"')
}

/// Returns `true` if `text` holds `part`.
fn contains(text: &[u8], part: &str) -> bool {
    text.windows(part.len()).any(|window| window == part.as_bytes())
}
