//! Messages over a connection, in frames that are checked.
//!
//! A frame is
//!
//! | bytes | content |
//! |---|---|
//! | 1 | kind |
//! | 4 | length of the content, big-endian |
//! | at most 65,536 | content: a message, or a part of one |
//! | 32 | tag: a keyed hash of the number of the frame and of all bytes before the tag |
//!
//! Each direction of each connection has a key of its own. So the tag shows that a frame was changed, left out or sent again. A
//! process that has nothing to send sends empty frames, and a frame that does not come in time is an error: nobody waits for ever.

use core::time::Duration;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Instant;

use hmac::Mac;

use super::key::{HASH_LEN, KeyedHash};
use crate::output::text::error_text;

/// Maximum length of a frame's content in bytes.
const MAX_FRAME: usize = 64 * 1024;
/// Number of bytes before a frame's content: one for its kind, and four for its length.
const HEAD_LEN: usize = 5;

/// Reason that is reported if the other side sends bytes that no process of a run sends.
pub(crate) const UNEXPECTED: &str = "it sends what no tor-streams sends";

/// The kind of a frame.
#[derive(Clone, Copy, PartialEq, Eq)]
enum FrameKind {
    /// The sender is alive.
    Alive = 0,
    /// The beginning of a message, or its next bytes.
    More = 1,
    /// The last bytes of a message.
    Last = 2,
    /// A message for which one frame is enough: the reason for which the run ends without a summary.
    Lost = 3,
}

/// A received message.
pub(crate) enum Received {
    /// A message of the other process.
    Bytes(Vec<u8>),
    /// Reason for which the other process has given up or has refused this one.
    GaveUp(String),
}

/// The sending side of a connection.
pub(crate) struct FrameSender {
    /// The connection.
    socket: TcpStream,
    /// Keyed hash that each tag is computed with.
    key: KeyedHash,
    /// Number of the next frame, from 0.
    frames: u64,
}

/// The receiving side of a connection.
pub(crate) struct FrameReceiver {
    /// The connection.
    socket: TcpStream,
    /// Keyed hash that each tag is computed with.
    key: KeyedHash,
    /// Number of the next frame, from 0.
    frames: u64,
    /// Timeout for the next frame.
    silence: Duration,
}

impl FrameSender {
    /// Returns the sending side of a connection.
    pub(super) const fn new(socket: TcpStream, key: KeyedHash) -> Self {
        Self { socket, key, frames: 0 }
    }

    /// Sends a message.
    ///
    /// # Errors
    ///
    /// If the connection is lost, as for the other functions.
    pub(crate) fn message(&mut self, bytes: &[u8]) -> io::Result<()> {
        // The last frame has at least one byte, unless the message is empty.
        let last_start = bytes.len().saturating_sub(1) / MAX_FRAME * MAX_FRAME;
        let (before, last) = bytes.split_at_checked(last_start).unwrap_or_default();
        before.chunks(MAX_FRAME).try_for_each(|chunk| self.frame(FrameKind::More, chunk))?;
        self.frame(FrameKind::Last, last)
    }

    /// Shows that this process is alive.
    pub(crate) fn alive(&mut self) -> io::Result<()> {
        self.frame(FrameKind::Alive, &[])
    }

    /// Sends the reason for which the run ends. Waits for `wait` at most, since the other process may not read.
    pub(crate) fn lost(&mut self, reason: &str, wait: Duration) -> io::Result<()> {
        self.socket.set_write_timeout(Some(wait))?;
        let (reason, _) = reason.as_bytes().split_at_checked(MAX_FRAME).unwrap_or((reason.as_bytes(), &[]));
        self.frame(FrameKind::Lost, reason)
    }

    /// Sends a frame of up to [`MAX_FRAME`] bytes.
    fn frame(&mut self, kind: FrameKind, bytes: &[u8]) -> io::Result<()> {
        let mut frame = Vec::with_capacity(HEAD_LEN + bytes.len() + HASH_LEN);
        frame.push(kind as u8);
        frame.extend_from_slice(&(bytes.len() as u32).to_be_bytes());
        frame.extend_from_slice(bytes);
        let tag = tag(&self.key, self.frames, &frame).finalize().into_bytes();
        frame.extend_from_slice(&tag);
        self.frames += 1;
        self.socket.write_all(&frame)
    }
}

impl FrameReceiver {
    /// Returns the receiving side of a connection. The next frame has to come before `silence` has passed.
    pub(super) const fn new(socket: TcpStream, key: KeyedHash, silence: Duration) -> Self {
        Self { socket, key, frames: 0, silence }
    }

    /// Waits for the next message, of up to `limit` bytes.
    ///
    /// # Errors
    ///
    /// The reason, if the connection is lost, silent, or has other bytes than a [`FrameSender`] sends.
    pub(crate) fn message(&mut self, limit: u64) -> Result<Received, String> {
        let mut message = Vec::new();
        loop {
            let (kind, bytes) = self.frame()?;
            match kind {
                FrameKind::Alive => {}
                FrameKind::Lost => return Ok(Received::GaveUp(String::from_utf8_lossy(&bytes).into_owned())),
                FrameKind::More | FrameKind::Last => {
                    if message.len() as u64 + bytes.len() as u64 > limit {
                        return Err("it sends too much".into());
                    }
                    message.extend_from_slice(&bytes);
                    if kind == FrameKind::Last {
                        return Ok(Received::Bytes(message));
                    }
                }
            }
        }
    }

    /// Reads a frame.
    fn frame(&mut self) -> Result<(FrameKind, Vec<u8>), String> {
        let wrong = || UNEXPECTED.to_owned();
        let deadline = Instant::now() + self.silence;
        let mut read = |bytes: &mut [u8]| match read_exact(&mut self.socket, bytes, deadline) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                Err(format!("nothing came from it for {} seconds", self.silence.as_secs_f32()))
            }
            Err(error) => Err(error_text(&error)),
        };
        let mut frame = vec![0; HEAD_LEN];
        read(&mut frame)?;
        let [kind, len @ ..] = *frame.first_chunk::<HEAD_LEN>().ok_or_else(wrong)?;
        let len = u32::from_be_bytes(len) as usize;
        let kinds = [FrameKind::Alive, FrameKind::More, FrameKind::Last, FrameKind::Lost];
        let kind =
            kinds.into_iter().find(|&known| known as u8 == kind).filter(|_| len <= MAX_FRAME).ok_or_else(wrong)?;
        frame.resize(HEAD_LEN + len, 0);
        read(frame.get_mut(HEAD_LEN..).unwrap_or_default())?;
        let mut their_tag = [0; HASH_LEN];
        read(&mut their_tag)?;
        tag(&self.key, self.frames, &frame).verify_slice(&their_tag).map_err(|_| wrong())?;
        self.frames += 1;
        Ok((kind, frame.split_off(HEAD_LEN)))
    }
}

/// Returns the keyed hash of a frame's number and bytes, which is its tag.
fn tag(key: &KeyedHash, number: u64, frame: &[u8]) -> KeyedHash {
    let mut tag = key.clone();
    tag.update(&number.to_be_bytes());
    tag.update(frame);
    tag
}

/// Reads bytes, all of them before a deadline.
///
/// # Errors
///
/// [`TimedOut`](io::ErrorKind::TimedOut) after the deadline; another kind if the connection is lost.
pub(super) fn read_exact(socket: &mut TcpStream, mut bytes: &mut [u8], deadline: Instant) -> io::Result<()> {
    while !bytes.is_empty() {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        socket.set_read_timeout(Some(left))?;
        match socket.read(bytes) {
            Ok(0) => return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the connection was closed")),
            Ok(read) => bytes = bytes.get_mut(read..).unwrap_or_default(),
            // Systems differ in the kind of a timeout.
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                return Err(io::ErrorKind::TimedOut.into());
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use hmac::KeyInit;
    use proptest::prelude::*;

    use super::*;

    /// Returns the two ends of a connection.
    fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let end = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        (end, listener.accept().unwrap().0)
    }

    /// Returns the key of the frames.
    fn key() -> KeyedHash {
        KeyedHash::new_from_slice(b"key").unwrap()
    }

    /// Returns the bytes that send these messages.
    fn sent(messages: &[Vec<u8>]) -> Vec<u8> {
        let (ours, mut theirs) = pair();
        let reading = thread::spawn(move || {
            let mut bytes = Vec::new();
            theirs.read_to_end(&mut bytes).unwrap();
            bytes
        });
        let mut sender = FrameSender::new(ours, key());
        for message in messages {
            sender.alive().unwrap();
            sender.message(message).unwrap();
        }
        drop(sender);
        reading.join().unwrap()
    }

    /// Returns the messages in some bytes, up to the first error.
    fn received(bytes: Vec<u8>) -> Vec<Vec<u8>> {
        let (mut ours, theirs) = pair();
        let writing = thread::spawn(move || drop(ours.write_all(&bytes)));
        let mut receiver = FrameReceiver::new(theirs, key(), Duration::from_secs(10));
        let mut messages = Vec::new();
        while let Ok(message) = receiver.message(1 << 20) {
            messages.push(match message {
                Received::Bytes(bytes) => bytes,
                Received::GaveUp(reason) => reason.into_bytes(),
            });
        }
        drop(receiver);
        writing.join().unwrap();
        messages
    }

    #[test]
    fn long_messages() {
        let messages = [0, 1, MAX_FRAME - 1, MAX_FRAME, MAX_FRAME + 1, 3 * MAX_FRAME, 3 * MAX_FRAME + 1]
            .map(|len| vec![b'a'; len]);
        assert_eq!(received(sent(&messages)), messages);
        // A message beyond the limit, in several frames, is an error.
        let (ours, theirs) = pair();
        let mut sender = FrameSender::new(ours, key());
        let sending = thread::spawn(move || drop(sender.message(&vec![b'a'; 3 * MAX_FRAME])));
        let mut receiver = FrameReceiver::new(theirs, key(), Duration::from_secs(10));
        assert_eq!(receiver.message(2 * MAX_FRAME as u64).err().as_deref(), Some("it sends too much"));
        drop(receiver);
        sending.join().unwrap();
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// Bytes on the way that are changed, left out, or sent again give no message that was not sent.
        #[test]
        fn only_what_was_sent(
            messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..80), 1..4),
            (at, from, len) in any::<(prop::sample::Index, prop::sample::Index, u8)>(),
            change in any::<u8>(),
            kind in 0..4,
        ) {
            let mut bytes = sent(&messages);
            prop_assert_eq!(&received(bytes.clone()), &messages);
            let (at, from) = (at.index(bytes.len()), from.index(bytes.len()));
            let to = bytes.len().min(from + usize::from(len));
            match kind {
                0 => bytes[at] ^= change,
                1 => drop(bytes.drain(from..to)),
                2 => {
                    let again = bytes[from..to].to_vec();
                    drop(bytes.splice(at..at, again));
                }
                _ => bytes.truncate(at),
            }
            let received = received(bytes);
            prop_assert!(messages.starts_with(&received), "{:?}", received);
        }

        /// Bytes of anybody are an error.
        #[test]
        fn bytes_of_anybody(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(received(bytes).is_empty());
        }
    }
}
