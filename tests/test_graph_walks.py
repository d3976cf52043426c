"""graph_bfs, graph_distances, graph_shortest_path and graph_neighbors against networkx."""

import json
import random

import networkx as nx
import pytest
from graphs import ID_TYPES, directed, random_graph, sql_key, write_graph

DIRECTIONS = ["out", "in", "both"]
EACH_ID_TYPE = pytest.mark.parametrize("id_type", ID_TYPES)
EACH_DIRECTION = pytest.mark.parametrize("direction", DIRECTIONS)
EACH_READER = pytest.mark.parametrize("index", [False, True], ids=["graph", "lookup"])


def last_reader(engine):
    return engine.execute("SELECT last_reader FROM graph_stats('edges')")[0][0]


def expected_bfs(graph, roots, cutoff=None):
    """{node: (depth, parent, root)} with the ties of the manual."""
    best = {}
    level = [(root, None, root) for root in sorted(roots, key=sql_key)]
    depth = 0
    while level and (cutoff is None or depth <= cutoff):
        for node, parent, root in level:
            best.setdefault(node, (depth, parent, root))
        frontier = sorted(
            {node for node, _, _ in level if best[node][0] == depth},
            key=lambda n: (sql_key(best[n][2]), sql_key(n)))
        level = [(other, node, best[node][2]) for node in frontier
                 for other in sorted(set(graph.successors(node)), key=sql_key)
                 if other not in best]
        depth += 1
    return best


@EACH_ID_TYPE
@EACH_DIRECTION
@EACH_READER
def test_bfs_is_that_of_networkx(engine, id_type, direction, index):
    for seed in range(6):
        graph = random_graph(seed, make_id=ID_TYPES[id_type])
        write_graph(engine, graph, f"e{seed}", index, shuffle=seed)
        walked = directed(graph, direction)
        for root in sorted(graph, key=sql_key)[:8]:
            rows = engine.execute(
                f"SELECT node, depth, parent, edge_id, root FROM graph_bfs('e{seed}', ?) "
                "WHERE direction = ?", (root, direction))
            depths = nx.single_source_shortest_path_length(walked, root)
            assert {row[0]: row[1] for row in rows} == depths
            assert len(rows) == len(depths)
            expected = expected_bfs(walked, [root])
            for node, depth, parent, edge_id, first in rows:
                assert (depth, parent, first) == expected[node]
                assert type(node) is type(next(n for n in graph if n == node))
                if parent is None:
                    assert edge_id is None
                else:
                    keys = sorted(walked[parent][node], key=lambda k: (k < 0, abs(k)))
                    assert edge_id == abs(keys[0])
            assert [row[:2] for row in rows] == sorted(
                [row[:2] for row in rows], key=lambda row: (row[1], sql_key(row[0])))


@EACH_DIRECTION
@EACH_READER
def test_bfs_from_several_roots(engine, direction, index):
    graph = random_graph(3, nodes=60, edges=90)
    write_graph(engine, graph, index=index)
    rng = random.Random(1)
    for _ in range(20):
        roots = rng.sample(sorted(graph), 3)
        cutoff = rng.choice([0, 1, 2, 3, None])
        rows = engine.execute(
            "SELECT node, depth, parent, root FROM graph_bfs('edges', ?, ?, ?)",
            (json.dumps(roots), cutoff, direction))
        expected = expected_bfs(directed(graph, direction), roots, cutoff)
        assert {row[0]: row[1:] for row in rows} == expected


@EACH_DIRECTION
@EACH_READER
@pytest.mark.parametrize("id_type", ["integer", "text", "mixed"])
def test_distances_are_those_of_networkx(engine, direction, index, id_type):
    for seed in range(6):
        graph = random_graph(seed, make_id=ID_TYPES[id_type])
        write_graph(engine, graph, f"e{seed}", index, shuffle=seed)
        walked = directed(graph, direction)
        for root in sorted(graph, key=sql_key)[:8]:
            rows = engine.execute(
                f"SELECT node, cost, hops, parent, edge_id FROM graph_distances('e{seed}', ?, "
                "'weight') WHERE direction = ?", (root, direction))
            assert {row[0]: row[1] for row in rows} == nx.single_source_dijkstra_path_length(
                walked, root)
            at = {row[0]: row for row in rows}
            for node, cost, hops, parent, edge_id in rows:
                if parent is None:
                    assert (node, cost, hops, edge_id) == (root, 0, 0, None)
                    continue
                edges = [d for k, d in walked[parent][node].items() if abs(k) == edge_id]
                assert cost == at[parent][1] + edges[0]["weight"]
                assert hops == at[parent][2] + 1
            costs = [(row[1], row[2], sql_key(row[0])) for row in rows]
            assert costs == sorted(costs)
            near = engine.execute(
                f"SELECT node FROM graph_distances('e{seed}', ?, 'weight', 4, ?)",
                (root, direction))
            assert near == [(row[0],) for row in rows if row[1] <= 4]


@EACH_DIRECTION
@EACH_READER
@pytest.mark.parametrize("weight", [None, "weight"])
def test_a_shortest_path_is_one(engine, direction, index, weight):
    graph = random_graph(5, nodes=40, edges=70)
    write_graph(engine, graph, index=index)
    walked = directed(graph, direction)
    rng = random.Random(2)
    found = 0
    for _ in range(120):
        source, target = rng.choices(sorted(graph), k=2)
        rows = engine.execute(
            "SELECT step, node, edge_id, cost FROM graph_shortest_path('edges', ?, ?, ?, ?)",
            (source, target, weight, direction))
        if not nx.has_path(walked, source, target):
            assert rows == []
            continue
        found += 1
        assert [row[0] for row in rows] == list(range(len(rows)))
        assert (rows[0][1], rows[-1][1]) == (source, target)
        cost = 0
        for (_, u, _, _), (_, v, key, so_far) in zip(rows, rows[1:]):
            data = next(d for k, d in walked[u][v].items() if abs(k) == key)
            cost += data["weight"] if weight else 1
            assert so_far == cost
        assert cost == nx.shortest_path_length(walked, source, target, weight=weight)
    assert found > 20


@EACH_DIRECTION
@EACH_READER
def test_neighbors_are_the_edges(engine, direction, index):
    graph = random_graph(7, nodes=20, edges=60)
    write_graph(engine, graph, index=index)
    for node in sorted(graph):
        rows = engine.execute(
            "SELECT node, neighbor, edge_id, way, type, weight FROM graph_neighbors('edges', ?, ?) "
            "WHERE weight_col = 'weight'", (node, direction))
        expected = []
        for u, v, key, data in graph.edges(keys=True, data=True):
            if u == node and direction != "in":
                expected.append((node, v, key, "out", data["type"], data["weight"]))
            if v == node and (direction == "in" or (direction == "both" and u != v)):
                expected.append((node, u, key, "in", data["type"], data["weight"]))
        assert rows == sorted(expected, key=lambda r: (r[1], r[3] == "in", r[2]))


@EACH_DIRECTION
def test_neighbors_of_several_nodes(engine, direction):
    graph = random_graph(8, nodes=40, edges=120, make_id=ID_TYPES["mixed"])
    write_graph(engine, graph, index=True)
    write_graph(engine, graph, table="plain", shuffle=1)
    nodes = [n for n in sorted(graph, key=sql_key) if isinstance(n, (int, float, str))][::3]
    sql = "SELECT * FROM graph_neighbors('{}', ?, ?) WHERE types = '[\"uses\", \"knows\"]'"
    rows = engine.execute(sql.format("edges"), (json.dumps(nodes), direction))
    assert rows == engine.execute(sql.format("plain"), (json.dumps(nodes), direction))
    assert rows == [row for node in nodes
                    for row in engine.execute(sql.format("edges"), (node, direction))]
    assert len(rows) > 20


# ---- which reader -------------------------------------------------------------------------------


def test_look_ups_and_the_graph_give_the_same_rows(engine):
    graph = random_graph(9, nodes=200, edges=600, make_id=ID_TYPES["mixed"])
    write_graph(engine, graph, index=True)
    write_graph(engine, graph, table="plain")
    rng = random.Random(3)
    nodes = sorted(graph, key=sql_key)
    for _ in range(60):
        arguments = (rng.choice(nodes), rng.choice([1, 2, 3, None]), rng.choice(DIRECTIONS),
                     rng.choice([None, '["uses"]', '["likes", "knows"]']),
                     rng.choice([None, 1, 5, 50]), rng.choice([None, 1, 2]))
        sql = "SELECT * FROM graph_bfs('{}', ?, ?, ?, ?, ?, ?)"
        looked_up = engine.execute(sql.format("edges"), arguments)
        assert last_reader(engine) == "lookup"
        engine.execute("DELETE FROM edges WHERE 0")
        assert looked_up == engine.execute(sql.format("plain"), arguments)
        engine.execute("CREATE TABLE again AS SELECT 1")
        engine.execute("DROP TABLE again")  # forget what graph_stats has read


def test_look_ups_give_up_in_a_large_search(engine):
    write_graph(engine, nx.MultiDiGraph(), index=True)
    engine.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9000) "
        "INSERT INTO edges SELECT i, i % 100, i / 100, 1, 'x' FROM n")
    assert engine.execute("SELECT count(*) FROM graph_bfs('edges', 5)") == [(91,)]
    assert last_reader(engine) == "load"
    assert engine.execute("SELECT count(*) FROM graph_bfs('edges', 5)") == [(91,)]
    assert last_reader(engine) == "cache"
    assert engine.execute("SELECT count(*) FROM graph_bfs('edges', 5, 0)") == [(1,)]


def test_an_index_in_another_collation_is_not_used(engine):
    engine.execute("CREATE TABLE edges (source TEXT COLLATE NOCASE, target TEXT COLLATE NOCASE)")
    engine.execute("CREATE INDEX s ON edges (source)")
    engine.execute("CREATE INDEX t ON edges (target)")
    engine.execute("INSERT INTO edges VALUES ('a', 'b'), ('A', 'c'), ('B', 'd')")
    assert engine.execute("SELECT node FROM graph_bfs('edges', 'a')") == [("a",), ("b",)]
    assert last_reader(engine) == "load"


def test_the_type_of_an_id_counts(engine):
    engine.execute("CREATE TABLE edges (source TEXT, target)")
    engine.execute("CREATE INDEX s ON edges (source)")
    engine.execute("CREATE INDEX t ON edges (target)")
    engine.execute("INSERT INTO edges VALUES ('1', 2), ('2', 3)")
    bfs = "SELECT node FROM graph_bfs('edges', ?)"
    for _ in range(2):
        assert engine.execute(bfs, ("1",)) == [("1",), (2,)]
        assert engine.execute(bfs, (1,)) == []
        assert engine.execute(bfs, (2.0,)) == [(2,)]  # 2.0 = 2
        engine.execute("SELECT count(*) FROM graph_components('edges')")  # now from memory


# ---- arguments ----------------------------------------------------------------------------------


@pytest.fixture
def chain(engine):
    """1 -> 2 -> 3 -> 4, and 1 -> 5."""
    engine.execute("CREATE TABLE edges (source, target, km REAL, type TEXT)")
    engine.execute("INSERT INTO edges VALUES (1, 2, 1, 'a'), (2, 3, 1, 'b'), (3, 4, 1, 'a'), "
                   "(1, 5, 9, 'a')")
    return engine


def test_start_in_is_one_search(chain):
    if chain.version < (3, 38):
        pytest.fail("the tests need SQLite 3.38")
    rows = chain.execute("SELECT node, depth, root FROM graph_bfs('edges') "
                         "WHERE start IN (SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 99)")
    assert rows == [(2, 0, 2), (3, 0, 3), (4, 1, 3)]


def test_start_of_another_table(chain):
    rows = chain.execute(
        "SELECT s.n, b.node FROM (SELECT 2 AS n UNION ALL SELECT 5 UNION ALL SELECT NULL) AS s "
        "JOIN graph_bfs('edges', s.n) AS b ORDER BY 1, 2")
    assert rows == [(2, 2), (2, 3), (2, 4), (5, 5)]
    left = chain.execute("SELECT s.n, b.node FROM (SELECT 99 AS n) AS s "
                         "LEFT JOIN graph_bfs('edges', s.n) AS b")
    assert left == [(99, None)]


@pytest.mark.parametrize("sql, expected", [
    ("graph_bfs('edges', 1, 1)", [1, 2, 5]),
    ("graph_bfs('edges', 1, 0)", [1]),
    ("graph_bfs('edges', 1) WHERE max_nodes = 2", [1, 2]),
    ("graph_bfs('edges', 1) WHERE max_nodes = 0", []),
    ("graph_bfs('edges', 1) WHERE max_fanout = 1", [1, 2, 3, 4]),
    ("graph_bfs('edges', 1) WHERE max_fanout = 0", [1]),
    ("graph_bfs('edges', 1) WHERE types = '[\"a\"]'", [1, 2, 5]),
    ("graph_bfs('edges', 1) WHERE types = '[]'", []),
    ("graph_bfs('edges', NULL)", []),
    ("graph_bfs('edges', 99)", []),
    ("graph_bfs('edges', '[]')", []),
    ("graph_bfs('edges', '{\"3\": 1}')", [3, 4]),
    ("graph_bfs('edges', '[{\"id\": 3}]')", [3, 4]),
    ("graph_bfs(db_query('SELECT target, source FROM edges -- turned'), 4)", [4, 3, 2, 1]),
    ("graph_bfs(db_query('SELECT source, target FROM edges WHERE km < 5;'), 1)", [1, 2, 3, 4]),
    ("graph_bfs('edges', 4) WHERE src_col = 'target' AND dst_col = 'source'", [4, 3, 2, 1]),
    ("graph_bfs WHERE start = 3 AND edge_table = 'main.edges'", [3, 4]),
    ("graph_bfs('edges', 99) WHERE node_table = 'more'", [99]),
], ids=str)
def test_arguments_of_bfs(chain, sql, expected):
    chain.execute("CREATE TABLE more (id)")
    chain.execute("INSERT INTO more VALUES (99), (1)")
    assert [row[0] for row in chain.execute(f"SELECT node FROM {sql}")] == expected


@pytest.mark.parametrize("sql, message", [
    ("graph_bfs('edges')", "graph_bfs: the argument 'start' is missing; write graph_bfs("),
    ("graph_bfs", "graph_bfs: the argument 'edge_table' is missing"),
    ("graph_bfs('nothing', 1)", "no table or view 'nothing'"),
    ("graph_bfs(7, 1)", "edge_table must be the name of a table or view"),
    ("graph_bfs('edges', 1, -1)", "max_depth must be an integer of 0 or more, found -1"),
    ("graph_bfs('edges', 1, 'x')", "max_depth must be an integer of 0 or more, found 'x'"),
    ("graph_bfs('edges', 1, 1, 'up')", "unknown direction 'up' (there are out, in, both"),
    ("graph_bfs('edges', 1, 1, 'out', 'a')", "types must be a JSON array"),
    ("graph_bfs('edges', '[1,')", "start: give an id, a JSON array"),
    ("graph_bfs('edges', '[[1]]')", "start: give an id, a JSON array"),
    ("graph_bfs('edges', 1) WHERE src_col = 'no'",
     "src_col: edges has no column 'no' (it has source, target, km, type)"),
    ("graph_bfs('edges', 1) WHERE type_col = 'no'", "type_col: edges has no column 'no'"),
    ("graph_bfs('other', 1)", "other has no columns source and target, or src and dst (it has a, b)"),
    ("graph_bfs(db_query('DELETE FROM edges'), 1)", "db_query: give one SELECT statement"),
    ("graph_distances('edges', 1, 'type')", "the weight of edge 1 of edges is 'a'"),
    ("graph_distances('edges', 1) WHERE null_weight = -1", "null_weight must be a number"),
    ("graph_shortest_path('edges', 1, 2, 'km', 'out', 3)", "max_depth counts edges"),
    ("graph_shortest_path('edges', 1)", "the argument 'target' is missing"),
    ("graph_neighbors('edges')", "the argument 'node_in' is missing"),
], ids=str)
def test_errors(chain, sql, message):
    chain.execute("CREATE TABLE other (a, b)")
    with pytest.raises(chain.Error) as caught:
        chain.execute(f"SELECT * FROM {sql}")
    assert message in str(caught.value)


def test_weights(chain):
    cost = "SELECT node, cost FROM graph_distances('edges', 1, 'km')"
    chain.execute("UPDATE edges SET km = NULL WHERE target = 3")
    with pytest.raises(chain.Error, match="the weight of edge 2 of edges is NULL; null_weight"):
        chain.execute(cost)
    assert chain.execute(cost + " WHERE null_weight = 'skip'") == [(1, 0), (2, 1), (5, 9)]
    assert chain.execute(cost + " WHERE null_weight = 3") == [(1, 0), (2, 1), (3, 4), (4, 5), (5, 9)]
    for wrong in ["-1", "'x'", "x'00'", "9e999"]:
        chain.execute(f"UPDATE edges SET km = {wrong} WHERE target = 3")
        with pytest.raises(chain.Error, match="the weight of edge 2 of edges is"):
            chain.execute(cost)


def test_order_is_known(chain):
    plan = chain.execute("EXPLAIN QUERY PLAN SELECT * FROM graph_bfs('edges', 1) ORDER BY depth")
    assert not any("B-TREE" in row[3] for row in plan)
    plan = chain.execute("EXPLAIN QUERY PLAN SELECT * FROM graph_bfs('edges', 1) ORDER BY node")
    assert any("B-TREE" in row[3] for row in plan)
