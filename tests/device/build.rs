//! Writes the captured lines that both programs read into a file, and tells the linker where the device's memory is.

use std::path::Path;
use std::{env, fs};

/// Captures, and the number of lines from the beginning of each.
const CAPTURES: [(&str, usize); 4] =
    [("hostile-targets.raw", 50), ("stream-events.raw", 50), ("legacy-events.raw", 50), ("mixed-session.raw", 50)];

fn main() {
    let out = env::var("OUT_DIR").expect("cargo sets it");
    let mut lines = Vec::new();
    for (name, count) in CAPTURES {
        let path = Path::new("../data").join(name);
        println!("cargo:rerun-if-changed={}", path.display());
        let capture = fs::read(path).expect("a capture");
        // A LF alone may be part of a name.
        let ends = capture.windows(2).enumerate().filter(|(_, pair)| pair == b"\r\n").map(|(at, _)| at + 2);
        let end = ends.take(count).nth(count - 1).expect("as many lines as are read");
        lines.extend_from_slice(&capture[..end]);
    }
    fs::write(Path::new(&out).join("lines.raw"), lines).expect("a file");

    println!("cargo:rerun-if-changed=memory.x");
    fs::copy("memory.x", Path::new(&out).join("memory.x")).expect("a file");
    if env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system == "none") {
        println!("cargo:rustc-link-search={out}");
        println!("cargo:rustc-link-arg-bins=-Tlink.x");
    }
}
