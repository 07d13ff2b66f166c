#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The models that are shipped: each is what models/README.md says, made by the recipe of its name as it stands in the
tree, within the size that was set for it, and works in the element.  Needs nothing of ../shared.
"""

import hashlib
import json
import pathlib
import tempfile

import numpy as np

from numpy_genre import read_safetensors
from pipeline import Verdict, classify, need
from tool import call

ROOT = pathlib.Path(__file__).resolve().parent.parent
PARAMETERS = {"genre-crnn": 253647, "genre-wide": 256217, "deck-cnn-gru": 64986, "deck-cnn-lstm": 1603392}
WIDE = (
    "ambient blues classical country electronic folk funk hiphop jazz latin metal pop reggae rnb-soul rock soundtrack "
    "traditional gospel disco punk"
).split()
GENRES = "blues classical country disco hiphop jazz metal pop reggae rock".split()
MEANS = {"genre-crnn": "genre-crnn-last"}  # of models by this recipe
RATE = 22050


def printed(*arguments):
    """standard output of a command that succeeds"""
    status, out, err = call(*arguments)
    assert status == 0, err
    return out


def built_in(recipe):
    return json.loads(printed("train", "--recipe", recipe, "--print-recipe"))


def check_record(verdict, path, record, folder):
    """what the file says of its making, against the recipe"""
    file = folder / "recipe.json"
    file.write_text(json.dumps(record["recipe"]))
    recipe, expected = built_in(file), built_in(path.stem)
    for key in ("seed", "initial", "name"):  # of the command line; the name is for the card
        recipe.pop(key), expected.pop(key)
    verdict.check(recipe == expected, f"{path.name}: not of its recipe")
    verdict.check(record["measured"] and record["commit"], f"{path.name}: no figures, or no commit")
    temperature = recipe["network"][-1].get("temperature", 1)
    verdict.check(temperature == 1 and "calibration" in record, f"{path.name}: not calibrated, or twice")


def check_mean(verdict, path, record, network, readme):
    """what the file of a mean says of its making; no set was left to calibrate it on: its recipe has the temperature"""
    parts = record["average_of"]
    verdict.check(len(set(parts)) > 1 and record["commit"], f"{path.name}: a mean of {parts}, or no commit")
    for weights in parts:
        verdict.check(weights in readme, f"{path.name}: models/README.md has not {weights}, of which it is the mean")
    expected = built_in(MEANS[path.stem])["network"][-1]["temperature"]
    found = network[-1].get("temperature", 1)
    verdict.check(found == expected != 1, f"{path.name}: temperature {found}, not the recipe's {expected}")
    verdict.check("calibration" not in record, f"{path.name}: calibrated twice")


def check_digests(verdict, path, weights, readme):
    data = path.read_bytes()
    values = data[8 + int.from_bytes(data[:8], "little") :]
    verdict.check(weights == hashlib.sha256(values).hexdigest(), f"{path.name}: inspect says {weights}")
    verdict.check(hashlib.sha256(data).hexdigest() in readme, f"{path.name}: models/README.md has another SHA-256")
    verdict.check(weights in readme, f"{path.name}: models/README.md has another SHA-256 of the weights")


def check_ideas(verdict):
    """the recipes that docs/accuracy.md compares"""
    page = (ROOT / "docs" / "accuracy.md").read_text(encoding="utf-8")
    ideas = sorted((ROOT / "docs" / "ideas").glob("*.json"))
    for path in ideas:
        recipe = json.loads(printed("train", "--recipe", path, "--print-recipe"))
        verdict.check(recipe["name"] and f"`{path.stem}`" in page, f"{path.name}: not in docs/accuracy.md")
    verdict.check(ideas != [], "no recipes in docs/ideas")


def check_size(verdict, path, tensors, found):
    count = sum(values.size for values in tensors.values())
    said, cost = found["parameters"], found["multiply_adds_per_second"]
    verdict.check(
        count == said == PARAMETERS[path.stem],
        f"{path.name}: {count} parameters, {said} by inspect, expected {PARAMETERS[path.stem]}",
    )
    pages = ["models/README.md", "docs/accuracy.md"]
    if path.stem == "genre-crnn":
        verdict.check(count <= 300000 and cost <= 10e6, f"{path.name}: {count} parameters, {cost} multiply-adds")
        pages.append("README.md")
    for page in pages:
        text = (ROOT / page).read_text(encoding="utf-8")
        verdict.check(f"{count:,}" in text, f"{page} has another number of parameters than {count:,} of {path.stem}")


def check_sound(verdict, path, pcm):
    """-> the messages' text"""
    messages = classify(pcm, RATE, model=str(path))
    final = messages[-1]
    verdict.check(final.final and final.state == "ok", f"{path.name}: {final.text}")
    labels = WIDE if path.stem == "genre-wide" else GENRES
    verdict.check(final.labels == labels, f"{path.name}: labels {final.labels}")
    top = max(final.probabilities)
    verdict.check(final.windows > 0 and top > 1 / len(final.labels), f"{path.name}: {final.probabilities}")
    return [message.text for message in messages]


def main():
    need("appsrc", "fakesink")
    verdict = Verdict()
    random = np.random.default_rng(0)
    pcm = np.sin(np.arange(16 * RATE) * 0.06).astype("<f4") * 0.3 + random.normal(0, 0.01, 16 * RATE).astype("<f4")
    paths = sorted((ROOT / "models" / "weights").glob("*.safetensors"))
    verdict.check({path.stem for path in paths} == set(PARAMETERS), f"{[path.name for path in paths]}")
    readme = (ROOT / "models" / "README.md").read_text(encoding="utf-8")
    said = {}
    for path in paths:
        metadata, tensors = read_safetensors(path)
        found = json.loads(printed("inspect", "--json", path))
        record = json.loads(metadata["training"])
        with tempfile.TemporaryDirectory() as name:
            if path.stem in MEANS:
                check_mean(verdict, path, record, json.loads(metadata["network"]), readme)
            else:
                check_record(verdict, path, record, pathlib.Path(name))
        check_digests(verdict, path, found["weights_sha256"], readme)
        check_size(verdict, path, tensors, found)
        said[path.stem] = check_sound(verdict, path, pcm)
    check_ideas(verdict)
    embedded = [message.text for message in classify(pcm, RATE)]
    verdict.check(embedded == said["genre-crnn"], "the embedded model is another one")
    verdict.exit()


if __name__ == "__main__":
    main()
