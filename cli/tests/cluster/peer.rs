//! Fake processes: the protocol of a cluster once more, written from the descriptions in `greeting.rs` and `wire.rs` of
//! `cli/src/command/summary/cluster/connection`. After the greeting, a process and process 0 exchange these messages:
//!
//! 1. Both send the fingerprint of the run, which has to be the same. A fake process sends back the one that it receives
//!    ([`Peer::join`]).
//! 2. Process 0 offers long files, by their index in the arguments: `{"offer": {INDEX: FINGERPRINT}}`. The process answers which of
//!    them it sees: `{"seen": {"files": [INDEX], "jobs": THREADS}}`.
//! 3. Process 0 says which files are divided: `{"start": [INDEX], "jobs": THREADS}`. [`Peer::begin`] does 1 to 3.
//! 4. The process sends each of its ranges, `{"range": RANGE}`, with `null` for one that it leaves to process 0, and the tally of
//!    each file that it reads alone; then `{"end": {"files": FILES_READ_ALONE, "complete": ALL_READ}}`.
//! 5. Process 0 sends `done` when it has all tallies, and the process ends.

use core::time::Duration;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Instant;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::process::LIMIT;

/// A key for runs.
pub(super) const SECRET: &str = "correct horse battery staple";

/// First bytes of a greeting.
pub(super) const MAGIC: &[u8; 15] = b"tor-streams 3\r\n";

/// Length of the random bytes of a greeting, of a proof, and of a frame's tag.
const HASH_LEN: usize = 32;
/// Random bytes of a fake process 1. The tests need no others.
const RANDOM_1: [u8; HASH_LEN] = [7; HASH_LEN];
/// Random bytes of a fake process 0.
const RANDOM_0: [u8; HASH_LEN] = [9; HASH_LEN];
/// Number of process 1, as it is sent.
pub(super) const NUMBER_1: [u8; 2] = [0, 1];
/// Length of process 0's answer in a greeting: [`MAGIC`], random bytes, and its proof.
pub(super) const ANSWER_LEN: usize = MAGIC.len() + 2 * HASH_LEN;
/// Offset of the proof in that answer.
pub(super) const PROOF_OFFSET: usize = MAGIC.len() + HASH_LEN;

/// A frame that shows that its sender is alive.
pub(super) const ALIVE: u8 = 0;
/// Maximum length of a frame's content, in bytes.
pub(super) const MAX_FRAME: usize = 64 * 1024;
/// A frame with bytes of a message that goes on in the next one.
pub(super) const MORE: u8 = 1;
/// A frame with the last bytes of a message.
pub(super) const LAST: u8 = 2;
/// A frame with the reason for which the run ends.
pub(super) const LOST: u8 = 3;

/// Returns the first bytes that process 1 sends, from a `MAGIC`: its number and random bytes follow.
pub(super) fn hello(magic: &[u8]) -> Vec<u8> {
    [magic, &NUMBER_1, &RANDOM_1].concat()
}

/// Returns the proof of process 1, after an answer of process 0.
pub(super) fn proof(key: &str, answer: &[u8]) -> [u8; HASH_LEN] {
    let random = &answer[MAGIC.len()..PROOF_OFFSET];
    hash(key.as_bytes(), &[b"tor-streams connects", &RANDOM_1, random, &NUMBER_1])
}

/// Returns the keyed hash of some texts, one behind the other.
fn hash(key: &[u8], texts: &[&[u8]]) -> [u8; HASH_LEN] {
    let mut hash = Hmac::<Sha256>::new_from_slice(key).unwrap();
    texts.iter().for_each(|text| hash.update(text));
    hash.finalize().into_bytes().into()
}

/// A connection to process 0, or from another process.
pub(super) struct Peer {
    /// The connection.
    pub(super) socket: TcpStream,
    /// Keys of the frames that are sent, and received.
    keys: [[u8; HASH_LEN]; 2],
    /// Numbers of frames that were sent, and received.
    frames: [u64; 2],
}

/// Connects to an address, on which a process may not listen yet.
pub(super) fn connect(address: &str) -> TcpStream {
    let begin = Instant::now();
    loop {
        match TcpStream::connect(address) {
            Ok(socket) => {
                socket.set_read_timeout(Some(LIMIT)).unwrap();
                return socket;
            }
            Err(error) if begin.elapsed() > LIMIT => panic!("{error}"),
            Err(_) => thread::sleep(Duration::from_millis(10)),
        }
    }
}

impl Peer {
    /// Connects to process 0 as process 1, and proves the key.
    pub(super) fn call(address: &str, key: &str) -> Self {
        let mut socket = connect(address);
        socket.write_all(&hello(MAGIC)).unwrap();
        let mut answer = [0; ANSWER_LEN];
        socket.read_exact(&mut answer).unwrap();
        // Proofs, and the keys of frames, are hashes of a label and of the random bytes and number of the greeting.
        let greeting = [&RANDOM_1[..], &answer[MAGIC.len()..PROOF_OFFSET], &NUMBER_1];
        let labelled = |label: &[u8]| hash(key.as_bytes(), &[&[label], &greeting[..]].concat());
        assert_eq!(answer[PROOF_OFFSET..], labelled(b"tor-streams collects"), "the proof of process 0");
        socket.write_all(&proof(key, &answer)).unwrap();
        let keys = [labelled(b"tor-streams delivers"), labelled(b"tor-streams receives")];
        Self { socket, keys, frames: [0; 2] }
    }

    /// Answers another process as process 0.
    pub(super) fn answer(mut socket: TcpStream, key: &str) -> Self {
        let mut hello = [0; MAGIC.len() + NUMBER_1.len() + HASH_LEN];
        socket.read_exact(&mut hello).unwrap();
        let (magic, number_and_random) = hello.split_at(MAGIC.len());
        let (number, random) = number_and_random.split_at(NUMBER_1.len());
        assert_eq!(magic, MAGIC);
        let greeting = [random, &RANDOM_0, number];
        let labelled = |label: &[u8]| hash(key.as_bytes(), &[&[label], &greeting[..]].concat());
        socket.write_all(&[&MAGIC[..], &RANDOM_0, &labelled(b"tor-streams collects")].concat()).unwrap();
        let mut proof = [0; HASH_LEN];
        socket.read_exact(&mut proof).unwrap();
        assert_eq!(proof, labelled(b"tor-streams connects"), "the proof of the other process");
        let keys = [labelled(b"tor-streams receives"), labelled(b"tor-streams delivers")];
        Self { socket, keys, frames: [0; 2] }
    }

    /// Returns the next frame: its kind, the length of the content, the content, and the tag.
    pub(super) fn frame(&mut self, kind: u8, bytes: &[u8]) -> Vec<u8> {
        let frame = [&[kind], &(bytes.len() as u32).to_be_bytes()[..], bytes].concat();
        let tag = hash(&self.keys[0], &[&self.frames[0].to_be_bytes(), &frame]);
        self.frames[0] += 1;
        [&frame[..], &tag].concat()
    }

    /// Sends a frame.
    pub(super) fn send(&mut self, kind: u8, bytes: &[u8]) -> io::Result<()> {
        let frame = self.frame(kind, bytes);
        self.socket.write_all(&frame)
    }

    /// Receives the next frame that has bytes: its kind and bytes.
    pub(super) fn receive(&mut self) -> (u8, Vec<u8>) {
        loop {
            // The kind, and the length in four bytes.
            let mut head = [0; 5];
            self.socket.read_exact(&mut head).unwrap();
            let mut bytes = vec![0; u32::from_be_bytes(head[1..].try_into().unwrap()) as usize + HASH_LEN];
            self.socket.read_exact(&mut bytes).unwrap();
            let tag = bytes.split_off(bytes.len() - HASH_LEN);
            assert_eq!(tag, hash(&self.keys[1], &[&self.frames[1].to_be_bytes(), &head, &bytes]));
            self.frames[1] += 1;
            if head[0] != ALIVE {
                return (head[0], bytes);
            }
        }
    }

    /// Receives the next message, which may have several frames.
    pub(super) fn message(&mut self) -> Vec<u8> {
        let mut message = Vec::new();
        loop {
            let (kind, bytes) = self.receive();
            message.extend_from_slice(&bytes);
            if kind == LAST {
                return message;
            }
        }
    }

    /// Sends a message that fits in a frame.
    pub(super) fn json(&mut self, message: &serde_json::Value) {
        self.send(LAST, message.to_string().as_bytes()).unwrap();
    }

    /// Joins the run, as a process that sees these files as process 0 does. Returns the offer of process 0, and the files that
    /// are divided.
    pub(super) fn begin(&mut self, files: &[usize]) -> [serde_json::Value; 2] {
        self.join();
        let offer = serde_json::from_slice(&self.message()).unwrap();
        self.json(&serde_json::json!({"seen": {"files": files, "jobs": 1}}));
        [offer, serde_json::from_slice(&self.message()).unwrap()]
    }

    /// Sends back the fingerprint of the run. The other side has sent it without waiting, and takes this for a process of its run.
    pub(super) fn join(&mut self) {
        let (kind, fingerprint) = self.receive();
        assert_eq!((kind, fingerprint.len()), (LAST, HASH_LEN));
        self.send(LAST, &fingerprint).unwrap();
    }
}
