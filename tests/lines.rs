//! Events out of a buffer, out of pieces and out of a reader: what is a line, which line is an event, and that all three
//! find the same.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use proptest::prelude::*;
use tor_stream_event::{Error, EventDecoder, EventLine, LineEnd, StreamEvents, stream_events};

/// What identifies an event among the others of a buffer.
type Found<'a> = (u64, u64, &'a [u8], bool, Option<String>);

/// Returns what identifies an event.
fn found<'a>(line: &EventLine<'a>) -> Found<'a> {
    let event = line.event.as_ref().ok().map(|event| format!("{} {} {}", event.id, event.status, event.target_host));
    (line.number, line.offset, line.prefix, line.is_terminated(), event)
}

/// Checks the numbers, IDs and statuses of the events in a buffer.
#[track_caller]
fn finds(log: &[u8], expected: &[(u64, &str)]) {
    let events: Vec<_> =
        stream_events(log).map(|line| (line.number, line.event.map_or("", |event| event.id))).collect();
    assert_eq!(events, expected, "{}", log.escape_ascii());
    for line in stream_events(log) {
        let offset = usize::try_from(line.offset).unwrap();
        assert_eq!(&log[offset..offset + line.line.len()], line.line);
        assert!(line.line.starts_with(line.prefix));
    }
}

#[test]
fn which_lines_are_events() {
    // On the wire.
    finds(b"", &[]);
    finds(b"250 OK\r\n650 STREAM 1 NEW 0 a:1\r\n", &[(2, "1")]);
    finds(b"650 STREAM 1 NEW 0 a:1\r\n650 STREAM 2 NEW 0 a:1", &[(1, "1"), (2, "2")]);
    finds(b"650 STREAM_BW 1 2 3\r\n650 STREAM 2 NEW 0 a:1\r\n 650 STREAM 3 NEW 0 a:1\r\n", &[(2, "2")]);
    finds(b"250 OK\r\n650 stream 1 NEW 0 a:1\r\n1650 STREAM 2 NEW 0 a:1\r\n", &[]);
    // A line that cannot be read costs no other.
    finds(b"650 STREAM \r\n650 STREAM 2 NEW 0 a\r\n650 STREAM 3 NEW 0 a:1\r\n", &[(1, ""), (2, ""), (3, "3")]);
    // Text of other events.
    finds(b"650 INFO a 650 STREAM 1 NEW 0 a:1\r\n650 WARN \n650 STREAM 2 NEW 0 a:1\r\n", &[]);
    finds(b"250 OK\r\n650 STREAM 1 NEW 0 a\n650 STREAM 2 NEW 0 b:1\r\n", &[(2, "1")]);
    finds(b"250 OK\r\n650 STREAM 1 NEW 0 a\rb:1\r\n", &[(2, "1")]);
    // Multi-line replies and their data.
    finds(b"250-a\r\n250-650 STREAM 1 NEW 0 a:1\r\n250 OK\r\n650 STREAM 2 NEW 0 a:1\r\n", &[(4, "2")]);
    finds(b"250+a=\r\n650 STREAM 1 NEW 0 a:1\r\n..\r\n.\r\n650 STREAM 2 NEW 0 a:1\r\n", &[(5, "2")]);
    finds(b"650+NS\r\n.x\r\n650 STREAM 1 NEW 0 a:1\r\n.\r\n250 OK\r\n650 STREAM 2 NEW 0 a:1\r\n", &[(6, "2")]);
    finds(b"250+a=\r\n650 STREAM 1 NEW 0 a:1\r\n", &[]);
    finds(b"650 +\r\n650 STREAM 2 NEW 0 a:1\r\n", &[(2, "2")]);
    // Logs, in which a LF alone ends a line.
    finds(b"650 STREAM 1 NEW 0 a:1\n250 OK\n650 STREAM 2 NEW 0 a:1\n", &[(1, "1"), (3, "2")]);
    finds(b"Starting.\n650 STREAM 1 NEW 0 a:1\n\n\r\n650 STREAM 2 NEW 0 a:1\r\n", &[(2, "1"), (5, "2")]);
    finds(b"Starting.\n650+NS\n650 STREAM 1 NEW 0 a:1\n.\n650 STREAM 2 NEW 0 a:1\n", &[(5, "2")]);
    // Logs with a time before the reply.
    let onionperf = b"2019-01-31 11:29:51 1548934191.51 650 STREAM 1 NEW 0 a:1\r\n";
    finds(onionperf, &[(1, "1")]);
    finds(
        b"[31/01/2019 11:29:51,25] 650 STREAM 1 NEW 0 a:1\n2019-01-31T11:29:51.5Z 650 STREAM 2 NEW 0 a:1\n",
        &[(1, "1"), (2, "2")],
    );
    finds(b"2019-01-31 650 INFO 11:29:51 650 STREAM 1 NEW 0 a:1\n11:29 250 OK 650 STREAM 2 NEW 0 a:1\n", &[]);
    finds(b"Jan 31 650 STREAM 1 NEW 0 a:1\nx\n11:29  650 STREAM 2 NEW 0 a:1\n", &[(1, "1"), (3, "2")]);
    // What comes before it has up to 64 bytes.
    for (words, expected) in [(&[63][..], &[(1, "1")][..]), (&[64], &[]), (&[1, 61], &[(1, "1")]), (&[1, 62], &[])] {
        let prefix: String = words.iter().map(|&len| "1".repeat(len) + " ").collect();
        finds(format!("{prefix}650 STREAM 1 NEW 0 a:1\n").as_bytes(), expected);
    }
    // Data whose dot was lost: an event behind a time is one.
    finds(b"1:2 650+NS\nx\n650 STREAM 1 NEW 0 a:1\n1:2 650 STREAM 2 NEW 0 a:1\n", &[(4, "2")]);
    // Even if they began with a line without a time, which a client can make of a host name with a LF.
    finds(b"1:2 250 OK\n650+x:1\n650 STREAM 1 NEW 0 a:1\n1:2 650 STREAM 2 NEW 0 a:1\n", &[(4, "2")]);
    finds(b"650+NS\n1:2 650 STREAM 1 NEW 0 a:1\n.\n1:2 650 STREAM 2 NEW 0 a:1\n", &[(2, "1"), (4, "2")]);
}

#[test]
fn the_time_of_a_log() {
    let time = |log: &'static str| stream_events(log.as_bytes()).next().and_then(|line| line.unix_time());
    let seconds = |log| time(log).map(|time| (time.as_secs(), time.subsec_nanos()));
    assert_eq!(
        seconds("2019-01-31 11:29:51 1548934191.51 650 STREAM 1 NEW 0 a:1\r\n"),
        Some((1_548_934_191, 510_000_000))
    );
    assert_eq!(seconds("2019-01-31 11:29:51 1548934191 650 STREAM 1 NEW 0 a:1\n"), Some((1_548_934_191, 0)));
    assert_eq!(seconds("2019-01-31 11:29:51 1.123456789 650 STREAM 1 NEW 0 a:1\n"), Some((1, 123_456_789)));
    for other in [
        "650 STREAM 1 NEW 0 a:1\n",
        "2019-01-31 11:29:51 650 STREAM 1 NEW 0 a:1\n",
        "2019-01-31 11:29:51 11:29 650 STREAM 1 NEW 0 a:1\n",
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

#[test]
fn how_lines_end_can_be_settled() {
    let is_ok = |lines: StreamEvents<'_>| lines.map(|line| line.event.is_ok()).collect::<Vec<_>>();
    // The first line with a reply decides.
    let log = b"250 OK\r\n650 STREAM 1 NEW 0 a\n650 STREAM 2 NEW 0 b:1\r\n";
    assert_eq!(is_ok(stream_events(log)), [true]);
    assert_eq!(is_ok(stream_events(log).line_end(LineEnd::Lf)), [false, true]);
    assert_eq!(is_ok(stream_events(&log[8..])), [false, true]);
    assert_eq!(is_ok(stream_events(&log[8..]).line_end(LineEnd::CrLf)), [true]);
    let log = b"650 STREAM 1 NEW 0 a:1\n650 STREAM 2 NEW 0 b:1\n";
    assert_eq!(stream_events(log).line_end(LineEnd::CrLf).count(), 1);
}

#[test]
fn lenient_reading() {
    let log = b"650 STREAM 1 BORN 0 a\r\n";
    assert!(stream_events(log).next().unwrap().event.is_err());
    assert_eq!(stream_events(log).lenient(true).next().unwrap().event.unwrap().status_str(), "BORN");
    let mut decoder = EventDecoder::<64>::new().lenient(true);
    assert_eq!(decoder.next_event(&mut &log[..]).unwrap().event.unwrap().target_host, "a");
}

/// Decoders without settings are those that are new.
#[test]
fn defaults() {
    let log = b"650 STREAM 1 NEW 0 a\n:1\r\n";
    let mut decoder = EventDecoder::<64>::default();
    assert_eq!(decoder.next_event(&mut &log[..]).unwrap().event.unwrap().target_host, "a\n");
    assert!(EventDecoder::<64>::default().next_event(&mut &b"650 STREAM 1 NEW 0 a\r\n"[..]).unwrap().event.is_err());
}

/// A line may be as long as the limit, its end included, whether it lies in one piece or in several.
#[test]
fn a_line_at_the_limit_is_read() {
    let log = b"650 STREAM 1 NEW 0 a:1\r\n";
    for size in 1..=log.len() {
        let mut decoder = EventDecoder::<24>::new();
        let lines =
            log.chunks(size).filter_map(|mut piece| decoder.next_event(&mut piece).map(|line| line.event.is_ok()));
        assert_eq!(lines.collect::<Vec<_>>(), [true], "pieces of {size}");
        let mut decoder = EventDecoder::<23>::new();
        let lines =
            log.chunks(size).filter_map(|mut piece| decoder.next_event(&mut piece).map(|line| line.event.is_ok()));
        assert_eq!(lines.collect::<Vec<_>>(), [false], "pieces of {size}");
    }
}

#[test]
fn a_line_without_end_says_so() {
    let mut decoder = EventDecoder::<64>::new();
    assert!(decoder.next_event(&mut &b"650 STREAM 1 NEW 0 a:1"[..]).is_none());
    let last = decoder.finish().unwrap();
    assert_eq!((last.event.unwrap().id, last.is_terminated()), ("1", false));
    assert!(decoder.finish().is_none());
    // The CR may be half of a line end or a byte of the target.
    let last = stream_events(b"650 STREAM 1 NEW 0 a:1\r").last().unwrap();
    assert_eq!((last.event.is_ok(), last.is_terminated()), (false, false));
}

#[test]
fn a_line_that_is_too_long_is_told_once() {
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
            panic!("pieces of {size}: {items:?}");
        };
        assert_eq!(id, "2");
    }
    // One byte over the limit, which leaves out the LF alone: the line is the same in pieces and as a whole.
    for (log, line_end) in [(&log.as_bytes()[..125], LineEnd::CrLf), (&log.as_bytes()[..125], LineEnd::Lf)] {
        for size in 1..=log.len() {
            let mut decoder = EventDecoder::<122>::new().line_end(line_end);
            let lines: Vec<_> = log
                .chunks(size)
                .filter_map(|mut piece| {
                    decoder.next_event(&mut piece).map(|line| (line.line.to_vec(), line.event.is_err()))
                })
                .collect();
            assert_eq!(lines, [(log[..121].to_vec(), true)], "pieces of {size}");
        }
    }
    let error = EventDecoder::<64>::new().next_event(&mut log.as_bytes()).unwrap().event.unwrap_err();
    assert_eq!(error.to_string(), "expected a line of at most 64 bytes, found one of 123");
}

#[test]
fn debug_shows_no_credential() {
    let log = b"650 STREAM 1 NEW 0 a:1 SOCKS_USERNAME=\"secret\" SOCKS_PASSWORD=\"secret\" X=secret\r\n650 S";
    let mut decoder = EventDecoder::<4096>::new();
    let mut piece = &log[..70];
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
    }
    let log = b"11:29:51 650 STREAM 1 NEW 0 a:1\n";
    let shown = format!("{:?}", stream_events(log).next());
    assert!(shown.contains("prefix: \"11:29:51 \","), "{shown}");
}

/// Pieces of lines, of which logs are put together.
const PIECES: &[&str] = &[
    "650 STREAM 1 NEW 0 a:1",
    "650 STREAM 2 CLOSED 3 a b:1 REASON=DONE",
    "650 STREAM ",
    "650 ",
    "650+NS",
    "250+x=",
    "250-x",
    ".",
    "..",
    "2019-01-31 11:29:51 1548934191.51 ",
    "11:29 ",
    "\r\n",
    "\r\n",
    "\r\n",
    "\n",
    "\n",
    "\r",
    "x",
    " ",
];

/// A log, and where it is cut into pieces.
fn log_and_cuts() -> impl Strategy<Value = (Vec<u8>, Vec<usize>)> {
    prop::collection::vec(prop::sample::select(PIECES), 0..40).prop_flat_map(|pieces| {
        let log = pieces.concat().into_bytes();
        let cuts = prop::collection::vec(0..=log.len(), 0..12);
        (Just(log), cuts)
    })
}

proptest! {
    #[test]
    fn any_split_gives_the_same((log, mut cuts) in log_and_cuts(), line_end in prop::sample::select(&[LineEnd::CrLf, LineEnd::Lf][..])) {
        let whole: Vec<_> = stream_events(&log).line_end(line_end).collect();
        cuts.sort_unstable();
        cuts.push(log.len());
        let mut decoder = EventDecoder::<4096>::new().line_end(line_end);
        let (mut count, mut from) = (0, 0);
        for cut in cuts {
            let mut piece = &log[from..cut];
            from = cut;
            while let Some(line) = decoder.next_event(&mut piece) {
                prop_assert!(count < whole.len());
                prop_assert_eq!(found(&line), found(&whole[count]));
                prop_assert_eq!(line, whole[count]);
                count += 1;
            }
            prop_assert!(piece.is_empty());
        }
        if let Some(line) = decoder.finish() {
            prop_assert_eq!(line, whole[count]);
            count += 1;
        }
        prop_assert_eq!(count, whole.len());
    }

    #[test]
    fn every_event_is_a_line_of_its_own((log, _) in log_and_cuts()) {
        let mut end = 0;
        for line in stream_events(&log) {
            let offset = usize::try_from(line.offset).unwrap();
            prop_assert!(offset >= end);
            prop_assert!(offset == 0 || log[offset - 1] == b'\n');
            prop_assert!(line.line[line.prefix.len()..].starts_with(b"650 STREAM "));
            end = offset + line.line.len();
        }
    }
}

/// Captures of real tor, and how their lines end.
const CAPTURES: &[(&[u8], LineEnd)] = &[
    (include_bytes!("data/stream-events.raw"), LineEnd::CrLf),
    (include_bytes!("data/hostile-targets.raw"), LineEnd::CrLf),
    (include_bytes!("data/control-port.raw"), LineEnd::CrLf),
    (include_bytes!("data/mixed-session.raw"), LineEnd::CrLf),
    (include_bytes!("data/onionperf.log"), LineEnd::Lf),
];

#[test]
fn a_capture_in_pieces_is_the_capture() {
    for &(capture, line_end) in CAPTURES {
        let whole: Vec<_> = stream_events(capture).collect();
        for size in [1, 7, 64, 4096, 65536] {
            let mut decoder = EventDecoder::<4096>::new().line_end(line_end);
            let mut count = 0;
            for mut piece in capture.chunks(size) {
                while let Some(line) = decoder.next_event(&mut piece) {
                    assert_eq!(line, whole[count], "pieces of {size}");
                    count += 1;
                }
            }
            assert!(decoder.finish().is_none());
            assert_eq!(count, whole.len(), "pieces of {size}");
        }
    }
}

#[cfg(feature = "std")]
mod reader {
    //! The same out of a reader.

    use std::io::{self, Read};

    use super::*;
    use tor_stream_event::EventReader;

    /// A reader that gives so many bytes at a time, and fails now and then.
    struct Slow<'a> {
        /// What is left.
        rest: &'a [u8],
        /// How many bytes it gives.
        size: usize,
        /// What the next calls fail with.
        errors: Vec<io::ErrorKind>,
    }

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if let Some(error) = self.errors.pop() {
                return Err(error.into());
            }
            let size = self.size.min(buffer.len()).min(self.rest.len());
            let (now, rest) = self.rest.split_at(size);
            buffer[..size].copy_from_slice(now);
            self.rest = rest;
            Ok(size)
        }
    }

    #[test]
    fn a_log_is_known_by_its_first_bytes() {
        // The second read fails: nothing more is needed to know the first event.
        let lines = b"2019-01-31 11:29:51 650 STREAM 1 NEW 0 a:1\n2019-01-31 11:29:52 650 STREAM 1 CLOSED 0 a:1\n";
        let once = Slow { rest: lines, size: lines.len(), errors: vec![] };
        let mut reader = EventReader::new(once.chain(Failing));
        assert_eq!(reader.next_event().unwrap().unwrap().number, 1);
        assert_eq!(reader.next_event().unwrap().unwrap().number, 2);
        assert!(reader.next_event().is_err());
        // On the wire the first CR LF is enough.
        let lines = b"650 STREAM 1 NEW 0 a:1\r\n650 STREAM 2 NEW 0 a:1\r\n";
        let once = Slow { rest: lines, size: lines.len(), errors: vec![] };
        let mut reader = EventReader::new(once.chain(Failing));
        assert_eq!(reader.next_event().unwrap().unwrap().number, 1);
    }

    /// A reader that always fails.
    struct Failing;

    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::ConnectionReset.into())
        }
    }

    proptest! {
        #[test]
        fn a_reader_gives_the_same((log, _) in log_and_cuts(), size in 1_usize..100) {
            let whole: Vec<_> = stream_events(&log).collect();
            let mut reader = EventReader::new(Slow { rest: &log, size, errors: Vec::new() });
            let mut count = 0;
            while let Some(line) = reader.next_event().unwrap() {
                prop_assert!(count < whole.len());
                prop_assert_eq!(line, whole[count]);
                count += 1;
            }
            prop_assert_eq!(count, whole.len());
        }
    }

    #[test]
    fn a_capture_by_reader_is_the_capture() {
        for &(capture, _) in CAPTURES {
            let mut whole = stream_events(capture);
            let mut reader = EventReader::new(Slow { rest: capture, size: 1000, errors: Vec::new() });
            while let Some(line) = reader.next_event().unwrap() {
                assert_eq!(Some(line), whole.next());
            }
            assert_eq!(whole.next(), None);
        }
    }

    #[test]
    fn how_lines_end_does_not_depend_on_the_reads() {
        // The first CR LF stands before, around and behind the place up to which it is looked for.
        for padding in 4080..4100 {
            let log = [
                b"650 INFO ",
                &b"x"[..].repeat(padding)[..],
                b"\n650 STREAM 1 NEW 0 a:1\r\n650 STREAM 2 NEW 0 a:1\r\n",
            ]
            .concat();
            let whole: Vec<_> = stream_events(&log).collect();
            for size in [1, 1000, 4096, 100_000] {
                let mut reader = EventReader::new(Slow { rest: &log, size, errors: Vec::new() });
                let mut count = 0;
                while let Some(line) = reader.next_event().unwrap() {
                    assert_eq!(line, whole[count]);
                    count += 1;
                }
                assert_eq!(count, whole.len());
            }
        }
    }

    #[test]
    fn reading_goes_on_after_an_error() {
        let log = b"250 OK\r\n650 STREAM 1 NEW 0 a:1\r\n650 STREAM 2 NEW 0 a:1\r\n";
        let errors = vec![io::ErrorKind::WouldBlock, io::ErrorKind::Interrupted];
        let mut reader = EventReader::new(Slow { rest: log, size: 40, errors });
        let error = reader.next_event().unwrap_err();
        assert!(matches!(error, Error::Io { kind: io::ErrorKind::WouldBlock, offset: 0, .. }));
        assert_eq!(reader.next_event().unwrap().unwrap().event.unwrap().id, "1");
        assert_eq!(reader.next_event().unwrap().unwrap().event.unwrap().id, "2");
        assert!(reader.next_event().unwrap().is_none());
        assert!(reader.next_event().unwrap().is_none());
    }

    #[test]
    fn an_error_says_where() {
        let log = b"250 OK\r\n650 STREAM 1 NEW 0 a:1\r\n650 STREAM 2 NEW 0 a:1\r\n";
        for size in 1..40 {
            let mut reader = EventReader::new(Slow { rest: &log[..size], size, errors: Vec::new() }.chain(Slow {
                rest: &log[size..],
                size: 100,
                errors: vec![io::ErrorKind::TimedOut],
            }));
            let mut ids = Vec::new();
            let error = loop {
                match reader.next_event() {
                    Ok(line) => ids.push(line.unwrap().event.unwrap().id.to_owned()),
                    Err(error) => break error,
                }
            };
            let expected = format!("reading failed after {size} bytes: timed out");
            assert_eq!(error.to_string(), expected);
            while let Some(line) = reader.next_event().unwrap() {
                ids.push(line.event.unwrap().id.to_owned());
            }
            assert_eq!(ids, ["1", "2"]);
        }
    }

    /// What can be told to a reader, and the reader back.
    #[test]
    fn settings() {
        let log = b"650 BW 1 2\r\n650 STREAM 1 BORN 0 a\n650 STREAM 2 NEW 0 b:1\r\n";
        let mut reader = EventReader::new(&log[..]).lenient(true);
        assert_eq!(reader.next_event().unwrap().unwrap().event.unwrap().status_str(), "BORN");
        assert!(reader.next_event().unwrap().is_none());
        let mut reader = EventReader::new(&log[..]).line_end(LineEnd::Lf);
        assert!(reader.next_event().unwrap().unwrap().event.is_err());
        assert_eq!(reader.next_event().unwrap().unwrap().event.unwrap().id, "2");

        let mut reader = EventReader::new(Slow { rest: log, size: 5, errors: Vec::new() });
        assert!(reader.next_event().unwrap().is_some());
        assert!(reader.into_inner().rest.len() < log.len());
    }

    /// Without a limit of their own, readers take lines of up to 1 MiB.
    #[test]
    fn the_usual_limit() {
        for (length, fits) in [(1 << 20, true), ((1 << 20) + 1, false)] {
            let start = "650 STREAM 1 NEW 0 a:1 F=";
            let log = [start, &"x".repeat(length - start.len() - 2), "\r\n"].concat();
            let mut reader = EventReader::new(log.as_bytes());
            assert_eq!(reader.next_event().unwrap().unwrap().event.is_ok(), fits);
            #[cfg(feature = "tokio-util")]
            {
                use tokio_util::codec::Decoder as _;
                let mut codec = tor_stream_event::EventCodec::new();
                let frame = codec.decode(&mut log.as_str().into()).unwrap().unwrap();
                assert_eq!(frame.is_ok(), fits);
            }
        }
    }

    #[test]
    fn a_limit_can_be_set() {
        let log = format!("650 STREAM 1 NEW 0 {}:1\r\n650 STREAM 2 NEW 0 a:1\r\n", "h".repeat(100));
        for size in [1, 10, 1000] {
            let mut reader = EventReader::with_limit(Slow { rest: log.as_bytes(), size, errors: Vec::new() }, 64);
            let line = reader.next_event().unwrap().unwrap();
            assert!(matches!(line.event, Err(Error::LineTooLong { length: 123, limit: 64, .. })));
            assert_eq!(reader.next_event().unwrap().unwrap().event.unwrap().id, "2");
            assert!(reader.next_event().unwrap().is_none());
        }
    }
}

#[cfg(feature = "tokio-util")]
#[test]
fn the_codec_gives_the_same() {
    use tokio_util::bytes::BytesMut;
    use tokio_util::codec::Decoder as _;
    use tor_stream_event::EventCodec;

    let log = b"250 OK\r\n650 STREAM 1 NEW 0 a:1\r\n650 STREAM 2 NEW 0 a\r\n650 STREAM 3 NEW 0 a\nb:1\r\n650 STREAM 4 NEW 0 a:1";
    let whole: Vec<_> = stream_events(log).map(|line| line.event.map(|event| event.into_owned())).collect();
    assert_eq!(whole.len(), 4);
    for size in 1..log.len() {
        let mut codec = EventCodec::new();
        let mut buffer = BytesMut::new();
        let mut frames = Vec::new();
        for piece in log.chunks(size) {
            buffer.extend_from_slice(piece);
            while let Some(frame) = codec.decode(&mut buffer).unwrap() {
                frames.push(frame);
            }
        }
        while let Some(frame) = codec.decode_eof(&mut buffer).unwrap() {
            frames.push(frame);
        }
        assert_eq!(frames, whole, "pieces of {size}");
    }
}

/// What the codec can be told, and what it shows.
#[cfg(feature = "tokio-util")]
#[test]
fn the_codec_as_it_is_set() {
    use tokio_util::bytes::BytesMut;
    use tokio_util::codec::Decoder as _;
    use tor_stream_event::EventCodec;

    let log = &b"650 STREAM 1 BORN 0 a\r\n650 STREAM 2 NEW 0 a:1 SOCKS_PASSWORD=\"secret"[..];
    let mut codec = EventCodec::default();
    assert!(codec.decode(&mut BytesMut::from(log)).unwrap().unwrap().is_err());
    let mut codec = EventCodec::default().lenient(true);
    let mut buffer = BytesMut::from(log);
    assert_eq!(codec.decode(&mut buffer).unwrap().unwrap().unwrap().status_str(), "BORN");
    assert_eq!(codec.decode(&mut buffer).unwrap(), None);
    let shown = format!("{codec:?}");
    assert!(shown.starts_with("EventCodec { finder: ") && !shown.contains("secret"), "{shown}");
    // What was kept, then nothing more.
    let last = codec.decode_eof(&mut buffer).unwrap().unwrap().unwrap();
    assert_eq!((last.id.as_str(), last.arg("SOCKS_PASSWORD")), ("2", Some("\"secret")));
    assert_eq!(codec.decode_eof(&mut buffer).unwrap(), None);
    // An event in what was not decoded yet comes first.
    let mut buffer = BytesMut::from(&b"650 STREAM 3 NEW 0 a:1\r\n650 STREAM 4 NEW 0 a:1"[..]);
    let ids: Vec<_> =
        core::iter::from_fn(|| codec.decode_eof(&mut buffer).unwrap()).map(|frame| frame.unwrap().id).collect();
    assert_eq!(ids, ["3", "4"]);
}
