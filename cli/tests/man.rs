//! The command `man`: the manual pages.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::fs;
use std::path::Path;

use common::{run, stdout};

/// Every command.
const COMMANDS: [&str; 11] =
    ["summary", "events", "streams", "circuits", "count", "share", "merge", "plot", "watch", "completions", "man"];

#[test]
fn each_command_has_a_manual_page() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("manual");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    stdout(0, &["man", "--dir"], &[&folder]);
    let pages = fs::read_dir(&folder).unwrap().count();
    assert_eq!(pages, COMMANDS.len() + 1, "a page for each command, and one for all");
    for command in COMMANDS {
        let page = stdout::<&str>(0, &["man", command], &[]);
        for text in [&*format!("tor\\-streams\\-{command}"), "\\-\\-help"] {
            assert!(page.contains(text), "{command}: {text}");
        }
        // These two read nothing.
        assert_eq!(page.contains("Exit status"), !["completions", "man"].contains(&command), "{command}");
        assert_eq!(fs::read_to_string(folder.join(format!("tor-streams-{command}.1"))).unwrap(), page);
    }
    assert!(stdout::<&str>(0, &["man"], &[]).contains("tor\\-streams\\-watch(1)"));
    assert_eq!(run::<&str>(&["man", "evnts"], &[]).status.code(), Some(2));
}
