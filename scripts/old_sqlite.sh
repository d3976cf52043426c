#!/usr/bin/env bash
# Builds old SQLites as build/old-sqlite/VERSION/libsqlite3.so.0, once, for tests/test_old_sqlite.py.
#
# The npm package better-sqlite3 carries SQLite's source in one file; each release a known version.
set -euo pipefail
cd "$(dirname "$0")/.."

# What Debian's Python needs of a libsqlite3, beside load_extension.
features=(-DSQLITE_THREADSAFE=1 -DSQLITE_ENABLE_COLUMN_METADATA -DSQLITE_ENABLE_DESERIALIZE
  -DSQLITE_ENABLE_FTS5 -DSQLITE_ENABLE_JSON1 -DSQLITE_ENABLE_MATH_FUNCTIONS
  -DSQLITE_ENABLE_RTREE -DSQLITE_ENABLE_UNLOCK_NOTIFY)

build() {
  local sqlite=$1 package=better-sqlite3@$2
  local target=build/old-sqlite/$sqlite
  [ -e "$target/libsqlite3.so.0" ] && return
  command -v npm >/dev/null || scripts/setup.sh npm
  echo "Building SQLite $sqlite from $package"
  rm -rf "$target"
  mkdir -p "$target"
  (
    cd "$target"
    tar -xzf "$(npm pack --silent "$package")"
    # 7.1 packs the source once more.
    [ ! -e package/deps/sqlite3.tar.gz ] || tar -xzf package/deps/sqlite3.tar.gz -C package/deps
    source=$(find package/deps -name sqlite3.c)
    grep -q "define SQLITE_VERSION  *\"$sqlite\"" "$source"
    gcc -O1 -w -fPIC -shared "${features[@]}" -Wl,-soname,libsqlite3.so.0 \
      -o libsqlite3.partial "$source" -lm -ldl -lpthread
    mv libsqlite3.partial libsqlite3.so.0
    rm -rf package ./*.tgz
  )
}

build 3.34.0 7.1.2
build 3.38.5 7.5.3
