//! The typed columns of a circuit.

use super::row::{FormedList, Row};
use super::table::CircuitFacts;
use crate::input::time::Time;
use crate::output::columns::builders::{Count, Nullable, Real, Text, TextList, Timestamp, columns};

/// The row of a circuit with its exact times.
pub(super) struct CircuitRow<'c> {
    /// Columns of text formats.
    pub(super) row: Row<'c>,
    /// The circuit.
    pub(super) circuit: &'c CircuitFacts,
}

columns! {
    /// The columns of `circuits`.
    pub(super) struct CircuitColumns of |circuit_row: CircuitRow| {
        file: Text = circuit_row.row.file,
        circuit_id: Text = circuit_row.row.circuit_id,
        unix_ts_first: Timestamp = circuit_row.circuit.first.and_then(Time::unix),
        unix_ts_last: Timestamp = circuit_row.circuit.last.and_then(Time::unix),
        seconds: Nullable<Real> = circuit_row.row.seconds,
        streams: Count = circuit_row.row.streams,
        detached: Count = circuit_row.row.detached,
        failed: Count = circuit_row.row.failed,
        targets: TextList = texts(&circuit_row.row.targets),
        other_targets: Count = circuit_row.row.other_targets,
        identities: TextList = texts(&circuit_row.row.identities),
        unknown_identity: Count = circuit_row.row.unknown_identity,
        changed_identity: Count = circuit_row.row.changed_identity,
        differs_in: TextList = texts(&circuit_row.row.differs_in),
    }
}

/// Returns the items of a list.
fn texts(list: &FormedList) -> Vec<&str> {
    list.items.iter().map(String::as_str).collect()
}
