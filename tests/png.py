# SPDX-License-Identifier: LGPL-2.1-or-later
"""Reads PNG files of 8 bits a colour, without interlacing, as cairo writes them."""

import struct
import zlib

import numpy as np


def chunks(data):
    """[(name, bytes)]; checks every CRC"""
    assert data[:8] == b"\x89PNG\r\n\x1a\n", data[:8]
    at, found = 8, []
    while at < len(data):
        (size,) = struct.unpack(">I", data[at : at + 4])
        name, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + size]
        (crc,) = struct.unpack(">I", data[at + 8 + size : at + 12 + size])
        assert zlib.crc32(name + body) == crc, name
        found.append((name, body))
        at += 12 + size
    return found


def unfilter(kind, line, above, step):
    """one row of bytes, by PNG's five filters"""
    if kind == 2:
        return line + above  # uint8 wraps
    line, above = line.astype(int), above.astype(int)
    if kind == 1:
        for i in range(step):
            line[i::step] = np.cumsum(line[i::step])
    elif kind in (3, 4):
        for i in range(len(line)):
            left, corner = (line[i - step], above[i - step]) if i >= step else (0, 0)
            if kind == 3:
                line[i] = line[i] + (left + above[i]) // 2 & 255
            else:
                p = left + above[i] - corner
                near = min((abs(p - left), 0, left), (abs(p - above[i]), 1, above[i]), (abs(p - corner), 2, corner))
                line[i] = line[i] + near[2] & 255
    return (line & 255).astype(np.uint8)


def read(path):
    """[height][width][3 or 4], uint8"""
    parts = chunks(path.read_bytes())
    width, height, depth, colour, _, _, interlace = struct.unpack(">IIBBBBB", parts[0][1])
    assert depth == 8 and interlace == 0 and colour in (2, 6), parts[0]
    step = 3 if colour == 2 else 4
    raw = np.frombuffer(zlib.decompress(b"".join(body for name, body in parts if name == b"IDAT")), np.uint8)
    rows = raw.reshape(height, 1 + width * step)
    above, out = np.zeros(width * step, np.uint8), []
    for row in rows:
        above = unfilter(row[0], row[1:], above, step)
        out.append(above)
    return np.stack(out).reshape(height, width, step)
