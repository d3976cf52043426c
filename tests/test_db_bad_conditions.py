"""The health functions where something is wrong with the file, the rights or the connection.

Never a crash, never a wait beyond busy_timeout, always a row that says what is wrong.
"""

import json
import os
import sqlite3
import subprocess
import sys
import time

import pytest

from conftest import LIBRARY, Engine, load
from test_db_health import bad, fill, level, report
from test_old_sqlite import run


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.db"


@pytest.fixture
def store(connect, path):
    engine = connect(path)
    engine.execute("SELECT db_tune('amalfa')")
    fill(engine)
    return engine


@pytest.fixture
def plain(store, path):
    """A closed store with a rollback journal; its path."""
    store.execute("PRAGMA journal_mode = DELETE")
    store.close()
    return path


def only_settings(found):
    """Without what a connection that was not tuned differs in."""
    settings = {"journal_mode", "synchronous", "busy_timeout", "foreign_keys", "temp_store"}
    return {name: value for name, value in found.items() if name not in settings}


def from_json(engine):
    """{check: (status, value, advice)} of the report that needs no table, or SQLite's own error."""
    try:
        found = json.loads(engine.execute("SELECT db_health_json()")[0][0])
    except Engine.Error as error:
        assert engine.binding == "apsw"  # the newest SQLite reads the schema before any SELECT
        return str(error)
    return {row["check"]: (row["status"], row["value"], row["advice"]) for row in found["checks"]}


# ---- files that cannot be read -----------------------------------------------------------------


def test_a_file_that_looks_encrypted(connect, path):
    path.write_bytes(os.urandom(8192))
    engine = connect(path)
    with pytest.raises(Engine.Error, match="file is not a database"):
        engine.execute("SELECT * FROM db_health")
    found = from_json(engine)
    if isinstance(found, str):
        assert found == "file is not a database"
        return
    status, value, advice = found["read"]
    assert (status, value) == ("error", "file is not a database")
    assert "it is encrypted, or no database" in advice
    assert found["sqlite_version"]  # what needs no file is examined


def test_a_truncated_file(plain, connect):
    with open(plain, "r+b") as file:
        file.truncate(4096 * 5)
    found = from_json(connect(plain))
    if isinstance(found, str):
        assert "malformed" in found
        return
    assert found["read"][0] == "error"
    assert "truncated: the header counts" in found["read"][2]


def test_a_file_of_a_few_bytes(connect, path):
    path.write_bytes(b"SQLite format 3\0" + b"\0" * 20)
    found = from_json(connect(path))
    if isinstance(found, str):
        assert found == "file is not a database"
        return
    assert "less than a header" in found["read"][2]


def test_a_damaged_page_is_one_error(plain, connect):
    (root,) = sqlite3.connect(plain).execute(
        "SELECT rootpage FROM sqlite_schema WHERE name = 'ember_state'").fetchone()
    with open(plain, "r+b") as file:
        file.seek((root - 1) * 4096)
        file.write(b"\xff" * 4096)
    engine = connect(plain)
    found = only_settings(bad(engine))
    assert set(found) == {"integrity"}
    assert "malformed" in found["integrity"] or "btreeInitPage" in found["integrity"]


def test_a_damaged_page_of_nodes_leaves_one_error_and_what_was_not_checked(plain, connect):
    (root,) = sqlite3.connect(plain).execute(
        "SELECT rootpage FROM sqlite_schema WHERE name = 'nodes'").fetchone()
    with open(plain, "r+b") as file:
        file.seek((root - 1) * 4096)
        file.write(b"\xff" * 4096)
    rows = {row[0]: row for row in report(connect(plain))}
    errors = [name for name, row in rows.items() if row[1] == "error"]
    assert errors == ["integrity"]
    assert {row[1] for name, row in rows.items() if name == "not_checked"} <= {"info"}


# ---- locks -------------------------------------------------------------------------------------

LOCKER = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def locked(plain):
    """Locked by another process."""
    other = subprocess.Popen([sys.executable, "-c", LOCKER, str(plain)], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, text=True)
    assert other.stdout.readline() == "locked\n"
    yield plain
    other.communicate("")


def test_locked_by_another_process_is_one_wait(locked, connect):
    engine = connect(locked)
    engine.execute("PRAGMA busy_timeout = 1000")
    before = time.monotonic()
    found = from_json(engine)
    assert time.monotonic() - before < 10  # of dozens of checks, one waits
    if isinstance(found, str):
        assert found == "database is locked"
        return
    assert found["read"][:2] == ("error", "database is locked")
    assert "busy_timeout" in found["read"][2]
    assert found["busy_timeout"][1] == 1000
    assert "integrity" not in found


def test_a_writer_in_wal_mode_does_not_matter(store, connect, path):
    other = connect(path)
    other.execute("BEGIN IMMEDIATE")
    other.execute("DELETE FROM ember_state")
    assert bad(store) == {}
    other.execute("ROLLBACK")


def test_inside_the_own_transaction(store):
    store.execute("BEGIN IMMEDIATE")
    store.execute("UPDATE edges SET target = source WHERE source = 'n1'")
    assert bad(store) == {"graph_self_loops": 1}
    store.execute("ROLLBACK")
    assert bad(store) == {}


# ---- rights ------------------------------------------------------------------------------------

# Reads a report as a user without rights, since root may write everything.
AS_NOBODY = """
import json, os, sqlite3, sys
if os.getuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
db = sqlite3.connect(sys.argv[1], isolation_level=None, uri=True)
db.enable_load_extension(True)
db.load_extension(sys.argv[2])
print(db.execute("SELECT db_health_json()").fetchone()[0])
"""


@pytest.fixture
def shared(tmp_path_factory):
    """A folder that every user can reach, with the library in it."""
    import shutil
    import tempfile

    folder = tempfile.mkdtemp(prefix="vecgraph-health-")
    os.chmod(folder, 0o755)
    shutil.copy2(LIBRARY, folder)
    yield folder
    os.chmod(folder, 0o755)
    shutil.rmtree(folder)


def as_nobody(shared, uri):
    library = os.path.join(shared, LIBRARY.name)
    done = subprocess.run([sys.executable, "-c", AS_NOBODY, uri, library], capture_output=True,
                          text=True, check=False)
    assert done.returncode == 0, done.stderr
    checks = json.loads(done.stdout)["checks"]
    return {row["check"]: row["value"] for row in checks if row["status"] in ("error", "warn")}


def make(shared, journal):
    """The path of a store in the shared folder, and a connection to it."""
    path = os.path.join(shared, "a.db")
    engine = Engine("sqlite3", path)
    engine.execute(f"PRAGMA journal_mode = {journal}")
    fill(engine)
    return path, engine


def test_a_read_only_file_and_folder(shared):
    path, engine = make(shared, "DELETE")
    engine.close()
    os.chmod(path, 0o444)
    os.chmod(shared, 0o555)
    assert set(only_settings(as_nobody(shared, f"file:{path}"))) == {"read_only"}


def test_a_read_only_folder_with_a_wal_is_a_trap(shared):
    path, engine = make(shared, "WAL")
    for name in (path, f"{path}-wal", f"{path}-shm"):
        os.chmod(name, 0o444)
    os.chmod(shared, 0o555)
    found = only_settings(as_nobody(shared, f"file:{path}?mode=ro"))
    assert {"wal_folder", "wal_shm"} <= set(found) <= {"wal_folder", "wal_shm", "read_only"}
    os.chmod(shared, 0o755)
    engine.close()


def test_the_trap_has_closed(shared):
    path, engine = make(shared, "WAL")
    engine.close()
    os.chmod(path, 0o444)
    os.chmod(shared, 0o555)
    found = only_settings(as_nobody(shared, f"file:{path}?mode=ro"))
    assert "read" in found


# ---- ways to open ------------------------------------------------------------------------------


def test_read_only(store, connect, path):
    engine = connect(f"file:{path}?mode=ro")
    engine.execute("SELECT db_tune('amalfa')")
    assert bad(engine) == {}
    assert level(engine, "read_only") == "info"


def test_immutable(plain, connect):
    engine = connect(f"file:{plain}?immutable=1")
    engine.execute("SELECT db_tune('amalfa')")
    assert bad(engine) == {}
    assert level(engine, "immutable") == "info"


def test_immutable_with_a_hot_wal_is_an_error(store, connect, path):
    engine = connect(f"file:{path}?immutable=1")
    try:
        found = bad(engine)
    except Engine.Error:  # nothing was ever copied into the file
        store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        store.execute("INSERT INTO ember_state(file_path) VALUES ('x')")
        found = bad(engine)
    assert "immutable" in found


def test_a_hot_wal_is_recovered(store, tmp_path, path, connect):
    """A copy of both files, as a crash would leave them."""
    copy = tmp_path / "crashed.db"
    for suffix in ("", "-wal"):
        (tmp_path / f"crashed.db{suffix}").write_bytes((tmp_path / f"a.db{suffix}").read_bytes())
    engine = connect(copy)
    engine.execute("SELECT db_tune('amalfa')")
    assert bad(engine) == {}
    assert engine.execute("SELECT count(*) FROM nodes") == [(60,)]


def test_a_temporary_database(connect):
    engine = connect("")
    engine.execute("SELECT db_tune('amalfa')")
    fill(engine)
    assert bad(engine) == {}


def test_exclusive_locking_leaves_no_shared_memory(connect, path):
    engine = connect(path)
    engine.execute("PRAGMA locking_mode = EXCLUSIVE")
    engine.execute("SELECT db_tune('amalfa')")
    engine.execute("CREATE TABLE t(id INTEGER PRIMARY KEY)")
    assert bad(engine) == {}
    assert not path.with_name("a.db-shm").exists()


@pytest.mark.parametrize("journal", ["DELETE", "WAL"])
@pytest.mark.parametrize("how", ["moved", "deleted", "replaced"])
def test_a_file_that_is_no_longer_at_its_place(connect, path, how, journal):
    engine = connect(path)
    engine.execute("SELECT db_tune('amalfa')")
    engine.execute(f"PRAGMA journal_mode = {journal}")
    fill(engine)
    assert "file" not in bad(engine)
    if how == "deleted":
        path.unlink()
    else:
        path.rename(path.with_name("moved.db"))
    if how == "replaced":
        path.write_bytes(path.with_name("moved.db").read_bytes())
    assert set(bad(engine)) - {"journal_mode"} == {"file"}
    assert level(engine, "file") == "error"


# ---- security ----------------------------------------------------------------------------------


def test_trusted_schema_off(store):
    store.execute("PRAGMA trusted_schema = OFF")
    assert bad(store) == {}


@pytest.mark.parametrize("module", ["db_health", "db_stats", "db_tune_check('amalfa')"])
def test_a_stranger_s_view_may_not_look_around(engine, module):
    engine.execute(f"CREATE VIEW v AS SELECT * FROM {module}")
    engine.execute("PRAGMA trusted_schema = OFF")
    with pytest.raises(Engine.Error, match="unsafe use of virtual table"):
        engine.execute("SELECT * FROM v")


def test_defensive(path):
    import apsw

    engine = Engine("apsw", path)
    engine.execute("SELECT db_tune('amalfa')")
    fill(engine)
    engine.connection.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 1)
    assert bad(engine) == {}
    assert engine.execute("SELECT db_probe()") == [('{"status":"Healthy","mode":"wal"}',)]
    engine.close()


def denying(path, denied):
    db = sqlite3.connect(path, isolation_level=None)
    load(db)
    db.execute("SELECT db_tune('amalfa')").fetchall()
    fill(Wrapped(db))
    db.set_authorizer(lambda action, name, *_: sqlite3.SQLITE_DENY
                      if denied(action, name) else sqlite3.SQLITE_OK)
    return db


class Wrapped:
    binding = "sqlite3"

    def __init__(self, db):
        self.connection = db

    def execute(self, sql, params=()):
        return self.connection.execute(sql, params).fetchall()


def test_an_authorizer_that_denies_a_table(path):
    db = denying(path, lambda action, name: action == sqlite3.SQLITE_READ and name == "edges")
    found = bad(Wrapped(db))
    assert set(found) == {"not_checked"}
    assert "graph_self_loops" in found["not_checked"]
    assert "embeddings" not in found["not_checked"]


def test_an_authorizer_that_denies_pragmas(path):
    db = denying(path, lambda action, name: action == sqlite3.SQLITE_PRAGMA)
    rows = {row[0]: row for row in report(Wrapped(db))}
    assert rows["not_checked"][1] == "warn"
    assert "authorized" in rows["not_checked"][4]
    assert "synchronous" in rows["not_checked"][2]
    assert rows["sqlite_version"]


# ---- old SQLite --------------------------------------------------------------------------------


@pytest.mark.parametrize("version,missing", [("3.34.0", "math functions, dbstat"),
                                             ("3.38.5", "dbstat")])
def test_on_old_sqlite(version, missing):
    results = run(version, [
        "SELECT db_tune('amalfa') NOT NULL",
        "SELECT graph_migrate() NOT NULL",
        "INSERT INTO nodes(id, embedding) VALUES ('a', vec_f32('[0,1]')), "
        "('b', vec_f32('[1,0]'))",
        "INSERT INTO edges(source, target, type) VALUES ('a', 'b', 'x')",
        "SELECT \"check\", value, advice FROM db_health WHERE status IN ('error', 'warn')",
        "INSERT INTO edges(source, target, type) VALUES ('a', 'a', 'x')",
        "SELECT \"check\" FROM db_health('amalfa', 1) WHERE status IN ('error', 'warn')",
        "SELECT json_extract(db_health_json(), '$.warn')",
        "SELECT db_probe()",
        "SELECT json_extract(db_checkpoint('truncate'), '$.busy')",
        "SELECT count(*) FROM db_tune_check('amalfa')",
        "SELECT status, value FROM db_health WHERE \"check\" = 'features'",
        "SELECT advice LIKE '%can lose commits%take SQLite 3.51.3 or newer' FROM db_health "
        "WHERE \"check\" = 'sqlite_version' AND status = 'info'",
    ])
    assert results[4] == []
    assert results[6:] == [[["graph_self_loops"]], [[1]],
                           [['{"status":"Healthy","mode":"memory"}']], [[0]], [[6]],
                           [["info", f"missing: {missing}"]], [[1]]]
