//! The third reading: contents that no known tor prints. The first token is the target, and fields follow in any order.

use core::num::NonZeroU32;

use super::fields::Fields;
use crate::anomaly::Anomaly;
use crate::format::content::{Content, Span};
use crate::format::grammar;
use crate::format::keyword::Keyword;
use crate::value::Args;
use crate::value::args::Arg;
use crate::word::{ClientProtocol, StreamClosureReason, WordEnum};

/// Reads the fields after a target that ends at index `target_end`. Of a keyword that is repeated, the last one counts. Tokens
/// that are no fields are skipped.
pub(super) fn read(content: Content<'_>, target_end: u32) -> Fields {
    let bytes = content.bytes();
    let mut fields = Fields::default();
    fields.anomalies.insert(Anomaly::UnknownOrder);
    // Set if the last REASON, REMOTE_REASON or CLIENT_PROTOCOL so far has a word that this version does not know.
    let (mut reason_is_unknown, mut remote_reason_is_unknown, mut protocol_is_unknown) = (false, false, false);
    let mut args = Args::new(content, target_end, None);
    while let Some(arg) = args.next_arg() {
        let Some(keyword) = arg.keyword else {
            fields.anomalies.insert(Anomaly::UnknownKeyword);
            continue;
        };
        let value = bytes.get(arg.value_start as usize..arg.value_end as usize).unwrap_or_default();
        match keyword {
            Keyword::Reason => {
                let reason = variant(bytes, &arg);
                fields.reason = Some(reason);
                reason_is_unknown = is_unknown_reason(reason, value);
            }
            Keyword::RemoteReason => {
                let reason = variant(bytes, &arg);
                fields.remote_reason = Some(reason);
                remote_reason_is_unknown = is_unknown_reason(reason, value);
            }
            Keyword::Source => fields.source = Some(variant(bytes, &arg)),
            Keyword::SourceAddr => fields.source_addr = Span::new(arg.value_start, arg.value_end),
            Keyword::Purpose => fields.purpose = Some(variant(bytes, &arg)),
            Keyword::SocksUsername => fields.socks_username = between_quotes(bytes, arg.value_start, arg.value_end),
            Keyword::SocksPassword => fields.socks_password = between_quotes(bytes, arg.value_start, arg.value_end),
            Keyword::ClientProtocol => {
                let protocol = variant(bytes, &arg);
                fields.client_protocol = Some(protocol);
                protocol_is_unknown = protocol == ClientProtocol::Unrecognized;
            }
            Keyword::NymEpoch => {
                fields.nym_epoch = NonZeroU32::new(arg.value_start).filter(|_| grammar::decimal(value).is_some());
            }
            Keyword::SessionGroup => {
                fields.session_group =
                    NonZeroU32::new(arg.value_start).filter(|_| grammar::signed_decimal(value).is_some());
            }
            Keyword::IsoFields => fields.iso_fields = Span::new(arg.value_start, arg.value_end),
        }
    }
    if reason_is_unknown || remote_reason_is_unknown || protocol_is_unknown {
        fields.anomalies.insert(Anomaly::UnknownWord);
    }
    fields
}

/// Returns the variant of an argument's value.
fn variant<W: WordEnum>(content: &[u8], arg: &Arg) -> W {
    W::of_range(content, arg.value_start, arg.value_end).unwrap_or(W::UNRECOGNIZED)
}

/// Returns `true` for a reason that is a word without a variant. `UNKNOWN_` and a code does not count: tor prints it where it has no
/// word for a reason itself.
fn is_unknown_reason(reason: StreamClosureReason, value: &[u8]) -> bool {
    reason == StreamClosureReason::Unrecognized && !grammar::is_unknown_code(value)
}

/// Returns the range between the quotation marks of the value from `start` to `end`. `None` if the value is not one quoted string.
fn between_quotes(content: &[u8], start: u32, end: u32) -> Option<Span> {
    if content.get(start as usize) != Some(&b'"') {
        return None;
    }
    let closing_quote = grammar::closing_quote(content, start).filter(|quote| quote + 1 == end)?;
    Span::new(start + 1, closing_quote)
}
