//! Lines out of bytes that arrive in pieces.

use super::{EventLine, Found, LineEnd, Lines};
use crate::format::text::{Text, without_line_end};

/// Bytes kept from one piece to the next.
pub(crate) trait Store {
    /// Returns the bytes.
    fn bytes(&self) -> &[u8];
    /// Adds bytes, which find room.
    fn extend(&mut self, bytes: &[u8]);
    /// Removes all bytes.
    fn clear(&mut self);
}

/// Finds events in bytes that arrive in pieces, and keeps the piece of a line that has no end yet.
#[derive(Clone, Debug)]
pub(crate) struct Splitter<S> {
    /// What the lines so far say about the next one.
    pub(super) lines: Lines,
    /// The beginning of the line that has no end yet: all of it, but no more than the limit.
    kept: S,
    /// How many bytes that line has so far.
    length: u64,
    /// Whether the last of them is a CR.
    after_cr: bool,
    /// Whether that line was found to be an event, and is to be removed at the next step.
    found: bool,
}

/// Where an event was found: in the piece that was looked at, or in what was kept.
pub(crate) enum Place {
    /// In the piece.
    Piece(Found),
    /// In what was kept.
    Kept(Found),
}

impl<S: Store> Splitter<S> {
    /// Returns a splitter before the first byte.
    pub(crate) const fn new(kept: S, line_end: LineEnd, limit: usize) -> Self {
        Self { lines: Lines::new(line_end, limit), kept, length: 0, after_cr: false, found: false }
    }

    /// Steps over the bytes from index `at` of `piece` on, up to the end of the next event. `None` when all of them were
    /// stepped over.
    pub(super) fn find(&mut self, piece: &[u8], at: &mut usize) -> Option<Place> {
        self.forget_found();
        loop {
            if self.length == 0 {
                if let Some(found) = self.lines.find(piece, at) {
                    return Some(Place::Piece(found));
                }
                self.keep(piece.get(*at..)?);
                *at = piece.len();
                return None;
            }
            let rest = piece.get(*at..)?;
            let end = self.end_in(rest);
            self.keep(rest.get(..end.unwrap_or(rest.len()))?);
            *at += end.unwrap_or(rest.len());
            end?;
            let kept = self.kept.bytes();
            let line = match self.length - kept.len() as u64 {
                0 => without_line_end(kept),
                // Only the LF was not kept.
                1 => kept.strip_suffix(b"\r").unwrap_or(kept),
                _ => kept,
            };
            if let Some(found) = self.lines.line(line, self.length) {
                self.found = true;
                return Some(Place::Kept(found));
            }
            self.forget();
        }
    }

    /// Steps over the last line, which has no end.
    pub(super) fn find_last(&mut self) -> Option<Place> {
        self.forget_found();
        if self.length == 0 {
            return None;
        }
        self.found = true;
        let found = self.lines.line(self.kept.bytes(), self.length)?;
        Some(Place::Kept(Found { terminated: false, ..found }))
    }

    /// Reads the event that was found in `piece` or in what was kept.
    pub(super) fn event<'a>(&'a self, piece: &'a [u8], place: &Place) -> EventLine<'a> {
        let (bytes, found) = match place {
            Place::Piece(found) => (piece, found),
            Place::Kept(found) => (self.kept.bytes(), found),
        };
        if found.whole > self.lines.limit as u64 {
            return self.lines.too_long(bytes, found);
        }
        self.lines.event(bytes, found, Text::new(bytes.get(found.content()..found.end).unwrap_or_default()))
    }

    /// Returns how many bytes came before the next one.
    #[cfg(feature = "std")]
    pub(super) const fn offset(&self) -> u64 {
        // A line that was found is counted already.
        self.lines.offset + if self.found { 0 } else { self.length }
    }

    /// Returns where in `rest` the line that has no end yet ends.
    fn end_in(&self, rest: &[u8]) -> Option<usize> {
        memchr::memchr_iter(b'\n', rest)
            .find(|&lf| {
                let after_cr = lf.checked_sub(1).map_or(self.after_cr, |before| rest.get(before) == Some(&b'\r'));
                after_cr || self.lines.line_end == LineEnd::Lf
            })
            .map(|lf| lf + 1)
    }

    /// Adds bytes to the line that has no end yet.
    fn keep(&mut self, bytes: &[u8]) {
        let room = self.lines.limit.saturating_sub(self.kept.bytes().len());
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
