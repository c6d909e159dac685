//! Events out of a reader: errors, limits and settings.

use std::io::{self, Read};

use super::entry_points::ChunkReader;
use super::*;
use tor_stream_event::EventReader;

/// An event is returned before anything after it is read: here the second read fails.
#[test]
fn an_event_needs_nothing_after_it() {
    let lines = b"2019-01-31 11:29:51 650 STREAM 1 NEW 0 a:1\n2019-01-31 11:29:52 650 STREAM 1 CLOSED 0 a:1\n";
    let once = ChunkReader { rest: lines, size: lines.len(), errors: vec![] };
    let mut reader = EventReader::new(once.chain(Failing));
    assert_eq!(reader.next_event().unwrap().unwrap().number, 1);
    assert_eq!(reader.next_event().unwrap().unwrap().number, 2);
    assert!(reader.next_event().is_err());
    // On the wire, the CR LF of the first line shows that it has ended.
    let lines = b"650 STREAM 1 NEW 0 a:1\r\n650 STREAM 2 NEW 0 a:1\r\n";
    let once = ChunkReader { rest: lines, size: lines.len(), errors: vec![] };
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

/// The reader tries again by itself after `Interrupted`. It returns another error, and can be called again.
#[test]
fn reading_goes_on_after_an_error() {
    let log = b"250 OK\r\n650 STREAM 1 NEW 0 a:1\r\n650 STREAM 2 NEW 0 a:1\r\n";
    // The last error of the list comes first.
    let errors = vec![io::ErrorKind::WouldBlock, io::ErrorKind::Interrupted];
    let mut reader = EventReader::new(ChunkReader { rest: log, size: log.len(), errors });
    let error = reader.next_event().unwrap_err();
    assert!(matches!(error, Error::Io { kind: io::ErrorKind::WouldBlock, offset: 0, .. }));
    assert_eq!(reader.next_event().unwrap().unwrap().event.unwrap().id, "1");
    assert_eq!(reader.next_event().unwrap().unwrap().event.unwrap().id, "2");
    assert!(reader.next_event().unwrap().is_none());
    assert!(reader.next_event().unwrap().is_none());
}

/// An error has the number of bytes before it, and the events before and after it are returned.
#[test]
fn an_error_says_where() {
    let log = b"250 OK\r\n650 STREAM 1 NEW 0 a:1\r\n650 STREAM 2 NEW 0 a:1\r\n";
    for size in 1..log.len() {
        let mut reader =
            EventReader::new(ChunkReader { rest: &log[..size], size, errors: Vec::new() }.chain(ChunkReader {
                rest: &log[size..],
                size: log.len(),
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
        assert_eq!(reader.io_error().map(io::Error::kind), Some(io::ErrorKind::TimedOut));
        while let Some(line) = reader.next_event().unwrap() {
            ids.push(line.event.unwrap().id.to_owned());
        }
        assert_eq!(ids, ["1", "2"]);
        assert!(reader.io_error().is_none());
    }
}

/// The settings are used, and the inner reader can be reached.
#[test]
fn settings_and_the_inner_reader() {
    let log = b"650 BW 1 2\r\n650 STREAM 1 BORN 0 a\n650 STREAM 2 NEW 0 b:1\r\n";
    let mut reader = EventReader::new(&log[..]).lenient(true);
    assert_eq!(reader.next_event().unwrap().unwrap().event.unwrap().status_str(), "BORN");
    assert!(reader.next_event().unwrap().is_none());
    let mut reader = EventReader::new(&log[..]).line_end(LineEnd::Lf);
    assert!(reader.next_event().unwrap().unwrap().event.is_err());
    assert_eq!(reader.next_event().unwrap().unwrap().event.unwrap().id, "2");

    let mut reader = EventReader::new(ChunkReader { rest: log, size: 5, errors: Vec::new() });
    assert!(reader.next_event().unwrap().is_some());
    assert_eq!(reader.get_ref().size, 5);
    reader.get_mut().size = 7;
    let rest = reader.into_inner();
    assert!(rest.rest.len() < log.len());
    assert_eq!(rest.size, 7);
}

/// Bytes that a file gets after its last line was read without an end begin another line; the count of that line stays.
#[test]
fn a_file_that_grows_within_a_line() {
    let mut reader = EventReader::new(&b"650 STREAM 1 NEW 0 a:4"[..]);
    assert!(reader.next_event().unwrap().is_some_and(|line| !line.is_terminated()));
    assert!(reader.next_event().unwrap().is_none());
    *reader.get_mut() = b"43\r\n650 STREAM 2 NEW 0 a:1\r\n";
    assert_eq!(reader.next_event().unwrap().map(|line| line.number), Some(3));
    assert_eq!(reader.skipped().unterminated, Some(1));
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

/// A line longer than the reader's limit is an error, and the next one is read. Only the lengths matter: 123 bytes and 64.
#[test]
fn a_limit_can_be_set() {
    let log = format!("650 STREAM 1 NEW 0 {}:1\r\n650 STREAM 2 NEW 0 a:1\r\n", "h".repeat(100));
    for size in [1, 10, 1000] {
        let mut reader = EventReader::with_limit(ChunkReader { rest: log.as_bytes(), size, errors: Vec::new() }, 64);
        let line = reader.next_event().unwrap().unwrap();
        assert!(matches!(line.event, Err(Error::LineTooLong { length: 123, limit: 64, .. })));
        assert_eq!(reader.next_event().unwrap().unwrap().event.unwrap().id, "2");
        assert!(reader.next_event().unwrap().is_none());
    }
}

/// An iterator of owned events and errors, which ends with the input or with the first error of the reader.
#[test]
fn owned_events() {
    // A mark, another reply, and three events, of which the second cannot be read.
    let log = b"gw: 650 STREAM 9\n250 OK\n650 STREAM 1 NEW 0 a:1\n650 STREAM 2 NEW 0 a\n650 STREAM 3 NEW 0 a:1\n";
    let mut events = EventReader::new(&log[..]).into_events();
    let ids: Vec<_> = events.by_ref().map(|event| event.ok().map(|event| event.id.to_string())).collect();
    assert_eq!(ids, [Some("1".into()), None, Some("3".into())]);
    assert_eq!((events.reader().skipped().marks.count, events.reader().replies()), (1, 4));
    assert!(events.next().is_none());

    let errors = vec![io::ErrorKind::WouldBlock];
    let mut events = EventReader::new(ChunkReader { rest: log, size: log.len(), errors }).into_events();
    assert!(matches!(events.next(), Some(Err(Error::Io { kind: io::ErrorKind::WouldBlock, .. }))));
    assert!(events.next().is_none());
}
