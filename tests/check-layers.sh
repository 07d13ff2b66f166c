#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# tests/check-layers.sh [ROOT] - every directory includes only what lies below it:
#
#   gst  ->  models  ->  dsp, nn      and dsp and nn never see each other.
#
# Prints FILE:LINE: of each include that breaks the order, that is not relative to the root, or that does not exist.
set -u
cd "${1:-$(dirname "$0")/..}" || exit 1

files=$(find dsp nn models gst examples tests -name '*.[ch]' -o -name '*.cc' | sort)
[ -n "$files" ] || { echo "no source files in $PWD"; exit 1; }

# shellcheck disable=SC2086
grep -nE '^[[:space:]]*#[[:space:]]*include' $files /dev/null |
  sed -E 's/^([^:]*:[0-9]+):[[:space:]]*#[[:space:]]*include[[:space:]]*/\1 /' | {
  status=0
  while read -r place name rest; do
    file=${place%:*}
    bad=
    case "$name" in
      \"*) # ours
        name=${name#?} name=${name%\"*}
        [ -f "$name" ] || bad="no such file below the root"
        case "${file%%/*}:${name%%/*}" in
          dsp:dsp | nn:nn | models:models | models:dsp | models:nn | gst:gst | gst:models) ;;
          tests:* | examples:gst | examples:examples) ;;
          *) bad="${bad:-${file%%/*}/ may not use this directory}" ;;
        esac
        ;;
      *) # a library's
        case "$file:$name" in
          gst/tools/tag_file.cc:* | tests/*.cc:*) ;; # C++
          *:'<sys/file.h>') ;;
          *:'<taglib/'* | *:*tag.h'>' | *:*file.h'>' | *:'<tag_c.h>' | *:'<tpropertymap.h>')
            bad="only gst/tools/tag_file.cc uses TagLib"
            ;;
          dsp/fft.c:'<fftw3.h>' | nn/gemm_openblas.c:'<cblas.h>' | tests/*) ;;
          *:'<fftw3.h>' | *:'<cblas.h>') bad="only dsp/fft.c uses FFTW, only nn/gemm_openblas.c CBLAS" ;;
          gst/* | examples/* | models/*:'<glib'* | models/*:'<gio/'* | models/*:'<json-glib/'*) ;;
          *:*/* | *:'<glib'* | *:'<gst'*) # <sys/...> is not C11
            bad="not a library of ${file%%/*}/"
            ;;
        esac
        ;;
    esac
    [ -z "$bad" ] || { printf '%s: %s%s: %s\n' "$place" "$name" "${rest:+ $rest}" "$bad"; status=1; }
  done
  exit $status
}
