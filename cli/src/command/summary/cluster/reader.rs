//! A process that reads: it sends the tallies of its share of the files to process 0.

use alloc::sync::Arc;
use core::convert::Infallible;
use std::io;
use std::sync::Mutex;
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use super::super::mergeable::{End, Line};
use super::super::{Options, SummaryLog, SummaryLogs};
use super::greeting::{Connection, Refused, call};
use super::key::VARIABLE;
use super::wire::{Message, Receiver, Sender};
use super::{LAST_WORDS, Run, lock};
use crate::input::Input;
use crate::input::threads::{self, Collector};

/// Maximum length of a message from process 0 in bytes.
const MESSAGE: u64 = 1024;
/// Pause between two attempts to connect.
const PAUSE: core::time::Duration = core::time::Duration::from_millis(50);

/// Message from process 0 that all processes have come up.
pub(super) const START: &[u8] = b"start";
/// Message from process 0 that it has all tallies.
pub(super) const DONE: &[u8] = b"done";

/// Collector of this process: sends the tally of each file.
struct Sending {
    /// Connection to process 0.
    sender: Arc<Mutex<Sender>>,
    /// Set while all logs were in order so far.
    complete: bool,
}

impl Collector<SummaryLog> for Sending {
    fn print(&mut self, rows: Infallible) -> io::Result<()> {
        match rows {}
    }

    fn log(&mut self, log: SummaryLog, _index: usize, all_read: bool) -> io::Result<()> {
        let log = log.finish(all_read);
        self.complete &= log.complete;
        self.send(&Line::Log(Box::new(log)))
    }
}

impl Sending {
    /// Sends a line.
    fn send(&self, line: &Line) -> io::Result<()> {
        lock(&self.sender).message(&serde_json::to_vec(line)?)
    }
}

/// Reads this process's share of the files. Returns `false` if a file or a line could not be read.
pub(super) fn run(run: &Arc<Run>, options: Options, inputs: Vec<Input>, listed: bool) -> io::Result<bool> {
    let names: Vec<_> = inputs.iter().map(|input| input.name.clone()).collect();
    let logs = SummaryLogs::new(&options.read.filter, options.streams, &names);
    let (sender, mut receiver) = connect(run);
    wait_for(run, &mut receiver, START);

    let (done, is_done) = mpsc::channel();
    let receiving = Arc::clone(run);
    thread::Builder::new().spawn(move || {
        wait_for(&receiving, &mut receiver, DONE);
        done.send(())
    })?;
    let share = share(inputs, run);
    let mut sending = Sending { sender, complete: true };
    let read = Arc::new(options.read);
    let sent = threads::read(&read, share, logs, &mut sending).and_then(|all_read| {
        let complete = listed && all_read && sending.complete;
        sending.send(&Line::End(End { files: 0, complete, seen_words: read.filter.seen_words() }))?;
        Ok(complete)
    });
    let complete = sent.unwrap_or_else(|error| {
        // The other thread may be about to read the reason.
        thread::sleep(LAST_WORDS);
        run.lost(0, &error.to_string())
    });
    // The other thread ends the program if process 0 is lost.
    let _ = is_done.recv();
    Ok(complete)
}

/// Returns a process's share of the files.
pub(super) fn share(inputs: Vec<Input>, run: &Run) -> Vec<(usize, Input)> {
    let (this, processes) = (usize::from(run.process), run.processes());
    inputs.into_iter().enumerate().filter(|(index, _)| index % processes == this).collect()
}

/// Connects to process 0, which may not have come up yet, and compares the fingerprints of the run.
fn connect(run: &Run) -> (Arc<Mutex<Sender>>, Receiver) {
    let deadline = Instant::now() + run.wait;
    loop {
        let error = match call(&run.addresses, run.process, &run.key, run.wait) {
            Ok(connection) => match compare(run, connection) {
                Ok(connection) => return connection,
                Err(error) => error,
            },
            Err(Refused::Stranger) => run.give_up(&format!("what answers is not {}", run.name(0))),
            Err(Refused::Key) => run.give_up(&format!("{} has another {VARIABLE}, or none", run.name(0))),
            Err(Refused::Lost(error)) => error.to_string(),
        };
        if Instant::now() >= deadline {
            let seconds = run.wait.as_secs();
            run.give_up(&format!("{} did not come up within {seconds} seconds: {error}", run.name(0)));
        }
        thread::sleep(PAUSE);
    }
}

/// Exchanges fingerprints of the run. Returns an error if the connection is lost.
fn compare(run: &Run, connection: Connection) -> Result<(Arc<Mutex<Sender>>, Receiver), String> {
    let Connection { mut sender, mut receiver, .. } = connection;
    sender.message(&run.fingerprint).map_err(|error| error.to_string())?;
    match receiver.message(MESSAGE)? {
        Message::Bytes(theirs) if theirs == run.fingerprint => Ok((run.connected(0, sender), receiver)),
        Message::Bytes(_) => run.give_up(&run.other_run(0)),
        Message::Lost(reason) => run.give_up(&reason),
    }
}

/// Waits for a message of process 0. Ends the program if something else comes.
fn wait_for(run: &Run, receiver: &mut Receiver, expected: &[u8]) {
    match receiver.message(MESSAGE) {
        Ok(Message::Bytes(message)) if message == expected => {}
        Ok(Message::Bytes(_)) => run.lost(0, "it sends what no tor-streams sends"),
        Ok(Message::Lost(reason)) => run.give_up(&reason),
        Err(reason) => run.lost(0, &reason),
    }
}
