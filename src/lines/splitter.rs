//! Lines out of bytes that arrive in chunks.

use super::event_line::EventLine;
use super::finder::{LineFinder, LineRange, Terminator};
use crate::format::content::Content;

/// Storage for an incomplete line.
pub(crate) trait Store {
    /// Returns the stored bytes.
    fn bytes(&self) -> &[u8];
    /// Appends bytes. The splitter keeps within its limit, so there is room.
    fn extend(&mut self, bytes: &[u8]);
    /// Removes the stored bytes.
    fn clear(&mut self);
}

/// Finds events in bytes that arrive in chunks; keeps an incomplete line from one chunk to the next.
///
/// A line that is complete in one chunk is never copied: `find` searches the chunk itself while no line is kept. Once a
/// chunk ends inside a line, that line goes through `kept`, and the search in the chunk goes on after it.
#[derive(Clone, Debug)]
pub(crate) struct Splitter<S> {
    /// Finder of the lines with events, and its state after the lines so far.
    pub(super) finder: LineFinder,
    /// Start of the incomplete line, up to the finder's limit.
    kept: S,
    /// Length of the incomplete line so far, in bytes, those over the limit included. 0 if no line is incomplete.
    length: u64,
    /// Set if the last byte of the incomplete line is a CR.
    after_cr: bool,
    /// Set while the caller may borrow an event from `kept`; the next call clears both.
    kept_is_event: bool,
}

/// An event's line, and the bytes that hold it.
pub(crate) enum FoundLine {
    /// A line in the chunk.
    InChunk(LineRange),
    /// A line in the kept bytes.
    InKept(LineRange),
}

impl<S: Store> Splitter<S> {
    /// Returns a splitter before the first byte.
    pub(crate) const fn new(kept: S, finder: LineFinder) -> Self {
        Self { finder, kept, length: 0, after_cr: false, kept_is_event: false }
    }

    /// Steps over the bytes from index `at` of `chunk` on, up to the end of the next event, and moves `at` there.
    /// `None` without one: then `at` is the end of the chunk.
    pub(super) fn find(&mut self, chunk: &[u8], at: &mut usize) -> Option<FoundLine> {
        self.clear_event();
        loop {
            if self.length == 0 {
                if let Some(range) = self.finder.find(chunk, at) {
                    return Some(FoundLine::InChunk(range));
                }
                self.keep(chunk.get(*at..)?);
                *at = chunk.len();
                return None;
            }
            let terminator = self.keep_line(chunk, at)?;
            if let Some(range) = self.find_in_kept(terminator) {
                return Some(FoundLine::InKept(range));
            }
        }
    }

    /// Steps over the last line, if it has no terminator, and returns it if it is an event. To be called after the last
    /// chunk.
    pub(super) fn find_last(&mut self) -> Option<FoundLine> {
        self.clear_event();
        if self.length == 0 {
            return None;
        }
        self.find_in_kept(Terminator::Missing).map(FoundLine::InKept)
    }

    /// Parses the event of a line that `find` returned for this chunk, or `find_last`.
    pub(super) fn event<'a>(&'a self, chunk: &'a [u8], found: &FoundLine) -> EventLine<'a> {
        let (bytes, range) = match found {
            FoundLine::InChunk(range) => (chunk, range),
            FoundLine::InKept(range) => (self.kept.bytes(), range),
        };
        if range.full_len > self.finder.limit {
            return self.finder.too_long(bytes, range);
        }
        self.finder.event(bytes, range, Content::within(bytes, range.content(), range.content_end()))
    }

    /// Returns the number of bytes that the splitter has stepped over or kept.
    #[cfg(feature = "std")]
    pub(super) const fn bytes(&self) -> u64 {
        // The finder has counted the kept line if that is an event.
        self.finder.bytes() + if self.kept_is_event { 0 } else { self.length }
    }

    /// Keeps the bytes from index `at` of `chunk` on, up to the end of the incomplete line, and moves `at` there.
    /// Returns the line's terminator; `None` if the chunk does not have it.
    fn keep_line(&mut self, chunk: &[u8], at: &mut usize) -> Option<Terminator> {
        loop {
            let rest = chunk.get(*at..)?;
            let text = rest.get(..memchr::memchr(b'\n', rest).unwrap_or(rest.len()))?;
            self.keep(text);
            *at += text.len();
            let lf = chunk.get(*at..*at + 1)?;
            *at += 1;
            let terminator = if self.after_cr { Terminator::CrLf } else { Terminator::Lf };
            let continues = !self.after_cr && self.finder.continues_after_lf(self.kept.bytes());
            self.keep(lf);
            if !continues {
                return Some(terminator);
            }
        }
    }

    /// Steps over the kept line, and removes it unless it is an event.
    fn find_in_kept(&mut self, terminator: Terminator) -> Option<LineRange> {
        let kept = self.kept.bytes();
        // The terminator of a line over the limit was not kept, or only its CR was.
        let end = self.length - terminator.len();
        let text = kept.get(..end.try_into().unwrap_or(usize::MAX)).unwrap_or(kept);
        let range = self.finder.step_over(text, terminator, self.length);
        self.kept_is_event = range.is_some();
        if !self.kept_is_event {
            self.clear();
        }
        range
    }

    /// Appends bytes to the incomplete line.
    fn keep(&mut self, bytes: &[u8]) {
        let room = (self.finder.limit as usize).saturating_sub(self.kept.bytes().len());
        self.kept.extend(bytes.get(..room).unwrap_or(bytes));
        self.length += bytes.len() as u64;
        self.after_cr = bytes.last().map_or(self.after_cr, |&last| last == b'\r');
    }

    /// Removes the kept line if it is an event that was returned.
    fn clear_event(&mut self) {
        if self.kept_is_event {
            self.clear();
        }
    }

    /// Removes the kept line.
    fn clear(&mut self) {
        self.kept.clear();
        (self.length, self.after_cr, self.kept_is_event) = (0, false, false);
    }
}
