"""Tests every change that cargo-mutants lists, compiled into one program and switched on one by one.

    mutants.py CHANGES.json FOLDER [TEST]...

CHANGES.json is what `cargo mutants --list --json --diff` prints. In a copy of the repository in FOLDER, the body of each
function becomes a choice between its own text and those with one change. The environment variable MUTANT says which of
them a process has, so that the tests are compiled once for all changes. Ends with status 1 if no test notices one.
"""

import collections
import concurrent.futures
import json
import os
import pathlib
import re
import resource
import shutil
import subprocess
import sys

PACKAGE = "tor-stream-event"
# Parts of Rust that may hold a brace which opens nothing, and what counts.
TOKEN = re.compile(
    r"""//[^\n]*|/\*.*?\*/|b?r(#*)".*?"\1|b?"(?:\\.|[^"\\])*"|b?'(?:\\[^\n']*'|\\''|[^\\'\n]')|'\w+|[\[\](){}]""", re.DOTALL
)
# The number of the change that is switched on. Constants are computed without any.
CHOICE = """//! The change that is switched on.
/// Returns its number.
#[inline]
pub const fn chosen() -> u32 {
    const fn none() -> u32 {
        0
    }
    fn one() -> u32 {
        static NUMBER: std::sync::OnceLock<u32> = std::sync::OnceLock::new();
        *NUMBER.get_or_init(|| std::env::var("MUTANT").map_or(0, |number| number.parse().expect("a number")))
    }
    core::intrinsics::const_eval_select((), none, one)
}
"""


def body(text, start):
    """Returns the range of a function's body, braces included, which begins behind `start`."""
    depth, opening = 0, None
    for token in TOKEN.finditer(text, start):
        if token[0] in "([{":
            if token[0] == "{" and depth == 0:
                opening = token.start()
            depth += 1
        elif token[0] in ")]}":
            depth -= 1
            if depth == 0 and opening is not None:
                return opening, token.end()
    raise ValueError("a function without an end")


def changed(text, diff):
    """Returns the text with a unified diff of one hunk."""
    lines, hunks = text.split("\n"), diff.split("\n@@ ")
    assert len(hunks) == 2, diff
    head, _, rest = hunks[1].partition("\n")
    first, length = (int(number) for number in re.match(r"-(\d+),(\d+)", head).groups())
    new = [line[1:] for line in rest.split("\n") if line[:1] in (" ", "+")]
    return "\n".join(lines[: first - 1] + new + lines[first - 1 + length :])


def offset(text, place):
    """Returns the offset of a place in a text."""
    at = 0
    for _ in range(place["line"] - 1):
        at = text.index("\n", at) + 1
    return at + place["column"] - 1


class File:
    """A file, and its functions with the bodies that they can have."""

    def __init__(self, text):
        self.text = text
        self.functions = {}

    def add(self, changes):
        """Adds changes by their number. A change of a function within another one is a change of the outer."""
        outer = end = -1
        starts = {number: offset(self.text, change["function"]["span"]["start"]) for number, change in changes.items()}
        for number, start in sorted(starts.items(), key=lambda item: item[1]):
            if start >= end:
                outer, end = start, body(self.text, start)[1]
            new = changed(self.text, changes[number]["diff"])
            opening, closing = body(new, outer)
            self.functions.setdefault(outer, {})[number] = new[opening:closing]

    def render(self, dropped):
        """Returns the text with all changes but those dropped, and for each of them the range of its lines."""
        parts, lines, at, line = [], {}, 0, 1

        def put(text):
            nonlocal line
            parts.append(text)
            line += text.count("\n")

        for start, bodies in sorted(self.functions.items()):
            opening, end = body(self.text, start)
            put(self.text[at:opening])
            put("{ match crate::mutants::chosen() {\n")
            for number, text in bodies.items():
                if number not in dropped:
                    first = line
                    put(f"{number} => {text}\n")
                    lines[number] = (first, line - 1)
            put("_ => " + self.text[opening:end] + "\n} }")
            at = end
        put(self.text[at:])
        return "".join(parts), lines


def cargo(folder, *arguments):
    """Runs cargo, and returns what it says as JSON."""
    flags = {"RUSTC_BOOTSTRAP": "1", "RUSTFLAGS": "--cap-lints=allow", "CARGO_TARGET_DIR": str(folder / "target")}
    done = subprocess.run(
        ["cargo", *arguments, "-q", "-p", PACKAGE, "--all-features", "--message-format=json"],
        cwd=folder / "copy", env=os.environ | flags, stdout=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def write(folder, files, dropped):
    """Writes the files, and returns where each change is."""
    places = {}
    for path, file in files.items():
        text, lines = file.render(dropped)
        (folder / "copy" / path).write_text(text)
        places |= {number: (path, *place) for number, place in lines.items()}
    return places


def copy(folder):
    """Makes a copy of the repository."""
    shutil.rmtree(folder, ignore_errors=True)
    for path in subprocess.run(["git", "ls-files", "-z"], stdout=subprocess.PIPE, text=True, check=True).stdout.split("\0")[:-1]:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, folder / path)


def compile_together(folder, files):
    """Drops the changes that do not compile, and returns their numbers."""
    dropped = set()
    while True:
        places = write(folder, files, dropped)
        status, messages = cargo(folder, "check", "--lib")
        if status == 0:
            return dropped
        wrong = set()
        for message in messages:
            message = message.get("message") or {}
            if message.get("level") == "error":
                for span in message.get("spans", []):
                    wrong |= {
                        number
                        for number, (path, first, last) in places.items()
                        if span["file_name"] == path and first <= span["line_start"] <= last
                    }
        if not wrong:
            sys.exit("\n".join(m["message"]["rendered"] for m in messages if m.get("message"))[:5000])
        dropped |= wrong
        print(f"{len(dropped)} changes do not compile so far", flush=True)


def limit():
    """Keeps a change that allocates without an end from the machine's memory."""
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))


def run(test, number, seconds):
    """Runs tests with a change, and tells whether they pass, with their output: True, False or "timeout"."""
    environment = os.environ | {
        "MUTANT": str(number), "PROPTEST_CASES": "32", "PROPTEST_MAX_SHRINK_ITERS": "0",
        "RUST_BACKTRACE": "0", "RUSTC_BOOTSTRAP": "1",
    }  # fmt: skip
    program, folder, words = test
    command = [program, "--test-threads=1", "-Zunstable-options", "--fail-fast", "--report-time", "--exact", *words]
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, timeout=seconds,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, errors="replace", preexec_fn=limit, check=False,
        )  # fmt: skip
        return done.returncode == 0, done.stdout
    except subprocess.TimeoutExpired:
        return "timeout", ""


def find_tests(programs, folder):
    """Returns what to run, from the quickest to the slowest: the quick tests of each program, and each slow test."""
    found = []
    for program in programs:
        passes, output = run((program, folder, []), 0, 600)
        if passes is not True:
            sys.exit(f"{program} fails without a change")
        times = {name: float(time) for name, time in re.findall(r"^test (\S+).* \.\.\. ok <([\d.]+)s>$", output, re.MULTILINE)}
        slow = [name for name in times if times[name] > 0.2]
        quick = [word for name in slow for word in ("--skip", name)]
        found.append((sum(time for name, time in times.items() if name not in slow), (program, folder, quick)))
        found += [(times[name], (program, folder, [name])) for name in slow]
    found.sort(key=lambda test: test[0])
    print(f"the tests take {sum(time for time, _ in found):.0f} s", flush=True)
    return found


def main(changes, folder, *tests):
    folder = pathlib.Path(folder).resolve()
    changes = json.load(open(changes, encoding="utf-8"))
    copy(folder / "copy")
    by_path, apart = collections.defaultdict(dict), 0
    for number, change in enumerate(changes, 1):
        if change["function"] is None:
            apart += 1
        else:
            by_path[change["file"]][number] = change
    files = {path: File((folder / "copy" / path).read_text()) for path in by_path}
    for path, file in files.items():
        file.add(by_path[path])

    library = folder / "copy/src/lib.rs"
    (folder / "copy/src/mutants.rs").write_text(CHOICE)
    file = files.get("src/lib.rs")
    text = (file.text if file else library.read_text()).rstrip("\n")
    text += "\n\n#[doc(hidden)]\npub mod mutants;\n"
    # An attribute of the crate has to stand before its items, and behind nothing that a line number of a change is of.
    text = re.sub(r"^#!\[", "#![feature(core_intrinsics, const_eval_select)] #![", text, count=1, flags=re.MULTILINE)
    library.write_text(text)
    if file:
        file.text = text

    dropped = compile_together(folder, files)
    # A change is a whole function more to compile.
    status, messages = cargo(folder, "test", "--no-run", "--lib", *(word for test in tests for word in ("--test", test)))
    if status:
        sys.exit("the tests do not compile")
    programs = [m["executable"] for m in messages if m.get("profile", {}).get("test") and m["executable"]]
    tests = find_tests(programs, folder / "copy")

    def try_change(number):
        for took, test in tests:
            # The most that a change may cost, on a machine that does other work too.
            passes, _ = run(test, number, 20 + 10 * took)
            if passes is not True:
                return number, "not in time" if passes == "timeout" else "noticed"
        return number, "survives"

    numbers = [number for number in range(1, len(changes) + 1) if changes[number - 1]["function"] and number not in dropped]
    counts = collections.Counter()
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        tries = [pool.submit(try_change, number) for number in numbers]
        for done, future in enumerate(concurrent.futures.as_completed(tries), 1):
            number, result = future.result()
            counts[result] += 1
            if result != "noticed":
                print(f"{result}: {changes[number - 1]['name']}", flush=True)
            if done % 100 == 0:
                print(f"{done} of {len(numbers)}", flush=True)
    print(
        f"{len(changes)} changes: {counts['noticed']} noticed, {counts['not in time']} not done in time, "
        f"{counts['survives']} survive, {len(dropped)} do not compile, {apart} outside of functions not tried"
    )
    sys.exit(1 if counts["survives"] else 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
