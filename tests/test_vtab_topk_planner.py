"""Plans: the search runs once, and no clause around it changes what it means.

The metamorphic half compares each clause over vec_topk with the same clause over a table that
holds the whole result. Every way in which SQLite pushes (or wrongly pushes) LIMIT and OFFSET into
a virtual table is among them.
"""

import sqlite3

import numpy as np
import pytest
from conftest import load
from topk_oracle import f32, fill, searched

# ---- ORDER BY ----------------------------------------------------------------------------------


def plan(engine, sql):
    return [row[3] for row in engine.execute("EXPLAIN QUERY PLAN " + sql)]


def sorts(engine, order):
    sql = f"SELECT id FROM vec_topk('t', 'e', '[1,0]', 10) AS v ORDER BY {order}"
    return any("USE TEMP B-TREE" in line for line in plan(engine, sql))


@pytest.mark.parametrize("order", [
    "rank", "v.rank ASC", "distance", "distance ASC", "score DESC", "v.score DESC",
])
def test_orders_that_the_search_has_already(engine, order):
    fill(engine, [f32(1, 0)])
    assert not sorts(engine, order)


@pytest.mark.parametrize("order", [
    "rank DESC", "distance DESC", "score", "score ASC", "id", "rowid", "rowid DESC",
    "abs(score)", "id, rank", "score DESC, id", "distance, rowid DESC", "score DESC, rowid DESC",
])
def test_control_other_orders_are_sorted(engine, order):
    fill(engine, [f32(1, 0)])
    assert sorts(engine, order)


def test_the_order_is_kept_when_the_search_is_the_outer_loop(engine):
    fill(engine, [f32(1, 0)])
    lines = plan(engine, "SELECT * FROM vec_topk('t', 'e', '[1,0]', 10) AS v "
                         "JOIN t ON t.rowid = v.rowid ORDER BY v.rank")
    assert not any("USE TEMP B-TREE" in line for line in lines)


def test_the_order_of_a_search_per_row_is_not_that_of_all(engine):
    fill(engine, [f32(n, 1) for n in range(6)])
    engine.execute("CREATE TABLE q(n, v)")
    engine.execute("INSERT INTO q VALUES (1, '[1,0]'), (2, '[-1,0]'), (3, '[2,0]')")
    for order in ("v.rank", "v.distance", "v.score DESC"):
        found = engine.execute(
            "SELECT v.rank, v.distance, v.score FROM q CROSS JOIN vec_topk('t', 'e', q.v, 4) AS v "
            f"ORDER BY {order}")
        assert len(found) == 12
        place = {"v.rank": 0, "v.distance": 1}.get(order)
        values = [row[place] for row in found] if place is not None else [-row[2] for row in found]
        assert values == sorted(values)


@pytest.mark.parametrize("sql", [
    "SELECT id FROM vec_topk('t', 'e', '[1,0]', 10)",
    "SELECT id FROM vec_topk('t', 'e', '[1,0]', 10) WHERE rowid IN (1, 2)",
    "SELECT id FROM vec_topk('t', 'e', '[1,0]') ORDER BY rank LIMIT 5 OFFSET 2",
])
def test_the_plan_is_readable(engine, sql):
    fill(engine, [f32(1, 0)])
    line, = [line for line in plan(engine, sql) if "vec_topk" in line]
    assert "VIRTUAL TABLE INDEX" in line
    assert "query" in line


def test_the_plan_shows_what_restricts(engine):
    fill(engine, [f32(1, 0)])
    base = "SELECT id FROM vec_topk('t', 'e', '[1,0]', 10) AS v"
    plain = plan(engine, base)[0]
    shown = {plan(engine, f"{base} {rest}")[0] for rest in (
        "WHERE rowid IN (1, 2)", "WHERE id IN (1, 2)", "WHERE within = '[1]'",
        "WHERE min_score = 1", "WHERE metric = 'l2'")}
    assert plain not in shown
    assert len(shown) == 5


# ---- the search runs once --------------------------------------------------------------------

MANY = 8000
TOP = "vec_topk('nodes', 'e', '[1,2,3,4]', 10)"


NODES = [(f"n{n}", f"d{n % 50}", n % 9, f32(row))
         for n, row in enumerate(np.random.default_rng(8).standard_normal((MANY, 4)))]


@pytest.fixture
def nodes(engine):
    """8,000 rows with an index that invites the planner to start from them."""
    engine.execute("CREATE TABLE nodes(id TEXT PRIMARY KEY, domain TEXT, size INTEGER, e BLOB)")
    engine.execute("CREATE INDEX nodes_domain ON nodes(domain)")
    engine.execute("BEGIN")
    engine.connection.executemany("INSERT INTO nodes VALUES (?, ?, ?, ?)", NODES)
    engine.execute("COMMIT")
    return engine


JOINS = {
    "search first": f"FROM {TOP} AS v JOIN nodes AS n ON n.rowid = v.rowid",
    "table first": f"FROM nodes AS n JOIN {TOP} AS v ON v.rowid = n.rowid",
    "comma": f"FROM nodes AS n, {TOP} AS v WHERE n.rowid = v.rowid",
    "by id": f"FROM nodes AS n JOIN {TOP} AS v ON v.id = n.id",
    "using": f"FROM nodes AS n JOIN {TOP} AS v USING (id)",
    "index on the table": f"FROM nodes AS n JOIN {TOP} AS v ON v.rowid = n.rowid "
                          "WHERE n.domain IN ('d1', 'd2', 'd3', 'd4', 'd5', 'd6')",
    "equality on the table": f"FROM nodes AS n JOIN {TOP} AS v ON v.rowid = n.rowid "
                             "WHERE n.domain = 'd1'",
    "range on the table": f"FROM nodes AS n JOIN {TOP} AS v ON v.rowid = n.rowid "
                          "WHERE n.rowid < 7000",
    "no term that joins": f"FROM nodes AS n JOIN {TOP} AS v WHERE n.rowid + 0 = v.rowid + 0",
    "left join of the table": f"FROM {TOP} AS v LEFT JOIN nodes AS n ON n.rowid = v.rowid",
    "cross join, search first": f"FROM {TOP} AS v CROSS JOIN nodes AS n ON n.rowid = v.rowid",
    "in a subquery": f"FROM nodes AS n WHERE n.rowid IN (SELECT rowid FROM {TOP})",
    "in a subquery by id": f"FROM nodes AS n WHERE n.id IN (SELECT id FROM {TOP})",
    "common table expression": f"FROM nodes AS n JOIN (SELECT rowid AS r, * FROM {TOP}) AS v "
                               "ON v.r = n.rowid",
    "order by the table": f"FROM nodes AS n JOIN {TOP} AS v ON v.rowid = n.rowid ORDER BY n.id",
    "group by the table": f"FROM nodes AS n JOIN {TOP} AS v ON v.rowid = n.rowid GROUP BY n.rowid",
    "restricted": f"FROM nodes AS n JOIN {TOP} AS v ON v.rowid = n.rowid "
                  "WHERE v.rowid IN (SELECT rowid FROM nodes WHERE domain = 'd3')",
    "three tables": f"FROM nodes AS n JOIN {TOP} AS v ON v.rowid = n.rowid "
                    "JOIN nodes AS m ON m.rowid = n.rowid",
}


@pytest.mark.parametrize("statistics", [False, True], ids=["plain", "analyzed"])
@pytest.mark.parametrize("join", JOINS.values(), ids=JOINS)
def test_a_join_runs_the_search_once(nodes, join, statistics):
    if statistics:
        nodes.execute("ANALYZE")
    before = searched(nodes)
    nodes.execute(f"SELECT n.id {join}")
    assert searched(nodes) == before + 1


FORCED = {
    "left join": f"FROM nodes AS n LEFT JOIN {TOP} AS v ON v.rowid = n.rowid",
    "left join by id": f"FROM nodes AS n LEFT JOIN {TOP} AS v ON v.id = n.id",
    "cross join": f"FROM nodes AS n CROSS JOIN {TOP} AS v ON v.rowid = n.rowid",
    "cross join by id": f"FROM nodes AS n CROSS JOIN {TOP} AS v ON v.id = n.id",
    "exists": f"FROM few AS n WHERE EXISTS (SELECT 1 FROM {TOP} AS v WHERE v.rowid = n.r)",
    "scalar subquery": f"FROM few AS n WHERE (SELECT score FROM {TOP} AS v "
                       "WHERE v.rowid = n.r) IS NOT NULL",
    "left join, restricted": f"FROM nodes AS n LEFT JOIN {TOP} AS v ON v.rowid = n.rowid "
                             "AND v.rowid IN (1, 2, 3, 4)",
    "full join": f"FROM nodes AS n FULL JOIN {TOP} AS v ON v.rowid = n.rowid",
}
# Correlated subqueries are tried on fewer rows: one that searches per row is slow enough.
SOME = ("exists", "scalar subquery")


@pytest.fixture
def few(nodes):
    """A table `few` of 200 nodes, the ten nearest among them."""
    nodes.execute(f"CREATE TABLE near AS SELECT rowid AS r FROM {TOP}")
    nodes.execute("CREATE TEMP TABLE few AS SELECT rowid AS r, * FROM nodes WHERE rowid IN near "
                  "UNION ALL SELECT * FROM (SELECT rowid, * FROM nodes "
                  "WHERE rowid NOT IN near LIMIT 190)")
    return nodes


@pytest.mark.parametrize("name", FORCED)
def test_a_search_that_must_be_the_inner_loop_is_reused(few, name):
    before = searched(few)
    found = few.execute(f"SELECT n.id {FORCED[name]}")
    assert searched(few) <= before + 3
    assert len(found) == (MANY if name.startswith(("left", "full")) else 10)


@pytest.mark.parametrize("condition", [
    "EXISTS (SELECT 1 FROM vec_topk('nodes', 'e', '[1,2,3,4]', {k}) AS v "
    "WHERE v.rowid = n.rowid AND v.score < -100)",
    "(SELECT id FROM vec_topk('nodes', 'e', '[1,2,3,4]', {k}) AS v "
    "WHERE v.score < v.distance AND v.score < -100) IS NULL AND n.rowid < 0",
    "n.rowid IN (SELECT v.rowid FROM vec_topk('nodes', 'e', '[1,2,3,4]', {k}) AS v "
    "WHERE v.score + n.size < -100)",
], ids=["exists", "scalar", "in"])
@pytest.mark.parametrize("k", ["NULL", "200"])
def test_an_inner_search_that_its_limit_misjudges_is_reused(nodes, condition, k):
    """EXISTS and scalar subqueries have a LIMIT 1, but read on when the first row does not do."""
    before = searched(nodes)
    found = nodes.execute("SELECT n.rowid FROM (SELECT rowid, * FROM nodes LIMIT 50) AS n "
                          f"WHERE {condition.format(k=k)}")
    assert found == []
    assert searched(nodes) <= before + 4


def test_all_ways_to_join_find_the_same(few):
    expected = few.execute(f"SELECT id FROM {TOP} ORDER BY id")
    for name in ("search first", "table first", "comma", "by id", "no term that joins",
                 "in a subquery", "in a subquery by id", "common table expression"):
        assert sorted(few.execute(f"SELECT n.id {JOINS[name]}")) == expected, name
    for name in ("cross join", "cross join by id", *SOME):
        assert sorted(few.execute(f"SELECT n.id {FORCED[name]}")) == expected, name
    assert sorted(few.execute(
        f"SELECT v.id {FORCED['left join']} WHERE v.rowid IS NOT NULL")) == expected


def test_two_searches_in_one_statement(nodes):
    before = searched(nodes)
    found = nodes.execute(
        f"SELECT a.id FROM {TOP} AS a JOIN vec_topk('nodes', 'e', '[4,3,2,1]', 4000) AS b "
        "ON a.rowid = b.rowid")
    assert searched(nodes) <= before + 3
    assert 0 < len(found) <= 10


def test_update_of_what_was_found(nodes):
    before = searched(nodes)
    nodes.execute(f"UPDATE nodes SET size = -1 WHERE rowid IN (SELECT rowid FROM {TOP})")
    assert searched(nodes) == before + 1
    assert nodes.execute("SELECT count(*) FROM nodes WHERE size = -1") == [(10,)]


def test_limit_of_the_full_ranking_searches_once(nodes):
    before = searched(nodes)
    nodes.execute("SELECT id FROM vec_topk('nodes', 'e', '[1,2,3,4]') ORDER BY rank LIMIT 5")
    assert searched(nodes) == before + 1


def test_control_searches_of_different_queries_are_counted_one_by_one(nodes):
    before = searched(nodes)
    nodes.execute("SELECT * FROM (SELECT * FROM nodes LIMIT 7) AS n "
                  "CROSS JOIN vec_topk('nodes', 'e', n.e, 1) AS v")
    assert searched(nodes) == before + 7


@pytest.mark.parametrize("argument,values", [
    ("metric", ["'dot'", "'l2'", "'l1'"]), ("k", ["2", "5"]), ("query", ["'[1,0]'", "'[0,1]'"]),
    ("min_score", ["-1", "0.5"]), ("within", ["'[1,2,3]'", "'[3,4]'"]), ("source", ["'t'", "'u'"]),
])
def test_in_over_an_argument_is_a_search_per_value(engine, argument, values):
    fill(engine, [f32(n, 5 - n) for n in range(9)])
    engine.execute("CREATE TABLE u AS SELECT id + 100 AS id, e FROM t")
    given = {"source": "'t'", '"column"': "'e'", "query": "'[1,0]'", "k": "4"}
    given.pop(argument, None)
    rest = " AND ".join(f"{name} = {value}" for name, value in given.items())
    expected = []
    for value in values:
        expected += engine.execute(
            f"SELECT distance, id FROM vec_topk WHERE {rest} AND {argument} = {value}")
    sql = (f"SELECT distance, id FROM vec_topk WHERE {rest} AND {argument} "
           f"IN ({', '.join(values)}) ORDER BY distance, id")
    assert engine.execute(sql) == sorted(expected)
    assert engine.execute(sql + " LIMIT 5 OFFSET 1") == sorted(expected)[1:6]


# ---- reuse is never stale -----------------------------------------------------------------------

SAME_QUERY = "SELECT q.n, v.id FROM q CROSS JOIN vec_topk('t', 'e', q.v, 1) AS v"
# A correlated subquery opens the virtual table anew for each row.
SUBQUERY = ("SELECT q.n, (SELECT v.id FROM vec_topk('t', 'e', q.v, 3) AS v WHERE v.rank > q.n * 0 "
            "LIMIT 1) FROM q")
BOTH = pytest.mark.parametrize("sql", [SAME_QUERY, SUBQUERY], ids=["join", "subquery"])


def fill_repeated(db):
    db.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, e)")
    db.execute("CREATE TABLE q(n INTEGER PRIMARY KEY, v)")
    db.executemany("INSERT INTO t VALUES (?, ?)", [(n, f32(n, 0)) for n in (1, 2, 3)])
    db.executemany("INSERT INTO q VALUES (?, '[1,0]')", [(n,) for n in range(6)])


@pytest.fixture(params=["memory", "DELETE", "WAL"])
def repeated(db, request, tmp_path):
    """Six times the same search of t(1..3), in memory or in a file."""
    if request.param != "memory":
        db = sqlite3.connect(tmp_path / "r.db", isolation_level=None)
        load(db)
        request.addfinalizer(db.close)
        db.execute(f"PRAGMA journal_mode = {request.param}")
        db.execute("PRAGMA synchronous = OFF")
    fill_repeated(db)
    return db


CHANGES = pytest.mark.parametrize("change,expected", [
    ("INSERT INTO t VALUES (9, vec_f32('[9,0]'))", 9),
    ("UPDATE t SET e = vec_f32('[50,0]') WHERE id = 1", 1),
    ("UPDATE t SET id = 77 WHERE id = 3", 77),
    ("DELETE FROM t WHERE id = 3", 2),
    ("DELETE FROM t WHERE id > 1", 1),
    ("REPLACE INTO t VALUES (3, vec_f32('[0,0]'))", 2),
])


@BOTH
def test_control_without_a_change_all_searches_agree(repeated, sql):
    assert repeated.execute(sql).fetchall() == [(n, 3) for n in range(6)]


@BOTH
@CHANGES
def test_a_change_between_two_rows_is_seen(repeated, sql, change, expected):
    rows = repeated.execute(sql)
    assert next(rows) == (0, 3)
    repeated.execute(change)
    assert list(rows)[-1] == (5, expected)


@BOTH
@CHANGES
def test_a_change_between_two_statements_is_seen(repeated, sql, change, expected):
    assert repeated.execute(sql).fetchall()[-1] == (5, 3)
    repeated.execute(change)
    assert repeated.execute(sql).fetchall() == [(n, expected) for n in range(6)]


@BOTH
@CHANGES
def test_a_change_while_the_same_statement_is_open(repeated, sql, change, expected):
    rows = repeated.execute(sql)
    assert next(rows) == (0, 3)
    repeated.execute(change)
    assert repeated.execute(sql + " ").fetchall() == [(n, expected) for n in range(6)]
    rows.close()
    assert repeated.execute(sql).fetchall() == [(n, expected) for n in range(6)]


@BOTH
@CHANGES
@pytest.mark.parametrize("writes", [False, True], ids=["select", "insert"])
def test_a_change_by_a_function_inside_the_statement_is_seen(repeated, sql, change, expected,
                                                             writes):
    def touch(n):
        if n == 2:
            repeated.execute(change)
        return 1

    repeated.create_function("touch", 1, touch)
    repeated.execute("CREATE TABLE log(n, best)")
    rows = sql + " WHERE touch(q.n)"
    repeated.execute(sql).fetchall()
    if writes:
        repeated.execute("INSERT INTO log " + rows)
        found = repeated.execute("SELECT * FROM log ORDER BY n").fetchall()
    else:
        found = repeated.execute(rows).fetchall()
    assert found[0] == (0, 3)
    assert found[-1] == (5, expected)


@BOTH
def test_a_blob_written_without_a_statement_is_seen(repeated, sql):
    rows = repeated.execute(sql)
    assert next(rows) == (0, 3)
    with repeated.blobopen("t", "e", 1) as blob:
        blob.write(f32(99, 0))
    assert list(rows)[-1] == (5, 1)
    assert repeated.execute(sql).fetchall() == [(n, 1) for n in range(6)]


@BOTH
def test_a_rollback_that_keeps_rows_without_a_journal(db, sql):
    """With journal_mode = OFF a rollback in memory takes nothing back and counts nothing."""
    fill_repeated(db)
    db.execute("PRAGMA journal_mode = OFF")
    assert db.execute(sql).fetchall()[-1] == (5, 3)
    db.execute("BEGIN")
    db.execute("INSERT INTO t VALUES (9, vec_f32('[9,0]'))")
    db.execute("ROLLBACK")
    (last,), = db.execute("SELECT max(id) FROM t").fetchall()
    assert db.execute(sql).fetchall() == [(n, last) for n in range(6)]


@BOTH
def test_a_rollback_without_a_journal_between_two_rows(db, sql):
    """The journal is off only in between: neither mode nor commits tell of the rows that stay."""
    fill_repeated(db)
    rows = db.execute(sql)
    assert next(rows) == (0, 3)
    for change in ("PRAGMA journal_mode = OFF", "BEGIN",
                   "INSERT INTO t VALUES (9, vec_f32('[9,0]'))", "ROLLBACK",
                   "PRAGMA journal_mode = MEMORY"):
        db.execute(change).fetchall()
    (last,), = db.execute("SELECT max(id) FROM t").fetchall()
    assert list(rows)[-1] == (5, last)


@BOTH
def test_another_file_attached_by_the_same_name(repeated, sql, tmp_path):
    sql = sql.replace("'t'", "'aux.t'")
    for n in (1, 2):
        repeated.execute(f"ATTACH '{tmp_path}/{n}.db' AS aux")
        repeated.execute("CREATE TABLE aux.t(id INTEGER PRIMARY KEY, e)")
        repeated.execute("INSERT INTO aux.t VALUES (?, vec_f32('[1,0]'))", (n,))
        repeated.execute("DETACH aux")
    for n in (1, 2, 1):
        repeated.execute(f"ATTACH '{tmp_path}/{n}.db' AS aux")
        assert repeated.execute(sql).fetchall() == [(row, n) for row in range(6)]
        repeated.execute("DETACH aux")


@BOTH
def test_a_temporary_table_takes_the_name(repeated, sql):
    assert repeated.execute(sql).fetchall()[-1] == (5, 3)
    repeated.execute("CREATE TEMP TABLE t AS SELECT 44 AS id, vec_f32('[1,0]') AS e")
    assert repeated.execute(sql).fetchall()[-1] == (5, 1)  # no key: the rowid is the id
    repeated.execute("DROP TABLE temp.t")
    assert repeated.execute(sql).fetchall()[-1] == (5, 3)


@BOTH
@pytest.mark.parametrize("view", [
    "CREATE VIEW t2 AS SELECT id, e FROM t",
    "CREATE VIEW t2 AS SELECT id, e FROM t UNION ALL SELECT 4, vec_f32('[0,0]')",
])
def test_the_table_of_a_view_changes_between_two_rows(repeated, sql, view):
    repeated.execute(view)
    rows = repeated.execute(sql.replace("'t'", "'t2'"))
    assert next(rows) == (0, 3)
    repeated.execute("INSERT INTO t VALUES (9, vec_f32('[9,0]'))")
    assert list(rows)[-1] == (5, 9)


@BOTH
def test_rows_without_rowid_change_between_two_rows(repeated, sql):
    repeated.execute("CREATE TABLE w(id INTEGER PRIMARY KEY, e) WITHOUT ROWID")
    repeated.execute("INSERT INTO w SELECT * FROM t")
    rows = repeated.execute(sql.replace("'t'", "'w'"))
    assert next(rows) == (0, 3)
    repeated.execute("INSERT INTO w VALUES (9, vec_f32('[9,0]'))")
    assert list(rows)[-1] == (5, 9)


@BOTH
def test_vacuum_between_two_statements(repeated, sql):
    repeated.execute("CREATE TABLE plain(e)")
    repeated.execute("INSERT INTO plain SELECT e FROM t")
    repeated.execute("DELETE FROM plain WHERE rowid = 1")
    sql = sql.replace("'t'", "'plain'").replace("v.id", "v.rowid")
    assert repeated.execute(sql).fetchall()[-1] == (5, 3)
    repeated.execute("VACUUM")
    (best,), = repeated.execute(
        "SELECT rowid FROM plain ORDER BY vec_dot(e, '[1,0]') DESC LIMIT 1").fetchall()
    assert repeated.execute(sql).fetchall()[-1] == (5, best)


@BOTH
def test_a_statement_in_wal_keeps_its_snapshot(connect, tmp_path, sql):
    one, two = connect(tmp_path / "a.db"), connect(tmp_path / "a.db")
    one.execute("PRAGMA journal_mode = WAL")
    fill(one, [f32(n, 0) for n in (1, 2, 3)])
    one.execute("CREATE TABLE q(n INTEGER PRIMARY KEY, v)")
    one.execute("INSERT INTO q VALUES (0,'[1,0]'), (1,'[1,0]'), (2,'[1,0]'), (3,'[1,0]')")
    rows = iter(one.connection.execute(sql))
    assert next(rows) == (0, 3)
    two.execute("INSERT INTO t VALUES (9, vec_f32('[9,0]'))")
    assert list(rows) == [(1, 3), (2, 3), (3, 3)]
    assert one.execute(sql) == [(n, 9) for n in range(4)]


@pytest.mark.parametrize("end,expected", [("ROLLBACK", 3), ("COMMIT", 9)])
def test_a_transaction_that_ends_between_two_rows(repeated, end, expected):
    repeated.execute("BEGIN")
    repeated.execute("INSERT INTO t VALUES (9, vec_f32('[9,0]'))")
    rows = repeated.execute(SAME_QUERY)
    assert next(rows) == (0, 9)
    try:
        repeated.execute(end)
        assert list(rows)[-1] == (5, expected)
    except sqlite3.OperationalError:  # SQLite may abort the reader instead
        pass
    rows.close()
    assert repeated.execute(SAME_QUERY).fetchall()[-1] == (5, expected)


def test_a_rolled_back_savepoint_between_two_rows(repeated):
    repeated.execute("BEGIN")
    repeated.execute("SAVEPOINT s")
    repeated.execute("INSERT INTO t VALUES (9, vec_f32('[9,0]'))")
    rows = repeated.execute(SAME_QUERY)
    assert next(rows) == (0, 9)
    try:
        repeated.execute("ROLLBACK TO s")
        assert list(rows)[-1] == (5, 3)
    except sqlite3.OperationalError:
        pass
    rows.close()
    assert repeated.execute(SAME_QUERY).fetchall()[-1] == (5, 3)


def test_a_trigger_changes_the_searched_table_in_the_same_statement(repeated):
    repeated.execute("CREATE TABLE log(n, best)")
    repeated.execute("CREATE TRIGGER a AFTER INSERT ON log BEGIN "
                     "UPDATE t SET e = vec_scale(e, 0) WHERE id = new.best; END")
    repeated.execute("INSERT INTO log " + SAME_QUERY)
    assert repeated.execute("SELECT id FROM vec_topk('t', 'e', '[1,0]', 1)").fetchall() == [(2,)]


def test_a_search_inside_a_trigger_sees_each_row(repeated):
    """The trigger runs once per row with the same arguments, inside one statement."""
    repeated.execute("CREATE TABLE log(best)")
    repeated.execute("CREATE TRIGGER a AFTER INSERT ON t BEGIN "
                     "INSERT INTO log SELECT id FROM vec_topk('t', 'e', '[1,0]', 1); END")
    repeated.execute("INSERT INTO t SELECT n + 10, vec_scale(vec_f32('[10,0]'), n + 1) FROM q")
    assert repeated.execute("SELECT best FROM log").fetchall() == [(n + 10,) for n in range(6)]


def test_a_search_inside_an_update_trigger_sees_each_row(repeated):
    repeated.execute("CREATE TABLE log(best)")
    repeated.execute("CREATE TRIGGER a AFTER UPDATE ON t BEGIN "
                     "INSERT INTO log SELECT id FROM vec_topk('t', 'e', '[1,0]', 1); END")
    repeated.execute("UPDATE t SET e = vec_scale(e, 10)")
    assert repeated.execute("SELECT best FROM log").fetchall() == [(1,), (2,), (3,)]


def test_a_search_that_a_before_trigger_makes_sees_each_row(repeated):
    repeated.execute("CREATE TABLE log(best)")
    repeated.execute("CREATE TRIGGER a BEFORE DELETE ON t BEGIN "
                     "INSERT INTO log SELECT id FROM vec_topk('t', 'e', '[-1,0]', 1); END")
    repeated.execute("DELETE FROM t")
    assert repeated.execute("SELECT best FROM log").fetchall() == [(1,), (2,), (3,)]


def test_the_same_statement_after_a_change(nodes):
    sql = f"SELECT n.rowid {FORCED['cross join']} ORDER BY 1"
    first = nodes.execute(sql)
    nodes.execute("DELETE FROM nodes WHERE rowid = ?", first[4])
    second = nodes.execute(sql)
    assert len(second) == 10 and first[4] not in second


@pytest.mark.parametrize("mode", ["WAL", "DELETE"])
def test_the_same_statement_after_a_commit_of_another_connection(connect, tmp_path, mode):
    one, two = connect(tmp_path / "a.db"), None
    one.execute(f"PRAGMA journal_mode = {mode}")
    fill(one, [f32(n, 0) for n in range(1, 4)])
    one.execute("CREATE TABLE q(n)")
    one.execute("INSERT INTO q VALUES (1), (2)")
    two = connect(tmp_path / "a.db")
    sql = "SELECT v.id FROM q LEFT JOIN vec_topk('t', 'e', '[1,0]', 1) AS v"
    assert one.execute(sql) == [(3,), (3,)]
    two.execute("INSERT INTO t VALUES (9, vec_f32('[9,0]'))")
    assert one.execute(sql) == [(9,), (9,)]
    two.execute("DELETE FROM t WHERE id = 9")
    assert one.execute(sql) == [(3,), (3,)]


def test_reuse_depends_on_every_argument(engine):
    """A nearly equal search before it must not answer for another."""
    fill(engine, [f32(n, 1 - n) for n in range(1, 7)])
    engine.execute("CREATE TABLE u AS SELECT id + 100 AS id, e FROM t")
    engine.execute("CREATE TABLE a(n INTEGER PRIMARY KEY, s, q, k, m, score, el, w)")
    rows = [
        ("t", "[1,0]", 2, "dot", None, "float32", "[1,2,3,4,5,6]"),
        ("t", "[1,0]", 2, "dot", None, "float32", "[1,2]"),
        ("t", "[1,0]", 2, "dot", 1.5, "float32", "[1,2]"),
        ("t", "[1,0]", 2, "l2", None, "float32", "[1,2]"),
        ("t", "[1,0]", 1, "l2", None, "float32", "[1,2]"),
        ("t", "[0,1]", 1, "l2", None, "float32", "[1,2]"),
        ("u", "[0,1]", 1, "l2", None, "float32", "[1,2]"),
        ("t", "[0,1]", 1, "l2", None, "float32", "[1,3]"),
        ("t", b"12345678", 3, "l2", None, "int8", "[1,3]"),
        ("t", b"12345678", 3, "l2", None, "float32", "[1,3]"),
        ("t", b"12345678", 3, "hamming", None, "bit", "[1,3]"),
    ]
    expected = []
    for number, row in enumerate(rows):
        engine.execute("INSERT INTO a VALUES (?, ?, ?, ?, ?, ?, ?, ?)", (number, *row))
        source, query, k, metric, score, element, ids = row
        expected += [(number, *found) for found in engine.execute(
            "SELECT id, distance FROM vec_topk(?, 'e', ?, ?, ?, ?, ?, 0, ?)",
            (source, query, k, metric, score, element, ids))]
    found = engine.execute(
        "SELECT a.n, v.id, v.distance FROM a CROSS JOIN "
        "vec_topk(a.s, 'e', a.q, a.k, a.m, a.score, a.el, 0, a.w) AS v")
    assert found == expected
    assert len({row[1:] for row in found}) > 8


# ---- metamorphic: clauses over vec_topk and over its materialised result ------------------------

ROWS = 30


@pytest.fixture
def pair(engine):
    """A table with ties, and m (all of its ranking) and m12 (the first twelve)."""
    # 30 rows, 9 distinct scores around zero; ids start at 100.
    fill(engine, [f32((n * 7 % 9 - 4) / 4, n % 3) for n in range(ROWS)], first=100)
    engine.execute("CREATE TABLE other(x INTEGER, y INTEGER)")
    engine.execute("INSERT INTO other VALUES (101, 1), (105, 9), (110, 3), (117, 30), (3, 3)")
    for name, k in (("m", "NULL"), ("m12", "12")):
        engine.execute(f"CREATE TEMP TABLE {name} AS SELECT rowid AS rid, * "
                       f"FROM vec_topk('t', 'e', '[1,0]', {k})")
    return engine


WHERE = [
    # Invisible to the virtual table.
    "score = distance", "score > distance", "score = {r} - 100", "likely(score = distance)",
    "{r} IN (SELECT x FROM other WHERE y <= v.rank)", "score >= 0.2 AND score <= distance + 9",
    "score < distance", "rank = id - 100", "rank % 2 = 0", "score <> distance",
    # Visible and not consumed.
    "distance = 0.25", "score IS NULL", "score > 0.2", "0.3 < score", "score IN (1, 0.5)",
    "score IS 5", "score IS 0.5", "score = '0.5'", "score COLLATE NOCASE = 'a'", "{r} > 110",
    "({r}, score) > (110, 0.5)", "{r} < 110", "{r} >= 104 AND {r} <= 120", "rank > 3",
    "rank <= 5", "rank IN (2, 4, 6)", "id > 110", "score = 0", "score < 0", "distance >= 0",
    # Operators that SQLite rewrites or passes on.
    "score IS NOT NULL", "score IS NOT 0.5", "score <> 0.5", "score BETWEEN 0 AND 0.6",
    "id LIKE '11%'", "id GLOB '1?5'", "{r} NOT IN (101, 110)", "{r} IS NOT 101",
    "score NOT BETWEEN 0 AND 0.6", "score NOTNULL", "score ISNULL",
    # Expressions.
    "score + 0 > 0.2", "abs(score) > 0.3", "NOT score", "score", "1 = 2", "1", "NULL", "?1",
    "EXISTS (SELECT 1 FROM other WHERE x = {r})", "NOT EXISTS (SELECT 1 FROM other WHERE x = {r})",
    "{r} = 101 OR score = 0.5", "score > 0.5 OR distance > 0.5",
    "CASE WHEN rank > 2 THEN 1 END", "coalesce(score, 0) >= 0", "+{r} IN (101, 105)",
    "(SELECT max(y) FROM other WHERE x = {r}) > 2",
]
# These restrict before k: the same rows only for the full ranking, and rank counts among them.
FULL_ONLY = [
    "{r} = (SELECT 101)", "{r} = 101", "{r} IN (101, 105, 110)", "{r} IN (SELECT x FROM other)",
    "{r} = 105 OR {r} = 106", "{r} = 105 OR {r} = 106 OR {r} = 999", "id IN (101, 105, 110)",
    "id = 105", "id = 105 OR id = 106", "{r} IN (101, 105) AND score > 0",
    "{r} IN (101, 105, 110) AND score > distance", "id IN (SELECT x FROM other) AND score < 0.8",
    "{r} IN (101, 105) AND id IN (105, 110)", "{r} IN (SELECT x FROM other WHERE 0)",
    "{r} IN (101, 105, 106) AND {r} <> 105",
]
LIMIT = ["", "LIMIT 2", "LIMIT 1", "LIMIT 3 OFFSET 2", "LIMIT 2 OFFSET 1", "LIMIT 5 OFFSET 20",
         "LIMIT -1 OFFSET 2", "LIMIT -1", "LIMIT 0", "LIMIT 100", "LIMIT 2 OFFSET -1",
         "LIMIT 4 OFFSET 100", "LIMIT (SELECT 3) OFFSET (SELECT 1)", "LIMIT 1 + 1"]
# An order over vec_topk and a total order over the table that means the same.
ORDER = {
    "": "rank", "ORDER BY rank": "rank", "ORDER BY score DESC": "rank",
    "ORDER BY distance": "rank", "ORDER BY distance, {r}": "rank", "ORDER BY score DESC, {r}":
    "rank", "ORDER BY rank DESC": "rank DESC", "ORDER BY score, rank": "score, rank",
    "ORDER BY {r}": "{r}", "ORDER BY {r} DESC": "{r} DESC", "ORDER BY id": "id",
    "ORDER BY distance, {r} DESC": "distance, {r} DESC", "ORDER BY score DESC, id DESC":
    "score DESC, id DESC", "ORDER BY abs(score), rank": "abs(score), rank",
    "ORDER BY rank, id": "rank", "ORDER BY 2 DESC, 4": "rank",
}


def compare(engine, template, params, k):
    """The rows of the template over the search and over the table."""
    table = "m12" if k else "m"
    search = f"vec_topk('t', 'e', '[1,0]'{', 12' if k else ''})"
    live = engine.execute(
        template.replace("{from}", f"{search} AS v").replace("{r}", "v.rowid"), params)
    stored = engine.execute(
        template.replace("{from}", f"{table} AS v").replace("{r}", "v.rid"), params)
    return live, stored


@pytest.mark.parametrize("where,k", [
    *((where, None) for where in WHERE + FULL_ONLY), *((where, 12) for where in WHERE)])
def test_where_order_and_limit(pair, where, k):
    params = (1,) if "?1" in where else ()
    rank = "0" if where in FULL_ONLY else "rank"
    columns = f"SELECT {{r}}, score, distance, {rank}, id FROM {{from}}"
    for limit in LIMIT:
        for order, total in ORDER.items():
            live, _ = compare(pair, f"{columns} WHERE {where} {order} {limit}", params, k)
            _, stored = compare(
                pair, f"{columns} WHERE {where} ORDER BY {total} {limit}", params, k)
            assert live == stored, (order, limit)


def test_control_the_conditions_tell_rows_apart(pair):
    """Most conditions keep some rows and drop some, or the comparison would show nothing."""
    counts = []
    for where in WHERE + FULL_ONLY:
        params = (1,) if "?1" in where else ()
        _, stored = compare(pair, f"SELECT 1 FROM {{from}} WHERE {where}", params, None)
        counts.append(len(stored))
    assert sum(0 < count < ROWS for count in counts) > 45


SHAPES = [
    "SELECT count(*) FROM {from}",
    "SELECT count(*), min(score), max(score), sum(rank) FROM {from} WHERE score > 0",
    "SELECT max(score) FROM {from}",
    "SELECT min(rank) FROM {from} WHERE score < distance",
    "SELECT max(score), id FROM {from} WHERE rank > 2",
    "SELECT group_concat(rank) FROM (SELECT rank FROM {from} ORDER BY rank LIMIT 4)",
    "SELECT score, count(*) FROM {from} GROUP BY score ORDER BY score",
    "SELECT score, count(*) AS n FROM {from} GROUP BY score HAVING n > 3 ORDER BY score DESC",
    "SELECT score, count(*) FROM {from} GROUP BY score ORDER BY score DESC LIMIT 2 OFFSET 1",
    "SELECT DISTINCT score FROM {from} ORDER BY score DESC",
    "SELECT DISTINCT score FROM {from} ORDER BY score DESC LIMIT 2",
    "SELECT DISTINCT score FROM {from} ORDER BY score DESC LIMIT 3 OFFSET 2",
    "SELECT DISTINCT distance FROM {from} ORDER BY distance LIMIT 4",
    "SELECT DISTINCT score, id % 3 FROM {from} ORDER BY score DESC, 2 LIMIT 5",
    "SELECT DISTINCT rank % 4 FROM {from} ORDER BY 1",
    "SELECT DISTINCT rank FROM {from} ORDER BY rank LIMIT 3",
    "SELECT rank, row_number() OVER (ORDER BY rank) FROM {from} ORDER BY rank LIMIT 3",
    "SELECT rank, sum(score) OVER (ORDER BY rank ROWS 2 PRECEDING) FROM {from} ORDER BY rank "
    "LIMIT 4 OFFSET 2",
    "SELECT rank, dense_rank() OVER (ORDER BY score DESC) FROM {from} ORDER BY rank",
    "SELECT rank, lag(id) OVER (PARTITION BY score ORDER BY rank) FROM {from} ORDER BY rank",
    "SELECT id FROM {from} UNION ALL SELECT id FROM {from} LIMIT 3 OFFSET 21",
    "SELECT id FROM {from} UNION ALL SELECT id FROM {from} LIMIT 3",
    "SELECT id FROM {from} UNION ALL SELECT id FROM {from} LIMIT 3 OFFSET 1",
    "SELECT id FROM {from} WHERE score < distance UNION ALL SELECT id FROM {from} WHERE rank > 2 "
    "LIMIT 5 OFFSET 3",
    "SELECT 7 UNION ALL SELECT id FROM {from} LIMIT 2 OFFSET 1",
    "SELECT id, rank FROM {from} UNION ALL SELECT x, y FROM other ORDER BY 2, 1 LIMIT 4 OFFSET 1",
    "SELECT score FROM {from} UNION SELECT y FROM other ORDER BY 1 DESC LIMIT 3",
    "SELECT id FROM {from} EXCEPT SELECT x FROM other ORDER BY 1 LIMIT 4",
    "SELECT id FROM {from} INTERSECT SELECT x FROM other ORDER BY 1 LIMIT 2",
    "SELECT * FROM (SELECT id, rank FROM {from} LIMIT 5) WHERE rank > 2",
    "SELECT * FROM (SELECT id, rank FROM {from} ORDER BY rank LIMIT 5 OFFSET 2) LIMIT 2 OFFSET 1",
    "SELECT * FROM (SELECT id, rank FROM {from} ORDER BY rank DESC LIMIT 5) ORDER BY rank LIMIT 2",
    "SELECT * FROM (SELECT id, score FROM {from}) WHERE score < 0 LIMIT 2",
    "SELECT * FROM (SELECT id, score FROM {from} WHERE score < distance) LIMIT 2 OFFSET 1",
    "WITH c AS (SELECT id, rank FROM {from} LIMIT 6) SELECT * FROM c WHERE rank % 2 LIMIT 2",
    "WITH c AS MATERIALIZED (SELECT id, rank FROM {from}) SELECT * FROM c ORDER BY rank LIMIT 2",
    "WITH c AS (SELECT id, rank FROM {from}) SELECT a.id, b.id FROM c AS a JOIN c AS b "
    "ON a.rank + 1 = b.rank ORDER BY a.rank LIMIT 3",
    "SELECT (SELECT id FROM {from} LIMIT 1 OFFSET 3)",
    "SELECT (SELECT id FROM {from} WHERE score < distance LIMIT 1 OFFSET 1)",
    "SELECT (SELECT count(*) FROM {from} WHERE score > 0)",
    "SELECT x, (SELECT rank FROM {from} WHERE {r} = x) FROM other ORDER BY x",
    "SELECT x, (SELECT rank FROM {from} WHERE id = x AND score > 0) FROM other ORDER BY x",
    "SELECT x, (SELECT min(rank) FROM {from} WHERE id > x) FROM other ORDER BY x",
    "SELECT x, (SELECT id FROM {from} WHERE rank >= y ORDER BY rank LIMIT 1) FROM other "
    "ORDER BY x",
    "SELECT EXISTS (SELECT 1 FROM {from} WHERE score = 5), EXISTS (SELECT 1 FROM {from})",
    "SELECT x FROM other WHERE x IN (SELECT id FROM {from}) ORDER BY x",
    "SELECT x FROM other WHERE x IN (SELECT id FROM {from} LIMIT 5) ORDER BY x",
    "SELECT x FROM other WHERE x NOT IN (SELECT id FROM {from} WHERE score > 0) ORDER BY x",
    "SELECT o.x, v.rank FROM {from} JOIN other AS o ON o.x = v.id ORDER BY v.rank LIMIT 2",
    "SELECT o.x, v.rank FROM other AS o JOIN {from} ON o.x = {r} ORDER BY v.rank LIMIT 2 OFFSET 1",
    "SELECT o.x, v.rank FROM other AS o LEFT JOIN {from} ON o.x = v.id ORDER BY o.x",
    "SELECT o.x, v.rank FROM other AS o LEFT JOIN {from} ON o.x = {r} AND v.score > 0 ORDER BY o.x",
    "SELECT o.x, v.rank FROM other AS o LEFT JOIN {from} ON o.x = {r} WHERE v.id IS NULL "
    "ORDER BY o.x",
    "SELECT o.x, v.rank FROM {from} LEFT JOIN other AS o ON o.x = v.id ORDER BY v.rank LIMIT 7",
    "SELECT o.x, v.rank FROM other AS o FULL JOIN {from} ON o.x = v.id ORDER BY o.x, v.rank",
    "SELECT o.x, v.rank FROM other AS o CROSS JOIN {from} ON v.rank = o.y ORDER BY 1",
    "SELECT v.id FROM {from}, other AS o WHERE o.x = v.id AND o.y = v.rank",
    "SELECT v.rank FROM {from} WHERE {r} IN (SELECT x FROM other WHERE y > v.rank) ORDER BY 1",
    "SELECT id, rank FROM {from} WHERE rank = (SELECT max(rank) FROM {from})",
    "SELECT typeof(score), typeof(rank), typeof(id) FROM {from} LIMIT 1",
    "SELECT {r} FROM {from} LIMIT 3",
    "VALUES (1) UNION ALL SELECT rank FROM {from} WHERE score > distance LIMIT 3",
]


@pytest.mark.parametrize("k", [None, 12])
@pytest.mark.parametrize("shape", SHAPES)
def test_shape(pair, shape, k):
    live, stored = compare(pair, shape, (), k)
    assert live == stored


def test_a_search_on_the_right_of_a_right_join(pair):
    """Older versions of SQLite lose the arguments there: an error, but never other rows."""
    sql = "SELECT o.x, v.rank FROM other AS o RIGHT JOIN {from} ON o.x = v.id ORDER BY v.rank"
    try:
        live, stored = compare(pair, sql, (), None)
    except pair.Error as error:
        assert "source" in str(error) and pair.version < (3, 42)
    else:
        assert live == stored


@pytest.mark.parametrize("limit,offset", [
    (2, 0), (2, 3), (0, 0), (-1, 5), (3, -1), (100, 0), (5, 28), (5, 300), (2**40, 0),
    (2**63 - 1, 2**63 - 1),
])
def test_bound_limit_and_offset_of_a_reused_statement(pair, limit, offset):
    for where in ("1", "score < distance", "rank > 3"):
        for order in ("", "ORDER BY rank", "ORDER BY id"):
            total = order or "ORDER BY rank"
            rest = f"WHERE {where} %s LIMIT ? OFFSET ?"
            live, _ = compare(pair, "SELECT id FROM {from} " + rest % order,
                              (limit, offset), None)
            _, stored = compare(pair, "SELECT id FROM {from} " + rest % total,
                                (limit, offset), None)
            assert live == stored


@pytest.mark.parametrize("sql", [
    "SELECT id FROM {from} LIMIT -5 OFFSET 1", "SELECT id FROM {from} LIMIT '2' OFFSET '1'",
    "SELECT id FROM {from} LIMIT 2.0", "SELECT id FROM {from} LIMIT 9223372036854775807 OFFSET 1",
])
def test_odd_limits(pair, sql):
    live, stored = compare(pair, sql, (), None)
    assert live == stored


def test_a_search_per_row_with_limit(pair):
    engine = pair
    found = engine.execute(
        "SELECT o.x, (SELECT group_concat(id) FROM (SELECT id FROM vec_topk('t', 'e', "
        "json_array(o.y - 3, 1)) WHERE score > distance LIMIT 2 OFFSET 1)) FROM other AS o")
    expected = []
    for x, y in engine.execute("SELECT x, y FROM other"):
        ids = engine.execute("SELECT id FROM vec_topk('t', 'e', json_array(? - 3, 1))", (y,))
        scores = engine.execute(
            "SELECT score, distance FROM vec_topk('t', 'e', json_array(? - 3, 1))", (y,))
        kept = [i for (i,), (s, d) in zip(ids, scores) if s > d][1:3]
        expected.append((x, ",".join(map(str, kept)) or None))
    assert found == expected
