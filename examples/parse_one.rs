//! Reads one line: `cargo run --example parse_one`.
#![allow(clippy::print_stdout, reason = "the fields are for a person to see")]

use tor_stream_event::{Error, StreamEventRef};

fn main() -> Result<(), Error> {
    let event = StreamEventRef::parse(
        "18 NEW 0 www.example.com:443 SOURCE_ADDR=127.0.0.1:47849 PURPOSE=USER CLIENT_PROTOCOL=SOCKS5 \
         NYM_EPOCH=0 SESSION_GROUP=-4 ISO_FIELDS=CLIENTADDR,SESSION_GROUP NEW_KEYWORD=1",
    )?;
    println!("stream {} is {} and asks for {} port {}", event.id, event.status, event.target_host, event.target_port);
    println!("it comes from {:?} and speaks {:?}", event.source_addr, event.client_protocol());
    println!("it is kept apart by {:?}", event.iso_fields().collect::<Vec<_>>());
    for (key, value) in event.args() {
        println!("  {key} is {value}");
    }
    // Text that no known tor prints is kept, and flagged.
    println!("odd: {:?}", event.anomalies());

    // An error says where and what, and never shows the line: it may hold a password.
    if let Err(error) = StreamEventRef::parse("18 NEW 0 www.example.com:99999 PURPOSE=USER") {
        println!("{error}");
    }
    Ok(())
}
