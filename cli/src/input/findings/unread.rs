//! Text of a log that the reader of events steps over without counting it.

use std::io;

use memchr::memmem;
use tor_stream_event::EventReader;

use super::MARK;

/// A search for text that the reader of events does not read.
///
/// It does not read on behind its [limit](EventReader::DEFAULT_LIMIT) in a line; a log that was emptied while its program
/// wrote on has such a line, of NUL bytes. Compressed and UTF-16 text is detected at the start of a file only; in the
/// middle of one, where files were put together, it has NUL bytes too. tor prints none.
#[derive(Default)]
pub(crate) struct UnreadText {
    /// Set if there is a NUL byte.
    pub(crate) has_nul: bool,
    /// Length of the incomplete line.
    len: usize,
    /// Last bytes of the incomplete line, which may be the start of a mark.
    tail: Vec<u8>,
    /// Number of lines with an event behind the limit.
    pub(crate) behind_limit: u64,
    /// Set if the incomplete line is one of them.
    is_counted: bool,
}

impl UnreadText {
    /// Maximum length of a line that the reader of events reads.
    const LIMIT: usize = EventReader::<io::Empty>::DEFAULT_LIMIT;

    /// Searches the next bytes, fewer than the limit.
    pub(crate) fn scan(&mut self, bytes: &[u8]) {
        self.has_nul = self.has_nul || memchr::memchr(b'\0', bytes).is_some();
        let rest = bytes.get(..memchr::memchr(b'\n', bytes).unwrap_or(bytes.len())).unwrap_or_default();
        let (before, len) = (self.len - self.tail.len(), self.len.saturating_add(rest.len()));
        if len > Self::LIMIT && !self.is_counted {
            self.tail.extend_from_slice(rest);
            let mut marks = memmem::find_iter(&self.tail, MARK);
            self.is_counted = marks.any(|at| before + at + MARK.len() > Self::LIMIT);
            self.behind_limit += u64::from(self.is_counted);
        }
        self.tail.clear();
        match memchr::memrchr(b'\n', bytes) {
            Some(lf) => (self.len, self.is_counted) = (bytes.len() - lf - 1, false),
            None => self.len = len,
        }
        let kept = self.len.min(bytes.len()).min(MARK.len() - 1);
        self.tail.extend_from_slice(bytes.get(bytes.len() - kept..).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_behind_the_limit_of_a_line() {
        let hole = "\0".repeat(UnreadText::LIMIT);
        let text = format!(
            "650 STREAM 1\n{hole}650 STREAM 2 650 STREAM 3\n{hole}\n650 STREAM 4\n650 STREAM 5{hole}\n{}650 STREAM 6\n{hole}650 STREAM 7",
            hole.get(MARK.len()..).unwrap(),
        );
        for len in [9, 64, 1000, 65_536] {
            let mut lines = UnreadText::default();
            text.as_bytes().chunks(len).for_each(|chunk| lines.scan(chunk));
            assert_eq!(lines.behind_limit, 2, "{len}");
        }
    }
}
