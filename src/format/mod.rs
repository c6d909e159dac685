//! The grammar of an event: its text, keywords and values, and the searches that find where they end.
//!
//! - [`content`]: the text of an event
//! - [`keyword`]: the keywords that tor prints, in its order (`crate::word` has the words)
//! - [`grammar`]: where a value of each kind ends, and whether a text is such a value
//! - [`scan`], [`spelling`]: fast searches, for single bytes and for one word of a list
//!
//! Terms, by the line `650 STREAM 9 CLOSED 3 a.test:80 REASON=DONE FOO=1`: its *content* is the text after `650 STREAM `, the
//! *target* is `a.test:80`, each *field* after it is a *keyword* and a *value*. `CLOSED` and `DONE` are *words*; `FOO` is a *key*
//! that no tor prints. A *token* is any text without a space.
//!
//! The event, its values and the parser use this module, which depends on none of them.
//!
//! An index into a content is a `u32`: a content has at most [`MAX_CONTENT_LEN`] bytes, so that an index plus the length of a
//! field never overflows. With `usize` each range would need a second comparison, and an event would be a fifth larger.
//!
//! Functions of the fast path are marked `cfg_attr(feature = "std", inline(always))`: inlined where speed counts, and called
//! on small devices, which have no `std`. Without the mark the compiler inlines half of them, and an event takes 5 % more
//! instructions. With the mark on devices too, the library would be half as large again there.

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
