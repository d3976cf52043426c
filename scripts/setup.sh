#!/usr/bin/env bash
# Installs what the given needs ask for, once: scripts/setup.sh build|test|lint|bench|demo|peers|graph ...
#
# Debian packages come through apt-get; Python packages go into build/venv, those of the peers into
# build/peers-venv and build/graph-venv. A stamp under build/setup holds what was installed, so that a second run does
# nothing.
set -euo pipefail
cd "$(dirname "$0")/.."
stamps=build/setup
mkdir -p "$stamps"

# The system's Python: many others (pyenv's, for one) cannot load SQLite extensions.
python=${VECGRAPH_PYTHON:-/usr/bin/python3}

packages_for() {
  case $1 in
    build) echo g++ cmake ninja-build libsqlite3-dev libxsimd-dev sqlite3 ;;
    test) echo libgtest-dev python3-venv ca-certificates graphviz ;;
    lint) echo clang-14 clang-tidy-14 clang-format-14 libgtest-dev libbenchmark-dev ;;
    bench) echo libbenchmark-dev ;;
    demo) echo python3-venv ca-certificates graphviz ;;
    npm) echo npm ca-certificates ;;
    # hnswlib is compiled from its source package.
    peers) echo g++ python3-dev python3-venv ca-certificates ;;
    graph) echo g++ libsqlite3-dev python3-venv ca-certificates ;;
    *) echo "setup: unknown need '$1'" >&2; exit 2 ;;
  esac
}

requirements_for() {
  case $1 in
    test) echo tests/requirements.txt examples/requirements.txt ;;
    demo) echo examples/requirements.txt ;;
  esac
}

# As root, without questions; what it prints goes to a log.
apt_get() {
  local root=()
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null ||
      { echo "vecgraph needs root for this: apt-get $*" >&2; exit 1; }
    root=(sudo)
  fi
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q "$@" >>"$stamps/apt.log" 2>&1
}

apt_index_missing() {
  ! ls /var/lib/apt/lists/*_Packages* >/dev/null 2>&1
}

apt_update() {
  echo "Fetching the package index"
  apt_get update || { tail -n 20 "$stamps/apt.log" >&2; exit 1; }
}

apt_install() {
  local missing=()
  for package in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] ||
      missing+=("$package")
  done
  [ ${#missing[@]} = 0 ] && return
  if apt_index_missing; then apt_update; fi
  echo "Installing Debian packages: ${missing[*]} (log: $stamps/apt.log)"
  local install=(install -y --no-install-recommends "${missing[@]}")
  apt_get "${install[@]}" && return
  # An index older than the archive names files that are gone.
  apt_update
  apt_get "${install[@]}" || { tail -n 20 "$stamps/apt.log" >&2; exit 1; }
}

# Elsewhere: say in one sentence what is missing.
check_tools() {
  local missing=() need=$1 compiler=${CXX:-c++}
  have() { command -v "$1" >/dev/null; }
  header() { echo "#include <$1>" | "$compiler" -std=c++20 -E -x c++ - >/dev/null 2>&1; }
  case $need in
    build)
      have "$compiler" || missing+=("a C++20 compiler")
      have cmake || missing+=("CMake 3.25 or newer")
      have ninja || missing+=("Ninja")
      have sqlite3 || missing+=("the sqlite3 shell")
      header sqlite3ext.h || missing+=("the SQLite headers, 3.38 or newer")
      header xsimd/xsimd.hpp || missing+=("the xsimd headers, 8.1 or newer")
      ;;
    test)
      header gtest/gtest.h || missing+=("GoogleTest")
      have dot || missing+=("Graphviz")
      ;;
    demo) have dot || missing+=("Graphviz") ;;
    lint)
      for tool in clang++-14 clang-tidy-14 clang-format-14; do
        have "$tool" || missing+=("$tool")
      done
      ;;
    bench) header benchmark/benchmark.h || missing+=("Google Benchmark") ;;
    peers) have "$python" || missing+=("Python 3 with its headers and venv") ;;
    graph) have "$python" || missing+=("Python 3 with venv") ;;
    npm) have npm || missing+=("npm") ;;
  esac
  if [ -n "$(requirements_for "$need")" ] && ! have "$python"; then
    missing+=("Python 3 (set VECGRAPH_PYTHON if it is not $python)")
  fi
  [ ${#missing[@]} = 0 ] && return
  local list
  list=$(printf '%s, ' "${missing[@]}")
  echo "vecgraph cannot 'make $need' here: install ${list%, }, then run make again." >&2
  exit 1
}

for need in "$@"; do
  packages=$(packages_for "$need")
  stamp="$stamps/$need.packages"
  if [ "$(cat "$stamp" 2>/dev/null)" != "$packages" ]; then
    if command -v apt-get >/dev/null; then
      # shellcheck disable=SC2086  # a list of words
      apt_install $packages
    else
      check_tools "$need"
    fi
    echo "$packages" >"$stamp"
  fi
  # The demo is about the index itself.
  if [ "$need" = demo ] && command -v apt-get >/dev/null && apt_index_missing; then apt_update; fi

  for requirements in $(requirements_for "$need"); do
    # The place of the environment is part of the stamp: it does not survive a move.
    wanted="$PWD $("$python" -V) $(cat "$requirements")"
    stamp="$stamps/${requirements%%/*}.requirements"
    if [ "$(cat "$stamp" 2>/dev/null)" != "$wanted" ] || [ ! -x build/venv/bin/python ]; then
      echo "Installing Python packages into build/venv: $requirements"
      "$python" -m venv build/venv
      build/venv/bin/python -m pip install -q --disable-pip-version-check -r "$requirements"
      echo "$wanted" >"$stamp"
    fi
  done

  # Released peers, in an environment of their own; one that fails is left out and reported.
  if [ "$need" = peers ] || [ "$need" = graph ]; then "$python" bench/peers/install.py "$need"; fi
done
