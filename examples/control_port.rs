//! Prints the STREAM events of a running tor: `cargo run --example control_port -- 127.0.0.1:9051`.
//!
//! tor needs `ControlPort 9051` and, unless everyone may connect, `CookieAuthentication 1` or a `HashedControlPassword`. The
//! password is taken from the environment variable `TOR_CONTROL_PASSWORD`.
#![allow(clippy::print_stdout, reason = "the events are for a person to see")]

use core::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::{env, fs};

use tor_stream_event::{EventDecoder, EventLine};

fn main() -> Result<(), Box<dyn Error>> {
    let address = env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9051".into());
    let stream = TcpStream::connect(&address).map_err(|error| format!("no tor at {address}: {error}"))?;
    let mut socket = BufReader::new(stream);

    let info = command(&mut socket, "PROTOCOLINFO 1")?;
    // A path with quotation marks or backslashes would have escapes.
    let cookie_file = info.split_once("COOKIEFILE=\"").and_then(|(_, rest)| rest.split('"').next());
    let secret = match (env::var_os("TOR_CONTROL_PASSWORD"), cookie_file) {
        (Some(password), _) => password.into_encoded_bytes(),
        (None, Some(path)) => fs::read(path).map_err(|error| format!("no cookie in {path}: {error}"))?,
        (None, None) => Vec::new(),
    };
    // A cookie and a password are both sent in hexadecimal digits.
    let secret: String = secret.iter().map(|byte| format!("{byte:02x}")).collect();
    command(&mut socket, &format!("AUTHENTICATE {secret}"))?;
    command(&mut socket, "SETEVENTS STREAM")?;

    let mut decoder = EventDecoder::<4096>::new();
    let mut chunk = [0; 4096];
    loop {
        let len = socket.read(&mut chunk)?;
        let Some(mut rest) = chunk.get(..len).filter(|chunk| !chunk.is_empty()) else { break };
        while let Some(line) = decoder.next_event(&mut rest) {
            print(&line);
        }
    }
    // A tor that is killed may have sent a part of an event.
    if let Some(line) = decoder.finish() {
        print(&line);
    }
    Err("tor closed the connection".into())
}

/// Prints an event, or why it cannot be read.
fn print(line: &EventLine<'_>) {
    match line.event {
        // A client chose the host: `{:?}` keeps its control characters off the terminal.
        Ok(event) => println!("{} {} {:?}:{}", event.id, event.status, event.target_host, event.target_port),
        Err(error) => println!("line {}: {error}", line.number),
    }
}

/// Sends a command and returns tor's reply. An error names only the command's first word, since the others may be secret.
fn command(socket: &mut BufReader<TcpStream>, command: &str) -> Result<String, Box<dyn Error>> {
    write!(socket.get_mut(), "{command}\r\n")?;
    let mut reply = String::new();
    while reply.lines().next_back().is_none_or(|line| line.get(3..4) != Some(" ")) {
        if socket.read_line(&mut reply)? == 0 {
            return Err("tor closed the connection".into());
        }
    }
    let word = command.split(' ').next().unwrap_or_default();
    if reply.starts_with("250") { Ok(reply) } else { Err(format!("{word}: {}", reply.trim_end()).into()) }
}
