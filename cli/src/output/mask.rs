//! Fields of an event without the credentials that a damaged line, or one of a newer tor, puts into them.

use alloc::borrow::Cow;
use core::net::IpAddr;

use tor_stream_event::{Anomaly, IsoField, StreamEventRef};

/// Returns a field of an event, or a part of one, with credentials masked.
pub(crate) fn text<'a>(event: &StreamEventRef<'a>, text: &'a str) -> Cow<'a, str> {
    if has_no_credential(event, text) { Cow::Borrowed(text) } else { bytes(event, text.as_bytes()) }
}

/// Returns `true` if a field certainly holds no credential, as on nearly every line. Without an anomaly, no field lies between the
/// quotation marks of a credential. Without `=`, no credential begins in the field.
fn has_no_credential(event: &StreamEventRef<'_>, text: &str) -> bool {
    event.anomalies().is_empty() && !text.as_bytes().contains(&b'=')
}

/// Returns a field of an event that may not be UTF-8, with credentials masked.
pub(crate) fn bytes<'a>(event: &StreamEventRef<'a>, text: &'a [u8]) -> Cow<'a, str> {
    let redacted = event.redact(text);
    redacted.as_str().map_or_else(|| Cow::Owned(redacted.to_string()), Cow::Borrowed)
}

/// Returns a protocol word of an event. A word that the library knows (`is_known`), or a code that tor prints in place of one, is
/// never masked, whatever a client writes before it: else a quotation mark in a target could hide why the stream failed.
pub(crate) fn word<'a>(event: &StreamEventRef<'a>, word: &'a str, is_known: bool) -> Cow<'a, str> {
    let is_code = || word.strip_prefix("UNKNOWN_").is_some_and(|code| code.bytes().all(|b| b.is_ascii_digit()));
    if is_known || is_code() { Cow::Borrowed(word) } else { text(event, word) }
}

/// Returns `SOURCE_ADDR`. A valid address is never masked.
pub(crate) fn source_addr<'a>(event: &StreamEventRef<'a>, source_addr: &'a str) -> Cow<'a, str> {
    let is_address = || {
        let host_and_port = source_addr.rsplit_once(':');
        host_and_port.is_some_and(|(host, port)| host.parse::<IpAddr>().is_ok() && port.parse::<u16>().is_ok())
    };
    if has_no_credential(event, source_addr) || is_address() {
        Cow::Borrowed(source_addr)
    } else {
        text(event, source_addr)
    }
}

/// Returns `ISO_FIELDS`.
pub(crate) fn iso_fields<'a>(event: &StreamEventRef<'a>, list: &'a str) -> Cow<'a, str> {
    // On a line without an anomaly, the list has neither `=` nor quotation marks. On any line, a known word is no credential.
    if event.anomalies().is_empty() || event.iso_fields().all(|field| field != IsoField::Unrecognized) {
        return Cow::Borrowed(list);
    }
    bytes(event, list.as_bytes())
}

/// Returns the target's host, with credentials masked, and with a U+FFFD for each part that is not UTF-8. The event itself has a
/// single one for the whole host.
pub(crate) fn target_host<'a>(event: &StreamEventRef<'a>) -> Cow<'a, str> {
    host_not_utf8(event).map_or_else(|| text(event, event.target_host), |host| bytes(event, host))
}

/// Returns the host of a target that is not UTF-8, as tor printed it: without masking. `None` for any other target.
pub(crate) fn host_not_utf8<'a>(event: &StreamEventRef<'a>) -> Option<&'a [u8]> {
    let anomalies = event.anomalies();
    if !anomalies.contains(Anomaly::TargetNotUtf8) {
        return None;
    }
    let target = event.target_bytes();
    if anomalies.contains(Anomaly::TargetWithoutPort) {
        return Some(target);
    }
    target.rsplitn(2, |&byte| byte == b':').last()
}
