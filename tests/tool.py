# SPDX-License-Identifier: LGPL-2.1-or-later
"""tool.py - runs gst-genre-1.0 of the build directory GENRE_BUILD_DIR, to its end, beside the test, or on a terminal.

Arguments may be text, bytes, paths or numbers.
"""

import os
import pathlib
import pty
import signal
import subprocess
import termios

TOOL = pathlib.Path(os.environ["GENRE_BUILD_DIR"]) / "gst" / "tools" / "gst-genre-1.0"
assert TOOL.is_file(), TOOL
OF_TERMINALS = ("WT_SESSION", "ConEmuANSI", "TERM_PROGRAM", "VTE_VERSION")  # who they are, and so what they can


def command(*arguments):
    return [os.fsencode(a if isinstance(a, bytes) else str(a)) for a in (TOOL, *arguments)]


def default_signals():
    """as a shell starts it in the foreground: who runs the tests in the background or by nohup ignores some"""
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGPIPE):
        signal.signal(number, signal.SIG_DFL)


def start(*arguments, text=True, **options):
    """-> Popen, whose standard output and standard error are pipes unless options say otherwise"""
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "preexec_fn": default_signals, **options}
    return subprocess.Popen(command(*arguments), text=text, **options)


def call(*arguments, timeout=240, text=True, **options):
    """-> exit status, stdout, stderr; what takes longer is killed, and raises TimeoutExpired"""
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "preexec_fn": default_signals, **options}
    done = subprocess.run(command(*arguments), text=text, timeout=timeout, check=False, **options)
    return done.returncode, done.stdout, done.stderr


def on_terminal(columns, *arguments, interrupt_after=None, timeout=240, environment=None):
    """-> exit status, bytes that a terminal of so many columns got; interrupt_after: so many lines of progress"""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, columns))
    attributes = termios.tcgetattr(theirs)
    attributes[1] &= ~termios.OPOST  # a newline stays one
    termios.tcsetattr(theirs, termios.TCSANOW, attributes)
    variables = {**os.environ, **dict.fromkeys(OF_TERMINALS, ""), **(environment or {})}
    process = start(*arguments, text=False, stdout=theirs, stderr=theirs, env=variables)
    os.close(theirs)
    shown = b""
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        shown += piece
        if interrupt_after and shown.count(b"\r\x1b[K") >= interrupt_after:
            process.send_signal(signal.SIGINT)
            interrupt_after = None
    os.close(ours)
    return process.wait(timeout=timeout), shown
