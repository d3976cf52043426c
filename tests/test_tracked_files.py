"""Searches of tracked tables: who shares a copy, under which cap, and how long it lives."""

import os
import shutil

import pytest
from cached import CACHED, CODES, cache, config, script, tier
from conftest import Engine
from tracked import CHANGES, SEARCH, change, exact, fill, track, used, vector, warm


@pytest.fixture
def connect(connect):
    """As conftest's, without waiting for the disk."""
    def open_engine(path=":memory:"):
        engine = connect(path)
        engine.execute("PRAGMA synchronous = off")
        return engine
    return open_engine


@pytest.fixture
def pair(connect, file):
    """Two connections to a tracked table, and a query; the first one has it in memory."""
    one, two = connect(file), connect(file)
    one.execute("PRAGMA journal_mode = wal")
    query = fill(one)
    warm(one, query)
    return one, two, query


# ---- connections --------------------------------------------------------------------------------

def test_the_first_query_of_a_second_connection_is_warm(pair):
    one, two, query = pair
    assert used(two, query) in CACHED
    [row], [other] = cache(two), cache(one)
    assert (row["shared"], row["valid"], row["rows"], row["served"]) == (1, 1, 200, 1)
    assert (other["shared"], other["valid"], other["bytes"]) == (1, 1, row["bytes"])


def test_the_connection_that_filled_it_closes(pair):
    one, two, query = pair
    assert used(two, query) in CACHED
    one.close()
    two.execute("UPDATE t SET e = ? WHERE id = 3", (vector(1),))
    assert used(two, query) in CACHED


def test_the_connection_that_filled_it_closes_amid_a_search(binding, file):
    one, two = Engine(binding, file), Engine(binding, file)
    query = fill(one)
    warm(one, query)
    rows = iter(two.connection.execute("SELECT rowid FROM vec_topk('t', 'e', ?)", (query,)))
    next(rows)
    one.close()
    assert len(list(rows)) == 199
    assert used(two, query) in CACHED
    two.close()


def test_when_all_are_closed_it_is_forgotten(binding, file):
    engine = Engine(binding, file)
    query = fill(engine)
    warm(engine, query)
    engine.close()
    engine = Engine(binding, file)
    assert used(engine, query) == "stream"
    warm(engine, query)
    engine.close()


def test_another_process_writes(file):
    printed = script("""
        import os, signal
        from conftest import Engine
        from cached import CACHED
        from tracked import fill, used, vector, warm
        path = sys.argv[1]
        one = Engine("sqlite3", path)
        query = fill(one)
        warm(one, query)
        for number in range(4):
            child = os.fork()
            if child == 0:
                signal.alarm(60)
                two = Engine("sqlite3", path)
                where = used(two, query)
                assert where == "stream", where  # nothing is shared with the parent
                warm(two, query)
                two.execute("UPDATE t SET e = ? WHERE id = ?", (vector(number), 101 + number))
                assert used(two, query) in CACHED
                os._exit(17)
            print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), used(one, query) in CACHED)
    """, file)
    assert printed == ["17", "True"] * 4


# ---- files --------------------------------------------------------------------------------------

def test_another_file_at_the_same_path(binding, file):
    """The connection that is left to the old file keeps its copy, and nobody takes the other's."""
    query = None
    old = None
    for seed in range(6):
        for suffix in ("", "-journal", "-wal", "-shm"):
            file.with_name(file.name + suffix).unlink(missing_ok=True)
        engine = Engine(binding, file)
        query = fill(engine, seed=seed) if query is None else (fill(engine, seed=seed), query)[1]
        assert used(engine, query) == "stream"
        warm(engine, query)
        if old:
            used(old, query)
            old.close()
        old = engine
    old.close()


@pytest.mark.parametrize("closed", [False, True])
def test_a_restored_backup(connect, tmp_path, closed):
    one, two = connect(tmp_path / "a.db"), connect(tmp_path / "a.db")
    query = fill(one)
    warm(one, query)
    assert used(two, query) in CACHED
    for number in range(3):
        backup(one, tmp_path / f"{number}.db")
        change(one, CHANGES[number], vector(number))
        assert used(two, query) in CACHED
    for number in (1, 0, 2, 1):
        if closed:
            two.close()
        backup(connect(tmp_path / f"{number}.db"), tmp_path / "a.db")
        if closed:
            two = connect(tmp_path / "a.db")
        for engine in (one, two):
            used(engine, query)
        one.execute("UPDATE t SET e = ? WHERE id = 5", (vector(100 + number),))
        for engine in (one, two):
            warm(engine, query)


def backup(engine, path):
    """Writes the database over that of a path."""
    target = Engine(engine.binding, path, loaded=False)
    if engine.binding == "sqlite3":
        engine.connection.backup(target.connection)
    else:
        with target.connection.backup("main", engine.connection, "main") as copy:
            copy.step(-1)
    target.close()


def test_a_copy_of_the_file_goes_its_own_way(connect, tmp_path):
    one = connect(tmp_path / "a.db")
    query = fill(one)
    warm(one, query)
    shutil.copy(tmp_path / "a.db", tmp_path / "b.db")
    two = connect(tmp_path / "b.db")
    assert used(two, query) == "stream"
    warm(two, query)
    for number in range(3):
        one.execute("UPDATE t SET e = ? WHERE id = 7", (vector(number),))
        two.execute("DELETE FROM t WHERE id = ?", (101 + number,))
        for engine in (one, two):
            assert used(engine, query) in CACHED
    one.execute("ATTACH ? AS b", (str(tmp_path / "b.db"),))
    assert exact(one.execute(SEARCH.replace("'t'", "'b.t'"), (query,))) == exact(
        two.execute(SEARCH, (query,)))
    assert tier(one) in CACHED  # shared with the other connection


@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_two_names_of_a_file_are_one(connect, tmp_path, link):
    one = connect(tmp_path / "a.db")
    query = fill(one)
    warm(one, query)
    link(tmp_path / "a.db", tmp_path / "b.db")
    two = connect(tmp_path / "b.db")
    assert used(two, query) in CACHED
    two.close()


def test_one_connection_has_a_file_twice(connect, file):
    engine = connect(file)
    engine.execute("PRAGMA journal_mode = wal")
    query = fill(engine)
    warm(engine, query)
    engine.execute("ATTACH ? AS again", (str(file),))
    sql = SEARCH.replace("'t'", "'again.t'")

    def same(answer=None):
        found = exact(engine.execute(sql, (query,)))
        where = tier(engine)
        assert found == exact(engine.execute(SEARCH, (query,)) if answer is None else answer)
        return where

    assert same() in CACHED
    for number in range(3):
        engine.execute(f"UPDATE {('again', 'main')[number % 2]}.t SET e = ? WHERE id = 101",
                       (vector(number),))
        assert same() in CACHED
    before = engine.execute(SEARCH, (query,))
    engine.execute("BEGIN")
    engine.execute("UPDATE main.t SET e = zeroblob(32) WHERE id > 50")
    assert same(before) in CACHED
    assert used(engine, query) in CACHED
    assert same(before) in CACHED
    engine.execute("COMMIT")
    assert same() in CACHED
    assert sorted(row["source"] for row in cache(engine)) == ["again.t", "t"]


def test_an_attached_database(connect, tmp_path):
    one, two = connect(), connect(tmp_path / "b.db")
    query = fill(two)
    warm(two, query)
    one.execute("ATTACH ? AS b", (str(tmp_path / "b.db"),))
    sql = SEARCH.replace("'t'", "'b.t'")
    for number in range(3):
        assert exact(one.execute(sql, (query,))) == exact(two.execute(SEARCH, (query,)))
        assert tier(one) in CACHED
        (one if number % 2 else two).execute("UPDATE t SET e = ? WHERE id = 101",
                                             (vector(number),))
    one.execute("DETACH b")
    with pytest.raises(one.Error):
        one.execute(sql, (query,))
    assert used(two, query) in CACHED


@pytest.mark.parametrize("schema", ["main", "temp", "mem"])
def test_databases_without_a_file(connect, schema):
    engine, other = connect(), connect()
    for one in (engine, other):
        one.execute("ATTACH ':memory:' AS mem")
        query = fill(one, table=f"{schema}.t", seed=1 + (one is other))
        track(one, f"{schema}.t")
        warm(one, query)
    engine.execute("CREATE TABLE main.other(x)")
    engine.execute("INSERT INTO other VALUES (1)")
    for sql in CHANGES[:6]:
        change(engine, sql)
        warm(engine, query)
        used(other, query)
        engine.execute("BEGIN")
        engine.execute("UPDATE t SET e = NULL WHERE id % 10 = 1")
        assert used(engine, query) in CACHED
        engine.execute("ROLLBACK")
        assert used(engine, query) in CACHED


def test_a_shared_cache_that_reads_uncommitted(file):
    one, two = (Engine("sqlite3", f"file:{file}?cache=shared") for _ in range(2))
    query = fill(one)
    two.execute("PRAGMA read_uncommitted = 1")
    for engine in (one, two):
        used(engine, query)
    warm(one, query)
    one.execute("BEGIN")
    for number in range(3):
        one.execute("UPDATE t SET e = ? WHERE id = 101", (vector(number),))
        used(two, query)
        assert used(one, query) in CACHED
    one.execute("ROLLBACK")
    used(two, query)
    assert used(one, query) in CACHED
    two.execute("PRAGMA read_uncommitted = 0")
    assert used(two, query) in CACHED
    for engine in (one, two):
        engine.close()


# ---- memory -------------------------------------------------------------------------------------

def test_no_memory_for_one_connection(pair):
    one, two, query = pair
    config(two, "cache_mb", 0)
    for _ in range(4):
        assert used(two, query) == "stream"
    assert cache(two) == []
    assert used(one, query) in CACHED
    config(two, "cache_mb", 100)
    assert used(two, query) in CACHED
    config(one, "cache_mb", 0)
    assert cache(one) == [] and used(one, query) == "stream"
    assert used(two, query) in CACHED


def test_codes_alone_follow_the_log(connect, file):
    one, two = connect(file), connect(file)
    query = fill(one, rows=5000, dims=256)  # 5.1 MB, and codes of 2 MB
    config(one, "cache_mb", 4)
    for _ in range(4):
        where = used(one, query)
    assert where in CODES
    [row] = cache(one)
    assert (row["vectors"], row["shared"], row["valid"]) == (0, 1, 1) and row["bytes"] < 4 << 20
    for number in range(4):
        two.execute("UPDATE t SET e = ? WHERE id % 100 = ?", (vector(number, 256), number))
        two.execute("UPDATE t SET e = NULL WHERE id = ?", (number + 2500,))
        two.execute("DELETE FROM t WHERE id = ?", (number + 300,))
        assert used(one, query) in CODES
        assert used(two, query) in CODES
        one.execute("BEGIN")
        one.execute("UPDATE t SET e = ? WHERE id % 50 = ?", (vector(number, 256), number + 20))
        for metric in ("dot", "cosine", "l2"):
            assert used(one, query, metric=metric) in CODES
        used(one, query, metric="l1")
        used(one, query, k=None)
        one.execute("ROLLBACK")


def test_a_cap_holds_for_what_is_filled_for_all(connect, file):
    """Also in a connection that has never read the table, and so cannot know its size."""
    one, two = connect(file), connect(file)
    query = fill(one, rows=9000, dims=256)  # 9.2 MB, and codes of 3.5 MB
    warm(one, query)
    assert used(two, query) in CACHED
    config(two, "cache_mb", 2)
    one.close()
    for _ in range(20):
        used(two, query)
        assert sum(row["bytes"] for row in cache(two)) <= 2 << 20


def test_a_table_that_was_too_large_and_shrinks(connect, file):
    engine = connect(file)
    query = fill(engine, rows=5000, dims=256)
    config(engine, "cache_mb", 1)
    for _ in range(20):
        assert used(engine, query) == "stream"
    engine.execute("DELETE FROM t WHERE id > 300 AND e <> ?", (query,))
    for _ in range(70):  # memory is asked for again after 64 searches
        where = used(engine, query)
    assert where in CACHED


def test_growing_beyond_the_cap(connect, file):
    engine = connect(file)
    query = fill(engine, rows=500, dims=256)
    config(engine, "cache_mb", 2)
    warm(engine, query)
    for _ in range(12):
        engine.execute("INSERT INTO t(e) SELECT e FROM t LIMIT 250")
        used(engine, query)
        used(engine, query)
        assert sum(row["bytes"] for row in cache(engine)) <= 2 << 20


def test_vec_cache_says_whether_it_follows(pair):
    one, two, query = pair

    def state(engine):
        [row] = cache(engine)
        return row["shared"], row["valid"], row["rows"]

    assert state(one) == (1, 1, 200)
    two.execute("UPDATE t SET e = NULL WHERE id = 1")
    assert state(one) == (1, 1, 200)  # the log leads there
    used(two, query)
    assert state(one) == (1, 1, 199) and cache(one)[0]["faults"] == 1
    two.execute("DELETE FROM _vec_log_t_e")
    assert state(one) == (1, 0, 199)
    track(two)
    assert state(one)[:2] == (1, 0)
    warm(one, query)
    assert state(one) == (1, 1, 199)


def test_the_log_is_cut(connect, file):
    one, two = connect(file), connect(file)
    query = fill(one)
    warm(one, query)
    assert used(two, query) in CACHED
    two.execute("BEGIN")
    for _ in range(350):
        two.execute("UPDATE t SET e = e")
    assert two.execute("SELECT count(*) < 70000 FROM _vec_log_t_e") == [(1,)]
    two.execute("UPDATE t SET e = ? WHERE id = 101", (vector(1),))
    used(two, query)
    two.execute("COMMIT")
    for engine in (one, two):
        warm(engine, query)
        engine.execute("DELETE FROM t WHERE id = 3 OR id = 101")
        assert used(engine, query) in CACHED
