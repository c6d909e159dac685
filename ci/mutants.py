"""Tries small changes of the library, and tells those that no test notices and that ci/mutants.known does not explain.

    mutants.py ALL.json CHOSEN.json FOLDER [TEST]...

The lists are what `cargo mutants --list --json` prints: of all changes, and of those to try.

Most changes are compiled at once. In a copy of the repository in FOLDER, the body of each function becomes a choice between
its own text and those with one change. The environment variable MUTANT says which of them a process has, so that the tests
are compiled once. Three kinds of change cannot be tried so, and are compiled alone: those outside of functions; those of
functions of which the compiler computes constants, where no variable can be read; those that do not compile beside others.

mutants_source.py writes the changes into the text of a file.

FOLDER/results has the result of each change, and the test that noticed it. The exit status is 0 if every change has a result
and ci/mutants.known has the reason of each that no test notices, and of no other.
"""

import collections
import concurrent.futures
import json
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import sys

from mutants_source import File, changed

PACKAGE = "tor-stream-event"
KNOWN = "ci/mutants.known"
# Seconds that a compiler may take. A changed constant may take forever to compute.
COMPILE_LIMIT = 600
# Random cases of each property in the first tries of a change. Most changes need no more to be noticed.
FEW_CASES = 32
# Seconds from which on a test is run by itself, after the quick ones.
SLOW = 0.2
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
# The results of a change. A change that a test notices fails a test, takes too much time, or ends the process.
NOTICED = NOT_IN_TIME, CRASHES, FAILS = "not done in time", "ends the process", "noticed"
REFUSED, SURVIVES = "does not compile", "survives"


class Copy:
    """A copy of the repository, which is compiled and tested.

    A *run* of tests, as the methods below take it, is a program, arguments that choose among its tests (none: all of them), and
    the number of random cases of each property (`None`: as many as usual)."""

    def __init__(self, folder, tests):
        self.folder, self.target = folder / "copy", folder / "target"
        self.test_options = ["--lib", *(word for test in tests for word in ("--test", test))]
        shutil.rmtree(self.folder, ignore_errors=True)
        listed = subprocess.run(["git", "ls-files", "-z"], stdout=subprocess.PIPE, text=True, check=True).stdout
        for path in listed.split("\0")[:-1]:
            (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, self.folder / path)
        # With the standard library more changes compile.
        library = self.read("src/lib.rs").replace("#![no_std]", "#![feature(core_intrinsics, const_eval_select)]")
        self.write("src/lib.rs", library + "\n#[doc(hidden)]\npub mod mutants;\n")
        self.write("src/mutants.rs", CHOICE)
        # Functions with all their bodies, inlined into each other, would take hours to compile. The replacement has the same
        # length: the places in the lists of changes stay right.
        for path in (self.folder / "src").rglob("*.rs"):
            path.write_text(path.read_text(encoding="utf-8").replace("inline(always)", "inline(never) "), encoding="utf-8")

    def read(self, path):
        return (self.folder / path).read_text(encoding="utf-8")

    def write(self, path, text):
        (self.folder / path).write_text(text, encoding="utf-8")

    def cargo(self, *arguments, seconds):
        """Runs cargo. Returns `None` if it succeeds, or the compiler's errors; no error if it takes too long."""
        flags = {"RUSTC_BOOTSTRAP": "1", "RUSTFLAGS": "--cap-lints=allow", "CARGO_TARGET_DIR": str(self.target)}
        command = ["cargo", *arguments, "-q", "-p", PACKAGE, "--all-features", "--message-format=json"]
        with subprocess.Popen(
            command, cwd=self.folder, env=os.environ | flags, start_new_session=True, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        ) as cargo:  # fmt: skip
            try:
                output, said = cargo.communicate(timeout=seconds)
            except subprocess.TimeoutExpired:
                os.killpg(cargo.pid, signal.SIGKILL)
                return []
        messages = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
        for message in messages:
            if message.get("profile", {}).get("test") and message["executable"]:
                self.programs[message["target"]["name"]] = message["executable"]
        if cargo.returncode == 0:
            return None
        errors = [m["message"] for m in messages if m.get("message") and m["message"]["level"] == "error"]
        return errors or sys.exit(f"cargo fails without an error of the compiler:\n{said}")

    def build(self, seconds=None):
        """Compiles the library, then the tests, and returns what `cargo` does."""
        self.programs = {}
        errors = self.cargo("check", "--lib", seconds=seconds)
        return self.cargo("test", "--no-run", *self.test_options, seconds=seconds) if errors is None else errors

    def run(self, run, seconds, number=0):
        """Runs tests, with the change of a number if one is given. Returns the change's result, and the tests' output."""
        environment = os.environ | {
            "MUTANT": str(number), "RUST_BACKTRACE": "0", "RUSTC_BOOTSTRAP": "1",
            # The same cases on every run.
            "PROPTEST_MAX_SHRINK_ITERS": "0", "PROPTEST_RNG_SEED": "1", "PROPTEST_DISABLE_FAILURE_PERSISTENCE": "1",
        }  # fmt: skip
        program, words, cases = run
        if cases:
            environment["PROPTEST_CASES"] = str(cases)
        command = [
            self.programs[program], "--test-threads=1", "-Zunstable-options", "--fail-fast", "--report-time", "--exact", *words
        ]  # fmt: skip
        try:
            done = subprocess.run(
                command, cwd=self.folder, env=environment, timeout=seconds,
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, errors="replace", preexec_fn=limit, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return NOT_IN_TIME, ""
        # libtest's status after a test that fails.
        return {0: SURVIVES, 101: FAILS}.get(done.returncode, CRASHES), done.stdout

    def find_tests(self):
        """Makes the lists of runs, each from the quickest to the slowest: `few` has the quick tests of each program together and
        each slow test alone, with few random cases; `usual` has all tests of each program, with as many cases as usual."""
        self.few, self.usual, self.times = [], [], {}
        for program in self.programs:
            times = self.measure((program, [], FEW_CASES))
            self.times |= {(program, name): time for name, time in times.items()}
            slow = [name for name in times if times[name] > SLOW]
            quick = [word for name in slow for word in ("--skip", name)]
            self.few.append((sum(time for name, time in times.items() if name not in slow), (program, quick, FEW_CASES)))
            self.few += [(times[name], (program, [name], FEW_CASES)) for name in slow]
            self.usual.append((sum(self.measure((program, [], None)).values()), (program, [], None)))
        self.few.sort(key=lambda timed: timed[0])
        self.usual.sort(key=lambda timed: timed[0])
        # By file, the programs whose tests noticed a change, each with the names of those tests; first the program that did last.
        self.noticed = collections.defaultdict(dict)
        print(f"the tests take {sum(time for time, _ in self.few + self.usual):.0f} s", flush=True)

    def measure(self, run):
        """Returns how long each test of a run takes without a change, in seconds."""
        result, output = self.run(run, 1200)
        if result != SURVIVES:
            sys.exit(f"{run[0]} fails without a change:\n{output}")
        return {name: float(time) for name, time in re.findall(r"^test (\S+).* \.\.\. ok <([\d.]+)s>$", output, re.MULTILINE)}

    def try_change(self, timed_runs, file, number=0):
        """Tries a change of a file until a test notices it: first the tests that noticed another change of the file, then some
        runs, which come with their times. Without a number, the copy has the change. Returns its result, and that test."""
        first = []
        for program, names in list(self.noticed[file].items()):
            first.append((sum(self.times[program, name] for name in names), (program, list(names), FEW_CASES)))
        for took, run in [*first, *timed_runs]:
            # The most that a change may cost, on a machine that does other work too.
            result, output = self.run(run, 20 + 10 * took, number)
            if result == SURVIVES:
                continue
            program, failed = run[0], re.search(r"^test (\S+).* \.\.\. FAILED", output, re.MULTILINE)
            if failed:
                names = self.noticed[file].get(program, set()) | {failed[1]}
                others = {other: names for other, names in self.noticed[file].items() if other != program}
                self.noticed[file] = {program: names} | others
            return result, f"{program} {failed[1] if failed else ''}"
        return SURVIVES, ""


def limit():
    """Keeps a change that allocates without an end from the machine's memory."""
    resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))


def compile_together(copy, files):
    """Compiles all changes that compile beside each other. Returns the numbers of the others, which are dropped step by step:
    those in whose lines the compiler found an error."""
    dropped = set()
    while True:
        places = {}
        for path, file in files.items():
            text, lines = file.render(dropped)
            copy.write(path, text)
            places |= {number: (path, *place) for number, place in lines.items()}
        errors = copy.build()
        if errors is None:
            return dropped
        wrong = {
            number
            for span in (span for error in errors for span in error["spans"])
            for number, (path, first, last) in places.items()
            if span["file_name"] == path and first <= span["line_start"] <= last
        }
        if not wrong:
            sys.exit("".join(error["rendered"] for error in errors)[:5000])
        dropped |= wrong
        print(f"{len(dropped)} changes do not compile beside the others so far", flush=True)


def try_alone(copy, change):
    """Compiles one change, and tries it as `Copy.try_change` does."""
    text = copy.read(change["file"])
    copy.write(change["file"], changed(text, change["diff"]))
    try:
        errors = copy.build(COMPILE_LIMIT)
        if errors is not None:
            return (REFUSED if errors else NOT_IN_TIME), "the compiler"
        return copy.try_change(copy.few + copy.usual, change["file"])
    finally:
        copy.write(change["file"], text)


def name_changes(changes, copy):
    """Gives each change a name without a line number; if several have it, the line of code too, and its place among them."""
    for change in changes:
        change["key"] = f"{change['file']}: {change['name'].split(': ', 1)[1]}"
    count = collections.Counter(change["key"] for change in changes)
    for change in changes:
        if count[change["key"]] > 1:
            line = copy.read(change["file"]).splitlines()[change["span"]["start"]["line"] - 1]
            change["key"] += f" in `{line.strip()}`"
    count, place = collections.Counter(change["key"] for change in changes), collections.Counter()
    for change in changes:
        key = change["key"]
        place[key] += 1
        if count[key] > 1:
            change["key"] += f" ({place[key]} of {count[key]})"


def read_known():
    """Reads the names of known changes: lines that are neither indented nor a comment. Their reason follows."""
    known, unexplained = set(), set()
    for line in pathlib.Path(KNOWN).read_text(encoding="utf-8").splitlines():
        if line.startswith(" "):
            known |= unexplained
            unexplained = set()
        elif line and not line.startswith("#"):
            unexplained.add(line)
    return known if not unexplained else sys.exit(f"{KNOWN}: {unexplained} without a reason")


def main(all_changes, chosen, folder, *tests):
    folder = pathlib.Path(folder).resolve()
    changes = json.load(open(all_changes, encoding="utf-8"))
    chosen = {change["name"] for change in json.load(open(chosen, encoding="utf-8"))}
    copy = Copy(folder, tests)
    name_changes(changes, copy)
    known, exists = read_known(), {change["key"] for change in changes}
    changes = {number: change for number, change in enumerate(changes, 1) if change["name"] in chosen}
    if len(changes) != len(chosen):
        sys.exit("the lists of changes differ")

    results = {}
    with open(folder / "results", "w", encoding="utf-8") as output:

        def note(number, result, test):
            results[number] = result
            key = changes[number]["key"]
            print(f"{result}: {key}: {test}", file=output, flush=True)
            if result == SURVIVES and key not in known:
                print(f"{changes[number]['name']} survives", flush=True)
            if len(results) % 100 == 0:
                print(f"{len(results)} of {len(changes)}", flush=True)

        by_path = collections.defaultdict(dict)
        for number, change in changes.items():
            if change["function"]:
                by_path[change["file"]][number] = change
        files = {path: File(copy.read(path), by_path[path]) for path in by_path}
        alone = compile_together(copy, files) | {number for number, change in changes.items() if not change["function"]}
        copy.find_tests()
        const = {number for file in files.values() for number in file.const}
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            left = changes.keys() - alone
            for timed_runs in (copy.few, copy.usual):
                tries = {pool.submit(copy.try_change, timed_runs, changes[number]["file"], number): number for number in sorted(left)}
                for done in concurrent.futures.as_completed(tries):
                    number, result = tries[done], done.result()
                    if result[0] != SURVIVES:
                        note(number, *result)
                        left.remove(number)
                print(f"{len(left)} changes survive so far", flush=True)
        alone |= left & const
        for number in left - const:
            note(number, SURVIVES, "")

        print(f"{len(alone)} changes are compiled alone", flush=True)
        for path, file in files.items():
            copy.write(path, file.text)
        for number in sorted(alone):
            note(number, *try_alone(copy, changes[number]))

    survive = {change["key"] for number, change in changes.items() if results[number] == SURVIVES}
    # A change in the list may take too much time or memory on a machine that does other work too.
    noticed = {change["key"] for number, change in changes.items() if results[number] in (FAILS, REFUSED)}
    for title, keys in (
        ("No test notices these, and no reason is known:", survive - known),
        (f"{KNOWN} has these, and a test notices them:", noticed & known),
        (f"{KNOWN} has these, and there is no such change:", known - exists),
    ):
        if keys:
            print("\n".join([title, *sorted(keys)]))
    count = collections.Counter(results.values())
    print(
        f"{len(changes)} changes: {count[REFUSED]} do not compile, {sum(count[result] for result in NOTICED)} are noticed "
        f"({count[NOT_IN_TIME]} by a time limit, {count[CRASHES]} by the end of the process), "
        f"{len(survive & known)} survive for a known reason, {len(survive - known)} without one"
    )
    sys.exit(1 if survive - known or noticed & known or known - exists else 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
