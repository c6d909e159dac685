//! Processes of a cluster on this machine.

use core::time::Duration;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Instant;

/// Time limit of anything that has to happen. On a quiet machine it takes a second.
pub(super) const LIMIT: Duration = Duration::from_secs(60);

/// Name of the environment variable with the key.
const KEY: &str = "TOR_STREAMS_CLUSTER_KEY";

/// The result of a process.
#[derive(Debug)]
pub(super) struct Ran {
    /// Exit status; `None` if the process was killed.
    pub(super) status: Option<i32>,
    /// Text on standard output.
    pub(super) stdout: String,
    /// Lines on standard error.
    pub(super) stderr: Vec<String>,
}

/// A process that runs, and is killed if its test fails.
pub(super) struct Running {
    /// The process.
    pub(super) child: Child,
    /// Text on standard output, at the end.
    stdout: Receiver<String>,
    /// Lines on standard error.
    stderr: Receiver<String>,
}

impl Running {
    /// Starts `summary` with these arguments, an open standard input, and no key.
    pub(super) fn start(arguments: &[&str]) -> Self {
        Self::with_key(None, arguments)
    }

    /// Starts `summary` with a key in its environment, in the folder of the captures.
    pub(super) fn with_key(key: Option<&str>, arguments: &[&str]) -> Self {
        Self::in_folder(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/data").as_ref(), key, arguments)
    }

    /// Starts `summary` in a folder, with a key in its environment if one is given.
    pub(super) fn in_folder(folder: &Path, key: Option<&str>, arguments: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tor-streams"));
        command.env_remove(KEY).envs(key.map(|key| (KEY, key)));
        let mut child = command
            .arg("summary")
            .args(arguments)
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (mut stdout, stderr) = (child.stdout.take().unwrap(), BufReader::new(child.stderr.take().unwrap()));
        let (text, printed) = mpsc::channel();
        let (line, complained) = mpsc::channel();
        thread::spawn(move || {
            let mut all = String::new();
            stdout.read_to_string(&mut all).unwrap();
            let _ = text.send(all);
        });
        thread::spawn(move || stderr.lines().for_each(|text| drop(line.send(text.unwrap()))));
        Self { child, stdout: printed, stderr: complained }
    }

    /// Writes a line of a control connection to the process's standard input, which stays open.
    pub(super) fn write(&mut self, line: &str) {
        write!(self.child.stdin.as_mut().unwrap(), "{line}\r\n").unwrap();
    }

    /// Waits for the next line on standard error.
    #[track_caller]
    pub(super) fn complaint(&self) -> String {
        self.stderr.recv_timeout(LIMIT).unwrap()
    }

    /// Waits for the process to end.
    #[track_caller]
    pub(super) fn ended(mut self) -> Ran {
        let begin = Instant::now();
        let status = loop {
            match self.child.try_wait().unwrap() {
                Some(status) => break status.code(),
                None if begin.elapsed() > LIMIT => panic!("it hangs"),
                None => thread::sleep(Duration::from_millis(10)),
            }
        };
        let stdout = self.stdout.recv_timeout(LIMIT).unwrap();
        Ran { status, stdout, stderr: self.stderr.iter().collect() }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // The process may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns addresses of this machine on which nobody listens.
pub(super) fn addresses(count: usize) -> Vec<String> {
    // The listeners exist at the same time, so no two addresses are the same.
    let listeners: Vec<_> = (0..count).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    listeners.iter().map(|listener| listener.local_addr().unwrap().to_string()).collect()
}

/// Starts a process of a cluster.
pub(super) fn start(addresses: &[String], process: usize, arguments: &[&str]) -> Running {
    start_with_key(None, addresses, process, arguments)
}

/// Starts a process of a cluster with a key in its environment.
pub(super) fn start_with_key(key: Option<&str>, addresses: &[String], process: usize, arguments: &[&str]) -> Running {
    let (addresses, process) = (addresses.join(","), process.to_string());
    Running::with_key(key, &[&["--cluster", &addresses, "--process", &process], arguments].concat())
}

/// Runs a cluster of some processes, the last one started first.
#[track_caller]
pub(super) fn cluster(processes: usize, arguments: &[&str]) -> Vec<Ran> {
    let addresses = addresses(processes);
    let running: Vec<_> = (0..processes).rev().map(|process| start(&addresses, process, arguments)).collect();
    running.into_iter().rev().map(Running::ended).collect()
}
