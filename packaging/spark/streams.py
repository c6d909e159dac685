"""Asks a question of the streams in many logs, which Spark's workers read where they are.

    spark-submit streams.py LIST OUTPUT [QUERY]

LIST is a file with the path of one log per line, the same on every worker. OUTPUT is a new folder that all workers can write,
such as one on a network file system. The job writes a Parquet file for each log there, of which later questions can be asked.
QUERY is SQL about the table `streams`. Workers need `tor-streams`, built with the feature `arrow`, in their PATH, or where
TOR_STREAMS says. The exit status is 1 if anything was not read; everything else was.
"""

import os
import subprocess
import sys
import uuid

from pyspark.sql import SparkSession

QUERY = """select outcome, failure_reason_local, count(*) as streams, avg(seconds) as mean_seconds,
    max(seconds) as max_seconds from streams group by all order by streams desc, outcome, failure_reason_local"""


def convert(log, parquet, program):
    """Writes the streams of a log as Parquet, and returns the complaints. Spark may run a task twice, even at once: each run writes a
    file of its own, which then replaces the Parquet file whole."""
    # Spark does not read files whose names begin with `_`.
    part = os.path.join(os.path.dirname(parquet), f"_{uuid.uuid4()}")
    with open(part, "wb") as output:
        command = [program, "streams", "--jobs", "1", "--format", "parquet", "--", log]
        ran = subprocess.run(command, stdout=output, stderr=subprocess.PIPE, text=True, errors="replace")
    if ran.returncode not in (0, 1):
        raise RuntimeError(f"{program} ended with {ran.returncode}: {ran.stderr}")
    os.replace(part, parquet)
    return ran.stderr if ran.returncode else ""


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
    complaints = spark.sparkContext.parallelize(tasks, len(tasks)).map(lambda task: convert(*task)).collect()
    sys.stderr.writelines(complaints)
    spark.read.parquet(output).createOrReplaceTempView("streams")
    spark.sql(query).show(1000, truncate=False)
    return 1 if any(complaints) else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
