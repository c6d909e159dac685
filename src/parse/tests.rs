//! The first two readings, held against each other and against trying every target.

use alloc::string::String;
use alloc::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::word::StreamStatus;

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

/// Returns the target's end, found slowly: every index at which a target could end is tried.
fn by_trying(line: &[u8], header: &Header) -> Option<u32> {
    (header.target_start..=line.len() as u32)
        .filter(|&end| matches!(line.get(end as usize), None | Some(b' ')))
        .filter(|&end| predicted::read_fields(line, end, header.status).is_some())
        .find(|&end| {
            let target = &line[header.target_start as usize..end as usize];
            target.len() == grammar::TARGET_MAX || grammar::split_port(target).is_some()
        })
}

/// Every status, that of a newer tor included, with a target and every two pieces after it: of these, chance finds few.
#[test]
fn short_lines() {
    for status in StreamStatus::ALL.iter().map(|status| status.as_str()).chain(["FUTURE"]) {
        for target in ["host:443", "a b:80", "x"] {
            for first in PIECES {
                for second in PIECES.iter().chain(&[""]) {
                    let content = ["7 ", status, " 3 ", target, first, second].concat();
                    let line = content.as_bytes();
                    let header = header::read(line, true).expect("a header");
                    let found = careful::target_end(line, header.target_start, header.status);
                    assert_eq!(found, by_trying(line, &header), "{content}");
                    if let Some(event) = predicted::read(&content) {
                        assert_eq!(read_slowly(Content::Str(&content), false), Ok(event), "{content}");
                    }
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    /// The two readings agree: the second one finds all that the first one does.
    #[test]
    fn predicted_events_read_as_any(content in content()) {
        if let Some(event) = predicted::read(&content) {
            prop_assert_eq!(read_slowly(Content::Str(&content), false), Ok(event));
        }
    }

    /// The target found from the left, at one of the first ports, is the one found from the right.
    #[test]
    fn both_directions_agree(content in content()) {
        let line = content.as_bytes();
        let header = header::read(line, false).expect("a good header");
        let from_left = careful::read(line, &header);
        prop_assert_eq!(from_left.map(|(target, _)| target.end), careful::target_end(line, header.target_start, header.status));
    }

    /// The first reading finds every event whose target holds nothing odd, unless tor may have cut it.
    #[test]
    fn plain_events_are_predicted(content in content()) {
        let header = header::read(content.as_bytes(), false).expect("a good header");
        let end = careful::target_end(content.as_bytes(), header.target_start, header.status);
        let target = end.map(|end| TargetRange::new(content.as_bytes(), header.target_start, end));
        let is_plain = target.is_some_and(|target| target.port.is_some() && target.anomalies.is_empty());
        if is_plain && content.len() < header.target_start as usize + grammar::TARGET_MAX {
            prop_assert!(predicted::read(&content).is_some());
        }
    }

    #[test]
    fn short_headers_read_as_any(id in "[0-9a-z]{1,9}", status in prop::sample::select(StreamStatus::ALL), circuit in "[0-9a-z]{1,9}", rest in " ?[a-z]{0,20}") {
        let content = [&id, " ", status.as_str(), " ", &circuit, &rest].concat();
        let short = header::read_short(content.as_bytes());
        if let Some(header) = short {
            prop_assert_eq!(header::read_tokens(content.as_bytes()), Some(header));
        }
        let is_number = |id: &str| id.len() <= 7 && id.bytes().all(|byte| byte.is_ascii_digit());
        prop_assert_eq!(short.is_some(), is_number(&id) && is_number(&circuit) && rest.starts_with(' '));
    }

    #[test]
    fn careful_finds_what_trying_finds(content in content()) {
        let line = content.as_bytes();
        let header = header::read(line, false).expect("a good header");
        prop_assert_eq!(careful::target_end(line, header.target_start, header.status), by_trying(line, &header));
    }

    #[test]
    fn agreement_on_any_bytes(status in prop::sample::select(StreamStatus::ALL), rest: Vec<u8>) {
        let line = [b"7 ", status.as_str().as_bytes(), b" 3 ", &rest].concat();
        let header = header::read(&line, false).expect("a good header");
        prop_assert_eq!(careful::target_end(&line, header.target_start, header.status), by_trying(&line, &header));
    }
}
