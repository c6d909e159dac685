//! Widths of text on a terminal.
//!
//! Names of hosts and files are chosen by strangers, and a table's columns have to be straight all the same. So
//! [`escape_for_table`] leaves only characters that have a width, and that stay where they are.

use alloc::borrow::Cow;

use console::measure_text_width;

use super::text::escape;

/// Minimum width of a column whose text is cut: enough to show some letters of both ends.
pub(super) const MIN_CUT_WIDTH: usize = 8;

/// Returns text with escape sequences in place of [commands](super::text::is_command), and of all other characters that could move
/// the text beside them.
pub(super) fn escape_for_table(text: &str) -> Cow<'_, str> {
    let escaped = escape(text);
    if escaped.is_ascii() || !escaped.chars().any(moves_others) {
        return escaped;
    }
    let mut straight = String::with_capacity(escaped.len());
    for character in escaped.chars() {
        if moves_others(character) {
            straight.extend(character.escape_unicode());
        } else {
            straight.push(character);
        }
    }
    Cow::Owned(straight)
}

/// Returns `true` for a character without a width of its own, such as an accent, and for one that is written from right
/// to left, which would also turn around the numbers after it.
fn moves_others(character: char) -> bool {
    // Hebrew, Arabic and the scripts beside them in Unicode.
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

/// Returns the width of text in columns: the sum of its characters' widths.
pub(crate) fn text_width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().map(char_width).sum() }
}

/// Returns text of at most this width: `…` replaces the middle of a wider one.
pub(crate) fn cut(text: &str, width: usize) -> Cow<'_, str> {
    if text_width(text) <= width {
        return Cow::Borrowed(text);
    }
    if width == 0 {
        return Cow::Owned(String::new());
    }
    // The `…` needs one column. The end of a name, such as `.onion`, says more than its start, and gets three fifths.
    let kept = width - 1;
    let end_width = (kept * 3).div_ceil(5);
    let end = text.len() - fitting_len(text.chars().rev(), end_width);
    let start = fitting_len(text.chars(), kept - end_width);
    Cow::Owned(format!("{}…{}", text.get(..start).unwrap_or_default(), text.get(end..).unwrap_or_default()))
}

/// Returns the length in bytes of the first characters that fit into a width.
fn fitting_len(characters: impl Iterator<Item = char>, width: usize) -> usize {
    let (mut used, mut bytes) = (0, 0);
    for character in characters {
        used += char_width(character);
        if used > width {
            break;
        }
        bytes += character.len_utf8();
    }
    bytes
}

/// Returns items with commas between them, [escaped](escape_for_table), as lines of at most `width` columns. The first line continues
/// one that has `indent` columns already; the others begin with as many spaces.
pub(crate) fn list<'i>(items: impl IntoIterator<Item = &'i str>, indent: usize, width: usize) -> String {
    let room = width.saturating_sub(indent).max(MIN_CUT_WIDTH);
    let (mut text, mut used) = (String::new(), 0);
    for item in items {
        let item = escape_for_table(item);
        // A comma may follow the item.
        let item = cut(&item, room - 1);
        let len = text_width(&item);
        if !text.is_empty() {
            text.push(',');
            // The comma of the item before, a space, the item, and its comma.
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

    /// The host of an onion service: 62 columns.
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
            assert_eq!(escape_for_table(name), expected);
        }
    }

    #[test]
    fn items_of_a_list() {
        assert_eq!(list(["a.test:1", "b.test:2", "c.test:3"], 4, 26), "a.test:1, b.test:2,\n    c.test:3");
        assert_eq!(list([ONION, "e\u{301}"], 2, 24), "6ccbanpu…5sbhqd.onion,\n  e\\u{301}");
        assert_eq!(list([], 2, 24), "");
    }
}
