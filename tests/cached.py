"""What the tests know of the memory of a connection: its names, and how to fill it."""

from conftest import LIBRARY

# Under a sanitizer the large tests do with a part: it is slow, and does not look for numbers.
SANITIZED = any(mark in LIBRARY.read_bytes() for mark in (b"__asan_init", b"__tsan_init"))

CODES = ("int8", "int4")  # tiers that read codes first; int8 also of int8 vectors
CACHED = ("float32", "bit", *CODES)  # tiers that answer from memory
REPORT = ("tier", "rows", "survivors", "skipped_null", "skipped_type", "skipped_length",
          "skipped_nonfinite", "skipped_score", "bytes", "kernel")


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
