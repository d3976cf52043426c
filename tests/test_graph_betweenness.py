"""graph_betweenness against networkx; samples against the same sums from fewer nodes."""

import math

import networkx as nx
import pytest
from graphs import ID_TYPES, random_graph, simple, sql_key, write_edges, write_graph

DIRECTIONS = ["out", "in", "both"]


def close(found, expected):
    return found.keys() == expected.keys() and all(
        math.isclose(found[n], expected[n], rel_tol=1e-9, abs_tol=1e-12) for n in found)


def positive(graph):
    """With weights above 0."""
    for _, _, data in graph.edges(data=True):
        data["weight"] += 1
    return graph


@pytest.mark.parametrize("id_type", ID_TYPES)
@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("weight", [None, "weight"])
def test_betweenness_is_that_of_networkx(engine, id_type, direction, weight):
    for seed in range(3):
        graph = positive(random_graph(seed, 25, 30 + 20 * seed, ID_TYPES[id_type]))
        write_graph(engine, graph, f"e{seed}", shuffle=seed)
        plain = simple(graph, direction == "both")
        for normalized in [0, 1]:
            rows = engine.execute(
                f"SELECT node, score, rank FROM graph_betweenness('e{seed}') WHERE weight_col = ? "
                "AND direction = ? AND normalized = ?", (weight, direction, normalized))
            expected = nx.betweenness_centrality(plain, weight=weight, normalized=bool(normalized))
            assert close({row[0]: row[1] for row in rows}, expected)
            assert rows == sorted(rows, key=lambda row: (-row[1], sql_key(row[0])))
            assert [row[2] for row in rows] == list(range(1, len(rows) + 1))


@pytest.mark.parametrize("normalized", [0, 1])
@pytest.mark.parametrize("direction", ["out", "both"])
def test_samples_are_the_paths_of_some_nodes(engine, direction, normalized):
    """Of n nodes n - 1: the result is that of networkx without one of them."""
    graph = random_graph(4, 12, 40)
    write_graph(engine, graph)
    plain = simple(graph, direction == "both")
    n = len(plain)
    sql = ("SELECT node, score FROM graph_betweenness('edges', ?, ?) "
           "WHERE direction = ? AND normalized = ?")

    def without(left_out):
        sampled = set(plain) - {left_out}
        sums = nx.betweenness_centrality_subset(plain, sampled, set(plain), normalized=False)
        sums = {v: s * (2 if direction == "both" else 1) for v, s in sums.items()}
        full = 1 / (n - 2) if normalized else (n - 1) / (2 if direction == "both" else 1)
        return {v: s * full / (n - 2 if v in sampled else n - 1) for v, s in sums.items()}

    results = {node: without(node) for node in plain}
    drawn = set()
    for seed in range(12):
        found = dict(engine.execute(sql, (n - 1, seed, direction, normalized)))
        assert found == dict(engine.execute(sql, (n - 1, seed, direction, normalized)))
        matches = [node for node in plain if close(found, results[node])]
        assert matches
        drawn.update(matches)
    assert len(drawn) > 3
    exact = engine.execute(sql, (None, None, direction, normalized))
    for samples in [n, n + 1, 10**12]:
        assert engine.execute(sql, (samples, 5, direction, normalized)) == exact


def test_samples_estimate(engine):
    graph = nx.barbell_graph(20, 3)
    write_edges(engine, graph.edges())
    sql = "SELECT node, score FROM graph_betweenness('edges', 30, ?) WHERE direction = 'both'"
    exact = nx.betweenness_centrality(graph)
    for seed in range(5):
        found = dict(engine.execute(sql, (seed,)))
        assert all(abs(found[n] - exact[n]) < 0.15 for n in exact)
        assert max(found, key=found.get) in (19, 20, 21, 22, 23)


def test_edges_to_itself_and_parallel_ones_change_nothing(engine):
    graph = simple(random_graph(3, 20, 50))
    write_edges(engine, graph.edges())
    more = [(u, v) for u, v in graph.edges() for _ in range(u % 3 + 1)]
    write_edges(engine, more + [(u, u) for u in graph], "more")
    sql = "SELECT node, score FROM graph_betweenness('edges')"
    assert engine.execute(sql) == engine.execute(sql.replace("edges", "more"))


def test_of_parallel_edges_the_shortest_counts(engine):
    write_edges(engine, [(1, 2, 5), (1, 2, 1), (2, 3, 1), (1, 3, 3), (1, 3, 4)])
    assert engine.execute("SELECT node, score FROM graph_betweenness('edges') WHERE "
                          "weight_col = 'weight' AND normalized = 0") == [(2, 1), (1, 0), (3, 0)]


def test_top_k(engine):
    write_graph(engine, random_graph(2))
    everything = engine.execute("SELECT * FROM graph_betweenness('edges')")
    assert engine.execute("SELECT * FROM graph_betweenness('edges') WHERE top_k = 4") == \
        everything[:4]


def diamonds(count):
    """A chain in which the number of shortest paths doubles `count` times."""
    for n in range(0, 3 * count, 3):
        yield from [(n, n + 1), (n, n + 2), (n + 1, n + 3), (n + 2, n + 3)]


def test_very_many_paths(engine):
    write_edges(engine, diamonds(300))
    score = dict(engine.execute("SELECT node, score FROM graph_betweenness('edges') "
                                "WHERE normalized = 0"))
    assert score[450] == 450 * 450
    assert math.isclose(score[451], (449 + 2) * (451 + 1) / 2 - 1.5, rel_tol=0.01)
    write_edges(engine, diamonds(1100), "more")
    with pytest.raises(engine.Error, match="more than 1e308 shortest paths"):
        engine.execute("SELECT * FROM graph_betweenness('more')")


def test_few_nodes(engine):
    assert engine.execute("SELECT * FROM graph_betweenness(db_query('SELECT 1, 2 WHERE 0'))") == []
    assert engine.execute("SELECT * FROM graph_betweenness(db_query('SELECT 1, 1'))") == [(1, 0, 1)]
    assert engine.execute("SELECT * FROM graph_betweenness(db_query('SELECT 1, 2'))") == [
        (1, 0, 1), (2, 0, 2)]


def test_errors(engine):
    engine.execute("CREATE TABLE edges (id INTEGER PRIMARY KEY, source, target, km)")
    engine.execute("INSERT INTO edges VALUES (5, 'a', 'b', 1), (6, 'b', 'c', 0), (7, 'c', 'd', 2)")
    with pytest.raises(engine.Error) as caught:
        engine.execute("SELECT * FROM graph_betweenness('edges') WHERE weight_col = 'km'")
    assert str(caught.value).endswith("weight_col: the edge 6 from 'b' to 'c' has length 0; "
                                      "lengths must be above 0")
    for wrong, message in [("samples = 1", "samples must be 2 or more, found 1"),
                           ("samples = -1", "samples must be an integer"),
                           ("normalized = 'no'", "normalized must be 0 or 1"),
                           ("seed = 'x'", "seed must be")]:
        with pytest.raises(engine.Error, match=message):
            engine.execute(f"SELECT * FROM graph_betweenness('edges') WHERE {wrong}")
