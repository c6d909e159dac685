//! Code that test files share: accepted lines with their fields, and one check that reads a line on every path. A *path* is a
//! function, or a row of functions, that makes an event of a content: `parse`, `parse_bytes`, `Display` and back, and others.
//!
//! | file | question |
//! |---|---|
//! | `cases/` | Which lines are accepted, and with which fields? |
//! | `printed.rs`, `escape.rs` | How does tor print an event, and a credential? |
//! | `entry_points.rs` | Do all entry points for a stream of lines return the same events? |
//! | `search.rs` | Which lines of an input are events, by a slow search? |
//! | `property.rs` | How many cases does a property test have, and where are its seeds kept? |
//! | `damaged.rs`, `random.rs` | Which damaged lines hold credentials; how are pseudo-random numbers made? Included by single tests. |
#![allow(dead_code, reason = "each test file is a crate of its own and uses a part of this")]
#![allow(clippy::panic, clippy::expect_used, reason = "a test fails by panicking")]

pub(crate) mod cases;
pub(crate) mod entry_points;
pub(crate) mod escape;
pub(crate) mod printed;
mod property;
pub(crate) mod search;

use core::hash::{Hash, Hasher};
use core::str;
use std::hash::DefaultHasher;

#[allow(unused_imports, reason = "not each test file has property tests")]
pub(crate) use property::config;
use tor_stream_event::{
    Anomaly, ClientProtocol, Error, IsoField, ProtocolError, StreamClosureReason, StreamEventRef, StreamPurpose,
    StreamSource, StreamStatus,
};

#[cfg(feature = "alloc")]
use tor_stream_event::StreamEvent;

/// Expands to [`EVERY_FIELD`].
macro_rules! every_field {
    () => {
        concat!(
            "5 NEW 0 example.com:443 SOURCE_ADDR=127.0.0.1:5 PURPOSE=USER SOCKS_USERNAME=\"hunter2 u\" ",
            "SOCKS_PASSWORD=\"hunter2\\\" p\" CLIENT_PROTOCOL=SOCKS5 NYM_EPOCH=0 SESSION_GROUP=-4 ",
            "ISO_FIELDS=SOCKS_USERNAME,SESSION_GROUP"
        )
    };
}

/// A content with every field that tor prints with NEW, whose credentials hold the word `hunter2`.
pub(crate) const EVERY_FIELD: &str = every_field!();

/// [`EVERY_FIELD`] and an unknown keyword, whose value is `hunter2` as well.
pub(crate) const WITH_SECRETS: &str = concat!(every_field!(), " NEW_KEY=hunter2");

/// A line that is accepted, and its fields. Words are given as printed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case {
    /// The event's content.
    pub(crate) content: &'static [u8],
    /// The stream's ID.
    pub(crate) id: &'static str,
    /// The status.
    pub(crate) status: &'static str,
    /// The circuit's ID; `None` if it is 0.
    pub(crate) circuit_id: Option<&'static str>,
    /// The target's host.
    pub(crate) host: &'static str,
    /// The target's port.
    pub(crate) port: u16,
    /// The target as bytes; `None` if it is [`Self::host`], a colon and [`Self::port`].
    pub(crate) target: Option<&'static [u8]>,
    /// `REASON`.
    pub(crate) reason: Option<&'static str>,
    /// `REMOTE_REASON`.
    pub(crate) remote_reason: Option<&'static str>,
    /// `SOURCE`.
    pub(crate) source: Option<&'static str>,
    /// `SOURCE_ADDR`.
    pub(crate) source_addr: Option<&'static str>,
    /// The address and the relay that a `.exit` name holds.
    pub(crate) exit_relay: Option<(&'static str, &'static str)>,
    /// `PURPOSE`.
    pub(crate) purpose: Option<&'static str>,
    /// `SOCKS_USERNAME`, between the quotes.
    pub(crate) username: Option<&'static str>,
    /// `SOCKS_PASSWORD`, between the quotes.
    pub(crate) password: Option<&'static str>,
    /// `CLIENT_PROTOCOL`.
    pub(crate) client_protocol: Option<&'static str>,
    /// `NYM_EPOCH`.
    pub(crate) nym_epoch: Option<u32>,
    /// `SESSION_GROUP`.
    pub(crate) session_group: Option<i32>,
    /// `ISO_FIELDS`.
    pub(crate) iso_fields: Option<&'static str>,
    /// Every argument in line order; `None` if these are the fields above in tor's order.
    pub(crate) args: Option<&'static [(&'static str, &'static str)]>,
    /// The anomalies, in the order of [`Anomaly::ALL`].
    pub(crate) anomalies: &'static [Anomaly],
}

impl Case {
    /// Returns the arguments in line order.
    fn args(&self) -> Vec<(String, String)> {
        if let Some(args) = self.args {
            return args.iter().map(|&(key, value)| (key.into(), value.into())).collect();
        }
        let quoted = |text: Option<&str>| text.map(|text| format!("\"{text}\""));
        let fields = [
            ("REASON", self.reason.map(String::from)),
            ("REMOTE_REASON", self.remote_reason.map(String::from)),
            ("SOURCE", self.source.map(String::from)),
            ("SOURCE_ADDR", self.source_addr.map(String::from)),
            ("PURPOSE", self.purpose.map(String::from)),
            ("SOCKS_USERNAME", quoted(self.username)),
            ("SOCKS_PASSWORD", quoted(self.password)),
            ("CLIENT_PROTOCOL", self.client_protocol.map(String::from)),
            ("NYM_EPOCH", self.nym_epoch.map(|number| number.to_string())),
            ("SESSION_GROUP", self.session_group.map(|number| number.to_string())),
            ("ISO_FIELDS", self.iso_fields.map(String::from)),
        ];
        fields.into_iter().filter_map(|(key, value)| Some((key.into(), value?))).collect()
    }
}

/// Compares every public field and accessor of either form with a case.
macro_rules! assert_event {
    ($event:expr, $case:expr, $path:expr) => {{
        let (event, case): (_, &Case) = (&$event, $case);
        let shown = case.content.escape_ascii();
        /// Compares one value.
        macro_rules! same {
            ($got:expr, $expected:expr, $name:expr) => {
                assert_eq!($got, $expected, "{} by {} of {shown}", $name, $path)
            };
        }
        same!(AsRef::<str>::as_ref(&event.id), case.id, "id");
        same!(event.status, StreamStatus::from_word(case.status).unwrap_or(StreamStatus::Unrecognized), "status");
        same!(event.status_str(), case.status, "status_str");
        same!(event.circuit_id.as_ref().map(AsRef::<str>::as_ref), case.circuit_id, "circuit_id");
        same!(AsRef::<str>::as_ref(&event.target_host), case.host, "target_host");
        same!(event.target_port, case.port, "target_port");
        let target = case.target.map_or_else(|| format!("{}:{}", case.host, case.port).into_bytes(), <[u8]>::to_vec);
        same!(event.target_bytes(), target, "target_bytes");
        let reason = |word| StreamClosureReason::from_word(word).unwrap_or(StreamClosureReason::Unrecognized);
        same!(event.reason, case.reason.map(reason), "reason");
        same!(event.reason_str(), case.reason, "reason_str");
        same!(event.remote_reason, case.remote_reason.map(reason), "remote_reason");
        same!(event.remote_reason_str(), case.remote_reason, "remote_reason_str");
        let source = |word| StreamSource::from_word(word).unwrap_or(StreamSource::Unrecognized);
        same!(event.source, case.source.map(source), "source");
        same!(event.source_str(), case.source, "source_str");
        same!(event.source_addr.as_ref().map(AsRef::<str>::as_ref), case.source_addr, "source_addr");
        let source_parts = case.source_addr.map(|text| match text.rsplit_once(':') {
            Some((host, port)) if port.parse::<u16>().is_ok() => (host, port.parse().ok()),
            _ => (text, None),
        });
        same!(event.source_host(), source_parts.map(|(host, _)| host), "source_host");
        same!(event.source_port(), source_parts.and_then(|(_, port)| port), "source_port");
        same!(event.exit_relay(), case.exit_relay, "exit_relay");
        let purpose = |word| StreamPurpose::from_word(word).unwrap_or(StreamPurpose::Unrecognized);
        same!(event.purpose, case.purpose.map(purpose), "purpose");
        same!(event.purpose_str(), case.purpose, "purpose_str");
        same!(event.socks_username().map(|quoted| quoted.escaped()), case.username, "socks_username");
        same!(event.socks_password().map(|quoted| quoted.escaped()), case.password, "socks_password");
        let protocol = |word| ClientProtocol::from_word(word).unwrap_or(ClientProtocol::Unrecognized);
        same!(event.client_protocol(), case.client_protocol.map(protocol), "client_protocol");
        same!(event.client_protocol_str(), case.client_protocol, "client_protocol_str");
        same!(event.nym_epoch(), case.nym_epoch, "nym_epoch");
        same!(event.session_group(), case.session_group, "session_group");
        same!(event.iso_fields_str(), case.iso_fields, "iso_fields_str");
        let words: Vec<&str> = case.iso_fields.unwrap_or("").split(',').filter(|word| !word.is_empty()).collect();
        same!(event.iso_fields().words().collect::<Vec<_>>(), words, "iso_fields().words()");
        let iso_field = |&word: &&str| IsoField::from_word(word).unwrap_or(IsoField::Unrecognized);
        let iso_fields: Vec<IsoField> = words.iter().map(iso_field).collect();
        same!(event.iso_fields().collect::<Vec<_>>(), iso_fields, "iso_fields");
        let expected = case.args();
        let args: Vec<(String, String)> = event.args().map(|(key, value)| (key.into(), value.into())).collect();
        same!(args, expected, "args");
        for (key, _) in &expected {
            let last = expected.iter().rfind(|(name, _)| name == key).map(|(_, value)| value.as_str());
            same!(event.arg(key), last, format!("arg({key:?})"));
        }
        same!(event.arg("ABSENT"), None, "arg");
        same!(event.anomalies().iter().collect::<Vec<_>>(), case.anomalies, "anomalies");
        same!(event.anomalies().is_empty(), case.anomalies.is_empty(), "is_empty");
        for &anomaly in Anomaly::ALL {
            same!(event.anomalies().contains(anomaly), case.anomalies.contains(&anomaly), anomaly);
        }
        same!(event.content(), case.content, "content");
        same!(event.to_string(), String::from_utf8_lossy(case.content), "Display");
    }};
}

/// Reads a case on every path, with each line end, and compares every field.
#[track_caller]
pub(crate) fn check_on_every_path(case: &Case) {
    // tor prints 255 bytes of a target. A lone LF after 254 bytes may be the last of them, and raises an anomaly, which
    // `a_lone_line_end_at_the_cut` in tests/event/accept.rs checks.
    let is_before_cut = target_and_fields(case.content).len() == printed::TARGET_BUFFER - 1;
    for line_end in [&b""[..], b"\r\n", b"\n"] {
        if line_end == b"\n" && is_before_cut {
            continue;
        }
        let input = [case.content, line_end].concat();
        let event = event_of_bytes(&input);
        assert_event!(event, case, "parse_bytes");
        assert_event!(StreamEventRef::parse_lenient(&input).expect("lenient reading"), case, "parse_lenient");
        assert_event!(StreamEventRef::try_from(input.as_slice()).expect("a conversion"), case, "TryFrom<&[u8]>");
        let line = [b"650 STREAM ", input.as_slice()].concat();
        assert_event!(StreamEventRef::parse_line(&line).expect("a whole line"), case, "parse_line");
        #[cfg(feature = "alloc")]
        assert_event!(StreamEvent::parse_line(&line).expect("a whole line"), case, "StreamEvent::parse_line");
        if let Ok(text) = str::from_utf8(&input) {
            assert_event!(self::event(text), case, "parse");
            assert_event!(StreamEventRef::try_from(text).expect("a conversion"), case, "TryFrom<&str>");
            let printed = event.to_string();
            assert_eq!(self::event(&printed), event, "Display and back");
        }
        #[cfg(feature = "alloc")]
        check_owned(case, &input, event);
    }
}

/// Returns text of `length` bytes: `before`, as many letters `a` as fit, and `after`.
pub(crate) fn filled(before: &str, after: &str, length: usize) -> String {
    format!("{before}{}{after}", "a".repeat(length - before.len() - after.len()))
}

/// Returns the rest of a content after stream ID, status and circuit ID: the target, and all fields.
pub(crate) fn target_and_fields(content: &[u8]) -> &[u8] {
    content.splitn(4, |&byte| byte == b' ').nth(3).unwrap_or_default()
}

/// Checks a case on every path of the owned form.
#[cfg(feature = "alloc")]
#[track_caller]
fn check_owned(case: &Case, input: &[u8], event: StreamEventRef<'_>) {
    let owned = StreamEvent::from(event);
    assert_event!(owned, case, "From<StreamEventRef>");
    assert_event!(event.into_owned(), case, "into_owned");
    assert_event!(owned.as_event_ref(), case, "as_event_ref");
    assert_event!(StreamEventRef::from(&owned), case, "From<&StreamEvent>");
    assert_event!(owned.clone(), case, "clone");
    assert_pair(&owned, &event);
    if let Ok(text) = str::from_utf8(input) {
        let parsed = StreamEvent::parse(text).expect("owned parsing");
        assert_event!(parsed, case, "StreamEvent::parse");
        assert_pair(&parsed, &event);
        let parsed: StreamEvent = text.parse().expect("owned parsing");
        assert_event!(parsed, case, "FromStr");
        let reread: StreamEvent = owned.to_string().parse().expect("what Display wrote");
        assert_pair(&reread, &event);
    }
}

/// Asserts that the two forms are equal in every way that they can be compared.
#[cfg(feature = "alloc")]
#[track_caller]
pub(crate) fn assert_pair(owned: &StreamEvent, event: &StreamEventRef<'_>) {
    assert_eq!(owned, event);
    assert_eq!(event, owned);
    assert_eq!(owned.as_event_ref(), *event);
    assert_eq!(*owned, event.into_owned());
    assert_eq!(hash(owned), hash(event));
    assert_eq!(owned.to_string(), event.to_string());
    // The `Debug` texts differ in the name of the type only.
    let shown = format!("{event:?}");
    assert_eq!(format!("{owned:?}"), shown.replacen("StreamEventRef", "StreamEvent", 1));
}

/// Returns the hash of a value.
pub(crate) fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// Parses a content that has to be an event.
#[track_caller]
pub(crate) fn event(content: &str) -> StreamEventRef<'_> {
    match StreamEventRef::parse(content) {
        Ok(event) => event,
        Err(error) => panic!("{content:?}: {error}"),
    }
}

/// Parses the bytes of a content that has to be an event.
#[track_caller]
pub(crate) fn event_of_bytes(content: &[u8]) -> StreamEventRef<'_> {
    match StreamEventRef::parse_bytes(content) {
        Ok(event) => event,
        Err(error) => panic!("{}: {error}", content.escape_ascii()),
    }
}

/// Parses leniently a content that has to be an event.
#[track_caller]
pub(crate) fn lenient_event(content: &[u8]) -> StreamEventRef<'_> {
    match StreamEventRef::parse_lenient(content) {
        Ok(event) => event,
        Err(error) => panic!("{}: {error}", content.escape_ascii()),
    }
}

/// Parses a content that has to be refused, as bytes and, where it is UTF-8, as text, and returns the error.
#[track_caller]
pub(crate) fn event_err(content: &[u8]) -> ProtocolError {
    let error = protocol_error(StreamEventRef::parse_bytes(content));
    if let Ok(text) = str::from_utf8(content) {
        assert_eq!(protocol_error(StreamEventRef::parse(text)), error);
    }
    error
}

/// Returns the parser's error in a result that has to have one.
#[track_caller]
pub(crate) fn protocol_error(read: Result<StreamEventRef<'_>, Error>) -> ProtocolError {
    match read {
        Err(Error::Protocol(error)) => error,
        other => panic!("expected an error, found {other:?}"),
    }
}

/// Splits a capture that holds nothing but STREAM events, each with CR LF, into their contents.
#[track_caller]
pub(crate) fn contents(capture: &[u8]) -> Vec<&[u8]> {
    let mut contents = Vec::new();
    let mut rest = capture;
    while !rest.is_empty() {
        let end = rest.windows(2).position(|pair| pair == b"\r\n").expect("a line end");
        let (line, next) = rest.split_at(end);
        contents.push(line.strip_prefix(b"650 STREAM ").expect("a STREAM event"));
        rest = next.strip_prefix(b"\r\n").expect("a line end");
    }
    contents
}

/// Decodes hexadecimal digits.
pub(crate) fn from_hex(digits: &str) -> Vec<u8> {
    let digit = |&byte: &u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok()).expect("a digit");
    digits.as_bytes().chunks(2).map(|pair| pair.iter().map(digit).fold(0, |byte, digit| byte << 4 | digit)).collect()
}
