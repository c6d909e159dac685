//! The header: the three fields before the target. tor makes them itself, so a client cannot change them.

use crate::anomaly::{Anomalies, Anomaly};
use crate::error::{ErrorKind, Field, ProtocolError};
use crate::format::scan;
use crate::value::id;
use crate::word::{StreamStatus, WordEnum};

/// The three fields before the target: status, ranges and anomalies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    /// Index after the stream ID, which begins at index 0.
    pub(super) id_end: u32,
    /// The stream's status.
    pub(super) status: StreamStatus,
    /// Index of the circuit ID's first byte.
    pub(super) circuit_start: u32,
    /// Index after the circuit ID.
    pub(super) circuit_end: u32,
    /// Index of the target's first byte; the content's length if the content ends before it.
    pub(super) target_start: u32,
    /// Anomalies of the three fields.
    pub(super) anomalies: Anomalies,
}

/// Maximum length of a short header and the space after it: one whose IDs have at most seven digits. That is 7 + 1 + 15
/// (`CONTROLLER_WAIT`) + 1 + 7 + 1.
const SHORT_LEN: usize = 32;

/// Reads a short header: both IDs have 1 to 7 digits, the status has a variant, and a space follows each of the three fields. `None`
/// for any other one.
#[cfg_attr(feature = "std", inline(always))]
pub(super) fn read_short(content: &[u8]) -> Option<Header> {
    // An array, so that the compiler sees that every access below is within bounds.
    let padded;
    let head: &[u8; SHORT_LEN] = match content.first_chunk() {
        Some(head) => head,
        None => {
            padded = pad(content);
            &padded
        }
    };
    let id_end = short_id_len(scan::eight_bytes(head, 0)?)?;
    let status_start = id_end + 1;
    let (status, len) = StreamStatus::of_start(u128::from_le_bytes(*scan::array_at(head, status_start)?))?;
    let circuit_start = status_start + len + 1;
    let circuit_end = circuit_start + short_id_len(scan::eight_bytes(head, circuit_start)?)?;
    let target_start = circuit_end + 1;
    Some(Header { id_end, status, circuit_start, circuit_end, target_start, anomalies: Anomalies::NONE })
}

/// Copies a content of fewer than 32 bytes, and pads it with zeros. A space follows each field, so that none ends in the padding.
#[cold]
fn pad(content: &[u8]) -> [u8; SHORT_LEN] {
    let mut head = [0; SHORT_LEN];
    head.iter_mut().zip(content).for_each(|(to, from)| *to = *from);
    head
}

/// Returns the length of the number at the start of eight bytes. `None` if it does not have 1 to 7 digits, or if no space follows.
#[cfg_attr(feature = "std", inline(always))]
fn short_id_len(eight: u64) -> Option<u32> {
    let len = scan::digits(eight)?;
    (len > 0 && scan::byte_of(eight, len) == b' ').then_some(len)
}

/// Reads `StreamID SP StreamStatus SP CircuitID SP`: as the specification demands these or, if `lenient`, any three tokens.
pub(super) fn read(content: &[u8], lenient: bool) -> Result<Header, ProtocolError> {
    if let Some(header) = read_short(content) {
        return Ok(header);
    }
    match read_tokens(content) {
        Some(header) if lenient || header.anomalies.is_empty() => Ok(header),
        _ => Err(diagnose(content, lenient)),
    }
}

/// Reads the first three tokens, whatever their text. `None` if one is missing or empty.
pub(super) fn read_tokens(content: &[u8]) -> Option<Header> {
    let id_end = token_end(content, 0)?;
    let status_end = token_end(content, id_end + 1)?;
    let status = StreamStatus::of_range(content, id_end + 1, status_end).unwrap_or(StreamStatus::Unrecognized);
    let circuit_start = status_end + 1;
    let circuit_end = token_end(content, circuit_start)?;
    let mut anomalies = Anomalies::NONE;
    if status == StreamStatus::Unrecognized {
        anomalies.insert(Anomaly::UnknownWord);
    }
    if !id::is_id(text_between(content, 0, id_end)) || !id::is_id(text_between(content, circuit_start, circuit_end)) {
        anomalies.insert(Anomaly::MalformedId);
    }
    let target_start = (circuit_end + 1).min(content.len() as u32);
    Some(Header { id_end, status, circuit_start, circuit_end, target_start, anomalies })
}

/// Returns the end of the token at `start`. `None` if the token is empty.
fn token_end(content: &[u8], start: u32) -> Option<u32> {
    let end = scan::space(content, start);
    (end > start).then_some(end)
}

/// Returns the text from `start` to `end`.
fn text_between(content: &[u8], start: u32, end: u32) -> &[u8] {
    content.get(start as usize..end as usize).unwrap_or_default()
}

/// Returns the error about a header that [`read`] refused: about the first field that is missing or, if not `lenient`, malformed.
#[cold]
fn diagnose(content: &[u8], lenient: bool) -> ProtocolError {
    let mut start = 0;
    for field in [Field::StreamId, Field::StreamStatus, Field::CircuitId] {
        let Some(end) = token_end(content, start) else {
            return ProtocolError::new(ErrorKind::Missing(field), content, (start as usize).min(content.len()));
        };
        let token_start = start;
        start = end + 1;
        if lenient {
            // Any token is accepted.
            continue;
        }
        let token = text_between(content, token_start, end);
        if field == Field::StreamStatus {
            if StreamStatus::of_range(content, token_start, end).is_none() {
                // A stream may have the ID 650: only the status distinguishes `650 NEW ...` from the whole line `650 STREAM ...`.
                if content.starts_with(b"650 ") {
                    return ProtocolError::new(ErrorKind::WholeLine, content, 0);
                }
                return ProtocolError::unknown_word(field, token, token_start as usize);
            }
        } else if !id::is_id(token) {
            let offset = token_start as usize + id::valid_prefix(token);
            return ProtocolError::new(ErrorKind::Malformed(field), content, offset);
        }
    }
    // Not reached: `read` refuses only headers that have one of the errors above.
    ProtocolError::new(ErrorKind::Missing(Field::Target), content, (start as usize).min(content.len()))
}
