//! The command `merge`: one summary of several mergeable ones.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use std::io::{self, BufReader};
use std::path::PathBuf;

use crate::command::summary::{
    EndOfLogs, Fault, LogTally, MergeableReader, OverflowGuard, ReadLine, Settings, Sha256Hash, Summary, SummaryForm,
};
use crate::input::Input;
use crate::output::text::{error_text, escape_name};
use crate::report;

/// Help text after the options.
const MORE_HELP: &str = "\
Example, for two machines that can be reached by ssh:
  for host in one two; do
    ssh $host tor-streams summary --json --mergeable -r logs/ > $host.json
  done
  tor-streams merge one.json two.json

What is printed:
  The summary that one machine with all logs would print, or that `summary
  --cluster` prints with the machines' logs in this order. The filters and --max-live
  are those of the summaries, which have to be the same; so give --since and
  --until as dates, and not as `1h`. If two machines have logs of the same
  name, the name of the second summary is put before the second log's.
  A summary that is given twice, and a log that is in two summaries with the
  same name and the same counts, is counted twice, and reported.
  A mergeable summary has the hosts of targets, as every summary, and no
  credentials.

Exit status:
  0  The summary is that of all logs.
  1  Standard error reports a file that is damaged, cut, or no mergeable summary:
     then no summary is printed, or with --mergeable one without an end, which
     `merge` refuses. Or it reports that a summary was made with exit status
     1, or that a log is counted twice.
  2  The arguments are wrong.";

/// The options of `merge`.
#[derive(clap::Args)]
#[command(after_long_help = MORE_HELP)]
pub(crate) struct Options {
    /// Output of `tor-streams summary --json --mergeable`, compressed or not; `-` is standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Form of the output.
    #[command(flatten)]
    form: SummaryForm,
}

/// Prints one summary of all files. Returns `false` if a file could not be read or was made with exit status 1, or if a log is
/// counted twice.
///
/// # Errors
///
/// If the output cannot be written.
pub(crate) fn run(options: &Options) -> io::Result<bool> {
    let mut merging = Merging {
        form: options.form,
        merged: None,
        logs: BTreeMap::new(),
        copies: Copies::default(),
        guard: OverflowGuard::default(),
        log_files: 0,
        complete: true,
    };
    for file in &options.files {
        let input = Input::of(file);
        if let Err(Fault { line, reason }) = merging.add(&input)? {
            let name = escape_name(&input.name);
            match line {
                Some(line) => report(format_args!("{name}:{line}: {reason}")),
                None => report(format_args!("tor-streams: {name}: {reason}")),
            }
            return Ok(false);
        }
    }
    // There is at least one file.
    let Some(Merged { summary, .. }) = merging.merged else { return Ok(false) };
    summary.finish(EndOfLogs::of_files(merging.log_files, merging.complete))?;
    Ok(merging.complete)
}

/// The summary of the files so far.
struct Merged {
    /// Settings that all files have.
    settings: Settings,
    /// The summary.
    summary: Summary,
    /// Name of the first file, for the message about one with other settings.
    first: String,
}

/// The state of merging.
struct Merging {
    /// Form of the output.
    form: SummaryForm,
    /// The summary so far; `None` before the first file.
    merged: Option<Merged>,
    /// Names of the logs so far, each with the name of the first summary that has it: a summary is known by the name of its file.
    logs: BTreeMap<Arc<str>, String>,
    /// Summaries and logs so far, by which copies are found.
    copies: Copies,
    /// Check that no merged number becomes too large for JSON.
    guard: OverflowGuard,
    /// Number of logs' files so far, as counted when the summaries were made.
    log_files: usize,
    /// Set while each summary so far was complete when it was made, and nothing is counted twice.
    complete: bool,
}

impl Merging {
    /// Adds the mergeable summary in a file.
    ///
    /// # Errors
    ///
    /// If the output cannot be written; in the inner result, if the file cannot be merged.
    fn add(&mut self, input: &Input) -> io::Result<Result<(), Fault>> {
        let text = input.open_without_progress().map_err(|error| Fault::of_file(error_text(&error)));
        let mut reader = match text.and_then(|text| MergeableReader::new(BufReader::new(text))) {
            Ok(reader) => reader,
            Err(fault) => return Ok(Err(fault)),
        };
        let Merged { settings, summary, first } = match &mut self.merged {
            Some(merged) => merged,
            None => {
                let settings = reader.settings.clone();
                let summary = Summary::new(self.form, settings.clone())?;
                self.merged.insert(Merged { settings, summary, first: input.name.clone() })
            }
        };
        if *settings != reader.settings {
            let reason = format!("made with other filters or another --max-live than {}", escape_name(first));
            return Ok(Err(Fault::of_file(reason)));
        }
        let mut copied = Vec::new();
        loop {
            match reader.next(&mut self.guard) {
                Ok(ReadLine::Log(mut log, hash)) => {
                    copied.extend(self.copies.add_log(hash, &log, &input.name));
                    distinguish(&mut log, &input.name, &mut self.logs);
                    summary.add(*log)?;
                }
                Ok(ReadLine::End(EndOfLogs { files, complete, .. }, hash)) => {
                    self.log_files = self.log_files.saturating_add(files);
                    self.complete &= complete & copied.is_empty();
                    self.copies.add_summary(hash, &input.name, &copied);
                    if !complete {
                        let name = escape_name(&input.name);
                        report(format_args!(
                            "tor-streams: {name}: made with exit status 1, and a message that says why"
                        ));
                    }
                    return Ok(Ok(()));
                }
                Err(fault) => return Ok(Err(fault)),
            }
        }
    }
}

/// The summaries and logs that were merged so far, by which copies are found. A summary is known by the name of its file.
#[derive(Default)]
struct Copies {
    /// Number of summaries before the current one.
    summaries_before: usize,
    /// For each log, by the hash of its line: number, from 0, and name of the first summary that has it.
    logs: BTreeMap<Sha256Hash, (usize, Arc<str>)>,
    /// Name of the first summary with the same lines, by their hash.
    summaries: BTreeMap<Sha256Hash, Arc<str>>,
}

/// A log that an earlier summary has as well.
struct CopiedLog {
    /// Name of the log.
    name: Arc<str>,
    /// Name of the earlier summary.
    summary: Arc<str>,
}

impl Copies {
    /// Adds a log of the current summary. Returns it if an earlier summary has a log with the same name and counts. An empty
    /// log is no copy.
    fn add_log(&mut self, hash: Sha256Hash, log: &LogTally, summary: &str) -> Option<CopiedLog> {
        let (number, first) = self.logs.entry(hash).or_insert_with(|| (self.summaries_before, summary.into()));
        // If the current summary has the log twice, that was reported when the summary was made.
        let is_copy = *number != self.summaries_before && log.tally.bytes > 0;
        is_copy.then(|| CopiedLog { name: Arc::clone(&log.name), summary: Arc::clone(first) })
    }

    /// Adds the current summary after its logs, and reports it as a copy, or else the logs that earlier ones have as well.
    fn add_summary(&mut self, hash: Sha256Hash, summary: &str, copied: &[CopiedLog]) {
        let name = escape_name(summary);
        match self.summaries.get(&hash) {
            // Two summaries of empty logs are the same, and nothing in them is counted twice.
            Some(same) if !copied.is_empty() => {
                let same = escape_name(same);
                report(format_args!(
                    "tor-streams: {name}: is the same summary as {same}, so its logs are counted twice"
                ));
            }
            _ => {
                for CopiedLog { name: log, summary: other } in copied {
                    let (log, other) = (escape_name(log), escape_name(other));
                    report(format_args!(
                        "tor-streams: {name}: has the log {log} that {other} has, so it is counted twice"
                    ));
                }
            }
        }
        self.summaries.entry(hash).or_insert_with(|| summary.into());
        self.summaries_before += 1;
    }
}

/// Puts the name of the summary before that of a log, if an earlier summary has a log of this name: the logs are of two
/// machines, and so are their circuits.
fn distinguish(log: &mut LogTally, summary: &str, logs: &mut BTreeMap<Arc<str>, String>) {
    if logs.get(&log.name).is_some_and(|first| first != summary) {
        let prefix = format!("{summary}:");
        log.name = format!("{prefix}{}", log.name).into();
        log.tally.name_circuits(&log.name);
        log.tally.prefix_files(&prefix);
    }
    logs.entry(Arc::clone(&log.name)).or_insert_with(|| summary.into());
}
