//! A member, one of the processes other than process 0: it reads its share of the files, and sends the tallies.

use alloc::sync::Arc;
use core::convert::Infallible;
use core::net::SocketAddr;
use core::ops::Range;
use core::time::Duration;
use std::io;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Instant;

use super::super::mergeable::EndOfLogs;
use super::super::{Options, SummaryLog, SummaryLogs};
use super::agreement::{AgreedFiles, Offer, own_share};
use super::connection::{FrameReceiver, GreetingError, KEY_VARIABLE, ProvenConnection, Received, UNEXPECTED, call};
use super::message::MemberMessage;
use super::range::{MAX_RANGE_MESSAGE, SentRange};
use super::run::{ClusterRun, LAST_WORDS, SharedSender, lock};
use crate::input::Input;
use crate::input::threads::{self, Collector, Cuttable, Division, RangeResult};
use crate::output::text::error_text;

/// Maximum length, in bytes, of a message from process 0 other than those of the agreement: a fingerprint or [`DONE`].
const MAX_MESSAGE_LEN: u64 = 1024;
/// Pause between two attempts to connect.
const PAUSE: Duration = Duration::from_millis(50);

/// Message of process 0 that it has all tallies.
pub(super) const DONE: &[u8] = b"done";

/// Reads this process's share of the files, and sends the tallies. Returns `false` if a file or a line could not be read.
/// `all_listed` is set if all folders could be listed.
pub(super) fn run(run: &Arc<ClusterRun>, options: Options, inputs: Vec<Input>, all_listed: bool) -> io::Result<bool> {
    let (sender, mut receiver) = connect(run);
    let division = Arc::new(agree(run, &options, &inputs, &sender, &mut receiver)?);
    let done = wait_for_done(run, receiver);
    let sending = TallySender { sender, complete: all_listed };
    let complete = sending.send_share(options, inputs, &division).unwrap_or_else(|error| {
        // If process 0 has sent a reason, the receiving thread prints that meanwhile, and ends the program. An error of this
        // machine, which allows no thread, is reported as the loss of process 0, too: only its own text tells them apart.
        thread::sleep(LAST_WORDS);
        run.lost(0, &error_text(&error))
    });
    // The receiving thread ends the program if process 0 is lost.
    let _ = done.recv();
    Ok(complete)
}

/// Connects to process 0, as soon as that has come up, and compares the fingerprints of the run.
fn connect(run: &ClusterRun) -> (SharedSender, FrameReceiver) {
    let (addresses, deadline) = (run.collector_addresses(), Instant::now() + run.wait);
    loop {
        let error = match connect_once(run, &addresses) {
            Ok(connection) => return connection,
            Err(error) => error,
        };
        if Instant::now() >= deadline {
            let seconds = run.wait.as_secs();
            run.give_up(&format!("{} did not come up within {seconds} seconds: {error}", run.name(0)));
        }
        thread::sleep(PAUSE);
    }
}

/// Connects to process 0 and compares the fingerprints. Returns an error if the connection cannot be made, or is lost. Ends
/// the program if the other side is not process 0 of this run.
fn connect_once(run: &ClusterRun, addresses: &[SocketAddr]) -> Result<(SharedSender, FrameReceiver), String> {
    let name = run.name(0);
    match call(addresses, run.process, &run.key, run.wait) {
        Ok(connection) => compare(run, connection),
        Err(GreetingError::Stranger) => run.give_up(&format!("what answers is not {name}")),
        Err(GreetingError::Version) => run.give_up(&format!("{name} is a tor-streams of another version")),
        Err(GreetingError::Key) => run.give_up(&format!("{name} has another {KEY_VARIABLE}, or none")),
        Err(GreetingError::Lost(error)) => Err(error_text(&error)),
    }
}

/// Exchanges fingerprints of the run. Returns an error if the connection is lost. Ends the program if that of process 0 differs.
fn compare(run: &ClusterRun, connection: ProvenConnection) -> Result<(SharedSender, FrameReceiver), String> {
    let ProvenConnection { mut sender, mut receiver, .. } = connection;
    sender.message(&run.fingerprint).map_err(|error| error_text(&error))?;
    match receiver.message(MAX_MESSAGE_LEN)? {
        Received::Bytes(theirs) if theirs == run.fingerprint => Ok((run.connected(0, sender), receiver)),
        Received::Bytes(_) => run.give_up(&run.other_run(0)),
        Received::GaveUp(reason) => run.give_up(&reason),
    }
}

/// Agrees with process 0 on the files that are divided. Returns when all processes have come up.
fn agree(
    run: &ClusterRun,
    options: &Options,
    inputs: &[Input],
    sender: &SharedSender,
    receiver: &mut FrameReceiver,
) -> io::Result<Division> {
    let limit = Offer::limit(inputs.len());
    let offer: Offer =
        serde_json::from_slice(&next_message(run, receiver, limit)).unwrap_or_else(|_| run.lost(0, UNEXPECTED));
    let seen = MemberMessage::Seen(offer.seen(&options.read, inputs));
    // If the connection is lost, the next message does not come, which is reported.
    let _ = lock(sender).message(&serde_json::to_vec(&seen)?);
    let agreed: AgreedFiles =
        serde_json::from_slice(&next_message(run, receiver, limit)).unwrap_or_else(|_| run.lost(0, UNEXPECTED));
    Ok(offer.division(run, &agreed))
}

/// Starts the thread that waits for [`DONE`], and ends the program if process 0 is lost before. Returns a channel that gets a
/// message, or closes, when the thread ends.
fn wait_for_done(run: &Arc<ClusterRun>, mut receiver: FrameReceiver) -> Receiver<()> {
    let (sender, done) = mpsc::channel();
    let run_of_thread = Arc::clone(run);
    let waiting = move || {
        if next_message(&run_of_thread, &mut receiver, MAX_MESSAGE_LEN) != DONE {
            run_of_thread.lost(0, UNEXPECTED);
        }
        sender.send(())
    };
    if let Err(error) = thread::Builder::new().spawn(waiting) {
        run.give_up(&error_text(&error));
    }
    done
}

/// Returns the next message of process 0, of up to `limit` bytes. Ends the program if process 0 is lost.
fn next_message(run: &ClusterRun, receiver: &mut FrameReceiver, limit: u64) -> Vec<u8> {
    match receiver.message(limit) {
        Ok(Received::Bytes(message)) => message,
        Ok(Received::GaveUp(reason)) => run.give_up(&reason),
        Err(reason) => run.lost(0, &reason),
    }
}

/// The sender of the tallies of files, and of the ranges of divided files, that the threads of this process have read.
struct TallySender {
    /// Sending side of the connection to process 0.
    sender: SharedSender,
    /// Set while all folders could be listed, and all logs so far were complete.
    complete: bool,
}

impl TallySender {
    /// Reads this process's share of the files, and sends the tallies, the ranges, and the end of the share. Returns `false` if
    /// a file or a line could not be read.
    ///
    /// # Errors
    ///
    /// If the connection is lost, or if the system allows no thread.
    fn send_share(mut self, options: Options, inputs: Vec<Input>, division: &Arc<Division>) -> io::Result<bool> {
        let names: Vec<_> = inputs.iter().map(|input| input.name.clone()).collect();
        let logs = SummaryLogs::new(&options.read.filter, options.streams, &names).divided(division);
        let read = Arc::new(options.read);
        let all_read = threads::read(&read, own_share(inputs, division), logs, &mut self)?;
        let complete = self.complete && all_read;
        // Process 0 counts the files of all processes itself.
        self.message(&MemberMessage::End(EndOfLogs { files: 0, complete, seen_words: read.filter.seen_words() }))?;
        Ok(complete)
    }

    /// Sends a message.
    fn message(&self, message: &MemberMessage) -> io::Result<()> {
        lock(&self.sender).message(&serde_json::to_vec(message)?)
    }
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
