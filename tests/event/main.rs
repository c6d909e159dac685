//! One event: which lines are one, what their fields are, and the values in them.

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
