# SPDX-License-Identifier: LGPL-2.1-or-later
"""cluster_folder.py - a folder of made music for the tests of examples/cluster, and what one machine says of it."""

import json
import os
import pathlib

import numpy as np

import tool
from made_music import RATE, music, write_wav

CLUSTER = pathlib.Path(__file__).resolve().parent.parent / "examples" / "cluster"
NAMES = ["plain", "two words", "quote's \"two\"", "$HOME `x` {1} #", "\u266b", "a\\b", "tab\there", "comma, &c."]


def make(root, count, seconds=6):
    """count recordings, each of three kinds of music; silence, one that is too short, one that is broken"""
    for i in range(count):
        kinds = [["drums", "bells", "drone"][(i + k) % 3] for k in range(3)]
        pcm = np.concatenate([music(kind, i, seconds) for kind in kinds])
        write_wav(root / f"album {i % 3}" / f"{i} {NAMES[i % len(NAMES)]}.wav", pcm)
    write_wav(root / "silent.wav", np.zeros(8 * RATE, "<i2"))
    write_wav(root / "short.wav", music("drums", 1, 1))
    (root / "broken.mp3").write_bytes(b"no music" * 50)


def one_machine(root):
    """[bytes], the lines of one run"""
    status, lines, errors = tool.call("identify", "--json", "-q", root, text=False)
    assert status == 1 and b"broken.mp3" in errors, (status, errors)
    return lines.splitlines(keepends=True)


def uris(lines):
    return sorted(json.loads(line)["uri"] for line in lines)


def environment():
    """variables of a shell whose PATH has the tool"""
    names = ("GST_PLUGIN_PATH", "GST_REGISTRY", "HOME", "XDG_CACHE_HOME", "TMPDIR")
    found = {name: os.environ[name] for name in names if name in os.environ}
    return found | {"PATH": f"{tool.TOOL.parent}:/usr/bin:/bin"}
