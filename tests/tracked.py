"""What the tests of tracked tables share: how to track one, fill it, and search it with a witness."""

import numpy as np
from cached import CACHED, tier
from topk_oracle import bits_of, brute, f32

DIMS = 8
SEARCH = "SELECT rowid, score, distance, rank FROM vec_topk('t', 'e', ?, 5, 'l2') ORDER BY rank"

# Every kind of change of a table t(id INTEGER PRIMARY KEY, n, e); :v is a vector. The rows 1 to 200
# are there, 101 is the nearest.
CHANGES = [
    "DELETE FROM t WHERE id = 101", "DELETE FROM t WHERE id % 3 = 1", "DELETE FROM t WHERE id > 9",
    "INSERT INTO t(id, e) VALUES (-5, :v)", "INSERT INTO t(e) VALUES (:v), (:v), (:v)",
    "DELETE FROM t WHERE id = 50; INSERT INTO t(id, e) VALUES (50, :v)",
    "INSERT INTO t(id, e) SELECT id + 1000, e FROM t",
    "UPDATE t SET e = NULL WHERE id = 101", "UPDATE t SET e = x'00112233' WHERE id = 101",
    "UPDATE t SET e = 'text' WHERE id = 101", "UPDATE t SET e = 5.5 WHERE id = 101",
    "UPDATE t SET e = CAST(x'0000c07f' || zeroblob(28) AS BLOB) WHERE id = 101",
    "UPDATE t SET e = NULL WHERE id = 101; UPDATE t SET e = :v WHERE id = 101",
    "UPDATE t SET e = zeroblob(32)",
    "UPDATE t SET id = 1000 WHERE id = 101", "UPDATE t SET id = -id WHERE id % 2",
    "UPDATE t SET rowid = 77777 WHERE rowid = 101; INSERT INTO t(id, e) VALUES (101, :v)",
    "REPLACE INTO t(id, e) VALUES (101, :v)", "REPLACE INTO t(id, e) VALUES (101, NULL)",
    "UPDATE OR REPLACE t SET id = 101 WHERE id = 7",
    "INSERT INTO t(id, e) VALUES (101, :v) ON CONFLICT DO UPDATE SET e = excluded.e",
    "INSERT INTO t(id, e) VALUES (101, :v) ON CONFLICT DO NOTHING",
    "UPDATE t SET n = n + 1",
]


def track(engine, table="t", column="e", action="create"):
    """Tracks the column: all of the statements or none."""
    engine.execute("SAVEPOINT track")
    try:
        for (sql,) in engine.execute("SELECT sql FROM vec_track_sql(?, ?, ?)",
                                     (table, column, action)):
            engine.execute(sql)
    except engine.Error:
        engine.execute("ROLLBACK TO track")
        raise
    finally:
        engine.execute("RELEASE track")


def fill(engine, rows=200, dims=DIMS, table="t", tracked=True, seed=1):
    """A table of random vectors, one of which is returned."""
    vectors = np.random.default_rng(seed).standard_normal((rows, dims)).astype("<f4")
    engine.execute(f"CREATE TABLE {table}(id INTEGER PRIMARY KEY, n, e)")
    engine.execute("BEGIN")
    engine.connection.executemany(f"INSERT INTO {table}(e) VALUES (?)",
                                  [(row,) for row in map(bytes, vectors)])
    engine.execute("COMMIT")
    if tracked:
        track(engine, table)
    return bytes(vectors[rows // 2])


def vector(number, dims=DIMS):
    return f32(np.random.default_rng(1000 + number).standard_normal(dims))


def change(engine, sql, value=vector(0)):
    for statement in sql.split("; "):
        engine.execute(statement.replace(":v", f"x'{value.hex()}'"))


def exact(rows):
    return [(key, bits_of(score), bits_of(distance), rank) for key, score, distance, rank in rows]


def used(engine, query, k=5, metric="l2", element="float32", table="t"):
    """The tier of one search, whose answer is that of reading all rows."""
    found = engine.execute(
        f"SELECT rowid, score, distance, rank FROM vec_topk('{table}', 'e', ?, ?, ?, NULL, ?) "
        "ORDER BY rank", (query, k, metric, element))
    where = tier(engine)
    assert exact(found) == exact(brute(engine, query, table, k=k, metric=metric, element=element))
    return where


def warm(engine, query, table="t", **options):
    """Searches until memory answers, which it must. After a change of the schema the repeats that
    lead to a fill are counted anew."""
    for _ in range(4):
        where = used(engine, query, table=table, **options)
    assert where in CACHED
    return where
