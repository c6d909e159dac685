//! The command `watch`: the built program at the control port of a real tor, and at one that the test plays.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a helper that fails fails its test")]

mod authentication;
mod output;
mod peer;
mod program;
mod replies;
mod tor;
mod unread;
mod with_tor;
