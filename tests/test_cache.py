"""The memory of a connection: when it is filled and used, and what vec_cache says of it.

That what it answers is right is looked for in test_cache_exact.py, test_cache_bounds.py and
test_cache_fuzzer.py, that it is never outdated in test_cache_valid.py.
"""

import pytest
from cached import CACHED, SEARCH, cache, fill, held, is_used, last, tier, tiers
from topk_oracle import f32


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
