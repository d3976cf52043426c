"""graph_triangles against networkx and counts that are known."""

import itertools
import math

import networkx as nx
import pytest
from graphs import ID_TYPES, random_graph, simple, sql_key, write_edges, write_graph


@pytest.mark.parametrize("id_type", ID_TYPES)
def test_triangles_are_those_of_networkx(engine, id_type):
    for seed in range(8):
        graph = random_graph(seed, 30, 40 + 40 * seed, ID_TYPES[id_type])
        write_graph(engine, graph, f"e{seed}", shuffle=seed)
        plain = simple(graph, undirected=True)
        triangles, clustering = nx.triangles(plain), nx.clustering(plain)
        found = engine.execute(f"SELECT * FROM graph_triangles('e{seed}')")
        assert [row[:3] for row in found] == [
            (n, triangles[n], plain.degree(n)) for n in sorted(graph, key=sql_key)]
        assert all(math.isclose(row[3], clustering[row[0]], abs_tol=1e-15) for row in found)


def arcs_among_neighbors(graph, node):
    arcs = simple(graph)
    near = set(arcs.predecessors(node)) | set(arcs.successors(node))
    count = sum(arcs.has_edge(u, v) for u, v in itertools.permutations(near, 2))
    return count / (len(near) * (len(near) - 1)) if len(near) > 1 else 0


def test_directed_clustering_counts_arcs(engine):
    for seed in range(8):
        graph = random_graph(seed, 20, 30 + 30 * seed)
        write_graph(engine, graph, f"e{seed}")
        for direction in ["out", "in"]:
            found = engine.execute(f"SELECT * FROM graph_triangles('e{seed}', ?)", (direction,))
            assert [row[:3] for row in found] == engine.execute(
                f"SELECT node, triangles, degree FROM graph_triangles('e{seed}')")
            for node, _, _, clustering in found:
                assert math.isclose(clustering, arcs_among_neighbors(graph, node), abs_tol=1e-15)


@pytest.mark.parametrize("graph, total", [
    (nx.karate_club_graph(), 45), (nx.complete_graph(30), 4060), (nx.petersen_graph(), 0),
    (nx.complete_multipartite_graph(5, 6, 7), 210), (nx.star_graph(50), 0),
], ids=["karate", "complete", "petersen", "parts", "star"])
def test_known_totals(engine, graph, total):
    write_edges(engine, graph.edges())
    assert engine.execute("SELECT sum(triangles) FROM graph_triangles('edges')") == [(3 * total,)]


def test_arguments(engine):
    write_edges(engine, [(1, 2), (2, 3), (3, 1), (2, 1), (4, 4)])
    engine.execute("CREATE TABLE nodes (id)")
    engine.execute("INSERT INTO nodes VALUES (9)")
    assert engine.execute("SELECT * FROM graph_triangles('edges') WHERE node_table = 'nodes'") == [
        (1, 1, 2, 1.0), (2, 1, 2, 1.0), (3, 1, 2, 1.0), (4, 0, 0, 0.0), (9, 0, 0, 0.0)]
    assert engine.execute("SELECT * FROM graph_triangles(db_query('SELECT 1, 2 WHERE 0'))") == []
    with pytest.raises(engine.Error, match="unknown direction 'up'"):
        engine.execute("SELECT * FROM graph_triangles('edges', 'up')")
