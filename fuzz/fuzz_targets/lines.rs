//! A buffer, a decoder and a reader find the events in a log, the same and all of them, whatever the chunks are, and count
//! the same skipped lines.
#![cfg_attr(fuzzing, no_main)]

use laws::{Log, WholeLog, law};
use tor_stream_event::{EventDecoder, EventLine, EventReader};

/// Compares the lines of a decoder of `N` bytes, and of a reader with that limit, with those found in the whole log. The counts
/// of skipped lines and of replies are the same if no line is too long.
fn compare<const N: usize>(log: &Log<'_>, whole: &WholeLog<'_>) {
    // The end of a line that is too long is not examined: the line is reported although it may lack the text after a reply.
    if log.bytes.len() >= N && log.settings.formats.iter().any(|format| !format.after().is_empty()) {
        return;
    }
    // A line is known as an event if its prefix and `650 STREAM ` fit, and a byte order mark before the first one.
    let bom = |line: &EventLine<'_>| if line.number == 1 { line.offset as usize } else { 0 };
    let is_known = |line: &&EventLine<'_>| bom(line) + line.prefix.len() + b"650 STREAM ".len() <= N;
    let known = || whole.lines.iter().filter(is_known);
    let counts = (whole.skipped, whole.replies);
    let all_fit = log.longest_line(whole.line_end) <= N;

    let mut expected = known();
    let reader = || EventReader::with_limit(log.chunks(), N).lenient(log.lenient);
    let reader = log.settings.line_end.map_or_else(reader, |line_end| reader().line_end(line_end));
    let mut reader = log.settings.formats.iter().copied().fold(reader, EventReader::log_format);
    while let Some(line) = reader.next_event().expect("a reader that never fails") {
        log.assert_same_line(&line, expected.next(), N);
    }
    assert!(expected.next().is_none());
    assert!(!all_fit || (reader.skipped(), reader.replies()) == counts);

    // A decoder detects nothing.
    if log.settings.line_end.is_none() && log.settings.formats.is_empty() {
        return;
    }
    let mut expected = known();
    let decoder = || EventDecoder::<N>::new().lenient(log.lenient);
    let decoder = log.settings.line_end.map_or_else(decoder, |line_end| decoder().line_end(line_end));
    let mut decoder = log.settings.formats.iter().copied().fold(decoder, EventDecoder::log_format);
    for mut chunk in log.chunks() {
        while let Some(line) = decoder.next_event(&mut chunk) {
            log.assert_same_line(&line, expected.next(), N);
        }
        assert!(chunk.is_empty());
    }
    decoder.finish().inspect(|line| log.assert_same_line(line, expected.next(), N));
    assert!(expected.next().is_none() && decoder.finish().is_none());
    assert!(!all_fit || (decoder.skipped(), decoder.replies()) == counts);
}

law!(|input: &[u8]| {
    let Some(log) = Log::new(input) else { return };
    let whole = log.events();
    // 4096 bytes hold every event of tor's. With fewer than 256 a finder has no fast path, and many lines are too long.
    compare::<4096>(&log, &whole);
    compare::<128>(&log, &whole);
});
