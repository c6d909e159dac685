//! Widths of text on a terminal.
//!
//! Names of hosts and files are chosen by strangers. In [plain] text every character has a width that terminals agree on,
//! and stays at its place: [commands](super::text::is_command), characters without a width and those written from right
//! to left are escape sequences.

use alloc::borrow::Cow;

use console::measure_text_width;

use super::text::escape;

/// Minimum width of a text that is cut.
pub(super) const CUT: usize = 8;

/// Returns text with escape sequences in place of all that could move other cells.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    let escaped = escape(text);
    if escaped.is_ascii() || !escaped.chars().any(moves_others) {
        return escaped;
    }
    let mut plain = String::with_capacity(escaped.len() + 16);
    for character in escaped.chars() {
        if moves_others(character) {
            plain.extend(character.escape_unicode());
        } else {
            plain.push(character);
        }
    }
    Cow::Owned(plain)
}

/// Returns `true` for a character without a width of its own, such as an accent, and for one that is written from right
/// to left: behind it, numbers are too.
fn moves_others(character: char) -> bool {
    let from_right = matches!(
        character,
        '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe70}'..='\u{feff}'
            | '\u{10800}'..='\u{10fff}' | '\u{1e800}'..='\u{1efff}'
    );
    from_right || char_width(character) == 0
}

/// Returns the width of a character in columns.
fn char_width(character: char) -> usize {
    measure_text_width(character.encode_utf8(&mut [0; 4]))
}

/// Returns the width of text in columns. Terminals add up the characters, and so join no two of them.
pub(crate) fn text_width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().map(char_width).sum() }
}

/// Returns text of at most this width: what is longer loses its middle.
pub(crate) fn cut(text: &str, width: usize) -> Cow<'_, str> {
    if text_width(text) <= width {
        return Cow::Borrowed(text);
    }
    let kept = width.saturating_sub(1);
    // The end of a name says more, such as `.onion`.
    let after = (kept * 3).div_ceil(5);
    let taken = |characters: &mut dyn Iterator<Item = char>, room: usize| {
        let (mut used, mut bytes) = (0, 0);
        for character in characters {
            used += char_width(character);
            if used > room {
                break;
            }
            bytes += character.len_utf8();
        }
        bytes
    };
    let end = text.len() - taken(&mut text.chars().rev(), after);
    let start = taken(&mut text.chars(), kept - after);
    let (start, end) = (text.get(..start).unwrap_or_default(), text.get(end..).unwrap_or_default());
    Cow::Owned(if width == 0 { String::new() } else { format!("{start}…{end}") })
}

/// Returns items with commas between them, as lines of at most `width` columns. The first line, and spaces before the
/// others, begin at the column `indent`.
pub(crate) fn list<'i>(items: impl IntoIterator<Item = &'i str>, indent: usize, width: usize) -> String {
    let room = width.saturating_sub(indent).max(CUT);
    let (mut text, mut used) = (String::new(), 0);
    for item in items {
        let item = plain(item);
        // A comma may follow.
        let item = cut(&item, room - 1);
        let len = text_width(&item);
        if !text.is_empty() {
            text.push(',');
            if used + len + 3 > room {
                text.push('\n');
                text.extend(core::iter::repeat_n(' ', indent));
                used = 0;
            } else {
                text.push(' ');
                used += 2;
            }
        }
        text += &item;
        used += len;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A host that is longer than its column, of an onion service.
    const ONION: &str = "6ccbanpuxjw6zky4tiikfk7lg6bfwec7hd4a2qmwggamn4geia5sbhqd.onion";

    #[test]
    fn names_are_cut_in_the_middle() {
        assert_eq!(cut(ONION, 21), "6ccbanpu…5sbhqd.onion");
        assert_eq!(cut(ONION, 62), ONION);
        // Characters of two columns: five have ten, and one does not fit into one column.
        assert_eq!(cut("日本語日本", 10), "日本語日本");
        assert_eq!(cut("日本語日本", 9), "日…日本");
        for (width, expected) in [(0, ""), (1, "…"), (2, "…n"), (3, "…on"), (4, "6…on")] {
            assert_eq!(cut(ONION, width), expected);
        }
    }

    #[test]
    fn hostile_names_are_escaped() {
        let names = [
            ("e\u{301}", r"e\u{301}"),
            ("a\u{202e}b", r"a\u{202e}b"),
            ("\u{5d0}\u{5d1}", r"\u{5d0}\u{5d1}"),
            ("a\u{200b}\u{1b}[2J\n", r"a\u{200b}\u{1b}[2J\n"),
            ("é日", "é日"),
        ];
        for (name, expected) in names {
            assert_eq!(plain(name), expected);
        }
    }

    #[test]
    fn items_of_a_list() {
        assert_eq!(list(["a.test:1", "b.test:2", "c.test:3"], 4, 26), "a.test:1, b.test:2,\n    c.test:3");
        assert_eq!(list([ONION, "e\u{301}"], 2, 24), "6ccbanpu…5sbhqd.onion,\n  e\\u{301}");
        assert_eq!(list([], 2, 24), "");
    }
}
