"""Runs the job on a cluster of two workers, each a process, and compares its counts with those of one process of
`tor-streams` for the same logs: test.py PROGRAM FOLDER."""

import collections
import csv
import gzip
import io
import os
import pathlib
import shutil
import subprocess
import sys

import pyspark

HERE = pathlib.Path(__file__).parent
DATA = HERE.parent.parent / "tests" / "data"
# Two workers, each a process with one core and 1024 MiB.
CLUSTER = "local-cluster[2,1,1024]"
# Maximum number of bytes of all results that the driver may hold, and a greater number of bytes of complaints.
MAX_RESULTS, LONG_COMPLAINTS = 1_000_000, 3_000_000
QUERY = "select outcome, failure_reason_local, count(*) from streams group by all"


def submit(program, master, *arguments):
    """Runs the job, and returns its exit status, its output with its complaints, and Spark's log. Of a job in Python, spark-submit
    writes what comes on standard error to standard output; only Spark's own log is on standard error."""
    home = os.path.dirname(pyspark.__file__)
    environment = os.environ | {"SPARK_HOME": home, "PYSPARK_PYTHON": sys.executable, "TOR_STREAMS": str(program)}
    options = ["--conf", "spark.ui.enabled=false", "--conf", f"spark.driver.maxResultSize={MAX_RESULTS}b"]
    command = [f"{home}/bin/spark-submit", "--master", master, *options, HERE / "streams.py"]
    ran = subprocess.run([*command, *arguments], env=environment, capture_output=True, text=True)
    return ran.returncode, ran.stdout, ran.stderr


def counts(table):
    """Returns the number of streams for each outcome and reason in a table that Spark printed."""
    rows = [line.strip("|").split("|") for line in table.splitlines() if line.startswith("|")]
    return {tuple(cell.strip().replace("NULL", "") for cell in row[:2]): int(row[2]) for row in rows[1:]}


def one_process(program, logs):
    """Returns the same counts, and the complaints, of a single process."""
    ran = subprocess.run([program, "streams", "--format", "csv", *logs], capture_output=True, text=True)
    rows = csv.DictReader(io.StringIO(ran.stdout))
    return collections.Counter((row["outcome"], row["failure_reason_local"]) for row in rows), ran.stderr


def main(program, folder):
    folder = pathlib.Path(folder).absolute()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    program = pathlib.Path(program).absolute()
    logs = []
    for number, name in enumerate(("onionperf-whole.log.xz", "onionperf.log", "hostile-targets.raw")):
        logs.append(shutil.copy(DATA / name, folder / f"{number} {name}"))
    good_logs = list(logs)
    listed, good = folder / "logs.txt", folder / "good.txt"
    good.write_text("".join(f"{log}\n" for log in good_logs))
    damaged = folder / "ends too early.log.gz"
    # About two thirds of the file, with some of the events.
    damaged.write_bytes(gzip.compress(logs[1].read_bytes())[:9_000])
    # The logs behind the damaged one are read all the same.
    logs[1:1] = [damaged, shutil.copy(DATA / "mixed-session.raw", folder)]
    listed.write_text("".join(f"{log}\n" for log in logs))

    status, output, log = submit(program, CLUSTER, listed, folder / "out", QUERY)
    expected, told = one_process(program, logs)
    # So many that the counts are wrong if those of a worker are lost.
    assert len(expected) > 5 and expected.total() > 500, expected
    assert counts(output) == expected, f"{output}\n{expected}\n{log}"
    assert status == 1, status
    assert f"{damaged}:" in told and one_process(program, [damaged])[0].total() > 0, told
    missing = set(told.splitlines()) - set(output.splitlines())
    assert not missing, missing
    # Both workers had logs to read.
    for worker in ("executor 0", "executor 1"):
        assert any("Starting task" in line and worker in line for line in log.splitlines()), worker
    print(f"a cluster of two workers counts {expected.total()} streams of {len(logs)} logs as one process does")

    # The first task ends the executor that it runs in. The program's parent is a Python of Spark's, whose parent is Spark's daemon,
    # which the executor has started.
    wrapper, lost = folder / "wrapper", folder / "lost"
    wrapper.write_text(f"""#!/bin/sh
if mkdir '{lost}' 2>/dev/null; then
    daemon=$(ps -o ppid= -p $PPID)
    kill -9 $(ps -o ppid= -p $daemon)
    sleep 60
fi
exec '{program}' "$@"
""")
    wrapper.chmod(0o755)
    # Without a query, the job's own one is asked, whose first three columns are those of QUERY.
    status, output, log = submit(wrapper, CLUSTER, good, folder / "good")
    expected, told = one_process(program, good_logs)
    assert (status, counts(output), told) == (0, expected, ""), f"{status}\n{output}\n{expected}\n{log}"
    assert lost.exists() and "Lost executor" in log, log
    print("a lost executor's logs are read by another, and without a damaged log the exit status is 0")

    loud = folder / "loud"
    loud.write_text(f"""#!/bin/sh
yes complaint | head -c {LONG_COMPLAINTS} >&2
'{program}' "$@"
exit 1
""")
    loud.chmod(0o755)
    status, output, log = submit(loud, "local[1]", good, folder / "long", QUERY)
    assert (status, counts(output)) == (1, expected), f"{status}\n{output[-1000:]}\n{log[-10_000:]}"
    assert output.count("complaint\n") * len("complaint\n") == LONG_COMPLAINTS * len(good_logs), len(output)
    print("complaints that are longer than the driver's memory for results are printed")

    status, output, log = submit("/nowhere/tor-streams", "local[1]", good, folder / "none", QUERY)
    assert status != 0 and not counts(output) and "/nowhere/tor-streams" in output, output
    print("without the program there is no result")


main(*sys.argv[1:])
