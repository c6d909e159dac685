//! Laws for any text: no panic, agreement of every path, and errors that point into the input.

use crate::common;
use crate::common::cases;
use crate::common::printed::{FRAGMENTS, TARGET_BUFFER};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use tor_stream_event::{Anomaly, Error, StreamEventRef};

/// Fragments beside those of [`FRAGMENTS`]: text of the fields before the target, and values that tor does not print.
#[rustfmt::skip]
const MORE_FRAGMENTS: &[&str] = &[
    "650 STREAM ", " NEW", " CLOSED", " REMAP", " FUTURE", " 0 ", "0", "9", "host:443", "[::1]:80", "\u{fffd}", " bare",
    " NYM_EPOCH=4294967296", " SESSION_GROUP=--4", " ISO_FIELDS=CLIENTADDR,,X", " SOCKS_PASSWORD=\"p\"x", " foo=1", " =1",
];

/// Generates texts: any bytes; fragments; fragments after a header; cases of the shared list with bytes inserted, removed or replaced.
fn text() -> impl Strategy<Value = Vec<u8>> {
    let fragment = || {
        prop_oneof![4 => select(FRAGMENTS), 1 => select(MORE_FRAGMENTS)]
            .prop_map(|fragment| fragment.as_bytes().to_vec())
    };
    let fragments = prop::collection::vec(fragment(), 0..12).prop_map(|fragments| fragments.concat());
    let header = select(&["9 NEW 0 ", "9 CLOSED 4 ", "9 REMAP 4 ", "9 XON_SENT 4 ", "9 FUTURE 4 ", "! NEW ? "][..]);
    let line = (header, fragments.clone()).prop_map(|(header, rest)| [header.as_bytes(), &rest].concat());
    let change =
        (any::<Index>(), any::<Index>(), prop_oneof![3 => fragment(), 1 => prop::collection::vec(any::<u8>(), 0..3)]);
    let changed =
        (select(cases::all().collect::<Vec<_>>()), prop::collection::vec(change, 0..4)).prop_map(|(case, changes)| {
            let mut line = case.content.to_vec();
            for (at, len, fragment) in changes {
                let start = at.index(line.len() + 1);
                let end = (start + len.index(12)).min(line.len());
                line.splice(start..end, fragment);
            }
            line
        });
    prop_oneof![1 => any::<Vec<u8>>(), 1 => fragments, 4 => line, 6 => changed]
}

/// Calls every accessor of an event, and compares those that return the same value in two forms.
fn read_everything(event: &StreamEventRef<'_>) {
    let words = [
        Some(event.status_str()),
        event.reason_str(),
        event.remote_reason_str(),
        event.source_str(),
        event.purpose_str(),
        event.client_protocol_str(),
    ];
    let known = [
        Some(event.status.as_str()),
        event.reason.map(|word| word.as_str()),
        event.remote_reason.map(|word| word.as_str()),
        event.source.map(|word| word.as_str()),
        event.purpose.map(|word| word.as_str()),
        event.client_protocol().map(|word| word.as_str()),
    ];
    for (word, known) in words.into_iter().zip(known) {
        // A variant is that of its word. Only `Unrecognized` stands for other words.
        assert_eq!(word.is_some(), known.is_some());
        assert!(known == Some("UNRECOGNIZED") || word == known, "{word:?} {known:?}");
    }
    for quoted in [event.socks_username(), event.socks_password()].into_iter().flatten() {
        assert!(quoted.bytes().count() <= quoted.escaped().len());
    }
    assert_eq!(event.iso_fields().count(), event.iso_fields().words().count());
    assert_eq!(event.source_host().is_some(), event.source_addr.is_some());
    assert!(event.source_port().is_none() || event.source_addr.is_some());
    for (key, value) in event.args() {
        assert!(!key.is_empty());
        assert!(event.arg(key).is_some(), "{key}={value}");
    }
    // Spaces at the end of the line are no part of the target, which ends with its port.
    let trailing_spaces = event.content().iter().rev().take_while(|&&byte| byte == b' ').count();
    assert!(event.target_bytes().len() + trailing_spaces <= event.content().len());
    assert_eq!(event.anomalies().iter().count() == 0, event.anomalies().is_empty());
    // Writing must not panic.
    let _ = format!("{event:?}");
}

/// Returns the offset of the error, if reading ended with one.
fn offset(read: Result<StreamEventRef<'_>, Error>) -> Option<usize> {
    match read {
        Err(Error::Protocol(error)) => Some(error.offset()),
        _ => None,
    }
}

proptest! {
    #![proptest_config(common::config(5_000))]

    /// Every path reads any text alike.
    #[test]
    fn paths_agree(text in text()) {
        let strict = StreamEventRef::parse_bytes(&text);
        let lenient = StreamEventRef::parse_lenient(&text);
        prop_assert_eq!(StreamEventRef::try_from(text.as_slice()), strict);
        if let Ok(text) = core::str::from_utf8(&text) {
            prop_assert_eq!(StreamEventRef::parse(text), strict);
            prop_assert_eq!(StreamEventRef::try_from(text), strict);
        }
        for read in [strict, lenient] {
            prop_assert!(offset(read).is_none_or(|offset| offset <= text.len()), "{read:?}");
            if let Ok(event) = read {
                read_everything(&event);
                prop_assert!(text.starts_with(event.content()));
                prop_assert!(matches!(&text[event.content().len()..], b"" | b"\n" | b"\r" | b"\r\n"));
            }
        }
        if strict.is_ok() {
            prop_assert_eq!(lenient, strict);
        } else if let Ok(event) = lenient {
            // A line that only lenient reading accepts is odd.
            prop_assert!(!event.anomalies().is_empty(), "{:?}", event);
        }
    }

    /// `Display` writes a line that means the same.
    #[test]
    fn display_round_trip(text in text()) {
        if let Ok(event) = StreamEventRef::parse_lenient(&text) {
            let printed = event.to_string();
            prop_assert_eq!(printed.as_str(), String::from_utf8_lossy(event.content()));
            // Only text that is the content: no byte was replaced, and the content's own CR or LF at the end is not lost.
            let is_content = printed.as_bytes() == event.content() && !printed.ends_with(['\r', '\n']);
            // A lone CR or LF after the content may be the last byte of a cut target: the event is flagged for it, but `Display` does not
            // write it.
            let has_lone_end = text.len() == event.content().len() + 1;
            let end_may_be_target = has_lone_end && event.anomalies().contains(Anomaly::TargetMayBeCut);
            if is_content && !end_may_be_target {
                prop_assert_eq!(StreamEventRef::parse_lenient(printed.as_bytes()), Ok(event));
            }
        }
    }

    /// The owned form agrees with the borrowed one, however it is made.
    #[cfg(feature = "alloc")]
    #[test]
    fn owned_agrees(text in text()) {
        use tor_stream_event::StreamEvent;
        if let Ok(text) = core::str::from_utf8(&text) {
            match (StreamEventRef::parse(text), StreamEvent::parse(text)) {
                (Ok(event), Ok(owned)) => {
                    common::assert_pair(&owned, &event);
                    prop_assert_eq!(text.parse(), Ok(owned));
                }
                (event, owned) => prop_assert_eq!(event.err(), owned.err()),
            }
        }
        if let Ok(event) = StreamEventRef::parse_lenient(&text) {
            let owned = event.into_owned();
            read_everything(&owned.as_event_ref());
            // The owned form abridges a malformed ID that is too long, and differs then.
            if !event.anomalies().contains(Anomaly::MalformedId) {
                common::assert_pair(&owned, &event);
            }
        }
    }
}

proptest! {
    #![proptest_config(common::config(1_000))]

    /// Every prefix of any text is read, or refused within it.
    #[test]
    fn prefixes(text in text()) {
        for end in 0..text.len() {
            let prefix = &text[..end];
            prop_assert!(offset(StreamEventRef::parse_bytes(prefix)).is_none_or(|offset| offset <= end));
            prop_assert!(offset(StreamEventRef::parse_lenient(prefix)).is_none_or(|offset| offset <= end));
        }
    }
}

proptest! {
    #![proptest_config(common::config(2_000))]

    /// Fields after a good target in any order, among them unknown keywords and words, repeated keywords, and a word without `=`: the
    /// event is read, and its target is the good one. No field here holds a colon, which could be the one before a target's port.
    #[test]
    fn unknown_is_never_refused(
        status in select(tor_stream_event::StreamStatus::ALL),
        fields in prop::collection::vec(("[A-Za-z_]{1,16}", "[!-9;-~]{0,12}"), 0..=4),
        known in Just([
            " REASON=END", " REMOTE_REASON=DONE", " SOURCE=EXIT", " PURPOSE=USER", " NYM_EPOCH=1", " bare", " REASON=NEW_REASON",
            " PURPOSE=NEW_PURPOSE",
        ]).prop_shuffle(),
    ) {
        let mut line = format!("9 {status} 4 example.com:443");
        for (index, known) in known.into_iter().enumerate() {
            if let Some((key, value)) = fields.get(index) {
                line += &format!(" {key}={value}");
            }
            line += known;
        }
        // From 255 bytes on, the target and the fields could be a target that tor cut.
        assert!(common::target_and_fields(line.as_bytes()).len() < TARGET_BUFFER);
        let event = StreamEventRef::parse(&line).expect("a good target");
        prop_assert_eq!((event.target_host, event.target_port), ("example.com", 443), "{}", line);
        prop_assert!(event.anomalies().contains(Anomaly::UnknownOrder));
    }
}
