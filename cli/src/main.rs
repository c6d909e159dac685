//! Reads Tor STREAM events out of logs.

fn main() {}
