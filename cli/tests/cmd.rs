//! The output of a build with the default features, compared with the files in `tests/cmd`. `TRYCMD=overwrite` writes these files
//! anew.
//!
//! trycmd takes each backslash for a Windows path, and has a slash in place of it: `a/u{1b}b` stands for `a\u{1b}b`.
#![cfg(all(feature = "cluster", not(feature = "arrow")))]

#[test]
fn commands_print_what_is_expected() {
    trycmd::TestCases::new().case("tests/cmd/*.trycmd");
}
