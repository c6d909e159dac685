//! Words of the format, for mutations: cargo-fuzz passes no dictionary to libFuzzer, so the targets bring their own.

use std::sync::LazyLock;

use crate::lines::FORMATS;

/// The texts of [`FORMATS`], and the words of `dictionary.txt`, which is in libFuzzer's format: one `"WORD"` a line, with `\xNN`,
/// `\"` and `\\` as escapes.
static WORDS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let texts = FORMATS.iter().flat_map(|&(before, after)| [before, after]).filter(|text| !text.is_empty());
    texts.map(|text| text.as_bytes().to_vec()).chain(words(include_str!("../dictionary.txt"))).collect()
});

/// Inserts a word into the first `size` bytes of `data`, or overwrites some of them with it, and returns the new size. The
/// seed chooses between the two, the word, and its index. `None` for seven of eight seeds, and if there is no room: then
/// libFuzzer's own mutations follow.
#[must_use]
pub fn insert_word(data: &mut [u8], size: usize, max_size: usize, seed: u32) -> Option<usize> {
    let mut rest = usize::try_from(seed).ok()?;
    // Takes one of `count` choices from the seed.
    let mut choose = |count| {
        let chosen = rest % count;
        rest /= count;
        chosen
    };
    if choose(8) != 0 {
        return None;
    }
    let overwrites = choose(2) == 1;
    let word = &WORDS[choose(WORDS.len())];
    let start = choose(size + 1);
    let end = start + word.len();
    let new_size = if overwrites { size.max(end) } else { size + word.len() };
    if new_size > max_size.min(data.len()) {
        return None;
    }
    if !overwrites {
        data.copy_within(start..size, end);
    }
    data[start..end].copy_from_slice(word);
    Some(new_size)
}

/// Parses the text of a dictionary.
fn words(dictionary: &str) -> impl Iterator<Item = Vec<u8>> {
    let quoted = dictionary.lines().filter_map(|line| line.strip_prefix('"')?.strip_suffix('"'));
    quoted.map(unescape)
}

/// Unescapes a word.
fn unescape(text: &str) -> Vec<u8> {
    let (mut word, mut rest) = (Vec::new(), text);
    while let Some((before, after)) = rest.split_once('\\') {
        word.extend(before.bytes());
        let (byte, len) = match after.strip_prefix('x') {
            Some(digits) => (u8::from_str_radix(&digits[..2], 16).expect("two hexadecimal digits"), 3),
            None => (after.as_bytes()[0], 1),
        };
        word.push(byte);
        rest = &after[len..];
    }
    word.extend(rest.bytes());
    word
}
