# SPDX-License-Identifier: LGPL-2.1-or-later
#
# tests/setup.sh - what examples/quickstart.sh, tests/run.sh and tests/fuzz.sh share: finds out what is missing,
# installs it, builds.
#
# Read with `.` by a POSIX shell that has set `root` (the checkout) and `scratch` (a directory for logs).  Every
# function that can fail says why in a sentence on standard error and returns 1; none of them exits.
#
# shellcheck shell=sh disable=SC2154

say () {
  printf '== %s\n' "$*"
}

complain () {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
}

# need PACKAGES COMMAND...: notes Debian's PACKAGES as missing unless COMMAND succeeds.  What counts is that the thing
# works, not who installed it.
missing=
need () {
  need_packages=$1
  shift
  "$@" >/dev/null 2>&1 </dev/null || missing="$missing $need_packages"
}

have () {
  command -v "$1"
}

# compiles COMPILER LANGUAGE [OPTION...]
compiles () {
  compiler=$1
  language=$2
  shift 2
  printf '#include <stdlib.h>\nint main (void) { return EXIT_SUCCESS; }\n' >"$scratch/probe" &&
    "$compiler" -x "$language" "$@" "$scratch/probe" -o "$scratch/probe.out"
}

imports () {
  python=/usr/bin/python3
  [ -x "$python" ] || python=python3
  "$python" -c "$1"
}

# newest PACKAGE...: the first that this release of Debian has, which calls some by other names than the one before.
newest () {
  for newest_name; do
    if apt-cache show "$newest_name" >/dev/null 2>&1; then break; fi
  done
  printf '%s\n' "$newest_name"
}

need_to_build () {
  need "gcc libc6-dev" compiles "${CC:-cc}" c
  need meson have meson
  need ninja-build have ninja
  need pkg-config have pkg-config
  need libglib2.0-dev pkg-config --exists glib-2.0
  need libjson-glib-dev pkg-config --exists json-glib-1.0
  need libfftw3-dev pkg-config --exists fftw3
  need libgstreamer1.0-dev pkg-config --exists gstreamer-base-1.0
  need libgstreamer-plugins-base1.0-dev pkg-config --exists gstreamer-audio-1.0
  need libcairo2-dev pkg-config --exists cairo
  need "g++ $(newest libtag-dev libtag1-dev)" pkg-config --exists taglib
  need libpango1.0-dev pkg-config --exists pangocairo
}

need_to_listen () {
  need gstreamer1.0-tools have gst-launch-1.0
  for element in decodebin audioconvert vorbisdec; do
    need gstreamer1.0-plugins-base gst-inspect-1.0 --exists "$element"
  done
  for element in flacdec mpg123audiodec wavparse; do
    need gstreamer1.0-plugins-good gst-inspect-1.0 --exists "$element"
  done
}

# Only clang-format 14 lays out as the tree is; newer releases of Debian have none, and tests/check-style.sh does
# without.
lays_out () {
  have clang-format-14 || [ "$(sed -n 's/^VERSION_ID="\{0,1\}\([0-9]*\).*/\1/p' /etc/os-release)" -gt 12 ]
}

need_to_test () {
  need libopenblas-dev pkg-config --exists openblas
  need g++ compiles "${CXX:-c++}" c++
  need "gcc libc6-dev" compiles "${CC:-cc}" c -fsanitize=address,undefined
  need "gcc libc6-dev" compiles "${CC:-cc}" c -fsanitize=thread
  need libgstreamer1.0-dev pkg-config --exists gstreamer-check-1.0
  need gstreamer1.0-plugins-good gst-inspect-1.0 --exists lamemp3enc
  need "gstreamer1.0-plugins-good libsoup-3.0-0" gst-inspect-1.0 --exists souphttpsrc
  need gstreamer1.0-plugins-base gst-inspect-1.0 --exists vorbisenc
  need espeak-ng have espeak-ng
  need "fluidsynth timgm6mb-soundfont" sh -c "command -v fluidsynth && test -r /usr/share/sounds/sf2/TimGM6mb.sf2"
  need python3-numpy imports 'import numpy'
  need python3-gi imports 'import gi'
  need python3-mutagen imports 'import mutagen'
  need ffmpeg have ffprobe
  need acl have setfacl
  need parallel have parallel
  # Where systemd runs, it would open port 22 as soon as it is installed: only for containers.
  [ -d /run/systemd/system ] || need "openssh-server openssh-client" test -x /usr/sbin/sshd
  need gir1.2-gstreamer-1.0 imports 'import gi; gi.require_version ("Gst", "1.0")'
  need gir1.2-gst-plugins-base-1.0 imports 'import gi; gi.require_version ("GstAudio", "1.0")'
  need valgrind valgrind --quiet --error-exitcode=1 true
  need libc6-dbg test -d /usr/lib/debug/.build-id # names in the traces of LeakSanitizer and valgrind
  need clang-format-14 lays_out
}

fuzzes () {
  printf 'int LLVMFuzzerTestOneInput (const char *bytes) { return !bytes; }\n' >"$scratch/probe" &&
    clang -x c -fsanitize=fuzzer,address,undefined "$scratch/probe" -o "$scratch/probe.out"
}

need_to_fuzz () {
  need "clang libclang-rt-dev" fuzzes
  need llvm have llvm-cov
  need llvm have llvm-profdata
}

as_root () {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  else
    sudo "$@"
  fi
}

# install_missing CHECK...: runs the need_to_... functions; installs what they miss, if anything.
install_missing () {
  missing=
  for check in "$@"; do "$check"; done
  [ -n "$missing" ] || return 0

  # Each name once.
  # shellcheck disable=SC2086
  missing=$(printf '%s\n' $missing | sort -u | tr '\n' ' ')
  missing=${missing% }
  if ! have apt-get >/dev/null; then
    complain "these are missing, named as Debian names them: $missing." \
      "There is no apt-get on this system: install what corresponds to them, then run this again."
    return 1
  fi
  if [ "$(id -u)" -ne 0 ] && ! have sudo >/dev/null; then
    complain "packages are missing, and there is neither root nor sudo to install them." \
      "As root: apt-get install $missing"
    return 1
  fi

  say "Installing with apt-get: $missing"
  as_root apt-get -q update >"$scratch/apt.log" 2>&1
  # shellcheck disable=SC2086
  if ! as_root env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends $missing \
    >>"$scratch/apt.log" 2>&1 </dev/null; then
    tail -n 15 "$scratch/apt.log" >&2
    complain "apt-get could not install: $missing. Its last words are above;" \
      "is there a network, and is this Debian 12 or newer?"
    return 1
  fi

  installed=$missing
  missing=
  for check in "$@"; do "$check"; done
  if [ -n "$missing" ]; then
    complain "apt-get installed $installed, but what$missing should bring is still not found." \
      "Is another ${CC:-cc}, pkg-config or python3 in front of the system's in PATH ($PATH)?"
    return 1
  fi
}

# install_ray DIRECTORY: Ray Data, which Debian has not, into an environment of Python's that is kept.
install_ray () {
  "$1/bin/python3" -c 'import ray.data' >/dev/null 2>&1 && return 0
  say "Installing with pip, in two minutes or not at all: ray[data]"
  if python3 -m venv "$1" >"$scratch/pip.log" 2>&1 &&
    timeout 120 "$1/bin/pip" install -q --only-binary :all: 'ray[data]' >>"$scratch/pip.log" 2>&1 </dev/null; then
    return 0
  fi
  rm -rf "$1"
  complain "pip could not install ray[data]: the test of examples/cluster/ray_genres.py is left out." \
    "$(tail -n 1 "$scratch/pip.log")"
  return 1
}

stale="If that directory was made by another Meson, or has been moved, remove it and run this again."

# configure DIRECTORY [OPTION...]: sets the directory up with these options, or gives them to it if it is.
configure () {
  directory=$1
  shift
  if ! mkdir -p "$directory" 2>/dev/null || ! [ -w "$directory" ]; then
    complain "cannot write to $directory: the checkout must be writable, for the build goes into it."
    return 1
  fi
  if ! [ -f "$directory/build.ninja" ]; then
    meson setup "$directory" "$root" "$@"
  elif [ $# -gt 0 ]; then
    meson setup --reconfigure "$directory" "$root" "$@"
  fi >"$scratch/build.log" 2>&1 </dev/null && return 0

  tail -n 10 "$scratch/build.log" >&2
  complain "setting up the build in $directory failed; Meson's last words are above. $stale"
  return 1
}

# compile DIRECTORY [TARGET...]: these, or what is built by default.
compile () {
  meson compile -C "$@" >"$scratch/build.log" 2>&1 </dev/null && return 0
  grep -v '^\[[0-9]*/[0-9]*\] ' "$scratch/build.log" | tail -n 40 >&2
  complain "the build in $1 failed; what it said is above. $stale"
  return 1
}
