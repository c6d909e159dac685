//! Pseudo-random numbers, for tests whose failures are repeated by their seed. Shared with the tests of the tool.
#![allow(dead_code, reason = "no test uses all of it")]
#![allow(clippy::indexing_slicing, reason = "a test fails by panicking")]

/// A generator of pseudo-random numbers, made of its seed.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// Returns a number below `limit`.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        // A linear congruential generator with Knuth's constants. Its low bits have short periods, so only high ones are used.
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % limit
    }

    /// Returns `true` once in `number` times, on average.
    pub(crate) fn once_in(&mut self, number: usize) -> bool {
        self.below(number) == 0
    }

    /// Returns one of `items`.
    pub(crate) fn one_of<'a, T: ?Sized>(&mut self, items: &[&'a T]) -> &'a T {
        items[self.below(items.len())]
    }
}
