"""A search that runs long stops when the application says so, and the connection lives on."""

import sqlite3
import threading
import time

import pytest
from topk_oracle import f32, fill

# A source without end: only an interrupt stops a search of it.
ENDLESS = ("db_query('WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) "
           "SELECT n AS id, x''0000803f00000040'' AS e FROM c')")
SEARCH = f"SELECT id FROM vec_topk({ENDLESS}, 'e', '[1,0]', 5)"


def interrupted(engine, sql, after=0.15):
    """Runs the statement, interrupts it, returns the error and the time from interrupt to end."""
    when = []

    def interrupt():
        time.sleep(after)
        when.append(time.monotonic())
        engine.connection.interrupt()

    thread = threading.Thread(target=interrupt)
    thread.start()
    try:
        with pytest.raises(engine.Error) as caught:
            engine.execute(sql)
    finally:
        thread.join()
    return str(caught.value), time.monotonic() - when[0]


@pytest.mark.parametrize("sql", [
    SEARCH,
    SEARCH.replace(", 5)", ")"),
    SEARCH + " WHERE id IN (SELECT 5 UNION SELECT 6)",
    f"SELECT count(*) FROM vec_topk({ENDLESS}, 'e', '[1,0]', 5, 'l2')",
    f"CREATE TABLE x AS {SEARCH}",
    "SELECT * FROM t WHERE id IN (SELECT id FROM vec_topk('endless', 'e', '[1,0]', 5))",
    f"SELECT * FROM t JOIN vec_topk({ENDLESS}, 'e', t.e, 1) AS v",
], ids=["top", "full", "restricted", "count", "create", "view", "join"])
def test_interrupt_stops_a_search(engine, sql):
    fill(engine, [f32(1, 2)])
    engine.execute("CREATE VIEW endless AS WITH RECURSIVE c(n) AS "
                   "(SELECT 1 UNION ALL SELECT n + 1 FROM c) "
                   "SELECT n AS id, x'0000803f00000040' AS e FROM c")
    message, seconds = interrupted(engine, sql)
    assert "interrupt" in message.lower()
    assert seconds < 2
    assert engine.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'x'") == [(0,)]
    assert engine.execute("SELECT id FROM vec_topk('t', 'e', '[1,0]')") == [(1,)]


def test_the_error_has_the_code_of_an_interrupt(db):
    with pytest.raises(sqlite3.OperationalError) as caught:
        timer = threading.Timer(0.1, db.interrupt)
        timer.start()
        db.execute(SEARCH).fetchall()
    timer.join()
    assert caught.value.sqlite_errorname == "SQLITE_INTERRUPT"


def test_interrupt_stops_the_reading_of_a_set(engine):
    fill(engine, [f32(1, 2)])
    message, seconds = interrupted(
        engine,
        "SELECT id FROM vec_topk('t', 'e', '[1,0]') WHERE within = (WITH RECURSIVE c(n) AS "
        "(SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT vec_ids(n % 1000) FROM c)")
    assert "interrupt" in message.lower()
    assert seconds < 2


def test_a_transaction_survives_an_interrupted_search(engine):
    fill(engine, [f32(1, 2)])
    engine.execute("BEGIN")
    engine.execute("INSERT INTO t VALUES (2, ?)", (f32(9, 9),))
    interrupted(engine, SEARCH)
    assert engine.execute("SELECT id FROM vec_topk('t', 'e', '[1,0]')") == [(2,), (1,)]
    engine.execute("ROLLBACK")
    assert engine.execute("SELECT id FROM vec_topk('t', 'e', '[1,0]')") == [(1,)]


def test_a_progress_handler_stops_a_search(db):
    calls = []
    db.set_progress_handler(lambda: calls.append(1) or len(calls) > 20, 1000)
    with pytest.raises(sqlite3.OperationalError, match="interrupted"):
        db.execute(SEARCH).fetchall()
    db.set_progress_handler(None, 0)
    assert len(calls) == 21


def test_an_interrupt_before_the_search_does_not_stop_it(engine):
    fill(engine, [f32(1, 2)])
    engine.connection.interrupt()
    assert engine.execute("SELECT id FROM vec_topk('t', 'e', '[1,0]')") == [(1,)]


def test_control_a_search_that_is_not_interrupted_ends_by_itself(engine):
    finite = ENDLESS.replace("FROM c)", "FROM c LIMIT 20000)")
    assert len(engine.execute(SEARCH.replace(ENDLESS, finite))) == 5
