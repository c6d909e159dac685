//! A summary made by several processes.
//!
//! Process 0 is the [collector]; each other process is a [member]. A member
//!
//! 1. connects to the collector's [door], and proves in a [greeting] that it has the [key] of the run;
//! 2. [agrees](agreement) with all others on the long files that are divided, each process reading ranges of them;
//! 3. reads its share of the files, and sends the tally of each file and the [ranges](range) of divided ones.
//!
//! The collector reads a share, too, and merges the tallies of all files in their order. [`wire`] says how messages travel.

mod agreement;
mod collector;
mod door;
mod greeting;
mod key;
mod member;
mod message;
mod range;
mod wire;

use alloc::sync::Arc;
use core::net::SocketAddr;
use core::sync::atomic::AtomicBool;
use core::time::Duration;
use std::io::{self, Write};
use std::net::ToSocketAddrs;
use std::process;
use std::sync::{Mutex, PoisonError};
use std::thread;

use sha2::{Digest, Sha256};

use self::key::{KEY_VARIABLE, RunKey};
use self::wire::FrameSender;
use super::Options;
use crate::arguments::exit_with_mistake;
use crate::input::Input;
use crate::output::text::{error_text, escape};

/// Exit status if no summary is printed, because another process is missing.
const EXIT_INCOMPLETE: i32 = 3;
/// Delay before a process that gives up ends. Meanwhile the others read the reason.
const LAST_WORDS: Duration = Duration::from_millis(500);

/// The options of a run over several machines.
#[derive(clap::Args)]
pub(crate) struct ClusterOptions {
    /// Let processes on several machines read a share of the files each
    ///
    /// Start the same command once for each address, with the addresses in the
    /// same order:
    ///
    ///   on the machine `one`:
    ///     tor-streams --cluster one:4000,two:4000 --process 0 logs/*
    ///   on the machine `two`:
    ///     tor-streams --cluster one:4000,two:4000 --process 1 logs/*
    ///
    /// Of N processes, process I reads the files I, I+N, I+2N and so on of the
    /// list, counted from 0, with as many threads as --jobs says. The list has to
    /// be the same for all, but a file has to exist only where it is read. A long
    /// plain file that all processes see, as on a shared file system, is divided:
    /// each reads ranges of it (--cluster-divide). A file or line that cannot be
    /// read is reported by the process that reads the file, or by process 0 if the
    /// file is divided. That process ends with exit status 1, as does process 0,
    /// which prints the summary that one process alone would print. The others
    /// print nothing.
    ///
    /// Process 0 listens on the first address, and the others connect to it:
    /// their own addresses are names for messages. If a process does not come up,
    /// ends before the summary is complete, or falls silent, all others end with
    /// exit status 3, and no summary is printed.
    ///
    /// Each process proves that it has the key in the environment variable
    /// TOR_STREAMS_CLUSTER_KEY, of at least 16 bytes, such as those of
    /// `openssl rand -hex 32`. Without a key, only addresses of this machine are
    /// allowed. Connections are not encrypted, and tell which hosts were asked
    /// for: use a network that you trust, or a tunnel; or `tor-streams merge` and
    /// ssh, which need no open port.
    #[arg(long, help_heading = "Cluster", value_name = "HOST:PORT,...", requires = "process", conflicts_with = "join")]
    #[arg(value_delimiter = ',', value_parser = address, verbatim_doc_comment)]
    cluster: Vec<String>,
    /// Number of this process, which is that of its address, counted from 0
    #[arg(long, help_heading = "Cluster", value_name = "I", requires = "cluster")]
    process: Option<u16>,
    /// Time to wait for the other processes to come up, and for a process that has fallen silent
    #[arg(long, help_heading = "Cluster", value_name = "SECONDS", default_value_t = 60, requires = "cluster")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    cluster_wait: u32,
    /// Minimum length of a file that is divided among all processes
    ///
    /// Such a file is plain, and the same for all: it has the same name, length, beginning and end. With a number that no
    /// file reaches, no file is divided
    #[arg(long, help_heading = "Cluster", value_name = "BYTES", default_value_t = 64 * 1024 * 1024, requires = "cluster")]
    cluster_divide: u64,
    /// Allow all addresses without a key: then anybody who can connect can see and change the summary
    #[arg(long, help_heading = "Cluster", requires = "cluster")]
    cluster_insecure: bool,
}

/// A run over several machines, as this process sees it.
struct ClusterRun {
    /// Number of this process.
    process: u16,
    /// Address of each process, as HOST:PORT, by its number.
    hosts: Vec<String>,
    /// Resolved addresses of process 0.
    collector_addresses: Vec<SocketAddr>,
    /// Timeout for all processes to come up, and for the next frame of a connection.
    wait: Duration,
    /// Key of the run.
    key: Arc<RunKey>,
    /// Hash of version, addresses, files and options: the same for all processes of a run.
    fingerprint: [u8; 32],
    /// Sending sides of all connections, which are kept alive.
    connections: Connections,
    /// Set in process 0 when it has all tallies: from then on, a lost connection is no failure.
    is_complete: AtomicBool,
}

/// The sending sides of all connections, each with the number of the process at the other end.
type Connections = Arc<Mutex<Vec<(u16, Arc<Mutex<FrameSender>>)>>>;

impl ClusterOptions {
    /// Returns the number of this process. `None` without a cluster. Ends the program if the process has no address.
    pub(super) fn process(&self) -> Option<u16> {
        let process = self.process?;
        if usize::from(process) >= self.cluster.len() {
            let message = format!("--process {process}, but --cluster has {} addresses, from 0", self.cluster.len());
            exit_with_mistake(clap::error::ErrorKind::ValueValidation, &message);
        }
        Some(process)
    }

    /// Returns the key of the run. Ends the program if it is missing and needed.
    fn key(&self) -> RunKey {
        let key = RunKey::from_environment()
            .unwrap_or_else(|error| exit_with_mistake(clap::error::ErrorKind::ValueValidation, &error));
        let is_local = |host: &String| {
            let addresses = host.to_socket_addrs().map(Vec::from_iter).unwrap_or_default();
            !addresses.is_empty() && addresses.iter().all(|address| address.ip().is_loopback())
        };
        let other = self.cluster.iter().find(|host| !is_local(host));
        if let Some(other) = other.filter(|_| key.is_missing() && !self.cluster_insecure) {
            let message = format!(
                "{} is no address of this machine: set {KEY_VARIABLE} to the same secret on all, or allow it with --cluster-insecure",
                escape(other)
            );
            exit_with_mistake(clap::error::ErrorKind::ValueValidation, &message);
        }
        key
    }
}

/// Returns an address of the command line, checked to have a port.
fn address(text: &str) -> Result<String, &'static str> {
    let port = text.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
    port.map(|_| text.into()).ok_or("expected HOST:PORT")
}

/// Reads this process's share of the files. Process 0 prints the summary of all. Returns `false` if a file or a line
/// could not be read: by this process, or, for process 0, by any.
///
/// # Errors
///
/// If the output cannot be written.
pub(super) fn run(process: u16, options: Options) -> io::Result<bool> {
    let (inputs, listed) = options.read.inputs.list();
    let key = Arc::new(options.cluster.key());
    let fingerprint = fingerprint(&options, &inputs);
    let hosts = options.cluster.cluster.clone();
    let addresses = hosts.first().map(|host| host.to_socket_addrs().map(Vec::from_iter));
    let wait = Duration::from_secs(options.cluster.cluster_wait.into());
    let (connections, is_complete) = (Connections::default(), AtomicBool::new(false));
    let run = ClusterRun {
        process,
        hosts,
        collector_addresses: Vec::new(),
        wait,
        key,
        fingerprint,
        connections,
        is_complete,
    };
    let addresses = match addresses {
        Some(Ok(addresses)) => addresses,
        Some(Err(error)) => run.give_up(&format!("{}: {}", run.name(0), error_text(&error))),
        None => Vec::new(),
    };
    let run = Arc::new(ClusterRun { collector_addresses: addresses, ..run });
    run.keep_alive();
    if process == 0 {
        collector::run(&run, options, inputs, listed)
    } else {
        member::run(&run, options, inputs, listed)
    }
}

/// Returns the hash that is the same for all processes of a run: of version, addresses, files and options.
fn fingerprint(options: &Options, inputs: &[Input]) -> [u8; 32] {
    let names: Vec<_> = inputs.iter().map(|input| &input.name).collect();
    let (read, cluster) = (&options.read, &options.cluster);
    let how = (&read.layout, &read.filter, read.lenient, options.streams, cluster.cluster_wait, cluster.cluster_divide);
    let parts = (env!("CARGO_PKG_VERSION"), &cluster.cluster, names, how);
    // Names, numbers and words can always be serialized.
    Sha256::digest(serde_json::to_vec(&parts).unwrap_or_default()).into()
}

impl ClusterRun {
    /// Returns the number and the address of a process, for messages.
    fn name(&self, process: u16) -> String {
        let host = self.hosts.get(usize::from(process)).map_or("", String::as_str);
        format!("process {process} ({host})")
    }

    /// Returns the number of processes.
    fn processes(&self) -> usize {
        self.hosts.len()
    }

    /// Returns the message about a process whose fingerprint differs.
    fn other_run(&self, process: u16) -> String {
        format!(
            "process {process} was started with other addresses, files or options, or is of another version (a relative --since or --until differs between processes)"
        )
    }

    /// Adds a connection to those that are kept alive, and returns its sending side.
    fn connected(&self, process: u16, sender: FrameSender) -> Arc<Mutex<FrameSender>> {
        let sender = Arc::new(Mutex::new(sender));
        lock(&self.connections).push((process, Arc::clone(&sender)));
        sender
    }

    /// Starts the thread that sends empty frames, so that the others know that this process is alive.
    fn keep_alive(&self) {
        let (connections, pause) = (Arc::clone(&self.connections), (self.wait / 4).min(Duration::from_secs(5)));
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
    fn lost(&self, process: u16, reason: &str) -> ! {
        self.give_up(&format!("{} ended before the summary was complete: {reason}", self.name(process)))
    }

    /// Prints a message and ends this process; process 0 tells the reason to all others before. Of several threads that call
    /// this function, only the first one's message is printed.
    fn give_up(&self, message: &str) -> ! {
        // The lock is held until the process ends, so that no message follows this one.
        let mut stderr = io::stderr().lock();
        // There is no other place to report a failure.
        let _ = writeln!(stderr, "tor-streams: {}", escape(message));
        if self.process == 0 {
            for (_, sender) in lock(&self.connections).iter() {
                // A thread may hold the lock for ever: it writes to a process that does not read.
                if let Ok(mut sender) = sender.try_lock() {
                    let _ = sender.lost(message, LAST_WORDS);
                }
            }
        }
        thread::sleep(LAST_WORDS);
        process::exit(EXIT_INCOMPLETE)
    }
}

/// Locks a value, which is valid even if a thread has panicked.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
