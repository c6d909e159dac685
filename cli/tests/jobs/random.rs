//! Random logs, with damage of every kind.

use std::{env, fs};

use crate::common::damaged_log::LogForm;
use crate::common::file;
use crate::common::random::Random;
use crate::{ARROW_COMMANDS, COMMANDS, assert_same};

/// Returns the number in an environment variable, if it is set.
fn number(name: &str) -> Option<u64> {
    env::var(name).ok().map(|number| number.parse().unwrap())
}

/// `JOBS_ROUNDS` is the number of logs, each with the next number of threads in turn; with more than three logs, each is read
/// with all of them. `JOBS_FIRST` is the seed of the first log, which a failure names.
#[test]
fn random_damaged_logs() {
    let (first, rounds) = (number("JOBS_FIRST").unwrap_or(0), number("JOBS_ROUNDS").unwrap_or(3));
    let numbers = ["2", "3", "7", "64"];
    for seed in first..first + rounds {
        let mut random = Random(seed);
        let path = file("jobs", &format!("random-{seed}"), LogForm::random(&mut random).log(&mut random));
        eprintln!("JOBS_FIRST={seed} JOBS_ROUNDS=1");
        let in_turn = [numbers[seed as usize % numbers.len()]];
        assert_same(&[&path], COMMANDS, if rounds > 3 { &numbers } else { &in_turn });
        assert_same(&[&path], ARROW_COMMANDS, &["3"]);
        fs::remove_file(path).unwrap();
    }
}
