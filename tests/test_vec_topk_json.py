"""vec_topk_json(key, embedding, query, k [, metric]): a ranking as JSON, over any FROM."""
import json

import numpy as np
import pytest

import vectors
from vectors import F32, error, f32, i8, same, value

SCORES = {
    "dot": (vectors.dot, lambda x: x),
    "cosine": (vectors.cosine, lambda x: 1 - x),
    "l2": (vectors.l2, lambda x: -x),
    "l1": (vectors.l1, lambda x: -x),
}


def ranking(rows, query, metric, k=None):
    """The k best (key, score), equal scores in the order of the rows."""
    oracle, score = SCORES[metric]
    scored = [(key, score(oracle(v, query))) for key, v in rows]
    return sorted(scored, key=lambda pair: -pair[1])[:k]


def pairs(text):
    result = json.loads(text)
    assert all(list(entry) == ["id", "score"] for entry in result)
    return [(entry["id"], entry["score"]) for entry in result]


def fill(db, rows):
    db.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, g INTEGER, v BLOB)")
    for key, v in rows:
        db.execute("INSERT INTO t VALUES (?,?,?)", (key, key % 4, f32(v)))


def ask(engine, source, query, k, *metric):
    extra = ", ?" * len(metric)
    return pairs(value(engine, f"vec_topk_json(id, v, ?, ?{extra}) FROM {source}",
                       query, k, *metric))


# ---- rankings ---------------------------------------------------------------------------------

def test_a_small_ranking(engine):
    engine.script("CREATE TABLE t(id, v); INSERT INTO t VALUES (1,'[1,0]'),(2,'[0,1]'),(3,'[2,2]')")
    assert ask(engine, "t", "[1,0.5]", 2) == [(3, 3.0), (1, 1.0)]


@pytest.mark.parametrize("metric", SCORES)
@pytest.mark.parametrize("dims", [1, 16, 17, 65, 300])
def test_scores_have_the_bits_of_the_oracle(db, metric, dims):
    rng = np.random.default_rng(dims)
    rows = list(enumerate(rng.standard_normal((200, dims)).astype(F32)))
    query = rng.standard_normal(dims).astype(F32)
    fill(db, rows)
    for k in (1, 7, 200, 1000):
        got = ask(db, "t", f32(query), k, metric)
        expected = ranking(rows, query, metric, k)
        assert [key for key, _ in got] == [key for key, _ in expected]
        assert all(same(x, y) for (_, x), (_, y) in zip(got, expected))


def test_control_a_wrong_score_would_be_seen(db):
    rng = np.random.default_rng(1)
    rows = list(enumerate(rng.standard_normal((50, 30)).astype(F32)))
    query = rng.standard_normal(30).astype(F32)
    fill(db, rows)
    assert ask(db, "t", f32(query), 5) != ranking(rows, np.nextafter(query, F32(9)), "dot", 5)
    assert ask(db, "t", f32(query), 5) != ranking(rows, query, "l2", 5)


def test_the_metric_defaults_to_dot(db):
    rows = list(enumerate(np.random.default_rng(2).standard_normal((30, 8)).astype(F32)))
    fill(db, rows)
    query = f32(rows[3][1])
    assert ask(db, "t", query, 9) == ask(db, "t", query, 9, "dot") == (
        ranking(rows, rows[3][1], "dot", 9))


@pytest.mark.parametrize("metric", [*SCORES, "hamming"])
def test_the_same_as_vec_topk(engine, metric):
    rng = np.random.default_rng(3)
    engine.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, v BLOB)")
    for i in range(100):
        engine.execute("INSERT INTO t VALUES (?,?)", (i, f32(rng.standard_normal(24))))
    query = f32(rng.standard_normal(24))
    if metric == "hamming":
        text = value(engine, "vec_topk_json(id, vec_bit(v), vec_bit(?), 10, 'hamming') FROM t",
                     query)
        rows = engine.execute(
            "SELECT id, score FROM vec_topk('t', 'v', ?, 10) WHERE metric = 'hamming'"
            " AND element = 'bit' ORDER BY rank", (query,))
    else:
        text = value(engine, "vec_topk_json(id, v, ?, 10, ?) FROM t", query, metric)
        rows = engine.execute("SELECT id, score FROM vec_topk('t', 'v', ?, 10, ?) ORDER BY rank",
                              (query, metric))
    assert pairs(text) == rows and len(rows) == 10


def test_json_rows_are_read_one_by_one(engine):
    engine.script("CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT);"
                  "INSERT INTO t VALUES (1,'[1]'),(2,'[20]'),(3,'[300]');")
    assert ask(engine, "t", "[1]", 9) == [(3, 300.0), (2, 20.0), (1, 1.0)]


def test_int8_rows(db):
    rng = np.random.default_rng(4)
    rows = rng.integers(-128, 128, (60, 40)).astype(np.int8)
    db.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, v BLOB)")
    db.executemany("INSERT INTO t VALUES (?,?)", [(i, i8(v)) for i, v in enumerate(rows)])
    text = value(db, "vec_topk_json(id, vec_int8(v), vec_int8(?), 60) FROM t", i8(rows[0]))
    scored = [(i, vectors.dot_int8(v, rows[0])) for i, v in enumerate(rows)]
    assert pairs(text) == sorted(scored, key=lambda pair: -pair[1])


def test_bit_rows(db):
    rng = np.random.default_rng(5)
    rows = [rng.bytes(9) for _ in range(50)]
    db.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, v BLOB)")
    db.executemany("INSERT INTO t VALUES (?,?)", list(enumerate(rows)))
    text = value(db, "vec_topk_json(id, vec_bit(v), vec_bit(?), 12, 'hamming') FROM t", rows[0])
    scored = [(i, -vectors.hamming(v, rows[0])) for i, v in enumerate(rows)]
    assert pairs(text) == sorted(scored, key=lambda pair: -pair[1])[:12]


@pytest.mark.parametrize("k", [1, 3, 5, 99])
def test_ties_keep_the_order_of_arrival(engine, k):
    engine.script("CREATE TABLE t(id INTEGER PRIMARY KEY, v)")
    for i in range(12):
        engine.execute("INSERT INTO t VALUES (?,?)", (i, f"[{i % 3}]"))
    best = [(i, 2.0) for i in (2, 5, 8, 11)]
    rest = [(i, 1.0) for i in (1, 4, 7, 10)] + [(i, 0.0) for i in (0, 3, 6, 9)]
    assert ask(engine, "t", "[1]", k) == (best + rest)[:k]
    backwards = "(SELECT id, v FROM t ORDER BY id DESC)"
    mirrored = best[::-1] + rest[3::-1] + rest[:3:-1]
    assert ask(engine, backwards, "[1]", k) == mirrored[:k]


def test_over_a_join_with_a_filter(engine):
    engine.script("CREATE TABLE t(id INTEGER PRIMARY KEY, v); CREATE TABLE tag(id, word);"
                  "INSERT INTO t VALUES (1,'[1]'),(2,'[2]'),(3,'[3]');"
                  "INSERT INTO tag VALUES (1,'a'),(3,'a'),(2,'b');")
    assert ask(engine, "t JOIN tag USING (id) WHERE word = 'a'", "[1]", 9) == [(3, 3.0), (1, 1.0)]
    text = value(engine, "vec_topk_json(id, v, '[1]', 9) FILTER (WHERE id < 3) FROM t")
    assert pairs(text) == [(2, 2.0), (1, 1.0)]


def test_group_by(db):
    rng = np.random.default_rng(6)
    rows = list(enumerate(rng.standard_normal((80, 10)).astype(F32)))
    query = rng.standard_normal(10).astype(F32)
    fill(db, rows)
    answers = db.execute("SELECT g, vec_topk_json(id, v, ?, 5, 'cosine') FROM t GROUP BY g",
                         (f32(query),)).fetchall()
    assert [g for g, _ in answers] == [0, 1, 2, 3]
    for g, text in answers:
        assert pairs(text) == ranking(rows[g::4], query, "cosine", 5)


def test_each_group_with_its_own_query(engine):
    engine.script("CREATE TABLE q(g INTEGER PRIMARY KEY, j TEXT);"
                  "CREATE TABLE t(id INTEGER PRIMARY KEY, v);"
                  "INSERT INTO q VALUES (1,'[1,0]'),(2,'[0,1]');"
                  "INSERT INTO t VALUES (1,'[3,1]'),(2,'[2,2]'),(3,'[1,3]');")
    rows = engine.execute("SELECT g, vec_topk_json(id, v, j, 2) FROM q, t GROUP BY g ORDER BY g")
    assert [(g, pairs(text)) for g, text in rows] == [
        (1, [(1, 3.0), (2, 2.0)]), (2, [(3, 3.0), (2, 2.0)])]


def test_a_centroid_as_query(engine):
    engine.script("CREATE TABLE t(id INTEGER PRIMARY KEY, v);"
                  "INSERT INTO t VALUES (1,'[1,0]'),(2,'[3,0]'),(3,'[0,9]');")
    text = value(engine, "vec_topk_json(id, v, (SELECT vec_avg(v) FROM t WHERE id < 3), 1, 'l2')"
                 " FROM t WHERE id > 1")
    assert pairs(text) == [(2, -1.0)]


# ---- what is no candidate ---------------------------------------------------------------------

def test_null_and_faulty_rows_are_left_out(engine):
    engine.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, v)")
    rows = [(1, f32([1, 1])), (2, None), (3, f32([1, 1, 1])), (4, f32([np.nan, 1])),
            (5, f32([np.inf, 1])), (6, f32([2, 2])), (7, b"\x01\x02\x03"), (8, b"")]
    for row in rows:
        engine.execute("INSERT INTO t VALUES (?,?)", row)
    assert ask(engine, "t", "[1,1]", 9) == [(6, 4.0), (1, 2.0)]


def test_rows_without_a_finite_score_are_left_out(engine):
    engine.script("CREATE TABLE t(id INTEGER PRIMARY KEY, v);"
                  "INSERT INTO t VALUES (1,'[0,0]'),(2,'[1,0]'),(3,'[3e38,0]');")
    assert ask(engine, "t WHERE id < 3", "[1,0]", 9, "cosine") == [(2, 1.0)]
    assert ask(engine, "t", "[3e38,0]", 9) == [(2, float(F32(3e38))), (1, 0.0)]


@pytest.mark.parametrize("rows", [[f32([1, 1, 1])], [f32([1]), f32([1, 1, 1]), None],
                                  [f32([np.nan, 1])]])
def test_when_every_row_is_faulty_it_is_an_error(engine, rows):
    engine.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, v)")
    for row in rows:
        engine.execute("INSERT INTO t(v) VALUES (?)", (row,))
    assert error(engine, "vec_topk_json(id, v, '[1,1]', 5) FROM t")


def test_nothing_to_rank(engine):
    engine.script("CREATE TABLE t(id INTEGER PRIMARY KEY, v)")
    assert value(engine, "vec_topk_json(id, v, '[1]', 5) FROM t") == "[]"
    engine.script("INSERT INTO t VALUES (1, NULL),(2, NULL)")
    assert value(engine, "vec_topk_json(id, v, '[1]', 5) FROM t") == "[]"
    engine.script("INSERT INTO t VALUES (3, '[1]')")
    assert value(engine, "vec_topk_json(id, v, '[1]', 0) FROM t") == "[]"


# ---- keys -------------------------------------------------------------------------------------

@pytest.mark.parametrize("key", [0, 1, -1, 2**63 - 1, -(2**63), 2**53 + 1, 0.5, 0.1, 1e300, -2.25,
                                 5e-324, None])
def test_numbers_and_null_as_keys(engine, key):
    assert pairs(value(engine, "vec_topk_json(?, '[1]', '[1]', 1)", key)) == [(key, 1.0)]


@pytest.mark.parametrize(
    "key", ["", "plain", 'quote " quote', "back\\slash", "line\nfeed\ttab\rreturn", "\x01\x1f",
            "\x08\x0c\x7f", "über", "\U0001f600", "</script>", "\u2028", "x" * 10_000, "12"])
def test_text_keys_are_escaped(engine, key):
    text = value(engine, "vec_topk_json(?, '[1]', '[1]', 1)", key)
    assert pairs(text) == [(key, 1.0)]
    assert value(engine, "json_extract(?, '$[0].id')", text) == key
    assert value(engine, "json_valid(?)", text) == 1


def test_text_keys_in_a_utf16_database(connect, tmp_path):
    engine = connect(str(tmp_path / "utf16.db"))
    engine.script("PRAGMA encoding='UTF-16le'; CREATE TABLE t(id TEXT, v TEXT);"
                  "INSERT INTO t VALUES ('äöü \U0001f600', '[1, 2]'), ('b', '[2, 2]');")
    assert pairs(value(engine, "vec_topk_json(id, v, '[1,1]', 5) FROM t")) == [
        ("b", 4.0), ("äöü \U0001f600", 3.0)]


def test_a_blob_key_is_an_error(engine):
    assert error(engine, "vec_topk_json(x'01', '[1]', '[1]', 1)")


def test_keys_outlive_their_row(db):
    # The row's memory is used again for the next one.
    db.execute("CREATE TABLE t(id TEXT, v BLOB)")
    db.executemany("INSERT INTO t VALUES (?,?)",
                   [(f"{i:03}" * 700, f32([i])) for i in range(100)])
    got = pairs(value(db, "vec_topk_json(id, v, '[1]', 100) FROM t"))
    assert got == [(f"{i:03}" * 700, float(i)) for i in reversed(range(100))]


# ---- the result is JSON -----------------------------------------------------------------------

def test_the_exact_text(engine):
    text = value(engine, "vec_topk_json('a', '[1]', '[0.5]', 1)")
    assert text.replace(" ", "") == '[{"id":"a","score":0.5}]'


def test_scores_are_written_with_every_digit(db):
    rng = np.random.default_rng(7)
    for _ in range(200):
        a, b = (rng.standard_normal(5).astype(F32) * F32(10.0 ** rng.integers(-18, 18))
                for _ in range(2))
        [(_, score)] = pairs(value(db, "vec_topk_json(1, ?, ?, 1, 'l1')", f32(a), f32(b)))
        assert same(score, -vectors.l1(a, b))


def test_it_unfolds_with_json_each(engine):
    engine.script("CREATE TABLE t(id INTEGER PRIMARY KEY, v);"
                  "INSERT INTO t VALUES (1,'[1]'),(2,'[2]'),(3,'[3]');")
    rows = engine.execute(
        "SELECT value ->> 'id', value ->> 'score'"
        " FROM json_each((SELECT vec_topk_json(id, v, '[2]', 2) FROM t))")
    assert rows == [(3, 6.0), (2, 4.0)]


def test_it_is_json_for_other_json_functions(engine):
    text = value(engine, "json_object('hits', vec_topk_json(1, '[1]', '[1]', 1))")
    assert json.loads(text) == {"hits": [{"id": 1, "score": 1.0}]}


# ---- errors -----------------------------------------------------------------------------------

@pytest.mark.parametrize("k", ["-1", "-9223372036854775808", "1.5", "'x'", "x'01'", "''"])
def test_a_bad_k(engine, k):
    assert error(engine, f"vec_topk_json(1, '[1]', '[1]', {k})")


@pytest.mark.parametrize("metric", ["'nonsense'", "''", "1", "x'00'", "x'FF'"])
def test_a_bad_metric(engine, metric):
    message = error(engine, f"vec_topk_json(1, '[1]', '[1]', 1, {metric})")
    assert all(name in message for name in ("dot", "cosine", "l2", "l1", "hamming"))


@pytest.mark.parametrize("query", ["1", "1.5", "''", "'[]'", "'abc'", "'[1,,2]'", "x''",
                                   "x'010203'", "x'0000C07F'", "x'0000807F'"])
def test_a_bad_query(engine, query):
    assert error(engine, f"vec_topk_json(1, '[1]', {query}, 1)")


@pytest.mark.parametrize(
    "arguments",
    ["1, '[1]', vec_int8('[1]'), 1", "1, vec_bit(x'01'), vec_bit(x'01'), 1",
     "1, '[1]', '[1]', 1, 'hamming'", "1, vec_bit(x'01'), vec_bit(x'01'), 1, 'cosine'"])
def test_types_that_do_not_fit(engine, arguments):
    assert error(engine, f"vec_topk_json({arguments})")


def test_it_is_no_window_function(engine):
    assert "window" in error(engine, "vec_topk_json(1, '[1]', '[1]', 1) OVER ()")


@pytest.mark.parametrize("arguments", ["", "1", "1,'[1]','[1]'", "1,'[1]','[1]',1,'dot',1"])
def test_the_number_of_arguments(engine, arguments):
    assert "wrong number of arguments" in error(engine, f"vec_topk_json({arguments})")
