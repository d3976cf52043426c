"""What a statement asks of a graph function beyond its arguments: bounds, LIMIT, ORDER BY, IN."""

import itertools

import pytest
from graphs import random_graph, sql_key, write_graph


def last_edges(engine):
    return engine.execute("SELECT last_edges FROM graph_stats('edges')")[0][0]


@pytest.fixture
def edges(engine):
    write_graph(engine, random_graph(4, nodes=300, edges=900), index=True)
    return engine


def is_sorted_by_sqlite(engine, sql):
    return any("B-TREE" in row[3] for row in engine.execute(f"EXPLAIN QUERY PLAN {sql}"))


# ---- bounds -------------------------------------------------------------------------------------


@pytest.mark.parametrize("bound, least", [
    ("depth <= 2", 2), ("depth < 2", 2), ("depth <= 1.5", 2), ("2 >= depth", 2), ("depth <= 0", 1),
    ("depth <= -1", 1), ("depth <= 2 AND max_depth = 5", 2), ("depth <= 5 AND max_depth = 2", 2),
    ("depth <= 2 AND depth > 0", 2)])
def test_a_bound_on_depth_is_one_on_the_search(edges, bound, least):
    everything = edges.execute("SELECT * FROM graph_bfs('edges', 5)")
    edges.execute("CREATE TABLE other (x)")  # forget the graph
    found = edges.execute(f"SELECT * FROM graph_bfs('edges', 5) WHERE {bound}")
    touched = last_edges(edges)
    columns = "node, depth, parent, edge_id, root"
    edges.execute(f"CREATE TABLE every ({columns})")
    for row in everything:
        edges.execute("INSERT INTO every VALUES (?, ?, ?, ?, ?)", row)
    condition = bound.split(" AND max_depth")[0] if "max_depth = 2" not in bound else "depth <= 2"
    assert found == edges.execute(f"SELECT * FROM every WHERE {condition}")
    edges.execute("CREATE TABLE another (x)")
    edges.execute("SELECT * FROM graph_bfs('edges', 5, ?)", (least,))
    assert touched <= last_edges(edges)


@pytest.mark.parametrize("bound", ["'2'", "'x'", "NULL", "x'00'", "9e999", "-9e999", "2.5",
                                   "9223372036854775807", "-9223372036854775808"])
@pytest.mark.parametrize("how", ["<", "<=", ">", ">=", "=", "<>", "IS"])
def test_a_bound_means_what_it_means_in_sql(edges, how, bound):
    for table, column in (("graph_bfs('edges', 5)", "depth"),
                          ("graph_distances('edges', 5, 'weight')", "cost"),
                          ("graph_paths('edges', 5, NULL, 1, 3)", "length"),
                          ("graph_k_shortest_paths('edges', 5, 6)", "path_id"),
                          ("graph_ppr('edges', 5)", "rank")):
        edges.execute(f"CREATE TEMP TABLE kept AS SELECT * FROM {table}")
        plain = edges.execute(f"SELECT * FROM kept WHERE {column} {how} {bound}")
        assert edges.execute(f"SELECT * FROM {table} WHERE {column} {how} {bound}") == plain
        edges.execute("DROP TABLE kept")


def test_a_bound_of_another_table(edges):
    edges.execute("CREATE TABLE bounds (b)")
    edges.execute("INSERT INTO bounds VALUES (0), (1), ('x'), (NULL), (2)")
    sql = "SELECT b, node FROM bounds CROSS JOIN graph_bfs('edges', 5) WHERE {} <= {} ORDER BY 1, 2"
    assert edges.execute(sql.format("depth", "b")) == edges.execute(sql.format("+depth", "+b"))
    sql = "SELECT b, node FROM bounds LEFT JOIN graph_bfs('edges', 5) ON {} <= {} ORDER BY 1, 2"
    assert edges.execute(sql.format("depth", "b")) == edges.execute(sql.format("+depth", "+b"))


@pytest.mark.parametrize("sql", [
    "graph_bfs('edges', 5) WHERE max_depth <= 2",
    "graph_bfs('edges', 5) WHERE max_depth < 2",
    "graph_bfs('edges', 5) WHERE max_nodes <> 2",
    "graph_bfs('edges', 5) WHERE direction IS 'in'",
    "graph_bfs('edges', 5) WHERE direction LIKE 'in'",
    "graph_distances('edges', 5) WHERE max_cost > 2",
])
def test_an_argument_that_is_compared_is_an_error(edges, sql):
    """It is not given then, and no row would be left."""
    with pytest.raises(edges.Error, match="is an argument: give it by ="):
        edges.execute(f"SELECT * FROM {sql}")


def test_arguments_that_are_given_can_be_compared(edges):
    rows = edges.execute("SELECT node FROM graph_bfs('edges', 5) WHERE max_depth = 1 AND max_depth < 2")
    assert rows == edges.execute("SELECT node FROM graph_bfs('edges', 5, 1)")
    assert edges.execute("SELECT node FROM graph_bfs('edges', 5, 1) WHERE max_depth IS NULL") == []


# ---- LIMIT --------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", [
    "graph_bfs('edges', '[5, 6, 7]')", "graph_distances('edges', 5, 'weight')",
    "graph_paths('edges', 5)", "graph_neighbors('edges', '[5, 6]')",
    "graph_k_shortest_paths('edges', 5, 6)"])
def test_a_limit_gives_the_first_rows(edges, table):
    everything = edges.execute(f"SELECT * FROM {table}")
    for limit, offset in itertools.product([0, 1, 2, 5, 17, 100, -1], [0, 1, 5]):
        end = None if limit < 0 else offset + limit
        assert edges.execute(f"SELECT * FROM {table} LIMIT {limit} OFFSET {offset}"
                             ) == everything[offset:end]
        first = table.split("(")[0]
        assert edges.execute(f"SELECT x.* FROM (SELECT * FROM {table} LIMIT {limit}) AS x, "
                             "(SELECT 1)") == everything[:None if limit < 0 else limit], first
    assert edges.execute(f"SELECT * FROM {table} WHERE rowid > 2 LIMIT 3") == everything[2:5]
    assert edges.execute(f"SELECT * FROM {table} UNION ALL SELECT * FROM {table} LIMIT 4 OFFSET 2"
                         ) == (everything + everything)[2:6]


def test_a_limit_ends_a_search(edges):
    if edges.version < (3, 38):
        pytest.fail("the tests need SQLite 3.38")
    edges.execute("SELECT node FROM graph_bfs('edges', 5) LIMIT 3")
    assert last_edges(edges) < 20
    edges.execute("CREATE TABLE other (x)")  # forget the graph
    edges.execute("SELECT node FROM graph_distances('edges', 5) LIMIT 3")
    assert last_edges(edges) < 20
    edges.execute("CREATE TABLE another (x)")
    edges.execute("SELECT node FROM graph_bfs('edges', 5) WHERE node > 7 LIMIT 3")
    assert last_edges(edges) > 200  # the rows that count may be anywhere


@pytest.mark.parametrize("table", [
    "graph_pagerank('edges')", "graph_ppr('edges', 5)", "graph_ppr('edges', 5) WHERE eps = 1e-4",
    "graph_betweenness('edges')", "graph_closeness('edges')", "graph_closeness('edges', '[5, 6, 7]')",
    "graph_similarity('edges')", "graph_similarity('edges', '[5, 6, 7]') WHERE top_k = 4"])
def test_a_limit_gives_the_first_of_all_nodes(edges, table):
    everything = edges.execute(f"SELECT * FROM {table}")
    for limit, offset in itertools.product([0, 1, 2, 5, 17, 10000, -1], [0, 3]):
        end = None if limit < 0 else offset + limit
        assert edges.execute(f"SELECT * FROM {table} LIMIT {limit} OFFSET {offset}"
                             ) == everything[offset:end]
    assert edges.execute(f"SELECT * FROM {table} {'AND' if 'WHERE' in table else 'WHERE'} "
                         "node > 3 LIMIT 2") == [row for row in everything if row[0] > 3][:2]
    assert edges.execute(f"SELECT node FROM {table} ORDER BY node DESC LIMIT 3") == sorted(
        ((row[0],) for row in everything), reverse=True)[:3]
    assert edges.execute(f"SELECT count(*) FROM {table} LIMIT 1") == [(len(everything),)]


@pytest.mark.parametrize("bound", ["3", "0", "-1", "2.5", "NULL", "9e999", "10000"])
@pytest.mark.parametrize("how", ["<", "<=", "=", ">"])
def test_a_bound_on_rank_is_top_k(edges, how, bound):
    for table in ("graph_pagerank('edges')", "graph_ppr('edges', 5)", "graph_betweenness('edges')",
                  "graph_closeness('edges', '[5, 6, 7, 8]')"):
        sql = f"SELECT * FROM {table} WHERE {{}} {how} {bound}"
        expected = edges.execute(sql.format("+rank"))
        assert edges.execute(sql.format("rank")) == expected
        assert edges.execute(sql.format("rank") + " AND top_k = 2") == edges.execute(
            sql.format("+rank") + " AND top_k = 2")
        best = sql.format("rank") + " ORDER BY score DESC LIMIT 2"
        assert edges.execute(best) == expected[:2]


# ---- ORDER BY -----------------------------------------------------------------------------------


@pytest.mark.parametrize("table, order", [
    ("graph_bfs('edges', '[5, 6]')", "depth, root, node"),
    ("graph_distances('edges', 5, 'weight')", "cost, hops, node"),
    ("graph_neighbors('edges', '[5, 6]')", "node, neighbor"),
    ("graph_all_shortest_paths('edges', 5, 6)", "path_id, step"),
    ("graph_k_shortest_paths('edges', 5, 6)", "path_id, step"),
    ("graph_shortest_path('edges', 5, 6)", "step"),
    ("graph_paths('edges', 5)", "path_id"),
])
def test_rows_come_in_order(edges, table, order):
    columns = order.split(", ")
    for n in range(1, len(columns) + 1):
        given = ", ".join(columns[:n])
        assert not is_sorted_by_sqlite(edges, f"SELECT * FROM {table} ORDER BY {given}")
        rows = edges.execute(f"SELECT {given} FROM {table} ORDER BY {given}")
        assert rows == sorted(rows, key=lambda row: [sql_key(value) for value in row])
        assert len(rows) > 1
        for other in (f"{given} DESC", f"{given} NULLS LAST", f"-{columns[0]}", f"{given}, rowid"):
            sql = f"SELECT {given} FROM {table} ORDER BY {other} LIMIT 4"
            assert edges.execute(sql) == edges.execute(
                f"SELECT * FROM (SELECT rowid, * FROM {table}) ORDER BY {other} LIMIT 4".replace(
                    "SELECT *", f"SELECT {given}", 1))


# ---- IN -----------------------------------------------------------------------------------------


def test_several_values_of_an_argument_are_several_calls(edges):
    one = "SELECT * FROM graph_shortest_path('edges', {}, {})"
    expected = [row for source, target in itertools.product([5, 6], [7, 8])
                for row in edges.execute(one.format(source, target))]
    found = edges.execute("SELECT * FROM graph_shortest_path('edges') WHERE source IN (5, 6) AND "
                          "target IN (SELECT 7 UNION ALL SELECT 8)")
    assert sorted(found, key=str) == sorted(expected, key=str) != []
    depths = edges.execute("SELECT max_depth, count(*) FROM graph_bfs('edges', 5) "
                           "WHERE max_depth IN (0, 1) GROUP BY 1")
    assert depths == [(n, len(edges.execute(f"SELECT * FROM graph_bfs('edges', 5, {n})")))
                      for n in (0, 1)]
