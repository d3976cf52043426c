"""Tags, history and the put_ views against the model of store_model.py, on every SQLite, without the
library. Single rules that the model does not cover, and controls that the comparison can fail."""

import json
import re

import pytest
from conftest import ROOT
from old_sqlite import run_python
from store_model import check_in_step, fuzz, read, schema

pytestmark = pytest.mark.without_library

MODES = pytest.mark.parametrize(
    ("foreign_keys", "recursive"), [(0, 0), (0, 1), (1, 0), (1, 1)],
    ids=["plain", "recursive", "foreign-keys", "both"],
)


@pytest.fixture
def store(connect):
    """An Engine without the library on an empty store."""
    engine = connect(loaded=False)
    engine.script(schema())
    return engine


def history(store, columns="entity_type, entity_id, action"):
    return store.execute(f"SELECT {columns} FROM history ORDER BY id")


@MODES
@pytest.mark.parametrize("seed", range(3))
def test_random_statements(store, seed, foreign_keys, recursive):
    counts = fuzz(store.execute, seed, 700, foreign_keys, recursive)
    assert sum(counts.values()) == 700
    assert len({name for name, _ in counts}) == 29  # every kind of statement
    assert any(end == "refused" for _, end in counts)


@MODES
@pytest.mark.parametrize("version", ["3.34.0", "3.38.5"])
def test_random_statements_on_old_versions(version, foreign_keys, recursive):
    program = ROOT / "tests" / "store_model.py"
    printed = run_python(version, program, 7, 1500, foreign_keys, recursive)
    assert json.loads(printed) == {"version": version, "statements": 1500}


# ---- controls ----------------------------------------------------------------------------------

TRIGGERS = re.findall(r"^CREATE TRIGGER (\w+)", schema(), re.M)


def test_there_are_triggers_to_test():
    assert len(TRIGGERS) == 31


@pytest.mark.parametrize("trigger", TRIGGERS)
def test_control_each_trigger_is_missed(connect, trigger):
    for seed in range(4):
        store = connect(loaded=False)
        store.script(schema())
        store.execute(f"DROP TRIGGER {trigger}")
        try:
            fuzz(store.execute, seed, 600, False, False)
            replace_tags_by_rowid(store)
        except AssertionError:
            return
    raise AssertionError(f"nothing misses {trigger}")


# ---- single rules ------------------------------------------------------------------------------


def replace_tags_by_rowid(store):
    store.execute("DELETE FROM history")
    store.execute("INSERT INTO tags (rowid, node_id, tag) VALUES (901, 'r', '1'), (902, 'r', '2')")
    store.execute("INSERT OR REPLACE INTO tags (rowid, node_id, tag) VALUES (902, 'r', '1')")
    store.execute("INSERT OR REPLACE INTO tags (rowid, node_id, tag) VALUES (902, 'r', '3')")
    store.execute("UPDATE tags SET rowid = 903 WHERE rowid = 902")
    tag = "entity_type || entity_id, action, json_extract(ifnull(new_value, old_value), '$.tag')"
    one, two, three = (f'tag["r","{tag}"]' for tag in (1, 2, 3))
    assert history(store, tag) == [
        (one, "insert", "1"), (two, "insert", "2"), (two, "delete", "2"),
        (one, "delete", "1"), (three, "insert", "3"),
    ]


def test_a_tag_of_another_key_that_is_replaced_is_logged(store):
    replace_tags_by_rowid(store)


def test_values_of_history_are_those_of_the_row(store):
    values = ["a", "t", "ti", "do", "la", "ha", '{"tags":[]}', "2026", "su", b"\1\0\2"]
    columns = "id, type, title, domain, layer, hash, meta, date, summary, embedding"
    store.execute(f"INSERT INTO nodes ({columns}) VALUES (?,?,?,?,?,?,?,?,?,?)", values)
    ((value,),) = history(store, "new_value")
    expected = dict(zip(columns.split(", ")[:-1], values))
    assert json.loads(value) == {**expected, "embedding_bytes": 3, "embedding_changed": 1}


def test_meta_is_text_in_history_also_if_it_comes_from_a_json_function(store):
    store.execute("INSERT INTO nodes (id, meta) VALUES ('a', json('{\"k\": 1}'))")
    store.execute("UPDATE nodes SET meta = json_set(meta, '$.k', 2)")
    for value in history(store, "json_type(new_value, '$.meta')"):
        assert value == ("text",)


def test_values_that_are_no_text_do_not_stop_a_write(store):
    store.execute("INSERT INTO nodes (id, title, meta) VALUES (x'4142', x'41', x'7b7d')")
    store.execute("INSERT INTO tags VALUES ('n', x'41')")
    store.execute("INSERT INTO edges (source, target, type, confidence) VALUES (1, 2, 3, 'high')")
    store.execute("DELETE FROM nodes")
    assert [row[2] for row in history(store)] == ["insert"] * 3 + ["delete"]
    assert store.execute("SELECT sum(json_valid(new_value)) FROM history") == [(3,)]


def test_a_node_replaced_by_its_number_and_by_its_id_at_once(store):
    store.execute("INSERT INTO nodes (nid, id, title) VALUES (1, 'a', 'A'), (2, 'b', 'B')")
    store.execute("DELETE FROM history")
    store.execute("INSERT OR REPLACE INTO nodes (nid, id, title) VALUES (1, 'b', 'C')")
    title = "entity_id, action, json_extract(old_value, '$.title'), json_extract(new_value, '$.title')"
    assert history(store, title) == [("a", "delete", "A", None), ("b", "update", "B", "C")]


def test_what_an_ignored_insert_kept_is_not_logged_later(store):
    store.execute("INSERT INTO nodes (id) VALUES ('a')")
    before = history(store)
    store.execute("INSERT OR IGNORE INTO nodes (id, title, embedding) VALUES ('a', 't', x'00')")
    store.execute("UPDATE nodes SET title = title")
    assert history(store) == before
    store.execute("INSERT OR IGNORE INTO nodes (id, title, embedding) VALUES ('a', 't', x'00')")
    store.execute("INSERT INTO nodes (id) VALUES ('b')")
    store.execute("INSERT OR IGNORE INTO nodes (id, title) VALUES ('a', 't')")
    store.execute("DELETE FROM nodes")
    assert [row[1:] for row in history(store)] == [
        ("a", "insert"), ("b", "insert"), ("a", "delete"), ("b", "delete")
    ]


@pytest.mark.parametrize("number", [0.1 + 0.2, 1 / 3, 5e-324, 1.7976931348623157e308, -1e999, 2])
def test_numbers_survive_history(store, number):
    insert = "INSERT INTO edges (source, target, type, confidence) VALUES ('a', 'b', 'c', ?)"
    store.execute(insert, (number,))
    ((value,),) = history(store, "new_value")
    assert json.loads(value)["confidence"] == number


def test_an_insert_of_a_node_is_written_before_its_tags_change_it(store):
    store.execute("INSERT INTO nodes (id, meta) VALUES ('a', '{\"tags\":[\"x\"]}')")
    store.execute("DELETE FROM history")
    store.execute("INSERT OR REPLACE INTO nodes (id, title) VALUES ('a', 't')")
    rows = history(store, "action, json_extract(old_value, '$.meta'), json_extract(new_value, '$.meta')")
    assert rows == [("update", '{"tags":["x"]}', None), ("update", None, '{"tags":["x"]}')]
    assert store.execute("SELECT title, meta FROM nodes") == [("t", '{"tags":["x"]}')]


def test_the_order_of_triggers_survives_a_vacuum_and_a_new_connection(connect, tmp_path):
    store = connect(tmp_path / "a.db", loaded=False)
    store.script(schema())
    store.execute("VACUUM")
    store.close()
    test_an_insert_of_a_node_is_written_before_its_tags_change_it(
        connect(tmp_path / "a.db", loaded=False)
    )


def test_a_rollback_takes_history_along(store):
    store.execute("BEGIN")
    store.execute("INSERT INTO nodes (id) VALUES ('a')")
    store.execute("ROLLBACK")
    assert history(store) == []


def test_replace_keeps_edges_and_tags_and_a_delete_removes_them(store):
    store.script(
        """INSERT INTO nodes (id, meta) VALUES ('a', '{"tags":["x"]}'), ('b', NULL);
        INSERT INTO edges (source, target, type) VALUES ('a', 'b', 't'), ('b', 'a', 't');
        INSERT OR REPLACE INTO nodes (id, title) VALUES ('a', 'new')"""
    )
    assert store.execute("SELECT count(*) FROM edges") == [(2,)]
    assert store.execute("SELECT * FROM tags") == [("a", "x")]
    store.execute("DELETE FROM nodes WHERE id = 'a'")
    assert store.execute("SELECT (SELECT count(*) FROM edges), (SELECT count(*) FROM tags)") == [(0, 0)]


def test_a_node_takes_another_id_where_equal_edges_and_tags_wait(store):
    """Edges and tags may be written before their nodes; those of the node that comes win."""
    store.script(
        """INSERT INTO nodes (id, meta) VALUES ('a', '{"tags":["x"]}'), ('b', NULL);
        INSERT INTO edges (source, target, type, confidence) VALUES
          ('a', 'b', 't', 0.1), ('b', 'a', 't', 0.2), ('c', 'b', 't', 0.3), ('b', 'c', 't', 0.4);
        INSERT INTO tags VALUES ('c', 'x'), ('c', 'y');
        UPDATE nodes SET id = 'c' WHERE id = 'a'"""
    )
    edges = "SELECT source, target, confidence FROM edges ORDER BY source"
    assert store.execute(edges) == [("b", "c", 0.2), ("c", "b", 0.1)]
    assert store.execute("SELECT * FROM tags") == [("c", "x")]
    assert check_in_step(*read(store.execute)) is None


@MODES
@pytest.mark.parametrize("meta", ['{"tags":["b"]}', '{"tags": ["q", "b"]}', '{"tags":[]}', None])
def test_another_id_and_other_tags_at_once(store, meta, foreign_keys, recursive):
    store.execute("INSERT INTO put_node (id, meta) VALUES ('a', '{\"tags\":[\"b\",\"z\"]}')")
    store.execute("DELETE FROM history")
    store.execute(f"PRAGMA foreign_keys = {foreign_keys}")
    store.execute(f"PRAGMA recursive_triggers = {recursive}")
    store.execute("UPDATE nodes SET id = 'e', meta = ? WHERE id = 'a'", (meta,))
    nodes = "entity_id, action, json_extract(ifnull(new_value, old_value), '$.meta')"
    rows = store.execute(f"SELECT {nodes} FROM history WHERE entity_type = 'node' ORDER BY id")
    assert rows == [("a", "delete", '{"tags":["b","z"]}'), ("e", "insert", meta)]
    assert store.execute("SELECT id, meta FROM nodes") == [("e", meta)]
    tags = json.loads(meta)["tags"] if meta else []
    assert store.execute("SELECT * FROM tags ORDER BY tag") == [("e", tag) for tag in sorted(tags)]


def test_a_tag_moved_after_an_ignored_rename_reaches_meta(store):
    store.script(
        """INSERT INTO nodes (id) VALUES ('a'), ('b');
        UPDATE OR IGNORE nodes SET id = 'b' WHERE id = 'a';
        DELETE FROM nodes WHERE id = 'a';
        INSERT INTO tags VALUES ('a', 'x');
        UPDATE tags SET node_id = 'b'"""
    )
    assert store.execute("SELECT id, meta FROM nodes") == [("b", '{"tags":["x"]}')]


def test_what_is_no_tag_stays_in_meta(store):
    meta = '{"tags":[true,"x",false,null,1.5,{"a":[1]},"y"]}'
    store.execute("INSERT INTO nodes (id, meta) VALUES ('a', ?)", (meta,))
    store.execute("DELETE FROM tags WHERE tag = 'x'")
    store.execute("UPDATE tags SET tag = 'z'")
    expected = '{"tags":[true,false,null,1.5,{"a":[1]},"z"]}'
    assert store.execute("SELECT meta FROM nodes") == [(expected,)]


def test_an_upsert_of_many_rows_and_the_same_again(store):
    upsert = """INSERT INTO nodes (id, title) VALUES ('a', 1), ('b', 2), ('c', 3)
        ON CONFLICT (id) DO UPDATE SET title = excluded.title"""
    store.execute(upsert)
    before = history(store)
    store.execute(upsert)
    assert history(store) == before and len(before) == 3


@MODES
def test_the_same_import_again_writes_nothing(store, foreign_keys, recursive):
    store.execute(f"PRAGMA foreign_keys = {foreign_keys}")
    store.execute(f"PRAGMA recursive_triggers = {recursive}")
    statements = [
        """INSERT INTO put_node (id, title, meta, embedding)
        VALUES ('a', 'A', '{"n": 1}', x'0000803f'), ('b', 'B', '{"tags":["y"]}', NULL)""",
        "INSERT INTO put_edge (source, target) VALUES ('a', 'b')",
        "INSERT INTO put_semantic_edge (source, target, type, confidence) VALUES ('a', 'b', 'S', 0.3)",
        "INSERT INTO put_tag VALUES ('a', 'x'), ('b', 'y')",
    ]
    for statement in statements:
        store.execute(statement)
    state, rows = read(store.execute), history(store, "*")
    for statement in statements:
        store.execute(statement)
    assert (read(store.execute), history(store, "*")) == (state, rows)
    pages = store.execute("PRAGMA page_count")
    changes = store.execute("SELECT total_changes()")
    for statement in statements:
        store.execute(statement)
    assert store.execute("PRAGMA page_count") == pages
    if store.binding == "sqlite3":
        assert store.execute("SELECT total_changes()") == changes


def test_the_same_statements_give_the_same_rows(connect):
    """Whoever replicates statements gets equal databases, the time of a change aside."""
    def rows():
        store = connect(loaded=False)
        store.script(schema())
        fuzz(store.execute, 5, 400, False, False)
        return read(store.execute), history(store, "id, entity_type, entity_id, action, old_value, new_value")

    assert rows() == rows()


def test_a_read_before_a_write_needs_begin_immediate(connect, tmp_path):
    store = connect(tmp_path / "a.db", loaded=False)
    store.execute("PRAGMA journal_mode = WAL")
    store.script(schema())
    other = connect(tmp_path / "a.db", loaded=False)
    put = "INSERT INTO put_node (id) VALUES (?)"
    for engine in (store, other):
        engine.execute("PRAGMA busy_timeout = 60000")  # it is not waited for
    store.execute("BEGIN")
    store.execute("SELECT hash FROM nodes WHERE id = 'a'")
    other.execute(put, ("b",))
    with pytest.raises(store.Error, match="locked"):
        store.execute(put, ("a",))
    store.execute("ROLLBACK")
    store.execute("BEGIN IMMEDIATE")
    store.execute("SELECT hash FROM nodes WHERE id = 'a'")
    store.execute(put, ("a",))
    store.execute("COMMIT")
    assert store.execute("SELECT count(*) FROM nodes") == [(2,)]


# ---- the views ---------------------------------------------------------------------------------


def test_put_node_keeps_what_is_not_given(store):
    store.execute(
        "INSERT INTO put_node (id, title, summary, date, hash, embedding)"
        " VALUES ('a', 'A', 'S', 'D', 'H', x'01')"
    )
    (nid,) = store.execute("SELECT nid FROM nodes")[0]
    store.execute("INSERT INTO put_node (id, title, hash) VALUES ('a', 'B', 'H')")
    row = "nid, title, summary, date, hash, hex(embedding), domain, layer"
    expected = (nid, "B", "S", "D", "H", "01", "knowledge", "experience")
    assert store.execute(f"SELECT {row} FROM nodes") == [expected]
    # An equal hash does not drop what is given.
    store.execute("INSERT INTO put_node (id, hash, summary, embedding) VALUES ('a', 'H', 'T', x'02')")
    assert store.execute("SELECT summary, hex(embedding) FROM nodes") == [("T", "02")]


def test_put_edge_leaves_an_edge_alone_and_put_semantic_edge_changes_it(store):
    edge = "(source, target, type, confidence) VALUES ('a', 'b', 'T', 0.4)"
    store.execute(f"INSERT INTO put_edge (source, target, type) VALUES ('a', 'b', 'T')")
    store.execute(f"INSERT INTO put_edge {edge}")
    assert store.execute("SELECT confidence FROM edges") == [(1.0,)]
    store.execute(f"INSERT INTO put_semantic_edge {edge}")
    assert store.execute("SELECT confidence, veracity FROM edges") == [(0.4, 1.0)]
    assert [row[2] for row in history(store)] == ["insert", "update"]


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("INSERT INTO put_node (title) VALUES ('x')", "NOT NULL constraint failed: nodes.id"),
        ("INSERT INTO put_edge (source) VALUES ('x')", "NOT NULL constraint failed: edges.target"),
        ("INSERT INTO put_tag (node_id) VALUES ('x')", "NOT NULL constraint failed: tags.tag"),
        ("DELETE FROM put_node", "cannot modify put_node because it is a view"),
    ],
)
def test_errors_of_the_views(store, sql, message):
    with pytest.raises(store.Error, match=message):
        store.execute(sql)


def test_put_views_give_changes_0(store):
    store.execute("INSERT INTO put_node (id) VALUES ('a')")
    assert store.execute("SELECT changes()") == [(0,)]
