//! An old tor as a program: it hands its arguments to the tor that the crate libtor-sys (in code: `tor_sys`) compiles. `ci/old-tor`
//! builds it for each version with a folder here, and runs `tests/live_tor.rs` with it.

use std::ffi::{CString, c_int};
use std::os::unix::ffi::OsStringExt;
use std::process::exit;

fn main() {
    let arguments: Vec<_> = std::env::args_os().filter_map(|argument| CString::new(argument.into_vec()).ok()).collect();
    let pointers: Vec<_> = arguments.iter().map(|argument| argument.as_ptr()).collect();
    // SAFETY: tor reads the arguments while it runs, and they live until then.
    let status = unsafe {
        let configuration = tor_sys::tor_main_configuration_new();
        tor_sys::tor_main_configuration_set_command_line(configuration, pointers.len() as c_int, pointers.as_ptr());
        tor_sys::tor_run_main(configuration)
    };
    exit(status)
}
