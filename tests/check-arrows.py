#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""check-arrows.py ROOT [BUILD] - inside a directory, no file uses what stands on a higher floor than itself.

FLOORS below says which files are on which floor.  Use is an #include, direct or through other headers of ours, whatever
their directory; and, where BUILD is given, a symbol that one object takes and another defines.

No object of gst/ takes a symbol of dsp/ or nn/: what it needs of them, models/ offers.

Prints FILE: uses FILE (by what way) for each arrow that points up, and each file that is on no floor or on two.
"""
import collections
import fnmatch
import pathlib
import re
import subprocess
import sys

# From the lowest floor up; names without their ending, * stands for anything.
FLOORS = {
    "dsp": [
        "fft framer lanes window zero_crossings",
        "decibel energy low_energy mel modulation spectral_shape stft",
        "mfcc octave_bands",
        "log_mel texture",
        "descriptors",
    ],
    "models": [
        "file/printable file/error",
        "file/json_write",
        "file/json_scan file/json_node file/regular_file",
        "file/json_field",
        "file/json_table",
        "file/safetensors_tensor",
        "file/safetensors_entry",
        "file/safetensors",
        "file/safetensors_writer",
        "columns descriptors embedded envelope frontend genre_aggregate model_path moments network_spec silent_edges",
        "descriptor_means frames network_heads spectra",
        "genre_model_file genre_model_writer genre_model genre_model_average spectrogram",
        "genre_cost genre_windows",
        "genre_stream",
        "sets/artist_name sets/half sets/metrics sets/union_find",
        "sets/feature_set_file sets/feature_set_load sets/feature_set",
        "sets/feature_set_writer sets/frame_level",
        "sets/genre_listener",
        "sets/genre_tracks",
        "training/random training/recipes training/svg_*",
        "training/augment training/sampler training/split training/checkpoint training/pieces",
        "training/train_recipe training/train_recipe_*",
        "training/training_split",
        "training/training_data training/training_load training/training_items training/training_targets",
        "training/training_target training/training_validation",
        "training/training_batch",
        "training/training_run training/training_model training/training_state training/training_card"
        " training/training",
    ],
    "nn": [
        "arena pool random simd size",
        "gemm gemm_openblas gemm_simd gemm_sum_simd pixels pixels_simd",
        "layer",
        "activation training",
        "layers layers/*",
        "stack",
        "plan",
        "network",
        "cost run",
        "initializer loss optimizer schedule",
        "heads",
        "chain",
        "stage",
        "pass",
        "trainer",
    ],
}
UNSEEN = {"gst": re.compile(r"(dsp|nn)_")}  # symbols that objects of a directory do not take
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.M)


def floor_of(path):
    """All floors that the file stands on, none where its directory has no table."""
    directory, _, name = path.partition("/")
    stem = name.rsplit(".", 1)[0]
    floors = FLOORS.get(directory, [])
    return [i for i, floor in enumerate(floors) if any(fnmatch.fnmatchcase(stem, one) for one in floor.split())]


def read_includes(root):
    """{file: the files of ours that it includes}"""
    files = [path for path in root.rglob("*.[ch]") if not path.relative_to(root).parts[0].startswith((".", "build"))]
    return {str(path.relative_to(root)): INCLUDE.findall(path.read_text()) for path in files}


def reach(includes, start):
    """{file that `start` includes in the end: the one that it comes in by}"""
    by, queue = {}, collections.deque([start])
    while queue:
        file = queue.popleft()
        for name in includes.get(file, []):
            if name not in by and name != start:
                by[name] = file
                queue.append(name)
    return by


def way(by, start, end):
    names = [end]
    while names[-1] != start:
        names.append(by[names[-1]])
    return " <- ".join(names[:-1])


def list_symbols(items, *options):
    """(object, symbol, kind) of all objects, by one run of nm: it takes longer to start than to read a file."""
    if not items:
        return []
    nm = subprocess.run(["nm", "-A", "-P", *options, *items], check=True, capture_output=True, text=True)
    lines = (line.rsplit(": ", 1) for line in nm.stdout.splitlines())
    return [(pathlib.Path(item), *rest.split()[:2]) for item, rest in lines]


def read_symbols(build, directory, sources):
    """(file that takes it, file that defines it, symbol) for all symbols between objects of a directory."""
    defined, taken = {}, []
    source_of = {}
    for item in sorted((build / directory).rglob("lib*.a.p/*.o")):
        home = item.parent.parent.relative_to(build)  # meson names the object of HOME/a/b.c a_b.c.o
        names = {source[len(f"{home}/"):].replace("/", "_"): source
                 for source in sources if source.startswith(f"{home}/")}
        source_of[item] = names.get(item.name[:-2])  # None: made by the build
    for item, name, kind in list_symbols([item for item, source in source_of.items() if source], "-g"):
        if kind == "U":
            taken.append((source_of[item], name))
        else:
            defined[name] = source_of[item]
    return [(source, defined[name], name) for source, name in taken if name in defined]


def read_unseen(build, directory, pattern):
    """[OBJECT: takes SYMBOL] for all symbols that the directory must not take, and how many objects were looked at."""
    items = sorted((build / directory).rglob("*.o"))
    faults = [f"{item.relative_to(build)}: takes {name}" for item, name, _ in list_symbols(items, "-u")
              if pattern.match(name)]
    return faults, len(items)


def check(root, build=None):
    """The faults, as lines."""
    faults = []
    includes = read_includes(root)
    floors = {}
    for file in sorted(includes):
        if file.partition("/")[0] in FLOORS:
            floors[file] = floor_of(file)
            if len(floors[file]) != 1:
                found = len(floors[file])
                faults.append(f"{file}: stands on {found} floors of the table in check-arrows.py, not on one")
    floors = {file: floor[0] for file, floor in floors.items() if len(floor) == 1}

    def points_up(user, used):
        same = user.partition("/")[0] == used.partition("/")[0]
        return same and user in floors and used in floors and floors[used] > floors[user]

    for file in floors:
        by = reach(includes, file)
        faults += [f"{file}: uses {used} (#include {way(by, file, used)})" for used in by if points_up(file, used)]
    for directory in FLOORS if build else ():
        arrows = read_symbols(build, directory, [file for file in floors if file.startswith(directory + "/")])
        if not arrows:
            faults.append(f"{directory}: no objects of it in {build}")
        faults += [f"{user}: uses {used} ({name})" for user, used, name in arrows if points_up(user, used)]
    for directory, pattern in UNSEEN.items() if build else ():
        seen, n_objects = read_unseen(build, directory, pattern)
        faults += seen if n_objects else [f"{directory}: no objects of it in {build}"]
    return faults


def main():
    root, *build = map(pathlib.Path, sys.argv[1:])
    faults = check(root, *build)
    print("\n".join(faults), end="\n" if faults else "")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
