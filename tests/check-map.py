#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every source file is in the map of CONTRIBUTING.md, or of models/README.md, by its noun, and nothing else is.

    check-map.py ROOT
"""

import pathlib
import re
import sys

FOLDERS = {"CONTRIBUTING.md": 7, "models/README.md": 4}  # how many rows or parts each has
ENDINGS = {".c", ".h", ".cc", ".in"}


def nouns_in(directory):
    return {path.name.split(".")[0] for path in directory.iterdir() if path.suffix in ENDINGS}


def words_of(text):
    return {word.split(".")[0] for word in re.findall(r"`([\w.]+)`", text)}


def contributing(root):
    """-> {folder: words}, of the rows that list files: tests are too many, and models has a table of its own"""
    page = (root / "CONTRIBUTING.md").read_text()
    rows = re.findall(r"^\| `([\w/]+)/` \| (.*) \|$", page.split("### Map")[1].split("\n## ")[0], re.M)
    return {folder: words_of(text) for folder, text in rows if folder not in ("models", "tests")}


def models(root):
    """-> {folder: words}, of the parts of the table"""
    page = (root / "models" / "README.md").read_text().split("\n## ")[0]
    parts = re.split(r"^\| \*\*`([\w./]+)`\*\*.*$", page, flags=re.M)[1:]
    names = {"models" if part == "." else f"models/{part.rstrip('/')}": i for i, part in enumerate(parts) if i % 2 == 0}
    return {name: words_of(parts[i + 1]) for name, i in names.items()}


def main():
    root = pathlib.Path(sys.argv[1])
    wrong = []
    for page, read in (("CONTRIBUTING.md", contributing), ("models/README.md", models)):
        folders = read(root)
        if len(folders) < FOLDERS[page]:
            wrong.append(f"{page}: expected {FOLDERS[page]} folders, found {sorted(folders)}")
        for folder, words in folders.items():
            for noun in sorted(nouns_in(root / folder) - words):
                wrong.append(f"{page}: {folder}/{noun} is not in the map")
            for word in sorted(words - nouns_in(root / folder)) if page == "CONTRIBUTING.md" else []:
                wrong.append(f"{page}: {folder}/ has no {word}")
    print("\n".join(wrong) or "the map is complete")
    sys.exit(bool(wrong))


main()
