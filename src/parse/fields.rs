//! The values of the fields after a target, which every reading returns.

use core::num::NonZeroU32;

use crate::anomaly::Anomalies;
use crate::format::content::Span;
#[cfg(doc)]
use crate::format::keyword::Keyword;
use crate::word::{ClientProtocol, StreamClosureReason, StreamPurpose, StreamSource};

/// The fields after a target, each named after its keyword. `None` for an absent one.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
#[allow(clippy::missing_docs_in_private_items, reason = "each is named after its keyword")]
pub(super) struct Fields {
    pub(super) reason: Option<StreamClosureReason>,
    pub(super) remote_reason: Option<StreamClosureReason>,
    pub(super) source: Option<StreamSource>,
    pub(super) source_addr: Option<Span>,
    pub(super) purpose: Option<StreamPurpose>,
    /// Range between the quotation marks; `None` also for a value without them.
    pub(super) socks_username: Option<Span>,
    /// Range between the quotation marks; `None` also for a value without them.
    pub(super) socks_password: Option<Span>,
    pub(super) client_protocol: Option<ClientProtocol>,
    /// Index of the number's first byte. `None` for a value that is no number of 32 bits.
    pub(super) nym_epoch: Option<NonZeroU32>,
    /// Index of the number's first byte. `None` for a value that is no number of 32 bits.
    pub(super) session_group: Option<NonZeroU32>,
    pub(super) iso_fields: Option<Span>,
    /// Anomalies of the fields: unknown words, keys and orders.
    pub(super) anomalies: Anomalies,
}

impl Fields {
    /// Returns the number of present fields of [`Keyword::NEWER`].
    pub(super) fn newer_fields(&self) -> usize {
        usize::from(self.client_protocol.is_some())
            + usize::from(self.nym_epoch.is_some())
            + usize::from(self.session_group.is_some())
            + usize::from(self.iso_fields.is_some())
    }
}
