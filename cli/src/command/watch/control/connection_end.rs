//! Reasons for the end of a connection to tor.

use std::io;

/// The reason for the end of a connection. Its message holds no secret, and of the other end's text only the code of a reply and
/// the path of the cookie, escaped.
pub(crate) enum ConnectionEnd {
    /// Ctrl-C or SIGTERM.
    Stopped,
    /// A failed or lost connection. The next attempt may succeed.
    Lost(String),
    /// A failure that another attempt would repeat.
    Fatal(String),
    /// A failed write to the output.
    Output(io::Error),
}

impl ConnectionEnd {
    /// Returns a failure after which another attempt may succeed.
    pub(crate) fn lost(error: impl ToString) -> Self {
        Self::Lost(error.to_string())
    }

    /// Returns a failure that another attempt would repeat.
    pub(crate) fn fatal(message: impl Into<String>) -> Self {
        Self::Fatal(message.into())
    }
}

/// Errors that `?` converts are those of the output. An error of the connection becomes [`Lost`](ConnectionEnd::Lost) only by a
/// call of [`lost`](ConnectionEnd::lost).
impl From<io::Error> for ConnectionEnd {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}
