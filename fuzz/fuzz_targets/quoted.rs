//! Bytes that tor escapes between quotation marks come back, and text that another writer escaped is decoded by the rules.
#![cfg_attr(fuzzing, no_main)]

use laws::{escape, law, unescape};
use tor_stream_event::StreamEventRef;

law!(|bytes: &[u8]| {
    let escaped = escape(bytes);
    assert_eq!(unescape(&escaped).as_deref(), Some(bytes));
    // Longer than any target that tor prints: the rest of the line cannot belong to a target that tor cut.
    let target = "a".repeat(256) + ":1";
    // The text that tor escaped, and the input itself, if it may stand between quotation marks.
    for text in [Ok(escaped.as_str()), core::str::from_utf8(bytes)].into_iter().flatten() {
        let Some(decoded) = unescape(text) else { continue };
        let line = format!("9 SUCCEEDED 4 {target} SOCKS_USERNAME=\"{text}\" SOCKS_PASSWORD=\"{text}\"");
        let event = StreamEventRef::parse(&line).expect("an event");
        for quoted in [event.socks_username(), event.socks_password()] {
            let quoted = quoted.expect("a quoted string");
            assert_eq!((quoted.escaped(), quoted.to_vec()), (text, decoded.clone()));
            let (min, max) = quoted.bytes().size_hint();
            assert!(min <= decoded.len() && max.is_some_and(|max| decoded.len() <= max));
        }
    }
});
