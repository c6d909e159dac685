//! The commands: each reads events of the inputs, and prints its own result.
//!
//! - [`events`], [`share`]: events; [`streams`], [`count`], [`circuits`], [`plot`], [`summary`]: streams; [`merge`]:
//!   summaries; [`watch`]: the events of a running tor
//! - [`lives`]: the streams of logs, for the commands that print or count them; [`note`]: facts that these commands keep of each
//!   event; [`life`]: facts that they print of a stream; [`identity`]: which streams tor may put on one circuit; [`order`]: signs that
//!   a log is not in order
//! - [`options`]: options of several commands; [`list_form`]: lists in their rows; [`timeline`]: counts by time

pub(crate) mod circuits;
pub(crate) mod count;
pub(crate) mod events;
pub(crate) mod identity;
pub(crate) mod life;
pub(crate) mod list_form;
pub(crate) mod lives;
pub(crate) mod merge;
pub(crate) mod note;
pub(crate) mod options;
pub(crate) mod order;
pub(crate) mod plot;
pub(crate) mod share;
pub(crate) mod streams;
pub(crate) mod summary;
pub(crate) mod timeline;
pub(crate) mod watch;
