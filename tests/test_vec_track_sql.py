"""vec_track_sql: the statements that it gives, and what applying them changes."""

import sqlite3
import subprocess

import pytest
from change_log import LOG, PLAIN, error_of, is_tracked, log_end, logged, statements, track
from conftest import ROOT

# ---- the function --------------------------------------------------------------------------------


def test_the_rows_are_statements_in_order(engine):
    engine.execute(PLAIN)
    rows = engine.execute("SELECT sql, ordinal, tracked FROM vec_track_sql('t', 'e')")
    assert [row[1] for row in rows] == list(range(1, len(rows) + 1))
    assert all(sqlite3.complete_statement(sql) for sql, _, _ in rows)
    assert {row[2] for row in rows} == {0}
    assert engine.execute("SELECT name FROM sqlite_master") == [("t",)]  # nothing is made
    track(engine)
    assert is_tracked(engine)


def test_the_arguments_can_be_named_and_are_handed_back(engine):
    engine.execute(PLAIN)
    rows = engine.execute(
        """SELECT DISTINCT "table", "column", action FROM vec_track_sql
           WHERE "table" = 'T' AND "column" = 'E' AND action = 'remove'"""
    )
    assert rows == [("T", "E", "remove")]


def test_an_argument_may_come_from_a_table(engine):
    engine.execute(PLAIN)
    engine.execute("CREATE TABLE names (n)")
    engine.execute("INSERT INTO names VALUES ('t')")
    (count,) = engine.execute("SELECT count(*) FROM names, vec_track_sql(n, 'e')")[0]
    assert count == len(statements(engine))


@pytest.mark.parametrize(
    "call, message",
    [
        (
            "vec_track_sql",
            "vec_track_sql: the argument 'table' is missing; "
            "write vec_track_sql(table, column [, action])",
        ),
        (
            "vec_track_sql('t')",
            "vec_track_sql: the argument 'column' is missing; "
            "write vec_track_sql(table, column [, action])",
        ),
        ("vec_track_sql(NULL, 'e')", "vec_track_sql: table must be a name, found NULL"),
        ("vec_track_sql('t', 5)", "vec_track_sql: column must be a name, found INTEGER"),
        (
            "vec_track_sql('t', 'e', 'drop')",
            "vec_track_sql: unknown action 'drop' (there are create, remove)",
        ),
        ("vec_track_sql('u', 'e')", "vec_track_sql: no table or view 'u' (looked in temp, main)"),
        ("vec_track_sql('t', 'x')", "vec_track_sql: t has no column 'x' (it has id, k, other, e)"),
    ],
)
def test_a_wrong_call_is_an_error(engine, call, message):
    engine.execute("CREATE TEMP TABLE unused (x)")  # lists temp in every SQLite
    engine.execute(PLAIN)
    assert error_of(engine, f"SELECT * FROM {call}") == message


@pytest.mark.parametrize(
    "ddl, message",
    [
        ("CREATE VIEW t AS SELECT 1 AS e", "only a table can be; track the tables that it reads"),
        ("CREATE VIRTUAL TABLE t USING fts5(e)", "a virtual table has no triggers"),
        (
            "CREATE TABLE t (id TEXT PRIMARY KEY, e) WITHOUT ROWID",
            "it has no rowid to log: it is WITHOUT ROWID, or its columns take the names rowid, "
            "_rowid_ and oid",
        ),
        (
            "CREATE TABLE t (rowid, _rowid_, oid, e)",
            "it has no rowid to log: it is WITHOUT ROWID, or its columns take the names rowid, "
            "_rowid_ and oid",
        ),
        (
            "CREATE TABLE t (id INTEGER PRIMARY KEY, e); CREATE UNIQUE INDEX u ON t (id % 10)",
            "the unique index u computes with the rowid, which an insert does not know beforehand",
        ),
        (
            "CREATE TABLE t (id INTEGER PRIMARY KEY, a AS (id + 1), b AS (a + 1) UNIQUE, e)",
            "the unique index sqlite_autoindex_t_1 computes with the rowid, which an insert does "
            "not know beforehand",
        ),
    ],
)
def test_what_cannot_be_tracked_says_why(engine, ddl, message):
    engine.script(ddl)
    found = error_of(engine, "SELECT * FROM vec_track_sql('t', 'e')")
    assert found == f"vec_track_sql: cannot track t.e: {message}"
    assert not is_tracked(engine)


@pytest.mark.parametrize("name", ["new", "OLD"])
def test_a_table_with_the_name_of_a_row_in_a_trigger_is_refused(engine, name):
    engine.execute(f"CREATE TABLE {name} (e)")
    found = error_of(engine, f"SELECT * FROM vec_track_sql('{name}', 'e')")
    assert "new and old are the row" in found


def test_two_tables_with_the_same_names_are_told_apart(engine):
    engine.script("CREATE TABLE a_b (c); CREATE TABLE a (b_c, c)")
    track(engine, "a_b", "c")
    message = error_of(engine, "SELECT * FROM vec_track_sql('a', 'b_c')")
    assert message.endswith(
        "the name _vec_a_b_c_before_delete belongs to another trigger; rename or drop that first"
    )
    assert is_tracked(engine, "a_b", "c")
    track(engine, "a", "c")
    assert is_tracked(engine, "a", "c") and is_tracked(engine, "a_b", "c")


def test_a_stranger_s_table_is_not_taken_for_the_log(engine):
    engine.script(PLAIN + f"; CREATE TABLE {LOG} (seq, rid, nonce)")
    assert error_of(engine, "SELECT * FROM vec_track_sql('t', 'e')") == (
        "vec_track_sql: cannot track t.e: the name _vec_log_t_e belongs to another table; "
        "rename or drop that first"
    )


# ---- applying and removing -----------------------------------------------------------------------


def test_applying_again_keeps_the_log_and_makes_readers_start_anew(engine):
    engine.execute(PLAIN)
    track(engine)
    engine.execute("INSERT INTO t (id) VALUES (7)")
    end = log_end(engine)
    first = statements(engine)
    track(engine)
    assert statements(engine) == first
    assert is_tracked(engine)
    assert engine.execute(f"SELECT rid FROM {LOG} WHERE seq > ?", (end,)) == [(None,)]
    assert (7,) in engine.execute(f"SELECT rid FROM {LOG}")


def test_removing_leaves_nothing(engine):
    engine.execute(PLAIN)
    before = engine.execute("SELECT * FROM sqlite_master")
    track(engine)
    for sql in statements(engine, "t", "e", "remove"):
        engine.execute(sql)
    assert [row[:3] for row in engine.execute("SELECT * FROM sqlite_master")] == [
        row[:3] for row in before
    ]
    assert not is_tracked(engine)


@pytest.mark.parametrize(
    "ddl",
    [
        "CREATE UNIQUE INDEX late ON t (other)",
        "DROP TRIGGER _vec_t_e_before_insert",
        "DROP TRIGGER _vec_t_e_after_insert",
        f"DROP TABLE {LOG}",
        f"ALTER TABLE {LOG} ADD COLUMN x",
        "CREATE TRIGGER mine AFTER INSERT ON t BEGIN SELECT 1; END",
        # One of ours, but with another text.
        "DROP TRIGGER _vec_t_e_before_delete;"
        "CREATE TRIGGER _vec_t_e_before_delete BEFORE DELETE ON t BEGIN SELECT 1; END",
    ],
)
def test_a_change_of_the_schema_that_matters_ends_tracking_until_it_is_applied_again(engine, ddl):
    engine.script(PLAIN + "; CREATE UNIQUE INDEX u ON t (k)")
    track(engine)
    assert is_tracked(engine)
    engine.script(ddl)
    assert not is_tracked(engine)
    if "ADD COLUMN" in ddl:
        found = error_of(engine, "SELECT * FROM vec_track_sql('t', 'e')")
        assert "belongs to another table" in found
        return
    track(engine)
    assert is_tracked(engine)


@pytest.mark.parametrize(
    "ddl",
    [
        "CREATE INDEX late ON t (other)",
        "CREATE TRIGGER mine AFTER UPDATE ON t BEGIN SELECT 1; END",
        "CREATE TRIGGER mine BEFORE INSERT ON t BEGIN SELECT 1; END",
        "ALTER TABLE t ADD COLUMN x",
        "ALTER TABLE t RENAME COLUMN other TO another",
        "ALTER TABLE t RENAME COLUMN k TO key",  # which SQLite does in the triggers as well
        "VACUUM",
        "ANALYZE",
    ],
)
def test_other_changes_of_the_schema_do_not(engine, ddl):
    engine.script(PLAIN + "; CREATE UNIQUE INDEX u ON t (k)")
    track(engine)
    engine.script(ddl)
    assert is_tracked(engine)


def test_a_renamed_table_is_not_tracked(engine):
    engine.execute(PLAIN)
    track(engine)
    remove = statements(engine, "t", "e", "remove")
    engine.execute("ALTER TABLE t RENAME TO u")
    assert not is_tracked(engine, "u", "e")
    engine.execute("INSERT INTO u (id) VALUES (1)")  # still works
    for sql in remove:
        engine.execute(sql)
    track(engine, "u", "e")
    assert is_tracked(engine, "u", "e")


def test_several_columns_of_a_table_are_tracked_apart(engine):
    engine.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, e BLOB, f BLOB)")
    track(engine, "t", "e")
    track(engine, "t", "f")
    assert is_tracked(engine, "t", "e") and is_tracked(engine, "t", "f")
    engine.execute("INSERT INTO t VALUES (1, x'00', x'00')")
    assert logged(engine, "UPDATE t SET f = x'01'") == set()
    assert logged(engine, "UPDATE t SET f = x'02'", log='"_vec_log_t_f"') == {1}

# ---- names and schemas ---------------------------------------------------------------------------

NAMES = ['no"des', "no'des", "a b;--", "select", "[x]", "é\n😀", "t", "Robert'); DROP TABLE t;--"]


@pytest.mark.parametrize("table", NAMES)
@pytest.mark.parametrize("column", ['e"mb', "new", "rowid", "from"])
def test_hostile_names_are_quoted(engine, table, column):
    def quote(name):
        return '"' + name.replace('"', '""') + '"'

    t, c = quote(table), quote(column)
    engine.execute(f"CREATE TABLE {t} ({quote(column + 'k')} TEXT COLLATE NOCASE UNIQUE, {c} BLOB)")
    engine.execute(f"CREATE UNIQUE INDEX u ON {t} (lower({c}))")
    track(engine, table, column)
    assert is_tracked(engine, table, column)
    log = quote(f"_vec_log_{table}_{column}")
    assert logged(engine, f"INSERT INTO {t} VALUES ('A', 'x')", log=log) == {1}
    assert logged(engine, f"REPLACE INTO {t} VALUES ('a', 'y')", log=log) == {1, 2}
    assert logged(engine, f"REPLACE INTO {t} VALUES ('b', 'Y')", log=log) == {2, 3}
    for sql in statements(engine, table, column, "remove"):
        engine.execute(sql)
    assert engine.execute("SELECT name FROM sqlite_master WHERE name LIKE '%vec%'") == []


def test_a_rowid_under_another_name(engine):
    engine.execute("CREATE TABLE t (rowid TEXT, oid TEXT UNIQUE, e BLOB)")
    track(engine)
    engine.execute("INSERT INTO t VALUES ('x', 'a', x'01')")
    assert logged(engine, "REPLACE INTO t VALUES ('y', 'a', x'02')") == {1, 2}
    assert logged(engine, "UPDATE t SET _rowid_ = 9") == {2, 9}
    assert logged(engine, "UPDATE t SET rowid = 'z'") == set()


def test_a_table_of_an_attached_database(connect, tmp_path):
    engine = connect()
    engine.execute("ATTACH ? AS \"au x\"", (str(tmp_path / "aux.db"),))
    engine.execute(PLAIN)  # of the same name, and not meant
    engine.execute(PLAIN.replace("TABLE t", 'TABLE "au x".t'))
    track(engine, "au x.t", "e")
    assert is_tracked(engine, "au x.t", "e")
    assert not is_tracked(engine, "main.t", "e")
    assert logged(engine, 'INSERT INTO "au x".t (id) VALUES (5)', log=f'"au x".{LOG}') == {5}
    other = connect(tmp_path / "aux.db", loaded=False)  # triggers and all are in that file
    assert logged(other, "INSERT INTO t (id) VALUES (6)") == {6}
    assert is_tracked(connect(tmp_path / "aux.db"))


def test_a_temporary_table(engine):
    engine.execute(PLAIN)
    engine.execute(PLAIN.replace("CREATE TABLE", "CREATE TEMP TABLE"))
    track(engine)
    assert is_tracked(engine) and not is_tracked(engine, "main.t")
    assert logged(engine, "REPLACE INTO temp.t (id) VALUES (5)", log=f"temp.{LOG}") == {5}
    assert engine.execute("SELECT name FROM main.sqlite_master") == [("t",)]
    track(engine, "main.t")
    assert is_tracked(engine, "main.t") and is_tracked(engine, "temp.t")
    assert logged(engine, "REPLACE INTO main.t (id) VALUES (6)", log=f"main.{LOG}") == {6}


def test_utf16(engine):
    engine.execute("PRAGMA encoding = 'UTF-16le'")
    engine.execute("CREATE TABLE \"té\" (k TEXT UNIQUE, e BLOB)")
    track(engine, "TÉ".replace("É", "é"), "e")
    assert is_tracked(engine, "té", "e")


# ---- clients -------------------------------------------------------------------------------------


def test_a_client_without_the_library_keeps_writing(connect, tmp_path):
    path = tmp_path / "t.db"
    engine = connect(path)
    engine.script(PLAIN + "; CREATE UNIQUE INDEX u ON t (k)")
    track(engine)
    other = connect(path, loaded=False)
    other.execute("PRAGMA trusted_schema = OFF")
    assert logged(other, "REPLACE INTO t VALUES (1, 'a', '', x'00')") == {1}
    assert logged(other, "REPLACE INTO t VALUES (2, 'a', '', x'00')") == {1, 2}
    assert is_tracked(engine)


def test_what_the_application_counts_stays_the_same(engine):
    engine.script(PLAIN + "; CREATE UNIQUE INDEX u ON t (k)")

    def counts():
        return engine.execute("SELECT changes(), last_insert_rowid()")[0]

    def run():
        found = []
        for sql in (
            "INSERT INTO t (id, k) VALUES (10, 'a'), (11, 'b'), (12, 'c')",
            "UPDATE t SET e = x'00' WHERE id > 10",
            "REPLACE INTO t (k) VALUES ('a')",
            "INSERT INTO t (k) VALUES ('b') ON CONFLICT (k) DO UPDATE SET e = x'11'",
            "INSERT OR IGNORE INTO t (k) VALUES ('b')",
            "DELETE FROM t",
        ):
            engine.execute(sql)
            found.append(counts())
        return found

    untracked = run()
    track(engine)
    assert run() == untracked


def test_the_log_stays_short(engine):
    engine.execute(PLAIN)
    track(engine)
    # It is cut once in 256 changes, by chance: that it is not in 10,000 has a chance of e^-39.
    most = 65536 + 10000
    with_rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 80000)"
    for sql in (
        f"INSERT INTO t (id) {with_rows} SELECT i FROM n",
        "UPDATE t SET e = x'00' WHERE id <= 20000",
        "DELETE FROM t WHERE id > 50000",
    ):
        end = log_end(engine)
        engine.execute(sql)
        (count, first, last) = engine.execute(f"SELECT count(*), min(seq), max(seq) FROM {LOG}")[0]
        assert last >= end + 20000
        assert 65536 <= count <= most
        assert last - first + 1 == count  # the newest, without a gap

# ---- the store -----------------------------------------------------------------------------------

FILES = {"create": "track_nodes.sql", "remove": "track_nodes_drop.sql"}


@pytest.mark.parametrize("action", FILES)
def test_the_files_of_the_store_are_what_the_function_says(engine, action):
    engine.execute("SELECT graph_migrate()")
    text = (ROOT / "sql" / "optional" / FILES[action]).read_text()
    comment, _, body = text.partition("\n\n")
    assert all(line.startswith("--") for line in comment.splitlines())
    assert body == "\n".join(statements(engine, "nodes", "embedding", action)) + "\n"


def test_the_shell_runs_the_files_of_the_store(connect, tmp_path):
    path = tmp_path / "store.db"
    connect(path).execute("SELECT graph_migrate()")

    def shell(*commands):
        done = subprocess.run(
            ["sqlite3", "-bail", path, *commands], cwd=ROOT, capture_output=True, text=True
        )
        assert (done.returncode, done.stderr) == (0, "")

    for _ in range(2):
        shell("BEGIN IMMEDIATE", ".read sql/optional/track_nodes.sql", "COMMIT")
        assert is_tracked(connect(path), "nodes", "embedding")
    for _ in range(2):
        shell("BEGIN IMMEDIATE", ".read sql/optional/track_nodes_drop.sql", "COMMIT")
        assert not is_tracked(connect(path), "nodes", "embedding")
