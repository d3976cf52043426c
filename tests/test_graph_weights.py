"""Weights in memory: 4 bytes each while a float holds every one exactly, else 8, and never changed.

The cost of a path of one edge is its weight.
"""

import random
import struct

import pytest

FIT = [0.0, -0.0, 1, 10, 0.5, 9.6875, 2**24, 2.0**100, 2.0**-126, 3.4028234663852886e38]
# Between two floats, beyond them, and below those with all their digits.
BEYOND = [0.1, 2**24 + 1, 16777217.0, 1 / 3, 1e300, 1.7976931348623157e308, 3.4028235e38 * 2,
          2.0**-127, 1e-40, 2.0**-149, 5e-324, 1 + 2.0**-24, 2**53 - 1]


def exact(number):
    return struct.pack("d", number)


def load(engine, weights, in_order=None):
    """The nodes 1, 2, ... at the end of an edge from 0 each, and what the graph takes."""
    engine.execute("DROP TABLE IF EXISTS edges")
    engine.execute("CREATE TABLE edges (source, target, weight)")
    rows = [(0, i, weight) for i, weight in enumerate(weights, 1)]
    if in_order is None:
        random.Random(len(rows)).shuffle(rows)
    engine.execute("BEGIN")
    for row in rows:
        engine.execute("INSERT INTO edges VALUES (?, ?, ?)", row)
    engine.execute("COMMIT")
    sizes = [engine.execute(f"SELECT bytes FROM graph_stats('edges'{weight_col})")[0][0]
             for weight_col in ("", ", 'weight'")]
    return sizes[1] - sizes[0]


def costs(engine):
    found = engine.execute("SELECT cost FROM graph_distances('edges', 0, 'weight') "
                           "WHERE hops = 1 ORDER BY node")
    assert engine.execute("SELECT last_reader FROM graph_stats('edges')") == [("cache",)]
    return [cost for cost, in found]


@pytest.mark.parametrize("in_order", [None, True])
def test_weights_that_floats_hold_take_four_bytes(engine, in_order):
    weights = FIT * 100
    assert load(engine, weights, in_order) == 4 * len(weights)
    # A sum with 0 leaves no sign of -0.0.
    assert [exact(cost) for cost in costs(engine)] == [exact(weight + 0.0) for weight in weights]


@pytest.mark.parametrize("in_order", [None, True])
@pytest.mark.parametrize("place", [0, 1, 500, 999])
@pytest.mark.parametrize("other", BEYOND)
def test_one_other_weight_keeps_all_exact(engine, other, place, in_order):
    weights = FIT * 100
    weights[place] = other
    assert load(engine, weights, in_order) == 8 * len(weights)
    assert [exact(cost) for cost in costs(engine)] == [exact(weight + 0.0) for weight in weights]


def test_the_results_do_not_depend_on_how_weights_are_kept(engine):
    """A loop that nothing reaches is all that differs: its weight makes the others double."""
    rng = random.Random(5)
    edges = [(rng.randrange(60), rng.randrange(60), rng.randrange(1, 40) / 4) for _ in range(400)]
    calls = [f"{function} WHERE {term}direction = '{direction}' AND weight_col = 'weight'"
             for direction in ("out", "in", "both")
             for function, term in [
                 ("graph_pagerank('{}')", ""),
                 ("graph_ppr('{}', 3)", ""),
                 ("graph_ppr('{}', 3)", "eps = 1e-5 AND "),
                 ("graph_distances('{}', 3)", ""),
                 ("graph_k_shortest_paths('{}', 3, 50)", "k = 9 AND "),
                 ("graph_closeness('{}')", ""),
                 ("graph_label_propagation('{}')", ""),
             ]]
    calls += [f"{function} WHERE weight_col = 'weight'" for function in [
        "graph_degree('{}')", "graph_louvain('{}')", "graph_leiden('{}')",
        "graph_betweenness('{}')", "graph_all_shortest_paths('{}', 3, 50)",
        "graph_shortest_path('{}', 3, 50)"]]
    sizes = []
    for table, weight in (("narrow", 1), ("wide", 0.1)):
        engine.execute(f"CREATE TABLE {table} (source, target, weight)")
        engine.execute("BEGIN")
        for edge in [*edges, (99, 99, weight)]:
            engine.execute(f"INSERT INTO {table} VALUES (?, ?, ?)", edge)
        engine.execute("COMMIT")
        sizes += engine.execute(f"SELECT bytes FROM graph_stats('{table}', 'weight')")
    assert sizes[1][0] - sizes[0][0] == 4 * 401
    for call in calls:
        narrow, wide = (
            [row for row in engine.execute("SELECT * FROM " + call.format(table))
             if not any(value == 99 for value in row[:2])]
            for table in ("narrow", "wide"))
        assert narrow == wide and len(narrow) > 1, call
