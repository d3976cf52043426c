"""Every function of this family where something is wrong: rows or an error that says what, one wait.

What db_health says of each condition is in test_db_bad_conditions.py; here is what the others do.
"""

import os
import shutil
import sqlite3
import subprocess
import sys

import apsw
import pytest

from conftest import Engine, load
from vectors import f32

READERS = {
    "db_profiles": "SELECT * FROM db_profiles",
    "db_tune_check": "SELECT * FROM db_tune_check('amalfa')",
    "db_health": "SELECT * FROM db_health",
    "full db_health": "SELECT * FROM db_health('vps60k', 1)",
    "db_health_json": "SELECT db_health_json()",
    "db_stats": "SELECT * FROM db_stats",
    "vec_audit": "SELECT * FROM vec_audit('t', 'embedding')",
}
WRITERS = {
    "db_tune": "SELECT db_tune('amalfa')",
    "db_probe": "SELECT db_probe()",
    "db_checkpoint": "SELECT db_checkpoint('truncate')",
}
CALLS = READERS | WRITERS
READONLY = {"db_probe": "db_probe: attempt to write a readonly database",
            "db_checkpoint": "db_checkpoint: this connection is read-only"}
# SQLite reads the schema before it runs a statement on a table; the newest before any.
UNREADABLE = set(READERS) - {"db_health_json"}


def fill(engine):
    engine.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, embedding BLOB)")
    for row in ([0.6, 0.8], [0.8, 0.6], [1, 0], [3, 4]):
        engine.execute("INSERT INTO t(embedding) VALUES (?)", (f32(row),))
    engine.execute("INSERT INTO t(embedding) SELECT zeroblob(3000) FROM t, t AS u")
    return engine


def make(path, journal="DELETE"):
    engine = Engine("sqlite3", path)
    engine.execute(f"PRAGMA journal_mode = {journal}")
    return fill(engine)


def outcomes(engine):
    """{call: the message of its error, or None}; after each the connection still works."""
    found = {}
    for name, sql in CALLS.items():
        try:
            assert engine.execute(sql)
            found[name] = None
        except Engine.Error as error:
            found[name] = str(error)
            assert found[name]
        assert engine.connection.in_transaction is False
    return found


def failed(engine):
    return {name: message for name, message in outcomes(engine).items() if message}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.db"


# ---- what works, and what only writers cannot do -----------------------------------------------


@pytest.mark.parametrize("database", [":memory:", ""])
def test_without_a_file(connect, database):
    assert failed(fill(connect(database))) == {}


@pytest.mark.parametrize("journal", ["DELETE", "WAL"])
def test_a_file(connect, path, journal):
    make(path, journal).close()
    assert failed(connect(path)) == {}


def test_trusted_schema_off_and_a_hot_wal(connect, path, tmp_path):
    writer = make(path, "WAL")
    for suffix in ("", "-wal"):
        shutil.copy(f"{path}{suffix}", f"{tmp_path / 'crashed.db'}{suffix}")
    writer.close()
    engine = connect(tmp_path / "crashed.db")
    engine.execute("PRAGMA trusted_schema = OFF")
    assert failed(engine) == {}


def test_defensive(path):
    make(path).close()
    engine = Engine("apsw", path)
    engine.connection.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 1)
    engine.connection.config(apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)
    assert failed(engine) == {}
    engine.close()


@pytest.mark.parametrize("how", ["mode=ro", "immutable=1"])
def test_what_cannot_be_written(connect, path, how):
    make(path).close()
    found = failed(connect(f"file:{path}?{how}"))
    assert set(found) == set(READONLY)
    assert all(found[name].startswith(message) for name, message in READONLY.items())


def test_query_only(connect, path):
    make(path).close()
    engine = connect(path)
    engine.execute("PRAGMA query_only = 1")
    assert set(failed(engine)) == {"db_probe"}


def test_an_attached_database_is_audited_and_counted(connect, path):
    make(path).close()
    engine = connect()
    engine.execute("ATTACH ? AS other", (str(path),))
    assert failed(engine) == {}
    assert engine.execute("SELECT rowid FROM vec_audit('other.t', 'embedding') LIMIT 1") == [(1,)]
    assert ("other", "t") in engine.execute("SELECT schema, name FROM db_stats")


# ---- what cannot be read -----------------------------------------------------------------------


def unreadable(connect, path, message):
    found = failed(connect(path))
    assert UNREADABLE <= set(found)
    assert all(message in text for text in found.values())


def test_a_file_that_looks_encrypted(connect, path):
    path.write_bytes(os.urandom(8192))
    unreadable(connect, path, "file is not a database")


def test_a_truncated_file(connect, path):
    make(path).close()
    os.truncate(path, 4096 * 3 + 5)
    unreadable(connect, path, "malformed")


def test_an_empty_file_is_an_empty_database(connect, path):
    path.touch()
    assert set(failed(connect(path))) == {"vec_audit"}


def test_a_damaged_table(connect, path):
    make(path).close()
    with open(path, "r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 4096)
    found = failed(connect(path))
    assert found == {"vec_audit": "vec_audit: reading t.embedding: database disk image is malformed"}


# ---- locked ------------------------------------------------------------------------------------

LOCKER = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def lock(path):
    """A function: makes another process lock the file."""
    make(path).close()
    others = []

    def by_another():
        others.append(subprocess.Popen([sys.executable, "-c", LOCKER, str(path)], text=True,
                                       stdin=subprocess.PIPE, stdout=subprocess.PIPE))
        assert others[-1].stdout.readline() == "locked\n"

    yield by_another
    for other in others:
        other.communicate("")


@pytest.fixture
def waits():
    """How often a connection began to wait for a lock."""
    return []


def impatient(engine, waits):
    """Counts the waits of a connection, which gives up at the third try."""

    def busy(tries):
        if tries == 0:
            waits.append(1)
        return tries < 2

    engine.connection.set_busy_handler(busy)
    return engine


@pytest.mark.parametrize("name", sorted(set(CALLS) - {"db_tune", "db_profiles"}))
@pytest.mark.parametrize("known", [True, False])
def test_a_locked_file_is_waited_for_once(path, lock, waits, name, known):
    engine = impatient(Engine("apsw", path), waits)
    if known:
        engine.execute("SELECT count(*) FROM t")
    lock()
    try:
        rows = engine.execute(CALLS[name])
        assert "database is locked" in str(rows)
    except Engine.Error as error:
        assert "database is locked" in str(error)
    assert len(waits) == 1
    engine.close()


@pytest.mark.parametrize("name", sorted(set(CALLS) - {"db_tune"}))
def test_a_locked_attached_database_is_waited_for_once(path, lock, waits, name):
    engine = fill(Engine("apsw"))
    engine.execute("ATTACH ? AS other", (str(path),))
    engine.execute("SELECT count(*) FROM other.t")
    lock()
    impatient(engine, waits)
    rows = engine.execute(CALLS[name])
    told = name in ("db_health", "full db_health", "db_health_json", "db_stats")
    assert ("database is locked" in str(rows)) == told
    assert len(waits) == (1 if told else 0)
    engine.close()


# ---- denied ------------------------------------------------------------------------------------

DENIED = {
    "pragmas": (lambda action, *_: action == sqlite3.SQLITE_PRAGMA,
                {"db_stats", "db_probe", "db_checkpoint", "vec_audit"}),
    "the schema": (lambda action, name, *_: action == sqlite3.SQLITE_READ
                   and name.startswith("sqlite_"), {"db_probe", "vec_audit"}),
    "the table": (lambda action, name, *_: action == sqlite3.SQLITE_READ and name == "t",
                  {"vec_audit"}),
    "writing": (lambda action, name, *_: action in (sqlite3.SQLITE_INSERT,
                                                    sqlite3.SQLITE_CREATE_TABLE), {"db_probe"}),
    "transactions": (lambda action, *_: action == sqlite3.SQLITE_TRANSACTION, {"db_probe"}),
}


@pytest.mark.parametrize("what", DENIED)
def test_an_authorizer(path, what):
    denied, without = DENIED[what]
    make(path, "WAL").close()
    db = sqlite3.connect(path, isolation_level=None)
    load(db)
    for sql in READERS.values():  # declaring a table function asks for the right to read the schema
        db.execute(sql).fetchall()
    db.set_authorizer(lambda *a: sqlite3.SQLITE_DENY if denied(*a) else sqlite3.SQLITE_OK)
    found = {}
    for name, sql in CALLS.items():
        try:
            assert db.execute(sql).fetchall()
        except sqlite3.Error as error:
            found[name] = str(error)
    assert set(found) == without
    assert all("authorized" in text or "prohibited" in text for text in found.values())
    db.set_authorizer(None)
    db.close()


def test_an_authorizer_that_denies_everything(path):
    make(path).close()
    db = sqlite3.connect(path, isolation_level=None)
    load(db)
    db.set_authorizer(lambda *_: sqlite3.SQLITE_DENY)
    for sql in CALLS.values():
        with pytest.raises(sqlite3.Error, match="not authorized"):
            db.execute(sql)
    db.set_authorizer(None)
    db.close()
