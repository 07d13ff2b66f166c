#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# examples/quickstart.sh [FILE-OR-URI] - from a fresh Debian 12 to the genres of a recording.
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
case "$recording" in
  '' | *://*) ;;
  *)
    if ! [ -f "$recording" ] || ! [ -r "$recording" ]; then
      complain "there is no file '$recording' that can be read."
      exit 1
    fi
    ;;
esac
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
if [ -f "$root/build/build.ninja" ]; then
  configure "$root/build" || exit 1
else
  configure "$root/build" -Dbuildtype=release -Dtests=false || exit 1
fi
compile "$root/build" || exit 1

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
if ! (cd "$place" && "$root/build/examples/listen" "$recording"); then
  complain "GStreamer could not read $recording; its reason is above." \
    "If it is a recording, a decoder may be missing: try apt-get install gstreamer1.0-libav"
  exit 1
fi

case "$recording" in
  *://*) source="uridecodebin uri=\"$recording\"" ;;
  *) source="filesrc location=\"$(cd "$place" && cd "$(dirname "$recording")" && pwd)/${recording##*/}\" ! decodebin" ;;
esac
cat <<EOF
== The same with GStreamer's own tools:
export GST_PLUGIN_PATH="$root/build/gst"
gst-launch-1.0 -m $source ! audioconvert ! genreclassify ! fakesink
EOF
