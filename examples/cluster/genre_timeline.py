# SPDX-License-Identifier: LGPL-2.1-or-later
"""The windows of a recording -> its timeline, by the rules of `gst-genre-1.0 identify --timeline`.

What a second sounds like is the aggregate of all windows that contain its middle.  Seconds of one genre are a span; a
span that is shorter than `shortest` joins the one before; silence between two spans is part of them up to `near`.
"""

import math


def aggregate(distributions):
    """softmax of the mean of ln p"""
    means = [sum(math.log(max(p, 1e-12)) for p in column) / len(column) for column in zip(*distributions)]
    powers = [math.exp(mean - max(means)) for mean in means]
    return [power / sum(powers) for power in powers]


def seconds(windows):
    """(start, end, [p]) of each window -> (second, index, p) of each second that a window contains"""
    first = 0
    for second in range(math.ceil(max((end for _, end, _ in windows), default=0))):
        middle = second + 0.5
        while first < len(windows) and windows[first][1] <= middle:
            first += 1
        inside = []
        for start, end, distribution in windows[first:]:
            if start > middle:
                break
            if end > middle:
                inside.append(distribution)
        if inside:
            distribution = aggregate(inside)
            index = distribution.index(max(distribution))
            yield second, index, distribution[index]


def runs(windows):
    """[start, end, index, mean p] of neighbouring seconds of one genre"""
    found = []
    for second, index, p in seconds(windows):
        if found and found[-1][1] == second and found[-1][2] == index:
            found[-1][1] += 1
            found[-1][3] += p
        else:
            found.append([second, second + 1, index, p])
    return [[start, end, index, total / (end - start)] for start, end, index, total in found]


def join(last, span):
    """span becomes a part of last"""
    before, more = last[1] - last[0], span[1] - span[0]
    if last[2] == span[2]:
        last[3] = (last[3] * before + span[3] * more) / (before + more)
    last[1] = span[1]


def spans(windows, end, near, shortest):
    """-> [[start, end, index, confidence]], in seconds; end: of the recording"""
    joined = []
    for span in runs(windows):
        span[1] = min(span[1], end)
        last = joined[-1] if joined else None
        if span[0] >= span[1]:
            continue
        if not last or span[0] - last[1] > near:
            joined.append(span)
        elif last[2] == span[2] or span[1] - span[0] < shortest:
            join(last, span)
        elif last[1] - last[0] < shortest:  # the first, or one behind a silence
            joined[-1] = [last[0], *span[1:]]
        else:
            joined.append(span)
    if joined and end - joined[-1][1] <= near:
        joined[-1][1] = end
    return joined
