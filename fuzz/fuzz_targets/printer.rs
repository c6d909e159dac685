//! Events that a model of tor prints are read as tor meant them out of bytes, a buffer, a reader and a decoder; an ambiguous line
//! is flagged or refused.
#![cfg_attr(fuzzing, no_main)]

use laws::{Printed, assert_consistent, law};
use tor_stream_event::{Error, EventDecoder, EventReader, LineEnd, StreamEventRef, stream_events};

/// Another event's line, before that of the printed event.
const OTHER: &[u8] = b"650 BW 1 2\r\n";

/// Checks the law for an event that was read from `content`, and that its accessors agree.
fn check(event: &Printed, content: &[u8], read: Result<StreamEventRef<'_>, Error>) {
    event.check(content, read);
    if let Ok(read) = read {
        assert_consistent(&read);
    }
}

law!(|event: Printed| {
    let content = event.content();
    // A target that tor cut may end with a CR or LF. `parse_bytes` removes one line end, so tor's own is added for that.
    let line = [&content, &b"\r\n"[..]].concat();
    check(&event, &content, StreamEventRef::parse_bytes(&line));

    let has = |end: &[u8]| content.windows(end.len()).any(|part| part == end);
    // A CR LF in a name ends its line on the wire: no reader can read such an event.
    if !has(b"\r\n") {
        let wire = [OTHER, b"650 STREAM ", &line].concat();
        check(&event, &content, stream_events(&wire).last().expect("an event").event);
        // The event as the first line: the line end is set, since a LF in the host would show a log.
        let alone = stream_events(&wire[OTHER.len()..]).line_end(LineEnd::CrLf);
        check(&event, &content, alone.last().expect("an event").event);
        let mut reader = EventReader::new(&wire[..]);
        check(&event, &content, reader.next_event().expect("bytes").expect("an event").event);
        // Twice the length of tor's longest line, in chunks that cut every line.
        let mut decoder = EventDecoder::<8192>::new();
        let mut events = 0;
        for mut chunk in wire.chunks(7) {
            while let Some(line) = decoder.next_event(&mut chunk) {
                check(&event, &content, line.event);
                events += 1;
            }
        }
        assert_eq!(events, 1);
    }
    // In a log every LF ends a line, and a CR before it belongs to the end. `1:2` stands for the date and time before a reply.
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
