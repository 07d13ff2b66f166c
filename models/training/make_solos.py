#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""make_solos.py DIRECTORY [COUNT] - COUNT (144) recordings of 24 s of one instrument or voice alone: music.

Random melodies, played by fluidsynth with FluidR3 (Debian: fluidsynth, fluid-soundfont-gm): what genre-crnn learns not
to take for speech or noise; models/README.md has the commands.  44,100 Hz, mono, 16 bit; the same files for the same
COUNT.  tests/test-e2e-few-voices.py plays with another sound font.
"""
import pathlib
import sys
import wave

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "tests"))
import played_music  # noqa: E402

FONT = pathlib.Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
# Programs of General MIDI, as they are numbered from 0: winds and voices twice, since they are taken for speech most.
WINDS = [52, 53, 54, 56, 57, 58, 60, 64, 65, 66, 67, 68, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79]
OTHERS = [0, 4, 11, 12, 13, 16, 19, 21, 22, 24, 25, 26, 27, 32, 40, 41, 42, 46, 48, 80, 81, 88, 104, 105, 108, 109, 110,
          114]
SCALES = [played_music.MINOR, played_music.MAJOR, [0, 2, 4, 7, 9], [0, 3, 5, 6, 7, 10], [0, 1, 4, 5, 7, 8, 10]]


def solo(random, program):
    scale = SCALES[random.integers(len(SCALES))]
    notes = played_music.melody(random, scale, int(random.integers(43, 68)), float(random.uniform(.25, .9)))
    depth = int(random.integers(0, 90))
    vibrato = [(second, played_music.VIBRATO, depth) for second in range(played_music.SECONDS)]
    return played_music.play(played_music.midi(program, notes, vibrato), font=FONT)


def main():
    folder, count = pathlib.Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 144
    folder.mkdir(parents=True, exist_ok=True)
    programs = WINDS + OTHERS + WINDS
    for i in range(count):
        program = programs[i % len(programs)]
        samples = solo(np.random.default_rng(i), program)
        samples *= np.random.default_rng(i).uniform(.05, .9) / np.abs(samples).max()
        with wave.open(str(folder / f"solo-{i:03}-{program}.wav"), "wb") as file:
            file.setnchannels(1), file.setsampwidth(2), file.setframerate(played_music.RATE)
            file.writeframes((samples * 32767).astype("<i2").tobytes())


if __name__ == "__main__":
    main()
