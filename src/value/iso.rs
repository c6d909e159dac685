//! The list of isolation fields.

use core::fmt;
use core::iter::FusedIterator;

use crate::token::{IsoField, Word};

/// An iterator over the isolation fields of an event (`ISO_FIELDS`), from
/// [`iso_fields`](crate::StreamEventRef::iso_fields). Empty items of the list are left out.
#[derive(Clone, Default)]
pub struct IsoFields<'a> {
    /// What was not read yet.
    rest: &'a str,
}

impl<'a> IsoFields<'a> {
    /// Returns an iterator over a comma-separated list.
    pub(crate) const fn new(list: &'a str) -> Self {
        Self { rest: list }
    }

    /// Iterates over the words as printed, those without a name included.
    pub fn words(mut self) -> impl Iterator<Item = &'a str> {
        core::iter::from_fn(move || self.next_word())
    }

    /// Returns the next word that is not empty.
    #[inline]
    fn next_word(&mut self) -> Option<&'a str> {
        while !self.rest.is_empty() {
            let comma = memchr::memchr(b',', self.rest.as_bytes());
            let word = self.take(comma.unwrap_or(self.rest.len()))?;
            if !word.is_empty() {
                return Some(word);
            }
        }
        None
    }

    /// Takes a word of this length, and the comma behind it.
    #[inline]
    fn take(&mut self, len: usize) -> Option<&'a str> {
        let (word, rest) = self.rest.split_at_checked(len)?;
        self.rest = rest.strip_prefix(',').unwrap_or(rest);
        Some(word)
    }
}

impl Iterator for IsoFields<'_> {
    type Item = IsoField;

    fn next(&mut self) -> Option<IsoField> {
        // Most words have a name, and another word behind them.
        if let Some((field, len)) = self.rest.as_bytes().first_chunk().and_then(IsoField::of_prefix) {
            self.take(len)?;
            return Some(field);
        }
        self.next_word().map(|word| IsoField::from_word(word).unwrap_or(IsoField::Unrecognized))
    }
}

impl FusedIterator for IsoFields<'_> {}

impl fmt::Debug for IsoFields<'_> {
    /// Shows the fields that are left. Text without a name may be a secret, in a damaged line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IsoFields")?;
        f.debug_list().entries(self.clone()).finish()
    }
}
