//! The three fields before the target. tor makes them itself, so no client has a part in them.

use crate::anomaly::{Anomalies, Anomaly};
use crate::error::{ErrorKind, Field, ProtocolError};
use crate::scan;
use crate::token::StreamStatus;
use crate::value::id;

/// Where the fields before the target end.
#[derive(Clone, Copy)]
pub(super) struct Header {
    /// The index after the stream ID.
    pub(super) id_end: usize,
    /// The stream's status.
    pub(super) status: StreamStatus,
    /// The circuit ID's first byte.
    pub(super) circuit: usize,
    /// The index after the circuit ID.
    pub(super) circuit_end: usize,
    /// The index of the target's first byte, or the length.
    pub(super) target: usize,
    /// What is odd about the fields.
    pub(super) anomalies: Anomalies,
}

/// Reads `StreamID SP StreamStatus SP CircuitID SP`. `None` if one of them is not as the specification has it.
#[inline]
pub(super) fn read(bytes: &[u8]) -> Option<Header> {
    let (id_end, rest) = take_id(bytes)?;
    let (status, rest) = rest.split_at_checked(scan::space(rest))?;
    let status = StreamStatus::from_bytes(status)?;
    let rest = rest.strip_prefix(b" ")?;
    let circuit = bytes.len() - rest.len();
    let (circuit_len, rest) = take_id(rest)?;
    let target = bytes.len() - rest.len();
    Some(Header { id_end, status, circuit, circuit_end: circuit + circuit_len, target, anomalies: Anomalies::NONE })
}

/// Takes an ID and the space after it off `bytes`. Returns the ID's length, and what is left.
#[inline]
fn take_id(bytes: &[u8]) -> Option<(usize, &[u8])> {
    // tor prints numbers.
    let mut len = scan::digits(bytes);
    if bytes.get(len) != Some(&b' ') {
        len = id::valid_prefix(bytes);
    }
    let rest = bytes.get(len..)?.strip_prefix(b" ")?;
    (1..=id::MAX_LEN).contains(&len).then_some((len, rest))
}

/// Reads three tokens, whatever they are. `None` if they cannot be told apart.
#[cold]
pub(super) fn read_lenient(bytes: &[u8]) -> Option<Header> {
    let id_end = token_end(bytes, 0)?;
    let status_end = token_end(bytes, id_end + 1)?;
    let status = bytes.get(id_end + 1..status_end)?;
    let status = StreamStatus::from_bytes(status).unwrap_or(StreamStatus::Unrecognized);
    let circuit = status_end + 1;
    let circuit_end = token_end(bytes, circuit)?;
    let mut anomalies = Anomalies::NONE;
    if status == StreamStatus::Unrecognized {
        anomalies.insert(Anomaly::UnknownWord);
    }
    if !id::is_id(bytes.get(..id_end)?) || !id::is_id(bytes.get(circuit..circuit_end)?) {
        anomalies.insert(Anomaly::MalformedId);
    }
    Some(Header { id_end, status, circuit, circuit_end, target: (circuit_end + 1).min(bytes.len()), anomalies })
}

/// Returns where the token at `start` ends, if it is not empty.
fn token_end(bytes: &[u8], start: usize) -> Option<usize> {
    let len = scan::space(bytes.get(start..)?);
    (len > 0).then_some(start + len)
}

/// Finds what is wrong with the three fields or, if nothing is, that the target is missing.
#[cold]
pub(super) fn diagnose(bytes: &[u8]) -> ProtocolError {
    let mut start = 0;
    for field in [Field::StreamId, Field::StreamStatus, Field::CircuitId] {
        let Some(end) = token_end(bytes, start) else {
            return ProtocolError::new(ErrorKind::Missing(field), bytes, start.min(bytes.len()));
        };
        let token = bytes.get(start..end).unwrap_or_default();
        if field == Field::StreamStatus {
            if StreamStatus::from_bytes(token).is_none() {
                return ProtocolError::new(ErrorKind::Unrecognized(field), bytes, start);
            }
        } else if !id::is_id(token) {
            return ProtocolError::new(ErrorKind::Malformed(field), bytes, start + id::valid_prefix(token));
        }
        start = end + 1;
    }
    ProtocolError::new(ErrorKind::Missing(Field::Target), bytes, start.min(bytes.len()))
}
