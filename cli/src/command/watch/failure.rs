//! Why a connection is over.

use std::io;

/// Why a connection is over. No message holds a secret, or text that the other end sent.
pub(crate) enum Failure {
    /// Ctrl-C or SIGTERM came.
    Stopped,
    /// There is no connection, or no more. The next attempt may have one.
    Lost(String),
    /// Another attempt would end in the same way.
    Fatal(String),
    /// The output cannot be written.
    Output(io::Error),
}

impl Failure {
    /// Returns the failure of a connection.
    pub(crate) fn lost(error: impl ToString) -> Self {
        Self::Lost(error.to_string())
    }

    /// Returns the failure that no other attempt can mend.
    pub(crate) fn fatal(message: impl Into<String>) -> Self {
        Self::Fatal(message.into())
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}
