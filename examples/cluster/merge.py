#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Results files of `gst-genre-1.0 identify` -> one line a track on standard output, the last one that it has.

  python3 merge.py genres.*.jsonl > all.jsonl

Of two files the one that is named last counts.  Parts of different numbers (genres.0-of-8.jsonl, genres.0-of-9.jsonl)
are refused: a track would be in two of them, and nothing says which line is newer.  A line that has no end, which is
being written or was when the power went, is left out.  Memory: the places of lines, not the lines.
"""

import json
import re
import sys


def check_parts(paths):
    """parts, by their names, must be of one number"""
    counts = {found[1]: path for path in paths if (found := re.search(r"\.\d+-of-(\d+)\.jsonl$", path))}
    if len(counts) > 1:
        found = ", ".join(f"{count} ({path})" for count, path in sorted(counts.items()))
        sys.exit(f"merge.py: expected parts of one number, found parts of {found}: merge those of one run")


def last_lines(paths):
    """{uri: (number of the file, offset of the line)}, in the order in which URIs came first"""
    places = {}
    for number, path in enumerate(paths):
        offset = 0
        with open(path, "rb") as file:
            for line in file:
                if line.endswith(b"\n"):
                    places[json.loads(line)["uri"]] = number, offset
                offset += len(line)
    return places


def main(paths):
    check_parts(paths)
    places = last_lines(paths)
    files = [open(path, "rb") for path in paths]
    for number, offset in places.values():
        files[number].seek(offset)
        sys.stdout.buffer.write(files[number].readline())


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(f"usage: {sys.argv[0]} RESULTS.jsonl...")
    main(sys.argv[1:])
