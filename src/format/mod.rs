//! The grammar of an event's text: keywords, values, and the searches that find their ends.
//!
//! The event, its values and the parser use this module, which depends on none of them.
//!
//! An index into a line is a `u32`: a content has at most [`MAX_CONTENT_LEN`] bytes, so that an index plus the length of a field
//! never overflows. With `usize` each range would need a second comparison, and an event would be a fifth larger.
//!
//! Functions of the fast path are marked `cfg_attr(feature = "std", inline(always))`: inlined where speed counts, and called
//! on small devices, which have no `std`. Without the marks the compiler calls half of them, for 5 % more instructions an
//! event. With `inline(always)` on devices too, the library would be half as large again there.

pub(crate) mod content;
pub(crate) mod grammar;
pub(crate) mod keyword;
pub(crate) mod scan;
pub(crate) mod spelling;
#[cfg(test)]
mod tests;

/// The reply code and event name before an event's content in its line.
pub(crate) const STREAM_REPLY: &[u8] = b"650 STREAM ";

/// Maximum length of an event's content in bytes: 2 GiB less one. tor prints a few KB.
pub(crate) const MAX_CONTENT_LEN: usize = i32::MAX as usize;
