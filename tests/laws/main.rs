//! Laws for any input.
//!
//! | file | law |
//! |---|---|
//! | `properties.rs` | Every path agrees (`common/mod.rs` says what a path is). |
//! | `printer.rs` | An event that tor prints is read back. |
//! | `linear.rs`, `linear_logs.rs` | The work is linear in the length of a line, and of a log. `growth.rs` measures it. |

#[path = "../common/mod.rs"]
mod common;

mod growth;
mod linear;
mod linear_logs;
mod printer;
mod properties;
