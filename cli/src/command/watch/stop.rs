//! Detection of a request, by the user or the system, to end the program.

use alloc::sync::Arc;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::io;
use std::thread;
use std::time::Instant;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// Polling interval of the stop flag: short enough that the program seems to end at once.
pub(crate) const TICK: Duration = Duration::from_millis(100);

/// A flag that Ctrl-C or SIGTERM sets.
#[derive(Clone)]
pub(crate) struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Handles Ctrl-C and SIGTERM from now on. A second signal ends the program at once, with status 1, in case the program
    /// still waits after the first, such as for a reader of the output.
    pub(crate) fn install() -> io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM] {
            // The handler that ends the program is registered first, and so runs first: at the first signal it finds the flag
            // unset.
            flag::register_conditional_shutdown(signal, 1, Arc::clone(&stop))?;
            flag::register(signal, Arc::clone(&stop))?;
        }
        Ok(Self(stop))
    }

    /// Returns `true` after a signal.
    pub(crate) fn is_wanted(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Waits for a time, or until a signal comes.
    pub(crate) fn sleep(&self, time: Duration) {
        let end = Instant::now() + time;
        while !self.is_wanted() {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            thread::sleep(left.min(TICK));
        }
    }
}
