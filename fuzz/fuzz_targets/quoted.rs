//! Bytes that tor escapes between quotation marks come back, and text that another writer escaped is decoded by the rules.
#![cfg_attr(fuzzing, no_main)]

use laws::{escape, law, unescape};
use tor_stream_event::StreamEventRef;

law!(|bytes: &[u8]| {
    let escaped = escape(bytes);
    assert_eq!(unescape(&escaped).as_deref(), Some(bytes));
    // Longer than tor prints one, so that no part of the line is taken for a target that tor cut.
    let target = "a".repeat(256) + ":1";
    for text in [Ok(escaped.as_str()), core::str::from_utf8(bytes)].into_iter().flatten() {
        let Some(decoded) = unescape(text) else { continue };
        let line = format!("9 SUCCEEDED 4 {target} SOCKS_USERNAME=\"{text}\" SOCKS_PASSWORD=\"{text}\"");
        let event = StreamEventRef::parse(&line).expect("an event");
        for quoted in [event.socks_username(), event.socks_password()] {
            let quoted = quoted.expect("a quoted string");
            assert_eq!((quoted.escaped(), quoted.to_vec()), (text, decoded.clone()));
            let (least, most) = quoted.bytes().size_hint();
            assert!(least <= decoded.len() && most.is_some_and(|most| decoded.len() <= most));
        }
    }
});
