//! Identities: the values by which tor keeps the streams of one client apart.
//!
//! tor lets streams share a circuit only if they agree in every field that one of them has in its `ISO_FIELDS`. The
//! values of those fields are a stream's identity. Not every event has them all: tor prints a client's address and the
//! original target with NEW only, and a log may begin later, or come from a tor that prints no credentials. An unknown
//! value neither joins two identities nor separates them. Streams with different `ISO_FIELDS` have different identities.
//!
//! - [`facts`]: the values of each field that a stream's events have, as hashes
//! - [`table`]: the identities of a run, and the search for that of a stream

mod facts;
mod table;

pub(crate) use self::facts::{FIELDS, FactSource, Fields, IdentityFacts};
pub(crate) use self::table::Identities;
