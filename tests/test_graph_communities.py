"""graph_louvain and graph_leiden: what they find against networkx, and what they promise."""

import math
import random

import networkx as nx
import pytest
from graphs import ID_TYPES, random_graph, sql_key, write_graph
from networkx.algorithms.community import louvain_communities, modularity

FUNCTIONS = ["graph_louvain", "graph_leiden"]
EACH = pytest.mark.parametrize("function", FUNCTIONS)


def fill(engine, graph, table="edges"):
    engine.execute(f"CREATE TABLE {table} (source, target, weight)")
    for u, v, data in graph.edges(data=True):
        engine.execute(f"INSERT INTO {table} VALUES (?, ?, ?)", (u, v, data.get("weight", 1)))


def partition(rows):
    """The sets of nodes of rows (node, community, ...)."""
    groups = {}
    for node, community, *_ in rows:
        groups.setdefault(community, set()).add(node)
    return list(groups.values())


def find(engine, function, where="1", table="edges"):
    return partition(engine.execute(f"SELECT node, community FROM {function}(?) WHERE {where}",
                                    (table,)))


def undirected(graph):
    """As the functions see it: edges count either way, those of weight 0 do not count."""
    result = nx.MultiGraph()
    result.add_nodes_from(graph)
    result.add_weighted_edges_from(
        (u, v, data["weight"]) for u, v, data in graph.edges(data=True) if data["weight"] > 0)
    return result


def benchmark_graphs():
    lfr = nx.LFR_benchmark_graph(250, 3, 1.5, 0.1, average_degree=5, min_community=20, seed=10)
    miserables = nx.convert_node_labels_to_integers(nx.les_miserables_graph())
    return {
        "karate": nx.Graph(nx.karate_club_graph().edges),
        "miserables": miserables,  # with weights
        "planted": nx.planted_partition_graph(10, 20, 0.4, 0.03, seed=1),
        "lfr": nx.Graph((u, v) for u, v in lfr.edges if u != v),
        "random": nx.gnm_random_graph(300, 900, seed=3),
        "scale free": nx.barabasi_albert_graph(300, 3, seed=4),
        "cliques": nx.connected_caveman_graph(12, 6),
        "cycle": nx.cycle_graph(100),
    }


# ---- how good they are --------------------------------------------------------------------------


def test_modularity_is_as_high_as_that_of_networkx(db, engine):
    for name, graph in benchmark_graphs().items():
        table = f'"{name}"'
        fill(engine, graph, table)
        best = {function: max(modularity(graph, find(
            engine, function, f"weight_col = 'weight' AND seed = {seed}", name))
            for seed in range(5)) for function in FUNCTIONS}
        expected = max(modularity(graph, louvain_communities(graph, seed=seed))
                       for seed in range(3))
        assert best["graph_leiden"] >= expected - 1e-9, name
        assert best["graph_louvain"] >= expected - 0.01, name


def test_leiden_finds_the_best_of_the_karate_club(engine):
    graph = nx.Graph(nx.karate_club_graph().edges)
    fill(engine, graph)
    for seed in range(20):
        found = find(engine, "graph_leiden", f"seed = {seed}")
        assert math.isclose(modularity(graph, found), 0.4197896, abs_tol=1e-7)


@EACH
def test_planted_groups_are_found(engine, function):
    graph = nx.planted_partition_graph(8, 25, 0.5, 0.01, seed=5)
    fill(engine, graph)
    assert sorted(map(sorted, find(engine, function))) == sorted(
        map(sorted, graph.graph["partition"]))


def partitions(nodes):
    """Every way to divide a list."""
    if not nodes:
        yield []
        return
    for rest in partitions(nodes[1:]):
        yield [{nodes[0]}, *rest]
        for i, group in enumerate(rest):
            yield [*rest[:i], group | {nodes[0]}, *rest[i + 1:]]


def test_leiden_of_small_graphs_is_the_best_of_all_partitions(engine):
    """With parallel edges, self-loops and weights; some seed finds it, and none claims more."""
    for seed in range(6):
        graph = random_graph(seed, nodes=7, edges=12)
        write_graph(engine, graph, f"e{seed}")
        plain = undirected(graph)
        best = max(modularity(plain, p) for p in partitions(sorted(plain)))
        found = [modularity(plain, find(engine, "graph_leiden", f"weight_col = 'weight' "
                                        f"AND seed = {s}", f"e{seed}")) for s in range(5)]
        assert math.isclose(max(found), best, abs_tol=1e-12)


@EACH
@pytest.mark.parametrize("resolution", [0.5, 1, 2])
def test_no_move_of_one_node_is_better(engine, function, resolution):
    """The definition, on directed multigraphs with self-loops and weights."""
    for seed in range(4):
        graph = random_graph(seed, nodes=25, edges=70)
        write_graph(engine, graph, f"e{seed}")
        plain = undirected(graph)
        level = " AND max_levels = 1" if function == "graph_louvain" else ""
        found = find(engine, function,
                     f"weight_col = 'weight' AND resolution = {resolution}{level}", f"e{seed}")
        score = modularity(plain, found, resolution=resolution)
        for node in plain:
            without = [group - {node} for group in found]
            for i in range(len(without) + 1):
                moved = [g | {node} if i == j else g for j, g in enumerate([*without, set()])]
                other = modularity(plain, [g for g in moved if g], resolution=resolution)
                assert other <= score + 1e-9


# ---- what they promise --------------------------------------------------------------------------


def disconnected(plain, rows):
    """How many communities are not connected."""
    return sum(not nx.is_connected(plain.subgraph(group)) for group in partition(rows))


def bridged(seed):
    """Cliques that hang together by hubs, which one larger clique may draw away from them."""
    rng = random.Random(seed)
    graph = nx.Graph()
    cliques, size, hubs = rng.randint(3, 8), rng.randint(2, 5), rng.randint(1, 3)
    for clique in range(cliques):
        for i in range(size):
            for j in range(i):
                graph.add_edge(clique * 10 + i, clique * 10 + j, weight=rng.randint(1, 3))
            for hub in range(hubs):
                if rng.random() < 0.7:
                    graph.add_edge(clique * 10 + i, 1000 + hub, weight=rng.randint(1, 4))
    for i in range(rng.randint(3, 8)):
        for j in range(i):
            graph.add_edge(2000 + i, 2000 + j, weight=rng.randint(1, 9))
        for hub in range(hubs):
            graph.add_edge(2000 + i, 1000 + hub, weight=rng.randint(1, 6))
    return graph


BRIDGED = [1454, 1832, 1841, 2297]  # where the moves of Louvain leave pieces behind


def test_communities_of_leiden_are_connected(engine):
    for seed in BRIDGED:
        graph = bridged(seed)
        fill(engine, graph, f"bridged{seed}")
        sql = f"SELECT node, community FROM {{}}('bridged{seed}', 1, 0, ?, 'weight')"
        assert disconnected(graph, engine.execute(sql.format("graph_louvain"), (1,))) > 0  # control
        for most in [1, 2, None]:
            assert disconnected(graph, engine.execute(sql.format("graph_leiden"), (most,))) == 0


def test_communities_of_leiden_are_connected_at_every_level(engine):
    for seed in range(15):
        graph = random_graph(seed, nodes=60, edges=90 + 5 * seed)
        write_graph(engine, graph, f"e{seed}")
        for resolution in [0.3, 1]:
            rows = engine.execute(
                f"SELECT node, level || '-' || community FROM graph_leiden('e{seed}', ?, ?) WHERE "
                "weight_col = 'weight' AND all_levels = 1", (resolution, seed))
            assert disconnected(undirected(graph), rows) == 0


@EACH
@pytest.mark.parametrize("id_type", ID_TYPES)
def test_rows(engine, function, id_type):
    """Each node once, in order; a community is its smallest id; other ids, the same groups."""
    graph = random_graph(3, nodes=60, edges=120, make_id=ID_TYPES[id_type])
    write_graph(engine, graph, shuffle=2)
    rows = engine.execute(f"SELECT * FROM {function}('edges')")
    assert [row[0] for row in rows] == sorted(graph, key=sql_key)
    for group in partition(rows):
        names = {row[1] for row in rows if row[0] in group}
        assert names == {min(group, key=sql_key)}
    assert len({row[2] for row in rows}) == 1
    if id_type in ("text", "blob", "real", "negative"):  # they keep the order of the numbers
        write_graph(engine, random_graph(3, nodes=60, edges=120), "numbers")
        of_numbers = engine.execute(f"SELECT * FROM {function}('numbers')")
        assert rows == [(ID_TYPES[id_type](n), ID_TYPES[id_type](c), level)
                        for n, c, level in of_numbers]


@EACH
def test_results_repeat(engine, function):
    graph = random_graph(8, nodes=120, edges=300)
    write_graph(engine, graph, "a", shuffle=1)
    write_graph(engine, graph, "b", shuffle=2, index=True)
    results = set()
    for seed in range(8):
        sql = f"SELECT * FROM {function}(?, 1, ?, NULL, 'weight')"
        first = engine.execute(sql, ("a", seed))
        assert first == engine.execute(sql, ("a", seed)) == engine.execute(sql, ("b", seed))
        results.add(tuple(first))
    assert len(results) > 1
    assert engine.execute(f"SELECT * FROM {function}('a')") == engine.execute(
        f"SELECT * FROM {function}('a') WHERE seed = 0 AND resolution = 1")


@EACH
def test_the_way_of_an_edge_does_not_matter(engine, function):
    graph = random_graph(5, nodes=50, edges=120)
    write_graph(engine, graph)
    forward = engine.execute(f"SELECT * FROM {function}('edges')")
    assert forward == engine.execute(
        f"SELECT * FROM {function}('edges') WHERE src_col = 'target' AND dst_col = 'source'")


@EACH
def test_levels_lie_within_one_another(engine, function):
    graph = nx.barabasi_albert_graph(400, 2, seed=1)
    fill(engine, graph)
    last = engine.execute(f"SELECT * FROM {function}('edges')")
    every = engine.execute(f"SELECT * FROM {function}('edges') WHERE all_levels = 1")
    levels = last[0][2]
    assert levels > 2
    assert [row for row in every if row[2] == levels] == last
    assert [row[2] for row in every] == list(range(1, levels + 1)) * len(last)
    assert [row[0] for row in every] == sorted(row[0] for row in every)
    below = [{node} for node in graph]
    for level in range(1, levels + 1):
        groups = partition(row for row in every if row[2] == level)
        assert len(groups) < len(below)
        assert all(any(small <= large for large in groups) for small in below)
        below = groups


@EACH
def test_max_levels(engine, function):
    fill(engine, nx.barabasi_albert_graph(400, 2, seed=1))
    counts = []
    for most in range(4):
        rows = engine.execute(f"SELECT * FROM {function}('edges', 1, 0, ?)", (most,))
        assert {row[2] for row in rows} == {most}
        counts.append(len(partition(rows)))
    assert counts[0] == 400
    assert counts == sorted(counts, reverse=True) and len(set(counts)) == 4


@EACH
def test_resolution(engine, function):
    graph = random_graph(7, nodes=60, edges=70)
    write_graph(engine, graph)
    everything = sorted(map(sorted, find(engine, function, "resolution = 0")))
    assert everything == sorted(map(sorted, nx.weakly_connected_components(graph)))
    for resolution in ["1000", "1e300"]:
        assert engine.execute(f"SELECT * FROM {function}('edges', {resolution})") == [
            (node, node, 0) for node in sorted(graph)]
    sizes = [len(find(engine, function, f"resolution = {r}")) for r in [0, 0.3, 1, 3, 1000]]
    assert sizes == sorted(sizes)


@EACH
def test_weights_and_types(engine, function):
    engine.execute("CREATE TABLE edges (source, target, weight, type)")
    engine.execute("INSERT INTO edges VALUES (1, 2, 5, 'a'), (2, 3, 0, 'a'), (3, 4, 5, 'b'), "
                   "(4, 4, 2, 'a'), (5, 6, NULL, 'c'), (7, 7, 1, 'a')")
    assert find(engine, function, "weight_col = 'weight' AND null_weight = 'skip'") == [
        {1, 2}, {3, 4}, {7}]
    assert find(engine, function, "weight_col = 'weight' AND null_weight = 0") == [
        {1, 2}, {3, 4}, {5}, {6}, {7}]
    assert find(engine, function, "types = '[\"a\"]' AND resolution = 0") == [{1, 2, 3}, {4}, {7}]
    with pytest.raises(engine.Error, match="weight"):
        find(engine, function, "weight_col = 'weight'")
    engine.execute("UPDATE edges SET weight = 0")
    assert all(row[1:] == (row[0], 0) for row in engine.execute(
        f"SELECT * FROM {function}('edges') WHERE weight_col = 'weight'"))
    engine.execute("UPDATE edges SET weight = 1e308")
    with pytest.raises(engine.Error, match="the sum of all weights is beyond a double"):
        find(engine, function, "weight_col = 'weight'")


@EACH
def test_simple(engine, function):
    for seed in range(3):
        write_graph(engine, random_graph(seed, nodes=40, edges=200), f"e{seed}")
        engine.execute(
            f"CREATE TABLE simple{seed} AS SELECT source, target, min(weight) AS weight FROM "
            f"(SELECT source, target, weight FROM e{seed} UNION ALL "
            f"SELECT target, source, weight FROM e{seed}) WHERE source < target GROUP BY 1, 2")
        sql = f"SELECT * FROM {function}(?) WHERE weight_col = 'weight' AND simple = ?"
        once = engine.execute(sql, (f"e{seed}", 1))
        alone = {row[0] for row in once} - {row[0] for row in engine.execute(
            sql, (f"simple{seed}", 0))}
        if not alone:  # of nodes that only a self-loop has, the second table knows nothing
            assert once == engine.execute(sql, (f"simple{seed}", 0))
        assert once != engine.execute(sql, (f"e{seed}", 0))


@EACH
def test_nodes_without_edges(engine, function):
    engine.execute("CREATE TABLE edges (source, target)")
    engine.execute("CREATE TABLE nodes (id)")
    assert engine.execute(f"SELECT * FROM {function}('edges')") == []
    engine.execute("INSERT INTO nodes VALUES (3), (9)")
    sql = f"SELECT * FROM {function}('edges') WHERE node_table = 'nodes'"
    assert engine.execute(sql) == [(3, 3, 0), (9, 9, 0)]
    assert engine.execute(sql + " AND all_levels = 1") == [(3, 3, 0), (9, 9, 0)]
    engine.execute("INSERT INTO edges VALUES (3, 4)")
    assert engine.execute(sql) == [(3, 3, 1), (4, 3, 1), (9, 9, 1)]


@EACH
def test_a_long_chain_and_a_large_star(engine, function):
    engine.execute(
        "CREATE TABLE chain AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
        "WHERE i < 50000) SELECT i AS source, i + 1 AS target, 0 AS hub FROM n")
    assert 100 < len(find(engine, function, table="chain")) < 1000
    assert len(find(engine, function, "resolution = 0", table="chain")) == 1
    assert len(find(engine, function, "src_col = 'hub' AND resolution = 0", table="chain")) == 1


def test_interrupt_stops_the_moves(db):
    db.execute(
        "CREATE TABLE edges AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
        "WHERE i < 40000) SELECT i * 7919 % 9973 AS source, i * i % 9967 AS target FROM n")
    db.execute("SELECT count(*) FROM graph_components('edges')").fetchall()
    for function in FUNCTIONS:
        for after in [1, 3, 20]:
            calls = []
            db.set_progress_handler(lambda: calls.append(1) or len(calls) > after, 1)
            with pytest.raises(Exception, match="interrupted"):
                db.execute(f"SELECT count(*) FROM {function}('edges')").fetchall()
            db.set_progress_handler(None, 0)
            assert db.execute(f"SELECT count(*) > 0 FROM {function}('edges')").fetchall() == [(1,)]


@EACH
@pytest.mark.parametrize("where, message", [
    ("resolution = -1", "resolution must be a number of 0 or more, found -1"),
    ("resolution = 'high'", "resolution must be a number of 0 or more, found 'high'"),
    ("seed = -1", "seed must be an integer of 0 or more, found -1"),
    ("seed = 0.5", "seed must be an integer of 0 or more, found 0.5"),
    ("max_levels = 'all'", "max_levels must be an integer of 0 or more, found 'all'"),
    ("all_levels = 2", "all_levels must be 0 or 1, found 2"),
    ("weight_col = 'cost'", "edges has no column 'cost'"),
])
def test_errors(engine, function, where, message):
    engine.execute("CREATE TABLE edges (source, target, weight)")
    with pytest.raises(engine.Error) as caught:
        engine.execute(f"SELECT * FROM {function}('edges') WHERE {where}")
    assert message in str(caught.value)
    assert str(caught.value).startswith(function)
