//! A single event: which lines are events, with which fields and values.
//!
//! | file | question |
//! |---|---|
//! | `accept.rs`, `reject.rs`, `lenient.rs` | Which lines are events, which are errors, and which are events only if they are read leniently? |
//! | `tokens.rs`, `ids.rs`, `quoted.rs` | Which texts are words, IDs and quoted strings, and which values do they have? |
//! | `pair.rs` | Do the borrowed and the owned form of an event agree? |
//! | `secrets.rs` | Is a credential in any output where it should not be? |
//! | `auto_traits.rs` | Which traits and sizes do the types have? |

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
