"""The triggers of vec_track_sql: which changes they log.

By the end of every statement, whatever became of it, the log names at least the rows that changed.
What a client does with the log is in test_tracked.py; the C++ reader is tested in tests/static.
"""

import apsw
import pytest
from change_log import LOG, PLAIN, changed, content, is_tracked, log_end, logged, track


@pytest.fixture
def plain(engine):
    engine.script(PLAIN + "; CREATE UNIQUE INDEX u ON t (k)")
    track(engine)
    for id, k in enumerate("abc", 1):
        engine.execute("INSERT INTO t VALUES (?, ?, '', x'01')", (id, k))
    return engine


def test_every_kind_of_change_is_logged(plain):
    assert logged(plain, "INSERT INTO t (e) VALUES (x'04')") == {4}
    assert logged(plain, "UPDATE t SET e = x'05' WHERE id = 4") == {4}
    assert logged(plain, "UPDATE t SET id = 9 WHERE id = 4") == {4, 9}
    assert logged(plain, "UPDATE t SET rowid = 10 WHERE id = 9") == {9, 10}
    assert logged(plain, "UPDATE t SET _ROWID_ = 11 WHERE id = 10") == {10, 11}
    assert logged(plain, "UPDATE t SET k = 'z' WHERE id = 11") == {11}  # a unique key
    assert logged(plain, "DELETE FROM t WHERE id = 11") == {11}
    assert logged(plain, "DELETE FROM t") == {1, 2, 3}


def test_a_change_of_another_column_is_not(plain):
    assert logged(plain, "UPDATE t SET other = 'x'") == set()


def test_what_fails_or_is_ignored_may_be_logged(plain):
    assert logged(plain, "INSERT OR IGNORE INTO t (k) VALUES ('a')") == {1}
    assert logged(plain, "INSERT INTO t (k) VALUES ('a')", fails=True) == set()
    assert logged(plain, "INSERT OR FAIL INTO t (k) VALUES ('new'), ('a')", fails=True) == {1, 4}
    assert logged(plain, "SELECT 1") == set()


@pytest.mark.parametrize("recursive", ["OFF", "ON"])
def test_the_rows_that_replace_deletes_are_logged(plain, recursive):
    plain.execute(f"PRAGMA recursive_triggers = {recursive}")
    assert logged(plain, "INSERT OR REPLACE INTO t (k, e) VALUES ('a', x'11')") >= {1, 4}
    assert logged(plain, "REPLACE INTO t (id, k) VALUES (2, 'c')") >= {2, 3}
    assert logged(plain, "UPDATE OR REPLACE t SET k = 'c' WHERE id = 4") >= {2, 4}
    plain.execute("INSERT INTO t (id, k) VALUES (5, 'x'), (6, 'y')")
    assert logged(plain, "UPDATE OR REPLACE t SET id = 6 WHERE id = 5") >= {5, 6}


def test_an_upsert_logs_the_row(plain):
    sql = "INSERT INTO t (k, e) VALUES ('b', x'22') ON CONFLICT (k) DO UPDATE SET e = excluded.e"
    assert logged(plain, sql) == {2}


def test_a_rolled_back_row_comes_back_with_another_nonce(plain):
    seen = set()
    for _ in range(5):
        plain.execute("BEGIN")
        plain.execute("UPDATE t SET e = x'77' WHERE id = 1")
        seen.add(plain.execute(f"SELECT seq, nonce FROM {LOG} ORDER BY seq DESC LIMIT 1")[0])
        plain.execute("ROLLBACK")
    assert len({seq for seq, _ in seen}) == 1 and len(seen) == 5

def test_only_columns_that_a_key_needs_are_watched(engine):
    engine.script(
        """CREATE TABLE t (k TEXT, l TEXT, m TEXT, other TEXT, g AS (lower(l)), e BLOB);
           CREATE UNIQUE INDEX u ON t (g) WHERE m IS NOT NULL"""
    )
    track(engine)
    engine.execute("INSERT INTO t (k, l) VALUES ('a', 'b')")
    assert logged(engine, "UPDATE t SET k = 'x', other = 'y'") == set()
    assert logged(engine, "UPDATE t SET l = 'x'") == {1}
    assert logged(engine, "UPDATE t SET m = 'x'") == {1}


def test_a_generated_vector_is_tracked_through_what_it_is_made_from(engine):
    engine.execute("CREATE TABLE t (doc TEXT, other TEXT, e BLOB AS (CAST(doc AS BLOB)))")
    track(engine)
    engine.execute("INSERT INTO t (doc) VALUES ('a')")
    assert logged(engine, "UPDATE t SET doc = 'b'") == {1}
    assert logged(engine, "UPDATE t SET other = 'b'") == set()


def test_foreign_keys_that_change_rows_are_logged(engine):
    engine.script(
        """PRAGMA foreign_keys = ON;
           CREATE TABLE t (id INTEGER PRIMARY KEY, k TEXT UNIQUE, e BLOB,
             up TEXT REFERENCES t (k) ON DELETE CASCADE ON UPDATE CASCADE);
           CREATE UNIQUE INDEX u ON t (up)"""
    )
    track(engine)
    engine.execute("INSERT INTO t VALUES (1, 'a', '', NULL), (2, 'b', '', 'a'), (3, 'c', '', 'b')")
    assert logged(engine, "UPDATE t SET k = 'A' WHERE id = 1") == {1, 2}
    assert logged(engine, "REPLACE INTO t VALUES (8, 'A', '', NULL)") >= {1, 2, 3, 8}
    assert content(engine).keys() == {8}


@pytest.mark.parametrize(
    "give_up",
    ["SELECT RAISE(IGNORE)", "SELECT RAISE(FAIL, 'no')", "INSERT INTO once VALUES (1)"],
)
def test_a_trigger_that_ends_the_statement_early_hides_nothing(engine, give_up):
    engine.script(PLAIN + "; CREATE TABLE once (x UNIQUE); INSERT INTO once VALUES (1)")
    for kind in ("INSERT", "UPDATE", "DELETE"):
        engine.execute(f"CREATE TRIGGER after_{kind} AFTER {kind} ON t BEGIN {give_up}; END")
    track(engine)
    for kind in ("UPDATE", "DELETE"):  # these may come later, and run before ours
        engine.execute(f"CREATE TRIGGER late_{kind} AFTER {kind} ON t BEGIN {give_up}; END")
    assert is_tracked(engine)
    for sql in (
        "INSERT OR FAIL INTO t VALUES (1, 'a', '', x'01')",
        "UPDATE OR FAIL t SET e = x'02'",
        "DELETE FROM t",
    ):
        before, end = content(engine), log_end(engine)
        try:
            engine.execute(sql)
        except engine.Error:
            pass
        rids = {r for (r,) in engine.execute(f"SELECT rid FROM {LOG} WHERE seq > ?", (end,))}
        assert rids >= changed(before, content(engine))


def test_control_a_later_trigger_can_hide_an_insert(engine):
    engine.execute(PLAIN)
    track(engine)
    engine.execute("CREATE TRIGGER late AFTER INSERT ON t BEGIN SELECT RAISE(IGNORE); END")
    assert not is_tracked(engine)
    assert logged(engine, "INSERT INTO t VALUES (1, 'a', '', x'01')") == set()  # and there it is
    assert content(engine) == {1: b"\x01"}

# ---- what the triggers do not see ----------------------------------------------------------------


# sqlite3 of this Python has none of what follows.
IN_APSW = pytest.mark.parametrize("binding", ["apsw"], indirect=True)


@pytest.fixture
def newer(engine):
    """A tracked table with one row."""
    engine.execute(PLAIN)
    track(engine)
    engine.execute("INSERT INTO t (id, e) VALUES (1, x'0102')")
    return engine


@IN_APSW
def test_a_changeset_is_logged(newer):
    session = apsw.Session(newer.connection, "main")
    session.attach("t")
    newer.execute("UPDATE t SET e = x'03'")
    newer.execute("INSERT INTO t (id, e) VALUES (2, x'04')")
    changeset = session.changeset()
    session.close()
    newer.execute("DELETE FROM t")
    newer.execute("INSERT INTO t (id, e) VALUES (1, x'0102')")
    end = log_end(newer)
    apsw.Changeset.apply(changeset, newer.connection)
    assert content(newer) == {1: b"\x03", 2: b"\x04"}
    rids = {rid for (rid,) in newer.execute(f"SELECT rid FROM {LOG} WHERE seq > ?", (end,))}
    assert rids == {1, 2}


@IN_APSW
def test_control_a_blob_handle_writes_past_the_log(newer):
    end = log_end(newer)
    blob = newer.connection.blob_open("main", "t", "e", 1, True)
    blob.write(b"\xff")
    blob.close()
    assert content(newer) == {1: b"\xff\x02"}
    assert log_end(newer) == end  # as docs/tracking.md says


@IN_APSW
def test_control_a_connection_without_triggers_writes_past_the_log(newer):
    newer.connection.config(apsw.SQLITE_DBCONFIG_ENABLE_TRIGGER, 0)
    assert logged(newer, "UPDATE t SET e = x'05'") == set()  # as docs/tracking.md says
