//! The first two readings, compared with each other and with a slow search that tries every end of a target.

use alloc::string::String;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::word::StreamStatus;

/// Fragments of contents: targets, whole fields, and beginnings of fields that a client writes into a host. Each stands for a rule of
/// the grammar, or for a case just outside of it. Fields are in tor's order.
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

/// Generates contents with any status. In half of them, target and fields are a row of [`PIECES`]; a quarter of these rows have a piece
/// of 200 bytes or more, so that the target is about as long as tor prints one, or is cut. The other half have a target and fields in
/// tor's order: the first reading accepts about one in nine of these.
fn contents() -> impl Strategy<Value = String> {
    let status = prop::sample::select(StreamStatus::ALL);
    let piece = prop_oneof![
        12 => prop::sample::select(PIECES).prop_map(String::from),
        1 => (200_usize..256).prop_map(|len| "a".repeat(len)),
    ];
    let any_row = prop::collection::vec(piece, 0..9).prop_map(|pieces| pieces.concat());
    let fields: Vec<&str> =
        PIECES.iter().copied().filter(|piece| piece.starts_with(' ') && piece.contains('=')).collect();
    let in_order = prop::sample::subsequence(fields, 1..5).prop_map(|fields| ["host:443", &fields.concat()].concat());
    (status, prop_oneof![any_row, in_order]).prop_map(|(status, rest)| ["7 ", status.as_str(), " 3 ", &rest].concat())
}

/// Generates IDs. Two of three are numbers of at most 7 digits, which a short header may have; the others are longer, or have letters.
fn ids() -> impl Strategy<Value = String> {
    prop_oneof![3 => "[0-9]{1,8}", 1 => "[0-9a-z]{1,9}"]
}

/// Returns the target's end as a slow search finds it: the first index after which all text is fields, and before which is a
/// target with a port, or of 255 bytes.
fn slow_target_end(content: &[u8], header: &Header) -> Option<u32> {
    (header.target_start..=content.len() as u32)
        .filter(|&end| matches!(content.get(end as usize), None | Some(b' ')))
        .filter(|&end| predicted::read_fields(content, end, header.status).is_some())
        .find(|&end| {
            let target = &content[header.target_start as usize..end as usize];
            target.len() == grammar::TARGET_MAX || grammar::split_port(target).is_some()
        })
}

/// Every status, an unknown one too, with every two pieces after a target: contents that the random tests below rarely make.
#[test]
fn every_two_pieces_after_a_target() {
    for status in StreamStatus::ALL.iter().map(|status| status.as_str()).chain(["FUTURE"]) {
        for target in ["host:443", "a b:80", "x"] {
            for first in PIECES {
                for second in PIECES.iter().chain(&[""]) {
                    let content = ["7 ", status, " 3 ", target, first, second].concat();
                    let bytes = content.as_bytes();
                    let header = header::read(bytes, true).expect("a header");
                    let found = careful::target_end(bytes, header.target_start, header.status);
                    assert_eq!(found, slow_target_end(bytes, &header), "{content}");
                    if let Some(event) = predicted::read(&content) {
                        assert_eq!(read_slowly(Content::Str(&content), false), Ok(event), "{content}");
                    }
                }
            }
        }
    }
}

proptest! {
    // Many, since a case takes only some microseconds.
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    /// The second reading finds the same event in every content that the first one accepts.
    #[test]
    fn careful_agrees_with_predicted(content in contents()) {
        if let Some(event) = predicted::read(&content) {
            prop_assert_eq!(read_slowly(Content::Str(&content), false), Ok(event));
        }
    }

    /// The end of the target that is found from the left, at one of the first ports, is the one that is found from the right.
    #[test]
    fn target_end_from_the_left_and_from_the_right(content in contents()) {
        let content = content.as_bytes();
        let header = header::read(content, false).expect("a good header");
        let from_left = careful::read(content, &header);
        prop_assert_eq!(from_left.map(|(target, _)| target.end), careful::target_end(content, header.target_start, header.status));
    }

    /// The first reading accepts every content that the second one does, if the target has no anomaly, and the content is so short
    /// that tor cut nothing. (It refuses a target with a `!` too, which is no anomaly: see `scan::not_plain`. No piece has one.)
    #[test]
    fn predicted_accepts_plain_targets(content in contents()) {
        let header = header::read(content.as_bytes(), false).expect("a good header");
        let end = careful::target_end(content.as_bytes(), header.target_start, header.status);
        let target = end.map(|end| TargetRange::new(content.as_bytes(), header.target_start, end));
        let is_plain = target.is_some_and(|target| target.port.is_some() && target.anomalies.is_empty());
        if is_plain && content.len() < header.target_start as usize + grammar::TARGET_MAX {
            prop_assert!(predicted::read(&content).is_some());
        }
    }

    /// The fast reading of the header accepts IDs of 1 to 7 digits with a space after each, and agrees with the slow one. A third of
    /// the cases have such IDs.
    #[test]
    fn short_headers_agree_with_tokens(
        id in ids(),
        status in prop::sample::select(StreamStatus::ALL),
        circuit in ids(),
        rest in prop_oneof![3 => " [a-z]{0,20}", 1 => "[a-z]{0,20}"],
    ) {
        let content = [&id, " ", status.as_str(), " ", &circuit, &rest].concat();
        let short = header::read_short(content.as_bytes());
        if let Some(header) = short {
            prop_assert_eq!(header::read_tokens(content.as_bytes()), Some(header));
        }
        let is_number = |id: &str| id.len() <= 7 && id.bytes().all(|byte| byte.is_ascii_digit());
        prop_assert_eq!(short.is_some(), is_number(&id) && is_number(&circuit) && rest.starts_with(' '));
    }

    /// The search from the right agrees with the slow one, on contents of pieces.
    #[test]
    fn target_end_agrees_with_slow_search(content in contents()) {
        let content = content.as_bytes();
        let header = header::read(content, false).expect("a good header");
        prop_assert_eq!(careful::target_end(content, header.target_start, header.status), slow_target_end(content, &header));
    }

    /// The search from the right agrees with the slow one, on any bytes after a header.
    #[test]
    fn target_end_agrees_with_slow_search_on_bytes(status in prop::sample::select(StreamStatus::ALL), rest: Vec<u8>) {
        let content = [b"7 ", status.as_str().as_bytes(), b" 3 ", &rest].concat();
        let header = header::read(&content, false).expect("a good header");
        prop_assert_eq!(careful::target_end(&content, header.target_start, header.status), slow_target_end(&content, &header));
    }
}
