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
    // Of the last REASON, REMOTE_REASON and CLIENT_PROTOCOL.
    let mut is_unknown = [false; 3];
    let mut args = Args::new(content, at, None);
    while let Some(arg) = args.next_arg() {
        let Some(keyword) = arg.keyword else {
            fields.anomalies.insert(Anomaly::UnknownKeyword);
            continue;
        };
        let value = line.get(arg.value as usize..arg.end as usize).unwrap_or_default();
        match keyword {
            Keyword::Reason => (fields.reason, is_unknown[0]) = reason(line, &arg, value),
            Keyword::RemoteReason => (fields.remote_reason, is_unknown[1]) = reason(line, &arg, value),
            Keyword::Source => fields.source = variant_or(line, &arg, StreamSource::Unrecognized),
            Keyword::SourceAddr => fields.source_addr = Span::new(arg.value, arg.end),
            Keyword::Purpose => fields.purpose = variant_or(line, &arg, StreamPurpose::Unrecognized),
            Keyword::SocksUsername => fields.socks_username = between_quotes(line, arg.value, arg.end),
            Keyword::SocksPassword => fields.socks_password = between_quotes(line, arg.value, arg.end),
            Keyword::ClientProtocol => {
                fields.client_protocol = variant_or(line, &arg, ClientProtocol::Unrecognized);
                is_unknown[2] = fields.client_protocol == Some(ClientProtocol::Unrecognized);
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
    if is_unknown.contains(&true) {
        fields.anomalies.insert(Anomaly::UnknownWord);
    }
    fields
}

/// Returns the variant of a reason, and whether it is an unknown word: a code is none.
fn reason(line: &[u8], arg: &Arg, value: &[u8]) -> (Option<StreamClosureReason>, bool) {
    let reason = variant_or(line, arg, StreamClosureReason::Unrecognized);
    (reason, reason == Some(StreamClosureReason::Unrecognized) && !grammar::is_unknown_code(value))
}

/// Returns the variant of an argument's value, or `other` for a word without one.
fn variant_or<W: Word>(line: &[u8], arg: &Arg, other: W) -> Option<W> {
    Some(W::of_range(line, arg.value, arg.end).unwrap_or(other))
}

/// Returns the text between the quotes of the string from `start` to `end`, or `None` if there is none.
fn between_quotes(line: &[u8], start: u32, end: u32) -> Option<Span> {
    if line.get(start as usize) != Some(&b'"') {
        return None;
    }
    let last = grammar::closing_quote(line, start).filter(|last| last + 1 == end)?;
    Span::new(start + 1, last)
}
