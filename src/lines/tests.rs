//! What is known of the last event's line must not change what the next line is.

use alloc::string::String;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;

/// What lines in a log begin with, and what could be taken for it.
const PIECES: &[&str] = &[
    "2019-01-31 ",
    "11:29:51 ",
    "1548934191.51 ",
    "12 ",
    "7",
    " ",
    "650 STREAM ",
    "650-STREAM ",
    "650 STREAM_BW ",
    "650 STREAM",
    "650 BW 1 2",
    "650+",
    "250+",
    "250 OK",
    "1 NEW 0 host:80",
    ".",
    "x",
];

/// The beginning of a line of a log.
fn start() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PIECES), 0..6).prop_map(|pieces| pieces.concat())
}

/// Every change of a byte of a prefix, and of two that are compared at once.
#[test]
fn changed_prefixes() {
    let first = b"2019-01-31 11:29:51 1548934191.51 650 STREAM 1 NEW 0 host:80";
    let prefix = 34;
    let mut begun = Lines::new(LineEnd::Lf, usize::MAX);
    assert_eq!(begun.event_prefix(first), Some(prefix));
    for place in 0..prefix {
        for other in (place % 8..prefix).step_by(8) {
            for change in 1..=u8::MAX {
                let mut line = *first;
                line[place] ^= change;
                line[other] = first[other] ^ change;
                let mut fresh = Lines::new(LineEnd::Lf, usize::MAX);
                let expected = fresh.event_prefix(&line);
                assert_eq!(begun.clone().event_prefix(&line), expected, "{}", line.escape_ascii());
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn last_prefix_changes_nothing(
        first in start(),
        changes: Vec<(prop::sample::Index, u8)>,
        other in start(),
        same: bool,
        wire: bool,
    ) {
        let line_end = if wire { LineEnd::CrLf } else { LineEnd::Lf };
        let first = [first.as_bytes(), b"2019-01-31 11:29:51 1548934191.51 650 STREAM 1 NEW 0 host:80"].concat();
        let first = if wire { &b"650 STREAM 1 NEW 0 host:80"[..] } else { &first };
        let mut line = if same { first.to_vec() } else { other.into_bytes() };
        for (place, byte) in changes.iter().take(3) {
            if !line.is_empty() {
                let place = place.index(line.len());
                line[place] = *byte;
            }
        }
        let mut begun = Lines::new(line_end, usize::MAX);
        begun.event_prefix(first);
        if !begun.data {
            let mut fresh = Lines::new(line_end, usize::MAX);
            prop_assert_eq!(begun.event_prefix(&line), fresh.event_prefix(&line), "{}", line.escape_ascii());
            prop_assert_eq!(begun.data, fresh.data, "{}", line.escape_ascii());
        }
    }

    #[test]
    fn any_digits_fit(digits in prop::array::uniform24(b'0'..=b'9')) {
        let [y0, y1, y2, y3, m0, m1, d0, d1, h0, h1, n0, n1, s0, s1, rest @ ..] = digits;
        let mut line = Vec::new();
        for part in [&[y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1, b' ', h0, h1, b':', n0, n1, b':', s0, s1, b' '][..], &rest, b" 650 BW 1 2"] {
            line.extend(part);
        }
        let shape = Shape::new(b"2019-01-31 11:29:51 1548934191 650 STREAM ", 31);
        prop_assert_eq!(shape.is_event(&line), Some(false));
        line[3] = b':';
        prop_assert_eq!(shape.is_event(&line), None);
    }
}
