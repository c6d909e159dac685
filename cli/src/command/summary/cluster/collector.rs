//! Process 0: it merges the tallies of all files in their order, and prints the summary.
//!
//! The first thread merges. A second one reads this process's share, and appends the ranges of divided files, those of the members
//! among them. For each member, one thread [receives](super::members) its messages, and one restores its
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
    let (own_sender, own_logs) = sync_channel(TALLIES_AHEAD);
    let (mut senders, mut all_logs, mut all_ranges) = (Vec::new(), vec![own_logs], Vec::new());
    for Member { sender, logs, ranges } in members {
        senders.push(sender);
        all_logs.push(logs);
        let restored = restorer.clone().start(ranges);
        all_ranges.push(restored.unwrap_or_else(|error| run.give_up(&error_text(&error))));
    }
    let share = own_share(inputs, &division);
    let reader = OwnShareReader {
        run: Arc::clone(run),
        options: Arc::clone(&read),
        logs,
        merging: own_sender,
        ranges: all_ranges,
        complete: all_listed,
    };
    let reading = reader.start(share, files);

    // The other threads have to know before the channels close, which look to them as if the summary lacked a tally.
    merge(run, &all_logs, &division, files, &mut summary)
        .inspect_err(|_| run.output_failed.store(true, Ordering::SeqCst))?;
    let mut complete = end_shares(run, &all_logs, &read.filter) && no_copies;
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
    let seen: Vec<SeenFiles> = members.iter().map(|member| next_answer(run, &member.logs)).collect();
    let agreed = offer.agreed(&options.read, &seen);
    send_to_all(serde_json::to_vec(&agreed)?);
    Ok(offer.division(run, &agreed))
}

/// Merges the tallies of all files in the order of the files. Process I of N has the tallies of the files I, I+N and so
/// on; that of a divided file is put together by this process.
fn merge(
    run: &ClusterRun,
    logs_by_process: &[Receiver<MemberMessage>],
    division: &Division,
    files: usize,
    summary: &mut Summary,
) -> io::Result<()> {
    for (index, reader) in (0..files).zip(logs_by_process.iter().cycle()) {
        let own = logs_by_process.first().filter(|_| division.has(index));
        summary.add(*next_log(run, own.unwrap_or(reader)))?;
    }
    Ok(())
}

/// Receives the end of each process's share, and marks the words of the filters that its events have. Returns `false` if
/// something in a share could not be read.
fn end_shares(run: &ClusterRun, logs_by_process: &[Receiver<MemberMessage>], filter: &Filter) -> bool {
    let mut complete = true;
    for logs in logs_by_process {
        let end = next_end(run, logs);
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

/// The reader of this process's own share. It passes the tallies to the thread that merges, and receives the ranges of divided
/// files that members have read.
struct OwnShareReader {
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
    /// Set while all folders could be listed, and all logs so far were complete.
    complete: bool,
}

impl OwnShareReader {
    /// Starts the thread that reads the share. `files` is the number of files of all processes.
    fn start(mut self, share: Vec<(usize, Input)>, files: usize) -> JoinHandle<()> {
        let run = Arc::clone(&self.run);
        let reading = move || {
            let (options, logs) = (Arc::clone(&self.options), self.logs.clone());
            // The reason has to be told before the channel closes: the thread that merges knows only that a tally is missing.
            let all_read = threads::read(&options, share, logs, &mut self)
                .unwrap_or_else(|error| self.run.give_up(&error_text(&error)));
            let end = EndOfLogs::of_files(files, self.complete && all_read);
            // If the output cannot be written, the first thread takes no more messages, and the channel is closed.
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
        // This process's own range of a divided file was read before the number of lines before it was known. Numbers of lines are in
        // the tally and in the tracker: both are made again as for the range of a member.
        let Some(sent) = SentRange::of(file, &range, result) else { return Ok(None) };
        sent.restore(&self.options, (file, &range), (&self.logs, lines))
    }
}
