"""Long work in memory asks again and again whether it was interrupted: counted, not timed.

Each question steps a statement, and SQLite's progress handler counts the steps. The same statement
on a small table tells how many are of other work.
"""

import pytest
from cached import CACHED, CODES, config, tier
from conftest import Engine
from topk_oracle import f32

ROWS = 200_000
STEPS = 3  # of a question, at least


@pytest.fixture(scope="module")
def engine():
    engine = Engine("sqlite3")
    config(engine, "threads", 1)  # only the caller's thread asks: what another does is not counted
    engine.execute("CREATE TABLE chosen AS WITH RECURSIVE n(i) AS "
                   f"(SELECT 1 UNION ALL SELECT i + 8 FROM n WHERE i < {ROWS} - 8) SELECT i FROM n")
    # The same vectors in every tenth row, and nothing in the others.
    for table, rows in (("small", 100), ("large", ROWS)):
        engine.execute(f"CREATE TABLE {table}(id INTEGER PRIMARY KEY, e, sparse)")
        engine.execute(
            f"INSERT INTO {table}(e, sparse) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL "
            f"SELECT i + 1 FROM n WHERE i < {rows}) SELECT x, CASE WHEN i % 10 = 1 THEN x END "
            "FROM (SELECT i, randomblob(8) AS x FROM n)")
    yield engine
    engine.close()


def steps(engine, sql, params=()):
    count = 0

    def handler():
        nonlocal count
        count += 1
        return 0

    engine.connection.set_progress_handler(handler, 1)
    try:
        engine.execute(sql, params)
    finally:
        engine.connection.set_progress_handler(None, 0)
    return count


def search(engine, table, column, k, where=""):
    """The steps of a search from memory."""
    sql = (f"SELECT max(rank) FROM vec_topk('{table}', '{column}', zeroblob(8), {k}, 'hamming') "
           f"{where}")
    for _ in range(4):
        engine.execute(f"SELECT count(*) FROM vec_topk('{table}', '{column}', zeroblob(8), 1, "
                       "'hamming')")
    found = steps(engine, sql)
    assert tier(engine) in CACHED
    return found


def more(engine, column, k, where=""):
    """How many steps more a search of the large table takes."""
    return search(engine, "large", column, k, where) - search(engine, "small", column, k, where)


def test_a_pass_over_the_vectors(engine):
    assert more(engine, "e", 3) >= ROWS // 65536 * STEPS


def test_the_slots_of_many_candidates(engine):
    """One walk over the slots and the candidates."""
    where = "WHERE within = (SELECT vec_ids(i) FROM chosen)"
    assert more(engine, "e", 3, where) >= (ROWS // 4096 + 1) * STEPS
    assert more(engine, "e", 3) < ROWS // 4096 * STEPS  # it is the walk that asks


def test_candidates_that_are_named_by_another_key(engine):
    engine.execute("CREATE TABLE named(number INTEGER PRIMARY KEY, id TEXT UNIQUE, e)")
    engine.execute("INSERT INTO named SELECT i, 'n' || i, randomblob(8) FROM chosen")
    sql = ("SELECT max(rank) FROM vec_topk('named', 'e', zeroblob(8), 3, 'hamming') WHERE {} IN "
           "(SELECT {} FROM named)")
    looked_up = steps(engine, sql.format("id", "id"))
    assert looked_up - steps(engine, sql.format("rowid", "number")) >= ROWS // 8 * STEPS
    engine.execute("DROP TABLE named")


@pytest.fixture(scope="module")
def joined(engine):
    """Tables of floats, and 64 questions: q, and the first of them alone: one."""
    for table, rows in (("few", 200), ("many", 20_000)):
        vectors = [(f32([(i * j * j * 7 + i * 31 + j) % 101 - 50 for j in range(1, 65)]),)
                   for i in range(rows)]
        engine.execute(f"CREATE TABLE {table}(id INTEGER PRIMARY KEY, e)")
        engine.execute("BEGIN")
        engine.connection.executemany(f"INSERT INTO {table}(e) VALUES (?)", vectors)
        engine.execute("COMMIT")
    engine.execute("CREATE TABLE q AS SELECT id, e FROM many WHERE id <= 64")
    engine.execute("CREATE TABLE one AS SELECT id, e FROM q WHERE id = 1")
    return engine


def join(engine, left, right):
    return steps(engine, f"SELECT max(score) FROM vec_join('{left}', 'e', '{right}', 'e', 2)")


def test_the_products_of_a_join(joined):
    for table in ("few", "many"):
        join(joined, "q", table)
    found = join(joined, "q", "many")
    assert tier(joined) in CODES
    products = 64 * 20_000 * 128
    assert found - join(joined, "q", "few") >= products // 2**23 * STEPS


def test_the_tiles_of_a_join_that_reads_the_table(joined):
    config(joined, "cache_mb", 0)
    tiles = 20_000 * 64 * 4 // 65536
    assert join(joined, "q", "many") - join(joined, "one", "many") >= tiles * 64 // 8 * STEPS
    config(joined, "cache_mb", 500)
