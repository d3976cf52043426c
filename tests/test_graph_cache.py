"""The graph of a plain table stays in memory, and is never stale."""

import random
import threading

import pytest


def reader(engine):
    return engine.execute("SELECT last_reader FROM graph_stats('edges')")[0][0]


def by_sql(engine):
    """out-degree of every node, as SQL says."""
    return engine.execute(
        "SELECT n, sum(o) FROM (SELECT source AS n, 1 AS o FROM edges UNION ALL "
        "SELECT target, 0 FROM edges) GROUP BY n ORDER BY n")


def by_graph(engine, table="edges"):
    return engine.execute(f"SELECT node, out_degree FROM graph_degree('{table}')")


@pytest.fixture
def file(connect, tmp_path):
    """A connection to a file with edges 1 -> 2 -> 3."""
    engine = connect(tmp_path / "graph.db")
    engine.script("PRAGMA journal_mode = WAL; CREATE TABLE edges (source, target);"
                  "INSERT INTO edges VALUES (1, 2), (2, 3);")
    return engine


def test_the_second_call_reads_nothing(file):
    for expected in ["load", "cache", "cache"]:
        by_graph(file)
        assert reader(file) == expected


def test_what_was_kept_serves_every_function(file):
    file.execute("SELECT count(*) FROM graph_components('edges')")
    for sql in ["graph_bfs('edges', 1)", "graph_pagerank('edges')", "graph_ppr('edges', 1)",
                "graph_shortest_path('edges', 1, 3)", "graph_distances('edges', 1)"]:
        file.execute(f"SELECT count(*) FROM {sql}")
        assert reader(file) == "cache", sql


def test_other_columns_are_another_graph(file):
    by_graph(file)
    turned = file.execute("SELECT node, out_degree FROM graph_degree('edges') "
                          "WHERE src_col = 'target' AND dst_col = 'source'")
    assert turned == [(1, 0), (2, 1), (3, 1)]
    assert by_graph(file) == by_sql(file)


def test_a_write_is_seen_at_once(file):
    for sql in ["INSERT INTO edges VALUES (3, 1)", "UPDATE edges SET target = 9 WHERE source = 1",
                "DELETE FROM edges WHERE source = 2"]:
        by_graph(file)
        file.execute(sql)
        assert by_graph(file) == by_sql(file)


def test_inside_a_transaction(file):
    by_graph(file)
    before = by_sql(file)
    file.execute("BEGIN")
    file.execute("INSERT INTO edges VALUES (7, 8)")
    assert by_graph(file) == by_sql(file) != before
    assert reader(file) == "load"
    file.execute("SAVEPOINT s")
    file.execute("INSERT INTO edges VALUES (8, 9)")
    assert by_graph(file) == by_sql(file)
    file.execute("ROLLBACK TO s")
    assert by_graph(file) == by_sql(file)
    file.execute("ROLLBACK")
    assert by_graph(file) == by_sql(file) == before


def test_another_connection_s_commit_is_seen(file, connect, tmp_path):
    other = connect(tmp_path / "graph.db")
    by_graph(file)
    other.execute("INSERT INTO edges VALUES (3, 4)")
    assert by_graph(file) == by_sql(file)
    assert len(by_graph(file)) == 4


def test_another_table_of_the_same_name(file):
    by_graph(file)
    file.execute("DROP TABLE edges")
    file.execute("CREATE TABLE edges (target, source)")
    file.execute("INSERT INTO edges VALUES (1, 2)")
    assert by_graph(file) == [(1, 0), (2, 1)]
    file.execute("CREATE TEMP TABLE edges (source, target)")
    assert by_graph(file) == []
    assert by_graph(file, "main.edges") == [(1, 0), (2, 1)]


@pytest.mark.parametrize("path", [":memory:", "file"])
def test_random_changes(connect, tmp_path, path):
    """Whatever happens, the graph is that of the table: 400 steps by two connections or one."""
    path = path if path == ":memory:" else tmp_path / "graph.db"
    first = connect(path)
    first.script("CREATE TABLE edges (source, target); CREATE TABLE other (x);")
    engines = [first] if path == ":memory:" else [first, connect(path)]
    rng = random.Random(5)
    depth = {id(engine): 0 for engine in engines}
    cached = 0
    for _ in range(400):
        engine = rng.choice(engines)
        inside = depth[id(engine)]
        busy = any(depth.values()) and not inside
        u, v = rng.randrange(9), rng.randrange(9)
        step = rng.choice(["insert", "delete", "other", "begin", "commit", "rollback", "check",
                           "check", "check"])
        if step == "begin" and not inside and not busy:
            engine.execute("BEGIN IMMEDIATE")
            depth[id(engine)] = 1
        elif step in ("commit", "rollback") and inside:
            engine.execute(step)
            depth[id(engine)] = 0
        elif step == "insert" and not busy:
            engine.execute("INSERT INTO edges VALUES (?, ?)", (u, v))
        elif step == "delete" and not busy:
            engine.execute("DELETE FROM edges WHERE source = ?", (u,))
        elif step == "other" and not busy:
            engine.execute("INSERT INTO other VALUES (1)")
        else:
            assert by_graph(engine) == by_sql(engine)
            cached += reader(engine) == "cache"
    assert cached > 5


def test_views_and_queries_are_read_each_time(file):
    file.execute("CREATE VIEW v AS SELECT source, target FROM edges")
    for _ in range(2):
        assert by_graph(file, "v") == by_sql(file)
        assert reader(file) == "load"
    rows = file.execute("SELECT count(*) FROM graph_degree(db_query('SELECT * FROM edges'))")
    assert rows == [(3,)]


def test_the_cap_holds(file):
    file.execute("SELECT vec_config('cache_mb', 0)")
    for _ in range(2):
        assert by_graph(file) == by_sql(file)
        assert reader(file) == "load"
    file.execute("SELECT vec_config('cache_mb', 10)")
    for expected in ["load", "cache"]:
        by_graph(file)
        assert reader(file) == expected
    file.execute("SELECT vec_config('cache_mb', 0)")
    by_graph(file)
    assert reader(file) == "load"


def test_a_view_that_searches_itself(file):
    file.execute("CREATE VIEW v AS SELECT node AS source, 1 AS target FROM graph_bfs('v', 1)")
    with pytest.raises(file.Error, match="more than 10 searches inside one another"):
        file.execute("SELECT * FROM v")


def test_interrupt_stops_the_reading(engine):
    endless = ("db_query('WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) "
               "SELECT n % 1000, n % 997 FROM c')")
    timer = threading.Timer(0.2, engine.connection.interrupt)
    timer.start()
    with pytest.raises(engine.Error) as caught:
        engine.execute(f"SELECT count(*) FROM graph_components({endless})")
    timer.join()
    assert "interrupt" in str(caught.value).lower()


@pytest.mark.parametrize("sql", [
    "graph_pagerank('edges') WHERE tol = 0 AND max_iter = 1000000000",
    "graph_ppr('edges', 1) WHERE tol = 0 AND max_iter = 1000000000",
])
def test_interrupt_stops_the_computing(engine, sql):
    engine.execute("CREATE TABLE edges AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL "
                   "SELECT i + 1 FROM n WHERE i < 1000) SELECT i AS source, i % 7 AS target FROM n")
    done = threading.Event()

    def interrupt():
        while not done.wait(0.1):
            engine.connection.interrupt()

    thread = threading.Thread(target=interrupt)
    thread.start()
    try:
        with pytest.raises(engine.Error) as caught:
            engine.execute(f"SELECT count(*) FROM {sql}")
    finally:
        done.set()
        thread.join()
    assert "interrupt" in str(caught.value).lower()
    assert engine.execute("SELECT count(*) FROM graph_components('edges')") == [(1001,)]


# ---- calls inside a join ------------------------------------------------------------------------


INSIDE = {
    "left join": "SELECT n.id, d.node, d.degree FROM (SELECT 1 AS id UNION SELECT 2) AS n "
                 "LEFT JOIN graph_degree('edges') AS d ON d.node > n.id",
    "correlated": "SELECT n.id, (SELECT sum(d.degree) FROM graph_degree('edges') AS d "
                  "WHERE d.node > n.id) FROM (SELECT 1 AS id UNION SELECT 2) AS n",
}


@pytest.mark.parametrize("name", INSIDE)
def test_an_equal_call_of_the_same_statement_is_not_made_again(file, name):
    sql = INSIDE[name]
    outside = sql.replace("graph_degree('edges')", "d").replace(
        "SELECT", "WITH d AS MATERIALIZED (SELECT * FROM graph_degree('edges')) SELECT", 1)
    assert file.execute(sql) == file.execute(outside)
    assert reader(file) != "kept"
    file.execute(sql)
    assert reader(file) == "kept"
    # Another statement computes.
    by_graph(file)
    assert reader(file) == "cache"


def test_another_argument_is_another_call(file):
    for table in ["edges", "main.edges"]:
        file.execute("SELECT * FROM (SELECT 'weak' AS k UNION ALL SELECT 'strong') AS n "
                     f"CROSS JOIN graph_components('{table}', n.k) AS c")
        assert reader(file) == "cache"
    rows = file.execute("SELECT n.way, p.node FROM (SELECT 'out' AS way UNION ALL SELECT 'in') AS n"
                        " CROSS JOIN graph_bfs('edges', 1) AS p WHERE p.direction = n.way")
    assert rows == [("out", 1), ("out", 2), ("out", 3), ("in", 1)]


def test_a_change_between_two_rows_of_a_statement_is_seen(file):
    statement = file.connection.cursor().execute(
        "SELECT (SELECT count(*) FROM graph_degree('edges') WHERE n.value > 0) "
        "FROM json_each('[1, 2, 3, 4]') AS n")
    first = next(statement)
    file.execute("INSERT INTO edges VALUES (8, 9)")
    last = list(statement)[-1]  # Python itself may be a row ahead
    assert [first, last] == [(3,), (5,)]


def test_a_view_inside_a_join_is_read_for_each_row(file):
    file.execute("CREATE VIEW v AS SELECT source, target FROM edges")
    file.execute(INSIDE["left join"].replace("'edges'", "'v'"))
    assert reader(file) == "load"
