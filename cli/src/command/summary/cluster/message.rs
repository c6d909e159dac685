//! The messages of members to process 0, as JSON. The messages of process 0 are in [`agreement`](super::agreement); only the last
//! one, [`DONE`](super::member::DONE), is not.

use serde::{Deserialize, Serialize};

use super::super::mergeable::{EndOfLogs, LogTally, OverflowGuard, Settings};
use super::agreement::SeenFiles;
use super::range::{MAX_RANGE_MESSAGE, SentRange};

/// A message of a member. The tallies and the ranges come in the order of the files.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum MemberMessage {
    /// Files of the offer that the member sees.
    Seen(SeenFiles),
    /// The next of the member's ranges; `None` if it is left to process 0.
    Range(Option<Box<SentRange>>),
    /// Tally of a file that the member has read alone.
    Log(Box<LogTally>),
    /// End of the member's share.
    End(EndOfLogs),
}

/// Returns the maximum length of a message in bytes: that of a log's tally or of a range, whichever is greater.
pub(super) fn max_len(settings: &Settings) -> u64 {
    settings.line_limit().max(MAX_RANGE_MESSAGE as u64)
}

/// Parses a message, and checks it, so that no member can make process 0 overflow a number, or keep more rows than `--max-live`.
/// `guard` has the bounds of all tallies so far.
///
/// # Errors
///
/// The reason, without text of the message.
pub(super) fn parse(bytes: &[u8], settings: &Settings, guard: &mut OverflowGuard) -> Result<MemberMessage, String> {
    let mut message = serde_json::from_slice(bytes).map_err(|error| format!("damaged in column {}", error.column()))?;
    match &mut message {
        MemberMessage::Log(log) => log.check(settings.max_live, guard)?,
        MemberMessage::Range(Some(_)) if bytes.len() > MAX_RANGE_MESSAGE => return Err("too long".into()),
        MemberMessage::Range(Some(range)) => range.check(guard)?,
        MemberMessage::Seen(_) | MemberMessage::Range(None) | MemberMessage::End(_) => {}
    }
    Ok(message)
}
