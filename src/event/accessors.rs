//! Accessors of the fields that are not public, of all fields as arguments, and of words as text.

use super::StreamEventRef;
use crate::format::keyword::Keyword;
use crate::format::{grammar, scan};
use crate::value::{Args, IsoFields, Quoted};
use crate::word::{ClientProtocol, StreamClosureReason, StreamPurpose, StreamSource, StreamStatus};

impl<'a> StreamEventRef<'a> {
    /// Returns the status as printed.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::StreamEventRef;
    ///
    /// let event = StreamEventRef::parse("9 XOFF_SENT 3 a.example:443")?;
    /// assert_eq!(event.status_str(), "XOFF_SENT");
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    #[must_use]
    pub fn status_str(&self) -> &'a str {
        match self.status {
            StreamStatus::Unrecognized => {
                let bytes = self.content();
                let start = scan::space(bytes, 0) + 1;
                self.content.get(start, scan::space(bytes, start))
            }
            known => known.as_str(),
        }
    }

    /// Returns `REASON` as printed, without the space that tor prints before `UNKNOWN_`. `None` if the field is absent.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::StreamEventRef;
    ///
    /// let event = StreamEventRef::parse("9 CLOSED 3 a.example:443 REASON= UNKNOWN_15")?;
    /// assert_eq!(event.reason_str(), Some("UNKNOWN_15"));
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    #[must_use]
    pub fn reason_str(&self) -> Option<&'a str> {
        match self.reason? {
            StreamClosureReason::Unrecognized => self.unrecognized_word(Keyword::Reason),
            known => Some(known.as_str()),
        }
    }

    /// Returns `REMOTE_REASON` as printed, without the space that tor prints before `UNKNOWN_`. `None` if the field is absent.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::StreamEventRef;
    ///
    /// let event = StreamEventRef::parse("9 CLOSED 3 a:80 REASON=END REMOTE_REASON=DONE")?;
    /// assert_eq!(event.remote_reason_str(), Some("DONE"));
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    #[must_use]
    pub fn remote_reason_str(&self) -> Option<&'a str> {
        match self.remote_reason? {
            StreamClosureReason::Unrecognized => self.unrecognized_word(Keyword::RemoteReason),
            known => Some(known.as_str()),
        }
    }

    /// Returns `SOURCE` as printed. `None` if the field is absent.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::StreamEventRef;
    ///
    /// let event = StreamEventRef::parse("9 REMAP 3 192.0.2.1:80 SOURCE=EXIT")?;
    /// assert_eq!(event.source_str(), Some("EXIT"));
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    #[must_use]
    pub fn source_str(&self) -> Option<&'a str> {
        match self.source? {
            StreamSource::Unrecognized => self.unrecognized_word(Keyword::Source),
            known => Some(known.as_str()),
        }
    }

    /// Returns `PURPOSE` as printed. `None` if the field is absent.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::StreamEventRef;
    ///
    /// let event = StreamEventRef::parse("9 NEW 0 a.onion:0 PURPOSE=UPLOAD_DESC")?;
    /// assert_eq!(event.purpose_str(), Some("UPLOAD_DESC"));
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    #[must_use]
    pub fn purpose_str(&self) -> Option<&'a str> {
        match self.purpose? {
            StreamPurpose::Unrecognized => self.unrecognized_word(Keyword::Purpose),
            known => Some(known.as_str()),
        }
    }

    /// Returns `CLIENT_PROTOCOL` as printed. `None` if the field is absent.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::StreamEventRef;
    ///
    /// let event = StreamEventRef::parse("9 SUCCEEDED 3 a.example:80 CLIENT_PROTOCOL=QUIC")?;
    /// assert_eq!(event.client_protocol_str(), Some("QUIC"));
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    #[must_use]
    pub fn client_protocol_str(&self) -> Option<&'a str> {
        match self.layout.client_protocol? {
            ClientProtocol::Unrecognized => self.unrecognized_word(Keyword::ClientProtocol),
            known => Some(known.as_str()),
        }
    }

    /// Returns the user name that the client sent (`SOCKS_USERNAME`). `None` if the field is absent or not a quoted
    /// string.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::StreamEventRef;
    ///
    /// let event = StreamEventRef::parse(r#"9 SUCCEEDED 3 a:80 SOCKS_USERNAME="a\"b""#)?;
    /// let name = event.socks_username().map(|name| name.escaped());
    /// assert_eq!(name, Some(r#"a\"b"#));
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    #[must_use]
    pub fn socks_username(&self) -> Option<Quoted<'a>> {
        self.layout.socks_username.map(|span| Quoted::new(self.content.span(span)))
    }

    /// Returns the password that the client sent (`SOCKS_PASSWORD`). `None` if the field is absent or not a quoted
    /// string.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::StreamEventRef;
    ///
    /// let event = StreamEventRef::parse(r#"9 SUCCEEDED 3 a:80 SOCKS_PASSWORD="\303\251""#)?;
    /// let password = event.socks_password().expect("a password");
    /// assert!(password.bytes().eq("é".bytes()));
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    #[must_use]
    pub fn socks_password(&self) -> Option<Quoted<'a>> {
        self.layout.socks_password.map(|span| Quoted::new(self.content.span(span)))
    }

    /// Returns the protocol that the client spoke to tor (`CLIENT_PROTOCOL`, from tor 0.4.3.1 on). `None` if the field is absent.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::{ClientProtocol, StreamEventRef};
    ///
    /// let event = StreamEventRef::parse("9 SUCCEEDED 3 a:80 CLIENT_PROTOCOL=SOCKS5")?;
    /// assert_eq!(event.client_protocol(), Some(ClientProtocol::Socks5));
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    #[inline]
    #[must_use]
    pub const fn client_protocol(&self) -> Option<ClientProtocol> {
        self.layout.client_protocol
    }

    /// Returns the number of NEWNYM signals that tor had received before the stream (`NYM_EPOCH`, from tor 0.4.3.1 on). `None` if the
    /// field is absent or not a number from 0 to 2^32 - 1; zeros may lead the number.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::StreamEventRef;
    ///
    /// let event = StreamEventRef::parse("9 SUCCEEDED 3 a:80 NYM_EPOCH=2")?;
    /// assert_eq!(event.nym_epoch(), Some(2));
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    #[inline]
    #[must_use]
    pub const fn nym_epoch(&self) -> Option<u32> {
        match self.layout.nym_epoch {
            Some(at) => Some(grammar::number_at(self.content(), at) as u32),
            None => None,
        }
    }

    /// Returns the listener or other source of the stream (`SESSION_GROUP`, from tor 0.4.3.1 on): -2 for a directory
    /// connection, -3 for a RESOLVE of the control port, -4 and below for listeners, or a listener's `SessionGroup` of 0 or
    /// more in `torrc`. `None` if the field is absent or not a number from -2^31 to 2^31 - 1; zeros may lead the number.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::StreamEventRef;
    ///
    /// let event = StreamEventRef::parse("9 SUCCEEDED 3 a:80 SESSION_GROUP=-4")?;
    /// assert_eq!(event.session_group(), Some(-4));
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    #[inline]
    #[must_use]
    pub const fn session_group(&self) -> Option<i32> {
        match self.layout.session_group {
            Some(at) => Some(grammar::number_at(self.content(), at) as i32),
            None => None,
        }
    }

    /// Iterates over the properties that keep the stream apart from others (`ISO_FIELDS`, from tor 0.4.3.1 on). Empty items of the
    /// list, such as one after a last comma, are left out. Empty if the field is absent or empty.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::{IsoField, StreamEventRef};
    ///
    /// let event = StreamEventRef::parse("9 SUCCEEDED 3 a:80 ISO_FIELDS=CLIENTADDR,NYM_EPOCH")?;
    /// assert!(event.iso_fields().eq([IsoField::ClientAddr, IsoField::NymEpoch]));
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    #[must_use]
    pub fn iso_fields(&self) -> IsoFields<'a> {
        IsoFields::new(self.iso_fields_str().unwrap_or_default())
    }

    /// Returns `ISO_FIELDS` as printed: a list with commas, which may be empty. `None` if the field is absent.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::StreamEventRef;
    ///
    /// let event = StreamEventRef::parse("9 SUCCEEDED 3 a:80 ISO_FIELDS=CLIENTADDR,NYM_EPOCH")?;
    /// assert_eq!(event.iso_fields_str(), Some("CLIENTADDR,NYM_EPOCH"));
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    #[must_use]
    pub fn iso_fields_str(&self) -> Option<&'a str> {
        self.layout.iso_fields.map(|span| self.content.span(span))
    }

    /// Returns the address in [`source_addr`](Self::source_addr): the text before its port, or all of it if there is no
    /// port. `None` if the field is absent.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::StreamEventRef;
    ///
    /// let event = StreamEventRef::parse("9 NEW 0 a:80 SOURCE_ADDR=::1:38528 PURPOSE=USER")?;
    /// assert_eq!(event.source_host(), Some("::1"));
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    #[must_use]
    pub fn source_host(&self) -> Option<&'a str> {
        let source_addr = self.source_addr?;
        let end = grammar::split_port(source_addr.as_bytes()).map_or(source_addr.len(), |(host, _)| host);
        source_addr.get(..end)
    }

    /// Returns the port in [`source_addr`](Self::source_addr). 0 for a unix socket. `None` if the field is absent or has no port, as
    /// where tor cut a socket's path.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::StreamEventRef;
    ///
    /// let event = StreamEventRef::parse("9 NEW 0 a:80 SOURCE_ADDR=::1:38528 PURPOSE=USER")?;
    /// assert_eq!(event.source_port(), Some(38528));
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    #[must_use]
    pub fn source_port(&self) -> Option<u16> {
        grammar::split_port(self.source_addr?.as_bytes()).map(|(_, port)| port)
    }

    /// Iterates over every keyword argument, key and value as printed, in the order of the line.
    ///
    /// Values keep their quotation marks, but not the space before `UNKNOWN_` in `REASON= UNKNOWN_15`. A key or value that is not
    /// UTF-8 is U+FFFD. Tokens without a key and a `=` are left out.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::StreamEventRef;
    ///
    /// let content = r#"5 CLOSED 3 a:80 REASON=DONE SOCKS_USERNAME="x y" ISO_FIELDS= NEW=1"#;
    /// let event = StreamEventRef::parse(content)?;
    /// let name = ("SOCKS_USERNAME", "\"x y\"");
    /// assert!(event.args().eq([("REASON", "DONE"), name, ("ISO_FIELDS", ""), ("NEW", "1")]));
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    #[must_use]
    pub const fn args(&self) -> Args<'a> {
        Args::new(self.content, self.layout.target_end, self.layout.known_ends())
    }

    /// Returns the value of the keyword argument with this key, as printed; the last one if the key is repeated. `None` if the event
    /// has no such argument.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::StreamEventRef;
    ///
    /// let event = StreamEventRef::parse("9 CLOSED 3 a:80 REASON=END REMOTE_REASON=DONE")?;
    /// assert_eq!(event.arg("REMOTE_REASON"), Some("DONE"));
    /// assert_eq!(event.arg("NEW_FIELD"), None);
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    #[must_use]
    pub fn arg(&self, key: &str) -> Option<&'a str> {
        self.args().filter(|&(name, _)| name == key).last().map(|(_, value)| value)
    }

    /// Returns the address and the relay of a target that names its exit: `192.0.2.4` and `$<40 hex>` of the host
    /// `192.0.2.4.$<40 hex>.exit`.
    ///
    /// The relay is as printed: its nickname, or its fingerprint (40 hexadecimal digits, as a rule with a `$` before them, which
    /// `~` or `=` and a nickname may follow). The address may be a name, and is empty if the target is the relay itself
    /// (`nickname.exit`). `None` for any other target. A client chooses the target: the relay may not exist.
    ///
    /// # Examples
    ///
    /// ```
    /// use tor_stream_event::StreamEventRef;
    ///
    /// let relay = "$0123456789ABCDEF0123456789ABCDEF01234567";
    /// let content = format!("16 SUCCEEDED 5 192.0.2.4.{relay}.exit:9001");
    /// assert_eq!(StreamEventRef::parse(&content)?.exit_relay(), Some(("192.0.2.4", relay)));
    /// let event = StreamEventRef::parse("17 NEW 0 a.example.moria1.exit:80 PURPOSE=USER")?;
    /// assert_eq!(event.exit_relay(), Some(("a.example", "moria1")));
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    #[must_use]
    pub fn exit_relay(&self) -> Option<(&'a str, &'a str)> {
        // Not `rsplit_once('.')`: the compiler cannot remove its panic path.
        let split_last = |name: &'a str| {
            let dot = memchr::memrchr(b'.', name.as_bytes())?;
            Some((name.get(..dot)?, name.get(dot + 1..)?))
        };
        let (before_suffix, suffix) = split_last(self.target_host)?;
        let (address, relay) = split_last(before_suffix).unwrap_or(("", before_suffix));
        (suffix.eq_ignore_ascii_case("exit") && grammar::is_relay(relay.as_bytes())).then_some((address, relay))
    }

    /// Returns the value of `keyword` as printed: the text of a word without a variant.
    #[cold]
    fn unrecognized_word(&self, keyword: Keyword) -> Option<&'a str> {
        self.arg(keyword.as_str())
    }
}
