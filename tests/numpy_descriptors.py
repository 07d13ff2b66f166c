# SPDX-License-Identifier: LGPL-2.1-or-later
"""numpy_descriptors.py - the ten descriptors by their definitions, in NumPy alone, to which C code is held.

Written from the formulas of the headers of dsp/, without looking for speed.  What librosa has is compared with librosa
too, by tests/golden/make-descriptors-golden.py.
"""

import math

import numpy as np

SAMPLE_RATE, N_FFT, HOP, TEXTURE = 22050, 2048, 512, 256
N_MELS, N_MFCC = 128, 20
EDGES_HZ = [0, 200, 400, 800, 1600, 3200, 6400, math.inf]


def frame_length(rate):
    return max(2, 2 * round(N_FFT * rate / (2 * SAMPLE_RATE)))


def centers(n_samples, rate):
    """the sample on which each frame lies"""
    out, t = [], 0
    while (center := (2 * t * HOP * rate + SAMPLE_RATE) // (2 * SAMPLE_RATE)) <= n_samples:
        out.append(center)
        t += 1
    return out


def padded(y, rate, mode):
    """frames [frames][n], with zeros or the edge's samples outside"""
    n = frame_length(rate)
    if len(y) == 0:
        return np.zeros((1, n))
    y = np.pad(y, n, mode=mode)
    return np.stack([y[c + n // 2 : c + n // 2 + n] for c in centers(len(y) - 2 * n, rate)])


def spectra(y, rate):
    """magnitude [frames][bins] as it would be at SAMPLE_RATE, up to half of that; frequencies [bins]"""
    n = frame_length(rate)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n) / n)
    magnitude = np.abs(np.fft.rfft(padded(y, rate, "constant") * window, axis=1))
    magnitude *= N_FFT / n * math.sqrt(N_FFT * rate / (n * SAMPLE_RATE))
    hz = np.arange(n // 2 + 1) * rate / n
    heard = hz <= SAMPLE_RATE / 2 + 1e-6
    return magnitude[:, heard], hz[heard]


def zero_crossings(y, rate):
    negative = padded(y, rate, "edge") < -np.float64(np.float32(1e-10))
    return (negative[:, 1:] != negative[:, :-1]).sum(1) * rate / negative.shape[1]


def rms(y, rate):
    return np.sqrt((padded(y, rate, "constant") ** 2).mean(1))


def centroid(magnitude, hz):
    total = magnitude.sum(1)
    return (magnitude @ hz) / np.where(total > 0, total, 1)


def rolloff(magnitude, hz):
    below = np.cumsum(magnitude, 1)
    return hz[np.argmax(below >= 0.85 * below[:, -1:], 1)]


def flux(magnitude):
    norm = np.sqrt((magnitude**2).sum(1, keepdims=True))
    unit = magnitude / np.where(norm > 0, norm, 1)
    return np.concatenate([[0.0], ((unit[1:] - unit[:-1]) ** 2).sum(1)])


def to_db(x):
    return 10 * np.log10(np.maximum(1e-10, x))


def from_mel(mel):
    return np.where(mel < 15, mel * 200 / 3, 1000 * np.exp((np.maximum(mel, 15) - 15) * math.log(6.4) / 27))


def mfcc(magnitude, hz):
    top = 15 + 27 * math.log(SAMPLE_RATE / 2 / 1000) / math.log(6.4)
    edge = from_mel(np.linspace(0, top, N_MELS + 2))
    rows = []
    for left, peak, right in zip(edge[:-2], edge[1:-1], edge[2:]):
        triangle = np.maximum(0, np.minimum((hz - left) / (peak - left), (right - hz) / (right - peak)))
        rows.append(triangle * 2 / (right - left))
    db = to_db(magnitude**2 @ np.transpose(rows))
    m, c = np.arange(N_MELS), np.arange(N_MFCC)[:, np.newaxis]
    dct = np.cos(np.pi * c * (m + 0.5) / N_MELS) * np.where(c == 0, 1, math.sqrt(2)) / math.sqrt(N_MELS)
    return db @ dct.T


def contrast(magnitude, hz):
    out = np.zeros((len(magnitude), 7))
    for b, (low, high) in enumerate(zip(EDGES_HZ[:-1], EDGES_HZ[1:])):
        inside = np.flatnonzero((hz >= low) & (hz <= high))
        if len(inside) == 0:
            continue
        first = inside[0] - (b > 0)
        count = inside[-1] + 1 - first
        bins = np.sort(magnitude[:, first : inside[-1] + (b == 6)], 1)
        tail = min(max(1, round(0.02 * count)), bins.shape[1])
        if tail > 0:
            out[:, b] = to_db(bins[:, -tail:].mean(1)) - to_db(bins[:, :tail].mean(1))
    return out


def octave_power(magnitude, hz):
    pairs = zip(EDGES_HZ[:-1], EDGES_HZ[1:])
    return np.stack([(magnitude[:, (hz >= low) & (hz < high)] ** 2).sum(1) for low, high in pairs], 1)


def frame_values(y, rate=SAMPLE_RATE):
    """{name: [frames] or [frames][values]} in the order of the tool's columns"""
    y = np.asarray(y, np.float64)
    magnitude, hz = spectra(y, rate)
    return {
        "zero_crossings_hz": zero_crossings(y, rate),
        "spectral_centroid_hz": centroid(magnitude, hz),
        "spectral_rolloff_hz": rolloff(magnitude, hz),
        "spectral_flux": flux(magnitude),
        "mfcc_db": mfcc(magnitude, hz),
        "spectral_contrast_db": contrast(magnitude, hz),
    }


def modulation_contrast(trajectory):
    """[TEXTURE][octaves] -> [octaves][modulation bands]"""
    n = len(trajectory)
    magnitude = np.abs(np.fft.rfft(trajectory, axis=0)) / n
    edges = [0] + [2**j for j in range(1, int(math.log2(n)))]
    bands = [magnitude[low:high] for low, high in zip(edges[:-1], edges[1:])]
    return np.stack([band.max(0) - band.min(0) for band in bands], 1)


def modulation_shape(envelope):
    """[TEXTURE][octaves] -> crest, flatness"""
    n = len(envelope)
    mean = envelope.mean(0)
    relative = np.where(mean > 0, envelope / np.where(mean > 0, mean, 1) - 1, 0)
    power = np.maximum(1e-10 * n * n, np.abs(np.fft.rfft(relative, axis=0))[1:] ** 2)
    return power.max(0) / power.mean(0), np.exp(np.log(power).mean(0)) / power.mean(0)


def texture_values(y, rate=SAMPLE_RATE, step=TEXTURE // 2):
    """[{name: value or [values]}] of the windows that begin at frame 0, step, ..."""
    y = np.asarray(y, np.float64)
    magnitude, hz = spectra(y, rate)
    level, peaks, power = rms(y, rate), contrast(magnitude, hz), octave_power(magnitude, hz)
    out = []
    for first in range(0, len(level) - TEXTURE + 1, step):
        window = slice(first, first + TEXTURE)
        matrix = modulation_contrast(peaks[window])
        crest, flatness = modulation_shape(power[window])
        out.append({
            "low_energy": np.mean(level[window] < level[window].mean()),
            "omsc_octave_db": matrix.mean(1),
            "omsc_octave_std_db": matrix.std(1),
            "omsc_modulation_db": matrix.mean(0),
            "omsc_modulation_std_db": matrix.std(0),
            "modulation_crest": crest,
            "modulation_flatness": flatness,
        })  # fmt: skip
    return out
