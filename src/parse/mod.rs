//! From an event's content to the event. `crate::format` explains the terms: content, header, target, field, keyword, word.
//!
//! [`header`] reads the stream ID, status and circuit ID. There are three *readings* of the target and the fields after it, each tried
//! if the one before it refuses the content:
//!
//! 1. [`predicted`]: a plain target, and fields in the order that tor prints, as nearly every event has them.
//! 2. [`careful`]: the same fields after any target, where a client chose its text.
//! 3. [`unordered`]: contents that no known tor prints.
//!
//! Between 2 and 3, [`read_before_space`] reads a line of old tors that ends with a space.
//!
//! `predicted` exists for speed only: `careful` finds the same event in every content that `predicted` accepts (`tests.rs`). From
//! the [`target`] and the [`fields`] of a reading, [`assemble`] makes the event.

mod careful;
mod fields;
mod header;
mod predicted;
mod target;
#[cfg(test)]
mod tests;
mod unordered;

use self::fields::Fields;
use self::header::Header;
use self::target::TargetRange;
use crate::anomaly::{Anomalies, Anomaly};
use crate::error::Error;
use crate::event::{Layout, StreamEventRef};
use crate::format::content::Content;
use crate::format::{MAX_CONTENT_LEN, grammar};

/// Parses a content without a line end: a CR or LF at its end is a byte of the content. If `lenient`, accepts any status, any IDs
/// and a target without a port.
#[cfg_attr(feature = "std", inline)]
pub(crate) fn read(content: Content<'_>, lenient: bool) -> Result<StreamEventRef<'_>, Error> {
    match content {
        Content::Str(text) => read_text(text, lenient),
        Content::Bytes(_) => read_slowly(content, lenient),
    }
}

/// Removes one line end from a content, if it has one, and parses the rest as [`read`] does.
#[cfg_attr(feature = "std", inline)]
pub(crate) fn read_with_line_end(content: Content<'_>, lenient: bool) -> Result<StreamEventRef<'_>, Error> {
    match content.bytes() {
        [.., b'\n' | b'\r'] => read_before_line_end(content, lenient),
        _ => read(content, lenient),
    }
}

/// [`read_with_line_end`] of a content that has a line end.
#[cold]
fn read_before_line_end(content: Content<'_>, lenient: bool) -> Result<StreamEventRef<'_>, Error> {
    let rest = content.without_line_end();
    let mut event = read(rest, lenient)?;
    let is_lone = content.bytes().len() == rest.bytes().len() + 1;
    if is_lone {
        flag_cut_at_lone_line_end(&mut event);
    }
    Ok(event)
}

/// Flags an event from whose end a lone CR or LF was removed, if that was byte 255 from the target's start: tor may have cut a
/// target after it. Text that was read as fields may then be a part of the target.
pub(crate) fn flag_cut_at_lone_line_end(event: &mut StreamEventRef<'_>) {
    let length = event.content().len();
    let length_with_line_end = length + 1;
    if length_with_line_end == cut_index(event.layout.target_start) {
        event.layout.anomalies.insert(Anomaly::TargetMayBeCut);
        let has_fields = (event.layout.target_end as usize) < length;
        // No text follows the removed byte: tor prints such a line unless the status demands a field.
        if has_fields && careful::rest_may_follow_cut(event.content(), length as u32, event.status) {
            event.layout.anomalies.insert(Anomaly::FieldAtCut);
        }
    }
}

/// Returns the index at which tor cuts a target that begins at `target_start`: the index after its last byte, number 255.
const fn cut_index(target_start: u32) -> usize {
    target_start as usize + grammar::TARGET_MAX
}

/// [`read`] of a content that is UTF-8. Not inlined: the predicted reading is inlined here, and is large.
#[inline(never)]
pub(crate) fn read_text(text: &str, lenient: bool) -> Result<StreamEventRef<'_>, Error> {
    match predicted::read(text) {
        Some(event) => Ok(event),
        None => read_slowly(Content::Str(text), lenient),
    }
}

/// [`read`] without the predicted reading, for contents that it refused or that are not UTF-8.
#[cold]
#[inline(never)]
pub(crate) fn read_slowly(content: Content<'_>, lenient: bool) -> Result<StreamEventRef<'_>, Error> {
    let bytes = content.bytes();
    if bytes.len() > MAX_CONTENT_LEN {
        return Err(Error::LineTooLong { length: bytes.len() as u64, limit: MAX_CONTENT_LEN });
    }
    let header = header::read(bytes, lenient)?;
    let printed_by_tor = careful::read(bytes, &header).or_else(|| read_before_space(bytes, &header));
    let (target, fields) = match printed_by_tor {
        Some(target_and_fields) => target_and_fields,
        None => {
            let target = TargetRange::first_token(bytes, header.target_start);
            (target, unordered::read(content, target.end))
        }
    };
    if target.port.is_none() && !lenient {
        return Err(target.diagnose(bytes).into());
    }
    let anomalies = all_anomalies(content, &header, &target, fields.anomalies);
    Ok(assemble(content, &header, &target, &fields, anomalies))
}

/// Reads a target with one space after it, and no field. tor 0.1.2 to 0.2.1 with `EXTENDED_EVENTS` ends its lines without
/// fields so. A content whose space may be byte 255 of a cut target never gets here: [`careful`] takes any 255 bytes for a target.
fn read_before_space(content: &[u8], header: &Header) -> Option<(TargetRange, Fields)> {
    let before = content.strip_suffix(b" ")?;
    let target = TargetRange::new(content, header.target_start, before.len() as u32);
    target.port.map(|_| (target, Fields::default()))
}

/// Makes the event of its header, target and fields. `anomalies` are those of the whole event.
#[cfg_attr(feature = "std", inline(always))]
fn assemble<'a>(
    content: Content<'a>,
    header: &Header,
    target: &TargetRange,
    fields: &Fields,
    anomalies: Anomalies,
) -> StreamEventRef<'a> {
    let (host_end, target_port) = target.port.unwrap_or((target.end, 0));
    // tor prints the circuit ID 0 for no circuit.
    let circuit_id = content.get(header.circuit_start, header.circuit_end);
    StreamEventRef {
        id: content.get(0, header.id_end),
        status: header.status,
        circuit_id: if circuit_id == "0" { None } else { Some(circuit_id) },
        target_host: content.get(header.target_start, host_end),
        target_port,
        reason: fields.reason,
        remote_reason: fields.remote_reason,
        source: fields.source,
        source_addr: fields.source_addr.map(|span| content.span(span)),
        purpose: fields.purpose,
        content,
        layout: Layout {
            target_start: header.target_start,
            target_end: target.end,
            socks_username: fields.socks_username,
            socks_password: fields.socks_password,
            client_protocol: fields.client_protocol,
            nym_epoch: fields.nym_epoch,
            session_group: fields.session_group,
            iso_fields: fields.iso_fields,
            anomalies,
        },
    }
}

/// Returns all anomalies of an event: those of its header, target and fields, and those that follow from the content as a whole.
fn all_anomalies(content: Content<'_>, header: &Header, target: &TargetRange, of_fields: Anomalies) -> Anomalies {
    let mut anomalies = header.anomalies.union(target.anomalies).union(of_fields);
    if target.port.is_none() {
        anomalies.insert(Anomaly::TargetWithoutPort);
    }
    let cut_at = cut_index(header.target_start);
    if target.end as usize >= cut_at {
        anomalies.insert(Anomaly::TargetMayBeCut);
    } else if matches!(content.bytes().get(cut_at..), Some([] | [b' ', ..]))
        && careful::rest_may_follow_cut(content.bytes(), cut_at as u32, header.status)
    {
        // A field ends exactly where tor cuts a target: all text up to there may be one target.
        anomalies.insert(Anomaly::FieldAtCut);
    }
    if let Content::Bytes(bytes) = content {
        let is_utf8 = |text: Option<&[u8]>| core::str::from_utf8(text.unwrap_or_default()).is_ok();
        if !is_utf8(bytes.get(target.start as usize..target.end as usize)) {
            anomalies.insert(Anomaly::TargetNotUtf8);
        }
        if !is_utf8(bytes.get(target.end as usize..)) {
            anomalies.insert(Anomaly::FieldNotUtf8);
        }
    }
    anomalies
}
