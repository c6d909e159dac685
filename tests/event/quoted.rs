//! Quoted strings: every byte that tor can escape, escapes that tor does not print, and the size hint of the iterator over the bytes.
#![allow(clippy::expect_used, reason = "a test fails by panicking")]

use crate::common;
use crate::common::escape::escape;
use crate::common::event;
use proptest::prelude::*;
use tor_stream_event::{Anomaly, Quoted};

/// Runs `check` on an event's quoted string with the text `escaped`.
fn with_quoted(escaped: &str, check: impl FnOnce(Quoted<'_>)) {
    let line = format!("9 SUCCEEDED 4 a:1 SOCKS_USERNAME=\"{escaped}\" CLIENT_PROTOCOL=SOCKS5");
    let event = event(&line);
    let quoted = event.socks_username().expect("a quoted string");
    assert_eq!(quoted.escaped(), escaped);
    assert_eq!(event.client_protocol_str(), Some("SOCKS5"));
    check(quoted);
}

/// Asserts the bytes that `escaped` stands for.
#[track_caller]
fn assert_decodes(escaped: &str, expected: &[u8]) {
    with_quoted(escaped, |quoted| {
        assert_eq!(quoted.bytes().collect::<Vec<u8>>(), expected, "{escaped}");
        #[cfg(feature = "alloc")]
        {
            assert_eq!(quoted.to_vec(), expected);
            assert_eq!(quoted.to_string_lossy(), String::from_utf8_lossy(expected));
        }
    });
}

/// Each byte alone, before a digit, twice after a backslash, and all bytes at once. A credential holds no NUL: for tor it ends there.
#[test]
fn every_byte() {
    for byte in 1..=255 {
        assert_decodes(&escape(&[byte]), &[byte]);
        // The digit is not part of an octal escape before it.
        assert_decodes(&escape(&[byte, b'7']), &[byte, b'7']);
        assert_decodes(&escape(&[b'\\', byte, byte]), &[b'\\', byte, byte]);
    }
    let all: Vec<u8> = (1..=255).collect();
    assert_decodes(&escape(&all), &all);
    assert_decodes("", b"");
}

/// Three octal digits up to 377 make one byte, and `n`, `t` and `r` are the control characters. A backslash before any other character
/// stands for that character.
#[test]
fn escapes_that_tor_does_not_print() {
    for (escaped, expected) in [
        // Escapes of C, Rust and JSON.
        (r"\a\b\x\ \(", &b"abx ("[..]),
        (r"\x41", b"x41"),
        (r"\u0041", b"u0041"),
        (r"\N\T\R", b"NTR"),
        // No octal digits, fewer than three, and more than 377.
        (r"\8\9", b"89"),
        (r"\1\12", b"112"),
        (r"\12x\1", b"12x1"),
        (r"\18", b"18"),
        (r"\400\777", b"400777"),
        // Three digits, and text after them.
        (r"\000", b"\0"),
        (r"\0000", b"\x000"),
        (r"\377\101", b"\xffA"),
        (r"\\101\\n", br"\101\n"),
        // Text that is not ASCII.
        ("\\\u{e9}", "\u{e9}".as_bytes()),
        ("caf\u{e9} \u{1f9c5}", "caf\u{e9} \u{1f9c5}".as_bytes()),
    ] {
        assert_decodes(escaped, expected);
    }
}

/// A string with an escape that tor does not print is read, and the event is flagged.
#[test]
fn only_tors_escapes_are_plain() {
    for (escaped, plain) in [(r"\\\'\n\t\r\001\177\377", true), (r"\x", false), (r"\12", false), (r"\400", false)] {
        let line = format!("9 SUCCEEDED 4 a:1 SOCKS_PASSWORD=\"{escaped}\"");
        assert_eq!(event(&line).anomalies().contains(Anomaly::UnknownOrder), !plain, "{escaped}");
    }
}

/// In bytes that are not UTF-8, each that is no text becomes U+FFFD.
#[cfg(feature = "alloc")]
#[test]
fn lossy_text() {
    with_quoted(r"caf\351 \303\251", |quoted| assert_eq!(quoted.to_string_lossy(), "caf\u{fffd} \u{e9}"));
}

/// A string is parsed at the start of a text, up to the first quotation mark that no backslash escapes.
#[test]
fn a_string_ends_at_its_first_mark() {
    for (text, expected) in [
        // A string, and the text after it.
        (r#""""#, Some(("", ""))),
        (r#""a" b"#, Some(("a", " b"))),
        (r#""a"b"c""#, Some(("a", r#"b"c""#))),
        (r#""\"" "#, Some((r#"\""#, " "))),
        (r#""\\"x"#, Some((r"\\", "x"))),
        ("\"caf\u{e9}\"\u{e9}", Some(("caf\u{e9}", "\u{e9}"))),
        // No string: nothing, no end, and no quotation mark at the start.
        ("", None),
        ("\"", None),
        (r#""\""#, None),
        (r#""\"#, None),
        (r#"a"b""#, None),
        ("\"\\\u{e9}", None),
    ] {
        assert_eq!(Quoted::parse(text).map(|(quoted, rest)| (quoted.escaped(), rest)), expected, "{text}");
    }
}

/// Pattern of quoted strings with a backslash before any character, most of which tor does not escape.
const ANY_ESCAPES: &str = "([^\\\\\"\u{0}-\u{1f}]|\\\\[^\n\r])*";

proptest! {
    #![proptest_config(common::config(1000))]

    /// Bytes that tor escapes come back.
    #[test]
    fn round_trip(bytes in prop::collection::vec(1_u8.., 0..300)) {
        assert_decodes(&escape(&bytes), &bytes);
    }

    /// The size hint holds at every step, for strings of tor's and others, and after its end the iterator yields nothing more.
    #[test]
    fn size_hint(bytes: Vec<u8>, any_escapes in ANY_ESCAPES) {
        for escaped in [escape(&bytes), any_escapes] {
            with_quoted(&escaped, |quoted| {
                let count = quoted.bytes().count();
                let mut rest = quoted.bytes();
                for left in (0..=count).rev() {
                    let (least, most) = rest.size_hint();
                    assert!(least <= left && most.is_some_and(|most| left <= most), "{left} in {:?}", rest.size_hint());
                    assert_eq!(rest.clone().count(), left);
                    rest.next();
                }
                assert_eq!((rest.next(), rest.next()), (None, None));
            });
        }
    }
}
