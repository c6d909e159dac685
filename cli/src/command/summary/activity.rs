//! The streams that began in one step of time, and those of them that failed.

use core::ops::AddAssign;

use serde::de::{Deserialize, Deserializer, Error};

/// The streams that began in a step of time.
#[derive(Clone, Copy, Debug, Default, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Activity {
    /// Number of streams.
    #[serde(deserialize_with = "bounded_number")]
    pub(crate) streams: u64,
    /// Number of those streams that failed, in this step or a later one.
    #[serde(deserialize_with = "bounded_number")]
    pub(crate) failed: u64,
}

/// Deserializes a number of streams, which is at most 2^53: so 2,000 such numbers can be added up in 64 bits.
fn bounded_number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let number = u64::deserialize(deserializer)?;
    if number > 1 << 53 { Err(D::Error::custom("a number of streams is too large")) } else { Ok(number) }
}

impl AddAssign for Activity {
    fn add_assign(&mut self, other: Self) {
        self.streams += other.streams;
        self.failed += other.failed;
    }
}
