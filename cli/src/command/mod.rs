//! The commands: each reads events of the inputs, and prints its own result.

pub(crate) mod check;
pub(crate) mod circuits;
pub(crate) mod count;
pub(crate) mod events;
pub(crate) mod identity;
pub(crate) mod life;
pub(crate) mod lives;
pub(crate) mod merge;
pub(crate) mod note;
pub(crate) mod options;
pub(crate) mod plot;
pub(crate) mod share;
pub(crate) mod streams;
pub(crate) mod summary;
pub(crate) mod timeline;
pub(crate) mod watch;
