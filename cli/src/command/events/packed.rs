//! Rows of an Arrow or Parquet file, on their way from the threads that read to the thread that prints.
//!
//! The text of many rows is in one allocation: to free memory that another thread has allocated takes long.

use alloc::borrow::Cow;
use core::time::Duration;

use tor_stream_event::Anomalies;

use super::row::{AnomalyList, EventRow, IsoFields};
use crate::input::reader::Event;
use crate::input::time::Time;
use crate::output::mask;

/// Rows whose text is in one allocation.
#[derive(Default)]
pub(crate) struct PackedRows {
    /// Text of all fields.
    text: String,
    /// Rows, as ranges of `text`.
    rows: Vec<PackedRow>,
}

/// A row of an Arrow or Parquet file, unpacked.
pub(crate) struct TableRow<'a> {
    /// Columns of text formats, without the time.
    pub(crate) row: EventRow<'a>,
    /// Unix time before the event in the log, if it has one.
    pub(crate) time: Option<Duration>,
    /// Text before the event in the log, if there is any and it is UTF-8.
    pub(crate) prefix: Option<&'a str>,
}

/// Range of a field in the text of all fields: start and end. `None` for a field that the event does not have.
type TextRange = Option<(usize, usize)>;

/// The fields of a [`TableRow`], its text as ranges.
#[allow(clippy::missing_docs_in_private_items, reason = "the names are those of the columns")]
struct PackedRow {
    line: u64,
    time: Option<Duration>,
    prefix: TextRange,
    id: TextRange,
    status: TextRange,
    circuit_id: TextRange,
    target_host: TextRange,
    target_port: u16,
    reason: TextRange,
    remote_reason: TextRange,
    source: TextRange,
    source_addr: TextRange,
    purpose: TextRange,
    socks_username: TextRange,
    socks_password: TextRange,
    client_protocol: TextRange,
    nym_epoch: Option<u32>,
    session_group: Option<i32>,
    iso_fields: TextRange,
    anomalies: Anomalies,
}

impl PackedRows {
    /// Returns `true` without rows.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Returns the number of bytes that the rows take.
    pub(crate) fn size(&self) -> usize {
        self.text.len() + self.rows.len() * size_of::<PackedRow>()
    }

    /// Adds the row of an event.
    pub(crate) fn push(&mut self, event: &Event<'_>, row: &EventRow<'_>) {
        let Event { line, event, time, .. } = *event;
        let text = &mut self.text;
        let mut pack = |field: Option<&str>| {
            field.map(|field| {
                let start = text.len();
                text.push_str(field);
                (start, text.len())
            })
        };
        let prefix = core::str::from_utf8(line.prefix).ok().map(str::trim_end).filter(|prefix| !prefix.is_empty());
        // A program that is killed while it writes an event leaves a cut line, and the next event goes on in it. Then the prefix has
        // the credentials of another event, which --show-credentials does not show.
        let prefix = prefix.map(|prefix| mask::text(event, prefix));
        self.rows.push(PackedRow {
            line: row.line,
            time: time.and_then(Time::unix),
            prefix: pack(prefix.as_deref()),
            id: pack(Some(&row.id)),
            status: pack(Some(&row.status)),
            circuit_id: pack(row.circuit_id.as_deref()),
            target_host: pack(Some(&row.target_host)),
            target_port: row.target_port,
            reason: pack(row.reason.as_deref()),
            remote_reason: pack(row.remote_reason.as_deref()),
            source: pack(row.source.as_deref()),
            source_addr: pack(row.source_addr.as_deref()),
            purpose: pack(row.purpose.as_deref()),
            socks_username: pack(row.socks_username),
            socks_password: pack(row.socks_password),
            client_protocol: pack(row.client_protocol.as_deref()),
            nym_epoch: row.nym_epoch,
            session_group: row.session_group,
            iso_fields: pack(row.iso_fields.as_ref().map(IsoFields::as_str)),
            anomalies: row.anomalies.set(),
        });
    }

    /// Adds the rows of a later range, which has `lines` lines before it.
    pub(crate) fn append(&mut self, later: Self, lines: u64) {
        let before = self.text.len();
        self.text.push_str(&later.text);
        let moved = |range: TextRange| range.map(|(start, end)| (start + before, end + before));
        self.rows.extend(later.rows.into_iter().map(|row| PackedRow {
            line: row.line + lines,
            prefix: moved(row.prefix),
            id: moved(row.id),
            status: moved(row.status),
            circuit_id: moved(row.circuit_id),
            target_host: moved(row.target_host),
            reason: moved(row.reason),
            remote_reason: moved(row.remote_reason),
            source: moved(row.source),
            source_addr: moved(row.source_addr),
            purpose: moved(row.purpose),
            socks_username: moved(row.socks_username),
            socks_password: moved(row.socks_password),
            client_protocol: moved(row.client_protocol),
            iso_fields: moved(row.iso_fields),
            ..row
        }));
    }

    /// Calls a function with each row.
    ///
    /// # Errors
    ///
    /// If the function fails, with its error.
    pub(crate) fn each<E>(&self, mut function: impl FnMut(&TableRow<'_>) -> Result<(), E>) -> Result<(), E> {
        self.rows.iter().map(|row| self.unpacked(row)).try_for_each(|row| function(&row))
    }

    /// Returns a row.
    fn unpacked(&self, row: &PackedRow) -> TableRow<'_> {
        let text = |range: TextRange| range.and_then(|(start, end)| self.text.get(start..end));
        TableRow {
            time: row.time,
            prefix: text(row.prefix),
            row: EventRow {
                line: row.line,
                // This is the time with the log's digits, which only text formats have.
                time: None,
                id: Cow::Borrowed(text(row.id).unwrap_or_default()),
                status: Cow::Borrowed(text(row.status).unwrap_or_default()),
                circuit_id: text(row.circuit_id).map(Cow::Borrowed),
                target_host: Cow::Borrowed(text(row.target_host).unwrap_or_default()),
                target_port: row.target_port,
                reason: text(row.reason).map(Cow::Borrowed),
                remote_reason: text(row.remote_reason).map(Cow::Borrowed),
                source: text(row.source).map(Cow::Borrowed),
                source_addr: text(row.source_addr).map(Cow::Borrowed),
                purpose: text(row.purpose).map(Cow::Borrowed),
                socks_username: text(row.socks_username),
                socks_password: text(row.socks_password),
                client_protocol: text(row.client_protocol).map(Cow::Borrowed),
                nym_epoch: row.nym_epoch,
                session_group: row.session_group,
                iso_fields: text(row.iso_fields).map(IsoFields::new),
                anomalies: AnomalyList::new(row.anomalies),
            },
        }
    }
}
