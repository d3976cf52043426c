"""vec_mmr: picks that are near the query and unlike one another, against numpy."""

import math

import numpy as np
import pytest
from topk_oracle import COMBINATIONS, WRAP, f32

DIMS = 24


def similarity(metric, a, b):
    """The score of `a` for the query `b`, in double."""
    if metric == "hamming":
        return -float(np.unpackbits(np.bitwise_xor(a, b)).sum())
    a, b = a.astype(np.float64), b.astype(np.float64)
    if metric == "dot":
        return float(a @ b)
    if metric == "cosine":
        return float(a @ b / math.sqrt((a @ a) * (b @ b)))
    return -float(np.abs(a - b).sum() if metric == "l1" else np.linalg.norm(a - b))


def greedy(metric, query, rows, k, fetch_k, weight):
    """[(id, value)] of the definition; rows: {id: vector}."""
    score = {i: similarity(metric, v, query) for i, v in rows.items()}
    left = sorted(rows, key=lambda i: (-score[i], i))[:fetch_k]
    picked = []
    while left and len(picked) < k:
        def value(i):
            likeness = max((similarity(metric, rows[i], rows[j]) for j, _ in picked), default=0)
            return weight * score[i] - (1 - weight) * likeness
        best = max(left, key=value)  # the first of equal ones
        picked.append((best, value(best)))
        left.remove(best)
    return picked


def random_rows(seed, count, element="float32"):
    rng = np.random.default_rng(seed)
    if element == "bit":
        return {i: rng.integers(0, 256, DIMS, dtype=np.uint8) for i in range(1, count + 1)}
    # Around a few centres, so that likeness matters.
    centres = rng.normal(size=(5, DIMS))
    rows = centres[rng.integers(0, 5, count)] + 0.4 * rng.normal(size=(count, DIMS))
    dtype = np.int8 if element == "int8" else "<f4"
    scale = 25 if element == "int8" else 1
    return {i + 1: np.clip(row * scale, -127, 127).astype(dtype) for i, row in enumerate(rows)}


def fill(engine, rows, table="t", key="id INTEGER PRIMARY KEY", end=""):
    engine.execute(f"CREATE TABLE {table}({key}, e BLOB){end}")
    engine.execute("BEGIN")
    for i, row in rows.items():
        engine.execute(f"INSERT INTO {table} VALUES (?, ?)", (i, row.tobytes()))
    engine.execute("COMMIT")


# ---- the definition -----------------------------------------------------------------------------


@pytest.mark.parametrize("metric, element", COMBINATIONS)
def test_picks_are_those_of_the_definition(engine, metric, element):
    rows = random_rows(1, 120, element)
    query = random_rows(2, 1, element)[1]
    fill(engine, rows)
    for weight in [0.2, 0.5, 0.9]:
        for k, fetch_k in [(1, 30), (10, 10), (12, 40), (10, 120)]:
            found = engine.execute(
                f"SELECT id, mmr FROM vec_mmr('t', 'e', {WRAP[element]}(?), ?, ?) "
                "WHERE lambda = ? AND fetch_k = ?", (query.tobytes(), k, metric, weight, fetch_k))
            expected = greedy(metric, query, rows, k, fetch_k, weight)
            assert np.allclose([row[1] for row in found], [row[1] for row in expected],
                               rtol=1e-5, atol=1e-5)
            if metric != "hamming" and element == "float32":  # else ties are likely
                assert [row[0] for row in found] == [row[0] for row in expected]


def test_scores_are_those_of_vec_topk(engine):
    rows = random_rows(3, 60)
    fill(engine, rows)
    q = random_rows(4, 1)[1].tobytes()
    scores = {row[0]: row for row in engine.execute(
        "SELECT id, score, distance, rowid FROM vec_topk('t', 'e', ?, 20, 'cosine')", (q,))}
    found = engine.execute("SELECT id, score, distance, rowid, rank FROM "
                           "vec_mmr('t', 'e', ?, 4, 'cosine')", (q,))
    assert [row[:4] for row in found] == [scores[row[0]] for row in found]
    assert [row[4] for row in found] == [1, 2, 3, 4]


def test_lambda_1_is_the_order_of_vec_topk(engine):
    fill(engine, random_rows(5, 50))
    q = random_rows(6, 1)[1].tobytes()
    topk = engine.execute("SELECT id, score FROM vec_topk('t', 'e', ?, 7)", (q,))
    assert engine.execute("SELECT id, mmr FROM vec_mmr('t', 'e', ?, 7) WHERE lambda = 1",
                          (q,)) == topk
    # And without any weight of the query, the first of them is still the nearest.
    first = engine.execute("SELECT id FROM vec_mmr('t', 'e', ?, 7) WHERE lambda = 0", (q,))[0]
    assert first == topk[0][:1]


def test_defaults(engine):
    fill(engine, random_rows(7, 90))
    q = random_rows(8, 1)[1].tobytes()
    for k, fetch_k in [(3, 20), (4, 20), (10, 50)]:
        assert engine.execute("SELECT * FROM vec_mmr('t', 'e', ?, ?)", (q, k)) == engine.execute(
            "SELECT * FROM vec_mmr('t', 'e', ?, ?, 'dot') WHERE lambda = 0.5 AND fetch_k = ?",
            (q, k, fetch_k))


def test_a_copy_of_the_first_waits(engine):
    fill(engine, {1: np.array([1, 0], "<f4"), 2: np.array([1, 0], "<f4"),
                  3: np.array([0.6, 0.8], "<f4"), 4: np.array([0, 1], "<f4")})
    sql = ("SELECT id, round(mmr, 6) FROM vec_mmr('t', 'e', '[1,0]', 4, 'cosine') "
           "WHERE lambda = 0.4")
    assert engine.execute(sql) == [(1, 0.4), (4, 0.0), (2, -0.2), (3, -0.24)]


# ---- sources ------------------------------------------------------------------------------------


@pytest.mark.parametrize("source, key, end", [
    ("'t'", "id INTEGER PRIMARY KEY", ""),
    ("'t'", "id TEXT PRIMARY KEY", ""),
    ("'t'", "id INTEGER PRIMARY KEY", " WITHOUT ROWID"),
    ("'v'", "id INTEGER PRIMARY KEY", ""),
    ("db_query('SELECT e, id FROM t ORDER BY id % 7')", "id INTEGER PRIMARY KEY", ""),
], ids=["table", "key", "without rowid", "view", "query"])
def test_sources(engine, source, key, end):
    rows = random_rows(9, 80)
    is_text = "TEXT" in key
    if is_text:
        rows = {f"{i:03d}": row for i, row in rows.items()}
    fill(engine, rows, key=key, end=end)
    engine.execute("CREATE VIEW v AS SELECT id, e FROM t WHERE id > 0")
    query = random_rows(10, 1)[1]
    expected = [i for i, _ in greedy("cosine", query, rows, 8, 40, 0.5)]
    sql = f"SELECT id FROM vec_mmr({source}, 'e', ?, 8, 'cosine')"
    for _ in range(3):  # from the file, then from memory
        assert [i for i, in engine.execute(sql, (query.tobytes(),))] == expected
    engine.execute("BEGIN")
    engine.execute("DELETE FROM t WHERE id = ?", (expected[0],))
    del rows[expected[0]]
    changed = [i for i, _ in greedy("cosine", query, rows, 8, 40, 0.5)]
    assert [i for i, in engine.execute(sql, (query.tobytes(),))] == changed
    engine.execute("ROLLBACK")
    assert [i for i, in engine.execute(sql, (query.tobytes(),))] == expected


def test_rows_that_are_no_candidates(engine):
    rows = random_rows(11, 30)
    fill(engine, rows)
    query = random_rows(12, 1)[1]
    expected = [i for i, _ in greedy("cosine", query, rows, 30, 30, 0.5)]
    bad = [None, b"", b"1", f32([1] * 5), f32([math.nan] * DIMS), f32([math.inf] * DIMS),
           f32([0] * DIMS), "text", 5]
    for value in bad:
        engine.execute("INSERT INTO t(e) VALUES (?)", (value,))
    sql = "SELECT id FROM vec_mmr('t', 'e', ?, 100, 'cosine')"
    assert [i for i, in engine.execute(sql, (query.tobytes(),))] == expected
    with pytest.raises(engine.Error, match=r"vec_mmr: t\.e: rowid 32 .*strict = 1"):
        engine.execute(sql + " WHERE strict = 1", (query.tobytes(),))


def test_few_rows(engine):
    fill(engine, {})
    sql = "SELECT id FROM vec_mmr('t', 'e', '[1,0]', 5)"
    assert engine.execute(sql) == []
    engine.execute("INSERT INTO t VALUES (7, ?)", (f32(1, 1),))
    assert engine.execute(sql) == [(7,)]
    assert engine.execute("SELECT id FROM vec_mmr('t', 'e', '[1,0]', 9223372036854775807)") == [(7,)]
    assert engine.execute("SELECT id FROM vec_mmr('t', 'e', '[1,0]', 0)") == []
    assert engine.execute("SELECT id FROM vec_mmr('t', 'e', NULL, 5)") == []


def test_similarities_beyond_float32_do_not_count(engine):
    big = {1: np.full(DIMS, 3e38, "<f4"), 2: np.full(DIMS, 2e38, "<f4"),
           3: np.full(DIMS, 1, "<f4")}
    fill(engine, big)
    rows = engine.execute("SELECT id, mmr FROM vec_mmr('t', 'e', ?, 3)", (f32([1e-3] * DIMS),))
    assert [row[0] for row in rows] == [1, 2, 3]
    assert all(math.isfinite(row[1]) for row in rows)


# ---- in a statement -----------------------------------------------------------------------------


def test_restrictions_come_first(engine):
    rows = random_rows(13, 90)
    fill(engine, rows)
    query = random_rows(14, 1)[1]
    odd = {i: row for i, row in rows.items() if i % 2}
    expected = [i for i, _ in greedy("cosine", query, odd, 6, 30, 0.5)]
    sql = "SELECT id FROM vec_mmr('t', 'e', ?, 6, 'cosine') WHERE "
    wheres = ["within = (SELECT vec_ids(rowid) FROM t WHERE id % 2)",
              "within = (SELECT json_group_array(id) FROM t WHERE id % 2)",
              "rowid IN (SELECT rowid FROM t WHERE id % 2)", "id IN (SELECT id FROM t WHERE id % 2)"]
    for where in wheres[:4 if engine.version >= (3, 38) else 2]:
        assert [i for i, in engine.execute(sql + where, (query.tobytes(),))] == expected
    # A comparison comes after: also one of mmr.
    every = engine.execute("SELECT id, mmr, score FROM vec_mmr('t', 'e', ?, 6, 'cosine')",
                           (query.tobytes(),))
    assert engine.execute(sql.replace("SELECT id", "SELECT id, mmr, score") + "mmr = ?",
                          (query.tobytes(), every[2][1])) == [every[2]]
    least = sorted(row[2] for row in every)[2]
    kept = engine.execute("SELECT score FROM vec_mmr('t', 'e', ?, 6, 'cosine', ?)",
                          (query.tobytes(), least))
    assert min(kept)[0] >= least and len(kept) == 6


def test_order(engine):
    fill(engine, random_rows(15, 60))
    q = random_rows(16, 1)[1].tobytes()
    sql = "SELECT rank, score, mmr, distance FROM vec_mmr('t', 'e', ?, 12, 'cosine') ORDER BY "
    rows = engine.execute(sql + "rank", (q,))
    assert [row[0] for row in rows] == list(range(1, 13))
    for order, key in [("rank DESC", lambda row: -row[0]), ("score DESC", lambda row: -row[1]),
                       ("distance", lambda row: row[3]), ("mmr DESC", lambda row: -row[2]),
                       ("distance, rank", lambda row: (row[3], row[0]))]:
        found = engine.execute(sql + order, (q,))
        assert found == sorted(rows, key=key)
    assert engine.execute(sql + "rank LIMIT 3 OFFSET 2", (q,)) == rows[2:5]
    assert [row[0] for row in rows] != [row[0] for row in sorted(rows, key=lambda row: -row[1])]


def test_a_query_from_another_table(engine):
    rows = random_rows(17, 40)
    fill(engine, rows)
    found = engine.execute(
        "SELECT q.id, m.id, m.lambda, m.fetch_k FROM t AS q, vec_mmr('t', 'e', q.e, 3, 'cosine') "
        "AS m WHERE q.id < 5 AND m.lambda = q.id / 10.0 ORDER BY q.id, m.rank")
    expected = [(i, j, i / 10, None) for i in range(1, 5)
                for j, _ in greedy("cosine", rows[i], rows, 3, 20, i / 10)]
    assert found == expected


def test_a_repeated_search_is_made_once(engine):
    fill(engine, random_rows(18, 40))
    q = random_rows(19, 1)[1].tobytes()
    before = "SELECT coalesce(max(searches), 0) FROM vec_last_scan"
    count = engine.execute(before)[0][0]
    rows = engine.execute("SELECT t.id, m.rank, m.mmr FROM t LEFT JOIN vec_mmr('t', 'e', ?, 5) AS m "
                          "ON m.rowid = t.rowid ORDER BY t.id", (q,))
    assert engine.execute(before)[0][0] == count + 1
    found = sorted(row for row in rows if row[1])
    assert found == sorted(engine.execute("SELECT id, rank, mmr FROM vec_mmr('t', 'e', ?, 5)", (q,)))


@pytest.mark.parametrize("call, message", [
    ("vec_mmr('t', 'e', '[1,0]')", "the argument 'k' is missing; write vec_mmr(source, column"),
    ("vec_mmr('t', 'e', '[1,0]', NULL)", "k must be an integer of 0 or more, found NULL"),
    ("vec_mmr('t', 'e', '[1,0]', -1)", "k must be an integer of 0 or more, found -1"),
    ("vec_mmr('t', 'e', '[1,0]', 5) WHERE lambda = 1.1", "lambda must be a number from 0 to 1, found 1.1"),
    ("vec_mmr('t', 'e', '[1,0]', 5) WHERE lambda = -0.1", "lambda must be a number from 0 to 1"),
    ("vec_mmr('t', 'e', '[1,0]', 5) WHERE lambda = 'x'", "lambda must be a number from 0 to 1, found x"),
    ("vec_mmr('t', 'e', '[1,0]', 5) WHERE lambda = x'00'", "lambda must be a number from 0 to 1, found BLOB"),
    ("vec_mmr('t', 'e', '[1,0]', 5) WHERE fetch_k = 4", "fetch_k must be an integer of at least k (5), found 4"),
    ("vec_mmr('t', 'e', '[1,0]', 5) WHERE fetch_k = 'all'", "fetch_k must be an integer of at least k (5)"),
    ("vec_mmr('t', 'e', '[1,0,0]', 5)", "the query has 3 dimensions"),
    ("vec_mmr('t', 'e', '[1,0]', 5, 'near')", "unknown metric 'near'"),
    ("vec_mmr('t', 'x', '[1,0]', 5)", "t has no column 'x'"),
    ("vec_mmr('u', 'e', '[1,0]', 5)", "no table or view 'u'"),
    ("vec_mmr('t', 'e', '[1,0]', 5) WHERE within = 5", "within must be a JSON array"),
    ("vec_mmr('t', 'e', '[1,0', 5)", "query: JSON parsing error"),
    ("vec_mmr('t', 'e', '[1,0]', 5) WHERE element = 'half'", "unknown element 'half'"),
])
def test_errors(engine, call, message):
    fill(engine, {1: np.array([1, 0], "<f4")})
    with pytest.raises(engine.Error) as caught:
        engine.execute(f"SELECT * FROM {call}")
    assert message in str(caught.value)
    assert str(caught.value).count("vec_mmr: ") == 1


def test_a_source_that_is_another_one_each_time_is_an_error(engine):
    engine.execute("CREATE VIEW v AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
                   "WHERE i < 40) SELECT i AS id, CAST(randomblob(16) AS BLOB) AS e FROM n")
    with pytest.raises(engine.Error, match="was another one when it was searched"):
        engine.execute("SELECT * FROM vec_mmr('v', 'e', vec_int8(?), 30, 'l2')", (b"\x01" * 16,))


def test_interrupt(db):
    db.execute("CREATE TABLE t(e)")
    db.execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) "
               "INSERT INTO t SELECT vec_int8(randomblob(400)) FROM n")
    calls = []
    db.set_progress_handler(lambda: calls.append(1) or len(calls) > 2000, 100)
    with pytest.raises(Exception, match="interrupted"):
        db.execute("SELECT count(*) FROM vec_mmr('t', 'e', vec_int8(zeroblob(400)), 15000, 'l2') "
                   "WHERE fetch_k = 20000").fetchall()
    db.set_progress_handler(None, 0)
    assert len(db.execute("SELECT * FROM vec_mmr('t', 'e', vec_int8(zeroblob(400)), 3, 'l2')"
                          ).fetchall()) == 3
