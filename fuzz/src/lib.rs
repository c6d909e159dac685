//! What the fuzz targets share: how a law is run, what holds for every event and every line, and a model of what tor
//! prints.

mod event;
mod lines;
mod printer;
mod quoted;
#[path = "../../tests/common/search.rs"]
mod search;

pub use crate::event::{assert_consistent, assert_same, is_plain};
pub use crate::lines::{Log, Pieces};
pub use crate::printer::Printed;
pub use crate::quoted::{escape, unescape};
pub use arbitrary;
#[cfg(fuzzing)]
pub use libfuzzer_sys;

/// Makes a program of a law: an expression that panics if the law does not hold for its input.
///
/// `ci/fuzz` builds a fuzz target. cargo alone builds a program that tries the law on each file that it is given.
#[cfg(fuzzing)]
#[macro_export]
macro_rules! law {
    (|$input:ident: $type:ty| $law:expr) => {
        $crate::libfuzzer_sys::fuzz_target!(|$input: $type| $law);
    };
}

/// Makes a program of a law: an expression that panics if the law does not hold for its input.
///
/// `ci/fuzz` builds a fuzz target. cargo alone builds a program that tries the law on each file that it is given.
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
