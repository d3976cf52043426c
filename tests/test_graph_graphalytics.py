"""The answers that LDBC Graphalytics publishes for its validation graphs, for all six algorithms."""

import math

import pytest
from graphs import write_edges

DIRECTED = [
    (1, 3, .5), (1, 5, .3), (2, 4, .1), (2, 5, .3), (2, 10, .12), (3, 1, .53), (3, 5, .62),
    (3, 8, .21), (3, 10, .52), (5, 3, .69), (5, 4, .53), (5, 8, .1), (6, 3, .23), (6, 4, .39),
    (7, 4, .83), (8, 1, .39), (9, 4, .69)]
UNDIRECTED = [
    (2, 3, .9), (2, 4, .69), (3, 4, .13), (3, 5, .5), (3, 8, .32), (5, 6, .63), (5, 8, .12),
    (6, 7, .53), (6, 8, .64), (6, 9, .23), (6, 10, .63), (7, 9, .36)]
# A graph for label propagation alone, by source.
CDLP = {1: [2, 3, 7], 2: [1, 3], 3: [1, 2], 4: [5, 6], 5: [4, 6, 7], 6: [5, 7], 7: [5, 6, 8], 8: [6]}

both = pytest.mark.parametrize("edges, direction", [(DIRECTED, "out"), (UNDIRECTED, "both")],
                               ids=["directed", "undirected"])


def ask(engine, edges, sql, *arguments):
    write_edges(engine, edges)
    return dict(engine.execute(sql, arguments))


def close(found, expected):
    return found.keys() == expected.keys() and all(
        math.isclose(found[node], expected[node], rel_tol=1e-12) for node in found)


BFS = {"out": {1: 0, 3: 1, 4: 2, 5: 1, 8: 2, 10: 2},
       "both": {2: 0, 3: 1, 4: 1, 5: 2, 6: 3, 7: 4, 8: 2, 9: 4, 10: 4}}


@both
def test_bfs(engine, edges, direction):
    sql = "SELECT node, depth FROM graph_bfs('edges', ?) WHERE direction = ?"
    assert ask(engine, edges, sql, min(BFS[direction]), direction) == BFS[direction]


SSSP = {"out": {1: 0, 3: .5, 4: .83, 5: .3, 8: .4, 10: 1.02},
        "both": {2: 0, 3: .82, 4: .69, 5: 1.26, 6: 1.78, 7: 2.31, 8: 1.14, 9: 2.01, 10: 2.41}}


@both
def test_sssp(engine, edges, direction):
    sql = ("SELECT node, cost FROM graph_distances('edges', ?) WHERE direction = ? "
           "AND weight_col = 'weight'")
    assert close(ask(engine, edges, sql, min(SSSP[direction]), direction), SSSP[direction])


@both
def test_wcc(engine, edges, direction):
    nodes = {node for source, target, _ in edges for node in (source, target)}
    sql = "SELECT node, component FROM graph_components('edges')"
    assert ask(engine, edges, sql) == dict.fromkeys(nodes, min(nodes))


# After two rounds.
PAGERANK = {
    "out": {1: .1477629166666667, 2: .04753375, 3: .1550469444444444, 4: .1597573611111111,
            5: .14624, 6: .04753375, 7: .04753375, 8: .1135740277777778, 9: .04753375,
            10: .08748375},
    "both": {2: .09084490740740739, 3: .1424089506172839, 4: .09084490740740739,
             5: .1249891975308642, 6: .1686172839506173, 7: .09749537037037037,
             8: .1249891975308642, 9: .09749537037037037, 10: .06231481481481481}}


@both
def test_pagerank(engine, edges, direction):
    sql = ("SELECT node, score FROM graph_pagerank('edges') WHERE direction = ? AND damping = .85 "
           "AND tol = 0 AND max_iter = 2")
    assert close(ask(engine, edges, sql, direction), PAGERANK[direction])


LCC = {"out": {1: 2 / 3, 2: 1 / 6, 3: .15, 4: .05, 5: .25, 6: 0, 7: 0, 8: 5 / 6, 9: 0, 10: 0},
       "both": {2: 1, 3: 1 / 3, 4: 1, 5: 2 / 3, 6: .2, 7: 1, 8: 2 / 3, 9: 1, 10: 0}}


@both
def test_lcc(engine, edges, direction):
    sql = "SELECT node, clustering FROM graph_triangles('edges', ?)"
    assert close(ask(engine, edges, sql, direction), LCC[direction])


@pytest.mark.parametrize("edges, rounds, expected", [
    (DIRECTED, 2, {1: 1, 2: 2, 3: 3, 4: 4, 5: 1, 6: 1, 7: 2, 8: 3, 9: 2, 10: 1}),
    (UNDIRECTED, 2, {2: 2, 3: 3, 4: 2, 5: 2, 6: 6, 7: 5, 8: 2, 9: 5, 10: 5}),
    ([(source, target) for source in CDLP for target in CDLP[source]], 5,
     {1: 1, 2: 1, 3: 1, 4: 5, 5: 4, 6: 4, 7: 4, 8: 4}),
], ids=["directed", "undirected", "cdlp"])
def test_cdlp(engine, edges, rounds, expected):
    sql = "SELECT node, community FROM graph_label_propagation('edges', ?)"
    assert ask(engine, edges, sql, rounds) == expected
