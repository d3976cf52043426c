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
    yield engine
    engine.close()


@pytest.mark.parametrize("call, cost", [
    ("graph_toposort('{}')", 4),
    ("graph_kcore('{}')", 16),
    ("graph_triangles('{}')", 10),
    ("graph_label_propagation('{}', 2)", 16),
    ("graph_label_propagation('{}', 2, 'async')", 16),
    ("graph_similarity('{}') WHERE top_k = 1", 100),
    ("graph_closeness('{}', '[1, 2, 3]', NULL, 'both')", 4),
    ("graph_betweenness('{}', 3)", 6),
    ("graph_degree('{}') WHERE simple = 1", 2),
], ids=str)
def test_work_in_memory_asks(engine, call, cost):
    """About every 65,536 operations; `cost`: so many for each edge, at least."""
    found = []
    for table in ("small", "large"):
        sql = f"SELECT 1 FROM {call.format(table)} LIMIT 1"  # all the work, and one row
        engine.execute(sql)
        found.append(steps(engine, sql))
        reader = engine.execute(f"SELECT last_reader FROM graph_stats('{table}')")
        assert reader == [("cache",)]
    assert found[1] - found[0] >= EDGES * cost // 65536 * STEPS
