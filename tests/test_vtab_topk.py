"""vec_topk returns what a full scan with the scalar function returns, bit for bit."""

import json
import math

import numpy as np
import pytest
from topk_oracle import (
    COMBINATIONS,
    FLOAT_METRICS,
    bits_of,
    brute,
    f32,
    fill,
    i8,
    numpy_distances,
)

ROWS = "SELECT rowid, score, distance, rank FROM vec_topk"


def same(found, expected):
    """Equal rows, and equal to the last bit."""
    if len(found) != len(expected):
        return False
    for (key, score, distance, rank), (key2, score2, distance2, rank2) in zip(found, expected):
        if (key, rank) != (key2, rank2):
            return False
        if bits_of(score) != bits_of(score2) or bits_of(distance) != bits_of(distance2):
            return False
    return True


def random_blobs(rng, dims, element, count=40):
    """Random rows with duplicates, the zero vector and, for floats, denormal values."""
    if element == "bit":
        rows = [rng.integers(0, 256, max(1, dims // 8), dtype=np.uint8).tobytes()
                for _ in range(count)]
        zero = bytes(len(rows[0]))
    elif element == "int8":
        rows = [i8(rng.integers(-128, 128, dims)) for _ in range(count)]
        zero = bytes(dims)
    else:
        rows = [f32(rng.standard_normal(dims)) for _ in range(count)]
        rows.append(f32(rng.standard_normal(dims) * 1e-41))
        zero = bytes(4 * dims)
    rows += [rows[0], rows[3], rows[0], zero, zero]
    return [rows[i] for i in rng.permutation(len(rows))]


def random_query(rng, dims, element):
    """A query that is not zero."""
    if element == "bit":
        return rng.integers(0, 256, max(1, dims // 8), dtype=np.uint8).tobytes()
    if element == "int8":
        return i8(rng.integers(1, 128, dims) * rng.choice([-1, 1], dims))
    return f32(rng.standard_normal(dims) + 1e-3)


DIMENSIONS = [1, 2, 3, 7, 8, 15, 16, 17, 31, 33, 64, 65, 127, 128, 129, 200, 255, 256, 300]


@pytest.mark.parametrize("metric,element", COMBINATIONS)
@pytest.mark.parametrize("dims", DIMENSIONS)
def test_every_shape_equals_brute_force(engine, dims, metric, element):
    rng = np.random.default_rng(dims * 10 + len(metric))
    blobs = random_blobs(rng, dims, element)
    fill(engine, blobs)
    for query in (random_query(rng, dims, element), blobs[7]):
        for k in (None, 1, 7, len(blobs) + 5):
            found = engine.execute(
                f"{ROWS}('t', 'e', ?, ?, ?, NULL, ?)", (query, k, metric, element))
            expected = brute(engine, query, k=k, metric=metric, element=element)
            assert same(found, expected), (query, k)


@pytest.mark.parametrize("metric,element", COMBINATIONS)
@pytest.mark.parametrize("dims", [1, 3, 8, 16, 17, 100, 256, 300])
def test_every_shape_agrees_with_numpy(engine, dims, metric, element):
    rng = np.random.default_rng(dims)
    blobs = random_blobs(rng, dims, element)
    query = random_query(rng, dims, element)
    fill(engine, blobs)
    found = dict(engine.execute(
        "SELECT rowid, distance FROM vec_topk('t', 'e', ?, NULL, ?, NULL, ?)",
        (query, metric, element)))
    distances = numpy_distances(metric, element, blobs, query)
    expected = {n: d for n, d in enumerate(distances, 1) if math.isfinite(d)}
    if metric == "cosine" and element == "float32":
        # The squares of denormal elements vanish in float32.
        expected = {n: d for n, d in expected.items()
                    if np.abs(np.frombuffer(blobs[n - 1], "<f4")).max() > 1e-20}
        found = {n: d for n, d in found.items() if n in expected}
    assert found.keys() == expected.keys()
    scale = 1 + np.abs(distances[np.isfinite(distances)]).max()
    for key, distance in expected.items():
        assert found[key] == pytest.approx(distance, rel=1e-5, abs=2e-6 * scale)


def test_control_brute_force_sees_a_wrong_rank_and_a_wrong_bit(engine):
    fill(engine, [f32(1, 0), f32(0, 1), f32(0.3, 0.4)])
    expected = brute(engine, f32(1, 0.1))
    found = engine.execute(f"{ROWS}('t', 'e', ?)", (f32(1, 0.1),))
    assert same(found, expected)
    assert not same(found[::-1], expected)
    key, score, distance, rank = found[1]
    found[1] = (key, score, math.nextafter(distance, 9), rank)
    assert not same(found, expected)


# ---- columns and order ---------------------------------------------------------------------


def test_visible_columns(db):
    db.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, e)")
    cursor = db.execute("SELECT * FROM vec_topk('t', 'e', '[1,2]')")
    assert [column[0] for column in cursor.description] == ["id", "score", "distance", "rank"]


def test_hidden_columns_in_order(engine):
    columns = engine.execute(
        "SELECT name FROM pragma_table_xinfo('vec_topk') WHERE hidden = 1 ORDER BY cid")
    assert [name for name, in columns] == [
        "source", "column", "query", "k", "metric", "min_score", "element", "strict", "within"]


def test_types_of_the_columns(engine):
    fill(engine, [f32(1, 0)])
    assert engine.execute(
        "SELECT typeof(id), typeof(score), typeof(distance), typeof(rank), typeof(rowid) "
        "FROM vec_topk('t', 'e', '[1,2]')") == [("integer", "real", "real", "integer", "integer")]


@pytest.mark.parametrize("metric", FLOAT_METRICS)
def test_ties_are_ordered_by_rowid(engine, metric):
    fill(engine, [f32(1, 1)] * 9 + [f32(9, 9)])
    found = engine.execute(
        "SELECT rowid, rank FROM vec_topk('t', 'e', '[1,1]', 5, ?) WHERE rowid < 10", (metric,))
    keys = [key for key, _ in found]
    assert keys == sorted(keys)
    assert keys[0] == 1


def test_ties_at_the_border_of_k_keep_the_lowest_rowids(engine):
    fill(engine, [f32(1, 1)] * 20)
    for k in range(1, 21):
        assert engine.execute("SELECT rowid FROM vec_topk('t', 'e', '[1,1]', ?)", (k,)) == [
            (n,) for n in range(1, k + 1)]


def test_rowids_are_the_tables_over_the_whole_range(engine):
    keys = [-(2**63), -5, 0, 7, 2**53 + 1, 2**63 - 1]
    engine.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, e)")
    for key in keys:
        engine.execute("INSERT INTO t VALUES (?, ?)", (key, f32(1, 0)))
    assert engine.execute("SELECT rowid, id, rank FROM vec_topk('t', 'e', '[1,0]')") == [
        (key, key, n) for n, key in enumerate(keys, 1)]


@pytest.mark.parametrize("metric,element", COMBINATIONS)
def test_zero_is_plus_zero(engine, metric, element):
    """SQL's minus makes 0.0 of 0.0, so a user never sees -0.0."""
    blob = b"\x05\x00\x00\x00" if element != "float32" else f32(1, 0)
    other = b"\x00\x01\x00\x00" if element == "int8" else f32(0, 1)
    fill(engine, [other if metric == "dot" else blob])
    (score, distance), = engine.execute(
        "SELECT score, distance FROM vec_topk('t', 'e', ?, 1, ?, NULL, ?)",
        (blob, metric, element))
    assert bits_of(distance) == bits_of(0.0)
    assert bits_of(score) == bits_of(1.0 if metric == "cosine" else 0.0)


# ---- k -------------------------------------------------------------------------------------


@pytest.mark.parametrize("k,count", [
    (None, 6), (0, 0), (0.0, 0), (1, 1), (6, 6), (7, 6), (5.0, 5), (10.0, 6), (4097, 6),
    (2**31, 6), (2**32 + 1, 6), (10**18, 6), (1e18, 6), (2**63 - 1, 6),
])
def test_k(engine, k, count):
    fill(engine, [f32(n, 1) for n in range(6)])
    found = engine.execute("SELECT rowid, rank FROM vec_topk('t', 'e', '[1,0]', ?)", (k,))
    assert found == [(6 - n, n + 1) for n in range(count)]


def test_k_omitted_is_the_full_ranking(engine):
    fill(engine, [f32(n, 1) for n in range(5000)])
    assert engine.execute("SELECT count(*), max(rank) FROM vec_topk('t', 'e', '[1,0]')") == [
        (5000, 5000)]


def test_k_above_4096(engine):
    fill(engine, [f32(n % 97, n % 89) for n in range(6000)])
    expected = brute(engine, f32(1, -1), k=5000)
    assert same(engine.execute(f"{ROWS}('t', 'e', '[1,-1]', 5000)"), expected)


def test_many_dimensions(engine):
    rng = np.random.default_rng(3)
    fill(engine, [f32(rng.standard_normal(20_000)) for _ in range(5)])
    query = f32(rng.standard_normal(20_000))
    assert same(engine.execute(f"{ROWS}('t', 'e', ?, 3, 'l2')", (query,)),
                brute(engine, query, k=3, metric="l2"))


# ---- arguments -----------------------------------------------------------------------------


def test_arguments_by_name(engine):
    fill(engine, [f32(n, 1) for n in range(6)])
    by_place = engine.execute(
        f"{ROWS}('t', 'e', '[3,1]', 2, 'l2', -5, 'float32', 0, '[2,3,5]')")
    by_name = engine.execute(
        f"{ROWS} WHERE source = 't' AND \"column\" = 'e' AND query = '[3,1]' AND k = 2 "
        "AND metric = 'l2' AND min_score = -5 AND element = 'float32' AND strict = 0 "
        "AND within = '[2,3,5]'")
    assert by_place == by_name == [(3, -1.0, 1.0, 1), (5, -1.0, 1.0, 2)]


def test_arguments_by_place_and_name(engine):
    fill(engine, [f32(n, 1) for n in range(6)])
    assert engine.execute(
        "SELECT rowid FROM vec_topk('t', 'e', '[3,1]') WHERE metric = 'l2' AND k = 1") == [(4,)]


def test_null_arguments_mean_the_default(engine):
    fill(engine, [f32(n, 1) for n in range(6)])
    assert engine.execute(f"{ROWS}('t', 'e', '[3,1]', NULL, NULL, NULL, NULL, NULL)") == (
        engine.execute(f"{ROWS}('t', 'e', '[3,1]')"))


def test_default_metric_is_dot(engine):
    fill(engine, [f32(1, 0), f32(5, 0)])
    assert engine.execute(f"{ROWS}('t', 'e', '[2,0]')") == [(2, 10, -10, 1), (1, 2, -2, 2)]


def test_bound_arguments_of_a_reused_statement(engine):
    fill(engine, [f32(n, 1) for n in range(6)])
    sql = "SELECT rowid FROM vec_topk(?, ?, ?, ?, ?)"
    assert engine.execute(sql, ("t", "e", "[1,0]", 1, "dot")) == [(6,)]
    assert engine.execute(sql, ("t", "e", "[-1,0]", 2, "dot")) == [(1,), (2,)]
    assert engine.execute(sql, ("t", "e", f32(2, 1), 1, "l2")) == [(3,)]
    assert engine.execute(sql, ("t", "e", None, 1, "l2")) == []


# ---- query ---------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [
    "[0.5,-1,2]", " [0.5, -1, 2] ", "[5e-1,-1.0,2e0]", "\n[0.5,\t-1,\r2]"])
def test_json_query_equals_the_blob(engine, text):
    fill(engine, [f32(n, 1, -n) for n in range(6)])
    assert engine.execute(f"{ROWS}('t', 'e', ?)", (text,)) == (
        engine.execute(f"{ROWS}('t', 'e', ?)", (f32(0.5, -1, 2),)))


def test_query_made_by_a_function(engine):
    fill(engine, [f32(n, 1) for n in range(6)])
    assert engine.execute("SELECT rowid FROM vec_topk('t', 'e', vec_f32('[-1,0]'), 1)") == [(1,)]


def test_query_from_a_scalar_subquery(engine):
    fill(engine, [f32(n, 1) for n in range(6)])
    assert engine.execute(
        "SELECT rowid FROM vec_topk('t', 'e', (SELECT e FROM t WHERE id = 3), 1, 'l2')") == [(3,)]


@pytest.mark.parametrize("text,blob", [("[1,-2,127]", i8(1, -2, 127)), ("[0,0,1]", i8(0, 0, 1))])
def test_int8_query_as_json_and_as_blob(engine, text, blob):
    fill(engine, [i8(n, -n, 2 * n) for n in range(9)])
    sql = f"{ROWS}('t', 'e', ?, NULL, 'l2', NULL, 'int8')"
    assert engine.execute(sql, (text,)) == engine.execute(sql, (blob,)) != []


def test_null_query_gives_no_rows(engine):
    fill(engine, [f32(1, 2)])
    assert engine.execute("SELECT * FROM vec_topk('t', 'e', NULL, 5)") == []


def test_query_per_row_of_an_earlier_table(engine):
    fill(engine, [f32(n, 1) for n in range(6)])
    engine.execute("CREATE TABLE q(n INTEGER PRIMARY KEY, v)")
    queries = {1: f32(1, 0), 2: "[-1,0]", 3: None, 4: f32(1, 0), 5: "[0,1]"}
    for key, value in queries.items():
        engine.execute("INSERT INTO q VALUES (?, ?)", (key, value))
    found = engine.execute(
        "SELECT q.n, t.rowid, t.rank FROM q JOIN vec_topk('t', 'e', q.v, 2) AS t ORDER BY 1, 3")
    expected = []
    for key, value in queries.items():
        expected += [(key, *row) for row in engine.execute(
            "SELECT rowid, rank FROM vec_topk('t', 'e', ?, 2)", (value,))]
    assert found == expected
    assert len(found) == 8


def test_k_and_metric_per_row_of_an_earlier_table(engine):
    fill(engine, [f32(n, 1) for n in range(6)])
    engine.execute("CREATE TABLE a(k, metric)")
    engine.execute("INSERT INTO a VALUES (1, 'dot'), (3, 'l2'), (0, 'l1'), (2, NULL)")
    assert engine.execute(
        "SELECT a.k, count(t.rowid) FROM a LEFT JOIN vec_topk('t', 'e', '[1,1]', a.k, a.metric) "
        "AS t GROUP BY a.k ORDER BY 1") == [(0, 0), (1, 1), (2, 2), (3, 3)]


def test_neighbours_of_every_row_of_the_table_itself(engine):
    rng = np.random.default_rng(5)
    fill(engine, [f32(rng.standard_normal(12)) for _ in range(30)])
    found = engine.execute(
        "SELECT a.id, t.rowid FROM t AS a JOIN vec_topk('t', 'e', a.e, 1, 'l2') AS t")
    assert sorted(found) == [(n, n) for n in range(1, 31)]


# ---- rows that are no candidates --------------------------------------------------------------

NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize("bad", [
    None, b"", b"\x00", f32(1), f32(1, 2, 3), f32(1, 2) + b"\x00", f32(NAN, 1), f32(1, INF),
    f32(-INF, 1), "[1,2]", 5, 1.5, "",
], ids=repr)
def test_a_bad_row_is_skipped(engine, bad):
    fill(engine, [f32(1, 0), bad, f32(0, 1)])
    assert engine.execute("SELECT rowid FROM vec_topk('t', 'e', '[1,2]')") == [(3,), (1,)]


@pytest.mark.parametrize("metric,query,row", [
    ("dot", f32(3e38, 3e38), f32(3e38, 3e38)),
    ("l2", f32(-3e38, 0), f32(3e38, 0)),
    ("cosine", f32(1, 0), f32(0, 0)),
])
def test_a_row_without_a_finite_score_is_skipped(engine, metric, query, row):
    fill(engine, [row, f32(1e-3, 0)])
    found = engine.execute(f"{ROWS}('t', 'e', ?, NULL, ?)", (query, metric))
    assert same(found, brute(engine, query, metric=metric))
    assert 1 not in [key for key, *_ in found]


def test_huge_values_whose_l1_is_finite_are_kept(engine):
    fill(engine, [f32(3.4028235e38, 0)])
    (distance,), = engine.execute(
        "SELECT distance FROM vec_topk('t', 'e', ?, 1, 'l1')", (f32(-3.4028235e38, 0),))
    assert distance == 6.805646932770577e+38


@pytest.mark.parametrize("metric", ["dot", "l2", "l1"])
def test_denormal_rows_are_told_apart(engine, metric):
    fill(engine, [f32(1e-41, 0), f32(2e-41, 0)])
    query = f32(1, 0) if metric == "dot" else f32(2e-41, 0)
    found = engine.execute("SELECT rowid FROM vec_topk('t', 'e', ?, 1, ?)", (query, metric))
    # The square of a denormal vanishes: for l2 both are at distance 0 and the rowid decides.
    assert found == [(1,) if metric == "l2" else (2,)]


def test_cosine_of_a_zero_query_has_no_rows(engine):
    fill(engine, [f32(1, 0), f32(0, 1)])
    assert engine.execute("SELECT * FROM vec_topk('t', 'e', '[0,0]', 5, 'cosine')") == []


@pytest.mark.parametrize("blobs", [[], [None], [None, None]])
def test_a_table_without_candidates_gives_no_rows(engine, blobs):
    fill(engine, blobs)
    assert engine.execute("SELECT * FROM vec_topk('t', 'e', '[1,2]', 5)") == []


def test_values_appear_in_every_tail_of_the_kernel(engine):
    """One large element at each place: none may be lost."""
    for dims in (1, 5, 16, 17, 63, 64, 65, 130):
        engine.execute("DROP TABLE IF EXISTS t")
        fill(engine, [f32(np.eye(dims)[n] * (n + 1)) for n in range(dims)])
        found = engine.execute(
            "SELECT rowid, score FROM vec_topk('t', 'e', ?)", (f32(np.ones(dims)),))
        assert found == [(n, float(n)) for n in range(dims, 0, -1)]


# ---- min_score -----------------------------------------------------------------------------


@pytest.mark.parametrize("metric,element", COMBINATIONS)
def test_min_score_keeps_equal_and_better(engine, metric, element):
    rng = np.random.default_rng(11)
    blobs = random_blobs(rng, 24, element)
    query = random_query(rng, 24, element)
    fill(engine, blobs)
    scores = [row[1] for row in brute(engine, query, metric=metric, element=element)]
    for at in (0, 3, len(scores) // 2, len(scores) - 1):
        for limit in (scores[at], math.nextafter(scores[at], INF),
                      math.nextafter(scores[at], -INF)):
            for k in (None, 4):
                found = engine.execute(f"{ROWS}('t', 'e', ?, ?, ?, ?, ?)",
                                       (query, k, metric, limit, element))
                assert same(found, brute(engine, query, k=k, metric=metric, element=element,
                                         min_score=limit))


@pytest.mark.parametrize("limit,count", [(INF, 0), (-INF, 3), (1, 2), (1.5, 1), (None, 3)])
def test_min_score_values(engine, limit, count):
    fill(engine, [f32(0), f32(1), f32(2)])
    assert len(engine.execute(
        "SELECT * FROM vec_topk('t', 'e', '[1]', NULL, NULL, ?)", (limit,))) == count


# ---- always the current rows -----------------------------------------------------------------

NEAREST = "SELECT id FROM vec_topk('t', 'e', '[1,0]', 1)"


def test_every_change_of_the_table_is_seen(engine):
    fill(engine, [f32(1, 0), f32(2, 0)])
    seen = [engine.execute(NEAREST)]
    for change in (
        "INSERT INTO t VALUES (3, vec_f32('[9,0]'))",
        "UPDATE t SET e = vec_f32('[10,0]') WHERE id = 1",
        "DELETE FROM t WHERE id = 1",
        "REPLACE INTO t VALUES (2, vec_f32('[99,0]'))",
        "UPDATE t SET id = 77 WHERE id = 2",
        "DELETE FROM t",
    ):
        engine.execute(change)
        seen.append(engine.execute(NEAREST))
    assert seen == [[(2,)], [(3,)], [(1,)], [(3,)], [(2,)], [(77,)], []]


def test_a_transaction_sees_its_own_rows_and_a_rollback_takes_them_back(engine):
    fill(engine, [f32(1, 0), f32(2, 0)])
    engine.execute("BEGIN")
    engine.execute("INSERT INTO t VALUES (3, vec_f32('[9,0]'))")
    assert engine.execute(NEAREST) == [(3,)]
    engine.execute("SAVEPOINT s")
    engine.execute("DELETE FROM t WHERE id = 3")
    assert engine.execute(NEAREST) == [(2,)]
    engine.execute("ROLLBACK TO s")
    assert engine.execute(NEAREST) == [(3,)]
    engine.execute("ROLLBACK")
    assert engine.execute(NEAREST) == [(2,)]


def test_a_failed_statement_leaves_no_trace(engine):
    fill(engine, [f32(1, 0), f32(2, 0)])
    with pytest.raises(engine.Error):
        engine.execute("INSERT INTO t VALUES (3, vec_f32('[9,0]')), (1, vec_f32('[9,0]'))")
    assert engine.execute(NEAREST) == [(2,)]


def test_the_table_may_be_dropped_and_made_again_with_other_dimensions(engine):
    fill(engine, [f32(1, 0), f32(2, 0)])
    assert engine.execute(NEAREST) == [(2,)]
    engine.execute("DROP TABLE t")
    with pytest.raises(engine.Error):
        engine.execute(NEAREST)
    engine.execute("CREATE TABLE t(x, e BLOB, id TEXT PRIMARY KEY)")
    engine.execute("INSERT INTO t VALUES (1, vec_f32('[5,6]'), 'new')")
    assert engine.execute(NEAREST) == [("new",)]


@pytest.mark.parametrize("mode", ["WAL", "DELETE"])
def test_commits_of_another_connection_are_seen(connect, tmp_path, mode):
    path = str(tmp_path / "a.db")
    writer = connect(path)
    writer.execute(f"PRAGMA journal_mode = {mode}")
    fill(writer, [f32(1, 0), f32(2, 0)])
    reader = connect(path)
    assert reader.execute(NEAREST) == [(2,)]
    writer.execute("UPDATE t SET e = vec_f32('[5,0]') WHERE id = 1")
    assert reader.execute(NEAREST) == [(1,)]
    writer.execute("BEGIN")
    writer.execute("UPDATE t SET e = vec_f32('[50,0]') WHERE id = 2")
    assert reader.execute(NEAREST) == [(1,)]
    writer.execute("COMMIT")
    assert reader.execute(NEAREST) == [(2,)]


def test_a_wal_reader_keeps_its_snapshot(connect, tmp_path):
    path = str(tmp_path / "a.db")
    writer = connect(path)
    writer.execute("PRAGMA journal_mode = WAL")
    fill(writer, [f32(1, 0), f32(2, 0)])
    reader = connect(path)
    reader.execute("BEGIN")
    assert reader.execute(NEAREST) == [(2,)]
    writer.execute("UPDATE t SET e = vec_f32('[5,0]') WHERE id = 1")
    assert writer.execute(NEAREST) == [(1,)]
    assert reader.execute(NEAREST) == [(2,)]
    reader.execute("COMMIT")
    assert reader.execute(NEAREST) == [(1,)]


def test_a_search_is_a_consistent_snapshot_when_rows_change_while_it_is_read(db):
    db.execute("CREATE TABLE t(id TEXT PRIMARY KEY, e)")
    for name in "abcd":
        db.execute("INSERT INTO t VALUES (?, ?)", (name, f32(ord(name), 0)))
    found = []
    for name, rank in db.execute("SELECT id, rank FROM vec_topk('t', 'e', '[1,0]')"):
        found.append((name, rank))
        db.execute("DELETE FROM t")
    assert found == [("d", 1), ("c", 2), ("b", 3), ("a", 4)]


def test_delete_what_was_found(engine):
    fill(engine, [f32(n, 1) for n in range(6)])
    engine.execute("DELETE FROM t WHERE rowid IN (SELECT rowid FROM vec_topk('t','e','[1,0]',2))")
    assert engine.execute("SELECT id FROM t") == [(1,), (2,), (3,), (4,)]


def test_insert_into_the_table_that_is_searched(engine):
    fill(engine, [f32(n, 1) for n in range(6)])
    engine.execute("INSERT INTO t SELECT id + 100, vec_f32('[50,1]') "
                   "FROM vec_topk('t', 'e', '[1,0]', 2)")
    assert engine.execute("SELECT id FROM t WHERE id > 50") == [(105,), (106,)]
    assert engine.execute("SELECT id FROM vec_topk('t', 'e', '[1,0]', 2)") == [(105,), (106,)]


def test_result_as_json_query_again(engine):
    fill(engine, [f32(n, 1) for n in range(4)])
    (text,), = engine.execute(
        "SELECT json_group_array(score) FROM vec_topk('t', 'e', '[1,0]')")
    assert json.loads(text) == [3, 2, 1, 0]
