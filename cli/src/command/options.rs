//! Options that several commands have, and the steps around reading that go with them.
//!
//! A command flattens the structs it needs:
//!
//! ```text
//! #[command(flatten)] read: ReadOptions                FILE, --recursive, filters, form of the logs, --lenient, --jobs
//! #[command(flatten)] streams: StreamOptions           --join, --failed, --max-live
//! #[command(flatten)] check: CheckOption               --check, which sets exit status 4
//! #[command(flatten)] credentials: CredentialOption    --show-credentials
//! #[command(flatten)] csv: CsvOptions                  --csv-safe
//! ```

use alloc::sync::Arc;
use std::io;
use std::path::Path;

use tor_stream_event::Outcome;

use crate::command::note::Life;
use crate::input::reader::ReadOptions;
use crate::input::threads::{self, Collector, ConsumerMaker, numbered};
use crate::input::{Input, copies};

/// The options of a command that follows streams.
#[derive(Clone, Copy, clap::Args, serde::Serialize)]
pub(crate) struct StreamOptions {
    /// Take the files for parts of one log, in the order given, and not for logs of their own
    #[arg(long)]
    pub(crate) join: bool,
    /// Streams that failed, and look-ups that were closed without an answer
    #[arg(long, help_heading = "Filters")]
    pub(crate) failed: bool,
    /// Maximum number of streams that are followed at a time; of circuits, of identities, and of rows in each table
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    pub(crate) max_live: usize,
}

impl StreamOptions {
    /// Returns `true` for a stream that passes the filters, once it has ended.
    pub(crate) fn passes(self, life: &Life) -> bool {
        // An event after the CLOSED of its stream is no stream that could fail.
        let failed = life.failed() && life.outcome != Outcome::AfterClosed;
        life.note.met.all() && (!self.failed || failed)
    }
}

/// The option of a command that can be a check.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct CheckOption {
    /// End with exit status 4 if anything was found, and printed
    #[arg(long)]
    check: bool,
}

/// The option to show credentials.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct CredentialOption {
    /// Print SOCKS user names and passwords, as tor escapes them, and not just `***`
    #[arg(long)]
    pub(crate) show_credentials: bool,
}

/// The result of a command, as its exit status shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Nothing is missing in the output. Only a clock that was set back may have been reported, or the counts of `share`.
    Complete,
    /// Something was reported on standard error, such as a line that could not be read.
    Reported,
    /// A check found something.
    Found,
}

impl From<Exit> for u8 {
    /// Returns the exit status.
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Complete => 0,
            Exit::Reported => 1,
            Exit::Found => 4,
        }
    }
}

impl From<bool> for Exit {
    /// Returns the result of a command that is no check. `is_complete` is set if nothing was reported.
    fn from(is_complete: bool) -> Self {
        if is_complete { Self::Complete } else { Self::Reported }
    }
}

impl CheckOption {
    /// Returns the result of a command: `result` is its error, or `true` if nothing was reported. `found` is set if
    /// there was anything to print.
    ///
    /// # Errors
    ///
    /// The error of the command, unless something was found and the reader of the output wanted no more.
    pub(crate) fn exit(self, result: io::Result<bool>, found: bool) -> io::Result<Exit> {
        match result {
            // A finding is certain, whatever else could not be read.
            Ok(_) if self.check && found => Ok(Exit::Found),
            Err(error) if self.check && found && error.kind() == io::ErrorKind::BrokenPipe => Ok(Exit::Found),
            other => other.map(Exit::from),
        }
    }
}

/// The inputs of a command that counts or prints what is in each file once. A file that is given twice is reported.
pub(crate) struct Files {
    /// Options of reading.
    pub(crate) read: Arc<ReadOptions>,
    /// The inputs in order.
    inputs: Vec<Input>,
    /// Set if nothing was reported: all folders could be listed, and no file is a copy of another.
    nothing_reported: bool,
}

impl Files {
    /// Lists the inputs, and reports folders that cannot be read and files that would be read twice.
    pub(crate) fn list(read: ReadOptions) -> Self {
        let (inputs, is_listed) = read.inputs.list();
        let nothing_reported = copies::report_copies(&inputs, read.jobs()) && is_listed;
        Self { read: Arc::new(read), inputs, nothing_reported }
    }

    /// Returns `true` if a path is that of an input.
    pub(crate) fn has(&self, path: &Path) -> bool {
        self.inputs.iter().any(|input| input.is_at(path))
    }

    /// Returns the names of the inputs.
    pub(crate) fn names(&self) -> Arc<[String]> {
        self.inputs.iter().map(|input| input.name.clone()).collect()
    }

    /// Reads the inputs, and passes their logs to a collector. Returns `false` if anything was reported: now, or when
    /// the inputs were listed.
    ///
    /// # Errors
    ///
    /// If the collector fails.
    pub(crate) fn read<M: ConsumerMaker>(self, logs: M, collector: &mut impl Collector<M::Log>) -> io::Result<bool> {
        let all_read = threads::read(&self.read, numbered(self.inputs), logs, collector)?;
        Ok(self.read.filter.report_unknown_words() && all_read && self.nothing_reported)
    }
}
