"""db_checkpoint and db_probe."""

import json
import os

import pytest

from conftest import Engine

FIELDS = ["journal_mode", "busy", "log", "checkpointed", "wal_before", "wal_after", "file_before",
          "file_after"]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.db"


@pytest.fixture
def wal(connect, path):
    engine = connect(path)
    engine.script("PRAGMA journal_mode = WAL; CREATE TABLE t(x); "
                  "INSERT INTO t VALUES (randomblob(100000))")
    return engine


def checkpoint(engine, mode="truncate"):
    done = json.loads(engine.execute("SELECT db_checkpoint(?)", (mode,))[0][0])
    assert list(done) == FIELDS
    return done


@pytest.mark.parametrize("mode", ["passive", "full", "restart", "truncate", "PASSIVE"])
def test_everything_is_copied(wal, path, mode):
    size = os.path.getsize(f"{path}-wal")
    done = checkpoint(wal, mode)
    assert (done["journal_mode"], done["busy"], done["wal_before"]) == ("wal", 0, size)
    if mode == "truncate":  # there is no frame left to count
        assert (done["log"], done["checkpointed"]) == (0, 0)
    else:
        assert done["log"] == done["checkpointed"] > 20
    assert done["wal_after"] == (0 if mode == "truncate" else size)
    assert done["wal_after"] == os.path.getsize(f"{path}-wal")
    assert done["file_after"] == os.path.getsize(path) > done["file_before"]


def test_by_a_connection_that_has_not_read_yet(wal, connect, path):
    assert checkpoint(connect(path))["wal_after"] == 0


def test_a_reader_keeps_truncate_from_finishing(wal, connect, path):
    reader = connect(path)
    reader.script("BEGIN")
    reader.execute("SELECT count(*) FROM t")
    wal.execute("INSERT INTO t VALUES (1)")
    wal.execute("PRAGMA busy_timeout = 10")
    done = checkpoint(wal)
    assert done["busy"] == 1
    assert done["wal_after"] > 0
    reader.execute("COMMIT")
    assert checkpoint(wal)["busy"] == 0


def test_without_a_wal_sqlite_says_minus_one(connect, path):
    engine = connect(path)
    engine.execute("CREATE TABLE t(x)")
    done = checkpoint(engine)
    assert [done[name] for name in FIELDS[:6]] == ["delete", 0, -1, -1, -1, -1]
    assert done["file_before"] == done["file_after"] == os.path.getsize(path)


def test_in_memory(engine):
    done = checkpoint(engine)
    assert (done["journal_mode"], done["log"], done["file_before"]) == ("memory", -1, -1)


def test_refused_in_a_transaction(wal):
    wal.execute("BEGIN")
    with pytest.raises(Engine.Error, match="db_checkpoint: a transaction is open"):
        wal.execute("SELECT db_checkpoint('truncate')")
    wal.execute("COMMIT")


def test_refused_in_a_scan(wal):
    with pytest.raises(Engine.Error, match="db_checkpoint: a statement of this connection reads"):
        wal.execute("SELECT db_checkpoint('truncate') FROM t")


@pytest.mark.parametrize("mode,message", [
    ("'later'", "no mode 'later' \\(there are passive, full, restart, truncate\\)"),
    ("NULL", "the mode must be a text, found NULL"),
])
def test_wrong_modes(engine, mode, message):
    with pytest.raises(Engine.Error, match=f"db_checkpoint: {message}"):
        engine.execute(f"SELECT db_checkpoint({mode})")


def test_a_read_only_connection_says_so(wal, connect, path):
    with pytest.raises(Engine.Error, match="db_checkpoint: this connection is read-only"):
        connect(f"file:{path}?mode=ro").execute("SELECT db_checkpoint('truncate')")


# ---- db_probe ----------------------------------------------------------------------------------


def rows_of(engine):
    return engine.execute("SELECT count(*) FROM _health")[0][0]


def test_a_healthy_database(wal):
    assert wal.execute("SELECT db_probe()") == [('{"status":"Healthy","mode":"wal"}',)]


def test_the_last_ten_rows_stay(wal):
    for count in range(1, 15):
        wal.execute("SELECT db_probe()")
        assert rows_of(wal) == min(count, 10)
    assert wal.execute("SELECT max(id) FROM _health") == [(14,)]


def test_in_memory_too(engine):
    assert engine.execute("SELECT db_probe()") == [('{"status":"Healthy","mode":"memory"}',)]


def test_it_writes_to_main(engine):
    engine.execute("CREATE TEMP TABLE _health(other)")
    engine.execute("SELECT db_probe()")
    assert engine.execute("SELECT count(*) FROM main._health") == [(1,)]


def test_inside_a_transaction_it_belongs_to_it(wal):
    wal.execute("BEGIN")
    wal.execute("SELECT db_probe()")
    wal.execute("ROLLBACK")
    assert wal.execute("SELECT name FROM sqlite_schema WHERE name = '_health'") == []


def test_read_only(wal, connect, path):
    with pytest.raises(Engine.Error, match="db_probe: attempt to write a readonly database"):
        connect(f"file:{path}?mode=ro").execute("SELECT db_probe()")


def test_query_only(wal):
    wal.execute("PRAGMA query_only = 1")
    with pytest.raises(Engine.Error, match="db_probe: attempt to write a readonly database"):
        wal.execute("SELECT db_probe()")


def test_locked_by_another(wal, connect, path):
    other = connect(path)
    other.execute("BEGIN IMMEDIATE")
    wal.execute("PRAGMA busy_timeout = 0")
    with pytest.raises(Engine.Error, match="db_probe: database is locked"):
        wal.execute("SELECT db_probe()")


def test_a_failure_half_way_leaves_nothing(wal):
    wal.execute("CREATE TABLE _health(id INTEGER PRIMARY KEY, ts TEXT CHECK (id < 2))")
    wal.execute("SELECT db_probe()")
    with pytest.raises(Engine.Error, match="db_probe: CHECK constraint failed"):
        wal.execute("SELECT db_probe()")
    assert rows_of(wal) == 1
    wal.execute("BEGIN")  # no transaction was left open
    wal.execute("COMMIT")


def test_a_failure_inside_a_transaction_keeps_the_rest_of_it(wal):
    wal.execute("CREATE TABLE _health(id INTEGER PRIMARY KEY, ts TEXT CHECK (id < 1))")
    wal.execute("BEGIN")
    wal.execute("INSERT INTO t VALUES ('mine')")
    with pytest.raises(Engine.Error, match="CHECK"):
        wal.execute("SELECT db_probe()")
    wal.execute("COMMIT")
    assert wal.execute("SELECT count(*) FROM t WHERE x = 'mine'") == [(1,)]
