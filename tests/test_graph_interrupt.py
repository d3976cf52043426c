"""Graph functions ask for an interrupt often enough, whatever they are doing.

Each time they ask, a statement runs, and so does the progress handler: it counts the questions, and
stops the work at any of them.
"""

import sqlite3

import pytest
from conftest import LIBRARY

NODES = 60_000
# Numbers far apart are read into memory by another way than numbers close together, text by a third.
IDS = {"close": "i", "apart": "i * 1000003", "text": "'n' || i"}
CALLS = [
    "graph_bfs('edges', {first})",
    "graph_bfs('star', {first})",  # everything in one level
    "graph_distances('edges', {first})",
    "graph_components('edges')",
    "graph_components('edges', 'strong')",
    "graph_pagerank('edges')",
    "graph_pagerank('edges') WHERE top_k = 5",
    "graph_ppr('edges', {first})",
    "graph_ppr('edges', {first}) WHERE eps = 1e-7 AND top_k = 5",
    "graph_stats('edges')",
]


@pytest.fixture(scope="module", params=IDS)
def large(request):
    """A connection with a ring of NODES nodes with chords, and a star, and the id of a node."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.enable_load_extension(True)
    connection.load_extension(str(LIBRARY))
    make = IDS[request.param]
    connection.executescript(f"""
        CREATE TABLE ids AS WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n
            WHERE i + 1 < {NODES}) SELECT i, {make} AS id FROM n;
        CREATE UNIQUE INDEX ids_i ON ids (i);
        CREATE TABLE edges AS SELECT a.id AS source, b.id AS target FROM ids AS a, ids AS b
            WHERE b.i IN ((a.i + 1) % {NODES}, a.i * 7919 % {NODES});
        CREATE TABLE star AS SELECT (SELECT id FROM ids WHERE i = 1) AS source, id AS target
            FROM ids;
        CREATE TABLE small AS SELECT * FROM edges WHERE source IN (SELECT id FROM ids WHERE i < 3);
    """)
    first = connection.execute("SELECT id FROM ids WHERE i = 1").fetchone()[0]
    yield connection, repr(first)
    connection.close()


class Handler:
    """Counts, and stops from a given call on."""

    def __init__(self, stop_at=None):
        self.calls = 0
        self.stop_at = stop_at

    def __call__(self):
        self.calls += 1
        return self.stop_at is not None and self.calls >= self.stop_at


def run(connection, sql, handler, steps=1):
    # Steps of the outer statement for each row would be counted too: one row comes out. The
    # condition keeps SQLite from telling the function so.
    term = f"{'AND' if 'WHERE' in sql else 'WHERE'} typeof(edge_table) <> ''"
    connection.set_progress_handler(handler, steps)
    try:
        return connection.execute(f"SELECT 1 FROM {sql} {term} LIMIT 1").fetchall()
    finally:
        connection.set_progress_handler(None, 0)


@pytest.mark.parametrize("call", CALLS)
def test_each_question_can_stop_the_work(large, call):
    connection, first = large
    sql = call.format(first=first)
    run(connection, sql, Handler())  # the graph is in memory now
    counted = Handler()
    assert run(connection, sql, counted) == [(1,)]
    # The statement itself takes as many steps on a small graph.
    small = sql.replace("'edges'", "'small'").replace("'star'", "'small'")
    few = Handler()
    for few.calls in [0, 0]:
        run(connection, small, few)
    assert counted.calls > few.calls
    for part in range(1, 8):
        with pytest.raises(sqlite3.OperationalError, match="interrupted"):
            run(connection, sql, Handler(max(1, counted.calls * part // 8)))
    assert run(connection, sql, Handler()) == [(1,)]


@pytest.mark.parametrize("part", [1, 4, 7])
def test_reading_can_be_stopped(large, part):
    connection, _ = large
    sql = "graph_components('edges')"
    counted = Handler()
    for handler in [counted, None]:
        connection.execute("UPDATE ids SET i = i WHERE i = 0")  # what is in memory counts no more
        if handler:
            run(connection, sql, handler, steps=5)
            continue
        with pytest.raises(sqlite3.OperationalError, match="interrupted"):
            run(connection, sql, Handler(counted.calls * part // 8), steps=5)
    assert connection.execute(f"SELECT count(*) FROM {sql}").fetchone() == (NODES,)
