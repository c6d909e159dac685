//! Lines that are accepted, each with every field, on every path.

mod common;

/// Every case of the shared list.
#[test]
fn every_case_on_every_path() {
    for case in common::cases::all() {
        common::check(case);
    }
}
