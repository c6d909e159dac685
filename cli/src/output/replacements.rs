//! Text in which some ranges are replaced when it is printed, without a copy of the rest.

use core::fmt::{self, Write as _};
use core::ops::Range;
use std::io::{self, IoSlice, Write};

/// Number of pieces, each of kept or of new text, that are written with one system call: the maximum of most systems.
const AT_ONCE: usize = 1024;

/// Replacements of ranges in a text.
#[derive(Default)]
pub(crate) struct Replacements {
    /// New text of all ranges, one after the other.
    new_text: String,
    /// Ranges in order, each with the end of its new text in `new_text`.
    ranges: Vec<(Range<usize>, usize)>,
}

impl Replacements {
    /// Adds a range, which comes after all ranges so far, and its new text.
    pub(crate) fn add(&mut self, range: Range<usize>, new: fmt::Arguments<'_>) {
        // Writing to a text cannot fail.
        let _ = self.new_text.write_fmt(new);
        self.ranges.push((range, self.new_text.len()));
    }

    /// Writes a text, with the new text in place of the ranges.
    ///
    /// # Errors
    ///
    /// If the output cannot be written.
    pub(crate) fn write(&self, text: &[u8], output: &mut impl Write) -> io::Result<()> {
        // Ends of the pieces so far, in `text` and in the new text.
        let (mut text_end, mut new_end) = (0, 0);
        let mut pieces = Vec::with_capacity(AT_ONCE);
        for (range, end) in &self.ranges {
            pieces.push(IoSlice::new(text.get(text_end..range.start).unwrap_or_default()));
            pieces.push(IoSlice::new(self.new_text.get(new_end..*end).unwrap_or_default().as_bytes()));
            (text_end, new_end) = (range.end, *end);
            if pieces.len() >= AT_ONCE {
                write_all(&mut pieces, output)?;
                pieces.clear();
            }
        }
        write_all(&mut pieces, output)?;
        output.write_all(text.get(text_end..).unwrap_or_default())
    }
}

/// Writes all pieces.
fn write_all(mut pieces: &mut [IoSlice<'_>], output: &mut impl Write) -> io::Result<()> {
    // Drops empty pieces at the start: a write of nothing else returns 0, as does an output that takes no more.
    IoSlice::advance_slices(&mut pieces, 0);
    while !pieces.is_empty() {
        match output.write_vectored(pieces) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => IoSlice::advance_slices(&mut pieces, written),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]
mod tests {
    use super::*;

    /// An output that takes up to three bytes at a time, and is interrupted before each time. The flag is set after an interruption.
    struct Slow(Vec<u8>, bool);

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.1 = !self.1;
            if self.1 {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let taken = bytes.len().min(3);
            self.0.extend_from_slice(bytes.get(..taken).unwrap());
            Ok(taken)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn ranges() {
        for (text, ranges, replaced) in [
            ("", vec![], ""),
            ("abc", vec![], "abc"),
            ("abc", vec![(0..1, "")], "bc"),
            ("abc", vec![(0..0, "12345"), (3..3, "6")], "12345abc6"),
            ("abcdef", vec![(1..2, "B"), (2..2, ""), (2..5, "12345")], "aB12345f"),
            ("abc", vec![(0..3, "")], ""),
        ] {
            let mut replacements = Replacements::default();
            ranges.into_iter().for_each(|(range, new)| replacements.add(range, format_args!("{new}")));
            let (mut at_once, mut slow) = (Vec::new(), Slow(Vec::new(), false));
            replacements.write(text.as_bytes(), &mut at_once).unwrap();
            replacements.write(text.as_bytes(), &mut slow).unwrap();
            assert_eq!((at_once.as_slice(), slow.0.as_slice()), (replaced.as_bytes(), replaced.as_bytes()), "{text}");
        }
        // More pieces than are written at once.
        let (text, mut replacements) = ("a0b".repeat(2000), Replacements::default());
        (0..2000).for_each(|n| replacements.add(3 * n + 1..3 * n + 2, format_args!("{n}")));
        let mut output = Vec::new();
        replacements.write(text.as_bytes(), &mut output).unwrap();
        assert_eq!(output, (0..2000).map(|n| format!("a{n}b")).collect::<String>().into_bytes());
    }
}
