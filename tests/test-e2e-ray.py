#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""examples/cluster/ray_genres.py on this machine: tables in, Parquet out, a row for whatever fails, and a second run
that does what the first has not.

Skipped where neither this Python nor $GENRE_RAY_PYTHON has Ray Data: `pip install 'ray[data]'`.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

import cluster_folder
from pipeline import Verdict, need, skip

verdict = Verdict()
PYTHON = os.environ.get("GENRE_RAY_PYTHON") or sys.executable
QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_DATA_DISABLE_PROGRESS_BARS": "1"}

# The test's own Python need not have pyarrow.
WRITE = """
import json, sys
import pyarrow, pyarrow.csv, pyarrow.parquet
table = pyarrow.table(json.load(sys.stdin))
(pyarrow.csv.write_csv if sys.argv[1].endswith(".csv") else pyarrow.parquet.write_table)(table, sys.argv[1])
"""
READ = """
import json, sys
import pyarrow.parquet
table = pyarrow.parquet.read_table(sys.argv[1])
json.dump({"columns": table.schema.names, "rows": table.to_pylist(maps_as_pydicts="strict")}, sys.stdout)
"""


def python(program, *arguments, **options):
    return subprocess.run([PYTHON, "-c", program, *arguments], check=True, text=True, timeout=120, **options)


def write_table(path, columns):
    python(WRITE, path, input=json.dumps(columns))


def read_rows(folder):
    """-> columns, {path: row}"""
    table = json.loads(python(READ, folder, stdout=subprocess.PIPE).stdout)
    rows = {row["path"]: row for row in table["rows"]}
    verdict.check(len(rows) == len(table["rows"]), "a recording has two rows")
    return table["columns"], rows


def run(table, results, *options):
    """-> stderr"""
    command = [PYTHON, cluster_folder.CLUSTER / "ray_genres.py", table, results, "--workers", "1", *options]
    done = subprocess.run(command, env=os.environ | QUIET, cwd=results.parent, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=400, check=False)  # fmt: skip
    verdict.check(done.returncode == 0, f"{done.returncode}: {done.stdout[-3000:]}")
    return done.stdout


def check_row(row, track):
    verdict.check(row["state"] == track["state"] and row["label"] == track["label"], f"{row}, expected {track}")
    verdict.close(row["confidence"], track["confidence"], 1e-9, f"{row['path']}: confidence")
    verdict.close(row["music"], track["music"], 1e-9, f"{row['path']}: music")
    for label, p in track["probabilities"].items():
        verdict.close(row["distribution"][label], p, 1e-9, f"{row['path']}: {label}")
    spans = [(span["start"], span["label"]) for span in row["timeline"]]
    verdict.check(spans == [(span["start"], span["label"]) for span in track["timeline"]], f"{row['path']}: {spans}")


def test_job(folder):
    root, results = folder / "music", folder / "genres"
    cluster_folder.make(root, 3)
    tracks = {track["uri"]: track for track in map(json.loads, cluster_folder.one_machine(root))}
    os.mkfifo(folder / "hangs.wav")
    wrong = [str(folder / "hangs.wav"), "file:///no/such.flac", "two\nlines"]

    # What hangs is first, so that all others need another process.
    uris = [wrong[0], *tracks, wrong[1]]
    write_table(folder / "tracks.parquet", {"id": list(range(len(uris))), "uri": uris})
    run("tracks.parquet", results, "--", "--stall", "5")
    columns, rows = read_rows(results)
    wanted = ["path", "state", "label", "confidence", "distribution", "music", "timeline", "error"]
    verdict.check(columns == wanted, f"columns {columns}")
    verdict.check(set(rows) == {*tracks, *wrong[:2]}, f"{set(rows) ^ {*tracks, *wrong[:2]}}")
    for path, row in rows.items():
        if "state" in tracks.get(path, {}):
            check_row(row, tracks[path])
        else:
            verdict.check(row["state"] == "error" and row["label"] is None and row["error"], f"{row}")
    verdict.check(rows[wrong[0]]["error"] == "it gave no audio for too long", f"{rows[wrong[0]]}")

    # The next run: a CSV with more, and a file that was being written when the last one was stopped.
    (results / "torn.parquet").write_bytes(next(results.glob("*.parquet")).read_bytes()[:-9])
    write_table(folder / "more.csv", {"where": [*tracks] + wrong})
    output = run("more.csv", results, "--column", "where")
    verdict.check(f"{len(tracks) + 2} done before, 1 to do" in output, output[:300])
    verdict.check(not (results / "torn.parquet").exists(), "what is no Parquet is still there")
    _, more = read_rows(results)
    verdict.check(set(more) == {*tracks, *wrong} and "newline" in more[wrong[2]]["error"], f"{set(more)}")


def main():
    need("genreclassify", "uridecodebin", "wavparse")
    probe = subprocess.run([PYTHON, "-c", "import ray.data, pyarrow"], stderr=subprocess.PIPE, text=True, check=False)
    if probe.returncode != 0:
        skip(f"{PYTHON} has no Ray Data: {probe.stderr.strip().splitlines()[-1]}")
    with tempfile.TemporaryDirectory() as folder:
        test_job(pathlib.Path(folder).resolve())
    verdict.exit()


main()
