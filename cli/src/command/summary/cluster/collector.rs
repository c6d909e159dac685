//! Process 0: it merges the tallies of all files in their order, and prints the summary.

use alloc::sync::Arc;
use core::convert::Infallible;
use core::sync::atomic::Ordering;
use std::io;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Instant;

use super::super::mergeable::{End, Line, LogTally, Settings, Sum, parse};
use super::super::{Options, Summary, SummaryLog, SummaryLogs};
use super::door::Door;
use super::greeting::Connection;
use super::reader::{DONE, START, share};
use super::wire::{self, Message, Sender};
use super::{Run, lock};
use crate::input::threads::{self, Collector};
use crate::input::{Input, copies};

/// Number of lines of a process that may wait to be merged.
const AHEAD: usize = 2;

/// Collector of this process's own share: passes the lines to the thread that merges.
struct Passing {
    /// Channel to that thread.
    lines: SyncSender<Line>,
    /// Set while all logs were in order so far.
    complete: bool,
}

impl Collector<SummaryLog> for Passing {
    fn print(&mut self, rows: Infallible) -> io::Result<()> {
        match rows {}
    }

    fn log(&mut self, log: SummaryLog, _index: usize, all_read: bool) -> io::Result<()> {
        let log = log.finish(all_read);
        self.complete &= log.complete;
        self.lines.send(Line::Log(Box::new(log))).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

/// Reads this process's share of the files, and prints the summary of all. Returns `false` if a file or a line could not
/// be read by any process.
///
/// # Errors
///
/// If the output cannot be written.
pub(super) fn run(run: &Arc<Run>, options: Options, inputs: Vec<Input>, listed: bool) -> io::Result<bool> {
    let names: Vec<_> = inputs.iter().map(|input| input.name.clone()).collect();
    let logs = SummaryLogs::new(&options.read.filter, options.streams, &names);
    let settings = Settings::new(options.streams, &options.read.filter);
    let (senders, others) = wait_for_all(run, &settings);
    for sender in &senders {
        // The thread that receives reports the end of a connection.
        let _ = lock(sender).message(START);
    }

    let unique = copies::report_copies(&inputs, options.read.jobs());
    let (files, own) = (inputs.len(), share(inputs, run));
    let mut summary = Summary::new(options.form, settings)?;
    let (lines, own_lines) = sync_channel(AHEAD);
    let read = Arc::new(options.read);
    let reading_options = Arc::clone(&read);
    let reading = thread::Builder::new().spawn(move || {
        let mut passing = Passing { lines, complete: true };
        let all_read = threads::read(&reading_options, own, logs, &mut passing)?;
        let complete = listed && all_read && passing.complete;
        let end = End { files, complete, seen_words: Vec::new() };
        passing.lines.send(Line::End(end)).map_err(|_| io::ErrorKind::BrokenPipe)?;
        io::Result::Ok(())
    })?;

    let channels: Vec<_> = core::iter::once(own_lines).chain(others).collect();
    for (_, lines) in (0..files).zip(channels.iter().cycle()) {
        summary.add(*log(run, lines))?;
    }
    let mut complete = unique;
    for lines in &channels {
        let end = end(run, lines);
        complete &= end.complete;
        read.filter.mark_seen_words(&end.seen_words);
    }
    if let Ok(Err(error)) = reading.join() {
        run.give_up(&error.to_string());
    }
    run.is_complete.store(true, Ordering::SeqCst);
    for sender in &senders {
        // The summary is complete, whether the process reads this or not.
        let _ = lock(sender).message(DONE);
    }
    complete &= read.filter.report_unknown_words();
    summary.finish(End { files, complete, seen_words: Vec::new() })?;
    Ok(complete)
}

/// Returns the next log of a process.
fn log(run: &Run, lines: &Receiver<Line>) -> Box<LogTally> {
    match lines.recv() {
        Ok(Line::Log(log)) => log,
        _ => run.give_up("a process has sent too few tallies"),
    }
}

/// Returns the last line of a process.
fn end(run: &Run, lines: &Receiver<Line>) -> End {
    match lines.recv() {
        Ok(Line::End(end)) => end,
        _ => run.give_up("a process has sent too many tallies"),
    }
}

/// Waits for all other processes. Returns the connections to them, and the lines that come from them, in order.
fn wait_for_all(run: &Arc<Run>, settings: &Settings) -> (Vec<Arc<Mutex<Sender>>>, Vec<Receiver<Line>>) {
    let mut all: Vec<_> = (1..run.processes()).map(|_| None).collect();
    if all.is_empty() {
        return (Vec::new(), Vec::new());
    }
    let deadline = Instant::now() + run.wait;
    let sum = Arc::<Mutex<Sum>>::default();
    let mut door = Door::open(&run.addresses, Arc::clone(&run.key), run.wait)
        .unwrap_or_else(|error| run.give_up(&format!("cannot listen as {}: {error}", run.name(0))));
    loop {
        let missing = (1..).zip(&all).filter(|(_, connected)| connected.is_none());
        let missing: Vec<_> = missing.map(|(process, _)| run.name(process)).collect();
        if missing.is_empty() {
            return all.into_iter().flatten().unzip();
        }
        let Some(Connection { process, mut sender, receiver }) = door.next(deadline) else {
            let (missing, seconds, hint) = (missing.join(", "), run.wait.as_secs(), door.hint());
            run.give_up(&format!("{missing} did not come up within {seconds} seconds{hint}"));
        };
        match usize::from(process).checked_sub(1).and_then(|index| all.get_mut(index)) {
            Some(place @ None) => {
                // The thread that receives reports the end of a connection.
                let _ = sender.message(&run.fingerprint);
                let sender = run.connected(process, sender);
                *place = Some((sender, receive(run, process, receiver, settings, &sum)));
            }
            _ => {
                let reason = format!("there is another {}", run.name(process));
                let _ = sender.lost(&reason, super::LAST_WORDS);
            }
        }
    }
}

/// Starts the thread that receives the lines of a process, and that ends the program if the process is lost.
fn receive(
    run: &Arc<Run>,
    process: u16,
    mut receiver: wire::Receiver,
    settings: &Settings,
    sum: &Arc<Mutex<Sum>>,
) -> Receiver<Line> {
    let (sender, lines) = sync_channel(AHEAD);
    let (run, sum) = (Arc::clone(run), Arc::clone(sum));
    let (max_live, limit) = (settings.max_live, settings.line_limit());
    let giving_up = Arc::clone(&run);
    let receiving = move || {
        let mut next = || match receiver.message(limit) {
            Ok(Message::Bytes(bytes)) => Some(bytes),
            Ok(Message::Lost(_)) | Err(_) if run.is_complete.load(Ordering::SeqCst) => None,
            Ok(Message::Lost(reason)) | Err(reason) => run.lost(process, &reason),
        };
        if next().is_some_and(|fingerprint| fingerprint != run.fingerprint) {
            run.give_up(&run.other_run(process));
        }
        while let Some(bytes) = next() {
            let line = parse(&bytes, max_live, &mut lock(&sum));
            let line = line.unwrap_or_else(|reason| run.lost(process, &format!("it sends a tally that is {reason}")));
            if sender.send(line).is_err() {
                return;
            }
        }
    };
    if let Err(error) = thread::Builder::new().spawn(receiving) {
        giving_up.give_up(&error.to_string());
    }
    lines
}
