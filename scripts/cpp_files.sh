#!/usr/bin/env bash
# Lists the C and C++ files that clang-format lays out.
set -euo pipefail
cd "$(dirname "$0")/.."
find ext tests bench -name '*.cpp' -o -name '*.h' -o -name '*.c' | sort
