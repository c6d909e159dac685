//! The list of isolation fields.

use core::iter::FusedIterator;

use crate::token::IsoField;

/// An iterator over the isolation fields of an event (`ISO_FIELDS`), from
/// [`iso_fields`](crate::StreamEventRef::iso_fields). Empty items of the list are left out.
#[derive(Clone, Debug, Default)]
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
    pub fn words(self) -> impl Iterator<Item = &'a str> + Clone {
        self.rest.split(',').filter(|word| !word.is_empty())
    }
}

impl Iterator for IsoFields<'_> {
    type Item = IsoField;

    fn next(&mut self) -> Option<IsoField> {
        while !self.rest.is_empty() {
            let (word, rest) = self.rest.split_once(',').unwrap_or((self.rest, ""));
            self.rest = rest;
            if !word.is_empty() {
                return Some(IsoField::from_word(word).unwrap_or(IsoField::Unrecognized));
            }
        }
        None
    }
}

impl FusedIterator for IsoFields<'_> {}
