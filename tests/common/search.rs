//! A slow search for events: the rules by which a line is an event, written again for clarity and not for speed. This file
//! shares no code with the crate.
//!
//! The *wire* is the bytes of a control connection, in which CR LF ends a reply. A *log* is a text in which a program wrote replies,
//! perhaps with a date or other text around each. `docs/exact-reading.md` has the reasons of the rules.
#![allow(clippy::indexing_slicing, reason = "a test fails by panicking")]
#![allow(unreachable_pub, reason = "the fuzz targets share this file")]

use tor_stream_event::{LineEnd, LogFormat, Skipped};

/// Settings with which a log is read. Leniency is none of them: it does not decide which line is an event.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The line end; `None` if it is detected.
    pub line_end: Option<LineEnd>,
    /// The formats of a log; empty for the wire and for a log with dates or nothing before its replies.
    pub formats: Vec<LogFormat>,
}

/// A line with an event, as the search expects it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpectedLine {
    /// The line's number.
    pub number: u64,
    /// Number of bytes before the line.
    pub offset: usize,
    /// Length of the line without its end.
    pub length: usize,
    /// Length of the text before the event, such as a date.
    pub prefix: usize,
    /// Length of the text after the event, which only a format has.
    pub after: usize,
    /// Set if the line is data.
    pub in_data: bool,
    /// Set if the line has no end.
    pub unterminated: bool,
    /// Set if the target may end with the CR that was removed before the LF: the first reply of the log ended with LF alone, or line
    /// ends are not compared. Text between the reply and the CR is not considered, as in the crate: then the warning is needless.
    pub cr_may_be_target: bool,
}

/// The result of the search.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// The lines with events.
    pub lines: Vec<ExpectedLine>,
    /// Number of lines with a reply.
    pub replies: u64,
    /// Numbers of the lines that hold `650 STREAM ` and have no reply.
    pub marks: Vec<u64>,
    /// Numbers of the lines of data that begin like an event.
    pub in_data: Vec<u64>,
    /// Numbers of the lines with a line end unlike the first reply's, once for each such line end.
    pub line_ends: Vec<u64>,
    /// Number of the line with the reply whose data has not ended.
    pub open: Option<u64>,
    /// Number of the last line, if it has no end.
    pub unterminated: Option<u64>,
}

impl Expected {
    /// Returns `true` if these numbers are those of `skipped`. Events without a code (`bare`) and wrapped events are not compared:
    /// `tests/lines/rules.rs` has a table of them.
    pub fn agrees_with(&self, skipped: &Skipped) -> bool {
        let lists = [&self.marks, &self.in_data, &self.line_ends];
        let counts = [skipped.marks, skipped.in_data, skipped.line_ends];
        lists.map(|list| (list.len() as u64, list.first().copied())) == counts.map(|lines| (lines.count, lines.first))
            && (self.open, self.unterminated) == (skipped.open, skipped.unterminated)
    }
}

/// A line of the input.
struct Line<'a> {
    /// The line's number.
    number: u64,
    /// Number of bytes before the line.
    offset: usize,
    /// The line without its end.
    text: &'a [u8],
    /// `true` if the line has an end.
    is_terminated: bool,
    /// `true` if a CR before the LF was removed where a LF alone ends a line.
    has_cr: bool,
}

/// A reply in a line, and the texts of the log around it.
#[derive(Clone, Copy)]
struct Reply<'a> {
    /// Length of the line's text before the reply.
    prefix: usize,
    /// Text that the prefix is like: the format's, or the prefix itself.
    before: &'a [u8],
    /// Text after the reply.
    after: &'a [u8],
    /// `true` if the reply is a STREAM event.
    is_event: bool,
}

/// Data of a multi-line reply.
#[derive(Clone, Copy)]
enum Data<'a> {
    /// No data is open.
    None,
    /// Data is open and has no line yet. The texts are those before and after the reply in its line.
    First(&'a [u8], &'a [u8]),
    /// Data without a prefix.
    Plain,
    /// Data whose lines have the text of the reply's line before and after them.
    Prefixed(&'a [u8], &'a [u8]),
}

/// The search after the lines so far.
struct Search<'a> {
    /// Texts before and after a reply, of each format.
    formats: Vec<(&'a [u8], &'a [u8])>,
    /// `true` on the wire, `false` in a log, and `None` until the first reply if it is detected.
    is_wire: Option<bool>,
    /// `true` if line ends unlike the first reply's are counted.
    counts_line_ends: bool,
    /// The data of the last reply.
    data: Data<'a>,
    /// `true` if the first reply of a log ended with CR LF, and `false` if it ended with LF. `None` before it, and if line ends are
    /// not counted.
    first_has_cr: Option<bool>,
    /// The result so far.
    found: Expected,
}

/// Finds the events in an input.
pub fn search(input: &[u8], settings: &Settings) -> Expected {
    let mut search = Search::new(settings);
    // A byte order mark is part of no line.
    let mut offset = if input.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    let mut number = 0;
    while offset < input.len() {
        number += 1;
        let (line, length_with_end) = search.first_line(&input[offset..]);
        search.add(&Line { number, offset, ..line });
        offset += length_with_end;
    }
    search.found
}

impl<'a> Search<'a> {
    /// Returns a search before the first line.
    fn new(settings: &'a Settings) -> Self {
        let formats: Vec<_> = settings.formats.iter().map(|format| (format.before(), format.after())).collect();
        // A log with a format is not the wire: the wire's line end, set with a format, counts as none.
        let line_end = settings.line_end.filter(|&line_end| formats.is_empty() || line_end != LineEnd::CrLf);
        let is_wire = if formats.is_empty() { line_end.map(|line_end| line_end == LineEnd::CrLf) } else { Some(false) };
        Self {
            formats,
            is_wire,
            counts_line_ends: line_end.is_none(),
            data: Data::None,
            first_has_cr: None,
            found: Expected::default(),
        }
    }

    /// Returns the first line of `rest`, still without number and offset, and its length with its end. Detects the wire: its first
    /// reply begins the line, and the next LF has a CR before it.
    fn first_line(&mut self, rest: &'a [u8]) -> (Line<'a>, usize) {
        let is_reply = begins_reply(rest);
        if is_reply {
            self.is_wire.get_or_insert_with(|| find(rest, b"\n").is_some_and(|lf| rest[..lf].ends_with(b"\r")));
        }
        // On the wire CR LF ends replies and data. Other lines, and all lines of a log, end with LF.
        let is_wire_text = self.is_wire == Some(true) && (is_reply || self.is_in_data());
        let end = if is_wire_text { &b"\r\n"[..] } else { b"\n" };
        let (text, length_with_end) = match find(rest, end) {
            Some(length) => (&rest[..length], length + end.len()),
            None => (rest, rest.len()),
        };
        let is_terminated = text.len() < length_with_end;
        let without_cr = text.strip_suffix(b"\r").filter(|_| is_terminated && end == b"\n");
        let text = without_cr.unwrap_or(text);
        (Line { number: 0, offset: 0, text, is_terminated, has_cr: without_cr.is_some() }, length_with_end)
    }

    /// Returns `true` if the next line is data.
    fn is_in_data(&self) -> bool {
        !matches!(self.data, Data::None)
    }

    /// Adds a line to the result.
    fn add(&mut self, line: &Line<'a>) {
        if !line.is_terminated {
            self.found.unterminated = Some(line.number);
        }
        let reply = self.reply_in(line.text);
        if reply.is_some() {
            // If no reply began a line so far, this one has a prefix, and so this is a log.
            self.is_wire.get_or_insert(false);
        }
        if self.is_in_data() || reply.is_some() {
            self.count_lone_lfs(line);
        }
        match reply {
            _ if self.is_in_data() => self.add_data(line, reply),
            Some(reply) => self.add_reply(line, reply),
            None if find(line.text, b"650 STREAM ").is_some() => self.found.marks.push(line.number),
            None => {}
        }
    }

    /// Returns the reply in a line: at its start on the wire, after dates and times in a log, and where a format says.
    fn reply_in(&self, line: &'a [u8]) -> Option<Reply<'a>> {
        let (prefix, before, after) = if self.is_wire == Some(true) {
            begins_reply(line).then_some((0, &b""[..], &b""[..]))?
        } else if self.formats.is_empty() {
            let prefix = date_prefix(line)?;
            (prefix, &line[..prefix], &b""[..])
        } else {
            self.formats.iter().find_map(|&(before, after)| {
                let prefix = matched(before, line)?;
                begins_reply(line[prefix..].strip_suffix(after)?).then_some((prefix, before, after))
            })?
        };
        let is_event = begins_event(&line[prefix..line.len() - after.len()]);
        Some(Reply { prefix, before, after, is_event })
    }

    /// Counts each LF in a reply or in data on the wire: it may be the end of a log's line. In an event a LF is text of a name, unless
    /// a reply follows it.
    fn count_lone_lfs(&mut self, line: &Line<'_>) {
        let text = line.text;
        if self.is_wire == Some(true) && self.counts_line_ends {
            let lfs = (0..text.len()).filter(|&lf| text[lf] == b'\n');
            let counted = lfs.filter(|lf| !begins_event(text) || date_prefix(&text[lf + 1..]).is_some()).count();
            self.found.line_ends.extend(core::iter::repeat_n(line.number, counted));
        }
    }

    /// Adds a line of data.
    fn add_data(&mut self, line: &Line<'a>, reply: Option<Reply<'a>>) {
        if let Data::First(before, after) = self.data {
            self.data = Self::data_like(before, after, line.text);
        }
        // The line without the reply's prefix, if the data has it.
        let text = match self.data {
            Data::Prefixed(before, after) => {
                let text = matched(before, line.text).map(|prefix| &line.text[prefix..]);
                text.map(|text| text.strip_suffix(after).unwrap_or(text))
            }
            _ => None,
        };
        if line.text == b"." || text == Some(b".") {
            self.data = Data::None;
            self.found.open = None;
            return;
        }
        // An event with a prefix, or in a format, is one even in data, whose dot may be lost.
        let event = reply.filter(|reply| reply.is_event && (reply.prefix > 0 || !self.formats.is_empty()));
        if event.is_some() || begins_event(line.text) || text.is_some_and(begins_event) {
            self.found.in_data.push(line.number);
        }
        if let Some(event) = event {
            self.found.replies += 1;
            self.add_event(line, event, true);
        }
    }

    /// Returns the kind of the data that begins with `first_line`, after a reply with the texts `before` and `after` around it.
    fn data_like(before: &'a [u8], after: &'a [u8], first_line: &[u8]) -> Data<'a> {
        // An empty line of data is the prefix alone, whose last space a program may have trimmed.
        let with_space = [first_line, b" "].concat();
        let has_prefix =
            matched(before, first_line).is_some() || matched(before, &with_space) == Some(with_space.len());
        if has_prefix && !(before.is_empty() && after.is_empty()) { Data::Prefixed(before, after) } else { Data::Plain }
    }

    /// Adds a line with a reply that is no data.
    fn add_reply(&mut self, line: &Line<'a>, reply: Reply<'a>) {
        self.found.replies += 1;
        let is_compared = self.is_wire == Some(false) && self.counts_line_ends && line.is_terminated;
        if is_compared && *self.first_has_cr.get_or_insert(line.has_cr) != line.has_cr {
            self.found.line_ends.push(line.number);
        }
        // Data follows a code with a plus sign, such as `650+`.
        if line.text[reply.prefix + CODE_LEN] == b'+' {
            self.data = Data::First(reply.before, reply.after);
            self.found.open = Some(line.number);
        }
        if reply.is_event {
            self.add_event(line, reply, false);
        }
    }

    /// Adds a line with an event.
    fn add_event(&mut self, line: &Line<'_>, event: Reply<'_>, in_data: bool) {
        self.found.lines.push(ExpectedLine {
            number: line.number,
            offset: line.offset,
            length: line.text.len(),
            prefix: event.prefix,
            after: event.after.len(),
            in_data,
            unterminated: !line.is_terminated,
            cr_may_be_target: line.has_cr && self.first_has_cr != Some(true),
        });
    }
}

/// Returns the index of `part` in `text`.
fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

/// Returns `true` if `text` begins as a STREAM event.
fn begins_event(text: &[u8]) -> bool {
    text.starts_with(b"650 STREAM ")
}

/// Length of a reply code, in digits.
const CODE_LEN: usize = 3;

/// Returns `true` if `text` begins with a reply code of tor's and the character that follows a code.
fn begins_reply(text: &[u8]) -> bool {
    const CODES: &[&str] = &[
        "250", "251", "451", "500", "510", "511", "512", "513", "514", "515", "550", "551", "552", "553", "554", "555",
        "650",
    ];
    let is_code = CODES.iter().any(|code| text.starts_with(code.as_bytes()));
    is_code && text.get(CODE_LEN).is_some_and(|byte| b" -+".contains(byte))
}

/// Maximum length of the dates and times before a reply, in bytes.
const MAX_DATE_PREFIX: usize = 64;

/// Names of months, of weekdays, and of the halves of a day.
const NAMES: [&str; 3] = ["Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec", "Mon Tue Wed Thu Fri Sat Sun", "AM PM"];

/// Returns the length of the dates and times before a reply in `line`. `None` if other text is before every code. A code may be a
/// number of a date, such as `250` in `250 650 OK`, so the last code begins the reply.
fn date_prefix(line: &[u8]) -> Option<usize> {
    let (mut at, mut last) = (0, None);
    loop {
        let rest = &line[at..];
        if begins_reply(rest) {
            last = Some(at);
        }
        let Some(word_len) = rest.iter().position(|byte| b" \t".contains(byte)) else { return last };
        let word = &rest[..word_len];
        let is_name = NAMES.iter().any(|list| is_in(list, word)) || is_in("UTC GMT", word);
        let is_time =
            word.iter().all(|byte| b"0123456789+,-./:TZ[]_".contains(byte)) && word.iter().any(u8::is_ascii_digit);
        // A single TAB, or any number of spaces.
        let separator = if rest[word_len] == b'\t' { 1 } else { run(&rest[word_len..], |byte| *byte == b' ') };
        at += word_len + separator;
        if !(is_name || is_time) || at > MAX_DATE_PREFIX {
            return last;
        }
    }
}

/// Returns `true` if `word` is one of a list of words with spaces between them.
fn is_in(list: &str, word: &[u8]) -> bool {
    list.split(' ').any(|name| name.as_bytes() == word)
}

/// Returns the number of bytes of a kind at the start of `text`.
fn run(text: &[u8], is_of_kind: fn(&u8) -> bool) -> usize {
    text.iter().take_while(|byte| is_of_kind(byte)).count()
}

/// Returns the length of the text like `before` with which `line` begins; `None` if it begins otherwise.
fn matched(before: &[u8], line: &[u8]) -> Option<usize> {
    let (mut index, mut length) = (0, 0);
    while index < before.len() {
        let (unit, matched) = match_unit(before, index, &line[length..]);
        if matched == 0 {
            return None;
        }
        index += unit;
        length += matched;
    }
    Some(length)
}

/// Matches the unit of `before` that begins at `index` with the start of `line`. A row of digits matches any other one, and so does a row
/// of spaces. A name in [`NAMES`] matches any name of its kind, and any other byte itself. Returns the length of the unit, and that of
/// the match, which is 0 if there is none.
fn match_unit(before: &[u8], index: usize, line: &[u8]) -> (usize, usize) {
    let rest = &before[index..];
    for is_of_kind in [|byte: &u8| byte.is_ascii_digit(), |byte: &u8| *byte == b' '] {
        if is_of_kind(&rest[0]) {
            return (run(rest, is_of_kind), run(line, is_of_kind));
        }
    }
    let is_of_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let is_word_start = index == 0 || !is_of_word(&before[index - 1]);
    let word = &rest[..run(rest, is_of_word)];
    let Some(names) = NAMES.iter().find(|names| is_word_start && is_in(names, word)) else {
        return (1, usize::from(line.first() == rest.first()));
    };
    let name = names.split(' ').find(|name| line.starts_with(name.as_bytes()));
    (word.len(), name.map_or(0, str::len))
}
