//! Mergeable summaries: the tallies of logs as lines of JSON.
//!
//! 1. The first line has the settings that the tallies were made with.
//! 2. Each further line has the tally of one log.
//! 3. The last line but one has the number of files.
//! 4. The last line has a checksum.
//!
//! Each log keeps a line of its own, so that the lines of several machines give the summary that one machine with all
//! logs would print: the keys that a full table leaves out depend on the order of all logs, so their tallies are merged
//! only once, in that order.
//!
//! Anybody may have written a line, so it is checked before its tally is merged: numbers cannot overflow, tables are
//! within their limit, and times can be printed. No message quotes a line, since a file that is taken for a mergeable
//! summary by mistake may hold credentials.

use alloc::sync::Arc;
use std::io::{self, BufRead, Read, Write};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::tally::Tally;
use crate::command::options::StreamOptions;
use crate::input::filter::Filter;
use crate::output::json::EscapedJson;

/// Version of the form of the lines. Programs with the same version read each other's lines.
const FORMAT_VERSION: u32 = 1;
/// The greatest number up to which JSON readers are exact. No number of merged tallies exceeds it.
const MAX_EXACT: u64 = 1 << 53;
/// Maximum length, in bytes, of the first and of the last line.
const MAX_SHORT_LINE: u64 = 4096;

/// A line of a mergeable summary; the last one is a [`Checksum`].
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum SummaryLine {
    /// First line.
    MergeableSummary(Settings),
    /// Tally of one log.
    Log(Box<LogTally>),
    /// Line after all logs.
    End(EndOfLogs),
}

/// The last line: a checksum of the lines before it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Checksum {
    /// SHA-256 in hexadecimal digits.
    sha256: String,
}

/// The settings that have to be the same for tallies to be merged.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settings {
    /// [`FORMAT_VERSION`] of the program that wrote the lines.
    format: u32,
    /// Maximum number of rows in each table.
    pub(crate) max_live: usize,
    /// Hash of the filters: their values may be names of hosts, which the lines must not show.
    filters: String,
}

/// The tally of one log.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogTally {
    /// Name of the log: that of its first file.
    pub(crate) name: Arc<str>,
    /// Set if the whole log could be read and was in order.
    pub(crate) complete: bool,
    /// The tally.
    pub(crate) tally: Tally,
}

/// The line after all logs.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EndOfLogs {
    /// Number of files.
    pub(crate) files: usize,
    /// Set if all files could be read, and each log was in order.
    pub(crate) complete: bool,
    /// For each word in the filters, whether an event of these files has it: a process of a cluster tells process 0, which
    /// reports the words that no event has. Empty in a file.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) seen_words: Vec<bool>,
}

impl EndOfLogs {
    /// Returns the end of all logs of a run without members, or of a file.
    pub(crate) const fn of_files(files: usize, complete: bool) -> Self {
        Self { files, complete, seen_words: Vec::new() }
    }
}

impl Settings {
    /// Returns the settings for the options of a run.
    pub(crate) fn new(StreamOptions { failed, max_live, join: _ }: StreamOptions, filter: &Filter) -> Self {
        // A filter has nothing that cannot be serialized.
        let hash = Sha256::digest(serde_json::to_vec(&(filter, failed)).unwrap_or_default());
        Self { format: FORMAT_VERSION, max_live, filters: hexadecimal(hash.iter().take(16)) }
    }

    /// Returns the maximum length of a line in bytes: 1 MiB, and 16 KiB for each permitted row of all tables together.
    pub(super) const fn line_limit(&self) -> u64 {
        (1 << 20) + (self.max_live as u64).saturating_mul(16 * 1024)
    }
}

/// Returns bytes in hexadecimal digits.
fn hexadecimal<'b>(bytes: impl IntoIterator<Item = &'b u8>) -> String {
    bytes.into_iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A writer that also hashes the bytes.
struct HashingWriter<W> {
    /// The output.
    output: W,
    /// Hash of the bytes so far.
    hash: Sha256,
}

impl<W: Write> Write for HashingWriter<W> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let written = self.output.write(buffer)?;
        self.hash.update(buffer.get(..written).unwrap_or(buffer));
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}

/// A writer of a mergeable summary.
pub(crate) struct MergeableWriter<W: Write>(EscapedJson<HashingWriter<W>>);

impl<W: Write> MergeableWriter<W> {
    /// Writes the first line.
    ///
    /// # Errors
    ///
    /// If the output cannot be written. The other functions have the same errors.
    pub(crate) fn new(output: W, settings: Settings) -> io::Result<Self> {
        let mut writer = Self(EscapedJson::new(HashingWriter { output, hash: Sha256::new() }));
        writer.line(&SummaryLine::MergeableSummary(settings))?;
        Ok(writer)
    }

    /// Writes the line of a log.
    pub(crate) fn log(&mut self, log: LogTally) -> io::Result<()> {
        self.line(&SummaryLine::Log(Box::new(log)))
    }

    /// Writes the line after all logs, and the checksum.
    pub(crate) fn end(&mut self, end: EndOfLogs) -> io::Result<()> {
        self.line(&SummaryLine::End(end))?;
        self.0.flush()?;
        let sha256 = hexadecimal(&self.0.output().hash.clone().finalize());
        self.line(&Checksum { sha256 })?;
        self.0.flush()
    }

    /// Writes a line.
    fn line(&mut self, line: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer(&mut self.0, line)?;
        self.0.write_all(b"\n")
    }
}

/// The sum of the [`overflow_bound`](Tally::overflow_bound) of all tallies that are merged.
#[derive(Default)]
pub(crate) struct OverflowGuard(u64);

impl OverflowGuard {
    /// Adds the bound of a tally that is to be merged.
    ///
    /// # Errors
    ///
    /// If a number of the merged tally could exceed [`MAX_EXACT`].
    pub(super) fn add(&mut self, tally: &Tally) -> Result<(), &'static str> {
        let sum = self.0.checked_add(tally.overflow_bound()).filter(|&sum| sum <= MAX_EXACT);
        self.0 = sum.ok_or("its numbers are too large")?;
        Ok(())
    }
}

impl LogTally {
    /// Checks a tally that was deserialized, and adds the log's name to its circuits. `limit` is the maximum number of rows
    /// in each table.
    ///
    /// # Errors
    ///
    /// The reason, without text of the tally.
    pub(super) fn check(&mut self, limit: usize, guard: &mut OverflowGuard) -> Result<(), &'static str> {
        if !self.tally.is_plausible(limit) {
            return Err("damaged: more rows than --max-live, or a time without a date");
        }
        guard.add(&self.tally)?;
        self.tally.name_log(&self.name, "");
        Ok(())
    }
}

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

/// A line after the first one, or the two last ones. Equal lines have equal hashes.
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
                Ok(Self { input, lines: 1, hash: Sha256::new_with_prefix(&line), settings })
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
        self.lines += 1;
        let limit = self.settings.line_limit();
        let line = read_line(&mut self.input, limit).map_err(Fault::of_file)?;
        if !line.ends_with(b"\n") {
            let is_long = line.len() as u64 >= limit;
            let reason = if is_long { "the line is too long" } else { "the end is missing" };
            return Err(Fault::of_line(self.lines, reason));
        }
        self.hash.update(&line);
        let damaged = |error: serde_json::Error| {
            // The error's own text could quote the line.
            Fault::of_line(self.lines, format!("damaged in column {}", error.column()))
        };
        match serde_json::from_slice(&line).map_err(damaged)? {
            SummaryLine::Log(mut log) => {
                log.check(self.settings.max_live, guard).map_err(|reason| Fault::of_line(self.lines, reason))?;
                Ok(ReadLine::Log(log, Sha256::digest(&line).into()))
            }
            SummaryLine::End(end) => {
                self.verify_checksum()?;
                let rest = read_line(&mut self.input, 1).map_err(Fault::of_file)?;
                if rest.is_empty() {
                    Ok(ReadLine::End(end, self.hash.clone().finalize().into()))
                } else {
                    Err(Fault::of_line(self.lines + 2, "more lines follow the last one"))
                }
            }
            SummaryLine::MergeableSummary(_) => {
                Err(Fault::of_line(self.lines, "another summary follows: merge each from a file of its own"))
            }
        }
    }

    /// Reads the last line, and compares it with the lines before it.
    fn verify_checksum(&mut self) -> Result<(), Fault> {
        let line = read_line(&mut self.input, MAX_SHORT_LINE).map_err(Fault::of_file)?;
        if !line.ends_with(b"\n") {
            return Err(Fault::of_line(self.lines + 1, "the end is missing"));
        }
        let sha256 = hexadecimal(&self.hash.clone().finalize());
        match serde_json::from_slice(&line) {
            Ok(Checksum { sha256: written }) if written == sha256 => Ok(()),
            _ => Err(Fault::of_file("damaged: the checksum in its last line is another one")),
        }
    }
}

/// Reads a line, but no more than `limit` bytes. The line has no line end if it is longer, or the file ends.
fn read_line(input: &mut impl BufRead, limit: u64) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    input.by_ref().take(limit).read_until(b'\n', &mut line)?;
    Ok(line)
}
