"""Loading: from everywhere, on anything, any number of times, and without a trace in the database."""

import ctypes
import ctypes.util
import hashlib
import sqlite3
import struct
import subprocess
import sys

import pytest
import sqlite_vec

from conftest import LIBRARY, Engine, library_for, load

OWN = "sqlite3_vecgraph_own_init"
SEARCH = "SELECT id, score FROM vec_topk('docs', 'embedding', '[1,0]', 2) ORDER BY rank"
FOUND = [(3, 3.0), (1, 1.0)]


def vector(*values):
    return struct.pack(f"<{len(values)}f", *values)


def write_docs(path):
    """A database made by a client that knows nothing of vecgraph."""
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE docs(id INTEGER PRIMARY KEY, embedding BLOB)")
    rows = [(1, vector(1, 0)), (2, vector(0, 1)), (3, vector(3, 4)), (4, None)]
    connection.executemany("INSERT INTO docs VALUES (?, ?)", rows)
    connection.commit()
    connection.close()
    return path


@pytest.fixture
def docs(tmp_path):
    return write_docs(tmp_path / "docs.db")


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def function_names(engine):
    sql = "SELECT DISTINCT name FROM pragma_function_list WHERE NOT builtin"
    return {name for (name,) in engine.execute(sql)}


# ---- from everywhere ---------------------------------------------------------------------------


def shell(*arguments):
    """The sqlite3 shell's output; a failing command fails the test."""
    done = subprocess.run(["sqlite3", "-bail", *arguments], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_the_shell_loads_it_by_the_name_without_suffix():
    stem = LIBRARY.with_suffix("")
    assert shell(":memory:", f".load {stem}", "SELECT vec_dot('[1,2]', '[3,4]')") == "11.0\n"


def test_the_shell_loads_it_on_a_read_only_database(docs):
    out = shell("-readonly", str(docs), f".load {LIBRARY}", SEARCH)
    assert out == "3|3.0\n1|1.0\n"


def test_the_shell_loads_only_our_own_names():
    count = "SELECT count(*) FROM pragma_function_list WHERE name = 'vec_{}'"
    stem = LIBRARY.with_suffix("")
    out = shell(":memory:", f".load {stem} {OWN}", count.format("dot"), count.format("version"))
    assert out == "1\n0\n"


def test_python_and_apsw_load_it(connect, docs):
    assert connect(docs).execute(SEARCH) == FOUND


def test_the_two_bindings_are_two_sqlites():
    versions = set()
    for binding in Engine.BINDINGS:
        engine = Engine(binding)
        versions |= {engine.version}
        assert engine.execute("SELECT sqlite_version()") == [
            (".".join(str(part) for part in engine.version[:3]),)
        ]
        engine.close()
    assert len(versions) == 2


def two_sqlites(first, second):
    """Loads one file twice in a process of its own: the error or "both", and a product."""
    program = f"""
import sqlite3, apsw, sys
def load_sqlite3():
    c = sqlite3.connect(":memory:"); c.enable_load_extension(True); c.load_extension(sys.argv[1])
    return c
def load_apsw():
    c = apsw.Connection(":memory:"); c.enable_load_extension(True); c.load_extension(sys.argv[1])
    return c
first = load_{first}()
try:
    second = load_{second}()
    print("both")
except Exception as error:
    print(error)
print(list(first.execute("SELECT vec_dot('[3]', '[4]')"))[0][0])
"""
    done = subprocess.run([sys.executable, "-c", program, str(LIBRARY)], capture_output=True,
                          text=True, check=True)
    return done.stdout.splitlines()


@pytest.mark.parametrize("first,second", [("sqlite3", "apsw"), ("apsw", "sqlite3")])
def test_a_second_sqlite_of_the_process_is_refused(first, second):
    error, product = two_sqlites(first, second)
    assert error.endswith("another SQLite of this process has loaded this file; load a copy of it")
    assert product == "12.0"  # the first one works on


def test_control_one_sqlite_loads_it_twice():
    assert two_sqlites("apsw", "apsw") == ["both", "12.0"]


# ---- on anything -------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["mode=ro", "immutable=1", "mode=ro&immutable=1"])
def test_a_read_only_connection_can_search(connect, docs, mode):
    engine = connect(f"file:{docs}?{mode}")
    assert engine.execute(SEARCH) == FOUND
    with pytest.raises(Engine.Error, match="readonly|read-only"):
        engine.execute("DELETE FROM docs")


def test_a_read_only_file_in_a_read_only_folder_can_be_searched(connect, docs):
    docs.chmod(0o444)
    docs.parent.chmod(0o555)
    try:
        assert connect(docs).execute(SEARCH) == FOUND
    finally:
        docs.parent.chmod(0o755)


def test_an_utf16_database_can_be_searched(connect, tmp_path):
    engine = connect(tmp_path / "wide.db")
    engine.script("PRAGMA encoding='UTF-16le'; CREATE TABLE docs(id TEXT PRIMARY KEY, embedding)")
    engine.execute("INSERT INTO docs VALUES ('ä', vec_f32('[3,4]')), ('b', vec_f32('[1,0]'))")
    assert engine.execute(SEARCH) == [("ä", 3.0), ("b", 1.0)]


# ---- without a trace ---------------------------------------------------------------------------


def test_loading_writes_nothing(connect, docs):
    before, files = digest(docs), sorted(docs.parent.iterdir())
    engine = connect(docs, loaded=False)
    version = engine.execute("PRAGMA data_version")
    load(engine.connection)
    load(engine.connection, OWN)
    assert engine.execute("PRAGMA database_list") == [(0, "main", str(docs))]  # not even temp
    assert engine.execute(SEARCH) == FOUND
    assert engine.execute("SELECT total_changes()") == [(0,)]
    assert engine.execute("PRAGMA data_version") == version
    assert engine.execute("SELECT name FROM sqlite_master") == [("docs",)]
    assert engine.execute("SELECT name FROM sqlite_temp_master") == []
    assert digest(docs) == before
    assert sorted(docs.parent.iterdir()) == files
    engine.close()
    assert digest(docs) == before


def test_control_a_write_changes_the_digest(connect, docs):
    before = digest(docs)
    connect(docs).execute("SELECT graph_migrate()")
    assert digest(docs) != before


def test_a_client_without_vecgraph_reads_what_one_with_it_wrote(connect, docs):
    engine = connect(docs)
    engine.execute("INSERT INTO docs VALUES (5, vec_f32('[5,6]'))")
    engine.close()
    plain = sqlite3.connect(docs)
    assert plain.execute("SELECT embedding FROM docs WHERE id = 5").fetchone() == (vector(5, 6),)
    assert plain.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    plain.close()


# ---- any number of times -----------------------------------------------------------------------


@pytest.mark.parametrize("entry", [None, OWN])
def test_a_second_load_is_harmless(engine, entry):
    names = function_names(engine)
    for _ in range(3):
        load(engine.connection, entry)
    assert function_names(engine) == names
    assert engine.execute("SELECT vec_dot('[1,2]', '[3,4]')") == [(11.0,)]


@pytest.mark.parametrize("entry", [None, OWN])
@pytest.mark.parametrize(
    "sql",
    [
        "SELECT id, vec_norm(embedding) FROM docs WHERE embedding NOT NULL ORDER BY id",
        "SELECT id, score FROM vec_topk('docs', 'embedding', '[1,0]') ORDER BY rank",
        "SELECT id, vec_sum(embedding) OVER (ORDER BY id) FROM docs WHERE embedding NOT NULL",
    ],
)
def test_a_load_while_a_statement_runs_is_harmless(connect, docs, sql, entry):
    engine = connect(docs)
    whole = engine.execute(sql)
    assert len(whole) == 3
    cursor = iter(engine.connection.execute(sql))
    rows = [next(cursor)]
    load(engine.connection, entry)
    assert rows + list(cursor) == whole


def test_a_load_from_inside_a_statement_of_ours_is_harmless(connect, docs):
    engine = connect(docs)
    engine.connection.enable_load_extension(True)
    sql = f"SELECT id, load_extension('{library_for(engine.binding)}') FROM ({SEARCH})"
    assert [row[0] for row in engine.execute(sql)] == [3, 1]


def test_a_load_inside_a_transaction_leaves_it_open(connect, docs):
    engine = connect(docs, loaded=False)
    engine.execute("BEGIN IMMEDIATE")
    engine.execute("INSERT INTO docs VALUES (9, NULL)")
    load(engine.connection)
    load(engine.connection)
    assert engine.connection.in_transaction
    engine.execute("ROLLBACK")
    assert engine.execute("SELECT count(*) FROM docs") == [(4,)]


def test_own_names_then_all_of_them(connect):
    engine = connect(entry=OWN)
    own = function_names(engine)
    assert "vec_dot" in own and "vec_f32" not in own
    with pytest.raises(Engine.Error, match="no such function: vec_version"):
        engine.execute("SELECT vec_version()")
    load(engine.connection)
    assert function_names(engine) == function_names(connect())
    assert engine.execute("SELECT vec_to_json(vec_f32('[1]'))") == [("[1.000000]",)]
    assert engine.execute("SELECT count(*) FROM vec_each('[1,2,3]')") == [(3,)]


def test_all_names_then_our_own(connect):
    engine = connect()
    names = function_names(engine)
    load(engine.connection, OWN)
    assert function_names(engine) == names


def test_the_missing_names_can_come_while_a_statement_runs(connect, docs):
    engine = connect(docs, entry=OWN)
    cursor = iter(engine.connection.execute(SEARCH))
    rows = [next(cursor)]
    load(engine.connection)
    assert rows + list(cursor) == FOUND
    assert engine.execute("SELECT vec_length('[1,2]')") == [(2,)]


# ---- beside sqlite-vec -------------------------------------------------------------------------


def load_peer(engine):
    load(engine.connection, library=sqlite_vec.loadable_path())


def check_peer_tables(engine):
    """A vec0 table works, whoever owns the functions."""
    engine.script(
        "CREATE VIRTUAL TABLE peer USING vec0(e float[2]);"
        "INSERT INTO peer(rowid, e) VALUES (1, vec_f32('[1,0]')), (2, '[0,1]'), (3, '[3,4]')"
    )
    sql = "SELECT rowid FROM peer WHERE e MATCH '[3,2]' AND k = 2 ORDER BY distance"
    assert engine.execute(sql) == [(3,), (1,)]


def check_ours(engine):
    engine.script(
        "CREATE TABLE docs(id INTEGER PRIMARY KEY, embedding);"
        "INSERT INTO docs VALUES (1, vec_f32('[1,0]')), (2, vec_f32('[0,1]')), (3, vec_f32('[3,4]'))"
    )
    assert engine.execute(SEARCH) == FOUND
    assert engine.execute("SELECT vec_dot(vec_f32('[1,2]'), '[3,4]')") == [(11.0,)]


@pytest.mark.parametrize("first", ["sqlite-vec", "vecgraph"])
def test_our_own_names_beside_sqlite_vec(connect, first):
    engine = connect(loaded=False)
    if first == "vecgraph":
        load(engine.connection, OWN)
    load_peer(engine)
    if first == "sqlite-vec":
        load(engine.connection, OWN)
    assert engine.execute("SELECT vec_version()") == [(f"v{sqlite_vec.__version__}",)]
    check_peer_tables(engine)
    check_ours(engine)


@pytest.mark.parametrize("first", ["sqlite-vec", "vecgraph"])
def test_all_names_beside_sqlite_vec_the_later_one_wins(connect, first):
    ours = connect().execute("SELECT vec_version()")
    theirs = [(f"v{sqlite_vec.__version__}",)]
    assert ours != theirs
    engine = connect(loaded=False)
    if first == "vecgraph":
        load(engine.connection)
    load_peer(engine)
    if first == "sqlite-vec":
        load(engine.connection)
    assert engine.execute("SELECT vec_version()") == (ours if first == "sqlite-vec" else theirs)
    check_peer_tables(engine)
    check_ours(engine)


# ---- and away again ----------------------------------------------------------------------------


class PlainSqlite:
    """libsqlite3 itself: Python closes with sqlite3_close_v2, which never refuses."""

    def __init__(self):
        name = ctypes.util.find_library("sqlite3")
        assert name, "no libsqlite3: run `make test`"
        self.lib = ctypes.CDLL(name)
        self.lib.sqlite3_memory_used.restype = ctypes.c_int64
        self.lib.sqlite3_errmsg.restype = ctypes.c_char_p
        self.lib.sqlite3_errmsg.argtypes = [ctypes.c_void_p]

    def use_once(self, statements):
        """Opens, loads, runs and closes; returns what sqlite3_close returned."""
        lib, db = self.lib, ctypes.c_void_p()
        assert lib.sqlite3_open(b":memory:", ctypes.byref(db)) == 0
        assert lib.sqlite3_enable_load_extension(db, 1) == 0
        assert lib.sqlite3_load_extension(db, str(LIBRARY).encode(), None, None) == 0
        for sql in statements:
            rc = lib.sqlite3_exec(db, sql.encode(), None, None, None)
            assert rc == 0, (sql, lib.sqlite3_errmsg(db))
        return lib.sqlite3_close(db)

    def leave_open(self):
        """The same with a statement that nobody finalizes: the control."""
        lib, db, statement = self.lib, ctypes.c_void_p(), ctypes.c_void_p()
        assert lib.sqlite3_open(b":memory:", ctypes.byref(db)) == 0
        lib.sqlite3_prepare_v2(db, b"SELECT 1", -1, ctypes.byref(statement), None)
        refused = lib.sqlite3_close(db)
        lib.sqlite3_finalize(statement)
        assert lib.sqlite3_close(db) == 0
        return refused


USES = [
    "CREATE TABLE docs(id INTEGER PRIMARY KEY, embedding)",
    "INSERT INTO docs VALUES (1, vec_f32('[1,0]')), (2, vec_f32('[0,1]')), (3, NULL)",
    SEARCH,
    "SELECT count(*) FROM docs, vec_topk('docs', 'embedding', docs.embedding, 1)",
    "SELECT * FROM vec_topk('docs', 'embedding', '[1,0]', 1)"
    " WHERE within = (SELECT vec_ids(rowid) FROM docs)",
    "SELECT * FROM vec_topk(db_query('SELECT * FROM docs'), 'embedding', '[1,0]', 1)",
    "SELECT vec_sum(embedding) OVER (ORDER BY id ROWS 1 PRECEDING) FROM docs",
    "SELECT vec_topk_json(id, embedding, '[1,0]', 2) FROM docs",
    "SELECT id FROM docs WHERE id < 3 ORDER BY vec_distance_cosine(embedding, '[1,0]') LIMIT 1",
    "SELECT * FROM vec_each('[1,2]')",
    "SELECT * FROM vec_last_scan",
    "SELECT graph_migrate()",
    "SELECT * FROM graph_migrations",
    "DROP TABLE docs",
]


def test_close_finds_nothing_left_and_all_memory_returned():
    sqlite = PlainSqlite()
    assert sqlite.use_once(USES) == 0
    before = sqlite.lib.sqlite3_memory_used()
    for _ in range(3):
        assert sqlite.use_once(USES) == 0
    assert sqlite.lib.sqlite3_memory_used() == before


def test_control_close_refuses_while_a_statement_is_left():
    assert PlainSqlite().leave_open() == 5  # SQLITE_BUSY
