//! Lines out of bytes that arrive in pieces.

use super::event_line::EventLine;
use super::finder::{End, LineFinder, LineRange};
use crate::format::text::Text;

/// Bytes kept from one piece to the next.
pub(crate) trait Store {
    /// Returns the bytes.
    fn bytes(&self) -> &[u8];
    /// Adds bytes, which find room.
    fn extend(&mut self, bytes: &[u8]);
    /// Removes all bytes.
    fn clear(&mut self);
}

/// A finder of events in bytes that arrive in pieces, which keeps an incomplete line.
#[derive(Clone, Debug)]
pub(crate) struct Splitter<S> {
    /// State that finds the lines with events.
    pub(super) finder: LineFinder,
    /// Start of the incomplete line, up to the limit.
    kept: S,
    /// Length of the incomplete line so far, in bytes.
    length: u64,
    /// Set if the last byte of the incomplete line is a CR.
    after_cr: bool,
    /// Set if the kept line is an event that was returned, and is to be removed at the next step.
    found: bool,
}

/// The location of an event.
pub(crate) enum Place {
    /// The piece that was searched.
    Piece(LineRange),
    /// The kept bytes.
    Kept(LineRange),
}

impl<S: Store> Splitter<S> {
    /// Returns a splitter before the first byte.
    pub(crate) const fn new(kept: S, finder: LineFinder) -> Self {
        Self { finder, kept, length: 0, after_cr: false, found: false }
    }

    /// Steps over the bytes from index `at` of `piece` on, up to the end of the next event. `None` when all of them were
    /// stepped over.
    pub(super) fn find(&mut self, piece: &[u8], at: &mut usize) -> Option<Place> {
        self.forget_found();
        loop {
            if self.length == 0 {
                if let Some(range) = self.finder.find(piece, at) {
                    return Some(Place::Piece(range));
                }
                self.keep(piece.get(*at..)?);
                *at = piece.len();
                return None;
            }
            let line_end = self.keep_line(piece, at)?;
            if let Some(range) = self.kept_line(line_end) {
                return Some(Place::Kept(range));
            }
        }
    }

    /// Steps over the last line, which has no end.
    pub(super) fn find_last(&mut self) -> Option<Place> {
        self.forget_found();
        if self.length == 0 {
            return None;
        }
        self.kept_line(End::None).map(Place::Kept)
    }

    /// Parses the event that was found in `piece` or in the kept bytes.
    pub(super) fn event<'a>(&'a self, piece: &'a [u8], place: &Place) -> EventLine<'a> {
        let (bytes, range) = match place {
            Place::Piece(range) => (piece, range),
            Place::Kept(range) => (self.kept.bytes(), range),
        };
        if range.whole > self.finder.limit {
            return self.finder.too_long(bytes, range);
        }
        self.finder.event(bytes, range, Text::within(bytes, range.content(), range.content_end()))
    }

    /// Returns the number of bytes before the next one.
    #[cfg(feature = "std")]
    pub(super) const fn offset(&self) -> u64 {
        // A line that was found is counted already.
        self.finder.offset() + if self.found { 0 } else { self.length }
    }

    /// Adds the bytes from index `at` of `piece` on to the line that has no end yet, and returns its end if it is among them.
    fn keep_line(&mut self, piece: &[u8], at: &mut usize) -> Option<End> {
        loop {
            let rest = piece.get(*at..)?;
            let text = rest.get(..memchr::memchr(b'\n', rest).unwrap_or(rest.len()))?;
            self.keep(text);
            *at += text.len();
            let lf = piece.get(*at..*at + 1)?;
            *at += 1;
            let line_end = if self.after_cr { End::CrLf } else { End::Lf };
            let goes_on = !self.after_cr && self.finder.goes_on(self.kept.bytes());
            self.keep(lf);
            if !goes_on {
                return Some(line_end);
            }
        }
    }

    /// Steps over the line that was kept, and removes it if it is no event.
    fn kept_line(&mut self, line_end: End) -> Option<LineRange> {
        let kept = self.kept.bytes();
        // The end of a line that is too long was not kept, or not all of it.
        let end = self.length - line_end.len();
        let text = kept.get(..end.try_into().unwrap_or(usize::MAX)).unwrap_or(kept);
        let range = self.finder.line(text, line_end, self.length);
        self.found = range.is_some();
        if !self.found {
            self.forget();
        }
        range
    }

    /// Adds bytes to the line that has no end yet.
    fn keep(&mut self, bytes: &[u8]) {
        let room = (self.finder.limit as usize).saturating_sub(self.kept.bytes().len());
        self.kept.extend(bytes.get(..room).unwrap_or(bytes));
        self.length += bytes.len() as u64;
        self.after_cr = bytes.last().map_or(self.after_cr, |&last| last == b'\r');
    }

    /// Removes a line that was found.
    fn forget_found(&mut self) {
        if self.found {
            self.forget();
        }
    }

    /// Removes the line that was kept.
    fn forget(&mut self) {
        self.kept.clear();
        (self.length, self.after_cr, self.found) = (0, false, false);
    }
}
