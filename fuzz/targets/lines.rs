//! A buffer, a decoder and a reader find the events in a log, the same and all of them, whatever the pieces are.
#![cfg_attr(fuzzing, no_main)]

use laws::{Log, law};
use tor_stream_event::{EventDecoder, EventLine, EventReader};

/// Compares what a decoder of `N` bytes and a reader with that limit find with what was found in the whole log.
fn compare<const N: usize>(log: &Log<'_>, whole: &[EventLine<'_>]) {
    let mut expected = whole.iter();
    let mut reader = EventReader::with_limit(log.pieces(), N);
    reader = log.line_end.map_or(reader, |line_end| EventReader::with_limit(log.pieces(), N).line_end(line_end));
    reader = if log.lenient { reader.lenient(true) } else { reader };
    while let Some(line) = reader.next_event().expect("a reader that never fails") {
        log.assert_same_line(&line, expected.next(), N);
    }
    assert!(expected.next().is_none());

    let Some(line_end) = log.line_end else { return };
    let mut expected = whole.iter();
    let mut decoder = EventDecoder::<N>::new().line_end(line_end);
    decoder = if log.lenient { decoder.lenient(true) } else { decoder };
    for mut piece in log.pieces() {
        while let Some(line) = decoder.next_event(&mut piece) {
            log.assert_same_line(&line, expected.next(), N);
        }
        assert!(piece.is_empty());
    }
    decoder.finish().inspect(|line| log.assert_same_line(line, expected.next(), N));
    assert!(expected.next().is_none() && decoder.finish().is_none());
}

law!(|input: &[u8]| {
    let Some(log) = Log::new(input) else { return };
    let whole = log.events();
    compare::<4096>(&log, &whole);
    compare::<128>(&log, &whole);
});
