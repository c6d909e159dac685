//! The third reading: lines that no known tor prints. The first token is the target, and keywords follow in any order.

use core::num::NonZeroU32;

use super::fields::Fields;
use crate::anomaly::Anomaly;
use crate::format::grammar;
use crate::format::keyword::Keyword;
use crate::format::text::{Span, Text};
use crate::token::{ClientProtocol, StreamClosureReason, StreamPurpose, StreamSource, Word};
use crate::value::Args;
use crate::value::args::Arg;

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
            Keyword::Reason => fields.reason = name(line, &arg, StreamClosureReason::Unrecognized),
            Keyword::RemoteReason => fields.remote_reason = name(line, &arg, StreamClosureReason::Unrecognized),
            Keyword::Source => fields.source = name(line, &arg, StreamSource::Unrecognized),
            Keyword::SourceAddr => fields.source_addr = Span::new(arg.value, arg.end),
            Keyword::Purpose => fields.purpose = name(line, &arg, StreamPurpose::Unrecognized),
            Keyword::SocksUsername => fields.socks_username = between_quotes(line, arg.value, arg.end),
            Keyword::SocksPassword => fields.socks_password = between_quotes(line, arg.value, arg.end),
            Keyword::ClientProtocol => fields.client_protocol = name(line, &arg, ClientProtocol::Unrecognized),
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

/// Returns the name of an argument's value, or `other`.
fn name<W: Word>(line: &[u8], arg: &Arg, other: W) -> Option<W> {
    Some(W::of_range(line, arg.value, arg.end).unwrap_or(other))
}

/// Returns the text between the quotes of the string from `start` to `end`, or `None` if there is none.
fn between_quotes(line: &[u8], start: u32, end: u32) -> Option<Span> {
    let quote = Some(start).filter(|&start| line.get(start as usize) == Some(&b'"'))?;
    let last = grammar::closing_quote(line, quote).filter(|last| last + 1 == end)?;
    Span::new(quote + 1, last)
}
