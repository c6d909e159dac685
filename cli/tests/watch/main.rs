//! The command `watch`: the built program at the control port of a real tor, and at one that the test plays.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a helper that fails fails its test")]

// The helpers: a control port that the test plays, the running tool, and a running tor.
mod peer;
mod program;
mod tor;

// The tests with a control port that the test plays.
mod authentication;
mod output;
mod replies;
mod unread;

// The tests with a real tor.
mod with_tor;
