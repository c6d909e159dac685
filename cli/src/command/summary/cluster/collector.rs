//! Process 0: it merges the tallies of all files in their order, and prints the summary.

use alloc::sync::Arc;
use core::convert::Infallible;
use core::ops::Range;
use core::sync::atomic::Ordering;
use std::io;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Instant;

use super::super::mergeable::{EndOfLogs, LogTally, OverflowGuard, Settings};
use super::super::{Options, Summary, SummaryLog, SummaryLogs};
use super::agreement::{Offer, SeenFiles};
use super::door::Door;
use super::greeting::ProvenConnection;
use super::member::{DONE, share};
use super::message::{MemberMessage, parse};
use super::range::{NextRange, RangeRestorer, SentRange};
use super::wire::{self, FrameSender};
use super::{ClusterRun, lock};
use crate::input::reader::ReadOptions;
use crate::input::threads::{self, Collector, Cuttable, RangeResult};
use crate::input::{Input, copies};
use crate::output::text::error_text;

/// Maximum number of tallies of a process that wait to be merged. The process then waits, too.
const TALLIES_AHEAD: usize = 2;

/// The messages of a member, in order, by the thread that waits for them.
struct MemberChannels {
    /// For the thread that merges: the answer to the offer, the tallies, and the end of the share.
    logs: Receiver<MemberMessage>,
    /// For the thread that reads: ranges of divided files; `None` for one that it has to read itself.
    ranges: Receiver<Option<Box<SentRange>>>,
}

/// The collector of this process's own share. It passes the tallies to the thread that merges, and receives the ranges of
/// divided files that members have read.
struct OwnShareCollector {
    /// The run.
    run: Arc<ClusterRun>,
    /// Options of reading.
    options: Arc<ReadOptions>,
    /// Maker of consumers.
    logs: SummaryLogs,
    /// Channel to the thread that merges.
    merging: SyncSender<MemberMessage>,
    /// Ranges of each member, from process 1 on.
    ranges: Vec<Receiver<NextRange>>,
    /// Set while all logs so far could be read and were in order.
    complete: bool,
}

impl Collector<SummaryLog> for OwnShareCollector {
    fn add_rows(&mut self, rows: Infallible) -> io::Result<()> {
        // A log has no output before its end.
        match rows {}
    }

    fn add_log(&mut self, log: SummaryLog, _index: usize, all_read: bool) -> io::Result<()> {
        let log = log.finish(all_read);
        self.complete &= log.complete;
        self.merging.send(MemberMessage::Log(Box::new(log))).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    fn receive_range(
        &mut self,
        process: usize,
        range: Option<(&Cuttable, Range<u64>)>,
        lines: u64,
    ) -> io::Result<Option<RangeResult<SummaryLog>>> {
        let ranges = process.checked_sub(1).and_then(|index| self.ranges.get(index));
        let Some(Ok(next)) = ranges.map(Receiver::recv) else { self.run.give_up("a process has sent too few ranges") };
        let Some((file, range)) = range else { return Ok(None) };
        next.result(&self.options, (file, &range), (&self.logs, lines))
    }

    fn number_range(
        &mut self,
        (file, range, result): (&Cuttable, Range<u64>, RangeResult<SummaryLog>),
        lines: u64,
    ) -> io::Result<Option<RangeResult<SummaryLog>>> {
        let Some(sent) = SentRange::of(file, &range, result) else { return Ok(None) };
        sent.restore(&self.options, (file, &range), (&self.logs, lines))
    }
}

/// Reads this process's share of the files, and prints the summary of all. Returns `false` if a file or a line could not
/// be read by any process.
///
/// # Errors
///
/// If the output cannot be written.
pub(super) fn run(run: &Arc<ClusterRun>, options: Options, inputs: Vec<Input>, listed: bool) -> io::Result<bool> {
    let names: Vec<_> = inputs.iter().map(|input| input.name.clone()).collect();
    let makers = || SummaryLogs::new(&options.read.filter, options.streams, &names);
    let settings = Settings::new(options.streams, &options.read.filter);
    let (senders, others): (Vec<_>, Vec<_>) = wait_for_all(run, &settings).into_iter().unzip();
    let division = Arc::new(agree(run, &options, &inputs, &senders, &others)?);
    let (logs, logs_of_others) = (makers().divided(&division), makers());

    let unique = copies::report_copies(&inputs, options.read.jobs());
    let (files, all_inputs) = (inputs.len(), Arc::from(&*inputs));
    let own = share(inputs, &division);
    let mut summary = Summary::new(options.form, settings)?;
    let (merging, own_logs) = sync_channel(TALLIES_AHEAD);
    let (logs_by_process, ranges): (Vec<_>, Vec<_>) = others.into_iter().map(|all| (all.logs, all.ranges)).unzip();
    let makers: Vec<_> = ranges.iter().map(|_| makers()).collect();
    let read = Arc::new(options.read);
    let restoring = |(logs, sent)| {
        let (options, division, inputs) = (Arc::clone(&read), Arc::clone(&division), Arc::clone(&all_inputs));
        RangeRestorer { options, logs, division, inputs }.start(sent)
    };
    let ranges = makers.into_iter().zip(ranges).map(restoring).collect::<io::Result<Vec<_>>>();
    let ranges = ranges.unwrap_or_else(|error| run.give_up(&error_text(&error)));
    let (this, options) = (Arc::clone(run), Arc::clone(&read));
    let reading = move || {
        let mut passing =
            OwnShareCollector { run: this, options, logs: logs_of_others, merging, ranges, complete: true };
        let options = Arc::clone(&passing.options);
        // The reason has to be told before the channel closes: the other thread knows only that a tally is missing.
        let all_read = threads::read(&options, own, logs, &mut passing)
            .unwrap_or_else(|error| passing.run.give_up(&error_text(&error)));
        let complete = listed && all_read && passing.complete;
        let end = EndOfLogs::of_files(files, complete);
        // The other thread has this channel to the end.
        let _ = passing.merging.send(MemberMessage::End(end));
    };
    let reading = thread::Builder::new().spawn(reading).unwrap_or_else(|error| run.give_up(&error_text(&error)));

    // The files in their order: process I has the files I, I+N and so on. A divided file is put together by this process.
    let channels: Vec<_> = core::iter::once(own_logs).chain(logs_by_process).collect();
    for (index, logs) in (0..files).zip(channels.iter().cycle()) {
        let divided = channels.first().filter(|_| division.has(index));
        summary.add(*next_log(run, divided.unwrap_or(logs)))?;
    }
    // Then the end of each process's share.
    let mut complete = unique;
    for logs in &channels {
        let end = share_end(run, logs);
        complete &= end.complete;
        read.filter.mark_seen_words(&end.seen_words);
    }
    // The thread has sent its last message.
    let _ = reading.join();
    run.is_complete.store(true, Ordering::SeqCst);
    for sender in &senders {
        // The summary is complete, whether the process reads this or not.
        let _ = lock(sender).message(DONE);
    }
    complete &= read.filter.report_unknown_words();
    summary.finish(EndOfLogs::of_files(files, complete))?;
    Ok(complete)
}

/// Agrees with the other processes on the files that are divided, and lets them begin.
fn agree(
    run: &ClusterRun,
    options: &Options,
    inputs: &[Input],
    senders: &[Arc<Mutex<FrameSender>>],
    others: &[MemberChannels],
) -> io::Result<threads::Division> {
    let send = |message: Vec<u8>| {
        for sender in senders {
            // The thread that receives reports the end of a connection.
            let _ = lock(sender).message(&message);
        }
    };
    let least = if senders.is_empty() { u64::MAX } else { options.cluster.cluster_divide };
    let offer = Offer::new(&options.read, inputs, least);
    send(serde_json::to_vec(&offer)?);
    let seen: Vec<SeenFiles> = others.iter().map(|messages| answer(run, &messages.logs)).collect();
    let start = offer.start(&options.read, &seen);
    send(serde_json::to_vec(&start)?);
    Ok(offer.division(run, &start))
}

/// Returns a member's answer to the offer. Ends the program if another message comes.
fn answer(run: &ClusterRun, messages: &Receiver<MemberMessage>) -> SeenFiles {
    match messages.recv() {
        Ok(MemberMessage::Seen(seen)) => seen,
        _ => run.give_up("a process has not said which files it sees"),
    }
}

/// Returns the tally of the next file of a process. Ends the program if its share has ended.
fn next_log(run: &ClusterRun, messages: &Receiver<MemberMessage>) -> Box<LogTally> {
    match messages.recv() {
        Ok(MemberMessage::Log(log)) => log,
        _ => run.give_up("a process has sent too few tallies"),
    }
}

/// Returns the end of a process's share. Ends the program if a tally comes instead.
fn share_end(run: &ClusterRun, messages: &Receiver<MemberMessage>) -> EndOfLogs {
    match messages.recv() {
        Ok(MemberMessage::End(end)) => end,
        _ => run.give_up("a process has sent too many tallies"),
    }
}

/// Waits for all members. Returns the sending side of each connection, and the channels of what the member sends. Ends the
/// program if one does not come up in time.
fn wait_for_all(run: &Arc<ClusterRun>, settings: &Settings) -> Vec<(Arc<Mutex<FrameSender>>, MemberChannels)> {
    let mut all: Vec<_> = (1..run.processes()).map(|_| None).collect();
    if all.is_empty() {
        return Vec::new();
    }
    let deadline = Instant::now() + run.wait;
    let sum = Arc::<Mutex<OverflowGuard>>::default();
    let mut door = Door::open(&run.collector_addresses, Arc::clone(&run.key), run.wait)
        .unwrap_or_else(|error| run.give_up(&format!("cannot listen as {}: {}", run.name(0), error_text(&error))));
    loop {
        let missing = (1..).zip(&all).filter(|(_, connected)| connected.is_none());
        let missing: Vec<_> = missing.map(|(process, _)| run.name(process)).collect();
        if missing.is_empty() {
            return all.into_iter().flatten().collect();
        }
        let Some(ProvenConnection { process, mut sender, receiver }) = door.next(deadline) else {
            let (missing, seconds, hint) = (missing.join(", "), run.wait.as_secs(), door.hint());
            run.give_up(&format!("{missing} did not come up within {seconds} seconds{hint}"));
        };
        match usize::from(process).checked_sub(1).and_then(|index| all.get_mut(index)) {
            Some(place @ None) => {
                // The thread that receives reports the end of a connection.
                let _ = sender.message(&run.fingerprint);
                let sender = run.connected(process, sender);
                let receiving = Receiving { run: Arc::clone(run), process, receiver };
                *place = Some((sender, receiving.start(settings, &sum)));
            }
            _ => {
                let reason = format!("there is another {}", run.name(process));
                let _ = sender.lost(&reason, super::LAST_WORDS);
            }
        }
    }
}

/// The receiving side of the connection to a member. A thread of its own waits for messages.
struct Receiving {
    /// The run.
    run: Arc<ClusterRun>,
    /// Number of the member.
    process: u16,
    /// The receiving side.
    receiver: wire::FrameReceiver,
}

impl Receiving {
    /// Starts the thread, which ends the program if the member is lost. Returns the channels of its messages.
    fn start(mut self, settings: &Settings, sum: &Arc<Mutex<OverflowGuard>>) -> MemberChannels {
        let (log_sender, logs) = sync_channel(TALLIES_AHEAD);
        // No range waits here: the thread that restores ranges has a channel of its own for them.
        let (range_sender, ranges) = sync_channel(0);
        let (run, settings, sum) = (Arc::clone(&self.run), settings.clone(), Arc::clone(sum));
        let receiving = move || {
            let is_of_run = self.next(&settings).is_none_or(|fingerprint| fingerprint == self.run.fingerprint);
            if !is_of_run {
                self.run.give_up(&self.run.other_run(self.process));
            }
            let mut range_sender = Some(range_sender);
            while let Some(bytes) = self.next(&settings) {
                let message = parse(&bytes, &settings, &mut lock(&sum)).unwrap_or_else(|reason| {
                    self.run.lost(self.process, &format!("it sends a tally that is {reason}"))
                });
                let sent = match message {
                    MemberMessage::Range(range) => {
                        range_sender.as_ref().is_some_and(|sender| sender.send(range).is_ok())
                    }
                    message => {
                        // After the end, the channel of ranges closes: a thread that waits for one learns that none will come.
                        range_sender = range_sender.filter(|_| !matches!(message, MemberMessage::End(_)));
                        log_sender.send(message).is_ok()
                    }
                };
                if !sent {
                    return;
                }
            }
        };
        if let Err(error) = thread::Builder::new().spawn(receiving) {
            run.give_up(&error_text(&error));
        }
        MemberChannels { logs, ranges }
    }

    /// Returns the next message. `None` if the connection ends after the summary is complete. Ends the program if it ends
    /// before.
    fn next(&mut self, settings: &Settings) -> Option<Vec<u8>> {
        match self.receiver.message(settings.line_limit()) {
            Ok(wire::Received::Bytes(bytes)) => Some(bytes),
            Ok(wire::Received::Lost(_)) | Err(_) if self.run.is_complete.load(Ordering::SeqCst) => None,
            Ok(wire::Received::Lost(reason)) | Err(reason) => self.run.lost(self.process, &reason),
        }
    }
}
