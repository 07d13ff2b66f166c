#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# tests/check-headers.sh [ROOT] - every header compiles alone as C11, the public one as C++11 too.
#
# CC and CXX name the compilers.  Prints the compilers' words on each header that does not.
set -u
cd "${1:-$(dirname "$0")/..}" || exit 1

headers=$(find dsp nn models gst -name '*.h' | sort)
[ -n "$headers" ] || { echo "no headers in $PWD"; exit 1; }

warnings='-Wall -Wextra -Wpedantic -Werror -fsyntax-only -I.'
glib=$(pkg-config --cflags glib-2.0) || exit 1
gst=$(pkg-config --cflags gstreamer-base-1.0 gstreamer-audio-1.0) || exit 1

# alone HEADER COMPILER... : the header twice, so that its guard is tried too
alone () {
  header=$1
  shift
  printf '#include "%s"\n#include "%s"\n' "$header" "$header" | "$@" - && return 0
  echo "$header: does not compile alone"
  return 1
}

status=0
for header in $headers; do
  case $header in
    dsp/* | nn/*) flags= ;;
    models/*) flags=$glib ;;
    gst/*) flags=$gst ;;
  esac
  # shellcheck disable=SC2086
  alone "$header" ${CC:-cc} -x c -std=c11 -Wmissing-prototypes -Wstrict-prototypes $warnings $flags || status=1
done
if [ -f gst/genreclassify/genremessage.h ]; then
  # shellcheck disable=SC2086
  alone gst/genreclassify/genremessage.h ${CXX:-c++} -x c++ -std=c++11 $warnings $gst || status=1
else
  echo "gst/genreclassify/genremessage.h: the public header is not there"
  status=1
fi
exit $status
