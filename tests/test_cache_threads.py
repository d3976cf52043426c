"""Threads with connections of their own, which share the helpers of the process.

scripts/pytest_tsan.sh runs this under ThreadSanitizer.
"""

import os
import random
import subprocess
import threading

import numpy as np
import pytest
import tracked
from cached import CACHED, CODES, SANITIZED, config, tier
from conftest import Engine, ROOT

# Enough for helpers to be asked: by a pass over all vectors of a table of that length, and by
# shorter ones in a library for sanitizers.
ROWS, DIMS = (3000, 64) if SANITIZED else (9000, 1024)
SEARCH = "SELECT rowid, distance FROM vec_topk('t', 'e', ?, ?, ?) ORDER BY rank"


def fill(engine, rows, seed, dims=DIMS):
    vectors = np.random.default_rng(seed).standard_normal((rows, dims)).astype("<f4")
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
            config(engine, "cache_mb", 1000)
            config(engine, "threads", 2)
            for _ in range(3):
                assert [engine.execute(SEARCH, what) for what in asked] == expected
            assert tier(engine) in CACHED
            engine.close()
        return search

    at_once(body(1), body(2))


def test_threads_share_one_pass_over_the_codes(tmp_path):
    """Two threads with one bound: the answers are those of one thread."""
    engine = Engine("sqlite3", tmp_path / "a.db")
    engine.execute("PRAGMA synchronous = off")
    engine.execute("PRAGMA journal_mode = off")
    rng = np.random.default_rng(1)
    rows, dims = (3000, 64) if SANITIZED else (70_000, 1024)
    base = rng.standard_normal((500, dims))
    engine.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, e)")
    engine.execute("BEGIN")
    for start in range(0, rows, 500):  # neighbours of one another, so that bounds help
        vectors = (base + 0.3 * np.roll(base, start // 500 + 1, axis=1)).astype("<f4")
        engine.connection.executemany("INSERT INTO t(e) VALUES (?)",
                                      [(row,) for row in map(bytes, vectors)])
    engine.execute("COMMIT")
    asked = [(bytes(vectors[number]), 5, metric) for number in (1, 77, 400)
             for metric in ("dot", "cosine", "l2")]
    config(engine, "cache_mb", 200)  # codes alone
    config(engine, "threads", 1)
    for _ in range(3):
        engine.execute(SEARCH, asked[0])
    expected = [engine.execute(SEARCH, what) for what in asked]
    config(engine, "threads", 2)
    for _ in range(3):
        for what, wanted in zip(asked, expected):
            assert engine.execute(SEARCH, what) == wanted
            assert tier(engine) in CODES
    config(engine, "cache_mb", 0)
    assert engine.execute(SEARCH, asked[0]) == expected[0]
    engine.close()
    (tmp_path / "a.db").unlink()  # it is large, and pytest keeps what tests leave


def test_joins_in_threads_answer_as_one_alone(binding):
    sql = ("SELECT left_id, id, distance FROM vec_join('l', 'e', 't', 'e', 3, 'l2') "
           "ORDER BY left_id, rank")

    def body(seed):
        def join():
            engine = Engine(binding)
            fill(engine, 1500, seed, 64)
            engine.execute("CREATE TABLE l AS SELECT id, e FROM t WHERE id % 5 = 0")
            config(engine, "threads", 1)
            config(engine, "cache_mb", 0)
            expected = engine.execute(sql)
            config(engine, "threads", 3)
            assert engine.execute(sql) == expected  # streams, in blocks
            config(engine, "cache_mb", 100)
            for _ in range(3):
                assert engine.execute(sql) == expected
            assert tier(engine) in CACHED
            engine.close()
        return join

    at_once(body(1), body(2))


def test_one_writes_while_another_searches(binding, tmp_path):
    path = tmp_path / "a.db"
    first = Engine(binding, path)
    first.execute("PRAGMA journal_mode = wal")
    first.execute("PRAGMA synchronous = off")
    query = fill(first, 5000, 1, 64)
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


@pytest.mark.parametrize("journal", ["wal", "delete"])
def test_connections_share_a_tracked_table(binding, tmp_path, journal):
    """Each answer equals a scan in the same read transaction, while all of them write now and then.

    The copy in memory is one: they search it, bring it up to date and fill it anew."""
    path = tmp_path / "a.db"
    first = Engine(binding, path)
    first.execute(f"PRAGMA journal_mode = {journal}")
    first.execute("PRAGMA synchronous = off")
    query = tracked.fill(first, rows=1500, dims=64)
    tracked.warm(first, query)
    writes = ("REPLACE INTO t(id, e) VALUES (?2, ?1)", "UPDATE t SET e = ?1 WHERE id = ?2",
              "DELETE FROM t WHERE ?1 NOT NULL AND id = ?2")
    counts = []

    def body(seed):
        def work():
            numbers = random.Random(seed)
            engine = Engine(binding, path)
            engine.execute("PRAGMA busy_timeout = 60000")
            engine.execute("PRAGMA synchronous = off")
            config(engine, "threads", 2)
            memory = searches = 0
            for _ in range(30 if SANITIZED else 100):
                writing = numbers.random() < 0.4
                engine.execute("BEGIN IMMEDIATE" if writing else "BEGIN")
                if writing:
                    # Rarely so many that a fill is better.
                    for _ in range(numbers.choice((1, 5, 40, 40, 400))):
                        engine.execute(numbers.choice(writes),
                                       (tracked.vector(numbers.randrange(50), 64),
                                        numbers.randrange(1, 1600)))
                for _ in range(numbers.randrange(1, 4)):
                    query = tracked.vector(numbers.randrange(50, 100), 64)
                    found = engine.execute(SEARCH, (query, 5, "l2"))
                    memory += tier(engine) in CACHED
                    searches += 1
                    assert found == engine.execute(
                        "SELECT id, vec_distance_l2(e, ?1) AS d FROM t ORDER BY d, id LIMIT 5",
                        (query,))
                engine.execute("ROLLBACK" if writing and numbers.random() < 0.3 else "COMMIT")
            counts.append((searches, memory))
            engine.close()
        return work

    at_once(body(1), body(2), body(3))
    first.close()
    searches, memory = map(sum, zip(*counts))
    assert memory > searches / 10


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
    interrupted = 0
    try:
        while interrupted < 5:
            try:
                assert engine.execute(SEARCH, (query, 10, "dot")) == expected
            except engine.Error as problem:
                assert "interrupt" in str(problem).lower()
                interrupted += 1
    finally:
        stop.set()
        helper.join()
    assert engine.execute(SEARCH, (query, 10, "dot")) == expected
    engine.close()


RACE = """
#include <pthread.h>
int shared;
static void* bump(void* unused) { ++shared; return unused; }
void race(void) {
  pthread_t one, two;
  pthread_create(&one, 0, bump, 0);
  pthread_create(&two, 0, bump, 0);
  pthread_join(one, 0);
  pthread_join(two, 0);
}
"""


def test_control_thread_sanitizer_finds_a_race(tmp_path):
    (tmp_path / "race.c").write_text(RACE)
    (tmp_path / "test_race.py").write_text(
        "import ctypes, os\n\ndef test():\n"
        "    ctypes.CDLL(os.path.join(os.path.dirname(__file__), 'race.so')).race()\n")
    plain = {name: value for name, value in os.environ.items() if name != "LD_PRELOAD"}
    subprocess.run(["gcc", "-shared", "-fPIC", "-g", "-fsanitize=thread", "-o",
                    tmp_path / "race.so", tmp_path / "race.c"], check=True, env=plain)
    run = subprocess.run(
        [ROOT / "scripts" / "pytest_tsan.sh", tmp_path / "test_race.py", "-s", "-p",
         "no:cacheprovider"], capture_output=True, text=True, env=plain)
    assert run.returncode == 66 and "data race" in run.stdout + run.stderr, run.stdout + run.stderr
