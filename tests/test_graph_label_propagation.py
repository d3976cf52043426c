"""graph_label_propagation against its definition."""

from collections import defaultdict

import networkx as nx
import pytest
from graphs import ID_TYPES, directed, random_graph, simple, sql_key, write_edges, write_graph


def vote(walked, node, labels, weight=None):
    """The label with the most votes of those whose edges lead to `node`, the smallest of several."""
    votes = defaultdict(int)
    for source, _, data in walked.in_edges(node, data=True):
        votes[labels[source]] += data["weight"] if weight else 1
    votes = {label: count for label, count in votes.items() if count > 0}
    if not votes:
        return labels[node]
    return min((label for label in votes if votes[label] == max(votes.values())), key=sql_key)


def synchronous(walked, rounds, weight=None):
    labels = {node: node for node in walked}
    for _ in range(rounds):
        labels = {node: vote(walked, node, labels, weight) for node in walked}
    return labels


@pytest.mark.parametrize("id_type", ID_TYPES)
@pytest.mark.parametrize("direction", ["out", "in", "both"])
def test_synchronous_is_the_definition(engine, id_type, direction):
    for seed in range(4):
        graph = random_graph(seed, 30, 40 + 20 * seed, ID_TYPES[id_type])
        write_graph(engine, graph, f"e{seed}", shuffle=seed)
        walked = directed(graph, direction)
        for rounds in [0, 1, 2, 5, 10]:
            for weight in [None, "weight"]:
                found = engine.execute(
                    f"SELECT node, community FROM graph_label_propagation('e{seed}', ?) "
                    "WHERE direction = ? AND weight_col = ?", (rounds, direction, weight))
                assert [row[0] for row in found] == sorted(graph, key=sql_key)
                assert dict(found) == synchronous(walked, rounds, weight)


def test_ten_rounds_are_the_default(engine):
    graph = random_graph(3, 60, 90)
    write_graph(engine, graph)
    found = dict(engine.execute("SELECT * FROM graph_label_propagation('edges')"))
    assert found == synchronous(directed(graph, "both"), 10)


def last_converged(engine):
    return engine.execute("SELECT last_function, last_converged FROM graph_stats('edges')")


def test_synchronous_may_swing_for_ever(engine):
    write_edges(engine, [(1, 2)])
    for rounds, labels in [(10, [(1, 1), (2, 2)]), (11, [(1, 2), (2, 1)])]:
        sql = "SELECT * FROM graph_label_propagation('edges', ?)"
        assert engine.execute(sql, (rounds,)) == labels
        assert last_converged(engine) == [("graph_label_propagation", 0)]
    with pytest.raises(engine.Error, match="after max_iter = 11 rounds labels still change"):
        engine.execute(sql + " WHERE on_max_iter = 'error'", (11,))
    settled = "SELECT * FROM graph_label_propagation('edges') WHERE mode = 'async'"
    assert len({label for _, label in engine.execute(settled + " AND on_max_iter = 'error'")}) == 1
    assert last_converged(engine) == [("graph_label_propagation", 1)]


def cliques(count, size):
    """Cliques in a ring, each joined to the next by one edge."""
    return nx.relabel_nodes(nx.connected_caveman_graph(count, size), lambda n: n + 1)


@pytest.mark.parametrize("seed", range(5))
def test_asynchronous_settles_where_every_node_agrees_with_most(engine, seed):
    graph = random_graph(seed, 60, 150)
    write_graph(engine, graph)
    sql = "SELECT * FROM graph_label_propagation('edges', 1000, 'async', ?)"
    found = engine.execute(sql + " WHERE on_max_iter = 'error'", (seed,))
    assert found == engine.execute(sql, (seed,))
    labels = dict(found)
    walked = directed(graph, "both")
    assert all(vote(walked, node, labels) == labels[node] for node in graph)


def test_the_seed_is_the_order(engine):
    write_graph(engine, random_graph(1, 60, 90))
    sql = "SELECT group_concat(community) FROM graph_label_propagation('edges', 1, 'async', ?)"
    results = {engine.execute(sql, (seed,))[0] for seed in range(6)}
    assert len(results) > 3
    write_graph(engine, random_graph(1, 60, 90), "shuffled", shuffle=7)
    assert results == {engine.execute(sql.replace("edges", "shuffled"), (seed,))[0]
                       for seed in range(6)}


@pytest.mark.parametrize("mode", ["sync", "async"])
def test_cliques_are_communities(engine, mode):
    write_edges(engine, cliques(6, 8).edges())
    found = engine.execute("SELECT community, count(*) FROM graph_label_propagation('edges', 50, ?) "
                           "GROUP BY community", (mode,))
    assert [count for _, count in found] == [8] * 6


@pytest.mark.parametrize("direction", ["out", "both"])
def test_simple(engine, direction):
    graph = random_graph(5, 20, 90)
    write_graph(engine, graph)
    found = dict(engine.execute("SELECT * FROM graph_label_propagation('edges') WHERE simple = 1 "
                                "AND direction = ?", (direction,)))
    plain = simple(graph, direction == "both")
    assert found == synchronous(plain.to_directed(), 10)
    assert found != dict(engine.execute("SELECT * FROM graph_label_propagation('edges') WHERE "
                                        "direction = ?", (direction,)))


def test_arguments(engine):
    write_edges(engine, [(1, 2, None), (2, 3, 5)])
    engine.execute("CREATE TABLE nodes (id)")
    engine.execute("INSERT INTO nodes VALUES (9)")
    found = engine.execute("SELECT * FROM graph_label_propagation('edges', 1) WHERE node_table = "
                           "'nodes' AND weight_col = 'weight' AND null_weight = 0")
    assert found == [(1, 1), (2, 3), (3, 2), (9, 9)]
    assert engine.execute(
        "SELECT * FROM graph_label_propagation(db_query('SELECT 1, 2 WHERE 0'))") == []
    assert engine.execute("SELECT * FROM graph_label_propagation(db_query('SELECT 1, 1'))") == [
        (1, 1)]
    for wrong, message in [("mode = 'fast'", "unknown mode 'fast'"), ("seed = -1", "seed must be"),
                           ("max_iter = 1.5", "max_iter must be"), ("simple = 2", "simple must be"),
                           ("on_max_iter = 'stop'", "unknown on_max_iter 'stop'")]:
        with pytest.raises(engine.Error, match=message):
            engine.execute(f"SELECT * FROM graph_label_propagation('edges') WHERE {wrong}")
