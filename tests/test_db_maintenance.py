"""sql/queries/maintenance_*.sql, and what docs/maintenance.md says about waiting."""

import os
import sqlite3
import subprocess
import time

import pytest

from conftest import ROOT

QUERIES = ROOT / "sql" / "queries"
FILES = ["maintenance_close", "maintenance_after_import", "maintenance_weekly"]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.db"


def open_wal(path):
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA busy_timeout = 5000")
    db.execute("PRAGMA journal_mode = WAL")
    return db


@pytest.fixture
def db(path):
    db = open_wal(path)
    db.executescript("CREATE TABLE t(id INTEGER PRIMARY KEY, a, b BLOB); CREATE INDEX i ON t(a);")
    db.execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) "
               "INSERT INTO t SELECT i, i % 7, randomblob(300) FROM n")
    yield db
    db.close()


def shell(path, name, *options):
    done = subprocess.run(["sqlite3", *options, str(path), f".read {QUERIES / name}.sql"],
                          capture_output=True, text=True)
    assert done.stderr == ""
    assert done.returncode == 0
    return done.stdout.splitlines()


def content(db):
    return db.execute("SELECT count(*), sum(a), sum(length(b)) FROM t").fetchone()


@pytest.mark.parametrize("name", FILES)
def test_each_file_keeps_what_is_stored(db, path, name):
    before = content(db)
    shell(path, name, "-bail")
    assert content(db) == before
    assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.parametrize("name", FILES)
def test_each_file_runs_on_an_empty_database(path, name):
    shell(path, name, "-bail")


def test_after_an_import_there_are_statistics_and_no_wal(db, path):
    assert os.path.getsize(f"{path}-wal") > 0
    printed = shell(path, "maintenance_after_import")
    assert printed[-1] == "0|0|0"
    assert os.path.getsize(f"{path}-wal") == 0
    (stat,) = db.execute("SELECT stat FROM sqlite_stat1 WHERE idx = 'i'").fetchone()
    # With a limit the number of rows is an estimate, the selectivity is not.
    assert int(stat.split()[0]) > 100
    assert int(stat.split()[1]) > 50


def test_after_an_import_a_reader_in_the_way_is_shown(db, path):
    reader = open_wal(path)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM t").fetchone()
    db.execute("DELETE FROM t WHERE id = 1")
    done = subprocess.run(
        ["sqlite3", str(path), f".read {QUERIES / 'maintenance_after_import.sql'}"],
        capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1].startswith("1|")


def test_closing_makes_statistics_where_they_are_missing(db, path):
    script = (QUERIES / "maintenance_close.sql").read_text()
    db.execute("SELECT * FROM t WHERE a = 3").fetchall()  # a query that wanted statistics
    db.executescript(script)
    assert db.execute("SELECT count(*) FROM sqlite_stat1 WHERE idx = 'i'").fetchone() == (1,)


def test_closing_waits_for_nobody(db, path):
    reader = open_wal(path)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM t").fetchone()
    db.execute("DELETE FROM t WHERE id = 1")
    before = time.monotonic()
    db.executescript((QUERIES / "maintenance_close.sql").read_text())
    assert time.monotonic() - before < 4  # busy_timeout is 5


def test_weekly_gives_free_pages_back(db, path):
    db.execute("DELETE FROM t WHERE id > 100")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    size = os.path.getsize(path)
    printed = shell(path, "maintenance_weekly", "-bail")
    assert printed == ["5000", "ok", "0|0|0", "0|0|0"]
    assert os.path.getsize(path) < size / 5
    assert db.execute("PRAGMA freelist_count").fetchone() == (0,)


def test_weekly_shows_violated_foreign_keys(db, path):
    db.executescript("CREATE TABLE c(t_id REFERENCES t(id)); INSERT INTO c VALUES (99999);")
    assert "c|1|t|0" in shell(path, "maintenance_weekly", "-bail")


def test_weekly_shows_damage_and_ends_with_an_error(db, path):
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    with open(path, "r+b") as file:
        file.seek(4096 * 20)
        file.write(b"\xff" * 4096)
    done = subprocess.run(["sqlite3", "-bail", str(path), f".read {QUERIES}/maintenance_weekly.sql"],
                          capture_output=True, text=True)
    assert "ok" not in done.stdout.splitlines()
    assert "btreeInitPage" in done.stdout
    assert "malformed" in done.stderr
    assert done.returncode != 0


# ---- waiting -----------------------------------------------------------------------------------


def upgrade(path, begin):
    """(error name, seconds) of a transaction that reads, and writes after another one has."""
    ours, theirs = open_wal(path), open_wal(path)
    ours.executescript("CREATE TABLE IF NOT EXISTS counter(n); INSERT INTO counter VALUES (0)")
    theirs.execute("PRAGMA busy_timeout = 50")
    ours.execute(begin)
    ours.execute("SELECT n FROM counter").fetchone()
    other = None
    try:
        theirs.execute("UPDATE counter SET n = n + 1")
    except sqlite3.OperationalError as error:
        other = error.sqlite_errorname
    before = time.monotonic()
    mine = None
    try:
        ours.execute("UPDATE counter SET n = n + 1")
        ours.execute("COMMIT")
    except sqlite3.OperationalError as error:
        mine = error.sqlite_errorname
        ours.execute("ROLLBACK")
    seconds = time.monotonic() - before
    ours.close()
    theirs.close()
    return mine, other, seconds


def test_a_deferred_upgrade_fails_at_once_whatever_the_timeout(path):
    mine, other, seconds = upgrade(path, "BEGIN")
    assert (mine, other) == ("SQLITE_BUSY_SNAPSHOT", None)
    assert seconds < 4  # the timeout is 5


def test_an_immediate_transaction_is_never_too_old(path):
    mine, other, _ = upgrade(path, "BEGIN IMMEDIATE")
    assert (mine, other) == (None, "SQLITE_BUSY")
