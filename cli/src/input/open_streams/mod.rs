//! Streams in replies to `GETINFO stream-status`: those that are open when a controller asks.
//!
//! Such a reply is not an event, so a scanner finds it in the bytes that are read. A reply has a row for each stream: many rows in
//! data, as at the left, or a single row in the reply itself, as at the right. [`reply`] parses the lines.
//!
//! ```text
//! 250+stream-status=                           250-stream-status=10 NEW 0 192.0.2.7:443
//! 31 NEW 0 www.example.com:443                 250 OK
//! 32 SUCCEEDED 7 www.example.org:80
//! .
//! ```

mod reply;
#[cfg(test)]
mod tests;

use alloc::collections::VecDeque;
use std::io;

use tor_stream_event::{EventReader, LineEnd, LineState};

use self::reply::{DataLine, FirstLine, ReplyData, ReplyForm};
use crate::input::findings::LineCount;
use crate::input::layout::Layout;
use crate::input::lines::{CollectedLine, LineCollector};

/// The byte order mark of UTF-8, which may stand before the first line.
const BOM: &[u8] = b"\xef\xbb\xbf";

/// Maximum number of bytes that are kept of a line: that of an event's line.
const MAX_LINE: usize = EventReader::<io::Empty>::DEFAULT_LIMIT;

/// A scanner for replies to `GETINFO stream-status`.
///
/// Lines with the name of the reply, and those of data, are scanned one by one; other lines are skipped, and only counted. Line
/// numbers count as those of the reader of events do, so a LF that is a byte of a name on the wire ends no line.
pub(crate) struct OpenStreamScanner {
    /// Form of the replies.
    form: ReplyForm,
    /// Collector of the line that is still incomplete. Each LF ends its line; on the wire, where a LF may be a byte of a line,
    /// such a line is put back.
    lines: LineCollector,
    /// Offset of that line in the input.
    line_offset: u64,
    /// Offset of the next byte in the input.
    next_offset: u64,
    /// Number of lines before the incomplete line.
    lines_before: u64,
    /// Set on the wire, unset in a program's log; `None` before the first reply.
    is_wire: Option<bool>,
    /// Set if [`skip_lines_without_name`](Self::skip_lines_without_name) stopped on the wire behind a lone LF within a reply: the next
    /// bytes belong to the same line, whose beginning cannot be put back any more.
    skipped_line_goes_on: bool,
    /// Bytes that the line before ended with; `None` at the start.
    previous_end: Option<LineEnd>,
    /// End of the scanner's first line, if a `stream-status` reply begins there: whether the line before has the same end is
    /// not known yet.
    accepted_end: Option<LineEnd>,
    /// Data of a reply that has not ended.
    data: Option<ReplyData>,
    /// Rows that were found and not passed on.
    found: VecDeque<OpenStream>,
    /// First lines of replies that were not read: a client may have written them.
    refused: LineCount,
}

/// The row of a stream in a reply, which may be damaged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OpenStream {
    /// Offset of the row's line.
    offset: u64,
    /// Number of the line, from 1.
    pub(crate) number: u64,
    /// Text that has the form of an event's content, unless it is damaged.
    pub(crate) text: Vec<u8>,
}

impl OpenStreamScanner {
    /// Returns a scanner for the bytes of a log from its start on or, given the state of the lines before, for the rest.
    pub(crate) fn new(layout: &Layout, state: Option<&LineState>) -> Self {
        let form = ReplyForm::new(layout);
        let offset = state.map_or(0, LineState::bytes);
        let line_end = state.unwrap_or(form.start_state()).line_end();
        Self {
            form,
            lines: LineCollector::of_log(MAX_LINE),
            line_offset: offset,
            next_offset: offset,
            lines_before: state.map_or(0, LineState::lines),
            // The reader's line end is CR LF on the wire only: a program's log is read with LF, whether or not a CR is before it.
            is_wire: line_end.map(|line_end| line_end == LineEnd::CrLf),
            skipped_line_goes_on: false,
            previous_end: None,
            accepted_end: None,
            data: None,
            found: VecDeque::new(),
            refused: LineCount::default(),
        }
    }

    /// Returns this new scanner, whose bytes come after those of `earlier`, ready to scan them: maybe within data.
    ///
    /// Of the earlier state only two fields are needed: a read begins with a line, its [`LineState`] has the line end, and
    /// the findings of the earlier read have the refused replies.
    pub(crate) fn continue_from(self, earlier: &Self) -> Self {
        Self { previous_end: earlier.previous_end, data: earlier.data, ..self }
    }

    /// Returns `true` if `later`, which began at the next line, has found what this scanner would have found there: no data
    /// is open here, and if `later` accepted its first line as a reply, the line before has the same line end.
    pub(crate) fn is_followed_by(&self, later: &Self) -> bool {
        let same = |accepted| self.previous_end.is_none_or(|previous| previous == accepted);
        self.data.is_none() && later.accepted_end.is_none_or(same)
    }

    /// Returns this scanner, which has scanned a range, as the scanner of all ranges up to that one. `earlier` is the scanner of
    /// the ranges before, [which this one follows](Self::is_followed_by): so only a range without a line needs something of
    /// it, the end of the line before.
    pub(crate) fn joined_to(self, earlier: Option<Self>) -> Self {
        let previous_end = self.previous_end.or(earlier.and_then(|earlier| earlier.previous_end));
        Self { previous_end, ..self }
    }

    /// Scans the next bytes.
    pub(crate) fn scan(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            // An incomplete line, and data, are scanned line by line. Any other line matters only if it has the name. Before
            // the first reply it is not known how lines end.
            if self.data.is_none() && self.lines.is_empty() && self.is_wire.is_some() {
                self.skip_lines_without_name(&mut rest);
            }
            let (taken, line) = self.lines.take(&mut rest);
            self.next_offset += taken.len() as u64;
            if let Some(line) = line {
                self.add_line(line);
            }
        }
    }

    /// Removes the lines before the first one with the name from `rest`. The last line stays, since it may be incomplete.
    fn skip_lines_without_name(&mut self, rest: &mut &[u8]) {
        let before_name = rest.get(..self.form.find_name(rest).unwrap_or(rest.len())).unwrap_or_default();
        let line_start = memchr::memrchr(b'\n', before_name).map_or(0, |lf| lf + 1);
        let (skipped, kept) = rest.split_at_checked(line_start).unwrap_or_default();
        if !skipped.is_empty() {
            self.previous_end = Some(line_end(skipped.ends_with(b"\r\n")));
        }
        self.count_lines(skipped);
        self.next_offset += line_start as u64;
        self.line_offset = self.next_offset;
        *rest = kept;
    }

    /// Scans the last line, if it has no end, as if it had that of the other lines.
    pub(crate) fn finish(&mut self) {
        if !self.lines.is_empty() {
            let is_crlf = self.is_wire == Some(true) || self.previous_end == Some(LineEnd::CrLf);
            let end: &[u8] = if is_crlf { b"\r\n" } else { b"\n" };
            if let (_, Some(line)) = self.lines.take(&mut &*end) {
                self.add_line(line);
            }
        }
    }

    /// Scans and counts a line that ended with a LF, unless that LF is a byte of a reply.
    fn add_line(&mut self, mut line: CollectedLine) {
        if self.line_offset == 0 && line.text.starts_with(BOM) {
            line.text.drain(..BOM.len());
        }
        let is_reply_or_data = self.data.is_some() || self.begins_bare_reply(&line.text);
        if self.is_wire == Some(true) && !line.has_cr && !self.skipped_line_goes_on && is_reply_or_data {
            // A client may have put the LF into a name.
            self.lines.put_back(line);
            return;
        }
        let offset = core::mem::replace(&mut self.line_offset, self.next_offset);
        if self.data.is_some() {
            self.scan_data(&line.text, offset);
        } else if !self.skipped_line_goes_on {
            self.scan_first_line(&line, offset);
        }
        self.count_line(&line.text, line.has_cr);
        self.previous_end = Some(line_end(line.has_cr));
    }

    /// Returns `true` if a reply begins in a line, with no prefix before it. The line may be long and be asked about at each of its
    /// LFs: only its first bytes are read.
    fn begins_bare_reply(&self, line: &[u8]) -> bool {
        self.form.prefix_len(line) == Some(0)
    }

    /// Counts lines that are complete, outside of data.
    fn count_lines(&mut self, lines: &[u8]) {
        if self.is_wire != Some(true) {
            self.lines_before += memchr::memchr_iter(b'\n', lines).count() as u64;
            return;
        }
        let mut start = 0;
        for lf in memchr::memchr_iter(b'\n', lines) {
            let text = lines.get(start..lf).unwrap_or_default();
            self.count_line(text, text.ends_with(b"\r"));
            start = lf + 1;
        }
    }

    /// Counts a line that ends with a LF, unless on the wire that LF is a byte of a reply. The first reply shows whether the
    /// input is a capture of the wire.
    fn count_line(&mut self, text: &[u8], has_cr: bool) {
        let may_go_on = self.is_wire == Some(true) && !has_cr;
        self.skipped_line_goes_on = may_go_on && (self.skipped_line_goes_on || self.begins_bare_reply(text));
        self.lines_before += u64::from(!self.skipped_line_goes_on);
        if self.is_wire.is_none() {
            self.is_wire = self.form.prefix_len(text).map(|prefix_len| prefix_len == 0 && has_cr);
        }
    }

    /// Scans a line outside of data. If a `stream-status` reply begins there, it has a row, or data follows.
    fn scan_first_line(&mut self, line: &CollectedLine, offset: u64) {
        let Some(FirstLine { row, data }) = self.form.first_line(&line.text) else { return };
        let end = line_end(line.has_cr);
        // The line may be the rest of a name in which a client has put a LF, to forge the line. Only where the wire is certain, after
        // a first reply, does that LF end no line.
        let has_same_end = self.previous_end.is_none_or(|previous| previous == end);
        if self.is_wire != Some(true) && !has_same_end {
            self.refused.add(self.lines_before + 1);
            return;
        }
        if self.previous_end.is_none() {
            self.accepted_end = Some(end);
        }
        if !row.is_empty() {
            self.add_row(row, offset);
        }
        self.data = data;
    }

    /// Scans a line of data.
    fn scan_data(&mut self, line: &[u8], offset: u64) {
        let Some(data) = &mut self.data else { return };
        match data.classify(&self.form, line) {
            DataLine::Row(row) => self.add_row(row, offset),
            DataLine::End => self.data = None,
            DataLine::Other => {}
        }
    }

    /// Adds a row of the current line, which begins at `offset`.
    fn add_row(&mut self, row: &[u8], offset: u64) {
        self.found.push_back(OpenStream { offset, number: self.lines_before + 1, text: row.to_vec() });
    }

    /// Returns the first lines of replies that were not read.
    pub(crate) const fn refused(&self) -> LineCount {
        self.refused
    }

    /// Removes and returns the next row that was found before an offset.
    pub(crate) fn next_before(&mut self, offset: u64) -> Option<OpenStream> {
        self.found.front().filter(|stream| stream.offset < offset)?;
        self.found.pop_front()
    }
}

/// Returns the end of a line that has or has no CR before its LF.
const fn line_end(has_cr: bool) -> LineEnd {
    if has_cr { LineEnd::CrLf } else { LineEnd::Lf }
}
