"""graph_all_shortest_paths, graph_k_shortest_paths and graph_paths against networkx."""

import itertools
import json
import random

import networkx as nx
import pytest
from graphs import ID_TYPES, directed, random_graph, sql_key, write_graph

EACH_DIRECTION = pytest.mark.parametrize("direction", ["out", "in", "both"])
EACH_READER = pytest.mark.parametrize("index", [False, True], ids=["graph", "lookup"])
EACH_WEIGHT = pytest.mark.parametrize("weight", [None, "weight"])


def order_of(graph, path):
    """What a path is ordered by at equal length: [(node, enters, edge id)] of its edges."""
    return [(sql_key(v), key < 0, abs(key)) for _, v, key in path]


def simple_paths(graph, source, target):
    """Every path that visits no node twice, as [(u, v, key)]."""
    if source == target:
        return [[]]
    return list(nx.all_simple_edge_paths(graph, source, target))


def cost_of(graph, path, weight):
    return sum(graph[u][v][key]["weight"] if weight else 1 for u, v, key in path)


def read_paths(rows, source, weight=None, graph=None):
    """[[(u, v, edge id)]] from rows of (path_id, step, node, edge_id, cost)."""
    paths = []
    for number, (path_id, group) in enumerate(itertools.groupby(rows, lambda r: r[0]), 1):
        steps = list(group)
        assert path_id == number
        assert [row[1] for row in steps] == list(range(len(steps)))
        assert steps[0][2:] == (source, None, 0)
        path = [(a[2], b[2], b[3]) for a, b in zip(steps, steps[1:])]
        cost = 0
        for (u, v, key), row in zip(path, steps[1:]):
            data = next(d for k, d in graph[u][v].items() if abs(k) == key)
            cost += data["weight"] if weight else 1
            assert row[4] == cost
        paths.append(path)
    return paths


def expected_paths(graph, source, target, weight):
    """All simple paths in the order of the manual: (cost, [(u, v, edge id)])."""
    paths = [(cost_of(graph, path, weight), len(path), order_of(graph, path),
              [(u, v, abs(key)) for u, v, key in path])
             for path in simple_paths(graph, source, target)]
    return [(cost, path) for cost, _, _, path in sorted(paths)]


@EACH_DIRECTION
@EACH_READER
@EACH_WEIGHT
@pytest.mark.parametrize("id_type", ["integer", "mixed"])
def test_shortest_paths_are_those_of_networkx(engine, direction, index, weight, id_type):
    compared = 0
    for seed in range(4):
        graph = random_graph(seed, nodes=11, edges=22, make_id=ID_TYPES[id_type])
        write_graph(engine, graph, f"e{seed}", index, shuffle=seed)
        walked = directed(graph, direction)
        rng = random.Random(seed)
        for _ in range(12):
            source, target = rng.choices(sorted(graph, key=sql_key), k=2)
            given = (source, target, weight, direction)
            everything = expected_paths(walked, source, target, weight)
            cheapest = [path for cost, path in everything if cost == everything[0][0]]
            rows = engine.execute(
                f"SELECT path_id, step, node, edge_id, cost FROM graph_all_shortest_paths('e{seed}', "
                "?, ?, ?, ?)", given)
            assert read_paths(rows, source, weight, walked) == cheapest
            k = rng.choice([1, 2, 5, 40])
            rows = engine.execute(
                f"SELECT path_id, step, node, edge_id, cost FROM graph_k_shortest_paths('e{seed}', "
                "?, ?, ?, ?) WHERE k = ?", (*given, k))
            assert read_paths(rows, source, weight, walked) == [p for _, p in everything[:k]]
            rows = engine.execute(
                f"SELECT 1, step, node, edge_id, cost FROM graph_shortest_path('e{seed}', "
                "?, ?, ?, ?)", given)
            assert read_paths(rows, source, weight, walked) == [p for _, p in everything[:1]]
            if everything and source != target:
                nodes = {tuple(p) for p in nx.all_shortest_paths(walked, source, target, weight)}
                assert nodes == {(source, *(v for _, v, _ in path)) for path in cheapest}
                compared += 1
    assert compared > 10


@EACH_DIRECTION
@pytest.mark.parametrize("nodes, edges", [(300, 420), (90, 140), (60, 300), (40, 1200)])
def test_one_path_in_memory_is_the_first_of_several(engine, direction, nodes, edges):
    """The one has a search of its own. Long paths, and nodes with many edges, also parallel ones."""
    graph = random_graph(nodes, nodes, edges, ID_TYPES["mixed"])
    write_graph(engine, graph, shuffle=1)
    rng = random.Random(nodes)
    walked = directed(graph, direction)
    longest = 0
    for _ in range(60):
        source, target = rng.choices(sorted(graph, key=sql_key), k=2)
        more = rng.choice(["", " AND types = '[\"uses\",\"likes\"]'"])
        depth = rng.choice([None, 0, 1, 2, 3, 6])
        given = (source, target, direction, depth)
        one, several = (
            engine.execute(f"SELECT step, node, edge_id, cost FROM {call} AND direction = ? AND "
                           f"max_depth = ?{more}", given)
            for call in ("graph_shortest_path('edges', ?, ?) WHERE 1",
                         "graph_k_shortest_paths('edges', ?, ?) WHERE k = 1"))
        assert one == several
        longest = max(longest, len(one) - 1)
        if more == "" and depth is None:
            assert len(one) - 1 == (nx.shortest_path_length(walked, source, target)
                                    if nx.has_path(walked, source, target) else -1)
    assert longest >= (2 if nodes == 40 else 4)


@EACH_WEIGHT
def test_k_shortest_paths_without_parallel_edges(engine, weight):
    compared = 0
    for seed in range(6):
        graph = random_graph(seed, nodes=12, edges=40)
        write_graph(engine, graph, f"e{seed}")
        thin = nx.DiGraph()
        for u, v, data in graph.edges(data=True):
            if data["weight"] < thin.get_edge_data(u, v, {"weight": 99})["weight"]:
                thin.add_edge(u, v, weight=data["weight"])
        for source, target in itertools.islice(itertools.permutations(sorted(graph), 2), 0, 60, 3):
            if not nx.has_path(thin, source, target):
                continue
            rows = engine.execute(
                f"SELECT path_id, max(cost), json_group_array(node) FROM graph_k_shortest_paths("
                f"'e{seed}', ?, ?, ?) WHERE k = 12 AND simple = 1 GROUP BY path_id",
                (source, target, weight))
            best = list(itertools.islice(nx.shortest_simple_paths(thin, source, target, weight), 12))
            costs = [nx.path_weight(thin, p, weight) if weight else len(p) - 1 for p in best]
            assert [row[1] for row in rows] == costs
            paths = [tuple(json.loads(row[2])) for row in rows]
            assert len(set(paths)) == len(paths)
            # Only the last cost can be shared with paths that are not among the twelve.
            below = {tuple(p) for p, cost in zip(best, costs) if cost < costs[-1]}
            assert below <= set(paths)
            compared += 1
    assert compared > 40


@EACH_READER
@EACH_DIRECTION
def test_costs_that_are_no_whole_numbers(engine, index, direction):
    """Sums are rounded, from the source on as everywhere: the costs are right, and the same."""
    rng = random.Random(6)
    graph = random_graph(6, nodes=10, edges=22)
    for _, _, data in graph.edges(data=True):
        data["weight"] = rng.choice([0.1, 0.2, 0.3, 1e-9, 1e9, 0.7])
    write_graph(engine, graph, index=index)
    walked = directed(graph, direction)
    for source, target in itertools.islice(itertools.permutations(sorted(graph), 2), 0, 90, 4):
        costs = sorted(cost_of(walked, path, "weight") for path in simple_paths(walked, source, target))
        rows = engine.execute(
            "SELECT path_id, step, node, edge_id, cost FROM graph_k_shortest_paths('edges', ?, ?, "
            "'weight', ?) WHERE k = 9", (source, target, direction))
        paths = read_paths(rows, source, "weight", walked)
        found = [cost for _, group in itertools.groupby(rows, lambda r: r[0])
                 for cost in [list(group)[-1][4]]]
        assert found == pytest.approx(costs[:9], rel=1e-12)
        assert found == sorted(found)
        assert len({tuple(path) for path in paths}) == len(paths)
        shortest = engine.execute("SELECT 1, step, node, edge_id, cost FROM "
                                  "graph_shortest_path('edges', ?, ?, 'weight', ?)",
                                  (source, target, direction))
        assert shortest == [(1, *row[1:]) for row in rows if row[0] == 1]


def trails(graph, source, most, mode):
    """Every path of at most so many edges, as [(u, v, key)]: by brute force."""
    found, level = [], [[]]
    for _ in range(most + 1):
        found += level
        longer = []
        for path in level:
            end = path[-1][1] if path else source
            nodes = [source, *(v for _, v, _ in path)]
            if mode == "simple" and len(nodes) > 1 and nodes[-1] == source:
                continue
            for _, v, key in graph.out_edges(end, keys=True):
                used = any(abs(key) == abs(k) for _, _, k in path)
                if mode in ("trail", "simple") and used:
                    continue
                if mode == "acyclic" and v in nodes:
                    continue
                if mode == "simple" and v in nodes[1:]:
                    continue
                longer.append([*path, (end, v, key)])
        level = longer
    return found


@EACH_DIRECTION
@EACH_READER
@pytest.mark.parametrize("mode", ["trail", "walk", "acyclic", "simple"])
def test_paths_are_those_of_brute_force(engine, direction, index, mode):
    for seed in range(4):
        graph = random_graph(seed, nodes=8, edges=14)
        write_graph(engine, graph, f"e{seed}", index, shuffle=seed)
        walked = directed(graph, direction)
        rng = random.Random(seed)
        for _ in range(8):
            source, target = rng.choices(sorted(graph), k=2)
            least, most = rng.choice([0, 1, 2, 3]), rng.choice([1, 3, 4])
            every = [p for p in trails(walked, source, most, mode) if len(p) >= least]
            for end in (None, target):
                wanted = [p for p in every
                          if end is None or (p[-1][1] if p else source) == end]
                wanted.sort(key=lambda p: (len(p), order_of(walked, p)))
                rows = engine.execute(
                    f"SELECT * FROM graph_paths('e{seed}', ?) WHERE min_hops = ? AND max_hops = ? "
                    "AND mode = ? AND direction = ? AND max_paths = 100000"
                    + ("" if end is None else " AND target = ?"),
                    (source, least, most, mode, direction) + (() if end is None else (end,)))
                assert [row[:2] for row in rows] == [
                    (i, len(p)) for i, p in enumerate(wanted, 1)]
                assert [(json.loads(row[2]), json.loads(row[3])) for row in rows] == [
                    ([source, *(v for _, v, _ in p)], [abs(k) for _, _, k in p]) for p in wanted]
                few = engine.execute(
                    f"SELECT path_id, nodes FROM graph_paths('e{seed}', ?) WHERE min_hops = ? AND "
                    "max_hops = ? AND mode = ? AND direction = ? AND max_paths = 3"
                    + ("" if end is None else " AND target = ?"),
                    (source, least, most, mode, direction) + (() if end is None else (end,)))
                assert few == [(row[0], row[2]) for row in rows[:3]]
                cut = engine.execute(f"SELECT last_cut FROM graph_stats('e{seed}')")
                assert cut == [(int(len(rows) > 3),)]


@EACH_DIRECTION
@EACH_READER
def test_paths_of_a_simple_graph(engine, direction, index):
    for seed in range(4):
        graph = random_graph(seed, nodes=7, edges=20)
        write_graph(engine, graph, f"e{seed}", index, shuffle=seed)
        thin = nx.MultiDiGraph()
        for u, v, key in sorted(directed(graph, direction).edges(keys=True), key=lambda e: abs(e[2])):
            if u != v and not thin.has_edge(u, v):
                thin.add_edge(u, v, key=key)
        for source in sorted(graph):
            rows = engine.execute(
                f"SELECT nodes, edges FROM graph_paths('e{seed}', ?) WHERE max_hops = 4 AND "
                "direction = ? AND simple = 1 AND max_paths = 100000", (source, direction))
            wanted = [p for p in trails(thin, source, 4, "trail") if p] if source in thin else []
            wanted.sort(key=lambda p: (len(p), order_of(thin, p)))
            assert [(json.loads(n), json.loads(e)) for n, e in rows] == [
                ([source, *(v for _, v, _ in p)], [abs(k) for _, _, k in p]) for p in wanted]


@EACH_DIRECTION
def test_all_simple_paths_of_networkx(engine, direction):
    for seed in range(4):
        graph = random_graph(seed, nodes=9, edges=18)
        write_graph(engine, graph, f"e{seed}")
        walked = directed(graph, direction)
        for source, target in itertools.islice(itertools.permutations(sorted(graph), 2), 20):
            rows = engine.execute(
                f"SELECT nodes, edges FROM graph_paths('e{seed}', ?, ?) WHERE mode = 'acyclic' AND "
                "direction = ? AND max_paths = 100000", (source, target, direction))
            expected = [([source, *(v for _, v, _ in p)], [abs(k) for _, _, k in p])
                        for p in nx.all_simple_edge_paths(walked, source, target)]
            found = [(json.loads(n), json.loads(e)) for n, e in rows]
            assert sorted(found) == sorted(expected)


# ---- dead ends ----------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["trail", "acyclic", "simple"])
def test_a_dead_end_is_not_searched_in_every_order(engine, mode):
    """A cluster that is left by the way it was entered has more paths than can be counted."""
    engine.execute("CREATE TABLE edges (source, target)")
    engine.execute(
        "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 16) "
        "INSERT INTO edges SELECT a.i, b.i FROM n AS a, n AS b WHERE a.i <> b.i")
    engine.execute("INSERT INTO edges VALUES (1, 2), (1, 20), (20, 21), (21, 22), (22, 30)")
    rows = engine.execute("SELECT nodes FROM graph_paths('edges', 1, 30) WHERE mode = ?", (mode,))
    assert rows == [("[1,20,21,22,30]",)]
    # A second way into it and out of it, so that its nodes lie on paths.
    engine.execute("INSERT INTO edges VALUES (2, 40), (40, 41), (41, 42)")
    rows = engine.execute("SELECT nodes FROM graph_paths('edges', 1, 42, 1, 5) WHERE mode = ?",
                          (mode,))
    assert rows == [("[1,2,40,41,42]",)]
    rows = engine.execute("SELECT nodes FROM graph_paths('edges', 1, 42) WHERE mode = ? AND "
                          "max_paths = 1", (mode,))
    assert rows == [("[1,2,40,41,42]",)]
    if mode != "trail":
        rows = engine.execute("SELECT nodes FROM graph_paths('edges', 1, 42) WHERE mode = ?", (mode,))
        assert rows == [("[1,2,40,41,42]",)]


def test_edges_that_cost_nothing_may_go_in_circles(engine):
    engine.execute("CREATE TABLE edges (source, target, w)")
    engine.execute("INSERT INTO edges VALUES (1, 2, 0), (2, 3, 0), (3, 1, 0), (3, 2, 0), (3, 4, 0), "
                   "(2, 4, 0), (4, 4, 0), (4, 1, 0)")
    rows = engine.execute(
        "SELECT path_id, group_concat(node) FROM graph_all_shortest_paths('edges', 1, 4, 'w') "
        "GROUP BY path_id")
    assert rows == [(1, "1,2,4"), (2, "1,2,3,4")]
    rows = engine.execute(
        "SELECT path_id, group_concat(node) FROM graph_k_shortest_paths('edges', 1, 4, 'w') "
        "WHERE k = 9 GROUP BY path_id")
    assert rows == [(1, "1,2,4"), (2, "1,2,3,4")]


def test_a_cluster_of_edges_that_cost_nothing(engine):
    """Every path through it is a cheapest one: the cap is kept, and those with few edges come."""
    engine.execute("CREATE TABLE edges (source, target, w)")
    engine.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30) "
        "INSERT INTO edges SELECT a.i, b.i, 0 FROM n AS a, n AS b WHERE a.i <> b.i")
    lengths = engine.execute(
        "SELECT max(step) FROM graph_all_shortest_paths('edges', 1, 30, 'w') GROUP BY path_id")
    assert lengths == [(1,)] + [(2,)] * 28 + [(3,)] * (28 * 27) + [(4,)] * (1000 - 1 - 28 - 28 * 27)
    assert engine.execute("SELECT last_cut FROM graph_stats('edges')") == [(1,)]


# ---- arguments ----------------------------------------------------------------------------------


@pytest.fixture
def square(engine):
    """1 to 4 by 2 and by 3, with two edges from 1 to 2."""
    engine.execute("CREATE TABLE edges (source, target, km REAL, type TEXT)")
    engine.execute("INSERT INTO edges VALUES (1, 2, 1, 'a'), (1, 2, 1, 'b'), (1, 3, 2, 'a'), "
                   "(2, 4, 2, 'a'), (3, 4, 1, 'b'), (4, 1, 1, 'a'), (2, 2, 0, 'a')")
    return engine


@pytest.mark.parametrize("sql, expected", [
    ("graph_all_shortest_paths('edges', 1, 4)", ["1,2,4", "1,2,4", "1,3,4"]),
    ("graph_all_shortest_paths('edges', 1, 4) WHERE simple = 1", ["1,2,4", "1,3,4"]),
    ("graph_all_shortest_paths('edges', 1, 4, 'km')", ["1,2,4", "1,2,4", "1,3,4"]),
    ("graph_all_shortest_paths('edges', 1, 4) WHERE types = '[\"a\"]'", ["1,2,4"]),
    ("graph_all_shortest_paths('edges', 1, 4) WHERE max_paths = 2", ["1,2,4", "1,2,4"]),
    ("graph_all_shortest_paths('edges', 1, 4) WHERE max_paths = 0", []),
    ("graph_all_shortest_paths('edges', 1, 4) WHERE max_depth = 2", ["1,2,4", "1,2,4", "1,3,4"]),
    ("graph_all_shortest_paths('edges', 1, 4) WHERE max_depth = 1", []),
    ("graph_all_shortest_paths('edges', 1, 1)", ["1"]),
    ("graph_all_shortest_paths('edges', 1, 9)", []),
    ("graph_all_shortest_paths('edges', 1, NULL)", []),
    ("graph_all_shortest_paths('edges', NULL, 1)", []),
    ("graph_all_shortest_paths('edges', 1, 4) WHERE direction = 'both'", ["1,4"]),
    ("graph_all_shortest_paths(db_query('SELECT target, source FROM edges'), 4, 1)",
     ["4,2,1", "4,2,1", "4,3,1"]),
    ("graph_k_shortest_paths('edges', 1, 4)", ["1,2,4", "1,2,4", "1,3,4"]),
    ("graph_k_shortest_paths('edges', 1, 4) WHERE k = 0", []),
    ("graph_k_shortest_paths('edges', 1, 4) WHERE k = 1", ["1,2,4"]),
    ("graph_k_shortest_paths('edges', 1, 4) WHERE k = 9e15", ["1,2,4", "1,2,4", "1,3,4"]),
    ("graph_k_shortest_paths('edges', 1, 1)", ["1"]),
    ("graph_k_shortest_paths('edges', 4, 3) WHERE max_depth = 1", []),
    ("graph_k_shortest_paths('edges', 4, 3) WHERE max_depth = 2", ["4,1,3"]),
    ("graph_k_shortest_paths('edges', 9, 9) WHERE node_table = 'more'", ["9"]),
], ids=str)
def test_arguments_of_shortest_paths(square, sql, expected):
    square.execute("CREATE TABLE more (id)")
    square.execute("INSERT INTO more VALUES (9)")
    for index in range(2):
        rows = square.execute(f"SELECT group_concat(node) FROM {sql} GROUP BY path_id")
        assert [row[0] for row in rows] == expected
        if index == 0:
            square.execute("CREATE INDEX s ON edges (source)")
            square.execute("CREATE INDEX t ON edges (target)")


@pytest.mark.parametrize("sql, expected", [
    ("graph_paths('edges', 1, 4) WHERE mode = 'acyclic'", ["1,2,4", "1,2,4", "1,3,4"]),
    ("graph_paths('edges', 1, 4) WHERE mode = 'acyclic' AND simple = 1", ["1,2,4", "1,3,4"]),
    ("graph_paths('edges', 1, 1) WHERE mode = 'simple' AND simple = 1", ["1,2,4,1", "1,3,4,1"]),
    ("graph_paths('edges', 1, 1)", ["1,2,4,1", "1,2,4,1", "1,3,4,1"] + ["1,2,2,4,1"] * 2),
    ("graph_paths('edges', 1, 1, 0, 0)", ["1"]),
    ("graph_paths('edges', 1, 4, 0, 0)", []),
    ("graph_paths('edges', 2) WHERE max_hops = 1", ["2,2", "2,4"]),
    ("graph_paths('edges', 2, 2) WHERE mode = 'walk' AND max_paths = 3 AND types = '[\"a\"]'",
     ["2,2", "2,2,2", "2,2,2,2"]),
    ("graph_paths('edges', 1) WHERE max_paths = 0", []),
    ("graph_paths('edges', NULL)", []),
    ("graph_paths('edges', 2, NULL, 1, 1)", ["2,2", "2,4"]),
    ("graph_paths('edges', 1, 9)", []),
    ("graph_paths('edges', 9)", []),
    ("graph_paths('edges', 1, 3) WHERE max_hops = 1 AND direction = 'in'", []),
    ("graph_paths('edges', 1, 4, 3, 2)", []),
    ("graph_paths('edges', 4, 1, 1000000)", []),
], ids=str)
def test_arguments_of_paths(square, sql, expected):
    rows = square.execute(f"SELECT nodes FROM {sql}")
    assert [row[0] for row in rows] == [f"[{path}]" for path in expected]


@pytest.mark.parametrize("sql, message", [
    ("graph_paths('edges')", "graph_paths: the argument 'source' is missing"),
    ("graph_paths('edges', 1) WHERE mode = 'path'",
     "unknown mode 'path' (there are trail, walk, acyclic, simple)"),
    ("graph_paths('edges', 1, 2, -1)", "min_hops must be an integer of 0 or more, found -1"),
    ("graph_paths('edges', 1, 2, 1000001)", "min_hops must be at most 1000000"),
    ("graph_paths('edges', 1) WHERE max_paths = 'all'", "max_paths must be an integer of 0 or more"),
    ("graph_paths('edges', 1) WHERE simple = 2", "simple must be 0 or 1"),
    ("graph_all_shortest_paths('edges', 1)", "the argument 'target' is missing"),
    ("graph_all_shortest_paths('edges', 1, 2, 'km', 'out', 3)", "max_depth counts edges"),
    ("graph_k_shortest_paths('edges', 1, 2) WHERE k = -1", "k must be an integer of 0 or more"),
    ("graph_k_shortest_paths('edges', 1, 2, 'type')", "the weight of edge 1 of edges is 'a'"),
], ids=str)
def test_errors(square, sql, message):
    with pytest.raises(square.Error) as caught:
        square.execute(f"SELECT * FROM {sql}")
    assert message in str(caught.value)


def test_ids_in_json(engine):
    engine.execute("CREATE TABLE edges (id PRIMARY KEY, source, target) WITHOUT ROWID")
    ids = [9007199254740993, 0.1, 1e300, 'say "hi"\n\\', b"\x00\xff", -2.5, "", float("inf")]
    for n, (source, target) in enumerate(zip(ids, ids[1:])):
        engine.execute("INSERT INTO edges VALUES (?, ?, ?)", (n, source, target))
    nodes, edges = engine.execute(
        "SELECT nodes, edges FROM graph_paths('edges', ?) WHERE edge_id_col = 'id' "
        "ORDER BY length DESC LIMIT 1", (ids[0],))[0]
    assert json.loads(nodes) == ids[:4] + ["00FF"] + ids[5:]
    assert json.loads(edges) == list(range(7))
    assert engine.execute("SELECT edges FROM graph_paths('edges', ?) LIMIT 1", (ids[0],)) == [
        ("[null]",)]


def test_an_edge_of_a_lookup_is_one_from_both_ends(engine):
    engine.execute("CREATE TABLE edges (source, target)")
    engine.execute("CREATE INDEX s ON edges (source)")
    engine.execute("CREATE INDEX t ON edges (target)")
    engine.execute("INSERT INTO edges VALUES ('a', 'b'), ('b', 'c'), ('b', 'a')")
    sql = "SELECT nodes, edges FROM graph_paths('edges', 'a') WHERE direction = 'both'"
    rows = engine.execute(sql)
    assert engine.execute("SELECT last_reader FROM graph_stats('edges')") == [("lookup",)]
    assert rows == engine.execute(sql)
    assert rows == [('["a","b"]', "[1]"), ('["a","b"]', "[3]"), ('["a","b","a"]', "[1,3]"),
                    ('["a","b","c"]', "[1,2]"), ('["a","b","a"]', "[3,1]"),
                    ('["a","b","c"]', "[3,2]")]


def test_paths_come_ordered(square):
    for sql in ("graph_all_shortest_paths('edges', 1, 4) ORDER BY path_id",
                "graph_k_shortest_paths('edges', 1, 4) ORDER BY path_id",
                "graph_paths('edges', 1) ORDER BY path_id",
                "graph_shortest_path('edges', 1, 4) ORDER BY step"):
        plan = square.execute(f"EXPLAIN QUERY PLAN SELECT * FROM {sql}")
        assert not any("B-TREE" in row[3] for row in plan)
