//! The predicted order and the careful reading, held against each other and against trying every target.

use alloc::string::String;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::token::StreamStatus;

/// Text that lines are made of, whole fields and what is left of such when a client writes them.
const PIECES: &[&str] = &[
    "host:443",
    "[2001:db8::1]:80",
    ":0",
    "x",
    ":",
    ":80",
    ":99999",
    " ",
    "  ",
    "\"",
    "\\",
    "\\\"",
    "=",
    ",",
    "\t",
    "caf\u{e9}:80",
    " REASON=DONE",
    " REASON=END",
    " REASON=",
    " UNKNOWN_15",
    " REASON= UNKNOWN_15",
    " REASON=UNKNOWN_15",
    " REASON=NEW_WORD",
    " REMOTE_REASON=MISC",
    " REMOTE_REASON= UNKNOWN_577",
    " SOURCE=EXIT",
    " SOURCE_ADDR=127.0.0.1:5",
    " SOURCE_ADDR=::1:5",
    " SOURCE_ADDR=/run/s:0",
    " SOURCE_ADDR=/run/a b",
    " SOURCE_ADDR=",
    " PURPOSE=USER",
    " PURPOSE=x",
    " SOCKS_USERNAME=\"u\"",
    " SOCKS_USERNAME=\"",
    " SOCKS_PASSWORD=\"a \\\" \\001 b\"",
    " SOCKS_PASSWORD=\"",
    " CLIENT_PROTOCOL=SOCKS5",
    " NYM_EPOCH=0",
    " NYM_EPOCH=4294967296",
    " SESSION_GROUP=-4",
    " ISO_FIELDS=",
    " ISO_FIELDS=CLIENTADDR,NYM_EPOCH",
    " ISO_FIELDS=a",
    " FOO=1",
    " FOO=a:1",
    " FOO=\"a b:1\"",
    " FOO=a\"",
    " FOO=\"a\"b\"",
];

/// Lines with any status whose rest is put together from pieces, some of them long enough to be cut.
fn content() -> impl Strategy<Value = String> {
    let status = prop::sample::select(StreamStatus::ALL);
    let piece = prop_oneof![
        12 => prop::sample::select(PIECES).prop_map(String::from),
        1 => (200_usize..256).prop_map(|len| "a".repeat(len)),
    ];
    (status, prop::collection::vec(piece, 0..9))
        .prop_map(|(status, pieces)| ["7 ", status.as_str(), " 3 ", &pieces.concat()].concat())
}

/// Rule by rule, without a thought to the time it takes: every place where a target could end is tried.
fn by_trying(bytes: &[u8], header: &Header) -> Option<TargetEnd> {
    (header.target..=bytes.len())
        .filter(|&end| matches!(bytes.get(end), None | Some(b' ')))
        .filter(|&end| predicted::read(bytes, end, header.status).is_some())
        .find_map(|end| {
            let target = &bytes[header.target..end];
            match grammar::split_port(target) {
                Some(_) => Some(TargetEnd::Port(end)),
                None => (target.len() == grammar::TARGET_MAX).then_some(TargetEnd::Cut(end)),
            }
        })
}

/// Every status, the one of a newer tor included, with a target and every two pieces behind it: of those, chance finds few.
#[test]
fn careful_finds_what_trying_finds_in_short_lines() {
    for status in StreamStatus::ALL.iter().map(|status| status.as_str()).chain(["FUTURE"]) {
        for target in ["host:443", "a b:80", "x"] {
            for first in PIECES {
                for second in PIECES.iter().chain(&[""]) {
                    let line = ["7 ", status, " 3 ", target, first, second].concat();
                    let bytes = line.as_bytes();
                    let header = header::read(bytes, true).expect("a header");
                    let found = careful::find(bytes, header.target, header.status);
                    assert_eq!(found, by_trying(bytes, &header), "{line}");
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn predicted_and_careful_agree(content in content()) {
        let bytes = content.as_bytes();
        let header = header::read(bytes, false).expect("a good header");
        let fits = |target: &Target| predicted::read(bytes, target.end, header.status).is_some();
        let careful = any_target(bytes, &header);
        if let Some(predicted) = target_without_space(bytes, header.target).filter(fits) {
            prop_assert_eq!(careful.map(|target| (target.end, target.port)), Some((predicted.end, predicted.port)));
        } else if let Some(careful) = careful {
            let target = &bytes[header.target..careful.end];
            prop_assert!(careful.port.is_none() || target.contains(&b' '));
        }
    }

    #[test]
    fn predicted_events_read_as_any(content in content()) {
        if let Some(event) = predicted(&content) {
            prop_assert_eq!(read_any(Text::Str(&content), false), Ok(event));
        }
    }

    #[test]
    fn short_headers_read_as_any(id in "[0-9a-z]{1,9}", status in prop::sample::select(StreamStatus::ALL), circuit in "[0-9a-z]{1,9}") {
        let line = [&id, " ", status.as_str(), " ", &circuit, " host:443 PURPOSE=USER"].concat();
        let header = header::read(line.as_bytes(), false).ok();
        prop_assert!(header.is_some());
        prop_assert_eq!(header, header::read_any(line.as_bytes()));
    }

    #[test]
    fn careful_finds_what_trying_finds(content in content()) {
        let bytes = content.as_bytes();
        let header = header::read(bytes, false).expect("a good header");
        prop_assert_eq!(careful::find(bytes, header.target, header.status), by_trying(bytes, &header));
    }

    #[test]
    fn agreement_on_any_bytes(status in prop::sample::select(StreamStatus::ALL), rest: Vec<u8>) {
        let bytes = [b"7 ", status.as_str().as_bytes(), b" 3 ", &rest].concat();
        let header = header::read(&bytes, false).expect("a good header");
        prop_assert_eq!(careful::find(&bytes, header.target, header.status), by_trying(&bytes, &header));
    }
}
