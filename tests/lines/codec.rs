//! Events out of an asynchronous connection.

use tokio_util::bytes::BytesMut;
use tokio_util::codec::Decoder as _;
use tor_stream_event::EventCodec;

use super::*;

#[test]
fn the_codec_gives_the_same() {
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

/// Checks the codec's setting and its `Debug` output.
#[test]
fn the_codec_as_it_is_set() {
    let log = &b"650 STREAM 1 BORN 0 a\r\n650 STREAM 2 NEW 0 a:1 SOCKS_PASSWORD=\"secret"[..];
    let mut codec = EventCodec::default();
    assert!(codec.decode(&mut BytesMut::from(log)).unwrap().unwrap().is_err());
    let mut codec = EventCodec::default().lenient(true);
    let mut buffer = BytesMut::from(log);
    assert_eq!(codec.decode(&mut buffer).unwrap().unwrap().unwrap().status_str(), "BORN");
    assert_eq!(codec.decode(&mut buffer).unwrap(), None);
    let shown = format!("{codec:?}");
    assert!(shown.starts_with("EventCodec { finder: ") && !shown.contains("secret"), "{shown}");
    // The kept line, then nothing more.
    let last = codec.decode_eof(&mut buffer).unwrap().unwrap().unwrap();
    assert_eq!((last.id.as_str(), last.arg("SOCKS_PASSWORD")), ("2", Some("\"secret")));
    assert_eq!(codec.decode_eof(&mut buffer).unwrap(), None);
    // An event in the bytes that were not decoded yet comes first.
    let mut buffer = BytesMut::from(&b"650 STREAM 3 NEW 0 a:1\r\n650 STREAM 4 NEW 0 a:1"[..]);
    let ids: Vec<_> =
        core::iter::from_fn(|| codec.decode_eof(&mut buffer).unwrap()).map(|frame| frame.unwrap().id).collect();
    assert_eq!(ids, ["3", "4"]);
}
