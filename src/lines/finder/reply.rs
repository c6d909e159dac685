//! Reply codes: whether a text begins with a reply of tor's.

/// Returns the character after the reply code that `text` begins with: a space, `-`, or `+` for a reply with data.
/// `None` for text that is no reply.
///
/// Only tor's codes count: in a log any other number of three digits is text, such as a line's number or a HTTP status.
///
/// `crate::format` says why it is inlined with `std` only.
#[cfg_attr(feature = "std", inline)]
#[cfg_attr(not(feature = "std"), inline(never))]
pub(in crate::lines) const fn separator(text: &[u8]) -> Option<u8> {
    match *text {
        [b'6', b'5', b'0', separator @ (b' ' | b'-' | b'+'), ..] => Some(separator),
        [b'2', b'5', b'0' | b'1', separator @ (b' ' | b'-' | b'+'), ..] => Some(separator),
        [b'5', b'1' | b'5', b'0'..=b'5', separator @ (b' ' | b'-' | b'+'), ..] => Some(separator),
        [b'4', b'5', b'1', separator @ (b' ' | b'-' | b'+'), ..] => Some(separator),
        [b'5', b'0', b'0', separator @ (b' ' | b'-' | b'+'), ..] => Some(separator),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::separator;

    #[test]
    fn reply_codes() {
        for code in [250, 251, 451, 500, 510, 511, 512, 513, 514, 515, 550, 551, 552, 553, 554, 555, 650] {
            for byte in *b" -+" {
                let line = [alloc::format!("{code}").as_bytes(), &[byte], b"x"].concat();
                assert_eq!(separator(&line), Some(byte), "{}", line.escape_ascii());
            }
        }
        for line in [
            &b"200 OK"[..],
            b"252 OK",
            b"450 x",
            b"501 x",
            b"516 x",
            b"545 x",
            b"556 x",
            b"651 x",
            b"650",
            b"650x",
            b" 650 x",
        ] {
            assert_eq!(separator(line), None, "{}", line.escape_ascii());
        }
    }
}
