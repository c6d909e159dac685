//! Generator of damaged events with credentials, for `tests/event/secrets.rs` and the tool's `cli/tests/events/secrets.rs`.

use proptest::prelude::*;

/// The secret in every content that [`damaged`] generates.
pub(crate) const SECRET: &str = "hunter2";

/// Credentials whose values hold the secret.
const CREDENTIALS: &[&str] = &[
    "SOCKS_USERNAME=\"hunter2\"",
    "SOCKS_PASSWORD=\"hunter2\"",
    "SOCKS_PASSWORD=\"x hunter2\"",
    "SOCKS_PASSWORD=\"x hunter2 y\"",
    "SOCKS_PASSWORD=\"x hunter2:5\"",
    "SOCKS_PASSWORD=\"a:80 REASON=hunter2\"",
    "SOCKS_PASSWORD=\"a:80 SOURCE_ADDR=hunter2:1 PURPOSE=hunter2 \"",
    "SOCKS_USERNAME=\"\\\"hunter2\"",
    "SOCKS_PASSWORD=\"x ISO_FIELDS=hunter2,hunter2 hunter2=1\"",
    "SOCKS_PASSWORD=\"x\\\\ hunter2\\300 hunter2:5\"",
];

/// Other fields, and halves of them.
#[rustfmt::skip]
const OTHERS: &[&str] = &[
    "5", "NEW", "CLOSED", "FAILED", "REMAP", "0", "27", "a.example:80", "[2001:db8::1]:443", "x y:1", ":", "\"", "\\", "=", "/",
    "REASON=DONE", "REASON=", "SOURCE=CACHE", "SOURCE=", "SOURCE_ADDR=/run/s:0", "SOURCE_ADDR=127.0.0.1:5", "PURPOSE=USER",
    "SOCKS_USERNAME=\"u\"", "SOCKS_USERNAME=\"", "CLIENT_PROTOCOL=SOCKS5", "NYM_EPOCH=0", "SESSION_GROUP=-4",
    "ISO_FIELDS=CLIENTADDR", "NEW_ADDR=10.8.0.2:45678", "\u{e9}", ",", "a\u{9b}31m",
];

/// Generates the content of an event with credentials, its fields in any order and with any bytes between them. Neither a secret nor
/// the keyword before it is damaged: without the keyword nothing would say that the secret is one.
pub(crate) fn damaged() -> impl Strategy<Value = Vec<u8>> {
    // Whole headers, one of them with a target, and headers that lost words.
    let start = ["5 NEW 0 ", "6 CLOSED 7 ", "7 FAILED 0 a:1 ", "8 REMAP 9 ", "9 CLOSED ", "1 ", "", ""];
    let text = |list: &'static [&str]| prop::sample::select(list).prop_map(|text| text.as_bytes().to_vec());
    let field = prop_oneof![3 => text(CREDENTIALS), 8 => text(OTHERS), 1 => any::<u8>().prop_map(|byte| vec![byte])];
    // Mostly one space; now and then none, or two.
    let space = text(&[" ", " ", " ", " ", "", "  "]);
    let fields = prop::collection::vec((field, space), 0..11);
    // At least one credential, at any place.
    let credential = (any::<prop::sample::Index>(), text(CREDENTIALS));
    (prop::sample::select(start.to_vec()), fields, credential).prop_map(|(start, mut fields, (place, credential))| {
        fields.insert(place.index(fields.len() + 1), (credential, b" ".to_vec()));
        let fields = fields.into_iter().flat_map(|(field, space)| [field, space]).flatten();
        start.bytes().chain(fields).collect()
    })
}
