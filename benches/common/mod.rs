//! Inputs of the benchmarks, and the reading of every field, which all of them share.
#![allow(dead_code, reason = "no benchmark uses all of it")]

pub(crate) mod corpus;
pub(crate) mod reading;
