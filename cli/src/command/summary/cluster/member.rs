//! A member, one of the processes other than process 0: it reads its share of the files, and sends the tallies.

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
use super::agreement::{AgreedFiles, Offer};
use super::greeting::{GreetingError, ProvenConnection, call};
use super::key::KEY_VARIABLE;
use super::message::MemberMessage;
use super::range::{MAX_RANGE_MESSAGE, SentRange};
use super::wire::{self, FrameReceiver, FrameSender};
use super::{ClusterRun, LAST_WORDS, lock};
use crate::input::Input;
use crate::input::threads::{self, Collector, Cuttable, Division, RangeResult};
use crate::output::text::error_text;

/// Maximum length, in bytes, of a message from process 0 other than those of the agreement.
const MAX_MESSAGE_LEN: u64 = 1024;
/// Pause between two attempts to connect.
const PAUSE: core::time::Duration = core::time::Duration::from_millis(50);

/// Reason that is reported if process 0 sends another message than the expected one.
const UNEXPECTED: &str = "it sends what no tor-streams sends";
/// Message of process 0 that it has all tallies.
pub(super) const DONE: &[u8] = b"done";

/// The collector of a member. It sends the tally of each file, and the ranges of files that are divided.
struct TallySender {
    /// Sending side of the connection to process 0.
    sender: Arc<Mutex<FrameSender>>,
    /// Set while all logs so far could be read and were in order.
    complete: bool,
}

impl Collector<SummaryLog> for TallySender {
    fn add_rows(&mut self, rows: Infallible) -> io::Result<()> {
        // A log has no output before its end.
        match rows {}
    }

    fn add_log(&mut self, log: SummaryLog, _index: usize, all_read: bool) -> io::Result<()> {
        let log = log.finish(all_read);
        self.complete &= log.complete;
        self.message(&MemberMessage::Log(Box::new(log)))
    }

    fn send_range(&mut self, range: Option<(&Cuttable, Range<u64>, RangeResult<SummaryLog>)>) -> io::Result<()> {
        let sent = range.and_then(|(file, range, result)| SentRange::of(file, &range, result));
        let message = serde_json::to_vec(&MemberMessage::Range(sent.map(Box::new)))?;
        if message.len() > MAX_RANGE_MESSAGE {
            // Process 0 reads such a range itself.
            return self.message(&MemberMessage::Range(None));
        }
        lock(&self.sender).message(&message)
    }
}

impl TallySender {
    /// Sends a message.
    fn message(&self, message: &MemberMessage) -> io::Result<()> {
        lock(&self.sender).message(&serde_json::to_vec(message)?)
    }
}

/// Reads this process's share of the files. Returns `false` if a file or a line could not be read.
pub(super) fn run(run: &Arc<ClusterRun>, options: Options, inputs: Vec<Input>, listed: bool) -> io::Result<bool> {
    let names: Vec<_> = inputs.iter().map(|input| input.name.clone()).collect();
    let (sender, mut receiver) = connect(run);
    let division = Arc::new(agree(run, &options, &inputs, &sender, &mut receiver)?);
    let logs = SummaryLogs::new(&options.read.filter, options.streams, &names).divided(&division);

    let (done, is_done) = mpsc::channel();
    let run_of_thread = Arc::clone(run);
    let receiving = move || {
        if next(&run_of_thread, &mut receiver, MAX_MESSAGE_LEN) != DONE {
            run_of_thread.lost(0, UNEXPECTED);
        }
        done.send(())
    };
    if let Err(error) = thread::Builder::new().spawn(receiving) {
        run.give_up(&error_text(&error));
    }
    let share = share(inputs, &division);
    let mut sending = TallySender { sender, complete: true };
    let read = Arc::new(options.read);
    let sent = threads::read(&read, share, logs, &mut sending).and_then(|all_read| {
        let complete = listed && all_read && sending.complete;
        // Process 0 counts all files itself.
        sending.message(&MemberMessage::End(EndOfLogs { files: 0, complete, seen_words: read.filter.seen_words() }))?;
        Ok(complete)
    });
    let complete = sent.unwrap_or_else(|error| {
        // If process 0 has sent a reason, the receiving thread prints that, and ends the program.
        thread::sleep(LAST_WORDS);
        run.lost(0, &error_text(&error))
    });
    // The receiving thread ends the program if process 0 is lost.
    let _ = is_done.recv();
    Ok(complete)
}

/// Returns the share of a process: the files that it reads alone, and all that are divided, with their indices.
pub(super) fn share(inputs: Vec<Input>, division: &Division) -> Vec<(usize, Input)> {
    let is_own = |index: usize| division.has(index) || index % division.processes == division.process;
    inputs.into_iter().enumerate().filter(|&(index, _)| is_own(index)).collect()
}

/// Agrees with process 0 on the files that are divided. Returns when all processes have come up.
fn agree(
    run: &ClusterRun,
    options: &Options,
    inputs: &[Input],
    sender: &Arc<Mutex<FrameSender>>,
    receiver: &mut FrameReceiver,
) -> io::Result<Division> {
    let limit = Offer::limit(inputs.len());
    let offer: Offer = serde_json::from_slice(&next(run, receiver, limit)).unwrap_or_else(|_| run.lost(0, UNEXPECTED));
    let seen = MemberMessage::Seen(offer.seen(&options.read, inputs));
    // A lost connection is reported by `next` below, which gets no answer.
    let _ = lock(sender).message(&serde_json::to_vec(&seen)?);
    let start: AgreedFiles =
        serde_json::from_slice(&next(run, receiver, limit)).unwrap_or_else(|_| run.lost(0, UNEXPECTED));
    Ok(offer.division(run, &start))
}

/// Connects to process 0, which may not have come up yet, and compares the fingerprints of the run.
fn connect(run: &ClusterRun) -> (Arc<Mutex<FrameSender>>, FrameReceiver) {
    let deadline = Instant::now() + run.wait;
    loop {
        let error = match call(&run.collector_addresses, run.process, &run.key, run.wait) {
            Ok(connection) => match compare(run, connection) {
                Ok(connection) => return connection,
                Err(error) => error,
            },
            Err(GreetingError::Stranger) => run.give_up(&format!("what answers is not {}", run.name(0))),
            Err(GreetingError::Version) => run.give_up(&format!("{} is a tor-streams of another version", run.name(0))),
            Err(GreetingError::Key) => run.give_up(&format!("{} has another {KEY_VARIABLE}, or none", run.name(0))),
            Err(GreetingError::Lost(error)) => error_text(&error),
        };
        if Instant::now() >= deadline {
            let seconds = run.wait.as_secs();
            run.give_up(&format!("{} did not come up within {seconds} seconds: {error}", run.name(0)));
        }
        thread::sleep(PAUSE);
    }
}

/// Exchanges fingerprints of the run. Returns an error if the connection is lost.
fn compare(run: &ClusterRun, connection: ProvenConnection) -> Result<(Arc<Mutex<FrameSender>>, FrameReceiver), String> {
    let ProvenConnection { mut sender, mut receiver, .. } = connection;
    sender.message(&run.fingerprint).map_err(|error| error_text(&error))?;
    match receiver.message(MAX_MESSAGE_LEN)? {
        wire::Received::Bytes(theirs) if theirs == run.fingerprint => Ok((run.connected(0, sender), receiver)),
        wire::Received::Bytes(_) => run.give_up(&run.other_run(0)),
        wire::Received::Lost(reason) => run.give_up(&reason),
    }
}

/// Returns the next message of process 0, of up to `limit` bytes. Ends the program if process 0 is lost.
fn next(run: &ClusterRun, receiver: &mut FrameReceiver, limit: u64) -> Vec<u8> {
    match receiver.message(limit) {
        Ok(wire::Received::Bytes(message)) => message,
        Ok(wire::Received::Lost(reason)) => run.give_up(&reason),
        Err(reason) => run.lost(0, &reason),
    }
}
