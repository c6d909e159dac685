//! Times of several contenders on the same lines, taken in turns.

use std::time::Duration;

use cpu_time::ThreadTime;

/// Number of measured turns of each contender, odd so that one time is the median. A turn without measurement goes before
/// them.
pub const ROUNDS: usize = 15;

/// A contender: one parser on one input.
pub struct Contender<'a> {
    /// Name in the report.
    pub name: &'static str,
    /// Function that does the work once. Returns a number that has to be the same each time, and the processor time.
    run: Box<dyn FnMut() -> (u64, Duration) + 'a>,
}

impl<'a> Contender<'a> {
    /// Returns a contender whose work is done on this thread.
    pub fn new(name: &'static str, mut work: impl FnMut() -> u64 + 'a) -> Self {
        Self::timed(name, move || {
            let start = ThreadTime::now();
            let sum = work();
            (sum, start.elapsed())
        })
    }

    /// Returns a contender that measures the processor time itself, such as one in another process.
    pub fn timed(name: &'static str, run: impl FnMut() -> (u64, Duration) + 'a) -> Self {
        Self { name, run: Box::new(run) }
    }
}

/// Measures the contenders in turns. Returns the median time of each, in nanoseconds.
pub fn medians(contenders: &mut [Contender<'_>]) -> Vec<f64> {
    // The turn that is not measured.
    let expected: Vec<u64> = contenders.iter_mut().map(|contender| (contender.run)().0).collect();
    let mut times = vec![Vec::with_capacity(ROUNDS); contenders.len()];
    for _ in 0..ROUNDS {
        for ((contender, &expected), times) in contenders.iter_mut().zip(&expected).zip(&mut times) {
            let (sum, time) = (contender.run)();
            assert_eq!(sum, expected, "{}", contender.name);
            times.push(time);
        }
    }
    times.iter_mut().map(|times| median(times)).collect()
}

/// Returns the median of some times, in nanoseconds.
fn median(times: &mut [Duration]) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_nanos() as f64
}
