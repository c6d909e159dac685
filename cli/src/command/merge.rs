//! The command `merge`: one summary of several mergeable ones.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use std::io::{self, BufReader};
use std::path::PathBuf;

use crate::command::summary::{End, Fault, Form, Hash, LogTally, Next, Reader, Settings, Sum, Summary};
use crate::input::Input;
use crate::output::text::escape;
use crate::report;

/// Help text after the options.
const MORE_HELP: &str = "\
Example, for two machines that can be reached by ssh:
  for host in one two; do
    ssh $host tor-streams summary --json --mergeable -r logs/ > $host.json
  done
  tor-streams merge one.json two.json

What is printed:
  The summary that one machine with all logs would print, or `summary
  --cluster` with the machines' logs in this order. The filters and --max-live
  are those of the summaries, which have to be the same; so give --since and
  --until as dates, and not as `1h`. If two machines have logs of the same
  name, the name of the second summary is put before the second log's.
  A summary that is given twice, and a log that is in two summaries with the
  same name and the same counts, is counted twice, as is told.
  A mergeable summary has the hosts of targets, as every summary, and no
  credentials.

Exit status:
  0  The summary is that of all logs.
  1  A file is damaged, cut, or no mergeable summary, as is told on standard
     error: no summary is printed. Or something could not be read when one was
     made, or a log is counted twice, which is told as well.
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
    form: Form,
}

/// Prints one summary of all files. Returns `false` if a file, or a log before, could not be read.
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
        sum: Sum::default(),
        files: 0,
        complete: true,
    };
    for file in &options.files {
        if !merging.add(&Input::of(file))? {
            return Ok(false);
        }
    }
    // There is at least one file.
    let Some(Merged { summary, .. }) = merging.merged else { return Ok(false) };
    summary.finish(End { files: merging.files, complete: merging.complete, seen_words: Vec::new() })?;
    Ok(merging.complete)
}

/// The summary of those that were merged so far.
struct Merged {
    /// Settings of all summaries.
    settings: Settings,
    /// The summary.
    summary: Summary,
    /// Name of the first summary.
    first: String,
}

/// Summaries that are being merged.
struct Merging {
    /// Form of the output.
    form: Form,
    /// The summary so far; `None` before the first one.
    merged: Option<Merged>,
    /// Names of the logs so far, each with the name of its summary.
    logs: BTreeMap<Arc<str>, String>,
    /// Summaries and logs so far, by which copies are found.
    copies: Copies,
    /// Sum of the greatest numbers.
    sum: Sum,
    /// Number of files so far.
    files: usize,
    /// Set while everything was read when the summaries were made.
    complete: bool,
}

impl Merging {
    /// Adds a summary. Returns `false`, and reports the reason, if it cannot be read.
    ///
    /// # Errors
    ///
    /// If the output cannot be written.
    fn add(&mut self, input: &Input) -> io::Result<bool> {
        let name = escape(&input.name);
        let fail = |(line, error): Fault| {
            match line {
                Some(line) => report(format_args!("{name}:{line}: {error}")),
                None => report(format_args!("tor-streams: {name}: {error}")),
            }
            Ok(false)
        };
        let text = match input.open_without_bar() {
            Ok(text) => BufReader::new(text),
            Err(error) => return fail((None, error.to_string())),
        };
        let mut reader = match Reader::new(text) {
            Ok(reader) => reader,
            Err(error) => return fail(error),
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
            return fail((None, format!("made with other filters or another --max-live than {}", escape(first))));
        }
        let mut copied = Vec::new();
        loop {
            match reader.next(&mut self.sum) {
                Ok(Next::Log(mut log, hash)) => {
                    copied.extend(self.copies.log(hash, &log, &input.name));
                    distinguish(&mut log, &input.name, &mut self.logs);
                    summary.add(*log)?;
                }
                Ok(Next::End(End { files, complete, .. }, hash)) => {
                    self.files = self.files.saturating_add(files);
                    self.complete &= complete & copied.is_empty();
                    self.copies.report(hash, &input.name, &copied);
                    if !complete {
                        report(format_args!("tor-streams: {name}: something could not be read when it was made"));
                    }
                    return Ok(true);
                }
                Err(error) => return fail(error),
            }
        }
    }
}

/// Summaries and logs that were merged, by which copies of them are found.
#[derive(Default)]
struct Copies {
    /// Number of summaries so far.
    number: usize,
    /// Number and name of the summary that has a log, by the hash of the log's line.
    logs: BTreeMap<Hash, (usize, Arc<str>)>,
    /// Name of a summary, by the hash of its lines.
    summaries: BTreeMap<Hash, Arc<str>>,
}

/// A log that was merged before.
struct Copied {
    /// Name of the log.
    log: Arc<str>,
    /// Name of the summary that has it as well.
    summary: Arc<str>,
}

impl Copies {
    /// Adds a log of a summary. Returns the log if it was merged before, as it is told by its name and its counts: so not
    /// if it is empty.
    fn log(&mut self, hash: Hash, log: &LogTally, summary: &str) -> Option<Copied> {
        // A log that is twice in one summary was told when that was made.
        let is_other = |number: usize| number != self.number && log.tally.bytes > 0;
        let before = self.logs.get(&hash).filter(|&&(number, _)| is_other(number)).cloned();
        self.logs.entry(hash).or_insert_with(|| (self.number, summary.into()));
        before.map(|(_, summary)| Copied { log: Arc::clone(&log.name), summary })
    }

    /// Adds a summary, and reports which of its logs were merged before: the summary itself if it was.
    fn report(&mut self, hash: Hash, summary: &str, copied: &[Copied]) {
        let name = escape(summary);
        match self.summaries.get(&hash) {
            Some(same) if !copied.is_empty() => {
                let same = escape(same);
                report(format_args!(
                    "tor-streams: {name}: is the same summary as {same}, so its logs are counted twice"
                ));
            }
            _ => {
                for Copied { log, summary: other } in copied {
                    let (log, other) = (escape(log), escape(other));
                    report(format_args!(
                        "tor-streams: {name}: has the log {log} that {other} has, so it is counted twice"
                    ));
                }
            }
        }
        self.summaries.entry(hash).or_insert_with(|| summary.into());
        self.number += 1;
    }
}

/// Puts the name of the summary before that of a log, if another summary has a log of this name: circuits of two tors
/// are not the same.
fn distinguish(log: &mut LogTally, summary: &str, logs: &mut BTreeMap<Arc<str>, String>) {
    if logs.get(&log.name).is_some_and(|other| other != summary) {
        let prefix = format!("{summary}:");
        log.name = format!("{prefix}{}", log.name).into();
        log.tally.rename(&log.name, &prefix);
    }
    logs.entry(Arc::clone(&log.name)).or_insert_with(|| summary.into());
}
