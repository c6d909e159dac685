//! The numbers of streams that began in a step of a [timeline](crate::command::timeline), and that failed.

use core::ops::AddAssign;

/// The numbers of streams that began in a step of a timeline, and that failed.
#[derive(Clone, Copy, Debug, Default, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Activity {
    /// Number of streams that began in the step.
    pub(crate) streams: u64,
    /// Number of these that failed, in whatever step.
    pub(crate) failed: u64,
}

impl AddAssign for Activity {
    fn add_assign(&mut self, other: Self) {
        self.streams += other.streams;
        self.failed += other.failed;
    }
}
