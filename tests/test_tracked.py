"""Searches of a tracked table: what is in memory follows the log through every kind of change.

Each answer is compared with a reading of all rows, and the tier says where it came from. What
several files, connections and processes share is in test_tracked_files.py, random changes in
test_tracked_fuzzer.py; the triggers and the log have tests of their own (test_track_*.py).
"""

import itertools

import numpy as np
import pytest
from cached import CACHED, cache, config, last, tier
from topk_oracle import brute, f32, i8
from tracked import CHANGES, DIMS, SEARCH, change, exact, fill, track, used, vector, warm


@pytest.fixture
def connect(connect):
    """As conftest's, without waiting for the disk."""
    def open_engine(path=":memory:"):
        engine = connect(path)
        engine.execute("PRAGMA synchronous = off")
        return engine
    return open_engine


@pytest.fixture(params=["delete", "wal"])
def pair(connect, file, request):
    """Two connections to a tracked table, and a query; both have it in memory."""
    one, two = connect(file), connect(file)
    one.execute(f"PRAGMA journal_mode = {request.param}")
    query = fill(one)
    warm(one, query)
    assert used(two, query) in CACHED
    return one, two, query


@pytest.fixture
def alone(connect, file):
    """A connection to a tracked table in memory, and a query."""
    engine = connect(file)
    query = fill(engine)
    warm(engine, query)
    return engine, query


# ---- rows ---------------------------------------------------------------------------------------

def test_a_commit_to_another_table_changes_nothing(pair):
    one, two, query = pair
    one.execute("CREATE TABLE other(x)")
    warm(one, query)
    for _ in range(3):
        for engine in (one, two):
            engine.execute("INSERT INTO other VALUES (1)")
            assert used(one, query) in CACHED
    one.execute("BEGIN IMMEDIATE")
    one.execute("INSERT INTO other VALUES (2)")
    assert used(one, query) in CACHED
    one.execute("ROLLBACK")
    assert used(one, query) in CACHED


def test_control_an_untracked_table_is_read_again(connect, file):
    engine = connect(file)
    query = fill(engine, tracked=False)
    warm(engine, query)
    engine.execute("CREATE TABLE other(x)")
    warm(engine, query)
    engine.execute("INSERT INTO other VALUES (1)")
    assert used(engine, query) == "stream"


def test_control_a_row_that_no_trigger_saw_is_missed(alone):
    """That is what the log is for: without its row the comparison with all rows fails."""
    engine, query = alone
    engine.execute("BEGIN")
    engine.execute("DELETE FROM t WHERE id = 101")
    engine.execute("DELETE FROM _vec_log_t_e WHERE seq = (SELECT max(seq) FROM _vec_log_t_e)")
    with pytest.raises(AssertionError):
        used(engine, query)
    engine.execute("ROLLBACK")
    assert used(engine, query) in CACHED


@pytest.mark.parametrize("writer,reader", [(0, 0), (0, 1), (1, 0)])
def test_changed_rows_are_read_again(pair, writer, reader):
    query = pair[2]
    for number, rows in enumerate((1, 100, 7)):
        pair[writer].execute("BEGIN")
        for row in range(rows):
            pair[writer].execute("UPDATE t SET e = ? WHERE id = ?",
                                 (vector(number * rows + row), 1 + row * 2))
        pair[writer].execute("COMMIT")
        assert used(pair[reader], query) in CACHED
        assert [row["valid"] for row in cache(pair[0])] == [1]


@pytest.mark.parametrize("sql", CHANGES)
def test_every_kind_of_change_is_followed(pair, sql):
    one, two, query = pair
    for end in ("ROLLBACK", "COMMIT"):
        one.execute("BEGIN IMMEDIATE")
        assert used(one, query) in CACHED
        change(one, sql)
        assert used(one, query) in CACHED
        assert used(one, vector(0), metric="cosine", k=None) in CACHED
        one.execute(end)
        for engine in (one, two):
            assert used(engine, query, k=None) in CACHED
            assert used(engine, vector(0), metric="dot", k=300) in CACHED


def test_more_changes_than_are_worth_reading_one_by_one(connect, file):
    engine = connect(file)
    query = fill(engine, rows=2000)
    warm(engine, query)
    engine.execute("UPDATE t SET e = vec_scale(e, 2)")
    assert used(engine, query) in ("stream", "float32")
    warm(engine, query)
    engine.execute("BEGIN")
    engine.execute("UPDATE t SET e = vec_scale(e, 2)")
    for _ in range(4):
        assert used(engine, query) == "stream"
    engine.execute("ROLLBACK")
    assert used(engine, query) in CACHED


@pytest.mark.parametrize("every", [1, 3])
def test_a_table_that_changes_all_over_between_all_searches_is_not_copied(connect, file, every):
    """A copy would cost more than the one search that it answers."""
    engine = connect(file)
    query = fill(engine, rows=3000)
    warm(engine, query)
    tiers = []
    for number in range(30):
        engine.execute("UPDATE t SET e = vec_scale(e, 1.01) WHERE id % ? = ?",
                       (every, number % every))
        tiers.append(used(engine, query))
    assert sum(tier in CACHED for tier in tiers) <= 1
    warm(engine, query)


def test_the_table_becomes_empty_and_full_again(alone):
    engine, query = alone
    engine.execute("DELETE FROM t")
    used(engine, query)
    engine.execute("INSERT INTO t(e) VALUES (?), (NULL)", (query,))
    warm(engine, query)
    engine.execute("DELETE FROM t WHERE e NOT NULL")
    used(engine, query)
    engine.execute("UPDATE t SET e = ?", (query,))
    warm(engine, query)


def test_many_changes_in_a_row(connect, file):
    """Appended and erased rows pile up until a fill is better."""
    engine = connect(file)
    query = fill(engine, rows=1500)
    warm(engine, query)
    tiers = []
    for number in range(60):
        engine.execute("DELETE FROM t WHERE id IN (SELECT id FROM t WHERE id % 7 = ? LIMIT 60)",
                       (number % 7,))
        engine.execute("INSERT OR IGNORE INTO t(id, e) SELECT (id * 3 + ?) % 5000, e FROM t "
                       "LIMIT 60", (number,))
        tiers.append(used(engine, query))
    assert sum(tier in CACHED for tier in tiers) > 40


# ---- transactions -------------------------------------------------------------------------------

def test_savepoints(pair):
    one, two, query = pair
    one.execute("BEGIN")
    for step in range(4):
        one.execute(f"SAVEPOINT s{step}")
        change(one, CHANGES[step], vector(step))
        assert used(one, query) in CACHED
    for sql in ("ROLLBACK TO s2", "RELEASE s2", "ROLLBACK TO s1",
                "UPDATE t SET e = NULL WHERE id < 9", "ROLLBACK TO s0"):
        one.execute(sql)
        assert used(one, query) in CACHED
        assert used(two, query) in CACHED
    change(one, CHANGES[0])
    assert used(one, query) in CACHED
    one.execute("COMMIT")
    assert used(two, query) in CACHED
    assert used(one, query) in CACHED


def test_what_was_rolled_back_never_shows(pair):
    """The rows that come after a rollback have the numbers of those that were undone."""
    one, two, query = pair
    for number in range(5):
        one.execute("BEGIN")
        one.execute("UPDATE t SET e = ? WHERE id = 101", (vector(number),))
        assert used(one, query) in CACHED
        one.execute("ROLLBACK")
        one.execute("UPDATE t SET e = ? WHERE id = ?", (vector(number + 50), number + 1))
        assert used(two, query) in CACHED
        assert used(one, query) in CACHED


def test_a_statement_that_fails_is_undone(alone):
    engine, query = alone
    engine.execute("BEGIN")
    for verb in ("INSERT", "INSERT OR FAIL", "INSERT OR ABORT"):
        with pytest.raises(engine.Error):
            engine.execute(f"{verb} INTO t(id, e) VALUES (900, ?1), (901, ?1), (3, ?1)", (query,))
        assert used(engine, query) in CACHED
        engine.execute("DELETE FROM t WHERE id >= 900")
    with pytest.raises(engine.Error):
        engine.execute("INSERT OR ROLLBACK INTO t(id, e) VALUES (900, ?1), (3, ?1)", (query,))
    assert used(engine, query) in CACHED
    assert last(engine)["rows"] == 200


def test_a_search_within_a_statement_that_writes(pair):
    """The log is not to be trusted before the statement has ended."""
    one, two, query = pair
    one.execute("CREATE TABLE found(id, near)")
    warm(one, query)
    one.execute("INSERT INTO found SELECT id, (SELECT group_concat(rowid) FROM "
                "vec_topk('t', 'e', t.e, 3, 'l2')) FROM t LIMIT 9")
    for key, near in one.execute("SELECT * FROM found"):
        [(e,)] = one.execute("SELECT e FROM t WHERE id = ?", (key,))
        assert near == ",".join(str(row[0]) for row in brute(one, e, metric="l2", k=3))
    one.execute("UPDATE t SET n = 0")
    one.execute("UPDATE t SET e = zeroblob(32), n = (SELECT rowid FROM vec_topk('t', 'e', ?, 1, "
                "'l2')) WHERE id IN (101, 102)", (query,))
    assert one.execute("SELECT n FROM t WHERE id = 101")[0][0] == 101
    assert used(one, query) in CACHED
    assert used(two, query) in CACHED


def test_an_older_reader_reads_what_it_read(connect, file):
    one, two = connect(file), connect(file)
    one.execute("PRAGMA journal_mode = wal")
    query = fill(one)
    warm(one, query)
    one.execute("BEGIN")
    before = one.execute(SEARCH, (query,))
    for number in range(20):
        two.execute("UPDATE t SET e = ? WHERE id = ?", (query, number + 1))
        assert used(two, query) in CACHED
        assert exact(one.execute(SEARCH, (query,))) == exact(before)
        used(one, query)
    # It does not take the matrix away from the other for ever.
    for _ in range(40):
        used(one, query)
        used(two, query)
    assert used(two, query) in CACHED
    one.execute("COMMIT")
    assert used(one, query) in CACHED
    assert exact(one.execute(SEARCH, (query,))) != exact(before)


def test_readers_of_many_ages(connect, file):
    writer = connect(file)
    writer.execute("PRAGMA journal_mode = wal")
    query = fill(writer)
    warm(writer, query)
    readers = []
    for number in range(5):
        readers.append(connect(file))
        readers[-1].execute("BEGIN")
        used(readers[-1], query)
        change(writer, CHANGES[number], vector(number))
    for reader in readers * 3 + [writer] + readers[::-1]:
        used(reader, query)
    assert used(writer, query) in CACHED


# ---- the schema ---------------------------------------------------------------------------------

SCHEMA = ["VACUUM", "ANALYZE", "ALTER TABLE t ADD COLUMN x DEFAULT 1", "CREATE INDEX i ON t(n)",
          "ALTER TABLE t DROP COLUMN n", "CREATE TABLE other(x)", "CREATE VIEW v AS SELECT 1",
          "ALTER TABLE t RENAME COLUMN n TO m", "REINDEX", "PRAGMA user_version = 7",
          "CREATE TRIGGER mine AFTER UPDATE ON t BEGIN SELECT 1; END"]
ENDS = ["DROP TRIGGER _vec_t_e_after_insert", "DROP TRIGGER _vec_t_e_before_insert",
        "DROP TRIGGER _vec_t_e_before_update", "DROP TRIGGER _vec_t_e_before_delete",
        "CREATE UNIQUE INDEX i ON t(n)", "DROP TABLE _vec_log_t_e",
        "CREATE TRIGGER mine AFTER INSERT ON t BEGIN SELECT 1; END"]


@pytest.mark.parametrize("sql", SCHEMA)
def test_other_changes_of_the_schema_keep_it_tracked(pair, sql):
    one, two, query = pair
    two.execute(sql)
    for engine in (one, two, one):
        warm(engine, query)
        engine.execute("UPDATE t SET e = ? WHERE id = 101", (vector(1),))
        assert used(engine, query) in CACHED
        assert [row["shared"] for row in cache(engine)] == [1]


@pytest.mark.parametrize("sql", ENDS)
def test_tracking_ends_until_the_statements_are_run_again(pair, sql):
    one, two, query = pair
    two.execute(sql)
    for text in ("DELETE FROM t WHERE id = 101", "DELETE FROM t WHERE id % 3 = 1",
                 "UPDATE t SET e = :v WHERE id = 3", "INSERT INTO t(e) VALUES (:v)",
                 "INSERT OR REPLACE INTO t(id, e) VALUES (5, :v)"):
        if "TABLE" in sql:  # the triggers have nowhere to write to
            with pytest.raises(one.Error):
                change(one, text)
        else:
            change(one, text)
        for engine in (one, two):
            used(engine, query)
            assert 1 not in [row["shared"] for row in cache(engine)]
    if "INDEX" in sql:
        two.execute("UPDATE t SET n = id")
        two.execute("REPLACE INTO t(id, n, e) VALUES (999, 102, ?)", (query,))
    for engine in (one, two):
        warm(engine, query)
        assert [row["shared"] for row in cache(engine)] == [0]
    track(one)
    for engine in (one, two):
        warm(engine, query)
        assert [row["shared"] for row in cache(engine)] == [1]
    if "INDEX" in sql:
        two.execute("REPLACE INTO t(id, n, e) VALUES (1000, 104, ?)", (query,))
    one.execute("DELETE FROM t WHERE id % 5 = 0")
    for engine in (one, two):
        assert used(engine, query) in CACHED


def test_triggers_that_were_away_for_a_while(pair):
    one, two, query = pair
    assert used(two, query) in CACHED
    [(sql,)] = one.execute("SELECT sql FROM sqlite_master WHERE name = '_vec_t_e_before_delete'")
    for end in ("COMMIT", "ROLLBACK"):
        one.execute("BEGIN")
        one.execute("DROP TRIGGER _vec_t_e_before_delete")
        one.execute("DELETE FROM t WHERE id IN (SELECT rowid FROM vec_topk('t', 'e', ?, 3, 'l2'))",
                    (query,))
        used(one, query)
        one.execute(sql)
        assert used(one, query) == "stream"
        one.execute(end)
        used(one, query)
        used(two, query)
    warm(one, query)
    assert used(two, query) in CACHED


@pytest.mark.parametrize("tracked", [False, True])
def test_a_table_dropped_and_made_again(pair, tracked):
    one, two, query = pair
    assert used(two, query) in CACHED
    two.execute("DROP TABLE t")
    for engine in (one, two):
        with pytest.raises(engine.Error):
            engine.execute(SEARCH, (query,))
    fill(two, seed=2, tracked=tracked)
    for engine in (one, two):
        warm(engine, query)
    assert [row["shared"] for row in cache(one)] == [int(tracked)]


def test_the_log_dropped_and_made_again(pair):
    one, two, query = pair
    [(sql,)] = one.execute("SELECT sql FROM sqlite_master WHERE name = '_vec_log_t_e'")
    one.execute("DROP TABLE _vec_log_t_e")
    one.execute(sql)
    for _ in range(3):
        for engine in (one, two):
            assert used(engine, query) == "stream"  # an empty log says nothing
    one.execute("DELETE FROM t WHERE id = 101")
    for engine in (one, two):
        warm(engine, query)
    track(one)
    for engine in (one, two):
        warm(engine, query)


@pytest.mark.parametrize("sql", ["DELETE FROM _vec_log_t_e", "UPDATE _vec_log_t_e SET nonce = 5",
                                 "UPDATE _vec_log_t_e SET seq = seq + 1"])
def test_a_log_that_somebody_changed(pair, sql):
    one, two, query = pair
    assert used(two, query) in CACHED
    one.execute(sql)
    assert cache(one)[0]["valid"] == 0
    for engine in (one, two):
        used(engine, query)
    one.execute("UPDATE t SET e = ? WHERE id = 1", (query,))
    for engine in (one, two):
        warm(engine, query)


def test_implicit_rowids_that_vacuum_renumbers(connect, file):
    one, two = connect(file), connect(file)
    one.execute("CREATE TABLE t(e, k TEXT)")
    for number in range(40):
        one.execute("INSERT INTO t VALUES (?, ?)", (vector(number), str(number)))
    track(one)
    for engine in (one, two):
        warm(engine, vector(3))
    one.execute("DELETE FROM t WHERE k < 2")
    assert used(two, vector(30)) in CACHED
    one.execute("VACUUM")
    for engine in (two, one):
        warm(engine, vector(30))


@pytest.mark.parametrize("sql", ["UPDATE t SET e = :v WHERE id % 9 = 1",  # to be read again
                                 "UPDATE t SET e = :v",  # to be filled anew
                                 "VACUUM"])
def test_an_interrupt_at_any_moment_leaves_it_right(alone, sql):
    engine, query = alone
    connection = engine.connection
    interrupted = 0
    for steps in (*range(1, 60, 2), *range(60, 2000, 97)):
        change(engine, sql, vector(steps))
        for _ in range(3):
            if engine.binding == "sqlite3":
                connection.set_progress_handler(lambda: 1, steps)
            else:
                connection.set_progress_handler(lambda: True, steps)
            try:
                engine.execute(SEARCH, (query,))
            except engine.Error as error:
                assert "interrupt" in str(error).lower()
                interrupted += 1
            connection.set_progress_handler(None, 0)
        used(engine, query)
    warm(engine, query)
    assert interrupted > 50


# ---- what is searched ---------------------------------------------------------------------------

@pytest.mark.parametrize("dims", [8, 96])
@pytest.mark.parametrize("metric", ["dot", "cosine", "l2", "l1"])
def test_metrics_and_lengths_of_answers(connect, file, metric, dims):
    engine = connect(file)
    query = fill(engine, rows=600, dims=dims)
    warm(engine, query, metric=metric)
    for begin in ("BEGIN", "SELECT 1"):
        engine.execute(begin)
        engine.execute("UPDATE t SET e = ? WHERE id % 50 = 1", (vector(len(begin), dims),))
        engine.execute("UPDATE t SET e = NULL WHERE id % 50 = 2")
        engine.execute("DELETE FROM t WHERE id % 50 = 3")
        for k in (1, 10, 599, 10_000, None):
            assert used(engine, query, k, metric) in CACHED
            assert used(engine, query, k, metric) in CACHED


@pytest.mark.parametrize("element,metric", [("int8", "dot"), ("int8", "l1"), ("bit", "hamming")])
def test_other_elements(connect, file, element, metric):
    one, two = connect(file), connect(file)
    one.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, n, e)")
    rng = np.random.default_rng(4)
    rows = [i8(rng.integers(-128, 128, 16)) for _ in range(300)]
    one.execute("BEGIN")
    for row in rows:
        one.execute("INSERT INTO t(e) VALUES (?)", (row,))
    one.execute("COMMIT")
    track(one)
    what = {"metric": metric, "element": element}
    warm(one, rows[3], **what)
    for number in range(5):
        two.execute("UPDATE t SET e = ? WHERE id = ?", (rows[3], 40 + number))
        assert used(two, rows[3], **what) in CACHED
        one.execute("BEGIN")
        one.execute("UPDATE t SET e = ? WHERE id % 30 = 4", (rows[number],))
        assert used(one, rows[3], **what) in CACHED
        one.execute("ROLLBACK")


def test_two_lengths_and_elements_of_a_column(alone):
    engine, _ = alone
    engine.execute("INSERT INTO t(e) SELECT zeroblob(16) FROM t LIMIT 50")
    asked = [(vector(1), "l2", "float32"), (vector(1, 4), "l2", "float32"),
             (bytes(range(16)), "l1", "int8"), (bytes(range(32)), "hamming", "bit")]
    for query, metric, element in asked:
        warm(engine, query, metric=metric, element=element)
    assert len(cache(engine)) == 4
    for number in range(4):
        engine.execute("UPDATE t SET e = ? WHERE id = ?", (vector(number, 4), number + 1))
        engine.execute("UPDATE t SET e = ? WHERE id = ?", (vector(number, 8), number + 210))
        for query, metric, element in asked:
            assert used(engine, query, metric=metric, element=element) in CACHED
    engine.execute("BEGIN")
    engine.execute("UPDATE t SET e = ? WHERE id > 195", (vector(9, 4),))
    for query, metric, element in asked:
        assert used(engine, query, metric=metric, element=element) in CACHED


@pytest.mark.parametrize("begin", ["BEGIN", "SELECT 1"])
def test_restrictions(pair, begin):
    one, two, query = pair
    one.execute(begin)
    one.execute("UPDATE t SET e = ? WHERE id IN (5, 150)", (query,))
    one.execute("UPDATE t SET e = NULL WHERE id = 101")
    one.execute("DELETE FROM t WHERE id IN (90, 91)")
    one.execute("INSERT INTO t(id, e) VALUES (500, ?)", (query,))
    for only in (range(1, 180), range(80, 501), range(1, 200, 2), [5, 101, 90, 500, 777], [101, 90]):
        listed = ",".join(map(str, only))
        expected = exact(brute(one, query, metric="l2", k=5, only=only))
        for where in (f"rowid IN (SELECT value FROM json_each('[{listed}]'))",
                      f"within = (SELECT vec_ids(value) FROM json_each('[{listed}]'))",
                      f"id IN (SELECT value FROM json_each('[{listed}]'))"):
            if where.startswith("rowid") and one.version < (3, 38):
                continue
            found = one.execute(SEARCH.replace(" ORDER", f" WHERE {where} ORDER"), (query,))
            assert exact(found) == expected
            assert tier(one) in (*CACHED, "lookup")
            rows = {key for (key,) in one.execute("SELECT id FROM t")} & set(only)
            assert last(one)["rows"] == len(rows)
    used(two, query)


@pytest.mark.parametrize("begin", ["BEGIN", "SELECT 1"])
def test_the_report_is_that_of_a_scan(pair, begin):
    one, _, query = pair
    one.execute(begin)
    for key, value in enumerate((None, "text", b"abc", f32([np.nan] * DIMS), f32([0] * DIMS), 7), 1):
        one.execute("UPDATE t SET e = ? WHERE id = ?", (value, key))
    reports = []
    for megabytes in (100, 0):
        one.execute("SELECT vec_config('cache_mb', ?)", (megabytes,))
        used(one, query, metric="cosine")
        reports.append({key: value for key, value in last(one).items()
                        if key.startswith(("rows", "skipped"))})
        if megabytes:
            assert tier(one) in CACHED
    assert reports[0] == reports[1]
    assert reports[0]["skipped_type"] == 2 and reports[0]["skipped_nonfinite"] == 1


@pytest.mark.parametrize("begin", ["BEGIN", "SELECT 1"])
def test_errors_are_those_of_a_scan(pair, begin):
    one, _, query = pair

    def message(cache_mb, strict):
        config(one, "cache_mb", cache_mb)
        try:
            return exact(one.execute("SELECT rowid, score, distance, rank FROM vec_topk('t', 'e', "
                                     "?, 5, 'l2', NULL, NULL, ?) ORDER BY rank", (query, strict)))
        except one.Error as error:
            return str(error)

    one.execute(begin)
    for sql in ("UPDATE t SET e = x'0011' WHERE id = 150", "UPDATE t SET e = 'x' WHERE id = 20",
                "UPDATE t SET e = NULL WHERE id > 5", "UPDATE t SET e = x'00' WHERE id = 2",
                "UPDATE t SET e = 'text' WHERE id IN (1, 3, 4, 5, 170)",
                "UPDATE t SET e = NULL WHERE id IN (1, 150)", "DELETE FROM t WHERE id = 2",
                "UPDATE t SET e = NULL", "DELETE FROM t"):
        one.execute(sql)
        for strict in (0, 1):
            assert message(100, strict) == message(0, strict)


def test_min_score_and_offset(pair):
    one, _, query = pair
    for begin in ("SELECT 1", "BEGIN"):
        one.execute(begin)
        one.execute("UPDATE t SET e = ? WHERE id IN (11, 22)", (query,))
        for least in (-0.5, -2.0, -3.0, 1.0):
            found = one.execute("SELECT rowid, score, distance, rank FROM vec_topk('t', 'e', ?, "
                                "NULL, 'l2', ?) ORDER BY rank", (query, least))
            assert tier(one) in CACHED
            assert exact(found) == exact(brute(one, query, metric="l2", min_score=least))
        everything = brute(one, query, metric="l2")
        for limit, offset in itertools.product((1, 7, 190), (0, 5, 100, 300)):
            found = one.execute("SELECT rowid, score, distance, rank FROM vec_topk('t', 'e', ?) "
                                "WHERE metric = 'l2' ORDER BY rank LIMIT ? OFFSET ?",
                                (query, limit, offset))
            assert exact(found) == exact(everything[offset:offset + limit])
        found = one.execute("SELECT rowid, score, distance, rank FROM vec_topk('t', 'e', ?) WHERE "
                            "metric = 'l2' AND rowid % 17 = 5 ORDER BY rank LIMIT 9", (query,))
        assert exact(found) == exact([row for row in everything if row[0] % 17 == 5][:9])


