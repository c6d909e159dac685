//! The connections of process 0 to the members: it waits for all, and receives their messages.

use alloc::sync::Arc;
use core::sync::atomic::Ordering;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Instant;

use super::super::mergeable::{OverflowGuard, Settings};
use super::connection::{Door, FrameReceiver, ProvenConnection, Received};
use super::message::{MemberMessage, max_len, parse};
use super::range::SentRange;
use super::run::{ClusterRun, LAST_WORDS, SharedSender, lock};
use crate::output::text::error_text;

/// Maximum number of tallies of a process that wait to be merged. With so many, the process itself waits.
pub(super) const TALLIES_AHEAD: usize = 2;

/// A member, as process 0 sees it: the sending side of the connection, and the messages received, in order.
pub(super) struct Member {
    /// Sending side.
    pub(super) sender: SharedSender,
    /// Messages for the main thread: the answer to the offer, the tallies, and the end of the share.
    pub(super) messages: Receiver<MemberMessage>,
    /// Ranges of divided files, for the thread that [restores](super::range) them; `None` for a range that is left to process 0.
    pub(super) ranges: Receiver<Option<Box<SentRange>>>,
}

/// Waits for all members, and returns them in the order of their numbers. Ends the program if one does not come up in
/// time.
pub(super) fn wait_for_all(run: &Arc<ClusterRun>, settings: &Settings) -> Vec<Member> {
    let addresses = run.collector_addresses();
    let mut all: Vec<Option<Member>> = (1..run.processes()).map(|_| None).collect();
    if all.is_empty() {
        return Vec::new();
    }
    let deadline = Instant::now() + run.wait;
    let guard = Arc::<Mutex<OverflowGuard>>::default();
    let mut door = Door::open(&addresses, Arc::clone(&run.key), run.wait)
        .unwrap_or_else(|error| run.give_up(&format!("cannot listen as {}: {}", run.name(0), error_text(&error))));
    loop {
        let missing = (1..).zip(&all).filter(|(_, member)| member.is_none());
        let missing: Vec<_> = missing.map(|(process, _)| run.name(process)).collect();
        if missing.is_empty() {
            return all.into_iter().flatten().collect();
        }
        let Some(connection) = door.next(deadline) else {
            let (missing, seconds, hint) = (missing.join(", "), run.wait.as_secs(), door.hint());
            run.give_up(&format!("{missing} did not come up within {seconds} seconds{hint}"));
        };
        // Process 0 is this one, and so no member.
        match usize::from(connection.process).checked_sub(1).and_then(|index| all.get_mut(index)) {
            Some(place @ None) => *place = Some(admit(run, connection, settings, &guard)),
            _ => refuse(run, connection),
        }
    }
}

/// Returns the member at the other end of a connection, the first one that has come with its number.
fn admit(
    run: &Arc<ClusterRun>,
    ProvenConnection { process, mut sender, receiver }: ProvenConnection,
    settings: &Settings,
    guard: &Arc<Mutex<OverflowGuard>>,
) -> Member {
    // The thread that receives reports the end of a connection.
    let _ = sender.message(&run.fingerprint);
    let sender = run.connected(process, sender);
    let receiving =
        Receiving { run: Arc::clone(run), process, receiver, settings: settings.clone(), guard: Arc::clone(guard) };
    let (messages, ranges) = receiving.start();
    Member { sender, messages, ranges }
}

/// Ends the connection to a process whose number another one has already, or has no address in this process's list.
fn refuse(run: &ClusterRun, ProvenConnection { process, mut sender, .. }: ProvenConnection) {
    let has_address = usize::from(process) < run.processes();
    let reason = if has_address { format!("there is another {}", run.name(process)) } else { run.other_run(process) };
    // The connection may be lost already.
    let _ = sender.lost(&reason, LAST_WORDS);
}

/// The receiving side of the connection to a member. A thread of its own waits for messages.
struct Receiving {
    /// The run.
    run: Arc<ClusterRun>,
    /// Number of the member.
    process: u16,
    /// The receiving side.
    receiver: FrameReceiver,
    /// Settings of the run.
    settings: Settings,
    /// Bounds of the tallies of all members.
    guard: Arc<Mutex<OverflowGuard>>,
}

impl Receiving {
    /// Starts the thread, which ends the program if the member is lost. Returns the channels of [`Member::messages`] and
    /// [`Member::ranges`].
    fn start(self) -> (Receiver<MemberMessage>, Receiver<Option<Box<SentRange>>>) {
        let (message_sender, messages) = sync_channel(TALLIES_AHEAD);
        // No range waits here: the thread that restores ranges has a channel of its own for them.
        let (range_sender, ranges) = sync_channel(0);
        let run = Arc::clone(&self.run);
        if let Err(error) = thread::Builder::new().spawn(move || self.receive_all(&message_sender, range_sender)) {
            run.give_up(&error_text(&error));
        }
        (messages, ranges)
    }

    /// Passes on the member's messages, until the connection ends or process 0 needs no more of them.
    fn receive_all(mut self, messages: &SyncSender<MemberMessage>, ranges: SyncSender<Option<Box<SentRange>>>) {
        let is_of_run = self.next().is_none_or(|fingerprint| fingerprint == self.run.fingerprint);
        if !is_of_run {
            self.run.give_up(&self.run.other_run(self.process));
        }
        let mut ranges = Some(ranges);
        while let Some(bytes) = self.next() {
            // The lock is held while a tally is parsed: the tallies of all members are parsed one at a time, as they are merged.
            let message = parse(&bytes, &self.settings, &mut lock(&self.guard)).unwrap_or_else(|reason| {
                self.run.lost(self.process, &format!("it sends a tally that cannot be merged: {reason}"))
            });
            let is_needed = match message {
                MemberMessage::Range(range) => ranges.as_ref().is_some_and(|ranges| ranges.send(range).is_ok()),
                message => {
                    if matches!(message, MemberMessage::End(_)) {
                        // This closes the channel: a thread that waits for a range learns that none will come.
                        ranges = None;
                    }
                    messages.send(message).is_ok()
                }
            };
            if !is_needed {
                return;
            }
        }
    }

    /// Returns the next message. `None` if the connection has ended after the summary was complete. Ends the program if the member
    /// is lost before that.
    fn next(&mut self) -> Option<Vec<u8>> {
        match self.receiver.message(max_len(&self.settings)) {
            Ok(Received::Bytes(bytes)) => Some(bytes),
            Ok(Received::GaveUp(_)) | Err(_) if self.run.is_complete.load(Ordering::SeqCst) => None,
            Ok(Received::GaveUp(reason)) | Err(reason) => self.run.lost(self.process, &reason),
        }
    }
}
