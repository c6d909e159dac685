//! Messages to process 0, as JSON.

use serde::{Deserialize, Serialize};

use super::super::mergeable::{EndOfLogs, LogTally, OverflowGuard, Settings};
use super::agreement::Seen;
use super::range::{LONGEST, SentRange};

/// A message to process 0. Each process sends those about its files in the order of the files.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Message {
    /// Files of an offer that the process sees.
    Seen(Seen),
    /// The next of the process's ranges; `None` if it is left to process 0.
    Range(Option<Box<SentRange>>),
    /// Tally of a file.
    Log(Box<LogTally>),
    /// End of the process's share.
    End(EndOfLogs),
}

/// Returns the message in some bytes, checked so that it cannot do harm.
///
/// # Errors
///
/// The reason, without text of the message.
pub(super) fn parse(bytes: &[u8], settings: &Settings, sum: &mut OverflowGuard) -> Result<Message, String> {
    let mut message = serde_json::from_slice(bytes).map_err(|error| format!("damaged in column {}", error.column()))?;
    match &mut message {
        Message::Log(log) => log.check(settings.max_live, sum)?,
        Message::Range(Some(_)) if bytes.len() > LONGEST => return Err("too long".into()),
        Message::Range(Some(range)) => range.check(sum)?,
        Message::Seen(_) | Message::Range(None) | Message::End(_) => {}
    }
    Ok(message)
}
