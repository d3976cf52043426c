"""What a hostile or unlucky database, statement or moment must not do: crash, mix, or half migrate."""

import sqlite3
import struct

import pytest

from conftest import Engine, load


def f32(*values):
    return struct.pack(f"<{len(values)}f", *values)


@pytest.fixture
def notes(engine):
    engine.execute("CREATE TABLE notes(id TEXT PRIMARY KEY, embedding BLOB)")
    for n in range(1, 7):
        engine.execute("INSERT INTO notes VALUES (?, ?)", (f"n{n}", f32(n, 1)))
    return engine


# ---- searches inside searches ------------------------------------------------------------------


def test_a_view_that_searches_itself_is_an_error(notes):
    notes.execute("CREATE VIEW v AS SELECT id, embedding FROM notes WHERE id IN "
                  "(SELECT id FROM vec_topk('v', 'embedding', '[1,0]', 1))")
    with pytest.raises(Engine.Error, match="more than 10 searches inside one another"):
        notes.execute("SELECT id FROM vec_topk('v', 'embedding', '[1,0]', 1)")
    # The count is back at none.
    assert notes.execute("SELECT id FROM vec_topk('notes', 'embedding', '[1,0]', 1)") == [("n6",)]


def test_a_search_inside_a_search_keeps_its_own_report(notes):
    notes.execute("CREATE TABLE empty(e)")
    notes.execute("INSERT INTO empty VALUES (NULL)")
    notes.execute("INSERT INTO notes VALUES ('bad', x'00')")
    notes.execute("CREATE VIEW w AS SELECT id, embedding FROM notes "
                  "WHERE NOT EXISTS (SELECT 1 FROM vec_topk('empty', 'e', '[1,0]', 1))")
    sql = "SELECT id FROM vec_topk('w', 'embedding', '[1,0]', 1)"
    assert notes.execute(sql) == [("n6",)]
    report = notes.execute("SELECT source, rows, skipped_length, skipped_null FROM vec_last_scan")
    assert report == [("w", 7, 1, 0)]


def test_a_view_without_blobs_is_an_error_also_when_it_searches(notes):
    notes.execute("CREATE VIEW scores AS "
                  "SELECT id, score FROM vec_topk('notes', 'embedding', '[1,0]', 3)")
    with pytest.raises(Engine.Error, match="holds no blobs"):
        notes.execute("SELECT * FROM vec_topk('scores', 'score', '[1]')")


# ---- statements that must plan -----------------------------------------------------------------


@pytest.mark.parametrize("sql", [
    "SELECT count(*) FROM vec_topk('notes','embedding','[1,0]',2) j LEFT JOIN n ON j.rowid IN (1,3)",
    "SELECT count(*) FROM vec_topk('notes','embedding','[1,0]',2) j "
    "LEFT JOIN n ON n.x = j.rowid AND j.id IN ('n2','n3')",
    """SELECT count(*) FROM vec_topk('notes','embedding','[1,0]',2) t,
       json_each('["' || t.id || '"]') j WHERE t.id IN (j.value, 'x')""",
])
def test_an_in_that_no_plan_can_know_first_is_no_error(notes, sql):
    notes.execute("CREATE TABLE n(x)")
    notes.execute("INSERT INTO n VALUES (1)")
    assert notes.execute(sql) == [(2,)]


def test_vec_each_with_an_or(engine):
    sql = "SELECT value FROM vec_each('[1,2,3]') WHERE value = 1 OR rowid = 2 ORDER BY value"
    assert engine.execute(sql) == [(1.0,), (3.0,)]


def test_hidden_columns_are_those_of_the_call(notes):
    notes.execute("CREATE TABLE qs(q)")
    for text in ("[1,0]", "[1.0, 0]", "[1,0.0]"):
        notes.execute("INSERT INTO qs VALUES (?)", (text,))
    rows = notes.execute(
        "SELECT qs.q, t.query FROM qs JOIN vec_topk('notes', 'embedding', qs.q, 1) AS t")
    assert len(rows) == 3
    assert all(given == shown for given, shown in rows)


# ---- functions and authorizers of the application ----------------------------------------------


def test_the_applications_like_does_not_decide_what_a_table_is(db):
    db.execute("CREATE TABLE notes(id TEXT PRIMARY KEY, e BLOB)")
    db.execute("INSERT INTO notes VALUES ('a', ?)", (f32(1, 0),))
    db.create_function("like", 2, lambda a, b: 1)
    assert db.execute("SELECT id FROM vec_topk('notes', 'e', '[1,0]')").fetchall() == [("a",)]


def test_a_denied_rowid_is_an_error_not_other_rowids(db):
    db.execute("CREATE TABLE notes(id TEXT PRIMARY KEY, e BLOB)")
    db.executemany("INSERT INTO notes VALUES (?, ?)", [(n, f32(1, 0)) for n in "abc"])
    db.execute("DELETE FROM notes WHERE id = 'a'")
    db.execute("SELECT count(*) FROM vec_topk('notes', 'e', '[1,0]')").fetchall()  # connects it
    db.set_authorizer(lambda action, a, b, *_: sqlite3.SQLITE_DENY
                      if action == sqlite3.SQLITE_READ and b == "ROWID" else sqlite3.SQLITE_OK)
    with pytest.raises(sqlite3.Error, match="prohibited|not authorized"):
        db.execute("SELECT rowid FROM vec_topk('notes', 'e', '[1,0]')").fetchall()


# ---- migrations --------------------------------------------------------------------------------


def interrupt_at(db, table):
    """Interrupts the connection when this table is about to be created."""
    def authorize(action, name, *_):
        if action == sqlite3.SQLITE_CREATE_TABLE and name == table:
            db.interrupt()
        return sqlite3.SQLITE_OK
    db.set_authorizer(authorize)


def objects(db):
    return db.execute("SELECT name FROM sqlite_schema ORDER BY name").fetchall()


def test_an_interrupted_migration_leaves_nothing(db):
    interrupt_at(db, "ember_state")
    with pytest.raises(sqlite3.OperationalError, match="interrupted"):
        db.execute("SELECT graph_migrate()").fetchall()
    assert not db.in_transaction
    assert objects(db) == []


def test_an_interrupted_migration_inside_a_transaction_leaves_nothing_of_it(db):
    db.execute("CREATE TABLE app(x)")
    db.execute("BEGIN")
    db.execute("INSERT INTO app VALUES (1)")
    interrupt_at(db, "ember_state")
    with pytest.raises(sqlite3.OperationalError, match="interrupted"):
        db.execute("SELECT graph_migrate()").fetchall()
    db.set_authorizer(None)
    if db.in_transaction:
        db.execute("COMMIT")
    assert objects(db) == [("app",)]


def test_control_a_migration_without_an_interrupt_makes_the_tables(db):
    interrupt_at(db, "no such table")
    db.execute("SELECT graph_migrate()").fetchall()
    assert ("ember_state",) in objects(db)


def test_a_ledger_with_a_row_twice_is_refused(db):
    db.execute("CREATE TABLE _graph_migrations(name, sha256, applied_at)")
    names = [name for (name,) in db.execute("SELECT name FROM graph_migrations")]
    db.executemany("INSERT INTO _graph_migrations(name) VALUES (?)",
                   [(name,) for name in names + names[-1:]])
    with pytest.raises(sqlite3.OperationalError, match="records a migration twice"):
        db.execute("SELECT graph_migrate()").fetchall()


# ---- reuse is never mixed ----------------------------------------------------------------------


def test_hits_of_two_snapshots_are_not_reused(tmp_path):
    path = tmp_path / "mixed.db"
    db = sqlite3.connect(path, isolation_level=None)
    load(db)
    db.execute("CREATE TABLE notes(id TEXT PRIMARY KEY, embedding BLOB)")
    db.executemany("INSERT INTO notes VALUES (?, ?)", [(f"n{n}", f32(n, 1)) for n in range(1, 7)])
    db.execute("CREATE TABLE two(i INTEGER)")
    db.execute("INSERT INTO two VALUES (1), (2)")

    def meddle(i, id):
        if (i, id) == (1, "n6"):
            db.execute("BEGIN")
            db.execute("DELETE FROM notes WHERE id = 'n5'")
        return 0 if id == "n6" else 1

    def undo(i):
        if i == 2 and db.in_transaction:
            db.execute("ROLLBACK")
        return i

    db.create_function("meddle", 2, meddle)
    db.create_function("undo", 1, undo)
    rows = db.execute("SELECT undo(i), (SELECT id FROM vec_topk('notes', 'embedding', '[1,0]') "
                      "WHERE meddle(two.i, id) LIMIT 1) FROM two").fetchall()
    assert rows[1] == (2, "n5")


# ---- graphs ------------------------------------------------------------------------------------


GRAPH_CALLS = ["graph_bfs('edges', 1)", "graph_components('edges')", "graph_ppr('edges', 1)",
               "graph_degree('edges')"]


@pytest.fixture
def edges(connect, tmp_path):
    engine = connect(tmp_path / "graph.db")
    engine.script("CREATE TABLE edges (source, target, type); CREATE INDEX e ON edges (source);"
                  "INSERT INTO edges VALUES (1, 2, 'x'), (2, 3, 'x');")
    return engine


@pytest.mark.parametrize("call", GRAPH_CALLS)
def test_a_locked_database_is_an_error_of_a_graph_function(edges, connect, tmp_path, call):
    edges.execute("PRAGMA busy_timeout = 0")
    other = connect(tmp_path / "graph.db")
    other.execute("PRAGMA locking_mode = EXCLUSIVE")
    other.execute("BEGIN EXCLUSIVE")
    other.execute("INSERT INTO edges VALUES (3, 4, 'x')")
    with pytest.raises(edges.Error, match="locked"):
        edges.execute(f"SELECT * FROM {call}")
    other.execute("COMMIT")
    other.close()
    assert len(edges.execute("SELECT node FROM graph_components('edges')")) == 4


@pytest.mark.parametrize("call", GRAPH_CALLS)
def test_a_corrupt_table_is_an_error_of_a_graph_function(edges, connect, tmp_path, call):
    page = edges.execute("SELECT rootpage FROM sqlite_master WHERE name = 'edges'")[0][0]
    size = edges.execute("PRAGMA page_size")[0][0]
    edges.close()
    file = tmp_path / "graph.db"
    data = bytearray(file.read_bytes())
    data[(page - 1) * size:page * size] = b"\x5a" * size
    file.write_bytes(data)
    with pytest.raises(Engine.Error, match="malformed|corrupt"):
        connect(file).execute(f"SELECT * FROM {call} WHERE node_table = 'edges' "
                              "AND id_col = 'source'" if "degree" not in call
                              else f"SELECT * FROM {call}")


def test_the_function_that_feeds_rows_serves_nobody_else(edges):
    edges.execute("SELECT * FROM graph_components('edges')")
    for arguments in ["", "1", "NULL, 1, 2", "source, target"]:
        with pytest.raises(edges.Error, match="serves the graph functions alone"):
            edges.execute(f"SELECT vecgraph_rows({arguments}) FROM edges")
    edges.execute("CREATE VIEW sly AS SELECT vecgraph_rows(source, target) AS source, 1 AS target "
                  "FROM edges")
    with pytest.raises(edges.Error, match="unsafe use of vecgraph_rows"):
        edges.execute("SELECT * FROM graph_components('sly')")


def test_an_authorizer_can_deny_the_edges(db):
    db.executescript("CREATE TABLE edges (source, target, secret); "
                     "INSERT INTO edges VALUES (1, 2, 3)")
    assert db.execute("SELECT count(*) FROM graph_components('edges')").fetchone() == (2,)
    db.set_authorizer(lambda action, table, *_: sqlite3.SQLITE_DENY
                      if action == sqlite3.SQLITE_READ and table == "edges" else sqlite3.SQLITE_OK)
    for call in GRAPH_CALLS:
        with pytest.raises(sqlite3.DatabaseError, match="prohibited"):
            db.execute(f"SELECT count(*) FROM {call}").fetchone()
    db.set_authorizer(None)
    assert db.execute("SELECT count(*) FROM graph_components('edges')").fetchone() == (2,)


@pytest.mark.parametrize("name", ['a"b', "a'b", "a b; DROP TABLE edges", "select", "émigré", "x.y"])
def test_names_of_any_spelling(engine, name):
    quoted = '"' + name.replace('"', '""') + '"'
    engine.execute(f"CREATE TABLE {quoted} ({quoted}, target, \"we\"\"ight\" REAL)")
    engine.execute(f"CREATE INDEX \"in'dex\"\"\" ON {quoted} ({quoted})")
    engine.execute(f"INSERT INTO {quoted} VALUES (1, 2, 0.5), (2, 3, 0.5)")
    for call in ["graph_distances(?, 1, 'we\"ight')", "graph_bfs(?, 1)", "graph_degree(?)"]:
        rows = engine.execute(f"SELECT node FROM {call} WHERE src_col = ? AND dst_col = 'target'",
                              (name, name))
        assert rows == [(1,), (2,), (3,)]
