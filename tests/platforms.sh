#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# tests/platforms.sh [PLATFORM...] - the tests on other systems and processors, each from nothing but Debian packages:
#
#   debian13     examples/quickstart.sh, then all suites, on Debian 13
#   clang12      built by Debian 12's clang, 14: the suite unit, and some of the element
#   clang13      built by Debian 13's clang, 19
#   packages12   docs/packaging/debian on Debian 12: built, checked by lintian, installed, tried, purged
#   packages13   the same on Debian 13
#   arm64        cross-built on Debian 13 for 64-bit ARM: the suite unit, some of the element and a launch line, by QEMU
#   armhf        the same for 32-bit ARM
#
# QEMU proves what is computed, not how fast.  Needs root, for mmdebstrap, chroot, and mounts that only this script
# sees; mmdebstrap; a network; and 10 GB in GENRE_PLATFORMS, build-platforms/ unless set.  What is made there stays, and
# is used again: a root that has been removed is made anew.  JOBS: compilers and tests at a time, 2 unless set.
# DEB_BUILD_OPTIONS=nocheck builds the packages without their tests.
# Closes with "N passed, N failed"; exit status 1 if anything failed.
set -u

root=$(cd "$(dirname "$0")/.." && pwd) || exit 1
here=${GENRE_PLATFORMS:-$root/build-platforms}
jobs=${JOBS:-2}
all='debian13 clang12 clang13 packages12 packages13 arm64 armhf'
passed=0 failed=0

say () {
  printf '== %s\n' "$*"
}

complain () {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
}

# check SYSTEM WHAT COMMAND...: its output goes into a log beside the root of that system; if it fails, the end of the
# log is printed.
check () {
  log=$here/$1.log
  what="$1: $2"
  shift 2
  began=$(date +%s)
  if "$@" >"$log" 2>&1 </dev/null; then
    passed=$((passed + 1))
    say "$what: passed, $(($(date +%s) - began)) s"
    return 0
  fi
  failed=$((failed + 1))
  tail -n 60 "$log"
  say "$what: FAILED, $(($(date +%s) - began)) s"
  return 1
}

# inside SYSTEM COMMAND...: in that root, with the devices and processes of a running system, and no daemons.
# OPENBLAS_CORETYPE is passed on: where it is set, this processor needs it.
inside () {
  system=$here/$1
  shift
  # shellcheck disable=SC2016
  unshare --mount sh -c '
    mount --rbind /dev "$0/dev" && mount -t proc proc "$0/proc" && mount -t sysfs -o ro sysfs "$0/sys" &&
      cp /etc/resolv.conf "$0/etc/resolv.conf" &&
      exec chroot "$0" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
        DEBIAN_FRONTEND=noninteractive ${OPENBLAS_CORETYPE:+OPENBLAS_CORETYPE="$OPENBLAS_CORETYPE"} "$@"' "$system" "$@"
}

# make_root SYSTEM RELEASE [MIRROR]: from nothing, or as it was first made.  MIRROR: with this source of packages alone.
make_root () {
  archive=$here/$2${3:+-alone}.tar
  if ! [ -s "$archive" ]; then
    mmdebstrap --mode=root --format=tar --variant=minbase --include=ca-certificates "$2" "$archive.part" ${3:+"$3"} &&
      mv "$archive.part" "$archive" || return 1
  fi
  mkdir -p "$here/$1" && tar -C "$here/$1" --exclude='./dev/*' -xf "$archive"
}

# The sources as they are, without what was built, and with no reference data beside them.
copy_sources () {
  rm -rf "${here:?}/$1/src/genreclassify" && mkdir -p "$here/$1/src/genreclassify" &&
    tar -C "$root" --exclude='./build*' --exclude=./.git -cf - . | tar -C "$here/$1/src/genreclassify" -xf -
}

# prepare SYSTEM RELEASE [MIRROR]
prepare () {
  if ! [ -e "$here/$1/etc/debian_version" ]; then
    check "$1" "a root of Debian $2" make_root "$@" || return
  fi
  check "$1" "the sources in it" copy_sources "$1"
}

debian13 () {
  prepare debian13 trixie || return
  check debian13 "examples/quickstart.sh" inside debian13 sh src/genreclassify/examples/quickstart.sh
  check debian13 "tests/run.sh release" inside debian13 sh src/genreclassify/tests/run.sh release
}

# clang SYSTEM RELEASE: what the packages are built with, and clang.
clang () {
  # shellcheck disable=SC2016
  prepare "$1" "$2" &&
    check "$1" "compiler and libraries" inside "$1" sh -c 'apt-get -q update &&
      apt-get -q install -y --no-install-recommends build-essential clang &&
      cd /src/genreclassify && cp -r docs/packaging/debian . && apt-get -q build-dep -y --no-install-recommends ./' &&
    check "$1" "build" inside "$1" env CC=clang CXX=clang++ sh -c "rm -rf /src/build && meson setup /src/build \
      /src/genreclassify -Dbuildtype=release -Dwerror=true && ninja -j$jobs -C /src/build" || return
  check "$1" "the suite unit" inside "$1" meson test -C /src/build --suite unit --num-processes "$jobs"
  check "$1" "the element" inside "$1" meson test -C /src/build test-gst-messages test-gst-passthrough \
    test-gst-formats test-gst-resets
}

clang12 () {
  clang clang12 bookworm
}

clang13 () {
  clang clang13 trixie
}

# build_packages SYSTEM: dpkg-buildpackage is given what control says that it needs.
build_packages () {
  # shellcheck disable=SC2016
  inside "$1" sh -c 'apt-get -q update && apt-get -q install -y --no-install-recommends build-essential lintian &&
    cd /src/genreclassify && cp -r docs/packaging/debian . && apt-get -q build-dep -y --no-install-recommends ./ &&
    DEB_BUILD_OPTIONS="$0" dpkg-buildpackage -us -uc' "terse parallel=$jobs ${DEB_BUILD_OPTIONS-}"
}

# Two tags are left out: an upload to Debian closes the bug that asks for the package, and the version of Debian's rules
# is the newest that Debian 12 knows.
lint () {
  inside "$1" sh -c 'cd /src && lintian --allow-root --info --display-info --fail-on error,warning,info \
    --suppress-tags initial-upload-closes-no-bugs,out-of-date-standards-version genreclassify_*.changes'
}

# try_packages SYSTEM: with nothing but them and what they depend on.  After the purge the list of files is as before.
try_packages () {
  # shellcheck disable=SC2016
  inside "$1" sh -c 'set -ex
    list () { find / -xdev -path /proc -prune -o -path /dev -prune -o -path /var/lib/apt -prune -o \
      -path /var/cache -prune -o -path /tmp -prune -o -print | sort; }
    apt-get -q update
    apt-get -q install -y --no-install-recommends gcc libc6-dev pkgconf libgstreamer1.0-dev gstreamer1.0-tools \
      gstreamer1.0-plugins-base
    list >/tmp/before
    apt-get -q install -y --no-install-recommends /tmp/*.deb
    export GST_REGISTRY=/tmp/registry XDG_CACHE_HOME=/tmp/cache
    gst-inspect-1.0 genreclassify
    gst-inspect-1.0 genrescope
    dpkg-query -W -f "\${Gstreamer-Elements}\n" gstreamer1.0-genreclassify | grep -w genreclassify
    gst-launch-1.0 audiotestsrc num-buffers=1000 ! vorbisenc ! oggmux ! filesink location=/tmp/tone.ogg
    gst-launch-1.0 -m filesrc location=/tmp/tone.ogg ! decodebin ! audioconvert ! genreclassify model=genre-wide \
      ! fakesink | grep "genreclassify, .*final=(boolean)true"
    gst-genre-1.0 --version
    gst-genre-1.0 identify /tmp/tone.ogg
    gst-genre-1.0 inspect /usr/share/genreclassify/models/genre-crnn.safetensors
    test -s /usr/share/man/man1/gst-genre-1.0.1.gz -a -s /usr/share/bash-completion/completions/gst-genre-1.0
    pkg-config --modversion gstreamer-genreclassify-1.0
    cc /tmp/listen.c -o /tmp/listen $(pkg-config --cflags --libs gstreamer-genreclassify-1.0)
    /tmp/listen /tmp/tone.ogg
    apt-get -q purge -y --autoremove gstreamer1.0-genreclassify genreclassify-tools genreclassify-models \
      libgstreamer-genreclassify-dev
    list >/tmp/after
    diff /tmp/before /tmp/after'
}

# packages RELEASE NUMBER
packages () {
  build=packages$2
  try=installed$2
  prepare "$build" "$1" || return
  check "$build" "dpkg-buildpackage" build_packages "$build" || return
  check "$build" "lintian" lint "$build"
  rm -rf "${here:?}/$try"
  check "$try" "a root of Debian $1" make_root "$try" "$1" &&
    cp "$here/$build/src/"*.deb "$root/examples/listen.c" "$here/$try/tmp/" &&
    check "$try" "installed, tried, purged" try_packages "$try"
}

packages12 () {
  packages bookworm 12
}

packages13 () {
  packages trixie 13
}

# install_cross ARCHITECTURE TRIPLET: gst-launch-1.0 of that architecture is only unpacked, for it would replace what
# runs here.
install_cross () {
  packages="gcc-$2 g++-$2 libc6-dev:$1 gstreamer1.0-plugins-base:$1 gstreamer1.0-plugins-good:$1"
  for library in libglib2.0 libjson-glib libfftw3 libopenblas libgstreamer1.0 libgstreamer-plugins-base1.0 libcairo2 \
    libtag; do
    packages="$packages $library-dev:$1"
  done
  # shellcheck disable=SC2016,SC2086
  inside "$1" sh -c 'dpkg --add-architecture "$0" && apt-get -q update &&
    apt-get -q install -y --no-install-recommends meson ninja-build pkgconf python3-numpy qemu-user-static "$@" &&
    cd /src && apt-get -q -o APT::Sandbox::User=root download gstreamer1.0-tools:"$0" &&
    dpkg-deb -x gstreamer1.0-tools_*_"$0".deb tools' "$1" $packages
}

# cross_file ARCHITECTURE TRIPLET QEMU FAMILY
cross_file () {
  cat >"$here/$1/src/cross.ini" <<EOF
[binaries]
c = '$2-gcc'
cpp = '$2-g++'
ar = '$2-ar'
strip = '$2-strip'
pkg-config = 'pkg-config'
exe_wrapper = '$3'
[properties]
pkg_config_libdir = '/usr/lib/$2/pkgconfig:/usr/share/pkgconfig'
[host_machine]
system = 'linux'
cpu_family = '$4'
cpu = '$4'
endian = 'little'
EOF
}

# launch ARCHITECTURE QEMU: 20 s of a tone through the element; the last message is the final.
launch () {
  # shellcheck disable=SC2016
  inside "$1" sh -c 'cd /src && GST_REGISTRY=registry GST_REGISTRY_FORK=no GST_PLUGIN_PATH=build/gst \
    "$0" tools/usr/bin/gst-launch-1.0 -m audiotestsrc num-buffers=1000 ! genreclassify ! fakesink' "$2" &&
    grep -q 'genreclassify, .*final=(boolean)true' "$here/$1.log"
}

# cross ARCHITECTURE TRIPLET QEMU FAMILY: a root for each, since some -dev packages are there for one architecture only.
# Without updates of the release: a library must be of one version for both architectures, and their updates come at
# different times.  QEMU takes its time: every test has twenty times its own.
cross () {
  prepare "$1" trixie 'deb http://deb.debian.org/debian trixie main' &&
    check "$1" "compiler and libraries" install_cross "$1" "$2" &&
    cross_file "$1" "$2" "$3" "$4" &&
    check "$1" "build" inside "$1" sh -c "rm -rf /src/build && meson setup /src/build /src/genreclassify \
      --cross-file /src/cross.ini -Dbuildtype=release -Dwerror=true && ninja -j$jobs -C /src/build" || return
  check "$1" "the suite unit" inside "$1" meson test -C /src/build --suite unit -t 20 --num-processes "$jobs"
  check "$1" "the element" inside "$1" env GST_REGISTRY_FORK=no meson test -C /src/build -t 20 \
    test-gst-messages test-gst-passthrough test-gst-formats test-gst-resets
  check "$1" "gst-launch-1.0" launch "$1" "$3"
}

arm64 () {
  cross arm64 aarch64-linux-gnu qemu-aarch64-static aarch64
}

armhf () {
  cross armhf arm-linux-gnueabihf qemu-arm-static arm
}

platforms=${*:-$all}
for platform in $platforms; do
  case " $all " in
    *" $platform "*) ;;
    *)
      complain "there is no platform $platform: $all"
      exit 2
      ;;
  esac
done
if [ "$(id -u)" -ne 0 ] || ! command -v mmdebstrap >/dev/null; then
  complain "this needs root and mmdebstrap (apt-get install mmdebstrap): it makes whole systems to test in"
  exit 1
fi
mkdir -p "$here" || exit 1

for platform in $platforms; do
  "$platform"
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
