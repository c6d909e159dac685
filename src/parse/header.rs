//! The three fields before the target. tor makes them itself, so no client has a part in them.

use crate::anomaly::{Anomalies, Anomaly};
use crate::error::{ErrorKind, Field, ProtocolError};
use crate::format::scan;
use crate::token::{StreamStatus, Word};
use crate::value::id;

/// Where the fields before the target end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

/// Reads `StreamID SP StreamStatus SP CircuitID SP`: as the specification has them or, if `lenient`, whatever they are.
#[inline]
pub(super) fn read(bytes: &[u8], lenient: bool) -> Result<Header, ProtocolError> {
    if let Some(header) = read_short(bytes) {
        return Ok(header);
    }
    match read_any(bytes) {
        Some(header) if lenient || header.anomalies.is_empty() => Ok(header),
        _ => Err(diagnose(bytes)),
    }
}

/// Reads the three fields if the IDs are numbers below 10^7, and some text follows.
#[inline(always)]
pub(super) fn read_short(line: &[u8]) -> Option<Header> {
    let id_end = short_id(scan::word(line, 0)?)?;
    let start = id_end + 1;
    let (status, len) = StreamStatus::of_words(scan::word(line, start)?, scan::word(line, start + 8)?)?;
    let circuit = start + len + 1;
    let circuit_end = circuit + short_id(scan::word(line, circuit)?)?;
    Some(Header {
        id_end: id_end as usize,
        status,
        circuit: circuit as usize,
        circuit_end: circuit_end as usize,
        target: circuit_end as usize + 1,
        anomalies: Anomalies::NONE,
    })
}

/// Returns the length of the number of 1 to 7 digits that `word` begins with, if there is a space behind it.
#[inline(always)]
fn short_id(word: u64) -> Option<u32> {
    let len = scan::digits(word);
    (matches!(len, 1..=7) && scan::byte(word, len) == b' ').then_some(len)
}

/// Reads three tokens, whatever they are. `None` if they cannot be told apart.
#[cold]
pub(super) fn read_any(bytes: &[u8]) -> Option<Header> {
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
    let end = scan::space(bytes, start.try_into().ok()?) as usize;
    (end > start).then_some(end)
}

/// Finds what is wrong with the three fields.
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
                // tor counts streams up to 650 and beyond, so that only a status tells such a stream from a reply code.
                if bytes.starts_with(b"650 ") {
                    return ProtocolError::new(ErrorKind::WholeLine, bytes, 0);
                }
                return ProtocolError::new(ErrorKind::Unrecognized(field), bytes, start);
            }
        } else if !id::is_id(token) {
            return ProtocolError::new(ErrorKind::Malformed(field), bytes, start + id::valid_prefix(token));
        }
        start = end + 1;
    }
    ProtocolError::new(ErrorKind::Missing(Field::Target), bytes, start.min(bytes.len()))
}
