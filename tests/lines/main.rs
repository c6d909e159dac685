//! Events out of a buffer, a decoder, a reader and a codec: which bytes are a line, and which line is an event. Every entry point
//! returns the same.
//!
//! The *wire* is the bytes of a control connection, in which CR LF ends a reply. A *log* is a text in which a program wrote replies,
//! perhaps with a date before each, or with the texts of a *format* around them. Skipped lines are counted by kind, as `Skipped`
//! describes. Three kinds are:
//!
//! - *mark*: a line without a reply that holds `650 STREAM `;
//! - *bare*: a line that has an event without its code (`STREAM 1 NEW `);
//! - *wrapped*: a line like the rest of an event that a line end cut in two.
//!
//! | file | question |
//! |---|---|
//! | `rules.rs` | Which lines are events, which lines are counted as skipped, and which format is learned from a line? |
//! | `formats.rs` | Which texts are a format, and which lines fit it? |
//! | `files.rs` | Which events are in captures and logs, as whole files? |
//! | `settings.rs` | Do line end, format and leniency work in any order, and between two events? |
//! | `ranges.rs` | Are the events of a log's ranges those of the whole log? |
//! | `reader.rs`, `codec.rs` | What is special to `EventReader` and to `EventCodec`? |
//!
//! This file has the rules in short, the decoder, and random logs.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

#[path = "../common/mod.rs"]
mod common;

#[cfg(feature = "tokio-util")]
mod codec;
mod files;
mod formats;
#[cfg(feature = "std")]
mod ranges;
#[cfg(feature = "std")]
mod reader;
mod rules;
mod settings;

use common::entry_points;
use common::search::Settings;
use proptest::prelude::*;
use tor_stream_event::{Error, EventDecoder, LineEnd, LogFormat, StreamEvents, stream_events};

/// Asserts the line numbers and IDs of the events in a buffer, where the ID of an event that cannot be read is empty. Asserts also that
/// each line is at its offset.
#[track_caller]
fn assert_finds(log: &[u8], expected: &[(u64, &str)]) {
    let events: Vec<_> =
        stream_events(log).map(|line| (line.number, line.event.map_or("", |event| event.id))).collect();
    assert_eq!(events, expected, "{}", log.escape_ascii());
    for line in stream_events(log) {
        let offset = usize::try_from(line.offset).unwrap();
        assert_eq!(&log[offset..offset + line.line.len()], line.line);
        assert!(line.line.starts_with(line.prefix));
    }
}

/// The rules by which a line is an event, each with its smallest inputs.
#[test]
fn which_lines_are_events() {
    // On the wire: an event alone at the line's start, spelled so. The last line may have no end.
    assert_finds(b"", &[]);
    assert_finds(b"250 OK\r\n650 STREAM 1 NEW 0 a:1\r\n", &[(2, "1")]);
    assert_finds(b"650 STREAM 1 NEW 0 a:1\r\n650 STREAM 2 NEW 0 a:1", &[(1, "1"), (2, "2")]);
    assert_finds(b"650 STREAM_BW 1 2 3\r\n650 STREAM 2 NEW 0 a:1\r\n 650 STREAM 3 NEW 0 a:1\r\n", &[(2, "2")]);
    assert_finds(b"250 OK\r\n650 stream 1 NEW 0 a:1\r\n1650 STREAM 2 NEW 0 a:1\r\n", &[]);
    // A line that cannot be read costs no other line.
    assert_finds(b"650 STREAM \r\n650 STREAM 2 NEW 0 a\r\n650 STREAM 3 NEW 0 a:1\r\n", &[(1, ""), (2, ""), (3, "3")]);
    // Text of other events, and of targets with a LF or CR, begins no line.
    assert_finds(b"650 INFO a 650 STREAM 1 NEW 0 a:1\r\n650 WARN \n650 STREAM 2 NEW 0 a:1\r\n", &[]);
    assert_finds(b"250 OK\r\n650 STREAM 1 NEW 0 a\n650 STREAM 2 NEW 0 b:1\r\n", &[(2, "1")]);
    assert_finds(b"250 OK\r\n650 STREAM 1 NEW 0 a\rb:1\r\n", &[(2, "1")]);
    // Multi-line replies: lines with `-`, and data after `+`, which ends at a single dot.
    assert_finds(b"250-a\r\n250-650 STREAM 1 NEW 0 a:1\r\n250 OK\r\n650 STREAM 2 NEW 0 a:1\r\n", &[(4, "2")]);
    assert_finds(b"250+a=\r\n650 STREAM 1 NEW 0 a:1\r\n..\r\n.\r\n650 STREAM 2 NEW 0 a:1\r\n", &[(5, "2")]);
    assert_finds(b"650+NS\r\n.x\r\n650 STREAM 1 NEW 0 a:1\r\n.\r\n250 OK\r\n650 STREAM 2 NEW 0 a:1\r\n", &[(6, "2")]);
    assert_finds(b"250+a=\r\n650 STREAM 1 NEW 0 a:1\r\n", &[]);
    assert_finds(b"650 +\r\n650 STREAM 2 NEW 0 a:1\r\n", &[(2, "2")]);
    // Logs, in which a lone LF ends a line.
    assert_finds(b"650 STREAM 1 NEW 0 a:1\n250 OK\n650 STREAM 2 NEW 0 a:1\n", &[(1, "1"), (3, "2")]);
    assert_finds(b"Starting.\n650 STREAM 1 NEW 0 a:1\n\n\r\n650 STREAM 2 NEW 0 a:1\r\n", &[(2, "1"), (5, "2")]);
    assert_finds(b"Starting.\n650+NS\n650 STREAM 1 NEW 0 a:1\n.\n650 STREAM 2 NEW 0 a:1\n", &[(5, "2")]);
    // Logs with a time before the reply: words with digits and names of a date, and no other text.
    let onionperf = b"2019-01-31 11:29:51 1548934191.51 650 STREAM 1 NEW 0 a:1\r\n";
    assert_finds(onionperf, &[(1, "1")]);
    assert_finds(
        b"[31/01/2019 11:29:51,25] 650 STREAM 1 NEW 0 a:1\n2019-01-31T11:29:51.5Z 650 STREAM 2 NEW 0 a:1\n",
        &[(1, "1"), (2, "2")],
    );
    assert_finds(b"2019-01-31 650 INFO 11:29:51 650 STREAM 1 NEW 0 a:1\n11:29 250 OK 650 STREAM 2 NEW 0 a:1\n", &[]);
    assert_finds(b"Jan 31 650 STREAM 1 NEW 0 a:1\nx\n11:29  650 STREAM 2 NEW 0 a:1\n", &[(1, "1"), (3, "2")]);
    // A prefix of dates has up to 64 bytes, the space after each word included.
    for (words, expected) in [(&[63][..], &[(1, "1")][..]), (&[64], &[]), (&[1, 61], &[(1, "1")]), (&[1, 62], &[])] {
        let prefix: String = words.iter().map(|&len| "1".repeat(len) + " ").collect();
        assert_finds(format!("{prefix}650 STREAM 1 NEW 0 a:1\n").as_bytes(), expected);
    }
    // In data whose dot was lost, an event after a time is an event.
    assert_finds(b"1:2 650+NS\nx\n650 STREAM 1 NEW 0 a:1\n1:2 650 STREAM 2 NEW 0 a:1\n", &[(4, "2")]);
    // Also in data that began with a line without a time, which a client can make of a host name with a LF.
    assert_finds(b"1:2 250 OK\n650+x:1\n650 STREAM 1 NEW 0 a:1\n1:2 650 STREAM 2 NEW 0 a:1\n", &[(4, "2")]);
    assert_finds(b"650+NS\n1:2 650 STREAM 1 NEW 0 a:1\n.\n1:2 650 STREAM 2 NEW 0 a:1\n", &[(2, "1"), (4, "2")]);
}

/// A buffer checks that text is UTF-8, of several lines at once if their events are less than 64 bytes apart. Bytes that are not UTF-8
/// between two events end the text that was checked, and the second event has its own text all the same.
#[test]
fn text_that_is_not_utf8_between_events() {
    for distance in 0..100 {
        let between = vec![0xff; distance];
        let log = [b"650 STREAM 1 NEW 0 a:1\n", &between[..], b"\n650 STREAM 2 NEW 0 b:1\n"].concat();
        assert_finds(&log, &[(1, "1"), (3, "2")]);
    }
}

/// The Unix time of a line is the third word of its prefix: a number with a fraction of one to nine digits, or one of at least nine digits.
#[test]
fn the_time_of_a_log() {
    let time = |log: &'static str| stream_events(log.as_bytes()).next().and_then(|line| line.unix_time());
    // Whole seconds, and nanoseconds.
    let seconds = |log| time(log).map(|time| (time.as_secs(), time.subsec_nanos()));
    assert_eq!(
        seconds("2019-01-31 11:29:51 1548934191.51 650 STREAM 1 NEW 0 a:1\r\n"),
        Some((1_548_934_191, 510_000_000))
    );
    assert_eq!(seconds("2019-01-31 11:29:51 1548934191 650 STREAM 1 NEW 0 a:1\n"), Some((1_548_934_191, 0)));
    assert_eq!(seconds("2019-01-31 11:29:51 1.123456789 650 STREAM 1 NEW 0 a:1\n"), Some((1, 123_456_789)));
    for other in [
        // No number, or one that is a time of day or milliseconds.
        "650 STREAM 1 NEW 0 a:1\n",
        "2019-01-31 11:29:51 650 STREAM 1 NEW 0 a:1\n",
        "2019-01-31 11:29:51 11:29 650 STREAM 1 NEW 0 a:1\n",
        "2019-01-31 11:29:51 250 650 STREAM 1 NEW 0 a:1\n",
        // Ten digits, none, too great a number, two numbers, signs, and no whole seconds.
        "2019-01-31 11:29:51 1.1234567890 650 STREAM 1 NEW 0 a:1\n",
        "2019-01-31 11:29:51 1. 650 STREAM 1 NEW 0 a:1\n",
        "2019-01-31 11:29:51 99999999999999999999 650 STREAM 1 NEW 0 a:1\n",
        "2019-01-31 11:29:51 1.5 1.5 650 STREAM 1 NEW 0 a:1\n",
        "2019-01-31 11:29:51 +1 650 STREAM 1 NEW 0 a:1\n",
        "2019-01-31 11:29:51 +1.5 650 STREAM 1 NEW 0 a:1\n",
        "2019-01-31 11:29:51 1.+5 650 STREAM 1 NEW 0 a:1\n",
        "2019-01-31 11:29:51 .5 650 STREAM 1 NEW 0 a:1\n",
    ] {
        assert_eq!(seconds(other), None, "{other}");
    }
}

/// The first line with a reply decides which line end is detected; a line end that is set decides instead.
#[test]
fn the_line_end_is_detected_or_set() {
    let is_ok = |lines: StreamEvents<'_>| lines.map(|line| line.event.is_ok()).collect::<Vec<_>>();
    // On the wire the LF is a byte of the only event's target. In a log the first event ends there, and its target has no port.
    let log = b"250 OK\r\n650 STREAM 1 NEW 0 a\n650 STREAM 2 NEW 0 b:1\r\n";
    let without_first_line = &log[b"250 OK\r\n".len()..];
    assert_eq!(is_ok(stream_events(log)), [true]);
    assert_eq!(is_ok(stream_events(log).line_end(LineEnd::Lf)), [false, true]);
    assert_eq!(is_ok(stream_events(without_first_line)), [false, true]);
    assert_eq!(is_ok(stream_events(without_first_line).line_end(LineEnd::CrLf)), [true]);
    let log = b"650 STREAM 1 NEW 0 a:1\n650 STREAM 2 NEW 0 b:1\n";
    assert_eq!(stream_events(log).line_end(LineEnd::CrLf).count(), 1);
}

/// A buffer and a decoder read an unknown status, and a target without a port, only leniently.
#[test]
fn lenient_reading() {
    let log = b"650 STREAM 1 BORN 0 a\r\n";
    assert!(stream_events(log).next().unwrap().event.is_err());
    assert_eq!(stream_events(log).lenient(true).next().unwrap().event.unwrap().status_str(), "BORN");
    let mut decoder = EventDecoder::<64>::new().lenient(true);
    assert_eq!(decoder.next_event(&mut &log[..]).unwrap().event.unwrap().target_host, "a");
}

/// The default decoder reads the wire, strictly.
#[test]
fn defaults() {
    let log = b"650 STREAM 1 NEW 0 a\n:1\r\n";
    let mut decoder = EventDecoder::<64>::default();
    assert_eq!(decoder.next_event(&mut &log[..]).unwrap().event.unwrap().target_host, "a\n");
    assert!(EventDecoder::<64>::default().next_event(&mut &b"650 STREAM 1 NEW 0 a\r\n"[..]).unwrap().event.is_err());
}

/// Reads a log in chunks of `size` bytes with a decoder for lines of up to `LIMIT` bytes. Returns for each line with an event whether the
/// event was read.
fn read_with_limit<const LIMIT: usize>(log: &[u8], size: usize) -> Vec<bool> {
    let mut decoder = EventDecoder::<LIMIT>::new();
    let is_read = |mut chunk| decoder.next_event(&mut chunk).map(|line| line.event.is_ok());
    log.chunks(size).filter_map(is_read).collect()
}

/// A line may be as long as the limit, its end included, in one chunk and in several.
#[test]
fn a_line_at_the_limit_is_read() {
    const LOG: &[u8] = b"650 STREAM 1 NEW 0 a:1\r\n";
    for size in 1..=LOG.len() {
        assert_eq!(read_with_limit::<{ LOG.len() }>(LOG, size), [true], "chunks of {size}");
        assert_eq!(read_with_limit::<{ LOG.len() - 1 }>(LOG, size), [false], "chunks of {size}");
    }
    // The limit holds for the second line of a chunk, too.
    for (length, is_read) in [(255, true), (256, true), (257, false), (258, false)] {
        let start = "650 STREAM 2 NEW 0 a:1 X=";
        let line = format!("{start}{}\r\n", "x".repeat(length - start.len() - 2));
        let log = ["650 STREAM 1 NEW 0 a:1\r\n", &line].concat();
        let (mut decoder, mut rest) = (EventDecoder::<256>::new(), log.as_bytes());
        assert!(decoder.next_event(&mut rest).unwrap().event.is_ok());
        assert_eq!(decoder.next_event(&mut rest).unwrap().event.is_ok(), is_read, "{length} bytes");
    }
}

/// A last line without an end is returned by `finish`, or by the buffer's iterator, and `is_terminated` says that it has none.
#[test]
fn a_line_without_end_says_so() {
    let mut decoder = EventDecoder::<64>::new();
    assert!(decoder.next_event(&mut &b"650 STREAM 1 NEW 0 a:1"[..]).is_none());
    let last = decoder.finish().unwrap();
    assert_eq!((last.event.unwrap().id, last.is_terminated()), ("1", false));
    assert!(decoder.finish().is_none());
    // The CR may be half of a line end or a byte of the target, which then has no port.
    let last = stream_events(b"650 STREAM 1 NEW 0 a:1\r").last().unwrap();
    assert_eq!((last.event.is_ok(), last.is_terminated()), (false, false));
}

/// A line with an event that is longer than the limit is one error, with its whole length; a long line without an event is none.
#[test]
fn a_line_that_is_too_long_is_reported_once() {
    let host = "h".repeat(100);
    let log = format!("650 STREAM 1 NEW 0 {host}:1\r\n650 INFO {host}\r\n650 STREAM 2 NEW 0 a:1\r\n");
    for size in 1..=log.len() {
        let mut decoder = EventDecoder::<64>::new();
        let mut items = Vec::new();
        for mut piece in log.as_bytes().chunks(size) {
            while let Some(line) = decoder.next_event(&mut piece) {
                items.push((line.number, line.event.map(|event| event.id.to_owned())));
            }
        }
        let [(1, Err(Error::LineTooLong { length: 123, limit: 64, .. })), (3, Ok(id))] = items.as_slice() else {
            panic!("chunks of {size}: {items:?}");
        };
        assert_eq!(id, "2");
    }
    // The first line has 123 bytes: 121 of text, CR and LF. With a limit of 122 bytes its text is reported without the line end, in
    // chunks of any length, and also if two bytes of the next line follow.
    let (first_and_two_bytes, text) = (&log.as_bytes()[..125], &log.as_bytes()[..121]);
    for line_end in [LineEnd::CrLf, LineEnd::Lf] {
        for size in 1..=first_and_two_bytes.len() {
            let mut decoder = EventDecoder::<122>::new().line_end(line_end);
            let lines: Vec<_> = first_and_two_bytes
                .chunks(size)
                .filter_map(|mut piece| {
                    decoder.next_event(&mut piece).map(|line| (line.line.to_vec(), line.event.is_err()))
                })
                .collect();
            assert_eq!(lines, [(text.to_vec(), true)], "chunks of {size}");
        }
    }
    // A line that is too long says whether it has an end.
    for (line, is_terminated) in [(first_and_two_bytes, true), (text, false)] {
        let mut decoder = EventDecoder::<64>::new();
        let line = match decoder.next_event(&mut &line[..]).map(|line| line.is_terminated()) {
            None => decoder.finish().map(|line| line.is_terminated()),
            found => found,
        };
        assert_eq!(line, Some(is_terminated));
    }
    let error = EventDecoder::<64>::new().next_event(&mut log.as_bytes()).unwrap().event.unwrap_err();
    assert_eq!(error.to_string(), "expected a line of at most 64 bytes, found one of 123");
}

/// `Debug` of the iterator, the decoder and the reader shows no credential of the bytes that they hold, nor does `Debug` of a line.
#[test]
fn debug_shows_no_credential() {
    let log = b"650 STREAM 1 NEW 0 a:1 SOCKS_USERNAME=\"secret\" SOCKS_PASSWORD=\"secret\" X=secret\r\n650 S";
    let mut decoder = EventDecoder::<4096>::new();
    // The decoder gets the line up to the password's last letter: the credential has no closing quotation mark yet.
    let mut piece = &log[..69];
    assert!(piece.ends_with(b" SOCKS_PASSWORD=\"secret"));
    assert!(decoder.next_event(&mut piece).is_none());
    let shown = format!("{:?} {:?} {decoder:?}", stream_events(log), stream_events(log).next());
    assert!(!shown.contains("secret"), "{shown}");
    assert!(shown.contains("***"), "{shown}");
    assert!(shown.starts_with("StreamEvents { at: 0, "), "{shown}");
    assert!(format!("{decoder:?}").starts_with("EventDecoder { finder: "), "{shown}");
    #[cfg(feature = "std")]
    {
        let mut reader = tor_stream_event::EventReader::new(&log[..]);
        assert!(reader.next_event().unwrap().is_some());
        let shown = format!("{reader:?}");
        assert!(shown.starts_with("EventReader { finder: ") && !shown.contains("secret"), "{shown}");
        let shown = format!("{:?}", reader.into_events());
        assert!(shown.starts_with("IntoEvents { reader: EventReader { ") && !shown.contains("secret"), "{shown}");
    }
    let log = b"11:29:51 650 STREAM 1 NEW 0 a:1\n";
    let shown = format!("{:?}", stream_events(log).next());
    assert!(shown.contains("prefix: \"11:29:51 \","), "{shown}");
}

/// Fragments of which logs are generated: replies, data, line ends, and what a log writes around replies. The fragments of
/// `common/printed.rs` are for one event.
const LOG_FRAGMENTS: &[&str] = &[
    "650 STREAM 1 NEW 0 a:1",
    "650 STREAM 2 CLOSED 3 a b:1 REASON=DONE",
    "650 STREAM 3 CLOSED 0 a\\b:1",
    "650 STREAM ",
    "650 ",
    "650+NS",
    "250+x=",
    "250-x",
    "250 OK",
    "200 OK",
    ".",
    "..",
    "2019-01-31 11:29:51 1548934191.51 ",
    "Wed Nov  5 11:29 AM ",
    "11:29\t",
    "11:29 ",
    "gw tor[8]: ",
    "b'",
    "'",
    "\\r\\n'",
    "\r\n",
    "\r\n",
    "\r\n",
    "\n",
    "\n",
    "\r",
    "x",
    " ",
    "\u{feff}",
];

/// Texts before and after a reply, of formats that logs of these fragments have.
const FORMATS: &[(&str, &str)] = &[
    ("gw tor[8]: ", ""),
    ("b'", "\\r\\n'"),
    ("Wed Nov  5 11:29 AM gw tor[8]: ", ""),
    ("", ""),
    ("'", "'"),
    ("11:29 b'", "'"),
];

/// Generates logs of [`LOG_FRAGMENTS`].
fn log() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(prop::sample::select(LOG_FRAGMENTS), 0..40).prop_map(|pieces| pieces.concat().into_bytes())
}

/// Generates the settings with which a log is read: half of them without a line end, a third with formats.
fn settings() -> impl Strategy<Value = Settings> {
    let line_end = prop::sample::select(&[None, None, Some(LineEnd::CrLf), Some(LineEnd::Lf)][..]);
    let format = prop::sample::select(FORMATS)
        .prop_map(|(before, after)| LogFormat::like(before.as_bytes(), after.as_bytes()).unwrap());
    let formats = prop_oneof![2 => Just(Vec::new()), 1 => prop::collection::vec(format, 1..4)];
    (line_end, formats).prop_map(|(line_end, formats)| Settings { line_end, formats })
}

proptest! {
    #![proptest_config(common::config(1000))]

    /// The entry points agree with each other and with a slow search.
    #[test]
    fn every_entry_point_finds_the_same(log in log(), settings in settings(), size in 1_usize..50) {
        entry_points::read(&log, &settings, size);
    }

    /// A line end that is set gives the result of the same line end detected, apart from the counts of line ends.
    #[test]
    fn a_detected_line_end_can_be_set(log in log()) {
        let mut events = stream_events(&log);
        let found: Vec<_> = events.by_ref().map(|line| (line.number, line.offset, line.prefix, line.event.is_ok())).collect();
        if let Some(line_end) = events.state().line_end() {
            let set = stream_events(&log).line_end(line_end);
            let set: Vec<_> = set.map(|line| (line.number, line.offset, line.prefix, line.event.is_ok())).collect();
            prop_assert_eq!(set, found);
        }
    }

    /// Each line with an event begins after the one before it, at the start of a line, with its prefix and the event's name.
    #[test]
    fn every_event_is_a_line_of_its_own(log in log()) {
        let mut end = 0;
        for line in stream_events(&log) {
            let offset = usize::try_from(line.offset).unwrap();
            prop_assert!(offset >= end);
            prop_assert!(offset == 0 || log[offset - 1] == b'\n' || log[..offset] == *b"\xef\xbb\xbf");
            prop_assert!(line.line[line.prefix.len()..].starts_with(b"650 STREAM "));
            end = offset + line.line.len();
        }
    }
}
