//! Lines out of bytes that arrive in chunks.

use core::mem;

/// A collector of lines, in memory that is bounded.
pub(crate) struct LineCollector {
    /// Beginning of a line that is still incomplete.
    text: Vec<u8>,
    /// Maximum number of bytes that are kept of a line.
    most: usize,
    /// Set if a lone LF is text, as on the wire.
    is_wire: bool,
    /// Length of the incomplete line.
    len: u64,
    /// Last byte of the incomplete line.
    last: u8,
}

/// A complete line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CollectedLine {
    /// Text of the line without its end, or the beginning of a long one.
    pub(crate) text: Vec<u8>,
    /// Set if the line ends with CR LF.
    pub(crate) has_cr: bool,
    /// Set if the text is the whole line.
    pub(crate) is_whole: bool,
}

impl LineCollector {
    /// Returns a collector that keeps at most `most` bytes of a line. Lines end with CR LF on the wire, else with any
    /// LF.
    pub(crate) const fn new(most: usize, is_wire: bool) -> Self {
        Self { text: Vec::new(), most, is_wire, len: 0, last: 0 }
    }

    /// Returns `true` unless a line is incomplete.
    pub(crate) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Removes bytes from the start of `chunk`, up to a LF or all, and returns them. If they complete a line, it is
    /// returned too.
    pub(crate) fn take<'c>(&mut self, chunk: &mut &'c [u8]) -> (&'c [u8], Option<CollectedLine>) {
        let lf = memchr::memchr(b'\n', chunk);
        let (taken, rest) = chunk.split_at(lf.map_or(chunk.len(), |lf| lf + 1));
        *chunk = rest;
        let before = taken.len().checked_sub(2).and_then(|at| taken.get(at)).copied().unwrap_or(self.last);
        let has_cr = lf.is_some() && before == b'\r';
        let room = self.most.saturating_sub(self.text.len());
        self.text.extend(taken.iter().take(room));
        self.len += taken.len() as u64;
        self.last = taken.last().copied().unwrap_or(self.last);
        if lf.is_none() || (self.is_wire && !has_cr) {
            return (taken, None);
        }
        let mut text = mem::take(&mut self.text);
        let is_whole = mem::take(&mut self.len) == text.len() as u64;
        self.last = 0;
        if is_whole {
            text.truncate(text.len() - 1 - usize::from(has_cr));
        }
        (taken, Some(CollectedLine { text, has_cr, is_whole }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the lines of a text in chunks of this length, each with its line end, and whether a rest is left.
    fn lines(text: &str, len: usize, most: usize, is_wire: bool) -> (Vec<String>, bool) {
        let mut collector = LineCollector::new(most, is_wire);
        let (mut lines, mut all) = (Vec::new(), Vec::new());
        for mut chunk in text.as_bytes().chunks(len) {
            while !chunk.is_empty() {
                let (taken, line) = collector.take(&mut chunk);
                all.extend_from_slice(taken);
                lines.extend(line.map(|line| {
                    let cut = if line.is_whole { "" } else { "…" };
                    format!(
                        "{}{cut}{}",
                        String::from_utf8_lossy(&line.text),
                        if line.has_cr { "<CR LF>" } else { "<LF>" }
                    )
                }));
            }
        }
        assert_eq!(all, text.as_bytes());
        (lines, !collector.is_empty())
    }

    #[test]
    fn chunks_of_any_length() {
        for len in [1, 2, 3, 7, 100] {
            let text = "a\r\n\nb\rc\r\r\n\r\nlong line\nx\ny\r\nrest\r";
            let expected = ["a<CR LF>", "<LF>", "b\rc\r<CR LF>", "<CR LF>", "long l…<LF>", "x<LF>", "y<CR LF>"];
            assert_eq!(lines(text, len, 6, false), (expected.map(String::from).to_vec(), true), "{len}");
            let expected = ["a<CR LF>", "\nb\rc\r\r…<CR LF>", "<CR LF>", "long l…<CR LF>"];
            assert_eq!(lines(text, len, 6, true), (expected.map(String::from).to_vec(), true), "{len}");
        }
        assert_eq!(lines("a\n", 9, 9, false), (vec!["a<LF>".into()], false));
    }
}
