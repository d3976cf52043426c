"""vec_track_sql: the SQL that logs which rows of a table changed.

What the triggers must do: by the end of every statement, whatever became of it, the log names at
least the rows that changed. Reader below is what a client does with the log; it follows the
protocol of docs/tracking.md in Python. The C++ reader is tested in tests/static.
"""

import json
import os
import re
import sqlite3
import subprocess
import sys

import apsw
import pytest

from conftest import LIBRARY, ROOT

LOG = '"_vec_log_t_e"'


def statements(engine, table="t", column="e", *more):
    arguments = (table, column, *more)
    sql = f"SELECT sql FROM vec_track_sql({', '.join('?' * len(arguments))}) ORDER BY ordinal"
    return [row[0] for row in engine.execute(sql, arguments)]


def track(engine, table="t", column="e"):
    for sql in statements(engine, table, column):
        engine.execute(sql)


def is_tracked(engine, table="t", column="e"):
    rows = engine.execute(
        "SELECT DISTINCT tracked FROM vec_track_sql(?, ?, 'remove')", (table, column)
    )
    return rows == [(1,)]


def log_end(engine, log=LOG):
    return engine.execute(f"SELECT max(seq) FROM {log}")[0][0]


def logged(engine, sql, params=(), log=LOG, fails=False):
    """The rowids that a statement logs; None stands for "anything"."""
    end = log_end(engine, log)
    if fails:
        with pytest.raises(engine.Error):
            engine.execute(sql, params)
    else:
        engine.execute(sql, params)
    return {rid for (rid,) in engine.execute(f"SELECT rid FROM {log} WHERE seq > ?", (end,))}


def content(engine, table="t", rowid="rowid", column="e"):
    return dict(engine.execute(f"SELECT {rowid}, {column} FROM {table}"))


def changed(before, after):
    rowids = before.keys() | after.keys()
    return {rowid for rowid in rowids if before.get(rowid, 0) != after.get(rowid, 0)}


def error_of(engine, sql, params=()):
    with pytest.raises(engine.Error) as caught:
        engine.execute(sql, params)
    return str(caught.value)


# ---- the function --------------------------------------------------------------------------------

PLAIN = "CREATE TABLE t (id INTEGER PRIMARY KEY, k TEXT, other TEXT, e BLOB)"


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


# ---- what is logged ------------------------------------------------------------------------------


@pytest.fixture
def plain(engine):
    engine.script(PLAIN + "; CREATE UNIQUE INDEX u ON t (k)")
    track(engine)
    for id, k in enumerate("abc", 1):
        engine.execute("INSERT INTO t VALUES (?, ?, '', x'01')", (id, k))
    return engine


def test_every_kind_of_change_is_logged(plain):
    assert logged(plain, "INSERT INTO t (e) VALUES (x'04')") == {4}
    assert logged(plain, "UPDATE t SET e = x'05' WHERE id = 4") == {4}
    assert logged(plain, "UPDATE t SET id = 9 WHERE id = 4") == {4, 9}
    assert logged(plain, "UPDATE t SET rowid = 10 WHERE id = 9") == {9, 10}
    assert logged(plain, "UPDATE t SET _ROWID_ = 11 WHERE id = 10") == {10, 11}
    assert logged(plain, "UPDATE t SET k = 'z' WHERE id = 11") == {11}  # a unique key
    assert logged(plain, "DELETE FROM t WHERE id = 11") == {11}
    assert logged(plain, "DELETE FROM t") == {1, 2, 3}


def test_a_change_of_another_column_is_not(plain):
    assert logged(plain, "UPDATE t SET other = 'x'") == set()


def test_what_fails_or_is_ignored_may_be_logged(plain):
    assert logged(plain, "INSERT OR IGNORE INTO t (k) VALUES ('a')") == {1}
    assert logged(plain, "INSERT INTO t (k) VALUES ('a')", fails=True) == set()
    assert logged(plain, "INSERT OR FAIL INTO t (k) VALUES ('new'), ('a')", fails=True) == {1, 4}
    assert logged(plain, "SELECT 1") == set()


@pytest.mark.parametrize("recursive", ["OFF", "ON"])
def test_the_rows_that_replace_deletes_are_logged(plain, recursive):
    plain.execute(f"PRAGMA recursive_triggers = {recursive}")
    assert logged(plain, "INSERT OR REPLACE INTO t (k, e) VALUES ('a', x'11')") >= {1, 4}
    assert logged(plain, "REPLACE INTO t (id, k) VALUES (2, 'c')") >= {2, 3}
    assert logged(plain, "UPDATE OR REPLACE t SET k = 'c' WHERE id = 4") >= {2, 4}
    plain.execute("INSERT INTO t (id, k) VALUES (5, 'x'), (6, 'y')")
    assert logged(plain, "UPDATE OR REPLACE t SET id = 6 WHERE id = 5") >= {5, 6}


def test_an_upsert_logs_the_row(plain):
    sql = "INSERT INTO t (k, e) VALUES ('b', x'22') ON CONFLICT (k) DO UPDATE SET e = excluded.e"
    assert logged(plain, sql) == {2}


def test_a_rolled_back_row_comes_back_with_another_nonce(plain):
    seen = set()
    for _ in range(5):
        plain.execute("BEGIN")
        plain.execute("UPDATE t SET e = x'77' WHERE id = 1")
        seen.add(plain.execute(f"SELECT seq, nonce FROM {LOG} ORDER BY seq DESC LIMIT 1")[0])
        plain.execute("ROLLBACK")
    assert len({seq for seq, _ in seen}) == 1 and len(seen) == 5


# Every kind of unique key: the columns of t besides e, other statements, and two rows whose keys
# collide though they are written differently.
KEYS = {
    "primary key": ("k TEXT PRIMARY KEY", "", "'a'", "'a'"),
    "unique constraint": ("k TEXT UNIQUE", "", "'a'", "'a'"),
    "unique index": ("k", "CREATE UNIQUE INDEX u ON t (k)", "'a'", "'a'"),
    "INT PRIMARY KEY": ("k INT PRIMARY KEY", "", "5", "'5'"),
    "INTEGER PRIMARY KEY DESC": ("k INTEGER PRIMARY KEY DESC", "", "5", "5"),
    "affinity TEXT": ("k TEXT UNIQUE", "", "'5'", "5"),
    "affinity INTEGER": ("k INTEGER UNIQUE", "", "5", "'5'"),
    "affinity REAL": ("k REAL UNIQUE", "", "5", "'5.0'"),
    "no affinity": ("k BLOB UNIQUE", "", "5", "5.0"),
    "column collation": ("k TEXT COLLATE NOCASE UNIQUE", "", "'a'", "'A'"),
    "index collation": ("k TEXT", "CREATE UNIQUE INDEX u ON t (k COLLATE NOCASE)", "'a'", "'A'"),
    "index binary": (
        "k TEXT COLLATE NOCASE",
        "CREATE UNIQUE INDEX u ON t (k COLLATE BINARY)",
        "'a'",
        "'a'",
    ),
    "rtrim": ("k TEXT COLLATE RTRIM UNIQUE", "", "'a'", "'a  '"),
    "two columns": ("k TEXT, l INT, UNIQUE (k, l)", "", "'a', 1", "'a', 1"),
    "mixed collations": (
        "k TEXT, l TEXT COLLATE NOCASE",
        "CREATE UNIQUE INDEX u ON t (k DESC, l)",
        "'a', 'b'",
        "'a', 'B'",
    ),
    "expression": ("k TEXT", "CREATE UNIQUE INDEX u ON t (lower(k))", "'a'", "'A'"),
    "quoted expression": (
        "k TEXT",
        'CREATE UNIQUE INDEX u ON t (lower("k") COLLATE NOCASE DESC,'
        " replace(\"k\", 'a,b(', 'A') COLLATE NOCASE)",
        "'a'",
        "'A'",
    ),
    "expression with a cast": (
        "k TEXT",
        "CREATE UNIQUE INDEX u ON t (CAST(k AS INTEGER))",
        "'5'",
        "'5x'",
    ),
    "json": (
        "k TEXT",
        "CREATE UNIQUE INDEX u ON t (json_extract(k, \"$.id\")) -- double quotes: a string\n",
        "'{\"id\": 3}'",
        "'{\"id\":3.0}'",
    ),
    "partial": (
        "k TEXT, l INT",
        "CREATE UNIQUE INDEX u ON t (k) WHERE l IS NOT NULL AND l > 0",
        "'a', 1",
        "'a', 2",
    ),
    "partial expression": (
        "k TEXT, l INT",
        "CREATE UNIQUE INDEX u ON t (lower(k), l) WHERE k LIKE 'a%' /* comment */",
        "'a', 1",
        "'A', 1",
    ),
    "partial over the rowid": (
        "id INTEGER PRIMARY KEY, k TEXT",
        "CREATE UNIQUE INDEX u ON t (k) WHERE id > 0",
        "NULL, 'a'",
        "NULL, 'a'",
    ),
    "at most one row": ("k INT", "CREATE UNIQUE INDEX u ON t ((1)) WHERE k", "1", "2"),
    "generated column": (
        "k TEXT, g TEXT AS (lower(k)) UNIQUE",
        "",
        "'a'",
        "'A'",
    ),
    "stored generated column": (
        "k TEXT, 'g h' TEXT GENERATED ALWAYS AS (lower(k) || ')') STORED COLLATE NOCASE UNIQUE",
        "",
        "'a'",
        "'A'",
    ),
    "expression of a generated column": (
        "k TEXT, g TEXT AS (lower(k)), h AS (g || 'x')",
        "CREATE UNIQUE INDEX u ON t (h || 'y')",
        "'a'",
        "'A'",
    ),
    "key with the rowid": (
        "id INTEGER PRIMARY KEY, k TEXT, UNIQUE (k, id)",
        "",
        "3, 'a'",
        "3, 'a'",
    ),
    "default": ("k TEXT NOT NULL DEFAULT 'd' UNIQUE", "", "'d'", "NULL"),
    "default in an expression": (
        "k TEXT NOT NULL DEFAULT ('D' || '')",
        "CREATE UNIQUE INDEX u ON t (lower(k))",
        "'d'",
        "NULL",
    ),
    "default in a generated column": (
        "k TEXT NOT NULL DEFAULT 'D', g AS (lower(k)) UNIQUE",
        "",
        "'d'",
        "NULL",
    ),
}
EACH_KEY = pytest.mark.parametrize("kind", KEYS)
EACH_SETTING = pytest.mark.parametrize("recursive", ["OFF", "ON"])


def key_table(engine, kind):
    columns, more, first, second = KEYS[kind]
    table, _, constraint = columns.partition(", UNIQUE")
    constraint = constraint and ", UNIQUE" + constraint
    engine.execute(f"CREATE TABLE t ({table}, e BLOB{constraint})")
    if more:
        engine.execute(more)
    track(engine)
    assert is_tracked(engine)
    names = [
        row[0]
        for row in engine.execute("SELECT name FROM pragma_table_xinfo('t') WHERE NOT hidden")
    ]
    return ", ".join(f'"{name}"' for name in names), first, second


def covers(rids, before, after):
    return None in rids or rids >= changed(before, after)


@EACH_SETTING
@EACH_KEY
def test_a_row_replaced_by_an_insert_is_logged(engine, kind, recursive):
    engine.execute(f"PRAGMA recursive_triggers = {recursive}")
    names, first, second = key_table(engine, kind)
    engine.execute(f"INSERT INTO t ({names}) VALUES ({first}, x'01')")
    before = content(engine)
    rids = logged(engine, f"INSERT OR REPLACE INTO t ({names}) VALUES ({second}, x'02')")
    after = content(engine)
    assert len(before) == len(after) == 1, "the keys do not collide"
    assert covers(rids, before, after)
    if "default" not in kind:
        assert len(rids) <= 2  # no more than the two rows


@EACH_SETTING
@EACH_KEY
def test_a_row_replaced_by_an_update_is_logged(engine, kind, recursive):
    engine.execute(f"PRAGMA recursive_triggers = {recursive}")
    names, first, second = key_table(engine, kind)
    columns = names.split(", ")
    null = ", ".join("'free'" if "NOT NULL" in KEYS[kind][0] else "NULL" for _ in columns[1:])
    if columns[0] == '"id"':
        null = null.replace("NULL", "77", 1)
    if "INT PRIMARY KEY" in KEYS[kind][0]:
        null = null.replace("NULL", "77", 1)
    engine.execute(f"INSERT INTO t ({names}) VALUES ({null}, x'02')")
    engine.execute(f"INSERT INTO t ({names}) VALUES ({first}, x'01')")
    (moving,) = engine.execute("SELECT rowid FROM t WHERE e = x'02'")[0]
    before = content(engine)
    assert len(before) == 2
    values = second.split(", ")
    if values[0] == "NULL" and columns[0] == '"id"':
        values[0] = str(moving)
    sets = ", ".join(f"{name} = {value}" for name, value in zip(columns, values))
    rids = logged(engine, f"UPDATE OR REPLACE t SET {sets} WHERE e = x'02'")
    after = content(engine)
    assert len(after) == 1, "the keys do not collide"
    assert covers(rids, before, after)


@EACH_KEY
def test_the_triggers_find_the_rows_through_the_index(engine, kind):
    names, first, _ = key_table(engine, kind)
    reads, in_t = [], False  # the steps of each statement in a trigger that reads t
    for _, step, _, _, _, p4, *_ in engine.execute(
        f"EXPLAIN INSERT INTO t ({names}) VALUES ({first}, NULL)"
    ):
        if step in ("Trace", "ResetCount"):
            in_t = 'FROM "t"' in str(p4)
            reads += [[]] * in_t
        if in_t:
            reads[-1] = [*reads[-1], step]
    assert reads
    for steps in reads:
        if kind == "at most one row" and "SeekRowid" not in steps:
            assert steps.count("OpenRead") == 2  # the index, which holds one row
        else:
            assert any(step.startswith("Seek") for step in steps)
            assert not {"Rewind", "Last"} & set(steps)


def test_only_columns_that_a_key_needs_are_watched(engine):
    engine.script(
        """CREATE TABLE t (k TEXT, l TEXT, m TEXT, other TEXT, g AS (lower(l)), e BLOB);
           CREATE UNIQUE INDEX u ON t (g) WHERE m IS NOT NULL"""
    )
    track(engine)
    engine.execute("INSERT INTO t (k, l) VALUES ('a', 'b')")
    assert logged(engine, "UPDATE t SET k = 'x', other = 'y'") == set()
    assert logged(engine, "UPDATE t SET l = 'x'") == {1}
    assert logged(engine, "UPDATE t SET m = 'x'") == {1}


def test_a_generated_vector_is_tracked_through_what_it_is_made_from(engine):
    engine.execute("CREATE TABLE t (doc TEXT, other TEXT, e BLOB AS (CAST(doc AS BLOB)))")
    track(engine)
    engine.execute("INSERT INTO t (doc) VALUES ('a')")
    assert logged(engine, "UPDATE t SET doc = 'b'") == {1}
    assert logged(engine, "UPDATE t SET other = 'b'") == set()


def test_foreign_keys_that_change_rows_are_logged(engine):
    engine.script(
        """PRAGMA foreign_keys = ON;
           CREATE TABLE t (id INTEGER PRIMARY KEY, k TEXT UNIQUE, e BLOB,
             up TEXT REFERENCES t (k) ON DELETE CASCADE ON UPDATE CASCADE);
           CREATE UNIQUE INDEX u ON t (up)"""
    )
    track(engine)
    engine.execute("INSERT INTO t VALUES (1, 'a', '', NULL), (2, 'b', '', 'a'), (3, 'c', '', 'b')")
    assert logged(engine, "UPDATE t SET k = 'A' WHERE id = 1") == {1, 2}
    assert logged(engine, "REPLACE INTO t VALUES (8, 'A', '', NULL)") >= {1, 2, 3, 8}
    assert content(engine).keys() == {8}


@pytest.mark.parametrize(
    "give_up",
    ["SELECT RAISE(IGNORE)", "SELECT RAISE(FAIL, 'no')", "INSERT INTO once VALUES (1)"],
)
def test_a_trigger_that_ends_the_statement_early_hides_nothing(engine, give_up):
    engine.script(PLAIN + "; CREATE TABLE once (x UNIQUE); INSERT INTO once VALUES (1)")
    for kind in ("INSERT", "UPDATE", "DELETE"):
        engine.execute(f"CREATE TRIGGER after_{kind} AFTER {kind} ON t BEGIN {give_up}; END")
    track(engine)
    for kind in ("UPDATE", "DELETE"):  # these may come later, and run before ours
        engine.execute(f"CREATE TRIGGER late_{kind} AFTER {kind} ON t BEGIN {give_up}; END")
    assert is_tracked(engine)
    for sql in (
        "INSERT OR FAIL INTO t VALUES (1, 'a', '', x'01')",
        "UPDATE OR FAIL t SET e = x'02'",
        "DELETE FROM t",
    ):
        before, end = content(engine), log_end(engine)
        try:
            engine.execute(sql)
        except engine.Error:
            pass
        rids = {r for (r,) in engine.execute(f"SELECT rid FROM {LOG} WHERE seq > ?", (end,))}
        assert rids >= changed(before, content(engine))


def test_control_a_later_trigger_can_hide_an_insert(engine):
    engine.execute(PLAIN)
    track(engine)
    engine.execute("CREATE TRIGGER late AFTER INSERT ON t BEGIN SELECT RAISE(IGNORE); END")
    assert not is_tracked(engine)
    assert logged(engine, "INSERT INTO t VALUES (1, 'a', '', x'01')") == set()  # and there it is
    assert content(engine) == {1: b"\x01"}


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


# ---- what the triggers do not see ----------------------------------------------------------------


# sqlite3 of this Python has none of what follows.
IN_APSW = pytest.mark.parametrize("binding", ["apsw"], indirect=True)


@pytest.fixture
def newer(engine):
    """A tracked table with one row."""
    engine.execute(PLAIN)
    track(engine)
    engine.execute("INSERT INTO t (id, e) VALUES (1, x'0102')")
    return engine


@IN_APSW
def test_a_changeset_is_logged(newer):
    session = apsw.Session(newer.connection, "main")
    session.attach("t")
    newer.execute("UPDATE t SET e = x'03'")
    newer.execute("INSERT INTO t (id, e) VALUES (2, x'04')")
    changeset = session.changeset()
    session.close()
    newer.execute("DELETE FROM t")
    newer.execute("INSERT INTO t (id, e) VALUES (1, x'0102')")
    end = log_end(newer)
    apsw.Changeset.apply(changeset, newer.connection)
    assert content(newer) == {1: b"\x03", 2: b"\x04"}
    rids = {rid for (rid,) in newer.execute(f"SELECT rid FROM {LOG} WHERE seq > ?", (end,))}
    assert rids == {1, 2}


@IN_APSW
def test_control_a_blob_handle_writes_past_the_log(newer):
    end = log_end(newer)
    blob = newer.connection.blob_open("main", "t", "e", 1, True)
    blob.write(b"\xff")
    blob.close()
    assert content(newer) == {1: b"\xff\x02"}
    assert log_end(newer) == end  # as docs/tracking.md says


@IN_APSW
def test_control_a_connection_without_triggers_writes_past_the_log(newer):
    newer.connection.config(apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, 0)
    assert logged(newer, "UPDATE t SET e = x'05'") == set()  # as docs/tracking.md says


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


# ---- old SQLite ----------------------------------------------------------------------------------

OLD_RUNNER = """
import json, sqlite3, sys
def run(connection, sql):
    return connection.execute(sql).fetchall()
db = sqlite3.connect(":memory:", isolation_level=None)
db.enable_load_extension(True)
db.load_extension(sys.argv[1])
found = {"version": sqlite3.sqlite_version, "kinds": {}}
for kind, (ddl, more, first, second, names) in json.load(sys.stdin).items():
    run(db, ddl)
    if more:
        run(db, more)
    for (sql,) in run(db, "SELECT sql FROM vec_track_sql('t', 'e')"):
        run(db, sql)
    tracked = run(db, "SELECT DISTINCT tracked FROM vec_track_sql('t', 'e')")
    run(db, f"INSERT INTO t ({names}) VALUES ({first}, x'01')")
    before = dict(run(db, "SELECT rowid, e FROM t"))
    (end,) = run(db, "SELECT max(seq) FROM _vec_log_t_e")[0]
    run(db, f"INSERT OR REPLACE INTO t ({names}) VALUES ({second}, x'02')")
    run(db, "UPDATE t SET rowid = rowid + 50")
    after = dict(run(db, "SELECT rowid, e FROM t"))
    rids = {r for (r,) in run(db, f"SELECT rid FROM _vec_log_t_e WHERE seq > {end}")}
    covered = None in rids or rids >= before.keys() | after.keys()
    found["kinds"][kind] = [tracked, len(before), len(after), covered]
    run(db, "DROP TABLE t")
    run(db, "DROP TABLE _vec_log_t_e")
json.dump(found, sys.stdout)
"""


@pytest.mark.parametrize("version", ["3.34.0", "3.38.5"])
def test_old_sqlite(version, connect):
    folder = ROOT / "build" / "old-sqlite" / version
    assert (folder / "libsqlite3.so.0").exists(), f"no {folder}: run scripts/old_sqlite.sh"
    kinds = {}
    for kind, (columns, more, first, second) in KEYS.items():
        engine = connect()
        names, _, _ = key_table(engine, kind)
        (ddl,) = engine.execute("SELECT sql FROM sqlite_master WHERE name = 't'")[0]
        kinds[kind] = (ddl, more, first, second, names)
    done = subprocess.run(
        [sys.executable, "-c", OLD_RUNNER, str(LIBRARY)],
        input=json.dumps(kinds),
        env={**os.environ, "LD_LIBRARY_PATH": str(folder)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["version"] == version
    assert found["kinds"] == {kind: [[[1]], 1, 1, True] for kind in KEYS}
