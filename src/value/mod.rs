//! The values that an event is made of.

pub(crate) mod args;
pub(crate) mod id;
mod iso;
mod quoted;
mod redacted;

pub use self::args::Args;
pub use self::id::{CircuitId, StreamId};
pub use self::iso::IsoFields;
pub use self::quoted::{Quoted, QuotedBytes};
pub use self::redacted::Redacted;
