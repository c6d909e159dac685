//! Streams as an Arrow or Parquet file.

use alloc::sync::Arc;
use core::time::Duration;
use std::io;

use tor_stream_event::{ClientProtocol, Outcome, StreamClosureReason, StreamPurpose, StreamSource, StreamStatus};

use super::row::{self, Row};
use crate::command::identity::Identities;
use crate::command::list_form::ListForm;
use crate::command::lives::LifeCollector;
use crate::command::note::Life;
use crate::input::time::Time;
use crate::output::columns::builders::{
    Count, Dictionary, Flag, Integer, KnownWords, Nullable, Real, Text, TextList, Timestamp, columns,
};
use crate::output::columns::{ColumnFile, ColumnFormat};

/// The row of a stream with its exact times.
pub(super) struct StreamRow<'l> {
    /// Columns of text formats.
    row: Row<'l>,
    /// Unix time of its start, if that is in the log.
    start: Option<Duration>,
    /// Unix time of its end, if that is in the log.
    end: Option<Duration>,
}

/// The words of a request: `connect` and `resolve`.
pub(super) struct Asked;

/// The words for kinds of targets.
pub(super) struct TargetKind;

columns! {
    /// The columns of `streams`.
    pub(super) struct StreamColumns of |stream: StreamRow| {
        stream_id: Text = stream.row.stream_id,
        circuit_id: Nullable<Text> = stream.row.circuit_id,
        unix_ts_start: Timestamp = stream.start,
        unix_ts_end: Timestamp = stream.end,
        seconds: Nullable<Real> = stream.row.seconds,
        failure_reason_local: Nullable<Dictionary<StreamClosureReason>> = stream.row.failure_reason_local,
        failure_reason_remote: Nullable<Dictionary<StreamClosureReason>> = stream.row.failure_reason_remote,
        remap_source: Nullable<Dictionary<StreamSource>> = stream.row.remap_source,
        target: Text = &stream.row.target,
        outcome: Dictionary<Outcome> = stream.row.outcome,
        last_status: Nullable<Dictionary<StreamStatus>> = stream.row.last_status,
        final_target: Text = &stream.row.final_target,
        source_addr: Nullable<Text> = stream.row.source_addr,
        purpose: Nullable<Dictionary<StreamPurpose>> = stream.row.purpose,
        client_protocol: Nullable<Dictionary<ClientProtocol>> = stream.row.client_protocol,
        circuits: TextList = stream.row.circuits.ids().collect(),
        xoff_sent: Count = stream.row.xoff_sent,
        xoff_recv: Count = stream.row.xoff_recv,
        xon_sent: Count = stream.row.xon_sent,
        xon_recv: Count = stream.row.xon_recv,
        reason: Nullable<Dictionary<StreamClosureReason>> = stream.row.reason,
        remote_reason: Nullable<Dictionary<StreamClosureReason>> = stream.row.remote_reason,
        seconds_to_answer: Nullable<Real> = stream.row.seconds_to_answer,
        attempts: Count = stream.row.attempts,
        detached: Count = stream.row.detached,
        seconds_waiting: Nullable<Real> = stream.row.seconds_waiting,
        asked: Nullable<Dictionary<Asked>> = stream.row.asked,
        target_kind: Nullable<Dictionary<TargetKind>> = stream.row.target_kind,
        began: Flag = stream.row.began,
        has_username: Flag = stream.row.has_username,
        nym_epoch: Nullable<Count> = stream.row.nym_epoch.map(u64::from),
        session_group: Nullable<Integer> = stream.row.session_group,
        file: Text = stream.row.file,
        identity: Nullable<Text> = stream.row.identity,
    }
}

impl KnownWords for Outcome {
    fn known() -> Vec<&'static str> {
        use Outcome::{AfterClosed, Closed, Dropped, Failed, Live, Replaced};
        [Closed, Failed, Live, Replaced, Dropped, AfterClosed].map(row::outcome).into()
    }
}

impl KnownWords for Asked {
    fn known() -> Vec<&'static str> {
        [false, true].map(row::asked).into()
    }
}

impl KnownWords for TargetKind {
    fn known() -> Vec<&'static str> {
        row::TARGET_KINDS.into()
    }
}

/// The printer of streams as rows of a columnar file.
pub(super) struct ColumnPrinter {
    /// The file.
    file: ColumnFile<StreamColumns>,
    /// Names of the inputs.
    names: Arc<[String]>,
    /// Identities of all logs, numbered in the order in which streams end.
    pub(super) identities: Identities,
    /// Set once there is a stream to print.
    pub(super) found: bool,
}

impl ColumnPrinter {
    /// Begins a file of the streams of inputs with these names.
    ///
    /// # Errors
    ///
    /// If standard output is a terminal, or cannot be written.
    pub(super) fn new(format: ColumnFormat, names: Arc<[String]>, identities: Identities) -> io::Result<Self> {
        Ok(Self { file: ColumnFile::new(format)?, names, identities, found: false })
    }

    /// Writes all rows and the end of the file.
    ///
    /// # Errors
    ///
    /// If the output cannot be written.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        self.file.finish()
    }
}

impl LifeCollector<Vec<Life>> for ColumnPrinter {
    // The outcome of each stream is printed.
    const COUNTS: bool = false;
    const SHOWS_STEPS: bool = true;

    fn lives(&mut self, lives: Vec<Life>) -> io::Result<()> {
        self.found |= !lives.is_empty();
        for life in &lives {
            let identity = life.note.facts.as_deref().and_then(|facts| self.identities.index_of(facts));
            let identity = identity.map(|index| self.identities.label(index));
            let file = self.names.get(life.note.file).map_or("", |name| name);
            // The event may be missing in the log, and the time before the event.
            let unix = |time: Option<&Option<Time>>| time.copied().flatten().and_then(Time::unix);
            self.file.write(&StreamRow {
                row: Row::new(life, file, identity.as_deref(), ListForm::Separate),
                start: unix(life.started()),
                end: unix(life.ended()),
            })?;
        }
        Ok(())
    }
}
