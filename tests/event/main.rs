//! A single event: which lines are events, with which fields and values.

#[path = "../common/mod.rs"]
mod common;

mod accept;
mod auto_traits;
mod ids;
mod lenient;
mod pair;
mod quoted;
mod reject;
mod secrets;
mod tokens;
