#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""mutants.py [--only WORD] [--write FILE] [--keep DIRECTORY] - breaks the sources a line at a time; tests must see it.

Copies the tree to a temporary directory, never touches its own, and builds it there.  Then, for each mutation below:
writes it, builds, runs the tests that should see it until one fails, takes it back.  Status 1 if one is seen by none,
2 if one does not apply any more or does not build.

  --only WORD       the mutations whose file or description has the word
  --write FILE      the table as Markdown: docs/mutants.md
  --keep DIRECTORY  copy and builds go there, stay, and are used again
"""
import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
COPIED = ["LICENSE", "README.md", "meson.build", "meson_options.txt", "dsp", "nn", "models", "gst", "tests", "docs"]
COPIED += ["examples"]
WITHOUT_PLUGIN = ("test-gst-pcm", "test-gst-genremessage", "test-gst-queue", "test-gst-queue-stress",
                  "test-gst-timeline", "test-gst-places", "test-gst-genre_tag")
BUILDS = {"plain": [], "thread": ["-Db_sanitize=thread", "-Db_lundef=false"]}


class Mutation:
    """One thing broken: `old`, which is there exactly once, becomes `new`; `tests` should see it, likely ones first."""

    def __init__(self, path, what, old, new, *tests, build="plain", also=()):
        self.path, self.what, self.tests, self.build = path, what, tests, build
        self.edits = [(old, new), *also]

    def apply(self, tree):
        """Writes it; returns the text as it was."""
        file = tree / self.path
        whole = text = file.read_text()
        for old, new in self.edits:
            if text.count(old) != 1:
                raise LookupError(f"{self.path}: {self.what}: the old text is there {text.count(old)} times:\n{old}")
            text = text.replace(old, new)
        file.write_text(text)
        return whole


M = Mutation
MEL = ("test-dsp-mel", "test-dsp-golden")
LOG_MEL = ("test-dsp-log_mel", "test-dsp-golden", "test-models-golden")
FRAMER = ("test-dsp-framer", "test-dsp-log_mel", "test-dsp-golden")
LAYERS = ("test-nn-layers", "test-nn-network", "test-nn-keras")
STREAM = ("test-models-stream",)
MUSIC = ("test-models-music",)
HEADS = ("test-nn-network_heads",)
WINDOWS = ("test-models-stream", "test-models-genre_tracks", "test-models-golden")
MODEL = ("test-models-genre_model",)
RUNS = ("test-gst-runs", "test-gst-element")
RESETS = ("test-gst-resets", "test-gst-element")
TIMES = ("test-gst-times", "test-gst-element")
QUEUE = ("test-gst-queue",)
LOCK, UNLOCK = (f"  pthread_mutex_{verb} (&queue->lock);\n" for verb in ("lock", "unlock"))

MUTATIONS = [
    # --- dsp ---
    M("dsp/mel.c", "HTK's mels in place of Slaney's",
      "return hz < LOG_FROM_HZ ? hz / LINEAR_HZ_PER_MEL : LOG_FROM_MEL + log (hz / LOG_FROM_HZ) / LOG_STEP;",
      "return 1127.01048 * log1p (hz / 700);", *MEL,
      also=[("mels < LOG_FROM_MEL ? mels * LINEAR_HZ_PER_MEL : LOG_FROM_HZ * exp ((mels - LOG_FROM_MEL) * LOG_STEP);",
             "700 * expm1 (mels / 1127.01048);")]),
    M("dsp/mel.c", "triangles of height 1 in place of area 1", "area = 2.0 / (right - left);", "area = 1.0;", *MEL),
    M("dsp/mel.c", "the bin at the limit is not heard", "+ 1e-9) + 1);", "+ 1e-9));", *MEL, *LOG_MEL),
    M("dsp/mel.c", "pooled bands are sums, not means", "config->scale / config->band_pool", "config->scale", *MEL),
    M("dsp/window.c", "symmetric window", "(double) i / (double) n)", "(double) i / (double) (n - 1))",
      "test-dsp-window"),
    M("dsp/fft.c", "bins keep the kernel's shape", "= gain * gain;", "= 1.0;", "test-dsp-fft"),
    M("dsp/fft.c", "too few points", "* power < 28 * n_bins)\n    power", "* power < 22 * n_bins)\n    power",
      "test-dsp-fft", "test-dsp-rates", also=[("(10 * m * power < 28 * n_bins)", "(10 * m * power < 22 * n_bins)")]),
    M("dsp/energy.c", "lanes begin anew with each piece", "energy->n % DSP_ENERGY_LANES != 0)", "0 != 0)",
      "test-dsp-energy", *LOG_MEL),
    M("dsp/framer.c", "hop + 1", "= (uint64_t) hop_length * rate_hz;",
      "= (uint64_t) (hop_length + 1) * rate_hz;", *FRAMER),
    M("dsp/framer.c", "centres rounded down", "(2 * frame * framer->hop_part + framer->hop_unit) /",
      "(2 * frame * framer->hop_part) /", *FRAMER),
    M("dsp/framer.c", "the frame centred on the end is lost", "center > framer->position :",
      "center >= framer->position :", *FRAMER),
    M("dsp/framer.c", "reset forgets the frame's number", "  framer->frame = 0;\n", "", *FRAMER),
    M("dsp/framer.c", "no zeros before sample 0", "framer->count * sizeof *framer->buffer);\n  framer->position",
      "0);\n  framer->position", *FRAMER),
    M("dsp/log_mel.c", "another floor", "fmax (amin, (double) power[i])",
      "fmax (10 * amin, (double) power[i])", *LOG_MEL),
    M("dsp/log_mel.c", "top_db below the reference, not below the loudest", "(float) ((double) loudest - top_db)",
      "(float) -top_db", *LOG_MEL),
    M("dsp/stft.c", "ties to odd", "2 * rest == unit && whole % 2 == 1", "2 * rest == unit && whole % 2 == 0",
      *LOG_MEL),
    M("dsp/log_mel.c", "reset forgets the energy", "dsp_stft_reset (mel->stft);\n  mel->energy = (DspEnergy){ 0 };",
      "dsp_stft_reset (mel->stft);", *LOG_MEL, *STREAM),
    M("dsp/log_mel.c", "overflow leaves no number", "power[b] <= FLT_MAX ? power[b] : FLT_MAX;", "power[b];",
      "test-dsp-log_mel"),
    M("dsp/log_mel.c", "energy counted twice where frames overlap",
      "tail = hop < mel->half_window ? hop : mel->half_window;", "tail = hop > 0 ? mel->half_window : 0;",
      *LOG_MEL, *STREAM),
    # --- nn ---
    M("nn/layers/gru.c", "gates z and r swapped",
      "float *z = scratch, *r = scratch + units, *candidate = scratch + 2 * units;\n\n",
      "float *r = scratch, *z = scratch + units, *candidate = scratch + 2 * units;\n\n", *LAYERS),
    M("nn/layers/gru.c", "z and 1 - z swapped",
      "h[i] = z[i] * h[i] + (1 - z[i]) * candidate[i];\n}\n\nstatic void\nstep_reset_before",
      "h[i] = (1 - z[i]) * h[i] + z[i] * candidate[i];\n}\n\nstatic void\nstep_reset_before", *LAYERS),
    M("nn/layers/gru.c", "the input's bias for the recurrent gates too",
      "layer->packed_bias + padded, layer->tensors[NN_GATES_BIAS].values + gates,",
      "layer->packed_bias + padded, layer->tensors[NN_GATES_BIAS].values,", *LAYERS),
    M("nn/layers/gru.c", "the state of the window before", "  memset (h, 0, units * sizeof *h);\n", "", *LAYERS),
    M("nn/layers/gru.c", "reset before the product without r", "reset[i] = r[i] * h[i];", "reset[i] = h[i];", *LAYERS),
    M("nn/layers/lstm.c", "gates i and f swapped", "a[units + u] * c[u] + a[u] * a[2 * units + u];",
      "a[u] * c[u] + a[units + u] * a[2 * units + u];", *LAYERS),
    M("nn/layers/lstm.c", "the candidate through the gates' activation",
      "nn_activation_apply (spec->activation, a + 2 * units, units);",
      "nn_activation_apply (spec->recurrent_activation, a + 2 * units, units);", *LAYERS),
    M("nn/layers/conv2d.c", "the time pad before the window dropped",
      "(unsigned) nn_padding_before (layer->spec.padding[1], layer->spec.kernel[1]);", "0;", *LAYERS),
    M("nn/run.c", "the time pad behind the window one short", "k < run->layers[i].zeros_after",
      "k + 1 < run->layers[i].zeros_after", *LAYERS),
    M("nn/layers/conv2d.c", "folded batch_norm without epsilon", "norm->tensors[3].values[o] + norm->spec.epsilon)",
      "norm->tensors[3].values[o])", *LAYERS),
    M("nn/layers/batch_norm.c", "the mean not scaled", "layer->tensors[MEAN].values[c] * scale);",
      "layer->tensors[MEAN].values[c]);", *LAYERS),
    M("nn/layers/pool2d.c", "reset keeps half a cell", "((PoolState *) memory)->filled = 0;", "(void) memory;",
      *LAYERS),
    M("nn/layers/temporal_pool.c", "the mean of a step more", "out[v] /= (float) steps;",
      "out[v] /= (float) (steps + 1);", *LAYERS),
    M("nn/layers/to_sequence.c", "rows before channels", "out[c * rows + h] = in[h * channels + c];",
      "out[h * channels + c] = in[h * channels + c];", *LAYERS),
    M("nn/layers/softmax.c", "temperature multiplies", "- (double) max) / layer->spec.temperature);",
      "- (double) max) * layer->spec.temperature);", *LAYERS),
    M("nn/activation.c", "hard_sigmoid of slope 1/6", "clamp (.2F * x[i] + .5F, 0, 1);",
      "clamp (x[i] / 6 + .5F, 0, 1);", "test-nn-activation", *LAYERS),
    M("nn/network.c", "stride of the mel pools", "stride *= spec->pool[1];", "stride *= spec->pool[0];", *LAYERS,
      *MODEL),
    M("nn/run.c", "columns that are still needed thrown away", "const size_t keep = run->plan.capacity / 2,",
      "const size_t keep = run->plan.capacity / 4,", "test-nn-network", *STREAM),
    M("nn/run.c", "heads look at the labels",
      "  run_heads (run, &flow);\n  run_layers (run, body, nn_network_n_layers (run->network), &flow);\n",
      "  run_layers (run, body, nn_network_n_layers (run->network), &flow);\n  run_heads (run, &flow);\n", *HEADS),
    M("nn/run.c", "heads share the buffers of the tail", "body->width, run->head_buffers, 0",
      "body->width, run->buffers, 0", *HEADS),
    M("nn/network.c", "heads at the first dense layer",
      "  for (size_t i = stack->n_layers; i > 0; i--)\n    if (stack->layers[i - 1].spec.class == &nn_dense_class)\n"
      "      return i - 1;\n",
      "  for (size_t i = 0; i < stack->n_layers; i++)\n    if (stack->layers[i].spec.class == &nn_dense_class)\n"
      "      return i;\n", *HEADS),
    # --- models ---
    M("models/genre_stream.c", "silence enters the smoothing", "    return GENRE_STATE_SILENCE;\n",
      "    return add_labels (stream, stream->uniform, window), GENRE_STATE_SILENCE;\n", *STREAM),
    M("models/genre_stream.c", "what is not music enters the smoothing", "    return GENRE_STATE_NOT_MUSIC;\n",
      "    return add_labels (stream, probabilities, window), GENRE_STATE_NOT_MUSIC;\n", *MUSIC),
    M("models/genre_stream.c", "<= for < at the music threshold", "music < stream->config.music_threshold",
      "music <= stream->config.music_threshold", *MUSIC),
    M("models/genre_stream.c", "the smoothed value decides what is music", "if (music < stream->config",
      "if (stream->music < stream->config", *MUSIC),
    M("models/genre_stream.c", "music is not smoothed where it is none",
      "  add_music (stream, music, window);\n  if (music < stream->config.music_threshold)\n"
      "    return GENRE_STATE_NOT_MUSIC;\n",
      "  if (music < stream->config.music_threshold)\n    return GENRE_STATE_NOT_MUSIC;\n"
      "  add_music (stream, music, window);\n", *MUSIC),
    M("models/genre_stream.c", "genres and music share one clock of smoothing", "&stream->of_music, window->end",
      "&stream->of_labels, window->end", *MUSIC),
    M("models/genre_stream.c", "each window the same weight in the final's music", "music * (double) n_frames;",
      "music;", *MUSIC, also=[("stream->n_audible += n_frames;", "stream->n_audible++;")]),
    M("models/genre_stream.c", "a final without music is silence", "? GENRE_STATE_NOT_MUSIC : GENRE_STATE_SILENCE;",
      "? GENRE_STATE_SILENCE : GENRE_STATE_SILENCE;", *MUSIC),
    M("models/genre_stream.c", "reset keeps what music was", "  stream->music = 1;\n  stream->music_sum = 0;\n", "",
      *MUSIC),
    M("models/sets/genre_listener.c", "what is not music gets an answer", "if (music < listener->music_threshold)",
      "if (music < 0)", "test-models-genre_tracks"),
    M("models/genre_model_writer.c", "heads in a file of version 1", 'has_heads ? "2" : "1"', 'has_heads ? "1" : "1"',
      "test-models-network_heads"),
    M("models/network_heads.c", "any head is known", "if (strcmp (name, MUSIC) == 0)", "if (strcmp (name, MUSIC) != 1)",
      "test-models-network_heads"),
    M("models/genre_stream.c", "> for >= at the silence threshold", "window) >= stream->config.silence",
      "window) > stream->config.silence", *STREAM),
    M("models/genre_stream.c", "smoothing's clock begins anew with the window", "at = stream->seconds + (double)",
      "at = (double)", *STREAM),
    M("models/genre_stream.c", "the gain the wrong way round", "tau > 0 ? 1 - exp (", "tau > 0 ? exp (",
      *STREAM),
    M("models/genre_stream.c", "the final forgets audio before the last discontinuity",
      ".n_samples = stream->samples + stream->position,", ".n_samples = stream->position,", *STREAM, *RUNS),
    M("models/genre_stream.c", "reset keeps smoothing", "  stream->of_labels = (Smoothing){ 0 };\n", "",
      *STREAM),
    M("models/genre_stream.c", "reset keeps that there was an answer", "  stream->answered = false;\n", "",
      *STREAM, *RUNS),
    M("models/genre_stream.c", "reset of the window keeps the history",
      "  stream->history.first = 0;\n  stream->history.n = 0;\n", "", *STREAM),
    M("models/genre_stream.c", "samples behind the last frame's centre do not count in the level",
      "  level = dsp_level_join (level, stream->tail);\n", "", *STREAM),
    M("models/genre_aggregate.c", "each window the same weight in the aggregate", "(double) n_frames * log (",
      "log (", *STREAM, "test-models-genre_tracks"),
    M("models/genre_aggregate.c", "another floor in the aggregate", "1e-12", "1e-3",
      *STREAM, "test-models-genre_tracks"),
    M("models/genre_aggregate.c", "reset keeps the weight", "  aggregate->windows = 0;\n  aggregate->weight = 0;\n",
      "  aggregate->windows = 0;\n", *STREAM),
    M("models/genre_windows.c", "a window one frame late", "windows->anchor_end = windows->min_frames;",
      "windows->anchor_end = windows->min_frames + 1;", *WINDOWS),
    M("models/genre_windows.c", "windows begin below the grid", "(outside + windows->grid - 1) / windows->grid",
      "outside / windows->grid", *WINDOWS),
    M("models/genre_windows.c", "an answer twice when the interval changes", "windows->k = 1;", "windows->k = 0;",
      *WINDOWS),
    M("models/frontend.c", "times the deviation", "- frontend->mean[b]) / frontend->std[b];",
      "- frontend->mean[b]) * frontend->std[b];", *WINDOWS),
    M("models/genre_model_file.c", "weights that are no number", "if (isfinite (value) && !(variance && value < 0))",
      "if (!(variance && value < 0))", *MODEL),
    M("models/genre_model_file.c", "a label twice", "if (strcmp (sorted[i - 1], sorted[i]) == 0) {",
      "if (strcmp (sorted[i - 1], sorted[i]) > 0) {", *MODEL),
    M("models/network_spec.c", "padding of mel and time swapped", "padding[axis] = (NnPadding) word[axis];",
      "padding[1 - axis] = (NnPadding) word[axis];", "test-models-network_spec", *MODEL),
    M("models/frontend.c", "another default floor", "default_amin = 1e-10;", "default_amin = 1e-8;",
      "test-models-frontend", *MODEL),
    M("models/file/safetensors.c", "a hole between tensors", "if (extents[i].begin != end)",
      "if (extents[i].begin < end)", "test-models-safetensors", *MODEL),
    M("models/file/safetensors.c", "bytes behind the last tensor", "if (end != file->data_size)",
      "if (end > file->data_size)", "test-models-safetensors", *MODEL),
    # --- gst ---
    M("gst/pcm.c", "stereo is the sum, not the mean", "in[2 * i + 1]) * 0x1p-16f;", "in[2 * i + 1]) * 0x1p-15f;",
      "test-gst-pcm"),
    M("gst/pcm.c", "infinity passes", "(magnitude < infinity)", "(magnitude <= infinity)", "test-gst-pcm"),
    M("gst/queue.c", "> for >= before the consumer is woken", "queue->marked_samples < enough (queue))",
      "queue->marked_samples <= enough (queue))", *QUEUE),
    M("gst/queue.c", "a flush keeps the marks", "n_marks = queue->offered_marks = 0;\n  queue->marked_samples = 0;\n",
      "offered_marks = 0;\n  queue->marked_samples = 0;\n", *QUEUE),
    M("gst/queue.c", "a flush does not void what is reserved", "if (accepts (queue, queue->reserve_epoch))",
      "if (!queue->flushing)", *QUEUE),
    M("gst/queue.c", "an unlocked field",
      f"{LOCK}  size_t n = queue->stopped ? 0 : used (queue);\n{UNLOCK}",
      "  size_t n = queue->stopped ? 0 : used (queue);\n", "test-gst-queue-stress", "test-gst-queue", build="thread"),
    M("gst/queue.c", "another unlocked field",
      f"{LOCK}  uint64_t epoch = queue->epoch;\n{UNLOCK}", "  uint64_t epoch = queue->epoch;\n",
      "test-gst-queue-stress", "test-gst-queue", build="thread"),
    M("gst/genreclassify/genremessage.h", "> for >= at the number of labels", "(guint) genre.index >= genre.n_labels",
      "(guint) genre.index > genre.n_labels", "test-gst-genremessage"),
    M("gst/feed.c", "a lost final: none without audio", "if (feed->run_open || feed->run_audio) {",
      "if (feed->run_audio) {", *RUNS),
    M("gst/feed.c", "a lost final: none between two tracks", "if (feed->run_audio)\n    genre_feed_finish",
      "if (FALSE)\n    genre_feed_finish", *RUNS),
    M("gst/feed.c", "EOS overtakes the final", "      genre_queue_drain (feed->queue);", "      ;", *RUNS),
    M("gst/feed.c", "a flush does not begin a run",
      "  genre_timeline_reset (&feed->timeline);\n  begin_run (feed);\n}\n\nvoid\ngenre_feed_finish",
      "  genre_timeline_reset (&feed->timeline);\n}\n\nvoid\ngenre_feed_finish", *RUNS, *RESETS),
    M("gst/feed.c", "other caps do not begin a window",
      "  feed->ask_live = TRUE;\n  feed->reset = TRUE;\n  return feed->usable;",
      "  feed->ask_live = TRUE;\n  return feed->usable;", *RUNS),
    M("gst/timeline.c", "a hole of more than a second filled with zeros", "    return distance <= FAR;\n",
      "    return TRUE;\n", "test-gst-timeline", *RESETS),
    M("gst/timeline.c", "times without time stamps rounded at each buffer",
      "  timeline->end = genre_timeline_now (timeline);", "  (void) timeline;", "test-gst-timeline"),
    M("gst/feed.c", "what a GAP buffer holds is heard", "if (!GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_GAP))",
      "if (TRUE)", *RESETS),
    M("gst/places.c", "running time is stream time", "times.running_time = gst_segment_to_running_time (",
      "times.running_time = gst_segment_to_stream_time (", *TIMES),
    M("gst/places.c", "the segment of the window after", "nth (places, i)->sample > sample)",
      "nth (places, i)->sample >= sample)", "test-gst-places", *TIMES),
    M("gst/session.c", "the next track begins with the last one's aggregate",
      "  tell_answer (session, result, descriptors, &times);\n\n  begin_run (session);\n",
      "  tell_answer (session, result, descriptors, &times);\n\n", *RUNS),
    M("gst/tags.c", "a tag after nine windows", "result->windows < LEAST_WINDOWS",
      "result->windows + 1 < LEAST_WINDOWS", "test-gst-genre_tag"),
    M("gst/tags.c", "a tag without ten steady seconds",
      "(!result->final && answer->heard - tags->leader_since < STEADY)", "FALSE",
      "test-gst-genre_tag"),
    M("gst/message.c", "> for >= at the threshold", "result->smoothed[top] >= threshold;",
      "result->smoothed[top] > threshold;", "test-gst-messages"),
    M("gst/message.c", "silence and what is not music have a label",
      "(result->state == GENRE_STATE_OK || result->state == GENRE_STATE_TOO_SHORT) && result->windows > 0;",
      "result->windows > 0;", "test-gst-messages"),
]


class Copy:
    """The tree beside the working tree, with its builds."""

    def __init__(self, directory):
        self.directory, self.tree = directory, directory / "tree"
        self.limits = {}
        files = [file for name in COPIED for file in [ROOT / name, *(ROOT / name).rglob("*")] if file.is_file()]
        for file in files:
            target = self.tree / file.relative_to(ROOT)
            # What is the same keeps its time, so that little is built again.
            if not target.exists() or target.read_bytes() != file.read_bytes():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, target)

    def path_of(self, build):
        return self.directory / f"build-{build}"

    def call(self, *command, **options):
        pipe = subprocess.PIPE
        return subprocess.run(command, stdout=pipe, stderr=subprocess.STDOUT, text=True, check=False, **options)

    def configure(self, build):
        path = self.path_of(build)
        if not (path / "build.ninja").exists():
            shared = os.environ.get("GENRE_SHARED", str(ROOT.parent / "shared"))
            done = self.call("meson", "setup", path, self.tree, "--buildtype=debugoptimized", "-Dexamples=false",
                             "-Ddocs=false", *BUILDS[build], env={**os.environ, "GENRE_SHARED": shared})  # fmt: skip
            if done.returncode != 0:
                sys.exit(f"meson setup failed:\n{done.stdout[-3000:]}")

    def compile(self, build, tests):
        """False, and what was said, if it does not build."""
        targets = [f"tests/{test}" for test in tests]
        if any(needs_plugin(test) for test in tests):
            targets.append("gst/libgstgenreclassify.so")
        done = self.call("ninja", "-j1", "-C", self.path_of(build), *targets)
        return done.returncode == 0, done.stdout[-3000:]

    def passes(self, build, test):
        """Also learns how long it may take, the first time."""
        started = time.monotonic()
        command = ["meson", "test", "-C", self.path_of(build), "--no-rebuild", "--timeout-multiplier", "0", test]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            try:
                process.wait(self.limits.get(test, 900))
            except subprocess.TimeoutExpired:
                process.terminate()  # ends the test too, which a kill would not
        self.limits.setdefault(test, 30 + 8 * (time.monotonic() - started))
        return process.returncode == 0


def needs_plugin(test):
    return test.startswith("test-gst-") and test not in WITHOUT_PLUGIN


def examine(copy, mutation):
    """The test that sees it, None, or raises."""
    whole = mutation.apply(copy.tree)
    try:
        built, said = copy.compile(mutation.build, mutation.tests)
        if not built:
            raise LookupError(f"{mutation.path}: {mutation.what}: does not build:\n{said}")
        for test in mutation.tests:
            if not copy.passes(mutation.build, test):
                return test
        return None
    finally:
        (copy.tree / mutation.path).write_text(whole)


def table(rows):
    lines = [
        "<!-- SPDX-License-Identifier: LGPL-2.1-or-later -->",
        "# Mutants",
        "",
        "`tests/mutants.py --write docs/mutants.md` has written this: each line is one thing broken in a copy of the",
        "sources, and the first test that failed for it. It runs outside CI: as many builds take a quarter of an hour.",
        "",
        "| what is broken | where | seen by |",
        "| --- | --- | --- |",
    ]
    for mutation, test in rows:
        lines.append(f"| {mutation.what} | `{mutation.path}` | {f'`{test}`' if test else '**nothing**'} |")
    seen = sum(test is not None for _, test in rows)
    lines += ["", f"{len(rows)} mutants, {seen} seen.", ""]
    return "\n".join(lines)


def run(copy, mutations):
    for build in sorted({mutation.build for mutation in mutations}):
        tests = list(dict.fromkeys(test for m in mutations if m.build == build for test in m.tests))
        copy.configure(build)
        built, said = copy.compile(build, tests)
        if not built:
            sys.exit(f"the sources do not build:\n{said}")
        for test in tests:
            if not copy.passes(build, test):
                sys.exit(f"{test} fails on the sources as they are")
    rows, broken = [], []
    for mutation in mutations:
        try:
            test = examine(copy, mutation)
        except LookupError as error:
            broken.append(str(error))
            print(error, flush=True)
            continue
        rows.append((mutation, test))
        print(f"{test or 'NOTHING':24} {mutation.path}: {mutation.what}", flush=True)
    return rows, broken


def main(argv):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="")
    parser.add_argument("--write", type=pathlib.Path)
    parser.add_argument("--keep", type=pathlib.Path)
    arguments = parser.parse_args(argv[1:])
    mutations = [m for m in MUTATIONS if arguments.only in m.path or arguments.only in m.what]
    directory = arguments.keep or pathlib.Path(tempfile.mkdtemp(prefix="mutants-"))
    try:
        rows, broken = run(Copy(directory.resolve()), mutations)
    finally:
        if not arguments.keep:
            shutil.rmtree(directory, ignore_errors=True)
    if arguments.write:
        arguments.write.write_text(table(rows))
    unseen = [mutation for mutation, test in rows if test is None]
    print(f"{len(rows)} mutants, {len(unseen)} seen by nothing, {len(broken)} out of date")
    return 2 if broken or not rows else 1 if unseen else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
