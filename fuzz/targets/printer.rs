//! What tor prints is read as tor meant it, by every door; where the line does not say it all, that is told.
#![cfg_attr(fuzzing, no_main)]

use laws::{Printed, assert_consistent, is_plain, law};
use tor_stream_event::{Error, EventDecoder, EventReader, LineEnd, StreamEventRef, stream_events};

/// Checks what was read of the content that tor printed for an event.
fn check(event: &Printed, content: &[u8], read: Result<StreamEventRef<'_>, Error>) {
    match read {
        Err(error) => assert!(event.is_cut(), "{error} in {}", content.escape_ascii()),
        Ok(read) => {
            assert_consistent(&read);
            assert_eq!(read.content(), content);
            if event.is(&read) {
                assert!(event.is_plain() == is_plain(&read) || event.is_ambiguous(), "{read:?}");
            } else {
                assert!(event.is_ambiguous(), "{read:?} of {}", content.escape_ascii());
                assert!(!read.anomalies().is_empty(), "{read:?} of {}", content.escape_ascii());
            }
        }
    }
}

law!(|event: Printed| {
    let content = event.content();
    // The end of a cut target may be a line end, which goes unless tor's own stands behind it.
    let line = [&content, &b"\r\n"[..]].concat();
    check(&event, &content, StreamEventRef::parse_bytes(&line));

    let has = |end: &[u8]| content.windows(end.len()).any(|part| part == end);
    // On the wire only a CR LF in a name ends a line, which no reader can know.
    if !has(b"\r\n") {
        let wire = [&b"650 BW 1 2\r\n650 STREAM "[..], &line].concat();
        check(&event, &content, stream_events(&wire).last().expect("an event").event);
        check(&event, &content, stream_events(&wire[12..]).line_end(LineEnd::CrLf).last().expect("an event").event);
        let mut reader = EventReader::new(&wire[..]);
        check(&event, &content, reader.next_event().expect("bytes").expect("an event").event);
        let mut decoder = EventDecoder::<8192>::new();
        let mut events = 0;
        for mut piece in wire.chunks(7) {
            while let Some(line) = decoder.next_event(&mut piece) {
                check(&event, &content, line.event);
                events += 1;
            }
        }
        assert_eq!(events, 1);
    }
    // In a log a LF does, and a CR before it belongs to the end.
    if !has(b"\n") {
        let log = [&b"1:2 650 BW 1 2\r\n1:2 650 STREAM "[..], &line].concat();
        check(&event, &content, stream_events(&log).last().expect("an event").event);
        let log = [&b"1:2 650 BW 1 2\n1:2 650 STREAM "[..], &content, b"\n"].concat();
        let read = stream_events(&log).last().expect("an event").event;
        if content.ends_with(b"\r") {
            assert!(read.is_err() || read.is_ok_and(|read| !read.anomalies().is_empty()));
        } else {
            check(&event, &content, read);
        }
    }
});
