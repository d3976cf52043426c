"""simple = 1 is the graph that a GROUP BY makes; and what holds for every function of a graph."""

import random

import pytest
from graphs import random_graph, simple, write_edges, write_graph
from test_interrupt import interrupted

ONCE = "SELECT source, target, min(weight) AS weight FROM edges WHERE source <> target GROUP BY 1, 2"
# Ids are integers here, so that min() and max() of SQL order them.
EITHER_WAY = ("SELECT min(source, target) AS source, max(source, target) AS target, "
              "min(weight) AS weight FROM edges WHERE source <> target GROUP BY 1, 2")
NODES = "db_query('SELECT source AS id FROM edges UNION SELECT target FROM edges')"


@pytest.mark.parametrize("weight", [None, "weight"])
@pytest.mark.parametrize("function, direction", [
    ("graph_degree({})", None),
    ("graph_pagerank({})", "out"), ("graph_pagerank({})", "in"), ("graph_pagerank({})", "both"),
    ("graph_ppr({}, '[3, 4]')", "out"), ("graph_ppr({}, '[3, 4]')", "both"),
    ("graph_label_propagation({})", "in"), ("graph_label_propagation({})", "both"),
], ids=str)
def test_simple_is_a_group_by(engine, function, direction, weight):
    different = 0
    for seed in range(3):
        graph = random_graph(seed, 15, 70)
        engine.execute("DROP TABLE IF EXISTS edges")
        write_graph(engine, graph, shuffle=seed)
        where = " WHERE weight_col = :weight"
        if direction:
            where += " AND direction = :direction"
        values = {"weight": weight, "direction": direction}
        if not direction:
            del values["direction"]
        found = engine.execute(
            f"SELECT * FROM {function.format(repr('edges'))}{where} AND simple = 1", values)
        source = f"db_query('{EITHER_WAY if direction == 'both' else ONCE}')"
        assert found == engine.execute(
            f"SELECT * FROM {function.format(source)}{where} AND node_table = {NODES}", values)
        plain = engine.execute(f"SELECT * FROM {function.format(repr('edges'))}{where} "
                               "AND simple = 0", values)
        different += plain != found
        assert plain == engine.execute(f"SELECT * FROM {function.format(repr('edges'))}{where}",
                                       values)
    assert different > 0


@pytest.mark.parametrize("function", ["kcore", "triangles", "closeness", "betweenness"])
def test_other_ids_give_the_same_values(engine, function):
    graph = simple(random_graph(9, 30, 90))
    names = list(range(1000, 1030))
    random.Random(1).shuffle(names)
    write_edges(engine, graph.edges())
    write_edges(engine, [(f"n{names[u]}", f"n{names[v]}") for u, v in graph.edges], "renamed")
    column = {"kcore": "core", "triangles": "triangles"}.get(function, "score")
    found, renamed = (dict(engine.execute(f"SELECT node, {column} FROM graph_{function}('{table}')"))
                      for table in ["edges", "renamed"])
    assert all(abs(found[n] - renamed[f"n{names[n]}"]) < 1e-12 for n in graph)


LARGE = ("db_query('WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000) "
         "SELECT i, i * i % 29989 FROM n UNION ALL SELECT i, i * 7919 % 29983 FROM n')")


@pytest.mark.parametrize("call", [
    f"graph_closeness({LARGE}) WHERE direction = 'both'",
    f"graph_betweenness({LARGE}) WHERE direction = 'both'",
    "graph_label_propagation(db_query('SELECT 1, 2'), 1000000000000)",
    "graph_similarity(db_query('WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
    "WHERE i < 30000) SELECT i, 0 FROM n')) WHERE top_k = 1",
], ids=["closeness", "betweenness", "labels", "similarity"])
def test_interrupt_stops_what_takes_long(engine, call):
    message, seconds = interrupted(engine, f"SELECT count(*) FROM {call}", after=0.3)
    assert "interrupt" in message.lower()
    assert seconds < 2
    assert engine.execute("SELECT count(*) FROM graph_kcore(db_query('SELECT 1, 2'))") == [(2,)]
