//! Fake processes: the protocol of a cluster once more, written from the description in `cli/src/command/summary/cluster/greeting.rs`
//! and `wire.rs`.

use core::time::Duration;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Instant;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::process::LIMIT;

/// First bytes of a greeting.
pub(super) const MAGIC: &[u8; 15] = b"tor-streams 3\r\n";

/// A frame that shows that its sender is alive.
pub(super) const ALIVE: u8 = 0;
/// A frame with the last bytes of a message.
pub(super) const LAST: u8 = 2;

/// Returns the hash of some texts.
pub(super) fn hash(key: &[u8], texts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Hmac::<Sha256>::new_from_slice(key).unwrap();
    texts.iter().for_each(|text| hash.update(text));
    hash.finalize().into_bytes().into()
}

/// A connection to process 0, or from another process.
pub(super) struct Peer {
    /// The connection.
    pub(super) socket: TcpStream,
    /// Keys of the frames that are sent, and received.
    keys: [[u8; 32]; 2],
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
        socket.write_all(&[&MAGIC[..], &[0, 1], &[7; 32]].concat()).unwrap();
        let mut answer = [0; 15 + 32 + 32];
        socket.read_exact(&mut answer).unwrap();
        let nonces = [&[7; 32], &answer[15..47], &[0, 1]];
        let hash = |label: &[u8]| hash(key.as_bytes(), &[&[label], &nonces[..]].concat());
        assert_eq!(answer[47..], hash(b"tor-streams collects"), "the proof of process 0");
        socket.write_all(&hash(b"tor-streams connects")).unwrap();
        let keys = [hash(b"tor-streams delivers"), hash(b"tor-streams receives")];
        Self { socket, keys, frames: [0; 2] }
    }

    /// Answers another process as process 0.
    pub(super) fn answer(mut socket: TcpStream, key: &str) -> Self {
        let mut hello = [0; 15 + 2 + 32];
        socket.read_exact(&mut hello).unwrap();
        assert_eq!(hello[..15], MAGIC[..]);
        let nonces = [&hello[17..], &[9; 32], &hello[15..17]];
        let hash = |label: &[u8]| hash(key.as_bytes(), &[&[label], &nonces[..]].concat());
        socket.write_all(&[&MAGIC[..], &[9; 32], &hash(b"tor-streams collects")].concat()).unwrap();
        let mut proof = [0; 32];
        socket.read_exact(&mut proof).unwrap();
        assert_eq!(proof, hash(b"tor-streams connects"), "the proof of the other process");
        let keys = [hash(b"tor-streams receives"), hash(b"tor-streams delivers")];
        Self { socket, keys, frames: [0; 2] }
    }

    /// Returns the bytes of the next frame.
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
            let mut head = [0; 5];
            self.socket.read_exact(&mut head).unwrap();
            let mut bytes = vec![0; u32::from_be_bytes(head[1..].try_into().unwrap()) as usize + 32];
            self.socket.read_exact(&mut bytes).unwrap();
            let tag = bytes.split_off(bytes.len() - 32);
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

    /// Sends back the fingerprint of the run, as a process of this run does.
    pub(super) fn join(&mut self) {
        let (kind, fingerprint) = self.receive();
        assert_eq!((kind, fingerprint.len()), (LAST, 32));
        self.send(LAST, &fingerprint).unwrap();
    }
}
