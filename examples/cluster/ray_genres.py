#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Genres of the recordings that a table names, by Ray Data, as Parquet: one row a recording.

  python3 ray_genres.py tracks.parquet genres/

TABLE is Parquet or CSV with a column `uri` of URIs or absolute paths that every node can read.  RESULTS is a folder
that every node sees; the job can be stopped at any time and given again, and then hears only what has no row there.

Each worker has a process of genre_rows.py.  A recording that breaks or hangs its decoder costs that process, not the
worker: it is a row with the state "error", and the next recording gets another process.
"""

import argparse
import importlib.util
import json
import os
import pathlib
import signal
import subprocess
import sys

import pyarrow as pa
import pyarrow.compute
import pyarrow.csv
import pyarrow.parquet
import ray

HERE = pathlib.Path(__file__).resolve().parent
BLOCK = 256  # tracks a file of the results: what a run that is stopped loses, for each worker
BATCH = 16

SPAN = pa.struct({"start": pa.float64(), "end": pa.float64(), "label": pa.string(), "confidence": pa.float64()})
SCHEMA = pa.schema({
    "path": pa.string(),  # as the table has it
    "state": pa.string(),  # ok, silence, not-music, too-short, error
    "label": pa.string(),
    "confidence": pa.float64(),
    "distribution": pa.map_(pa.string(), pa.float64()),
    "music": pa.float64(),
    "timeline": pa.list_(SPAN),
    "error": pa.string(),  # why, if the state is error
})  # fmt: skip


def python_with_gi():
    """Debian's PyGObject belongs to Debian's Python, Ray often to another."""
    return sys.executable if importlib.util.find_spec("gi") else "/usr/bin/python3"


def ending(status):
    """Why a process ended in the middle of a recording.  Raises RuntimeError if it is not for that recording."""
    if status >= 0:
        raise RuntimeError(f"genre_rows.py ended with status {status}: its standard error is in the log of the worker")
    if status == -signal.SIGALRM:
        return "it gave no audio for too long"
    return f"it ended its decoder by signal {-status}"


class Identifier:
    """A worker: batches of paths -> rows."""

    def __init__(self, options):
        # Ray has put the files of this folder where the worker runs.
        self.command = [python_with_gi(), "genre_rows.py", *options]
        self.process = None

    def row(self, path):
        if "\n" in path:
            return {"path": path, "state": "error", "error": "a newline in it: expected a URI, where it is %0A"}
        if not self.process:
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
            self.process = subprocess.Popen(self.command, **pipes, text=True, encoding="utf-8")
        try:
            self.process.stdin.write(path + "\n")
            self.process.stdin.flush()
            return json.loads(self.process.stdout.readline())
        except (BrokenPipeError, json.JSONDecodeError):
            process, self.process = self.process, None
            process.communicate()
            return {"path": path, "state": "error", "error": ending(process.returncode)}

    def __call__(self, batch):
        return pa.Table.from_pylist([self.row(path) for path in batch["path"].to_pylist()], schema=SCHEMA)


def read_paths(table, column):
    if table.endswith(".csv"):
        columns = pa.csv.ConvertOptions(include_columns=[column], column_types={column: pa.string()})
        return pa.csv.read_csv(table, convert_options=columns)[column]
    return pa.parquet.read_table(table, columns=[column])[column]


def read_done(results):
    """What has a row.  A file that a run left half written is no Parquet yet, and goes."""
    done = []
    for file in pathlib.Path(results).glob("*.parquet"):
        try:
            done.append(pa.parquet.read_table(file, columns=["path"])["path"])
        except pa.ArrowInvalid:
            file.unlink()
    return pa.chunked_array([chunk for column in done for chunk in column.chunks], pa.string())


def main():
    parser = argparse.ArgumentParser(description="Genres of the recordings that a table names, by Ray Data.",
                                     epilog="Behind -- stand options for genre_rows.py.")  # fmt: skip
    parser.add_argument("table", help="Parquet, or CSV if it is called .csv")
    parser.add_argument("results", help="a folder for Parquet files")
    parser.add_argument("--column", default="uri", help="of URIs or absolute paths (default %(default)s)")
    parser.add_argument("--workers", type=int, help="how many (default: the CPUs of the cluster)")
    ours, options = sys.argv[1:], []
    if "--" in ours:
        at = ours.index("--")
        ours, options = ours[:at], ours[at + 1 :]
    given = parser.parse_args(ours)

    paths = read_paths(given.table, given.column).unique().drop_null()
    results = os.path.abspath(given.results)  # workers are elsewhere
    done = read_done(results)
    paths = paths.filter(pa.compute.invert(pa.compute.is_in(paths, done)))
    print(f"{len(done)} done before, {len(paths)} to do", file=sys.stderr)
    if len(paths) == 0:
        return

    ray.init(runtime_env={"working_dir": str(HERE)})
    workers = given.workers or int(ray.cluster_resources()["CPU"])
    blocks = [pa.table({"path": paths[at : at + BLOCK]}) for at in range(0, len(paths), BLOCK)]
    rows = ray.data.from_arrow(blocks).map_batches(
        Identifier,
        fn_constructor_args=[options],
        batch_size=BATCH,
        batch_format="pyarrow",
        compute=ray.data.ActorPoolStrategy(size=min(workers, len(blocks))),
        num_cpus=1,
    )
    rows.write_parquet(results, mode=ray.data.SaveMode.APPEND)


if __name__ == "__main__":
    main()
