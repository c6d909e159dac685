//! What the tool prints, as `tests/cmd` has it. `TRYCMD=overwrite` writes it anew.

#[test]
fn commands_print_what_is_expected() {
    trycmd::TestCases::new().case("tests/cmd/*.trycmd");
}
