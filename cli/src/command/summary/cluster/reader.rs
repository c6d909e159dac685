//! A process that reads: it sends the tallies of its share of the files to process 0.

use alloc::sync::Arc;
use core::convert::Infallible;
use core::ops::Range;
use std::io;
use std::sync::Mutex;
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use super::super::mergeable::EndOfLogs;
use super::super::{Options, SummaryLog, SummaryLogs};
use super::agreement::{Offer, Start};
use super::greeting::{Connection, Refused, call};
use super::key::VARIABLE;
use super::message::Message;
use super::range::{LONGEST, SentRange};
use super::wire::{self, Receiver, Sender};
use super::{LAST_WORDS, Run, lock};
use crate::input::Input;
use crate::input::threads::{self, Collector, Cuttable, Division, RangeResult};

/// Maximum length of a message from process 0 in bytes.
const MESSAGE: u64 = 1024;
/// Pause between two attempts to connect.
const PAUSE: core::time::Duration = core::time::Duration::from_millis(50);

/// Reason that is reported if process 0 sends another message than the expected one.
const STRANGE: &str = "it sends what no tor-streams sends";
/// Message from process 0 that it has all tallies.
pub(super) const DONE: &[u8] = b"done";

/// Collector of this process: sends the tally of each file, and the ranges of files that are divided.
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
        self.message(&Message::Log(Box::new(log)))
    }

    fn send(&mut self, range: Option<(&Cuttable, Range<u64>, RangeResult<SummaryLog>)>) -> io::Result<()> {
        let sent = range.and_then(|(file, range, result)| SentRange::of(file, &range, result));
        let message = serde_json::to_vec(&Message::Range(sent.map(Box::new)))?;
        if message.len() > LONGEST {
            return self.message(&Message::Range(None));
        }
        lock(&self.sender).message(&message)
    }
}

impl Sending {
    /// Sends a message.
    fn message(&self, message: &Message) -> io::Result<()> {
        lock(&self.sender).message(&serde_json::to_vec(message)?)
    }
}

/// Reads this process's share of the files. Returns `false` if a file or a line could not be read.
pub(super) fn run(run: &Arc<Run>, options: Options, inputs: Vec<Input>, listed: bool) -> io::Result<bool> {
    let names: Vec<_> = inputs.iter().map(|input| input.name.clone()).collect();
    let (sender, mut receiver) = connect(run);
    let division = Arc::new(agree(run, &options, &inputs, &sender, &mut receiver)?);
    let logs = SummaryLogs::new(&options.read.filter, options.streams, &names).divided(&division);

    let (done, is_done) = mpsc::channel();
    let receiving = Arc::clone(run);
    thread::Builder::new().spawn(move || {
        if next(&receiving, &mut receiver, MESSAGE) != DONE {
            receiving.lost(0, STRANGE);
        }
        done.send(())
    })?;
    let share = share(inputs, &division);
    let mut sending = Sending { sender, complete: true };
    let read = Arc::new(options.read);
    let sent = threads::read(&read, share, logs, &mut sending).and_then(|all_read| {
        let complete = listed && all_read && sending.complete;
        sending.message(&Message::End(EndOfLogs { files: 0, complete, seen_words: read.filter.seen_words() }))?;
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

/// Returns a process's share of the files: those that it reads alone, and those that are divided.
pub(super) fn share(inputs: Vec<Input>, division: &Division) -> Vec<(usize, Input)> {
    let is_own = |index: usize| division.has(index) || index % division.processes == division.process;
    inputs.into_iter().enumerate().filter(|&(index, _)| is_own(index)).collect()
}

/// Agrees with process 0 on the files that are divided, and waits for the beginning.
fn agree(
    run: &Run,
    options: &Options,
    inputs: &[Input],
    sender: &Arc<Mutex<Sender>>,
    receiver: &mut Receiver,
) -> io::Result<Division> {
    let limit = Offer::limit(inputs.len());
    let offer: Offer = serde_json::from_slice(&next(run, receiver, limit)).unwrap_or_else(|_| run.lost(0, STRANGE));
    let seen = Message::Seen(offer.seen(&options.read, inputs));
    // A lost connection is reported by `next` below, which gets no answer.
    let _ = lock(sender).message(&serde_json::to_vec(&seen)?);
    let start: Start = serde_json::from_slice(&next(run, receiver, limit)).unwrap_or_else(|_| run.lost(0, STRANGE));
    Ok(offer.division(run, &start))
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
            Err(Refused::Version) => run.give_up(&format!("{} is a tor-streams of another version", run.name(0))),
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
        wire::Message::Bytes(theirs) if theirs == run.fingerprint => Ok((run.connected(0, sender), receiver)),
        wire::Message::Bytes(_) => run.give_up(&run.other_run(0)),
        wire::Message::Lost(reason) => run.give_up(&reason),
    }
}

/// Returns the next message of process 0, of up to `limit` bytes. Ends the program if process 0 is lost.
fn next(run: &Run, receiver: &mut Receiver, limit: u64) -> Vec<u8> {
    match receiver.message(limit) {
        Ok(wire::Message::Bytes(message)) => message,
        Ok(wire::Message::Lost(reason)) => run.give_up(&reason),
        Err(reason) => run.lost(0, &reason),
    }
}
