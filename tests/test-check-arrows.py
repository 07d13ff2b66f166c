#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""test-check-arrows.py ROOT BUILD - check-arrows.py finds every arrow that is planted in a copy of the tree.

An include that points up; one through another directory; a file on no floor; a symbol from above without an include; a
symbol of nn and one of dsp in an object of gst.
"""
import importlib.util
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
SPEC = importlib.util.spec_from_file_location("check_arrows", HERE / "check-arrows.py")
ARROWS = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(ARROWS)

# What is planted, [(file, line at its end)], and the faults that must be found, all of them.
PLANTED = [
    ([], []),
    ([("nn/layer.h", '#include "nn/size.h"')], []),  # down
    ([("nn/run.c", '#include "nn/cost.h"')], []),  # the same floor
    ([("nn/run.c", '#include "nn/trainer.h"')], [
        f"nn/run.c: uses nn/{file} (#include {by}nn/trainer.h)" for file, by in (
            ("trainer.h", ""), ("heads.h", "nn/heads.h <- "), ("loss.h", "nn/loss.h <- nn/heads.h <- "))]),
    ([("dsp/fft.c", '  #  include "dsp/log_mel.h"')], [
        "dsp/fft.c: uses dsp/log_mel.h (#include dsp/log_mel.h)",
        "dsp/fft.c: uses dsp/energy.h (#include dsp/energy.h <- dsp/log_mel.h)"]),
    ([("nn/plan.c", '#include "gst/between.h"'), ("gst/between.h", '#include "nn/run.h"')], [
        "nn/plan.c: uses nn/run.h (#include nn/run.h <- gst/between.h)",
        "nn/plan.c: uses nn/network.h (#include nn/network.h <- nn/run.h <- gst/between.h)"]),
    ([("models/genre_cost.c", '#include "models/sets/half.h"')], [
        "models/genre_cost.c: uses models/sets/half.h (#include models/sets/half.h)"]),
    ([("nn/novel.c", "int novel;")], [
        "nn/novel.c: stands on 0 floors of the table in check-arrows.py, not on one"]),
]


def plant(lines):
    """The faults in a copy of the tree with these lines in it."""
    with tempfile.TemporaryDirectory() as directory:
        copy = pathlib.Path(directory)
        for name in ("dsp", "nn", "models", "gst"):
            shutil.copytree(pathlib.Path(sys.argv[1]) / name, copy / name)
        for file, line in lines:
            with open(copy / file, "a", encoding="utf-8") as out:
                out.write(line + "\n")
        return ARROWS.check(copy)


def main():
    status = 0
    for lines, expected in PLANTED:
        found = plant(lines)
        if sorted(found) != sorted(expected):
            print(f"planted {lines}\nexpected", *expected, "found", *found, sep="\n  ")
            status = 1

    # The layers' table turned upside down: what the objects take from each other shows it, without a look at includes.
    ARROWS.FLOORS = {directory: ARROWS.FLOORS[directory][::-1] for directory in ("models", "nn")}
    ARROWS.read_includes = lambda root, real=ARROWS.read_includes: dict.fromkeys(real(root), ())
    found = ARROWS.check(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
    for fault in ("nn/trainer.c: uses nn/pass.c (nn_pass_run)", "nn/run.c: uses nn/layer.c (nn_shape_item)",
                  "models/file/json_node.c: uses models/file/json_write.c (json_append_string)"):
        if fault not in found:
            print(f"expected {fault}, found", *found[:9], sep="\n  ")
            status = 1

    # An object of gst that takes a symbol of nn, and a build without any.
    with tempfile.TemporaryDirectory() as directory:
        build = pathlib.Path(directory)
        empty = ARROWS.read_unseen(build, "gst", ARROWS.UNSEEN["gst"])
        (build / "gst/tools").mkdir(parents=True)
        source = build / "planted.c"
        source.write_text("void nn_planted (void); void dsp_planted (void); void mine (void);\n"
                          "void mine (void) { nn_planted (); dsp_planted (); }\n")
        subprocess.run(["cc", "-c", source, "-o", build / "gst/tools/planted.c.o"], check=True)
        found = ARROWS.read_unseen(build, "gst", ARROWS.UNSEEN["gst"])
    if empty != ([], 0) or (sorted(found[0]), found[1]) != (
            ["gst/tools/planted.c.o: takes dsp_planted", "gst/tools/planted.c.o: takes nn_planted"], 1):
        print("planted symbols: found", empty, found)
        status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
