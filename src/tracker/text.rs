//! The text in the facts about a stream: unnamed words, and other text with credentials masked.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use core::net::IpAddr;

use super::life::Target;
use crate::anomaly::Anomaly;
use crate::event::StreamEventRef;
use crate::format::grammar;
use crate::value::CircuitId;
use crate::word::{StreamClosureReason, StreamStatus};

/// Maximum length of an unnamed word's text, in bytes. tor's longest words have 15.
const MAX_KEPT_WORD: usize = 64;

/// Text of a stream's unnamed words, cut and masked. `None` for any other word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) struct UnnamedWords {
    /// `SOURCE`.
    pub(crate) source: Option<Box<str>>,
    /// `PURPOSE`.
    pub(crate) purpose: Option<Box<str>>,
    /// `CLIENT_PROTOCOL`.
    pub(crate) client_protocol: Option<Box<str>>,
    /// `REASON` and `REMOTE_REASON`.
    pub(crate) reasons: UnnamedReasons,
}

/// Text of one event's unnamed reasons, cut and masked. `None` for any other reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub(crate) struct UnnamedReasons {
    /// `REASON`.
    pub(crate) local: Option<Box<str>>,
    /// `REMOTE_REASON`.
    pub(crate) remote: Option<Box<str>>,
}

impl Target {
    /// Returns an event's target.
    pub(super) fn of(event: &StreamEventRef<'_>) -> Self {
        Self { host: masked(event, event.target_host), port: event.target_port }
    }

    /// Returns `true` if this is the event's target, and the event has no anomaly: only an odd event can have a target that has
    /// to be masked.
    pub(super) fn is_plain_target_of(&self, event: &StreamEventRef<'_>) -> bool {
        self.host == event.target_host && self.port == event.target_port && event.anomalies().is_empty()
    }
}

impl UnnamedReasons {
    /// Returns the text of an event's unnamed reasons.
    pub(super) fn of(event: &StreamEventRef<'_>) -> Self {
        let is_unnamed = |reason| reason == Some(StreamClosureReason::Unrecognized);
        Self {
            local: unnamed_text(event, is_unnamed(event.reason), StreamEventRef::reason_str),
            remote: unnamed_text(event, is_unnamed(event.remote_reason), StreamEventRef::remote_reason_str),
        }
    }
}

/// Returns the text of an unnamed word, cut and masked. `None` if the word is not unnamed. `UNKNOWN_n` is tor's own word for
/// a code, and never masked.
pub(super) fn unnamed_text<'a>(
    event: &StreamEventRef<'a>,
    is_unnamed: bool,
    text: impl FnOnce(&StreamEventRef<'a>) -> Option<&'a str>,
) -> Option<Box<str>> {
    if !is_unnamed {
        return None;
    }
    let word = text(event)?;
    Some(if grammar::is_unknown_code(word.as_bytes()) { cut(word) } else { cut(&masked(event, word)) })
}

/// Returns the ID of an event's circuit; `***` if it is part of a credential that begins in the stream's ID or in the
/// status.
pub(super) fn masked_circuit<'a>(event: &StreamEventRef<'a>, id: &'a str) -> CircuitId {
    let may_be_secret = event.status == StreamStatus::Unrecognized || event.anomalies().contains(Anomaly::MalformedId);
    // `None` if any of the text is masked.
    if may_be_secret && event.redact(id.as_bytes()).as_str().is_none() {
        // Not `of_any_token` of the ID: that shows the first letters of a long one.
        return CircuitId::of_any_token("***");
    }
    CircuitId::of_any_token(id)
}

/// Returns `true` if an event's source address is an IP address and a port. Such a text is taken for no credential and not masked,
/// not even within the quotation marks of one, which only a damaged line has around it.
pub(super) fn has_ip_source_addr(event: &StreamEventRef<'_>) -> bool {
    let host = event.source_port().and_then(|_| event.source_host());
    host.is_some_and(|host| host.parse::<IpAddr>().is_ok())
}

/// Returns text of an event with credentials masked, which a damaged line can have in any field.
pub(super) fn masked<'a>(event: &StreamEventRef<'a>, text: &'a str) -> String {
    // The fast path. Without anomalies, no field lies between the quotation marks of a credential. Without a `=`, no
    // credential begins in the text.
    if event.anomalies().is_empty() && memchr::memchr(b'=', text.as_bytes()).is_none() {
        return text.into();
    }
    event.redact(text.as_bytes()).to_string()
}

/// Returns up to [`MAX_KEPT_WORD`] bytes of a word's text.
#[cold]
pub(crate) fn cut(word: &str) -> Box<str> {
    // An index beyond the end is no boundary either: a short word is kept whole.
    let end = (0..=MAX_KEPT_WORD).rev().find(|&end| word.is_char_boundary(end));
    end.and_then(|end| word.get(..end)).unwrap_or(word).into()
}

/// Returns a word as tor printed it: the spelling of its variant, or the kept text of an unnamed word. That text is ignored
/// if the caller has set the public field to another variant since.
pub(super) fn printed<'a>(spelling: &'a str, text: &'a Option<Box<str>>) -> &'a str {
    // The spelling of `Unrecognized` is the same in each of the enums.
    let is_unnamed = spelling == StreamStatus::Unrecognized.as_str();
    text.as_deref().filter(|_| is_unnamed).unwrap_or(spelling)
}
