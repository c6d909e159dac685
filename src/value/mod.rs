//! Values of an event that have types of their own: [`args`] (keyword arguments), [`id`] (stream and circuit IDs), [`iso`] (isolation
//! fields), [`quoted`] (credentials). [`redacted`] is any text of an event without credentials.

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
