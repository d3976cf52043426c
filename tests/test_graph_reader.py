"""Which reader a walk has, look-ups or the graph in memory, and what state it reads.

Counted, not timed: graph_stats says which reader the call before had and how many edges it touched.
"""

import sqlite3

import pytest
from conftest import LIBRARY

MANY = 6000  # edges: beyond what is always looked up
ROWS = 200_000  # what the largest rowid says there are: a quarter of it is more, a hundredth less


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


def test_an_index_counts_for_edges_that_are_read_along_it(star):
    """That of the other end was only looked into for a start that no edge has."""
    star.script("CREATE INDEX s ON edges (source, target); CREATE INDEX t ON edges (target)")
    sql = f"SELECT count(*) FROM graph_bfs('edges', '[0, {10 * ROWS}]', 1)"
    assert star.execute(sql) == [(MANY + 1,)]
    assert last(star) == ("lookup", MANY)


def test_long_walks_together_load_the_graph(star):
    """After a quarter of the edges by look-ups; short walks do not count."""
    star.script("CREATE INDEX i ON edges (source, target); CREATE TABLE none (source, target)")

    def readers(count, start=0):
        found = []
        for _ in range(count):
            star.execute("SELECT count(*) FROM graph_bfs('edges', ?, 1)", (start,))
            found += star.execute("SELECT last_reader FROM graph_stats('none')")  # loads no edges
        return [reader for reader, in found]

    for _ in range(2):
        assert readers(12) == ["lookup"] * (ROWS // 4 // MANY) + ["load"] + ["cache"] * 3
        star.execute("DELETE FROM edges WHERE id = 1")  # the graph is no longer that of the table
        assert readers(30, MANY + 1) == ["lookup"] * 30
        star.execute("INSERT INTO edges VALUES (1, 0, 1, 1.5, 'a', 'k1')")


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


@pytest.mark.parametrize("table, name", [
    ("(rowid TEXT, source, target)", "_rowid_"),
    ("(rowid INTEGER, _rowid_, source, target)", "oid"),
    ("(rowid INTEGER PRIMARY KEY, source, target)", "rowid"),
    ("(RowId INT, id INTEGER PRIMARY KEY, source, target)", "_rowid_"),
    ("(rowid INTEGER, source, target, PRIMARY KEY (rowid, target))", "_rowid_"),
    ("(id INTEGER PRIMARY KEY DESC, source, target)", "rowid"),
    ("(rowid , _rowid_, oid, source, target)", None),
    ("(rowid INTEGER PRIMARY KEY, source, target) WITHOUT ROWID", None),
])
def test_the_edge_id_is_the_rowid_whatever_columns_are_called(engine, table, name):
    engine.execute(f"CREATE TABLE edges {table}")
    first = table[1:].split()[0]
    engine.execute(f"INSERT INTO edges ({first}, source, target) VALUES (70, 1, 2), (71, 2, 3)")
    engine.script("CREATE INDEX s ON edges (Source, Target); CREATE INDEX t ON edges (target)")
    rowids = engine.execute(f"SELECT {name} FROM edges ORDER BY source") if name else [(None,)] * 2
    sql = "SELECT edge_id FROM graph_bfs('edges', 1) WHERE depth > 0"
    assert engine.execute(sql) == rowids
    assert engine.execute("SELECT last_reader FROM graph_stats('edges')") == [("lookup",)]
    assert engine.execute(sql) == rowids  # of the graph


@pytest.mark.parametrize("direction, ends", [("out", (3, 1)), ("in", (1, 3))])
@pytest.mark.parametrize("order", ["st", "ts"])
def test_a_node_at_the_far_end_alone_is_found(engine, direction, ends, order):
    """An index on its end is noticed, whichever is the older one; without, the graph is loaded."""
    engine.script("CREATE TABLE edges (source, target); INSERT INTO edges VALUES (1, 2), (2, 3);"
                  "CREATE TABLE none (source, target)")
    create = {"s": "CREATE INDEX s ON edges (source, target)",
              "t": "CREATE INDEX t ON edges (target, source)"}
    for end in order:
        engine.execute(create[end])
    far, near = ends
    walk = f"SELECT node FROM graph_bfs('edges', ?, NULL, '{direction}')"
    reader = "SELECT last_reader FROM graph_stats('none')"
    assert engine.execute(walk, (far,)) == [(far,)]
    assert engine.execute(reader) == [("lookup",)]
    assert engine.execute(walk, (9,)) == []
    assert engine.execute(reader) == [("lookup",)]
    engine.execute("DROP INDEX " + ("t" if direction == "out" else "s"))
    assert engine.execute(walk, (near,)) == [(near,), (2,), (far,)]
    assert engine.execute(reader) == [("lookup",)]
    assert engine.execute(walk, (far,)) == [(far,)]
    assert engine.execute(reader) == [("load",)]


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


def test_a_primary_key_is_an_index_of_its_columns(engine):
    engine.script(f"""
        CREATE TABLE edges (source INT, target, weight REAL, PRIMARY KEY (source, target));
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {MANY})
        INSERT INTO edges SELECT 0, i, 1.5 FROM n;
        INSERT INTO edges (rowid, source, target) VALUES ({ROWS}, 'a', 'b');
    """)
    for call, reader in [("graph_bfs('edges', 0, 1)", "lookup"),
                         ("graph_distances('edges', 0, 'weight') WHERE null_weight = 1", "load")]:
        assert engine.execute(f"SELECT count(*) FROM {call}") == [(MANY + 1,)]
        assert last(engine)[0] == reader


# ---- which table --------------------------------------------------------------------------------


@pytest.fixture
def indexed(engine):
    """Edges 1 -> 2 -> 3, with an index on either end."""
    engine.script("CREATE TABLE edges (source, target); INSERT INTO edges VALUES (1, 2), (2, 3);"
                  "CREATE INDEX s ON edges (source); CREATE INDEX t ON edges (target);")
    return engine


def reached(engine, table="edges", start=1):
    rows = engine.execute("SELECT node FROM graph_bfs(?, ?)", (table, start))
    return [node for node, in rows]


@pytest.mark.parametrize("create", [
    "TABLE edges AS SELECT 1 AS source, 9 AS target",
    "VIEW edges AS SELECT 1 AS source, 9 AS target",
    "TABLE edges (source PRIMARY KEY, target); INSERT INTO edges VALUES (1, 9)",
])
def test_a_temporary_table_or_view_comes_first(indexed, create):
    assert reached(indexed) == [1, 2, 3]
    indexed.script(f"CREATE TEMP {create}")
    assert reached(indexed) == [1, 9]
    assert reached(indexed, "main.edges") == reached(indexed, "MAIN.Edges") == [1, 2, 3]
    indexed.execute("DROP " + create.split()[0] + " temp.edges")
    assert reached(indexed) == [1, 2, 3]


def test_a_table_whose_name_has_a_dot(indexed):
    indexed.script('CREATE TABLE "main.edges" (source PRIMARY KEY, target);'
                   'INSERT INTO "main.edges" VALUES (1, 8);')
    assert reached(indexed, "main.edges") == [1, 8]
    indexed.execute('DROP TABLE "main.edges"')
    assert reached(indexed, "main.edges") == [1, 2, 3]


def test_an_attached_table_comes_last(indexed):
    indexed.script("ATTACH ':memory:' AS aux; CREATE TABLE aux.edges (source UNIQUE, target);"
                   "INSERT INTO aux.edges VALUES (1, 7); CREATE TABLE aux.more (source, target);"
                   "INSERT INTO aux.more VALUES (1, 6);")
    assert reached(indexed) == [1, 2, 3]
    assert reached(indexed, "aux.edges") == [1, 7]
    assert reached(indexed, "more") == [1, 6]
    indexed.execute("DETACH aux")
    with pytest.raises(indexed.Error, match="no table or view 'more'"):
        reached(indexed, "more")


def test_any_spelling_is_the_same_graph(indexed):
    assert indexed.execute("SELECT count(*) FROM graph_components('edges')") == [(3,)]
    for name in ["EDGES", "Edges", "main.edges"]:
        assert reached(indexed, name) == [1, 2, 3]
        assert last(indexed)[0] == "cache"


@pytest.mark.parametrize("name", ["edges\0", "\0", "edges\0x", 'edges"', "edges)", "edges;", "s"])
def test_what_is_no_name_of_a_table(indexed, name):
    with pytest.raises(indexed.Error, match="no table or view"):
        reached(indexed, name)


@pytest.mark.parametrize("change, expected", [
    ("DROP INDEX s", [1, 2, 3]),
    ("DROP TABLE edges; CREATE VIEW edges AS SELECT 1 AS source, 5 AS target", [1, 5]),
    ("DROP TABLE edges; CREATE TABLE edges (x, source UNIQUE, target);"
     "INSERT INTO edges VALUES (0, 1, 4)", [1, 4]),
    ("ALTER TABLE edges RENAME COLUMN target TO dst; ALTER TABLE edges ADD COLUMN target;"
     "UPDATE edges SET target = 'new'", [1, "new"]),
])
def test_what_another_connection_makes_of_it(connect, tmp_path, change, expected):
    path = tmp_path / "graph.db"
    engine, other = connect(path), connect(path)
    other.script("CREATE TABLE edges (source, target); INSERT INTO edges VALUES (1, 2), (2, 3);"
                 "CREATE INDEX s ON edges (source, target); CREATE INDEX t ON edges (target);")
    assert reached(engine) == [1, 2, 3]
    other.script(change)
    assert reached(engine) == expected


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
    during = []  # what calls found in the middle of which the other connection wrote
    for step in range(1, 100, 3):
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
                # A walk that sees a part of it reaches neither 7 nodes nor none.
                other.execute("UPDATE edges SET source = 100 + source, target = 100 + target")
            return 0

        db.set_progress_handler(write, 4)
        found = db.execute(f"SELECT count(*) FROM {call.format(schema)}").fetchone()[0]
        if count >= step:
            during.append(found)
        else:
            assert found == 7
        db.close()
    other.close()
    assert set(during) <= ({7} if "components" in call else {7, 0}) and during.count(7) > 15
