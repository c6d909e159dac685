//! Mergeable summaries: the tallies of logs as lines of JSON.
//!
//! 1. The first line has the settings that the tallies were made with.
//! 2. Each further line has the tally of one log.
//! 3. The last line but one has the number of files.
//! 4. The last line has a checksum.
//!
//! Each log keeps a line of its own: the keys that a full table leaves out depend on the order of all logs, so tallies are
//! merged once, in that order. So the summary of the lines of several machines is that of one machine with all logs.
//!
//! A line may come from anybody: it is checked, so that a tally cannot do harm when it is merged and printed. No message
//! quotes a line, since a file that is taken for a mergeable summary by mistake may hold credentials.

use alloc::sync::Arc;
use std::io::{self, BufRead, Read, Write};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::report::Escaped;
use super::tally::Tally;
use crate::command::options::StreamOptions;
use crate::input::filter::Filter;

/// Version of the format. Programs with the same number read each other's lines.
const FORMAT: u32 = 1;
/// Maximum sum of the greatest numbers of tallies that are merged. Numbers in JSON are exact up to it.
const GREATEST: u64 = 1 << 53;
/// Maximum length of the first line in bytes.
const FIRST_LINE: u64 = 4096;

/// A line of a mergeable summary.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Line {
    /// First line.
    MergeableSummary(Settings),
    /// Tally of one log.
    Log(Box<LogTally>),
    /// Line after all logs.
    End(End),
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
    /// Version of the format.
    format: u32,
    /// Maximum number of rows in each table.
    pub(crate) max_live: usize,
    /// Hash of the filters.
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
pub(crate) struct End {
    /// Number of files.
    pub(crate) files: usize,
    /// Set if all files could be read and were in order.
    pub(crate) complete: bool,
    /// For each word of the filters, whether an event has it; empty if nobody has to know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) seen_words: Vec<bool>,
}

impl Settings {
    /// Returns the settings of a run.
    pub(crate) fn new(StreamOptions { failed, max_live, join: _ }: StreamOptions, filter: &Filter) -> Self {
        let hash = Sha256::digest(format!("{filter:?} {failed}"));
        Self { format: FORMAT, max_live, filters: hexadecimal(hash.iter().take(16)) }
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

/// A writer that hashes the bytes it writes.
struct Hashed<W> {
    /// The output.
    output: W,
    /// Hash of the bytes so far.
    hash: Sha256,
}

impl<W: Write> Write for Hashed<W> {
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
pub(crate) struct Writer<W: Write>(Escaped<Hashed<W>>);

impl<W: Write> Writer<W> {
    /// Writes the first line.
    ///
    /// # Errors
    ///
    /// If the output cannot be written, as for the other functions.
    pub(crate) fn new(output: W, settings: Settings) -> io::Result<Self> {
        let mut writer = Self(Escaped::new(Hashed { output, hash: Sha256::new() }));
        writer.line(&Line::MergeableSummary(settings))?;
        Ok(writer)
    }

    /// Writes the line of a log.
    pub(crate) fn log(&mut self, log: LogTally) -> io::Result<()> {
        self.line(&Line::Log(Box::new(log)))
    }

    /// Writes the line after all logs, and the checksum.
    pub(crate) fn end(&mut self, end: End) -> io::Result<()> {
        self.line(&Line::End(end))?;
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

/// The sum of the greatest numbers of all tallies that are merged.
#[derive(Default)]
pub(crate) struct Sum(u64);

impl Sum {
    /// Adds a tally. Returns an error if sums may become too large.
    pub(super) fn add(&mut self, tally: &Tally) -> Result<(), &'static str> {
        let sum = self.0.checked_add(tally.largest()).filter(|&sum| sum <= GREATEST);
        self.0 = sum.ok_or("its numbers are too large")?;
        Ok(())
    }
}

impl LogTally {
    /// Checks a tally that was read, so that it cannot do harm when it is merged and printed. `limit` is the maximum number
    /// of rows in each table.
    ///
    /// # Errors
    ///
    /// The reason, without text of the tally.
    pub(super) fn check(&mut self, limit: usize, sum: &mut Sum) -> Result<(), &'static str> {
        if !self.tally.is_plausible(limit) {
            return Err("damaged: more rows than --max-live, or a time without a date");
        }
        sum.add(&self.tally)?;
        self.tally.rename(&self.name, "");
        Ok(())
    }
}

/// The number of a line, if it is at fault, and the reason for which a summary cannot be read.
pub(crate) type Fault = (Option<u64>, String);

/// A line after the first one. Equal lines have equal hashes.
pub(crate) enum Next {
    /// Tally of a log, and the hash of its line.
    Log(Box<LogTally>, Hash),
    /// Line after all logs, and the hash of all lines.
    End(End, Hash),
}

/// A SHA-256 hash.
pub(crate) type Hash = [u8; 32];

/// A reader of a mergeable summary.
pub(crate) struct Reader<R> {
    /// The input.
    input: R,
    /// Number of lines so far.
    lines: u64,
    /// Hash of the lines so far.
    hash: Sha256,
    /// Settings in the first line.
    pub(crate) settings: Settings,
}

impl<R: BufRead> Reader<R> {
    /// Reads the first line.
    ///
    /// # Errors
    ///
    /// The number of the line if it is at fault, and the reason.
    pub(crate) fn new(mut input: R) -> Result<Self, Fault> {
        let line = read_line(&mut input, FIRST_LINE).map_err(|error| (None, error.to_string()))?;
        match serde_json::from_slice(&line) {
            Ok(Line::MergeableSummary(settings)) if settings.format == FORMAT => {
                Ok(Self { input, lines: 1, hash: Sha256::new_with_prefix(&line), settings })
            }
            Ok(Line::MergeableSummary(_)) => Err((None, "made by another version of tor-streams".into())),
            _ => Err((None, "no output of `tor-streams summary --json --mergeable`".into())),
        }
    }

    /// Reads the next line: a log, or the line after all logs and the checksum.
    ///
    /// # Errors
    ///
    /// The number of the line if it is at fault, and the reason.
    pub(crate) fn next(&mut self, sum: &mut Sum) -> Result<Next, Fault> {
        self.lines += 1;
        let here = Some(self.lines);
        let limit = self.settings.line_limit();
        let line = read_line(&mut self.input, limit).map_err(|error| (None, error.to_string()))?;
        if !line.ends_with(b"\n") {
            let is_long = line.len() as u64 >= limit;
            return Err((here, if is_long { "the line is too long" } else { "the end is missing" }.into()));
        }
        self.hash.update(&line);
        let damaged = |error: serde_json::Error| (here, format!("damaged in column {}", error.column()));
        match serde_json::from_slice(&line).map_err(damaged)? {
            Line::Log(mut log) => {
                log.check(self.settings.max_live, sum).map_err(|error| (here, error.into()))?;
                Ok(Next::Log(log, Sha256::digest(&line).into()))
            }
            Line::End(end) => {
                self.verify_checksum()?;
                let rest = read_line(&mut self.input, 1).map_err(|error| (None, error.to_string()))?;
                let here = Some(self.lines + 1);
                if rest.is_empty() {
                    Ok(Next::End(end, self.hash.clone().finalize().into()))
                } else {
                    Err((here, "more lines follow the last one".into()))
                }
            }
            Line::MergeableSummary(_) => {
                Err((here, "another summary follows: merge each from a file of its own".into()))
            }
        }
    }

    /// Reads the last line, and compares it with the lines before it.
    fn verify_checksum(&mut self) -> Result<(), Fault> {
        let line = read_line(&mut self.input, FIRST_LINE).map_err(|error| (None, error.to_string()))?;
        if !line.ends_with(b"\n") {
            return Err((Some(self.lines + 1), "the end is missing".into()));
        }
        let sha256 = hexadecimal(&self.hash.clone().finalize());
        match serde_json::from_slice(&line) {
            Ok(Checksum { sha256: written }) if written == sha256 => Ok(()),
            _ => Err((None, "damaged: the checksum in its last line is another one".into())),
        }
    }
}

/// Reads a line of up to `limit` bytes.
fn read_line(input: &mut impl BufRead, limit: u64) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    input.by_ref().take(limit).read_until(b'\n', &mut line)?;
    Ok(line)
}
