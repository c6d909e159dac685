//! Commands to a control port, and the replies to them.

use core::ops::Range;
use core::time::Duration;
use std::io;
use std::time::Instant;

use zeroize::Zeroizing;

use super::address::Stream;
use super::failure::Failure;
use super::stop::Stop;

/// Maximum total size in bytes of all replies until tor sends events. Some 500 are usual.
const LIMIT: usize = 16 * 1024;
/// Timeout of a reply.
const REPLY_TIME: Duration = Duration::from_secs(10);

/// A connection to a control port.
pub(crate) struct Control<'s> {
    /// Connection to tor.
    stream: Box<dyn Stream>,
    /// Flag that ends all waiting.
    stop: &'s Stop,
    /// Bytes received since connecting, events included.
    received: Vec<u8>,
    /// Number of bytes of `received` that were parsed.
    at: usize,
}

/// The reply to a command.
pub(crate) struct Reply {
    /// Reply code.
    pub(crate) code: String,
    /// Lines without the code and without multi-line data.
    pub(crate) lines: Vec<Vec<u8>>,
}

/// A line of a reply.
pub(crate) struct ReplyLine<'l> {
    /// Reply code.
    pub(crate) code: [u8; 3],
    /// Kind of the lines that follow.
    pub(crate) kind: Kind,
    /// Text after the code and the separator.
    pub(crate) text: &'l [u8],
}

/// The kind of lines after a line of a reply.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The reply ends.
    End,
    /// More lines of the reply follow.
    Middle,
    /// Data follows, up to a dot, then more of the reply.
    Data,
}

impl<'l> ReplyLine<'l> {
    /// Parses a line without its end. `None` if it is not part of a reply.
    pub(crate) fn of(line: &'l [u8]) -> Option<Self> {
        let ([a, b, c, kind], text) = line.split_first_chunk()?;
        let code = [*a, *b, *c];
        let kind = match kind {
            b' ' => Kind::End,
            b'-' => Kind::Middle,
            b'+' => Kind::Data,
            _ => return None,
        };
        code.iter().all(u8::is_ascii_digit).then_some(Self { code, kind, text })
    }

    /// Returns `true` for an event, which does not answer a command.
    pub(crate) fn is_event(&self) -> bool {
        self.code == *b"650"
    }
}

impl<'s> Control<'s> {
    /// Returns a connection before the first command.
    pub(crate) fn new(stream: Box<dyn Stream>, stop: &'s Stop) -> Self {
        Self { stream, stop, received: Vec::new(), at: 0 }
    }

    /// Sends a command and waits for the reply to it.
    pub(crate) fn command(&mut self, command: &str) -> Result<Reply, Failure> {
        self.send(command)?;
        self.reply(Instant::now() + REPLY_TIME)
    }

    /// Sends a command.
    pub(crate) fn send(&mut self, command: &str) -> Result<(), Failure> {
        // A single write, so that it is not sent as two packets.
        let line = Zeroizing::new([command.as_bytes(), b"\r\n"].concat());
        self.stream.write_all(&line).and_then(|()| self.stream.flush()).map_err(Failure::lost)
    }

    /// Removes and returns all bytes that were received so far, which may include events.
    pub(crate) fn take_received(&mut self) -> Vec<u8> {
        self.at = 0;
        core::mem::take(&mut self.received)
    }

    /// Reads some bytes. `None` if none have arrived.
    pub(crate) fn read(&mut self, piece: &mut [u8]) -> Result<Option<usize>, Failure> {
        use io::ErrorKind::{Interrupted, TimedOut, WouldBlock};

        let read = self.stream.read(piece);
        if self.stop.is_wanted() {
            return Err(Failure::Stopped);
        }
        match read {
            Ok(0) => Err(Failure::lost("tor closed the connection")),
            Ok(len) => Ok(Some(len)),
            Err(error) if matches!(error.kind(), Interrupted | TimedOut | WouldBlock) => Ok(None),
            Err(error) => Err(Failure::lost(error)),
        }
    }

    /// Reads a reply, and skips events that come before it.
    fn reply(&mut self, deadline: Instant) -> Result<Reply, Failure> {
        let mut lines = Vec::new();
        loop {
            let range = self.line(deadline)?;
            let line = self.received.get(range).unwrap_or_default();
            let Some(line) = ReplyLine::of(line) else {
                return Err(Failure::fatal("no control port: what it sends is not a reply"));
            };
            let (code, kind, is_event) = (line.code, line.kind, line.is_event());
            if !is_event {
                lines.push(line.text.to_vec());
            }
            match kind {
                Kind::Data => self.skip_data(deadline)?,
                Kind::End if !is_event => {
                    return Ok(Reply { code: code.map(char::from).iter().collect(), lines });
                }
                _ => {}
            }
        }
    }

    /// Skips the data of a reply, up to the dot.
    fn skip_data(&mut self, deadline: Instant) -> Result<(), Failure> {
        loop {
            let range = self.line(deadline)?;
            if self.received.get(range) == Some(b".") {
                return Ok(());
            }
        }
    }

    /// Reads a line, and returns its range in `received`, without its end.
    fn line(&mut self, deadline: Instant) -> Result<Range<usize>, Failure> {
        let mut piece = [0; 1024];
        loop {
            let start = self.at;
            let rest = self.received.get(start..).unwrap_or_default();
            if let Some(len) = rest.windows(2).position(|end| end == b"\r\n") {
                self.at = start + len + 2;
                return Ok(start..start + len);
            }
            if self.received.len() > LIMIT {
                return Err(Failure::fatal("no control port: its replies are too long"));
            }
            if let Some(len) = self.read(&mut piece)? {
                self.received.extend(piece.iter().take(len));
            }
            // This also limits a peer that sends byte after byte.
            if Instant::now() > deadline {
                return Err(Failure::lost("tor does not reply"));
            }
        }
    }
}
