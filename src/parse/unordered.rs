//! Reading what no known tor prints: the first token is the target, and the rest are keywords in any order.

use core::num::NonZeroU32;

use super::predicted::Tail;
use crate::anomaly::Anomaly;
use crate::format::grammar;
use crate::format::keyword::Keyword;
use crate::format::text::{Span, Text};
use crate::token::{ClientProtocol, StreamClosureReason, StreamPurpose, StreamSource, Word};
use crate::value::Args;

/// Reads the fields from index `at` of an event to its end. Of a keyword that is repeated, the last one counts.
pub(super) fn read(text: Text<'_>, at: usize) -> Tail {
    let bytes = text.bytes();
    let mut tail = Tail::default();
    tail.anomalies.insert(Anomaly::UnknownOrder);
    let mut args = Args::new(text, at as u32, None);
    while let Some(arg) = args.next_arg() {
        let value = bytes.get(arg.value as usize..arg.end as usize).unwrap_or_default();
        let Some(keyword) = arg.keyword else {
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
            Keyword::NymEpoch => {
                tail.nym_epoch = NonZeroU32::new(arg.value).filter(|_| grammar::decimal(value).is_some())
            }
            Keyword::SessionGroup => {
                tail.session_group = NonZeroU32::new(arg.value).filter(|_| grammar::signed_decimal(value).is_some());
            }
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
    tail
}

/// Returns the name of a reason.
fn reason(word: &[u8]) -> StreamClosureReason {
    StreamClosureReason::from_bytes(word).unwrap_or(StreamClosureReason::Unrecognized)
}

/// Returns where the text of the quoted string from `start` to `end` stands, or `None` if there is none.
fn between_quotes(bytes: &[u8], start: u32, end: u32) -> Option<Span> {
    let quote = Some(start).filter(|&start| bytes.get(start as usize) == Some(&b'"'));
    let last = grammar::quoted_end(bytes, quote?).filter(|last| last + 1 == end)?;
    Span::new(start + 1, last)
}
