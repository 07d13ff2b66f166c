#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The version of meson.build is the newest one in docs/NEWS.md and in the changelog of the packages.

    check-version.py ROOT VERSION
"""

import pathlib
import re
import sys

PLACES = {
    "docs/NEWS.md": r"^## (\S+)$",
    "docs/packaging/debian/changelog": r"^genreclassify \((\S+)\)",
}


def main():
    root, version = pathlib.Path(sys.argv[1]), sys.argv[2]
    status = 0
    for place, pattern in PLACES.items():
        found = re.search(pattern, (root / place).read_text(encoding="utf-8"), re.M)
        if not found or found[1] != version:
            print(f"{place}: {found[1] if found else 'no version'}; expected {version}, as in meson.build")
            status = 1
    sys.exit(status)


if __name__ == "__main__":
    main()
