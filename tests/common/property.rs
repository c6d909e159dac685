//! Settings of property tests, for the library's and the tool's.

use proptest::test_runner::{Config, FileFailurePersistence};

/// Returns the settings of property tests: `cases` cases, or the number in `PROPTEST_CASES`. Seeds of failures are kept beside
/// the test file.
pub(crate) fn config(cases: u32) -> Config {
    let from_environment = Config::default();
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { from_environment.cases } else { cases };
    let failure_persistence = Some(Box::new(FileFailurePersistence::WithSource("regressions")) as Box<_>);
    Config { cases, failure_persistence, ..from_environment }
}
