"""graph_components, graph_degree, graph_pagerank, graph_ppr and graph_stats against networkx."""

import json
import math

import networkx as nx
import numpy as np
import pytest
from networkx.algorithms.link_analysis.pagerank_alg import _pagerank_python  # no scipy
from graphs import ID_TYPES, directed, random_graph, sql_key, write_graph

EACH_ID_TYPE = pytest.mark.parametrize("id_type", ID_TYPES)
DIRECTIONS = ["out", "in", "both"]


def scores(engine, sql, params=()):
    return {node: score for node, score in engine.execute(f"SELECT node, score FROM {sql}", params)}


def close(found, expected, error):
    assert found.keys() == expected.keys()
    assert all(math.isclose(found[n], expected[n], rel_tol=0, abs_tol=error) for n in found)


# ---- components ---------------------------------------------------------------------------------


@EACH_ID_TYPE
@pytest.mark.parametrize("kind", ["weak", "strong"])
def test_components_are_those_of_networkx(engine, kind, id_type):
    find = nx.weakly_connected_components if kind == "weak" else nx.strongly_connected_components
    for seed in range(10):
        graph = random_graph(seed, nodes=40, edges=10 + 8 * seed, make_id=ID_TYPES[id_type])
        write_graph(engine, graph, f"e{seed}", shuffle=seed)
        rows = engine.execute(
            f"SELECT node, component, size FROM graph_components('e{seed}', ?)", (kind,))
        expected = {}
        for members in find(graph):
            for node in members:
                expected[node] = (min(members, key=sql_key), len(members))
        assert {row[0]: row[1:] for row in rows} == expected
        assert [row[0] for row in rows] == sorted(graph, key=sql_key)


def test_components_of_every_small_graph(engine):
    """All directed graphs of three nodes, with self-loops: 512."""
    engine.execute("CREATE TABLE edges (source, target)")
    pairs = [(u, v) for u in range(3) for v in range(3)]
    for mask in range(1 << len(pairs)):
        engine.execute("DELETE FROM edges")
        graph = nx.DiGraph([pair for i, pair in enumerate(pairs) if mask >> i & 1])
        for pair in graph.edges:
            engine.execute("INSERT INTO edges VALUES (?, ?)", pair)
        for kind, find in [("weak", nx.weakly_connected_components),
                           ("strong", nx.strongly_connected_components)]:
            expected = sorted((n, min(c), len(c)) for c in find(graph) for n in c)
            assert expected == engine.execute("SELECT * FROM graph_components('edges', ?)", (kind,))


@pytest.mark.parametrize("edges", [1500, 3000, 6000, 12000])
def test_weak_components_by_edges_both_ways(engine, edges):
    """Where the lists of what enters are in memory, nodes of the largest component are passed over."""
    random = np.random.default_rng(edges)
    ends = random.integers(4000, size=(edges, 2))
    ends.sort(axis=1)  # so many nodes have no edge out, or none in
    if edges > 5000:
        ends = ends[:, ::-1]
    engine.execute("CREATE TABLE edges AS SELECT value ->> 0 AS source, value ->> 1 AS target "
                   "FROM json_each(?)", (json.dumps(ends.tolist()),))
    plain = engine.execute("SELECT * FROM graph_components('edges')")
    expected = sorted((node, min(members), len(members))
                      for members in nx.connected_components(nx.Graph(ends.tolist()))
                      for node in members)
    assert plain == expected
    engine.execute("SELECT 1 FROM graph_pagerank('edges')")
    assert engine.execute("SELECT last_reader FROM graph_stats('edges')") == [("cache",)]
    assert engine.execute("SELECT * FROM graph_components('edges')") == expected


def test_a_long_chain_needs_no_stack(engine):
    engine.execute(
        "CREATE TABLE edges AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
        "WHERE i < 300000) SELECT i AS source, i % 300000 + 1 AS target FROM n")
    for kind in ["weak", "strong"]:
        assert engine.execute("SELECT count(*), min(component), max(component), max(size) "
                              "FROM graph_components('edges', ?)", (kind,)) == [
            (300000, 1, 1, 300000)]


def test_node_table_adds_isolated_nodes(engine):
    engine.execute("CREATE TABLE edges (source, target)")
    engine.execute("INSERT INTO edges VALUES (1, 2)")
    engine.execute("CREATE TABLE nodes (id, name)")
    engine.execute("INSERT INTO nodes VALUES (1, 'a'), (7, 'b'), (NULL, 'c')")
    sql = "SELECT * FROM graph_components('edges') WHERE node_table = 'nodes'"
    assert engine.execute(sql) == [(1, 1, 2), (2, 1, 2), (7, 7, 1)]
    engine.execute("INSERT INTO nodes VALUES (9, 'd')")
    assert engine.execute(sql)[-1] == (9, 9, 1)
    by_name = engine.execute(sql + " AND id_col = 'name'")
    assert [row[0] for row in by_name] == [1, 2, "a", "b", "c", "d"]
    query = engine.execute("SELECT node FROM graph_components('edges', 'weak', "
                           "db_query('SELECT 40'))")
    assert query == [(1,), (2,), (40,)]
    assert engine.execute("SELECT nodes, phantoms FROM graph_stats('edges') "
                          "WHERE node_table = 'nodes'") == [(4, 1)]


@pytest.mark.parametrize("text", [
    "''", "'a'", "'\u00e9'", "CAST(x'610062' AS TEXT)", "CAST(x'00' AS TEXT)",
    "printf('%.5000c', 'x')", "x'6100'", "x''"])
def test_ids_come_back_as_they_were(engine, text):
    """Also text with a byte 0 in it, by which SQLite would find its end."""
    engine.execute(f"CREATE TABLE edges AS SELECT {text} AS source, 7 AS target")
    seen = "typeof({0}), hex({0}), length({0}), {0} || '.'"
    wanted = engine.execute("SELECT " + seen.format(f"({text})"))
    for call in ["graph_components('edges')", "graph_pagerank('edges')", "graph_ppr('edges', 7)",
                 "graph_bfs('edges', 7, 1, 'in')", "graph_degree('edges')"]:
        rows = engine.execute(f"SELECT {seen.format('node')} FROM {call} WHERE node IS NOT 7")
        assert rows == wanted, call


# ---- degree -------------------------------------------------------------------------------------


def test_degree_is_that_of_networkx(engine):
    for seed in range(5):
        graph = random_graph(seed)
        write_graph(engine, graph, f"e{seed}")
        rows = engine.execute(f"SELECT * FROM graph_degree('e{seed}', 'weight')")
        assert rows == [
            (n, graph.in_degree(n), graph.out_degree(n), graph.degree(n),
             graph.in_degree(n, "weight"), graph.out_degree(n, "weight")) for n in sorted(graph)]
        assert all(row[4:] == (row[1], row[2]) for row in
                   engine.execute(f"SELECT * FROM graph_degree('e{seed}')"))


# ---- PageRank -----------------------------------------------------------------------------------


def weighted(graph, weight):
    """A DiGraph with the weights of parallel edges added up."""
    simple = nx.DiGraph()
    simple.add_nodes_from(graph)
    for u, v, data in graph.edges(data=True):
        more = data["weight"] if weight else 1
        before = simple[u][v]["weight"] if simple.has_edge(u, v) else 0
        simple.add_edge(u, v, weight=before + more)
    return simple


def oracle(graph, damping, teleport=None, dangling=None, weight=None):
    """The definition, iterated to the end; networkx is only as good as its tolerance."""
    simple = weighted(graph, weight)
    nodes = list(simple)
    total = sum(teleport.values()) if teleport else len(nodes)
    p = {n: (teleport.get(n, 0) if teleport else 1) / total for n in nodes}
    q = {n: 1 / len(nodes) for n in nodes} if dangling == "uniform" else p
    out = {n: sum(d["weight"] for _, _, d in simple.out_edges(n, data=True)) for n in nodes}
    x = p
    for _ in range(1000):
        lost = sum(x[n] for n in nodes if not out[n])
        y = {n: (1 - damping) * p[n] + damping * lost * q[n] for n in nodes}
        for u, v, data in simple.edges(data=True):
            if out[u]:
                y[v] += damping * x[u] * data["weight"] / out[u]
        change = sum(abs(y[n] - x[n]) for n in nodes)
        x = y
        if change < 1e-14:
            break
    return x


@EACH_ID_TYPE
@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("weight", [None, "weight"])
def test_pagerank_is_the_definition(engine, id_type, direction, weight):
    for seed in range(3):
        graph = random_graph(seed, make_id=ID_TYPES[id_type])
        write_graph(engine, graph, f"e{seed}", shuffle=seed)
        found = scores(engine, f"graph_pagerank('e{seed}', 0.8, 1e-13) "
                       "WHERE weight_col = ? AND direction = ?", (weight, direction))
        walked = directed(graph, direction)
        close(found, oracle(walked, 0.8, weight=weight), 1e-12)
        assert math.isclose(sum(found.values()), 1, abs_tol=1e-12)
        expected = _pagerank_python(weighted(walked, weight), 0.8, tol=1e-12, max_iter=1000)
        close(found, expected, 1e-9)


def test_pagerank_of_langville_and_meyer(engine):
    engine.execute("CREATE TABLE edges (source, target)")
    for edge in [(1, 2), (1, 3), (3, 1), (3, 2), (3, 5), (4, 5), (4, 6), (5, 4), (5, 6), (6, 4)]:
        engine.execute("INSERT INTO edges VALUES (?, ?)", edge)
    found = scores(engine, "graph_pagerank('edges', 0.9)")
    expected = [.03721197, .05395735, .04150565, .37508082, .20599833, .28624589]
    assert [round(found[n], 8) for n in range(1, 7)] == expected


def test_pagerank_of_the_karate_club(engine):
    engine.execute("CREATE TABLE edges (source, target)")
    for u, v in nx.karate_club_graph().edges:
        engine.execute("INSERT INTO edges VALUES (?, ?)", (u + 1, v + 1))
    found = scores(engine, "graph_pagerank('edges') WHERE direction = 'both'")
    for node, score in [(1, .0969972854), (2, .0528769241), (34, .1009191823)]:
        assert math.isclose(found[node], score, abs_tol=2e-10)
    found = scores(engine, "graph_ppr('edges', '[1, 34]', 0.5)")
    for node, score in [(34, .2855453954), (1, .2848195043), (33, .0303615958), (2, .0253286497)]:
        assert math.isclose(found[node], score, abs_tol=2e-10)
    found = scores(engine, "graph_ppr('edges', 17)")
    for node, score in [(17, .2095545576), (6, .1401283708), (7, .1401283708), (1, .1283995852)]:
        assert math.isclose(found[node], score, abs_tol=2e-10)


def test_ranks(engine):
    write_graph(engine, random_graph(1))
    rows = engine.execute("SELECT node, score, rank FROM graph_pagerank('edges')")
    assert [row[2] for row in rows] == list(range(1, len(rows) + 1))
    assert rows == sorted(rows, key=lambda row: (-row[1], row[0]))
    assert rows[:5] == engine.execute("SELECT * FROM graph_pagerank('edges') WHERE top_k = 5")
    assert engine.execute("SELECT * FROM graph_pagerank('edges') WHERE top_k = 0") == []


def test_rounds(engine):
    write_graph(engine, random_graph(1))
    with pytest.raises(engine.Error, match="after max_iter = 3 rounds the scores still change"):
        engine.execute("SELECT * FROM graph_pagerank('edges') WHERE max_iter = 3")
    returned = scores(engine, "graph_pagerank('edges') WHERE max_iter = 3 AND on_max_iter='return'")
    assert returned == scores(engine, "graph_pagerank('edges', 0.85, 0, 3)")
    assert math.isclose(sum(returned.values()), 1, abs_tol=1e-12)
    assert engine.execute("SELECT * FROM graph_pagerank(db_query('SELECT 1, 2 WHERE 0'))") == []


# ---- personalised -------------------------------------------------------------------------------


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("dangling", ["teleport", "uniform"])
@pytest.mark.parametrize("weight", [None, "weight"])
@pytest.mark.parametrize("id_type", ["integer", "text"])
def test_ppr_is_the_definition(engine, direction, dangling, weight, id_type):
    for seed in range(3):
        graph = random_graph(seed, make_id=ID_TYPES[id_type])
        write_graph(engine, graph, f"e{seed}")
        nodes = sorted(graph, key=sql_key)
        seeds = {nodes[2]: 1.5, nodes[7]: 0.5, nodes[9]: 0}
        found = scores(engine, f"graph_ppr('e{seed}', ?, 0.8, ?, ?, 1e-14) "
                       "WHERE dangling = ?", (json.dumps(seeds), direction, weight, dangling))
        expected = oracle(directed(graph, direction), 0.8, seeds, dangling, weight)
        close(found, {n: s for n, s in expected.items() if s > 0}, 1e-12)
        assert math.isclose(sum(found.values()), 1, abs_tol=1e-12)


@pytest.mark.parametrize("direction", DIRECTIONS)
@pytest.mark.parametrize("weight", [None, "weight"])
def test_push_keeps_its_bound(engine, direction, weight):
    graph = random_graph(4, nodes=200, edges=600)
    write_graph(engine, graph)
    exact = scores(engine, "graph_ppr('edges', '[5, 6]') WHERE direction = ? AND weight_col = ? "
                   "AND tol = 1e-14", (direction, weight))
    for eps in [1e-2, 1e-4, 1e-7, 1e-10]:
        found = scores(engine, "graph_ppr('edges', '[5, 6]') WHERE direction = ? AND "
                       "weight_col = ? AND eps = ?", (direction, weight, eps))
        missing = engine.execute("SELECT last_missing FROM graph_stats('edges')")[0][0]
        assert math.isclose(sum(found.values()) + missing, 1, abs_tol=1e-12)
        edges = 2 * graph.number_of_edges() + len(graph)
        assert 0 <= missing <= eps * edges
        assert all(found[n] <= exact[n] + 1e-12 for n in found)
    close(found, {n: exact[n] for n in found}, 1e-6)


def test_a_push_leaves_nothing_to_the_next(engine):
    """The graph keeps the array of a push. A query as the edge source is read anew each time."""
    graph = random_graph(5, nodes=150, edges=500)
    write_graph(engine, graph)
    fresh = "db_query('SELECT source, target, weight AS weight FROM edges')"
    missing = "SELECT last_missing FROM graph_stats('edges')"
    engine.execute("SELECT count(*) FROM graph_degree('edges')")
    for turn in range(3):
        for direction in DIRECTIONS:
            for weight in (None, "weight"):
                for eps in (1e-2, 1e-6):
                    sql = ("SELECT * FROM graph_ppr({}, ?1) "
                           "WHERE direction = ?2 AND weight_col = ?3 AND eps = ?4")
                    given = (f"[5, {6 + turn}]", direction, weight, eps)
                    found = engine.execute(sql.format("'edges'"), given), engine.execute(missing)
                    again = engine.execute(sql.format("'edges'"), given), engine.execute(missing)
                    assert found == again
                    assert found[0] == engine.execute(sql.format(fresh), given)


def test_seeds(engine):
    write_graph(engine, random_graph(2))
    one = engine.execute("SELECT * FROM graph_ppr('edges', 3)")
    for same in ["'[3]'", "'{\"3\": 0.2}'", "'[{\"id\": 3, \"weight\": 7}]'", "'[3, 3, 99]'"]:
        assert engine.execute(f"SELECT * FROM graph_ppr('edges', {same})") == one
    assert engine.execute("SELECT * FROM graph_ppr('edges') "
                          "WHERE seeds IN (SELECT 3 UNION SELECT 99)") == one
    for nothing in ["NULL", "99", "'[]'", "'3'", "'{\"3\": 0}'"]:
        assert engine.execute(f"SELECT * FROM graph_ppr('edges', {nothing})") == []
    for wrong in ["'{\"3\": \"x\"}'", "'{\"3\": -1}'", "'[{\"id\": 3, \"weight\": -1}]'"]:
        with pytest.raises(engine.Error, match="seeds: the weight of"):
            engine.execute(f"SELECT * FROM graph_ppr('edges', {wrong})")


@pytest.mark.parametrize("how", ["method = 'power'", "method = 'push'", "dangling = 'uniform'",
                                 "max_iter = 3 AND tol = 0"])
def test_what_the_seeds_do_not_reach_is_left_out(engine, how):
    engine.execute("CREATE TABLE edges (source, target)")
    engine.execute("INSERT INTO edges VALUES (1, 2), (2, 3), (3, 1), (8, 9), (9, 8)")
    rows = engine.execute(f"SELECT node FROM graph_ppr('edges', 1) WHERE {how} ORDER BY node")
    assert rows == [(1,), (2,), (3,)]


@pytest.mark.parametrize("weights", [(1e308, 1e308), (1e308, 1), (5e-324, 1e-310), (5e-324, 0)])
@pytest.mark.parametrize("call", ["graph_pagerank('edges') WHERE", "graph_ppr('edges', 'a') WHERE",
                                  "graph_ppr('edges', 'a') WHERE eps = 1e-3 AND"])
def test_weights_that_score_cannot_be_shared_by(engine, call, weights):
    engine.execute("CREATE TABLE edges (source, target, w)")
    engine.execute("INSERT INTO edges VALUES ('a', 'b', ?), ('a', 'c', ?)", weights)
    with pytest.raises(engine.Error, match="weights of the edges of 'a' sum to .* scale the weights"):
        engine.execute(f"SELECT * FROM {call} weight_col = 'w'")
    engine.execute("UPDATE edges SET w = w * 1e-200 + 1e-150")
    engine.execute("SELECT * FROM {} weight_col = 'w'".format(call))


@pytest.mark.parametrize("sql, message", [
    ("graph_pagerank('edges', 1)", "damping must be a number from 0 to below 1, found 1"),
    ("graph_pagerank('edges', -0.1)", "damping must be a number from 0 to below 1, found -0.1"),
    ("graph_pagerank('edges') WHERE dangling = 'lost'", "unknown dangling 'lost'"),
    ("graph_ppr('edges')", "the argument 'seeds' is missing"),
    ("graph_ppr('edges', 1) WHERE method = 'fast'", "unknown method 'fast' (there are auto, power"),
    ("graph_ppr('edges', 1) WHERE eps = 1e-6 AND dangling = 'uniform'", "needs method = 'power'"),
    ("graph_ppr('edges', 1) WHERE eps = 0", "eps must be a number"),
    ("graph_components('edges', 'loose')", "unknown kind 'loose' (there are weak, strong)"),
], ids=str)
def test_errors(engine, sql, message):
    write_graph(engine, random_graph(2))
    with pytest.raises(engine.Error) as caught:
        engine.execute(f"SELECT * FROM {sql}")
    assert message in str(caught.value)


# ---- stats --------------------------------------------------------------------------------------


def test_stats_count(engine):
    graph = random_graph(6)
    write_graph(engine, graph)
    engine.execute("INSERT INTO edges VALUES (900, 1, NULL, 1, 'x'), (901, NULL, 1, 1, 'x')")
    row = engine.execute("SELECT nodes, edges, self_loops, parallel_edges, dangling, sources, max_in, "
                         "max_out, phantoms, skipped_null, skipped_weight FROM graph_stats('edges')")
    simple = nx.DiGraph(graph)
    assert row == [(
        len(graph), graph.number_of_edges(), nx.number_of_selfloops(graph),
        graph.number_of_edges() - simple.number_of_edges(),
        sum(d == 0 for _, d in graph.out_degree), sum(d == 0 for _, d in graph.in_degree),
        max(d for _, d in graph.in_degree), max(d for _, d in graph.out_degree), None, 2, 0)]
