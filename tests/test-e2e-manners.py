#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""gst-genre-1.0: help, manual pages and completion of all commands are of one table; wrong names get the nearest right
one; a letter means one thing everywhere."""

import os
import re
import shutil
import subprocess
import sys

import tool
from pipeline import Verdict

verdict = Verdict()


def output_of(*arguments):
    status, output, errors = tool.call(*arguments)
    verdict.check(status == 0 and output and not errors, f"{arguments}: {status} {errors}")
    return output


def commands():
    return re.findall(r"^  ([a-z]+) +", output_of("--help").split("\n\n")[1], re.M)


def options(command):
    """{"--jobs": "-j" or ""} as --help lists them"""
    lines = output_of(command, "--help").splitlines()
    found = [re.match(r"  (?:(-\w), )?(--[a-z0-9-]+)(?:=\S+)?( |$)", line) for line in lines]
    return {match.group(2): match.group(1) or "" for match in found if match}


def test_help(command):
    """plain words, and two examples that begin as one would type them"""
    text = output_of(command, "--help")
    lines = re.findall(rf"^  gst-genre-1\.0 {command} ", text, re.M)
    verdict.check(len(lines) >= 1 + 2, f"{command}: examples: {text}")
    verdict.check(max(map(len, text.splitlines())) <= 150, f"{command}: {max(text.splitlines(), key=len)}")
    verdict.check(output_of(command, "-h") == text, f"{command} -h")
    verdict.check({"--help", "--quiet"} & set(options(command)), f"{command}: {options(command)}")


def test_generated(command, wanted):
    """every option of --help is in each of the four, and no other"""
    man = output_of("generate", "man", command)
    found = {f"--{name}".replace("\\-", "-"): f"-{letter}" if letter else ""
             for letter, name in re.findall(r"^(?:\\fB\\-(\w)\\fR, )?\\fB\\-\\-(\S+?)\\fR", man, re.M)}  # fmt: skip
    verdict.check(found == wanted, f"man {command}: {set(found.items()) ^ set(wanted.items())}")
    words = {w for pair in wanted.items() for w in pair if w}
    bash = re.search(rf"^    {command}\)\n      options='(.*)'", output_of("generate", "bash"), re.M)
    verdict.check(bash and set(bash.group(1).split()) == words, f"bash {command}: {bash}")
    zsh = re.search(rf"^    {command}\)\n(.*?)\n      ;;", output_of("generate", "zsh"), re.M | re.S).group(1)
    found = set(re.findall(r"(?:^ +'|,)(--[a-z0-9-]+)", zsh, re.M)) | set(re.findall(r"'\{(-\w)", zsh))
    verdict.check(found == words, f"zsh {command}: {found ^ words}")
    fish = re.findall(rf"from {command}' -l (\S+)(?: -s (\w))?", output_of("generate", "fish"))
    verdict.check({f"--{long}": f"-{short}" if short else "" for long, short in fish} == wanted, f"fish {command}")


def test_letters(all_options):
    """-o is --output wherever it is"""
    meanings = {}
    for command, found in all_options.items():
        for name, letter in found.items():
            if letter:
                meanings.setdefault(letter, {})[name] = command
    verdict.check(all(len(names) == 1 for names in meanings.values()), f"{meanings}")
    verdict.check({"-o", "-m", "-j", "-q", "-h"} <= set(meanings), f"{meanings}")


def test_wrong(command, wanted):
    """a letter too few, two swapped: the right one is named; what is like none gets no advice"""
    for name in wanted:
        if len(name) > 5:
            for wrong in (name[:-1] + "q", name[:3] + name[4] + name[3] + name[5:]):
                if wrong not in wanted:
                    status, output, errors = tool.call(command, wrong)
                    verdict.check(status == 2 and not output, f"{command} {wrong}: {status}")
                    right = "did you mean --" in errors and errors.count("\n") == 1
                    verdict.check(right, f"{command} {wrong}: {errors}")
    status, _, errors = tool.call(command, "--xyzzy-plugh-frotz")
    verdict.check(status == 2 and "did you mean" not in errors and "--help" in errors, errors)


def test_program():
    """the first word"""
    for wrong, right in [("identfy", "identify"), ("evalutae", "evaluate"), ("trian", "train")]:
        status, _, errors = tool.call(wrong)
        verdict.check(status == 2 and f'did you mean "{right}"' in errors, errors)
    for arguments in (["frobnicate"], [], ["generate"], ["generate", "tcsh"], ["generate", "man", "frobnicate"]):
        status, output, errors = tool.call(*arguments)
        verdict.check(status == 2 and not output and errors, f"{arguments}: {status} {errors}")
    verdict.check(re.fullmatch(r"gst-genre-1\.0 \d+\.\d+\.\d+\n", output_of("--version")), "--version")
    verdict.check(tool.call("--help")[1] == tool.call("help")[1] == tool.call("-h")[1], "help")


def test_built(names):
    """what is installed: a page for each command"""
    folder = tool.TOOL.parent / "shell"
    pages = {path.name for path in folder.glob("*.1")}
    wanted = {"gst-genre-1.0.1"} | {f"gst-genre-1.0-{name}.1" for name in names}
    verdict.check(not pages or pages == wanted, f"{pages ^ wanted}")  # none: built for another machine


def run(arguments, given):
    # What AddressSanitizer is loaded for is Python and our tool; man and the shells would end by it.
    environment = {key: value for key, value in os.environ.items() if key != "LD_PRELOAD"}
    done = subprocess.run(
        arguments, input=given, capture_output=True, text=True, timeout=60, check=False, env=environment
    )
    return done.returncode, done.stdout, done.stderr


def test_shells():
    """what is generated is a program of its shell, and completes"""
    if shutil.which("bash"):
        ask = ('\nCOMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _gst_genre_1_0; '
               'printf "%s\\n" "${{COMPREPLY[@]}}"')  # fmt: skip
        for words, wanted in [("gst-genre-1.0 ide", "identify\n"), ("gst-genre-1.0 identify --timel", "--timeline\n"),
                              ("gst-genre-1.0 identify --top 3", "\n")]:  # fmt: skip
            found = run(["bash", "--norc"], output_of("generate", "bash") + ask.format(words=words))
            verdict.check(found == (0, wanted, ""), f"bash: {words}: {found}")
    if shutil.which("zsh"):
        found = run(["zsh", "-f", "-n", "/dev/stdin"], output_of("generate", "zsh"))
        verdict.check(found == (0, "", ""), f"zsh: {found}")
    if shutil.which("fish"):
        for words, wanted in [("gst-genre-1.0 ide", "identify"), ("gst-genre-1.0 identify --timel", "--timeline")]:
            script = output_of("generate", "fish") + f'\ncomplete -C "{words}"\n'
            status, output, errors = run(["fish", "--no-config"], script)
            verdict.check(status == 0 and not errors and output.startswith(wanted), f"fish: {output} {errors}")


def test_man(names):
    """troff has nothing to complain of, and loses nothing"""
    if not shutil.which("groff"):
        return
    for command in [None, *names]:
        page = output_of("generate", "man", *([command] if command else []))
        status, output, errors = run(["groff", "-man", "-Tascii", "-ww", "-P-c"], page)
        verdict.check(status == 0 and not errors, f"man {command}: {errors}")
        plain = re.sub(r"\x1b\[[0-9;]*m|.\x08", "", output)
        for word in ("NAME", "SYNOPSIS", "EXIT STATUS", "SEE ALSO"):
            verdict.check(word in plain, f"man {command}: no {word}: {plain[:300]}")
        verdict.check(command is None or f"gst-genre-1.0 {command} " in plain, f"man {command}: no example")


def main():
    names = commands()
    wanted = {"average", "evaluate", "extract", "features", "identify", "inspect", "train"}
    verdict.check(wanted <= set(names), f"{names}")
    names = [name for name in names if name != "generate"]
    all_options = {name: options(name) for name in names}
    for name in names:
        test_help(name)
        test_generated(name, all_options[name])
        test_wrong(name, all_options[name])
    test_letters(all_options)
    test_program()
    test_shells()
    test_man(names)
    test_built(names)
    verdict.exit()


if __name__ == "__main__":
    sys.exit(main())
