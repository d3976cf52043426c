"""graph_toposort against networkx: levels, and what it says about a cycle."""

import random
import re

import networkx as nx
import pytest
from graphs import ID_TYPES, random_graph, sql_key, write_edges, write_graph


def random_dag(seed, make_id, nodes=40, edges=70):
    rng = random.Random(seed)
    order = [make_id(n) for n in range(nodes)]
    rng.shuffle(order)
    pairs = (sorted(rng.sample(range(nodes), 2)) for _ in range(edges))
    graph = nx.MultiDiGraph((order[u], order[v]) for u, v in pairs)
    graph.add_edge(*next(iter(graph.edges()))[:2])  # at least one is parallel
    return graph


def expected_levels(graph):
    """Rows in the order of the manual."""
    levels = enumerate(nx.topological_generations(graph))
    return [(node, level) for level, nodes in levels for node in sorted(nodes, key=sql_key)]


@pytest.mark.parametrize("id_type", ID_TYPES)
def test_levels_are_those_of_networkx(engine, id_type):
    for seed in range(8):
        graph = random_dag(seed, ID_TYPES[id_type], edges=20 + 15 * seed)
        write_edges(engine, graph.edges(), f"e{seed}")
        found = engine.execute(f"SELECT node, level FROM graph_toposort('e{seed}')")
        assert found == expected_levels(graph)
        found = engine.execute(f"SELECT * FROM graph_toposort('e{seed}', 'in')")
        assert found == expected_levels(graph.reverse())


def test_a_cycle_is_an_error_that_shows_one(engine):
    cyclic = 0
    for seed in range(40):
        graph = random_graph(seed, nodes=20, edges=20)
        graph.remove_edges_from([(n, n, k) for n in list(graph) for k in
                                 list(graph[n].get(n, ()))])
        graph.remove_nodes_from(list(nx.isolates(graph)))
        write_graph(engine, graph, f"e{seed}", shuffle=seed)
        sql = f"SELECT * FROM graph_toposort('e{seed}', ?)"
        for direction, walked in [("out", graph), ("in", graph.reverse())]:
            if nx.is_directed_acyclic_graph(graph):
                assert engine.execute(sql, (direction,)) == expected_levels(walked)
                continue
            cyclic += 1
            with pytest.raises(engine.Error, match="graph_toposort: the edges make a cycle") as e:
                engine.execute(sql, (direction,))
            shown = re.search(r"cycle: ([-> \d]+);", str(e.value))[1].split(" -> ")
            cycle = [int(node) for node in shown]
            assert cycle[0] == cycle[-1] == min(cycle)
            assert len(set(cycle)) == len(cycle) - 1
            assert all(walked.has_edge(u, v) for u, v in zip(cycle, cycle[1:]))
    assert 10 < cyclic < 70


def test_a_long_cycle_is_cut_short(engine):
    write_edges(engine, [(n, n % 20 + 1) for n in range(1, 21)] + [(n, 99) for n in range(9)])
    message = ("the edges make a cycle: 1 -> 2 -> 3 -> 4 -> 5 -> 6 -> 7 -> 8 -> (12 more) -> 1; "
               "graph_components(..., 'strong') shows what is on cycles")
    with pytest.raises(engine.Error) as caught:
        engine.execute("SELECT * FROM graph_toposort('edges')")
    assert str(caught.value).endswith(message)


def test_an_edge_to_itself(engine):
    write_edges(engine, [("a", "b"), ("b", "b"), ("b", "c")])
    with pytest.raises(engine.Error, match="an edge leads from 'b' to itself; simple = 1 leaves"):
        engine.execute("SELECT * FROM graph_toposort('edges')")
    found = engine.execute("SELECT * FROM graph_toposort('edges') WHERE simple = 1")
    assert found == [("a", 0), ("b", 1), ("c", 2)]


def test_either_way_is_refused(engine):
    write_edges(engine, [(1, 2)])
    with pytest.raises(engine.Error, match="direction must be 'out' or 'in'"):
        engine.execute("SELECT * FROM graph_toposort('edges', 'both')")


def test_arguments(engine):
    engine.execute("CREATE TABLE needs (package, needed, kind)")
    engine.execute("INSERT INTO needs VALUES ('a', 'b', 'depends'), ('b', 'a', 'suggests'), "
                   "('b', 'c', 'depends'), ('d', NULL, 'depends')")
    engine.execute("CREATE TABLE packages (name)")
    engine.execute("INSERT INTO packages VALUES ('a'), ('z')")
    found = engine.execute(
        "SELECT * FROM graph_toposort('needs') WHERE direction = 'in' AND src_col = 'package' AND "
        "dst_col = 'needed' AND type_col = 'kind' AND types = '[\"depends\"]' AND "
        "node_table = 'packages' AND id_col = 'name' AND level < 9")
    assert found == [("c", 0), ("z", 0), ("b", 1), ("a", 2)]
    assert engine.execute("SELECT * FROM graph_toposort(db_query('SELECT 1, 2 WHERE 0'))") == []


def test_a_long_chain_needs_no_stack(engine):
    engine.execute(
        "CREATE TABLE edges AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
        "WHERE i < 200000) SELECT i + 1 AS source, i AS target FROM n")
    assert engine.execute("SELECT count(*), max(level), sum(node = 200001 - level) "
                          "FROM graph_toposort('edges')") == [(200001, 200000, 200001)]
    engine.execute("INSERT INTO edges VALUES (1, 200001)")
    with pytest.raises(engine.Error, match="199993 more"):
        engine.execute("SELECT * FROM graph_toposort('edges')")
