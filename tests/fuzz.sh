#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# tests/fuzz.sh [-o CORPUS] [-w WORK] SECONDS [TARGET...]
#
# Fuzzes each target for SECONDS, from its files in tests/corpus on: feature-set, genre-message, genre-model,
# genre-stream.  libFuzzer, AddressSanitizer and UndefinedBehaviorSanitizer; the first finding ends it, status 1, its
# input in WORK/TARGET/.  Then says how many lines of the parser's files tests/corpus runs, and how many with what
# was found.
#
#   -o CORPUS  CORPUS/TARGET gets the fewest files that run all that is known to run
#   -w WORK    the build and what was found; kept, and used again (a directory in /tmp that is removed)
#
# Installs clang and llvm where they are missing.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
usage () {
  sed -n '4,14s/^# \{0,1\}//p' "$0" >&2
  exit 2
}

output='' work='' keep=''
while getopts o:w: option; do
  case $option in
    o) output=$OPTARG ;;
    w) work=$OPTARG keep=yes ;;
    *) usage ;;
  esac
done
shift $((OPTIND - 1))
[ $# -ge 1 ] || usage
seconds=$1
shift
[ $# -gt 0 ] || set -- feature-set genre-message genre-model genre-stream

if [ -z "$work" ]; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  trap 'exit 1' HUP INT TERM
fi
mkdir -p "$work"
work=$(cd "$work" && pwd)
scratch=$work
# shellcheck source=tests/setup.sh
. "$root/tests/setup.sh"
install_missing need_to_build need_to_fuzz
[ -z "$output" ] || { mkdir -p "$output" && output=$(cd "$output" && pwd); }

instrument='-fsanitize=fuzzer-no-link -fprofile-instr-generate -fcoverage-mapping -fno-omit-frame-pointer'
if ! [ -f "$work/build/build.ninja" ]; then
  cd "$work" # where Meson's probes leave their profiles
  CC=clang meson setup "$work/build" "$root" --buildtype=debugoptimized -Db_ndebug=false -Dtests=false \
    -Dexamples=false -Ddocs=false -Dscope=disabled -Db_lundef=false -Db_sanitize=address,undefined \
    -Dc_args="$instrument" >"$work/setup.log" 2>&1 || { tail -n 20 "$work/setup.log" >&2; exit 1; }
fi
ninja -C "$work/build" models/libmodels.a nn/libnn.a dsp/libdsp.a >"$work/build.log" 2>&1 || {
  tail -n 20 "$work/build.log" >&2
  exit 1
}

# What a target is linked with, beside the libraries, where its corpus lies, and the files that read what it reads.
describe () {
  more='' packages='glib-2.0 json-glib-1.0 fftw3'
  case $1 in
    feature-set)
      corpus=features
      parser='feature_set_file.c feature_set.c'
      ;;
    genre-model)
      corpus=model
      parser='genre_model_file.c network_spec.c frontend.c safetensors.c json_field.c json_scan.c'
      ;;
    genre-stream)
      corpus=stream more=tests/model_builder.c
      parser='genre_stream.c genre_windows.c genre_aggregate.c'
      ;;
    genre-message) corpus=message packages=gstreamer-1.0 parser=genremessage.h ;;
    *) usage ;;
  esac
}

# link TARGET: makes WORK/TARGET/fuzz.
link () {
  libraries=
  [ "$1" = genre-message ] ||
    libraries="$work/build/models/libmodels.a $work/build/nn/libnn.a $work/build/dsp/libdsp.a"
  # shellcheck disable=SC2046,SC2086 # lists
  clang -std=c11 -g -O1 -D_POSIX_C_SOURCE=200809L -fsanitize=fuzzer,address,undefined -fprofile-instr-generate \
    -fcoverage-mapping -fno-omit-frame-pointer -I"$root" $(pkg-config --cflags $packages) "$root/tests/fuzz-$1.c" \
    ${more:+"$root/$more"} $libraries $(pkg-config --libs $packages) -lfftw3_threads -lpthread -lm -o "$work/$1/fuzz"
}

# coverage TARGET WHOSE DIRECTORY...: a table of the parser's files.
coverage () {
  target=$1
  whose=$2
  shift 2
  LLVM_PROFILE_FILE=$work/$target/raw "$work/$target/fuzz" -runs=0 "$@" >"$work/$target/replay.log" 2>&1
  llvm-profdata merge -sparse "$work/$target/raw" -o "$work/$target/profile"
  echo "$target: $whose"
  llvm-cov report "$work/$target/fuzz" -instr-profile="$work/$target/profile" | awk -v names="$parser" '
    BEGIN { n = split (names, name, " "); for (i = 1; i <= n; i++) wanted[name[i]] = 1 }
    {
      n = split ($1, path, "/")
      if (!(path[n] in wanted))
        next
      printf "  %-20s %4d of %4d lines, %5.1f %%\n", path[n], $8 - $9, $8, 100 * ($8 - $9) / $8
      lines += $8
      missed += $9
    }
    END {
      printf "  %-20s %4d of %4d lines, %5.1f %%\n", "together", lines - missed, lines, 100 * (1 - missed / lines)
    }'
}

export LLVM_PROFILE_FILE=/dev/null
export ASAN_OPTIONS="${ASAN_OPTIONS:-detect_leaks=1:allocator_may_return_null=1}"
export UBSAN_OPTIONS="${UBSAN_OPTIONS:-halt_on_error=1:print_stacktrace=1}"
for target; do
  describe "$target"
  mkdir -p "$work/$target/found"
  link "$target"
  if [ "$seconds" -gt 0 ]; then
    (cd "$work/$target" && ./fuzz -max_total_time="$seconds" -timeout=30 -rss_limit_mb=4096 -max_len=16384 \
      -print_final_stats=1 found "$root/tests/corpus/$corpus") >"$work/$target/fuzz.log" 2>&1 || {
      tail -n 60 "$work/$target/fuzz.log" >&2
      echo "fuzz.sh: $target: a finding; its input lies in $work/$target" >&2
      trap - EXIT
      exit 1
    }
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$work/$target/fuzz.log")
    echo "$target: $runs inputs in $seconds s, no finding"
  fi
  coverage "$target" "lines that tests/corpus/$corpus runs" "$root/tests/corpus/$corpus"
  [ "$seconds" -eq 0 ] || coverage "$target" "with what was found" "$root/tests/corpus/$corpus" "$work/$target/found"
  if [ -n "$output" ]; then
    mkdir -p "$output/$target"
    "$work/$target/fuzz" -merge=1 "$output/$target" "$root/tests/corpus/$corpus" "$work/$target/found" \
      >"$work/$target/merge.log" 2>&1
    echo "$target: $(find "$output/$target" -type f | wc -l) files in $output/$target"
  fi
done
[ -z "$keep" ] || echo "build and inputs: $work"
