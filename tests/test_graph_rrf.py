"""graph_rrf: reciprocal rank fusion, as aggregate and as window function."""

import itertools
import math
from fractions import Fraction

import pytest


def fill(engine, rows):
    engine.execute("CREATE TABLE t(n INTEGER PRIMARY KEY, id, rank, k)")
    for row in rows:
        engine.execute("INSERT INTO t(id, rank, k) VALUES (?, ?, ?)", row)


def exact(ranks, k=60):
    return float(sum(Fraction(1 / (k + rank)) for rank in ranks))


def test_the_sum_by_group(engine):
    fill(engine, [("a", 1, 1), ("a", 3, 10), ("b", 2, 60), ("b", None, 60), ("c", None, 60)])
    assert engine.execute("SELECT id, graph_rrf(rank) FROM t GROUP BY id") == [
        ("a", exact([1, 3])), ("b", 1 / 62), ("c", 0.0)]
    assert engine.execute("SELECT id, graph_rrf(rank, 1) FROM t GROUP BY id") == [
        ("a", 0.75), ("b", 1 / 3), ("c", 0.0)]
    by_row = engine.execute("SELECT graph_rrf(rank, k) FROM t WHERE id = 'a'")
    assert by_row == [(exact([1], 1) + exact([3], 10),)]
    assert engine.execute("SELECT graph_rrf(rank, NULL) FROM t WHERE id = 'b'") == [(1 / 62,)]
    assert engine.execute("SELECT graph_rrf(rank) FROM t WHERE 0") == [(0.0,)]
    assert engine.execute("SELECT typeof(graph_rrf(rank)) FROM t WHERE 0") == [("real",)]


def test_ranks_need_not_be_integers(engine):
    assert engine.execute("SELECT graph_rrf(1.5), graph_rrf(2.0)") == [(1 / 61.5, 1 / 62)]


def test_the_order_of_rows_does_not_matter(engine):
    """Three terms that sum to different doubles in different orders."""
    ranks = next(r for r in itertools.combinations(range(1, 40), 3) if len(
        {sum(1 / (60 + rank) for rank in order) for order in itertools.permutations(r)}) > 1)
    found = {engine.execute("SELECT graph_rrf(value) FROM json_each(?)", (str(list(order)),))[0][0]
             for order in itertools.permutations(ranks)}
    assert found == {exact(ranks)}


def test_many_ranks(engine):
    found = engine.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000) "
        "SELECT graph_rrf(i), graph_rrf(1), graph_rrf(1, 1e-300), graph_rrf(i, 1e15) FROM n")[0]
    expected = (exact(range(1, 50001)), 50000 * (1 / 61), 50000.0, 5e-11)
    assert all(math.isclose(a, b, rel_tol=1e-10) for a, b in zip(found, expected))
    assert found[0] == expected[0]
    assert engine.execute("SELECT abs(graph_rrf(9007199254740993) - 1.1102e-16) < 1e-20") == [(1,)]


def test_windows_are_new_sums(engine):
    ranks = [1, 7, None, 3, 3, 1000000, None, None, 2, 5]
    fill(engine, [("a", rank, 60) for rank in ranks])
    found = engine.execute("SELECT graph_rrf(rank) OVER (ORDER BY n ROWS 2 PRECEDING) FROM t")
    for i, (score,) in enumerate(found):
        frame = [rank for rank in ranks[max(0, i - 2):i + 1] if rank]
        assert score == exact(frame)
    empty = engine.execute("SELECT graph_rrf(rank) OVER (ORDER BY n ROWS BETWEEN 2 FOLLOWING "
                           "AND 1 FOLLOWING) FROM t")
    assert empty == [(0.0,)] * len(ranks)


@pytest.mark.parametrize("call, message", [
    ("graph_rrf(0)", "rank must be a number of 1 or more, found 0"),
    ("graph_rrf(-3)", "rank must be a number of 1 or more, found -3"),
    ("graph_rrf(0.93)", "rank must be a number of 1 or more, found 0.93"),
    ("graph_rrf('1')", "rank must be a number of 1 or more, found '1'"),
    ("graph_rrf(x'01')", "rank must be a number of 1 or more, found"),
    ("graph_rrf(9e999)", "rank must be a number of 1 or more, found"),
    ("graph_rrf(1, 0)", "k must be a number above 0, found 0"),
    ("graph_rrf(1, -60)", "k must be a number above 0, found -60"),
    ("graph_rrf(NULL, 'x')", "k must be a number above 0, found 'x'"),
    ("graph_rrf(1, 9e999)", "k must be a number above 0, found"),
    ("graph_rrf()", "wrong number of arguments"),
    ("graph_rrf(1, 2, 3)", "wrong number of arguments"),
])
def test_errors(engine, call, message):
    with pytest.raises(engine.Error) as caught:
        engine.execute(f"SELECT {call}")
    assert message in str(caught.value)
    with pytest.raises(engine.Error):
        engine.execute(f"SELECT {call} OVER ()")
