//! The greeting of a connection: both sides prove that they have the key of the run.
//!
//! 1. The process that connects sends [`MAGIC`], its number, and random bytes.
//! 2. Process 0 sends [`MAGIC`], random bytes of its own, and its proof.
//! 3. The process that connects sends its proof.
//!
//! A proof is a hash with the key, of both sides' random bytes: one that was overheard is of no use later.

use core::net::SocketAddr;
use core::time::Duration;
use std::io::{self, Write};
use std::net::TcpStream;
use std::time::Instant;

use super::key::{Challenge, HASH_LEN, KeyUse, RunKey, nonce};
use super::wire::{FrameReceiver, FrameSender, read_exact};

/// First bytes of a greeting: the program's name, which others do not send, and the version of the protocol.
const MAGIC: [u8; 15] = *b"tor-streams 3\r\n";
/// Length of the name in [`MAGIC`], with the space after it.
const NAME_LEN: usize = b"tor-streams ".len();
/// Maximum number of bytes that are read from a process of another version, until it closes the connection: more than its
/// greeting has.
const OTHER_LEN: usize = 1024;
/// Timeout for a whole greeting, and to connect to one address.
const GREETING_TIME: Duration = Duration::from_secs(5);

/// A connection to a process that has proved itself.
pub(crate) struct ProvenConnection {
    /// Number of the process that has connected.
    pub(crate) process: u16,
    /// The sending side.
    pub(crate) sender: FrameSender,
    /// The receiving side.
    pub(crate) receiver: FrameReceiver,
}

/// The reason for which a greeting failed.
pub(crate) enum GreetingError {
    /// Connection that could not be made, was lost, or too slow.
    Lost(io::Error),
    /// Another program.
    Stranger,
    /// A `tor-streams` with another version of the protocol.
    Version,
    /// A `tor-streams` with another key, or none.
    Key,
}

impl From<io::Error> for GreetingError {
    fn from(error: io::Error) -> Self {
        Self::Lost(error)
    }
}

impl ProvenConnection {
    /// Returns the connection after a greeting. `sent` and `received` are the uses of the key for the frames that this process
    /// sends and receives.
    fn new(
        (socket, silence): (TcpStream, Duration),
        key: &RunKey,
        challenge: &Challenge,
        (sent, received): (KeyUse, KeyUse),
    ) -> Result<Self, GreetingError> {
        // Never `None`: an HMAC key can have any length.
        let keys = key.frames(challenge, sent).zip(key.frames(challenge, received));
        let (sent, received) = keys.ok_or(GreetingError::Key)?;
        // After the greeting, sending has no timeout: a process that is ahead of process 0 waits for its turn.
        socket.set_write_timeout(None)?;
        let sender = FrameSender::new(socket.try_clone()?, sent);
        Ok(Self { process: challenge.process, sender, receiver: FrameReceiver::new(socket, received, silence) })
    }
}

/// Connects to process 0. The connection counts as lost after `silence` without a frame.
///
/// # Errors
///
/// If process 0 does not answer in time, or what answers is not process 0 of this run.
pub(crate) fn call(
    addresses: &[SocketAddr],
    process: u16,
    key: &RunKey,
    silence: Duration,
) -> Result<ProvenConnection, GreetingError> {
    // The error for a name without addresses.
    let mut connection = Err(io::ErrorKind::NotFound.into());
    for address in addresses {
        connection = TcpStream::connect_timeout(address, GREETING_TIME);
        if connection.is_ok() {
            break;
        }
    }
    let mut socket = connection?;
    prepare(&socket)?;
    let deadline = Instant::now() + GREETING_TIME;
    let caller_nonce = nonce().ok_or_else(no_random_numbers)?;
    socket.write_all(&[&MAGIC[..], &process.to_be_bytes(), &caller_nonce].concat())?;

    read_magic(&mut socket, deadline)?;
    let (mut collector_nonce, mut proof) = ([0; HASH_LEN], [0; HASH_LEN]);
    read_exact(&mut socket, &mut collector_nonce, deadline)?;
    read_exact(&mut socket, &mut proof, deadline)?;
    let challenge = Challenge { caller: caller_nonce, collector: collector_nonce, process };
    if !key.is_proven(&challenge, KeyUse::Collector, &proof) {
        return Err(GreetingError::Key);
    }
    socket.write_all(&key.proof(&challenge, KeyUse::Caller))?;
    ProvenConnection::new((socket, silence), key, &challenge, (KeyUse::ToCollector, KeyUse::FromCollector))
}

/// Answers a process that has connected to process 0. The connection counts as lost after `silence` without a frame.
///
/// # Errors
///
/// If the other process is too slow, is another program or another version, or does not have the key.
pub(super) fn answer(
    mut socket: TcpStream,
    key: &RunKey,
    silence: Duration,
) -> Result<ProvenConnection, GreetingError> {
    let deadline = Instant::now() + GREETING_TIME;
    // The door's listener does not block, and on some systems neither do its connections.
    socket.set_nonblocking(false)?;
    prepare(&socket)?;
    if let Err(refused) = read_magic(&mut socket, deadline) {
        if matches!(refused, GreetingError::Version) {
            // The other process reads this version, and closes the connection. If this one closed it first, with bytes left to
            // read, the other might see only that the connection is lost.
            socket.write_all(&MAGIC)?;
            let _ = read_exact(&mut socket, &mut [0; OTHER_LEN], deadline);
        }
        return Err(refused);
    }
    let (mut process, mut caller_nonce) = ([0; 2], [0; HASH_LEN]);
    read_exact(&mut socket, &mut process, deadline)?;
    read_exact(&mut socket, &mut caller_nonce, deadline)?;
    let collector_nonce = nonce().ok_or_else(no_random_numbers)?;
    let challenge =
        Challenge { caller: caller_nonce, collector: collector_nonce, process: u16::from_be_bytes(process) };
    socket.write_all(&[&MAGIC[..], &collector_nonce, &key.proof(&challenge, KeyUse::Collector)].concat())?;

    let mut proof = [0; HASH_LEN];
    read_exact(&mut socket, &mut proof, deadline).map_err(|error| match error.kind() {
        // A process with another key closes the connection when it sees the proof.
        io::ErrorKind::UnexpectedEof => GreetingError::Key,
        _ => GreetingError::Lost(error),
    })?;
    if !key.is_proven(&challenge, KeyUse::Caller, &proof) {
        return Err(GreetingError::Key);
    }
    ProvenConnection::new((socket, silence), key, &challenge, (KeyUse::FromCollector, KeyUse::ToCollector))
}

/// Reads [`MAGIC`]. The first byte that differs ends the greeting: another program may send fewer bytes and wait.
fn read_magic(socket: &mut TcpStream, deadline: Instant) -> Result<(), GreetingError> {
    for (index, expected) in MAGIC.into_iter().enumerate() {
        let mut byte = [0];
        read_exact(socket, &mut byte, deadline)?;
        if byte != [expected] {
            return Err(if index < NAME_LEN { GreetingError::Stranger } else { GreetingError::Version });
        }
    }
    Ok(())
}

/// Sets the options of a socket: no delay of short messages, and a timeout to send.
fn prepare(socket: &TcpStream) -> io::Result<()> {
    socket.set_nodelay(true)?;
    socket.set_write_timeout(Some(GREETING_TIME))
}

/// Returns the error of a system without random numbers.
fn no_random_numbers() -> io::Error {
    io::Error::other("the system has no random numbers")
}
