"""Searches from memory that are interrupted, run out of memory, lose their table or their process."""

import threading
import time

import pytest
from cached import CACHED, CODES, SEARCH, config, fill, held, is_used, script, tier
from conftest import Engine, LIBRARY


def interrupting(engine, sql, params, after):
    """The rows, or None if the interrupt came first."""
    timer = threading.Timer(after, engine.connection.interrupt)
    timer.start()
    try:
        return engine.execute(sql, params)
    except engine.Error as problem:
        assert "interrupt" in str(problem).lower()
        return None
    finally:
        timer.cancel()
        timer.join()


@pytest.mark.parametrize("threads", [1, 2])
def test_interrupt_of_searches_from_memory(engine, threads):
    query = fill(engine, rows=20000, dims=64)
    config(engine, "threads", threads)
    assert is_used(engine, query)
    found = engine.execute(SEARCH, (query,))
    endless = ("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) "
               "FROM n CROSS JOIN vec_topk('t', 'e', vec_scale(?, i), 1)")
    begun = time.monotonic()
    assert interrupting(engine, endless, (query,), 0.1) is None
    assert time.monotonic() - begun < 5
    assert tier(engine) in CACHED
    assert engine.execute(SEARCH, (query,)) == found
    assert tier(engine) in CACHED


@pytest.mark.parametrize("threads", [1, 2])
def test_interrupt_of_a_fill(connect, file, threads):
    engine, other = connect(file), connect(file)
    query = fill(engine, rows=20000, dims=128)
    config(engine, "threads", threads)
    found = engine.execute(SEARCH, (query,))
    outcomes = []
    for step in range(24):
        config(engine, "cache_mb", 0)  # forgets
        config(engine, "cache_mb", 100)
        other.execute("UPDATE t SET id = id WHERE id = 1")
        assert engine.execute(SEARCH, (query,)) == found
        outcomes.append(interrupting(engine, SEARCH, (query,), 0.001 + 0.002 * step))
        assert outcomes[-1] in (None, found)
        assert engine.execute(SEARCH, (query,)) == found
    assert None in outcomes
    assert is_used(engine, query, 20)
    assert engine.execute(SEARCH, (query,)) == found


def test_a_progress_handler_stops_a_fill(db):
    engine = Engine("sqlite3")
    query = fill(engine, rows=5000, dims=64)
    found = engine.execute(SEARCH, (query,))
    engine.connection.set_progress_handler(lambda: 1, 5000)
    with pytest.raises(engine.Error, match="interrupt"):
        engine.execute(SEARCH, (query,))
    engine.connection.set_progress_handler(None, 0)
    assert engine.execute(SEARCH, (query,)) == found
    assert is_used(engine, query)
    engine.close()


@pytest.mark.parametrize("binding", Engine.BINDINGS)
def test_a_heap_limit_costs_speed_only(binding):
    used = script("""
        engine = Engine(sys.argv[1])
        query = fill(engine, rows=20000, dims=128)
        found = engine.execute(SEARCH, (query,))
        # A little more than is in use: room for a search, not for a copy.
        engine.execute("PRAGMA hard_heap_limit = 21000000")
        for _ in range(4):
            assert engine.execute(SEARCH, (query,)) == found
            print(tier(engine))
    """, binding)
    assert used == ["stream"] * 4


def test_a_limit_of_the_process_costs_speed_only():
    used = script("""
        import resource
        engine = Engine("sqlite3")
        query = fill(engine, rows=40000, dims=256)
        found = engine.execute(SEARCH, (query,))
        pages = int(open("/proc/self/statm").read().split()[0])
        limit = pages * resource.getpagesize() + 15_000_000
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
        for _ in range(4):
            assert engine.execute(SEARCH, (query,)) == found
            print(tier(engine))
    """)
    assert used[-1] == "stream" or used[-1] in CODES


if b"__asan_init" in LIBRARY.read_bytes():
    # The shadow memory of AddressSanitizer is beyond any limit: there is nothing to measure.
    del test_a_limit_of_the_process_costs_speed_only



def test_a_forked_child_searches_with_threads_of_its_own(tmp_path):
    """The connection of the parent is not used in the child: SQLite forbids it."""
    printed = script("""
        import signal
        path = sys.argv[1]
        engine = Engine("sqlite3", path)
        query = fill(engine, rows=40000, dims=128)
        config(engine, "threads", 2)
        assert is_used(engine, query)
        found = engine.execute(SEARCH, (query,))
        for _ in range(20):
            assert engine.execute(SEARCH, (query,)) == found
        child = os.fork()
        if child == 0:
            signal.alarm(60)
            own = Engine("sqlite3", path)
            config(own, "threads", 2)
            for _ in range(20):
                assert own.execute(SEARCH, (query,)) == found
            assert tier(own) in CACHED
            os._exit(17)
        for _ in range(20):
            assert engine.execute(SEARCH, (query,)) == found
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
    """, tmp_path / "a.db")
    assert printed == ["17"]


@pytest.mark.parametrize("binding", Engine.BINDINGS)
@pytest.mark.parametrize("open_cursor", [False, True])
def test_a_connection_closes_while_it_remembers(binding, open_cursor):
    for _ in range(3):
        engine = Engine(binding)
        query = fill(engine, rows=2000, dims=64)
        assert is_used(engine, query)
        if open_cursor:
            cursor = engine.connection.execute(SEARCH, (query,))
            next(iter(cursor))
        if binding == "apsw":
            engine.connection.close(True)
        else:
            engine.close()


def test_a_search_inside_a_search_from_memory(engine):
    """The inner one searches the same table, while the outer one holds it."""
    query = fill(engine, rows=500, dims=64)
    inner = "SELECT rowid FROM vec_topk('t', 'e', (SELECT e FROM t WHERE id = 5), 20, 'l2')"
    engine.execute(f"CREATE VIEW near AS SELECT id, e FROM t WHERE id IN ({inner})")
    wanted = engine.execute(inner)
    for _ in range(6):
        found = engine.execute("SELECT id FROM vec_topk('near', 'e', ?)", (query,))
        assert sorted(found) == sorted(wanted)
        assert is_used(engine, query, 3)


def test_the_searched_table_is_dropped_between_the_rows(engine):
    query = fill(engine, rows=200, dims=64)
    assert is_used(engine, query)
    rows = iter(engine.connection.execute(SEARCH.replace("3, 'l2'", "100, 'l2'"), (query,)))
    first = next(rows)
    assert first[1] == 0
    config(engine, "cache_mb", 0)
    assert held(engine) == []
    engine.execute("DELETE FROM t WHERE id < 100")
    assert len([first, *rows]) == 100
    assert len(engine.execute(SEARCH, (query,))) == 3
