"""sql/replicate: what it copies, what it refuses, and random changes against a full compare.

Without the extension, in two SQLites, and the fuzzer in the oldest one too.
"""

import re
import shutil
import sqlite3
import subprocess

import pytest

from conftest import ROOT, Engine
from old_sqlite import run_python
from replicate_fuzzer import COMPARE, REPLICATE, Store, connection_script, fuzz

pytestmark = pytest.mark.without_library

BLOB = bytes(range(256)) * 6


def store_on(engine):
    if engine.binding == "sqlite3":
        return Store(engine.execute, lambda sql: connection_script(engine.connection, sql))
    return Store(engine.execute, engine.script)


@pytest.fixture
def empty(connect):
    """A store without rows, in memory, without a replica."""
    store = store_on(connect(loaded=False))
    store.migrate()
    return store


@pytest.fixture
def store(empty):
    """A store with some rows, and a replica in memory that has seen them."""
    for name in "abcd":
        sql = "INSERT INTO nodes (id, title, meta, embedding) VALUES (?, ?, ?, ?)"
        empty.execute(sql, (name, name.upper(), '{"tags": ["t", "u"]}', BLOB))
    empty.execute("INSERT INTO edges (source, target, type) VALUES ('a', 'b', 'x'), ('b', 'c', 'x')")
    empty.attach()
    empty.replicate()
    return empty


def moved(store):
    """How many rows of nodes, edges and tags a run deletes from the replica and inserts into it.

    Triggers of the test count them; a replica has none of its own.
    """
    store.script("CREATE TABLE replica.moves (what)")
    for table in ("nodes", "edges", "tags"):
        for event in ("DELETE", "INSERT"):
            store.script(
                f"CREATE TRIGGER replica.count_{table}_{event} AFTER {event} ON {table} BEGIN"
                f" INSERT INTO moves VALUES ('{event.lower()} {table}'); END"
            )
    store.replicate()
    rows = store.execute("SELECT what, count(*) FROM replica.moves GROUP BY what")
    for table in ("nodes", "edges", "tags"):
        for event in ("DELETE", "INSERT"):
            store.script(f"DROP TRIGGER replica.count_{table}_{event}")
    store.script("DROP TABLE replica.moves")
    assert store.differences() == []
    return dict(rows)


def columns_and_indexes(store, schema):
    """{table: (columns with types and keys, {columns of an index}, names of the indexes)}."""
    found = {}
    for table in ("nodes", "edges", "tags"):
        columns = store.execute(f"PRAGMA {schema}.table_info({table})")
        indexes = store.execute(f"PRAGMA {schema}.index_list({table})")
        details = {
            (row[1], row[2], tuple(store.execute(f"PRAGMA {schema}.index_info({row[1]})")))
            for row in indexes
        }
        found[table] = (columns, details)
    return found


# ---- the first run -----------------------------------------------------------------------------


def test_the_replica_has_the_tables_of_the_store(store):
    assert store.differences() == []
    assert columns_and_indexes(store, "replica") == columns_and_indexes(store, "main")
    sql = "SELECT sql FROM {}.sqlite_master WHERE name = 'idx_nodes_source'"
    ours, theirs = (store.execute(sql.format(schema))[0][0] for schema in ("main", "replica"))
    assert re.sub(r"\s+", " ", ours) == re.sub(r"\s+", " ", theirs)


def test_the_replica_logs_nothing(store):
    sql = "SELECT type, name FROM replica.sqlite_master WHERE type IN ('trigger', 'view')"
    assert store.execute(sql) == []
    assert store.execute("SELECT name FROM replica.sqlite_master WHERE name = 'history'") == []


def test_blobs_and_numbers_are_exact(store):
    assert store.execute("SELECT embedding FROM replica.nodes WHERE id = 'a'") == [(BLOB,)]
    store.execute("UPDATE nodes SET embedding = x'00ff' WHERE id = 'a'")
    store.execute("UPDATE edges SET confidence = 0.1, veracity = 1e300")
    store.replicate()
    assert store.execute("SELECT embedding FROM replica.nodes WHERE id = 'a'") == [(b"\0\xff",)]
    assert store.differences() == []


def test_an_empty_store_has_an_empty_replica(empty):
    empty.attach()
    for _ in range(2):
        empty.replicate()
        assert empty.differences() == []
        assert empty.execute("SELECT watermark FROM replica.replica_state") == [(0,)]
    empty.execute("INSERT INTO nodes (id) VALUES ('a')")
    assert moved(empty) == {"insert nodes": 1}


def test_numbers_of_nodes_are_kept(store):
    numbers = "SELECT id, nid FROM {}.nodes ORDER BY id"
    assert store.execute(numbers.format("replica")) == store.execute(numbers.format("main"))


def test_a_replica_is_searched(connect):
    """Also after it changed: the library keeps vectors of an attached table in memory, too."""
    store = store_on(connect())
    store.migrate()
    store.attach()
    sql = "INSERT INTO put_node (id, embedding) VALUES ('a', vec_f32('[1,0]')), ('b', vec_f32('[0,1]'))"
    store.execute(sql)
    search = "SELECT id FROM vec_topk('replica.nodes', 'embedding', '[1,0.1]', 1)"
    for nearest in ("a", "a", "a", "b"):
        if nearest == "b":
            store.execute("UPDATE nodes SET embedding = vec_f32('[9,9]') WHERE id = 'b'")
        store.replicate()
        assert store.execute(search) == [(nearest,)]


# ---- the next runs -----------------------------------------------------------------------------


def test_without_a_change_nothing_is_written(store, tmp_path):
    store.detach()
    store.attach(tmp_path / "copy.db")
    store.replicate()
    store.execute("PRAGMA replica.journal_mode = DELETE")
    before = (tmp_path / "copy.db").read_bytes()
    store.replicate()
    assert (tmp_path / "copy.db").read_bytes() == before
    assert moved(store) == {}


def test_only_changed_rows_move(store):
    store.execute("UPDATE nodes SET title = 'new' WHERE id = 'a'")
    assert moved(store) == {"delete nodes": 1, "insert nodes": 1}
    store.execute("UPDATE edges SET confidence = 0.5 WHERE source = 'b'")
    assert moved(store) == {"delete edges": 1, "insert edges": 1}
    store.execute("INSERT INTO nodes (id) VALUES ('e')")
    assert moved(store) == {"insert nodes": 1}
    store.execute("INSERT INTO edges (source, target, type) VALUES ('e', 'a', 'x')")
    assert moved(store) == {"insert edges": 1}


def test_deletes_take_edges_and_tags_along(store):
    store.execute("DELETE FROM nodes WHERE id = 'b'")
    assert moved(store) == {"delete nodes": 1, "delete edges": 2, "delete tags": 2}
    assert store.execute("SELECT count(*) FROM replica.nodes") == [(3,)]


def test_a_row_that_came_and_went_is_not_there(store):
    store.execute("INSERT INTO nodes (id) VALUES ('e')")
    store.execute("DELETE FROM nodes WHERE id = 'e'")
    assert moved(store) == {}
    store.execute("DELETE FROM nodes WHERE id = 'a'")
    store.execute("INSERT INTO nodes (id, title) VALUES ('a', 'again')")
    store.replicate()
    assert store.differences() == []


@pytest.mark.parametrize("foreign_keys", ["ON", "OFF"])
def test_a_changed_id(store, foreign_keys):
    store.execute(f"PRAGMA foreign_keys = {foreign_keys}")
    store.execute("UPDATE nodes SET id = 'z' WHERE id = 'b'")
    store.replicate()
    assert store.differences() == []
    assert store.execute("SELECT source, target FROM replica.edges ORDER BY 1") == [
        ("a", "z"),
        ("z", "c"),
    ]
    assert store.execute("SELECT 1 FROM replica.nodes WHERE id = 'b'") == []


@pytest.mark.parametrize("recursive", ["ON", "OFF"])
def test_a_replace(store, recursive):
    store.execute(f"PRAGMA recursive_triggers = {recursive}")
    store.execute("INSERT OR REPLACE INTO nodes (id, title) VALUES ('a', 'replaced')")
    store.replicate()
    assert store.differences() == []


def test_numbers_that_move_without_history(store):
    """A number that a silent REPLACE left, taken by a new row; and a chain of such."""
    numbers = dict(store.execute("SELECT id, nid FROM nodes"))
    store.execute("UPDATE nodes SET nid = nid + 100 WHERE id IN ('a', 'b')")
    store.execute("UPDATE nodes SET nid = ? WHERE id = 'c'", (numbers["b"],))
    sql = "INSERT INTO nodes (nid, id) VALUES (?, 'e'), (?, 'f')"
    store.execute(sql, (numbers["a"], numbers["c"]))
    store.replicate()
    assert store.differences() == []


def test_a_rolled_back_change_does_not_move(store):
    store.execute("BEGIN")
    store.execute("DELETE FROM nodes")
    store.execute("ROLLBACK")
    assert moved(store) == {}
    store.execute("UPDATE nodes SET title = 'after' WHERE id = 'a'")
    assert moved(store) == {"delete nodes": 1, "insert nodes": 1}


def test_a_rolled_back_run_leaves_the_replica(store):
    store.execute("UPDATE nodes SET title = 'new'")
    store.execute("BEGIN")
    store.script(REPLICATE)
    store.execute("ROLLBACK")
    assert len(store.differences()) == 8
    store.replicate()
    assert store.differences() == []


def test_rows_that_other_programs_wrote_into_history(store):
    store.execute(
        """INSERT INTO history (entity_type, entity_id, action) VALUES
           ('edge', 'a-b-x', 'insert'), ('tag', 'no JSON', 'insert'), ('edge', '[1]', 'insert'),
           ('node', 'nowhere', 'upsert'), ('other', 'x', 'y'), ('edge', '{"a": 1}', 'insert')"""
    )
    assert moved(store) == {}


def test_edges_without_nodes_are_copied(store):
    store.execute("PRAGMA foreign_keys = OFF")
    store.execute("INSERT INTO edges (source, target, type) VALUES ('no', 'where', 'x')")
    store.execute("PRAGMA foreign_keys = ON")
    assert moved(store) == {"insert edges": 1}


# ---- history that was pruned -------------------------------------------------------------------


def test_pruned_history_copies_everything(store):
    store.execute("UPDATE nodes SET title = 'new' WHERE id = 'a'")
    store.execute("DELETE FROM history")
    store.execute("UPDATE nodes SET title = 'new' WHERE id = 'b'")
    counts = moved(store)
    assert counts["insert nodes"] == 4 and counts["insert edges"] == 2
    assert moved(store) == {}


def test_one_missing_row_of_history_copies_everything(store):
    store.execute("UPDATE nodes SET title = 'new'")
    store.execute("DELETE FROM history WHERE id = (SELECT max(id) - 1 FROM history)")
    assert moved(store)["insert edges"] == 2


def test_history_that_the_replica_knows_may_go(store):
    store.execute("DELETE FROM history")
    assert moved(store) == {}
    store.execute("UPDATE nodes SET title = 'new' WHERE id = 'a'")
    assert moved(store) == {"delete nodes": 1, "insert nodes": 1}


def test_everything_on_demand(store):
    store.execute("UPDATE replica.nodes SET title = 'wrong'")
    store.execute("DELETE FROM replica.edges")
    assert moved_error(store) == []  # nothing in history: not seen
    store.execute("UPDATE replica.replica_state SET watermark = NULL")
    store.replicate()
    assert store.differences() == []


def moved_error(store):
    before = store.differences()
    store.replicate()
    return [row for row in store.differences() if row not in before]


# ---- refused -----------------------------------------------------------------------------------


def refused(store, message):
    with pytest.raises(Engine.Error, match=message):
        store.replicate()


def test_a_replica_newer_than_its_source(store, tmp_path):
    store.detach()
    store.attach(tmp_path / "copy.db")
    store.replicate()
    store.execute("UPDATE replica.replica_state SET watermark = watermark + 1")
    rows = store.execute("SELECT * FROM replica.nodes")
    refused(store, "the replica is newer than its source: delete it and make it anew")
    assert store.execute("SELECT * FROM replica.nodes") == rows


def test_a_source_that_took_another_way(store):
    """Restored from a copy, and written since."""
    last = store.execute("SELECT watermark FROM replica.replica_state")[0][0]
    store.execute("DELETE FROM history WHERE id > ?", (last - 2,))
    store.execute("DELETE FROM sqlite_sequence")
    store.execute("UPDATE nodes SET title = 'another way'")
    refused(store, "of another source, or of another past of it")


def test_another_version_of_the_store(store):
    store.execute("INSERT INTO _graph_migrations (name) VALUES ('9999_later')")
    refused(store, "made with other migrations: delete it and make it anew")


def test_a_source_without_history_triggers(connect):
    store = store_on(connect(loaded=False))
    for name in ("0001_graph", "0002_history", "0003_summary"):
        store.script((ROOT / "sql" / "migrations" / f"{name}.sql").read_text())
    store.attach()
    refused(store, "no history triggers: apply its migrations first")


def test_a_database_of_its_own_is_left_alone(store, tmp_path):
    store.detach()
    with sqlite3.connect(tmp_path / "mine.db") as mine:
        mine.execute("CREATE TABLE nodes (nid INTEGER PRIMARY KEY, id TEXT)")
        mine.execute("INSERT INTO nodes (id) VALUES ('precious')")
    mine.close()
    before = (tmp_path / "mine.db").read_bytes()
    store.attach(tmp_path / "mine.db")
    refused(store, "has tables of its own: attach a new file")
    assert (tmp_path / "mine.db").read_bytes() == before


# ---- several connections and replicas ----------------------------------------------------------


@pytest.mark.parametrize("mode", ["WAL", "DELETE"])
def test_a_replica_in_a_file_is_taken_up_by_another_connection(connect, tmp_path, mode):
    for number in range(4):
        store = store_on(connect(tmp_path / "store.db", loaded=False))
        if number == 0:
            store.execute(f"PRAGMA journal_mode = {mode}")
            store.migrate()
        store.execute("INSERT INTO nodes (id, title) VALUES (?, 'x')", (f"n{number}",))
        store.attach(tmp_path / "copy.db")
        assert moved_nodes(store) == 1
        assert store.differences() == []


def moved_nodes(store):
    known = store.execute("SELECT count(*) FROM replica.sqlite_master WHERE name = 'nodes'")[0][0]
    before = store.execute("SELECT count(*) FROM replica.nodes")[0][0] if known else 0
    store.replicate()
    return store.execute("SELECT count(*) FROM replica.nodes")[0][0] - before


def test_two_replicas_each_have_their_watermark(store, tmp_path):
    store.detach()
    for step in range(6):
        store.execute("UPDATE nodes SET title = ? WHERE id = 'a'", (str(step),))
        store.attach(tmp_path / f"copy{0 if step in (0, 5) else 1}.db")
        store.replicate()
        assert store.differences() == []
        store.detach()


def test_a_run_does_not_block_writers_of_the_source(connect, tmp_path):
    """And what they write meanwhile comes with the next run."""
    store = store_on(connect(tmp_path / "store.db", loaded=False))
    store.execute("PRAGMA journal_mode = WAL")
    store.migrate()
    store.execute("INSERT INTO nodes (id) VALUES ('a')")
    store.attach(tmp_path / "copy.db")
    store.execute("BEGIN")
    store.script(REPLICATE)
    writer = connect(tmp_path / "store.db", loaded=False)
    writer.execute("INSERT INTO nodes (id) VALUES ('b')")
    store.execute("COMMIT")
    assert store.execute("SELECT id FROM replica.nodes") == [("a",)]
    store.replicate()
    assert store.execute("SELECT id FROM replica.nodes ORDER BY id") == [("a",), ("b",)]


def test_the_shell_runs_the_files_as_they_say(tmp_path):
    shutil.copytree(ROOT / "sql", tmp_path / "sql")
    store = Store(None, None)
    connection = sqlite3.connect(tmp_path / "my.db", isolation_level=None)
    store.script = lambda sql: connection_script(connection, sql)
    store.migrate()
    connection.execute("INSERT INTO nodes (id) VALUES ('a')")
    connection.close()
    folder = ROOT / "sql" / "replicate"
    for name, expected in (("replicate", ""), ("compare", "nodes|0|0\nedges|0|0\ntags|0|0\n")):
        (command,) = re.findall(r"^--   (sqlite3 .*)$", (folder / f"{name}.sql").read_text(), re.M)
        done = subprocess.run(command, cwd=tmp_path, shell=True, capture_output=True, text=True)
        assert (done.returncode, done.stderr, done.stdout) == (0, "", expected)


def test_control_compare_counts_what_differs(store):
    assert store.execute(COMPARE) == [("nodes", 0, 0), ("edges", 0, 0), ("tags", 0, 0)]
    store.execute("UPDATE replica.nodes SET embedding = x'01' WHERE id = 'a'")
    store.execute("DELETE FROM replica.edges WHERE source = 'a'")
    store.execute("INSERT INTO replica.tags VALUES ('a', 'more')")
    assert store.execute(COMPARE) == [("nodes", 1, 1), ("edges", 1, 0), ("tags", 0, 1)]
    assert len(store.differences()) == 4


# ---- random changes ----------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_random_changes(connect, seed):
    assert fuzz(store_on(connect(loaded=False)), seed, Engine.Error) > 80


@pytest.mark.parametrize("seed", range(6, 8))
def test_random_changes_with_two_replicas_in_files(connect, tmp_path, seed):
    store = store_on(connect(tmp_path / "store.db", loaded=False))
    store.execute("PRAGMA synchronous = OFF")
    paths = [tmp_path / "one.db", tmp_path / "two.db"]
    assert fuzz(store, seed, Engine.Error, 120, paths) > 30


@pytest.mark.parametrize("version", ["3.34.0", "3.38.5"])
def test_random_changes_in_an_old_sqlite(version):
    fuzzer = ROOT / "tests" / "replicate_fuzzer.py"
    found, compared = run_python(version, fuzzer, 10, 11, 12).split()
    assert found == version and int(compared) > 240


def test_control_the_fuzzer_sees_a_lost_change(connect):
    """A source whose tags leave no rows in history."""
    store = store_on(connect(loaded=False))
    migrate = store.migrate

    def forget():
        migrate()
        for name in ("history_tags_after_insert", "history_tags_before_delete"):
            store.script(f"DROP TRIGGER {name}")

    store.migrate = forget
    with pytest.raises(AssertionError, match="seed"):
        fuzz(store, 1, Engine.Error)


