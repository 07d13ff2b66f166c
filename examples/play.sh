#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# examples/play.sh URI-or-FILE [PROPERTY=VALUE...] - plays a recording and tells which genre it is.
#
# Any player that is built on playbin takes the element in like this: it is playbin's audio-filter.
# What follows the recording goes to playbin, for example: volume=0.5 video-sink=fakesink flags=audio
set -u

if [ $# -eq 0 ] || [ "$1" = -h ] || [ "$1" = --help ]; then
  echo "usage: sh $0 URI-or-FILE [PROPERTY=VALUE...]" >&2
  exit 2
fi
recording=$1
shift

case $recording in
  *://*) uri=$recording ;;
  *) # playbin wants a URI: every byte of the path as %xx, but for the slashes
    if ! [ -r "$recording" ]; then
      echo "$recording: cannot be read" >&2
      exit 1
    fi
    path=$(cd "$(dirname "$recording")" && pwd)/$(basename "$recording")
    uri=file://$(printf %s "$path" | od -An -v -tx1 | tr -d ' \n' | sed 's/../%&/g; s/%2f/\//g')
    ;;
esac

# gst-launch-1.0 -m prints each message as text:
#
#   Got message #52 from element "genreclassify0" (element): genreclassify, timestamp=(guint64)0, ...,
#   summary=(string)"classical\ 89\ \%\,\ jazz\ 7\ \%", state=(string)ok, final=(boolean)false, windows=(uint)1;
#
# on one line, with a backslash before everything that is not a letter, a digit or the like, and bytes beyond ASCII as
# \ooo, which printf's %b turns back once they are written \0ooo.
summary='s/.*, summary=(string)\(.*\), state=(string).*, final=(boolean)\([a-z]*\),.*/\1 \2/
  s/^"\(.*\)" /\1 /; s/\\\([^0-9]\)/\1/g; s/\\\([0-7][0-7][0-7]\)/\\0\1/g
  s/ false$//; s/\(.*\) true$/In all: \1/'

{
  gst-launch-1.0 -m playbin uri="\"$uri\"" audio-filter=genreclassify "$@"
  echo "status $?"
} | while IFS= read -r line; do
  case $line in
    *'): genreclassify, '*) printf '%b\n' "$(printf '%s\n' "$line" | sed "$summary")" ;;
    'status '*) exit "${line#status }" ;;
  esac
done
