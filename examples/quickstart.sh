#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# examples/quickstart.sh [FILE-OR-URI] - from a fresh Debian 12 or 13 to the genres of a recording.
#
# Installs what is missing (apt-get, as root or with sudo), builds into build/, and tells second by second which genre
# is playing in FILE.  Without FILE it takes a freely licensed recording out of a Debian package.
set -u

root=$(cd "$(dirname "$0")/.." && pwd) || exit 1
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM HUP
# shellcheck source=tests/setup.sh
. "$root/tests/setup.sh"

# A piece of music among the sounds of a game.
demo_package=wordwarvi-sound
demo_file=lucky13-steve-mono-mix.ogg
demo_credit='"Lucky 13" by Marty Kiel and Stephen M. Cameron (2008), CC BY-SA 3.0, from the game Word War vi'

usage () {
  cat <<EOF
Usage: sh examples/quickstart.sh [FILE-OR-URI]

Builds genreclassify and prints the genres of FILE-OR-URI, second by second, and of the whole at the end.
Without an argument: of a freely licensed recording from the Debian package $demo_package.
EOF
}

# Puts the recording into $1.  apt-get needs no root to download, and nothing is installed.
fetch_demo () {
  if ! have apt-get >/dev/null || ! have dpkg-deb >/dev/null; then
    complain "without apt-get and dpkg-deb the demo recording cannot be fetched: name a recording of your own," \
      "sh examples/quickstart.sh FILE"
    return 1
  fi
  say "Taking the demo recording out of the Debian package $demo_package (8.6 MB, not installed)"
  # Downloads run as this user: apt's own, _apt, may not write here.
  download="apt-get -q -o APT::Sandbox::User=$(id -un) download $demo_package"
  if ! (cd "$scratch" && $download) >"$scratch/apt.log" 2>&1 </dev/null; then
    if [ "$(id -u)" -eq 0 ] || have sudo >/dev/null; then
      as_root apt-get -q update >>"$scratch/apt.log" 2>&1
    fi
    if ! (cd "$scratch" && $download) >>"$scratch/apt.log" 2>&1 </dev/null; then
      tail -n 5 "$scratch/apt.log" >&2
      complain "apt-get could not download $demo_package; its last words are above." \
        "Without a network, name a recording of your own: sh examples/quickstart.sh FILE"
      return 1
    fi
  fi
  mkdir -p "$(dirname "$1")" &&
    dpkg-deb --fsys-tarfile "$scratch/$demo_package"_*.deb |
    tar -xOf - "./usr/share/wordwarvi/sounds/$demo_file" >"$1.part" && [ -s "$1.part" ] && mv "$1.part" "$1" && return 0
  complain "the package $demo_package no longer holds $demo_file: name a recording of your own," \
    "sh examples/quickstart.sh FILE"
  return 1
}

case "$#:${1-}" in
  1:-h | 1:--help)
    usage
    exit 0
    ;;
  0: | 1:[!-]*) ;;
  *)
    usage >&2
    exit 2
    ;;
esac

recording=${1-}

# A name may look like a URI and be a file's.
is_uri () {
  case "$1" in
    *://*) ! [ -e "$1" ] ;;
    *) false ;;
  esac
}

if [ -n "$recording" ] && ! is_uri "$recording"; then
  if [ -d "$recording" ]; then
    complain "'$recording' is a directory; expected a recording or its URI."
    exit 1
  elif ! [ -e "$recording" ]; then
    complain "there is no file '$recording'."
    exit 1
  elif ! [ -f "$recording" ] || ! [ -r "$recording" ]; then
    complain "'$recording' is not a file that you can read."
    exit 1
  fi
fi
need_scheme () {
  case "$recording" in
    https://*)
      modules=$(pkg-config --variable=giomoduledir gio-2.0 2>/dev/null)
      need "glib-networking ca-certificates" test -e "$modules/libgiognutls.so"
      ;;
  esac
}

say "1 of 3: what the build needs"
install_missing need_to_build need_to_listen need_scheme || exit 1

say "2 of 3: building in $root/build"
configure "$root/build" || exit 1
compile "$root/build" gstgenreclassify listen gst-genre-1.0 || exit 1 # not the tests

place=.
if [ -z "$recording" ]; then
  place=$root/build/quickstart
  recording=$demo_file
  [ -s "$place/$recording" ] || fetch_demo "$place/$recording" || exit 1
  say "3 of 3: listening to $demo_credit"
else
  say "3 of 3: listening to $recording"
fi
GST_PLUGIN_PATH=$root/build/gst${GST_PLUGIN_PATH:+:$GST_PLUGIN_PATH}
export GST_PLUGIN_PATH
# In English, to find what GStreamer says of plug-ins.
(cd "$place" && LANGUAGE=en "$root/build/examples/listen" "$recording" 2>"$scratch/listen.log")
status=$?
cat "$scratch/listen.log" >&2
if [ "$status" -ne 0 ]; then
  complain "GStreamer could not read $recording; its reason is above."
  if grep -q "missing a plug-in" "$scratch/listen.log"; then
    complain "More decoders are in the Debian package gstreamer1.0-libav."
  fi
  exit 1
fi

# quote_for_shell TEXT, quote_for_launch TEXT: as one word that stands for TEXT and nothing else.
quote_for_shell () {
  printf "'%s'" "$(printf '%s' "$1" | sed "s/'/'\\\\''/g")"
}

quote_for_launch () {
  printf '"%s"' "$(printf '%s' "$1" | sed 's/[\\"]/\\&/g')"
}

# Properties are UTF-8, so that a name that is not must become a URI.
launch_source () {
  if is_uri "$1"; then
    printf 'uridecodebin %s' "$(quote_for_shell "uri=$(quote_for_launch "$1")")"
  elif printf '%s' "$1" | iconv -f UTF-8 -t UTF-8 >/dev/null 2>&1; then
    printf 'filesrc %s ! decodebin' "$(quote_for_shell "location=$(quote_for_launch "$1")")"
  else
    printf 'uridecodebin uri=file://%s' "$(printf '%s' "$1" | od -An -v -tx1 | tr -d '\n' | sed 's/ /%/g; s|%2f|/|g')"
  fi
}

is_uri "$recording" || recording=$(cd "$place" && cd "$(dirname "$recording")" && pwd)/${recording##*/}
printf '%s\n' "== The same with GStreamer's own tools:" \
  "export GST_PLUGIN_PATH=$(quote_for_shell "$root/build/gst")" \
  "gst-launch-1.0 -m $(launch_source "$recording") ! audioconvert ! genreclassify ! fakesink"
if [ -x "$root/build/gst/tools/gst-genre-1.0" ]; then
  printf '%s\n' "== Your own music, a line a track:" \
    "$(quote_for_shell "$root/build/gst/tools/gst-genre-1.0") identify ~/Music"
fi
