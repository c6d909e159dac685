//! The third reading: what no known tor prints. The first token is the target, and keywords come in any order behind it.

use core::num::NonZeroU32;

use super::fields::Fields;
use crate::anomaly::Anomaly;
use crate::format::grammar;
use crate::format::keyword::Keyword;
use crate::format::text::{Span, Text};
use crate::token::{ClientProtocol, StreamClosureReason, StreamPurpose, StreamSource, Word};
use crate::value::Args;

/// Reads the fields from index `at` of an event to its end. Of a keyword that is repeated, the last one counts.
pub(super) fn read(content: Text<'_>, at: u32) -> Fields {
    let line = content.bytes();
    let mut fields = Fields::default();
    fields.anomalies.insert(Anomaly::UnknownOrder);
    let mut args = Args::new(content, at, None);
    while let Some(arg) = args.next_arg() {
        let Some(keyword) = arg.keyword else {
            fields.anomalies.insert(Anomaly::UnknownKeyword);
            continue;
        };
        let value = line.get(arg.value as usize..arg.end as usize).unwrap_or_default();
        match keyword {
            Keyword::Reason => fields.reason = Some(reason(value)),
            Keyword::RemoteReason => fields.remote_reason = Some(reason(value)),
            Keyword::Source => {
                fields.source = Some(StreamSource::from_bytes(value).unwrap_or(StreamSource::Unrecognized));
            }
            Keyword::SourceAddr => fields.source_addr = Span::new(arg.value, arg.end),
            Keyword::Purpose => {
                fields.purpose = Some(StreamPurpose::from_bytes(value).unwrap_or(StreamPurpose::Unrecognized));
            }
            Keyword::SocksUsername => fields.socks_username = between_quotes(line, arg.value, arg.end),
            Keyword::SocksPassword => fields.socks_password = between_quotes(line, arg.value, arg.end),
            Keyword::ClientProtocol => {
                let protocol = ClientProtocol::from_bytes(value).unwrap_or(ClientProtocol::Unrecognized);
                fields.client_protocol = Some(protocol);
            }
            Keyword::NymEpoch => {
                fields.nym_epoch = NonZeroU32::new(arg.value).filter(|_| grammar::decimal(value).is_some());
            }
            Keyword::SessionGroup => {
                fields.session_group = NonZeroU32::new(arg.value).filter(|_| grammar::signed_decimal(value).is_some());
            }
            Keyword::IsoFields => fields.iso_fields = Span::new(arg.value, arg.end),
        }
    }
    let unknown = Some(StreamClosureReason::Unrecognized);
    if fields.reason == unknown
        || fields.remote_reason == unknown
        || fields.client_protocol == Some(ClientProtocol::Unrecognized)
    {
        fields.anomalies.insert(Anomaly::UnknownWord);
    }
    fields
}

/// Returns the name of a reason.
fn reason(word: &[u8]) -> StreamClosureReason {
    StreamClosureReason::from_bytes(word).unwrap_or(StreamClosureReason::Unrecognized)
}

/// Returns the text between the quotes of the string from `start` to `end`, or `None` if there is none.
fn between_quotes(line: &[u8], start: u32, end: u32) -> Option<Span> {
    let quote = Some(start).filter(|&start| line.get(start as usize) == Some(&b'"'))?;
    let last = grammar::closing_quote(line, quote).filter(|last| last + 1 == end)?;
    Span::new(quote + 1, last)
}
