#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""embed_recipes.py OUTPUT.c RECIPE.json...: writes the definitions of models/training/recipes.h."""
import json
import os
import sys


def main(argv):
    target, sources = argv[1], sorted(argv[2:])
    names, lines = [], []
    for number, source in enumerate(sources):
        with open(source, encoding="utf-8") as f:
            text = json.dumps(json.load(f), separators=(",", ":"), ensure_ascii=True)
        # As numbers: C11 promises no string literal longer than 4095 bytes.
        lines.append(f"static const char text_{number}[] = {{{','.join(str(b) for b in text.encode())},0}};\n")
        names.append(os.path.basename(source)[:-len(".json")])
    with open(target, "w", encoding="ascii", newline="\n") as f:
        f.write('#include "models/training/recipes.h"\n\n#include <stddef.h>\n\n')
        f.writelines(lines)
        f.write("const ModelsRecipe models_recipes[] = {\n")
        f.writelines(f'{{"{name}", text_{number}}},\n' for number, name in enumerate(names))
        f.write("{NULL, NULL}};\nconst char *const models_recipe_names[] = {")
        f.writelines(f'"{name}", ' for name in names)
        f.write("NULL};\n")


if __name__ == "__main__":
    main(sys.argv)
