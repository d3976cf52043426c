"""graph_migrate() and graph_migrations: what they apply, record and refuse, beside the plain shell.

Wherever a call must fail, the test compares the whole database before and after.
"""

import hashlib
import json
import re
import shutil
import sqlite3
import subprocess
import threading

import apsw
import pytest
from conftest import ROOT, load

FOLDER = ROOT / "sql" / "migrations"
NAMES = re.search(r"\(MIGRATIONS\s([^)]*)\)", (FOLDER / "list.cmake").read_text())[1].split()
LAST = len(NAMES)
SQLITE3 = shutil.which("sqlite3") or "sqlite3"
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def sha256(name):
    return hashlib.sha256((FOLDER / f"{name}.sql").read_bytes()).hexdigest()


def migrate(engine, *version):
    marks = ", ".join("?" * len(version))
    return json.loads(engine.execute(f"SELECT graph_migrate({marks})", version)[0][0])


def shell(path, *names):
    """Applies files as the documentation says, a transaction each; returns the last run."""
    for name in names:
        run = subprocess.run(
            [SQLITE3, "-bail", path, "BEGIN IMMEDIATE", f".read {FOLDER / name}.sql", "COMMIT"],
            capture_output=True,
            text=True,
        )
        if run.returncode:
            break
    return run


def schema(engine):
    return engine.execute("SELECT type, name, tbl_name, sql FROM main.sqlite_master ORDER BY 1, 2")


def ledger(engine):
    return engine.execute("SELECT name, sha256, applied_at FROM _graph_migrations ORDER BY name")


def content(engine):
    """Everything in the main schema, to compare before and after."""
    tables = [row[1] for row in schema(engine) if row[0] == "table"]
    rows = {name: engine.execute(f'SELECT rowid, * FROM main."{name}"') for name in tables}
    return schema(engine), rows, engine.execute("PRAGMA user_version")


def refused(engine, sql="SELECT graph_migrate()", params=()):
    """The message of a call that must fail and leave the database as it was."""
    before = content(engine)
    with pytest.raises(engine.Error) as caught:
        engine.execute(sql, params)
    assert content(engine) == before
    return str(caught.value)


# ---- what is embedded ---------------------------------------------------------------------------


def test_the_library_holds_the_files(engine):
    rows = engine.execute("SELECT name, sha256, applied, sql FROM graph_migrations")
    assert [row[0] for row in rows] == NAMES
    for name, digest, applied, sql in rows:
        assert sql.encode() == (FOLDER / f"{name}.sql").read_bytes()
        assert digest == sha256(name)
        assert applied == 0


def test_the_list_follows_the_ledger(engine):
    rows = "SELECT name, applied FROM graph_migrations"
    for version in range(1, LAST + 1):
        migrate(engine, version)
        assert engine.execute(rows) == [(name, int(i < version)) for i, name in enumerate(NAMES)]


def test_the_list_is_an_ordinary_relation(engine):
    assert engine.execute("SELECT rowid, name FROM graph_migrations WHERE name LIKE '0002%'") == [
        (2, NAMES[1])
    ]
    assert engine.execute(
        "SELECT a.name FROM graph_migrations a JOIN graph_migrations b ON b.rowid = a.rowid + 1"
        " ORDER BY a.name DESC"
    ) == [(name,) for name in reversed(NAMES[:-1])]
    with pytest.raises(engine.Error):
        engine.execute("DELETE FROM graph_migrations")
    with pytest.raises(engine.Error):
        engine.execute("CREATE VIRTUAL TABLE copy USING graph_migrations")


def test_the_list_serves_a_client_that_only_sends_statements(connect):
    by_text, by_call = connect(), connect()
    for (sql,) in by_text.execute("SELECT sql FROM graph_migrations WHERE NOT applied"):
        by_text.script(sql)
    migrate(by_call)
    assert schema(by_text) == schema(by_call)


def test_nothing_outlives_the_call(connect, tmp_path):
    engine, other = connect(tmp_path / "a.db"), connect(tmp_path / "a.db", loaded=False)
    migrate(engine, 1)
    assert len(engine.execute("SELECT * FROM graph_migrations")) == LAST
    other.execute("BEGIN EXCLUSIVE")  # locked while a statement of ours still read
    other.execute("COMMIT")
    engine.execute("DROP TABLE nodes")


def test_a_connection_closes_after_use(tmp_path):
    connection = apsw.Connection(str(tmp_path / "a.db"))
    load(connection)
    for sql in ("SELECT graph_migrate(1)", "SELECT * FROM graph_migrations"):
        assert connection.execute(sql).fetchall()
    connection.close()  # sqlite3_close, which fails while there are statements


# ---- what is applied ----------------------------------------------------------------------------


def test_all_are_applied_once(engine):
    assert migrate(engine) == {"applied": NAMES, "version": LAST}
    rows = ledger(engine)
    assert [(name, digest) for name, digest, _ in rows] == [(name, sha256(name)) for name in NAMES]
    assert all(MOMENT.fullmatch(at) for _, _, at in rows)
    assert engine.execute("PRAGMA user_version") == [(0,)]
    before = content(engine)
    assert migrate(engine) == {"applied": [], "version": LAST}
    assert content(engine) == before


def test_the_shape_of_the_store(engine):
    migrate(engine, 4)

    def columns(table):
        select = 'SELECT name, type, "notnull", dflt_value, pk FROM pragma_table_info(?)'
        return engine.execute(select, (table,))

    assert columns("nodes") == [
        ("nid", "INTEGER", 0, None, 1),
        ("id", "TEXT", 1, None, 0),
        *(
            (name, "TEXT", 0, None, 0)
            for name in ("type", "title", "domain", "layer", "hash", "meta", "date", "summary")
        ),
        ("embedding", "BLOB", 0, None, 0),
    ]
    assert columns("edges") == [
        ("source", "TEXT", 1, None, 1),
        ("target", "TEXT", 1, None, 2),
        ("type", "TEXT", 1, None, 3),
        ("confidence", "REAL", 0, "1", 0),
        ("veracity", "REAL", 0, "1", 0),
        ("context_source", "TEXT", 0, None, 0),
    ]
    assert columns("tags") == [("node_id", "TEXT", 1, None, 1), ("tag", "TEXT", 1, None, 2)]
    assert [row[0] for row in columns("edges_quarantine")] == [
        *("source", "target", "type", "confidence", "veracity", "context_source", "reason")
    ]
    for table, names in [("edges", {"source", "target"}), ("tags", {"node_id"})]:
        keys = engine.execute(f"SELECT \"from\", \"table\", \"to\", on_update, on_delete FROM"
                              f" pragma_foreign_key_list('{table}')")
        assert set(keys) == {(name, "nodes", "id", "CASCADE", "NO ACTION") for name in names}
    assert columns("ember_state") == [
        ("file_path", "TEXT", 1, None, 1),
        ("last_analyzed", "TEXT", 0, None, 0),
        ("sidecar_created", "INTEGER", 0, None, 0),
        ("confidence", "REAL", 0, None, 0),
    ]
    assert columns("history") == [
        ("id", "INTEGER", 1, None, 1),
        *((name, "TEXT", 1, None, 0) for name in ("entity_type", "entity_id", "action")),
        *((name, "TEXT", 0, None, 0) for name in ("old_value", "new_value")),
        ("timestamp", "TEXT", 0, "CURRENT_TIMESTAMP", 0),
    ]
    assert columns("_graph_migrations") == [
        ("name", "TEXT", 1, None, 1),
        ("sha256", "", 0, None, 0),
        ("applied_at", "", 0, None, 0),
    ]
    indexes = "SELECT name, tbl_name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    assert engine.execute(indexes + " ORDER BY name") == [
        *((f"idx_edges_{name}", "edges") for name in ("source", "target", "type")),
        *(
            (f"idx_nodes_{name}", "nodes")
            for name in ("date", "domain", "hash", "layer", "source", "type")
        ),
        ("idx_tags_tag", "tags"),
    ]


def test_up_to_a_version(engine):
    assert migrate(engine, 1) == {"applied": NAMES[:1], "version": 1}
    assert migrate(engine, 1) == {"applied": [], "version": 1}
    assert migrate(engine, LAST) == {"applied": NAMES[1:], "version": LAST}


@pytest.mark.parametrize("version", [0, -1, LAST + 1, 2**63 - 1, 1.0, "1", b"1", None])
def test_a_version_that_does_not_exist(engine, version):
    message = refused(engine, "SELECT graph_migrate(?)", (version,))
    assert f"graph_migrate: version must be an integer from 1 to {LAST}" in message


def test_no_way_back(engine):
    migrate(engine)
    message = refused(engine, "SELECT graph_migrate(1)")
    assert f"version 1 is asked for, but the database is at {LAST}" in message


def test_the_result_is_json_to_json_functions(engine):
    assert engine.execute("SELECT json_array(graph_migrate(1))") == [
        (f'[{{"applied":["{NAMES[0]}"],"version":1}}]',)
    ]


def test_other_text_encodings(engine):
    engine.execute("PRAGMA encoding = 'UTF-16le'")
    migrate(engine)
    assert [row[:2] for row in ledger(engine)] == [(name, sha256(name)) for name in NAMES]
    assert migrate(engine)["applied"] == []
    assert engine.execute("SELECT sum(applied) FROM graph_migrations") == [(LAST,)]


def test_only_the_main_schema(connect, tmp_path):
    engine = connect(tmp_path / "main.db")
    engine.execute("ATTACH ? AS other", (str(tmp_path / "other.db"),))
    engine.execute("CREATE TABLE other.nodes (foreign_shape)")
    engine.execute("CREATE TABLE other._graph_migrations (name, sha256)")
    assert migrate(engine)["applied"] == NAMES
    assert engine.execute("SELECT count(*) FROM other.sqlite_master") == [(2,)]
    assert engine.execute("SELECT count(*) FROM other._graph_migrations") == [(0,)]


def test_any_sqlite_uses_the_tables(connect, tmp_path):
    """The same file without the extension: what the store is for."""
    path = tmp_path / "a.db"
    migrate(connect(path))
    plain = connect(path, loaded=False)
    with pytest.raises(plain.Error, match="no such function: graph_migrate"):
        plain.execute("SELECT graph_migrate()")
    plain.execute(
        "INSERT INTO nodes (id, title, summary, embedding) VALUES ('a', 'A', 'first', x'0000803f'),"
        " ('b', 'B', NULL, NULL)"
    )
    plain.execute("INSERT INTO edges (source, target, type) VALUES ('a', 'b', 'LINKS_TO')")
    plain.execute(
        "INSERT INTO edges (source, target, type) VALUES ('a', 'b', 'LINKS_TO')"
        " ON CONFLICT (source, target, type) DO UPDATE SET confidence = 0.5"
    )
    plain.execute("INSERT INTO history (entity_type, entity_id, action) VALUES ('node', 'a', '+')")
    plain.execute("INSERT INTO ember_state (file_path) VALUES ('a.md')")
    plain.execute("UPDATE nodes SET summary = 'second' WHERE id = 'b'")
    assert plain.execute(
        "SELECT a.id, a.summary, b.summary, e.confidence, e.veracity, a.embedding FROM edges e"
        " JOIN nodes a ON a.id = e.source JOIN nodes b ON b.id = e.target"
    ) == [("a", "first", "second", 0.5, 1.0, b"\0\0\x80\x3f")]
    plain.execute("DELETE FROM nodes WHERE id = 'a'")
    stamped = "SELECT count(*), max(timestamp) IS NOT NULL FROM history WHERE action = '+'"
    assert plain.execute(stamped) == [(1, 1)]
    assert plain.execute("PRAGMA integrity_check") == [("ok",)]


# ---- the shell ----------------------------------------------------------------------------------


def test_the_shell_makes_the_same_database(connect, tmp_path):
    run = shell(tmp_path / "shell.db", *NAMES)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
    by_shell, by_call = connect(tmp_path / "shell.db"), connect(tmp_path / "call.db")
    assert ledger(by_shell) == [(name, None, None) for name in NAMES]
    assert by_shell.execute("SELECT sum(applied) FROM graph_migrations") == [(LAST,)]
    migrate(by_call)
    assert schema(by_shell) == schema(by_call)
    assert migrate(by_shell) == {"applied": [], "version": LAST}
    assert [row[:2] for row in ledger(by_shell)] == [row[:2] for row in ledger(by_call)]
    assert all(MOMENT.fullmatch(at) for _, _, at in ledger(by_shell))


def test_the_function_goes_on_where_the_shell_stopped(connect, tmp_path):
    shell(tmp_path / "a.db", NAMES[0])
    engine = connect(tmp_path / "a.db")
    engine.execute("UPDATE _graph_migrations SET applied_at = 'once'")
    assert migrate(engine) == {"applied": NAMES[1:], "version": LAST}
    assert [row[:2] for row in ledger(engine)] == [(name, sha256(name)) for name in NAMES]
    assert ledger(engine)[0][2] == "once"


def test_the_shell_goes_on_where_the_function_stopped(connect, tmp_path):
    engine = connect(tmp_path / "a.db")
    migrate(engine, 1)
    run = shell(tmp_path / "a.db", *NAMES[1:])
    assert (run.returncode, run.stderr) == (0, "")
    assert [row[1] for row in ledger(engine)] == [sha256(NAMES[0]), *[None] * (LAST - 1)]
    assert migrate(engine) == {"applied": [], "version": LAST}
    assert [row[1] for row in ledger(engine)] == [sha256(name) for name in NAMES]


@pytest.mark.parametrize(
    "before, name, complaint",
    [
        (NAMES, NAMES[0], "UNIQUE constraint failed: _graph_migrations.name"),
        (NAMES, NAMES[-1], "UNIQUE constraint failed: _graph_migrations.name"),
        (NAMES[:1], NAMES[2], "NOT NULL constraint failed: _graph_migrations.name"),
        ([], NAMES[1], "no such table: _graph_migrations"),
    ],
)
def test_the_shell_refuses_a_wrong_order(connect, tmp_path, before, name, complaint):
    path = tmp_path / "a.db"
    if before:
        shell(path, *before)
    engine = connect(path)
    state = content(engine)
    run = shell(path, name)
    assert run.returncode != 0
    assert complaint in run.stderr
    assert content(engine) == state


def test_the_shell_is_all_or_nothing(connect, tmp_path):
    engine = connect(tmp_path / "a.db")
    engine.execute("CREATE TABLE ember_state (taken)")  # the last table of the first file
    state = content(engine)
    run = shell(tmp_path / "a.db", NAMES[0])
    assert run.returncode != 0
    assert "table ember_state already exists" in run.stderr
    assert content(engine) == state


# ---- all or nothing -----------------------------------------------------------------------------

OBSTACLES = {
    "before the first change": "CREATE TABLE history (taken)",
    "when the second file is recorded": (
        "CREATE TABLE _graph_migrations (name TEXT NOT NULL PRIMARY KEY, sha256, applied_at"
        f" CHECK (name <> '{NAMES[1]}' OR applied_at IS NULL))"
    ),
    "at the first statement of the third file": (
        "CREATE TABLE _graph_migrations (name TEXT NOT NULL PRIMARY KEY CHECK (name NOT LIKE"
        f" '{NAMES[2][:4]}%'), sha256, applied_at)"
    ),
}


@pytest.fixture(params=OBSTACLES)
def blocked(request, engine):
    """An engine whose migration fails; without the obstacle it would succeed."""
    engine.execute(OBSTACLES[request.param])
    return engine


def test_a_failure_undoes_everything(blocked):
    message = refused(blocked)
    assert re.search(r"graph_migrate: 000[23]_", message), message
    blocked.execute("BEGIN")  # fails if a transaction had been left open
    blocked.execute("ROLLBACK")


def test_a_failure_leaves_the_application_its_transaction(blocked):
    blocked.execute("BEGIN")
    blocked.execute("CREATE TABLE earlier (work)")
    blocked.execute("INSERT INTO earlier VALUES (1)")
    refused(blocked)
    blocked.execute("INSERT INTO earlier VALUES (2)")
    blocked.execute("COMMIT")
    assert blocked.execute("SELECT work FROM earlier") == [(1,), (2,)]
    assert blocked.execute("SELECT 1 FROM sqlite_master WHERE name = 'nodes'") == []


@pytest.mark.parametrize("outer", [False, True], ids=["autocommit", "transaction"])
def test_a_failure_in_the_middle_of_a_file(db, outer):
    """The application's authorizer is asked as for any statement; here it refuses one table."""

    def authorizer(action, name, *_):
        denied = action == sqlite3.SQLITE_CREATE_TABLE and name == "ember_state"
        return sqlite3.SQLITE_DENY if denied else sqlite3.SQLITE_OK

    if outer:
        db.execute("BEGIN")
        db.execute("CREATE TABLE earlier (work)")
    before = db.execute("SELECT * FROM sqlite_master").fetchall()
    db.set_authorizer(authorizer)
    with pytest.raises(sqlite3.DatabaseError, match=f"^graph_migrate: {NAMES[0]}: not authorized$"):
        db.execute("SELECT graph_migrate()")
    db.set_authorizer(None)
    assert db.in_transaction == outer
    assert db.execute("SELECT * FROM sqlite_master").fetchall() == before
    db.execute("SELECT graph_migrate()")


def test_a_failure_keeps_the_savepoints_of_the_application(blocked):
    blocked.execute("SAVEPOINT outer_one")
    blocked.execute("CREATE TABLE earlier (work)")
    refused(blocked)
    blocked.execute("ROLLBACK TO outer_one")
    blocked.execute("RELEASE outer_one")
    assert blocked.execute("SELECT 1 FROM sqlite_master WHERE name = 'earlier'") == []


def test_success_belongs_to_the_transaction_of_the_application(engine):
    engine.execute("BEGIN")
    assert migrate(engine)["applied"] == NAMES
    engine.execute("ROLLBACK")
    assert schema(engine) == []
    engine.execute("BEGIN")
    migrate(engine)
    engine.execute("COMMIT")
    assert len(ledger(engine)) == LAST


def test_within_a_reading_statement(engine):
    engine.execute("CREATE TABLE three (n)")
    engine.execute("INSERT INTO three VALUES (1), (2), (3)")
    rows = engine.execute("SELECT n, json_extract(graph_migrate(3), '$.applied[0]') FROM three")
    assert rows == [(1, NAMES[0]), (2, None), (3, None)]
    # From here on tables are made anew, which SQLite does only when nothing reads.
    assert "0004_shape: database table is locked; a table cannot be made anew" in refused(
        engine, "SELECT n, graph_migrate() FROM three"
    )
    migrate(engine)
    assert len(engine.execute("SELECT graph_migrate() FROM three")) == 3  # nothing to do


# ---- where it may not be called -----------------------------------------------------------------

WRITING = {
    "insert": "INSERT INTO sink SELECT graph_migrate()",
    "update": "UPDATE sink SET x = graph_migrate()",
    "delete": "DELETE FROM sink WHERE graph_migrate() IS NOT NULL",
    "create": "CREATE TABLE other AS SELECT graph_migrate() AS x",
    "temp": "INSERT INTO temp.scratch SELECT graph_migrate()",
}


@pytest.mark.parametrize("outer", [False, True], ids=["autocommit", "transaction"])
@pytest.mark.parametrize("sql", WRITING.values(), ids=WRITING)
def test_not_within_a_writing_statement(engine, sql, outer):
    engine.script("CREATE TABLE sink (x); INSERT INTO sink VALUES (1);")
    engine.execute("CREATE TEMP TABLE scratch (x)")
    if outer:
        engine.execute("BEGIN")
    message = refused(engine, sql)
    assert message.startswith("graph_migrate: ")
    assert "while a statement is writing" in message or "SQL statements in progress" in message
    if outer:
        engine.execute("COMMIT")


def test_not_from_a_view_or_trigger(engine):
    engine.script(
        "CREATE TABLE sink (x); CREATE VIEW sly AS SELECT graph_migrate() AS x;"
        "CREATE TRIGGER slyer AFTER INSERT ON sink BEGIN SELECT graph_migrate(); END;"
    )
    for sql in ("SELECT * FROM sly", "INSERT INTO sink VALUES (1)"):
        assert "unsafe use of graph_migrate()" in refused(engine, sql)


# ---- other connections --------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["delete", "wal"])
def test_another_writer(connect, tmp_path, mode):
    path = tmp_path / "a.db"
    writer, engine = connect(path), connect(path)
    writer.execute(f"PRAGMA journal_mode = {mode}")
    engine.execute("PRAGMA busy_timeout = 0")
    writer.execute("BEGIN IMMEDIATE")
    assert "graph_migrate: cannot begin: database is locked" in refused(engine)
    writer.execute("COMMIT")
    assert migrate(engine)["applied"] == NAMES


def test_two_at_once_apply_once(tmp_path):
    path = tmp_path / "a.db"
    holder = sqlite3.connect(path, isolation_level=None)
    results = []

    def run():
        connection = sqlite3.connect(path, isolation_level=None, timeout=60)
        load(connection)
        results.append(json.loads(connection.execute("SELECT graph_migrate()").fetchone()[0]))
        connection.close()

    holder.execute("BEGIN IMMEDIATE")  # lets all of them arrive
    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    holder.execute("COMMIT")
    for thread in threads:
        thread.join()
    assert sorted(len(result["applied"]) for result in results) == [0, 0, 0, LAST]
    assert holder.execute("SELECT count(*) FROM _graph_migrations").fetchone() == (LAST,)
    holder.close()


def test_a_read_only_database(connect, tmp_path):
    path = tmp_path / "a.db"
    migrate(connect(path), 1)
    reader = connect(f"file:{path}?mode=ro")
    applied = reader.execute("SELECT applied FROM graph_migrations")
    assert applied == [(1,), *[(0,)] * (LAST - 1)]
    message = refused(reader)
    assert message == f"graph_migrate: {NAMES[1]}: attempt to write a readonly database"
    migrate(connect(path))
    assert migrate(reader) == {"applied": [], "version": LAST}  # nothing to write


def test_an_empty_read_only_database(connect, tmp_path):
    path = tmp_path / "a.db"
    connect(path).execute("CREATE TABLE other (x)")
    reader = connect(f"file:{path}?mode=ro")
    assert reader.execute("SELECT sum(applied) FROM graph_migrations") == [(0,)]
    assert "attempt to write a readonly database" in refused(reader)


# ---- what does not fit --------------------------------------------------------------------------


def test_a_changed_file(engine):
    migrate(engine)
    engine.execute("UPDATE _graph_migrations SET sha256 = 'abc' WHERE name = ?", (NAMES[1],))
    message = refused(engine)
    assert f"the text of {NAMES[1]} that was applied here (sha256 abc) is not the one in" in message
    assert sha256(NAMES[1]) in message
    # What the message advises.
    engine.execute("UPDATE _graph_migrations SET sha256 = NULL WHERE name = ?", (NAMES[1],))
    assert migrate(engine)["applied"] == []


@pytest.mark.parametrize("name", [f"{LAST + 1:04}_future", "9999_zz"])
def test_a_newer_library_was_here(engine, name):
    migrate(engine)
    engine.execute("INSERT INTO _graph_migrations (name) VALUES (?)", (name,))
    message = refused(engine)
    assert f"records the migration {name}" in message
    assert "update the library" in message
    assert engine.execute("SELECT sum(applied), count(*) FROM graph_migrations") == [(LAST, LAST)]


def test_a_gap(engine):
    migrate(engine)
    engine.execute("DELETE FROM _graph_migrations WHERE name = ?", (NAMES[0],))
    message = refused(engine)
    assert f"records {NAMES[1]} but not {NAMES[0]}, which comes before it" in message


def test_a_ledger_of_another_shape(engine):
    engine.execute("CREATE TABLE _graph_migrations (id)")
    for sql in ("SELECT graph_migrate()", "SELECT * FROM graph_migrations"):
        assert "cannot read the ledger _graph_migrations: no such column" in refused(engine, sql)


@pytest.mark.parametrize(
    "sql, migration, name, kind",
    [
        ("CREATE VIEW nodes AS SELECT 1 AS id", NAMES[0], "nodes", "view"),
        ("CREATE TABLE EDGES (id)", NAMES[0], "edges", "table"),
        ("CREATE VIEW edges AS SELECT 1", NAMES[0], "edges", "view"),
        (
            "CREATE TABLE t (x); CREATE INDEX idx_edges_target ON t (x)",
            NAMES[0],
            "idx_edges_target",
            "index",
        ),
        ("CREATE TABLE history (id)", NAMES[1], "history", "table"),
    ],
)
def test_tables_of_another_program(engine, sql, migration, name, kind):
    engine.script(sql)
    message = refused(engine)
    article = "an" if kind == "index" else "a"
    assert f'{migration} creates "{name}", but the database has {article} {kind} of that' in message
    assert "that no recorded migration made; rename or drop it" in message


def test_a_table_of_another_program_beside_the_first_migrations(engine):
    migrate(engine, 1)
    engine.execute("CREATE TABLE history (id)")
    assert f'{NAMES[1]} creates "history"' in refused(engine)
    engine.execute("DROP TABLE history")
    assert migrate(engine)["applied"] == NAMES[1:]


def test_an_obstacle_of_a_later_migration_does_not_stop_an_earlier_one(engine):
    engine.execute("CREATE TABLE history (id)")
    assert migrate(engine, 1)["applied"] == NAMES[:1]


def test_a_column_that_is_there_already(engine):
    migrate(engine, 2)
    engine.execute("ALTER TABLE nodes ADD COLUMN summary")
    assert refused(engine) == f"graph_migrate: {NAMES[2]}: duplicate column name: summary"


@pytest.mark.parametrize(
    "sql, kind, name",
    [
        ("CREATE TEMP TABLE nodes (id, type)", "table", "nodes"),
        ("CREATE TEMP VIEW Edges AS SELECT 1", "view", "edges"),
        ("CREATE TEMP TABLE _graph_migrations (name, sha256)", "table", "_graph_migrations"),
    ],
)
@pytest.mark.parametrize("before", [0, 2])
def test_a_temporary_object_that_hides_the_store(engine, sql, kind, name, before):
    if before:
        migrate(engine, before)
    engine.execute(sql)
    main = engine.execute("SELECT * FROM main.sqlite_master")
    with pytest.raises(engine.Error) as caught:
        engine.execute("SELECT graph_migrate()")
    message = str(caught.value)
    assert f'the temporary {kind} "{name}" of this connection hides that of the store' in message
    assert engine.execute("SELECT * FROM main.sqlite_master") == main
    assert engine.execute("SELECT sum(applied) FROM graph_migrations") == [(before,)]
    engine.execute(f"DROP {kind} temp.{name}")
    assert migrate(engine)["version"] == LAST
