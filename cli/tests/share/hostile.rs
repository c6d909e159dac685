//! No word of a hostile or damaged log is in the shared one.

use proptest::prelude::*;

use crate::common::{file, run};
use crate::escape::escape;
use crate::property::config;
use crate::rows;

/// Pieces of hostile text. Each secret has `zq`, which no word of tor's has, or is the fingerprint or the address that
/// [`has_no_secret`] looks for.
const PIECES: [&str; 22] = [
    "zqname",
    "ZQ-UPPER",
    "zq.onion",
    ".zqrelay.exit",
    "$ABCDEF0123456789ABCDEF0123456789ABCDEF01",
    " ",
    ":",
    "\"",
    "\\",
    "=",
    ",",
    "\t",
    "é",
    "1.2.3.4",
    " REASON=DONE",
    " REASON=zqreason",
    " REMOTE_REASON=ZQ ",
    " SOCKS_PASSWORD=\"zqpass",
    " SOURCE_ADDR=/zq path:0 PURPOSE=zqpurpose",
    "650 STREAM 5 NEW 0 zq:1",
    " ZQ_KEY=zqvalue",
    " ISO_FIELDS=ZQ_FIELD,SESSION_GROUP",
];

/// Returns a strategy for hostile text.
fn hostile() -> impl Strategy<Value = String> {
    proptest::collection::vec(proptest::sample::select(&PIECES[..]), 1..6).prop_map(|pieces| pieces.concat())
}

/// Returns a strategy for the line of an event that has secrets in every place that a client chooses.
fn line() -> impl Strategy<Value = String> {
    let status = proptest::sample::select(&["NEW", "SENTCONNECT", "SUCCEEDED", "FAILED", "CLOSED", "REMAP"][..]);
    (hostile(), hostile(), hostile(), status, 1..9_u32, any::<u16>()).prop_map(
        |(host, user, path, status, id, port)| {
            let tail = match status {
                "NEW" => format!(" SOURCE_ADDR=/{}:0 PURPOSE=USER", path.replace(['=', ' ', ':'], "zq")),
                "FAILED" | "CLOSED" => " REASON=END REMOTE_REASON=TIMEOUT".into(),
                "REMAP" => " SOURCE=CACHE".into(),
                _ => String::new(),
            };
            let user = escape(user.as_bytes());
            format!(
                "650 STREAM {id} {status} 4 {host}:{port}{tail} SOCKS_USERNAME=\"{user}\" SOCKS_PASSWORD=\"zq{user}\" \
             CLIENT_PROTOCOL=SOCKS5 NYM_EPOCH=0 SESSION_GROUP=-4 ISO_FIELDS=SOCKS_USERNAME,SESSION_GROUP"
            )
        },
    )
}

/// Fails if a secret is in the text.
#[track_caller]
fn has_no_secret(text: &[u8]) {
    let text = String::from_utf8_lossy(text).to_lowercase();
    for secret in ["zq", "abcdef0123", "1.2.3.4"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

proptest! {
    // Few cases: each runs the program up to nine times.
    #![proptest_config(config(48))]

    /// Whatever clients choose as names, nothing of it is printed, and each event is.
    #[test]
    fn hostile_events(lines in proptest::collection::vec(line(), 1..40)) {
        let text = |before: &str| lines.iter().fold(String::new(), |text, line| text + before + line + "\n");
        for (number, (before, options)) in
            [("", &[][..]), ("Nov 25 10:00:00 zqmachine zq[7]: ", &["--prefix", "auto"]), ("2026-11-25 10:00:00 ", &[])]
                .into_iter()
                .enumerate()
        {
            let log = file("share", &format!("hostile-{number}.log"), text(before));
            // Whatever the exit status is: targets of 255 bytes, and events that hold the text of another one, are reported.
            let printed = run(&[&["share"], options].concat(), &[&log]).stdout;
            has_no_secret(&printed);
            let events = rows(&[&["events"], options].concat(), &log);
            let after = rows(&["events"], &file("share", &format!("hostile-{number}.shared"), printed));
            prop_assert_eq!(after.len(), events.len());
            for (before, after) in events.iter().zip(&after) {
                for column in ["id", "status", "circuit_id", "target_port", "client_protocol", "nym_epoch"] {
                    prop_assert_eq!(&before[column], &after[column]);
                }
            }
        }
    }

    /// The same of lines that were damaged: each has the beginning of an event and the rest of the next one.
    #[test]
    fn damaged_events(
        lines in proptest::collection::vec(
            (line(), any::<prop::sample::Index>(), any::<prop::sample::Index>(), "[A-Z\"=: ]{0,3}"),
            1..40,
        )
    ) {
        let mut text = Vec::new();
        for ((line, from, to, middle), (next, ..)) in lines.iter().zip(lines.iter().cycle().skip(1)) {
            let (from, to) = (from.index(line.len()), to.index(next.len()));
            // The start of an event stays, so that the line is one.
            text.extend_from_slice(&line.as_bytes()[..from.max("650 STREAM ".len())]);
            text.extend_from_slice(middle.as_bytes());
            text.extend_from_slice(&next.as_bytes()[to..]);
            text.push(b'\n');
        }
        let log = file("share", "damaged.log", text);
        for options in [&["share"][..], &["share", "--lenient"], &["share", "--bare"]] {
            has_no_secret(&run(options, &[&log]).stdout);
        }
    }
}
