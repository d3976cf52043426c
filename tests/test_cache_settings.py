"""The settings of the memory of a connection, and how it does with little."""

import numpy as np
import pytest
from cached import (CACHED, CODES, SEARCH, cache, config, fill, held, is_used, kernels, last, tier,
                    tiers)
from conftest import Engine
from vectors import error


def test_the_settings_have_defaults_and_belong_to_the_connection(connect):
    one, two = connect(), connect()
    assert config(one, "cache_mb") > 0
    assert 1 <= config(one, "threads") <= 64
    assert config(one, "cache_mb", 7) == 7 == config(one, "cache_mb")
    assert config(one, "threads", 1) == 1 == config(one, "threads")
    assert config(two, "cache_mb") == config(connect(), "cache_mb") != 7


@pytest.mark.parametrize("key", ["cache_mb", "threads"])
@pytest.mark.parametrize("value", ["-1", "'many'", "1.5", "x'01'", "NULL", "1e300",
                                   "9223372036854775807", "''"])
def test_a_wrong_setting_is_an_error_and_changes_nothing(engine, key, value):
    before = config(engine, key)
    assert key in error(engine, f"vec_config('{key}', {value})")
    assert config(engine, key) == before


def test_no_threads_is_an_error(engine):
    assert "threads" in error(engine, "vec_config('threads', 0)")


def test_an_unknown_setting_lists_the_settings(engine):
    message = error(engine, "vec_config('cache')")
    assert "cache_mb" in message and "threads" in message


def test_no_memory_switches_off_and_frees(engine):
    query = fill(engine)
    default = config(engine, "cache_mb")
    assert is_used(engine, query)
    found = engine.execute(SEARCH, (query,))
    config(engine, "cache_mb", 0)
    assert held(engine) == []
    assert tiers(engine, SEARCH, (query,), 5) == ["stream"] * 5
    assert engine.execute(SEARCH, (query,)) == found
    config(engine, "cache_mb", default)
    assert is_used(engine, query)
    assert engine.execute(SEARCH, (query,)) == found


def test_memory_is_given_back():
    """To SQLite, as it counts."""
    import apsw
    before = apsw.memory_used()
    engine = Engine("apsw")
    query = fill(engine, rows=5000, dims=256)
    engine.execute("SELECT vec_config('cache_mb', 0)")
    engine.execute(SEARCH, (query,))
    streamed = apsw.memory_used()
    engine.execute("SELECT vec_config('cache_mb', 100)")
    assert is_used(engine, query)
    assert apsw.memory_used() > streamed + 5000 * 256 * 4
    engine.execute("SELECT vec_config('cache_mb', 0)")
    assert apsw.memory_used() < streamed + 500_000
    engine.close()
    assert apsw.memory_used() < before + 100_000


@pytest.mark.parametrize("megabytes", range(1, 9))
def test_a_little_memory_holds_what_it_can(connect, megabytes):
    engine = connect()
    query = fill(engine, rows=5000, dims=256)  # 5.1 MB, and codes of 2 MB
    config(engine, "cache_mb", 0)
    asked = [(metric, k) for metric in ("dot", "cosine", "l2", "l1") for k in (1, 10, 100, None)]
    sql = "SELECT rowid, distance, score FROM vec_topk('t', 'e', ?, ?, ?) ORDER BY rank"
    expected = [engine.execute(sql, (query, k, metric)) for metric, k in asked]
    config(engine, "cache_mb", megabytes)
    for _ in range(3):
        for (metric, k), wanted in zip(asked, expected):
            assert engine.execute(sql, (query, k, metric)) == wanted
            assert sum(row["bytes"] for row in cache(engine)) <= megabytes << 20
    used = tiers(engine, SEARCH, (query,), 4)[-1]
    if megabytes == 1:
        assert used == "stream" and held(engine) == []
    elif megabytes in (3, 4, 5):  # the codes alone
        assert used in CODES and held(engine) == [("t", 5000)]
        assert cache(engine)[0]["bytes"] < 5000 * 256 * 4
    elif megabytes == 8:
        assert used in CACHED and cache(engine)[0]["bytes"] > 5000 * 256 * 4


def test_codes_alone_follow_the_table(connect, file):
    """The vectors of the best rows are read from the table, under the same snapshot."""
    engine, other = connect(file), connect(file)
    query = fill(engine, rows=5000, dims=256)
    config(engine, "cache_mb", 4)
    config(other, "cache_mb", 0)
    rng = np.random.default_rng(5)
    for _ in range(5):
        assert is_used(engine, query, 18)
        assert engine.execute(SEARCH, (query,)) == other.execute(SEARCH, (query,))
        rows = [(bytes(rng.standard_normal(256).astype("<f4")), int(rng.integers(1, 5001)))
                for _ in range(20)]
        other.execute("BEGIN")
        for row in rows:
            other.execute("UPDATE t SET e = ? WHERE id = ?", row)
        other.execute("COMMIT")
        query = rows[3][0]
        assert engine.execute(SEARCH, (query,)) == other.execute(SEARCH, (query,))


def test_the_table_that_was_used_last_stays(engine):
    queries = {name: fill(engine, name, rows=4000, dims=64) for name in "abc"}  # 1 MB, codes 0.5
    config(engine, "cache_mb", 4)

    def search(name):
        return tiers(engine, SEARCH.replace("'t'", f"'{name}'"), (queries[name],), 3)[-1]

    assert search("a") in CACHED and search("b") in CACHED
    assert held(engine) == [("a", 4000), ("b", 4000)]
    assert search("a") in CACHED and search("c") in CACHED
    assert held(engine) == [("a", 4000), ("c", 4000)]
    config(engine, "cache_mb", 2)
    assert held(engine) == [("c", 4000)]


def test_the_setting_of_the_kernel_counts_from_memory_too(engine):
    query = fill(engine, rows=1000, dims=100)
    found = set()
    levels = kernels(engine)
    assert is_used(engine, query)
    for kernel in levels:
        config(engine, "kernel", kernel)
        found.add(repr(engine.execute(SEARCH, (query,))))
        assert tier(engine) in CACHED
        assert last(engine)["kernel"] == kernel
    assert len(levels) > 1 and len(found) == 1
