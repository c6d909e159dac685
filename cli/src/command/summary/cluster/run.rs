//! The run, as one of its processes sees it: who the others are, and how this process ends if one of them is lost.

use alloc::sync::Arc;
use core::net::SocketAddr;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::io::{self, Write};
use std::net::ToSocketAddrs;
use std::process;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use super::connection::{FrameSender, RunKey};
use crate::output::text::{error_text, escape};

/// Exit status if no summary is printed, because another process is missing.
const EXIT_INCOMPLETE: i32 = 3;
/// Delay before process 0 ends when it gives up, in which the others read the reason; and timeout for sending it to one of them.
pub(super) const LAST_WORDS: Duration = Duration::from_millis(500);
/// Maximum pause between two empty frames, which show the others that this process is alive.
const MAX_PAUSE: Duration = Duration::from_secs(5);

/// The sending side of a connection, which several threads use.
pub(super) type SharedSender = Arc<Mutex<FrameSender>>;

/// A run over several machines, as this process sees it.
pub(super) struct ClusterRun {
    /// Number of this process.
    pub(super) process: u16,
    /// Address of each process, as HOST:PORT, by its number. There is at least one.
    pub(super) hosts: Vec<String>,
    /// Timeout for all processes to come up, and for the next frame of a connection.
    pub(super) wait: Duration,
    /// Key of the run.
    pub(super) key: Arc<RunKey>,
    /// Hash of version, addresses, files and options: the same for all processes of a run.
    pub(super) fingerprint: [u8; 32],
    /// Sending sides of all connections, which are kept alive, each with the number of the process at the other end.
    pub(super) connections: Arc<Mutex<Vec<(u16, SharedSender)>>>,
    /// Set in process 0 when it has all tallies: from then on, a lost connection is no failure.
    pub(super) is_complete: AtomicBool,
    /// Set in process 0 when the output cannot be written. Its main thread then reports this and ends the process.
    pub(super) output_failed: AtomicBool,
}

impl ClusterRun {
    /// Returns the number and the address of a process, for messages.
    pub(super) fn name(&self, process: u16) -> String {
        let host = self.hosts.get(usize::from(process)).map_or("", String::as_str);
        format!("process {process} ({host})")
    }

    /// Returns the number of processes.
    pub(super) fn processes(&self) -> usize {
        self.hosts.len()
    }

    /// Returns the addresses of process 0, which listens on one of them. Ends the program if its name cannot be resolved.
    pub(super) fn collector_addresses(&self) -> Vec<SocketAddr> {
        let host = self.hosts.first().map_or("", String::as_str);
        match host.to_socket_addrs() {
            Ok(addresses) => addresses.collect(),
            Err(error) => self.give_up(&format!("{}: {}", self.name(0), error_text(&error))),
        }
    }

    /// Returns the message about a process whose fingerprint differs.
    pub(super) fn other_run(&self, process: u16) -> String {
        format!(
            "process {process} was started with other addresses, files or options, or is of another version (a relative --since or --until differs between processes)"
        )
    }

    /// Adds the connection to a process to those that are kept alive, and returns its sending side.
    pub(super) fn connected(&self, process: u16, sender: FrameSender) -> SharedSender {
        let sender = Arc::new(Mutex::new(sender));
        lock(&self.connections).push((process, Arc::clone(&sender)));
        sender
    }

    /// Starts the thread that sends empty frames, so that the others know that this process is alive.
    pub(super) fn keep_alive(&self) {
        // Several frames within the timeout of the others: one may be late.
        let (connections, pause) = (Arc::clone(&self.connections), (self.wait / 4).min(MAX_PAUSE));
        let keep_alive = move || {
            loop {
                thread::sleep(pause);
                let senders = lock(&connections).clone();
                for (_, sender) in senders {
                    // The thread that receives from this connection reports its end.
                    let _ = lock(&sender).alive();
                }
            }
        };
        if let Err(error) = thread::Builder::new().spawn(keep_alive) {
            self.give_up(&error_text(&error));
        }
    }

    /// Ends this process because another one is lost, for this reason.
    pub(super) fn lost(&self, process: u16, reason: &str) -> ! {
        self.give_up(&format!("{} ended before the summary was complete: {reason}", self.name(process)))
    }

    /// Prints a message and ends this process; process 0 tells the reason to all others before. Of several threads that call
    /// this function, only the first one's message is printed.
    pub(super) fn give_up(&self, message: &str) -> ! {
        while self.output_failed.load(Ordering::SeqCst) {
            // That is the cause, and the main thread reports it when it ends the process.
            thread::park();
        }
        // The lock is held until the process ends, so that no message follows this one.
        let mut stderr = io::stderr().lock();
        // There is no other place to report a failure.
        let _ = writeln!(stderr, "tor-streams: {}", escape(message));
        if self.process == 0 {
            for (_, sender) in lock(&self.connections).iter() {
                // A thread that writes to a process which does not read may hold the lock for ever.
                if let Ok(mut sender) = sender.try_lock() {
                    let _ = sender.lost(message, LAST_WORDS);
                }
            }
            thread::sleep(LAST_WORDS);
        }
        process::exit(EXIT_INCOMPLETE)
    }
}

/// Locks a value, which is valid even if a thread has panicked.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{RecvTimeoutError, channel};

    use super::*;

    /// After the output has failed, another thread that gives up does not end the process, which would be this test's.
    #[test]
    fn the_output_failed_first() {
        let run = ClusterRun {
            process: 0,
            hosts: vec!["127.0.0.1:1".into()],
            wait: Duration::from_secs(1),
            key: Arc::new(RunKey::from_environment().unwrap()),
            fingerprint: [0; 32],
            connections: Arc::default(),
            is_complete: AtomicBool::new(false),
            output_failed: AtomicBool::new(true),
        };
        let (sender, receiver) = channel::<()>();
        thread::spawn(move || {
            let _held = sender;
            run.give_up("a process has sent too few ranges")
        });
        assert_eq!(receiver.recv_timeout(LAST_WORDS * 3), Err(RecvTimeoutError::Timeout));
    }
}
