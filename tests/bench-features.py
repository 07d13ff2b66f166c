#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What `gst-genre-1.0 features` costs beside librosa: CPU time for the same numbers of the same recordings, in one run.

    python3 -m venv venv && venv/bin/pip install librosa==0.11.0
    GENRE_BUILD_DIR=build venv/bin/python tests/bench-features.py [RECORDINGS]

100 recordings of 30 s, 22050 Hz, made here.  librosa is imported and warm; what it lacks is NumPy's, on arrays.  It is
measured twice: as its pages have it, each feature from the samples, which is what ten times is the goal against, and
with one spectrogram that all features share, which takes more care.  The tool runs from its start to its end as a
person runs it, and decodes.  All use one thread.  Without librosa there is nothing to compare with: exit status 77.
"""

import csv
import io
import os
import pathlib
import resource
import sys
import tempfile
import time

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

try:
    import librosa
except ImportError:
    print("skipped: there is no librosa for this Python, which this is measured against")
    sys.exit(77)
import numpy as np

import numpy_descriptors as definition
from made_music import KINDS, music, write_wav
from tool import call

SECONDS = 30


def each_by_itself(y, rate):
    """-> the features that librosa has, as rows; magnitude"""
    feature = librosa.feature
    rows = [
        feature.zero_crossing_rate(y) * rate,
        feature.spectral_centroid(y=y, sr=rate),
        feature.spectral_rolloff(y=y, sr=rate),
        feature.mfcc(y=y, sr=rate),
        feature.spectral_contrast(y=y, sr=rate),
    ]
    return rows, np.abs(librosa.stft(y))


def from_one_spectrogram(y, rate):
    feature, magnitude = librosa.feature, np.abs(librosa.stft(y))
    mel = feature.melspectrogram(S=magnitude**2, sr=rate)
    rows = [
        feature.zero_crossing_rate(y) * rate,
        feature.spectral_centroid(S=magnitude, sr=rate),
        feature.spectral_rolloff(S=magnitude, sr=rate),
        feature.mfcc(S=librosa.power_to_db(mel, top_db=None)),
        feature.spectral_contrast(S=magnitude, sr=rate),
    ]
    return rows, magnitude


def by_librosa(path, features):
    """[148] mean and standard deviation of each value, in the order of the tool's columns"""
    y, rate = librosa.load(path, sr=None)
    rows, magnitude = features(y, rate)
    contrast = rows[4].T
    rows.insert(3, definition.flux(magnitude.T)[np.newaxis])
    rms = librosa.feature.rms(y=y)[0]
    power = definition.octave_power(magnitude.T, librosa.fft_frequencies(sr=rate))
    long = []
    for first in range(0, len(rms) - 255, 128):
        window = slice(first, first + 256)
        matrix = definition.modulation_contrast(contrast[window])
        crest, flatness = definition.modulation_shape(power[window])
        low = [np.mean(rms[window] < rms[window].mean())]
        omsc = np.concatenate([matrix.mean(1), matrix.std(1), matrix.mean(0), matrix.std(0)])
        long.append(np.concatenate([low, omsc, crest, flatness]))
    values = [*np.concatenate(rows), *np.transpose(long)]
    return np.ravel([(row.mean(), row.std()) for row in values])


def cpu_of_children():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        paths = [folder / f"{i:03}.wav" for i in range(count)]
        for i, path in enumerate(paths):
            write_wav(path, music(KINDS[i % 3], i, SECONDS))

        before = cpu_of_children()
        status, text, errors = call("features", "-q", "-j1", folder, timeout=3600)
        ours = cpu_of_children() - before
        assert status == 0, errors

        peers, theirs = [], []
        for features in (each_by_itself, from_one_spectrogram):
            by_librosa(paths[0], features)
            before = time.process_time()
            theirs.append([by_librosa(path, features) for path in paths])
            peers.append(time.process_time() - before)

    found = np.array([[float(cell) for cell in row[2:]] for row in list(csv.reader(io.StringIO(text)))[1:]])
    error = np.abs(found - theirs[1]) / np.maximum(1, np.abs(theirs[1]))
    print(f"{count} recordings of {SECONDS} s, CPU seconds:")
    print(f"  gst-genre-1.0 features             {ours:7.2f}")
    print(f"  librosa {librosa.__version__}, each feature      {peers[0]:7.2f}   {peers[0] / ours:.1f} times as much")
    print(f"  librosa {librosa.__version__}, one spectrogram   {peers[1]:7.2f}   {peers[1] / ours:.1f} times as much")
    print(f"largest difference: {error.max():.1e} of a value, or of 1 where it is less")
    print("goal: ten times; " + ("reached" if peers[0] >= 10 * ours else "MISSED"))
    sys.exit(peers[0] < 10 * ours)


if __name__ == "__main__":
    main()
