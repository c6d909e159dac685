//! A summary made by several processes.
//!
//! Process 0 is the [collector]; each other process is a [member]. A member
//!
//! 1. [connects](connection) to process 0, and proves that it has the key of the run;
//! 2. [agrees](agreement) with all others on the long files that are *divided*, each process reading ranges of them;
//! 3. reads its *share* of the files, and [sends](message) the tally of each file and the [ranges](range) of divided ones.
//!
//! The collector reads a share as well, receives from all [members], and merges the tallies in the order of the files.
//! [`run`](mod@run) has what each process knows of the run, and how it ends if another one is lost: then no process prints a
//! summary.

mod agreement;
mod collector;
mod connection;
mod member;
mod members;
mod message;
mod range;
mod run;

use alloc::sync::Arc;
use core::sync::atomic::AtomicBool;
use core::time::Duration;
use std::io;
use std::net::ToSocketAddrs;

use sha2::{Digest, Sha256};

use self::connection::{KEY_VARIABLE, RunKey};
use self::run::ClusterRun;
use super::Options;
use crate::arguments::exit_with_mistake;
use crate::input::Input;
use crate::output::text::escape;

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
    #[arg(value_delimiter = ',', value_parser = address_with_port, verbatim_doc_comment)]
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

/// Returns an address of the command line, if it has a port.
fn address_with_port(text: &str) -> Result<String, &'static str> {
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
    let (inputs, all_listed) = options.read.inputs.list();
    let run = Arc::new(ClusterRun {
        process,
        hosts: options.cluster.cluster.clone(),
        wait: Duration::from_secs(options.cluster.cluster_wait.into()),
        key: Arc::new(options.cluster.key()),
        fingerprint: fingerprint(&options, &inputs),
        connections: Arc::default(),
        is_complete: AtomicBool::new(false),
        output_failed: AtomicBool::new(false),
    });
    run.keep_alive();
    if process == 0 {
        collector::run(&run, options, inputs, all_listed)
    } else {
        member::run(&run, options, inputs, all_listed)
    }
}

/// Returns the hash that is the same for all processes of a run: of version, addresses, files and options.
fn fingerprint(options: &Options, inputs: &[Input]) -> [u8; 32] {
    let names: Vec<_> = inputs.iter().map(|input| &input.name).collect();
    let Options { read, streams, cluster, .. } = options;
    let reading = (&read.layout, &read.filter, read.lenient, streams, cluster.cluster_wait, cluster.cluster_divide);
    let run = (env!("CARGO_PKG_VERSION"), &cluster.cluster, names, reading);
    // Names, numbers and words can always be serialized.
    Sha256::digest(serde_json::to_vec(&run).unwrap_or_default()).into()
}
