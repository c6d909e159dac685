//! The grammar of an event's text: keywords, values, and the searches that find their ends.
//!
//! The event, its values and the parser use this module, which depends on none of them.
//!
//! An index into a line is a `u32`, since a content is shorter than [`MAX_LEN`]. No sum of an index and a length overflows:
//! one comparison checks a range, and an event is a sixth smaller.
//!
//! Functions of the fast path are marked `cfg_attr(feature = "std", inline(always))`: inlined where speed counts, and called
//! on small devices, which have no `std`. Without the marks the compiler calls half of them, for 5 % more instructions an
//! event; with `inline(always)` everywhere the library is half as large again.

pub(crate) mod grammar;
pub(crate) mod keyword;
pub(crate) mod scan;
pub(crate) mod spelling;
#[cfg(test)]
mod tests;
pub(crate) mod text;

/// Maximum length of an event's content in bytes: 2 GiB less one. tor prints a few KB.
pub(crate) const MAX_LEN: usize = i32::MAX as usize;
