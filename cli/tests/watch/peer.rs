//! A control port that the test plays.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread::{self, JoinHandle};

use crate::program::TIME_LIMIT;

/// A control port that the test plays.
pub(crate) struct Peer {
    /// The connection.
    pub(crate) stream: BufReader<TcpStream>,
}

impl Peer {
    /// Plays a control port for one connection, in a thread. Returns the port's address, and the thread.
    pub(crate) fn play<T: Send + 'static>(
        script: impl FnOnce(&mut Self) -> T + Send + 'static,
    ) -> (String, JoinHandle<T>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        (address, thread::spawn(move || script(&mut Self::accept(&listener))))
    }

    /// Plays a control port for two connections, one after the other, which are numbered from 0.
    pub(crate) fn play_twice(script: impl Fn(&mut Self, usize) + Send + 'static) -> (String, JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let play_both = move || (0..2).for_each(|connection| script(&mut Self::accept(&listener), connection));
        (address, thread::spawn(play_both))
    }

    /// Waits for a connection.
    fn accept(listener: &TcpListener) -> Self {
        let (stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(TIME_LIMIT)).unwrap();
        stream.set_write_timeout(Some(TIME_LIMIT)).unwrap();
        Self { stream: BufReader::new(stream) }
    }

    /// Reads a command, which has to begin with `begin`, and returns the rest of it.
    pub(crate) fn command(&mut self, begin: &str) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        line.strip_prefix(begin).unwrap_or_else(|| panic!("{begin:?}: {line:?}")).trim_end().into()
    }

    /// Sends text. The program may be gone.
    pub(crate) fn send(&mut self, text: &str) {
        let _ = self.stream.get_mut().write_all(text.as_bytes());
    }

    /// Reads what else the program sends, until it ends.
    pub(crate) fn rest(&mut self) -> String {
        let mut rest = String::new();
        // The program may end with bytes unread, which resets the connection.
        let _ = self.stream.read_to_string(&mut rest);
        rest
    }

    /// Plays a port without authentication up to the subscription, and sends `text` in place of the reply to it.
    pub(crate) fn subscribe(&mut self, text: &str) {
        self.command("PROTOCOLINFO 1");
        self.send("250-PROTOCOLINFO 1\r\n250-AUTH METHODS=NULL\r\n250 OK\r\n");
        self.command("AUTHENTICATE");
        self.send("250 OK\r\n");
        self.command("SETEVENTS STREAM");
        self.send(text);
    }
}
