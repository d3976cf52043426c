"""The order of the edges in memory: by source, target, edge id, row, whatever order they come in.

Paths of one edge come in that order, one for each edge; the cheapest of parallel edges shows whether
each still has its weight. Expected: a sort in Python.
"""

import json
import random

import pytest
from graphs import ID_TYPES, sql_key
from test_polls import STEPS, steps

NODES, EDGES = 12, 240

NODE_IDS = {
    **{name: make for name, make in ID_TYPES.items() if name not in ("blob", "mixed")},
    "with holes": lambda n: 3 * n + 100,
    "from 1": lambda n: n + 1,
    "around 0": lambda n: n - 6,
    "types": lambda n: [n, f"{n:04d}", n + 0.5][n % 3],
}
EDGE_IDS = {
    "ascending": lambda i, rng: i,
    "descending": lambda i, rng: EDGES - i,
    "far apart": lambda i, rng: (i * 7919 % EDGES) * 10**15 - 10**17,
    "negative": lambda i, rng: -i,
    "repeated": lambda i, rng: rng.randrange(3),
    "equal": lambda i, rng: 7,
    "text": lambda i, rng: f"e{i * 7919 % EDGES}",
    "types": lambda i, rng: [i, f"{i:04d}", i + 0.5][i % 3],
}
ROW_ORDERS = {
    "random": None,
    "source, target": lambda e: (sql_key(e[0]), sql_key(e[1])),
    "source, target, id": lambda e: (sql_key(e[0]), sql_key(e[1]), sql_key(e[2])),
    "target, source": lambda e: (sql_key(e[1]), sql_key(e[0])),
    "target": lambda e: sql_key(e[1]),
    "source": lambda e: sql_key(e[0]),
    "id": lambda e: sql_key(e[2]),
}


def write(engine, edges):
    engine.execute("CREATE TABLE edges (source, target, key, weight)")
    engine.execute("BEGIN")
    for edge in edges:
        engine.execute("INSERT INTO edges VALUES (?, ?, ?, ?)", edge)
    engine.execute("COMMIT")


def listed(engine, node, direction):
    sql = ("SELECT nodes, edges FROM graph_paths('edges', ?, NULL, 1, 1) WHERE mode = 'walk' "
           "AND direction = ? AND edge_id_col = 'key' AND max_paths = 100000")
    rows = engine.execute(sql, (node, direction))
    return [(json.loads(nodes)[1], *json.loads(edges)) for nodes, edges in rows]


@pytest.mark.parametrize("row_order", ROW_ORDERS)
@pytest.mark.parametrize("edge_ids", EDGE_IDS)
@pytest.mark.parametrize("node_ids", NODE_IDS)
def test_order_does_not_depend_on_the_rows(engine, node_ids, edge_ids, row_order):
    rng = random.Random(f"{node_ids} {edge_ids} {row_order}")
    make = NODE_IDS[node_ids]
    ends = [make(rng.randrange(NODES)) for _ in range(2 * EDGES)]
    # Of two edges one after the other both cost more than one alone.
    edges = [(ends[2 * i], ends[2 * i + 1], EDGE_IDS[edge_ids](i, rng), 1 + rng.random() * 0.9)
             for i in range(EDGES)]
    rng.shuffle(edges)
    if ROW_ORDERS[row_order]:
        edges.sort(key=ROW_ORDERS[row_order])
    write(engine, edges)
    cost = ("SELECT node, cost, edge_id FROM graph_distances('edges', ?, 'weight') "
            "WHERE edge_id_col = 'key' AND hops = 1")
    for node in sorted(set(ends), key=sql_key)[::3]:
        for direction, (this, other) in {"out": (0, 1), "in": (1, 0)}.items():
            wanted = sorted((e for e in edges if e[this] == node),
                            key=lambda e: (sql_key(e[other]), sql_key(e[2])))
            assert listed(engine, node, direction) == [(e[other], e[2]) for e in wanted]
        cheapest = {}
        for _, target, key, weight in (e for e in edges if e[0] == node != e[1]):
            if weight < cheapest.get(target, (2,))[0]:
                cheapest[target] = weight, key
        assert {target: found for target, *found in engine.execute(cost, (node,))} == {
            target: list(found) for target, found in cheapest.items()}
    assert engine.execute("SELECT last_reader FROM graph_stats('edges')") != [("lookup",)]


@pytest.mark.parametrize("index", ["source, target", "target, source", "target", None])
def test_rows_of_an_index(engine, index):
    """What SQLite reads an index for comes in the order of that."""
    rng = random.Random(index)
    write(engine, [(rng.randrange(50), rng.randrange(50), i, 1) for i in range(1000)])
    if index:
        engine.execute(f"CREATE INDEX i ON edges ({index})")
    engine.execute("SELECT 1 FROM graph_stats('edges')")  # loads it
    for node in range(0, 50, 7):
        found = engine.execute("SELECT nodes, edges FROM graph_paths('edges', ?, NULL, 1, 1)",
                               (node,))
        assert [(json.loads(a)[1], *json.loads(b)) for a, b in found] == engine.execute(
            "SELECT target, rowid FROM edges WHERE source = ? ORDER BY 1, 2", (node,))


@pytest.mark.parametrize("key", ["20000 - i", "'e' || (i * 7919 % 20000)", "i % 3", "i"])
def test_many_parallel_edges(engine, key):
    """More than are sorted at one go."""
    engine.execute(
        "CREATE TABLE edges AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
        f"WHERE i < 20000) SELECT 'a' AS source, 'b' AS target, {key} AS key FROM n")
    wanted = engine.execute("SELECT 'b', key FROM edges ORDER BY 2")
    assert listed(engine, "a", "out") == wanted


def test_edge_ids_take_no_memory_when_they_follow_one_another(engine):
    """In the order in which the graph has them, whatever index they are read by."""
    engine.execute(
        "CREATE TABLE edges AS WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n "
        "WHERE i < 9999) SELECT i / 10 AS source, i * 7 % 10 + i / 10 AS target FROM n ORDER BY 1, 2")
    engine.execute("CREATE TABLE mixed AS SELECT * FROM edges ORDER BY random()")
    engine.execute("CREATE INDEX by_target ON edges (target, source)")
    sizes = [engine.execute(f"SELECT bytes FROM graph_stats('{table}')")[0][0]
             for table in ("edges", "mixed")]
    assert sizes[1] - sizes[0] == 4 * 10_000


def test_sorting_edges_asks_for_an_interrupt(engine):
    """Rows in no order are sorted twice."""
    rows = 200_000
    engine.execute(
        "CREATE TABLE sorted AS WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n "
        f"WHERE i < {rows - 1}) SELECT i / 100 AS source, i % 100 AS target FROM n")
    engine.execute("CREATE TABLE mixed AS SELECT * FROM sorted ORDER BY rowid * 7919 % 200003")
    asked = [steps(engine, f"SELECT 1 FROM graph_stats('{table}')") for table in ("sorted", "mixed")]
    assert asked[1] - asked[0] >= 2 * 7 * rows // 65536 * STEPS
