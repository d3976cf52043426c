"""Fixtures of all tests: the built library, and connections that have loaded it.

The library is build/vecgraph.so unless VECGRAPH_LIBRARY names another. Whatever stops the tests
from loading it ends the run; nothing is skipped.
"""

import functools
import os
import shutil
import sqlite3
import sys
import tempfile
from pathlib import Path

import apsw
import pytest
import sqlite_utils

ROOT = Path(__file__).resolve().parent.parent
SUFFIX = {"darwin": ".dylib", "win32": ".dll"}.get(sys.platform, ".so")
LIBRARY = Path(os.environ.get("VECGRAPH_LIBRARY") or ROOT / "build" / f"vecgraph{SUFFIX}").resolve()

if not hasattr(sqlite3.Connection, "enable_load_extension"):
    pytest.exit(
        f"This Python ({sys.executable}) cannot load SQLite extensions: run `make test`, "
        "which uses the system's Python.",
        returncode=3,
    )
if not LIBRARY.exists():
    pytest.exit(f"There is no library at {LIBRARY}: run `make` first.", returncode=3)


SANITIZED = b"__asan_init" in LIBRARY.read_bytes()

COPIES = tempfile.TemporaryDirectory(prefix="vecgraph-tests-")


@functools.cache
def library_for(binding):
    """The path for a binding: a copy for apsw, since a file serves one SQLite of a process."""
    if binding == "sqlite3":
        return str(LIBRARY)
    return str(shutil.copy2(LIBRARY, COPIES.name))


def load(connection, entry=None, library=None):
    """Loads vecgraph, or `library`, into a connection of sqlite3 or apsw, through `entry`."""
    is_apsw = isinstance(connection, apsw.Connection)
    library = str(library or library_for("apsw" if is_apsw else "sqlite3"))
    if is_apsw:
        connection.enable_load_extension(True)
        connection.load_extension(library, entry)
        connection.enable_load_extension(False)
        return
    connection.enable_load_extension(True)
    if entry is None:
        connection.load_extension(library)
    else:  # sqlite3 of Python before 3.12 takes no entry point; the SQL function does
        connection.execute("SELECT load_extension(?, ?)", (library, entry)).fetchall()
    connection.enable_load_extension(False)


class Engine:
    """One connection with vecgraph loaded, through the system's SQLite or the newer one of apsw.

    Without a transaction of its own: what `execute` does is committed at once.
    """

    BINDINGS = ("sqlite3", "apsw")
    Error = (sqlite3.Error, apsw.Error)

    def __init__(self, binding, path=":memory:", entry=None, loaded=True):
        self.binding = binding
        path = str(path)
        if binding == "sqlite3":
            uri = path.startswith("file:")
            self.connection = sqlite3.connect(path, isolation_level=None, uri=uri)
            self.version = sqlite3.sqlite_version_info
        else:
            flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE | apsw.SQLITE_OPEN_URI
            self.connection = apsw.Connection(path, flags=flags)
            self.version = tuple(int(part) for part in apsw.sqlite_lib_version().split("."))
        if loaded:
            load(self.connection, entry)

    def execute(self, sql, params=()):
        """Runs one statement and returns its rows, a list of tuples."""
        return list(self.connection.execute(sql, params))

    def script(self, sql):
        """Runs several statements and returns nothing."""
        if self.binding == "sqlite3":
            self.connection.executescript(sql)
        else:
            for _ in self.connection.execute(sql):
                pass

    def close(self):
        self.connection.close()


@pytest.fixture
def file(tmp_path):
    """The path of a database that does not exist yet."""
    return tmp_path / "a.db"


@pytest.fixture
def db():
    """The system's SQLite: a sqlite3 connection to an empty database in memory."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    load(connection)
    yield connection
    connection.close()


@pytest.fixture
def fresh_db(db):
    """The same as a sqlite_utils.Database."""
    return sqlite_utils.Database(db)


@pytest.fixture(params=Engine.BINDINGS[:1] if SANITIZED else Engine.BINDINGS)
def binding(request):
    """Runs the test once for each SQLite; once under the sanitizers, which watch the library."""
    return request.param


@pytest.fixture
def connect(binding):
    """A function: path to Engine. What it opens is closed after the test."""
    opened = []

    def open_engine(path=":memory:", **options):
        opened.append(Engine(binding, path, **options))
        return opened[-1]

    yield open_engine
    for engine in opened:
        engine.close()


@pytest.fixture
def engine(connect):
    """An Engine on an empty database in memory."""
    return connect()
