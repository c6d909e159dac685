//! Code that the fuzz targets share: the macro that runs a law, assertions about any event, and the generators of logs and of
//! tor's events. `tests/common` has the models behind them.

mod dictionary;
#[path = "../../tests/common/escape.rs"]
mod escape;
mod event;
mod lines;
#[path = "../../tests/common/printed.rs"]
mod printed;
mod printer;
mod quoted;
#[path = "../../tests/common/search.rs"]
mod search;

pub use crate::dictionary::insert_word;
pub use crate::event::{assert_consistent, assert_same};
pub use crate::lines::{Chunks, Log, WholeLog};
pub use crate::printed::Printed;
pub use crate::quoted::{escape, unescape};
pub use arbitrary;
#[cfg(fuzzing)]
pub use libfuzzer_sys;

/// Defines the program of a law: an expression that panics if the law does not hold for its input.
///
/// `ci/fuzz` and cargo-fuzz build a fuzz target, which inserts words of `dictionary.txt` now and then. cargo alone builds a
/// program that checks the law for each file in its arguments.
#[cfg(fuzzing)]
#[macro_export]
macro_rules! law {
    (|$input:ident: $type:ty| $law:expr) => {
        $crate::libfuzzer_sys::fuzz_target!(|$input: $type| $law);
        $crate::libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
            $crate::insert_word(data, size, max_size, seed)
                .unwrap_or_else(|| $crate::libfuzzer_sys::fuzzer_mutate(data, size, max_size))
        });
    };
}

/// Defines the program of a law: an expression that panics if the law does not hold for its input.
///
/// This program checks the law for each file in its arguments. `ci/fuzz` and cargo-fuzz build a fuzz target instead.
#[cfg(not(fuzzing))]
#[macro_export]
macro_rules! law {
    (|$input:ident: $type:ty| $law:expr) => {
        fn main() -> std::io::Result<()> {
            for path in std::env::args_os().skip(1) {
                let bytes = std::fs::read(path)?;
                let input = $crate::arbitrary::Unstructured::new(&bytes);
                if let Ok(input) = <$type as $crate::arbitrary::Arbitrary<'_>>::arbitrary_take_rest(input) {
                    (|$input: $type| $law)(input);
                }
            }
            Ok(())
        }
    };
}
