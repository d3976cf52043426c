#!/usr/bin/env bash
# clang-format, a clang build of everything with warnings as errors, clang-tidy on ext/.
# `make lint` calls this after set-up.
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '\n== %s\n' "$1"; }

step "clang-format"
scripts/cpp_files.sh | xargs clang-format-14 --dry-run -Werror

step "clang build, warnings are errors"
cmake --preset clang >build/configure.log || { cat build/configure.log; exit 1; }
cmake --build --preset clang

step "clang-tidy"
# The files that this machine's build compiles.
sed -n 's|^ *"file": "\(.*/ext/.*\.cpp\)".*|\1|p' build/clang/compile_commands.json |
  xargs -n 1 -P "$(nproc)" clang-tidy-14 -p build/clang --quiet --warnings-as-errors='*'
echo "clang-tidy found nothing"
