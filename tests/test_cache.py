"""The memory of a connection: when it is filled, when it is used, when it is given up.

That what it answers is right is looked for in test_cache_exact.py, test_cache_bounds.py and
test_cache_fuzzer.py.
"""

import os
import subprocess
import sys
import textwrap
import threading
import time

import numpy as np
import pytest
from cached import CACHED, CODES, config, kernels, last, tier, tiers
from conftest import Engine, LIBRARY, ROOT
from topk_oracle import f32
from vectors import error

SEARCH = "SELECT rowid, distance FROM vec_topk('t', 'e', ?, 3, 'l2') ORDER BY rank"


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


@pytest.fixture
def file(tmp_path):
    return tmp_path / "a.db"


# ---- filling and using -------------------------------------------------------------------------

def test_a_search_is_remembered_when_it_is_repeated(engine):
    query = fill(engine)
    assert held(engine) == []
    first, second, third = tiers(engine, SEARCH, (query,))
    assert first == "stream" and third in CACHED
    assert held(engine) == [("t", 100)]


def test_another_query_metric_and_k_use_the_same_memory(engine):
    query = fill(engine)
    assert is_used(engine, query)
    for metric in ("dot", "cosine", "l2", "l1"):
        for k in (1, 50, None):
            engine.execute("SELECT * FROM vec_topk('t', 'e', ?, ?, ?)", (f32([1] * 8), k, metric))
            assert tier(engine) in CACHED
    assert held(engine) == [("t", 100)]


def test_one_statement_that_searches_often_is_answered_from_memory(engine):
    fill(engine)
    rows = engine.execute("SELECT t.id, s.rowid FROM t CROSS JOIN vec_topk('t', 'e', t.e, 1, 'l2') "
                          "AS s")
    assert rows == [(n, n) for n in range(1, 101)]
    assert tier(engine) in CACHED


def test_few_candidates_are_looked_up(engine):
    query = fill(engine, rows=2000)
    assert is_used(engine, query)
    sql = "SELECT rowid FROM vec_topk('t', 'e', ?, 3) WHERE rowid IN (SELECT 5 UNION SELECT 9)"
    assert sorted(engine.execute(sql, (query,))) == [(5,), (9,)]
    assert last(engine)["rows"] == 2


@pytest.mark.parametrize("sql", [
    "CREATE VIEW s AS SELECT id, e FROM t",
    "CREATE TABLE s(id PRIMARY KEY, e) WITHOUT ROWID; INSERT INTO s SELECT id, e FROM t",
    "CREATE VIRTUAL TABLE s USING rtree(id, a, b, +e); INSERT INTO s SELECT id, 1, 2, e FROM t",
])
def test_only_tables_with_rowids_are_remembered(engine, sql):
    query = fill(engine)
    engine.script(sql)
    assert tiers(engine, SEARCH.replace("'t'", "'s'"), (query,), 5) == ["stream"] * 5
    assert held(engine) == []


def test_a_query_is_not_remembered(engine):
    query = fill(engine)
    sql = "SELECT id FROM vec_topk(db_query('SELECT id, e FROM t'), 'e', ?, 3)"
    assert tiers(engine, sql, (query,), 5) == ["stream"] * 5
    assert held(engine) == []


def test_tables_of_all_schemas(engine, file):
    query = fill(engine)
    engine.execute("ATTACH ? AS aux", (str(file),))
    fill(engine, "aux.t", rows=200)
    fill(engine, "temp.x", rows=300)
    for source, rows in (("main.t", 100), ("aux.t", 200), ("temp.x", 300)):
        sql = f"SELECT * FROM vec_topk('{source}', 'e', ?)"
        assert tiers(engine, sql, (query,))[-1] in CACHED
        assert last(engine)["rows"] == rows


@pytest.mark.parametrize("names", [("t", "T", "main.t", "MAIN.T"), ("main.t", "t")])
def test_a_table_with_several_names_is_held_once(engine, names):
    query = fill(engine)
    for name in names + names:
        for column in ("e", "E"):
            sql = SEARCH.replace("'t', 'e'", f"'{name}', '{column}'")
            found = tiers(engine, sql, (query,), 2)
    assert found == ["float32"] * 2
    assert held(engine) == [("t", 100)]
    engine.execute("DELETE FROM t WHERE id > 10")
    wanted = engine.execute(SEARCH, (query,))
    for name in names:
        assert engine.execute(SEARCH.replace("'t'", f"'{name}'"), (query,)) == wanted
        assert last(engine)["rows"] == 10


def test_one_of_the_names_can_come_to_mean_another_table(engine):
    query = fill(engine)
    names = ("t", "main.t", "T")
    for name in names + names:
        engine.execute(SEARCH.replace("'t'", f"'{name}'"), (query,))
    fill(engine, "temp.t", rows=50, seed=2)
    for _ in range(4):
        for name, rows in (("t", 50), ("main.t", 100), ("T", 50), ("temp.t", 50)):
            engine.execute(SEARCH.replace("'t'", f"'{name}'"), (query,))
            assert last(engine)["rows"] == rows
    assert held(engine) == [("t", 100), ("temp.t", 50)]
    engine.execute("DROP TABLE temp.t")
    for name in names:
        engine.execute(SEARCH.replace("'t'", f"'{name}'"), (query,))
        assert last(engine)["rows"] == 100
    with pytest.raises(engine.Error, match="no table or view"):
        engine.execute(SEARCH.replace("'t'", "'temp.t'"), (query,))


def test_more_names_than_are_remembered(engine):
    query = fill(engine, "abcdefgh", rows=10)
    names = ["".join(c.upper() if n >> i & 1 else c for i, c in enumerate("abcdefgh"))
             for n in range(20)]
    wanted = engine.execute(SEARCH.replace("'t'", "'abcdefgh'"), (query,))
    for name in names * 3:
        assert engine.execute(SEARCH.replace("'t'", f"'{name}'"), (query,)) == wanted
    assert held(engine) == [("abcdefgh", 10)]


@pytest.mark.parametrize("dims", [8, 64])
def test_memory_of_rows_that_are_gone_is_given_back(engine, dims):
    query = fill(engine, rows=20000, dims=dims)
    assert is_used(engine, query)
    before = cache(engine)[0]["bytes"]
    engine.execute("DELETE FROM t WHERE id % 20 <> 1 OR id > 10000")
    assert is_used(engine, query, 20)
    assert held(engine) == [("t", 500)]
    assert cache(engine)[0]["bytes"] < before / 10


# ---- faulty rows -------------------------------------------------------------------------------

FAULTS = [("x'01'", "has 1 bytes"), ("'text'", "is TEXT, not BLOB"), ("NULL", None),
          ("x'0000c07f' || zeroblob(28)", "holds NaN or Inf")]


@pytest.mark.parametrize("index", [None, "CREATE INDEX i ON t(e)", "CREATE INDEX i ON t(e, id)"])
def test_the_first_faulty_row_is_the_same_in_every_tier(engine, index):
    """An index orders the rows by their vectors; the error is about the lowest rowid."""
    query = fill(engine, rows=1000)
    for column in "abcd":  # so that SQLite finds the index smaller than the table
        engine.execute(f"ALTER TABLE t ADD COLUMN {column}")
    if index:
        engine.execute(index)
    strict = ("SELECT rowid FROM vec_topk('t', 'e', ?, 3, 'l2') WHERE strict = 1")
    join = ("SELECT id FROM vec_join(db_query('SELECT e FROM t WHERE id = 1'), 'e', 't', 'e', 3, "
            "'l2') WHERE strict = 1")
    looked_up = strict + " AND rowid IN (SELECT rowid FROM t WHERE id > 900)"
    # The later rows have the lesser vectors.
    for place, (value, said) in zip((990, 980, 970, 960), FAULTS):
        engine.execute(f"UPDATE t SET e = CAST({value} AS "
                       f"{'TEXT' if 'text' in value else 'BLOB'}) WHERE id = {place}")
        for _ in range(4):
            for sql, params in ((strict, (query,)), (looked_up, (query,)), (join, ())):
                with pytest.raises(engine.Error) as caught:
                    engine.execute(sql, params)
                if said:
                    assert f"rowid {place} {said}" in str(caught.value)
            engine.execute(SEARCH, (query,))  # the table gets into memory


@pytest.mark.parametrize("index", [None, "CREATE INDEX i ON t(e)"])
def test_a_query_of_no_length_names_the_same_row_in_every_tier(engine, index):
    fill(engine, rows=50)
    for column in "abcd":
        engine.execute(f"ALTER TABLE t ADD COLUMN {column}")
    if index:
        engine.execute(index)
    engine.execute("UPDATE t SET e = zeroblob(id) WHERE id > 10")
    engine.execute("UPDATE t SET e = 5 WHERE id = 1")
    engine.execute("UPDATE t SET e = x'ff' WHERE id = 2")
    for _ in range(4):
        for sql in ("SELECT * FROM vec_topk('t', 'e', ?)",
                    "SELECT * FROM vec_topk('t', 'e', ?) WHERE rowid IN (2, 1, 40)"):
            with pytest.raises(engine.Error, match=r"\(rowid 2 has 1 bytes\)"):
                engine.execute(sql, (f32([1] * 100),))


def test_a_table_of_several_lengths_and_elements(engine):
    fill(engine)
    engine.execute("INSERT INTO t(e) SELECT zeroblob(16) FROM t")
    for query, rows in ((f32([1] * 8), 100), (f32([1] * 4), 100)):
        assert is_used(engine, query)
        assert last(engine)["rows"] == 200 and last(engine)["skipped_length"] == rows
    sql = "SELECT * FROM vec_topk('t', 'e', ?, 3, 'l2', NULL, 'int8')"
    assert tiers(engine, sql, (bytes(16),))[-1] in CACHED
    assert last(engine)["skipped_length"] == 100


@pytest.mark.parametrize("options", ["mode=ro", "immutable=1"])
def test_a_database_that_is_only_read(connect, file, options):
    query = fill(connect(file))
    assert is_used(connect(f"file:{file}?{options}"), query)


# ---- never outdated ----------------------------------------------------------------------------

WRITES = ["INSERT INTO t(e) VALUES (zeroblob(32))", "UPDATE t SET e = zeroblob(32) WHERE id = 7",
          "DELETE FROM t WHERE id = 7", "DELETE FROM t", "REPLACE INTO t VALUES (7, NULL)",
          "UPDATE t SET id = 1000 WHERE id = 7", "ALTER TABLE t ADD COLUMN x",
          "CREATE INDEX i ON t(e)", "VACUUM"]


@pytest.mark.parametrize("mode", ["delete", "wal"])
@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("by", ["itself", "another"])
def test_a_write_is_seen_at_once(connect, file, mode, write, by):
    one, two = connect(file), connect(file)
    one.execute(f"PRAGMA journal_mode = {mode}")
    query = fill(one)
    assert is_used(one, query)
    (one if by == "itself" else two).execute(write)
    found = one.execute(SEARCH, (query,))
    assert tier(one) == "stream"
    assert found == two.execute(SEARCH, (query,))
    if write != "DELETE FROM t":  # of nothing there is nothing to remember
        assert is_used(one, query)
        assert one.execute(SEARCH, (query,)) == found


def test_a_reader_keeps_its_snapshot_and_its_memory(connect, file):
    one, two = connect(file), connect(file)
    one.execute("PRAGMA journal_mode = wal")
    query = fill(one)
    assert is_used(one, query)
    one.execute("BEGIN")
    before = one.execute(SEARCH, (query,))
    two.execute("DELETE FROM t WHERE id < 99")
    for _ in range(3):
        assert one.execute(SEARCH, (query,)) == before
        assert tier(one) in CACHED
    one.execute("COMMIT")
    assert one.execute(SEARCH, (query,)) != before
    assert tier(one) == "stream"


@pytest.mark.parametrize("begin", ["BEGIN", "BEGIN IMMEDIATE", "SAVEPOINT s"])
def test_a_write_transaction_neither_uses_nor_fills(connect, file, begin):
    engine = connect(file)
    query = fill(engine)
    engine.execute(begin)
    engine.execute("UPDATE t SET e = zeroblob(32) WHERE id = 1")
    assert tiers(engine, SEARCH, (query,), 5) == ["stream"] * 5
    assert held(engine) == []
    engine.execute("ROLLBACK")
    assert is_used(engine, query)
    before = engine.execute(SEARCH, (query,))
    engine.execute(begin)
    engine.execute("DELETE FROM t WHERE rowid = ?", (before[0][0],))
    for _ in range(5):
        assert before[0] not in engine.execute(SEARCH, (query,))
        assert tier(engine) == "stream"
    engine.execute("ROLLBACK")


def test_a_rollback_leaves_the_memory_valid(connect, file):
    engine = connect(file)
    query = fill(engine)
    assert is_used(engine, query)
    before = engine.execute(SEARCH, (query,))
    for begin, *end in (("BEGIN", "ROLLBACK"), ("SAVEPOINT s", "ROLLBACK TO s", "RELEASE s")):
        engine.execute(begin)
        engine.execute("DELETE FROM t")
        assert engine.execute(SEARCH, (query,)) == []
        for sql in end:
            engine.execute(sql)
        if begin == "BEGIN":  # RELEASE commits, and a commit counts as a write
            assert tiers(engine, SEARCH, (query,), 1)[0] in CACHED
        assert engine.execute(SEARCH, (query,)) == before


def test_a_statement_that_writes_to_temp_reads_from_memory(connect, file):
    engine = connect(file)
    query = fill(engine)
    engine.execute("CREATE TEMP TABLE found(rowid, distance)")
    assert is_used(engine, query)
    engine.execute("INSERT INTO found " + SEARCH, (query,))
    assert tier(engine) in CACHED
    assert engine.execute("SELECT rowid, distance FROM found") == engine.execute(SEARCH, (query,))


def test_a_shadowing_table_is_seen(engine):
    query = fill(engine)
    assert is_used(engine, query)
    before = engine.execute(SEARCH, (query,))
    fill(engine, "temp.t", rows=50, seed=2)
    assert engine.execute(SEARCH, (query,)) != before
    assert last(engine)["rows"] == 50
    assert is_used(engine, query)
    engine.execute("DROP TABLE temp.t")
    assert engine.execute(SEARCH, (query,)) == before


def test_another_file_under_the_same_name(engine, tmp_path):
    for number in (1, 2):
        engine.execute("ATTACH ? AS aux", (str(tmp_path / f"{number}.db"),))
        query = fill(engine, "aux.t", seed=number)
        engine.execute("DETACH aux")
    sql = SEARCH.replace("'t'", "'aux.t'")
    found = []
    for number in (1, 2, 1):
        engine.execute("ATTACH ? AS aux", (str(tmp_path / f"{number}.db"),))
        found.append(engine.execute(sql, (query,)))
        assert tiers(engine, sql, (query,), 4)[-1] in CACHED
        assert engine.execute(sql, (query,)) == found[-1]
        engine.execute("DETACH aux")
    assert found[0] == found[2] != found[1]


def test_a_deserialized_database_is_not_remembered(engine):
    # Not main: there SQLite 3.40 itself crashes once any table-valued function has been used.
    engine.execute("ATTACH ':memory:' AS aux")
    images = []
    for seed in (1, 2):
        other = Engine(engine.binding)
        query = fill(other, seed=seed)
        images.append(other.connection.serialize(*["main"] * (engine.binding == "apsw")))
        other.close()
    found = []
    for image in images:
        if engine.binding == "apsw":
            engine.connection.deserialize("aux", image)
        else:
            engine.connection.deserialize(image, name="aux")
        assert tiers(engine, SEARCH, (query,), 4) == ["stream"] * 4
        found.append(engine.execute(SEARCH, (query,)))
    assert found[0] != found[1]


@pytest.mark.parametrize("schema", ["main", "temp"])
def test_a_database_in_memory_without_a_journal_is_not_remembered(engine, schema):
    query = fill(engine, f"{schema}.t")
    engine.execute(f"PRAGMA {schema}.journal_mode = off")
    assert tiers(engine, SEARCH, (query,), 4) == ["stream"] * 4
    engine.execute(f"PRAGMA {schema}.journal_mode = memory")
    assert is_used(engine, query)


def test_a_shared_cache_that_reads_uncommitted_is_not_remembered(file):
    engines = [Engine("sqlite3", f"file:{file}?cache=shared") for _ in range(2)]
    query = fill(engines[0])
    engines[0].execute("PRAGMA read_uncommitted = 1")
    assert tiers(engines[0], SEARCH, (query,), 4) == ["stream"] * 4
    engines[0].execute("PRAGMA read_uncommitted = 0")
    assert is_used(engines[0], query)
    for engine in engines:
        engine.close()


# ---- settings ----------------------------------------------------------------------------------

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


# ---- vec_cache ---------------------------------------------------------------------------------

def test_vec_cache_says_what_is_held(engine):
    query = fill(engine, "nodes", rows=1000, dims=64)
    assert engine.execute("SELECT * FROM vec_cache") == []
    engine.execute("SELECT count(*) FROM vec_topk('nodes', 'E', ?)", (query,))
    assert held(engine) == []
    for _ in range(3):
        engine.execute("SELECT count(*) FROM vec_topk('nodes', 'E', ?)", (query,))
    [row] = cache(engine)
    assert (row["source"], row["column"], row["element"], row["dims"], row["rows"]) == (
        "nodes", "E", "float32", 64, 1000) or row["column"] == "e"
    assert 1000 * 64 * 4 < row["bytes"] < 2_000_000


def test_vec_cache_is_of_its_connection(connect, file):
    one, two = connect(file), connect(file)
    query = fill(one)
    assert is_used(one, query)
    assert len(cache(one)) == 1 and cache(two) == []


def test_vec_cache_cannot_be_written(engine):
    for sql in ("DELETE FROM vec_cache", "INSERT INTO vec_cache(source) VALUES ('t')"):
        with pytest.raises(engine.Error):
            engine.execute(sql)


# ---- when something goes wrong -----------------------------------------------------------------

def interrupting(engine, sql, params, after):
    """The rows, or None if the interrupt came first."""
    timer = threading.Timer(after, engine.connection.interrupt)
    timer.start()
    try:
        return engine.execute(sql, params)
    except engine.Error as problem:
        assert "interrupt" in str(problem).lower()
        return None
    finally:
        timer.cancel()
        timer.join()


@pytest.mark.parametrize("threads", [1, 2])
def test_interrupt_of_searches_from_memory(engine, threads):
    query = fill(engine, rows=20000, dims=64)
    config(engine, "threads", threads)
    assert is_used(engine, query)
    found = engine.execute(SEARCH, (query,))
    endless = ("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) "
               "FROM n CROSS JOIN vec_topk('t', 'e', vec_scale(?, i), 1)")
    begun = time.monotonic()
    assert interrupting(engine, endless, (query,), 0.1) is None
    assert time.monotonic() - begun < 5
    assert tier(engine) in CACHED
    assert engine.execute(SEARCH, (query,)) == found
    assert tier(engine) in CACHED


@pytest.mark.parametrize("threads", [1, 2])
def test_interrupt_of_a_fill(connect, file, threads):
    engine, other = connect(file), connect(file)
    query = fill(engine, rows=20000, dims=128)
    config(engine, "threads", threads)
    found = engine.execute(SEARCH, (query,))
    outcomes = []
    for step in range(24):
        config(engine, "cache_mb", 0)  # forgets
        config(engine, "cache_mb", 100)
        other.execute("UPDATE t SET id = id WHERE id = 1")
        assert engine.execute(SEARCH, (query,)) == found
        outcomes.append(interrupting(engine, SEARCH, (query,), 0.001 + 0.002 * step))
        assert outcomes[-1] in (None, found)
        assert engine.execute(SEARCH, (query,)) == found
    assert None in outcomes
    assert is_used(engine, query, 20)
    assert engine.execute(SEARCH, (query,)) == found


def test_a_progress_handler_stops_a_fill(db):
    engine = Engine("sqlite3")
    query = fill(engine, rows=5000, dims=64)
    found = engine.execute(SEARCH, (query,))
    engine.connection.set_progress_handler(lambda: 1, 5000)
    with pytest.raises(engine.Error, match="interrupt"):
        engine.execute(SEARCH, (query,))
    engine.connection.set_progress_handler(None, 0)
    assert engine.execute(SEARCH, (query,)) == found
    assert is_used(engine, query)
    engine.close()


def script(body, *arguments):
    """Runs Python in a process of its own, with the tests' modules, and returns what it prints."""
    environment = {**os.environ, "VECGRAPH_LIBRARY": str(LIBRARY),
                   "PYTHONPATH": str(ROOT / "tests")}
    code = "import sys, os\nfrom test_cache import *\n" + textwrap.dedent(body)
    done = subprocess.run([sys.executable, "-c", code, *map(str, arguments)], env=environment,
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.split()


@pytest.mark.parametrize("binding", Engine.BINDINGS)
def test_a_heap_limit_costs_speed_only(binding):
    used = script("""
        engine = Engine(sys.argv[1])
        query = fill(engine, rows=20000, dims=128)
        found = engine.execute(SEARCH, (query,))
        # A little more than is in use: room for a search, not for a copy.
        engine.execute("PRAGMA hard_heap_limit = 21000000")
        for _ in range(4):
            assert engine.execute(SEARCH, (query,)) == found
            print(tier(engine))
    """, binding)
    assert used == ["stream"] * 4


def test_a_limit_of_the_process_costs_speed_only():
    used = script("""
        import resource
        engine = Engine("sqlite3")
        query = fill(engine, rows=40000, dims=256)
        found = engine.execute(SEARCH, (query,))
        pages = int(open("/proc/self/statm").read().split()[0])
        limit = pages * resource.getpagesize() + 15_000_000
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        for _ in range(4):
            assert engine.execute(SEARCH, (query,)) == found
            print(tier(engine))
    """)
    assert used[-1] == "stream" or used[-1] in CODES


if b"__asan_init" in LIBRARY.read_bytes():
    # The shadow memory of AddressSanitizer is beyond any limit: there is nothing to measure.
    del test_a_limit_of_the_process_costs_speed_only



def test_a_forked_child_searches_with_threads_of_its_own(tmp_path):
    """The connection of the parent is not used in the child: SQLite forbids it."""
    printed = script("""
        import signal
        path = sys.argv[1]
        engine = Engine("sqlite3", path)
        query = fill(engine, rows=40000, dims=128)
        config(engine, "threads", 2)
        assert is_used(engine, query)
        found = engine.execute(SEARCH, (query,))
        for _ in range(20):
            assert engine.execute(SEARCH, (query,)) == found
        child = os.fork()
        if child == 0:
            signal.alarm(60)
            own = Engine("sqlite3", path)
            config(own, "threads", 2)
            for _ in range(20):
                assert own.execute(SEARCH, (query,)) == found
            assert tier(own) in CACHED
            os._exit(17)
        for _ in range(20):
            assert engine.execute(SEARCH, (query,)) == found
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    """, tmp_path / "a.db")
    assert printed == ["17"]


@pytest.mark.parametrize("binding", Engine.BINDINGS)
@pytest.mark.parametrize("open_cursor", [False, True])
def test_a_connection_closes_while_it_remembers(binding, open_cursor):
    for _ in range(3):
        engine = Engine(binding)
        query = fill(engine, rows=2000, dims=64)
        assert is_used(engine, query)
        if open_cursor:
            cursor = engine.connection.execute(SEARCH, (query,))
            next(iter(cursor))
        if binding == "apsw":
            engine.connection.close(True)
        else:
            engine.close()


def test_a_search_inside_a_search_from_memory(engine):
    """The inner one searches the same table, while the outer one holds it."""
    query = fill(engine, rows=500, dims=64)
    inner = "SELECT rowid FROM vec_topk('t', 'e', (SELECT e FROM t WHERE id = 5), 20, 'l2')"
    engine.execute(f"CREATE VIEW near AS SELECT id, e FROM t WHERE id IN ({inner})")
    wanted = engine.execute(inner)
    for _ in range(6):
        found = engine.execute("SELECT id FROM vec_topk('near', 'e', ?)", (query,))
        assert sorted(found) == sorted(wanted)
        assert is_used(engine, query, 3)


def test_the_searched_table_is_dropped_between_the_rows(engine):
    query = fill(engine, rows=200, dims=64)
    assert is_used(engine, query)
    rows = iter(engine.connection.execute(SEARCH.replace("3, 'l2'", "100, 'l2'"), (query,)))
    first = next(rows)
    assert first[1] == 0
    config(engine, "cache_mb", 0)
    assert held(engine) == []
    engine.execute("DELETE FROM t WHERE id < 100")
    assert len([first, *rows]) == 100
    assert len(engine.execute(SEARCH, (query,))) == 3
