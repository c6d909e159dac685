"""Asks a question of the streams in many logs, which Spark's workers read where they are.

    spark-submit streams.py LIST OUTPUT [QUERY]

LIST is a file with the path of one log per line, the same on every worker. OUTPUT is a new folder that all workers can write,
such as one on a network file system. The job writes a Parquet file for each log there, of which later questions can be asked, and
a file with the complaints about the log, whose name begins with `_`: a damaged log may have one for each of its lines, too many to
return them from a task.
QUERY is SQL about the table `streams`. Workers need `tor-streams`, built with the feature `arrow`, in their PATH, or where
TOR_STREAMS says. The exit status is 1 if a part of a log was not read; the rest was, and is in the answer. If a worker cannot run
`tor-streams`, or Spark not the query, the job fails with a traceback and without an answer.
"""

import os
import shutil
import subprocess
import sys
import uuid

from pyspark.sql import SparkSession

QUERY = """select outcome, failure_reason_local, count(*) as streams, avg(seconds) as mean_seconds,
    max(seconds) as max_seconds from streams group by all order by streams desc, outcome, failure_reason_local"""


def convert(log, parquet, program):
    """Writes the streams of a log as Parquet, and the complaints about it beside that. Returns `True` if the whole log was read. Spark
    may run a task twice, even at once: each run writes files of its own, which then replace the others whole."""
    # Spark does not read files whose names begin with `_`.
    part = os.path.join(os.path.dirname(parquet), f"_{uuid.uuid4()}")
    part_of_complaints = f"{part}.complaints"
    with open(part, "wb") as output, open(part_of_complaints, "wb") as complaints:
        command = [program, "streams", "--jobs", "1", "--format", "parquet", "--", log]
        status = subprocess.run(command, stdout=output, stderr=complaints).returncode
    if status not in (0, 1):
        with open(part_of_complaints, errors="replace") as complaints:
            raise RuntimeError(f"{program} ended with {status}: {complaints.read(1000)}")
    os.replace(part_of_complaints, complaints_beside(parquet))
    os.replace(part, parquet)
    return status == 0


def complaints_beside(parquet):
    """Returns the path of the complaints about the log that became a Parquet file."""
    folder, name = os.path.split(parquet)
    return os.path.join(folder, f"_{name}.complaints")


def main(list_of_logs, output, query=QUERY):
    with open(list_of_logs) as lines:
        logs = [os.path.abspath(line) for line in lines.read().splitlines() if line]
    if not logs:
        sys.exit(f"{list_of_logs}: no logs")
    output = os.path.abspath(output)
    os.makedirs(output)
    spark = SparkSession.builder.appName("tor-streams").getOrCreate()
    program = os.environ.get("TOR_STREAMS", "tor-streams")
    tasks = [(log, os.path.join(output, f"{number:06}.parquet"), program) for number, log in enumerate(logs)]
    are_whole = spark.sparkContext.parallelize(tasks, len(tasks)).map(lambda task: convert(*task)).collect()
    for is_whole, (_, parquet, _) in zip(are_whole, tasks):
        if not is_whole:
            with open(complaints_beside(parquet), errors="replace") as complaints:
                shutil.copyfileobj(complaints, sys.stderr)
    spark.read.parquet(output).createOrReplaceTempView("streams")
    spark.sql(query).show(1000, truncate=False)
    return 0 if all(are_whole) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
