"""db_health and db_health_json: each seeded fault is named by the report, and only it."""

import json
import sqlite3
import struct
import subprocess

import pytest

from conftest import LIBRARY, ROOT, Engine, load
from test_docs import blocks

COLUMNS = ["check", "status", "value", "expected", "advice"]


def f32(*values):
    return struct.pack(f"<{len(values)}f", *values)


def report(engine, *arguments):
    call = f"db_health({', '.join('?' * len(arguments))})" if arguments else "db_health"
    return engine.execute(f"SELECT * FROM {call}", arguments)


def bad(engine, *arguments):
    """{check: value} of what is an error or a warning."""
    rows = report(engine, *arguments)
    return {row[0]: row[2] for row in rows if row[1] in ("error", "warn")}


def level(engine, check, *arguments):
    (status,) = {row[1] for row in report(engine, *arguments) if row[0] == check}
    return status


def fill(engine, nodes=60):
    """A store of a path of nodes, which nothing is wrong with."""
    engine.execute("SELECT graph_migrate()")
    engine.execute("BEGIN")
    for n in range(nodes):
        engine.execute("INSERT INTO nodes(id, type, embedding) VALUES (?, 'note', ?)",
                       (f"n{n}", f32(n, 1, 2)))
    for n in range(nodes - 1):
        engine.execute("INSERT INTO edges(source, target, type) VALUES (?, ?, 'FOLLOWS')",
                       (f"n{n}", f"n{n + 1}"))
    engine.execute("COMMIT")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.db"


@pytest.fixture
def store(connect, path):
    engine = connect(path)
    engine.execute("SELECT db_tune('amalfa')")
    fill(engine)
    return engine


# ---- nothing is wrong --------------------------------------------------------------------------


def test_a_tuned_store_has_no_fault(store):
    assert bad(store) == {}


def test_an_empty_database_has_no_fault_but_its_settings(connect, path):
    engine = connect(path)
    assert set(bad(engine)) <= {"journal_mode", "synchronous", "busy_timeout", "temp_store"}
    engine.execute("SELECT db_tune('amalfa')")
    assert bad(engine) == {}


def test_in_memory(engine):
    engine.execute("SELECT db_tune('amalfa')")
    fill(engine)
    assert bad(engine) == {}
    assert level(engine, "journal_mode") == "info"


def test_worst_first(store):
    store.execute("PRAGMA busy_timeout = 1")
    order = [row[1] for row in report(store)]
    assert order == sorted(order, key=["error", "warn", "info", "ok"].index)
    assert order[0] == "warn"


def test_it_writes_nothing(store, path):
    before = (store.execute("PRAGMA data_version"), path.read_bytes(),
              path.with_name("a.db-wal").read_bytes(), store.connection.total_changes
              if store.binding == "sqlite3" else store.connection.total_changes())
    report(store)
    report(store, "amalfa", 1)
    after = (store.execute("PRAGMA data_version"), path.read_bytes(),
             path.with_name("a.db-wal").read_bytes(), store.connection.total_changes
             if store.binding == "sqlite3" else store.connection.total_changes())
    assert before == after


def test_full_says_the_same_of_a_small_database(store):
    assert report(store) == report(store, "amalfa", 1) == report(store, None, 0)


# ---- a fault each ------------------------------------------------------------------------------

WITHOUT_KEYS = "PRAGMA foreign_keys = OFF; {} ; PRAGMA foreign_keys = ON;"
NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {})"

# name of the check: what brings it about
FAULTS = {
    "synchronous": "PRAGMA synchronous = FULL",
    "busy_timeout": "PRAGMA busy_timeout = 100",
    "foreign_keys": "PRAGMA foreign_keys = OFF",
    "temp_store": "PRAGMA temp_store = FILE",
    "mmap_size": "PRAGMA mmap_size = 1000000",
    "journal_mode": "PRAGMA journal_mode = DELETE",
    "writable_schema": "PRAGMA writable_schema = ON",
    "freelist": "CREATE TABLE big(id INTEGER PRIMARY KEY, x); INSERT INTO big VALUES "
                "(1, zeroblob(3000000)); DROP TABLE big",
    "fragmentation": "CREATE TABLE holes(id INTEGER PRIMARY KEY, x);" + NUMBERS.format(40000) +
                     "INSERT INTO holes SELECT i, zeroblob(100) FROM n;"
                     "DELETE FROM holes WHERE id % 5 > 1",
    "primary_keys": "CREATE TABLE loose(embedding BLOB)",
    "foreign_key_indexes": "CREATE TABLE child(id INTEGER PRIMARY KEY, a_b REFERENCES nodes(id),"
                           " axb); CREATE INDEX child_x ON child(axb)",
    "foreign_key_violations": WITHOUT_KEYS.format(
        "INSERT INTO tags VALUES ('nobody', 'tag')"),
    "duplicate_indexes": "CREATE INDEX again ON edges(target)",
    "statistics": "CREATE TABLE many(id INTEGER PRIMARY KEY, a); CREATE INDEX ma ON many(a);" +
                  NUMBERS.format(2000) + "INSERT INTO many SELECT i, i FROM n",
    "embeddings": NUMBERS.format(20) + "INSERT INTO nodes(id) SELECT 'x' || i FROM n",
    "embedding_faults": "UPDATE nodes SET embedding = zeroblob(48) WHERE id = 'n1'",
    "graph_self_loops": "INSERT INTO edges(source, target, type) VALUES ('n1', 'n1', 'SEES')",
    "graph_super_nodes": "INSERT INTO edges(source, target, type) "
                         "SELECT 'n0', id, 'CITES' FROM nodes WHERE id <> 'n0'",
    "graph_edge_types": "INSERT INTO edges(source, target, type) VALUES ('n1', 'n5', 'follows')",
    "migrations": "DELETE FROM _graph_migrations "
                  "WHERE rowid = (SELECT max(rowid) FROM _graph_migrations)",
}


@pytest.mark.parametrize("check", FAULTS)
def test_a_fault_is_named_and_only_it(store, check):
    store.script(FAULTS[check])
    assert set(bad(store)) == {check}
    (row,) = [row for row in report(store) if row[0] == check]
    assert row[4], "no advice"


def test_every_setting_of_a_profile_is_compared(store):
    store.execute("SELECT db_tune('vps60k')")
    assert bad(store, "vps60k") == {}
    store.execute("PRAGMA cache_size = -100")
    assert set(bad(store, "vps60k")) == {"cache_size"}
    assert bad(store, "managed") == {}


def test_a_longer_wait_is_no_fault(store):
    store.execute("PRAGMA busy_timeout = 60000")
    assert bad(store) == {}


def test_foreign_keys_off_matter_where_there_are_some(connect, path):
    engine = connect(path)
    engine.execute("SELECT db_tune('amalfa')")
    engine.execute("PRAGMA foreign_keys = OFF")
    assert level(engine, "foreign_keys") == "info"


def test_vectors_that_spill(store):
    for n in range(60):
        store.execute("UPDATE nodes SET embedding = ? WHERE id = ?",
                      (f32(n, *range(1, 1536)), f"n{n}"))
    assert level(store, "embedding_pages") == "info"
    assert bad(store) == {}


def test_orphan_edges_of_a_graph_without_foreign_keys(connect, path):
    engine = connect(path)
    engine.execute("SELECT db_tune('amalfa')")
    engine.script("CREATE TABLE nodes(id TEXT PRIMARY KEY);"
                  "CREATE TABLE edges(source, target, type, PRIMARY KEY (source, target, type));"
                  "INSERT INTO nodes VALUES ('a'), ('b');"
                  "INSERT INTO edges VALUES ('a', 'b', 'x'), ('a', 'none', 'x')")
    assert bad(engine) == {"graph_orphan_edges": 1}


def test_a_super_node_counts_a_loop_once(store):
    store.script("DELETE FROM edges;" + NUMBERS.format(49) +
                 "INSERT INTO edges(source, target, type) SELECT 'n0', 'n' || i, 'X' FROM n;"
                 "INSERT INTO edges(source, target, type) VALUES ('n0', 'n0', 'X')")
    assert set(bad(store)) == {"graph_self_loops"}
    store.execute("INSERT INTO edges(source, target, type) VALUES ('n50', 'n0', 'X')")
    assert bad(store)["graph_super_nodes"] == "n0: 51"


def test_a_changed_migration_is_an_error(store):
    store.execute("UPDATE _graph_migrations SET sha256 = 'x' WHERE name = '0001_graph'")
    assert level(store, "migrations") == "error"


def test_a_newer_migration(store):
    store.execute("INSERT INTO _graph_migrations(name, sha256) VALUES ('9999_later', 'x')")
    (advice,) = {row[4] for row in report(store) if row[0] == "migrations"}
    assert "newer vecgraph" in advice


def test_history_that_outgrows_its_graph(store):
    store.execute(NUMBERS.format(10100) + "INSERT INTO history(entity_type, entity_id, action) "
                  "SELECT 'node', 'n1', 'update' FROM n")
    assert bad(store)["history"] > 10100


def test_a_unique_index_like_its_constraint(engine):
    engine.script("CREATE TABLE t(id INTEGER PRIMARY KEY, a UNIQUE); CREATE INDEX ta ON t(a)")
    assert bad(engine)["duplicate_indexes"] == "ta = sqlite_autoindex_t_1"


def test_partial_and_expression_indexes_are_told_apart(engine):
    engine.execute("SELECT db_tune('amalfa')")
    engine.script("CREATE TABLE t(id INTEGER PRIMARY KEY, a, b);"
                  "CREATE INDEX p1 ON t(a) WHERE b = 1; CREATE INDEX p2 ON t(a) WHERE b = 2;"
                  "CREATE INDEX e1 ON t(lower(a)); CREATE INDEX d1 ON t(a DESC);"
                  "CREATE INDEX d2 ON t(a COLLATE NOCASE);")
    assert bad(engine) == {}
    engine.execute("CREATE INDEX e2 ON t( LOWER(a) )")
    assert set(bad(engine)) == {"duplicate_indexes"}


@pytest.mark.parametrize("one,other", [
    ("lower(a || 'X')", "lower(a || 'x')"), ("a || 'a b'", "a || 'ab'"), ("a || ' '", "a || ''"),
    ("a || 'it''s A'", "a || 'it''s a'"), ("lower(\"c d\")", "lower(cd)"),
    ("lower([c d])", "lower([cd])"), ("lower(`c d`)", "lower(`cd`)"),
    ("a) WHERE (b = 'X'", "a) WHERE (b = 'x'"),
])
def test_indexes_that_differ_only_in_quoted_text_are_two(engine, one, other):
    engine.execute("SELECT db_tune('amalfa')")
    engine.execute('CREATE TABLE t(id INTEGER PRIMARY KEY, a, b, "c d", cd)')
    engine.execute(f'CREATE INDEX "one(""" ON t({one})')
    engine.execute(f"CREATE INDEX other ON t({other})")
    assert bad(engine) == {}
    engine.execute(f"CREATE INDEX again ON t ( {one} )")
    assert set(bad(engine)) == {"duplicate_indexes"}


def test_an_index_that_helps_nobody(engine):
    engine.script("CREATE TABLE t(id INTEGER PRIMARY KEY, a); CREATE INDEX ta ON t(a);" +
                  NUMBERS.format(3000) + "INSERT INTO t SELECT i, 'same' FROM n; ANALYZE")
    assert level(engine, "unused_indexes") == "info"


def test_statistics_that_are_old(engine):
    engine.execute("SELECT db_tune('amalfa')")
    engine.script("CREATE TABLE t(id INTEGER PRIMARY KEY, a); CREATE INDEX ta ON t(a);" +
                  NUMBERS.format(50) + "INSERT INTO t SELECT i, i FROM n; ANALYZE")
    assert bad(engine) == {}
    engine.execute(NUMBERS.format(2000) + "INSERT INTO t SELECT i + 100, i FROM n")
    assert bad(engine) == {"statistics": "t"}


def test_an_index_that_was_never_analyzed(engine):
    engine.execute("SELECT db_tune('amalfa')")
    engine.script("CREATE TABLE t(id INTEGER PRIMARY KEY, a, b); CREATE INDEX ta ON t(a);" +
                  NUMBERS.format(2000) + "INSERT INTO t SELECT i, i, i FROM n; ANALYZE;"
                  "CREATE INDEX empty ON t(a) WHERE a < 0")
    assert bad(engine) == {}
    engine.execute("CREATE INDEX tb ON t(b)")
    assert bad(engine) == {"statistics": "t"}
    engine.execute("ANALYZE")
    assert bad(engine) == {}


def test_the_wal_is_large(store, path):
    store.script("PRAGMA wal_autocheckpoint = 0; CREATE TABLE big(id INTEGER PRIMARY KEY, x);"
                 "INSERT INTO big VALUES (1, zeroblob(11000000)); DELETE FROM big;"
                 "PRAGMA wal_checkpoint(PASSIVE); VACUUM; PRAGMA wal_checkpoint(PASSIVE)")
    assert bad(store) == {"wal_size": path.with_name("a.db-wal").stat().st_size}
    store.execute("SELECT db_checkpoint('truncate')")
    assert bad(store) == {}


def test_a_reader_holds_checkpoints_back(store, connect, path):
    store.execute("PRAGMA wal_autocheckpoint = 10")
    store.execute("SELECT db_checkpoint('truncate')")
    reader = connect(path)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM nodes")
    for _ in range(60):
        store.execute("UPDATE nodes SET title = hex(randomblob(50))")
    assert set(bad(store)) == {"checkpoint"}
    reader.execute("COMMIT")
    store.execute("PRAGMA wal_checkpoint(PASSIVE)")
    assert bad(store) == {}


def test_what_is_in_the_header_is_told(store, path):
    store.script("PRAGMA application_id = 7; PRAGMA user_version = 8")
    found = {row[0]: row[2] for row in report(store)}
    for name in ("schema_version", "user_version", "application_id", "encoding", "page_size",
                 "auto_vacuum", "journal_mode", "synchronous", "cache_size", "wal_autocheckpoint"):
        assert [(found[name],)] == store.execute(f"PRAGMA {name}"), name
    assert (found["application_id"], found["user_version"]) == (7, 8)
    ((pages,),) = store.execute("PRAGMA page_count")
    assert found["size"] == pages * found["page_size"]
    assert found["file"] == str(path)


def test_the_host_is_told(store):
    found = {row[0]: row for row in report(store)}
    assert found["sqlite_version"][2] == ".".join(map(str, store.version))
    assert [(found["kernel"][2],)] == store.execute("SELECT vec_config('kernel')")
    assert found["features"][1:3] == ("ok", "complete")
    # 3.54 has none of the known faults, 3.40 has some.
    expected = ("info", True) if store.version < (3, 50) else ("ok", False)
    assert (found["sqlite_version"][1], found["sqlite_version"][4] is not None) == expected


def test_density_and_degree_are_told(store):
    found = {row[0]: row for row in report(store)}
    assert found["graph_density"][1:4] == ("ok", pytest.approx(59 / (60 * 59)), "0.01 to 0.1")
    assert found["graph_degree"][1:4] == ("info", pytest.approx(2 * 59 / 60), "3 to 6")
    store.execute("INSERT INTO edges(source, target, type) SELECT a.id, b.id, 'X' "
                  "FROM nodes AS a JOIN nodes AS b ON b.nid > a.nid AND b.nid < a.nid + 2")
    store.execute("INSERT INTO edges(source, target, type) SELECT a.id, b.id, 'Y' "
                  "FROM nodes AS a JOIN nodes AS b ON b.nid <> a.nid AND b.nid % 3 = 0")
    found = {row[0]: row for row in report(store)}
    ((edges,),) = store.execute("SELECT count(*) FROM edges")
    assert found["graph_density"][1:3] == ("info", pytest.approx(edges / (60 * 59)))
    assert found["graph_degree"][1:3] == ("info", pytest.approx(2 * edges / 60))


def test_encoding(connect, path):
    engine = connect(path)
    engine.script("PRAGMA encoding = 'UTF-16le'; CREATE TABLE t(id INTEGER PRIMARY KEY)")
    engine.execute("SELECT db_tune('amalfa')")
    assert bad(engine) == {"encoding": "UTF-16le"}


def test_attached_databases_have_their_name_before(store, tmp_path):
    store.execute("ATTACH ? AS old", (str(tmp_path / "b.db"),))
    assert bad(store) == {}
    store.script("CREATE TABLE old.t(id INTEGER PRIMARY KEY, a);"
                 "CREATE INDEX old.i ON t(a); CREATE INDEX old.j ON t(a)")
    assert bad(store) == {"old.duplicate_indexes": "j = i"}


def test_temporary_tables_are_not_taken_for_the_store(store):
    store.script("CREATE TEMP TABLE nodes(id, embedding BLOB);"
                 "CREATE TEMP TABLE edges(source, target, type);"
                 "INSERT INTO temp.edges VALUES ('a', 'a', 'x'), ('b', 'c', 'X')")
    assert bad(store) == {}


def test_other_tables_of_the_same_name_are_left_alone(engine):
    engine.execute("SELECT db_tune('amalfa')")
    engine.script("CREATE TABLE nodes(k INTEGER PRIMARY KEY); CREATE TABLE edges(k PRIMARY KEY);"
                  "CREATE TABLE history(k PRIMARY KEY); CREATE TABLE _graph_migrations(k PRIMARY KEY)")
    assert bad(engine) == {}


# ---- arguments, JSON ---------------------------------------------------------------------------


@pytest.mark.parametrize("arguments,message", [
    ("'nope'", "no profile 'nope'"), ("1", "the profile must be a text"),
    ("'amalfa', 2", "full must be 0 or 1"), ("'amalfa', 'yes'", "full must be 0 or 1"),
])
def test_wrong_arguments(engine, arguments, message):
    with pytest.raises(Engine.Error, match=f"db_health: {message}"):
        engine.execute(f"SELECT * FROM db_health({arguments})")
    with pytest.raises(Engine.Error, match=f"db_health_json: {message}"):
        engine.execute(f"SELECT db_health_json({arguments})")


def test_json_says_the_same(store):
    store.script(FAULTS["duplicate_indexes"])
    (text,) = store.execute("SELECT db_health_json('amalfa')")[0]
    found = json.loads(text)
    # Called without FROM it reads what the table function reads.
    assert [tuple(check[name] for name in COLUMNS) for check in found["checks"]] == report(store)
    assert (found["status"], found["profile"], found["error"], found["warn"]) == (
        "warn", "amalfa", 0, 1)
    assert found["info"] + found["ok"] + 1 == len(found["checks"])


def test_names_that_need_escapes(engine):
    engine.script('CREATE TABLE "a""\\b\n"(x UNIQUE); CREATE INDEX "i\'\n" ON "a""\\b\n"(x)')
    json.loads(engine.execute("SELECT db_health_json()")[0][0])
    assert "duplicate_indexes" in bad(engine)


# ---- from the shell ----------------------------------------------------------------------------


def shell(folder, page):
    """What the shell command of a page prints, in a folder with the library and my.db."""
    (folder / "build").mkdir()
    (folder / "build" / f"vecgraph{LIBRARY.suffix}").symlink_to(LIBRARY)
    ((_, command),) = blocks((ROOT / "docs" / page).read_text(), "sh")
    done = subprocess.run(["bash", "-uc", command], cwd=folder, capture_output=True, text=True,
                          timeout=60)
    return done.returncode, done.stdout.splitlines(), done.stderr


@pytest.mark.parametrize("fault,printed", [
    ("SELECT 1", []), (FAULTS["duplicate_indexes"], []),
    (FAULTS["foreign_key_violations"], ["look at my.db"]),
])
def test_the_exit_code_of_the_page(tmp_path, fault, printed):
    engine = Engine("sqlite3", tmp_path / "my.db")
    fill(engine)
    engine.script(fault)
    engine.close()
    assert shell(tmp_path, "health.md") == (0, printed, "")


def test_the_exit_code_for_a_file_that_cannot_be_read(tmp_path):
    (tmp_path / "my.db").write_bytes(b"not a database" * 100)
    code, printed, errors = shell(tmp_path, "health.md")
    assert (code, printed) == (0, ["look at my.db"])
    assert "file is not a database" in errors


@pytest.mark.parametrize("writable", [True, False])
def test_the_exit_code_of_a_probe(tmp_path, writable):
    engine = Engine("sqlite3", tmp_path / "my.db")
    engine.execute("CREATE TABLE _health(id INTEGER PRIMARY KEY, ts TEXT CHECK (?))"
                   .replace("?", str(int(writable))))
    engine.close()
    code, printed, errors = shell(tmp_path, "maintenance.md")
    expected = '{"status":"Healthy","mode":"delete"}' if writable else "my.db cannot be written"
    assert (code, printed) == (0, [expected])
    assert ("db_probe: CHECK" in errors) is not writable


# ---- large databases ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """90 MB, with a fault of each kind that a sample must find."""
    path = tmp_path_factory.mktemp("large") / "large.db"
    engine = Engine("sqlite3", path)
    engine.execute("SELECT db_tune('bulk')")
    engine.script("CREATE TABLE nodes(id TEXT PRIMARY KEY, embedding BLOB);"
                  "CREATE TABLE edges(source, target, type, PRIMARY KEY (source, target, type));"
                  "CREATE INDEX et ON edges(target); CREATE INDEX ey ON edges(type);")
    engine.execute(NUMBERS.format(40000) + "INSERT INTO nodes SELECT 'n' || i, "
                   "CASE WHEN i % 3 THEN ? END FROM n", (f32(*range(750)),))
    engine.execute(NUMBERS.format(40000) + "INSERT INTO edges SELECT 'n' || i, "
                   "CASE i % 4 WHEN 0 THEN 'n1' WHEN 1 THEN 'n' || i WHEN 2 THEN 'none' "
                   "ELSE 'n' || (i - 1) END, CASE i % 2 WHEN 0 THEN 'x' ELSE 'X' END FROM n")
    engine.execute("ANALYZE")
    engine.close()
    return path


def test_a_large_database_is_sampled_and_says_so(large, connect):
    engine = connect(large)
    engine.execute("SELECT db_tune('amalfa')")
    rows = {row[0]: row for row in report(engine)}
    left_out = set(rows["not_read"][2].split(", "))
    assert {"integrity", "fragmentation", "foreign_key_violations"} <= left_out
    assert not left_out & set(rows)
    assert "sampled" in rows["embeddings"][2]
    assert "sampled" in rows["graph_orphan_edges"][2]
    assert set(bad(engine)) == {"embeddings", "graph_orphan_edges", "graph_self_loops",
                                "graph_super_nodes", "graph_edge_types"}


def test_a_full_report_reads_everything(large, connect):
    engine = connect(large)
    engine.execute("SELECT db_tune('amalfa')")
    rows = {row[0]: row for row in report(engine, "amalfa", 1)}
    assert "not_read" not in rows
    assert rows["integrity"][2] == "ok"
    assert rows["graph_orphan_edges"][2] == 10000
    assert rows["graph_self_loops"][2] == 10000
    assert rows["embeddings"][2] == (
        "nodes.embedding: 26667 of 40000 rows have one, 750 floats")


def test_a_full_report_is_interrupted(large):
    db = sqlite3.connect(large, isolation_level=None)
    load(db)
    db.set_progress_handler(lambda: 1, 100000)
    with pytest.raises(sqlite3.OperationalError, match="interrupted"):
        db.execute("SELECT * FROM db_health('amalfa', 1)").fetchall()
    db.set_progress_handler(None, 0)
    assert db.execute("SELECT count(*) FROM nodes").fetchone() == (40000,)
    db.close()
