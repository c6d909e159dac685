//! An event as tor would print it, with pseudonyms in place of its names.

use core::str;

use tor_stream_event::{
    Anomaly, ClientProtocol, IsoField, Quoted, StreamClosureReason, StreamEventRef, StreamPurpose, StreamSource,
    StreamStatus,
};

use super::names::{NameKind, Pseudonyms};
use crate::output::mask::host_not_utf8;

/// Maximum length of a target, in bytes. tor cuts a longer one there.
const MAX_TARGET: usize = 255;
/// Maximum length of a host whose pseudonym does not show the length, in bytes: that of a label in DNS. A longer host gets
/// a pseudonym that is longer, too, since a fault may be due to the length alone.
const MAX_SHORT_HOST: usize = 63;
/// Length of the address of an onion service of version 3, in bytes.
const ONION_V3: usize = 56;
/// Length of the address of an onion service of version 2, in bytes.
const ONION_V2: usize = 16;
/// Hosts, of targets and of clients, that are no names: an absent one, and tor itself.
const NO_NAMES: [&[u8]; 2] = [b"", b"(Tor_internal)"];

/// The cause for which an event is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LeftOut {
    /// There is no room for another pseudonym.
    NoRoom,
    /// No line with pseudonyms reads as this event does.
    NotWritable,
}

/// Options of writing events.
#[derive(Clone, Copy, Debug)]
pub(super) struct WriteOptions {
    /// Set if events were read leniently, and will be.
    pub(super) lenient: bool,
    /// Set to write odd characters of hosts, such as a space or a control character, of which a terminal should get
    /// none.
    pub(super) writes_odd: bool,
}

/// Returns the content of the event, with pseudonyms.
///
/// # Errors
///
/// If the event has to be left out.
pub(super) fn content(
    event: &StreamEventRef<'_>,
    names: &mut Pseudonyms,
    options: WriteOptions,
) -> Result<Vec<u8>, LeftOut> {
    let WriteOptions { lenient, writes_odd } = options;
    // A line with odd characters in its host may be read as another event. Then the host is written without them in this line; its
    // number shows that it is the same host as in others.
    for with_odd in [writes_odd, false] {
        let mut shared = PseudonymLine { names, writes_odd: with_odd, line: Vec::new(), keywords: Vec::new() };
        shared.event(event).ok_or(LeftOut::NoRoom)?;
        if reads_alike(&shared.line, event, lenient) {
            return Ok(shared.line);
        }
    }
    Err(LeftOut::NotWritable)
}

/// Returns `true` if the parser reads `line` as an event with the same facts as `event`, and the texts that were copied, the
/// IDs and the status, are no names.
fn reads_alike(line: &[u8], event: &StreamEventRef<'_>, lenient: bool) -> bool {
    let parsed = if lenient { StreamEventRef::parse_lenient(line) } else { StreamEventRef::parse_bytes(line) };
    let Ok(shared) = parsed else { return false };
    let is_id = |id: &str| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    let words = |event: &StreamEventRef<'_>| {
        (event.status, event.reason, event.remote_reason, event.source, event.purpose, event.client_protocol())
    };
    let others = |event: &StreamEventRef<'_>| {
        let credentials = (event.socks_username().is_some(), event.socks_password().is_some());
        (event.target_port, event.nym_epoch(), event.session_group(), event.source_port().is_some(), credentials)
    };
    // An ID that is no number, or an unknown status, may be any text, such as a name: such an event is left out.
    is_id(event.id)
        && event.circuit_id.is_none_or(is_id)
        && event.status != StreamStatus::Unrecognized
        && (shared.id, shared.circuit_id) == (event.id, event.circuit_id)
        && words(&shared) == words(event)
        && others(&shared) == others(event)
        && shared.iso_fields().count() == event.iso_fields().count()
        && shared.iso_fields_str().is_some() == event.iso_fields_str().is_some()
}

/// A line in the making.
struct PseudonymLine<'n> {
    /// Pseudonyms.
    names: &'n mut Pseudonyms,
    /// Set to write odd characters of hosts.
    writes_odd: bool,
    /// Content so far.
    line: Vec<u8>,
    /// Keywords in the content.
    keywords: Vec<&'static str>,
}

impl PseudonymLine<'_> {
    /// Adds text.
    fn text(&mut self, text: &str) {
        self.line.extend_from_slice(text.as_bytes());
    }

    /// Adds a keyword and its value.
    fn field(&mut self, keyword: &'static str, value: &str) {
        self.keywords.push(keyword);
        self.text(&format!(" {keyword}={value}"));
    }

    /// Adds the whole event. `None`, here and from the functions below, if there is no room for a pseudonym.
    fn event(&mut self, event: &StreamEventRef<'_>) -> Option<()> {
        self.text(&format!("{} {} {} ", event.id, event.status_str(), event.circuit_id.unwrap_or("0")));
        self.target(event)?;
        let is_known_reason = |reason: Option<StreamClosureReason>| reason != Some(StreamClosureReason::Unrecognized);
        self.word("REASON", event.reason_str(), is_known_reason(event.reason))?;
        self.word("REMOTE_REASON", event.remote_reason_str(), is_known_reason(event.remote_reason))?;
        self.word("SOURCE", event.source_str(), event.source != Some(StreamSource::Unrecognized))?;
        if let Some(source_addr) = event.source_addr {
            let client = self.client(source_addr)?;
            self.field("SOURCE_ADDR", &client);
        }
        self.word("PURPOSE", event.purpose_str(), event.purpose != Some(StreamPurpose::Unrecognized))?;
        self.credential("SOCKS_USERNAME", event, event.socks_username(), (NameKind::User, "user"))?;
        self.credential("SOCKS_PASSWORD", event, event.socks_password(), (NameKind::Password, "pass"))?;
        let is_known_protocol = event.client_protocol() != Some(ClientProtocol::Unrecognized);
        self.word("CLIENT_PROTOCOL", event.client_protocol_str(), is_known_protocol)?;
        if let Some(epoch) = event.nym_epoch() {
            self.field("NYM_EPOCH", &epoch.to_string());
        }
        if let Some(group) = event.session_group() {
            self.field("SESSION_GROUP", &group.to_string());
        }
        if let Some(list) = event.iso_fields_str() {
            let mut words = Vec::new();
            for (field, word) in event.iso_fields().zip(list.split(',').filter(|word| !word.is_empty())) {
                let is_known = field != IsoField::Unrecognized;
                words.push(if is_known { field.as_str().into() } else { self.unknown_word(word)? });
            }
            self.field("ISO_FIELDS", &words.join(","));
        }
        // The value of a newer tor's keyword may be a name, and so may a damaged one.
        if event.args().any(|(keyword, _)| !self.keywords.contains(&keyword)) {
            self.field("REDACTED", "x");
        }
        Some(())
    }

    /// Adds a keyword and its word, if there is one.
    fn word(&mut self, keyword: &'static str, word: Option<&str>, is_known: bool) -> Option<()> {
        let Some(word) = word else { return Some(()) };
        let code = word.strip_prefix("UNKNOWN_").filter(|code| code.bytes().all(|byte| byte.is_ascii_digit()));
        match code {
            _ if is_known || word.is_empty() => self.field(keyword, word),
            // tor prints a space before the code of a reason that it has no word for.
            Some(code) if keyword.ends_with("REASON") => self.field(keyword, &format!(" UNKNOWN_{code}")),
            _ => {
                let word = self.unknown_word(word)?;
                self.field(keyword, &word);
            }
        }
        Some(())
    }

    /// Returns the pseudonym of a word.
    fn unknown_word(&mut self, word: &str) -> Option<String> {
        Some(format!("WORD{}", self.names.number(NameKind::Word, word.as_bytes())?))
    }

    /// Adds a credential, if the event has it. An empty one stays empty.
    fn credential(
        &mut self,
        keyword: &'static str,
        event: &StreamEventRef<'_>,
        value: Option<Quoted<'_>>,
        (kind, name): (NameKind, &str),
    ) -> Option<()> {
        match value.map(Quoted::escaped) {
            Some("") => self.field(keyword, "\"\""),
            Some(text) => {
                let number = self.names.number(kind, text.as_bytes())?;
                self.field(keyword, &format!("\"{name}{number}\""));
            }
            // A damaged value stays damaged: it has no quotation marks.
            None if event.arg(keyword).is_some() => self.field(keyword, "x"),
            None => {}
        }
        Some(())
    }

    /// Returns the pseudonym of a client's address.
    fn client(&mut self, source_addr: &str) -> Option<String> {
        let port = source_addr.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse::<u16>().ok()?)));
        let (host, port) = port.map_or((source_addr, None), |(host, port)| (host, Some(port)));
        let client = match self.names.address(host) {
            Some(address) => address?,
            None if NO_NAMES.contains(&host.as_bytes()) => host.into(),
            None if host.starts_with('/') => {
                format!("/socket{}", self.names.number(NameKind::Socket, host.as_bytes())?)
            }
            None => format!("client{}", self.names.number(NameKind::Client, host.as_bytes())?),
        };
        Some(match port {
            None => client,
            // A socket has no port.
            Some(0) => format!("{client}:0"),
            // At most 65,535 ports get a number, so each number is a port.
            Some(port) => format!("{client}:{}", self.names.number(NameKind::ClientPort, &port.to_be_bytes())?),
        })
    }

    /// Adds the target.
    fn target(&mut self, event: &StreamEventRef<'_>) -> Option<()> {
        let anomalies = event.anomalies();
        let port = if anomalies.contains(Anomaly::TargetWithoutPort) {
            String::new()
        } else {
            format!(":{}", event.target_port)
        };
        let host = host_not_utf8(event).unwrap_or(event.target_host.as_bytes());
        // A line with a cut target ends after 255 bytes of it, or after 254 if the next one was a CR or LF. The anomaly is set
        // as well if the target and the fields behind it are that long together: they may be one cut target, or the client wrote them.
        // Here they were read as fields, so only the length of the target without them counts.
        let is_cut = anomalies.contains(Anomaly::TargetMayBeCut) && host.len() + port.len() >= MAX_TARGET - 1;
        let min_len = if is_cut { MAX_TARGET.saturating_sub(port.len()) } else { 0 };
        let relay = event.exit_relay().filter(|_| !is_cut);
        match relay {
            Some((address, relay)) => {
                if !address.is_empty() {
                    self.host(address.as_bytes(), 0)?;
                    self.text(".");
                }
                let number = self.names.number(NameKind::Relay, relay.to_ascii_lowercase().as_bytes())?;
                let pseudonym =
                    if relay.starts_with('$') { format!("${number:040X}") } else { format!("relay{number}") };
                self.text(&pseudonym);
                self.text(".exit");
            }
            None => self.host(host, min_len)?,
        }
        self.text(&port);
        Some(())
    }

    /// Adds the pseudonym of a host, of at least `min_len` bytes if it is a name. A name of more than [`MAX_SHORT_HOST`] bytes gets a
    /// longer pseudonym, too, unless it is a subdomain of an onion service.
    fn host(&mut self, host: &[u8], min_len: usize) -> Option<()> {
        if NO_NAMES.contains(&host) {
            self.line.extend_from_slice(host);
            return Some(());
        }
        if let Some(address) = str::from_utf8(host).ok().and_then(|host| self.names.address(host)) {
            self.text(&address?);
            return Some(());
        }
        // tor compares names without regard to case.
        let lower = host.to_ascii_lowercase();
        let number = self.names.number(NameKind::Host, &lower)?;
        let start = self.line.len();
        self.text(&format!("host{number}"));
        if self.writes_odd {
            self.odd_characters(host);
        }
        let ending = ending(&lower);
        let is_long = host.len() > MAX_SHORT_HOST && !matches!(ending, ".onion" | ".v2.onion");
        let min_len = if is_long { min_len.max(MAX_SHORT_HOST + 1) } else { min_len };
        let len = self.line.len() - start + ending.len();
        for _ in len..min_len {
            self.text("x");
        }
        self.text(ending);
        Some(())
    }

    /// Adds a character of each odd kind that the host has, so that the line has the same anomalies.
    fn odd_characters(&mut self, host: &[u8]) {
        let kinds: [(bool, &[u8]); 4] = [
            (host.contains(&b' '), b" x"),
            (host.contains(&b'"'), b"\"x"),
            (host.iter().any(|byte| byte.is_ascii_control()), b"\x01x"),
            (!host.is_ascii(), if str::from_utf8(host).is_ok() { "é".as_bytes() } else { b"\xe9" }),
        ];
        for (_, odd) in kinds.iter().filter(|(has, _)| *has) {
            self.line.extend_from_slice(odd);
        }
    }
}

/// Returns the ending of the pseudonym of a host, which shows the kind of the name. `name` is in lower case.
fn ending(name: &[u8]) -> &'static str {
    if let Some(service) = name.strip_suffix(b".onion") {
        let label = service.rsplit(|&byte| byte == b'.').next().unwrap_or_default();
        return match label.len() {
            ONION_V3 => ".onion",
            ONION_V2 => ".v2.onion",
            _ => ".other.onion",
        };
    }
    match name {
        _ if name.ends_with(b".exit") => ".exit",
        _ if name.contains(&b'.') => ".test",
        _ => "",
    }
}
