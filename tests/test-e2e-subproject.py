#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Another Meson project has this one as a subproject, and finds gstreamer-genreclassify-1.0 in it, not installed."""

import os
import pathlib
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent

PROJECT = """
project('host', 'c')
genre = dependency('gstreamer-genreclassify-1.0', version: '>= 0.1', fallback: 'genreclassify',
  default_options: ['tests=false', 'examples=false', 'tools=disabled', 'scope=disabled'])
assert(genre.type_name() == 'internal', 'the header comes from elsewhere: ' + genre.type_name())
executable('host', 'host.c', dependencies: genre)
"""

PROGRAM = """
#include <gst/genreclassify/genremessage.h>

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  GstGenreMessage genre;
  GstMessage *other = gst_message_new_eos (NULL);
  return gst_genre_message_parse (other, &genre) ? 1 : 0;
}
"""


def run(*command, environment):
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert result.returncode == 0, f"{command}: {result.stdout}{result.stderr}"


def main():
    with tempfile.TemporaryDirectory() as scratch:
        project = pathlib.Path(scratch)
        (project / "meson.build").write_text(PROJECT)
        (project / "host.c").write_text(PROGRAM)
        (project / "subprojects").mkdir()
        (project / "subprojects/genreclassify").symlink_to(ROOT)
        # What may be installed here is not to be found.
        environment = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
        run("meson", "setup", "--force-fallback-for=genreclassify,gstreamer-genreclassify-1.0", project / "build",
            project, environment=environment)  # fmt: skip
        run("meson", "compile", "-C", project / "build", "host", environment=environment)
        run(project / "build/host", environment=environment)


if __name__ == "__main__":
    main()
