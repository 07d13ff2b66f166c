#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# tests/check-style.sh [ROOT] - licence tags, lengths of lines and files, stray blanks, and .clang-format over all C,
# with what clang-format itself breaks: it takes the argument of a macro for an expression,
# `G_DEFINE_QUARK (a - b, c)`, and leaves the blank before some parentheses out.
#
# Prints FILE:LINE: of each fault; `clang-format-14 -i FILE` mends the layout.  Without clang-format 14 the layout
# alone is not checked, since other versions lay code out differently: exit 77, a skip, if all else is as it should be.
set -u
cd "${1:-$(dirname "$0")/..}" || exit 1

sources=$(find dsp nn models gst examples tests -name '*.[ch]' -o -name '*.cc' | sort)
scripts=$(find dsp nn models gst examples tests .ci/run meson.build meson_options.txt docs \
  '(' -name '*.sh' -o -name '*.py' -o -name meson.build -o -name meson_options.txt -o -path .ci/run ')' | sort)
[ -n "$sources" ] || { echo "no source files in $PWD"; exit 1; }

# shellcheck disable=SC2086
awk '
  function fault(text) { printf "%s:%d: %s\n", FILENAME, FNR, text; status = 1 }
  function end_of(file) {
    if (file != "" && !tagged) { printf "%s:1: no SPDX-License-Identifier\n", file; status = 1 }
    if (file ~ /\.c$/ && file !~ /^tests\// && count > 400) { long = long " " file; n_long++ }
  }
  FNR == 1 { end_of(last); last = FILENAME; tagged = 0; lines = FILENAME ~ /\.([ch]|cc)$/ ? 1 : 2 }
  FNR <= lines && /SPDX-License-Identifier: (LGPL-2\.1-or-later|CC-BY-4\.0)/ { tagged = 1 }
  length($0) > 120 { fault("longer than 120 columns") }
  /[ \t]$/ { fault("blank at the end") }
  /\t/ { fault("tab") }
  lines == 1 {
    code = $0
    gsub(/"([^"\\]|\\.)*"/, "\"\"", code)
    gsub(/\/\*.*\*\//, "", code)
    if (FNR == 1 || code ~ /\/\*/) comment = code ~ /\/\*/
    if (!comment && code !~ /^ *#/ && code ~ /[A-Za-z0-9_]\(/) fault("no blank before a parenthesis")
    if (!comment && code ~ /^[A-Z][A-Z0-9_]* \(.* - /) fault("a macro\047s argument taken for a difference")
    if (code ~ /\*\//) comment = 0
  }
  { count = FNR }
  END {
    end_of(last)
    if (n_long > 8) { print "expected at most 8 files of more than 400 lines, found" long; status = 1 }
    exit status
  }
' $sources $scripts
status=$?

format=clang-format-14
if ! command -v $format >/dev/null; then
  format=clang-format
  if ! $format --version 2>/dev/null | grep -q 'version 14\.'; then
    [ $status -eq 0 ] || exit 1
    echo "no clang-format 14 here: the layout of C is not checked, all else is as it should be"
    exit 77
  fi
fi
# Many files a process, two processes: each of them takes longer to start than to read a file.
# shellcheck disable=SC2086
printf '%s\n' $sources | xargs -P 2 -n 40 $format --dry-run -Werror || status=1
exit $status
