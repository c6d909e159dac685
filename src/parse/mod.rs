//! From an event's content to the event.
//!
//! A line is first read in the order that tor prints and that nearly every line has ([`tail`]), from left to right. At the
//! first surprise [`target_end`] finds the target from the right, and what tor cannot have printed is read by [`loose`].

pub(crate) mod grammar;
mod header;
pub(crate) mod keyword;
mod loose;
mod tail;
mod target_end;
#[cfg(test)]
mod tests;

use self::header::Header;
use self::tail::Tail;
use self::target_end::TargetEnd;
use crate::anomaly::{Anomalies, Anomaly};
use crate::error::{Error, ErrorKind, Field, ProtocolError};
use crate::event::{Layout, StreamEventRef};
use crate::scan;
use crate::text::Text;
use crate::value::Args;

/// Reads an event as the specification has it.
#[inline]
pub(crate) fn strict(content: Text<'_>) -> Result<StreamEventRef<'_>, Error> {
    let content = content.without_line_end();
    let bytes = content.bytes();
    let Some(header) = header::read(bytes) else {
        return Err(header::diagnose(bytes).into());
    };
    match predicted(bytes, &header) {
        Some(reading) => Ok(event(content, &header, &reading)),
        None => careful(content, &header),
    }
}

/// Reads an event with any status, IDs and target.
pub(crate) fn lenient(content: Text<'_>) -> Result<StreamEventRef<'_>, Error> {
    let content = content.without_line_end();
    let bytes = content.bytes();
    let Some(header) = header::read_lenient(bytes) else {
        return Err(header::diagnose(bytes).into());
    };
    let reading = predicted(bytes, &header)
        .or_else(|| by_target_end(content, &header))
        .unwrap_or_else(|| by_first_token(content, &header));
    Ok(event(content, &header, &reading))
}

/// Reads what [`predicted`] did not, or finds out what is wrong with it.
#[cold]
fn careful<'a>(content: Text<'a>, header: &Header) -> Result<StreamEventRef<'a>, Error> {
    let reading = by_target_end(content, header).unwrap_or_else(|| by_first_token(content, header));
    match reading.port {
        Some(_) => Ok(event(content, header, &reading)),
        None => Err(diagnose_target(content.bytes(), header.target, reading.target_end).into()),
    }
}

/// What follows the header.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Reading {
    /// The index after the target.
    target_end: usize,
    /// The index after the target's host, and the port, if it has one.
    port: Option<(usize, u16)>,
    /// The fields.
    tail: Tail,
}

/// Reads a plain target and fields in tor's order. It can be read in one pass: no longer row of fields could stand at the
/// line's end, since the target in front of this one holds no space.
#[inline]
fn predicted(bytes: &[u8], header: &Header) -> Option<Reading> {
    let start = header.target;
    let rest = bytes.get(start..)?;
    let len = scan::not_plain(rest);
    let (host, port) = grammar::split_port(rest.get(..len)?)?;
    let tail = tail::read(bytes, start + len, header.status)?;
    Some(Reading { target_end: start + len, port: Some((start + host, port)), tail })
}

/// Reads any target before fields in tor's order.
fn by_target_end(content: Text<'_>, header: &Header) -> Option<Reading> {
    let bytes = content.bytes();
    let (end, has_port) = match target_end::find(bytes, header.target, header.status)? {
        TargetEnd::Port(end) => (end, true),
        TargetEnd::Cut(end) => (end, false),
    };
    let tail = tail::read(bytes, end, header.status)?;
    let reading = odd_target(bytes, header, end, tail);
    Some(if has_port { reading } else { Reading { port: None, ..reading } })
}

/// Reads the first token as the target, and fields in any order.
fn by_first_token(content: Text<'_>, header: &Header) -> Reading {
    let bytes = content.bytes();
    let end = header.target + scan::space(bytes.get(header.target..).unwrap_or_default());
    odd_target(bytes, header, end, loose::read(content, end))
}

/// Reads the target that ends at `end`, and says what is odd about it.
fn odd_target(bytes: &[u8], header: &Header, end: usize, mut tail: Tail) -> Reading {
    let start = header.target;
    let target = bytes.get(start..end).unwrap_or_default();
    for byte in target {
        match byte {
            b' ' => tail.anomalies.insert(Anomaly::TargetSpace),
            b'"' => tail.anomalies.insert(Anomaly::TargetQuote),
            0x80.. => tail.anomalies.insert(Anomaly::Target8Bit),
            byte if byte.is_ascii_control() => tail.anomalies.insert(Anomaly::TargetControl),
            _ => {}
        }
    }
    let port = grammar::split_port(target).map(|(host, port)| (start + host, port));
    Reading { target_end: end, port, tail }
}

/// Finds out why there is no target from `start` to `end`.
#[cold]
fn diagnose_target(bytes: &[u8], start: usize, end: usize) -> ProtocolError {
    let target = bytes.get(start..end).unwrap_or_default();
    let (kind, offset) = if target.is_empty() {
        (ErrorKind::Missing(Field::Target), start)
    } else if target.len() == grammar::TARGET_MAX {
        (ErrorKind::Truncated(Field::Target), end)
    } else if let Some(colon) = memchr::memrchr(b':', target) {
        let digits = target.get(colon + 1..).unwrap_or_default();
        match digits.iter().position(|byte| !byte.is_ascii_digit()) {
            Some(other) => (ErrorKind::Malformed(Field::Target), start + colon + 1 + other),
            None if digits.is_empty() => (ErrorKind::Malformed(Field::Target), end),
            None => (ErrorKind::OutOfRange(Field::Target), start + colon + 1),
        }
    } else {
        (ErrorKind::Malformed(Field::Target), end)
    };
    ProtocolError::new(kind, bytes, offset)
}

/// Makes the event from what was read.
#[inline]
fn event<'a>(content: Text<'a>, header: &Header, reading: &Reading) -> StreamEventRef<'a> {
    let Reading { target_end, port, tail } = *reading;
    let (host_end, target_port) = port.unwrap_or((target_end, 0));
    let circuit_id = content.get(header.circuit, header.circuit_end);
    StreamEventRef {
        id: content.get(0, header.id_end),
        status: header.status,
        circuit_id: if circuit_id == "0" { None } else { Some(circuit_id) },
        target_host: content.get(header.target, host_end),
        target_port,
        reason: tail.reason,
        remote_reason: tail.remote_reason,
        source: tail.source,
        source_addr: tail.source_addr.map(|span| content.span(span)),
        purpose: tail.purpose,
        content,
        layout: Layout {
            target: header.target,
            tail: target_end,
            username: tail.username,
            password: tail.password,
            client_protocol: tail.client_protocol,
            nym_epoch: tail.nym_epoch,
            session_group: tail.session_group,
            iso_fields: tail.iso_fields,
            anomalies: anomalies(content, header, reading),
        },
    }
}

/// Returns what is odd about an event.
#[inline]
fn anomalies(content: Text<'_>, header: &Header, reading: &Reading) -> Anomalies {
    let mut anomalies = header.anomalies.union(reading.tail.anomalies);
    if reading.port.is_none() {
        anomalies.insert(Anomaly::TargetWithoutPort);
    }
    let cut = header.target + grammar::TARGET_MAX;
    if reading.target_end >= cut {
        anomalies.insert(Anomaly::TargetMayBeCut);
    } else if matches!(content.bytes().get(cut..), Some([] | [b' ', ..])) && is_field_end(content, reading, cut) {
        anomalies.insert(Anomaly::FieldAtCut);
    }
    if let Text::Bytes(bytes) = content {
        not_utf8(bytes, header, reading, &mut anomalies);
    }
    anomalies
}

/// Returns `true` if a field ends at index `end`.
#[cold]
fn is_field_end(content: Text<'_>, reading: &Reading, end: usize) -> bool {
    let known_order = !reading.tail.anomalies.contains(Anomaly::UnknownOrder);
    let mut args = Args::new(content, reading.target_end, known_order);
    core::iter::from_fn(|| args.next_arg()).any(|arg| arg.end == end)
}

/// Adds which part of a line is not UTF-8.
#[cold]
fn not_utf8(bytes: &[u8], header: &Header, reading: &Reading, anomalies: &mut Anomalies) {
    let is_utf8 = |part: Option<&[u8]>| core::str::from_utf8(part.unwrap_or_default()).is_ok();
    if !is_utf8(bytes.get(header.target..reading.target_end)) {
        anomalies.insert(Anomaly::TargetNotUtf8);
    }
    if !is_utf8(bytes.get(reading.target_end..)) {
        anomalies.insert(Anomaly::FieldNotUtf8);
    }
}
