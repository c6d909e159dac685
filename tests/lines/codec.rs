//! Events out of an asynchronous connection.

use tokio_util::bytes::BytesMut;
use tokio_util::codec::Decoder as _;
use tor_stream_event::EventCodec;

use super::*;

/// The codec returns the events and errors of a buffer, in chunks of any length: `read` compares both.
#[test]
fn the_codec_finds_the_same() {
    // Another reply, a plain event, one that cannot be read, one with a LF in its target, and one without an end.
    let wire = b"250 OK\r\n650 STREAM 1 NEW 0 a:1\r\n650 STREAM 2 NEW 0 a\r\n650 STREAM 3 NEW 0 a\nb:1\r\n650 STREAM 4 NEW 0 a:1";
    let settings = Settings { line_end: Some(LineEnd::CrLf), formats: Vec::new() };
    for size in 1..wire.len() {
        assert_eq!(entry_points::read(wire, &settings, size).items.len(), 4);
    }
}

/// The codec reads leniently if it is set so, shows no credential, and returns what it has kept at the end.
#[test]
fn settings_and_the_end_of_the_codec() {
    let log = &b"650 STREAM 1 BORN 0 a\r\n650 STREAM 2 NEW 0 a:1 SOCKS_PASSWORD=\"secret"[..];
    let mut codec = EventCodec::default();
    assert!(codec.decode(&mut BytesMut::from(log)).unwrap().unwrap().is_err());
    let mut codec = EventCodec::default().lenient(true);
    let mut buffer = BytesMut::from(log);
    assert_eq!(codec.decode(&mut buffer).unwrap().unwrap().unwrap().status_str(), "BORN");
    assert_eq!(codec.decode(&mut buffer).unwrap(), None);
    let shown = format!("{codec:?}");
    assert!(shown.starts_with("EventCodec { finder: ") && !shown.contains("secret"), "{shown}");
    // At the end the codec returns the line that it has kept, and then nothing more.
    let last = codec.decode_eof(&mut buffer).unwrap().unwrap().unwrap();
    assert_eq!((last.id.as_str(), last.arg("SOCKS_PASSWORD")), ("2", Some("\"secret")));
    assert_eq!(codec.decode_eof(&mut buffer).unwrap(), None);
    // An event in the bytes that were not decoded yet comes first.
    let mut buffer = BytesMut::from(&b"650 STREAM 3 NEW 0 a:1\r\n650 STREAM 4 NEW 0 a:1"[..]);
    let ids: Vec<_> =
        core::iter::from_fn(|| codec.decode_eof(&mut buffer).unwrap()).map(|frame| frame.unwrap().id).collect();
    assert_eq!(ids, ["3", "4"]);
}

/// The codec counts replies and skipped lines as the other entry points do.
#[test]
fn counts_of_the_codec() {
    let log = b"250 OK\r\n650 STREAM 7 NEW 0 a\r\n650+x:80\r\n650 STREAM 8 NEW 0 b:80\r\n";
    let mut codec = EventCodec::new();
    let mut buffer = BytesMut::from(&log[..]);
    while let Some(frame) = codec.decode(&mut buffer).unwrap() {
        assert!(frame.is_err());
    }
    // The event of stream 8 is in the data that `650+x` begins.
    assert_eq!((codec.replies(), codec.skipped().open, codec.skipped().in_data.count), (3, Some(3), 1));
    let mut events = stream_events(log).line_end(LineEnd::CrLf);
    while events.next().is_some() {}
    assert_eq!((codec.replies(), codec.skipped()), (events.replies(), events.skipped()));
}
