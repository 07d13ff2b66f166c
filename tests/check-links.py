#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every relative link of a page leads to a file and a heading of it: in the tree, and as `meson install` lays it out.

    check-links.py ROOT
"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile


def without_code(text):
    return re.sub(r"^(`{3,}).*?^\1$", "", text, flags=re.M | re.S)


def anchors(page):
    """as GitHub makes them of headings"""
    headings = re.findall(r"^#+ (.*)$", without_code(page.read_text()), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def check(directory, pages):
    """-> number of links, what is wrong with them"""
    n, wrong = 0, []
    for page in pages:
        for link in re.findall(r"\]\(([^)\s]+)\)", without_code(page.read_text())):
            if "://" in link:
                continue
            n += 1
            path, _, anchor = link.partition("#")
            target = page.parent / path if path else page
            if not target.exists():
                wrong.append(f"{page.relative_to(directory)}: no file {path}")
            elif anchor and target.suffix == ".md" and anchor not in anchors(target):
                wrong.append(f"{page.relative_to(directory)}: no heading #{anchor} in {path or 'it'}")
    return n, wrong


def install(root, scratch):
    build, destination = scratch / "build", scratch / "installed"
    quiet = {"stdout": subprocess.DEVNULL, "check": True, "timeout": 120}
    options = ["-Ddocs=true", "-Dtests=false", "-Dtools=disabled", "-Dscope=disabled", "-Dexamples=false"]
    subprocess.run(["meson", "setup", build, root, *options], **quiet)
    environment = {**os.environ, "DESTDIR": str(destination)}
    subprocess.run(["meson", "install", "-C", build, "--no-rebuild", "--tags", "doc"], env=environment, **quiet)
    return destination


def main():
    root = pathlib.Path(sys.argv[1])
    in_tree = [page for page in root.rglob("*.md") if not page.relative_to(root).parts[0].startswith("build")]
    with tempfile.TemporaryDirectory() as scratch:
        installed = install(root, pathlib.Path(scratch))
        for what, directory, pages in (("in the tree", root, in_tree),
                                       ("installed", installed, list(installed.rglob("*.md")))):  # fmt: skip
            n, wrong = check(directory, pages)
            print(f"{what}: {len(pages)} pages, {n} links, {len(wrong)} broken")
            print("\n".join(wrong))
            if wrong or len(pages) < 15 or n < 30:
                sys.exit(1)


if __name__ == "__main__":
    main()
