//! Assertions about any event, whatever line it was read from.

use core::str::from_utf8;

use tor_stream_event::{
    Anomaly, ClientProtocol, IsoField, StreamClosureReason, StreamEvent, StreamEventRef, StreamPurpose, StreamSource,
};

use crate::quoted::unescape;

/// Replacement for text that is not UTF-8.
const REPLACEMENT: &str = "\u{fffd}";
/// Every keyword that tor prints. Written again, since the crate's own list is under test.
const KEYWORDS: &[&str] = &[
    "REASON",
    "REMOTE_REASON",
    "SOURCE",
    "SOURCE_ADDR",
    "PURPOSE",
    "SOCKS_USERNAME",
    "SOCKS_PASSWORD",
    "CLIENT_PROTOCOL",
    "NYM_EPOCH",
    "SESSION_GROUP",
    "ISO_FIELDS",
];

/// Asserts that every field and accessor of an event says what its target and its arguments say.
pub fn assert_consistent(event: &StreamEventRef<'_>) {
    assert_target(event);
    /// Compares a word's text, its variant, and the argument that both come from.
    macro_rules! word {
        ($key:literal, $word:expr, $variant:expr, $type:ty) => {
            let word: Option<&str> = $word;
            assert_eq!(word, event.arg($key), "{}", $key);
            assert_eq!(
                word.map(|word| <$type>::from_word(word).unwrap_or(<$type>::Unrecognized)),
                $variant,
                "{}",
                $key
            );
        };
    }
    word!("REASON", event.reason_str(), event.reason, StreamClosureReason);
    word!("REMOTE_REASON", event.remote_reason_str(), event.remote_reason, StreamClosureReason);
    word!("SOURCE", event.source_str(), event.source, StreamSource);
    word!("PURPOSE", event.purpose_str(), event.purpose, StreamPurpose);
    word!("CLIENT_PROTOCOL", event.client_protocol_str(), event.client_protocol(), ClientProtocol);

    assert_eq!(event.source_addr, event.arg("SOURCE_ADDR"));
    let parts = event.source_addr.map(|text| split_port(text).map_or((text, None), |(host, port)| (host, Some(port))));
    assert_eq!(
        (event.source_host(), event.source_port()),
        parts.map_or((None, None), |(host, port)| (Some(host), port))
    );

    for (key, read) in [("SOCKS_USERNAME", event.socks_username()), ("SOCKS_PASSWORD", event.socks_password())] {
        match event.arg(key) {
            // A value that is not UTF-8: the argument has none of its bytes.
            Some(REPLACEMENT) => {}
            value => assert_eq!(read.map(|quoted| quoted.escaped()), value.and_then(between_quotes), "{key}"),
        }
    }

    // `parse` takes a plus sign, which tor never prints.
    let number = |key| event.arg(key).filter(|value| !value.starts_with('+'));
    assert_eq!(event.nym_epoch(), number("NYM_EPOCH").and_then(|value| value.parse().ok()));
    assert_eq!(event.session_group(), number("SESSION_GROUP").and_then(|value| value.parse().ok()));

    assert_eq!(event.iso_fields_str(), event.arg("ISO_FIELDS"));
    let words = || event.arg("ISO_FIELDS").unwrap_or_default().split(',').filter(|word| !word.is_empty());
    assert!(event.iso_fields().words().eq(words()));
    assert!(event.iso_fields().eq(words().map(|word| IsoField::from_word(word).unwrap_or(IsoField::Unrecognized))));
    assert_eq!(
        event.anomalies().contains(Anomaly::UnknownKeyword),
        event.args().any(|(key, _)| !KEYWORDS.contains(&key)),
    );
}

/// Asserts that host, port and anomalies are what the target says.
fn assert_target(event: &StreamEventRef<'_>) {
    let target = event.target_bytes();
    let has = |anomaly| event.anomalies().contains(anomaly);
    assert_eq!(has(Anomaly::TargetSpace), target.contains(&b' '));
    assert_eq!(has(Anomaly::TargetQuote), target.contains(&b'"'));
    assert_eq!(has(Anomaly::TargetControl), target.iter().any(u8::is_ascii_control));
    assert_eq!(has(Anomaly::Target8Bit), !target.is_ascii());
    assert_eq!(has(Anomaly::TargetNotUtf8), from_utf8(target).is_err());
    // tor prints 255 bytes of a target. A CR or LF alone at the end of a line is no part of the content. After 254 bytes of
    // target and fields it may be the last byte of a target that tor cut, to which these fields then belong.
    let target_and_fields = event.content().splitn(4, |&byte| byte == b' ').nth(3).unwrap_or_default();
    assert!(has(Anomaly::TargetMayBeCut) || target.len() < 255);
    assert!(!has(Anomaly::TargetMayBeCut) || target.len() >= 255 || target_and_fields.len() == 254);
    let text = String::from_utf8_lossy(target);
    let parts = split_port(&text);
    assert_eq!(has(Anomaly::TargetWithoutPort), parts.is_none());
    let (host, port) = parts.unwrap_or((&text, 0));
    let host = if has(Anomaly::TargetNotUtf8) { REPLACEMENT } else { host };
    assert_eq!((event.target_host, event.target_port), (host, port));
}

/// Splits `host:port`.
fn split_port(text: &str) -> Option<(&str, u16)> {
    let (host, port) = text.rsplit_once(':')?;
    let is_port = (1..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit());
    Some((host, port.parse().ok().filter(|_| is_port)?))
}

/// Returns the text between the quotation marks of a quoted string. `None` if `value` is none.
fn between_quotes(value: &str) -> Option<&str> {
    value.strip_prefix('"')?.strip_suffix('"').filter(|text| unescape(text).is_some())
}

/// Asserts that the owned form of an event says the same as the borrowed one, field by field.
pub fn assert_same(owned: &StreamEvent, event: &StreamEventRef<'_>) {
    /// Compares what is spelled alike for both.
    macro_rules! same {
        (fields $($field:ident)+; methods $($method:ident)+) => {
            $(assert_eq!(owned.$field, event.$field);)+
            $(assert_eq!(owned.$method(), event.$method());)+
        };
    }
    same! {
        fields status target_host target_port reason remote_reason source purpose;
        methods status_str reason_str remote_reason_str source_str purpose_str socks_username socks_password
            client_protocol client_protocol_str nym_epoch session_group iso_fields_str source_host source_port anomalies
            target_bytes content to_string
    }
    assert_eq!(owned.source_addr.as_deref(), event.source_addr);
    assert!(owned.iso_fields().eq(event.iso_fields()));
    assert!(owned.args().eq(event.args()));
    assert!(event.args().all(|(key, _)| owned.arg(key) == event.arg(key)));
    // A malformed ID may be abridged in the owned form.
    if !event.anomalies().contains(Anomaly::MalformedId) {
        assert_eq!(owned.id, event.id);
        assert_eq!(owned.circuit_id.as_ref().map(AsRef::as_ref), event.circuit_id);
    }
}
