//! Laws for any input: every path agrees (`properties.rs`; `common/mod.rs` says what a path is), events that tor prints are read back
//! (`printer.rs`), and the work is linear in the length of a line (`linear.rs`) and of a log (`linear_logs.rs`), as `growth.rs` measures it.

#[path = "../common/mod.rs"]
mod common;

mod growth;
mod linear;
mod linear_logs;
mod printer;
mod properties;
