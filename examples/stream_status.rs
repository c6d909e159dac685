//! Follows the streams of a running tor, those that are open already among them:
//! `cargo run --example stream_status -- 127.0.0.1:9051`.
//!
//! tor prints an event only when something happens to a stream. `GETINFO stream-status` asks for the streams that are open
//! now. Each line of the reply reads like the content of an event, so a tracker begins with them. tor needs
//! `ControlPort 9051`; a password is taken from the environment variable `TOR_CONTROL_PASSWORD`.
#![allow(clippy::print_stdout, reason = "the streams are for a person to see")]

use core::error::Error;
use std::env;
use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Instant;

use tor_stream_event::{EventReader, LineEnd, StreamEventRef, StreamTracker};

fn main() -> Result<(), Box<dyn Error>> {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9051".into());
    let mut socket = BufReader::new(TcpStream::connect(&address)?);
    let password = env::var_os("TOR_CONTROL_PASSWORD").unwrap_or_default().into_encoded_bytes();
    // Sent in hexadecimal digits, which need no escapes.
    let password: String = password.iter().map(|byte| format!("{byte:02x}")).collect();
    // Sent together, so that no event falls between the list of open streams and the first event.
    write!(socket.get_mut(), "AUTHENTICATE {password}\r\nGETINFO stream-status\r\nSETEVENTS STREAM\r\n")?;

    let start = Instant::now();
    // At most 1000 streams at a time.
    let mut tracker = StreamTracker::new(1000);
    let (mut acknowledged, mut in_list) = (0, false);
    // tor answers each command with `250 OK`. The list comes before the second `250 OK`: with one stream or none, the line
    // `250-stream-status=...`; with more, `250+stream-status=`, a line for each stream, and a dot.
    while acknowledged < 3 {
        let line = line(&mut socket)?;
        let text = line.strip_prefix(b"250-stream-status=").unwrap_or(&line);
        match StreamEventRef::parse_bytes(text) {
            Ok(stream) => drop(tracker.update(&stream, start.elapsed())),
            Err(_) if line == b"250 OK" => acknowledged += 1,
            Err(_) if line == b"250+stream-status=" => in_list = true,
            Err(_) if line == b"." => in_list = false,
            // No stream is open.
            Err(_) if text.is_empty() => {}
            // A client can ask for a host so long that tor cuts its port off.
            Err(error) if in_list || text.len() < line.len() => println!("an open stream cannot be read: {error}"),
            Err(_) => return Err(format!("tor says {}", line.escape_ascii()).into()),
        }
    }
    for life in tracker.live() {
        println!("{} was open: {:?} to {:?}", life.id, life.last_status(), life.target.host);
    }

    let mut events = EventReader::new(socket).line_end(LineEnd::CrLf);
    while let Some(line) = events.next_event()? {
        match line.event {
            Ok(event) => {
                if let Some(life) = tracker.update(&event, start.elapsed()) {
                    println!("{} is over: {:?} to {:?}", life.id, life.outcome, life.target.host);
                }
            }
            Err(error) => println!("line {}: {error}", line.number),
        }
    }
    Ok(())
}

/// Reads a line of a reply, which ends with CR LF: a lone LF is part of a client's host name.
fn line(socket: &mut BufReader<TcpStream>) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    while !line.ends_with(b"\r\n") {
        if socket.read_until(b'\n', &mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    line.truncate(line.len() - 2);
    Ok(line)
}
