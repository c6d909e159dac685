//! Log formats: the text that a log writes before and after each reply.

use core::fmt;

use arrayvec::ArrayVec;

use super::finder::prefix::DateWord;
use super::finder::reply;
use crate::format::STREAM_REPLY;
use crate::format::content::{Content, without_line_end};
use crate::parse;
use crate::value::Redacted;

/// The text that a log writes before and after each reply.
///
/// Without a format, only dates and times may stand before a reply in a log. Many programs write more: the name of a
/// computer, a level, an arrow, quotation marks around the reply. With a format, a line has a reply only if it begins
/// with the one text and ends with the other: whatever a client writes into the middle of a line is no reply.
/// [`like`](Self::like) takes the two texts, [`of_line`](Self::of_line) learns them from a line.
///
/// # Examples
///
/// ```
/// use tor_stream_event::{LogFormat, stream_events};
///
/// let log = b"Nov  9 10:00:00 gw tor[812]: 650 STREAM 18 NEW 0 a.test:443\n\
///             Nov 10 10:00:00 gw tor[812]: 650 STREAM 18 CLOSED 7 a.test:443\n";
/// assert_eq!(stream_events(log).count(), 0);
///
/// let first_line = log.split(|&byte| byte == b'\n').next().unwrap_or_default();
/// let format = LogFormat::of_line(first_line).expect("a STREAM event");
/// assert_eq!(format.before(), b"Nov  9 10:00:00 gw tor[812]: ");
/// assert_eq!(stream_events(log).log_format(format).count(), 2);
/// ```
///
/// # Matching
///
/// In the text before a reply, each of these matches any of its kind: a run of digits, a run of spaces, the short
/// English name of a month, that of a weekday, and AM or PM; names as whole words only. Other text matches itself, and
/// so does the text after a reply. The text before a reply cannot end with a digit, which could not be told from the
/// reply's code.
///
/// # Escapes
///
/// A log may write a reply as a string of a programming language, with a backslash before some characters. If the text
/// after a reply holds a quotation mark, or a line end in letters (`\r\n`), an event with a backslash has the anomaly
/// [`Escaped`](crate::Anomaly::Escaped).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct LogFormat {
    /// The text before a reply and the text after it, padded with zero bytes.
    texts: [u8; Self::MAX_LEN],
    /// Length of the text before a reply.
    before_len: u8,
    /// Length of both texts together.
    total_len: u8,
}

/// The range of a line that is examined.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// The whole line.
    Whole,
    /// The first bytes of a line that is longer than the limit.
    Start,
}

impl LogFormat {
    /// Maximum length of both texts together, in bytes. A format holds its texts in place, since a decoder has no
    /// allocator.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::LogFormat;
    ///
    /// assert!(LogFormat::like(&[b'-'; LogFormat::MAX_LEN], b"'").is_none());
    /// ```
    pub const MAX_LEN: usize = 128;

    /// Maximum number of formats of one input, all of which have a place in its decoder or reader.
    ///
    /// # Examples
    ///
    /// ```
    /// assert_eq!(tor_stream_event::LogFormat::MAX_FORMATS, 4);
    /// ```
    pub const MAX_FORMATS: usize = 4;

    /// Returns the format of a log that writes text like `before` before each reply, and `after` after it.
    ///
    /// `None` if both together have more than 128 bytes, if `before` ends with a digit, or if either holds a LF.
    ///
    /// ```
    /// use tor_stream_event::{LogFormat, stream_events};
    ///
    /// let format = LogFormat::like(b"[1] <- '", b"'").expect("two short texts");
    /// let log = b"[27] <- '650 STREAM 18 NEW 0 a.test:443'\n";
    /// assert_eq!(stream_events(log).log_format(format).count(), 1);
    /// ```
    #[must_use]
    pub fn like(before: &[u8], after: &[u8]) -> Option<Self> {
        let has_line_end = [before, after].iter().any(|text| memchr::memchr(b'\n', text).is_some());
        if before.last().is_some_and(u8::is_ascii_digit) || has_line_end {
            return None;
        }
        let (mut texts, total_len) = ([0; Self::MAX_LEN], before.len().checked_add(after.len())?);
        texts.get_mut(..before.len())?.copy_from_slice(before);
        texts.get_mut(before.len()..total_len)?.copy_from_slice(after);
        Some(Self { texts, before_len: before.len().try_into().ok()?, total_len: total_len.try_into().ok()? })
    }

    /// Learns the format from a line with a STREAM event. The line's end, and a byte order mark before it, are ignored.
    ///
    /// The reply begins with the first `650 ` that the name of an event follows and no digit touches: a client can
    /// write nothing further to the left. The text after the reply consists of:
    ///
    /// 1. a line end in letters (`\r\n`), if there is one;
    /// 2. the characters that close each `(`, `[`, `{` and `"` that is open before the reply, and a `'` right before
    ///    it;
    /// 3. if escape sequences for colors stand before the reply, those at the end of the line.
    ///
    /// `None` if the event is no STREAM event that [`parse_bytes`](crate::StreamEventRef::parse_bytes) accepts, if the
    /// line does not end with the closing characters, if more text follows the closing quotation mark, as in JSON with
    /// another field after the reply, or if both texts together have more than 128 bytes.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::LogFormat;
    ///
    /// let line = b"7 got (650 STREAM 9 NEW 0 a:80)\n";
    /// let format = LogFormat::of_line(line).expect("a STREAM event");
    /// assert_eq!((format.before(), format.after()), (&b"7 got ("[..], &b")"[..]));
    /// // Another field follows the event, and its text may differ in each line.
    /// assert_eq!(LogFormat::of_line(br#"{"a":"650 STREAM 9 NEW 0 a:80","b":1}"#), None);
    /// ```
    #[must_use]
    pub fn of_line(line: &[u8]) -> Option<Self> {
        let line = without_line_end(line.strip_prefix(super::BOM).unwrap_or(line));
        let (before, reply) = line.split_at_checked(find_event(line)?)?;
        let content = reply.strip_prefix(STREAM_REPLY)?;
        let after = closing_text(before, content)?;
        let content = content.get(..content.len().checked_sub(after.len())?)?;
        if closes_early(before, content) {
            return None;
        }
        parse::read(Content::new(content), false).ok()?;
        Self::like(before, after)
    }

    /// Returns the text before a reply.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::LogFormat;
    ///
    /// let format = LogFormat::like(b"tor: '", b"'").expect("two short texts");
    /// assert_eq!(format.before(), b"tor: '");
    /// ```
    #[must_use]
    pub fn before(&self) -> &[u8] {
        self.texts.get(..self.before_len.into()).unwrap_or_default()
    }

    /// Returns the text after a reply.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::LogFormat;
    ///
    /// let format = LogFormat::like(b"tor: '", b"'").expect("two short texts");
    /// assert_eq!(format.after(), b"'");
    /// ```
    #[must_use]
    pub fn after(&self) -> &[u8] {
        self.texts.get(self.before_len.into()..self.total_len.into()).unwrap_or_default()
    }

    /// Returns `true` if `line`, which has no line end, holds a reply in this format.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::LogFormat;
    ///
    /// let format = LogFormat::like(b"1 tor: ", b"").expect("a short text");
    /// assert!(format.fits(b"27 tor: 250 OK"));
    /// assert!(!format.fits(b"27 tor: a note"));
    /// ```
    #[must_use]
    pub fn fits(&self, line: &[u8]) -> bool {
        self.find_reply(line, Extent::Whole).is_some()
    }

    /// Returns the index of the reply in a line. With [`Extent::Start`], the text after a reply is not looked for.
    pub(super) fn find_reply(&self, line: &[u8], extent: Extent) -> Option<usize> {
        let start = self.prefix_len(line)?;
        let mut reply = line.get(start..)?;
        if extent == Extent::Whole {
            reply = reply.strip_suffix(self.after())?;
        }
        reply::separator(reply).map(|_| start)
    }

    /// Returns the length of the text before a reply that `line` begins with, whether or not a reply follows.
    pub(super) fn prefix_len(&self, line: &[u8]) -> Option<usize> {
        self.match_before(|index| line.get(index).copied())
    }

    /// Returns `true` if `line` is the text before a reply without the space at its end: an empty line of data, in a
    /// log that leaves out spaces at the ends of lines.
    pub(super) fn is_trimmed_prefix(&self, line: &[u8]) -> bool {
        let byte = |index| if index == line.len() { Some(b' ') } else { line.get(index).copied() };
        self.match_before(byte) == Some(line.len() + 1)
    }

    /// Matches the text before a reply with a line whose bytes `byte` returns. Returns the length of the match.
    fn match_before(&self, byte: impl Fn(usize) -> Option<u8>) -> Option<usize> {
        // Indexes into the text before a reply, and into the line.
        let (before, mut from, mut at) = (self.before(), 0, 0);
        while let Some((matcher, len)) = matcher_at(before, from) {
            from += len;
            let run_len = |is_of_run: fn(u8) -> bool| (at..).take_while(|&at| byte(at).is_some_and(is_of_run)).count();
            let matched_len = match matcher {
                Matcher::Digits => run_len(|byte| byte.is_ascii_digit()),
                Matcher::Spaces => run_len(|byte| byte == b' '),
                Matcher::DateWord(kind) => {
                    // Words of one kind have the same length.
                    let mut word = [0; 3];
                    for (index, letter) in word.iter_mut().take(len).enumerate() {
                        *letter = byte(at + index)?;
                    }
                    if DateWord::of(word.get(..len)?) == Some(kind) { len } else { 0 }
                }
                Matcher::Byte(expected) => usize::from(byte(at) == Some(expected)),
            };
            if matched_len == 0 {
                return None;
            }
            at += matched_len;
        }
        Some(at)
    }
}

impl fmt::Debug for LogFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogFormat")
            .field("before", &Redacted::alone(self.before()))
            .field("after", &Redacted::alone(self.after()))
            .finish()
    }
}

/// Returns `true` if a log with this text after a reply may have written a backslash before some characters of the
/// reply.
pub(super) fn may_escape(after: &[u8]) -> bool {
    after.iter().any(|byte| matches!(byte, b'"' | b'\'' | b'\\'))
}

/// A unit of the text before a reply, and what it matches in a line: any text of its kind, or one byte.
#[derive(Clone, Copy)]
enum Matcher {
    /// A run of digits.
    Digits,
    /// A run of spaces.
    Spaces,
    /// A month, weekday, AM or PM, as a whole word.
    DateWord(DateWord),
    /// Any other byte.
    Byte(u8),
}

/// Returns the unit at index `at` of `text`, and its length. `None` at the end of the text.
fn matcher_at(text: &[u8], at: usize) -> Option<(Matcher, usize)> {
    let (before, rest) = text.split_at_checked(at)?;
    let run_len = |is_of_run: fn(&u8) -> bool| rest.iter().take_while(|byte| is_of_run(byte)).count();
    let first = *rest.first()?;
    if first.is_ascii_digit() {
        return Some((Matcher::Digits, run_len(u8::is_ascii_digit)));
    }
    if first == b' ' {
        return Some((Matcher::Spaces, run_len(|&byte| byte == b' ')));
    }
    let is_word_byte = |&byte: &u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if !before.last().is_some_and(is_word_byte) {
        // Four bytes show whether a word of three letters ends there.
        let len = rest.iter().take(4).take_while(|byte| is_word_byte(byte)).count();
        if let Some(kind @ (DateWord::Month | DateWord::Weekday | DateWord::AmPm)) =
            rest.get(..len).and_then(DateWord::of)
        {
            return Some((Matcher::DateWord(kind), len));
        }
    }
    Some((Matcher::Byte(first), 1))
}

/// Returns the index of the first `650 ` with the name of an event after it and no digit before it.
fn find_event(line: &[u8]) -> Option<usize> {
    memchr::memchr_iter(b'6', line).find(|&start| {
        let touches_digit = start.checked_sub(1).and_then(|before| line.get(before)).is_some_and(u8::is_ascii_digit);
        let Some(text) = line.get(start..).and_then(|reply| reply.strip_prefix(b"650 ")) else {
            return false;
        };
        let len = text.iter().take_while(|byte| matches!(byte, b'A'..=b'Z' | b'_' | b'0'..=b'9')).count();
        !touches_digit && len > 0 && matches!(text.get(len), None | Some(b' '))
    })
}

/// Returns the text after a reply: the end of `content` that closes the brackets and quotation marks open in `before`,
/// with a line end in letters before them and escape sequences after them. `None` if `content` does not end so.
fn closing_text<'a>(before: &[u8], content: &'a [u8]) -> Option<&'a [u8]> {
    let mut text = content;
    if before.windows(2).any(|two| two == b"\x1b[") {
        while let Some(rest) = without_last_color(text) {
            text = rest;
        }
    }
    // The first one that was opened is closed last.
    for opener in unclosed(before)? {
        text = text.strip_suffix(&[closer(opener)?])?;
    }
    text = text.strip_suffix(br"\n").unwrap_or(text);
    text = text.strip_suffix(br"\r").unwrap_or(text);
    content.get(text.len()..)
}

/// Returns `true` if the quotation mark at the end of `before` is closed within `content`, before another field of the
/// log: if a comma, or a space and a small letter, follows a mark there. After a mark of the reply's own stands one of
/// tor's keywords, in capital letters; or the log escapes, and has a backslash before the mark.
fn closes_early(before: &[u8], content: &[u8]) -> bool {
    let Some(&quote) = before.last().filter(|&byte| matches!(byte, b'"' | b'\'')) else {
        return false;
    };
    memchr::memchr_iter(quote, content).any(|at| {
        content.split_at_checked(at).is_some_and(|(text, rest)| {
            !text.ends_with(b"\\") && matches!(rest, [_, b',', ..] | [_, b' ', b'a'..=b'z', ..])
        })
    })
}

/// Returns the brackets and quotation marks that are open at the end of `before`, in their order. `None` if there are
/// too many.
fn unclosed(before: &[u8]) -> Option<ArrayVec<u8, { LogFormat::MAX_LEN }>> {
    let (mut unclosed, mut rest) = (ArrayVec::new(), without_colors(before));
    while let [byte, tail @ ..] = rest {
        rest = without_colors(tail);
        if unclosed.last().copied().and_then(closer) == Some(*byte) {
            unclosed.pop();
        } else if closer(*byte).is_some() && (*byte != b'\'' || rest.is_empty()) {
            // A `'` opens only right before the reply. Any other one is an apostrophe.
            unclosed.try_push(*byte).ok()?;
        }
    }
    Some(unclosed)
}

/// Returns the character that closes a bracket or quotation mark.
const fn closer(opener: u8) -> Option<u8> {
    match opener {
        b'(' => Some(b')'),
        b'[' => Some(b']'),
        b'{' => Some(b'}'),
        b'"' | b'\'' => Some(opener),
        _ => None,
    }
}

/// Returns `text` without the escape sequences for colors that it begins with, such as `ESC [ 0 m`.
fn without_colors(mut text: &[u8]) -> &[u8] {
    while let Some(numbers) = text.strip_prefix(b"\x1b[") {
        let len = numbers.iter().take_while(|&&byte| is_color_byte(byte)).count();
        match numbers.get(len..) {
            Some([b'm', rest @ ..]) => text = rest,
            _ => return text,
        }
    }
    text
}

/// Returns `text` without the escape sequence for a color that it ends with.
fn without_last_color(text: &[u8]) -> Option<&[u8]> {
    let mut rest = text.strip_suffix(b"m")?;
    while let [start @ .., byte] = rest {
        if !is_color_byte(*byte) {
            break;
        }
        rest = start;
    }
    rest.strip_suffix(b"\x1b[")
}

/// Returns `true` for the characters between `ESC [` and `m` in a sequence for colors.
const fn is_color_byte(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b';')
}
