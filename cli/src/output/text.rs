//! Text for a terminal: escaping of what others wrote, and the words of errors.
//!
//! A client chooses the names of hosts and much else that is printed, and whoever packs a folder chooses the names of its
//! files. On a terminal some characters are commands: they move the cursor, colour and hide text, or turn its order around.

use alloc::borrow::Cow;
use core::fmt::Write;
use std::io;

/// Returns `true` for a character that a terminal takes for a command: the control characters C0, DEL and C1, those
/// that set the direction of text, and those that end a line.
pub(crate) const fn is_command(character: char) -> bool {
    matches!(
        character,
        '\0'..='\x1f' | '\x7f'..='\u{9f}' | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

/// Returns `true` if text is free of [commands](is_command).
pub(crate) fn is_plain(text: &str) -> bool {
    // Nearly all text is ASCII.
    text.bytes().all(|byte| matches!(byte, b' '..=b'~')) || !text.chars().any(is_command)
}

/// Returns text with commands to a terminal, and backslashes, as escape sequences: `\u{1b}` for an ESC, `\n` for a LF.
pub(crate) fn escape(text: &str) -> Cow<'_, str> {
    if is_plain(text) && !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' | '\n' | '\r' | '\t' => escaped.extend(character.escape_default()),
            _ if is_command(character) => escaped.extend(character.escape_unicode()),
            _ => escaped.push(character),
        }
    }
    Cow::Owned(escaped)
}

/// Returns the message of an error without the number that the standard library adds to those of the system: `No such file or
/// directory`, not `No such file or directory (os error 2)`.
pub(crate) fn error_text(error: &io::Error) -> String {
    let text = error.to_string();
    let number = error.raw_os_error().map(|code| format!(" (os error {code})"));
    number.and_then(|number| text.strip_suffix(&number).map(Into::into)).unwrap_or(text)
}

/// Returns the name of a file or folder, [escaped](escape). On Windows, where a backslash separates folders, a name without
/// commands stays as it is.
pub(crate) fn escape_name(name: &str) -> Cow<'_, str> {
    if cfg!(windows) && is_plain(name) { Cow::Borrowed(name) } else { escape(name) }
}

/// Escapes commands to a terminal in JSON, from index `start` on. The JSON keeps its value: such characters occur only
/// in strings, and line ends between values are kept.
pub(crate) fn escape_json(json: &mut Vec<u8>, start: usize) {
    let Some(new) = json.get(start..) else { return };
    // Nearly all JSON is ASCII, in which the serializer has escaped every command but DEL.
    if new.iter().all(|&byte| byte < 0x7f) {
        return;
    }
    let Ok(text) = core::str::from_utf8(new) else { return };
    if !text.chars().any(is_json_command) {
        return;
    }
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if is_json_command(character) {
            // Each code has at most four digits. Writing to a text cannot fail.
            let _ = write!(escaped, "\\u{:04x}", u32::from(character));
        } else {
            escaped.push(character);
        }
    }
    json.truncate(start);
    json.extend_from_slice(escaped.as_bytes());
}

/// Returns `true` for a command that a serializer leaves in strings of JSON: DEL and those after it. The others are escaped there, but
/// for line ends between values.
const fn is_json_command(character: char) -> bool {
    character >= '\x7f' && is_command(character)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a helper that fails fails its test")]
mod tests {
    use super::*;

    /// Every character: a command is escaped, any other is unchanged, and the JSON has the same value.
    #[test]
    fn every_character() {
        for character in '\0'..=char::MAX {
            let text = format!("a{character}b");
            let escaped = escape(&text);
            assert!(is_plain(&escaped), "{escaped:?}");
            assert_eq!(escaped == text, !is_command(character) && character != '\\', "{text:?}");
            assert_eq!(is_plain(&text), !is_command(character));

            let mut json = b"[\n".to_vec();
            serde_json::to_writer(&mut json, &text).unwrap();
            escape_json(&mut json, 0);
            assert!(is_plain(core::str::from_utf8(&json[2..]).unwrap()), "{text:?}");
            assert_eq!(serde_json::from_slice::<String>(&json[2..]).unwrap(), text);
        }
    }

    /// Members of each range of commands, and characters beside the ranges.
    #[test]
    fn commands() {
        for character in [
            '\0', '\t', '\n', '\x1b', '\x7f', '\u{80}', '\u{9b}', '\u{9f}', '\u{61c}', '\u{200e}', '\u{2028}',
            '\u{202e}', '\u{2066}',
        ] {
            assert!(is_command(character), "{character:?}");
        }
        for character in [' ', '~', '\u{a0}', 'é', '\u{200d}', '\u{2065}', '\u{206a}', '\u{FFFD}'] {
            assert!(!is_command(character), "{character:?}");
        }
        assert_eq!(escape("a\u{9b}31m\r\n\\é'\""), r#"a\u{9b}31m\r\n\\é'""#);
    }

    /// JSON before the start index is unchanged.
    #[test]
    fn json_from_an_index_on() {
        let mut json = "\"\u{202e}\",\"\u{202e}\x7f\"".as_bytes().to_vec();
        escape_json(&mut json, 6);
        assert_eq!(json, "\"\u{202e}\",\"\\u202e\\u007f\"".as_bytes());
    }
}
