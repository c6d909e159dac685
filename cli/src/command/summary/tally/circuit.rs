//! Circuits, as keys of tables.

use alloc::borrow::Cow;
use alloc::sync::Arc;
use core::cmp::Ordering;
use core::fmt;

use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};
use tor_stream_event::{CircuitId, StreamEvent, StreamEventRef};

use super::table::CountKey;

/// A circuit of a log.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct LogCircuit {
    /// Name of the log; `None` until [`Tally::name_circuits`](super::Tally::name_circuits) sets it. Without names, threads that
    /// count ranges of one log do not contend for the reference count of its name.
    log: Option<Arc<str>>,
    /// ID of the circuit in the log.
    pub(crate) circuit_id: CircuitId,
}

impl LogCircuit {
    /// Returns the circuit of a log whose name is not set yet.
    pub(crate) const fn new(circuit_id: CircuitId) -> Self {
        Self { log: None, circuit_id }
    }

    /// Returns the circuit with the name of its log.
    pub(super) fn of_log(self, log: &Arc<str>) -> Self {
        Self { log: Some(Arc::clone(log)), ..self }
    }

    /// Returns the name of the log; empty if it is not set yet.
    pub(crate) fn log(&self) -> &str {
        self.log.as_deref().unwrap_or_default()
    }
}

impl fmt::Display for LogCircuit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}", self.circuit_id, self.log())
    }
}

impl Ord for LogCircuit {
    /// Compares the names of the logs, then the IDs.
    fn cmp(&self, other: &Self) -> Ordering {
        let logs = match (&self.log, &other.log) {
            // The circuits of a log share its name, so the text is seldom compared.
            (Some(ours), Some(theirs)) if Arc::ptr_eq(ours, theirs) => Ordering::Equal,
            (ours, theirs) => ours.cmp(theirs),
        };
        logs.then_with(|| self.circuit_id.cmp(&other.circuit_id))
    }
}

impl PartialOrd for LogCircuit {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl CountKey for LogCircuit {
    fn longest_text(&self) -> usize {
        // No client chooses the name of the log.
        self.circuit_id.as_str().len()
    }
}

impl Serialize for LogCircuit {
    /// Writes the ID alone: only tallies of one log are serialized, and the reader knows the log's name.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.circuit_id.as_str())
    }
}

impl<'de> Deserialize<'de> for LogCircuit {
    /// Reads an ID. The name of the log is not set yet.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        // `CircuitId::from_str` would refuse an ID of a log that was read with `--lenient`, so the ID is read out of an event.
        let event = lenient_event(&format!("1 SENTCONNECT {text} a:1"));
        let circuit_id = event.and_then(|event| event.circuit_id).filter(|id| id.as_str() == text);
        circuit_id.map(Self::new).ok_or_else(|| D::Error::custom("an ID is wrong"))
    }
}

/// Returns `true` for text that can be the ID of a stream in a tally, also of a log that was read with `--lenient`.
pub(super) fn is_stream_id(text: &str) -> bool {
    lenient_event(&format!("{text} NEW 0 a:1")).is_some_and(|event| event.id.as_str() == text)
}

/// Parses an event as `--lenient` does: an ID can be any token.
fn lenient_event(content: &str) -> Option<StreamEvent> {
    StreamEventRef::parse_lenient(content.as_bytes()).ok().map(StreamEvent::from)
}
