//! The typed columns of an event.

use tor_stream_event::{ClientProtocol, StreamClosureReason, StreamPurpose, StreamSource, StreamStatus};

use super::packed::TableRow;
use crate::output::columns::builders::{Count, Dictionary, Integer, Nullable, Text, TextList, Timestamp, columns};

columns! {
    /// The columns of `events`. A row may have no `Timestamp`, even without a `Nullable`.
    pub(crate) struct EventColumns of |table_row: TableRow| {
        line: Count = table_row.row.line,
        time: Timestamp = table_row.time,
        prefix: Nullable<Text> = table_row.prefix,
        id: Text = &table_row.row.id,
        status: Dictionary<StreamStatus> = &table_row.row.status,
        circuit_id: Nullable<Text> = table_row.row.circuit_id.as_deref(),
        target_host: Text = &table_row.row.target_host,
        target_port: Integer = table_row.row.target_port.into(),
        reason: Nullable<Dictionary<StreamClosureReason>> = table_row.row.reason.as_deref(),
        remote_reason: Nullable<Dictionary<StreamClosureReason>> = table_row.row.remote_reason.as_deref(),
        source: Nullable<Dictionary<StreamSource>> = table_row.row.source.as_deref(),
        source_addr: Nullable<Text> = table_row.row.source_addr.as_deref(),
        purpose: Nullable<Dictionary<StreamPurpose>> = table_row.row.purpose.as_deref(),
        socks_username: Nullable<Text> = table_row.row.socks_username,
        socks_password: Nullable<Text> = table_row.row.socks_password,
        client_protocol: Nullable<Dictionary<ClientProtocol>> = table_row.row.client_protocol.as_deref(),
        nym_epoch: Nullable<Count> = table_row.row.nym_epoch.map(u64::from),
        session_group: Nullable<Integer> = table_row.row.session_group,
        iso_fields: Nullable<TextList> = table_row.row.iso_fields.as_ref().map(|list| list.words().collect()),
        anomalies: TextList = table_row.row.anomalies.names().collect(),
    }
}
