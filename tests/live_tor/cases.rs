//! The clients' requests, and the end of each stream.

use tor_stream_event::Anomaly;

use crate::client::{Request, Via};

/// Reasons that a controller gives for closing streams: their codes, and tor's words for them.
pub(crate) const REASONS: [(u8, &str); 17] = [
    (1, "MISC"),
    (2, "RESOLVEFAILED"),
    (3, "CONNECTREFUSED"),
    (4, "EXITPOLICY"),
    (5, "DESTROY"),
    (6, "DONE"),
    (7, "TIMEOUT"),
    (8, "NOROUTE"),
    (9, "HIBERNATING"),
    (10, "INTERNAL"),
    (11, "RESOURCELIMIT"),
    (12, "CONNRESET"),
    (13, "TORPROTOCOL"),
    (14, "NOTDIRECTORY"),
    // Codes for which tor has no words.
    (0x0F, "UNKNOWN_15"),
    (0x7F, "UNKNOWN_127"),
    (0xFF, "UNKNOWN_255"),
];

/// A request of a client, and the end of its stream.
pub(crate) struct Case {
    /// Request.
    pub(crate) request: Request,
    /// Anomalies of its events.
    pub(crate) anomalies: &'static [Anomaly],
    /// End of the stream.
    pub(crate) end: End,
}

/// The end of a stream.
#[derive(Clone, Copy)]
pub(crate) enum End {
    /// tor refuses the stream at once, for this reason.
    Refused(&'static str),
    /// The controller closes the stream, for one of [`REASONS`].
    Closed,
    /// The controller attaches the stream, tor maps its host to this one, and the controller closes it.
    Remapped(&'static str),
    /// The controller attaches the stream, and tor fails it, for this reason.
    Failed(&'static str),
    /// The client closes its connection.
    HungUp,
}

impl Case {
    /// Returns the case of a plain target.
    fn new(via: Via, host: impl AsRef<[u8]>, port: u16) -> Self {
        let request = Request { via, host: host.as_ref().to_vec(), port, username: None, password: None };
        Self { request, anomalies: &[], end: End::Closed }
    }

    /// Adds a user name to the request.
    fn user(mut self, username: impl AsRef<[u8]>) -> Self {
        self.request.username = Some(username.as_ref().to_vec());
        self
    }

    /// Adds a password to the request.
    fn password(mut self, password: impl AsRef<[u8]>) -> Self {
        self.request.password = Some(password.as_ref().to_vec());
        self
    }

    /// Sets the anomalies of the events, whose target is odd.
    fn odd(mut self, anomalies: &'static [Anomaly]) -> Self {
        self.anomalies = anomalies;
        self
    }

    /// Sets the end of the stream.
    fn end(mut self, end: End) -> Self {
        self.end = end;
        self
    }
}

/// Returns all cases. No two have the same target, or the same unix socket.
pub(crate) fn cases() -> Vec<Case> {
    use Anomaly::{
        Target8Bit, TargetControl, TargetMayBeCut, TargetNotUtf8, TargetQuote, TargetSpace, TargetWithoutPort,
    };
    use Via::{Control, Dns, Http, Natd, Socks4a, Socks5, Socks5Resolve, Unix};

    let socks_refused = End::Refused("SOCKS_PROTOCOL");
    let bytes: Vec<u8> = (0x01..=0xFF).collect();
    let other_bytes: Vec<u8> = bytes.iter().rev().copied().collect();
    // DNS has labels of up to 63 bytes. With a last label of 60 bytes the name has 252 bytes, and the target, with `:0`, 254.
    let long_label = "x".repeat(63);
    let long_name = |last: usize| [&*long_label, &long_label, &long_label, &"x".repeat(last)].join(".");

    vec![
        // Plain targets, on every port.
        Case::new(Socks5, "socks5.example", 443),
        Case::new(Socks5, "a_b.example", 65535),
        Case::new(Socks5, "192.0.2.1", 80),
        Case::new(Socks5, "2001:db8::1", 80),
        Case::new(Socks5Resolve, "resolve.example", 0),
        Case::new(Socks4a, "socks4a.example", 1),
        Case::new(Unix(0), "unix.example", 80),
        Case::new(Http, "http.example", 8080),
        Case::new(Http, "[2001:db8::2]", 8080),
        Case::new(Natd, "natd.example", 80),
        Case::new(Dns, "dns.example", 0),
        Case::new(Control, "control.example", 0),
        // Ends that the other groups do not have. tor attaches no stream to a private address, and fails streams to `.exit` names.
        Case::new(Socks5, "hung-up.example", 80).end(End::HungUp),
        Case::new(Socks5, "remapped.example", 80).end(End::Remapped("new.example")),
        Case::new(Socks5, "10.0.0.1", 80).end(End::Failed("PRIVATE_ADDR")),
        Case::new(Socks4a, "name.exit", 80).user("u").end(End::Failed("TORPROTOCOL")),
        // Credentials with every byte, and some that look like the fields around them.
        Case::new(Socks5, "bytes.example", 80).user(&bytes).password(&other_bytes),
        Case::new(Socks5, "quotes.example", 80).user(r#"" REASON=DONE X=""#).password(r#"\" PURPOSE=DIR_FETCH "#),
        Case::new(Socks5, "octal.example", 80).user(r"\001\n\").password("\\\"\\'\n\t\r 1"),
        Case::new(Socks5, "one.example", 80).user("\"").password("\\"),
        Case::new(Unix(1), "long-path.example", 80).user("SOCKS_USERNAME=\"x\"").password(" ISO_FIELDS= "),
        Case::new(Socks4a, "id.example", 80).user(&bytes),
        Case::new(Socks4a, "id-quote.example", 80).user("u\" SOCKS_PASSWORD=\"p"),
        // Names that the SOCKS port refuses, and prints.
        Case::new(Socks5, "", 80).end(socks_refused),
        Case::new(Socks5, "a=b.example", 80).end(socks_refused),
        Case::new(Socks5, " REASON=DONE PURPOSE=DIR_FETCH y", 80).odd(&[TargetSpace]).end(socks_refused),
        Case::new(Socks5, "x:1 REASON=DONE PURPOSE=DIR_FETCH y", 80).odd(&[TargetSpace]).end(socks_refused),
        Case::new(Socks5, "x:1 REASON=END REMOTE_REASON=DONE", 80).odd(&[TargetSpace]).end(socks_refused),
        Case::new(Socks5, "x:1 REASON= UNKNOWN_15", 80).odd(&[TargetSpace]).end(socks_refused),
        Case::new(Socks5, "x:1 FOO=\"", 80).odd(&[TargetSpace, TargetQuote]).end(socks_refused),
        Case::new(Socks5, "x:1 SOCKS_USERNAME=\"", 80)
            .user("\" SOCKS_PASSWORD=\"")
            .password("p")
            .odd(&[TargetSpace, TargetQuote])
            .end(socks_refused),
        Case::new(Socks5, "q\"q", 80).odd(&[TargetQuote]).end(socks_refused),
        Case::new(Socks5, "\x01\x7F\n.\r", 80).odd(&[TargetControl]).end(socks_refused),
        Case::new(Socks5, "ü.example", 80).odd(&[Target8Bit]).end(socks_refused),
        Case::new(Socks5, b"caf\xE9", 80).odd(&[Target8Bit, TargetNotUtf8]).end(socks_refused),
        Case::new(Socks4a, "x:1 REASON=DONE z", 80).user("u").odd(&[TargetSpace]).end(socks_refused),
        Case::new(Socks4a, b"\xFF REASON=DONE", 80).odd(&[TargetSpace, Target8Bit, TargetNotUtf8]).end(socks_refused),
        // Names that other ports accept.
        Case::new(Http, "a=b\"c", 8080).odd(&[TargetQuote]),
        Case::new(Http, b"\xE9\x01", 8080).odd(&[TargetControl, Target8Bit, TargetNotUtf8]),
        Case::new(Natd, "a=b\"c", 80).odd(&[TargetQuote]),
        Case::new(Dns, "a=b \"c.example", 0).odd(&[TargetSpace, TargetQuote]),
        Case::new(Dns, " REASON=DONE PURPOSE=DIR_FETCH y", 0).odd(&[TargetSpace]),
        Case::new(Dns, "x:1 SOURCE_ADDR=192.0.2.1:1 PURPOSE=USER y", 0).odd(&[TargetSpace]),
        Case::new(Dns, "x:1 SOURCE_ADDR=/ PURPOSE=USER CLIENT_PROTOCOL=SOCKS5", 0).odd(&[TargetSpace]),
        Case::new(Dns, "x:1 SOURCE_ADDR=", 0).odd(&[TargetSpace]),
        Case::new(Dns, "x:1 SOURCE_ADDR=/", 0).odd(&[TargetSpace]),
        Case::new(Dns, b"\xC3\xBC\xFF\x1F\n", 0).odd(&[TargetControl, Target8Bit, TargetNotUtf8]),
        // Targets near the 255 bytes that tor prints of one: 254 bytes; 255, which a reader cannot tell from a cut target; then targets
        // cut after a digit of the port, after the colon, and before it.
        Case::new(Socks5, "a".repeat(251), 80),
        Case::new(Socks5, "b".repeat(252), 80).odd(&[TargetMayBeCut]),
        Case::new(Socks5, "c".repeat(253), 80).odd(&[TargetMayBeCut]),
        Case::new(Socks5, "d".repeat(254), 80).odd(&[TargetMayBeCut, TargetWithoutPort]),
        Case::new(Socks5, "e".repeat(255), 80).odd(&[TargetMayBeCut, TargetWithoutPort]),
        Case::new(Dns, long_name(60), 0),
        Case::new(Dns, long_name(61), 0).odd(&[TargetMayBeCut]),
        Case::new(Dns, long_name(63), 0).odd(&[TargetMayBeCut, TargetWithoutPort]),
    ]
}
