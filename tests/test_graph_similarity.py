"""graph_similarity against networkx and against sets."""

import itertools
import json
import math

import networkx as nx
import pytest
from graphs import ID_TYPES, random_graph, simple, sql_key, write_edges, write_graph

METRICS = {"jaccard": nx.jaccard_coefficient, "adamic_adar": nx.adamic_adar_index}


def neighbors(graph, direction):
    if direction == "both":
        plain = simple(graph, undirected=True)
    else:
        plain = simple(graph) if direction == "out" else simple(graph).reverse()
    return {node: set(plain[node]) for node in plain}


def oracle(graph, metric, direction):
    """Rows in the order of the manual."""
    near = neighbors(graph, direction)
    users = {node: sum(node in others for others in near.values()) for node in near}
    rows = []
    for u, v in itertools.permutations(near, 2):
        if shared := near[u] & near[v]:
            score = {"common": len(shared), "jaccard": len(shared) / len(near[u] | near[v]),
                     "adamic_adar": sum(1 / math.log(users[w]) for w in shared)}[metric]
            rows.append((u, v, score))
    return sorted(rows, key=lambda row: (sql_key(row[0]), -round(row[2], 12), sql_key(row[1])))


def same(found, expected):
    """Equal but for the last bits of scores."""
    assert len(found) == len(expected)
    scores = {row[:2]: row[2] for row in expected}
    assert all(math.isclose(scores[row[:2]], row[2], rel_tol=1e-12) for row in found)
    return True


@pytest.mark.parametrize("id_type", ID_TYPES)
@pytest.mark.parametrize("metric", ["jaccard", "adamic_adar", "common"])
def test_similarity_is_its_definition(engine, id_type, metric):
    for seed, direction in enumerate(["both", "out", "in"]):
        graph = random_graph(seed, 25, 60, ID_TYPES[id_type])
        write_graph(engine, graph, f"e{seed}", shuffle=seed)
        found = engine.execute(f"SELECT node, other, score FROM graph_similarity('e{seed}') "
                               "WHERE metric = ? AND direction = ?", (metric, direction))
        assert same(found, oracle(graph, metric, direction))
        order = [(sql_key(row[0]), -row[2], sql_key(row[1])) for row in found]
        assert order == sorted(order)


@pytest.mark.parametrize("metric", METRICS)
def test_similarity_is_that_of_networkx(engine, metric):
    for seed in range(4):
        graph = random_graph(seed, 30, 70)
        write_graph(engine, graph, f"e{seed}")
        plain = simple(graph, undirected=True)
        expected = {}
        for u, v, score in METRICS[metric](plain, list(itertools.combinations(plain, 2))):
            if score > 0:
                expected[u, v] = expected[v, u] = score
        found = engine.execute(f"SELECT * FROM graph_similarity('e{seed}') WHERE metric = ?",
                               (metric,))
        assert same(found, [(*pair, score) for pair, score in expected.items()])


def test_both_rows_of_a_pair_have_the_same_score(engine):
    write_graph(engine, random_graph(2, 40, 200))
    scores = {row[:2]: row[2] for row in engine.execute(
        "SELECT * FROM graph_similarity('edges') WHERE metric = 'adamic_adar'")}
    assert len(scores) > 1000
    assert all(scores[v, u] == score for (u, v), score in scores.items())


def test_top_k_is_for_each_node(engine):
    write_graph(engine, random_graph(2, 40, 120))
    everything = engine.execute("SELECT * FROM graph_similarity('edges')")
    for k in [0, 1, 3, 100]:
        expected = [row for _, rows in itertools.groupby(everything, key=lambda row: row[0])
                    for row in list(rows)[:k]]
        assert engine.execute("SELECT * FROM graph_similarity('edges') WHERE top_k = ?",
                              (k,)) == expected


def test_node_in(engine):
    write_graph(engine, random_graph(2, 40, 120))
    everything = engine.execute("SELECT * FROM graph_similarity('edges')")
    sql = "SELECT * FROM graph_similarity('edges')"
    expected = [row for row in everything if row[0] in (3, 7)]
    assert expected
    for given in [[3, 7], [7, 3, 3, 999], {"7": 1, "3": 1}]:
        assert engine.execute("SELECT * FROM graph_similarity('edges', ?)",
                              (json.dumps(given),)) == expected
    assert engine.execute(sql + " WHERE node_in IN (SELECT 7 UNION SELECT 3)") == expected
    assert engine.execute("SELECT s.* FROM (SELECT 3 AS n UNION SELECT 7) CROSS JOIN "
                          "graph_similarity('edges', n) AS s") == expected
    for nothing in [None, 999, "[]"]:
        assert engine.execute("SELECT * FROM graph_similarity('edges', ?)", (nothing,)) == []


def test_arguments(engine):
    write_edges(engine, [(1, 2), (3, 2), (1, 3)])
    assert engine.execute("SELECT * FROM graph_similarity(db_query('SELECT 1, 2 WHERE 0'))") == []
    with pytest.raises(engine.Error, match="unknown metric 'cosine' .there are jaccard, adamic_adar"):
        engine.execute("SELECT * FROM graph_similarity('edges') WHERE metric = 'cosine'")
    with pytest.raises(engine.Error, match="top_k must be an integer of 0 or more"):
        engine.execute("SELECT * FROM graph_similarity('edges') WHERE top_k = 'all'")
    with pytest.raises(engine.Error, match="node_in: give an id, a JSON array"):
        engine.execute("SELECT * FROM graph_similarity('edges', '[null]')")
