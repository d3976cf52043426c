"""Threads with connections of their own, which share the helpers of the process.

scripts/pytest_tsan.sh runs this under ThreadSanitizer.
"""

import threading
import time

import numpy as np
from cached import CACHED, config, tier
from conftest import Engine

ROWS, DIMS = 40_000, 64  # enough for helpers to be asked
SEARCH = "SELECT rowid, distance FROM vec_topk('t', 'e', ?, ?, ?) ORDER BY rank"


def fill(engine, rows, seed):
    vectors = np.random.default_rng(seed).standard_normal((rows, DIMS)).astype("<f4")
    engine.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, e)")
    engine.execute("BEGIN")
    engine.connection.executemany("INSERT INTO t(e) VALUES (?)",
                                  [(row,) for row in map(bytes, vectors)])
    engine.execute("COMMIT")
    return bytes(vectors[rows // 2])


def at_once(*bodies):
    """Runs each in a thread of its own and raises what they raised."""
    failures = []

    def run(body):
        try:
            body()
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=run, args=(body,)) for body in bodies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def test_connections_in_threads_answer_as_one_alone(binding):
    def body(seed):
        def search():
            engine = Engine(binding)
            query = fill(engine, ROWS, seed)
            config(engine, "cache_mb", 0)
            asked = [(query, k, metric) for k in (1, 10, ROWS) for metric in ("dot", "l2", "l1")]
            expected = [engine.execute(SEARCH, what) for what in asked]
            config(engine, "cache_mb", 100)
            config(engine, "threads", 2)
            for _ in range(3):
                assert [engine.execute(SEARCH, what) for what in asked] == expected
            assert tier(engine) in CACHED
            engine.close()
        return search

    at_once(body(1), body(2), body(3))


def test_one_writes_while_another_searches(binding, tmp_path):
    path = tmp_path / "a.db"
    first = Engine(binding, path)
    first.execute("PRAGMA journal_mode = wal")
    first.execute("PRAGMA synchronous = off")
    query = fill(first, 5000, 1)
    first.close()
    stop = threading.Event()
    remembered = []

    def write():
        try:
            engine = Engine(binding, path)
            engine.execute("PRAGMA synchronous = off")
            for step in range(40):
                engine.execute("UPDATE t SET e = vec_scale(e, 1.25) WHERE id % 40 = ?", (step,))
            engine.close()
        finally:
            stop.set()

    def search():
        engine = Engine(binding, path)
        config(engine, "threads", 2)
        while not stop.is_set() or tier(engine) not in CACHED:
            engine.execute("BEGIN")  # one snapshot for both
            found = [engine.execute(SEARCH, (query, 10, "dot")) for _ in range(4)]
            remembered.append(tier(engine) in CACHED)
            truth = engine.execute("SELECT id, -vec_dot(e, ?) AS distance FROM t "
                                   "ORDER BY distance, id LIMIT 10", (query,))
            engine.execute("COMMIT")
            assert found == [truth] * 4
        engine.close()

    at_once(write, search, search)
    assert any(remembered)


def test_interrupts_from_another_thread(binding):
    engine = Engine(binding)
    query = fill(engine, ROWS, 1)
    config(engine, "threads", 2)
    expected = engine.execute(SEARCH, (query, 10, "dot"))
    stop = threading.Event()

    def disturb():
        while not stop.wait(0.002):
            engine.connection.interrupt()

    helper = threading.Thread(target=disturb)
    helper.start()
    interrupted, end = 0, time.monotonic() + 30
    try:
        while interrupted < 5 and time.monotonic() < end:
            try:
                assert engine.execute(SEARCH, (query, 10, "dot")) == expected
            except engine.Error as problem:
                assert "interrupt" in str(problem).lower()
                interrupted += 1
    finally:
        stop.set()
        helper.join()
    assert engine.execute(SEARCH, (query, 10, "dot")) == expected
    assert interrupted > 0
    engine.close()
