"""Functions of the whole graph ask again and again whether they were interrupted: counted, not timed.

Each question steps a statement, and SQLite's progress handler counts the steps (test_polls.py). The
graph is in memory already, so the steps are not those of reading it.
"""

import pytest
from conftest import Engine
from test_polls import STEPS, steps

NODES, EDGES = 20_000, 200_000


@pytest.fixture(scope="module")
def engine():
    engine = Engine("sqlite3")
    for table, edges in (("small", 20), ("large", EDGES)):
        # Ten edges from each node to larger ones, so there is no cycle.
        engine.execute(
            f"CREATE TABLE {table} AS WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 "
            f"FROM n WHERE i < {edges} - 1) SELECT i / 10 AS source, "
            "i / 10 + 1 + i * 7919 % 997 AS target FROM n")
    for table, edges in (("twig", 20), ("star", EDGES)):
        engine.execute(
            f"CREATE TABLE {table} AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 "
            f"FROM n WHERE i < {edges}) SELECT 0 AS source, i AS target FROM n")
    yield engine
    engine.close()


@pytest.mark.parametrize("call, cost", [
    ("graph_toposort('{}')", 4),
    ("graph_kcore('{}')", 16),
    ("graph_triangles('{}')", 10),
    ("graph_label_propagation('{}', 2)", 16),
    ("graph_label_propagation('{}', 2, 'async')", 16),
    ("graph_similarity('{}') WHERE top_k = 1 AND +score > 0", 100),  # which a LIMIT does not end
    ("graph_closeness('{}', '[1, 2, 3]', NULL, 'both')", 4),
    ("graph_betweenness('{}', 3)", 6),
    ("graph_degree('{}') WHERE simple = 1", 2),
    (f"graph_shortest_path('{{}}', 0, {NODES})", 2),
], ids=str)
def test_work_in_memory_asks(engine, call, cost):
    """About every 65,536 operations; `cost`: so many for each edge, at least."""
    assert more(engine, call, "small", "large") >= EDGES * cost // 65536 * STEPS


def more(engine, call, small, large):
    found = []
    for table in (small, large):
        sql = f"SELECT 1 FROM {call.format(table)} LIMIT 1"  # all the work, and one row
        engine.execute(sql)
        found.append(steps(engine, sql))
        reader = engine.execute(f"SELECT last_reader FROM graph_stats('{table}')")
        assert reader == [("cache",)]
    return found[1] - found[0]


@pytest.mark.parametrize("call, cost", [
    ("graph_louvain('{}')", 95),
    ("graph_leiden('{}')", 180),
    ("graph_label_propagation('{}', 1)", 35),
    ("graph_kcore('{}')", 33),
    ("graph_triangles('{}')", 32),
    ("graph_components('{}')", 12),
    ("graph_toposort('{}')", 13),
    ("graph_similarity('{}', 1) WHERE top_k = 1", 14),
    (f"graph_shortest_path('{{}}', 0, {EDGES})", 2),
    ("graph_pagerank('{}') WHERE tol = 0 AND max_iter = 20", 170),
    ("graph_ppr('{}', 0) WHERE eps = 1e-9 AND top_k = 1 AND direction = 'out'", 700),
], ids=str)
def test_the_edges_of_one_node_ask(engine, call, cost):
    """A node may have them all. `cost` is more than what the other nodes ask."""
    assert more(engine, call, "twig", "star") >= EDGES * cost // 65536 * STEPS


def test_a_growing_table_of_ids_asks(engine):
    """Two tables of as many rows: of all different ids, and of a few."""
    rows = 150_000
    read = []
    for name in ("i", "i % 8"):
        engine.execute("DROP TABLE IF EXISTS names")
        engine.execute(f"CREATE TABLE names AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT "
                       f"i + 1 FROM n WHERE i < {rows}) SELECT 'n' || ({name}) AS source, 'n' AS "
                       "target FROM n")
        read.append(steps(engine, "SELECT 1 FROM graph_stats('names')"))
    growing = 2**20 + 8 * 2**19  # the places of all tables up to 524,288, and what moved into them
    assert read[0] - read[1] >= (growing // 65536 + 90) * STEPS  # sorting them asks 90 times


@pytest.mark.parametrize("call", ["graph_bfs('{}') WHERE max_depth = 0 AND start",
                                  "graph_ppr('{}') WHERE tol = 0 AND max_iter = 1 AND seeds",
                                  "graph_similarity('{}') WHERE top_k = 1 AND node_in"])
def test_a_long_list_of_nodes_asks(engine, call):
    """Beyond SQLite's own steps, of the same list elsewhere."""
    if engine.version < (3, 38):
        pytest.fail("the tests need SQLite 3.38")
    found = []
    for table in ("twig", "star"):
        chosen = f"(SELECT target FROM {table} WHERE target > 0)"
        engine.execute(f"SELECT 1 FROM graph_ppr('{table}', 1)")  # the graph is in memory
        plain = steps(engine, f"SELECT 1 WHERE 0 IN {chosen}")
        call_steps = steps(engine, f"SELECT 1 FROM {call.format(table)} IN {chosen} LIMIT 1")
        found.append(call_steps - plain)
    assert found[1] - found[0] >= EDGES * 160 // 65536 * STEPS


def test_louvain_does_not_wait_for_the_last_moves(engine):
    """In a graph without groups a few nodes move in each of hundreds of passes."""
    engine.execute(
        "CREATE TABLE loose AS WITH RECURSIVE n(i, x) AS (SELECT 0, 1 UNION ALL SELECT i + 1, "
        "(x * 1103515245 + 12345) % 2147483648 FROM n WHERE i < 100000), r(i, y) AS (SELECT i, "
        "(x >> 8) % 20000 FROM n) SELECT y * y / 20000 AS source, i * 7919 % 20000 AS target FROM r")
    engine.execute("SELECT 1 FROM graph_stats('loose')")
    operations = steps(engine, "SELECT 1 FROM graph_louvain('loose') LIMIT 1") * 65536 / STEPS
    assert operations < 100_000 * 1100
