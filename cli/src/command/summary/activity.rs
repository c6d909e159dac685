//! Streams and failures by time.

use core::ops::AddAssign;

use serde::de::{Deserialize, Deserializer, Error};

/// The streams that began in a step of time.
#[derive(Clone, Copy, Debug, Default, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Activity {
    /// Number of streams.
    #[serde(deserialize_with = "number")]
    pub(crate) streams: u64,
    /// Number of those that failed, then or later.
    #[serde(deserialize_with = "number")]
    pub(crate) failed: u64,
}

/// Decodes a number of streams that sums of such numbers do not exceed the type with.
fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let number = u64::deserialize(deserializer)?;
    if number > 1 << 53 { Err(D::Error::custom("a number of streams is too large")) } else { Ok(number) }
}

impl AddAssign for Activity {
    fn add_assign(&mut self, other: Self) {
        self.streams += other.streams;
        self.failed += other.failed;
    }
}
