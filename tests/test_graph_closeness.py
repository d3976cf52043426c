"""graph_closeness against networkx."""

import json
import math

import networkx as nx
import pytest
from graphs import ID_TYPES, directed, random_graph, simple, sql_key, write_edges, write_graph

DIRECTIONS = ["out", "in", "both"]


def close(found, expected):
    assert found.keys() == expected.keys()
    return all(math.isclose(found[n], expected[n], rel_tol=1e-12) for n in found)


@pytest.mark.parametrize("id_type", ID_TYPES)
@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("weight", [None, "weight"])
def test_closeness_is_that_of_networkx(engine, id_type, direction, weight):
    for seed in range(4):
        graph = random_graph(seed, 30, 30 + 15 * seed, ID_TYPES[id_type])
        write_graph(engine, graph, f"e{seed}", shuffle=seed)
        rows = engine.execute(f"SELECT node, score, rank FROM graph_closeness('e{seed}') "
                              "WHERE weight_col = ? AND direction = ?", (weight, direction))
        walked = simple(directed(graph, direction))
        found = {node: score for node, score, _ in rows}
        assert close(found, nx.closeness_centrality(walked, distance=weight))
        assert rows == sorted(rows, key=lambda row: (-row[1], sql_key(row[0])))
        assert [row[2] for row in rows] == list(range(1, len(rows) + 1))


@pytest.mark.parametrize("nodes", [63, 64, 65, 200])
def test_more_nodes_than_one_search_takes(engine, nodes):
    graph = nx.cycle_graph(nodes, nx.DiGraph)
    graph.add_edge(3, 50)
    write_edges(engine, graph.edges())
    found = dict(engine.execute("SELECT node, score FROM graph_closeness('edges')"))
    assert close(found, nx.closeness_centrality(graph))


def test_nodes_without_edges_count(engine):
    write_edges(engine, [(1, 2), (2, 3)])
    engine.execute("CREATE TABLE nodes (id)")
    engine.execute("INSERT INTO nodes VALUES (8), (9)")
    graph = nx.DiGraph([(1, 2), (2, 3)])
    graph.add_nodes_from([8, 9])
    found = dict(engine.execute("SELECT node, score FROM graph_closeness('edges') "
                                "WHERE node_table = 'nodes'"))
    assert close(found, nx.closeness_centrality(graph))
    assert found[3] == 2 / 3 * 2 / 4 and found[9] == 0


def test_lengths_of_zero(engine):
    write_edges(engine, [(1, 2, 0), (2, 3, 0), (3, 4, 2)])
    found = dict(engine.execute("SELECT node, score FROM graph_closeness('edges') "
                                "WHERE weight_col = 'weight'"))
    assert found == {1: 0, 2: 0, 3: 0, 4: 0.5}


def test_some_nodes_have_the_scores_that_they_have_among_all(engine):
    write_graph(engine, random_graph(2))
    everything = engine.execute("SELECT node, score FROM graph_closeness('edges')")
    some = [row for row in everything if row[0] in (3, 7, 11)]
    for given in [json.dumps([11, 3, 7, 999]), json.dumps([{"id": 7}, {"id": 3}, {"id": 11}])]:
        assert engine.execute("SELECT node, score FROM graph_closeness('edges', ?)",
                              (given,)) == some
    assert engine.execute("SELECT node, score FROM graph_closeness('edges') WHERE node_in IN "
                          "(SELECT 3 UNION SELECT 7 UNION SELECT 11)") == some
    assert engine.execute("SELECT node, score FROM graph_closeness('edges') WHERE top_k = 5") == \
        everything[:5]
    assert engine.execute("SELECT * FROM graph_closeness('edges', NULL)") == []


def test_arguments(engine):
    write_edges(engine, [(1, 2, -1)])
    assert engine.execute("SELECT * FROM graph_closeness(db_query('SELECT 1, 2 WHERE 0'))") == []
    assert engine.execute("SELECT * FROM graph_closeness(db_query('SELECT 1, 1'))") == [(1, 0, 1)]
    with pytest.raises(engine.Error, match="the weight of edge 1 of edges is -1"):
        engine.execute("SELECT * FROM graph_closeness('edges') WHERE weight_col = 'weight'")
