#!/usr/bin/env bash
# pytest on the library of the tsan preset. Arguments go to pytest; without any, the tests in which
# threads meet. Python and SQLite are not instrumented: races are found in the library only.
set -euo pipefail
cd "$(dirname "$0")/.."
[ $# -gt 0 ] || set -- tests/test_cache_threads.py
preload=
for library in libtsan.so libstdc++.so; do
  preload+=" $(realpath "$(g++ -print-file-name=$library)")"
done
export VECGRAPH_LIBRARY=${VECGRAPH_LIBRARY:-$PWD/build/tsan/vecgraph.so}
export TSAN_OPTIONS="halt_on_error=1 exitcode=66 ${TSAN_OPTIONS:-}"
export OPENBLAS_NUM_THREADS=1
# Where the kernel spreads addresses over more bits than libtsan of GCC 12 knows, it does not start.
fixed=
if setarch -R true 2>/dev/null; then fixed="setarch -R"; fi
LD_PRELOAD="${preload# }" exec $fixed build/venv/bin/python -m pytest "$@"
