//! The keywords that tor prints, in its order, and the statuses with which it prints each.

use super::scan;
use super::spelling::spelled;
use crate::word::StreamStatus;

/// Defines [`Keyword`] from one list. `$printed` is the name of a constant, the keyword's text as a field begins with it.
macro_rules! keywords {
    ($($(#[$meta:meta])* $variant:ident $printed:ident = $word:literal,)+) => {
        /// A keyword that tor prints, ordered as it prints them.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Keyword {
            $($(#[$meta])* $variant,)+
        }

        $(
            /// The keyword with the space before it and the `=` after it.
            pub(crate) const $printed: &[u8] = concat!(" ", $word, "=").as_bytes();
        )+

        impl Keyword {
            /// Returns the keyword with the spelling `key`. `None` for any other key.
            pub(crate) fn from_bytes(key: &[u8]) -> Option<Self> {
                // `of_start` looks for a `=` after the keyword: the filling is one.
                let (keyword, len) = Self::of_start(scan::sixteen_bytes(key, 0, b'='))?;
                (len as usize == key.len()).then_some(keyword)
            }

            /// Returns the keyword at the start of a text with these first 16 bytes, and its length without the `=` that has
            /// to follow. `None` if the text begins with no keyword and `=`. A caller fills a shorter text with spaces, or with
            /// `=` if a keyword at its end counts.
            #[cfg_attr(feature = "std", inline(always))]
            pub(crate) fn of_start(text: u128) -> Option<(Self, u32)> {
                spelled!(text, $($variant = $word before '=',)+)
            }

            /// Returns the keyword's spelling.
            ///
            /// Not inlined: this function compiles to a table look-up, but its code in a caller to jumps, which the processor
            /// cannot predict.
            #[inline(never)]
            pub(crate) const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }
    };
}

keywords! {
    /// Reason for the failure, close or detachment.
    Reason REASON = "REASON",
    /// Reason why the other end closed the stream.
    RemoteReason REMOTE_REASON = "REMOTE_REASON",
    /// Source of a new address.
    Source SOURCE = "SOURCE",
    /// Address that the client connects from.
    SourceAddr SOURCE_ADDR = "SOURCE_ADDR",
    /// Purpose of the stream.
    Purpose PURPOSE = "PURPOSE",
    /// The client's SOCKS user name.
    SocksUsername SOCKS_USERNAME = "SOCKS_USERNAME",
    /// The client's SOCKS password.
    SocksPassword SOCKS_PASSWORD = "SOCKS_PASSWORD",
    /// The protocol the client speaks.
    ClientProtocol CLIENT_PROTOCOL = "CLIENT_PROTOCOL",
    /// Number of NEWNYM signals that tor had received before the stream.
    NymEpoch NYM_EPOCH = "NYM_EPOCH",
    /// Number of the listener that the stream came through, or of another source.
    SessionGroup SESSION_GROUP = "SESSION_GROUP",
    /// Properties in which streams on one circuit may not differ.
    IsoFields ISO_FIELDS = "ISO_FIELDS",
}

impl Keyword {
    /// The four keywords that tor prints since 0.4.3.1: all of them in every event.
    pub(crate) const NEWER: [Self; 4] = [Self::ClientProtocol, Self::NymEpoch, Self::SessionGroup, Self::IsoFields];

    /// Returns `true` if tor prints this keyword with `status`.
    ///
    /// An unknown status may have any keyword but `SOURCE_ADDR`. A client could forge that one: after a host that ends with
    /// ` SOURCE_ADDR=x` tor prints `:` and the port, and the field is complete. With `NEW` and `NEWRESOLVE` tor prints its own
    /// `SOURCE_ADDR` after that, and so shows that the first one is the client's.
    pub(crate) const fn belongs_to(self, status: StreamStatus) -> bool {
        use StreamStatus as S;
        match self {
            Self::Reason => matches!(status, S::Failed | S::Closed | S::Detached | S::Remap | S::Unrecognized),
            Self::RemoteReason => matches!(status, S::Failed | S::Closed | S::Detached | S::Unrecognized),
            Self::Source => matches!(status, S::Remap | S::Unrecognized),
            Self::SourceAddr => matches!(status, S::New | S::NewResolve),
            Self::Purpose => matches!(status, S::New | S::NewResolve | S::Unrecognized),
            _ => true,
        }
    }
}
