"""Where vec_topk reads from: tables of every kind, views, queries, schemas, odd names."""

import sqlite3

import pytest
from conftest import load
from topk_oracle import f32

TOP = "SELECT rowid, id, score FROM vec_topk(?, 'e', '[1,0]')"


def make(engine, definition, table="t"):
    """Creates the table and three rows with scores 1, 2 and 3; the keys are one, two, three."""
    engine.execute(f"CREATE TABLE {table}({definition}")
    for number, name in enumerate(("one", "two", "three"), 1):
        engine.execute(f"INSERT INTO {table}(name, e) VALUES (?, ?)", (name, f32(number, 0)))


# ---- which column is `id` ------------------------------------------------------------------

NAMES = ["three", "two", "one"]
ROWIDS = [3, 2, 1]


@pytest.mark.parametrize("columns,expected", [
    ("id INTEGER PRIMARY KEY, name, e)", ROWIDS),
    ("name TEXT PRIMARY KEY, e)", NAMES),
    ("name TEXT PRIMARY KEY, id INTEGER, e)", NAMES),
    ("key INTEGER PRIMARY KEY, name, e)", ROWIDS),
    ("name, e)", ROWIDS),
    ("id, name, e)", ROWIDS),
    ("id, name, e, UNIQUE(id, name))", ROWIDS),
    ("a DEFAULT 1, name, e, PRIMARY KEY(a, name))", ROWIDS),
    ("name UNIQUE, e)", ROWIDS),
])
def test_id_of_a_table(engine, columns, expected):
    make(engine, columns)
    found = engine.execute(TOP, ("t",))
    assert [row[0] for row in found] == ROWIDS
    assert [row[1] for row in found] == expected


@pytest.mark.parametrize("definition", [
    "t(id TEXT PRIMARY KEY, e)",
    "t(e, id TEXT UNIQUE)",
    "t(id TEXT UNIQUE, k INTEGER PRIMARY KEY, e)",
    "t(k TEXT, id TEXT, e, PRIMARY KEY(k), UNIQUE(id))",
    "t(ID TEXT PRIMARY KEY, e)",
    "t(id TEXT COLLATE NOCASE PRIMARY KEY, e)",
    "t(id TEXT NOT NULL PRIMARY KEY, e) WITHOUT ROWID",
    "t(e, x, id TEXT UNIQUE NOT NULL, k PRIMARY KEY DEFAULT 0) WITHOUT ROWID",
])
def test_column_id_that_alone_is_a_key(engine, definition):
    engine.execute(f"CREATE TABLE {definition}")
    columns = [row[0] for row in engine.execute("SELECT name FROM pragma_table_info('t')")]
    for number, name in enumerate(("one", "two"), 1):
        given = {"id": name, "ID": name, "e": f32(number, 0), "k": number, "x": None}
        engine.execute(f"INSERT INTO t VALUES ({','.join('?' * len(columns))})",
                       tuple(given[column] for column in columns))
    assert [row[1] for row in engine.execute(TOP, ("t",))] == ["two", "one"]


def test_a_unique_index_makes_id_a_key(engine):
    engine.execute("CREATE TABLE t(id TEXT, e)")
    engine.execute("CREATE UNIQUE INDEX t_id ON t(id)")
    engine.execute("INSERT INTO t VALUES ('x', ?)", (f32(1, 0),))
    assert engine.execute(TOP, ("t",)) == [(1, "x", 1)]


@pytest.mark.parametrize("index", [
    "INDEX i ON t(id)",
    "UNIQUE INDEX i ON t(id) WHERE id > 'm'",
    "UNIQUE INDEX i ON t(lower(id))",
    "UNIQUE INDEX i ON t(id, e)",
])
def test_an_index_that_does_not_make_id_a_key(engine, index):
    engine.execute("CREATE TABLE t(id TEXT, e)")
    engine.execute(f"CREATE {index}")
    engine.execute("INSERT INTO t VALUES ('x', ?)", (f32(1, 0),))
    assert engine.execute(TOP, ("t",)) == [(1, 1, 1)]


@pytest.mark.parametrize("value", ["text", "", "naïve ☃", 5, -(2**63), 1.5, b"\x00\x01",
                                   "a\x00b"])
def test_id_keeps_value_and_type(engine, value):
    engine.execute("CREATE TABLE t(id PRIMARY KEY, e)")
    engine.execute("INSERT INTO t VALUES (?, ?)", (value, f32(1, 0)))
    (found,), = engine.execute("SELECT id FROM vec_topk('t', 'e', '[1,0]')")
    assert (type(found), found) == (type(value), value)


def test_id_of_several_rows_may_be_null(engine):
    engine.execute("CREATE TABLE t(id TEXT UNIQUE, e)")
    engine.execute("INSERT INTO t VALUES (NULL, ?), ('x', ?), (NULL, ?)",
                   (f32(1, 0), f32(2, 0), f32(3, 0)))
    assert engine.execute(TOP, ("t",)) == [(3, None, 3), (2, "x", 2), (1, None, 1)]


# ---- rowid ---------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", [
    "rowid TEXT, e", "_rowid_ TEXT, e", "oid TEXT, e", "rowid TEXT, oid TEXT, e",
    "rowid TEXT, _rowid_ TEXT, e", "ROWID TEXT, Oid TEXT, e",
])
def test_columns_that_shadow_the_rowid(engine, columns):
    engine.execute(f"CREATE TABLE t({columns})")
    engine.execute("INSERT INTO t(e) VALUES (?), (?)", (f32(1, 0), f32(2, 0)))
    engine.execute(f"UPDATE t SET {columns.split()[0]} = 'shadow'")
    assert engine.execute(TOP, ("t",)) == [(2, 2, 2), (1, 1, 1)]


@pytest.mark.parametrize("key,expected", [("n INTEGER PRIMARY KEY", 42), ("n, id UNIQUE", "x")])
def test_a_table_whose_rowid_has_no_name_left_is_searched_by_its_key(engine, key, expected):
    engine.execute(f"CREATE TABLE t(rowid TEXT, _rowid_ TEXT, oid TEXT, {key}, e)")
    engine.execute("INSERT INTO t(n, e) VALUES (42, ?)", (f32(1, 0),))
    if "id UNIQUE" in key:
        engine.execute("UPDATE t SET id = 'x'")
    assert [row[1:] for row in engine.execute(TOP, ("t",))] == [(expected, 1)]


def test_without_rowid_counts_the_rows(engine):
    engine.execute("CREATE TABLE t(name TEXT PRIMARY KEY, e) WITHOUT ROWID")
    for name, score in (("c", 5), ("a", 1), ("b", 9)):
        engine.execute("INSERT INTO t VALUES (?, ?)", (name, f32(score, 0)))
    found = engine.execute(TOP, ("t",))
    assert [row[1:] for row in found] == [("b", 9), ("c", 5), ("a", 1)]
    assert sorted(row[0] for row in found) == [1, 2, 3]


def test_deleted_rows_leave_gaps_in_the_rowids(engine):
    make(engine, "name, e)")
    engine.execute("DELETE FROM t WHERE rowid = 2")
    assert [row[0] for row in engine.execute(TOP, ("t",))] == [3, 1]


# ---- columns -------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["VIRTUAL", "STORED"])
def test_generated_column(engine, kind):
    engine.execute(f"CREATE TABLE t(j TEXT, e BLOB AS (vec_f32(j)) {kind})")
    engine.execute("INSERT INTO t VALUES ('[1,5]'), ('[3,5]')")
    assert engine.execute(TOP, ("t",)) == [(2, 2, 3), (1, 1, 1)]


def test_generated_id_column(engine):
    engine.execute("CREATE TABLE t(n, e, id TEXT AS ('k' || n) STORED UNIQUE)")
    engine.execute("INSERT INTO t VALUES (7, ?)", (f32(1, 0),))
    assert engine.execute(TOP, ("t",)) == [(1, "k7", 1)]


@pytest.mark.parametrize("name", [
    "E", "select", "a b", "quote\"d", "it's", "été", "e.f", "[x]", "`y`", "%s", "1", "e;--"])
def test_name_of_the_column(engine, name):
    quoted = '"' + name.replace('"', '""') + '"'
    engine.execute(f"CREATE TABLE t(id INTEGER PRIMARY KEY, {quoted})")
    engine.execute("INSERT INTO t VALUES (4, ?)", (f32(1, 0),))
    assert engine.execute("SELECT id FROM vec_topk('t', ?, '[1,0]')", (name,)) == [(4,)]


def test_names_ignore_case(engine):
    make(engine, "name, e)", "Mixed")
    assert len(engine.execute("SELECT id FROM vec_topk('mIXED', 'E', '[1,0]')")) == 3


@pytest.mark.parametrize("table", [
    "select", "a b", "quote\"d", "it's", "été ☃", "[x]", "`y`", "%s%w", "1", "t;--",
    "main", "temp", "a.b", "a.b.c", ".", "x.", "vec_topk t", "db_query('x')",
])
def test_name_of_the_table(engine, table):
    quoted = '"' + table.replace('"', '""') + '"'
    engine.execute(f"CREATE TABLE {quoted}(id INTEGER PRIMARY KEY, e)")
    engine.execute(f"INSERT INTO {quoted} VALUES (4, ?)", (f32(1, 0),))
    assert engine.execute(TOP, (table,)) == [(4, 4, 1)]


@pytest.mark.parametrize("text", [
    "SELECT * FROM t", "(SELECT * FROM t)", "t WHERE 1", "t\"; DROP TABLE t; --", "t, t", "t AS x",
    "t\x00", "\"t\"", "[t]", "main.t; SELECT 1", "pragma_table_info('t')", " t",
])
def test_text_that_is_no_name_is_never_run(engine, text):
    make(engine, "name, e)")
    with pytest.raises(engine.Error):
        engine.execute(TOP, (text,))
    assert engine.execute("SELECT count(*) FROM t") == [(3,)]


# ---- schemas -------------------------------------------------------------------------------


def one_row(engine, table, key):
    engine.execute(f"CREATE TABLE {table}(id INTEGER PRIMARY KEY, e)")
    engine.execute(f"INSERT INTO {table} VALUES (?, ?)", (key, f32(1, 0)))


def found_in(engine, source):
    return engine.execute(TOP, (source,))[0][0]


def test_temp_shadows_main_and_main_shadows_attached(engine):
    engine.execute("ATTACH ':memory:' AS aux")
    one_row(engine, "aux.t", 3)
    assert found_in(engine, "t") == 3
    one_row(engine, "main.t", 2)
    assert found_in(engine, "t") == 2
    one_row(engine, "temp.t", 1)
    assert found_in(engine, "t") == 1
    engine.execute("DROP TABLE temp.t")
    assert found_in(engine, "t") == 2


@pytest.mark.parametrize("source,key", [
    ("temp.t", 1), ("main.t", 2), ("aux.t", 3), ("MAIN.T", 2), ("Aux.T", 3), ("t", 1)])
def test_schema_and_table(engine, source, key):
    engine.execute("ATTACH ':memory:' AS aux")
    one_row(engine, "temp.t", 1)
    one_row(engine, "main.t", 2)
    one_row(engine, "aux.t", 3)
    assert found_in(engine, source) == key


def test_a_table_named_like_schema_and_table_comes_first(engine):
    engine.execute("ATTACH ':memory:' AS aux")
    one_row(engine, "aux.t", 3)
    assert found_in(engine, "aux.t") == 3
    one_row(engine, 'main."aux.t"', 7)
    assert found_in(engine, "aux.t") == 7
    assert found_in(engine, "main.aux.t") == 7


def test_schema_with_an_odd_name(engine):
    engine.execute("""ATTACH ':memory:' AS "my ""db's" """)
    one_row(engine, '"my ""db\'s"."a b"', 3)
    assert found_in(engine, "my \"db's.a b") == 3


def test_an_attached_table_keeps_its_id_column(engine):
    engine.execute("ATTACH ':memory:' AS aux")
    engine.execute("CREATE TABLE main.t(id INTEGER PRIMARY KEY, e)")
    engine.execute("CREATE TABLE aux.t(x, id TEXT PRIMARY KEY, e)")
    engine.execute("INSERT INTO aux.t VALUES (0, 'key', ?)", (f32(1, 0),))
    assert engine.execute(TOP, ("aux.t",)) == [(1, "key", 1)]


def test_detached_and_attached_again(engine, tmp_path):
    for number in (1, 2):
        engine.execute(f"ATTACH '{tmp_path}/{number}.db' AS aux")
        one_row(engine, "aux.t", number)
        assert found_in(engine, "aux.t") == number
        engine.execute("DETACH aux")
    with pytest.raises(engine.Error, match="aux"):
        engine.execute(TOP, ("aux.t",))
    engine.execute(f"ATTACH '{tmp_path}/1.db' AS aux")
    assert found_in(engine, "aux.t") == 1


# ---- views ---------------------------------------------------------------------------------


def test_view(engine):
    make(engine, "name, e)")
    engine.execute("CREATE VIEW v AS SELECT name, e FROM t WHERE name <> 'two'")
    found = engine.execute(TOP, ("v",))
    assert [row[1:] for row in found] == [("three", 3), ("one", 1)]
    assert sorted(row[0] for row in found) == [1, 2]


@pytest.mark.parametrize("body,expected", [
    ("SELECT e, name AS id FROM t", NAMES),
    ("SELECT name, e, rowid * 10 AS Id FROM t", [30, 20, 10]),
    ("SELECT name, e FROM t", NAMES),
    ("SELECT e, name, rowid AS \"id\" FROM t WHERE rowid > 1", [3, 2]),
    ("SELECT name, e FROM t UNION ALL SELECT 'four', vec_f32('[4,0]')", ["four", *NAMES]),
    ("SELECT max(name), vec_sum(e) AS e FROM t GROUP BY rowid = 3", ["two", "three"]),
    ("SELECT a.name || b.name, a.e FROM t a JOIN t b ON b.rowid = 1", [n + "one" for n in NAMES]),
    ("SELECT name, e FROM t ORDER BY name LIMIT 2", ["three", "one"]),
])
def test_id_of_a_view(engine, body, expected):
    make(engine, "name, e)")
    engine.execute(f"CREATE VIEW v AS {body}")
    found = [row[1] for row in engine.execute(TOP, ("v",))]
    assert sorted(map(str, found)) == sorted(map(str, expected))


def test_temp_view_over_an_attached_table(engine):
    engine.execute("ATTACH ':memory:' AS aux")
    one_row(engine, "aux.t", 3)
    engine.execute("CREATE TEMP VIEW v AS SELECT id, e FROM aux.t")
    assert engine.execute("SELECT id FROM vec_topk('v', 'e', '[1,0]')") == [(3,)]


def test_a_view_is_read_each_time(engine):
    make(engine, "name, e)")
    engine.execute("CREATE VIEW v AS SELECT name, e FROM t")
    assert len(engine.execute(TOP, ("v",))) == 3
    engine.execute("DELETE FROM t WHERE name = 'two'")
    assert len(engine.execute(TOP, ("v",))) == 2
    engine.execute("DROP VIEW v")
    engine.execute("CREATE VIEW v AS SELECT 1 AS id, vec_f32('[7,0]') AS e")
    assert [row[1:] for row in engine.execute(TOP, ("v",))] == [(1, 7)]


def test_a_broken_view_says_why(engine):
    engine.execute("CREATE TABLE t(id, e)")
    engine.execute("CREATE VIEW v AS SELECT id, e FROM t")
    engine.execute("PRAGMA legacy_alter_table = ON")
    engine.execute("DROP TABLE t")
    with pytest.raises(engine.Error, match=r"\bt\b"):
        engine.execute(TOP, ("v",))


def test_view_of_a_view_and_of_a_cte(engine):
    make(engine, "name, e)")
    engine.execute("CREATE VIEW a AS SELECT name, e FROM t")
    engine.execute("CREATE VIEW b AS WITH x AS (SELECT * FROM a) SELECT * FROM x")
    assert [row[1] for row in engine.execute(TOP, ("b",))] == NAMES


# ---- vec_topk inside views and triggers -------------------------------------------------------


def test_vec_topk_in_a_view(engine):
    make(engine, "name, e)")
    engine.execute("CREATE VIEW best AS SELECT rowid AS r FROM vec_topk('t', 'e', '[1,0]', 2)")
    assert engine.execute("SELECT r FROM best") == [(3,), (2,)]


def test_vec_topk_in_a_view_is_refused_without_trusted_schema(engine):
    make(engine, "name, e)")
    engine.execute("CREATE VIEW best AS SELECT rowid AS r FROM vec_topk('t', 'e', '[1,0]', 2)")
    engine.execute("PRAGMA trusted_schema = OFF")
    with pytest.raises(engine.Error, match="unsafe use of virtual table"):
        engine.execute("SELECT r FROM best")
    assert engine.execute("SELECT rowid FROM vec_topk('t', 'e', '[1,0]', 2)") == [(3,), (2,)]
    engine.execute("PRAGMA trusted_schema = ON")
    assert len(engine.execute("SELECT r FROM best")) == 2


def test_vec_topk_in_a_trigger(engine):
    make(engine, "name, e)")
    engine.execute("CREATE TABLE log(r)")
    engine.execute("CREATE TRIGGER a AFTER INSERT ON t BEGIN INSERT INTO log "
                   "SELECT rowid FROM vec_topk('t', 'e', new.e, 1); END")
    engine.execute("INSERT INTO t VALUES ('four', ?)", (f32(4, 0),))
    assert engine.execute("SELECT r FROM log") == [(4,)]
    engine.execute("PRAGMA trusted_schema = OFF")
    with pytest.raises(engine.Error, match="unsafe use of virtual table"):
        engine.execute("INSERT INTO t VALUES ('five', ?)", (f32(5, 0),))
    assert engine.execute("SELECT count(*) FROM t") == [(4,)]


def test_a_view_that_searches_is_a_source(engine):
    make(engine, "name, e)")
    engine.execute("CREATE VIEW v AS SELECT t.name, t.e FROM vec_topk('t', 'e', '[1,0]', 2) AS s "
                   "JOIN t ON t.rowid = s.rowid")
    assert [row[1] for row in engine.execute(TOP, ("v",))] == ["three", "two"]


# ---- db_query ------------------------------------------------------------------------------

QUERY = "SELECT id, score FROM vec_topk(db_query(?), 'e', '[1,0]')"


@pytest.mark.parametrize("sql,expected", [
    ("SELECT name, e FROM t", NAMES),
    ("SELECT e, rowid * 10 AS id FROM t", [30, 20, 10]),
    ("SELECT name, e FROM t WHERE rowid <> 2", ["three", "one"]),
    ("  SELECT name, e FROM t ; ", NAMES),
    ("SELECT name, e FROM t -- all of them", NAMES),
    ("/* all */ SELECT name, e FROM t; -- done\n", NAMES),
    ("WITH x AS (SELECT * FROM t) SELECT name, e FROM x", NAMES),
    ("WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 4) "
     "SELECT n, vec_scale(vec_f32('[1,0]'), n) AS e FROM c", [4, 3, 2, 1]),
    ("SELECT name, e FROM t UNION ALL SELECT 'four', vec_f32('[4,0]')", ["four", *NAMES]),
    ("SELECT 'x' AS name, vec_f32('[1,0]') AS \"E\"", ["x"]),
    ("SELECT name, e FROM t WHERE 0", []),
    ("select name, e from t where name in ('one', 'tw' || 'o')", ["two", "one"]),
    ("SELECT t.name, t.e FROM vec_topk('t', 'e', '[1,0]', 2) s JOIN t ON t.rowid = s.rowid",
     ["three", "two"]),
])
def test_db_query(engine, sql, expected):
    make(engine, "name, e)")
    assert [row[0] for row in engine.execute(QUERY, (sql,))] == expected


@pytest.mark.parametrize("sql", [
    "", "   ", ";", "-- nothing", "/* nothing */", None, 5,
    "SELECT name, e FROM t; SELECT name, e FROM t",
    "SELECT name, e FROM t; DELETE FROM t",
    "SELECT name, e FROM t; COMMIT",
    "SELECT name, e FROM t WHERE name = ?",
    "SELECT name, e FROM t WHERE name = :name",
    "SELECT name, e FROM t LIMIT @n",
    "SELECT name, e FROM nowhere",
    "SELECT name, e FROM",
    "INSERT INTO t VALUES ('four', x'00000000')",
    "INSERT INTO t VALUES ('four', x'00000000') RETURNING name, e",
    "DELETE FROM t RETURNING name, e",
    "UPDATE t SET name = name || '!' RETURNING name, e",
    "WITH x AS (SELECT 1) DELETE FROM t",
    "CREATE TABLE u(x)",
    "DROP TABLE t",
    "PRAGMA table_info(t)",
    "PRAGMA user_version = 5",
    "PRAGMA user_version",
    "ATTACH ':memory:' AS aux",
    "DETACH main",
    "BEGIN",
    "COMMIT",
    "SAVEPOINT s",
    "ANALYZE",
    "REINDEX",
    "VACUUM",
    "EXPLAIN SELECT name, e FROM t",
    "EXPLAIN QUERY PLAN SELECT name, e FROM t",
])
def test_db_query_takes_one_reading_query_only(engine, sql):
    make(engine, "name, e)")
    before = engine.execute("SELECT * FROM t")
    with pytest.raises(engine.Error):
        engine.execute(QUERY, (sql,))
    assert engine.execute("SELECT * FROM t") == before
    assert engine.execute("SELECT name FROM sqlite_schema") == [("t",)]
    assert engine.execute("PRAGMA user_version") == [(0,)]
    assert len(engine.execute("PRAGMA database_list")) == 1


def test_db_query_names_a_column_that_is_missing(engine):
    make(engine, "name, e)")
    with pytest.raises(engine.Error, match=r"\be\b"):
        engine.execute(QUERY, ("SELECT name, e AS embedding FROM t",))


def test_db_query_is_refused_in_a_view(engine):
    make(engine, "name, e)")
    engine.execute("CREATE VIEW v AS SELECT id "
                   "FROM vec_topk(db_query('SELECT name, e FROM t'), 'e', '[1,0]')")
    with pytest.raises(engine.Error, match=r"unsafe use of db_query\(\)"):
        engine.execute("SELECT * FROM v")


def test_db_query_is_refused_in_a_trigger(engine):
    make(engine, "name, e)")
    engine.execute("CREATE TABLE log(id)")
    engine.execute("CREATE TRIGGER a AFTER INSERT ON t BEGIN INSERT INTO log SELECT id "
                   "FROM vec_topk(db_query('SELECT name, e FROM t'), 'e', '[1,0]'); END")
    with pytest.raises(engine.Error, match=r"unsafe use of db_query\(\)"):
        engine.execute("INSERT INTO t VALUES ('x', NULL)")


def test_the_text_of_a_query_is_no_pointer(engine):
    """Only db_query makes a query: a view cannot get one past it as text."""
    make(engine, "name, e)")
    engine.execute("CREATE TABLE s(q)")
    engine.execute("INSERT INTO s SELECT db_query('SELECT name, e FROM t')")
    engine.execute("CREATE VIEW v AS SELECT r.id FROM s JOIN vec_topk(s.q, 'e', '[1,0]') AS r")
    with pytest.raises(engine.Error):
        engine.execute("SELECT * FROM v")


def test_db_query_looks_like_null(engine):
    assert engine.execute("SELECT typeof(db_query('SELECT 1'))") == [("null",)]


def test_db_query_of_a_wide_result(engine):
    make(engine, "name, e)")
    columns = ", ".join(f"{n} AS c{n}" for n in range(500))
    assert engine.execute(QUERY, (f"SELECT name, {columns}, e FROM t",))[0] == ("three", 3)


# ---- the application's own rules apply to what a search reads ------------------------------------


def test_the_authorizer_is_asked_about_the_table(db):
    db.execute("CREATE TABLE secret(id INTEGER PRIMARY KEY, e)")
    db.execute("INSERT INTO secret VALUES (1, ?)", (f32(1, 0),))

    def authorize(action, first, second, schema, source):
        denied = action == sqlite3.SQLITE_READ and first == "secret"
        return sqlite3.SQLITE_DENY if denied else sqlite3.SQLITE_OK

    assert db.execute("SELECT id FROM vec_topk('secret', 'e', '[1,0]')").fetchall() == [(1,)]
    db.set_authorizer(authorize)
    with pytest.raises(sqlite3.Error):
        db.execute("SELECT id FROM vec_topk('secret', 'e', '[1,0]')").fetchall()


@pytest.mark.parametrize("options", ["mode=ro", "immutable=1"])
def test_read_only_database(connect, tmp_path, options):
    path = tmp_path / "a.db"
    make(connect(path), "name, e)")
    engine = connect(f"file:{path}?{options}")
    assert [row[0] for row in engine.execute(TOP, ("t",))] == ROWIDS
    with pytest.raises(engine.Error, match="readonly"):
        engine.execute("DELETE FROM t")


def test_query_only(engine):
    make(engine, "name, e)")
    engine.execute("PRAGMA query_only = ON")
    assert [row[0] for row in engine.execute(TOP, ("t",))] == ROWIDS


@pytest.mark.parametrize("encoding", ["UTF-16le", "UTF-16be"])
def test_utf16_database(engine, encoding):
    engine.execute(f"PRAGMA encoding = '{encoding}'")
    engine.execute('CREATE TABLE "tä"(id TEXT PRIMARY KEY, "é")')
    engine.execute('INSERT INTO "tä" VALUES (?, ?)', ("schlüssel", f32(1, 0)))
    assert engine.execute("SELECT id FROM vec_topk('tä', 'é', '[1,0]', 1, 'dot') "
                          "WHERE id IN ('schlüssel', 'x')") == [("schlüssel",)]


def test_sqlite_utils_table(fresh_db):
    fresh_db["docs"].insert_all(
        [{"id": f"d{n}", "embedding": f32(n, 0)} for n in range(5)], pk="id")
    rows = list(fresh_db.query("SELECT id, rank FROM vec_topk('docs', 'embedding', :q, :k)",
                               {"q": "[1,0]", "k": 2}))
    assert rows == [{"id": "d4", "rank": 1}, {"id": "d3", "rank": 2}]


def test_nothing_of_a_search_stays_in_the_file(connect, tmp_path):
    """A client without the library reads and writes the same file."""
    path = tmp_path / "a.db"
    engine = connect(path)
    make(engine, "name, e)")
    before = engine.execute("SELECT * FROM sqlite_schema")
    engine.execute(TOP, ("t",))
    assert engine.execute("SELECT * FROM sqlite_schema") == before
    plain = connect(path, loaded=False)
    plain.execute("DELETE FROM t WHERE name = 'three'")
    assert [row[1] for row in engine.execute(TOP, ("t",))] == [2, 1]


def test_two_connections_in_one_process_do_not_mix(tmp_path):
    for number in (1, 2):
        connection = sqlite3.connect(tmp_path / f"{number}.db", isolation_level=None)
        load(connection)
        connection.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, e)")
        connection.execute("INSERT INTO t VALUES (?, ?)", (number, f32(1, 0)))
        assert connection.execute(TOP, ("t",)).fetchall() == [(number, number, 1)]
        connection.close()


def test_control_an_unknown_source_fails_in_this_harness(engine):
    make(engine, "name, e)")
    assert len(engine.execute(TOP, ("t",))) == 3
    with pytest.raises(engine.Error):
        engine.execute(TOP, ("u",))
