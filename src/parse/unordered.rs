//! Reading what no known tor prints: the first token is the target, and the rest are keywords in any order.

use super::predicted::Tail;
use crate::anomaly::Anomaly;
use crate::format::grammar;
use crate::format::keyword::Keyword;
use crate::format::text::{Span, Text};
use crate::token::{ClientProtocol, StreamClosureReason, StreamPurpose, StreamSource, Word};
use crate::value::Args;

/// Reads the fields from index `at` of an event to its end. Of a keyword that is repeated, the last one counts.
pub(super) fn read(tail: &mut Tail, text: Text<'_>, at: usize) -> bool {
    let bytes = text.bytes();
    tail.anomalies.insert(Anomaly::UnknownOrder);
    let mut args = Args::new(text, at, false);
    while let Some(arg) = args.next_arg() {
        let key = bytes.get(arg.key..arg.equals).unwrap_or_default();
        let value = bytes.get(arg.value..arg.end).unwrap_or_default();
        let Some(keyword) = Keyword::from_bytes(key) else {
            tail.anomalies.insert(Anomaly::UnknownKeyword);
            continue;
        };
        match keyword {
            Keyword::Reason => tail.reason = Some(reason(value)),
            Keyword::RemoteReason => tail.remote_reason = Some(reason(value)),
            Keyword::Source => {
                tail.source = Some(StreamSource::from_bytes(value).unwrap_or(StreamSource::Unrecognized))
            }
            Keyword::SourceAddr => tail.source_addr = Span::new(arg.value, arg.end),
            Keyword::Purpose => {
                tail.purpose = Some(StreamPurpose::from_bytes(value).unwrap_or(StreamPurpose::Unrecognized))
            }
            Keyword::SocksUsername => tail.username = between_quotes(bytes, arg.value, arg.end),
            Keyword::SocksPassword => tail.password = between_quotes(bytes, arg.value, arg.end),
            Keyword::ClientProtocol => {
                tail.client_protocol = Some(ClientProtocol::from_bytes(value).unwrap_or(ClientProtocol::Unrecognized));
            }
            Keyword::NymEpoch => tail.nym_epoch = grammar::decimal(value),
            Keyword::SessionGroup => tail.session_group = grammar::signed_decimal(value),
            Keyword::IsoFields => tail.iso_fields = Span::new(arg.value, arg.end),
        }
    }
    let unknown = Some(StreamClosureReason::Unrecognized);
    if tail.reason == unknown
        || tail.remote_reason == unknown
        || tail.client_protocol == Some(ClientProtocol::Unrecognized)
    {
        tail.anomalies.insert(Anomaly::UnknownWord);
    }
    true
}

/// Returns the name of a reason.
fn reason(word: &[u8]) -> StreamClosureReason {
    StreamClosureReason::from_bytes(word).unwrap_or(StreamClosureReason::Unrecognized)
}

/// Returns where the text of the quoted string from `start` to `end` stands, or `None` if there is none.
fn between_quotes(bytes: &[u8], start: usize, end: usize) -> Option<Span> {
    let text = bytes.get(start..end)?.strip_prefix(b"\"")?;
    let len = grammar::quoted_len(text).filter(|len| len + 1 == text.len())?;
    Span::new(start + 1, start + 1 + len)
}
