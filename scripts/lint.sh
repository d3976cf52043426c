#!/usr/bin/env bash
# clang-format and clang's warnings as errors on everything, clang-tidy on ext/.
# `make lint` calls this after set-up.
set -euo pipefail
cd "$(dirname "$0")/.."

step() { printf '\n== %s\n' "$1"; }

step "clang-format"
scripts/cpp_files.sh | xargs clang-format-14 --dry-run -Werror

cmake --preset clang >build/configure.log || { cat build/configure.log; exit 1; }
# The files that this machine's build compiles.
sources() { sed -n 's|^ *"file": "\(.*\)".*|\1|p' build/clang/compile_commands.json | sort -u; }

step "clang-tidy, which also reports what clang warns of"
sources | grep '/ext/' | xargs -n 1 -P "$(nproc)" clang-tidy-14 -p build/clang --quiet

step "clang's warnings in tests and benchmarks"
# clang-tidy wants to have a check of its own.
sources | grep -E '/(tests|bench)/' |
  xargs -n 1 -P "$(nproc)" clang-tidy-14 -p build/clang --quiet \
    --checks='-*,clang-diagnostic-*,modernize-use-override'
echo "nothing found"
