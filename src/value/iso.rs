//! The list of isolation fields.

use core::fmt;
use core::iter::FusedIterator;

use crate::format::scan;
use crate::word::{IsoField, WordEnum};

/// An iterator over the isolation fields of an event (`ISO_FIELDS`), from
/// [`iso_fields`](crate::StreamEventRef::iso_fields). Empty items of the list are left out.
///
/// # Examples
///
/// ```
/// use tor_stream_event::{IsoField, StreamEventRef};
///
/// let event = StreamEventRef::parse("9 CLOSED 3 a:80 ISO_FIELDS=DESTPORT,NYM_EPOCH")?;
/// assert!(event.iso_fields().eq([IsoField::DestPort, IsoField::NymEpoch]));
/// # Ok::<(), tor_stream_event::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct IsoFields<'a> {
    /// Rest of the list.
    rest: &'a str,
}

impl<'a> IsoFields<'a> {
    /// Returns an iterator over a comma-separated list.
    pub(crate) const fn new(list: &'a str) -> Self {
        Self { rest: list }
    }

    /// Iterates over the words as printed, those without a variant included.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::StreamEventRef;
    ///
    /// let event = StreamEventRef::parse("9 CLOSED 3 a:80 ISO_FIELDS=DESTPORT,NEW_FIELD")?;
    /// assert!(event.iso_fields().words().eq(["DESTPORT", "NEW_FIELD"]));
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    pub fn words(mut self) -> impl Iterator<Item = &'a str> {
        core::iter::from_fn(move || self.next_word())
    }

    /// Returns the next word that is not empty.
    fn next_word(&mut self) -> Option<&'a str> {
        while !self.rest.is_empty() {
            let (word, rest) = self.rest.split_once(',').unwrap_or((self.rest, ""));
            self.rest = rest;
            if !word.is_empty() {
                return Some(word);
            }
        }
        None
    }
}

impl Iterator for IsoFields<'_> {
    type Item = IsoField;

    #[cfg_attr(feature = "std", inline)]
    fn next(&mut self) -> Option<IsoField> {
        match IsoField::of_start(scan::sixteen_bytes(self.rest.as_bytes(), 0, IsoField::DELIMITER as u8)) {
            // Most words have a variant. After the last one there is no comma, and `get` returns `None`.
            Some((field, len)) => {
                self.rest = self.rest.get(len as usize + 1..).unwrap_or_default();
                Some(field)
            }
            None => self.next_word().map(|word| IsoField::from_word(word).unwrap_or(IsoField::Unrecognized)),
        }
    }
}

impl FusedIterator for IsoFields<'_> {}

impl fmt::Debug for IsoFields<'_> {
    /// Formats the fields that are left, each as its variant. In a damaged line, the text of a word without a variant may be a secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IsoFields")?;
        f.debug_list().entries(self.clone()).finish()
    }
}
