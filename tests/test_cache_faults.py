"""Faults of answers from memory that were found and mended. Each test failed before its mend.

What fails when there is no memory, and leaves a lock behind, is in test_oom.py.
"""

import apsw
import numpy as np
import pytest
from cached import CACHED, cache, config, tier
from conftest import Engine
from topk_oracle import f32
from tracked import fill, track, used, vector, warm

KEYS = "SELECT k.id FROM {} vec_topk('t', 'e', x'0000803f00000000', 2) AS k"


# ---- the log of a tracked table, meddled with ----------------------------------------------------

MEDDLED = {
    # (what somebody does, a change that the log then misses)
    "a trigger keeps rows out of the log": (
        "CREATE TRIGGER zz BEFORE INSERT ON _vec_log_t_e BEGIN SELECT raise(ignore); END",
        "INSERT INTO t(e) VALUES (?)"),
    "a unique index does": (
        "DELETE FROM _vec_log_t_e; INSERT INTO _vec_log_t_e(rid, nonce) VALUES (1, random()); "
        "CREATE UNIQUE INDEX zz ON _vec_log_t_e(rid)",
        "UPDATE OR IGNORE t SET e = ? WHERE id = 1"),
    "a later trigger with a name like ours ends the insert": (
        "CREATE TRIGGER _vec_mine AFTER INSERT ON t BEGIN SELECT raise(fail, 'enough'); END",
        "INSERT INTO t(e) VALUES (?)"),
}


@pytest.mark.parametrize("name", MEDDLED)
def test_a_log_that_is_meddled_with_is_not_relied_on(engine, name):
    meddle, change = MEDDLED[name]
    query = fill(engine)
    warm(engine, query)
    engine.script(meddle)
    assert engine.execute("SELECT DISTINCT tracked FROM vec_track_sql('t', 'e')") == [(0,)]
    warm(engine, query)
    assert [row["shared"] for row in cache(engine)] == [0]
    try:
        engine.execute(change, (query,))
    except engine.Error as error:
        assert "enough" in str(error)
    assert (query,) in engine.execute("SELECT e FROM t WHERE id IN (1, 201)")  # it did happen
    used(engine, query, k=200)


def test_the_triggers_of_another_column_are_no_meddling(engine):
    query = fill(engine)
    engine.execute("ALTER TABLE t ADD COLUMN f BLOB")
    track(engine, "t", "f")
    assert engine.execute("SELECT DISTINCT tracked FROM vec_track_sql('t', 'e')") == [(1,)]
    warm(engine, query)
    engine.execute("UPDATE t SET e = ? WHERE id = 3", (vector(1),))
    assert used(engine, query) in CACHED


# ---- what is read uncommitted ---------------------------------------------------------------------

def test_who_reads_uncommitted_rows_does_not_copy_them_for_others(tmp_path):
    one, two = (Engine("sqlite3", f"file:{tmp_path}/a.db?cache=shared") for _ in range(2))
    query = fill(one)
    warm(one, query)
    two.execute("PRAGMA read_uncommitted = 1")
    one.execute("BEGIN")
    one.execute("UPDATE t SET e = ? WHERE id = 101", (vector(1),))
    for _ in range(4):
        used(two, query)
    one.execute("ROLLBACK")
    assert used(one, query) in CACHED  # the copy is still that of what is committed
    for engine in (one, two):
        engine.close()


# ---- the memory cap -------------------------------------------------------------------------------

def test_a_tracked_table_that_grows_beyond_the_cap(connect, tmp_path):
    """By another connection, so that this one expects as few rows as before."""
    one, two = connect(tmp_path / "a.db"), connect(tmp_path / "a.db")
    config(one, "cache_mb", 2)
    query = fill(one, rows=100, dims=64)
    used(one, query)
    two.execute("PRAGMA synchronous = off")
    two.execute("INSERT INTO t(e) WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n "
                "WHERE i < 15000) SELECT e FROM n JOIN t ON t.id = 1 + i % 100")  # 3.8 MB
    sql = "SELECT id FROM vec_topk('t', 'e', ?, 3)"
    for _ in range(4):
        one.execute(sql, (query,))
        assert sum(row["bytes"] for row in cache(one)) <= 2 << 20


def test_rows_without_a_vector_count_against_the_cap(engine):
    config(engine, "cache_mb", 1)
    engine.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, e)")
    engine.execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000) "
                   "INSERT INTO t SELECT i, zeroblob(4) FROM n")
    for dims in range(2, 12):
        engine.execute("INSERT INTO t(e) VALUES (?)", (f32([1] * dims),))
    for dims in range(2, 12):
        for _ in range(3):
            engine.execute("SELECT id FROM vec_topk('t', 'e', ?, 3)", (f32([1] * dims),))
        assert sum(row["faults"] for row in cache(engine)) * 16 <= 1 << 20


def test_no_memory_gives_everything_back():
    """Also the statements of tables that were searched, as SQLite counts them."""
    engine = Engine("apsw")
    for number in range(40):
        fill(engine, rows=5, table=f"t{number}", tracked=number % 2 == 0)
    config(engine, "cache_mb", 0)
    engine.execute("SELECT count(*) FROM vec_topk('t0', 'e', ?, 1)", (vector(1),))
    before = apsw.memory_used()
    config(engine, "cache_mb", 10)
    for number in range(40):
        for _ in range(3):
            engine.execute("SELECT count(*) FROM vec_topk(?, 'e', ?, 1)",
                           (f"t{number}", vector(1)))
        assert tier(engine) in CACHED
    assert apsw.memory_used() > before + 100_000
    config(engine, "cache_mb", 0)
    assert cache(engine) == []
    assert apsw.memory_used() < before + 20_000
    engine.close()


# ---- sources and ids ------------------------------------------------------------------------------

def test_a_statement_does_not_search_what_another_one_named(engine):
    """One stands in the middle of a search of main.t when temp.t appears; another then begins."""
    for schema, key in (("main", 1), ("temp", 777)):
        engine.execute(f"CREATE TABLE {schema}.x(a)")
        engine.execute(f"INSERT INTO {schema}.x VALUES (1)")
        if schema == "main":
            engine.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, e)")
            engine.execute("INSERT INTO t VALUES (1, ?1), (2, ?1)", (f32(1, 0),))
            open_cursor = engine.connection.cursor()
            assert next(iter(open_cursor.execute(KEYS.format(""))))[0] == key
    engine.execute("CREATE TABLE temp.t(id INTEGER PRIMARY KEY, e)")
    engine.execute("INSERT INTO temp.t VALUES (777, ?)", (f32(1, 0),))

    def end(value):
        open_cursor.close()
        return value

    if engine.binding == "sqlite3":
        engine.connection.create_function("f", 1, end)
    else:
        engine.connection.create_scalar_function("f", end, 1)
    sql = KEYS.format("x CROSS JOIN") + " WHERE f(x.a)"
    assert engine.execute(sql) == [(777,)]


def test_the_ids_of_a_join_belong_to_the_pass_that_found_them(engine):
    """A view in random order numbers its rows otherwise in each pass."""
    rng = np.random.default_rng(1)
    for table, rows in (("l", 700), ("r", 300)):
        engine.execute(f"CREATE TABLE {table}(id TEXT PRIMARY KEY, e)")
        engine.execute("BEGIN")
        for number in range(rows):
            engine.execute(f"INSERT INTO {table} VALUES (?, ?)",
                           (f"{table}{number}", f32(rng.standard_normal(8))))
        engine.execute("COMMIT")
    engine.execute("CREATE VIEW w AS SELECT id, e FROM r ORDER BY random()")
    # All rows are taken before the first one is used.
    engine.execute("CREATE TABLE found AS SELECT left_id, id, score "
                   "FROM vec_join('l', 'e', 'w', 'e', 1)")
    assert engine.execute("SELECT count(*), sum(vec_dot(l.e, r.e) = score) FROM found "
                          "JOIN l ON l.id = left_id JOIN r ON r.id = found.id") == [(700, 700)]
