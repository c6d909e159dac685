//! Credentials are in no `Debug` output and no message, wherever a damaged line, or one of a newer tor, has them.
#![allow(clippy::expect_used, reason = "a test fails by panicking")]

#[path = "../common/damaged.rs"]
mod damaged;

use crate::common::{WITH_SECRETS, config, event, event_of_bytes, protocol_error};
use damaged::{SECRET, damaged};
use proptest::prelude::*;
use tor_stream_event::{Error, StreamEventRef, stream_events};

/// Contents with credentials in places where no known tor prints them. Each credential holds [`SECRET`].
const MISPLACED: &[&str] = &[
    // The credentials are in the target: an unknown field after them ends like a target, with a colon and a port.
    r#"15 SUCCEEDED 3 192.0.2.34:443 SOCKS_USERNAME="hunter2" SOCKS_PASSWORD="hunter2" NEW_ADDR=10.8.0.2:45678"#,
    // The target is missing.
    r#"5 CLOSED 3 SOCKS_USERNAME="hunter2" SOCKS_PASSWORD="hunter2" CLIENT_PROTOCOL=SOCKS5"#,
    // The circuit, the status or the stream ID is missing, and a credential is in its place.
    r#"6 NEW SOCKS_PASSWORD="hunter2" a:1"#,
    r#"6 NEW SOCKS_PASSWORD="x hunter2:1"#,
    r#"6 SOCKS_PASSWORD="hunter2" 5 a:1"#,
    // The string begins in the place of the status, and a word of it is in the place of the circuit.
    r#"6 SOCKS_PASSWORD="x hunter2 y" 5 a:1"#,
    r#"SOCKS_PASSWORD="hunter2" NEW 5 a:1"#,
    r#"SOCKS_PASSWORD="x NEW hunter2 y:1" a:1"#,
    // The string begins in the target, and goes on in another field.
    r#"7 NEW 0 SOCKS_PASSWORD="x:80 hunter2" CLIENT_PROTOCOL=SOCKS5"#,
    r#"7 CLOSED 0 SOCKS_PASSWORD="x:80 REASON=hunter2" CLIENT_PROTOCOL=SOCKS5"#,
    r#"7 NEW 0 SOCKS_PASSWORD="x:80 SOURCE_ADDR=/hunter2:0 PURPOSE=USER"#,
    r#"7 NEW 0 SOCKS_PASSWORD="x:80 hunter2=1 y" ISO_FIELDS="#,
    r#"7 CLOSED 0 SOCKS_PASSWORD="x:80 ISO_FIELDS=hunter2"#,
    // The closing quotation mark is missing, or both.
    r#"8 CLOSED 3 a:80 REASON=DONE SOCKS_PASSWORD="hunter2"#,
    r#"9 CLOSED 3 a:80 REASON=DONE SOCKS_PASSWORD=hunter2 "#,
    r#"9 CLOSED 3 SOCKS_PASSWORD=hunter2:80 REASON=DONE"#,
    // A log wrote the reply as a quoted string, with a backslash before each quotation mark of tor's.
    r#"9 CLOSED 3 SOCKS_PASSWORD=\"hunter2:80 REASON=DONE"#,
    r#"9 CLOSED 3 SOCKS_PASSWORD=\"my hunter2=7\" a:80 REASON=DONE"#,
    r#"9 CLOSED 3 a:80 SOCKS_PASSWORD=\"x\\\"hunter2=7\" REASON=DONE"#,
    // A credential looks like a field.
    r#"10 CLOSED 3 a:80 SOCKS_USERNAME=" REASON=hunter2" SOCKS_PASSWORD="y""#,
];

/// Returns every text of an event that is not meant to reveal credentials.
fn shown(event: &StreamEventRef<'_>) -> String {
    let mut shown = format!("{event:?} {event:#?} {:?} {:?}", event.args(), event.iso_fields());
    shown += &format!("{:?} {:?}", event.socks_username(), event.socks_password());
    shown += &redacted(event);
    #[cfg(feature = "alloc")]
    {
        let owned = event.into_owned();
        shown += &format!("{owned:?} {owned:#?}");
        shown += &redacted(&owned.as_event_ref());
    }
    shown
}

/// Returns each text of an event as `redact` masks it.
fn redacted(event: &StreamEventRef<'_>) -> String {
    let mut texts = vec![event.id, event.status_str(), event.target_host];
    texts.extend(event.circuit_id.into_iter().chain(event.reason_str()).chain(event.remote_reason_str()));
    texts.extend(event.source_str().into_iter().chain(event.source_addr).chain(event.source_host()));
    texts.extend(event.purpose_str().into_iter().chain(event.client_protocol_str()).chain(event.iso_fields_str()));
    texts.extend(event.exit_relay().into_iter().flat_map(|(address, relay)| [address, relay]));
    texts.extend(event.args().flat_map(|(key, value)| [key, value]));
    texts.extend(event.iso_fields().words());
    let texts = texts.into_iter().map(str::as_bytes).chain([event.content(), event.target_bytes()]);
    texts.map(|text| event.redact(text)).map(|text| format!("{text} {text:?} {:?}\n", text.as_str())).collect()
}

/// Returns every text about a content that is not meant to reveal credentials: of its event, read strictly and leniently, of its
/// stream, and of its line.
fn all_shown(content: &[u8]) -> String {
    let mut all = String::new();
    for event in [StreamEventRef::parse_bytes(content), StreamEventRef::parse_lenient(content)] {
        all += &event.map_or_else(|error| format!("{error:?} {error}"), |event| shown(&event));
    }
    #[cfg(feature = "alloc")]
    if let Ok(event) = StreamEventRef::parse_lenient(content) {
        let mut tracker = tor_stream_event::StreamTracker::new(1);
        let over = tracker.update(&event, ());
        all += &format!("{tracker:?}");
        for life in over.into_iter().chain(tracker.into_live()) {
            all += &format!("{life:?} {:?} {:?}", life.reason_str(), life.remote_reason_str());
            all += &format!("{:?} {:?} {:?}", life.source_str(), life.purpose_str(), life.client_protocol_str());
            life.steps.iter().for_each(|step| all += step.status_str());
            #[cfg(feature = "serde")]
            {
                all += &serde_json::to_string(&life).expect("JSON");
            }
        }
    }
    let line = [b"650 STREAM ", content, b"\r\n"].concat();
    for prefix in ["", "2026-11-25 10:00:00 1795600800.10 "] {
        let log = [prefix.as_bytes(), &line].concat();
        stream_events(&log).for_each(|line| all += &format!("{line:?}"));
    }
    all
}

/// `Debug` of an event and of its parts shows no credential, and no value of an unknown keyword, which may be one.
#[test]
fn debug_redacts() {
    let event = event(WITH_SECRETS);
    let quoted = event.socks_password();
    let bytes = quoted.map(|quoted| quoted.bytes());
    let shown = format!("{event:?}{event:#?}{:?}{quoted:?}{bytes:?}", event.args());
    assert!(!shown.contains("hunter2"), "{shown}");
    assert_eq!(
        (format!("{quoted:?}").as_str(), format!("{bytes:?}").as_str()),
        ("Some(Quoted(***))", "Some(QuotedBytes(***))")
    );
    assert!(shown.contains("NEW_KEY") && shown.contains("example.com") && shown.contains("***"), "{shown}");
}

/// `Debug` of lines that are read in another order, or are not UTF-8, shows no credential.
#[test]
fn debug_redacts_odd_lines() {
    for line in [
        &b"5 NEW 0 a:1 bare SOCKS_USERNAME=\"hunter2\" PURPOSE=USER"[..],
        b"5 NEW 0 a:1 SOCKS_PASSWORD=\"hunter2",
        b"5 NEW 0 a:1 SOCKS_PASSWORD=hunter2",
        b"5 NEW 0 a:1 FOO=\"hunter2\"",
        b"5 NEW 0 \xff:1 SOCKS_PASSWORD=\"hunter2\"",
        b"5 NEW 0 a:1 SOCKS_PASSWORD=\"hunter2\xff\"",
    ] {
        let event = event_of_bytes(line);
        let shown = format!("{event:?}{:?}{:?}{:?}", event.args(), event.socks_username(), event.socks_password());
        assert!(!shown.contains("hunter2"), "{shown}");
        #[cfg(feature = "alloc")]
        {
            let shown = format!("{:?}{:#?}", event.into_owned(), event.into_owned());
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }
}

/// An error shows no byte of a credential, here the `Q`. In the first two contents the error is at that letter. In the third it is at the
/// first `_` of the text in the place of the circuit, before the credential.
#[test]
fn errors_show_no_byte_of_a_credential() {
    for (content, byte) in [
        (r#"9 CLOSED 3 SOCKS_PASSWORD="a:Q y""#, 'Q'),
        (r#"9 CLOSED 3 SOCKS_PASSWORD=a:Q"#, 'Q'),
        (r#"9 CLOSED SOCKS_PASSWORD="Q" a:80"#, '_'),
    ] {
        let error = protocol_error(StreamEventRef::parse(content));
        assert_eq!(Some(error.offset()), content.find(byte), "{content}");
        let message = error.to_string();
        assert_eq!(byte == 'Q', message.contains("found a byte that may be of a credential at byte"), "{message}");
        assert!(!message.contains('Q'), "{message}");
    }
}

/// `Debug` of the owned form shows the form's own name, and no credential.
#[cfg(feature = "alloc")]
#[test]
fn owned_debug_redacts() {
    let owned = event(WITH_SECRETS).into_owned();
    let shown = format!("{owned:?}{owned:#?}{:?}{:?}", owned.args(), owned.socks_username());
    assert!(shown.starts_with("StreamEvent {"), "{shown}");
    assert!(!shown.contains("hunter2"), "{shown}");
}

/// Either form masks a field by its place in the content, not by its text. Here circuit ID and source address have the same text. Only
/// the address is masked: it is within a credential that has no end.
#[cfg(feature = "alloc")]
#[test]
fn owned_debug_masks_each_field_at_its_place() {
    let content = br#"84 NEW 0 a:1 NEW=SOCKS_PASSWORD="a SOURCE_ADDR=0 PURPOSE=USER"#;
    let event = StreamEventRef::parse_lenient(content).unwrap();
    assert_eq!(event.source_addr, Some("0"));
    let shown = format!("{event:?}");
    assert!(shown.contains(r#"source_addr: Some("***")"#), "{shown}");
    assert_eq!(format!("{:?}", event.into_owned()), shown.replacen("StreamEventRef", "StreamEvent", 1));
}

/// An error's message holds at most a word of capitals or a single byte of a line. Neither is of a credential, wherever the line ends.
#[test]
fn errors_of_prefixes_show_no_credential() {
    // The target has no port, so every prefix is refused.
    let line = "9 NEW 0 host SOCKS_USERNAME=\"@@@@@@\" SOCKS_PASSWORD=\"@@@@@@\"";
    for end in 0..line.len() {
        let line = line.get(..end).unwrap_or_default();
        let error = protocol_error(StreamEventRef::parse(line));
        let shown = format!("{error} {error:?} {:?} {}", Error::from(error), Error::from(error));
        assert!(!shown.contains('@') && !shown.contains("host SOCKS"), "{shown}");
    }
}

/// No text shows a credential that stands where no known tor prints one.
#[test]
fn misplaced_credentials() {
    for content in MISPLACED {
        assert!(content.contains(SECRET));
        let shown = all_shown(content.as_bytes());
        // An ID that is too long is shown as its first three letters, `~` and a hash.
        assert!(!shown.contains(SECRET) && !shown.contains("hun~"), "{content}: {shown}");
    }
}

/// `redact` masks the credentials in a text of the event, and keeps the text around them. `as_str` returns `None` if anything is masked.
#[test]
fn the_rest_is_kept() {
    let event = StreamEventRef::parse(MISPLACED[0]).unwrap();
    let redacted = event.redact(event.target_host.as_bytes());
    let expected = r#"192.0.2.34:443 SOCKS_USERNAME="***" SOCKS_PASSWORD="***" NEW_ADDR=10.8.0.2"#;
    assert_eq!((redacted.to_string().as_str(), redacted.as_str()), (expected, None));
    assert!(format!("{event:?}").contains(&format!("{expected:?}")));
    #[cfg(feature = "alloc")]
    {
        let owned = event.into_owned();
        let event = owned.as_event_ref();
        // The owned form's host is a copy, no range of the content.
        assert_eq!(event.redact(event.target_host.as_bytes()).to_string(), expected);
    }
    // A plain host; a text of another event; bytes that are not UTF-8.
    let plain = StreamEventRef::parse("5 NEW 0 a.example:80 SOCKS_USERNAME=\"a\"").unwrap();
    assert_eq!(plain.redact(plain.target_host.as_bytes()).as_str(), Some("a.example"));
    assert_eq!(plain.redact(b"SOCKS_USERNAME=\"b\"").to_string(), "SOCKS_USERNAME=\"***\"");
    assert_eq!(plain.redact(b"\xff").to_string(), "\u{FFFD}");
}

proptest! {
    #![proptest_config(config(1000))]

    /// No text between quotation marks after a keyword of credentials is shown, also if a log wrote the reply as a quoted string, with a
    /// backslash before each quotation mark and backslash.
    #[test]
    fn no_text_shows_a_secret(content in damaged()) {
        let is_escaped = |byte: &u8| matches!(byte, b'"' | b'\\');
        let escaped: Vec<u8> =
            content.iter().flat_map(|byte| is_escaped(byte).then_some(b'\\').into_iter().chain([*byte])).collect();
        for content in [content, escaped] {
            let shown = all_shown(&content);
            prop_assert!(!shown.contains(SECRET), "{}: {shown}", content.escape_ascii());
        }
    }
}
