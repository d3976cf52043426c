"""What the tests know of the memory of a connection: its names, how to fill it and look at it."""

import os
import subprocess
import sys
import textwrap

import numpy as np
from conftest import LIBRARY, ROOT

# Under a sanitizer the large tests do with a part: it is slow, and does not look for numbers.
SANITIZED = any(mark in LIBRARY.read_bytes() for mark in (b"__asan_init", b"__tsan_init"))

CODES = ("int8", "int4")  # tiers that read codes first; int8 also of int8 vectors
CACHED = ("float32", "bit", *CODES)  # tiers that answer from memory
REPORT = ("tier", "rows", "survivors", "skipped_null", "skipped_type", "skipped_length",
          "skipped_nonfinite", "skipped_score", "bytes", "kernel")
SEARCH = "SELECT rowid, distance FROM vec_topk('t', 'e', ?, 3, 'l2') ORDER BY rank"


def last(engine):
    """What the last search of this connection did, by column."""
    return dict(zip(REPORT, engine.execute(f"SELECT {', '.join(REPORT)} FROM vec_last_scan")[0]))


def tier(engine):
    return engine.execute("SELECT tier FROM vec_last_scan")[0][0]


def tiers(engine, sql, params=(), times=3):
    """The tiers of one statement, run so often."""
    found = []
    for _ in range(times):
        engine.execute(sql, params)
        found.append(tier(engine))
    return found


def config(engine, key, value=None):
    if value is not None:
        return engine.execute("SELECT vec_config(?, ?)", (key, value))[0][0]
    return engine.execute("SELECT vec_config(?)", (key,))[0][0]


def kernels(engine):
    """The levels that this machine can run; the best is in use afterwards."""
    able = []
    for level in ("scalar", "sse2", "neon64", "avx2", "avx512"):
        try:
            able.append(config(engine, "kernel", level))
        except engine.Error:
            pass
    return able


def fill(engine, table="t", rows=100, dims=8, seed=1):
    """Stores random vectors and returns one of them."""
    rng = np.random.default_rng(seed)
    vectors = rng.standard_normal((rows, dims)).astype("<f4")
    engine.execute(f"CREATE TABLE {table}(id INTEGER PRIMARY KEY, e)")
    engine.execute("BEGIN")
    engine.connection.executemany(f"INSERT INTO {table}(e) VALUES (?)",
                                  [(row,) for row in map(bytes, vectors)])
    engine.execute("COMMIT")
    return bytes(vectors[rows // 2])


def cache(engine):
    """vec_cache as dictionaries."""
    columns = [row[1] for row in engine.execute("PRAGMA table_info(vec_cache)")]
    return [dict(zip(columns, row)) for row in engine.execute("SELECT * FROM vec_cache")]


def held(engine):
    return sorted((row["source"], row["rows"]) for row in cache(engine))


def is_used(engine, query, times=4):
    """Whether the searches end up answered from memory."""
    return tiers(engine, SEARCH, (query,), times)[-1] in CACHED


def script(body, *arguments):
    """Runs Python in a process of its own, with the tests' modules, and returns what it prints."""
    environment = {**os.environ, "VECGRAPH_LIBRARY": str(LIBRARY),
                   "PYTHONPATH": str(ROOT / "tests")}
    imports = "import os, sys\nfrom cached import *\nfrom conftest import Engine\n"
    code = imports + textwrap.dedent(body)
    done = subprocess.run([sys.executable, "-c", code, *map(str, arguments)], env=environment,
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.split()
