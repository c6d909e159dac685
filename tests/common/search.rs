//! A slow search for events: the rules by which a line is an event, written again for clarity and not for speed. This file
//! shares no code with the crate.
#![allow(clippy::indexing_slicing, reason = "a test fails by panicking")]
#![allow(unreachable_pub, reason = "the fuzz targets share this file")]

use tor_stream_event::{LineEnd, LogFormat, Skipped};

/// Settings of the search, apart from leniency.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The line end, unless it is detected.
    pub line_end: Option<LineEnd>,
    /// The formats of a log.
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
    /// Length of the prefix.
    pub prefix: usize,
    /// Length of the text after the event.
    pub after: usize,
    /// Set if the line is data.
    pub in_data: bool,
    /// Set if the line has no end.
    pub unterminated: bool,
    /// Set if the removed CR may be the target's.
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
    /// Returns `true` if these numbers are those of `skipped`. Events without a code and wrapped events are not compared: the tests
    /// have a table for them.
    pub fn agrees_with(&self, skipped: &Skipped) -> bool {
        let lists = [&self.marks, &self.in_data, &self.line_ends];
        let counts = [skipped.marks, skipped.in_data, skipped.line_ends];
        lists.map(|list| (list.len() as u64, list.first().copied())) == counts.map(|lines| (lines.count, lines.first))
            && (self.open, self.unterminated) == (skipped.open, skipped.unterminated)
    }
}

/// Data of a multi-line reply.
enum Data {
    /// No data is open.
    None,
    /// Data is open and has no line yet. The texts are those before and after the reply in its line.
    First(Vec<u8>, Vec<u8>),
    /// Data without a prefix.
    Plain,
    /// Data whose lines have the text of the reply's line before and after them.
    Prefixed(Vec<u8>, Vec<u8>),
}

/// Finds the events in an input.
pub fn search(input: &[u8], settings: &Settings) -> Expected {
    let formats: Vec<_> = settings.formats.iter().map(|format| (format.before(), format.after())).collect();
    // Until the first reply it is unknown whether the input is the wire or a log. A log with a format is not the wire.
    let mut is_wire = match settings.line_end {
        _ if !formats.is_empty() => Some(false),
        line_end => line_end.map(|line_end| line_end == LineEnd::CrLf),
    };
    // Only a detected line end is compared with those of later replies. The wire's, set for a log with a format, does not count.
    let is_detected = settings.line_end.is_none() || (!formats.is_empty() && settings.line_end == Some(LineEnd::CrLf));
    let (mut found, mut data, mut first_cr, mut number) = (Expected::default(), Data::None, None, 0);
    // A byte order mark is part of no line.
    let mut at = if input.starts_with(b"\xef\xbb\xbf") { 3 } else { 0 };
    while at < input.len() {
        let rest = &input[at..];
        number += 1;
        let is_reply = reply(rest).is_some();
        if is_wire.is_none() && is_reply {
            is_wire = Some(find(rest, b"\n").is_some_and(|lf| rest[..lf].ends_with(b"\r")));
        }
        let is_data = !matches!(data, Data::None);
        // On the wire CR LF ends replies and data. Other lines, and all lines of a log, end with LF.
        let end = if is_wire == Some(true) && (is_reply || is_data) { &b"\r\n"[..] } else { b"\n" };
        let (mut line, whole) = match find(rest, end) {
            Some(line) => (&rest[..line], line + end.len()),
            None => (rest, rest.len()),
        };
        let terminated = line.len() < whole;
        let has_cr = terminated && end == b"\n" && line.ends_with(b"\r");
        line = &line[..line.len() - usize::from(has_cr)];
        let offset = at;
        at += whole;
        if !terminated {
            found.unterminated = Some(number);
        }

        // The reply, and the text before and after it.
        let reply_in = if is_wire == Some(true) {
            is_reply.then_some((0, 0))
        } else if formats.is_empty() {
            prefix(line).map(|prefix| (prefix, 0))
        } else {
            formats.iter().find_map(|&(before, after)| {
                let prefix = matched(before, line)?;
                reply(line[prefix..].strip_suffix(after)?)?;
                Some((prefix, after.len()))
            })
        };
        if reply_in.is_some() && is_wire.is_none() {
            is_wire = Some(false);
        }
        let mut place = reply_in.map(|(prefix, after)| ExpectedLine {
            number,
            offset,
            length: line.len(),
            prefix,
            after,
            in_data: is_data,
            unterminated: !terminated,
            cr_may_be_target: false,
        });
        let starts_event = |text: &[u8]| text.starts_with(b"650 STREAM ");
        let is_event = place.as_ref().is_some_and(|place| starts_event(&line[place.prefix..line.len() - place.after]));
        // A LF in a reply on the wire may be the end of a log's line. In an event it is text of a name, unless a reply follows.
        if is_wire == Some(true) && is_detected && (is_data || place.is_some()) {
            let lfs = (0..line.len()).filter(|&lf| line[lf] == b'\n');
            let counted = lfs.filter(|lf| !starts_event(line) || prefix(&line[lf + 1..]).is_some()).count();
            found.line_ends.extend(core::iter::repeat_n(number, counted));
        }

        // Its first line shows whether the log writes its prefix before each line of data. Before an empty line, the prefix may have
        // lost its last space.
        if let Data::First(before, after) = data {
            let blank = [line, b" "].concat();
            let has_prefix = matched(&before, line).is_some() || matched(&before, &blank) == Some(blank.len());
            data = if has_prefix && !(before.is_empty() && after.is_empty()) {
                Data::Prefixed(before, after)
            } else {
                Data::Plain
            };
        }
        let text = match &data {
            Data::Prefixed(before, after) => {
                let text = matched(before, line).map(|prefix| &line[prefix..]);
                text.map(|text| text.strip_suffix(&after[..]).unwrap_or(text))
            }
            _ => None,
        };
        if is_data {
            if line == b"." || text == Some(b".") {
                data = Data::None;
                found.open = None;
                continue;
            }
            // An event with a prefix, or in a format, is one even in data, whose dot may be lost.
            place = place.filter(|place| is_event && (place.prefix > 0 || !formats.is_empty()));
            if place.is_some() || starts_event(line) || text.is_some_and(starts_event) {
                found.in_data.push(number);
            }
            found.replies += u64::from(place.is_some());
            found.lines.extend(
                place.map(|place| ExpectedLine { cr_may_be_target: has_cr && first_cr != Some(true), ..place }),
            );
            continue;
        }
        let Some(place) = place else {
            if find(line, b"650 STREAM ").is_some() {
                found.marks.push(number);
            }
            continue;
        };

        // A reply.
        found.replies += 1;
        let is_compared = is_wire == Some(false) && is_detected && terminated;
        if is_compared && *first_cr.get_or_insert(has_cr) != has_cr {
            found.line_ends.push(number);
        }
        if line[place.prefix + 3] == b'+' {
            let before = if formats.is_empty() { line[..place.prefix].to_vec() } else { Vec::new() };
            let format = formats.iter().find(|(before, after)| {
                matched(before, line) == Some(place.prefix) && line.ends_with(after) && after.len() == place.after
            });
            let (before, after) =
                format.map_or((before, Vec::new()), |(before, after)| (before.to_vec(), after.to_vec()));
            data = Data::First(before, after);
            found.open = Some(number);
        }
        if is_event {
            let cr_may_be_target = has_cr && is_wire == Some(false) && first_cr != Some(true);
            found.lines.push(ExpectedLine { cr_may_be_target, ..place });
        }
    }
    found
}

/// Returns the index of `part` in `text`.
fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

/// Returns the character after the reply code that `line` begins with, if tor has such a code.
fn reply(line: &[u8]) -> Option<u8> {
    const CODES: &[&str] = &[
        "250", "251", "451", "500", "510", "511", "512", "513", "514", "515", "550", "551", "552", "553", "554", "555",
        "650",
    ];
    let is_code = CODES.iter().any(|code| line.starts_with(code.as_bytes()));
    line.get(3).copied().filter(|kind| is_code && b" -+".contains(kind))
}

/// Returns the length of the dates and times before the last reply code that only such words stand before.
fn prefix(line: &[u8]) -> Option<usize> {
    const NAMES: &str = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec Mon Tue Wed Thu Fri Sat Sun UTC GMT AM PM";
    let (mut at, mut last) = (0, None);
    loop {
        let rest = &line[at..];
        if reply(rest).is_some() {
            last = Some(at);
        }
        let Some(end) = rest.iter().position(|byte| b" \t".contains(byte)) else { return last };
        let word = &rest[..end];
        let is_name = NAMES.split(' ').any(|name| name.as_bytes() == word);
        let is_time =
            word.iter().all(|byte| b"0123456789+,-./:TZ[]_".contains(byte)) && word.iter().any(u8::is_ascii_digit);
        let spaces = if rest[end] == b'\t' { 1 } else { rest[end..].iter().take_while(|&&byte| byte == b' ').count() };
        at += end + spaces;
        // A prefix has at most 64 bytes.
        if !(is_name || is_time) || at > 64 {
            return last;
        }
    }
}

/// Returns the length of the text like `before` that `line` begins with: a row of digits, or of spaces, matches any row of them;
/// the name of a month, of a weekday or of a half of the day any such name; any other byte itself.
fn matched(before: &[u8], line: &[u8]) -> Option<usize> {
    let (mut pattern, mut at) = (before, 0);
    while let [first, ..] = *pattern {
        let start = before.len() - pattern.len();
        let word = before[start..].iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
        let is_word_start = start == 0 || !(before[start - 1].is_ascii_alphanumeric() || before[start - 1] == b'_');
        let run = |text: &[u8], is_part: fn(&u8) -> bool| text.iter().take_while(|byte| is_part(byte)).count();
        let rest = &line[at..];
        let (taken, matched) = if first.is_ascii_digit() {
            (run(pattern, u8::is_ascii_digit), run(rest, u8::is_ascii_digit))
        } else if first == b' ' {
            (run(pattern, |&byte| byte == b' '), run(rest, |&byte| byte == b' '))
        } else {
            let names = ["Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec", "Mon Tue Wed Thu Fri Sat Sun", "AM PM"];
            let list = names
                .iter()
                .find(|list| is_word_start && list.split(' ').any(|name| name.as_bytes() == &pattern[..word]));
            match list {
                Some(list) => {
                    (word, list.split(' ').find(|name| rest.starts_with(name.as_bytes())).map_or(0, str::len))
                }
                None => (1, usize::from(rest.first() == Some(&first))),
            }
        };
        if matched == 0 {
            return None;
        }
        pattern = &pattern[taken..];
        at += matched;
    }
    Some(at)
}
