//! The grammar of an event: its text, keywords and values, and the searches that find where they end.
//!
//! - [`content`]: the text of an event
//! - [`keyword`]: the keywords that tor prints, in its order (`crate::word` has the words)
//! - [`grammar`]: where a value of each kind ends, and whether a text is such a value
//! - [`scan`], [`spelling`]: fast searches, for single bytes and for one word of a list
//!
//! Terms, by the line `650 STREAM 9 CLOSED 3 a.test:80 REASON=DONE FOO=1`:
//!
//! - the *content* is the text after `650 STREAM `, the *header* is its first three fields, `9 CLOSED 3`
//! - the *target* is `a.test:80`: a *host* and a *port*
//! - each *field* after the target is a *key* and a *value*; a *keyword* is a key that a known tor prints, such as `REASON`; the public
//!   documents call another key, such as `FOO`, an unknown keyword
//! - `CLOSED` and `DONE` are *words*, and may have a *variant* in an enum of `crate::word`
//! - a *token* is any text without a space
//! - a *plain* target is one in which [`scan::not_plain`] finds nothing: no space, for example
//!
//! Functions here and in `crate::parse` take a content as `&[u8]`, and indexes into it. The event, its values and the parser use
//! this module, which depends on none of them.
//!
//! An index into a content is a `u32`. A content has at most [`MAX_CONTENT_LEN`] bytes, so that an index plus the length of a
//! field never overflows: one comparison shows that a range is within the content. With `usize` that would take two, and an event
//! would be a fifth larger.
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
