//! The tool's output, compared with the files in `tests/cmd`. `TRYCMD=overwrite` writes these files anew.

#[test]
fn commands_print_what_is_expected() {
    trycmd::TestCases::new().case("tests/cmd/*.trycmd");
}
