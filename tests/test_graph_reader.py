"""Which reader a walk has, look-ups or the graph in memory, and what state it reads.

Counted, not timed: graph_stats says which reader the call before had and how many edges it touched.
"""

import sqlite3

import pytest
from conftest import LIBRARY

MANY = 6000  # edges: beyond what is always looked up
ROWS = 200_000  # what the largest rowid says there are: a twentieth of it is more, a hundredth less


def last(engine):
    return engine.execute("SELECT last_reader, last_edges FROM graph_stats('edges')")[0]


@pytest.fixture
def star(engine):
    """Edges from 0 to MANY nodes, in a table that seems to be large."""
    engine.script(f"""
        CREATE TABLE edges (id INTEGER PRIMARY KEY, source, target, weight REAL, type, key);
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {MANY})
        INSERT INTO edges SELECT i, 0, i, 1.5, 'a', 'k' || i FROM n;
        INSERT INTO edges VALUES ({ROWS}, {MANY + 1}, {MANY + 2}, 1, 'a', 'last');
    """)
    return engine


CALLS = {
    "ends": "graph_bfs('edges', 0, 1)",
    "rowid": "graph_bfs('edges', 0, 1) WHERE edge_id_col = 'id'",
    "weight": "graph_distances('edges', 0, 'weight')",
    "type": "graph_bfs('edges', 0, 1) WHERE types = '[\"a\"]'",
    "key": "graph_bfs('edges', 0, 1) WHERE edge_id_col = 'key'",
}


@pytest.mark.parametrize("index, looked_up", [
    ("source", []),
    ("source, target", ["ends", "rowid"]),
    ("source, weight, target", ["ends", "rowid", "weight"]),
    ("source, type, target", ["ends", "rowid", "type"]),
    ("source, target, key", ["ends", "rowid", "key"]),
    ("source, target, weight, type, key", list(CALLS)),
    ("source, target) WHERE type = 'a'", None),
    ("source COLLATE NOCASE, target", None),
])
def test_an_index_with_all_that_is_read_is_used_for_longer(star, index, looked_up):
    """The rest of an edge may have to be read from anywhere in the file. None: no index at all."""
    star.execute(f"CREATE INDEX i ON edges ({index}{'' if ')' in index else ')'}")
    for what, call in CALLS.items():
        assert star.execute(f"SELECT count(*) FROM {call}") == [(MANY + 1,)]
        if looked_up is not None and what in looked_up:
            assert last(star) == ("lookup", MANY)
        else:
            assert last(star) == ("load", MANY + 1)
        star.execute("CREATE TABLE other (x)")  # forgets the graph
        star.execute("DROP TABLE other")
    found = star.execute(f"SELECT count(*) FROM graph_distances('edges', {MANY + 1}, 'weight')")
    assert found == [(2,)]
    assert last(star)[0] == ("lookup" if looked_up is not None else "load")


def test_the_order_of_the_table_is_an_index(engine):
    """Each row with its parent: the way up needs no other index."""
    engine.execute("CREATE TABLE nodes (id INTEGER PRIMARY KEY, parent)")
    engine.execute("WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 900) "
                   "INSERT INTO nodes SELECT i, i / 2 FROM n")
    sql = "SELECT node FROM graph_bfs('nodes', 900) WHERE src_col = 'id' AND dst_col = 'parent'"
    assert engine.execute(sql) == [(i,) for i in (900, 450, 225, 112, 56, 28, 14, 7, 3, 1)]
    engine.execute("CREATE TABLE edges (source, target)")
    assert last(engine) == ("lookup", 9)
    engine.execute("CREATE TABLE pairs (id INTEGER, parent, PRIMARY KEY (id, parent)) WITHOUT ROWID")
    engine.execute("INSERT INTO pairs SELECT * FROM nodes")
    assert engine.execute(sql.replace("nodes", "pairs")) == engine.execute(sql)


def test_a_path_is_looked_up_from_both_ends(engine):
    """The source has many edges, the target one: it is found from there."""
    engine.script(f"""
        CREATE TABLE edges (source, target);
        CREATE INDEX s ON edges (source, target);
        CREATE INDEX t ON edges (target, source);
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
        INSERT INTO edges SELECT 0, i FROM n UNION ALL SELECT i, i + 1000 FROM n;
        INSERT INTO edges VALUES (1007, 'near'), ('near', 'end'), ('end', 'beyond');
    """)
    path = engine.execute("SELECT node FROM graph_shortest_path('edges', 0, 'end')")
    assert path == [(0,), (7,), (1007,), ("near",), ("end",)]
    reader, edges = last(engine)
    assert reader == "lookup" and edges < 1010


# ---- one state ----------------------------------------------------------------------------------


@pytest.mark.parametrize("schema", ["main", "aux"])
@pytest.mark.parametrize("call", ["graph_bfs('{}.edges', 0)", "graph_distances('{}.edges', 0)",
                                  "graph_components('{}.edges')"])
def test_a_call_sees_one_state(tmp_path, schema, call):
    """Whatever another connection commits meanwhile, at any step."""
    path = tmp_path / "graph.db"
    other = sqlite3.connect(path, isolation_level=None)
    other.executescript("PRAGMA journal_mode = WAL; CREATE TABLE edges (source, target);"
                        "CREATE INDEX s ON edges (source, target);"
                        "CREATE INDEX t ON edges (target, source);")
    seen = set()
    for step in range(1, 200, 3):
        other.executescript("DELETE FROM edges; INSERT INTO edges SELECT value, value + 1 FROM "
                            "json_each('[0, 1, 2, 3, 4, 5]');")
        db = sqlite3.connect(path if schema == "main" else ":memory:", isolation_level=None)
        if schema == "aux":
            db.execute("ATTACH ? AS aux", (str(path),))
        db.enable_load_extension(True)
        db.load_extension(str(LIBRARY))
        count = 0

        def write():
            nonlocal count
            count += 1
            if count == step:
                # Reverses the way: half of either reaches neither 1 nor 7 nodes.
                other.execute("UPDATE edges SET source = 100 + source, target = 100 + target")
            return 0

        db.set_progress_handler(write, 4)
        found = db.execute(f"SELECT count(*) FROM {call.format(schema)}").fetchone()[0]
        seen.add(found)
        db.close()
    other.close()
    everything = {7} if "components" in call else {7, 0}
    assert seen <= everything and 7 in seen
