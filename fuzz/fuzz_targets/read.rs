//! Text, bytes and lenient reading give the same event of a content, and the fields, accessors and anomalies of an event agree.
#![cfg_attr(fuzzing, no_main)]

use core::str::from_utf8;

use laws::{assert_consistent, law};
use tor_stream_event::{Error, StreamEventRef};

// A content, with or without a line end.
law!(|content: &[u8]| {
    let strict = StreamEventRef::parse_bytes(content);
    let lenient = StreamEventRef::parse_lenient(content);
    if let Ok(text) = from_utf8(content) {
        assert_eq!(StreamEventRef::parse(text), strict);
    }
    for read in [strict, lenient] {
        match read {
            Ok(event) => {
                assert_consistent(&event);
                let line_end = content.strip_prefix(event.content());
                // A CR alone is the start of a line end whose LF has not been received.
                assert!(matches!(line_end, Some(b"" | b"\n" | b"\r" | b"\r\n")));
            }
            Err(Error::Protocol(error)) => assert!(error.offset() <= content.len()),
            Err(error) => panic!("{error}"),
        }
    }
    match (strict, lenient) {
        (Ok(_), _) => assert_eq!(lenient, strict),
        (Err(_), Ok(event)) => assert!(!event.anomalies().is_empty()),
        (Err(_), Err(_)) => {}
    }
});
