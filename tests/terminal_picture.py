#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""terminal_picture.py OUT.png COLUMNS COMMAND... - what a command shows on a terminal of so many columns, as a picture.

The command runs on a terminal of this script's own, in C.UTF-8; what it writes is followed as a terminal would: colours
of SGR, a line that is wiped and written again, characters of two cells. Needs Pillow, and DejaVu Sans Mono.

    GENRE_BUILD_DIR=build tests/terminal_picture.py docs/identify.png 88 identify Music
"""

import re
import sys
import unicodedata

import tool
from PIL import Image, ImageDraw, ImageFont

FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSansMono{}.ttf"
SIZE, LINE, MARGIN = 15, 21, 12
BACK, TEXT = (24, 26, 31), (214, 218, 224)
PALETTE = [
    (40, 44, 52), (224, 108, 117), (152, 195, 121), (229, 192, 123), (97, 175, 239), (198, 120, 221),
    (86, 182, 194), (171, 178, 191), (92, 99, 112), (255, 138, 148), (181, 224, 150), (255, 217, 148),
    (140, 200, 255), (226, 160, 245), (130, 220, 230), (255, 255, 255),
]  # fmt: skip


def width_of(character):
    return 0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1


def follow(data):
    """-> lines of (character, colour, bold)"""
    lines, colour, bold = [[]], TEXT, False
    for token in re.findall(r"\x1b\[[0-9;]*[A-Za-z]|.|\n", data.decode("utf-8"), re.S):
        if token == "\n":
            lines.append([])
        elif token == "\x1b[K":
            lines[-1] = []
        elif token.startswith("\x1b["):
            for number in map(int, token[2:-1].split(";")):
                if number == 0:
                    colour, bold = TEXT, False
                elif number == 1:
                    bold = True
                elif number == 2:
                    colour = PALETTE[8]
                elif 30 <= number < 38:
                    colour = PALETTE[number - 30]
                elif 90 <= number < 98:
                    colour = PALETTE[number - 82]
        else:
            lines[-1].append((token, colour, bold))
    return lines if lines[-1] else lines[:-1]


def draw_block(draw, character, x, y, cell, colour):
    """U+2588 ... 258F exactly, so that they touch"""
    eighths = 8 - (ord(character) - 0x2588)
    draw.rectangle([x, y + 3, x + cell * eighths / 8 - 0.5, y + LINE - 4], fill=colour)


def picture(lines, columns):
    fonts = [ImageFont.truetype(FONT.format(kind), SIZE) for kind in ("", "-Bold")]
    cell = fonts[0].getlength("M")
    image = Image.new("RGB", (int(2 * MARGIN + columns * cell), 2 * MARGIN + LINE * len(lines)), BACK)
    draw = ImageDraw.Draw(image)
    for row, line in enumerate(lines):
        column = 0
        for character, colour, bold in line:
            x, y = MARGIN + column * cell, MARGIN + row * LINE
            if "\u2588" <= character <= "\u258f":
                draw_block(draw, character, x, y, cell, colour)
            else:
                draw.text((x, y), character, font=fonts[bold], fill=colour)
            column += width_of(character)
    return image.quantize(96, dither=Image.Dither.NONE)


def main():
    out, columns, *command = sys.argv[1:]
    environment = {"TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "NO_COLOR": "", "CLICOLOR_FORCE": ""}
    _, seen = tool.on_terminal(int(columns), *command, environment=environment)
    typed = f"$ gst-genre-1.0 {' '.join(command)}\n".encode()
    picture(follow(typed + seen), int(columns)).save(out, optimize=True)


if __name__ == "__main__":
    sys.exit(main())
