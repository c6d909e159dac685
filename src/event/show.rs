//! An event as text: its content (`Display`), its fields (`Debug`), and any text of it without credentials.

use core::fmt;

use super::StreamEventRef;
use crate::format::keyword::Keyword;
use crate::value::Redacted;

impl<'a> StreamEventRef<'a> {
    /// Returns text of this event in a form that may be shown to those who must not see credentials.
    ///
    /// Credentials have fields of their own. In a damaged line, or in one of a newer tor, the target, an ID or a word may hold
    /// them as well, also without their keyword.
    ///
    /// `text` is to be a field of this event, or a part of its [`content`](Self::content): then a secret that begins before it and goes
    /// on in it is masked too. Text from elsewhere is searched by itself, and the rest of such a secret is shown.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::StreamEventRef;
    ///
    /// // A keyword of a newer tor that ends as a target does.
    /// let content = r#"15 SUCCEEDED 3 a:443 SOCKS_PASSWORD="hunter2" NEW_ADDR=10.8.0.2:4567"#;
    /// let event = StreamEventRef::parse(content)?;
    /// assert_eq!(event.target_host, r#"a:443 SOCKS_PASSWORD="hunter2" NEW_ADDR=10.8.0.2"#);
    /// let shown = event.redact(event.target_host.as_bytes()).to_string();
    /// assert_eq!(shown, r#"a:443 SOCKS_PASSWORD="***" NEW_ADDR=10.8.0.2"#);
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    #[must_use]
    pub fn redact(&self, text: &'a [u8]) -> Redacted<'a> {
        self.redact_at(text, self.copied_field_starts())
    }

    /// Returns text of this event without credentials, as [`redact`](Self::redact) does. `starts` are the indexes in the content at
    /// which text that is a copy, not borrowed, may begin.
    fn redact_at<const N: usize>(&self, text: &'a [u8], starts: [Option<usize>; N]) -> Redacted<'a> {
        let content = self.content();
        let is_at = |start: &usize| content.get(*start..).is_some_and(|rest| rest.starts_with(text));
        // If the text is borrowed from the content, the difference of their addresses is its index there; `is_at` checks
        // that. If it is a copy, as the owned form has of some fields, it is searched for where these begin.
        let index_if_borrowed = (text.as_ptr() as usize).wrapping_sub(content.as_ptr() as usize);
        let index = Some(index_if_borrowed).filter(is_at).or_else(|| starts.into_iter().flatten().find(is_at));
        match index {
            Some(start) => Redacted::new(content, start, start.saturating_add(text.len())),
            None => Redacted::alone(text),
        }
    }

    /// Returns the starts of the fields that the owned form copies: stream ID, circuit ID, target and `SOURCE_ADDR`.
    fn copied_field_starts(&self) -> [Option<usize>; 4] {
        let content = self.content();
        let after_space = |start: usize| memchr::memchr(b' ', content.get(start..)?).map(|len| start + len + 1);
        let mut args = self.args();
        let source_addr =
            core::iter::from_fn(|| args.next_arg()).filter(|arg| arg.keyword == Some(Keyword::SourceAddr)).last();
        [
            Some(0),
            after_space(0).and_then(after_space),
            Some(self.layout.target_start as usize),
            source_addr.map(|arg| arg.value_start as usize),
        ]
    }
}

/// The fields of an event that have text of its line, without credentials: for `Debug` and `defmt`.
#[allow(clippy::missing_docs_in_private_items, reason = "the names are those of the event's fields")]
pub(crate) struct RedactedFields<'a> {
    pub(crate) id: Redacted<'a>,
    pub(crate) circuit_id: Option<Redacted<'a>>,
    pub(crate) target_host: Redacted<'a>,
    pub(crate) source_addr: Option<Redacted<'a>>,
    pub(crate) iso_fields: Option<Redacted<'a>>,
}

impl<'a> StreamEventRef<'a> {
    /// Returns the fields that have text of the line. A field may begin with the same text as another one, so each is looked for at
    /// its own start.
    pub(crate) fn redacted_fields(&self) -> RedactedFields<'a> {
        let [id, circuit_id, target, source_addr] = self.copied_field_starts();
        let redact = |text: &'a str, start| self.redact_at(text.as_bytes(), [start]);
        RedactedFields {
            id: redact(self.id, id),
            circuit_id: self.circuit_id.map(|text| redact(text, circuit_id)),
            target_host: redact(self.target_host, target),
            source_addr: self.source_addr.map(|text| redact(text, source_addr)),
            // Borrowed in both forms.
            iso_fields: self.iso_fields_str().map(|text| redact(text, None)),
        }
    }
}

impl fmt::Display for StreamEventRef<'_> {
    /// Writes the content as tor printed it. Bytes that are not UTF-8 become U+FFFD, since a formatter takes text only:
    /// [`content`](Self::content) has the bytes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.content().utf8_chunks() {
            f.write_str(chunk.valid())?;
            if !chunk.invalid().is_empty() {
                f.write_str("\u{FFFD}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for StreamEventRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug(self, "StreamEventRef", f)
    }
}

/// Formats the fields of either form of an event. Credentials are masked in whichever field they are; of keyword arguments
/// only the keys are shown, since the value of an unknown one may be a credential.
pub(crate) fn debug(event: &StreamEventRef<'_>, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let redacted = event.redacted_fields();
    f.debug_struct(name)
        .field("id", &redacted.id)
        .field("status", &event.status)
        .field("circuit_id", &redacted.circuit_id)
        .field("target_host", &redacted.target_host)
        .field("target_port", &event.target_port)
        .field("reason", &event.reason)
        .field("remote_reason", &event.remote_reason)
        .field("source", &event.source)
        .field("source_addr", &redacted.source_addr)
        .field("purpose", &event.purpose)
        .field("socks_username", &event.socks_username())
        .field("socks_password", &event.socks_password())
        .field("client_protocol", &event.client_protocol())
        .field("nym_epoch", &event.nym_epoch())
        .field("session_group", &event.session_group())
        .field("iso_fields", &redacted.iso_fields)
        .field("args", &event.args())
        .field("anomalies", &event.anomalies())
        .finish()
}
