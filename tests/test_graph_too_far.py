"""Costs that a double does not hold: an error, never a node that seems to be out of reach.

Weights are whole multiples of UNIT, so that sums are exact up to 15 of them, and 16 are too much.
"""

import random

import networkx as nx
import pytest

UNIT = 2.0**1020
MOST = 15
ERROR = "weight_col: the weights on the cheapest path to {} sum to more than a double holds: scale"


@pytest.fixture(params=["look-ups", "in memory"])
def write(request, engine):
    def write(edges):
        engine.execute("DROP TABLE IF EXISTS edges")
        engine.execute("CREATE TABLE edges (source, target, weight)")
        for source, target, units in edges:
            engine.execute("INSERT INTO edges VALUES (?, ?, ?)", (source, target, units * UNIT))
        if request.param == "look-ups":
            engine.execute("CREATE INDEX s ON edges (source)")
            engine.execute("CREATE INDEX t ON edges (target)")
        return engine
    return write


def random_edges(rng, nodes=7, edges=12):
    ends = [(rng.randrange(nodes), rng.randrange(nodes)) for _ in range(edges)]
    return [(a, b, rng.choice([0, 1, 2, 5, 7, 9, 14])) for a, b in ends]


def graph_of(edges, direction):
    graph = nx.DiGraph()
    for a, b, units in edges:
        for u, v in {"out": [(a, b)], "in": [(b, a)], "both": [(a, b), (b, a)]}[direction]:
            if not graph.has_edge(u, v) or graph[u][v]["weight"] > units:
                graph.add_edge(u, v, weight=units)
    return graph


def test_two_edges_are_too_much(write):
    engine = write([("a", "b", 9), ("b", "c", 9), ("c", "d", 1)])
    for call, node in [("graph_distances('edges', 'a', 'weight')", "'c'"),
                       ("graph_shortest_path('edges', 'a', 'd', 'weight')", "'d'"),
                       ("graph_all_shortest_paths('edges', 'a', 'c', 'weight')", "'c'"),
                       ("graph_k_shortest_paths('edges', 'a', 'c', 'weight') WHERE k = 2", "'c'"),
                       ("graph_closeness('edges', 'c', 'weight')", "'c'"),
                       ("graph_betweenness('edges') WHERE weight_col = 'weight'", "'d'")]:
        with pytest.raises(engine.Error, match=ERROR.format(node)):
            engine.execute(f"SELECT * FROM {call}")
    # What is near enough, what nothing leads to, and edges without their weights are as ever.
    for sql, rows in [
        ("SELECT node FROM graph_distances('edges', 'a', 'weight') WHERE max_cost = 1.7e308",
         [("a",), ("b",)]),
        ("SELECT node FROM graph_distances('edges', 'b', 'weight')", [("b",), ("c",), ("d",)]),
        ("SELECT node FROM graph_shortest_path('edges', 'd', 'a', 'weight')", []),
        ("SELECT node FROM graph_k_shortest_paths('edges', 'a', 'b', 'weight') WHERE k = 5",
         [("a",), ("b",)]),
        ("SELECT node FROM graph_shortest_path('edges', 'a', 'd')",
         [("a",), ("b",), ("c",), ("d",)]),
    ]:
        assert engine.execute(sql) == rows


def test_distances_whose_sum_alone_is_too_much(engine):
    engine.script("""CREATE TABLE edges (source, target, weight);
                     INSERT INTO edges VALUES ('b', 'a', 1e308), ('c', 'a', 1e308)""")
    found = engine.execute("SELECT node, score FROM graph_closeness('edges') "
                           "WHERE weight_col = 'weight'")
    assert found == [("a", 1e-308), ("b", 0), ("c", 0)]


@pytest.mark.parametrize("direction", ["out", "in", "both"])
@pytest.mark.parametrize("seed", range(8))
def test_against_exact_sums(write, seed, direction):
    rng = random.Random(seed)
    paths = 0
    for _ in range(8):
        edges = random_edges(rng)
        engine = write(edges)
        graph = graph_of(edges, direction)
        start = edges[0][0]
        exact = nx.single_source_dijkstra_path_length(graph, start)
        sql = ("SELECT node, cost FROM graph_distances('edges', ?, 'weight') "
               f"WHERE direction = '{direction}'")
        if max(exact.values()) > MOST:
            farther = "({})".format("|".join(str(n) for n in exact if exact[n] > MOST))
            with pytest.raises(engine.Error, match=ERROR.format(farther)):
                engine.execute(sql, (start,))
        else:
            found = dict(engine.execute(sql, (start,)))
            assert found == {node: units * UNIT for node, units in exact.items()}
        for target in sorted({b for _, b, _ in edges}):
            for call in ("graph_shortest_path", "graph_all_shortest_paths"):
                sql = (f"SELECT max(cost) FROM {call}('edges', ?, ?, 'weight') "
                       f"WHERE direction = '{direction}'")
                if exact.get(target, 0) > MOST:
                    with pytest.raises(engine.Error, match=ERROR.format(target)):
                        engine.execute(sql, (start, target))
                else:
                    paths += 1
                    cost = exact[target] * UNIT if target in exact else None
                    assert engine.execute(sql, (start, target)) == [(cost,)]
    assert paths > 0


@pytest.mark.parametrize("seed", range(8))
def test_the_cheapest_paths_are_listed_while_there_are_enough(write, seed):
    rng = random.Random(seed)
    for _ in range(6):
        edges = random_edges(rng)
        engine = write(edges)
        graph = graph_of(edges, "out")
        start, target = edges[0][0], edges[1][1]
        if start == target:
            continue
        exact = sorted(nx.path_weight(graph, path, "weight")
                       for path in nx.all_simple_paths(graph, start, target))
        few = [units * UNIT for units in exact if units <= MOST]
        sql = ("SELECT max(cost) FROM graph_k_shortest_paths('edges', ?, ?, 'weight') "
               "WHERE k = ? AND simple = 1 GROUP BY path_id")
        for count in range(1, len(exact) + 2):
            if len(few) < min(count, len(exact)):
                with pytest.raises(engine.Error, match=ERROR.format(target)):
                    engine.execute(sql, (start, target, count))
            else:
                found = engine.execute(sql, (start, target, count))
                assert [cost for cost, in found] == few[:count]
