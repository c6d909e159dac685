//! Events as frames of an asynchronous connection: `cargo run --example tokio --features tokio-util`.
#![allow(clippy::print_stdout, reason = "the events are for a person to see")]

use tokio_util::bytes::BytesMut;
use tokio_util::codec::Decoder as _;
use tor_stream_event::EventCodec;

fn main() -> std::io::Result<()> {
    // With a runtime, `FramedRead::new(connection, EventCodec::new())` is a stream of the same items. Here are the bytes
    // of two reads from such a connection.
    let mut codec = EventCodec::new();
    let mut buffer = BytesMut::new();
    for received in ["250 OK\r\n650 STREAM 18 NEW 0 www.exam", "ple.com:443 PURPOSE=USER\r\n650 BW 1 2\r\n"] {
        buffer.extend_from_slice(received.as_bytes());
        while let Some(frame) = codec.decode(&mut buffer)? {
            println!("{frame:?}");
        }
    }
    Ok(())
}
