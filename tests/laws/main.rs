//! Laws for any line: agreement of every path, tor's printer read back, and work that is linear.

#[path = "../common/mod.rs"]
mod common;

mod linear;
mod linear_logs;
mod printer;
mod properties;
