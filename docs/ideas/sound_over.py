#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""sound_over.py OUTPUT LEVEL_DB KIND SOUNDS SET... - each SET with sounds over the music: OUTPUT/SET.

Clip i gets the clip i of those of SOUNDS whose kind is KIND, from the beginning again where these end, added by power;
its mean power is LEVEL_DB above the music's.  docs/accuracy.md has the commands.
"""
import json
import pathlib
import sys

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "models" / "training"))
import wide_sets  # noqa: E402


def power(tensors, clip):
    """-> [frames][bands], without the frames that only fill the clip up"""
    features = tensors["features"][clip]
    if features.dtype == np.uint8:
        features = tensors["offset_db"][clip] + tensors["scale_db"][clip] * (features / np.float32(255))
    frames = tensors["frames"][clip] if "frames" in tensors else len(features)
    return 10 ** (features[:frames].astype(np.float64) / 10)


def main():
    folder, level_db, kind = pathlib.Path(sys.argv[1]), float(sys.argv[2]), sys.argv[3]
    folder.mkdir(parents=True, exist_ok=True)
    sounds, meta = wide_sets.load(sys.argv[4])
    chosen = np.flatnonzero(sounds["kind"] == json.loads(meta["kinds"]).index(kind))
    for path in map(pathlib.Path, sys.argv[5:]):
        tensors, meta = wide_sets.load(path)
        features = np.zeros(tensors["features"].shape, np.float32)
        for clip in range(len(features)):
            music, sound = power(tensors, clip), power(sounds, chosen[clip % len(chosen)])
            sound = np.resize(sound, music.shape)
            sound *= 10 ** (level_db / 10) * music.mean() / sound.mean()
            features[clip, : len(music)] = 10 * np.log10(music + sound)
        out = {name: array for name, array in tensors.items() if name not in ("offset_db", "scale_db")}
        wide_sets.save(folder / path.name, dict(out, features=features), meta)


if __name__ == "__main__":
    main()
