"""Every graph function with hostile arguments, tables, statements and moments.

The functions and their arguments are read from SQLite, so one that is added later is tested too.
"""

import json
import sqlite3

import pytest

from conftest import Engine, load

LONG = "n" * 100_000
VALUES = {
    "NULL": None,
    "NaN": float("nan"),
    "infinity": float("inf"),
    "minus infinity": float("-inf"),
    "1e308": 1e308,
    "least integer": -2**63,
    "largest integer": 2**63 - 1,
    "-1": -1,
    "0": 0,
    "0.5": 0.5,
    "-0.0": -0.0,
    "a word": "x",
    "a column": "source",
    "empty text": "",
    "empty blob": b"",
    "blob": b"\x00\xff",
    "NUL in text": "edges\0x",
    "long text": LONG,
    "quotes": "\"'];--",
    "a format": "%s%n%d",
    "a surrogate": "\U0010ffff",
    "{": "{",
    "[": "[",
    "[1,": "[1,",
    "[[1]]": "[[1]]",
    "[null]": "[null]",
    "[true]": "[true]",
    "{}": "{}",
    "[{}]": "[{}]",
    "weight null": '{"n1": null}',
    "weight -1": '{"n1": -1}',
    "weight text": '[{"id": "n1", "weight": "x"}]',
    "weight huge": '{"n1": 1e308, "n2": 1e308}',
    "deep": "[" * 900 + "]" * 900,
    "too deep": "[" * 5000,
    "deep objects": '{"n1":' * 900 + "1" + "}" * 900,
}
# What a parameter cannot carry.
LITERALS = {
    "no UTF-8": "CAST(x'ff27fe' AS TEXT)",
    "no UTF-8 in JSON": "CAST(x'5b22ff225d' AS TEXT)",
    "a query": "db_query('SELECT source, target FROM edges')",
    "a set": "(SELECT vec_ids(1))",
}
# Arguments without which a function says what is missing; any other that it wants gets 1.
NEEDED = {"start": "n1", "source": "n1", "target": "n4", "seeds": "n1", "node_in": "n1"}


def functions():
    """{name: its hidden columns}, of the graph functions that take edges."""
    connection = sqlite3.connect(":memory:")
    load(connection)
    found = {}
    for (name,) in connection.execute("SELECT name FROM pragma_module_list WHERE name LIKE 'graph@_%' "
                                      "ESCAPE '@' ORDER BY 1").fetchall():
        columns = connection.execute(f"SELECT name, hidden FROM pragma_table_xinfo('{name}')")
        hidden = [column for column, is_hidden in columns if is_hidden]
        if hidden[:1] == ["edge_table"]:
            found[name] = hidden
    connection.close()
    return found


FUNCTIONS = functions()
EACH_FUNCTION = pytest.mark.parametrize("name", FUNCTIONS)
EDGES = [("n1", "n2", 1.0, "a"), ("n2", "n3", 2.0, "b"), ("n1", "n3", 4.0, "a"),
         ("n3", "n4", 0.0, "a"), ("n5", "n6", 1.5, "b"), ("n2", "n3", 2.0, "a")]


def write(db, table="edges", columns="source TEXT, target TEXT, weight REAL, type TEXT"):
    db.execute(f"CREATE TABLE {table} ({columns})")
    db.executemany(f"INSERT INTO {table} (source, target, weight, type) VALUES (?, ?, ?, ?)", EDGES)


@pytest.fixture
def edges(db):
    write(db)
    return db


def call(name, table="'edges'", columns="*", **arguments):
    """The SQL of a call with all that the function needs; values are SQL."""
    given = {"edge_table": table}
    for argument, value in NEEDED.items():
        if argument in FUNCTIONS[name] and not (name == "graph_paths" and argument == "target"):
            given[argument] = f"'{value}'"
    given |= arguments
    where = " AND ".join(f"{argument} = {value}" for argument, value in given.items())
    return f"SELECT {columns} FROM {name} WHERE {where}"


def rows_of(db, sql, params=()):
    return db.execute(sql, params).fetchall()


def soon(db):
    """Interrupts what would take long: 2^63 rounds are what was asked for."""
    left = 200

    def tick():
        nonlocal left
        left -= 1
        return left < 0

    db.set_progress_handler(tick, 100)


def stable(name):
    """The columns that depend on the graph alone: no edge ids, no times, no memory."""
    if name == "graph_stats":
        return "nodes, edges, self_loops, parallel_edges, dangling, sources, max_in, max_out"
    connection = sqlite3.connect(":memory:")
    load(connection)
    columns = [row[0] for row in connection.execute(
        f"SELECT name FROM pragma_table_xinfo('{name}') WHERE NOT hidden")]
    connection.close()
    return ", ".join(c for c in columns if c not in ("edge_id", "edges"))


def test_there_are_functions():
    assert {"graph_bfs", "graph_paths", "graph_pagerank", "graph_stats"} <= set(FUNCTIONS)


@EACH_FUNCTION
def test_the_call_that_the_tests_vary_is_right(edges, name):
    assert rows_of(edges, call(name)) != [] or name in ("graph_toposort", "graph_similarity")


# ---- arguments ----------------------------------------------------------------------------------


@EACH_FUNCTION
def test_hostile_arguments(edges, name):
    """Rows or an error that says which function: nothing else, and the connection lives on."""
    usual = rows_of(edges, call(name, columns=stable(name)))
    errors = 0
    cases = [("?", (value,)) for value in VALUES.values()]
    cases += [(literal, ()) for literal in LITERALS.values()]
    for argument in FUNCTIONS[name]:
        for value, params in cases:
            soon(edges)
            try:
                rows_of(edges, call(name, **{argument: value}), params)
            except sqlite3.Error as error:
                errors += 1
                message = str(error)
                if message.endswith("interrupted"):
                    continue
                assert message.startswith(f"{name}: ") or (
                    "db_query" in message or "vec_ids" in message), (argument, value, params, message)
                assert "internal" not in message and "not an error" not in message
                assert len(message) < 3000
    edges.set_progress_handler(None, 0)
    assert errors > len(FUNCTIONS[name])
    assert rows_of(edges, call(name, columns=stable(name))) == usual


@EACH_FUNCTION
@pytest.mark.parametrize("wrong", ["missing", "one_column", "nothing.edges", "edges.source"])
def test_a_table_that_is_none(edges, name, wrong):
    edges.execute("CREATE TABLE one_column (source)")
    with pytest.raises(sqlite3.Error, match=f"^{name}: .*(no table or view|has no columns)"):
        rows_of(edges, call(name, f"'{wrong}'"))


@EACH_FUNCTION
def test_without_an_argument(edges, name):
    with pytest.raises(sqlite3.Error, match=f"{name}: the argument 'edge_table' is missing"):
        rows_of(edges, f"SELECT * FROM {name}")
    with pytest.raises(sqlite3.Error, match="too many arguments"):
        rows_of(edges, f"SELECT * FROM {name}({', '.join(['NULL'] * (len(FUNCTIONS[name]) + 1))})")


@EACH_FUNCTION
def test_several_tables_are_several_calls(edges, name):
    edges.execute("CREATE TABLE more AS SELECT * FROM edges WHERE type = 'a'")
    columns = stable(name)
    each = [rows_of(edges, call(name, table, columns)) for table in ("'edges'", "'more'")]
    both = rows_of(edges, call(name, columns=columns).replace(
        "edge_table = 'edges'", "edge_table IN ('edges', 'more')"))
    assert sorted(both, key=repr) == sorted(each[0] + each[1], key=repr)


@EACH_FUNCTION
def test_an_argument_that_is_compared(edges, name):
    for argument in FUNCTIONS[name]:
        with pytest.raises(sqlite3.Error, match=f"{name}: {argument} is an argument: give it by ="):
            rows_of(edges, f"{call(name)} AND +1 = 1 AND {argument} < 2".replace(
                f"{argument} = ", f"+{argument} = "))


# ---- where the edges are ------------------------------------------------------------------------


@EACH_FUNCTION
def test_the_same_rows_from_any_kind_of_table(edges, name):
    edges.execute("ATTACH ':memory:' AS other")
    write(edges, "other.elsewhere")
    write(edges, "temp.passing")
    write(edges, "keyed", "source TEXT, target TEXT, weight REAL, type TEXT, "
                            "PRIMARY KEY (source, target, type)) WITHOUT ROWID --")
    edges.execute('CREATE TABLE made (f TEXT, t TEXT, w REAL, type TEXT, source TEXT AS (f) VIRTUAL, '
                  'target TEXT AS (t) STORED, weight REAL AS (w))')
    edges.execute("INSERT INTO made (f, t, w, type) SELECT * FROM edges")
    edges.execute("CREATE VIRTUAL TABLE words USING fts5(source, target, weight, type)")
    edges.execute("INSERT INTO words SELECT * FROM edges")
    edges.execute("CREATE VIEW seen AS SELECT * FROM edges UNION ALL SELECT * FROM edges WHERE 0")
    edges.execute('CREATE TABLE "a ""table"" [of] \'edges\'" AS SELECT * FROM edges')
    columns = stable(name)
    usual = rows_of(edges, call(name, columns=columns))
    for table in ("main.edges", "EDGES", "other.elsewhere", "elsewhere", "passing", "temp.passing",
                  "keyed", "made", "words", "seen", "a \"table\" [of] 'edges'"):
        quoted = "'" + table.replace("'", "''") + "'"
        assert rows_of(edges, call(name, quoted, columns)) == usual, table
    query = "db_query('WITH e AS (SELECT * FROM edges) SELECT source, target, weight, type FROM e')"
    assert rows_of(edges, call(name, query, columns)) == usual


@EACH_FUNCTION
def test_a_view_that_fails(edges, name):
    edges.execute("CREATE VIEW broken AS SELECT source, "
                  "CASE target WHEN 'n3' THEN json('{') ELSE target END AS target FROM edges")
    edges.execute("CREATE VIEW dangling AS SELECT * FROM gone")
    edges.execute("CREATE TABLE gone (source, target)")
    edges.execute("DROP TABLE gone")
    for _ in range(2):
        with pytest.raises(sqlite3.Error, match=f"^{name}: .*malformed JSON"):
            rows_of(edges, call(name, "'broken'"))
        with pytest.raises(sqlite3.Error, match=f"^{name}: .*no such table: main.gone"):
            rows_of(edges, call(name, "'dangling'"))


@EACH_FUNCTION
def test_a_view_of_itself(edges, name):
    first = edges.execute(f"SELECT name FROM pragma_table_xinfo('{name}') LIMIT 1").fetchone()[0]
    edges.execute(f"CREATE VIEW v AS SELECT {first} AS source, {first} AS target FROM "
                  f"({call(name, chr(39) + 'v' + chr(39))})")
    with pytest.raises(sqlite3.Error, match="searches inside one another"):
        rows_of(edges, call(name, "'v'"))
    assert len(rows_of(edges, call(name))) >= 0


@EACH_FUNCTION
@pytest.mark.parametrize("query, message", [
    ("DELETE FROM edges", "give one SELECT statement"),
    ("INSERT INTO edges SELECT * FROM edges RETURNING source, target", "give one SELECT statement"),
    ("PRAGMA journal_mode = DELETE", "db_query: "),
    ("SELECT 1, 2; DELETE FROM edges", "give one statement"),
    ("SELECT 1, 2; SELECT 3, 4", "give one statement"),
    ("SELECT ?1, ?2", "has a parameter"),
    ("SELECT source FROM edges", "has no columns source and target"),
    ("SELECT source, FROM", "syntax error"),
    ("", "give one SELECT statement"),
], ids=str)
def test_a_query_that_is_none(edges, name, query, message):
    with pytest.raises(sqlite3.Error, match=message):
        rows_of(edges, call(name, "db_query(?)"), (query,))
    assert rows_of(edges, "SELECT count(*) FROM edges") == [(len(EDGES),)]


@EACH_FUNCTION
def test_edges_of_nothing(edges, name):
    edges.execute("CREATE TABLE without_rows (source, target)")
    edges.execute("CREATE TABLE nulls (source, target)")
    edges.execute("INSERT INTO nulls VALUES (NULL, 1), (1, NULL), (NULL, NULL)")
    for table in ("'without_rows'", "'nulls'", "db_query('SELECT 1, 2 WHERE 0')"):
        assert len(rows_of(edges, call(name, table))) <= 1


# ---- changes and transactions -------------------------------------------------------------------


@EACH_FUNCTION
def test_a_statement_that_deletes_what_it_reads(edges, name):
    sql = call(name, columns=stable(name))
    before = rows_of(edges, sql)
    edges.execute("BEGIN")
    edges.execute(f"DELETE FROM edges WHERE source IN (SELECT 'n2' FROM ({call(name)})) "
                  f"OR EXISTS (SELECT 1 FROM ({call(name)}))")
    inside = rows_of(edges, sql)
    left = rows_of(edges, "SELECT count(*) FROM edges")[0][0]
    assert left == (0 if before else len(EDGES))
    assert len(inside) <= 1 or not before
    edges.execute("ROLLBACK")
    assert rows_of(edges, sql) == before


@EACH_FUNCTION
def test_rows_stay_those_of_the_moment_of_the_call(edges, name):
    expected = rows_of(edges, call(name))
    cursor = edges.execute(call(name))
    found = cursor.fetchmany(1)
    edges.execute("DELETE FROM edges")
    found += cursor.fetchall()
    if name != "graph_stats":
        assert found == expected
    assert rows_of(edges, "SELECT count(*) FROM edges") == [(0,)]
    assert len(rows_of(edges, call(name))) <= 1


# ---- schemas that are not trusted ---------------------------------------------------------------


@EACH_FUNCTION
def test_views_and_triggers_of_a_schema(edges, name):
    edges.execute(f"CREATE VIEW v AS {call(name)}")
    edges.execute("CREATE TABLE log (x)")
    edges.execute("CREATE TABLE counted (n)")
    edges.execute("CREATE TRIGGER t AFTER INSERT ON log BEGIN "
                  f"INSERT INTO counted SELECT count(*) FROM ({call(name)}); END")
    expected = len(rows_of(edges, call(name)))
    assert len(rows_of(edges, "SELECT * FROM v")) == expected
    edges.execute("INSERT INTO log VALUES (1)")
    assert rows_of(edges, "SELECT n FROM counted") == [(expected,)]
    edges.execute("PRAGMA trusted_schema = OFF")
    for sql in ("SELECT * FROM v", "INSERT INTO log VALUES (2)"):
        with pytest.raises(sqlite3.Error, match=f'unsafe use of virtual table "{name}"'):
            rows_of(edges, sql)
    assert len(rows_of(edges, call(name))) == expected


@EACH_FUNCTION
def test_no_query_in_a_schema(edges, name):
    edges.execute(f"CREATE VIEW v AS {call(name, 'db_query(' + chr(39) + 'SELECT 1, 2' + chr(39) + ')')}")
    with pytest.raises(sqlite3.Error, match=r"unsafe use of db_query\(\)"):
        rows_of(edges, "SELECT * FROM v")


def test_an_authorizer_decides_what_is_read(edges):
    """A table that the application may not read is not read through a function either."""
    for name in FUNCTIONS:
        rows_of(edges, call(name))
    edges.set_authorizer(lambda action, a, b, *_: sqlite3.SQLITE_DENY
                         if action == sqlite3.SQLITE_READ and a == "edges" else sqlite3.SQLITE_OK)
    for name in FUNCTIONS:
        with pytest.raises(sqlite3.Error, match="prohibited|not authorized"):
            rows_of(edges, call(name))


# ---- interrupts ---------------------------------------------------------------------------------


@EACH_FUNCTION
def test_an_interrupt_at_any_moment(db, name):
    """After it the connection works, nothing is locked, and the same call is right."""
    db.execute("CREATE TABLE edges (source TEXT, target TEXT, weight REAL, type TEXT)")
    ends = ("'n' || (i * 7 % 90), 'n' || (i * i % 97)" if name != "graph_toposort" else
            "'n' || (i / 4), 'n' || (i / 4 + i % 4 + 1)")
    db.execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 400) "
               f"INSERT INTO edges SELECT {ends}, i % 5, 'a' FROM n")
    usual = call(name, columns=stable(name), **(
        {"max_hops": 3} if name == "graph_paths" else {}))
    expected = rows_of(db, usual)
    db.execute("CREATE INDEX s ON edges (source)")  # forget the graph
    db.execute("CREATE INDEX t ON edges (target)")
    db.execute("CREATE TABLE other (x)")
    for sql in (usual, usual.replace("'edges'", "'edges2'")):
        if "edges2" in sql:
            db.execute("CREATE VIEW edges2 AS SELECT * FROM edges WHERE 1")
        count = 0

        def tick(last=None):
            nonlocal count
            count += 1
            return last is not None and count >= last

        db.set_progress_handler(tick, 1)
        assert rows_of(db, sql) == expected
        most = count
        interrupted = 0
        for point in sorted({1, 2, 3, 5, 8, 13, *range(20, most, most // 12 + 1), most}):
            db.execute("INSERT INTO other VALUES (1)")  # forget the graph
            count = 0
            db.set_progress_handler(lambda: tick(point), 1)
            try:
                assert rows_of(db, sql) == expected
            except sqlite3.OperationalError as error:
                assert "interrupted" in str(error)
                interrupted += 1
            db.set_progress_handler(None, 1)
        assert interrupted > 5
        assert rows_of(db, sql) == expected
    db.execute("DROP TABLE other")
    db.execute("DROP VIEW edges2")
    db.execute("DROP TABLE edges")


# ---- the newer SQLite ---------------------------------------------------------------------------


@EACH_FUNCTION
def test_plans_without_a_value(name, connect):
    """Joins in both orders, outer joins, and constraints that no plan can use."""
    engine = connect()
    engine.execute("CREATE TABLE edges (source TEXT, target TEXT, weight REAL, type TEXT)")
    for row in EDGES:
        engine.execute("INSERT INTO edges VALUES (?, ?, ?, ?)", row)
    engine.execute("CREATE TABLE tables (name TEXT, first TEXT, last TEXT)")
    engine.execute("INSERT INTO tables VALUES ('edges', 'n1', 'n4'), ('edges', 'n5', 'n6')")
    needed = [a for a in FUNCTIONS[name] if a in NEEDED and (name, a) != ("graph_paths", "target")]
    joined = " AND ".join(["f.edge_table = t.name"] + [
        f"f.{a} = t.{'last' if a == 'target' else 'first'}" for a in needed])
    expected = []
    for row in engine.execute("SELECT * FROM tables"):
        given = {a: f"'{row[2 if a == 'target' else 1]}'" for a in needed}
        expected += [row + tuple(found)
                     for found in engine.execute(call(name, columns=stable(name), **given))]
    columns = "t.*, " + ", ".join("f." + c for c in stable(name).split(", "))
    for source in (f"tables AS t JOIN {name} AS f ON {joined}",
                   f"{name} AS f JOIN tables AS t ON {joined}",
                   f"{name} AS f, tables AS t WHERE {joined}",
                   f"tables AS t CROSS JOIN {name} AS f WHERE {joined}"):
        assert engine.execute(f"SELECT {columns} FROM {source}") == expected, source
    left = engine.execute(f"SELECT {columns} FROM tables AS t LEFT JOIN {name} AS f ON {joined}")
    assert [row for row in left if row[3] is not None] == [r for r in expected if r[3] is not None]
    impossible = f"SELECT * FROM {name} AS f CROSS JOIN tables AS t WHERE {joined}"
    with pytest.raises(Engine.Error, match="no query solution|argument|missing"):
        engine.execute(impossible)
    assert engine.execute(call(name, columns="rowid")) == [
        (n,) for n in range(1, len(engine.execute(call(name))) + 1)]
    assert engine.execute(call(name, columns=stable(name)) + " LIMIT 1 OFFSET 1") == engine.execute(
        call(name, columns=stable(name)))[1:2]


def test_json_of_a_path_is_valid(edges):
    edges.execute("INSERT INTO edges VALUES ('n4', CAST(x'ff2722' AS TEXT), 1, 'a')")
    (nodes,) = edges.execute("SELECT nodes FROM graph_paths('edges', 'n3') WHERE min_hops = 2"
                             ).fetchone()
    assert json.loads(nodes) == ["n3", "n4", "?'\""]
