//! The command `merge`: one summary of several mergeable ones.

use alloc::collections::BTreeMap;
use alloc::sync::Arc;
use std::io::{self, BufReader};
use std::path::PathBuf;

use crate::command::summary::{End, Fault, Form, LogTally, Next, Reader, Settings, Sum, Summary};
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
  The summary that one machine with all logs would print, and `summary
  --cluster` with the machines' logs in this order. The filters and --max-live
  are those of the summaries, which have to be the same; so give --since and
  --until as dates, and not as `1h`. If two machines have logs of the same
  name, the name of the second summary is put before the second log's.
  A mergeable summary has the hosts of targets, as every summary, and no
  credentials.

Exit status:
  0  The summary is that of all logs.
  1  A file is damaged, cut, or no mergeable summary, as is told on standard
     error: no summary is printed. Or something could not be read when one was
     made, which is told as well.
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
        summary: None,
        logs: BTreeMap::new(),
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
    let Some((_, summary, _)) = merging.summary else { return Ok(false) };
    summary.finish(End { files: merging.files, complete: merging.complete, seen_words: Vec::new() })?;
    Ok(merging.complete)
}

/// Summaries that are being merged.
struct Merging {
    /// Form of the output.
    form: Form,
    /// Settings of the first summary, the summary so far, and the name of the first summary.
    summary: Option<(Settings, Summary, String)>,
    /// Names of the logs so far, each with the name of its summary.
    logs: BTreeMap<Arc<str>, String>,
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
        let text = match input.text() {
            Ok(text) => BufReader::new(text),
            Err(error) => return fail((None, error.to_string())),
        };
        let mut reader = match Reader::new(text) {
            Ok(reader) => reader,
            Err(error) => return fail(error),
        };
        let (settings, summary, first) = match &mut self.summary {
            Some(merged) => merged,
            None => {
                let settings = reader.settings.clone();
                let summary = Summary::new(self.form, settings.clone())?;
                self.summary.insert((settings, summary, input.name.clone()))
            }
        };
        if *settings != reader.settings {
            return fail((None, format!("made with other filters or another --max-live than {}", escape(first))));
        }
        loop {
            match reader.next(&mut self.sum) {
                Ok(Next::Log(mut log)) => {
                    distinguish(&mut log, &input.name, &mut self.logs);
                    summary.add(*log)?;
                }
                Ok(Next::End(End { files, complete, .. })) => {
                    self.files = self.files.saturating_add(files);
                    self.complete &= complete;
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
