//! The lines that are measured, and what is done with them, for every benchmark of this project.
#![allow(dead_code, reason = "no benchmark uses all of it")]

pub(crate) mod corpus;
pub(crate) mod reading;
