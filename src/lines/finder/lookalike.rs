//! Counts lines that look like an event, or like the rest of one, and are not read as such.

use super::{LineFinder, prefix};
use crate::format::STREAM_REPLY;
use crate::format::keyword::Keyword;
use crate::word::{StreamStatus, WordEnum};

/// A kind of lines that look like an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lookalike {
    /// The line holds `650 STREAM `: it counts among the [marks](crate::Skipped::marks).
    Mark,
    /// The line holds an event without its code, and no mark: it is [bare](crate::Skipped::bare).
    Bare,
}

impl LineFinder {
    /// Counts a line without a reply, if it looks like an event or the rest of one.
    pub(super) fn count_lookalike(&mut self, line: &[u8]) {
        match lookalike(line) {
            Some(Lookalike::Mark) => self.skipped.marks.add(1, self.lines),
            Some(Lookalike::Bare) => self.skipped.bare.add(1, self.lines),
            None => {}
        }
        if self.after_event == self.lines && is_rest_of_event(line) {
            self.skipped.wrapped.add(1, self.lines);
            self.after_event += 1;
        }
    }

    /// Counts the LFs without a CR in a reply or its data on the wire. In a STREAM event an LF may be a part of the
    /// target: it counts only if a reply follows it as in a log.
    pub(super) fn count_lone_lfs(&mut self, line: &[u8]) {
        let is_event = line.starts_with(STREAM_REPLY);
        let reply_follows = |lf: &usize| line.get(lf + 1..).is_some_and(|rest| prefix::len(rest).is_some());
        let lfs = memchr::memchr_iter(b'\n', line).filter(|lf| !is_event || reply_follows(lf));
        self.skipped.line_ends.add(lfs.count() as u64, self.lines);
    }
}

/// Returns the kind of a line without a reply. `None` if it does not look like an event.
fn lookalike(line: &[u8]) -> Option<Lookalike> {
    let mut is_bare = false;
    // Capital letters are rarer in a log's text than digits and spaces.
    for start in memchr::memchr_iter(b'S', line) {
        let (before, rest) = line.split_at_checked(start).unwrap_or_default();
        let Some(rest) = rest.strip_prefix(b"STREAM") else {
            continue;
        };
        if before.ends_with(b"650 ") && rest.starts_with(b" ") {
            return Some(Lookalike::Mark);
        }
        let is_word = !before.last().is_some_and(|&byte| byte.is_ascii_alphanumeric() || byte == b'_');
        is_bare |= is_word && begins_with_content(rest.strip_prefix(b":").unwrap_or(rest));
    }
    is_bare.then_some(Lookalike::Bare)
}

/// Returns `true` if `text` begins with a space, the ID of a stream, and a status.
fn begins_with_content(text: &[u8]) -> bool {
    // The space is checked first: a search for the end of a word, begun at each `STREAM` of a long line without spaces,
    // would run to the end of the line each time.
    let Some(text) = text.strip_prefix(b" ") else {
        return false;
    };
    let mut words = text.split(|&byte| byte == b' ');
    let is_id = |id: &[u8]| !id.is_empty() && id.iter().all(u8::is_ascii_digit);
    let is_status = |word: &[u8]| StreamStatus::from_bytes(word).is_some();
    words.next().is_some_and(is_id) && words.next().is_some_and(is_status)
}

/// Returns `true` if `line` is like the rest of an event that a terminal or a mail program has wrapped: if it begins
/// with a keyword of an event and an equals sign, or has one word before them, the rest of a broken one; or if it is the
/// rest of the list of isolation fields, which comes last. The line may be indented, or quoted with `>`.
fn is_rest_of_event(line: &[u8]) -> bool {
    let start = line.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b'>')).unwrap_or(line.len());
    let line = line.get(start..).unwrap_or_default();
    let second_word = memchr::memchr(b' ', line).and_then(|space| line.get(space + 1..));
    begins_with_known_keyword(line) || second_word.is_some_and(begins_with_known_keyword) || is_iso_fields(line)
}

/// Returns `true` if `line` is a list of words in capital letters, as isolation fields are: of several, or of one with an
/// underscore. The first and the last word may be broken, so they are not looked up.
fn is_iso_fields(line: &[u8]) -> bool {
    let is_list = line.iter().all(|byte| matches!(byte, b'A'..=b'Z' | b'_' | b','));
    is_list && line.iter().any(|byte| matches!(byte, b'_' | b','))
}

/// Returns `true` if `line` begins with a keyword of an event and an equals sign.
fn begins_with_known_keyword(line: &[u8]) -> bool {
    let end = memchr::memchr(b'=', line);
    end.and_then(|end| line.get(..end)).and_then(Keyword::from_bytes).is_some()
}

#[cfg(test)]
mod tests {
    use super::{Lookalike, begins_with_content, is_rest_of_event, lookalike};

    #[test]
    fn events_without_their_code() {
        assert!(begins_with_content(b" 18 NEW 0 a.test:80"));
        assert!(begins_with_content(b" 18 NEW"));
        for text in [&b"18 NEW 0"[..], b" NEW 0", b"  18 NEW", b" 18 new 0", b" 18 OLD 0", b" 18", b" 1a NEW 0", b""] {
            assert!(!begins_with_content(text), "{}", text.escape_ascii());
        }
    }

    #[test]
    fn lines_that_look_like_an_event() {
        assert_eq!(lookalike(b"> 650 STREAM 18 NEW 0 a.test:80"), Some(Lookalike::Mark));
        assert_eq!(lookalike(b"650 STREAM is the name"), Some(Lookalike::Mark));
        assert_eq!(lookalike(b"got STREAM: 18 NEW 0 a.test:80"), Some(Lookalike::Bare));
        assert_eq!(lookalike(b"STREAM 18 NEW 0 a.test:80 is 650 STREAM 18"), Some(Lookalike::Mark));
        for line in [&b"UPSTREAM 18 NEW"[..], b"_STREAM 18 NEW", b"650 STREAM_BW 1 2 3", b"STREAMS 18 NEW", b"S", b""] {
            assert_eq!(lookalike(line), None, "{}", line.escape_ascii());
        }
    }

    #[test]
    fn long_lines_of_names() {
        // A search for a word's end, begun at each name, would take more than 10^10 steps for a line: the test would not
        // end.
        for name in ["STREAM.", "STREAM:", "/STREAM", "STREAM: 1", "STREAM 1.", "STREAM 1 ", "650 STREAM"] {
            let line = name.repeat((1 << 20) / name.len());
            assert_eq!(lookalike(line.as_bytes()), None, "{name}");
        }
    }

    #[test]
    fn rests_of_wrapped_events() {
        for line in [
            &b"REASON=DONE"[..],
            b"  > PURPOSE=USER x",
            b"ONE REASON=END",
            b"USER NYM_EPOCH=0",
            b"NYM_EPOCH",
            b"WORD,CLIENTADDR,NYM_EP",
        ] {
            assert!(is_rest_of_event(line), "{}", line.escape_ascii());
        }
        for line in [
            &b"a b REASON=DONE"[..],
            b"REASON",
            b"reason=DONE",
            b"KEY=VALUE",
            b"=REASON=",
            b"",
            b"NOTICE",
            b"see NYM_EPOCH",
        ] {
            assert!(!is_rest_of_event(line), "{}", line.escape_ascii());
        }
    }
}
