"""graph_pagerank and graph_ppr on graphs where a power iteration is slow, against one in numpy.

Where the first rounds show that it is slow, other ways stand in for most rounds: by strong
components along edges one way, with momentum in both directions. Graphs with few edges are left to
plain rounds, so those here have more.
"""

import functools
import json

import numpy as np
import pytest

N = 2100
E = 4400


def chain(_):
    """A long way, and at its end nothing leaves."""
    at = np.arange(5 * N // 2)
    return at, at + 1


def cycle(_):
    at = np.arange(2 * N)
    return at, (at + 1) % (2 * N)


def pairs(random):
    """Cycles of two nodes behind a chain: their changes alternate, and shrink as slowly as any."""
    at = np.arange(2 * N)
    chained = np.arange(N)
    ends = random.integers(N, size=N)
    return (np.concatenate([chained, ends, N + at]),
            np.concatenate([chained + 1, N + 2 * np.arange(N), N + (at ^ 1)]))


def acyclic(random):
    """Most nodes are left by nothing."""
    source = random.integers(N // 3, size=E)
    return source, source + 1 + random.integers(N, size=E)


def bipartite(random):
    """From one half to the other and back: no round is like the one before."""
    there, back = random.integers(N, size=(2, E)), random.integers(N, size=(2, E))
    return np.concatenate([there[0], N + back[0]]), np.concatenate([N + there[1], back[1]])


def clusters(random):
    """Strong components of all sizes, that lead to later ones, with self-loops."""
    cluster = np.sort(random.integers(60, size=N))
    source, target = random.integers(N, size=(2, 40 * N))
    keep = (cluster[source] == cluster[target]) | (
        (cluster[source] < cluster[target]) & (random.random(40 * N) < 0.02))
    loops = random.integers(N, size=50)
    source, target = source[keep], target[keep]
    ring = np.arange(N)
    following = np.where(np.roll(cluster, -1) == cluster, np.roll(ring, -1), ring)
    return (np.concatenate([source, loops, ring]), np.concatenate([target, loops, following]))


def hub(random):
    """Two nodes with thousands of edges, to and from one another as well."""
    leaves = np.arange(2, N)
    some = random.choice(leaves, N // 2, replace=False)
    return (np.concatenate([np.zeros(N - 2, int), leaves, np.ones(N // 2, int), [0, 1]]),
            np.concatenate([leaves, leaves % 2, some, [1, 0]]))


SHAPES = {make.__name__: make
          for make in (chain, cycle, pairs, acyclic, bipartite, clusters, hub)}


@functools.cache
class Case:
    """A graph as arrays and as a table, whose integer weights may be 0."""

    def __init__(self, name):
        random = np.random.default_rng(sum(map(ord, name)))
        _, ends = np.unique(np.stack(SHAPES[name](random)), return_inverse=True)
        self.source, self.target = ends.reshape(2, -1)  # no node without an edge
        self.weight = random.integers(0, 4, size=len(self.source)).astype(float)
        self.size = int(ends.max()) + 1
        assert len(self.source) >= 4096

    def write(self, engine):
        engine.execute("CREATE TABLE edges (source, target, weight)")
        rows = np.stack([self.source, self.target, self.weight], axis=1).astype(int).tolist()
        engine.execute("INSERT INTO edges SELECT value ->> 0, value ->> 1, value ->> 2 "
                       "FROM json_each(?)", (json.dumps(rows),))


@functools.cache
def exact(case, direction, damping, seeds=None, weighted=False, rounds=3000, tolerance=1e-14):
    """The limit of plain rounds, and how many it took until the change was below `tolerance`."""
    source, target = case.source, case.target
    weight = case.weight if weighted else np.ones(len(source))
    if direction == "in":
        source, target = target, source
    if direction == "both":
        other = source != target
        source, target = (np.concatenate([source, target[other]]),
                          np.concatenate([target, source[other]]))
        weight = np.concatenate([weight, weight[other]])
    leaving = np.bincount(source, weight, case.size)
    share = weight / np.where(leaving > 0, leaving, 1)[source]
    start = np.full(case.size, 1 / case.size)
    if seeds is not None:
        start = np.bincount(seeds, minlength=case.size) / len(seeds)
    x = start
    for taken in range(1, rounds + 1):
        y = damping * np.bincount(target, x[source] * share, case.size)
        y += start * (1 - damping + damping * x[leaving == 0].sum())
        change = np.abs(y - x).sum()
        x = y
        if change < tolerance:
            break
    return x / x.sum(), taken


def scores(engine, case, sql, *params):
    found = np.zeros(case.size)
    for node, score in engine.execute(f"SELECT node, score FROM {sql}", params):
        assert score > 0
        found[node] = score
    assert abs(found.sum() - 1) < 1e-12
    return found


@pytest.fixture(params=SHAPES)
def case(request, engine):
    made = Case(request.param)
    made.write(engine)
    return made


SEEDS = (0, 7, 900)
PERSONAL = f"graph_ppr('edges', '{list(SEEDS)}')"


@pytest.mark.parametrize("direction", ["out", "in", "both"])
def test_scores_are_the_limit_of_plain_rounds(engine, case, direction):
    reached = np.zeros(case.size, bool)
    for node, in engine.execute("SELECT node FROM graph_bfs('edges', ?, NULL, ?)",
                                (str(list(SEEDS)), direction)):
        reached[node] = True
    for damping, tolerance, weight in [(0.85, 1e-10, None), (0.5, 1e-13, None),
                                       (0.95, 1e-10, "weight"), (0, 1e-10, None)]:
        where = "damping = ? AND tol = ? AND direction = ? AND weight_col = ? AND max_iter = 2000"
        given = (damping, tolerance, direction, weight)
        # What is left to change when a round changes so much.
        error = tolerance / (1 - damping) + 2e-13
        for call, seeds in [("graph_pagerank('edges')", None),
                            (PERSONAL, SEEDS)]:
            found = scores(engine, case, f"{call} WHERE {where}", *given)
            wanted, _ = exact(case, direction, damping, seeds, weight is not None)
            assert np.abs(found - wanted).sum() <= error, (call, given)
            assert found[wanted > error].all()
            if seeds and not weight:
                assert not found[~reached].any()
            again = scores(engine, case, f"{call} WHERE {where}", *given)
            assert (found == again).all()


@pytest.mark.parametrize("direction", ["out", "in", "both"])
def test_no_tolerance_means_plain_rounds(engine, case, direction):
    for rounds in [1, 4, 30]:
        found = scores(engine, case, f"{PERSONAL} WHERE tol = 0 AND direction = ? AND max_iter = ?",
                       direction, rounds)
        wanted, taken = exact(case, direction, 0.85, SEEDS, rounds=rounds, tolerance=0)
        assert taken == rounds
        assert np.abs(found - wanted).max() < 1e-12


@pytest.mark.parametrize("name, call, rounds", [
    ("chain", "graph_pagerank('edges', 0.999)", 10),
    ("chain", "graph_pagerank('edges', 0.999) WHERE direction = 'in'", 10),
    ("acyclic", "graph_ppr('edges', 0, 0.999, 'out')", 10),
    ("pairs", "graph_pagerank('edges')", 60),
    ("clusters", "graph_pagerank('edges')", 100),
    ("pairs", "graph_pagerank('edges') WHERE direction = 'both'", 60),
    ("bipartite", "graph_ppr('edges', 3)", 60),
    ("cycle", "graph_ppr('edges', 3)", 60),
])
def test_fewer_rounds_are_enough(engine, name, call, rounds):
    """The plain ones that it takes are counted in numpy."""
    case = Case(name)
    case.write(engine)
    direction = "in" if "'in'" in call else "both" if "'both'" in call or "3)" in call else "out"
    seeds = (0,) if ", 0, " in call else (3,) if ", 3)" in call else None
    _, taken = exact(case, direction, 0.999 if "0.999" in call else 0.85, seeds, rounds=2000,
                     tolerance=1e-10)
    assert taken > rounds, taken
    term = "AND" if "WHERE" in call else "WHERE"
    scores(engine, case, f"{call} {term} max_iter = ?", rounds)


def test_rounds_up_to_the_last_one_are_plain(engine):
    """Once it knows that they are slow none is left in which to do otherwise."""
    case = Case("pairs")
    case.write(engine)
    for rounds in [3, 4]:
        found = scores(engine, case, "graph_pagerank('edges') WHERE on_max_iter = 'return' "
                                     "AND max_iter = ?", rounds)
        wanted, _ = exact(case, "out", 0.85, rounds=rounds, tolerance=0)
        assert np.abs(found - wanted).max() < 1e-15


def test_one_slow_round_among_faster_ones(engine):
    """What is slow is told by two: momentum took more rounds here than the default allows."""
    edges = [(1, 3), (6, 4), (5, 7), (3, 3), (3, 3), (1, 2), (4, 5), (5, 6), (2, 3), (0, 7), (5, 1),
             (5, 7), (1, 2), (5, 0), (5, 4), (0, 1)]
    engine.execute("CREATE TABLE edges (source, target)")
    for edge in edges:
        engine.execute("INSERT INTO edges VALUES (?, ?)", edge)
    found = engine.execute("SELECT score FROM graph_ppr('edges', 5, 0.997)")
    assert len(found) == 8 and abs(sum(score for score, in found) - 1) < 1e-12


def test_too_few_rounds_are_an_error_all_the_same(engine):
    case = Case("pairs")
    case.write(engine)
    for direction in ["out", "both"]:
        sql = f"graph_pagerank('edges') WHERE direction = '{direction}' AND max_iter = 15"
        with pytest.raises(engine.Error, match="after max_iter = 15 rounds the scores still change"):
            engine.execute(f"SELECT * FROM {sql}")
        found = scores(engine, case, sql + " AND on_max_iter = 'return'")
        wanted, _ = exact(case, direction, 0.85)
        assert np.abs(found - wanted).sum() < 0.1


def test_each_node_that_is_reached_has_a_score(engine):
    """However little: by strong components it does not depend on the number of rounds."""
    case = Case("clusters")
    case.write(engine)
    reached = {node for node, in engine.execute("SELECT node FROM graph_bfs('edges', 0)")}
    assert 100 < len(reached) < case.size
    found = scores(engine, case, "graph_ppr('edges', 0) WHERE direction = 'out'")
    assert set(np.flatnonzero(found).tolist()) == reached


@pytest.mark.parametrize("name", ["chain", "cycle", "pairs"])
@pytest.mark.parametrize("call", ["graph_pagerank('edges')", "graph_ppr('edges', 0)",
                                  "graph_ppr('edges', 0, 0.99, 'out') WHERE eps = 1e-12"])
def test_many_rows_come_by_rank(engine, name, call):
    """Of equal scores, as all on a cycle are, the smallest id first."""
    case = Case(name)
    case.write(engine)
    rows = engine.execute(f"SELECT node, score, rank FROM {call}")
    if call.startswith("graph_pagerank"):
        assert len(rows) == case.size > 4096
    assert rows == sorted(rows, key=lambda row: (-row[1], row[0]))
    assert [row[2] for row in rows] == list(range(1, len(rows) + 1))
    term = "AND" if "WHERE" in call else "WHERE"
    assert rows[:70] == engine.execute(f"SELECT node, score, rank FROM {call} {term} top_k = 70")
