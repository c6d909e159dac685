//! Laws for any line: agreement of every path (`properties.rs`), tor's printer read back (`printer.rs`), and work that is linear
//! (`linear.rs`). `common/mod.rs` says what a path is.

#[path = "../common/mod.rs"]
mod common;

mod linear;
mod linear_logs;
mod printer;
mod properties;
