//! Mergeable summaries: the tallies of logs as lines of JSON.
//!
//! 1. The first line has the settings that the tallies were made with.
//! 2. Each further line has the tally of one log.
//! 3. The last line but one has the number of files.
//! 4. The last line has a checksum of all lines before it.
//!
//! Each log keeps a line of its own, so that the lines of several machines give the summary that one machine with all
//! logs would print: the keys that a full table leaves out depend on the order of all logs, so their tallies are merged
//! only once, in that order.
//!
//! Anybody may have written a line, so it is checked before its tally is merged. No message quotes a line, since a file that is
//! taken for a mergeable summary by mistake may hold credentials.
//!
//! - this file: the content of the lines, which the processes of a cluster send to each other as well
//! - [`writer`] and [`reader`], with the checks of the latter

mod reader;
mod writer;

use alloc::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub(crate) use self::reader::{Fault, MergeableReader, ReadLine, Sha256Hash};
pub(crate) use self::writer::MergeableWriter;
use super::tally::{MAX_TEXT_LEN, Tally};
use crate::command::options::StreamOptions;
use crate::input::filter::Filter;

/// Version of the form of the lines. Programs with the same version read each other's lines.
const FORMAT_VERSION: u32 = 1;
/// The greatest number up to which JSON readers are exact. No number of merged tallies exceeds it.
const MAX_EXACT: u64 = 1 << 53;

/// Maximum length, in bytes, of a byte of text in JSON: that of `\u0001`.
const ESCAPED_LEN: usize = 6;
/// Maximum length, in bytes, of one row of each table: their texts, and 4 KiB for counts and names of fields.
const MAX_LEN_OF_ROWS: u64 = (Tally::TEXTS_OF_ROWS * MAX_TEXT_LEN * ESCAPED_LEN + 4096) as u64;
/// Maximum length, in bytes, of a line without the rows: mostly two histograms, each with 15,500 intervals of up to 25 bytes; the
/// timeline, with 1024 steps of up to 80 bytes; and the names of the files with the first event of each anomaly.
const MAX_LEN_WITHOUT_ROWS: u64 = 2 * 1024 * 1024;

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
    /// First half of the SHA-256 of the filters, in hexadecimal digits. `--since 1h` is in it as the time that it stood for, so a
    /// later run has another hash.
    filters: String,
}

/// The tally of one log.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LogTally {
    /// Name of the log: that of its first file.
    pub(crate) name: Arc<str>,
    /// Set if the whole log could be read, and was in order.
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
    /// Returns the end of the logs in `files` files, without the words seen, which only a member of a cluster sends.
    pub(crate) const fn of_files(files: usize, complete: bool) -> Self {
        Self { files, complete, seen_words: Vec::new() }
    }
}

impl Settings {
    /// Returns the settings for the options of a run.
    pub(crate) fn new(StreamOptions { failed, max_live, join: _ }: StreamOptions, filter: &Filter) -> Self {
        // A log of several joined files is merged like any other, so `join` may differ.
        // A filter has nothing that cannot be serialized.
        let hash = Sha256::digest(serde_json::to_vec(&(filter, failed)).unwrap_or_default());
        Self { format: FORMAT_VERSION, max_live, filters: hexadecimal(hash.iter().take(16)) }
    }

    /// Returns the maximum length of a line in bytes. A tally with the longest texts and as many rows as it may have does not
    /// exceed it, whatever characters the texts have.
    pub(super) const fn line_limit(&self) -> u64 {
        // A file may have any `max_live`, and by that lines of any length: `merge` takes the memory for its longest line.
        MAX_LEN_WITHOUT_ROWS.saturating_add((self.max_live as u64).saturating_mul(MAX_LEN_OF_ROWS))
    }
}

/// Returns bytes in hexadecimal digits.
fn hexadecimal<'b>(bytes: impl IntoIterator<Item = &'b u8>) -> String {
    bytes.into_iter().map(|byte| format!("{byte:02x}")).collect()
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
        // Unlike the tally of a range, that of a log has its number of lines.
        self.tally.check(self.tally.lines, limit)?;
        guard.add(&self.tally)?;
        self.tally.name_circuits(&self.name);
        Ok(())
    }
}
