"""sql/migrations/down: each file undoes its migration, to the very schema and rows before it."""

import sqlite3
import subprocess

import pytest
from test_adopt import MIGRATIONS, NAMES, SQLITE3
from test_graph_migrate_shape import fill

pytestmark = pytest.mark.without_library

DOWN = MIGRATIONS / "down"
UNDONE = [name for name in NAMES if name >= "0004"]


def up(db, *names):
    for name in names:
        db.executescript(f"BEGIN; {(MIGRATIONS / name).with_suffix('.sql').read_text()} COMMIT;")


def down(path, name):
    return subprocess.run(
        [SQLITE3, "-bail", path, "PRAGMA foreign_keys = ON", "BEGIN IMMEDIATE",
         f".read {DOWN / name}.sql", "COMMIT"],
        capture_output=True, text=True,
    )  # fmt: skip


def state(db):
    """The schema, and every row with its rowid but for the time stamps of history."""
    tables = [row[0] for row in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    rows = {
        name: sorted(map(repr, db.execute(f'SELECT rowid, * FROM "{name}"'))) for name in tables
    }
    return sorted(map(repr, db.execute("SELECT type, name, tbl_name, sql FROM sqlite_master"))), rows


def at(path, name):
    """A database before `name`, with rows."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA synchronous = OFF")
    up(db, *NAMES[:3])
    fill(db)
    db.execute("DELETE FROM edges WHERE source NOT IN (SELECT id FROM nodes)"
               " OR target NOT IN (SELECT id FROM nodes)")  # fmt: skip
    up(db, *NAMES[3 : NAMES.index(name)])
    return db


def test_each_has_its_file():
    assert sorted(path.stem for path in DOWN.iterdir()) == UNDONE


@pytest.mark.parametrize("name", UNDONE)
def test_it_undoes_its_migration(tmp_path, name):
    db = at(tmp_path / "a.db", name)
    before = state(db)
    up(db, name)
    assert state(db) != before
    run = down(tmp_path / "a.db", name)
    assert (run.returncode, run.stderr) == (0, "")
    assert state(db) == before
    assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    up(db, name)  # and again


def test_all_of_them(tmp_path):
    db = at(tmp_path / "a.db", "0004_shape")
    before = state(db)
    up(db, *UNDONE)
    for name in reversed(UNDONE):
        run = down(tmp_path / "a.db", name)
        assert (run.returncode, run.stderr) == (0, ""), name
    assert state(db) == before


def test_edges_come_back_from_the_quarantine(tmp_path):
    db = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    up(db, *NAMES[:3])
    fill(db)
    edges = "SELECT source, target, type, confidence, veracity, context_source FROM edges"
    before = sorted(map(repr, db.execute(edges)))
    up(db, "0004_shape")
    assert db.execute("SELECT count(*) FROM edges_quarantine").fetchone() != (0,)
    assert down(tmp_path / "a.db", "0004_shape").returncode == 0
    assert sorted(map(repr, db.execute(edges))) == before


@pytest.mark.parametrize("name", UNDONE[:-1])
def test_only_the_last_one_is_undone(tmp_path, name):
    db = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    up(db, *NAMES)
    before = state(db)
    assert "the_last_migration_is_another_one_undo_that_first" in down(tmp_path / "a.db", name).stderr
    assert state(db) == before


@pytest.mark.parametrize(
    "name, sql, constraint",
    [
        (
            "0004_shape",
            "INSERT INTO nodes (id) VALUES ('z'); INSERT INTO tags VALUES ('z', 'only here')",
            "write_the_tags_into_meta_or_delete_them_first",
        ),
        (
            "0004_shape",
            "CREATE INDEX mine ON tags (tag, node_id)",
            "drop_your_indexes_triggers_and_foreign_keys_first",
        ),
        (
            "0004_shape",
            "CREATE TABLE mine (node REFERENCES nodes (id) ON DELETE CASCADE)",
            "drop_your_indexes_triggers_and_foreign_keys_first",
        ),
        (
            "0009_stats",
            "INSERT INTO stats_snapshots (nodes, edges, vectors) VALUES (1, 1, 1)",
            "delete_the_rows_of_stats_snapshots_first",
        ),
    ],
)
def test_nothing_is_lost(tmp_path, name, sql, constraint):
    db = at(tmp_path / "a.db", name)
    up(db, name)
    db.executescript(sql)
    before = state(db)
    assert f"CHECK constraint failed: {constraint}" in down(tmp_path / "a.db", name).stderr
    assert state(db) == before
