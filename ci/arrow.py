"""Compares the rows that other programs read from Arrow and Parquet files with the JSON of the same command:
arrow.py PROGRAM FOLDER CAPTURE...

Spark is left out without a Java, and the exit status is 3 then.
"""

import decimal
import json
import pathlib
import shutil
import subprocess
import sys

import duckdb
import polars
import pyarrow
import pyarrow.ipc
import pyarrow.parquet

# Columns with points in time. `time` is that of an event; the others are those of a stream or circuit.
TIMES = ("time", "unix_ts_start", "unix_ts_end", "unix_ts_first", "unix_ts_last")
# The commands that are compared, each with columns of few words, which are a dictionary in Arrow and Parquet.
WORDS = {"events": ("status", "reason", "client_protocol"), "streams": ("outcome", "purpose", "asked"), "circuits": ()}


def run(program, command, capture, *options):
    """Returns the output of the program. Messages about lines that it refuses are dropped."""
    credentials = [] if command == "streams" else ["--show-credentials"]
    arguments = [program, command, *credentials, *options, capture]
    return subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout


def expected(text):
    """Returns the rows of the JSON, with times in microseconds, and `None` for a time that the log has only as text: Arrow has
    no value for it."""
    rows = []
    for line in text.splitlines():
        row = json.loads(line, parse_float=decimal.Decimal)
        for column, value in row.items():
            if column in TIMES:
                row[column] = None if value is None or isinstance(value, str) else int(value * 10**6)
            elif isinstance(value, decimal.Decimal):
                # Any other number with a fraction is a floating-point number in Arrow too.
                row[column] = float(value)
        rows.append(row)
    return rows


def is_same(column, want, got):
    """Returns whether two values of a column are the same. JSON has the times of streams and circuits as floating-point numbers,
    which may be off by a microsecond."""
    if column in TIMES and column != "time" and None not in (want, got):
        return abs(want - got) <= 1
    return want == got


def compare_rows(name, rows, table):
    """Compares rows with those of a table of pyarrow."""
    utc = pyarrow.timestamp("us", "UTC")
    for column in TIMES:
        index = table.schema.get_field_index(column)
        if index >= 0:
            table = table.set_column(index, column, table[column].cast(utc).cast("int64"))
    # The text before an event, which is not in the JSON.
    if "prefix" in table.column_names:
        table = table.drop_columns(["prefix"])
    found = table.to_pylist()
    if len(found) != len(rows):
        sys.exit(f"{name}: {len(found)} rows instead of {len(rows)}")
    for number, (want, got) in enumerate(zip(rows, found)):
        # The JSON of an event without a time leaves the column out.
        only_in_table = got.keys() - want.keys() - {"time"}
        if only_in_table or not all(is_same(column, value, got.get(column)) for column, value in want.items()):
            sys.exit(f"{name}: row {number}:\n{want}\n{got}")
    print(f"{name}: {len(rows)} rows are the same")


def compare_durations(name, rows, found):
    """Compares the differences of times, in microseconds, that another program computed with those of the JSON. Each may be off
    by one microsecond, as its times are rounded, and by a little, as the JSON's is a floating-point number."""
    want = [row["seconds"] for row in rows if row["seconds"] is not None]
    if len(want) != len(found) or any(abs(seconds * 10**6 - difference) > 1.01 for seconds, difference in zip(want, found)):
        sys.exit(f"{name}: other differences of times: {want[:9]}... and {found[:9]}...")
    print(f"{name}: {len(want)} differences of times are the same")


def spark_session():
    """Returns a session of Spark, or `None` without a Java. It has one core and 1 GiB, which is enough for these captures."""
    if not shutil.which("java"):
        return None
    from pyspark.sql import SparkSession

    spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false")
    spark = spark.config("spark.driver.memory", "1g").config("spark.sql.session.timeZone", "UTC").getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    return spark


def main(program, folder, *captures):
    spark = spark_session()
    for capture, command in ((capture, command) for capture in captures for command in WORDS):
        rows = expected(run(program, command, capture))
        name = f"{command} of {pathlib.Path(capture).name}"
        arrow, parquet = (pathlib.Path(folder, f"{command}.{format}") for format in ("arrow", "parquet"))
        arrow.write_bytes(run(program, command, capture, "--format", "arrow"))
        parquet.write_bytes(run(program, command, capture, "--format", "parquet"))
        compare_rows(f"{name}, Arrow in pyarrow", rows, pyarrow.ipc.open_file(arrow).read_all())
        compare_rows(f"{name}, Parquet in pyarrow", rows, pyarrow.parquet.read_table(parquet))
        compare_rows(f"{name}, Parquet in DuckDB", rows, duckdb.sql(f"from '{parquet}'").arrow().read_all())
        compare_rows(f"{name}, Arrow in Polars", rows, polars.read_ipc(arrow).to_arrow())
        compare_rows(f"{name}, Parquet in Polars", rows, polars.read_parquet(parquet).to_arrow())
        if spark:
            compare_rows(f"{name}, Parquet in Spark", rows, spark.read.parquet(str(parquet)).toArrow())
        schema = pyarrow.parquet.read_schema(parquet)
        for field in WORDS[command]:
            # Parquet keeps the types of Arrow beside its own.
            assert pyarrow.types.is_dictionary(schema.field(field).type), field
        if command == "streams":
            took = f"(unix_ts_end - unix_ts_start) as took from {{}} where seconds is not null"
            found = duckdb.sql(f"select epoch_us{took.format(repr(str(parquet)))}").fetchall()
            compare_durations(f"{name}, DuckDB", rows, [row[0] for row in found])
            if spark:
                found = spark.sql(f"select {took.format(f'parquet.`{parquet}`')}").collect()
                compare_durations(f"{name}, Spark", rows, [round(row[0].total_seconds() * 10**6) for row in found])
    return 0 if spark else 3


sys.exit(main(*sys.argv[1:]))
