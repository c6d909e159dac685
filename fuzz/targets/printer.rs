//! What tor prints is read as tor meant it; where the line does not say it all, that is told.
#![cfg_attr(fuzzing, no_main)]

use laws::{Printed, assert_consistent, is_plain, law};
use tor_stream_event::StreamEventRef;

law!(|event: Printed| {
    let content = event.content();
    // The end of a cut target may be a line end, which goes unless tor's own stands behind it.
    let line = [&content, &b"\r\n"[..]].concat();
    match StreamEventRef::parse_bytes(&line) {
        Err(error) => assert!(event.is_cut(), "{error} in {}", line.escape_ascii()),
        Ok(read) => {
            assert_consistent(&read);
            assert_eq!(read.content(), content);
            if event.is(&read) {
                assert!(event.is_plain() == is_plain(&read) || event.is_ambiguous(), "{read:?}");
            } else {
                assert!(event.is_ambiguous(), "{read:?} of {}", line.escape_ascii());
                assert!(!read.anomalies().is_empty(), "{read:?} of {}", line.escape_ascii());
            }
        }
    }
});
