//! A plain file that is cut into ranges of lines.
//!
//! A range begins with a line that looks like a reply. The line may also be data of an earlier reply; only the lines before
//! the range show that. So a range is read as if it began outside of data. If that was wrong, [`LineState::append`] fails
//! later, and the range is read again: the choice of the first line decides only how often that happens.

use core::ops::Range;
use core::sync::atomic::{AtomicBool, Ordering};
use std::fs::File;
use std::io::{self, Read};

use tor_stream_event::{LineEnd, LineState};

use super::InputName;
use crate::input::Input;
use crate::input::layout::{self, Layout};
use crate::input::progress::Progress;
use crate::input::reader::ReadOptions;
use crate::output::text::escape_name;

/// Maximum number of bytes at the beginning of a file that are read to detect its line end and its prefix.
pub(super) const HEAD_LEN: u64 = layout::LEARNED_FROM as u64;

/// Number of bytes at the beginning that are tried first, since they nearly always have a reply and an event.
const SHORT_HEAD_LEN: u64 = 32 * 1024;

/// Number of bytes that are searched at once for a line with which a range may begin. Most logs have one every few lines.
const WINDOW: u64 = 16 * 1024;

/// Minimum number of bytes of a range: to read them takes longer than to find the edge and to append the part.
pub(super) const MIN_RANGE: u64 = 64 * 1024;

/// Number of bytes at the end of a file in which the tool looks for no edge of a range. The last line there may still be written, so
/// one thread reads them at the end; they are few, since all others are idle then.
pub(super) const TAIL_LEN: u64 = 64 * 1024;

/// A file that can be cut into ranges.
pub(crate) struct Cuttable {
    /// Index of the file among the inputs.
    index: usize,
    /// Input that names the file.
    pub(crate) input: Input,
    /// Layout of the file.
    pub(crate) layout: Layout,
    /// Name of the file in messages, escaped.
    pub(super) label: String,
    /// The file.
    file: File,
    /// Length of the file when it was opened, in bytes.
    pub(super) len: u64,
    /// Length of a range in bytes, without the rest of its last line. Not used for a divided file.
    step: u64,
    /// State of the lines with which the reading of a range begins.
    pub(crate) start_state: LineState,
    /// Set if the first event has a prefix; `None` if the first bytes have no event.
    has_prefix: Option<bool>,
    /// Set when no more ranges are needed.
    stopped: AtomicBool,
    /// The progress bar.
    progress: Progress,
}

impl Cuttable {
    /// Returns a file that can be cut into ranges of about `step` bytes. `None` if the file has fewer than two of them,
    /// or if its beginning does not show the line end.
    pub(super) fn new(
        options: &ReadOptions,
        (index, input): (usize, &Input),
        step: u64,
        progress: &Progress,
    ) -> Option<Self> {
        let file = Self::with_len(options, (index, input), None, progress)?;
        (file.len >= 2 * step).then_some(Self { step, ..file })
    }

    /// Returns a file that can be cut, as it was when it had `len` bytes, or as it is. `None` if it is not plain, is
    /// shorter by now or too short for two ranges, has to be rewritten, or does not show its line end at its beginning.
    pub(super) fn with_len(
        options: &ReadOptions,
        (index, input): (usize, &Input),
        len: Option<u64>,
        progress: &Progress,
    ) -> Option<Self> {
        let file = input.open_plain()?;
        let now = file.metadata().ok()?.len();
        let len = len.unwrap_or(now);
        if len > now || len < 2 * MIN_RANGE {
            return None;
        }
        // Detects the layout, whether events have a prefix, and the state at the start of a range, which has the line end.
        let detect = |head_len: u64| {
            let mut head = Vec::new();
            RangeReader::new(&file, 0..len.min(head_len), None).read_to_end(&mut head).ok()?;
            let layout = options.layout.of_start(&head)?;
            let mut events = options.events(&layout, &*head, None);
            let has_prefix = events.next_event().ok()?.map(|line| !line.prefix.is_empty());
            Some((layout, has_prefix, events.state().part()))
        };
        let from_short_head = if options.layout.depends_on_beginning() { None } else { detect(SHORT_HEAD_LEN) };
        let (layout, has_prefix, start_state) = match from_short_head {
            Some(detected @ (_, Some(_), Some(_))) => detected,
            _ => detect(HEAD_LEN)?,
        };
        let (input, label) = (input.clone(), escape_name(&input.name).into_owned());
        let (step, stopped, progress) = (MIN_RANGE, false.into(), progress.clone());
        let start_state = start_state?;
        Some(Self { index, input, layout, label, file, len, step, start_state, has_prefix, stopped, progress })
    }

    /// Returns the range that begins at `start`. `None` for the rest, which one thread has to read at the end: the
    /// tail, a longer text without a line that a range may begin with, or all of it once [stopped](Self::stop).
    pub(super) fn range(&self, start: u64) -> Option<Range<u64>> {
        if self.stopped.load(Ordering::Relaxed) {
            return None;
        }
        // The last range ends near the tail, however short it is.
        let target = (start + self.step).min(self.len.saturating_sub(TAIL_LEN));
        if start >= target {
            return None;
        }
        Some(start..self.next_cut(target)?)
    }

    /// Returns the offset of the first line, from `from` on, that a range may begin with.
    pub(super) fn next_cut(&self, mut from: u64) -> Option<u64> {
        let mut bytes = Vec::new();
        while from < self.len {
            // Whether a line begins at `from` depends on the one or two bytes before, so the window has these too.
            let window_start = from.saturating_sub(2);
            bytes.clear();
            RangeReader::new(&self.file, window_start..self.len.min(from + WINDOW), None)
                .read_to_end(&mut bytes)
                .ok()?;
            let line_starts = memchr::memchr_iter(b'\n', &bytes).map(|lf| lf + 1);
            let mut cuts =
                line_starts.filter(|&at| window_start + at as u64 >= from && self.may_begin_range(&bytes, at));
            if let Some(at) = cuts.next() {
                return Some(window_start + at as u64);
            }
            // Windows overlap by half, so that a line that goes on after this one is found in the next.
            from += WINDOW / 2;
        }
        None
    }

    /// Returns `true` if a line with a reply begins at an index after a LF, and has a prefix if and only if the first event of the
    /// file has one.
    fn may_begin_range(&self, bytes: &[u8], at: usize) -> bool {
        let (before, line) = bytes.split_at_checked(at).unwrap_or_default();
        let is_line_start = self.start_state.line_end() == Some(LineEnd::Lf) || before.ends_with(b"\r\n");
        let Some(lf) = memchr::memchr(b'\n', line).filter(|_| is_line_start) else {
            return false;
        };
        let line = line.get(..lf).unwrap_or_default();
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let has_prefix = self.start_state.reply_prefix(line).map(|len| len > 0);
        has_prefix.is_some_and(|has_prefix| self.has_prefix.is_none_or(|expected| expected == has_prefix))
    }

    /// Adds the file to the progress bar, and returns it.
    pub(super) fn with_progress(self) -> Self {
        self.progress.add(&self.input.name, self.len);
        self
    }

    /// Returns the name of the file, and its index among the inputs.
    pub(crate) fn name(&self) -> InputName<'_> {
        InputName { index: self.index, name: &self.input.name }
    }

    /// Returns a reader of a range.
    pub(super) fn reader(&self, range: Range<u64>) -> RangeReader<'_> {
        RangeReader::new(&self.file, range, Some(&self.progress))
    }

    /// Returns the bytes from an offset on, up to `len` or the end of the file.
    ///
    /// # Errors
    ///
    /// If the file cannot be read.
    pub(crate) fn bytes(&self, offset: u64, len: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        RangeReader::new(&self.file, offset..offset.saturating_add(len), None).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Returns the number of lines that end in a range, in a file where every LF ends a line.
    pub(super) fn count_lines(&self, range: Range<u64>) -> io::Result<u64> {
        let (mut reader, mut chunk, mut lines) = (RangeReader::new(&self.file, range, None), vec![0; 64 * 1024], 0);
        loop {
            match reader.read(&mut chunk)? {
                0 => return Ok(lines),
                read => lines += memchr::memchr_iter(b'\n', chunk.get(..read).unwrap_or_default()).count() as u64,
            }
        }
    }

    /// Ends the cutting: [`range`](Self::range) returns no more ranges, and one thread reads the rest.
    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }
}

/// A reader of a range of a file.
pub(super) struct RangeReader<'f> {
    /// The file.
    file: &'f File,
    /// Bytes of the range that were not read yet.
    range: Range<u64>,
    /// The progress bar.
    progress: Option<&'f Progress>,
}

impl<'f> RangeReader<'f> {
    /// Returns the reader of a range.
    const fn new(file: &'f File, range: Range<u64>, progress: Option<&'f Progress>) -> Self {
        Self { file, range, progress }
    }
}

impl Read for RangeReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let len = usize::try_from(self.range.end - self.range.start).unwrap_or(usize::MAX).min(buffer.len());
        let read = read_at(self.file, buffer.get_mut(..len).unwrap_or_default(), self.range.start)?;
        self.range.start += read as u64;
        if let Some(progress) = self.progress {
            progress.move_by(read);
        }
        Ok(read)
    }
}

/// Reads bytes of a file at an offset, independently of other readers.
#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, offset)
}

/// Reads bytes of a file at an offset, independently of other readers.
#[cfg(windows)]
fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_read(file, buffer, offset)
}
