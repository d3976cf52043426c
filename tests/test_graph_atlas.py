"""Every graph of up to six nodes: what the functions say is what networkx says.

Random graphs rarely have the small parts that algorithms stumble over; here all of them come.
"""

import networkx as nx
import numpy as np
import pytest

GRAPHS = nx.graph_atlas_g()[1:209]


def pointed(graph):
    """Its edges with one way each, so that some graphs have cycles and others have none."""
    directed = nx.DiGraph()
    directed.add_nodes_from(graph)
    directed.add_edges_from((u, v) if (u + v) % 2 else (v, u) for u, v in graph.edges)
    return directed


@pytest.fixture
def ask(engine):
    """A function: number of a graph, SELECT ... FROM a function, conditions; returns the rows."""
    engine.execute("CREATE TABLE edges (g, source, target)")
    engine.execute("CREATE TABLE nodes (g, id)")
    engine.execute("BEGIN")
    for g, graph in enumerate(GRAPHS):
        for node in graph:
            engine.execute("INSERT INTO nodes VALUES (?, ?)", (g, node))
        for u, v in pointed(graph).edges:
            engine.execute("INSERT INTO edges VALUES (?, ?, ?)", (g, u, v))
    engine.execute("COMMIT")

    def select(g, call, *conditions):
        edges = f"db_query('SELECT source, target FROM edges WHERE g = {g}')"
        nodes = f"node_table = db_query('SELECT id FROM nodes WHERE g = {g}')"
        where = " AND ".join([nodes, *conditions])
        return engine.execute(f"{call.format(edges)} WHERE {where}")

    return select


BOTH = "direction = 'both'"


def close(found, expected, room=1e-12):
    return found.keys() == expected.keys() and all(
        abs(found[node] - expected[node]) <= room for node in found)


def least(groups):
    """The smallest of its group, by node."""
    return {node: min(group) for group in groups for node in group}


def test_what_is_counted(ask):
    for g, graph in enumerate(GRAPHS):
        assert dict(ask(g, "SELECT * FROM graph_kcore({})")) == nx.core_number(graph)
        found = ask(g, "SELECT node, triangles, clustering FROM graph_triangles({})")
        assert {node: count for node, count, _ in found} == nx.triangles(graph)
        assert close({node: share for node, _, share in found}, nx.clustering(graph))


def test_centrality(ask):
    for g, graph in enumerate(GRAPHS):
        for name, oracle in [("closeness", nx.closeness_centrality),
                             ("betweenness", nx.betweenness_centrality)]:
            found = dict(ask(g, f"SELECT node, score FROM graph_{name}({{}})", BOTH))
            assert close(found, oracle(graph)), (g, name)


def test_what_hangs_together(ask):
    for g, graph in enumerate(GRAPHS):
        found = dict(ask(g, "SELECT node, component FROM graph_components({})"))
        assert found == least(nx.connected_components(graph))
        found = dict(ask(g, "SELECT node, component FROM graph_components({}, 'strong')"))
        assert found == least(nx.strongly_connected_components(pointed(graph)))


def test_walks(ask):
    for g, graph in enumerate(GRAPHS):
        for start in graph:
            distances = dict(nx.single_source_shortest_path_length(graph, start))
            for name, column in [("bfs", "depth"), ("distances", "cost")]:
                call = f"SELECT node, {column} FROM graph_{name}({{}}, {start})"
                assert dict(ask(g, call, BOTH)) == distances


def test_levels(ask):
    for g, graph in enumerate(GRAPHS):
        directed = pointed(graph)
        if nx.is_directed_acyclic_graph(directed):
            levels = dict(ask(g, "SELECT node, level FROM graph_toposort({})"))
            assert levels == {node: level for level, nodes in
                              enumerate(nx.topological_generations(directed)) for node in nodes}


def test_shortest_paths(ask):
    for g, graph in enumerate(GRAPHS):
        source, target = min(graph), max(graph)
        paths = {}
        for path, node in ask(
                g, f"SELECT path_id, node FROM graph_all_shortest_paths({{}}, {source}, {target})",
                BOTH):
            paths.setdefault(path, []).append(node)
        expected = (sorted(nx.all_shortest_paths(graph, source, target))
                    if nx.has_path(graph, source, target) else [])
        assert list(paths.values()) == expected
        found = ask(g, f"SELECT node FROM graph_shortest_path({{}}, {source}, {target})", BOTH)
        assert [node for node, in found] == (expected[0] if expected else [])


def pagerank(walked, damping=0.85):
    """The solution of its equations; what nothing leaves gives to all."""
    nodes = list(walked)
    shares = np.full((len(nodes), len(nodes)), 1 / len(nodes))  # from column to row
    for i, node in enumerate(nodes):
        if out := list(walked.neighbors(node)):
            shares[:, i] = [(other in out) / len(out) for other in nodes]
    ones = np.ones(len(nodes))
    scores = np.linalg.solve(np.diag(ones) - damping * shares, ones * (1 - damping) / len(nodes))
    return dict(zip(nodes, scores))


@pytest.mark.parametrize("direction", ["out", "in", "both"])
def test_pagerank(ask, direction):
    for g, graph in enumerate(GRAPHS):
        directed = pointed(graph)
        expected = pagerank({"out": directed, "in": directed.reverse(), "both": graph}[direction])
        for tol in [1e-10, 1e-13]:
            found = dict(ask(g, "SELECT node, score FROM graph_pagerank({})",
                             f"direction = '{direction}'", f"tol = {tol}", "max_iter = 1000"))
            assert close(found, expected, 10 * tol), (g, direction)
            assert abs(sum(found.values()) - 1) < 1e-12
