//! The streams that began in one step of a [timeline](crate::command::timeline), and those of them that failed.

use core::ops::AddAssign;

/// The streams that began in a step of time.
#[derive(Clone, Copy, Debug, Default, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Activity {
    /// Number of streams.
    pub(crate) streams: u64,
    /// Number of those streams that failed, in this step or a later one.
    pub(crate) failed: u64,
}

impl AddAssign for Activity {
    fn add_assign(&mut self, other: Self) {
        self.streams += other.streams;
        self.failed += other.failed;
    }
}
