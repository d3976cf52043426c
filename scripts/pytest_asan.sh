#!/usr/bin/env bash
# pytest on the library of the asan preset. Arguments go to pytest.
#
# Python is not built with sanitizers, so their run-time libraries are loaded first, and libstdc++
# with them: otherwise the interceptor of exceptions finds nothing to intercept. Leaks of the
# interpreter are not ours; those of the library are looked for by the C++ tests.
set -euo pipefail
cd "$(dirname "$0")/.."
preload=
for library in libasan.so libubsan.so libstdc++.so; do
  preload+=" $(realpath "$(g++ -print-file-name=$library)")"
done
export VECGRAPH_LIBRARY=$PWD/build/asan/vecgraph.so
export ASAN_OPTIONS=detect_leaks=0:abort_on_error=1
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
LD_PRELOAD="${preload# }" exec build/venv/bin/python -m pytest "$@"
