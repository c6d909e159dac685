//! From an event's content to the event.
//!
//! A line is first read in the order that tor prints and that nearly every line has ([`tail`]), from left to right. At the
//! first surprise [`target_end`] finds the target from the right, and what tor cannot have printed is read by [`loose`].

mod careful;
mod header;
mod predicted;
#[cfg(test)]
mod tests;
mod unordered;

use self::careful::TargetEnd;
use self::header::Header;
use self::predicted::Tail;
use crate::anomaly::{Anomalies, Anomaly};
use crate::error::{Error, ErrorKind, Field, ProtocolError};
use crate::event::{Layout, StreamEventRef};
use crate::format::text::Text;
use crate::format::{grammar, scan};
use crate::value::Args;
use crate::value::args::Found;

/// Reads an event's content with or without one line end, as [`read`] does without.
#[inline]
pub(crate) fn read_with_line_end(content: Text<'_>, lenient: bool) -> Result<StreamEventRef<'_>, Error> {
    match content.bytes() {
        [.., b'\n' | b'\r'] => read_without_line_end(content, lenient),
        _ => read(content, lenient),
    }
}

/// Takes one line end off and reads the rest.
#[cold]
fn read_without_line_end(content: Text<'_>, lenient: bool) -> Result<StreamEventRef<'_>, Error> {
    let without = content.without_line_end();
    let mut event = read(without, lenient)?;
    if content.bytes().len() == without.bytes().len() + 1 {
        note_lone_line_end(&mut event);
    }
    Ok(event)
}

/// Raises the anomaly of a cut if the single byte that was taken off behind the event, a CR or a LF, could be the last one
/// that tor printed of its target: the 255th. What stands before it is then a part of the target, fields included.
pub(crate) fn note_lone_line_end(event: &mut StreamEventRef<'_>) {
    let length = event.content().len();
    if length + 1 == event.layout.target as usize + grammar::TARGET_MAX {
        let has_fields = (event.layout.tail as usize) < length;
        event.layout.anomalies.insert(if has_fields { Anomaly::FieldAtCut } else { Anomaly::TargetMayBeCut });
    }
}

/// Reads an event's content, which has no line end: as the specification has it or, if `lenient`, with any status, IDs and
/// target. A CR or LF at the end is a byte of the content.
#[inline]
pub(crate) fn read(content: Text<'_>, lenient: bool) -> Result<StreamEventRef<'_>, Error> {
    match content {
        Text::Str(text) => read_text(text, lenient),
        Text::Bytes(_) => read_any(content, lenient),
    }
}

/// [`read`] of text.
#[inline]
fn read_text(text: &str, lenient: bool) -> Result<StreamEventRef<'_>, Error> {
    match predicted(text) {
        Some(event) => Ok(event),
        None => read_any(Text::Str(text), lenient),
    }
}

/// Reads what nearly every line is: one whose target holds nothing odd, and has a port and fields in tor's order behind it.
#[inline(always)]
fn predicted(text: &str) -> Option<StreamEventRef<'_>> {
    let line = text.as_bytes();
    if !(16..=MAX_LEN).contains(&line.len()) {
        return None;
    }
    let header = header::read_short(line)?;
    let end = scan::not_plain(line, header.target as u32);
    let (host_end, target_port) = grammar::port_before(line, end)?;
    let tail = predicted::read_inline(line, end, header.status)?;
    let (end, host_end) = (end as usize, host_end as usize);
    // Where tor may have cut a target, more is to be said.
    let cut = header.target + grammar::TARGET_MAX;
    if line.len() >= cut && (end >= cut || matches!(line.get(cut), None | Some(b' '))) {
        return None;
    }
    let circuit_id = text.get(header.circuit..header.circuit_end)?;
    Some(StreamEventRef {
        id: text.get(..header.id_end)?,
        status: header.status,
        circuit_id: if circuit_id == "0" { None } else { Some(circuit_id) },
        target_host: text.get(header.target..host_end)?,
        target_port,
        reason: tail.reason,
        remote_reason: tail.remote_reason,
        source: tail.source,
        source_addr: match tail.source_addr {
            None => None,
            Some(span) => Some(text.get(span.start()..span.end())?),
        },
        purpose: tail.purpose,
        content: Text::Str(text),
        layout: Layout {
            target: header.target as u32,
            tail: end as u32,
            username: tail.username,
            password: tail.password,
            client_protocol: tail.client_protocol,
            nym_epoch: tail.nym_epoch,
            session_group: tail.session_group,
            iso_fields: tail.iso_fields,
            anomalies: tail.anomalies,
        },
    })
}

/// Reads any event.
#[cold]
#[inline(never)]
fn read_any(content: Text<'_>, lenient: bool) -> Result<StreamEventRef<'_>, Error> {
    let bytes = content.bytes();
    // tor prints no such line, and places in it are kept in 32 bits.
    if bytes.len() > MAX_LEN {
        return Err(Error::LineTooLong { length: bytes.len() as u64, limit: MAX_LEN });
    }
    let header = header::read(bytes, lenient)?;
    // No longer row of fields could stand at the line's end than that behind the first token, which holds no space.
    let mut way = Way::Predicted;
    let mut found = target_without_space(bytes, header.target);
    loop {
        if let Some(target) = found {
            let tail = match way {
                Way::FirstToken => Some(unordered::read(content, target.end)),
                _ => predicted::read(bytes, target.end, header.status),
            };
            if let Some(tail) = tail {
                if target.port.is_none() && !lenient {
                    return Err(diagnose_target(bytes, header.target, target.end).into());
                }
                return Ok(event(content, &header, target, &tail));
            }
        }
        (way, found) = match way {
            Way::Predicted => (Way::Careful, any_target(bytes, &header)),
            _ => (Way::FirstToken, Some(first_token(bytes, header.target))),
        };
    }
}

/// The most bytes of an event's content: 2 GiB.
const MAX_LEN: usize = i32::MAX as usize;

/// A way of reading a line.
#[derive(Clone, Copy)]
enum Way {
    /// A target without a space, and fields in tor's order behind it.
    Predicted,
    /// Any target before fields in tor's order.
    Careful,
    /// The first token as the target, and fields in any order.
    FirstToken,
}

/// Where a target ends, and what it is.
#[derive(Clone, Copy)]
struct Target {
    /// The index after it.
    end: usize,
    /// The index after its host, and its port, if it has one.
    port: Option<(usize, u16)>,
    /// What is odd about it.
    anomalies: Anomalies,
}

/// Takes the first token for the target, if it has a port.
#[inline]
fn target_without_space(bytes: &[u8], start: usize) -> Option<Target> {
    let end = scan::not_plain(bytes, start as u32) as usize;
    match bytes.get(end) {
        None | Some(b' ') => {
            let (host, port) = grammar::split_port(bytes.get(start..end)?)?;
            Some(Target { end, port: Some((start + host, port)), anomalies: Anomalies::NONE })
        }
        Some(_) => Some(first_token(bytes, start)).filter(|target| target.port.is_some()),
    }
}

/// Finds the end of any target before fields in tor's order.
#[cold]
fn any_target(bytes: &[u8], header: &Header) -> Option<Target> {
    let (TargetEnd::Port(end) | TargetEnd::Cut(end)) = careful::find(bytes, header.target, header.status)?;
    Some(odd_target(bytes, header.target, end))
}

/// Takes the first token for the target.
#[cold]
fn first_token(bytes: &[u8], start: usize) -> Target {
    odd_target(bytes, start, scan::space(bytes, start as u32) as usize)
}

/// Reads the target from `start` to `end`, and says what is odd about it.
fn odd_target(bytes: &[u8], start: usize, end: usize) -> Target {
    let target = bytes.get(start..end).unwrap_or_default();
    let mut anomalies = Anomalies::NONE;
    for byte in target {
        match byte {
            b' ' => anomalies.insert(Anomaly::TargetSpace),
            b'"' => anomalies.insert(Anomaly::TargetQuote),
            0x80.. => anomalies.insert(Anomaly::Target8Bit),
            byte if byte.is_ascii_control() => anomalies.insert(Anomaly::TargetControl),
            _ => {}
        }
    }
    let port = grammar::split_port(target).map(|(host, port)| (start + host, port));
    Target { end, port, anomalies }
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
fn event<'a>(content: Text<'a>, header: &Header, target: Target, tail: &Tail) -> StreamEventRef<'a> {
    let (host_end, target_port) = target.port.unwrap_or((target.end, 0));
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
            target: header.target as u32,
            tail: target.end as u32,
            username: tail.username,
            password: tail.password,
            client_protocol: tail.client_protocol,
            nym_epoch: tail.nym_epoch,
            session_group: tail.session_group,
            iso_fields: tail.iso_fields,
            anomalies: anomalies(content, header, target, tail.anomalies),
        },
    }
}

/// Returns what is odd about an event.
#[inline]
fn anomalies(content: Text<'_>, header: &Header, target: Target, of_tail: Anomalies) -> Anomalies {
    let mut anomalies = header.anomalies.union(target.anomalies).union(of_tail);
    if target.port.is_none() {
        anomalies.insert(Anomaly::TargetWithoutPort);
    }
    let cut = header.target + grammar::TARGET_MAX;
    if target.end >= cut {
        anomalies.insert(Anomaly::TargetMayBeCut);
    } else if matches!(content.bytes().get(cut..), Some([] | [b' ', ..])) {
        let known_order = !of_tail.contains(Anomaly::UnknownOrder);
        let found = known_order.then_some(Found { username_end: 0, password_end: 0, all_known: false });
        if is_field_end(Args::new(content, target.end as u32, found), cut) {
            anomalies.insert(Anomaly::FieldAtCut);
        }
    }
    if let Text::Bytes(bytes) = content {
        anomalies = anomalies.union(not_utf8(bytes, header.target, target.end));
    }
    anomalies
}

/// Returns `true` if a field ends at index `end`.
#[cold]
fn is_field_end(mut args: Args<'_>, end: usize) -> bool {
    core::iter::from_fn(|| args.next_arg()).any(|arg| arg.end as usize == end)
}

/// Returns which part of a line is not UTF-8, of the target from `start` to `end` and what follows it.
#[cold]
fn not_utf8(bytes: &[u8], start: usize, end: usize) -> Anomalies {
    let is_utf8 = |part: Option<&[u8]>| core::str::from_utf8(part.unwrap_or_default()).is_ok();
    let mut anomalies = Anomalies::NONE;
    if !is_utf8(bytes.get(start..end)) {
        anomalies.insert(Anomaly::TargetNotUtf8);
    }
    if !is_utf8(bytes.get(end..)) {
        anomalies.insert(Anomaly::FieldNotUtf8);
    }
    anomalies
}
