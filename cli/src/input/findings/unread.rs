//! Text of a log that the reader of events steps over without counting it.

use std::io;

use memchr::memmem;
use tor_stream_event::EventReader;

use super::MARK;

/// A search for text that the reader of events does not read:
///
/// - events behind the first MiB of a line, the reader's [limit](EventReader::DEFAULT_LIMIT). A log that was emptied while its
///   program wrote on has such a line: it begins with NUL bytes in place of all that was there;
/// - compressed or UTF-16 text in the middle of a file, where files were put together: such text is detected at the start of a
///   file only. NUL bytes in it show that it is no text of a log, since tor prints none.
#[derive(Default)]
pub(crate) struct UnreadText {
    /// Set if there is a NUL byte.
    pub(crate) has_nul: bool,
    /// Length of the incomplete line, in bytes.
    len: usize,
    /// Last bytes of the incomplete line, fewer than those of a mark: one may begin there.
    tail: Vec<u8>,
    /// Number of lines with a mark behind the limit.
    pub(crate) behind_limit: u64,
    /// Set if the incomplete line is one of them.
    is_counted: bool,
}

impl UnreadText {
    /// Maximum length of a line that the reader of events reads.
    const LIMIT: usize = EventReader::<io::Empty>::DEFAULT_LIMIT;

    /// Maximum number of bytes of a mark that does not end yet.
    const TAIL_LEN: usize = MARK.len() - 1;

    /// Searches the next bytes, fewer than the limit: so at most the first line among them is too long.
    pub(crate) fn scan(&mut self, bytes: &[u8]) {
        self.has_nul = self.has_nul || memchr::memchr(b'\0', bytes).is_some();
        let end_of_line = bytes.get(..memchr::memchr(b'\n', bytes).unwrap_or(bytes.len())).unwrap_or_default();
        self.search_behind_limit(end_of_line);
        let mut rest = bytes;
        if let Some(lf) = memchr::memrchr(b'\n', bytes) {
            (self.len, self.is_counted) = (0, false);
            self.tail.clear();
            rest = bytes.get(lf + 1..).unwrap_or_default();
        }
        self.len = self.len.saturating_add(rest.len());
        self.keep_tail(rest);
    }

    /// Keeps the last bytes of the incomplete line, which goes on with these bytes.
    fn keep_tail(&mut self, bytes: &[u8]) {
        let last = bytes.get(bytes.len().saturating_sub(Self::TAIL_LEN)..).unwrap_or_default();
        self.tail.extend_from_slice(last);
        self.tail.drain(..self.tail.len().saturating_sub(Self::TAIL_LEN));
    }

    /// Counts the incomplete line, which goes on with these bytes, if a mark ends in them behind the limit.
    fn search_behind_limit(&mut self, bytes: &[u8]) {
        if self.is_counted || self.len.saturating_add(bytes.len()) <= Self::LIMIT {
            return;
        }
        let tail_start = self.len - self.tail.len();
        let text = [self.tail.as_slice(), bytes].concat();
        let mut marks = memmem::find_iter(&text, MARK);
        self.is_counted = marks.any(|at| tail_start + at + MARK.len() > Self::LIMIT);
        self.behind_limit += u64::from(self.is_counted);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines 2 and 7 have marks behind the limit, line 2 has two. The mark in line 6 ends at the limit.
    #[test]
    fn events_behind_the_limit_of_a_line() {
        let hole = "\0".repeat(UnreadText::LIMIT);
        let text = format!(
            "650 STREAM 1\n{hole}650 STREAM 2 650 STREAM 3\n{hole}\n650 STREAM 4\n650 STREAM 5{hole}\n{}650 STREAM 6\n{hole}650 STREAM 7",
            hole.get(MARK.len()..).unwrap(),
        );
        // A mark of 11 bytes goes over as many chunks of one byte, over three chunks of 5 to 9, and over two longer ones.
        for len in [1, 5, 6, 7, 8, 9, 10, 11, 12, 64, 1000, 65_536] {
            let mut lines = UnreadText::default();
            text.as_bytes().chunks(len).for_each(|chunk| lines.scan(chunk));
            assert_eq!(lines.behind_limit, 2, "{len}");
        }
    }
}
