//! The words of the protocol: each is spelled once, in the list of its enum.

use crate::error::{Error, ErrorKind, Field, ProtocolError};
use crate::format::scan;
use crate::format::spelling::spelled;

/// An enum of protocol words. Its functions find the variant of a word in text that need not be UTF-8.
pub(crate) trait WordEnum: Copy + PartialEq {
    /// Delimiter after a word: a space, or a comma in lists.
    const DELIMITER: char;

    /// The variant for words without one of their own.
    const UNRECOGNIZED: Self;

    /// Returns the variant and the length of the word at the start of a text with these first 16 bytes. `None` if no word with a
    /// variant, and [`DELIMITER`](Self::DELIMITER) after it, is there. Callers fill text of fewer bytes with the delimiter, so that
    /// a word at its end is found.
    fn of_start(text: u128) -> Option<(Self, u32)>;

    /// Returns the word as tor prints it.
    #[cfg(feature = "serde")]
    fn as_str(self) -> &'static str;

    /// Returns the variant of the word from `start` to `end` of `text`, which [`DELIMITER`](Self::DELIMITER) or the end of the text
    /// follows. `None` if the word has no variant.
    fn of_range(text: &[u8], start: u32, end: u32) -> Option<Self> {
        let (variant, len) = Self::of_start(scan::sixteen_bytes(text, start, Self::DELIMITER as u8))?;
        (start + len == end).then_some(variant)
    }

    /// Returns the variant of a word. `None` if the word has none.
    fn from_bytes(word: &[u8]) -> Option<Self> {
        Self::of_range(word, 0, word.len().try_into().ok()?)
    }
}

/// Defines an enum of words, and everything that follows from their spelling, from one list. `$field` is the [`Field`] that an
/// error about a word names, `$delimiter` the character after a word that is not the last one. A word with its delimiter has 4 to 16
/// bytes, as [`spelled`] demands.
macro_rules! word_enum {
    (
        $(#[$meta:meta])*
        pub enum $name:ident: $field:ident before $delimiter:literal {
            $($(#[$variant_meta:meta])* $variant:ident = $word:literal,)+
        }
    ) => {
        $(#[$meta])*
        ///
        /// A word without a variant in this version is `Unrecognized`. Code that waits for such a word should compare the
        /// text that the event keeps beside it: a later version may give the word a variant.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[cfg_attr(feature = "defmt", derive(defmt::Format))]
        #[non_exhaustive]
        pub enum $name {
            $(
                $(#[$variant_meta])*
                #[doc = concat!("\n\nPrinted as `", $word, "`.")]
                $variant,
            )+
            /// Any other word. The event keeps its text.
            Unrecognized,
        }

        impl $name {
            /// Every word that has a variant, in the order of the specification.
            ///
            /// # Examples
            ///
            /// ```
            #[doc = concat!("use tor_stream_event::", stringify!($name), ";")]
            ///
            #[doc = concat!("for &word in ", stringify!($name), "::ALL {")]
            #[doc = concat!("    assert_eq!(", stringify!($name), "::from_word(word.as_str()), Some(word));")]
            /// }
            /// ```
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Returns the word as tor prints it; `"UNRECOGNIZED"`, which tor never prints, for `Unrecognized`.
            ///
            /// # Examples
            ///
            /// ```
            #[doc = concat!("use tor_stream_event::", stringify!($name), ";")]
            ///
            #[doc = concat!("let first = ", stringify!($name), "::ALL[0];")]
            /// assert_eq!(first.as_str(), first.to_string());
            #[doc = concat!("assert_eq!(", stringify!($name), "::Unrecognized.as_str(), \"UNRECOGNIZED\");")]
            /// ```
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                    Self::Unrecognized => "UNRECOGNIZED",
                }
            }

            /// Returns the variant of a word, or `None` if the word has none. Case matters, as it does to tor.
            ///
            /// # Examples
            ///
            /// ```
            #[doc = concat!("use tor_stream_event::", stringify!($name), ";")]
            ///
            #[doc = concat!("assert_eq!(", stringify!($name), "::from_word(\"A_NEW_WORD\"), None);")]
            /// ```
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                Self::from_bytes(word.as_bytes())
            }
        }

        impl core::str::FromStr for $name {
            type Err = Error;

            /// Returns the variant of a word, as [`from_word`](Self::from_word) does.
            ///
            /// # Errors
            ///
            /// [`Error::Protocol`] if the word is not in [`ALL`](Self::ALL): `Unrecognized` would lose its text.
            fn from_str(word: &str) -> Result<Self, Error> {
                Self::from_word(word).ok_or_else(|| {
                    let bytes = word.as_bytes();
                    match bytes {
                        [] => ProtocolError::new(ErrorKind::Missing(Field::$field), bytes, 0).into(),
                        _ => ProtocolError::unknown_word(Field::$field, bytes, 0).into(),
                    }
                })
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                self.as_str()
            }
        }

        impl WordEnum for $name {
            const DELIMITER: char = $delimiter;
            const UNRECOGNIZED: Self = Self::Unrecognized;

            // See `crate::format` on inlining.
            #[cfg_attr(feature = "std", inline(always))]
            fn of_start(text: u128) -> Option<(Self, u32)> {
                spelled!(text, $($variant = $word before $delimiter,)+)
            }

            #[cfg(feature = "serde")]
            fn as_str(self) -> &'static str {
                self.as_str()
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

word_enum! {
    /// The status of a stream event.
    ///
    /// ```
    /// use tor_stream_event::StreamStatus;
    ///
    /// let status: StreamStatus = "XOFF_SENT".parse()?;
    /// assert_eq!(status, StreamStatus::XoffSent);
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    pub enum StreamStatus: StreamStatus before ' ' {
        /// A client asks for a new connection.
        New = "NEW",
        /// A client asks for an address to be looked up.
        NewResolve = "NEWRESOLVE",
        /// The target's address was replaced by another one.
        Remap = "REMAP",
        /// A connect cell was sent along a circuit.
        SentConnect = "SENTCONNECT",
        /// A resolve cell was sent along a circuit.
        SentResolve = "SENTRESOLVE",
        /// The stream is open, or its look-up was answered.
        Succeeded = "SUCCEEDED",
        /// The stream failed and will not be tried again.
        Failed = "FAILED",
        /// The stream is closed.
        Closed = "CLOSED",
        /// The stream was detached from its circuit and may be tried on another one.
        Detached = "DETACHED",
        /// The stream waits for a controller to attach it to a circuit.
        ControllerWait = "CONTROLLER_WAIT",
        /// This end asked the other one to stop sending.
        XoffSent = "XOFF_SENT",
        /// The other end asked this one to stop sending.
        XoffRecv = "XOFF_RECV",
        /// This end asked the other one to send again.
        XonSent = "XON_SENT",
        /// The other end asked this one to send again.
        XonRecv = "XON_RECV",
    }
}

word_enum! {
    /// The reason why a stream failed, closed or was detached (`REASON` and `REMOTE_REASON`).
    ///
    /// Where tor has no word for a reason, it prints `UNKNOWN_` and the number of the reason, mostly after a space:
    /// `REASON= UNKNOWN_15`. The reason is then `Unrecognized`, and its text is `UNKNOWN_15`.
    ///
    /// ```
    /// use tor_stream_event::StreamClosureReason;
    ///
    /// let reason: StreamClosureReason = "NOROUTE".parse()?;
    /// assert_eq!(reason, StreamClosureReason::NoRoute);
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    pub enum StreamClosureReason: Reason before ' ' {
        /// A cause that no other reason names.
        Misc = "MISC",
        /// The host name could not be resolved.
        ResolveFailed = "RESOLVEFAILED",
        /// The target refused the connection.
        ConnectRefused = "CONNECTREFUSED",
        /// The exit's policy forbids the target.
        ExitPolicy = "EXITPOLICY",
        /// The circuit was destroyed.
        Destroy = "DESTROY",
        /// The connection was closed in order.
        Done = "DONE",
        /// The connection timed out.
        Timeout = "TIMEOUT",
        /// There is no route to the target.
        NoRoute = "NOROUTE",
        /// The relay hibernates.
        Hibernating = "HIBERNATING",
        /// An internal error of tor.
        Internal = "INTERNAL",
        /// The relay has no resources left.
        ResourceLimit = "RESOURCELIMIT",
        /// The connection was reset.
        ConnReset = "CONNRESET",
        /// The Tor protocol was violated.
        TorProtocol = "TORPROTOCOL",
        /// Directory information was asked of a relay that has none.
        NotDirectory = "NOTDIRECTORY",
        /// The other end closed the stream; `REMOTE_REASON` has the reason.
        End = "END",
        /// The target is a private address.
        PrivateAddr = "PRIVATE_ADDR",
        /// The stream could not be attached to a circuit. Not in the specification, but printed by tor.
        CantAttach = "CANT_ATTACH",
        /// The network cannot be reached. Not in the specification, but printed by tor.
        NetUnreachable = "NET_UNREACHABLE",
        /// The client violated the SOCKS protocol. Not in the specification, but printed by tor.
        SocksProtocol = "SOCKS_PROTOCOL",
        /// The client violated the HTTP protocol. Not in the specification, but printed by tor.
        HttpProtocol = "HTTP_PROTOCOL",
    }
}

word_enum! {
    /// The source of a [`Remap`](StreamStatus::Remap)'s new address (`SOURCE`).
    ///
    /// ```
    /// use tor_stream_event::StreamSource;
    ///
    /// let source: StreamSource = "EXIT".parse()?;
    /// assert_eq!(source, StreamSource::Exit);
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    pub enum StreamSource: Source before ' ' {
        /// This tor's own cache.
        Cache = "CACHE",
        /// The exit relay.
        Exit = "EXIT",
    }
}

word_enum! {
    /// The purpose of a stream (`PURPOSE`).
    ///
    /// ```
    /// use tor_stream_event::StreamPurpose;
    ///
    /// let purpose: StreamPurpose = "DIR_FETCH".parse()?;
    /// assert_eq!(purpose, StreamPurpose::DirFetch);
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    pub enum StreamPurpose: Purpose before ' ' {
        /// Fetching directory information.
        DirFetch = "DIR_FETCH",
        /// Uploading directory information.
        DirUpload = "DIR_UPLOAD",
        /// Looking up an address.
        DnsRequest = "DNS_REQUEST",
        /// Testing whether this relay's own directory port can be reached.
        DirportTest = "DIRPORT_TEST",
        /// Traffic of a user.
        User = "USER",
    }
}

word_enum! {
    /// The protocol that the client spoke to tor (`CLIENT_PROTOCOL`).
    ///
    /// ```
    /// use tor_stream_event::ClientProtocol;
    ///
    /// let protocol: ClientProtocol = "SOCKS5".parse()?;
    /// assert_eq!(protocol, ClientProtocol::Socks5);
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    pub enum ClientProtocol: ClientProtocol before ' ' {
        /// SOCKS 4 and 4a.
        Socks4 = "SOCKS4",
        /// SOCKS 5.
        Socks5 = "SOCKS5",
        /// A transparently redirected connection.
        Trans = "TRANS",
        /// A connection redirected by natd.
        Natd = "NATD",
        /// A DNS request.
        Dns = "DNS",
        /// An HTTP CONNECT tunnel.
        HttpConnect = "HTTPCONNECT",
        /// A request for metrics.
        Metrics = "METRICS",
        /// tor's own word for a protocol that it does not know, and for its own streams.
        Unknown = "UNKNOWN",
    }
}

word_enum! {
    /// A property that keeps streams on separate circuits when they differ in it (an item of `ISO_FIELDS`).
    ///
    /// The specification allows the name of any field here: tor may print items without a variant.
    ///
    /// ```
    /// use tor_stream_event::IsoField;
    ///
    /// let field: IsoField = "DESTPORT".parse()?;
    /// assert_eq!(field, IsoField::DestPort);
    /// # Ok::<(), tor_stream_event::Error>(())
    /// ```
    pub enum IsoField: IsoField before ',' {
        /// The target's port.
        DestPort = "DESTPORT",
        /// The target's address.
        DestAddr = "DESTADDR",
        /// The client's SOCKS user name.
        SocksUsername = "SOCKS_USERNAME",
        /// The client's SOCKS password.
        SocksPassword = "SOCKS_PASSWORD",
        /// The protocol that the client speaks.
        ClientProtocol = "CLIENT_PROTOCOL",
        /// The client's address.
        ClientAddr = "CLIENTADDR",
        /// The client's port.
        ClientPort = "CLIENTPORT",
        /// The listener that the stream came through.
        SessionGroup = "SESSION_GROUP",
        /// The number of NEWNYM signals that tor had received before the stream.
        NymEpoch = "NYM_EPOCH",
    }
}
