//! A model of how tor prints an event. It is written from tor's behaviour and shares no code with the crate.

use arbitrary::{Arbitrary, Result, Unstructured};
use tor_stream_event::StreamEventRef;

use crate::quoted::escape;

/// The most bytes that tor prints of a target.
const TARGET_BUFFER: usize = 255;
/// The most bytes that tor prints of a source address.
const SOURCE_ADDR_BUFFER: usize = 50;

/// The statuses with which tor prints a reason.
const ENDS: &[&str] = &["FAILED", "CLOSED", "DETACHED"];
/// The statuses of new streams.
const STARTS: &[&str] = &["NEW", "NEWRESOLVE"];
/// The other statuses, but for REMAP.
#[rustfmt::skip]
const OTHERS: &[&str] = &[
    "SENTCONNECT", "SENTRESOLVE", "SUCCEEDED", "CONTROLLER_WAIT", "XOFF_SENT", "XOFF_RECV", "XON_SENT", "XON_RECV",
];
/// A reason or client protocol of a newer tor.
const NEW_WORD: &str = "A_NEW_WORD";
/// Reasons.
const REASONS: &[&str] = &["MISC", "EXITPOLICY", "DONE", "TIMEOUT", "SOCKS_PROTOCOL", "PRIVATE_ADDR", NEW_WORD];
/// Client protocols.
const PROTOCOLS: &[&str] = &["SOCKS4", "SOCKS5", "TRANS", "NATD", "DNS", "HTTPCONNECT", "METRICS", "UNKNOWN", NEW_WORD];

/// What tor prints with every event, from 0.4.3.1 on.
const NEWER_FIELDS: [&str; 4] = [" CLIENT_PROTOCOL=", " NYM_EPOCH=", " SESSION_GROUP=", " ISO_FIELDS="];

/// What tor prints, and so what a client would have it seem to have printed: whole fields, and halves of them that fit
/// what follows.
#[rustfmt::skip]
const PIECES: &[&str] = &[
    " REASON=DONE", " REASON=END", " REASON=", " REASON= UNKNOWN_1", " REMOTE_REASON=DONE", " REMOTE_REASON=",
    " SOURCE=EXIT", " SOURCE=", " SOURCE_ADDR=6.6.6.6:1", " SOURCE_ADDR=::1", " SOURCE_ADDR=", " SOURCE_ADDR=/x",
    " SOURCE_ADDR=/x y:0", " PURPOSE=USER", " PURPOSE=", " SOCKS_USERNAME=\"", " SOCKS_USERNAME=\"u\"",
    " SOCKS_USERNAME=", " SOCKS_PASSWORD=\"", " SOCKS_PASSWORD=\"p\"", " CLIENT_PROTOCOL=SOCKS5", " CLIENT_PROTOCOL=",
    " NYM_EPOCH=7", " NYM_EPOCH=", " SESSION_GROUP=-7", " SESSION_GROUP=", " ISO_FIELDS=", " ISO_FIELDS=CLIENTADDR",
    " FOO=", " FOO=1", " FOO=\"", " FOO=\"x\"", " FOO=a:1", " FOO=a\"", "=", "\"", "\\", "'", "\\001", ":", ":1", ":80",
    ":65535", ":65536", " ", ",", "-", "_", "/", "UNKNOWN_1", "DONE", "END", "x", "a.b", "[::1]",
    "\r\n", "\n", "\r", "\0", "\t", "caf\u{e9}", "\u{2028}",
    " CLIENT_PROTOCOL=DNS NYM_EPOCH=0 SESSION_GROUP=-4 ISO_FIELDS=",
];

/// An event of tor's, and the line that tor prints of it.
#[derive(Debug)]
pub struct Printed {
    /// Stream ID, status and circuit ID.
    header: [String; 3],
    /// The target's host, as the client sent it.
    host: Vec<u8>,
    /// The target's port.
    port: u16,
    /// Keys and values after the target, as tor prints them.
    fields: Vec<(&'static str, String)>,
    /// What the client sent as user name and password.
    credentials: [Option<Vec<u8>>; 2],
    /// Whether a word or keyword is of a tor newer than this crate.
    is_new: bool,
    /// Whether tor is 0.4.3.1 or newer.
    has_newer_fields: bool,
}

impl Printed {
    /// Returns the event's content.
    #[must_use]
    pub fn content(&self) -> Vec<u8> {
        let mut target = self.target();
        target.truncate(TARGET_BUFFER);
        let tail: String = self.fields.iter().map(|(key, value)| format!(" {key}={value}")).collect();
        [self.header.join(" ").as_bytes(), b" ", &target, tail.as_bytes()].concat()
    }

    /// Returns the target as tor would print it in a buffer without an end.
    fn target(&self) -> Vec<u8> {
        [&self.host, format!(":{}", self.port).as_bytes()].concat()
    }

    /// Returns `true` if tor cuts the target, so that the line does not hold all of it.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.target().len() > TARGET_BUFFER
    }

    /// Returns `true` if the line could be that of another event: tor cuts the target, or it prints none of the newer
    /// fields and the client wrote all of them into its target. A keyword that no one knows may follow those, with any
    /// value: also with one that tor's colon and port are part of.
    #[must_use]
    pub fn is_ambiguous(&self) -> bool {
        self.is_cut() || !self.has_newer_fields && NEWER_FIELDS.iter().all(|field| contains(&self.host, field))
    }

    /// Returns `true` if nothing about the line is odd.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        let is_plain = |&byte: &u8| byte.is_ascii_graphic() && byte != b'"';
        !self.is_new && self.target().len() < TARGET_BUFFER && self.host.iter().all(is_plain)
    }

    /// Returns `true` if `read` is what tor meant. It looks at no field that comes from one of the arguments, except
    /// for the decoded credentials.
    #[must_use]
    pub fn is(&self, read: &StreamEventRef<'_>) -> bool {
        let fields = self.fields.iter().map(|(key, value)| (*key, value.trim_start()));
        let header = [read.id, read.status_str(), read.circuit_id.unwrap_or("0")];
        let credentials = [read.socks_username(), read.socks_password()];
        self.header == header
            && self.target() == read.target_bytes()
            && self.port == read.target_port
            && fields.eq(read.args())
            && self.credentials == credentials.map(|quoted| quoted.map(|quoted| quoted.bytes().collect()))
    }

    /// Adds a field.
    fn add(&mut self, key: &'static str, value: impl Into<String>) {
        self.fields.push((key, value.into()));
    }

    /// Adds what tor prints with this status only.
    fn add_fields_of_status(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        let status = self.header[1].as_str();
        if ENDS.contains(&status) {
            match u.int_in_range(0..=3)? {
                0 => {}
                1 => self.add("REASON", reason(u)?),
                2 => self.add("REASON", "END"),
                _ => {
                    self.add("REASON", "END");
                    self.add("REMOTE_REASON", reason(u)?);
                }
            }
        } else if status == "REMAP" {
            match u.int_in_range(0..=3)? {
                0 => {}
                1 => self.add("REASON", format!("UNKNOWN_{}", u16::arbitrary(u)?)),
                _ => self.add("SOURCE", *u.choose(&["CACHE", "EXIT"])?),
            }
        } else if STARTS.contains(&status) {
            // Without tor's own a client's would be the only one. tor leaves it out for its own streams, whose targets
            // no client chooses, and for look-ups asked for over the control port.
            if u.ratio(3, 4)? || contains(&self.host, " SOURCE_ADDR=") {
                self.add("SOURCE_ADDR", source_addr_of(u)?);
            }
            // A tor that knows no purposes knows no unix sockets either.
            if u.ratio(3, 4)? || self.fields.iter().any(|(_, value)| value.starts_with('/')) {
                self.add("PURPOSE", *u.choose(&["USER", "DIR_FETCH", "DNS_REQUEST", "A_NEW_PURPOSE"])?);
            }
        }
        Ok(())
    }

    /// Adds what tor prints with every status, from 0.4.3.1 on: credentials, if there are any, and [`NEWER_FIELDS`].
    fn add_fields_of_stream(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        for (i, key) in ["SOCKS_USERNAME", "SOCKS_PASSWORD"].into_iter().enumerate() {
            if u.ratio(1, 3)? {
                let bytes = hostile(u)?;
                self.add(key, format!("\"{}\"", escape(&bytes)));
                self.credentials[i] = Some(bytes);
            }
        }
        self.add("CLIENT_PROTOCOL", *u.choose(PROTOCOLS)?);
        self.add("NYM_EPOCH", u32::arbitrary(u)?.to_string());
        self.add("SESSION_GROUP", i32::arbitrary(u)?.to_string());
        self.add(
            "ISO_FIELDS",
            *u.choose(&["", "CLIENTADDR", "SOCKS_USERNAME,SOCKS_PASSWORD", "A_NEW_FIELD,DESTPORT"])?,
        );
        if u.ratio(1, 8)? {
            self.add("A_NEW_KEY", *u.choose(&["", "1", "a:1", "A=b", "\"\"", "\"a b:1\""])?);
            self.is_new = true;
        }
        Ok(())
    }
}

impl<'a> Arbitrary<'a> for Printed {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let status = match u.int_in_range(0..=7)? {
            0..=2 => *u.choose(ENDS)?,
            3..=4 => *u.choose(STARTS)?,
            5 => "REMAP",
            _ => *u.choose(OTHERS)?,
        };
        let circuit = if u.arbitrary()? { 0 } else { u64::arbitrary(u)? };
        let header = [u64::arbitrary(u)?.to_string(), status.into(), circuit.to_string()];
        let (port, mut host) = (u.arbitrary()?, hostile(u)?);
        // Fills the host up to where tor cuts it, before what the client made to stand there.
        if u.ratio(1, 4)? {
            let fill = (TARGET_BUFFER + 3 - u.int_in_range(0..=12)?).saturating_sub(host.len());
            let at = u.int_in_range(0..=host.len())?;
            host.splice(at..at, core::iter::repeat_n(b'a', fill));
        }
        let credentials = [None, None];
        let mut event =
            Self { header, host, port, fields: Vec::new(), credentials, is_new: false, has_newer_fields: false };
        event.add_fields_of_status(u)?;
        event.has_newer_fields = u.ratio(4, 5)?;
        if event.has_newer_fields {
            event.add_fields_of_stream(u)?;
        }
        event.is_new |= event.fields.iter().any(|(_, value)| value == NEW_WORD);
        Ok(event)
    }
}

/// Returns `true` if `text` holds `part`.
fn contains(text: &[u8], part: &str) -> bool {
    text.windows(part.len()).any(|window| window == part.as_bytes())
}

/// Returns a reason as it is printed.
fn reason(u: &mut Unstructured<'_>) -> Result<String> {
    Ok(if u.ratio(1, 4)? { format!(" UNKNOWN_{}", u16::arbitrary(u)?) } else { (*u.choose(REASONS)?).into() })
}

/// Returns a source address as tor cuts it.
fn source_addr_of(u: &mut Unstructured<'_>) -> Result<String> {
    let mut text = match u.int_in_range(0..=3)? {
        0 => format!("127.0.0.1:{}", u16::arbitrary(u)?),
        1 => format!("2001:db8::7:{}", u16::arbitrary(u)?),
        2 => "(Tor_internal):0".into(),
        _ => {
            let mut path = String::from("/");
            for _ in 0..u.int_in_range(0..=12)? {
                path += u.choose(&["a", "tor", " ", "/", ".", ":", "\"", "\\", " s", " a=", "sock:0 ", "12345678"])?;
            }
            path + ":0"
        }
    };
    text.truncate(SOURCE_ADDR_BUFFER);
    Ok(text)
}

/// Returns text that a client may send.
fn hostile(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    let mut text = Vec::new();
    for _ in 0..u.int_in_range(0..=10)? {
        match u.int_in_range(0..=PIECES.len() + 2)? {
            0 => text.extend(u.bytes(1)?),
            1 => text.resize(text.len() + usize::from(u8::arbitrary(u)?), b'a'),
            2 => text.extend_from_slice(b"host"),
            piece => text.extend(PIECES[piece - 3].as_bytes()),
        }
    }
    Ok(text)
}
