"""What is in memory is never outdated: who writes, where and how makes no difference."""

import pytest
from cached import CACHED, SEARCH, fill, held, is_used, last, tier, tiers
from conftest import Engine


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
