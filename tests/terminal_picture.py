#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""terminal_picture.py [--at N] OUT.png COLUMNS COMMAND... - what a command shows on a terminal of so many columns, as a
picture; with --at, what is there when it has written its line of progress for the N-th time.

The command runs on a terminal of this script's own, in C.UTF-8; what it writes is followed as a terminal would: colours
of SGR, a line that is wiped and written again, characters of two cells. Needs Pillow, DejaVu Sans Mono, and for wide
characters Noto Sans CJK and Noto Color Emoji. docs/identify.md has the commands of its pictures.
"""

import re
import sys
import unicodedata

import tool
from PIL import Image, ImageDraw, ImageFont

FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSansMono{}.ttf"
WIDE_FONT = "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"
EMOJI_FONT, EMOJI_SIZE = "/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf", 109  # it has no other
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


def draw_emoji(image, character, x, y, cell):
    font = ImageFont.truetype(EMOJI_FONT, EMOJI_SIZE)
    drawn = Image.new("RGBA", (136, 128), BACK + (255,))
    ImageDraw.Draw(drawn).text((0, 0), character, font=font, embedded_color=True)
    image.paste(drawn.resize((int(2 * cell) - 1, LINE - 4)).convert("RGB"), (int(x), int(y) + 1))


def picture(lines, columns):
    fonts = [ImageFont.truetype(FONT.format(kind), SIZE) for kind in ("", "-Bold")]
    wide = ImageFont.truetype(WIDE_FONT, SIZE)
    cell = fonts[0].getlength("M")
    image = Image.new("RGB", (int(2 * MARGIN + columns * cell), 2 * MARGIN + LINE * len(lines)), BACK)
    draw = ImageDraw.Draw(image)
    for row, line in enumerate(lines):
        column = 0
        for character, colour, bold in line:
            x, y = MARGIN + column * cell, MARGIN + row * LINE
            if "\u2588" <= character <= "\u258f":
                draw_block(draw, character, x, y, cell, colour)
            elif character >= "\U0001f300":
                draw_emoji(image, character, x, y, cell)
            elif width_of(character) == 2:
                draw.text((x, y - 4), character, font=wide, fill=colour)
            else:
                draw.text((x, y), character, font=fonts[bold], fill=colour)
            column += width_of(character)
    return image.quantize(96, dither=Image.Dither.NONE)


def main():
    words = sys.argv[1:]
    number = int(words[1]) if words[0] == "--at" else 0
    out, columns, *command = words[2:] if number else words
    environment = {"TERM": "xterm-256color", "LC_ALL": "C.UTF-8", "NO_COLOR": "", "CLICOLOR_FORCE": ""}
    _, seen = tool.on_terminal(int(columns), *command, environment=environment)
    if number:
        parts = seen.split(b"\r\x1b[K")
        progress = [i for i, part in enumerate(parts) if part and b"\n" not in part]
        seen = b"\r\x1b[K".join(parts[: progress[number - 1] + 1])
    typed = f"$ gst-genre-1.0 {' '.join(command)}\n".encode()
    picture(follow(typed + seen), int(columns)).save(out, optimize=True)


if __name__ == "__main__":
    sys.exit(main())
