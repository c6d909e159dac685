//! Unit tests of [`grammar`](super::grammar).

use alloc::format;

use core::num::NonZeroU32;

use super::grammar::*;

/// A port has 1 to 5 digits, is at most 65535, and follows the last colon. Both functions agree on a token after a header.
#[test]
fn ports() {
    for (text, expected) in [
        ("a:80", Some((1, 80))),
        (":0", Some((0, 0))),
        ("a:00080", Some((1, 80))),
        ("a:12345", Some((1, 12_345))),
        ("a:65535", Some((1, 65_535))),
        ("a:b:7", Some((3, 7))),
        ("[::1]:443", Some((5, 443))),
        ("a:65536", None),
        ("a:99999", None),
        ("a:000080", None),
        ("a:12345678", None),
        ("a:", None),
        ("a", None),
        ("80", None),
        ("12345678", None),
        ("", None),
        (":", None),
        ("a:-1", None),
        ("a:+1", None),
        ("a:8o", None),
        ("a:80x", None),
    ] {
        assert_eq!(split_port(text.as_bytes()), expected, "{text}");
        let header = "9 NEW 0 ";
        let content = format!("{header}{text}");
        let expected = expected.map(|(host, port)| ((header.len() + host) as u32, port));
        assert_eq!(port_before(content.as_bytes(), content.len() as u32), expected, "{text}");
    }
    assert_eq!(split_port(b"a b:1"), Some((3, 1)));
    assert_eq!(split_port(b"\xff:1"), Some((1, 1)));
    // Fewer than eight bytes before the end.
    assert_eq!(port_before(b"9 N 0:1", 7), None);
}

/// Numbers are decimal, of 32 bits, alone and with text after them.
#[test]
fn numbers() {
    for (text, unsigned, signed) in [
        ("0", Some(0), Some(0)),
        ("007", Some(7), Some(7)),
        ("2147483647", Some(2_147_483_647), Some(2_147_483_647)),
        ("2147483648", Some(2_147_483_648), None),
        ("4294967295", Some(4_294_967_295), None),
        ("4294967296", None, None),
        ("99999999999", None, None),
        ("-4", None, Some(-4)),
        ("-2147483648", None, Some(-2_147_483_648)),
        ("-2147483649", None, None),
        ("", None, None),
        ("-", None, None),
        ("--1", None, None),
        ("+1", None, None),
    ] {
        assert_eq!((decimal(text.as_bytes()), signed_decimal(text.as_bytes())), (unsigned, signed), "{text}");
        let end = text.len() as u32;
        for after in [" x", "a"] {
            let content = format!("{text}{after}");
            assert_eq!(number_end(content.as_bytes(), 0), unsigned.map(|_| end), "{content}");
            assert_eq!(signed_number_end(content.as_bytes(), 0), signed.map(|_| end), "{content}");
            assert_eq!((decimal(content.as_bytes()), signed_decimal(content.as_bytes())), (None, None), "{content}");
        }
        // `number_at` reads a number of either kind that the parser has accepted. None begins at index 0.
        if let Some(value) = unsigned.map(i64::from).or(signed.map(i64::from)) {
            assert_eq!(number_at(format!("={text} x").as_bytes(), NonZeroU32::MIN), value, "{text}");
        }
    }
}

/// Words are of capital letters, digits and `_`; lists have commas between them. Lists are checked in chunks of 16 bytes: each one
/// is lengthened before and after, to lengths around 16 and 32.
#[test]
fn words_and_lists() {
    for (text, word, list) in [
        ("A", true, true),
        ("A_1", true, true),
        ("", false, true),
        (",", false, true),
        ("A,B", false, true),
        ("a", false, false),
        ("A B", false, false),
        ("A-B", false, false),
        ("\u{e9}", false, false),
    ] {
        assert_eq!((is_word(text.as_bytes()), is_list(text.as_bytes())), (word, list), "{text}");
        for added in [7, 15, 16, 31, 40] {
            let letters = "X".repeat(added);
            for text in [format!("{letters}{text}"), format!("{text}{letters}")] {
                assert_eq!(is_list(text.as_bytes()), list, "{text}");
            }
        }
    }
    for (text, expected) in [("A=", true), ("A_1=x", true), ("=", false), ("a=", false), ("A", false), ("A =", false)] {
        assert_eq!(begins_with_key(text.as_bytes()), expected, "{text}");
    }
    for (text, expected) in [("UNKNOWN_0", true), ("UNKNOWN_577", true), ("UNKNOWN_", false), ("UNKNOWN_1x", false)] {
        assert_eq!(is_unknown_code(text.as_bytes()), expected, "{text}");
    }
}

/// A quoted string ends at the first quotation mark that no backslash escapes. `tor_closing_quote` accepts those only that tor
/// prints: with its escapes, and of ASCII without control characters.
#[test]
fn quoted_strings() {
    for (text, end, end_if_printed_by_tor) in [
        (r#""""#, Some(1), Some(1)),
        (r#""a"b""#, Some(2), Some(2)),
        (r#""\"""#, Some(3), Some(3)),
        (r#""\\""#, Some(3), Some(3)),
        (r#""\377\n" "#, Some(7), Some(7)),
        (r#""\x""#, Some(3), None),
        (r#""\400""#, Some(5), None),
        (r#""\38""#, Some(4), None),
        ("\"a\tb\"", Some(4), None),
        ("\"\u{e9}\"", Some(3), None),
        (r#""a"#, None, None),
        (r#""\""#, None, None),
        (r#""\"#, None, None),
    ] {
        assert_eq!(closing_quote(text.as_bytes(), 0), end, "{text}");
        assert_eq!(tor_closing_quote(text.as_bytes(), 0), end_if_printed_by_tor, "{text}");
    }
    // No string begins at index 0.
    assert_eq!(tor_closing_quote(b"a\"b\"", 0), None);
    assert!(is_quoted(b"\"a\"") && !is_quoted(b"\"a\"b") && !is_quoted(b"a"));
}

/// A path ends before the next key.
#[test]
fn paths() {
    for (content, path) in
        [("/a b", "/a b"), ("/a PURPOSE=USER", "/a"), ("/a b=c D=1", "/a b=c"), ("/a ", "/a "), ("/", "/")]
    {
        assert_eq!(path_end(content.as_bytes(), 0) as usize, path.len(), "{content}");
    }
}

/// A relay is a nickname of at most 19 letters and digits, or a fingerprint of 40 hexadecimal digits.
#[test]
fn relays() {
    let hex = "0123456789abcdefABCDEF0123456789ABCDEF01";
    for (relay, expected) in [
        ("moria1", true),
        ("a234567890123456789", true),
        ("a2345678901234567890", false),
        ("", false),
        ("a-b", false),
        (hex, true),
        (&format!("${hex}"), true),
        (&format!("${hex}~moria1"), true),
        (&format!("${hex}=moria1"), true),
        (&format!("${hex}~"), false),
        (&format!("${hex}moria1"), false),
        (&hex.replace('f', "g"), false),
    ] {
        assert_eq!(is_relay(relay.as_bytes()), expected, "{relay}");
    }
}

/// A source address ends with a port. `(Tor_internal):0` is that of tor's own streams.
#[test]
fn source_addresses() {
    assert!(is_addr_port(b"::1:5") && is_addr_port(b"(Tor_internal):0"));
    assert!(!is_addr_port(b"a b:5") && !is_addr_port(b"::1:") && !is_addr_port(b"a\"b:5"));
}
