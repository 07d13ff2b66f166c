#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# tests/run.sh [STAGE...] - every test, or those of some stages, from nothing: installs what is missing, builds with
# -Werror into build-tests/, and runs
#
#   release    all suites on what would be shipped
#   sanitize   the suites unit, element and e2e under AddressSanitizer and UndefinedBehaviorSanitizer
#   threads    the queue between streaming thread and worker under ThreadSanitizer
#   valgrind   the suite unit under memcheck, on the build of release
#
# Closes with the line "N passed, N failed, N skipped"; exit status 1 if anything failed or nothing ran.
# GENRE_SHARED: directory of the reference data, ../shared unless set.  Where it exists no test may be skipped.
set -u

root=$(cd "$(dirname "$0")/.." && pwd) || exit 1
scratch=$(mktemp -d) || exit 1
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM HUP
# shellcheck source=tests/setup.sh
. "$root/tests/setup.sh"

builds=$root/build-tests
passed=0 failed=0 skipped=0

close () {
  echo "$passed passed, $failed failed, $skipped skipped"
  [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
  exit
}

# run STAGE DIRECTORY [OPTION...]: meson test, counted.  What ran nothing has failed.
run () {
  stage=$1
  directory=$2
  shift 2
  rm -f "$directory/meson-logs/$stage"*
  # What the tests are told of the reference data was settled when the build was configured.
  env -u GENRE_SHARED meson test -C "$directory" --logbase "$stage" "$@" >"$scratch/test.log" 2>&1 </dev/null
  log=$(find "$directory/meson-logs" -name "$stage*.json") # Meson adds the name of its test setup
  if ! [ -s "$log" ]; then
    tail -n 40 "$scratch/test.log"
    say "$stage: no test ran"
    failed=$((failed + 1))
    return 0
  fi
  python3 "$root/tests/tally.py" "$stage" "$log" ${strict:+strict} >"$scratch/tally" || echo 0 1 0 >>"$scratch/tally"
  sed '$d' "$scratch/tally"
  read -r stage_passed stage_failed stage_skipped <<EOF
$(tail -n 1 "$scratch/tally")
EOF
  say "$stage: $stage_passed passed, $stage_failed failed, $stage_skipped skipped;" \
    "$(($(date +%s) - started)) s since the start"
  passed=$((passed + stage_passed)) failed=$((failed + stage_failed)) skipped=$((skipped + stage_skipped))
}

# wanted STAGE
wanted () {
  case " ${stages:-$1} " in
    *" $1 "*) true ;;
    *) false ;;
  esac
}

# stage STAGE WHAT SUITES [OPTION...]: a build in a directory of its own, then its tests.
# WHAT: "all" to compile everything, or "needed" for only what the tests of these suites are made of.
stage () {
  name=$1
  what=$2
  suites=$3
  shift 3
  wanted "$name" || return 1
  say "$name: building in ${builds#"$root"/}/$name and testing"
  if ! configure "$builds/$name" -Dwerror=true "$@" || { [ "$what" = all ] && ! compile "$builds/$name"; }; then
    failed=$((failed + 1))
    return 1
  fi
  # shellcheck disable=SC2086
  run "$name" "$builds/$name" $suites
}

stages=$*
for stage in $stages; do
  case "$stage" in
    release | sanitize | threads | valgrind) ;;
    *) complain "there is no stage $stage: release, sanitize, threads, valgrind"; exit 2 ;;
  esac
done
started=$(date +%s)
GENRE_SHARED=$(cd "${GENRE_SHARED:-$root/../shared}" 2>/dev/null && pwd)
if [ -n "$GENRE_SHARED" ]; then
  strict=yes
  say "reference data in $GENRE_SHARED: no test may be skipped"
else
  strict=
  GENRE_SHARED=none
  say "no reference data beside the checkout: the tests that need it are skipped"
fi
export GENRE_SHARED

say "what the build and the tests need"
if ! install_missing need_to_build need_to_listen need_to_test; then
  failed=1
  close
fi

if wanted release && install_ray "$builds/ray"; then
  export GENRE_RAY_PYTHON="$builds/ray/bin/python3"
fi
stage release all "" -Dbuildtype=release -Dc_args=-g && released=yes
stage sanitize needed "--suite unit --suite element --suite e2e" \
  -Dbuildtype=debugoptimized -Db_sanitize=address,undefined -Db_lundef=false
stage threads needed "--suite threads" \
  -Dbuildtype=debugoptimized -Db_sanitize=thread -Db_lundef=false
if [ -n "${released-}" ] && wanted valgrind; then
  say "valgrind: testing the release build"
  run valgrind "$builds/release" --setup valgrind --suite unit --no-suite no-memcheck
fi
close
