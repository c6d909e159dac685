//! Streams and failures by time.

use core::ops::AddAssign;

use serde::{Deserialize, Serialize};

/// The streams that began in a step of time.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Activity {
    /// Number of streams.
    pub(crate) streams: u64,
    /// Number of those that failed, then or later.
    pub(crate) failed: u64,
}

impl AddAssign for Activity {
    fn add_assign(&mut self, other: Self) {
        self.streams += other.streams;
        self.failed += other.failed;
    }
}
