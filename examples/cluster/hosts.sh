#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# hosts.sh HOSTS MUSIC RESULTS [PARTS] - the music below the folder MUSIC on many hosts, by GNU parallel and ssh.
#
# HOSTS is a file with a host a line, as ssh knows it.  All of them see MUSIC and RESULTS under these names.  Each takes
# one of PARTS parts (32) after the other, on all its processors, into RESULTS/genres.I-of-PARTS.jsonl.  A part that
# failed, for its host is gone or a recording cannot be read, is tried once more, by another host if there is one.
# Given again with the same PARTS, it goes on where it was stopped.
set -eu
[ $# -ge 3 ] || { echo "usage: $0 HOSTS MUSIC RESULTS [PARTS]" >&2; exit 2; }
hosts=$1 music=$2 results=$3 parts=${4:-32}

mkdir -p "$results"
# parallel quotes what stands for {1}, {2} and {3}.
seq 0 $((parts - 1)) |
  parallel --sshloginfile "$hosts" --filter-hosts --jobs 1 --retries 2 \
    gst-genre-1.0 identify "{2}" --shard "{1}/$parts" -o "{3}/genres.{1}-of-$parts.jsonl" --resume -q \
    :::: - ::: "$music" ::: "$results"
