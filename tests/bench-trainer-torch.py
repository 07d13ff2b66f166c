#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""bench-trainer beside PyTorch 2 on the CPU: the same network, batch and step, by turns, medians.

  bench-trainer-torch.py BENCH-TRAINER [--turns N] [--rounds N]

BENCH-TRAINER is the program that `meson test --benchmark` or `ninja tests/bench-trainer` builds.  Each turn measures
ours, PyTorch eager and PyTorch channels_last, each in a process of its own, on one thread and on two.  Windows per
second of wall clock, and per second of processor time of all threads.  A tool for developers: needs `pip install
torch`, and is no part of the tests.
"""

import argparse
import statistics
import subprocess
import sys
import time

BANDS, FRAMES, LABELS, SAMPLES, STEPS = 64, 129, 10, 32, 4
FILTERS, POOL_TIME = (20, 40, 56, 72, 96), (1, 2, 1, 2, 1)
MODES = ("ours", "eager", "channels_last")


def measure(mode, threads, rounds):
    """Prints "MODE THREADS WALL CPU" as bench-trainer does."""
    import torch
    from torch import nn

    class Reference(nn.Module):
        def __init__(self):
            super().__init__()
            layers, channels = [], 1
            for filters, pool_time in zip(FILTERS, POOL_TIME):
                layers += [nn.Conv2d(channels, filters, 3, padding=(1, 0), bias=False), nn.BatchNorm2d(filters),
                           nn.ReLU(inplace=True), nn.MaxPool2d((2, pool_time))]
                channels = filters
            self.convolutions = nn.Sequential(*layers)
            self.gru = nn.GRU(channels * BANDS // 2 ** len(FILTERS), 128, batch_first=True)
            self.dense = nn.Linear(256, LABELS)

        def forward(self, x):
            y = self.convolutions(x)  # [samples][channels][bands][frames]
            h, _ = self.gru(y.permute(0, 3, 1, 2).flatten(2))
            return self.dense(torch.cat([h.mean(1), h.amax(1)], 1))

    torch.manual_seed(1)
    torch.set_num_threads(threads)
    torch.set_num_interop_threads(1)
    torch.set_flush_denormal(True)
    model = Reference().train()
    x = torch.rand(SAMPLES, 1, BANDS, FRAMES) * 4 - 2
    target = torch.eye(LABELS)[torch.arange(SAMPLES) % LABELS]
    if mode == "channels_last":
        model = model.to(memory_format=torch.channels_last)
        x = x.contiguous(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=.01, fused=True)
    loss_of = nn.CrossEntropyLoss()

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss_of(model(x), target).backward()
        optimizer.step()

    wall, cpu = [], []
    for round_ in range(rounds + 1):  # the first is thrown away
        start, cpu_start = time.monotonic(), time.process_time()
        for _ in range(STEPS):
            step()
        if round_ > 0:
            wall.append(STEPS * SAMPLES / (time.monotonic() - start))
            cpu.append(STEPS * SAMPLES / (time.process_time() - cpu_start))
    print(f"{mode} {threads} {statistics.median(wall):.1f} {statistics.median(cpu):.1f}")


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[1].strip())
    parser.add_argument("bench")
    parser.add_argument("--turns", type=int, default=7)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure:
        measure(args.measure[0], int(args.measure[1]), args.rounds)
        return

    found = {}
    for _ in range(args.turns):
        for threads in (1, 2):
            for mode in MODES:
                command = [args.bench, str(threads), str(args.rounds)] if mode == "ours" else [
                    sys.executable, __file__, args.bench, "--rounds", str(args.rounds), "--measure", mode, str(threads)]
                line = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.split()
                found.setdefault((threads, mode), []).append((float(line[2]), float(line[3])))
    print("threads  what            windows/s   windows/CPU s")
    for (threads, mode), values in found.items():
        wall, cpu = (statistics.median(value[i] for value in values) for i in (0, 1))
        print(f"{threads:7}  {mode:14}  {wall:9.1f}   {cpu:13.1f}")
    for threads in (1, 2):
        ratio = [statistics.median(
            found[threads, "ours"][turn][i] / max(found[threads, mode][turn][i] for mode in MODES[1:])
            for turn in range(args.turns)) for i in (0, 1)]
        print(f"{threads} threads: ours / best of PyTorch in the same turn, median: {ratio[0]:.2f} by wall clock, "
              f"{ratio[1]:.2f} by CPU time")


if __name__ == "__main__":
    main()
