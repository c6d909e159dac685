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

use super::key::{Challenge, Key, LEN, Use, nonce};
use super::wire::{Receiver, Sender, read_exact};

/// First bytes of a greeting: the program's name, which others do not send, and the version of the protocol.
const MAGIC: [u8; 15] = *b"tor-streams 3\r\n";
/// Length of the name in [`MAGIC`].
const NAME_LEN: usize = 12;
/// Maximum number of bytes that are read from a process of another version.
const OTHER_LEN: usize = 1024;
/// Timeout for a whole greeting.
const PATIENCE: Duration = Duration::from_secs(5);

/// A connection to a process that has proved itself.
pub(super) struct Connection {
    /// Number of the process that has connected.
    pub(super) process: u16,
    /// The sending side.
    pub(super) sender: Sender,
    /// The receiving side.
    pub(super) receiver: Receiver,
}

/// The reason for which a greeting failed.
pub(super) enum Refused {
    /// Connection that was lost, or too slow.
    Lost(io::Error),
    /// Another program.
    Stranger,
    /// A `tor-streams` with another version of the protocol.
    Version,
    /// A `tor-streams` with another key, or none.
    Key,
}

impl From<io::Error> for Refused {
    fn from(error: io::Error) -> Self {
        Self::Lost(error)
    }
}

impl Connection {
    /// Returns the connection after a greeting. `to` and `from` are the uses of the key for the frames that this side sends,
    /// and receives.
    fn new(
        (socket, silence): (TcpStream, Duration),
        key: &Key,
        challenge: &Challenge,
        (to, from): (Use, Use),
    ) -> Result<Self, Refused> {
        let keys = key.frames(challenge, to).zip(key.frames(challenge, from));
        let (to, from) = keys.ok_or(Refused::Key)?;
        // A process that has read more than process 0 can merge waits until it is its turn.
        socket.set_write_timeout(None)?;
        let sender = Sender::new(socket.try_clone()?, to);
        Ok(Self { process: challenge.process, sender, receiver: Receiver::new(socket, from, silence) })
    }
}

/// Connects to process 0.
///
/// # Errors
///
/// If it does not answer in time, or is not process 0 of this run.
pub(super) fn call(
    addresses: &[SocketAddr],
    process: u16,
    key: &Key,
    silence: Duration,
) -> Result<Connection, Refused> {
    let mut connection = Err(io::ErrorKind::NotFound.into());
    for address in addresses {
        connection = TcpStream::connect_timeout(address, PATIENCE);
        if connection.is_ok() {
            break;
        }
    }
    let mut socket = connection?;
    prepare(&socket)?;
    let deadline = Instant::now() + PATIENCE;
    let caller = nonce().ok_or_else(no_random_numbers)?;
    socket.write_all(&[&MAGIC[..], &process.to_be_bytes(), &caller].concat())?;

    read_magic(&mut socket, deadline)?;
    let (mut collector, mut proof) = ([0; LEN], [0; LEN]);
    read_exact(&mut socket, &mut collector, deadline)?;
    read_exact(&mut socket, &mut proof, deadline)?;
    let challenge = Challenge { caller, collector, process };
    if !key.is_proven(&challenge, Use::Collector, &proof) {
        return Err(Refused::Key);
    }
    socket.write_all(&key.proof(&challenge, Use::Caller))?;
    Connection::new((socket, silence), key, &challenge, (Use::ToCollector, Use::FromCollector))
}

/// Answers a process that has connected to process 0.
///
/// # Errors
///
/// If it is too slow, another program, or has not the key.
pub(super) fn answer(mut socket: TcpStream, key: &Key, silence: Duration) -> Result<Connection, Refused> {
    let deadline = Instant::now() + PATIENCE;
    socket.set_nonblocking(false)?;
    prepare(&socket)?;
    if let Err(refused) = read_magic(&mut socket, deadline) {
        if matches!(refused, Refused::Version) {
            // The other process reads this version, and closes the connection. If this side closed it, with bytes left to read,
            // the other might see only that it is lost.
            socket.write_all(&MAGIC)?;
            let _ = read_exact(&mut socket, &mut [0; OTHER_LEN], deadline);
        }
        return Err(refused);
    }
    let (mut process, mut caller) = ([0; 2], [0; LEN]);
    read_exact(&mut socket, &mut process, deadline)?;
    read_exact(&mut socket, &mut caller, deadline)?;
    let collector = nonce().ok_or_else(no_random_numbers)?;
    let challenge = Challenge { caller, collector, process: u16::from_be_bytes(process) };
    socket.write_all(&[&MAGIC[..], &collector, &key.proof(&challenge, Use::Collector)].concat())?;

    let mut proof = [0; LEN];
    read_exact(&mut socket, &mut proof, deadline).map_err(|error| match error.kind() {
        // A process with another key closes the connection when it sees the proof.
        io::ErrorKind::UnexpectedEof => Refused::Key,
        _ => Refused::Lost(error),
    })?;
    if !key.is_proven(&challenge, Use::Caller, &proof) {
        return Err(Refused::Key);
    }
    Connection::new((socket, silence), key, &challenge, (Use::FromCollector, Use::ToCollector))
}

/// Reads [`MAGIC`]. The first other byte ends the greeting: another program may send less and wait.
fn read_magic(socket: &mut TcpStream, deadline: Instant) -> Result<(), Refused> {
    for (index, expected) in MAGIC.into_iter().enumerate() {
        let mut byte = [0];
        read_exact(socket, &mut byte, deadline)?;
        if byte != [expected] {
            return Err(if index < NAME_LEN { Refused::Stranger } else { Refused::Version });
        }
    }
    Ok(())
}

/// Sets the options of a socket: messages are short, and wanted at once.
fn prepare(socket: &TcpStream) -> io::Result<()> {
    socket.set_nodelay(true)?;
    socket.set_write_timeout(Some(PATIENCE))
}

/// Returns the error of a system without random numbers.
fn no_random_numbers() -> io::Error {
    io::Error::other("the system has no random numbers")
}
