#!/usr/bin/env bash
# Every test on the release library, then those of the library again under ASan and UBSan, with one
# SQLite, and those in which threads meet under TSan.
# `make test` calls this after set-up. Arguments go to pytest.
set -euo pipefail
cd "$(dirname "$0")/.."

# A process of pytest for each processor.
spread=(--numprocesses auto --dist worksteal)

step() { printf '\n== %s\n' "$1"; }

step "Release library, g++, warnings are errors"
cmake --preset release -DVECGRAPH_TESTS=ON -DVECGRAPH_WERROR=ON >build/configure.log ||
  { cat build/configure.log; exit 1; }
cmake --build --preset release
scripts/old_sqlite.sh

step "C++ tests"
ctest --preset release

step "SQL tests"
build/venv/bin/python -m pytest tests "${spread[@]}" "$@"

step "The same under AddressSanitizer and UndefinedBehaviorSanitizer"
cmake --preset asan >build/configure.log || { cat build/configure.log; exit 1; }
cmake --build --preset asan
ctest --preset asan
scripts/pytest_asan.sh tests -m "not without_library" "${spread[@]}" "$@"

step "Threads under ThreadSanitizer"
cmake --preset tsan >build/configure.log || { cat build/configure.log; exit 1; }
cmake --build --preset tsan
scripts/pytest_tsan.sh
