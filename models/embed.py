#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""embed.py INPUT OUTPUT.c little|big: writes the definitions of models/embedded.h, for a target of that byte order."""
import hashlib
import struct
import sys


def main(argv):
    source, target, order = argv[1:]
    with open(source, "rb") as f:
        data = f.read()
    padded = data + bytes(-len(data) % 8)
    words = struct.unpack(f"{'<' if order == 'little' else '>'}{len(padded) // 8}Q", padded)
    with open(target, "w", encoding="ascii", newline="\n") as f:
        f.write('#include "models/embedded.h"\n\n')
        f.write(f"const gsize models_embedded_size = {len(data)};\n")
        f.write(f'const char models_embedded_sha256[65] = "{hashlib.sha256(data).hexdigest()}";\n')
        f.write("const guint64 models_embedded_words[] = {\n")
        for i in range(0, len(words), 6):
            f.write(",".join(f"0x{word:x}u" for word in words[i:i + 6]) + ",\n")
        f.write("};\n")


if __name__ == "__main__":
    main(sys.argv)
