"""Compares what others read from an Arrow and a Parquet file of events with their JSON: arrow.py PROGRAM FOLDER CAPTURE..."""

import decimal
import json
import pathlib
import subprocess
import sys

import duckdb
import polars
import pyarrow
import pyarrow.ipc
import pyarrow.parquet


def run(program, capture, *options):
    """Runs the program. Lines that cannot be read are no matter here."""
    command = [program, "events", "--show-credentials", *options, capture]
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout


def expected(text):
    """Returns the rows that the JSON says, with the time in nanoseconds."""
    rows = []
    for line in text.splitlines():
        row = json.loads(line, parse_float=decimal.Decimal)
        time = row.pop("time", None)
        row["time"] = None if time is None or isinstance(time, str) else int(time * 10**9)
        rows.append(row)
    return rows


def same(name, rows, table):
    """Compares rows with those of a table of pyarrow."""
    table = table.set_column(
        table.schema.get_field_index("time"), "time", table["time"].cast(pyarrow.timestamp("ns", "UTC")).cast("int64")
    )
    found = table.drop_columns(["prefix"]).to_pylist()
    if len(found) != len(rows):
        sys.exit(f"{name}: {len(found)} rows instead of {len(rows)}")
    for want, got in zip(rows, found):
        if want != got:
            sys.exit(f"{name}: line {want['line']}:\n{want}\n{got}")
    print(f"{name}: {len(rows)} rows are the same")


def main(program, folder, *captures):
    for capture in captures:
        rows = expected(run(program, capture))
        name = pathlib.Path(capture).name
        arrow, parquet = (pathlib.Path(folder, f"{name}.{format}") for format in ("arrow", "parquet"))
        arrow.write_bytes(run(program, capture, "--format", "arrow"))
        parquet.write_bytes(run(program, capture, "--format", "parquet"))
        same(f"{name}, Arrow in pyarrow", rows, pyarrow.ipc.open_file(arrow).read_all())
        same(f"{name}, Parquet in pyarrow", rows, pyarrow.parquet.read_table(parquet))
        same(f"{name}, Parquet in DuckDB", rows, duckdb.sql(f"from '{parquet}'").arrow().read_all())
        same(f"{name}, Arrow in Polars", rows, polars.read_ipc(arrow).to_arrow())
        schema = pyarrow.parquet.read_schema(parquet)
        for field in ("status", "reason", "client_protocol"):
            assert pyarrow.types.is_dictionary(schema.field(field).type), field


main(*sys.argv[1:])
