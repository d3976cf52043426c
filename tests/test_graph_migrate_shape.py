"""0004_shape: the rows that it moves, what it sets aside, and what stops it.

Every case runs through graph_migrate() and through the plain shell, with foreign_keys and
recursive_triggers on and off. What the tables must hold afterwards is worked out in Python.
"""

import json
import random
import shutil
import sqlite3
import subprocess

import pytest
from conftest import ROOT, load

FOLDER = ROOT / "sql" / "migrations"
BEFORE = ["0001_graph", "0002_history", "0003_summary"]
SHAPE = FOLDER / "0004_shape.sql"
SQLITE3 = shutil.which("sqlite3") or "sqlite3"
OLD = "id, type, title, domain, layer, embedding, hash, meta, date, summary"
NEW = "id, type, title, domain, layer, hash, meta, date, summary, embedding"
EDGE = "source, target, type, confidence, veracity, context_source"


def before(path):
    """A database as it was before, and a connection to it."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA synchronous = OFF")
    for name in BEFORE:
        db.executescript(f"BEGIN; {(FOLDER / name).with_suffix('.sql').read_text()} COMMIT;")
    return db


def by_shell(path, pragmas=""):
    return subprocess.run(
        [SQLITE3, "-bail", path, *pragmas.split(";"), "BEGIN IMMEDIATE", f".read {SHAPE}", "COMMIT"],
        capture_output=True,
        text=True,
    )


def by_call(path, pragmas=""):
    db = sqlite3.connect(path, isolation_level=None)
    load(db)
    db.executescript(pragmas)
    try:
        return json.loads(db.execute("SELECT graph_migrate(4)").fetchone()[0])
    finally:
        db.close()


METAS = [
    None, "", "not json", "[]", "[1]", '"x"', "7", '{"tags":["a","b","a"]}', '{"tags":"solo"}',
    '{"tags":[]}', '{"tags":["","b",1,null,true,["c"],{"d":"e"}]}', '{"tags":{"a":"b"}}',
    '{"Tags":["no"]}', '{"source":"x.md","tags":["\\u00fc","Z"]}', b'{"tags":["blob"]}', 2.5,
    '{"tags":["a"]', '{"tags":null}',
]  # fmt: skip


def tags_of(meta):
    """The distinct texts of meta.tags."""
    try:
        tags = json.loads(meta)["tags"] if isinstance(meta, str) else []
    except (ValueError, KeyError, TypeError):
        return set()
    tags = [tags] if isinstance(tags, str) else tags
    return {tag for tag in tags if isinstance(tag, str)} if isinstance(tags, list) else set()


def fill(db, seed=1):
    """Random rows with gaps in the rowids, orphan edges, loops, blobs for ids, any meta."""
    db.execute("BEGIN")
    dice = random.Random(seed)
    ids = [f"n{i}" for i in range(60)] + ["N3", "n3 ", "ü", "", b"n1", b"\0"]
    dice.shuffle(ids)
    for rowid, one in zip(dice.sample(range(-50, 10**6), len(ids)), ids):
        values = [dice.choice([None, "t", "u", b"v", 3]) for _ in range(4)]
        embedding = dice.choice([None, b"", dice.randbytes(1536), dice.randbytes(9000), "text"])
        rest = [dice.choice([None, "h"]), dice.choice(METAS), None, dice.choice([None, "a word"])]
        db.execute(
            f"INSERT INTO nodes (rowid, {OLD}) VALUES (?{', ?' * 10})",
            [rowid, one, *values, embedding, *rest],
        )
    ends = ids + ["nobody", b"n2", "n 1"]
    for rowid in dice.sample(range(1, 10**6), 300):
        edge = (dice.choice(ends), dice.choice(ends), dice.choice("AB"), *dice.choices([0, 0.5, None], k=2))
        db.execute(
            "INSERT OR IGNORE INTO edges (rowid, source, target, type, confidence, veracity)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (rowid, *edge),
        )
    db.execute("INSERT INTO history (id, entity_type, entity_id, action) VALUES (41, 'n', 'x', '+')")
    db.execute("DELETE FROM history")
    db.execute("INSERT INTO ember_state (file_path) VALUES ('a.md')")
    db.execute("COMMIT")


def moved(db):
    """What must be there afterwards, from what is there before."""
    nodes = db.execute(f"SELECT rowid, {NEW} FROM nodes").fetchall()
    ids = {row[1] for row in nodes}
    kept, orphans = [], []
    for row in db.execute(f"SELECT rowid, {EDGE} FROM edges ORDER BY rowid").fetchall():
        missing = [end for end, one in (("source", row[1]), ("target", row[2])) if one not in ids]
        if not missing:
            kept.append(row)
        elif len(missing) == 2:
            orphans.append((*row[1:], "source and target are not nodes"))
        else:
            orphans.append((*row[1:], f"{missing[0]} is not a node"))
    tags = {(row[1], tag) for row in nodes for tag in tags_of(row[7])}
    return sorted(nodes), kept, orphans, tags


def found(db):
    return (
        sorted(db.execute(f"SELECT nid, {NEW} FROM nodes").fetchall()),
        db.execute(f"SELECT rowid, {EDGE} FROM edges ORDER BY rowid").fetchall(),
        db.execute(f"SELECT {EDGE}, reason FROM edges_quarantine ORDER BY rowid").fetchall(),
        set(db.execute("SELECT node_id, tag FROM tags").fetchall()),
    )


PRAGMAS = [
    f"PRAGMA foreign_keys = {keys}; PRAGMA recursive_triggers = {recursive}"
    for keys in ("ON", "OFF")
    for recursive in ("ON", "OFF")
]


@pytest.mark.parametrize("mode", ["delete", "wal"])
@pytest.mark.parametrize("pragmas", PRAGMAS)
def test_every_row_is_moved(tmp_path, pragmas, mode):
    db = before(tmp_path / "a.db")
    db.execute(f"PRAGMA journal_mode = {mode}")
    fill(db, seed=len(pragmas))
    expected = moved(db)
    assert all(expected)  # each kind of row was there
    db.close()
    shutil.copy(tmp_path / "a.db", tmp_path / "b.db")

    run = by_shell(tmp_path / "a.db", pragmas)
    assert (run.returncode, run.stderr) == (0, "")
    result = by_call(tmp_path / "b.db", pragmas)
    assert result["applied"] == ["0004_shape"]
    note = f"{len(expected[2])} edges without a node at an end are in edges_quarantine, with the reason"
    assert note in result["notes"]

    dumps = []
    for path in (tmp_path / "a.db", tmp_path / "b.db"):
        db = sqlite3.connect(path)
        assert found(db) == expected
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        # The ids of pruned history rows are not used again.
        assert db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'history'").fetchone() == (41,)
        assert db.execute("SELECT file_path FROM ember_state").fetchall() == [("a.md",)]
        assert db.execute("SELECT name FROM sqlite_master WHERE name GLOB '_shape_*'").fetchall() == []
        dumps.append([line for line in db.iterdump() if "_graph_migrations" not in line])
        db.close()
    assert dumps[0] == dumps[1]


def test_an_empty_database(tmp_path):
    before(tmp_path / "a.db").close()
    assert by_call(tmp_path / "a.db") == {"applied": ["0004_shape"], "version": 4}


def test_views_and_triggers_elsewhere_stay_and_work(tmp_path):
    db = before(tmp_path / "a.db")
    db.executescript(
        """CREATE TABLE inbox (id TEXT);
        CREATE TRIGGER inbox_in AFTER INSERT ON inbox BEGIN
          INSERT INTO nodes (id, title) VALUES (new.id, (SELECT count(*) FROM edges)); END;
        CREATE VIEW titles AS SELECT id, title FROM nodes JOIN edges ON source = id;
        CREATE VIEW broken AS SELECT * FROM no_such_table;
        INSERT INTO nodes (id, title) VALUES ('a', 'A'); INSERT INTO edges VALUES ('a','a','L',1,1,'');"""
    )
    db.close()
    by_call(tmp_path / "a.db")
    db = sqlite3.connect(tmp_path / "a.db")
    assert db.execute("SELECT * FROM titles").fetchall() == [("a", "A")]
    db.execute("INSERT INTO inbox VALUES ('b')")
    assert db.execute("SELECT title FROM nodes WHERE id = 'b'").fetchall() == [("1",)]


def test_the_foreign_keys(tmp_path):
    before(tmp_path / "a.db").close()
    by_call(tmp_path / "a.db")
    db = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    db.execute("PRAGMA foreign_keys = ON")
    db.execute("BEGIN")  # any order within a transaction
    db.execute("INSERT INTO edges (source, target, type) VALUES ('a', 'b', 'L')")
    db.execute("INSERT INTO tags VALUES ('a', 'x')")
    db.execute("INSERT INTO nodes (id) VALUES ('a'), ('b')")
    db.execute("COMMIT")
    db.execute("UPDATE nodes SET id = 'c' WHERE id = 'a'")
    assert db.execute("SELECT source FROM edges UNION ALL SELECT node_id FROM tags").fetchall() == [
        ("c",), ("c",)
    ]  # fmt: skip
    with pytest.raises(sqlite3.IntegrityError, match="FOREIGN KEY constraint failed"):
        db.execute("INSERT INTO edges (source, target, type) VALUES ('a', 'b', 'L')")
    db.execute("INSERT OR REPLACE INTO nodes (id, title) VALUES ('c', 'new')")
    assert db.execute("SELECT count(*) FROM edges").fetchone() == (1,)
    db.execute("UPDATE nodes SET meta = 'no json'")  # the index on its source holds


def test_the_number_of_a_node_survives_vacuum(tmp_path):
    db = before(tmp_path / "a.db")
    db.execute("INSERT INTO nodes (rowid, id) VALUES (7, 'a'), (9, 'b')")
    db.close()
    by_call(tmp_path / "a.db")
    db = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    db.execute("VACUUM")
    assert db.execute("SELECT rowid, nid, id FROM nodes").fetchall() == [(7, 7, "a"), (9, 9, "b")]


TRACK = (ROOT / "sql" / "optional" / "track_nodes.sql").read_text().replace('"nid", ', "")
OBSTACLES = {
    "index": (
        "CREATE INDEX mine ON NODES (title)",
        "drop_your_indexes_and_triggers_of_nodes_and_edges_first",
        '0004_shape rebuilds the table "nodes" and would lose your index "mine": drop it',
        "DROP INDEX mine",
    ),
    "trigger": (
        "CREATE TRIGGER mine AFTER INSERT ON edges BEGIN SELECT 1; END",
        "drop_your_indexes_and_triggers_of_nodes_and_edges_first",
        '0004_shape rebuilds the table "edges" and would lose your trigger "mine": drop it',
        "DROP TRIGGER mine",
    ),
    "tracking": (
        TRACK,
        "remove_tracking_first_and_track_again_afterwards",
        'which is tracked by the trigger "_vec_nodes_embedding_',
        (ROOT / "sql" / "optional" / "track_nodes_drop.sql").read_text(),
    ),
    "column": (
        "ALTER TABLE nodes ADD COLUMN mood",
        "move_your_columns_of_nodes_and_edges_to_another_table_first",
        "move_your_columns_of_nodes_and_edges_to_another_table_first",
        None,
    ),
    "generated column": (
        "ALTER TABLE edges ADD COLUMN sum REAL AS (confidence + veracity)",
        "move_your_columns_of_nodes_and_edges_to_another_table_first",
        "move_your_columns_of_nodes_and_edges_to_another_table_first",
        None,
    ),
    "foreign key": (
        "CREATE TABLE mine (node REFERENCES Nodes (id) ON DELETE CASCADE);"
        "INSERT INTO nodes (id) VALUES ('a'); INSERT INTO mine VALUES ('a')",
        "drop_your_foreign_keys_to_nodes_and_edges_first",
        'to which your table "mine" has a foreign key, through which rows of it could be deleted',
        "DROP TABLE mine",
    ),
}


@pytest.mark.parametrize("name", OBSTACLES)
def test_what_a_rebuild_would_lose_stops_it(tmp_path, name):
    sql, constraint, sentence, remedy = OBSTACLES[name]
    db = before(tmp_path / "a.db")
    db.executescript(sql)
    dump = list(db.iterdump())
    run = by_shell(tmp_path / "a.db", "PRAGMA foreign_keys = ON")
    assert run.returncode != 0
    assert f"CHECK constraint failed: {constraint}" in run.stderr
    assert list(db.iterdump()) == dump
    with pytest.raises(sqlite3.Error) as caught:
        by_call(tmp_path / "a.db", "PRAGMA foreign_keys = ON")
    assert sentence in str(caught.value)
    assert list(db.iterdump()) == dump
    if remedy:
        db.executescript(remedy)
        assert by_call(tmp_path / "a.db")["applied"] == ["0004_shape"]


def test_a_temporary_trigger_stops_it(tmp_path):
    db = before(tmp_path / "a.db")
    load(db)
    db.execute("CREATE TEMP TRIGGER mine AFTER INSERT ON nodes BEGIN SELECT 1; END")
    with pytest.raises(sqlite3.Error, match='would lose the temporary trigger "mine"'):
        db.execute("SELECT graph_migrate()")


def test_a_tracked_table_is_tracked_again(tmp_path):
    """The advice of the error, followed; the log stays where it is."""
    db = before(tmp_path / "a.db")
    load(db)
    for action in ("create", "remove"):
        for (sql,) in db.execute(
            "SELECT sql FROM vec_track_sql('nodes', 'embedding', ?)", (action,)
        ).fetchall():
            db.execute(sql)
    db.execute("SELECT graph_migrate()").fetchall()
    db.executescript((ROOT / "sql" / "optional" / "track_nodes.sql").read_text())
    assert db.execute("SELECT tracked FROM vec_track_sql('nodes', 'embedding')").fetchone() == (1,)
