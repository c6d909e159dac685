//! The reader of a mergeable summary, which checks each line.

use std::io::{self, BufRead, Read};

use sha2::{Digest, Sha256};

use super::{Checksum, EndOfLogs, FORMAT_VERSION, LogTally, OverflowGuard, Settings, SummaryLine, hexadecimal};

/// Maximum length, in bytes, of the first line, and of the last one. A mergeable summary has less than 200 in each; another file,
/// given by mistake, may have a first line of any length.
const MAX_SHORT_LINE: u64 = 4096;

/// The reason for which a mergeable summary cannot be read.
pub(crate) struct Fault {
    /// Number of the line that is at fault; `None` if it is the file.
    pub(crate) line: Option<u64>,
    /// The reason, without text of the file.
    pub(crate) reason: String,
}

impl Fault {
    /// Returns the fault of a file.
    pub(crate) fn of_file(reason: impl ToString) -> Self {
        Self { line: None, reason: reason.to_string() }
    }

    /// Returns the fault of a line.
    fn of_line(line: u64, reason: impl ToString) -> Self {
        Self { line: Some(line), reason: reason.to_string() }
    }
}

/// The next line of a mergeable summary after the first one; the last two count as one. By the hashes, `merge` finds logs and
/// summaries that are given twice.
pub(crate) enum ReadLine {
    /// Tally of a log, and the hash of its line.
    Log(Box<LogTally>, Sha256Hash),
    /// Line after all logs, and the hash of all lines up to this one.
    End(EndOfLogs, Sha256Hash),
}

/// A SHA-256 hash.
pub(crate) type Sha256Hash = [u8; 32];

/// A reader of a mergeable summary.
pub(crate) struct MergeableReader<R> {
    /// The input.
    input: R,
    /// Number of lines so far.
    lines: u64,
    /// Number of logs so far.
    logs: usize,
    /// Set while all logs so far were complete.
    complete: bool,
    /// Hash of the lines so far.
    hash: Sha256,
    /// Settings in the first line.
    pub(crate) settings: Settings,
}

impl<R: BufRead> MergeableReader<R> {
    /// Reads the first line.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, is no mergeable summary, or has another version.
    pub(crate) fn new(mut input: R) -> Result<Self, Fault> {
        let line = read_line(&mut input, MAX_SHORT_LINE).map_err(Fault::of_file)?;
        match serde_json::from_slice(&line) {
            Ok(SummaryLine::MergeableSummary(settings)) if settings.format == FORMAT_VERSION => {
                let hash = Sha256::new_with_prefix(&line);
                Ok(Self { input, lines: 1, logs: 0, complete: true, hash, settings })
            }
            Ok(SummaryLine::MergeableSummary(_)) => Err(Fault::of_file("made by another version of tor-streams")),
            _ => Err(Fault::of_file("no output of `tor-streams summary --json --mergeable`")),
        }
    }

    /// Reads the next line: a log, or the line after all logs, with the checksum after it. `guard` has the bounds of all
    /// tallies so far, also of other files.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, ends before its last line, or was changed; or if a line is not one that this program
    /// writes.
    pub(crate) fn next(&mut self, guard: &mut OverflowGuard) -> Result<ReadLine, Fault> {
        let line = self.next_line()?;
        let damaged = |error: serde_json::Error| {
            // The error's own text could quote the line.
            Fault::of_line(self.lines, format!("damaged in column {}", error.column()))
        };
        match serde_json::from_slice(&line).map_err(damaged)? {
            SummaryLine::Log(mut log) => {
                log.check(self.settings.max_live, guard).map_err(|reason| Fault::of_line(self.lines, reason))?;
                self.logs += 1;
                self.complete &= log.complete;
                Ok(ReadLine::Log(log, Sha256::digest(&line).into()))
            }
            SummaryLine::End(end) => {
                self.check_end(&end)?;
                self.verify_checksum()?;
                Ok(ReadLine::End(end, self.hash.clone().finalize().into()))
            }
            SummaryLine::MergeableSummary(_) => {
                Err(Fault::of_line(self.lines, "another summary follows: merge each from a file of its own"))
            }
        }
    }

    /// Reads and hashes the next line, which is not the last one.
    fn next_line(&mut self) -> Result<Vec<u8>, Fault> {
        self.lines += 1;
        let limit = self.settings.line_limit();
        let line = read_line(&mut self.input, limit).map_err(Fault::of_file)?;
        if !line.ends_with(b"\n") {
            let is_long = line.len() as u64 >= limit;
            let reason = if is_long { "the line is too long" } else { "the end is missing" };
            return Err(Fault::of_line(self.lines, reason));
        }
        self.hash.update(&line);
        Ok(line)
    }

    /// Checks that the line after all logs does not contradict the lines of the logs. A log has one or more files.
    fn check_end(&self, end: &EndOfLogs) -> Result<(), Fault> {
        let is_possible = self.logs <= end.files && (self.complete || !end.complete) && end.seen_words.is_empty();
        if is_possible {
            Ok(())
        } else {
            Err(Fault::of_line(self.lines, "damaged: it contradicts the lines before it"))
        }
    }

    /// Reads the last line, compares it with the lines before it, and checks that nothing follows.
    fn verify_checksum(&mut self) -> Result<(), Fault> {
        let line = read_line(&mut self.input, MAX_SHORT_LINE).map_err(Fault::of_file)?;
        if !line.ends_with(b"\n") {
            return Err(Fault::of_line(self.lines + 1, "the end is missing"));
        }
        let sha256 = hexadecimal(&self.hash.clone().finalize());
        let is_right = serde_json::from_slice(&line).is_ok_and(|Checksum { sha256: written }| written == sha256);
        if !is_right {
            return Err(Fault::of_file("damaged: the checksum in its last line is another one"));
        }
        let rest = read_line(&mut self.input, 1).map_err(Fault::of_file)?;
        if rest.is_empty() { Ok(()) } else { Err(Fault::of_line(self.lines + 2, "more lines follow the last one")) }
    }
}

/// Reads a line, but no more than `limit` bytes. The line has no line end if it is longer, or the file ends.
fn read_line(input: &mut impl BufRead, limit: u64) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    input.by_ref().take(limit).read_until(b'\n', &mut line)?;
    Ok(line)
}
