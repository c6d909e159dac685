//! Lines of text, out of bytes that arrive in chunks.

use core::mem;

/// A collector of lines, in memory that is bounded.
pub(crate) struct LineCollector {
    /// Beginning of a line that is still incomplete.
    text: Vec<u8>,
    /// Maximum number of bytes that are kept of a line, its end included.
    max_len: usize,
    /// Set if a lone LF is text, as on the wire.
    is_wire: bool,
    /// Length of the incomplete line, in bytes. Greater than that of `text` in a line that is too long.
    len: u64,
    /// Last byte of the incomplete line; 0 for an empty one.
    last: u8,
}

/// A complete line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct CollectedLine {
    /// Text of the line without its end, or the beginning of a line that is too long.
    pub(crate) text: Vec<u8>,
    /// Set if the line ends with CR LF.
    pub(crate) has_cr: bool,
    /// Set if the text is the whole line.
    pub(crate) is_whole: bool,
}

impl LineCollector {
    /// Returns a collector of the lines of a log, which end with LF or CR LF. At most `max_len` bytes of a line are kept.
    pub(crate) const fn of_log(max_len: usize) -> Self {
        Self { text: Vec::new(), max_len, is_wire: false, len: 0, last: 0 }
    }

    /// Returns a collector of lines on the wire, which end with CR LF. At most `max_len` bytes of a line are kept.
    pub(crate) const fn of_wire(max_len: usize) -> Self {
        Self { text: Vec::new(), max_len, is_wire: true, len: 0, last: 0 }
    }

    /// Returns `true` unless a line is incomplete.
    pub(crate) const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Returns `true` if the incomplete line is longer than this already.
    pub(crate) const fn is_longer_than(&self, len: usize) -> bool {
        self.len > len as u64
    }

    /// Returns the incomplete line, or the beginning of one that is too long.
    pub(crate) fn text(&self) -> &[u8] {
        &self.text
    }

    /// Removes the bytes up to the first LF, or all without one, from the start of `chunk`. Returns them, and the line if they
    /// complete it.
    pub(crate) fn take<'c>(&mut self, chunk: &mut &'c [u8]) -> (&'c [u8], Option<CollectedLine>) {
        let lf = memchr::memchr(b'\n', chunk);
        let (taken, rest) = chunk.split_at(lf.map_or(chunk.len(), |lf| lf + 1));
        *chunk = rest;
        // The CR may have come with the bytes before.
        let before_lf = taken.len().checked_sub(2).and_then(|at| taken.get(at)).copied().unwrap_or(self.last);
        let has_cr = lf.is_some() && before_lf == b'\r';
        let room = self.max_len.saturating_sub(self.text.len());
        self.text.extend(taken.iter().take(room));
        self.len += taken.len() as u64;
        self.last = taken.last().copied().unwrap_or(self.last);
        if lf.is_none() || (self.is_wire && !has_cr) {
            return (taken, None);
        }
        let mut text = mem::take(&mut self.text);
        let is_whole = mem::take(&mut self.len) == text.len() as u64;
        self.last = 0;
        // The text of a line that is too long was cut before its LF.
        if is_whole {
            text.truncate(text.len() - 1 - usize::from(has_cr));
        }
        (taken, Some(CollectedLine { text, has_cr, is_whole }))
    }

    /// Takes back the line that [`take`](Self::take) has just returned, if it ended with a lone LF: that LF is a byte of the line,
    /// which is not complete.
    pub(crate) fn put_back(&mut self, line: CollectedLine) {
        self.text = line.text;
        // In a line that is too long, this is less than its length, and still more than `text` holds.
        self.len = self.text.len() as u64 + 1;
        if line.is_whole {
            self.text.push(b'\n');
        }
        self.last = b'\n';
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the lines that a collector makes of a text in chunks of `len` bytes, each with its line end, and whether an
    /// incomplete line is left.
    fn lines(mut collector: LineCollector, text: &str, len: usize) -> (Vec<String>, bool) {
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
            // `b\rc\r` is just not too long: with its CR LF it has the 6 bytes that are kept.
            let text = "a\r\n\nb\rc\r\r\n\r\nlong line\nx\ny\r\nrest\r";
            let expected = ["a<CR LF>", "<LF>", "b\rc\r<CR LF>", "<CR LF>", "long l…<LF>", "x<LF>", "y<CR LF>"];
            assert_eq!(
                lines(LineCollector::of_log(6), text, len),
                (expected.map(String::from).to_vec(), true),
                "{len}"
            );
            let expected = ["a<CR LF>", "\nb\rc\r\r…<CR LF>", "<CR LF>", "long l…<CR LF>"];
            assert_eq!(
                lines(LineCollector::of_wire(6), text, len),
                (expected.map(String::from).to_vec(), true),
                "{len}"
            );
        }
        assert_eq!(lines(LineCollector::of_log(9), "a\n", 9), (vec!["a<LF>".into()], false));
    }

    #[test]
    fn a_line_that_was_put_back() {
        for (max_len, text, is_whole) in
            [(9, "a\nb\nc", true), (4, "a\nb\n", false), (3, "a\nb", false), (1, "a", false)]
        {
            let mut collector = LineCollector::of_log(max_len);
            let mut rest: &[u8] = b"a\nb\nc\r\n";
            for _ in 0..2 {
                let (_, line) = collector.take(&mut rest);
                collector.put_back(line.expect("a line"));
            }
            let expected = CollectedLine { text: text.into(), has_cr: true, is_whole };
            assert_eq!(collector.take(&mut rest).1, Some(expected), "{max_len}");
            assert!(collector.is_empty());
        }
    }
}
