//! The grammar of an event's text: keywords, values, and the searches that find their ends.
//!
//! The event, its values and the parser all rest on this; nothing here knows them.

pub(crate) mod grammar;
pub(crate) mod keyword;
pub(crate) mod scan;
pub(crate) mod text;
