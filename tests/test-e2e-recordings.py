#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The 20 recordings of ../shared/audio with the default model, in four codecs and at six rates, against
shared/reference/genre_model.py with the same weights; and with the reference model against its golden values.

Rates are tried in two ways.  "exact": resampled here by zero-padding the whole spectrum, which takes nothing from the
sound, so that the answer must be that of 22.05 kHz.  "audioresample" quality 10 rolls off below 11 kHz, where the
model's last band listens (the reference's own answers move by up to .055), so that the answer must be that of
genre_model.py on the very same samples.
"""

import fractions
import importlib.util
import multiprocessing
import os
import pathlib
import tempfile

import numpy as np

from pipeline import Verdict, classify, decode, need, quoted, run, shared_directory

RATES = {"exact": [24000, 32000, 44100, 48000, 96000], "audioresample": [24000, 48000]}
# The mp3 is made at 44.1 kHz: MPEG-2 Layer III, which 22.05 kHz would need, ends at 160 kbit/s.
ENCODERS = {
    "wav": "audioconvert ! wavenc",
    "ogg": "audioconvert ! vorbisenc quality=0.5 ! oggmux",
    "mp3": "audioconvert ! audioresample quality=10 ! audio/x-raw,rate=44100 "
    "! lamemp3enc target=bitrate bitrate=192 cbr=true",
}
RESAMPLER = "audioconvert ! audio/x-raw,format=F32LE ! audioresample quality=10 ! audio/x-raw,format=F32LE,rate={}"
NEAR = 0.02  # per genre
MODEL = pathlib.Path(__file__).resolve().parents[1] / "models" / "weights" / "genre-crnn.safetensors"
REFERENCE = "genre-crnn-reference.safetensors"
RIGHT = 15  # of 20, by the reference model; the default one has learned all 20: it says that it works, not how well


def load_reference(shared):
    specification = importlib.util.spec_from_file_location("genre_model", shared / "reference" / "genre_model.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def classify_file(path, between="audioconvert", **properties):
    """-> messages"""
    settings = " ".join(f"{name.replace('_', '-')}={quoted(value)}" for name, value in properties.items())
    return run(
        f"filesrc location={quoted(path)} ! decodebin ! {between} ! genreclassify music-threshold=0 {settings} "
        "! fakesink sync=false"
    )


def resampled(pcm, rate, target):
    """the same sound at a higher rate, band for band: the spectrum of the whole, continued with zeros"""
    ratio = fractions.Fraction(target, rate)
    count = len(pcm) + rate // 5  # silence between end and beginning, which are neighbours here
    count += -count % (2 * ratio.denominator)
    spectrum = np.fft.rfft(pcm, count)
    spectrum[-1] /= 2
    longer = count * ratio.numerator // ratio.denominator
    out = np.fft.irfft(np.concatenate([spectrum, np.zeros(longer // 2 + 1 - len(spectrum))]), longer)
    return (out[: len(pcm) * target // rate] * float(ratio)).astype("<f4")


def final(messages):
    """-> label, probabilities of the one final, which comes last"""
    assert [m.final for m in messages] == [False] * (len(messages) - 1) + [True], [m.final for m in messages]
    return messages[-1].label, messages[-1].probabilities


def answer(reference, model, pcm, rate):
    """what genre_model.py prints, as numbers"""
    frames = reference.complete_frames(len(pcm), model.recipe, rate)
    return model.classify(reference.log_mel(pcm.astype(np.float64), model.recipe, rate)[:frames])


def one_recording(task):
    """Everything about one recording, in a process of its own -> dict of plain results."""
    shared, name = pathlib.Path(task[0]), task[1]
    reference = load_reference(shared)
    flac = shared / "audio" / name
    pcm, rate = decode(flac)
    model = reference.Model(str(MODEL))
    expected = answer(reference, model, pcm, rate)
    # The reference knows no silence.
    golden = classify_file(flac, model=shared / "reference" / REFERENCE, silence_threshold=-200.0)
    out = {
        "name": name, "expected": expected.tolist(), "label": model.labels[int(expected.argmax())],
        "windows": [m.probabilities for m in golden[:-1]], "golden final": final(golden)[1],
        "silence": final(classify_file(flac, silence_threshold=-200.0))[1],
        "flac": final(classify_file(flac)), "rate": rate,
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as directory:
        for kind, encoder in ENCODERS.items():
            path = pathlib.Path(directory, f"{name}.{kind}")
            run(f"filesrc location={quoted(flac)} ! decodebin ! {encoder} ! filesink location={quoted(path)}")
            out[kind] = final(classify_file(path))
    for target in RATES["exact"]:
        out["exact", target] = final(classify(resampled(pcm, rate, target), target))
    for target in RATES["audioresample"]:
        out["audioresample", target] = final(classify_file(flac, RESAMPLER.format(target)))
        out["expected", target] = answer(reference, model, *decode(flac, RESAMPLER.format(target))).tolist()
    return out


def check_golden(verdict, reference, shared, results):
    """window by window and final against the values that were computed when the model was made"""
    _, golden = reference.load(str(shared / "reference" / "golden.safetensors"))
    for i, r in enumerate(results):
        verdict.check(r["rate"] == 22050, f"{r['name']}: {r['rate']} Hz")
        verdict.close(r["windows"], golden["window_probabilities"][i], 1e-4, f"{r['name']}: golden windows")
        verdict.close(r["golden final"], golden["final_probabilities"][i], 1e-4, f"{r['name']}: golden final")
        verdict.close(r["silence"], r["expected"], 1e-4, f"{r['name']}: the default model")


def check_labels(verdict, results):
    right = [r["name"] for r in results if r["flac"][0] == r["name"].split(".")[0]]
    print(f"{len(right)} of {len(results)} named correctly")
    verdict.check(len(right) >= RIGHT, f"{len(right)} named correctly, {RIGHT} by the reference model")
    resampled_ones = [(how, rate) for how, rates in RATES.items() for rate in rates]
    for kind in ["flac", *ENCODERS, *resampled_ones]:
        wrong = [f"{r['name']}: {r[kind][0]}, expected {r['label']}" for r in results if r[kind][0] != r["label"]]
        print(f"{kind}: {len(results) - len(wrong)} of {len(results)} labels as genre_model.py has them {wrong}")
        verdict.check(len(results) - len(wrong) >= 19, f"{kind}: {wrong}")


def check_rates(verdict, results):
    for how, against in (
        ("exact", lambda r, rate: r["flac"][1]),
        ("audioresample", lambda r, rate: r["expected", rate]),
    ):
        for rate in RATES[how]:
            off = [float(np.abs(np.array(r[how, rate][1]) - against(r, rate)).max()) for r in results]
            print(f"{how} {rate} Hz: off by at most {max(off):.5f}")
            for r, value in zip(results, off):
                verdict.check(value <= NEAR, f"{r['name']}, {how} {rate} Hz: off by {value:.4f}")


def main():
    shared = shared_directory()
    need("flacdec", "decodebin", "audioresample", "wavenc", "vorbisenc", "oggmux", "lamemp3enc", "mpg123audiodec")
    reference = load_reference(shared)
    metadata, _ = reference.load(str(shared / "reference" / "golden.safetensors"))
    names = reference.json.loads(metadata["files"])
    verdict = Verdict()
    verdict.check(len(names) == 20, f"{len(names)} recordings")
    # spawn: a process that has used GStreamer cannot be forked.  One thread of NumPy's in each is enough for two cores.
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        results = pool.map(one_recording, [(str(shared), name) for name in names], chunksize=1)
    check_golden(verdict, reference, shared, results)
    check_labels(verdict, results)
    check_rates(verdict, results)
    verdict.exit()


if __name__ == "__main__":
    main()
