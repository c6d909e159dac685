//! The door of process 0: it waits for the other processes to connect.
//!
//! Anybody may connect. Each connection has a few seconds for its greeting, whatever it sends meanwhile. If there are too
//! many, the oldest ones are closed, so that connections which are only held open keep nobody out.

use alloc::collections::VecDeque;
use alloc::sync::Arc;
use core::net::SocketAddr;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::io;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Instant;

use super::greeting::{GreetingError, ProvenConnection, answer};
use super::key::{KEY_VARIABLE, RunKey};

/// Maximum number of connections in their greeting, each with a thread. A greeting takes a moment, so only strangers can reach it.
const MAX_WAITING: usize = 64;
/// Pause between two looks for a new connection.
const PAUSE: Duration = Duration::from_millis(20);

/// The door, while it is open.
pub(crate) struct Door {
    /// Listening socket.
    listener: TcpListener,
    /// Connections that may still be in their greeting, the oldest first.
    waiting: VecDeque<PendingGreeting>,
    /// Sender of the results of greetings.
    sender: Sender<Greeted>,
    /// Receiver of these results.
    greeted: Receiver<Greeted>,
    /// Key of the run.
    key: Arc<RunKey>,
    /// Timeout for the next frame of a connection, after its greeting.
    silence: Duration,
    /// Set after a greeting with another key.
    other_key: bool,
    /// Set after a greeting of another version.
    other_version: bool,
}

/// The result of a greeting.
type Greeted = Result<ProvenConnection, GreetingError>;

/// A connection that may still be in its greeting.
struct PendingGreeting {
    /// The connection.
    socket: TcpStream,
    /// Set by the greeting when it ends, or by the door when it closes the connection: whichever comes first decides the result.
    is_over: Arc<AtomicBool>,
}

impl Door {
    /// Listens on the first of the addresses that the system allows.
    ///
    /// # Errors
    ///
    /// If none does.
    pub(crate) fn open(addresses: &[SocketAddr], key: Arc<RunKey>, silence: Duration) -> io::Result<Self> {
        let listener = TcpListener::bind(addresses)?;
        listener.set_nonblocking(true)?;
        let (sender, greeted) = mpsc::channel();
        Ok(Self {
            listener,
            waiting: VecDeque::new(),
            sender,
            greeted,
            key,
            silence,
            other_key: false,
            other_version: false,
        })
    }

    /// Returns the next process that has proved itself. `None` after the deadline.
    pub(crate) fn next(&mut self, deadline: Instant) -> Option<ProvenConnection> {
        while Instant::now() < deadline {
            self.let_in();
            match self.greeted.recv_timeout(PAUSE) {
                Ok(Ok(connection)) => return Some(connection),
                Ok(Err(GreetingError::Key)) => self.other_key = true,
                Ok(Err(GreetingError::Version)) => self.other_version = true,
                Ok(Err(GreetingError::Lost(_) | GreetingError::Stranger)) => {}
                Err(_) => {}
            }
        }
        None
    }

    /// Returns a reason for which processes may not have come, for the end of a message. Empty if none is known.
    pub(crate) fn hint(&self) -> String {
        if self.other_key {
            format!(": a process with another {KEY_VARIABLE}, or none, has called")
        } else if self.other_version {
            ": a tor-streams of another version has called".into()
        } else {
            String::new()
        }
    }

    /// Begins the greetings of new connections, each in a thread of its own.
    fn let_in(&mut self) {
        self.waiting.retain(|waiting| !waiting.is_over.load(Ordering::Relaxed));
        // No more at once than may wait: else connections would be closed that have had no time at all.
        for _ in 0..MAX_WAITING {
            // Nobody has connected, or too many files are open until older connections are closed.
            let Ok((socket, _)) = self.listener.accept() else { return };
            let Ok(copy) = socket.try_clone() else { return };
            if self.waiting.len() == MAX_WAITING {
                self.waiting.pop_front().into_iter().for_each(PendingGreeting::end);
            }
            let is_over = Arc::<AtomicBool>::default();
            self.waiting.push_back(PendingGreeting { socket: copy, is_over: Arc::clone(&is_over) });
            let (sender, key, silence) = (self.sender.clone(), Arc::clone(&self.key), self.silence);
            let greeting = move || {
                let greeted = answer(socket, &key, silence);
                let is_late = is_over.swap(true, Ordering::Relaxed);
                let late = || Err(GreetingError::Lost(io::ErrorKind::TimedOut.into()));
                // The door may be closed.
                let _ = sender.send(if is_late { late() } else { greeted });
            };
            if thread::Builder::new().spawn(greeting).is_err() {
                self.waiting.pop_back().into_iter().for_each(PendingGreeting::end);
            }
        }
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.waiting.drain(..).for_each(PendingGreeting::end);
    }
}

impl PendingGreeting {
    /// Ends a connection, and with it the thread of its greeting, unless the greeting is over.
    fn end(self) {
        if !self.is_over.swap(true, Ordering::Relaxed) {
            // The connection may be lost already.
            let _ = self.socket.shutdown(Shutdown::Both);
        }
    }
}
