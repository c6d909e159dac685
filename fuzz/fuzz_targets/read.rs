//! Text, bytes and lenient reading give the same event of a line, and the fields, accessors and anomalies of an event agree.
#![cfg_attr(fuzzing, no_main)]

use core::str::from_utf8;

use laws::{assert_consistent, law};
use tor_stream_event::{Error, StreamEventRef};

law!(|line: &[u8]| {
    let strict = StreamEventRef::parse_bytes(line);
    let lenient = StreamEventRef::parse_lenient(line);
    if let Ok(text) = from_utf8(line) {
        assert_eq!(StreamEventRef::parse(text), strict);
    }
    for read in [strict, lenient] {
        match read {
            Ok(event) => {
                assert_consistent(&event);
                let line_end = line.strip_prefix(event.content());
                assert!(matches!(line_end, Some(b"" | b"\n" | b"\r" | b"\r\n")));
            }
            Err(Error::Protocol(error)) => assert!(error.offset() <= line.len()),
            Err(error) => panic!("{error}"),
        }
    }
    match (strict, lenient) {
        (Ok(_), _) => assert_eq!(lenient, strict),
        (Err(_), Ok(event)) => assert!(!event.anomalies().is_empty()),
        (Err(_), Err(_)) => {}
    }
});
