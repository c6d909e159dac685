//! A connection to a control port.
//!
//! - this file: commands, and the replies to them
//! - [`address`]: the address of a control port, and the socket that is connected to it
//! - [`auth`]: authentication; [`cookie`]: the file with the secret that tor shares with its user
//! - [`connection_end`]: reasons for the end of a connection

pub(crate) mod address;
pub(crate) mod auth;
pub(crate) mod connection_end;
mod cookie;

use core::ops::Range;
use core::time::Duration;
use std::io;
use std::time::Instant;

use zeroize::Zeroizing;

use self::address::Socket;
use self::connection_end::ConnectionEnd;
use super::stop::Stop;
#[cfg(doc)]
use super::stop::TICK;
use crate::output::text::error_text;

/// Maximum number of bytes, of replies and of events among them, that tor may send before it has replied to SETEVENTS. Some
/// 500 are usual.
const MAX_REPLIES: usize = 16 * 1024;
/// Timeout of a reply.
const REPLY_TIME: Duration = Duration::from_secs(10);

/// A connection to a control port.
pub(crate) struct ControlConnection<'s> {
    /// Socket that is connected to tor.
    socket: Box<dyn Socket>,
    /// Flag that ends each wait for tor.
    stop: &'s Stop,
    /// Bytes received since connecting, events included.
    received: Vec<u8>,
    /// Number of bytes of `received` that were parsed as replies.
    parsed: usize,
}

/// The reply to a command.
pub(crate) struct ControlReply {
    /// Reply code.
    pub(crate) code: String,
    /// Text of each line after the code and the separator. The data that follows a line with `+` is left out.
    pub(crate) lines: Vec<Vec<u8>>,
}

/// A line of a reply.
pub(crate) struct ReplyLine<'l> {
    /// Reply code.
    pub(crate) code: [u8; 3],
    /// Lines that follow, as the separator after the code says.
    pub(crate) continuation: Continuation,
    /// Text after the code and the separator.
    pub(crate) text: &'l [u8],
}

/// The lines that follow a line of a reply.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Continuation {
    /// None: the reply ends (a space).
    End,
    /// More lines of the reply (`-`).
    More,
    /// Data, up to a line with a dot alone, then more lines of the reply (`+`).
    Data,
}

impl<'l> ReplyLine<'l> {
    /// Parses a line without its end. `None` unless it begins with three digits and a separator.
    pub(crate) fn of(line: &'l [u8]) -> Option<Self> {
        let ([a, b, c, separator], text) = line.split_first_chunk()?;
        let code = [*a, *b, *c];
        let continuation = match separator {
            b' ' => Continuation::End,
            b'-' => Continuation::More,
            b'+' => Continuation::Data,
            _ => return None,
        };
        code.iter().all(u8::is_ascii_digit).then_some(Self { code, continuation, text })
    }

    /// Returns `true` for an event, which does not answer a command.
    pub(crate) fn is_event(&self) -> bool {
        self.code == *b"650"
    }
}

impl<'s> ControlConnection<'s> {
    /// Returns a connection before the first command.
    pub(crate) fn new(socket: Box<dyn Socket>, stop: &'s Stop) -> Self {
        Self { socket, stop, received: Vec::new(), parsed: 0 }
    }

    /// Sends a command and waits for the reply to it.
    pub(crate) fn command(&mut self, command: &str) -> Result<ControlReply, ConnectionEnd> {
        self.send(command)?;
        self.reply(Instant::now() + REPLY_TIME)
    }

    /// Sends a command.
    pub(crate) fn send(&mut self, command: &str) -> Result<(), ConnectionEnd> {
        // A single write, so that it is not sent as two packets.
        let line = Zeroizing::new([command.as_bytes(), b"\r\n"].concat());
        self.socket
            .write_all(&line)
            .and_then(|()| self.socket.flush())
            .map_err(|error| ConnectionEnd::lost(error_text(&error)))
    }

    /// Removes and returns all bytes that were received so far, which may include events.
    pub(crate) fn take_received(&mut self) -> Vec<u8> {
        self.parsed = 0;
        core::mem::take(&mut self.received)
    }

    /// Reads some bytes into `buffer`, and returns their number. `None` if none has arrived within a [`TICK`], or if another
    /// signal than Ctrl-C and SIGTERM came. After one of these two it drops what it has read, and fails with
    /// [`Stopped`](ConnectionEnd::Stopped).
    pub(crate) fn read(&mut self, buffer: &mut [u8]) -> Result<Option<usize>, ConnectionEnd> {
        use io::ErrorKind::{Interrupted, TimedOut, WouldBlock};

        let read = self.socket.read(buffer);
        if self.stop.is_wanted() {
            return Err(ConnectionEnd::Stopped);
        }
        match read {
            Ok(0) => Err(ConnectionEnd::lost("tor closed the connection")),
            Ok(len) => Ok(Some(len)),
            Err(error) if matches!(error.kind(), Interrupted | TimedOut | WouldBlock) => Ok(None),
            Err(error) => Err(ConnectionEnd::lost(error_text(&error))),
        }
    }

    /// Reads a reply, with all of its lines. Events before it, or between its lines, are no part of it.
    fn reply(&mut self, deadline: Instant) -> Result<ControlReply, ConnectionEnd> {
        let mut lines = Vec::new();
        loop {
            let range = self.line(deadline)?;
            let line = self.received.get(range).unwrap_or_default();
            let Some(line) = ReplyLine::of(line) else {
                return Err(ConnectionEnd::fatal("no control port: what it sends is not a reply"));
            };
            // No event that `watch` asks for has data: if one seems to begin data, the line is a client's.
            if line.is_event() {
                continue;
            }
            lines.push(line.text.to_vec());
            match line.continuation {
                Continuation::Data => self.skip_data(deadline)?,
                Continuation::More => {}
                Continuation::End => {
                    return Ok(ControlReply { code: line.code.map(char::from).iter().collect(), lines });
                }
            }
        }
    }

    /// Skips the data of a reply, up to the dot.
    fn skip_data(&mut self, deadline: Instant) -> Result<(), ConnectionEnd> {
        loop {
            let range = self.line(deadline)?;
            if self.received.get(range) == Some(b".") {
                return Ok(());
            }
        }
    }

    /// Reads a line, and returns its range in `received`, without its end.
    fn line(&mut self, deadline: Instant) -> Result<Range<usize>, ConnectionEnd> {
        let mut buffer = [0; 1024];
        loop {
            let start = self.parsed;
            let rest = self.received.get(start..).unwrap_or_default();
            if let Some(len) = rest.windows(2).position(|end| end == b"\r\n") {
                self.parsed = start + len + 2;
                return Ok(start..start + len);
            }
            if self.received.len() > MAX_REPLIES {
                return Err(ConnectionEnd::fatal("no control port: its replies are too long"));
            }
            if let Some(len) = self.read(&mut buffer)? {
                self.received.extend(buffer.iter().take(len));
            }
            // Checked after each read, not only after those without bytes: a peer may send one byte at a time, for ever.
            if Instant::now() > deadline {
                return Err(ConnectionEnd::lost("tor does not reply"));
            }
        }
    }
}
