//! Process 0: it merges the tallies of all files in their order, and prints the summary.
//!
//! The main thread merges. A second one reads this process's share, and puts the ranges of divided files together, its own and those
//! of the members. For each member, one thread [receives](super::members) its messages, and one restores its
//! [ranges](super::range).

use alloc::sync::Arc;
use core::convert::Infallible;
use core::ops::Range;
use core::sync::atomic::Ordering;
use std::io;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use super::super::mergeable::{EndOfLogs, LogTally, Settings};
use super::super::{Options, Summary, SummaryLog, SummaryLogs};
use super::agreement::{Offer, SeenFiles, own_share};
use super::member::DONE;
use super::members::{Member, TALLIES_AHEAD, wait_for_all};
use super::message::MemberMessage;
use super::range::{NextRange, RangeRestorer, SentRange};
use super::run::{ClusterRun, lock};
use crate::input::filter::Filter;
use crate::input::reader::ReadOptions;
use crate::input::threads::{self, Collector, Cuttable, Division, RangeResult};
use crate::input::{Input, copies};
use crate::output::text::error_text;

/// Reads this process's share of the files, and prints the summary of all. Returns `false` if a file or a line could not
/// be read by any process. `all_listed` is set if all folders could be listed.
///
/// # Errors
///
/// If the output cannot be written.
pub(super) fn run(run: &Arc<ClusterRun>, options: Options, inputs: Vec<Input>, all_listed: bool) -> io::Result<bool> {
    let settings = Settings::new(options.streams, &options.read.filter);
    let members = wait_for_all(run, &settings);
    let division = Arc::new(agree(run, &options, &inputs, &members)?);
    let Options { read, form, streams, .. } = options;

    let no_copies = copies::report_copies(&inputs, read.jobs());
    let mut summary = Summary::new(form, settings)?;
    let names: Vec<_> = inputs.iter().map(|input| input.name.clone()).collect();
    let logs = SummaryLogs::new(&read.filter, streams, &names).divided(&division);
    let (files, read) = (inputs.len(), Arc::new(read));
    let restorer = RangeRestorer {
        options: Arc::clone(&read),
        logs: logs.clone(),
        division: Arc::clone(&division),
        inputs: Arc::from(&*inputs),
    };
    let (own_sender, own_messages) = sync_channel(TALLIES_AHEAD);
    let (mut senders, mut messages_by_process, mut ranges_by_member) = (Vec::new(), vec![own_messages], Vec::new());
    for Member { sender, messages, ranges } in members {
        senders.push(sender);
        messages_by_process.push(messages);
        let restored = restorer.clone().start(ranges);
        ranges_by_member.push(restored.unwrap_or_else(|error| run.give_up(&error_text(&error))));
    }
    let share = own_share(inputs, &division);
    let reader = OwnShareReader {
        run: Arc::clone(run),
        options: Arc::clone(&read),
        logs,
        merging: own_sender,
        ranges_by_member,
        complete: all_listed,
    };
    let reading = reader.start(share, files);

    // `output_failed` is set before the channels close, which other threads would take for the loss of a process.
    merge(run, &messages_by_process, &division, files, &mut summary)
        .inspect_err(|_| run.output_failed.store(true, Ordering::SeqCst))?;
    let mut complete = end_shares(run, &messages_by_process, &read.filter) && no_copies;
    // The thread has sent its last message, and ends.
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

/// Agrees with the members on the files that are divided, and lets them begin.
fn agree(run: &ClusterRun, options: &Options, inputs: &[Input], members: &[Member]) -> io::Result<Division> {
    let send_to_all = |message: Vec<u8>| {
        for member in members {
            // The thread that receives reports the end of a connection.
            let _ = lock(&member.sender).message(&message);
        }
    };
    // Alone, this process has nothing to divide: no file is so long.
    let min_len = if members.is_empty() { u64::MAX } else { options.cluster.cluster_divide };
    let offer = Offer::new(&options.read, inputs, min_len);
    send_to_all(serde_json::to_vec(&offer)?);
    let seen: Vec<SeenFiles> = members.iter().map(|member| next_answer(run, &member.messages)).collect();
    let agreed = offer.agreed(&options.read, &seen);
    send_to_all(serde_json::to_vec(&agreed)?);
    Ok(offer.division(run, &agreed))
}

/// Merges the tallies of all files in the order of the files. Process I of N has the tallies of the files I, I+N and so
/// on; that of a divided file is put together by this process.
fn merge(
    run: &ClusterRun,
    messages_by_process: &[Receiver<MemberMessage>],
    division: &Division,
    files: usize,
    summary: &mut Summary,
) -> io::Result<()> {
    for (index, messages) in (0..files).zip(messages_by_process.iter().cycle()) {
        let own_messages = messages_by_process.first().filter(|_| division.has(index));
        summary.add(*next_log(run, own_messages.unwrap_or(messages)))?;
    }
    Ok(())
}

/// Receives the end of each process's share, and marks the words of the filters that its events have. Returns `false` if
/// something in a share could not be read.
fn end_shares(run: &ClusterRun, messages_by_process: &[Receiver<MemberMessage>], filter: &Filter) -> bool {
    let mut complete = true;
    for messages in messages_by_process {
        let end = next_end(run, messages);
        complete &= end.complete;
        filter.mark_seen_words(&end.seen_words);
    }
    complete
}

/// Returns a member's answer to the offer. Ends the program if another message comes.
fn next_answer(run: &ClusterRun, messages: &Receiver<MemberMessage>) -> SeenFiles {
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
fn next_end(run: &ClusterRun, messages: &Receiver<MemberMessage>) -> EndOfLogs {
    match messages.recv() {
        Ok(MemberMessage::End(end)) => end,
        _ => run.give_up("a process has sent too many tallies"),
    }
}

/// The reader of this process's own share, which passes the tallies to the main thread. For divided files, it also receives the ranges
/// that members have read.
struct OwnShareReader {
    /// The run.
    run: Arc<ClusterRun>,
    /// Options of reading.
    options: Arc<ReadOptions>,
    /// Maker of consumers.
    logs: SummaryLogs,
    /// Channel to the main thread, which merges the tallies.
    merging: SyncSender<MemberMessage>,
    /// Ranges of each member, from process 1 on.
    ranges_by_member: Vec<Receiver<NextRange>>,
    /// Set while all folders could be listed, and all logs so far were complete.
    complete: bool,
}

impl OwnShareReader {
    /// Starts the thread that reads the share. `files` is the number of files of all processes.
    fn start(mut self, share: Vec<(usize, Input)>, files: usize) -> JoinHandle<()> {
        let run = Arc::clone(&self.run);
        let reading = move || {
            let (options, logs) = (Arc::clone(&self.options), self.logs.clone());
            // An error is reported before the channel closes: the main thread would know only that a tally is missing.
            let all_read = threads::read(&options, share, logs, &mut self)
                .unwrap_or_else(|error| self.run.give_up(&error_text(&error)));
            let end = EndOfLogs::of_files(files, self.complete && all_read);
            // The channel is closed if the output cannot be written.
            let _ = self.merging.send(MemberMessage::End(end));
        };
        thread::Builder::new().spawn(reading).unwrap_or_else(|error| run.give_up(&error_text(&error)))
    }
}

impl Collector<SummaryLog> for OwnShareReader {
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
        let ranges = process.checked_sub(1).and_then(|index| self.ranges_by_member.get(index));
        let Some(Ok(next)) = ranges.map(Receiver::recv) else { self.run.give_up("a process has sent too few ranges") };
        // A member sends a message for every range of its own. The one for a range that is no longer needed is dropped here.
        let Some((file, range)) = range else { return Ok(None) };
        next.result(&self.options, (file, &range), (&self.logs, lines))
    }

    fn number_range(
        &mut self,
        (file, range, result): (&Cuttable, Range<u64>, RangeResult<SummaryLog>),
        lines: u64,
    ) -> io::Result<Option<RangeResult<SummaryLog>>> {
        // This process has read the range before it knew the number of lines before it, which the tally and the tracker need: both are
        // made again, as for a range that a member has sent.
        let Some(sent) = SentRange::of(file, &range, result) else { return Ok(None) };
        sent.restore(&self.options, (file, &range), (&self.logs, lines))
    }
}
